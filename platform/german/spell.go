package german

import "slices"

// Speller finds the known word that was probably meant by a misspelt one.
type Speller struct {
	words  []string
	weight []int
	grams  map[uint32][]int32 // trigram to words that contain it
}

// NewSpeller makes a speller over folded words; weight says how often each is used, and breaks ties.
func NewSpeller(words map[string]int) *Speller {
	s := &Speller{grams: map[uint32][]int32{}}
	for w := range words {
		if len(w) >= 4 && len(w) <= maxWord {
			s.words = append(s.words, w)
		}
	}
	slices.Sort(s.words)
	s.weight = make([]int, len(s.words))
	for i, w := range s.words {
		s.weight[i] = words[w]
		for _, g := range grams(w) {
			if ids := s.grams[g]; len(ids) == 0 || ids[len(ids)-1] != int32(i) {
				s.grams[g] = append(ids, int32(i))
			}
		}
	}
	return s
}

// grams are the trigrams of "  w ": the padding makes the beginning count twice, where people rarely mistype.
func grams(w string) []uint32 {
	out := make([]uint32, 0, len(w)+1)
	g := uint32(' ')<<8 | ' '
	for i := 0; i <= len(w); i++ {
		c := byte(' ')
		if i < len(w) {
			c = w[i]
		}
		g = (g<<8 | uint32(c)) & 0xffffff
		out = append(out, g)
	}
	return out
}

// Correct returns the nearest known word and its distance: one change (letter wrong, missing, too many, or two swapped)
// in words of 5 to 7 letters, two in longer ones. ok is false if none is near.
func (s *Speller) Correct(w string) (word string, distance int, ok bool) {
	limit := Tolerance(w)
	if limit == 0 {
		return "", 0, false
	}
	own := grams(w)
	hits := map[int32]int{}
	for _, g := range own {
		for _, id := range s.grams[g] {
			hits[id]++
		}
	}
	best, bestHits := -1, 0
	for id, n := range hits {
		c := s.words[id]
		// One change spoils at most three trigrams (a swap four).
		if d := len(c) - len(w); d > limit || -d > limit || n < len(own)-4*limit {
			continue
		}
		d := Distance(w, c, limit)
		if d > limit || (c[0] != w[0] && d > 1) {
			continue
		}
		better := best < 0 || d < distance
		if !better && d == distance {
			better = n > bestHits || (n == bestHits && (s.weight[id] > s.weight[best] ||
				(s.weight[id] == s.weight[best] && int(id) < best)))
		}
		if better {
			best, bestHits, distance = int(id), n, d
		}
	}
	if best < 0 {
		return "", 0, false
	}
	return s.words[best], distance, true
}

// Tolerance is how many changes a word of this length may be away from a known one.
func Tolerance(w string) int {
	switch {
	case len(w) < 5 || len(w) > maxWord: // one change makes another word of a short one: Stau, Staub
		return 0
	case len(w) < 8:
		return 1
	}
	return 2
}

// Distance is the number of letters changed, left out, added or swapped with their neighbour (optimal string
// alignment) between two words; limit+1 if it is more than limit. Bytes are compared.
func Distance(a, b string, limit int) int {
	if len(a) > maxWord || len(b) > maxWord {
		return limit + 1
	}
	var rows [3][maxWord + 1]int
	prev2, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			d := prev[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, prev[j]+1, cur[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			cur[j] = d
			low = min(low, d)
		}
		if low > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return min(prev[len(b)], limit+1)
}
