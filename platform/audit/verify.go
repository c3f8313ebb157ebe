package audit

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"rennsteig/platform/blob"
)

// Report is the result of Verify.
type Report struct {
	Entries     int64     `json:"entries"`     // in the tree, as far as they are there
	Unsequenced int64     `json:"unsequenced"` // not in the tree yet
	TreeSize    int64     `json:"treeSize"`    // of the newest checkpoint
	Root        string    `json:"root"`        // its root hash, base64; computed from the entries
	Checkpoints int64     `json:"checkpoints"`
	Blobs       int64     `json:"blobs"`           // stored files read again
	Unsealed    int64     `json:"unsealed"`        // unsequenced entries whose seal was not checked: no secret key at hand
	Problems    []Problem `json:"problems"`        // the first 100
	More        int       `json:"more,omitempty"`  // further problems
	Erased      int64     `json:"erased,omitzero"` // stored files gone, as a later entry says
	Rows        int64     `json:"rows"`            // of files, cases and documents that are what an entry says
}

// OK reports whether nothing was found wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Kind is what a Problem is about.
type Kind string

// The kinds of problems.
const (
	BadEntry      Kind = "entry"      // an entry was changed, or one added by someone without the key
	MissingEntry  Kind = "missing"    // an entry was deleted
	StrayEntry    Kind = "stray"      // an entry has a number that no checkpoint covers
	BadHash       Kind = "hash"       // a stored hash was changed, deleted or added
	BadCheckpoint Kind = "checkpoint" // a checkpoint was changed or deleted, or signs another tree
	RolledBack    Kind = "rollback"   // the tree is not the one of the checkpoint kept beside the key
	BadBlob       Kind = "blob"       // a stored file is missing or altered
	BadState      Kind = "state"      // a row that entries bind was changed, added or removed outside the program
)

// Problem is one thing found wrong.
type Problem struct {
	Kind   Kind   `json:"kind"`
	Entry  *int64 `json:"entry,omitempty"` // number of the entry, from 0
	ID     string `json:"id,omitempty"`    // id of the entry
	Object string `json:"object,omitempty"`
	Hash   string `json:"hash,omitempty"` // of the stored file
	Detail string `json:"detail"`
}

// String names the problem in one line.
func (p Problem) String() string {
	s := string(p.Kind)
	if p.Entry != nil {
		s = fmt.Sprintf("entry %d", *p.Entry)
	}
	if p.ID != "" {
		s += " (" + p.ID + ")"
	}
	return s + ": " + p.Detail
}

const maxProblems = 100

func (r *Report) found(p Problem) {
	if len(r.Problems) == maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, p)
}

// Verify reads the whole log and proves it: every entry against its own hash and the tree, every stored hash, every
// checkpoint's signature and root, entries that are not sequenced against their seals, every row that entries bind (RowState)
// against the newest of them, and, unless blobs is nil, every stored file that an entry vouches for. progress (may be nil) is told how many entries of how many are done.
//
// It only reads, and may run while others write: it covers what the newest checkpoint covered when it began.
func (l *Log) Verify(ctx context.Context, blobs blob.Store, progress func(done, total int64)) (Report, error) {
	v := &verifier{log: l, ctx: ctx, files: newFiles(ctx, blobs), tiles: map[int]*storedTile{}, states: newStateFold(ctx, l)}
	defer v.files.stop()
	if progress == nil {
		progress = func(int64, int64) {}
	}
	v.report.Problems = []Problem{}
	err := v.run(progress)
	if err != nil {
		return Report{}, fmt.Errorf("verify the audit log: %w", err)
	}
	if err := v.files.finish(&v.report); err != nil {
		return Report{}, fmt.Errorf("verify stored files: %w", err)
	}
	return v.report, nil
}

type verifier struct {
	log    *Log
	ctx    context.Context
	keys   note.Verifiers
	report Report
	files  *files
	states *stateFold

	newest    checkpoint // when it began
	newestOK  bool
	kept      tlog.Tree // the copy beside the key; N is 0 if there is none
	next      *signed   // the next checkpoint to compare with
	ahead     []checkpoint
	expected  int64 // number that the next checkpoint must have
	lastRow   int64 // size of the last checkpoint read
	rootWrong bool  // said once: all later roots are wrong too
	lastEntry int64 // number of the last entry that was there

	tree *tree
	alt  *tree // where stored hashes contradict entries: the tree by the stored hashes, until a checkpoint decides
	// doubt are the entries of which either the content or the stored hash was changed.
	doubt []row
	tiles map[int]*storedTile // the stored tile in hand, by level
	last  map[int]tlog.Hash   // newest hash of alt, by level
}

