package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/db"
)

// RowState is what the row of an object says, as far as the log binds it. Entries of the transaction that changed the row
// hold its revision and digest, in Changes under "states": {"file:018f…": "3:0a1b…"}, "gone" once there is no row.
type RowState struct {
	Object   string
	Revision int64    // grows with each change of the row
	Fields   []string // "subject=Hundesteuer", in an order that is always the same
	Title    string   // how people call it: an Aktenzeichen, a file name
	In       []string // objects that it lies in, the nearest first
}

// States reads what the rows of a room's objects say. The log does not know what a file is.
type States interface {
	// Of are the states of these objects, of those that have a row, in any order.
	Of(ctx context.Context, q db.Querier, objects []string) ([]RowState, error)
	// After are the next states of all that there are, after the object, and the last object that was looked at; "" at the end.
	After(ctx context.Context, q db.Querier, object string) (states []RowState, last string, err error)
}

const (
	statesKey = "states"
	gone      = "gone"
	// actionStates is that of a further entry, where the states of what was changed are too long for one.
	actionStates = "audit.states"
)

// digest is the beginning of the SHA-256 of the object and the fields, each with its length in bytes (64 bit, big endian)
// before it.
func (s RowState) digest() (d [16]byte) {
	h := sha256.New()
	var length [8]byte
	for _, f := range append([]string{s.Object}, s.Fields...) {
		binary.BigEndian.PutUint64(length[:], uint64(len(f)))
		h.Write(length[:])
		h.Write([]byte(f))
	}
	copy(d[:], h.Sum(nil))
	return d
}

// text is the state as an entry holds it.
func (s RowState) text() string {
	d := s.digest()
	return strconv.FormatInt(s.Revision, 10) + ":" + hex.EncodeToString(d[:])
}

// statesIn are the states that an entry holds, by object.
func statesIn(changes string) map[string]string {
	if !strings.Contains(changes, `"`+statesKey+`":{`) {
		return nil
	}
	var c struct{ States map[string]string }
	_ = json.Unmarshal([]byte(changes), &c) // an entry that is no JSON is reported as such
	return c.States
}

// write inserts the entries of a transaction, with the states of what it touched.
func (l *Log) write(ctx context.Context, tx *db.Tx, rows []*row) error {
	rows, err := l.bind(ctx, tx, rows)
	if err != nil {
		return err
	}
	for _, r := range rows {
		leaf := r.leaf()
		r.hash, r.seal = leaf[:], l.key.seal(leaf)
	}
	return insertEntries(ctx, tx, rows)
}

// bind adds the states of what the transaction touched to its entries: each to the last entry about the object itself,
// else about what it lies in, else to the last one.
func (l *Log) bind(ctx context.Context, tx *db.Tx, rows []*row) ([]*row, error) {
	touched := slices.Clone(tx.Touched())
	slices.Sort(touched)
	touched = slices.Compact(touched)
	if l.States == nil || len(touched) == 0 {
		return rows, nil
	}
	found := map[string]RowState{}
	for some := range slices.Chunk(touched, objectsAtOnce) {
		states, err := l.States.Of(ctx, tx, some)
		if err != nil {
			return nil, fmt.Errorf("states of what was changed: %w", err)
		}
		for _, s := range states {
			found[s.Object] = s
		}
	}
	of := make([]map[string]string, len(rows))
	for _, o := range touched {
		s, there := found[o]
		at := len(rows) - 1
		for _, object := range append([]string{o}, s.In...) {
			if i := lastAbout(rows, object); i >= 0 {
				at = i
				break
			}
		}
		if of[at] == nil {
			of[at] = map[string]string{}
		}
		if of[at][o] = gone; there {
			of[at][o] = s.text()
		}
	}
	out := slices.Clone(rows)
	for i, states := range of {
		if further := rows[i].hold(states); further != nil {
			out = append(out, further...)
		}
	}
	return out, nil
}

func lastAbout(rows []*row, object string) int {
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].object == object {
			return i
		}
	}
	return -1
}

// hold puts the states into the entry, and those that it has no room for into further ones, which it returns.
func (r *row) hold(states map[string]string) (further []*row) {
	if len(states) == 0 {
		return nil
	}
	objects := make([]string, 0, len(states))
	for o := range states {
		objects = append(objects, o)
	}
	slices.Sort(objects)
	e := r
	for len(objects) > 0 {
		b := append([]byte(strings.TrimSuffix(e.changes, "}")), `"`+statesKey+`":{`...)
		if e.changes != "{}" {
			b = append([]byte(strings.TrimSuffix(e.changes, "}")), `,"`+statesKey+`":{`...)
		}
		n := 0
		for _, o := range objects {
			name, _ := json.Marshal(o) // a string always marshals
			if len(b)+len(name)+len(states[o])+6 > maxChanges {
				break
			}
			if n > 0 {
				b = append(b, ',')
			}
			b = append(append(append(append(b, name...), `:"`...), states[o]...), '"')
			n++
		}
		if n > 0 {
			e.changes, objects = string(b)+"}}", objects[n:]
		}
		if len(objects) > 0 {
			next := *r
			next.id, next.action, next.changes, next.blobs, next.erased = db.NewID(), actionStates, "{}", "[]", "[]"
			e, further = &next, append(further, &next)
		}
	}
	return further
}
