package finder

import (
	"cmp"
	"slices"

	"rennsteig/platform/german"
	"rennsteig/standards/leika"
)

// The weights of the search. They were chosen by what they mean and checked with `finder eval` (docs/SEARCH.md).
const (
	priorAssigned    = 1.06 // services whose authority is known here are the everyday ones
	priorPopular     = 0.04 // the service opened most against one that nobody opens
	priorObject      = 0.99 // the bare object after its procedures, when equal
	priorDetailed    = 0.97 // special cases after the general one
	priorInformation = 0.95 // mere information

	factorEveryday = 0.98
	factorBundle   = 0.80 // a bundle's name names many services

	synonymStrength = 0.92
	partsStrength   = 0.95 // a compound found in its segments
	weightUnknown   = 1.00 // of a word that nobody knows: it may be what the question is about
	mistakeTrust    = 0.06 // less trust for each letter mended
	longWord        = 9    // letters, from which on two words that differ in one of them are hardly two words
	weightElsewhere = 1.20 // of what no authority does
	weightCommon    = 0.30 // of a word that usually says when, where or how, against one that says what
	weightUnused    = 0.50 // of a German word that occurs in no name
	weightModifier  = 0.50 // of a compound's segment that is in no name: a Grippeimpfung is an Impfung
	weightNumber    = 0.40 // of ages, dates, paragraphs
	weightCompound  = 0.90 // of a compound that occurs only in its parts
	objectShare     = 0.70 // how far words met in other names of the same object count
	nameShare       = 0.40 // how much of the score is what part of the name was asked for

	nameNeed = 0.40 // how much a name of which little was asked for must be better than a whole one to be an answer

	circumstance = 0.90 // what a known word that is missing in the name weighs against it
	minCoverage  = 0.55 // of the question, or nothing was found
	longQuestion = 0.06 // less is needed for each telling word beyond the second: long questions say much besides
	minRelative  = 0.45 // of the best score, or a hit is noise
	maxHits      = 100
)

// faint words say little about what is meant: most services are applied for, issued or granted. 0…1.
var faint = func() map[string]float32 {
	m := map[string]float32{}
	lexicon := german.NewLexicon()
	for _, level := range []struct {
		factor float32
		words  []string
	}{ // in this order: where two lists share a root, the later counts
		{0.20, []string{"beantragen", "antrag", "antragstellung", "erhalten", "holen", "besorgen", "einreichen", "abgeben", "durchführung", "gewährung",
			"erledigen", "kostenlos", "termin", "deutsch", "deutschland", "person", "personen", "leute", "schritt", "ablauf"}},
		{0.35, []string{"erteilung", "ausstellung", "bewilligung", "festsetzung", "erbringung", "zahlung", "ausgabe", "vergabe", "eintragung",
			"genehmigung", "erlaubnis", "zulassung", "meldung", "melden", "bescheinigung", "anzeige", "anzeigen", "beantragung", "feststellung",
			"informationserteilung", "anerkennung", "bestätigung", "nachweis", "leistung", "leistungen", "verfahren", "zuteilung", "auskunft"}},
		{0.55, []string{"anmelden", "anmeldung", "abmelden", "ummelden", "änderung", "ändern", "verlängern", "verlängerung", "ersatz", "befreiung",
			"prüfung", "beratung", "unterstützung", "förderung", "aufnahme", "wechsel", "wechseln", "erstmalig", "allgemein", "gesetz",
			"starten", "beginnen", "beenden", "kaufen", "verkaufen", "zahlen", "bezahlen", "bestellen", "suchen", "finden", "eintragen", "öffentlich"}},
	} {
		for _, w := range level.words {
			w = german.Fold(w)
			m[w] = level.factor
			m[lexicon.Root(w)] = level.factor
		}
	}
	return m
}()

// Hit is a service found.
type Hit struct {
	Service  Service
	Score    float64 // 0…about 1
	Variants []Service
	Why      []Text // why it was found, one reason per word
}

// Answer is what a question found.
type Answer struct {
	Hits   []Hit
	Mended string   // the question with its misspelt words mended; "" if there are none
	Near   []string // life situations that may help when nothing was found
}

// Search finds the services that are meant by everyday words, best first; none when nothing fits well enough.
// Variants of the same LeiKa object are one hit. Input of any length is accepted; its first 64 words count.
func (c *Catalog) Search(query string) []Hit { return c.Ask(query).Hits }

// Ask is Search with what else can be said about the question.
func (c *Catalog) Ask(query string) Answer { return c.index.search(query, c.isPlaceName) }

// isPlaceName reports whether a folded word is the name of a place, which says where and not what.
func (c *Catalog) isPlaceName(w string) bool {
	_, ok := c.placeNames[w]
	return ok
}

