package fulltext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a query. What is beyond them is not looked for.
const (
	MaxQuery = 400 // bytes
	MaxTerms = 20  // words, phrases and exclusions
	// minPrefix is the shortest beginning of a word that is searched for as such, in bytes: shorter ones are in most
	// documents. Bau* finds Bauantrag all the same, as a compound of Bau.
	minPrefix = 4
)

// Query is what somebody looks for. Make it with Parse.
type Query struct {
	wanted, unwanted []term
}

// term is one part of a query: a word, or words one after the other.
type term struct {
	kind  kind
	words []string // folded
	open  bool     // the last word is only a beginning
}

type kind uint8

const (
	family kind = iota // a word in any form, alone or in a compound
	hyphen             // a compound written with hyphens
	exact              // words as they are written, in this order
)

// Parse reads a query as people write it; every text is one.
//
//	Bescheid Hundesteuer   all words, in any inflection, also as parts of compounds
//	"Bescheid vom"         these words as they are, in this order
//	22.31-2026/000017-1    signs join as quotes do: this reference, or what begins with it
//	Hundest*               words that begin so
//	-Mahnung -"wegen Mord" without these
//
// Words like der, und, mit count only within quotes, or if there are no others.
func Parse(s string) Query {
	if len(s) > MaxQuery {
		n := MaxQuery
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	var q Query
	var small []term // stop words
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != "" && len(q.wanted)+len(q.unwanted) < MaxTerms; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		rest, without := strings.CutPrefix(s, "-")
		if without {
			s = rest
		}
		var t term
		var ok bool
		t, s, ok = next(s)
		switch {
		case !ok:
		case without:
			q.unwanted = append(q.unwanted, t)
		case t.kind == family && analyse(t.words[0]).stop:
			small = append(small, term{kind: exact, words: t.words})
		default:
			q.wanted = append(q.wanted, t)
		}
	}
	if len(q.wanted) == 0 {
		q.wanted = small[:min(len(small), MaxTerms)]
	}
	return q
}

// quotes opens a phrase, each closed by one of the others.
const quotes = "\"„“”«»"

// next reads one term from the beginning of s.
func next(s string) (t term, rest string, ok bool) {
	chunk, quoted := "", false
	if first, n := utf8.DecodeRuneInString(s); strings.ContainsRune(quotes, first) {
		quoted = true
		chunk, rest = s[n:], ""
		if end := strings.IndexAny(chunk, quotes); end >= 0 {
			_, n := utf8.DecodeRuneInString(chunk[end:])
			chunk, rest = chunk[:end], chunk[end+n:]
		}
	} else {
		end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(quotes, r) })
		if end < 0 {
			end = len(s)
		}
		chunk, rest = s[:end], s[end:]
	}
	letters, hyphens := true, true
	last := 0
	words(chunk, func(w word) bool {
		t.words = append(t.words, w.text)
		letters = letters && isWord(w.text)
		hyphens = hyphens && (w.link == '-' || len(t.words) == 1)
		last = w.end
		return true
	})
	if len(t.words) == 0 {
		return t, rest, false
	}
	if star := strings.HasPrefix(chunk[last:], "*"); star && len(t.words[len(t.words)-1]) >= minPrefix {
		t.open = true
	}
	switch {
	case quoted, t.open:
		t.kind = exact
	case len(t.words) == 1:
		t.kind = family
	case letters && hyphens:
		t.kind = hyphen
	default:
		t.kind = exact
	}
	return t, rest, true
}

// Empty reports whether nothing is looked for: then everything is found, but what is excluded.
func (q Query) Empty() bool { return len(q.wanted) == 0 && len(q.unwanted) == 0 }

// expression is a condition on the tokens of a document.
type expression struct {
	token  string // of a leaf
	prefix bool   // tokens that begin with it
	any    bool   // one of kids is enough
	kids   []expression
}

func leaf(token string) expression        { return expression{token: token} }
func all(kids ...expression) expression   { return expression{kids: kids} }
func oneOf(kids ...expression) expression { return expression{kids: kids, any: true} }
func each(words []string, f func(string) expression) []expression {
	out := make([]expression, len(words))
	for i, w := range words {
		out[i] = f(w)
	}
	return out
}

// expression is what the index can tell of a term. Of a phrase it is only nearly true: see phrase.
func (t term) expression() expression {
	switch t.kind {
	case family:
		return familyOf(t.words[0])
	case hyphen:
		return oneOf(familyOf(clip(strings.Join(t.words, ""))), all(each(t.words, familyOf)...))
	}
	if t.open && len(t.words) == 1 {
		return startsWith(t.words[0])
	}
	var out []expression
	for i, w := range t.words {
		if i == len(t.words)-1 && t.open {
			break // phrase tells the rest
		}
		out = append(out, leaf(w))
		if i > 0 {
			out = append(out, leaf(pair(t.words[i-1], w)))
		}
	}
	return all(out...)
}

