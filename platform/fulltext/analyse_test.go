package fulltext

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestKeys(t *testing.T) {
	for word, want := range map[string]string{
		"hundesteuerbescheid":     "~hund+steuer ~steuer+bescheid ~hund+steuer+bescheid <hund <hundes <hundeste",
		"strassenverkehrsordnung": "~strass ~strass+verkehr ~verkehr+ordn",
		"haushaltsplanung":        "~haushalt",
		"widerspruchsbescheide":   "~bescheid",
		"verwaltungsgebuhren":     "~verwalt ~gebuhr",
		"zuwendungsbescheid":      "~bescheid",
		"burostuhle":              "~buro+stuhl ~stuhl",
		"dackelsteuern":           "~dackelsteu ~steuer",
		"000017":                  "~17 <0000",
		"000":                     "~000",
	} {
		got := keys(word)
		for _, k := range strings.Fields(want) {
			if !slices.Contains(got, k) {
				t.Errorf("%s has no token %s, but %q", word, k, got)
			}
		}
	}
	if got := keys("der"); got != nil {
		t.Errorf("der has tokens: %q", got)
	}
}

// The tokens of a version stay the same. If this fails, raise Version and set the sum of the new tokens.
func TestVersion(t *testing.T) {
	sequence, others := analyseTexts([]string{
		"Bescheid über die Hundesteuer 2026 (Az. 22.31-2026/000017-1, RS-2026-ABC) vom 3. März",
		"Sehr geehrte Frau Müller-Lüdenscheidt, hiermit setze ich die Steuern für Ihre Hunde fest. Gegen diesen Steuerbescheid kann " +
			"Widerspruch erhoben wer-\nden. E-Mail: stadtkasse@erfurt.example. Łódź, Привет, 日本.",
		strings.Join(strings.Fields(fileWords), " "),
	})
	got := fmt.Sprintf("%d %x", Version, sha256.Sum256([]byte(sequence+"\n"+others)))
	if want := "2 2c0a03d7e2d9277dcb1b16d216aa656767571dc539d46fb04c2c4df8dec746b0"; got != want {
		t.Errorf("the tokens are those of %s, want %s", got, want)
	}
}

// Tokens are what both databases take as one: valid text without the signs that separate or mark others.
func TestTokensAreClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`([а-я]{0,20}[- 0-9a-zß日'"\\]{0,3})*`)), 0, 3).Draw(t, "texts")
		sequence, others := analyseTexts(texts)
		for _, s := range []string{sequence, others} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\"'\\\x00*:&!()") {
				t.Fatalf("tokens %q", s)
			}
		}
		for _, w := range strings.Split(sequence, " ") {
			if w == "" || w != edge && strings.ContainsAny(w, startMark+rootMark+pairMark+labelMark+rootJoin+edge) {
				t.Fatalf("word %q in %q", w, sequence)
			}
		}
	})
}
