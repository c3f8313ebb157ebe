package email

import (
	"bufio"
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

// ParseEML reads a mail of RFC 5322 and MIME.
func ParseEML(b []byte, l Limits) (*Message, error) {
	budget, err := start(b, l)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(b, []byte{0xFF, 0xFE}) || bytes.HasPrefix(b, []byte{0xFE, 0xFF}) { // saved by an editor
		if s, ok := decodeCharset("utf-16", b); ok {
			b = []byte(s)
		}
	}
	return (&eml{budget}).message(b, 0)
}

// eml reads one .eml with all mails in it. Parts are cut out of the bytes here, since readers of multiparts give up at
// the first broken header and would lose the rest of the mail; what a header's fields are and charsets are go-message's.
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
	s     string
	html  bool
	spare bool // says again what another part says
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
		boundary := params["boundary"]
		if boundary == "" {
			if boundary = guessBoundary(body); boundary != "" {
				m.defect("part %d: %s does not name its boundary", number, media)
			}
		}
		if boundary != "" {
			return e.multipart(m, media, boundary, h, body, depth)
		}
		m.defect("part %d: %s without a boundary is shown as text", number, media)
		media = "text/plain"
	}
	disposition, name := contentDisposition(h, params)
	content, flawed, known := undo(h.Get("Content-Transfer-Encoding"), body)
	if !known {
		m.defect("part %d: unknown encoding %.100q", number, h.Get("Content-Transfer-Encoding"))
	} else if flawed {
		m.defect("part %d: damaged in its encoding; what can be read is taken", number)
	}
	if (media == "text/plain" || media == "text/html") && disposition != "attachment" && name == "" {
		var err error
		s, ok := decodeCharset(params["charset"], content)
		if !ok {
			m.defect("part %d: unknown charset %.100q", number, params["charset"])
			s = guess(content)
		}
		if strings.EqualFold(params["format"], "flowed") && media == "text/plain" {
			s = unflow(s, strings.EqualFold(params["delsp"], "yes"))
		}
		if media == "text/plain" {
			if s, err = e.cutUU(m, s, depth); err != nil {
				return text{}, err
			}
		}
		return text{s: s, html: media == "text/html"}, nil
	}
	a := Attachment{
		Name: name, MediaType: media, Content: content, ContentID: first(messageIDs(h.Get("Content-Id"))),
		Inline: disposition != "attachment" && (disposition == "inline" || h.Has("Content-Id")),
	}
	return e.content(m, a, depth, number)
}

var uuBegin = regexp.MustCompile(`(?m)^begin [0-7]{3,4} (\S[^\r\n]*)\r?\n`)

// cutUU takes the files out of a text that carries them in uuencode, as Outlook may still be told to send them.
func (e *eml) cutUU(m *Message, s string, depth int) (string, error) {
	var out strings.Builder
	for others := 0; others < 20; {
		at := uuBegin.FindStringSubmatchIndex(s)
		if at == nil {
			break
		}
		end := strings.Index(s[at[1]:], "\nend")
		if end < 0 {
			break
		}
		end += at[1] + len("\nend")
		content, flawed := undoUU([]byte(s[at[0]:end]))
		if flawed {
			out.WriteString(s[:at[1]])
			s = s[at[1]:]
			others++
			continue
		}
		if err := e.budget.part(depth); err != nil {
			return "", err
		}
		if err := e.attachment(int64(len(content))); err != nil {
			return "", err
		}
		m.attach(Attachment{Name: s[at[2]:at[3]], Content: content}, e.parts)
		out.WriteString(s[:at[0]])
		s = s[end:]
	}
	return out.String() + s, nil
}

// content adds an attachment to m, or what is in it.
func (e *eml) content(m *Message, a Attachment, depth, number int) (text, error) {
	if err := e.attachment(int64(len(a.Content))); err != nil {
		return text{}, err
	}
	switch {
	case a.MediaType == "message/rfc822" || a.MediaType == "message/global": // RFC 6532 §3.7
		inner, err := e.attached(m, a.Content, depth+1, number)
		if err != nil {
			return text{}, err
		}
		a.Message = inner
	case a.MediaType == "message/delivery-status": // what a report says if it says nothing else
		m.attach(a, number)
		return text{s: guess(a.Content), spare: true}, nil
	case isTNEF(a):
		return e.tnef(m, a, depth, number)
	case isSMIME(a):
		return e.smime(m, a, depth, number)
	}
	m.attach(a, number)
	return text{}, nil
}

