package german

// links may stand between the segments of a compound (Fugenelemente).
var links = []string{"", "s", "n", "en", "er", "es", "e", "ns"}

// Split takes a folded compound apart: the roots of its segments, the head last; nil if the word is no compound of
// known segments. The segments and the links between them cover the whole word; the fewest segments win.
func (l *Lexicon) Split(w string) []string { return l.split(w, nil) }

// split may use the large segments, too.
func (l *Lexicon) split(w string, large map[string]string) []string {
	const minWord, minSegment, maxSegments = 6, 3, 5
	if len(w) < minWord || len(w) > maxWord {
		return nil
	}
	if _, ok := l.atoms[w]; ok {
		return nil
	}
	if _, ok := l.exact[w]; ok {
		return nil
	}
	// best[i] is the cheapest way to cover w[:i], ending with a segment (and a link if i is not the end).
	type way struct {
		cost, from, segments int
		root                 string
	}
	var best [maxWord + 1]way
	for i := range best {
		best[i].cost = -1
	}
	best[0].cost = 0
	for i := 0; i+minSegment <= len(w); i++ {
		if best[i].cost < 0 || best[i].segments >= maxSegments {
			continue
		}
		for j := i + minSegment; j <= len(w); j++ {
			last := j == len(w)
			if i == 0 && last {
				continue
			}
			root, ok := l.atoms[w[i:j]]
			if !ok {
				root, ok = large[w[i:j]]
			}
			penalty := 0
			if !ok && last && j-i >= 4 {
				root, ok = l.head(w[i:j])
				penalty = 1
			}
			if !ok {
				continue
			}
			cost := best[i].cost + 10 + penalty
			if j-i == minSegment {
				cost += 4 // short segments are often accidents
			}
			for _, link := range links {
				k := j + len(link)
				if k > len(w) || w[j:k] != link || (last && link != "") || (k == len(w) && link != "") {
					continue
				}
				c := cost
				if link != "" {
					c += 2
				}
				if best[k].cost < 0 || c < best[k].cost {
					best[k] = way{c, i, best[i].segments + 1, root}
				}
			}
		}
	}
	end := best[len(w)]
	if end.cost < 0 || end.segments < 2 {
		return nil
	}
	parts := make([]string, end.segments)
	for i, n := len(w), end.segments-1; n >= 0; n-- {
		parts[n] = best[i].root
		i = best[i].from
	}
	return parts
}

// head finds the root of a compound's last segment, which may be inflected (Hundesteuern).
func (l *Lexicon) head(s string) (string, bool) {
	if l.class[s] != Content {
		return "", false
	}
	stem := l.reduce(s)
	if r, ok := l.known[stem]; ok && len(stem) >= 4 {
		return r, true
	}
	return "", false
}

// Tail is the root of the longest known end of a folded word that begins with something unknown, so that Split cannot take
// it apart: "steuer" for Dackelsteuern. It is "" if no end of the word is known. The end may be inflected.
func (l *Lexicon) Tail(w string) string {
	const minBefore, minTail = 3, 4
	for i := minBefore; i+minTail <= len(w) && len(w) <= maxWord; i++ {
		if root, ok := l.head(w[i:]); ok {
			return root
		}
	}
	return ""
}
