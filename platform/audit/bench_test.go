package audit

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// BenchmarkAppend measures transactions that write one row of their own, without and with an audit entry beside it,
// the sequencer at work, by turns: go test -run '^$' -bench Append ./platform/audit
func BenchmarkAppend(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		for _, rows := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/rows=%d", dialect, rows), func(b *testing.B) {
				d := dbtest.Open(b, dialect, tables...)
				l := newLog(b, d)
				do := func(f func(ctx context.Context, tx *db.Tx, i int) error) time.Duration {
					start := time.Now()
					err := d.Tx(person(), func(ctx context.Context, tx *db.Tx) error {
						for i := range rows {
							if err := f(ctx, tx, i); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
					return time.Since(start)
				}
				err := d.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, `CREATE TABLE plain (id TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, object TEXT NOT NULL, body TEXT NOT NULL)`)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				ctx, stop := context.WithCancel(b.Context())
				var group sync.WaitGroup
				group.Go(func() { l.Run(ctx) }) //nolint:errcheck // always nil
				var plain, audited time.Duration
				for b.Loop() {
					plain += do(func(ctx context.Context, tx *db.Tx, i int) error {
						_, err := tx.Exec(ctx, `INSERT INTO plain (id, at, object, body) VALUES ($1, $2, $3, $4)`,
							db.NewID(), db.Micros(time.Now()), "case:1", `{"state":"decided","result":"granted","amount":1200}`)
						return err
					})
					audited += do(func(ctx context.Context, tx *db.Tx, i int) error {
						return l.Append(ctx, tx, Entry{Action: "records.decided", Authority: "16051000", Object: "case:1",
							Changes: map[string]any{"state": "decided", "result": "granted", "amount": 1200}})
					})
				}
				stop()
				start := time.Now()
				group.Wait()
				audited += time.Since(start) // what the sequencer had left to do belongs to it
				n := float64(b.N * rows)
				b.ReportMetric(n/plain.Seconds(), "inserts/s")
				b.ReportMetric(n/audited.Seconds(), "appends/s")
				b.ReportMetric(plain.Seconds()/audited.Seconds(), "ratio")
			})
		}
	}
}

// BenchmarkVerify measures entries verified per second.
func BenchmarkVerify(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			l := newLog(b, dbtest.Open(b, dialect, tables...))
			const n = 20_000
			for range n / 1000 {
				entries := make([]Entry, 1000)
				for i := range entries {
					entries[i] = Entry{Action: "records.decided", Object: "case:1", Changes: map[string]any{"result": "granted"}}
				}
				add(b, l, entries...)
			}
			start := time.Now()
			if _, err := l.Sequence(b.Context()); err != nil {
				b.Fatal(err)
			}
			sequenced := time.Since(start)
			for b.Loop() {
				if r, err := l.Verify(b.Context(), nil, nil); err != nil || !r.OK() || r.Entries != n {
					b.Fatal(r, err)
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(n/sequenced.Seconds(), "sequenced/s")
		})
	}
}
