package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rennsteig/platform/blob/blobtest"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// serveArgs are the settings of a production process; everything but its addresses is shared with others.
func serveArgs(t *testing.T, dir, database, blobs string) []string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("geheim"), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := freeAddress(t)
	return []string{"serve", "--db", database, "--blobs", blobs, "--audit-key", "audit.key", "--listen", listen, "--base-url", "http://" + listen,
		"--oidc-issuer", "http://127.0.0.1:1", "--oidc-client-secret-file", "secret", "--owner-name", "Stadt", "--owner-address", "Weg 1",
		"--owner-contact", "post@example.org"}
}

// Three processes begin at once on an empty database: one of them makes the tables and loads the facts, all of them
// serve, and none does it twice.
func TestFirstStartOfMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database, blobs := dbtest.Address(t, db.Postgres), blobtest.S3(t).Address
	var servers [3]*server
	var args [3][]string
	for i := range servers {
		servers[i], args[i] = &server{}, serveArgs(t, dir, database, blobs)
		t.Cleanup(func() { servers[i].end(syscall.SIGTERM) })
	}
	var group sync.WaitGroup
	for i := range servers {
		group.Go(func() {
			if err := servers[i].start(dir, args[i]...); err != nil {
				t.Errorf("process %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	d := dbtest.OpenAddress(t, database)
	var loads string
	if err := d.Reader().QueryRow(t.Context(), `SELECT value FROM finder_state WHERE name = 'version'`).Scan(&loads); err != nil || loads != "1" {
		t.Errorf("the facts were loaded %s times: %v", loads, err)
	}

	// The authority offers two forms; one is to be paid first, and nobody here takes money.
	at := []string{"--db", database, "--blobs", blobs, "--key", "audit.key"}
	for _, form := range []string{"hund-anmelden", "meldebescheinigung"} {
		rennsteig(t, dir, true, append([]string{"apply", "offer", form, "160510000000"}, at...)...)
	}
	rennsteig(t, dir, true, append([]string{"pay", "fee", "160510000000", "99115003012000", "8,00"}, at...)...)
	for _, s := range servers { // each learns of it
		wait(t, "the offer", func() bool {
			_, body := s.read(t, "/antrag/start/hund-anmelden?ort=160510000000")
			return strings.Contains(body, "Ohne Konto beginnen")
		})
		wait(t, "the fee", func() bool {
			status, body := s.read(t, "/antrag/start/meldebescheinigung?ort=160510000000")
			return status == http.StatusNotFound && strings.Contains(body, "Online bezahlen lässt sie sich dort noch nicht")
		})
		if _, body := s.read(t, "/suche?q=meldebescheinigung&ort=Erfurt"); strings.Contains(body, "/antrag/start/meldebescheinigung") {
			t.Error("the search offers what cannot be paid")
		}
		if _, body := s.read(t, "/suche?q=hund+anmelden&ort=Erfurt"); !strings.Contains(body, "/antrag/start/hund-anmelden") {
			t.Error("the search does not offer what can be had")
		}
	}
	for _, s := range servers {
		s.end(syscall.SIGTERM)
	}
	rennsteig(t, dir, true, "audit", "verify", "--db", database, "--blobs", blobs, "--key", "audit.key")
}

func (s *server) read(t *testing.T, path string) (status int, body string) {
	t.Helper()
	resp, err := s.client.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// Who is sending a form when the program is asked to stop gets an answer; nobody new is let in.
func TestStopLetsFinish(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, dir, "demo", "--data", "d", "--listen", "127.0.0.1:0")
	host := strings.TrimPrefix(s.url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	body := "text=Der+Knopf+wird+nicht+vorgelesen."
	if _, err := fmt.Fprintf(conn, "POST /barrierefreiheit HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", host, len(body)); err != nil {
		t.Fatal(err)
	}
	answer := bufio.NewReader(conn)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") { // the handler reads the form
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := answer.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait(t, "no more callers", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Errorf("answered with %s", resp.Status)
	}
	cmd := s.cmd
	s.end(syscall.SIGTERM)
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	var n int
	d := dbtest.OpenAddress(t, "sqlite:"+filepath.Join(dir, "d", "rennsteig.db"))
	if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM app_report`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d reports kept, %v", n, err)
	}
}
