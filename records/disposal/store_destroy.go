package disposal

import (
	"context"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// --- approvals ---

const approvalColumns = `id, state, objects, first_by, first_name, first_at, second_name, second_at`

func scanApproval(r db.Scanner) (x Approval, err error) {
	var first, second int64
	err = r.Scan(&x.ID, &x.State, &x.Objects, &x.FirstBy, &x.FirstName, &first, &x.SecondName, &second)
	x.FirstAt, x.SecondAt = db.Time(first), db.Time(second)
	return x, one(err)
}

func (store) approval(ctx context.Context, q db.Querier, a access.Access, process, id string) (Approval, error) {
	var p db.Params
	return scanApproval(q.QueryRow(ctx, `SELECT `+approvalColumns+` FROM disposal_approval WHERE `+keeper(a, "authority_id", &p)+
		` AND process_id = `+p.Add(process)+` AND id = `+p.Add(id), p...))
}

func (store) approvals(ctx context.Context, q db.Querier, a access.Access, process string) ([]Approval, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+approvalColumns+` FROM disposal_approval WHERE `+keeper(a, "authority_id", &p)+
		` AND process_id = `+p.Add(process)+` ORDER BY first_at, id`, p...)
	return db.All(rows, err, scanApproval)
}

func (store) openApproval(ctx context.Context, q db.Querier, a access.Access, process string) (bool, error) {
	var p db.Params
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM disposal_approval WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+
		` AND state = 'open'`, p...).Scan(&n)
	return n > 0, err
}

func (store) insertApproval(ctx context.Context, tx *db.Tx, a access.Access, p Process, x Approval) error {
	if err := a.Own(p.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_approval (id, process_id, authority_id, state, objects, first_by, first_name, first_at,
		second_by, second_name, second_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', 0)`, x.ID, p.ID, p.Authority, x.State, x.Objects,
		x.FirstBy, x.FirstName, db.Micros(x.FirstAt))
	return err
}

func (store) decideApproval(ctx context.Context, tx *db.Tx, a access.Access, id, state string, by identity.Principal, at time.Time) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_approval SET state = `+p.Add(state)+`, second_by = `+p.Add(by.Subject)+`, second_name = `+p.Add(by.Name)+
		`, second_at = `+p.Add(db.Micros(at))+` WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(id)+` AND state = 'open'`, p...))
}

// --- which items are next ---

// itemFiles are the file ids of items of a process that a literal condition holds for.
func itemFiles(ctx context.Context, q db.Querier, a access.Access, column, id, condition string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT file_id FROM disposal_item WHERE `+keeper(a, "authority_id", &p)+` AND `+column+` = `+p.Add(id)+
		` AND `+condition+` ORDER BY file_id`, p...)
	return db.All(rows, err, text)
}

func (store) itemsToPropose(ctx context.Context, q db.Querier, a access.Access, process string) ([]string, error) {
	return itemFiles(ctx, q, a, "process_id", process, `state = 'appraised' AND decision = 'V'`)
}

func (store) itemsOfApproval(ctx context.Context, q db.Querier, a access.Access, approval string) ([]string, error) {
	return itemFiles(ctx, q, a, "approval_id", approval, `state = 'proposed'`)
}

func (store) itemsToDestroy(ctx context.Context, q db.Querier, a access.Access, process string) ([]string, error) {
	return itemFiles(ctx, q, a, "process_id", process, `state IN ('taken_over', 'approved')`)
}

func (store) destroying(ctx context.Context, tx *db.Tx, a access.Access, process string, most int) ([]Item, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT `+itemColumns+itemTables+`WHERE `+keeper(a, "i.authority_id", &p)+` AND i.process_id = `+p.Add(process)+
		` AND i.state = 'destroying' ORDER BY i.file_id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanItem)
}

// responsible are the names of who decided that a file is destroyed: the two who approved, or who ran the process.
func (store) responsible(ctx context.Context, q db.Querier, a access.Access, process, file string) (first, second string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT coalesce(x.first_name, d.created_name), coalesce(x.second_name, '') FROM disposal_item i
		JOIN disposal_process d ON d.id = i.process_id LEFT JOIN disposal_approval x ON x.id = i.approval_id WHERE `+keeper(a, "i.authority_id", &p)+
		` AND i.process_id = `+p.Add(process)+` AND i.file_id = `+p.Add(file), p...).Scan(&first, &second)
	return first, second, one(err)
}

