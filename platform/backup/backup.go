// Package backup writes the whole program's state into a folder and brings it back: all tables as one snapshot, all
// stored files, the keys. The format is the same for SQLite and PostgreSQL, so a backup of the one can be restored
// into the other: a municipality that began on a laptop moves to the Land's database this way.
package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
)

// Place is where the program's state lives.
type Place struct {
	DB    *db.DB
	Blobs blob.Store
	Files []string // key files beside the database; those that do not exist are left out
}

// Manifest describes a backup; it is written last, as manifest.json: a folder without it is no backup.
type Manifest struct {
	Format   int              `json:"format"`
	Made     time.Time        `json:"made"`
	Program  string           `json:"program"` // version of the program
	Database db.Dialect       `json:"database"`
	SHA256   string           `json:"sha256"` // of database.jsonl.gz
	Rows     int64            `json:"rows"`
	Blobs    int              `json:"blobs"`
	Rooms    map[string]int64 `json:"rooms"` // newest migration of each room
	Files    []string         `json:"files"`
}

const (
	format       = 1
	manifestName = "manifest.json"
	databaseName = "database.jsonl.gz"
	blobsName    = "blobs"
	filesName    = "keys"
)

// Write makes a backup in dir, which must not exist yet. It is built beside it under another name and renamed when
// whole. Stored files are copied after the snapshot: they are only ever added, so every file a row names is there.
func Write(ctx context.Context, from Place, dir, program string, step func(rows, blobs int)) (_ Manifest, err error) {
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return Manifest{}, fmt.Errorf("%s exists already: name a new folder", dir)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o700); err != nil {
		return Manifest{}, err
	}
	partial, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".backup-")
	if err != nil {
		return Manifest{}, err
	}
	defer os.RemoveAll(partial) //nolint:errcheck // after the rename there is nothing left
	m := Manifest{Format: format, Made: time.Now().UTC(), Program: program, Database: from.DB.Dialect()}

	// The log's checkpoint beside the key must not be newer than the snapshot: verify would take that for a rollback.
	if err := os.Mkdir(filepath.Join(partial, filesName), 0o700); err != nil {
		return Manifest{}, err
	}
	for _, name := range from.Files {
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return Manifest{}, err
		}
		base := filepath.Base(name)
		if err := writeFile(filepath.Join(partial, filesName, base), func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
			return Manifest{}, err
		}
		m.Files = append(m.Files, base)
	}
	hash := sha256.New()
	err = writeFile(filepath.Join(partial, databaseName), func(w io.Writer) error {
		m.Rows, m.Rooms, err = dump(ctx, from.DB, io.MultiWriter(w, hash), func(n int) { step(n, 0) })
		return err
	})
	if err != nil {
		return Manifest{}, err
	}
	m.SHA256 = hex.EncodeToString(hash.Sum(nil))

	to, err := blob.Open(ctx, filepath.Join(partial, blobsName))
	if err != nil {
		return Manifest{}, err
	}
	if m.Blobs, err = copyBlobs(ctx, from.Blobs, to, func() { step(0, 1) }); err != nil {
		return Manifest{}, err
	}
	err = writeFile(filepath.Join(partial, manifestName), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	})
	if err != nil {
		return Manifest{}, err
	}
	return m, os.Rename(partial, dir)
}

// Read brings a backup back into a new, migrated place. Stored files and keys come first, the database last, in one
// transaction: broken off at any point, it can simply be run again.
func Read(ctx context.Context, dir string, to Place, step func(rows, blobs int)) (Manifest, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return m, err
	}
	if err := checkTarget(ctx, m, to); err != nil {
		return m, err
	}
	database := filepath.Join(dir, databaseName)
	if err := checkHash(database, m.SHA256); err != nil {
		return m, err
	}
	from, err := blob.Open(ctx, filepath.Join(dir, blobsName))
	if err != nil {
		return m, err
	}
	n, err := copyBlobs(ctx, from, to.Blobs, func() { step(0, 1) })
	if err != nil {
		return m, err
	}
	if n != m.Blobs {
		return m, fmt.Errorf("the backup is damaged: it has %d stored files and says %d", n, m.Blobs)
	}
	if err := restoreFiles(dir, to.Files); err != nil {
		return m, err
	}
	f, err := os.Open(database)
	if err != nil {
		return m, err
	}
	defer f.Close()
	return m, load(ctx, to.DB, f, func(n int) { step(n, 0) })
}

// ReadManifest reads dir's manifest.
func ReadManifest(dir string) (m Manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return m, fmt.Errorf("%s is no whole backup: it has no %s", dir, manifestName)
	} else if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Format != format {
		return m, fmt.Errorf("the backup has format %d, this program reads %d", m.Format, format)
	}
	return m, nil
}

func checkTarget(ctx context.Context, m Manifest, to Place) error {
	q := to.DB.SQL()
	names, err := tables(ctx, q, to.DB.Dialect())
	if err != nil {
		return err
	}
	versions, err := migrated(ctx, q, names)
	if err != nil {
		return err
	}
	if !maps.Equal(versions, m.Rooms) {
		return fmt.Errorf("the backup was made by version %s, whose tables are others than this version's: restore with that version, then start this one", m.Program)
	}
	// Whatever happened in a database stands in its log; what only migrations put there may be replaced.
	entries, err := single[int64](ctx, q, "SELECT count(*) FROM (SELECT 1 FROM audit_entry LIMIT 1) AS any_entry")
	if err != nil {
		return err
	}
	if entries > 0 {
		return errors.New("the target database is in use (its log has entries): restore only into a new one")
	}
	return nil
}

// restoreFiles writes the key files; one that is there already must be the same.
func restoreFiles(dir string, files []string) error {
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(dir, filesName, filepath.Base(name)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if have, err := os.ReadFile(name); err == nil {
			if !bytes.Equal(have, b) {
				return fmt.Errorf("%s exists already and differs from the backup's: restore only into a new place", name)
			}
			continue
		}
		if err := writeFile(name, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
			return err
		}
	}
	return nil
}

func copyBlobs(ctx context.Context, from, to blob.Store, step func()) (n int, err error) {
	err = from.List(ctx, func(ref blob.Ref, _ time.Time) error {
		r, err := from.Open(ctx, ref.Hash)
		if err != nil {
			return err
		}
		defer r.Close()
		got, err := to.Put(ctx, r, ref.Size)
		if err != nil {
			return fmt.Errorf("stored file %s: %w", ref.Hash, err)
		}
		if got.Hash != ref.Hash {
			return fmt.Errorf("stored file %s is damaged: its content has the hash %s", ref.Hash, got.Hash)
		}
		n++
		step()
		return nil
	})
	return n, err
}

func checkHash(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("the backup is damaged: %s has the hash %s, the manifest says %s", filepath.Base(path), got, want)
	}
	return nil
}

func writeFile(path string, f func(w io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f(out), out.Sync(), out.Close())
}
