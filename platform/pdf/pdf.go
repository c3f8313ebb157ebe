// Package pdf sets simple letters and receipts. Every such PDF also exists as a page; no claim of PDF/A or PDF/UA.
//
// A document is laid out first (layout.go: lines, columns, pages) and drawn afterwards (file.go), so that each foot can
// say how many pages there are. Fonts are embedded as cuts (truetype.go) that most documents share. Equal input gives
// equal bytes.
package pdf

import (
	"errors"
	"fmt"
	"io"
	"time"

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

	for i := range l.pages {
		p := &l.pages[i]
		number := texts.T(lang, "pdf.page", i+1, len(l.pages))
		p.rules = append(p.rules, footRule)
		for k, s := range l.note {
			p.texts = append(p.texts, text{left, footY + float64(k)*lineHeight(footSize), regular, footSize, s})
		}
		p.texts = append(p.texts, text{right - fonts.width(regular, footSize, number), footY, regular, footSize, number})
	}
	if err := writeFile(w, fonts, l.pages, string(lang), clean(d.Title), clean(d.Sender), d.Created); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}
