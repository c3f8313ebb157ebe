// Package dbtest gives each test a fresh database of both kinds.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rennsteig/platform/db"
)

// Each runs f once on SQLite and once on PostgreSQL, each time on an empty database with the rooms migrated.
func Each(t *testing.T, rooms []db.Migration, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) { f(t, Open(t, dialect, rooms...)) })
	}
}

// Open gives one fresh, migrated database that is dropped when the test ends.
func Open(t testing.TB, dialect db.Dialect, rooms ...db.Migration) *db.DB {
	t.Helper()
	return OpenAddress(t, Address(t, dialect, rooms...))
}

// OpenAddress opens an existing database and closes it when the test ends.
func OpenAddress(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// Address makes a fresh, migrated database and returns its address, for tests that start processes.
func Address(t testing.TB, dialect db.Dialect, rooms ...db.Migration) string {
	t.Helper()
	if dialect == db.SQLite {
		path := filepath.Join(folder(t), "test.db")
		if len(rooms) > 0 {
			if err := os.WriteFile(path, file(t, rooms), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return "sqlite:" + path
	}
	admin := cluster(t)
	name := "t" + strings.ReplaceAll(db.NewID(), "-", "")
	template := template(t, admin, rooms)
	exec1(t, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name, template))
	t.Cleanup(func() { exec1(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withDatabase(admin, name)
}

// folder is where a test's SQLite file is made: beside the PostgreSQL that make started, if that is in memory; it goes with
// it even if the test is killed.
func folder(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(os.Getenv(Variable))
	if err != nil || !strings.HasPrefix(u.Query().Get("host"), memory+"/") {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(u.Query().Get("host"), "sqlite-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func migrate(t testing.TB, address string, rooms []db.Migration) {
	t.Helper()
	if len(rooms) == 0 {
		return
	}
	d, err := db.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(context.Background(), rooms...); err != nil {
		t.Fatal(err)
	}
}

var (
	templates sync.Mutex
	files     = map[string][]byte{} // by fingerprint: migrated databases of SQLite
	made      = map[string]bool{}   // by cluster and name: the databases of PostgreSQL that are there for certain
)

// fingerprint tells sets of migrations apart.
func fingerprint(t testing.TB, rooms []db.Migration) string {
	t.Helper()
	h := sha256.New()
	for _, r := range rooms {
		fmt.Fprintln(h, r.Room) //nolint:errcheck // a hash takes everything
		names, _ := fs.Glob(r.FS, "migrations/*.sql")
		for _, n := range names {
			b, err := fs.ReadFile(r.FS, n)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(h, n, len(b)) //nolint:errcheck // a hash takes everything
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// file makes (once per process and set of migrations) the SQLite database that tests get copies of.
func file(t testing.TB, rooms []db.Migration) []byte {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	key := fingerprint(t, rooms)
	if b, ok := files[key]; ok {
		return b
	}
	path := filepath.Join(t.TempDir(), "template.db")
	migrate(t, "sqlite:"+path, rooms)
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		t.Fatal("the file is not whole: something is left in its log")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files[key] = b
	return b
}

// template makes (once per cluster and set of migrations) the database that tests are cloned from.
func template(t testing.TB, admin string, rooms []db.Migration) string {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	name := "tpl" + fingerprint(t, rooms)
	if made[admin+name] {
		return name
	}
	d, err := sql.Open("pgx", admin)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // nothing is pending on it
	d.SetMaxOpenConns(1)
	// Other test processes use the same cluster: one of them makes the template, under a lock.
	if _, err := d.Exec("SELECT pg_advisory_lock(42)"); err != nil {
		t.Fatal(err)
	}
	defer d.Exec("SELECT pg_advisory_unlock(42)") //nolint:errcheck // the connection closes anyway
	var n int
	if err := d.QueryRow("SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n == 1 {
		made[admin+name] = true
		return name
	}
	building := name + "_new"
	for _, q := range []string{"DROP DATABASE IF EXISTS " + building, "CREATE DATABASE " + building} {
		if _, err := d.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	migrate(t, withDatabase(admin, building), rooms)
	if _, err := d.Exec("ALTER DATABASE " + building + " RENAME TO " + name); err != nil {
		t.Fatal(err)
	}
	made[admin+name] = true
	return name
}

func exec1(t testing.TB, address, q string) {
	t.Helper()
	d, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // nothing is pending on it
	if _, err := d.Exec(q); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func withDatabase(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}
