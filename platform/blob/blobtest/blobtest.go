// Package blobtest holds what every blob.Store must do, and starts a real S3 server for tests.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/errs"
)

// Conformance checks s, which must be empty, against the promises of blob.Store.
func Conformance(t *testing.T, s blob.Store) {
	ctx := t.Context()
	put := func(t *testing.T, content string) blob.Ref {
		t.Helper()
		ref, err := s.Put(ctx, strings.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	t.Run("what is put is read", func(t *testing.T) {
		for _, content := range []string{"", "x", "Grüße\x00\xff", strings.Repeat("rennsteig ", 700_000)} {
			sum := sha256.Sum256([]byte(content))
			want := blob.Ref{Hash: hex.EncodeToString(sum[:]), Size: int64(len(content))}
			for range 2 { // the second time it is there already
				if got := put(t, content); got != want {
					t.Fatalf("Put says %v, want %v", got, want)
				}
			}
			if got, err := s.Stat(ctx, want.Hash); err != nil || got != want {
				t.Fatalf("Stat says %v, %v, want %v", got, err, want)
			}
			if got := Read(t, s, want.Hash); got != content {
				t.Fatalf("%d bytes came back changed", len(content))
			}
		}
	})
	t.Run("what is not there", func(t *testing.T) {
		for _, name := range []string{strings.Repeat("0", 64), "", "abc", "../" + strings.Repeat("0", 61),
			strings.Repeat("A", 64), strings.Repeat("0", 63) + "/", strings.Repeat("0", 65)} {
			if _, err := s.Open(ctx, name); !errs.Is(err, errs.NotFound) {
				t.Errorf("Open(%q): %v", name, err)
			}
			if _, err := s.Stat(ctx, name); !errs.Is(err, errs.NotFound) {
				t.Errorf("Stat(%q): %v", name, err)
			}
			if err := s.Delete(ctx, name); err != nil {
				t.Errorf("Delete(%q): %v", name, err)
			}
		}
	})
	t.Run("too large", func(t *testing.T) {
		before := list(t, s)
		_, err := s.Put(ctx, strings.NewReader("0123456789"), 9)
		if !errs.Is(err, errs.TooLarge) {
			t.Errorf("10 bytes where 9 are allowed: %v", err)
		}
		if after := list(t, s); !slices.Equal(before, after) {
			t.Errorf("a refused file was stored: %v", after)
		}
	})
	t.Run("broken source", func(t *testing.T) {
		before, gone := list(t, s), errors.New("the sender has gone")
		r := io.MultiReader(strings.NewReader("half of it"), iotest.ErrReader(gone))
		if _, err := s.Put(ctx, r, 1000); !errors.Is(err, gone) {
			t.Errorf("Put says %v", err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.Put(ended, strings.NewReader("never wanted"), 1000); !errors.Is(err, context.Canceled) {
			t.Errorf("Put with an ended context says %v", err)
		}
		if after := list(t, s); !slices.Equal(before, after) {
			t.Errorf("half a file was stored: %v", after)
		}
	})
	t.Run("list and delete", func(t *testing.T) {
		ref := put(t, "soon gone")
		refs := list(t, s)
		if !slices.Contains(refs, ref) || !slices.IsSortedFunc(refs, func(a, b blob.Ref) int { return strings.Compare(a.Hash, b.Hash) }) {
			t.Errorf("list is %v", refs)
		}
		stop, calls := errors.New("enough"), 0
		if err := s.List(ctx, func(blob.Ref, time.Time) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
			t.Errorf("List went on after an error: %d calls, %v", calls, err)
		}
		for range 2 {
			if err := s.Delete(ctx, ref.Hash); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Open(ctx, ref.Hash); !errs.Is(err, errs.NotFound) {
			t.Errorf("deleted, yet Open says %v", err)
		}
		if slices.Contains(list(t, s), ref) {
			t.Error("deleted, yet listed")
		}
	})
	t.Run("many at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				content := fmt.Sprintf("content %d", i%4) // four writers for each
				ref, err := s.Put(ctx, strings.NewReader(content), 100)
				if err != nil {
					t.Error(err)
					return
				}
				if got := Read(t, s, ref.Hash); got != content {
					t.Errorf("read %q, want %q", got, content)
				}
			})
		}
		wg.Wait()
	})
}

// Read reads a blob whole.
func Read(t testing.TB, s blob.Store, hash string) string {
	t.Helper()
	rc, err := s.Open(t.Context(), hash)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func list(t testing.TB, s blob.Store) []blob.Ref {
	t.Helper()
	var refs []blob.Ref
	if err := s.List(t.Context(), func(r blob.Ref, _ time.Time) error { refs = append(refs, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return refs
}

// Server is a running S3 server.
type Server struct {
	Address string // of its bucket, for blob.Open
	Dir     string // where the bucket's objects lie as files
	Stop    func() // ends it, for tests of its absence; it ends with the test anyway
}

// S3 starts a versitygw with one empty bucket: the binary RENNSTEIG_TEST_VERSITYGW, else .tools/bin/versitygw of
// this module.
func S3(t testing.TB) Server {
	t.Helper()
	bin := os.Getenv("RENNSTEIG_TEST_VERSITYGW")
	if bin == "" {
		bin = filepath.Join(moduleRoot(t), ".tools", "bin", "versitygw")
	}
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("no S3 server for tests (%v): run make tools", err)
	}
	root := t.TempDir()
	dir := filepath.Join(root, "rennsteig")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const key, secret = "test-key", "test secret/with+signs"
	for range 3 { // somebody else may take the port between our look and its start
		host := freePort(t)
		var log bytes.Buffer
		cmd := exec.Command(bin, "--port", host, "--access", key, "--secret", secret, "--region", "eu-test", "--quiet",
			"posix", "--sidecar", t.TempDir(), root)
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()                      //nolint:errcheck // it was told to stop
		stop := sync.OnceFunc(func() { cmd.Process.Kill(); <-ended }) //nolint:errcheck // it may have gone
		t.Cleanup(stop)
		u := url.URL{Scheme: "s3", User: url.UserPassword(key, secret), Host: host, Path: "rennsteig", RawQuery: "region=eu-test&insecure=1"}
		if answers(host, ended) {
			return Server{Address: u.String(), Dir: dir, Stop: stop}
		}
		stop()
		t.Logf("versitygw did not start: %s", log.String())
	}
	t.Fatal("versitygw did not start")
	panic("unreachable")
}

func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was sent
	return l.Addr().String()
}

// answers waits until something listens at host; false if the server ended or is silent for 20 s.
func answers(host string, ended <-chan struct{}) bool {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if c, err := net.DialTimeout("tcp", host, time.Second); err == nil {
			c.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false
}

func moduleRoot(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
