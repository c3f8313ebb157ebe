package fulltext

import (
	_ "embed" // words.txt
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"rennsteig/platform/german"
)

// Version is that of the tokens. It rises whenever Put would store other tokens for the same texts, be it by a change
// here or in platform/german: rooms then put their documents again.
const Version = 2

// The first letter of a token says what it is. Without one it is a word as it is written, folded.
const (
	rootMark  = "~" // root of a word, or roots of neighbouring segments of a compound, joined by rootJoin
	startMark = "<" // the first letters of a word
	pairMark  = "^" // two neighbouring words, hashed
	labelMark = "@" // a label, hashed
	rootJoin  = "+"
	edge      = "|" // stands before, between and after texts, so that no phrase crosses them; every document has it
)

const (
	// maxWord is the longest word, in bytes, that is told from another.
	maxWord = 60
	// maxTokens bounds the bytes of a document's tokens, because PostgreSQL's tsvector holds 1 MB; that is some 300 pages.
	maxTokens = 900_000
	// pairBits makes few different pairs, which keeps the index small: a phrase is compared with the words anyway.
	pairBits = 18
)

// starts are the lengths, in bytes, of the beginnings of words that are tokens. A search for all words that begin so is
// then a search for one token: it would take as long as their documents are many to gather them from the index.
var starts = [...]int{4, 6, 8}

// words of files and the letters in them, besides the everyday ones that platform/german knows
//
//go:embed words.txt
var fileWords string

var lexicon = sync.OnceValue(func() *german.Lexicon { return german.NewLexicon(strings.Fields(fileWords)...) })

// word is a word of a text.
type word struct {
	start, end int    // bytes in the text
	text       string // folded
	link       byte   // what joins it to the word before: 0 if a space or more, '-' for a hyphen, else another sign
}

// words yields the words of a text: runs of letters and digits.
func words(text string, yield func(word) bool) {
	var w word
	in, last := false, -1 // last is the end of the word before
	flush := func(end int) bool {
		w.end, in, last = end, false, end
		w.text = clip(german.Fold(text[w.start:end]))
		return yield(w)
	}
	for i, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !in {
				w, in = word{start: i}, true
				if last >= 0 {
					w.link = link(text[last:i])
				}
			}
		case in && (unicode.Is(unicode.Mn, r) || r == '\u00ad' || r == '\u200b' || r == '\u200c' || r == '\u200d'):
			// belongs to the word; folding drops it
		case in:
			if !flush(i) {
				return
			}
		}
	}
	if in {
		flush(len(text))
	}
}

// link tells what the signs between two words make of them. A hyphen at the end of a line links, too.
func link(between string) byte {
	if strings.HasPrefix(between, "-") && strings.TrimLeft(between[1:], " \t\r\n") == "" && (len(between) == 1 || strings.Contains(between, "\n")) {
		return '-'
	}
	if strings.ContainsFunc(between, unicode.IsSpace) {
		return 0
	}
	return between[0]
}

func clip(w string) string {
	if len(w) <= maxWord {
		return w
	}
	n := maxWord
	for !utf8.RuneStart(w[n]) {
		n--
	}
	return w[:n]
}

// analyseTexts analyses the texts of a document: its words in their order, and what else it can be found by.
func analyseTexts(texts []string) (sequence, others string) {
	var seq strings.Builder
	seen := map[string]bool{}
	size := 0
	add := func(t string) {
		if !seen[t] {
			seen[t] = true
			size += len(t)
		}
	}
	known := map[string]bool{}
	literal := func(w string) {
		if !known[w] {
			known[w] = true
			size += len(w)
			for _, k := range keys(w) {
				add(k)
			}
		}
	}
	seq.WriteString(edge)
	for _, text := range texts {
		before, joined := "", "" // joined are the words of a hyphenated one so far, together
		words(text, func(w word) bool {
			seq.WriteString(" " + w.text)
			literal(w.text)
			if before != "" {
				add(pair(before, w.text))
			}
			if w.link == '-' && before != "" && isWord(joined) && isWord(w.text) {
				joined = clip(joined + w.text)
				for _, k := range keys(joined) {
					add(k)
				}
			} else {
				joined = w.text
			}
			before = w.text
			return size < maxTokens
		})
		if before != "" {
			seq.WriteString(" " + edge)
		}
	}
	list := make([]string, 0, len(seen))
	for t := range seen {
		list = append(list, t)
	}
	slices.Sort(list)
	return seq.String(), strings.Join(list, " ")
}

// isWord reports whether w has letters only: what is joined by hyphens may then be one compound.
func isWord(w string) bool { return !strings.ContainsFunc(w, unicode.IsDigit) }

// analysed keeps what analysing found out: texts repeat their words, and the analysis of one takes microseconds.
var analysed = struct {
	sync.RWMutex
	keys map[string][]string
}{keys: map[string][]string{}}

// maxAnalysed is how many words are kept before all are forgotten.
const maxAnalysed = 50_000

// keys are the tokens by which a folded word is found, beside itself: how it starts; its root; of a compound also every
// run of its segments, so that Hundesteuerbescheid is found by Bescheid, Hund, Hundesteuer and Steuerbescheid; of a word that
// is not known, its end that is: Dackelsteuer is found by Steuer.
func keys(w string) []string {
	analysed.RLock()
	out, ok := analysed.keys[w]
	analysed.RUnlock()
	if ok {
		return out
	}
	if a := analyse(w); !a.stop {
		for _, n := range starts {
			if len(w) > n && utf8.RuneStart(w[n]) {
				out = append(out, startMark+w[:n])
			}
		}
		out = append(out, rootMark+a.root)
		for i := range a.parts {
			for j := i + 1; j <= len(a.parts); j++ {
				out = append(out, compound(a.parts[i:j]))
			}
		}
		if a.tail != "" {
			out = append(out, rootMark+a.tail)
		}
	}
	analysed.Lock()
	defer analysed.Unlock()
	if len(analysed.keys) >= maxAnalysed {
		clear(analysed.keys)
	}
	analysed.keys[strings.Clone(w)] = out // w may be a piece of a long text
	return out
}

func compound(parts []string) string { return rootMark + strings.Join(parts, rootJoin) }

// analysis is what platform/german says of a word.
type analysis struct {
	root  string
	parts []string
	tail  string // root of the known end of a word that is not known
	stop  bool
}

func analyse(w string) analysis {
	if strings.ContainsFunc(w, unicode.IsDigit) {
		if n := strings.TrimLeft(w, "0"); n != "" {
			return analysis{root: n} // 000017 is found by 17
		}
		return analysis{root: w}
	}
	a := lexicon().Word(w)
	out := analysis{root: a.Root, parts: a.Parts, stop: a.Class == german.Stop}
	if !a.Known {
		out.tail = lexicon().Tail(w)
	}
	return out
}

func pair(a, b string) string {
	h := fnv.New64a()
	h.Write([]byte(a + " " + b))
	return pairMark + strconv.FormatUint(h.Sum64()>>(64-pairBits), 36)
}

func label(s string) string {
	h := fnv.New64a()
	h.Write([]byte(s))
	return labelMark + strconv.FormatUint(h.Sum64(), 36)
}
