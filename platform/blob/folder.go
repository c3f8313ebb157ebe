package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// folder keeps blobs as files DIR/ab/cd/abcd…: two levels, so that no folder grows beyond what tools can list. Files
// that are being written lie in DIR/tmp.
type folder struct {
	dir string

	// durable tells of each innermost folder that this process has made its name, and its parent's, durable.
	durable [1 << 16]atomic.Bool
}

func openFolder(dir string) (Store, error) {
	if dir == "" {
		return nil, errors.New("blob: no folder given")
	}
	f := &folder{dir: dir}
	if err := os.MkdirAll(f.temp(), 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return f, f.sweep(time.Now().Add(-24 * time.Hour))
}

// sweep removes what writers that died left before the given time.
func (f *folder) sweep(before time.Time) error {
	left, err := os.ReadDir(f.temp())
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	for _, e := range left {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue // another process removed it, or is writing it
		}
		if err := os.Remove(filepath.Join(f.temp(), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("blob: %w", err)
		}
	}
	return nil
}

func (f *folder) temp() string { return filepath.Join(f.dir, "tmp") }

func (f *folder) path(hash string) string {
	return filepath.Join(f.dir, hash[:2], hash[2:4], hash)
}

// Put writes to a temporary name on the same file system, syncs, renames, and syncs the folder, so that after a
// crash the blob is there whole or not at all. Folders that are new are synced while the file is.
func (f *folder) Put(ctx context.Context, r io.Reader, limit int64) (ref Ref, err error) {
	tmp, err := os.CreateTemp(f.temp(), "")
	if err != nil {
		return Ref{}, unavailable(err)
	}
	defer func() {
		tmp.Close()           // after success it is closed already
		os.Remove(tmp.Name()) //nolint:errcheck // after success it is renamed
	}()
	ref, err = spool(ctx, tmp, r, limit)
	if err != nil {
		return Ref{}, err
	}
	path := f.path(ref.Hash)
	if info, err := os.Stat(path); err == nil && info.Size() == ref.Size {
		now := time.Now() // it is put again: nobody may take it for forgotten
		if err := os.Chtimes(path, now, now); err != nil {
			return Ref{}, unavailable(err)
		}
		parents := f.syncParents(ref.Hash) // who wrote it may not have come to that yet
		return ref, errors.Join(syncDir(filepath.Dir(path)), <-parents)
	}
	if err := f.makeDir(ref.Hash); err != nil {
		return Ref{}, unavailable(err)
	}
	parents := f.syncParents(ref.Hash)
	err = tmp.Sync()
	if err := errors.Join(err, <-parents, tmp.Close()); err != nil {
		return Ref{}, unavailable(err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return Ref{}, unavailable(err)
	}
	return ref, syncDir(filepath.Dir(path))
}

// makeDir makes the folder of a blob if it is not there.
func (f *folder) makeDir(hash string) error {
	dir := filepath.Dir(f.path(hash))
	err := os.Mkdir(dir, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(dir, 0o700)
	}
	f.durable[innermost(hash)].Store(false)
	return err
}

// syncParents makes the names of a blob's folder and of that one's parent durable, in the background, if this process has
// not done it before. The channel gives one error or nil.
func (f *folder) syncParents(hash string) <-chan error {
	done, durable := make(chan error, 1), &f.durable[innermost(hash)]
	if durable.Load() {
		done <- nil
		return done
	}
	go func() {
		// The inner one first: its sync writes the file system's journal, and the other mostly finds nothing to do.
		err := syncDir(filepath.Join(f.dir, hash[:2]))
		if err == nil {
			err = syncDir(f.dir)
		}
		if err == nil {
			durable.Store(true)
		}
		done <- err
	}()
	return done
}

// innermost is the number of a blob's folder.
func innermost(hash string) uint16 {
	n, _ := strconv.ParseUint(hash[:4], 16, 16) // a hash is hex digits
	return uint16(n)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return unavailable(err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return unavailable(err)
	}
	return nil
}

func (f *folder) Open(_ context.Context, hash string) (io.ReadCloser, error) {
	if err := checkHash(hash); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(hash))
	if err != nil {
		return nil, fileError(hash, err)
	}
	return verify(file, hash), nil
}

func (f *folder) Stat(_ context.Context, hash string) (Ref, error) {
	if err := checkHash(hash); err != nil {
		return Ref{}, err
	}
	info, err := os.Stat(f.path(hash))
	if err != nil {
		return Ref{}, fileError(hash, err)
	}
	return Ref{Hash: hash, Size: info.Size()}, nil
}

func (f *folder) Delete(_ context.Context, hash string) error {
	if checkHash(hash) != nil {
		return nil // no such name is ever there
	}
	if err := os.Remove(f.path(hash)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return unavailable(err)
	}
	return syncDir(filepath.Dir(f.path(hash)))
}

func (f *folder) List(ctx context.Context, each func(Ref, time.Time) error) error {
	err := filepath.WalkDir(f.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed while we walk
			}
			return &storeError{err}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if e.IsDir() || checkHash(e.Name()) != nil || path != f.path(e.Name()) {
			return nil // not ours, or still being written
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return &storeError{err}
		}
		return each(Ref{Hash: e.Name(), Size: info.Size()}, info.ModTime())
	})
	var s *storeError
	if errors.As(err, &s) {
		return unavailable(s.err)
	}
	return err
}

// storeError tells the store's own errors from those of List's callback.
type storeError struct{ err error }

func (s *storeError) Error() string { return s.err.Error() }

func fileError(hash string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missing(hash)
	}
	return unavailable(err)
}
