package flow

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// Absence is the time in which a deputy acts for somebody.
type Absence struct {
	ID         string
	Authority  string
	Subject    string
	Name       string
	Deputy     string // subject
	DeputyName string
	From       time.Time // first moment, in Berlin's day
	Until      time.Time // first moment after it
	EndedAt    time.Time // zero unless called off
	RecordedBy string    // name
	RecordedAt time.Time
}

const maxAbsence = 2 * 366 * 24 * time.Hour

// RecordAbsence notes that somebody is absent from the first to the last day, and who acts for them: by themselves, by
// a head of theirs, or by the registrar. id is chosen by the form.
func (r *Room) RecordAbsence(ctx context.Context, b Absence) error {
	now := r.h.Now()
	b.From, b.Until = i18n.StartOfDay(b.From), i18n.StartOfDay(b.Until.AddDate(0, 0, 1)) // the last day counts in full
	var wrong []errs.Field
	if b.Until.Before(b.From) || b.Until.Sub(b.From) > maxAbsence || !b.Until.After(now) {
		wrong = append(wrong, errs.Field{Name: "until", Key: "flow.error.span"})
	}
	if b.Deputy == "" || b.Deputy == b.Subject {
		wrong = append(wrong, errs.Field{Name: "deputy", Key: "flow.error.deputy"})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.Own(b.Authority); err != nil {
			return err
		}
		if had, err := r.store.absence(ctx, tx, a, b.ID, ""); !errs.Is(err, errs.NotFound) {
			if err == nil && had.Subject != b.Subject {
				return errs.E(errs.Conflict, "flow.error.changed")
			}
			return err
		}
		dir, err := r.directory(ctx, tx, a, b.Authority, now)
		if err != nil {
			return err
		}
		if !r.heads(a, dir, b.Authority, b.Subject) && b.Subject != a.Subject {
			return errs.E(errs.Denied, "flow.error.not_head")
		}
		who, deputy := dir.members(access.Person(b.Subject)), dir.members(access.Person(b.Deputy))
		switch {
		case len(who) == 0:
			return errs.InvalidFields([]errs.Field{{Name: "who", Key: "flow.error.nobody", Args: []any{b.Subject}}})
		case len(deputy) == 0:
			return errs.InvalidFields([]errs.Field{{Name: "deputy", Key: "flow.error.deputy"}})
		}
		if alone, err := tx.TryLock(ctx, "flow absence "+b.Subject); err != nil {
			return err
		} else if !alone { // somebody records one for the same person at this moment
			return errs.E(errs.Conflict, "flow.error.changed")
		}
		if n, err := r.store.overlapping(ctx, tx, a, b); err != nil {
			return err
		} else if n > 0 {
			return errs.InvalidFields([]errs.Field{{Name: "from", Key: "flow.error.overlap"}})
		}
		if others, err := r.store.absences(ctx, tx, a, b.From); err != nil {
			return err
		} else if with := circle(b, others); with != "" {
			return errs.InvalidFields([]errs.Field{{Name: "deputy", Key: "flow.error.circle", Args: []any{deputy[0].Name, with}}})
		}
		b.Name, b.DeputyName, b.RecordedBy, b.RecordedAt = who[0].Name, deputy[0].Name, identity.From(ctx).Name, now
		if err := r.store.insertAbsence(ctx, tx, a, b); err != nil {
			return err
		}
		for _, at := range []time.Time{b.From, b.Until} {
			if err := r.h.Queue.PublishAt(ctx, tx, topicDeputies, deputiesJob{b.Authority, db.Micros(at)}, at); err != nil {
				return err
			}
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.absence_recorded", Authority: b.Authority, Object: personObject(b.Subject),
			Changes: map[string]any{"absence": b.ID, "deputy": b.Deputy, "from": i18n.ISODate(b.From), "until": i18n.ISODate(b.Until.Add(-time.Second))}})
	})
}

// circle names who would be stood in for by somebody whom they stand in for themselves, at some time of the absence: the
// last before it comes round. "" if it does not.
func circle(b Absence, others []Absence) string {
	var from func(last Absence, left int) string
	from = func(last Absence, left int) string {
		for _, next := range others {
			if next.Authority != b.Authority || next.Subject != last.Deputy || !next.From.Before(last.Until) || !last.From.Before(next.Until) {
				continue
			}
			if next.Deputy == b.Subject {
				return next.Name
			}
			if left > 0 {
				next.From, next.Until = later(next.From, last.From), earlier(next.Until, last.Until)
				if with := from(next, left-1); with != "" {
					return with
				}
			}
		}
		return ""
	}
	return from(b, maxHops)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// EndAbsence calls an absence off, before it or while it lasts. What was signed meanwhile stays.
func (r *Room) EndAbsence(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		b, err := r.store.absence(ctx, tx, a, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		dir, err := r.directory(ctx, tx, a, b.Authority, r.h.Now())
		switch {
		case err != nil:
			return err
		case !r.heads(a, dir, b.Authority, b.Subject) && b.Subject != a.Subject:
			return errs.E(errs.Denied, "flow.error.not_head")
		case !b.EndedAt.IsZero():
			return nil
		}
		if err := r.store.endAbsence(ctx, tx, a, id, r.h.Now()); err != nil {
			return err
		}
		if err := r.h.Queue.Publish(ctx, tx, topicDeputies, deputiesJob{b.Authority, db.Micros(r.h.Now())}); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.absence_ended", Authority: b.Authority, Object: personObject(b.Subject),
			Changes: map[string]any{"absence": id}})
	})
}

// heads reports whether the caller decides about the desk of the person: as a head of theirs, or as registrar.
func (r *Room) heads(a access.Access, dir directory, authority, subject string) bool {
	return a.Registrar(authority) || slices.ContainsFunc(dir.seats, func(s seat) bool { return s.Subject == subject && a.Heads(s.unit) })
}

// Absences lists those that are not over, as far as the caller has to do with them: their own, those they act for, and
// those of whom they head. Registrars see all of their authority.
func (r *Room) Absences(ctx context.Context) ([]Absence, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	all, err := r.store.absences(ctx, q, a, r.h.Now())
	if err != nil {
		return nil, err
	}
	dirs := map[string]directory{}
	var out []Absence
	for _, b := range all {
		dir, ok := dirs[b.Authority]
		if !ok {
			if dir, err = r.directory(ctx, q, a, b.Authority, r.h.Now()); err != nil {
				return nil, err
			}
			dirs[b.Authority] = dir
		}
		if b.Subject == a.Subject || b.Deputy == a.Subject || r.heads(a, dir, b.Authority, b.Subject) || slices.Contains(dir.deputies(b.Subject), a.Subject) {
			out = append(out, b)
		}
	}
	return out, nil
}

// personObject names a member of staff in the log.
func personObject(subject string) string { return "person:" + subject }
