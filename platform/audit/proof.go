package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrNotSequenced means that the entry has no place in the tree yet; it gets one within seconds.
var ErrNotSequenced = errors.New("the entry is not in the tree yet")

// Proof shows that an entry is in the tree that a checkpoint signs (RFC 6962 §2.1.1).
type Proof struct {
	Entry      json.RawMessage `json:"entry"`      // canonical form; SHA-256(0x00 || these bytes) is the leaf hash
	LeafHash   string          `json:"leafHash"`   // base64
	Index      int64           `json:"index"`      // number of the entry, from 0
	Path       []string        `json:"path"`       // inclusion proof, base64, from the leaf upwards
	Checkpoint string          `json:"checkpoint"` // signed note: origin, size, root hash
}

// Prove makes the proof for the entry with that id or number, under the newest checkpoint, and checks it.
func (l *Log) Prove(ctx context.Context, entry string) (Proof, error) {
	r, err := l.find(ctx, entry)
	if err != nil {
		return Proof{}, err
	}
	return l.prove(ctx, r)
}

func (l *Log) prove(ctx context.Context, r row) (Proof, error) {
	v, err := l.prover(ctx)
	if err != nil {
		return Proof{}, err
	}
	path, err := v.path(&r)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Entry: r.canonical(), LeafHash: r.leaf().String(), Index: r.seq, Path: make([]string, len(path)), Checkpoint: v.checkpoint.note}
	for i, h := range path {
		p.Path[i] = h.String()
	}
	return p, nil
}

// prover makes inclusion proofs in the tree of the newest checkpoint.
type prover struct {
	tree       tlog.Tree
	checkpoint checkpoint
	nodes      nodes
}

func (l *Log) prover(ctx context.Context) (*prover, error) {
	q := l.d.Reader()
	t, c, err := l.signedTree(ctx, q)
	if err != nil {
		return nil, err
	}
	return &prover{t, c, nodes{ctx, q, map[tileKey]innerTile{}}}, nil
}

// path is the inclusion proof of an entry, checked. ErrNotSequenced, ErrTampered.
func (p *prover) path(r *row) (tlog.RecordProof, error) {
	switch {
	case r.seq == Unsequenced:
		return nil, fmt.Errorf("entry %s: %w", r.id, ErrNotSequenced)
	case r.seq < 0 || r.seq >= p.tree.N:
		return nil, fmt.Errorf("%w: no checkpoint covers entry %d", ErrTampered, r.seq)
	case !r.intact():
		return nil, fmt.Errorf("%w: entry %d does not match its own hash", ErrTampered, r.seq)
	}
	path, err := tlog.ProveRecord(p.tree.N, r.seq, &p.nodes)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", r.seq, err)
	}
	if tlog.CheckRecord(path, p.tree.N, p.tree.Hash, r.seq, r.leaf()) != nil {
		return nil, fmt.Errorf("%w: entry %d is not the one in the tree", ErrTampered, r.seq)
	}
	return path, nil
}

// Consistency shows that the tree of the first from entries is the beginning of the tree of the first to entries
// (RFC 6962 §2.1.2), 0 < from ≤ to ≤ the newest checkpoint's size. It returns both roots and the proof.
func (l *Log) Consistency(ctx context.Context, from, to int64) (older, newer tlog.Hash, path []tlog.Hash, err error) {
	q := l.d.Reader()
	t, _, err := l.signedTree(ctx, q)
	if err != nil {
		return older, newer, nil, err
	}
	if from < 1 || from > to || to > t.N {
		return older, newer, nil, fmt.Errorf("sizes %d and %d: want 0 < first ≤ second ≤ %d", from, to, t.N)
	}
	hashes := hashReader(ctx, q, t)
	older, err = tlog.TreeHash(from, hashes)
	if err == nil {
		newer, err = tlog.TreeHash(to, hashes)
	}
	if err == nil {
		path, err = tlog.ProveTree(to, from, hashes)
	}
	return older, newer, path, err
}

// find returns an entry by its number or its id.
func (l *Log) find(ctx context.Context, ref string) (row, error) {
	column, value := "id", any(ref)
	if n, err := strconv.ParseInt(ref, 10, 64); err == nil {
		column, value = "seq", n
	}
	r, err := entryBy(ctx, l.d.Reader(), column, value)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, fmt.Errorf("no entry %q in the audit log: %w", ref, err)
	}
	return r, err
}
