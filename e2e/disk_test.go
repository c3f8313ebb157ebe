package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rennsteig/e2e/citizen"
	"rennsteig/platform/db/dbtest"
)

// The disk fills up: who sends something learns that it was not saved, what was confirmed before can be read, and once
// there is room again everything goes on. Nothing is kept in part. On a small disk, where one may be mounted, and always
// with a limit on the size of the program's files.
func TestFullDisk(t *testing.T) {
	t.Run("small disk", func(t *testing.T) { fullDisk(t, true) })
	t.Run("limited files", func(t *testing.T) { fullDisk(t, false) })
}

func fullDisk(t *testing.T, small bool) {
	dir := t.TempDir()
	mount := filepath.Join(dir, "disk")
	if err := os.Mkdir(mount, 0o700); err != nil {
		t.Fatal(err)
	}
	if small {
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=48m,mode=700", "none", mount).CombinedOutput(); err != nil {
			t.Logf("no small disk can be mounted here (%s); the limited files say as much", out)
			return
		}
		t.Cleanup(func() {
			if out, err := exec.Command("umount", mount).CombinedOutput(); err != nil {
				t.Errorf("umount: %v: %s", err, out)
			}
		})
	}
	s := startServer(t, dir, "demo", "--data", "disk/d", "--listen", "127.0.0.1:0", "--no-limits")
	ballast := filepath.Join(mount, "ballast")
	fill, free := func() { fillDisk(t, ballast) }, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	if !small {
		fill = func() { s.limitFiles(t, "4096") }
		free = func() { s.limitFiles(t, "unlimited") }
	}

	before, _ := s.applied(t, true)
	reference, err := before.Reference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	filed := func(c *citizen.Citizen, reference string) {
		t.Helper()
		wait(t, "the filing of "+reference, func() bool {
			page, err := c.Status(t.Context(), reference)
			return err == nil && strings.Contains(page, "Aktenzeichen")
		})
	}
	filed(before, reference)
	draft := citizen.New(s.url, http.DefaultTransport)
	if err := draft.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}

	fill()
	confirmed := 0
	for ; ; confirmed++ {
		status, body := s.report(t, confirmed)
		if status == http.StatusServiceUnavailable {
			if !strings.Contains(body, "ist nicht gespeichert") {
				t.Errorf("the page does not say so:\n%s", body)
			}
			break
		}
		if status != http.StatusOK { // the page of thanks
			t.Fatalf("report %d: %d\n%s", confirmed, status, body)
		}
		if confirmed == 5000 {
			t.Fatal("the disk is never full")
		}
	}
	if status := s.uploaded(t, draft, 4<<20); status != http.StatusServiceUnavailable {
		t.Errorf("an upload to a full disk is answered with %d", status)
	}
	for path, text := range map[string]string{"/": "Das richtige Amt finden", "/suche?q=hund+anmelden&ort=Erfurt": "Stadt Erfurt", "/healthz": "ok",
		"/antrag/start/hund-anmelden?ort=160510000000": "Ohne Konto beginnen"} {
		if status, body := s.read(t, path); status != http.StatusOK || !strings.Contains(body, text) {
			t.Errorf("%s cannot be read: %d", path, status)
		}
	}
	if page, err := before.Status(t.Context(), reference); err != nil || !strings.Contains(page, "Aktenzeichen") {
		t.Errorf("what was confirmed cannot be read: %v", err)
	}

	free()
	if status := s.uploaded(t, draft, 4<<20); status != http.StatusSeeOther {
		t.Errorf("an upload afterwards is answered with %d", status)
	}
	pay, err := draft.Send(t.Context(), "800")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Pay(t.Context(), pay); err != nil {
		t.Fatal(err)
	}
	if reference, err = draft.Reference(t.Context()); err != nil {
		t.Fatal(err)
	}
	filed(draft, reference)
	s.drained(t, "sqlite:"+filepath.Join(mount, "d", "rennsteig.db"))
	s.end(syscall.SIGTERM)

	d := dbtest.OpenAddress(t, "sqlite:"+filepath.Join(mount, "d", "rennsteig.db"))
	var n int
	if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM app_report`).Scan(&n); err != nil || n != confirmed {
		t.Errorf("%d reports were confirmed and %d are kept: %v", confirmed, n, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(mount, "d", "blobs", "tmp")); err != nil || len(left) > 0 {
		t.Errorf("halves of files are left: %v, %v", left, err)
	}
	rennsteig(t, dir, true, "audit", "verify", "--data", "disk/d")
}

// fillDisk writes until there is no room for a single byte.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// limitFiles lets no file of the program grow beyond so many bytes (setrlimit(2)).
func (s *server) limitFiles(t *testing.T, size string) {
	t.Helper()
	out, err := exec.Command("prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--fsize="+size+":unlimited").CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit (util-linux): %v: %s", err, out)
	}
}

func (s *server) report(t *testing.T, n int) (status int, body string) {
	t.Helper()
	form := url.Values{"text": {fmt.Sprintf("Barriere %d: %s", n, strings.Repeat("x", 3000))}}
	resp, err := s.client.PostForm(s.url+"/barrierefreiheit", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

// uploaded uploads a paper of so many bytes to the draft.
func (s *server) uploaded(t *testing.T, c *citizen.Citizen, size int) (status int) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("id_copy", "ausweis.pdf")
	if err != nil {
		t.Fatal(err)
	}
	content := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("x"), size)...)
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.WriteField("_upload", "1"), w.Close()); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: c.Jar(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Post(s.url+c.Draft()+"/ausweis", w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
