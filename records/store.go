package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// store is all SQL of this room. Every method takes the Scope before anything it looks for, and puts it into the WHERE
// clause; a statement that inserts asks own first. A row outside the scope is as good as none.
type store struct{}

// --- file plan ---

func (store) unitCounts(ctx context.Context, q db.Querier, s access.Access) (map[string]int, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT authority_id, count(*) FROM records_unit WHERE `+s.In("authority_id", &p)+
		` GROUP BY authority_id`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var a string
		var n int
		if err := rows.Scan(&a, &n); err != nil {
			return nil, err
		}
		out[a] = n
	}
	return out, rows.Err()
}

// insertPlan gives the plan to each authority of the scope.
func (store) insertPlan(ctx context.Context, tx *db.Tx, s access.Access, pl plan) error {
	units := db.Bulk{Into: `records_unit (authority_id, code, title, parent, retention_years, appraisal)`, Skip: true}
	routes := db.Bulk{Into: `records_routing (authority_id, leika_key, unit)`, Skip: true}
	for _, a := range s.Authorities() {
		for _, u := range pl.units {
			if err := units.Add(ctx, tx, a, u.Code, u.Title, u.Parent, u.RetentionYears, string(u.Appraisal)); err != nil {
				return err
			}
		}
		for _, r := range pl.routing {
			if err := routes.Add(ctx, tx, a, r.leikaKey, r.unit); err != nil {
				return err
			}
		}
	}
	if err := units.Flush(ctx, tx); err != nil {
		return err
	}
	return routes.Flush(ctx, tx)
}

func (store) units(ctx context.Context, q db.Querier, s access.Access) ([]Unit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT code, min(title), min(parent), min(retention_years), min(transfer_years), min(appraisal),
		min(valid_from), max(valid_until), min(note) FROM records_unit WHERE `+s.In("authority_id", &p)+` GROUP BY code ORDER BY code`, p...)
	return db.All(rows, err, scanUnit)
}

const unitColumns = `code, title, parent, retention_years, transfer_years, appraisal, valid_from, valid_until, note`

func scanUnit(r db.Scanner) (u Unit, err error) {
	var from, until int64
	err = r.Scan(&u.Code, &u.Title, &u.Parent, &u.RetentionYears, &u.TransferYears, &u.Appraisal, &from, &until, &u.Note)
	u.ValidFrom, u.ValidUntil = db.Time(from), db.Time(until)
	return u, err
}

