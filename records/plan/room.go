package plan

import (
	"context"
	"embed"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Files are the part's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS

// Room is the file plans of the authorities.
type Room struct {
	h     *platform.House
	core  *records.Room
	book  book
	pages pages
}

// New makes the part's pages.
func New(h *platform.House, core *records.Room) *Room {
	return &Room{h: h, core: core, book: book{h.Audit, h.Now}, pages: newPages(h.Site)}
}

// look is the caller's access, if they work at the authority. errs.NotFound for any other.
func look(ctx context.Context, q db.Querier, authority string) (access.Access, error) {
	a, err := access.Load(ctx, q)
	if err == nil {
		err = a.Own(authority)
	}
	return a, err
}

// keep is look for who keeps the records of the authority. errs.Denied for its clerks.
func keep(ctx context.Context, q db.Querier, authority string) error {
	a, err := look(ctx, q, authority)
	if err == nil && !a.Registrar(authority) {
		err = errs.E(errs.Denied, "plan.error.registrar")
	}
	return err
}

// set is the frame of what a registrar changes: one transaction.
func (r *Room) set(ctx context.Context, authority string, do func(ctx context.Context, tx *db.Tx) error) error {
	err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := keep(ctx, tx, authority); err != nil {
			return err
		}
		return do(ctx, tx)
	})
	if db.IsUnique(err) { // two registrars made the same unit at once
		return errs.E(errs.Conflict, "plan.error.changed", err)
	}
	return err
}
