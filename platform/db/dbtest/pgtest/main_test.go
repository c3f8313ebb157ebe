package main

import (
	"bufio"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"rennsteig/platform/db/dbtest"
)

// asCommand in the environment makes the test binary the command itself.
const asCommand = "PGTEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// pgtest prepares the command in a folder for temporary files of its own; address is passed on if not "".
func pgtest(t *testing.T, address string, args ...string) (c *exec.Cmd, tmp string) {
	t.Helper()
	tmp, err := os.MkdirTemp("/tmp", "pgtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })      //nolint:errcheck // a temporary folder
	if err := os.Chmod(tmp, 0o755); err != nil { //nolint:gosec // an unprivileged PostgreSQL must enter it
		t.Fatal(err)
	}
	c = exec.Command(os.Args[0], args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, dbtest.Variable+"=") {
			c.Env = append(c.Env, e)
		}
	}
	c.Env = append(c.Env, asCommand+"=1", "TMPDIR="+tmp)
	if address != "" {
		c.Env = append(c.Env, dbtest.Variable+"="+address)
	}
	return c, tmp
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}

func left(t *testing.T, tmp string) int {
	t.Helper()
	names, err := os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestWithoutCommand(t *testing.T) {
	for _, args := range [][]string{nil, {"--"}} {
		c, _ := pgtest(t, "postgres://given", args...)
		if code := exitCode(t, c.Run()); code != 2 {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

func TestGivenDatabaseIsKept(t *testing.T) {
	c, _ := pgtest(t, "postgres://given", "--", "sh", "-c", `test "$RENNSTEIG_TEST_PG" = postgres://given && exit 3`)
	if code := exitCode(t, c.Run()); code != 3 {
		t.Errorf("exit code %d", code)
	}
	c, _ = pgtest(t, "postgres://given", "--", "no-such-command-here")
	if code := exitCode(t, c.Run()); code != 1 {
		t.Errorf("unknown command: exit code %d", code)
	}
}

// TestEnd runs a command that prints the address and waits, ends it in several ways, and looks whether the database
// answered meanwhile and nothing is left afterwards.
func TestEnd(t *testing.T) {
	for name, how := range map[string]struct {
		signal syscall.Signal // to pgtest; 0: the command ends by itself
		code   int
	}{
		"by itself":    {0, 7},
		"by interrupt": {syscall.SIGINT, 130},
		"by kill":      {syscall.SIGKILL, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, tmp := pgtest(t, "", "--", "sh", "-c", `echo "$RENNSTEIG_TEST_PG"; read line; exit 7`)
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			c.Stderr = os.Stderr // no pipe: the killed one leaves a child behind that would hold it
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			address, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			d, err := sql.Open("pgx", strings.TrimSpace(address))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close() //nolint:errcheck // only asked whether it answers
			if err := d.Ping(); err != nil {
				t.Fatal(err)
			}
			if how.signal != 0 {
				if err := c.Process.Signal(how.signal); err != nil {
					t.Fatal(err)
				}
			}
			if how.signal != syscall.SIGINT {
				in.Close()
			}
			if code := exitCode(t, c.Wait()); code != how.code {
				t.Errorf("exit code %d, want %d", code, how.code)
			}
			if how.signal == syscall.SIGKILL { // nobody is left to wait for the watcher
				for deadline := time.Now().Add(30 * time.Second); left(t, tmp) > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				}
			}
			if n := left(t, tmp); n != 0 {
				t.Errorf("%d folders are left", n)
			}
			if err := d.Ping(); err == nil {
				t.Error("the database still answers")
			}
		})
	}
}
