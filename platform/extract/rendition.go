package extract

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"rennsteig/platform/errs"
)

// Why there is no rendition, for errors.Is and for people.
var (
	ErrNoConverter    = errs.E(errs.Unavailable, "extract.no_converter")
	ErrNotConvertible = errs.E(errs.Invalid, "extract.not_convertible")
	ErrConversionTime = errs.E(errs.Invalid, "extract.conversion_time")
)

const (
	maxOriginal  = 256 << 20 // bytes
	maxRendition = 256 << 20
	officeMemory = 8 << 30 // bytes of addresses; LibreOffice reserves far more than it uses
)

var officeNames = []string{"soffice", "libreoffice"}

// convertible are the endings of names that LibreOffice Writer renders. Not HTML: there it loads what is linked to, whatever its
// profile says.
var convertible = []string{".docx", ".doc", ".docm", ".dotx", ".dot", ".odt", ".ott", ".fodt", ".rtf", ".txt"}

// Convertible reports whether PDF can render a document of this name at all.
func Convertible(name string) bool {
	return slices.Contains(convertible, strings.ToLower(path.Ext(name)))
}

// profile is LibreOffice's configuration: no macros, nothing loaded that a document links to.
//
//go:embed profile.xcu
var profile embed.FS

// PDF renders a document by LibreOffice; what it is says the ending of its name. The error is ErrNoConverter where
// LibreOffice is not installed, ErrNotConvertible for a document that it does not take, ErrConversionTime for one that
// takes it too long, or one of r, of ctx, or of this machine.
func (e *Extractor) PDF(ctx context.Context, name string, r io.Reader) ([]byte, error) {
	soffice := e.look(officeNames...)
	switch {
	case !Convertible(name):
		return nil, ErrNotConvertible
	case soffice == "":
		return nil, ErrNoConverter
	}
	// Its own folder and profile: LibreOffice locks them, and leaves things there.
	dir, err := os.MkdirTemp(e.options.Temp, "extract-")
	if err != nil {
		return nil, fmt.Errorf("extract: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is swept with the folder for temporary files
	in := filepath.Join(dir, "document"+strings.ToLower(path.Ext(name)))
	if err := prepare(dir, in, r); err != nil {
		return nil, err
	}
	home := &url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "profile"))}
	_, end, err := e.run(ctx, program{
		path: soffice, dir: dir, memory: officeMemory,
		env: []string{"HOME=" + dir, "TMPDIR=" + dir},
		args: []string{"-env:UserInstallation=" + home.String(), "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
			"--nofirststartwizard", "--convert-to", "pdf", "--outdir", dir, in},
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("extract: %w", err)
	case end == timedOut:
		return nil, ErrConversionTime
	}
	f, err := os.Open(filepath.Join(dir, "document.pdf")) // it ends well without having written one
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotConvertible
	} else if err != nil {
		return nil, fmt.Errorf("extract: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRendition+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("extract: %w", err)
	case len(b) > maxRendition:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrNotConvertible, maxRendition)
	}
	return b, nil
}

// prepare writes the profile and the document.
func prepare(dir, in string, r io.Reader) error {
	p, err := profile.ReadFile("profile.xcu")
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	user := filepath.Join(dir, "profile", "user")
	if err := os.MkdirAll(user, 0o700); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	if err := os.WriteFile(filepath.Join(user, "registrymodifications.xcu"), p, 0o600); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	f, err := os.OpenFile(in, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	n, err := io.Copy(f, io.LimitReader(r, maxOriginal+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	if n > maxOriginal {
		return fmt.Errorf("%w: more than %d bytes", ErrNotConvertible, maxOriginal)
	}
	return nil
}
