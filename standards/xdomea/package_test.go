package xdomea

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// packed writes a package whose files hold their names.
func packed(t interface{ Fatal(...any) }, h Head, items ...Item) []byte {
	var b bytes.Buffer
	p, err := NewPackageWriter(&b, h)
	for _, item := range items {
		if err == nil {
			err = p.Write(item)
		}
	}
	if err == nil {
		for _, name := range p.Missing() {
			if err == nil {
				err = p.AddFile(name, strings.NewReader(name))
			}
		}
	}
	if err == nil {
		err = p.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(b []byte) (*Package, error) {
	return OpenPackage(bytes.NewReader(b), int64(len(b)), Options{})
}

// A package that was written is one that the archive takes without a word, and that is read again.
func TestPackageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, items := drawnMessage(t)
		b := packed(t, h, items...)
		found, err := CheckPackage(bytes.NewReader(b), int64(len(b)), PackageName(h), Options{})
		if err != nil || len(codes(found)) > 0 {
			t.Fatalf("%v %v", err, found)
		}
		p, err := open(b)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }()
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File[1:] {
			r, err := p.Open(f.Name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != f.Name || p.Size(f.Name) != int64(len(got)) {
				t.Fatalf("%s: %q, %d, %v", f.Name, got, p.Size(f.Name), err)
			}
			r.Close()
		}
		if _, got, err := read(p.Reader, nil); err != nil || len(got) != len(items) {
			t.Fatalf("%d of %d items, %v", len(got), len(items), err)
		}
	})
}

