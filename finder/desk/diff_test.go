package desk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rennsteig/finder"
)

func join(pieces []Piece, without Op) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.Op != without {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// What was removed and what stayed make the old text, what was added and what stayed the new one.
func TestDiffProperties(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune("aab bcä,.\n 1😀")))
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		got := Diff(before, after)
		if join(got, Added) != before || join(got, Removed) != after {
			t.Fatalf("%q → %q: %v", before, after, got)
		}
		for i, p := range got {
			if p.Text == "" || i > 0 && got[i-1].Op == p.Op && p.Op == Same {
				t.Fatalf("%q → %q: %v", before, after, got)
			}
		}
		if before == after && len(got) > 1 {
			t.Fatalf("a difference of equal texts: %v", got)
		}
	})
}

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want          []Piece
	}{
		{"", "", nil},
		{"", "neu", []Piece{{Added, "neu"}}},
		{"Die alte Frist gilt.", "Die neue lange Frist gilt.", []Piece{{Same, "Die "}, {Removed, "alte"}, {Added, "neue lange"}, {Same, " Frist gilt."}}},
		{"5 Euro", "6 Euro", []Piece{{Removed, "5"}, {Added, "6"}, {Same, " Euro"}}},
		{"a b", "a b c", []Piece{{Same, "a b"}, {Added, " c"}}},
	} {
		if d := cmp.Diff(c.want, Diff(c.before, c.after)); d != "" {
			t.Errorf("%q → %q: %s", c.before, c.after, d)
		}
	}
	big := strings.Repeat("wort ", 5000)
	if got := Diff(big+"a", "b "+big); join(got, Added) != big+"a" || join(got, Removed) != "b "+big {
		t.Error("texts beyond the table are not told apart rightly")
	}
}

// A changed address or emphasis is a difference too, though the words stay.
func TestDiffSeesMarkup(t *testing.T) {
	for _, c := range [][2]string{
		{`<p><a href="https://a.example">hier</a></p>`, `<p><a href="https://b.example">hier</a></p>`},
		{`<p>wichtig</p>`, `<p><strong>wichtig</strong></p>`},
		{`<p>eins</p><p>zwei</p>`, `<ul><li>eins</li><li>zwei</li></ul>`},
		{`<p>Titel</p>`, `<h3>Titel</h3>`},
	} {
		if got := diffContent(content("05", c[0]), content("05", c[1])); len(got) != 1 {
			t.Errorf("%s → %s: %v", c[0], c[1], got)
		}
	}
	a, b := content("05", "x"), content("05", "x")
	b.Words, b.ReviewDate = []finder.Word{{Term: "Wort", Type: "001"}}, "2027-01-01"
	if got := diffContent(a, b); len(got) != 2 {
		t.Errorf("words and date: %v", got)
	}
	if d := cmp.Diff(b.Words, parseWords(wordLines(b.Words))); d != "" {
		t.Error(d)
	}
}
