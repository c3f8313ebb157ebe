package fulltext

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mark writes hits in brackets.
func mark(segments []Segment) string {
	var b strings.Builder
	for _, s := range segments {
		if s.Hit {
			b.WriteString("[" + s.Text + "]")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("Hier steht nichts. ", 40) + "Der Hundesteuerbescheid von gestern. " + strings.Repeat("Und hier auch nicht. ", 40)
	for _, c := range []struct {
		text, query string
		size        int
		want        string
	}{
		{"Die Bescheide über Hundesteuer", "Bescheid Hundesteuer", 100, "Die [Bescheide] über [Hundesteuer]"},
		{"Der Hundesteuerbescheid kam.", "Bescheide", 100, "Der [Hundesteuerbescheid] kam."},
		{"Nach der Prüfung wird geprüft.", "prüfen", 100, "Nach der [Prüfung] wird [geprüft]."},
		{"zu 22.31-2026/000017-1 vom Montag", "22.31-2026/000017", 100, "zu [22].[31]-[2026]/[000017]-1 vom Montag"},
		{"der Bund und der Hund", `"der Hund"`, 100, "der Bund und [der] [Hund]"},
		{"Hundesteuersatzung, Satzung", "Hundest*", 100, "[Hundesteuersatzung], Satzung"},
		{"Eine E-Mail, ein Email", "Emails", 100, "Eine [E]-[Mail], ein [Email]"},
		{"Mu\u0308ller und Mueller, Müller", "Müller", 100, "[Mu\u0308ller] und [Mueller], [Müller]"},
		{"nichts davon", "Hund", 100, "nichts davon"},
		{"ohne Hund", "ohne -Hund", 100, "[ohne] Hund"},
		{"", "Hund", 100, ""},
		{long, "Bescheid", 60, "… nichts. Der [Hundesteuerbescheid] von gestern. Und hier auch …"},
		{long, "Katze", 30, "Hier steht nichts. Hier steht …"},
	} {
		if got := mark(Snippet(c.text, Parse(c.query), c.size)); got != c.want {
			t.Errorf("%q in %.40q…:\n got %q\nwant %q", c.query, c.text, got, c.want)
		}
	}
}

// What is cut out is a piece of the text, as it is, and not much longer than asked.
func TestSnippetIsAPiece(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([HhBb]und[- ,.]|Steuer[ -]|\xff|ä){0,60}`)).Draw(t, "text")
		query := rapid.OneOf(rapid.String(), rapid.StringMatching(`((-?hund|"bund hund"|steu\*|Hund-Steuer) ){0,4}`)).Draw(t, "query")
		size := rapid.IntRange(0, 200).Draw(t, "size")
		var b strings.Builder
		before := Segment{}
		for i, s := range Snippet(text, Parse(query), size) {
			if s.Text == "" || i > 0 && s.Hit == before.Hit {
				t.Fatalf("segment %d is %v after %v", i, s, before)
			}
			before = s
			b.WriteString(s.Text)
		}
		piece := strings.TrimSuffix(strings.TrimPrefix(b.String(), "… "), " …")
		if !strings.Contains(text, piece) {
			t.Fatalf("%q is no piece of %q", piece, text)
		}
		if len(piece) > 2*size {
			t.Fatalf("%d bytes instead of %d", len(piece), size)
		}
	})
}
