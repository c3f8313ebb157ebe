package german

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var lexicon = NewLexicon("Wohnsitz Anmeldung", "Hundehaltung Abmeldung", "Personalausweis Ausstellung", "Bescheinigung Erteilung",
	"Bewohnerparkausweis", "Fahrerlaubnis Erweiterung", "Förderung", "Beisetzung", "Umschreibung", "Sammlung", "Geburtsurkunde",
	"Bebauungsplan", "Wohnung", "Bewerbung", "Prüfung", "Zahlung", "Kraftfahrzeug Zulassung", "Gebiet", "Steuer", "Verlängerung")

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Führerschein": "fuhrerschein", "Fuehrerschein": "fuhrerschein", "FÜHRERSCHEIN": "fuhrerschein", "Fu\u0308hrerschein": "fuhrerschein",
		"Straße": "strasse", "STRASSE": "strasse", "Pässe": "passe", "Paesse": "passe", "neue": "neue", "Steuer": "steuer",
		"Quelle": "quelle", "Bäume": "baume", "Müll\u00adabfuhr": "mullabfuhr", "Łódź": "lodz", "Abbauerlaubnis": "abbauerlaubnis",
		"\xff\xfe": "  ", "": "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFamilies(t *testing.T) {
	for _, family := range []string{
		"anmelden Anmeldung angemeldet Anmeldungen anzumelden anmelde anmeldet",
		"umziehen Umzug umgezogen umzuziehen Umzüge Umzugs",
		"verlieren verloren Verlust verliert",
		"umschreiben Umschreibung umgeschrieben umzuschreiben",
		"beisetzen Beisetzung beigesetzt beizusetzen",
		"fördern Förderung gefördert",
		"verlängern Verlängerung verlängert",
		"prüfen Prüfung geprüft",
		"bescheinigen Bescheinigung bescheinigt",
		"zahlen Zahlung gezahlt zahlt",
		"abreißen Abriss abgerissen",
		"Hund Hunde Hunden Hundes",
		"Ausweis Ausweise Ausweises",
		"Pass Pässe Paesse Passes",
		"Steuer Steuern",
		"heiraten Heirat verheiratet geheiratet",
		"Kind Kinder Kindern Kindes",
		"zulassen Zulassung zugelassen",
		"einschulen Einschulung eingeschult Schule",
		"sammeln Sammlung",
		"bewerben Bewerbung beworben",
		"Zeugnis Zeugnisse Zeugnissen",
		"Vater Vaters",
		"gestorben verstorbenen Verstorbene",
	} {
		words := strings.Fields(family)
		want := lexicon.Root(Fold(words[0]))
		for _, w := range words[1:] {
			if got := lexicon.Root(Fold(w)); got != want {
				t.Errorf("Root(%s) = %q, but Root(%s) = %q", w, got, words[0], want)
			}
		}
	}
}

// A name's own words can be forms of each other.
func TestFamiliesOfNames(t *testing.T) {
	l := NewLexicon("im Ausland geschlossene Ehen", "Ehe", "wer zahlt", "Zahlung", "beglaubigte Kopie", "Beglaubigung", "laute Nachbarn", "Nachbar")
	for _, pair := range [][2]string{{"Ehen", "Ehe"}, {"zahlt", "Zahlung"}, {"beglaubigte", "Beglaubigung"}, {"Nachbarn", "Nachbar"}} {
		if a, b := l.Root(Fold(pair[0])), l.Root(Fold(pair[1])); a != b {
			t.Errorf("Root(%s) = %q, Root(%s) = %q", pair[0], a, pair[1], b)
		}
	}
}

func TestCommon(t *testing.T) {
	for word, want := range map[string]bool{"wegbringen": true, "nachts": true, "kaputte": true, "Hund": false, "Wohngeld": false} {
		if got := lexicon.Word(Fold(word)).Common; got != want {
			t.Errorf("%s: common %t", word, got)
		}
	}
}

func TestFamiliesApart(t *testing.T) {
	for _, pair := range [][2]string{{"Anmeldung", "Abmeldung"}, {"Gebiet", "bieten"}, {"Gehalt", "halten"},
		{"Steuer", "steil"}, {"Umzug", "Auszug"}, {"Gericht", "richten"}} {
		if a, b := lexicon.Root(Fold(pair[0])), lexicon.Root(Fold(pair[1])); a == b {
			t.Errorf("%s and %s share the root %q", pair[0], pair[1], a)
		}
	}
}

