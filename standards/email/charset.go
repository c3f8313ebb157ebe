package email

import (
	"bytes"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// decodeCharset decodes bytes of a charset by the name that a mail gives it; false if nobody knows it.
func decodeCharset(name string, b []byte) (string, bool) {
	name = strings.TrimPrefix(strings.ToLower(strings.Trim(strings.TrimSpace(name), `'"`)), "charset=")
	if i := strings.IndexAny(name, "; \t*"); i >= 0 {
		name = name[:i]
	}
	switch name {
	case "", "utf-8", "utf8", "utf_8", "us-ascii", "ascii", "ansi-x3.4-1968", "ansi-x3.4", "646":
		return guess(b), true
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-1-1-utf-7", "x-utf-7":
		return decodeUTF7(b), true
	}
	if n, ok := strings.CutPrefix(name, "cp"); ok {
		if page, err := strconv.ParseUint(strings.TrimPrefix(n, "-"), 10, 32); err == nil {
			return decodeCodepage(b, page), true
		}
	}
	r, err := charset.Reader(name, bytes.NewReader(b))
	if err != nil { // "iso_8859_1"
		r, err = charset.Reader(strings.ReplaceAll(name, "_", "-"), bytes.NewReader(b))
	}
	if err != nil {
		return "", false
	}
	s, err := io.ReadAll(r)
	if err != nil {
		return "", false
	}
	return string(s), true
}

// decodeCodepage decodes what Windows wrote in one of its codepages; 0 if it did not say in which.
func decodeCodepage(b []byte, codepage uint64) string {
	name := "windows-" + strconv.FormatUint(codepage, 10)
	switch {
	case codepage == codepageUTF8 || codepage == 20127 || codepage == 0:
		return guess(b)
	case codepage == 1200:
		return utf16Text(b)
	case codepage == 65000:
		return decodeUTF7(b)
	case codepage >= 28591 && codepage <= 28605:
		name = "iso-8859-" + strconv.FormatUint(codepage-28590, 10)
	case codepage == 437:
		return decodeMap(charmap.CodePage437, b)
	case codepage == 850:
		return decodeMap(charmap.CodePage850, b)
	case codepage == 852:
		return decodeMap(charmap.CodePage852, b)
	default:
		if n, ok := codepageNames[codepage]; ok {
			name = n
		}
	}
	if s, ok := decodeCharset(name, b); ok {
		return s
	}
	return guess(b)
}

// codepages that are not called "windows-" and their number.
var codepageNames = map[uint64]string{
	866: "ibm866", 932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5", 10000: "macintosh", 20866: "koi8-r", 20932: "euc-jp",
	20936: "gbk", 21866: "koi8-u", 38598: "iso-8859-8-i", 50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp",
	51932: "euc-jp", 51936: "gbk", 51949: "euc-kr", 52936: "hz-gb-2312", 54936: "gb18030",
}

func decodeMap(m *charmap.Charmap, b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(m.DecodeByte(c))
	}
	return s.String()
}

// narrowCodepage is the codepage in which a Windows of a language keeps narrow strings; 0 if that is not known.
func narrowCodepage(locale uint64) uint64 {
	switch locale & 0xFFFF { // [MS-LCID] §2.2
	case 0:
		return 0
	case 0x0404, 0x0C04, 0x1404:
		return 950
	case 0x0C1A, 0x1C1A, 0x201A, 0x281A, 0x301A: // Serbian in Cyrillic
		return 1251
	}
	switch locale & 0x3FF { // the language without its country
	case 0x04:
		return 936
	case 0x11:
		return 932
	case 0x12:
		return 949
	case 0x1E:
		return 874
	case 0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x1C, 0x24:
		return 1250
	case 0x02, 0x19, 0x22, 0x23, 0x2F:
		return 1251
	case 0x08:
		return 1253
	case 0x1F, 0x2C:
		return 1254
	case 0x0D:
		return 1255
	case 0x01, 0x20, 0x29:
		return 1256
	case 0x25, 0x26, 0x27:
		return 1257
	case 0x2A:
		return 1258
	}
	return 1252
}

// narrowOfInternet is the codepage of narrow strings beside HTML in the codepage given.
func narrowOfInternet(codepage uint64) uint64 {
	switch codepage {
	case 50220, 50221, 50222, 51932, 20932:
		return 932
	case 51949:
		return 949
	case 51936, 52936, 54936, 20936:
		return 936
	case 20866, 21866, 28595:
		return 1251
	case 28592:
		return 1250
	case 28597:
		return 1253
	case 28599:
		return 1254
	}
	return codepage
}

// decodeUTF7 decodes RFC 2152; what breaks it stays as it is.
func decodeUTF7(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		plain, rest, ok := bytes.Cut(b, []byte("+"))
		s.WriteString(guess(plain))
		if !ok {
			break
		}
		n := 0
		for n < len(rest) && isBase64(rest[n]) && rest[n] != '=' {
			n++
		}
		run := rest[:n]
		b = rest[n:]
		if n == 0 {
			s.WriteByte('+')
		} else if u, err := base64.RawStdEncoding.DecodeString(string(run)); err == nil {
			for i := 0; i+1 < len(u); i += 2 {
				u[i], u[i+1] = u[i+1], u[i]
			}
			s.WriteString(utf16Text(u))
		} else {
			s.WriteString("+" + string(run))
		}
		b = bytes.TrimPrefix(b, []byte("-"))
	}
	return s.String()
}

// guess decodes bytes that name no charset: UTF-8, also if a few bytes of it are damaged or cut off, or else what
// Windows wrote for decades.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	good, bad := 0, 0
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		rest = rest[n:]
	}
	if good > 4*bad {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return decodeMap(charmap.Windows1252, b)
}
