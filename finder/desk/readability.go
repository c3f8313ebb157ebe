package desk

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
)

// Readability says how hard a German text is to read.
type Readability struct {
	Score     float64 // Amstad's; from about 0 (very hard) to 100 (very easy); only meaningful if Words > 0
	Words     int
	Sentences int
	Long      int // sentences of more than longSentence words
	Nominal   int // sentences with nominal style
}

const (
	longSentence = 20 // words; a sentence with more is marked
	nominalWords = 3  // nouns made of verbs or adjectives in one sentence

	// ReadableFrom is the score from which a text counts as readable: Amstad's scale calls 50 to 60 "mittelschwer".
	ReadableFrom = 50
)

// Passage is a sentence of a text and what is wrong with it. Break says that a new paragraph begins with it.
type Passage struct {
	Text          string
	Long, Nominal bool
	Words         int
	Break         bool
}

// Assess rates plain text, one line for each block, by the formula of T. Amstad, "Wie verständlich sind unsere
// Zeitungen?", Zürich 1978, which fits Flesch's Reading Ease to German:
//
//	180 − ASL − 58.5 × ASW
//
// with ASL words a sentence and ASW syllables a word. Headings and list items count as sentences.
func Assess(text string) (Readability, []Passage) {
	var r Readability
	var syllableCount int
	passages := sentences(text)
	for i := range passages {
		p := &passages[i]
		nominal := 0
		for _, w := range wordsOf(p.Text) {
			p.Words++
			syllableCount += syllables(w)
			if isNominal(w) {
				nominal++
			}
		}
		p.Long, p.Nominal = p.Words > longSentence, nominal >= nominalWords
		r.Words += p.Words
		if p.Words > 0 {
			r.Sentences++
		}
		if p.Long {
			r.Long++
		}
		if p.Nominal {
			r.Nominal++
		}
	}
	if r.Words > 0 {
		asl, asw := float64(r.Words)/float64(r.Sentences), float64(syllableCount)/float64(r.Words)
		r.Score = math.Round(10*(180-asl-58.5*asw)) / 10
	}
	return r, passages
}

// readableOf rates the rich modules of a text together.
func readableOf(modules map[finder.Module]finder.ModuleText) Readability {
	var b strings.Builder
	for _, m := range finder.Modules {
		if !m.Line() && m != "07" { // the list of laws is no prose
			b.WriteString(finder.PlainText(modules[m].Text) + "\n")
		}
	}
	r, _ := Assess(b.String())
	return r
}

// rateable reports whether the formula fits the language.
func rateable(l i18n.Lang) bool { return l == i18n.German }

// abbreviations end with a dot that ends no sentence.
var abbreviations = map[string]bool{"abs": true, "art": true, "nr": true, "bzw": true, "ggf": true, "z": true, "b": true, "d": true, "h": true,
	"u": true, "a": true, "o": true, "s": true, "v": true, "i": true, "evtl": true, "inkl": true, "zzgl": true, "dr": true, "prof": true, "str": true, "tel": true,
	"vgl": true, "ca": true, "max": true, "min": true, "mind": true, "sog": true, "gem": true, "lit": true, "st": true, "bspw": true, "einschl": true}

// sentences parts plain text into sentences; every line ends one.
func sentences(text string) []Passage {
	var out []Passage
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		first := true
		put := func(s string) {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, Passage{Text: s, Break: first})
				first = false
			}
		}
		runes := []rune(line)
		start := 0
		for i, r := range runes {
			if r != '.' && r != '!' && r != '?' {
				continue
			}
			if i+1 < len(runes) && !unicode.IsSpace(runes[i+1]) {
				continue // 3.500, www.example.org
			}
			if r == '.' && goesOn(runes[start:i], runes[i+1:]) {
				continue
			}
			put(string(runes[start : i+1]))
			start = i + 1
		}
		put(string(runes[start:]))
	}
	return out
}

// goesOn reports whether the full stop between before and after belongs to an abbreviation, or to a number in front of a
// noun ("1. Januar", "§ 3 Abs. 2").
func goesOn(before, after []rune) bool {
	i := len(before)
	for i > 0 && (unicode.IsLetter(before[i-1]) || unicode.IsDigit(before[i-1])) {
		i--
	}
	word := strings.ToLower(string(before[i:]))
	rest := strings.TrimSpace(string(after))
	if word == "" || rest == "" {
		return false
	}
	if abbreviations[word] {
		return true
	}
	if strings.Trim(word, "0123456789") == "" && len(word) <= 2 {
		next, _, _ := strings.Cut(rest, " ")
		next = strings.ToLower(strings.TrimRight(next, ".,;"))
		return slices.Contains(months, next) || !unicode.IsUpper([]rune(rest)[0])
	}
	return unicode.IsLower([]rune(rest)[0])
}

var months = []string{"januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"}

// wordsOf lists the words of a sentence: what has a letter or digit. A hyphen joins, as in "Hunde-Steuer".
func wordsOf(s string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("/–—…()[]„“”\"", r)
	}), func(w string) bool {
		return strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0
	})
}

// diphthongs are two vowels that are one syllable.
var diphthongs = map[string]bool{"ei": true, "ai": true, "au": true, "eu": true, "äu": true, "ie": true, "ey": true, "ay": true, "oi": true, "ui": true,
	"aa": true, "ee": true, "oo": true}

// syllables counts the vowels of a German word, diphthongs as one; at least one, and one for a number or abbreviation.
// "Familie" has one too few that way: no rule without a dictionary knows that its "ie" is two.
func syllables(w string) int {
	n := 0
	var before rune
	for _, r := range strings.ToLower(w) {
		vowel := strings.ContainsRune("aeiouäöüyéèàáó", r)
		if vowel && before == 'q' && r == 'u' {
			vowel = false
		}
		switch {
		case vowel && before != 0 && diphthongs[string(before)+string(r)]:
			before = 0 // the third of "eie" begins a new one
			continue
		case vowel:
			n++
			before = r
			continue
		}
		before = 0
		if r == 'q' {
			before = r
		}
	}
	return max(n, 1)
}

// nominalEndings make nouns of verbs and adjectives.
var nominalEndings = []string{"ung", "ungen", "heit", "heiten", "keit", "keiten", "tion", "tionen", "ität", "itäten", "nahme", "nahmen", "nis", "nisse"}

func isNominal(w string) bool {
	w = strings.Trim(w, ".,;:!?")
	if len(w) < 6 || !unicode.IsUpper([]rune(w)[0]) {
		return false
	}
	return slices.ContainsFunc(nominalEndings, func(e string) bool { return strings.HasSuffix(w, e) })
}
