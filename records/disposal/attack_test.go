package disposal

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// state is all that a refused message must not change.
func (h *house) state(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range h.tables(t) {
		if strings.HasPrefix(table, "disposal_") || strings.HasPrefix(table, "records_") || strings.HasPrefix(table, "audit_") {
			b.WriteString(h.dump(t, table))
		}
	}
	return b.String()
}

// refused takes a message that is to be refused and leaves no trace.
func (h *house) refused(t testing.TB, who context.Context, in *bytes.Reader, code errs.Code, key string) {
	t.Helper()
	before := h.state(t)
	wantCode(t, h.take(who, in), code, key)
	if h.state(t) != before {
		t.Errorf("%s: a refused message changed something", key)
	}
}

func TestForgedAppraisals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, v := h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitB)
		other, foreign := h.closed(t, claudia, erfurt, unitB), h.closed(t, jenny, jena, unitB)
		h.years(12)
		id := h.offer(t, 4, a, v)
		second := h.offer(t, 4, other)
		list := func(process string, items ...xdomea.Item) *bytes.Reader {
			return message(t, process, xdomea.AppraisalList, items...)
		}
		h.refused(t, regina, list(db.NewID(), appraised("A", a)...), errs.NotFound, "disposal.error.process_unknown")
		h.refused(t, jenny, list(id, appraised("A", a)...), errs.NotFound, "disposal.error.process_unknown")
		h.refused(t, claudia, list(id, appraised("A", a)...), errs.Denied, "disposal.error.no_role")
		h.refused(t, regina, list(id, appraised("A", a, foreign)...), errs.Invalid, "disposal.error.object_unknown")
		h.refused(t, regina, list(id, appraised("A", a, other)...), errs.Invalid, "disposal.error.object_unknown")
		h.refused(t, regina, list(id, append(appraised("A", a), &xdomea.Appraised{ID: db.NewID(), Appraisal: "V"})...), errs.Invalid, "disposal.error.object_unknown")
		h.refused(t, regina, list(id, appraised("B", a)...), errs.Invalid, "disposal.error.undecided")
		h.refused(t, regina, list(id, &xdomea.Appraised{ID: a.ID, Other: "Auswahl"}), errs.Invalid, "disposal.error.undecided")
		h.refused(t, regina, list(id, append(appraised("A", a), appraised("V", a)...)...), errs.Conflict, "disposal.error.appraised_apart")
		h.refused(t, regina, message(t, id, xdomea.DisposalResult, result(true, a)...), errs.Conflict, "disposal.error.nothing_sent")
		h.refused(t, regina, message(t, id, xdomea.DisposalReceipt), errs.Conflict, "disposal.error.nothing_sent")
		h.refused(t, regina, message(t, id, xdomea.TransferReceipt), errs.Invalid, "disposal.error.message_kind")
		h.refused(t, regina, bytes.NewReader([]byte("<xml")), errs.Invalid, "disposal.error.unreadable.xml")
		h.refused(t, regina, bytes.NewReader(nil), errs.Invalid, "disposal.error.unreadable.empty")
		broken := body(t, list(id, appraised("A", a, v)...))
		h.refused(t, regina, bytes.NewReader(broken[:len(broken)-40]), errs.Invalid, "disposal.error.unreadable.xml")

		good := list(id, append(appraised("A", a), appraised("V", v)...)...)
		must(t, h.take(regina, good))
		before := h.state(t)
		taken, err := h.Take(regina, good, good.Size()) // replayed
		must(t, err)
		if !taken.Again || h.state(t) != before {
			t.Error("a message was taken twice")
		}
		h.refused(t, regina, list(id, appraised("A", v)...), errs.Conflict, "disposal.error.appraised_otherwise")
		h.refused(t, regina, list(id, appraised("V", a)...), errs.Conflict, "disposal.error.appraised_otherwise")
		must(t, h.Withdraw(regina, second, other.ID))
		h.refused(t, regina, list(second, appraised("V", other)...), errs.Conflict, "disposal.error.withdrawn")
		if f := h.file(t, other.ID); f.State != "" {
			t.Errorf("a file taken out is %q", f.State)
		}
	})
}

