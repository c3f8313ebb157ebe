package disposal

import (
	"bytes"
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

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/queue"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

// place is where a program has its data.
type place struct{ address, dir string }

// house opens a house there, as often as one likes.
func (p place) house(ctx context.Context) (*platform.House, error) {
	d, err := db.Open(ctx, p.address)
	if err != nil {
		return nil, err
	}
	blobs, err := blob.Open(ctx, filepath.Join(p.dir, "blobs"))
	if err != nil {
		return nil, err
	}
	key, err := audit.OpenKey(filepath.Join(p.dir, "key"), "test")
	if err != nil {
		return nil, err
	}
	texts := i18n.New()
	for _, r := range append([]platform.Files{{FS: web.Files}, {FS: audit.Files}}, rooms...) {
		if err := texts.Add(r.FS); err != nil {
			return nil, err
		}
	}
	log := slog.New(slog.DiscardHandler)
	return &platform.House{DB: d, Queue: queue.New(d, log), Audit: audit.New(d, key), Blobs: blobs, Site: web.New(texts, web.Assets{}, log), Log: log,
		Now: time.Now, AuthorityName: func(id string) string { return id }}, nil
}

// deathEnv makes the test binary a process that works on jobs until it dies as power fails. Its value says when:
// "put 5000" in the middle of storing a file, "stored" right after that, "stored 3" right after the third, "erase 3" in the
// middle of a transaction that destroys, "clock 7" the seventh time that it is asked for the time.
const deathEnv = "RENNSTEIG_TEST_DEATH"

// What the process does instead of jobs: take over the import with that id, or check the package in that file.
const (
	takeEnv  = deathEnv + "_TAKE"
	checkEnv = deathEnv + "_CHECK"
)

func TestMain(m *testing.M) {
	if when := os.Getenv(deathEnv); when != "" {
		fmt.Fprintln(os.Stderr, "still alive:", work(when))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func work(when string) error {
	kind, number, _ := strings.Cut(when, " ")
	n, _ := strconv.Atoi(number)
	ctx := context.Background()
	h, err := place{os.Getenv(deathEnv + "_DB"), os.Getenv(deathEnv + "_DIR")}.house(ctx)
	if err != nil {
		return err
	}
	years, err := strconv.Atoi(os.Getenv(deathEnv + "_CLOCK"))
	if err != nil {
		return err
	}
	asked := 0
	h.Now = func() time.Time {
		if asked++; kind == "clock" && asked == n {
			kill()
		}
		return time.Now().Add(time.Duration(years))
	}
	h.Queue.Now = h.Now
	h.Blobs = &mortal{h.Blobs, kind, n}
	core, err := records.New(h, desk{}, desk{}, desk{})
	if err != nil {
		return err
	}
	r, err := New(h, core, &dying{kind, n})
	if err != nil {
		return err
	}
	if id := os.Getenv(takeEnv); id != "" {
		if err := r.TakeOver(jenny, id, here(unitA)); err != nil {
			return err
		}
		kill() // before anybody was told
	}
	if name := os.Getenv(checkEnv); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		_, err = r.Check(jenny, bytes.NewReader(b), int64(len(b)), filepath.Base(name), jena, db.NewID())
		return err
	}
	return h.Queue.Drain(ctx)
}

func kill() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	time.Sleep(time.Minute) // a signal takes its time
	panic(err)
}

// mortal is a blob store in a process that dies.
type mortal struct {
	blob.Store
	kind string
	n    int
}

func (m *mortal) Put(ctx context.Context, r io.Reader, limit int64) (blob.Ref, error) {
	if m.kind == "put" {
		r = io.MultiReader(io.LimitReader(r, int64(m.n)), dead{})
	}
	ref, err := m.Store.Put(ctx, r, limit)
	if m.n--; m.kind == "stored" && m.n <= 0 {
		kill()
	}
	return ref, err
}

// dead is a reader that nobody reads twice.
type dead struct{}

func (dead) Read([]byte) (int, error) { kill(); return 0, nil }

// dying is a part of the electronic file in a process that dies.
type dying struct {
	kind string
	n    int
}

func (d *dying) Erase(context.Context, *db.Tx, []string) ([]string, error) {
	if d.n--; d.kind == "erase" && d.n == 0 {
		kill()
	}
	return nil, nil
}

// eachPlace runs f with a house on a database and in a folder that another process can open too.
func eachPlace(t *testing.T, f func(t *testing.T, h *house, die func(when string, env ...string))) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			var migrations []db.Migration
			for _, r := range append([]platform.Files{{Room: "queue", FS: queue.Files}, {Room: "audit", FS: audit.Files}}, rooms...) {
				migrations = append(migrations, db.Migration(r))
			}
			p := place{dbtest.Address(t, dialect, migrations...), t.TempDir()}
			open, err := p.house(t.Context())
			must(t, err)
			t.Cleanup(func() { must(t, open.DB.Close()) })
			h := newHouse(t, open)
			f(t, h, func(when string, env ...string) {
				t.Helper()
				self, err := os.Executable()
				must(t, err)
				c := exec.CommandContext(t.Context(), self)
				c.Env = append(os.Environ(), deathEnv+"="+when, deathEnv+"_DB="+p.address, deathEnv+"_DIR="+p.dir,
					deathEnv+"_CLOCK="+strconv.FormatInt(h.at.Load(), 10))
				c.Env = append(c.Env, env...)
				out, err := c.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != -1 {
					t.Fatalf("%s: the process did not die: %v\n%s", when, err, out)
				}
				h.at.Add(int64(2 * time.Minute)) // the lease of its job ends
			})
		})
	}
}

