package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"rennsteig/platform/pdf"
)

// sheet is Sheet of bytes, with what always holds checked.
func sheet(t testing.TB, e *Extractor, name string, b []byte, number, width int) (image.Image, How) {
	t.Helper()
	out, how, err := e.Sheet(context.Background(), "", name, bytes.NewReader(b), int64(len(b)), number, width)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if (out != nil) != (how == Read) {
		t.Fatalf("%s: %d bytes, and %s", name, len(out), how)
	}
	if out == nil {
		return nil, how
	}
	m, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if s := m.Bounds().Size(); s.X > width || s.Y > tallest*width {
		t.Errorf("%s: %v at a width of %d", name, s, width)
	}
	return m, how
}

// sheets is Sheets of bytes.
func sheets(t testing.TB, e *Extractor, name string, b []byte, first, most int) (int, []image.Point, How) {
	t.Helper()
	n, sizes, how, err := e.Sheets(context.Background(), "", name, bytes.NewReader(b), int64(len(b)), first, most)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(sizes) > most || slices.ContainsFunc(sizes, func(s image.Point) bool { return s.X < 1 || s.Y < 1 }) {
		t.Errorf("%s: %v", name, sizes)
	}
	return n, sizes, how
}

// dark counts the pixels that are not white.
func dark(m image.Image) (n int) {
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if r, g, b, _ := m.At(x, y).RGBA(); r+g+b < 3*0x8000 {
				n++
			}
		}
	}
	return n
}

func TestSheetsOfPDF(t *testing.T) {
	f := fpdf.New("P", "pt", "A4", "")
	f.AddPage()
	f.SetFont("Helvetica", "", 40)
	f.SetTextColor(255, 0, 0)
	f.Text(100, 400, "ROT")
	f.AddPageFormat("L", fpdf.SizeType{Wd: 400, Ht: 800})
	f.AddPage()
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	n, sizes, how := sheets(t, shared, "a.pdf", b.Bytes(), 1, 20)
	if n != 3 || how != Read || !slices.Equal(sizes, []image.Point{{595, 842}, {800, 400}, {595, 842}}) {
		t.Errorf("%d pages, %v, %s", n, sizes, how)
	}
	if n, sizes, _ := sheets(t, shared, "a.pdf", b.Bytes(), 2, 1); n != 3 || !slices.Equal(sizes, []image.Point{{800, 400}}) {
		t.Errorf("the second: %d, %v", n, sizes)
	}
	if n, sizes, _ := sheets(t, shared, "a.pdf", b.Bytes(), 9, 20); n != 3 || len(sizes) != 0 {
		t.Errorf("beyond: %d, %v", n, sizes)
	}
	m, _ := sheet(t, shared, "a.pdf", b.Bytes(), 1, 600)
	red := 0
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if r, g, _, a := m.At(x, y).RGBA(); r > 0xf000 && g < 0x1000 && a == 0xffff {
				red++
			}
		}
	}
	if m.Bounds().Dx() != 600 || red < 500 {
		t.Errorf("%v with %d red pixels", m.Bounds(), red)
	}
	if m, _ := sheet(t, shared, "a.pdf", b.Bytes(), 2, 600); m.Bounds().Dy() != 300 {
		t.Errorf("across: %v", m.Bounds())
	}
	for _, number := range []int{0, -1, 4, 1 << 40} {
		if _, how := sheet(t, shared, "a.pdf", b.Bytes(), number, 600); how != Empty {
			t.Errorf("page %d: %s", number, how)
		}
	}
	if m, _ := sheet(t, shared, "a.pdf", b.Bytes(), 3, 1<<30); m.Bounds().Dx() != MaxSheetWidth {
		t.Errorf("wide: %v", m.Bounds())
	}
}

