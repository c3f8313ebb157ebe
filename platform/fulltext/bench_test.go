package fulltext_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/fulltext/fulltexttest"
)

// BenchmarkPut measures documents of 300 words that are filed, one in a transaction and 100:
//
//	go run ./platform/db/dbtest/pgtest -durable -- go test -run '^$' -bench Put ./platform/fulltext
func BenchmarkPut(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		for _, each := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/each=%d", dialect, each), func(b *testing.B) {
				d := dbtest.Open(b, dialect, fulltexttest.Migrations...)
				n := 0
				var took time.Duration
				for b.Loop() {
					one, err := fulltexttest.Fill(b.Context(), d, n, n+100, each)
					if err != nil {
						b.Fatal(err)
					}
					n, took = n+100, took+one
				}
				b.ReportMetric(float64(n)/took.Seconds(), "documents/s")
			})
		}
	}
}

// BenchmarkSearch measures searches over 20,000 documents; or over 200,000 in a database to keep, of which
// RENNSTEIG_FULLTEXT has the address. What is missing there is filed first: about an hour.
func BenchmarkSearch(b *testing.B) {
	measure := func(b *testing.B, d *db.DB, documents, rounds int) {
		for b.Loop() {
			figures, err := fulltexttest.Measure(b.Context(), d, documents, rounds, fulltexttest.Readers)
			if err != nil {
				b.Fatal(err)
			}
			for _, f := range figures {
				fmt.Printf("%-26s %-20s %5.1f hits  p50 %7.2f ms  p99 %7.2f ms\n", f.Query, f.Reader, f.Hits, f.P50.Seconds()*1000, f.P99.Seconds()*1000)
			}
		}
	}
	if address := os.Getenv("RENNSTEIG_FULLTEXT"); address != "" {
		d, err := db.Open(b.Context(), address)
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		const documents, each = 200_000, 1000
		if err := d.Migrate(b.Context(), fulltexttest.Migrations...); err != nil {
			b.Fatal(err)
		}
		var there int
		if err := d.Reader().QueryRow(b.Context(), `SELECT count(*) FROM demo_document`).Scan(&there); err != nil {
			b.Fatal(err)
		}
		if _, err := fulltexttest.Fill(b.Context(), d, there, documents, each); err != nil {
			b.Fatal(err)
		}
		if there < documents {
			if _, err := d.SQL().ExecContext(b.Context(), `ANALYZE`); err != nil {
				b.Fatal(err)
			}
		}
		measure(b, d, documents, 10)
		return
	}
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			d := dbtest.Open(b, dialect, fulltexttest.Migrations...)
			if _, err := fulltexttest.Fill(b.Context(), d, 0, 20_000, 1000); err != nil {
				b.Fatal(err)
			}
			measure(b, d, 20_000, 3)
		})
	}
}
