package filing_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/extract"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/records"
	"rennsteig/records/filing"
	"rennsteig/records/filing/filingtest"
)

type nobody struct{}

func (nobody) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, nil
}
func (nobody) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (nobody) ByNotice(string) bool { return false }

const authority = "authority-erfurt"

type desk struct {
	h     *platform.House
	core  *records.Room
	room  *filing.Room
	mux   *http.ServeMux
	clerk context.Context
	cases []string
}

func newDesk(b *testing.B, dialect db.Dialect) desk {
	b.Helper()
	h := housetest.New(b, dialect, platform.Files{Room: "records", FS: records.Files}, platform.Files{Room: "filing", FS: filing.Files},
		platform.Files{Room: "extract", FS: extract.Files})
	core, err := records.New(h, nobody{}, nobody{}, nobody{})
	if err != nil {
		b.Fatal(err)
	}
	x := extract.New(extract.Options{Cache: b.TempDir()})
	b.Cleanup(func() { x.Close() }) //nolint:errcheck // the end
	room, err := filing.New(h, core, x)
	if err != nil {
		b.Fatal(err)
	}
	d := desk{h: h, core: core, room: room, mux: http.NewServeMux(), clerk: identity.With(context.Background(), identity.Principal{Subject: "c", Name: "Erika Amt",
		Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: authority}}})}
	room.Routes(d.mux)
	if err := core.EnsurePlan(b.Context(), []string{authority}); err != nil {
		b.Fatal(err)
	}
	units, err := core.Choices(d.clerk, authority)
	if err != nil {
		b.Fatal(err)
	}
	f, err := core.OpenFile(d.clerk, records.NewFile{Authority: authority, Unit: units.Units[0].Code, Details: records.Details{Subject: "Bench"}})
	if err != nil {
		b.Fatal(err)
	}
	for range 4 {
		c, err := core.OpenCase(d.clerk, records.NewCase{File: f.ID, Subject: "Bench"})
		if err != nil {
			b.Fatal(err)
		}
		d.cases = append(d.cases, c.ID)
	}
	return d
}

func eachDialect(b *testing.B, f func(b *testing.B, d desk)) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) { f(b, newDesk(b, dialect)) })
	}
}

// Filing 20 KB PDFs by four clerks at once, each in a case of their own unless it says one-case, against writing the same
// bytes with fsync to a plain folder in the same run, by as many at once. The ratio is "of-floor": 1 is as fast as the
// folder. With text-on texts are read beside; findable-docs/s is until the last is.
func BenchmarkFiling(b *testing.B) {
	const n = 400
	for _, reading := range []bool{false, true} {
		name := map[bool]string{false: "text-off", true: "text-on"}[reading]
		for _, v := range []struct {
			name     string
			each, in int
		}{{"one-a-form", 1, 4}, {"one-a-form-one-case", 1, 1}, {"twenty-a-form", 20, 4}} {
			b.Run(name+"/"+v.name, func(b *testing.B) {
				eachDialect(b, func(b *testing.B, d desk) {
					cases := slices.Clone(d.cases)
					for i := range cases {
						cases[i] = d.cases[i%v.in]
					}
					for b.Loop() {
						files, err := filingtest.PDFs(n)
						if err != nil {
							b.Fatal(err)
						}
						floor, err := filingtest.Floor(b.TempDir(), files, len(cases))
						if err != nil {
							b.Fatal(err)
						}
						if reading { // pdfium takes seconds to start, once
							if _, err := filingtest.File(d.clerk, d.h, d.room, cases[:1], files[:1], 1); err != nil {
								b.Fatal(err)
							}
							read(b, d)
						}
						stop := func() {}
						if reading {
							stop = readers(b, d)
						}
						begin := time.Now()
						took, err := filingtest.File(d.clerk, d.h, d.room, cases, files, v.each)
						if err != nil {
							b.Fatal(err)
						}
						if stop(); reading {
							read(b, d)
							b.ReportMetric(n/time.Since(begin).Seconds(), "findable-docs/s")
						}
						again, err := filingtest.Floor(b.TempDir(), files, len(cases)) // the disk is shared: the mean of before and after
						if err != nil {
							b.Fatal(err)
						}
						floor = (floor + again) / 2
						b.ReportMetric(n/took.Seconds(), "docs/s")
						b.ReportMetric(n/floor.Seconds(), "floor-docs/s")
						b.ReportMetric(floor.Seconds()/took.Seconds(), "of-floor")
					}
				})
			})
		}
	}
}

// readers read texts beside, as the running program does, until they are stopped.
func readers(b *testing.B, d desk) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, run := range []func() error{func() error { return d.room.Run(ctx) }, func() error { return d.h.Queue.Run(ctx, 2) }} {
		all.Go(func() {
			if err := run(); err != nil {
				b.Error(err)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// read reads all texts that wait.
func read(b *testing.B, d desk) {
	b.Helper()
	if err := d.room.Catch(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := d.h.Queue.Drain(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// Pages as the browser gets them, in process.
func BenchmarkLists(b *testing.B) {
	eachDialect(b, func(b *testing.B, d desk) {
		if err := filingtest.FillCase(b.Context(), d.h, d.core, d.cases[0], 10_000); err != nil {
			b.Fatal(err)
		}
		if err := filingtest.FillIncoming(b.Context(), d.h, authority, 100_000); err != nil {
			b.Fatal(err)
		}
		if d.h.DB.Dialect() == db.Postgres { // as its own daemon does soon after so many rows
			if _, err := d.h.DB.SQL().ExecContext(b.Context(), `ANALYZE`); err != nil {
				b.Fatal(err)
			}
		}
		documents := "/akte/vorgang/" + d.cases[0] + "/dokumente"
		for name, path := range map[string]string{"case": documents, "case-by-name": documents + "?sortierung=name", "case-filtered": documents + "?q=009999",
			"case-nothing": documents + "?q=gibtsnicht", "inbox": "/akte/posteingang", "inbox-filtered": "/akte/posteingang?q=nummer+99999",
			"inbox-nothing": "/akte/posteingang?q=gibtsnicht"} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					p99, err := filingtest.P99(200, func(int) error {
						w := httptest.NewRecorder()
						d.mux.ServeHTTP(w, httptest.NewRequestWithContext(d.clerk, http.MethodGet, path, nil))
						if w.Code != http.StatusOK {
							b.Fatalf("%s: %d", path, w.Code)
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
				}
			})
		}
	})
}
