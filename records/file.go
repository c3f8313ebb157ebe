package records

import (
	"context"
	"time"
)

// File is an electronic file (Akte).
type File struct {
	ID        string
	Authority string
	Reference string // Aktenzeichen, "22.31-2026/000017"
	Unit      Unit   // where it lies in the file plan
	Subject   string
	OpenedAt  time.Time
	ClosedAt  time.Time // zero while a case in it is open
}

// RetainedUntil is the last day on which the file is kept; the zero time while it is open.
func (f File) RetainedUntil() time.Time {
	if f.ClosedAt.IsZero() {
		return time.Time{}
	}
	return f.Unit.RetainedUntil(f.ClosedAt)
}

// FileFilter says which files a list shows; the zero value is all, latest first.
type FileFilter struct {
	Query string // part of reference or subject
	Unit  string // code
	Page  Cursor
}

// Files lists the files of the caller's authorities, the latest first.
func (r *Room) Files(ctx context.Context, f FileFilter) (Listing[File], error) {
	scope, err := clerkScope(ctx)
	if err != nil {
		return Listing[File]{}, err
	}
	return r.store.files(ctx, r.h.DB.Reader(), scope, f)
}

// Units lists the file plan of the caller's authorities, each code once.
func (r *Room) Units(ctx context.Context) ([]Unit, error) {
	scope, err := clerkScope(ctx)
	if err != nil {
		return nil, err
	}
	return r.store.units(ctx, r.h.DB.Reader(), scope)
}

// FileWithCases reads a file of the caller's authorities. errs.NotFound for any other.
func (r *Room) FileWithCases(ctx context.Context, id string) (File, []Case, error) {
	scope, err := clerkScope(ctx)
	if err != nil {
		return File{}, nil, err
	}
	q := r.h.DB.Reader()
	f, err := r.store.fileByID(ctx, q, scope, id)
	if err != nil {
		return File{}, nil, err
	}
	cases, err := r.store.casesOfFile(ctx, q, scope, id)
	return f, cases, err
}
