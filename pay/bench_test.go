package pay

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
)

// BenchmarkPayment is one demand, attempt, payment at the test provider and way back, by several payers at a time.
func BenchmarkPayment(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			w := newWorld(b, housetest.New(b, dialect, room...), Options{Demo: true})
			ctx := b.Context()
			var n atomic.Int64
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p, err := w.request(order(fmt.Sprint("b:", n.Add(1)), 500))
					if err != nil {
						b.Error(err)
						return
					}
					to, err := w.start(ctx, strings.TrimPrefix(p.Path, "/bezahlen/"))
					if err != nil {
						b.Error(err)
						return
					}
					t, err := w.test.payment(ctx, strings.TrimPrefix(to, "/testbezahlung/"))
					if err == nil {
						err = w.test.choose(ctx, t, Payed, w.now())
					}
					if err == nil {
						var tr Transaction
						if tr, err = w.open(ctx, strings.TrimPrefix(p.Path, "/bezahlen/")); err == nil {
							_, err = w.refresh(ctx, tr)
						}
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
		})
	}
}
