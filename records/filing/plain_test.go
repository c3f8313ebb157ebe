package filing

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"sync"

	"rennsteig/platform/extract"
)

// plain reads any document as text and renders by putting "PDF of" before it.
type plain struct {
	mu      sync.Mutex
	broken  map[string]error // by name: what reading it gives
	missing bool             // the converter
	read    int
	drawn   int
}

func newPlain() *plain { return &plain{broken: map[string]error{}} }

func (p *plain) Text(_ context.Context, _, name string, r io.ReaderAt, size int64) (string, extract.How, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read++
	if err := p.broken[name]; err != nil {
		return "", "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), " "), "\x00", ""), extract.Read, err
}

func (p *plain) PDF(_ context.Context, name string, r io.Reader) ([]byte, error) {
	switch {
	case p.missing:
		return nil, extract.ErrNoConverter
	case !extract.Convertible(name):
		return nil, extract.ErrNotConvertible
	}
	b, err := io.ReadAll(r)
	return append([]byte("PDF of "), b...), err
}

var errMachine = errors.New("the machine is out of order")

// Sheets takes what is divided by form feeds for pages.
func (p *plain) Sheets(_ context.Context, mediaType, name string, r io.ReaderAt, size int64, first, most int) (int, []image.Point, extract.How, error) {
	b, how, err := p.pages(mediaType, name, r, size)
	var sizes []image.Point
	for n := first; n < first+most && n <= len(b); n++ {
		sizes = append(sizes, image.Pt(595, 842))
	}
	return len(b), sizes, how, err
}

// Sheet says which page of how many pixels it would be.
func (p *plain) Sheet(_ context.Context, mediaType, name string, r io.ReaderAt, size int64, number, width int) ([]byte, extract.How, error) {
	p.mu.Lock()
	p.drawn++
	p.mu.Unlock()
	b, how, err := p.pages(mediaType, name, r, size)
	if how != extract.Read || err != nil {
		return nil, how, err
	}
	if number < 1 || number > len(b) {
		return nil, extract.Empty, nil
	}
	return fmt.Appendf(nil, "%d: %s", width, b[number-1]), extract.Read, nil
}

func (p *plain) pages(mediaType, name string, r io.ReaderAt, size int64) ([]string, extract.How, error) {
	if !extract.Visible(mediaType, name) {
		return nil, extract.Unsupported, nil
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if strings.HasPrefix(string(b), "damaged") {
		return nil, extract.Damaged, err
	}
	return strings.Split(string(b), "\f"), extract.Read, err
}
