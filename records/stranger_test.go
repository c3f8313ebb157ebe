package records

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// secret stands in whatever a stranger must not see.
const secret = "Geheimrat"

// guarded is a house with one case of Erfurt that has everything a case can have.
func guarded(t *testing.T, h *house) (Case, Document) {
	t.Helper()
	in := dog("s1")
	in.Applicant, in.Subject = secret, secret
	c := h.file(t, in)
	must(t, h.AddNote(erika, c.ID, db.NewID(), secret))
	must(t, h.Ask(erika, c.ID, 1, db.NewID(), secret, time.Now().AddDate(0, 0, 7)))
	h.drain(t)
	must(t, h.SaveView(erika, View{List: "inbox", Name: secret, Query: "q=x"}))
	must(t, h.KeepColumns(erika, "inbox", []string{"subject"}))
	must(t, h.MarkCase(erika, c.ID, true))
	h.seat(t, "org-50", access.Member, clerk("Max "+secret, erfurt))
	h.lendLongAgo(t, c.FileID, secret)
	d, err := h.Dossier(erika, c.ID)
	must(t, err)
	return d.Case, d.Documents[0]
}

func withGrants(kind identity.Kind, grants ...identity.Grant) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "stranger", Name: "Fremd", Kind: kind, Grants: grants})
}

// strangers are callers who have nothing to do with Erfurt's records, and the code each is answered with.
var strangers = map[string]struct {
	ctx  context.Context
	code errs.Code
}{
	"anonymous":             {context.Background(), errs.Unauthenticated},
	"citizen":               {withGrants(identity.Citizen), errs.Denied},
	"citizen with a grant":  {withGrants(identity.Citizen, identity.Grant{Role: identity.Clerk, Authority: erfurt}), errs.Denied},
	"clerk of Jena":         {jens, errs.NotFound},
	"clerk of nowhere":      {withGrants(identity.Staff, identity.Grant{Role: identity.Clerk}), errs.NotFound},
	"treasurer of Erfurt":   {withGrants(identity.Staff, identity.Grant{Role: identity.Treasurer, Authority: erfurt}), errs.Denied},
	"auditor of everything": {withGrants(identity.Staff, identity.Grant{Role: identity.Auditor, Authority: identity.Everywhere}), errs.Denied},
	"the program":           {identity.AsSystem(context.Background(), "x"), errs.Unauthenticated},
}

func TestStrangersUseCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, doc := guarded(t, h)
		due := time.Now().AddDate(0, 0, 3)
		uses := map[string]func(ctx context.Context) error{
			"Dossier":      func(ctx context.Context) error { _, err := h.Dossier(ctx, c.ID); return err },
			"OpenDocument": func(ctx context.Context) error { _, _, err := h.OpenDocument(ctx, doc.ID); return err },
			"Take":         func(ctx context.Context) error { return h.Take(ctx, c.ID, c.Version) },
			"AddNote":      func(ctx context.Context) error { return h.AddNote(ctx, c.ID, db.NewID(), "x") },
			"Ask":          func(ctx context.Context) error { return h.Ask(ctx, c.ID, c.Version, db.NewID(), "x", due) },
			"Preview":      func(ctx context.Context) error { _, err := h.Preview(ctx, c.ID, grant(db.NewID())); return err },
			"Decide":       func(ctx context.Context) error { return h.Decide(ctx, c.ID, c.Version, grant(db.NewID())) },
			"Close":        func(ctx context.Context) error { return h.Close(ctx, c.ID, c.Version) },
			"OpenFile": func(ctx context.Context) error {
				_, err := h.OpenFile(ctx, NewFile{Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x"}})
				return err
			},
			"OpenCase": func(ctx context.Context) error {
				_, err := h.OpenCase(ctx, NewCase{File: c.FileID, Subject: "x"})
				return err
			},
			"ChangeFile":  func(ctx context.Context) error { return h.ChangeFile(ctx, c.FileID, 1, Details{Subject: "x"}) },
			"AddPart":     func(ctx context.Context) error { return h.AddPart(ctx, c.FileID, 1, db.NewID(), "x") },
			"ChangePart":  func(ctx context.Context) error { return h.ChangePart(ctx, c.FileID, 1, db.NewID(), "x", true) },
			"PartForm":    func(ctx context.Context) error { _, _, err := h.PartForm(ctx, c.FileID, db.NewID()); return err },
			"CaseNamed":   func(ctx context.Context) error { _, err := h.CaseNamed(ctx, c.FileID, c.Reference); return err },
			"LinkFiles":   func(ctx context.Context) error { return h.LinkFiles(ctx, c.FileID, 1, "x", SeeAlso) },
			"Unlink":      func(ctx context.Context) error { return h.Unlink(ctx, c.FileID, 1, "x") },
			"Lend":        func(ctx context.Context) error { return h.Lend(ctx, c.FileID, 1, "x", due) },
			"Return":      func(ctx context.Context) error { return h.Return(ctx, c.FileID, 1) },
			"CloseFile":   func(ctx context.Context) error { return h.CloseFile(ctx, c.FileID, 1) },
			"Reopen":      func(ctx context.Context) error { return h.Reopen(ctx, c.FileID, 1) },
			"Mark":        func(ctx context.Context) error { return h.Mark(ctx, c.FileID, true) },
			"FilePage":    func(ctx context.Context) error { _, err := h.FilePage(ctx, c.FileID, paging.Cursor{}); return err },
			"FileHistory": func(ctx context.Context) error { _, err := h.FileHistory(ctx, c.FileID, ""); return err },
			"WriteProof": func(ctx context.Context) error {
				return h.WriteProof(ctx, c.FileID, func(File) io.Writer { return io.Discard })
			},
			"Closing":    func(ctx context.Context) error { _, err := h.Closing(ctx, c.ID); return err },
			"CaseForm":   func(ctx context.Context) error { _, err := h.CaseForm(ctx, c.ID); return err },
			"ReopenCase": func(ctx context.Context) error { return h.ReopenCase(ctx, c.ID, c.Version, "x") },
			"ChangeCase": func(ctx context.Context) error { return h.ChangeCase(ctx, c.ID, c.Version, c.Details()) },
			"AssignUnit": func(ctx context.Context) error { return h.AssignUnit(ctx, c.ID, c.Version, "org-50") },
			"MoveCase": func(ctx context.Context) error {
				return h.MoveCase(ctx, c.ID, c.Version, Move{Reference: c.Reference, Reason: "x"})
			},
			"ReassignUnit": func(ctx context.Context) error { return h.ReassignUnit(ctx, c.FileID, 1, "00.10", "x") },
			"Assign":       func(ctx context.Context) error { return h.Assign(ctx, c.ID, c.Version, "s") },
			"SetDue":       func(ctx context.Context) error { return h.SetDue(ctx, c.ID, c.Version, due) },
			"MarkCase":     func(ctx context.Context) error { return h.MarkCase(ctx, c.ID, true) },
			"AddKeyword":   func(ctx context.Context) error { return h.AddKeyword(ctx, c.FileID, 1, "x") },
			"SetLead":      func(ctx context.Context) error { return h.SetLead(ctx, c.FileID, 1, "x") },
			"Neighbour":    func(ctx context.Context) error { _, err := h.Neighbour(ctx, Filter{State: StateAll}, c.ID); return err },
			"Choices":      func(ctx context.Context) error { _, err := h.Choices(ctx, erfurt); return err },
		}
		lists := map[string]func(ctx context.Context) (int, error){
			"Inbox": func(ctx context.Context) (int, error) {
				l, err := h.Inbox(ctx, Filter{State: StateAll})
				return len(l.Items), err
			},
			"Files":        func(ctx context.Context) (int, error) { l, err := h.Files(ctx, FileFilter{}); return len(l.Items), err },
			"Units":        func(ctx context.Context) (int, error) { l, err := h.Units(ctx); return len(l), err },
			"Loans":        func(ctx context.Context) (int, error) { l, err := h.Loans(ctx, LoanFilter{}); return len(l.Items), err },
			"OverdueLoans": func(ctx context.Context) (int, error) { n, err := h.OverdueLoans(ctx); return int(n), err },
			"Views":        func(ctx context.Context) (int, error) { l, err := h.Views(ctx, "inbox"); return len(l), err },
			"People":       func(ctx context.Context) (int, error) { l, err := h.People(ctx); return len(l), err },
		}
		before := dump(t, h)
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
		if after := dump(t, h); after != before {
			t.Error("a stranger changed something")
		}
		for name, use := range lists { // and yet there is something to see
			if n, err := use(erika); n == 0 || err != nil {
				t.Errorf("%s by the clerk: %d entries, %v", name, n, err)
			}
		}
	})
}

