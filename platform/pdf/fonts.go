package pdf

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/text/unicode/norm"

	"rennsteig/platform/i18n"
)

// dist is filled by `make assets`; git keeps only the folder.
//
//go:embed all:dist
var dist embed.FS

//go:embed texts/*.json
var textFiles embed.FS

const family = "dejavu"

type weight bool

const (
	regular weight = false
	bold    weight = true
)

// boldness is the width of the line around bold letters, by the size of the font.
const boldness = 0.035

// points in millimetres
const mm = 25.4 / 72

// lastRune bounds what is printed: fpdf knows only the Basic Multilingual Plane and panics beyond.
const lastRune = 0xFFFD

const absent = -1

// fontSet is read once: the file, a small cut of it with the letters that nearly all documents are made of (parsing
// the whole font takes most of a document's time), and the width of every character.
type fontSet struct {
	whole, cut []byte
	widths     []int16 // 1/1000 of the font size, 0 for accents set over a letter; absent: no such glyph
}

var loadFonts = sync.OnceValues(func() (*fontSet, error) {
	b, err := dist.ReadFile("dist/DejaVuSans.ttf")
	if err != nil {
		return nil, errors.New("pdf: font DejaVuSans.ttf is missing: run `make assets` and build again")
	}
	f := fpdf.New("P", "mm", "A4", "")
	f.AddUTF8FontFromBytes(family, "", b)
	f.SetFont(family, "", 10)
	if err := f.Error(); err != nil {
		return nil, fmt.Errorf("pdf: font: %w", err)
	}
	// fpdf does not say whether there is a glyph, but gives those without one a width that no letter of a name has
	none := f.GetStringSymbolWidth("\uFFFF")
	s := &fontSet{whole: b, widths: make([]int16, lastRune+1)}
	var common strings.Builder
	for r := rune(' '); r <= lastRune; r++ {
		n := f.GetStringSymbolWidth(string(r))
		if n == none || r >= 0xD800 && r <= 0xDFFF {
			s.widths[r] = absent
			continue
		}
		s.widths[r] = int16(n)
		if isCommon(r) {
			common.WriteRune(r)
		}
	}
	s.cut = fpdf.UTF8CutFont(append([]byte(nil), b...), common.String())
	return s, nil
})

// isCommon reports whether r is in the cut: Latin with all its accents (DIN 91379 and more), Greek, Cyrillic,
// punctuation, currency, arrows.
func isCommon(r rune) bool {
	return r < 0x530 || r >= 0x1E00 && r < 0x2000 || r >= 0x2010 && r < 0x2200 || r == lastRune
}

// file is the font to embed; fpdf pads tables of the slice in place, so each document gets its own copy.
func (s *fontSet) file(rare bool) []byte {
	if rare {
		return append([]byte(nil), s.whole...)
	}
	return append([]byte(nil), s.cut...)
}

// rune is the width of a character in millimetres. Bold ones take no more room: the line lies half inside.
func (s *fontSet) rune(size float64, r rune) float64 { return float64(s.widths[r]) * size * mm / 1000 }

// width of text in millimetres.
func (s *fontSet) width(size float64, text string) float64 {
	w := 0.0
	for _, r := range text {
		w += s.rune(size, r)
	}
	return w
}

// printable cleans text and replaces what the font cannot draw by U+FFFD.
func (s *fontSet) printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r > lastRune || s.widths[r] == absent) {
			return lastRune
		}
		return r
	}, clean(text))
}

// clean composes accents (so that each has its own glyph), turns each kind of line end into "\n" and drops control and
// invisible formatting characters: a text must not steer the reader's program or the direction of writing.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\v' || r == '\f' || r == '\u0085':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(s)
}

var loadTexts = sync.OnceValues(func() (*i18n.Catalog, error) {
	c := i18n.New()
	return c, c.Add(textFiles)
})
