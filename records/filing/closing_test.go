package filing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestClosingOverLocks puts a case to the files while documents in it are edited: refused by name, until they rest.
func TestClosingOverLocks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "Zaun"}})
		must1(t, err)
		c, err := h.core.OpenCase(erika, records.NewCase{File: f.ID, Subject: "Angebote"})
		must1(t, err)
		d := h.file(t, erika, c.ID, "Plan.txt", "eins", "Brief.txt", "zwei")
		must1(t, h.Lock(max_, d[0].ID))
		_, held, err := h.NewVersion(erika, d[1].ID, 1, db.NewID(), h.stored(t, "Brief.txt", "drei"), "", false)
		if err != nil || held != "" {
			t.Fatal(held, err)
		}
		_, held, err = h.NewVersion(erika, d[1].ID, 1, db.NewID(), h.stored(t, "Brief.txt", "vier"), "", false)
		if held == "" {
			t.Fatal(err)
		}
		stands := func() (out []string) {
			err := h.core.Close(erika, c.ID, 1)
			if err != nil && !errs.Is(err, errs.Conflict) {
				t.Fatal(err)
			}
			if err != nil {
				for _, f := range errs.As(err).Fields {
					out = append(out, fmt.Sprint(f.Key, f.Args))
				}
			}
			return out
		}
		if got, want := stands(), []string{"records.open.held[Brief.txt]", "records.open.locked[Plan.txt Max Amt]"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		x, err := h.core.Closing(max_, c.ID)
		must1(t, err)
		if len(x.Obstacles) != 2 || x.Obstacles[1].How != "records.how.lock_mine" || x.Obstacles[1].Path != "/akte/dokument/"+d[0].ID+"/karte" {
			t.Errorf("as Max sees it: %+v", x.Obstacles)
		}
		if x, err = h.core.Closing(registrar, c.ID); err != nil || len(x.Obstacles) != 1 {
			t.Errorf("as the registry sees it: %+v, %v", x.Obstacles, err)
		}
		must1(t, h.Settle(erika, d[1].ID, held, false, 2))
		must1(t, h.Unlock(max_, d[0].ID))
		if got := stands(); got != nil {
			t.Errorf("at rest: %v", got)
		}
	})
}

// TestLeaving asks the other parts before a document leaves its case: nothing of the selection goes if one must stay.
func TestLeaving(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, b := h.newCase(t, erfurt, "a1"), h.newCase(t, erfurt, "b1")
		d := h.file(t, erika, a.ID, "Frei.txt", "eins", "Umlauf.txt", "zwei")
		stays := d[1].ID
		h.core.OnDocumentMove(func(_ context.Context, _ *db.Tx, document string) error {
			if document == stays {
				return errs.E(errs.Conflict, "records.error.in_circulation", "Umlauf.txt")
			}
			return nil
		})
		if err := h.Move(erika, a.ID, []string{d[0].ID, d[1].ID}, b.Reference); errs.As(err).Key != "records.error.in_circulation" {
			t.Fatal(err)
		}
		if n := value[int](t, h, `SELECT count(*) FROM records_document WHERE case_id = $1 AND kind = 'document'`, a.ID); n != 2 {
			t.Errorf("%d stayed", n)
		}
		stays = ""
		must1(t, h.Move(erika, a.ID, []string{d[0].ID, d[1].ID}, b.Reference))
	})
}

// TestSearchFollowsMove moves a case into a file that others read: whoever reads that finds the documents, whoever read
// the other does not any more; the case is found by both its Aktenzeichen.
func TestSearchFollowsMove(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('o1', $1, '1', 'Eins', '', '/o1/', 0)`, erfurt)
		h.exec(t, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ('o1', 's:Erika Amt', 'member', $1, 'Erika Amt')`, erfurt)
		open, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "Offen"}})
		must1(t, err)
		closed, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "Intern", Lead: "o1", Reach: records.LeadOnly}})
		must1(t, err)
		c, err := h.core.OpenCase(erika, records.NewCase{File: open.ID, Subject: "Gutachten"})
		must1(t, err)
		h.file(t, erika, c.ID, "Gutachten.txt", "Wanderfalke brütet")
		h.settleAll(t)
		found := func(ctx context.Context, query string) int {
			t.Helper()
			return len(h.find(t, ctx, SearchFilter{Query: query}))
		}
		if n := found(max_, "Wanderfalke"); n != 1 {
			t.Fatalf("before: %d", n)
		}
		must1(t, h.core.MoveCase(erika, c.ID, 1, records.Move{Reference: closed.Reference, Reason: "x"}))
		if n := found(max_, "Wanderfalke"); n != 0 {
			t.Errorf("at once, by who may not read it any more: %d", n)
		}
		h.settleAll(t)
		if a, b := found(max_, "Wanderfalke"), found(erika, "Wanderfalke"); a != 0 || b != 1 {
			t.Errorf("after: %d and %d", a, b)
		}
		now := value[string](t, h, `SELECT reference FROM records_case WHERE id = $1`, c.ID)
		for _, reference := range []string{c.Reference, now} {
			if n := found(erika, `"`+reference+`"`); n == 0 {
				t.Errorf("nothing under %s", reference)
			}
		}
		want := value[string](t, h, `SELECT labels FROM filing_entry WHERE id = $1`, "file:"+closed.ID)
		for _, id := range []string{"case:" + c.ID} {
			if got := value[string](t, h, `SELECT labels FROM filing_entry WHERE id = $1`, id); got != want {
				t.Errorf("%s is for %q, its file for %q", id, strings.ReplaceAll(got, "\n", " "), strings.ReplaceAll(want, "\n", " "))
			}
		}
	})
}

// TestStrangersClosing tries a stranger's scope on the store's methods of closing and moving.
func TestStrangersClosing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "Plan.txt", "eins")
		must1(t, h.Lock(erika, d[0].ID))
		h.settleAll(t)
		h.exec(t, `DELETE FROM filing_due`)
		for name, x := range map[string]struct {
			a    access.Access
			want int
		}{"another's": {access.At(jena), 0}, "no": {access.Access{}, 0}, "its own": {access.At(erfurt), 1}} {
			l, err := h.store.inWork(t.Context(), h.h.DB.Reader(), x.a, c.ID)
			if err != nil || len(l) != x.want {
				t.Errorf("inWork with %s scope: %d, %v", name, len(l), err)
			}
			h.tx(t, func(ctx context.Context, tx *db.Tx) error { return h.store.noteCase(ctx, tx, x.a, c.ID) })
			if n := value[int](t, h, `SELECT count(*) FROM filing_due`); (n > 0) != (x.want > 0) {
				t.Errorf("noteCase with %s scope: %d", name, n)
			}
			h.exec(t, `DELETE FROM filing_due`)
		}
	})
}
