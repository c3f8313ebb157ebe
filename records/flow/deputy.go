package flow

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// The rule of deputies (Vertretung). While somebody is absent their deputy has their tasks, those that are theirs by
// name and by role, and does them "i. V.": with the deputy's own right to the case or that of who is absent, whichever
// is more, as long as the absence lasts and for these tasks only; log and timeline name both. Nobody gets beyond their
// own clearance or over a block that way, as the case is read with the deputy's own access first. To read it they are its
// guest, which ends with the absence.

// standIn gives the caller the right to the case of the one whom they stand in for, if that is more than their own.
func (r *Room) standIn(ctx context.Context, tx *db.Tx, s *scene, instead Person) error {
	s.instead = instead
	if instead.Subject == "" {
		return nil
	}
	a, err := r.accessOf(ctx, tx, instead.Subject, s.c.Authority)
	if err != nil {
		return err
	}
	theirs, err := r.core.CaseByID(ctx, tx, a, s.c.ID, "")
	if errs.Is(err, errs.NotFound) {
		return nil // what they cannot reach themselves nobody reaches for them
	}
	s.c.May, s.f.May = max(s.c.May, theirs.May), max(s.f.May, theirs.May)
	return err
}

// named adds to what goes into the log in whose stead it is done.
func (s *scene) named(changes map[string]any) map[string]any { return named(s.instead, changes) }

func named(instead Person, changes map[string]any) map[string]any {
	if instead.Subject != "" {
		changes["for"], changes["for_name"] = instead.Subject, instead.Name
	}
	return changes
}

// admitDeputies lets those read the case who act for an absent holder now. Whom a block or their clearance keeps out
// does not see the task; it stays with who is absent.
func (r *Room) admitDeputies(ctx context.Context, tx *db.Tx, dir directory, c records.Case, f records.File, holder string) error {
	for _, subject := range dir.absent(holder) {
		for _, deputy := range dir.deputies(subject) {
			if len(dir.members(access.Person(deputy))) == 0 {
				continue // they have left the authority
			}
			got, err := r.reaches(ctx, tx, deputy, c, f)
			if err != nil {
				return err
			}
			if got != reachesByRule {
				continue
			}
			if err := r.invite(ctx, tx, c, access.Person(deputy), absencePrefix+subject, Person{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// absent are the people who are away of those whose deputies have the holder's tasks: a person, or those in a role.
func (d directory) absent(holder string) []string {
	if strings.HasPrefix(holder, "unit:") {
		return nil
	}
	var out []string
	for _, p := range d.members(holder) {
		if _, away := d.absences[p.Subject]; away {
			out = append(out, p.Subject)
		}
	}
	return out
}

// absencePrefix begins the source of a guest who stands in for whose subject follows.
const absencePrefix = "absence:"

// standIn is a deputy who is a guest of cases for the sake of somebody absent.
type standIn struct{ Holder, Subject string }

// deputiesJob says that from At, in microseconds, others may stand in for people of the authority.
type deputiesJob struct {
	Authority string
	At        int64
}

// deputiesChange lets those who stand in for somebody now read what lies with them, and takes that from those who do
// not any more: when an absence begins, ends or is called off, which may change who stands in for others too. It may be
// delivered again.
func (r *Room) deputiesChange(ctx context.Context, job *queue.Job, e deputiesJob) (err error) {
	defer errs.Wrap(&err, "deputiesChange(%s)", e.Authority)
	if db.Time(e.At).After(r.h.Now()) {
		return errTooEarly
	}
	q, a := r.h.DB.Reader(), access.At(e.Authority)
	dir, err := r.directory(ctx, q, a, e.Authority, r.h.Now())
	if err != nil {
		return err
	}
	for subject := range dir.absences {
		for _, deputy := range dir.deputies(subject) {
			if err := r.letDeputy(ctx, a, dir, subject, deputy); err != nil {
				return err
			}
		}
	}
	given, err := r.store.standIns(ctx, q, a)
	if err != nil {
		return err
	}
	for _, x := range given {
		if slices.ContainsFunc(dir.deputies(x.Subject), func(d string) bool { return access.Person(d) == x.Holder }) {
			continue
		}
		if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return r.dismiss(ctx, tx, e.Authority, absencePrefix+x.Subject, x.Holder)
		}); err != nil {
			return err
		}
	}
	return r.h.DB.Tx(ctx, job.Done)
}

// letDeputy lets the deputy read the cases of all open tasks of somebody absent.
func (r *Room) letDeputy(ctx context.Context, a access.Access, dir directory, subject, deputy string) error {
	q := r.h.DB.Reader()
	reader, err := r.accessOf(ctx, q, deputy, dir.absences[subject].Authority)
	if err != nil {
		return err
	}
	for _, holder := range dir.holders(subject) {
		for after := ""; ; {
			tasks, err := r.store.unreadOf(ctx, q, a, reader, holder, after)
			if err != nil {
				return err
			}
			for _, t := range tasks {
				if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return r.letDeputies(ctx, tx, a, t) }); err != nil {
					return err
				}
				after = t.ID
			}
			if len(tasks) == 0 {
				break
			}
		}
	}
	return nil
}

func (r *Room) letDeputies(ctx context.Context, tx *db.Tx, a access.Access, t Task) error {
	c, err := r.core.CaseByID(ctx, tx, a, t.Case, "")
	if err != nil {
		return err
	}
	f, err := r.core.FileOf(ctx, tx, a, c)
	if err != nil {
		return err
	}
	dir, err := r.directory(ctx, tx, a, t.Authority, r.h.Now())
	if err != nil {
		return err
	}
	return r.admitDeputies(ctx, tx, dir, c, f, t.Holder)
}
