package email

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What real files showed that the standards do not say, each as a small file of its own.

func readMSG(t *testing.T, f folder) *Message {
	t.Helper()
	m, err := ParseMSG(compoundFile(f), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	return m
}

// Narrow strings are in the codepage of the language, whatever that of the HTML is.
func TestMSGNarrow(t *testing.T) {
	for name, c := range map[string]struct {
		props      []prop
		want, text string
	}{
		"Japanese, HTML for mail":  {[]prop{{propMessageLocale, 1041}, {propInternetCodepage, 50220}, {propSubject, narrow("\x93\xfa\x96{\x8c\xea")}}, "日本語", ""},
		"Japanese, no language":    {[]prop{{propInternetCodepage, 50220}, {propSubject, narrow("\x93\xfa\x96{\x8c\xea")}}, "日本語", ""},
		"German, HTML in Cyrillic": {[]prop{{propMessageLocale, 1031}, {propInternetCodepage, 1251}, {propSubject, narrow("\xf6\xe4\xfc")}, {propHTML, []byte("\xcf\xf0\xe8")}}, "öäü", "При"},
		"Russian":                  {[]prop{{propMessageLocale, 1049}, {propSubject, narrow("\xcf\xf0\xe8")}}, "При", ""},
		"Taiwan and China differ":  {[]prop{{propMessageLocale, 0x404}, {propSubject, narrow("\xae\xe6\xa6\xa1")}}, "格式", ""},
		"Polish":                   {[]prop{{propMessageLocale, 0x415}, {propSubject, narrow("\xb9")}}, "ą", ""},
		"UTF-8":                    {[]prop{{propMessageCodepage, 65001}, {propMessageLocale, 1049}, {propSubject, narrow("Grüße")}}, "Grüße", ""},
	} {
		if m := readMSG(t, put(folder{}, topHeader, c.props...)); m.Subject != c.want || m.Text != c.text {
			t.Errorf("%s: %q, %q", name, m.Subject, m.Text)
		}
	}
}

// Programs other than Outlook write addresses into names, names into addresses, and leave both encoded.
func TestMSGAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		props []prop
		want  netmail.Address
	}{
		"address in the name":     {[]prop{{propFromName, "Erika Müller <e@example.org>"}, {propFromType, "SMTP"}, {propFromAddress, "e@example.org"}}, netmail.Address{Name: "Erika Müller", Address: "e@example.org"}},
		"only in the name":        {[]prop{{propFromName, `"Erika" <e@example.org>`}}, netmail.Address{Name: "Erika", Address: "e@example.org"}},
		"the name is the address": {[]prop{{propFromName, "'e@example.org'"}}, netmail.Address{Address: "e@example.org"}},
		"encoded":                 {[]prop{{propFromName, "=?UTF-8?Q?Lo=c3=afc?="}, {propFromAddress, "l@example.org"}}, netmail.Address{Name: "Loïc", Address: "l@example.org"}},
		"in single quotes":        {[]prop{{propFromName, "'Erika Müller'"}, {propFromAddress, "e@example.org"}}, netmail.Address{Name: "Erika Müller", Address: "e@example.org"}},
		"SMTP, yet no address":    {[]prop{{propFromType, "SMTP"}, {propFromAddress, "Poststelle"}}, netmail.Address{Name: "Poststelle"}},
		"Exchange's with SMTP's": {[]prop{{propFromName, "Erika"}, {propFromType, "EX"}, {propFromAddress, "/o=Amt/cn=erika@amt"}, {propFromSMTPAddress, "e@example.org"}},
			netmail.Address{Name: "Erika", Address: "e@example.org"}},
		"X.400": {[]prop{{propFromName, "Erika"}, {propFromType, "X400"}, {propFromAddress, "c=DE;a=BUND400;rfc-822=e@example.org"}}, netmail.Address{Name: "Erika"}},
	} {
		if m := readMSG(t, put(folder{}, topHeader, c.props...)); len(m.From) != 1 || m.From[0] != c.want {
			t.Errorf("%s: %q", name, m.From)
		}
	}
	sent, came := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), time.Date(2026, 3, 4, 5, 6, 9, 0, time.UTC)
	if m := readMSG(t, put(folder{}, topHeader, prop{propSubmitTime, sent}, prop{propDeliveryTime, came})); !m.Date.Equal(sent) || !m.Received.Equal(came) {
		t.Errorf("sent %s, received %s", m.Date, m.Received)
	}
}

