package extract

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"
)

// Files are the texts of How and of the errors.
//
//go:embed texts/*.json
var Files embed.FS

// MaxText is how many bytes of text are taken from one document.
const MaxText = 2 << 20

// How says what became of a document's text.
type How string

// The ways, final for the document unless a program is installed or this one learns more.
const (
	Read          How = "read"           // the text stands in the document
	Partly        How = "partly"         // as Read or Recognised, but there is more than was taken
	Recognised    How = "recognised"     // letters in pictures, so expect mistakes
	Empty         How = "empty"          // read or recognised, and there is no text
	NotRecognised How = "not_recognised" // pictures, but tesseract is not installed
	Unsupported   How = "unsupported"    // nobody here reads this kind
	Protected     How = "protected"      // a password is needed
	Damaged       How = "damaged"        // not what it claims to be, or broken
	GaveUp        How = "gave_up"        // it took too much time or memory
)

// Key is the catalogue key of the sentence for people.
func (h How) Key() string { return "extract.how." + string(h) }

// Options say where things are. The zero value works.
type Options struct {
	// Cache is a folder for pdfium compiled to this machine's code: some seconds less at each start. Code from there is
	// run, so only this program may be able to write it. Empty: compiled anew by each process.
	Cache string
	// Temp is where LibreOffice works; empty: the system's folder for temporary files.
	Temp string
	// Path is where tesseract and soffice are looked for, a list as in $PATH; empty: $PATH.
	Path string
	// Timeout bounds each step: reading one PDF, recognising one page, one rendition. 0: two minutes.
	Timeout time.Duration
}

// Extractor is made once per process. Its methods may be called at the same time.
type Extractor struct {
	options  Options
	pdfium   *engine
	pictures pictures
	programs chan struct{} // who holds a place runs a program
}

// maxPrograms run at the same time: each takes a core.
const maxPrograms = 2

// New returns an Extractor. It starts nothing yet.
func New(o Options) *Extractor {
	if o.Path == "" {
		o.Path = os.Getenv("PATH")
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	return &Extractor{options: o, pdfium: newEngine(o.Cache), pictures: make(pictures, 1), programs: make(chan struct{}, maxPrograms)}
}

// Close frees what was started.
func (e *Extractor) Close() error { return e.pdfium.close() }

// document is what Text was given.
type document struct {
	r      *source
	size   int64
	params map[string]string // of the media type
}

// whole reads the document into memory, at most max bytes, and reports whether that was all.
func (d document) whole(max int64) (b []byte, all bool, err error) {
	b, err = io.ReadAll(io.NewSectionReader(d.r, 0, min(d.size, max)))
	return b, d.size <= max, err
}

// source remembers the first failure of what is below it, which is not the document's fault.
type source struct {
	r   io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // which a broken document can ask for
		return 0, io.EOF
	}
	n, err := s.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && s.err == nil {
		s.err = err
	}
	return n, err
}

// Text returns the text of a document of size bytes: valid UTF-8 without NUL, at most MaxText bytes. What the document is
// says its media type, or the ending of its name if the type is none or a general one. r is read by one goroutine at a
// time and not after Text has returned. The error is one of r, of ctx, or of this machine.
func (e *Extractor) Text(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64) (string, How, error) {
	kind, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		kind, params = "", nil
	}
	read := readers[kind]
	if read == nil {
		read = readers[types[strings.ToLower(path.Ext(name))]]
	}
	if read == nil && strings.HasPrefix(kind, "text/") {
		read = (*Extractor).plain
	}
	if read == nil {
		return "", Unsupported, nil
	}
	if size == 0 {
		return "", Empty, nil
	}
	d := document{&source{r: r}, size, params}
	text, how, err := read(e, ctx, d)
	switch {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case d.r.err != nil:
		return "", "", fmt.Errorf("extract: read %.100q: %w", name, d.r.err)
	case err != nil:
		return "", "", fmt.Errorf("extract: %.100q: %w", name, err)
	}
	text, cut := tidy(text)
	switch {
	case cut:
		how = Partly
	case text == "" && how == Partly:
		how = GaveUp
	case text == "" && (how == Read || how == Recognised):
		how = Empty
	}
	return text, how, nil
}

