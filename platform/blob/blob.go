// Package blob stores files by their content: the name of a blob is its SHA-256. Folder or S3.
//
// What a row keeps about a file is its Ref. The bytes are stored durably before the row that names them is written, so
// a row never names what is not there; a crash in between leaves a blob without a row, which is harmless.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"rennsteig/platform/errs"
)

// Ref names a stored file: its hash and size, as a row keeps them.
type Ref struct {
	Hash string // SHA-256, 64 lower-case hex digits
	Size int64  // bytes
}

// Store is a place for blobs. Put is idempotent: the same bytes give the same Ref.
type Store interface {
	// Put stores what r gives, at most limit bytes (errs.TooLarge beyond), durably before it returns. When the place
	// is full or does not answer the error is errs.Unavailable, and nothing half is left. An error of r is returned.
	Put(ctx context.Context, r io.Reader, limit int64) (Ref, error)
	// Open streams a blob and fails at its end if the content is not what the hash says (Corrupt). errs.NotFound if
	// missing.
	Open(ctx context.Context, hash string) (io.ReadCloser, error)
	// Stat returns the size in bytes. errs.NotFound if missing.
	Stat(ctx context.Context, hash string) (Ref, error)
	// Delete removes a blob; no error if it is not there.
	Delete(ctx context.Context, hash string) error
	// List calls f for every blob with the time it was put last, ordered by hash, and stops at f's first error.
	List(ctx context.Context, f func(ref Ref, put time.Time) error) error
}

// Corrupt is the error at the end of reading a blob whose content is not what its name says.
type Corrupt struct {
	Hash string // the blob's name
	Got  string // what its content hashes to
}

func (c *Corrupt) Error() string {
	return fmt.Sprintf("blob %s is damaged: its content has the hash %s", c.Hash, c.Got)
}

// Open opens a store by address: a folder's path, or "s3://KEY:SECRET@HOST/BUCKET[?region=…&insecure=1]". The folder
// is made if missing; the bucket must exist.
func Open(ctx context.Context, address string) (Store, error) {
	if strings.HasPrefix(address, "s3:") {
		return openS3(ctx, address)
	}
	return openFolder(address)
}

// checkHash refuses what is no blob's name, so that no name can point out of the store.
func checkHash(h string) error {
	if len(h) == 64 && strings.Trim(h, "0123456789abcdef") == "" {
		return nil
	}
	return missing(h)
}

func missing(h string) error {
	return errs.E(errs.NotFound, "errs.not_found", fmt.Errorf("no blob %.64q", h))
}

func unavailable(err error) error {
	return errs.E(errs.Unavailable, "errs.unavailable", fmt.Errorf("blob: %w", err))
}

// sourceError is an error of the reader given to Put, not of the store.
type sourceError struct{ err error }

func (s *sourceError) Error() string { return s.err.Error() }

// spool copies r to w, at most limit bytes, and returns what it was.
func spool(ctx context.Context, w io.Writer, r io.Reader, limit int64) (Ref, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), &source{ctx, io.LimitReader(r, limit+1)})
	var s *sourceError
	switch {
	case errors.As(err, &s):
		return Ref{}, s.err
	case err != nil:
		return Ref{}, unavailable(err)
	case n > limit:
		return Ref{}, errs.E(errs.TooLarge, "errs.too_large", size(limit))
	}
	return Ref{Hash: hex.EncodeToString(h.Sum(nil)), Size: n}, nil
}

// size writes bytes for people, alike in German and English.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d Bytes", n)
}

// source marks the errors of the reader given to Put, and ends with its context.
type source struct {
	ctx context.Context
	r   io.Reader
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, &sourceError{err}
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF { // bare, as io.Copy compares it
		err = &sourceError{err}
	}
	return n, err
}

// verifier checks the content against its name while it is read.
type verifier struct {
	io.ReadCloser
	name string
	hash hash.Hash
}

func verify(rc io.ReadCloser, name string) io.ReadCloser {
	return &verifier{ReadCloser: rc, name: name, hash: sha256.New()}
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.hash.Write(p[:n])
	if err == io.EOF { // bare, as io.Reader promises it
		if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.name {
			return n, &Corrupt{Hash: v.name, Got: got}
		}
	}
	return n, err
}
