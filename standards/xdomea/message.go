package xdomea

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const maxText = 1024 // bytes of a text that is looked at

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

	ns, version string
	message     Message
	open        []element
	text        []byte // of the innermost element
	head        map[string]bool
	content     bool            // the element that the message must have
	archival    map[string]bool // of the Schriftgutobjekt: the elements of ArchivspezifischeMetadaten that say something

	whole bool // read to its end
}

func (m *reading) fault(code string, line int, format string, args ...any) {
	m.addAt(Fault, code, m.file, m.path(), line, format, args...)
}

func (m *reading) warn(code string, line int, format string, args ...any) {
	m.addAt(Warning, code, m.file, m.path(), line, format, args...)
}

func (m *reading) path() string {
	names := make([]string, len(m.open))
	for i, e := range m.open {
		names[i] = e.name
	}
	return path(names)
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
	s := newScanner(r)
	m.head, m.archival = map[string]bool{}, map[string]bool{}
	for {
		token, err := s.next()
		var no *refusal
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, &no) {
			m.fault(no.code, no.line, "%s", no.text)
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			m.start(t, s.line)
		case xml.CharData:
			if room := maxText - len(m.text); room > 0 && len(m.open) > 0 {
				m.text = append(m.text, t[:min(len(t), room)]...)
			}
		case xml.EndElement:
			m.end()
		}
	}
	m.whole = true
	if m.version == "" || m.message == "" {
		return // what it must have is not known
	}
	root := "/" + m.message.String()
	for _, name := range []string{"ProzessID", "Nachrichtentyp", "Erstellungszeitpunkt"} {
		if !m.head[name] {
			m.addAt(Fault, "head", m.file, root+"/Kopf/"+name, 0, "the Kopf has no %s", name)
		}
	}
	if want := m.message.content(m.version); want != "" && !m.content {
		m.addAt(Fault, "content", m.file, root+"/"+want, 0, "the message has no %s", want)
	}
}

func (m *reading) start(t xml.StartElement, line int) {
	name := short(t.Name.Local)
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
	case len(m.open) == 2 && m.open[1].ours && name == m.message.content(m.version):
		m.content = true
	case m.object():
		m.archival = map[string]bool{}
	}
}

// root checks the root element: message, namespace, schemaLocation.
func (m *reading) root(t xml.StartElement, line int) {
	m.message, m.version = rootOf(t.Name, func(code, format string, args ...any) { m.fault(code, line, format, args...) })
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
		(m.open[2].name == "Akte" || m.open[2].name == "Vorgang") && (m.message == Offer || m.message == Disposal)
}

func (m *reading) end() {
	e := m.open[len(m.open)-1]
	if m.object() {
		demanded := []string{"Aufbewahrungsdauer", "Aussonderungsart"}
		if m.message == Offer {
			demanded = append(demanded, "Bewertungsvorschlag")
		}
		if !m.archival["Unbefristet"] {
			demanded = append(demanded, "Aufbewahrungsende")
		}
		for _, name := range demanded {
			if !m.archival[name] {
				m.warn("archive-metadata", e.line, "the %s has no ArchivspezifischeMetadaten/%s: the schema lets it be left out, archives demand it", e.name, name)
			}
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
		m.archival[m.open[4].name] = true
		if e.name == "Unbefristet" {
			m.archival[e.name] = text == "1" || text == "true"
		}
	}
	if n == 4 && m.open[1].name == "Kopf" && parent == "Nachrichtentyp" && e.name == "code" {
		m.head["Nachrichtentyp"] = true
		if m.message != "" && text != string(m.message) {
			m.fault("message-type", e.line, "the Nachrichtentyp is %s, the message %s", quoted(text), string(m.message))
		}
	}
	if !e.ours {
		return
	}
	switch e.name {
	case "ID", "IDSGO", "ProzessID":
		if !isUUID(text) && parent != "Algorithmus" { // of a signature in 2.4: an object identifier
			m.fault("uuid", e.line, "%s is no UUID", quoted(text))
		}
	case "Erstellungszeitpunkt", "DatumUhrzeit":
		if !validDateTime(text) {
			m.fault("date-time", e.line, "%s is no dateTime (2026-11-24T09:30:00+01:00)", quoted(text))
		}
	case "Erstellungsuhrzeit", "TerminUhrzeit", "Uhrzeit":
		if !validTime(text) {
			m.fault("time", e.line, "%s is no time (09:30:00)", quoted(text))
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
	offered := m.message == Offer && m.open[1].name == "Schriftgutobjekt"
	switch there := m.files[name] != nil; {
	case there && name == m.file:
		m.fault("file-name", e.line, "%s is the message itself", quoted(name))
	case there && offered:
		m.warn("offer-file", e.line, "an offer (0501) has the metadata only, and %s is in the ZIP", quoted(name))
	case !there && !offered:
		m.fault("file-missing", e.line, "%s is not in the ZIP", quoted(name))
	}
}
