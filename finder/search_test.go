package finder

import (
	"os"
	"strings"
	"sync"
	"testing"

	"rennsteig/standards/leika"
)

// TestSearchQuality judges the search on lists of our own. The limits are below what it reaches, so that a word more in
// the lists does not break the build, and a mistake in the analysis does.
func TestSearchQuality(t *testing.T) {
	for _, list := range []struct {
		name                     string
		success1, success3, none float64
	}{{"queries.tsv", 0.90, 0.93, 0.80}, {"queries2.tsv", 0.86, 0.92, 0.76}} {
		f, err := os.Open("testdata/" + list.name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(f, loaded().Search)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: all %+v, none %+v", list.name, e.All, e.None)
		if e.All.Success1 < list.success1 || e.All.Success3 < list.success3 || e.None.Empty < list.none {
			t.Errorf("%s: all %+v, none %+v", list.name, e.All, e.None)
		}
	}
}

func TestSearchFinds(t *testing.T) {
	for query, want := range map[string]string{
		"hund anmelden":               "99110009104000",
		"Hund abmelden":               "99110009070000",
		"Anmeldung Gewerbe":           "99050012104000",
		"Gewerbeanmeldung":            "99050012104000",
		"gewerbe angemeldet":          "99050012104000",
		"Perso":                       "99008001*",
		"perso verloren":              "99008001014002",
		"Lappen weg":                  "99023001036003",
		"meldebescheinigung":          "99115003012000",
		"Wohnsitz Anmeldung":          "99115005104000",
		"fuehrerschein":               "99023001*",
		"Führerschien":                "99023001*",
		"hund anmelden in Erfurt":     "99110009104000",
		"Wie melde ich mein Auto um?": "99036008071000",
		"Wohngeltantrag":              "99107023*", // a misspelt segment
		"hundestuer":                  "99102013*", // no door for dogs
		"Hundeabmeldung":              "99110009070000",
		"Schwerbehinderten Ausweis":   "99015007*", // one word, written as two
		"Nagelstudio eröffnen":        "99050012*", // whatever is opened is a business
		"Kühlschrank wegbringen":      "99001027*", // a verb that no name has
		"Führerschein aus Syrien":     "99023001*",
	} {
		hits := loaded().Search(query)
		if len(hits) == 0 {
			t.Errorf("%q: nothing", query)
			continue
		}
		if !leika.Key(hits[0].Service.Key).Match(want) {
			t.Errorf("%q: %s %s, want %s", query, hits[0].Service.Key, hits[0].Service.Name, want)
		}
		if len(hits[0].Why) == 0 {
			t.Errorf("%q: no reason", query)
		}
	}
}

func TestSearchFindsEveryServiceByItsName(t *testing.T) {
	c := loaded()
	missed := 0
	for _, s := range c.ordered {
		hits := c.Search(s.Name)
		if len(hits) == 0 || leika.Key(hits[0].Service.Key).ObjectPrefix() != leika.Key(s.Key).ObjectPrefix() {
			missed++
		}
	}
	// Some objects share their name: Eingliederungshilfe, Flurstück …
	if share := float64(missed) / float64(len(c.ordered)); share > 0.05 {
		t.Errorf("%.1f %% of the services are not found first by their own name", share*100)
	}
}

func TestSearchFindsNothing(t *testing.T) {
	for _, query := range []string{"", "   ", "?!", "Netflix kündigen", "qwertz", "🙂", "\xff\xfe", strings.Repeat("lorem ", 2000), "der die das"} {
		if hits := loaded().Search(query); len(hits) != 0 {
			t.Errorf("%.20q: %s", query, hits[0].Service.Name)
		}
	}
}

func TestSearchIsSafeForManyAtOnce(t *testing.T) {
	c := loaded()
	queries := []string{"hund anmelden", "perso verloren", "heiraten", "netflix", "Wo bekomme ich einen Reisepass?"}
	want := map[string]Hit{}
	for _, q := range queries {
		if hits := c.Search(q); len(hits) > 0 {
			want[q] = hits[0]
		}
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				q := queries[(i+j)%len(queries)]
				hits := c.Search(q)
				if len(hits) > 0 && (hits[0].Service != want[q].Service || hits[0].Score != want[q].Score) {
					t.Errorf("%q: %v, alone %v", q, hits[0].Service.Name, want[q].Service.Name)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"hund anmelden", "Perso weg", "ä\u0308\xff", "🙂", strings.Repeat("steuer", 300)} {
		f.Add(s)
	}
	c := loaded()
	f.Fuzz(func(t *testing.T, query string) {
		hits := c.Search(query)
		for i, h := range hits {
			if h.Service.Key == "" || h.Score <= 0 || (i > 0 && h.Score > hits[i-1].Score) {
				t.Fatalf("%q: hit %d: %+v", query, i, h)
			}
		}
	})
}

func TestEvaluate(t *testing.T) {
	search := func(q string) []Hit {
		hits := map[string][]string{"first": {"99000000000001"}, "third": {"99000000000002", "99000000000003", "99111000000000"}, "found": {"99000000000001"}}
		var out []Hit
		for _, k := range hits[q] {
			out = append(out, Hit{Service: Service{Key: k}})
		}
		return out
	}
	e, err := Evaluate(strings.NewReader("first\t99000000000001\ta\nthird\t99111*, 99222*\ta\nmissing\t99111*\tb\nfound\t\tnone\nempty\t\tnone\n"), search)
	if err != nil {
		t.Fatal(err)
	}
	if e.All.N != 3 || e.All.Success1 != 1.0/3 || e.All.Success3 != 2.0/3 || e.Kinds["a"].MRR10 != (1+1.0/3)/2 || e.Kinds["a"].NDCG5 != 0.75 ||
		e.Kinds["b"].MRR10 != 0 || e.None != (Emptiness{2, 0.5}) {
		t.Errorf("%+v", e)
	}
	if _, err := Evaluate(strings.NewReader("no tabs\n"), search); err == nil {
		t.Error("a line without tabs is accepted")
	}
}

func BenchmarkSearch(b *testing.B) {
	c := loaded()
	raw, err := os.ReadFile("testdata/queries.tsv")
	if err != nil {
		b.Fatal(err)
	}
	var queries []string
	for line := range strings.Lines(string(raw)) {
		q, _, _ := strings.Cut(line, "\t")
		queries = append(queries, q)
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		c.Search(queries[i%len(queries)])
	}
}

func BenchmarkNewIndex(b *testing.B) {
	f, err := readFacts()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		newCatalog(tables{areas: f.areas, postcodes: f.postcodes, authorities: f.authorities, services: f.services, assignments: f.assignments, synonyms: f.synonyms})
	}
}