type signed struct {
	checkpoint
	tree tlog.Tree
}

type storedTile struct {
	n      int64
	hashes []byte
}

func (v *verifier) run(progress func(done, total int64)) (err error) {
	if v.keys, err = v.log.key.opener(); err != nil {
		return err
	}
	// The copy is read before the newest checkpoint, as it is written after it: so it can only be older.
	if err := v.openCopy(); err != nil {
		return err
	}
	if err := v.openNewest(); err != nil {
		return err
	}
	v.tree, v.last, v.lastRow, v.lastEntry = &tree{}, map[int]tlog.Hash{}, math.MinInt64, -1
	if err := v.nextCheckpoint(); err != nil {
		return err
	}
	if err := v.entries(progress); err != nil {
		return err
	}
	for v.next != nil { // beyond the last entry: their signatures are checked all the same
		if err := v.nextCheckpoint(); err != nil {
			return err
		}
	}
	v.decide(v.tree.root(), true)
	v.report.Root = v.tree.root().String()
	if v.newestOK {
		if err := v.layout(); err != nil {
			return err
		}
	}
	if err := v.strays(); err != nil {
		return err
	}
	if err := v.waiting(); err != nil {
		return err
	}
	v.states.size = v.report.TreeSize
	if err := v.states.compare(v.report.found); err != nil {
		return err
	}
	v.report.Rows = v.states.count
	return nil
}

func (v *verifier) bad(number int64, format string, args ...any) {
	v.report.found(Problem{Kind: BadCheckpoint, Detail: fmt.Sprintf("checkpoint %d: ", number) + fmt.Sprintf(format, args...)})
}

func entryProblem(kind Kind, r row, detail string) Problem {
	p := Problem{Kind: kind, ID: r.id, Object: r.object, Detail: detail}
	if r.seq != Unsequenced {
		p.Entry = &r.seq
	}
	return p
}

func (v *verifier) openCopy() error {
	msg, err := v.log.key.readCopy()
	if err != nil || msg == "" {
		return err
	}
	if v.kept, err = openCheckpoint(msg, v.keys); err != nil {
		v.report.found(Problem{Kind: RolledBack, Detail: v.log.key.copyPath() + " was changed: " + err.Error()})
	}
	return nil
}

// openNewest finds how far the tree goes.
func (v *verifier) openNewest() error {
	q := v.log.d.Reader()
	c, err := newestCheckpoint(v.ctx, q)
	if err != nil {
		return err
	}
	v.newest = c
	t, err := openCheckpoint(c.note, v.keys)
	switch {
	case c.number < 0:
		v.newestOK = true
	case err == nil && t.N == c.size:
		v.newestOK = true
		v.report.TreeSize = t.N
	default: // it is reported when its turn comes; until then the entries say how many they are
		n, err := lastSeq(v.ctx, q)
		if err != nil {
			return err
		}
		v.report.TreeSize = n + 1
	}
	if v.kept.N > v.report.TreeSize {
		v.report.found(Problem{Kind: RolledBack, Detail: fmt.Sprintf(
			"the checkpoint kept beside the key covers %d entries, the database only %d: it was turned back", v.kept.N, v.report.TreeSize)})
	}
	return nil
}

// nextCheckpoint moves to the next checkpoint with a valid signature and reports those without.
func (v *verifier) nextCheckpoint() error {
	for {
		if len(v.ahead) == 0 {
			var err error
			v.ahead, err = checkpoints(v.ctx, v.log.d.Reader(), v.lastRow, v.newest.size, 1000)
			if err != nil {
				return err
			}
			if len(v.ahead) == 0 {
				v.next = nil
				return nil
			}
			v.lastRow = v.ahead[len(v.ahead)-1].size
		}
		c := v.ahead[0]
		v.ahead = v.ahead[1:]
		v.report.Checkpoints++
		if c.number != v.expected {
			v.bad(c.number, "number %d was expected: some were deleted or renumbered", v.expected)
		}
		v.expected = c.number + 1
		t, err := openCheckpoint(c.note, v.keys)
		switch {
		case err != nil:
			v.bad(c.number, "%v", err)
		case t.N != c.size:
			v.bad(c.number, "its size was changed to %d; %d was signed", c.size, t.N)
		case c.size <= 0:
			v.bad(c.number, "it covers no entries")
		default:
			v.next = &signed{c, t}
			return nil
		}
	}
}

