package records

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

func (h *house) caseNow(t testing.TB, id string) Case {
	t.Helper()
	c, err := h.store.caseByID(t.Context(), h.h.DB.Reader(), access.All, id, "")
	must(t, err)
	return c
}

func (h *house) fileNow(t testing.TB, id string) File {
	t.Helper()
	f, err := h.store.fileByID(t.Context(), h.h.DB.Reader(), access.All, id)
	must(t, err)
	return f
}

func (h *house) openCase(t testing.TB, ctx context.Context, n NewCase) Case {
	t.Helper()
	n.Subject = strings.TrimSpace(n.Subject + " Vorgang")
	c, err := h.OpenCase(ctx, n)
	must(t, err)
	return c
}

func code(t *testing.T, what string, err error, want errs.Code, key string) {
	t.Helper()
	if errs.CodeOf(err) != want || key != "" && errs.As(err).Key != key {
		t.Errorf("%s: %v, want %s %s", what, err, want, key)
	}
}

func (h *house) entries(t *testing.T, action string) int {
	t.Helper()
	return strings.Count(query1(t, h, `SELECT id FROM audit_entry WHERE action = $1`, action), "\n")
}

func TestReopenCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		c, other := h.openCase(t, erika, NewCase{File: f.ID}), h.openCase(t, erika, NewCase{File: f.ID})
		code(t, "an open case", h.ReopenCase(registrar, c.ID, 7, "x"), errs.Conflict, "records.error.not_closed")
		must(t, h.Close(erika, c.ID, 1))
		must(t, h.Close(erika, other.ID, 1))
		if now := h.caseNow(t, c.ID); now.ClosedBy != "Erika Amt" || h.fileNow(t, f.ID).ClosedAt.IsZero() {
			t.Fatalf("closed: %+v", now)
		}
		tx(t, h, `UPDATE records_file SET retain_until = 5 WHERE id = $1`, f.ID)
		code(t, "by a clerk", h.ReopenCase(erika, c.ID, 2, "x"), errs.Denied, "records.error.manage_case")
		code(t, "without a reason", h.ReopenCase(registrar, c.ID, 2, " "), errs.Invalid, "")
		code(t, "an old form", h.ReopenCase(registrar, c.ID, 1, "x"), errs.Conflict, "records.error.changed")
		tx(t, h, `UPDATE records_file SET state = 'disposal' WHERE id = $1`, f.ID)
		code(t, "in disposal", h.ReopenCase(registrar, c.ID, 2, "x"), errs.Conflict, "records.error.in_disposal")
		tx(t, h, `UPDATE records_file SET state = '' WHERE id = $1`, f.ID)
		for range 2 { // a double click
			must(t, h.ReopenCase(registrar, c.ID, 2, "Nachfrage des Gerichts"))
		}
		now, file := h.caseNow(t, c.ID), h.fileNow(t, f.ID)
		if now.State != StateInWork || !now.ClosedAt.IsZero() || now.ClosedBy != "" || now.Version != 3 || !file.ClosedAt.IsZero() || !file.RetainUntil.IsZero() {
			t.Errorf("%+v in %+v", now, file)
		}
		if a, b := h.entries(t, "records.case_reopened"), h.entries(t, "records.file_reopened"); a != 1 || b != 1 {
			t.Errorf("%d and %d entries", a, b)
		}
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if len(d.Notes) != 1 || !strings.Contains(d.Notes[0].Text, "Nachfrage des Gerichts") || d.Notes[0].By != "Regina" {
			t.Errorf("%+v", d.Notes)
		}
		// What was closed for itself is taken up for itself.
		must(t, h.Close(erika, c.ID, 3))
		must(t, h.Reopen(registrar, f.ID, h.fileNow(t, f.ID).Version))
		must(t, h.CloseFile(registrar, f.ID, h.fileNow(t, f.ID).Version))
		code(t, "in a file closed for itself", h.ReopenCase(registrar, c.ID, 4, "x"), errs.Conflict, "records.error.reopen_file_first")
		must(t, h.Reopen(registrar, f.ID, h.fileNow(t, f.ID).Version))
		must(t, h.ReopenCase(registrar, c.ID, 4, "x"))

		// An application comes back as it was: decided.
		a := h.file(t, dog("r"))
		must(t, h.Decide(erika, a.ID, 1, grant(db.NewID())))
		must(t, h.Close(erika, a.ID, 2))
		must(t, h.ReopenCase(registrar, a.ID, 3, "x"))
		if now := h.caseNow(t, a.ID); now.State != StateDecided {
			t.Errorf("an application: %s", now.State)
		}
	})
}

func TestSubCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		parent := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Bau"})
		sub := h.openCase(t, erika, NewCase{File: f.ID, Parent: parent.ID, Subject: "Vermessung"})
		hidden := h.openCase(t, erika, NewCase{File: f.ID, Parent: parent.ID})
		tx(t, h, `UPDATE records_case SET level = 2 WHERE id = $1`, hidden.ID)
		err := h.Close(erika, parent.ID, 1)
		code(t, "over its parts", err, errs.Conflict, "records.error.open_work")
		var keys []string
		for _, f := range errs.As(err).Fields {
			keys = append(keys, fmt.Sprint(f.Key, f.Args))
		}
		if want := []string{fmt.Sprintf("records.open.sub[%s Vermessung Vorgang]", sub.Reference), "records.open.sub_hidden[]"}; !slices.Equal(keys, want) {
			t.Errorf("%v, want %v", keys, want)
		}
		b := visitor{t, h, erika}
		contains1(t, b.get("/akte/vorgang/"+parent.ID), "Untervorgänge", sub.Reference)
		contains1(t, b.get("/akte/vorgang/"+sub.ID), "Gehört zu "+parent.Reference)
		page := b.get("/akte/vorgang/" + parent.ID + "/zda")
		contains1(t, page, "Das ist noch offen", `href="/akte/vorgang/`+sub.ID+`"`, "den Sie nicht sehen dürfen")
		if strings.Contains(page, "Jetzt zu den Akten") || strings.Contains(page, hidden.Reference) {
			t.Error("the page offers a button that does nothing, or shows what is confidential")
		}
		must(t, h.Close(erika, sub.ID, 1))
		tx(t, h, `UPDATE records_case SET state = 'closed' WHERE id = $1`, hidden.ID)
		must(t, h.Close(erika, parent.ID, 1))
		tx(t, h, `UPDATE records_file SET closed_at = 0 WHERE id = $1`, f.ID)
		_, err = h.OpenCase(erika, NewCase{File: f.ID, Parent: parent.ID, Subject: "x"})
		code(t, "under a closed case", err, errs.Conflict, "records.error.parent_closed")
		code(t, "reopened under a closed case", h.ReopenCase(registrar, sub.ID, 2, "x"), errs.Conflict, "records.error.parent_closed")
	})
}

// TestSubCaseAtOnce opens a case in another one while that is being closed: never both.
func TestSubCaseAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		h.openCase(t, erika, NewCase{File: f.ID}) // keeps the file open
		for range 25 {
			parent := h.openCase(t, erika, NewCase{File: f.ID})
			var group sync.WaitGroup
			var closing, opening error
			group.Go(func() { closing = h.Close(erika, parent.ID, 1) })
			group.Go(func() {
				_, opening = h.OpenCase(clerk("Max Amt", erfurt), NewCase{File: f.ID, Parent: parent.ID, Subject: "x"})
			})
			group.Wait()
			if now := h.caseNow(t, parent.ID); (closing == nil) == (opening == nil) || (now.State == StateClosed) != (closing == nil) {
				t.Fatalf("closing: %v, opening: %v", closing, opening)
			}
		}
	})
}

