package finder

import (
	"math"
	"strings"

	"rennsteig/platform/german"
	"rennsteig/standards/leika"
)

// index is the search index over the catalogue: an inverted index of names. It is our own and not bleve's because a
// catalogue of names needs what a full-text score cannot say: how much of the question a name answers, how much of the
// name was asked for, and "nothing" when neither is enough.
type index struct {
	lexicon  *german.Lexicon
	speller  *german.Speller
	docs     []doc
	groups   int32 // how many objects
	entries  []entry
	terms    map[string]int32    // root to term
	postings [][]posting         // by term
	idf      []float32           // by term, 0…1
	means    map[string][]string // root to roots that mean the same
	phrases  []phrase            // several words that stand for others
	display  map[string]string   // folded words of the names, as people write them
	written  map[string]int      // folded words of the names, as they are written, to how often

	onlyProcedure map[string]*Service // bare objects that have just one procedure
	scratch       chan *scratch       // those not in use; a sync.Pool would lose them, and they are large
}

// doc is a service in the index.
type doc struct {
	service *Service
	object  string  // its first eight digits
	group   int32   // the same as a number
	prior   float32 // multiplies the score
}

// entry is one name of a service: the official one, an everyday one, or the name of its OZG bundle.
type entry struct {
	doc    int32
	object int32
	kind   entryKind
	words  []entryWord
	factor float32
}

type entryKind uint8

const (
	official entryKind = iota
	everyday
	bundle
)

// entryWord is a word of a name. weight is its share of the name's meaning; the shares add up to 1.
type entryWord struct {
	text   string
	word   german.Word
	weight float32
}

// posting says that a term is a word of an entry, or a segment of one, and how much of the word it is.
type posting struct {
	entry    int32
	word     uint8
	strength float32
}

// phrase is a synonym of several words.
type phrase struct {
	roots []string
	means []string // texts
}

const (
	maxEntryWords = 12
	maxScratch    = 16   // kept between searches
	headStrength  = 0.75 // of the last segment of a compound: Ausweis in Personalausweis
	partStrength  = 0.65 // of the others
)

func newIndex(services []*Service, synonyms []synonym, assigned func(key string) bool, popularity func(key string) float32) *index {
	texts := make([]string, 0, 2*len(services)+len(synonyms))
	for _, s := range services {
		texts = append(texts, s.Name, s.Bundle)
	}
	for _, s := range synonyms {
		texts = append(texts, s.Term, s.Means)
	}
	x := &index{lexicon: german.NewLexicon(texts...), terms: map[string]int32{}, means: map[string][]string{}, written: map[string]int{}, display: map[string]string{}}
	builder := &indexBuilder{index: x, aliases: newAliases(services, synonyms)}
	for _, s := range services {
		builder.add(s, assigned(s.Key), popularity(s.Key))
	}
	builder.weigh()
	x.onlyProcedure = onlyProcedures(services)
	builder.words(synonyms)
	x.speller = german.NewSpeller(x.written)
	x.scratch = make(chan *scratch, maxScratch)
	return x
}

// onlyProcedures finds the objects that have one procedure: key of the bare object to the service of the procedure.
func onlyProcedures(services []*Service) map[string]*Service {
	count := map[string]int{}
	only := map[string]*Service{}
	for _, s := range services {
		if k := leika.Key(s.Key); k.Kind() == leika.ObjectProcedure {
			object := k.ObjectPrefix() + "000000"
			count[object]++
			only[object] = s
		}
	}
	for object, n := range count {
		if n > 1 {
			delete(only, object)
		}
	}
	return only
}

// aliases are the everyday names of services.
type aliases struct {
	object  map[string][]string // by object prefix: stand for the object's name in all its services
	service map[string][]string // by key
	names   map[string]string   // object prefix to the object's official name
}

func newAliases(services []*Service, synonyms []synonym) aliases {
	a := aliases{object: map[string][]string{}, service: map[string][]string{}, names: map[string]string{}}
	byProcedure := map[string][]string{}
	for _, s := range services {
		k := leika.Key(s.Key)
		if k.Kind() == leika.Object {
			a.names[k.ObjectPrefix()] = s.Name
		}
		byProcedure[k.ProcedurePrefix()] = append(byProcedure[k.ProcedurePrefix()], s.Key)
	}
	for _, s := range synonyms {
		prefix, isPrefix := strings.CutSuffix(s.Pattern, "*")
		switch {
		case s.Pattern == "=":
		case !isPrefix:
			a.service[s.Pattern] = append(a.service[s.Pattern], s.Term)
		case len(prefix) == 8:
			a.object[prefix] = append(a.object[prefix], s.Term)
		case len(prefix) == 11:
			keys := byProcedure[prefix]
			if len(keys) > 0 && keys[0] == prefix+"000" {
				keys = keys[:1]
			}
			for _, key := range keys {
				a.service[key] = append(a.service[key], s.Term)
			}
		}
	}
	return a
}

// indexBuilder fills an index.
type indexBuilder struct {
	*index
	aliases  aliases
	frequent []map[string]bool // by term: the objects whose names have it
}

