package disposal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// What lies in files, read in bulk.

// batch is some files with what lies in them.
type batch struct {
	files     []fileRow
	parts     map[string][]partRow     // by file
	cases     map[string][]caseRow     // by file
	documents map[string][]documentRow // by case
}

type fileRow struct {
	id, reference, subject, unit, unitTitle, lead, location, keywords, proposal, decision string
	opened, closed, until                                                                 time.Time
	level                                                                                 access.Level
	medium                                                                                records.Medium
	retention                                                                             int
}

type partRow struct {
	id, subject    string
	number         int64
	opened, closed time.Time
}

type caseRow struct {
	id, authority, file, reference, subject, applicant, kind, part, parent string
	received, closed                                                       time.Time
	level                                                                  access.Level
}

type documentRow struct {
	id, caseID, kind, name, subject, parent string
	created                                 time.Time
	versions                                []versionRow
}

type versionRow struct {
	number              int64
	name, hash, by, typ string
	size                int64
	created             time.Time
}

// fileBatch reads the files of a package that follow an id. Which these are is asked of the index alone: PostgreSQL
// would else read and sort all that follow each time, as long as it does not know how many a package has. CROSS JOIN has
// SQLite begin with them.
func (store) fileBatch(ctx context.Context, q db.Querier, a access.Access, packageID, after string, most int, full bool) (b batch, err error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT f.id, f.reference, f.subject, f.unit, coalesce(u.title, ''), coalesce(o.name, ''), f.location, f.keywords,
		i.proposal, i.decision, f.opened_at, f.closed_at, f.retain_until, f.level, f.medium, coalesce(u.retention_years, -1)
		FROM (SELECT file_id FROM disposal_item WHERE package_id = `+p.Add(packageID)+` AND file_id > `+p.Add(after)+` ORDER BY file_id LIMIT `+p.Add(most)+`) n
		CROSS JOIN disposal_item i JOIN records_file f ON f.id = i.file_id
		LEFT JOIN records_unit u ON u.authority_id = f.authority_id AND u.code = f.unit LEFT JOIN records_org o ON o.id = f.lead
		WHERE i.package_id = `+p.Add(packageID)+` AND i.file_id = n.file_id AND `+a.In("i.authority_id", &p)+` ORDER BY i.file_id`, p...)
	if b.files, err = db.All(rows, err, func(r db.Scanner) (f fileRow, err error) {
		var opened, closed, until int64
		err = r.Scan(&f.id, &f.reference, &f.subject, &f.unit, &f.unitTitle, &f.lead, &f.location, &f.keywords, &f.proposal, &f.decision, &opened,
			&closed, &until, &f.level, &f.medium, &f.retention)
		f.opened, f.closed, f.until = db.Time(opened), db.Time(closed), db.Time(until)
		return f, err
	}); err != nil || len(b.files) == 0 {
		return b, err
	}
	last := b.files[len(b.files)-1].id
	within := func(p *db.Params) string {
		return ` FROM disposal_item i JOIN %s WHERE ` + a.In("i.authority_id", p) + ` AND i.package_id = ` + p.Add(packageID) +
			` AND i.file_id > ` + p.Add(after) + ` AND i.file_id <= ` + p.Add(last)
	}
	if b.cases, err = readCases(ctx, q, within); err != nil {
		return b, err
	}
	if b.parts, err = readParts(ctx, q, within); err != nil || !full {
		return b, err
	}
	b.documents, err = readDocuments(ctx, q, within)
	return b, err
}

func readCases(ctx context.Context, q db.Querier, within func(p *db.Params) string) (map[string][]caseRow, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+caseColumns+fmt.Sprintf(within(&p), "records_case x ON x.file_id = i.file_id")+` ORDER BY x.file_id, x.received_at, x.id`, p...)
	cases, err := db.All(rows, err, scanCase)
	out := map[string][]caseRow{}
	for _, c := range cases {
		out[c.file] = append(out[c.file], c)
	}
	return out, err
}

const caseColumns = `x.id, x.authority_id, x.file_id, x.reference, x.subject, x.applicant, x.kind, x.part_id, x.parent_id, x.received_at, x.closed_at, x.level`

func scanCase(r db.Scanner) (c caseRow, err error) {
	var received, closed int64
	err = r.Scan(&c.id, &c.authority, &c.file, &c.reference, &c.subject, &c.applicant, &c.kind, &c.part, &c.parent, &received, &closed, &c.level)
	c.received, c.closed = db.Time(received), db.Time(closed)
	return c, one(err)
}

func readParts(ctx context.Context, q db.Querier, within func(p *db.Params) string) (map[string][]partRow, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT x.file_id, x.id, x.number, x.subject, x.opened_at, x.closed_at`+fmt.Sprintf(within(&p), "records_part x ON x.file_id = i.file_id")+
		` ORDER BY x.file_id, x.number`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]partRow{}
	for rows.Next() {
		var file string
		var x partRow
		var opened, closed int64
		if err := rows.Scan(&file, &x.id, &x.number, &x.subject, &opened, &closed); err != nil {
			return nil, err
		}
		x.opened, x.closed = db.Time(opened), db.Time(closed)
		out[file] = append(out[file], x)
	}
	return out, rows.Err()
}

func readDocuments(ctx context.Context, q db.Querier, within func(p *db.Params) string) (map[string][]documentRow, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+documentColumns+fmt.Sprintf(within(&p), "records_document x ON x.file_id = i.file_id JOIN records_version v ON v.document_id = x.id")+documentOrder, p...)
	return scanDocuments(rows, err)
}