// route is the code of the unit for the service, else of the unit for any, with the organisational unit that leads its
// files; "" if the authority has no plan.
func (store) route(ctx context.Context, q db.Querier, s access.Access, leikaKey string) (unit, lead string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT unit, org_id FROM records_routing WHERE `+s.In("authority_id", &p)+
		` AND leika_key IN (`+p.Add(leikaKey)+`, `+p.Add(anyService)+`) ORDER BY leika_key DESC LIMIT 1`, p...).Scan(&unit, &lead)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return unit, lead, err
}

// unit is a place in an authority's plan.
func (store) unit(ctx context.Context, q db.Querier, s access.Access, code string) (Unit, error) {
	var p db.Params
	u, err := scanUnit(q.QueryRow(ctx, `SELECT `+unitColumns+` FROM records_unit WHERE `+s.In("authority_id", &p)+` AND code = `+p.Add(code), p...))
	return u, NotFound(err)
}

// pattern is how the authority writes its Aktenzeichen, and the code of the leading unit ("" if there is none).
func (store) pattern(ctx context.Context, q db.Querier, s access.Access, authority, lead string) (pattern, code string, err error) {
	if err := s.Own(authority); err != nil {
		return "", "", err
	}
	err = q.QueryRow(ctx, `SELECT coalesce((SELECT reference_pattern FROM records_setting WHERE authority_id = $1), ''),
		coalesce((SELECT code FROM records_org WHERE authority_id = $1 AND id = $2), '')`, authority, lead).Scan(&pattern, &code)
	if pattern == "" {
		pattern = DefaultPattern
	}
	return pattern, code, err
}

// nextNumber counts on: without a gap, because the row is locked until the transaction ends and goes back with it.
func (store) nextNumber(ctx context.Context, tx *db.Tx, s access.Access, authority, unit string, year int) (n int64, err error) {
	if err := s.Own(authority); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `INSERT INTO records_counter (authority_id, unit, year, last) VALUES ($1, $2, $3, 1)
		ON CONFLICT (authority_id, unit, year) DO UPDATE SET last = records_counter.last + 1 RETURNING last`,
		authority, unit, year).Scan(&n)
	return n, err
}

// --- files ---

const fileColumns = `f.id, f.authority_id, f.reference, f.unit, f.subject, f.opened_at, f.closed_at, f.lead, f.readers, f.writers,
	f.level, f.medium, f.location, f.lent_to, f.lent_at, f.lent_until, f.lent_by, f.type_id, f.fields, f.keywords, f.state, f.retain_until,
	f.version, f.changed_at, f.changed_by, f.former, coalesce(u.title, ''), coalesce(u.retention_years, 0), coalesce(u.appraisal, '')`

const fileTables = ` FROM records_file f LEFT JOIN records_unit u ON u.authority_id = f.authority_id AND u.code = f.unit `

func scanFile(r db.Scanner) (f File, err error) {
	var opened, closed, lent, back, retain, changedAt int64
	err = r.Scan(&f.ID, &f.Authority, &f.Reference, &f.Unit.Code, &f.Subject, &opened, &closed, &f.Lead, &f.Readers, &f.Writers,
		&f.Level, &f.Medium, &f.Location, &f.LentTo, &lent, &back, &f.LentBy, &f.Type, &f.Fields, &f.Keywords, &f.State, &retain,
		&f.Version, &changedAt, &f.ChangedBy, &f.Former, &f.Unit.Title, &f.Unit.RetentionYears, &f.Unit.Appraisal, &f.May)
	f.OpenedAt, f.ClosedAt = db.Time(opened), db.Time(closed)
	f.LentAt, f.LentUntil, f.RetainUntil, f.ChangedAt = db.Time(lent), db.Time(back), db.Time(retain), db.Time(changedAt)
	return f, NotFound(err)
}

func (store) insertFile(ctx context.Context, tx *db.Tx, s access.Access, f File) error {
	if err := s.Own(f.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at, lead, readers,
		writers, level, medium, location, type_id, fields, keywords, version, changed_at, changed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`, f.ID, f.Authority, f.Reference,
		f.Unit.Code, f.Subject, f.search(), db.Micros(f.OpenedAt), db.Micros(f.ClosedAt), f.Lead, f.Readers, f.Writers, int64(f.Level),
		string(f.Medium), f.Location, f.Type, f.Fields, f.Keywords, f.Version, db.Micros(f.ChangedAt), f.ChangedBy)
	if err != nil {
		return err
	}
	tx.Touch(FileObject(f.ID))
	return insertKeywords(ctx, tx, f)
}

// insertKeywords keeps the file's keywords one by one, in small letters.
func insertKeywords(ctx context.Context, tx *db.Tx, f File) error {
	b := db.Bulk{Into: `records_keyword (file_id, word, authority_id, opened_at)`, Skip: true}
	for _, word := range keywords(strings.ToLower(f.Keywords)) {
		if err := b.Add(ctx, tx, f.ID, word, f.Authority, db.Micros(f.OpenedAt)); err != nil {
			return err
		}
	}
	return b.Flush(ctx, tx)
}

func (store) fileByID(ctx context.Context, q db.Querier, s access.Access, id string) (File, error) {
	var p db.Params
	return scanFile(q.QueryRow(ctx, `SELECT `+fileColumns+`, `+s.Right("f", &p)+fileTables+`WHERE `+s.Reads("f", &p)+` AND f.id = `+p.Add(id), p...))
}

