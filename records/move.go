package records

import (
	"context"
	"slices"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// Moved is a case that has another Aktenzeichen now, and perhaps lies in another file.
type Moved struct {
	Case      Case   // as it is now; its May is Write
	File      File   // in which it lies now
	From      string // id of the file in which it lay; Case.FileID if its file was moved with it
	Reference string // Aktenzeichen that it had
}

// OnMove has f told of each case that moved, in the transaction that moves it: a part asks for that when it is made, so that
// what it keeps of the case follows. What fails in f undoes the move.
func (r *Room) OnMove(f func(ctx context.Context, tx *db.Tx, m Moved) error) {
	r.movers = append(r.movers, f)
}

// OnDocumentMove has f asked before a document (its id) leaves its case: an error of f keeps it there.
func (r *Room) OnDocumentMove(f func(ctx context.Context, tx *db.Tx, document string) error) {
	r.leavers = append(r.leavers, f)
}

// DocumentLeaves asks whether the document may leave its case; whoever moves one asks so, with the case locked.
func (r *Room) DocumentLeaves(ctx context.Context, tx *db.Tx, document string) error {
	for _, f := range r.leavers {
		if err := f(ctx, tx, document); err != nil {
			return err
		}
	}
	return nil
}

// Move says where a case goes.
type Move struct {
	Reference string // Aktenzeichen of the file, also one that it had
	Part      string // id of a part file of that, or its own for none of them; "" only of one that has no open ones
	Reason    string
}

// MoveCase puts a case, with the cases in it, into another file of the same authority; the caller may change both. It gets
// the next Aktenzeichen there and keeps those that it had (Case.Former); it does not become less confidential.
func (r *Room) MoveCase(ctx context.Context, id string, version int64, m Move) error {
	var wrong []errs.Field
	m.Reference = checkText(&wrong, "reference", OneLine(m.Reference), maxSubject)
	m.Reason = checkText(&wrong, "reason", m.Reason, maxReason)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.CaseToChange(ctx, tx, a, id)
		if err != nil {
			return err
		}
		target, err := r.store.fileNamed(ctx, tx, a, c.Authority, m.Reference)
		switch {
		case errs.Is(err, errs.NotFound):
			return errs.InvalidFields([]errs.Field{{Name: "reference", Key: "records.error.no_file"}})
		case err != nil:
			return err
		case target == c.FileID && c.Version == version+1:
			return nil // the form was sent twice
		case c.Version != version:
			return errs.E(errs.Conflict, "records.error.changed")
		case target == c.FileID:
			return errs.InvalidFields([]errs.Field{{Name: "reference", Key: "records.error.same_file"}})
		case c.Parent != "":
			return errs.E(errs.Conflict, "records.error.move_sub")
		}
		return r.moveCase(ctx, tx, a, c, target, m)
	})
}

func (r *Room) moveCase(ctx context.Context, tx *db.Tx, a access.Access, c Case, target string, m Move) error {
	at := access.At(c.Authority)
	subs, err := r.store.subCases(ctx, tx, at, c.ID, tx.ForUpdate())
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(slices.Values([]string{c.FileID, target})) { // in one order, so that two who move do not wait for each other
		if err := r.store.lockFile(ctx, tx, at, id); err != nil {
			return err
		}
	}
	f, err := r.fileToChange(ctx, tx, a, target)
	if err != nil {
		return err
	}
	if m.Part, err = r.partOfMove(ctx, tx, f, m.Part); err != nil {
		return err
	}
	number, err := r.store.nextCase(ctx, tx, at, f.ID, "")
	if err != nil {
		return err
	}
	if err := r.store.keepNumber(ctx, tx, at, c.FileID, c.Number); err != nil {
		return err
	}
	from, old := c.FileID, c.Reference
	c.Number = number
	if err := r.refile(ctx, tx, &c, f, m.Part, caseReference(f.Reference, false, number)); err != nil {
		return err
	}
	for _, s := range subs {
		if err := r.refile(ctx, tx, &s, f, m.Part, caseReference(c.Reference, true, s.Number)); err != nil {
			return err
		}
	}
	if err := r.remark(ctx, tx, c, "records.remark.moved", m.Reason, old, c.Reference); err != nil {
		return err
	}
	for _, o := range []string{object(c.ID), FileObject(from), FileObject(f.ID)} {
		changes := map[string]any{"reference": []any{old, c.Reference}, "file": []any{from, f.ID}, "cases": 1 + len(subs)}
		if o == object(c.ID) { // who reads a file may not read each case of it
			changes["reason"] = m.Reason
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.case_moved", Authority: c.Authority, Object: o, Changes: changes}); err != nil {
			return err
		}
	}
	return nil
}

