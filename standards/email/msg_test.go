package email

import (
	"encoding/binary"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func isTooLarge(err error) bool { return errors.Is(err, ErrTooLarge) }

// prop is a property for a test: string (wide), narrow, []byte, int, bool, time.Time, or folder (an object).
type prop struct {
	id uint32
	v  any
}

type narrow string

// put writes properties as Outlook does, with a header of so many bytes before the fixed ones.
func put(f folder, header int, props ...prop) folder {
	fixed := make([]byte, header)
	stream := func(id, kind uint32) string { return fmt.Sprintf(valuePrefix+"%04X%04X", id, kind) }
	entry := func(id, kind uint32, v uint64) {
		fixed = binary.LittleEndian.AppendUint32(fixed, id<<16|kind)
		fixed = binary.LittleEndian.AppendUint32(fixed, 6)
		fixed = binary.LittleEndian.AppendUint64(fixed, v)
	}
	for _, p := range props {
		switch v := p.v.(type) {
		case string:
			f[stream(p.id, typeWide)] = utf16le(v)
			entry(p.id, typeWide, uint64(len(v)*2+2))
		case narrow:
			f[stream(p.id, typeNarrow)] = []byte(v)
			entry(p.id, typeNarrow, uint64(len(v)+1))
		case []byte:
			f[stream(p.id, typeBinary)] = v
			entry(p.id, typeBinary, uint64(len(v)))
		case folder:
			f[stream(p.id, typeObject)] = v
			entry(p.id, typeObject, 0)
		case int:
			entry(p.id, typeInt, uint64(v))
		case bool:
			n := uint64(0)
			if v {
				n = 1
			}
			entry(p.id, typeBool, n)
		case time.Time:
			entry(p.id, typeTime, uint64(v.Unix())*1e7+filetimeOf1970)
		}
	}
	f[propertyStream] = fixed
	return f
}

func recipient(kind int, props ...prop) folder {
	return put(folder{}, partHeader, append(props, prop{propRecipientType, kind})...)
}

func sampleMSG() folder {
	inner := put(folder{}, innerHeader, prop{propSubject, "Anlage/Nachricht"}, prop{propBody, "innen"})
	return put(folder{
		recipientPrefix + "00000001": recipient(recipientCc, prop{propDisplayName, "Kopie"}, prop{propEmailAddress, "/O=AMT/CN=KOPIE"}, prop{propAddressType, "EX"}),
		recipientPrefix + "00000000": recipient(recipientTo, prop{propDisplayName, "Bürgeramt"}, prop{propSMTPAddress, "amt@example.org"}),
		recipientPrefix + "00000002": recipient(3, prop{propDisplayName, "heimlich"}, prop{propSMTPAddress, "bcc@example.org"}),
		attachPrefix + "00000000": put(folder{}, partHeader, prop{propAttachLongName, `C:\Pfad\Antrag Größe.pdf`}, prop{propAttachTag, "\x00Application/PDF; name=x"},
			prop{propAttachData, []byte(strings.Repeat("%PDF", 2000))}, prop{propAttachMethod, attachByValue}),
		attachPrefix + "00000001": put(folder{}, partHeader, prop{propAttachShortName, narrow("logo.png")}, prop{propAttachData, []byte("png")},
			prop{propAttachContentID, "logo@x"}, prop{propAttachHidden, true}),
		attachPrefix + "00000002": put(folder{}, partHeader, prop{propDisplayName, "Anlage"}, prop{propAttachData, inner}, prop{propAttachMethod, 5}),
	}, topHeader,
		prop{propSubject, "\x01\x04AW: Übersicht"}, prop{propFromName, "Erika Mustermann"}, prop{propFromType, "SMTP"}, prop{propFromAddress, "erika@example.org"},
		prop{propSubmitTime, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}, prop{propMessageID, "<m1@example.org>"},
		prop{propInReplyTo, "<m0@example.org>"}, prop{propReferences, "<a@x>\t<m0@example.org>"}, prop{propBody, "Guten Tag,\r\nGrüße"})
}

func TestMSG(t *testing.T) {
	m, err := ParseMSG(compoundFile(sampleMSG()), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	want := &Message{
		From: []netmail.Address{{Name: "Erika Mustermann", Address: "erika@example.org"}},
		To:   []netmail.Address{{Name: "Bürgeramt", Address: "amt@example.org"}}, Cc: []netmail.Address{{Name: "Kopie"}},
		Bcc:     []netmail.Address{{Name: "heimlich", Address: "bcc@example.org"}},
		Subject: "AW: Übersicht", Date: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), MessageID: "m1@example.org",
		InReplyTo: []string{"m0@example.org"}, References: []string{"a@x", "m0@example.org"}, Text: "Guten Tag,\nGrüße",
		Attachments: []Attachment{
			{Name: "Antrag Größe.pdf", MediaType: "application/pdf", Size: 8000, Content: []byte(strings.Repeat("%PDF", 2000))},
			{Name: "logo.png", MediaType: "application/octet-stream", Size: 3, Content: []byte("png"), ContentID: "logo@x", Inline: true},
			{Name: "Anlage-Nachricht.msg", MediaType: "application/vnd.ms-outlook", Message: &Message{Subject: "Anlage/Nachricht", Text: "innen"}},
		},
	}
	inner := &m.Attachments[2] // a .msg of its own
	again, err := ParseMSG(inner.Content, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(inner.Message, again); d != "" {
		t.Error("as a file of its own:", d)
	}
	want.Attachments[2].Content, want.Attachments[2].Size = inner.Content, int64(len(inner.Content))
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
}

// The text comes from the plain text, or else the HTML, or else the RTF; narrow strings and HTML by their codepages.
func TestMSGText(t *testing.T) {
	for name, c := range map[string]struct {
		props []prop
		want  string
	}{
		"narrow, 1252":   {[]prop{{propBody, narrow("Stra\xdfe 5 \x80")}, {propMessageCodepage, 1252}}, "Straße 5 €"},
		"narrow, 1251":   {[]prop{{propBody, narrow("\xcf\xf0\xe8")}, {propMessageCodepage, 1251}}, "При"},
		"narrow, none":   {[]prop{{propBody, narrow("Stra\xdfe")}}, "Straße"},
		"HTML, utf-8":    {[]prop{{propHTML, []byte("<p>Grüße</p><p>Ende")}, {propInternetCodepage, 65001}, {propMessageCodepage, 1252}}, "Grüße\nEnde"},
		"HTML, latin 9":  {[]prop{{propHTML, []byte("5 \xa4")}, {propInternetCodepage, 28605}}, "5 €"},
		"HTML as string": {[]prop{{propHTML, "<b>fett</b>"}}, "fett"},
		"plain first":    {[]prop{{propBody, "plain"}, {propHTML, "<b>fett</b>"}}, "plain"},
		"RTF":            {[]prop{{propRTF, stored(`{\rtf1\ansi Hallo\par Welt}`)}}, "Hallo\nWelt"},
		"RTF damaged":    {[]prop{{propRTF, []byte("short")}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMSG(compoundFile(put(folder{}, topHeader, c.props...)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			check(t, m)
			if m.Text != c.want || (len(m.Defects) > 0) != (name == "RTF damaged") {
				t.Errorf("%q, %v; want %q", m.Text, m.Defects, c.want)
			}
		})
	}
}

// The header that a mail travelled with says what Exchange's own properties leave open.
func TestMSGTransport(t *testing.T) {
	m, err := ParseMSG(compoundFile(put(folder{recipientPrefix + "00000000": recipient(recipientTo, prop{propDisplayName, "Bürgeramt"}, prop{propAddressType, "EX"}),
		recipientPrefix + "00000001": recipient(recipientCc, prop{propDisplayName, "Andere"}),
	}, topHeader, prop{propSenderName, "Erika"}, prop{propSenderType, "EX"},
		prop{propSenderAddress, "/O=AMT/CN=ERIKA"}, prop{propTransportHeaders, "Received: x; Wed, 4 Mar 2026 06:06:09 +0100\r\nTo: =?utf-8?q?B=C3=BCrgeramt?= <amt@example.org>\r\nFrom: =?utf-8?q?Erika_M=C3=BCller?= <e@example.org>\r\n" +
			"Date: Wed, 4 Mar 2026 06:06:07 +0100\r\nMessage-ID: <t@x>\r\nReferences: <r@x>\r\nIn-Reply-To: <i@x>\r\n"})), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Message{From: []netmail.Address{{Name: "Erika Müller", Address: "e@example.org"}}, To: []netmail.Address{{Name: "Bürgeramt", Address: "amt@example.org"}},
		Cc: []netmail.Address{{Name: "Andere"}}, Received: time.Date(2026, 3, 4, 5, 6, 9, 0, time.UTC), Date: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		MessageID: "t@x", References: []string{"r@x"}, InReplyTo: []string{"i@x"}}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	m, err = ParseMSG(compoundFile(put(folder{}, topHeader, prop{propTransportHeaders, "To: a@example.org\r\nCc: b@example.org\r\n"})), Limits{})
	if err != nil || len(m.To) != 1 || len(m.Cc) != 1 || m.Cc[0].Address != "b@example.org" {
		t.Errorf("no recipients but in the header: %+v, %v", m, err)
	}
}

func TestMSGLimits(t *testing.T) {
	b := compoundFile(sampleMSG())
	for name, l := range map[string]Limits{
		"size": {Size: 5000}, "attachment": {Attachment: 7999}, "parts": {Parts: 3},
	} {
		if _, err := ParseMSG(b, l); !isTooLarge(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseMSG(compoundFile(folder{"WordDocument": []byte("doc")}), Limits{}); !isFormat(err) {
		t.Errorf("a document of Word: %v", err)
	}
	deep := put(folder{}, innerHeader, prop{propSubject, "innermost"})
	for range 21 {
		deep = put(folder{attachPrefix + "00000000": put(folder{}, partHeader, prop{propAttachData, deep})}, innerHeader)
	}
	if _, err := ParseMSG(compoundFile(deep), Limits{}); !isTooLarge(err) {
		t.Errorf("21 mails in each other: %v", err)
	}
}

func TestMSGMissingContent(t *testing.T) {
	m, err := ParseMSG(compoundFile(put(folder{
		attachPrefix + "00000000": put(folder{}, partHeader, prop{propAttachLongName, "link.docx"}, prop{propAttachMethod, 7}),
		attachPrefix + "00000001": put(folder{}, partHeader, prop{propAttachData, folder{"CONTENTS": []byte("x")}}, prop{propAttachMethod, 6}),
	}, topHeader)), Limits{})
	if err != nil || len(m.Attachments) != 2 || len(m.Defects) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
}

func FuzzMSG(f *testing.F) {
	f.Add(compoundFile(sampleMSG()))
	f.Add(compoundFile(put(folder{}, topHeader, prop{propRTF, stored(`{\rtf1\ansi\fromhtml1 {\*\htmltag <p>}x\'e4\u8364?}`)})))
	f.Add(compoundFile(put(folder{}, topHeader, prop{propHTML, []byte("<p>x")}, prop{propInternetCodepage, 932})))
	f.Add(compoundFile(folder{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMSG(b, Limits{Size: 1 << 20})
		if err != nil {
			if !isFormat(err) && !isTooLarge(err) {
				t.Errorf("%v", err)
			}
			return
		}
		check(t, m)
	})
}

func TestCompleteAddresses(t *testing.T) {
	name := func(s string) netmail.Address { return netmail.Address{Name: s} }
	at := func(s string) netmail.Address { return netmail.Address{Address: s} }
	for _, c := range []struct{ list, sent, want []netmail.Address }{
		{[]netmail.Address{name("A")}, []netmail.Address{at("a@x")}, []netmail.Address{{Name: "A", Address: "a@x"}}},
		{[]netmail.Address{at("b@x"), name("A")}, []netmail.Address{at("a@x"), at("B@x")}, []netmail.Address{at("b@x"), {Name: "A", Address: "a@x"}}},
		{[]netmail.Address{name("A"), name("B")}, []netmail.Address{{Name: "a", Address: "a@x"}, at("b@x")}, []netmail.Address{{Name: "A", Address: "a@x"}, {Name: "B", Address: "b@x"}}},
		{[]netmail.Address{name("A"), name("B")}, []netmail.Address{at("a@x"), at("b@x")}, []netmail.Address{name("A"), name("B")}}, // nobody knows which is which
		{[]netmail.Address{name("A")}, nil, []netmail.Address{name("A")}},
	} {
		completeAddresses(c.list, c.sent)
		if d := cmp.Diff(c.want, c.list); d != "" {
			t.Error(d)
		}
	}
}
