package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

var things = []db.Migration{{Room: "thing", FS: fstest.MapFS{"migrations/0001_thing.sql": {Data: []byte(`
-- +goose Up
CREATE TABLE thing (id TEXT PRIMARY KEY, n BIGINT NOT NULL, at BIGINT NOT NULL DEFAULT 0, yes BOOLEAN NOT NULL DEFAULT false, raw BYTEA, name TEXT);
CREATE UNIQUE INDEX thing_name ON thing (name);
CREATE TABLE part (id TEXT PRIMARY KEY, thing_id TEXT NOT NULL REFERENCES thing (id));
-- +goose Down
DROP TABLE part;
DROP TABLE thing;
`)}}}}

func tx(t testing.TB, d *db.DB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func insert(ctx context.Context, tx *db.Tx, id string, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO thing (id, n) VALUES ($1, $2)`, id, n)
	return err
}

func count(t testing.TB, d *db.DB) (n int) {
	t.Helper()
	if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM thing`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPlaceholders binds $n by number, whatever their order and number in the text: some SQLite drivers bind by the
// first occurrence, and are silently wrong.
func TestPlaceholders(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		for q, want := range map[string]string{
			`SELECT $1 || ',' || $2 || ',' || $3`:                                           "a,b,c",
			`SELECT $3 || ',' || $1 || ',' || $2`:                                           "c,a,b",
			`SELECT $2 || ',' || $2 || ',' || $1 || ',' || $3`:                              "b,b,a,c",
			`SELECT x || ',' || $1 || ',' || $2 FROM (SELECT CAST($3 AS TEXT) AS x) AS sub`: "c,a,b",
		} {
			var got string
			if err := d.Reader().QueryRow(t.Context(), q, "a", "b", "c").Scan(&got); err != nil || got != want {
				t.Errorf("%s gives %q, %v, want %q", q, got, err, want)
			}
		}
	})
}

