package flow

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
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
)

var rooms = []platform.Files{{Room: "records", FS: records.Files}, {Room: "flow", FS: Files}}

// house is the part on a town hall of a test: unit 20 with Doris as head, Claudia and Birgit, below it 20.1 with
// Sabine; unit 30 with Helga as head and Cem; Regina is registrar. Its file is unit 20's.
type house struct {
	*Room
	t    testing.TB
	h    *platform.House
	core *records.Room
	mux  *http.ServeMux
	now  time.Time
	n    int
}

type nobody struct{}

func (nobody) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, nil
}
func (nobody) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (nobody) ByNotice(string) bool { return false }
func (nobody) Registrar(_ context.Context, _ db.Querier, subject, authority string) (bool, error) {
	return strings.HasPrefix(subject, "regina") && authority == erfurt, nil
}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	housetest.Each(t, rooms, func(t *testing.T, p *platform.House) { f(t, newHouse(t, p)) })
}

func newHouse(t testing.TB, p *platform.House) *house {
	t.Helper()
	h := &house{t: t, h: p, mux: http.NewServeMux(), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	p.Now = func() time.Time { return h.now }
	p.Queue.Now = p.Now
	core, err := records.New(p, nobody{}, nobody{}, nobody{})
	must(t, err)
	h.core = core
	h.Room, err = New(p, core, nobody{})
	must(t, err)
	h.Routes(h.mux)
	for _, o := range []struct{ id, name, parent, path string }{{"20", "Kämmerei", "", "/20/"}, {"20.1", "Steuern", "20", "/20/20.1/"}, {"30", "Recht", "", "/30/"}} {
		h.exec(`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $1, $3, $4, $5, 0)`, o.id, erfurt, o.name, o.parent, o.path)
	}
	for _, m := range []struct{ org, subject, role string }{{"20", "doris", "head"}, {"20", "claudia", "member"}, {"20", "birgit", "member"},
		{"20.1", "sabine", "member"}, {"30", "helga", "head"}, {"30", "cem", "member"}} {
		h.member(m.org, m.subject, m.role)
	}
	return h
}

func (h *house) member(org, subject, role string) {
	h.exec(`INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, $2, $3, $4, $5)`, org, subject, role, erfurt, name(subject))
}

func (h *house) exec(q string, args ...any) {
	h.t.Helper()
	housetest.ByHandIf(h.h.DB, q, "records_file", "records_case", "records_document", "records_version")
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	}))
}

func name(subject string) string { return strings.ToUpper(subject[:1]) + subject[1:] }

// as is the person's context: a clerk of Erfurt, Regina its registrar, Jens a clerk of Jena.
func as(subject string) context.Context {
	g := identity.Grant{Role: identity.Clerk, Authority: erfurt}
	switch subject {
	case "regina", "regina2":
		g.Role = identity.Registrar
	case "jens":
		g.Authority = jena
	}
	return identity.With(context.Background(), identity.Principal{Subject: subject, Name: name(subject), Kind: identity.Staff, Grants: []identity.Grant{g}})
}

// newCase opens a case of unit 20's in a file of its own.
func (h *house) newCase(change func(f *records.File, c *records.Case)) records.Case {
	h.t.Helper()
	h.n++
	f := records.File{ID: db.NewID(), Authority: erfurt, Reference: fmt.Sprintf("20.10-2026/%06d", h.n), Subject: "Haushalt", Readers: access.Unit("20"),
		Writers: access.Unit("20"), Lead: "20"}
	c := records.Case{ID: db.NewID(), Authority: erfurt, FileID: f.ID, Reference: f.Reference + "-1", Subject: "Nachtragshaushalt", State: records.StateInWork,
		Kind: records.General, Version: 1}
	if change != nil {
		change(&f, &c)
	}
	h.exec(`INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at, readers, writers, lead, level)
		VALUES ($1, $2, $3, '20.10', $4, '', 1, 0, $5, $6, $7, $8)`, f.ID, f.Authority, f.Reference, f.Subject, f.Readers, f.Writers, f.Lead, int64(f.Level))
	h.exec(`INSERT INTO records_case (id, authority_id, file_id, reference, subject, search, source, source_reference, status_path, leika_key, applicant,
		state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at, changed_by, changed_at, version, kind, level)
		VALUES ($1, $2, $3, $4, $5, '', $1, '', '/', $6, '', $7, $8, '', 1, 1, 0, 0, '', 0, '', 1, 1, $9, $10)`, c.ID, c.Authority, f.ID, c.Reference, c.Subject,
		c.LeikaKey, string(c.State), c.AssignedTo, string(c.Kind), int64(c.Level))
	return c
}

