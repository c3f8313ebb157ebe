package records

import (
	"context"
	"time"

	"rennsteig/records/access"
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

	Lead      string       // id of the unit that leads it (Federführung); "" is the authority as a whole
	Readers   string       // holder that reads it without a rule (access.Unit …); "" is everybody at the authority
	Writers   string       // holder that changes it without a rule
	Level     access.Level // confidentiality
	Medium    Medium
	Location  string // of what is on paper
	LentTo    string // who has the paper; "" if it is in its place
	LentAt    time.Time
	LentUntil time.Time
	Type      string // id of the file type; "" if it has none
	Fields    string // values of the type's own fields, a JSON object
	Keywords  string // separated by line ends
	State     string // "" until disposal begins; see package disposal

	RetainUntil time.Time // last day of its retention; zero while it is open
	Version     int64
	ChangedAt   time.Time
	ChangedBy   string     // name
	May         access.May // what the caller may do; set where one file is read
}

// Medium is on what a file is kept (xdomea: Medium).
type Medium string

// The media.
const (
	Electronic Medium = "electronic"
	Hybrid     Medium = "hybrid"
	Paper      Medium = "paper"
)

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
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return Listing[File]{}, err
	}
	return r.store.files(ctx, r.h.DB.Reader(), scope, f)
}

// Units lists the file plan of the caller's authorities, each code once.
func (r *Room) Units(ctx context.Context) ([]Unit, error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return nil, err
	}
	return r.store.units(ctx, r.h.DB.Reader(), scope)
}

// FileWithCases reads a file of the caller's authorities. errs.NotFound for any other.
func (r *Room) FileWithCases(ctx context.Context, id string) (File, []Case, error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return File{}, nil, err
	}
	q := r.h.DB.Reader()
	f, err := r.store.fileByID(ctx, q, scope, id)
	if err == nil {
		err = r.noteReading(ctx, f.Authority, FileObject(id), f.Level)
	}
	if err != nil {
		return File{}, nil, err
	}
	cases, err := r.store.casesOfFile(ctx, q, scope, id)
	return f, cases, err
}