// names is the storage that gives numbers from 0x8000 on to properties of appointments.
func names(lids ...uint32) folder {
	var entries []byte
	for i, lid := range lids {
		entries = binary.LittleEndian.AppendUint32(entries, lid)
		entries = binary.LittleEndian.AppendUint16(entries, 4<<1) // the second set that is in the stream
		entries = binary.LittleEndian.AppendUint16(entries, uint16(i))
	}
	return folder{valuePrefix + "00020102": []byte(strings.Repeat("x", 16) + appointmentSet), valuePrefix + "00030102": entries}
}

func TestMSGAppointment(t *testing.T) {
	start := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	props := []prop{{propMessageClass, "IPM.Appointment"}, {propSubject, "Termin"}, {propBody, "Bitte kommen."},
		{0x8000, start}, {0x8001, start.Add(time.Hour)}, {0x8002, "Raum 5"}}
	const want = "2026-03-04 09:00 – 2026-03-04 10:00 UTC\nRaum 5\n\nBitte kommen."
	if m := readMSG(t, put(folder{nameStorage: names(lidStart, lidEnd, lidLocation)}, topHeader, props...)); m.Text != want {
		t.Errorf("%q", m.Text)
	}
	// One in a mail takes the names with it when it becomes a file of its own.
	m := readMSG(t, put(folder{nameStorage: names(lidStart, lidEnd, lidLocation),
		attachPrefix + "00000000": put(folder{}, partHeader, prop{propAttachData, put(folder{}, innerHeader, props...)})}, topHeader))
	again, err := ParseMSG(m.Attachments[0].Content, Limits{})
	if err != nil || again.Text != want || m.Attachments[0].Message.Text != want || m.Attachments[0].Name != "Termin.msg" {
		t.Errorf("%+v, %v", m.Attachments[0], err)
	}
	// A mail of another kind has no such lines, whatever its named properties are.
	if m := readMSG(t, put(folder{nameStorage: names(lidStart)}, topHeader, prop{propMessageClass, "REPORT.IPM.Note.NDR"}, prop{propReportText, "Nicht zugestellt."},
		prop{0x8000, start})); m.Text != "Nicht zugestellt." {
		t.Errorf("report: %q", m.Text)
	}
}

