package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

const (
	maxDecoded  = 400 << 20 // bytes that decoding one picture may take
	maxPicked   = 100 << 20 // pixels of one picture
	maxPictured = 1000      // pages of one TIFF
)

// pictures shows pictures: decoded and encoded anew, so that what else is in the file stays there. Who holds the one place
// decodes, which takes memory.
type pictures chan struct{}

// format is a kind of picture, told by how it begins.
type format struct {
	begins string // "?" is any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"GIF8?a", gif.DecodeConfig, gif.Decode},
	{"BM", bmp.DecodeConfig, bmp.Decode},
	{"RIFF????WEBP", webp.DecodeConfig, webp.Decode},
	{"II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

func (f format) is(head []byte) bool {
	if len(head) < len(f.begins) {
		return false
	}
	for i := range len(f.begins) {
		if f.begins[i] != '?' && f.begins[i] != head[i] {
			return false
		}
	}
	return true
}

func (f format) isTIFF() bool { return f.begins[:2] == "II" || f.begins[:2] == "MM" }

// open tells what the picture is, and where its pages begin: 0 for the only one.
func (pictures) open(d document) (format, []uint32, error) {
	head := make([]byte, 16)
	n, _ := d.r.ReadAt(head, 0) // what failed, d.r knows
	for _, f := range formats {
		if !f.is(head[:n]) {
			continue
		}
		if f.isTIFF() {
			pages, err := directories(d.r, head)
			return f, pages, err
		}
		return f, []uint32{0}, nil
	}
	return format{}, nil, errDamaged
}

// directories are the places of a TIFF's pages (TIFF 6.0, section 2).
func directories(r io.ReaderAt, head []byte) (all []uint32, err error) {
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	b := make([]byte, 4)
	seen := map[uint32]bool{}
	for at := order.Uint32(head[4:]); at != 0 && len(all) < maxPictured; {
		if seen[at] {
			return nil, errDamaged
		}
		seen[at] = true
		if _, err := r.ReadAt(b[:2], int64(at)); err != nil {
			return nil, errDamaged
		}
		all = append(all, at)
		if n, _ := r.ReadAt(b, int64(at)+2+12*int64(order.Uint16(b))); n < len(b) {
			break // the last one may end with the file
		}
		at = order.Uint32(b)
	}
	if len(all) == 0 {
		return nil, errDamaged
	}
	return all, nil
}

// page reads a picture whose header leads to another page of it.
type page struct {
	io.ReaderAt
	ctx    context.Context
	header [4]byte // bytes 4 to 7; zero: as they are
}

func (p page) ReadAt(b []byte, off int64) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.ReaderAt.ReadAt(b, off)
	if p.header != [4]byte{} {
		for i := range 4 {
			if at := int64(4+i) - off; at >= 0 && at < int64(n) {
				b[at] = p.header[i]
			}
		}
	}
	return n, err
}

// reader reads one page.
func (f format) reader(ctx context.Context, d document, at uint32) *io.SectionReader {
	p := page{ReaderAt: d.r, ctx: ctx}
	if at != 0 {
		if f.begins[0] == 'M' {
			binary.BigEndian.PutUint32(p.header[:], at)
		} else {
			binary.LittleEndian.PutUint32(p.header[:], at)
		}
	}
	return io.NewSectionReader(p, 0, d.size)
}

// size is that of one page.
func (f format) size(r io.Reader) (c image.Config, err error) {
	defer guard(&err)
	c, err = f.config(r)
	switch {
	case err != nil:
		return c, fmt.Errorf("%w: %w", errDamaged, err)
	case c.Width < 1 || c.Height < 1:
		return c, errDamaged
	case int64(c.Width) > min(maxPicked, maxDecoded/weight(c.ColorModel))/int64(c.Height):
		return c, errTooMuch
	}
	return c, nil
}

// weight is how many bytes decoding takes for each pixel.
func weight(m color.Model) int64 {
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	switch m {
	case color.GrayModel:
		return 1
	case color.YCbCrModel, color.RGBA64Model, color.NRGBA64Model:
		return 8 // a progressive JPEG keeps four bytes for each of a pixel's parts
	case color.CMYKModel:
		return 20
	}
	return 4
}

// guard makes a decoder's panic an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errDamaged, p)
	}
}

