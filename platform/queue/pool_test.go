package queue

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// running starts q with n workers and returns a function that stops it.
func running(t *testing.T, q *Queue, n int) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx, n) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() }) //nolint:errcheck // tests that mind ask themselves
	return stop
}

// wait fails the test if c stays silent.
func wait[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s within 20 s", what)
		panic("unreachable")
	}
}

func TestCommitWakesTheWorkers(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.poll = time.Hour // so that only the wake-up can bring the job
		got := make(chan int)
		Handle(q, "t.number", func(_ context.Context, _ *Job, n number) error { got <- n.N; return nil })
		running(t, q, 2)
		for i := range 3 {
			publish(t, d, q, "t.number", number{i})
			if n := wait(t, got, "delivery"); n != i {
				t.Fatalf("got %d, want %d", n, i)
			}
		}
	})
}

func TestPollFindsJobsOfOtherProcesses(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.poll = 20 * time.Millisecond
		got := make(chan int)
		Handle(q, "t.number", func(_ context.Context, _ *Job, n number) error { got <- n.N; return nil })
		running(t, q, 1)
		other := New(d, q.log) // its wake-up does not reach q
		other.Now = c.Now
		publish(t, d, other, "t.number", number{5})
		wait(t, got, "delivery")
	})
}

func TestUnknownTopicAndPanicDoNotStopTheWorker(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.limit = 2
		got := make(chan int, 1)
		Handle(q, "t.panics", func(context.Context, *Job, number) error { panic("at password=hunter2 https://a:b@h/x?token=abc") })
		Handle(q, "t.wrong", func(context.Context, *Job, []int) error { return nil })
		Handle(q, "t.number", func(_ context.Context, _ *Job, n number) error { got <- n.N; return nil })
		stop := running(t, q, 1)
		for range 2 {
			publish(t, d, q, "t.unknown", number{1})
			publish(t, d, q, "t.panics", number{1})
			publish(t, d, q, "t.wrong", number{1})
			publish(t, d, q, "t.number", number{2})
			wait(t, got, "delivery")
			c.Add(time.Hour)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		c.Add(time.Hour)
		_ = q.Drain(t.Context()) // those handlers fail on purpose
		dead, err := q.Dead(system(t), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for _, l := range dead {
			texts[l.Topic] = l.Error
		}
		if len(dead) != 6 || texts["t.unknown"] != "no handler for this topic" ||
			!strings.HasPrefix(texts["t.wrong"], "body does not fit") || !strings.HasPrefix(texts["t.panics"], "panic: at password=…") {
			t.Fatalf("dead letters %v", texts)
		}
		for _, secret := range []string{"hunter2", "abc", "a:b"} {
			if strings.Contains(texts["t.panics"], secret) {
				t.Errorf("%q was stored: %s", secret, texts["t.panics"])
			}
		}
	})
}

func TestStopWaitsForThoseInHand(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		began, goOn := make(chan bool), make(chan bool)
		Handle(q, "t.number", func(ctx context.Context, job *Job, n number) error {
			began <- true
			<-goOn
			return ctx.Err()
		})
		publish(t, d, q, "t.number", number{1}, number{2}, number{3})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx, 1) }()
		wait(t, began, "begin")
		cancel()
		select {
		case err := <-ended:
			t.Fatalf("Run left a handler behind: %v", err)
		case goOn <- true:
		}
		if err := wait(t, ended, "end"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job WHERE tries = 0 AND leased_until = 0`); n != 2 {
			t.Fatalf("%d jobs were given back, want the 2 not begun", n)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job`); n != 2 {
			t.Fatalf("%d jobs left, want 2", n)
		}
	})
}

func TestStopDoesNotWaitForever(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.grace = 10 * time.Millisecond
		began := make(chan bool)
		Handle(q, "t.number", func(ctx context.Context, job *Job, n number) error {
			began <- true
			<-ctx.Done() // it is told to stop in the end
			began <- true
			return ctx.Err()
		})
		publish(t, d, q, "t.number", number{1})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx, 1) }()
		wait(t, began, "begin")
		cancel()
		if err := wait(t, ended, "end"); err == nil {
			t.Fatal("a left handler is not told")
		}
		wait(t, began, "end of the handler's context")
	})
}

func TestLeaseIsExtendedWhileAHandlerRuns(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.Now, q.lease, q.poll = time.Now, 600*time.Millisecond, 20*time.Millisecond
		other := New(d, q.log)
		other.lease, other.poll = q.lease, q.poll
		var deliveries atomic.Int32
		finished := make(chan error)
		h := func(ctx context.Context, job *Job, n number) error {
			deliveries.Add(1)
			select { // longer than three leases
			case <-time.After(2 * time.Second):
			case <-ctx.Done():
			}
			finished <- context.Cause(ctx)
			return nil
		}
		Handle(q, "t.number", h)
		Handle(other, "t.number", h)
		publish(t, d, q, "t.number", number{1})
		running(t, q, 2)
		running(t, other, 2)
		if err := wait(t, finished, "end"); err != nil {
			t.Fatalf("the job was lost: %v", err)
		}
		if n := deliveries.Load(); n != 1 {
			t.Fatalf("%d deliveries", n)
		}
	})
}

