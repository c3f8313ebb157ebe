package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var day = time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) // the 25th in Berlin

func sample() Doc {
	return Doc{
		Lang: "de", Title: "Eingangsbestätigung: Hund anmelden", Sender: "Landeshauptstadt Erfurt", Created: day,
		Note: "Vorgang ER-2026-000123",
		Blocks: []Block{
			Text("Ihr Antrag ist eingegangen.\nSie müssen jetzt nichts weiter tun."),
			Heading("Ihre Angaben"),
			Rows{{"Name", "Lech Wałęsa"}, {"Zweite Person", "Ayşe Çelik"}, {"Dritte", "Đorđe Đorđević"},
				{"Straße", "Große Ölmühlstraße 12"}, {"Decomposed", "Mu\u0308ller, M\u0302"}, {"Betrag", "1.234,50 €"}},
			Heading("Begründung"),
			Text(strings.Repeat("Das Halten eines Hundes ist anzuzeigen. ", 30)),
		},
	}
}

func write(t testing.TB, d Doc) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plain reads the text back with poppler, as a reader's program would.
func plain(t testing.TB, pdf []byte, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", append(args, name, "-")...).CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext (poppler-utils, see make deps): %v: %s", err, out)
	}
	return string(out)
}

func TestTextComesBack(t *testing.T) {
	got := plain(t, write(t, sample()), "-layout")
	for _, want := range []string{"Lech Wałęsa", "Ayşe Çelik", "Đorđe Đorđević", "Große Ölmühlstraße 12", "Müller", "M\u0302",
		"1.234,50 €", "25.11.2026", "Landeshauptstadt Erfurt", "Seite 1 von 1", "Vorgang ER-2026-000123", "Ihre Angaben"} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in:\n%s", want, got)
		}
	}
}

func TestMetadata(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pdf")
	d := sample()
	d.Lang = "en"
	b := write(t, d)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdfinfo", "-isodates", name).CombinedOutput()
	if err != nil {
		t.Fatalf("pdfinfo: %v: %s", err, out)
	}
	for _, want := range []string{"Eingangsbestätigung: Hund anmelden", "Landeshauptstadt Erfurt", "2026-11-24T23:30:00", "A4"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("missing %q in:\n%s", want, out)
		}
	}
	if !bytes.Contains(b, []byte("/Lang (en)")) {
		t.Error("language is not set")
	}
	if got := plain(t, b); !strings.Contains(got, "Page 1 of 1") || !strings.Contains(got, "25 November 2026") {
		t.Errorf("not English: %s", got)
	}
}

func TestEqualInputGivesEqualBytes(t *testing.T) {
	want := write(t, sample())
	for range 5 {
		if !bytes.Equal(want, write(t, sample())) {
			t.Fatal("bytes differ")
		}
	}
}

// Long words, long values and many rows are broken, and nothing is lost.
func TestBreaksOverPages(t *testing.T) {
	d := sample()
	word := strings.Repeat("Donaudampfschifffahrt", 40)
	rows := Rows{{"Langer Wert", strings.Repeat("Wort ", 1500)}, {word, word}}
	for i := range 120 {
		rows = append(rows, [2]string{fmt.Sprintf("Zeile %d", i), fmt.Sprintf("Inhalt-%d", i)})
	}
	d.Blocks = []Block{Text(word), rows}
	got := plain(t, write(t, d))
	if n := strings.Count(got, "Wort"); n != 1500 {
		t.Errorf("%d of 1500 words", n)
	}
	for i := range 120 {
		if !strings.Contains(got, fmt.Sprintf("Inhalt-%d", i)) {
			t.Errorf("row %d is lost", i)
		}
	}
	squeezed := strings.NewReplacer("\n", "", " ", "").Replace(got)
	if !strings.Contains(squeezed, word) {
		t.Error("the long word is lost")
	}
	if !strings.Contains(got, "Seite 1 von 8") || !strings.Contains(got, "Seite 8 von 8") {
		t.Errorf("page numbers: %q", got[len(got)-300:])
	}
}