func TestForgedResults(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, v, other := h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitA)
		h.years(32)
		id := h.offer(t, 4, a, v)
		second := h.offer(t, 2, other)
		must(t, h.take(regina, message(t, id, xdomea.AppraisalList, append(appraised("A", a), appraised("V", v)...)...)))
		packageID := db.NewID()
		n, err := h.HandOver(regina, id, packageID)
		must(t, err)
		again, err := h.HandOver(regina, id, packageID) // a double click
		if must(t, err); n != 1 || again != 1 {
			t.Errorf("%d and %d files in one package", n, again)
		}
		results := func(process string, items ...xdomea.Item) *bytes.Reader {
			return message(t, process, xdomea.DisposalResult, items...)
		}
		h.refused(t, regina, results(id, result(true, a)...), errs.Conflict, "disposal.error.nothing_sent") // it is not written yet
		h.drain(t)
		h.refused(t, regina, results(id, result(true, a, v)...), errs.Conflict, "disposal.error.not_handed_over")
		h.refused(t, regina, results(id, result(true, other)...), errs.Invalid, "disposal.error.object_unknown")
		h.refused(t, jenny, results(id, result(true, a)...), errs.NotFound, "disposal.error.process_unknown")
		must(t, h.take(regina, results(second, result(true, other)...)))
		must(t, h.take(regina, results(id, result(true, a)...)))
		h.refused(t, regina, results(id, result(false, a)...), errs.Conflict, "disposal.error.has_it")
		// What was V is destroyed by two people only.
		n, err = h.Destroy(regina, id)
		if must(t, err); n != 1 {
			t.Errorf("%d files are destroyed", n)
		}
		h.drain(t)
		if f := h.file(t, v.ID); f.State != InDisposal {
			t.Errorf("a file that nobody approved is %q", f.State)
		}
		must(t, h.take(regina, results(id, result(true, a)...))) // the archive says it once more
	})
}

// What the archive says of a case holds for its file, whole.
func TestAppraisalOfCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitB)
		must(t, h.core.Close(claudia, c.ID, h.caseVersion(t, c.ID)))
		must(t, h.Reckon(t.Context()))
		h.years(12)
		id := h.offer(t, 4, h.file(t, f.ID))
		h.refused(t, regina, message(t, id, xdomea.AppraisalList, &xdomea.Appraised{ID: f.ID, Appraisal: "A"}, &xdomea.Appraised{ID: c.ID, Appraisal: "V"}),
			errs.Conflict, "disposal.error.appraised_apart")
		must(t, h.take(regina, message(t, id, xdomea.AppraisalList, &xdomea.Appraised{ID: f.ID, Appraisal: "A"}, &xdomea.Appraised{ID: c.ID, Appraisal: "A"})))
		wantStates(t, h.states(t, id), map[ItemState]int64{Appraised: 1})
	})
}

