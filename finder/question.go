package finder

import (
	"slices"
	"strings"
	"unicode"

	"rennsteig/platform/german"
)

// asked is one word of the question.
type asked struct {
	text    string // folded
	typed   string // as it was typed
	at      int    // which word of the question it is
	word    german.Word
	weight  float32
	mended  string  // the known word taken for a misspelt one
	perhaps string  // a known word it may be a misspelling of
	trust   float32 // 1; less for a mended word
	means   [][]german.Word
}

// opening are the roots of what one does to have a business.
var opening = func() map[string]bool {
	m := map[string]bool{}
	lexicon := german.NewLexicon()
	for _, w := range []string{"eröffnen", "gründen", "aufmachen", "selbstständig"} {
		m[lexicon.Root(german.Fold(w))] = true
	}
	return m
}()

// understand turns the question into weighted words.
func (x *index) understand(query string, isPlace func(string) bool) []asked {
	analysed := x.lexicon.Words(query)
	typed := written(query)
	var out, fillers []asked
	used := map[string]bool{}
	for i, w := range analysed {
		if w.Class == german.Stop || used[w.Root] {
			continue
		}
		used[w.Root] = true
		a := asked{text: w.Text, typed: w.Text, at: i, word: w, trust: 1}
		if i < len(typed) {
			a.typed = typed[i]
		}
		if w.Class == german.Filler {
			a.weight = x.wordWeight(w)
			fillers = append(fillers, a)
			continue
		}
		if w.Common && !x.named(w.Root) {
			continue
		}
		if elsewhere[w.Text] && x.written[w.Text] == 0 {
			a.word, a.weight = german.Word{Text: w.Text, Root: w.Text}, weightElsewhere
			out = append(out, a)
			continue
		}
		if !x.indexed(w) {
			if isPlace(w.Text) {
				continue
			}
			if !w.Known {
				if mended, distance, ok := x.mend(w.Text); ok {
					a.mended, a.word = mended, x.lexicon.Word(mended)
					a.trust = 1 - mistakeTrust*float32(distance)
					if a.word.Class != german.Content || (a.word.Common && !x.named(a.word.Root)) {
						continue // a misspelt "lassen" means no more than the right one
					}
				}
			}
		} else if !x.named(w.Root) && x.written[w.Text] == 0 {
			// Its parts are known, but no name has it: "hundestuer" is no door for dogs.
			if mended, _, ok := x.speller.Correct(w.Text); ok && len(w.Text) >= longWord && x.lexicon.Word(mended).Root != w.Root {
				a.perhaps = mended
			}
		}
		a.weight = x.wordWeight(a.word)
		out = append(out, a)
	}
	if slices.ContainsFunc(out, func(a asked) bool { return opening[a.word.Root] }) {
		// Whatever is opened, it is a business.
		before := len(out)
		out = slices.DeleteFunc(out, func(a asked) bool { return !x.indexed(a.word) || a.weight == weightElsewhere })
		if len(out) < before {
			for i := range out {
				if opening[out[i].word.Root] {
					out[i].means = append(out[i].means, x.lexicon.Words("Gewerbe"))
					out[i].word.Common = false
				}
			}
		}
	}
	if len(out) == 0 {
		out = fillers // "Hilfe": there is nothing better to look for
	}
	x.addCompounds(out)
	for i := range out {
		if w := &out[i]; w.perhaps != "" {
			w.means = append(w.means, []german.Word{x.lexicon.Word(w.perhaps)})
		}
	}
	return x.addPhrases(out)
}

// mend finds the known word that was probably meant; in a compound of a known and a misspelt segment (Wohngeltantrag),
// the segment is mended.
func (x *index) mend(w string) (mended string, distance int, ok bool) {
	const minSegment = 4
	if mended, distance, ok = x.speller.Correct(w); ok {
		return mended, distance, true
	}
	best := 0
	for i := minSegment; i <= len(w)-minSegment; i++ {
		head, tail := w[:i], w[i:]
		if x.written[tail] > 0 {
			if m, d, found := x.speller.Correct(head); found && (best == 0 || d < best) {
				mended, best = m+tail, d
			}
		}
		if x.written[head] > 0 {
			if m, d, found := x.speller.Correct(tail); found && (best == 0 || d < best) {
				mended, best = head+m, d
			}
		}
	}
	return mended, best, best > 0
}

// addCompounds joins words that belong together: "Schwerbehinderten Ausweis" is Schwerbehindertenausweis.
func (x *index) addCompounds(words []asked) {
	for i := 1; i < len(words); i++ {
		a, b := &words[i-1], &words[i]
		for _, link := range []string{"", "s", "n", "en", "er"} {
			if joined := a.text + link + b.text; x.written[joined] > 0 {
				w := []german.Word{x.lexicon.Word(joined)}
				a.means, b.means = append(a.means, w), append(b.means, w)
				break
			}
		}
	}
}

// named reports whether the word itself or a synonym of it occurs in any name.
func (x *index) named(root string) bool {
	_, ok := x.terms[root]
	return ok || len(x.means[root]) > 0
}

// indexed reports whether the word, its synonyms or its segments occur in any name.
func (x *index) indexed(w german.Word) bool {
	return x.named(w.Root) || len(w.Parts) > 0
}

// addPhrases lets words that together stand for something else (abhanden gekommen) mean that, too.
func (x *index) addPhrases(words []asked) []asked {
	for _, p := range x.phrases {
		at := 0
		var hit []int
		for i := range words {
			if at < len(p.roots) && words[i].word.Root == p.roots[at] {
				hit = append(hit, i)
				at++
			}
		}
		if at < len(p.roots) || at == 0 {
			continue
		}
		for _, m := range p.means {
			for _, i := range hit {
				words[i].means = append(words[i].means, x.lexicon.Words(m))
			}
		}
	}
	return words
}

// mended is the question with its misspelt words mended; "" if there are none.
func (x *index) mended(query string, words []asked) string {
	tokens := written(query)
	changed := false
	for _, w := range words {
		correct := w.mended
		if correct == "" {
			correct = w.perhaps
		}
		if correct != "" && w.at < len(tokens) {
			tokens[w.at], changed = x.shown(correct), true
		}
	}
	if !changed {
		return ""
	}
	return strings.Join(tokens, " ")
}

// shown is a folded word as people write it.
func (x *index) shown(folded string) string {
	if w, ok := x.display[folded]; ok {
		return w
	}
	return folded
}

// written cuts a text into the words that german.Tokens finds in it, unfolded.
func written(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && r != '\u00ad'
	})
}
