package email

import (
	"errors"
	"strconv"
	"strings"
)

// maxRTF bounds unpacked RTF, which holds pictures too.
const maxRTF = 32 << 20

var errRTF = errors.New("compressed RTF is cut off or is none")

// rtfDictionary is what both sides know before the first byte ([MS-OXRTFCP] §2.1.2.1).
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par " +
	"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// unpackRTF undoes Outlook's compression ([MS-OXRTFCP]): LZ77 over a ring of 4096 bytes. What came before an error is
// returned with it.
func unpackRTF(b []byte) ([]byte, error) {
	if len(b) < 16 {
		return nil, errRTF
	}
	size, magic := int(min(le.Uint32(b[4:]), maxRTF)), le.Uint32(b[8:])
	b = b[16:]
	switch magic {
	case 0x75465A4C: // "LZFu"
	case 0x414C454D: // "MELA": not compressed
		return b[:min(size, len(b))], nil
	default:
		return nil, errRTF
	}
	const ring = 4096
	var dict [ring]byte
	write := copy(dict[:], rtfDictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		dict[write] = c
		write = (write + 1) % ring
	}
	for len(out) < size {
		if len(b) == 0 {
			return out, errRTF
		}
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(out) < size; bit++ {
			if control>>bit&1 == 0 {
				if len(b) == 0 {
					return out, errRTF
				}
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out, errRTF
			}
			offset, length := int(b[0])<<4|int(b[1])>>4, int(b[1]&0xF)+2
			b = b[2:]
			if offset == write { // the end
				return out, nil
			}
			for range length {
				put(dict[offset])
				offset = (offset + 1) % ring
			}
		}
	}
	return out, nil
}

// rtfState is what an RTF group inherits.
type rtfState struct {
	skip    bool // no text for people
	htmlTag bool // inside of {\*\htmltag …}: HTML as it was
	hidden  bool // \htmlrtf: RTF beside the HTML that says the same
	unicode int  // characters that stand for one \u in old readers
	fonts   bool // inside of the table of fonts
	font    int  // which says the codepage
}

// destinations without text for people.
var rtfSilent = map[string]bool{
	"colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true,
	"footer": true, "headerl": true, "headerr": true, "footerl": true, "footerr": true, "fldinst": true, "listtable": true,
	"themedata": true, "datastore": true, "xmlnstbl": true,
}

// RTFText is the text of RTF, at most about max bytes, whatever the bytes. RTF that Outlook made of HTML or text ([MS-OXRTFEX]) gives back
// what it was made of.
func RTFText(b []byte, max int) string {
	s, isHTML := readRTF(b, max)
	if isHTML {
		return HTMLText(s, max)
	}
	return s
}

// readRTF gives the text of RTF, or the HTML that it was made of.
func readRTF(b []byte, max int) (s string, isHTML bool) {
	r := rtfReader{b: b, max: max, state: rtfState{unicode: 1, font: rtfNoFont}, codepage: 1252, fonts: map[int]uint64{}, deff: rtfNoFont}
	r.run()
	r.flush()
	return r.out.String(), r.html
}

type rtfReader struct {
	b        []byte
	out      strings.Builder
	raw      []byte // characters in a row, which are not decoded yet: one may take two bytes
	max      int
	state    rtfState
	groups   []rtfState
	html     bool // \fromhtml1
	pending  int  // characters still to skip after \u
	codepage uint64
	fonts    map[int]uint64 // codepages of fonts
	deff     int            // the font at the start
	defining int            // the font that the table is just at
	high     rune           // first half of a surrogate pair
}

const (
	rtfNoFont   = -1
	rtfMaxFonts = 1000
)

// charsetCodepages is the codepage of a font's charset ([MS-OXRTFEX] §2.1.3.1.2); others have that of the whole.
var charsetCodepages = map[int]uint64{
	0: 1252, 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256,
	186: 1257, 204: 1251, 222: 874, 238: 1250, 254: 437, 255: 850,
}

func (r *rtfReader) run() {
	for len(r.b) > 0 && r.out.Len()+len(r.raw) < r.max {
		c := r.b[0]
		r.b = r.b[1:]
		switch c {
		case '{':
			r.flush()
			if len(r.groups) >= 1000 {
				return
			}
			r.groups = append(r.groups, r.state)
			r.pending = 0
		case '}':
			r.flush()
			if n := len(r.groups); n > 0 {
				r.state, r.groups = r.groups[n-1], r.groups[:n-1]
			}
			r.pending = 0
		case '\\':
			r.control()
		case '\r', '\n':
		default:
			r.byte(c)
		}
	}
}

// byte takes one byte of text in the codepage of its font.
func (r *rtfReader) byte(c byte) {
	if r.pending > 0 {
		r.pending--
		return
	}
	r.raw = append(r.raw, c)
	if len(r.raw) >= 4096 && c < 0x80 {
		r.flush()
	}
}

