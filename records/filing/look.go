package filing

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"mime"
	"os"
	"path"
	"strings"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/email"
)

// Sight is what there is to see of a file without the program that wrote it.
type Sight struct {
	Pages   int            // that can be seen as pictures
	First   int            // number of the first one whose size is here, from 1
	Sizes   []image.Point  // as they are drawn, in pixels
	Why     string         // catalogue key of why there are no pages; "" where there are or need not be any
	Message *email.Message // of a mail, without what its attachments hold
	Text    string
	How     extract.How // what became of reading the text; "" is not read
}

// Look is a version that is looked at.
type Look struct {
	Document
	Case           records.Case
	Version        Version
	Previous, Next *Document // of the case, as they were filed; nil if there is none
	Sight
}

// sheetsShown is how many pages are shown at once.
const sheetsShown = 20

// shownAs is what the pages of a file are drawn from: the file itself, or a PDF made of it.
type shownAs int

const (
	asText shownAs = iota // it has no pages
	asItself
	asPDF
)

func shownFrom(f Stored) shownAs {
	switch {
	case mayBeMail(f):
		return asText
	case extract.Visible(f.MediaType, f.Name):
		return asItself
	case extract.Convertible(f.Name) && !textual(f):
		return asPDF
	}
	return asText
}

// textual reports whether the file is a text that can be read as it stands.
func textual(f Stored) bool {
	kind, _, err := mime.ParseMediaType(f.MediaType)
	if err != nil || kind == "application/octet-stream" {
		kind, _, _ = mime.ParseMediaType(typeByName(f.Name)) // a known one
	}
	return strings.HasPrefix(kind, "text/") && kind != "text/rtf" || kind == "application/json" || kind == "application/xml" ||
		strings.EqualFold(path.Ext(f.Name), ".md")
}

// pagesOf is the stored file that the pages of a version are drawn from; why is the catalogue key of why there is none.
func (r *Room) pagesOf(ctx context.Context, q db.Querier, scope access.Access, d Document, f Stored, number int64) (pages Stored, why string, err error) {
	switch shownFrom(f) {
	case asItself:
		return f, "", nil
	case asText:
		return Stored{}, "", nil
	}
	x, err := r.store.rendition(ctx, q, scope, d.ID, number)
	if err == nil && x.State == "" && number != d.Version {
		return Stored{}, "filing.look.no_rendition", nil
	}
	pages, why = x.pages(f)
	return pages, why, err
}

// pages is the rendition of f as a file of its own; why is the catalogue key of why there is none.
func (x Rendition) pages(f Stored) (pages Stored, why string) {
	switch {
	case x.State == RenditionMade:
		return rendered(f, x), ""
	case x.Note != "":
		return Stored{}, x.Note
	}
	return Stored{}, "filing.preview." + string(x.State)
}

// rendered is the rendition of a file as a file of its own.
func rendered(f Stored, x Rendition) Stored {
	return Stored{Ref: blob.Ref{Hash: x.Hash, Size: x.Size}, Name: stem(f.Name) + ".pdf", MediaType: "application/pdf"}
}

// Look shows a version of a document that the caller may read: the sizes of its pages from the one with the number first.
// errs.NotFound for any other.
func (r *Room) Look(ctx context.Context, document string, number int64, first int) (l Look, err error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return l, err
	}
	if l.Document, err = r.store.document(ctx, q, scope, document, ""); err != nil {
		return l, err
	}
	if l.Case, err = r.core.CaseByID(ctx, q, scope, l.CaseID, ""); err != nil {
		return l, err
	}
	if l.Version, err = r.store.version(ctx, q, scope, document, number); err != nil {
		return l, err
	}
	if err := r.core.NoteReading(ctx, "filing.read", l.Authority, records.DocumentObject(document), l.Case.Level, map[string]any{"version": number}); err != nil {
		return Look{}, err
	}
	if l.Previous, l.Next, err = r.store.neighbours(ctx, q, scope, l.Document); err != nil {
		return l, err
	}
	f := l.Version.file()
	pages, why, err := r.pagesOf(ctx, q, scope, l.Document, f, number)
	if err != nil {
		return l, err
	}
	read, err := r.store.text(ctx, q, scope, document)
	if err != nil {
		return l, err
	}
	if read.Hash != f.Hash {
		read = Text{}
	}
	l.Sight, err = r.sight(ctx, f, pages, why, read, first)
	return l, err
}

