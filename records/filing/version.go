package filing

import (
	"context"
	"io"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Version is what a document was at one time. Co-signing binds to its number and hash.
type Version struct {
	Document  string
	Number    int64
	Authority string
	Name      string
	Hash      string // SHA-256
	Size      int64  // bytes
	MediaType string
	Comment   string
	CreatedAt time.Time
	CreatedBy string
}

// Held is a version that somebody else was faster than. It waits for its maker's choice.
type Held struct {
	ID, Document, Subject string
	Authority             string
	Base                  int64 // the version it was made from
	Stored
	Comment string
	At      time.Time
}

const maxComment = 500 // characters

// AddVersion stores the next version of a document that the caller may change, in the transaction of what it comes from;
// its bytes are stored already. base is the version it was made from: errs.Conflict if there is a newer one, if somebody
// else has the document's lock, or if it was signed finally. The same file added twice is one version.
func (r *Room) AddVersion(ctx context.Context, tx *db.Tx, a access.Access, document string, base int64, f Stored, comment string) (Version, error) {
	d, err := r.toChange(ctx, tx, a, document)
	if err != nil {
		return Version{}, err
	}
	if d.Version == base+1 && d.Hash == f.Hash {
		return r.store.version(ctx, tx, a, d.ID, d.Version) // sent twice
	}
	if err := r.editable(a, d); err != nil {
		return Version{}, err
	}
	if d.Version != base {
		return Version{}, errs.E(errs.Conflict, "filing.error.newer", d.Version)
	}
	return r.addVersion(ctx, tx, d, f, comment)
}

// addVersion stores the next version of a locked row.
func (r *Room) addVersion(ctx context.Context, tx *db.Tx, d Document, f Stored, comment string) (Version, error) {
	v := Version{Document: d.ID, Number: d.Version + 1, Authority: d.Authority, Name: records.SafeName(f.Name), Hash: f.Hash, Size: f.Size,
		MediaType: records.SafeType(f.MediaType), Comment: clip(records.OneLine(comment), maxComment), CreatedAt: r.h.Now(), CreatedBy: identity.From(ctx).Name}
	if err := r.store.addVersion(ctx, tx, access.At(d.Authority), d, v); err != nil {
		return Version{}, err
	}
	if err := r.log(ctx, tx, d, "filing.version_added", map[string]any{"version": v.Number, "size": v.Size}, v.Hash); err != nil {
		return Version{}, err
	}
	return v, r.core.VersionAdded(ctx, tx, d.ID)
}

// toChange reads and locks a document of a case that the caller may change. The case comes first, as whoever files or
// moves takes it.
func (r *Room) toChange(ctx context.Context, tx *db.Tx, a access.Access, id string) (Document, error) {
	d, err := r.store.document(ctx, tx, a, id, "")
	if err != nil {
		return d, err
	}
	if _, err := r.core.CaseToChange(ctx, tx, a, d.CaseID); err != nil {
		return d, err
	}
	in := d.CaseID
	if d, err = r.store.document(ctx, tx, a, id, tx.ForUpdate()); err == nil && d.CaseID != in {
		err = errs.E(errs.Conflict, "filing.error.moved")
	}
	return d, err
}

// editable is why the caller cannot put another version now; nil if nothing stands against it.
func (r *Room) editable(a access.Access, d Document) error {
	switch {
	case d.Final():
		return errs.E(errs.Conflict, "filing.error.final")
	case made(d.Kind):
		return errs.E(errs.Conflict, "filing.error.stays", d.Name)
	case d.Locked(r.h.Now()) && d.LockedBy != a.Subject:
		return errs.E(errs.Conflict, "filing.error.locked", d.LockedName)
	}
	return nil
}

// NewVersion is AddVersion for a form. If somebody was faster, what was sent is kept as a Held for the caller to choose
// what becomes of it, and held is its id. unlock gives the caller's lock back.
func (r *Room) NewVersion(ctx context.Context, id string, base int64, form string, f Stored, comment string, unlock bool) (v Version, held string, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		v, err = r.AddVersion(ctx, tx, scope, id, base, f, comment)
		if err == nil && unlock {
			err = r.release(ctx, tx, scope, id)
		}
		if !errs.Is(err, errs.Conflict) {
			return err
		}
		d, readErr := r.store.document(ctx, tx, scope, id, "")
		if readErr != nil || d.Final() || made(d.Kind) {
			return err
		}
		if c, readErr := r.core.CaseByID(ctx, tx, scope, d.CaseID, ""); readErr != nil || c.State == records.StateClosed {
			return err
		}
		held = form
		return r.hold(ctx, tx, scope, d, Held{ID: form, Document: id, Subject: scope.Subject, Authority: d.Authority, Base: base, Stored: f,
			Comment: clip(records.OneLine(comment), maxComment), At: r.h.Now()})
	})
	return v, held, err
}

