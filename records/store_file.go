package records

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// lockFile keeps others from changing the file, and from opening cases in it, until the transaction ends.
func (store) lockFile(ctx context.Context, tx *db.Tx, s access.Access, id string) error {
	var p db.Params
	var locked string
	return NotFound(tx.QueryRow(ctx, `SELECT f.id FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.id = `+p.Add(id)+tx.ForUpdate(), p...).Scan(&locked))
}

// updateFile stores what may change of a file as its next version.
func (store) updateFile(ctx context.Context, tx *db.Tx, s access.Access, f File) error {
	var p db.Params
	set := func(column string, v any) string { return ", " + column + " = " + p.Add(v) }
	ok, err := db.Changed(tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, version = version + 1`+set("unit", f.Unit.Code)+set("reference", f.Reference)+
		set("former", f.Former)+set("subject", f.Subject)+set("search", f.search())+
		set("lead", f.Lead)+set("readers", f.Readers)+set("writers", f.Writers)+set("level", int64(f.Level))+set("medium", string(f.Medium))+
		set("location", f.Location)+set("lent_to", f.LentTo)+set("lent_at", db.Micros(f.LentAt))+set("lent_until", db.Micros(f.LentUntil))+
		set("lent_by", f.LentBy)+
		set("type_id", f.Type)+set("fields", f.Fields)+set("keywords", f.Keywords)+set("closed_at", db.Micros(f.ClosedAt))+
		set("retain_until", db.Micros(f.RetainUntil))+set("changed_at", db.Micros(f.ChangedAt))+set("changed_by", f.ChangedBy)+
		` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(f.ID)+` AND version = `+p.Add(f.Version), p...))
	if err == nil && !ok {
		return errs.E(errs.Conflict, "records.error.file_changed", f.ChangedBy)
	}
	if err != nil {
		return err
	}
	p = nil
	if _, err := tx.Exec(ctx, `DELETE FROM records_keyword WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(f.ID), p...); err != nil {
		return err
	}
	return insertKeywords(ctx, tx, f)
}

// raiseCases makes no case of the file less confidential than the file.
func (store) raiseCases(ctx context.Context, tx *db.Tx, s access.Access, file string, level access.Level) error {
	var p db.Params
	_, err := tx.Change(ctx, "case", `UPDATE records_case SET revision = revision + 1, level = `+p.Add(int64(level))+` WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+
		` AND level < `+p.Add(int64(level)), p...)
	return err
}

// openCases counts the cases of the file that are not closed.
func (store) openCases(ctx context.Context, q db.Querier, s access.Access, file string) (n int, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) FROM records_case WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+
		` AND state <> 'closed'`, p...).Scan(&n)
	return n, err
}

// nextCase is the number of the next case in the file, or in its parent: none that a case there has or had. The file is
// locked.
func (store) nextCase(ctx context.Context, tx *db.Tx, s access.Access, file, parent string) (n int64, err error) {
	var p db.Params
	in, id, above := s.In("authority_id", &p), p.Add(file), p.Add(parent)
	err = tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM (SELECT number AS n FROM records_case WHERE `+in+` AND file_id = `+id+
		` AND parent_id = `+above+` UNION ALL SELECT gone FROM records_file WHERE `+in+` AND id = `+id+` AND `+above+` = '') x`, p...).Scan(&n)
	return n, err
}

func (store) fileByReference(ctx context.Context, q db.Querier, s access.Access, authority, reference string) (id string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT f.id FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.authority_id = `+p.Add(authority)+
		` AND f.reference = `+p.Add(reference), p...).Scan(&id)
	return id, NotFound(err)
}

// --- links ---

