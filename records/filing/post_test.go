package filing

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/records"
)

// units is the unit u20 with Max, and u30 with Ute.
func (h *house) units(t *testing.T) {
	t.Helper()
	for _, u := range [][3]string{{"u20", "s:Max Amt", "Max Amt"}, {"u30", "s:Ute Recht", "Ute Recht"}} {
		h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $1, 'Amt', '', '/'||$1||'/', 0)`, u[0], erfurt)
		h.exec(t, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, $2, 'member', $3, $4)`, u[0], u[1], erfurt, u[2])
	}
}

// fileOf is the Aktenzeichen of the case's file.
func (h *house) fileOf(t *testing.T, c records.Case) string {
	return value[string](t, h, `SELECT reference FROM records_file WHERE id = $1`, c.FileID)
}

// sent posts a form of post's page.
func (h *house) sent(t *testing.T, ctx context.Context, id, what string, code int, pairs ...string) string {
	t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	w := h.post(ctx, incomingPath+"/"+id+"/"+what, v.Encode())
	if w.Code != code {
		t.Fatalf("%s: %d, want %d", what, w.Code, code)
	}
	if code == http.StatusSeeOther {
		return w.Header().Get("Location")
	}
	return w.Body.String()
}

// entries counts what the log says of post.
func (h *house) entries(t *testing.T, action, id string) int {
	t.Helper()
	return value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = $1 AND object = $2`, action, incomingObject(id))
}

// Post goes on to a unit or to a person: they work on it, who registered it only sees it, and nobody else does.
func TestForward(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.units(t)
		ute := clerk("Ute Recht", erfurt)
		id := h.register(t, erika, "", h.stored(t, "brief.pdf", "Brief"))
		page := incomingPath + "/" + id
		h.seen(t, erika, page, "Weiterleiten", "Max Amt", "Ohne Vorgang erledigen", "/seite/1.png")
		h.sent(t, erika, id, "weiterleiten", http.StatusUnprocessableEntity, "version", "1")
		h.sent(t, erika, id, "weiterleiten", http.StatusUnprocessableEntity, "version", "1", "an_einheit", "u20", "an_person", "s:Max Amt")
		h.sent(t, erika, id, "weiterleiten", http.StatusUnprocessableEntity, "version", "1", "an_person", "s:Niemand")
		if to := h.sent(t, erika, id, "weiterleiten", http.StatusSeeOther, "version", "1", "an_einheit", "u20", "liste", "q=brief"); to != page+"?liste=q%3Dbrief" {
			t.Errorf("led to %s", to)
		}
		body := h.seen(t, erika, page, "Bearbeitet wird er von anderen", "u20 Amt")
		if strings.Contains(body, "/zuordnen") {
			t.Error("who registered it may still assign it")
		}
		h.sent(t, erika, id, "weiterleiten", http.StatusForbidden, "version", "2", "an_einheit", "u30")
		h.sent(t, erika, id, "zuordnen", http.StatusForbidden, "vorgang", "x")
		for who, want := range map[string]int{"mine": 1, "open": 0} {
			l, err := h.IncomingPost(erika, IncomingFilter{Mine: who == "mine"})
			must1(t, err)
			if len(l.Items) != want {
				t.Errorf("%s: %d", who, len(l.Items))
			}
		}
		h.sent(t, max_, id, "weiterleiten", http.StatusConflict, "version", "1", "an_person", "s:Ute Recht")
		if to := h.sent(t, max_, id, "weiterleiten", http.StatusSeeOther, "version", "2", "an_person", "s:Ute Recht", "liste", "q=brief"); to != incomingPath+"?q=brief" {
			t.Errorf("led to %s", to)
		}
		h.seen(t, ute, page, "Ute Recht", "/zuordnen")
		h.seen(t, registrar, page, "/zuordnen")
		if w := h.get(max_, page); w.Code != http.StatusNotFound {
			t.Errorf("who passed it on: %d", w.Code)
		}
		h.seen(t, ute, incomingPath, "brief.pdf")
		if n := h.entries(t, "filing.handed", id); n != 2 {
			t.Errorf("%d entries in the log", n)
		}
	})
}

// Post that needs no case is done with for a reason, can be found, and can be opened again.
func TestFinish(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "f1")
		id := h.register(t, erika, "", h.stored(t, "katalog.pdf", "Katalog"))
		h.sent(t, erika, id, "erledigen", http.StatusUnprocessableEntity, "version", "1")
		h.sent(t, erika, id, "erledigen", http.StatusUnprocessableEntity, "version", "1", "grund", "noted")
		h.sent(t, erika, id, "erledigen", http.StatusUnprocessableEntity, "version", "1", "grund", "advert", "hinweis", strings.Repeat("x", maxNote+1))
		h.sent(t, erika, id, "erledigen", http.StatusConflict, "version", "9", "grund", "advert")
		h.sent(t, erika, id, "erledigen", http.StatusSeeOther, "version", "1", "grund", "noted", "hinweis", "An den Absender zurück")
		h.sent(t, erika, id, "erledigen", http.StatusConflict, "version", "1", "grund", "advert")
		h.sent(t, erika, id, "zuordnen", http.StatusConflict, "vorgang", c.Reference)
		h.seen(t, erika, incomingPath+"/"+id, "ohne Vorgang erledigt", "anderer Grund: An den Absender zurück", "Wieder öffnen")
		h.seen(t, erika, incomingPath+"?stand=erledigt", "katalog.pdf")
		if l, err := h.IncomingPost(erika, IncomingFilter{}); err != nil || len(l.Items) != 0 {
			t.Errorf("still open: %v", err)
		}
		for range 2 {
			h.sent(t, erika, id, "oeffnen", http.StatusSeeOther)
		}
		h.sent(t, erika, id, "zuordnen", http.StatusSeeOther, "vorgang", c.Reference)
		if a, b := h.entries(t, "filing.finished", id), h.entries(t, "filing.reopened", id); a != 1 || b != 1 {
			t.Errorf("%d and %d entries in the log", a, b)
		}
	})
}

func TestCorrect(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.register(t, erika, "", h.stored(t, "scan0001.pdf", "Brief"))
		h.h.Now = func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
		day := func(typed string) []string { return []string{"eingang", typed} }
		for _, pairs := range [][]string{append(day("24.11.2026"), "eingang_betreff", ""), append(day("31.12.2026"), "eingang_betreff", "x"), append(day(""), "eingang_betreff", "x"), append(day("31.2.2026"), "eingang_betreff", "x")} {
			h.sent(t, erika, id, "angaben", http.StatusUnprocessableEntity, append(pairs, "version", "1")...)
		}
		h.sent(t, erika, id, "angaben", http.StatusSeeOther, append(day("20.11."), "version", "1", "absender", "Jörg Müller", "eingang_betreff", "Widerspruch")...)
		x, _, err := h.Incoming(erika, id)
		must1(t, err)
		if x.Sender != "Jörg Müller" || x.Subject != "Widerspruch" || i18n.ISODate(x.ReceivedAt) != "2026-11-20" || x.Version != 2 {
			t.Errorf("%+v", x)
		}
		h.sent(t, erika, id, "angaben", http.StatusSeeOther, append(day("20.11."), "version", "2", "absender", "Jörg Müller", "eingang_betreff", "Widerspruch")...) // as it is
		h.sent(t, erika, id, "angaben", http.StatusConflict, append(day("20.11."), "version", "1", "eingang_betreff", "y")...)
		if l, err := h.IncomingPost(erika, IncomingFilter{Query: "müller widerspruch"}); err != nil || len(l.Items) != 1 {
			t.Errorf("not found by its new subject: %v", err)
		}
		if n := h.entries(t, "filing.corrected", id); n != 1 {
			t.Errorf("%d entries in the log", n)
		}
	})
}

// An assignment can be taken back as long as nothing was built on it; then the letter can go elsewhere.
func TestUnassign(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, other := h.newCase(t, erfurt, "u1"), h.newCase(t, erfurt, "u2")
		id := h.register(t, erika, "", h.stored(t, "post.eml", post))
		assign := func(reference string) {
			t.Helper()
			h.sent(t, erika, id, "zuordnen", http.StatusSeeOther, "vorgang", reference)
		}
		assign(c.Reference)
		h.settleAll(t)
		h.seen(t, erika, incomingPath+"/"+id, "Zuordnung zurücknehmen")
		for range 2 {
			h.sent(t, erika, id, "zuruecknehmen", http.StatusSeeOther)
		}
		if n := value[int](t, h, `SELECT count(*) FROM records_document WHERE case_id = $1 AND name = 'impfpass.pdf'`, c.ID); n != 0 {
			t.Error("the documents are still there")
		}
		if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.unassigned' AND object = $1`, records.CaseObject(c.ID)); n != 1 {
			t.Errorf("%d entries about the case", n)
		}
		assign(other.Reference)
		h.settleAll(t)
		_, filed, err := h.Documents(erika, other.ID, Filter{Query: "impfpass"})
		must1(t, err)
		if len(filed.Items) != 1 {
			t.Fatalf("%d filed in the other case", len(filed.Items))
		}
		d := filed.Items[0]
		must1(t, h.Lock(erika, d.ID))
		if body := h.sent(t, erika, id, "zuruecknehmen", http.StatusConflict); !strings.Contains(body, "weitergearbeitet") {
			t.Error("it is not said why")
		}
		must1(t, h.Unlock(erika, d.ID))
		h.sent(t, erika, id, "zuruecknehmen", http.StatusConflict) // somebody has worked on it
		if _, docs, err := h.Incoming(erika, id); err != nil || len(docs) != 2 {
			t.Errorf("the letter: %d documents, %v", len(docs), err)
		}
	})
}

