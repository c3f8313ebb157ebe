package email

import (
	"bytes"
	"cmp"
	"fmt"
	netmail "net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-message/charset"
)

// ParseMSG reads a mail of Outlook ([MS-OXMSG]).
func ParseMSG(b []byte, l Limits) (*Message, error) {
	budget, err := start(b, l)
	if err != nil {
		return nil, err
	}
	c, err := openCompound(b)
	if err != nil {
		return nil, err
	}
	m := &msg{budget, c}
	if _, ok := c.root.streams[propertyStream]; !ok {
		return nil, badFormat("it is a compound file, but no mail of Outlook")
	}
	return m.message(c.root, topHeader, 0, 0)
}

// msg reads one .msg with all mails in it.
type msg struct {
	*budget
	file *compound
}

// Names and layout in the compound file ([MS-OXMSG] §2).
const (
	propertyStream  = "__properties_version1.0"
	recipientPrefix = "__recip_version1.0_#"
	attachPrefix    = "__attach_version1.0_#"
	valuePrefix     = "__substg1.0_"

	topHeader, innerHeader, partHeader = 32, 24, 8 // bytes before the properties of a mail, a mail in it, other things
)

// Properties by their number ([MS-OXPROPS]).
const (
	propSubject           = 0x0037
	propSubmitTime        = 0x0039
	propFromName          = 0x0042 // whom it is sent for, as the next ones
	propFromType          = 0x0064
	propFromAddress       = 0x0065
	propTransportHeaders  = 0x007D
	propRecipientType     = 0x0C15
	propSenderName        = 0x0C1A // who sent it, as the next ones
	propSenderType        = 0x0C1E
	propSenderAddress     = 0x0C1F
	propDeliveryTime      = 0x0E06
	propBody              = 0x1000
	propRTF               = 0x1009
	propHTML              = 0x1013
	propMessageID         = 0x1035
	propReferences        = 0x1039
	propInReplyTo         = 0x1042
	propDisplayName       = 0x3001
	propAddressType       = 0x3002
	propEmailAddress      = 0x3003
	propAttachData        = 0x3701
	propAttachShortName   = 0x3704
	propAttachMethod      = 0x3705
	propAttachLongName    = 0x3707
	propAttachTag         = 0x370E // media type
	propAttachContentID   = 0x3712
	propAttachFlags       = 0x3714
	propSMTPAddress       = 0x39FE
	propInternetCodepage  = 0x3FDE // of the HTML
	propMessageCodepage   = 0x3FFD // of narrow strings
	propSenderSMTPAddress = 0x5D01
	propFromSMTPAddress   = 0x5D02
	propAttachHidden      = 0x7FFE
	typeInt, typeBool     = 0x0003, 0x000B
	typeNarrow, typeWide  = 0x001E, 0x001F
	typeTime, typeBinary  = 0x0040, 0x0102
	typeObject            = 0x000D
	attachByValue         = 1
	attachShownInText     = 4
	recipientTo           = 1
	recipientCc           = 2
	filetimeOf1970        = 116444736000000000 // in 100 ns since 1601
	codepageUTF8          = 65001
)

// properties are those of a mail, a recipient or an attachment: fixed ones by tag, others as streams.
type properties struct {
	m        *msg
	in       *storage
	fixed    map[uint32]uint64
	codepage uint64
}

func (m *msg) properties(in *storage, header int, codepage uint64) (*properties, error) {
	p := &properties{m: m, in: in, fixed: map[uint32]uint64{}, codepage: codepage}
	s, ok := in.streams[propertyStream]
	if !ok {
		return p, nil
	}
	b, err := m.file.read(s)
	if err != nil {
		return nil, err
	}
	for b = b[min(header, len(b)):]; len(b) >= 16; b = b[16:] { // §2.4.2
		p.fixed[le.Uint32(b)] = le.Uint64(b[8:])
	}
	for _, id := range []uint32{propMessageCodepage, propInternetCodepage} {
		if n, ok := p.int(id); ok && p.codepage == 0 {
			p.codepage = n
		}
	}
	return p, nil
}

func (p *properties) int(id uint32) (uint64, bool) {
	v, ok := p.fixed[id<<16|typeInt]
	return v & 0xFFFFFFFF, ok
}

func (p *properties) time(id uint32) time.Time {
	v := int64(p.fixed[id<<16|typeTime])
	if v <= 0 {
		return time.Time{}
	}
	v -= filetimeOf1970
	return time.Unix(v/1e7, v%1e7*100).UTC()
}

// bytes is the raw value of a property, nil if there is none.
func (p *properties) bytes(id, kind uint32) ([]byte, error) {
	s, ok := p.in.streams[fmt.Sprintf(valuePrefix+"%04X%04X", id, kind)]
	if !ok {
		return nil, nil
	}
	return p.m.file.read(s)
}

