package disposal

import (
	"context"
	"net/http"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

// What is lent is offered, but neither handed over nor destroyed until it is back; that it is back can be said all along.
func TestLent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, v := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitV)
		h.exec(t, `UPDATE records_file SET medium = 'paper' WHERE id IN ('`+a.ID+`', '`+v.ID+`')`)
		h.years(40)
		until := h.h.Now().AddDate(0, 0, 9)
		lend := func(f records.File) { must(t, h.core.Lend(claudia, f.ID, h.file(t, f.ID).Version, "Recht", until)) }
		back := func(f records.File) { must(t, h.core.Return(regina, f.ID, h.file(t, f.ID).Version)) }
		lend(a)
		lend(v)
		h.as(t, regina).Get(duePath).Want(http.StatusOK, a.Reference, "Papier, ausgeliehen an Recht")
		_, err := h.Offer(regina, Offering{ID: db.NewID(), Authority: erfurt, Steps: 2})
		wantCode(t, err, errs.Conflict, "disposal.error.lent.other")
		id := h.offer(t, 4, a, v)
		must(t, h.take(regina, message(t, id, xdomea.AppraisalList, append(appraised("A", a), appraised("V", v)...)...)))
		_, err = h.HandOver(regina, id, db.NewID())
		wantCode(t, err, errs.Conflict, "disposal.error.lent.one")
		wantCode(t, h.Propose(regina, id, db.NewID()), errs.Conflict, "disposal.error.lent.one")
		h.as(t, regina).Get(listPath+"/"+id).Press("Akten an das Archiv abgeben").Want(http.StatusConflict, "Das Papier der Akte "+a.Reference+" ist noch ausgeliehen.")
		back(a)
		back(v)
		_, err = h.HandOver(regina, id, db.NewID())
		must(t, err)
		approval := db.NewID()
		must(t, h.Propose(regina, id, approval))
		must(t, h.Approve(arne, id, approval))

		// Somebody's note that it was lent all the while is not passed over.
		h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE records_file SET lent_to = 'Recht' WHERE id = $1`, v.ID)
			return err
		})
		_, err = h.Destroy(regina, id)
		wantCode(t, err, errs.Conflict, "disposal.error.lent.one")
		back(v)
		_, err = h.Destroy(regina, id)
		must(t, err)
		h.drain(t)
		if f := h.file(t, v.ID); f.State != FileDestroyed {
			t.Errorf("back and approved, but %q", f.State)
		}
	})
}
