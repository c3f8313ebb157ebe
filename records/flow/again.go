package flow

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// BringBack has a case that the caller may read come back to themselves on a day (Wiedervorlage), with a note. It is
// theirs alone: it changes nothing of the case and does not stand against closing it. id is chosen by the form.
func (r *Room) BringBack(ctx context.Context, caseID, id string, on time.Time, note string) error {
	now := r.h.Now()
	note = strings.TrimSpace(note)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.core.CaseByID(ctx, tx, a, caseID, tx.ForUpdate())
		if err != nil {
			return err
		}
		wrong := checkDay("day", on, now)
		if utf8.RuneCountInString(note) > maxText {
			wrong = append(wrong, errs.Field{Name: "note", Key: "flow.error.long", Args: []any{maxText}})
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return err
		}
		if done, err := r.store.hasCirculation(ctx, tx, a, c.ID, id); done || err != nil {
			return err
		}
		f, err := r.core.FileOf(ctx, tx, a, c)
		if err != nil {
			return err
		}
		if f.State != "" {
			return errs.E(errs.Conflict, "records.error.in_disposal")
		}
		dir, err := r.directory(ctx, tx, a, c.Authority, now)
		if err != nil {
			return err
		}
		me := identity.From(ctx)
		x := Circulation{ID: id, Authority: c.Authority, File: c.FileID, Case: c.ID, State: Running, By: Person{me.Subject, me.Name}, StartedAt: now, Version: 1}
		x.Tasks = []Task{r.newTask(x, c, Step{Kind: Resubmit, Text: note, Date: on}, 1, access.Person(me.Subject), me.Name, now)}
		x.Step = settle(x.Tasks, now)
		if err := r.store.insertCirculation(ctx, tx, a, x); err != nil {
			return err
		}
		if err := r.saveTasks(ctx, tx, a, c, f, dir, nil, x.Tasks); err != nil {
			return err
		}
		changes := map[string]any{"circulation": id, "case": c.ID, "to": i18n.ISODate(on)}
		if note != "" {
			changes["sha256"] = records.Digest(note)
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.brought_back", Authority: c.Authority, Object: x.object(), Changes: changes})
	})
}

// private reports whether the circulation is only that somebody wants to see the case again.
func (c Circulation) private() bool {
	return len(c.Tasks) == 1 && c.Tasks[0].Kind == Resubmit && c.Tasks[0].Holder == access.Person(c.By.Subject)
}

// MoveDate gives an open task another deadline, or a case that is to come back another day: by who started the circulation
// or stands in for them, by who manages the file, and a resubmission by whose it is. Whose task it is not says why.
func (r *Room) MoveDate(ctx context.Context, taskID string, version int64, day time.Time, reason string) error {
	reason = strings.TrimSpace(reason)
	return r.atTask(ctx, taskID, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, map[string]any, error) {
		instead, own, may := s.mayMove(*t)
		s.instead = instead
		switch {
		case !may:
			return "", nil, errs.E(errs.Denied, "flow.error.not_to_move")
		case t.State.pending() && t.Version == version+1 && t.on().Equal(i18n.StartOfDay(day)):
			return "", nil, nil // the form was sent twice
		case s.x.State != Running:
			return "", nil, errs.E(errs.Conflict, "flow.error.ended")
		case t.State == Later && t.Version != version:
			return "", nil, errs.E(errs.Conflict, "flow.error.changed")
		case t.State != Later:
			if err := isOpen(*t, version); err != nil {
				return "", nil, err
			}
		}
		wrong := checkDay("due", day, r.h.Now())
		if !own || reason != "" {
			wrong = append(wrong, checkReason("text", reason)...)
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return "", nil, err
		}
		changes := map[string]any{"task": t.ID, "kind": t.Kind, "from": i18n.ISODate(t.Due), "to": i18n.ISODate(day)}
		if reason != "" {
			text := r.german("flow.moved", r.german("flow.kind."+string(t.Kind)), t.HolderName, i18n.Date(i18n.German, day), reason)
			changes["sha256"] = records.Digest(text)
			me := identity.From(ctx)
			if err := r.store.insertComment(ctx, tx, access.At(s.x.Authority), Comment{ID: db.NewID(), Authority: s.x.Authority, Case: s.x.Case, Text: text,
				By: Person{me.Subject, me.Name}, At: r.h.Now()}); err != nil {
				return "", nil, err
			}
		}
		t.Due, t.Reminders = i18n.EndOfDay(day), 0
		if t.Kind == Resubmit {
			t.Date = i18n.StartOfDay(day)
			t.Due = t.Date
		}
		return "flow.date_moved", changes, nil
	})
}

// on is the day of the task's deadline, or on which it comes back; the zero time if it has none.
func (t Task) on() time.Time {
	if t.Due.IsZero() {
		return t.Due
	}
	return i18n.StartOfDay(t.Due)
}

// mayMove reports whether the caller gives the task another date, whom they stand in for, and whether it is their own.
func (s *scene) mayMove(t Task) (instead Person, own, may bool) {
	return mayMove(s.a, s.desk, s.f, s.x, t)
}

func mayMove(a access.Access, d desk, f records.File, x Circulation, t Task) (instead Person, own, may bool) {
	instead, mine := d.holds(t.Holder)
	own = mine && instead.Subject == ""
	if t.Kind == Resubmit && mine {
		return instead, own, true
	}
	if a.Manages(f.Authority, f.Lead) {
		return Person{}, own, true
	}
	instead, may = d.holds(access.Person(x.By.Subject))
	return instead, own, may
}

// checkDay names what is wrong with a day that is to come.
func checkDay(name string, day, now time.Time) []errs.Field {
	switch {
	case day.IsZero():
		return []errs.Field{{Name: name, Key: "flow.error.date"}}
	case !canCome(day, now):
		return []errs.Field{{Name: name, Key: "flow.error.not_to_come"}}
	}
	return nil
}
