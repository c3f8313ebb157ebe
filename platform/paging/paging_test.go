package paging_test

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/paging"
)

func TestParseKeyRefuses(t *testing.T) {
	id := db.NewID()
	for _, s := range []string{"", "1", id[:35], "x" + id, id + "!", id + "AA", id + "_w", id + strings.Repeat("A", 2000), "{" + id[:34] + "}"} {
		if k := paging.ParseKey(s); k != (paging.Key{}) {
			t.Errorf("ParseKey(%q) = %v", s, k)
		}
	}
}

func TestAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := paging.Key{Sort: strings.ReplaceAll(rapid.StringN(0, 50, 100).Draw(t, "sort"), "\x00", ""), ID: db.NewID()}
		if back := paging.ParseKey(k.String()); back != k {
			t.Fatalf("%+v comes back as %+v", k, back)
		}
		c := paging.Cursor{Before: k}
		v := url.Values{"q": {"x"}, "nach": {"old"}}
		c.Write(v)
		if back := paging.Read(v); back != c || v.Get("q") != "x" {
			t.Fatalf("%+v comes back as %+v", c, back)
		}
	})
}

// TestForthAndBack turns the pages of random lists to the end and back again: every entry comes once, in order, and the
// first page knows that there is none before it.
func TestForthAndBack(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		exec := func(q string, args ...any) {
			must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, q, args...); return err }))
		}
		exec(`CREATE TABLE paging_test (id TEXT PRIMARY KEY, at BIGINT NOT NULL, name TEXT NOT NULL)`)
		rapid.Check(t, func(rt *rapid.T) {
			exec(`DELETE FROM paging_test`)
			type row struct {
				id   string
				at   int64
				name string
			}
			var rows []row
			for range rapid.IntRange(0, 12).Draw(rt, "rows") {
				n := rapid.Int64Range(-2, 3).Draw(rt, "at")
				rows = append(rows, row{db.NewID(), n, string(rune('c' + n))})
				r := rows[len(rows)-1]
				exec(`INSERT INTO paging_test (id, at, name) VALUES ($1, $2, $3)`, r.id, r.at, r.name)
			}
			o := paging.Order{Column: "at", ID: "id", Descending: rapid.Bool().Draw(rt, "descending"), Size: rapid.IntRange(1, 5).Draw(rt, "size")}
			if o.Text = rapid.Bool().Draw(rt, "text"); o.Text {
				o.Column = "name"
			}
			slices.SortFunc(rows, func(a, b row) int {
				c := cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id))
				if o.Text {
					c = cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.id, b.id))
				}
				if o.Descending {
					c = -c
				}
				return c
			})
			read := func(c paging.Cursor) paging.Listing[row] {
				var p db.Params
				found, err := d.Reader().Query(t.Context(), `SELECT id, at, name FROM paging_test WHERE id <> ''`+o.SQL(&p, c), p...)
				list, err := db.All(found, err, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.id, &r.at, &r.name) })
				must(err)
				return paging.Of(list, o, c, func(r row) paging.Key {
					if o.Text {
						return paging.Key{Sort: r.name, ID: r.id}
					}
					return paging.Number(r.at, r.id)
				})
			}
			var forth []row
			var c paging.Cursor
			var last paging.Listing[row]
			for {
				last = read(c)
				forth = append(forth, last.Items...)
				if c = (paging.Cursor{After: last.Next}); last.Next.ID == "" {
					break
				}
			}
			if !slices.Equal(forth, rows) {
				rt.Fatalf("forth %v, want %v", forth, rows)
			}
			back := slices.Clone(last.Items)
			for last.Prev.ID != "" {
				last = read(paging.Cursor{Before: last.Prev})
				back = append(slices.Clone(last.Items), back...)
			}
			if !slices.Equal(back, rows) {
				rt.Fatalf("back %v, want %v", back, rows)
			}
		})
	})
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 1000, time.UTC)
	if k := paging.Time(at, "x"); k.Sort != fmt.Sprint(at.UnixMicro()) {
		t.Error(k)
	}
}

// Any address gives a page of a list, never an error; what is shown in it comes back.
func FuzzParseKey(f *testing.F) {
	f.Add("017f22e2-79b0-7cc3-98c4-dc0c0c07398fMTIz")
	f.Fuzz(func(t *testing.T, s string) {
		if k := paging.ParseKey(s); k.ID != "" && paging.ParseKey(k.String()) != k {
			t.Errorf("%+v comes back as %+v", k, paging.ParseKey(k.String()))
		}
	})
}
