package flow

import "strings"

// Piece is a part of the difference between two texts: the same, "removed" or "added" words.
type Piece struct {
	Op   string // "", "removed", "added"
	Text string
}

// maxTable bounds the table of difference, in cells of two bytes; what differs more is shown as replaced as a whole.
const maxTable = 4 << 20

// difference compares two texts word by word, wherever their lines break. Of what is the same only the words next to a
// change are kept, so that a change in a long text is seen.
func difference(before, after string) []Piece {
	a, b := strings.Fields(before), strings.Fields(after)
	var head, tail int
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if head == len(a) && head == len(b) {
		return nil
	}
	ops := make([]op, 0, len(b)+len(a))
	for _, w := range a[:head] {
		ops = append(ops, op{"", w})
	}
	ops = middle(ops, a[head:len(a)-tail], b[head:len(b)-tail])
	for _, w := range a[len(a)-tail:] {
		ops = append(ops, op{"", w})
	}
	return gather(ops)
}

type op struct{ kind, word string }

// middle adds the longest common subsequence of a and b, and what it leaves out, by the usual table.
func middle(out []op, a, b []string) []op {
	width := len(b) + 1
	i, j := 0, 0
	if len(a) > 0 && len(b) > 0 && (len(a)+1)*width <= maxTable {
		table := make([]uint16, (len(a)+1)*width) // length of the best for a[i:], b[j:]
		for i := len(a) - 1; i >= 0; i-- {
			for j := len(b) - 1; j >= 0; j-- {
				if a[i] == b[j] {
					table[i*width+j] = table[(i+1)*width+j+1] + 1
				} else {
					table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
				}
			}
		}
		for i < len(a) && j < len(b) {
			switch {
			case a[i] == b[j]:
				out = append(out, op{"", a[i]})
				i, j = i+1, j+1
			case table[(i+1)*width+j] >= table[i*width+j+1]:
				out = append(out, op{"removed", a[i]})
				i++
			default:
				out = append(out, op{"added", b[j]})
				j++
			}
		}
	}
	for _, w := range a[i:] {
		out = append(out, op{"removed", w})
	}
	for _, w := range b[j:] {
		out = append(out, op{"added", w})
	}
	return out
}

// nearby is how many words that are the same are shown before and after a change.
const nearby = 12

// gather makes pieces of the words: of a run of changes first what was removed, then what was added.
func gather(ops []op) (out []Piece) {
	put := func(kind string, words []string) {
		if len(words) > 0 {
			out = append(out, Piece{kind, strings.Join(words, " ")})
		}
	}
	for i := 0; i < len(ops); {
		var same, removed, added []string
		for ; i < len(ops) && ops[i].kind == ""; i++ {
			same = append(same, ops[i].word)
		}
		first, last := len(out) == 0, i == len(ops)
		switch {
		case first && len(same) > nearby:
			same = append([]string{"…"}, same[len(same)-nearby:]...)
		case last && len(same) > nearby:
			same = append(same[:nearby:nearby], "…")
		case len(same) > 2*nearby:
			same = append(append(same[:nearby:nearby], "…"), same[len(same)-nearby:]...)
		}
		put("", same)
		for ; i < len(ops) && ops[i].kind != ""; i++ {
			if ops[i].kind == "removed" {
				removed = append(removed, ops[i].word)
			} else {
				added = append(added, ops[i].word)
			}
		}
		put("removed", removed)
		put("added", added)
	}
	return out
}
