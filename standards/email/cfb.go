package email

import (
	"encoding/binary"
	"unicode/utf16"
)

// A compound file ([MS-CFB]) is a small file system: sectors in chains, storages (folders) and streams (files). This
// reader holds every count and chain against the file's own size. The library for it, richardlehane/mscfb 1.0.9, takes
// 1.9 GB of memory for 2 MB of nested storages.

var cfbMagic = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

const (
	cfbHeader     = 512
	cfbEntry      = 128  // bytes of a directory entry
	cfbMiniSector = 64   // bytes
	cfbMiniCutoff = 4096 // bytes; shorter streams lie in mini sectors
	cfbMaxEntries = 1 << 16
	cfbMaxDepth   = 64 // storages within storages; a mail within a mail takes two

	cfbMaxSector = 0xFFFFFFFA
	cfbNoEntry   = 0xFFFFFFFF

	cfbStorage, cfbStream, cfbRoot = 1, 2, 5 // types of entries
)

// storage is a folder of a compound file.
type storage struct {
	name     string
	class    [16]byte // of the program that wrote it
	streams  map[string]stream
	storages []*storage
}

// storage is the one in s with a name, nil if there is none.
func (s *storage) storage(name string) *storage {
	for _, in := range s.storages {
		if in.name == name {
			return in
		}
	}
	return nil
}

// stream is a file of a compound file, not read yet.
type stream struct {
	start uint32
	size  uint64
}

// compound is an opened compound file.
type compound struct {
	root    *storage
	sectors []byte // all behind the header's sector
	size    int    // bytes of a sector
	fat     []uint32
	miniFAT []uint32
	mini    []byte // the stream that holds the mini sectors
	left    int    // bytes that streams may still give: honest ones share no sectors
}

var le = binary.LittleEndian

func openCompound(b []byte) (*compound, error) {
	if len(b) < cfbHeader || string(b[:8]) != string(cfbMagic) {
		return nil, badFormat("it is no compound file")
	}
	shift := le.Uint16(b[30:])
	if shift != 9 && shift != 12 { // §2.2: version 3 or 4
		return nil, badFormat("its sectors have 2^%d bytes", shift)
	}
	c := &compound{size: 1 << shift, left: 2 * len(b)}
	if len(b) < c.size {
		return nil, badFormat("it ends in its header")
	}
	c.sectors = b[c.size:]
	if err := c.readFAT(b); err != nil {
		return nil, err
	}
	miniFAT, err := c.chain(le.Uint32(b[60:]), -1)
	if err != nil {
		return nil, err
	}
	for ; len(miniFAT) >= 4; miniFAT = miniFAT[4:] {
		c.miniFAT = append(c.miniFAT, le.Uint32(miniFAT))
	}
	directory, err := c.chain(le.Uint32(b[48:]), -1)
	if err != nil {
		return nil, err
	}
	return c, c.readDirectory(directory)
}

// sector is the content of a sector, nil beyond the file's end. The last one may be cut short.
func (c *compound) sector(n uint32) []byte {
	at := uint64(n) * uint64(c.size)
	if at >= uint64(len(c.sectors)) {
		return nil
	}
	return c.sectors[at:min(at+uint64(c.size), uint64(len(c.sectors)))]
}

// readFAT reads the table that links the sectors (§2.3), found by the one of its own sectors (§2.5).
func (c *compound) readFAT(b []byte) error {
	most := len(c.sectors)/c.size + 1
	add := func(n uint32) {
		s := c.sector(n)
		for ; n < cfbMaxSector && len(s) >= 4 && len(c.fat) < most; s = s[4:] {
			c.fat = append(c.fat, le.Uint32(s))
		}
	}
	for i := range 109 {
		add(le.Uint32(b[76+4*i:]))
	}
	next := le.Uint32(b[68:])
	for range most {
		s := c.sector(next)
		if next >= cfbMaxSector || len(s) < c.size {
			return nil
		}
		for i := range c.size/4 - 1 {
			add(le.Uint32(s[4*i:]))
		}
		next = le.Uint32(s[c.size-4:])
	}
	return badFormat("its sectors run in a circle")
}

