package xdomea

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

const (
	namespace    = "urn:xoev-de:xdomea:schema:" // and the version
	xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

	maxDepth = 100
	maxToken = 8 << 20 // bytes of one tag or text
	maxText  = 1024    // bytes of a text that is looked at
)

// versions that are read.
var versions = []string{"2.4.0", "3.0.0", "3.1.0"}

// messages are the names of the messages of disposal, and the element of which they must have one.
var messages = map[string]struct{ name, content string }{
	"0501": {"Aussonderung.Anbieteverzeichnis", "Schriftgutobjekt"},
	"0502": {"Aussonderung.Bewertungsverzeichnis", "BewertetesObjekt"},
	"0503": {"Aussonderung.Aussonderung", "Schriftgutobjekt"},
	"0504": {"Aussonderung.AnbietungEmpfangBestaetigen", ""},
	"0505": {"Aussonderung.BewertungEmpfangBestaetigen", ""},
	"0506": {"Aussonderung.AussonderungImportBestaetigen", "AusgesondertesSGO"},
	"0507": {"Aussonderung.AussonderungEmpfangBestaetigen", ""},
}

var (
	errToken    = errors.New("a tag or text of more than 8 MiB")
	errEncoding = errors.New("the message is not in UTF-8")
)

// window lets the XML decoder read so much and no more until the next token: it keeps a token in memory.
type window struct {
	r    io.Reader
	left int
}

func (w *window) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errToken
	}
	n, err := w.r.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// element is one that is open.
type element struct {
	name string
	ours bool // in the message's namespace
	leaf bool // without elements in it, so far
	line int
}

// reading is the check of one message.
type reading struct {
	*checker
	file  string
	stem  string
	files map[string]*zip.File
	named map[string]bool // by the message

	ns, version, code string
	open              []element
	text              []byte // of the innermost element
	head              map[string]bool
	content           bool // the element that the message must have
	retention, kind   bool // of the Schriftgutobjekt: Aufbewahrungsdauer, Aussonderungsart

	whole bool // read to its end
}

func (m *reading) fault(code string, line int, format string, args ...any) {
	m.addAt(Fault, code, m.file, m.path(), line, format, args...)
}

func (m *reading) warn(code string, line int, format string, args ...any) {
	m.addAt(Warning, code, m.file, m.path(), line, format, args...)
}

func (m *reading) path() string {
	var b strings.Builder
	for _, e := range m.open {
		b.WriteString("/" + e.name)
	}
	return b.String()
}

// read goes through the message.
func (m *reading) read(f *zip.File) {
	if f.UncompressedSize64 > maxMessage {
		m.fault("message-size", 0, "the message has %d bytes, more than %d", f.UncompressedSize64, maxMessage)
		return
	}
	r, err := f.Open()
	if err != nil {
		m.fault("file-broken", 0, "the message cannot be unpacked: %s", printable(err.Error()))
		return
	}
	defer r.Close()
	in := &window{r: r}
	d := xml.NewDecoder(in)
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	m.head = map[string]bool{}
	rooted := false
	for {
		in.left = maxToken
		line, _ := d.InputPos()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			m.broken(err, line)
			return
		}
		switch t := token.(type) {
		case xml.Directive:
			m.fault("doctype", line, "the message has a document type (DTD): not allowed")
			return
		case xml.StartElement:
			if len(m.open) == 0 && rooted {
				m.fault("xml", line, "a second root element %s", quoted(t.Name.Local))
				return
			}
			if len(m.open) == maxDepth {
				m.fault("depth", line, "elements nested deeper than %d", maxDepth)
				return
			}
			m.start(t, line)
			rooted = true
		case xml.CharData:
			if len(m.open) == 0 {
				if strings.Trim(string(t), "\ufeff \t\r\n") != "" {
					m.fault("xml", line, "text outside of the root element")
					return
				}
			} else if room := maxText - len(m.text); room > 0 {
				m.text = append(m.text, t[:min(len(t), room)]...)
			}
		case xml.EndElement:
			m.end()
		}
	}
	if !rooted {
		m.fault("xml", 0, "the message is empty")
		return
	}
	m.whole = true
	if m.version == "" || m.code == "" {
		return // what it must have is not known
	}
	root := "/" + messages[m.code].name + "." + m.code
	for _, name := range []string{"ProzessID", "Nachrichtentyp", "Erstellungszeitpunkt"} {
		if !m.head[name] {
			m.addAt(Fault, "head", m.file, root+"/Kopf/"+name, 0, "the Kopf has no %s", name)
		}
	}
	if want := messages[m.code].content; want != "" && !m.content {
		m.addAt(Fault, "content", m.file, root+"/"+want, 0, "the message has no %s", want)
	}
}