// flush writes the bytes gathered.
func (r *rtfReader) flush() {
	if len(r.raw) == 0 {
		return
	}
	codepage := r.codepage
	if c := r.fonts[r.state.font]; c != 0 && !r.state.htmlTag {
		codepage = c
	}
	raw := r.raw
	r.raw = r.raw[:0]
	r.put(decodeCodepage(raw, codepage))
}

// char writes one character, unless it stands for one that is written already.
func (r *rtfReader) char(c rune) {
	if r.pending > 0 {
		r.pending--
		return
	}
	r.write(string(c))
}

func (r *rtfReader) write(s string) {
	r.flush()
	r.put(s)
}

func (r *rtfReader) put(s string) {
	if !r.state.skip && (!r.html || r.state.htmlTag || !r.state.hidden) {
		r.out.WriteString(s)
	}
}

// plain writes what a control word means in text; in HTML it is the markup that means it.
func (r *rtfReader) plain(s string) {
	if r.html && s == "\t" {
		s = " "
	}
	r.write(s)
}

func (r *rtfReader) control() {
	if len(r.b) == 0 {
		return
	}
	c := r.b[0]
	if c < 'A' || c > 'Z' && c < 'a' || c > 'z' {
		r.b = r.b[1:]
		switch c {
		case '\'':
			if len(r.b) < 2 {
				return
			}
			n, err := strconv.ParseUint(string(r.b[:2]), 16, 8)
			r.b = r.b[2:]
			if err == nil {
				r.byte(byte(n))
			}
		case '*': // the group may be skipped by who does not know it
			r.flush()
			r.state.skip = true
			r.star()
		case '~':
			r.char('\u00a0')
		case '_':
			r.char('-')
		case '\r', '\n':
			r.plain("\n")
		case '\\', '{', '}':
			r.byte(c)
		}
		return
	}
	r.word(r.name())
}

// star looks whether \* is followed by \htmltag, the only such group with text.
func (r *rtfReader) star() {
	if rest := string(r.b[:min(len(r.b), 10)]); strings.HasPrefix(strings.TrimLeft(rest, "\r\n "), `\htmltag`) && r.html {
		r.state.skip, r.state.htmlTag = false, true
	}
}

// name reads a control word and its number; -1 if it has none.
func (r *rtfReader) name() (string, int) {
	i := 0
	for i < len(r.b) && i < 32 && (r.b[i] >= 'a' && r.b[i] <= 'z' || r.b[i] >= 'A' && r.b[i] <= 'Z') {
		i++
	}
	word := string(r.b[:i])
	r.b = r.b[i:]
	i = 0
	if i < len(r.b) && r.b[i] == '-' {
		i++
	}
	for i < len(r.b) && i < 11 && r.b[i] >= '0' && r.b[i] <= '9' {
		i++
	}
	n, err := strconv.Atoi(string(r.b[:i]))
	if err != nil {
		n = -1
		if i == 1 { // a lone minus is text
			i = 0
		}
	}
	r.b = r.b[i:]
	if len(r.b) > 0 && r.b[0] == ' ' {
		r.b = r.b[1:]
	}
	return word, n
}

func (r *rtfReader) word(w string, n int) {
	r.flush()
	switch w {
	case "fonttbl":
		r.state.skip, r.state.fonts = true, true
	case "f":
		if r.defining = n; !r.state.fonts {
			r.state.font = n
		}
	case "fcharset":
		if c := charsetCodepages[n]; c != 0 && r.state.fonts && len(r.fonts) < rtfMaxFonts {
			r.fonts[r.defining] = c
		}
	case "deff":
		r.deff, r.state.font = n, n
	case "plain":
		r.state.font = r.deff
	case "par", "line", "sect", "page", "row":
		r.plain("\n")
	case "tab", "cell":
		r.plain("\t")
	case "fromhtml":
		r.html = n != 0
	case "htmlrtf":
		r.state.hidden = n != 0
	case "htmltag":
	case "uc":
		r.state.unicode = max(0, min(n, 16))
	case "u":
		r.codeUnit(n)
	case "bin":
		r.b = r.b[min(len(r.b), max(n, 0)):]
	case "ansicpg":
		r.codepage = uint64(max(0, n))
	case "lquote":
		r.char('‘')
	case "rquote":
		r.char('’')
	case "ldblquote":
		r.char('“')
	case "rdblquote":
		r.char('”')
	case "bullet":
		r.char('•')
	case "endash":
		r.char('–')
	case "emdash":
		r.char('—')
	default:
		if rtfSilent[w] {
			r.state.skip = true
		}
	}
}

// codeUnit writes \uN, a UTF-16 unit as a signed number.
func (r *rtfReader) codeUnit(n int) {
	c := rune(uint16(n))
	switch {
	case c >= 0xD800 && c < 0xDC00:
		r.high = c
	case c >= 0xDC00 && c < 0xE000:
		if r.high != 0 {
			r.write(string((r.high-0xD800)<<10 + (c - 0xDC00) + 0x10000))
		}
		r.high = 0
	default:
		r.high = 0
		r.write(string(c))
	}
	r.pending = r.state.unicode
}
