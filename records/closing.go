package records

import (
	"context"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// Obstacle is something that goes on in a case, so that it cannot be put to the files yet.
type Obstacle struct {
	Key  string // key of the text that names it, with its arguments
	Args []any
	How  string // key of who ends it and how
	Path string // page on which it is ended; "" if the caller cannot open it
}

// closer says what stands against putting a case to the files. q is the transaction that does it, with the case locked, or
// the reader for the page that shows it beforehand. why is what CloseIn was given: what closes the case does not stand
// against it.
type closer func(ctx context.Context, q db.Querier, c Case, why map[string]any) ([]Obstacle, error)

// OnClosing has f asked before a case is put to the files: a part asks for that when it is made.
func (r *Room) OnClosing(f func(ctx context.Context, q db.Querier, c Case, why map[string]any) ([]Obstacle, error)) {
	r.closers = append(r.closers, f)
}

// obstacles are all that stand against closing the case: its own parts first, then what the room's other parts say.
func (r *Room) obstacles(ctx context.Context, q db.Querier, c Case, why map[string]any) ([]Obstacle, error) {
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	all, err := r.store.subCases(ctx, q, access.At(c.Authority), c.ID, "")
	if err != nil {
		return nil, err
	}
	seen, err := r.store.subCases(ctx, q, a, c.ID, "")
	if err != nil {
		return nil, err
	}
	readable := map[string]bool{}
	for _, s := range seen {
		readable[s.ID] = true
	}
	var out []Obstacle
	for _, s := range all {
		switch {
		case s.State == StateClosed:
		case readable[s.ID]:
			out = append(out, Obstacle{Key: "records.open.sub", Args: []any{s.Reference, s.Subject}, How: "records.how.sub", Path: "/akte/vorgang/" + s.ID})
		default:
			out = append(out, Obstacle{Key: "records.open.sub_hidden", How: "records.how.sub_hidden"})
		}
	}
	for _, f := range r.closers {
		more, err := f(ctx, q, c, why)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// openWork is errs.Conflict that names what stands against closing; nil if nothing does.
func openWork(obstacles []Obstacle) error {
	if len(obstacles) == 0 {
		return nil
	}
	e := &errs.Error{Code: errs.Conflict, Key: "records.error.open_work"}
	for _, o := range obstacles {
		e.Fields = append(e.Fields, errs.Field{Name: "inhalt", Key: o.Key, Args: o.Args}) // no field of a form: the page itself
	}
	return e
}

// Closing is a case that is to be put to the files.
type Closing struct {
	Case      Case
	File      File
	Obstacles []Obstacle
	Unasked   int       // questions to the applicant without an answer; they do not stand against it
	Decision  *Decision // nil if there is none
	Last      bool      // the file is closed with it
}

// Closing says what putting the case to the files means, and what stands against it.
func (r *Room) Closing(ctx context.Context, id string) (x Closing, err error) {
	d, err := r.Dossier(ctx, id)
	if err != nil {
		return x, err
	}
	if d.Case.May < access.Write {
		return x, errs.E(errs.Denied, "records.error.read_only")
	}
	q := r.h.DB.Reader()
	x = Closing{Case: d.Case, File: d.File, Decision: d.Decision}
	for _, question := range d.Questions {
		if question.AnsweredAt.IsZero() {
			x.Unasked++
		}
	}
	if x.Obstacles, err = r.obstacles(ctx, q, d.Case, nil); err != nil {
		return x, err
	}
	open, err := r.store.openCases(ctx, q, access.At(d.Case.Authority), d.Case.FileID)
	x.Last = open == 1 && d.Case.State != StateClosed
	return x, err
}

const maxReason = 1000 // characters

// ReopenCase takes a case up again that was put to the files, and its file if that was closed only with its last case;
// their retention begins anew when they are closed again. For who manages the file (access.Manages), with a reason, unless
// the file is being disposed of, was closed for itself (or the case's part file was), or the case is a part of one that is closed.
func (r *Room) ReopenCase(ctx context.Context, id string, version int64, reason string) error {
	var wrong []errs.Field
	reason = checkText(&wrong, "reason", reason, maxReason)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.store.caseByID(ctx, tx, a, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if c.May < access.Write {
			return errs.E(errs.Denied, "records.error.manage_case")
		}
		f, err := r.managedFile(ctx, tx, a, c.FileID, "records.error.manage_case")
		switch {
		case err != nil:
			return err
		case c.State != StateClosed && c.Version == version+1:
			return nil // the form was sent twice
		case c.State != StateClosed:
			return errs.E(errs.Conflict, "records.error.not_closed")
		case c.Version != version:
			return errs.E(errs.Conflict, "records.error.changed")
		}
		if err := r.parentOpen(ctx, tx, c); err != nil {
			return err
		}
		reopened, err := r.reopenWith(ctx, tx, a, f)
		if err != nil {
			return err
		}
		if err := r.partOf(ctx, tx, f, c.Part); err != nil {
			return err
		}
		decision, err := r.store.decision(ctx, tx, a, c.ID)
		if err != nil {
			return err
		}
		c.State, c.ClosedAt, c.ClosedBy = StateInWork, time.Time{}, ""
		if decision != nil {
			c.State = StateDecided
		}
		if err := r.save(ctx, tx, a, c); err != nil {
			return err
		}
		if err := r.remark(ctx, tx, c, "records.remark.reopened", reason); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.case_reopened", Authority: c.Authority, Object: object(id),
			Changes: map[string]any{"reason": reason, "state": c.State, "file_reopened": reopened}})
	})
}

