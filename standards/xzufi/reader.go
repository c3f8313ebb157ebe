package xzufi

import (
	"errors"
	"io"
	"iter"
	"reflect"
	"strings"
)

// Limits bound what the reader accepts; 0 means the default.
type Limits struct {
	Object   int   // bytes of one object, or of what stands between two; default 16 MiB
	Elements int   // elements of one object; default 200,000
	Depth    int   // nested elements; default 64
	Message  int64 // bytes of the whole message; default 64 GiB
}

// DefaultLimits are those of NewReader.
var DefaultLimits = Limits{Object: 16 << 20, Elements: 200_000, Depth: 64, Message: 64 << 30}

// Header is the start of a message: the root element with its attributes and what comes before the first object.
type Header struct {
	Source
	// Message is the name of the root element without prefix. Our sources do not give the name of the transfer
	// message; the reader takes any, the writer writes DefaultMessage for "".
	Message            string
	Version            Version          // by the namespace of the root element
	Namespace          string           // as it stands; "" lets the writer use that of its version
	Prefix             string           // of the namespace; the writer uses "xzufi" for a header that was not read
	XZuFiVersion       string           `x:"xzufiVersion,attr"`
	Produktbezeichnung string           `x:"produktbezeichnung,attr"`
	Produkthersteller  string           `x:"produkthersteller,attr"`
	Produktversion     string           `x:"produktversion,attr"`
	Nachrichtenkopf    *Nachrichtenkopf `x:"nachrichtenkopf"`
	// TransaktionID and TransaktionPosition say to which transfer the message belongs, and at which place.
	TransaktionID       string `x:"transaktionID"`
	TransaktionPosition string `x:"transaktionPosition"`

	prolog string // comments before the root element
}

// DefaultMessage is the root element's name that the writer uses if the header gives none.
const DefaultMessage = "transfer"

// An Item is one step of a message: *Write, *Delete or *Other.
type Item interface {
	// Position is where it begins, 0, 0 if it was not read.
	Position() (line, column int)
	// Findings were made while reading it.
	Findings() []Finding
	wrap() *wrapping
}

// wrapping is what stands around an object, so that it can be written back.
type wrapping struct {
	line, col    int
	found        []Finding
	lead         string // blanks and comments before it
	open         string // the start tag of schreibe, if this is the first object in it
	closes       bool   // the end tag of schreibe follows
	openName     string
	inside       string // between open and the object
	tail         string // between the object and the end tag
	outer, inner *scope
}

func (w *wrapping) Position() (line, column int) { return w.line, w.col }
func (w *wrapping) Findings() []Finding          { return w.found }
func (w *wrapping) wrap() *wrapping              { return w }

// Write is `schreibe`: an object is new or replaces the one with its id.
type Write struct {
	wrapping
	Object Object
}

// Delete is `loesche`: the object of the class with this id is to be removed.
type Delete struct {
	wrapping
	Source
	Class Class         `x:"klasse,attr"`
	ID    Identifikator `x:"id"`
}

// Position is where the element began.
func (d *Delete) Position() (line, column int) { return d.line, d.col }

// Other is anything else in the message, such as comments and unknown elements. It matters only to a program that
// copies a message.
type Other struct {
	wrapping
	raw   string
	after string // behind the root element
}

// Name is the unknown element's name as it stands, "" if it is no element.
func (o *Other) Name() string {
	s, ok := strings.CutPrefix(o.raw, "<")
	if !ok {
		return ""
	}
	return s[:strings.IndexAny(s+">", " \t\r\n/>")]
}

var (
	planHeader  = planOf[Header]()
	planDelete  = planOf[Delete]()
	planObjects = map[string]struct {
		plan *plan
		make func() (Object, reflect.Value)
	}{
		"leistung":                     {planOf[Leistung](), maker[Leistung]},
		"spezialisierung":              {planOf[Spezialisierung](), maker[Spezialisierung]},
		"organisationseinheit":         {planOf[Organisationseinheit](), maker[Organisationseinheit]},
		"onlinedienst":                 {planOf[Onlinedienst](), maker[Onlinedienst]},
		"zustaendigkeitTransferObjekt": {planOf[ZustaendigkeitTransferObjekt](), maker[ZustaendigkeitTransferObjekt]},
	}
)

func maker[T any]() (Object, reflect.Value) {
	o := reflect.New(reflect.TypeFor[T]())
	return o.Interface().(Object), o.Elem()
}

// Reader reads a message item by item. It holds one object in memory, and the strings of an object are parts of the
// piece of message it was read from: who keeps a few of them for long clones them (strings.Clone; Identifikator.Key).
// Values of Identifikator are safe to keep, the Identifikator with its Source is not. A Reader serves one goroutine.
type Reader struct {
	f      *framer
	pool   pool
	header Header
	begun  bool
	err    error
	uri    string
	ver    Version
	ns     *scope // of the root element
	path   []string
	done   bool
	final  *Other // behind an empty root element

	pending string // blanks and comments before the next piece
	ahead   ahead

	container *container // an open schreibe
}

