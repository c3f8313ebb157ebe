package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/pdf"
)

// shared is the Extractor of all tests: compiling pdfium takes seconds.
var shared *Extractor

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "extract-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // the system sweeps its temporary files
		shared = New(Options{Cache: dir + "/pdfium", Temp: dir})
		code := m.Run()
		if err := shared.Close(); err != nil {
			panic(err)
		}
		return code
	}())
}

// another is an Extractor beside the shared one, with what it compiled.
func another(t *testing.T, o Options) *Extractor {
	o.Cache = shared.options.Cache
	e := New(o)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// text is Text of bytes, with what always holds checked.
func text(t testing.TB, e *Extractor, mediaType, name string, b []byte) (string, How) {
	t.Helper()
	s, how, err := e.Text(context.Background(), mediaType, name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s %s: %v", mediaType, name, err)
	}
	if !utf8.ValidString(s) || strings.Contains(s, "\x00") || len(s) > MaxText {
		t.Errorf("%s %s: %d bytes that are no clean text", mediaType, name, len(s))
	}
	if (s != "") != (how == Read || how == Recognised || how == Partly) {
		t.Errorf("%s %s: %d bytes of text, and %s", mediaType, name, len(s), how)
	}
	return s, how
}

// letter makes a PDF as this program does, of so many paragraphs.
func letter(t testing.TB, blocks ...pdf.Block) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pdf.Write(&b, pdf.Doc{Lang: "de", Title: "Bescheid über die Hundesteuer", Sender: "Stadt Musterstadt",
		Created: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), Blocks: blocks}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pack makes a ZIP of names and contents.
func pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, s := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlain(t *testing.T) {
	for name, c := range map[string]struct {
		media, name, in, want string
		how                   How
	}{
		"utf-8":                {"text/plain", "", "Grüße\x00", "Grüße", Read},
		"BOM":                  {"text/plain", "", "\xEF\xBB\xBFGrüße", "Grüße", Read},
		"UTF-16":               {"text/plain", "", "\xFF\xFEG\x00r\x00\xFC\x00", "Grü", Read},
		"named charset":        {"text/plain; charset=iso-8859-15", "", "5 \xA4", "5 €", Read},
		"windows":              {"text/csv", "", "\x84Stra\xDFe\x93;5 \x80", "„Straße“;5 €", Read},
		"by name":              {"application/octet-stream", "LIESMICH.TXT", "x", "x", Read},
		"broken type":          {";;", "a.md", "x", "x", Read},
		"empty":                {"text/plain", "", "", "", Empty},
		"blank":                {"text/plain", "", " \n", "", Empty},
		"unknown":              {"video/mp4", "a.mp4", "x", "", Unsupported},
		"HTML":                 {"text/html", "", "<title>T</title><script>x</script><p>Stra&szlig;e<td>a<td>b", "T\nStraße\ta\tb", Read},
		"HTML, meta":           {"text/html", "", `<meta charset="iso-8859-2"><p>` + "\xB1", "ą", Read},
		"XML":                  {"text/xml", "", `<?xml version="1.0"?><a><b>eins</b></a>`, "eins", Read},
		"RTF":                  {"application/rtf", "", `{\rtf1\ansi Gr\'fc\'dfe}`, "Grüße", Read},
		"RTF that isn't":       {"application/rtf", "", "x", "", Damaged},
		"mail":                 {"message/rfc822", "", "From: Erika <e@example.org>\r\nSubject: Antrag\r\n\r\nHallo", "Antrag\nErika e@example.org\nHallo", Read},
		"mail that isn't":      {"message/rfc822", "", "Hallo", "", Damaged},
		"Outlook's that isn't": {"application/vnd.ms-outlook", "", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "", Damaged},
	} {
		t.Run(name, func(t *testing.T) {
			if got, how := text(t, shared, c.media, c.name, []byte(c.in)); got != c.want || how != c.how {
				t.Errorf("%q, %s; want %q, %s", got, how, c.want, c.how)
			}
		})
	}
}

func TestMailWithAttachments(t *testing.T) {
	got, how := text(t, shared, "", "post.eml", []byte("Subject: Außen\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n--b\nContent-Type: application/pdf; name=Antrag.pdf\n\n%PDF\n"+
		"--b\nContent-Type: message/rfc822\n\nSubject: Innen\nCc: Amt <amt@example.org>\n\nAuch das\n--b--\n"))
	if want := "Außen\nText\nAntrag.pdf\nInnen.eml\nInnen\nAmt amt@example.org\nAuch das"; got != want || how != Read {
		t.Errorf("%q, %s", got, how)
	}
	deep := strings.Repeat("Subject: x\nContent-Type: message/rfc822\n\n", 20)
	if _, how := text(t, shared, "message/rfc822", "", []byte(deep)); how != GaveUp {
		t.Errorf("20 mails in each other: %s", how)
	}
}

func TestCutOff(t *testing.T) {
	for media, in := range map[string]string{
		"text/plain":      strings.Repeat("ä", MaxText),
		"text/html":       strings.Repeat("<p>ä", MaxText),
		"application/rtf": `{\rtf1 ` + strings.Repeat("x", MaxText+10),
		"message/rfc822":  "Subject: x\n\n" + strings.Repeat("ä\n", MaxText),
	} {
		if got, how := text(t, shared, media, "", []byte(in)); how != Partly || len(got) < MaxText-10 {
			t.Errorf("%s: %d bytes, %s", media, len(got), how)
		}
	}
	// Of much markup around little text not all is looked at.
	if got, how := text(t, shared, "text/html", "", []byte("Anfang"+strings.Repeat(" ", maxPlain)+"Ende")); how != Partly || got != "Anfang" {
		t.Errorf("%q, %s", got, how)
	}
}

type brokenDisk struct{}

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, os.ErrDeadlineExceeded }

