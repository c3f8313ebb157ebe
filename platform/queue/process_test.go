package queue

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// childAddress in the environment makes the test binary a worker process on that database.
const childAddress = "QUEUE_TEST_CHILD"

func TestMain(m *testing.M) {
	if address := os.Getenv(childAddress); address != "" {
		if err := child(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child works with four workers until its standard input is closed. Each handler writes when it began and when it
// ended into a table, and its effect: with Done for one topic, idempotently for the other.
func child(address string) error {
	d, err := db.Open(context.Background(), address)
	if err != nil {
		return err
	}
	defer d.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // either way it is the end
		cancel()
	}()
	q := New(d, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	q.lease, q.poll = 3*time.Second, 50*time.Millisecond
	who := strconv.Itoa(os.Getpid())
	begin := func(ctx context.Context, job *Job) (id string, err error) {
		id = db.NewID()
		err = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO qtest_hold (id, job, tries, who, started) VALUES ($1, $2, $3, $4, $5)`,
				id, job.ID, job.Tries, who, db.Micros(time.Now()))
			return err
		})
		time.Sleep(rand.N(10 * time.Millisecond)) // the work; long enough to be killed in
		return id, err
	}
	end := func(ctx context.Context, tx *db.Tx, id string, n int) error {
		if _, err := tx.Exec(ctx, `UPDATE qtest_hold SET ended = $2 WHERE id = $1`, id, db.Micros(time.Now())); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE qtest_effect SET times = times + 1 WHERE n = $1`, n)
		return err
	}
	Handle(q, "t.done", func(ctx context.Context, job *Job, n number) error {
		id, err := begin(ctx, job)
		if err != nil {
			return err
		}
		return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := end(ctx, tx, id, n.N); err != nil {
				return err
			}
			return job.Done(ctx, tx)
		})
	})
	Handle(q, "t.plain", func(ctx context.Context, job *Job, n number) error {
		id, err := begin(ctx, job)
		if err != nil {
			return err
		}
		return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			var times int
			if err := tx.QueryRow(ctx, `SELECT times FROM qtest_effect WHERE n = $1`+tx.ForUpdate(), n.N).Scan(&times); err != nil {
				return err
			}
			if times > 0 { // it was delivered before, and died before it was finished
				_, err := tx.Exec(ctx, `UPDATE qtest_hold SET ended = $2 WHERE id = $1`, id, db.Micros(time.Now()))
				return err
			}
			return end(ctx, tx, id, n.N)
		})
	})
	return q.Run(ctx, 4)
}

type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	log   bytes.Buffer
}

func startChild(t *testing.T, address string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childAddress+"="+address)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill() //nolint:errcheck // it has ended, as a rule
		p.cmd.Wait()         //nolint:errcheck // as above
		if t.Failed() {
			t.Logf("process %d: %s", p.cmd.Process.Pid, p.log.String())
		}
	})
	return p
}

func (p *process) pid() string { return strconv.Itoa(p.cmd.Process.Pid) }

func (p *process) stop(t *testing.T) {
	t.Helper()
	p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("process %s: %v", p.pid(), err)
	}
}

// publishNumbers publishes jobs from..to-1, alternating between the two topics.
func publishNumbers(t *testing.T, d *db.DB, q *Queue, from, to int) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for n := from; n < to; n++ {
			if _, err := tx.Exec(ctx, `INSERT INTO qtest_effect (n) VALUES ($1)`, n); err != nil {
				return err
			}
			if err := q.Publish(ctx, tx, []string{"t.done", "t.plain"}[n%2], number{n}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func eachProcesses(t *testing.T, f func(t *testing.T, address string, d *db.DB, q *Queue)) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, dialect, migrations()...)
			d := dbtest.OpenAddress(t, address)
			f(t, address, d, New(d, slog.New(slog.DiscardHandler)))
		})
	}
}

