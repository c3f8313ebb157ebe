package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// folder keeps blobs as files DIR/ab/abcd…: a new folder costs two syncs more, so they are few; ten million blobs are
// 40,000 in each, which file systems and tools can do. What earlier versions put lies in DIR/ab/cd/abcd…, and is found
// there. Files that are being written lie in DIR/tmp.
type folder struct {
	dir string

	// durable tells of each folder that this process has made its name durable.
	durable [1 << 8]atomic.Bool
}

func openFolder(dir string) (Store, error) {
	if dir == "" {
		return nil, errors.New("blob: no folder given")
	}
	f := &folder{dir: filepath.Clean(dir)}
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

func (f *folder) path(hash string) string { return filepath.Join(f.dir, hash[:2], hash) }

// former is where earlier versions put a blob.
func (f *folder) former(hash string) string {
	return filepath.Join(f.dir, hash[:2], hash[2:4], hash)
}

// at calls do with the blob's path and, if nothing is there, with its former one.
func at[T any](f *folder, hash string, do func(path string) (T, error)) (T, error) {
	v, err := do(f.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		v, err = do(f.former(hash))
	}
	return v, err
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
	for _, there := range []string{path, f.former(ref.Hash)} {
		if info, err := os.Stat(there); err != nil || info.Size() != ref.Size {
			continue
		}
		now := time.Now() // it is put again: nobody may take it for forgotten
		if err := os.Chtimes(there, now, now); err != nil {
			return Ref{}, unavailable(err)
		}
		return ref, f.syncUp(filepath.Dir(there)) // who wrote it may not have come to that yet
	}
	if err := f.makeDir(ref.Hash); err != nil {
		return Ref{}, unavailable(err)
	}
	parent := f.syncParent(ref.Hash)
	err = tmp.Sync()
	if err := errors.Join(err, <-parent, tmp.Close()); err != nil {
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
	f.durable[first(hash)].Store(false)
	return err
}

// syncParent makes the name of a blob's folder durable, in the background, if this process has not done it before. The
// channel gives one error or nil.
func (f *folder) syncParent(hash string) <-chan error {
	done, durable := make(chan error, 1), &f.durable[first(hash)]
	if durable.Load() {
		done <- nil
		return done
	}
	go func() {
		err := syncDir(f.dir)
		if err == nil {
			durable.Store(true)
		}
		done <- err
	}()
	return done
}

// first is the number of a blob's folder.
func first(hash string) uint8 {
	n, _ := strconv.ParseUint(hash[:2], 16, 8) // a hash is hex digits
	return uint8(n)
}

// syncUp syncs the folder and those above it, to the store's own.
func (f *folder) syncUp(dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		if err := syncDir(dir); err != nil || dir == f.dir {
			return err
		}
	}
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
	file, err := at(f, hash, os.Open)
	if err != nil {
		return nil, fileError(hash, err)
	}
	return verify(file, hash), nil
}

func (f *folder) Stat(_ context.Context, hash string) (Ref, error) {
	if err := checkHash(hash); err != nil {
		return Ref{}, err
	}
	info, err := at(f, hash, os.Stat)
	if err != nil {
		return Ref{}, fileError(hash, err)
	}
	return Ref{Hash: hash, Size: info.Size()}, nil
}

func (f *folder) Delete(_ context.Context, hash string) error {
	if checkHash(hash) != nil {
		return nil // no such name is ever there
	}
	for _, path := range []string{f.path(hash), f.former(hash)} {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return unavailable(err)
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) List(ctx context.Context, each func(Ref, time.Time) error) error {
	for i := range 1 << 8 {
		found := map[string]fs.DirEntry{}
		dir := filepath.Join(f.dir, fmt.Sprintf("%02x", i))
		if err := f.gather(dir, found, true); err != nil {
			return unavailable(err)
		}
		for _, hash := range slices.Sorted(maps.Keys(found)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			info, err := found[hash].Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed while we list
			}
			if err != nil {
				return unavailable(err)
			}
			if err := each(Ref{Hash: hash, Size: info.Size()}, info.ModTime()); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather finds the blobs in a folder and, if deep, in those inside of it, where earlier versions put them. What lies in
// both counts as what is read first.
func (f *folder) gather(dir string, found map[string]fs.DirEntry, deep bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		switch path := filepath.Join(dir, e.Name()); {
		case e.IsDir() && deep:
			err = errors.Join(err, f.gather(path, found, false))
		case checkHash(e.Name()) != nil:
		case path == f.path(e.Name()), path == f.former(e.Name()) && found[e.Name()] == nil:
			found[e.Name()] = e
		}
	}
	return err
}

func fileError(hash string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missing(hash)
	}
	return unavailable(err)
}
