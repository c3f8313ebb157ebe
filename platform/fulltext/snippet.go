package fulltext

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Segment is a piece of text.
type Segment struct {
	Text string
	Hit  bool // it is what was looked for
}

// maxSnippet is how many words of a text are searched for the best place.
const maxSnippet = 20_000

// Snippet cuts out the place where most of the query stands close together, about so many bytes of it, and tells the
// words that were hit from the others. Without a hit it is the beginning.
func Snippet(text string, q Query, size int) []Segment {
	var list []word
	words(text, func(w word) bool {
		list = append(list, w)
		return len(list) < maxSnippet
	})
	hits := q.hits(list)
	from, to := piece(text, list, hits, size)
	var out []Segment
	add := func(s string, hit bool) {
		if n := len(out); n > 0 && out[n-1].Hit == hit {
			out[n-1].Text += s
		} else if s != "" {
			out = append(out, Segment{s, hit})
		}
	}
	at := from
	if from > 0 {
		add("… ", false)
	}
	for i, w := range list {
		if hits[i] == 0 || w.start < from || w.end > to {
			continue
		}
		add(text[at:w.start], false)
		add(text[w.start:w.end], true)
		at = w.end
	}
	add(text[at:to], false)
	if to < len(text) {
		add(" …", false)
	}
	return out
}

// hits tells for each word which of the wanted terms it belongs to, as bits.
func (q Query) hits(list []word) []uint32 {
	hits := make([]uint32, len(list))
	for i, t := range q.wanted {
		bit := uint32(1) << i
		if t.kind == exact {
			for at := range list {
				if t.at(list[at:]) {
					for k := range t.words {
						hits[at+k] |= bit
					}
				}
			}
			continue
		}
		looked := map[string]bool{}
		t.expression().leaves(func(token string) { looked[token] = true })
		meets := func(w string) bool {
			return looked[w] || slices.ContainsFunc(keys(w), func(k string) bool { return looked[k] })
		}
		joined, first := "", 0
		for at, w := range list {
			if meets(w.text) {
				hits[at] |= bit
			}
			if w.link != '-' || !isWord(joined) || !isWord(w.text) {
				joined, first = w.text, at
				continue
			}
			if joined = clip(joined + w.text); meets(joined) {
				for k := first; k <= at; k++ {
					hits[k] |= bit
				}
			}
		}
	}
	return hits
}

// at reports whether the words of the term begin the list.
func (t term) at(list []word) bool {
	if len(list) < len(t.words) {
		return false
	}
	for i, w := range t.words {
		if list[i].text != w && !(t.open && i == len(t.words)-1 && strings.HasPrefix(list[i].text, w)) {
			return false
		}
	}
	return true
}

func (e expression) leaves(yield func(token string)) {
	if e.kids == nil {
		yield(e.token)
	}
	for _, k := range e.kids {
		k.leaves(yield)
	}
}

// piece is where the snippet begins and ends, in bytes: where most terms are hit, the first of several places.
func piece(text string, list []word, hits []uint32, size int) (from, to int) {
	if len(text) <= size {
		return 0, len(text)
	}
	best, most := 0, 0
	for i := range list {
		if hits[i] == 0 {
			continue
		}
		var terms uint32
		for j := i; j < len(list) && list[j].end-list[i].start <= size*3/4; j++ {
			terms |= hits[j]
		}
		if n := bits.OnesCount32(terms); n > most {
			best, most = i, n
		}
	}
	if len(list) > 0 {
		first := best // with a few words before it
		for first > 0 && list[best].start-list[first-1].start <= size/4 {
			first--
		}
		if first > 0 {
			from = list[first].start
		}
		for last := first; last < len(list) && (last == first || list[last].end-from <= size); last++ {
			to = list[last].end
		}
	}
	if len(text)-from <= size {
		to = len(text)
	}
	to = max(to, from+size/2)
	// A word, or what is between two, can be endless.
	for to = min(to, from+2*size, len(text)); to < len(text) && !utf8.RuneStart(text[to]); to-- {
	}
	return from, max(from, to)
}
