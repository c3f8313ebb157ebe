package xzufi

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Source is embedded in every type of a message. For a value that was read it remembers how it stood in the document:
// the name with its prefix, unknown attributes and elements, comments and blanks. The writer puts them back at their
// place. The zero Source belongs to a value that was made by the program.
//
// Copying a value copies its Source; a copy in another message is written with the prefixes of that message.
type Source struct{ k *kept }

// Position is where the element began in the message, 0, 0 for a value that was not read.
func (s Source) Position() (line, column int) {
	if s.k == nil {
		return 0, 0
	}
	return s.k.pos.line, s.k.pos.col
}

// kept is never changed after reading, so copies may share it.
type kept struct {
	name         string
	pos          position
	outer, inner *scope
	attrs        []attr
	seq          []entry // content of an element with children
	raw, text    string  // content of an element with text, as it stands and decoded
}

// entry is a child as it was read, or what stood between.
type entry struct {
	raw   string // if field < 0
	name  string
	field int16
	leaf  *leaf // of a string field, if more than the text has to be remembered
}

type leaf struct {
	attrs        []attr
	outer, inner *scope
	raw, text    string
}

// A plan is how a Go type stands in XML. Struct tags give it: `x:"element"`, `x:"name,attr"`, `x:",text"`;
// "bare" marks elements that have no namespace in XÖV code types, "qname" an attribute of XML Schema instance whose
// value is a qualified name, "id" text that is kept longer than its object. Where versions differ, see changes.
type plan struct {
	typ    reflect.Type
	name   string
	source []int
	fields []field
	attrs  []attrField
	text   []int
	isID   bool
	byName map[string]int16
}

type fieldKind int

const (
	kString fieldKind = iota
	kStrings
	kStruct
	kPointer
	kStructs
)

type field struct {
	names [versions]string
	index []int
	kind  fieldKind
	elem  *plan
	bare  bool

	listIn23 bool // may repeat from 2.3 on only
}

type attrField struct {
	name  string
	index []int
	qname bool
}

var (
	plans  = map[reflect.Type]*plan{}
	planMu sync.Mutex
)

// planOf is called for package variables only.
func planOf[T any]() *plan {
	planMu.Lock()
	defer planMu.Unlock()
	return makePlan(reflect.TypeFor[T]())
}

func makePlan(t reflect.Type) *plan {
	if pl, ok := plans[t]; ok {
		return pl
	}
	pl := &plan{typ: t, name: t.Name(), byName: map[string]int16{}}
	plans[t] = pl
	pl.add(t, nil)
	if pl.source == nil {
		panic("xzufi: " + t.Name() + " has no Source")
	}
	if len(pl.fields) > 64 {
		panic("xzufi: " + t.Name() + " has more than 64 elements")
	}
	for i, f := range pl.fields {
		for _, n := range f.names {
			if n != "" {
				pl.byName[n] = int16(i)
			}
		}
	}
	return pl
}

func (pl *plan) add(t reflect.Type, at []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(append([]int(nil), at...), i)
		name, opts, _ := strings.Cut(sf.Tag.Get("x"), ",")
		has := func(opt string) bool { return strings.Contains(","+opts+",", ","+opt+",") }
		switch {
		case sf.Type == reflect.TypeFor[Source]():
			pl.source = index
		case sf.Anonymous:
			pl.add(sf.Type, index)
		case has("text"):
			pl.text, pl.isID = index, has("id")
		case has("attr"):
			pl.attrs = append(pl.attrs, attrField{name, index, has("qname")})
		case name != "":
			f := field{index: index, bare: has("bare")}
			f.names, f.listIn23 = namesOf(pl.name, sf.Name, name)
			switch e := sf.Type; e.Kind() {
			case reflect.String:
				f.kind = kString
			case reflect.Struct:
				f.kind, f.elem = kStruct, makePlan(e)
			case reflect.Pointer:
				f.kind, f.elem = kPointer, makePlan(e.Elem())
			case reflect.Slice:
				if e.Elem().Kind() == reflect.String {
					f.kind = kStrings
				} else {
					f.kind, f.elem = kStructs, makePlan(e.Elem())
				}
			default:
				panic(fmt.Sprintf("xzufi: %s.%s cannot be bound", t, sf.Name))
			}
			pl.fields = append(pl.fields, f)
		}
	}
}

func at(v reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		v = v.Field(i)
	}
	return v
}

func (pl *plan) keep(v reflect.Value, k *kept) {
	at(v, pl.source).Addr().Interface().(*Source).k = k
}

func (pl *plan) kept(v reflect.Value) *kept { return at(v, pl.source).Interface().(Source).k }

const maxNotes = 20 // findings of one object while it is read

func (p *parser) remark(sev Severity, code string, pos position, value, format string, args ...any) {
	if p.note == nil || len(*p.note) >= maxNotes {
		return
	}
	*p.note = append(*p.note, Finding{sev, code, joinPath(p.path), pos.line, pos.col, strings.Clone(value),
		fmt.Sprintf(format, args...)})
}

// read fills v from the element whose start tag t was read.
func (p *parser) read(pl *plan, v reflect.Value, t tag) error {
	k := &kept{name: t.name, pos: t.pos, outer: t.outer, inner: t.inner, attrs: t.attrs}
	pl.keep(v, k)
	if err := p.readAttrs(pl, v, k); err != nil {
		return err
	}
	if pl.text != nil {
		var err error
		if k.raw, k.text, err = p.text(&t); err != nil {
			return err
		}
		value := k.text
		if pl.isID {
			value = strings.Clone(strings.TrimSpace(value))
			k.text = value
		}
		at(v, pl.text).SetString(value)
		return nil
	}
	if t.empty {
		p.close(&t)
		return nil
	}
	return p.readChildren(pl, v, k, &t)
}