func (p pictures) sheets(ctx context.Context, d document, first, end int) (int, []image.Point, error) {
	f, pages, err := p.open(d)
	if err != nil {
		return 0, nil, err
	}
	var sizes []image.Point
	for number := max(1, first); number < min(end, len(pages)+1); number++ {
		size := image.Pt(595, 842) // for what is damaged: what is wrong with it shows its picture
		c, err := f.size(f.reader(ctx, d, pages[number-1]))
		if err == nil {
			size = image.Pt(c.Width, c.Height)
			if turned(f, f.reader(ctx, d, 0)) > 4 {
				size = image.Pt(c.Height, c.Width)
			}
		} else if len(pages) == 1 {
			return 0, nil, err
		}
		sizes = append(sizes, size)
	}
	return len(pages), sizes, nil
}

func (p pictures) sheet(ctx context.Context, d document, number, width int) ([]byte, error) {
	f, pages, err := p.open(d)
	switch {
	case err != nil:
		return nil, err
	case number < 1 || number > len(pages):
		return nil, errNoSheet
	}
	select {
	case p <- struct{}{}:
		defer func() { <-p }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := f.size(f.reader(ctx, d, pages[number-1])); err != nil {
		return nil, err
	}
	whole, err := f.picture(f.reader(ctx, d, pages[number-1]))
	if err != nil {
		return nil, err
	}
	how := turned(f, f.reader(ctx, d, 0))
	small, err := shrink(ctx, whole, how, width)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, small)
	return b.Bytes(), err
}

func (f format) picture(r io.Reader) (m image.Image, err error) {
	defer guard(&err)
	if m, err = f.decode(r); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return m, nil
}

// shrink makes the picture narrow enough by giving each pixel the mean of some that it stands for; it is never made
// larger. turn is its orientation (EXIF 2.3, 4.6.4): how the camera was held.
func shrink(ctx context.Context, m image.Image, turn, width int) (image.Image, error) {
	from := m.Bounds()
	w, h := from.Dx(), from.Dy()
	var fitting int // width before it is turned
	if turn > 4 {
		width = min(width, h)
		fitting = max(1, min(w*width/h, tallest*width, w))
	} else {
		fitting = max(1, min(width, w, w*tallest*width/h))
	}
	height := max(1, min(h*fitting/w, tallest*width))
	out := image.NewRGBA(image.Rect(0, 0, fitting, height))
	if turn > 4 {
		out = image.NewRGBA(image.Rect(0, 0, height, fitting))
	}
	for y := range height {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows := samples(y, h, height)
		for x := range fitting {
			p := turnPoint(turn, x, y, fitting, height)
			out.SetRGBA(p.X, p.Y, mean(m, from.Min, samples(x, w, fitting), rows))
		}
	}
	return out, nil
}

// samples are the places of a line of so many pixels that the i-th of fewer stands for: all of them, or four of many.
func samples(i, of, fewer int) (out [4]int) {
	first, n := i*of/fewer, max(1, (i+1)*of/fewer-i*of/fewer)
	for k := range out {
		out[k] = first + k*n/len(out)
	}
	return out
}

// mean is the mean colour of these places, on white.
func mean(m image.Image, from image.Point, columns, rows [4]int) color.RGBA {
	var r, g, b, n uint32
	for _, y := range rows {
		for _, x := range columns {
			pr, pg, pb, pa := m.At(from.X+x, from.Y+y).RGBA()
			white := 0xffff - pa
			r, g, b, n = r+(pr+white)>>8, g+(pg+white)>>8, b+(pb+white)>>8, n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// turnPoint is where a pixel of a picture of this width and height goes.
func turnPoint(turn, x, y, width, height int) image.Point {
	right, bottom := width-1-x, height-1-y
	switch turn {
	case 2:
		return image.Pt(right, y)
	case 3:
		return image.Pt(right, bottom)
	case 4:
		return image.Pt(x, bottom)
	case 5:
		return image.Pt(y, x)
	case 6:
		return image.Pt(bottom, x)
	case 7:
		return image.Pt(bottom, right)
	case 8:
		return image.Pt(y, right)
	}
	return image.Pt(x, y)
}

// turned is the orientation that a JPEG says, from 1 to 8; 1 for any other.
func turned(f format, r *io.SectionReader) int {
	if f.begins[0] != '\xff' {
		return 1
	}
	head := make([]byte, 64<<10) // it stands at the beginning
	n, _ := r.ReadAt(head, 0)
	for b := head[min(2, n):n]; len(b) > 4 && b[0] == 0xff && b[1] != 0xda; {
		length := int(binary.BigEndian.Uint16(b[2:])) + 2
		if length > len(b) {
			break
		}
		if b[1] == 0xe1 && bytes.HasPrefix(b[4:length], []byte("Exif\x00\x00")) {
			return orientation(b[10:length])
		}
		b = b[length:]
	}
	return 1
}

// orientation reads EXIF's entry 0x0112.
func orientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