// A file that changes after it was handed over or approved is not destroyed.
func TestChangedSince(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, v := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitV)
		h.years(32)
		id := h.offer(t, 2, a, v)
		must(t, h.take(regina, message(t, id, xdomea.DisposalResult, result(true, a)...)))
		approval := db.NewID()
		must(t, h.Propose(regina, id, approval))
		must(t, h.Approve(arne, id, approval))
		for _, f := range []records.File{a, v} {
			h.late(t, f)
		}
		_, err := h.Destroy(regina, id)
		must(t, err)
		h.drain(t)
		wantStates(t, h.states(t, id), map[ItemState]int64{Failed: 1, Appraised: 1})
		items, _, err := h.Items(regina, id, "", "")
		must(t, err)
		for _, it := range items {
			if it.Error != changedSince {
				t.Errorf("%s: %q", it.Reference, it.Error)
			}
		}
		// Once more, and now it goes.
		_, err = h.HandOver(regina, id, db.NewID())
		must(t, err)
		h.drain(t)
		k, b := h.packageOf(t, id, xdomea.Disposal)
		if files := sound(t, k, b); len(files) != 6 {
			t.Errorf("%d files in the second package", len(files))
		}
		must(t, h.take(regina, message(t, id, xdomea.DisposalResult, &xdomea.Result{ID: a.ID, OK: true, ArchiveID: "X-1"})))
		approval = db.NewID()
		must(t, h.Propose(arne, id, approval))
		must(t, h.Approve(regina, id, approval))
		_, err = h.Destroy(regina, id)
		must(t, err)
		h.drain(t)
		wantStates(t, h.states(t, id), map[ItemState]int64{Destroyed: 2})
		h.nothingLeft(t, secret)
		h.verify(t)
	})
}

// late files a document in a closed case, as an applicant's late answer does.
func (h *house) late(t testing.TB, f records.File) {
	t.Helper()
	hash, size := h.put(t, "spät "+secret+f.ID)
	h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
		var id string
		if err := tx.QueryRow(ctx, `SELECT id FROM records_case WHERE file_id = $1`, f.ID).Scan(&id); err != nil {
			return err
		}
		c, err := h.core.CaseByID(ctx, tx, access.At(f.Authority), id, "")
		if err != nil {
			return err
		}
		return h.core.FileDocuments(ctx, tx, c, "records.test_filed", []records.Document{{Kind: records.AnswerKind, Name: "Antwort.txt", Hash: hash, Size: size, MediaType: "text/plain"}})
	})
}

// verify proves the log, and that every stored file it vouches for is there or was rightly erased.
func (h *house) verify(t testing.TB) {
	t.Helper()
	_, err := h.h.Audit.Sequence(t.Context())
	must(t, err)
	report, err := h.h.Audit.Verify(t.Context(), h.h.Blobs, nil)
	must(t, err)
	for _, p := range report.Problems {
		t.Errorf("the log: %s", p)
	}
}

func TestApprovalNeedsTwo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		v := h.closed(t, claudia, erfurt, unitV)
		h.years(12)
		id := h.offer(t, 2, v)
		approval := db.NewID()
		wantCode(t, h.Approve(arne, id, approval), errs.NotFound, "")
		must(t, h.Propose(regina, id, approval))
		must(t, h.Propose(regina, id, approval)) // a double click
		wantCode(t, h.Propose(arne, id, db.NewID()), errs.Conflict, "disposal.error.proposed_already")
		wantCode(t, h.Approve(regina, id, approval), errs.Denied, "disposal.error.same_person")
		wantCode(t, h.Approve(claudia, id, approval), errs.Denied, "")
		wantCode(t, h.Approve(jenny, id, approval), errs.NotFound, "")
		_, err := h.Destroy(regina, id)
		wantCode(t, err, errs.Conflict, "disposal.error.nothing_to_destroy")
		must(t, h.Approve(arne, id, approval))
		must(t, h.Approve(arne, id, approval))
		wantCode(t, h.Reject(arne, id, approval), errs.Conflict, "disposal.error.decided") // too late: it is given
		wantStates(t, h.states(t, id), map[ItemState]int64{Approved: 1})
	})
}

