package email

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // decoders for message.New
	"github.com/emersion/go-message/textproto"
)

// ParseEML reads a mail of RFC 5322 and MIME.
func ParseEML(b []byte, l Limits) (*Message, error) {
	budget, err := start(b, l)
	if err != nil {
		return nil, err
	}
	return (&eml{budget}).message(b, 0)
}

// eml reads one .eml with all mails in it. Parts are cut out of the bytes here, since readers of multiparts give up at
// the first broken header and would lose the rest of the mail; headers, encodings and charsets are go-message's.
type eml struct{ *budget }

func (e *eml) message(b []byte, depth int) (*Message, error) {
	m := &Message{}
	h, body, err := e.header(m, b)
	if err != nil {
		return nil, err
	}
	if !looksLikeMail(h) {
		return nil, badFormat("it does not begin with a mail's header")
	}
	m.setHeader(h)
	text, err := e.part(m, h, body, depth)
	if err != nil {
		return nil, err
	}
	m.setText(text.String())
	return m, nil
}

// text is the readable text of a part.
type text struct {
	s    string
	html bool
}

func (t text) String() string {
	if t.html {
		return HTMLText(t.s, maxText+1)
	}
	return t.s
}

func (t text) blank() bool { return strings.TrimSpace(t.s) == "" }

// part reads a part: it returns its text, or adds an attachment to m.
func (e *eml) part(m *Message, h message.Header, body []byte, depth int) (text, error) {
	if err := e.budget.part(depth); err != nil {
		return text{}, err
	}
	number := e.parts
	media, params := contentType(m, h)
	if strings.HasPrefix(media, "multipart/") {
		if params["boundary"] != "" {
			return e.multipart(m, media, params["boundary"], h, body, depth)
		}
		m.defect("part %d: %s without a boundary is shown as text", number, media)
		media = "text/plain"
	}
	disposition, name := contentDisposition(h, params)
	isText := (media == "text/plain" || media == "text/html") && disposition != "attachment" && name == ""
	content, err := e.decode(m, h, media, params, body, isText, number)
	if err != nil {
		return text{}, err
	}
	if isText {
		return text{string(content), media == "text/html"}, nil
	}
	if err := e.attachment(int64(len(content))); err != nil {
		return text{}, err
	}
	a := Attachment{
		Name: name, MediaType: media, Content: content,
		Inline: disposition != "attachment" && (disposition == "inline" || h.Has("Content-Id")),
	}
	if media == "message/rfc822" || media == "message/global" { // RFC 6532 §3.7
		a.Message, err = e.attached(m, content, depth+1, number)
		if err != nil {
			return text{}, err
		}
	}
	m.attach(a, number)
	return text{}, nil
}

// attached reads a mail in a mail. One that is broken stays an attachment.
func (e *eml) attached(m *Message, b []byte, depth, number int) (*Message, error) {
	inner, err := e.message(b, depth)
	if isFormat(err) {
		m.defect("part %d: the attached mail cannot be read", number)
		return nil, nil
	}
	return inner, err
}

// multipart reads the parts of a part. Of alternatives the first plain text is taken (RFC 2046 §5.1.4 orders them from
// plain to rich; all say the same), of other kinds all texts.
func (e *eml) multipart(m *Message, media, boundary string, h message.Header, body []byte, depth int) (text, error) {
	if strings.EqualFold(h.Get("Content-Transfer-Encoding"), "base64") { // forbidden, RFC 2045 §6.4, and sent all the same
		if decoded, err := e.decode(m, h, "application/octet-stream", nil, body, false, e.parts); err != nil {
			return text{}, err
		} else if bytes.Contains(decoded, []byte("--"+boundary)) {
			body = decoded
		}
	}
	var texts []text
	whole, err := eachPart(body, boundary, func(b []byte) error {
		inner, content, err := e.header(m, b)
		if err != nil {
			return err
		}
		if media == "multipart/digest" && !inner.Has("Content-Type") {
			inner.SetContentType("message/rfc822", nil) // RFC 2046 §5.1.5
		}
		t, err := e.part(m, inner, content, depth+1)
		if !t.blank() {
			texts = append(texts, t)
		}
		return err
	})
	if err != nil {
		return text{}, err
	}
	if !whole {
		m.defect("a %s ends without its boundary: the mail may be cut off", media)
	}
	if len(texts) == 0 {
		return text{}, nil
	}
	if media == "multipart/alternative" {
		for _, t := range texts {
			if !t.html {
				return t, nil
			}
		}
		return texts[0], nil
	}
	if len(texts) == 1 {
		return texts[0], nil
	}
	var all strings.Builder
	for _, t := range texts {
		if all.Len() <= maxText {
			all.WriteString(strings.TrimSpace(t.String()) + "\n\n")
		}
	}
	return text{s: all.String()}, nil
}

