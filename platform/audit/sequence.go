package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"rennsteig/platform/db"
)

const (
	batch    = 1024                   // entries put into the tree in one transaction: SQLite lets nobody else write meanwhile
	pause    = 200 * time.Millisecond // between commits seen and sequencing, so that many share a checkpoint
	poll     = 2 * time.Second        // for what other processes wrote
	lastWork = 5 * time.Second        // for what is still waiting at the end
)

// Run sequences entries until ctx ends, then once more: soon after commits in this process, and every two seconds for
// those of others. Several processes may run it; one at a time does the work. Failures are logged and tried again; the
// error is always nil.
func (l *Log) Run(ctx context.Context) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	said := ""
	for {
		_, err := l.Sequence(ctx)
		switch {
		case err == nil:
			said = ""
		case ctx.Err() == nil && err.Error() != said: // once, not every two seconds
			said = err.Error()
			l.Logger.ErrorContext(ctx, "audit entries cannot be sequenced", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-l.wake:
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		case <-ticker.C:
		}
		if ctx.Err() != nil {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWork)
			defer cancel()
			if _, err := l.Sequence(last); err != nil {
				l.Logger.ErrorContext(last, "audit entries wait for the next start", "error", err)
			}
			return nil
		}
	}
}

// Sequence puts what waits into the tree and signs a checkpoint per batch. It returns how many entries it placed; none
// if another process is at it. Entries that are not what their hash and seal say are left out and make an error
// after the others are placed; a tree that does not match its newest checkpoint is not extended.
func (l *Log) Sequence(ctx context.Context) (placed int, err error) {
	after, refused := "", 0
	for {
		if open, err := waiting(ctx, l.d.Reader()); err != nil || !open {
			return placed, err
		}
		var r round
		err := l.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			r, err = l.sequence(ctx, tx, after)
			return err
		})
		if err != nil {
			return placed, fmt.Errorf("sequence audit entries: %w", err)
		}
		placed += r.placed
		refused += r.refused
		if r.keep {
			if err := writeFile(l.key.copyPath(), []byte(r.note)); err != nil {
				return placed, fmt.Errorf("keep the checkpoint beside the key: %w", err)
			}
		}
		if after = r.last; !r.more {
			break
		}
	}
	if refused > 0 {
		return placed, fmt.Errorf("%w: %d entries are not what their hash and seal say", ErrTampered, refused)
	}
	return placed, nil
}

// round is what one transaction of the sequencer did.
type round struct {
	placed, refused int
	last            string // id of the last entry looked at
	more            bool
	note            string // the new checkpoint
	keep            bool   // it goes on from the one kept beside the key
}

func (l *Log) sequence(ctx context.Context, tx *db.Tx, after string) (round, error) {
	alone, err := tx.TryLock(ctx, "audit.sequencer")
	if err != nil || !alone {
		return round{}, err
	}
	rows, err := waitingEntries(ctx, tx, after, batch)
	if err != nil || len(rows) == 0 {
		return round{}, err
	}
	r := round{last: rows[len(rows)-1].id, more: len(rows) == batch}
	var good []row
	for _, e := range rows {
		if e.intact() && l.key.checkSeal(e.leaf(), e.seal) {
			good = append(good, e)
		} else {
			r.refused++
		}
	}
	if len(good) == 0 {
		return r, nil
	}

	before, prev, err := l.signedTree(ctx, tx)
	if err != nil {
		return round{}, err
	}
	t, tails, err := loadEdge(ctx, tx, before)
	if err != nil {
		return round{}, err
	}
	if last, err := lastSeq(ctx, tx); err != nil || last != before.N-1 {
		return round{}, errors.Join(err, fmt.Errorf("%w: the newest checkpoint covers %d entries, the last has number %d", ErrTampered, before.N, last))
	}
	for _, e := range good {
		var leaf tlog.Hash
		copy(leaf[:], e.hash)
		t.add(leaf, tails.put)
	}
	for _, w := range tails.written(before.N, t.size) {
		if err := writeTile(ctx, tx, w.level, w.tile, w.hashes); err != nil {
			return round{}, err
		}
	}
	if err := number(ctx, tx, good, before.N); err != nil {
		return round{}, err
	}
	if r.note, err = l.key.sign(tlog.Tree{N: t.size, Hash: t.root()}); err != nil {
		return round{}, err
	}
	if err := insertCheckpoint(ctx, tx, checkpoint{number: prev.number + 1, size: t.size, note: r.note}); err != nil {
		return round{}, err
	}
	r.placed = len(good)
	r.keep, err = l.continuesCopy(ctx, tx, before)
	return r, err
}

