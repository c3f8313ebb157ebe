package db

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Migration is a room's migrations: files migrations/NNNN_name.sql in goose's format, for both databases;
// NNNN_name.sqlite.sql and NNNN_name.postgres.sql where they must differ.
type Migration struct {
	Room string
	FS   fs.FS
}

// Migrate brings every room's tables up to date. Processes that start together wait for each other.
func (d *DB) Migrate(ctx context.Context, rooms ...Migration) error {
	for _, m := range rooms {
		if err := d.migrate(ctx, m); err != nil {
			return fmt.Errorf("migrate %s: %w", m.Room, err)
		}
	}
	return nil
}

func (d *DB) migrate(ctx context.Context, m Migration) error {
	files, err := d.pick(m.FS)
	if err != nil {
		return err
	}
	dialect := database.DialectSQLite3
	var options []goose.ProviderOption
	if d.dialect == Postgres {
		dialect = database.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 60))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	store, err := database.NewStore(dialect, m.Room+"_goose_version")
	if err != nil {
		return err
	}
	options = append(options, goose.WithStore(store))
	p, err := goose.NewProvider("", d.write, files, options...)
	if err != nil {
		return err
	}
	if pending, err := p.HasPending(ctx); err == nil && !pending {
		return nil // the usual start; no need to wait for a lock
	}
	// SQLite has no lock across several transactions: a process that comes second to a migration fails on what the
	// first one made, sees that the version has moved on, and goes on from there.
	for last := int64(-1); ; {
		_, err = p.Up(ctx)
		if err == nil || d.dialect != SQLite {
			return err
		}
		version, verr := p.GetDBVersion(ctx)
		if verr != nil || version <= last {
			return err
		}
		last = version
	}
}

// pick keeps the files for this dialect, under their plain names.
func (d *DB) pick(fsys fs.FS) (fs.FS, error) {
	names, err := fs.Glob(fsys, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, name := range names {
		base := path.Base(name)
		stem := strings.TrimSuffix(base, ".sql")
		if i := strings.LastIndexByte(stem, '.'); i >= 0 {
			if stem[i+1:] != string(d.dialect) {
				continue
			}
			base = stem[:i] + ".sql"
		}
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		out[base] = &fstest.MapFile{Data: body}
	}
	return out, nil
}
