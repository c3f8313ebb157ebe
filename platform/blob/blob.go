// Package blob stores files by their content: the name of a blob is its SHA-256. Folder or S3.
package blob

import (
	"context"
	"io"
)

// Ref names a stored file: its hash and size, as a row keeps them.
type Ref struct {
	Hash string // SHA-256, 64 lower-case hex digits
	Size int64  // bytes
}

// Store is a place for blobs. Put is idempotent: the same bytes give the same Ref.
type Store interface {
	// Put stores what r gives, at most limit bytes (errs.TooLarge beyond), durably before it returns.
	Put(ctx context.Context, r io.Reader, limit int64) (Ref, error)
	// Open streams a blob and fails at its end if the content is not what the hash says. errs.NotFound if missing.
	Open(ctx context.Context, hash string) (io.ReadCloser, error)
	// Stat returns the size in bytes. errs.NotFound if missing.
	Stat(ctx context.Context, hash string) (Ref, error)
	// Delete removes a blob; no error if it is not there.
	Delete(ctx context.Context, hash string) error
	// List calls f for every blob.
	List(ctx context.Context, f func(Ref) error) error
}

// Open opens a store by address: a folder's path, or "s3://KEY:SECRET@HOST/BUCKET[?region=…&insecure=1]".
func Open(ctx context.Context, address string) (Store, error) { panic("being built") }
