package audit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/identity"
)

// gapless checks the numbers in the table itself, besides what Verify says.
func gapless(t *testing.T, l *Log, want int64) {
	t.Helper()
	var n, distinct, low, high int64
	err := l.d.Reader().QueryRow(t.Context(), `SELECT COUNT(*), COUNT(DISTINCT seq), COALESCE(MIN(seq), -1), COALESCE(MAX(seq), -1) FROM audit_entry`).
		Scan(&n, &distinct, &low, &high)
	if err != nil {
		t.Fatal(err)
	}
	if n != want || distinct != want || low != 0 || high != want-1 {
		t.Errorf("%d entries, %d numbers, %d to %d; want %d", n, distinct, low, high, want)
	}
	if r := verify(t, l, nil); !r.OK() || r.Entries != want {
		t.Errorf("%+v", r)
	}
}

// sequenceAll sequences until nothing waits: for a moment another sequencer, or the server clearing up after one that was
// cancelled, may still hold the lock. The test's timeout bounds it.
func sequenceAll(t *testing.T, l *Log) {
	t.Helper()
	for {
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		open, err := waiting(t.Context(), l.d.Reader())
		if err != nil {
			t.Fatal(err)
		}
		if !open {
			return
		}
		time.Sleep(5 * time.Millisecond) // between tries
	}
}

// TestVerifyWhileOthersWrite: writers, two sequencers on connections of their own, and Verify all the time. No false
// alarm, and in the end no gap and no double.
func TestVerifyWhileOthersWrite(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			address := dbtest.Address(t, dialect, tables...)
			l := newLog(t, dbtest.OpenAddress(t, address))
			other := New(dbtest.OpenAddress(t, address), l.key)
			const writers, each = 4, 150
			ctx, stop := context.WithCancel(t.Context())
			var writing, rest sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					log := []*Log{l, other}[w%2]
					for i := range each {
						err := log.d.Tx(person(), func(ctx context.Context, tx *db.Tx) error {
							for range 1 + i%3 {
								if err := log.Append(ctx, tx, Entry{Action: "x.done", Object: fmt.Sprintf("x:%d.%d", w, i)}); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for _, log := range []*Log{l, other} {
				rest.Go(func() {
					for ctx.Err() == nil {
						if _, err := log.Sequence(ctx); err != nil && ctx.Err() == nil {
							t.Error(err)
							return
						}
					}
				})
			}
			verified := 0
			rest.Go(func() {
				for ctx.Err() == nil {
					r, err := l.Verify(ctx, nil, nil)
					if ctx.Err() != nil {
						return
					}
					if err != nil || !r.OK() {
						t.Errorf("false alarm: %v, %v", r.Problems, err)
						return
					}
					verified++
				}
			})
			writing.Wait()
			stop()
			rest.Wait()
			sequenceAll(t, l)
			if verified < 2 {
				t.Errorf("verified only %d times meanwhile", verified)
			}
			gapless(t, l, writers*each*2)
		})
	}
}

// TestLateCommitsWithLowIDs: an entry that is committed after one with a higher id was sequenced is not forgotten.
func TestLateCommitsWithLowIDs(t *testing.T) {
	d := dbtest.Open(t, db.Postgres, tables...) // SQLite has one writer: ids are committed in their order
	l := newLog(t, d)
	written, goOn, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- d.Tx(person(), func(ctx context.Context, tx *db.Tx) error {
			if err := l.Append(ctx, tx, Entry{Action: "x.done", Object: "x:early"}); err != nil {
				return err
			}
			close(written)
			<-goOn
			return nil
		})
	}()
	<-written
	add(t, l, Entry{Action: "x.done", Object: "x:later"})
	if n, err := l.Sequence(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n, err := l.Sequence(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	gapless(t, l, 2)
	late, err := l.History(t.Context(), "x:early", 1)
	if err != nil || len(late) != 1 || late[0].Seq != 1 {
		t.Errorf("%+v, %v", late, err)
	}
}

// TestProcesses: two processes with the same key append and run their sequencers.
func TestProcesses(t *testing.T) {
	if address := os.Getenv("AUDIT_TEST_PROCESS"); address != "" {
		process(t, address, os.Getenv("AUDIT_TEST_KEY"))
		return
	}
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			address := dbtest.Address(t, dialect, tables...)
			path := filepath.Join(t.TempDir(), "audit.key")
			key, err := CreateKey(path, "test.example/audit")
			if err != nil {
				t.Fatal(err)
			}
			var group sync.WaitGroup
			for range 2 {
				group.Go(func() {
					c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcesses$", "-test.timeout=60s")
					c.Env = append(os.Environ(), "AUDIT_TEST_PROCESS="+address, "AUDIT_TEST_KEY="+path)
					if out, err := c.CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				})
			}
			group.Wait()
			gapless(t, New(dbtest.OpenAddress(t, address), key), 2*processEntries)
		})
	}
}

const processEntries = 120

// process appends, with the sequencer running, and helps until nothing waits.
func process(t *testing.T, address, path string) {
	key, err := LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	l := New(dbtest.OpenAddress(t, address), key)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for i := range processEntries {
		add(t, l, Entry{Action: "x.done", Object: fmt.Sprintf("x:%d", i)})
	}
	sequenceAll(t, l)
	stop()
	group.Wait()
}

// TestRunSequencesAtTheEnd: what was committed just before the end is in the tree when Run returns.
func TestRunSequencesAtTheEnd(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		add(t, l, Entry{Action: "x.done", Object: "x:1"})
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		gapless(t, l, 1)
	})
}

// TestSequencerSignsNothingForged: entries without a valid seal never get a number, and do not stop the others.
func TestSequencerSignsNothingForged(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		add(t, l, Entry{Action: "x.done", Object: "x:1"}, Entry{Action: "x.done", Object: "x:2"}, Entry{Action: "x.done", Object: "x:3"})
		forged, err := newRow(identity.Principal{Subject: "x"}, timeNow(), Entry{Action: "x.done", Object: "x:forged"})
		if err != nil {
			t.Fatal(err)
		}
		leaf := forged.leaf()
		forged.hash, forged.seal = leaf[:], make([]byte, 32)
		if err := l.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertEntries(ctx, tx, []*row{&forged}) }); err != nil {
			t.Fatal(err)
		}
		change(t, l.d, `UPDATE audit_entry SET object = 'x:4' WHERE object = 'x:2'`)
		n, err := l.Sequence(t.Context())
		if n != 2 || err == nil {
			t.Errorf("%d placed, %v", n, err)
		}
		r := verify(t, l, nil)
		if r.Entries != 2 || r.Unsequenced != 2 || len(r.Problems) != 2 {
			t.Errorf("%+v", r)
		}
		change(t, l.d, `UPDATE audit_hash SET hashes = $1`, make([]byte, 64))
		add(t, l, Entry{Action: "x.done", Object: "x:5"})
		if n, err := l.Sequence(t.Context()); n != 0 || err == nil {
			t.Errorf("%d placed on a changed tree, %v", n, err)
		}
	})
}