// text is the value of the first of these properties that has one.
func (p *properties) text(ids ...uint32) (string, error) {
	for _, id := range ids {
		b, err := p.bytes(id, typeWide)
		if err != nil {
			return "", err
		}
		s := utf16Text(b)
		if b == nil {
			if b, err = p.bytes(id, typeNarrow); err != nil {
				return "", err
			}
			s = decodeCodepage(b, p.codepage)
		}
		if s = strings.TrimRight(s, "\x00"); s != "" {
			return s, nil
		}
	}
	return "", nil
}

// decodeCodepage decodes what Windows wrote in one of its codepages.
func decodeCodepage(b []byte, codepage uint64) string {
	name := "windows-" + strconv.FormatUint(codepage, 10)
	switch {
	case codepage == codepageUTF8 || codepage == 20127 || codepage == 0:
		return guess(b)
	case codepage == 1200:
		return utf16Text(b)
	case codepage >= 28591 && codepage <= 28605:
		name = "iso-8859-" + strconv.FormatUint(codepage-28590, 10)
	case codepage == 437 || codepage == 850 || codepage == 852 || codepage == 866:
		name = "ibm" + strconv.FormatUint(codepage, 10)
	case codepage == 932:
		name = "shift_jis"
	case codepage == 936:
		name = "gbk"
	case codepage == 949:
		name = "euc-kr"
	case codepage == 950:
		name = "big5"
	}
	r, err := charset.Reader(name, bytes.NewReader(b))
	if err != nil {
		return guess(b)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		return guess(b)
	}
	return out.String()
}