// hold keeps what came too late. The log vouches for its bytes, so that they stay.
func (r *Room) hold(ctx context.Context, tx *db.Tx, scope access.Access, d Document, h Held) error {
	h.Name, h.MediaType = records.SafeName(h.Name), records.SafeType(h.MediaType)
	fresh, err := r.store.hold(ctx, tx, scope, h)
	if err != nil || !fresh {
		return err
	}
	return r.log(ctx, tx, d, "filing.version_held", map[string]any{"base": h.Base, "current": d.Version, "size": h.Size}, h.Hash)
}

// Settle ends the caller's Held: keep makes it the next version, after the one that was faster; seen is the version that
// the caller saw as the current one. errs.Conflict if there is a newer one again: nothing is lost, the choice is asked again.
func (r *Room) Settle(ctx context.Context, document, held string, keep bool, seen int64) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		d, err := r.toChange(ctx, tx, scope, document)
		if err != nil {
			return err
		}
		h, err := r.store.held(ctx, tx, scope, document, held)
		if errs.Is(err, errs.NotFound) {
			return nil // the choice was sent before
		} else if err != nil {
			return err
		}
		if keep {
			if err := r.editable(scope, d); err != nil {
				return err
			}
			if d.Version != seen {
				return errs.E(errs.Conflict, "filing.error.newer", d.Version)
			}
			if _, err := r.addVersion(ctx, tx, d, h.Stored, h.Comment); err != nil {
				return err
			}
		} else if err := r.log(ctx, tx, d, "filing.version_discarded", map[string]any{"base": h.Base, "hash": h.Hash}); err != nil {
			return err
		}
		return r.store.settle(ctx, tx, scope, document, held)
	})
}

// OpenVersion reads a version of a document that the caller may read, or with number 0 the caller's Held of that id; close
// what it returns.
func (r *Room) OpenVersion(ctx context.Context, document string, number int64, held string) (Stored, io.ReadCloser, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return Stored{}, nil, err
	}
	d, err := r.store.document(ctx, q, scope, document, "")
	if err != nil {
		return Stored{}, nil, err
	}
	var f Stored
	if number > 0 {
		v, err := r.store.version(ctx, q, scope, document, number)
		if err != nil {
			return Stored{}, nil, err
		}
		f = v.file()
	} else {
		h, err := r.store.held(ctx, q, scope, document, held)
		if err != nil {
			return Stored{}, nil, err
		}
		f = h.Stored
	}
	if err := r.noteDocument(ctx, q, scope, d, map[string]any{"version": number}); err != nil {
		return Stored{}, nil, err
	}
	content, err := r.open(ctx, f.Hash, f.Name)
	return f, content, err
}

// open reads a stored file that a row vouches for.
func (r *Room) open(ctx context.Context, hash, name string) (io.ReadCloser, error) {
	return r.core.OpenBlob(ctx, hash, name)
}

// noteDocument keeps a look into a confidential document in the log.
func (r *Room) noteDocument(ctx context.Context, q db.Querier, scope access.Access, d Document, what map[string]any) error {
	c, err := r.core.CaseByID(ctx, q, scope, d.CaseID, "")
	if err != nil {
		return err
	}
	return r.core.NoteReading(ctx, "filing.read", d.Authority, records.DocumentObject(d.ID), c.Level, what)
}