// --- what is destroyed ---

// scope is how much is destroyed: whole files, cases with the cases in them, single documents.
type scope string

const (
	scopeFile     scope = "file"
	scopeCase     scope = "case"
	scopeDocument scope = "document"
)

// documents is the condition of the documents in the scope, with each one's id there as the value; the alias is d.
func (s scope) documents(p *db.Params, a access.Access, ids []string) (value, condition string) {
	value = map[scope]string{scopeFile: "d.file_id", scopeCase: "d.case_id", scopeDocument: "d.id"}[s]
	return value, a.In("d.authority_id", p) + ` AND ` + value + ` IN ` + p.List(ids)
}

func (store) lockFiles(ctx context.Context, tx *db.Tx, a access.Access, ids []string) error {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT id FROM records_file WHERE `+a.In("authority_id", &p)+` AND id IN `+p.List(ids)+` ORDER BY id`+tx.ForUpdate(), p...)
	_, err = db.All(rows, err, text)
	return err
}

// hashes are the stored files that the versions in the scope name, by id.
func (store) hashes(ctx context.Context, tx *db.Tx, a access.Access, s scope, ids []string) (map[string][]string, error) {
	var p db.Params
	value, where := s.documents(&p, a, ids)
	rows, err := tx.Query(ctx, `SELECT DISTINCT `+value+`, v.hash FROM records_document d JOIN records_version v ON v.document_id = d.id WHERE `+where, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		var id, hash string
		if err := rows.Scan(&id, &hash); err != nil {
			return nil, err
		}
		out[id] = append(out[id], hash)
	}
	return out, rows.Err()
}

// facts are the records of files before they are destroyed.
func (store) facts(ctx context.Context, tx *db.Tx, a access.Access, s scope, ids []string) (map[string]Destruction, error) {
	out := map[string]Destruction{}
	var p db.Params
	from := map[scope]string{
		scopeFile: `SELECT f.id, f.authority_id, f.id, f.reference, f.subject, f.unit, f.opened_at, f.closed_at, f.retain_until,
			(SELECT count(*) FROM records_case c WHERE c.file_id = f.id), f.medium, f.location FROM records_file f WHERE `,
		scopeCase: `SELECT f.id, f.authority_id, f.file_id, f.reference, f.subject, '', f.received_at, f.closed_at, 0, 1, o.medium, o.location FROM records_case f
			JOIN records_file o ON o.id = f.file_id WHERE `,
		scopeDocument: `SELECT f.id, f.authority_id, f.file_id, c.reference, f.name, '', f.created_at, 0, 0, 0, o.medium, o.location FROM records_document f
			JOIN records_case c ON c.id = f.case_id JOIN records_file o ON o.id = f.file_id WHERE `,
	}[s]
	rows, err := tx.Query(ctx, from+a.In("f.authority_id", &p)+` AND f.id IN `+p.List(ids), p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		d := Destruction{Scope: string(s)}
		var id string
		var opened, closed, until int64
		if err := rows.Scan(&id, &d.Authority, &d.File, &d.Reference, &d.Subject, &d.Unit, &opened, &closed, &until, &d.Cases,
			&d.Medium, &d.Location); err != nil {
			return nil, err
		}
		d.OpenedAt, d.ClosedAt, d.RetainUntil = db.Time(opened), db.Time(closed), db.Time(until)
		out[id] = d
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	p = nil
	value, where := s.documents(&p, a, ids)
	counts, err := tx.Query(ctx, `SELECT `+value+`, count(DISTINCT d.id), count(*), sum(v.size) FROM records_document d
		JOIN records_version v ON v.document_id = d.id WHERE `+where+` GROUP BY 1`, p...)
	if err != nil {
		return nil, err
	}
	defer counts.Close()
	for counts.Next() {
		var id string
		var documents, stored, bytes int64
		if err := counts.Scan(&id, &documents, &stored, &bytes); err != nil {
			return nil, err
		}
		d := out[id]
		d.Documents, d.Stored, d.Bytes = documents, stored, bytes
		out[id] = d
	}
	return out, counts.Err()
}

// casesIn are the ids of cases and of those in them.
func (store) casesIn(ctx context.Context, q db.Querier, a access.Access, ids []string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id FROM records_case WHERE `+a.In("authority_id", &p)+` AND (id IN `+p.List(ids)+` OR parent_id IN `+p.List(ids)+`)`, p...)
	return db.All(rows, err, text)
}

