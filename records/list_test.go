package records

import (
	"context"
	"encoding/csv"
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
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// listCalls are the store's methods about lists, with what guarded keeps.
func listCalls(t *testing.T, h *house, c Case) map[string]func(ctx context.Context, tx *db.Tx, s access.Access) error {
	t.Helper()
	st, me := h.store, identity.From(erika).Subject
	views, err := h.Views(erika, "inbox")
	must(t, err)
	mine := func(s access.Access) access.Access { s.Subject = me; return s }
	return map[string]func(ctx context.Context, tx *db.Tx, s access.Access) error{
		"views": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.views(ctx, tx, mine(s), "inbox")
			return nothing(len(l), err)
		},
		"saveView": func(ctx context.Context, tx *db.Tx, s access.Access) error { // in their own authority, as themselves
			if !s.Has(erfurt) {
				s = access.Access{}
			}
			return st.saveView(ctx, tx, mine(s), View{List: "inbox", Name: "x"})
		},
		"dropView": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.dropView(ctx, tx, mine(s), views[0].ID))
		},
		"columns": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, chosen, err := st.columns(ctx, tx, mine(s), "inbox")
			return none(chosen, err)
		},
		"keepColumns": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if !s.Has(erfurt) {
				s = access.Access{}
			}
			return st.keepColumns(ctx, tx, mine(s), "inbox", []string{"x"})
		},
		"fileReferences": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			m, err := st.fileReferences(ctx, tx, s, []string{c.FileID})
			return nothing(len(m), err)
		},
		"caseCounts": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			m, err := st.caseCounts(ctx, tx, s, []string{c.FileID})
			return nothing(len(m), err)
		},
		"othersCases": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `UPDATE records_case SET state = 'in_work', assigned_to = 'other'`); err != nil {
				return err
			}
			l, err := st.othersCases(ctx, tx, s, []string{c.ID})
			return nothing(len(l), err)
		},
		"people": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.people(ctx, tx, s)
			return nothing(len(l), err)
		},
		"person": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			name, err := st.person(ctx, tx, s, "clerk:Max "+secret)
			return nothing(len(name), err)
		},
		"markCase": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.markCase(ctx, tx, s, c, true, time.Now())
		},
	}
}

// TestListsAlongIndex: no order and no filter of the lists of one authority reads a table from end to end or sorts, but
// for the few favourites of a person. SQLite says so without statistics, and PostgreSQL has the same indexes.
func TestListsAlongIndex(t *testing.T) {
	h := newHouse(t, housetest.New(t, db.SQLite, platform.Files{Room: "records", FS: Files}))
	after := paging.Cursor{After: paging.Time(time.Now(), db.NewID())}
	behind := paging.Cursor{After: paging.Key{Sort: "22.31-2026/000017-1", ID: db.NewID()}}
	mine, err := access.Load(erika, h.h.DB.Reader())
	must(t, err)
	check := func(name, statement string, p db.Params, index string) {
		t.Helper()
		plan := query1(t, h, "EXPLAIN QUERY PLAN "+statement, p...)
		few := strings.Contains(plan, "SEARCH records_favourite")
		if !strings.Contains(plan, index) || strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") && !few {
			t.Errorf("%s: %s", name, plan)
		}
	}
	for name, x := range map[string]struct {
		f     Filter
		index string
	}{
		"due, all": {Filter{State: StateAll, Sort: SortDue, Page: after}, "records_case_due "}, "reference": {Filter{State: StateAll, Sort: SortReference, Page: behind}, "records_case_reference "},
		"reference, open": {Filter{Sort: SortReference}, "records_case_reference "}, "mine, due": {Filter{Who: WhoMine, State: StateAll, Sort: SortDue, Page: after}, "records_case_assigned_due "},
		"mine": {Filter{Who: WhoMine, State: StateAll, Page: after}, "records_case_assigned "}, "free, due": {Filter{Who: WhoFree, Sort: SortDue}, "records_case_"},
		"waiting": {Filter{State: string(StateWaiting), Page: after}, "records_case_state "}, "decided, newest": {Filter{State: string(StateDecided), Sort: SortNewest}, "records_case_state "},
		"new, due": {Filter{State: string(StateNew), Sort: SortDue, Page: after}, "records_case_state_due "}, "favourites": {Filter{Who: WhoMarked, State: StateAll}, "sqlite_autoindex_records_case_1 (id=?)"},
		"open favourites, due": {Filter{Who: WhoMarked, Sort: SortDue}, "sqlite_autoindex_records_case_1 (id=?)"},
	} {
		statement, p := inboxQuery(mine, "me", x.f)
		check(name, statement, p, x.index)
	}
	for name, x := range map[string]struct {
		f     FileFilter
		index string
	}{
		"all": {FileFilter{Page: after}, "records_file_opened "}, "oldest": {FileFilter{Sort: SortOldest, Page: after}, "records_file_opened "},
		"reference": {FileFilter{Sort: SortReference, Page: behind}, "sqlite_autoindex_records_file"}, "open": {FileFilter{State: FilesOpen, Page: after}, "records_file_open "},
		"closed": {FileFilter{State: FilesClosed, Page: after}, "records_file_closed "}, "unit": {FileFilter{Unit: "22.31", Page: after}, "records_file_unit "},
		"keyword": {FileFilter{Keyword: "x", Page: after}, "records_keyword_word "}, "keyword, oldest": {FileFilter{Keyword: "x", Sort: SortOldest}, "records_keyword_word "},
		"level": {FileFilter{Level: "2", Page: after}, "records_file_level "}, "type": {FileFilter{Type: "x", Page: after}, "records_file_of_type "},
		"lead": {FileFilter{Lead: "x", Page: after}, "records_file_lead "}, "words": {FileFilter{Query: "hund"}, "records_file_opened "}, "favourites": {FileFilter{Marked: true}, "sqlite_autoindex_records_file_1 (id=?)"},
	} {
		statement, p := filesQuery(mine, x.f)
		check(name, statement, p, x.index)
	}
	statement, p := casesOfFileQuery(mine, "f", after)
	check("cases of a file", statement, p, "records_case_place ")
	for name, f := range map[string]LoanFilter{"lent": {Page: after}, "overdue": {Overdue: true, Page: after}, "lent, words": {Query: "hund"}} {
		statement, p := loansQuery(mine, f, time.Now())
		check(name, statement, p, "records_file_lent ")
	}
}

