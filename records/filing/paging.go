package filing

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/web"
)

// pageSize is how many entries a list shows at once.
const pageSize = 50

// Place is where an entry stands in a list: what the list is ordered by, and its id. The zero Place is none.
type Place struct{ Key, ID string }

// String writes the place for an address; "" for none.
func (p Place) String() string {
	if p.ID == "" {
		return ""
	}
	return p.ID + base64.RawURLEncoding.EncodeToString([]byte(p.Key))
}

// parsePlace reads what String wrote; no place for anything else.
func parsePlace(s string) Place {
	if len(s) < web.IDLength || len(s) > 2000 {
		return Place{}
	}
	key, err := base64.RawURLEncoding.DecodeString(s[web.IDLength:])
	if err != nil || web.ID(s[:web.IDLength]) == "" || !utf8.Valid(key) || slices.Contains(key, 0) {
		return Place{}
	}
	return Place{Key: string(key), ID: s[:web.IDLength]}
}

// Page says which page of a list: what follows the place After, or goes before the place Before. The zero Page is the
// first.
type Page struct{ After, Before Place }

func parsePage(v url.Values) Page {
	return Page{After: parsePlace(v.Get("nach")), Before: parsePlace(v.Get("vor"))}
}

// Listing is one page of a list.
type Listing[T any] struct {
	Items      []T
	Prev, Next Place // of the first entry if there is a page before, of the last if there is one after
}

// order is what a list is sorted by: a column, then the id.
type order struct {
	column, id string
	number     bool // the column holds a BIGINT
	descending bool
	size       int // entries of a page
}

// keyset is the end of the statement: only what belongs to the page and one entry more, in its order.
func (o order) keyset(p *db.Params, c Page) string {
	at, down := c.After, o.descending
	if c.Before.ID != "" {
		at, down = c.Before, !down
	}
	compare, direction := ">", "ASC"
	if down {
		compare, direction = "<", "DESC"
	}
	where := ""
	if at.ID != "" {
		var key any = at.Key
		if o.number {
			key, _ = strconv.ParseInt(at.Key, 10, 64) // 0 for what is none: the list is never an error
		}
		where = fmt.Sprintf(" AND (%s, %s) %s (%s, %s)", o.column, o.id, compare, p.Add(key), p.Add(at.ID))
	}
	return fmt.Sprintf("%s ORDER BY %s %s, %s %s LIMIT %d", where, o.column, direction, o.id, direction, o.size+1)
}

// listing makes a page of what keyset's statement gave.
func listing[T any](items []T, size int, c Page, place func(T) Place) Listing[T] {
	more := len(items) > size
	items = items[:min(len(items), size)]
	before, after := c.After.ID != "", more
	if c.Before.ID != "" {
		slices.Reverse(items)
		before, after = more, true
	}
	l := Listing[T]{Items: items}
	if len(items) > 0 && before {
		l.Prev = place(items[0])
	}
	if len(items) > 0 && after {
		l.Next = place(items[len(items)-1])
	}
	return l
}

// turn is the pagination of a listing.
func turn[T any](l Listing[T], path string, v url.Values) web.Pagination {
	to := func(name string, p Place) string {
		if p.ID == "" {
			return ""
		}
		v.Del("nach")
		v.Del("vor")
		v.Set(name, p.String())
		return address(path, v)
	}
	return web.Pagination{Previous: to("vor", l.Prev), Next: to("nach", l.Next)}
}
