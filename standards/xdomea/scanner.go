package xdomea

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	namespace    = "urn:xoev-de:xdomea:schema:" // and the version
	xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

	maxDepth = 100
	maxToken = 8 << 20 // bytes of one tag or text
)

// versions that are read.
var versions = []string{"2.4.0", "3.0.0", "3.1.0"}

var (
	errToken    = errors.New("a tag or text of more than 8 MiB")
	errEncoding = errors.New("the message is not in UTF-8")
	errMessage  = fmt.Errorf("the message has more than %d bytes", maxMessage)
)

// window lets the XML decoder read so much and no more until the next token: it keeps a token in memory.
type window struct {
	r     io.Reader
	left  int   // of the token
	whole int64 // left of the message
}

func (w *window) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errToken
	}
	if w.whole <= 0 {
		return 0, errMessage
	}
	n, err := w.r.Read(p[:min(len(p), w.left)])
	w.left -= n
	w.whole -= int64(n)
	return n, err
}

// refusal is why a message is read no further.
type refusal struct {
	code string // of a Finding
	line int
	path string
	text string
}

// below says that it is about an element in the one that the path names.
func (r *refusal) below(name string) *refusal {
	r.path += "/" + name
	return r
}

func (r *refusal) Error() string { return fmt.Sprintf("line %d: %s", r.line, r.text) }

// scanner gives the tags and texts of a message, within bounds and without document types.
type scanner struct {
	in     window
	d      *xml.Decoder
	line   int      // of the last token
	open   []string // names of the open elements
	rooted bool
}

func newScanner(r io.Reader) *scanner {
	s := &scanner{in: window{r: r, whole: maxMessage}}
	s.d = xml.NewDecoder(&s.in)
	s.d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	return s
}

func (s *scanner) refuse(code, format string, args ...any) *refusal {
	return &refusal{code, s.line, path(s.open), fmt.Sprintf(format, args...)}
}

// path names elements from the root, as a Finding does.
func path(open []string) string {
	var b strings.Builder
	for _, name := range open {
		b.WriteString("/" + short(name))
	}
	return b.String()
}

// short cuts an element's name to what is shown of it.
func short(name string) string {
	if len(name) > 100 {
		return strings.ToValidUTF8(name[:100], "") + "…"
	}
	return name
}

// next gives the next token, valid until the one after it; io.EOF at the end, if there was a root element.
func (s *scanner) next() (xml.Token, error) {
	s.in.left = maxToken
	s.line, _ = s.d.InputPos()
	token, err := s.d.Token()
	if errors.Is(err, io.EOF) {
		if !s.rooted {
			return nil, &refusal{code: "xml", text: "the message is empty"}
		}
		return nil, io.EOF
	}
	if err != nil {
		return nil, s.broken(err)
	}
	switch t := token.(type) {
	case xml.Directive:
		return nil, s.refuse("doctype", "the message has a document type (DTD): not allowed")
	case xml.StartElement:
		if len(s.open) == 0 && s.rooted {
			return nil, s.refuse("xml", "a second root element %s", quoted(t.Name.Local))
		}
		if len(s.open) == maxDepth {
			return nil, s.refuse("depth", "elements nested deeper than %d", maxDepth)
		}
		s.open = append(s.open, t.Name.Local)
		s.rooted = true
	case xml.EndElement:
		s.open = s.open[:len(s.open)-1]
	case xml.CharData:
		if len(s.open) == 0 && strings.Trim(string(t), "\ufeff \t\r\n") != "" {
			return nil, s.refuse("xml", "text outside of the root element")
		}
	}
	return token, nil
}

// broken says why the message cannot be read further.
func (s *scanner) broken(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return &refusal{"xml", syntax.Line, path(s.open), "not well-formed: " + printable(syntax.Msg)}
	case errors.Is(err, errEncoding):
		return s.refuse("encoding", "%v", errEncoding)
	case errors.Is(err, errToken):
		return s.refuse("token", "%v", errToken)
	case errors.Is(err, errMessage):
		return s.refuse("message-size", "%v", errMessage)
	}
	return s.refuse("file-broken", "the message cannot be read: %s", printable(err.Error()))
}

// rootOf splits the root's name into message and version; an empty one is not known, and found says why.
func rootOf(root xml.Name, found func(code, format string, args ...any)) (m Message, version string) {
	version, ours := strings.CutPrefix(root.Space, namespace)
	switch {
	case !ours:
		found("namespace", "the namespace is %s, not %s and the version", quoted(root.Space), namespace)
		version = ""
	case !slices.Contains(versions, version):
		found("version", "xdomea %s: only %s are read", printable(version), strings.Join(versions, ", "))
		version = ""
	}
	name, code := root.Local, ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name, code = name[:i], name[i+1:]
	}
	// The code list of 2.4 has another name for 0502; its schema has this one.
	k, ok := messages[Message(code)]
	if ok && (name == k.name || version == "2.4.0" && code == "0502" && name == "Anbietung.Bewertungsverzeichnis") {
		return Message(code), version
	}
	found("message", "%s is no message that is read (0101 to 0515)", quoted(root.Local))
	return "", version
}