// Where a letter belongs is proposed: what it names, what it answers, where the sender's last ones lie; and what was here
// before is said.
func TestProposals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		named, answered, last := h.newCase(t, erfurt, "p1"), h.newCase(t, erfurt, "p2"), h.newCase(t, erfurt, "p3")
		foreign := h.newCase(t, jena, "p4")
		h.file(t, erika, answered.ID, "unsere.eml", eml("m1", "", "Unsere Nachricht"))
		before := h.register(t, erika, "", h.stored(t, "erste.eml", eml("m2", "", "Erste")))
		_, err := h.Assign(erika, before, Target{Case: last.Reference})
		must1(t, err)
		id := h.register(t, erika, "", h.stored(t, "antwort.eml", eml("m3", "In-Reply-To: <m1@x>\r\n", "Zu Ihrem Zeichen („"+named.Reference+"“) und "+foreign.Reference+" teile ich mit.")),
			h.stored(t, "beilage.pdf", "Akte "+h.fileOf(t, named)))
		h.settleAll(t)
		l, err := h.Letter(erika, id, "")
		must1(t, err)
		var got []string
		for _, p := range l.Proposals {
			got = append(got, p.Reference+" "+strings.TrimPrefix(p.Why, "filing.proposal."))
		}
		want := []string{named.Reference + " named", h.fileOf(t, named) + " named", answered.Reference + " answers", last.Reference + " sender"}
		if !slices.Equal(got, want) {
			t.Errorf("proposed: %q\nwant %q", got, want)
		}
		body := h.seen(t, erika, incomingPath+"/"+id, "Das Aktenzeichen steht im Schreiben", `value="vorgang `+named.Reference+`"`, `value="akte `+h.fileOf(t, named)+`"`, "Zu Ihrem Zeichen")
		if strings.Contains(body, "gibt es schon") {
			t.Error("a twin of what is new")
		}
		again := h.register(t, erika, "", h.stored(t, "erste-noch-einmal.eml", eml("m2", "", "Erste")))
		h.seen(t, erika, incomingPath+"/"+again, "Dieses Schreiben gibt es schon", "abgelegt in "+last.Reference)
		third := h.register(t, erika, "", h.stored(t, "anders.eml", eml("m3", "", "dieselbe Message-ID, anderer Inhalt")))
		h.seen(t, erika, incomingPath+"/"+third, "Eingang „Hund“")

		// Searched by words and by Aktenzeichen; suggested too.
		h.exec(t, `UPDATE records_case SET subject = 'Dackelzucht' WHERE id = $1`, last.ID)
		h.settleAll(t)
		h.seen(t, erika, incomingPath+"/"+id+"?suche=Dackelzucht", "Gefunden", `value="vorgang `+last.Reference+`"`)
		h.seen(t, erika, incomingPath+"/"+id+"?suche="+url.QueryEscape(last.Reference+" Dackelzucht"), `value="vorgang `+last.Reference+`"`)
		h.seen(t, erika, incomingPath+"/"+id+"?suche=Gibtsnicht", "Nichts gefunden")
		h.seen(t, erika, incomingPath+"/"+id+"?suche="+foreign.Reference+"x", "Nichts gefunden")
		if w := h.get(erika, incomingPath+"/"+id+"/ziele?q=Dackelzucht"); !strings.Contains(w.Body.String(), `{"suggestions":["`+last.Reference+` Dackelzucht"]}`) {
			t.Errorf("suggested: %s", w.Body)
		}
		h.sent(t, erika, id, "zuordnen", http.StatusUnprocessableEntity, "was", "ziel")
		h.sent(t, erika, id, "zuordnen", http.StatusSeeOther, "was", "ziel", "ziel", "vorgang "+last.Reference)
		h.sent(t, erika, again, "zuordnen", http.StatusSeeOther, "was", "ziel", "ziel", "akte "+h.fileOf(t, named), "betreff", "Noch ein Hund", "id", db.NewID())
		if n := value[int](t, h, `SELECT count(*) FROM records_case WHERE subject = 'Noch ein Hund' AND file_id = $1`, named.FileID); n != 1 {
			t.Errorf("%d cases in the file", n)
		}
	})
}

