package records

import (
	"context"
	"time"

	"rennsteig/platform/paging"
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
	LentBy    string // subject of who noted the loan; "" if it is not known, or there is none
	Type      string // id of the file type; "" if it has none
	Fields    string // values of the type's own fields, a JSON object
	Keywords  string // separated by line ends
	State     string // "" until disposal begins; see package disposal
	Former    string // Aktenzeichen that it had before, as those of a case

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
	Query   string // part of reference, subject or keywords
	Unit    string // code
	Lead    string // id of the unit that leads them
	Keyword string // a whole one, in any letters
	Level   string // number of an access.Level; "" is any
	Type    string // id of the file type
	State   string // "", FilesOpen or FilesClosed
	Marked  bool   // only the caller's favourites
	Sort    string // "" is the latest first, SortOldest, SortReference
	Page    paging.Cursor
	size    int // of a page; 0 is paging.Size
}

// The values of FileFilter's choices beside "".
const (
	FilesOpen   = "open"
	FilesClosed = "closed"
	SortOldest  = "oldest"
)

// order is that of the list.
func (f FileFilter) order() paging.Order {
	if f.Sort == SortReference {
		return paging.Order{Column: "f.reference", ID: "f.id", Text: true, Size: f.size}
	}
	return paging.Order{Column: "f.opened_at", ID: "f.id", Descending: f.Sort != SortOldest, Size: f.size}
}

// key is where the file stands in a list of this order.
func (f FileFilter) key(x File) paging.Key {
	if f.Sort == SortReference {
		return paging.Key{Sort: x.Reference, ID: x.ID}
	}
	return paging.Time(x.OpenedAt, x.ID)
}

func (f File) search() string {
	return searchText(f.Reference, f.Subject, f.Keywords, f.Former, f.LentTo)
}

// Files lists the files of the caller's authorities.
func (r *Room) Files(ctx context.Context, f FileFilter) (paging.Listing[File], error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[File]{}, err
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

// FileView is a file with what its page shows.
type FileView struct {
	File   File
	Cases  paging.Listing[Case]
	Parts  []Part
	Links  []Link
	Type   FileType // zero if the file has none
	Orgs   []Org
	Marked bool // among the caller's favourites
	Manage bool // the caller sets who reaches it
}

// FilePage reads a file of the caller's authorities with a page of its cases. errs.NotFound for any other.
func (r *Room) FilePage(ctx context.Context, id string, page paging.Cursor) (v FileView, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return v, err
	}
	if v.File, err = r.store.fileByID(ctx, q, a, id); err != nil {
		return v, err
	}
	if err := r.NoteReading(ctx, "records.read", v.File.Authority, FileObject(id), v.File.Level, nil); err != nil {
		return FileView{}, err
	}
	v.Manage = a.Manages(v.File.Authority, v.File.Lead)
	if v.Cases, err = r.store.casesOfFile(ctx, q, a, id, page); err != nil {
		return v, err
	}
	if v.Parts, err = r.store.parts(ctx, q, a, id); err != nil {
		return v, err
	}
	if v.Links, err = r.store.links(ctx, q, a, id); err != nil {
		return v, err
	}
	if v.Orgs, err = r.store.orgs(ctx, q, access.At(v.File.Authority)); err != nil {
		return v, err
	}
	if v.File.Type != "" {
		if v.Type, err = r.store.fileType(ctx, q, access.At(v.File.Authority), v.File.Type); err != nil {
			return v, err
		}
	}
	v.Marked, err = r.store.marked(ctx, q, a, id)
	return v, err
}

// Choices are what can be chosen for a file of the authority.
type Choices struct {
	Units []Unit // in which a file can be opened today
	Orgs  []Org
	Types []FileType
	Level access.Level // the caller's clearance
}

// Choices reads what the caller can choose for a file of the authority. errs.NotFound for an authority not the caller's.
func (r *Room) Choices(ctx context.Context, authority string) (c Choices, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err == nil {
		err = a.Own(authority)
	}
	if err != nil {
		return c, err
	}
	at := access.At(authority)
	units, err := r.store.units(ctx, q, at)
	if err != nil {
		return c, err
	}
	above := map[string]bool{}
	for _, u := range units {
		above[u.Parent] = true
	}
	for _, u := range units {
		if u.ValidAt(r.h.Now()) && !above[u.Code] {
			c.Units = append(c.Units, u)
		}
	}
	if c.Orgs, err = r.store.orgs(ctx, q, at); err != nil {
		return c, err
	}
	for l := access.Open; l.Valid() && a.Cleared(authority, l); l++ {
		c.Level = l
	}
	c.Types, err = r.store.fileTypes(ctx, q, at)
	return c, err
}
