package xdomea

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// PackageName is the name of the ZIP of a message: <ProzessID>_<message>.zip.
func PackageName(h Head) string { return h.ProcessID + "_" + h.Message.String() + ".zip" }

// FileName makes the name of a file in a package from its UUID, a title that may be empty, and the ending ("pdf"). What
// names of files cannot have in every system becomes a blank.
func FileName(id, title, ending string) string {
	ending = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, ending)
	if ending == "" || len(ending) > 16 {
		ending = "bin"
	}
	title = strings.Join(strings.FieldsFunc(title, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == utf8.RuneError || strings.ContainsRune(`/\:*?"<>|`, r)
	}), " ")
	if len(title) > 100 {
		title = strings.TrimSpace(strings.ToValidUTF8(title[:100], ""))
	}
	if title != "" {
		title = "_" + title
	}
	return id + title + "." + ending
}

// PackageWriter writes a package: Write all items, then AddFile for each name that Missing gives, then Close. Only the
// names of files are kept in memory. The first error stays: a package that was not closed without one is not fit to be
// sent.
type PackageWriter struct {
	head    Head
	message *Writer
	zip     *zip.Writer
	entry   *zip.FileHeader   // of the message
	written counter           // of the message
	size    int64             // of the files
	missing []string          // in the order of the items
	known   map[string]string // by name in small letters: the name as long as the file is missing
	ended   bool              // the message
	err     error
}

// counter counts what is written on its way.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// NewPackageWriter begins a package, which is to be named PackageName.
func NewPackageWriter(out io.Writer, h Head) (*PackageWriter, error) {
	p := &PackageWriter{head: h, zip: zip.NewWriter(out), known: map[string]string{}}
	stem := strings.TrimSuffix(PackageName(h), ".zip")
	if !messageStem.MatchString(stem) {
		return nil, fmt.Errorf("xdomea: the ProzessID is %q, the message %q: no name for a package", h.ProcessID, h.Message)
	}
	var err error
	level := flate.DefaultCompression
	p.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	if p.written.w, err = p.create(stem + ".xml"); err != nil {
		return nil, err
	}
	// Most files are packed already, and one of zeros must not be taken for a bomb. Not stored: programs that read a ZIP
	// from its beginning cannot know where a stored file ends.
	level = flate.HuffmanOnly
	p.known[strings.ToLower(stem+".xml")] = ""
	if p.message, err = NewWriter(&p.written, h); err != nil {
		return nil, err
	}
	p.message.e.names = p.name
	return p, nil
}

func (p *PackageWriter) create(name string) (io.Writer, error) {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.head.Created.UTC().Truncate(time.Second)}
	w, err := p.zip.CreateHeader(h)
	if err != nil {
		return nil, p.fail("write the package: %w", err)
	}
	if p.entry == nil {
		p.entry = h
	}
	return w, nil
}

func (p *PackageWriter) fail(format string, args ...any) error {
	p.err = fmt.Errorf("xdomea: "+format, args...)
	return p.err
}

// name notes a file that an item names.
func (p *PackageWriter) name(file string) error {
	folded := strings.ToLower(file)
	if _, twice := p.known[folded]; twice {
		return fmt.Errorf("a second file %q", file)
	}
	inRecord := p.message.e.path[0] != "Anschreiben" && p.message.e.path[0] != "Aktenplan"
	if p.head.Message == Offer && inRecord { // it comes without its files
		return nil
	}
	if len(p.known) == maxEntries {
		return fmt.Errorf("more than %d files", maxEntries-1)
	}
	p.known[folded] = file
	p.missing = append(p.missing, file)
	return nil
}

// Write writes one item of the message.
func (p *PackageWriter) Write(item Item) error {
	if p.err == nil {
		p.err = p.message.Write(item)
	}
	return p.err
}

// end ends the message.
func (p *PackageWriter) end() error {
	if p.err != nil || p.ended {
		return p.err
	}
	p.ended = true
	if p.err = p.message.Close(); p.err == nil && p.written.n > maxMessage {
		return p.fail("%w", errMessage)
	}
	p.size = p.written.n
	return p.err
}

