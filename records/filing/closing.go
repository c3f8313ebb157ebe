package filing

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// What the core asks before a case is closed or moved.

// closing names the documents of the case that somebody edits, and those of which a second version waits for its maker:
// who manages the file closes over that, so that nobody who has left keeps a case open.
func (r *Room) closing(ctx context.Context, q db.Querier, c records.Case, _ map[string]any) ([]records.Obstacle, error) {
	rows, err := r.store.inWork(ctx, q, access.At(c.Authority), c.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	f, err := r.core.FileOf(ctx, q, a, c)
	if err != nil {
		return nil, err
	}
	var out []records.Obstacle
	for _, x := range rows {
		card := "/akte/dokument/" + x.ID + "/karte"
		if x.Locked(r.h.Now()) {
			o := records.Obstacle{Key: "records.open.locked", Args: []any{x.Name, x.LockedName}, How: "records.how.lock", Path: card}
			if x.LockedBy == identity.From(ctx).Subject {
				o.How = "records.how.lock_mine"
			}
			out = append(out, o)
		}
		if x.held && !a.Manages(f.Authority, f.Lead) {
			out = append(out, records.Obstacle{Key: "records.open.held", Args: []any{x.Name}, How: "records.how.held", Path: card})
		}
	}
	return out, nil
}

// working is a document that is not at rest.
type working struct {
	Document
	held bool // a version of it waits
}

// inWork are the documents of the case that have a lock, or a version that waits.
func (store) inWork(ctx context.Context, q db.Querier, s access.Access, caseID string) ([]working, error) {
	var p db.Params
	where := inCase(s, &p, caseID)
	rows, err := q.Query(ctx, `SELECT d.id, d.name, d.locked_by, d.locked_name, d.locked_at, EXISTS (SELECT 1 FROM filing_held h WHERE h.document_id = d.id) AS held
		FROM records_document d WHERE `+where+` AND (d.locked_by <> '' OR EXISTS (SELECT 1 FROM filing_held h WHERE h.document_id = d.id)) ORDER BY d.name, d.id`, p...)
	return db.All(rows, err, func(r db.Scanner) (x working, err error) {
		var locked int64
		err = r.Scan(&x.ID, &x.Name, &x.LockedBy, &x.LockedName, &locked, &x.held)
		x.LockedAt = db.Time(locked)
		return x, err
	})
}

// moved has what lies in a case that moved to another file read again for the search: others may find it there.
func (r *Room) moved(ctx context.Context, tx *db.Tx, m records.Moved) error {
	if m.From == m.File.ID {
		return nil
	}
	return r.store.noteCase(ctx, tx, access.At(m.Case.Authority), m.Case.ID)
}

// noteCase notes the documents of the case that can be found, to be read again.
func (store) noteCase(ctx context.Context, tx *db.Tx, s access.Access, caseID string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `INSERT INTO filing_due (object, authority_id, times) SELECT e.id, e.authority_id, 0 FROM records_document d JOIN filing_entry e
		ON e.id = 'document:' || d.id WHERE `+s.In("d.authority_id", &p)+` AND d.case_id = `+p.Add(caseID)+
		` ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1`, p...)
	return err
}
