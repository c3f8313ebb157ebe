package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Filter narrows a list of entries; empty fields do not.
type Filter struct {
	Object, Actor, Action string    // exactly these
	From, To              time.Time // From ≤ time < To

	Before, After string // id of an entry: only older, only newer ones
}

// List returns at most limit entries, the newest first, of the authorities that the caller is an auditor of. With
// After they are those next to that entry. errs.Unauthenticated, errs.Denied.
func (l *Log) List(ctx context.Context, f Filter, limit int) ([]Record, error) {
	scope, err := auditorOf(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := listEntries(ctx, l.d.Reader(), scope, f, limit)
	if err != nil {
		return nil, fmt.Errorf("list audit entries: %w", err)
	}
	if f.After != "" {
		slices.Reverse(rows)
	}
	return records(rows), nil
}

// History returns the newest entries about an object, the newest first. The caller has authorised it.
func (l *Log) History(ctx context.Context, object string, limit int) ([]Record, error) {
	rows, err := entriesOf(ctx, l.d.Reader(), object, limit)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", object, err)
	}
	return records(rows), nil
}

// State is what verifying an entry now has given.
type State string

// The states of an entry.
const (
	Proved   State = "proved"   // it is the one that the newest signed checkpoint covers
	Waiting  State = "waiting"  // it matches its own hash and seal, and gets its place in the tree within seconds
	Tampered State = "tampered" // it was changed from outside; `rennsteig audit verify` says more
)

// Verified is an entry, verified when it was read.
type Verified struct {
	Record
	State State
}

// VerifiedHistory returns at most limit entries about any of the objects, the newest first: before the entry with that
// id, or those next after it; "" for no bound. Each is verified: its own hash, its seal while it waits, its proof up
// to the signed root. What was deleted cannot be seen here. The caller has authorised it.
func (l *Log) VerifiedHistory(ctx context.Context, objects []string, before, after string, limit int) ([]Verified, error) {
	rows, err := entriesAbout(ctx, l.d.Reader(), objects, before, after, limit)
	if err != nil {
		return nil, fmt.Errorf("history of %d objects: %w", len(objects), err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	p, err := l.prover(ctx)                         // after the rows, so that it covers them
	if err != nil && !errors.Is(err, ErrTampered) { // without a valid checkpoint nothing is proved
		return nil, err
	}
	out := make([]Verified, len(rows))
	for i := range rows {
		out[i] = Verified{rows[i].record(), Tampered}
		if out[i].State, err = l.state(p, &rows[i]); err != nil {
			return nil, fmt.Errorf("verify entry %s: %w", rows[i].id, err)
		}
	}
	return out, nil
}

// state verifies one entry; p is nil if there is no valid checkpoint.
func (l *Log) state(p *prover, r *row) (State, error) {
	if r.seq == Unsequenced && !r.broken {
		if r.intact() && (!l.key.CanSeal() || l.key.checkSeal(r.leaf(), r.seal)) {
			return Waiting, nil
		}
		return Tampered, nil
	}
	if p == nil {
		return Tampered, nil
	}
	switch _, err := p.path(r); {
	case err == nil:
		return Proved, nil
	case errors.Is(err, ErrTampered):
		return Tampered, nil
	default:
		return "", err
	}
}

func records(rows []row) []Record {
	out := make([]Record, len(rows))
	for i := range rows {
		out[i] = rows[i].record()
	}
	return out
}

// get returns one entry that the caller may see as an auditor. errs.NotFound also for those of other authorities.
func (l *Log) get(ctx context.Context, id string) (row, error) {
	scope, err := auditorOf(ctx)
	if err != nil {
		return row{}, err
	}
	r, err := entryBy(ctx, l.d.Reader(), "id", clean(id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && scope != nil && !slices.Contains(scope, r.authority) {
		return row{}, errs.E(errs.NotFound, "audit.not_found")
	}
	return r, err
}

// auditorOf lists the authorities that the caller audits; nil means all.
func auditorOf(ctx context.Context) ([]string, error) {
	p := identity.From(ctx)
	scope := slices.DeleteFunc(p.Authorities(identity.Auditor), func(a string) bool { return a == "" })
	switch {
	case slices.Contains(scope, identity.Everywhere):
		return nil, nil
	case len(scope) > 0:
		return scope, nil
	case !p.SignedIn():
		return nil, errs.E(errs.Unauthenticated, "errs.unauthenticated")
	}
	return nil, errs.E(errs.Denied, "errs.denied")
}
