package flow

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestInboxAlongIndex: whatever lies in it, no more than a page of it is read for each holder, along an index. SQLite
// says so without statistics, and PostgreSQL has the same indexes.
func TestInboxAlongIndex(t *testing.T) {
	h := newHouse(t, housetest.New(t, db.SQLite, rooms...))
	d := desk{me: Person{"me", "Me"}, own: []string{"person:me", "unit:20", "role:20:head"}, acts: map[string]Person{"person:you": {"you", "You"}}}
	for name, f := range map[string]Filter{"open": {}, "newest": {Sort: SortNewest}, "mine": {View: ViewMine}, "later": {View: ViewLater}, "done": {View: ViewDone},
		"page 2": {Page: paging.Cursor{After: paging.Number(5, db.NewID())}}, "page 1": {Page: paging.Cursor{Before: paging.Number(5, db.NewID())}}, "searched": {Query: "haus halt", Kind: Know}} {
		statement, p := inboxQuery(access.At(erfurt), d, f, h.now, 51)
		rows, err := h.h.DB.Reader().Query(t.Context(), "EXPLAIN QUERY PLAN "+statement, p...)
		var plan strings.Builder
		_, err = db.All(rows, err, func(r db.Scanner) (x int, err error) {
			var detail string
			err = r.Scan(&x, &x, &x, &detail)
			plan.WriteString(detail + "\n")
			return x, err
		})
		must(t, err)
		if s := plan.String(); !strings.Contains(s, "USING COVERING INDEX flow_task_") && !strings.Contains(s, "USING INDEX flow_task_") || strings.Contains(s, "SCAN t") {
			t.Errorf("%s:\n%s", name, s)
		}
	}
}

func TestInboxPaging(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		var all []Step
		for i := range 20 {
			s := step(Know, "birgit", access.Unit("20"), access.RoleIn("20", access.Member))
			s.Days = i % 7
			all = append(all, s)
		}
		for _, s := range all {
			h.start(c, "", s)
		}
		for _, f := range []Filter{{}, {Sort: SortNewest}, {View: ViewUnits}, {View: ViewMine}} {
			var forth, back []string
			f.Page = paging.Cursor{}
			for {
				l, err := h.inbox(as("birgit"), f, 7)
				must(t, err)
				for _, e := range l.Items {
					forth = append(forth, e.ID)
				}
				if l.Next.ID == "" {
					f.Page = paging.Cursor{Before: l.Prev}
					back = append([]string{}, forth[len(forth)-len(l.Items):]...)
					break
				}
				f.Page = paging.Cursor{After: l.Next}
			}
			for f.Page.Before.ID != "" {
				l, err := h.inbox(as("birgit"), f, 7)
				must(t, err)
				var ids []string
				for _, e := range l.Items {
					ids = append(ids, e.ID)
				}
				back = append(ids, back...)
				f.Page = paging.Cursor{Before: l.Prev}
			}
			want := map[View]int{ViewOpen: 60, ViewUnits: 40, ViewMine: 20}[f.View]
			if len(forth) != want {
				t.Errorf("%+v: %d tasks, want %d", f, len(forth), want)
			}
			same(t, "back and forth", strings.Join(back, " "), strings.Join(forth, " "))
		}
		l, err := h.Inbox(as("birgit"), Filter{})
		must(t, err)
		for i := 1; i < len(l.Items); i++ {
			if a, b := deadline(l.Items[i-1].Due), deadline(l.Items[i].Due); a > b {
				t.Fatal("not by deadline")
			}
		}
	})
}