// What was typed into a form is seen, and what is see-through lies on white.
func TestSheetShowsAll(t *testing.T) {
	form := objects("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] /DR << /Font << /H 6 0 R >> >> /DA (/H 40 Tf 0 g) /NeedAppearances true >> >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Annots [5 0 R] /Group << /S /Transparency /CS /DeviceRGB /I true >> >>", stream("", ""),
		"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (GETIPPT) /Rect [50 400 550 500] /DA (/H 40 Tf 0 g) /F 4 /P 3 0 R >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	m, how := sheet(t, shared, "a.pdf", form, 1, 600)
	if how != Read || dark(m) < 500 {
		t.Fatalf("%s, %d dark pixels", how, dark(m))
	}
	if n := dark(m); n > 600*800/4 {
		t.Errorf("%d dark pixels: it lies on black", n)
	}
}

func TestSheetOfNone(t *testing.T) {
	locked := fpdf.New("P", "mm", "A4", "")
	locked.SetProtection(0, "geheim", "besitzer")
	locked.AddPage()
	var b bytes.Buffer
	if err := locked.Output(&b); err != nil {
		t.Fatal(err)
	}
	good := letter(t, pdf.Text("x"))
	for name, c := range map[string]struct {
		file string
		in   []byte
		want How
	}{
		"locked":          {"a.pdf", b.Bytes(), Protected},
		"cut off":         {"a.pdf", good[:len(good)/2], Damaged},
		"text":            {"a.pdf", []byte("no PDF"), Damaged},
		"nothing":         {"a.pdf", nil, Empty},
		"no picture":      {"a.png", []byte("<svg onload=alert(1)>"), Damaged},
		"one byte":        {"a.png", []byte("\x89"), Damaged},
		"SVG":             {"a.svg", []byte("<svg/>"), Unsupported},
		"HTML":            {"a.html", []byte("<p>x"), Unsupported},
		"Word":            {"a.docx", []byte("PK"), Unsupported},
		"half a PNG":      {"a.png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01"), Damaged},
		"TIFF in a loop":  {"a.tif", []byte("II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"), Damaged},
		"TIFF to nowhere": {"a.tif", []byte("MM\x00*\xff\xff\xff\xff"), Damaged},
	} {
		if _, how := sheet(t, shared, c.file, c.in, 1, 100); how != c.want {
			t.Errorf("%s: %s, want %s", name, how, c.want)
		}
		if _, _, how := sheets(t, shared, c.file, c.in, 1, 20); how != c.want {
			t.Errorf("the pages of %s: %s, want %s", name, how, c.want)
		}
	}
}

// A page that would be drawn for ever or is endlessly large ends, and the next is drawn as if nothing had been.
func TestHostileSheet(t *testing.T) {
	e := another(t, Options{Timeout: 3 * time.Second})
	good := letter(t, pdf.Text("Danach"))
	sheet(t, e, "a.pdf", good, 1, 100) // compiled
	begin := time.Now()
	if _, how := sheet(t, e, "a.pdf", laughs(12), 1, 600); how != GaveUp {
		t.Errorf("laughs: %s", how)
	}
	if d := time.Since(begin); d > 30*time.Second {
		t.Errorf("laughs took %v", d)
	}
	if _, how := sheet(t, e, "a.pdf", inflated(t), 1, 600); how != Read && how != GaveUp {
		t.Errorf("inflated: %s", how)
	}
	box := func(box string) []byte {
		return objects("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
			"<< /Type /Page /Parent 2 0 R /MediaBox "+box+" >>")
	}
	for _, s := range []string{"[0 0 1 99999999]", "[0 0 99999999 1]", "[0 0 0 0]", "[0 0 1e30 1e30]", "[-1 -1 -1e9 -1e9]", "[0 0 1e-30 1]"} {
		sheets(t, e, "a.pdf", box(s), 1, 20)
		sheet(t, e, "a.pdf", box(s), 1, 2000)
	}
	many := objects("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>")
	sheets(t, e, "a.pdf", many, 1, 20)
	if m, how := sheet(t, e, "a.pdf", good, 1, 600); how != Read || dark(m) == 0 {
		t.Errorf("afterwards: %s", how)
	}
}

