package app

import (
	"context"
	"math/rand/v2"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/identity"
)

// A stored file that no row and no entry of the log names is a leftover: of a draft that was deleted, or of a process
// that died between storing a file and writing the row. After forgottenAfter it is deleted.
const (
	forgottenAfter = 48 * time.Hour
	sweepEvery     = 24 * time.Hour
)

// sweepBlobs deletes leftovers put before the given time, and says how many.
func (p *program) sweepBlobs(ctx context.Context, before time.Time) (int, error) {
	ctx = identity.AsSystem(ctx, "sweep")
	// The candidates come first: what is named while we look is younger than they are, or was put again.
	forgotten := map[string]bool{}
	err := p.house.Blobs.List(ctx, func(ref blob.Ref, put time.Time) error {
		if put.Before(before) {
			forgotten[ref.Hash] = true
		}
		return nil
	})
	if err != nil || len(forgotten) == 0 {
		return 0, err
	}
	keep := func(hash string) error { delete(forgotten, hash); return nil }
	if err := p.apply.BlobHashes(ctx, keep); err != nil {
		return 0, err
	}
	if err := p.house.Audit.Vouched(ctx, keep); err != nil {
		return 0, err
	}
	// A second look right before each deletion: who has put the same content since is about to name it.
	n := 0
	err = p.house.Blobs.List(ctx, func(ref blob.Ref, put time.Time) error {
		if !forgotten[ref.Hash] || !put.Before(before) {
			return nil
		}
		n++
		return p.house.Blobs.Delete(ctx, ref.Hash)
	})
	return n, err
}

// sweep runs sweepBlobs once a day until ctx ends. Any number of processes may do it.
func (p *program) sweep(ctx context.Context) {
	wait := time.NewTimer(time.Hour + rand.N(time.Hour)) //nolint:gosec // so that processes do not sweep at once
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		switch n, err := p.sweepBlobs(ctx, p.house.Now().Add(-forgottenAfter)); {
		case err != nil && ctx.Err() == nil:
			p.cfg.Log.ErrorContext(ctx, "sweep of stored files failed", "error", err)
		case n > 0:
			p.cfg.Log.InfoContext(ctx, "forgotten stored files deleted", "count", n)
		}
		wait.Reset(sweepEvery)
	}
}
