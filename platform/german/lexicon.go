package german

import (
	"cmp"
	"embed"
	"slices"
	"strings"
)

//go:embed words/*.txt
var lists embed.FS

// Class says how much a word can mean in a query.
type Class uint8

// The classes.
const (
	Content Class = iota // a word that means something
	Filler               // wishes and questions: möchte, brauche, wo, wie viel
	Stop                 // articles, prepositions, pronouns
)

// Word is an analysed word.
type Word struct {
	Text  string   // folded
	Root  string   // of its word family; for a compound, of the whole
	Parts []string // roots of a compound's smallest segments, the head last; nil for a simple word
	Whole []string // the same with segments as large as known: Wohngeld + Antrag; nil if that is no other cut
	Class Class
	Known bool // the word, its root or all its parts are in the lexicon
	// Common is a verb, adjective or noun of person, time or place that surrounds what is meant: a search that knows no
	// name with it may leave it out.
	Common bool
}

// Lexicon is a set of known words. It is made once and then only read, so it is safe for concurrent use.
type Lexicon struct {
	class  map[string]Class
	common map[string]bool
	forms  map[string]string // strong forms to roots: zog, zug -> zieh
	exact  map[string]string // whole words to roots, never taken apart otherwise
	atoms  map[string]string // segments of compounds to roots
	known  map[string]string // stems to roots
	large  map[string]string // compounds that are segments of larger ones, to roots
	whole  map[string]Word   // every word of the vocabulary, analysed
}

// NewLexicon makes a lexicon of the built-in lists and the given texts, usually the names of a catalogue.
func NewLexicon(texts ...string) *Lexicon {
	l := &Lexicon{class: map[string]Class{}, common: map[string]bool{}, forms: map[string]string{}, exact: map[string]string{},
		atoms: map[string]string{}, known: map[string]string{}, large: map[string]string{}, whole: map[string]Word{}}
	for _, w := range list("stop") {
		l.class[Fold(w)] = Stop
	}
	for _, w := range list("filler") {
		l.class[Fold(w)] = Filler
	}
	for _, w := range list("common") {
		l.common[Fold(w)] = true
	}
	l.families()
	for _, w := range list("base") {
		w = Fold(w)
		l.atom(w, l.reduce(w))
	}
	seen := map[string]bool{}
	var words []string
	for _, text := range texts {
		for _, w := range Tokens(Fold(text)) {
			if !seen[w] && l.class[w] == Content && !hasDigit(w) {
				seen[w] = true
				words = append(words, w)
			}
		}
	}
	// Short words first: what they cannot compose is itself an atom for the longer ones.
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	for _, w := range words {
		root := l.reduce(w)
		if r, ok := l.baseOf(w, seen); ok {
			root = r
		}
		l.know(w, root)
		switch {
		case l.atoms[w] != "" || len(w) < 5:
		case l.Split(w) != nil:
			l.large[w] = root
		case len(w) <= 16:
			l.atom(w, root)
		}
	}
	for _, w := range words {
		l.whole[w] = l.analyse(w)
	}
	return l
}

// baseOf is the root of a word that is only a form of another word among those: "zahlt" beside Zahlung, "Ehen" beside Ehe.
func (l *Lexicon) baseOf(w string, among map[string]bool) (root string, ok bool) {
	if l.exact[w] != "" {
		return "", false
	}
	for _, ending := range []string{"tes", "ten", "ter", "te", "t"} {
		if s, ok := strings.CutSuffix(w, ending); ok && len(s) >= 3 && (among[s+"en"] || among[s+"ung"]) {
			return l.reduce(s + "en"), true
		}
	}
	for _, ending := range []string{"n", "s", "en", "es", "e"} {
		if s, ok := strings.CutSuffix(w, ending); ok && len(s) >= 3 && among[s] {
			return l.Root(s), true
		}
	}
	return "", false
}

func list(name string) []string {
	b, err := lists.ReadFile("words/" + name + ".txt")
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		out = append(out, strings.Fields(line)...)
	}
	return out
}