// dump is the content of all of the room's tables.
func dump(t *testing.T, h *house) string {
	t.Helper()
	var b strings.Builder
	for _, table := range tables(t) {
		b.WriteString(query1(t, h, `SELECT * FROM `+table+` ORDER BY 1, 2`))
	}
	return b.String()
}

// query1 is the answer to a query as text, a row a line.
func query1(t *testing.T, h *house, q string, args ...any) string {
	t.Helper()
	rows, err := h.h.DB.Reader().Query(t.Context(), q, args...)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must(t, rows.Scan(values...))
		for _, v := range values {
			fmt.Fprintf(&b, "%v|", *v.(*any))
		}
		b.WriteByte('\n')
	}
	must(t, rows.Err())
	return b.String()
}

func tables(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(Files, "migrations/*.sql")
	must(t, err)
	var out []string
	for _, name := range names {
		b, err := fs.ReadFile(Files, name)
		must(t, err)
		for _, m := range regexp.MustCompile(`CREATE TABLE (\w+) \(\n([^;]*)\);`).FindAllStringSubmatch(string(b), -1) {
			out = append(out, m[1])
			if !strings.Contains(m[2], "authority_id") {
				t.Errorf("table %s has no authority", m[1])
			}
		}
	}
	if len(out) < 20 {
		t.Fatalf("%d tables found", len(out))
	}
	return out
}