// file is what the version holds.
func (v Version) file() Stored {
	return Stored{Ref: blob.Ref{Hash: v.Hash, Size: v.Size}, Name: v.Name, MediaType: v.MediaType}
}

// sight reads what there is to see of f. Its pages are drawn from pages, or why says why not; read is its text, if it was
// read already.
func (r *Room) sight(ctx context.Context, f, pages Stored, why string, read Text, first int) (s Sight, err error) {
	s = Sight{First: max(1, first), Why: why, Text: read.Text, How: read.How}
	if mayBeMail(f) {
		if s.Message, err = r.readMail(ctx, f); err != nil {
			return s, err
		}
		if s.Message != nil {
			s.Text, s.How = s.Message.Text, extract.Read
			return s, nil
		}
	}
	if pages.Hash != "" {
		if err := r.measure(ctx, pages, &s); err != nil {
			return s, err
		}
	} else if s.Why == "" && !textual(f) {
		s.Why = "filing.look.none"
	}
	if s.How == "" && shownFrom(f) != asItself { // reading those takes too long while somebody waits
		err = r.spooled(ctx, f, func(content io.ReaderAt) (err error) {
			s.Text, s.How, err = r.extractor.Text(ctx, f.MediaType, f.Name, content, f.Size)
			return err
		})
	}
	var damaged *blob.Corrupt
	if errors.As(err, &damaged) {
		s.Why, err = "filing.check.damaged", nil
	}
	return s, err
}

// measure counts the pages.
func (r *Room) measure(ctx context.Context, pages Stored, s *Sight) error {
	how := extract.Read
	err := r.spooled(ctx, pages, func(content io.ReaderAt) (err error) {
		s.Pages, s.Sizes, how, err = r.extractor.Sheets(ctx, pages.MediaType, pages.Name, content, pages.Size, s.First, sheetsShown)
		return err
	})
	var damaged *blob.Corrupt
	switch {
	case errors.As(err, &damaged):
		s.Why = "filing.check.damaged"
		return nil
	case err == nil && how != extract.Read:
		s.Why = "filing.look.how." + string(how)
	}
	for i, size := range s.Sizes {
		width := sheetWidth
		if !isPDF(pages) {
			width = min(width, size.X) // a picture is not made larger
		}
		s.Sizes[i] = image.Pt(width, max(1, size.Y*width/size.X))
	}
	return err
}

func isPDF(f Stored) bool {
	return f.MediaType == "application/pdf" || strings.EqualFold(path.Ext(f.Name), ".pdf")
}

// spooled calls f with a stored file that can be read anywhere, whole and as its hash says.
func (r *Room) spooled(ctx context.Context, x Stored, f func(io.ReaderAt) error) error {
	content, err := r.open(ctx, x.Hash, x.Name)
	if err != nil {
		return err
	}
	defer content.Close()
	if x.Size <= inMemory {
		b, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		return f(bytes.NewReader(b))
	}
	file, err := os.CreateTemp("", "rennsteig-look-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // left to the system's own sweep
	defer file.Close()
	if _, err := io.Copy(file, content); err != nil {
		return err
	}
	return f(file)
}

// Picture is a page as PNG.
type Picture struct {
	PNG  []byte
	Keep bool // it may stay in the reader's browser for a while
}

// The widths of pictures, in pixels.
const (
	sheetWidth = 1200
	smallWidth = 400
)

// Sheet draws a page, counted from 1, of a version of a document that the caller may read. errs.NotFound if there is none.
func (r *Room) Sheet(ctx context.Context, document string, number int64, page, width int) (Picture, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return Picture{}, err
	}
	d, err := r.store.document(ctx, q, scope, document, "")
	if err != nil {
		return Picture{}, err
	}
	v, err := r.store.version(ctx, q, scope, document, number)
	if err != nil {
		return Picture{}, err
	}
	c, err := r.core.CaseByID(ctx, q, scope, d.CaseID, "")
	if err != nil {
		return Picture{}, err
	}
	pages, _, err := r.pagesOf(ctx, q, scope, d, v.file(), number)
	if err != nil {
		return Picture{}, err
	}
	if err := r.noteSheet(ctx, d, c.Level, map[string]any{"version": number, "page": page}); err != nil {
		return Picture{}, err
	}
	b, err := r.draw(ctx, pages, page, width)
	return Picture{b, !c.Level.Sensitive()}, err
}

