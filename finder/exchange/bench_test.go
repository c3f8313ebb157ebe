package exchange

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
)

// generated is a message of n objects: a quarter services with nine texts, a quarter offices, half responsibilities.
func generated(n int) string {
	filler := strings.Repeat("Wer umzieht, meldet sich innerhalb von zwei Wochen bei der Meldebehörde an. ", 12)
	var items []string
	for i := 1; i <= n; i++ {
		switch i % 4 {
		case 0:
			modules := []string{"02", fmt.Sprintf("Leistung Nummer %d", i)}
			for j, code := range []string{"03", "05", "06", "07", "08", "09", "11", "22"} {
				modules = append(modules, code, "&lt;p&gt;"+filler[:len(filler)/(1+j%3)]+"&lt;/p&gt;")
			}
			modules[3] = modules[1]
			items = append(items, leistung(fmt.Sprint(i), "", "", modules...))
		case 1:
			items = append(items, write(strings.Replace(office, ">O1<", fmt.Sprintf(">O%d<", i), 1)))
		default:
			items = append(items, zustaendig(fmt.Sprintf("Z%d", i), fmt.Sprintf("O%d", i-i%4+1), fmt.Sprint(i-i%4+4), jena))
		}
	}
	return msg(items...)
}

var objects = flag.Int("objects", 20_000, "how many objects BenchmarkImport takes over")

// BenchmarkImport takes objects into fresh databases. Beside it another writer knocks all the time: wait-s is how long it
// had to wait at most.
func BenchmarkImport(b *testing.B) {
	text := generated(*objects)
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var longest time.Duration
			for b.Loop() {
				b.StopTimer()
				h := housetest.New(b, dialect, rooms...)
				p := newPlace(b, h, false)
				src, err := Open(context.Background(), file(b, text), Fetch{})
				must(b, err)
				ctx, stop := context.WithCancel(context.Background())
				var other sync.WaitGroup
				other.Go(func() { longest = max(longest, knock(ctx, h.DB)) })
				b.StartTimer()
				_, err = p.im.Import(system(), src, Options{})
				b.StopTimer()
				stop()
				other.Wait()
				must(b, err)
				must(b, src.Close())
				b.StartTimer()
			}
			b.ReportMetric(longest.Seconds(), "wait-s")
		})
	}
}

// knock writes a small row again and again until ctx ends, and tells how long one of the writes took at most.
func knock(ctx context.Context, d *db.DB) (longest time.Duration) {
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		<-pace.C
		start := time.Now()
		_ = d.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO finder_popularity (service_key, day, opened) VALUES ('x', $1, 1)`, n)
			return err
		})
		longest = max(longest, time.Since(start))
	}
	return longest
}