// storeMethods are the names of the store's methods, read from its source, each of which must take a Scope third.
func storeMethods(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"store.go", "store_case.go", "store_file.go", "store_list.go", "store_loan.go", "store_move.go", "store_part.go", "store_trace.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			if id, ok := fn.Recv.List[0].Type.(*ast.Ident); !ok || id.Name != "store" {
				continue
			}
			out = append(out, fn.Name.Name)
			if p := fn.Type.Params.List; len(p) < 3 || types.ExprString(p[2].Type) != "access.Access" {
				t.Errorf("store.%s does not take the Scope before what it looks for", fn.Name.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// nothing is what a store method returns that found nothing, without an error.
func nothing(n int, err error) error {
	if err == nil && n != 0 {
		return fmt.Errorf("%d found", n)
	}
	if err == nil {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

func none(found bool, err error) error {
	if found {
		return nothing(1, err)
	}
	return nothing(0, err)
}

func TestStrangersScope(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, doc := guarded(t, h)
		must(t, h.Decide(erika, c.ID, c.Version, grant(db.NewID())))
		h.drain(t)
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		c = d.Case
		st, question, note := h.store, d.Questions[0].ID, d.Notes[0].ID
		type call = func(ctx context.Context, tx *db.Tx, s access.Access) error
		calls := map[string]call{
			"unitCounts": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				m, err := st.unitCounts(ctx, tx, s)
				return nothing(m[erfurt], err)
			},
			"insertPlan": func(ctx context.Context, tx *db.Tx, s access.Access) error { // gives only the scope's own a plan
				return nothing(0, st.insertPlan(ctx, tx, access.Access{}, h.plan))
			},
			"units": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.units(ctx, tx, s)
				return nothing(len(l), err)
			},
			"route": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				unit, _, err := st.route(ctx, tx, s, dogTax)
				return nothing(len(unit), err)
			},
			"nextNumber": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				n, err := st.nextNumber(ctx, tx, s, erfurt, "22.31", 2026)
				return nothing(int(n), err)
			},
			"insertFile": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return st.insertFile(ctx, tx, s, File{ID: db.NewID(), Authority: erfurt, Reference: "x"})
			},
			"fileByID": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				_, err := st.fileByID(ctx, tx, s, c.FileID)
				return err
			},
			"files": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.files(ctx, tx, s, FileFilter{})
				return nothing(len(l.Items), err)
			},
			"loans": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.loans(ctx, tx, s, LoanFilter{}, time.Now())
				return nothing(len(l.Items), err)
			},
			"overdueLoans": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				n, err := st.overdueLoans(ctx, tx, s, time.Now())
				return nothing(int(n), err)
			},
			"loansDue": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.loansDue(ctx, tx, s, []string{""}, time.Now(), 9)
				return nothing(len(l), err)
			},
			"closeFile": func(ctx context.Context, tx *db.Tx, s access.Access) error { return none(st.closeFile(ctx, tx, s, c)) },
			"insertCase": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				n := c
				n.ID, n.Source = db.NewID(), db.NewID()
				return st.insertCase(ctx, tx, s, n)
			},
			"updateCase": func(ctx context.Context, tx *db.Tx, s access.Access) error { return st.updateCase(ctx, tx, s, c) },
			"caseByID": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				_, err := st.caseByID(ctx, tx, s, c.ID, tx.ForUpdate())
				return err
			},
			"caseBySource": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				_, err := st.caseBySource(ctx, tx, s, c.Source)
				return err
			},
			"casesOfFile": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.casesOfFile(ctx, tx, s, c.FileID, paging.Cursor{})
				return nothing(len(l.Items), err)
			},
			"inbox": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.inbox(ctx, tx, s, c.AssignedTo, Filter{State: StateAll})
				return nothing(len(l.Items), err)
			},
			"insertForm": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return st.insertForm(ctx, tx, s, erfurt, formRow{CaseID: db.NewID()})
			},
			"form": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				_, err := st.form(ctx, tx, s, c.ID)
				return err
			},
			"insertDocuments": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				n := doc
				n.ID, n.Kind = db.NewID(), AnswerKind
				return st.insertDocuments(ctx, tx, s, []Document{n})
			},
			"insertMade": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				n := doc
				n.ID, n.Kind = db.NewID(), AnswerKind
				count, err := st.insertMade(ctx, tx, s, []Document{n})
				return nothing(int(count), err)
			},
			"documents": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.documents(ctx, tx, s, c.ID, 10)
				return nothing(len(l), err)
			},
			"documentByID": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				_, err := st.documentByID(ctx, tx, s, doc.ID)
				return err
			},
			"insertNote": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return st.insertNote(ctx, tx, s, c, Note{ID: db.NewID()})
			},
			"hasNote": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return none(st.hasNote(ctx, tx, s, c.ID, note))
			},
			"notes": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.notes(ctx, tx, s, c.ID)
				return nothing(len(l), err)
			},
			"insertQuestion": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return st.insertQuestion(ctx, tx, s, c, Question{ID: db.NewID()})
			},
			"hasQuestion": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return none(st.hasQuestion(ctx, tx, s, c.ID, question))
			},
			"answerQuestion": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return none(st.answerQuestion(ctx, tx, s, c.ID, Answer{Question: question, Text: "x", At: time.Now()}))
			},
			"questions": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				l, err := st.questions(ctx, tx, s, c.ID)
				return nothing(len(l), err)
			},
			"insertDecision": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return st.insertDecision(ctx, tx, s, Case{ID: db.NewID(), Authority: erfurt}, Decision{Verdict: Verdict{ID: db.NewID()}})
			},
			"decision": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				d, err := st.decision(ctx, tx, s, c.ID)
				return none(d != nil, err)
			},
			"markPaid": func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return none(st.markPaid(ctx, tx, s, c.ID, "KZ-4711", time.Now()))
			},
		}
		maps.Copy(calls, fileCalls(t, h, c))
		maps.Copy(calls, listCalls(t, h, c))
		maps.Copy(calls, moveCalls(t, h, c))
		var tried []string
		for name := range calls {
			tried = append(tried, name)
		}
		slices.Sort(tried)
		if all := storeMethods(t); !slices.Equal(all, tried) {
			t.Errorf("tried are %v\nthere are %v", tried, all)
		}
		before := dump(t, h)
		for name, call := range calls {
			for what, scope := range map[string]access.Access{"another's": access.At(jena), "no": {}, "an empty": access.At("")} {
				err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return call(ctx, tx, scope) })
				if code := errs.CodeOf(err); code != errs.NotFound && (!strings.HasPrefix(name, "update") || code != errs.Conflict) {
					t.Errorf("%s with %s scope: %v", name, what, err)
				}
			}
		}
		if after := dump(t, h); after != before {
			t.Error("a stranger's scope changed something")
		}
		// With the right scope each of them finds or does something, so the above could fail.
		undo := errors.New("undo")
		for name, call := range calls {
			if slices.Contains([]string{"insertPlan", "raiseCases", "dropLink", "dropView", "raiseSubCases", "partSubCases", "bring", "keepNumber", "closeParts", "reopenParts"}, name) {
				continue // these do not say what they found
			}
			err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if err := call(ctx, tx, access.At(erfurt)); errs.Is(err, errs.NotFound) {
					return fmt.Errorf("%s finds nothing in its own scope", name)
				}
				return undo
			})
			if !errors.Is(err, undo) && !strings.HasPrefix(name, "insert") { // these fail on keys that are not there
				t.Error(err)
			}
		}
	})
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
	if len(out) < 12 {
		t.Fatalf("addresses: %v", out)
	}
	return out
}

func TestStrangersAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, doc := guarded(t, h)
		before := dump(t, h)
		for _, pattern := range addresses(t) {
			method, path, _ := strings.Cut(pattern, " ")
			id := c.ID
			if strings.Contains(path, "/dokument/") {
				id = doc.ID
			} else if strings.Contains(path, "/akte/akte/") {
				id = c.FileID
			}
			form := url.Values{"version": {fmt.Sprint(c.Version)}, "note": {"x"}, "note_id": {db.NewID()}, "question": {"x"},
				"due": {i18n.ISODate(time.Now().AddDate(0, 0, 5))}, "schritt": {"erlassen"}, "ergebnis": {grantWord}, "decision": {"x"},
				"reasons": {"x"}, "id": {db.NewID()}, "liste": {"inbox"}, "name": {"x"}, ChosenName: {RowValue(id, c.Version)}}
			for who, s := range strangers {
				req := httptest.NewRequestWithContext(s.ctx, method, strings.NewReplacer("{id}", id, "{teil}", db.NewID()).Replace(path), strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				h.mux.ServeHTTP(w, req)
				want := errs.Status(s.code)
				if s.code == errs.Unauthenticated && method == http.MethodGet {
					want = http.StatusSeeOther // to the sign-in
				}
				if !strings.Contains(path, "{id}") && (who == "clerk of Jena" || who == "clerk of nowhere") {
					want = http.StatusOK // lists of their own, empty
				}
				switch {
				case want != http.StatusOK:
				case strings.HasSuffix(path, "/auswahl"):
					want = http.StatusConflict // one of theirs, empty, that says that there is no such row
				case who == "clerk of nowhere" && (path == viewsPath || path == columnsPath):
					want = http.StatusNotFound
				case path == viewsPath || path == columnsPath:
					want = http.StatusSeeOther // to a list of their own
				}
				if path == "/akte/akten/neu" && want == http.StatusOK && (method == http.MethodPost || who == "clerk of nowhere") {
					want = http.StatusNotFound // there is no authority for which they open one
				}
				if w.Code != want || strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), c.Reference) {
					t.Errorf("%s by %s: status %d, want %d; or it shows what it must not", pattern, who, w.Code, want)
				}
			}
		}
		tx(t, h, `DELETE FROM records_view WHERE subject <> $1`, identity.From(erika).Subject) // what they keep of their own lists
		if after := dump(t, h); after != before {
			t.Error("a stranger changed something")
		}
	})
}