func (b *indexBuilder) add(s *Service, assigned bool, popularity float32) {
	key := leika.Key(s.Key)
	d := doc{service: s, object: key.ObjectPrefix(), prior: 1 + priorPopular*popularity}
	if assigned {
		d.prior *= priorAssigned
	}
	switch key.Kind() {
	case leika.Object:
		d.prior *= priorObject
	case leika.Detailed:
		d.prior *= priorDetailed
	}
	if strings.HasPrefix(s.Type, "6") {
		d.prior *= priorInformation
	}
	if n := len(b.docs); n == 0 {
		b.groups = 1
	} else if b.docs[n-1].object != d.object {
		b.groups++
	}
	d.group = b.groups - 1
	b.docs = append(b.docs, d)
	id := int32(len(b.docs) - 1)
	b.entry(id, official, s.Name, 1)
	if s.Bundle != "" && s.Bundle != s.Name {
		b.entry(id, bundle, s.Bundle, factorBundle)
	}
	for _, term := range b.aliases.service[s.Key] {
		b.entry(id, everyday, term, factorEveryday)
	}
	name := b.aliases.names[d.object]
	rest, ok := strings.CutPrefix(s.Name, name)
	if name == "" || !ok {
		rest = ""
		if key.Kind() == leika.Detailed {
			return
		}
	}
	for _, term := range b.aliases.object[d.object] {
		b.entry(id, everyday, term+rest, factorEveryday)
	}
}

func (b *indexBuilder) entry(id int32, kind entryKind, name string, factor float32) {
	e := entry{doc: id, object: b.docs[id].group, kind: kind, factor: factor}
	n := int32(len(b.entries))
	unfolded := written(name)
	for i, w := range b.lexicon.Words(name) {
		if i < len(unfolded) && (b.display[w.Text] == "" || kind == official) {
			b.display[w.Text] = unfolded[i]
		}
		if w.Class != german.Content {
			continue
		}
		if len(e.words) == maxEntryWords {
			break
		}
		at := uint8(len(e.words))
		e.words = append(e.words, entryWord{text: w.Text, word: w})
		b.post(w.Root, posting{n, at, 1})
		for _, parts := range [][]string{w.Parts, w.Whole} {
			for i, part := range parts {
				strength := float32(partStrength)
				if i == len(parts)-1 {
					strength = headStrength
				}
				b.post(part, posting{n, at, strength})
			}
		}
		b.written[w.Text]++
	}
	// People write "Gewerbeanmeldung" for "Gewerbe Anmeldung"; the speller must know it to mend it.
	if kind == official && len(e.words) == 2 {
		joined := e.words[0].text + e.words[1].text
		b.written[joined]++
		if b.display[joined] == "" {
			b.display[joined] = b.shown(e.words[0].text) + strings.ToLower(b.shown(e.words[1].text))
		}
	}
	if len(e.words) > 0 {
		b.entries = append(b.entries, e)
	}
}

func (b *indexBuilder) post(root string, p posting) {
	id, ok := b.terms[root]
	if !ok {
		id = int32(len(b.postings))
		b.terms[root] = id
		b.postings = append(b.postings, nil)
		b.frequent = append(b.frequent, map[string]bool{})
	}
	b.postings[id] = append(b.postings[id], p)
	b.frequent[id][b.docs[len(b.docs)-1].object] = true
}

// weigh computes how telling each term is, and from that the weight of each word in its name. A term counts once per
// object: the 135 kinds of Aufenthaltserlaubnis do not make the word common.
func (b *indexBuilder) weigh() {
	objects := map[string]bool{}
	for _, d := range b.docs {
		objects[d.object] = true
	}
	most := math.Log(1 + float64(len(objects)))
	b.idf = make([]float32, len(b.postings))
	for i, f := range b.frequent {
		b.idf[i] = float32(math.Log(1+float64(len(objects))/float64(len(f))) / most)
	}
	for i := range b.entries {
		var sum float32
		words := b.entries[i].words
		for j := range words {
			w := words[j].word
			w.Common = false // in a name nothing is said by the way
			words[j].weight = b.wordWeight(w)
			sum += words[j].weight
		}
		for j := range words {
			words[j].weight /= sum
		}
	}
}

// wordWeight is how much a known word says.
func (x *index) wordWeight(w german.Word) float32 {
	weight := float32(weightUnknown)
	if w.Known || len(w.Text) < 3 {
		weight = weightUnused
	}
	if id, ok := x.terms[w.Root]; ok {
		weight = x.idf[id]
	} else if len(w.Parts) > 0 {
		weight = weightCompound
	}
	for _, m := range x.means[w.Root] {
		if id, ok := x.terms[m]; ok {
			weight = max(weight, x.idf[id])
		}
	}
	if strings.Trim(w.Text, "0123456789") == "" {
		return weight * weightNumber
	}
	if w.Common {
		weight *= weightCommon
	}
	if f, ok := faint[w.Text]; ok {
		return weight * f
	}
	if f, ok := faint[w.Root]; ok {
		return weight * f
	}
	return weight
}

// words takes in the synonyms of single words and of phrases.
func (b *indexBuilder) words(synonyms []synonym) {
	for _, s := range synonyms {
		if s.Pattern != "=" {
			continue
		}
		var roots []string
		unfolded := written(s.Term)
		for i, w := range b.lexicon.Words(s.Term) {
			if i < len(unfolded) && b.display[w.Text] == "" {
				b.display[w.Text] = unfolded[i]
			}
			if w.Class == german.Content {
				roots = append(roots, w.Root)
			}
			b.written[w.Text]++
		}
		meanings := strings.Split(s.Means, "|")
		if len(roots) != 1 {
			b.phrases = append(b.phrases, phrase{roots: roots, means: meanings})
			continue
		}
		for _, m := range meanings {
			words := b.lexicon.Words(m)
			if len(words) != 1 {
				b.phrases = append(b.phrases, phrase{roots: roots, means: []string{m}})
				continue
			}
			b.means[roots[0]] = append(b.means[roots[0]], words[0].Root)
		}
	}
}
