// Package e2e runs the whole program as its users do: scripts that drive the real command (testdata/*.txtar) and
// journeys in a real browser.
package e2e

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rennsteig/app"
	"rennsteig/platform/blob/blobtest"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// abreast runs the tests of people in browsers abreast: they wait for Chromium most of the time, not for a processor.
type abreast struct{ m *testing.M }

func (a abreast) Run() int {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	return a.m.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(abreast{m}, map[string]func(){"rennsteig": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		signal.Ignore(syscall.SIGXFSZ) // a limited file then behaves as one on a full disk
		os.Exit(app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "TZ=Pacific/Auckland") // offices reckon in Berlin all the same
			env.Values[serverKey{}] = &server{}
			env.Values[testKey{}] = t
			env.Defer(func() { env.Values[serverKey{}].(*server).end(os.Kill) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "stop": stop, "kill9": kill9, "get": get, "post": post, "ask": ask, "upload": upload, "until": until,
			"signin": signin, "apply": apply, "bytes": bytesFile, "pack": pack, "flip": flip, "sqlite": sqlite, "postgres": postgres, "query": query, "s3": s3, "address": address, "fetch": fetch, "waitfor": waitfor, "shows": shows, "forget": forget,
		},
	})
}

type serverKey struct{}

func running(ts *testscript.TestScript) *server { return ts.Value(serverKey{}).(*server) }

// start runs "rennsteig ARGS" and waits for its ready line; $URL is its address.
func start(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	ts.Check(s.start(ts.Getenv("WORK"), args...))
	ts.Setenv("URL", s.url)
}

// stop asks the program to end, and it must say that it did so in order.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	cmd := s.cmd
	s.end(syscall.SIGTERM)
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		b, err := os.ReadFile(ts.MkAbs("log"))
		ts.Check(err)
		ts.Fatalf("ended with %d; log:\n%s", code, b)
	}
}

func kill9(ts *testscript.TestScript, neg bool, args []string) { running(ts).end(os.Kill) }

// flip changes one byte in the middle of the only file that matches a pattern: flip GLOB.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(names) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	b, err := os.ReadFile(names[0])
	ts.Check(err)
	if len(b) == 0 {
		ts.Check(errors.New("empty file"))
	}
	b[len(b)/2] ^= 1
	ts.Check(os.Chmod(names[0], 0o600))
	ts.Check(os.WriteFile(names[0], b, 0o600))
}

// sqlite runs a statement behind the program's back: sqlite FILE STATEMENT.
func sqlite(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer d.Close()
	res, err := d.SQL().ExecContext(ctx, args[1])
	ts.Check(err)
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		ts.Fatalf("%s: no row changed", args[1])
	}
}

// query sets NAME to the single value that a query finds: query NAME FILE STATEMENT.
func query(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+ts.MkAbs(args[1]))
	ts.Check(err)
	defer d.Close()
	var value string
	ts.Check(d.SQL().QueryRowContext(ctx, args[2]).Scan(&value))
	ts.Setenv(args[0], value)
}

// waitfor asks again until the query finds the value: waitfor FILE STATEMENT VALUE.
func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer d.Close()
	value := ""
	for deadline := time.Now().Add(patience); value != args[2]; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("after %v still %q", patience, value)
		}
		ts.Check(d.SQL().QueryRowContext(ctx, args[1]).Scan(&value))
	}
}

// shows gets a page again and again until it has the text: shows PATH TEXT.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	body := ""
	for deadline := time.Now().Add(patience); !strings.Contains(body, args[1]); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("after %v no %q on %s:\n%s", patience, args[1], args[0], body)
		}
		resp, err := s.client.Get(s.url + args[0])
		ts.Check(err)
		b, err := io.ReadAll(resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
		body = string(b)
	}
}

// postgres sets NAME to the address of a fresh PostgreSQL database: postgres NAME.
func postgres(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv(args[0], dbtest.Address(test(ts), db.Postgres))
}

// s3 sets NAME to the address of an empty bucket on a real S3 server: s3 NAME.
func s3(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv(args[0], blobtest.S3(test(ts)).Address)
}

// address sets NAME to an address to listen on: address NAME.
func address(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv(args[0], freeAddress(test(ts)))
}

func test(ts *testscript.TestScript) testing.TB {
	t, ok := ts.Value(testKey{}).(testing.TB)
	if !ok {
		ts.Fatalf("no test")
	}
	return t
}

type testKey struct{}