func TestUntrustedText(t *testing.T) {
	d := sample()
	d.Title = "Titel\x00\x07\u202eumgekehrt\n(zweite) \\Zeile"
	d.Sender = string([]byte{0xff, 'A', 0x80})
	d.Blocks = []Block{Text("a\x00b\x1bc \U0001F600 \u3042 漢 \U0010FFFF ende ) Tj ET /Q"), Rows{{"", ""}, {"\r", "\r\n"}}, Heading("\t")}
	got := plain(t, write(t, d))
	for _, want := range []string{"Titelumgekehrt (zweite) \\Zeile", "abc \uFFFD \uFFFD \uFFFD \uFFFD ende ) Tj ET /Q"} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in %q", want, got)
		}
	}
	rare := sample()
	rare.Blocks = []Block{Text("שלום ქართული ɐ")} // beyond the cut
	if got := plain(t, write(t, rare)); !strings.Contains(got, "ქართული") {
		t.Errorf("rare letters: %q", got)
	}
}

func TestBounds(t *testing.T) {
	for name, b := range map[string]Block{
		"text": Text(strings.Repeat("x", MaxBytes+1)), "lines": Text(strings.Repeat("\n", MaxBytes-200) + "x"),
		"rows": make(Rows, MaxBytes), "lines in a row": Rows{{strings.Repeat("\n", 10), strings.Repeat("a\n", MaxBytes/3)}},
	} {
		d := sample()
		d.Blocks = []Block{b}
		var out bytes.Buffer
		if err := Write(&out, d); !errors.Is(err, ErrTooLong) || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, out.Len())
		}
	}
	d := sample()
	d.Blocks = []Block{Text(strings.Repeat("Ein Satz mit Wörtern. ", MaxBytes/25))}
	write(t, d)
	if err := Write(io.Discard, Doc{Title: "x"}); err == nil {
		t.Error("a document without a date was written")
	}
	if err := Write(io.Discard, Doc{Created: day, Blocks: []Block{"string"}}); err == nil {
		t.Error("a strange block was written")
	}
}

// Whatever the text, no line is wider than its column and none lies in the foot.
func TestLinesStayInside(t *testing.T) {
	fonts, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		l := newLayout(fonts)
		d := Doc{Title: rapid.String().Draw(t, "title"), Sender: rapid.String().Draw(t, "sender"), Note: rapid.String().Draw(t, "note"),
			Blocks: []Block{Text(rapid.String().Draw(t, "text")), Heading(rapid.String().Draw(t, "heading")),
				Rows{{rapid.StringN(0, 200, -1).Draw(t, "label"), rapid.StringN(0, 2000, -1).Draw(t, "value")}}}}
		if err := l.set(d, "24.11.2026"); err != nil {
			t.Fatal(err)
		}
		for _, p := range l.pages {
			for _, s := range p.texts {
				if s.x+fonts.width(s.size, s.s) > right+0.01 || s.y > bottom+0.01 || s.y < top {
					t.Fatalf("outside: %+v", s)
				}
			}
		}
		if err := Write(io.Discard, Doc{Title: d.Title, Sender: d.Sender, Note: d.Note, Blocks: d.Blocks, Created: day}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestConcurrentDocuments(t *testing.T) {
	want := write(t, sample())
	done := make(chan bool)
	for range 8 {
		go func() {
			var b bytes.Buffer
			done <- Write(&b, sample()) == nil && bytes.Equal(b.Bytes(), want)
		}()
	}
	for range 8 {
		if !<-done {
			t.Error("a document made at the same time differs")
		}
	}
}

// BenchmarkWrite is one page; the goal is 10 ms of one core.
func BenchmarkWrite(b *testing.B) {
	d := sample()
	write(b, d)
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
