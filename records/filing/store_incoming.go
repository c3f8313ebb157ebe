package filing

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// incomingColumns are those of a row; the last one is whether the caller may work on it.
func incomingColumns(s access.Access, p *db.Params) string {
	return `i.id, i.authority_id, i.org_id, i.source, i.sender, i.subject, i.received_at, i.created_at, i.created_by, i.case_id, i.assigned_at, i.assigned_by,
	i.version, i.registered_by, i.person, i.person_name, i.closed_at, i.closed_by, i.reason, i.note, CASE WHEN ` + works(s, "i", p) + ` THEN 1 ELSE 0 END`
}

func scanIncoming(r db.Scanner) (x Incoming, err error) {
	var received, created, assigned, closed, works int64
	err = r.Scan(&x.ID, &x.Authority, &x.Org, &x.Source, &x.Sender, &x.Subject, &received, &created, &x.CreatedBy, &x.CaseID, &assigned, &x.AssignedBy,
		&x.Version, &x.RegisteredBy, &x.Person, &x.PersonName, &closed, &x.ClosedBy, &x.Reason, &x.Note, &works)
	x.ReceivedAt, x.CreatedAt, x.AssignedAt, x.ClosedAt, x.MayWork = db.Time(received), db.Time(created), db.Time(assigned), db.Time(closed), works == 1
	return x, records.NotFound(err)
}

// works is the predicate that the caller may work on the row of filing_incoming: it is for everybody at the authority, for a
// unit of theirs or for them, or they keep the records there. What was put into a case is for who may read that.
func works(s access.Access, row string, p *db.Params) string {
	where := s.In(row+".authority_id", p)
	if s.Subject == "" { // the program itself
		return where
	}
	where += ` AND (` + row + `.org_id = '' AND ` + row + `.person = '' OR ` + row + `.person = ` + p.Add(s.Subject)
	if units := s.Units(); len(units) > 0 {
		where += ` OR ` + row + `.org_id IN ` + p.List(units)
	}
	if reg := s.Registry(); reg.Several() || len(reg.Authorities()) > 0 {
		where += ` OR ` + reg.In(row+".authority_id", p)
	}
	return where + `) AND ` + unsealed(s, row, p)
}

// unsealed is the predicate that the row lies in no case, or in one that the caller may read.
func unsealed(s access.Access, row string, p *db.Params) string {
	return `(` + row + `.case_id = '' OR ` + s.ReadsInCase(row, p) + `)`
}

// sees is the predicate that the caller may see the row: to work on it, or because they registered it.
func sees(s access.Access, row string, p *db.Params) string {
	if s.Subject == "" {
		return works(s, row, p)
	}
	return `(` + works(s, row, p) + ` OR ` + s.In(row+".authority_id", p) + ` AND ` + row + `.registered_by = ` + p.Add(s.Subject) + `)`
}

// reads is the predicate that the caller may read the documents of the row: who only registered it does not read them any
// more in a case that is not theirs.
func reads(s access.Access, row string, p *db.Params) string {
	return sees(s, row, p) + ` AND ` + unsealed(s, row, p)
}

func (store) incomings(ctx context.Context, q db.Querier, s access.Access, f IncomingFilter) (paging.Listing[Incoming], error) {
	var p db.Params
	columns := incomingColumns(s, &p)
	var where string
	switch { // the words are those of the partial indexes
	case f.Mine:
		where = s.In("i.authority_id", &p) + ` AND i.registered_by <> '' AND i.registered_by = ` + p.Add(s.Subject)
	case f.Done:
		where = works(s, "i", &p) + ` AND i.case_id <> ''`
	case f.Closed:
		where = works(s, "i", &p) + ` AND i.closed_at > 0`
	default:
		where = works(s, "i", &p) + ` AND i.case_id = '' AND i.closed_at = 0`
	}
	where += p.Words("i.search", f.Query)
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM filing_incoming i WHERE `+where+f.order().SQL(&p, f.Page), p...)
	items, err := db.All(rows, err, scanIncoming)
	return paging.Of(items, f.order(), f.Page, f.key), err
}

func (store) incoming(ctx context.Context, q db.Querier, s access.Access, id, lock string) (Incoming, error) {
	var p db.Params
	columns := incomingColumns(s, &p)
	return scanIncoming(q.QueryRow(ctx, `SELECT `+columns+` FROM filing_incoming i WHERE `+sees(s, "i", &p)+` AND i.id = `+p.Add(id)+lock, p...))
}

// insertIncoming keeps post and reports whether it is new.
func (store) insertIncoming(ctx context.Context, tx *db.Tx, s access.Access, x Incoming) (bool, error) {
	if err := s.Own(x.Authority); err != nil {
		return false, err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO filing_incoming (id, authority_id, org_id, source, sender, subject, search, received_at, created_at,
		created_by, registered_by, case_id, assigned_at, assigned_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', 0, '') ON CONFLICT (id) DO NOTHING`,
		x.ID, x.Authority, x.Org, string(x.Source), x.Sender, x.Subject, x.searchText(), db.Micros(x.ReceivedAt), db.Micros(x.CreatedAt), x.CreatedBy, x.RegisteredBy))
}