// The next letter is the one that follows in the list that the reader came from.
func TestNextPost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "n1")
		var ids []string
		for i, name := range []string{"a gelb.pdf", "b rot.pdf", "c gelb.pdf"} {
			id := h.register(t, erika, "", h.stored(t, name, name))
			h.exec(t, `UPDATE filing_incoming SET received_at = received_at + $1 WHERE id = $2`, int64(i)*1_000_000, id)
			ids = append(ids, id)
		}
		page := h.sent(t, erika, ids[0], "zuordnen", http.StatusSeeOther, "vorgang", c.Reference, "liste", "q=gelb")
		h.seen(t, erika, page, "Nächster Eingang", incomingPath+"/"+ids[2]+"?liste=q%3Dgelb", "/akte/vorgang/"+c.ID)
		h.seen(t, erika, incomingPath+"/"+ids[2], incomingPath+"/"+ids[1]) // after the last comes the first
		h.seen(t, erika, incomingPath+"?q=gelb", ids[2]+"?liste=q%3Dgelb")
		h.sent(t, erika, ids[2], "erledigen", http.StatusSeeOther, "version", "1", "grund", "advert", "liste", "q=gelb")
		if body := h.seen(t, erika, incomingPath+"/"+ids[2]+"?liste=q%3Dgelb"); strings.Contains(body, "Nächster Eingang") {
			t.Error("a next one where there is none")
		}
	})
}