// TestValues stores values and reads the very same ones: text, numbers, times to the microsecond, booleans, bytes.
func TestValues(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(r *rapid.T) {
			id := db.NewID()
			n := rapid.Int64().Draw(r, "n")
			// PostgreSQL's text cannot hold a NUL; forms refuse it where it enters.
			name := id + strings.ReplaceAll(rapid.String().Draw(r, "name"), "\x00", "")
			raw := rapid.SliceOf(rapid.Byte()).Draw(r, "raw")
			yes := rapid.Bool().Draw(r, "yes")
			at := time.Unix(rapid.Int64Range(-1<<33, 1<<33).Draw(r, "s"), rapid.Int64Range(0, 999_999_999).Draw(r, "ns"))
			if at.UnixMicro() == 0 {
				r.Skip("this one microsecond stands for no time at all")
			}
			tx(t, d, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO thing (id, n, name, raw, yes, at) VALUES ($1, $2, $3, $4, $5, $6)`,
					id, n, name, raw, yes, db.Micros(at))
				return err
			})
			var gotN, gotAt int64
			var gotName string
			var gotRaw []byte
			var gotYes bool
			err := d.Reader().QueryRow(t.Context(), `SELECT n, name, raw, yes, at FROM thing WHERE id = $1 AND yes = $2`, id, yes).
				Scan(&gotN, &gotName, &gotRaw, &gotYes, &gotAt)
			if err != nil || gotN != n || gotName != name || string(gotRaw) != string(raw) || gotYes != yes {
				r.Fatalf("%v: %d %q %x %v, want %d %q %x %v", err, gotN, gotName, gotRaw, gotYes, n, name, raw, yes)
			}
			if got := db.Time(gotAt); !got.Equal(at.Truncate(time.Microsecond)) || got.Location() != time.UTC {
				r.Fatalf("time %v, want %v", got, at)
			}
		})
	})
}

func TestZeroTime(t *testing.T) {
	if db.Micros(time.Time{}) != 0 || !db.Time(0).IsZero() {
		t.Fatal("the zero time is not 0")
	}
}

func TestIDsAreUniqueAndOrdered(t *testing.T) {
	last := ""
	for range 10_000 {
		id := db.NewID()
		if id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
}

func TestCancelledContext(t *testing.T) {
	const long = `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000000) SELECT count(*) FROM c`
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		for name, run := range map[string]func(ctx context.Context) error{
			"reader": func(ctx context.Context) error {
				var n int
				return d.Reader().QueryRow(ctx, long).Scan(&n)
			},
			"transaction": func(ctx context.Context) error {
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					if err := insert(ctx, tx, "lost", 1); err != nil {
						return err
					}
					var n int
					return tx.QueryRow(ctx, long).Scan(&n)
				})
			},
			"commit": func(ctx context.Context) error {
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					if err := insert(ctx, tx, "lost", 1); err != nil {
						return err
					}
					<-ctx.Done()
					return nil
				})
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			start := time.Now()
			err := run(ctx)
			cancel()
			if err == nil || time.Since(start) > 5*time.Second {
				t.Errorf("%s: ended after %v with %v", name, time.Since(start), err)
			}
			if ctx.Err() == nil {
				t.Errorf("%s: failed before it was cancelled: %v", name, err)
			}
		}
		if count(t, d) != 0 {
			t.Error("a cancelled transaction left something")
		}
		tx(t, d, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, "next", 1) }) // the handle is free again
	})
}

func TestWaitingForTheOtherProcessEndsWithTheContext(t *testing.T) {
	address := dbtest.Address(t, db.SQLite, things...)
	a, b := dbtest.OpenAddress(t, address), dbtest.OpenAddress(t, address)
	tx(t, a, func(ctx context.Context, tx *db.Tx) error {
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := b.Tx(short, func(context.Context, *db.Tx) error { return nil })
		if err == nil || time.Since(start) > 5*time.Second {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
		return nil
	})
}

func TestNestedIsRefusedAtOnce(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		tx(t, d, func(ctx context.Context, tx *db.Tx) error {
			if err := d.Tx(ctx, func(context.Context, *db.Tx) error { return nil }); !errors.Is(err, db.ErrNested) {
				t.Errorf("Tx inside Tx: %v", err)
			}
			rows, err := d.Reader().Query(ctx, `SELECT 1`)
			if !errors.Is(err, db.ErrNested) {
				t.Errorf("Reader.Query inside Tx: %v", err)
			}
			if rows != nil {
				rows.Close()
			}
			var n int
			if err := d.Reader().QueryRow(ctx, `SELECT 1`).Scan(&n); !errors.Is(err, db.ErrNested) {
				t.Errorf("Reader.QueryRow inside Tx: %v", err)
			}
			return nil
		})
	})
}

func TestReaderDoesNotWrite(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		if _, err := d.Reader().Exec(t.Context(), `DELETE FROM thing`); err == nil {
			t.Error("Exec wrote")
		}
		var id string
		if err := d.Reader().QueryRow(t.Context(), `INSERT INTO thing (id, n) VALUES ('x', 1) RETURNING id`).Scan(&id); err == nil {
			t.Error("QueryRow wrote")
		}
		if n := count(t, d); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestReadersWaitingForATransactionDoNotStarveIt(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var reading, all sync.WaitGroup
		readers := map[db.Dialect]int{db.SQLite: 4, db.Postgres: 16}[d.Dialect()] // as many as the pool has at least
		reading.Add(readers)
		for i := range readers {
			all.Go(func() {
				rows, err := d.Reader().Query(ctx, `SELECT 1`)
				reading.Done()
				if err != nil {
					t.Error(err)
					return
				}
				defer rows.Close()
				reading.Wait() // all hold a connection
				if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, fmt.Sprint(i), i) }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestRollbackAndAfterCommit(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		no, after := errors.New("no"), 0
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { after++ })
			return errors.Join(insert(ctx, tx, "a", 1), no)
		})
		if !errors.Is(err, no) || count(t, d) != 0 || after != 0 {
			t.Errorf("after an error: %v, %d rows, %d calls", err, count(t, d), after)
		}
		func() {
			defer func() { recover() }() //nolint:errcheck // the panic is the test's own
			_ = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				tx.AfterCommit(func() { after++ })
				if err := insert(ctx, tx, "a", 1); err != nil {
					return err
				}
				panic("stop")
			})
		}()
		if count(t, d) != 0 || after != 0 {
			t.Errorf("after a panic: %d rows, %d calls", count(t, d), after)
		}
		tx(t, d, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { after += 1 + 10*count(t, d) }) // it sees what was committed
			return insert(ctx, tx, "a", 1)
		})
		if after != 11 {
			t.Errorf("after a commit: %d", after)
		}
	})
}

func TestUnique(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		for name, c := range map[string]struct {
			q    string
			want bool
		}{
			"primary key":  {`INSERT INTO thing (id, n) VALUES ('a', 2)`, true},
			"unique index": {`INSERT INTO thing (id, n, name) VALUES ('b', 2, 'A')`, true},
			"not null":     {`INSERT INTO thing (id, n) VALUES ('c', NULL)`, false},
			"foreign key":  {`INSERT INTO part (id, thing_id) VALUES ('p', 'nowhere')`, false},
			"syntax":       {`INSERT`, false},
		} {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO thing (id, n, name) VALUES ('a', 1, 'A')`); err != nil {
					t.Fatal(err)
				}
				_, err := tx.Exec(ctx, c.q)
				return err
			})
			if err == nil || db.IsUnique(err) != c.want || db.IsUnique(fmt.Errorf("wrapped: %w", err)) != c.want {
				t.Errorf("%s: %v, IsUnique %v", name, err, db.IsUnique(err))
			}
		}
		if db.IsUnique(nil) {
			t.Error("nil is no violation")
		}
	})
}