// entries goes through the tree's entries in their order.
func (v *verifier) entries(progress func(done, total int64)) error {
	var rows []row
	size := v.report.TreeSize
	progress(0, size)
	for i := int64(0); i < size; i++ {
		if len(rows) == 0 {
			var err error
			if rows, err = entriesFrom(v.ctx, v.log.d.Reader(), i, size, 1000); err != nil {
				return err
			}
			if len(rows) == 0 {
				v.gap(i, size)
				return nil
			}
			progress(i, size)
		}
		if err := v.turnTiles(i); err != nil {
			return err
		}
		if rows[0].seq == i {
			if err := v.entry(rows[0]); err != nil {
				return err
			}
			rows = rows[1:]
		} else { // the tree goes on with the stored hash
			if v.lastEntry == i-1 {
				v.gap(i, rows[0].seq)
			}
			leaf, _ := v.stored(0, i)
			v.add(leaf, leaf)
		}
		if err := v.compare(); err != nil {
			return err
		}
	}
	progress(size, size)
	return nil
}

// gap reports the entries from one number to before another as missing.
func (v *verifier) gap(from, to int64) {
	p := Problem{Kind: MissingEntry, Entry: &from, Detail: "the entry is missing"}
	if to > from+1 {
		p.Detail = fmt.Sprintf("the entries %d to %d are missing", from, to-1)
	}
	v.report.found(p)
}

// entry checks one entry and adds it to the tree.
func (v *verifier) entry(r row) error {
	v.report.Entries++
	v.lastEntry = r.seq
	leaf := r.leaf()
	stored, haveStored := v.stored(0, r.seq)
	content := r.intact()
	switch {
	case content && (!haveStored || stored == leaf): // a missing tile is reported by layout
		v.add(leaf, leaf)
	case content:
		v.doubt = append(v.doubt, r)
		v.add(leaf, stored)
	case r.wellFormed() && haveStored && stored == leaf:
		v.report.found(entryProblem(BadEntry, r, "the entry's own hash was changed"))
		v.add(leaf, leaf)
	default:
		v.report.found(entryProblem(BadEntry, r, "the entry was changed: it does not match its own hash"))
		if !haveStored {
			stored = tlog.Hash{}
			copy(stored[:], r.hash)
		}
		v.add(stored, stored)
	}
	if content && len(r.seal) > 0 {
		v.report.found(entryProblem(BadEntry, r, "the entry has a seal although it is sequenced"))
	}
	if content {
		v.states.entry(&r, v.report.found)
		return v.files.vouched(r)
	}
	return nil
}

// turnTiles reads the stored tiles that the i'th entry needs.
func (v *verifier) turnTiles(i int64) error {
	for level := 0; ; level++ {
		n := i >> (level * tileHeight) // the hash that is about to be filled, or completed
		tile := n / tileWidth
		if t := v.tiles[level]; t == nil || t.n != tile {
			b, err := readTile(v.ctx, v.log.d.Reader(), level, tile)
			if err != nil {
				return err
			}
			v.tiles[level] = &storedTile{tile, b}
		}
		if n == 0 {
			return nil
		}
	}
}

// stored is the n'th stored hash of a tile level.
func (v *verifier) stored(level int, n int64) (tlog.Hash, bool) {
	t := v.tiles[level]
	if t == nil || t.n != n/tileWidth {
		return tlog.Hash{}, false
	}
	return hashAt(t.hashes, int(n%tileWidth))
}

// add puts a leaf into the tree, and the stored one into the other tree where the two differ.
func (v *verifier) add(leaf, stored tlog.Hash) {
	if v.alt == nil && leaf != stored {
		v.alt = v.tree.clone()
		clear(v.last)
	}
	if v.alt != nil {
		v.alt.add(stored, func(level int, _ int64, h tlog.Hash) { v.last[level] = h })
	}
	v.tree.add(leaf, func(level int, n int64, h tlog.Hash) {
		if level == 0 {
			return // compared with its entry
		}
		if have, ok := v.stored(level, n); ok && have != h && (v.alt == nil || have != v.last[level]) {
			width := int64(1) << (level * tileHeight)
			v.report.found(Problem{Kind: BadHash, Detail: fmt.Sprintf("the stored hash %d of level %d, above entries %d to %d, was changed", n, level, n*width, n*width+width-1)})
		}
	})
}

