package email

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf16"
)

// extract makes a compound file of a storage in this one; of a mail in a mail a .msg of its own, which has the names of
// properties with it and a longer header before them ([MS-OXMSG] §2.4.1). It has at most so many bytes of streams.
func (c *compound) extract(s *storage, mail bool, most int64) ([]byte, error) {
	size := int64(0)
	var add func(s *storage) (*entry, error)
	add = func(s *storage) (*entry, error) {
		e := &entry{name: s.name, kind: cfbStorage, class: s.class}
		for name, st := range s.streams {
			if size += int64(min(st.size, 1<<40)); size > int64(2*len(c.sectors)) || st.size > uint64(len(c.sectors)) {
				return nil, badFormat("its streams hold more than the file")
			} else if size > most {
				return nil, tooLarge("an attachment has more than %d bytes", most)
			}
			b, err := c.content(st)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, &entry{name: name, kind: cfbStream, content: b})
		}
		for _, in := range s.storages {
			child, err := add(in)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, child)
		}
		return e, nil
	}
	root, err := add(s)
	if err != nil {
		return nil, err
	}
	if mail {
		root.class = [16]byte{0x0B, 0x0D, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46}
		if names := c.root.storage(nameStorage); names != nil && s.storage(nameStorage) == nil {
			child, err := add(names)
			if err != nil {
				return nil, err
			}
			root.children = append(root.children, child)
		}
		for _, e := range root.children {
			if e.name == propertyStream && len(e.content) >= innerHeader {
				e.content = slices.Concat(e.content[:innerHeader], make([]byte, topHeader-innerHeader), e.content[innerHeader:])
			}
		}
	}
	root.name, root.kind = "Root Entry", cfbRoot
	return writeCompound(root), nil
}

// entry is what a compound file is written of.
type entry struct {
	name     string
	kind     byte
	class    [16]byte
	content  []byte
	children []*entry

	left, right, child, start uint32
	size                      int
}

const (
	cfbEnd      = 0xFFFFFFFE // of a chain
	cfbFAT      = 0xFFFFFFFD // what a sector of the FAT says of itself
	cfbInHeader = 109        // sectors of the FAT that the header names
)

// writeCompound writes sectors in this order: FAT, directory, mini FAT, mini stream, streams. Sectors of 512 bytes, which
// all programs read, do for 6 MiB; then they have 4096.
func writeCompound(root *entry) []byte {
	all := []*entry{root}
	root.left, root.right = cfbNoEntry, cfbNoEntry
	for i := 0; i < len(all); i++ {
		e := all[i]
		slices.SortFunc(e.children, func(a, b *entry) int { return compareNames(a.name, b.name) })
		base := uint32(len(all))
		all = append(all, e.children...)
		e.child = balance(e.children, base)
	}
	var mini []byte
	var miniFAT []uint32
	for _, e := range all {
		e.size, e.start = len(e.content), cfbEnd
		if e.size == 0 || e.size >= cfbMiniCutoff {
			continue
		}
		e.start = uint32(len(miniFAT))
		n := (e.size + cfbMiniSector - 1) / cfbMiniSector
		for range n {
			miniFAT = append(miniFAT, uint32(len(miniFAT))+1)
		}
		miniFAT[len(miniFAT)-1] = cfbEnd
		mini = append(append(mini, e.content...), make([]byte, n*cfbMiniSector-e.size)...)
	}
	w := &cfbWriter{size: 512}
	count := func() (fat, rest int) {
		rest = w.sectors(len(all)*cfbEntry) + w.sectors(4*len(miniFAT)) + w.sectors(len(mini))
		for _, e := range all {
			if e.size >= cfbMiniCutoff {
				rest += w.sectors(e.size)
			}
		}
		for fat = 1; fat*w.size/4 < fat+rest; fat++ {
		}
		return fat, rest
	}
	fatSectors, rest := count()
	if fatSectors > cfbInHeader {
		w.size = 4096
		fatSectors, rest = count()
	}
	w.fat = slices.Repeat([]uint32{cfbNoEntry}, fatSectors*w.size/4)
	for i := range fatSectors {
		w.fat[i] = cfbFAT
	}
	w.out = make([]byte, (1+fatSectors)*w.size, (1+fatSectors+rest)*w.size)
	h := w.out
	directory := w.place(make([]byte, len(all)*cfbEntry))
	directoryEnd := len(w.out)
	le.PutUint32(h[48:], directory)
	le.PutUint32(h[60:], w.place(words(miniFAT)))
	le.PutUint32(h[64:], uint32(w.sectors(4*len(miniFAT))))
	root.start, root.size = w.place(mini), len(mini)
	for _, e := range all {
		if e.kind == cfbStream && e.size >= cfbMiniCutoff {
			e.start = w.place(e.content)
		}
	}
	for i := (1 + fatSectors) * w.size; i < directoryEnd; i += cfbEntry {
		for at := 68; at < 80; at += 4 {
			le.PutUint32(w.out[i+at:], cfbNoEntry) // also of entries that are none
		}
	}
	for i, e := range all {
		e.put(w.out[(1+fatSectors)*w.size+i*cfbEntry:])
	}
	copy(h, cfbMagic)
	le.PutUint16(h[24:], 0x3E)
	le.PutUint16(h[26:], 3)
	le.PutUint16(h[28:], 0xFFFE)
	le.PutUint16(h[30:], 9)
	if w.size == 4096 {
		le.PutUint16(h[26:], 4)
		le.PutUint16(h[30:], 12)
		le.PutUint32(h[40:], uint32(w.sectors(len(all)*cfbEntry)))
	}
	le.PutUint16(h[32:], 6)
	le.PutUint32(h[44:], uint32(fatSectors))
	le.PutUint32(h[56:], cfbMiniCutoff)
	le.PutUint32(h[68:], cfbEnd)
	for i := range cfbInHeader {
		n := uint32(cfbNoEntry)
		if i < fatSectors {
			n = uint32(i)
		}
		le.PutUint32(h[76+4*i:], n)
	}
	copy(w.out[w.size:], words(w.fat))
	return w.out
}

