package disposal

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// guarded is a house in which Erfurt has everything that the room knows.
type guarded struct {
	due, other        records.File // retention over; in no process, without an erasure
	caseID, document  string       // of other
	process           string
	handed, proposed  records.File // in the process
	packageID         string
	approval, erasure string
	imported          Import
	takenImport       string // id
	taken             records.File
	hash              string
	search            string // for a person
}

func (h *house) guard(t *testing.T) (g guarded) {
	t.Helper()
	h.plans(t)
	var c records.Case
	g.other, c = h.open(t, claudia, erfurt, unitV)
	g.caseID, g.document = c.ID, h.documentsOfCase(t, c.ID)[0]
	g.due, g.handed, g.proposed = h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitV)
	h.years(32)
	g.process = h.offer(t, 2, g.handed, g.proposed)
	g.approval = db.NewID()
	must(t, h.Propose(regina, g.process, g.approval))
	k, b := h.packageOf(t, g.process, xdomea.Disposal)
	g.packageID = k.ID
	e := order(g.other.ID, "document", g.document)
	g.erasure = e.ID
	must(t, h.ProposeErasure(regina, e))
	in := bytes.NewReader(b)
	var err error
	g.imported, err = h.Check(regina, in, in.Size(), k.Name, erfurt, db.NewID())
	must(t, err)
	taken, err := h.Check(regina, in, in.Size(), k.Name, erfurt, db.NewID())
	must(t, err)
	must(t, h.TakeOver(regina, taken.ID, here(unitA)))
	g.takenImport = taken.ID
	must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT file_id FROM disposal_origin WHERE object LIKE 'file:%'`).Scan(&g.taken.ID))
	must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT hash FROM records_document WHERE id = $1`, g.document).Scan(&g.hash))
	h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
		if err := h.store.insertDestruction(ctx, tx, access.At(erfurt), Destruction{ID: db.NewID(), Authority: erfurt, File: g.other.ID, Scope: "case"}); err != nil {
			return err
		}
		return h.store.putBlob(ctx, tx, access.At(erfurt), erfurt, "file:x", strings.Repeat("0", 64), false, time.Unix(1, 0))
	})
	g.search = db.NewID()
	must(t, h.Find(regina, g.search, Person{Authority: erfurt, Name: secret}))
	must(t, h.Choose(regina, g.search, []string{"dokument:" + g.document, "vorgang:" + g.caseID}, []string{"dokument:" + g.document, "vorgang:" + g.caseID}))
	return g
}

// strangers are callers who have nothing to do with Erfurt's registry, and the code each is answered with.
var strangers = map[string]struct {
	ctx  context.Context
	code errs.Code
}{
	"anonymous":             {context.Background(), errs.Unauthenticated},
	"citizen":               {withGrants(identity.Citizen), errs.Denied},
	"citizen with a grant":  {withGrants(identity.Citizen, identity.Grant{Role: identity.Registrar, Authority: erfurt}), errs.Denied},
	"registrar of Jena":     {jenny, errs.NotFound},
	"registrar of nowhere":  {withGrants(identity.Staff, identity.Grant{Role: identity.Registrar}), errs.NotFound},
	"clerk of Erfurt":       {claudia, errs.Denied},
	"treasurer of Erfurt":   {withGrants(identity.Staff, identity.Grant{Role: identity.Treasurer, Authority: erfurt}), errs.Denied},
	"auditor of everything": {withGrants(identity.Staff, identity.Grant{Role: identity.Auditor, Authority: identity.Everywhere}), errs.Denied},
	"the program":           {identity.AsSystem(context.Background(), "x"), errs.Unauthenticated},
}

func withGrants(kind identity.Kind, grants ...identity.Grant) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "stranger", Name: "Fremd", Kind: kind, Grants: grants})
}

func TestStrangersUseCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := h.guard(t)
		id := db.NewID()
		in := message(t, g.process, xdomea.DisposalResult, result(true, g.handed)...)
		uses := map[string]func(ctx context.Context) error{
			"Offer": func(ctx context.Context) error {
				return drop(h.Offer(ctx, Offering{ID: db.NewID(), Authority: erfurt, Steps: 4, Files: []string{g.due.ID}}))
			},
			// What is sent is looked at only once it is known who sends it.
			"Offer nonsense": func(ctx context.Context) error { return drop(h.Offer(ctx, Offering{Authority: erfurt, Steps: 7})) },
			"Set nonsense":   func(ctx context.Context) error { return h.Set(ctx, Setting{Authority: erfurt}) },
			"Choose nonsense": func(ctx context.Context) error {
				return h.Choose(ctx, g.search, make([]string, 9999), nil)
			},
			"ProposeErasure nonsense": func(ctx context.Context) error {
				return h.ProposeErasure(ctx, Erasure{ID: db.NewID(), File: g.due.ID})
			},
			"Process":        func(ctx context.Context) error { _, _, _, err := h.Process(ctx, g.process); return err },
			"HandOver":       func(ctx context.Context) error { return drop(h.HandOver(ctx, g.process, db.NewID())) },
			"Withdraw":       func(ctx context.Context) error { return h.Withdraw(ctx, g.process, g.proposed.ID) },
			"Propose":        func(ctx context.Context) error { return h.Propose(ctx, g.process, db.NewID()) },
			"Approve":        func(ctx context.Context) error { return h.Approve(ctx, g.process, g.approval) },
			"Reject":         func(ctx context.Context) error { return h.Reject(ctx, g.process, g.approval) },
			"Destroy":        func(ctx context.Context) error { return drop(h.Destroy(ctx, g.process)) },
			"Work":           func(ctx context.Context) error { return h.Work(ctx, g.process) },
			"Take":           func(ctx context.Context) error { return h.take(ctx, in) },
			"OpenPackage":    func(ctx context.Context) error { _, _, err := h.OpenPackage(ctx, g.packageID); return err },
			"Setting":        func(ctx context.Context) error { return drop(h.Setting(ctx, erfurt)) },
			"Set":            func(ctx context.Context) error { return h.Set(ctx, Setting{Authority: erfurt, Archive: "x"}) },
			"Erasable":       func(ctx context.Context) error { _, _, err := h.Erasable(ctx, g.due.ID); return err },
			"ProposeErasure": func(ctx context.Context) error { return h.ProposeErasure(ctx, order(g.due.ID, "file", g.due.ID)) },
			"Erasure":        func(ctx context.Context) error { _, _, err := h.Erasure(ctx, g.erasure); return err },
			"Erase":          func(ctx context.Context) error { return h.Erase(ctx, g.erasure) },
			"RefuseErasure":  func(ctx context.Context) error { return h.RefuseErasure(ctx, g.erasure) },
			"Check": func(ctx context.Context) error {
				return drop(h.Check(ctx, in, in.Size(), "x.zip", erfurt, id))
			},
			"DueHidden": func(ctx context.Context) error { n, err := h.DueHidden(ctx); return found(n > 0, err) },
			"LeftOut": func(ctx context.Context) error {
				return drop(h.LeftOut(ctx, Offering{ID: id, Authority: erfurt, Steps: 2}))
			},
			"Came":     func(ctx context.Context) error { return drop(h.Came(ctx, g.takenImport, paging.Cursor{})) },
			"Import":   func(ctx context.Context) error { return drop(h.Import(ctx, g.imported.ID)) },
			"TakeOver": func(ctx context.Context) error { return h.TakeOver(ctx, g.imported.ID, here(unitA)) },
			"Find": func(ctx context.Context) error {
				return h.Find(ctx, db.NewID(), Person{Authority: erfurt, Name: secret})
			},
			"Findings": func(ctx context.Context) error { return drop(h.Findings(ctx, g.search, "")) },
			"Choose":   func(ctx context.Context) error { return h.Choose(ctx, g.search, []string{"vorgang:" + g.caseID}, nil) },
			"Disclose": func(ctx context.Context) error { return drop(h.Disclose(ctx, g.search)) },
			"Retention": func(ctx context.Context) error { // clerks may see it
				if identity.From(ctx).Subject == identity.From(claudia).Subject {
					return errs.E(errs.Denied, "")
				}
				return drop(h.Retention(ctx, g.other.ID))
			},
		}
		lists := map[string]func(ctx context.Context) (int, error){
			"Due": func(ctx context.Context) (int, error) { l, err := h.Due(ctx, DueFilter{}); return len(l.Items), err },
			"Processes": func(ctx context.Context) (int, error) {
				l, err := h.Processes(ctx, paging.Cursor{})
				return len(l.Items), err
			},
			"Items": func(ctx context.Context) (int, error) {
				l, _, err := h.Items(ctx, g.process, "", "")
				return len(l), err
			},
			"Imports": func(ctx context.Context) (int, error) {
				l, err := h.Imports(ctx, paging.Cursor{})
				return len(l.Items), err
			},
			"Searches": func(ctx context.Context) (int, error) { l, err := h.Searches(ctx); return len(l), err },
			"Erasures": func(ctx context.Context) (int, error) {
				l, err := h.Erasures(ctx, paging.Cursor{})
				return len(l.Items), err
			},
		}
		for _, name := range useCases(t) {
			if uses[name] == nil && lists[name] == nil {
				t.Errorf("%s is not tried", name)
			}
		}
		before := h.state(t)
		for who, s := range strangers {
			for name, use := range uses {
				if err := use(s.ctx); !errs.Is(err, s.code) {
					t.Errorf("%s by %s: %v, want %s", name, who, err, s.code)
				}
			}
			for name, use := range lists {
				n, err := use(s.ctx)
				if n != 0 || err != nil && !errs.Is(err, s.code) {
					t.Errorf("%s by %s: %d entries, %v", name, who, n, err)
				}
			}
		}
		if h.state(t) != before {
			t.Error("a stranger changed something")
		}
		for name, use := range lists { // and yet there is something to see
			if n, err := use(arne); n == 0 || err != nil {
				t.Errorf("%s by a registrar: %d entries, %v", name, n, err)
			}
		}
	})
}

// drop leaves the error.
func drop[T any](_ T, err error) error { return err }

// useCases are the exported methods of Room that take a context, read from the source, but the program's own.
func useCases(t *testing.T) (out []string) {
	t.Helper()
	own := []string{"Run", "Sweep", "Reckon", "Write"} // Write writes what Disclose allowed
	methods(t, "Room", func(name string, p []*ast.Field) {
		if ast.IsExported(name) && len(p) > 0 && types.ExprString(p[0].Type) == "context.Context" && !slices.Contains(own, name) {
			out = append(out, name)
		}
	})
	if len(out) < 20 {
		t.Fatalf("use-cases: %v", out)
	}
	return out
}

// methods calls f with every method of a type, read from the source.
func methods(t *testing.T, of string, f func(name string, parameters []*ast.Field)) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && strings.TrimPrefix(types.ExprString(fn.Recv.List[0].Type), "*") == of {
				f(fn.Name.Name, fn.Type.Params.List)
			}
		}
	}
}
