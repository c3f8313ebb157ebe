package xzufi

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// position is a place in the message: line and column in characters, both from 1.
type position struct{ line, col int }

// move steps over text.
func (p *position) move(text string) {
	if nl := strings.Count(text, "\n"); nl > 0 {
		p.line += nl
		p.col = 1
		text = text[strings.LastIndexByte(text, '\n')+1:]
	}
	p.col += utf8.RuneCountInString(text)
}

// A parser reads one complete element that the framer cut out of the message. It checks that the XML is well-formed
// (Namespaces in XML 1.0) as it goes; strings it returns are parts of s wherever nothing had to be decoded.
type parser struct {
	s    string
	i    int
	at   position // of s[seen]
	seen int
	path []string // names of the open elements, from the root of the message
	ns   *scope
	uri  string  // namespace of XZuFi in this message
	ver  Version // version of XZuFi in this message
	pool *pool   // names that come again and again
	note *[]Finding
}

// pool keeps one copy of each short string that repeats, so that an id that is kept does not hold its whole object.
type pool map[string]string

const poolSize = 4096

func (p *pool) get(s string) string {
	if s == "" {
		return ""
	}
	if *p == nil {
		*p = make(pool)
	}
	if t, ok := (*p)[s]; ok {
		return t
	}
	s = strings.Clone(s)
	if len(*p) < poolSize && len(s) <= 80 {
		(*p)[s] = s
	}
	return s
}

// attr is an attribute as it stands in the document; raw is the value between the quotes, not decoded.
type attr struct {
	name, local, uri string
	raw              string
	quote            byte
	field            int16 // of the plan, -1 if it has none
}

func (a *attr) isDecl() bool { return a.name == "xmlns" || strings.HasPrefix(a.name, "xmlns:") }

// tag is a start tag.
type tag struct {
	name, local, uri string
	attrs            []attr
	empty            bool
	pos              position
	outer, inner     *scope // around it, and for its own name, attributes and children
}

const maxAttrs = 32

func (p *parser) here() position {
	p.at.move(p.s[p.seen:p.i])
	p.seen = p.i
	return p.at
}

// fail is an error at byte i of s.
func (p *parser) fail(i int, format string, args ...any) error {
	at := p.at
	if i >= p.seen {
		at.move(p.s[p.seen:i])
	}
	return errAt(at, p.path, format, args...)
}

var nameByte, nameStart [256]bool

func init() {
	for c := range 256 {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
		nameStart[c] = letter
		nameByte[c] = letter || c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':'
	}
}

func (p *parser) name() (full, prefix, local string, err error) {
	start := p.i
	for p.i < len(p.s) && nameByte[p.s[p.i]] {
		p.i++
	}
	full = p.s[start:p.i]
	if full == "" || !nameStart[full[0]] || !goodName(full) {
		return "", "", "", p.fail(start, "not a name: %.20q", p.s[start:min(len(p.s), p.i+1)])
	}
	if k := strings.IndexByte(full, ':'); k >= 0 {
		prefix, local = full[:k], full[k+1:]
		if local == "" || !nameStart[local[0]] || strings.IndexByte(local, ':') >= 0 {
			return "", "", "", p.fail(start, "not a qualified name: %.40q", full)
		}
		return full, prefix, local, nil
	}
	return full, "", full, nil
}

// goodName checks the letters beyond ASCII.
func goodName(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < utf8.RuneSelf {
			continue
		}
		first := true
		for j, r := range s {
			if r >= utf8.RuneSelf && !unicode.IsLetter(r) && (first || !unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd)) {
				return false
			}
			first = j+utf8.RuneLen(r) < len(s) && s[j] == ':'
		}
		return true
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (p *parser) space() bool {
	start := p.i
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
	return p.i > start
}

