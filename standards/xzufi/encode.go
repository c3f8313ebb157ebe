package xzufi

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An encoder appends XML to b. Two ways to write an element: as it stood, where the prefixes around it still mean what
// they meant when it was read; or anew, with this message's prefix for XZuFi and declarations for everything else.
type encoder struct {
	b       []byte
	ver     Version
	uri     string // of XZuFi
	prefix  string
	ns      *scope // of the root element
	dropped map[string]bool
}

func isXZuFi(uri string) bool { return strings.HasPrefix(uri, namespaceBase) }

func isName(s string) bool {
	if s == "" || !nameStart[s[0]] || !utf8.ValidString(s) || !goodName(s) {
		return false
	}
	for i := range len(s) {
		if !nameByte[s[i]] || s[i] == ':' {
			return false
		}
	}
	return true
}

func (e *encoder) drop(typ, element string) {
	if e.dropped == nil {
		e.dropped = map[string]bool{}
	}
	e.dropped[typ+"/"+element] = true
}

func (e *encoder) declare(prefix, uri string) {
	e.b = append(e.b, " xmlns"...)
	if prefix != "" {
		e.b = append(e.b, ':')
		e.b = append(e.b, prefix...)
	}
	e.b = append(e.b, `="`...)
	e.escape(uri, true)
	e.b = append(e.b, '"')
}

func (e *encoder) endTag(name string) {
	e.b = append(e.b, "</"...)
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
}

// known opens "<name" of an element of XZuFi, or of none if it is bare, and declares what that needs.
func (e *encoder) known(local string, bare bool, cur *scope) (name string, inner *scope) {
	prefix, uri := e.prefix, e.uri
	if bare {
		prefix, uri = "", ""
	}
	return e.start(prefix, local, uri, cur)
}

func (e *encoder) start(prefix, local, uri string, cur *scope) (name string, inner *scope) {
	name = local
	if prefix != "" {
		name = prefix + ":" + local
	}
	e.b = append(e.b, '<')
	e.b = append(e.b, name...)
	if is, ok := cur.lookup(prefix); !ok || is != uri {
		e.declare(prefix, uri)
		cur = cur.with(prefix, uri)
	}
	return name, cur
}

// attribute writes a foreign attribute on an element with the prefix elem, opened in outer.
func (e *encoder) attribute(a *attr, from, outer *scope, elem string, inner *scope) *scope {
	name, raw := a.name, a.raw
	if a.uri != "" && a.uri != nsXML {
		var prefix string
		prefix, inner = e.bind(strings.TrimSuffix(a.name, ":"+a.local), a.uri, outer, elem, inner)
		name = prefix + ":" + a.local
		if a.uri == nsXSI && a.local == "schemaLocation" {
			return inner // names the schema of the other version
		}
		if a.uri == nsXSI && a.local == "type" {
			if p, local, ok := strings.Cut(raw, ":"); ok || raw != "" {
				if !ok {
					p, local = "", raw
				}
				if uri, _ := from.lookup(strings.TrimSpace(p)); isXZuFi(uri) {
					raw = strings.TrimSpace(local)
					if e.prefix != "" {
						raw = e.prefix + ":" + raw
					}
				}
			}
		}
	}
	e.b = append(e.b, ' ')
	e.b = append(e.b, name...)
	e.b = append(e.b, '=', a.quote)
	e.b = append(e.b, raw...)
	e.b = append(e.b, a.quote)
	return inner
}

// bind gives a prefix that means uri inside the element, declaring it there if need be.
func (e *encoder) bind(prefix, uri string, outer *scope, elem string, inner *scope) (string, *scope) {
	for n := 0; ; n++ {
		if prefix != "" {
			is, ok := inner.lookup(prefix)
			if ok && is == uri {
				return prefix, inner
			}
			taken := prefix == elem || prefix == e.prefix
			for s := inner; s != outer && s != nil; s = s.outer {
				taken = taken || s.prefix == prefix
			}
			if !taken {
				e.declare(prefix, uri)
				return prefix, inner.with(prefix, uri)
			}
		}
		prefix = "n" + strconv.Itoa(n+1)
	}
}

// original is the value that an attribute had when it was read.
func original(a *attr, qname bool) string {
	value, err := (&parser{}).decode(a.raw, 0, true)
	if err != nil {
		return a.raw
	}
	if qname {
		return localPart(value)
	}
	return value
}

