package xdomea

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The made-up 0503 of the checker's tests, as items.
func TestReadDisposal(t *testing.T) {
	for _, version := range versions {
		m := strings.ReplaceAll(message, "3.1.0", version)
		h, items, err := read(NewReader(strings.NewReader(m)))
		if err != nil {
			t.Fatal(version, err)
		}
		if h.Version != version || h.Message != Disposal || h.ProcessID != process || !h.Created.Equal(time.Date(2026, 11, 24, 8, 30, 0, 5e8, time.UTC)) {
			t.Errorf("%s: %+v", version, h)
		}
		want := &Case{ID: other, Retention: Retention{Keep: Years(10), Appraisal: Archive, End: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
			Documents: []Document{{ID: "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d", Versions: []Version{{Label: "1", Formats: []Format{{FileName: letter}}}}}}}
		if d := cmp.Diff([]Item{want}, items, cmp.AllowUnexported(Keep{})); d != "" {
			t.Errorf("%s: %s", version, d)
		}
	}
}

// frame puts a message around what 2.4 has in it.
func frame(m Message, version, inside string) string {
	return fmt.Sprintf(`<xdomea:%[1]s xmlns:xdomea="urn:xoev-de:xdomea:schema:%[2]s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:xoev-de:xdomea:schema:%[2]s x.xsd">
<xdomea:Kopf><xdomea:ProzessID>%[3]s</xdomea:ProzessID><xdomea:Nachrichtentyp><code>%[4]s</code></xdomea:Nachrichtentyp>
<xdomea:Erstellungszeitpunkt>2020-01-01T24:00:00</xdomea:Erstellungszeitpunkt>
<xdomea:Absender><xdomea:Behoerdenkennung><xdomea:Kennung listURI="urn:x" listVersionID="1"><code>16</code></xdomea:Kennung></xdomea:Behoerdenkennung></xdomea:Absender><xdomea:Empfaenger/></xdomea:Kopf>
%[5]s</xdomea:%[1]s>`, m, version, process, string(m), inside)
}

// What 2.4 says in another way.
func TestRead24(t *testing.T) {
	h, items, err := read(NewReader(strings.NewReader(frame(Disposal, "2.4.0", `<xdomea:Schriftgutobjekt><xdomea:Akte>
<xdomea:Identifikation><xdomea:ID>7C6B5A49-3827-4160-9F8E-7D6C5B4A3928</xdomea:ID><xdomea:NummerImUebergeordnetenContainer>A 1</xdomea:NummerImUebergeordnetenContainer></xdomea:Identifikation>
<xdomea:ArchivspezifischeMetadaten><xdomea:Aufbewahrungsdauer> 30 </xdomea:Aufbewahrungsdauer><xdomea:Aussonderungsart><code>V</code></xdomea:Aussonderungsart><xdomea:Aufbewahrungsende>2019</xdomea:Aufbewahrungsende></xdomea:ArchivspezifischeMetadaten>
<xdomea:HistorienProtokollInformation><xdomea:Metadatum>Betreff</xdomea:Metadatum><xdomea:AlterWert>a</xdomea:AlterWert><xdomea:NeuerWert>b</xdomea:NeuerWert><xdomea:Akteur>c</xdomea:Akteur><xdomea:DatumUhrzeit>2019-01-01T00:00:00+01:00</xdomea:DatumUhrzeit><xdomea:Aktion>d</xdomea:Aktion></xdomea:HistorienProtokollInformation>
<xdomea:Akteninhalt><xdomea:Dokument><xdomea:Identifikation><xdomea:ID>1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d</xdomea:ID></xdomea:Identifikation></xdomea:Dokument></xdomea:Akteninhalt>
<xdomea:Teilakte><xdomea:Identifikation><xdomea:ID>1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8e</xdomea:ID></xdomea:Identifikation></xdomea:Teilakte>
</xdomea:Akte></xdomea:Schriftgutobjekt>`))))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{ID: other, Retention: Retention{Keep: Years(30), Appraisal: Destroy, End: time.Date(2019, 12, 31, 0, 0, 0, 0, time.UTC)},
		History:   []Change{{Field: "Betreff", Old: "a", New: "b", Actor: "c", At: time.Date(2018, 12, 31, 23, 0, 0, 0, time.UTC), Action: "d"}},
		Documents: []Document{*document()}, Parts: []File{{ID: "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8e"}}}
	if d := cmp.Diff([]Item{want}, items, cmp.AllowUnexported(Keep{})); d != "" {
		t.Error(d)
	}
	if h.Sender.AuthorityKey != (Code{"16", "", "urn:x", "1"}) || !h.Created.Equal(time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", h)
	}

	result := frame(DisposalResult, "2.4.0", `<xdomea:ErfolgOderMisserfolg><xdomea:Erfolgreich>1</xdomea:Erfolgreich><xdomea:Rueckgabeparameter><xdomea:ID>`+other+`</xdomea:ID><xdomea:Archivkennung>B 7</xdomea:Archivkennung></xdomea:Rueckgabeparameter></xdomea:ErfolgOderMisserfolg>`)
	_, items, err = read(NewReader(strings.NewReader(result)))
	if d := cmp.Diff([]Item{&Result{OK: true}, &Result{ID: other, OK: true, ArchiveID: "B 7"}}, items); err != nil || d != "" {
		t.Error(err, d)
	}
	name := process + "_" + DisposalResult.String()
	if found := codes(check(t, pack(t, entry{name: name + ".xml", text: result}), name+".zip", Options{})); found != nil {
		t.Error(found)
	}
	_, items, err = read(NewReader(strings.NewReader(frame(DisposalResult, "2.4.0", `<xdomea:ErfolgOderMisserfolg><xdomea:Erfolgreich>false</xdomea:Erfolgreich><xdomea:Fehlermeldung>nein</xdomea:Fehlermeldung></xdomea:ErfolgOderMisserfolg>`))))
	if d := cmp.Diff([]Item{&Result{Errors: []string{"nein"}}}, items); err != nil || d != "" {
		t.Error(err, d)
	}
	_, items, err = read(NewReader(strings.NewReader(frame(AppraisalList, "2.4.0", `<xdomea:BewertetesObjekt><xdomea:ID>`+other+`</xdomea:ID><xdomea:Aussonderungsart><code>A</code></xdomea:Aussonderungsart></xdomea:BewertetesObjekt>`))))
	if d := cmp.Diff([]Item{&Appraised{ID: other, Appraisal: Archive}}, items); err != nil || d != "" {
		t.Error(err, d)
	}
}

// Elements that are not known are passed over, wherever they are.
func TestReadUnknown(t *testing.T) {
	for _, behind := range []string{"<xdomea:Kopf>", "</xdomea:Kopf>", "<xdomea:Vorgang>", "</xdomea:Vorgang>", "<xdomea:Identifikation>", "<xdomea:Aufbewahrungsdauer>", "<code>", "<xdomea:Dateiname>"} {
		m := strings.Replace(message, behind, behind+`<!-- c --><?p i?><x:a xmlns:x="urn:x"><x:Vorgang>b<x:ID>1</x:ID></x:Vorgang></x:a><xdomea:Neu><xdomea:ID>2</xdomea:ID></xdomea:Neu>`, 1)
		_, items, err := read(NewReader(strings.NewReader(m)))
		if err != nil || len(items) != 1 {
			t.Errorf("behind %s: %d items, %v", behind, len(items), err)
			continue
		}
		if c := items[0].(*Case); c.ID != other || c.Retention.Keep != Years(10) || c.Documents[0].Versions[0].Formats[0].FileName != letter {
			t.Errorf("behind %s: %+v", behind, c)
		}
	}
}

// What the Reader refuses; each is one change to a good message.
func TestReaderRefuses(t *testing.T) {
	const document = "<xdomea:Dokument>"
	for name, c := range map[string]struct {
		old, new, want string
		line           int
	}{
		"version 4":        {"schema:3.1.0", "schema:4.0.0", "version", 2},
		"other standard":   {"urn:xoev-de:xdomea:schema:", "urn:xoev-de:xzufi:schema:", "namespace", 2},
		"other message":    {"Aussonderung.Aussonderung.0503", "Geschaeftsgang.Geschaeftsgang.0201", "message", 2},
		"type":             {"<code>0503", "<code>0501", "message-type", 7},
		"no Kopf":          {"xdomea:Kopf", "xdomea:Zopf", "head", 3},
		"no process":       {"ProzessID>", "Prozess>", "uuid", 3},
		"no time":          {"Erstellungszeitpunkt>", "Zeit>", "head", 7},
		"time":             {"2026-11-24T", "2026-13-24T", "value", 6},
		"date":             {"2026-12-31", "31.12.2026", "value", 14},
		"year":             {"2026-12-31", "2026", "value", 14},
		"UUID":             {"<xdomea:ID>7c6b5a49", "<xdomea:ID>7c6b5a4", "value", 10},
		"no ID":            {"<xdomea:Identifikation><xdomea:ID>7c6b5a49-3827-4160-9f8e-7d6c5b4a3928</xdomea:ID></xdomea:Identifikation>", "", "uuid", 9},
		"two IDs":          {"</xdomea:ID></xdomea:Identifikation>\n<xdomea:Archiv", "</xdomea:ID><xdomea:ID>" + process + "</xdomea:ID></xdomea:Identifikation>\n<xdomea:Archiv", "xml", 10},
		"years":            {"AnzahlJahre>10<", "AnzahlJahre>-1<", "value", 12},
		"too many years":   {"AnzahlJahre>10<", "AnzahlJahre>65536<", "value", 12},
		"two periods":      {"<xdomea:AnzahlJahre>10", "<xdomea:Unbefristet>1</xdomea:Unbefristet><xdomea:AnzahlJahre>10", "value", 12},
		"appraisal":        {"<code>A<", "<code>X<", "code", 13},
		"nothing in it":    {"xdomea:Schriftgutobjekt>", "xdomea:Anderes>", "content", 25},
		"DTD":              {"<xdomea:Aussonderung.Aussonderung.0503 ", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><xdomea:Aussonderung.Aussonderung.0503 `, "doctype", 2},
		"entity":           {"A</code>", "&b;</code>", "xml", 13},
		"not closed":       {"</xdomea:Vorgang>", "", "xml", 23},
		"cut off":          {message[400:], "", "xml", 5},
		"cut off later":    {message[700:], "", "xml", 10},
		"empty":            {message, "", "xml", 0},
		"encoding":         {`"UTF-8"`, `"ISO-8859-1"`, "encoding", 1},
		"deep":             {document, strings.Repeat("<xdomea:a>", maxDepth) + document, "depth", 16},
		"deep parts":       {document, strings.Repeat("<xdomea:Teilvorgang>", maxDepth) + document, "depth", 16},
		"large tag":        {document, "<a" + strings.Repeat(" ", maxToken+9999) + "/>" + document, "token", 16},
		"second root":      {"</xdomea:Aussonderung.Aussonderung.0503>", "</xdomea:Aussonderung.Aussonderung.0503><a/>", "xml", 24},
		"text behind":      {"</xdomea:Aussonderung.Aussonderung.0503>", "</xdomea:Aussonderung.Aussonderung.0503>a", "xml", 24},
		"two in an object": {"</xdomea:Vorgang>", "</xdomea:Vorgang><xdomea:Vorgang/>", "uuid", 22},
	} {
		t.Run(name, func(t *testing.T) {
			m := strings.ReplaceAll(message, c.old, c.new)
			if m == message {
				t.Fatal("the change changes nothing")
			}
			r, err := NewReader(strings.NewReader(m))
			_, _, err = read(r, err)
			var no *Error
			if !errors.As(err, &no) || no.Found[0].Code != c.want || no.Found[0].Line != c.line {
				t.Fatalf("%v, want %s in line %d", err, c.want, c.line)
			}
			if _, again := r.Next(); !errors.Is(again, err) {
				t.Errorf("the error did not stay: %v", again)
			}
		})
	}
}

// A refusal names the element that it is about, as a finding on a package does.
func TestReaderNamesElement(t *testing.T) {
	const root = "/Aussonderung.Aussonderung.0503"
	for _, c := range []struct{ old, new, want string }{
		{message, "<a/>", "/a"},
		{"xdomea:Kopf", "xdomea:Zopf", root + "/Kopf"},
		{"<code>0503", "<code>0501", root + "/Kopf/Nachrichtentyp"},
		{"ProzessID>", "Prozess>", root + "/Kopf/ProzessID"},
		{"Erstellungszeitpunkt>", "Zeit>", root + "/Kopf/Erstellungszeitpunkt"},
		{"2026-11-24T", "2026-13-24T", root + "/Kopf/Erstellungszeitpunkt"},
		{"xdomea:Schriftgutobjekt>", "xdomea:Anderes>", root + "/Schriftgutobjekt"},
		{"</xdomea:Vorgang>", "", root + "/Schriftgutobjekt/Vorgang"},
		{message, "", ""},
	} {
		m := strings.ReplaceAll(message, c.old, c.new)
		r, err := NewReader(strings.NewReader(m))
		_, _, err = read(r, err)
		var no *Error
		if !errors.As(err, &no) || no.Found[0].Path != c.want {
			t.Errorf("%q: %v, want it at %s", c.new, err, c.want)
		}
	}
}

// One record may not take all memory, whatever it costs the sender.
func TestReaderBudget(t *testing.T) {
	r, err := NewReader(strings.NewReader(strings.Replace(message, "<xdomea:Dokument>", strings.Repeat("<xdomea:Kontakt/>", 10_000)+"<xdomea:Dokument>", 1)))
	if err != nil {
		t.Fatal(err)
	}
	r.limit = 1 << 20
	var no *Error
	if _, err := r.Next(); !errors.As(err, &no) || no.Found[0].Code != "item-size" {
		t.Error(err)
	}
	r, err = NewReader(io.MultiReader(strings.NewReader(message[:strings.Index(message, "</xdomea:Kopf>")]), endless{}))
	if r.err == nil || !errors.As(err, &no) || no.Found[0].Code != "message-size" && no.Found[0].Code != "item-size" {
		t.Error(err)
	}
}

// endless are elements without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	const e = "<xdomea:WeitererEmpfaenger/>"
	return copy(p, bytes.Repeat([]byte(e), max(1, len(p)/len(e)))), nil
}

// A failing disk is an error in the middle of a message too.
func TestReaderDisk(t *testing.T) {
	r, err := NewReader(io.MultiReader(strings.NewReader(message[:1500]), failingReader{}))
	if _, _, err = read(r, err); err == nil || !strings.Contains(err.Error(), "disk") {
		t.Error(err)
	}
}

// Items can be left early.
func TestItemsStop(t *testing.T) {
	r, err := NewReader(bytes.NewReader(write(t, testHead(Transfer), document(), document())))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Items() {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := r.Next(); err != nil {
		t.Error(err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// FuzzReadMessage reads any bytes as a message. What is read can be written and is the same when read again.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(message))
	f.Add([]byte(frame(DisposalResult, "2.4.0", `<xdomea:ErfolgOderMisserfolg><xdomea:Erfolgreich>1</xdomea:Erfolgreich></xdomea:ErfolgOderMisserfolg>`)))
	f.Add([]byte(frame(AppraisalList, "3.1.0", `<xdomea:BewertetesObjekt><xdomea:ID>`+other+`</xdomea:ID><xdomea:Aussonderungsart><xdomea:Aussonderungsart><code>A</code></xdomea:Aussonderungsart></xdomea:Aussonderungsart></xdomea:BewertetesObjekt>`)))
	f.Add([]byte(frame(Disposal, "3.1.0", `<xdomea:Schriftgutobjekt><xdomea:Dokument><xdomea:Identifikation><xdomea:ID>`+other+`</xdomea:ID></xdomea:Identifikation><xdomea:AnwendungsspezifischeErweiterungXML><a xmlns="u" b="c"><d/>e</a></xdomea:AnwendungsspezifischeErweiterungXML></xdomea:Dokument></xdomea:Schriftgutobjekt>`)))
	f.Add(write(f, testHead(Offer), offered(1), offered(2)))
	f.Add(write(f, testHead(FilePlan), &Plan{Name: "Plan", Units: []PlanUnit{{Keep: Forever(), Appraisal: Archive, Units: []PlanUnit{{Keep: Years(1), Other: "x"}}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b))
		h, items, err := read(r, err)
		if err != nil {
			var no *Error
			if !errors.As(err, &no) || len(no.Found) != 1 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if h.Version = "3.1.0"; !slices.ContainsFunc(items, func(i Item) bool { r, ok := i.(*Result); return ok && r.ID == "" }) {
			rewrite(t, h, items)
		}
	})
}

// rewrite holds for items that were read: if the Writer takes them, they are read as they were.
func rewrite(t *testing.T, h Head, items []Item) {
	var b bytes.Buffer
	w, err := NewWriter(&b, h)
	if err != nil {
		return
	}
	for _, item := range items {
		if w.Write(item) != nil {
			return // codes, names of files and the order are not looked at by the Reader
		}
	}
	if w.Close() != nil {
		return
	}
	_, again, err := read(NewReader(&b))
	if err != nil || len(again) != len(items) {
		t.Fatalf("%d of %d items: %v", len(again), len(items), err)
	}
	var c bytes.Buffer
	if w, err = NewWriter(&c, h); err != nil {
		t.Fatal(err)
	}
	for _, item := range again {
		if err := w.Write(item); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzReadPackage opens any bytes as a package and reads all that is in it.
func FuzzReadPackage(f *testing.F) {
	f.Add(pack(f, good()...))
	f.Add(packed(f, testHead(Transfer), document(letter)))
	f.Add(packed(f, testHead(AppraisalList), &Appraised{ID: other, Appraisal: Destroy}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := OpenPackage(bytes.NewReader(b), int64(len(b)), Options{MaxEntries: 1000, MaxSize: 64 << 20})
		var no *Error
		if err != nil {
			if !errors.As(err, &no) || !HasFault(no.Found) {
				t.Fatal(err)
			}
			return
		}
		defer func() { _ = p.Close() }()
		for name := range p.files {
			if r, err := p.Open(name); err == nil {
				if n, err := io.Copy(io.Discard, r); err == nil && n != p.Size(name) {
					t.Fatalf("%d bytes instead of %d", n, p.Size(name))
				}
				r.Close()
			}
		}
		if _, _, err := read(p.Reader, nil); err != nil && !errors.As(err, &no) {
			t.Fatal(err)
		}
	})
}

// The course of business of a record, with the times of day that only it has.
func TestReadWorkflow(t *testing.T) {
	for _, version := range versions {
		_, items, err := read(NewReader(strings.NewReader(frame(Disposal, version, `<xdomea:Schriftgutobjekt><xdomea:Dokument>
<xdomea:Identifikation><xdomea:ID>`+other+`</xdomea:ID></xdomea:Identifikation>
<xdomea:InternerGeschaeftsgang><xdomea:Identifikation><xdomea:ID>`+process+`</xdomea:ID></xdomea:Identifikation>
<xdomea:Beteiligungsschritt><xdomea:Nummer>1</xdomea:Nummer><xdomea:Status><code>003</code></xdomea:Status>
<xdomea:Verfuegung><xdomea:Ersteller/><xdomea:Adressat><xdomea:Organisationseinheit><xdomea:Name>20</xdomea:Name></xdomea:Organisationseinheit></xdomea:Adressat><xdomea:Erstellungsdatum>2020-02-28</xdomea:Erstellungsdatum><xdomea:Erstellungsuhrzeit>09:30:00</xdomea:Erstellungsuhrzeit><xdomea:Verfuegung>Mitzeichnung</xdomea:Verfuegung></xdomea:Verfuegung>
<xdomea:Bearbeitung><xdomea:Bearbeiter><xdomea:Name><xdomea:Familienname><xdomea:Name>Steuer</xdomea:Name></xdomea:Familienname></xdomea:Name></xdomea:Bearbeiter><xdomea:Datum>2020-02-29</xdomea:Datum><xdomea:Uhrzeit>10:00:00.5Z</xdomea:Uhrzeit><xdomea:Vermerk>einverstanden</xdomea:Vermerk></xdomea:Bearbeitung>
</xdomea:Beteiligungsschritt></xdomea:InternerGeschaeftsgang></xdomea:Dokument></xdomea:Schriftgutobjekt>`))))
		if err != nil {
			t.Fatal(version, err)
		}
		want := &Document{ID: other, Workflow: &Workflow{ID: process, Steps: []Step{{Number: "1", Status: StepDone, To: Contact{Unit: "20"}, Order: "Mitzeichnung",
			Ordered: time.Date(2020, 2, 28, 0, 0, 0, 0, time.UTC), OrderedAt: "09:30:00", Done: &Done{By: Contact{FamilyName: "Steuer"},
				On: time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC), At: "10:00:00.5Z", Mark: "einverstanden"}}}}}
		if d := cmp.Diff([]Item{want}, items, cmp.AllowUnexported(Keep{})); d != "" {
			t.Errorf("%s: %s", version, d)
		}
	}
}

// XML of other standards is kept as it came, with its namespaces.
func TestReadXML(t *testing.T) {
	_, items, err := read(NewReader(strings.NewReader(frame(Disposal, "3.1.0", `<xdomea:Schriftgutobjekt><xdomea:Vorgang>
<xdomea:Identifikation><xdomea:ID>`+other+`</xdomea:ID></xdomea:Identifikation>
<xdomea:AnwendungsspezifischeErweiterungXML xmlns:b="urn:bau">
<b:Antrag nummer="4 &lt; 7" xmlns:c="urn:c" c:art="x">Halle <!-- c --><b:Ort>Gera &amp; Greiz</b:Ort></b:Antrag><Zweites xmlns="urn:z"/>
</xdomea:AnwendungsspezifischeErweiterungXML></xdomea:Vorgang></xdomea:Schriftgutobjekt>`))))
	if err != nil {
		t.Fatal(err)
	}
	got := items[0].(*Case).ExtraXML
	for _, want := range []string{`<Antrag xmlns="urn:bau" nummer="4 &lt; 7"`, `Halle `, `<Ort xmlns="urn:bau">Gera &amp; Greiz</Ort></Antrag>`, `<Zweites xmlns="urn:z"></Zweites>`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	d := xml.NewDecoder(strings.NewReader("<a>" + string(got) + "</a>"))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
