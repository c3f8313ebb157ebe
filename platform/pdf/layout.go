package pdf

import (
	"fmt"
	"strings"
)

// The sheet: A4 with the margins of a German business letter (DIN 5008: 25 mm left, 20 mm right). Millimetres from the
// upper left corner; sizes in points.
const (
	left, right = 25.0, 190.0
	top         = 20.0
	bottom      = 268.0 // last baseline of the text
	footRule    = 275.0
	footY       = 280.0

	senderSize, titleSize, headSize, textSize, footSize = 10.0, 16.0, 11.5, 10.0, 8.0

	labelWidth = 55.0
	valueX     = left + labelWidth + 5
	footWidth  = 125.0 // leaves room for the page number
	footLines  = 2
)

func lineHeight(size float64) float64 { return size * mm * 1.35 }

// page is what is drawn on one sheet besides its foot.
type page struct {
	texts []text
	rules []float64 // heights of thin lines from margin to margin
}

// text is one line at its baseline.
type text struct {
	x, y   float64
	weight weight
	size   float64
	s      string
}

type layout struct {
	fonts *fontSet
	pages []page
	note  []string
	y     float64 // lower edge of what is set on the last page
	rare  bool    // needs letters beyond the cut
}

func newLayout(f *fontSet) *layout { return &layout{fonts: f, pages: make([]page, 1), y: top} }

// set lays out the whole document, or returns ErrTooLong.
func (l *layout) set(d Doc, date string) error {
	n := len(d.Title) + len(d.Sender) + len(d.Note)
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			n += len(b)
		case Text:
			n += len(b)
		case Rows:
			for _, r := range b {
				n += len(r[0]) + len(r[1]) + 1
			}
		default:
			return fmt.Errorf("pdf: %T is no block", b)
		}
	}
	if n > MaxBytes {
		return ErrTooLong
	}
	l.note = l.wrap(oneLine(d.Note), footSize, footWidth)
	l.note = l.note[:min(len(l.note), footLines)]

	l.column(bold, senderSize, l.wrap(oneLine(d.Sender), senderSize, right-left))
	l.rule(1.5)
	l.y += 3
	date = l.print(date)
	l.line(right-l.fonts.width(textSize, date), regular, textSize, date)
	l.y += 8
	l.column(bold, titleSize, l.wrap(oneLine(d.Title), titleSize, right-left))
	l.y += 4
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			lines := l.wrap(oneLine(string(b)), headSize, right-left)
			l.y += 4
			// a heading stays with at least two lines of what follows
			l.need(float64(len(lines))*lineHeight(headSize) + 1.5 + 2*lineHeight(textSize))
			l.column(bold, headSize, lines)
			l.y += 1.5
		case Text:
			l.column(regular, textSize, l.wrap(string(b), textSize, right-left))
			l.y += 2.5
		case Rows:
			l.rows(b)
		}
		if len(l.pages) > MaxPages {
			return ErrTooLong
		}
	}
	return nil
}

// rows sets labels left and values right, with a thin line under each pair.
func (l *layout) rows(rows Rows) {
	for _, r := range rows {
		labels := l.wrap(oneLine(r[0]), textSize, labelWidth)
		values := l.wrap(r[1], textSize, right-valueX)
		if h := float64(max(len(labels), len(values))) * lineHeight(textSize); h < (bottom-top)/3 {
			l.need(h) // a short pair is not torn apart
		}
		for i := range max(len(labels), len(values)) {
			l.need(lineHeight(textSize))
			l.y += lineHeight(textSize)
			if i < len(labels) {
				l.put(left, bold, textSize, labels[i])
			}
			if i < len(values) {
				l.put(valueX, regular, textSize, values[i])
			}
			if len(l.pages) > MaxPages {
				return
			}
		}
		l.rule(1.8)
		l.y += 0.8
	}
	l.y += 2.5
}

// need starts a new page unless h millimetres are left on this one.
func (l *layout) need(h float64) {
	if l.y+h > bottom && l.y > top {
		l.pages = append(l.pages, page{})
		l.y = top
	}
}

func (l *layout) put(x float64, wt weight, size float64, s string) {
	if s == "" {
		return
	}
	p := &l.pages[len(l.pages)-1]
	p.texts = append(p.texts, text{x: x, y: l.y, weight: wt, size: size, s: s})
}

func (l *layout) line(x float64, wt weight, size float64, s string) {
	l.need(lineHeight(size))
	l.y += lineHeight(size)
	l.put(x, wt, size, s)
}

func (l *layout) column(wt weight, size float64, lines []string) {
	for _, s := range lines {
		l.line(left, wt, size, s)
		if len(l.pages) > MaxPages {
			return
		}
	}
}

func (l *layout) rule(gap float64) {
	l.y += gap
	p := &l.pages[len(l.pages)-1]
	p.rules = append(p.rules, l.y)
}

// print makes s printable and remembers whether it needs the whole font.
func (l *layout) print(s string) string {
	s = l.fonts.printable(s)
	l.rare = l.rare || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !isCommon(r) })
	return s
}

// wrap breaks s into lines no wider than width: at line ends, at spaces, after "-" and "/", and where a single word is
// too long, within it.
func (l *layout) wrap(s string, size, width float64) []string {
	var out []string
	for _, par := range strings.Split(strings.TrimRight(l.print(s), "\n "), "\n") {
		out = append(out, l.wrapLine([]rune(strings.TrimRight(par, " ")), size, width)...)
	}
	return out
}

func (l *layout) wrapLine(s []rune, size, width float64) []string {
	var out []string
	start, brk, w := 0, 0, 0.0 // s[start:] is unset; brk is the last place to break, if > start
	for i := 0; i < len(s); i++ {
		rw := l.fonts.rune(size, s[i])
		if w+rw > width && i > start && s[i] != ' ' {
			if brk <= start {
				brk = i
			}
			out = append(out, strings.TrimRight(string(s[start:brk]), " "))
			start = brk
			w = l.fonts.width(size, string(s[start:i]))
		}
		w += rw
		if s[i] == ' ' || s[i] == '-' || s[i] == '/' {
			brk = i + 1
		}
	}
	return append(out, string(s[start:]))
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