// documentColumns end in those of the versions, of which each is a row: records_version is the alias v.
const documentColumns = `x.id, x.case_id, x.kind, x.name, x.subject, x.parent_id, x.created_at, v.number, v.name, v.hash, v.size, v.media_type, v.created_at, v.created_by`

const documentOrder = ` ORDER BY x.case_id, x.created_at, x.id, v.number`

// --- digests ---

// digests are what each of the files that the condition on records_file f names holds now: which cases in which
// version, which documents in which versions. What is not in them is no part of the file's content.
func (store) digests(ctx context.Context, q db.Querier, a access.Access, condition func(p *db.Params) string) (map[string]string, error) {
	var p db.Params
	// The access comes twice: each SELECT of a UNION has parameters of its own.
	files := func() string { return a.In("f.authority_id", &p) + ` AND ` + condition(&p) }
	rows, err := q.Query(ctx, `SELECT f.id AS file, 'c' AS what, coalesce(c.id, '') AS id, coalesce(c.version, 0) AS number, '' AS hash
		FROM records_file f LEFT JOIN records_case c ON c.file_id = f.id WHERE `+files()+`
		UNION ALL SELECT f.id, 'd', v.document_id, v.number, v.hash FROM records_file f JOIN records_document d ON d.file_id = f.id
		JOIN records_version v ON v.document_id = d.id WHERE `+files()+` ORDER BY 1, 2, 3, 4`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	var sum hash.Hash
	current := ""
	end := func() {
		if current != "" {
			out[current] = hex.EncodeToString(sum.Sum(nil))
		}
	}
	for rows.Next() {
		var file, what, id, blob string
		var number int64
		if err := rows.Scan(&file, &what, &id, &number, &blob); err != nil {
			return nil, err
		}
		if file != current {
			end()
			current, sum = file, sha256.New()
		}
		fmt.Fprintf(sum, "%s %s %d %s\n", what, id, number, blob) //nolint:errcheck // a hash takes everything
	}
	end()
	return out, rows.Err()
}

func (store) setContent(ctx context.Context, tx *db.Tx, a access.Access, process, file, digest string) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_item SET content = `+p.Add(digest)+` WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+
		p.Add(process)+` AND file_id = `+p.Add(file), p...))
}

// --- what is in a case without being a document ---

// contentSection is one kind of it: "answers", "notes", "questions", "decision".
type contentSection struct {
	kind string
	rows []contentRow
}

type contentRow struct {
	label, text, by string
	at              time.Time
}

func (store) caseContent(ctx context.Context, q db.Querier, a access.Access, id string) ([]contentSection, error) {
	var out []contentSection
	add := func(kind string, rows []contentRow) {
		if len(rows) > 0 {
			out = append(out, contentSection{kind, rows})
		}
	}
	texts := func(statement, column string) ([]contentRow, error) {
		var p db.Params
		rows, err := q.Query(ctx, statement+a.In("authority_id", &p)+` AND case_id = `+p.Add(id)+` ORDER BY `+column+`, id`, p...)
		return db.All(rows, err, func(r db.Scanner) (x contentRow, err error) {
			var at int64
			err = r.Scan(&x.text, &x.by, &at)
			x.at = db.Time(at)
			return x, err
		})
	}
	var p db.Params
	rows, err := q.Query(ctx, `SELECT answers FROM records_form WHERE `+a.In("authority_id", &p)+` AND case_id = `+p.Add(id), p...)
	forms, err := db.All(rows, err, text)
	if err != nil {
		return nil, err
	}
	for _, answers := range forms {
		var list []records.Row
		if err := json.Unmarshal([]byte(answers), &list); err != nil {
			return nil, err
		}
		var rows []contentRow
		for _, x := range list {
			rows = append(rows, contentRow{label: x.Label, text: x.Value})
		}
		add("answers", rows)
	}
	for _, k := range []struct{ kind, statement, column string }{
		{"notes", `SELECT text, created_by, created_at FROM records_note WHERE `, "created_at"},
		{"questions", `SELECT text, asked_by, asked_at FROM records_question WHERE `, "asked_at"},
		{"replies", `SELECT answer, 'records.by.applicant', answered_at FROM records_question WHERE answered_at > 0 AND `, "answered_at"},
		{"decision", `SELECT title || '
' || decision || '
' || reasons || '
' || remedy, decided_by, decided_at FROM records_decision WHERE `, "decided_at"},
	} {
		rows, err := texts(k.statement, k.column)
		if err != nil {
			return nil, err
		}
		add(k.kind, rows)
	}
	return out, nil
}

// scanDocuments reads rows of documentColumns: documents by their case, each with its versions.
func scanDocuments(rows *sql.Rows, err error) (map[string][]documentRow, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]documentRow{}
	for rows.Next() {
		var d documentRow
		var v versionRow
		var created, stored int64
		if err := rows.Scan(&d.id, &d.caseID, &d.kind, &d.name, &d.subject, &d.parent, &created, &v.number, &v.name, &v.hash, &v.size, &v.typ,
			&stored, &v.by); err != nil {
			return nil, err
		}
		d.created, v.created = db.Time(created), db.Time(stored)
		here := out[d.caseID]
		if n := len(here); n == 0 || here[n-1].id != d.id {
			here = append(here, d)
		}
		last := &here[len(here)-1]
		last.versions = append(last.versions, v)
		out[d.caseID] = here
	}
	return out, rows.Err()
}
