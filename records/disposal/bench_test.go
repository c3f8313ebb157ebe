package disposal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// many gives Erfurt so many files with a case each, closed so long ago that their retention is over.
func (h *house) many(t testing.TB, n int) {
	t.Helper()
	closed := h.h.Now().AddDate(-20, 0, 0)
	h.tx(t, identity.AsSystem(context.Background(), "test"), func(ctx context.Context, tx *db.Tx) error {
		files := db.Bulk{Into: `records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at, retain_until)`}
		cases := db.Bulk{Into: `records_case (id, authority_id, file_id, reference, subject, search, source, source_reference, status_path, leika_key, applicant, state,
			assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at, changed_by, changed_at, version)`}
		units := []string{unitA, unitB, unitV, "11.10"}
		var later [][]any
		for i := range n {
			id, unit := db.NewID(), units[i%len(units)]
			ref := fmt.Sprintf("%s-2006/%06d", unit, i)
			subject := fmt.Sprintf("Anmeldung eines Hundes, Łucja Müller %d", i)
			if err := files.Add(ctx, tx, id, erfurt, ref, unit, subject, ref, db.Micros(closed.AddDate(-1, 0, 0)), db.Micros(closed),
				db.Micros(closed.AddDate(10, 0, i%300))); err != nil {
				return err
			}
			later = append(later, []any{db.NewID(), erfurt, id, ref + "-1", subject, ref, id, "RS-1", "/", "99110009104000", "Łucja Müller", "closed", "", "",
				db.Micros(closed.AddDate(-1, 0, 0)), 0, db.Micros(closed), 0, "", 0, "", 0, 1})
		}
		if err := files.Flush(ctx, tx); err != nil {
			return err
		}
		for _, c := range later {
			if err := cases.Add(ctx, tx, c...); err != nil {
				return err
			}
		}
		return cases.Flush(ctx, tx)
	})
}

// BenchmarkOffer writes a 0501 with 26,000 files, each with its case, from the database into the blob store.
func BenchmarkOffer(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			h := newHouse(b, housetest.New(b, dialect, rooms...))
			h.plans(b)
			h.many(b, 26_000)
			o := Offering{ID: db.NewID(), Authority: erfurt, Steps: 4}
			start := time.Now()
			n, err := h.Offer(regina, o)
			must(b, err)
			begin := time.Since(start)
			if n != 26_000 {
				b.Fatalf("%d files", n)
			}
			p, packages, _, err := h.Process(regina, o.ID)
			must(b, err)
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			peak, stop := watch()
			for b.Loop() {
				must(b, h.compose(b.Context(), access.At(erfurt), io.Discard, p, packages[0]))
			}
			stop()
			b.ReportMetric(begin.Seconds(), "s/begin")
			b.ReportMetric(math.Max(0, float64(*peak)-float64(before.HeapAlloc))/(1<<20), "MB/peak")
			start = time.Now()
			must(b, h.Work(regina, o.ID))
			b.ReportMetric(time.Since(start).Seconds(), "s/stored")
		})
	}
}

// watch notes the largest heap until stop.
func watch() (peak *uint64, stop func()) {
	peak = new(uint64)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			*peak = max(*peak, m.HeapAlloc)
			select {
			case <-end:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return peak, func() { close(end); <-ended }
}

// BenchmarkDue shows pages of the work list with 100,000 files in it: the first, one in the middle, one of a unit.
func BenchmarkDue(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			h := newHouse(b, housetest.New(b, dialect, rooms...))
			h.plans(b)
			h.many(b, 100_000)
			middle := paging.Cursor{After: paging.Time(h.h.Now().AddDate(-10, 0, 150), db.NewID())}
			filters := []DueFilter{{}, {Latest: true}, {Page: middle}, {Unit: unitB}, {Proposal: "V"}, {Unit: unitV, Page: middle}}
			var times []time.Duration
			i := 0
			for b.Loop() {
				start := time.Now()
				l, err := h.Due(regina, filters[i%len(filters)])
				must(b, err)
				times = append(times, time.Since(start))
				if len(l.Items) != paging.Size {
					b.Fatalf("%d rows of %+v", len(l.Items), filters[i%len(filters)])
				}
				i++
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "ms/p99")
		})
	}
}

// A package holds no more in memory for more files.
func TestOfferIsStreamed(t *testing.T) {
	h := newHouse(t, housetest.New(t, db.SQLite, rooms...))
	h.plans(t)
	h.many(t, 3*composeBatch+7)
	o := Offering{ID: db.NewID(), Authority: erfurt, Steps: 4}
	_, err := h.Offer(regina, o)
	must(t, err)
	must(t, h.Work(regina, o.ID))
	k, b := h.packageOf(t, o.ID, xdomea.Offer)
	sound(t, k, b)
	seen := map[string]bool{}
	must(t, eachOffered(b, func(f *xdomea.File) {
		if len(f.Cases) != 1 || f.Retention.End.IsZero() || seen[f.ID] {
			t.Errorf("file %+v", f)
		}
		seen[f.ID] = true
	}))
	if len(seen) != 3*composeBatch+7 {
		t.Errorf("%d files in the package", len(seen))
	}
}

// eachOffered reads the files of an offer.
func eachOffered(b []byte, f func(*xdomea.File)) error {
	p, err := xdomea.OpenPackage(bytes.NewReader(b), int64(len(b)), xdomea.Options{})
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // it was only read
	for item, err := range p.Items() {
		if err != nil {
			return err
		}
		if file, ok := item.(*xdomea.File); ok {
			f(file)
		}
	}
	return nil
}

// BenchmarkFind looks for a person among 100,000 files with a case each and 200,000 documents, to the end.
func BenchmarkFind(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			h := newHouse(b, housetest.New(b, dialect, rooms...))
			h.plans(b)
			h.many(b, 100_000)
			h.tx(b, regina, func(ctx context.Context, tx *db.Tx) error {
				for _, statement := range []string{
					`INSERT INTO records_form (case_id, authority_id, form_id, form_version, title, answers) SELECT id, authority_id, '', '', '', '[{"Label":"Name","Value":"' ||
						applicant || '"},{"Label":"Anschrift","Value":"Lindenweg 7, 99084 Erfurt"},{"Label":"Hund","Value":"Kurzhaardackel, braun, gechipt"}]' FROM records_case`,
					`INSERT INTO records_document (id, authority_id, case_id, file_id, kind, name, hash, size, media_type, created_at, created_by)
						SELECT c.id || n.n, c.authority_id, c.id, c.file_id, 'attachment', 'Bescheid über die Hundesteuer ' || n.n || '.pdf', '', 0, '', 0, 'Claudia Amtmann'
						FROM records_case c CROSS JOIN (SELECT 'a' AS n UNION ALL SELECT 'b') n`,
					`INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
						SELECT id, 1, authority_id, name, '', 0, '', '', 0, created_by FROM records_document`,
				} {
					if _, err := tx.Exec(ctx, statement); err != nil {
						return err
					}
				}
				return nil
			})
			for _, name := range []string{"Zacharias Quellwasser", "Ilona Sauer"} { // the second has hardly a letter that the database can go by
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						s := Search{ID: db.NewID(), Person: Person{Authority: erfurt, Name: name}, At: h.h.Now()}
						h.tx(b, regina, func(ctx context.Context, tx *db.Tx) error {
							return drop(h.store.insertSearch(ctx, tx, access.At(erfurt), s))
						})
						must(b, h.seek(b.Context(), access.At(erfurt), s.ID, time.Time{}))
					}
				})
			}
		})
	}
}