// Lock gives the caller the document to edit, for lockedFor. errs.Conflict if somebody else has it.
func (r *Room) Lock(ctx context.Context, id string) error {
	me := identity.From(ctx)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		d, err := r.toChange(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if err := r.editable(scope, d); err != nil {
			return err
		}
		if d.Locked(r.h.Now()) {
			return nil // by the caller
		}
		d.LockedBy, d.LockedName, d.LockedAt = me.Subject, me.Name, r.h.Now()
		if err := r.store.lock(ctx, tx, scope, d); err != nil {
			return err
		}
		return r.log(ctx, tx, d, "filing.locked", map[string]any{"version": d.Version})
	})
}

// Unlock gives the caller's lock back; no error if it is not theirs any more.
func (r *Room) Unlock(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		return r.release(ctx, tx, scope, id)
	})
}

func (r *Room) release(ctx context.Context, tx *db.Tx, scope access.Access, id string) error {
	d, err := r.toChange(ctx, tx, scope, id)
	if err != nil || d.LockedBy == "" || d.LockedBy != scope.Subject {
		return err
	}
	return r.unlock(ctx, tx, scope, d, "filing.unlocked")
}

func (r *Room) unlock(ctx context.Context, tx *db.Tx, scope access.Access, d Document, action string) error {
	of := d.LockedBy
	d.LockedBy, d.LockedName, d.LockedAt = "", "", time.Time{}
	if err := r.store.lock(ctx, tx, scope, d); err != nil {
		return err
	}
	return r.log(ctx, tx, d, action, map[string]any{"of": of})
}

// BreakLock takes another's lock away: for the head of the unit that leads the file, and for registrars; errs.Denied for
// others.
func (r *Room) BreakLock(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		d, err := r.toChange(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		f, err := r.core.FileByID(ctx, tx, scope, d.FileID)
		if err != nil {
			return err
		}
		if !scope.Manages(d.Authority, f.Lead) {
			return errs.E(errs.Denied, "filing.error.not_head")
		}
		if d.LockedBy == "" {
			return nil
		}
		return r.unlock(ctx, tx, scope, d, "filing.lock_broken")
	})
}

// Card is a document with all that is known of it.
type Card struct {
	Document
	Case      records.Case
	File      records.File
	Versions  []Version // the newest first
	Message   *Document // that it came with; nil if none, or if the caller may not read it
	Enclosed  []Document
	Held      []Held // of the caller
	History   []audit.Verified
	CanChange bool
	CanBreak  bool // the lock
	Rendition Rendition
	Text      Text
}

// Card reads a document that the caller may read. errs.NotFound for any other.
func (r *Room) Card(ctx context.Context, id string) (c Card, err error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return c, err
	}
	if c.Document, err = r.store.document(ctx, q, scope, id, ""); err != nil {
		return c, err
	}
	if c.Case, err = r.core.CaseByID(ctx, q, scope, c.CaseID, ""); err != nil {
		return c, err
	}
	if c.File, err = r.core.FileOf(ctx, q, scope, c.Case); err != nil {
		return c, err
	}
	if err := r.core.NoteReading(ctx, "filing.read", c.Authority, records.DocumentObject(id), max(c.Case.Level, c.File.Level), nil); err != nil {
		return Card{}, err
	}
	if c.Versions, err = r.store.versions(ctx, q, scope, id); err != nil {
		return c, err
	}
	if c.Parent != "" {
		parent, err := r.store.document(ctx, q, scope, c.Parent, "")
		if err != nil && !errs.Is(err, errs.NotFound) {
			return c, err
		} else if err == nil {
			c.Message = &parent
		}
	}
	if c.Enclosed, err = r.store.children(ctx, q, scope, id); err != nil {
		return c, err
	}
	if c.Held, err = r.store.heldBy(ctx, q, scope, id); err != nil {
		return c, err
	}
	if c.Rendition, err = r.store.rendition(ctx, q, scope, id, c.Version); err != nil {
		return c, err
	}
	if c.Text, err = r.store.text(ctx, q, scope, id); err != nil {
		return c, err
	}
	c.CanChange = c.Case.May >= access.Write && c.Case.State != records.StateClosed
	c.CanBreak = c.CanChange && scope.Manages(c.Authority, c.File.Lead)
	c.History, err = r.h.Audit.VerifiedHistory(ctx, []string{records.DocumentObject(id)}, "", "", 50)
	return c, err
}
