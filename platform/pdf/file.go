package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"
)

// file writes PDF objects (ISO 32000-1). Their numbers are given beforehand, so that they can name each other.
type file struct {
	bytes.Buffer
	at []int // where each object begins, by number
}

// object writes object n.
func (f *file) object(n int, format string, args ...any) {
	for len(f.at) <= n {
		f.at = append(f.at, 0)
	}
	f.at[n] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n", n)
	fmt.Fprintf(f, format, args...)
	f.WriteString("\nendobj\n")
}

// stream writes object n with content that is compressed already. entries are those of its dictionary besides.
func (f *file) stream(n int, entries string, content []byte) {
	f.object(n, "<< /Filter /FlateDecode /Length %d%s >>\nstream\n%s\nendstream", len(content), entries, content)
}

// end writes the table of objects.
func (f *file) end(root, info int) {
	start := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.at))
	for _, at := range f.at[1:] {
		fmt.Fprintf(f, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(f, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(f.at), root, info, start)
}

// Numbers of the objects. Each font is five, each page two.
const (
	catalogObject = 1 + iota
	pagesObject
	infoObject
	fontObjects
)

const perFont = 5

// weights are the fonts in the order of their objects; the first is /F0.
var weights = []weight{regular, bold}

// writers are compressors; making one costs more than a page.
var writers = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

const a4 = "0 0 595.28 841.89" // points
const height = 841.89

// writeFile writes the pages as a PDF.
func writeFile(w io.Writer, fonts *fontSet, pages []page, lang, title, author string, created time.Time) error {
	f := &file{}
	f.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	firstPage := fontObjects + perFont*len(weights)
	f.object(catalogObject, "<< /Type /Catalog /Pages %d 0 R /Lang (%s) /ViewerPreferences << /DisplayDocTitle true >> >>", pagesObject, lang)
	var kids bytes.Buffer
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", firstPage+2*i)
	}
	f.object(pagesObject, "<< /Type /Pages /Count %d /Kids [%s] /MediaBox [%s] /Resources << /Font << /F0 %d 0 R /F1 %d 0 R >> >> >>",
		len(pages), bytes.TrimSpace(kids.Bytes()), a4, fontObjects, fontObjects+perFont)
	date := created.UTC().Format("D:20060102150405Z")
	f.object(infoObject, "<< /Title %s /Author %s /Producer (Rennsteig) /CreationDate (%s) /ModDate (%s) >>", textString(title), textString(author), date, date)
	used := cutFor(fonts, pages)
	for k, wt := range weights {
		f.font(fontObjects+perFont*k, fonts.faces[wt], used[wt])
	}
	z := writers.Get().(*zlib.Writer)
	defer writers.Put(z)
	var packed bytes.Buffer
	for i, p := range pages {
		f.object(firstPage+2*i, "<< /Type /Page /Parent %d 0 R /Contents %d 0 R >>", pagesObject, firstPage+2*i+1)
		packed.Reset()
		z.Reset(&packed)
		_, _ = z.Write(p.draw(used)) // a buffer takes everything
		_ = z.Close()
		f.stream(firstPage+2*i+1, "", packed.Bytes())
	}
	f.end(catalogObject, infoObject)
	_, err := f.WriteTo(w)
	return err
}

// cutFor gives the cuts of the fonts that the pages need.
func cutFor(fonts *fontSet, pages []page) map[weight]*cut {
	out := map[weight]*cut{}
	others := map[weight]map[rune]bool{}
	for _, wt := range weights {
		out[wt], others[wt] = fonts.faces[wt].cut(nil), map[rune]bool{}
	}
	for _, p := range pages {
		for _, t := range p.texts {
			for _, r := range t.s {
				if _, ok := out[t.weight].glyphs[r]; !ok {
					others[t.weight][r] = true
				}
			}
		}
	}
	for wt, more := range others {
		if len(more) > 0 {
			out[wt] = fonts.faces[wt].cut(slices.Sorted(maps.Keys(more)))
		}
	}
	return out
}

// font writes a font's five objects.
func (f *file) font(n int, whole *face, c *cut) {
	em := func(v int) int { return v * 1000 / whole.units }
	head, hhea := whole.tables["head"], whole.tables["hhea"]
	capital := whole.tables["glyf"][whole.loca[whole.glyphs['H']]:] // its box ends at the height of capitals
	f.object(n, "<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", c.name, n+1, n+4)
	f.object(n+1, "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"+
		" /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 600 /W [0 %d] >>", c.name, n+2, c.widths)
	f.object(n+2, "<< /Type /FontDescriptor /FontName /%s /Flags 32 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d"+
		" /StemV 80 /FontFile2 %d 0 R >>", c.name, em(i16(head, 36)), em(i16(head, 38)), em(i16(head, 40)), em(i16(head, 42)),
		em(i16(hhea, 4)), em(i16(hhea, 6)), em(i16(capital, 8)), n+3)
	f.stream(n+3, " /Length1 "+strconv.Itoa(c.size), c.file)
	f.stream(n+4, "", c.toUnicode)
}

// draw is the page's content: thin grey lines, dark text.
func (p page) draw(fonts map[weight]*cut) []byte {
	b := []byte("0.604 0.627 0.706 RG 0.57 w\n")
	number := func(v float64) { b = append(strconv.AppendFloat(b, v, 'f', 2, 64), ' ') }
	x := func(v float64) { number(v / mm) }
	y := func(v float64) { number(height - v/mm) }
	for _, at := range p.rules {
		x(left)
		y(at)
		b = append(b, "m "...)
		x(right)
		y(at)
		b = append(b, "l S\n"...)
	}
	b = append(b, "BT 0.090 0.102 0.169 rg\n"...)
	for _, t := range p.texts {
		c := fonts[t.weight]
		b = append(b, "/F"...)
		b = append(strconv.AppendInt(b, int64(slices.Index(weights, t.weight)), 10), ' ')
		number(t.size)
		b = append(b, "Tf 1 0 0 1 "...)
		x(t.x)
		y(t.y)
		b = append(b, "Tm <"...)
		for _, r := range t.s {
			g := c.glyphs[r]
			b = hex.AppendEncode(b, []byte{byte(g >> 8), byte(g)})
		}
		b = append(b, "> Tj\n"...)
	}
	return append(b, "ET\n"...)
}

// textString is a text for people in an object (ISO 32000-1, 7.9.2.2): UTF-16 with a byte order mark.
func textString(s string) string {
	b := []byte("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		b = hex.AppendEncode(b, []byte{byte(u >> 8), byte(u)})
	}
	return string(append(b, '>'))
}
