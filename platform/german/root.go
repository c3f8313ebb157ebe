package german

import "strings"

// prefixes can stand before a verb: separable ones take "ge" and "zu" after them (an-ge-meldet), the others do not.
var prefixes = func() []string {
	var out []string
	for _, p := range strings.Fields("zurück wieder zusammen weiter fort fest frei statt teil nach über unter wider durch " +
		"gegen hinter vor bei mit auf aus ein her hin los weg um ab an zu be er ver zer ent miss emp dar voll still hoch rück") {
		out = append(out, Fold(p))
	}
	return out
}()

// Root returns the root of a folded word's family: "anmeld" for Anmeldung, anmelden, angemeldet. The candidates are
// tried against the known roots; a word of no known family gets its plain stem.
func (l *Lexicon) Root(w string) string {
	first := l.reduce(w)
	if r, ok := l.known[first]; ok {
		return r
	}
	for _, c := range l.guesses(w) {
		if r, ok := l.known[c]; ok {
			return r
		}
	}
	return first
}

// reduce takes endings off and looks up strong forms; it does not need to know the word.
func (l *Lexicon) reduce(w string) string {
	if r, ok := l.exact[w]; ok {
		return r
	}
	if r, ok := l.exact[inflection(w)]; ok { // verstorbenen is verstorben, not a form of "versterben"
		return r
	}
	if r, ok := l.strong(w); ok {
		return r
	}
	for _, suffix := range []string{"ungen", "ungs", "ung"} {
		if s, ok := strings.CutSuffix(w, suffix); ok && len(s) >= 3 {
			if r, ok := l.strong(s); ok {
				return r
			}
			return s
		}
	}
	s := inflection(w)
	if strings.HasSuffix(s, "niss") { // Zeugnisse
		s = s[:len(s)-1]
	}
	if r, ok := l.strong(s); ok {
		return r
	}
	return s
}

// strong looks w up among the strong forms, bare or after one or two prefixes, with the ge of participles or the zu of
// infinitives after a prefix: umgezogen, umzuziehen, Umzug -> umzieh.
func (l *Lexicon) strong(w string) (string, bool) {
	if r, ok := l.form(w); ok {
		return r, true
	}
	if s, ok := strings.CutPrefix(w, "ge"); ok {
		if r, ok := l.form(s); ok && (strings.HasSuffix(s, "en") || strings.HasSuffix(s, "t")) {
			return r, true
		}
	}
	for _, p := range prefixes {
		rest, ok := strings.CutPrefix(w, p)
		if !ok || len(rest) < 2 {
			continue
		}
		if r, ok := l.form(rest); ok {
			return p + r, true
		}
		for _, mid := range []string{"ge", "zu"} {
			if s, ok := strings.CutPrefix(rest, mid); ok {
				if r, ok := l.form(s); ok {
					return p + r, true
				}
			}
		}
		for _, p2 := range prefixes {
			if s, ok := strings.CutPrefix(rest, p2); ok && len(s) > 2 {
				if r, ok := l.form(s); ok {
					return p + p2 + r, true
				}
			}
		}
	}
	return "", false
}

func (l *Lexicon) form(w string) (string, bool) {
	if r, ok := l.forms[w]; ok {
		return r, true
	}
	for _, suffix := range []string{"en", "e", "t", "s", "er", "es", "et"} {
		if s, ok := strings.CutSuffix(w, suffix); ok && len(s) >= 3 {
			if r, ok := l.forms[s]; ok {
				return r, true
			}
		}
	}
	return "", false
}

// guesses are further roots the word may have, likeliest first.
func (l *Lexicon) guesses(w string) []string {
	var out []string
	add := func(s string) {
		if len(s) >= 3 {
			out = append(out, s)
		}
	}
	cut := func(s string, suffixes ...string) {
		for _, x := range suffixes {
			if r, ok := strings.CutSuffix(s, x); ok {
				add(r)
			}
		}
	}
	for _, ending := range []string{"s", "n", "es", "en"} { // Vaters: vater has an ending itself
		if s, ok := strings.CutSuffix(w, ending); ok && len(s) >= 4 {
			add(l.reduce(s))
		}
	}
	if strings.HasSuffix(w, "ern") || strings.HasSuffix(w, "ert") { // fördern, gefördert: förder
		add(w[:len(w)-1])
	}
	if s, ok := strings.CutSuffix(w, "eln"); ok { // sammeln: samml-
		add(s + "l")
		add(s + "el")
	}
	participle := func(prefix, s string) {
		for _, x := range []string{"etes", "eten", "eter", "ete", "tes", "ten", "ter", "te", "et", "t", "en"} {
			if r, ok := strings.CutSuffix(s, x); ok {
				add(prefix + r)
			}
		}
	}
	if s, ok := strings.CutPrefix(w, "ge"); ok {
		participle("", s)
	}
	for _, p := range prefixes {
		rest, ok := strings.CutPrefix(w, p)
		if !ok {
			continue
		}
		if s, ok := strings.CutPrefix(rest, "ge"); ok {
			participle(p, s)
		}
		if s, ok := strings.CutPrefix(rest, "zu"); ok {
			if strings.HasSuffix(s, "ern") || strings.HasSuffix(s, "eln") {
				add(p + s[:len(s)-1])
			}
			cut(p+s, "en")
		}
	}
	cut(w, "etes", "eten", "eter", "ete", "st", "tes", "ten", "ter", "te", "et", "t", "innen", "in", "n", "s")
	cut(w, "schaft", "los", "lich", "liche", "lichen", "licher")
	return out
}

// inflection takes one ending of nouns, adjectives and verbs off (after Snowball's German steps 1 and 2).
func inflection(w string) string {
	for _, suffix := range []string{"ern", "em", "er", "en", "es", "e"} {
		if s, ok := strings.CutSuffix(w, suffix); ok && len(s) >= 3 {
			return s
		}
	}
	if s, ok := strings.CutSuffix(w, "s"); ok && len(s) >= 3 && strings.IndexByte("bdfghklmnrt", s[len(s)-1]) >= 0 {
		return s
	}
	if s, ok := strings.CutSuffix(w, "n"); ok && len(s) >= 4 && strings.HasSuffix(s, "l") { // sammeln, Regeln
		return s
	}
	return w
}