// Missing ends the message and gives the names of the files that were not added yet, in the order of the items.
func (p *PackageWriter) Missing() []string {
	if p.end() != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.missing), func(name string) bool { return p.known[strings.ToLower(name)] == "" })
}

// AddFile ends the message and adds a file that an item named. An empty one is taken, but archives may ask about it.
func (p *PackageWriter) AddFile(name string, r io.Reader) error {
	if err := p.end(); err != nil {
		return err
	}
	folded := strings.ToLower(name)
	if name == "" || p.known[folded] != name {
		return p.fail("no item names the file %q, or it was added before", name)
	}
	p.known[folded] = ""
	w, err := p.create(name)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, r)
	if err != nil {
		return p.fail("write %s: %w", name, err)
	}
	if p.size += n; p.size > maxSize {
		return p.fail("the package has more than %d bytes", int64(maxSize))
	}
	return nil
}

// Close ends the package; it does not close the underlying writer. A file that is missing is an error.
func (p *PackageWriter) Close() error {
	if missing := p.Missing(); len(missing) > 0 {
		return p.fail("%d files are missing, the first is %q", len(missing), missing[0])
	}
	if p.err != nil {
		return p.err
	}
	if err := p.zip.Close(); err != nil {
		return p.fail("write the package: %w", err)
	}
	if bomb(p.entry.UncompressedSize64, p.entry.CompressedSize64) {
		return p.fail("the message says the same so often that it would be taken for a bomb")
	}
	p.err = errors.New("xdomea: the package is closed")
	return nil
}

// Package is a package that is read: the Reader of its message, and its files.
type Package struct {
	*Reader
	files   map[string]*zip.File
	message io.ReadCloser
}

// OpenPackage opens a package of size bytes and reads the head of its message, whatever the ZIP is named. What
// CheckPackage would call a fault of the ZIP is refused with an *Error; Options bounds it.
func OpenPackage(r io.ReaderAt, size int64, o Options) (*Package, error) {
	c := &checker{options: o.bounds(), in: &bounded{r: r}, size: size}
	p, err := c.unpack()
	if c.in.err != nil {
		return nil, fmt.Errorf("xdomea: read the package: %w", c.in.err)
	}
	return p, err
}

func (c *checker) unpack() (*Package, error) {
	z := c.open()
	if z == nil {
		return nil, &Error{c.found}
	}
	p := &Package{files: c.entries(z)}
	var message *zip.File
	if p.files != nil {
		stem := ""
		for _, f := range z.File {
			if s, ok := strings.CutSuffix(f.Name, ".xml"); ok && messageStem.MatchString(s) {
				stem = s
				break
			}
		}
		message = c.message(z, p.files, stem)
		if message != nil && message.UncompressedSize64 > maxMessage {
			c.add(Fault, "message-size", message.Name, "%v", errMessage)
		}
	}
	if HasFault(c.found) {
		return nil, &Error{c.found}
	}
	delete(p.files, message.Name)
	var err error
	if p.message, err = message.Open(); err != nil {
		c.add(Fault, "file-broken", message.Name, "the message cannot be unpacked: %s", printable(err.Error()))
		return nil, &Error{c.found}
	}
	p.Reader, err = newReader(p.message, message.Name)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Open opens a file that an item named; one that is not in the package is an fs.ErrNotExist. A file that is not what the
// ZIP promises (size, CRC-32) is an error when it was read to its end.
func (p *Package) Open(name string) (io.ReadCloser, error) {
	f := p.files[name]
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.Open()
}

// Size is how many bytes a file has, -1 if it is not in the package.
func (p *Package) Size(name string) int64 {
	if f := p.files[name]; f != nil {
		return int64(f.UncompressedSize64)
	}
	return -1
}

// Close ends the reading of the message.
func (p *Package) Close() error { return p.message.Close() }
