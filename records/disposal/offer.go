package disposal

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// DueFile is a file whose retention is over.
type DueFile struct {
	ID          string
	Authority   string
	Reference   string
	Subject     string
	Unit        string // code
	UnitTitle   string
	ClosedAt    time.Time
	RetainUntil time.Time
	Proposal    records.Appraisal // of the file plan
	Level       access.Level
	Medium      records.Medium
	Location    string // of the paper
	LentTo      string // who has it; "" if it is in its place
}

// DueFilter says which files whose retention is over the work list shows; the zero value is all, the longest overdue
// first.
type DueFilter struct {
	Query    string // part of reference or subject
	Unit     string // code
	Proposal string // "A", "B", "V"
	Latest   bool   // the shortest overdue first
	Page     paging.Cursor
	size     int // of a page; 0 is paging.Size
}

func (f DueFilter) order() paging.Order {
	return paging.Order{Column: "f.retain_until", ID: "f.id", Descending: f.Latest, Size: f.size}
}

// maxFiles is how many files one process takes: what an archive handles at once, and one transaction.
const maxFiles = 50_000

// Due lists the files whose retention is over, of the authorities whose records the caller keeps.
func (r *Room) Due(ctx context.Context, f DueFilter) (paging.Listing[DueFile], error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[DueFile]{}, err
	}
	return r.store.due(ctx, r.h.DB.Reader(), a, f, over(r.h.Now()))
}

// DueHidden counts the files whose retention is over and that the caller is not cleared for, of the authorities whose
// records they keep: another registrar has to see to them. Nothing else is told of them, and no filter asks of them.
func (r *Room) DueHidden(ctx context.Context) (n int64, err error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return 0, err
	}
	return r.store.dueHidden(ctx, r.h.DB.Reader(), a, over(r.h.Now()))
}

// LeftOut lists the files of an offering in two steps that the archive has to appraise first, so that Offer leaves them
// out, as long as others go along.
func (r *Room) LeftOut(ctx context.Context, o Offering) (left []DueFile, err error) {
	if o.Steps != 2 {
		return nil, nil
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		if !a.Registrar(o.Authority) {
			return notFound()
		}
		setting, err := r.store.setting(ctx, tx, a, o.Authority)
		if err != nil {
			return err
		}
		all, err := r.store.dueToOffer(ctx, tx, a, o, over(r.h.Now()), maxFiles+1)
		for _, f := range all {
			if !handedAtOnce(f, setting) {
				left = append(left, f)
			}
		}
		if len(left) == len(all) {
			left = nil // then Offer says so
		}
		return err
	})
	return left, err
}

// handedAtOnce reports whether the file needs no appraisal.
func handedAtOnce(f DueFile, s Setting) bool {
	return f.Proposal == records.Archive || f.Proposal == records.Destroy && s.Agreed
}

// Offering is what a process begins with.
type Offering struct {
	ID        string // ProzessID, chosen by the form: the same form sent twice begins one
	Authority string
	Steps     int      // 4, or 2: hand-over at once
	Files     []string // file ids; nil takes all that the filter shows
	Filter    DueFilter
}

// Offer begins a process: in four steps with a 0501; in two with a 0503 of what the file plan rates A, and what it rates
// V if the archive has agreed to that beforehand. Files that are not due, in a process already, or not for the caller
// are errs.Conflict, in two steps also those whose paper is lent; all that need an appraisal are left out then. It reports
// how many files are in it.
func (r *Room) Offer(ctx context.Context, o Offering) (n int, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		if !a.Registrar(o.Authority) {
			return notFound()
		}
		if o.Steps != 2 && o.Steps != 4 || web.ID(o.ID) == "" {
			return errs.E(errs.Invalid, "disposal.error.steps")
		}
		if p, err := r.store.process(ctx, tx, a, o.ID, ""); !errs.Is(err, errs.NotFound) {
			if err != nil {
				return err
			}
			counts, err := r.store.itemCounts(ctx, tx, a, p.ID)
			for _, c := range counts {
				n += int(c)
			}
			return err
		}
		n, err = r.offer(ctx, tx, a, o)
		return err
	})
	return n, err
}

