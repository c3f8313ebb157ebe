package flow

import (
	"context"
	"errors"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

// Topics of this part's own jobs.
const (
	topicRemind   = "flow.remind"    // reminder
	topicResubmit = "flow.resubmit"  // reminder: the case comes back on its date
	topicDeputies = "flow.deputies"  // deputiesJob: an absence begins or ends
	topicHandOver = "flow.hand_over" // handOverJob: a desk goes to somebody else
)

// reminder is about a task as long as it has that date, its deadline or that of its resubmission.
type reminder struct {
	Authority, Task string
	Date            int64 // microseconds
}

const (
	remindBefore = 24 * time.Hour     // the first reminder comes so long before the deadline
	remindEvery  = 3 * 24 * time.Hour // after the deadline
	maxReminders = 20
)

var errTooEarly = errors.New("flow: the date has not come yet")

// orderJobs publishes what is to happen later with a task that has just opened, or waits for its date, or has another date
// now.
func (r *Room) orderJobs(ctx context.Context, tx *db.Tx, old, t Task) error {
	switch {
	case t.State == Later && (old.State != Later || !old.Date.Equal(t.Date)):
		return r.h.Queue.PublishAt(ctx, tx, topicResubmit, reminder{t.Authority, t.ID, db.Micros(t.Date)}, t.Date)
	case t.State == Open && (old.State != Open || !old.Due.Equal(t.Due)) && !t.Due.IsZero() && t.Kind != Resubmit:
		return r.h.Queue.PublishAt(ctx, tx, topicRemind, reminder{t.Authority, t.ID, db.Micros(t.Due)}, t.nextReminder())
	}
	return nil
}

// nextReminder is when the open task is reminded of next: a day before its deadline, on it, then every few days.
func (t Task) nextReminder() time.Time {
	switch t.Reminders {
	case 0:
		if first := t.Due.Add(-remindBefore); first.After(t.OpenedAt) {
			return first
		}
		return t.Due
	case 1:
		if t.Due.Add(-remindBefore).After(t.OpenedAt) {
			return t.Due
		}
	}
	return t.Due.Add(time.Duration(t.Reminders-1) * remindEvery)
}

// remind counts a reminder on the task, which the inbox shows, and orders the next one.
func (r *Room) remind(ctx context.Context, job *queue.Job, b reminder) (err error) {
	defer errs.Wrap(&err, "remind(%s)", b.Task)
	return r.onDate(ctx, job, b, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, error) {
		if t.State != Open || db.Micros(t.Due) != b.Date || t.Reminders >= maxReminders {
			return "", nil
		}
		if t.nextReminder().Sub(r.h.Now()) > remindBefore/2 {
			return "", nil // a deadline that was moved and moved back has two such jobs: the other one has just reminded
		}
		t.Reminders++
		return "flow.reminded", r.h.Queue.PublishAt(ctx, tx, topicRemind, b, t.nextReminder())
	})
}

// resubmit brings a case back on its date.
func (r *Room) resubmit(ctx context.Context, job *queue.Job, b reminder) (err error) {
	defer errs.Wrap(&err, "resubmit(%s)", b.Task)
	return r.onDate(ctx, job, b, func(_ context.Context, _ *db.Tx, s *scene, t *Task) (string, error) {
		if t.State != Later || db.Micros(t.Date) != b.Date {
			return "", nil
		}
		if t.Date.After(r.h.Now()) {
			return "", errTooEarly // another process's clock was ahead
		}
		return "flow.resubmitted", nil // settle opens it
	})
}

// onDate is the frame of jobs about a task, which may be gone with its case.
func (r *Room) onDate(ctx context.Context, job *queue.Job, b reminder, do func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, error)) error {
	a := access.At(b.Authority)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := r.store.task(ctx, tx, a, b.Task)
		if errs.Is(err, errs.NotFound) {
			return job.Done(ctx, tx)
		} else if err != nil {
			return err
		}
		s, err := r.scene(ctx, tx, a, t.Circulation)
		if err != nil {
			return err
		}
		before := s.x
		before.Tasks = append([]Task(nil), s.x.Tasks...)
		action, err := do(ctx, tx, s, s.x.task(b.Task))
		if err != nil {
			return err
		}
		if action != "" && s.x.State == Running {
			if err := r.goOn(ctx, tx, s, before); err != nil {
				return err
			}
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: t.Authority, Object: s.x.object(),
				Changes: map[string]any{"circulation": t.Circulation, "case": t.Case, "task": t.ID, "kind": t.Kind, "holder": t.Holder}}); err != nil {
				return err
			}
		}
		return job.Done(ctx, tx)
	})
}