// What the store or the caller fails in is an error, whoever reads, so that a job tries again; it is never the document.
func TestErrorsOutside(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"a.txt", "a.html", "a.rtf", "a.eml", "a.msg", "a.docx", "a.xlsx", "a.pptx", "a.odt", "a.pdf", "a.png"} {
		if _, _, err := shared.Text(context.Background(), "", name, brokenDisk{}, 1000); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := shared.Text(gone, "", name, bytes.NewReader([]byte("x")), 1); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", name, err)
		}
	}
}

func TestTexts(t *testing.T) {
	c := i18n.New()
	if err := c.Add(Files); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	keys := []string{}
	for _, h := range []How{Read, Partly, Recognised, Empty, NotRecognised, Unsupported, Protected, Damaged, GaveUp} {
		keys = append(keys, h.Key())
	}
	for _, err := range []error{ErrNoConverter, ErrNotConvertible, ErrConversionTime} {
		keys = append(keys, errs.As(err).Key)
	}
	for _, k := range keys {
		if !c.Has(i18n.German, k) || !c.Has(i18n.English, k) {
			t.Errorf("no text for %s", k)
		}
	}
	if len(c.Keys(i18n.German)) != len(keys) {
		t.Errorf("%d texts, %d used", len(c.Keys(i18n.German)), len(keys))
	}
}

func TestAvailable(t *testing.T) {
	tools := shared.Available(context.Background())
	if len(tools) != 3 {
		t.Fatal(tools)
	}
	for i, want := range []string{"", "tesseract ", "LibreOffice "} {
		if !strings.HasPrefix(tools[i].Version, want) || tools[i].Version == "" || (tools[i].Path == "") != (i == 0) {
			t.Errorf("%+v", tools[i])
		}
	}
	for i, tool := range New(Options{Path: t.TempDir()}).Available(context.Background()) {
		if (tool.Version == "") != (i > 0) || tool.Path != "" {
			t.Errorf("nothing installed: %+v", tool)
		}
	}
}

// fake puts a program of this name into a folder, as a script of sh.
func fake(t *testing.T, name, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(dir+"/"+name, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A program that hangs is ended with all that it started, and one that fails fails only its document.
func TestPrograms(t *testing.T) {
	picture := []byte("not a picture")
	if _, how := text(t, shared, "image/png", "", picture); how != Damaged {
		t.Errorf("no picture: %s", how)
	}
	if _, how := text(t, New(Options{Path: t.TempDir()}), "image/png", "", picture); how != NotRecognised {
		t.Errorf("no tesseract: %s", how)
	}
	dir := t.TempDir()
	slow := fmt.Sprintf("case $1 in --list-langs) echo list; echo deu; exit;; esac\n/bin/sleep 300 & echo $! > %s/child; wait", dir)
	begin := time.Now()
	if _, how := text(t, New(Options{Path: fake(t, "tesseract", slow), Timeout: time.Second}), "image/png", "", picture); how != GaveUp {
		t.Errorf("a program that hangs: %s", how)
	}
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("it took %v", d)
	}
	pid, err := os.ReadFile(dir + "/child")
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err == nil && !strings.Contains(string(state), ") Z ") {
		t.Errorf("what the program started still runs: %s", state)
	}
	chatty := "case $1 in --list-langs) echo list; echo deu; exit;; esac\n/usr/bin/yes Wort"
	if got, how := text(t, New(Options{Path: fake(t, "tesseract", chatty), Timeout: 2 * time.Second}), "image/png", "", picture); how != GaveUp || got != "" {
		t.Errorf("a program that never ends to write: %d bytes, %s", len(got), how)
	}
}

func TestLanguages(t *testing.T) {
	for list, want := range map[string]string{"eng deu osd": "deu+eng", "osd eng": "eng", "osd fra": "fra", "": ""} {
		script := "echo heading; for l in " + list + "; do echo $l; done"
		if got, err := New(Options{Path: fake(t, "tesseract", script)}).languages(context.Background(), fake(t, "t", script)+"/t"); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", list, got, err, want)
		}
	}
}
