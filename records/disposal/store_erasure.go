package disposal

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

const erasureColumns = `e.id, e.authority_id, e.file_id, e.scope, e.object_id, e.reference, e.court, e.judgment, e.reason, e.state,
	e.proposed_by, e.proposed_name, e.proposed_at, e.decided_name, e.decided_at`

func scanErasure(r db.Scanner) (e Erasure, err error) {
	var proposed, decided int64
	err = r.Scan(&e.ID, &e.Authority, &e.File, &e.Scope, &e.Object, &e.Reference, &e.Court, &e.Judgment, &e.Reason, &e.State, &e.ProposedBy,
		&e.ProposedName, &proposed, &e.DecidedName, &decided)
	e.ProposedAt, e.DecidedAt = db.Time(proposed), db.Time(decided)
	return e, one(err)
}

// erasure reads an erasure of a file that the caller may read; lock is "" or the transaction's ForUpdate.
func (store) erasure(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Erasure, error) {
	var p db.Params
	return scanErasure(q.QueryRow(ctx, `SELECT `+erasureColumns+` FROM disposal_erasure e WHERE `+a.In("e.authority_id", &p)+` AND e.id = `+p.Add(id)+
		` AND EXISTS (SELECT 1 FROM records_file f WHERE f.id = e.file_id AND `+a.Reads("f", &p)+`)`+lock, p...))
}

var erasuresOrder = paging.Order{Column: "e.proposed_at", ID: "e.id", Descending: true}

func (store) erasures(ctx context.Context, q db.Querier, a access.Access, c paging.Cursor) (paging.Listing[Erasure], error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+erasureColumns+` FROM disposal_erasure e WHERE `+keeper(a, "e.authority_id", &p)+
		` AND EXISTS (SELECT 1 FROM records_file f WHERE f.id = e.file_id AND `+a.Reads("f", &p)+`)`+erasuresOrder.SQL(&p, c), p...)
	list, err := db.All(rows, err, scanErasure)
	return paging.Of(list, erasuresOrder, c, func(e Erasure) paging.Key { return paging.Time(e.ProposedAt, e.ID) }), err
}

// erasuresOf are the erasures in a file that the caller may read, the latest first.
func (store) erasuresOf(ctx context.Context, q db.Querier, a access.Access, file string) ([]Erasure, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+erasureColumns+` FROM disposal_erasure e WHERE `+a.In("e.authority_id", &p)+` AND e.file_id = `+p.Add(file)+
		` AND EXISTS (SELECT 1 FROM records_file f WHERE f.id = e.file_id AND `+a.Reads("f", &p)+`) ORDER BY e.proposed_at DESC, e.id DESC`, p...)
	return db.All(rows, err, scanErasure)
}

func (store) insertErasure(ctx context.Context, tx *db.Tx, a access.Access, e Erasure) error {
	if err := a.Own(e.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_erasure (id, authority_id, file_id, scope, object_id, reference, court, judgment, reason, state,
		proposed_by, proposed_name, proposed_at, decided_by, decided_name, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', '', 0)`, e.ID, e.Authority, e.File, e.Scope, e.Object, e.Reference,
		e.Court, e.Judgment, e.Reason, e.State, e.ProposedBy, e.ProposedName, db.Micros(e.ProposedAt))
	return err
}

func (store) decideErasure(ctx context.Context, tx *db.Tx, a access.Access, id, state string, by identity.Principal, at time.Time) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_erasure SET state = `+p.Add(state)+`, decided_by = `+p.Add(by.Subject)+`, decided_name = `+p.Add(by.Name)+
		`, decided_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id)+` AND state = 'open'`, p...))
}

// packagesWith are the stored packages of processes that the file was in.
func (store) packagesWith(ctx context.Context, tx *db.Tx, a access.Access, file string) ([]Package, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT `+packageColumns+` FROM disposal_package WHERE `+a.In("authority_id", &p)+` AND direction = 'out'
		AND state = 'written' AND process_id IN (SELECT process_id FROM disposal_item WHERE file_id = `+p.Add(file)+`)`, p...)
	return db.All(rows, err, scanPackage)
}

// maxObjects is how many cases and documents of a file a form lists.
const maxObjects = 2000

// objectsIn are the cases and documents in a file that the caller may read.
func (store) objectsIn(ctx context.Context, q db.Querier, a access.Access, file string) ([]Hit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT 'case' AS kind, x.id, x.reference AS reference, x.subject, x.received_at AS at FROM records_case x WHERE `+a.ReadsCase("x", &p)+
		` AND x.file_id = `+p.Add(file)+` UNION ALL SELECT 'document', x.id, c.reference, x.name, x.created_at FROM records_document x
		JOIN records_case c ON c.id = x.case_id WHERE `+a.ReadsInCase("x", &p)+` AND c.file_id = `+p.Add(file)+
		` ORDER BY reference, kind, at LIMIT `+p.Add(maxObjects), p...)
	return db.All(rows, err, func(r db.Scanner) (h Hit, err error) {
		var at int64
		err = r.Scan(&h.Kind, &h.ID, &h.Reference, &h.Subject, &at)
		h.At = db.Time(at)
		return h, err
	})
}
