package email

import (
	"encoding/binary"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func tnefFile(attributes ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, tnefSignature)
	b = append(b, 1, 0)
	for _, a := range attributes {
		b = append(b, a...)
	}
	return b
}

func tnefAttribute(id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{1}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	return binary.LittleEndian.AppendUint16(append(b, data...), sum)
}

// tnefNamed is a property of appointments.
type tnefNamed struct {
	lid uint32
	v   any
}

// tnefObject is an attached object: its interface and what follows.
type tnefObject []byte

// tnefProperties writes properties as TNEF does; the value of a prop may be a tnefNamed.
func tnefProperties(props ...prop) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(props)))
	u32 := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) }
	for _, p := range props {
		v, named := p.v, []byte(nil)
		if n, ok := v.(tnefNamed); ok {
			v = n.v
			named = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32([]byte(appointmentSet), 0), n.lid)
		}
		head := func(kind uint32) {
			u32(int(p.id<<16 | kind))
			b = append(b, named...)
		}
		variable := func(kind uint32, v []byte) {
			head(kind)
			u32(1)
			u32(len(v))
			b = append(append(b, v...), make([]byte, -len(v)&3)...)
		}
		switch v := v.(type) {
		case string:
			variable(typeWide, utf16le(v+"\x00"))
		case narrow:
			variable(typeNarrow, append([]byte(v), 0))
		case []byte:
			variable(typeBinary, v)
		case tnefObject:
			variable(typeObject, v)
		case int:
			head(typeInt)
			u32(v)
		case time.Time:
			head(typeTime)
			b = binary.LittleEndian.AppendUint64(b, uint64(v.Unix())*1e7+filetimeOf1970)
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return b
}

func tnefRecipients(rows ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(rows)))
	for _, r := range rows {
		b = append(b, r...)
	}
	return b
}

func sampleTNEF() []byte {
	inner := tnefFile(tnefAttribute(attSubject, []byte("Innen\x00")), tnefAttribute(attDateSent, []byte{0xEA, 7, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 3, 0}),
		tnefAttribute(attRecipTable, tnefRecipients(
			tnefProperties(prop{propRecipientType, recipientTo}, prop{propDisplayName, "Amt"}, prop{propSMTPAddress, "amt@example.org"}),
			tnefProperties(prop{propRecipientType, recipientBcc}, prop{propEmailAddress, narrow("geheim@example.org")}))),
		tnefAttribute(attBody, []byte("auch das\x00")))
	return tnefFile(
		tnefAttribute(attOEMCodepage, []byte{0xE4, 4, 0, 0, 0, 0, 0, 0}),
		tnefAttribute(attMAPIProps, tnefProperties(prop{propMessageClass, narrow("IPM.Appointment")}, prop{propRTF, stored(`{\rtf1\ansi Gr\'fc\'dfe}`)},
			prop{0x8005, tnefNamed{lidLocation, "Raum 5"}}, prop{0x8006, tnefNamed{lidStart, time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)}})),
		tnefAttribute(attAttachRendData, make([]byte, 14)),
		tnefAttribute(attAttachTitle, []byte("gr\xFC\xDFe.txt\x00")),
		tnefAttribute(attAttachData, []byte("Inhalt")),
		tnefAttribute(attAttachRendData, make([]byte, 14)),
		tnefAttribute(attAttachTitle, []byte("KURZ~1.DOC\x00")),
		tnefAttribute(attAttachData, []byte("doc")),
		tnefAttribute(attAttachment, tnefProperties(prop{propAttachLongName, "Langer Name, größer.docx"}, prop{propAttachTag, "application/msword; x=y"},
			prop{propAttachContentID, "<bild@x>"})),
		tnefAttribute(attAttachRendData, make([]byte, 14)),
		tnefAttribute(attAttachment, tnefProperties(prop{propAttachData, tnefObject(interfaceMessage + string(inner))})),
	)
}