func (p *parser) readAttrs(pl *plan, v reflect.Value, k *kept) error {
	for i := range k.attrs {
		a := &k.attrs[i]
		if a.isDecl() {
			continue
		}
		for j := range pl.attrs {
			f := &pl.attrs[j]
			if f.name != a.local || f.qname && a.uri != nsXSI || !f.qname && a.uri != "" {
				continue
			}
			value, err := p.decode(a.raw, p.i, true)
			if err != nil {
				return err
			}
			if f.qname {
				value = localPart(value)
			}
			a.field = int16(j)
			at(v, f.index).SetString(p.pool.get(value))
			break
		}
		if a.field < 0 && a.uri != nsXSI && a.uri != nsXML {
			p.remark(Note, "unknown-attribute", k.pos, a.name, "attribute %s is unknown and carried along", a.name)
		}
	}
	return nil
}

func localPart(qname string) string {
	qname = strings.TrimSpace(qname)
	return qname[strings.LastIndexByte(qname, ':')+1:]
}

func (p *parser) readChildren(pl *plan, v reflect.Value, k *kept, t *tag) error {
	seq := make([]entry, 0, 2*min(len(pl.fields), 8)+1)
	seen := uint64(0)
	raw := p.i // where what belongs to no field begins
	flush := func(end int) {
		if end > raw {
			seq = append(seq, entry{raw: p.s[raw:end], field: -1})
		}
	}
	for {
		start := p.i
		tok, text, err := p.next()
		if err != nil {
			return err
		}
		switch tok {
		case tokText, tokCData:
			if tok == tokText {
				if _, err := p.decode(text, start, false); err != nil {
					return err
				}
			}
			if strings.TrimSpace(text) != "" {
				p.remark(Warning, "stray-text", p.here(), short(text), "text where only elements belong is carried along")
			}
		case tokEnd:
			flush(p.i)
			k.seq = seq
			return p.end(t)
		case tokStart:
			child, err := p.start()
			if err != nil {
				return err
			}
			f, known := pl.byName[child.local]
			if known && child.uri != p.uri && (child.uri != "" || !pl.fields[f].bare) {
				known = false
			}
			if known && seen&(1<<f) != 0 && pl.fields[f].kind != kStrings && pl.fields[f].kind != kStructs {
				p.remark(Warning, "twice", child.pos, child.name, "%s stands twice; the first counts, the second is carried along", child.name)
				known = false
			} else if !known {
				p.remark(Note, "unknown-element", child.pos, child.name, "element %s is unknown and carried along", child.name)
			} else if pl.fields[f].names[p.ver] != child.local {
				p.remark(Note, "other-version", child.pos, child.name, "element %s belongs to another version of XZuFi", child.name)
			}
			if !known {
				if err := p.skipRest(child); err != nil {
					return err
				}
				continue
			}
			seen |= 1 << f
			flush(start)
			lf, err := p.readField(&pl.fields[f], v, child)
			if err != nil {
				return err
			}
			seq = append(seq, entry{name: child.name, field: f, leaf: lf})
			raw = p.i
		}
	}
}

func (p *parser) readField(f *field, v reflect.Value, t tag) (*leaf, error) {
	fv := at(v, f.index)
	switch f.kind {
	case kString, kStrings:
		raw, text, err := p.text(&t)
		if err != nil {
			return nil, err
		}
		if f.bare { // codes are tokens, and few
			text = p.pool.get(strings.TrimSpace(text))
		}
		if f.kind == kString {
			fv.SetString(text)
		} else {
			fv.Set(reflect.Append(fv, reflect.ValueOf(text)))
		}
		if len(t.attrs) > 0 || raw != text || text == "" {
			return &leaf{t.attrs, t.outer, t.inner, raw, text}, nil
		}
		return nil, nil
	case kStruct:
		return nil, p.read(f.elem, fv, t)
	case kPointer:
		e := reflect.New(fv.Type().Elem())
		fv.Set(e)
		return nil, p.read(f.elem, e.Elem(), t)
	default:
		n := fv.Len()
		fv.Grow(1)
		fv.SetLen(n + 1)
		return nil, p.read(f.elem, fv.Index(n), t)
	}
}

// text reads the content of t up to its end tag: as it stands, and its characters without those of child elements.
func (p *parser) text(t *tag) (raw, text string, err error) {
	if t.empty {
		p.close(t)
		return "", "", nil
	}
	begin := p.i
	var b *strings.Builder
	first := true
	for {
		start := p.i
		tok, s, err := p.next()
		if err != nil {
			return "", "", err
		}
		switch tok {
		case tokEnd:
			raw = p.s[begin:p.i]
			if b != nil {
				text = b.String()
			}
			return raw, text, p.end(t)
		case tokStart:
			child, err := p.start()
			if err != nil {
				return "", "", err
			}
			p.remark(Note, "unknown-element", child.pos, child.name, "element %s inside a text is carried along", child.name)
			if err := p.skipRest(child); err != nil {
				return "", "", err
			}
			continue
		case tokText:
			if s, err = p.decode(s, start, false); err != nil {
				return "", "", err
			}
		case tokCData:
			s = s[len("<![CDATA[") : len(s)-len("]]>")]
			if strings.IndexByte(s, '\r') >= 0 {
				s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
			}
		default:
			continue
		}
		if first {
			text, first = s, false
			continue
		}
		if b == nil {
			b = new(strings.Builder)
			b.WriteString(text)
		}
		b.WriteString(s)
	}
}

func short(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s[:min(len(s), 200)]); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