// tidy makes text that every database takes.
func tidy(s string) (_ string, cut bool) {
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
	if len(s) <= MaxText {
		return s, false
	}
	n := MaxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

type reader func(*Extractor, context.Context, document) (string, How, error)

// readers by media type; other text/… is plain text.
var readers = map[string]reader{
	"application/pdf":                     (*Extractor).pdf,
	"text/plain":                          (*Extractor).plain,
	"application/json":                    (*Extractor).plain,
	"application/xml":                     (*Extractor).html,
	"text/xml":                            (*Extractor).html,
	"text/html":                           (*Extractor).html,
	"application/xhtml+xml":               (*Extractor).html,
	"text/rtf":                            (*Extractor).rtf,
	"application/rtf":                     (*Extractor).rtf,
	"message/rfc822":                      (*Extractor).mail,
	"application/vnd.ms-outlook":          (*Extractor).mail,
	"image/png":                           (*Extractor).picture,
	"image/jpeg":                          (*Extractor).picture,
	"image/tiff":                          (*Extractor).picture,
	"image/bmp":                           (*Extractor).picture,
	"image/gif":                           (*Extractor).picture,
	"image/webp":                          (*Extractor).picture,
	ooxml + "wordprocessingml.document":   (*Extractor).docx,
	ooxml + "spreadsheetml.sheet":         (*Extractor).xlsx,
	ooxml + "presentationml.presentation": (*Extractor).pptx,
	"application/vnd.oasis.opendocument.text":          (*Extractor).odf,
	"application/vnd.oasis.opendocument.spreadsheet":   (*Extractor).odf,
	"application/vnd.oasis.opendocument.presentation":  (*Extractor).odf,
	"application/vnd.ms-word.document.macroenabled.12": (*Extractor).docx,
	"application/vnd.ms-excel.sheet.macroenabled.12":   (*Extractor).xlsx,
	"application/vnd.oasis.opendocument.text-template": (*Extractor).odf,
	ooxml + "wordprocessingml.template":                (*Extractor).docx,
}

const ooxml = "application/vnd.openxmlformats-officedocument."

// types by the ending of a name, where a media type says nothing.
var types = map[string]string{
	".pdf": "application/pdf", ".txt": "text/plain", ".csv": "text/plain", ".md": "text/plain", ".json": "application/json",
	".xml": "application/xml", ".html": "text/html", ".htm": "text/html", ".rtf": "text/rtf", ".eml": "message/rfc822",
	".msg": "application/vnd.ms-outlook", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".tif": "image/tiff", ".tiff": "image/tiff", ".bmp": "image/bmp", ".gif": "image/gif", ".webp": "image/webp",
	".docx": ooxml + "wordprocessingml.document", ".docm": ooxml + "wordprocessingml.document",
	".dotx": ooxml + "wordprocessingml.template", ".xlsx": ooxml + "spreadsheetml.sheet", ".xlsm": ooxml + "spreadsheetml.sheet",
	".pptx": ooxml + "presentationml.presentation", ".odt": "application/vnd.oasis.opendocument.text",
	".ods": "application/vnd.oasis.opendocument.spreadsheet", ".odp": "application/vnd.oasis.opendocument.presentation",
	".ott": "application/vnd.oasis.opendocument.text-template",
}

// Tool is something that Extractor works with.
type Tool struct {
	Name    string // "pdfium", "tesseract", "libreoffice"
	Version string // empty: it is not there
	Path    string // empty: not there, or built in
}

// Available tells which tools are there: always three, in the order of Tool.Name.
func (e *Extractor) Available(ctx context.Context) []Tool {
	tools := []Tool{{Name: "pdfium", Version: pdfiumVersion()}, {Name: "tesseract"}, {Name: "libreoffice"}}
	for i, names := range [][]string{1: {"tesseract"}, 2: officeNames} {
		if path := e.look(names...); path != "" {
			tools[i].Path = path
			tools[i].Version = e.version(ctx, path)
		}
	}
	return tools
}

// pdfiumVersion is that of the module that carries it.
func pdfiumVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/klippa-app/go-pdfium" {
				return "go-pdfium " + m.Version
			}
		}
	}
	return "built in"
}
