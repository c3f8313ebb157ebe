package extract

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// flat is an ODT in one XML file, which LibreOffice takes as well.
func flat(body string) string {
	return `<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" ` +
		`xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
		`office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>` + body + `</office:text></office:body></office:document>`
}

func TestPDF(t *testing.T) {
	for name, in := range map[string]string{
		"Brief.fodt": flat("<text:p>Grüße aus Erfurt</text:p>"),
		"Brief.TXT":  "\xEF\xBB\xBFGrüße aus Erfurt",
		"Brief.rtf":  `{\rtf1\ansi Gr\'fc\'dfe aus Erfurt}`,
	} {
		b, err := shared.PDF(context.Background(), name, strings.NewReader(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, how := text(t, shared, "application/pdf", "", b); !strings.Contains(got, "Grüße aus Erfurt") || how != Read {
			t.Errorf("%s: %q, %s", name, got, how)
		}
	}
	if left, err := filepath.Glob(shared.options.Temp + "/extract-*"); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNoPDF(t *testing.T) {
	ctx := context.Background()
	if _, err := New(Options{Path: t.TempDir()}).PDF(ctx, "a.odt", strings.NewReader("x")); !errors.Is(err, ErrNoConverter) {
		t.Errorf("not installed: %v", err)
	}
	if _, err := shared.PDF(ctx, "a.zip", strings.NewReader("x")); !errors.Is(err, ErrNotConvertible) {
		t.Errorf("zip: %v", err)
	}
	if _, err := shared.PDF(ctx, "a.docx", bytes.NewReader(pack(t, map[string]string{"a": "b"}))); !errors.Is(err, ErrNotConvertible) {
		t.Errorf("no document: %v", err)
	}
	if _, err := shared.PDF(ctx, "a.odt", iotest.ErrReader(os.ErrDeadlineExceeded)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an error of the source: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := shared.PDF(gone, "a.odt", strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	slow := New(Options{Path: fake(t, "soffice", "/bin/sleep 300"), Timeout: time.Second})
	if _, err := slow.PDF(ctx, "a.odt", strings.NewReader("x")); !errors.Is(err, ErrConversionTime) {
		t.Errorf("too slow: %v", err)
	}
}

// LibreOffice loads nothing that a document links to: a document from outside could make it ask addresses inside, or show
// files of the server. That it would without the profile is why the profile is there.
func TestLinksStayUnread(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	}))
	defer server.Close()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.txt")
	if err := os.WriteFile(secret, []byte("GEHEIM"), 0o600); err != nil {
		t.Fatal(err)
	}
	photo := filepath.Join(dir, "photo.png")
	picture := image.NewGray(image.Rect(0, 0, 40, 40))
	picture.Set(1, 1, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(photo, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	file := func(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }
	remote := func(kind, target string) string {
		return `<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `" TargetMode="External"/>`
	}
	for name, in := range map[string]string{
		"a.fodt": flat(`<text:p>Anfang</text:p><text:section text:name="S"><text:section-source xlink:type="simple" xlink:href="` + file(secret) + `" text:filter-name="Text"/><text:p/></text:section>` +
			`<text:section text:name="T"><text:section-source xlink:type="simple" xlink:href="` + server.URL + `/a.txt" text:filter-name="Text"/><text:p/></text:section>` +
			`<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="` + file(photo) + `"/></draw:frame><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="` + server.URL + `/a.png"/></draw:frame></text:p>`),
		"a.rtf":         `{\rtf1 Anfang {\field{\*\fldinst INCLUDEPICTURE "` + server.URL + `/c.png" \\d}{\fldrslt }}{\field{\*\fldinst INCLUDETEXT "` + secret + `"}{\fldrslt }}}`,
		"picture.docx":  linked(t, remote("image", server.URL+"/d.png"), ""),
		"file.docx":     linked(t, remote("image", file(photo)), ""),
		"template.docx": linked(t, "", remote("attachedTemplate", server.URL+"/e.dotm")),
	} {
		out, err := shared.PDF(context.Background(), name, strings.NewReader(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, _ := text(t, shared, "application/pdf", "", out)
		if !strings.Contains(got, "Anfang") || strings.Contains(got, "GEHEIM") {
			t.Errorf("%s: %q", name, got)
		}
		if bytes.Contains(out, []byte("/Subtype/Image")) {
			t.Errorf("%s shows a picture of the server", name)
		}
		if n := asked.Swap(0); n > 0 {
			t.Errorf("%s asked the server %d times", name, n)
		}
	}
}

// linked is a DOCX with a picture and a template that lie elsewhere.
func linked(t *testing.T, picture, template string) string {
	t.Helper()
	const rels, office = "http://schemas.openxmlformats.org/package/2006/", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	relationships := func(all string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="` + rels + `relationships">` + all + `</Relationships>`
	}
	const main = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="` + office + `"`
	return string(pack(t, map[string]string{
		"[Content_Types].xml": `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="` + rels + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="` + ooxml + `wordprocessingml.document.main+xml"/><Override PartName="/word/settings.xml" ContentType="` + ooxml + `wordprocessingml.settings+xml"/></Types>`,
		"_rels/.rels":                  relationships(`<Relationship Id="r1" Type="` + office + `/officeDocument" Target="word/document.xml"/>`),
		"word/_rels/document.xml.rels": relationships(`<Relationship Id="s" Type="` + office + `/settings" Target="settings.xml"/>` + picture),
		"word/_rels/settings.xml.rels": relationships(template),
		"word/settings.xml":            `<?xml version="1.0" encoding="UTF-8"?><w:settings ` + main + `><w:attachedTemplate r:id="r1"/></w:settings>`,
		"word/document.xml": `<?xml version="1.0" encoding="UTF-8"?><w:document ` + main + ` xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ` +
			`xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body><w:p><w:r><w:t>Anfang</w:t></w:r></w:p><w:p><w:r><w:drawing><wp:inline><wp:extent cx="990000" cy="990000"/><wp:docPr id="1" name="p"/>` +
			`<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="r1"/></pic:blipFill>` +
			`<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p></w:body></w:document>`,
	}))
}
