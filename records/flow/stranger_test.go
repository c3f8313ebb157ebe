package flow

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// secret stands in whatever a stranger must not see.
const secret = "Geheimrat"

// guarded is all that there can be, of Erfurt.
type guarded struct {
	c                 records.Case
	doc, circulation  string
	task, act         Task
	absence, template string
	handover, comment string
	another           string
	later             Task
}

func guard(t *testing.T, h *house) (g guarded) {
	t.Helper()
	g.c = h.newCase(func(f *records.File, c *records.Case) { f.Subject, c.Subject = secret, secret })
	g.doc = h.newDocument(g.c)
	ask := step(Act, "birgit")
	ask.Text = secret
	later := step(Resubmit, "claudia")
	later.Days = 5
	g.circulation = h.start(g.c, g.doc, step(CoSign, "claudia"), step(CoSign, "birgit"))
	must(t, h.sign("claudia", h.task(g.circulation, "claudia"), g.doc))
	g.task = h.task(g.circulation, "birgit")
	g.another = h.start(g.c, "", ask)
	g.act = h.task(g.another, "birgit")
	g.later = h.task(h.start(g.c, "", later), "claudia")
	g.comment = db.NewID()
	must(t, h.AddComment(as("claudia"), g.c.ID, g.comment, secret))
	g.template, g.handover = db.NewID(), db.NewID()
	must(t, h.SaveTemplate(as("doris"), Template{ID: g.template, Authority: erfurt, Name: secret, Steps: []Step{step(Know, "birgit")}}))
	must(t, h.HandOver(as("doris"), g.handover, erfurt, "sabine", "claudia"))
	g.absence = h.absent("sabine", "birgit", 3)
	must(t, h.core.KeepColumns(as("birgit"), "tasks", []string{"due"}))
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return access.Admit(ctx, tx, access.At(erfurt), access.Guest{Authority: erfurt, Case: g.c.ID, Holder: access.Person("birgit"), Source: absencePrefix + "sabine"})
	}))
	return g
}

func withGrants(kind identity.Kind, grants ...identity.Grant) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "stranger", Name: "Fremd", Kind: kind, Grants: grants})
}

// strangers are callers who have nothing to do with the case, and the code each is answered with.
var strangers = map[string]struct {
	ctx  context.Context
	code errs.Code
}{
	"anonymous":            {context.Background(), errs.Unauthenticated},
	"citizen":              {withGrants(identity.Citizen), errs.Denied},
	"citizen with a grant": {withGrants(identity.Citizen, identity.Grant{Role: identity.Clerk, Authority: erfurt}), errs.Denied},
	"clerk of Jena":        {as("jens"), errs.NotFound},
	"registrar of Jena":    {withGrants(identity.Staff, identity.Grant{Role: identity.Registrar, Authority: jena}), errs.NotFound},
	"clerk of nowhere":     {withGrants(identity.Staff, identity.Grant{Role: identity.Clerk}), errs.NotFound},
	"treasurer of Erfurt":  {withGrants(identity.Staff, identity.Grant{Role: identity.Treasurer, Authority: erfurt}), errs.Denied},
	"auditor":              {withGrants(identity.Staff, identity.Grant{Role: identity.Auditor, Authority: identity.Everywhere}), errs.Denied},
	"the program":          {identity.AsSystem(context.Background(), "x"), errs.Unauthenticated},
	"clerk without right":  {as("cem"), errs.NotFound}, // of Erfurt, but the file is another unit's
}

func TestStrangersUseCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		k, at := g.task, h.content(g.doc)
		uses := map[string]func(ctx context.Context) error{
			"Start": func(ctx context.Context) error {
				return h.Start(ctx, g.c.ID, Order{ID: db.NewID(), Steps: []Step{step(Know, "birgit")}})
			},
			"Withdraw": func(ctx context.Context) error { return h.Withdraw(ctx, g.another, 1, "x") },
			"Finish":   func(ctx context.Context) error { return h.Finish(ctx, g.act.ID, g.act.Version, "") },
			"Sign":     func(ctx context.Context) error { return h.Sign(ctx, k.ID, k.Version, at, "") },
			"Refuse":   func(ctx context.Context) error { return h.Refuse(ctx, k.ID, k.Version, "x") },
			"Forward":  func(ctx context.Context) error { return h.Forward(ctx, k.ID, k.Version, "person:claudia") },
			"TaskByID": func(ctx context.Context) error { _, err := h.TaskByID(ctx, k.ID, nil); return err },
			"AddCoSigner": func(ctx context.Context) error {
				return h.AddCoSigner(ctx, g.circulation, db.NewID(), "person:doris", "")
			},
			"BringBack": func(ctx context.Context) error {
				return h.BringBack(ctx, g.c.ID, db.NewID(), h.now.AddDate(0, 0, 7), "x")
			},
			"MoveDate": func(ctx context.Context) error {
				return h.MoveDate(ctx, g.later.ID, g.later.Version, h.now.AddDate(0, 0, 7), "")
			},
			"Seen":         func(ctx context.Context) error { _, err := h.Seen(ctx, []string{k.ID}); return err },
			"AddComment":   func(ctx context.Context) error { return h.AddComment(ctx, g.c.ID, db.NewID(), "x") },
			"Course":       func(ctx context.Context) error { _, err := h.Course(ctx, g.c.ID); return err },
			"Timeline":     func(ctx context.Context) error { _, _, err := h.Timeline(ctx, g.c.ID, "", ""); return err },
			"EndAbsence":   func(ctx context.Context) error { return h.EndAbsence(ctx, g.absence) },
			"DropTemplate": func(ctx context.Context) error { return h.DropTemplate(ctx, g.template, 1) },
			"TemplateByID": func(ctx context.Context) error { _, err := h.TemplateByID(ctx, g.template); return err },
			"HandOver":     func(ctx context.Context) error { return h.HandOver(ctx, db.NewID(), erfurt, "birgit", "claudia") },
			"RecordAbsence": func(ctx context.Context) error {
				return h.RecordAbsence(ctx, Absence{ID: db.NewID(), Authority: erfurt, Subject: "birgit", Deputy: "claudia", From: h.now, Until: h.now})
			},
			"SaveTemplate": func(ctx context.Context) error {
				return h.SaveTemplate(ctx, Template{ID: db.NewID(), Authority: erfurt, Name: "x", Steps: []Step{step(Know, "birgit")}})
			},
		}
		ofAuthority := []string{"EndAbsence", "DropTemplate", "TemplateByID", "HandOver", "RecordAbsence", "SaveTemplate"} // not of the file
		lists := map[string]func(ctx context.Context) (int, error){
			"Waiting":   func(ctx context.Context) (int, error) { w, err := h.Waiting(ctx); return w.Open, err },
			"Next":      func(ctx context.Context) (int, error) { id, err := h.Next(ctx, g.act, nil); return len(id), err },
			"Inbox":     func(ctx context.Context) (int, error) { l, err := h.Inbox(ctx, Filter{}); return len(l.Items), err },
			"Absences":  func(ctx context.Context) (int, error) { l, err := h.Absences(ctx); return len(l), err },
			"Handovers": func(ctx context.Context) (int, error) { l, err := h.Handovers(ctx); return len(l), err },
			"Templates": func(ctx context.Context) (int, error) { l, err := h.Templates(ctx); return len(l), err },
		}
		others := []string{"Routes", "Run", "Refresh", "Erase", "EraseParts", "ExportCourse", "PersonPlaces"} // nobody's things, or called by who was authorised
		exported := exportedMethods(t)
		for _, name := range exported {
			if uses[name] == nil && lists[name] == nil && !slices.Contains(others, name) {
				t.Errorf("%s is not tried", name)
			}
		}
		before := h.dump()
		for who, s := range strangers {
			for name, use := range uses {
				want := s.code
				if who == "clerk without right" && slices.Contains(ofAuthority, name) {
					want = errs.Denied
					if name == "TemplateByID" {
						want = "" // whoever works there may read them
					}
				}
				if err := use(s.ctx); errs.CodeOf(err) != want {
					t.Errorf("%s by %s: %v, want %s", name, who, err, want)
				}
			}
			for name, use := range lists {
				n, err := use(s.ctx)
				if n != 0 && (name != "Templates" || who != "clerk without right") || err != nil && !errs.Is(err, s.code) {
					t.Errorf("%s by %s: %d entries, %v", name, who, n, err)
				}
			}
		}
		if after := h.dump(); after != before {
			t.Error("a stranger changed something")
		}
		for name, who := range map[string]string{"Inbox": "birgit", "Waiting": "birgit", "Absences": "birgit", "Handovers": "doris", "Templates": "birgit"} {
			if n, err := lists[name](as(who)); n == 0 || err != nil { // and yet there is something to see
				t.Errorf("%s by %s: %d entries, %v", name, who, n, err)
			}
		}
		for name, who := range map[string]string{"Course": "birgit", "Timeline": "birgit", "Sign": "birgit", "Finish": "birgit", "EndAbsence": "sabine", "DropTemplate": "doris",
			"HandOver": "doris", "RecordAbsence": "birgit", "SaveTemplate": "doris", "Start": "birgit", "AddComment": "birgit", "BringBack": "birgit", "MoveDate": "claudia"} {
			if err := uses[name](as(who)); err != nil {
				t.Errorf("%s by %s: %v", name, who, err)
			}
		}
	})
}

