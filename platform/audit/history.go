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