// A scan that could not be taken is seen by registrars until one has seen to it.
func TestScanFailures(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		dir := t.TempDir()
		s := h.Scans(dir)
		scanFile(t, dir, "kaputt.pdf", "MZ")
		must1(t, s.Look(t.Context()))
		must1(t, s.Look(t.Context()))
		if _, err := os.Stat(filepath.Join(dir, erfurt, scanFailed, "kaputt.pdf")); err != nil {
			t.Fatal(err)
		}
		body := h.seen(t, registrar, incomingPath, "1 Scan konnte nicht übernommen werden", "kaputt.pdf", "passt nicht zu ihrem Namen")
		if body := h.seen(t, erika, incomingPath); strings.Contains(body, "kaputt.pdf") {
			t.Error("a clerk is told, who can do nothing about it")
		}
		_, rest, _ := strings.Cut(body, "/fehlscan/")
		id, _, _ := strings.Cut(rest, `"`)
		if w := h.post(erika, "/akte/fehlscan/"+id, ""); w.Code != http.StatusForbidden {
			t.Errorf("by a clerk: %d", w.Code)
		}
		for range 2 {
			if w := h.post(registrar, "/akte/fehlscan/"+id, ""); w.Code != http.StatusSeeOther {
				t.Fatalf("seen to: %d", w.Code)
			}
		}
		if body := h.seen(t, registrar, incomingPath); strings.Contains(body, "kaputt.pdf") {
			t.Error("still there")
		}
		if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.scan_failure_seen'`); n != 1 {
			t.Errorf("%d entries in the log", n)
		}
		if err := h.ScanFailureSeen(registrar, db.NewID()); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
	})
}

