package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// effects is where the tests' handlers leave what they did.
const effects = `
-- +goose Up
CREATE TABLE qtest_effect (n BIGINT PRIMARY KEY, times BIGINT NOT NULL DEFAULT 0);
CREATE TABLE qtest_hold (id TEXT PRIMARY KEY, job TEXT NOT NULL, tries BIGINT NOT NULL, who TEXT NOT NULL, started BIGINT NOT NULL, ended BIGINT);
-- +goose Down
DROP TABLE qtest_effect;
DROP TABLE qtest_hold;
`

func migrations() []db.Migration {
	return []db.Migration{{Room: "queue", FS: Files}, {Room: "audit", FS: audit.Files}, {Room: "qtest", FS: fstest.MapFS{"migrations/0001_qtest.sql": {Data: []byte(effects)}}}}
}

type number struct{ N int }

// each gives a queue with an injected clock on both databases.
func each(t *testing.T, f func(t *testing.T, d *db.DB, q *Queue, clock *clock)) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		q := New(d, slog.New(slog.NewTextHandler(t.Output(), nil)))
		c := &clock{now: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)}
		q.Now = c.Now
		f(t, d, q, c)
	})
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func publish(t testing.TB, d *db.DB, q *Queue, topic string, bodies ...any) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, b := range bodies {
			if err := q.Publish(ctx, tx, topic, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addEffect(ctx context.Context, tx *db.Tx, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO qtest_effect (n, times) VALUES ($1, 1) ON CONFLICT (n) DO UPDATE SET times = qtest_effect.times + 1`, n)
	return err
}

func count(t testing.TB, d *db.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Reader().QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func system(t testing.TB) context.Context { return identity.AsSystem(t.Context(), "test") }

// A context that never ends has no Done channel; draining works all the same.
func TestDrainWithoutEnd(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, _ *clock) {
		got := 0
		Handle(q, "t.number", func(context.Context, *Job, number) error { got++; return nil })
		publish(t, d, q, "t.number", number{1}, number{2})
		if err := q.Drain(context.Background()); err != nil || got != 2 {
			t.Errorf("%d jobs done, %v", got, err)
		}
	})
}

func TestDrainInOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		var got []int
		Handle(q, "t.number", func(ctx context.Context, job *Job, n number) error {
			if identity.From(ctx).Kind != identity.System {
				t.Error("handler is not called as the system")
			}
			if job.Tries != 1 || job.Topic != "t.number" || !job.Due.Equal(c.Now()) {
				t.Errorf("job is %+v", job)
			}
			got = append(got, n.N)
			if n.N < 3 {
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					return q.Publish(ctx, tx, "t.number", number{n.N + 10})
				})
			}
			return nil
		})
		publish(t, d, q, "t.number", number{1}, number{2}, number{3})
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := fmt.Sprint(got); s != "[1 2 3 11 12]" {
			t.Fatalf("handled %s", s)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job`); n != 0 {
			t.Fatalf("%d jobs left", n)
		}
	})
}

func TestPublishIsPartOfTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := q.Publish(ctx, tx, "t.number", number{1}); err != nil {
				return err
			}
			return errors.New("no")
		})
		if err == nil || count(t, d, `SELECT count(*) FROM queue_job`) != 0 {
			t.Fatalf("a rolled back job exists (%v)", err)
		}
		select {
		case <-q.wake:
			t.Fatal("workers were woken for nothing")
		default:
		}
	})
}

func TestPublishRefusesWhatCannotBeStored(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		for name, body := range map[string]any{"too big": strings.Repeat("x", maxBody), "no JSON": func() {}} {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return q.Publish(ctx, tx, "t.x", body) })
			if err == nil {
				t.Errorf("%s was published", name)
			}
		}
	})
}

func TestPublishAtWaits(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		handled := 0
		Handle(q, "t.number", func(context.Context, *Job, number) error { handled++; return nil })
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return q.PublishAt(ctx, tx, "t.number", number{1}, c.Now().Add(time.Hour))
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{0, 1, 1} {
			if err := q.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if handled != want {
				t.Fatalf("handled %d times, want %d", handled, want)
			}
			c.Add(time.Hour)
		}
	})
}

func TestHandleTwicePanics(t *testing.T) {
	q := New(nil, slog.New(slog.DiscardHandler))
	h := func(context.Context, *Job, number) error { return nil }
	Handle(q, "t.number", h)
	defer func() {
		if recover() == nil {
			t.Fatal("a second handler was taken")
		}
	}()
	Handle(q, "t.number", h)
}

func TestDoneGivesTheEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		fail := true
		Handle(q, "t.number", func(ctx context.Context, job *Job, n number) error {
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := addEffect(ctx, tx, n.N); err != nil {
					return err
				}
				if err := job.Done(ctx, tx); err != nil {
					return err
				}
				if fail {
					fail = false
					return errors.New("rolled back")
				}
				return nil
			})
			if err != nil {
				return err
			}
			return errors.New("too late to matter: the job is finished")
		})
		publish(t, d, q, "t.number", number{7})
		for range 3 {
			_ = q.Drain(t.Context()) // the handler fails on purpose; the table tells
			c.Add(time.Hour)
		}
		if n := count(t, d, `SELECT times FROM qtest_effect`); n != 1 {
			t.Fatalf("the effect is there %d times", n)
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job`); n != 0 {
			t.Fatalf("%d jobs left", n)
		}
	})
}

func TestDoneFailsForTheOvertaken(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		publish(t, d, q, "t.number", number{1})
		take := func() *Job {
			w := q.write(t.Context(), book{claim: 5})
			if w.err != nil || len(w.claimed) != 1 {
				t.Fatalf("claimed %d: %v", len(w.claimed), w.err)
			}
			return w.claimed[0]
		}
		slow := take()
		if w := q.write(t.Context(), book{claim: 5}); len(w.claimed) != 0 {
			t.Fatal("a held job was claimed")
		}
		c.Add(q.lease)
		quick := take()
		for _, step := range []struct {
			job  *Job
			want error
		}{{slow, ErrLost}, {quick, nil}, {quick, ErrLost}} {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return step.job.Done(ctx, tx) })
			if !errors.Is(err, step.want) {
				t.Fatalf("Done of try %d: %v, want %v", step.job.Tries, err, step.want)
			}
		}
	})
}

func TestRetriesThenDeadThenAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		q.limit = 4
		broken, tries := true, []int{}
		Handle(q, "t.number", func(_ context.Context, job *Job, n number) error {
			tries = append(tries, job.Tries)
			if broken {
				return errors.New("the other side is away")
			}
			return nil
		})
		publish(t, d, q, "t.number", number{1})
		last := c.Now()
		var waits []time.Duration
		for count(t, d, `SELECT count(*) FROM queue_job WHERE dead_at IS NULL`) == 1 {
			before := len(tries)
			if err := q.Drain(t.Context()); len(tries) > before {
				if err == nil || !strings.Contains(err.Error(), "the other side is away") {
					t.Fatalf("Drain says %v", err)
				}
				waits, last = append(waits, c.Now().Sub(last)), c.Now()
			}
			c.Add(100 * time.Millisecond)
		}
		if fmt.Sprint(tries) != "[1 2 3 4]" {
			t.Fatalf("tries %v", tries)
		}
		for i, w := range waits[1:] {
			want := time.Second << (2 * i)
			if w < want*9/10 || w > want*11/10+200*time.Millisecond {
				t.Errorf("waited %v before try %d, want about %v", w, i+2, want)
			}
		}
		c.Add(24 * time.Hour)
		if err := q.Drain(t.Context()); err != nil || len(tries) != 4 {
			t.Fatalf("a dead letter was delivered: %v", err)
		}
		dead, err := q.Dead(system(t), "", 10)
		if err != nil || len(dead) != 1 {
			t.Fatalf("dead letters %v: %v", dead, err)
		}
		if l := dead[0]; l.Topic != "t.number" || l.Tries != 4 || l.Error != "the other side is away" || l.Died.IsZero() {
			t.Fatalf("dead letter is %+v", l)
		}
		for range 2 { // the tries begin anew each time
			if err := q.Retry(system(t), dead[0].ID); err != nil {
				t.Fatal(err)
			}
			for range 4 {
				_ = q.Drain(t.Context()) // the handler fails on purpose
				c.Add(2 * time.Hour)
			}
		}
		if len(tries) != 12 {
			t.Fatalf("%d tries after two more rounds, want 12", len(tries))
		}
		broken = false
		if err := q.Retry(system(t), dead[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := q.Retry(system(t), dead[0].ID); !errs.Is(err, errs.NotFound) {
			t.Fatalf("retry of what is finished: %v", err)
		}
	})
}
