// Package scantest starts a real clamd for tests, which knows one signature: that of EICAR.
package scantest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// EICAR is the harmless file that every scanner must find (eicar.org). It is put together here, so that scanners leave
// this program and its source alone.
const EICAR = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE` + `!$H+H*`

// Signature is the name under which it finds EICAR.
const Signature = "Rennsteig.Test.EICAR.UNOFFICIAL"

// StreamMaxLength is how many bytes of a stream it takes.
const StreamMaxLength = 1 << 20

// Server is a running clamd.
type Server struct {
	Address string // for scan.New
	Stop    func() // ends it, for tests of its absence; it ends with the test anyway
}

// Start starts a clamd, which takes a quarter of a second: the binary RENNSTEIG_TEST_CLAMD, else Debian's.
func Start(t testing.TB) Server {
	t.Helper()
	bin := os.Getenv("RENNSTEIG_TEST_CLAMD")
	if bin == "" {
		bin = "clamd"
		if _, err := exec.LookPath(bin); err != nil {
			bin = "/usr/sbin/clamd" // which Debian leaves out of a user's PATH
		}
	}
	if _, err := exec.LookPath(bin); err != nil {
		t.Fatalf("no clamd for tests (%v): run make deps", err)
	}
	dir, err := os.MkdirTemp("", "clamd") // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	socket := filepath.Join(dir, "clamd.sock")
	write(t, filepath.Join(dir, "test.ndb"), "Rennsteig.Test.EICAR:0:*:"+hex.EncodeToString([]byte(EICAR))+"\n")
	write(t, filepath.Join(dir, "clamd.conf"), fmt.Sprintf("Foreground yes\nDatabaseDirectory %s\nLocalSocket %s\nTemporaryDirectory %s\nStreamMaxLength %d\n",
		dir, socket, dir, StreamMaxLength))
	var log bytes.Buffer
	cmd := exec.Command(bin, "--config-file="+filepath.Join(dir, "clamd.conf"))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()                      //nolint:errcheck // it was told to stop
	stop := sync.OnceFunc(func() { cmd.Process.Kill(); <-ended }) //nolint:errcheck // it may have gone
	t.Cleanup(stop)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return Server{Address: "unix:" + socket, Stop: stop}
		}
		select {
		case <-ended:
			t.Fatalf("clamd did not start: %s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	t.Fatalf("clamd did not listen: %s", log.String())
	panic("unreachable")
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