// start reads the start tag at "<" and opens the element.
func (p *parser) start() (t tag, err error) {
	t.pos = p.here()
	t.outer, t.inner = p.ns, p.ns
	p.i++
	begin := p.i
	full, prefix, local, err := p.name()
	if err != nil {
		return t, err
	}
	t.name, t.local = p.pool.get(full), p.pool.get(local)
	p.path = append(p.path, t.name)
	for {
		gap := p.space()
		if p.i >= len(p.s) {
			return t, p.fail(p.i, "the tag does not end")
		}
		if p.s[p.i] == '>' {
			p.i++
			break
		}
		if strings.HasPrefix(p.s[p.i:], "/>") {
			p.i += 2
			t.empty = true
			break
		}
		if !gap {
			return t, p.fail(p.i, "a blank is missing before the attribute")
		}
		if len(t.attrs) == maxAttrs {
			return t, p.fail(p.i, "more than %d attributes", maxAttrs)
		}
		a, err := p.attr()
		if err != nil {
			return t, err
		}
		for j := range t.attrs {
			if t.attrs[j].name == a.name {
				return t, p.fail(p.i, "attribute %s stands twice", a.name)
			}
		}
		if t.attrs == nil {
			t.attrs = make([]attr, 0, 4)
		}
		t.attrs = append(t.attrs, a)
	}
	for j := range t.attrs {
		a := &t.attrs[j]
		if !a.isDecl() {
			continue
		}
		uri, err := p.decode(a.raw, begin, true)
		if err != nil {
			return t, err
		}
		pre := strings.TrimPrefix(strings.TrimPrefix(a.name, "xmlns"), ":")
		if pre == "xmlns" || (pre == "xml") != (uri == nsXML) || pre != "" && uri == "" {
			return t, p.fail(begin, "%s cannot be declared as %.60q", a.name, uri)
		}
		if is, ok := t.inner.lookup(pre); ok && is == uri {
			continue // says nothing new
		}
		t.inner = t.inner.with(pre, p.pool.get(uri))
		if t.inner.n > maxScope {
			return t, p.fail(begin, "more than %d namespaces are declared here", maxScope)
		}
	}
	p.ns = t.inner
	var ok bool
	if t.uri, ok = t.inner.lookup(prefix); !ok {
		return t, p.fail(begin, "nobody declared the prefix %q", prefix)
	}
	for j := range t.attrs {
		a := &t.attrs[j]
		k := len(a.name) - len(a.local)
		if k == 0 || a.isDecl() {
			continue
		}
		if a.uri, ok = t.inner.lookup(a.name[:k-1]); !ok {
			return t, p.fail(begin, "nobody declared the prefix of %s", a.name)
		}
		for h := range j {
			if t.attrs[h].local == a.local && t.attrs[h].uri == a.uri {
				return t, p.fail(begin, "attribute %s stands twice", a.name)
			}
		}
	}
	return t, nil
}

func (p *parser) attr() (a attr, err error) {
	full, _, local, err := p.name()
	if err != nil {
		return a, err
	}
	a.name, a.local, a.field = p.pool.get(full), p.pool.get(local), -1
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != '=' {
		return a, p.fail(p.i, "attribute %s has no value", a.name)
	}
	p.i++
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != '"' && p.s[p.i] != '\'' {
		return a, p.fail(p.i, "the value of attribute %s stands in no quotes", a.name)
	}
	a.quote = p.s[p.i]
	p.i++
	end := strings.IndexByte(p.s[p.i:], a.quote)
	if end < 0 {
		return a, p.fail(p.i, "the value of attribute %s does not end", a.name)
	}
	a.raw = p.s[p.i : p.i+end]
	if lt := strings.IndexByte(a.raw, '<'); lt >= 0 {
		return a, p.fail(p.i+lt, `"<" in the value of attribute %s`, a.name)
	}
	if strings.IndexByte(a.raw, '&') >= 0 {
		if _, err := p.decode(a.raw, p.i, true); err != nil {
			return a, err
		}
	}
	p.i += end + 1
	return a, nil
}

// end reads the end tag at "</" and closes the element t.
func (p *parser) end(t *tag) error {
	start := p.i
	p.i += 2
	full, _, _, err := p.name()
	if err != nil {
		return err
	}
	if full != t.name {
		return p.fail(start, "</%s> ends <%s>", full, t.name)
	}
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != '>' {
		return p.fail(p.i, "the tag does not end")
	}
	p.i++
	p.close(t)
	return nil
}

func (p *parser) close(t *tag) {
	p.path = p.path[:len(p.path)-1]
	p.ns = t.outer
}

// tokens of content
type token int

const (
	tokText token = iota
	tokCData
	tokComment
	tokInstruction
	tokStart // not consumed
	tokEnd   // not consumed
)