// attrs writes the attributes as they stood, but for those whose value changed.
func (e *encoder) attrs(pl *plan, v reflect.Value, k *kept, cur *scope) {
	has := uint64(0)
	for i := range k.attrs {
		a := &k.attrs[i]
		if a.field >= 0 {
			has |= 1 << a.field
			f := &pl.attrs[a.field]
			if value := at(v, f.index).String(); value != original(a, f.qname) {
				if value != "" {
					if f.qname {
						value = strings.TrimSuffix(a.raw, localPart(a.raw)) + value
					}
					e.attr(a.name, value)
				}
				continue
			}
		}
		e.b = append(e.b, ' ')
		e.b = append(e.b, a.name...)
		e.b = append(e.b, '=', a.quote)
		e.b = append(e.b, a.raw...)
		e.b = append(e.b, a.quote)
	}
	for i := range pl.attrs {
		if value := at(v, pl.attrs[i].index).String(); value != "" && has&(1<<i) == 0 {
			e.newAttr(&pl.attrs[i], value, cur, "", cur)
		}
	}
}

func (e *encoder) newAttr(f *attrField, value string, outer *scope, elem string, inner *scope) *scope {
	name := f.name
	if f.qname {
		var prefix string
		prefix, inner = e.bind("xsi", nsXSI, outer, elem, inner)
		name = prefix + ":" + name
		if e.prefix != "" {
			value = e.prefix + ":" + value
		}
	}
	e.attr(name, value)
	return inner
}

func (e *encoder) attr(name, value string) {
	e.b = append(e.b, ' ')
	e.b = append(e.b, name...)
	e.b = append(e.b, `="`...)
	e.escape(value, true)
	e.b = append(e.b, '"')
}

// ownAttrs writes the attributes anew.
func (e *encoder) ownAttrs(pl *plan, v reflect.Value, k *kept, outer *scope, elem string, inner *scope) *scope {
	for i := range pl.attrs {
		value := at(v, pl.attrs[i].index).String()
		was := false
		if k != nil {
			for j := range k.attrs {
				was = was || int(k.attrs[j].field) == i
			}
		}
		if value != "" || was && !pl.attrs[i].qname {
			inner = e.newAttr(&pl.attrs[i], value, outer, elem, inner)
		}
	}
	if k != nil {
		inner = e.foreign(k.attrs, k.inner, outer, elem, inner)
	}
	return inner
}

func (e *encoder) foreign(attrs []attr, from, outer *scope, elem string, inner *scope) *scope {
	for j := range attrs {
		if a := &attrs[j]; a.field < 0 && !a.isDecl() {
			inner = e.attribute(a, from, outer, elem, inner)
		}
	}
	return inner
}

// element writes v as the element with this name; readName is how it was called in its place, "" if it is new there.
func (e *encoder) element(local string, bare bool, pl *plan, v reflect.Value, readName string, cur *scope) {
	k := pl.kept(v)
	if k != nil && k.outer.same(cur) && (readName == k.name || readName == "" && localPart(k.name) == local) {
		e.b = append(e.b, '<')
		e.b = append(e.b, k.name...)
		e.attrs(pl, v, k, k.inner)
		e.content(pl, v, k, k.inner, k.name, true)
		return
	}
	v = e.convert(v)
	name, inner := e.known(local, bare, cur)
	elem := e.prefix
	if bare {
		elem = ""
	}
	inner = e.ownAttrs(pl, v, k, cur, elem, inner)
	e.content(pl, v, k, inner, name, false)
}

func (e *encoder) content(pl *plan, v reflect.Value, k *kept, inner *scope, name string, asRead bool) {
	mark := len(e.b)
	e.b = append(e.b, '>')
	if pl.text != nil {
		value := at(v, pl.text).String()
		if k != nil && value == k.text {
			e.raw(k.raw, k.inner, inner)
		} else {
			e.escape(value, false)
		}
	} else {
		e.children(pl, v, k, inner, asRead)
	}
	if len(e.b) == mark+1 {
		e.b = append(e.b[:mark], "/>"...)
		return
	}
	e.endTag(name)
}

func (f *field) count(v reflect.Value) int {
	fv := at(v, f.index)
	switch f.kind {
	case kStrings, kStructs:
		return fv.Len()
	case kPointer:
		if fv.IsNil() {
			return 0
		}
	default:
		if fv.IsZero() {
			return 0
		}
	}
	return 1
}

