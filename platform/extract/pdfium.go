package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	maxReaders  = 2           // instances at the same time: each takes a core, and memory for itself
	maxLookers  = 2           // besides: who looks at a page does not wait for what is read for the search
	maxMemory   = 256 << 20   // bytes of one instance
	maxScanned  = 50          // pages of one document that are recognised
	maxPixels   = 4000 * 4000 // of a page's picture
	scanDPI     = 200         // enough for 8 pt letters
	maxPictures = 64 << 20    // bytes of all pages' pictures
)

// engine is pdfium. It is compiled when the first PDF comes.
type engine struct {
	cache            string
	readers, lookers chan struct{} // who holds a place has an instance

	mu       sync.Mutex
	pool     pdfium.Pool
	compiled wazero.CompilationCache
}

func newEngine(cache string) *engine {
	return &engine{cache: cache, readers: make(chan struct{}, maxReaders), lookers: make(chan struct{}, maxLookers)}
}

func (e *engine) open() (pdfium.Pool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pool != nil {
		return e.pool, nil
	}
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling). // pdfium is built with both
		WithCloseOnContextDone(true).                                                      // else a hostile PDF runs for ever
		WithMemoryLimitPages(maxMemory >> 16)
	if e.cache != "" {
		if err := os.MkdirAll(e.cache, 0o700); err != nil {
			return nil, fmt.Errorf("pdfium: %w", err)
		}
		c, err := wazero.NewCompilationCacheWithDir(e.cache)
		if err != nil {
			return nil, fmt.Errorf("pdfium: %w", err)
		}
		e.compiled = c
		config = config.WithCompilationCache(c)
	}
	pool, err := webassembly.Init(webassembly.Config{
		MaxTotal: maxReaders + maxLookers, RuntimeConfig: config,
		ReuseWorkers: false,                                                        // what one document does to pdfium, another authority's never meets; costs some milliseconds
		FSConfig:     wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard, // it sees no file of this machine
	})
	if err != nil {
		return nil, fmt.Errorf("pdfium: %w", err)
	}
	e.pool = pool
	return pool, nil
}

func (e *engine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pool == nil {
		return nil
	}
	err := e.pool.Close()
	if e.compiled != nil {
		err = errors.Join(err, e.compiled.Close(context.Background()))
	}
	e.pool, e.compiled = nil, nil
	return err
}

// errCrashed is for an instance that can no longer be used.
var errCrashed = errors.New("pdfium: crashed")

// with calls f with an instance of pdfium, once there is one of these places. If it does not end in time, or fails in a way
// that pdfium has no word for, the instance is thrown away.
func (e *engine) with(ctx context.Context, places chan struct{}, f func(pdfium.Pdfium) error) error {
	pool, err := e.open()
	if err != nil {
		return err
	}
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return fmt.Errorf("pdfium: %w", err)
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("%w: %v", errCrashed, p)
			}
		}()
		done <- f(instance)
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		return errors.Join(ctx.Err(), instance.Kill(), <-done)
	}
	if err == nil || refused(err) {
		return errors.Join(err, instance.Close())
	}
	if kill := instance.Kill(); kill != nil {
		return errors.Join(err, kill)
	}
	return fmt.Errorf("%w: %w", errCrashed, err)
}

