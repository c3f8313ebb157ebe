package scan

import (
	"bufio"
	"context"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"rennsteig/platform/errs"
)

// Files holds the texts.
//
//go:embed texts/*.json
var Files embed.FS

// ErrFound is inside the error of a file in which something was found.
var ErrFound = errors.New("malware was found")

const (
	chunk     = 64 << 10 // bytes sent at once
	maxAnswer = 4 << 10  // bytes of an answer; the longest known has about 100
)

// Scanner is a clamd. It has no state but its address: each Check has a connection of its own. A nil Scanner is none:
// it lets everything pass unread.
type Scanner struct {
	network, address string
	dial             time.Duration // until it takes the connection
	step             time.Duration // until it takes the next chunk
	answer           time.Duration // until it answers after the last one; clamd's own MaxScanTime is 2 minutes
}

// New returns the clamd at "unix:/run/clamav/clamd.ctl" or "tcp://host:3310", without asking it anything; nil for "".
func New(address string) (*Scanner, error) {
	s := &Scanner{dial: 5 * time.Second, step: 30 * time.Second, answer: 150 * time.Second}
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("scanner: %w", err)
	}
	switch {
	case u.Scheme == "unix" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		s.network, s.address = "unix", u.Path
	case u.Scheme == "tcp" && u.Hostname() != "" && u.Port() != "" && u.Path == "":
		s.network, s.address = "tcp", u.Host
	default:
		return nil, fmt.Errorf("scanner: %q is neither unix:/PATH nor tcp://HOST:PORT", address)
	}
	return s, nil
}

// Check streams r to the scanner and returns nil if it is clean. It is errs.Invalid with ErrFound if something was
// found, errs.TooLarge if it is longer than the scanner takes, errs.Unavailable if there is no answer. An error of r is
// returned as it is.
func (s *Scanner) Check(ctx context.Context, r io.Reader) error {
	if s == nil {
		return nil
	}
	answer, sent, err := s.ask(ctx, "INSTREAM", r)
	if err != nil {
		return err
	}
	if err := verdict(answer); err != nil {
		return err
	}
	if sent != nil { // clean is what it saw, which was not all
		return unavailable(sent)
	}
	return nil
}

// verdict is what an answer to INSTREAM means. A single one means clean.
func verdict(answer string) error {
	name, found := strings.CutSuffix(strings.TrimPrefix(answer, "stream: "), " FOUND")
	switch {
	case answer == "stream: OK":
		return nil
	case found && strings.HasPrefix(name, "Heuristics.Limits.Exceeded"):
		return errs.E(errs.TooLarge, "scan.too_large", fmt.Errorf("clamd: %s", answer))
	case found:
		return errs.E(errs.Invalid, "scan.found", name, fmt.Errorf("%w: %s", ErrFound, name))
	case strings.HasPrefix(answer, "INSTREAM size limit exceeded"):
		return errs.E(errs.TooLarge, "scan.too_large", errors.New("longer than clamd's StreamMaxLength"))
	}
	return unavailable(fmt.Errorf("clamd answers %q", answer))
}

// Version is what the scanner says of itself and its signatures: "ClamAV 1.4.3/27700/Mon Jul 14 08:26:05 2026".
func (s *Scanner) Version(ctx context.Context) (string, error) {
	answer, _, err := s.ask(ctx, "VERSION", nil)
	if err == nil && !strings.HasPrefix(answer, "ClamAV ") {
		err = unavailable(fmt.Errorf("clamd answers %q", answer))
	}
	return answer, err
}

// ask sends a command, and after it r in chunks if there is one, and reads the answer. Both the answer and an error sent
// come back if clamd had seen enough: then it answers early and hangs up.
func (s *Scanner) ask(ctx context.Context, command string, r io.Reader) (answer string, sent, err error) {
	d := net.Dialer{Timeout: s.dial}
	c, err := d.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", nil, unavailable(err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })() // ends reads and writes under way
	source, sent := s.send(c, command, r)
	if source != nil {
		return "", nil, source
	}
	if err := c.SetReadDeadline(time.Now().Add(s.answer)); err != nil {
		return "", nil, unavailable(errors.Join(ctx.Err(), err))
	}
	answer, err = bufio.NewReader(io.LimitReader(c, maxAnswer)).ReadString(0)
	if err != nil {
		return "", nil, unavailable(errors.Join(ctx.Err(), sent, fmt.Errorf("after %.200q: %w", answer, err)))
	}
	return printable(strings.TrimSuffix(answer, "\x00")), sent, nil
}

// send returns the error of the source r and that of the connection apart.
func (s *Scanner) send(c net.Conn, command string, r io.Reader) (source, sent error) {
	write := func(b []byte) error {
		if err := c.SetWriteDeadline(time.Now().Add(s.step)); err != nil {
			return err
		}
		_, err := c.Write(b)
		return err
	}
	if err := write([]byte("z" + command + "\x00")); err != nil || r == nil {
		return nil, err
	}
	b := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(r, b[4:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err, nil
		}
		if n > 0 {
			binary.BigEndian.PutUint32(b, uint32(n))
			if err := write(b[:4+n]); err != nil {
				return nil, err
			}
		}
		if err != nil {
			return nil, write(make([]byte, 4)) // a chunk of no bytes is the end
		}
	}
}

func unavailable(err error) error { return errs.E(errs.Unavailable, "scan.unavailable", err) }

// printable keeps what can be shown and logged.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