// Records of an offer come without their files; its cover letter has one.
func TestOfferHasNoFiles(t *testing.T) {
	f := &File{ID: other, Retention: kept, Documents: []Document{*document(letter)}}
	form := process + "_Vorblatt.pdf"
	b := packed(t, testHead(Offer), &CoverLetter{*document(form)}, f)
	if found := codes(check(t, b, PackageName(testHead(Offer)), Options{})); found != nil {
		t.Error(found)
	}
	p, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	if p.Size(form) < 0 || p.Size(letter) >= 0 {
		t.Errorf("%d, %d", p.Size(form), p.Size(letter))
	}
	if _, err := p.Open(letter); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestPackageWriterRefuses(t *testing.T) {
	text := func() io.Reader { return strings.NewReader("x") }
	for name, c := range map[string]struct {
		steps func(*PackageWriter) error
		want  string
	}{
		"missing":      {func(p *PackageWriter) error { return p.Write(document(letter)) }, "1 files are missing"},
		"twice":        {func(p *PackageWriter) error { return p.Write(document(letter, strings.ToUpper(letter))) }, "a second file"},
		"the message":  {func(p *PackageWriter) error { return p.Write(document(process + "_" + Transfer.String() + ".xml")) }, "a second file"},
		"surplus":      {func(p *PackageWriter) error { return p.AddFile(letter, text()) }, "no item names"},
		"empty name":   {func(p *PackageWriter) error { return p.AddFile("", text()) }, "no item names"},
		"item behind":  {func(p *PackageWriter) error { return errors.Join(p.AddFile(letter, text()), p.Write(document())) }, "is closed"},
		"added twice":  {func(p *PackageWriter) error { return errors.Join(p.AddFile(letter, text()), p.AddFile(letter, text())) }, "added before"},
		"reader fails": {func(p *PackageWriter) error { return p.AddFile(letter, io.MultiReader(text(), failingReader{})) }, "disk"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := NewPackageWriter(io.Discard, testHead(Transfer))
			if err != nil {
				t.Fatal(err)
			}
			first := document()
			if !slices.Contains([]string{"missing", "twice", "the message", "surplus", "empty name"}, name) {
				first = document(letter)
			}
			if err := p.Write(first); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.steps(p), p.Close()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if p.Close() == nil {
				t.Error("the error did not stay")
			}
		})
	}
	for _, h := range []Head{{Message: Transfer}, {ProcessID: process}, {ProcessID: "../" + process[3:], Message: Transfer}} {
		if _, err := NewPackageWriter(io.Discard, h); err == nil {
			t.Errorf("a package %s", PackageName(h))
		}
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errDisk }

// Files of zeros are no bomb, and a message that says nothing a million times is not sent.
func TestWrittenIsNoBomb(t *testing.T) {
	var b bytes.Buffer
	p, err := NewPackageWriter(&b, testHead(Transfer))
	if err == nil {
		err = p.Write(document(letter))
	}
	if err == nil {
		err = p.AddFile(letter, bytes.NewReader(make([]byte, 2*freeSize)))
	}
	if err == nil {
		err = p.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if found := codes(check(t, b.Bytes(), PackageName(testHead(Transfer)), Options{})); found != nil {
		t.Error(found)
	}
	if p, err = NewPackageWriter(io.Discard, testHead(Transfer)); err != nil {
		t.Fatal(err)
	}
	if err := p.Write(&Document{ID: other, General: General{Remark: strings.Repeat(" ", 2*freeSize)}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), "bomb") {
		t.Error(err)
	}
}

// The names that FileName makes are good in every package.
func TestFileName(t *testing.T) {
	for _, c := range [][3]string{
		{"Bescheid", "pdf", process + "_Bescheid.pdf"},
		{"", "pdf", process + ".pdf"},
		{" Müller/Meier: \"Eil?\" \x00\t", "PDF", process + "_Müller Meier Eil.PDF"},
		{"a", "", process + "_a.bin"},
		{"a", "tar.gz", process + "_a.targz"},
		{strings.Repeat("ä", 60), "txt", process + "_" + strings.Repeat("ä", 50) + ".txt"},
	} {
		if got := FileName(process, c[0], c[1]); got != c[2] {
			t.Errorf("%q, want %q", got, c[2])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := FileName(process, rapid.String().Draw(t, "title"), rapid.String().Draw(t, "ending"))
		if !fileName.MatchString(name) || unsafe(name) {
			t.Fatalf("%q", name)
		}
	})
}

// What OpenPackage refuses; the message is read by a Reader, see TestReaderRefuses.
func TestOpenPackageRefuses(t *testing.T) {
	file := good()[0]
	for name, c := range map[string]struct {
		entries []entry
		want    string
	}{
		"no message":   {good()[1:], "message-missing"},
		"two messages": {append(good(), entry{name: process + "_Abgabe.Abgabe.0401.xml", text: message}), "message-second"},
		"folder":       {append(good(), entry{name: "a/b.txt", text: "x"}), "folder"},
		"path":         {append(good(), entry{name: "../b.txt", text: "x"}), "path"},
		"twice":        {append(good(), good()[1]), "duplicate"},
		"bomb":         {[]entry{file, {letter, "\xff", func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, 1<<30 }}}, "zip-bomb"},
		"too large":    {[]entry{file, {letter, "\xff", func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, 1<<40 }}}, "zip-size"},
		"message":      {[]entry{{file.name, strings.Repeat("x", 6<<20), func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, maxMessage+1 }}}, "message-size"},
		"broken":       {[]entry{{file.name, message, func(h *zip.FileHeader) { h.Method = zip.Deflate }}}, "file-broken"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(pack(t, c.entries...))
			var no *Error
			if !errors.As(err, &no) || !slices.Contains(codes(no.Found), "fault "+c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	b := pack(t, good()...)
	for fails := range 4 {
		r := &failing{b: b, left: fails}
		if _, err := OpenPackage(r, int64(len(b)), Options{}); r.left < 0 && !errors.Is(err, errDisk) {
			t.Errorf("after %d reads: %v", fails, err)
		}
	}
}

// A file that is not what the ZIP promises is an error at its end.
func TestOpenBrokenFile(t *testing.T) {
	e := good()
	e[1].change = func(h *zip.FileHeader) { h.CRC32++ }
	p, err := open(pack(t, e...))
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Open(letter)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, zip.ErrChecksum) {
		t.Error(err)
	}
}