func (store) insertIncomingDocument(ctx context.Context, tx *db.Tx, s access.Access, incoming string, place int, d Document) error {
	if err := s.Own(d.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_incoming_document (id, incoming_id, authority_id, place, kind, name, hash, size, media_type,
		parent_id, subject, sender, sent_at, message_id, recipients, copies) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, d.ID, incoming,
		d.Authority, place, string(d.Kind), records.SafeName(d.Name), d.Hash, d.Size, records.SafeType(d.MediaType), d.Parent, d.Subject, d.Sender,
		db.Micros(d.SentAt), d.Message, d.Recipients, d.Copies)
	return err
}

func (store) incomingDocuments(ctx context.Context, q db.Querier, s access.Access, incoming string) ([]Document, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.id, d.authority_id, d.kind, d.name, d.hash, d.size, d.media_type, d.parent_id, d.subject, d.sender,
		d.sent_at, d.message_id, d.recipients, d.copies FROM filing_incoming_document d JOIN filing_incoming i ON i.id = d.incoming_id WHERE `+reads(s, "i", &p)+
		` AND d.incoming_id = `+p.Add(incoming)+` ORDER BY d.place`, p...)
	return db.All(rows, err, func(r db.Scanner) (d Document, err error) {
		var sent int64
		err = r.Scan(&d.ID, &d.Authority, &d.Kind, &d.Name, &d.Hash, &d.Size, &d.MediaType, &d.Parent, &d.Subject, &d.Sender, &sent, &d.Message,
			&d.Recipients, &d.Copies)
		d.SentAt = db.Time(sent)
		return d, err
	})
}

// letter is a document of post, and the id of that.
func (store) letter(ctx context.Context, q db.Querier, s access.Access, id string) (d Document, post string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT id, incoming_id, authority_id, name, hash, size, media_type, recipients, copies FROM filing_incoming_document WHERE `+
		s.In("authority_id", &p)+` AND id = `+p.Add(id), p...).Scan(&d.ID, &post, &d.Authority, &d.Name, &d.Hash, &d.Size, &d.MediaType, &d.Recipients, &d.Copies)
	return d, post, records.NotFound(err)
}

// addressLetter stores to whom a message that is post went.
func (store) addressLetter(ctx context.Context, tx *db.Tx, s access.Access, d Document) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE filing_incoming_document SET recipients = `+p.Add(d.Recipients)+`, copies = `+p.Add(d.Copies)+` WHERE `+
		s.In("authority_id", &p)+` AND id = `+p.Add(d.ID), p...)
	return err
}

// change stores what became of post; errs.NotFound if it is not as it was read.
func (store) change(ctx context.Context, tx *db.Tx, s access.Access, x Incoming) error {
	var p db.Params
	return must(db.Changed(tx.Exec(ctx, `UPDATE filing_incoming SET version = version + 1, org_id = `+p.Add(x.Org)+`, person = `+p.Add(x.Person)+
		`, person_name = `+p.Add(x.PersonName)+`, sender = `+p.Add(x.Sender)+`, subject = `+p.Add(x.Subject)+`, search = `+p.Add(x.searchText())+
		`, received_at = `+p.Add(db.Micros(x.ReceivedAt))+`, case_id = `+p.Add(x.CaseID)+`, assigned_at = `+p.Add(db.Micros(x.AssignedAt))+
		`, assigned_by = `+p.Add(x.AssignedBy)+`, closed_at = `+p.Add(db.Micros(x.ClosedAt))+`, closed_by = `+p.Add(x.ClosedBy)+
		`, reason = `+p.Add(string(x.Reason))+`, note = `+p.Add(x.Note)+` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(x.ID)+
		` AND version = `+p.Add(x.Version), p...)))
}