// eachPart cuts a multipart's body at its boundary lines (RFC 2046 §5.1.1), whichever way its lines end, and reports
// whether the closing one was there.
func eachPart(body []byte, boundary string, f func([]byte) error) (whole bool, err error) {
	delimiter := []byte("--" + strings.TrimRight(boundary, " \t"))
	part := -1 // where the current part starts; -1: in the preamble
	for at := 0; at < len(body); {
		end := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if rest, ok := bytes.CutPrefix(body[at:end], delimiter); ok {
			tail, last := bytes.CutPrefix(rest, []byte("--"))
			if len(bytes.TrimSpace(tail)) == 0 || len(bytes.TrimSpace(rest)) == 0 {
				if part >= 0 {
					if err := f(trimBreak(body[part:at])); err != nil {
						return false, err
					}
				}
				if last {
					return true, nil
				}
				part = end
			}
		}
		at = end
	}
	if part >= 0 {
		err = f(body[part:])
	}
	return false, err
}

// trimBreak takes off the line break that belongs to the boundary.
func trimBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// decode undoes the transfer encoding, and of a text the charset.
func (e *eml) decode(m *Message, h message.Header, media string, params map[string]string, body []byte, isText bool, number int) ([]byte, error) {
	charset := strings.ToLower(params["charset"])
	var plain message.Header
	plain.Set("Content-Transfer-Encoding", transferEncoding(h))
	plain.SetContentType("application/octet-stream", nil)
	convert := isText && charset != "" && charset != "utf-8" && charset != "us-ascii" && charset != "ascii"
	if convert {
		plain.SetContentType(media, map[string]string{"charset": charset})
	}
	p, err := message.New(plain, bytes.NewReader(body))
	if message.IsUnknownEncoding(err) || message.IsUnknownCharset(err) {
		m.defect("part %d: unknown encoding or charset: %v", number, errors.Unwrap(err))
		convert = false
	} else if err != nil {
		return nil, fmt.Errorf("email: part %d: %w", number, err)
	}
	content, err := io.ReadAll(io.LimitReader(p.Body, e.Size+1))
	if err != nil {
		m.defect("part %d: damaged after %d bytes: %v", number, len(content), err)
	}
	if isText && !convert {
		content = []byte(guess(content))
	}
	return content, nil
}

// transferEncoding is the encoding's bare name; "x-uuencode" and other private ones stay unknown.
func transferEncoding(h message.Header) string {
	s, _, _ := strings.Cut(h.Get("Content-Transfer-Encoding"), ";")
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), `"`))
	switch s {
	case "8-bit", "8 bit":
		return "8bit"
	case "7-bit", "7 bit":
		return "7bit"
	}
	return s
}

// header cuts the header off b, leaving out lines that are none.
func (e *eml) header(m *Message, b []byte) (message.Header, []byte, error) {
	var good bytes.Buffer
	body, bad, keep := []byte(nil), 0, false
	for rest := b; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		l := bytes.TrimRight(rest[:end], "\r\n")
		rest = rest[end:]
		if len(l) == 0 {
			body = rest
			break
		}
		switch {
		case l[0] == ' ' || l[0] == '\t': // a continuation goes where its line went
		case isField(l):
			keep = true
		case len(b)-len(rest) == end && (bytes.HasPrefix(l, []byte("From ")) || bytes.HasPrefix(l, []byte(">From "))): // mbox
			keep = false
			continue
		default:
			keep = false
			bad++
		}
		if keep {
			good.Write(l)
			good.WriteString("\r\n")
		}
		if good.Len() > maxHeader {
			return message.Header{}, nil, tooLarge("a header has more than %d bytes", maxHeader)
		}
	}
	if bad > 0 {
		m.defect("%d lines in a header are none and are left out", bad)
	}
	good.WriteString("\r\n")
	h, err := textproto.ReadHeader(bufio.NewReader(&good))
	if err != nil {
		return message.Header{}, nil, badFormat("header: %v", err)
	}
	return message.Header{Header: h}, body, nil
}

// isField reports whether a line is a field, "name: value" (RFC 5322 §2.2).
func isField(l []byte) bool {
	name, _, ok := bytes.Cut(l, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
