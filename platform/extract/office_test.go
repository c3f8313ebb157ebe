package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

func docx(body string) map[string]string {
	return map[string]string{"[Content_Types].xml": "<Types/>", "word/document.xml": `<?xml version="1.0" encoding="UTF-8"?>` +
		`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`}
}

func odt(body string) map[string]string {
	return map[string]string{"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": `<?xml version="1.0"?><office:document-content><office:automatic-styles><x>Stil</x></office:automatic-styles>` +
		`<office:body><office:text>` + body + `</office:text></office:body></office:document-content>`}
}

func with(files map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

func TestOffice(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		files map[string]string
		want  string
		how   How
	}{
		"docx": {"a.docx", with(docx(`<w:p><w:pPr><w:tabs><w:tab w:pos="1"/></w:tabs></w:pPr><w:r><w:t>Grü</w:t></w:r><w:r><w:t xml:space="preserve">ße </w:t><w:tab/><w:t>aus &amp;</w:t><w:br/><w:t>Erfurt</w:t></w:r></w:p>`+
			`<w:p><w:del><w:r><w:delText>gestrichen</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Zelle</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`+
			`<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>Kasten</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>Kasten</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>`),
			"word/header1.xml", `<w:hdr><w:p><w:r><w:t>Kopf</w:t></w:r></w:p></w:hdr>`, "word/comments.xml", `<w:comments><w:comment><w:p><w:r><w:t>Notiz</w:t></w:r></w:p></w:comment></w:comments>`),
			"Grüße \taus &\nErfurt\nZelle\n\tKasten\nKopf\nNotiz", Read},
		"docx, nothing": {"a.docx", docx(""), "", Empty},
		"docx, other":   {"a.docx", map[string]string{"a": "b"}, "", Damaged},
		"docx, broken":  {"a.docx", docx("<w:p><"), "", Damaged},
		"docx, latin 1": {"a.docx", map[string]string{"word/document.xml": "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><t>\xfc</t>"}, "ü", Read},
		"odt": {"a.odt", with(odt(`<text:tracked-changes><text:p>alt</text:p></text:tracked-changes><text:h>Titel</text:h><text:p>eins<text:s/>zwei<text:tab/>drei<text:line-break/><text:span>vier</text:span></text:p>Rand<text:p/>`),
			"styles.xml", `<office:document-styles><office:styles><text:p>Vorlage</text:p></office:styles><office:master-styles><text:p>Fuß</text:p></office:master-styles></office:document-styles>`),
			"Titel\neins zwei\tdrei\nvier\nFuß", Read},
		"odt, encrypted": {"a.odt", with(odt("x"), "META-INF/manifest.xml", "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"), "", Protected},
		"odt, other":     {"a.odt", map[string]string{"a": "b"}, "", Damaged},
		"xlsx": {"a.xlsx", map[string]string{"xl/workbook.xml": "<workbook/>",
			"xl/sharedStrings.xml":     `<sst><si><t>Hund</t></si><si><r><t>Wal</t></r><r><t>di</t></r><rPh><t>x</t></rPh></si></sst>`,
			"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c><f>A1</f><v>60.5</v></c><c t="b"><v>1</v></c><c t="s"><v>99</v></c></row><row/><row><c t="inlineStr"><is><t>hier</t></is></c><c t="str"><v>dort</v></c></row></sheetData></worksheet>`},
			"Hund\tWaldi\t60.5\nhier\tdort", Read},
		"xlsx, other": {"a.xlsx", map[string]string{"a": "b"}, "", Damaged},
		"pptx": {"a.pptx", map[string]string{"ppt/presentation.xml": "<p/>", "ppt/slides/slide10.xml": "<a:p><a:r><a:t>zehn</a:t></a:r></a:p>",
			"ppt/slides/slide2.xml": "<a:p><a:r><a:t>zwei</a:t></a:r></a:p>", "ppt/notesSlides/notesSlide1.xml": "<a:p><a:t>Notiz</a:t></a:p>"}, "zwei\nzehn\nNotiz", Read},
		"pptx, other":   {"a.pptx", map[string]string{"a": "b"}, "", Damaged},
		"insecure name": {"a.docx", with(docx("<w:t>x</w:t>"), "../../etc/passwd", "root"), "x", Read},
	} {
		t.Run(name, func(t *testing.T) {
			if got, how := text(t, shared, "", c.file, pack(t, c.files)); got != c.want || how != c.how {
				t.Errorf("%q, %s; want %q, %s", got, how, c.want, c.how)
			}
		})
	}
	encrypted := append(append([]byte(nil), compoundFile...), make([]byte, 1000)...)
	for file, b := range map[string][]byte{"a.docx": encrypted, "b.xlsx": encrypted} {
		if _, how := text(t, shared, "", file, b); how != Protected {
			t.Errorf("%s: %s", file, how)
		}
	}
	if _, how := text(t, shared, "", "a.docx", []byte("PK\x03\x04 no ZIP")); how != Damaged {
		t.Errorf("no ZIP: %s", how)
	}
}

// Bombs cost little memory, whatever they claim.
func TestOfficeBombs(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		in   []byte
		how  How
	}{
		"much text":       {"a.docx", pack(t, docx("<w:t>"+strings.Repeat("ha", MaxText)+"</w:t>")), Partly},
		"much markup":     {"a.docx", pack(t, docx(strings.Repeat("<w:p></w:p><!-- -->", maxXML/19+1))), GaveUp},
		"much of nothing": {"a.odt", pack(t, odt(strings.Repeat(" ", maxXML+1))), GaveUp},
		"deep":            {"a.docx", pack(t, docx("<w:t>da</w:t>"+strings.Repeat("<w:p>", 1_000_000))), Read},
		"shared":          {"a.xlsx", pack(t, map[string]string{"xl/workbook.xml": "<w/>", "xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", 1<<20+1) + "</sst>"}), GaveUp},
		"same text":       {"a.xlsx", pack(t, map[string]string{"xl/workbook.xml": "<w/>", "xl/sharedStrings.xml": "<si><t>" + strings.Repeat("ha", 1<<18) + "</t></si>", "xl/worksheets/s.xml": strings.Repeat(`<c t="s"><v>0</v></c>`, 1<<20)}), Partly},
		"much after text": {"a.docx", pack(t, docx("<w:t>da</w:t>"+strings.Repeat(" ", maxXML))), Partly},
		"entities":        {"a.docx", pack(t, map[string]string{"word/document.xml": `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><t>&b;</t>`}), Damaged},
		"many entries":    {"a.docx", manyEntries(t, 400_000), GaveUp},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, how := text(t, shared, "", c.file, c.in); how != c.how {
				t.Errorf("%s; want %s", how, c.how)
			}
			runtime.ReadMemStats(&after)
			if grown := int64(after.Sys) - int64(before.Sys); grown > 400<<20 {
				t.Errorf("%d MiB more from the system", grown>>20)
			}
		})
	}
}

