package xzufi

import (
	"bytes"
	"errors"
	"io"
)

// A framer cuts a message into pieces that are small enough to be read whole: it holds one piece in memory. It looks
// only for where elements begin and end; whether the piece is well-formed is the parser's business.
type framer struct {
	r     io.Reader
	buf   []byte
	pos   int
	eof   bool
	total int64
	at    position // of buf[pos]
	path  []string // open elements, for errors
	lim   Limits
}

const readSize = 64 << 10

var utf16Marks = [][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}, {0, '<'}, {'<', 0}, {0, 0}}

func (f *framer) fail(format string, args ...any) error { return errAt(f.at, f.path, format, args...) }

// more reads on, keeping everything from pos.
func (f *framer) more() error {
	have := len(f.buf) - f.pos
	if have > f.lim.Object {
		return f.fail("more than %d bytes in one piece", f.lim.Object)
	}
	if f.total > f.lim.Message {
		return f.fail("the message has more than %d bytes", f.lim.Message)
	}
	if f.pos > 0 && cap(f.buf)-len(f.buf) < readSize {
		copy(f.buf, f.buf[f.pos:])
		f.buf = f.buf[:have]
		f.pos = 0
	}
	if cap(f.buf)-len(f.buf) < readSize {
		grown := make([]byte, len(f.buf), 2*cap(f.buf)+2*readSize)
		copy(grown, f.buf)
		f.buf = grown
	}
	for range 100 {
		n, err := f.r.Read(f.buf[len(f.buf) : len(f.buf)+readSize])
		f.buf = f.buf[:len(f.buf)+n]
		f.total += int64(n)
		if errors.Is(err, io.EOF) {
			f.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// has reports whether there is a byte at offset o.
func (f *framer) has(o int) (bool, error) {
	for f.pos+o >= len(f.buf) {
		if f.eof {
			return false, nil
		}
		if err := f.more(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// at offset o: does the text follow?
func (f *framer) follows(o int, text string) (bool, error) {
	if ok, err := f.has(o + len(text) - 1); !ok {
		return false, err
	}
	return string(f.buf[f.pos+o:f.pos+o+len(text)]) == text, nil
}

// index finds text from offset o on; -1 at the end of the message.
func (f *framer) index(o int, text string) (int, error) {
	for {
		if f.pos+o <= len(f.buf) {
			if k := bytes.Index(f.buf[f.pos+o:], []byte(text)); k >= 0 {
				return o + k, nil
			}
			o = max(o, len(f.buf)-f.pos-len(text)+1)
		}
		if f.eof {
			return -1, nil
		}
		if err := f.more(); err != nil {
			return -1, err
		}
	}
}

// take hands out the next n bytes.
func (f *framer) take(n int) string {
	s := string(f.buf[f.pos : f.pos+n])
	f.pos += n
	f.at.move(s)
	return s
}

// what follows a piece
type ahead int

const (
	aheadEOF ahead = iota
	aheadStart
	aheadEnd
)

// markup steps over a comment, CDATA section or processing instruction at offset o; done is false for a tag.
func (f *framer) markup(o int) (next int, done bool, err error) {
	if ok, err := f.has(o + 1); !ok {
		if err == nil {
			err = f.fail("the message ends in the middle")
		}
		return 0, false, err
	}
	stop := ""
	switch f.buf[f.pos+o+1] {
	default:
		return o, false, nil
	case '?':
		stop, next = "?>", o+2
	case '!':
		if ok, err := f.follows(o, "<!--"); err != nil {
			return 0, false, err
		} else if ok {
			stop, next = "-->", o+4
			break
		}
		if ok, err := f.follows(o, "<![CDATA["); err != nil {
			return 0, false, err
		} else if ok {
			stop, next = "]]>", o+9
			break
		}
		return 0, false, f.fail("document types, entities and other declarations are not accepted")
	}
	end, err := f.index(next, stop)
	if err != nil {
		return 0, false, err
	}
	if end < 0 {
		return 0, false, f.fail("the message ends before %q", stop)
	}
	return end + len(stop), true, nil
}

// between takes everything up to the next start or end tag.
func (f *framer) between() (string, ahead, error) {
	for o := 0; ; {
		k, err := f.index(o, "<")
		if err != nil {
			return "", 0, err
		}
		if k < 0 {
			return f.take(len(f.buf) - f.pos), aheadEOF, nil
		}
		next, done, err := f.markup(k)
		if err != nil {
			return "", 0, err
		}
		if done {
			o = next
			continue
		}
		what := aheadStart
		if f.buf[f.pos+k+1] == '/' {
			what = aheadEnd
		}
		return f.take(k), what, nil
	}
}

// tagEnd finds the end of the tag that begins at offset o: the offset after ">".
func (f *framer) tagEnd(o int) (int, error) {
	quote := byte(0)
	for o++; ; o++ {
		if ok, err := f.has(o); err != nil {
			return 0, err
		} else if !ok {
			return 0, f.fail("the message ends inside a tag")
		}
		rest := f.buf[f.pos+o:]
		if quote != 0 {
			k := bytes.IndexByte(rest, quote)
			if k < 0 {
				o += len(rest) - 1
				continue
			}
			o += k
			quote = 0
			continue
		}
		k := 0
		for k < len(rest) && rest[k] != '>' && rest[k] != '"' && rest[k] != '\'' {
			k++
		}
		o += k
		if k == len(rest) {
			o--
			continue
		}
		if rest[k] == '>' {
			return o + 1, nil
		}
		quote = rest[k]
	}
}

// tag takes the tag that stands next.
func (f *framer) tag() (string, error) {
	end, err := f.tagEnd(0)
	if err != nil {
		return "", err
	}
	return f.take(end), nil
}

// element takes the element that stands next, whole.
func (f *framer) element() (string, error) {
	depth, count := 0, 0
	for o := 0; ; {
		next, done, err := f.markup(o)
		if err != nil {
			return "", err
		}
		if !done {
			closing := f.buf[f.pos+o+1] == '/'
			if next, err = f.tagEnd(o); err != nil {
				return "", err
			}
			switch {
			case closing:
				depth--
			case f.buf[f.pos+next-2] == '/':
				count++
			default:
				depth++
				count++
			}
			if depth <= 0 {
				if next > f.lim.Object {
					return "", f.fail("more than %d bytes in one object", f.lim.Object)
				}
				return f.take(next), nil
			}
			if depth+len(f.path) > f.lim.Depth {
				return "", f.fail("elements are nested deeper than %d", f.lim.Depth)
			}
			if count > f.lim.Elements {
				return "", f.fail("more than %d elements in one object", f.lim.Elements)
			}
		}
		if o, err = f.index(next, "<"); err != nil {
			return "", err
		} else if o < 0 {
			return "", f.fail("the message ends before this element")
		}
	}
}

// encoding refuses everything but UTF-8 by its first bytes, and skips the byte order mark of UTF-8.
func (f *framer) encoding() error {
	if _, err := f.has(3); err != nil {
		return err
	}
	head := f.buf[f.pos:min(len(f.buf), f.pos+4)]
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(head, mark) {
			return f.fail("the message is not in UTF-8 but seems to be in UTF-16 or UTF-32")
		}
	}
	if bytes.HasPrefix(head, []byte("\uFEFF")) {
		f.pos += 3
	}
	return nil
}
