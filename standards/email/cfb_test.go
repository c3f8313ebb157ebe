package email

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// folder is what a compound file in a test is made of: values are []byte (a stream) or folder.
type folder map[string]any

// compoundFile writes a compound file of version 3, siblings as a list, sector 0 on: FAT, directory, mini FAT, mini
// stream, large streams.
func compoundFile(root folder) []byte {
	const none, last, isFAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
	type entry struct {
		name              string
		kind              byte
		right, child      uint32
		start             uint32
		size              int
		content           []byte
		inMini, inSectors bool
	}
	entries := []*entry{{name: "Root Entry", kind: cfbRoot, right: none, child: none, start: last}}
	var add func(parent *entry, f folder)
	add = func(parent *entry, f folder) {
		names := make([]string, 0, len(f))
		for n := range f {
			names = append(names, n)
		}
		slices.Sort(names)
		link := &parent.child
		for _, n := range names {
			e := &entry{name: n, right: none, child: none, start: last}
			*link = uint32(len(entries))
			link = &e.right
			entries = append(entries, e)
			switch v := f[n].(type) {
			case []byte:
				e.kind, e.content, e.size = cfbStream, v, len(v)
				e.inMini, e.inSectors = len(v) > 0 && len(v) < cfbMiniCutoff, len(v) >= cfbMiniCutoff
			case folder:
				e.kind = cfbStorage
				add(e, v)
			default:
				panic(fmt.Sprintf("%T in a folder", v))
			}
		}
	}
	add(entries[0], root)

	var mini []byte
	var miniFAT []uint32
	for _, e := range entries {
		if !e.inMini {
			continue
		}
		e.start = uint32(len(miniFAT))
		n := (len(e.content) + 63) / 64
		for i := range n {
			miniFAT = append(miniFAT, e.start+uint32(i)+1)
		}
		miniFAT[len(miniFAT)-1] = last
		mini = append(mini, e.content...)
		mini = append(mini, make([]byte, n*64-len(e.content))...)
	}
	sectors := func(n int) int { return (n + 511) / 512 }
	large := 0
	for _, e := range entries {
		if e.inSectors {
			large += sectors(len(e.content))
		}
	}
	rest := sectors(len(entries)*128) + sectors(len(miniFAT)*4) + sectors(len(mini)) + large
	fatSectors := 1
	for fatSectors*128 < fatSectors+rest {
		fatSectors++
	}
	if fatSectors > 109 {
		panic("too large for this writer")
	}
	fat := make([]uint32, fatSectors*128)
	for i := range fat {
		fat[i] = none
		if i < fatSectors {
			fat[i] = isFAT
		}
	}
	var body []byte
	next := fatSectors
	place := func(b []byte) uint32 { // a chain of sectors
		if len(b) == 0 {
			return last
		}
		start, n := next, sectors(len(b))
		for i := range n {
			fat[start+i] = uint32(start + i + 1)
		}
		fat[start+n-1] = last
		next += n
		body = append(append(body, b...), make([]byte, n*512-len(b))...)
		return uint32(start)
	}
	directory := make([]byte, sectors(len(entries)*128)*512)
	directoryStart := place(directory)
	miniFATBytes := make([]byte, 0, len(miniFAT)*4)
	for _, v := range miniFAT {
		miniFATBytes = binary.LittleEndian.AppendUint32(miniFATBytes, v)
	}
	miniFATStart := place(miniFATBytes)
	entries[0].start, entries[0].size = place(mini), len(mini)
	for _, e := range entries {
		if e.inSectors {
			e.start = place(e.content)
		}
	}
	for i, e := range entries {
		d := body[i*128:]
		name := utf16le(e.name + "\x00")
		copy(d[:64], name)
		le.PutUint16(d[64:], uint16(len(name)))
		d[66], d[67] = e.kind, 1
		le.PutUint32(d[68:], none)
		le.PutUint32(d[72:], e.right)
		le.PutUint32(d[76:], e.child)
		le.PutUint32(d[116:], e.start)
		le.PutUint32(d[120:], uint32(e.size))
	}
	header := make([]byte, 512)
	copy(header, cfbMagic)
	le.PutUint16(header[24:], 0x3E)
	le.PutUint16(header[26:], 3)
	le.PutUint16(header[28:], 0xFFFE)
	le.PutUint16(header[30:], 9)
	le.PutUint16(header[32:], 6)
	le.PutUint32(header[44:], uint32(fatSectors))
	le.PutUint32(header[48:], directoryStart)
	le.PutUint32(header[56:], cfbMiniCutoff)
	le.PutUint32(header[60:], miniFATStart)
	le.PutUint32(header[64:], uint32(sectors(len(miniFATBytes))))
	le.PutUint32(header[68:], last)
	for i := range 109 {
		v := uint32(none)
		if i < fatSectors {
			v = uint32(i)
		}
		le.PutUint32(header[76+4*i:], v)
	}
	for _, v := range fat {
		header = binary.LittleEndian.AppendUint32(header, v)
	}
	return append(header, body...)
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestCompound(t *testing.T) {
	long := strings.Repeat("0123456789", 5000)
	b := compoundFile(folder{
		"short": []byte("mini"), "long": []byte(long), "empty": []byte{},
		"sub": folder{"x": []byte(strings.Repeat("x", 65)), "deeper": folder{"ä": []byte("umlaut")}},
	})
	c, err := openCompound(b)
	if err != nil {
		t.Fatal(err)
	}
	read := func(s *storage, name string) string {
		st, ok := s.streams[name]
		if !ok {
			t.Fatalf("no %s in %s", name, s.name)
		}
		b, err := c.read(st)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := read(c.root, "short"); got != "mini" {
		t.Errorf("short: %q", got)
	}
	if got := read(c.root, "long"); got != long {
		t.Errorf("long: %d bytes", len(got))
	}
	if got := read(c.root, "empty"); got != "" {
		t.Errorf("empty: %q", got)
	}
	if len(c.root.storages) != 1 || len(c.root.storages[0].storages) != 1 {
		t.Fatalf("storages %v", c.root.storages)
	}
	sub := c.root.storages[0]
	if got := read(sub, "x"); got != strings.Repeat("x", 65) {
		t.Errorf("x: %q", got)
	}
	if got := read(sub.storages[0], "ä"); got != "umlaut" {
		t.Errorf("ä: %q", got)
	}
}

// What a hostile file claims costs no more than what it holds.
func TestCompoundHostile(t *testing.T) {
	whole := compoundFile(folder{"a": []byte(strings.Repeat("a", 5000)), "b": folder{"c": []byte("c")}})
	fat, directory := 512, 1024
	for name, change := range map[string]func(b []byte) []byte{
		"empty":                 func([]byte) []byte { return nil },
		"header only":           func(b []byte) []byte { return b[:512] },
		"no compound file":      func(b []byte) []byte { b[0] = 'X'; return b },
		"odd sector size":       func(b []byte) []byte { b[30] = 31; return b },
		"directory in a circle": func(b []byte) []byte { le.PutUint32(b[fat+4:], 1); return b },
		"directory outside":     func(b []byte) []byte { le.PutUint32(b[48:], 0xFFFF00); return b },
		"entry its own child":   func(b []byte) []byte { le.PutUint32(b[directory+76:], 0); return b },
		"entry outside":         func(b []byte) []byte { le.PutUint32(b[directory+76:], 0xFFFFFFF0); return b },
		"two parents":           func(b []byte) []byte { le.PutUint32(b[directory+256+76:], 1); return b },
		"no root":               func(b []byte) []byte { b[directory+66] = 1; return b },
		"mini stream outside":   func(b []byte) []byte { le.PutUint32(b[directory+116:], 0xFFFFF); return b },
		"table's table in a circle": func(b []byte) []byte {
			le.PutUint32(b[68:], 0)
			le.PutUint32(b[fat+508:], 0)
			return b
		},
	} {
		if _, err := openCompound(change(slices.Clone(whole))); !isFormat(err) {
			t.Errorf("%s: %v", name, err)
		}
	}

	b := slices.Clone(whole)
	le.PutUint32(b[directory+128+120:], 0x7FFFFFFF) // "a" claims 2 GiB
	c, err := openCompound(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.read(c.root.streams["a"]); !isFormat(err) {
		t.Errorf("claimed size: %v", err)
	}
	if c, err = openCompound(whole); err != nil {
		t.Fatal(err)
	}
	for i := range 10 { // one stream under many names
		if _, err = c.read(c.root.streams["a"]); err != nil {
			if i < 2 {
				t.Errorf("read %d: %v", i, err)
			}
			break
		}
	}
	if !isFormat(err) {
		t.Errorf("ten times the same sectors: %v", err)
	}

	deep := folder{}
	for range cfbMaxDepth + 2 {
		deep = folder{"d": deep}
	}
	if _, err := openCompound(compoundFile(deep)); !isTooLarge(err) {
		t.Errorf("nested storages: %v", err)
	}
}