// exportedMethods are the room's methods that others can call, read from its source.
func exportedMethods(t *testing.T) []string {
	t.Helper()
	return methods(t, "Room", func(name string, _ []*ast.Field) bool { return ast.IsExported(name) })
}

func methods(t *testing.T, of string, want func(name string, params []*ast.Field) bool) (out []string) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || strings.TrimPrefix(types.ExprString(fn.Recv.List[0].Type), "*") != of {
				continue
			}
			if want(fn.Name.Name, fn.Type.Params.List) {
				out = append(out, fn.Name.Name)
			}
		}
	}
	slices.Sort(out)
	if len(out) < 10 {
		t.Fatalf("methods of %s: %v", of, out)
	}
	return out
}

// dump is the content of all of the part's tables, and of what it changes in others.
func (h *house) dump() string {
	h.t.Helper()
	names, err := fs.Glob(Files, "migrations/*.sql")
	must(h.t, err)
	tables := []string{"records_document", "records_guest", "records_case", "records_view"}
	for _, name := range names {
		b, err := fs.ReadFile(Files, name)
		must(h.t, err)
		for _, m := range regexp.MustCompile(`CREATE TABLE (\w+) \(\n([^;]*)\);`).FindAllStringSubmatch(string(b), -1) {
			tables = append(tables, m[1])
			if !strings.Contains(m[2], "authority_id") {
				h.t.Errorf("table %s has no authority", m[1])
			}
		}
	}
	if len(tables) != 12 {
		h.t.Fatalf("tables: %v", tables)
	}
	var out strings.Builder
	for _, table := range tables {
		out.WriteString(h.rows(table))
	}
	return out.String()
}

func (h *house) rows(table string) string {
	rows, err := h.h.DB.Reader().Query(context.Background(), `SELECT * FROM `+table+` ORDER BY 1, 2`)
	must(h.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(h.t, err)
	var out strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must(h.t, rows.Scan(values...))
		for _, v := range values {
			fmt.Fprintf(&out, "%v|", *v.(*any))
		}
	}
	must(h.t, rows.Err())
	return out.String()
}

