package disposal

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// moved lets what is known of where a case and its documents came from follow a case to another file; errs.Conflict while
// somebody decides whether the case, or something in it, is to be erased.
func (r *Room) moved(ctx context.Context, tx *db.Tx, m records.Moved) error {
	if m.From == m.File.ID {
		return nil
	}
	at := access.At(m.Case.Authority)
	if open, err := r.store.erasureOpenIn(ctx, tx, at, m.Case.ID); err != nil {
		return err
	} else if open {
		return errs.E(errs.Conflict, "records.error.erasure_open")
	}
	return r.store.bringOrigins(ctx, tx, at, m.Case)
}

// erasureOpenIn reports whether an erasure of the case, or of a document in it, is to be decided.
func (store) erasureOpenIn(ctx context.Context, q db.Querier, a access.Access, caseID string) (open bool, err error) {
	var p db.Params
	in, id := a.In("e.authority_id", &p), p.Add(caseID)
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM disposal_erasure e WHERE `+in+` AND e.state = 'open' AND (e.object_id = `+id+
		` OR e.object_id IN (SELECT d.id FROM records_document d WHERE d.case_id = `+id+`)))`, p...).Scan(&open)
	return open, err
}

func (store) bringOrigins(ctx context.Context, tx *db.Tx, a access.Access, c records.Case) error {
	var p db.Params
	file, in, id := p.Add(c.FileID), a.In("authority_id", &p), p.Add(c.ID)
	_, err := tx.Exec(ctx, `UPDATE disposal_origin SET file_id = `+file+` WHERE `+in+` AND (object = 'case:' || `+id+
		` OR object IN (SELECT 'document:' || d.id FROM records_document d WHERE d.case_id = `+id+`))`, p...)
	return err
}