// fileLocked is fileByID of a file that nobody else changes until the transaction ends.
func (st store) fileLocked(ctx context.Context, tx *db.Tx, s access.Access, id string) (File, error) {
	if err := st.lockFile(ctx, tx, s, id); err != nil {
		return File{}, err
	}
	return st.fileByID(ctx, tx, s, id)
}

func (store) files(ctx context.Context, q db.Querier, s access.Access, f FileFilter) (paging.Listing[File], error) {
	statement, p := filesQuery(s, f)
	rows, err := q.Query(ctx, statement, p...)
	files, err := db.All(rows, err, scanFile)
	return paging.Of(files, f.order(), f.Page, f.key), err
}

// filesQuery is one query along an index, as inboxQuery is.
func filesQuery(s access.Access, f FileFilter) (string, db.Params) {
	var p db.Params
	from := ""
	order := f.order()
	if f.Keyword != "" { // read first, as favourites are
		from = `records_keyword k CROSS JOIN `
		if order.Column == "f.opened_at" {
			order.Column, order.ID = "k.opened_at", "k.file_id"
		}
	}
	if f.Marked {
		from += favourites(s, "file:", &p)
	}
	where := s.Reads("f", &p)
	if f.Keyword != "" {
		where += ` AND ` + s.In("k.authority_id", &p) + ` AND k.word = ` + p.Add(strings.ToLower(OneLine(f.Keyword))) + ` AND f.id = k.file_id`
	}
	if f.Marked {
		where += ` AND f.id = m.marked`
	}
	if f.Type != "" {
		where += ` AND f.type_id <> '' AND f.type_id = ` + p.Add(f.Type)
	}
	if f.Level != "" {
		level, _ := strconv.ParseInt(f.Level, 10, 64) // parseFileFilter knows that it is one
		if where += ` AND f.level = ` + p.Add(level); level > 0 {
			where += ` AND f.level > 0` // as the partial index says it
		}
	}
	if f.Query != "" {
		where += p.Words("search", f.Query)
	}
	if f.Unit != "" {
		where += ` AND f.unit = ` + p.Add(f.Unit)
	}
	if f.Lead != "" {
		where += ` AND f.lead = ` + p.Add(f.Lead)
	}
	switch f.State {
	case FilesOpen:
		where += ` AND f.closed_at = 0`
	case FilesClosed:
		where += ` AND f.closed_at > 0`
	}
	return `SELECT ` + fileColumns + `, 0 FROM ` + from + strings.TrimPrefix(fileTables, " FROM ") + `WHERE ` + where + order.SQL(&p, f.Page), p
}

// favourites begin a list that is one of the caller's favourites of this kind: m.marked are their ids. A person has few,
// so they are what is read first: that is what CROSS JOIN tells SQLite.
func favourites(s access.Access, kind string, p *db.Params) string {
	return `(SELECT substr(object, ` + strconv.Itoa(len(kind)+1) + `) AS marked FROM records_favourite WHERE subject = ` + p.Add(s.Subject) +
		` AND object > ` + p.Add(kind) + ` AND object < ` + p.Add(kind+"~") + `) m CROSS JOIN `
}

// closeFile closes the case's file, with its parts, if all other cases in it are closed, and reports whether it did.
func (st store) closeFile(ctx context.Context, tx *db.Tx, s access.Access, c Case) (bool, error) {
	var p db.Params
	var id string // locks the file, so that two last cases do not each see the other open
	if err := tx.QueryRow(ctx, `SELECT id FROM records_file WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(c.FileID)+
		tx.ForUpdate(), p...).Scan(&id); err != nil {
		return false, NotFound(err)
	}
	p = nil
	closed, err := db.Changed(tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, closed_at = `+p.Add(db.Micros(c.ClosedAt))+` WHERE `+s.In("authority_id", &p)+
		` AND id = `+p.Add(id)+` AND NOT EXISTS (SELECT 1 FROM records_case c WHERE c.file_id = records_file.id AND c.id <> `+p.Add(c.ID)+
		` AND c.state <> 'closed')`, p...))
	if err != nil || !closed {
		return false, err
	}
	return true, st.closeParts(ctx, tx, s, id, c.ClosedAt)
}