// nothing is what a store method returns that found nothing, without an error.
func nothing(n int, err error) error {
	if err == nil && n == 0 {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

func TestStrangersScope(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		st, at := h.store, h.content(g.doc)
		x := h.circulation(g.circulation)
		handover, err := st.handover(t.Context(), h.h.DB.Reader(), access.All, g.handover, "")
		must(t, err)
		tmpl, err := st.template(t.Context(), h.h.DB.Reader(), access.All, g.template, "")
		must(t, err)
		h.exec(`INSERT INTO records_routing (authority_id, leika_key, unit) VALUES ($1, '99110009104000', '20')`, erfurt)
		d := desk{me: Person{"claudia", "Claudia"}, own: []string{"person:claudia"}}
		type call = func(ctx context.Context, tx *db.Tx, a access.Access) error
		list := func(n int, err error) error { return nothing(n, err) }
		calls := map[string]call{
			"insertCirculation": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n := x
				n.ID = db.NewID()
				return st.insertCirculation(ctx, tx, a, n)
			},
			"updateCirculation": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.updateCirculation(ctx, tx, a, x)
			},
			"hasCirculation": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				ok, err := st.hasCirculation(ctx, tx, a, g.c.ID, x.ID)
				return some(ok, err)
			},
			"caseOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.caseOf(ctx, tx, a, x.ID)
				return err
			},
			"circulation": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.circulation(ctx, tx, a, x.ID)
				return err
			},
			"circulations": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.circulations(ctx, tx, a, g.c.ID)
				return list(len(l), err)
			},
			"refile": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				m := records.Moved{Case: g.c, Reference: g.c.Reference}
				m.Case.FileID = "moved"
				if err := st.refile(ctx, tx, a, m); err != nil {
					return err
				}
				n, err := count(ctx, tx, `flow_task WHERE file_id = $1`, db.Params{"moved"})
				return nothing(n, err)
			},
			"outdated": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				if _, err := tx.Exec(ctx, `UPDATE records_document SET version = 9`); err != nil {
					return err
				}
				l, err := st.outdated(ctx, tx, a, "")
				return list(len(l), err)
			},
			"insertTask": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n := g.task
				n.ID = db.NewID()
				return st.insertTask(ctx, tx, a, n)
			},
			"updateTask": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.updateTask(ctx, tx, a, g.task, g.task.Version)
			},
			"task": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.task(ctx, tx, a, g.task.ID)
				return err
			},
			"document": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.document(ctx, tx, a, g.doc, tx.ForUpdate())
				return err
			},
			"drafts": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.drafts(ctx, tx, a, g.c.ID)
				return list(len(l), err)
			},
			"choices": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.choices(ctx, tx, a, g.c.ID, "entwurf", 9)
				return list(len(l), err)
			},
			"countDocuments": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return list(st.countDocuments(ctx, tx, a, g.c.ID))
			},
			"documentNames": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.documentNames(ctx, tx, a, g.c.ID, []string{g.doc})
				return list(len(l), err)
			},
			"documentIDs": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.documentIDs(ctx, tx, a, g.c.ID)
				return list(len(l), err)
			},
			"finalise": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.finalise(ctx, tx, a, g.doc, at, h.now)
			},
			"insertSignature": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertSignature(ctx, tx, a, Signature{ID: db.NewID(), Authority: erfurt, Case: g.c.ID, Circulation: x.ID})
			},
			"signatures": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.signatures(ctx, tx, a, g.c.ID)
				return list(len(l), err)
			},
			"insertComment": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertComment(ctx, tx, a, Comment{ID: db.NewID(), Authority: erfurt, Case: g.c.ID})
			},
			"comments": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.comments(ctx, tx, a, g.c.ID)
				return list(len(l), err)
			},
			"seats": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.seats(ctx, tx, a, erfurt)
				return list(len(l), err)
			},
			"seatsOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.seatsOf(ctx, tx, a, "cem")
				return list(len(l), err)
			},
			"units": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.units(ctx, tx, a, erfurt)
				return list(len(l), err)
			},
			"insertAbsence": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertAbsence(ctx, tx, a, Absence{ID: db.NewID(), Authority: erfurt})
			},
			"absence": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.absence(ctx, tx, a, g.absence, "")
				return err
			},
			"endAbsence": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.endAbsence(ctx, tx, a, g.absence, h.now)
			},
			"overlapping": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return list(st.overlapping(ctx, tx, a, Absence{Authority: erfurt, Subject: "sabine", From: h.now, Until: h.now.AddDate(0, 0, 1)}))
			},
			"absent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.absent(ctx, tx, a, erfurt, h.now)
				return list(len(l), err)
			},
			"awayAt": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.awayAt(ctx, tx, a, h.now)
				return list(len(l), err)
			},
			"absences": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.absences(ctx, tx, a, h.now)
				return list(len(l), err)
			},
			"unreadOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.unreadOf(ctx, tx, a, access.Access{}, "person:birgit", "")
				return list(len(l), err)
			},
			"insertHandover": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertHandover(ctx, tx, a, Handover{ID: db.NewID(), Authority: erfurt})
			},
			"updateHandover": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.updateHandover(ctx, tx, a, handover)
			},
			"handover": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.handover(ctx, tx, a, g.handover, "")
				return err
			},
			"handovers": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.handovers(ctx, tx, a)
				return list(len(l), err)
			},
			"sheet": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.sheet(ctx, tx, a, g.doc, 1)
				return err
			},
			"runningOn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.runningOn(ctx, tx, a, g.doc)
				return list(len(l), err)
			},
			"standIns": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.standIns(ctx, tx, a)
				return list(len(l), err)
			},
			"keepBack": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.keepBack(ctx, tx, a, Handover{ID: db.NewID(), Authority: erfurt}, g.c.ID)
			},
			"keptCases": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				if err := st.keepBack(ctx, tx, access.At(erfurt), Handover{ID: "kept", Authority: erfurt}, g.c.ID); err != nil {
					return err
				}
				l, err := st.keptCases(ctx, tx, a, "kept")
				return list(len(l), err)
			},
			"casesOfDesk": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.casesOfDesk(ctx, tx, a, "birgit", "", 9)
				return list(len(l), err)
			},
			"handTasks": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.handTasks(ctx, tx, a, g.c.ID, "birgit", Person{"cem", "Cem"})
				return list(len(l), err)
			},
			"assign": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.assign(ctx, tx, a, g.c.ID, "", Person{"cem", "Cem"}, "", h.now)
				return list(int(n), err)
			},
			"insertTemplate": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertTemplate(ctx, tx, a, Template{ID: db.NewID(), Authority: erfurt}, "[]")
			},
			"updateTemplate": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.updateTemplate(ctx, tx, a, tmpl, "[]")
			},
			"dropTemplate": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.dropTemplate(ctx, tx, a, g.template, 1)
			},
			"template": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, err := st.template(ctx, tx, a, g.template, "")
				return err
			},
			"templates": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.templates(ctx, tx, a)
				return list(len(l), err)
			},
			"caseTypes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.caseTypes(ctx, tx, a, erfurt)
				return list(len(l), err)
			},
			"hasName": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				ok, err := st.hasName(ctx, tx, a, Template{ID: db.NewID(), Authority: erfurt, Name: secret})
				return some(ok, err)
			},
			"waiting": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				w, err := st.waiting(ctx, tx, a, desk{own: []string{"person:birgit"}}, h.now)
				return list(w.Open, err)
			},
			"inbox": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.inbox(ctx, tx, a, d, Filter{View: ViewLater}, h.now, 9)
				return list(len(l), err)
			},
		}
		var tried []string
		for name := range calls {
			tried = append(tried, name)
		}
		slices.Sort(tried)
		all := methods(t, "store", func(name string, params []*ast.Field) bool {
			if len(params) < 3 || !strings.HasPrefix(types.ExprString(params[2].Type), "access.Access") {
				t.Errorf("store.%s does not take the Access before what it looks for", name)
			}
			return true
		})
		if !slices.Equal(all, tried) {
			t.Errorf("tried are %v\nthere are %v", tried, all)
		}
		undo := errors.New("undo")
		before := h.dump()
		for name, call := range calls {
			for what, a := range map[string]access.Access{"another's": access.At(jena), "no": {}, "an empty": access.At("")} {
				err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					if err := call(ctx, tx, a); err != nil {
						return err
					}
					return undo
				})
				if code := errs.CodeOf(err); code != errs.NotFound && (code != errs.Conflict || !slices.ContainsFunc([]string{"update", "end", "drop"}, func(p string) bool { return strings.HasPrefix(name, p) })) {
					t.Errorf("%s with %s scope: %v", name, what, err)
				}
			}
			err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { // with the right one it finds something
				if err := call(ctx, tx, access.At(erfurt)); err != nil {
					return fmt.Errorf("%s in its own scope: %w", name, err)
				}
				return undo
			})
			if !errors.Is(err, undo) {
				t.Error(err)
			}
		}
		if after := h.dump(); after != before {
			t.Error("a stranger's scope changed something")
		}
	})
}

func TestStrangersAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		b, err := os.ReadFile("room.go")
		must(t, err)
		patterns := regexp.MustCompile(`handle\("((?:GET|POST) [^"]+)"`).FindAllStringSubmatch(string(b), -1)
		if len(patterns) < 19 {
			t.Fatalf("addresses: %v", patterns)
		}
		own := []string{"/akte/aufgaben", "/akte/aufgaben.csv", "/akte/abwesenheit", "/akte/laufwege"} // everybody has one
		before := h.dump()
		for _, m := range patterns {
			method, path, _ := strings.Cut(m[1], " ")
			id := g.c.ID
			for part, is := range map[string]string{"/aufgabe/": g.task.ID, "/laufweg/": g.another, "/abwesenheit/": g.absence, "/laufwege/": g.template} {
				if strings.Contains(path, part) {
					id = is
				}
			}
			form := url.Values{"id": {db.NewID()}, "version": {"1"}, "tun": {"ablehnen"}, "text": {"x"}, "reason": {"x"}, "comment": {"x"}, "aufgabe": {g.task.ID},
				"behoerde": {erfurt}, "who": {"birgit"}, "owner": {"birgit"}, "to": {"claudia"}, "deputy": {"claudia"}, "from": {"2026-12-01"}, "until": {"2026-12-02"},
				"name": {"x"}, "tage": {"7"}, "step-1-kind": {"know"}, "step-1-to-1": {"person:birgit"}}
			for who, s := range strangers {
				req := httptest.NewRequestWithContext(s.ctx, method, strings.Replace(path, "{id}", id, 1), strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				h.mux.ServeHTTP(w, req)
				want := errs.Status(s.code)
				switch {
				case s.code == errs.Unauthenticated && method == http.MethodGet:
					want = http.StatusSeeOther // to the sign-in
				case path == "/akte/laufwege/neu" && who == "registrar of Jena":
					want = http.StatusOK // one of theirs
				case s.code == errs.NotFound && method == http.MethodGet && slices.Contains(own, path):
					want = http.StatusOK
				case who == "clerk without right" && method == http.MethodGet && path == "/akte/laufwege/{id}":
					continue // whoever works there may read them
				case who == "clerk without right" && (strings.HasPrefix(path, "/akte/abwesenheit") || strings.HasPrefix(path, "/akte/laufwege")),
					strings.HasSuffix(path, "/neu") && s.code == errs.NotFound && who != "registrar of Jena" && who != "clerk of nowhere":
					want = http.StatusForbidden
				}
				if body := w.Body.String(); w.Code != want || strings.Contains(body, g.c.Reference) || strings.Contains(body, secret) && path != "/akte/laufwege" {
					t.Errorf("%s by %s: status %d, want %d; or it shows what it must not", m[1], who, w.Code, want)
				}
			}
		}
		h.exec(`DELETE FROM records_view WHERE subject <> 'birgit'`)
		if after := h.dump(); after != before {
			t.Error("a stranger changed something")
		}
	})
}
