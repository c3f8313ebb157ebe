package email

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lines joins lines as mail does.
func lines(all ...string) []byte { return []byte(strings.Join(all, "\r\n") + "\r\n") }

// An application with a picture in its text, a file and a mail that is passed on.
func sampleEML() []byte {
	return lines("From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <joerg@example.org>",
		`To: "Bürgeramt" <amt@example.org>, Zweite <zwei@example.org>`,
		"Cc: =?utf-8?B?w4RtdGVyOg==?= <kopie@example.org>",
		"Subject: =?utf-8?Q?Antrag_f=C3=BCr?=",
		" =?utf-8?Q?_Hund?=",
		"Date: Wed, 4 Mar 2026 06:06:07 +0100",
		"Message-ID: <m1@example.org>",
		"In-Reply-To: <m0@example.org>",
		"References: <a@x>",
		" <m0@example.org>",
		"MIME-Version: 1.0",
		`Content-Type: multipart/mixed; boundary="outer"`,
		"",
		"For old programs.",
		"--outer",
		"Content-Type: multipart/related; boundary=rel",
		"",
		"--rel",
		"Content-Type: multipart/alternative; boundary=alt",
		"",
		"--alt",
		"Content-Type: text/plain; charset=iso-8859-15",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		"Gr=FC=DFe, 5 =A4,=",
		" Ende",
		"--alt",
		"Content-Type: text/html; charset=utf-8",
		"",
		"<p>Anderes</p>",
		"--alt--",
		"--rel",
		"Content-Type: image/png",
		"Content-ID: <logo@x>",
		"Content-Transfer-Encoding: base64",
		"",
		"cG5n",
		"--rel--",
		"--outer",
		"Content-Type: application/pdf",
		"Content-Disposition: attachment; filename*0*=utf-8''Antrag%20; filename*1*=Gr%C3%B6%C3%9Fe.pdf",
		"Content-Transfer-Encoding: base64",
		"",
		"JVBERi0=",
		"--outer",
		"Content-Type: message/rfc822",
		"",
		"From: innen@example.org",
		"Subject: Innen",
		"",
		"Text innen",
		"--outer--",
		"Nachspann")
}

func TestEML(t *testing.T) {
	inner := lines("From: innen@example.org", "Subject: Innen", "", "Text innen")
	want := &Message{
		From:    []netmail.Address{{Name: "Jörg Müller", Address: "joerg@example.org"}},
		To:      []netmail.Address{{Name: "Bürgeramt", Address: "amt@example.org"}, {Name: "Zweite", Address: "zwei@example.org"}},
		Cc:      []netmail.Address{{Name: "Ämter:", Address: "kopie@example.org"}},
		Subject: "Antrag für Hund", Date: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), MessageID: "m1@example.org",
		InReplyTo: []string{"m0@example.org"}, References: []string{"a@x", "m0@example.org"}, Text: "Grüße, 5 €, Ende",
		Attachments: []Attachment{
			{Name: "part-6.png", MediaType: "image/png", Size: 3, Content: []byte("png"), ContentID: "logo@x", Inline: true},
			{Name: "Antrag Größe.pdf", MediaType: "application/pdf", Size: 5, Content: []byte("%PDF-")},
			{Name: "Innen.eml", MediaType: "message/rfc822", Size: int64(len(inner) - 2), Content: inner[:len(inner)-2], Message: &Message{
				From: []netmail.Address{{Address: "innen@example.org"}}, Subject: "Innen", Text: "Text innen",
			}},
		},
	}
	m, err := ParseEML(sampleEML(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	unix, err := ParseEML(bytes.ReplaceAll(sampleEML(), []byte("\r\n"), []byte("\n")), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want.Attachments[2].Content = bytes.ReplaceAll(want.Attachments[2].Content, []byte("\r\n"), []byte("\n"))
	want.Attachments[2].Size = int64(len(want.Attachments[2].Content))
	if d := cmp.Diff(want, unix); d != "" {
		t.Error("with line feeds:", d)
	}
}

func TestEMLText(t *testing.T) {
	utf16be := "\xfe\xff\x00G\x00r\x00\xfc\x00\xdf\x00e"
	for name, c := range map[string]struct {
		mail    []byte
		want    string
		defects int
	}{
		"no type":            {lines("Subject: x", "", "nur Text"), "nur Text", 0},
		"no body":            {lines("Subject: x"), "", 0},
		"windows-1252":       {lines("Subject: x", "Content-Type: text/plain; charset=Windows-1252", "", "5 \x80 \x84so\x93"), "5 € „so“", 0},
		"utf-16":             {[]byte("Subject: x\r\nContent-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(utf16be))), "Grüße", 0},
		"no charset, 8 bit":  {lines("Subject: x", "", "Stra\xdfe"), "Straße", 0},
		"unknown charset":    {lines("Subject: x", "Content-Type: text/plain; charset=x-nowhere", "", "Stra\xdfe"), "Straße", 1},
		"wrong utf-8":        {lines("Subject: x", "Content-Type: text/plain; charset=utf-8", "", "Stra\xdfe"), "Straße", 0},
		"unknown encoding":   {lines("Subject: x", "Content-Transfer-Encoding: x-nowhere", "", "begin"), "begin", 1},
		"NUL and CR":         {lines("Subject: x", "", "a\x00b\rc"), "ab\nc", 0},
		"base64 cut off":     {lines("Subject: x", "Content-Transfer-Encoding: base64", "", "SGFsbG8gV2VsdA", "!"), "Hallo Welt", 1},
		"only HTML":          {lines("Subject: x", "Content-Type: text/html", "", "<style>p{}</style><h1>Titel</h1><p>a&nbsp;&amp;  b<br>c"), "Titel\na & b\nc", 0},
		"alternative, HTML":  {lines("Subject: x", "Content-Type: multipart/alternative; boundary=b", "", "--b", "", " ", "--b", "Content-Type: text/html", "", "<p>H", "--b--"), "H", 0},
		"mixed texts":        {lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "eins", "--b", "Content-Type: text/html", "", "<p>zwei", "--b--"), "eins\n\nzwei", 0},
		"no boundary":        {lines("Subject: x", "Content-Type: multipart/mixed", "", "Text"), "Text", 1},
		"no closing":         {lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "eins"), "eins", 1},
		"loose boundary":     {lines("Subject: x", "Content-Type: multipart/mixed; boundary=a b;; x", "", "--a b", "", "eins", "--a b--"), "eins", 0},
		"like a boundary":    {lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "eins", "--bx", "--b--"), "eins\n--bx", 0},
		"multipart, base64":  {lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(lines("--b", "", "eins", "--b--"))), "eins", 0},
		"mbox and bad lines": {lines("From me@example.org Wed Mar  4 06:06:07 2026", "Subject: x", "no field", " and its second line", "", "Text"), "Text", 1},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseEML(c.mail, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			check(t, m)
			if m.Text != c.want || len(m.Defects) != c.defects || len(m.Attachments) > 0 {
				t.Errorf("%q, %q, %d attachments; want %q and %d defects", m.Text, m.Defects, len(m.Attachments), c.want, c.defects)
			}
		})
	}
}

