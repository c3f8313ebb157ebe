// Package queue hands events and jobs from one use-case to the next, at least once, through one table.
package queue

import (
	"context"
	"embed"
	"log/slog"
	"time"

	"rennsteig/platform/db"
)

// Files are the queue's migrations.
//
//go:embed migrations/*.sql
var Files embed.FS

// Queue publishes jobs and runs their handlers.
type Queue struct{ d *db.DB }

// Job is one delivery of a job to a handler.
type Job struct {
	ID    string
	Topic string
	Tries int // 1 at the first delivery
	Due   time.Time
}

// New returns a queue on d. Register handlers with Handle before Run.
func New(d *db.DB, log *slog.Logger) *Queue { return &Queue{d: d} }

// Publish writes a job in the transaction of the change it follows from. body is stored as JSON.
func (q *Queue) Publish(ctx context.Context, tx *db.Tx, topic string, body any) error {
	panic("being built")
}

// PublishAt is Publish with a time before which the job is not delivered.
func (q *Queue) PublishAt(ctx context.Context, tx *db.Tx, topic string, body any, due time.Time) error {
	panic("being built")
}

// Handle registers the handler of a topic. A handler opens its own transaction; calling job.Done(ctx, tx) in it
// finishes the job in that very transaction (exactly-once effect). Otherwise the job is finished after the handler
// returned nil, and the handler must be idempotent. An error means: try again later, in the end a dead letter.
func Handle[T any](q *Queue, topic string, h func(ctx context.Context, job *Job, body T) error) {
	panic("being built")
}

// Done finishes the job inside the handler's own transaction.
func (j *Job) Done(ctx context.Context, tx *db.Tx) error { panic("being built") }

// Run works on jobs with n workers until ctx ends, then waits for those in hand.
func (q *Queue) Run(ctx context.Context, n int) error { panic("being built") }

// Drain works on all due jobs, one after the other, until none is left: for tests and the command line. It returns the
// first error of a handler.
func (q *Queue) Drain(ctx context.Context) error { panic("being built") }
