package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// boundRow is a line of rows.jsonl: what a row says, as the newest entry of the bundle about it binds it.
type boundRow struct {
	Object string   `json:"object"`
	State  string   `json:"state"` // revision:digest, as the entry has it
	Fields []string `json:"fields"`
}

func (b *bundle) rowList(w *bufio.Writer) error {
	enc := json.NewEncoder(w)
	slices.SortFunc(b.bound, func(a, b boundRow) int { return strings.Compare(a.Object, b.Object) })
	for _, r := range b.bound {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// rows compares the rows of the bundle's objects, and of what its entries bind besides, with the newest states that its
// entries tell. What lies in another file by now may have a newer state there: of that it is looked at only whether it has a
// row, or was rightly removed.
func (b *bundle) rows(ctx context.Context) error {
	if b.log.States == nil {
		return nil
	}
	f := newStateFold(ctx, b.log)
	f.size = b.prover.tree.N
	objects := map[string]bool{} // true: of the bundle
	err := b.each(ctx, func(r *row) error {
		f.entry(r, func(p Problem) { b.summary.Problems = append(b.summary.Problems, p.String()) })
		for o := range statesIn(r.changes) {
			objects[o] = false
		}
		return nil
	})
	if err != nil || len(objects) == 0 {
		return err
	}
	for _, o := range b.req.Objects {
		objects[o] = true
	}
	var suspects []suspect
	for some := range slices.Chunk(slices.Sorted(maps.Keys(objects)), objectsAtOnce) {
		states, err := b.log.States.Of(ctx, b.log.d.Reader(), some)
		if err != nil {
			return fmt.Errorf("states of rows: %w", err)
		}
		now := map[string]string{}
		for _, s := range states {
			state := s.text()
			now[s.Object] = state
			if want, known := f.last[objectKey(s.Object)]; known && objects[s.Object] && packed(state) == want.state {
				b.bound = append(b.bound, boundRow{s.Object, state, s.Fields})
			}
		}
		for _, o := range some {
			want, known := f.last[objectKey(o)]
			is, there := now[o]
			switch {
			case known && there && (!objects[o] || packed(is) == want.state), !known && (!there || madeBefore(o, f.first)), known && !there && want.String() == "":
			default:
				suspects = append(suspects, suspect{object: o, want: want, known: known, row: is, there: there})
			}
		}
	}
	if suspects, err = f.settle(suspects); err != nil {
		return err
	}
	for _, s := range suspects {
		if told, err := toldElsewhere(ctx, b.log.d.Reader(), s); err != nil || told {
			if err != nil {
				return err
			}
			continue
		}
		p, err := f.problem(s)
		if err != nil {
			return err
		}
		b.summary.Problems = append(b.summary.Problems, p.String())
	}
	return nil
}
