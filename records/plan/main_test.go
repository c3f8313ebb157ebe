package plan

import (
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/records"
	"rennsteig/records/access"
)

const (
	erfurt = "authority-erfurt"
	jena   = "authority-jena"

	dogTax = "99110009104000"
	other  = "99115005104001"
)

func staff(subject string, role identity.Role, authority string) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: subject, Name: strings.ToUpper(subject), Kind: identity.Staff,
		Grants: []identity.Grant{{Role: role, Authority: authority}}})
}

var (
	regina = staff("regina", identity.Registrar, erfurt)
	arne   = staff("arne", identity.Registrar, erfurt)
	erika  = staff("erika", identity.Clerk, erfurt)
	jens   = staff("jens", identity.Registrar, jena)
)

// house is the part in a test.
type house struct {
	*Room
	core *records.Room
	h    *platform.House
	mux  *http.ServeMux
	now  time.Time
	sent string // ProzessID of a plan that appraised sent
}

func (*house) ServiceName(key string) string {
	if key == dogTax {
		return "Hundesteuer <anmelden>"
	}
	return ""
}

func (*house) FindServices(words string, _ int) []records.Service {
	switch words {
	case "hundesteuer":
		return []records.Service{{Key: dogTax, Name: "Hundesteuer <anmelden>"}}
	case "hund":
		return []records.Service{{Key: dogTax, Name: "Hundesteuer <anmelden>"}, {Key: other, Name: "Hundehaltung"}}
	}
	return nil
}

type nobodyPays struct{}

func (nobodyPays) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, errs.E(errs.Unavailable, "errs.unavailable")
}
func (nobodyPays) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (nobodyPays) ByNotice(string) bool { return false }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	housetest.Each(t, []platform.Files{{Room: "records", FS: records.Files}, {Room: "plan", FS: Files}}, func(t *testing.T, p *platform.House) {
		h := &house{h: p, mux: http.NewServeMux(), now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
		p.AuthorityName = func(id string) string { return "Stadtverwaltung " + id }
		p.Now = func() time.Time { return h.now }
		core, err := records.New(p, nobodyPays{}, nobodyPays{}, nobodyPays{})
		must(t, err)
		core.KnowServices(h)
		h.core, h.Room = core, New(p, core)
		h.Routes(h.mux)
		must(t, p.Site.CheckPages())
		must(t, p.Site.Texts.Check())
		must(t, core.EnsurePlan(t.Context(), []string{erfurt, jena}))
		f(t, h)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want fails unless the error has the code.
func want(t testing.TB, what string, err error, code errs.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !errs.Is(err, code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

// org makes an organisational unit of Erfurt's and returns its id.
func (h *house) org(t *testing.T, code string) string {
	t.Helper()
	id := db.NewID()
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $3, $4, '', $5, 0)`,
			id, erfurt, code, "Amt "+code, "/"+id+"/")
		return err
	}))
	return id
}

// file opens a file in the unit; closed files are closed.
func (h *house) file(t *testing.T, unit string, closed bool) string {
	t.Helper()
	f, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: unit, Details: records.Details{Subject: "x"}})
	must(t, err)
	if closed {
		housetest.ByHand(h.h.DB)
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE records_file SET closed_at = opened_at + 1 WHERE id = $1`, f.ID)
			return err
		}))
	}
	return f.ID
}

// plan reads the plan as it is stored.
func (h *house) plan(t testing.TB, authority string) Plan {
	t.Helper()
	p, err := plan(t.Context(), h.h.DB.Reader(), access.At(authority), "")
	must(t, err)
	return p
}

func (h *house) unit(t testing.TB, code string) Unit {
	t.Helper()
	u, ok := h.plan(t, erfurt).unit(code)
	if !ok {
		t.Fatalf("no unit %q", code)
	}
	return u
}

// edit is a change of a unit by its present digest.
func (h *house) edit(t testing.TB, code string, values map[string]string) Edit {
	t.Helper()
	return Edit{Authority: erfurt, Code: code, Seen: h.unit(t, code).digest(), Values: values}
}

func (h *house) send(ctx context.Context, method, path string, form url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	return w
}

// upload sends a form with a file.
func (h *house) upload(ctx context.Context, path string, form map[string]string, name, content string) *httptest.ResponseRecorder {
	var b strings.Builder
	m := multipart.NewWriter(&b)
	for k, v := range form {
		_ = m.WriteField(k, v)
	}
	if name != "" {
		f, _ := m.CreateFormFile("datei", name)
		_, _ = f.Write([]byte(content))
	}
	_ = m.Close()
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(b.String()))
	req.Header.Set("Content-Type", m.FormDataContentType())
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	return w
}

// dump is all that this part can change.
func (h *house) dump(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{`SELECT authority_id || code || title || parent || retention_years || transfer_years || appraisal || valid_from || valid_until || note
		FROM records_unit ORDER BY authority_id, code`, `SELECT authority_id || leika_key || unit || org_id FROM records_routing ORDER BY authority_id, leika_key`,
		`SELECT id || source FROM plan_import ORDER BY id`, `SELECT process_id || taker || received_at FROM plan_sent ORDER BY process_id`, `SELECT action || object FROM audit_entry WHERE action LIKE 'plan.%' ORDER BY id`} {
		rows, err := h.h.DB.Reader().Query(t.Context(), q)
		lines, err := db.All(rows, err, func(r db.Scanner) (s string, err error) { return s, r.Scan(&s) })
		must(t, err)
		fmt.Fprintln(&b, lines)
	}
	return b.String()
}