// scratch is the working memory of one search, reused.
type scratch struct {
	score   []float32                // by entry: weighted matches of the words so far
	word    []float32                // of the current word
	part    []float32                // of the current word's segments
	term    []float32                // of the current term
	cover   [][maxEntryWords]float32 // how much of each word of the name was asked for
	touched []int32
	seen    []bool
	atWord  []int32
	inWord  []bool
	atTerm  []int32

	object       []float32 // by object: weighted matches of the words in any of its names
	objectWord   []float32 // of the current word
	atObjectWord []int32
	objects      []int32
}

func newScratch(n, objects int) *scratch {
	return &scratch{object: make([]float32, objects), objectWord: make([]float32, objects), score: make([]float32, n), word: make([]float32, n), part: make([]float32, n), term: make([]float32, n),
		cover: make([][maxEntryWords]float32, n), seen: make([]bool, n), inWord: make([]bool, n)}
}

func (s *scratch) reset() {
	for _, e := range s.touched {
		s.score[e], s.seen[e] = 0, false
		s.cover[e] = [maxEntryWords]float32{}
	}
	s.touched = s.touched[:0]
	for _, o := range s.objects {
		s.object[o] = 0
	}
	s.objects = s.objects[:0]
}

func (x *index) search(query string, isPlace func(string) bool) Answer {
	words := x.understand(query, isPlace)
	out := Answer{Mended: x.mended(query, words)}
	var total, strange float32
	telling := false
	for _, w := range words {
		total += w.weight
		if !x.indexed(w.word) && len(w.means) == 0 {
			strange += w.weight
		}
		telling = telling || !w.word.Common
	}
	if total == 0 || !telling {
		return out
	}
	s := x.takeScratch()
	defer x.putScratch(s)
	for i := range words {
		x.match(s, &words[i])
	}
	all := x.rank(s, total, strange)
	if out.Hits = x.hits(all, words); len(out.Hits) == 0 {
		out.Near = x.near(all)
	}
	return out
}

func (x *index) takeScratch() *scratch {
	select {
	case s := <-x.scratch:
		return s
	default:
		return newScratch(len(x.entries), int(x.groups))
	}
}

func (x *index) putScratch(s *scratch) {
	s.reset()
	select {
	case x.scratch <- s:
	default:
	}
}

// near lists the life situations of what fits somewhat, for those who found nothing.
func (x *index) near(all []ranked) []string {
	const enough, least = 3, 0.25
	var out []string
	for _, r := range all {
		situation := x.docs[r.doc].service.LifeSituation
		if r.answers >= least && situation != "" && !slices.Contains(out, situation) {
			if out = append(out, situation); len(out) == enough {
				break
			}
		}
	}
	return out
}

// match adds one word of the question to the scores.
func (x *index) match(s *scratch, w *asked) {
	x.collect(s, w.word.Root, w.trust)
	s.take(1)
	if len(w.word.Parts) > 0 {
		x.matchParts(s, w.word.Parts, w.trust)
	}
	if len(w.word.Whole) > 0 {
		x.matchParts(s, w.word.Whole, w.trust)
	}
	for _, meaning := range w.means {
		roots := make([]string, 0, len(meaning))
		for _, m := range meaning {
			switch {
			case m.Class != german.Content:
			case x.named(m.Root) || len(m.Parts) == 0:
				roots = append(roots, m.Root)
			default:
				roots = append(roots, m.Parts...)
			}
		}
		x.matchParts(s, roots, w.trust*synonymStrength/partsStrength)
	}
	for _, e := range s.atWord {
		if !s.seen[e] {
			s.seen[e] = true
			s.touched = append(s.touched, e)
		}
		s.score[e] += w.weight * s.word[e]
		o := x.entries[e].object
		if s.objectWord[o] == 0 {
			s.atObjectWord = append(s.atObjectWord, o)
		}
		s.objectWord[o] = max(s.objectWord[o], s.word[e]*x.entries[e].factor)
		s.word[e], s.inWord[e] = 0, false
	}
	s.atWord = s.atWord[:0]
	for _, o := range s.atObjectWord {
		if s.object[o] == 0 {
			s.objects = append(s.objects, o)
		}
		s.object[o] += w.weight * s.objectWord[o]
		s.objectWord[o] = 0
	}
	s.atObjectWord = s.atObjectWord[:0]
}

// matchParts matches the segments of a compound; each counts by how telling it is.
func (x *index) matchParts(s *scratch, parts []string, trust float32) {
	var touched []int32
	var sum float32
	weights := make([]float32, len(parts))
	for i, p := range parts {
		weights[i] = x.partWeight(p)
		if i < len(parts)-1 && !x.named(p) {
			weights[i] *= weightModifier
		}
		sum += weights[i]
	}
	for i, p := range parts {
		share := weights[i] / sum
		x.collect(s, p, trust)
		for _, e := range s.atTerm {
			if s.part[e] == 0 {
				touched = append(touched, e)
			}
			s.part[e] += share * s.term[e]
			s.term[e] = 0
		}
		s.atTerm = s.atTerm[:0]
	}
	for _, e := range touched {
		s.raise(e, s.part[e]*partsStrength)
		s.part[e] = 0
	}
}