// children writes what v contains: first along the sequence in which it was read, then what is new, at the place that
// the order of the fields gives it.
func (e *encoder) children(pl *plan, v reflect.Value, k *kept, cur *scope, asRead bool) {
	var used [64]int32
	var last [64]int32 // 1 + place of the field's last entry
	var seq []entry
	if k != nil {
		seq = k.seq
		for i := range seq {
			if f := seq[i].field; f >= 0 {
				last[f] = int32(i) + 1
			}
		}
	}
	next := 0 // fields before it are written if they are new
	fresh := func(until int) {
		for ; next < until; next++ {
			if last[next] == 0 {
				e.rest(pl, &pl.fields[next], v, 0, cur)
			}
		}
	}
	end := len(seq)
	if end > 0 && seq[end-1].field < 0 && strings.Trim(seq[end-1].raw, " \t\r\n") == "" {
		end--
	}
	for i := range seq[:end] {
		s := &seq[i]
		if s.field < 0 {
			e.raw(s.raw, k.inner, cur)
			continue
		}
		fresh(int(s.field))
		f := &pl.fields[s.field]
		n := int(used[s.field])
		used[s.field]++
		e.one(pl, f, v, n, s, cur, asRead)
		if last[s.field] == int32(i)+1 {
			e.rest(pl, f, v, n+1, cur)
		}
	}
	fresh(len(pl.fields))
	for i := end; i < len(seq); i++ {
		e.raw(seq[i].raw, k.inner, cur)
	}
}

// rest writes the values of a field from the n-th on, which were not read here.
func (e *encoder) rest(pl *plan, f *field, v reflect.Value, n int, cur *scope) {
	for count := f.count(v); n < count; n++ {
		e.one(pl, f, v, n, nil, cur, false)
	}
}

// one writes the n-th value of a field; s is the entry at whose place it comes.
func (e *encoder) one(pl *plan, f *field, v reflect.Value, n int, s *entry, cur *scope, asRead bool) {
	fv := at(v, f.index)
	local := f.names[e.ver]
	readName := ""
	if asRead && s != nil {
		readName = s.name
		local = localPart(s.name)
	}
	if f.kind == kString || f.kind == kStrings {
		var lf *leaf
		if s != nil {
			lf = s.leaf
		}
		if f.kind == kStrings {
			if n >= fv.Len() {
				return
			}
			fv = fv.Index(n)
		} else if fv.Len() == 0 && (lf == nil || lf.text != "") {
			return
		}
		if e.lacks(pl, f, fv, local, n, s, asRead) {
			return
		}
		e.leaf(local, f.bare, fv.String(), lf, readName, cur)
		return
	}
	switch f.kind {
	case kStruct:
		if fv.IsZero() {
			return
		}
	case kPointer:
		if fv.IsNil() {
			return
		}
		fv = fv.Elem()
	case kStructs:
		if n >= fv.Len() {
			return
		}
		fv = fv.Index(n)
	}
	if e.lacks(pl, f, fv, local, n, s, asRead) {
		return
	}
	if asRead && s != nil {
		if k := f.elem.kept(fv); k == nil || k.name != s.name {
			readName = "" // another value stands here now
			local = f.names[e.ver]
			if e.lacks(pl, f, fv, local, n, s, false) {
				return
			}
		}
	}
	e.element(local, f.bare, f.elem, fv, readName, cur)
}

// lacks reports, and notes, that the version has no place for a value.
func (e *encoder) lacks(pl *plan, f *field, fv reflect.Value, local string, n int, s *entry, asRead bool) bool {
	switch {
	case local == "":
		for _, name := range f.names {
			if name != "" {
				e.drop(pl.name, name)
				break
			}
		}
		return true
	case f.listIn23 && n > 0 && e.ver < V230 && (!asRead || s == nil) && !f.elem.kept(fv).before23():
		e.drop(pl.name, local)
		return true
	}
	return false
}

// before23 reports whether a value was read from an older version: what repeats there against the rules is not ours to
// leave out.
func (k *kept) before23() bool {
	if k == nil {
		return false
	}
	uri, _ := k.inner.lookup(strings.TrimSuffix(strings.TrimSuffix(k.name, localPart(k.name)), ":"))
	v, ok := versionOf(uri)
	return ok && v < V230
}
