package desk

import (
	"context"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
)

// TopicPublish is the job that releases a scheduled version.
const TopicPublish = "finder.publish"

// Publish is its body.
type Publish struct {
	Version string
	Change  int64 // of the version when it was scheduled; it does nothing once that has moved on
}

// Submit puts a draft to review. Who submits answers for it like its authors, also for a copy that nobody has changed.
func (r *Room) Submit(ctx context.Context, id string, change int64) error {
	return r.change(ctx, id, change, "finder.text_submitted", func(_ context.Context, _ *db.Tx, _ Scope, p identity.Principal, v *Version) error {
		switch {
		case v.State != Draft:
			return errs.E(errs.Conflict, "finder.desk.error.state")
		case len(v.Modules) == 0 && len(v.Words) == 0:
			return errs.E(errs.Invalid, "finder.desk.error.empty")
		}
		v.State, v.SubmittedAt = Review, r.h.Now()
		v.answers(p)
		return nil
	})
}

// Return gives a version that is in review or scheduled back to its authors. It stays as it was; the new draft, its
// copy, is returned. The comment says what is to be done.
func (r *Room) Return(ctx context.Context, id string, change int64, words string) (next Version, err error) {
	words, err = comment(words, true)
	if err != nil {
		return next, err
	}
	err = r.change(ctx, id, change, "finder.text_returned", func(ctx context.Context, tx *db.Tx, s Scope, p identity.Principal, v *Version) error {
		if v.State != Review && v.State != Scheduled {
			return errs.E(errs.Conflict, "finder.desk.error.state")
		}
		now := r.h.Now()
		next = *v
		v.State, v.EndedAt, v.Reviewer, v.ReviewerName = Returned, now, p.Subject, p.Name
		if err := insertComment(ctx, tx, v.ID, p.Subject, p.Name, Comment{ID: db.NewID(), At: now, Body: words, Kind: Returned}); err != nil {
			return err
		}
		// The old one leaves the open versions first: there may be one at a time.
		if err := updateVersion(ctx, tx, s, v); err != nil {
			return err
		}
		next.ID, next.Number, next.State, next.Change = db.NewID(), v.Number+1, Draft, 1
		next.CreatedAt, next.ChangedAt, next.SubmittedAt, next.PublishAt = now, now, time.Time{}, time.Time{}
		next.Reviewer, next.ReviewerName = "", ""
		return insertVersion(ctx, tx, s, next)
	})
	return next, err
}

// Release approves a version in review and releases it: now, or at a time in the future. errs.Denied for whoever wrote
// in it.
func (r *Room) Release(ctx context.Context, id string, change int64, at time.Time) error {
	later := at.After(r.h.Now())
	action := "finder.text_released"
	if later {
		action = "finder.text_scheduled"
	}
	return r.change(ctx, id, change, action, func(ctx context.Context, tx *db.Tx, s Scope, p identity.Principal, v *Version) error {
		switch {
		case v.State != Review:
			return errs.E(errs.Conflict, "finder.desk.error.state")
		case v.WrittenBy(p.Subject):
			return errs.E(errs.Denied, "finder.desk.error.four_eyes")
		}
		v.Reviewer, v.ReviewerName = p.Subject, p.Name
		if later {
			v.State, v.PublishAt = Scheduled, at
			return r.h.Queue.PublishAt(ctx, tx, TopicPublish, Publish{v.ID, v.Change + 1}, at)
		}
		return r.publish(ctx, tx, s, v)
	})
}

// publish makes the version what citizens read; the caller updates its row.
func (r *Room) publish(ctx context.Context, tx *db.Tx, s Scope, v *Version) error {
	now := r.h.Now()
	before, ok, err := valid(ctx, tx, s, v.TextRef)
	if err != nil {
		return err
	}
	if ok {
		before.State, before.EndedAt = Replaced, now
		if err := updateVersion(ctx, tx, s, &before); err != nil {
			return err
		}
	}
	v.State, v.ReleasedAt = Released, now
	if err := setLinks(ctx, tx, v.TextRef, v.Modules, now); err != nil {
		return err
	}
	return finder.PutRelease(ctx, tx, finder.Release{TextRef: v.TextRef, Version: v.ID, Modules: v.Modules, Words: v.Words, At: db.Micros(now)})
}

// due releases a scheduled version, unless it was taken back meanwhile.
func (r *Room) due(ctx context.Context, job *queue.Job, e Publish) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := job.Done(ctx, tx); err != nil {
			return err
		}
		v, err := versionByID(ctx, tx, program, e.Version, tx.ForUpdate())
		if err != nil || v.State != Scheduled || v.Change != e.Change {
			return err
		}
		v.ChangedAt = r.h.Now()
		if err := r.publish(ctx, tx, program, &v); err != nil {
			return err
		}
		if err := updateVersion(ctx, tx, program, &v); err != nil {
			return err
		}
		return r.log(ctx, tx, audit.Entry{Action: "finder.text_released"}, v)
	})
}

// Withdraw takes a released text away from citizens, with the reason.
func (r *Room) Withdraw(ctx context.Context, id string, change int64, reason string) error {
	reason, err := comment(reason, true)
	if err != nil {
		return err
	}
	return r.change(ctx, id, change, "finder.text_withdrawn", func(ctx context.Context, tx *db.Tx, _ Scope, p identity.Principal, v *Version) error {
		if v.State != Released {
			return errs.E(errs.Conflict, "finder.desk.error.state")
		}
		now := r.h.Now()
		v.State, v.EndedAt = Withdrawn, now
		if err := insertComment(ctx, tx, v.ID, p.Subject, p.Name, Comment{ID: db.NewID(), At: now, Body: reason, Kind: Withdrawn}); err != nil {
			return err
		}
		if err := setLinks(ctx, tx, v.TextRef, nil, now); err != nil {
			return err
		}
		return finder.DropRelease(ctx, tx, v.TextRef)
	})
}

// Selected is a version as it was seen in a list.
type Selected struct {
	ID     string
	Change int64
}

// ReleaseAll releases several versions now, each by itself: how many were, and what was in the way of the others.
func (r *Room) ReleaseAll(ctx context.Context, list []Selected) (done int, refused []error) {
	for _, v := range list {
		if err := r.Release(ctx, v.ID, v.Change, time.Time{}); err != nil {
			refused = append(refused, err)
		} else {
			done++
		}
	}
	return done, refused
}

// ReturnAll returns several versions with the same comment.
func (r *Room) ReturnAll(ctx context.Context, list []Selected, words string) (done int, refused []error) {
	for _, v := range list {
		if _, err := r.Return(ctx, v.ID, v.Change, words); err != nil {
			refused = append(refused, err)
		} else {
			done++
		}
	}
	return done, refused
}
