package xdomea

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	process = "0b0c6f4e-8a35-4f3c-9b0e-3d1f4c5a6b70"
	letter  = "5f2d1c3b-4a59-4e68-8776-95a4b3c2d1e0_Bescheid Hund Ärmel.pdf"
	stem    = process + "_Aussonderung.Aussonderung.0503"
)

// message is a made-up 0503 with one case and one document.
const message = `<?xml version="1.0" encoding="UTF-8"?>
<xdomea:Aussonderung.Aussonderung.0503 xmlns:xdomea="urn:xoev-de:xdomea:schema:3.1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:xoev-de:xdomea:schema:3.1.0 xdomea.xsd">
<xdomea:Kopf>
<xdomea:ProzessID>` + process + `</xdomea:ProzessID>
<xdomea:Nachrichtentyp listURI="urn:xoev-de:xdomea:codeliste:nachrichtentyp" listVersionID="2.0"><code>0503</code></xdomea:Nachrichtentyp>
<xdomea:Erstellungszeitpunkt>2026-11-24T09:30:00.5+01:00</xdomea:Erstellungszeitpunkt>
</xdomea:Kopf>
<xdomea:Schriftgutobjekt>
<xdomea:Vorgang>
<xdomea:Identifikation><xdomea:ID>7c6b5a49-3827-4160-9f8e-7d6c5b4a3928</xdomea:ID></xdomea:Identifikation>
<xdomea:ArchivspezifischeMetadaten>
<xdomea:Aufbewahrungsdauer><xdomea:AnzahlJahre>10</xdomea:AnzahlJahre></xdomea:Aufbewahrungsdauer>
<xdomea:Aussonderungsart><xdomea:Aussonderungsart listVersionID="1.0"><code>A</code></xdomea:Aussonderungsart></xdomea:Aussonderungsart>
<xdomea:Aufbewahrungsende>2026-12-31</xdomea:Aufbewahrungsende>
</xdomea:ArchivspezifischeMetadaten>
<xdomea:Dokument>
<xdomea:Identifikation><xdomea:ID>1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d</xdomea:ID></xdomea:Identifikation>
<xdomea:Version><xdomea:Nummer>1</xdomea:Nummer><xdomea:Format><xdomea:Primaerdokument>
<xdomea:Dateiname>` + letter + `</xdomea:Dateiname>
</xdomea:Primaerdokument></xdomea:Format></xdomea:Version>
</xdomea:Dokument>
</xdomea:Vorgang>
</xdomea:Schriftgutobjekt>
</xdomea:Aussonderung.Aussonderung.0503>
`

type entry struct {
	name, text string
	change     func(*zip.FileHeader)
}

