package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"
)

// Office documents are ZIPs of XML. What a ZIP claims is not believed: its directory and the XML are read within bounds.
const (
	maxDirectory = 8 << 20  // bytes of a ZIP's directory, which archive/zip holds in memory
	maxXML       = 64 << 20 // bytes unpacked of one document
	maxShared    = 16 << 20 // bytes of a spreadsheet's table of texts
)

var (
	errBomb   = errors.New("it unpacks to too much")
	errCipher = errors.New("it is encrypted")
)

// limited lets only so much be read of a ZIP until lifted.
type limited struct {
	r    io.ReaderAt
	left int64
}

func (l *limited) ReadAt(p []byte, off int64) (int, error) {
	if l.left >= 0 {
		if l.left -= int64(len(p)); l.left < 0 {
			l.left = 0
			return 0, errBomb
		}
	}
	return l.r.ReadAt(p, off)
}

// office is an opened document.
type office struct {
	zip  *zip.Reader
	left int64 // bytes that may still be unpacked
	text sink
}

var compoundFile = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

func openOffice(d document) (*office, error) {
	l := &limited{d.r, maxDirectory}
	z, err := zip.NewReader(l, d.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names lead nowhere here
		magic := make([]byte, len(compoundFile))
		if n, _ := d.r.ReadAt(magic, 0); n == len(magic) && bytes.Equal(magic, compoundFile) { // [MS-OFFCRYPTO]
			return nil, errCipher
		}
		return nil, err
	}
	l.left = -1
	return &office{zip: z, left: maxXML}, nil
}

// named returns the files whose names match, in the order of their numbers.
func (o *office) named(pattern string) []*zip.File {
	var files []*zip.File
	for _, f := range o.zip.File {
		if ok, err := path.Match(pattern, f.Name); ok && err == nil {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b *zip.File) int { return len(a.Name) - len(b.Name) }) // slide2 before slide10
	return files
}

// open opens a file in the ZIP within what may still be unpacked.
func (o *office) open(f *zip.File) (io.ReadCloser, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	return &unpacking{r, o}, nil
}

type unpacking struct {
	io.ReadCloser
	o *office
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if u.o.left -= int64(n); u.o.left < 0 {
		return 0, errBomb
	}
	return n, err
}

// each calls start, end and chars for what stands in a file, with names without their prefixes, until they say stop.
// Raw tokens: the decoder then keeps no open elements, however deep a document nests them.
func (o *office) each(f *zip.File, h handler) error {
	r, err := o.open(f)
	if err != nil {
		return err
	}
	defer r.Close()
	x := xml.NewDecoder(r)
	x.CharsetReader = charset.NewReaderLabel
	for !o.text.full {
		t, err := x.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			h.start(t)
		case xml.EndElement:
			h.end(t.Name.Local)
		case xml.CharData:
			h.chars(string(t))
		}
	}
	return nil
}

type handler interface {
	start(xml.StartElement)
	end(name string)
	chars(string)
}

// read reads an office document by the files in it.
func (d document) read(f func(*office) error) (string, How, error) {
	o, err := openOffice(d)
	if err == nil {
		err = f(o)
	}
	switch {
	case err == nil:
		return o.text.result()
	case errors.Is(err, errCipher):
		return "", Protected, nil
	case errors.Is(err, errBomb):
		return o.partly()
	default: // what failed outside of the document is kept by its source
		return "", Damaged, nil
	}
}

// partly is what was read before it was too much.
func (o *office) partly() (string, How, error) {
	if o == nil {
		return "", GaveUp, nil
	}
	return o.text.b.String(), Partly, nil
}

var errMissing = errors.New("what makes this kind of document is missing")

// docx: ECMA-376 part 1, WordprocessingML.
func (e *Extractor) docx(_ context.Context, d document) (string, How, error) {
	return d.read(func(o *office) error {
		if len(o.named("word/document.xml")) == 0 {
			return errMissing
		}
		for _, pattern := range []string{"word/document.xml", "word/header*.xml", "word/footer*.xml", "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"} {
			if err := o.ooxml(pattern); err != nil {
				return err
			}
		}
		return nil
	})
}

// pptx: ECMA-376 part 1, PresentationML.
func (e *Extractor) pptx(_ context.Context, d document) (string, How, error) {
	return d.read(func(o *office) error {
		if len(o.named("ppt/presentation.xml")) == 0 {
			return errMissing
		}
		return errors.Join(o.ooxml("ppt/slides/slide*.xml"), o.ooxml("ppt/notesSlides/notesSlide*.xml"))
	})
}

func (o *office) ooxml(pattern string) error {
	for _, f := range o.named(pattern) {
		if err := o.each(f, &runs{out: &o.text}); err != nil {
			return err
		}
	}
	return nil
}

// runs gathers runs of text (t) of WordprocessingML and DrawingML. Deleted text and field codes have other names.
type runs struct {
	out        *sink
	text, tabs bool
	fallback   int // inside of what an old program shows instead
}

func (r *runs) start(e xml.StartElement) {
	switch e.Name.Local {
	case "Fallback":
		r.fallback++
	case "t":
		r.text = true
	case "tabs": // where tabs stop, which are named as tabs are
		r.tabs = true
	case "tab":
		if !r.tabs {
			r.write("\t")
		}
	case "br", "cr":
		r.write("\n")
	case "noBreakHyphen":
		r.write("-")
	}
}

