package scan

import (
	"context"
	"io"
)

// Pass gives what r gives and shows it to the scanner meanwhile. In place of its end comes the error of Check if there is
// one, so that whoever stores what they read stores nothing of it. What is not read to its end ends with ctx.
func (s *Scanner) Pass(ctx context.Context, r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	seen, show := io.Pipe()
	p := &passing{r: r, show: show, verdict: make(chan error, 1)}
	p.stop = context.AfterFunc(ctx, func() { show.CloseWithError(context.Cause(ctx)) })
	go func() {
		err := s.Check(ctx, seen)
		p.verdict <- err
		seen.CloseWithError(io.ErrClosedPipe)
	}()
	return p
}

type passing struct {
	r       io.Reader
	show    *io.PipeWriter
	stop    func() bool
	verdict chan error
	err     error // how it ended
}

func (p *passing) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.r.Read(b)
	if n > 0 {
		if _, failed := p.show.Write(b[:n]); failed != nil { // the scanner has seen enough
			return 0, p.end(nil, failed)
		}
	}
	switch {
	case err == io.EOF: // bare, as io.Reader promises it
		return n, p.end(nil, io.EOF)
	case err != nil:
		return n, p.end(err, err)
	}
	return n, nil
}

// end hands the reader's error to the scanner, and is the scanner's, or otherwise if that is nil.
func (p *passing) end(of, otherwise error) error {
	p.show.CloseWithError(of) // nil is the end
	p.stop()
	if p.err = <-p.verdict; p.err == nil {
		p.err = otherwise
	}
	return p.err
}
