package records

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// List is a list of the desk. The part whose page shows it declares it once (AddList); what people keep of it, the
// searches under a name and the columns that they want to see, is kept here for all lists.
type List struct {
	Name    string // under which it is kept: "inbox", "files" …
	Title   string // key of what it is called
	Path    string // its address; "{id}" in it is the id of what the list belongs to
	Columns []Column
}

// Column is one of a list's columns. A CSV file has them all.
type Column struct {
	Name    string
	Text    string // key of what it is called
	Fixed   bool   // cannot be left out
	Extra   bool   // is not shown until somebody chooses it
	Several bool   // nor this one, unless they work for several authorities
	Numeric bool
	Sorts   []string // values of the filter's order by it, up and down; NoSort or none where there is no index for it
}

// NoSort is the order that there is not.
const NoSort = "-"

// SortName is the name of the order in the addresses of lists.
const SortName = "sortierung"

// View is a search that somebody keeps: a list with its filter.
type View struct {
	ID    string
	List  string // its name
	Name  string
	Query string // of the address
}

const (
	maxViews    = 50 // of one person in one list
	maxViewName = 80 // characters
	maxQuery    = 2000
)

// AddList makes a list known, so that searches and columns of it are kept.
func (r *Room) AddList(l List) { r.lists[l.Name] = l }

// path is the list's address; of is the id of what it belongs to.
func (l List) path(of string) string { return strings.ReplaceAll(l.Path, "{id}", of) }

// keepable are the query's values without the page.
func keepable(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		if name != "nach" && name != "vor" && len(values) > 0 && values[0] != "" {
			out.Set(name, values[0])
		}
	}
	return out
}

// Views are those that the caller keeps of a list, by name.
func (r *Room) Views(ctx context.Context, list string) ([]View, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	return r.store.views(ctx, q, a, list)
}

// SaveView keeps one; one of the same name is replaced. errs.NotFound for a list that there is not.
func (r *Room) SaveView(ctx context.Context, v View) error {
	if _, ok := r.lists[v.List]; !ok {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	v.Name = OneLine(v.Name)
	switch n := utf8.RuneCountInString(v.Name); {
	case n == 0:
		return errs.InvalidFields([]errs.Field{{Name: "name", Key: "records.error.view_name"}})
	case n > maxViewName:
		return errs.InvalidFields([]errs.Field{{Name: "name", Key: "records.error.long", Args: []any{maxViewName, n}}})
	case len(v.Query) > maxQuery:
		return errs.InvalidFields([]errs.Field{{Name: "name", Key: "records.error.view_long"}})
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		before, err := r.store.views(ctx, tx, a, v.List)
		if err != nil {
			return err
		}
		if len(before) >= maxViews && !slices.ContainsFunc(before, func(b View) bool { return b.Name == v.Name }) {
			return errs.InvalidFields([]errs.Field{{Name: "name", Key: "records.error.too_many_views", Args: []any{maxViews}}})
		}
		return r.store.saveView(ctx, tx, a, v)
	})
}

// DropView forgets one of the caller's; no error if there is none.
func (r *Room) DropView(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		return r.store.dropView(ctx, tx, a, id)
	})
}

// Columns are those of the list that the caller wants to see, in the list's order.
func (r *Room) Columns(ctx context.Context, l List) ([]Column, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	names, chosen, err := r.store.columns(ctx, q, a, l.Name)
	var out []Column
	for _, c := range l.Columns {
		if c.Fixed || chosen && slices.Contains(names, c.Name) || !chosen && !c.Extra && (!c.Several || a.Several()) {
			out = append(out, c)
		}
	}
	return out, err
}

// KeepColumns remembers which of the list's columns the caller wants to see; it leaves out what is none. errs.NotFound
// for a list that there is not.
func (r *Room) KeepColumns(ctx context.Context, list string, names []string) error {
	l, ok := r.lists[list]
	if !ok {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	var kept []string
	for _, c := range l.Columns {
		if !c.Fixed && slices.Contains(names, c.Name) {
			kept = append(kept, c.Name)
		}
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		return r.store.keepColumns(ctx, tx, a, list, kept)
	})
}

// Cells gives the cell of a row in the column with this name.
type Cells func(column string) web.TableCell

// Rows reads a list page by page to its end and makes the rows of each page.
func Rows[T any](read func(paging.Cursor) (paging.Listing[T], error), rows func([]T) ([]Cells, error)) iter.Seq2[Cells, error] {
	return func(yield func(Cells, error) bool) {
		for page := (paging.Cursor{}); ; {
			l, err := read(page)
			var cells []Cells
			if err == nil {
				cells, err = rows(l.Items)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range cells {
				if !yield(c, nil) {
					return
				}
			}
			if l.Next.ID == "" {
				return
			}
			page.After = l.Next
		}
	}
}

// Listed is what the log says of a row of a list that is taken out as a file.
type Listed struct {
	Authority, Object string
	Level             access.Level
}

// NotedRows is Rows of a list that may name something confidential: the log says so of each thing before its row is given
// out, as of other looks at it.
func NotedRows[T any](ctx context.Context, r *Room, l List, listed func(T) Listed, read func(paging.Cursor) (paging.Listing[T], error),
	rows func([]T) ([]Cells, error)) iter.Seq2[Cells, error] {
	return Rows(func(page paging.Cursor) (paging.Listing[T], error) {
		items, err := read(page)
		if err == nil {
			err = noteListed(ctx, r, l, items.Items, listed)
		}
		return items, err
	}, rows)
}

// noteListed keeps in the log which confidential things a page of the list names, each once.
func noteListed[T any](ctx context.Context, r *Room, l List, items []T, listed func(T) Listed) error {
	var sensitive []Listed
	for _, x := range items {
		if n := listed(x); n.Level.Sensitive() && !slices.Contains(sensitive, n) {
			sensitive = append(sensitive, n)
		}
	}
	if len(sensitive) == 0 {
		return nil
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, n := range sensitive {
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.read", Authority: n.Authority, Object: n.Object,
				Changes: map[string]any{"level": int64(n.Level), "list": l.Name}}); err != nil {
				return err
			}
		}
		return nil
	})
}

func listedFile(f File) Listed { return Listed{f.Authority, FileObject(f.ID), f.Level} }

func listedCase(c Case) Listed { return Listed{c.Authority, object(c.ID), c.Level} }