func TestViews(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := visitor{t, h, erika}
		max := clerk("Max Amt", erfurt)
		form := url.Values{"liste": {"inbox"}, "suche": {"q=hund&wer=mine&nach=x"}, "name": {" Meine  Hunde "}, "was": {"merken"}}
		for range 2 {
			if to := b.post("/akte/ansichten", form); to != "/akte?q=hund&wer=mine" {
				t.Fatalf("leads to %s", to)
			}
		}
		views, err := h.Views(erika, "inbox")
		must(t, err)
		if len(views) != 1 || views[0].Name != "Meine Hunde" || views[0].Query != "q=hund&wer=mine" {
			t.Fatalf("kept: %+v", views)
		}
		contains1(t, b.get("/akte"), `href="/akte?q=hund&amp;wer=mine">Meine Hunde</a>`)
		contains1(t, b.get("/akte?wer=mine&q=hund"), `aria-current="page">Meine Hunde</a>`)
		if page := b.get("/akte/akten"); strings.Contains(page, "Meine Hunde") {
			t.Error("a search of another list")
		}
		if other, err := h.Views(max, "inbox"); err != nil || len(other) != 0 {
			t.Errorf("somebody else's: %v %v", other, err)
		}
		must(t, h.DropView(max, views[0].ID))
		w := b.do(http.MethodPost, "/akte/ansichten", with(form, "name", strings.Repeat("x", 81)))
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a long name: %d", w.Code)
		}
		contains1(t, w.Body.String(), "höchstens 80 Zeichen", `name="suche" value="q=hund&amp;wer=mine"`, `href="/akte?q=hund&amp;wer=mine"`)
		if to := b.post("/akte/ansichten", with(b.form(w.Body.String(), "/akte/ansichten"), "name", "Kurz")); to != "/akte?q=hund&wer=mine" {
			t.Errorf("mended, it leads to %s", to)
		}
		b.post("/akte/ansichten", with(form, "was", "vergessen", "ansicht", views[0].ID))
		if views, err = h.Views(erika, "inbox"); err != nil || len(views) != 1 || views[0].Name != "Kurz" {
			t.Errorf("left: %v %v", views, err)
		}
		for i := range maxViews - 1 {
			must(t, h.SaveView(erika, View{List: "inbox", Name: fmt.Sprint("v", i), Query: "q=x"}))
		}
		if err := h.SaveView(erika, View{List: "inbox", Name: "one more", Query: "q=x"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("one too many: %v", err)
		}
		must(t, h.SaveView(erika, View{List: "inbox", Name: "v1", Query: "q=y"})) // is none more
	})
}

