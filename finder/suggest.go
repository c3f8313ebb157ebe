package finder

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/german"
	"rennsteig/standards/leika"
)

const (
	maxSuggestions = 8
	minTyped       = 2    // letters before anything is suggested
	maxScanned     = 4000 // phrases looked at for one answer

	suggestionsPerMinute = 600
	suggestionBurst      = 60
)

// usualVerbs are what people do most, folded.
var usualVerbs = []string{"anmelden", "abmelden", "ummelden", "beantragen", "verlangern", "verloren"}

// suggester completes what is being typed: names of services, everyday words for them, places.
type suggester struct {
	phrases []suggestedPhrase
	starts  []phraseStart // sorted by what follows
	places  []suggestedPhrase
}

type suggestedPhrase struct {
	text   string // for people
	folded string
	object string  // phrases of one object are alternatives: two of them are enough
	weight float32 // the better known, the higher
}

// phraseStart is a word of a phrase and what follows it.
type phraseStart struct {
	rest   string
	phrase int32
	first  bool // it is the phrase's first word
}

func newSuggester(c *Catalog, synonyms []synonym) *suggester {
	s := &suggester{}
	usual := map[string]bool{}
	for _, task := range topTasks {
		usual[task.key] = true
	}
	seen := map[string]bool{}
	add := func(text, key string, weight float32) {
		folded := strings.Join(german.Tokens(german.Fold(text)), " ")
		if folded == "" || seen[folded] || len(text) > maxQuery {
			return
		}
		seen[folded] = true
		if _, ok := c.assigned[key]; ok {
			weight++
		}
		if usual[key] {
			weight += 0.5
		}
		if words := strings.Fields(folded); len(words) == 2 && slices.Contains(usualVerbs, words[1]) {
			weight += 0.5
		}
		weight += c.popularity(key)
		s.phrases = append(s.phrases, suggestedPhrase{text, folded, leika.Key(key).ObjectPrefix(), weight})
	}
	keys := make([]string, len(c.ordered))
	for i, service := range c.ordered {
		keys[i] = service.Key
	}
	for _, y := range synonyms { // what people say comes before what the catalogue says
		prefix, _ := strings.CutSuffix(y.Pattern, "*")
		if i, _ := slices.BinarySearch(keys, prefix); y.Pattern != "=" && i < len(keys) && strings.HasPrefix(keys[i], prefix) {
			add(y.Term, keys[i], 1)
		}
	}
	for _, service := range c.ordered {
		switch leika.Key(service.Key).Kind() {
		case leika.Object:
			add(service.Name, service.Key, 0.6)
		case leika.ObjectProcedure:
			add(service.Name, service.Key, 0.3)
		}
	}
	for i, p := range s.phrases {
		first := true
		for at := 0; at < len(p.folded); {
			s.starts = append(s.starts, phraseStart{p.folded[at:], int32(i), first})
			first = false
			next := strings.IndexByte(p.folded[at:], ' ')
			if next < 0 {
				break
			}
			at += next + 1
		}
	}
	slices.SortFunc(s.starts, func(a, b phraseStart) int {
		return cmp.Or(strings.Compare(a.rest, b.rest), cmp.Compare(a.phrase, b.phrase))
	})
	named := map[string]bool{}
	for _, a := range c.places {
		if !named[a.ShortName] {
			named[a.ShortName] = true
			s.places = append(s.places, suggestedPhrase{text: a.ShortName, folded: c.folded[a.ARS], weight: float32(a.Population)})
		}
	}
	slices.SortFunc(s.places, func(a, b suggestedPhrase) int { return strings.Compare(a.folded, b.folded) })
	return s
}

// Suggest completes what is being typed into the search: at most eight texts, the likeliest first.
func (c *Catalog) Suggest(typed string) []string {
	return c.suggester.suggest(typed, c.index.speller)
}

// SuggestPlaces completes the name of a place.
func (c *Catalog) SuggestPlaces(typed string) []string {
	return c.suggester.suggestPlaces(foldTyped(typed), maxSuggestions)
}

