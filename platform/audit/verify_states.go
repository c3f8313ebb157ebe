package audit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"rennsteig/platform/db"
)

// folded is the newest state of an object that entries tell. With its key and what a map takes beside it that is about
// 100 bytes an object: 1 GB for ten million documents.
type folded struct {
	state [stateSize]byte // revision:digest, filled up with zeros; all zeros: gone
	seq   int64           // of the entry
	seen  bool            // there is a row
}

const stateSize = 20 + 1 + 32

// stateFold finds the newest states as the entries go by, and compares them with the rows.
type stateFold struct {
	ctx   context.Context
	log   *Log
	last  map[[16]byte]folded
	first time.Time // of the first entry with states; zero: there is none
	size  int64     // of the tree that went by
	count int64     // rows that are what an entry says
}

func newStateFold(ctx context.Context, l *Log) *stateFold {
	return &stateFold{ctx: ctx, log: l, last: map[[16]byte]folded{}}
}

func objectKey(object string) [16]byte {
	sum := sha256.Sum256([]byte(object))
	return [16]byte(sum[:16])
}

func packed(state string) (b [stateSize]byte) {
	if state != gone {
		copy(b[:], state)
	}
	return b
}

func (f folded) String() string { return strings.TrimRight(string(f.state[:]), "\x00") }

// revisionOf is what a state of an entry begins with; the highest there is if the row is gone.
func revisionOf(state string) int64 {
	if state == gone || state == "" {
		return math.MaxInt64
	}
	var n int64
	_, _ = fmt.Sscanf(state, "%d:", &n) // another state is no row's, and is found as such
	return n
}

// entry takes the states of an entry that is as it was written. Of an object the highest revision counts: entries of two
// processes may be sequenced the other way round than they were committed.
func (f *stateFold) entry(r *row, found func(Problem)) {
	if f.log.States == nil {
		return
	}
	for object, state := range statesIn(r.changes) {
		if at := db.Time(r.at); f.first.IsZero() || at.Before(f.first) {
			f.first = at
		}
		key := objectKey(object)
		before, known := f.last[key]
		now := folded{state: packed(state), seq: r.seq}
		if known {
			was := revisionOf(before.String())
			if is := revisionOf(state); is < was && was != math.MaxInt64 {
				continue
			} else if is == was && before.state != now.state {
				p := entryProblem(BadState, *r, fmt.Sprintf("%s was changed outside the program between %s and this entry: both tell its revision %d, each another state",
					object, entryName(before.seq), is))
				p.Object = object
				found(p)
			}
		}
		f.last[key] = now
	}
}

func entryName(seq int64) string {
	if seq == Unsequenced {
		return "an entry that waits"
	}
	return fmt.Sprintf("entry %d", seq)
}

// suspect is an object whose row is not what the entries say that went by. Others may have changed it meanwhile.
type suspect struct {
	object string
	want   folded
	known  bool // an entry tells a state
	row    string
	there  bool
}

// compare goes through all rows.
func (f *stateFold) compare(found func(Problem)) error {
	if f.log.States == nil || f.first.IsZero() {
		return nil
	}
	q := f.log.d.Reader()
	var suspects []suspect
	for after := ""; ; {
		states, last, err := f.log.States.After(f.ctx, q, after)
		if err != nil {
			return fmt.Errorf("states of rows: %w", err)
		}
		for _, s := range states {
			want, known := f.last[objectKey(s.Object)]
			if !known && madeBefore(s.Object, f.first) {
				continue // the entries about it bind no state
			}
			if known {
				want.seen = true
				f.last[objectKey(s.Object)] = want
			}
			if state := s.text(); !known || packed(state) != want.state {
				suspects = append(suspects, suspect{object: s.Object, want: want, known: known, row: state, there: true})
				continue
			}
			f.count++
		}
		if after = last; last == "" {
			break
		}
	}
	missing, err := f.missing()
	if err != nil {
		return err
	}
	suspects, err = f.settle(append(suspects, missing...))
	if err != nil {
		return err
	}
	for _, s := range suspects {
		p, err := f.problem(s)
		if err != nil {
			return err
		}
		found(p)
	}
	return nil
}

// madeBefore reports whether an object's id, a UUIDv7, is older than t.
func madeBefore(object string, t time.Time) bool {
	_, id, _ := strings.Cut(object, ":")
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 7 {
		return false
	}
	return idAt(t) > id
}