func pack(t interface{ Fatal(...any) }, entries ...entry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		var out io.Writer
		var err error
		if e.change == nil {
			out, err = w.CreateHeader(h)
		} else { // as it says, true or not
			h.Method, h.CRC32 = zip.Store, crc32.ChecksumIEEE([]byte(e.text))
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(e.text)), uint64(len(e.text))
			e.change(h)
			out, err = w.CreateRaw(h)
		}
		if err == nil {
			_, err = io.WriteString(out, e.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func check(t *testing.T, b []byte, name string, o Options) []Finding {
	t.Helper()
	found, err := CheckPackage(bytes.NewReader(b), int64(len(b)), name, o)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// codes are the faults and warnings as "fault CODE".
func codes(found []Finding) []string {
	var s []string
	for _, f := range found {
		if f.Severity != Note {
			s = append(s, string(f.Severity)+" "+f.Code)
		}
	}
	return s
}

func good() []entry {
	return []entry{{name: stem + ".xml", text: message}, {name: letter, text: "%PDF-1.7"}}
}

func TestAccepts(t *testing.T) {
	for _, version := range versions {
		e := good()
		e[0].text = strings.ReplaceAll(message, "3.1.0", version)
		found := check(t, pack(t, e...), stem+".zip", Options{})
		if len(found) != 1 || found[0].Severity != Note || found[0].Code != "schema" {
			t.Errorf("%s: %v; want the note on the schema only", version, found)
		}
	}
}

// zeros are files that each unpack to just what is free.
func zeros(n int) (e []entry) {
	for i := range n {
		e = append(e, entry{fmt.Sprintf("%s_%d.txt", process, i), "\xff", func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, freeSize }})
	}
	return e
}

// What is wrong with the ZIP.
func TestRefusesZIP(t *testing.T) {
	file, text := good()[0], good()[1]
	as := func(name string) entry { return entry{name: name, text: "x"} }
	mode := func(m fs.FileMode) func(*zip.FileHeader) { return func(h *zip.FileHeader) { h.SetMode(m) } }
	for name, c := range map[string]struct {
		zip     string
		entries []entry
		want    []string
	}{
		"wrong name":         {"akte.zip", good(), []string{"fault package-name", "fault message-stem"}},
		"no .zip":            {stem, good(), []string{"fault package-name"}},
		"other process":      {strings.Replace(stem, "0b", "1b", 1) + ".zip", good(), []string{"fault message-stem"}},
		"other message":      {strings.Replace(stem, "0503", "0501", 1) + ".zip", good(), []string{"fault message-stem"}},
		"wrong stem":         {stem + ".zip", []entry{{name: process + "_Aussonderung.Anbieteverzeichnis.0501.xml", text: message}, text}, []string{"fault message-stem", "fault message-stem"}},
		"no message":         {stem + ".zip", []entry{text}, []string{"fault message-missing"}},
		"nothing":            {stem + ".zip", nil, []string{"fault message-missing"}},
		"two messages":       {stem + ".zip", append(good(), entry{name: process + "_Aussonderung.Anbieteverzeichnis.0501.xml", text: message}), []string{"fault message-second", "fault file-surplus"}},
		"missing file":       {stem + ".zip", []entry{file}, []string{"fault file-missing"}},
		"missing by case":    {stem + ".zip", []entry{file, {name: strings.ToUpper(letter), text: "x"}}, []string{"fault file-missing", "fault file-surplus"}},
		"surplus file":       {stem + ".zip", append(good(), as(process+"_mehr.txt")), []string{"fault file-surplus"}},
		"surplus junk":       {stem + ".zip", append(good(), as("Thumbs.db")), []string{"fault file-surplus"}},
		"sub-folder":         {stem + ".zip", []entry{file, as("dokumente/" + letter)}, []string{"fault folder", "fault file-missing"}},
		"empty folder":       {stem + ".zip", append(good(), entry{name: "dokumente/"}), []string{"fault folder"}},
		"message in folder":  {stem + ".zip", []entry{{name: "a/" + stem + ".xml", text: message}, text}, []string{"fault folder", "fault message-missing"}},
		"way up":             {stem + ".zip", append(good(), as("../"+letter)), []string{"fault path"}},
		"way up inside":      {stem + ".zip", append(good(), as("a/../../x")), []string{"fault path"}},
		"absolute":           {stem + ".zip", append(good(), as("/etc/passwd")), []string{"fault path"}},
		"drive":              {stem + ".zip", append(good(), as(`C:\x.txt`)), []string{"fault path"}},
		"backslash":          {stem + ".zip", append(good(), as(`..\x.txt`)), []string{"fault path"}},
		"control character":  {stem + ".zip", append(good(), as("a\nb.txt")), []string{"fault path"}},
		"no UTF-8":           {stem + ".zip", append(good(), as("a\xe4b.txt")), []string{"fault path"}},
		"long name":          {stem + ".zip", append(good(), as(strings.Repeat("a", 300))), []string{"fault path"}},
		"twice":              {stem + ".zip", append(good(), text), []string{"fault duplicate"}},
		"twice but for case": {stem + ".zip", append(good(), entry{name: strings.ToLower(letter), text: "x"}), []string{"fault duplicate"}},
		"symlink":            {stem + ".zip", []entry{file, {letter, "/etc/passwd", mode(fs.ModeSymlink | 0o777)}}, []string{"fault special", "fault file-missing"}},
		"device":             {stem + ".zip", []entry{file, {letter, "", mode(fs.ModeDevice | 0o600)}}, []string{"fault special", "fault file-missing"}},
		"encrypted":          {stem + ".zip", []entry{file, {letter, "x", func(h *zip.FileHeader) { h.Flags |= 1 }}}, []string{"fault encrypted", "fault file-missing"}},
		"other packing":      {stem + ".zip", []entry{file, {letter, "x", func(h *zip.FileHeader) { h.Method = 14 }}}, []string{"fault method", "fault file-missing"}},
		"empty file":         {stem + ".zip", []entry{file, {name: letter}}, []string{"warning file-empty"}},
		"wrong CRC":          {stem + ".zip", []entry{file, {letter, "x", func(h *zip.FileHeader) { h.CRC32++ }}}, []string{"fault file-broken"}},
		"wrong CRC, message": {stem + ".zip", []entry{{file.name, message, func(h *zip.FileHeader) { h.CRC32++ }}, text}, []string{"fault file-broken"}},
		"larger than said":   {stem + ".zip", []entry{file, {letter, "xyz", func(h *zip.FileHeader) { h.UncompressedSize64 = 2 }}}, []string{"fault file-broken"}},
		"broken deflate":     {stem + ".zip", []entry{file, {letter, "\xff\xff", func(h *zip.FileHeader) { h.Method = zip.Deflate }}}, []string{"fault file-broken"}},
		"bomb, honest":       {stem + ".zip", []entry{file, {name: letter, text: strings.Repeat("\x00", 20<<20)}}, []string{"fault zip-bomb"}},
		// Were it unpacked, file-broken would follow.
		"bomb, declared":    {stem + ".zip", []entry{file, {letter, "\xff", func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, 1<<30 }}}, []string{"fault zip-bomb"}},
		"bomb of many":      {stem + ".zip", append(good(), zeros(40)...), []string{"fault zip-bomb"}},
		"message too large": {stem + ".zip", []entry{{file.name, strings.Repeat("x", 6<<20), func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, maxMessage+1 }}, text}, []string{"fault message-size"}},
		"too large":         {stem + ".zip", []entry{file, {letter, "\xff", func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, 1<<40 }}}, []string{"fault zip-size"}},
		"size overflows":    {stem + ".zip", []entry{file, {letter, "\xff", func(h *zip.FileHeader) { h.UncompressedSize64 = 1<<64 - 2 }}}, []string{"fault zip-size"}},
		"packed too much":   {stem + ".zip", []entry{file, {letter, "\xff", func(h *zip.FileHeader) { h.CompressedSize64 = 1 << 30 }}}, []string{"fault zip-bomb"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := check(t, pack(t, c.entries...), c.zip, Options{})
			if got := codes(found); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q\n%v", got, c.want, found)
			}
		})
	}
}

