package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

func TestSQLiteFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "with?odd#name.db")
	d := dbtest.OpenAddress(t, "sqlite:"+path)
	if err := d.Migrate(t.Context(), things...); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", name, info.Mode())
		}
	}
	var fk, sync int
	var mode string
	tx(t, d, func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(tx.QueryRow(ctx, `PRAGMA foreign_keys`).Scan(&fk), tx.QueryRow(ctx, `PRAGMA synchronous`).Scan(&sync),
			tx.QueryRow(ctx, `PRAGMA journal_mode`).Scan(&mode))
	})
	if fk != 1 || sync != 2 || mode != "wal" {
		t.Errorf("foreign_keys %d, synchronous %d, journal_mode %s", fk, sync, mode)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, address := range []string{"", "mysql://u:geheim@h/d", "sqlite:", "sqlite::memory:", "sqlite:/dev/null/x.db",
		"postgres://u:geheim@127.0.0.1:1/d?connect_timeout=1", "postgres://u:geheim@127.0.0.1:1/d?bad option", "postgres://u@127.0.0.1:1/d?password=geheim"} {
		d, err := db.Open(t.Context(), address)
		if err == nil {
			d.Close()
			t.Errorf("%q was opened", address)
		} else if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestOpenRefusesAnotherEncoding(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	name := "latin" + strings.ReplaceAll(db.NewID(), "-", "")
	if _, err := d.SQL().ExecContext(t.Context(), `CREATE DATABASE `+name+` ENCODING 'LATIN1' TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := d.SQL().ExecContext(context.Background(), `DROP DATABASE `+name); err != nil {
			t.Error(err)
		}
	})
	var socket string
	if err := d.Reader().QueryRow(t.Context(), `SELECT split_part(current_setting('unix_socket_directories'), ',', 1)`).Scan(&socket); err != nil {
		t.Fatal(err)
	}
	_, err := db.Open(t.Context(), "postgres://rennsteig@/"+name+"?host="+socket)
	if err == nil || !strings.Contains(err.Error(), "UTF8") {
		t.Fatalf("Open says %v", err)
	}
}

func TestPing(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		if err := d.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.Ping(t.Context()); err == nil {
			t.Fatal("a closed database answers")
		}
		if err := d.Tx(t.Context(), func(context.Context, *db.Tx) error { return nil }); err == nil {
			t.Fatal("a transaction on a closed database")
		}
	})
}

var _ db.Querier = (*db.Tx)(nil)