func TestTNEF(t *testing.T) {
	m, err := ParseEML(append(lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "Klartext", "--b",
		"Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: binary", ""), append(sampleTNEF(), "\r\n--b--\r\n"...)...), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	inner := m.Attachments[2].Content
	want := &Message{Subject: "x", Text: "Klartext", Attachments: []Attachment{
		{Name: "grüße.txt", MediaType: "application/octet-stream", Size: 6, Content: []byte("Inhalt")},
		{Name: "Langer Name, größer.docx", MediaType: "application/msword", Size: 3, Content: []byte("doc"), ContentID: "bild@x"},
		{Name: "Innen.tnef", MediaType: "application/ms-tnef", Size: int64(len(inner)), Content: inner, Message: &Message{
			Subject: "Innen", Date: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Text: "auch das",
			To: []netmail.Address{{Name: "Amt", Address: "amt@example.org"}}, Bcc: []netmail.Address{{Address: "geheim@example.org"}},
		}},
	}}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	// Alone it gives the text as well, of an appointment with when and where.
	m, err = ParseEML(append(lines("Subject: x", "Content-Type: application/octet-stream; name=WINMAIL.DAT", ""), sampleTNEF()...), Limits{})
	if err != nil || m.Text != "2026-03-04 09:00 UTC\nRaum 5\n\nGrüße" || len(m.Attachments) != 3 || len(m.Defects) > 0 {
		t.Errorf("alone: %+v, %v", m, err)
	}
}

// What is damaged stays as it came, beside what could be read.
func TestTNEFDamaged(t *testing.T) {
	whole := sampleTNEF()
	huge := tnefProperties(prop{propSubject, "x"})
	binary.LittleEndian.PutUint32(huge[12:], 1<<31) // bytes of the subject
	many := binary.LittleEndian.AppendUint32(nil, 1<<31)
	for name, c := range map[string]struct {
		file        []byte
		attachments int
		text        string
	}{
		"cut off":             {whole[:len(whole)-400], 3, "2026-03-04 09:00 UTC\nRaum 5\n\nGrüße"},
		"none":                {[]byte("Hallo"), 1, ""},
		"empty":               {nil, 1, ""},
		"huge property":       {tnefFile(tnefAttribute(attMAPIProps, huge), tnefAttribute(attBody, []byte("Text"))), 1, "Text"},
		"too many properties": {tnefFile(tnefAttribute(attMAPIProps, many), tnefAttribute(attBody, []byte("Text"))), 1, "Text"},
		"too many recipients": {tnefFile(tnefAttribute(attRecipTable, many), tnefAttribute(attBody, []byte("Text"))), 1, "Text"},
		"something behind it": {append(tnefFile(tnefAttribute(attBody, []byte("Text"))), "More than a header has"...), 1, "Text"},
		"line break behind":   {append(tnefFile(tnefAttribute(attBody, []byte("Text"))), "\r\n"...), 0, "Text"},
	} {
		m, err := ParseEML(append(lines("Subject: x", "Content-Type: application/ms-tnef; name=winmail.dat", ""), c.file...), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		check(t, m)
		if len(m.Attachments) != c.attachments || m.Text != c.text || (len(m.Defects) > 0) != (name != "line break behind") {
			t.Errorf("%s: %q, %d attachments, %q", name, m.Text, len(m.Attachments), m.Defects)
		} else if c.attachments > 0 && string(m.Attachments[len(m.Attachments)-1].Content) != string(c.file) {
			t.Errorf("%s: the file itself is not kept", name)
		}
	}
	deep := tnefFile()
	for range 20 {
		deep = tnefFile(tnefAttribute(attAttachRendData, nil), tnefAttribute(attAttachment, tnefProperties(prop{propAttachData, tnefObject(interfaceMessage + string(deep))})))
	}
	mail := func(file []byte) []byte {
		return append(lines("Subject: x", "Content-Type: application/ms-tnef", ""), file...)
	}
	if _, err := ParseEML(mail(deep), Limits{}); !isTooLarge(err) {
		t.Errorf("20 in each other: %v", err)
	}
	if _, err := ParseEML(mail(tnefFile([]byte(strings.Repeat(string(tnefAttribute(attAttachRendData, nil)), 1000)))), Limits{}); !isTooLarge(err) {
		t.Errorf("1000 attachments: %v", err)
	}
	if _, err := ParseEML(mail(sampleTNEF()), Limits{Attachment: 5}); !isTooLarge(err) {
		t.Errorf("size: %v", err)
	}
	m, err := (&tnef{&budget{Limits: Limits{}.filled()}, 3}).message(sampleTNEF(), 0, 0)
	if err != nil || len(m.Defects) == 0 {
		t.Errorf("more than 3 properties: %+v, %v", m, err)
	}
}
