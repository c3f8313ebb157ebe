package xdomea

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"strings"
)

// bounded reads the ZIP. It remembers the first failure of what is below it, and while limited lets no more than
// its budget be read: archive/zip keeps the whole directory in memory before anyone can count its entries.
type bounded struct {
	r       io.ReaderAt
	budget  int64
	limited bool
	err     error
}

var errDirectory = errors.New("the directory is larger than allowed")

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if b.limited {
		if b.budget -= int64(len(p)); b.budget < 0 {
			return 0, errDirectory
		}
	}
	if off < 0 { // which a directory can say
		return 0, zip.ErrFormat
	}
	n, err := b.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && b.err == nil {
		b.err = err
	}
	return n, err
}

// open reads the ZIP's directory, or says why not.
func (c *checker) open() *zip.Reader {
	c.in.limited = true
	c.in.budget = 256<<10 + int64(c.options.MaxEntries)*512
	z, err := zip.NewReader(c.in, c.size)
	c.in.limited = false
	switch {
	case errors.Is(err, errDirectory), err == nil && len(z.File) > c.options.MaxEntries:
		c.add(Fault, "zip-entries", "", "more than %d files in the ZIP", c.options.MaxEntries)
		return nil
	case err != nil && !errors.Is(err, zip.ErrInsecurePath): // names are looked at by entries
		c.add(Fault, "zip-broken", "", "not a ZIP that can be read: %s", printable(err.Error()))
		return nil
	}
	return z
}

// entries checks the ZIP's directory and gives the files that may be read, by name; nil if nothing may be.
func (c *checker) entries(z *zip.Reader) map[string]*zip.File {
	files := make(map[string]*zip.File, len(z.File))
	folded := make(map[string]string, len(z.File))
	var unpacked, packed uint64
	for _, f := range z.File {
		if f.UncompressedSize64 > uint64(c.options.MaxSize)-unpacked {
			c.add(Fault, "zip-size", f.Name, "the ZIP would unpack to more than %d bytes: refused unread", c.options.MaxSize)
			return nil
		}
		// Entries that share their bytes claim more than there is.
		if f.CompressedSize64 > uint64(c.size)-packed {
			c.add(Fault, "zip-bomb", f.Name, "the files claim more bytes than the ZIP has: refused unread")
			return nil
		}
		if bomb(f.UncompressedSize64, f.CompressedSize64) {
			c.add(Fault, "zip-bomb", f.Name, "%d bytes would unpack to %d, more than %d times as much: refused unread", f.CompressedSize64, f.UncompressedSize64, maxRatio)
			return nil
		}
		unpacked += f.UncompressedSize64
		packed += f.CompressedSize64
	}
	if bomb(unpacked, packed) {
		c.add(Fault, "zip-bomb", "", "%d bytes would unpack to %d, more than %d times as much: refused unread", packed, unpacked, maxRatio)
		return nil
	}
	for _, f := range z.File {
		switch name := f.Name; {
		case unsafe(name):
			c.add(Fault, "path", name, "the name leads out of the ZIP, or is none that every system can write")
		case strings.Contains(name, "/"):
			c.add(Fault, "folder", name, "the ZIP must be flat: no sub-folder")
		case f.Mode().Type() != 0:
			c.add(Fault, "special", name, "not an ordinary file (%v)", f.Mode().Type()&fs.ModeType)
		case files[name] != nil:
			c.add(Fault, "duplicate", name, "the name is there twice")
		case folded[strings.ToLower(name)] != "":
			c.add(Fault, "duplicate", name, "the name differs from %s in case only", quoted(folded[strings.ToLower(name)]))
		case f.Flags&0x1 != 0:
			c.add(Fault, "encrypted", name, "the file is encrypted")
		case f.Method != zip.Store && f.Method != zip.Deflate:
			c.add(Fault, "method", name, "packed by method %d: only store (0) and deflate (8) are read everywhere", f.Method)
		default:
			files[name] = f
			folded[strings.ToLower(name)] = name
		}
	}
	return files
}

// bomb reports whether so much unpacked of so much packed is no honest file.
func bomb(unpacked, packed uint64) bool { return unpacked > freeSize && unpacked/maxRatio > packed }

// unsafe reports whether a name is none of a file in this folder, on any system.
func unsafe(name string) bool {
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "\\:") || strings.HasPrefix(name, "/") ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// readable reads a file to its end and says if it is not what the ZIP promises.
func (c *checker) readable(f *zip.File) {
	r, err := f.Open()
	if err == nil {
		_, err = io.Copy(io.Discard, r) // archive/zip stops after the promised size, and compares the CRC-32
		r.Close()
	}
	if err != nil {
		c.add(Fault, "file-broken", f.Name, "the file cannot be unpacked: %s", printable(err.Error()))
	} else if f.UncompressedSize64 == 0 {
		c.add(Warning, "file-empty", f.Name, "the file is empty")
	}
}
