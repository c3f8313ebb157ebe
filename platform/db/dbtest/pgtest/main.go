// Command pgtest runs a command with a private PostgreSQL, whose address is in RENNSTEIG_TEST_PG:
//
//	go run ./platform/db/dbtest/pgtest -- go test ./...
//
// With -durable the PostgreSQL syncs to disk, as an operator's does: for measuring. Else it is made for speed, and in
// memory where there is a /dev/shm with 2 GB to spare and TMPDIR does not say otherwise.
//
// It ends with the command's exit code; the database is stopped and removed in any case. If RENNSTEIG_TEST_PG is set
// already, the command simply runs.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"rennsteig/platform/db/dbtest"
)

func main() {
	args := os.Args[1:]
	durable := len(args) > 0 && args[0] == "-durable"
	if durable {
		args = args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgtest [-durable] -- COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	os.Exit(run(args, durable))
}

func run(args []string, durable bool) int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if os.Getenv(dbtest.Variable) == "" {
		address, stop, err := dbtest.Start(durable)
		if err != nil {
			return failed(err)
		}
		defer stop()
		if err := os.Setenv(dbtest.Variable, address); err != nil {
			return failed(err)
		}
	}
	select {
	case s := <-signals: // while the database started
		return code(s)
	default:
	}
	c := exec.Command(args[0], args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		return failed(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	var kill <-chan time.Time
	for {
		select {
		case s := <-signals:
			c.Process.Signal(s) //nolint:errcheck // it may have ended
			kill = time.After(10 * time.Second)
		case <-kill:
			c.Process.Kill() //nolint:errcheck // it may have ended
		case err := <-ended:
			var exit *exec.ExitError
			switch {
			case err == nil:
				return 0
			case !errors.As(err, &exit):
				return failed(err)
			}
			if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
				return code(s.Signal())
			}
			return exit.ExitCode()
		}
	}
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "pgtest:", err)
	return 1
}

// code is a shell's exit code for a command ended by a signal.
func code(s os.Signal) int {
	n, _ := s.(syscall.Signal)
	return 128 + int(n)
}
