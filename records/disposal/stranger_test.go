package disposal

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
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

// found is errs.NotFound for an empty answer.
func found(v any, err error) error {
	if err != nil {
		return err
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Struct {
		for _, field := range []string{"Items", "files"} {
			if f := r.FieldByName(field); f.IsValid() {
				r = f
				break
			}
		}
	}
	if r.IsZero() || (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) && r.Len() == 0 {
		return errs.E(errs.NotFound, "empty")
	}
	return nil
}

func TestStrangersScope(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := h.guard(t)
		st, now := h.store, h.h.Now()
		begun := Search{ID: db.NewID(), Person: Person{Authority: erfurt, Name: secret}, At: now}
		h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
			return drop(st.insertSearch(ctx, tx, access.At(erfurt), begun))
		})
		all := func(*db.Params) string { return `f.id <> ''` }
		p := Process{ID: g.process, Authority: erfurt}
		type call = func(ctx context.Context, tx *db.Tx, a access.Access) error
		calls := map[string]call{
			"unreckoned": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.unreckoned(ctx, tx, a, 10))
			},
			"reopened": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.reopened(ctx, tx, a, 10)) },
			"ofUnit": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.ofUnit(ctx, tx, a, unitB, "", 10))
			},
			"setRetention": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.setRetention(ctx, tx, a, retained{id: g.due.ID, closed: g.due.ClosedAt}, now))
			},
			"changedRules": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.changedRules(ctx, tx, a)) },
			"noteRule": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.noteRule(ctx, tx, a, ruleOf{authority: erfurt, unit: "x"})
			},
			"putRule": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.putRule(ctx, tx, a, ruleOf{authority: erfurt, unit: "x"})
			},
			"setting": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				s, err := st.setting(ctx, tx, a, erfurt)
				return found(s.Archive, err)
			},
			"putSetting": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.putSetting(ctx, tx, a, Setting{Authority: erfurt, Archive: "x"}, "x", now)
			},
			"fileBatch": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.fileBatch(ctx, tx, a, g.packageID, "", 10, true))
			},
			"digests": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.digests(ctx, tx, a, all)) },
			"setContent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.setContent(ctx, tx, a, g.process, g.handed.ID, "x")
			},
			"caseContent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.caseContent(ctx, tx, a, g.caseID))
			},
			"approval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.approval(ctx, tx, a, g.process, g.approval))
			},
			"approvals": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.approvals(ctx, tx, a, g.process))
			},
			"openApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.openApproval(ctx, tx, a, g.process))
			},
			"insertApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertApproval(ctx, tx, a, p, Approval{ID: db.NewID(), State: "given"})
			},
			"decideApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.decideApproval(ctx, tx, a, g.approval, "given", identity.Principal{}, now)
			},
			"itemsToPropose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsToPropose(ctx, tx, a, g.process))
			},
			"itemsOfApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsOfApproval(ctx, tx, a, g.approval))
			},
			"itemsToDestroy": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsToDestroy(ctx, tx, a, g.process))
			},
			"destroying": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.destroying(ctx, tx, a, g.process, 10))
			},
			"responsible": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				first, _, err := st.responsible(ctx, tx, a, g.process, g.handed.ID)
				return found(first, err)
			},
			"lockFiles": func(ctx context.Context, tx *db.Tx, a access.Access) error { // finds nothing, locks nothing
				return st.lockFiles(ctx, tx, a, []string{g.due.ID})
			},
			"hashes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.hashes(ctx, tx, a, scopeFile, []string{g.due.ID}))
			},
			"facts": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.facts(ctx, tx, a, scopeFile, []string{g.due.ID}))
			},
			"casesIn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.casesIn(ctx, tx, a, []string{g.caseID}))
			},
			"erase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.erase(ctx, tx, a, scopeFile, []string{g.due.ID})
			},
			"leaveStub": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.leaveStub(ctx, tx, a, Destruction{File: g.due.ID}, FileDestroyed, now)
			},
			"insertDestruction": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertDestruction(ctx, tx, a, Destruction{ID: db.NewID(), Authority: erfurt, File: g.due.ID})
			},
			"destructions": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.destructions(ctx, tx, a, g.other.ID))
			},
			"putBlob": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.putBlob(ctx, tx, a, erfurt, "x", strings.Repeat("1", 64), false, now)
			},
			"blobs": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.blobs(ctx, tx, a, now)) },
			"listBlob": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.listBlob(ctx, tx, a, strings.Repeat("0", 64))
			},
			"postponeBlobs": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.postponeBlobs(ctx, tx, a, []string{strings.Repeat("0", 64)}, now)
			},
			"dropBlob": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.dropBlob(ctx, tx, a, strings.Repeat("0", 64))
			},
			"namedHere": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.namedHere(ctx, tx, a, []string{g.hash}))
			},
			"erasure": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.erasure(ctx, tx, a, g.erasure, ""))
			},
			"erasures": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.erasures(ctx, tx, a, paging.Cursor{}))
			},
			"erasuresOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.erasuresOf(ctx, tx, a, g.other.ID))
			},
			"insertErasure": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				e := order(g.due.ID, "file", g.due.ID)
				e.Authority, e.State = erfurt, ErasureOpen
				return st.insertErasure(ctx, tx, a, e)
			},
			"decideErasure": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.decideErasure(ctx, tx, a, g.erasure, ErasureDone, identity.Principal{}, now)
			},
			"erasureOpenIn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				if _, err := tx.Exec(ctx, `UPDATE disposal_erasure SET object_id = $1, state = 'open' WHERE id = $2`, g.caseID, g.erasure); err != nil {
					return err
				}
				open, err := st.erasureOpenIn(ctx, tx, a, g.caseID)
				return found(open, err)
			},
			"bringOrigins": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				if _, err := tx.Exec(ctx, `UPDATE disposal_origin SET object = $1 WHERE object = $2`, records.CaseObject(g.caseID), records.FileObject(g.taken.ID)); err != nil {
					return err
				}
				if err := st.bringOrigins(ctx, tx, a, records.Case{ID: g.caseID, FileID: g.other.ID}); err != nil {
					return err
				}
				var n int
				err := tx.QueryRow(ctx, `SELECT count(*) FROM disposal_origin WHERE file_id = $1`, g.other.ID).Scan(&n)
				return found(n > 0, err)
			},
			"packagesWith": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.packagesWith(ctx, tx, a, g.handed.ID))
			},
			"objectsIn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.objectsIn(ctx, tx, a, g.other.ID))
			},
			"insertSearch": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.insertSearch(ctx, tx, a, Search{ID: db.NewID(), Person: Person{Authority: erfurt}, At: now}))
			},
			"search": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.search(ctx, tx, a, g.search))
			},
			"searches": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.searches(ctx, tx, a, 5)) },
			"advance": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				changed, err := st.advance(ctx, tx, a, begun, begun.Place, "x", true)
				return found(changed, err)
			},
			"endSearch": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.endSearch(ctx, tx, a, g.search, 99, now)
			},
			"forgetSearches": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.forgetSearches(ctx, tx, a, now.AddDate(1, 0, 0))
			},
			"window": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.window(ctx, tx, a, corePlaces[0], false, erfurt, begun.Person.terms(), "", "zzz"))
			},
			"rowsOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.rowsOf(ctx, tx, a, corePlaces[0], false, erfurt, []string{g.caseID}))
			},
			"storedOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.storedOf(ctx, tx, a, PersonPlace{Stored: `SELECT name, hash, size FROM records_version WHERE document_id =`}, g.document))
			},
			"casesOfSources": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.casesOfSources(ctx, tx, a, erfurt, []string{"desk:" + g.caseID}))
			},
			"insertHits": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertHits(ctx, tx, a, begun, []hit{{sort: "x", place: placeAccount}})
			},
			"countHits": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.countHits(ctx, tx, a, g.search)
				return found(n > 0, err)
			},
			"hits": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.hits(ctx, tx, a, g.search, "", 5))
			},
			"chosen": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.chosen(ctx, tx, a, g.search))
			},
			"hiddenFiles": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.hiddenFiles(ctx, tx, a, g.search)
				return found(n > 0, err)
			},
			"choose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.choose(ctx, tx, a, g.search, "document_id", []string{g.document}, false)
			},
			"chooseWhole": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.chooseWhole(ctx, tx, a, g.search, g.caseID, false)
			},
			"wholes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.wholes(ctx, tx, a, g.search))
			},
			"headings": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				heads, err := st.headings(ctx, tx, a, []string{g.due.ID}, []string{g.caseID}, []string{g.document})
				return found(len(heads) > 0, err)
			},
			"casesToDisclose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.casesToDisclose(ctx, tx, a, erfurt, []string{g.caseID}))
			},
			"documentsToDisclose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.documentsToDisclose(ctx, tx, a, erfurt, []string{g.document}))
			},
			"documentsOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.documentsOf(ctx, tx, a, g.caseID))
			},
			"due": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.due(ctx, tx, a, DueFilter{}, now))
			},
			"dueToOffer": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.dueToOffer(ctx, tx, a, Offering{Authority: erfurt, Files: []string{g.due.ID}}, now, 10))
			},
			"process": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.process(ctx, tx, a, g.process, ""))
			},
			"processes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.processes(ctx, tx, a, paging.Cursor{}))
			},
			"insertProcess": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertProcess(ctx, tx, a, Process{ID: db.NewID(), Authority: erfurt}, "x")
			},
			"endProcess": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.endProcess(ctx, tx, a, g.process))
			},
			"insertItems": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertItems(ctx, tx, a, p, []Item{{File: g.due.ID}})
			},
			"items": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.items(ctx, tx, a, g.process, "", "", 10))
			},
			"itemOfFile": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, _, err := st.itemOfFile(ctx, tx, a, g.handed.ID)
				return err
			},
			"hidden": func(ctx context.Context, tx *db.Tx, a access.Access) error { // the other way round: all is hidden from a stranger
				hidden, err := st.hidden(ctx, tx, a, g.process)
				return found(!hidden, err)
			},
			"itemCounts": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemCounts(ctx, tx, a, g.process))
			},
			"allItems": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.allItems(ctx, tx, a, g.process))
			},
			"fileOfCase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.fileOfCase(ctx, tx, a, g.process, h.onlyCase(ctx, t, tx, g.handed.ID)))
			},
			"move": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.move(ctx, tx, a, g.process, []string{g.handed.ID}, []ItemState{HandedOver}, TakenOver, now, nothing)
			},
			"itemsToHandOver": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsToHandOver(ctx, tx, a, g.process))
			},
			"handOver": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.handOver(ctx, tx, a, g.process, db.NewID(), now)
			},
			"withdraw": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.withdraw(ctx, tx, a, g.process, g.proposed.ID, now))
			},
			"insertPackage": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertPackage(ctx, tx, a, Package{ID: db.NewID(), Process: g.process, Authority: erfurt, Out: true})
			},
			"packageByID": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.packageByID(ctx, tx, a, g.packageID))
			},
			"packages": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.packages(ctx, tx, a, g.process))
			},
			"written": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.written(ctx, tx, a, Package{ID: g.packageID}))
			},
			"packagesToErase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.packagesToErase(ctx, tx, a, g.process, true))
			},
			"erasePackage": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.erasePackage(ctx, tx, a, g.packageID)
			},
			"fileByReference": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.fileByReference(ctx, tx, a, erfurt, g.due.Reference))
			},
			"imported": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.imported(ctx, tx, a, g.imported.ID, ""))
			},
			"imports": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.imports(ctx, tx, a, paging.Cursor{}))
			},
			"taken": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.taken(ctx, tx, a, erfurt, g.imported.Process))
			},
			"insertImport": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertImport(ctx, tx, a, Import{ID: db.NewID(), Authority: erfurt})
			},
			"take": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				i := g.imported
				i.Process = db.NewID()
				return st.take(ctx, tx, a, i)
			},
			"fetched": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.fetched(ctx, tx, a, Package{ID: g.packageID})
			},
			"lent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.lent(ctx, tx, a, []string{g.due.ID}))
			},
			"dueHidden": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.dueHidden(ctx, tx, a, now.AddDate(99, 0, 0))
				return found(n > 0, err)
			},
			"dropChecked": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.dropChecked(ctx, tx, a, now.Add(time.Hour)))
			},
			"insertOrigin": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertOrigin(ctx, tx, a, g.imported, g.due.ID, Origin{Object: "file:" + g.due.ID})
			},
			"origins": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.origins(ctx, tx, a, g.taken.ID))
			},
			"insertPart": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertPart(ctx, tx, a, g.due, partRow{id: db.NewID(), number: 1})
			},
			"closePart": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				id := db.NewID()
				if err := st.insertPart(ctx, tx, access.At(erfurt), g.due, partRow{id: id, number: 1}); err != nil {
					return err
				}
				return st.closePart(ctx, tx, a, g.due, id, now)
			},
			"originCase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.originCase(ctx, tx, a, g.imported, caseDates{id: g.caseID, received: now, closed: now})
			},
			"originFile": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.originFile(ctx, tx, a, g.due.ID, "x", now, now)
			},
			"came": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.came(ctx, tx, a, g.takenImport, paging.Cursor{})
				return found(l.Items, err)
			},
			"insertVersion": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertVersion(ctx, tx, a, erfurt, laterVersion{document: g.document, number: 9})
			},
			"rule": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				rule, err := st.rule(ctx, tx, a, erfurt, unitB)
				return found(rule.RetentionYears != -1, err)
			},
		}
		methods(t, "store", func(name string, p []*ast.Field) {
			if calls[name] == nil {
				t.Errorf("store.%s is not tried", name)
			}
			if len(p) < 3 || types.ExprString(p[2].Type) != "access.Access" {
				t.Errorf("store.%s does not take the access before what it looks for", name)
			}
		})
		rollback := errors.New("roll back")
		in := func(who context.Context, use call, a func(ctx context.Context, tx *db.Tx) access.Access) (err error) {
			if e := h.h.DB.Tx(who, func(ctx context.Context, tx *db.Tx) error {
				err = use(ctx, tx, a(ctx, tx))
				return rollback
			}); !errors.Is(e, rollback) {
				t.Fatal(e)
			}
			return err
		}
		load := func(ctx context.Context, tx *db.Tx) access.Access {
			a, err := access.Load(ctx, tx)
			must(t, err)
			return a
		}
		// Nothing lies there for a registrar to find: these are the program's own, or another state's.
		empty := []string{"unreckoned", "reopened", "changedRules", "itemsToPropose", "itemsToDestroy", "destroying", "endProcess", "itemsToHandOver", "written", "withdraw",
			"hiddenFiles", "dueHidden", "lent"}
		silent := []string{"lockFiles", "erase", "postponeBlobs", "dropBlob", "handOver", "endSearch", "forgetSearches", "choose", "chooseWhole"} // find nothing, change nothing, say nothing
		before := h.state(t)
		for name, use := range calls {
			for who, a := range map[string]func(ctx context.Context, tx *db.Tx) access.Access{
				"registrar of Jena": load, "the program at Jena": func(context.Context, *db.Tx) access.Access { return access.At(jena) },
				"nobody": func(context.Context, *db.Tx) access.Access { return access.Access{} },
			} {
				err := h.h.DB.Tx(jenny, func(ctx context.Context, tx *db.Tx) error { return use(ctx, tx, a(ctx, tx)) })
				if !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Conflict) && (err != nil || !slices.Contains(silent, name)) {
					t.Errorf("%s by %s: %v", name, who, err)
				}
			}
			if err := in(arne, use, load); err != nil && !db.IsUnique(err) && !slices.Contains(empty, name) {
				t.Errorf("%s by a registrar of Erfurt: %v", name, err)
			}
		}
		if h.state(t) != before {
			t.Error("a stranger changed something")
		}
	})
}
