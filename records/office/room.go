package office

import (
	"context"
	"embed"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Files are the part's texts and pages.
//
//go:embed texts/*.json pages/*.html
var Files embed.FS

// Person is somebody who works at an authority.
type Person struct {
	Subject string
	Name    string // "" before the first sign-in
}

// Directory knows who works at an authority. app passes the people of the sign-in.
type Directory interface {
	// People lists clerks and registrars of the authority, by name.
	People(ctx context.Context, authority string) ([]Person, error)
}

// Room is the set-up of an authority.
type Room struct {
	h     *platform.House
	core  *records.Room
	dir   Directory
	pages pages
	// Tasks counts the open tasks of a holder (of package access), before somebody leaves a unit; nil counts none. app sets it.
	Tasks func(ctx context.Context, q db.Querier, a access.Access, holder string) (int, error)
}

// New makes the part's pages.
func New(h *platform.House, core *records.Room, dir Directory) *Room {
	return &Room{h: h, core: core, dir: dir, pages: newPages(h.Site)}
}

// set is the frame of what a registrar sets: one transaction, in which they keep the records of the authority. Two of
// them take turns, so that each sees what the other has set: no code and no name is given twice, no unit stands in a ring.
func (r *Room) set(ctx context.Context, authority string, do func(ctx context.Context, tx *db.Tx) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.Own(authority); err != nil {
			return err
		}
		if !a.Registrar(authority) {
			return errs.E(errs.Denied, "office.error.registrar")
		}
		if err := tx.Lock(ctx, "office:"+authority); err != nil {
			return err
		}
		return do(ctx, tx)
	})
}