func TestInboxFilters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		one := h.newCase(func(_ *records.File, c *records.Case) { c.Subject = "Hündin 100%_" })
		two := h.newCase(nil)
		ask := step(Free, "birgit")
		ask.Text = "Bitte Straße prüfen"
		h.start(one, "", step(Know, "birgit"))
		h.start(two, "", ask)
		for name, x := range map[string]struct {
			f    Filter
			want string
		}{
			"all": {Filter{Sort: SortNewest}, "free, know"}, "kind": {Filter{Kind: Free}, "free"}, "words": {Filter{Query: "HÜNDIN claudia"}, "know"},
			"text": {Filter{Query: "straße"}, "free"}, "reference": {Filter{Query: two.Reference}, "free"}, "percent": {Filter{Query: "100%_"}, "know"},
			"wildcard": {Filter{Query: "h_ndin"}, ""}, "overdue": {Filter{Overdue: true}, ""}, "units": {Filter{View: ViewUnits}, ""},
		} {
			same(t, name, h.inboxOf("birgit", x.f), x.want)
		}
		status, text := h.get("birgit", "/akte/aufgaben.csv")
		if status != http.StatusOK || !strings.HasPrefix(text, "\ufeffAktenzeichen;Verfügung;Stand;") || strings.Count(text, "\r\n") != 3 {
			t.Errorf("csv: %d %s", status, text)
		}
		h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'birgit', '', 2)`, erfurt)
		h.exec(`UPDATE records_case SET level = 2 WHERE id = $1`, two.ID)
		readings := func() (of [2]int) {
			for i, c := range []records.Case{one, two} {
				must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_entry WHERE action = 'records.read' AND object = $1 AND actor = 'birgit'`,
					records.CaseObject(c.ID)).Scan(&of[i]))
			}
			return of
		}
		for i, path := range []string{"/akte/aufgaben", "/akte/aufgaben.csv", "/akte/aufgaben.csv?art=know"} { // only taking it out as a file is a look at it
			if _, text := h.get("birgit", path); strings.Contains(text, "Straße prüfen") != (i < 2) {
				t.Errorf("%s: %s", path, text)
			}
			if got, want := readings(), [2]int{0, min(i, 1)}; got != want {
				t.Errorf("%s: %v readings in the log, want %v", path, got, want)
			}
		}
		if web.Cell("=1+1") != "'=1+1" || web.Cell("Haus") != "Haus" {
			t.Error("a formula in the list")
		}
	})
}

func TestSeenAndColumns(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		var form = url.Values{"liste": {"ansicht=meine"}}
		for range 3 {
			form.Add("aufgabe", h.task(h.start(c, "", step(Know, "birgit")), "birgit").ID)
		}
		form.Add("aufgabe", h.task(h.start(c, "", step(Act, "birgit")), "birgit").ID)
		for range 2 { // sent twice
			if status, _ := h.do("birgit", http.MethodPost, "/akte/aufgaben/gesehen", form); status != http.StatusSeeOther {
				t.Fatalf("status %d", status)
			}
		}
		same(t, "left", h.inboxOf("birgit", Filter{}), "act")
		_, page := h.get("birgit", "/akte/aufgaben")
		contains(t, page, "Nachtragshaushalt", "Claudia")
		must(t, h.core.KeepColumns(as("birgit"), "tasks", []string{"due", "nonsense"}))
		_, page = h.get("birgit", "/akte/aufgaben")
		if strings.Contains(page, "Nachtragshaushalt") {
			t.Error("a column that was left out is shown")
		}
		_, page = h.get("doris", "/akte/aufgaben")
		contains(t, page, "nichts für Sie")
	})
}

func contains(t testing.TB, page string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Fatalf("%q is not in %s", w, page[max(0, strings.Index(page, "<main")):])
		}
	}
}

