package filing

import (
	"context"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

const incomingColumns = `i.id, i.authority_id, i.org_id, i.source, i.sender, i.subject, i.received_at, i.created_at, i.created_by, i.case_id,
	i.assigned_at, i.assigned_by`

func scanIncoming(r db.Scanner) (x Incoming, err error) {
	var received, created, assigned int64
	err = r.Scan(&x.ID, &x.Authority, &x.Org, &x.Source, &x.Sender, &x.Subject, &received, &created, &x.CreatedBy, &x.CaseID, &assigned, &x.AssignedBy)
	x.ReceivedAt, x.CreatedAt, x.AssignedAt = db.Time(received), db.Time(created), db.Time(assigned)
	return x, notFound(err)
}

// sees is the predicate that the caller may see the row of filing_incoming: it is for everybody at the authority, or for a
// unit of theirs, or they keep the records there.
func sees(s access.Access, row string, p *db.Params) string {
	where := s.In(row+".authority_id", p) + ` AND (` + row + `.org_id = ''`
	if units := s.Units(); len(units) > 0 {
		where += ` OR ` + row + `.org_id IN (` + list(units, p) + `)`
	}
	if reg := s.Registry(); reg.Several() || len(reg.Authorities()) > 0 {
		where += ` OR ` + reg.In(row+".authority_id", p)
	}
	return where + `)`
}

func (store) incomings(ctx context.Context, q db.Querier, s access.Access, f IncomingFilter) (paging.Listing[Incoming], error) {
	var p db.Params
	where := sees(s, "i", &p)
	if f.Done { // these words are those of the partial indexes
		where += ` AND i.case_id <> ''`
	} else {
		where += ` AND i.case_id = ''`
	}
	for _, word := range strings.Fields(strings.ToLower(f.Query)) {
		where += ` AND i.search LIKE ` + p.Add("%"+escapeLike.Replace(word)+"%") + ` ESCAPE '!'`
	}
	rows, err := q.Query(ctx, `SELECT `+incomingColumns+` FROM filing_incoming i WHERE `+where+f.order().SQL(&p, f.Page), p...)
	items, err := db.All(rows, err, scanIncoming)
	return paging.Of(items, f.order(), f.Page, f.key), err
}

var escapeLike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

func (store) incoming(ctx context.Context, q db.Querier, s access.Access, id, lock string) (Incoming, error) {
	var p db.Params
	return scanIncoming(q.QueryRow(ctx, `SELECT `+incomingColumns+` FROM filing_incoming i WHERE `+sees(s, "i", &p)+` AND i.id = `+p.Add(id)+lock, p...))
}

// insertIncoming keeps post and reports whether it is new.
func (store) insertIncoming(ctx context.Context, tx *db.Tx, s access.Access, x Incoming) (bool, error) {
	if err := s.Own(x.Authority); err != nil {
		return false, err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO filing_incoming (id, authority_id, org_id, source, sender, subject, search, received_at, created_at,
		created_by, case_id, assigned_at, assigned_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 0, '') ON CONFLICT (id) DO NOTHING`,
		x.ID, x.Authority, x.Org, string(x.Source), x.Sender, x.Subject, x.searchText(), db.Micros(x.ReceivedAt), db.Micros(x.CreatedAt), x.CreatedBy))
}

func (store) insertIncomingDocument(ctx context.Context, tx *db.Tx, s access.Access, incoming string, place int, d Document) error {
	if err := s.Own(d.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_incoming_document (id, incoming_id, authority_id, place, kind, name, hash, size, media_type,
		parent_id, subject, sender, sent_at, message_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, d.ID, incoming,
		d.Authority, place, string(d.Kind), records.SafeName(d.Name), d.Hash, d.Size, records.SafeType(d.MediaType), d.Parent, d.Subject, d.Sender,
		db.Micros(d.SentAt), d.Message)
	return err
}

func (store) incomingDocuments(ctx context.Context, q db.Querier, s access.Access, incoming string) ([]Document, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.id, d.authority_id, d.kind, d.name, d.hash, d.size, d.media_type, d.parent_id, d.subject, d.sender,
		d.sent_at, d.message_id FROM filing_incoming_document d JOIN filing_incoming i ON i.id = d.incoming_id WHERE `+sees(s, "i", &p)+
		` AND d.incoming_id = `+p.Add(incoming)+` ORDER BY d.place`, p...)
	return db.All(rows, err, func(r db.Scanner) (d Document, err error) {
		var sent int64
		err = r.Scan(&d.ID, &d.Authority, &d.Kind, &d.Name, &d.Hash, &d.Size, &d.MediaType, &d.Parent, &d.Subject, &d.Sender, &sent, &d.Message)
		d.SentAt = db.Time(sent)
		return d, err
	})
}

// assign notes the case; errs.NotFound if it has one.
func (store) assign(ctx context.Context, tx *db.Tx, s access.Access, x Incoming) error {
	var p db.Params
	return must(db.Changed(tx.Exec(ctx, `UPDATE filing_incoming SET case_id = `+p.Add(x.CaseID)+`, assigned_at = `+p.Add(db.Micros(x.AssignedAt))+
		`, assigned_by = `+p.Add(x.AssignedBy)+` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(x.ID)+` AND case_id = ''`, p...)))
}

// hand says which unit the post is for; errs.NotFound if it lies in a case.
func (store) hand(ctx context.Context, tx *db.Tx, s access.Access, x Incoming) error {
	var p db.Params
	return must(db.Changed(tx.Exec(ctx, `UPDATE filing_incoming SET org_id = `+p.Add(x.Org)+` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(x.ID)+
		` AND case_id = ''`, p...)))
}

// liesWith reports whether the post of the scope is for the unit, whether or not the caller may see it there.
func (store) liesWith(ctx context.Context, q db.Querier, s access.Access, id, org string) (ok bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) > 0 FROM filing_incoming WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id)+` AND org_id = `+p.Add(org)+
		` AND org_id <> '' AND case_id = ''`, p...).Scan(&ok)
	return ok, err
}

// fileByReference is the id of the file with this reference that the caller may read.
func (store) fileByReference(ctx context.Context, q db.Querier, s access.Access, authority, reference string) (id string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT f.id FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.authority_id = `+p.Add(authority)+
		` AND f.reference = `+p.Add(reference), p...).Scan(&id)
	return id, notFound(err)
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

// hasPlan reports whether there is a file plan: whether the authority keeps files here.
func (store) hasPlan(ctx context.Context, q db.Querier, s access.Access) (ok bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) > 0 FROM records_unit WHERE `+s.In("authority_id", &p), p...).Scan(&ok)
	return ok, err
}
