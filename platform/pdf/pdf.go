// Package pdf sets simple letters and receipts. Every such PDF also exists as a page; no claim of PDF/A or PDF/UA.
//
// A document is laid out first (layout.go: lines, columns, pages) and drawn afterwards, so that each foot can say how
// many pages there are. Equal input gives equal bytes.
package pdf

import (
	"errors"
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"rennsteig/platform/i18n"
)

// Doc is one document: a head, then blocks in order.
type Doc struct {
	Lang    string // "de" or "en"
	Title   string
	Sender  string    // authority, above the title
	Created time.Time // also the PDF's own date, so that equal input gives equal bytes
	Note    string    // printed in the foot of each page, e.g. a reference
	Blocks  []Block
}

// Block is one of Heading, Text, Rows.
type Block any

// Heading is a heading inside the document.
type Heading string

// Text is a paragraph; line breaks are kept.
type Text string

// Rows is a list of label and value.
type Rows [][2]string

// Limits of one document. They keep a stranger's input from filling memory and disk.
const (
	MaxBytes = 1 << 20 // of text, all blocks together
	MaxPages = 500
)

// ErrTooLong is returned for a document beyond MaxBytes or MaxPages. Nothing has been written then.
var ErrTooLong = errors.New("pdf: document is too long")

// Write sets d and writes the PDF. It fails if the font is missing (run `make assets`).
func Write(w io.Writer, d Doc) error {
	if d.Created.IsZero() {
		return errors.New("pdf: Doc.Created is missing")
	}
	lang := i18n.German
	if d.Lang == string(i18n.English) {
		lang = i18n.English
	}
	fonts, err := loadFonts()
	if err != nil {
		return err
	}
	texts, err := loadTexts()
	if err != nil {
		return err
	}
	l := newLayout(fonts)
	if err := l.set(d, i18n.Date(lang, d.Created)); err != nil {
		return err
	}

	f := fpdf.New("P", "mm", "A4", "")
	f.AddUTF8FontFromBytes(family, "", fonts.file(l.rare))
	f.SetCatalogSort(true) // else the order of objects is Go's random order of maps
	f.SetAutoPageBreak(false, 0)
	f.SetCreationDate(d.Created.UTC())
	f.SetModificationDate(d.Created.UTC())
	f.SetLang(string(lang))
	f.SetTitle(clean(d.Title), true)
	f.SetAuthor(clean(d.Sender), true)
	f.SetProducer("Rennsteig", true)
	f.SetTextColor(0x17, 0x1a, 0x2b)
	for i, p := range l.pages {
		f.AddPage()
		f.SetDrawColor(0x9a, 0xa0, 0xb4)
		f.SetLineWidth(0.2)
		for _, y := range p.rules {
			f.Line(left, y, right, y)
		}
		f.Line(left, footRule, right, footRule)
		f.SetDrawColor(0x17, 0x1a, 0x2b)
		for _, t := range p.texts {
			f.SetFont(family, "", t.size)
			if t.weight == bold {
				// The letters' outlines drawn too: a second font would double the time and the size of a document.
				f.SetLineWidth(t.size * mm * boldness)
				f.SetTextRenderingMode(2)
			}
			f.Text(t.x, t.y, t.s)
			if t.weight == bold {
				f.SetTextRenderingMode(0)
			}
		}
		f.SetFont(family, "", footSize)
		number := texts.T(lang, "pdf.page", i+1, len(l.pages))
		for k, s := range l.note {
			f.Text(left, footY+float64(k)*lineHeight(footSize), s)
		}
		f.Text(right-fonts.width(footSize, number), footY, number)
	}
	if err := f.Output(w); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}
