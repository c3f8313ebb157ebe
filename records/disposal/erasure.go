package disposal

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Erasure is an order of a court to erase something, and what became of it.
type Erasure struct {
	ID           string
	Authority    string
	File         string // file id
	Scope        string // "file", "case" (with the cases in it), "document"
	Object       string // its id
	Reference    string // Aktenzeichen of the file or case
	Court        string
	Judgment     string // the court's reference
	Reason       string
	State        string // ErasureOpen …
	ProposedBy   string // subject
	ProposedName string
	ProposedAt   time.Time
	DecidedName  string
	DecidedAt    time.Time
	Medium       records.Medium // of the file; "" if it was erased before that was noted
	Location     string         // where its paper lies, or lay when it was erased
}

// The states of an erasure.
const (
	ErasureOpen      = "open" // a second person is to confirm it
	ErasureDone      = "done"
	ErasureRefused   = "refused"
	ErasureTakenBack = "taken_back" // by who proposed it
)

// check tidies what was typed and names what is wrong with it.
func (e *Erasure) check() error {
	var wrong []errs.Field
	if s := scope(e.Scope); e.Object == "" || s != scopeFile && s != scopeCase && s != scopeDocument {
		wrong = append(wrong, errs.Field{Name: "object", Key: "disposal.error.scope"})
	}
	for _, f := range []struct {
		name  string
		value *string
		most  int
	}{{"court", &e.Court, maxName}, {"judgment", &e.Judgment, maxName}, {"reason", &e.Reason, maxReason}} {
		*f.value = strings.TrimSpace(*f.value)
		if n := utf8.RuneCountInString(*f.value); n == 0 {
			wrong = append(wrong, errs.Field{Name: f.name, Key: "disposal.error.empty." + f.name})
		} else if n > f.most {
			wrong = append(wrong, errs.Field{Name: f.name, Key: "disposal.error.long", Args: []any{f.most, n}})
		}
	}
	return errs.InvalidFields(wrong)
}

// ProposeErasure is the first person's part of erasing what a court ordered: a registrar who may read it. e.ID is chosen
// by the form, e.File, e.Scope, e.Object, e.Court, e.Judgment and e.Reason are given.
func (r *Room) ProposeErasure(ctx context.Context, e Erasure) error {
	if web.ID(e.ID) == "" {
		return notFound()
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.core.FileByID(ctx, tx, a, e.File)
		if err != nil {
			return err
		}
		if !a.Registrar(f.Authority) {
			return errs.E(errs.Denied, "disposal.error.no_role")
		}
		if err := e.check(); err != nil {
			return err
		}
		if _, err := r.store.erasure(ctx, tx, a, e.ID, ""); !errs.Is(err, errs.NotFound) {
			return err // the form was sent twice
		}
		if err := r.erasable(ctx, tx, a, f, &e); err != nil {
			return err
		}
		me := identity.From(ctx)
		e.Authority, e.State, e.ProposedBy, e.ProposedName, e.ProposedAt = f.Authority, ErasureOpen, me.Subject, me.Name, r.h.Now()
		if err := r.store.insertErasure(ctx, tx, a, e); err != nil {
			if db.IsUnique(err) {
				return errs.E(errs.Conflict, "disposal.error.erasure_open")
			}
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.erasure_proposed", Authority: e.Authority, Object: e.object(),
			Changes: map[string]any{"erasure": e.ID, "court": e.Court, "judgment": e.Judgment}})
	})
}

// Hit is a case, or a document, that an order may name.
type Hit struct {
	Kind      string // "case", "document"
	ID        string
	Reference string // Aktenzeichen of the case
	Subject   string
	At        time.Time
}

// Erasable reads a file whose records the caller keeps, with the cases and documents in it that an order may name.
func (r *Room) Erasable(ctx context.Context, file string) (records.File, []Hit, error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return records.File{}, nil, err
	}
	f, err := r.core.FileByID(ctx, q, a, file)
	if err != nil {
		return f, nil, err
	}
	if !a.Registrar(f.Authority) {
		return f, nil, errs.E(errs.Denied, "disposal.error.no_role")
	}
	objects, err := r.store.objectsIn(ctx, q, a, file)
	return f, objects, err
}

// object names what is erased in the log.
func (e Erasure) object() string {
	switch scope(e.Scope) {
	case scopeCase:
		return records.CaseObject(e.Object)
	case scopeDocument:
		return records.DocumentObject(e.Object)
	}
	return records.FileObject(e.Object)
}

// erasable checks that there is what an erasure names, in that file, for the caller to read, that no disposal is about it,
// and that the paper of a file that goes as a whole is not lent: of what is left of it nobody would know who has it. It
// sets the reference.
func (r *Room) erasable(ctx context.Context, tx *db.Tx, a access.Access, f records.File, e *Erasure) error {
	if f.State == InDisposal {
		return errs.E(errs.Conflict, "disposal.error.in_process")
	}
	file := f.ID
	e.Reference = f.Reference
	switch scope(e.Scope) {
	case scopeFile:
		if f.State != "" {
			return errs.E(errs.Conflict, "disposal.error.destroyed")
		}
		if f.LentTo != "" {
			return errs.E(errs.Conflict, "disposal.error.paper_lent", f.LentTo)
		}
		file = e.Object
	case scopeCase:
		c, err := r.core.CaseByID(ctx, tx, a, e.Object, "")
		if err != nil {
			return err
		}
		file, e.Reference = c.FileID, c.Reference
	case scopeDocument:
		d, err := r.core.DocumentByID(ctx, tx, a, e.Object)
		if err != nil {
			return err
		}
		c, err := r.core.CaseByID(ctx, tx, a, d.CaseID, "")
		if err != nil {
			return err
		}
		file, e.Reference = c.FileID, c.Reference
	}
	if file != f.ID {
		return notFound()
	}
	return nil
}

