package pdf

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"rennsteig/platform/i18n"
)

// dist is filled by `make assets`; git keeps only the folder.
//
//go:embed all:dist
var dist embed.FS

//go:embed texts/*.json
var textFiles embed.FS

type weight string

const (
	regular weight = "regular"
	bold    weight = "bold"
)

// points in millimetres
const mm = 25.4 / 72

// lastRune bounds what is printed: the fonts' own maps of characters end there (Basic Multilingual Plane).
const lastRune = 0xFFFD

const absent = -1

// fontSet is read once: the fonts, and the width of every character.
type fontSet struct {
	faces  map[weight]*face
	widths map[weight][]int16 // 1/1000 of the font size, 0 for accents set over a letter; absent: no such glyph
}

var loadFonts = sync.OnceValues(func() (*fontSet, error) {
	s := &fontSet{faces: map[weight]*face{}, widths: map[weight][]int16{}}
	for wt, name := range map[weight]string{regular: "DejaVuSans", bold: "DejaVuSans-Bold"} {
		b, err := dist.ReadFile("dist/" + name + ".ttf")
		if err != nil {
			return nil, fmt.Errorf("pdf: font %s is missing: run `make assets` and build again", name)
		}
		f, err := readFace(name, b)
		if err != nil {
			return nil, fmt.Errorf("pdf: font %s: %w", name, err)
		}
		widths := make([]int16, lastRune+1)
		for r := range widths {
			widths[r] = absent
			if g := f.glyphs[r]; r >= ' ' && g != 0 && (r < 0xD800 || r > 0xDFFF) {
				widths[r] = int16(f.width(g)) //nolint:gosec // the widest glyph has a few thousandths
			}
		}
		s.faces[wt], s.widths[wt] = f, widths
	}
	return s, nil
})

// common are the letters that most documents get by with. Their cut of each font is made and compressed once.
var common = func() []rune {
	var out []rune
	for r := rune(' '); r <= '~'; r++ {
		out = append(out, r)
	}
	return append(out, []rune("\u00a0§©«°·»ÄÉÖÜßàáâäçèéêëíîïñóôöúûü–—‘’‚“”„•…€")...)
}()

// cuts keeps the cuts made for documents with other letters, by those letters: names repeat.
type cuts struct {
	mu   sync.Mutex
	made map[string]*cut
}

const maxCuts = 100 // of one font, about 40 KB each

// cut gives the font's cut with the common letters and these others, which are sorted.
func (f *face) cut(others []rune) *cut {
	key := string(others)
	f.cuts.mu.Lock()
	c := f.cuts.made[key]
	f.cuts.mu.Unlock()
	if c != nil {
		return c
	}
	c = f.makeCut(append(slices.Clone(common), others...))
	f.cuts.mu.Lock()
	defer f.cuts.mu.Unlock()
	if f.cuts.made == nil || len(f.cuts.made) >= maxCuts {
		f.cuts.made = map[string]*cut{}
	}
	f.cuts.made[key] = c
	return c
}

func (s *fontSet) rune(wt weight, size float64, r rune) float64 {
	return float64(s.widths[wt][r]) * size * mm / 1000
}

// width of text in millimetres.
func (s *fontSet) width(wt weight, size float64, text string) float64 {
	w := 0.0
	for _, r := range text {
		w += s.rune(wt, size, r)
	}
	return w
}

// printable cleans text and replaces what the font cannot draw by U+FFFD.
func (s *fontSet) printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r > lastRune || s.widths[regular][r] == absent || s.widths[bold][r] == absent) {
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
