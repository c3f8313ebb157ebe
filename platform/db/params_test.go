package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// Words finds what strings.Contains finds, and List what is in a slice, whatever characters stand in them.
func TestWordsAndList(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		must := func(t interface{ Fatal(...any) }, err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		exec := func(t interface{ Fatal(...any) }, q string, args ...any) {
			must(t, d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, q, args...); return err }))
		}
		exec(t, `CREATE TABLE said (id TEXT PRIMARY KEY, text TEXT NOT NULL)`)
		text := rapid.StringOfN(rapid.SampledFrom([]rune(`ab%_!\' ä`)), 0, 8, -1)
		rapid.Check(t, func(t *rapid.T) {
			exec(t, `DELETE FROM said`)
			rows := map[string]string{"1": text.Draw(t, "one"), "2": text.Draw(t, "two"), "3": text.Draw(t, "three")}
			for id, s := range rows {
				exec(t, `INSERT INTO said (id, text) VALUES ($1, $2)`, id, s)
			}
			query := text.Draw(t, "query")
			ids := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4"}), rapid.ID[string]).Draw(t, "ids")
			var p db.Params
			found, err := d.Reader().Query(context.Background(), `SELECT id FROM said WHERE id IN `+p.List(ids)+p.Words("text", query)+` ORDER BY id`, p...)
			got, err := db.All(found, err, func(r db.Scanner) (id string, err error) { return id, r.Scan(&id) })
			must(t, err)
			var want []string
			for _, id := range []string{"1", "2", "3"} {
				all := slices.Contains(ids, id)
				for _, word := range strings.Fields(query) {
					all = all && strings.Contains(rows[id], word)
				}
				if all {
					want = append(want, id)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q among %v of %q: %v, want %v", query, ids, rows, got, want)
			}
		})
	})
}