// --- cases ---

const caseColumns = `id, authority_id, file_id, reference, subject, source, source_reference, status_path, leika_key, applicant,
	state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at,
	changed_by, changed_at, version, kind, part_id, parent_id, level, org_id, number, opened_by, closed_by, former`

func scanCase(r db.Scanner) (c Case, err error) {
	var received, due, closed, paid, changedAt int64
	err = r.Scan(&c.ID, &c.Authority, &c.FileID, &c.Reference, &c.Subject, &c.Source, &c.SourceRef, &c.StatusPath, &c.LeikaKey,
		&c.Applicant, &c.State, &c.AssignedTo, &c.AssignedName, &received, &due, &closed, &c.Fee.Amount, &c.Fee.Kassenzeichen, &paid,
		&c.ChangedBy, &changedAt, &c.Version, &c.Kind, &c.Part, &c.Parent, &c.Level, &c.Org, &c.Number,
		&c.OpenedBy, &c.ClosedBy, &c.Former, &c.May)
	c.ReceivedAt, c.DueAt, c.ClosedAt = db.Time(received), db.Time(due), db.Time(closed)
	c.Fee.PaidAt, c.ChangedAt = db.Time(paid), db.Time(changedAt)
	return c, NotFound(err)
}

func (store) insertCase(ctx context.Context, tx *db.Tx, s access.Access, c Case) error {
	if err := s.Own(c.Authority); err != nil {
		return err
	}
	p := make(db.Params, 32, 36) // those that follow, then those of the place
	place := placeOf(c, &p)
	copy(p, db.Params{c.ID, c.Authority, c.FileID, c.Reference, c.Subject, c.Source,
		c.SourceRef, c.StatusPath, c.LeikaKey, c.Applicant, string(c.State), c.AssignedTo, c.AssignedName, db.Micros(c.ReceivedAt),
		db.Micros(c.DueAt), db.Micros(c.ClosedAt), int64(c.Fee.Amount), c.Fee.Kassenzeichen, db.Micros(c.Fee.PaidAt), c.ChangedBy,
		db.Micros(c.ChangedAt), c.Version, string(c.Kind), c.Part, c.Parent, int64(c.Level), c.Org, c.Number, c.OpenedBy, c.ClosedBy, c.Former,
		c.search()})
	_, err := tx.Exec(ctx, `INSERT INTO records_case (`+caseColumns+`, search, place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
		$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, `+place+`)`, p...)
	tx.Touch(CaseObject(c.ID))
	return err
}

