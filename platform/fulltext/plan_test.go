package fulltext_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/fulltext/fulltexttest"
)

// What makes frequent words fast is the plan. SQLite: the full text is the outer loop and comes in order already, so
// that the limit ends it:
//
//	SCAN x VIRTUAL TABLE INDEX 0:M1>=…
//	SEARCH t USING INTEGER PRIMARY KEY (rowid=?)
//	SEARCH d USING INDEX sqlite_autoindex_demo_document_1 (id=?)
//
// PostgreSQL: the index finds the documents of the window, they are sorted, and the room's table is asked about one
// after the other until there is enough. Never is it the outer loop, and never is the full text's table read through:
// its function would build a vector of every document:
//
//	Limit
//	  ->  Nested Loop
//	        ->  Sort  (Sort Key: t.n DESC)
//	              ->  Bitmap Heap Scan on demo_text t  (Filter: n >= …)
//	                    ->  Bitmap Index Scan on demo_text_vector  (Index Cond: … @@ … AND demo_text_places(n) && …)
//	        ->  Index Scan using demo_document_pkey on demo_document d
func TestPlan(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		x := fulltexttest.Index(d)
		in(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i := range 5000 {
				text := fmt.Sprintf("Hund %d", i%100)
				if err := x.Put(ctx, tx, fulltext.Document{ID: fmt.Sprint(i), At: fulltexttest.Begin.Add(time.Duration(i) * time.Minute), Texts: []string{text}}); err != nil {
					return err
				}
			}
			return nil
		})
		// On PostgreSQL the last ten of these lie beyond the first window.
		s := fulltext.Search{Query: fulltext.Parse("Hund 17"), Limit: 100}
		got, _ := find(t, d, s)
		if len(got) != 50 || got[0] != "4917" || got[49] != "17" || !slices.Equal(pages(t, d, s), got) {
			t.Errorf("found %d: %q", len(got), got)
		}
		if _, err := d.SQL().ExecContext(t.Context(), `ANALYZE`); err != nil {
			t.Fatal(err)
		}
		explain := map[db.Dialect]string{db.SQLite: `EXPLAIN QUERY PLAN `, db.Postgres: `EXPLAIN `}[d.Dialect()]
		for _, query := range []string{"Hund", "Hund 17", "-Hund", "Hund*", `"Hund 1"`, "H*", ""} {
			s := fulltext.Search{Query: fulltext.Parse(query), Limit: 51, Labels: []string{"a"}}
			plan, err := fulltext.Newest(t.Context(), x, d.Reader(), s, func(m fulltext.Match) (string, db.Params) {
				var p db.Params
				return explain + `SELECT t.n FROM ` + m.From("demo_document d", "d.id", &p) + ` WHERE d.authority_id = ` +
					p.Add("a") + m.Newest(&p), p
			}, func(r db.Scanner) (line string, err error) {
				if d.Dialect() == db.SQLite {
					var id, parent, unused int
					err = r.Scan(&id, &parent, &unused, &line)
				} else {
					err = r.Scan(&line)
				}
				return line, err
			})
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "\n")
			ok := strings.HasPrefix(text, "SCAN x VIRTUAL TABLE") && !strings.Contains(text, "TEMP B-TREE") && !strings.Contains(text, "SCAN t")
			if d.Dialect() == db.Postgres {
				ok = strings.Contains(text, "Bitmap Index Scan on demo_text_vector") && !strings.Contains(text, "Seq Scan on demo_text") &&
					regexp.MustCompile(`Index Cond: .* AND \(demo_text_places\(n\) && `).MatchString(text)
			}
			if !ok {
				t.Errorf("%q:\n%s", query, text)
			} else if testing.Verbose() {
				t.Logf("%q:\n%s", query, text)
			}
		}
	})
}
