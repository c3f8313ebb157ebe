package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"rennsteig/standards/email"
)

// maxPlain is how many bytes of text, HTML or RTF are looked at: markup takes several times the text.
const maxPlain = 32 << 20

// sink gathers text up to MaxText.
type sink struct {
	b    strings.Builder
	full bool
}

func (s *sink) add(text string) {
	if text == "\n" && (s.b.Len() == 0 || strings.HasSuffix(s.b.String(), "\n")) {
		return // no blank lines, of which an empty document can have millions
	}
	if s.b.Len()+len(text) > MaxText {
		s.full = true
		text = text[:max(0, MaxText-s.b.Len())]
	}
	s.b.WriteString(text)
}

// line adds text and ends its line.
func (s *sink) line(text string) {
	if text = strings.TrimSpace(text); text != "" {
		s.add(text + "\n")
	}
}

func (s *sink) result() (string, How, error) {
	if s.full {
		return s.b.String(), Partly, nil
	}
	return s.b.String(), Read, nil
}

// result is how text was read of which all or not all was looked at.
func result(text string, all bool) (string, How, error) {
	if !all {
		return text, Partly, nil
	}
	return text, Read, nil
}

func (e *Extractor) plain(_ context.Context, d document) (string, How, error) {
	b, all, err := d.whole(maxPlain)
	if err != nil {
		return "", "", err
	}
	return result(decode(b, d.params["charset"]), all)
}

// decode makes a string of bytes: by their byte order mark, the charset named, as UTF-8, or as Windows wrote for decades.
func decode(b []byte, label string) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		return string(b[3:])
	case bytes.HasPrefix(b, []byte("\xFF\xFE")), bytes.HasPrefix(b, []byte("\xFE\xFF")):
		if s, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(b); err == nil {
			return string(s)
		}
	}
	if enc, _ := charset.Lookup(label); enc != nil && !utf8.Valid(b) {
		if s, err := enc.NewDecoder().Bytes(b); err == nil {
			return string(s)
		}
	}
	if !utf8.Valid(b) {
		if s, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			return string(s)
		}
	}
	return string(b)
}

func (e *Extractor) html(_ context.Context, d document) (string, How, error) {
	b, all, err := d.whole(maxPlain)
	if err != nil {
		return "", "", err
	}
	label := d.params["charset"]
	if label == "" {
		_, label, _ = charset.DetermineEncoding(b[:min(len(b), 1024)], "text/html")
	}
	return result(email.HTMLText(decode(b, label), MaxText+1), all)
}

func (e *Extractor) rtf(_ context.Context, d document) (string, How, error) {
	b, all, err := d.whole(maxPlain)
	if err != nil {
		return "", "", err
	}
	if !bytes.HasPrefix(b, []byte(`{\rtf`)) {
		return "", Damaged, nil
	}
	return result(email.RTFText(b, MaxText+1), all)
}

// mail gives what is written in a mail, and the names of what came with it.
func (e *Extractor) mail(_ context.Context, d document) (string, How, error) {
	m, err := email.Read(io.NewSectionReader(d.r, 0, d.size), email.Limits{})
	switch {
	case errors.Is(err, email.ErrTooLarge):
		return "", GaveUp, nil
	case errors.Is(err, email.ErrFormat):
		return "", Damaged, nil
	case err != nil:
		return "", "", err
	}
	var s sink
	s.message(m)
	return s.result()
}

func (s *sink) message(m *email.Message) {
	s.line(m.Subject)
	s.line(people(m))
	s.line(m.Text)
	for _, a := range m.Attachments {
		s.line(a.Name)
		if a.Message != nil {
			s.message(a.Message)
		}
	}
}

// people are those who wrote a mail and got it.
func people(m *email.Message) string {
	var all []string
	for _, a := range slices.Concat(m.From, m.To, m.Cc) {
		all = append(all, strings.TrimSpace(a.Name+" "+a.Address))
	}
	return strings.Join(all, ", ")
}
