package email

import (
	"errors"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
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
	m.From, m.To, m.Cc, m.Bcc = m.addresses(h, "From"), m.addresses(h, "To"), m.addresses(h, "Cc"), m.addresses(h, "Bcc")
	m.Subject = decodeWords(h.Get("Subject"))
	m.MessageID = first(messageIDs(h.Get("Message-Id")))
	m.InReplyTo = messageIDs(h.Get("In-Reply-To"))
	m.References = messageIDs(h.Get("References"))
	m.Date = m.date("Date", h.Get("Date"))
	// The last station writes on top (RFC 5321 §4.4), its time behind the last semicolon.
	if v := h.Get("Received"); strings.Contains(v, ";") {
		m.Received = (&Message{}).date("", v[strings.LastIndexByte(v, ';')+1:])
	}
}

// date reads a date of RFC 5322 §3.3, without its comments, or of RFC 3339; one without a zone is taken as UTC.
func (m *Message) date(field, v string) time.Time {
	bare := strings.Join(strings.Fields(comment.ReplaceAllString(v, " ")), " ")
	bare = aroundColon.ReplaceAllString(bare, ":")
	if bare == "" {
		return time.Time{}
	}
	if t, err := netmail.ParseDate(bare); err == nil {
		return t.UTC()
	}
	if t, err := time.Parse(time.RFC3339, bare); err == nil {
		return t.UTC()
	}
	if without, _, ok := cutLast(bare, " "); ok {
		for _, s := range []string{bare, without} { // no zone, or none that is known
			if t, err := netmail.ParseDate(s + " +0000"); err == nil {
				m.defect("%s: %.100q names no time zone", field, v)
				return t.UTC()
			}
		}
	}
	m.defect("%s: %.100q is no date", field, v)
	return time.Time{}
}

var (
	comment     = regexp.MustCompile(`\([^()]*\)`)
	aroundColon = regexp.MustCompile(` ?: ?`)
)

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
		if err != nil || slices.ContainsFunc(list, func(a *mail.Address) bool { return strings.Contains(a.Name, "\uFFFD") }) {
			all, list = append(all, m.looseAddresses(key, v)...), nil
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
	looseAddress = regexp.MustCompile(`[^\s<>(),;:"']+@[^\s<>(),;:"']+`)
	undisclosed  = regexp.MustCompile(`^[^:<>@]*:\s*;?\s*$`) // an empty group: "undisclosed-recipients:;"
)

// looseAddresses takes what can be told apart of a list that breaks the rules: with semicolons, names with commas or
// addresses in them, unclosed brackets.
func (m *Message) looseAddresses(key, v string) []netmail.Address {
	if undisclosed.MatchString(v) {
		return nil
	}
	m.defect("%s: %.100q is no list of addresses", key, v)
	var all []netmail.Address
	for _, item := range splitList(v) {
		name, address, ok := cutLast(item, "<")
		found := looseAddress.FindAllString(address, -1)
		if len(found) == 0 {
			found = looseAddress.FindAllString(item, -1)
			if len(found) > 0 || !ok {
				name = ""
			}
		}
		name = cut(strings.Trim(decodeWords(name), `"'< `), 200)
		for i, a := range found {
			if i > 0 || strings.EqualFold(name, a) {
				name = ""
			}
			all = append(all, netmail.Address{Name: name, Address: line(a)})
		}
		if len(found) == 0 {
			if name == "" {
				name = cut(strings.Trim(decodeWords(item), `"'<> `), 200)
			}
			if name != "" {
				all = append(all, netmail.Address{Name: name})
			}
		}
		if len(all) > maxRecipients {
			break
		}
	}
	return all
}

// splitList cuts at commas and semicolons outside of quotes and angle brackets.
func splitList(v string) []string {
	var items []string
	quoted, angle, start := false, false, 0
	lastQuote, lastAngle := strings.LastIndexByte(v, '"'), strings.LastIndexByte(v, '>')
	for i := range len(v) {
		switch c := v[i]; {
		case c == '"':
			quoted = !quoted && i < lastQuote // one without its end quotes nothing
		case quoted:
		case c == '<':
			angle = i < lastAngle
		case c == '>':
			angle = false
		case (c == ',' || c == ';') && !angle:
			items = append(items, v[start:i])
			start = i + 1
		}
	}
	return append(items, v[start:])
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

var encodedWord = regexp.MustCompile(`=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=`)

// decodeWords decodes RFC 2047. Neighbours of one charset are decoded as one, since mail programs cut within characters;
// a charset nobody knows leaves its words as they were.
func decodeWords(s string) string {
	var out strings.Builder
	for at := 0; ; {
		w := encodedWord.FindStringSubmatchIndex(s[at:])
		if w == nil {
			out.WriteString(guess([]byte(s[at:])))
			return line(out.String())
		}
		out.WriteString(guess([]byte(s[at : at+w[0]])))
		from, charset, content := at+w[0], s[at+w[2]:at+w[3]], []byte(nil)
		for ; w != nil; w = encodedWord.FindStringSubmatchIndex(s[at:]) {
			if gap := s[at : at+w[0]]; content != nil && (strings.TrimSpace(gap) != "" || !strings.EqualFold(charset, s[at+w[2]:at+w[3]])) {
				break
			}
			content = append(content, decodeWord(s[at+w[4]:at+w[5]], s[at+w[6]:at+w[7]])...)
			at += w[1]
		}
		d, ok := decodeCharset(charset, content)
		if !ok {
			d = guess([]byte(s[from:at]))
		}
		out.WriteString(d)
		if ok && w != nil && strings.TrimSpace(s[at:at+w[0]]) == "" { // blanks between words are none
			at += w[0]
		}
	}
}

// decodeWord undoes the encoding of one word; an empty one is not nil.
func decodeWord(encoding, text string) []byte {
	if strings.EqualFold(encoding, "B") {
		b, _ := undoBase64([]byte(text))
		return b
	}
	b, _ := undoQuoted([]byte(strings.ReplaceAll(text, "_", "=20")))
	return append([]byte{}, b...)
}

// contentType is a part's type in lower case and its parameters, also of a field that breaks RFC 2045 §5.1.
func contentType(m *Message, h message.Header) (string, map[string]string) {
	v := h.Get("Content-Type")
	if strings.TrimSpace(v) == "" {
		return "text/plain", nil
	}
	t, params := parameters(v)
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
	disposition, own := parameters(h.Get("Content-Disposition"))
	if disposition != "" && disposition != "inline" {
		disposition = "attachment" // RFC 2183 §2.8
	}
	if name = own["filename"]; name == "" {
		name = own["name"]
	}
	if name == "" {
		name = params["name"] // before RFC 2183, and still by Outlook
	}
	if name == "" {
		name = params["filename"]
	}
	return disposition, decodeWords(name) // encoded words in a parameter are forbidden by RFC 2047 §5 and everyday
}