// broken says why the message cannot be read further.
func (m *reading) broken(err error, line int) {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		m.fault("xml", syntax.Line, "not well-formed: %s", printable(syntax.Msg))
	case errors.Is(err, errEncoding):
		m.fault("encoding", line, "%v", errEncoding)
	case errors.Is(err, errToken):
		m.fault("token", line, "%v", errToken)
	default:
		m.fault("file-broken", line, "the message cannot be read: %s", printable(err.Error()))
	}
}

func (m *reading) start(t xml.StartElement, line int) {
	name := t.Name.Local
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	if n := len(m.open); n > 0 {
		m.open[n-1].leaf = false
	} else {
		m.ns = t.Name.Space
	}
	m.open = append(m.open, element{name, t.Name.Space == m.ns, true, line})
	m.text = m.text[:0]
	if len(m.open) == 1 {
		m.root(t, line)
	}
	for _, a := range t.Attr {
		prefix := a.Name.Local
		if a.Name.Space == "" && a.Name.Local == "xmlns" {
			prefix = ""
		} else if a.Name.Space != "xmlns" {
			continue
		}
		if m.ns != "" && a.Value == m.ns && prefix != "xdomea" {
			m.fault("prefix", line, "the prefix of xdomea's elements is %s: it must be xdomea", quoted(prefix))
		}
	}
	switch {
	case len(m.open) == 2 && m.open[1].ours && name == messages[m.code].content:
		m.content = true
	case m.object():
		m.retention, m.kind = false, false
	}
}

// root checks the root element: message, namespace, schemaLocation.
func (m *reading) root(t xml.StartElement, line int) {
	version, ours := strings.CutPrefix(m.ns, namespace)
	switch {
	case !ours:
		m.fault("namespace", line, "the namespace is %s, not %s and the version", quoted(m.ns), namespace)
	case !slices.Contains(versions, version):
		m.fault("version", line, "xdomea %s: only %s are read", printable(version), strings.Join(versions, ", "))
	default:
		m.version = version
	}
	name, code := t.Name.Local, ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name, code = name[:i], name[i+1:]
	}
	// The code list of 2.4 has another name for 0502.
	if want, ok := messages[code]; ok && (name == want.name || m.version == "2.4.0" && code == "0502" && name == "Anbietung.Bewertungsverzeichnis") {
		m.code = code
	} else {
		m.fault("message", line, "%s is no message of disposal (0501 to 0507)", quoted(t.Name.Local))
	}
	if parts := messageStem.FindStringSubmatch(m.stem); parts != nil && parts[2] != t.Name.Local {
		m.fault("message-stem", line, "the file name says %s, the message is %s", printable(parts[2]), quoted(t.Name.Local))
	}
	for _, a := range t.Attr {
		if a.Name.Space == xsiNamespace && a.Name.Local == "schemaLocation" {
			for i, part := range strings.Fields(a.Value) {
				if i%2 == 0 && part == m.ns {
					return
				}
			}
		}
	}
	m.fault("schema-location", line, "xsi:schemaLocation does not name the message's namespace")
}

// object reports whether the innermost element is the Akte or Vorgang of a Schriftgutobjekt: the one whose metadata
// hold for what is in it.
func (m *reading) object() bool {
	return len(m.open) == 3 && m.open[1].name == "Schriftgutobjekt" && m.open[2].ours &&
		(m.open[2].name == "Akte" || m.open[2].name == "Vorgang") && (m.code == "0501" || m.code == "0503")
}