// refile stores that the case lies in the file under that Aktenzeichen, with what is in it.
func (r *Room) refile(ctx context.Context, tx *db.Tx, c *Case, f File, part, reference string) error {
	at := access.At(c.Authority)
	m := Moved{From: c.FileID, Reference: c.Reference}
	c.Former = former(c.Former, c.Reference)
	c.FileID, c.Part, c.Reference, c.Level = f.ID, part, reference, max(c.Level, f.Level)
	if err := r.save(ctx, tx, at, *c); err != nil {
		return err
	}
	c.Version++
	if m.From != f.ID {
		if err := r.store.bring(ctx, tx, at, *c); err != nil {
			return err
		}
	}
	m.Case, m.File = *c, f
	m.Case.May = access.Write
	for _, follow := range r.movers {
		if err := follow(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// former adds an Aktenzeichen to those that something had; once is enough.
func former(had, reference string) string {
	all := Formers(had)
	if slices.Contains(all, reference) {
		return had
	}
	if had != "" {
		had += "\n"
	}
	return had + reference
}

// ReassignUnit gives a file another place in the file plan (Umprotokollieren): it and its cases get new Aktenzeichen and
// keep those that they had, and it is kept as long as the new unit says. For who manages the file (access.Manages), with a
// reason; errs.Conflict if it is closed or being disposed of.
func (r *Room) ReassignUnit(ctx context.Context, id string, version int64, code, reason string) error {
	var wrong []errs.Field
	if code == "" {
		wrong = append(wrong, errs.Field{Name: "unit", Key: "records.error.unit"})
	}
	reason = checkText(&wrong, "reason", reason, maxReason)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.managedFile(ctx, tx, a, id, "records.error.manage")
		switch {
		case err != nil:
			return err
		case f.Unit.Code == code && f.Version == version+1:
			return nil // the form was sent twice
		case f.Version != version:
			return errs.E(errs.Conflict, "records.error.file_changed", f.ChangedBy)
		}
		if err := f.changeable(); err != nil {
			return err
		}
		unit, err := r.store.unit(ctx, tx, access.At(f.Authority), code)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		if err != nil || code == f.Unit.Code || !unit.ValidAt(r.h.Now()) {
			return errs.InvalidFields([]errs.Field{{Name: "unit", Key: "records.error.unit"}})
		}
		return r.reassign(ctx, tx, f, unit, reason)
	})
}

func (r *Room) reassign(ctx context.Context, tx *db.Tx, f File, unit Unit, reason string) error {
	at := access.At(f.Authority)
	old := f
	reference, err := r.number(ctx, tx, f.Authority, unit.Code, f.Lead)
	if err != nil {
		return err
	}
	f.Former, f.Reference, f.Unit = former(f.Former, f.Reference), reference, unit
	f.ChangedAt, f.ChangedBy = r.h.Now(), identity.From(ctx).Name
	if err := r.store.updateFile(ctx, tx, at, f); err != nil {
		return err
	}
	cases, err := r.store.casesIn(ctx, tx, at, f.ID, tx.ForUpdate())
	if err != nil {
		return err
	}
	references := map[string]string{}
	for _, c := range cases {
		before := c.Reference
		above := f.Reference
		if c.Parent != "" {
			above = references[c.Parent]
		}
		references[c.ID] = caseReference(above, c.Parent != "", c.Number)
		if err := r.refile(ctx, tx, &c, f, c.Part, references[c.ID]); err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.case_renumbered", Authority: c.Authority, Object: object(c.ID),
			Changes: map[string]any{"reference": []any{before, c.Reference}}}); err != nil {
			return err
		}
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.file_reassigned", Authority: f.Authority, Object: FileObject(f.ID),
		Changes: map[string]any{"unit": []any{old.Unit.Code, unit.Code}, "reference": []any{old.Reference, f.Reference}, "cases": len(cases), "reason": reason}})
}
