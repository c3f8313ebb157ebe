package filing

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// ScanFailure is a file of the scanner's that could not be taken: it lies in the folder failed, and what was on the paper
// is nowhere in the records.
type ScanFailure struct {
	ID        string
	Authority string
	Name      string
	Why       string // in German, as beside the file
	At        time.Time
	DoneAt    time.Time // zero until somebody has seen to it
}

// failed notes one, so that people see it.
func (s *ScanIntake) failed(ctx context.Context, f ScanFailure) error {
	f.Name = records.SafeName(f.Name)
	return s.room.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.room.store.scanFailed(ctx, tx, access.At(f.Authority), f)
	})
}

// failuresShown is how many are shown at once.
const failuresShown = 50

// ScanFailures are those that nobody has seen to, the oldest first, where the caller is registrar; none for others.
func (r *Room) ScanFailures(ctx context.Context) ([]ScanFailure, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	all, err := r.store.scanFailures(ctx, q, scope, failuresShown)
	return slices.DeleteFunc(all, func(f ScanFailure) bool { return !scope.Registrar(f.Authority) }), err
}

// ScanFailureSeen notes that the caller, a registrar, has seen to it; errs.Denied for others. Doing it twice does it once.
func (r *Room) ScanFailureSeen(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.store.scanFailure(ctx, tx, scope, id)
		switch {
		case err != nil:
			return err
		case !scope.Registrar(f.Authority):
			return errs.E(errs.Denied, "filing.error.not_registrar")
		case !f.DoneAt.IsZero():
			return nil
		}
		f.DoneAt = r.h.Now()
		if err := r.store.scanSeen(ctx, tx, scope, f, identity.From(ctx).Name); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "filing.scan_failure_seen", Authority: f.Authority, Object: "scan:" + id, Changes: map[string]any{"name": f.Name}})
	})
}
