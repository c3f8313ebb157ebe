package extract

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/requests"

	"rennsteig/platform/pdf"
)

func TestPDFText(t *testing.T) {
	in := letter(t, pdf.Text("Sehr geehrte Frau Wałęsa, für Ihren Hund werden 60 € fällig."), pdf.Heading("Begründung"))
	got, how := text(t, shared, "application/pdf", "", in)
	for _, want := range []string{"Bescheid über die Hundesteuer", "Wałęsa", "60 € fällig", "Begründung"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if how != Read {
		t.Error(how)
	}
	for name, b := range map[string][]byte{"cut off": in[:len(in)/2], "text": []byte("no PDF"), "empty object": []byte("%PDF-1.4\n%%EOF")} {
		if _, how := text(t, shared, "application/pdf", "", b); how != Damaged {
			t.Errorf("%s: %s", name, how)
		}
	}
	f := fpdf.New("P", "mm", "A4", "")
	f.SetProtection(0, "geheim", "besitzer")
	f.AddPage()
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	if _, how := text(t, shared, "application/pdf", "", b.Bytes()); how != Protected {
		t.Errorf("protected: %s", how)
	}
	blank := fpdf.New("P", "mm", "A4", "")
	blank.AddPage()
	b.Reset()
	if err := blank.Output(&b); err != nil {
		t.Fatal(err)
	}
	if _, how := text(t, shared, "application/pdf", "", b.Bytes()); how != Empty {
		t.Errorf("blank: %s", how)
	}
}

func TestHyphens(t *testing.T) {
	if got := unbreak.Replace("Hunde\x02\r\nsteuer\r\nEnde\rx"); got != "Hundesteuer\nEnde\nx" {
		t.Errorf("%q", got)
	}
}

// draw makes a picture of a PDF's first page.
func draw(t testing.TB, in []byte) (picture []byte) {
	t.Helper()
	err := shared.pdfium.with(context.Background(), shared.pdfium.readers, func(i pdfium.Pdfium) error {
		d, err := i.OpenDocument(&requests.OpenDocument{File: &in})
		if err != nil {
			return err
		}
		p, err := i.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.Document})
		if err != nil {
			return err
		}
		picture, err = drawPage(i, p.Page)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// scan makes a PDF of pictures, as a scanner does, and of a page with text where the picture is nil.
func scan(t testing.TB, pictures ...[]byte) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	f.SetFont("Helvetica", "", 12)
	for i, p := range pictures {
		f.AddPage()
		if p == nil {
			f.Text(20, 20, "Deckblatt")
			continue
		}
		name := fmt.Sprint(i)
		f.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "png"}, bytes.NewReader(p))
		f.ImageOptions(name, 0, 0, 210, 297, false, fpdf.ImageOptions{}, 0, "")
	}
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A scanned page is read by tesseract; where it is missing, that is said.
func TestRecognised(t *testing.T) {
	picture := draw(t, letter(t, pdf.Text("Der Hund heißt Waldi und wohnt in Erfurt.")))
	has := func(what, got string) {
		t.Helper()
		for _, want := range []string{"Hundesteuer", "Waldi", "heißt"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", what, got, want)
			}
		}
	}
	got, how := text(t, shared, "image/png", "", picture)
	has("picture", got)
	if how != Recognised {
		t.Error(how)
	}
	got, how = text(t, shared, "application/pdf", "", scan(t, picture))
	has("scan", got)
	if how != Recognised {
		t.Error(how)
	}
	got, how = text(t, shared, "application/pdf", "", scan(t, nil, picture))
	has("cover and scan", got)
	if how != Recognised || !strings.HasPrefix(got, "Deckblatt") {
		t.Errorf("cover and scan: %q, %s", got, how)
	}
	without := another(t, Options{Path: t.TempDir()})
	if got, how := text(t, without, "application/pdf", "", scan(t, picture)); how != NotRecognised || got != "" {
		t.Errorf("scan without tesseract: %q, %s", got, how)
	}
	if got, how := text(t, without, "application/pdf", "", scan(t, nil, picture)); how != Partly || got != "Deckblatt" {
		t.Errorf("cover and scan without tesseract: %q, %s", got, how)
	}
	failing := another(t, Options{Path: fake(t, "tesseract", "exit 1")})
	if got, how := text(t, failing, "application/pdf", "", scan(t, picture)); how != GaveUp || got != "" {
		t.Errorf("scan with a failing tesseract: %q, %s", got, how)
	}
}

