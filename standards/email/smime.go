package email

import "strings"

// S/MIME (RFC 8551) without any cryptography: what is only signed is read, what is encrypted is named as such. Nothing
// here says that a signature is right.

// What a message of CMS (RFC 5652) holds, by the object identifiers' bytes.
const (
	oidData              = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"
	oidSignedData        = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"
	oidEnvelopedData     = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"
	oidAuthEnvelopedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17"
)

// Tags of BER (X.690).
const (
	berInteger, berOctets, berOID, berSequence, berSet = 0x02, 0x04, 0x06, 0x30, 0x31
	berContext0                                        = 0xA0
	berConstructed                                     = 0x20
	berMaxDepth                                        = 16
)

func isSMIME(a Attachment) bool {
	return a.MediaType == "application/pkcs7-mime" || a.MediaType == "application/x-pkcs7-mime" ||
		strings.HasSuffix(strings.ToLower(a.Name), ".p7m")
}

// smime reads what is signed; the whole stays among the attachments, for its signature or because it is encrypted.
func (e *eml) smime(m *Message, a Attachment, depth, number int) (text, error) {
	b := a.Content
	if len(b) > 0 && b[0] != berSequence { // in base64 once more, as some gateways send it
		if d, flawed := undoBase64(b); !flawed && len(d) > 0 && d[0] == berSequence {
			b = d
		}
	}
	kind, content, ok := openCMS(b)
	switch {
	case kind == oidEnvelopedData || kind == oidAuthEnvelopedData:
		m.encrypted()
	case kind == oidSignedData && ok:
		m.Signed = true
	default:
		m.defect("part %d: %s is damaged or of an unknown kind", number, a.MediaType)
	}
	m.attach(a, number)
	if len(content) == 0 { // certificates only
		return text{}, nil
	}
	h, body, err := e.header(&Message{}, content)
	if err == nil && h.Has("Content-Type") {
		return e.part(m, h, body, depth+1)
	}
	if err := e.budget.part(depth + 1); err != nil {
		return text{}, err
	}
	name, _ := strings.CutSuffix(strings.ToLower(fileName(a.Name)), ".p7m") // a signed "Vertrag.pdf.p7m"
	if name = fileName(a.Name)[:len(name)]; strings.EqualFold(name, "smime") {
		name = ""
	}
	return e.content(m, Attachment{Name: name, Content: content}, depth+1, e.parts)
}

// openCMS says what CMS holds, and gives what is signed, if it is within; false if the bytes break the format.
func openCMS(b []byte) (kind string, content []byte, ok bool) {
	tag, info, _, ok := ber(b, 0)
	if !ok || tag != berSequence {
		return "", nil, false
	}
	tag, oid, rest, ok := ber(info, 0)
	if !ok || tag != berOID {
		return "", nil, false
	}
	kind = string(oid)
	if kind != oidSignedData {
		return kind, nil, true
	}
	for _, want := range []byte{berContext0, berSequence} { // into signedData
		if tag, rest, _, ok = ber(rest, 0); !ok || tag != want {
			return kind, nil, false
		}
	}
	for _, want := range []byte{berInteger, berSet} { // over its version and digests
		if tag, _, rest, ok = ber(rest, 0); !ok || tag != want {
			return kind, nil, false
		}
	}
	if tag, rest, _, ok = ber(rest, 0); !ok || tag != berSequence {
		return kind, nil, false
	}
	if tag, _, rest, ok = ber(rest, 0); !ok || tag != berOID {
		return kind, nil, false
	}
	if len(rest) == 0 {
		return kind, nil, true // the content is elsewhere
	}
	if tag, rest, _, ok = ber(rest, 0); !ok || tag != berContext0 {
		return kind, nil, false
	}
	tag, octets, _, ok := ber(rest, 0)
	if !ok || tag&^berConstructed != berOctets {
		return kind, nil, false
	}
	if tag == berOctets {
		return kind, octets, true
	}
	content, ok = berPieces(nil, octets, 0)
	return kind, content, ok
}

// berPieces joins a string that is in pieces.
func berPieces(out, b []byte, depth int) ([]byte, bool) {
	for len(b) > 0 {
		tag, piece, rest, ok := ber(b, 0)
		if !ok || tag&^berConstructed != berOctets || depth > berMaxDepth {
			return nil, false
		}
		if tag == berOctets {
			out = append(out, piece...)
		} else if out, ok = berPieces(out, piece, depth+1); !ok {
			return nil, false
		}
		b = rest
	}
	return out, true
}

// ber cuts one value off b; of indefinite length it ends where its parts do (X.690 §8.1.3.6).
func ber(b []byte, depth int) (tag byte, content, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1F == 0x1F || depth > berMaxDepth {
		return 0, nil, nil, false
	}
	tag = b[0]
	length, b := uint64(b[1]), b[2:]
	if length == 0x80 {
		at := b
		for {
			if len(at) < 2 {
				return 0, nil, nil, false
			}
			if at[0] == 0 && at[1] == 0 {
				return tag, b[:len(b)-len(at)], at[2:], tag&berConstructed != 0
			}
			if _, _, at, ok = ber(at, depth+1); !ok {
				return 0, nil, nil, false
			}
		}
	}
	if length > 0x80 {
		n := int(length & 0x7F)
		if n > 8 || len(b) < n {
			return 0, nil, nil, false
		}
		length = 0
		for _, c := range b[:n] {
			length = length<<8 | uint64(c)
		}
		b = b[n:]
	}
	if length > uint64(len(b)) {
		return 0, nil, nil, false
	}
	return tag, b[:length], b[length:], true
}