func TestOvertakenHandlerIsTold(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.lease = 90 * time.Millisecond // of a clock that stands still; only the beat is real time
		began, cause := make(chan bool), make(chan error, 1)
		Handle(q, "t.number", func(ctx context.Context, job *Job, n number) error {
			began <- true
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return ctx.Err()
		})
		publish(t, d, q, "t.number", number{1})
		stop := running(t, q, 1)
		wait(t, began, "begin")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { // as another worker would
			_, err := tx.Exec(ctx, `UPDATE queue_job SET tries = tries + 1, leased_until = $1`, db.Micros(c.Now().Add(time.Hour)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := wait(t, cause, "end of the context"); !errors.Is(err, ErrLost) {
			t.Fatalf("cause is %v", err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job WHERE tries = 2 AND last_error = '' AND leased_until > 0`); n != 1 {
			t.Fatal("the overtaken worker changed the other one's job")
		}
	})
}

func TestClaimThatComesAfterTheStopIsGivenBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		Handle(q, "t.number", func(context.Context, *Job, number) error { return errors.New("begun after the stop") })
		publish(t, d, q, "t.number", number{1}, number{2})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		q.Now = func() time.Time { cancel(); return c.Now() } // the claim asks for the time
		go func() { ended <- q.Run(ctx, 1) }()
		if err := wait(t, ended, "end"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job WHERE tries = 0 AND leased_until = 0`); n != 2 {
			t.Fatalf("%d jobs are free, want 2", n)
		}
	})
}

func TestDatabaseAway(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		publish(t, d, q, "t.number", number{1})
		Handle(q, "t.number", func(context.Context, *Job, number) error { return d.Close() })
		if err := q.Drain(t.Context()); err == nil {
			t.Error("Drain did all it should, without a database")
		}
		q.poll, q.grace = time.Millisecond, 10*time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx, 2) }() // it goes on trying, in case the database comes back
		select {
		case err := <-ended:
			t.Errorf("Run gave up: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		cancel()
		_ = wait(t, ended, "end") // it may have had nothing to write
	})
}

func TestDrainEndsWithItsContext(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		ctx, cancel := context.WithCancel(t.Context())
		Handle(q, "t.number", func(context.Context, *Job, number) error { cancel(); return nil })
		publish(t, d, q, "t.number", number{1}, number{2})
		if err := q.Drain(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Drain says %v", err)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job WHERE leased_until = 0`); n != 1 {
			t.Errorf("%d jobs are left, want the second one, free", n)
		}
	})
}

func TestJobThatKillsTheProgramIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.limit = 3
		called := false
		Handle(q, "t.number", func(context.Context, *Job, number) error { called = true; return nil })
		publish(t, d, q, "t.number", number{1})
		for range q.limit { // claimed, and the process is gone
			if w := q.write(t.Context(), book{claim: 1}); w.err != nil || len(w.claimed) != 1 {
				t.Fatal(w.err)
			}
			c.Add(q.lease)
		}
		if err := q.Drain(t.Context()); err == nil || called {
			t.Fatalf("it was delivered once more (%v)", err)
		}
		if dead, err := q.Dead(system(t), "", 1); err != nil || len(dead) != 1 {
			t.Fatalf("dead letters %v: %v", dead, err)
		}
	})
}

func TestCleanErrorTexts(t *testing.T) {
	for in, want := range map[string]string{
		"plain text": "plain text",
		"dial postgres://user:pw@host/db?sslmode=off: refused": "dial postgres://…@host/db?… refused",
		"Authorization: Bearer abc.def, x":                     "Authorization: … …, x",
		`{"password":"geheim","user":"x"}`:                     `{"password":"…","user":"x"}`,
		"api_key=123&x=1":                                      "api_key=…&x=1",
		"bad \xff byte\x00":                                    "bad ? byte",
	} {
		if got := clean(errors.New(in)); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := clean(errors.New(strings.Repeat("ü", 400))); len(got) > 500 || !strings.HasSuffix(got, "…") {
		t.Errorf("long text is %d bytes", len(got))
	}
}

// BenchmarkDone measures small jobs that finish in their handler's transaction: one sync of the disk each, the rest
// of the queue's work shares few.
func BenchmarkDone(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			d := dbtest.Open(b, dialect, migrations()...)
			q := New(d, slog.New(slog.DiscardHandler))
			var left sync.WaitGroup
			left.Add(b.N)
			Handle(q, "t.number", func(ctx context.Context, job *Job, n number) error {
				defer left.Done()
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					if err := addEffect(ctx, tx, n.N); err != nil {
						return err
					}
					return job.Done(ctx, tx)
				})
			})
			for i := range b.N {
				publish(b, d, q, "t.number", number{i})
			}
			ctx, cancel := context.WithCancel(b.Context())
			b.ResetTimer()
			ended := make(chan error, 1)
			go func() { ended <- q.Run(ctx, 4) }()
			left.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			cancel()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		})
	}
}
