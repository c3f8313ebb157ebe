package email

import (
	netmail "net/mail"
	"slices"
	"strings"
	"time"
)

// Properties by their number ([MS-OXPROPS]).
const (
	propMessageClass      = 0x001A
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
	propReportText        = 0x1001
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
	propAttachEnding      = 0x3703
	propAttachLongName    = 0x3707
	propAttachLongPath    = 0x370D
	propAttachTag         = 0x370E // media type
	propAttachContentID   = 0x3712
	propAttachFlags       = 0x3714
	propSMTPAddress       = 0x39FE
	propInternetCodepage  = 0x3FDE // of the HTML
	propMessageLocale     = 0x3FF1
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
	recipientBcc          = 3
	filetimeOf1970        = 116444736000000000 // in 100 ns since 1601
	codepageUTF8          = 65001

	lidLocation, lidStart, lidEnd = 0x8208, 0x820D, 0x820E // of appointments ([MS-OXOCAL])
)

// maxProperties of one thing; an honest mail has some hundred.
const maxProperties = 10_000

// properties are those of a mail, a recipient or an attachment: the same in a .msg and in a winmail.dat.
type properties struct {
	of       *Message                // which has the defects
	fixed    map[uint32]uint64       // of fixed size, by tag: number and type
	value    func(tag uint32) []byte // of others; nil if there is none
	named    map[uint32]uint32       // numbers of those that belong to appointments, by what [MS-OXPROPS] calls them
	codepage uint64                  // of narrow strings
}

// locate finds the codepage of narrow strings: the one named, or that of the language, or that of the HTML.
func (p *properties) locate(outer uint64) {
	if n, ok := p.int(propMessageCodepage); ok && n != 0 {
		p.codepage = n
	} else if n, ok := p.int(propMessageLocale); ok && narrowCodepage(n) != 0 {
		p.codepage = narrowCodepage(n)
	} else if n, ok := p.int(propInternetCodepage); ok && n != 0 {
		p.codepage = narrowOfInternet(n)
	} else {
		p.codepage = outer
	}
}

func (p *properties) int(id uint32) (uint64, bool) {
	v, ok := p.fixed[id<<16|typeInt]
	return v & 0xFFFFFFFF, ok
}

func (p *properties) bool(id uint32) bool { return p.fixed[id<<16|typeBool]&1 != 0 }

func (p *properties) time(id uint32) time.Time {
	v := int64(p.fixed[id<<16|typeTime])
	if v <= 0 || v == 1<<63-1 { // "never"
		return time.Time{}
	}
	v -= filetimeOf1970
	return time.Unix(v/1e7, v%1e7*100).UTC()
}

// text is the value of the first of these properties that has one.
func (p *properties) text(ids ...uint32) string {
	for _, id := range ids {
		var s string
		if b := p.value(id<<16 | typeWide); b != nil {
			s = utf16Text(b)
		} else {
			s = decodeCodepage(p.value(id<<16|typeNarrow), p.codepage)
		}
		if s = strings.TrimRight(s, "\x00"); s != "" {
			return s
		}
	}
	return ""
}

// envelope takes what Outlook keeps of a mail's header.
func (m *Message) envelope(p *properties) {
	subject := p.text(propSubject)
	if r := []rune(subject); len(r) >= 2 && r[0] == 1 { // [MS-OXCMSG] §2.2.1.46: length of "AW: " and the like
		subject = string(r[2:])
	}
	m.Subject = decodeWords(subject)
	from := p.address(propFromType, propFromName, propFromSMTPAddress, propFromAddress)
	if from == (netmail.Address{}) {
		from = p.address(propSenderType, propSenderName, propSenderSMTPAddress, propSenderAddress)
	}
	if from != (netmail.Address{}) {
		m.From = []netmail.Address{from}
	}
	m.Received = p.time(propDeliveryTime)
	if m.Date = p.time(propSubmitTime); m.Date.IsZero() {
		m.Date = m.Received
	}
	m.MessageID = first(messageIDs(p.text(propMessageID)))
	m.InReplyTo, m.References = messageIDs(p.text(propInReplyTo)), messageIDs(p.text(propReferences))
}

// address is one by its properties; those of Exchange's own directory ("EX") are no addresses outside.
func (p *properties) address(kind, name uint32, addresses ...uint32) netmail.Address {
	var a netmail.Address
	for _, id := range addresses {
		if s := line(p.text(id)); strings.Contains(s, "@") && !strings.HasPrefix(s, "/") && !strings.EqualFold(p.text(kind), "X400") {
			a.Address = s
			break
		}
	}
	n := strings.TrimSpace(decodeWords(p.text(name)))                                                           // some programs leave it encoded
	if before, rest, ok := cutLast(n, "<"); ok && strings.HasSuffix(rest, ">") && strings.Contains(rest, "@") { // the name with the address
		if rest = strings.TrimSuffix(rest, ">"); a.Address == "" {
			a.Address = rest
		}
		if strings.EqualFold(rest, a.Address) {
			n = before
		}
	}
	n = strings.Trim(n, `" `)
	if len(n) > 1 && n[0] == '\'' && n[len(n)-1] == '\'' { // Outlook's sign that it is in no address book
		n = n[1 : len(n)-1]
	}
	if a.Address == "" && looseAddress.FindString(n) == n {
		a.Address = n
	}
	if a.Name = n; strings.EqualFold(a.Name, a.Address) {
		a.Name = ""
	}
	if a == (netmail.Address{}) {
		a.Name = line(p.text(addresses...))
	}
	return a
}

