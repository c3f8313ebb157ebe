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

// Order is what somebody gives out.
type Order struct {
	ID       string // chosen by the form: the same form sent twice starts one circulation
	Title    string // "" is said by its steps
	Document string // id; "" is the case as a whole
	Steps    []Step
}

// Start gives out a circulation on a case that the caller may change. Every recipient is asked for at once: who may not
// read the file yet is let in, or named in errs.Invalid with the reason why not.
func (r *Room) Start(ctx context.Context, caseID string, o Order) error {
	now := r.h.Now()
	o.Title = strings.TrimSpace(o.Title)
	wrong := checkSteps(o.Steps, o.Document != "", now)
	if utf8.RuneCountInString(o.Title) > maxTitle {
		wrong = append(wrong, errs.Field{Name: "title", Key: "flow.error.long", Args: []any{maxTitle}})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.core.CaseToChange(ctx, tx, a, caseID)
		if err != nil {
			return err
		}
		if done, err := r.store.hasCirculation(ctx, tx, a, c.ID, o.ID); done || err != nil {
			return err
		}
		f, err := r.core.FileOf(ctx, tx, a, c)
		if err != nil {
			return err
		}
		me := identity.From(ctx)
		x := Circulation{ID: o.ID, Authority: c.Authority, File: c.FileID, Case: c.ID, Document: o.Document, Title: o.Title,
			State: Running, By: Person{me.Subject, me.Name}, StartedAt: now, Version: 1}
		if o.Document != "" {
			if x.Content, err = r.draft(ctx, tx, c, o); err != nil {
				return err
			}
		}
		dir, err := r.directory(ctx, tx, a, c.Authority, now)
		if err != nil {
			return err
		}
		var wrong []errs.Field
		for i, s := range o.Steps {
			for j, holder := range s.To {
				need := access.Read
				if s.Kind == Shelve {
					need = access.Write
				}
				err := r.admit(ctx, tx, &scene{c: c, f: f, x: x, dir: dir}, holder, need)
				if errs.Is(err, errs.Invalid) {
					e := errs.As(err)
					wrong = append(wrong, errs.Field{Name: toName(stepName(i), j), Key: e.Key, Args: e.Args})
				} else if err != nil {
					return err
				}
				x.Tasks = append(x.Tasks, r.newTask(x, c, s, i+1, holder, r.holderName(dir, holder), now))
			}
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return err
		}
		x.Step = settle(x.Tasks, now)
		if err := r.store.insertCirculation(ctx, tx, a, x); err != nil {
			return err
		}
		if err := r.saveTasks(ctx, tx, a, c, f, dir, nil, x.Tasks); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.started", Authority: c.Authority, Object: x.object(),
			Changes: map[string]any{"circulation": x.ID, "case": c.ID, "tasks": summary(x.Tasks), "version": x.Content.Version}})
	})
}

// draft is the current version of the document that the order is about.
func (r *Room) draft(ctx context.Context, tx *db.Tx, c records.Case, o Order) (Content, error) {
	d, err := r.store.document(ctx, tx, access.At(c.Authority), o.Document, tx.ForUpdate())
	switch {
	case err != nil:
		return Content{}, err
	case d.caseID != c.ID:
		return Content{}, errs.E(errs.NotFound, "records.error.not_found")
	}
	for _, s := range o.Steps {
		if s.Kind.Signs() && !d.finalAt.IsZero() {
			return Content{}, errs.E(errs.Conflict, "flow.error.final")
		}
	}
	return d.Content, nil
}

func (r *Room) newTask(x Circulation, c records.Case, s Step, step int, holder, name string, now time.Time) Task {
	t := Task{ID: db.NewID(), Authority: c.Authority, File: c.FileID, Case: c.ID, Circulation: x.ID, Step: step, Kind: s.Kind,
		Text: strings.TrimSpace(s.Text), Holder: holder, HolderName: name, State: Waiting, Days: s.Days, Date: s.Date, Version: 1, fresh: true,
		search: searchText(c.Reference, c.Subject, c.Applicant, x.Title, x.By.Name, s.Text)}
	if s.Kind == Resubmit {
		if t.Date.IsZero() {
			t.Date = now.AddDate(0, 0, s.Days)
		}
		t.Date = i18n.StartOfDay(t.Date)
	}
	return t
}

// searchText is what the inbox is searched in. It stands in an index, so it has an end.
func searchText(parts ...string) string {
	const most = 400 // characters
	s := []rune(strings.ToLower(strings.Join(parts, " ")))
	return string(s[:min(len(s), most)])
}

// object is what the log's entries about the circulation are about.
func (c Circulation) object() string {
	if c.Document != "" {
		return records.DocumentObject(c.Document)
	}
	return records.CaseObject(c.Case)
}

// summary says for the log who was asked for what.
func summary(tasks []Task) []map[string]any {
	var out []map[string]any
	for _, t := range tasks {
		out = append(out, map[string]any{"step": t.Step, "kind": t.Kind, "holder": t.Holder})
	}
	return out
}

// Withdraw ends a running circulation: by who started it or stands in for them, or by who manages the file.
func (r *Room) Withdraw(ctx context.Context, id string, version int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := errs.InvalidFields(checkReason("reason", reason)); err != nil {
		return err
	}
	return r.change(ctx, id, func(ctx context.Context, tx *db.Tx, s *scene) (string, map[string]any, error) {
		instead, mine := s.desk.holds(access.Person(s.x.By.Subject))
		s.instead = instead
		switch {
		case !mine && !s.a.Manages(s.f.Authority, s.f.Lead):
			return "", nil, errs.E(errs.Denied, "flow.error.not_initiator")
		case s.x.State == Withdrawn:
			return "", nil, nil
		case s.x.State != Running:
			return "", nil, errs.E(errs.Conflict, "flow.error.ended")
		case s.x.Version != version:
			return "", nil, errs.E(errs.Conflict, "flow.error.changed")
		}
		stop(s.x.Tasks)
		s.x.State, s.x.EndedAt, s.x.Reason = Withdrawn, r.h.Now(), reason
		return "flow.withdrawn", map[string]any{"sha256": records.Digest(reason)}, nil
	})
}

// checkReason names what is wrong with a reason that has to be given.
func checkReason(name, s string) []errs.Field {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return []errs.Field{{Name: name, Key: "flow.error.reason"}}
	case n > maxText:
		return []errs.Field{{Name: name, Key: "flow.error.long", Args: []any{maxText}}}
	}
	return nil
}