// missing are the objects that ought to have a row and have none; their names are read again from the entries.
func (f *stateFold) missing() (out []suspect, err error) {
	var places []int64
	for _, x := range f.last {
		if x.seen || x.String() == "" {
			continue
		}
		places = append(places, x.seq)
	}
	slices.Sort(places)
	places = slices.Compact(places)
	look := func(rows []row) {
		for _, r := range rows {
			for object := range statesIn(r.changes) {
				if x, ok := f.last[objectKey(object)]; ok && !x.seen && x.String() != "" && x.seq == r.seq {
					x.seen = true // named once
					f.last[objectKey(object)] = x
					out = append(out, suspect{object: object, want: x, known: true})
				}
			}
		}
	}
	if len(places) > 0 && places[0] == Unsequenced {
		places = places[1:]
		rows, err := waitingEntries(f.ctx, f.log.d.Reader(), "", math.MaxInt32)
		if err != nil {
			return nil, err
		}
		look(rows)
	}
	for some := range slices.Chunk(places, objectsAtOnce) {
		rows, err := entriesAt(f.ctx, f.log.d.Reader(), some)
		if err != nil {
			return nil, err
		}
		look(rows)
	}
	return out, nil
}

// settle leaves out what entries explain that were written since: it reads the rows again, then the entries.
func (f *stateFold) settle(suspects []suspect) ([]suspect, error) {
	for range 3 {
		if len(suspects) == 0 {
			return nil, nil
		}
		now := map[string]string{}
		for some := range slices.Chunk(suspects, objectsAtOnce) {
			objects := make([]string, len(some))
			for i, s := range some {
				objects[i] = s.object
			}
			states, err := f.log.States.Of(f.ctx, f.log.d.Reader(), objects)
			if err != nil {
				return nil, err
			}
			for _, s := range states {
				now[s.Object] = s.text()
			}
		}
		told, err := f.since()
		if err != nil {
			return nil, err
		}
		var left []suspect
		for _, s := range suspects {
			s.row, s.there = now[s.object], false
			is := gone
			if s.row != "" {
				is, s.there = s.row, true
			}
			if slices.Contains(told[s.object], is) || s.known && packed(is) == s.want.state || !s.known && !s.there {
				continue
			}
			left = append(left, s)
		}
		if len(left) == len(suspects) && len(told) == 0 {
			return left, nil // nobody is at work
		}
		suspects = left
	}
	return suspects, nil
}

// since are the states that entries tell that did not go by.
func (f *stateFold) since() (map[string][]string, error) {
	told := map[string][]string{}
	add := func(rows []row) {
		for _, r := range rows {
			if !r.intact() || r.seq == Unsequenced && f.log.key.CanSeal() && !f.log.key.checkSeal(r.leaf(), r.seal) {
				continue // reported the next time
			}
			for o, s := range statesIn(r.changes) {
				told[o] = append(told[o], s)
			}
		}
	}
	// What waits is read first: it is in the tree afterwards.
	for after := ""; ; {
		rows, err := waitingEntries(f.ctx, f.log.d.Reader(), after, 1000)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
		add(rows)
		after = rows[len(rows)-1].id
	}
	for from := f.size; ; {
		rows, err := entriesFrom(f.ctx, f.log.d.Reader(), from, math.MaxInt64, 1000)
		if err != nil || len(rows) == 0 {
			return told, err
		}
		add(rows)
		from = rows[len(rows)-1].seq + 1
	}
}

// problem names what is wrong.
func (f *stateFold) problem(s suspect) (Problem, error) {
	p := Problem{Kind: BadState, Object: s.object}
	about := ""
	if s.known && s.want.seq != Unsequenced {
		p.Entry = &s.want.seq
		r, err := entryBy(f.ctx, f.log.d.Reader(), "seq", s.want.seq)
		if err != nil {
			return p, err
		}
		p.ID, about = r.id, r.object
	}
	name, err := f.log.title(f.ctx, s.object)
	if err != nil {
		return p, err
	}
	if name == s.object && about != "" && about != s.object {
		in, err := f.log.title(f.ctx, about)
		if err != nil {
			return p, err
		}
		name += " of " + in
	}
	switch {
	case !s.there:
		p.Detail = fmt.Sprintf("the row of %s was removed outside the program: %s is the last to tell its state", name, entryName(s.want.seq))
	case !s.known:
		p.Detail = fmt.Sprintf("the row of %s was added outside the program: no entry tells its state", name)
	case s.want.String() == "":
		p.Detail = fmt.Sprintf("the row of %s was added outside the program: %s says that it was removed", name, entryName(s.want.seq))
	default:
		p.Detail = fmt.Sprintf("the row of %s was changed outside the program: it is not what %s says", name, entryName(s.want.seq))
	}
	return p, nil
}

// title is how people call an object and what it lies in, "document:018f… (Plan.pdf) of case:018e… (22.31-2026/000017-1)"; the
// object itself if it has no row.
func (l *Log) title(ctx context.Context, object string) (string, error) {
	states, err := l.States.Of(ctx, l.d.Reader(), []string{object})
	if err != nil || len(states) == 0 {
		return object, err
	}
	s := states[0]
	name := fmt.Sprintf("%s (%s)", object, s.Title)
	if len(s.In) == 0 {
		return name, nil
	}
	in, err := l.title(ctx, s.In[0])
	return name + " of " + in, err
}