func TestMSGAttachments(t *testing.T) {
	pack := binary.LittleEndian.AppendUint16(make([]byte, 4), 2)
	pack = append(pack, "Gr\xfc\xdfe.txt\x00C:\\Gr\xfc\xdfe.txt\x00\x00\x00\x03\x00\x03\x00\x00\x00C:\x00\x06\x00\x00\x00Inhalt"...)
	attach := func(props ...prop) folder { return put(folder{}, partHeader, props...) }
	m := readMSG(t, put(folder{
		attachPrefix + "00000000": attach(prop{propAttachTag, `image/gif; name="x.gif"`}, prop{propAttachData, []byte("gif")}, prop{propAttachContentID, "logo@x"}),
		attachPrefix + "00000001": attach(prop{propAttachLongName, "Datei.txt"}, prop{propAttachData, []byte("txt")}, prop{propAttachContentID, "<f_1>"}),
		attachPrefix + "00000002": attach(prop{propAttachEnding, ".docx"}, prop{propAttachData, []byte("docx")}),
		attachPrefix + "00000003": attach(prop{propDisplayName, "Paket"}, prop{propAttachData, folder{packageStream: pack}}),
		attachPrefix + "00000004": attach(prop{propDisplayName, "Tabelle"}, prop{propAttachData, folder{"Workbook": []byte("xls"), "deeper": folder{"x": []byte("y")}}}),
		attachPrefix + "00000005": attach(prop{propDisplayName, "Paket 2"}, prop{propAttachData, folder{packageStream: pack[:len(pack)-1]}}),
	}, topHeader, prop{propRTF, stored(`{\rtf1\ansi\fromhtml1 {\*\htmltag <img src="cid:logo@x">}}`)}))
	storage := func(i int) []byte { return m.Attachments[i].Content }
	want := []Attachment{
		{Name: "part-2.gif", MediaType: "image/gif", Size: 3, Content: []byte("gif"), ContentID: "logo@x", Inline: true},
		{Name: "Datei.txt", MediaType: "application/octet-stream", Size: 3, Content: []byte("txt"), ContentID: "f_1"},
		{Name: "part.docx", MediaType: "application/octet-stream", Size: 4, Content: []byte("docx")},
		{Name: "Grüße.txt", MediaType: "application/octet-stream", Size: 6, Content: []byte("Inhalt")},
		{Name: "Tabelle", MediaType: typeStorage, Size: int64(len(storage(4))), Content: storage(4)},
		{Name: "Paket 2", MediaType: typeStorage, Size: int64(len(storage(5))), Content: storage(5)},
	}
	if d := cmp.Diff(want, m.Attachments); d != "" {
		t.Error(d)
	}
	c, err := openCompound(storage(4))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.read(c.root.storage("deeper").streams["x"]); string(b) != "y" || err != nil {
		t.Errorf("in the object: %q, %v", b, err)
	}
}

// One damaged value costs no more than itself.
func TestMSGDamagedValue(t *testing.T) {
	b := compoundFile(put(folder{attachPrefix + "00000000": put(folder{}, partHeader, prop{propAttachLongName, "a.txt"}, prop{propAttachData, []byte("txt")})},
		topHeader, prop{propSubject, "Betreff"}, prop{propBody, strings.Repeat("x", 5000)}))
	at := bytes.Index(b, utf16le(valuePrefix+"1000001F"))
	le.PutUint32(b[at+116:], 0xFFFF) // where the text starts
	m, err := ParseMSG(b, Limits{})
	if err != nil || m.Subject != "Betreff" || len(m.Attachments) != 1 || m.Text != "" || len(m.Defects) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

// Larger ones have larger sectors; all programs find a stream by its name.
func TestWriteCompound(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 7 << 20, 9 << 20} {
		root := &entry{name: "Root Entry", kind: cfbRoot, children: []*entry{{name: "large", kind: cfbStream, content: bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]}}}
		for i := range 100 {
			root.children = append(root.children, &entry{name: strings.Repeat("x", i%30+1) + string(rune('a'+i/30)), kind: cfbStream, content: bytes.Repeat([]byte{byte(i)}, i*7)})
		}
		c, err := openCompound(writeCompound(root))
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if len(c.root.streams) != 101 {
			t.Errorf("%d bytes: %d streams", n, len(c.root.streams))
		}
		for _, e := range root.children {
			if b, err := c.content(c.root.streams[e.name]); err != nil || !bytes.Equal(b, e.content) {
				t.Errorf("%d bytes: %s: %d of %d bytes, %v", n, e.name, len(b), len(e.content), err)
			}
		}
		if !slices.IsSortedFunc(root.children, func(a, b *entry) int { return compareNames(a.name, b.name) }) {
			t.Error("the entries are in no order")
		}
	}
}

