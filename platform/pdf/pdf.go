// Package pdf sets simple letters and receipts. Every such PDF also exists as a page; no claim of PDF/A or PDF/UA.
package pdf

import (
	"io"
	"time"
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

// Write sets d and writes the PDF. It fails if the font is missing (run `make assets`).
func Write(w io.Writer, d Doc) error { panic("being built") }