// A form of a list's tools leads to that list and nowhere else.
func TestNoOpenRedirect(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := visitor{t, h, erika}
		for _, path := range []string{"/akte/ansichten", "/akte/spalten"} {
			for _, form := range []url.Values{{}, {"liste": {"//example.org"}}, {"liste": {"documents"}, "zu": {"x"}}, {"liste": {"documents"}, "zu": {"//example.org"}}} {
				form.Set("name", "x")
				if w := b.do(http.MethodPost, path, form); w.Code != http.StatusNotFound {
					t.Errorf("%s %v: %d %s", path, form, w.Code, w.Header().Get("Location"))
				}
			}
			form := url.Values{"liste": {"files"}, "suche": {"q=//example.org&zurueck=//example.org"}, "name": {"x"}, "zu": {"//example.org"}}
			if to := b.post(path, form); !strings.HasPrefix(to, "/akte/akten?") {
				t.Errorf("%s leads to %s", path, to)
			}
		}
	})
}

func TestColumns(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("w"))
		b := visitor{t, h, erika}
		contains1(t, b.get("/akte"), "Łucja Müller", `aria-sort="ascending"><a class="rs-sort" href="/akte?sortierung=newest">Eingang`)
		form := url.Values{"liste": {"inbox"}, "suche": {"sortierung=due"}, "spalte": {"file", "nonsense", "level", "due"}}
		if to := b.post("/akte/spalten", form); to != "/akte?sortierung=due" {
			t.Errorf("leads to %s", to)
		}
		page := b.get("/akte?sortierung=due")
		contains1(t, page, c.Reference, `href="/akte/akte/`+c.FileID+`">`+strings.TrimSuffix(c.Reference, "-1")+`</a>`, "offen", `aria-sort="ascending">Termin`)
		if strings.Contains(page, "Łucja Müller") {
			t.Error("a column that was left out is shown")
		}
		if other := (visitor{t, h, clerk("Max Amt", erfurt)}).get("/akte"); !strings.Contains(other, "Łucja Müller") {
			t.Error("somebody else's choice")
		}
		b.post("/akte/spalten", url.Values{"liste": {"files"}, "spalte": {"cases", "medium"}})
		contains1(t, b.get("/akte/akten"), `<td class="rs-numeric">1</td>`, "elektronisch")
	})
}

// TestListCSV reads a list of several pages back: all rows of the filter and only those that may be read, no formula.
func TestListCSV(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
		const n = exportSize + 3
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for i := range n + 2 {
				in := dog(fmt.Sprintf("p%d", i))
				in.Applicant = "=1+1;\"x\""
				if i >= n {
					in.Authority = jena
				}
				f, err := h.openFile(ctx, tx, in, time.Now())
				if err != nil {
					return err
				}
				if err := h.store.insertCase(ctx, tx, access.At(in.Authority), in.newCase(f, time.Now())); err != nil {
					return err
				}
			}
			return nil
		}))
		for path, name := range map[string]string{"/akte.csv?q=hund": "Vorg%C3%A4nge%20", "/akte/akten.csv": "Akten "} {
			w := visitor{t, h, erika}.do(http.MethodGet, path, nil)
			if got := w.Header().Get("Content-Disposition"); !strings.Contains(got, name) || !strings.Contains(got, ".csv") || w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", path, w.Code, got)
			}
			text, marked := strings.CutPrefix(w.Body.String(), "\ufeff")
			r := csv.NewReader(strings.NewReader(text))
			r.Comma = ';'
			rows, err := r.ReadAll()
			must(t, err)
			seen := map[string]bool{}
			for _, row := range rows {
				seen[row[0]] = true
			}
			if !marked || len(rows) != n+1 || len(seen) != n+1 || strings.Count(text, "\r\n") != n+1 {
				t.Errorf("%s: %d rows, %d of them different", path, len(rows), len(seen))
			}
			if path != "/akte/akten.csv" && (rows[1][2] != `'=1+1;"x"` || rows[1][5] != "neu") {
				t.Errorf("a row is %q", rows[1])
			}
		}
	})
}

