package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"rennsteig/platform/db"
)

// The tree's hashes are kept in tiles of tileHeight levels, as golang.org/x/mod/sumdb/tlog and c2sp.org/tlog-tiles
// cut it: tile n of tile level l lists the hashes of the subtrees of 256^l entries, at most 256 of them.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// tree is the right edge of a Merkle tree (RFC 6962 §2.1): enough to add leaves and to know the root.
type tree struct {
	size int64
	edge []tlog.Hash // roots of the perfect subtrees that make up the tree, the largest first
}

// add puts a leaf at the end and calls node for each hash that belongs into a tile: the n'th of tile level l.
func (t *tree) add(leaf tlog.Hash, node func(l int, n int64, h tlog.Hash)) {
	node(0, t.size, leaf)
	h, n := leaf, t.size
	for level := 1; n&1 == 1; level++ {
		h = tlog.NodeHash(t.edge[len(t.edge)-1], h)
		t.edge = t.edge[:len(t.edge)-1]
		n >>= 1
		if level%tileHeight == 0 {
			node(level/tileHeight, n, h)
		}
	}
	t.edge = append(t.edge, h)
	t.size++
}

// root is the hash of the whole tree; of no entries it is the hash of nothing.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		return emptyRoot
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

func (t *tree) clone() *tree { return &tree{t.size, slices.Clone(t.edge)} }

var emptyRoot = func() tlog.Hash {
	h, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic(err) // cannot happen: nothing is read for an empty tree
	}
	return h
}()

// hashReader reads single hashes of the tree with that root from the stored tiles, and checks them against the root.
func hashReader(ctx context.Context, q db.Querier, t tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(t, tiles{ctx, q})
}

// tiles is the tlog.TileReader on the table.
type tiles struct {
	ctx context.Context
	q   db.Querier
}

func (tiles) Height() int { return tileHeight }

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(want))
	for i, t := range want {
		b, err := readTile(r.ctx, r.q, t.L, t.N)
		if err != nil {
			return nil, err
		}
		if len(b) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("%w: tile %d of level %d is missing or cut", ErrTampered, t.N, t.L)
		}
		out[i] = b[:t.W*tlog.HashSize] // it may have grown since the checkpoint
	}
	return out, nil
}

// nodes reads hashes of the tree from the stored tiles and takes them as they are: a proof made of them is checked as a
// whole, against the signed root. It is made for going through entries in their order.
type nodes struct {
	ctx   context.Context
	q     db.Querier
	tiles map[tileKey]innerTile
}

type tileKey struct {
	level int
	n     int64
}

// innerTile are the hashes of a tile, then those of the levels above them within the tile.
type innerTile [tileHeight][]tlog.Hash

const maxTiles = 64 // kept by nodes; each has up to 16 KiB

// ReadHashes is the method of tlog.HashReader.
func (n *nodes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, k := tlog.SplitStoredHashIndex(index)
		up := level % tileHeight
		key := tileKey{level / tileHeight, k << up / tileWidth}
		t, err := n.tile(key)
		if err != nil {
			return nil, err
		}
		at := int(k % (tileWidth >> up))
		if at >= len(t[up]) {
			return nil, fmt.Errorf("%w: tile %d of level %d is missing or cut", ErrTampered, key.n, key.level)
		}
		out[i] = t[up][at]
	}
	return out, nil
}

func (n *nodes) tile(key tileKey) (t innerTile, err error) {
	if t, ok := n.tiles[key]; ok {
		return t, nil
	}
	b, err := readTile(n.ctx, n.q, key.level, key.n)
	if err != nil {
		return t, err
	}
	for i := 0; ; i++ {
		h, ok := hashAt(b, i)
		if !ok {
			break
		}
		t[0] = append(t[0], h)
	}
	for up := 1; up < tileHeight; up++ {
		for below := t[up-1]; len(below) >= 2; below = below[2:] {
			t[up] = append(t[up], tlog.NodeHash(below[0], below[1]))
		}
	}
	if len(n.tiles) == maxTiles {
		clear(n.tiles)
	}
	n.tiles[key] = t
	return t, nil
}

// ErrTampered means that the stored log contradicts itself or its signatures; `rennsteig audit verify` says where.
var ErrTampered = errors.New("the audit log was changed from outside; run `rennsteig audit verify`")