type cfbWriter struct {
	size int // of a sector
	fat  []uint32
	out  []byte
}

func (w *cfbWriter) sectors(n int) int { return (n + w.size - 1) / w.size }

// place writes a chain of sectors and returns its first.
func (w *cfbWriter) place(b []byte) uint32 {
	if len(b) == 0 {
		return cfbEnd
	}
	start, n := len(w.out)/w.size-1, w.sectors(len(b))
	for i := range n {
		w.fat[start+i] = uint32(start+i) + 1
	}
	w.fat[start+n-1] = cfbEnd
	w.out = append(append(w.out, b...), make([]byte, n*w.size-len(b))...)
	return uint32(start)
}

func (e *entry) put(d []byte) {
	name := utf16.Encode([]rune(e.name))
	name = name[:min(len(name), 31)]
	for i, u := range name {
		le.PutUint16(d[2*i:], u)
	}
	le.PutUint16(d[64:], uint16(2*len(name)+2))
	d[66], d[67] = e.kind, 1 // all black: a binary tree is enough (§2.6.4)
	le.PutUint32(d[68:], e.left)
	le.PutUint32(d[72:], e.right)
	le.PutUint32(d[76:], e.child)
	copy(d[80:], e.class[:])
	if e.kind != cfbStorage {
		le.PutUint32(d[116:], e.start)
		le.PutUint64(d[120:], uint64(e.size))
	}
}

// balance links sorted entries, numbered from base on, to a tree and returns its top.
func balance(list []*entry, base uint32) uint32 {
	if len(list) == 0 {
		return cfbNoEntry
	}
	top := len(list) / 2
	list[top].left = balance(list[:top], base)
	list[top].right = balance(list[top+1:], base+uint32(top)+1)
	return base + uint32(top)
}

// compareNames orders as §2.6.4 does: by length, then in upper case.
func compareNames(a, b string) int {
	u, v := utf16.Encode([]rune(strings.ToUpper(a))), utf16.Encode([]rune(strings.ToUpper(b)))
	if c := cmp.Compare(len(u), len(v)); c != 0 {
		return c
	}
	return slices.Compare(u, v)
}

func words(list []uint32) []byte {
	var b bytes.Buffer
	for _, n := range list {
		b.Write(le.AppendUint32(nil, n))
	}
	return b.Bytes()
}