// next steps over one piece of content and returns it as it stands; start and end tags are only announced.
func (p *parser) next() (token, string, error) {
	start := p.i
	rest := p.s[start:]
	if rest == "" {
		return 0, "", p.fail(start, "the element does not end")
	}
	if rest[0] != '<' {
		n := strings.IndexByte(rest, '<')
		if n < 0 {
			n = len(rest)
		}
		p.i += n
		text := rest[:n]
		if k := strings.Index(text, "]]>"); k >= 0 {
			return 0, "", p.fail(start+k, `"]]>" in text`)
		}
		return tokText, text, nil
	}
	switch {
	case strings.HasPrefix(rest, "</"):
		return tokEnd, "", nil
	case strings.HasPrefix(rest, "<!--"):
		n := strings.Index(rest[4:], "--")
		if n < 0 || !strings.HasPrefix(rest[4+n:], "-->") {
			return 0, "", p.fail(start, "the comment does not end, or has -- in it")
		}
		p.i += 4 + n + 3
		return tokComment, rest[:4+n+3], nil
	case strings.HasPrefix(rest, "<![CDATA["):
		n := strings.Index(rest, "]]>")
		if n < 0 {
			return 0, "", p.fail(start, "the CDATA section does not end")
		}
		p.i += n + 3
		return tokCData, rest[:n+3], nil
	case strings.HasPrefix(rest, "<?"):
		n := strings.Index(rest, "?>")
		if n < 0 {
			return 0, "", p.fail(start, "the processing instruction does not end")
		}
		p.i += 2
		full, _, _, err := p.name()
		if err != nil {
			return 0, "", err
		}
		if strings.EqualFold(full, "xml") || strings.IndexByte(full, ':') >= 0 || len(full) < n-2 && !isSpace(rest[2+len(full)]) {
			return 0, "", p.fail(start, "not a processing instruction: %.20q", rest)
		}
		p.i = start + n + 2
		return tokInstruction, rest[:n+2], nil
	case strings.HasPrefix(rest, "<!"):
		return 0, "", p.fail(start, "document types, entities and other declarations are not accepted")
	}
	return tokStart, "", nil
}

// skipRest steps over the rest of the element whose start tag was read, checking it, without recursion.
func (p *parser) skipRest(t tag) error {
	if t.empty {
		p.close(&t)
		return nil
	}
	open := []tag{t}
	for len(open) > 0 {
		tok, raw, err := p.next()
		if err != nil {
			return err
		}
		switch tok {
		case tokText:
			if _, err := p.decode(raw, p.i-len(raw), false); err != nil {
				return err
			}
		case tokStart:
			t, err := p.start()
			if err != nil {
				return err
			}
			if t.empty {
				p.close(&t)
				continue
			}
			open = append(open, t)
		case tokEnd:
			if err := p.end(&open[len(open)-1]); err != nil {
				return err
			}
			open = open[:len(open)-1]
		}
	}
	return nil
}

// decode resolves references and line ends of text or an attribute value (XML 1.0 §2.11, §3.3.3, §4.1); at is where it
// stands, for errors.
func (p *parser) decode(raw string, at int, inAttr bool) (string, error) {
	special := "&\r"
	if inAttr {
		special = "&\r\n\t"
	}
	k := strings.IndexAny(raw, special)
	if k < 0 {
		return raw, nil
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; ; {
		b.WriteString(raw[i : i+k])
		i += k
		switch {
		case i >= len(raw):
			return b.String(), nil
		case raw[i] == '\r':
			if !strings.HasPrefix(raw[i:], "\r\n") {
				if inAttr {
					b.WriteByte(' ')
				} else {
					b.WriteByte('\n')
				}
			}
			i++
		case raw[i] != '&': // blank of an attribute
			b.WriteByte(' ')
			i++
		default:
			n := strings.IndexByte(raw[i:min(len(raw), i+16)], ';')
			if n < 0 {
				return "", p.fail(at+i, `"&" without a reference: %.12q`, raw[i:])
			}
			r, ok := reference(raw[i+1 : i+n])
			if !ok {
				return "", p.fail(at+i, "unknown reference %s", raw[i:i+n+1])
			}
			b.WriteRune(r)
			i += n + 1
		}
		if k = strings.IndexAny(raw[i:], special); k < 0 {
			k = len(raw) - i
		}
	}
}

func reference(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.CutPrefix(name, "#x")
	r := rune(0)
	if !base {
		var ok bool
		if digits, ok = strings.CutPrefix(name, "#"); !ok {
			return 0, false
		}
	}
	if digits == "" {
		return 0, false
	}
	for _, c := range []byte(digits) {
		d := rune(0)
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case base && c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case base && c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		default:
			return 0, false
		}
		if base {
			r = r*16 + d
		} else {
			r = r*10 + d
		}
		if r > utf8.MaxRune {
			return 0, false
		}
	}
	return r, isChar(r)
}

// isChar: XML 1.0 §2.2.
func isChar(r rune) bool {
	return r >= 0x20 && r < 0xD800 || r == '\t' || r == '\n' || r == '\r' || r >= 0xE000 && r < 0xFFFE || r >= 0x10000 && r <= utf8.MaxRune
}

// badChar finds the first byte that is no UTF-8 or no character of XML; -1 if there is none.
func badChar(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < 0x20 && c != '\n' && c != '\t' && c != '\r' {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !isChar(r) {
			return i
		}
		i += n
	}
	return -1
}
