package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

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
	"rennsteig/records/access"
)

// deathEnv makes the test binary a process that works on jobs until it is asked so many times who is registrar, which
// is in the middle of handing over a case, and then dies as power fails; 0 never dies.
const deathEnv = "FLOW_TEST_DEATH"

func TestMain(m *testing.M) {
	if when := os.Getenv(deathEnv); when != "" {
		if err := work(when); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func work(when string) error {
	n, err := strconv.Atoi(when)
	if err != nil {
		return err
	}
	clock, err := strconv.ParseInt(os.Getenv(deathEnv+"_CLOCK"), 10, 64)
	if err != nil {
		return err
	}
	h, err := openHouse(os.Getenv(deathEnv+"_DB"), os.Getenv(deathEnv+"_DIR"))
	if err != nil {
		return err
	}
	h.Now = func() time.Time { return db.Time(clock) }
	h.Queue.Now = h.Now
	core, err := records.New(h, nobody{}, nobody{}, nobody{})
	if err != nil {
		return err
	}
	if _, err := New(h, core, &mortal{left: n}); err != nil {
		return err
	}
	return h.Queue.Drain(context.Background())
}

// mortal knows who is registrar, and dies when it was asked often enough.
type mortal struct {
	nobody
	left int
}

func (m *mortal) Registrar(ctx context.Context, q db.Querier, subject, authority string) (bool, error) {
	if m.left--; m.left == 0 {
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Kill()
		}
		time.Sleep(time.Minute) // a signal takes its time
		panic(err)
	}
	return m.nobody.Registrar(ctx, q, subject, authority)
}

// openHouse is a house on an existing database.
func openHouse(address, dir string) (*platform.House, error) {
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	blobs, err := blob.Open(ctx, filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, err
	}
	key, err := audit.OpenKey(filepath.Join(dir, "key"), "test")
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

// TestKillWhileHandingOver: kill -9 in the middle of handing over a desk, again and again, within a transaction and
// between two. What went over did so whole and once, and a process that is left alone goes on to the end.
func TestKillWhileHandingOver(t *testing.T) {
	const cases = 3*handAtOnce + 5
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			var migrations []db.Migration
			for _, r := range append([]platform.Files{{Room: "queue", FS: queue.Files}, {Room: "audit", FS: audit.Files}}, rooms...) {
				migrations = append(migrations, db.Migration(r))
			}
			address, dir := dbtest.Address(t, dialect, migrations...), t.TempDir()
			p, err := openHouse(address, dir)
			must(t, err)
			t.Cleanup(func() { _ = p.DB.Close() })
			h := newHouse(t, p)
			for i := range cases {
				c := h.newCase(func(_ *records.File, c *records.Case) {
					if i%2 == 0 {
						c.AssignedTo = "birgit"
					}
				})
				h.start(c, "", step(Act, "birgit"), step(Know, "birgit", "doris"))
			}
			id := db.NewID()
			must(t, h.HandOver(as("doris"), id, erfurt, "birgit", "cem"))
			last := -1
			for _, asked := range []int{1, 2, 30, 51, 65, 52, 1, 0} { // two for each case, and one more if it is assigned: 50 in a transaction
				h.now = h.now.Add(10 * time.Minute) // the lease of who died ends
				h.die(asked, address, dir)
				done := h.checkHandover(id, cases)
				if asked > 50 && done <= last {
					t.Errorf("%d asked, and still %d cases are over", asked, done)
				}
				last = done
			}
			x, err := h.store.handover(t.Context(), p.DB.Reader(), access.All, id, "")
			must(t, err)
			if x.EndedAt.IsZero() || last != cases || x.Tasks != 2*cases || x.Cases != (cases+1)/2 || x.Kept != 0 {
				t.Errorf("in the end %d of %d cases are over: %+v", last, cases, x)
			}
			if n := h.count(`audit_entry WHERE action = 'flow.hand_over_ended'`); n != 1 {
				t.Errorf("it ended %d times", n)
			}
			if n := h.count(`queue_job`); n != 0 {
				t.Errorf("%d jobs are left", n)
			}
			if report, err := p.Audit.Verify(identity.AsSystem(t.Context(), "test"), p.Blobs, func(int64, int64) {}); err != nil || len(report.Problems) > 0 {
				t.Errorf("the log: %v, %v", report.Problems, err)
			}
		})
	}
}

// die runs a process on the database that dies when it was asked so often; 0 ends itself.
func (h *house) die(asked int, address, dir string) {
	h.t.Helper()
	exe, err := os.Executable()
	must(h.t, err)
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), deathEnv+"="+strconv.Itoa(asked), deathEnv+"_DB="+address, deathEnv+"_DIR="+dir,
		deathEnv+"_CLOCK="+strconv.FormatInt(db.Micros(h.now), 10))
	cmd.Stderr = h.t.Output()
	err = cmd.Run()
	var killed *exec.ExitError
	if asked > 0 && (!errors.As(err, &killed) || killed.Exited()) || asked == 0 && err != nil {
		h.t.Fatalf("the process that was to die when asked %d times: %v", asked, err)
	}
}

// checkHandover finds every case wholly with the one or with the other, once, as the log and the count say, and reports
// how many are over.
func (h *house) checkHandover(id string, cases int) int {
	h.t.Helper()
	x, err := h.store.handover(context.Background(), h.h.DB.Reader(), access.All, id, "")
	must(h.t, err)
	over := h.count(`audit_entry WHERE action = 'flow.handed_over'`)
	for what, n := range map[string]int{
		"cases with tasks of the one":              cases - over - h.count(`records_case c WHERE EXISTS (SELECT 1 FROM flow_task t WHERE t.case_id = c.id AND t.holder = 'person:birgit')`),
		"tasks of the other":                       2*over - h.count(`flow_task WHERE holder = 'person:cem' AND version = 2`),
		"tasks that went over twice, or were lost": 3*cases - h.count(`flow_task WHERE version = 1`) - 2*over,
		"assigned cases":                           int(x.Cases) - h.count(`records_case WHERE assigned_to = 'cem' AND version = 2`),
		"assigned cases of the one":                (cases+1)/2 - int(x.Cases) - h.count(`records_case WHERE assigned_to = 'birgit' AND version = 1`),
		"tasks that it counts":                     int(x.Tasks) - 2*over,
		"rules and guests":                         over - h.count(`records_grant WHERE holder = 'person:cem'`) - h.count(`records_guest WHERE holder = 'person:cem'`),
	} {
		if n != 0 {
			h.t.Errorf("%d cases over: %s differ by %d", over, what, n)
		}
	}
	return over
}
