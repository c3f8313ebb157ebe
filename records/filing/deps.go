package filing

import (
	"context"
	"image"
	"io"

	"rennsteig/platform/extract"
)

// Extractor reads texts out of documents, draws their pages and renders them as PDF; platform/extract has it.
type Extractor interface {
	// Text is the document's text; the error is never the document's fault.
	Text(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64) (string, extract.How, error)
	// Sheets counts the pages that can be drawn, and says how large some of them are.
	Sheets(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64, first, most int) (count int, sizes []image.Point, how extract.How, err error)
	// Sheet draws a page, counted from 1, as PNG.
	Sheet(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64, number, width int) (png []byte, how extract.How, err error)
	// PDF renders the document. extract.ErrNoConverter, extract.ErrNotConvertible, extract.ErrConversionTime.
	PDF(ctx context.Context, name string, r io.Reader) ([]byte, error)
}
