package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

func TestHistoryIsVerified(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		req := akte(t, l, store)
		states := func() (out string) {
			t.Helper()
			list, err := l.VerifiedHistory(t.Context(), req.Objects, "", "", 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				out += fmt.Sprintf("%d %s %s\n", v.Seq, v.Action, v.State)
			}
			return out
		}
		const rest = "308 records.decided proved\n307 records.filed proved\n306 records.filed proved\n" +
			"5 records.filed proved\n4 records.case_opened proved\n3 records.file_opened proved\n"
		if got, want := states(), "-1 records.erased waiting\n"+rest; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		change(t, l.d, `UPDATE audit_entry SET actor = 'x' WHERE seq IS NULL`)
		if got, want := states(), "-1 records.erased tampered\n"+rest; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		change(t, l.d, `UPDATE audit_entry SET actor = 'p1' WHERE seq IS NULL`)
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		change(t, l.d, `UPDATE audit_entry SET action = 'records.granted' WHERE seq = 308`)
		change(t, l.d, `UPDATE audit_hash SET hashes = $1 WHERE level = 0 AND tile = 0`, make([]byte, 256*32))
		if got, want := states(), "310 records.erased proved\n308 records.granted tampered\n307 records.filed proved\n306 records.filed proved\n"+
			"5 records.filed tampered\n4 records.case_opened tampered\n3 records.file_opened tampered\n"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		change(t, l.d, `UPDATE audit_checkpoint SET note = 'x'`)
		if got := states(); strings.Count(got, string(Tampered)) != 7 {
			t.Errorf("without a valid checkpoint: %s", got)
		}
		for _, objects := range [][]string{nil, {}, {"case:none"}, {"\xff\x00"}} {
			if list, err := l.VerifiedHistory(t.Context(), objects, "", "", 100); err != nil || len(list) != 0 {
				t.Errorf("%q: %v, %v", objects, list, err)
			}
		}
	})
}

// TestHistoryIsPaged: pages forwards and backwards give what one long list gives, whatever the objects are.
func TestHistoryIsPaged(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		var entries []Entry
		for i := range 100 {
			entries = append(entries, Entry{Action: "x.done", Object: fmt.Sprintf("x:%d", i*i%7)})
		}
		add(t, l, entries...)
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids := func(list []Verified) (out []string) {
			for _, v := range list {
				out = append(out, v.ID)
			}
			return out
		}
		rapid.Check(t, func(rt *rapid.T) {
			objects := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"x:0", "x:1", "x:2", "x:3", "x:4"}), rapid.ID).Draw(rt, "objects")
			limit := rapid.IntRange(1, 30).Draw(rt, "limit")
			get := func(before, after string, limit int) []string {
				list, err := l.VerifiedHistory(t.Context(), objects, before, after, limit)
				if err != nil {
					rt.Fatal(err)
				}
				return ids(list)
			}
			all := get("", "", 1000)
			var forwards []string
			for page := get("", "", limit); len(page) > 0; page = get(page[len(page)-1], "", limit) {
				forwards = append(forwards, page...)
			}
			var backwards []string
			if len(all) > 0 {
				backwards = all[len(all)-1:]
				for page := get("", backwards[0], limit); len(page) > 0; page = get("", page[0], limit) {
					backwards = append(slices.Clone(page), backwards...)
				}
			}
			if !slices.Equal(all, forwards) || !slices.Equal(all, backwards) {
				rt.Errorf("all %v, forwards %v, backwards %v", all, forwards, backwards)
			}
		})
	})
}

// BenchmarkFile measures the first page of a history and the bundle of a file with 100,000 entries, about one object
// and about 10,000: go test -run '^$' -bench File -benchtime 20x ./platform/audit
func BenchmarkFile(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		for _, n := range []int{1, 10_000} {
			l := newLog(b, dbtest.Open(b, dialect, tables...))
			var objects []string
			for i := range n {
				objects = append(objects, fmt.Sprintf("document:%05d", i))
			}
			const size = 100_000
			for first := 0; first < size; first += 1000 {
				entries := make([]Entry, 1000)
				for i := range entries {
					entries[i] = Entry{Action: "records.filed", Authority: "a1", Object: objects[(first+i)%n], Changes: map[string]any{"title": "Bescheid"}}
				}
				add(b, l, entries...)
			}
			if _, err := l.Sequence(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/objects=%d/history", dialect, n), func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					list, err := l.VerifiedHistory(b.Context(), objects, "", "", 50)
					if err != nil || len(list) != 50 || list[0].State != Proved {
						b.Fatal(err)
					}
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
			})
			b.Run(fmt.Sprintf("%s/objects=%d/bundle", dialect, n), func(b *testing.B) {
				for b.Loop() {
					if s, err := l.WriteBundle(b.Context(), io.Discard, BundleRequest{Objects: objects}); err != nil || s.Entries != size {
						b.Fatal(s, err)
					}
				}
				b.ReportMetric(size*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			})
		}
	}
}