// start is how long the longest token is for words that begin with w, or with less of it.
func start(w string) (n int) {
	for _, s := range starts {
		if s == len(w) || s < len(w) && utf8.RuneStart(w[s]) {
			n = s
		}
	}
	return n
}

// startsWith is found by words that begin so. Beginnings longer than all starts are rare enough to be gathered from the
// index; those between two are compared with the words: see phrase.
func startsWith(w string) expression {
	n := start(w)
	switch longest := starts[len(starts)-1]; {
	case n == len(w):
		return oneOf(leaf(w), leaf(startMark+w))
	case n == 0:
		return expression{token: w, prefix: true}
	case len(w) > longest:
		return all(leaf(startMark+w[:n]), expression{token: w, prefix: true})
	}
	return leaf(startMark + w[:n])
}

// familyOf is found by a word. A compound of three or more segments may also stand there as two words: who looks for
// Hundesteuerbescheid finds a Bescheid on Hundesteuer, but who looks for Wohngeld finds no Geld in a Wohnung.
func familyOf(w string) expression {
	a := analyse(w)
	if a.stop {
		return leaf(w)
	}
	ways := []expression{leaf(rootMark + a.root)}
	if len(a.parts) > 0 {
		ways = append(ways, leaf(compound(a.parts)))
	}
	if len(a.parts) > 2 {
		for i := 1; i < len(a.parts); i++ {
			ways = append(ways, all(leaf(compound(a.parts[:i])), leaf(compound(a.parts[i:]))))
		}
	}
	return oneOf(ways...)
}

// phrase is the pattern for LIKE that the words of a document must match, "" if the index knows it all. Words have
// letters and digits only, so nothing is to be escaped.
func (t term) phrase() string {
	if t.kind != exact || len(t.words) == 1 && !t.open {
		return ""
	}
	if w := t.words[0]; len(t.words) == 1 && (start(w) == len(w) || start(w) == 0 || len(w) > starts[len(starts)-1]) {
		return ""
	}
	pattern := "% " + strings.Join(t.words, " ")
	if t.open {
		return pattern + "%"
	}
	return pattern + " %"
}

// condition is the whole query and one of the labels, if any are given, for the index; and the patterns that the words
// must and must not match besides.
func (q Query) condition(labels []string) (wanted, unwanted []expression, like, unlike []string) {
	for _, t := range q.wanted {
		wanted = append(wanted, t.expression())
		if p := t.phrase(); p != "" {
			like = append(like, p)
		}
	}
	for _, t := range q.unwanted {
		if p := t.phrase(); p != "" { // the index would exclude too many
			unlike = append(unlike, p)
		} else {
			unwanted = append(unwanted, t.expression())
		}
	}
	if len(labels) > 0 {
		wanted = append(wanted, oneOf(each(labels, func(l string) expression { return leaf(label(l)) })...))
	}
	if len(wanted) == 0 {
		wanted = append(wanted, leaf(edge))
	}
	return wanted, unwanted, slices.Compact(like), slices.Compact(unlike)
}

// fts5 writes the condition in the language of SQLite's FTS5. Tokens stand in quotes: none has one in it.
func fts5(wanted, unwanted []expression) string {
	var b strings.Builder
	write := func(e expression) {
		e.write(&b, func(e expression) {
			b.WriteString(`"` + e.token + `"`)
			if e.prefix {
				b.WriteString(` *`)
			}
		}, " AND ", " OR ")
	}
	write(all(wanted...))
	if len(unwanted) > 0 {
		b.WriteString(" NOT ")
		write(oneOf(unwanted...))
	}
	return b.String()
}

// tsquery writes the condition in the language of PostgreSQL. Tokens stand in quotes: none has one, or a backslash.
func tsquery(wanted, unwanted []expression) string {
	var b strings.Builder
	write := func(e expression) {
		e.write(&b, func(e expression) {
			b.WriteString(`'` + e.token + `'`)
			if e.prefix {
				b.WriteString(`:*`)
			}
		}, " & ", " | ")
	}
	write(all(wanted...))
	if len(unwanted) > 0 {
		b.WriteString(" & !")
		write(oneOf(unwanted...))
	}
	return b.String()
}

func (e expression) write(b *strings.Builder, leaf func(expression), and, or string) {
	if e.kids == nil {
		leaf(e)
		return
	}
	sign := and
	if e.any {
		sign = or
	}
	b.WriteString("(")
	for i, k := range e.kids {
		if i > 0 {
			b.WriteString(sign)
		}
		k.write(b, leaf, and, or)
	}
	b.WriteString(")")
}