// kill -9 while a package is written: it is not there, or whole.
func TestKilledWhileWriting(t *testing.T) {
	eachPlace(t, func(t *testing.T, h *house, die func(string, ...string)) {
		h.plans(t)
		f := h.closed(t, claudia, erfurt, unitA)
		h.years(32)
		o := Offering{ID: db.NewID(), Authority: erfurt, Steps: 2, Files: []string{f.ID}}
		_, err := h.Offer(regina, o)
		must(t, err)
		for _, when := range []string{"put 1", "put 1500", "stored", "put 40"} {
			die(when)
			_, packages, _, err := h.Process(regina, o.ID)
			must(t, err)
			if len(packages) != 1 || packages[0].State != PackagePlanned || packages[0].Hash != "" {
				t.Fatalf("%s: %+v", when, packages)
			}
			wantStates(t, h.states(t, o.ID), map[ItemState]int64{HandedOver: 1})
		}
		h.drain(t)
		k, b := h.packageOf(t, o.ID, xdomea.Disposal)
		sound(t, k, b)
		h.verify(t)
	})
}

// kill -9 while files are destroyed: each is whole, or gone with its record.
func TestKilledWhileDestroying(t *testing.T) {
	eachPlace(t, func(t *testing.T, h *house, die func(string, ...string)) {
		h.plans(t)
		var files []records.File
		for range destroyBatch + 5 {
			files = append(files, h.closed(t, claudia, erfurt, unitA))
		}
		h.years(32)
		id := h.offer(t, 2, files...)
		must(t, h.take(regina, message(t, id, xdomea.DisposalResult, result(true, files...)...)))
		_, err := h.Destroy(regina, id)
		must(t, err)
		die("erase 4")
		h.wholeOrGone(t, files, 0)
		die("erase " + strconv.Itoa(destroyBatch+3))
		h.wholeOrGone(t, files, destroyBatch)
		h.drain(t)
		h.wholeOrGone(t, files, len(files))
		wantStates(t, h.states(t, id), map[ItemState]int64{Destroyed: int64(len(files))})
		h.nothingLeft(t, secret)
		h.verify(t)
	})
}

// wholeOrGone looks at each file: so many are gone, with a record, and the others have all they had.
func (h *house) wholeOrGone(t testing.TB, files []records.File, want int) {
	t.Helper()
	gone := 0
	for _, f := range files {
		v, err := h.Retention(regina, f.ID)
		must(t, err)
		cases := h.casesOf(t, f.ID)
		switch {
		case v.File.State == FileArchived && len(cases) == 0 && len(v.Destructions) == 1 && v.Item.State == Destroyed:
			gone++
		case v.File.State == InDisposal && len(cases) == 1 && len(v.Destructions) == 0 && v.Item.State == Destroying:
			documents := h.documentsOfCase(t, cases[0].ID)
			if len(documents) != 2 || !strings.Contains(v.File.Subject, secret) {
				t.Errorf("%s has %d documents", f.Reference, len(documents))
			}
			for _, d := range documents {
				_, content, err := h.core.OpenDocument(claudia, d)
				must(t, err)
				_, err = io.Copy(io.Discard, content)
				must(t, err)
				must(t, content.Close())
			}
		default:
			t.Errorf("%s is half: %s, %d cases, %d records, item %s", f.Reference, v.File.State, len(cases), len(v.Destructions), v.Item.State)
		}
	}
	if gone != want {
		t.Errorf("%d files are gone, want %d", gone, want)
	}
	h.verify(t)
}