// erase deletes what is in the scope: the rows of cases and documents; of files all but their own.
func (store) erase(ctx context.Context, tx *db.Tx, a access.Access, s scope, ids []string) error {
	build := func(statement string, conditions []func(p *db.Params) string) (string, db.Params) {
		var p db.Params
		statement += a.In("authority_id", &p)
		for _, c := range conditions {
			statement += ` AND ` + c(&p)
		}
		return statement, p
	}
	do := func(statement string, conditions ...func(p *db.Params) string) error {
		statement, p := build(statement, conditions)
		_, err := tx.Exec(ctx, statement, p...)
		return err
	}
	change := func(kind, statement string, conditions ...func(p *db.Params) string) error {
		statement, p := build(statement, conditions)
		_, err := tx.Change(ctx, kind, statement, p...)
		return err
	}
	in := func(column string) func(p *db.Params) string {
		return func(p *db.Params) string { return column + ` IN ` + p.List(ids) }
	}
	documents := func(column, prefix string) func(p *db.Params) string {
		return func(p *db.Params) string {
			_, where := s.documents(p, a, ids)
			return column + ` IN (SELECT ` + prefix + `d.id FROM records_document d WHERE ` + where + `)`
		}
	}
	cases := func(column, prefix string) func(p *db.Params) string {
		return func(p *db.Params) string {
			if s == scopeCase {
				return column + ` IN (SELECT ` + prefix + `c.id FROM records_case c WHERE c.id IN ` + p.List(ids) + `)`
			}
			return column + ` IN (SELECT ` + prefix + `c.id FROM records_case c WHERE c.file_id IN ` + p.List(ids) + `)`
		}
	}
	steps := []error{
		do(`DELETE FROM records_favourite WHERE `, documents("object", "'document:' || ")),
		do(`DELETE FROM disposal_origin WHERE `, documents("object", "'document:' || ")),
		do(`DELETE FROM records_version WHERE `, documents("document_id", "")),
		change("document", `DELETE FROM records_document WHERE `, documents("id", "")),
	}
	if s != scopeDocument {
		for _, table := range []string{"records_note", "records_question", "records_decision", "records_form"} {
			steps = append(steps, do(`DELETE FROM `+table+` WHERE `, cases("case_id", "")))
		}
		steps = append(steps,
			do(`DELETE FROM records_favourite WHERE `, cases("object", "'case:' || ")),
			do(`DELETE FROM disposal_origin WHERE `, cases("object", "'case:' || ")),
			change("case", `DELETE FROM records_case WHERE `, cases("id", "")))
	}
	if s == scopeFile {
		steps = append(steps,
			do(`DELETE FROM records_part WHERE `, in("file_id")),
			do(`DELETE FROM records_favourite WHERE `, in("file_id")),
			do(`UPDATE records_grant SET reason = '' WHERE `, in("file_id")),
			do(`DELETE FROM records_link WHERE `, func(p *db.Params) string {
				return `(file_id IN ` + p.List(ids) + ` OR other_id IN ` + p.List(ids) + `)`
			}))
	}
	for _, err := range steps {
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveStub leaves a file's reference and dates, and its subject if the record keeps it.
func (store) leaveStub(ctx context.Context, tx *db.Tx, a access.Access, d Destruction, state string, at time.Time) error {
	var p db.Params
	return exactly(tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, state = `+p.Add(state)+`, subject = `+p.Add(d.Subject)+`, search = `+
		p.Add(strings.ToLower(d.Reference+" "+d.Subject))+`, location = '', lent_to = '', lent_at = 0, lent_until = 0, fields = '{}', keywords = '',
		version = version + 1, changed_at = `+p.Add(db.Micros(at))+`, changed_by = `+p.Add(d.First)+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(d.File), p...))
}

const destructionColumns = `id, authority_id, file_id, scope, reference, subject, unit, opened_at, closed_at, retain_until, decision, archive_id,
	process_id, erasure_id, cases, documents, stored, bytes, first_name, second_name, destroyed_at, medium, location`

func (store) insertDestruction(ctx context.Context, tx *db.Tx, a access.Access, d Destruction) error {
	if err := a.Own(d.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_destruction (`+destructionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
		$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`, d.ID, d.Authority, d.File, d.Scope, d.Reference, d.Subject, d.Unit, db.Micros(d.OpenedAt),
		db.Micros(d.ClosedAt), db.Micros(d.RetainUntil), string(d.Decision), d.ArchiveID, d.Process, d.Erasure, d.Cases, d.Documents, d.Stored,
		d.Bytes, d.First, d.Second, db.Micros(d.At), string(d.Medium), d.Location)
	return err
}

// destructions are the records of a file that the caller may read, the latest first.
func (store) destructions(ctx context.Context, q db.Querier, a access.Access, file string) ([]Destruction, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+destructionColumns+` FROM disposal_destruction d WHERE `+a.In("d.authority_id", &p)+` AND d.file_id = `+p.Add(file)+
		` AND EXISTS (SELECT 1 FROM records_file f WHERE f.id = d.file_id AND `+a.Reads("f", &p)+`) ORDER BY destroyed_at DESC, id DESC`, p...)
	return db.All(rows, err, func(r db.Scanner) (d Destruction, err error) {
		var opened, closed, until, at int64
		err = r.Scan(&d.ID, &d.Authority, &d.File, &d.Scope, &d.Reference, &d.Subject, &d.Unit, &opened, &closed, &until, &d.Decision, &d.ArchiveID,
			&d.Process, &d.Erasure, &d.Cases, &d.Documents, &d.Stored, &d.Bytes, &d.First, &d.Second, &at, &d.Medium, &d.Location)
		d.OpenedAt, d.ClosedAt, d.RetainUntil, d.At = db.Time(opened), db.Time(closed), db.Time(until), db.Time(at)
		return d, err
	})
}

// --- stored files that nothing names ---

func (store) putBlob(ctx context.Context, tx *db.Tx, a access.Access, authority, object, hash string, listed bool, at time.Time) error {
	if err := a.Own(authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_blob (hash, authority_id, object, listed, since) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO UPDATE SET listed = excluded.listed, object = excluded.object, authority_id = excluded.authority_id, since = excluded.since`,
		hash, authority, object, listed, db.Micros(at))
	return err
}

// blobs are the stored files that were released before that time.
func (store) blobs(ctx context.Context, q db.Querier, a access.Access, before time.Time) (map[string]pendingBlob, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT hash, authority_id, object, listed FROM disposal_blob WHERE `+a.In("authority_id", &p)+` AND since <= `+
		p.Add(db.Micros(before))+` ORDER BY since LIMIT 10000`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]pendingBlob{}
	for rows.Next() {
		var hash string
		var b pendingBlob
		if err := rows.Scan(&hash, &b.authority, &b.object, &b.listed); err != nil {
			return nil, err
		}
		out[hash] = b
	}
	return out, rows.Err()
}

func (store) listBlob(ctx context.Context, tx *db.Tx, a access.Access, hash string) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_blob SET listed = TRUE WHERE `+a.In("authority_id", &p)+` AND hash = `+p.Add(hash), p...))
}

