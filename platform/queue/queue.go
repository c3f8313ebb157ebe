// Package queue hands events and jobs from one use-case to the next, at least once, through one table.
//
// A use-case publishes in its own transaction, so that the job exists exactly if the change does. A worker claims
// jobs for a while (a lease, extended while the handler runs), the handler does its work, the row is deleted. A
// handler that fails gets its job again after a growing delay, in the end the job is a dead letter: it stays until an
// operator sends it again. A worker that dies loses its lease, and another one takes over.
//
// The number of deliveries is the holder's token: finishing and extending name it, so that a worker that was
// overtaken changes nothing. Leases compare the clocks of the processes; they must agree within a few seconds (NTP).
package queue

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
)

// Files are the queue's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS

// ErrLost is returned by Job.Done, and is the cause of a handler's ended context, when the job was given to another
// worker meanwhile: this one was too slow, or could not reach the database to extend its lease.
var ErrLost = errors.New("queue: the job has been given to another worker")

// maxBody bounds a job's JSON, in bytes. Bigger things belong into a blob; the job names them.
const maxBody = 256 << 10

// Queue publishes jobs and runs their handlers.
type Queue struct {
	// Now is the clock; tests set it.
	Now func() time.Time
	// Audit is the log that what an operator does is written to. app sets it.
	Audit *audit.Log

	d        *db.DB
	log      *slog.Logger
	wake     chan struct{} // a job was published by this process
	mu       sync.RWMutex
	handlers map[string]handler

	lease time.Duration // how long a claim holds
	poll  time.Duration // how often to look for jobs of other processes
	grace time.Duration // how long Run waits for handlers when it is told to stop
	limit int           // deliveries until a job is dead
}

type handler func(ctx context.Context, job *Job, body []byte) error

// Job is one delivery of a job to a handler.
type Job struct {
	ID    string
	Topic string
	Tries int // 1 at the first delivery
	Due   time.Time

	body     string
	forgiven int
	until    time.Time   // end of the lease
	done     atomic.Bool // finished inside the handler's transaction
}

// attempt counts the deliveries since the job was new or was sent again.
func (j *Job) attempt() int { return j.Tries - j.forgiven }

// New returns a queue on d. Register handlers with Handle before Run.
func New(d *db.DB, log *slog.Logger) *Queue {
	return &Queue{
		Now: time.Now, d: d, log: log, wake: make(chan struct{}, 1), handlers: map[string]handler{},
		lease: time.Minute, poll: 500 * time.Millisecond, grace: 20 * time.Second, limit: 12,
	}
}

// Publish writes a job in the transaction of the change it follows from. body is stored as JSON.
func (q *Queue) Publish(ctx context.Context, tx *db.Tx, topic string, body any) error {
	return q.PublishAt(ctx, tx, topic, body, q.Now())
}

// PublishAt is Publish with a time before which the job is not delivered.
func (q *Queue) PublishAt(ctx context.Context, tx *db.Tx, topic string, body any, due time.Time) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("queue: publish %s: %w", topic, err)
	}
	if len(b) > maxBody {
		return fmt.Errorf("queue: publish %s: body of %d bytes, at most %d allowed", topic, len(b), maxBody)
	}
	now := q.Now()
	if err := insert(ctx, tx, db.NewID(), topic, string(b), due, now); err != nil {
		return fmt.Errorf("queue: publish %s: %w", topic, err)
	}
	if !due.After(now) {
		tx.AfterCommit(q.wakeUp)
	}
	return nil
}

// wakeUp tells a running worker of this process to look at once.
func (q *Queue) wakeUp() {
	select {
	case q.wake <- struct{}{}:
	default: // it has been told already
	}
}

// Handle registers the handler of a topic. A handler opens its own transaction; calling job.Done(ctx, tx) in it
// finishes the job in that very transaction (exactly-once effect). Otherwise the job is finished after the handler
// returned nil, and the handler must be idempotent. An error means: try again later, in the end a dead letter.
// The context's caller is the system; it ends with ErrLost as cause when the job was lost. A second handler for a
// topic panics.
func Handle[T any](q *Queue, topic string, h func(ctx context.Context, job *Job, body T) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.handlers[topic]; ok {
		panic("queue: topic " + topic + " has a handler already")
	}
	q.handlers[topic] = func(ctx context.Context, job *Job, raw []byte) error {
		var body T
		if err := json.Unmarshal(raw, &body); err != nil {
			return fmt.Errorf("body does not fit the handler: %w", err)
		}
		return h(ctx, job, body)
	}
}

// Done finishes the job inside the handler's own transaction. It returns ErrLost, and the transaction must be rolled
// back, if another worker has the job or has finished it.
func (j *Job) Done(ctx context.Context, tx *db.Tx) error {
	ok, err := finish(ctx, tx, j)
	if err != nil {
		return err
	}
	if !ok {
		return ErrLost
	}
	tx.AfterCommit(func() { j.done.Store(true) })
	return nil
}

// Run works on jobs with n workers until ctx ends, then waits for those in hand; an error if they do not end in time
// (20 s). Handlers are not interrupted before that.
func (q *Queue) Run(ctx context.Context, n int) error {
	_, err := q.newPool(ctx, n, false).run(ctx)
	return err
}

// Drain works on all due jobs, one after the other, until none is left: for tests and the command line. It returns the
// first error of a handler.
func (q *Queue) Drain(ctx context.Context) error {
	first, err := q.newPool(ctx, 1, true).run(ctx)
	if err != nil {
		return err
	}
	return first
}