// quarters is a picture with a red top left, a green top right, and blue below; twice as wide as high.
func quarters() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 400, 200))
	for y := range 200 {
		for x := range 400 {
			c := color.NRGBA{0, 0, 255, 255}
			if y < 100 {
				c = color.NRGBA{255, 0, 0, 255}
				if x >= 200 {
					c = color.NRGBA{0, 255, 0, 255}
				}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// corners names the colours of the four corners, from the top left as one reads.
func corners(m image.Image) string {
	s := m.Bounds().Size()
	out := ""
	for _, p := range []image.Point{{5, 5}, {s.X - 6, 5}, {5, s.Y - 6}, {s.X - 6, s.Y - 6}} {
		switch r, g, b, _ := m.At(p.X, p.Y).RGBA(); {
		case r > 0xc000 && g > 0xc000 && b > 0xc000:
			out += "w"
		case r > g && r > b:
			out += "r"
		case g > b:
			out += "g"
		default:
			out += "b"
		}
	}
	return out
}

func encoded(t testing.TB, f func(w io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// turnedJPEG is a JPEG that says how the camera was held.
func turnedJPEG(t testing.TB, turn byte, order binary.AppendByteOrder, mark string) []byte {
	t.Helper()
	b := encoded(t, func(w io.Writer) error { return jpeg.Encode(w, quarters(), &jpeg.Options{Quality: 95}) })
	exif := append([]byte("Exif\x00\x00"), mark...)
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 1)
	exif = order.AppendUint16(exif, 0x0112)
	exif = order.AppendUint16(exif, 3)
	exif = order.AppendUint32(exif, 1)
	exif = order.AppendUint16(exif, uint16(turn))
	exif = order.AppendUint16(exif, 0)
	return slices.Concat(b[:2], []byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif, b[2:])
}

func TestSheetOfPicture(t *testing.T) {
	q := quarters()
	for name, b := range map[string][]byte{
		"a.png":  encoded(t, func(w io.Writer) error { return png.Encode(w, q) }),
		"a.jpg":  encoded(t, func(w io.Writer) error { return jpeg.Encode(w, q, nil) }),
		"a.gif":  encoded(t, func(w io.Writer) error { return gif.Encode(w, q, nil) }),
		"a.bmp":  encoded(t, func(w io.Writer) error { return bmp.Encode(w, q) }),
		"a.tiff": encoded(t, func(w io.Writer) error { return tiff.Encode(w, q, &tiff.Options{Compression: tiff.Deflate}) }),
	} {
		n, sizes, how := sheets(t, shared, name, b, 1, 20)
		if n != 1 || how != Read || sizes[0] != image.Pt(400, 200) {
			t.Errorf("%s: %d, %v, %s", name, n, sizes, how)
		}
		for width, want := range map[int]image.Point{100: {100, 50}, 1000: {400, 200}} {
			m, how := sheet(t, shared, name, b, 1, width)
			if how != Read || m.Bounds().Size() != want || corners(m) != "rgbb" {
				t.Errorf("%s: %s, %v, %s", name, how, m.Bounds(), corners(m))
			}
		}
		if _, how := sheet(t, shared, name, b, 2, 100); how != Empty {
			t.Errorf("the second page of %s: %s", name, how)
		}
	}
	for turn, want := range map[byte]string{1: "rgbb", 2: "grbb", 3: "bbgr", 4: "bbrg", 5: "rbgb", 6: "brbg", 7: "bgbr", 8: "gbrb", 9: "rgbb"} {
		for mark, order := range map[string]binary.AppendByteOrder{"II*\x00": binary.LittleEndian, "MM\x00*": binary.BigEndian} {
			b := turnedJPEG(t, turn, order, mark)
			m, _ := sheet(t, shared, "a.jpg", b, 1, 100)
			size := image.Pt(100, 50)
			if turn > 4 && turn < 9 {
				size = image.Pt(100, 200)
			}
			if corners(m) != want || m.Bounds().Size() != size {
				t.Errorf("turned %d: %s, %v; want %s, %v", turn, corners(m), m.Bounds().Size(), want, size)
			}
		}
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 20, 20))
	if m, _ := sheet(t, shared, "a.png", encoded(t, func(w io.Writer) error { return png.Encode(w, clear) }), 1, 20); corners(m) != "wwww" {
		t.Errorf("see-through: %s", corners(m))
	}
}

// The pages of a TIFF are those that its chain of directories has.
func TestSheetsOfTIFF(t *testing.T) {
	first := encoded(t, func(w io.Writer) error { return tiff.Encode(w, quarters(), nil) })
	small := image.NewNRGBA(image.Rect(0, 0, 30, 60))
	second := encoded(t, func(w io.Writer) error { return tiff.Encode(w, small, nil) })
	// The second one's places are counted from its own beginning: its directory and data are moved along.
	at := binary.LittleEndian.Uint32(second[4:])
	n := int(binary.LittleEndian.Uint16(second[at:]))
	shift := uint32(len(first))
	for i := range n {
		e := second[int(at)+2+12*i:]
		size := map[uint16]uint32{3: 2, 4: 4, 5: 8}[binary.LittleEndian.Uint16(e[2:])] * binary.LittleEndian.Uint32(e[4:])
		if tag := binary.LittleEndian.Uint16(e); size > 4 || tag == 273 {
			binary.LittleEndian.PutUint32(e[8:], binary.LittleEndian.Uint32(e[8:])+shift)
		}
	}
	ifd := binary.LittleEndian.Uint32(first[4:])
	next := int(ifd) + 2 + 12*int(binary.LittleEndian.Uint16(first[ifd:]))
	binary.LittleEndian.PutUint32(first[next:], shift+at)
	both := slices.Concat(first, second)
	count, sizes, how := sheets(t, shared, "a.tif", both, 1, 20)
	if count != 2 || how != Read || !slices.Equal(sizes, []image.Point{{400, 200}, {30, 60}}) {
		t.Fatalf("%d, %v, %s", count, sizes, how)
	}
	if m, _ := sheet(t, shared, "a.tif", both, 1, 200); corners(m) != "rgbb" {
		t.Errorf("first: %s", corners(m))
	}
	if m, how := sheet(t, shared, "a.tif", both, 2, 200); how != Read || m.Bounds().Size() != image.Pt(30, 60) {
		t.Errorf("second: %s", how)
	}
}

// A picture that claims to be endlessly large is not even begun.
func TestHugePicture(t *testing.T) {
	b := encoded(t, func(w io.Writer) error { return png.Encode(w, image.NewGray(image.Rect(0, 0, 1, 1))) })
	binary.BigEndian.PutUint32(b[16:], 60_000)
	binary.BigEndian.PutUint32(b[20:], 60_000)
	binary.BigEndian.PutUint32(b[29:], crc(b[12:29]))
	if _, how := sheet(t, shared, "a.png", b, 1, 100); how != GaveUp {
		t.Error(how)
	}
	thin := encoded(t, func(w io.Writer) error { return png.Encode(w, image.NewGray(image.Rect(0, 0, 1, 100_000))) })
	if m, how := sheet(t, shared, "a.png", thin, 1, 50); how != Read || m.Bounds().Dy() > 200 {
		t.Error(how)
	}
}

// What fails below the document is no fault of the document's, and whoever leaves gets no answer.
func TestSheetFails(t *testing.T) {
	for _, name := range []string{"a.pdf", "a.png"} {
		if _, _, err := shared.Sheet(t.Context(), "", name, failing{}, 1000, 1, 100); !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", name, err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, _, err := shared.Sheet(gone, "", name, strings.NewReader("x"), 1, 1, 100); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var errDisk = errors.New("disk")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func crc(b []byte) uint32 {
	c := ^uint32(0)
	for _, v := range b {
		c ^= uint32(v)
		for range 8 {
			c = c>>1 ^ 0xedb88320&-(c&1)
		}
	}
	return ^c
}

func FuzzSheetOfPicture(f *testing.F) {
	q := quarters()
	f.Add(encoded(f, func(w io.Writer) error { return png.Encode(w, q) }))
	f.Add(encoded(f, func(w io.Writer) error { return gif.Encode(w, q, nil) }))
	f.Add(encoded(f, func(w io.Writer) error { return tiff.Encode(w, q, &tiff.Options{Compression: tiff.Deflate}) }))
	f.Add(turnedJPEG(f, 6, binary.BigEndian, "MM\x00*"))
	f.Add([]byte("RIFF\x0c\x00\x00\x00WEBPVP8L"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, _, how := sheets(t, shared, "a.png", b, 1, 3); how == Read && n < 1 {
			t.Error("no page, and yet there is something to see")
		}
		sheet(t, shared, "a.png", b, 1, 64)
		sheet(t, shared, "a.png", b, 2, 64)
	})
}

func FuzzSheetOfPDF(f *testing.F) {
	f.Add([]byte("%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj trailer<</Root 1 0 R>>"))
	f.Add(laughs(1))
	sheet(f, shared, "a.pdf", laughs(0), 1, 64) // compiled
	f.Fuzz(func(t *testing.T, b []byte) {
		sheets(t, shared, "a.pdf", b, 1, 3)
		sheet(t, shared, "a.pdf", b, 1, 64)
	})
}

// One page of a notice, as it is looked at.
func BenchmarkSheet(b *testing.B) {
	in := letter(b, pdf.Text(strings.Repeat("Für Ihren Hund wird eine Steuer von 60 € festgesetzt. ", 50)))
	sheet(b, shared, "a.pdf", in, 1, 1000)
	for b.Loop() {
		out, how, err := shared.Sheet(b.Context(), "", "a.pdf", bytes.NewReader(in), int64(len(in)), 1, 1000)
		if how != Read || err != nil {
			b.Fatal(how, err)
		}
		b.ReportMetric(float64(len(out)), "bytes")
	}
	if dir := os.Getenv("SHEET_DIR"); dir != "" {
		out, _, _ := shared.Sheet(b.Context(), "", "a.pdf", bytes.NewReader(in), int64(len(in)), 1, 1000)
		if err := os.WriteFile(filepath.Join(dir, "sheet.png"), out, 0o600); err != nil {
			b.Fatal(err)
		}
	}
}
