package plan

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// appraised sends the plan to an archive, takes an appraisal of a unit over and returns the id of the import.
func (h *house) appraised(t *testing.T, code string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := xdomea.NewWriter(&b, xdomea.Head{ProcessID: db.NewID(), Message: xdomea.AppraisalCatalogue, Created: h.now})
	must(t, err)
	must(t, w.Write(&xdomea.Appraised{ID: unitID(erfurt, code), Appraisal: xdomea.Archive}))
	must(t, w.Close())
	_, err = h.Export(erika, &bytes.Buffer{}, erfurt, Message0511, "Landesarchiv", i18n.German)
	must(t, err)
	l, err := h.Outbox(regina, erfurt)
	must(t, err)
	h.sent = l[0].Process
	return h.take(t, Source{Name: "0513.xml", Content: b.Bytes()}).ID
}

// addresses are the patterns of Routes, read from its source.
func addresses(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("web.go")
	must(t, err)
	var out []string
	for _, m := range regexp.MustCompile(`handle\("((?:GET|POST) [^"]+)"`).FindAllStringSubmatch(string(b), -1) {
		out = append(out, m[1])
	}
	if len(out) < 11 {
		t.Fatalf("addresses: %v", out)
	}
	return out
}

// strangers are people who may not, with what they are told when they look at Erfurt's plan, when they change it, and on
// pages.
var strangers = map[string]struct {
	ctx               context.Context
	look, keep        errs.Code
	status, statusGet int
}{
	"anonymous":         {context.Background(), errs.Unauthenticated, errs.Unauthenticated, http.StatusUnauthorized, http.StatusSeeOther},
	"citizen":           {identity.With(context.Background(), identity.Principal{Subject: "c", Kind: identity.Citizen}), errs.Denied, errs.Denied, 403, 403},
	"registrar of Jena": {jens, errs.NotFound, errs.NotFound, 404, 404},
	"treasurer":         {staff("k", identity.Treasurer, erfurt), errs.Denied, errs.Denied, 403, 403},
	"clerk":             {erika, "", errs.Denied, 403, 0},
}

func TestStrangers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.appraised(t, "22.31")
		h.file(t, "22.31", true)
		proposal, err := h.Propose(regina, erfurt, Source{BuiltIn: "ministry"})
		must(t, err)
		keeps := map[string]func(ctx context.Context) error{
			"Put": func(ctx context.Context) error { return h.Put(ctx, h.edit(t, "41", map[string]string{"title": "x"})) },
			"Put new": func(ctx context.Context) error {
				return h.Put(ctx, Edit{Authority: erfurt, Values: map[string]string{"code": "x"}})
			},
			"Route": func(ctx context.Context) error {
				return h.Route(ctx, Routing{Authority: erfurt, Key: other, Unit: "41"})
			},
			"Unroute": func(ctx context.Context) error {
				return h.Unroute(ctx, Routing{Authority: erfurt, Key: dogTax, Seen: "22.31"})
			},
			"Propose": func(ctx context.Context) error {
				_, err := h.Propose(ctx, erfurt, Source{BuiltIn: "ministry"})
				return err
			},
			"Take": func(ctx context.Context) error { return h.Take(ctx, proposal.Import) },
			"Receive": func(ctx context.Context) error {
				return h.Receive(ctx, erfurt, xdomea.Head{ProcessID: h.sent, Message: xdomea.PlanForAppraisalReceipt, Created: h.now})
			},
			"Outbox":  func(ctx context.Context) error { _, err := h.Outbox(ctx, erfurt); return err },
			"Imports": func(ctx context.Context) error { _, err := h.Imports(ctx, erfurt); return err },
			"Answer": func(ctx context.Context) error {
				_, err := h.Answer(ctx, &bytes.Buffer{}, id, xdomea.CatalogueResult)
				return err
			},
		}
		looks := map[string]func(ctx context.Context) error{
			"View": func(ctx context.Context) error { _, err := h.View(ctx, erfurt, Filter{}); return err },
			"Unit": func(ctx context.Context) error { _, err := h.Unit(ctx, erfurt, "22.31"); return err },
			"Export": func(ctx context.Context) error {
				_, err := h.Export(ctx, &bytes.Buffer{}, erfurt, CSV, "", i18n.German)
				return err
			},
		}
		form := url.Values{"authority": {erfurt}, "einheit": {"41"}, "unit": {"41"}, "title": {"x"}, "key": {other}, "quelle": {"ministry"}, "table": {proposal.Table},
			"id": {proposal.ID}, "seen": {proposal.Seen}}
		before := h.dump(t)
		for who, s := range strangers {
			for name, use := range keeps {
				want(t, name+" by "+who, use(s.ctx), s.keep)
			}
			for name, use := range looks {
				want(t, name+" by "+who, use(s.ctx), s.look)
			}
			for _, pattern := range addresses(t) {
				method, path, _ := strings.Cut(pattern, " ")
				path = strings.Replace(path, "{id}", id, 1) + "?behoerde=" + erfurt + "&einheit=22.31&format=csv&nachricht=0514"
				code := s.status
				if method == http.MethodGet {
					code = s.statusGet
				}
				if code == 0 { // a clerk looks at the plan, and at no form of a registrar's
					code = http.StatusOK
					if strings.Contains(path, "bearbeiten") || strings.Contains(path, "antwort") {
						code = http.StatusForbidden
					}
				}
				w := h.send(s.ctx, method, path, form)
				if w.Code != code {
					t.Errorf("%s by %s: %d, want %d", pattern, who, w.Code, code)
				}
				if code == http.StatusOK && strings.Contains(w.Body.String(), `method="post" action="/akte/plan`) {
					t.Errorf("%s offers a clerk what is not theirs", pattern)
				}
			}
		}
		// jens may not put his own authority's name on what is Erfurt's
		want(t, "an import of Erfurt's id", h.Take(jens, Import{ID: id, Authority: jena, Source: fromTable, Table: "code,title\n41,x\n", Seen: h.plan(t, jena).digest()}), errs.Conflict)
		for name, use := range map[string]func() error{
			"a unit only Erfurt has": func() error {
				return h.Put(jens, Edit{Authority: jena, Code: "nur-erfurt", Values: map[string]string{"title": "x"}})
			},
			"a unit of Erfurt's by its name": func() error { _, err := h.Unit(jens, jena, "nur-erfurt"); return err },
		} {
			want(t, name, use(), errs.NotFound)
		}
		if after := h.dump(t); after != before {
			t.Errorf("a stranger changed something:\n%s\n%s", before, after)
		}
	})
}

