package filing

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

func (h *house) content(t testing.TB, ctx context.Context, id string, number int64, held string) string {
	t.Helper()
	_, r, err := h.OpenVersion(ctx, id, number, held)
	must1(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	must1(t, err)
	return string(b)
}

// Two clerks edit one document; the slower one chooses, and neither version is lost.
func TestConflictingVersions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "entwurf.docx", "eins")[0]
		page := "/akte/dokument/" + d.ID
		send := func(ctx context.Context, base, id, text string) int {
			kind, body := form(t, map[string]string{"id": id, "version": base, "bemerkung": "neu"}, "entwurf.docx", text)
			return h.do(ctx, http.MethodPost, page+"/fassung", kind, body).Code
		}
		id := db.NewID()
		for range 2 {
			if code := send(erika, "1", id, "zwei von Erika"); code != http.StatusSeeOther {
				t.Fatalf("version 2: %d", code)
			}
		}
		late := db.NewID()
		for range 2 {
			if code := send(max_, "1", late, "zwei von Max"); code != http.StatusSeeOther {
				t.Fatalf("too late: %d", code)
			}
		}
		card, err := h.Card(max_, d.ID)
		must1(t, err)
		if card.Version != 2 || len(card.Versions) != 2 || len(card.Held) != 1 {
			t.Fatalf("after a conflict: version %d, %d versions, %d held", card.Version, len(card.Versions), len(card.Held))
		}
		if got := h.content(t, max_, d.ID, 2, "") + "|" + h.content(t, max_, d.ID, 0, late); got != "zwei von Erika|zwei von Max" {
			t.Errorf("kept: %s", got)
		}
		if body := h.get(max_, page+"/karte").Body.String(); !strings.Contains(body, "Jemand war schneller") {
			t.Error("the page does not ask for the choice")
		}
		if body := h.get(erika, page+"/karte").Body.String(); strings.Contains(body, "Jemand war schneller") {
			t.Error("the page asks somebody else for the choice")
		}
		if _, _, err := h.OpenVersion(erika, d.ID, 0, late); !errs.Is(err, errs.NotFound) {
			t.Errorf("another's held version: %v", err)
		}
		if code := send(erika, "2", db.NewID(), "drei von Erika"); code != http.StatusSeeOther {
			t.Fatalf("version 3: %d", code)
		}
		if err := h.Settle(max_, d.ID, late, true, 2); !errs.Is(err, errs.Conflict) {
			t.Errorf("a choice that did not see the newest: %v", err)
		}
		for range 2 {
			w := h.post(max_, page+"/konflikt", url.Values{"id": {late}, "version": {"3"}, "wahl": {"behalten"}}.Encode())
			if w.Code != http.StatusSeeOther {
				t.Fatalf("keep: %d", w.Code)
			}
		}
		card, err = h.Card(max_, d.ID)
		must1(t, err)
		if card.Version != 4 || len(card.Held) != 0 || h.content(t, erika, d.ID, 4, "") != "zwei von Max" {
			t.Errorf("after keeping: version %d, %d held", card.Version, len(card.Held))
		}
		for n, want := range map[int64]string{1: "eins", 2: "zwei von Erika", 3: "drei von Erika"} {
			w := h.get(erika, page+"/fassung/"+strconv.FormatInt(n, 10))
			if w.Code != http.StatusOK || w.Body.String() != want {
				t.Errorf("version %d: %d %s", n, w.Code, w.Body)
			}
		}
		if w := h.get(erika, page+"/karte?pruefen=1"); !strings.Contains(w.Body.String(), "Prüfsumme stimmt<") {
			t.Error("the check says nothing")
		}
	})
}

func TestDiscard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "entwurf.docx", "eins")[0]
		_, _, err := h.NewVersion(erika, d.ID, 1, db.NewID(), h.stored(t, "a.docx", "zwei"), "", false)
		must1(t, err)
		_, held, err := h.NewVersion(max_, d.ID, 1, db.NewID(), h.stored(t, "a.docx", "drei"), "", false)
		must1(t, err)
		must1(t, h.Settle(max_, d.ID, held, false, 2))
		must1(t, h.Settle(max_, d.ID, held, false, 2))
		card, err := h.Card(max_, d.ID)
		must1(t, err)
		if card.Version != 2 || len(card.Held) != 0 {
			t.Errorf("after discarding: %+v", card.Held)
		}
	})
}

// Many at once: each version is either the next one or held, and numbers have no gap.
func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "entwurf.docx", "eins")[0]
		var all sync.WaitGroup
		for i := range 8 {
			f := h.stored(t, "a.docx", strconv.Itoa(i))
			all.Go(func() {
				if _, _, err := h.NewVersion(erika, d.ID, 1, db.NewID(), f, "", false); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		card, err := h.Card(erika, d.ID)
		must1(t, err)
		if card.Version != 2 || len(card.Versions) != 2 || len(card.Held) != 7 {
			t.Errorf("version %d, %d versions, %d held", card.Version, len(card.Versions), len(card.Held))
		}
	})
}