type container struct {
	name     string // with prefix
	pos      position
	ns       *scope
	first    wrapping // opening, for the first object
	anything bool
}

// NewReader reads a message with DefaultLimits.
func NewReader(r io.Reader) *Reader { return NewReaderLimits(r, DefaultLimits) }

// NewReaderLimits reads a message; a limit of 0 is the default.
func NewReaderLimits(r io.Reader, lim Limits) *Reader {
	d := DefaultLimits
	if lim.Object <= 0 {
		lim.Object = d.Object
	}
	if lim.Elements <= 0 {
		lim.Elements = d.Elements
	}
	if lim.Depth <= 0 {
		lim.Depth = d.Depth
	}
	if lim.Message <= 0 {
		lim.Message = d.Message
	}
	return &Reader{f: &framer{r: r, at: position{1, 1}, lim: lim}}
}

// Header gives the head of the message, reading up to the first object.
func (r *Reader) Header() (Header, error) {
	if !r.begun {
		r.begun = true
		r.err = r.begin()
	}
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return Header{}, r.err
	}
	return r.header, nil
}

// parser checks the characters of a piece and makes a parser for it.
func (r *Reader) parser(s string, at position, ns *scope, note *[]Finding) (*parser, error) {
	p := &parser{s: s, at: at, path: r.path, ns: ns, uri: r.uri, ver: r.ver, pool: &r.pool, note: note}
	if k := badChar(s); k >= 0 {
		return nil, p.fail(k, "a byte that is no UTF-8 or no character of XML")
	}
	return p, nil
}

// check reads a piece without tags that the framer took: only blanks, comments and instructions are allowed.
func (r *Reader) checkBetween(s string, at position, found *[]Finding) error {
	if s == "" {
		return nil
	}
	p, err := r.parser(s, at, r.ns, found)
	if err != nil {
		return err
	}
	for p.i < len(p.s) {
		start := p.i
		tok, text, err := p.next()
		if err != nil {
			return err
		}
		if tok == tokStart || tok == tokEnd {
			return p.fail(start, "no tag is expected here")
		}
		if (tok == tokText || tok == tokCData) && (tok == tokCData || strings.Trim(text, " \t\r\n") != "") {
			return p.fail(start, "text is not allowed here: %.40q", short(text))
		}
	}
	return nil
}

// begin reads the XML declaration, the root's start tag and the head.
func (r *Reader) begin() error {
	f := r.f
	if err := f.encoding(); err != nil {
		return err
	}
	if err := r.declaration(); err != nil {
		return err
	}
	at := f.at
	prolog, what, err := f.between()
	if err != nil {
		return err
	}
	if err := r.checkBetween(prolog, at, nil); err != nil {
		return err
	}
	if what != aheadStart {
		return f.fail("the message has no element")
	}
	at = f.at
	s, err := f.tag()
	if err != nil {
		return err
	}
	p, err := r.parser(s, at, nil, nil)
	if err != nil {
		return err
	}
	t, err := p.start()
	if err != nil {
		return err
	}
	var ok bool
	if r.ver, ok = versionOf(t.uri); !ok {
		return p.fail(0, "namespace %.80q is none of XZuFi 2.1, 2.2 or 2.3 (%s2_2_0)", t.uri, namespaceBase)
	}
	r.uri, p.uri, p.ver, r.ns = t.uri, t.uri, r.ver, t.inner
	r.path = []string{t.name}
	f.path = r.path
	h := &r.header
	h.Message, h.Version, h.Namespace, h.prolog = t.local, r.ver, t.uri, prolog
	h.Prefix = strings.TrimSuffix(strings.TrimSuffix(t.name, t.local), ":")
	k := &kept{name: t.name, pos: t.pos, outer: t.outer, inner: t.inner, attrs: t.attrs}
	h.k = k
	v := reflect.ValueOf(h).Elem()
	if err := p.readAttrs(planHeader, v, k); err != nil {
		return err
	}
	if h.XZuFiVersion != "" {
		if v, err := ParseVersion(h.XZuFiVersion); err == nil && v != r.ver {
			return p.fail(0, "xzufiVersion %s does not fit the namespace %s", h.XZuFiVersion, t.uri)
		}
	}
	if t.empty {
		r.done = true
		if err := r.epilog(); err != nil {
			return err
		}
		if r.pending != "" {
			r.final = &Other{wrapping: wrapping{outer: r.ns, inner: r.ns}, after: r.pending}
		}
		return nil
	}
	return r.head(v, k)
}