func manyEntries(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range n {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fuzz reads bytes as a document of this name: no panic, and text that check holds to.
func fuzz(f *testing.F, file string) {
	f.Fuzz(func(t *testing.T, b []byte) { text(t, shared, "", file, b) })
}

// inside is a ZIP around fuzzed XML: the fuzzer makes no ZIPs by itself.
func inside(f *testing.F, file string, files func(string) map[string]string) {
	f.Fuzz(func(t *testing.T, s string) {
		text(t, shared, "", file, pack(t, files(s)))
	})
}

func FuzzDOCX(f *testing.F) {
	f.Add("<w:t>a</w:t><w:tab/><mc:Fallback>")
	f.Add("<?xml version='1.0' encoding='utf-16'?><t>\x00")
	inside(f, "a.docx", func(s string) map[string]string { return map[string]string{"word/document.xml": s} })
}

func FuzzXLSX(f *testing.F) {
	f.Add(`<si><t>a</t></si><c t="s"><v>0</v></c></row>`)
	inside(f, "a.xlsx", func(s string) map[string]string {
		return map[string]string{"xl/workbook.xml": "", "xl/sharedStrings.xml": s, "xl/worksheets/sheet1.xml": s}
	})
}

func FuzzODT(f *testing.F) {
	f.Add("<body><text:p>a<text:s/></text:p></body><master-styles>")
	inside(f, "a.odt", func(s string) map[string]string { return map[string]string{"content.xml": s, "styles.xml": s} })
}

func FuzzZIP(f *testing.F) {
	f.Add(pack(f, docx("<w:t>x</w:t>")))
	fuzz(f, "a.docx")
}

func FuzzHTML(f *testing.F) {
	f.Add([]byte(`<meta charset=utf-16><title>a</title><table><td>b<td>&auml;<script>c`))
	f.Add([]byte("\xFE\xFF\x00<\x00p\x00>\x00\xE4"))
	fuzz(f, "a.html")
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg1252 a\'fc\u8364?{\*\x y}\bin2 ab\par}`))
	fuzz(f, "a.rtf")
}

// A ZIP whose directory lies about offsets is refused by whoever reads it, not by a panic.
func TestNegativeOffset(t *testing.T) {
	if _, err := (&source{r: bytes.NewReader(nil)}).ReadAt(make([]byte, 1), -1); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if _, _, err := shared.Text(context.Background(), "", "a.docx", bytes.NewReader([]byte("PK\x05\x06"+strings.Repeat("\xff", 18))), 22); err != nil {
		t.Error(err)
	}
}
