package email

import (
	"bytes"
	"strings"
	"time"
)

// TNEF ([MS-OXTNEF]) is how Outlook packs text and attachments into one file, winmail.dat, which other programs only
// show as such: attributes in a row, most of them holding properties.

const (
	tnefSignature = 0x223E9F78
	tnefHeader    = 6 // bytes: signature and key
	tnefOverhead  = 9 // bytes before the data of an attribute; a checksum of two follows

	attSubject          = 0x8004
	attDateSent         = 0x8005
	attMessageClass     = 0x8008
	attMessageID        = 0x8009
	attBody             = 0x800C
	attAttachData       = 0x800F
	attAttachTitle      = 0x8010
	attTransportName    = 0x9001
	attAttachRendData   = 0x9002 // begins an attachment
	attMAPIProps        = 0x9003
	attRecipTable       = 0x9004
	attAttachment       = 0x9005
	attOEMCodepage      = 0x9007
	tnefMaxProperties   = 1_000_000 // of all in one winmail.dat
	tnefMultipleValues  = 0x1000
	tnefNameIsString    = 1
	tnefFirstNamed      = 0x8000
	tnefInterfaceLength = 16
)

// interfaceMessage is what an attached mail begins with: IID_IMessage.
const interfaceMessage = "\x07\x03\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

func isTNEF(a Attachment) bool {
	return a.MediaType == "application/ms-tnef" || a.MediaType == "application/vnd.ms-tnef" || strings.EqualFold(a.Name, "winmail.dat")
}

// tnef adds the attachments of a winmail.dat to m. Its text says again what the text beside it says. One that is
// damaged stays among the attachments, beside what could be read.
func (e *eml) tnef(m *Message, a Attachment, depth, number int) (text, error) {
	inner, err := (&tnef{e.budget, tnefMaxProperties}).message(a.Content, depth+1, 0)
	if isFormat(err) {
		m.defect("part %d: %v", number, err)
		m.attach(a, number)
		return text{}, nil
	} else if err != nil {
		return text{}, err
	}
	m.Attachments = append(m.Attachments, inner.Attachments...)
	for _, d := range inner.Defects {
		m.defect("part %d: %s", number, d)
	}
	if len(inner.Defects) > 0 {
		m.attach(a, number)
	}
	if m.Subject == "" {
		m.Subject = inner.Subject
	}
	m.Signed, m.Encrypted = m.Signed || inner.Signed, m.Encrypted || inner.Encrypted
	return text{s: inner.Text, spare: true}, nil
}

// tnef reads one winmail.dat with all mails in it.
type tnef struct {
	*budget
	left int // properties that may still come
}

// tnefSet is properties as TNEF has them: all values at hand.
type tnefSet struct {
	properties
	values map[uint32][]byte
	left   *int
}

func (t *tnef) set(of *Message) *tnefSet {
	s := &tnefSet{values: map[uint32][]byte{}, left: &t.left}
	s.properties = properties{of: of, fixed: map[uint32]uint64{}, named: map[uint32]uint32{}, value: func(tag uint32) []byte { return s.values[tag] }}
	return s
}

// or sets a value that is not there yet: older attributes say what properties say better.
func (s *tnefSet) or(id, kind uint32, v []byte) {
	for _, k := range []uint32{kind, typeWide} {
		if s.values[id<<16|k] != nil {
			return
		}
	}
	s.values[id<<16|kind] = v
}

func (t *tnef) message(b []byte, depth int, codepage uint64) (*Message, error) {
	if err := t.part(depth); err != nil {
		return nil, err
	}
	if len(b) < tnefHeader || le.Uint32(b) != tnefSignature {
		return nil, badFormat("it is no winmail.dat")
	}
	out := &Message{}
	all := t.set(out)
	var parts, recipients []*tnefSet
	var sent time.Time
	for b = b[tnefHeader:]; len(b) > 0; {
		if len(bytes.Trim(b, "\x00\r\n")) == 0 { // added on the way
			break
		}
		if len(b) < tnefOverhead || uint64(len(b)) < uint64(le.Uint32(b[5:]))+tnefOverhead {
			out.defect("winmail.dat is cut off, or goes on with something else")
			break
		}
		id, size := le.Uint32(b[1:])&0xFFFF, int(le.Uint32(b[5:]))
		v := b[tnefOverhead : tnefOverhead+size]
		b = b[tnefOverhead+size:]
		b = b[min(2, len(b)):]
		if id == attAttachRendData {
			if err := t.part(depth + 1); err != nil {
				return nil, err
			}
			parts = append(parts, t.set(out))
		}
		in := all
		if len(parts) > 0 {
			in = parts[len(parts)-1]
		}
		ok := true
		switch id {
		case attOEMCodepage:
			if len(v) >= 4 && codepage == 0 {
				codepage = uint64(le.Uint32(v))
			}
		case attSubject:
			all.or(propSubject, typeNarrow, v)
		case attMessageID:
			all.or(propMessageID, typeNarrow, v)
		case attMessageClass:
			all.or(propMessageClass, typeNarrow, v)
		case attBody:
			all.or(propBody, typeNarrow, v)
		case attDateSent:
			sent = tnefDate(v)
		case attMAPIProps:
			_, ok = all.read(v)
		case attRecipTable:
			recipients, ok = t.rows(out, v)
		case attAttachTitle, attTransportName:
			in.or(propAttachShortName, typeNarrow, v)
		case attAttachData:
			in.or(propAttachData, typeBinary, v)
		case attAttachment:
			_, ok = in.read(v)
		}
		if !ok {
			out.defect("winmail.dat: its properties are damaged")
		}
	}
	all.locate(codepage)
	out.envelope(&all.properties)
	if out.Date.IsZero() {
		out.Date = sent
	}
	out.body(&all.properties)
	for _, r := range recipients {
		r.codepage = all.codepage
		out.recipient(&r.properties)
	}
	var inside text // of a signed mail
	for _, p := range parts {
		p.codepage = all.codepage
		s, err := t.attachmentOf(out, p, depth+1)
		if err != nil {
			return nil, err
		}
		if !s.blank() {
			inside = s
		}
	}
	if out.Text == "" {
		out.setText(inside.String())
	}
	out.showInline(&all.properties)
	return out, out.transport(&all.properties, t.budget)
}

