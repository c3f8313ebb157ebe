package filing

import (
	"context"
	"errors"
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