func TestSavepoint(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		no := errors.New("no")
		tx(t, d, func(ctx context.Context, tx *db.Tx) error {
			if err := insert(ctx, tx, "kept", 1); err != nil {
				return err
			}
			err := tx.Savepoint(ctx, func() error { return insert(ctx, tx, "kept", 2) })
			if !db.IsUnique(err) {
				t.Errorf("inner step: %v", err)
			}
			err = tx.Savepoint(ctx, func() error {
				if err := insert(ctx, tx, "outer, undone", 1); err != nil {
					return err
				}
				err := tx.Savepoint(ctx, func() error { return errors.Join(insert(ctx, tx, "inner, undone", 1), no) })
				if !errors.Is(err, no) {
					t.Errorf("inner: %v", err)
				}
				return no
			})
			if !errors.Is(err, no) {
				t.Errorf("outer: %v", err)
			}
			return tx.Savepoint(ctx, func() error {
				_ = tx.Savepoint(ctx, func() error { return errors.Join(insert(ctx, tx, "undone too", 1), no) })
				return insert(ctx, tx, "also kept", 1)
			})
		})
		var ids string
		if err := d.Reader().QueryRow(t.Context(), `SELECT string_agg(id, '; ' ORDER BY id) FROM thing`).Scan(&ids); err != nil || ids != "also kept; kept" {
			t.Fatalf("%q, %v", ids, err)
		}
	})
}

// TestRetriesOnConflict lets two transactions fall into each other's way: PostgreSQL ends one of them (deadlock), and
// it is run again; on SQLite they come one after the other.
func TestRetriesOnConflict(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		tx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(insert(ctx, tx, "a", 0), insert(ctx, tx, "b", 0))
		})
		var firstStep sync.WaitGroup // both have changed their first row before either goes on, where that is possible
		firstStep.Add(2)
		var all sync.WaitGroup
		runs := make([]int, 2)
		for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
			all.Go(func() {
				var once sync.Once
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					runs[i]++
					for _, id := range order {
						if _, err := tx.Exec(ctx, `UPDATE thing SET n = n + 1 WHERE id = $1`, id); err != nil {
							return err
						}
						if d.Dialect() == db.Postgres {
							once.Do(func() { firstStep.Done(); firstStep.Wait() })
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var sum int
		if err := d.Reader().QueryRow(t.Context(), `SELECT sum(n) FROM thing`).Scan(&sum); err != nil || sum != 4 {
			t.Errorf("sum %d, %v, want 4", sum, err)
		}
		if d.Dialect() == db.Postgres && runs[0]+runs[1] < 3 {
			t.Errorf("runs %v: there was no deadlock, the test proves nothing", runs)
		}
	})
}

func TestForUpdateMakesOthersWait(t *testing.T) {
	dbtest.Each(t, things, func(t *testing.T, d *db.DB) {
		tx(t, d, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, "a", 0) })
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				tx(t, d, func(ctx context.Context, tx *db.Tx) error {
					var n int
					if err := tx.QueryRow(ctx, `SELECT n FROM thing WHERE id = 'a'`+tx.ForUpdate()).Scan(&n); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, `UPDATE thing SET n = $1 WHERE id = 'a'`, n+1)
					return err
				})
			})
		}
		all.Wait()
		var n int
		if err := d.Reader().QueryRow(t.Context(), `SELECT n FROM thing`).Scan(&n); err != nil || n != 8 {
			t.Fatalf("%d of 8 additions, %v", n, err)
		}
	})
}

