package german

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWords is how many words of a text are analysed; what follows is ignored.
const MaxWords = 64

// maxWord is the longest word, in bytes, that is analysed; longer ones are cut.
const maxWord = 60

// Fold lower-cases text and drops what Germans write in several ways: ä, ae and a become a; ö, oe, o; ü, ue, u; ß and
// ss. "ue" stays after a vowel or q (neue, Quelle), as in the Snowball algorithm German2. Accents are dropped.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	last := byte(0)
	put := func(c byte) {
		if c == 'e' && (last == 'a' || last == 'o' || last == 'u') {
			out := b.String()
			before := byte(0)
			if len(out) > 1 {
				before = out[len(out)-2]
			}
			if last != 'u' || !strings.ContainsRune("aeiouq", rune(before)) {
				last = 0
				return
			}
		}
		b.WriteByte(c)
		last = c
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			put(c)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch r = unicode.ToLower(r); r {
		case 'ß', 'ẞ':
			put('s')
			put('s')
		case '\u00ad', '\u200b', '\u200c', '\u200d': // soft hyphen, zero width
		default:
			if unicode.Is(unicode.Mn, r) {
				continue // combining marks of decomposed text
			}
			if base, ok := plain[r]; ok {
				b.WriteByte(base)
				last = 0 // "äe" is not "ae"
				continue
			}
			if r == utf8.RuneError {
				r = ' '
			}
			b.WriteRune(r)
			last = 0
		}
	}
	return b.String()
}

// plain are the letters with marks that occur in names of the region.
var plain = func() map[rune]byte {
	m := map[rune]byte{}
	for base, marked := range map[byte]string{'a': "äàáâãåą", 'c': "çćč", 'e': "èéêëęě", 'i': "ìíîï", 'l': "ł", 'n': "ñńň",
		'o': "öòóôõøő", 'r': "ř", 's': "śšş", 'u': "üùúûůű", 'y': "ýÿ", 'z': "źżž"} {
		for _, r := range marked {
			m[r] = base
		}
	}
	return m
}()

// Tokens cuts folded text into words: runs of letters and digits, at most MaxWords.
func Tokens(folded string) []string {
	var out []string
	start := -1
	for i, r := range folded {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, clip(folded[start:i]))
			start = -1
			if len(out) == MaxWords {
				return out
			}
		}
	}
	if start >= 0 {
		out = append(out, clip(folded[start:]))
	}
	return out
}

func clip(w string) string {
	if len(w) <= maxWord {
		return w
	}
	n := maxWord
	for n > 0 && !utf8.RuneStart(w[n]) {
		n--
	}
	return w[:n]
}
