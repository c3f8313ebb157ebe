package filing

import (
	"context"
	"io"

	"rennsteig/platform/extract"
)

// Extractor reads texts out of documents and renders them as PDF; platform/extract has it.
type Extractor interface {
	// Text is the document's text; the error is never the document's fault.
	Text(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64) (string, extract.How, error)
	// PDF renders the document. extract.ErrNoConverter, extract.ErrNotConvertible, extract.ErrConversionTime.
	PDF(ctx context.Context, name string, r io.Reader) ([]byte, error)
}