// newDocument files a document in the case.
func (h *house) newDocument(c records.Case) string {
	h.t.Helper()
	id := db.NewID()
	hash := strings.Repeat("a", 64)
	h.exec(`INSERT INTO records_document (id, authority_id, case_id, kind, name, hash, size, media_type, created_at, created_by, file_id)
		VALUES ($1, $2, $3, 'attachment', 'Entwurf.pdf', $4, 1, 'application/pdf', 1, '', $5)`, id, c.Authority, c.ID, hash, c.FileID)
	h.version(id)
	return id
}

// version keeps the current version of the document.
func (h *house) version(document string) {
	h.t.Helper()
	h.exec(`INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
		SELECT id, version, authority_id, name, hash, size, media_type, '', 1, '' FROM records_document WHERE id = $1`, document)
}

// revise files a new version of the document, as package filing does.
func (h *house) revise(document string) {
	h.t.Helper()
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if err := h.nextVersion(ctx, tx, document); err != nil {
			return err
		}
		return h.core.VersionAdded(ctx, tx, document)
	}))
}

// reviseUntold does so as the release before did, which told nobody.
func (h *house) reviseUntold(document string) {
	h.t.Helper()
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return h.nextVersion(ctx, tx, document) }))
}

func (h *house) nextVersion(ctx context.Context, tx *db.Tx, document string) error {
	h.n++
	if _, err := tx.Exec(ctx, `UPDATE records_document SET version = version + 1, hash = $1 WHERE id = $2`, fmt.Sprintf("%064x", h.n), document); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
		SELECT id, version, authority_id, name, hash, size, media_type, '', 1, '' FROM records_document WHERE id = $1`, document)
	return err
}

func (h *house) content(document string) Content {
	h.t.Helper()
	d, err := h.store.document(context.Background(), h.h.DB.Reader(), access.All, document, "")
	must(h.t, err)
	return d.Content
}

func (h *house) start(c records.Case, document string, steps ...Step) string {
	h.t.Helper()
	id := db.NewID()
	must(h.t, h.Start(as("claudia"), c.ID, Order{ID: id, Document: document, Steps: steps}))
	return id
}

func step(kind Kind, to ...string) Step {
	s := Step{Kind: kind}
	for _, who := range to {
		if !strings.Contains(who, ":") {
			who = access.Person(who)
		}
		s.To = append(s.To, who)
	}
	return s
}

func (h *house) circulation(id string) Circulation {
	h.t.Helper()
	x, err := h.store.circulation(context.Background(), h.h.DB.Reader(), access.All, id)
	must(h.t, err)
	return x
}

// task is the task of the holder in the circulation.
func (h *house) task(id, holder string) Task {
	h.t.Helper()
	if !strings.Contains(holder, ":") {
		holder = access.Person(holder)
	}
	for _, t := range h.circulation(id).Tasks {
		if t.Holder == holder {
			return t
		}
	}
	h.t.Fatalf("no task of %s", holder)
	return Task{}
}

func (h *house) sign(who string, t Task, document string) error {
	return h.Sign(as(who), t.ID, t.Version, h.content(document), "")
}

// states are the states of the circulation's tasks, by the order of steps and holders.
func (h *house) states(id string) string {
	var out []string
	for _, t := range h.circulation(id).Tasks {
		_, who, _ := strings.Cut(t.Holder, ":")
		out = append(out, fmt.Sprintf("%d %s %s", t.Step, who, t.State))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// inboxOf are the tasks in somebody's inbox, as kind and whom they stand in for.
func (h *house) inboxOf(who string, f Filter) string {
	h.t.Helper()
	l, err := h.Inbox(as(who), f)
	must(h.t, err)
	var out []string
	for _, e := range l.Items {
		s := string(e.Kind)
		if e.Instead.Subject != "" {
			s += " for " + e.Instead.Subject
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func (h *house) drain() {
	h.t.Helper()
	must(h.t, h.h.Queue.Drain(context.Background()))
}

func (h *house) absent(who, deputy string, days int) string {
	h.t.Helper()
	id := db.NewID()
	must(h.t, h.RecordAbsence(as("regina"), Absence{ID: id, Authority: erfurt, Subject: who, Deputy: deputy, From: h.now, Until: h.now.AddDate(0, 0, days)}))
	h.drain()
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, err error, code errs.Code) {
	t.Helper()
	if errs.CodeOf(err) != code {
		t.Fatalf("error %v, want %q", err, code)
	}
}

func same(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

// get asks for a page as the person and returns its status and text.
func (h *house) get(who, path string) (int, string) {
	return h.do(who, http.MethodGet, path, nil)
}

func (h *house) do(who, method, path string, form url.Values) (int, string) {
	w := h.request(who, method, path, form)
	return w.Code, w.Body.String()
}

func (h *house) request(who, method, path string, form url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(as(who), method, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	return w
}

func some(found bool, err error) error {
	if found {
		return nothing(1, err)
	}
	return nothing(0, err)
}