// TestTwoProcesses has 8 workers in 2 processes: every message is handled, none is held by two at once.
func TestTwoProcesses(t *testing.T) {
	eachProcesses(t, func(t *testing.T, address string, d *db.DB, q *Queue) {
		jobs := 200
		publishNumbers(t, d, q, 0, jobs)
		a, b := startChild(t, address), startChild(t, address)
		worked := func(p *process) bool {
			return count(t, d, `SELECT count(*) FROM qtest_hold WHERE who = $1`, p.pid()) > 0
		}
		// And more whenever they are through, until both have worked: one may start late, and SQLite is not fair to
		// two processes that want to write.
		until(t, "both processes work", func() bool {
			if count(t, d, `SELECT count(*) FROM queue_job`) == 0 {
				publishNumbers(t, d, q, jobs, jobs+40)
				jobs += 40
			}
			return jobs >= 400 && worked(a) && worked(b)
		})
		until(t, "no job left", func() bool { return count(t, d, `SELECT count(*) FROM queue_job`) == 0 })
		a.stop(t)
		b.stop(t)
		if n := count(t, d, `SELECT count(*) FROM qtest_effect WHERE times = 1`); n != jobs {
			t.Errorf("%d of %d messages have their effect exactly once", n, jobs)
		}
		// Nobody failed and nobody died, so each message was delivered once, and so held by one.
		if n := count(t, d, `SELECT count(*) FROM qtest_hold WHERE tries = 1 AND ended IS NOT NULL`); n != jobs {
			t.Errorf("%d first deliveries, want %d", n, jobs)
		}
		checkHolds(t, d, "")
	})
}

// TestKilledProcess kills one of two processes in the middle: the other finishes everything, with each effect once.
func TestKilledProcess(t *testing.T) {
	eachProcesses(t, func(t *testing.T, address string, d *db.DB, q *Queue) {
		const jobs = 400
		publishNumbers(t, d, q, 0, jobs)
		a, b := startChild(t, address), startChild(t, address)
		until(t, "a process is in the middle", func() bool { // whichever comes first: SQLite is not fair to two
			for range 2 {
				if count(t, d, `SELECT count(*) FROM qtest_hold WHERE who = $1 AND ended IS NOT NULL`, a.pid()) > 20 {
					return true
				}
				a, b = b, a
			}
			return false
		})
		if err := a.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		a.cmd.Wait() //nolint:errcheck // it was killed
		if n := count(t, d, `SELECT count(*) FROM queue_job`); n < 20 {
			t.Fatalf("only %d jobs were left at the kill; the test needs more", n)
		}
		until(t, "no job left", func() bool { return count(t, d, `SELECT count(*) FROM queue_job`) == 0 })
		b.stop(t)
		if n := count(t, d, `SELECT count(*) FROM qtest_effect WHERE times = 1`); n != jobs {
			t.Errorf("%d of %d messages have their effect exactly once", n, jobs)
		}
		if n := count(t, d, `SELECT count(*) FROM qtest_hold WHERE tries > 1 AND who = $1`, b.pid()); n == 0 {
			t.Error("the killed process held nothing; the test proves nothing")
		}
		checkHolds(t, d, a.pid())
	})
}

// checkHolds checks that no two deliveries of a job overlap in time. Of the killed process nobody knows when it
// ended: those deliveries must only be followed by one that began later than they did.
func checkHolds(t *testing.T, d *db.DB, killed string) {
	t.Helper()
	rows, err := d.Reader().Query(t.Context(), `SELECT job, tries, who, started, ended FROM qtest_hold ORDER BY job, started`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lastJob string
	var lastEnd int64
	var lastTries int
	for rows.Next() {
		var job, who string
		var tries int
		var started int64
		var ended *int64
		if err := rows.Scan(&job, &tries, &who, &started, &ended); err != nil {
			t.Fatal(err)
		}
		if job == lastJob && (started < lastEnd || tries <= lastTries) {
			t.Errorf("job %s: try %d began before try %d ended", job, tries, lastTries)
		}
		lastJob, lastEnd, lastTries = job, started, tries
		switch {
		case ended != nil:
			lastEnd = *ended
		case who != killed:
			t.Errorf("job %s: try %d of a living process has no end", job, tries)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