func (r *Room) offer(ctx context.Context, tx *db.Tx, a access.Access, o Offering) (int, error) {
	setting, err := r.store.setting(ctx, tx, a, o.Authority)
	if err != nil {
		return 0, err
	}
	if setting.Archive == "" {
		return 0, errs.E(errs.Conflict, "disposal.error.no_archive")
	}
	chosen, err := r.store.dueToOffer(ctx, tx, a, o, over(r.h.Now()), maxFiles+1)
	switch {
	case err != nil:
		return 0, err
	case len(chosen) > maxFiles:
		return 0, errs.E(errs.Invalid, "disposal.error.too_many", maxFiles)
	case o.Files != nil && len(chosen) != len(o.Files):
		if n := len(o.Files) - len(chosen); n > 1 {
			return 0, errs.E(errs.Conflict, "disposal.error.not_due.other", n)
		}
		return 0, errs.E(errs.Conflict, "disposal.error.not_due.one")
	}
	p := Process{ID: o.ID, Authority: o.Authority, Steps: o.Steps, Archive: setting.Archive, By: identity.From(ctx).Name, At: r.h.Now()}
	packageID, out := db.NewID(), 0
	var items []Item
	var files []string
	for _, f := range chosen {
		it := Item{File: f.ID, State: Offered, Proposal: f.Proposal, packageID: packageID}
		switch {
		case o.Steps == 4:
			out++
		case !handedAtOnce(f, setting):
			continue
		case f.Proposal == records.Archive:
			it.State, it.Decision = HandedOver, records.Archive
			out++
		default:
			it.State, it.Decision, it.packageID = Appraised, records.Destroy, ""
		}
		items, files = append(items, it), append(files, f.ID)
	}
	if len(items) == 0 {
		return 0, errs.E(errs.Conflict, "disposal.error.nothing_to_offer")
	}
	if o.Steps == 2 {
		if err := r.paperThere(ctx, tx, a, files); err != nil {
			return 0, err
		}
	}
	if err := r.store.insertProcess(ctx, tx, a, p, identity.From(ctx).Subject); err != nil {
		return 0, err
	}
	if err := r.store.insertItems(ctx, tx, a, p, items); err != nil {
		return 0, err
	}
	if err := r.note(ctx, tx, p, "disposal.offered", files, map[string]any{"steps": o.Steps}); err != nil || out == 0 {
		return len(items), err
	}
	message := xdomea.Offer
	if o.Steps == 2 {
		message = xdomea.Disposal
	}
	return len(items), r.plan(ctx, tx, a, p, packageID, message, out)
}

// HandOver hands over what the archive wants (A), and sends again what it could not take, as a 0503. packageID is chosen
// by the form: the same form sent twice makes one package. It reports how many files are in it.
func (r *Room) HandOver(ctx context.Context, process, packageID string) (n int, err error) {
	if web.ID(packageID) == "" {
		return 0, notFound()
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, p, err := r.processToChange(ctx, tx, process)
		if err != nil {
			return err
		}
		if old, err := r.store.packageByID(ctx, tx, a, packageID); err == nil && old.Process == process {
			n = int(old.Objects)
			return nil
		}
		files, err := r.store.itemsToHandOver(ctx, tx, a, process)
		if err != nil {
			return err
		}
		if n = len(files); n == 0 {
			return errs.E(errs.Conflict, "disposal.error.nothing_to_hand_over")
		}
		if err := r.paperThere(ctx, tx, a, files); err != nil {
			return err
		}
		if err := r.store.handOver(ctx, tx, a, process, packageID, r.h.Now()); err != nil {
			return err
		}
		if err := r.note(ctx, tx, p, "disposal.handed_over", files, map[string]any{"package": packageID}); err != nil {
			return err
		}
		return r.plan(ctx, tx, a, p, packageID, xdomea.Disposal, n)
	})
	return n, err
}

// Withdraw takes a file out of a process as long as the archive does not have it and nobody approved its destruction:
// it is as if it had not been offered.
func (r *Room) Withdraw(ctx context.Context, process, file string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, p, err := r.processToChange(ctx, tx, process)
		if err != nil {
			return err
		}
		done, err := r.store.withdraw(ctx, tx, a, process, file, r.h.Now())
		if err != nil || !done {
			return err
		}
		if err := r.note(ctx, tx, p, "disposal.withdrawn", []string{file}, nil); err != nil {
			return err
		}
		return r.endIfDone(ctx, tx, a, p)
	})
}

// endIfDone ends a process whose files are all destroyed or withdrawn; what was sent of their metadata goes with them.
func (r *Room) endIfDone(ctx context.Context, tx *db.Tx, a access.Access, p Process) error {
	ended, err := r.store.endProcess(ctx, tx, a, p.ID)
	if err != nil || !ended {
		return err
	}
	return r.note(ctx, tx, p, "disposal.ended", nil, nil)
}
