package flow

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestBringBack: who may read a case has it come back to them, whatever becomes of it meanwhile.
func TestBringBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(func(f *records.File, _ *records.Case) { f.Readers = access.Authority })
		id, day := db.NewID(), h.now.AddDate(0, 0, 14)
		for range 2 {
			must(t, h.BringBack(as("cem"), c.ID, id, day, "Rückruf?"))
		}
		if n := h.count(`flow_task`); n != 1 {
			t.Fatalf("%d tasks", n)
		}
		same(t, "open at once", h.inboxOf("cem", Filter{}), "")
		same(t, "later", h.inboxOf("cem", Filter{View: ViewLater}), "resubmit")
		same(t, "others", h.inboxOf("claudia", Filter{View: ViewLater}), "")
		for what, on := range map[string]time.Time{"none": {}, "past": h.now.AddDate(0, 0, -1), "far": h.now.AddDate(11, 0, 0)} {
			if err := h.BringBack(as("cem"), c.ID, db.NewID(), on, ""); !errs.Is(err, errs.Invalid) || errs.As(err).Fields[0].Name != "day" {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(t, h.BringBack(as("birgit"), c.ID, db.NewID(), h.now, "")) // today
		same(t, "today", h.inboxOf("birgit", Filter{}), "resubmit")

		// It does not come in the way of who works on the case.
		must(t, h.core.Close(as("claudia"), c.ID, 1))
		must(t, h.BringBack(as("claudia"), c.ID, db.NewID(), day, ""))
		h.now = i18n.StartOfDay(day).Add(time.Hour)
		h.drain()
		same(t, "on the day", h.inboxOf("cem", Filter{}), "resubmit")
		k := h.task(id, "cem")
		must(t, h.Finish(as("cem"), k.ID, k.Version, ""))
		if n := h.count(`audit_entry WHERE action = 'flow.brought_back' AND object = '` + records.CaseObject(c.ID) + `'`); n != 3 {
			t.Errorf("%d entries", n)
		}
		h.must200("claudia", "/akte/vorgang/"+c.ID+"/verlauf", "Wiedervorlage für sich eingetragen", "Rückruf?", "am 07.12.2026")
		h.exec(`UPDATE records_file SET state = 'offered' WHERE id = $1`, c.FileID)
		want(t, h.BringBack(as("claudia"), c.ID, db.NewID(), h.now, ""), errs.Conflict)
	})
}

// TestBringBackMoved: a case that moves does not take along who only reads it.
func TestBringBackMoved(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(func(f *records.File, _ *records.Case) { f.Readers, f.Lead = access.Authority, "20" })
		to := h.newCase(nil)
		must(t, h.BringBack(as("cem"), c.ID, db.NewID(), h.now, ""))
		same(t, "before", h.inboxOf("cem", Filter{}), "resubmit")
		f, err := h.core.FileByID(context.Background(), h.h.DB.Reader(), access.All, to.FileID)
		must(t, err)
		must(t, h.h.DB.Tx(as("doris"), func(ctx context.Context, tx *db.Tx) error {
			moved := c
			moved.FileID = f.ID
			if _, err := tx.Exec(ctx, `UPDATE records_case SET file_id = $1 WHERE id = $2`, f.ID, c.ID); err != nil {
				return err
			}
			return h.moved(ctx, tx, records.Moved{Case: moved, File: f, From: c.FileID, Reference: c.Reference})
		}))
		same(t, "after", h.inboxOf("cem", Filter{}), "")
		if n := h.count(`records_guest`); n != 0 {
			t.Errorf("%d guests", n)
		}
	})
}

func TestBringBackPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(func(f *records.File, _ *records.Case) { f.Readers = access.Authority })
		path := "/akte/vorgang/" + c.ID
		h.must200("cem", path+"/geschaeftsgang?wiedervorlage=ja", `<details id="wiedervorlage" open>`, "in 14 Tagen")
		form := func(day, in string) url.Values {
			return url.Values{"id": {db.NewID()}, "day": {day}, "note": {"Antwort da?"}, "tage": {in}}
		}
		for typed, says := range map[string]string{"31.02.2027": "31.02.2027", "2020-02-01": "der noch kommt", "": "Bitte geben Sie einen Tag an"} {
			status, page := h.do("cem", http.MethodPost, path+"/wiedervorlage", form(typed, ""))
			if status != http.StatusUnprocessableEntity {
				t.Fatalf("%q: %d", typed, status)
			}
			contains(t, page, says, `href="#day"`, "Antwort da?")
		}
		status, to, _ := h.send("cem", path+"/wiedervorlage", form("", "14"))
		if status != http.StatusSeeOther || to != path+"/geschaeftsgang" {
			t.Fatalf("%d, to %s", status, to)
		}
		l, err := h.Inbox(as("cem"), Filter{View: ViewLater})
		must(t, err)
		if len(l.Items) != 1 || !l.Items[0].Date.Equal(i18n.StartOfDay(h.now.AddDate(0, 0, 14))) || l.Items[0].Text != "Antwort da?" {
			t.Fatalf("%+v", l.Items)
		}
		k := l.Items[0].Task
		task := "/akte/aufgabe/" + k.ID
		h.must200("cem", task, "Wiedervorlage verschieben", "Mir wieder vorlegen")
		move := url.Values{"tun": {"verschieben"}, "seite": {"aufgabe"}, "version": {fmt.Sprint(k.Version)}, "due": {"31.2.2027"}}
		status, page := h.do("cem", http.MethodPost, task, move)
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("no day: %d", status)
		}
		contains(t, page, "Tag", `href="#due"`)
		move.Set("due", "2027-01-08")
		for range 2 {
			if status, to, _ = h.send("cem", task, move); status != http.StatusSeeOther || to != task {
				t.Fatalf("moved: %d, to %s", status, to)
			}
		}
		if k = h.task(k.Circulation, "cem"); i18nDay(k.Date) != "2027-01-08" || k.State != Later || i18nDay(k.Due) != "2027-01-08" {
			t.Fatalf("%+v", k)
		}
		again := form("", "7")
		again.Set("seite", k.ID)
		if status, to, _ = h.send("cem", path+"/wiedervorlage", again); status != http.StatusSeeOther || to != task {
			t.Fatalf("%d, to %s", status, to)
		}
		h.now = i18n.StartOfDay(k.Date).Add(-time.Hour)
		h.drain()
		same(t, "moved", h.inboxOf("cem", Filter{}), "resubmit") // only the one of 7 days
		h.now = h.now.Add(2 * time.Hour)
		h.drain()
		same(t, "on its new day", h.inboxOf("cem", Filter{}), "resubmit, resubmit")
		must(t, h.MoveDate(as("cem"), k.ID, h.task(k.Circulation, "cem").Version, h.now.AddDate(0, 0, 3), ""))
		same(t, "put off again", h.inboxOf("cem", Filter{}), "resubmit")
	})
}

func i18nDay(t time.Time) string { return t.In(i18n.StartOfDay(t).Location()).Format(time.DateOnly) }

// TestMoveDate: reminders follow a deadline, however often it is moved; whose task it is does not move it.
func TestMoveDate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		s := step(Act, "birgit")
		s.Days = 5
		id := h.start(c, "", s)
		k := func() Task { return h.task(id, "birgit") }
		day := func(n int) time.Time { return i18n.StartOfDay(time.Date(2026, 11, 23+n, 9, 0, 0, 0, time.UTC)) }
		want(t, h.MoveDate(as("birgit"), k().ID, k().Version, day(10), "x"), errs.Denied)
		want(t, h.MoveDate(as("claudia"), k().ID, k().Version, day(10), ""), errs.Invalid)
		want(t, h.MoveDate(as("claudia"), k().ID, k().Version, day(-1), "x"), errs.Invalid)
		want(t, h.MoveDate(as("claudia"), k().ID, 9, day(10), "x"), errs.Conflict)
		first := k().Version
		for range 2 {
			must(t, h.MoveDate(as("claudia"), k().ID, first, day(20), "Es fehlt noch etwas"))
		}
		must(t, h.MoveDate(as("doris"), k().ID, k().Version, day(5), "Doch nicht"))
		must(t, h.MoveDate(as("claudia"), k().ID, k().Version, day(10), "Doch"))
		for _, x := range []struct{ day, reminders int }{{5, 0}, {9, 1}, {10, 2}, {11, 2}, {20, 5}} {
			for h.now.Before(day(x.day)) {
				h.now = h.now.Add(12 * time.Hour)
				h.drain()
			}
			h.now = i18n.EndOfDay(day(x.day)).Add(time.Minute)
			h.drain()
			if got := k().Reminders; got != x.reminders {
				t.Errorf("day %d: %d reminders, want %d", x.day, got, x.reminders)
			}
		}
		h.must200("birgit", "/akte/vorgang/"+c.ID+"/verlauf", "Frist verschoben: zur weiteren Veranlassung", "bisher 28.11.2026", "am 13.12.2026", "Grund: Es fehlt noch etwas")
		h.must200("claudia", "/akte/aufgabe/"+k().ID, `<details id="verschieben">`, "Frist verschieben")
		h.must200("claudia", "/akte/vorgang/"+c.ID+"/geschaeftsgang", "/akte/aufgabe/"+k().ID+"#verschieben")
		if _, page := h.get("birgit", "/akte/aufgabe/"+k().ID); strings.Contains(page, "verschieben") {
			t.Error("whose task it is may move it")
		}
		must(t, h.Finish(as("birgit"), k().ID, k().Version, ""))
		want(t, h.MoveDate(as("claudia"), k().ID, k().Version, day(90), "x"), errs.Conflict)
	})
}
