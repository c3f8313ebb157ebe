package filing

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

const versionColumns = `document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by`

func scanVersion(r db.Scanner) (v Version, err error) {
	var created int64
	err = r.Scan(&v.Document, &v.Number, &v.Authority, &v.Name, &v.Hash, &v.Size, &v.MediaType, &v.Comment, &created, &v.CreatedBy)
	v.CreatedAt = db.Time(created)
	return v, records.NotFound(err)
}

// readable is the condition that the column names a document that the caller may read.
func readable(s access.Access, p *db.Params, column, id string) string {
	return s.In("authority_id", p) + ` AND ` + column + ` = (SELECT sd.id FROM records_document sd WHERE ` + s.ReadsInCase("sd", p) +
		` AND sd.id = ` + p.Add(id) + `)`
}

func (store) versions(ctx context.Context, q db.Querier, s access.Access, document string) ([]Version, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+versionColumns+` FROM records_version WHERE `+readable(s, &p, "document_id", document)+
		` ORDER BY number DESC`, p...)
	return db.All(rows, err, scanVersion)
}

func (store) version(ctx context.Context, q db.Querier, s access.Access, document string, number int64) (Version, error) {
	var p db.Params
	return scanVersion(q.QueryRow(ctx, `SELECT `+versionColumns+` FROM records_version WHERE `+readable(s, &p, "document_id", document)+
		` AND number = `+p.Add(number), p...))
}

// addVersion stores the version and makes it the current one of the document as it was read; errs.Conflict if it has another.
func (store) addVersion(ctx context.Context, tx *db.Tx, s access.Access, d Document, v Version) error {
	var p db.Params
	ok, err := db.Changed(tx.Change(ctx, "document", `UPDATE records_document SET revision = revision + 1, version = `+p.Add(v.Number)+`, name = `+p.Add(v.Name)+`, hash = `+p.Add(v.Hash)+
		`, size = `+p.Add(v.Size)+`, media_type = `+p.Add(v.MediaType)+` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(d.ID)+
		` AND version = `+p.Add(d.Version)+` AND final_at = 0`, p...))
	if err != nil {
		return err
	}
	if !ok {
		return errs.E(errs.Conflict, "filing.error.newer", d.Version)
	}
	_, err = tx.Exec(ctx, `INSERT INTO records_version (`+versionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		v.Document, v.Number, v.Authority, v.Name, v.Hash, v.Size, v.MediaType, v.Comment, db.Micros(v.CreatedAt), v.CreatedBy)
	return err
}

func (store) lock(ctx context.Context, tx *db.Tx, s access.Access, d Document) error {
	var p db.Params
	return must(db.Changed(tx.Exec(ctx, `UPDATE records_document SET locked_by = `+p.Add(d.LockedBy)+`, locked_name = `+p.Add(d.LockedName)+
		`, locked_at = `+p.Add(db.Micros(d.LockedAt))+` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(d.ID), p...)))
}

// children are the documents that came with this one.
func (store) children(ctx context.Context, q db.Querier, s access.Access, document string) ([]Document, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+documentColumns+documentTables+s.ReadsInCase("d", &p)+` AND d.parent_id <> '' AND d.parent_id = `+
		p.Add(document)+` ORDER BY d.created_at, d.id LIMIT 500`, p...)
	return db.All(rows, err, scanDocument)
}

// neighbours are the documents of the case that were filed just before and just after this one; nil if there is none.
func (store) neighbours(ctx context.Context, q db.Querier, s access.Access, d Document) (previous, next *Document, err error) {
	one := func(sign, order string) (*Document, error) {
		var p db.Params
		where := inCase(s, &p, d.CaseID) + ` AND (d.created_at, d.id) ` + sign + ` (` + p.Add(db.Micros(d.CreatedAt)) + `, ` + p.Add(d.ID) + `)`
		x, err := scanDocument(q.QueryRow(ctx, `SELECT `+documentColumns+documentTables+where+` ORDER BY d.created_at `+order+`, d.id `+order+` LIMIT 1`, p...))
		if errs.Is(err, errs.NotFound) {
			return nil, nil
		}
		return &x, err
	}
	if previous, err = one("<", "DESC"); err != nil {
		return nil, nil, err
	}
	next, err = one(">", "ASC")
	return previous, next, err
}

// --- versions that came too late ---

const heldColumns = `id, authority_id, document_id, subject, base, name, hash, size, media_type, comment, held_at`

func scanHeld(r db.Scanner) (h Held, err error) {
	var at int64
	err = r.Scan(&h.ID, &h.Authority, &h.Document, &h.Subject, &h.Base, &h.Name, &h.Hash, &h.Size, &h.MediaType, &h.Comment, &at)
	h.At = db.Time(at)
	return h, records.NotFound(err)
}

// hold keeps the version and reports whether that is new.
func (store) hold(ctx context.Context, tx *db.Tx, s access.Access, h Held) (bool, error) {
	if err := s.Own(h.Authority); err != nil {
		return false, err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO filing_held (`+heldColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO NOTHING`, h.ID, h.Authority, h.Document, h.Subject, h.Base, h.Name, h.Hash, h.Size, h.MediaType, h.Comment, db.Micros(h.At)))
}

// held reads one that the caller made.
func (store) held(ctx context.Context, q db.Querier, s access.Access, document, id string) (Held, error) {
	var p db.Params
	return scanHeld(q.QueryRow(ctx, `SELECT `+heldColumns+` FROM filing_held WHERE `+readable(s, &p, "document_id", document)+
		` AND subject = `+p.Add(s.Subject)+` AND id = `+p.Add(id), p...))
}

func (store) heldBy(ctx context.Context, q db.Querier, s access.Access, document string) ([]Held, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+heldColumns+` FROM filing_held WHERE `+readable(s, &p, "document_id", document)+
		` AND subject = `+p.Add(s.Subject)+` ORDER BY held_at, id`, p...)
	return db.All(rows, err, scanHeld)
}

func (store) settle(ctx context.Context, tx *db.Tx, s access.Access, document, id string) error {
	var p db.Params
	return must(db.Changed(tx.Exec(ctx, `DELETE FROM filing_held WHERE `+s.In("authority_id", &p)+` AND document_id = `+p.Add(document)+
		` AND subject = `+p.Add(s.Subject)+` AND id = `+p.Add(id), p...)))
}