// refused reports whether pdfium said no to a document, and is well.
func refused(err error) bool {
	for _, e := range []error{pdferrors.ErrFile, pdferrors.ErrFormat, pdferrors.ErrPassword, pdferrors.ErrSecurity, pdferrors.ErrPage} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// pages is what was found in a PDF.
type pages struct {
	text    sink
	scanned [][]byte // pictures of pages without text, as PNG
	more    bool     // there are more such pages
}

// pdf reads the text of a PDF, and recognises that of pages that are pictures.
func (e *Extractor) pdf(ctx context.Context, d document) (string, How, error) {
	limited, stop := context.WithTimeout(ctx, e.options.Timeout)
	defer stop()
	tesseract := e.look("tesseract")
	var p pages
	err := e.pdfium.with(limited, e.pdfium.readers, func(i pdfium.Pdfium) error {
		p = pages{}
		return p.read(limited, i, d, tesseract != "")
	})
	switch {
	case err == nil:
	case errors.Is(err, pdferrors.ErrPassword), errors.Is(err, pdferrors.ErrSecurity):
		return "", Protected, nil
	case refused(err):
		return "", Damaged, nil
	case limited.Err() != nil, errors.Is(err, errCrashed):
		return "", GaveUp, nil
	default:
		return "", "", err
	}
	how, recognised := Read, false
	if p.text.full || p.more {
		how = Partly
	}
	if p.more && tesseract == "" && p.text.b.Len() == 0 {
		return "", NotRecognised, nil
	}
	for _, picture := range p.scanned {
		if p.text.full {
			break
		}
		text, h, err := e.recognise(ctx, tesseract, bytes.NewReader(picture), scanDPI)
		if err != nil {
			return "", "", err
		}
		if h != Recognised {
			how = Partly
			continue
		}
		recognised = recognised || strings.TrimSpace(text) != ""
		p.text.line(text)
	}
	if how == Read && recognised {
		how = Recognised
	}
	return p.text.b.String(), how, nil
}

// read reads all pages; those that hold only pictures are drawn if draw says so.
func (p *pages) read(ctx context.Context, i pdfium.Pdfium, d document, draw bool) error {
	opened, err := i.OpenDocument(&requests.OpenDocument{FileReader: io.NewSectionReader(d.r, 0, d.size), FileReaderSize: d.size})
	if err != nil {
		return err
	}
	defer i.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: opened.Document}) //nolint:errcheck // the instance is closed or killed after it
	count, err := i.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return err
	}
	room := maxPictures
	for n := 0; n < count.PageCount && !p.text.full; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		loaded, err := i.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: opened.Document, Index: n})
		if refused(err) || errors.Is(err, pdferrors.ErrUnknown) || errors.Is(err, pdferrors.ErrSuccess) {
			p.more = true // one bad page does not hide the others
			continue
		} else if err != nil {
			return err
		}
		page := requests.Page{ByReference: &loaded.Page}
		text, err := pageText(i, page)
		if err != nil {
			return err
		}
		if strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			p.text.line(text)
		} else if objects, err := i.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page}); err != nil {
			return err
		} else if objects.Count > 0 {
			if !draw || len(p.scanned) >= maxScanned || room <= 0 {
				p.more = true
			} else if picture, err := drawPage(i, loaded.Page); err != nil {
				return err
			} else {
				p.scanned = append(p.scanned, picture)
				room -= len(picture)
			}
		}
		if _, err := i.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page}); err != nil {
			return err
		}
	}
	return nil
}

// pageText is the text of a page in one call; the library's own way takes one for each character.
func pageText(i pdfium.Pdfium, page requests.Page) (string, error) {
	loaded, err := i.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return "", err
	}
	count, err := i.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return "", err
	}
	text := ""
	if n := min(count.Count, MaxText); n > 0 {
		got, err := i.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: loaded.TextPage, StartIndex: 0, Count: n})
		if err != nil {
			return "", err
		}
		text = got.Text
	}
	if _, err := i.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err != nil {
		return "", err
	}
	return unbreak.Replace(text), nil
}

// unbreak joins what a hyphen at the end of a line divides; pdfium marks those.
var unbreak = strings.NewReplacer("\x02\r\n", "", "\x02\n", "", "\x02", "", "\uFFFE\r\n", "", "\uFFFE", "", "\r\n", "\n", "\r", "\n")

// drawPage draws a page in grey.
func drawPage(i pdfium.Pdfium, ref references.FPDF_PAGE) ([]byte, error) {
	page := requests.Page{ByReference: &ref}
	size, err := i.GetPageSize(&requests.GetPageSize{Page: page})
	if err != nil {
		return nil, err
	}
	dpi := scanDPI // less for a poster, whose letters are larger
	if area := size.Width * size.Height; area > 0 {
		dpi = max(1, int(min(scanDPI, 72*math.Sqrt(maxPixels/area))))
	}
	drawn, err := i.RenderPageInDPI(&requests.RenderPageInDPI{Page: page, DPI: dpi, ImageFormat: requests.RenderImageFormatGrayscale})
	if err != nil {
		return nil, err
	}
	defer drawn.Cleanup()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, drawn.Result.RenderedImage); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
