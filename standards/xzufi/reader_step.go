package xzufi

import (
	"io"
	"reflect"
	"strings"
)

func (r *Reader) step() (Item, error) {
	if r.final != nil {
		o := r.final
		r.final = nil
		return o, nil
	}
	if r.done {
		return nil, io.EOF
	}
	if r.container != nil {
		return r.inContainer()
	}
	lead := r.pending
	r.pending = ""
	f := r.f
	w := wrapping{line: f.at.line, col: f.at.col, lead: lead, outer: r.ns, inner: r.ns}
	if r.ahead == aheadEnd {
		return r.finish(w)
	}
	name, err := r.peekName()
	if err != nil {
		return nil, err
	}
	if name == "schreibe" {
		return r.openContainer(w)
	}
	at := f.at
	s, err := f.element()
	if err != nil {
		return nil, err
	}
	p, err := r.parser(s, at, r.ns, &w.found)
	if err != nil {
		return nil, err
	}
	t, err := p.start()
	if err != nil {
		return nil, err
	}
	var item Item
	if name == "loesche" && t.uri == r.uri {
		d := &Delete{}
		if err := p.read(planDelete, reflect.ValueOf(d).Elem(), t); err != nil {
			return nil, err
		}
		d.wrapping = w
		item = d
	} else {
		p.remark(Note, "unknown-element", t.pos, t.name, "element %s is unknown and carried along", t.name)
		if err := p.skipRest(t); err != nil {
			return nil, err
		}
		item = &Other{wrapping: w, raw: s}
	}
	if p.i != len(p.s) {
		return nil, p.fail(p.i, "the element ends too early")
	}
	return item, r.look(nil)
}

func (r *Reader) openContainer(w wrapping) (Item, error) {
	at := r.f.at
	s, err := r.f.tag()
	if err != nil {
		return nil, err
	}
	p, err := r.parser(s, at, r.ns, &w.found)
	if err != nil {
		return nil, err
	}
	t, err := p.start()
	if err != nil {
		return nil, err
	}
	if t.uri != r.uri {
		return nil, p.fail(0, "element %s does not belong to XZuFi %s", t.name, r.ver)
	}
	w.open, w.openName, w.inner = s, t.name, t.inner
	if t.empty {
		return &Other{wrapping: wrapping{line: w.line, col: w.col, lead: w.lead, outer: r.ns, inner: r.ns}, raw: s}, r.look(nil)
	}
	r.container = &container{name: t.name, pos: t.pos, ns: t.inner, first: w}
	r.path = append(r.path, t.name)
	r.f.path = r.path
	if err := r.look(&w.found); err != nil {
		return nil, err
	}
	return r.inContainer()
}

func (r *Reader) inContainer() (Item, error) {
	c, f := r.container, r.f
	var w wrapping
	if c.anything {
		w = wrapping{lead: r.pending, outer: r.ns, inner: c.ns, openName: c.name}
	} else {
		w = c.first
		w.inside = r.pending
		c.anything = true
	}
	r.pending = ""
	w.line, w.col = f.at.line, f.at.col
	if r.ahead == aheadEnd { // nothing in it
		raw := w.open + w.inside
		end, err := r.closeContainer()
		if err != nil {
			return nil, err
		}
		return &Other{wrapping: wrapping{line: w.line, col: w.col, lead: w.lead, outer: r.ns, inner: r.ns}, raw: raw + end}, nil
	}
	at := f.at
	s, err := f.element()
	if err != nil {
		return nil, err
	}
	p, err := r.parser(s, at, c.ns, &w.found)
	if err != nil {
		return nil, err
	}
	t, err := p.start()
	if err != nil {
		return nil, err
	}
	var object Object
	if known, ok := planObjects[t.local]; ok && t.uri == r.uri {
		var v reflect.Value
		object, v = known.make()
		if err := p.read(known.plan, v, t); err != nil {
			return nil, err
		}
	} else {
		p.remark(Note, "unknown-object", t.pos, t.name, "object %s is unknown and carried along", t.name)
		if err := p.skipRest(t); err != nil {
			return nil, err
		}
		object = &Unbekannt{Name: t.local, Namespace: t.uri, line: t.pos.line, column: t.pos.col, raw: s, outer: t.outer}
	}
	if p.i != len(p.s) {
		return nil, p.fail(p.i, "the element ends too early")
	}
	if err := r.look(nil); err != nil {
		return nil, err
	}
	if r.ahead == aheadEnd {
		w.closes, w.tail = true, r.pending
		r.pending = ""
		if _, err := r.closeContainer(); err != nil {
			return nil, err
		}
	}
	return &Write{w, object}, nil
}

// closeContainer reads </schreibe> and looks beyond it.
func (r *Reader) closeContainer() (string, error) {
	s, err := r.endTag(r.container.name)
	if err != nil {
		return "", err
	}
	r.container = nil
	r.path = r.path[:len(r.path)-1]
	r.f.path = r.path
	return s, r.look(nil)
}

func (r *Reader) endTag(name string) (string, error) {
	at := r.f.at
	s, err := r.f.tag()
	if err != nil {
		return "", err
	}
	if strings.TrimRight(s[2:len(s)-1], " \t\r\n") != name {
		return "", errAt(at, r.path, "%.80s ends <%s>", s, name)
	}
	return s, nil
}

// finish reads the end of the root element; lead is what stood before it.
func (r *Reader) finish(w wrapping) (Item, error) {
	if _, err := r.endTag(r.path[0]); err != nil {
		return nil, err
	}
	r.done = true
	o := &Other{wrapping: w}
	if err := r.epilog(); err != nil {
		return nil, err
	}
	o.after = r.pending
	if w.lead == "" && o.after == "" {
		return nil, io.EOF
	}
	return o, nil
}

// epilog reads what stands behind the root element.
func (r *Reader) epilog() error {
	r.path, r.f.path = nil, nil
	at := r.f.at
	s, what, err := r.f.between()
	if err != nil {
		return err
	}
	if what != aheadEOF {
		return r.f.fail("something follows the end of the message")
	}
	r.pending = s
	return r.checkBetween(s, at, nil)
}