// guessBoundary is the boundary of a multipart that does not name it: its first line "--x", if a later one is "--x--" or
// a part's header follows.
func guessBoundary(body []byte) string {
	candidates := 0
	for at := 0; at < len(body) && candidates < 5; {
		l, _, _ := bytes.Cut(body[at:], []byte("\n"))
		at += len(l) + 1
		l = bytes.TrimRight(l, "\r \t")
		if len(l) < 5 || len(l) > 200 || !bytes.HasPrefix(l, []byte("--")) {
			continue
		}
		candidates++
		if rest := body[min(at, len(body)):]; bytes.HasPrefix(rest, []byte("Content-")) || bytes.Contains(rest, append(append([]byte("\n"), l...), "--"...)) {
			return string(l[2:])
		}
	}
	return ""
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
	switch media {
	case "multipart/signed":
		m.Signed = true
	case "multipart/encrypted": // RFC 1847 §2.2
		m.encrypted()
	}
	if strings.EqualFold(h.Get("Content-Transfer-Encoding"), "base64") { // forbidden, RFC 2045 §6.4, and sent all the same
		if decoded, _ := undoBase64(body); bytes.Contains(decoded, []byte("--"+boundary)) {
			body = decoded
		}
	}
	var texts []text
	each := func(b []byte) error {
		inner, content, err := e.partHeader(m, b)
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
	}
	parts, whole, err := eachPart(body, boundary, each)
	if err == nil && parts == 0 && len(bytes.TrimSpace(body)) > 0 {
		m.defect("a %s has no part with its boundary", media)
		if boundary = guessBoundary(body); boundary != "" {
			_, whole, err = eachPart(body, boundary, each)
		} else {
			return text{s: guess(body), html: bytes.Contains(bytes.ToLower(body), []byte("<html"))}, nil
		}
	}
	if err != nil {
		return text{}, err
	}
	if !whole {
		m.defect("a %s ends without its boundary: the mail may be cut off", media)
	}
	if slices.ContainsFunc(texts, func(t text) bool { return !t.spare }) {
		texts = slices.DeleteFunc(texts, func(t text) bool { return t.spare })
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

// partHeader is header for a part, which may have none: what begins with no field is content.
func (e *eml) partHeader(m *Message, b []byte) (message.Header, []byte, error) {
	l, _, _ := bytes.Cut(b, []byte("\n"))
	if l = bytes.TrimRight(l, "\r"); len(l) > 0 && !isField(l) && l[0] != ' ' && l[0] != '\t' {
		return message.Header{}, b, nil
	}
	return e.header(m, b)
}

// eachPart cuts a multipart's body at its boundary lines (RFC 2046 §5.1.1), whichever way its lines end, and reports
// how many parts there were and whether the closing line was there.
func eachPart(body []byte, boundary string, f func([]byte) error) (parts int, whole bool, err error) {
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
					parts++
					if err := f(trimBreak(body[part:at])); err != nil {
						return parts, false, err
					}
				}
				if last {
					return parts, true, nil
				}
				part = end
			}
		}
		at = end
	}
	if part >= 0 {
		parts++
		err = f(body[part:])
	}
	return parts, false, err
}

// trimBreak takes off the line break that belongs to the boundary.
func trimBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// header cuts the header off b, leaving out lines that are none.
func (e *eml) header(m *Message, b []byte) (message.Header, []byte, error) {
	var good bytes.Buffer
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")) // UTF-8's mark, by an editor
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
		case keep && bytes.HasSuffix(good.Bytes(), []byte(";\r\n")) && bytes.Contains(l, []byte("=")) && !isField(l): // one without its blank
			good.WriteByte(' ')
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