// managedFile reads and locks a file that the caller manages and that is not being disposed of; errs.Denied with the key
// for who does not.
func (r *Room) managedFile(ctx context.Context, tx *db.Tx, a access.Access, id, denied string) (File, error) {
	f, err := r.store.fileLocked(ctx, tx, a, id)
	switch {
	case err != nil:
		return f, err
	case f.May < access.Write || !a.Manages(f.Authority, f.Lead):
		return f, errs.E(errs.Denied, denied)
	case f.State != "":
		return f, errs.E(errs.Conflict, "records.error.in_disposal")
	}
	return f, nil
}

// parentOpen is errs.Conflict if the case is a part of one that is closed.
func (r *Room) parentOpen(ctx context.Context, tx *db.Tx, c Case) error {
	if c.Parent == "" {
		return nil
	}
	parent, err := r.store.caseByID(ctx, tx, access.At(c.Authority), c.Parent, tx.ForUpdate())
	if err == nil && parent.State == StateClosed {
		err = errs.E(errs.Conflict, "records.error.parent_closed", parent.Reference)
	}
	return err
}

// reopenWith takes a closed file up again for one of its cases, and reports whether it did. errs.Conflict if it was closed
// for itself.
func (r *Room) reopenWith(ctx context.Context, tx *db.Tx, a access.Access, f File) (bool, error) {
	if f.ClosedAt.IsZero() {
		return false, nil
	}
	if with, err := r.store.closedWithCase(ctx, tx, a, f); err != nil {
		return false, err
	} else if !with {
		return false, errs.E(errs.Conflict, "records.error.reopen_file_first")
	}
	return true, r.reopen(ctx, tx, a, f)
}

// reopen stores that the file is open again, with the parts that were closed with it, and writes the log.
func (r *Room) reopen(ctx context.Context, tx *db.Tx, a access.Access, f File) error {
	if err := r.store.reopenParts(ctx, tx, access.At(f.Authority), f.ID, f.ClosedAt); err != nil {
		return err
	}
	f.ClosedAt, f.RetainUntil, f.ChangedAt, f.ChangedBy = time.Time{}, time.Time{}, r.h.Now(), identity.From(ctx).Name
	if err := r.store.updateFile(ctx, tx, a, f); err != nil {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.file_reopened", Authority: f.Authority, Object: FileObject(f.ID)})
}

// remark leaves a note on the case of what was done to it and why, in the official language: key names it.
func (r *Room) remark(ctx context.Context, tx *db.Tx, c Case, key, reason string, args ...any) error {
	return r.store.insertNote(ctx, tx, access.At(c.Authority), c, Note{ID: db.NewID(), Text: r.german(key, append(args, reason)...),
		By: identity.From(ctx).Name, At: r.h.Now()})
}