// liesWith reports whether the post of the scope is for the unit, whether or not the caller may see it there.
func (store) liesWith(ctx context.Context, q db.Querier, s access.Access, id, org string) (ok bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) > 0 FROM filing_incoming WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id)+` AND org_id = `+p.Add(org)+
		` AND org_id <> '' AND case_id = '' AND closed_at = 0`, p...).Scan(&ok)
	return ok, err
}

// fileByReference is the id of the file with this reference that the caller may read.
func (store) fileByReference(ctx context.Context, q db.Querier, s access.Access, authority, reference string) (id string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT f.id FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.authority_id = `+p.Add(authority)+
		` AND f.reference = `+p.Add(reference), p...).Scan(&id)
	return id, records.NotFound(err)
}

func (store) hasOrg(ctx context.Context, q db.Querier, s access.Access, id string) (ok bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) > 0 FROM records_org WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id)+` AND ended_at = 0`, p...).Scan(&ok)
	return ok, err
}

// orgs lists the units of the scope.
func (store) orgs(ctx context.Context, q db.Querier, s access.Access) ([]records.Org, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, authority_id, code, name FROM records_org WHERE `+s.In("authority_id", &p)+` AND ended_at = 0 ORDER BY code, id`, p...)
	return db.All(rows, err, func(r db.Scanner) (o records.Org, err error) {
		err = r.Scan(&o.ID, &o.Authority, &o.Code, &o.Name)
		return o, err
	})
}

// --- what the scanner's folder gave ---

// scanned notes a file of the scanner and reports whether it is new.
func (store) scanned(ctx context.Context, tx *db.Tx, s access.Access, authority, hash, name, incoming string, at int64) (bool, error) {
	if err := s.Own(authority); err != nil {
		return false, err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO filing_scanned (authority_id, hash, name, incoming_id, taken_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, authority, hash, name, incoming, at))
}

// scanFailed notes a scan that could not be taken, once for each id.
func (store) scanFailed(ctx context.Context, tx *db.Tx, s access.Access, f ScanFailure) error {
	if err := s.Own(f.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_scan_failure (id, authority_id, name, reason, failed_at, done_at, done_name) VALUES ($1, $2, $3, $4, $5, 0, '')
		ON CONFLICT (id) DO NOTHING`, f.ID, f.Authority, f.Name, f.Why, db.Micros(f.At))
	return err
}

const failureColumns = `id, authority_id, name, reason, failed_at, done_at`

func scanScanFailure(r db.Scanner) (f ScanFailure, err error) {
	var at, done int64
	err = r.Scan(&f.ID, &f.Authority, &f.Name, &f.Why, &at, &done)
	f.At, f.DoneAt = db.Time(at), db.Time(done)
	return f, records.NotFound(err)
}

// scanFailures are the oldest of the scope that nobody has seen to.
func (store) scanFailures(ctx context.Context, q db.Querier, s access.Access, most int) ([]ScanFailure, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+failureColumns+` FROM filing_scan_failure WHERE `+s.In("authority_id", &p)+
		` AND done_at = 0 ORDER BY failed_at, id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanScanFailure)
}

func (store) scanFailure(ctx context.Context, tx *db.Tx, s access.Access, id string) (ScanFailure, error) {
	var p db.Params
	return scanScanFailure(tx.QueryRow(ctx, `SELECT `+failureColumns+` FROM filing_scan_failure WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id)+tx.ForUpdate(), p...))
}

// scanSeen notes who has seen to it.
func (store) scanSeen(ctx context.Context, tx *db.Tx, s access.Access, f ScanFailure, by string) error {
	var p db.Params
	return must(db.Changed(tx.Exec(ctx, `UPDATE filing_scan_failure SET done_at = `+p.Add(db.Micros(f.DoneAt))+`, done_name = `+p.Add(by)+` WHERE `+s.In("authority_id", &p)+
		` AND id = `+p.Add(f.ID), p...)))
}

// hasPlan reports whether there is a file plan: whether the authority keeps files here.
func (store) hasPlan(ctx context.Context, q db.Querier, s access.Access) (ok bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) > 0 FROM records_unit WHERE `+s.In("authority_id", &p), p...).Scan(&ok)
	return ok, err
}
