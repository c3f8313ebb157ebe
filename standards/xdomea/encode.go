package xdomea

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// encoder writes elements into a buffer.
type encoder struct {
	b         []byte
	message   Message
	has       string // of the message's kind
	inherited *Retention
	path      []string
	depth     int
	names     func(file string) error // told of each file that is named
	err       error                   // the first
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("xdomea: %s: %w", strings.Join(e.path, "/"), fmt.Errorf(format, args...))
	}
}

// element writes a struct as an element.
func (e *encoder) element(name string, v reflect.Value) {
	e.b = append(e.b, "\n<xdomea:"...)
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
	e.path = append(e.path, name)
	e.fields(plans()[v.Type()], v)
	e.path = e.path[:len(e.path)-1]
	e.b = append(e.b, "\n</xdomea:"...)
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
}

// fields writes what is in a struct.
func (e *encoder) fields(plan *node, v reflect.Value) {
	if plan.checks {
		if err := v.Addr().Interface().(checked).check(); err != nil {
			e.fail("%w", err)
		}
	}
	outer := e.inherited
	e.inside(plan, v)
	e.inherited = outer
}

// inside writes the kids of a node, whose fields are in v.
func (e *encoder) inside(n *node, v reflect.Value) {
	if e.depth++; e.depth > maxDepth-4 { // the root, Schriftgutobjekt, a code and what is in it
		e.fail("nested too deep to be read")
	}
	defer func() { e.depth-- }()
	for _, k := range n.kids {
		if e.err != nil {
			return
		}
		if k.read || k.in != "" && !strings.Contains(e.has, k.in) {
			continue
		}
		if k.index == nil {
			if k.always || !empty(k, v) {
				e.b = append(e.b, k.start...)
				e.inside(k, v)
				e.b = append(e.b, k.end...)
			}
			continue
		}
		f := v.FieldByIndex(k.index)
		switch r, isRetention := f.Addr().Interface().(*Retention); {
		case isRetention:
			e.retention(k, r)
		case f.Kind() == reflect.Slice:
			for i := range f.Len() {
				e.field(k, f.Index(i))
			}
			if k.must && f.Len() == 0 {
				e.fail("no %s", k.name)
			}
		case !f.IsZero() || k.always:
			if f.Kind() == reflect.Pointer {
				f = f.Elem()
			}
			e.field(k, f)
		case k.must:
			e.fail("no %s", k.name)
		}
	}
}

// empty reports whether no field below a node says anything.
func empty(n *node, v reflect.Value) bool {
	for _, k := range n.kids {
		if k.index == nil && !empty(k, v) || k.index != nil && !v.FieldByIndex(k.index).IsZero() {
			return false
		}
	}
	return true
}

// retention writes the archive's metadata; in a message of disposal they are never left out.
func (e *encoder) retention(k *node, r *Retention) {
	if e.message == Offer || e.message == Disposal {
		if *r == (Retention{}) && e.inherited != nil {
			r = e.inherited
		}
		if err := r.complete(e.message); err != nil {
			e.fail("%s: %w", k.name, err)
		}
		e.inherited = r
	}
	if *r != (Retention{}) {
		e.field(k, reflect.ValueOf(r).Elem())
	}
}

// field writes one value as an element.
func (e *encoder) field(k *node, v reflect.Value) {
	if k.list != nil {
		e.code(k.name, Code{Value: v.String(), ListURI: k.list.uri, ListVersion: k.list.version})
		if !k.list.has(v.String()) {
			e.fail("%s has no code %q", k.name, v.String())
		}
		return
	}
	if k.of != nil {
		e.b = append(e.b, k.start...)
		e.path = append(e.path, k.name)
		e.fields(k.of, v)
		e.path = e.path[:len(e.path)-1]
		e.b = append(e.b, k.end...)
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *Code:
		e.code(k.name, *p)
		return
	case *Keep:
		e.b = append(e.b, k.start...)
		if years, ok := p.Years(); ok {
			e.b = fmt.Appendf(e.b, "<xdomea:AnzahlJahre>%d</xdomea:AnzahlJahre>", years)
		} else {
			e.b = append(e.b, "<xdomea:Unbefristet>1</xdomea:Unbefristet>"...)
		}
		e.b = append(e.b, k.end...)
		return
	case *string:
		e.text(k, *p)
		return
	case *time.Time:
		e.b = append(e.b, k.start...)
		e.time(k, *p)
	case *Clock:
		e.b = append(e.b, k.start...)
		e.b = append(e.b, *p...)
		if !validTime(string(*p)) {
			e.fail("%s is %q, which is no time", k.name, string(*p))
		}
	case *bool:
		e.b = append(e.b, k.start...)
		e.b = append(e.b, map[bool]byte{false: '0', true: '1'}[*p])
	case *uint32:
		e.b = append(e.b, k.start...)
		e.b = strconv.AppendUint(e.b, uint64(*p), 10)
	}
	e.b = append(e.b, k.end...)
}

// text writes a text, an ID or the name of a file.
func (e *encoder) text(k *node, s string) {
	e.b = append(e.b, k.start...)
	e.b = appendText(e.b, s)
	e.b = append(e.b, k.end...)
	switch {
	case k.uuid && !isUUID(s):
		e.fail("%s is %q, which is no UUID", k.name, s)
	case k.file:
		if !fileName.MatchString(s) || unsafe(s) {
			e.fail("%s is %q, not <UUID>[_Name].<ending>", k.name, s)
		} else if e.names != nil {
			if err := e.names(s); err != nil {
				e.fail("%w", err)
			}
		}
	}
}

func (e *encoder) time(k *node, t time.Time) {
	if t.Year() < 1 || t.Year() > 9999 {
		e.fail("%s is in the year %d", k.name, t.Year())
	}
	if k.date {
		e.b = t.AppendFormat(e.b, time.DateOnly)
	} else {
		e.b = t.AppendFormat(e.b, time.RFC3339)
	}
}

// code writes a code, whose parts have no namespace.
func (e *encoder) code(name string, c Code) {
	if c.Value == "" {
		e.fail("%s has an empty code", name)
	}
	e.b = append(e.b, "\n<xdomea:"...)
	e.b = append(e.b, name...)
	for _, a := range [...]struct{ name, value string }{{"listURI", c.ListURI}, {"listVersionID", c.ListVersion}} {
		if a.value != "" {
			e.b = append(e.b, ' ')
			e.b = append(e.b, a.name...)
			e.b = append(e.b, `="`...)
			e.b = appendText(e.b, a.value)
			e.b = append(e.b, '"')
		}
	}
	e.b = append(e.b, "><code>"...)
	e.b = appendText(e.b, c.Value)
	e.b = append(e.b, "</code>"...)
	if c.Name != "" {
		e.b = append(e.b, "<name>"...)
		e.b = appendText(e.b, c.Name)
		e.b = append(e.b, "</name>"...)
	}
	e.b = append(e.b, "</xdomea:"...)
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
}

// appendText escapes a text. What is no character of XML becomes U+FFFD, as in encoding/xml.
func appendText(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c, size := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(s[i:])
		}
		with := ""
		switch {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '"':
			with = "&#34;"
		case c == '\r':
			with = "&#xD;" // else a reader makes it a line feed
		case c < ' ' && c != '\t' && c != '\n', c == 0xFFFE, c == 0xFFFF, c == utf8.RuneError && size == 1:
			with = "\uFFFD"
		}
		if with != "" {
			b = append(b, s[from:i]...)
			b = append(b, with...)
			from = i + size
		}
		i += size
	}
	return append(b, s[from:]...)
}