func TestEMLReal(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct {
		mail    []byte
		text    string
		defects int
	}{
		"flowed":                      {lines("Subject: x", "Content-Type: text/plain; format=flowed", "", "Ein langer ", "Absatz. ", "", "> zitiert ", "> weiter", ">> tiefer", " From", "-- ", "Gruß"), "Ein langer Absatz. \n> zitiert weiter\n>> tiefer\nFrom\n-- \nGruß", 0},
		"flowed, with DelSp":          {lines("Subject: x", "Content-Type: text/plain; format=flowed; delsp=yes", "", "Donau ", "dampf"), "Donaudampf", 0},
		"uuencode":                    {lines("Subject: x", "Content-Transfer-Encoding: x-uuencode", "", "begin 644 x", "#0V%T", "`", "end"), "Cat", 0},
		"uuencode, cut off":           {lines("Subject: x", "Content-Transfer-Encoding: x-uuencode", "", "begin 644 x", "M0V%T", "end"), "Cat", 1},
		"UTF-7":                       {lines("Subject: x", "Content-Type: text/plain; charset=utf-7", "", "Gr+APwA3w-e +- 1"), "Grüße + 1", 0},
		"charset with its name":       {lines("Subject: x", "Content-Type: text/plain; charset=\"charset=iso-8859-1\"", "", "\xfc"), "ü", 0},
		"charset with underscores":    {lines("Subject: x", "Content-Type: text/plain; charset=iso_8859-15", "", "5 \xa4"), "5 €", 0},
		"Korean by its old name":      {lines("Subject: x", "Content-Type: text/plain; charset=ks_c_5601-1987", "", "\xbd\xba"), "스", 0},
		"codepage as charset":         {lines("Subject: x", "Content-Type: text/plain; charset=cp1252", "", "\x80"), "€", 0},
		"UTF-8 cut off":               {lines("Subject: x", "", "Grüße aus Jäß und Tößlü \xc3"), "Grüße aus Jäß und Tößlü \uFFFD", 0},
		"encoding misspelt":           {lines("Subject: x", "Content-Transfer-Encoding: quoted printable", "", "=C3=BC"), "ü", 0},
		"base64 without padding":      {lines("Subject: x", "Content-Transfer-Encoding: base64", "", "SGFsbG8"), "Hallo", 0},
		"base64, two in a row":        {lines("Subject: x", "Content-Transfer-Encoding: base64", "", b64("Hallo"), b64(" Welt")), "Hallo Welt", 0},
		"base64, marked":              {lines("Subject: x", "Content-Transfer-Encoding: base64", "", "SGFs!bG8="), "Hallo", 1},
		"base64 that is none":         {lines("Subject: x", "Content-Transfer-Encoding: base64", "", "Das ist gar nicht kodiert, sondern nur so genannt."), "Das ist gar nicht kodiert, sondern nur so genannt.", 1},
		"quoted-printable, flawed":    {lines("Subject: x", "Content-Transfer-Encoding: quoted-printable", "", "a = b =", "c=C3=BC=ZZ  "), "a = b cü=ZZ", 1},
		"no semicolon":                {lines("Subject: x", "Content-Type: multipart/mixed boundary=\"b\"", "", "--b", "", "eins", "--b--"), "eins", 0},
		"boundary not named":          {lines("Subject: x", "Content-Type: multipart/mixed", "", "--b-1", "", "eins", "--b-1--"), "eins", 1},
		"boundary not the one named":  {lines("Subject: x", "Content-Type: multipart/mixed; boundary=other", "", "--real", "Content-Type: text/html", "Content-Transfer-Encoding: base64", "", b64("<p>eins")), "eins", 2},
		"no part at all":              {lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "<html><p>nur Text"), "nur Text", 1},
		"part without a header":       {lines("Subject: x", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Das ist schon Text", "--b--"), "Das ist schon Text", 0},
		"UTF-8's mark":                {append([]byte("\xEF\xBB\xBF"), lines("Subject: x", "", "Text")...), "Text", 0},
		"continued without its blank": {lines("Subject: x", "Content-Type: text/plain;", "charset=iso-8859-1", "", "\xfc"), "ü", 0},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseEML(c.mail, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			check(t, m)
			if m.Text != c.text || len(m.Defects) != c.defects || len(m.Attachments) > 0 || m.Subject != "x" {
				t.Errorf("%q, %q", m.Text, m.Defects)
			}
		})
	}
	m, err := ParseEML(lines("Subject: x", "Content-Type: multipart/report; boundary=b", "", "--b", "Content-Type: message/delivery-status", "", "Action: failed", "--b--"), Limits{})
	if err != nil || m.Text != "Action: failed" || len(m.Attachments) != 1 || m.Attachments[0].Name != "part-2.txt" {
		t.Errorf("report of one part: %+v, %v", m, err)
	}
}