// signedTree is the tree that the newest checkpoint vouches for.
func (l *Log) signedTree(ctx context.Context, q db.Querier) (tlog.Tree, checkpoint, error) {
	c, err := newestCheckpoint(ctx, q)
	if err != nil || c.number < 0 {
		return tlog.Tree{Hash: emptyRoot}, c, err
	}
	keys, err := l.key.opener()
	if err != nil {
		return tlog.Tree{}, c, err
	}
	t, err := openCheckpoint(c.note, keys)
	if err == nil && t.N != c.size {
		err = errors.New("its size was changed")
	}
	if err != nil {
		return tlog.Tree{}, c, fmt.Errorf("%w: checkpoint %d: %w (is the audit key the right one?)", ErrTampered, c.number, err)
	}
	return t, c, nil
}

// continuesCopy reports whether the tree goes on from the checkpoint kept beside the key. If not, the copy stays as
// it is: it is the proof that the database was turned back.
func (l *Log) continuesCopy(ctx context.Context, q db.Querier, t tlog.Tree) (bool, error) {
	msg, err := l.key.readCopy()
	if err != nil {
		return false, err
	}
	if l.key.copyPath() == "" || msg == "" {
		return l.key.copyPath() != "", nil
	}
	keys, err := l.key.opener()
	if err != nil {
		return false, err
	}
	kept, err := openCheckpoint(msg, keys)
	switch {
	case err != nil || kept.N > t.N:
		return false, nil // verify reports it
	case kept == t || kept.N == 0:
		return true, nil
	}
	root, err := tlog.TreeHash(kept.N, hashReader(ctx, q, t))
	return root == kept.Hash, err
}

// edgeTiles are the unfinished tiles of the right edge, by tile level, and those finished since.
type edgeTiles struct {
	tails [][]byte
	full  []tileWrite
}

type tileWrite struct {
	level  int
	tile   int64
	hashes []byte
}

// put takes the n'th hash of a tile level.
func (e *edgeTiles) put(level int, n int64, h tlog.Hash) {
	if level == len(e.tails) {
		e.tails = append(e.tails, nil)
	}
	e.tails[level] = append(e.tails[level], h[:]...)
	if n%tileWidth == tileWidth-1 {
		e.full = append(e.full, tileWrite{level, n / tileWidth, e.tails[level]})
		e.tails[level] = nil
	}
}

// written lists the tiles that differ between the two sizes.
func (e *edgeTiles) written(before, size int64) []tileWrite {
	out := e.full
	for level, hashes := range e.tails {
		shift := level * tileHeight
		if len(hashes) > 0 && before>>shift != size>>shift {
			out = append(out, tileWrite{level, size >> shift / tileWidth, hashes})
		}
	}
	return out
}

// loadEdge reads the right edge of the tree from its unfinished tiles and checks it against the root.
func loadEdge(ctx context.Context, q db.Querier, want tlog.Tree) (*tree, *edgeTiles, error) {
	e := &edgeTiles{}
	for shift := 0; want.N>>shift > 0; shift += tileHeight {
		n := want.N >> shift
		width := int(n % tileWidth)
		var hashes []byte
		if width > 0 {
			b, err := readTile(ctx, q, shift/tileHeight, n/tileWidth)
			if err != nil {
				return nil, nil, err
			}
			if len(b) != width*tlog.HashSize {
				return nil, nil, fmt.Errorf("%w: tile %d of level %d is missing or cut", ErrTampered, n/tileWidth, shift/tileHeight)
			}
			hashes = b
		}
		e.tails = append(e.tails, hashes)
	}
	t := &tree{size: want.N}
	for level := len(e.tails) - 1; level >= 0; level-- {
		rest := e.tails[level]
		for n := tileWidth / 2; n > 0; n /= 2 {
			if size := n * tlog.HashSize; len(rest)/tlog.HashSize&n != 0 {
				t.edge = append(t.edge, subtree(rest[:size]))
				rest = rest[size:]
			}
		}
	}
	if t.root() != want.Hash {
		return nil, nil, fmt.Errorf("%w: the stored hashes do not give the root of the newest checkpoint", ErrTampered)
	}
	return t, e, nil
}

// subtree is the root above a power of two of hashes.
func subtree(hashes []byte) tlog.Hash {
	if len(hashes) == tlog.HashSize {
		return tlog.Hash(hashes)
	}
	half := len(hashes) / 2
	return tlog.NodeHash(subtree(hashes[:half]), subtree(hashes[half:]))
}
