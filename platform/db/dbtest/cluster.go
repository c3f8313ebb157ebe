package dbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Variable names the environment variable with the address of the PostgreSQL for tests. Its user must be allowed to
// create databases.
const Variable = "RENNSTEIG_TEST_PG"

var own = sync.OnceValues(func() (string, error) {
	address, _, err := Start(false) // a test binary has no end of its own to hook: the watcher stops the cluster
	return address, err
})

// cluster is the PostgreSQL that make started, or one started for this test process.
func cluster(t testing.TB) string {
	t.Helper()
	if a := os.Getenv(Variable); a != "" {
		return a
	}
	address, err := own()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v (run `make deps`, or set %s)", err, Variable)
	}
	return address
}

// Start runs a private PostgreSQL in a temporary folder until stop is called, which also removes the folder. Called
// by root it runs as the user "postgres" or "nobody", because PostgreSQL refuses root. It is made for speed, not for
// keeping data, unless durable: then it syncs to disk as it does for an operator, for measuring. If this process dies
// before stop, a watcher does its work.
func Start(durable bool) (address string, stop func(), err error) {
	bin, err := bindir()
	if err != nil {
		return "", nil, err
	}
	var cred *syscall.Credential
	if os.Geteuid() == 0 {
		if cred, err = unprivileged(); err != nil {
			return "", nil, err
		}
	}
	dir, err := os.MkdirTemp(base(durable), "rennsteig-pg-")
	if err != nil {
		return "", nil, err
	}
	if address, stop, err = start(bin, dir, cred, durable); err != nil {
		os.RemoveAll(dir) //nolint:errcheck // the first error says more
		return "", nil, err
	}
	return address, stop, nil
}

func start(bin, dir string, cred *syscall.Credential, durable bool) (address string, stop func(), err error) {
	if cred != nil {
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
		// Its own session, so that Ctrl-C in the terminal stops the tests, and not the database under them.
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
	defer logfile.Close()
	args := []string{"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=400", "-c", "shared_buffers=128MB", "-c", "log_checkpoints=off"}
	if !durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	}
	c := run("postgres", args...)
	c.Stdout, c.Stderr = logfile, logfile
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	gone := make(chan struct{})
	go func() { c.Wait(); close(gone) }() //nolint:errcheck // it was told to stop
	quit := func() {
		c.Process.Signal(syscall.SIGINT) //nolint:errcheck // may have gone already
		<-gone
	}
	watcher := exec.Command("sh", "-c", `
		while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done
		kill -INT "$2" 2>/dev/null
		while kill -0 "$2" 2>/dev/null; do sleep 0.2; done
		rm -rf "$3"`, "watcher", strconv.Itoa(os.Getpid()), strconv.Itoa(c.Process.Pid), dir)
	watcher.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := watcher.Start(); err != nil {
		quit()
		return "", nil, err
	}
	stop = sync.OnceFunc(func() {
		quit()
		watcher.Wait() //nolint:errcheck // it removes the folder when the database has gone
	})
	address = "postgres://rennsteig@/postgres?host=" + url.QueryEscape(dir)
	d, err := sql.Open("pgx", address)
	if err != nil {
		stop()
		return "", nil, err
	}
	defer d.Close() //nolint:errcheck // only asked whether it answers
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

// memory is a folder whose files are never written to a disk, and what must be free in it to be used.
const (
	memory     = "/dev/shm"
	memoryFree = 2 << 30 // bytes
)

// base is where the cluster's folder is made: if TMPDIR does not say where and it need not be durable, in memory, because
// each test's database is some hundred files, and to make them on a disk takes many times the work of the test. Else the
// usual place for temporary files, unless the unprivileged user cannot enter it or the path of the socket in it would be
// too long (107 bytes, unix(7)).
func base(durable bool) string {
	var f syscall.Statfs_t
	if !durable && os.Getenv("TMPDIR") == "" && syscall.Statfs(memory, &f) == nil && f.Bavail*uint64(f.Bsize) >= memoryFree { //nolint:gosec // a size
		return memory
	}
	dir := os.TempDir()
	if len(dir) > 60 {
		return "/tmp"
	}
	for d := dir; ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil || info.Mode().Perm()&0o001 == 0 && os.Geteuid() == 0 {
			return "/tmp"
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
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