// compare compares the tree with the checkpoints of its size.
func (v *verifier) compare() error {
	for v.next != nil && v.next.size == v.tree.size {
		v.decide(v.next.tree.Hash, false)
		if v.tree.root() != v.next.tree.Hash && !v.rootWrong {
			v.rootWrong = true
			v.bad(v.next.number, "its root is not that of the first %d entries: some were changed, exchanged or deleted together with their hashes", v.next.size)
		}
		if err := v.nextCheckpoint(); err != nil {
			return err
		}
	}
	if v.kept.N > 0 && v.kept.N == v.tree.size && v.kept.Hash != v.tree.root() && !v.rootWrong {
		v.report.found(Problem{Kind: RolledBack, Detail: fmt.Sprintf("the first %d entries are not those of the checkpoint kept beside the key: the log was written anew", v.kept.N)})
	}
	return nil
}

// decide tells, where entries and stored hashes contradict each other, which of them the signed root confirms.
func (v *verifier) decide(root tlog.Hash, end bool) {
	if v.alt == nil {
		return
	}
	entries, hashes := v.tree.root() == root, v.alt.root() == root
	for _, r := range v.doubt {
		switch {
		case entries && !hashes && !end:
			v.report.found(entryProblem(BadHash, r, "the stored hash of the entry was changed"))
		case hashes && !entries:
			v.report.found(entryProblem(BadEntry, r, "the entry was changed together with its own hash"))
		default:
			v.report.found(entryProblem(BadEntry, r, "the entry does not match its stored hash; one of the two was changed"))
		}
	}
	if hashes && !entries {
		v.tree = v.alt
	}
	v.alt, v.doubt = nil, nil
}

// layout checks that each stored tile has the hashes of the newest checkpoint's tree, and no more.
func (v *verifier) layout() error {
	want := func(level, tile, size int64) int64 { // hashes in a tile
		if level < 0 || level >= 8 || tile < 0 {
			return 0
		}
		return max(0, min(tileWidth, size>>(level*tileHeight)-tile*tileWidth))
	}
	wrong := func(level, tile int64, what string) {
		v.report.found(Problem{Kind: BadHash, Detail: fmt.Sprintf("tile %d of level %d of the stored hashes %s", tile, level, what)})
	}
	missing := func(level, from, to int64) { // to is there again
		if from < to {
			width := int64(tileWidth) << (level * tileHeight)
			v.report.found(Problem{Kind: BadHash, Detail: fmt.Sprintf("tiles %d to %d of level %d of the stored hashes, above entries %d to %d, are missing",
				from, to-1, level, from*width, to*width-1)})
		}
	}
	next := map[int64]int64{}
	size := v.report.TreeSize
	err := tileLengths(v.ctx, v.log.d.Reader(), func(level, tile, length, now int64) {
		size = now
		n := want(level, tile, now)
		switch {
		case n == 0:
			wrong(level, tile, "does not belong to the tree")
			return
		case length != n*tlog.HashSize:
			wrong(level, tile, fmt.Sprintf("has %d bytes instead of %d", length, n*tlog.HashSize))
		}
		missing(level, next[level], tile)
		next[level] = tile + 1
	})
	for level := int64(0); size>>(level*tileHeight) > 0; level++ {
		missing(level, next[level], (size>>(level*tileHeight)+tileWidth-1)/tileWidth)
	}
	return err
}

func (v *verifier) strays() error {
	const named = 10 // after a deleted checkpoint there are many
	rows, err := strayEntries(v.ctx, v.log.d.Reader(), named+1)
	for i, r := range rows {
		if i == named {
			v.report.found(Problem{Kind: StrayEntry, Detail: "further entries are beyond the newest checkpoint"})
			break
		}
		v.report.found(entryProblem(StrayEntry, r, "its number is beyond the newest checkpoint: checkpoints were deleted, or the number was changed"))
	}
	return err
}

// waiting checks the entries that are not in the tree yet.
func (v *verifier) waiting() error {
	for after := ""; ; {
		rows, err := waitingEntries(v.ctx, v.log.d.Reader(), after, 1000)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			v.report.Unsequenced++
			switch {
			case !r.intact():
				v.report.found(entryProblem(BadEntry, r, "the entry (not sequenced yet) was changed: it does not match its own hash"))
				continue
			case !v.log.key.CanSeal():
				v.report.Unsealed++
			case !v.log.key.checkSeal(r.leaf(), r.seal):
				v.report.found(entryProblem(BadEntry, r, "the entry (not sequenced yet) has a wrong seal: it was written or changed by someone without the key"))
				continue
			}
			v.states.entry(&r, v.report.found)
			if err := v.files.vouched(r); err != nil {
				return err
			}
		}
		after = rows[len(rows)-1].id
	}
}

func hashKey(h string) (k [32]byte) {
	_, _ = hex.Decode(k[:], []byte(h)) // a well-formed entry holds only valid ones
	return k
}
