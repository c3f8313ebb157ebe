package email

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLText is the readable text of HTML, at most about max bytes: no scripts and styles, a line per block, a tab
// between cells. Any string is HTML.
func HTMLText(s string, max int) string {
	z := html.NewTokenizer(strings.NewReader(s))
	w := textWriter{max: max}
	var skip atom.Atom // inside of an element without text for people
	for w.b.Len() < max {
		kind := z.Next()
		if kind == html.ErrorToken { // the end: a string has no other
			break
		}
		switch kind {
		case html.TextToken:
			if skip == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			switch tag {
			case atom.Script, atom.Style, atom.Iframe: // raw text up to their end tags
				if kind == html.StartTagToken && skip == 0 {
					skip = tag
				} else if kind == html.EndTagToken && skip == tag {
					skip = 0
				}
			case atom.Td, atom.Th:
				w.tab()
			case atom.Br, atom.P, atom.Div, atom.Tr, atom.Li, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4,
				atom.H5, atom.H6, atom.Title, atom.Blockquote, atom.Pre, atom.Hr, atom.Dt, atom.Dd, atom.Section, atom.Article,
				atom.Header, atom.Footer, atom.Body, atom.Option, atom.Caption, atom.Figcaption, atom.Address, atom.Form:
				w.newline()
			}
		}
	}
	return strings.TrimSpace(w.b.String())
}

// textWriter writes words with single spaces and no blank lines.
type textWriter struct {
	b    strings.Builder
	max  int
	next byte // what to write before the next word: 0, ' ', '\t' or '\n'
}

func (w *textWriter) text(s string) {
	for len(s) > 0 && w.b.Len() < w.max {
		i := strings.IndexAny(s, " \t\r\n\u00a0")
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			if w.next != 0 && w.b.Len() > 0 {
				w.b.WriteByte(w.next)
			}
			w.next = 0
			w.b.WriteString(s[:i])
			s = s[i:]
			continue
		}
		if strings.HasPrefix(s, "\u00a0") {
			s = s[len("\u00a0"):]
		} else {
			s = s[1:]
		}
		if w.next == 0 {
			w.next = ' '
		}
	}
}

func (w *textWriter) tab() {
	if w.next != '\n' {
		w.next = '\t'
	}
}

func (w *textWriter) newline() { w.next = '\n' }