func (t *tnef) attachmentOf(out *Message, p *tnefSet, depth int) (text, error) {
	number := len(out.Attachments) + 1
	a := p.attachment()
	e := &eml{t.budget}
	object := p.values[propAttachData<<16|typeObject]
	if len(object) < tnefInterfaceLength {
		if a.Content = p.values[propAttachData<<16|typeBinary]; a.Content == nil {
			out.defect("attachment %d has no content", number)
			out.attach(a, number)
			return text{}, nil
		}
		return e.content(out, a, depth, number)
	}
	iid := string(object[:tnefInterfaceLength])
	a.Content = object[tnefInterfaceLength:]
	if err := t.attachment(int64(len(a.Content))); err != nil {
		return text{}, err
	}
	if iid == interfaceMessage {
		inner, err := t.message(a.Content, depth, p.codepage)
		if isFormat(err) {
			out.defect("attachment %d: %v", number, err)
		} else if err != nil {
			return text{}, err
		} else {
			a.Message, a.Name, a.MediaType = inner, "", "application/ms-tnef"
		}
	} else if a.MediaType == "" && bytes.HasPrefix(a.Content, cfbMagic) {
		a.MediaType = typeStorage
	}
	out.attach(a, number)
	return text{}, nil
}

// tnefDate reads year, month, day, hour, minute and second (§2.1.3.3).
func tnefDate(b []byte) time.Time {
	if len(b) < 12 {
		return time.Time{}
	}
	n := func(i int) int { return int(le.Uint16(b[2*i:])) }
	if n(0) < 1980 || n(0) > 9999 {
		return time.Time{}
	}
	return time.Date(n(0), time.Month(n(1)), n(2), n(3), n(4), n(5), 0, time.UTC)
}

// rows reads the table of recipients (§2.1.3.5.1).
func (t *tnef) rows(of *Message, b []byte) (rows []*tnefSet, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	count := le.Uint32(b)
	for b = b[4:]; count > 0 && len(rows) < maxRecipients; count-- {
		s := t.set(of)
		if b, ok = s.read(b); !ok {
			return rows, false
		}
		rows = append(rows, s)
	}
	return rows, true
}

// read reads a list of properties (§2.1.3.4) and returns what follows; false if the list is cut off or none.
func (s *tnefSet) read(b []byte) (rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	count := le.Uint32(b)
	b = b[4:]
	for ; count > 0; count-- {
		if *s.left--; len(b) < 4 || *s.left < 0 {
			return nil, false
		}
		kind, id := uint32(le.Uint16(b)), uint32(le.Uint16(b[2:]))
		b = b[4:]
		if id >= tnefFirstNamed {
			if b, ok = s.name(id, b); !ok {
				return nil, false
			}
		}
		if b, ok = s.readValues(id, kind, b); !ok {
			return nil, false
		}
	}
	return b, true
}

// name reads the name of a property: a set, and in it a number or a string.
func (s *tnefSet) name(id uint32, b []byte) (rest []byte, ok bool) {
	if len(b) < 24 {
		return nil, false
	}
	set, isString, n := string(b[:16]), le.Uint32(b[16:]) == tnefNameIsString, le.Uint32(b[20:])
	b = b[24:]
	if !isString {
		if set == appointmentSet {
			s.named[n] = id
		}
		return b, true
	}
	_, b, ok = tnefPadded(b, n)
	return b, ok
}

func (s *tnefSet) readValues(id, kind uint32, b []byte) (rest []byte, ok bool) {
	count := uint32(1)
	single := kind &^ tnefMultipleValues
	size, isFixed := map[uint32]uint32{ // in the file
		0x0001: 4, 0x0002: 4, typeInt: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, typeBool: 4, 0x0014: 8, typeTime: 8, 0x0048: 16,
	}[single]
	isVariable := single == typeNarrow || single == typeWide || single == typeBinary || single == typeObject
	if !isFixed && !isVariable {
		return nil, false
	}
	if kind != single || isVariable {
		if len(b) < 4 {
			return nil, false
		}
		count, b = le.Uint32(b), b[4:]
	}
	for i := uint32(0); i < count; i++ {
		n := size
		if isVariable {
			if len(b) < 4 {
				return nil, false
			}
			n, b = le.Uint32(b), b[4:]
		}
		var v []byte
		if v, b, ok = tnefPadded(b, n); !ok {
			return nil, false
		}
		if i > 0 {
			continue
		}
		if isVariable {
			s.values[id<<16|single] = v
		} else if n <= 8 {
			var eight [8]byte
			copy(eight[:], v)
			s.fixed[id<<16|single] = le.Uint64(eight[:])
		}
	}
	return b, true
}

// tnefPadded cuts n bytes off b, and what fills them up to a multiple of four.
func tnefPadded(b []byte, n uint32) (v, rest []byte, ok bool) {
	if uint64(n) > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[min(uint64(n)+uint64(-n&3), uint64(len(b))):], true
}
