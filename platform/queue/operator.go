package queue

import (
	"context"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// DeadJob is a dead letter as an operator sees it: never its body, which may be personal data.
type DeadJob struct {
	ID        string
	Topic     string
	Tries     int
	Published time.Time
	Died      time.Time
	Error     string // of the last try, shortened and cleaned of secrets
}

// Counts are the numbers of the table for metrics.
type Counts struct {
	Waiting   int           // not finished and not dead: due, due later, or being worked on
	Dead      int           // dead letters
	OldestAge time.Duration // how long the oldest due job has been due; 0 if none is
}

// operator checks that the caller works for the whole house: dead letters belong to all authorities.
func operator(ctx context.Context) error {
	p := identity.From(ctx)
	switch {
	case p.Kind == identity.System || p.May(identity.Operator, identity.Everywhere):
		return nil
	case !p.SignedIn():
		return errs.E(errs.Unauthenticated, "errs.unauthenticated")
	}
	return errs.E(errs.Denied, "errs.denied")
}

// Dead lists dead letters, the youngest first, from the one after the id after ("" for the start).
func (q *Queue) Dead(ctx context.Context, after string, limit int) ([]DeadJob, error) {
	if err := operator(ctx); err != nil {
		return nil, err
	}
	return deadJobs(ctx, q.d.Reader(), after, limit)
}

// Retry makes a dead letter due again, with all its tries before it. errs.NotFound if there is no such dead letter.
func (q *Queue) Retry(ctx context.Context, id string) error {
	if err := operator(ctx); err != nil {
		return err
	}
	return q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := revive(ctx, tx, id, q.Now())
		if err != nil {
			return err
		}
		if !ok {
			return errs.E(errs.NotFound, "queue.not_found")
		}
		tx.AfterCommit(q.wakeUp)
		if q.Audit == nil {
			return nil
		}
		return q.Audit.Append(ctx, tx, audit.Entry{Action: "queue.retried", Object: "job:" + id})
	})
}

// Counts counts the jobs.
func (q *Queue) Counts(ctx context.Context) (Counts, error) {
	if err := operator(ctx); err != nil {
		return Counts{}, err
	}
	return counts(ctx, q.d.Reader(), q.Now())
}