// postponeBlobs has stored files that something names looked at again later. Whatever the log says by then, it is to say
// again that they were erased.
func (store) postponeBlobs(ctx context.Context, tx *db.Tx, a access.Access, hashes []string, at time.Time) error {
	return inBatches(hashes, func(some []string) error {
		var p db.Params
		_, err := tx.Exec(ctx, `UPDATE disposal_blob SET listed = FALSE, since = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND hash IN `+p.List(some), p...)
		return err
	})
}

func (store) dropBlob(ctx context.Context, tx *db.Tx, a access.Access, hash string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `DELETE FROM disposal_blob WHERE `+a.In("authority_id", &p)+` AND hash = `+p.Add(hash), p...)
	return err
}

// namedHere says which of the hashes a version of a document, a package or an import names.
func (store) namedHere(ctx context.Context, q db.Querier, a access.Access, hashes []string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT hash FROM records_version WHERE `+a.In("authority_id", &p)+` AND hash IN `+p.List(hashes)+`
		UNION SELECT hash FROM disposal_package WHERE `+a.In("authority_id", &p)+` AND state IN ('written', 'taken') AND hash IN `+p.List(hashes)+`
		UNION SELECT hash FROM disposal_import WHERE `+a.In("authority_id", &p)+` AND state = 'checked' AND hash IN `+p.List(hashes), p...)
	return db.All(rows, err, text)
}