// updateCase stores what may change of a case as its next version.
func (store) updateCase(ctx context.Context, tx *db.Tx, s access.Access, c Case) error {
	var p db.Params
	set := func(column string, v any) string { return ", " + column + " = " + p.Add(v) }
	ok, err := db.Changed(tx.Change(ctx, "case", `UPDATE records_case SET revision = revision + 1, version = version + 1`+set("state", string(c.State))+
		set("assigned_to", c.AssignedTo)+set("assigned_name", c.AssignedName)+set("closed_at", db.Micros(c.ClosedAt))+set("closed_by", c.ClosedBy)+
		set("changed_by", c.ChangedBy)+set("changed_at", db.Micros(c.ChangedAt))+set("file_id", c.FileID)+set("reference", c.Reference)+
		set("former", c.Former)+set("number", c.Number)+set("subject", c.Subject)+set("applicant", c.Applicant)+set("due_at", db.Micros(c.DueAt))+
		set("part_id", c.Part)+set("level", int64(c.Level))+set("org_id", c.Org)+set("search", c.search())+`, place = `+placeOf(c, &p)+
		` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(c.ID)+` AND version = `+p.Add(c.Version), p...))
	if err == nil && !ok {
		return errs.E(errs.Conflict, "records.error.changed")
	}
	return err
}

// caseByID reads a case; lock is "" or the transaction's ForUpdate.
func (store) caseByID(ctx context.Context, q db.Querier, s access.Access, id, lock string) (Case, error) {
	var p db.Params
	c, err := scanCase(q.QueryRow(ctx, `SELECT `+caseColumns+`, `+s.RightInFile("c.file_id", &p)+` FROM records_case c WHERE `+
		s.ReadsCase("c", &p)+` AND c.id = `+p.Add(id)+lock, p...))
	c.May = max(c.May, access.Read) // a guest's: nothing in the file, and reading here
	return c, err
}

// fileOf is the file of a case that the caller has read.
func (store) fileOf(ctx context.Context, q db.Querier, s access.Access, c Case) (File, error) {
	var p db.Params
	return scanFile(q.QueryRow(ctx, `SELECT `+fileColumns+`, `+s.Right("f", &p)+fileTables+`WHERE `+s.In("f.authority_id", &p)+
		` AND f.id = `+p.Add(c.FileID), p...))
}

func (store) caseBySource(ctx context.Context, q db.Querier, s access.Access, source string) (Case, error) {
	var p db.Params
	return scanCase(q.QueryRow(ctx, `SELECT `+caseColumns+`, 0 FROM records_case WHERE `+s.In("authority_id", &p)+
		` AND source = `+p.Add(source), p...))
}

func (store) inbox(ctx context.Context, q db.Querier, s access.Access, me string, f Filter) (paging.Listing[Case], error) {
	statement, p := inboxQuery(s, me, f)
	rows, err := q.Query(ctx, statement, p...)
	cases, err := db.All(rows, err, scanCase)
	return paging.Of(cases, f.order(), f.Page, f.key), err
}

// inboxQuery is one query along an index: the literal states are those of the partial indexes.
func inboxQuery(s access.Access, me string, f Filter) (string, db.Params) {
	var p db.Params
	from := ""
	if f.Who == WhoMarked {
		from = favourites(s, "case:", &p)
	}
	where := s.ReadsCase("records_case", &p)
	switch f.State {
	case "":
		where += ` AND state IN ('new', 'in_work', 'waiting')`
	case StateAll:
	default:
		where += ` AND state = ` + p.Add(f.State)
	}
	switch f.Who {
	case WhoMine:
		where += ` AND assigned_to = ` + p.Add(me)
	case WhoFree:
		where += ` AND assigned_to = ''`
	case WhoMarked:
		where += ` AND id = m.marked`
	}
	if f.Query != "" {
		where += p.Words("search", f.Query)
	}
	return `SELECT ` + caseColumns + `, 0 FROM ` + from + `records_case WHERE ` + where + f.order().SQL(&p, f.Page), p
}

type formRow struct{ CaseID, ID, Version, Title, Answers string }

func (store) insertForm(ctx context.Context, tx *db.Tx, s access.Access, authority string, f formRow) error {
	if err := s.Own(authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_form (case_id, authority_id, form_id, form_version, title, answers)
		VALUES ($1, $2, $3, $4, $5, $6)`, f.CaseID, authority, f.ID, f.Version, f.Title, f.Answers)
	return err
}

func (store) form(ctx context.Context, q db.Querier, s access.Access, caseID string) (f Form, err error) {
	var p db.Params
	var answers string
	if err := q.QueryRow(ctx, `SELECT form_id, form_version, title, answers FROM records_form WHERE `+s.In("authority_id", &p)+
		` AND case_id = `+p.Add(caseID), p...).Scan(&f.ID, &f.Version, &f.Title, &answers); err != nil {
		return f, NotFound(err)
	}
	return f, json.Unmarshal([]byte(answers), &f.Rows)
}
