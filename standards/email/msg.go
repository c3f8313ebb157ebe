package email

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	m := &msg{budget, c, nil}
	if _, ok := c.root.streams[propertyStream]; !ok {
		return nil, badFormat("it is a compound file, but no mail of Outlook")
	}
	m.named = m.readNames()
	return m.message(c.root, topHeader, 0, 0)
}

// msg reads one .msg with all mails in it.
type msg struct {
	*budget
	file  *compound
	named map[uint32]uint32
}

// Names and layout in the compound file ([MS-OXMSG] §2).
const (
	propertyStream  = "__properties_version1.0"
	nameStorage     = "__nameid_version1.0"
	recipientPrefix = "__recip_version1.0_#"
	attachPrefix    = "__attach_version1.0_#"
	valuePrefix     = "__substg1.0_"

	topHeader, innerHeader, partHeader = 32, 24, 8 // bytes before the properties of a mail, a mail in it, other things
)

// appointmentSet is the set of names that [MS-OXPROPS] calls PSETID_Appointment.
const appointmentSet = "\x02\x20\x06\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

// readNames finds the numbers that this file gives to named properties (§2.2.3).
func (m *msg) readNames() map[uint32]uint32 {
	in := m.file.root.storage(nameStorage)
	if in == nil {
		return nil
	}
	read := func(stream string) []byte {
		b, err := m.file.read(in.streams[valuePrefix+stream])
		if err != nil {
			return nil
		}
		return b
	}
	sets, entries := read("00020102"), read("00030102")
	named := map[uint32]uint32{}
	for i := uint32(0); len(entries) >= 8; entries, i = entries[8:], i+1 {
		set := int(le.Uint16(entries[4:])>>1) - 3 // the first three have no place in the stream
		if isString := entries[4]&1 != 0; !isString && set >= 0 && len(sets) >= (set+1)*16 && string(sets[set*16:(set+1)*16]) == appointmentSet {
			named[le.Uint32(entries)] = 0x8000 + i
		}
	}
	return named
}

// properties reads those of a storage; a value that is damaged is missing.
func (m *msg) properties(in *storage, of *Message, header int, codepage uint64) *properties {
	read := func(name string) []byte {
		s, ok := in.streams[name]
		if !ok {
			return nil
		}
		b, err := m.file.read(s)
		if err != nil {
			of.defect("%s in %s is damaged: %v", name, in.name, err)
			return nil
		}
		return b
	}
	p := &properties{of: of, fixed: map[uint32]uint64{}, named: m.named}
	p.value = func(tag uint32) []byte { return read(fmt.Sprintf(valuePrefix+"%08X", tag)) }
	b := read(propertyStream)
	for b = b[min(header, len(b)):]; len(b) >= 16 && len(p.fixed) < maxProperties; b = b[16:] { // §2.4.2
		p.fixed[le.Uint32(b)] = le.Uint64(b[8:])
	}
	p.locate(codepage)
	return p
}

// message reads a mail: that of the file, or one in it.
func (m *msg) message(in *storage, header, depth int, codepage uint64) (*Message, error) {
	if err := m.part(depth); err != nil {
		return nil, err
	}
	out := &Message{}
	p := m.properties(in, out, header, codepage)
	out.envelope(p)
	out.body(p)
	// Outlook numbers them in hexadecimal; the directory's own order says nothing.
	slices.SortFunc(in.storages, func(a, b *storage) int { return cmp.Compare(a.name, b.name) })
	var inside text // of a signed mail
	for _, s := range in.storages {
		var err error
		switch {
		case strings.HasPrefix(s.name, recipientPrefix):
			out.recipient(m.properties(s, out, partHeader, p.codepage))
		case strings.HasPrefix(s.name, attachPrefix):
			var t text
			if t, err = m.attachmentOf(out, s, depth+1, p.codepage); !t.blank() {
				inside = t
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if out.Text == "" {
		out.setText(inside.String())
	}
	out.showInline(p)
	return out, out.transport(p, m.budget)
}

func (m *msg) attachmentOf(out *Message, s *storage, depth int, codepage uint64) (text, error) {
	if err := m.part(depth); err != nil {
		return text{}, err
	}
	number := m.parts
	p := m.properties(s, out, partHeader, codepage)
	a := p.attachment()
	if inner := s.storage(fmt.Sprintf(valuePrefix+"%04X%04X", propAttachData, typeObject)); inner != nil {
		return text{}, m.object(out, a, inner, depth, number, codepage)
	}
	size := s.streams[fmt.Sprintf(valuePrefix+"%04X%04X", propAttachData, typeBinary)].size
	if size > uint64(m.Attachment) {
		return text{}, m.attachment(int64(min(size, 1<<62)))
	}
	if a.Content = p.value(propAttachData<<16 | typeBinary); a.Content == nil {
		if method, _ := p.int(propAttachMethod); method != attachByValue {
			out.defect("attachment %d is only named by a link or an object; its content is not in the file", number)
		} else {
			out.defect("attachment %d has no content", number)
		}
		out.attach(a, number)
		return text{}, nil
	}
	e := &eml{m.budget}
	if a.MediaType == "multipart/signed" { // Outlook keeps the whole signed part, with its header, as if it were a file
		h, content, err := e.header(out, a.Content)
		if err == nil && h.Has("Content-Type") {
			return e.part(out, h, content, depth)
		}
	}
	return e.content(out, a, depth, number)
}

// object adds a mail, as a .msg of its own, or what another program put in as a compound file.
func (m *msg) object(out *Message, a Attachment, inner *storage, depth, number int, codepage uint64) error {
	_, mail := inner.streams[propertyStream]
	if st, ok := inner.streams[packageStream]; ok && !mail {
		if b, err := m.file.read(st); err == nil {
			if name, content, ok := unpackObject(b); ok {
				a.Name, a.MediaType, a.Content = name, "", content
				out.attach(a, number)
				return m.attachment(int64(len(content)))
			}
		}
	}
	content, err := m.file.extract(inner, mail, m.Attachment)
	if isFormat(err) {
		out.defect("attachment %d is damaged: %v", number, err)
	} else if err != nil {
		return err
	}
	if err := m.attachment(int64(len(content))); err != nil {
		return err
	}
	a.Content = content
	if mail {
		if a.Message, err = m.message(inner, innerHeader, depth, codepage); err != nil {
			return err
		}
		a.MediaType = typeOutlook
		a.Name = "" // Outlook repeats the subject here, without an ending
	} else if a.MediaType == "" {
		a.MediaType = typeStorage
	}
	out.attach(a, number)
	return nil
}
