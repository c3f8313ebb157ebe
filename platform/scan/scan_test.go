package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/scan/scantest"
)

func open(t testing.TB, address string) *Scanner {
	t.Helper()
	s, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheck(t *testing.T) {
	server := scantest.Start(t)
	s := open(t, server.Address)
	if v, err := s.Version(t.Context()); err != nil || !strings.HasPrefix(v, "ClamAV ") {
		t.Errorf("version %q, %v", v, err)
	}
	whole := bytes.Repeat([]byte("abcdefg "), scantest.StreamMaxLength/8)
	for name, file := range map[string]io.Reader{
		"empty":              strings.NewReader(""),
		"a chunk":            bytes.NewReader(whole[:chunk]),
		"as long as allowed": bytes.NewReader(whole),
		"byte by byte":       iotest.OneByteReader(strings.NewReader("clean")),
	} {
		if err := s.Check(t.Context(), file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, file := range map[string]io.Reader{
		"alone":            strings.NewReader(scantest.EICAR),
		"across chunks":    io.MultiReader(bytes.NewReader(whole[:chunk-30]), strings.NewReader(scantest.EICAR), bytes.NewReader(whole[:100])),
		"byte by byte":     iotest.OneByteReader(strings.NewReader(scantest.EICAR)),
		"in a mail's part": strings.NewReader("From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + scantest.EICAR + "\r\n--b--\r\n"),
	} {
		err := s.Check(t.Context(), file)
		if !errs.Is(err, errs.Invalid) || !errors.Is(err, ErrFound) {
			t.Fatalf("%s: %v", name, err)
		}
		if e := errs.As(err); e.Key != "scan.found" || len(e.Args) != 1 || e.Args[0] != scantest.Signature {
			t.Errorf("%s: %v", name, e)
		}
	}
	for name, n := range map[string]int{"a byte too long": 1, "far too long": 20 << 20} {
		file := io.MultiReader(bytes.NewReader(whole), io.LimitReader(zeros{}, int64(n)))
		if err := s.Check(t.Context(), file); !errs.Is(err, errs.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := errors.New("the sender has gone")
	if err := s.Check(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(gone))); !errors.Is(err, gone) || errs.Is(err, errs.Unavailable) {
		t.Errorf("broken source: %v", err)
	}
	server.Stop()
	if err := s.Check(t.Context(), strings.NewReader("clean")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("without a clamd: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// peer is a clamd that follows a script, and a Scanner with little patience for it.
func peer(t *testing.T, script func(net.Conn)) *Scanner {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		script(c)
	}()
	t.Cleanup(func() { l.Close(); <-ended }) //nolint:errcheck // the test is over
	s := open(t, "tcp://"+l.Addr().String())
	s.step, s.answer = 200*time.Millisecond, 200*time.Millisecond
	return s
}

// drain reads a stream to its end and returns what was in its chunks.
func drain(c net.Conn) string {
	command := make([]byte, len("zINSTREAM\x00"))
	if _, err := io.ReadFull(c, command); err != nil {
		return err.Error()
	}
	var all bytes.Buffer
	for {
		var n uint32
		if err := binary.Read(c, binary.BigEndian, &n); err != nil || n == 0 {
			return string(command) + all.String()
		}
		if _, err := io.CopyN(&all, c, int64(n)); err != nil {
			return err.Error()
		}
	}
}

func TestWire(t *testing.T) {
	got := make(chan string, 1)
	s := peer(t, func(c net.Conn) { got <- drain(c); io.WriteString(c, "stream: OK\x00") }) //nolint:errcheck // the test sees it
	if err := s.Check(t.Context(), strings.NewReader("Grüße")); err != nil {
		t.Fatal(err)
	}
	if g := <-got; g != "zINSTREAM\x00Grüße" {
		t.Errorf("sent %q", g)
	}
}

func TestAnswers(t *testing.T) {
	for answer, want := range map[string]errs.Code{
		"stream: OK\x00":                                           "",
		"stream: Win.Test.EICAR_HDB-1 FOUND\x00":                   errs.Invalid,
		"stream: \x1b[31mred\x00":                                  errs.Unavailable,
		"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\x00": errs.TooLarge,
		"INSTREAM size limit exceeded. ERROR\x00":                  errs.TooLarge,
		"stream: Can't allocate memory ERROR\x00":                  errs.Unavailable,
		"COMMAND READ TIMED OUT\x00":                               errs.Unavailable,
		"UNKNOWN COMMAND\x00":                                      errs.Unavailable,
		"\x00":                                                     errs.Unavailable,
		"":                                                         errs.Unavailable, // hangs up
		"stream: OK":                                               errs.Unavailable, // cut off: it may have gone on
		"stream: OK\n\x00":                                         errs.Unavailable,
		"HTTP/1.1 400 Bad Request\r\n\r\n":                         errs.Unavailable,
		strings.Repeat("x", 10*maxAnswer):                          errs.Unavailable,
		strings.Repeat("x", 10*maxAnswer) + "\x00" + "stream: OK\x00": errs.Unavailable,
		"stream: OK\x00stream: Win.Test.EICAR_HDB-1 FOUND\x00":        "", // one answer to one question
		"1: stream: OK\x00":                          errs.Unavailable,
		"stream: Heuristics.Encrypted.Zip FOUND\x00": errs.Invalid,
	} {
		s := peer(t, func(c net.Conn) { drain(c); io.WriteString(c, answer) }) //nolint:errcheck // the scanner may have hung up
		err := s.Check(t.Context(), strings.NewReader("file"))
		if errs.CodeOf(err) != want {
			t.Errorf("%.60q: %v", answer, err)
		}
		if err != nil && strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%q: control characters in %q", answer, err)
		}
	}
}

// A clamd that has seen enough answers and hangs up while the file is still being sent.
func TestEarlyAnswer(t *testing.T) {
	s := peer(t, func(c net.Conn) {
		io.ReadFull(c, make([]byte, 100<<10))                        //nolint:errcheck // the test sees it
		io.WriteString(c, "INSTREAM size limit exceeded. ERROR\x00") //nolint:errcheck // the test sees it
	})
	if err := s.Check(t.Context(), io.LimitReader(zeros{}, 50<<20)); !errs.Is(err, errs.TooLarge) {
		t.Errorf("%v", err)
	}
}

// Half a file that is clean says nothing about the other half.
func TestEarlyClean(t *testing.T) {
	s := peer(t, func(c net.Conn) {
		io.ReadFull(c, make([]byte, 100<<10)) //nolint:errcheck // the test sees it
		io.WriteString(c, "stream: OK\x00")   //nolint:errcheck // the test sees it
	})
	if err := s.Check(t.Context(), io.LimitReader(zeros{}, 50<<20)); !errs.Is(err, errs.Unavailable) {
		t.Errorf("%v", err)
	}
}

func FuzzVerdict(f *testing.F) {
	f.Add("stream: OK")
	f.Add("stream: Win.Test.EICAR_HDB-1 FOUND")
	f.Add("INSTREAM size limit exceeded. ERROR")
	f.Fuzz(func(t *testing.T, answer string) {
		if err := verdict(printable(answer)); (err == nil) != (answer == "stream: OK") {
			t.Errorf("%q: %v", answer, err)
		}
	})
}

func TestPatience(t *testing.T) {
	release := make(chan struct{})
	for name, script := range map[string]func(net.Conn){
		"takes nothing":  func(net.Conn) { <-release },
		"never answers":  func(c net.Conn) { drain(c); <-release },
		"cut connection": func(c net.Conn) { io.ReadFull(c, make([]byte, 1000)) },                  //nolint:errcheck // the test sees it
		"half an answer": func(c net.Conn) { drain(c); io.WriteString(c, "stream: O"); <-release }, //nolint:errcheck // the test sees it
	} {
		s := peer(t, script)
		begin := time.Now()
		if err := s.Check(t.Context(), io.LimitReader(zeros{}, 50<<20)); !errs.Is(err, errs.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
	s := peer(t, func(c net.Conn) { drain(c); <-release })
	s.answer = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Check(ctx, strings.NewReader("file")); !errs.Is(err, errs.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended context: %v", err)
	}
	close(release)
}

func TestNew(t *testing.T) {
	for _, address := range []string{"clamd", "/run/clamd.ctl", "unix:", "unix:clamd.ctl", "unix://host/clamd.ctl", "tcp://host",
		"tcp://:3310", "tcp:3310", "http://host:3310", "tcp://host:3310/path", "%"} {
		if s, err := New(address); err == nil {
			t.Errorf("%q: %+v", address, s)
		}
	}
	for address, want := range map[string][2]string{
		"unix:/run/clamd.ctl":   {"unix", "/run/clamd.ctl"},
		"unix:///run/clamd.ctl": {"unix", "/run/clamd.ctl"},
		"tcp://host:3310":       {"tcp", "host:3310"},
		"tcp://[::1]:3310":      {"tcp", "[::1]:3310"},
	} {
		if s := open(t, address); s.network != want[0] || s.address != want[1] {
			t.Errorf("%q: %+v", address, s)
		}
	}
	none := open(t, "")
	if none != nil {
		t.Fatalf("no address, yet %+v", none)
	}
	if err := none.Check(t.Context(), iotest.ErrReader(errors.New("read"))); err != nil {
		t.Errorf("no scanner: %v", err)
	}
}

func TestTexts(t *testing.T) {
	c := i18n.New()
	if err := errors.Join(c.Add(Files), c.Check()); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"scan.found", "scan.too_large", "scan.unavailable"} {
		if !c.Has(i18n.German, key) {
			t.Errorf("no text for %s", key)
		}
	}
}
