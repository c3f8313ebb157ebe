package records

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// Filter says which cases the inbox shows, and in which order. The zero value is the open ones, the oldest first.
type Filter struct {
	Query string // part of Aktenzeichen, applicant's reference, applicant or subject
	State string // "" is open ones, "all", or a State
	Who   string // "" is everyone's, "mine", "free"
	Sort  string // "" is longest waiting first, "newest", "due"
	Page  Cursor
}

// The values of Filter's choices beside "".
const (
	StateAll   = "all"
	WhoMine    = "mine"
	WhoFree    = "free"
	SortNewest = "newest"
	SortDue    = "due"
)

// pageSize is how many entries a list shows at once.
const pageSize = 50

// Cursor is a place in a list: the key of the entry that the page follows (After) or goes before (Before). The zero
// Cursor is the first page.
type Cursor struct{ After, Before Key }

// Key is what a list is ordered by: a time, then the id. The zero Key is no place.
type Key struct {
	At time.Time
	ID string
}

// String writes the key for an address; "" for the zero key.
func (k Key) String() string {
	if k.ID == "" {
		return ""
	}
	return strconv.FormatInt(db.Micros(k.At), 10) + "_" + k.ID
}

// parseKey reads what String wrote; the zero key for anything else.
func parseKey(s string) Key {
	micros, id, _ := strings.Cut(s, "_")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || web.ID(id) == "" {
		return Key{}
	}
	return Key{At: db.Time(n), ID: id}
}

// Listing is one page of a list.
type Listing[T any] struct {
	Items      []T
	Prev, Next Key // of the first entry if there is a page before, of the last if there is one after
}

// listing makes a page of rows that were read in the direction of the cursor, one more than fits.
func listing[T any](rows []T, c Cursor, key func(T) Key) Listing[T] {
	more := len(rows) > pageSize
	if more {
		rows = rows[:pageSize]
	}
	back := c.Before.ID != ""
	if back {
		slices.Reverse(rows)
	}
	l := Listing[T]{Items: rows}
	if len(rows) == 0 {
		return l
	}
	if back && more || !back && c.After.ID != "" {
		l.Prev = key(rows[0])
	}
	if !back && more || back {
		l.Next = key(rows[len(rows)-1])
	}
	return l
}

// keyset is the end of a list's statement: what comes after (or before) the cursor, in the order of column and id.
func keyset(p *db.Params, column string, descending bool, c Cursor) string {
	key := c.After
	if c.Before.ID != "" {
		key = c.Before
	}
	compare, order := ">", direction(descending, c)
	if order == "DESC" {
		compare = "<"
	}
	where := ""
	if key.ID != "" {
		where = fmt.Sprintf(" AND (%s, id) %s (%s, %s)", column, compare, p.Add(db.Micros(key.At)), p.Add(key.ID))
	}
	return fmt.Sprintf("%s ORDER BY %s %s, id %s LIMIT %d", where, column, order, order, pageSize+1)
}

// direction is the order in which the rows are read: the list's, or the other way round for the page before.
func direction(descending bool, c Cursor) string {
	if descending != (c.Before.ID != "") {
		return "DESC"
	}
	return "ASC"
}

// sortKey is where the case stands in a list of this order.
func (f Filter) sortKey(c Case) Key {
	if f.Sort == SortDue {
		return Key{c.DueAt, c.ID}
	}
	return Key{c.ReceivedAt, c.ID}
}

// Inbox lists the cases of the caller's authorities.
func (r *Room) Inbox(ctx context.Context, f Filter) (Listing[Case], error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return Listing[Case]{}, err
	}
	return r.store.inbox(ctx, r.h.DB.Reader(), scope, identity.From(ctx).Subject, f)
}

// Neighbour is the id of the case that follows this one in the list of the filter; "" at its end.
func (r *Room) Neighbour(ctx context.Context, f Filter, c Case) (string, error) {
	f.Page = Cursor{After: f.sortKey(c)}
	next, err := r.Inbox(ctx, f)
	if err != nil || len(next.Items) == 0 {
		return "", err
	}
	return next.Items[0].ID, nil
}
