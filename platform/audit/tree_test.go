package audit

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestTreeIsRFC6962 compares roots, at every size, with an independent implementation.
func TestTreeIsRFC6962(t *testing.T) {
	var own tree
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	other := factory.NewEmptyRange(0)
	if r := own.root(); !bytes.Equal(r[:], rfc6962.DefaultHasher.EmptyRoot()) {
		t.Error("the empty trees differ")
	}
	for i := range 70_000 {
		data := fmt.Appendf(nil, "entry %d", i)
		own.add(tlog.RecordHash(data), func(int, int64, tlog.Hash) {})
		if err := other.Append(rfc6962.DefaultHasher.HashLeaf(data), nil); err != nil {
			t.Fatal(err)
		}
		if i > 1100 && i%997 != 0 && i < 65_500 {
			continue
		}
		want, err := other.GetRootHash(nil)
		if got := own.root(); err != nil || !bytes.Equal(got[:], want) {
			t.Fatalf("size %d: root differs, %v", i+1, err)
		}
	}
}

// TestProofsAgreeWithAnotherImplementation builds logs by random batches and checks roots, inclusion and consistency
// proofs with transparency-dev/merkle.
func TestProofsAgreeWithAnotherImplementation(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		ctx := t.Context()
		hasher := rfc6962.DefaultHasher
		var roots = map[int64]tlog.Hash{}
		size := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			n := rapid.IntRange(1, 300).Draw(rt, "batch")
			if size < 2000 {
				var entries []Entry
				for range n {
					entries = append(entries, Entry{Action: "x.done", Object: fmt.Sprintf("x:%d", rapid.Int().Draw(rt, "object"))})
				}
				add(t, l, entries...)
				if _, err := l.Sequence(ctx); err != nil {
					rt.Fatal(err)
				}
				size += int64(n)
			}
			tr, _, err := l.signedTree(ctx, l.d.Reader())
			if err != nil || tr.N != size {
				rt.Fatalf("size %d, want %d: %v", tr.N, size, err)
			}
			roots[size] = tr.Hash

			i := rapid.Int64Range(0, size-1).Draw(rt, "entry")
			p, err := l.Prove(ctx, fmt.Sprint(i))
			if err != nil {
				rt.Fatal(err)
			}
			path := make([][]byte, len(p.Path))
			for k, s := range p.Path {
				h, err := tlog.ParseHash(s)
				if err != nil {
					rt.Fatal(err)
				}
				path[k] = h[:]
			}
			if err := proof.VerifyInclusion(hasher, uint64(i), uint64(size), hasher.HashLeaf(p.Entry), path, tr.Hash[:]); err != nil {
				rt.Fatalf("inclusion of %d in %d: %v", i, size, err)
			}

			from := rapid.Int64Range(1, size).Draw(rt, "older size")
			older, newer, hashes, err := l.Consistency(ctx, from, size)
			if err != nil {
				rt.Fatal(err)
			}
			if known, ok := roots[from]; ok && known != older || newer != tr.Hash {
				rt.Fatalf("roots of %d and %d are not those that were signed", from, size)
			}
			path = make([][]byte, len(hashes))
			for k, h := range hashes {
				path[k] = h[:]
			}
			if err := proof.VerifyConsistency(hasher, uint64(from), uint64(size), path, older[:], newer[:]); err != nil {
				rt.Fatalf("consistency of %d and %d: %v", from, size, err)
			}
		})
		report, err := l.Verify(context.Background(), nil, nil)
		if err != nil || !report.OK() {
			t.Errorf("%+v, %v", report, err)
		}
	})
}
