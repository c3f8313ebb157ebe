// Package dbtest gives each test a fresh database of both kinds.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
		address := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
		migrate(t, address, rooms)
		return address
	}
	admin := cluster(t)
	name := "t" + strings.ReplaceAll(db.NewID(), "-", "")
	template := template(t, admin, rooms)
	exec1(t, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name, template))
	t.Cleanup(func() { exec1(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withDatabase(admin, name)
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

var templates sync.Mutex

// template makes (once per cluster and set of migrations) the database that tests are cloned from.
func template(t testing.TB, admin string, rooms []db.Migration) string {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	h := sha256.New()
	for _, r := range rooms {
		fmt.Fprintln(h, r.Room)
		names, _ := fs.Glob(r.FS, "migrations/*.sql")
		for _, n := range names {
			b, err := fs.ReadFile(r.FS, n)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(h, n, len(b))
			h.Write(b)
		}
	}
	name := "tpl" + hex.EncodeToString(h.Sum(nil))[:24]
	d, err := sql.Open("pgx", admin)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
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
	return name
}

func exec1(t testing.TB, address, q string) {
	t.Helper()
	d, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
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

var (
	clusterOnce sync.Once
	clusterAddr string
	clusterErr  error
)

// cluster is the PostgreSQL that make started (RENNSTEIG_TEST_PG), or one started for this test process.
func cluster(t testing.TB) string {
	t.Helper()
	if a := os.Getenv("RENNSTEIG_TEST_PG"); a != "" {
		return a
	}
	clusterOnce.Do(func() { clusterAddr, clusterErr = startOwn() })
	if clusterErr != nil {
		t.Fatalf("PostgreSQL for tests: %v (run `make deps`, or set RENNSTEIG_TEST_PG)", clusterErr)
	}
	return clusterAddr
}

// startOwn starts a cluster that stops itself when this process has gone.
func startOwn() (string, error) {
	dir, err := os.MkdirTemp("", "rennsteig-pg-")
	if err != nil {
		return "", err
	}
	address, stop, err := Start(dir)
	if err != nil {
		return "", err
	}
	_ = stop // a test binary has no end of its own to hook: the watcher stops the cluster
	watch := exec.Command("sh", "-c", fmt.Sprintf(
		`while kill -0 %d 2>/dev/null; do sleep 1; done; kill -INT $(head -1 %s/data/postmaster.pid); sleep 2; rm -rf %s`,
		os.Getpid(), dir, dir))
	watch.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return address, watch.Start()
}

// Start runs initdb and postgres in dir, as the user "postgres" or "nobody" when called by root (PostgreSQL refuses root).
func Start(dir string) (address string, stop func(), err error) {
	bin, err := bindir()
	if err != nil {
		return "", nil, err
	}
	var cred *syscall.Credential
	if os.Geteuid() == 0 {
		if cred, err = unprivileged(); err != nil {
			return "", nil, err
		}
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the unprivileged user must enter it
			return "", nil, err
		}
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return "", nil, err
		}
	}
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir = dir
		c.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
		return c
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-U", "rennsteig", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	logfile, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", nil, err
	}
	c := run("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=300", "-c", "shared_buffers=128MB")
	c.Stdout, c.Stderr = logfile, logfile
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	gone := make(chan struct{})
	go func() { c.Wait(); close(gone) }() //nolint:errcheck // it was told to stop
	stop = func() {
		c.Process.Signal(syscall.SIGINT) //nolint:errcheck // may have gone already
		<-gone
	}
	address = "postgres://rennsteig@/postgres?host=" + url.QueryEscape(dir)
	d, err := sql.Open("pgx", address)
	if err != nil {
		return "", nil, err
	}
	defer d.Close()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if d.Ping() == nil {
			return address, stop, nil
		}
		select {
		case <-gone:
			b, _ := os.ReadFile(logfile.Name())
			return "", nil, fmt.Errorf("postgres stopped: %s", b)
		default:
		}
	}
	stop()
	return "", nil, errors.New("postgres did not answer within 30 s")
}

func bindir() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	best, version := "", 0
	for _, d := range dirs {
		v, _ := strconv.Atoi(filepath.Base(filepath.Dir(d)))
		if _, err := os.Stat(filepath.Join(d, "initdb")); err == nil && v > version {
			best, version = d, v
		}
	}
	if best == "" {
		return "", errors.New("no initdb found")
	}
	return best, nil
}

func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("running as root, and there is neither a user postgres nor nobody to run PostgreSQL as")
}
