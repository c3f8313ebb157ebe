package email

import "bytes"

const packageStream = "\x01Ole10Native"

// unpackObject takes the file out of what Outlook makes of one that is put into a mail in rich text, an object of the
// Packager ([MS-OLEDS] §2.3.6 is only its wrapping; what is inside is written nowhere): a label, paths and the bytes.
func unpackObject(b []byte) (name string, content []byte, ok bool) {
	if len(b) < 6 || le.Uint16(b[4:]) != 2 {
		return "", nil, false
	}
	label, rest, ok := bytes.Cut(b[6:], []byte{0})
	if !ok {
		return "", nil, false
	}
	_, rest, ok = bytes.Cut(rest, []byte{0}) // where it lay
	if !ok || len(rest) < 8 || le.Uint32(rest) != 0x30000 {
		return "", nil, false
	}
	path := le.Uint32(rest[4:]) // bytes of where it lay for the time being
	if rest = rest[8:]; uint64(path)+4 > uint64(len(rest)) {
		return "", nil, false
	}
	rest = rest[path:]
	size := le.Uint32(rest)
	if rest = rest[4:]; uint64(size) > uint64(len(rest)) {
		return "", nil, false
	}
	return guess(label), rest[:size], true
}
