package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rennsteig/e2e/browser"
)

// server is a running program.
type server struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client // keeps its cookies over restarts

	manyPages bool // its pages are too many to be looked at in every view
	chromium  func() *browser.Chromium
}

// startServer runs "rennsteig ARGS" in a folder of its own, until the test ends.
func startServer(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	s := &server{chromium: sync.OnceValue(func() *browser.Chromium { return browser.Start(t) })}
	if err := s.start(dir, args...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.end(syscall.SIGTERM)
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("log of the program:\n%s", b)
		}
	})
	return s
}

// start runs "rennsteig ARGS" in dir and waits for its ready line. Its log is dir/log.
func (s *server) start(dir string, args ...string) error {
	if s.cmd != nil {
		return fmt.Errorf("a program is running already")
	}
	cmd := exec.Command("rennsteig", args...) // testscript.Main has put it into PATH
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=Pacific/Auckland") // offices reckon in Berlin all the same
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd = cmd
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		s.end(os.Kill)
		b, _ := os.ReadFile(log.Name())
		return fmt.Errorf("no ready line, but %q; log:\n%s", line, b)
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // the pipe ends with the process
	if s.client == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		s.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	}
	s.url = address
	return nil
}

func (s *server) end(sig os.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig) // it may have gone already
	_ = s.cmd.Wait()
	s.cmd = nil
}