func TestEMLHeader(t *testing.T) {
	m, err := ParseEML(lines("From: M\xfcller <a@example.org>", "To: undisclosed-recipients:;", "Cc: <b@example.org, Amt c@example.org",
		"Subject: =?x-nowhere?q?a?= =?utf-8?q?=C3=A4?= \u202Ex", "Date: Wed, 4 Mar 2026 06:06:07", "Message-ID: bare@example.org",
		"References: your mail <a@x> of\tWed <b@x>"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	want := &Message{
		From: []netmail.Address{{Name: "Müller", Address: "a@example.org"}}, Cc: []netmail.Address{{Address: "b@example.org"}, {Address: "c@example.org"}},
		Subject: "=?x-nowhere?q?a?= ä x", Date: time.Date(2026, 3, 4, 6, 6, 7, 0, time.UTC), MessageID: "bare@example.org", References: []string{"a@x", "b@x"},
	}
	if len(m.Defects) != 2 {
		t.Errorf("defects %q", m.Defects)
	}
	m.Defects = nil
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
}

func TestFileNames(t *testing.T) {
	long := strings.Repeat("ä", 150) + ".pdf"
	for header, want := range map[string]string{
		`attachment; filename="../../etc/passwd"`:                "passwd",
		`attachment; filename="C:\\Users\\x\\Bescheid.docx"`:     "Bescheid.docx",
		`attachment; filename=Antrag auf Hund.pdf`:               "Antrag auf Hund.pdf",
		`attachment; filename="=?utf-8?q?Gr=C3=B6=C3=9Fe.pdf?="`: "Größe.pdf",
		"attachment; filename=\"gpj\u202Eexe.pdf\"":              "gpjexe.pdf",
		`attachment; filename="a:b?.txt"`:                        "a_b_.txt",
		`attachment; filename=".."`:                              "part-1.txt",
		`attachment`:                                             "part-1.txt",
		`attachment; filename="` + long + `"`:                    strings.Repeat("ä", 98) + ".pdf",
	} {
		m, err := ParseEML(lines("Subject: x", "Content-Disposition: "+header, "", "x"), Limits{})
		if err != nil || len(m.Attachments) != 1 {
			t.Fatalf("%s: %v", header, err)
		}
		check(t, m)
		if got := m.Attachments[0].Name; got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

func TestEMLBrokenInside(t *testing.T) {
	m, err := ParseEML(lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: message/rfc822", "", "Das ist keine Mail.",
		"--b", "no header at all", "--b", "Content-Type: nonsense; name=x", "", "y", "--b", "Content-Type: application/pdf", "", "%PDF", "--b--"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	if len(m.Attachments) != 3 || m.Attachments[0].Message != nil || string(m.Attachments[2].Content) != "%PDF" || len(m.Defects) != 2 || m.Text != "no header at all" {
		t.Errorf("%+v", m)
	}
	m, err = ParseEML(lines("Subject: x", "Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: im Sammelbrief", "", "t", "--b--"), Limits{})
	if err != nil || len(m.Attachments) != 1 || m.Attachments[0].Message.Subject != "im Sammelbrief" {
		t.Errorf("digest: %+v, %v", m, err)
	}
}

func TestRefused(t *testing.T) {
	nested := func(depth int) []byte {
		var b strings.Builder
		b.WriteString("Subject: x\r\n")
		for i := range depth {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return []byte(b.String())
	}
	mails := []byte("Subject: innermost\r\n\r\nx")
	for range 21 {
		mails = append([]byte("Subject: x\r\nContent-Type: message/rfc822\r\n\r\n"), mails...)
	}
	parts := append(lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", ""), bytes.Repeat([]byte("--b\r\n\r\nx\r\n"), 600)...)
	for name, c := range map[string]struct {
		mail []byte
		l    Limits
		want error
	}{
		"nothing":              {nil, Limits{}, ErrFormat},
		"text":                 {[]byte("Sehr geehrte Damen und Herren,\n\nNote: this is no mail.\n"), Limits{}, ErrFormat},
		"binary":               {[]byte("\x7fELF\x00\x01\n\x02"), Limits{}, ErrFormat},
		"compound file":        {append([]byte(nil), cfbMagic...), Limits{}, ErrFormat},
		"too many bytes":       {lines("Subject: x", "", strings.Repeat("x", 100)), Limits{Size: 100}, ErrTooLarge},
		"too large attachment": {lines("Subject: x", "Content-Type: image/png", "", strings.Repeat("x", 100)), Limits{Attachment: 100}, ErrTooLarge},
		"too many parts":       {parts, Limits{}, ErrTooLarge},
		"parts too deep":       {nested(22), Limits{}, ErrTooLarge},
		"100,000 deep":         {nested(100_000), Limits{}, ErrTooLarge},
		"mails too deep":       {mails, Limits{}, ErrTooLarge},
		"header too long":      {lines("Subject: x", "X: "+strings.Repeat("x", maxHeader)), Limits{}, ErrTooLarge},
		"header of many lines": {append(lines("Subject: x"), bytes.Repeat([]byte("X: y\r\n"), maxHeader)...), Limits{}, ErrTooLarge},
	} {
		begin := time.Now()
		if m, err := Read(bytes.NewReader(c.mail), c.l); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
	if _, err := Read(iotest.ErrReader(os.ErrDeadlineExceeded), Limits{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an error of the source: %v", err)
	}
	if _, err := ParseEML(nested(15), Limits{}); err != nil {
		t.Errorf("15 deep: %v", err)
	}
}

func TestLongText(t *testing.T) {
	m, err := ParseEML(lines("Subject: x", "", strings.Repeat("ä", maxText)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	if len(m.Text) != maxText || len(m.Defects) != 1 {
		t.Errorf("%d bytes, %v", len(m.Text), m.Defects)
	}
	many := "To: " + strings.Repeat("a@b.c, ", maxRecipients+5) + "z@b.c"
	if m, err = ParseEML(lines(many), Limits{}); err != nil || len(m.To) != maxRecipients || len(m.Defects) != 1 {
		t.Errorf("%d recipients, %v", len(m.To), err)
	}
}

func TestRead(t *testing.T) {
	m, err := Read(bytes.NewReader(compoundFile(sampleMSG())), Limits{})
	if err != nil || m.Subject != "AW: Übersicht" {
		t.Errorf("msg: %+v, %v", m, err)
	}
	if m, err = Read(bytes.NewReader(sampleEML()), Limits{}); err != nil || m.Subject != "Antrag für Hund" {
		t.Errorf("eml: %+v, %v", m, err)
	}
}

func FuzzEML(f *testing.F) {
	f.Add(sampleEML())
	f.Add(lines("From a", "From: \"a <b@c", "To: =?utf-16?b?AGE=?=, g:a@b;", "Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: y", "", "z", "--b--"))
	f.Add(lines("Subject: x", "Content-Type: text/html; charset=shift_jis", "Content-Transfer-Encoding: quoted-printable", "", "<p>=82=A0<script>x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseEML(b, Limits{Size: 1 << 20})
		if err != nil {
			if !isFormat(err) && !isTooLarge(err) {
				t.Errorf("%v", err)
			}
			return
		}
		check(t, m)
	})
}
