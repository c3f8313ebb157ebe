package email

import (
	"errors"
	"io"
	"mime"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
)

func isFormat(err error) bool { return errors.Is(err, ErrFormat) }

// looksLikeMail asks for one field that only a mail has, so that a text file is not taken for one.
func looksLikeMail(h message.Header) bool {
	for _, k := range []string{"From", "Sender", "To", "Subject", "Date", "Message-Id", "Received", "Return-Path", "Mime-Version"} {
		if h.Has(k) {
			return true
		}
	}
	return false
}

// setHeader takes what a mail says of itself (RFC 5322 §3.6).
func (m *Message) setHeader(h message.Header) {
	m.From, m.To, m.Cc = m.addresses(h, "From"), m.addresses(h, "To"), m.addresses(h, "Cc")
	m.Subject = decodeWords(h.Get("Subject"))
	m.MessageID = first(messageIDs(h.Get("Message-Id")))
	m.InReplyTo = messageIDs(h.Get("In-Reply-To"))
	m.References = messageIDs(h.Get("References"))
	m.Date = m.date(h.Get("Date"))
}

// date reads a date of RFC 5322 §3.3; one without a zone is taken as UTC.
func (m *Message) date(v string) time.Time {
	if strings.TrimSpace(v) == "" {
		return time.Time{}
	}
	if t, err := netmail.ParseDate(v); err == nil {
		return t.UTC()
	}
	if t, err := netmail.ParseDate(strings.TrimSpace(v) + " +0000"); err == nil {
		m.defect("Date: %.100q names no time zone", v)
		return t.UTC()
	}
	m.defect("Date: %.100q is no date", v)
	return time.Time{}
}

var messageID = regexp.MustCompile(`<\s*([^<>\s]+)\s*>`)

// messageIDs finds the identifiers in a field; what mail programs write between them is left out.
func messageIDs(s string) []string {
	var ids []string
	for _, g := range messageID.FindAllStringSubmatch(s, maxRecipients) {
		ids = append(ids, line(g[1]))
	}
	if ids == nil {
		if s = line(s); s != "" && !strings.ContainsAny(s, " <>") { // without brackets, as some programs do
			ids = []string{s}
		}
	}
	return ids
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// addresses reads a list of addresses; of one that breaks RFC 5322 §3.4 what can be found.
func (m *Message) addresses(h message.Header, key string) []netmail.Address {
	var all []netmail.Address
	for _, v := range h.Values(key) {
		if v = strings.TrimSpace(guess([]byte(v))); v == "" {
			continue
		}
		list, err := mail.ParseAddressList(v)
		if err != nil {
			all = append(all, m.looseAddresses(key, v)...)
		}
		for _, a := range list {
			all = append(all, netmail.Address{Name: line(a.Name), Address: line(a.Address)})
		}
	}
	if len(all) > maxRecipients {
		m.defect("%s: more than %d addresses; the rest is left out", key, maxRecipients)
		all = all[:maxRecipients]
	}
	return all
}

var (
	looseAddress = regexp.MustCompile(`[^\s<>(),;:"]+@[^\s<>(),;:"]+`)
	undisclosed  = regexp.MustCompile(`^[^:<>@]*:\s*;?\s*$`) // an empty group: "undisclosed-recipients:;"
)

func (m *Message) looseAddresses(key, v string) []netmail.Address {
	if undisclosed.MatchString(v) {
		return nil
	}
	m.defect("%s: %.100q is no list of addresses", key, v)
	var all []netmail.Address
	for _, a := range looseAddress.FindAllString(v, maxRecipients+1) {
		all = append(all, netmail.Address{Address: line(a)})
	}
	switch {
	case len(all) == 0:
		all = []netmail.Address{{Name: cut(decodeWords(v), 200)}}
	case len(all) == 1:
		if name, _, ok := strings.Cut(v, "<"); ok {
			all[0].Name = cut(strings.Trim(decodeWords(name), `" `), 200)
		}
	}
	return all
}

// words decodes RFC 2047; a charset nobody knows leaves its word as it was.
var words = mime.WordDecoder{CharsetReader: func(name string, in io.Reader) (io.Reader, error) {
	return charset.Reader(name, in)
}}

var encodedWord = regexp.MustCompile(`=\?[^?\s]+\?[bBqQ]\?[^?]*\?=`)

func decodeWords(s string) string {
	s = guess([]byte(s))
	d, err := words.DecodeHeader(s)
	if err != nil { // one bad word: decode the others
		d = encodedWord.ReplaceAllStringFunc(s, func(w string) string {
			if d, err := words.Decode(w); err == nil {
				return d
			}
			return w
		})
	}
	return line(d)
}

// contentType is a part's type in lower case and its parameters, also of a field that breaks RFC 2045 §5.1.
func contentType(m *Message, h message.Header) (string, map[string]string) {
	v := h.Get("Content-Type")
	if strings.TrimSpace(v) == "" {
		return "text/plain", nil
	}
	t, params, err := mime.ParseMediaType(v)
	if err != nil {
		t, params = looseParams(v)
	}
	if strings.Count(t, "/") != 1 || strings.ContainsAny(t, " \t\"<>") {
		m.defect("Content-Type: %.100q is no type", v)
		if t = "application/octet-stream"; strings.HasPrefix(strings.ToLower(v), "text") { // RFC 2045 §5.2
			t = "text/plain"
		}
	}
	return line(t), params
}

// contentDisposition is "inline", "attachment" or empty, and the file's name; params are those of the type.
func contentDisposition(h message.Header, params map[string]string) (disposition, name string) {
	v := h.Get("Content-Disposition")
	disposition, own, err := mime.ParseMediaType(v)
	if err != nil {
		disposition, own = looseParams(v)
	}
	if disposition != "" && disposition != "inline" {
		disposition = "attachment" // RFC 2183 §2.8
	}
	if name = own["filename"]; name == "" {
		name = params["name"] // before RFC 2183, and still by Outlook
	}
	return disposition, decodeWords(name) // encoded words in a parameter are forbidden by RFC 2047 §5 and everyday
}

var looseParam = regexp.MustCompile(`(?i);?\s*([a-z]+)\s*=\s*(?:"([^"]*)"?|([^;]*))`)

func looseParams(v string) (string, map[string]string) {
	t, rest, _ := strings.Cut(v, ";")
	params := map[string]string{}
	for _, g := range looseParam.FindAllStringSubmatch(rest, 20) {
		if k := strings.ToLower(g[1]); params[k] == "" {
			params[k] = strings.TrimSpace(g[2] + g[3])
		}
	}
	return strings.ToLower(strings.TrimSpace(t)), params
}