func TestSplit(t *testing.T) {
	for in, want := range map[string]string{
		"Hundesteuer": "Hund Steuer", "Hundeanmeldung": "Hund Anmeldung", "Gewerbeanmeldung": "Gewerbe Anmeldung",
		"Führerscheinverlust": "Führer Schein Verlust", "Kindergeldantrag": "Kind Geld Antrag", "Wohnungsbauförderung": "Wohnung Bau Förderung",
		"Sperrmüllabholung": "", "Personalausweis": "Personal Ausweis", "Geburtsurkunden": "Geburt Urkunde", "Reisepass": "Reise Pass",
		"Autozulassung": "Auto Zulassung", "Erlaubnis": "", "Ausweis": "", "Bewerbung": "", "Kraftfahrzeugsteuer": "Kraftfahrzeug Steuer",
	} {
		var roots []string
		for _, w := range strings.Fields(want) {
			roots = append(roots, lexicon.Root(Fold(w)))
		}
		if got := lexicon.Split(Fold(in)); !slices.Equal(got, roots) {
			t.Errorf("Split(%s) = %q, want %q", in, got, roots)
		}
	}
}

func TestWords(t *testing.T) {
	words := lexicon.Words("Ich möchte meinen Hund anmelden!")
	var content []string
	for _, w := range words {
		if w.Class == Content {
			content = append(content, w.Root)
		}
	}
	if want := []string{"hund", "anmeld"}; !slices.Equal(content, want) {
		t.Errorf("content words %q, want %q", content, want)
	}
	if w := lexicon.Words("Netflix")[0]; w.Known {
		t.Error("Netflix is known")
	}
}

func TestSeparatedVerbs(t *testing.T) {
	for text, want := range map[string]string{
		"Wie melde ich meinen Hund an?":      "anmeld",
		"Wann ziehe ich um":                  "umzieh",
		"Melden Sie Ihren Wohnsitz ab, wenn": "abmeld",
		"Ich gehe an die Schule":             "",
	} {
		got := ""
		for _, w := range lexicon.Words(text) {
			if strings.HasPrefix(w.Root, "an") || strings.HasPrefix(w.Root, "um") || strings.HasPrefix(w.Root, "ab") {
				if w.Class == Content {
					got = w.Root
				}
			}
		}
		if got != want {
			t.Errorf("%q: verb %q, want %q", text, got, want)
		}
	}
}

func TestLargeSegments(t *testing.T) {
	l := NewLexicon("Wohngeld", "Personalausweis")
	w := l.Word(Fold("Wohngeldantrag"))
	if want := []string{l.Root("wohngeld"), l.Root("antrag")}; !slices.Equal(w.Whole, want) || len(w.Parts) != 3 {
		t.Errorf("Whole %q, Parts %q; want Whole %q and three parts", w.Whole, w.Parts, want)
	}
}

func TestInflectedFillers(t *testing.T) {
	for _, w := range lexicon.Words("meinen alten neues möchten welchem") {
		if w.Class == Content {
			t.Errorf("%s counts", w.Text)
		}
	}
}

func TestSpeller(t *testing.T) {
	s := NewSpeller(map[string]int{"personalausweis": 5, "reisepass": 5, "hundesteuer": 3, "wohngeld": 4, "wohnsitz": 4})
	for in, want := range map[string]string{
		"personalauswies": "personalausweis", "resiepass": "reisepass", "hundestuer": "hundesteuer", "wohngled": "wohngeld",
		"wonsitz": "wohnsitz", "netflix": "", "abc": "", "personal": "",
	} {
		if got, _, _ := s.Correct(in); got != want {
			t.Errorf("Correct(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "xyz", 3}, {"", "abcdef", 3}} {
		if got := Distance(c.a, c.b, 2); got != c.want {
			t.Errorf("Distance(%s, %s) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	word := rapid.StringMatching(`[a-d]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := Distance(a, b, 20)
		if d != Distance(b, a, 20) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Fatalf("Distance(%q, %q) = %d", a, b, d)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add("Ich möchte meinen Hund anmelden")
	f.Add(strings.Repeat("Donaudampfschifffahrt", 500))
	f.Add("\xff\u0308ä\u00adß🙂")
	f.Fuzz(func(t *testing.T, s string) {
		words := lexicon.Words(s)
		if len(words) > MaxWords {
			t.Fatalf("%d words", len(words))
		}
		for _, w := range words {
			if w.Text == "" || len(w.Text) > maxWord {
				t.Fatalf("word %q", w.Text)
			}
			if again := lexicon.Word(w.Text); again.Root != w.Root {
				t.Fatalf("%q: root %q, then %q", w.Text, w.Root, again.Root)
			}
		}
	})
}

func BenchmarkWords(b *testing.B) {
	for b.Loop() {
		lexicon.Words("Wo kann ich nach dem Umzug meinen Hund ummelden und die Hundesteuermarke bekommen?")
	}
}

// A word that begins with something unknown has a known end.
func TestTail(t *testing.T) {
	l := NewLexicon("Steuer", "Stuhl")
	for word, want := range map[string]string{"dackelsteuern": "steuer", "dackelstuhle": "stuhl", "stuhl": "", "dackel": "", "uhl": "", "": "",
		strings.Repeat("dackel", 30) + "steuer": ""} {
		if got := l.Tail(word); got != want {
			t.Errorf("%s ends in %q, want %q", word, got, want)
		}
	}
}
