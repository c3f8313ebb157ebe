package email

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// stored is RTF in Outlook's wrapping without compression.
func stored(s string) []byte { return wrapRTF("MELA", len(s), []byte(s)) }

func wrapRTF(magic string, size int, content []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(content)+12))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = append(b, magic...)
	return append(binary.LittleEndian.AppendUint32(b, 0), content...)
}

// The examples of [MS-OXRTFCP] §3.
func TestUnpackRTF(t *testing.T) {
	for packed, want := range map[string]string{
		"2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0": "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
		"1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0":                                       "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
	} {
		b, err := hex.DecodeString(packed)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := unpackRTF(b); string(got) != want || err != nil {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
		if got, err := unpackRTF(b[:len(b)-6]); err == nil || !strings.HasPrefix(want, string(got)) {
			t.Errorf("cut off: %q, %v", got, err)
		}
	}
	if got, err := unpackRTF(stored("abc")); string(got) != "abc" || err != nil {
		t.Errorf("stored: %q, %v", got, err)
	}
	for name, b := range map[string][]byte{"empty": nil, "short": make([]byte, 15), "other": wrapRTF("LZXX", 1, []byte{0, 'a'})} {
		if _, err := unpackRTF(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// A few bytes that claim 4 GiB give what they hold.
	if got, err := unpackRTF(wrapRTF("LZFu", 1<<32-1, []byte{0xFF, 0, 0x0F, 0, 0x0F})); err == nil || len(got) != 34 {
		t.Errorf("bomb: %d bytes, %v", len(got), err)
	}
}

func TestRTFText(t *testing.T) {
	for name, c := range map[string][2]string{
		"words":       {`{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}\b Hallo\b0  Welt\line zwei\tab drei}`, "Hallo Welt\nzwei\tdrei"},
		"characters":  {`{\rtf1\ansicpg1252 Gr\'fc\'dfe \{\\\} \u8364? \endash  \uc2\u8364ab \uc0\u228 \emdash }`, "Grüße {\\} € – € ä—"},
		"surrogates":  {`{\rtf1\u-10179?\u-8694? \u-8694?}`, "\U0001F60A "},
		"cyrillic":    {`{\rtf1\ansicpg1251 \'cf\'f0}`, "Пр"},
		"silent":      {`{\rtf1{\*\generator x;}{\pict 0102}{\info{\title T}}da{\bin3 }}}}`, "da"},
		"from HTML":   {"{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}Erste{\\*\\htmltag72 </p>}\\htmlrtf \\par doppelt\\htmlrtf0 {\\*\\htmltag64 <p class=\"\\{x\\}\">}\\'e4{\\*\\htmltag84 &amp;}{\\*\\mhtmltag x}}", "Erste\nä&"},
		"no RTF":      {"nur Text", "nur Text"},
		"lone escape": {`\`, ""},
		"hyphen":      {`{\rtf1\b-x}`, "-x"},
	} {
		if got := RTFText([]byte(c[0]), 1000); got != c[1] {
			t.Errorf("%s: %q, want %q", name, got, c[1])
		}
	}
	if got := RTFText([]byte(strings.Repeat("{", 5000)+"x"), 1000); got != "" {
		t.Errorf("deep groups: %q", got)
	}
	if got := RTFText([]byte(strings.Repeat("long ", 5000)), 1000); len(got) > 1010 {
		t.Errorf("%d bytes", len(got))
	}
}
