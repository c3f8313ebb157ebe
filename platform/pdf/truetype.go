package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// face is a TrueType font (ISO/IEC 14496-22) as far as setting and cutting it needs. It comes from `make assets`, not
// from people: what is out of its bounds is a mistake of ours.
type face struct {
	name    string
	tables  map[string][]byte
	glyphs  []uint16 // by character; 0 where there is none
	metrics int      // glyphs with a width of their own; the others have the last one's
	loca    []uint32 // where the outline of each glyph begins and the one before ends
	units   int      // of the em
	cuts    cuts
}

func u16(b []byte, at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
func i16(b []byte, at int) int { return int(int16(binary.BigEndian.Uint16(b[at:]))) } //nolint:gosec // it is signed there

func readFace(name string, b []byte) (*face, error) {
	f := &face{name: name, tables: map[string][]byte{}}
	for i := range u16(b, 4) {
		r := b[12+16*i:]
		at, n := binary.BigEndian.Uint32(r[8:]), binary.BigEndian.Uint32(r[12:])
		f.tables[string(r[:4])] = b[at : at+n]
	}
	for _, t := range []string{"head", "hhea", "maxp", "hmtx", "loca", "glyf", "cmap"} {
		if f.tables[t] == nil {
			return nil, fmt.Errorf("no table %s", t)
		}
	}
	f.units = u16(f.tables["head"], 18)
	f.metrics = u16(f.tables["hhea"], 34)
	loca, long := f.tables["loca"], u16(f.tables["head"], 50) == 1
	for i := range u16(f.tables["maxp"], 4) + 1 {
		if long {
			f.loca = append(f.loca, binary.BigEndian.Uint32(loca[4*i:]))
		} else {
			f.loca = append(f.loca, 2*uint32(u16(loca, 2*i))) //nolint:gosec // 16 bits
		}
	}
	return f, f.readCharacters()
}

// readCharacters reads the map of the Basic Multilingual Plane (cmap format 4).
func (f *face) readCharacters() error {
	f.glyphs = make([]uint16, 1<<16)
	cmap := f.tables["cmap"]
	for i := range u16(cmap, 2) {
		r := cmap[4+8*i:]
		m := cmap[binary.BigEndian.Uint32(r[4:]):]
		if u16(r, 0) != 3 || u16(r, 2) != 1 || u16(m, 0) != 4 {
			continue
		}
		n := u16(m, 6) // twice the number of segments
		for at := 14; at < 14+n; at += 2 {
			last, first, delta, offset := u16(m, at), u16(m, at+n+2), u16(m, at+2*n+2), u16(m, at+3*n+2)
			for c := first; c <= last && c < 0xFFFF; c++ {
				g := c
				if offset != 0 {
					if g = u16(m, at+3*n+2+offset+2*(c-first)); g == 0 {
						continue
					}
				}
				f.glyphs[c] = uint16(g + delta) //nolint:gosec // modulo 65536, as the format says
			}
		}
		return nil
	}
	return errors.New("no map of characters in format 4")
}

// width of a glyph, 1/1000 of the font size.
func (f *face) width(g uint16) int {
	return (u16(f.tables["hmtx"], 4*min(int(g), f.metrics-1))*1000 + f.units/2) / f.units
}

// cut is a font with some of its glyphs, ready to be put into documents.
type cut struct {
	name      string          // with the tag that tells cuts apart (ISO 32000-1, 9.9.2)
	glyphs    map[rune]uint16 // numbers in the cut
	widths    []int           // by number, 1/1000 of the font size
	file      []byte          // compressed
	size      int             // of the file before
	toUnicode []byte          // compressed; by it readers find the text
}

// makeCut cuts the font to these characters. Each gets a number of its own, so that the text comes back as it was.
func (f *face) makeCut(characters []rune) *cut {
	c := &cut{glyphs: map[rune]uint16{}}
	old := []uint16{0} // glyph in the whole font, by number in the cut; 0 is what stands for a missing one
	for _, r := range characters {
		c.glyphs[r] = uint16(len(old)) //nolint:gosec // there are not that many
		old = append(old, f.glyphs[r])
	}
	named := len(old)
	var glyf, hmtx []byte
	loca := []byte{0, 0, 0, 0}
	parts := map[uint16]uint16{}
	for i := 0; i < len(old); i++ {
		g := old[i]
		outline := slices.Clone(f.tables["glyf"][f.loca[g]:f.loca[g+1]])
		eachPart(outline, func(number []byte) {
			part := binary.BigEndian.Uint16(number)
			to, ok := parts[part]
			if !ok {
				to = uint16(len(old)) //nolint:gosec // as above
				parts[part] = to
				old = append(old, part)
			}
			binary.BigEndian.PutUint16(number, to)
		})
		glyf = append(glyf, outline...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf))) //nolint:gosec // smaller than the font
		hmtx = append(hmtx, f.metric(int(g))...)
	}
	for i := range named {
		c.widths = append(c.widths, f.width(old[i]))
	}
	head, hhea, maxp := slices.Clone(f.tables["head"]), slices.Clone(f.tables["hhea"]), slices.Clone(f.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0)                 // sum of the whole file; readers of PDF do not ask for it
	binary.BigEndian.PutUint16(head[50:], 1)                // long loca
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(old))) //nolint:gosec // as above
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(old)))  //nolint:gosec // as above
	tables := map[string][]byte{"head": head, "hhea": hhea, "maxp": maxp, "hmtx": hmtx, "loca": loca, "glyf": glyf}
	for _, hints := range []string{"cvt ", "fpgm", "prep"} {
		if b := f.tables[hints]; b != nil {
			tables[hints] = b
		}
	}
	file := join(tables)
	c.size, c.file = len(file), compress(file)
	c.toUnicode = compress(toUnicode(characters))
	tag := sha256.Sum256([]byte(string(characters)))
	for i := range 6 {
		tag[i] = 'A' + tag[i]%26
	}
	c.name = string(tag[:6]) + "+" + f.name
	return c
}

