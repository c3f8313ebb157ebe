package extract

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"mime"
	"path"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	sheetTime = 20 * time.Second // somebody waits for it
	// MaxSheetWidth is how many pixels wide a sheet can be drawn.
	MaxSheetWidth = 2000
	maxSheetPNG   = 32 << 20 // bytes
	tallest       = 4        // times its width
)

// Visible reports whether Sheets can show documents of this media type, or of a name like this if the type is none or a
// general one.
func Visible(mediaType, name string) bool { return visible(mediaType, name) != nil }

// leafer can show the pages of a kind of document.
type leafer interface {
	// sheets are the number of pages, and the sizes of those from first to before end.
	sheets(ctx context.Context, d document, first, end int) (count int, sizes []image.Point, err error)
	// sheet draws a page as PNG.
	sheet(ctx context.Context, d document, number, width int) ([]byte, error)
}

// visible is who shows such documents; nil if nobody does.
func visible(mediaType, name string) func(*Extractor) leafer {
	kind, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		kind = ""
	}
	if kind == "" || kind == "application/octet-stream" {
		kind = types[strings.ToLower(path.Ext(name))]
	}
	switch {
	case kind == "application/pdf":
		return func(e *Extractor) leafer { return sheetsPDF{e.pdfium} }
	case strings.HasPrefix(kind, "image/") && readers[kind] != nil:
		return func(e *Extractor) leafer { return e.pictures }
	}
	return nil
}

// Sheets tells how many pages a document has that can be shown, and how large those with the numbers from first (from 1) to
// first+most-1 are: for a PDF in points (1/72 inch), for a picture in pixels. The error is one of r, of ctx, or of this
// machine; what the document is to blame for says How, which is Read where there is something to see.
func (e *Extractor) Sheets(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64, first, most int) (count int, sizes []image.Point, how How, err error) {
	how, err = e.leaf(ctx, mediaType, name, r, size, func(ctx context.Context, l leafer, d document) (err error) {
		count, sizes, err = l.sheets(ctx, d, first, first+most)
		return err
	})
	if how != Read || err != nil {
		return 0, nil, how, err
	}
	return count, sizes, how, nil
}

// Sheet draws the page with this number (from 1) as a PNG of this width in pixels, less where the picture is smaller or far
// taller than wide, at most MaxSheetWidth. Nothing of the document's own bytes is in it. How and error are as with Sheets;
// Empty if there is no such page.
func (e *Extractor) Sheet(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64, number, width int) (picture []byte, how How, err error) {
	width = max(1, min(width, MaxSheetWidth))
	how, err = e.leaf(ctx, mediaType, name, r, size, func(ctx context.Context, l leafer, d document) (err error) {
		picture, err = l.sheet(ctx, d, number, width)
		return err
	})
	if how == Read && err == nil && len(picture) > maxSheetPNG {
		how = GaveUp
	}
	if how != Read || err != nil {
		return nil, how, err
	}
	return picture, how, nil
}

// What is wrong with a document that is to be shown.
var (
	errNoSheet = errors.New("extract: there is no such page")
	errDamaged = errors.New("extract: damaged")
	errTooMuch = errors.New("extract: too large")
)

// leaf has f look into the document, within sheetTime, and says what became of it.
func (e *Extractor) leaf(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64, f func(context.Context, leafer, document) error) (How, error) {
	who := visible(mediaType, name)
	switch {
	case who == nil:
		return Unsupported, nil
	case size == 0:
		return Empty, nil
	}
	l := who(e)
	if p, ok := l.(sheetsPDF); ok { // the first time it is compiled, which is not the document's fault
		if _, err := p.engine.open(); err != nil {
			return "", err
		}
	}
	limited, stop := context.WithTimeout(ctx, min(sheetTime, e.options.Timeout))
	defer stop()
	d := document{r: &source{r: r}, size: size}
	err := f(limited, l, d)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case d.r.err != nil:
		return "", fmt.Errorf("extract: read %.100q: %w", name, d.r.err)
	case err == nil:
		return Read, nil
	case errors.Is(err, errNoSheet):
		return Empty, nil
	case errors.Is(err, pdferrors.ErrPassword), errors.Is(err, pdferrors.ErrSecurity):
		return Protected, nil
	case errors.Is(err, errDamaged), refused(err), errors.Is(err, pdferrors.ErrUnknown), errors.Is(err, pdferrors.ErrSuccess):
		return Damaged, nil
	case limited.Err() != nil, errors.Is(err, errTooMuch), errors.Is(err, errCrashed):
		return GaveUp, nil
	}
	return "", fmt.Errorf("extract: %.100q: %w", name, err)
}

// sheetsPDF shows a PDF by pdfium.
type sheetsPDF struct{ *engine }

// look opens the document in an instance.
func (s sheetsPDF) look(ctx context.Context, d document, f func(pdfium.Pdfium, references.FPDF_DOCUMENT, int) error) error {
	return s.with(ctx, s.lookers, func(i pdfium.Pdfium) error {
		opened, err := i.OpenDocument(&requests.OpenDocument{FileReader: io.NewSectionReader(d.r, 0, d.size), FileReaderSize: d.size})
		if err != nil {
			return err
		}
		defer i.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: opened.Document}) //nolint:errcheck // the instance is closed or killed after it
		count, err := i.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
		if err != nil {
			return err
		}
		return f(i, opened.Document, count.PageCount)
	})
}

func (s sheetsPDF) sheets(ctx context.Context, d document, first, end int) (count int, sizes []image.Point, err error) {
	err = s.look(ctx, d, func(i pdfium.Pdfium, doc references.FPDF_DOCUMENT, n int) error {
		count, sizes = n, nil
		for number := first; number < min(end, n+1); number++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			size, err := i.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc, Index: number - 1})
			if err != nil { // one bad page hides no other; what is wrong with it shows its picture
				sizes = append(sizes, image.Pt(595, 842))
				continue
			}
			sizes = append(sizes, image.Pt(points(size.Width), points(size.Height)))
		}
		return nil
	})
	return count, sizes, err
}

// points is a length that a document claims, made sensible.
func points(f float64) int {
	if math.IsNaN(f) {
		return 1
	}
	return int(max(1, min(math.Round(f), 100_000)))
}

func (s sheetsPDF) sheet(ctx context.Context, d document, number, width int) (picture []byte, err error) {
	err = s.look(ctx, d, func(i pdfium.Pdfium, doc references.FPDF_DOCUMENT, count int) error {
		if number < 1 || number > count {
			return errNoSheet
		}
		loaded, err := i.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: number - 1})
		if err != nil {
			return err
		}
		// What was written into a form and what was put on it as notes and stamps belongs to what is signed.
		drawn, err := i.RenderToFile(&requests.RenderToFile{OutputFormat: requests.RenderToFileOutputFormatPNG, OutputTarget: requests.RenderToFileOutputTargetBytes,
			RenderPageInPixels: &requests.RenderPageInPixels{Page: requests.Page{ByReference: &loaded.Page}, Width: width, Height: tallest * width,
				RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true, Document: &doc}})
		if err != nil {
			return err
		}
		picture = *drawn.ImageBytes
		return nil
	})
	return picture, err
}