func TestReferencesIn(t *testing.T) {
	got := referencesIn("Az.: 22.31-2026/000017-1, (20.10-2026/3). Hund 12.3. „A-1/b2“\n\x00 www.example.org/x1 am 3.4.2026 - 12345")
	if want := []string{"22.31-2026/000017-1", "20.10-2026/3", "A-1/b2", "www.example.org/x1", "3.4.2026"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if n := len(referencesIn(strings.Repeat("1-", 100) + strings.Join(strings.Fields(strings.Repeat("x ", 10)), "1"))); n != 0 {
		t.Errorf("%d of what is too long", n)
	}
}

// What lies in a case is read by who may read that, and by nobody else: not by all for whom the post was, and of who registered
// it only that it came.
func TestPostInACaseIsOfTheCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ute := clerk("Ute Recht", erfurt)
		h.units(t)
		c := h.newCase(t, erfurt, "s1")
		id := h.register(t, erika, "", h.stored(t, "brief.pdf", "vertraulich"))
		_, papers, err := h.Incoming(ute, id)
		must1(t, err)
		_, err = h.Assign(erika, id, Target{Case: c.Reference})
		must1(t, err)
		if l, err := h.IncomingPost(ute, IncomingFilter{Done: true}); err != nil || len(l.Items) != 1 {
			t.Fatalf("in an open case: %d %v", len(l.Items), err)
		}
		h.exec(t, `UPDATE records_file SET readers = 'unit:u20', writers = 'unit:u20' WHERE id = $1`, c.FileID)
		open := func(ctx context.Context) error {
			_, content, err := h.OpenIncoming(ctx, id, papers[0].ID)
			if err == nil {
				err = content.Close()
			}
			return err
		}
		for name, err := range map[string]error{"the page": second(h.Incoming(ute, id)), "a document": open(ute), "a document, by who registered it": open(erika)} {
			if !errs.Is(err, errs.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if l, err := h.IncomingPost(ute, IncomingFilter{Done: true}); err != nil || len(l.Items) != 0 {
			t.Errorf("in the list: %d %v", len(l.Items), err)
		}
		if x, docs, err := h.Incoming(erika, id); err != nil || x.CaseID != c.ID || len(docs) != 0 {
			t.Errorf("who registered it: %d documents, %v", len(docs), err)
		}
		h.exec(t, `UPDATE records_case SET subject = 'Zaun & Hecke' WHERE id = $1`, c.ID)
		h.seen(t, clerk("Max Amt", erfurt), incomingPath+"/"+id, `href="/akte/vorgang/`+c.ID+`">`+c.Reference+" Zaun &amp; Hecke</a>")
		if body := h.seen(t, erika, incomingPath+"/"+id, "der für Sie nicht offen ist"); strings.Contains(body, c.Reference) || strings.Contains(body, "Hecke") {
			t.Error("who registered it reads what the case is called")
		}
		must1(t, open(clerk("Max Amt", erfurt)))
	})
}

func second(_ Incoming, _ []Document, err error) error { return err }
