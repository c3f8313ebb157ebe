package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

const (
	writers    = 8
	auditSpan  = 6 * time.Second // of one pattern
	auditTurns = 3
)

// plain has the columns of an entry and no other duty.
const plain = `CREATE TABLE bench_plain (id TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, actor_name TEXT NOT NULL,
	authority TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, changes TEXT NOT NULL, blobs TEXT NOT NULL, erased TEXT NOT NULL,
	hash BYTEA NOT NULL, seal BYTEA NOT NULL)`

// audit measures entries of the log against plain inserts of the same bytes, by turns, the sequencer at work.
func (b *bench) audit(dialect db.Dialect) error {
	address, err := b.database(dialect, "audit")
	if err != nil {
		return err
	}
	d, err := db.Open(b.ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := platform.Migrate(b.ctx, d, platform.Files{Room: "audit", FS: audit.Files}); err != nil {
		return err
	}
	key, err := audit.OpenKey(filepath.Join(b.dir, string(dialect)+"-audit.key"), "bench")
	if err != nil {
		return err
	}
	log := audit.New(d, key)
	err = d.Tx(b.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, plain)
		return err
	})
	if err != nil {
		return err
	}
	ctx := identity.AsSystem(b.ctx, "bench")
	hash, seal := make([]byte, 32), make([]byte, 32)
	insert := func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO bench_plain (id, at, actor, actor_name, authority, action, object, changes, blobs, erased, hash, seal)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, db.NewID(), db.Micros(time.Now()), "system:bench", "bench", erfurt,
			"records.decided", "case:1", `{"amount":1200,"result":"granted","state":"decided"}`, "[]", "[]", hash, seal)
		return err
	}
	appendEntry := func(ctx context.Context, tx *db.Tx) error {
		return log.Append(ctx, tx, audit.Entry{Action: "records.decided", Authority: erfurt, Object: "case:1",
			Changes: map[string]any{"state": "decided", "result": "granted", "amount": 1200}})
	}
	for _, each := range []int{1, 100} {
		var plainTook, auditTook time.Duration
		var plainRows, auditRows int64
		for range auditTurns {
			n, took, err := write(ctx, d, each, insert, nil)
			if err != nil {
				return err
			}
			plainRows, plainTook = plainRows+n, plainTook+took
			if n, took, err = write(ctx, d, each, appendEntry, log); err != nil {
				return err
			}
			auditRows, auditTook = auditRows+n, auditTook+took
		}
		plainRate, rate := float64(plainRows)/plainTook.Seconds(), float64(auditRows)/auditTook.Seconds()
		what := "one a transaction"
		if each > 1 {
			what = fmt.Sprintf("%d a transaction", each)
		}
		b.add(fmt.Sprintf("entries of the log a second, %s, %s", what, name(dialect)), fmt.Sprintf("%.0f", rate), "",
			fmt.Sprintf("sequenced into the signed tree; %d writers; plain inserts %.0f; ratio %.2f", writers, plainRate, rate/plainRate))
	}
	return nil
}

// write runs transactions of so many rows for a while. With a log the time of its sequencer, to the last entry, counts.
func write(ctx context.Context, d *db.DB, each int, f func(context.Context, *db.Tx) error, log *audit.Log) (rows int64, took time.Duration, err error) {
	run, stop := context.WithCancel(ctx)
	defer stop()
	var sequencer, group sync.WaitGroup
	began := time.Now()
	if log != nil {
		sequencer.Go(func() { _ = log.Run(run) }) // always nil
	}
	var count atomic.Int64
	failed := make([]error, writers)
	for k := range writers {
		group.Go(func() {
			for time.Since(began) < auditSpan/(2*auditTurns) && ctx.Err() == nil {
				failed[k] = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					for range each {
						if err := f(ctx, tx); err != nil {
							return err
						}
					}
					return nil
				})
				if failed[k] != nil {
					return
				}
				count.Add(int64(each))
			}
		})
	}
	group.Wait()
	stop()
	sequencer.Wait()
	return count.Load(), time.Since(began), errors.Join(append(failed, ctx.Err())...)
}
