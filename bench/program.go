package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver for making databases

	"rennsteig/app"
	"rennsteig/platform/db"
)

// childVariable tells this binary to be a server: the program itself, or the floor.
const (
	childVariable = "RENNSTEIG_BENCH_SERVER"
	asProgram     = "program"
	asFloor       = "floor"
)

// child is the main function of a server.
func child(job string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go profile(ctx)
	if job == asFloor {
		if err := floor(ctx, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "floor:", err)
			return 1
		}
		return 0
	}
	return app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// profile writes a CPU profile from one SIGUSR1 to the next, into the file that profileVariable names.
func profile(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	var file *os.File
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		if file != nil {
			pprof.StopCPUProfile()
			file.Close()
			file = nil
			continue
		}
		var err error
		if file, err = os.Create(os.Getenv(profileVariable)); err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
			file = nil
		}
	}
}

const profileVariable = "RENNSTEIG_BENCH_PROFILE"

// server is a child.
type server struct {
	cmd      *exec.Cmd
	url      string
	host     string // host:port
	profiled bool
}

// start runs the demo and waits until it serves.
func (b *bench) start(dialect db.Dialect, address string) (*server, time.Duration, error) {
	data := filepath.Join(b.dir, string(dialect))
	return b.serve(asProgram, string(dialect), "demo", "--data", data, "--db", address, "--listen", "127.0.0.1:0", "--no-limits")
}

func (b *bench) serve(job, profile string, args ...string) (*server, time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, 0, err
	}
	s := &server{cmd: exec.Command(self, args...)}
	s.cmd.Env = append(os.Environ(), childVariable+"="+job)
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o755); err != nil { //nolint:gosec // profiles are no secret
			return nil, 0, err
		}
		s.profiled = true
		s.cmd.Env = append(s.cmd.Env, profileVariable+"="+filepath.Join(b.profile, profile+".pprof"))
	}
	log, err := os.Create(filepath.Join(b.dir, job+".log"))
	if err != nil {
		return nil, 0, err
	}
	defer log.Close()
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, 0, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	took := time.Since(began)
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		s.stop()
		said, _ := os.ReadFile(log.Name())
		return nil, 0, fmt.Errorf("%s did not start: %q, %w\n%s", job, line, errors.Join(err, b.ctx.Err()), said)
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // ends with the process
	s.url, s.host = at, strings.TrimPrefix(at, "http://")
	return s, took, nil
}

func (s *server) stop() {
	if s == nil || s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = s.cmd.Wait()
	s.cmd = nil
}

// toggle begins or ends the server's profile, and gives it the time to do so.
func (s *server) toggle() {
	if s.profiled {
		_ = s.cmd.Process.Signal(syscall.SIGUSR1) // it may have ended
		time.Sleep(300 * time.Millisecond)
	}
}

// cpu is the processor time the server has used; 0 where the system does not say.
func (s *server) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 everywhere
}

// memory is the most memory that the server has had, in words; "unknown" where the system does not say.
func (s *server) memory() string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	if f := strings.Fields(rest); len(f) > 1 {
		if kb, err := strconv.Atoi(f[0]); err == nil {
			return fmt.Sprintf("%d MB", kb>>10)
		}
	}
	return "unknown"
}

// database is the address of a new, empty database.
func (b *bench) database(dialect db.Dialect, what string) (string, error) {
	if dialect == db.SQLite {
		dir := filepath.Join(b.dir, "sqlite-"+what)
		return "sqlite:" + filepath.Join(dir, "rennsteig.db"), os.Mkdir(dir, 0o700)
	}
	d, err := sql.Open("pgx", b.pg)
	if err != nil {
		return "", err
	}
	defer d.Close() //nolint:errcheck // nothing is pending on it
	name := fmt.Sprintf("bench_%s_%d", what, time.Now().UnixNano())
	if _, err := d.ExecContext(b.ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(b.pg)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// setting is a setting of the PostgreSQL.
func (b *bench) setting(name string) (value string, err error) {
	d, err := sql.Open("pgx", b.pg)
	if err != nil {
		return "", err
	}
	defer d.Close() //nolint:errcheck // nothing is pending on it
	return value, d.QueryRowContext(b.ctx, "SELECT current_setting($1)", name).Scan(&value)
}
