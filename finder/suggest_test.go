package finder

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/web/webtest"
)

func TestSuggest(t *testing.T) {
	c := loaded()
	for typed, want := range map[string]string{
		"hun":               "hund anmelden",
		"Perso":             "perso verloren",
		"fuehrersch":        "führerschein beantragen",
		"hund anmelden wei": "hund anmelden Weimar",
		"geburtsurk":        "Geburtsurkunde",
		"abgeschl":          "Abgeschlossenheitsbescheinigung",
		"wohngled":          "wohngeld", // mended
	} {
		got := c.Suggest(typed)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.EqualFold(s, want) }) {
			t.Errorf("Suggest(%q) = %q, want %q among them", typed, got, want)
		}
	}
	if got := c.SuggestPlaces("erf"); len(got) == 0 || got[0] != "Erfurt" {
		t.Errorf("places for erf: %q", got)
	}
	for _, typed := range []string{"", "a", "  ", "🙂🙂🙂", "\xff\xfe\xff", strings.Repeat("ä", 10000), "qqqqqq"} {
		if got := c.Suggest(typed); len(got) != 0 {
			t.Errorf("Suggest(%.20q) = %q", typed, got)
		}
	}
}

func TestSuggestIsFast(t *testing.T) {
	c := loaded()
	typed := []string{"an", "be", "er", "st", "auf", "hund", "steuer", "führerschein", "xyzxyzxyz", "personalauswies"}
	slices.Sort(typed)
	began, n := time.Now(), 0
	for time.Since(began) < 200*time.Millisecond {
		for _, s := range typed {
			c.Suggest(s)
			n++
		}
	}
	if each := time.Since(began) / time.Duration(n); each > 3*time.Millisecond { // the goal is 1 ms; machines are shared
		t.Errorf("%v each", each)
	}
}

func FuzzSuggest(f *testing.F) {
	for _, s := range []string{"hund an", "ä ", "\xff", "erf erf", strings.Repeat("a ", 300)} {
		f.Add(s)
	}
	c := loaded()
	f.Fuzz(func(t *testing.T, typed string) {
		if got := c.Suggest(typed); len(got) > maxSuggestions {
			t.Fatalf("%q: %d suggestions", typed, len(got))
		}
		if got := c.SuggestPlaces(typed); len(got) > maxSuggestions {
			t.Fatalf("%q: %d places", typed, len(got))
		}
	})
}

func TestSuggestionsOverHTTP(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: Files})
	_, mux := site(t, h)
	for path, want := range map[string]string{"/vorschlaege?q=hund+an": "hund anmelden", "/vorschlaege?ort=jen": "Jena", "/vorschlaege?q=": "", "/vorschlaege?q=%3Cscript": ""} {
		p := webtest.Get(t, mux, path)
		var answer struct {
			Suggestions []string `json:"suggestions"`
		}
		if err := json.Unmarshal([]byte(p.Body), &answer); err != nil || answer.Suggestions == nil {
			t.Fatalf("%s: %s: %v", path, p.Body, err)
		}
		if (want == "" && len(answer.Suggestions) > 0) || (want != "" && !slices.Contains(answer.Suggestions, want)) {
			t.Errorf("%s: %q, want %q", path, answer.Suggestions, want)
		}
	}
	if p := webtest.Get(t, mux, "/vorschlaege?q="+strings.Repeat("x", 10000)); p.Status != 422 {
		t.Errorf("10,000 characters: %d", p.Status)
	}
}

func BenchmarkSuggest(b *testing.B) {
	c := loaded()
	typed := []string{"an", "hund", "steu", "personalauswies", "hund anmelden erf"}
	for i := 0; b.Loop(); i++ {
		c.Suggest(typed[i%len(typed)])
	}
}
