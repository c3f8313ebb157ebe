package filing

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// childAddress in the environment makes the test binary a process that files documents on that database; childDir has its
// stored files and key, childCase is the case.
const (
	childAddress = "FILING_TEST_CHILD"
	childDir     = "FILING_TEST_DIR"
	childCase    = "FILING_TEST_CASE"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(childAddress); address != "" {
		if err := child(address, os.Getenv(childDir), os.Getenv(childCase)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The forms that are sent, and the documents of each.
const (
	killForms = 100
	killEach  = 10
)

func killForm(n int) string {
	return uuid.NewSHA1(uuid.Nil, []byte(strconv.Itoa(n))).String()
}

// openHouse is a house on an existing database.
func openHouse(address, dir string) (*platform.House, *records.Room, *Room, error) {
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	d, err := db.Open(ctx, address)
	if err != nil {
		return nil, nil, nil, err
	}
	blobs, err := blob.Open(ctx, filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := audit.OpenKey(filepath.Join(dir, "audit.key"), "test")
	if err != nil {
		return nil, nil, nil, err
	}
	texts := i18n.New()
	for _, r := range append([]platform.Files{{FS: web.Files}, {FS: audit.Files}}, rooms...) {
		if err := texts.Add(r.FS); err != nil {
			return nil, nil, nil, err
		}
	}
	h := &platform.House{DB: d, Queue: queue.New(d, log), Audit: audit.New(d, key), Blobs: blobs, Site: web.New(texts, web.Assets{}, log), Log: log,
		Now: time.Now, AuthorityName: func(id string) string { return id }}
	core, err := records.New(h, nobody{}, nobody{}, nobody{})
	if err != nil {
		return nil, nil, nil, err
	}
	room, err := New(h, core, newPlain())
	return h, core, room, err
}

// child sends all forms, and says of each when it was filed; beside that it reads texts.
func child(address, dir, caseID string) error {
	h, _, room, err := openHouse(address, dir)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go room.Run(ctx)       //nolint:errcheck // it ends with the process
	go h.Queue.Run(ctx, 1) //nolint:errcheck // it ends with the process
	me := identity.From(clerk("Erika Amt", erfurt))
	for n := range killForms {
		var files []Stored
		for i := range killEach {
			name := fmt.Sprintf("dokument-%03d-%d.txt", n, i)
			ref, err := h.Blobs.Put(ctx, strings.NewReader(strings.Repeat(name+" Dackel\n", 50)), MaxFile)
			if err != nil {
				return err
			}
			files = append(files, Stored{Ref: ref, Name: name, MediaType: "text/plain"})
		}
		if _, err := room.File(identity.With(ctx, me), caseID, killForm(n), files, true); err != nil {
			return err
		}
		fmt.Println(n)
	}
	return nil
}

// kill -9 in the middle of filing 1,000 documents, again and again: what was confirmed is there, no form is there by half,
// and in the end each document is there once and is found.
func TestKillWhileFiling(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			var migrations []db.Migration
			for _, r := range append([]platform.Files{{Room: "queue", FS: queue.Files}, {Room: "audit", FS: audit.Files}}, rooms[:2]...) {
				migrations = append(migrations, db.Migration(r))
			}
			address, dir := dbtest.Address(t, dialect, migrations...), t.TempDir()
			p, core, room, err := openHouse(address, dir)
			must1(t, err)
			t.Cleanup(func() { _ = p.DB.Close() })
			h := &house{Room: room, h: p, plain: newPlain()}
			wire(p, core)
			must1(t, core.EnsurePlan(t.Context(), []string{erfurt}))
			c := h.newCase(t, erfurt, "a1")

			confirmed := map[int]bool{}
			for _, after := range []int{5, 25, 40, killForms} {
				killChild(t, address, dir, c.ID, after, confirmed)
				h.checkForms(t, c.ID, confirmed)
			}
			if n := value[int](t, h, `SELECT count(*) FROM records_document WHERE kind = 'document'`); n != killForms*killEach {
				t.Errorf("%d documents of %d", n, killForms*killEach)
			}
			h.finish(t)
			hits := h.find(t, erika, SearchFilter{Query: "dackel"})
			if len(hits) != killForms*killEach {
				t.Errorf("%d of them are found", len(hits))
			}
			sequenced(t, p)
			report, err := p.Audit.Verify(t.Context(), p.Blobs, func(int64, int64) {})
			must1(t, err)
			if len(report.Problems) > 0 {
				t.Errorf("the log: %v", report.Problems)
			}
		})
	}
}

// killChild starts a process that files, and kills it when it has confirmed so many forms; at the last it ends itself.
func killChild(t *testing.T, address, dir, caseID string, after int, confirmed map[int]bool) {
	t.Helper()
	exe, err := os.Executable()
	must1(t, err)
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), childAddress+"="+address, childDir+"="+dir, childCase+"="+caseID)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	must1(t, err)
	must1(t, cmd.Start())
	lines, last := bufio.NewScanner(out), -1
	for lines.Scan() {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Errorf("the process says %q", lines.Text())
			break
		}
		confirmed[last] = true
		if last+1 == after && after < killForms {
			must1(t, cmd.Process.Kill())
		}
	}
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	var killed *exec.ExitError
	if after < killForms && !errors.As(err, &killed) || after == killForms && err != nil {
		t.Fatalf("the process that was to die after %d forms: %v, the last was %d", after, err, last)
	}
}

// checkForms looks at each form: all its documents or none, and those of a confirmed one, with their bytes and version.
func (h *house) checkForms(t *testing.T, caseID string, confirmed map[int]bool) {
	t.Helper()
	for n := range killForms {
		at := value[int](t, h, `SELECT count(*) FROM records_document d JOIN records_version v ON v.document_id = d.id AND v.number = 1 AND v.hash = d.hash
			WHERE d.case_id = $1 AND d.name LIKE $2`, caseID, fmt.Sprintf("dokument-%03d-%%", n))
		if at != 0 && at != killEach || at == 0 && confirmed[n] {
			t.Errorf("form %d, confirmed %v: %d documents", n, confirmed[n], at)
		}
		if at == 0 {
			continue
		}
		if _, err := h.h.Blobs.Stat(t.Context(), value[string](t, h, `SELECT hash FROM records_document WHERE id = $1`, killForm(n))); err != nil {
			t.Errorf("form %d: %v", n, err)
		}
	}
}

// finish has all texts read; the leases of the processes that died end first.
func (h *house) finish(t *testing.T) {
	t.Helper()
	h.h.Queue.Now = func() time.Time { return time.Now().Add(10 * time.Minute) }
	h.settleAll(t)
}

// sequenced runs the log until every entry is in the tree.
func sequenced(t *testing.T, p *platform.House) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.Audit.Run(ctx) }()
	for {
		var waiting int
		must1(t, p.DB.Reader().QueryRow(ctx, `SELECT count(*) FROM audit_entry WHERE seq IS NULL`).Scan(&waiting))
		if waiting == 0 {
			stop()
			must1(t, <-ended)
			return
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