// transport fills from the header that the mail travelled with what the properties left open, recipients included.
func (m *Message) transport(p *properties, b *budget) error {
	s := p.text(propTransportHeaders)
	if s == "" {
		return nil
	}
	r, _, err := (&eml{b}).header(&Message{}, []byte(strings.TrimLeft(s, "\r\n")+"\r\n\r\n"))
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
	if m.Received.IsZero() {
		m.Received = sent.Received
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
	if len(m.To)+len(m.Cc)+len(m.Bcc) == 0 {
		m.To, m.Cc = sent.To, sent.Cc
	}
	completeAddresses(m.To, sent.To)
	completeAddresses(m.Cc, sent.Cc)
	return nil
}

// completeAddresses fills in the addresses of recipients who only have a name: by the name in the header, or if only one
// is open on both sides.
func completeAddresses(list, sent []netmail.Address) {
	known, byName := map[string]bool{}, map[string]string{}
	for _, a := range list {
		known[strings.ToLower(a.Address)] = true
	}
	for _, a := range sent {
		byName[strings.ToLower(a.Name)] = a.Address
	}
	var open []*netmail.Address
	for i := range list {
		a := &list[i]
		if a.Address == "" {
			a.Address = byName[strings.ToLower(a.Name)]
			known[strings.ToLower(a.Address)] = true
		}
		if a.Address == "" {
			open = append(open, a)
		}
	}
	left := slices.DeleteFunc(slices.Clone(sent), func(a netmail.Address) bool { return known[strings.ToLower(a.Address)] })
	if len(open) == 1 && len(left) == 1 {
		open[0].Address = left[0].Address
	}
}

// body takes the text: plain, or else of the HTML, or else of the RTF; of an appointment also when and where.
func (m *Message) body(p *properties) {
	s := p.text(propBody, propReportText)
	if strings.TrimSpace(s) == "" {
		s = HTMLText(p.html(), maxText+1)
	}
	if strings.TrimSpace(s) == "" {
		s = RTFText(p.rtf(), maxText+1)
	}
	m.setText(p.appointment() + s)
}

func (p *properties) html() string {
	b := p.value(propHTML<<16 | typeBinary)
	if b == nil {
		return p.text(propHTML)
	}
	if n, ok := p.int(propInternetCodepage); ok {
		return decodeCodepage(b, n)
	}
	return decodeCodepage(b, p.codepage)
}

func (p *properties) rtf() []byte {
	packed := p.value(propRTF<<16 | typeBinary)
	if packed == nil {
		return nil
	}
	rtf, err := unpackRTF(packed)
	if err != nil {
		p.of.defect("the text in RTF is damaged: %v", err)
	}
	return rtf
}

// appointment is when and where, as lines before the text; empty if it is none.
func (p *properties) appointment() string {
	if !strings.HasPrefix(p.text(propMessageClass), "IPM.Appointment") && !strings.HasPrefix(p.text(propMessageClass), "IPM.Schedule.Meeting") {
		return ""
	}
	const layout = "2006-01-02 15:04"
	var s string
	if start, end := p.time(p.named[lidStart]), p.time(p.named[lidEnd]); !start.IsZero() {
		s = start.Format(layout)
		if !end.IsZero() {
			s += " – " + end.Format(layout)
		}
		s += " UTC\n"
	}
	if where := line(p.text(p.named[lidLocation])); where != "" {
		s += where + "\n"
	}
	if s != "" {
		s += "\n"
	}
	return s
}

// recipient adds one by its properties.
func (m *Message) recipient(p *properties) {
	if len(m.To)+len(m.Cc)+len(m.Bcc) >= maxRecipients {
		m.defect("more than %d recipients; the rest is left out", maxRecipients)
		return
	}
	a := p.address(propAddressType, propDisplayName, propSMTPAddress, propEmailAddress)
	if a == (netmail.Address{}) {
		return
	}
	switch kind, _ := p.int(propRecipientType); kind & 0xF { // the upper bits are flags
	case recipientTo:
		m.To = append(m.To, a)
	case recipientCc:
		m.Cc = append(m.Cc, a)
	case recipientBcc:
		m.Bcc = append(m.Bcc, a)
	}
}

// attachment is what properties say of one, without its content.
func (p *properties) attachment() Attachment {
	a := Attachment{
		Name:      decodeWords(p.text(propAttachLongName, propAttachLongPath, propAttachShortName, propDisplayName)),
		ContentID: first(messageIDs(p.text(propAttachContentID))),
	}
	if a.MediaType, _ = parameters(line(p.text(propAttachTag))); strings.Count(a.MediaType, "/") != 1 {
		a.MediaType = ""
	}
	if end := p.text(propAttachEnding); a.Name == "" && a.MediaType == "" && len(end) > 1 && len(end) < 10 {
		a.Name = "part" + end
	}
	flags, _ := p.int(propAttachFlags)
	a.Inline = flags&attachShownInText != 0 || a.ContentID != "" && p.bool(propAttachHidden)
	return a
}

// showInline marks the attachments that the HTML shows within the text.
func (m *Message) showInline(p *properties) {
	html, read := "", false
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if a.ContentID == "" || a.Inline {
			continue
		}
		if !read {
			if html, read = p.html(), true; html == "" {
				html, _ = readRTF(p.rtf(), maxText)
			}
			html = html[:min(len(html), 2*maxText)]
		}
		a.Inline = strings.Contains(html, "cid:"+a.ContentID)
	}
}
