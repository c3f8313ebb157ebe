package disposal

import (
	"context"

	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Retention is all about the retention and the disposal of one file.
type Retention struct {
	File         records.File
	Rule         Rule
	Item         *Item  // nil if it was in no process
	Process      string // ProzessID of the item
	Destructions []Destruction
	Erasures     []Erasure // only for who may decide on them
	Origins      []Origin
	Registrar    bool // the caller keeps the file's records
}

// Retention reads it of a file that the caller may read. errs.NotFound for any other.
func (r *Room) Retention(ctx context.Context, file string) (v Retention, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return v, err
	}
	if v.File, err = r.core.FileByID(ctx, q, a, file); err != nil {
		return v, err
	}
	v.Registrar = a.Registrar(v.File.Authority)
	if v.Rule, err = r.store.rule(ctx, q, a, v.File.Authority, v.File.Unit.Code); err != nil {
		return v, err
	}
	item, process, err := r.store.itemOfFile(ctx, q, a, file)
	switch {
	case err == nil:
		v.Item, v.Process = &item, process
	case !errs.Is(err, errs.NotFound):
		return v, err
	}
	if v.Destructions, err = r.store.destructions(ctx, q, a, file); err != nil {
		return v, err
	}
	if a.Manages(v.File.Authority, v.File.Lead) {
		if v.Erasures, err = r.store.erasuresOf(ctx, q, a, file); err != nil {
			return v, err
		}
	}
	v.Origins, err = r.store.origins(ctx, q, a, file)
	if err == nil {
		err = r.core.NoteReading(ctx, "disposal.read", v.File.Authority, records.FileObject(file), v.File.Level, nil)
	}
	return v, err
}