func TestReckon(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f := h.closed(t, claudia, erfurt, unitV)
		year := f.ClosedAt.Year()
		if got := f.RetainUntil.In(time.UTC).Format(time.DateOnly); got != time.Date(year+10, 12, 31, 0, 0, 0, 0, time.UTC).Format(time.DateOnly) {
			t.Errorf("kept until %s", got)
		}
		rule := func(years, transfer int) {
			t.Helper()
			h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE records_unit SET retention_years = $1, transfer_years = $2 WHERE authority_id = $3 AND code = $4`, years, transfer, erfurt, unitV)
				return err
			})
			must(t, h.Reckon(t.Context()))
		}
		for _, c := range []struct{ years, transfer, until int }{{2, 0, year + 2}, {2, 5, year + 5}, {-1, 0, 9999}, {10, 0, year + 10}} {
			rule(c.years, c.transfer)
			if got := h.file(t, f.ID).RetainUntil.Year(); got != c.until {
				t.Errorf("%d years, %d transfer: kept until %d, want %d", c.years, c.transfer, got, c.until)
			}
		}
		must(t, h.core.Reopen(regina, f.ID, h.file(t, f.ID).Version))
		must(t, h.Reckon(t.Context()))
		if x := h.file(t, f.ID); !x.RetainUntil.IsZero() {
			t.Errorf("a reopened file is kept until %s", x.RetainUntil)
		}
		must(t, h.core.CloseFile(regina, f.ID, h.file(t, f.ID).Version))
		must(t, h.Reckon(t.Context()))
		h.years(12)
		h.offer(t, 4, h.file(t, f.ID))
		rule(30, 0)
		if got := h.file(t, f.ID).RetainUntil.Year(); got != year+10 {
			t.Errorf("a rule that changed after the offer keeps it until %d", got)
		}
	})
}

// The last day of retention is one on which a file still stays.
func TestLastDay(t *testing.T) {
	until := Rule{RetentionYears: 10}.Until(time.Date(2016, 3, 1, 12, 0, 0, 0, time.UTC))
	for day, want := range map[string]bool{"2026-12-31T22:30:00Z": false, "2026-12-31T23:30:00Z": true, "2026-12-31T11:30:00Z": false} { // midnight in Berlin is 23:00 UTC
		now, err := time.Parse(time.RFC3339, day)
		must(t, err)
		if got := until.Before(over(now)); got != want {
			t.Errorf("%s: over %v, want %v", day, got, want)
		}
	}
}

// What the proposer takes back was not refused by anybody, and who comes later is told.
func TestProposalTakenBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f := h.closed(t, claudia, erfurt, unitV)
		h.years(32)
		id := h.offer(t, 2, f)
		first, second := db.NewID(), db.NewID()
		must(t, h.Propose(regina, id, first))
		one := h.as(t, regina)
		page := one.Get(listPath + "/" + id)
		page.Press("Vorschlag zurücknehmen").Want(http.StatusOK, "Der Vorschlag ist zurückgenommen.", "Zurückgenommen", "Regina Ablage")
		must(t, h.Reject(regina, id, first))
		wantCode(t, h.Approve(arne, id, first), errs.Conflict, "disposal.error.decided")
		must(t, h.Propose(regina, id, second))
		two := h.as(t, arne).Get(listPath + "/" + id)
		must(t, h.Reject(regina, id, second))
		two.Press("Vernichtung freigeben").Want(http.StatusConflict, "Darüber ist schon entschieden.")
		must(t, h.Propose(regina, id, db.NewID()))
		h.as(t, arne).Get(listPath+"/"+id).Press("Ablehnen").Want(http.StatusOK, "Der Vorschlag ist abgelehnt.", "Abgelehnt")
		wantStates(t, h.states(t, id), map[ItemState]int64{Appraised: 1})
		_, _, approvals, err := h.Process(regina, id)
		must(t, err)
		if len(approvals) != 3 || approvals[0].State != ApprovalTakenBack || approvals[2].State != ApprovalRefused {
			t.Errorf("%+v", approvals)
		}
		if log := h.dump(t, "audit_entry"); strings.Count(log, "disposal.destruction_taken_back") != 4 || strings.Count(log, "disposal.destruction_rejected") != 2 { // process and file each
			t.Error("the log does not say who took back and who refused")
		}
	})
}