// TestChosenCases: each ticked row on its own, and the truth about each.
func TestChosenCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		max := clerk("Max Amt", erfurt)
		h.seat(t, "org-20", access.Member, max)
		var cs []Case
		for i := range 4 {
			cs = append(cs, h.file(t, dog(fmt.Sprint("c", i))))
		}
		must(t, h.Take(max, cs[1].ID, 1)) // changed meanwhile
		tx(t, h, `UPDATE records_file SET readers = '', writers = 'unit:x' WHERE id = $1`, cs[2].FileID)
		tx(t, h, `UPDATE records_file SET readers = 'unit:x', writers = 'unit:x' WHERE id = $1`, cs[3].FileID)
		b := visitor{t, h, erika}
		form := url.Values{"liste": {"q=hund"}, "was": {"uebernehmen"}}
		for _, c := range cs {
			form.Add(ChosenName, RowValue(c.ID, 1))
		}
		page := b.do(http.MethodPost, "/akte/auswahl", form).Body.String() // a colleague's is among them
		contains1(t, page, cs[1].Reference+" "+cs[1].Subject+": Max Amt", "Ja, übernehmen", RowValue(cs[3].ID, 1))
		if strings.Contains(page, cs[0].Reference) || strings.Contains(page, cs[3].Reference) || h.bySource(t, "c0").Version != 1 {
			t.Error("asked about too much, or done before the answer")
		}
		form.Set("bestaetigt", "1")
		w := b.do(http.MethodPost, "/akte/auswahl", form)
		page = w.Body.String()
		if w.Code != http.StatusConflict {
			t.Fatalf("status %d", w.Code)
		}
		contains1(t, page, "1 Vorgang übernommen.", "3 nicht.", cs[1].Reference+": Der Vorgang wurde inzwischen geändert", cs[2].Reference+": Sie dürfen diese Akte lesen",
			"Eine Zeile, die Sie nicht mehr sehen dürfen", `value="`+RowValue(cs[1].ID, 2)+`" form="ausgewaehlte" aria-label="`+cs[1].Reference+` auswählen" checked`)
		if strings.Contains(page, cs[3].Reference) || strings.Count(page, " checked>") != 2+6 { // two rows, and the six columns
			t.Errorf("%d boxes are ticked", strings.Count(page, " checked>"))
		}
		one := url.Values{"liste": {"q=hund"}, "was": {"uebernehmen"}, ChosenName: {RowValue(cs[0].ID, 1)}}
		if to := b.post("/akte/auswahl", one); to != "/akte?q=hund" { // sent twice: it is so already
			t.Errorf("leads to %s", to)
		}
		req := httptest.NewRequestWithContext(erika, http.MethodGet, "/akte", nil)
		req.AddCookie(&http.Cookie{Name: "hinweis", Value: "records.notice.chosen.taken:12"})
		told := httptest.NewRecorder()
		h.mux.ServeHTTP(told, req)
		contains1(t, told.Body.String(), "12 Vorgänge übernommen.")
		if c := h.bySource(t, "c0"); c.AssignedName != "Erika Amt" || c.Version != 2 || c.State != StateInWork {
			t.Errorf("taken: %+v", c)
		}

		assign := url.Values{"was": {"zuweisen"}, "person": {identity.From(max).Subject}, ChosenName: {RowValue(cs[0].ID, 2), RowValue(cs[2].ID, 1)}}
		page = b.do(http.MethodPost, "/akte/auswahl", assign).Body.String()
		contains1(t, page, "1 Vorgang zugewiesen.", "1 nicht.")
		if c := h.bySource(t, "c0"); c.AssignedName != "Max Amt" || c.Version != 3 {
			t.Errorf("assigned: %+v", c)
		}
		for _, err := range []error{h.Assign(erika, cs[0].ID, 3, "clerk:nobody"), h.Assign(erika, cs[0].ID, 3, "")} {
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("nobody of the authority: %v", err)
			}
		}
		tx(t, h, `UPDATE records_file SET writers = 'person:'  || $1 WHERE id = $2`, identity.From(erika).Subject, cs[0].FileID)
		if err := h.Assign(erika, cs[0].ID, 3, identity.From(erika).Subject); !errs.Is(err, errs.Invalid) { // has no place in the organisation
			t.Errorf("erika: %v", err)
		}
		must(t, h.Take(erika, cs[0].ID, 3))
		if err := h.Assign(erika, cs[0].ID, 4, identity.From(max).Subject); !errs.Is(err, errs.Denied) {
			t.Errorf("who may not change it: %v", err)
		}

		due := url.Values{"was": {"termin"}, "due": {"24.12.26"}, ChosenName: {RowValue(cs[1].ID, 2)}}
		for range 2 { // sent twice: it is so already
			b.post("/akte/auswahl", due)
		}
		if c := h.bySource(t, "c1"); c.DueAt.Format(time.DateOnly) != "2026-12-24" || c.Version != 3 {
			t.Errorf("due: %+v", c)
		}
		due.Set("due", "32.12.")
		if w := b.do(http.MethodPost, "/akte/auswahl", due); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("no day: %d", w.Code)
		}

		mark := url.Values{"was": {"merken"}, ChosenName: {RowValue(cs[1].ID, 2), RowValue(cs[1].ID, 2)}}
		b.post("/akte/auswahl", mark)
		page = b.get("/akte?wer=gemerkt")
		if !strings.Contains(page, cs[1].Reference) || strings.Contains(page, cs[0].Reference) {
			t.Error("the favourites are not those marked")
		}
		mark.Set("was", "vergessen")
		b.post("/akte/auswahl", mark)
		contains1(t, b.get("/akte?wer=gemerkt"), "keine Vorgänge")
		none := b.do(http.MethodPost, "/akte/auswahl", url.Values{"was": {"zuweisen"}, ChosenName: {RowValue(cs[0].ID, 4)}})
		contains1(t, none.Body.String(), "Es wurde nichts geändert", "Bitte wählen Sie eine Person", " checked>")
		contains1(t, b.do(http.MethodPost, "/akte/auswahl", url.Values{}).Body.String(), "mindestens eine Zeile")
	})
}