// Two that check before they write take turns with Lock: only one of them finds nothing.
func TestLock(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			d := dbtest.OpenAddress(t, dbtest.Address(t, dialect))
			tx(t, d, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `CREATE TABLE seat (who BIGINT)`)
				return err
			})
			var group sync.WaitGroup
			for who := range 8 {
				group.Go(func() {
					if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						if err := tx.Lock(ctx, "seat"); err != nil {
							return err
						}
						var n int
						if err := tx.QueryRow(ctx, `SELECT count(*) FROM seat`).Scan(&n); err != nil || n > 0 {
							return err
						}
						_, err := tx.Exec(ctx, `INSERT INTO seat (who) VALUES ($1)`, who)
						return err
					}); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			var n int
			if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM seat`).Scan(&n); err != nil || n != 1 {
				t.Errorf("%d have the one seat: %v", n, err)
			}
		})
	}
}

func TestTryLock(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			address := dbtest.Address(t, dialect)
			a, b := dbtest.OpenAddress(t, address), dbtest.OpenAddress(t, address)
			try := func(d *db.DB, name string) (ok bool, err error) {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				err = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					ok, err = tx.TryLock(ctx, name)
					return err
				})
				return ok, err
			}
			tx(t, a, func(ctx context.Context, tx *db.Tx) error {
				if ok, err := tx.TryLock(ctx, "one"); !ok || err != nil {
					t.Errorf("a free lock: %v, %v", ok, err)
				}
				if ok, err := try(b, "one"); ok && err == nil {
					t.Error("two have the lock")
				} else if dialect == db.Postgres && err != nil {
					t.Errorf("a taken lock: %v", err)
				}
				if ok, err := try(b, "two"); dialect == db.Postgres && (!ok || err != nil) {
					t.Errorf("another lock: %v, %v", ok, err)
				}
				return nil
			})
			if ok, err := try(b, "one"); !ok || err != nil {
				t.Errorf("a lock given back: %v, %v", ok, err)
			}
		})
	}
}

// TestMigrateTogether starts several at once, each with its own handles as processes have: on an empty database, and
// again after more migrations came.
func TestMigrateTogether(t *testing.T) {
	room := func(n int) []db.Migration {
		files := fstest.MapFS{}
		for i := 1; i <= n; i++ {
			body := fmt.Sprintf("-- +goose Up\nCREATE TABLE m%d (id TEXT PRIMARY KEY);\nINSERT INTO m%d VALUES ('once');\n", i, i)
			files[fmt.Sprintf("migrations/%04d_m.sql", i)] = &fstest.MapFile{Data: []byte(body)}
		}
		return append([]db.Migration{{Room: "many", FS: files}}, things...)
	}
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			address := dbtest.Address(t, dialect)
			together := func(n int) (ended func()) {
				var all sync.WaitGroup
				for range 3 {
					d := dbtest.OpenAddress(t, address)
					all.Go(func() {
						if err := d.Migrate(t.Context(), room(n)...); err != nil {
							t.Error(err)
						}
					})
				}
				return all.Wait
			}
			together(2)()
			// Somebody else writes, until all have seen that number 3 is missing: each of them will try to apply it.
			d := dbtest.OpenAddress(t, address)
			var ended func()
			tx(t, d, func(ctx context.Context, tx *db.Tx) error {
				if err := insert(ctx, tx, "busy", 1); err != nil {
					return err
				}
				ended = together(4)
				time.Sleep(300 * time.Millisecond) // too short would prove less, but break nothing
				return nil
			})
			ended()
			if err := d.Migrate(t.Context(), room(4)...); err != nil { // nothing to do
				t.Error(err)
			}
			for i := 1; i <= 4; i++ {
				var n int
				if err := d.Reader().QueryRow(t.Context(), fmt.Sprintf(`SELECT count(*) FROM m%d`, i)).Scan(&n); err != nil || n != 1 {
					t.Errorf("m%d has %d rows, %v", i, n, err)
				}
			}
		})
	}
}

func TestBrokenMigrationIsWholeOrNothing(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		broken := fstest.MapFS{
			"migrations/0001_good.sql": {Data: []byte("-- +goose Up\nCREATE TABLE good (id TEXT);\n")},
			"migrations/0002_bad.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE half (id TEXT);\nCREATE TABLE half (id TEXT);\n")},
		}
		err := d.Migrate(t.Context(), db.Migration{Room: "broken", FS: broken})
		if err == nil || !strings.Contains(err.Error(), "migrate broken") {
			t.Fatalf("Migrate says %v", err)
		}
		var n int
		if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM good`).Scan(&n); err != nil {
			t.Errorf("what came before is gone: %v", err)
		}
		if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM half`).Scan(&n); err == nil {
			t.Error("half a migration stayed")
		}
		broken["migrations/0002_bad.sql"].Data = []byte("-- +goose Up\nCREATE TABLE half (id TEXT);\n")
		if err := d.Migrate(t.Context(), db.Migration{Room: "broken", FS: broken}); err != nil {
			t.Errorf("mended, yet %v", err)
		}
	})
}

func TestMigrationPerDialect(t *testing.T) {
	fsys := fstest.MapFS{
		"migrations/0001_x.sqlite.sql":   {Data: []byte("-- +goose Up\nCREATE TABLE x (kind TEXT);\nINSERT INTO x VALUES ('sqlite');\n")},
		"migrations/0001_x.postgres.sql": {Data: []byte("-- +goose Up\nCREATE TABLE x (kind TEXT);\nINSERT INTO x VALUES ('postgres');\n")},
	}
	dbtest.Each(t, []db.Migration{{Room: "x", FS: fsys}}, func(t *testing.T, d *db.DB) {
		var kind string
		if err := d.Reader().QueryRow(t.Context(), `SELECT kind FROM x`).Scan(&kind); err != nil || kind != string(d.Dialect()) {
			t.Fatalf("%q, %v", kind, err)
		}
	})
}
