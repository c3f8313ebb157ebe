package filing

import (
	"context"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// View is a search, or a list with its filter, that somebody keeps under a name.
type View struct {
	ID    string
	List  string // "search", "inbox" …
	Name  string
	Query string // of the address
}

const (
	maxViews    = 50 // of one person in one list
	maxViewName = 80 // characters
	maxQuery    = 2000
)

// Views are those that the caller keeps of a list, by name.
func (r *Room) Views(ctx context.Context, list string) ([]View, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	return r.store.views(ctx, q, scope, list)
}

// SaveView keeps one; one of the same name is replaced.
func (r *Room) SaveView(ctx context.Context, v View) error {
	v.Name = oneLine(v.Name)
	switch n := utf8.RuneCountInString(v.Name); {
	case n == 0:
		return errs.InvalidFields([]errs.Field{{Name: "name", Key: "filing.error.no_name"}})
	case n > maxViewName || len(v.Query) > maxQuery || len(v.List) > 40:
		return errs.InvalidFields([]errs.Field{{Name: "name", Key: "records.error.long", Args: []any{maxViewName, n}}})
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		before, err := r.store.views(ctx, tx, scope, v.List)
		if err != nil {
			return err
		}
		if len(before) >= maxViews {
			return errs.InvalidFields([]errs.Field{{Name: "name", Key: "filing.error.too_many_views", Args: []any{maxViews}}})
		}
		return r.store.saveView(ctx, tx, scope, home(ctx), v)
	})
}

// DropView forgets one of the caller's; no error if there is none.
func (r *Room) DropView(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		return r.store.dropView(ctx, tx, scope, id)
	})
}

// home is the authority under which what belongs to the caller alone is kept: the first where they work with files.
func home(ctx context.Context) string {
	p := identity.From(ctx)
	for _, role := range []identity.Role{identity.Clerk, identity.Registrar} {
		if a := p.Authorities(role); len(a) > 0 {
			return a[0]
		}
	}
	return ""
}