func foldTyped(typed string) string {
	folded := strings.Join(german.Tokens(german.Fold(clipRunes(typed, maxQuery))), " ")
	if folded != "" && strings.HasSuffix(typed, " ") {
		folded += " "
	}
	return folded
}

// clipRunes is the first n letters of s.
func clipRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

func (s *suggester) suggest(typed string, speller *german.Speller) []string {
	folded := foldTyped(typed)
	if len(strings.TrimSpace(folded)) < minTyped {
		return nil
	}
	out := s.complete(folded)
	if len(out) > 0 {
		return out
	}
	if i := strings.LastIndexByte(strings.TrimSpace(folded), ' '); i > 0 { // "hund anmelden erf": the place after the service
		before := strings.TrimSpace(clipRunes(typed, maxQuery))
		before = before[:strings.LastIndexAny(before, " ,")+1]
		for _, place := range s.suggestPlaces(strings.TrimSpace(folded[i+1:]), 3) {
			out = append(out, before+place)
		}
	}
	if len(out) == 0 {
		if mended, _, ok := speller.Correct(strings.TrimSpace(folded)); ok {
			return s.complete(mended)
		}
	}
	return out
}

// complete lists the phrases in which a word begins with what was typed.
func (s *suggester) complete(folded string) []string {
	type candidate struct {
		phrase int32
		first  bool
	}
	var found []candidate
	seen := map[int32]bool{}
	from, _ := slices.BinarySearchFunc(s.starts, folded, func(p phraseStart, typed string) int { return strings.Compare(p.rest, typed) })
	for _, start := range s.starts[from:min(len(s.starts), from+maxScanned)] {
		if !strings.HasPrefix(start.rest, folded) {
			break
		}
		if !seen[start.phrase] {
			seen[start.phrase] = true
			found = append(found, candidate{start.phrase, start.first})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		p, q := &s.phrases[a.phrase], &s.phrases[b.phrase]
		wa, wb := p.weight, q.weight
		if a.first {
			wa++
		}
		if b.first {
			wb++
		}
		return cmp.Or(cmp.Compare(wb, wa), cmp.Compare(len(p.folded), len(q.folded)), strings.Compare(p.folded, q.folded))
	})
	var out []string
	ofObject := map[string]int{}
	for _, f := range found {
		p := &s.phrases[f.phrase]
		if ofObject[p.object]++; ofObject[p.object] > 2 {
			continue
		}
		if out = append(out, p.text); len(out) == maxSuggestions {
			break
		}
	}
	return out
}

func (s *suggester) suggestPlaces(folded string, limit int) []string {
	if len(folded) < minTyped {
		return nil
	}
	from, _ := slices.BinarySearchFunc(s.places, folded, func(p suggestedPhrase, typed string) int { return strings.Compare(p.folded, typed) })
	to := from
	for to < len(s.places) && strings.HasPrefix(s.places[to].folded, folded) {
		to++
	}
	found := slices.Clone(s.places[from:to])
	slices.SortStableFunc(found, func(a, b suggestedPhrase) int { return cmp.Compare(b.weight, a.weight) })
	var out []string
	for _, p := range found[:min(len(found), limit)] {
		out = append(out, p.text)
	}
	return out
}

// suggestions answers GET /vorschlaege?q=… or ?ort=… with a JSON list of texts. The names are an interface: the script
// of the search box reads them.
func (r *Room) suggestions(w http.ResponseWriter, req *http.Request) error {
	query, err := input(req, "q", maxQuery)
	if err != nil {
		return err
	}
	place, err := input(req, "ort", maxQuery)
	if err != nil {
		return err
	}
	out := struct {
		Suggestions []string `json:"suggestions"`
	}{[]string{}}
	c := r.catalog()
	if query != "" {
		out.Suggestions = append(out.Suggestions, c.Suggest(query)...)
	} else {
		out.Suggestions = append(out.Suggestions, c.SuggestPlaces(place)...)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "private, max-age=60")
	return json.NewEncoder(w).Encode(out)
}
