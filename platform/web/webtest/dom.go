package webtest

import (
	"strings"

	"golang.org/x/net/html"
)

// control is the field with this label; nil if there is none.
func (p *Page) control(label string) *html.Node {
	if found := p.labelled(p.doc, label, func(n *html.Node) bool { return isControl(n) && !isChoice(n) }); len(found) > 0 {
		return found[0]
	}
	return nil
}

// labelled lists the wanted controls under where whose label is, or else begins with, the text.
func (p *Page) labelled(where *html.Node, label string, want func(*html.Node) bool) []*html.Node {
	return matching(all(where, want), label, p.label)
}

// label is the name of a control.
func (p *Page) label(n *html.Node) string {
	if name := p.aria(n); name != "" {
		return name
	}
	id := attr(n, "id")
	return text(find(p.doc, func(l *html.Node) bool { return l.Data == "label" && id != "" && attr(l, "for") == id }))
}

// called is the name of a link or button.
func (p *Page) called(n *html.Node) string {
	if name := p.aria(n); name != "" {
		return name
	}
	return text(n)
}

// aria is the name that aria-labelledby or aria-label give; "" if they don't.
func (p *Page) aria(n *html.Node) string {
	var names []string
	for id := range strings.FieldsSeq(attr(n, "aria-labelledby")) {
		names = append(names, text(find(p.doc, func(o *html.Node) bool { return attr(o, "id") == id })))
	}
	if len(names) > 0 {
		return clean(strings.Join(names, " "))
	}
	return clean(attr(n, "aria-label"))
}

func (p *Page) labels() string {
	var out []string
	for _, n := range all(p.doc, isControl) {
		if l := p.label(n); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, " | ")
}

// group is the fieldset with this legend.
func (p *Page) group(legend string) *html.Node {
	found := matching(all(p.doc, isElement("fieldset")), legend, func(n *html.Node) string { return text(find(n, isElement("legend"))) })
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// value is what a control sends, and whether it is sent at all.
func (p *Page) value(n *html.Node) (value string, sent bool) {
	a, touched := p.answers[n]
	switch {
	case isChoice(n):
		value = attr(n, "value")
		if touched {
			return value, a.chosen
		}
		return value, hasAttr(n, "checked")
	case touched:
		return a.value, true
	case n.Data == "textarea":
		return raw(n), true
	case n.Data == "select":
		options := all(n, isElement("option"))
		for _, o := range options {
			if hasAttr(o, "selected") {
				return attr(o, "value"), true
			}
		}
		if len(options) == 0 {
			return "", false
		}
		return attr(options[0], "value"), true
	case attr(n, "type") == "file":
		return "", false
	default:
		return attr(n, "value"), true
	}
}

// matching keeps the nodes with exactly this name, else those whose name begins with it.
func matching(nodes []*html.Node, want string, name func(*html.Node) string) []*html.Node {
	want = clean(want)
	var exact, begins []*html.Node
	for _, n := range nodes {
		got := bare(name(n))
		if got == want {
			exact = append(exact, n)
		}
		if strings.HasPrefix(got, want) {
			begins = append(begins, n)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return begins
}

func isElement(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

func isControl(n *html.Node) bool {
	return n.Data == "input" || n.Data == "select" || n.Data == "textarea"
}

func isChoice(n *html.Node) bool {
	return n.Data == "input" && (attr(n, "type") == "radio" || attr(n, "type") == "checkbox")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// all lists the elements under n, n too, that want keeps.
func all(n *html.Node, want func(*html.Node) bool) []*html.Node {
	if n == nil {
		return nil
	}
	var out []*html.Node
	if n.Type == html.ElementNode && want(n) {
		out = append(out, n)
	}
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && want(c) {
			out = append(out, c)
		}
	}
	return out
}

func find(n *html.Node, want func(*html.Node) bool) *html.Node {
	if found := all(n, want); len(found) > 0 {
		return found[0]
	}
	return nil
}

// raw is the text under n as it stands.
func raw(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		} else if c.Type == html.ElementNode && !inline[c.Data] {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// inline are the elements that do not part words.
var inline = map[string]bool{"a": true, "span": true, "strong": true, "em": true, "code": true, "b": true, "i": true, "abbr": true, "small": true}

func text(n *html.Node) string { return clean(raw(n)) }

func clean(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00ad", "")), " ")
}

// bare is a label without its mark for "optional".
func bare(s string) string {
	for _, mark := range []string{" (freiwillig)", " (optional)"} {
		s = strings.TrimSuffix(s, mark)
	}
	return s
}