// TestNotesAddUp writes notes from several sides at once: none is refused, each is there once.
func TestNotesAddUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("n"))
		var group sync.WaitGroup
		for i := range 12 {
			id := db.NewID()
			for range 2 { // each form sent twice
				group.Go(func() {
					if err := h.AddNote(clerk(fmt.Sprint("Clerk ", i), erfurt), c.ID, id, "x"); err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if len(d.Notes) != 12 || d.Case.Version != 1 || d.Case.AssignedTo != "" || h.entries(t, "records.note_added") != 12 {
			t.Errorf("%d notes, version %d", len(d.Notes), d.Case.Version)
		}
		// Nobody decides over a word that they have not read.
		v := grant(db.NewID())
		seen := 11
		v.Notes = &seen
		code(t, "over a note", h.Decide(erika, c.ID, 1, v), errs.Conflict, "records.error.new_note")
		seen = 12
		must(t, h.Decide(erika, c.ID, 1, v))
		must(t, h.Close(erika, c.ID, 2))
		code(t, "on a closed case", h.AddNote(erika, c.ID, db.NewID(), "x"), errs.Conflict, "records.error.state.note")
	})
}

// TestTrueHistory looks at a case that was opened at the desk: nobody applied, and who closed it stays known.
func TestTrueHistory(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		c := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Rutsche"})
		b := visitor{t, h, clerk("Max Amt", erfurt)}
		page := b.get("/akte/vorgang/" + c.ID)
		contains1(t, page, "Vorgang angelegt", "Noch keine Dokumente")
		for _, wrong := range []string{"Antrag", "antragstellende", "<thead"} {
			if strings.Contains(page, wrong) {
				t.Errorf("the page of a case that nobody applied for says %q", wrong)
			}
		}
		must(t, h.Close(erika, c.ID, 1))
		tx(t, h, `UPDATE records_case SET changed_by = 'Wer anders' WHERE id = $1`, c.ID)
		page = b.get("/akte/vorgang/" + c.ID)
		contains1(t, page, "zu den Akten", "· Erika Amt")
		if strings.Contains(page, "Wer anders") {
			t.Error("who changed it last is said to have closed it")
		}
		a := h.file(t, dog("h"))
		contains1(t, b.get("/akte/vorgang/"+a.ID), "Antrag eingegangen", "Antrag von", `href="/akte/dokument/`+query1(t, h, `SELECT min(id) FROM records_document WHERE case_id = $1`, a.ID)[:36]+`/karte"`)
	})
}

// TestTakeAsks takes a colleague's case: only after a question, and the log says from whom.
func TestTakeAsks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("t"))
		must(t, h.Take(erika, c.ID, 1))
		b := visitor{t, h, clerk("Max Amt", erfurt)}
		path := "/akte/vorgang/" + c.ID + "/uebernehmen"
		w := b.do(http.MethodPost, path, url.Values{"version": {"2"}})
		contains1(t, w.Body.String(), "bearbeitet Erika Amt", "Ja, übernehmen")
		if now := h.caseNow(t, c.ID); w.Code != http.StatusOK || now.AssignedName != "Erika Amt" {
			t.Fatalf("taken without a question: %d, %s", w.Code, now.AssignedName)
		}
		b.post(path, b.form(w.Body.String(), "/uebernehmen"))
		if now := h.caseNow(t, c.ID); now.AssignedName != "Max Amt" {
			t.Errorf("%+v", now)
		}
		if log := query1(t, h, `SELECT changes FROM audit_entry WHERE action = 'records.case_taken' ORDER BY id`); !strings.Contains(log, `"from":"clerk:Erika Amt"`) {
			t.Errorf("the log has %s", log)
		}
		if w := b.do(http.MethodPost, path, url.Values{"version": {"2"}}); w.Code != http.StatusSeeOther { // it is theirs
			t.Errorf("a double click: %d", w.Code)
		}
	})
}

func TestClosingPage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("z"))
		b := visitor{t, h, erika}
		path := "/akte/vorgang/" + c.ID + "/zda"
		if w := b.do(http.MethodGet, path, nil); w.Code != http.StatusConflict || strings.Contains(w.Body.String(), "Jetzt zu den Akten") {
			t.Errorf("an application without a decision: %d", w.Code)
		}
		must(t, h.Ask(erika, c.ID, 1, db.NewID(), "Impfpass?", time.Now().AddDate(0, 0, 7)))
		must(t, h.Decide(erika, c.ID, 2, grant(db.NewID())))
		page := b.get(path)
		contains1(t, page, "ohne Antwort geblieben", "noch offen", "Die Akte "+strings.TrimSuffix(c.Reference, "-1")+" wird mit ihm geschlossen")
		form := b.form(page, "/zda")
		if to := b.post(path, form); to != "/akte/vorgang/"+c.ID {
			t.Errorf("after closing: %s", to)
		}
		if to := b.post(path, form); to != "/akte/vorgang/"+c.ID { // a double click
			t.Errorf("after closing twice: %s", to)
		}
		if w := b.do(http.MethodGet, path, nil); w.Code != http.StatusConflict {
			t.Errorf("once more: %d", w.Code)
		}
		if n := h.entries(t, "records.case_closed"); n != 1 {
			t.Errorf("closed %d times", n)
		}
	})
}
