package xzufi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// generated is a message of n objects of the usual mix, made while it is read.
type generated struct {
	n, i int
	buf  bytes.Buffer
	end  bool
}

var filler = strings.Repeat("Wer umzieht, meldet sich innerhalb von zwei Wochen bei der Meldebehörde an. ", 12)

func (g *generated) Read(p []byte) (int, error) {
	for g.buf.Len() == 0 {
		b := &g.buf
		switch {
		case g.i == 0:
			b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><xzufi:transfer xmlns:xzufi="http://xoev.de/schemata/xzufi/2_2_0" xzufiVersion="2.2.0"><xzufi:nachrichtenkopf/>`)
		case g.i <= g.n && g.i%4 == 0:
			fmt.Fprintf(b, "\n<xzufi:schreibe><xzufi:leistung>\n  <xzufi:id schemeAgencyID=\"L100016\" schemeID=\"L100016_LEISTUNG\">%d</xzufi:id>\n  <xzufi:referenzLeiKa listURI=\"urn:de:fim:leika:leistung\" listVersionID=\"1\"><code>99115005104001</code></xzufi:referenzLeiKa>", g.i)
			for _, code := range []string{"02", "03", "05", "06", "07", "08", "09", "11", "22"} {
				fmt.Fprintf(b, "\n  <xzufi:modulText>\n    <xzufi:leikaTextmodul listURI=\"urn:de:xzufi:codeliste:leistungstextmodulleika\" listVersionID=\"20240216\"><code>%s</code></xzufi:leikaTextmodul>\n    <xzufi:inhalt languageCode=\"de\">&lt;p&gt;%s&lt;/p&gt;</xzufi:inhalt>\n  </xzufi:modulText>", code, filler[:len(filler)/(1+int(code[1]-'0')%3)])
			}
			b.WriteString("\n  <xzufi:unbekannt art=\"1\"><xzufi:inhalt>bleibt</xzufi:inhalt></xzufi:unbekannt>\n</xzufi:leistung></xzufi:schreibe>")
		case g.i <= g.n && g.i%4 == 1:
			fmt.Fprintf(b, "\n<xzufi:schreibe><xzufi:organisationseinheit>\n  <xzufi:id schemeAgencyID=\"L100016\">%d</xzufi:id>\n  <xzufi:name><xzufi:name languageCode=\"de\">Amt Nummer %d</xzufi:name></xzufi:name>\n  <xzufi:anschrift><xzufi:strasse>Löbdergraben</xzufi:strasse><xzufi:hausnummer>12</xzufi:hausnummer><xzufi:postleitzahl>07743</xzufi:postleitzahl><xzufi:ort>Jena</xzufi:ort></xzufi:anschrift>\n</xzufi:organisationseinheit></xzufi:schreibe>", g.i, g.i)
		case g.i <= g.n:
			fmt.Fprintf(b, "\n<xzufi:schreibe><xzufi:zustaendigkeitTransferObjekt>\n  <xzufi:uebergeordnetesObjektID schemeAgencyID=\"L100016\">%d</xzufi:uebergeordnetesObjektID>\n  <xzufi:zustaendigkeit>\n    <xzufi:id schemeAgencyID=\"L100016\">Z%d</xzufi:id>\n    <xzufi:leistungID>%d</xzufi:leistungID>\n    <xzufi:gebietID schemeID=\"urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs\">160530000000</xzufi:gebietID>\n    <xzufi:rolle listURI=\"urn:de:xzufi:codeliste:zustaendigkeitsrolle\" listVersionID=\"1\"><code>01</code></xzufi:rolle>\n  </xzufi:zustaendigkeit>\n</xzufi:zustaendigkeitTransferObjekt></xzufi:schreibe>", g.i, g.i, g.i)
		case !g.end:
			g.end = true
			b.WriteString("\n</xzufi:transfer>\n")
		default:
			return 0, io.EOF
		}
		g.i++
	}
	return g.buf.Read(p)
}

func readAll(r *Reader, each func(Item)) (n int, err error) {
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if _, ok := item.(*Write); ok {
			n++
		}
		if each != nil {
			each(item)
		}
	}
}

// heap is what lives after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryFlat reads and copies 100,000 objects and looks at what lives on the heap on the way.
func TestMemoryFlat(t *testing.T) {
	const objects = 100_000
	r := NewReader(&generated{n: objects})
	h, err := r.Header()
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(io.Discard, h.Version, h)
	before := heap()
	most, n := uint64(0), 0
	got, err := readAll(r, func(item Item) {
		if err := w.Write(item); err != nil {
			t.Fatal(err)
		}
		if n++; n%10_000 == 0 {
			most = max(most, heap())
		}
	})
	if err != nil || got != objects {
		t.Fatalf("%d objects: %v", got, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const bound = 4 << 20
	if most > before+bound {
		t.Errorf("the heap grew by %d KiB over %d objects, want at most %d", (most-before)>>10, objects, bound>>10)
	}
	t.Logf("heap before %d KiB, at most %d KiB", before>>10, most>>10)
}

func message(b *testing.B, n int) []byte {
	doc, err := io.ReadAll(&generated{n: n})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	b.ResetTimer()
	return doc
}

func BenchmarkRead(b *testing.B) {
	doc := message(b, 4000)
	for b.Loop() {
		if _, err := readAll(NewReader(bytes.NewReader(doc)), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	doc := message(b, 4000)
	for b.Loop() {
		r := NewReader(bytes.NewReader(doc))
		h, err := r.Header()
		if err != nil {
			b.Fatal(err)
		}
		w := NewWriter(io.Discard, h.Version, h)
		if _, err := readAll(r, func(item Item) { _ = w.Write(item) }); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	doc := message(b, 4000)
	for b.Loop() {
		c := NewChecker(V220)
		if _, err := readAll(NewReader(bytes.NewReader(doc)), func(item Item) { c.Check(item) }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodingXML is encoding/xml over the same message, tokens only, for comparison.
func BenchmarkEncodingXML(b *testing.B) {
	doc := message(b, 4000)
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(doc))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
