package records

import (
	"context"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// Link is a reference from one file to another (Verweis); it is seen from both.
type Link struct {
	File File // the other one
	Kind string
	By   string
	At   time.Time
}

// Links between files.
const (
	SeeAlso   = "see"       // siehe auch
	Precedes  = "precedes"  // Vorakte
	DependsOn = "belonging" // Beiakte
)

// LinkKinds lists the kinds of links.
var LinkKinds = []string{SeeAlso, Precedes, DependsOn}

// changeFile is the one way somebody changes a file that takes changes: authorise, lock, check the version, do it, store, log.
func (r *Room) changeFile(ctx context.Context, id string, version int64, action string, do func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error)) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.fileToChange(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if f.Version != version {
			return errs.E(errs.Conflict, "records.error.file_changed", f.ChangedBy)
		}
		changes, err := do(ctx, tx, a, &f)
		if err != nil {
			return err
		}
		f.ChangedAt, f.ChangedBy = r.h.Now(), identity.From(ctx).Name
		if err := r.store.updateFile(ctx, tx, a, f); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: f.Authority, Object: FileObject(id), Changes: changes})
	})
}

// ChangeFile changes what can be said about a file. Who it is open to, and how confidential it is, is for who manages
// the file (access.Manages); a file without a leading unit may get one from whoever may write in it, which takes nothing
// from anybody.
func (r *Room) ChangeFile(ctx context.Context, id string, version int64, d Details) error {
	if err := d.check(); err != nil {
		return err
	}
	return r.changeFile(ctx, id, version, "records.file_changed", func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error) {
		old := f.Details()
		if (d.Lead != old.Lead && old.Lead != "" || d.Reach != old.Reach || d.Level != old.Level) && !a.Manages(f.Authority, f.Lead) {
			return nil, errs.E(errs.Denied, "records.error.manage")
		}
		if d.Medium == Electronic && f.LentTo != "" {
			return nil, errs.InvalidFields([]errs.Field{{Name: "medium", Key: "records.error.lent", Args: []any{f.LentTo}}})
		}
		if err := r.fits(ctx, tx, a, f.Authority, &d); err != nil {
			return nil, err
		}
		if d.Level != f.Level {
			if err := r.store.raiseCases(ctx, tx, a, f.ID, d.Level); err != nil {
				return nil, err
			}
		}
		f.set(d)
		return map[string]any{"subject_sha256": Digest(f.Subject), "lead": f.Lead, "reach": d.Reach, "level": f.Level, "medium": f.Medium}, nil
	})
}

// LinkFiles refers from a file to another one of the same authority, named by its Aktenzeichen, that the caller may read.
func (r *Room) LinkFiles(ctx context.Context, file string, version int64, reference, kind string) error {
	return r.changeFile(ctx, file, version, "records.file_linked", func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error) {
		other, err := r.store.fileByReference(ctx, tx, a, f.Authority, OneLine(reference))
		if errs.Is(err, errs.NotFound) || err == nil && other == f.ID {
			return nil, errs.InvalidFields([]errs.Field{{Name: "reference", Key: "records.error.no_file"}})
		}
		if err != nil {
			return nil, err
		}
		ok := false
		for _, k := range LinkKinds {
			ok = ok || k == kind
		}
		if !ok {
			return nil, errs.InvalidFields([]errs.Field{{Name: "kind", Key: "records.error.choice"}})
		}
		return map[string]any{"other": other, "kind": kind}, r.store.putLink(ctx, tx, a, *f, other, kind, identity.From(ctx).Name, r.h.Now())
	})
}

// Unlink takes the reference to the other file away.
func (r *Room) Unlink(ctx context.Context, file string, version int64, other string) error {
	return r.changeFile(ctx, file, version, "records.file_unlinked", func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error) {
		return map[string]any{"other": other}, r.store.dropLink(ctx, tx, a, f.ID, other)
	})
}

// CloseFile closes a file none of whose cases is open, with its parts; its retention begins.
func (r *Room) CloseFile(ctx context.Context, file string, version int64) error {
	return r.changeFile(ctx, file, version, "records.file_closed", func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error) {
		if n, err := r.store.openCases(ctx, tx, a, f.ID); err != nil {
			return nil, err
		} else if n > 0 {
			return nil, errs.E(errs.Conflict, "records.error.open_cases", n)
		}
		f.ClosedAt = r.h.Now()
		return map[string]any{"retained_until": i18n.ISODate(f.RetainedUntil())}, r.store.closeParts(ctx, tx, access.At(f.Authority), f.ID, f.ClosedAt)
	})
}

// Reopen takes a closed file up again, unless its disposal has begun. For who manages the file.
func (r *Room) Reopen(ctx context.Context, file string, version int64) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.store.fileLocked(ctx, tx, a, file)
		switch {
		case err != nil:
			return err
		case f.May < access.Write || !a.Manages(f.Authority, f.Lead):
			return errs.E(errs.Denied, "records.error.manage")
		case f.State != "":
			return errs.E(errs.Conflict, "records.error.in_disposal")
		case f.ClosedAt.IsZero():
			return nil
		case f.Version != version:
			return errs.E(errs.Conflict, "records.error.file_changed", f.ChangedBy)
		}
		return r.reopen(ctx, tx, a, f)
	})
}

// Mark puts a file among the caller's favourites, or takes it away. It concerns nobody else, so the log has nothing of it.
func (r *Room) Mark(ctx context.Context, file string, on bool) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.store.fileByID(ctx, tx, a, file)
		if err != nil {
			return err
		}
		return r.store.mark(ctx, tx, a, f, on, r.h.Now())
	})
}