func (h *house) must200(who, path string, words ...string) {
	h.t.Helper()
	status, page := h.get(who, path)
	if status != http.StatusOK {
		h.t.Fatalf("%s: status %d", path, status)
	}
	contains(h.t, page, words...)
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.h.Site.CheckPages())
		must(t, h.h.Site.Texts.Check())
		c := h.newCase(nil)
		doc := h.newDocument(c)
		path := "/akte/vorgang/" + c.ID + "/geschaeftsgang"
		h.must200("claudia", path, "Zurzeit läuft nichts", "Birgit (20)", "20 Kämmerei", "Leitung 30 Recht")
		form := url.Values{"id": {db.NewID()}, "document": {doc}, "step-1-kind": {"cosign"}, "step-1-to-1": {"birgit (20)"}, "step-1-to-3": {"Cem"}, "step-1-days": {"3"},
			"step-2-kind": {"sign"}, "step-2-to-1": {"Leitung 20 Kämmerei"}, "step-3-kind": {"know"}, "step-3-to-1": {""}, "tun": {"schritt"}}
		status, page := h.do("claudia", http.MethodPost, path, form)
		if status != http.StatusOK {
			t.Fatalf("another step: %d", status)
		}
		contains(t, page, "Cem (30)", "Schritt 3")
		form.Set("tun", "starten")
		form.Set("step-2-to-1", "Nobody")
		status, page = h.do("claudia", http.MethodPost, path, form)
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("nobody: %d", status)
		}
		contains(t, page, "„Nobody“ gibt es an Ihrer Behörde nicht", `href="#step-2-to-1"`)
		form.Set("step-2-to-1", "Leitung 20 Kämmerei")
		for range 2 {
			if status, page = h.do("claudia", http.MethodPost, path, form); status != http.StatusSeeOther {
				t.Fatalf("start: %d %s", status, page)
			}
		}
		if n := h.count(`flow_circulation`); n != 1 {
			t.Fatalf("%d circulations", n)
		}
		h.must200("birgit", "/akte/aufgaben", c.Reference, "Mitzeichnung")
		h.must200("birgit", path, "Mitzeichnen", "Entwurf.pdf, Fassung 1")
		l, err := h.Inbox(as("birgit"), Filter{})
		must(t, err)
		k, at := l.Items[0], h.content(doc)
		act := func(who string, k Task, tun string, more ...string) (int, string) {
			f := url.Values{"version": {fmt.Sprint(k.Version)}, "fassung": {fmt.Sprint(at.Version)}, "hash": {at.Hash}, "tun": {tun}}
			for i := 0; i < len(more); i += 2 {
				f.Set(more[i], more[i+1])
			}
			return h.do(who, http.MethodPost, "/akte/aufgabe/"+k.ID, f)
		}
		if status, page = act("birgit", k.Task, "ablehnen"); status != http.StatusUnprocessableEntity {
			t.Fatalf("refused without a reason: %d", status)
		}
		contains(t, page, "Bitte geben Sie den Grund an")
		if status, _ = act("birgit", k.Task, ""); status != http.StatusUnprocessableEntity {
			t.Fatalf("nothing: %d", status)
		}
		if status, _ = act("doris", k.Task, "zeichnen"); status != http.StatusForbidden {
			t.Fatalf("another's: %d", status)
		}
		if status, page = act("birgit", k.Task, "zeichnen", "text", "einverstanden"); status != http.StatusSeeOther {
			t.Fatalf("signed: %d %s", status, page)
		}
		l, err = h.Inbox(as("cem"), Filter{})
		must(t, err)
		h.revise(doc)
		if status, page = act("cem", l.Items[0].Task, "zeichnen"); status != http.StatusConflict {
			t.Fatalf("an old version: %d", status)
		}
		contains(t, page, "Es gibt eine neue Fassung", "neue Fassung: gilt nicht mehr", "neue Fassung: Mitzeichnung erneut nötig")
		if status, page = act("cem", l.Items[0].Task, "weiterleiten", "an", "nobody"); status != http.StatusConflict && status != http.StatusUnprocessableEntity {
			t.Fatalf("forwarded to nobody: %d %s", status, page)
		}
		if status, _ = act("cem", l.Items[0].Task, "weiterleiten", "an", "Helga"); status != http.StatusForbidden {
			t.Fatalf("forwarded by a reader: %d", status)
		}
		x := h.circulation(l.Items[0].Circulation)
		if status, _ = h.do("claudia", http.MethodPost, "/akte/laufweg/"+x.ID+"/zurueckziehen", url.Values{"version": {fmt.Sprint(x.Version)}}); status != http.StatusUnprocessableEntity {
			t.Fatalf("withdrawn without a reason: %d", status)
		}
		if status, _ = h.do("claudia", http.MethodPost, "/akte/vorgang/"+c.ID+"/kommentar", url.Values{"comment": {"Ein <b>Wort</b>"}}); status != http.StatusSeeOther {
			t.Fatalf("comment: %d", status)
		}
		h.must200("claudia", path, "Ein &lt;b&gt;Wort&lt;/b&gt;")
		if status, _ = h.do("claudia", http.MethodPost, "/akte/laufweg/"+x.ID+"/zurueckziehen", url.Values{"version": {fmt.Sprint(x.Version)}, "reason": {"hinfällig"}}); status != http.StatusSeeOther {
			t.Fatalf("withdrawn: %d", status)
		}
		h.must200("claudia", "/akte/vorgang/"+c.ID+"/verlauf", "Geschäftsgang gestartet", "Mitgezeichnet", "Mitzeichnung: Birgit", "Rennsteig", "einverstanden", at.Hash, "Ein &lt;b&gt;", "hinfällig", "wird eingereiht")
		h.must200("doris", "/akte/abwesenheit", "Abwesenheit eintragen", "Arbeitsplatz übergeben")
		h.must200("claudia", "/akte/abwesenheit", "Abwesenheit eintragen")
		absence := url.Values{"id": {db.NewID()}, "behoerde": {erfurt}, "who": {"birgit"}, "deputy": {"cem"}, "from": {"24.11.2026"}, "until": {"31.11."}}
		if status, page = h.do("doris", http.MethodPost, "/akte/abwesenheit", absence); status != http.StatusUnprocessableEntity {
			t.Fatalf("no such day: %d", status)
		}
		contains(t, page, "Diesen Tag gibt es nicht: 31.11.")
		absence.Set("until", "30.11.26")
		if status, page = h.do("doris", http.MethodPost, "/akte/abwesenheit", absence); status != http.StatusSeeOther {
			t.Fatalf("absence: %d %s", status, page)
		}
		h.must200("birgit", "/akte/abwesenheit", "30.11.2026", "Cem", "beenden")
		if status, _ = h.do("birgit", http.MethodPost, "/akte/abwesenheit/"+absence.Get("id")+"/beenden", url.Values{}); status != http.StatusSeeOther {
			t.Fatalf("ended: %d", status)
		}
		if status, _ = h.do("doris", http.MethodPost, "/akte/abwesenheit/uebergabe", url.Values{"id": {db.NewID()}, "behoerde": {erfurt}, "owner": {"birgit"}, "to": {"claudia"}}); status != http.StatusSeeOther {
			t.Fatalf("handed over: %d", status)
		}
		h.must200("doris", "/akte/abwesenheit", "Übergaben")
		id := db.NewID()
		h.must200("doris", "/akte/laufwege", "Neuer Laufweg")
		h.must200("doris", "/akte/laufwege/neu", "Neuer Laufweg")
		if status, _ = h.get("doris", "/akte/laufwege/"+id); status != http.StatusNotFound {
			t.Fatalf("no template: %d", status)
		}
		if status, _ = h.get("claudia", "/akte/laufwege/neu"); status != http.StatusForbidden {
			t.Fatalf("a new template by Claudia: %d", status)
		}
		tmpl := url.Values{"behoerde": {erfurt}, "version": {"0"}, "name": {""}, "step-1-kind": {"know"}, "step-1-to-1": {"20 Kämmerei"}, "tun": {"schritt"}}
		if status, _ = h.do("doris", http.MethodPost, "/akte/laufwege/"+id, tmpl); status != http.StatusOK {
			t.Fatalf("another step: %d", status)
		}
		tmpl.Set("tun", "speichern")
		if status, _ = h.do("doris", http.MethodPost, "/akte/laufwege/"+id, tmpl); status != http.StatusUnprocessableEntity {
			t.Fatalf("no name: %d", status)
		}
		tmpl.Set("name", "Umlauf")
		if status, _ = h.do("doris", http.MethodPost, "/akte/laufwege/"+id, tmpl); status != http.StatusSeeOther {
			t.Fatalf("saved: %d", status)
		}
		h.must200("claudia", "/akte/laufwege", "Umlauf")
		h.must200("claudia", "/akte/laufwege/"+id, "ändern nur Leitungen")
		h.must200("claudia", path+"?vorlage="+id, "Umlauf")
		if status, _ = h.do("doris", http.MethodPost, "/akte/laufwege/"+id+"/loeschen", url.Values{"version": {"1"}}); status != http.StatusSeeOther {
			t.Fatalf("dropped: %d", status)
		}
	})
}

// TestKept: what somebody typed whose session has ended comes back, to be sent again.
func TestKept(t *testing.T) {
	h := newHouse(t, housetest.New(t, db.SQLite, rooms...))
	path := "/akte/vorgang/" + db.NewID() + "/kommentar"
	form := url.Values{"comment": {"Ein <langes> Wort"}, "id": {"x"}}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	if w.Code != http.StatusUnauthorized {
		t.Fatalf("status %d", w.Code)
	}
	contains(t, w.Body.String(), "Ein &lt;langes&gt; Wort", `action="`+path+`"`, `name="id" value="x"`)
}