// head reads nachrichtenkopf, transaktionID and transaktionPosition with what stands between them.
func (r *Reader) head(v reflect.Value, k *kept) error {
	seen := map[string]bool{}
	total := 0
	for {
		if err := r.look(nil); err != nil {
			return err
		}
		if r.ahead != aheadStart {
			return nil
		}
		name, err := r.peekName()
		if err != nil {
			return err
		}
		i, known := planHeader.byName[name]
		if !known || seen[name] {
			return nil
		}
		seen[name] = true
		at := r.f.at
		s, err := r.f.element()
		if err != nil {
			return err
		}
		if total += len(s) + len(r.pending); total > r.f.lim.Object {
			return r.f.fail("the head of the message has more than %d bytes", r.f.lim.Object)
		}
		p, err := r.parser(s, at, r.ns, nil)
		if err != nil {
			return err
		}
		t, err := p.start()
		if err != nil {
			return err
		}
		if r.pending != "" {
			k.seq = append(k.seq, entry{raw: r.pending, field: -1})
			r.pending = ""
		}
		if t.uri != r.uri {
			if err := p.skipRest(t); err != nil {
				return err
			}
			k.seq = append(k.seq, entry{raw: s, field: -1})
			continue
		}
		lf, err := p.readField(&planHeader.fields[i], v, t)
		if err != nil {
			return err
		}
		k.seq = append(k.seq, entry{name: t.name, field: i, leaf: lf})
	}
}

// declaration reads <?xml …?>.
func (r *Reader) declaration() error {
	f := r.f
	ok, err := f.follows(0, "<?xml")
	if err != nil || !ok {
		return err
	}
	if ok, err := f.has(5); err != nil || ok && !isSpace(f.buf[f.pos+5]) && f.buf[f.pos+5] != '?' {
		return err
	}
	at := f.at
	end, err := f.index(0, "?>")
	if err != nil {
		return err
	}
	if end < 0 || end > 1000 {
		return f.fail("the XML declaration does not end")
	}
	s := f.take(end + 2)
	p := &parser{s: s[:end], i: len("<?xml"), at: at, pool: &r.pool}
	for step := 0; ; step++ {
		gap := p.space()
		if p.i == len(p.s) {
			if step == 0 {
				return p.fail(0, "the XML declaration has no version")
			}
			return nil
		}
		if !gap {
			return p.fail(p.i, "not an XML declaration")
		}
		a, err := p.attr()
		if err != nil {
			return err
		}
		switch {
		case a.name == "version" && step == 0:
			if a.raw != "1.0" {
				return p.fail(0, "XML %.10q is not read, only 1.0", a.raw)
			}
		case a.name == "encoding" && step == 1:
			if !strings.EqualFold(a.raw, "utf-8") && !strings.EqualFold(a.raw, "us-ascii") {
				return p.fail(0, "the message declares encoding %.40q; only UTF-8 is read", a.raw)
			}
		case a.name == "standalone" && step > 0 && (a.raw == "yes" || a.raw == "no"):
		default:
			return p.fail(0, "not an XML declaration: %.20s", a.name)
		}
	}
}

// look takes what stands before the next tag into pending, and says which kind of tag it is.
func (r *Reader) look(found *[]Finding) error {
	at := r.f.at
	s, what, err := r.f.between()
	if err != nil {
		return err
	}
	if err := r.checkBetween(s, at, found); err != nil {
		return err
	}
	if what == aheadEOF {
		return r.f.fail("the message ends before its root element")
	}
	r.pending += s
	r.ahead = what
	return nil
}

// peekName is the local name of the element that stands next.
func (r *Reader) peekName() (string, error) {
	o := 1
	for ; ; o++ {
		ok, err := r.f.has(o)
		if err != nil {
			return "", err
		}
		if !ok || o > 1000 || !nameByte[r.f.buf[r.f.pos+o]] {
			break
		}
	}
	name := string(r.f.buf[r.f.pos+1 : min(len(r.f.buf), r.f.pos+o)])
	return name[strings.IndexByte(name, ':')+1:], nil
}

// Next gives the next item; io.EOF after the last. After any other error the message is unusable: an import takes it
// whole or not at all.
func (r *Reader) Next() (Item, error) {
	if _, err := r.Header(); err != nil {
		return nil, err
	}
	if r.err != nil {
		return nil, r.err
	}
	item, err := r.step()
	if err != nil {
		r.err = err
		return nil, err
	}
	return item, nil
}

// Items gives all items; after an error it ends.
func (r *Reader) Items() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for {
			item, err := r.Next()
			if errors.Is(err, io.EOF) || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Offset is how many bytes of the message were used so far, for showing progress.
func (r *Reader) Offset() int64 { return r.f.total - int64(len(r.f.buf)-r.f.pos) }