// mayDecide is errs.Denied for who is no second person for the erasure: another registrar, or who heads the leading unit.
func mayDecide(ctx context.Context, a access.Access, f records.File, e Erasure) error {
	switch {
	case !a.Registrar(f.Authority) && (f.Lead == "" || !a.Heads(f.Lead)):
		return errs.E(errs.Denied, "disposal.error.no_second")
	case e.ProposedBy == identity.From(ctx).Subject:
		return errs.E(errs.Denied, "disposal.error.same_person")
	}
	return nil
}

// Erasure reads an erasure of a file that the caller may read, for its registrars and for who heads the leading unit.
func (r *Room) Erasure(ctx context.Context, id string) (Erasure, records.File, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return Erasure{}, records.File{}, err
	}
	e, err := r.store.erasure(ctx, q, a, id, "")
	if err != nil {
		return e, records.File{}, err
	}
	f, err := r.core.FileByID(ctx, q, a, e.File)
	if err == nil && !a.Manages(f.Authority, f.Lead) {
		err = errs.E(errs.Denied, "disposal.error.no_second")
	}
	if e.Medium, e.Location = f.Medium, f.Location; err != nil || e.State != ErasureDone {
		return e, f, err
	}
	gone, err := r.store.destructions(ctx, q, a, f.ID)
	for _, d := range gone {
		if d.Erasure == e.ID {
			e.Medium, e.Location = d.Medium, d.Location
		}
	}
	return e, f, err
}

// Erasures lists the erasures at the authorities whose records the caller keeps, of files that the caller may read, the
// latest first.
func (r *Room) Erasures(ctx context.Context, c paging.Cursor) (paging.Listing[Erasure], error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[Erasure]{}, err
	}
	return r.store.erasures(ctx, r.h.DB.Reader(), a, c)
}

// Erase is the second person's part: what the court ordered is erased, with a Destruction and an entry in the log.
// Confirmed twice it is erased once.
func (r *Room) Erase(ctx context.Context, id string) error {
	return r.decideErasure(ctx, id, ErasureDone, func(ctx context.Context, tx *db.Tx, a access.Access, f records.File, e Erasure) error {
		if err := r.erasable(ctx, tx, a, f, &e); err != nil {
			return err
		}
		all := access.At(e.Authority)
		ids := []string{e.Object}
		if scope(e.Scope) == scopeCase {
			var err error
			if ids, err = r.store.casesIn(ctx, tx, all, ids); err != nil {
				return err
			}
		}
		packages, err := r.store.packagesWith(ctx, tx, all, e.File)
		if err != nil {
			return err
		}
		facts, err := r.store.facts(ctx, tx, all, scope(e.Scope), ids)
		if err != nil {
			return err
		}
		gone, err := r.forget(ctx, tx, all, scope(e.Scope), ids)
		if err != nil {
			return err
		}
		for _, k := range packages { // what was sent to the archive holds it too
			if err := r.store.erasePackage(ctx, tx, all, k.ID); err != nil {
				return err
			}
			gone[e.Object] = append(gone[e.Object], k.Hash)
		}
		for _, id := range ids {
			d := facts[id]
			d.Subject, d.Erasure, d.First, d.Second = "", e.ID, e.ProposedName, identity.From(ctx).Name
			one := e
			one.Object = id
			if err := r.record(ctx, tx, all, d, "disposal.erased", one.object(), gone[id]); err != nil {
				return err
			}
			if scope(e.Scope) == scopeFile {
				if err := r.store.leaveStub(ctx, tx, all, d, FileDestroyed, r.h.Now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// RefuseErasure is the second person's no, or the first one's change of mind.
func (r *Room) RefuseErasure(ctx context.Context, id string) error {
	return r.decideErasure(ctx, id, ErasureRefused, func(ctx context.Context, tx *db.Tx, _ access.Access, _ records.File, e Erasure) error {
		action := "disposal.erasure_refused"
		if e.State == ErasureTakenBack {
			action = "disposal.erasure_taken_back"
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: e.Authority, Object: e.object(),
			Changes: map[string]any{"erasure": e.ID}})
	})
}

func (r *Room) decideErasure(ctx context.Context, id, state string,
	do func(ctx context.Context, tx *db.Tx, a access.Access, f records.File, e Erasure) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		e, err := r.store.erasure(ctx, tx, a, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if err := r.store.lockFiles(ctx, tx, a, []string{e.File}); err != nil {
			return err
		}
		f, err := r.core.FileByID(ctx, tx, a, e.File)
		if err != nil {
			return err
		}
		state := state
		if state == ErasureRefused && e.ProposedBy == identity.From(ctx).Subject {
			state = ErasureTakenBack
		}
		if err := mayDecide(ctx, a, f, e); err != nil && state != ErasureTakenBack {
			return err
		}
		if e.State == state {
			return nil // confirmed twice
		}
		if e.State != ErasureOpen {
			return errs.E(errs.Conflict, "disposal.error.decided")
		}
		e.State = state
		if err := do(ctx, tx, a, f, e); err != nil {
			return err
		}
		return r.store.decideErasure(ctx, tx, a, id, state, identity.From(ctx), r.h.Now())
	})
}