// lookCovers is how long the entry about opening a page covers the pictures in it.
const lookCovers = 15 * time.Minute

// noteSheet keeps a look at a page of something confidential in the log, unless the same person's look at the document a
// moment ago is there, whichever part's page showed it.
func (r *Room) noteSheet(ctx context.Context, d Document, level access.Level, what map[string]any) error {
	if !level.Sensitive() {
		return nil
	}
	object := records.DocumentObject(d.ID)
	newest, err := r.h.Audit.History(ctx, object, 50)
	if err != nil {
		return err
	}
	me, since := identity.From(ctx).Subject, r.h.Now().Add(-lookCovers)
	for _, e := range newest {
		if e.Actor == me && strings.HasSuffix(e.Action, ".read") && e.Time.After(since) {
			return nil
		}
	}
	return r.core.NoteReading(ctx, "filing.read", d.Authority, object, level, what)
}

// draw draws a page of a stored file; errs.NotFound if there is none, or it cannot be drawn.
func (r *Room) draw(ctx context.Context, pages Stored, page, width int) (b []byte, err error) {
	none := errs.E(errs.NotFound, "filing.look.no_sheet")
	if pages.Hash == "" {
		return nil, none
	}
	key := keyOf(pages, page, width)
	if b = r.sheets.get(key); b != nil {
		return b, nil
	}
	how := extract.Read
	err = r.spooled(ctx, pages, func(content io.ReaderAt) (err error) {
		b, how, err = r.extractor.Sheet(ctx, pages.MediaType, pages.Name, content, pages.Size, page, width)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case how != extract.Read:
		return nil, none
	}
	r.sheets.put(key, b)
	return b, nil
}

// LookIncoming shows a document of post that the caller may see, as Look does.
func (r *Room) LookIncoming(ctx context.Context, id, document string, first int) (x Incoming, d Document, s Sight, err error) {
	x, d, err = r.incomingDocument(ctx, id, document)
	if err != nil {
		return x, d, s, err
	}
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return x, d, s, err
	}
	read, err := r.store.incomingText(ctx, q, scope, id, document)
	if err != nil {
		return x, d, s, err
	}
	pages, why, err := r.incomingPages(ctx, q, scope, id, d)
	if err != nil {
		return x, d, s, err
	}
	s, err = r.sight(ctx, d.file(), pages, why, read, first)
	return x, d, s, err
}

// IncomingSheet draws a page of such a document.
func (r *Room) IncomingSheet(ctx context.Context, id, document string, page, width int) (Picture, error) {
	_, d, err := r.incomingDocument(ctx, id, document)
	if err != nil {
		return Picture{}, err
	}
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return Picture{}, err
	}
	pages, _, err := r.incomingPages(ctx, q, scope, id, d)
	if err != nil {
		return Picture{}, err
	}
	b, err := r.draw(ctx, pages, page, width)
	return Picture{b, true}, err
}

// incomingPages is pagesOf for a document of post.
func (r *Room) incomingPages(ctx context.Context, q db.Querier, scope access.Access, post string, d Document) (pages Stored, why string, err error) {
	switch shownFrom(d.file()) {
	case asItself:
		return d.file(), "", nil
	case asText:
		return Stored{}, "", nil
	}
	x, err := r.store.letterRendition(ctx, q, scope, post, d.ID)
	pages, why = x.pages(d.file())
	return pages, why, err
}

// file is what the document holds.
func (d Document) file() Stored {
	return Stored{Ref: blob.Ref{Hash: d.Hash, Size: d.Size}, Name: d.Name, MediaType: d.MediaType}
}

// incomingDocument reads a document of post that the caller may see.
func (r *Room) incomingDocument(ctx context.Context, id, document string) (Incoming, Document, error) {
	x, docs, err := r.Incoming(ctx, id)
	if err != nil {
		return x, Document{}, err
	}
	for _, d := range docs {
		if d.ID == document {
			return x, d, nil
		}
	}
	return x, Document{}, errs.E(errs.NotFound, "records.error.not_found")
}
