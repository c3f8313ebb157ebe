package xzufi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func objects(t testing.TB, doc []byte) (Header, []Item) {
	t.Helper()
	r := NewReader(bytes.NewReader(doc))
	h, err := r.Header()
	if err != nil {
		t.Fatal(err)
	}
	var items []Item
	if _, err := readAll(r, func(item Item) { items = append(items, item) }); err != nil {
		t.Fatal(err)
	}
	return h, items
}

func find[T Object](t testing.TB, items []Item) T {
	t.Helper()
	for _, item := range items {
		if w, ok := item.(*Write); ok {
			if o, ok := w.Object.(T); ok {
				return o
			}
		}
	}
	t.Fatal("no such object")
	panic("unreachable")
}

// TestSamples reads the same values from the samples of all versions.
func TestSamples(t *testing.T) {
	for name, doc := range samples(t) {
		t.Run(name, func(t *testing.T) {
			h, items := objects(t, doc)
			if h.Version.String() != name || h.Message != "transfer" || h.Produkthersteller != "Land & Leute" ||
				h.Nachrichtenkopf.Sender != "Landesredaktion Thüringen" || h.TransaktionID != "4711" || h.TransaktionPosition != "1" {
				t.Errorf("head %+v", h)
			}
			l := find[*Leistung](t, items)
			if got, want := l.ID.Key(), (Key{"L100016", "L100016_LEISTUNG", "100001"}); got != want {
				t.Errorf("id %v, want %v", got, want)
			}
			if got := l.Schluessel(); !cmp.Equal(got, []string{"99115005104001"}) {
				t.Errorf("keys %v", got)
			}
			want := map[string]map[string]string{
				"02": {"de": "Wohnsitz Anmeldung als Hauptwohnsitz"},
				"03": {"de": "Neue Wohnung anmelden", "en": "Register a new home"},
				"06": {"de": "<p>Wer umzieht, meldet sich innerhalb von <strong>zwei Wochen</strong> an.</p>", "en": "<p>Register within two weeks.</p>"},
			}
			if diff := cmp.Diff(want, l.Texts()); diff != "" {
				t.Error(diff)
			}
			if got := l.Begriffe("de"); !cmp.Equal(got, []string{"umgezogen", "Ummeldung"}) {
				t.Errorf("words %v", got)
			}
			if got := l.ModulText[2].WeiterfuehrenderLinks[0].URI; got != "https://www.example.org/umzug?a=1&b=2" {
				t.Errorf("link %q", got)
			}
			if d := l.ModulFrist[0].Frist[0].Fristauswahl.FristDauer; d.Dauer != "2" || d.Einheit.Code != "WOCHE" {
				t.Errorf("deadline %+v", d)
			}
			if l.ModulKosten[0].Kosten[0].Kostenauswahl.KostenFrei == nil || l.ModulFachlicheFreigabe[0].FachlichFreigegebenAm != "2026-05-04" {
				t.Error("fees or approval are missing")
			}
			if got := l.ModulDokument[0].DokumentEingehend[0].Ref(); got.Bezeichnung.In("de") != "Wohnungsgeberbestätigung" || got.Typ.Code != "001" {
				t.Errorf("document %+v", got)
			}
			if l.Typisierung[0].Code != "2/3" || l.KennzeichenSchriftformerfordernis != "false" || l.Versionsinformation.GeaendertDatumZeit == "" ||
				l.Sprachversion[0].LanguageCode != "de" || l.ModulUrsprungsportal[0].LanguageCode != "de" {
				t.Error("facts are missing")
			}
			if l.Struktur.Typ != "LeistungsstrukturObjektMitVerrichtungUndDetail" || l.Struktur.LeistungsobjektID.Value != "99115005" {
				t.Errorf("structure %+v", l.Struktur)
			}
			o := find[*Organisationseinheit](t, items)
			if o.Name.Name.In("de") != "Bürgerservice Jena" || o.Anschrift[0].VerwaltungspolitischeKodierung.Regionalschluessel.Code != "160530000000" ||
				o.Kommunikation[0].Kennung != "+49 3641 49-0" || o.Zustaendigkeit[0].IDSekundaer[0].SchemeID != SchemeDestination {
				t.Errorf("office %+v", o)
			}
			if d := find[*Onlinedienst](t, items); d.Link[0].Link.Value != "https://www.example.org/antrag" || d.Link[0].Typ.Code != "01" {
				t.Errorf("online service %+v", d)
			}
			if z := find[*ZustaendigkeitTransferObjekt](t, items); z.UebergeordnetesObjektID.Value != "O1" || len(z.Zustaendigkeit.LeistungID) != 2 || z.Zustaendigkeit.Rolle.Code != "02" {
				t.Errorf("responsibility %+v", z)
			}
			if s := find[*Spezialisierung](t, items); s.LeistungID[0].Value != "100001" || s.Text("16", "de") == "" {
				t.Errorf("specialisation %+v", s)
			}
			if u := find[*Unbekannt](t, items); u.Name != "karte" || u.Namespace != "urn:example:haus" {
				t.Errorf("unknown %+v", u)
			}
			var deletes []string
			for _, item := range items {
				if d, ok := item.(*Delete); ok {
					deletes = append(deletes, string(d.Class)+" "+d.ID.Value)
				}
			}
			if !cmp.Equal(deletes, []string{"LeistungSpezialisierung S0", "Zustaendigkeit Z0"}) {
				t.Errorf("deletes %v", deletes)
			}
			var faults []string
			c := NewChecker(h.Version)
			for _, item := range items {
				for _, f := range c.Check(item) {
					if f.Severity != Note {
						faults = append(faults, f.String())
					} else if f.Line == 0 {
						t.Errorf("a note without line: %v", f)
					}
				}
			}
			if len(faults) > 0 || len(CheckHeader(h)) > 0 {
				t.Errorf("findings in a good message: %v", faults)
			}
		})
	}
}