// message reads a mail: that of the file, or one in it.
func (m *msg) message(in *storage, header, depth int, codepage uint64) (*Message, error) {
	if err := m.part(depth); err != nil {
		return nil, err
	}
	p, err := m.properties(in, header, codepage)
	if err != nil {
		return nil, err
	}
	out := &Message{}
	for _, step := range []func(*properties) error{out.envelope, out.transport, out.body} {
		if err := step(p); err != nil {
			return nil, err
		}
	}
	// Outlook numbers them in hexadecimal; the directory's own order says nothing.
	slices.SortFunc(in.storages, func(a, b *storage) int { return cmp.Compare(a.name, b.name) })
	for _, s := range in.storages {
		switch {
		case strings.HasPrefix(s.name, recipientPrefix):
			err = m.recipient(out, s, p.codepage)
		case strings.HasPrefix(s.name, attachPrefix):
			err = m.attachmentOf(out, s, depth, p.codepage)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// envelope takes what Outlook keeps of a mail's header.
func (m *Message) envelope(p *properties) error {
	subject, err := p.text(propSubject)
	if err != nil {
		return err
	}
	if r := []rune(subject); len(r) >= 2 && r[0] == 1 { // [MS-OXCMSG] §2.2.1.46: length of "AW: " and the like
		subject = string(r[2:])
	}
	m.Subject = line(subject)
	from, err := p.address([]uint32{propFromSMTPAddress, propFromAddress}, propFromType, propFromName)
	if err == nil && from == (netmail.Address{}) {
		from, err = p.address([]uint32{propSenderSMTPAddress, propSenderAddress}, propSenderType, propSenderName)
	}
	if err != nil {
		return err
	}
	if from != (netmail.Address{}) {
		m.From = []netmail.Address{from}
	}
	if m.Date = p.time(propSubmitTime); m.Date.IsZero() {
		m.Date = p.time(propDeliveryTime)
	}
	var id, replyTo, references string
	for prop, s := range map[uint32]*string{propMessageID: &id, propInReplyTo: &replyTo, propReferences: &references} {
		if *s, err = p.text(prop); err != nil {
			return err
		}
	}
	m.MessageID, m.InReplyTo, m.References = first(messageIDs(id)), messageIDs(replyTo), messageIDs(references)
	return nil
}

// address is one by its properties; those of Exchange's own directory ("EX") are no addresses outside.
func (p *properties) address(addresses []uint32, kind, name uint32) (netmail.Address, error) {
	var a netmail.Address
	n, err := p.text(name)
	if err != nil {
		return a, err
	}
	s, err := p.text(addresses...)
	if err != nil {
		return a, err
	}
	k, err := p.text(kind)
	if err != nil {
		return a, err
	}
	if s = line(s); strings.Contains(s, "@") && !strings.HasPrefix(s, "/") || strings.EqualFold(k, "SMTP") {
		a.Address = s
	}
	if a.Name = line(n); a.Name == a.Address {
		a.Name = ""
	}
	return a, nil
}

// transport fills from the header that the mail travelled with what the properties left open.
func (m *Message) transport(p *properties) error {
	s, err := p.text(propTransportHeaders)
	if err != nil || s == "" {
		return err
	}
	r, _, err := (&eml{p.m.budget}).header(&Message{}, []byte(strings.TrimLeft(s, "\r\n")+"\r\n\r\n"))
	if isFormat(err) {
		return nil
	} else if err != nil {
		return err
	}
	var sent Message
	sent.setHeader(r)
	if len(sent.From) > 0 && (len(m.From) == 0 || m.From[0].Address == "") {
		m.From = sent.From
	}
	if m.Date.IsZero() {
		m.Date = sent.Date
	}
	if m.MessageID == "" {
		m.MessageID = sent.MessageID
	}
	if len(m.InReplyTo) == 0 {
		m.InReplyTo = sent.InReplyTo
	}
	if len(m.References) == 0 {
		m.References = sent.References
	}
	return nil
}

// body takes the text: plain, or else of the HTML, or else of the RTF.
func (m *Message) body(p *properties) error {
	s, err := p.text(propBody)
	if err != nil {
		return err
	}
	if strings.TrimSpace(s) == "" {
		html, err := p.bytes(propHTML, typeBinary)
		if err != nil {
			return err
		}
		codepage := p.codepage
		if n, ok := p.int(propInternetCodepage); ok {
			codepage = n
		}
		source := decodeCodepage(html, codepage)
		if html == nil {
			if source, err = p.text(propHTML); err != nil {
				return err
			}
		}
		s = HTMLText(source, maxText+1)
	}
	if strings.TrimSpace(s) == "" {
		packed, err := p.bytes(propRTF, typeBinary)
		if err != nil {
			return err
		}
		if packed != nil {
			rtf, err := unpackRTF(packed)
			if err != nil {
				m.defect("the text in RTF is damaged: %v", err)
			}
			s = RTFText(rtf, maxText+1)
		}
	}
	m.setText(s)
	return nil
}

func (m *msg) recipient(out *Message, s *storage, codepage uint64) error {
	if len(out.To)+len(out.Cc) >= maxRecipients {
		out.defect("more than %d recipients; the rest is left out", maxRecipients)
		return nil
	}
	p, err := m.properties(s, partHeader, codepage)
	if err != nil {
		return err
	}
	a, err := p.address([]uint32{propSMTPAddress, propEmailAddress}, propAddressType, propDisplayName)
	if err != nil || a == (netmail.Address{}) {
		return err
	}
	switch kind, _ := p.int(propRecipientType); kind & 0xF { // the upper bits are flags
	case recipientTo:
		out.To = append(out.To, a)
	case recipientCc:
		out.Cc = append(out.Cc, a)
	}
	return nil
}

func (m *msg) attachmentOf(out *Message, s *storage, depth int, codepage uint64) error {
	if err := m.part(depth + 1); err != nil {
		return err
	}
	number := m.parts
	p, err := m.properties(s, partHeader, codepage)
	if err != nil {
		return err
	}
	var a Attachment
	if a.Name, err = p.text(propAttachLongName, propAttachShortName, propDisplayName); err != nil {
		return err
	}
	if a.MediaType, err = p.text(propAttachTag); err != nil {
		return err
	}
	a.MediaType = strings.ToLower(line(a.MediaType))
	id, err := p.text(propAttachContentID)
	if err != nil {
		return err
	}
	flags, _ := p.int(propAttachFlags)
	a.Inline = flags&attachShownInText != 0 || id != "" && p.fixed[propAttachHidden<<16|typeBool]&1 != 0
	object := fmt.Sprintf(valuePrefix+"%04X%04X", propAttachData, typeObject)
	for _, inner := range s.storages {
		if inner.name != object {
			continue
		}
		if _, ok := inner.streams[propertyStream]; !ok {
			out.defect("attachment %d is an OLE object, whose content is not taken", number)
			continue
		}
		if a.Message, err = m.message(inner, innerHeader, depth+1, 0); err != nil {
			return err
		}
		a.MediaType = "application/vnd.ms-outlook"
		a.Name = "" // Outlook repeats the subject here, without an ending
	}
	if a.Message == nil {
		if size := s.streams[fmt.Sprintf(valuePrefix+"%04X%04X", propAttachData, typeBinary)].size; size > uint64(m.Attachment) {
			return m.attachment(int64(min(size, 1<<62)))
		}
		if a.Content, err = p.bytes(propAttachData, typeBinary); err != nil {
			return err
		}
		if a.Content == nil {
			if method, _ := p.int(propAttachMethod); method != attachByValue {
				out.defect("attachment %d is only named by a link or an object; its content is not in the file", number)
			} else {
				out.defect("attachment %d has no content", number)
			}
		}
	}
	out.attach(a, number)
	return nil
}