// metric is the entry of a glyph in hmtx: width and left side bearing.
func (f *face) metric(g int) []byte {
	hmtx := f.tables["hmtx"]
	if g < f.metrics {
		return hmtx[4*g : 4*g+4]
	}
	bearing := hmtx[4*f.metrics+2*(g-f.metrics):]
	return []byte{hmtx[4*f.metrics-4], hmtx[4*f.metrics-3], bearing[0], bearing[1]}
}

// eachPart calls f with the two bytes of each glyph number that a composed outline names.
func eachPart(outline []byte, f func(number []byte)) {
	if len(outline) < 12 || i16(outline, 0) >= 0 {
		return
	}
	const words, scale, more, scaleXY, matrix = 0x01, 0x08, 0x20, 0x40, 0x80
	for at := 10; ; {
		flags := u16(outline, at)
		f(outline[at+2 : at+4])
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&scaleXY != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

// join writes the tables as one file.
func join(tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	power, log := 1, 0
	for 2*power <= len(names) {
		power, log = 2*power, log+1
	}
	b := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, n := range []int{len(names), 16 * power, log, 16 * (len(names) - power)} {
		b = binary.BigEndian.AppendUint16(b, uint16(n)) //nolint:gosec // a dozen tables
	}
	at := len(b) + 16*len(names)
	var body []byte
	for _, name := range names {
		t := tables[name]
		padded := append(slices.Clone(t), make([]byte, (4-len(t)%4)%4)...)
		var sum uint32
		for i := 0; i < len(padded); i += 4 {
			sum += binary.BigEndian.Uint32(padded[i:])
		}
		b = append(b, name...)
		for _, n := range []uint32{sum, uint32(at + len(body)), uint32(len(t))} { //nolint:gosec // smaller than the font
			b = binary.BigEndian.AppendUint32(b, n)
		}
		body = append(body, padded...)
	}
	return append(b, body...)
}

// toUnicode is the CMap from numbers in the cut to characters (ISO 32000-1, 9.10.3).
func toUnicode(characters []rune) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for first := 0; first < len(characters); first += 100 { // at most so many at once
		part := characters[first:min(first+100, len(characters))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for i, r := range part {
			fmt.Fprintf(&b, "<%04X> <%04X>\n", first+i+1, r)
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