func (m *reading) end() {
	e := m.open[len(m.open)-1]
	if m.object() {
		const why = "the schema leaves it out, archives demand it"
		if !m.retention {
			m.warn("archive-metadata", e.line, "the %s has no ArchivspezifischeMetadaten/Aufbewahrungsdauer: %s", e.name, why)
		}
		if !m.kind {
			m.warn("archive-metadata", e.line, "the %s has no ArchivspezifischeMetadaten/Aussonderungsart: %s", e.name, why)
		}
	}
	if e.leaf {
		m.value(e, string(m.text))
	}
	m.open = m.open[:len(m.open)-1]
	m.text = m.text[:0]
}

// value checks an element that holds a text, or nothing.
func (m *reading) value(e element, raw string) {
	text := strings.Trim(raw, " \t\r\n")
	n := len(m.open)
	parent := ""
	if n > 1 {
		parent = m.open[n-2].name
	}
	if n >= 5 && text != "" && m.open[1].name == "Schriftgutobjekt" && m.open[3].name == "ArchivspezifischeMetadaten" {
		switch m.open[4].name {
		case "Aufbewahrungsdauer":
			m.retention = true
		case "Aussonderungsart":
			m.kind = true
		}
	}
	if n == 4 && m.open[1].name == "Kopf" && parent == "Nachrichtentyp" && e.name == "code" {
		m.head["Nachrichtentyp"] = true
		if m.code != "" && text != m.code {
			m.fault("message-type", e.line, "the Nachrichtentyp is %s, the message %s", quoted(text), m.code)
		}
	}
	if !e.ours {
		return
	}
	switch e.name {
	case "ID", "IDSGO", "ProzessID":
		if !uuidOnly.MatchString(text) {
			m.fault("uuid", e.line, "%s is no UUID", quoted(text))
		}
	case "Erstellungszeitpunkt", "DatumUhrzeit":
		if !validDateTime(text) {
			m.fault("date-time", e.line, "%s is no dateTime (2026-11-24T09:30:00+01:00)", quoted(text))
		}
	case "ZdADatum", "Versionsdatum", "Datum", "Posteingangsdatum", "Postausgangsdatum", "DatumDesSchreibens",
		"Aufbewahrungsende", "Erstellungsdatum", "TerminDatum", "Beginn", "Ende":
		if m.version != "2.4.0" && !validDate(text) {
			m.fault("date", e.line, "%s is no date (2026-11-24)", quoted(text))
		}
	case "Dateiname":
		if parent == "Primaerdokument" {
			m.name(e, raw)
		}
	case "SignaturSiegelDatei":
		m.name(e, raw)
	}
	if n == 3 && parent == "Kopf" {
		m.head[e.name] = true
		if parts := messageStem.FindStringSubmatch(m.stem); e.name == "ProzessID" && parts != nil && !strings.EqualFold(text, parts[1]) {
			m.fault("process-id", e.line, "the ProzessID is %s, the file name says %s", quoted(text), parts[1])
		}
	}
}

// name checks a file that the message names.
func (m *reading) name(e element, name string) {
	switch {
	case !uuidFirst.MatchString(name), unsafe(name), strings.Contains(name, "/"):
		m.fault("file-name", e.line, "%s is not <UUID>[_Name].<ext>", quoted(name))
	case !fileName.MatchString(name):
		m.warn("file-name", e.line, "%s is not <UUID>[_Name].<ext>", quoted(name))
	}
	if m.named[name] {
		m.warn("file-twice", e.line, "%s is named a second time", quoted(name))
		return
	}
	m.named[name] = true
	offered := m.code == "0501" && m.open[1].name == "Schriftgutobjekt"
	switch there := m.files[name] != nil; {
	case there && name == m.file:
		m.fault("file-name", e.line, "%s is the message itself", quoted(name))
	case there && offered:
		m.warn("offer-file", e.line, "an offer (0501) has the metadata only, and %s is in the ZIP", quoted(name))
	case !there && !offered:
		m.fault("file-missing", e.line, "%s is not in the ZIP", quoted(name))
	}
}