func (x *index) partWeight(root string) float32 {
	return x.wordWeight(german.Word{Text: root, Root: root, Known: true})
}

// collect looks a term and its synonyms up.
func (x *index) collect(s *scratch, root string, trust float32) {
	x.collectTerm(s, root, trust)
	for _, m := range x.means[root] {
		x.collectTerm(s, m, trust*synonymStrength)
	}
}

func (x *index) collectTerm(s *scratch, root string, trust float32) {
	id, ok := x.terms[root]
	if !ok {
		return
	}
	for _, p := range x.postings[id] {
		v := p.strength * trust
		if s.term[p.entry] == 0 {
			s.atTerm = append(s.atTerm, p.entry)
		}
		s.term[p.entry] = max(s.term[p.entry], v)
		c := &s.cover[p.entry][p.word]
		*c = min(1, *c+v)
		if !s.seen[p.entry] {
			s.seen[p.entry] = true
			s.touched = append(s.touched, p.entry)
		}
	}
}

// take moves the current term's matches to the current word.
func (s *scratch) take(factor float32) {
	for _, e := range s.atTerm {
		s.raise(e, s.term[e]*factor)
		s.term[e] = 0
	}
	s.atTerm = s.atTerm[:0]
}

func (s *scratch) raise(e int32, v float32) {
	if !s.inWord[e] {
		s.inWord[e] = true
		s.atWord = append(s.atWord, e)
	}
	s.word[e] = max(s.word[e], v)
}

type ranked struct {
	doc     int32
	entry   int32
	score   float32
	answers float32 // how much of the question it answers, 0…1
}

// answers is the share of the question that a match answers. A word that the catalogue knows but this name lacks may be
// a circumstance (Führungszeugnis fürs Ehrenamt); one that it does not know at all may be what was meant.
func answers(matched, total, strange float32) float32 {
	missing := max(0, total-strange-matched)
	return matched / (matched + missing*circumstance + strange)
}

// rank scores every service that was touched, best first.
func (x *index) rank(s *scratch, total, strange float32) []ranked {
	best := map[int32]ranked{}
	for _, id := range s.touched {
		e := &x.entries[id]
		coverage := s.score[id] / total
		if more := s.object[e.object]/total - coverage; more > 0 {
			coverage += objectShare * more
		}
		if coverage < minCoverage/2 {
			continue
		}
		var name float32
		for j := range e.words {
			name += e.words[j].weight * s.cover[id][j]
		}
		r := ranked{doc: e.doc, entry: id, answers: answers(coverage*total, total, strange) * e.factor * (1 - nameNeed + nameNeed*name),
			score: coverage * (1 - nameShare + nameShare*name) * e.factor * x.docs[e.doc].prior}
		if old, ok := best[e.doc]; !ok || r.score > old.score || (r.score == old.score && r.entry < old.entry) {
			best[e.doc] = r
		}
	}
	all := make([]ranked, 0, len(best))
	for _, r := range best {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.doc, b.doc))
	})
	return all
}

// hits groups the services of one object under the best of them.
func (x *index) hits(all []ranked, words []asked) []Hit {
	if len(all) == 0 || all[0].answers < needed(words) {
		return nil
	}
	var out []Hit
	at := map[string]int{}
	for _, r := range all {
		if r.score < all[0].score*minRelative || r.answers < needed(words)*0.75 {
			continue
		}
		d := &x.docs[r.doc]
		if i, ok := at[d.object]; ok {
			if out[i].Service.Key != d.service.Key {
				out[i].Variants = append(out[i].Variants, *d.service)
			}
			continue
		}
		if len(out) == maxHits {
			break
		}
		at[d.object] = len(out)
		if only := x.onlyProcedure[d.service.Key]; only != nil {
			// "Meldebestätigung" means its only procedure, Ausstellung: that is what one can apply for.
			out = append(out, Hit{Service: *only, Variants: []Service{*d.service}, Score: float64(r.score), Why: x.explain(r.entry, words)})
			continue
		}
		out = append(out, Hit{Service: *d.service, Score: float64(r.score), Why: x.explain(r.entry, words)})
	}
	return out
}

// needed is how much of the question a name must cover for the search to have found something.
func needed(words []asked) float32 {
	const telling, least = 0.3, 0.3
	n := 0
	for _, w := range words {
		if w.weight > telling {
			n++
		}
	}
	return max(least, minCoverage-longQuestion*float32(max(0, n-2)))
}

// Kind of the service's key, for pages.
func (s Service) Kind() leika.Kind { return leika.Key(s.Key).Kind() }