// What is wrong with the message; each is one change.
func TestRefusesMessage(t *testing.T) {
	const document = "<xdomea:Dokument>"
	for name, c := range map[string]struct {
		old, new string
		want     []string
		line     int
	}{
		"dateTime: month":     {"2026-11-24T", "2026-13-24T", []string{"fault date-time"}, 6},
		"dateTime: blank":     {"24T09", "24 09", []string{"fault date-time"}, 6},
		"dateTime: zone":      {"+01:00", "+0100", []string{"fault date-time"}, 6},
		"date":                {"2026-12-31", "31.12.2026", []string{"fault date"}, 14},
		"date: calendar":      {"2026-12-31", "2026-02-29", []string{"fault date"}, 14},
		"time of day":         {"</xdomea:Version>", "</xdomea:Version><xdomea:Uhrzeit>24:01:00</xdomea:Uhrzeit>", []string{"fault time"}, 20},
		"UUID":                {"7c6b5a49-3827", "7c6b5a49-382g", []string{"fault uuid"}, 10},
		"UUID: none":          {"7c6b5a49-3827-4160-9f8e-7d6c5b4a3928", "", []string{"fault uuid"}, 10},
		"process":             {"<xdomea:ProzessID>0b", "<xdomea:ProzessID>1b", []string{"fault process-id"}, 4},
		"process in capitals": {"<xdomea:ProzessID>0b", "<xdomea:ProzessID>0B", nil, 0},
		"message type":        {"<code>0503", "<code>0501", []string{"fault message-type"}, 5},
		"no time":             {"xdomea:Erstellungszeitpunkt>", "xdomea:Zeit>", []string{"fault head"}, 0},
		"nothing in it":       {"xdomea:Schriftgutobjekt>", "xdomea:Anschreiben>", []string{"fault content"}, 0},
		"no retention":        {"<xdomea:AnzahlJahre>10<", "<xdomea:AnzahlJahre> <", []string{"warning archive-metadata"}, 9},
		"no kind":             {"<code>A<", "<code><", []string{"warning archive-metadata"}, 9},
		"no metadata":         {"ArchivspezifischeMetadaten>", "Mehr>", []string{"warning archive-metadata", "warning archive-metadata", "warning archive-metadata"}, 9},
		"no end":              {"xdomea:Aufbewahrungsende>", "xdomea:Mehr>", []string{"warning archive-metadata"}, 9},
		"no end, for ever": {message[strings.Index(message, "<xdomea:AnzahlJahre>"):strings.Index(message, "</xdomea:ArchivspezifischeMetadaten>")],
			"<xdomea:Unbefristet>1</xdomea:Unbefristet></xdomea:Aufbewahrungsdauer><xdomea:Aussonderungsart><xdomea:Aussonderungsart><code>A</code></xdomea:Aussonderungsart></xdomea:Aussonderungsart>", nil, 0},
		"version 4":           {"schema:3.1.0", "schema:4.0.0", []string{"fault version"}, 2},
		"other standard":      {"urn:xoev-de:xdomea:schema:", "urn:xoev-de:xzufi:schema:", []string{"fault namespace"}, 2},
		"prefix":              {"xdomea:", "x:", []string{"fault prefix"}, 2}, // of the namespace too, see below
		"prefix: none":        {document, `<Dokument xmlns="urn:xoev-de:xdomea:schema:3.1.0"/>` + document, []string{"fault prefix"}, 16},
		"no schemaLocation":   {"xsi:schemaLocation", "xsi:other", []string{"fault schema-location"}, 2},
		"other location":      {`schemaLocation="urn:xoev-de:xdomea:schema:3.1.0`, `schemaLocation="urn:other`, []string{"fault schema-location"}, 2},
		"other root":          {"Aussonderung.Aussonderung.0503", "Geschaeftsgang.Geschaeftsgang.0201", []string{"fault message", "fault message-stem"}, 2},
		"DTD":                 {"<xdomea:Aussonderung.Aussonderung.0503 ", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><xdomea:Aussonderung.Aussonderung.0503 `, []string{"fault doctype"}, 2},
		"entity":              {"A</code>", "&b;</code>", []string{"fault xml"}, 13},
		"not closed":          {"</xdomea:Vorgang>", "", []string{"fault xml"}, 23},
		"cut off":             {message[200:], "", []string{"fault xml"}, 2},
		"empty":               {message, "", []string{"fault xml"}, 0},
		"encoding":            {`"UTF-8"`, `"ISO-8859-1"`, []string{"fault encoding"}, 1},
		"not UTF-8":           {"<code>A<", "<code>\xe4<", []string{"fault xml"}, 13},
		"deep":                {document, strings.Repeat("<xdomea:a>", maxDepth) + document, []string{"fault depth"}, 16},
		"large tag":           {document, "<a" + strings.Repeat(" ", maxToken+9999) + "/>" + document, []string{"fault token"}, 16},
		"long name":           {document, "<a" + strings.Repeat("ä", 60) + ">" + document, []string{"fault xml"}, 22},
		"second root":         {"</xdomea:Aussonderung.Aussonderung.0503>", "</xdomea:Aussonderung.Aussonderung.0503><a/>", []string{"fault xml"}, 24},
		"text behind":         {"</xdomea:Aussonderung.Aussonderung.0503>", "</xdomea:Aussonderung.Aussonderung.0503>a", []string{"fault xml"}, 24},
		"file without UUID":   {letter, "brief.pdf", []string{"fault file-name", "fault file-missing", "fault file-surplus"}, 19},
		"file leads out":      {letter, "../" + letter, []string{"fault file-name", "fault file-missing", "fault file-surplus"}, 19},
		"file has no ending":  {letter, "5f2d1c3b-4a59-4e68-8776-95a4b3c2d1e0", []string{"warning file-name", "fault file-missing", "fault file-surplus"}, 19},
		"file is the message": {letter, stem + ".xml", []string{"fault file-name", "fault file-surplus"}, 19},
		"signature missing":   {"</xdomea:Primaerdokument>", "<xdomea:SignaturSiegel><xdomea:SignaturSiegelDatei>5f2d1c3b-4a59-4e68-8776-95a4b3c2d1e1.p7s</xdomea:SignaturSiegelDatei></xdomea:SignaturSiegel></xdomea:Primaerdokument>", []string{"fault file-missing"}, 20},
		"file named twice":    {"</xdomea:Dateiname>", "</xdomea:Dateiname><xdomea:Dateiname>" + letter + "</xdomea:Dateiname>", []string{"warning file-twice"}, 19},
		"mark at the start":   {"<?xml", "\ufeff<?xml", nil, 0},
		"comments inside":     {"<code>0503<", "<code>05<!-- -->03<", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := good()
			e[0].text = strings.ReplaceAll(message, c.old, c.new)
			if e[0].text == message {
				t.Fatal("the change changes nothing")
			}
			if name == "prefix" {
				e[0].text = strings.ReplaceAll(strings.ReplaceAll(e[0].text, "urn:xoev-de:x:", "urn:xoev-de:xdomea:"), "xmlns:xdomea", "xmlns:x")
			}
			found := check(t, pack(t, e...), stem+".zip", Options{})
			if got := codes(found); !slices.Equal(got, c.want) {
				t.Fatalf("got %q, want %q\n%v", got, c.want, found)
			}
			if len(c.want) > 0 && (found[0].Line != c.line || found[0].File != stem+".xml") {
				t.Errorf("got %s:%d, want line %d\n%v", found[0].File, found[0].Line, c.line, found[0])
			}
		})
	}
}

// An offer has the metadata only.
func TestOffer(t *testing.T) {
	stem := process + "_Aussonderung.Anbieteverzeichnis.0501"
	m := strings.NewReplacer("Aussonderung.Aussonderung.0503", "Aussonderung.Anbieteverzeichnis.0501", "<code>0503", "<code>0501").Replace(message)
	without := codes(check(t, pack(t, entry{name: stem + ".xml", text: m}), stem+".zip", Options{}))
	if !slices.Equal(without, []string{"warning archive-metadata"}) {
		t.Errorf("without a proposal: %q", without)
	}
	m = strings.Replace(m, "<xdomea:Aufbewahrungsende>", "<xdomea:Bewertungsvorschlag><code>A</code></xdomea:Bewertungsvorschlag><xdomea:Aufbewahrungsende>", 1)
	if got := codes(check(t, pack(t, entry{name: stem + ".xml", text: m}), stem+".zip", Options{})); got != nil {
		t.Errorf("without the file: %q", got)
	}
	if got := codes(check(t, pack(t, entry{name: stem + ".xml", text: m}, good()[1]), stem+".zip", Options{})); !slices.Equal(got, []string{"warning offer-file"}) {
		t.Errorf("with the file: %q", got)
	}
}

func TestFindingSaysWhere(t *testing.T) {
	e := good()
	e[0].text = strings.ReplaceAll(message, "2026-11-24T", "2026-13-24T")
	want := "fault: " + stem + ".xml:6: /Aussonderung.Aussonderung.0503/Kopf/Erstellungszeitpunkt: " +
		`"2026-13-24T09:30:00.5+01:00" is no dateTime (2026-11-24T09:30:00+01:00) [date-time]`
	if got := check(t, pack(t, e...), stem+".zip", Options{})[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	odd := Finding{Severity: Fault, Code: "path", File: "a\x1b[2J\u202eb"}.String()
	if strings.ContainsAny(odd, "\x1b\u202e") {
		t.Errorf("a terminal would act on %q", odd)
	}
}

func TestBounds(t *testing.T) {
	var e []entry
	for i := range 3000 {
		e = append(e, entry{name: fmt.Sprintf("%s_%d.txt", process, i), text: "x"})
	}
	b := pack(t, e...)
	for _, limit := range []int{1, 2999} { // over the budget of the directory, and within it
		if got := codes(check(t, b, stem+".zip", Options{MaxEntries: limit})); !slices.Equal(got, []string{"fault zip-entries"}) {
			t.Errorf("MaxEntries %d: %q", limit, got)
		}
	}
	if got := codes(check(t, b, stem+".zip", Options{MaxSize: 2999})); !slices.Equal(got, []string{"fault zip-size"}) {
		t.Errorf("MaxSize: %q", got)
	}
	found := check(t, pack(t, append(good(), e...)...), stem+".zip", Options{})
	if len(found) != maxFindings+1 || found[maxFindings].Code != "more" {
		t.Errorf("%d findings, the last %v", len(found), found[len(found)-1])
	}
	if got := codes(check(t, []byte("no ZIP"), stem+".zip", Options{})); !slices.Equal(got, []string{"fault zip-broken"}) {
		t.Errorf("no ZIP: %q", got)
	}
}

// A Fault is told however many warnings come first.
func TestFaultAmongWarnings(t *testing.T) {
	object := message[strings.Index(message, "<xdomea:Schriftgutobjekt>"):strings.Index(message, "</xdomea:Aussonderung.Aussonderung.0503>")]
	e := good()
	e[0].text = strings.Replace(message, object, strings.Repeat(strings.ReplaceAll(object, "ArchivspezifischeMetadaten", "Mehr"), maxFindings), 1)
	e = append(e, entry{name: process + "_mehr.txt", text: "x"})
	found := check(t, pack(t, e...), stem+".zip", Options{})
	if !HasFault(found) || len(found) != maxFindings+1 {
		t.Errorf("%d findings, fault: %v", len(found), HasFault(found))
	}
}

// A failing disk is no finding.
func TestReadError(t *testing.T) {
	b := pack(t, good()...)
	for fails := range 6 {
		r := &failing{b: b, left: fails}
		found, err := CheckPackage(r, int64(len(b)), stem+".zip", Options{})
		if r.left < 0 && !errors.Is(err, errDisk) {
			t.Errorf("after %d reads: %v, %v", fails, found, err)
		}
	}
}

var errDisk = errors.New("disk")

type failing struct {
	b    []byte
	left int
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errDisk
	}
	return bytes.NewReader(f.b).ReadAt(p, off)
}

// A small schema of our own: the ProzessID only.
const ownSchema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:xoev-de:xdomea:schema:3.1.0" elementFormDefault="qualified">
<xs:element name="Aussonderung.Aussonderung.0503"><xs:complexType><xs:sequence>
<xs:element name="Kopf"><xs:complexType><xs:sequence><xs:any processContents="skip" maxOccurs="3"/></xs:sequence></xs:complexType></xs:element>
<xs:any processContents="skip" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>`

func TestSchema(t *testing.T) {
	dir := t.TempDir()
	if _, err := CheckPackage(bytes.NewReader(nil), 0, stem+".zip", Options{Schema: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no schema in the folder: %v", err)
	}
	write := func(s string) {
		if err := os.WriteFile(filepath.Join(dir, schemaFile), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(ownSchema)
	o := Options{Schema: dir}
	b := pack(t, good()...)

	t.Run("without xmllint", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if found := check(t, b, stem+".zip", o); len(found) != 1 || !strings.Contains(found[0].Message, "xmllint is not installed") {
			t.Error(found)
		}
	})
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Fatal("xmllint is not installed (libxml2-utils): run make deps")
	}
	if found := check(t, b, stem+".zip", o); len(found) != 0 {
		t.Errorf("valid: %v", found)
	}
	e := good()
	e[0].text = strings.Replace(message, "</xdomea:Kopf>", "<xdomea:Mehr/></xdomea:Kopf>", 1)
	found := check(t, pack(t, e...), stem+".zip", o)
	if len(found) != 1 || found[0].Severity != Fault || found[0].Code != "schema" || found[0].Line != 7 || found[0].Path != "Mehr" {
		t.Errorf("not valid: %+v", found)
	}
	for m, why := range map[Message]string{Transfer: "there is no xdomea-Nachrichten-AbgabeDurchfuehren.xsd", "0201": "of no kind that is known"} {
		e := good()
		e[0].text = strings.NewReplacer(Disposal.String(), "Abgabe.Abgabe."+string(m), "<code>0503", "<code>"+string(m)).Replace(message)
		found := check(t, pack(t, e...), stem+".zip", o)
		if n := found[len(found)-1]; n.Severity != Note || !strings.Contains(n.Message, why) {
			t.Errorf("%s: %v", m, found)
		}
	}
	write(strings.Replace(ownSchema, "3.1.0", "3.0.0", 1))
	if found := check(t, b, stem+".zip", o); len(found) != 1 || found[0].Severity != Note {
		t.Errorf("of another version: %v", found)
	}
	write(strings.Replace(ownSchema, "</xs:schema>", "", 1))
	if _, err := CheckPackage(bytes.NewReader(b), int64(len(b)), stem+".zip", o); err == nil {
		t.Error("a broken schema is none")
	}
}

// Dates and times, against the calendar.
func TestTimes(t *testing.T) {
	for s, want := range map[string]bool{
		"2026-11-24T09:30:00": true, "2026-11-24T09:30:00Z": true, "2026-11-24T24:00:00": true, "2026-11-24T09:30:00.123-14:00": true,
		"2026-11-24T24:00:01": false, "2026-11-24T9:30:00": false, "2026-11-24T09:30": false, "2026-11-24": false, "": false,
		"2026-11-24T09:30:60": false, "2026-11-24T09:30:00,5": false, "2026-11-24T09:30:00+14:01": false, "2026-02-30T00:00:00": false, "0000-01-01T00:00:00": false,
	} {
		if validDateTime(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		y, m, d := rapid.IntRange(0, 9999).Draw(t, "y"), rapid.IntRange(0, 13).Draw(t, "m"), rapid.IntRange(0, 32).Draw(t, "d")
		days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
		ok := y > 0 && m >= 1 && m <= 12 && d >= 1 && (d <= days[m-1] || m == 2 && d == 29 && y%4 == 0 && (y%100 != 0 || y%400 == 0))
		if s := fmt.Sprintf("%04d-%02d-%02d", y, m, d); validDate(s) != ok {
			t.Fatalf("%s: %v", s, !ok)
		}
	})
}

func FuzzCheckPackage(f *testing.F) {
	f.Add(pack(f, good()...), stem+".zip")
	f.Add(pack(f, entry{name: "../x", text: "y"}, entry{name: "a/", text: ""}), "a.zip")
	f.Add(pack(f, good()[0], entry{letter, "xyz", func(h *zip.FileHeader) { h.UncompressedSize64 = 2 }}), stem+".zip")
	f.Fuzz(fuzzed)
}

// FuzzMessage is FuzzCheckPackage with a ZIP in order, so that the fuzzer's bytes come to the message.
func FuzzMessage(f *testing.F) {
	f.Add(message)
	f.Add(message[:700])
	f.Fuzz(func(t *testing.T, text string) {
		whole := entry{stem + ".xml", text, func(*zip.FileHeader) {}} // stored
		fuzzed(t, pack(t, whole, entry{letter, "x", func(*zip.FileHeader) {}}), stem+".zip")
	})
}

// fuzzed holds for any bytes.
func fuzzed(t *testing.T, b []byte, name string) {
	found, err := CheckPackage(bytes.NewReader(b), int64(len(b)), name, Options{MaxEntries: 1000, MaxSize: 64 << 20})
	if err != nil {
		t.Fatal(err) // bytes in memory do not fail
	}
	if len(found) > maxFindings+1 {
		t.Fatalf("%d findings", len(found))
	}
	for _, x := range found {
		if x.Code == "" || x.Message == "" || strings.ContainsAny(x.String(), "\n\x1b") {
			t.Fatalf("finding %+v", x)
		}
	}
	if !HasFault(found) && !strings.HasSuffix(name, ".zip") {
		t.Fatalf("accepted under the name %q", name)
	}
}