func TestEMLRealHeader(t *testing.T) {
	for header, want := range map[string]string{
		"=?utf-8?q?=C3?= =?utf-8?q?=BC?=":                          "ü", // cut within a character
		"=?utf-8?b?w7w=?=\r\n\t=?UTF-8?b?w7w=?= x":                 "üü x",
		"=?iso-8859-1?Q?Fr\xf6sche?=":                              "Frösche", // not encoded at all
		"=?iso-8859-1?q?a_b?= =?utf-8?q?c?=":                       "a bc",
		"=?utf-7?Q?M+APw-ller?=":                                   "Müller",
		"=?ks_c_5601-1987?b?vbo=?=":                                "스",
		"=?utf-8?Q?eins?=,=?utf-8?Q?zwei?=":                        "eins,zwei",
		"Re: =?utf-8?Q?=FC?=":                                      "Re: ü", // Windows' ü under another name
		strings.Repeat("=?utf-8?q?=F0=9F?= =?utf-8?q?=98=80?=", 2): "😀😀",
	} {
		m, err := ParseEML(lines("Subject: "+header), Limits{})
		if err != nil || m.Subject != want {
			t.Errorf("%q: %q, %v", header, m.Subject, err)
		}
	}
	for header, want := range map[string][]netmail.Address{
		"alice@example.com <bob@example.com>":           {{Name: "alice@example.com", Address: "bob@example.com"}},
		"a@x.de; Amt <b@x.de>; \"Müller; Co\" <c@x.de>": {{Address: "a@x.de"}, {Name: "Amt", Address: "b@x.de"}, {Name: "Müller; Co", Address: "c@x.de"}},
		"Big Bug bb@bug.com":                            {{Address: "bb@bug.com"}},
		"\"Amt\" <$$$>":                                 {{Name: "Amt"}},
		"a@x.de b@x.de":                                 {{Address: "a@x.de"}, {Address: "b@x.de"}},
		"=?utf-8?q?M=C3?= =?utf-8?q?=BCller?= <m@x.de>": {{Name: "Müller", Address: "m@x.de"}},
		"=?utf-7?Q?M+APw-ller?= <m@x.de>":               {{Name: "Müller", Address: "m@x.de"}},
		"niemand":                                       {{Name: "niemand"}},
		strings.Repeat("<", 100_000) + "m@x.de":         {{Address: "m@x.de"}},
	} {
		m, err := ParseEML(lines("Bcc: "+header, "Subject: x"), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		check(t, m)
		if d := cmp.Diff(want, m.Bcc); d != "" {
			t.Errorf("%.80q: %s", header, d)
		}
	}
	day := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for header, defects := range map[string]int{
		"Wed, 4 Mar 2026 06:06:07 (MEZ) +0100":        0,
		"Wed,  4 Mar 2026 06(comment): 06 : 07 +0100": 0,
		"2026-03-04T06:06:07+01:00":                   0,
		"Wed, 4 Mar 2026 05:06:07 H0500":              1,
	} {
		m, err := ParseEML(lines("Date: "+header, "Received: from a; by b; Wed, 4 Mar 2026 06:06:07 +0100", "Received: from c; Tue, 3 Mar 2026 06:06:07 +0100"), Limits{})
		if err != nil || !m.Date.Equal(day) || !m.Received.Equal(day) || len(m.Defects) != defects {
			t.Errorf("%s: %s, %s, %q, %v", header, m.Date, m.Received, m.Defects, err)
		}
	}
}

func TestUUInText(t *testing.T) {
	m, err := ParseEML(lines("Subject: x", "", "Anbei.", "", "begin 644 Katze 1.txt", "#0V%T", "`", "end", "", "begin 7 Tage", "begin 644 nur so", "Sehr geehrte Damen", "end", "Gruß"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m)
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "Katze 1.txt" || string(m.Attachments[0].Content) != "Cat" ||
		m.Text != "Anbei.\n\n\n\nbegin 7 Tage\nbegin 644 nur so\nSehr geehrte Damen\nend\nGruß" {
		t.Errorf("%q, %+v", m.Text, m.Attachments)
	}
	many := append(lines("Subject: x", ""), bytes.Repeat(lines("begin 644 x", "#0V%T", "end"), 600)...)
	if _, err := ParseEML(many, Limits{}); !isTooLarge(err) {
		t.Errorf("600 files: %v", err)
	}
	if m, err = ParseEML([]byte("\xFF\xFE"+string(utf16le("Subject: x\r\n\r\nGrüße"))), Limits{}); err != nil || m.Text != "Grüße" {
		t.Errorf("UTF-16: %+v, %v", m, err)
	}
}

// Names in RFC 2231, by its rules and beside them.
func TestParameters(t *testing.T) {
	for header, want := range map[string]string{
		`attachment; filename*=iso-8859-1''Gr%FC%DFe.pdf`:                           "Grüße.pdf",
		`attachment; filename*=windows-1252'de'5%20%80.pdf; filename="5 ?.pdf"`:     "5 €.pdf",
		`attachment; filename*1*=%FCb; filename*0*=iso-8859-1''a; filename*2=c.txt`: "aübc.txt",
		`attachment; filename*0="lang"; filename*1="er.txt"`:                        "langer.txt",
		`attachment; filename*=utf-8''100%`:                                         "100%",
		`attachment filename="a b.pdf"`:                                             "a b.pdf",
		"attachment; filename=\"Gr\xfc\xdfe.pdf\"":                                  "Grüße.pdf",
		`attachment; filename="a \"b\".pdf"`:                                        "a _b_.pdf",
		`attachment; filename="offen.pdf`:                                           "offen.pdf",
		`attachment; filename*=x-nowhere''Gr%C3%BC.pdf`:                             "Grü.pdf",
		`attachment; FileName = a.pdf ; size=1`:                                     "a.pdf",
		`attachment; name=a.pdf`:                                                    "a.pdf",
	} {
		m, err := ParseEML(lines("Subject: x", "Content-Disposition: "+header, "", "x"), Limits{})
		if err != nil || len(m.Attachments) != 1 || m.Attachments[0].Name != want {
			t.Errorf("%s: %+v, %v", header, m, err)
		}
	}
	if value, params := parameters("TEXT/\xaf\xaf\xaf\xaf\xaf\xaf a="); value != "text/"+strings.Repeat("\uFFFD", 6) || len(params) != 1 { // longer in lower case
		t.Errorf("%q, %q", value, params)
	}
	if _, params := parameters("x" + strings.Repeat(";a=b", 1_000_000)); len(params) != 1 {
		t.Errorf("%d parameters", len(params))
	}
}

// Fonts name the codepages of their text, and some characters take two bytes.
func TestRTFFonts(t *testing.T) {
	const fonts = `{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fnil\fcharset128 MS Gothic;}{\f2\fcharset238 Arial CE;}{\f3\fcharset204 x;}}`
	for rtf, want := range map[string]string{
		fonts + `\f1\'93\'fa\'96{\'8c\'ea}\f0  \'fc}`:                "日本語 ü", // "{" is the second byte of one
		fonts + `{\f2 \'e8}\'e8{\f3 \'cf\plain \'cf}`:                "čèПÏ",
		`{\rtf1\ansi\ansicpg936 \'c4\'e3\'ba\'c3}`:                   "你好",
		`{\rtf1\ansi\ansicpg65001 \'c3\'a5}`:                         "å",
		`{\rtf1\ansi\ansicpg932\uc2 \u12354\'82\'a0\u12356\'82\'a2}`: "あい",
		fonts + `\fromhtml1 \f3{\*\htmltag64 <p>\'e4}\'cf}`:          "äП",
	} {
		rtf = strings.Replace(rtf, `\'96{\'8c\'ea}`, `\'96\{\'8c\'ea`, 1)
		if got := RTFText([]byte(rtf), 1000); got != want {
			t.Errorf("%s: %q, want %q", rtf, got, want)
		}
	}
}