func (r *runs) end(name string) {
	switch name {
	case "Fallback":
		r.fallback--
	case "t":
		r.text = false
	case "tabs":
		r.tabs = false
	case "p":
		r.write("\n")
	case "tc":
		r.write("\t")
	}
}

func (r *runs) chars(s string) {
	if r.text {
		r.write(s)
	}
}

func (r *runs) write(s string) {
	if r.fallback <= 0 {
		r.out.add(s)
	}
}

// odf: OpenDocument 1.3 part 3.
func (e *Extractor) odf(_ context.Context, d document) (string, How, error) {
	return d.read(func(o *office) error {
		for _, f := range o.named("META-INF/manifest.xml") {
			r, err := o.open(f)
			if err != nil {
				return err
			}
			b, err := io.ReadAll(io.LimitReader(r, 1<<20))
			r.Close()
			if err != nil {
				return err
			}
			if bytes.Contains(b, []byte("encryption-data")) { // part 2 §3.4.1
				return errCipher
			}
		}
		content := o.named("content.xml")
		if len(content) == 0 {
			return errMissing
		}
		if err := o.each(content[0], &flow{out: &o.text, in: "body"}); err != nil {
			return err
		}
		for _, f := range o.named("styles.xml") { // headers and footers
			if err := o.each(f, &flow{out: &o.text, in: "master-styles"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// flow gathers the paragraphs of OpenDocument inside of an element.
type flow struct {
	out    *sink
	in     string
	inside bool
	text   int // inside of so many paragraphs and headings
	skip   int // inside of so many elements whose text nobody reads
}

var silent = map[string]bool{"tracked-changes": true, "scripts": true, "event-listeners": true, "binary-data": true, "ruby-text": true}

func (f *flow) start(e xml.StartElement) {
	name := e.Name.Local
	switch {
	case name == f.in:
		f.inside = true
	case silent[name]:
		f.skip++
	case name == "p" || name == "h":
		f.text++
	case name == "s":
		f.write(" ")
	case name == "tab":
		f.write("\t")
	case name == "line-break":
		f.write("\n")
	}
}

func (f *flow) end(name string) {
	switch {
	case name == f.in:
		f.inside = false
	case silent[name]:
		f.skip--
	case name == "p" || name == "h":
		f.write("\n")
		f.text--
	}
}

func (f *flow) chars(s string) {
	if f.text > 0 {
		f.write(s)
	}
}

func (f *flow) write(s string) {
	if f.inside && f.skip <= 0 {
		f.out.add(s)
	}
}

// xlsx: ECMA-376 part 1, SpreadsheetML. Texts stand in one table, and cells name their place in it.
func (e *Extractor) xlsx(_ context.Context, d document) (string, How, error) {
	return d.read(func(o *office) error {
		if len(o.named("xl/workbook.xml")) == 0 {
			return errMissing
		}
		var shared texts
		for _, f := range o.named("xl/sharedStrings.xml") {
			if err := o.each(f, &shared); err != nil {
				return err
			}
			if shared.size > maxShared {
				return errBomb
			}
		}
		for _, f := range o.named("xl/worksheets/*.xml") {
			if err := o.each(f, &cells{out: &o.text, shared: shared.all}); err != nil {
				return err
			}
		}
		return nil
	})
}

// texts is the table of texts.
type texts struct {
	all   []string
	size  int
	cur   strings.Builder
	text  bool
	phone int // inside of how to pronounce it
}

func (t *texts) start(e xml.StartElement) {
	switch e.Name.Local {
	case "t":
		t.text = true
	case "rPh":
		t.phone++
	}
}

func (t *texts) end(name string) {
	switch name {
	case "t":
		t.text = false
	case "rPh":
		t.phone--
	case "si":
		if t.size += t.cur.Len() + 16; t.size <= maxShared { // a string takes 16 bytes by itself
			t.all = append(t.all, t.cur.String())
		}
		t.cur.Reset()
	}
}

func (t *texts) chars(s string) {
	if t.text && t.phone <= 0 {
		t.cur.WriteString(s)
	}
}

// cells gathers a sheet's rows: a line each, a tab between cells.
type cells struct {
	out    *sink
	shared []string
	kind   string // of the current cell
	value  strings.Builder
	inside bool // in a value, not in a formula
	any    bool // the row has a cell already
}

func (c *cells) start(e xml.StartElement) {
	switch e.Name.Local {
	case "c":
		c.kind = ""
		for _, a := range e.Attr {
			if a.Name.Local == "t" {
				c.kind = a.Value
			}
		}
	case "v", "t":
		c.inside = true
	}
}

func (c *cells) end(name string) {
	switch name {
	case "v", "t":
		c.inside = false
	case "c":
		v := c.value.String()
		c.value.Reset()
		if c.kind == "s" {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil || n < 0 || n >= len(c.shared) {
				return
			}
			v = c.shared[n]
		}
		if v == "" || c.kind == "b" || c.kind == "e" { // true, false, errors
			return
		}
		if c.any {
			c.out.add("\t")
		}
		c.any = true
		c.out.add(v)
	case "row":
		if c.any {
			c.out.add("\n")
		}
		c.any = false
	}
}

func (c *cells) chars(s string) {
	if c.inside {
		c.value.WriteString(s)
	}
}
