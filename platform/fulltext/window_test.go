package fulltext_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/fulltext/fulltexttest"
)

// TestWindows asks in windows of few documents, which widen, for documents that lie close together or decades apart: the
// answer is that of plain reading, in its order, in one go and page by page, and SQLite's.
func TestWindows(t *testing.T) {
	databases := []*db.DB{dbtest.Open(t, db.SQLite, fulltexttest.Migrations...), dbtest.Open(t, db.Postgres, fulltexttest.Migrations...)}
	words := []string{"Hund", "Katze", "Maus"}
	rapid.Check(t, func(r *rapid.T) {
		type document struct {
			at     int64
			has    []string
			labels []string
		}
		documents := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) document {
			return document{
				at:     rapid.Int64Range(1, 1<<rapid.IntRange(1, 41).Draw(r, "magnitude")).Draw(r, "at"),
				has:    rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 3, rapid.ID).Draw(r, "words"),
				labels: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b"}), 0, 2, rapid.ID).Draw(r, "labels"),
			}
		}), 1, 40).Draw(r, "documents")
		slices.SortStableFunc(documents, func(a, b document) int { return int(min(1, max(-1, a.at-b.at))) })
		for _, d := range databases {
			in(t, d, func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, `DELETE FROM demo_text`); err != nil {
					return err
				}
				for i, doc := range documents {
					if err := fulltexttest.Index(d).Put(ctx, tx, fulltext.Document{ID: fmt.Sprint(i), At: time.UnixMilli(doc.at), Labels: doc.labels, Texts: []string{strings.Join(doc.has, " ")}}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		fulltext.Window(t, rapid.IntRange(1, 8).Draw(r, "window"))
		for range 6 {
			word, without := rapid.SampledFrom(words).Draw(r, "word"), rapid.SampledFrom(words).Draw(r, "without")
			phrase := `"` + word + " " + without + `"`
			s := fulltext.Search{Limit: rapid.IntRange(1, 50).Draw(r, "limit"), Labels: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "c"}), 0, 1).Draw(r, "asked labels")}
			query := rapid.SampledFrom([]string{"", word, word + " " + without, word + " -" + without, "-" + word}).Draw(r, "query")
			s.Query = fulltext.Parse(query)
			if rapid.Bool().Draw(r, "phrase") {
				query, s.Query = phrase, fulltext.Parse(phrase)
			}
			var want []string
			for n, doc := range slices.Backward(documents) {
				has := func(w string) bool { return slices.Contains(doc.has, w) }
				i := slices.Index(doc.has, word)
				ok := map[string]bool{"": true, word: has(word), word + " " + without: has(word) && has(without), word + " -" + without: has(word) && !has(without),
					"-" + word: !has(word), phrase: i >= 0 && i+1 < len(doc.has) && doc.has[i+1] == without}[query]
				if ok && (len(s.Labels) == 0 || slices.Contains(doc.labels, s.Labels[0])) {
					want = append(want, fmt.Sprint(n))
				}
			}
			for _, d := range databases {
				if got, _ := find(t, d, s); !slices.Equal(got, want[:min(len(want), s.Limit)]) {
					r.Fatalf("%q for %q in %s: found %q, want the first %d of %q", query, s.Labels, d.Dialect(), got, s.Limit, want)
				}
				if got := pages(t, d, s); !slices.Equal(got, want) {
					r.Fatalf("%q for %q in %s: page by page %q, want %q", query, s.Labels, d.Dialect(), got, want)
				}
			}
		}
	})
}

// A database that was filled before PostgreSQL's index had places finds the same after its migration.
func TestMigrated(t *testing.T) {
	before := fstest.MapFS{}
	for _, name := range []string{"0001_text.sqlite.sql", "0001_text.postgres.sql", "0002_document.sql"} {
		b, err := fs.ReadFile(fulltexttest.Migrations[0].FS, "migrations/"+name)
		if err != nil {
			t.Fatal(err)
		}
		before["migrations/"+name] = &fstest.MapFile{Data: b}
	}
	dbtest.Each(t, []db.Migration{{Room: fulltexttest.Migrations[0].Room, FS: before}}, func(t *testing.T, d *db.DB) {
		fulltext.Window(t, 1)
		put(t, d, "old", 2, "Hund")
		put(t, d, "older", 1, "Hund")
		if err := d.Migrate(t.Context(), fulltexttest.Migrations...); err != nil {
			t.Fatal(err)
		}
		put(t, d, "new", 1<<40, "Hund")
		if got := found(t, d, "Hund"); !slices.Equal(got, []string{"new", "old", "older"}) {
			t.Errorf("found %q", got)
		}
	})
}