func TestLock(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		now := time.Now()
		h.h.Now = func() time.Time { return now }
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "entwurf.docx", "eins")[0]
		must1(t, h.Lock(erika, d.ID))
		must1(t, h.Lock(erika, d.ID))
		if err := h.Lock(max_, d.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("a second lock: %v", err)
		}
		_, held, err := h.NewVersion(max_, d.ID, 1, db.NewID(), h.stored(t, "a.docx", "von Max"), "", false)
		must1(t, err)
		if held == "" {
			t.Error("a version went past the lock")
		}
		must1(t, h.Unlock(max_, d.ID)) // not theirs: nothing happens
		card := h.get(max_, "/akte/dokument/"+d.ID+"/karte").Body.String()
		if strings.Contains(card, "Sperre brechen") || !strings.Contains(card, "Erika Amt bearbeitet das Dokument seit ") || !strings.Contains(card, "bitten Sie Erika Amt") ||
			!strings.Contains(card, "hebt die Leitung der federführenden Einheit oder die Registratur die Sperre auf") || strings.Contains(card, `name="dateien"`) {
			t.Errorf("the card does not say who edits it and what one can do, or offers a clerk to break it: %s", card)
		}
		if err := h.BreakLock(max_, d.ID); !errs.Is(err, errs.Denied) {
			t.Errorf("a clerk breaks a lock: %v", err)
		}
		if w := h.post(registrar, "/akte/dokument/"+d.ID+"/sperre", "was=brechen"); w.Code != http.StatusSeeOther {
			t.Errorf("the registrar breaks a lock: %d", w.Code)
		}
		if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.lock_broken'`); n != 1 {
			t.Errorf("%d entries of it", n)
		}
		must1(t, h.Lock(max_, d.ID))
		now = now.Add(lockedFor)
		must1(t, h.Lock(erika, d.ID)) // that of Max has ended
		if _, _, err := h.NewVersion(erika, d.ID, 1, db.NewID(), h.stored(t, "a.docx", "zwei"), "", true); err != nil {
			t.Error(err)
		}
		if got := value[string](t, h, `SELECT locked_by FROM records_document WHERE id = $1`, d.ID); got != "" {
			t.Errorf("still locked by %s", got)
		}
	})
}

// What is signed finally stays as it is, and nothing is put aside for it.
func TestFinal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "entwurf.docx", "eins")[0]
		h.exec(t, `UPDATE records_document SET final_at = 1 WHERE id = $1`, d.ID)
		if _, held, err := h.NewVersion(erika, d.ID, 1, db.NewID(), h.stored(t, "a.docx", "zwei"), "", false); !errs.Is(err, errs.Conflict) || held != "" {
			t.Errorf("a version of what is final: %q, %v", held, err)
		}
		if err := h.Lock(erika, d.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("a lock of what is final: %v", err)
		}
		h.tx(t, func(ctx context.Context, tx *db.Tx) error {
			a, err := access.Load(erika, tx)
			must1(t, err)
			if _, err := h.AddVersion(ctx, tx, a, d.ID, 1, h.stored(t, "a.docx", "zwei"), ""); !errs.Is(err, errs.Conflict) {
				t.Errorf("AddVersion: %v", err)
			}
			return nil
		})
	})
}

// Who asked for it is told of each new version in its transaction, of a form sent twice once; what fails there undoes it.
func TestVersionsAreToldOf(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "entwurf.docx", "eins")[0]
		var told []string
		var fault error
		h.core.OnVersion(func(ctx context.Context, tx *db.Tx, document string) error {
			var version int64
			err := tx.QueryRow(ctx, `SELECT version FROM records_document WHERE id = $1`, document).Scan(&version)
			told = append(told, document+" "+strconv.FormatInt(version, 10))
			return errors.Join(err, fault)
		})
		put := func(base int64, text string) error {
			_, _, err := h.NewVersion(erika, d.ID, base, db.NewID(), h.stored(t, "entwurf.docx", text), "", false)
			return err
		}
		must1(t, put(1, "zwei"))
		must1(t, put(1, "zwei"))
		fault = errs.E(errs.Unavailable, "fault")
		if err := put(2, "drei"); !errs.Is(err, errs.Unavailable) {
			t.Errorf("a fault of who was told: %v", err)
		}
		if want := d.ID + " 2," + d.ID + " 3"; strings.Join(told, ",") != want {
			t.Errorf("told of %q, want %q", told, want)
		}
		if n := value[int](t, h, `SELECT count(*) FROM records_version WHERE document_id = $1`, d.ID); n != 2 {
			t.Errorf("%d versions, want 2", n)
		}
	})
}
