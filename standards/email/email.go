package email

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What makes a mail unreadable; errors.Is tells them apart, the text around them says where.
var (
	ErrFormat   = errors.New("not a mail, or too damaged to be read")
	ErrTooLarge = errors.New("more than is accepted of a mail")
)

// Message is one mail. Its texts are valid UTF-8 without NUL, its lines end in \n.
type Message struct {
	From, To, Cc []mail.Address // Address is empty where only a name is known, as of Outlook's internal senders
	Bcc          []mail.Address // only the sender's own copy has them
	Subject      string
	Date         time.Time // when it was sent, by its own word; zero if it does not say
	Received     time.Time // when its last station got it, by that one's word; zero if it does not say
	MessageID    string    // without angle brackets, as the next two
	InReplyTo    []string
	References   []string // oldest first
	Text         string   // what people read: the plain text, or else that of the HTML or the RTF
	Attachments  []Attachment
	Signed       bool     // it has a signature, which nobody has verified: it is among the attachments
	Encrypted    bool     // some or all of it is encrypted, and among the attachments as it came
	Defects      []string // what could not be taken as it stands, in English
}

// Attachment is a file, a picture or a mail that came with a mail.
type Attachment struct {
	Name      string // never empty, never a path; not unique
	MediaType string // by the sender's word, lower case, without parameters
	Size      int64  // bytes of Content
	Content   []byte // nil if the mail only names it; of a mail in a .msg a .msg of its own
	ContentID string // by which HTML names it, without angle brackets
	Inline    bool   // shown within the text, as a logo in a signature
	Message   *Message
}

// Limits of what is accepted of one mail, with all mails attached to it. Zero fields take the values named.
type Limits struct {
	Size       int64 // bytes: 100 MiB
	Attachment int64 // bytes of one attachment: 100 MiB
	Parts      int   // texts, attachments and what holds them together: 500
	Depth      int   // of parts within parts, mails within mails: 16
}

const (
	maxHeader     = 1 << 20 // bytes of one header
	maxText       = 4 << 20 // bytes of Message.Text; the rest is left out and a defect
	maxDefects    = 100
	maxRecipients = 10_000
)

func (l Limits) filled() Limits {
	if l.Size <= 0 {
		l.Size = 100 << 20
	}
	if l.Attachment <= 0 {
		l.Attachment = 100 << 20
	}
	if l.Parts <= 0 {
		l.Parts = 500
	}
	if l.Depth <= 0 {
		l.Depth = 16
	}
	return l
}

// Read reads a mail of either form, told apart by its first bytes. The whole mail is held in memory, and its attachments
// once more. An error of r is returned as it is.
func Read(r io.Reader, l Limits) (*Message, error) {
	l = l.filled()
	b, err := io.ReadAll(io.LimitReader(r, l.Size+1))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(b, cfbMagic) {
		return ParseMSG(b, l)
	}
	return ParseEML(b, l)
}

// budget is what is left of the limits while a mail is read.
type budget struct {
	Limits
	parts int
	bytes int64 // of all attachments, once more for each mail around them
}

func start(b []byte, l Limits) (*budget, error) {
	l = l.filled()
	if int64(len(b)) > l.Size {
		return nil, tooLarge("it has more than %d bytes", l.Size)
	}
	return &budget{Limits: l}, nil
}

// part counts one more part at a depth from 0.
func (b *budget) part(depth int) error {
	if b.parts++; b.parts > b.Parts {
		return tooLarge("it has more than %d parts", b.Parts)
	}
	if depth > b.Depth {
		return tooLarge("its parts are nested deeper than %d", b.Depth)
	}
	return nil
}

func (b *budget) attachment(size int64) error {
	if size > b.Attachment {
		return tooLarge("an attachment has more than %d bytes", b.Attachment)
	}
	if b.bytes += size; b.bytes > 4*b.Size {
		return tooLarge("its attachments have more than %d bytes", 4*b.Size)
	}
	return nil
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("email: %w: "+format, append([]any{ErrTooLarge}, args...)...)
}

func badFormat(format string, args ...any) error {
	return fmt.Errorf("email: %w: "+format, append([]any{ErrFormat}, args...)...)
}

func (m *Message) defect(format string, args ...any) {
	if len(m.Defects) < maxDefects {
		m.Defects = append(m.Defects, fmt.Sprintf(format, args...))
	}
}

func (m *Message) encrypted() {
	m.Encrypted = true
	m.defect("it is encrypted; what is in it cannot be read here")
}

// setText sets the text within its limit.
func (m *Message) setText(s string) {
	s = strings.TrimSpace(clean(s))
	if len(s) > maxText {
		m.defect("the text is longer than %d bytes; the rest is left out", maxText)
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	m.Text = s
}

// attach adds an attachment with a name that can be shown and stored.
func (m *Message) attach(a Attachment, number int) {
	a.Name = fileName(a.Name)
	if a.Name == "" && a.Message != nil && a.Message.Subject != "" {
		a.Name = fileName(cut(strings.NewReplacer("/", "-", `\`, "-").Replace(a.Message.Subject), 100) + endings[a.MediaType])
	}
	if a.Name == "" {
		a.Name = fmt.Sprintf("part-%d", number)
		switch end := endings[a.MediaType]; {
		case strings.HasPrefix(end, "smime."), end == "signature.asc":
			a.Name = end // as mail programs call them
		default:
			a.Name += end
		}
	}
	if a.MediaType == "" {
		a.MediaType = "application/octet-stream"
	}
	a.Size = int64(len(a.Content))
	m.Attachments = append(m.Attachments, a)
}

// endings of names by type, for what came without a name.
var endings = map[string]string{
	"message/rfc822": ".eml", "message/global": ".eml", typeOutlook: ".msg", "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics",
	"text/rtf": ".rtf", "text/csv": ".csv", "text/xml": ".xml", "application/xml": ".xml", "application/pdf": ".pdf", "application/rtf": ".rtf",
	"application/zip": ".zip", "application/ms-tnef": ".tnef", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/tiff": ".tif",
	"image/bmp": ".bmp", "image/svg+xml": ".svg", "message/delivery-status": ".txt", "message/disposition-notification": ".txt",
	"text/rfc822-headers": ".txt", "application/pkcs7-signature": "smime.p7s", "application/x-pkcs7-signature": "smime.p7s",
	"application/pkcs7-mime": "smime.p7m", "application/x-pkcs7-mime": "smime.p7m", "application/pgp-signature": "signature.asc",
}

const (
	typeOutlook = "application/vnd.ms-outlook"
	typeStorage = "application/x-ole-storage" // what Windows programs embed in each other's documents
)

// fileName is the last element of what a sender called a file, without what could mislead a reader or a file system.
func fileName(s string) string {
	s = line(s)
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:*?"<>|`, r) {
			return '_'
		}
		return r
	}, s)
	if s = strings.Trim(s, ". "); len(s) <= 200 {
		return s
	}
	if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= 16 { // the ending says what it is
		return cut(s[:i], 200-(len(s)-i)) + s[i:]
	}
	return cut(s, 200)
}

// line is s as one line for people: no control characters, none that reverse or hide others.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, clean(s))
	return strings.TrimSpace(s)
}

// clean makes valid UTF-8 without NUL, with \n at the ends of lines.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return newlines.Replace(s)
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "")

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
