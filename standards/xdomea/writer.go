package xdomea

import (
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Writer writes a message item by item and holds no more than one of them. The first error stays: a message that was
// not closed without one is not fit to be sent. What is no character of XML becomes U+FFFD.
type Writer struct {
	out   io.Writer
	e     encoder
	kind  kind
	stage stage
	some  bool // of what the message must have
	err   error
}

// stage is how far a message is: cover letters come first, a file plan last.
type stage int

const (
	letters stage = iota
	content
	ended // nothing more may come
)

const flushAbove = 64 << 10

// NewWriter writes the head. The messages are those of xdomea 3.1.0, or 3.0.0 if the head says so.
func NewWriter(out io.Writer, h Head) (*Writer, error) {
	k, ok := messages[h.Message]
	if !ok {
		return nil, fmt.Errorf("xdomea: no message %q", h.Message)
	}
	switch {
	case h.Version == "":
		h.Version = "3.1.0"
	case h.Version == "3.1.0", h.Version == "3.0.0" && h.Message != PlanForAppraisal:
	default:
		return nil, fmt.Errorf("xdomea: version %q is not written", h.Version)
	}
	h.WantsResult = true
	w := &Writer{out: out, kind: k, e: encoder{message: h.Message, has: k.has}}
	ns := namespace + h.Version
	w.e.b = fmt.Appendf(w.e.b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xdomea:%s xmlns:xdomea=\"%s\" xmlns:xsi=\"%s\" xsi:schemaLocation=\"%s xdomea-Nachrichten-%s.xsd\">",
		h.Message, ns, xsiNamespace, ns, k.schema)
	return w, w.element("Kopf", reflect.ValueOf(&h).Elem())
}

// Write writes one item. A message takes only those that its schema has.
func (w *Writer) Write(item Item) error {
	if w.err != nil {
		return w.err
	}
	v := reflect.ValueOf(item)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return w.fail(errors.New("xdomea: nothing to write"))
	}
	records := w.kind.content == "Schriftgutobjekt"
	name := ""
	switch it := item.(type) {
	case *CoverLetter:
		if records && w.stage == letters {
			name = "Anschreiben"
		}
	case *File, *Case, *Document:
		if records && w.stage < ended {
			return w.record(it, v.Elem())
		}
	case *Plan:
		if w.kind.content == "Aktenplan" && w.stage == letters || records && w.e.message != Information && w.some && w.stage == content {
			name, w.stage = "Aktenplan", ended
		}
	case *Appraised:
		if w.e.message == AppraisalList || w.e.message == AppraisalCatalogue {
			name, w.stage = w.kind.content, content
		}
	case *Result:
		switch w.e.message {
		case DisposalResult, TransferResult:
			name, w.stage = w.kind.content, content
		case CatalogueResult:
			name, w.stage = w.kind.content, content
			v = reflect.ValueOf((*unitResult)(it))
		}
	}
	if name == "" {
		return w.fail(fmt.Errorf("xdomea: no %T here in a message %s", item, w.e.message))
	}
	if name == "Anschreiben" && (w.e.message == Information || w.e.message == Transfer) {
		w.stage = content // one only
	}
	w.some = w.some || name == w.kind.content
	return w.element(name, v.Elem())
}

// record writes a Schriftgutobjekt.
func (w *Writer) record(item Item, v reflect.Value) error {
	w.stage, w.some = content, true
	name := "Dokument"
	switch item.(type) {
	case *File:
		name = "Akte"
	case *Case:
		name = "Vorgang"
	}
	w.e.b = append(w.e.b, "\n<xdomea:Schriftgutobjekt>"...)
	if err := w.element(name, v); err != nil {
		return err
	}
	w.e.b = append(w.e.b, "</xdomea:Schriftgutobjekt>"...)
	return nil
}

func (w *Writer) element(name string, v reflect.Value) error {
	w.e.element(name, v)
	if w.e.err != nil {
		return w.fail(w.e.err)
	}
	if len(w.e.b) > flushAbove {
		return w.flush()
	}
	return nil
}

// Close ends the message; it does not close the underlying writer. A message without what it is for is an error.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.kind.content != "" && !w.some {
		return w.fail(fmt.Errorf("xdomea: the message %s has no %s", w.e.message, w.kind.content))
	}
	w.e.b = fmt.Appendf(w.e.b, "\n</xdomea:%s>\n", w.e.message)
	if err := w.flush(); err != nil {
		return err
	}
	w.err = errors.New("xdomea: the message is closed")
	return nil
}

func (w *Writer) flush() error {
	if _, err := w.out.Write(w.e.b); err != nil {
		return w.fail(fmt.Errorf("xdomea: write the message: %w", err))
	}
	if w.e.b = w.e.b[:0]; cap(w.e.b) > 4<<20 {
		w.e.b = nil
	}
	return nil
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}