// TestStoreInScope tries every statement with the scope of another authority.
func TestStoreInScope(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.appraised(t, "22.31")
		h.file(t, "22.31", true)
		h.org(t, "20")
		none := access.At("authority-none")
		ctx, q := t.Context(), h.h.DB.Reader()
		if p, err := plan(ctx, q, none, ""); err != nil || len(p) > 0 {
			t.Errorf("plan: %d, %v", len(p), err)
		}
		if p, err := (Plan{{Unit: h.unit(t, "22.31").Unit}}).withServices(ctx, q, none); err != nil || len(p[0].Services) > 0 {
			t.Errorf("withServices: %+v, %v", p, err)
		}
		if p, _, err := counted(ctx, q, none, erfurt); err != nil || len(p) > 0 {
			t.Errorf("counted: %d, %v", len(p), err)
		}
		if n, err := closedFiles(ctx, q, none, []string{"22.31"}); err != nil || len(n) > 0 {
			t.Errorf("closedFiles: %v, %v", n, err)
		}
		if o, err := orgs(ctx, q, none); err != nil || len(o) > 0 {
			t.Errorf("orgs: %v, %v", o, err)
		}
		if l, err := takenBefore(ctx, q, none, 9); err != nil || len(l) > 0 {
			t.Errorf("takenBefore: %v, %v", l, err)
		}
		if l, err := sentBefore(ctx, q, none, 9); err != nil || len(l) > 0 {
			t.Errorf("sentBefore: %v, %v", l, err)
		}
		_, err := taken(ctx, q, none, id)
		want(t, "taken", err, errs.NotFound)
		before := h.dump(t)
		for name, put := range map[string]func(ctx context.Context, tx *db.Tx) error{
			"putUnits": func(ctx context.Context, tx *db.Tx) error { return putUnits(ctx, tx, none, erfurt, h.planIn(ctx, tx)) },
			"putRoute": func(ctx context.Context, tx *db.Tx) error {
				return putRoute(ctx, tx, none, erfurt, "41", Service{Key: dogTax})
			},
			"insertSent": func(ctx context.Context, tx *db.Tx) error {
				return insertSent(ctx, tx, none, Sent{Process: "x", Authority: erfurt})
			},
			"sentAs": func(ctx context.Context, tx *db.Tx) error { _, err := sentAs(ctx, tx, none, h.sent); return err },
			"insertTaken": func(ctx context.Context, tx *db.Tx) error {
				return insertTaken(ctx, tx, none, Taken{ID: "x", Authority: erfurt})
			},
		} {
			want(t, name, h.h.DB.Tx(ctx, put), errs.NotFound)
		}
		must(t, h.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return dropRoute(ctx, tx, none, dogTax) }))
		must(t, h.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return setReceived(ctx, tx, none, h.sent, h.now) }))
		must(t, h.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return dropRoute(ctx, tx, access.At(erfurt), AnyService) }))
		if after := h.dump(t); after != before {
			t.Errorf("changed:\n%s\n%s", before, after)
		}
	})
}

func (h *house) planIn(ctx context.Context, tx *db.Tx) Plan {
	p, _ := plan(ctx, tx, access.At(erfurt), "")
	return p
}

// TestCountsAreOfWhatOneReads: a file that somebody may not know of is not counted for them; whoever changes its retention
// is told of it.
func TestCountsAreOfWhatOneReads(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f, secret := h.file(t, "22.31", true), h.file(t, "22.31", true)
		h.file(t, "22.31", true)
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			// secret, for people whom nobody has cleared
			if _, err := tx.Exec(ctx, `UPDATE records_file SET level = 3 WHERE id = $1`, secret); err != nil {
				return err
			}
			return access.Put(ctx, tx, access.At(erfurt), access.Grant{Authority: erfurt, File: f, Holder: access.Person("erika"), May: access.Nothing, Reason: "x"})
		}))
		for ctx, n := range map[context.Context]int{erika: 1, regina: 2} {
			v, err := h.Unit(ctx, erfurt, "22.31")
			must(t, err)
			if v.Closed != n {
				t.Errorf("%s counts %d, want %d", identity.From(ctx).Name, v.Closed, n)
			}
		}
		var open *Unconfirmed
		if err := h.Put(regina, h.edit(t, "22.31", map[string]string{"retention_years": "11"})); !errors.As(err, &open) || open.Changes[0].Files != 3 {
			t.Errorf("%v", err)
		}
	})
}