// object writes PDF objects and what finds them.
func objects(all ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range all {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(all)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(all)+1, xref)
	return b.Bytes()
}

func stream(dict, content string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(content), content)
}

// laughs is a page that draws ten forms that each draw ten forms, and so on.
func laughs(levels int) []byte {
	all := []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> /Font << /T << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
		stream("", strings.Repeat("/F Do ", 10))}
	for i := range levels {
		all = append(all, stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /F %d 0 R >> >>", 6+i), strings.Repeat("/F Do ", 10)))
	}
	all = append(all, stream("/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /T << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>",
		"BT /T 12 Tf 10 10 Td (ha) Tj ET"))
	return objects(all...)
}

// inflated is a page whose text is 1 GiB of blanks, packed twice.
func inflated(t *testing.T) []byte {
	t.Helper()
	squeeze := func(write func(w *zlib.Writer)) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		write(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	once := squeeze(func(w *zlib.Writer) {
		for range 1 << 10 {
			if _, err := w.Write(blanks); err != nil {
				t.Fatal(err)
			}
		}
	})
	twice := squeeze(func(w *zlib.Writer) {
		if _, err := w.Write([]byte(once)); err != nil {
			t.Fatal(err)
		}
	})
	return objects("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>", stream("/Filter [/FlateDecode /FlateDecode]", twice))
}

// A PDF that would run for ever or fill the memory ends, and the next one is read as if nothing had been.
func TestHostilePDF(t *testing.T) {
	e := another(t, Options{Timeout: 3 * time.Second})
	good := letter(t, pdf.Text("Danach"))
	text(t, e, "application/pdf", "", good) // compiled
	begin := time.Now()
	if _, how := text(t, e, "application/pdf", "", laughs(12)); how != GaveUp {
		t.Errorf("laughs: %s", how)
	}
	if d := time.Since(begin); d > 30*time.Second {
		t.Errorf("laughs took %v", d)
	}
	if s, how := text(t, e, "application/pdf", "", laughs(2)); !strings.Contains(s, "ha") || how != Read {
		t.Errorf("few laughs: %.20q, %s", s, how)
	}
	if s, how := text(t, e, "application/pdf", "", inflated(t)); s != "" {
		t.Errorf("inflated: %.20q, %s", s, how)
	}
	var all sync.WaitGroup
	for n := range 8 { // more than there are instances, some of them stuck
		all.Go(func() {
			if n%4 == 0 {
				text(t, e, "application/pdf", "", laughs(12))
				return
			}
			if s, how := text(t, New(Options{}).sharing(e), "application/pdf", "", good); !strings.Contains(s, "Danach") || how != Read {
				t.Errorf("beside: %q, %s", s, how)
			}
		})
	}
	all.Wait()
}

// sharing is an Extractor with its own limits on another's pdfium.
func (e *Extractor) sharing(other *Extractor) *Extractor {
	e.pdfium = other.pdfium
	return e
}

// A closed Extractor starts anew.
func TestClose(t *testing.T) {
	e := New(Options{Cache: shared.options.Cache})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s, _ := text(t, e, "application/pdf", "", letter(t, pdf.Text("da"))); !strings.Contains(s, "da") {
			t.Error(s)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A PDF of 20 KB, the size of a notice. The first is read before the clock starts: pdfium is compiled then.
func BenchmarkPDFText(b *testing.B) {
	in := letter(b, pdf.Text("Für Ihren Hund wird eine Steuer von 60 € festgesetzt."))
	text(b, shared, "application/pdf", "", in)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if s, how := text(b, shared, "application/pdf", "", in); how != Read || !strings.Contains(s, "60 €") {
			b.Fatal(s, how)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
	b.ReportMetric(float64(len(in)), "bytes")
}
