package xdomea

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
)

// Error is why a message or a package is refused: what a person can be told, with the line in the message.
type Error struct{ Found []Finding }

// Error is the first fault.
func (e *Error) Error() string {
	first, faults := "", 0
	for _, f := range e.Found {
		if f.Severity == Fault {
			if faults++; faults == 1 {
				first = f.String()
			}
		}
	}
	if faults > 1 {
		return fmt.Sprintf("xdomea: %s (and %d more)", first, faults-1)
	}
	return "xdomea: " + first
}

// Reader reads a message item by item and holds no more than one of them; it serves one goroutine. What it gives is
// not yet true: an import takes a message when the Reader came to its end without an error, or not at all.
type Reader struct {
	d      decoder
	file   string // in the package
	head   Head
	root   Message
	queue  []Item // of one element that makes several
	some   bool   // of what the message must have
	opened bool   // Schriftgutobjekt
	limit  int    // of the memory of an item
	err    error
}

// NewReader reads the head of a message, of versions 2.4.0 to 3.1.0. What it cannot read is an *Error.
func NewReader(r io.Reader) (*Reader, error) { return newReader(r, "") }

func newReader(in io.Reader, file string) (*Reader, error) {
	r := &Reader{d: decoder{scanner: newScanner(in), budget: maxHead}, file: file, limit: maxItem}
	return r, r.begin()
}

// begin reads the root and the Kopf.
func (r *Reader) begin() error {
	root, err := r.start()
	if err != nil {
		return r.fail(err)
	}
	var why error
	m, version := rootOf(root.Name, func(code, format string, args ...any) {
		if why == nil {
			why = r.d.refuse(code, format, args...)
		}
	})
	if why != nil {
		return r.fail(why)
	}
	r.root, r.d.ns, r.d.version, r.d.has = m, root.Name.Space, version, messages[m].has
	kopf, err := r.start()
	if err == nil && (kopf.Name.Local != "Kopf" || kopf.Name.Space != r.d.ns) {
		no := r.d.refuse("head", "the message begins with %s, not Kopf", quoted(kopf.Name.Local))
		no.path = path(r.d.open[:1]) // of the root, even if it has ended
		err = no.below("Kopf")
	}
	if err == nil {
		v := reflect.ValueOf(&r.head).Elem()
		err = r.d.fields(plans()[v.Type()], v)
	}
	switch {
	case err != nil:
	case r.head.Message != m:
		err = r.d.refuse("message-type", "the Nachrichtentyp is %s, the message %s", quoted(string(r.head.Message)), m).below("Kopf").below("Nachrichtentyp")
	case r.head.Created.IsZero():
		err = r.d.refuse("head", "the Kopf has no Erstellungszeitpunkt").below("Kopf").below("Erstellungszeitpunkt")
	}
	if err != nil {
		return r.fail(err)
	}
	r.head.Version = version
	return nil
}

// start gives the start of the next element; the zero value at the end of the one it is in, io.EOF at that of the message.
func (r *Reader) start() (xml.StartElement, error) {
	for {
		token, err := r.d.next()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t, nil
		case xml.EndElement:
			return xml.StartElement{}, nil
		}
	}
}

// Head is the head of the message.
func (r *Reader) Head() Head { return r.head }

// Next gives the next item; io.EOF after the last, or else an *Error, after which there is no more.
func (r *Reader) Next() (Item, error) {
	for r.err == nil && len(r.queue) == 0 {
		if err := r.step(); err != nil {
			return nil, r.fail(err)
		}
	}
	if len(r.queue) == 0 {
		return nil, r.err
	}
	item := r.queue[0]
	r.queue = r.queue[1:]
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

// step reads an element below the root, or in a Schriftgutobjekt.
func (r *Reader) step() error {
	t, err := r.start()
	want := r.root.content(r.d.version)
	switch {
	case errors.Is(err, io.EOF):
		if want != "" && !r.some {
			return r.d.refuse("content", "the message has no %s", want).below(r.root.String()).below(want)
		}
		r.err = err
		return nil
	case err != nil:
		return err
	case t.Name.Local == "": // an end
		r.opened = false
		return nil
	case t.Name.Local == "Schriftgutobjekt" && t.Name.Space == r.d.ns && want == "Schriftgutobjekt" && !r.opened:
		r.opened = true
		return nil
	}
	item := r.item(t, want)
	if item == nil {
		return r.d.skip()
	}
	r.d.budget = r.limit
	v := reflect.ValueOf(item).Elem()
	if err := r.d.fields(plans()[v.Type()], v); err != nil {
		return err
	}
	switch it := item.(type) {
	case *oldResult:
		r.queue = append(r.queue, &Result{OK: it.OK, Errors: it.Errors})
		for _, taken := range it.Taken {
			taken.OK = it.OK
			r.queue = append(r.queue, &taken)
		}
	case Item:
		r.queue = append(r.queue, it)
	}
	return nil
}

// item makes what an element is read into; nil if it is passed over.
func (r *Reader) item(t xml.StartElement, want string) any {
	if t.Name.Space != r.d.ns {
		return nil
	}
	if r.opened {
		r.some = true
		switch t.Name.Local {
		case "Akte":
			return &File{}
		case "Vorgang":
			return &Case{}
		case "Dokument":
			return &Document{}
		}
		return nil
	}
	switch name := t.Name.Local; {
	case name == "Anschreiben" && want == "Schriftgutobjekt":
		return &CoverLetter{}
	case name == "Aktenplan" && (want == "Schriftgutobjekt" || want == "Aktenplan"):
		r.some = r.some || want == name
		return &Plan{}
	case name != want:
		return nil
	}
	r.some = true
	switch r.root {
	case AppraisalList, AppraisalCatalogue:
		return &Appraised{}
	case DisposalResult, TransferResult:
		if want == "ErfolgOderMisserfolg" {
			return &oldResult{}
		}
	}
	return &Result{}
}

// fail makes an error of what the scanner or a decoder says; it stays.
func (r *Reader) fail(err error) error {
	var no *refusal
	if !errors.As(err, &no) {
		no = &refusal{"xml", r.d.line, "", "the message ends before its Kopf does"} // io.EOF
	}
	r.err = &Error{[]Finding{{Severity: Fault, Code: no.code, File: r.file, Path: no.path, Line: no.line, Message: no.text}}}
	return r.err
}
