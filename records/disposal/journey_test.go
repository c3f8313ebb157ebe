package disposal

import (
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

func TestFourSteps(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		kept := h.closed(t, claudia, erfurt, unitB)
		gone := h.closed(t, claudia, erfurt, unitB)
		if kept.RetainUntil.IsZero() {
			t.Fatal("retention was not reckoned")
		}
		l, err := h.Due(regina, DueFilter{})
		must(t, err)
		if len(l.Items) != 0 {
			t.Fatalf("due before the time: %v", l.Items)
		}
		h.years(12)
		id := h.offer(t, 4, kept, gone)
		k, b := h.packageOf(t, id, xdomea.Offer)
		if files := sound(t, k, b); len(files) != 1 {
			t.Errorf("an offer with %d files", len(files))
		}
		must(t, h.take(regina, message(t, id, xdomea.OfferReceipt)))
		must(t, h.take(regina, message(t, id, xdomea.AppraisalList, append(appraised("A", kept), appraised("V", gone)...)...)))
		wantStates(t, h.states(t, id), map[ItemState]int64{Appraised: 2})
		_, err = h.HandOver(regina, id, db.NewID())
		must(t, err)
		h.drain(t)
		k, b = h.packageOf(t, id, xdomea.Disposal)
		if files := sound(t, k, b); len(files) != 5 { // message, three stored files, a sheet
			t.Errorf("a hand-over with %d files", len(files))
		}
		k, b = h.packageOf(t, id, xdomea.AppraisalListReceipt)
		sound(t, k, b)
		must(t, h.take(regina, message(t, id, xdomea.DisposalReceipt)))
		must(t, h.take(regina, message(t, id, xdomea.DisposalResult, result(true, kept)...)))
		approval := db.NewID()
		must(t, h.Propose(regina, id, approval))
		must(t, h.Approve(arne, id, approval))
		wantStates(t, h.states(t, id), map[ItemState]int64{TakenOver: 1, Approved: 1})
		_, err = h.Destroy(regina, id)
		must(t, err)
		h.drain(t)
		wantStates(t, h.states(t, id), map[ItemState]int64{Destroyed: 2})
		if f := h.file(t, kept.ID); f.State != FileArchived || f.Subject != "" {
			t.Errorf("stub: %+v", f)
		}
		if f := h.file(t, gone.ID); f.State != FileDestroyed {
			t.Errorf("stub: %+v", f)
		}
		p, _, _, err := h.Process(regina, id)
		must(t, err)
		if !p.Ended {
			t.Error("the process has not ended")
		}
		v, err := h.Retention(claudia, kept.ID)
		must(t, err)
		if len(v.Destructions) != 1 || v.Destructions[0].ArchiveID != "ARCHIV-1" || v.Destructions[0].Decision != records.Archive {
			t.Errorf("record: %+v", v.Destructions)
		}
	})
}
