package xzufi

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
)

// Writer writes a message item by item, buffered. Objects that were read from a message of the same namespaces keep
// everything, also what this package does not know, at its place; their values are written anew only where they were
// changed. Objects from elsewhere, or of another version, are written with the names and the namespace of the
// writer's version; what that version cannot say is left out and named by Dropped. Elements of XZuFi that this package
// does not know move into the writer's namespace under their name, those of others stay as they are.
type Writer struct {
	out     io.Writer
	e       encoder
	header  Header
	rootTag string
	err     error
	open    string // name of a schreibe that is not closed yet
	own     bool   // the last item was made by the program
	after   string // what comes behind the root element
}

// NewWriter writes the head of a message of a version. A header that was read keeps its namespaces and everything
// unknown in it if it is of this version. Errors come with the next call.
func NewWriter(out io.Writer, version Version, header Header) *Writer {
	w := &Writer{out: out, header: header}
	if version < 0 || version >= versions {
		w.err = fmt.Errorf("xzufi: unknown version %d", version)
		return w
	}
	h := &w.header
	e := &w.e
	e.ver, e.uri, e.prefix = version, version.Namespace(), "xzufi"
	if h.k != nil {
		e.prefix = h.Prefix
		if h.Version == version && h.Namespace != "" {
			e.uri = h.Namespace
		}
	} else if h.Prefix != "" {
		e.prefix = h.Prefix
	}
	if h.Message == "" {
		h.Message = DefaultMessage
	}
	if !isName(h.Message) || e.prefix != "" && !isName(e.prefix) {
		w.err = fmt.Errorf("xzufi: %q with prefix %q is no name for a message", h.Message, e.prefix)
		return w
	}
	w.own = h.k == nil
	h.XZuFiVersion = xzufiVersion(h, version)
	e.b = append(e.b, `<?xml version="1.0" encoding="UTF-8"?>`...)
	if h.prolog != "" {
		e.b = append(e.b, h.prolog...)
	} else {
		e.b = append(e.b, '\n')
	}
	w.root()
	return w
}

func xzufiVersion(h *Header, version Version) string {
	if v, err := ParseVersion(h.XZuFiVersion); err == nil && v == version || h.k != nil && h.XZuFiVersion == "" {
		return h.XZuFiVersion
	}
	return version.String()
}

// root writes the root's start tag and the head.
func (w *Writer) root() {
	e, h := &w.e, &w.header
	v := reflect.ValueOf(h).Elem()
	w.rootTag = h.Message
	if e.prefix != "" {
		w.rootTag = e.prefix + ":" + h.Message
	}
	e.b = append(e.b, '<')
	e.b = append(e.b, w.rootTag...)
	k := h.k
	if k != nil && e.uri == h.Namespace && w.rootTag == k.name {
		e.attrs(planHeader, v, k, k.inner)
		e.ns = k.inner
		e.b = append(e.b, '>')
		e.children(planHeader, v, k, e.ns, true)
		return
	}
	// the other namespaces of the original again, XZuFi's in this version
	e.declare(e.prefix, e.uri)
	e.ns = (*scope)(nil).with(e.prefix, e.uri)
	if k != nil {
		for s := k.inner; s != nil; s = s.outer {
			if _, known := e.ns.lookup(s.prefix); !known && s.uri != "" && !isXZuFi(s.uri) {
				e.declare(s.prefix, s.uri)
				e.ns = e.ns.with(s.prefix, s.uri)
			}
		}
	}
	e.ns = e.ownAttrs(planHeader, v, k, e.ns, e.prefix, e.ns)
	e.b = append(e.b, '>')
	e.children(planHeader, v, k, e.ns, false)
}

// Write writes an item of a Reader, with what stood around it.
func (w *Writer) Write(item Item) error {
	if w.err != nil {
		return w.err
	}
	wr := item.wrap()
	w.own = wr.outer == nil
	e := &w.e
	switch it := item.(type) {
	case *Write:
		first := wr.open != ""
		if wr.openName == "" || !wr.outer.same(e.ns) || !first && w.open != wr.openName {
			lead := wr.lead
			if w.own {
				lead = "\n"
			}
			return w.writeObject(it.Object, lead)
		}
		if first {
			w.closeOpen()
		}
		e.b = append(e.b, wr.lead...)
		e.b = append(e.b, wr.open...)
		e.b = append(e.b, wr.inside...)
		if err := w.object(it.Object, wr.inner); err != nil {
			return err
		}
		w.open = wr.openName
		if wr.closes {
			e.b = append(e.b, wr.tail...)
			w.closeOpen()
		}
	case *Delete:
		w.closeOpen()
		if w.own {
			e.b = append(e.b, '\n')
		}
		e.b = append(e.b, wr.lead...)
		e.element("loesche", false, planDelete, reflect.ValueOf(it).Elem(), "", e.ns)
	case *Other:
		w.closeOpen()
		e.raw(wr.lead+it.raw, wr.outer, e.ns)
		w.after += it.after
	}
	return w.flush(readSize)
}

// closeOpen ends a schreibe into which nothing more comes.
func (w *Writer) closeOpen() {
	if w.open != "" {
		w.e.endTag(w.open)
		w.open = ""
	}
}

// WriteObject writes `schreibe` with an object.
func (w *Writer) WriteObject(o Object) error {
	if w.err != nil {
		return w.err
	}
	w.own = true
	return w.writeObject(o, "\n")
}

func (w *Writer) writeObject(o Object, lead string) error {
	w.closeOpen()
	e := &w.e
	e.b = append(e.b, lead...)
	name, inner := e.known("schreibe", false, e.ns)
	e.b = append(e.b, '>')
	if err := w.object(o, inner); err != nil {
		return err
	}
	e.endTag(name)
	return w.flush(readSize)
}

func (w *Writer) object(o Object, cur *scope) error {
	if u, ok := o.(*Unbekannt); ok && u != nil {
		w.e.raw(u.raw, u.outer, cur)
		return nil
	}
	if v := reflect.ValueOf(o); v.Kind() == reflect.Pointer && !v.IsNil() {
		for local, known := range planObjects {
			if v.Elem().Type() == known.plan.typ {
				w.e.element(local, false, known.plan, v.Elem(), "", cur)
				return nil
			}
		}
	}
	return w.fail(fmt.Errorf("xzufi: cannot write a %T", o))
}

// Delete writes `loesche`.
func (w *Writer) Delete(class Class, id Identifikator) error {
	return w.Write(&Delete{Class: class, ID: id})
}

// Dropped names, as Type/element, what was left out because the writer's version has no place for it.
func (w *Writer) Dropped() []string {
	names := make([]string, 0, len(w.e.dropped))
	for n := range w.e.dropped {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Close ends the message and writes what is buffered; it does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.closeOpen()
	if w.own {
		w.e.b = append(w.e.b, '\n')
	}
	w.e.endTag(w.rootTag)
	w.e.b = append(w.e.b, w.after...)
	err := w.flush(0)
	w.err = errors.New("xzufi: the writer is closed")
	return err
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

func (w *Writer) flush(above int) error {
	if len(w.e.b) <= above {
		return nil
	}
	_, err := w.out.Write(w.e.b)
	w.e.b = w.e.b[:0]
	if cap(w.e.b) > 1<<20 {
		w.e.b = nil
	}
	if err != nil {
		w.err = err
	}
	return err
}
