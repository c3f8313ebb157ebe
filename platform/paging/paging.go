// Package paging pages long lists by key: a page begins after (or ends before) the place of an entry, not at a number, so
// that it is one step along an index however deep it lies, and nothing is shown twice or left out while others add.
package paging

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/web"
)

// Size is how many entries a list shows at once, unless its Order says otherwise.
const Size = 50

// Key is where an entry stands in a list: what the list is ordered by, and its id. The zero Key is no place.
type Key struct{ Sort, ID string }

// Number is the key in a list ordered by a BIGINT column.
func Number(n int64, id string) Key { return Key{strconv.FormatInt(n, 10), id} }

// Time is the key in a list ordered by a time.
func Time(t time.Time, id string) Key { return Number(db.Micros(t), id) }

// String writes the key for an address; "" for none.
func (k Key) String() string {
	if k.ID == "" {
		return ""
	}
	return k.ID + base64.RawURLEncoding.EncodeToString([]byte(k.Sort))
}

// ParseKey reads what String wrote; no place for anything else.
func ParseKey(s string) Key {
	if len(s) < web.IDLength || len(s) > 2000 {
		return Key{}
	}
	id := web.ID(s[:web.IDLength])
	sort, err := base64.RawURLEncoding.DecodeString(s[web.IDLength:])
	if err != nil || id == "" || !utf8.Valid(sort) || slices.Contains(sort, 0) {
		return Key{}
	}
	return Key{string(sort), id}
}

// The names of a cursor's keys in an address.
const (
	after  = "nach"
	before = "vor"
)

// Cursor says which page of a list: what follows After, or goes before Before. The zero Cursor is the first page.
type Cursor struct{ After, Before Key }

// Read reads a cursor from an address; the first page for what is none.
func Read(v url.Values) Cursor {
	return Cursor{ParseKey(v.Get(after)), ParseKey(v.Get(before))}
}

// Write puts the cursor into the query of an address.
func (c Cursor) Write(v url.Values) {
	for name, k := range map[string]Key{after: c.After, before: c.Before} {
		if v.Del(name); k.ID != "" {
			v.Set(name, k.String())
		}
	}
}

// Back reports whether the page is read from its end.
func (c Cursor) Back() bool { return c.Before.ID != "" }

// key is the place that the page begins at, in the direction in which it is read.
func (c Cursor) key() Key {
	if c.Back() {
		return c.Before
	}
	return c.After
}

// Order is what a list is sorted by: a column, then the id.
type Order struct {
	Column, ID string // as they stand in the statement, "d.created_at" and "d.id"
	Text       bool   // the column holds a TEXT, not a BIGINT
	Descending bool
	Size       int // entries of a page; 0 is Size
}

func (o Order) size() int {
	if o.Size == 0 {
		return Size
	}
	return o.Size
}

// Direction is the order in which the rows are read: the list's, or the other way round for a page read from its end.
func (o Order) Direction(c Cursor) string {
	if o.Descending != c.Back() {
		return "DESC"
	}
	return "ASC"
}

// From is the condition that a row belongs to what follows (or goes before) the cursor; "" on the first page.
func (o Order) From(p *db.Params, c Cursor) string {
	at := c.key()
	if at.ID == "" {
		return ""
	}
	compare := ">"
	if o.Direction(c) == "DESC" {
		compare = "<"
	}
	var sort any = at.Sort
	if !o.Text {
		sort, _ = strconv.ParseInt(at.Sort, 10, 64) // 0 for what is none: a list is never an error
	}
	return fmt.Sprintf(" AND (%s, %s) %s (%s, %s)", o.Column, o.ID, compare, p.Add(sort), p.Add(at.ID))
}

// Limit is the end of a statement: its order, and one row more than the page shows.
func (o Order) Limit(c Cursor) string {
	direction := o.Direction(c)
	return fmt.Sprintf(" ORDER BY %s %s, %s %s LIMIT %d", o.Column, direction, o.ID, direction, o.size()+1)
}

// SQL is the end of a list's statement whose WHERE has begun: From and Limit.
func (o Order) SQL(p *db.Params, c Cursor) string { return o.From(p, c) + o.Limit(c) }

// Listing is one page of a list.
type Listing[T any] struct {
	Items      []T
	Prev, Next Key // of the first entry if there is a page before, of the last if there is one after
}

// Of makes a page of the rows that the order's statement gave, in the direction in which they were read.
func Of[T any](rows []T, o Order, c Cursor, key func(T) Key) Listing[T] {
	more := len(rows) > o.size()
	rows = rows[:min(len(rows), o.size())]
	before, after := c.After.ID != "", more
	if c.Back() {
		slices.Reverse(rows)
		before, after = more, true
	}
	l := Listing[T]{Items: rows}
	if len(rows) > 0 && before {
		l.Prev = key(rows[0])
	}
	if len(rows) > 0 && after {
		l.Next = key(rows[len(rows)-1])
	}
	return l
}

// Pages is the pagination below the list, whose address is path with the query v.
func (l Listing[T]) Pages(path string, v url.Values) web.Pagination {
	to := func(c Cursor) string {
		if c == (Cursor{}) {
			return ""
		}
		c.Write(v)
		return web.Address(path, v)
	}
	return web.Pagination{Previous: to(Cursor{Before: l.Prev}), Next: to(Cursor{After: l.Next})}
}