func TestChosenFiles(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seat(t, "org-20", access.Head, erika)
		a, z := h.open(t, erika, Details{Subject: "Eins", Keywords: "Hund"}), h.open(t, erika, Details{Subject: "Zwei"})
		b := visitor{t, h, erika}
		word := url.Values{"was": {"schlagwort"}, "keyword": {"hund"}, ChosenName: {RowValue(a.ID, 1), RowValue(z.ID, 1)}}
		for range 2 {
			b.post("/akte/akten/auswahl", word)
		}
		var got []string
		l, err := h.Files(erika, FileFilter{Sort: SortReference})
		must(t, err)
		for _, f := range l.Items {
			got = append(got, f.Keywords)
		}
		if !slices.Equal(got, []string{"Hund", "hund"}) {
			t.Errorf("keywords %q", got)
		}
		lead := url.Values{"was": {"federfuehrung"}, "lead": {"org-20"}, ChosenName: {RowValue(a.ID, 1), RowValue(z.ID, 1)}, "liste": {"einheit=22.31"}}
		page := b.do(http.MethodPost, "/akte/akten/auswahl", lead).Body.String()
		contains1(t, page, "Federführung von 1 Akte gesetzt.", z.Reference+": Die Akte wurde inzwischen von Erika Amt geändert", `value="`+RowValue(z.ID, 2)+`"`)
		if n := strings.Count(query1(t, h, `SELECT lead FROM records_file`), "org-20"); n != 1 {
			t.Errorf("%d files are led", n)
		}
		b.post("/akte/akten/auswahl", url.Values{"was": {"merken"}, ChosenName: {RowValue(z.ID, 0)}})
		page = b.get("/akte/akten?liste=gemerkt")
		if !strings.Contains(page, z.Reference) || strings.Contains(page, a.Reference) {
			t.Error("the favourites are not those marked")
		}
		for _, was := range []string{"schlagwort", "federfuehrung"} {
			w := b.do(http.MethodPost, "/akte/akten/auswahl", url.Values{"was": {was}, ChosenName: {RowValue(z.ID, 2)}})
			if w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s with nothing: %d", was, w.Code)
			}
		}
	})
}

// tx changes the database behind the room's back.
func tx(t *testing.T, h *house, q string, args ...any) {
	t.Helper()
	housetest.ByHandIf(h.h.DB, q, "records_file", "records_case", "records_document", "records_version")
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, q, args...); return err }))
}
