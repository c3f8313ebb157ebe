package fulltexttest

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
)

const (
	small = `der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass
		sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man`
	nouns = `Bescheid Antrag Steuer Hund Gebühr Wohnung Geld Bau Genehmigung Gewerbe Anmeldung Akte Frist Straße Verkehr Schule
		Kind Eltern Garten Zaun Grundstück Kataster Plan Haus Halt Rechnung Mahnung Vertrag Personal Ausweis Reise Pass Urkunde
		Geburt Heirat Sterbefall Zeugnis Führer Schein Fahrzeug Zulassung Kennzeichen Abfall Müll Tonne Wasser Anschluss Brunnen
		Strom Heizung Miete Vermieter Mieter Betrieb Prüfung Bericht Gutachten Protokoll Sitzung Beschluss Satzung Verordnung
		Gesetz Widerspruch Klage Gericht Urteil Kosten Zahlung Kasse Konto Bank Förderung Zuschuss Projekt Ausschreibung Angebot
		Vergabe Auftrag Lieferung Leistung Dienst Stelle Bewerbung Beamte Urlaub Krankheit Arzt Pflege Heim Senior Jugend Verein
		Sport Platz Halle Bad Park Baum Wald Forst Jagd Fischerei Tier Schutz Natur Denkmal Museum Archiv Bücherei Karte Nummer`
)

const (
	onsets = "B Br D Dr F Fl G Gr H J K Kl L M N P Pf R S Sch St T Tr V W Z"
	vowels = "a e i o u ä ö ü au ei ie"
	codas  = "b cht ck f g l ld lm m n nd ng nk nt r rg rm rn s sch ss st t tz"
)

// Vocabulary is words by their frequency: articles and the like first, then nouns, then words of no known root and
// compounds of the nouns, by turns.
func Vocabulary(size int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	simple := strings.Fields(nouns)
	pick := func(list string) string { f := strings.Fields(list); return f[r.IntN(len(f))] }
	r.Shuffle(len(simple), func(i, j int) { simple[i], simple[j] = simple[j], simple[i] })
	out := append(strings.Fields(small), simple...)
	seen := map[string]bool{}
	for len(out) < size {
		w := ""
		if len(out)%3 > 0 {
			w = pick(onsets) + pick(vowels) + pick(codas) + pick("er el en ig um ung lich sam bar ier") + pick(codas)
		} else {
			w = simple[r.IntN(len(simple))] + strings.ToLower(simple[r.IntN(len(simple))])
		}
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out[:size]
}

// Writer writes texts whose words are as frequent as Zipf says: the r-th word 1/r as often as the first.
type Writer struct {
	words []string
	sums  []float64
	rand  *rand.Rand
}

// NewWriter returns a writer that writes the same for the same seed.
func NewWriter(seed uint64, words []string) *Writer {
	w := &Writer{words: words, sums: make([]float64, len(words)), rand: rand.New(rand.NewPCG(seed, 7))}
	sum := 0.0
	for i := range words {
		sum += 1 / float64(i+1)
		w.sums[i] = sum
	}
	return w
}

// Text writes a text of n words.
func (w *Writer) Text(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString([]string{" ", " ", " ", " ", " ", ", ", ". ", "\n"}[w.rand.IntN(8)])
		}
		word := w.words[sort.SearchFloat64s(w.sums, w.rand.Float64()*w.sums[len(w.sums)-1])]
		b.WriteString(word)
		if word[0] <= 'Z' {
			b.WriteString([]string{"", "", "", "e", "en", "s"}[w.rand.IntN(6)])
		}
	}
	return b.String()
}

// Reference is the Aktenzeichen of the i-th document.
func Reference(i int) string { return fmt.Sprintf("22.%02d-2026/%06d-%d", i%90+10, i/5, i%5+1) }