// TestConvert writes each sample's objects as each version.
func TestConvert(t *testing.T) {
	for name, doc := range samples(t) {
		for to := V210; to < versions; to++ {
			t.Run(name+" to "+to.String(), func(t *testing.T) {
				h, items := objects(t, doc)
				var out bytes.Buffer
				w := NewWriter(&out, to, h)
				for _, item := range items {
					if err := w.Write(item); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				h2, items2 := objects(t, out.Bytes())
				if h2.Version != to || h2.XZuFiVersion != to.String() || h2.TransaktionID != "4711" {
					t.Errorf("head %+v", h2)
				}
				for v := V210; v < versions; v++ {
					if v != to && bytes.Contains(out.Bytes(), []byte(v.Namespace())) {
						t.Errorf("namespace of %v in\n%s", v, out.Bytes())
					}
				}
				a, b := find[*Leistung](t, items), find[*Leistung](t, items2)
				if diff := cmp.Diff(a.Texts(), b.Texts()); diff != "" {
					t.Error(diff)
				}
				if !cmp.Equal(a.Schluessel(), b.Schluessel()) || a.ID.Key() != b.ID.Key() || b.Struktur.Typ != a.Struktur.Typ ||
					b.Versionsinformation == nil || b.KennzeichenSchriftformerfordernis != "false" ||
					b.ModulDokument[0].DokumentEingehend[0].Ref().Bezeichnung.In("de") == "" {
					t.Errorf("lost values in\n%s", out.Bytes())
				}
				if !bytes.Contains(out.Bytes(), []byte("bleibt <a:x")) {
					t.Error("lost the unknown element")
				}
				for _, item := range items2 {
					for _, f := range item.Findings() {
						if f.Code == "other-version" {
							t.Error(f)
						}
					}
				}
				switch dropped := strings.Join(w.Dropped(), " "); {
				case (name == "2.3.0") == (to == V230) && dropped != "":
					t.Errorf("dropped %v", dropped)
				case name != "2.3.0" && to == V230 && dropped != "Dokumentmodul/beschreibung Leistung/kennzeichenEA":
					t.Errorf("dropped %v", dropped)
				case name == "2.3.0" && to != V230 && !strings.Contains(dropped, "Leistung/durchfuehrbarEinheitlicheStelle") || strings.Contains(dropped, "modulText"):
					t.Errorf("dropped %v", dropped)
				}
			})
		}
	}
}

// TestEdit changes values and leaves everything else as it was.
func TestEdit(t *testing.T) {
	doc := samples(t)["2.2.0"]
	got, err := copyMessage(doc, func(item Item) {
		w, ok := item.(*Write)
		if !ok {
			return
		}
		if l, ok := w.Object.(*Leistung); ok {
			l.SetText("06", "de", "<p>neu & kurz</p>")
			l.SetText("05", "de", "Kurztext")
			l.ID.SchemeDataURI = ""
			l.ModulFrist[0].Frist[0].Fristauswahl.FristDauer.Dauer = "3"
			l.KennzeichenEA = ""
			l.GueltigkeitGebietID = append(l.GueltigkeitGebietID, Identifikator{Value: "150000000000", SchemeID: "rs"})
			l.Vertrauensniveau = &Code{ListURI: "urn:xoev-de:fim:codeliste:vertrauensniveau", Code: "10"}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := string(doc)
	for _, r := range [][2]string{
		{`<![CDATA[<p>Wer umzieht, meldet sich innerhalb von <strong>zwei Wochen</strong> an.</p>]]>`, `&lt;p&gt;neu &amp; kurz&lt;/p&gt;`},
		{` schemeDataURI="urn:example:daten"`, ``},
		{`<xzufi:dauer>2<`, `<xzufi:dauer>3<`},
		{`<xzufi:kennzeichenEA>false</xzufi:kennzeichenEA>`, ``},
		{`160000000000</xzufi:gueltigkeitGebietID>`, `160000000000</xzufi:gueltigkeitGebietID><xzufi:gueltigkeitGebietID schemeID="rs">150000000000</xzufi:gueltigkeitGebietID>`},
		{`<xzufi:modulFrist>`, `<xzufi:modulFrist>`},
		{`<xzufi:kennzeichenSchrift`, `<xzufi:vertrauensniveau listURI="urn:xoev-de:fim:codeliste:vertrauensniveau"><code>10</code></xzufi:vertrauensniveau><xzufi:kennzeichenSchrift`},
		{"</xzufi:modulText>\n      <xzufi:modulFrist>", "</xzufi:modulText><xzufi:modulText><xzufi:leikaTextmodul listURI=\"urn:de:xzufi:codeliste:leistungstextmodulleika\"><code>05</code></xzufi:leikaTextmodul><xzufi:inhalt languageCode=\"de\">Kurztext</xzufi:inhalt></xzufi:modulText>\n      <xzufi:modulFrist>"},
	} {
		if strings.Count(want, r[0]) != 1 {
			t.Fatalf("the sample has %d times %s", strings.Count(want, r[0]), r[0])
		}
		want = strings.Replace(want, r[0], r[1], 1)
	}
	if diff := cmp.Diff(canon(t, []byte(want)), canon(t, got)); diff != "" {
		t.Error(diff)
	}
}

// TestNewMessage writes a message that was not read.
func TestNewMessage(t *testing.T) {
	l := &Leistung{ID: Identifikator{Value: "1", SchemeAgencyID: `"Land"`}, ReferenzLeiKa: []Code{{Code: "99115005104001"}}}
	l.SetText(ModulLeistungsbezeichnung, "de", "A & B\x00\u2028<p>")
	l.Struktur = &Struktur{Typ: "LeistungsstrukturObjekt"}
	var out bytes.Buffer
	w := NewWriter(&out, V220, Header{Nachrichtenkopf: &Nachrichtenkopf{Sender: "wir"}, TransaktionID: "9"})
	if err := errors.Join(w.WriteObject(l), w.Delete(ClassOnlinedienst, Identifikator{Value: "D"}), w.Close()); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<xzufi:transfer xmlns:xzufi="http://xoev.de/schemata/xzufi/2_2_0" xzufiVersion="2.2.0"><xzufi:nachrichtenkopf><xzufi:sender>wir</xzufi:sender></xzufi:nachrichtenkopf><xzufi:transaktionID>9</xzufi:transaktionID>
<xzufi:schreibe><xzufi:leistung><xzufi:id schemeAgencyID="&quot;Land&quot;">1</xzufi:id><xzufi:struktur xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xzufi:LeistungsstrukturObjekt"/><xzufi:referenzLeiKa><code>99115005104001</code></xzufi:referenzLeiKa><xzufi:modulText><xzufi:leikaTextmodul listURI="urn:de:xzufi:codeliste:leistungstextmodulleika"><code>02</code></xzufi:leikaTextmodul><xzufi:inhalt languageCode="de">A &amp; B` + "\uFFFD\u2028" + `&lt;p&gt;</xzufi:inhalt></xzufi:modulText></xzufi:leistung></xzufi:schreibe>
<xzufi:loesche klasse="Onlinedienst"><xzufi:id>D</xzufi:id></xzufi:loesche>
</xzufi:transfer>`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if _, items := objects(t, out.Bytes()); find[*Leistung](t, items).Struktur.Typ != "LeistungsstrukturObjekt" {
		t.Error("lost the type of the structure")
	}
	if err := w.WriteObject(l); err == nil {
		t.Error("a closed writer takes an object")
	}
	if err := NewWriter(io.Discard, V220, Header{Message: "a b"}).Close(); err == nil {
		t.Error("a message with a blank in its name was written")
	}
	if err := NewWriter(io.Discard, V220, Header{}).WriteObject((*Leistung)(nil)); err == nil {
		t.Error("nil was written")
	}
}

const head = `<transfer xmlns="http://xoev.de/schemata/xzufi/2_2_0">`

func TestErrors(t *testing.T) {
	utf16 := func(s string) string {
		var b strings.Builder
		b.WriteString("\xFF\xFE")
		for _, c := range []byte(s) {
			b.WriteByte(c)
			b.WriteByte(0)
		}
		return b.String()
	}
	for _, c := range []struct{ doc, want string }{
		{"", "line 1, column 1: the message has no element"},
		{"   ", "no element"},
		{"Text", "text is not allowed here"},
		{utf16(head + `</transfer>`), "UTF-16"},
		{`<?xml version="1.0" encoding="ISO-8859-1"?>` + head + `</transfer>`, `line 1, column 1: the message declares encoding "ISO-8859-1"; only UTF-8 is read`},
		{`<?xml version="1.1"?>` + head + `</transfer>`, "only 1.0"},
		{`<?xml version="1.0" encoding="UTF-8" x="y"?>` + head + `</transfer>`, "not an XML declaration"},
		{`<!DOCTYPE transfer [<!ENTITY a "b">]>` + head + `</transfer>`, "not accepted"},
		{head + `<!DOCTYPE x>` + `</transfer>`, "not accepted"},
		{head + "<schreibe>\n <leistung><id>&a;</id></leistung></schreibe></transfer>", "line 2, column 16: /transfer/schreibe/leistung/id: unknown reference &a;"},
		{head + "\n<schreibe>\n<leistung>\n  <id>ä</id>\n  <modulText>ßß<inhalt></modulText></leistung></schreibe></transfer>", "line 5, column 24: /transfer/schreibe/leistung/modulText/inhalt: </modulText> ends <inhalt>"},
		{head + "<schreibe><leistung>\x01</leistung></schreibe></transfer>", "no UTF-8 or no character"},
		{head + "<schreibe><leistung><id>\xE4</id></leistung></schreibe></transfer>", "column 79: /transfer/schreibe: a byte that is no UTF-8"},
		{head + "<schreibe><leistung><a a='1' a='2'/></leistung></schreibe></transfer>", "stands twice"},
		{head + "<schreibe><leistung><a b:a='1'/></leistung></schreibe></transfer>", "nobody declared"},
		{head + "<schreibe><leistung><b:a/></leistung></schreibe></transfer>", "nobody declared"},
		{head + "<schreibe><leistung><a", "ends inside a tag"},
		{head + "<schreibe><leistung>", "ends before this element"},
		{head + "<schreibe>", "ends before its root"},
		{head, "ends before its root"},
		{head + "</transfer><mehr/>", "something follows"},
		{head + "</transfer>mehr", "text is not allowed"},
		{head + "Text</transfer>", "text is not allowed"},
		{head + "</anders>", "ends <transfer>"},
		{head + "<schreibe></anders></transfer>", "ends <schreibe>"},
		{`<transfer xmlns="http://xoev.de/schemata/xzufi/3_0_0"></transfer>`, "none of XZuFi"},
		{`<transfer></transfer>`, "none of XZuFi"},
		{`<transfer xmlns="http://xoev.de/schemata/xzufi/2_2_0" xzufiVersion="2.3"></transfer>`, "does not fit"},
		{head + "<schreibe><leistung><a>]]></a></leistung></schreibe></transfer>", "]]>"},
		{head + "<schreibe><leistung><!-- a -- b --></leistung></schreibe></transfer>", "comment"},
		{head + "<schreibe><leistung><?xml version='1.0'?></leistung></schreibe></transfer>", "not a processing instruction"},
		{head + "<schreibe><leistung/ ></schreibe></transfer>", "leistung"},
	} {
		_, err := readAll(NewReader(strings.NewReader(c.doc)), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q\n gives %v\nwant %s", c.doc, err, c.want)
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
			t.Errorf("%q gives an error without place: %v", c.doc, err)
		}
		r := NewReader(iotest.OneByteReader(strings.NewReader(c.doc)))
		if _, again := readAll(r, nil); again == nil || again.Error() != err.Error() {
			t.Errorf("read byte by byte: %v, at once: %v", again, err)
		}
		if _, third := r.Next(); third == nil {
			t.Error("an error is forgotten")
		}
	}
}

// TestItems: the items come in order with the bytes used, and an error ends them.
func TestItems(t *testing.T) {
	doc := samples(t)["2.2.0"]
	r := NewReader(bytes.NewReader(doc))
	n, offset := 0, int64(0)
	for _, err := range r.Items() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; r.Offset() < offset {
			t.Errorf("offset %d after %d", r.Offset(), offset)
		}
		offset = r.Offset()
	}
	if n != 9 || offset != int64(len(doc)) {
		t.Errorf("%d items, %d of %d bytes", n, offset, len(doc))
	}
	var last error
	for _, err := range NewReader(bytes.NewReader(doc[:len(doc)-100])).Items() {
		last = err
	}
	if last == nil {
		t.Error("a message cut off gives no error")
	}
}

// TestByteByByte: where a read ends does not matter; nor does an error of the source get lost.
func TestByteByByte(t *testing.T) {
	for name, doc := range samples(t) {
		var want, got []string
		if _, err := readAll(NewReader(bytes.NewReader(doc)), func(i Item) { want = append(want, fmt.Sprintf("%#v", i)[:20]) }); err != nil {
			t.Fatal(err)
		}
		if _, err := readAll(NewReader(iotest.OneByteReader(bytes.NewReader(doc))), func(i Item) { got = append(got, fmt.Sprintf("%#v", i)[:20]) }); err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(want, got) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		broken := io.MultiReader(bytes.NewReader(doc[:len(doc)/2]), iotest.ErrReader(io.ErrUnexpectedEOF))
		if _, err := readAll(NewReader(broken), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// endless gives a start and then the same text for ever.
type endless struct{ start, text string }

func (e *endless) Read(p []byte) (int, error) {
	if e.start != "" {
		n := copy(p, e.start)
		e.start = e.start[n:]
		return n, nil
	}
	n := 0
	for n+len(e.text) <= len(p) {
		n += copy(p[n:], e.text)
	}
	return n, nil
}

// TestHostile feeds messages without end: each must be refused within the limits.
func TestHostile(t *testing.T) {
	lim := Limits{Object: 1 << 20, Depth: 50, Elements: 5000, Message: 8 << 20}
	open := head + "<schreibe><leistung>"
	for _, c := range []struct{ name, start, text, want string }{
		{"blanks", "", " ", "bytes in one piece"},
		{"comment", "<!-- ", "x", "bytes in one piece"},
		{"tag", "<a ", "b", "bytes in one piece"},
		{"quote", "<a b='", "b", "bytes in one piece"},
		{"attributes", "<a ", "b='1' ", "bytes in one piece"},
		{"deep", open, "<a>", "deeper"},
		{"many", open, "<a/>", "elements in one object"},
		{"text", open + "<id>", "x", "bytes in one piece"},
		{"cdata", open + "<id><![CDATA[", "x", "bytes in one piece"},
		{"head", head + "<nachrichtenkopf>", "x", "bytes in one piece"},
		{"objects", head, "<schreibe><onlinedienst><id>1</id></onlinedienst></schreibe>", "the message has more"},
		{"objects in one", head + "<schreibe>", "<onlinedienst><id>1</id></onlinedienst>", "the message has more"},
		{"comments", head, "<!-- -->", "bytes in one piece"},
		{"deletes", head, "<loesche/>", "the message has more"},
	} {
		before := heap()
		most := before
		n := 0
		_, err := readAll(NewReaderLimits(&endless{c.start, c.text}, lim), func(Item) {
			if n++; n%20000 == 0 {
				most = max(most, heap())
			}
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if most > before+(8<<20) {
			t.Errorf("%s: the heap grew by %d KiB", c.name, (most-before)>>10)
		}
	}
	var scopes strings.Builder
	for i := range 40 {
		fmt.Fprintf(&scopes, "<a xmlns:a='%d' xmlns:b='%d' xmlns:c='%d' xmlns:d='%d'>", i, i, i, i)
	}
	if _, err := readAll(NewReader(strings.NewReader(open+scopes.String()+strings.Repeat("</a>", 40)+"</leistung></schreibe></transfer>")), nil); err == nil || !strings.Contains(err.Error(), "namespaces") {
		t.Errorf("160 namespaces: %v", err)
	}
	many := head + "<schreibe><leistung><a" + strings.Repeat(" b='1'", 3) + strings.Repeat(" c='1'", 40) + "/></leistung></schreibe></transfer>"
	if _, err := readAll(NewReader(strings.NewReader(many)), nil); err == nil {
		t.Error("an element with 43 attributes was read")
	}
}

func TestCheck(t *testing.T) {
	doc := head + `
<schreibe><leistung>
 <referenzLeiKa><code>9911500510400</code></referenzLeiKa>
 <modulText><leikaTextmodul><code xmlns="">99</code></leikaTextmodul><inhalt>ohne Sprache</inhalt></modulText>
 <modulText><leikaTextmodul><code xmlns=""> 05 </code></leikaTextmodul><inhalt languageCode="de">a</inhalt></modulText>
 <modulText><leikaTextmodul><code xmlns="">05</code></leikaTextmodul><inhalt languageCode="de">b</inhalt>
  <weiterfuehrenderLink><uri>javascript:alert(1)</uri></weiterfuehrenderLink></modulText>
 <modulText><inhalt languageCode="de?">a</inhalt></modulText>
 <modulFrist/><modulFrist/>
 <modulBegriffImKontext><begriffImKontext><begriff/><typ><code xmlns="">7</code></typ></begriffImKontext></modulBegriffImKontext>
 <typisierung><code xmlns="">13</code></typisierung>
</leistung></schreibe>
<schreibe><zustaendigkeitTransferObjekt><zustaendigkeit><id>Z</id><rolle><code xmlns="">eins</code></rolle></zustaendigkeit></zustaendigkeitTransferObjekt></schreibe>
<schreibe><organisationseinheit><id>O</id><anschrift><verwaltungspolitischeKodierung><regionalschluessel><code xmlns="">16053</code></regionalschluessel></verwaltungspolitischeKodierung></anschrift></organisationseinheit></schreibe>
<schreibe><onlinedienst><id>D</id></onlinedienst></schreibe>
<schreibe><onlinedienst><id>D</id><id>E</id><bezeichnung languageCode="de">x</bezeichnung><link><link>/antrag</link></link></onlinedienst></schreibe>
<schreibe><spezialisierung/>Text</schreibe>
</transfer>`
	doc = strings.Replace(doc, "Text</schreibe>", "</schreibe>", 1)
	doc = strings.Replace(doc, "</transfer>", "<loesche klasse=\"Gebiet\"><id/></loesche><loesche/></transfer>", 1)
	doc = strings.Replace(doc, "<code>", `<code xmlns="">`, 1)
	h, items := objects(t, []byte(doc))
	c := NewChecker(h.Version)
	var got []string
	for _, item := range items {
		for _, f := range c.Check(item) {
			got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Severity, f.Code))
		}
	}
	want := []string{
		"2 fault id-missing", "3 fault leika-key", "2 warning name-missing", "11 warning typisierung", "4 warning module-unknown",
		"4 warning language-missing", "6 warning module-twice", "7 fault link-scheme", "8 fault module-missing", "8 warning language",
		"0 warning not-a-list", "10 warning word-empty", "10 warning word-type",
		"13 fault id-missing", "13 warning service-missing", "13 warning area-missing", "13 warning role",
		"14 warning name-missing", "14 warning area-key",
		"15 warning name-missing", "15 warning link-missing",
		"16 warning twice", "16 warning link", "16 warning duplicate-id",
		"17 fault id-missing", "17 warning service-missing",
		"18 fault id-missing", "18 warning class-unknown", "18 fault id-missing", "18 fault class-missing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f := CheckHeader(h); len(f) != 1 || f[0].Code != "head-missing" {
		t.Errorf("head: %v", f)
	}
	if f := CheckObject(&Leistung{}, V230); len(f) != 3 {
		t.Errorf("an empty Leistung: %v", f)
	}
}

// FuzzReader: no input makes the reader panic; what it takes, encoding/xml takes too, and the copy is the same.
func FuzzReader(f *testing.F) {
	for _, doc := range samples(f) {
		f.Add(doc)
	}
	f.Add([]byte(head + "<schreibe><leistung><id a='&#10;'>x<!-- y -->z<b/></id></leistung><onlinedienst/></schreibe><loesche/></transfer><!-- -->"))
	f.Add([]byte(head + "<schreibe/><x>&lt;</x><schreibe> </schreibe></transfer>"))
	f.Add([]byte("\uFEFF<?xml version='1.0'?><?a b?><x:a xmlns:x='http://xoev.de/schemata/xzufi/2_3_1'/>"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) > 1<<16 {
			return
		}
		got, err := copyMessage(doc, nil)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(canon(t, doc), canon(t, got)); diff != "" {
			t.Fatal(diff)
		}
		h, items := objects(t, doc)
		c := NewChecker(h.Version)
		for v := V210; v < versions; v++ {
			var out bytes.Buffer
			w := NewWriter(&out, v, Header{})
			for _, item := range items {
				c.Check(item)
				if err := w.Write(item); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			resolve(t, out.Bytes())
			if _, err := readAll(NewReader(&out), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}
