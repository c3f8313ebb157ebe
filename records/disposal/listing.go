package disposal

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// Keyset paging, as in the other lists of the electronic file.

// parseKey reads what records.Key.String wrote; the zero key for anything else.
func parseKey(s string) records.Key {
	micros, id, _ := strings.Cut(s, "_")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || web.ID(id) == "" {
		return records.Key{}
	}
	return records.Key{At: db.Time(n), ID: id}
}

func parseCursor(v url.Values) records.Cursor {
	return records.Cursor{After: parseKey(v.Get("nach")), Before: parseKey(v.Get("vor"))}
}

// keyset is the end of a list's statement: what comes after (or before) the cursor, in the order of column and id.
func keyset(p *db.Params, column, id string, descending bool, c records.Cursor) string {
	key, order, compare := c.After, "ASC", ">"
	if c.Before.ID != "" {
		key = c.Before
	}
	if descending != (c.Before.ID != "") {
		order, compare = "DESC", "<"
	}
	where := ""
	if key.ID != "" {
		where = fmt.Sprintf(" AND (%s, %s) %s (%s, %s)", column, id, compare, p.Add(db.Micros(key.At)), p.Add(key.ID))
	}
	return fmt.Sprintf("%s ORDER BY %s %s, %s %s LIMIT %d", where, column, order, id, order, pageSize+1)
}

// listing makes a page of rows that were read in the direction of the cursor, one more than fits.
func listing[T any](rows []T, c records.Cursor, key func(T) records.Key) records.Listing[T] {
	more := len(rows) > pageSize
	if more {
		rows = rows[:pageSize]
	}
	back := c.Before.ID != ""
	if back {
		slices.Reverse(rows)
	}
	l := records.Listing[T]{Items: rows}
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

// turn is the pagination of a listing.
func turn[T any](l records.Listing[T], path string, v url.Values) web.Pagination {
	to := func(name string, k records.Key) string {
		if k.ID == "" {
			return ""
		}
		v.Del("nach")
		v.Del("vor")
		v.Set(name, k.String())
		return path + "?" + v.Encode()
	}
	return web.Pagination{Previous: to("vor", l.Prev), Next: to("nach", l.Next)}
}

// set makes the query of an address, without what is not set.
func set(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// typedQuery is what was typed into a search field, in one line and not longer than anyone searches for.
func typedQuery(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, " "), "\x00", " ")), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return s
}