// families reads "root: form form"; "=" before a form keeps it from being combined with prefixes.
func (l *Lexicon) families() {
	root := ""
	for _, w := range list("families") {
		switch {
		case strings.HasSuffix(w, ":"):
			root = Fold(strings.TrimSuffix(w, ":"))
			l.known[root] = root
		case strings.HasPrefix(w, "="):
			l.exact[Fold(w[1:])] = root
		default:
			l.forms[Fold(w)] = root
		}
	}
}

// atom adds a word that compounds are made of. Wohnung is also "wohn" in them, Schule "schul".
func (l *Lexicon) atom(w, root string) {
	l.know(w, root)
	l.atoms[w] = root
	if len(w) > 4 && w[len(w)-1] == 'e' {
		l.addShort(w[:len(w)-1], root)
	}
	if len(root) > 3 {
		l.addShort(root, root)
	}
}

// know adds the stem of a word. Verbs in -ern have two: auswandern is reduced like Kindern, ausgewandert is not.
func (l *Lexicon) know(w, root string) {
	l.known[root] = root
	if s, ok := strings.CutSuffix(w, "n"); ok && strings.HasSuffix(s, "er") && l.known[s] == "" {
		l.known[s] = root
	}
}

func (l *Lexicon) addShort(w, root string) {
	if _, ok := l.atoms[w]; !ok && l.class[w] == Content {
		l.atoms[w] = root
	}
}

// Words analyses a text of any kind: at most MaxWords words of it.
func (l *Lexicon) Words(text string) []Word {
	tokens := Tokens(Fold(clipText(text)))
	out := make([]Word, len(tokens))
	for i, t := range tokens {
		out[i] = l.Word(t)
	}
	l.joinVerbs(out)
	return out
}

// joinVerbs puts separable verbs together again: in "wie melde ich mein Auto um" melde becomes ummelden.
func (l *Lexicon) joinVerbs(words []Word) {
	for i := 1; i < len(words); i++ {
		p := words[i].Text
		if !separable[p] || (i+1 < len(words) && words[i+1].Class != Stop) {
			continue
		}
		for j := i - 1; j >= 0; j-- {
			w := &words[j]
			if w.Class == Stop || w.Parts != nil {
				continue
			}
			if root, ok := l.known[p+w.Root]; ok {
				w.Text, w.Root, w.Class, w.Known = p+w.Text, root, Content, true
				w.Common = l.common[root+"en"] || l.common[root+"n"]
				break
			}
		}
	}
}

var separable = map[string]bool{"an": true, "ab": true, "um": true, "aus": true, "ein": true, "auf": true, "zu": true, "bei": true,
	"mit": true, "nach": true, "vor": true, "weg": true, "her": true, "hin": true, "fest": true, "zuruck": true}

// clipText bounds the work on absurd input: MaxWords words of maxWord bytes.
func clipText(s string) string {
	if limit := MaxWords * maxWord; len(s) > limit {
		return s[:limit]
	}
	return s
}

// Word analyses one folded word.
func (l *Lexicon) Word(w string) Word {
	if a, ok := l.whole[w]; ok {
		return a
	}
	return l.analyse(w)
}

func (l *Lexicon) analyse(w string) Word {
	out := Word{Text: w, Root: w, Class: l.classOf(w)}
	if hasDigit(w) {
		return out
	}
	if out.Class == Stop {
		out.Known = true
		return out
	}
	out.Root = l.Root(w)
	out.Common = l.common[w] || l.common[inflection(w)]
	out.Known = l.known[out.Root] != "" || out.Class == Filler || out.Common
	out.Parts = l.Split(w)
	if len(out.Parts) > 0 {
		out.Known = true
		if whole := l.split(w, l.large); len(whole) < len(out.Parts) {
			out.Whole = whole
		}
	}
	return out
}

// classOf is the class of a word; inflected fillers (alten, neues) are fillers, too.
func (l *Lexicon) classOf(w string) Class {
	if c, ok := l.class[w]; ok {
		return c
	}
	if s := inflection(w); l.class[s] == Filler && len(s) >= 3 {
		return Filler
	}
	return Content
}

func hasDigit(w string) bool { return strings.ContainsAny(w, "0123456789") }
