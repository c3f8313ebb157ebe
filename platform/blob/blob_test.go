package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/blob"
	"rennsteig/platform/blob/blobtest"
	"rennsteig/platform/errs"
)

func open(t testing.TB, address string) blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "if missing")
	blobtest.Conformance(t, open(t, dir))
	for _, name := range files(t, dir) {
		if len(filepath.Base(name)) != 64 {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestS3(t *testing.T) { blobtest.Conformance(t, open(t, blobtest.S3(t).Address)) }

// each runs f on both kinds of store; dir is where its blobs lie as files, each where path says.
func each(t *testing.T, f func(t *testing.T, s blob.Store, dir string, path func(hash string) string)) {
	t.Run("folder", func(t *testing.T) {
		dir := t.TempDir()
		f(t, open(t, dir), dir, func(h string) string { return filepath.Join(dir, h[:2], h) })
	})
	t.Run("s3", func(t *testing.T) {
		s3 := blobtest.S3(t)
		f(t, open(t, s3.Address), s3.Dir, func(h string) string { return former(s3.Dir, h) })
	})
}

// former is where earlier versions put a blob into a folder.
func former(dir, hash string) string { return filepath.Join(dir, hash[:2], hash[2:4], hash) }

// What earlier versions put, two folders deep, is there as if it were put today, and only once.
func TestFormerPlaces(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var want []blob.Ref
	for i := range 300 {
		ref, err := s.Put(t.Context(), strings.NewReader(fmt.Sprint(i)), 10)
		if err != nil {
			t.Fatal(err)
		}
		if want = append(want, ref); i%2 == 0 {
			if err := os.MkdirAll(filepath.Dir(former(dir, ref.Hash)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, ref.Hash[:2], ref.Hash), former(dir, ref.Hash)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, ref := range want {
		if got := blobtest.Read(t, s, ref.Hash); got != fmt.Sprint(i) {
			t.Fatalf("%d is read as %q", i, got)
		}
		if got, err := s.Stat(t.Context(), ref.Hash); err != nil || got != ref {
			t.Fatalf("%d: %v, %v", i, got, err)
		}
		if _, err := s.Put(t.Context(), strings.NewReader(fmt.Sprint(i)), 10); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(files(t, dir)); n != len(want) {
		t.Errorf("put again, %d blobs are %d files", len(want), n)
	}
	slices.SortFunc(want, func(a, b blob.Ref) int { return strings.Compare(a.Hash, b.Hash) })
	var got []blob.Ref
	if err := s.List(t.Context(), func(r blob.Ref, _ time.Time) error { got = append(got, r); return nil }); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d are listed, or not in their order (%v)", len(got), err)
	}
	for _, ref := range want {
		if err := s.Delete(t.Context(), ref.Hash); err != nil {
			t.Fatal(err)
		}
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("deleted, %d are left", len(left))
	}
}

func TestDamagedContentIsNamed(t *testing.T) {
	for _, damage := range []struct {
		name string
		do   func(b []byte) []byte
	}{
		{"a flipped bit", func(b []byte) []byte { b[5000] ^= 1; return b }},
		{"cut off", func(b []byte) []byte { return b[:9000] }},
		{"something added", func(b []byte) []byte { return append(b, 'x') }},
		{"emptied", func([]byte) []byte { return nil }},
	} {
		t.Run(damage.name, func(t *testing.T) {
			each(t, func(t *testing.T, s blob.Store, _ string, path func(string) string) {
				ref, err := s.Put(t.Context(), strings.NewReader(strings.Repeat("x", 10_000)), 10_000)
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(path(ref.Hash))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path(ref.Hash), damage.do(b), 0o600); err != nil {
					t.Fatal(err)
				}
				rc, err := s.Open(t.Context(), ref.Hash)
				if err != nil {
					t.Fatal(err)
				}
				defer rc.Close()
				_, err = io.Copy(io.Discard, rc)
				var corrupt *blob.Corrupt
				if !errors.As(err, &corrupt) || corrupt.Hash != ref.Hash || !strings.Contains(err.Error(), ref.Hash) {
					t.Fatalf("reading says %v", err)
				}
			})
		})
	}
}

func TestPutMendsWhatHasTheWrongSize(t *testing.T) {
	each(t, func(t *testing.T, s blob.Store, _ string, path func(string) string) {
		for range 2 {
			ref, err := s.Put(t.Context(), strings.NewReader("whole"), 5)
			if err != nil {
				t.Fatal(err)
			}
			if got := blobtest.Read(t, s, ref.Hash); got != "whole" {
				t.Fatalf("read %q", got)
			}
			if err := os.WriteFile(path(ref.Hash), []byte("ho"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A folder that somebody took away while the program runs is made again.
func TestPutAfterFolderWasRemoved(t *testing.T) {
	each(t, func(t *testing.T, s blob.Store, dir string, path func(string) string) {
		for _, all := range []bool{false, true, false} { // the blob's folder, the outermost one with it, and once more
			ref, err := s.Put(t.Context(), strings.NewReader("whole"), 5)
			if err != nil {
				t.Fatal(err)
			}
			if got := blobtest.Read(t, s, ref.Hash); got != "whole" {
				t.Fatalf("read %q", got)
			}
			gone := filepath.Dir(path(ref.Hash))
			if all {
				gone = filepath.Join(dir, ref.Hash[:2])
			}
			if err := os.RemoveAll(gone); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestListSkipsWhatIsNotOurs(t *testing.T) {
	each(t, func(t *testing.T, s blob.Store, dir string, _ func(string) string) {
		for _, name := range []string{"readme.txt", "ab/note", "aa/" + strings.Repeat("c", 64), "cc/aa/" + strings.Repeat("c", 64), "tmp/123", strings.Repeat("a", 64), "tmp/" + strings.Repeat("b", 64)} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := s.List(t.Context(), func(r blob.Ref, _ time.Time) error { return fmt.Errorf("listed %v", r) })
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestLeftoversAreSweptAtStart(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	for name, age := range map[string]time.Duration{"tmp/old": 25 * time.Hour, "tmp/young": time.Hour, "other": 99 * time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
	if left := fmt.Sprint(files(t, dir)); left != "[other tmp/young]" {
		t.Fatalf("left are %s", left)
	}
}

// TestFullDisk stores a file in a process whose files must not grow beyond 64 KiB: the write fails midway, as on a
// full disk.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv("BLOB_TEST_FULL"); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		_, err := s.Put(t.Context(), bytes.NewReader(make([]byte, 1<<20)), 2<<20)
		if !errs.Is(err, errs.Unavailable) || !errors.Is(err, syscall.EFBIG) {
			t.Fatalf("Put says %v", err)
		}
		if _, err := s.Put(t.Context(), strings.NewReader("small"), 100); err != nil {
			t.Fatalf("what fits is refused: %v", err)
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), "BLOB_TEST_FULL="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if left := files(t, dir); len(left) != 1 || len(filepath.Base(left[0])) != 64 {
		t.Fatalf("left are %v, want the small file only", left)
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.RemoveAll(dir); err != nil { // unmounted, say; root may write where it likes
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), strings.NewReader("x"), 1); !errs.Is(err, errs.Unavailable) {
		t.Errorf("Put says %v", err)
	}
	if _, err := blob.Open(t.Context(), "/dev/null/blobs"); err == nil {
		t.Error("a folder inside a file was opened")
	}
}

func TestS3Away(t *testing.T) {
	server := blobtest.S3(t)
	s := open(t, server.Address)
	ref, err := s.Put(t.Context(), strings.NewReader("x"), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Open(t.Context(), strings.Replace(server.Address, "/rennsteig", "/nobody", 1)); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a missing bucket: %v", err)
	}
	if _, err := blob.Open(t.Context(), strings.Replace(server.Address, "test-key", "stranger", 1)); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a wrong key: %v", err)
	}
	server.Stop()
	calls := map[string]func(ctx context.Context) error{
		"Put":    func(ctx context.Context) error { _, err := s.Put(ctx, strings.NewReader("y"), 1); return err },
		"Open":   func(ctx context.Context) error { _, err := s.Open(ctx, ref.Hash); return err },
		"Stat":   func(ctx context.Context) error { _, err := s.Stat(ctx, ref.Hash); return err },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, ref.Hash) },
		"List":   func(ctx context.Context) error { return s.List(ctx, func(blob.Ref, time.Time) error { return nil }) },
	}
	for name, call := range calls {
		err := call(t.Context())
		if !errs.Is(err, errs.Unavailable) {
			t.Errorf("%s says %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "signs") {
			t.Errorf("%s tells the secret: %v", name, err)
		}
	}
}

func TestBadAddressesDoNotTellTheSecret(t *testing.T) {
	for _, address := range []string{"", "s3://", "s3://host/bucket", "s3://key@host/bucket", "s3://key:geheim@host",
		"s3://key:geheim@host/a/b", "s3://key:geh%eim@host/bucket", "s3://key:geheim@ho st/bucket"} {
		_, err := blob.Open(t.Context(), address)
		if err == nil {
			t.Errorf("%q was opened", address)
		} else if strings.Contains(err.Error(), "geh") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestAnyContent puts, in any order, contents of any size, and expects each to be kept once.
func TestAnyContent(t *testing.T) {
	s := open(t, t.TempDir())
	rapid.Check(t, func(r *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 70_000).Draw(r, "content")
		limit := rapid.Int64Range(0, 70_000).Draw(r, "limit")
		ref, err := s.Put(t.Context(), bytes.NewReader(b), limit)
		if int64(len(b)) > limit {
			if !errs.Is(err, errs.TooLarge) {
				r.Fatalf("%d bytes where %d are allowed: %v", len(b), limit, err)
			}
			return
		}
		if err != nil || ref.Size != int64(len(b)) {
			r.Fatalf("%v, %v", ref, err)
		}
		if got := blobtest.Read(t, s, ref.Hash); got != string(b) {
			r.Fatal("content changed")
		}
	})
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// BenchmarkPut measures small new files in a folder, from four goroutines a processor.
func BenchmarkPut(b *testing.B) {
	s := open(b, b.TempDir())
	var n atomic.Int64
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Put(b.Context(), strings.NewReader(fmt.Sprint("content ", n.Add(1))), 1000); err != nil {
				b.Error(err)
			}
		}
	})
}