// chain reads the sectors from start on: size bytes, or all if size is negative.
func (c *compound) chain(start uint32, size int) ([]byte, error) {
	var b []byte
	for n, seen := start, 0; n < cfbMaxSector && (size < 0 || len(b) < size); seen++ {
		s := c.sector(n)
		if s == nil || int64(n) >= int64(len(c.fat)) {
			return nil, badFormat("sector %d is not in the file", n)
		}
		if seen > len(c.fat) {
			return nil, badFormat("its sectors run in a circle")
		}
		b = append(b, s...)
		n = c.fat[n]
	}
	if size >= 0 {
		if len(b) < size {
			return nil, badFormat("a stream is cut off")
		}
		b = b[:size]
	}
	return b, nil
}

// miniChain is chain for a stream in mini sectors (§2.4).
func (c *compound) miniChain(start uint32, size int) ([]byte, error) {
	b := make([]byte, 0, size)
	for n := start; len(b) < size; n = c.miniFAT[n] { // ends: each step adds bytes
		at := uint64(n) * cfbMiniSector
		if n >= cfbMaxSector || at >= uint64(len(c.mini)) || uint64(n) >= uint64(len(c.miniFAT)) {
			return nil, badFormat("mini sector %d is not in the file", n)
		}
		b = append(b, c.mini[at:min(at+cfbMiniSector, uint64(len(c.mini)))]...)
	}
	return b[:size], nil
}

// read returns the content of a stream.
func (c *compound) read(s stream) ([]byte, error) {
	if s.size > uint64(c.left) {
		return nil, badFormat("its streams hold more than the file")
	}
	c.left -= int(s.size)
	return c.content(s)
}

func (c *compound) content(s stream) ([]byte, error) {
	if s.size < cfbMiniCutoff {
		return c.miniChain(s.start, int(s.size))
	}
	return c.chain(s.start, int(s.size))
}

// readDirectory builds the tree of storages (§2.6).
func (c *compound) readDirectory(b []byte) error {
	count := len(b) / cfbEntry
	if count == 0 || b[66] != cfbRoot {
		return badFormat("it has no root")
	}
	if count > cfbMaxEntries {
		return tooLarge("it has more than %d streams", cfbMaxEntries)
	}
	var err error
	if start := le.Uint32(b[116:]); len(c.miniFAT) > 0 {
		if c.mini, err = c.chain(start, -1); err != nil {
			return err
		}
	}
	c.root = &storage{streams: map[string]stream{}}
	type place struct {
		entry uint32
		in    *storage
		depth int
	}
	seen := make([]bool, count)
	seen[0] = true
	for todo := []place{{le.Uint32(b[76:]), c.root, 0}}; len(todo) > 0; {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if p.entry == cfbNoEntry {
			continue
		}
		if uint64(p.entry) >= uint64(count) || seen[p.entry] {
			return badFormat("its directory is no tree")
		}
		if p.depth > cfbMaxDepth {
			return tooLarge("its storages are nested deeper than %d", cfbMaxDepth)
		}
		seen[p.entry] = true
		e := b[int(p.entry)*cfbEntry:][:cfbEntry]
		todo = append(todo, place{le.Uint32(e[68:]), p.in, p.depth}, place{le.Uint32(e[72:]), p.in, p.depth})
		name := utf16Text(e[:min(64, max(0, int(le.Uint16(e[64:]))-2))])
		switch e[66] {
		case cfbStorage:
			s := &storage{name: name, class: [16]byte(e[80:96]), streams: map[string]stream{}}
			p.in.storages = append(p.in.storages, s)
			todo = append(todo, place{le.Uint32(e[76:]), s, p.depth + 1})
		case cfbStream:
			size := le.Uint64(e[120:])
			if c.size == 512 {
				size &= 0xFFFFFFFF // §2.6.1: the upper half may hold anything
			}
			p.in.streams[name] = stream{le.Uint32(e[116:]), size}
		}
	}
	return nil
}

// utf16Text decodes UTF-16LE.
func utf16Text(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}