func (store) putLink(ctx context.Context, tx *db.Tx, s access.Access, f File, other, kind, by string, at time.Time) error {
	if err := s.Own(f.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_link (file_id, other_id, authority_id, kind, linked_by, linked_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (file_id, other_id) DO UPDATE SET kind = excluded.kind`,
		f.ID, other, f.Authority, kind, by, db.Micros(at))
	return err
}

func (store) dropLink(ctx context.Context, tx *db.Tx, s access.Access, file, other string) error {
	var p db.Params
	in, a, b := s.In("authority_id", &p), p.Add(file), p.Add(other)
	_, err := tx.Exec(ctx, `DELETE FROM records_link WHERE `+in+` AND (file_id = `+a+` AND other_id = `+b+` OR file_id = `+b+` AND other_id = `+a+`)`, p...)
	return err
}

// links lists the files that this one refers to or that refer to it, of those that the caller may read.
func (store) links(ctx context.Context, q db.Querier, s access.Access, file string) ([]Link, error) {
	var p db.Params
	reads, id := s.Reads("f", &p), p.Add(file)
	rows, err := q.Query(ctx, `SELECT f.id, f.reference, f.subject, l.kind, l.linked_by, l.linked_at FROM records_link l
		JOIN records_file f ON f.id = CASE WHEN l.file_id = `+id+` THEN l.other_id ELSE l.file_id END
		WHERE `+reads+` AND (l.file_id = `+id+` OR l.other_id = `+id+`) ORDER BY f.reference`, p...)
	return db.All(rows, err, func(r db.Scanner) (x Link, err error) {
		var at int64
		err = r.Scan(&x.File.ID, &x.File.Reference, &x.File.Subject, &x.Kind, &x.By, &at)
		x.At = db.Time(at)
		return x, err
	})
}

// --- what the log has ---

// named is an object of the log with what people call it.
type named struct{ name, title string }

// objects lists the file's cases and documents that may be read, also those that were destroyed: mostObjects, and more if
// there are more.
func (store) objects(ctx context.Context, q db.Querier, s access.Access, file string) ([]named, error) {
	var p db.Params
	reads, id := s.ReadsCase("c", &p), p.Add(file)
	rows, err := q.Query(ctx, `SELECT 'case:' || c.id, c.reference FROM records_case c WHERE `+reads+` AND c.file_id = `+id+`
		UNION ALL SELECT 'document:' || d.id, d.name FROM records_document d JOIN records_case c ON c.id = d.case_id WHERE `+reads+
		` AND d.file_id = `+id+` ORDER BY 1 LIMIT `+strconv.Itoa(mostObjects+1), p...)
	there, err := db.All(rows, err, func(r db.Scanner) (n named, err error) { return n, r.Scan(&n.name, &n.title) })
	if err != nil {
		return nil, err
	}
	gone, err := store{}.traces(ctx, q, s, file)
	return append(there, gone...), err
}

// evidence lists every version of the file's documents that may be read.
func (store) evidence(ctx context.Context, q db.Querier, s access.Access, file string) ([]audit.Document, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.id, v.name, v.number, v.hash, v.size FROM records_version v JOIN records_document d ON d.id = v.document_id
		JOIN records_case c ON c.id = d.case_id WHERE `+s.ReadsCase("c", &p)+` AND d.file_id = `+p.Add(file)+
		` ORDER BY d.created_at, d.id, v.number`, p...)
	return db.All(rows, err, func(r db.Scanner) (d audit.Document, err error) {
		return d, r.Scan(&d.ID, &d.Name, &d.Version, &d.SHA256, &d.Size)
	})
}

// --- favourites ---

func (store) mark(ctx context.Context, tx *db.Tx, s access.Access, f File, on bool, at time.Time) error {
	if err := s.Own(f.Authority); err != nil {
		return err
	}
	if !on {
		_, err := tx.Exec(ctx, `DELETE FROM records_favourite WHERE subject = $1 AND object = $2`, s.Subject, FileObject(f.ID))
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_favourite (subject, object, authority_id, file_id, marked_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, s.Subject, FileObject(f.ID), f.Authority, f.ID, db.Micros(at))
	return err
}

func (store) marked(ctx context.Context, q db.Querier, s access.Access, file string) (bool, error) {
	var p db.Params
	return exists(ctx, q, `records_favourite WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(s.Subject)+` AND object = `+p.Add(FileObject(file)), p)
}

// --- what an authority has set up ---

// Org is an organisational unit as a choice.
type Org struct{ ID, Authority, Code, Name string }

func (store) hasOrg(ctx context.Context, q db.Querier, s access.Access, id string) (bool, error) {
	var p db.Params
	return exists(ctx, q, `records_org WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id)+` AND ended_at = 0`, p)
}

func (store) orgs(ctx context.Context, q db.Querier, s access.Access) ([]Org, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, authority_id, code, name FROM records_org WHERE `+s.In("authority_id", &p)+
		` AND ended_at = 0 ORDER BY authority_id, code`, p...)
	return db.All(rows, err, func(r db.Scanner) (o Org, err error) {
		err = r.Scan(&o.ID, &o.Authority, &o.Code, &o.Name)
		return o, err
	})
}

func scanFileType(r db.Scanner) (t FileType, err error) {
	var fields string
	if err := r.Scan(&t.ID, &t.Authority, &t.Name, &fields); err != nil {
		return t, NotFound(err)
	}
	return t, json.Unmarshal([]byte(fields), &t.Fields)
}

func (store) fileType(ctx context.Context, q db.Querier, s access.Access, id string) (FileType, error) {
	var p db.Params
	return scanFileType(q.QueryRow(ctx, `SELECT id, authority_id, name, fields FROM records_file_type WHERE `+s.In("authority_id", &p)+
		` AND id = `+p.Add(id), p...))
}

func (store) fileTypes(ctx context.Context, q db.Querier, s access.Access) ([]FileType, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, authority_id, name, fields FROM records_file_type WHERE `+s.In("authority_id", &p)+
		` ORDER BY authority_id, name`, p...)
	return db.All(rows, err, scanFileType)
}
