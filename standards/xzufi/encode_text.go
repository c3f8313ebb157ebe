package xzufi

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

func (e *encoder) leaf(local string, bare bool, value string, lf *leaf, readName string, cur *scope) {
	name, inner := readName, cur
	if readName != "" && (lf == nil || lf.outer.same(cur)) {
		e.b = append(e.b, '<')
		e.b = append(e.b, name...)
		if lf != nil {
			for i := range lf.attrs {
				a := &lf.attrs[i]
				e.b = append(e.b, ' ')
				e.b = append(e.b, a.name...)
				e.b = append(e.b, '=', a.quote)
				e.b = append(e.b, a.raw...)
				e.b = append(e.b, a.quote)
			}
			inner = lf.inner
		}
	} else {
		name, inner = e.known(local, bare, cur)
		if lf != nil {
			elem := e.prefix
			if bare {
				elem = ""
			}
			inner = e.foreign(lf.attrs, lf.inner, cur, elem, inner)
		}
	}
	if lf != nil && value == lf.text {
		if lf.raw == "" {
			e.b = append(e.b, "/>"...)
			return
		}
		e.b = append(e.b, '>')
		e.raw(lf.raw, lf.inner, inner)
	} else {
		e.b = append(e.b, '>')
		e.escape(value, false)
	}
	e.endTag(name)
}

// raw writes a piece of the original message that was read in the scope from.
func (e *encoder) raw(s string, from, cur *scope) {
	if strings.IndexByte(s, '<') < 0 || from.same(cur) {
		e.b = append(e.b, s...)
		return
	}
	type opened struct {
		tag  tag
		name string
		out  *scope
	}
	var open []opened
	base := cur
	var names pool
	p := &parser{s: s, ns: from, pool: &names}
	for p.i < len(p.s) {
		tok, text, err := p.next()
		if err != nil {
			return // cannot happen: the reader checked it
		}
		switch tok {
		default:
			e.b = append(e.b, text...)
		case tokStart:
			t, err := p.start()
			if err != nil {
				return
			}
			var o opened
			prefix := strings.TrimSuffix(strings.TrimSuffix(t.name, t.local), ":")
			if isXZuFi(t.uri) {
				prefix = e.prefix
				o.name, o.out = e.known(t.local, false, cur)
			} else {
				o.name, o.out = e.start(prefix, t.local, t.uri, cur)
			}
			o.tag = t
			o.out = e.foreign(t.attrs, t.inner, cur, prefix, o.out)
			if t.empty {
				e.b = append(e.b, "/>"...)
				p.close(&t)
				continue
			}
			e.b = append(e.b, '>')
			open = append(open, o)
			cur = o.out
		case tokEnd:
			if len(open) == 0 {
				return
			}
			o := &open[len(open)-1]
			if p.end(&o.tag) != nil {
				return
			}
			e.endTag(o.name)
			open = open[:len(open)-1]
			cur = base
			if len(open) > 0 {
				cur = open[len(open)-1].out
			}
		}
	}
}

// escape writes text; what XML cannot hold becomes U+FFFD.
func (e *encoder) escape(s string, inAttr bool) {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		n, with := 1, ""
		switch {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '\r':
			with = "&#xD;"
		case c == '"' && inAttr:
			with = "&quot;"
		case c == '\n' && inAttr:
			with = "&#xA;"
		case c == '\t' && inAttr:
			with = "&#x9;"
		case c < 0x20 && c != '\n' && c != '\t':
			with = "\uFFFD"
		case c >= utf8.RuneSelf:
			var r rune
			if r, n = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 || !isChar(r) {
				with = "\uFFFD"
			}
		}
		if with != "" {
			e.b = append(e.b, s[from:i]...)
			e.b = append(e.b, with...)
			from = i + n
		}
		i += n
	}
	e.b = append(e.b, s[from:]...)
}

// convert gives a value whose content moved to another element between 2.2 and 2.3 in the shape of the writer's
// version, see changes; v itself stays as it is.
func (e *encoder) convert(v reflect.Value) reflect.Value {
	if !v.CanAddr() {
		return v
	}
	new23 := e.ver >= V230
	switch x := v.Addr().Interface().(type) {
	case *Leistung:
		c := *x
		switch {
		case new23 && len(c.ReferenzLeistungsschluessel) == 0:
			for _, ref := range c.ReferenzLeiKa {
				c.ReferenzLeistungsschluessel = append(c.ReferenzLeistungsschluessel, Identifikator{Value: strings.TrimSpace(ref.Code)})
			}
			c.ReferenzLeiKa = nil
		case !new23 && len(c.ReferenzLeiKa) == 0:
			for _, ref := range c.ReferenzLeistungsschluessel {
				c.ReferenzLeiKa = append(c.ReferenzLeiKa, Code{Code: ref.Value})
			}
			c.ReferenzLeistungsschluessel = nil
		}
		switch {
		case new23 && c.InformationsbereicheSDG == nil && len(c.InformationsbereichSDG) > 0:
			c.InformationsbereicheSDG = &InformationsbereicheSDG{SDG1: c.InformationsbereichSDG}
			c.InformationsbereichSDG = nil
		case !new23 && len(c.InformationsbereichSDG) == 0 && c.InformationsbereicheSDG != nil:
			c.InformationsbereichSDG = c.InformationsbereicheSDG.SDG1
			if len(c.InformationsbereicheSDG.SDG2) == 0 {
				c.InformationsbereicheSDG = nil
			}
		}
		return reflect.ValueOf(&c).Elem()
	case *Struktur:
		c := *x
		switch {
		case new23 && c.VerrichtungLeiKa == nil && c.Verrichtung != nil && c.Verrichtung.VerrichtungLeiKa != nil:
			c.VerrichtungLeiKa, c.Verrichtung = c.Verrichtung.VerrichtungLeiKa, nil
		case !new23 && c.Verrichtung == nil && c.VerrichtungLeiKa != nil:
			c.Verrichtung, c.VerrichtungLeiKa = &Kategoriewahl{VerrichtungLeiKa: c.VerrichtungLeiKa}, nil
		}
		switch {
		case new23 && c.LeistungsgruppierungLeiKa == nil:
			c.LeistungsgruppierungLeiKa, c.Leistungsgruppierung = c.Leistungsgruppierung, nil
		case !new23 && c.Leistungsgruppierung == nil:
			c.Leistungsgruppierung, c.LeistungsgruppierungLeiKa = c.LeistungsgruppierungLeiKa, nil
		}
		return reflect.ValueOf(&c).Elem()
	case *DokumentEingehend:
		c := *x
		switch {
		case new23 && c.Dokument == nil:
			if d := c.Ref(); !reflect.ValueOf(d).IsZero() {
				c.Dokument = &d
			}
			c.Typ, c.Bezeichnung, c.Beschreibung, c.FormularReferenz, c.AngabeSignatur = nil, nil, nil, nil, nil
		case !new23 && c.Dokument != nil:
			d := *c.Dokument
			c.Typ, c.Bezeichnung, c.Beschreibung, c.FormularReferenz, c.AngabeSignatur = d.Typ, d.Bezeichnung, d.Beschreibung, d.FormularReferenz, d.AngabeSignatur
			c.Dokument = nil
		}
		return reflect.ValueOf(&c).Elem()
	}
	return v
}
