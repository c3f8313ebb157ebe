package filing

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// store is all SQL of this part. Every method takes the Access before anything it looks for, and puts it into the WHERE
// clause; a statement that inserts asks Own first. A row outside it is as good as none.
type store struct{}

// must is errs.NotFound where nothing was changed.
func must(ok bool, err error) error {
	if err == nil && !ok {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

// --- documents of a case ---

const documentColumns = `d.id, d.authority_id, d.file_id, d.case_id, d.kind, d.name, d.hash, d.size, d.media_type, d.created_at,
	d.created_by, d.version, d.parent_id, d.subject, d.locked_by, d.locked_name, d.locked_at, d.final_at, coalesce(x.keywords, ''),
	coalesce(x.sender, ''), coalesce(x.sent_at, 0), coalesce(x.message_id, ''), coalesce(x.recipients, ''), coalesce(x.copies, ''), coalesce(x.revision, 0)`

const documentTables = ` FROM records_document d LEFT JOIN filing_document x ON x.document_id = d.id WHERE `

func scanDocument(r db.Scanner) (d Document, err error) {
	var created, locked, final, sent int64
	err = r.Scan(&d.ID, &d.Authority, &d.FileID, &d.CaseID, &d.Kind, &d.Name, &d.Hash, &d.Size, &d.MediaType, &created, &d.CreatedBy,
		&d.Version, &d.Parent, &d.Subject, &d.LockedBy, &d.LockedName, &locked, &final, &d.Keywords, &d.Sender, &sent, &d.Message,
		&d.Recipients, &d.Copies, &d.Revision)
	d.CreatedAt, d.LockedAt, d.FinalAt, d.SentAt = db.Time(created), db.Time(locked), db.Time(final), db.Time(sent)
	return d, records.NotFound(err)
}

// inCase is the condition that the documents lie in the case, if the caller may read it: asked once, not for each row.
func inCase(s access.Access, p *db.Params, caseID string) string {
	return s.In("d.authority_id", p) + ` AND d.case_id = (SELECT sc.id FROM records_case sc WHERE ` + s.ReadsCase("sc", p) + ` AND sc.id = ` + p.Add(caseID) + `)`
}

func (store) documents(ctx context.Context, q db.Querier, s access.Access, caseID string, f Filter, size int) (paging.Listing[Document], error) {
	var p db.Params
	where := inCase(s, &p, caseID)
	if f.Kind != "" {
		where += ` AND d.kind = ` + p.Add(string(f.Kind))
	}
	for _, word := range strings.Fields(f.Query) {
		where += ` AND (` + like("d.name", word, &p) + ` OR ` + like("d.subject", word, &p) + ` OR ` + like("x.keywords", word, &p) + `)`
	}
	rows, err := q.Query(ctx, `SELECT `+documentColumns+documentTables+where+f.order(size).SQL(&p, f.Page), p...)
	docs, err := db.All(rows, err, scanDocument)
	return paging.Of(docs, f.order(size), f.Page, f.key), err
}

// like is the condition that the column has the word in it, in capitals or not. The databases differ in what they take for
// capitals beyond ASCII; there any letter will do.
func like(column, word string, p *db.Params) string {
	var b strings.Builder
	for _, c := range strings.ToLower(word) {
		switch {
		case c == '!' || c == '%' || c == '_':
			b.WriteString("!" + string(c))
		case c > 0x7f:
			b.WriteByte('_')
		default:
			b.WriteRune(c)
		}
	}
	return `lower(` + column + `) LIKE ` + p.Add("%"+b.String()+"%") + ` ESCAPE '!'`
}

func (store) documentsByID(ctx context.Context, q db.Querier, s access.Access, caseID string, ids []string) ([]Document, error) {
	var out []Document
	for some := range slices.Chunk(ids, 100) {
		var p db.Params
		where := inCase(s, &p, caseID) + ` AND d.id IN ` + p.List(some) + ` ORDER BY d.id`
		rows, err := q.Query(ctx, `SELECT `+documentColumns+documentTables+where, p...)
		docs, err := db.All(rows, err, scanDocument)
		if err != nil {
			return nil, err
		}
		out = append(out, docs...)
	}
	return out, nil
}

// enclosures are the attachments in the case of those documents that are messages, but for those among them.
func (store) enclosures(ctx context.Context, q db.Querier, s access.Access, caseID string, of []Document) ([]Document, error) {
	given := map[string]bool{}
	var parents []string
	for _, d := range of {
		given[d.ID] = true
		if d.Kind == Mail || d.Kind == Scan {
			parents = append(parents, d.ID)
		}
	}
	var out []Document
	for some := range slices.Chunk(parents, 100) {
		var p db.Params
		where := inCase(s, &p, caseID) + ` AND d.parent_id <> '' AND d.parent_id IN ` + p.List(some) + ` ORDER BY d.created_at, d.id`
		rows, err := q.Query(ctx, `SELECT `+documentColumns+documentTables+where, p...)
		docs, err := db.All(rows, err, scanDocument)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(docs, func(d Document) bool { return given[d.ID] })...)
	}
	return out, nil
}

func (store) document(ctx context.Context, q db.Querier, s access.Access, id, lock string) (Document, error) {
	var p db.Params
	if lock != "" {
		lock += " OF d" // not of the row that may be missing
	}
	return scanDocument(q.QueryRow(ctx, `SELECT `+documentColumns+documentTables+s.ReadsInCase("d", &p)+` AND d.id = `+p.Add(id)+lock, p...))
}

// caseByReference is the id of the case with this reference that the caller may read.
func (store) caseByReference(ctx context.Context, q db.Querier, s access.Access, authority, reference string) (id string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT c.id FROM records_case c JOIN records_file f ON f.id = c.file_id WHERE `+s.ReadsCase("c", &p)+
		` AND f.authority_id = `+p.Add(authority)+` AND f.reference IN `+p.List(fileReferences(reference))+` AND c.reference = `+p.Add(reference), p...).Scan(&id)
	return id, records.NotFound(err)
}

// fileReferences are what the file of the case can be called: "22.31-2026/000017-1" lies in "22.31-2026/000017".
func fileReferences(reference string) []string {
	out := []string{reference}
	for i, c := range reference {
		if c == '-' && len(out) < 20 {
			out = append(out, reference[:i])
		}
	}
	return out
}

// mark stores what is said of the document.
func (store) mark(ctx context.Context, tx *db.Tx, s access.Access, d Document) error {
	var p db.Params
	if err := must(db.Changed(tx.Change(ctx, "document", `UPDATE records_document SET revision = revision + 1, subject = `+p.Add(d.Subject)+`, name = `+p.Add(d.Name)+`, kind = `+
		p.Add(string(d.Kind))+` WHERE `+s.In("authority_id", &p)+
		` AND id = `+p.Add(d.ID), p...))); err != nil {
		return err
	}
	return store{}.describe(ctx, tx, s, d)
}

// correspondents are who wrote a message of the case, to whom, and who got a copy, by the document's id.
func (store) correspondents(ctx context.Context, q db.Querier, s access.Access, caseID string) (map[string][3]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.id, x.sender, x.recipients, x.copies FROM records_document d JOIN filing_document x ON x.document_id = d.id
		WHERE `+inCase(s, &p, caseID)+` AND d.kind = `+p.Add(string(Mail)), p...)
	out := map[string][3]string{}
	_, err = db.All(rows, err, func(r db.Scanner) (x [3]string, err error) {
		var id string
		err = r.Scan(&id, &x[0], &x[1], &x[2])
		out[id] = x
		return x, err
	})
	return out, err
}

// describe stores what the desk adds to a document.
func (store) describe(ctx context.Context, tx *db.Tx, s access.Access, d Document) error {
	if err := s.Own(d.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_document (document_id, authority_id, keywords, sender, sent_at, message_id, recipients, copies, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (document_id) DO UPDATE SET keywords = excluded.keywords, sender = excluded.sender,
		sent_at = excluded.sent_at, message_id = excluded.message_id, recipients = excluded.recipients, copies = excluded.copies,
		revision = filing_document.revision + 1`, d.ID, d.Authority, d.Keywords, d.Sender, db.Micros(d.SentAt), d.Message, d.Recipients, d.Copies)
	return err
}

// address stores to whom a message went; it is no change of what people say of it.
func (store) address(ctx context.Context, tx *db.Tx, s access.Access, d Document) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE filing_document SET recipients = `+p.Add(d.Recipients)+`, copies = `+p.Add(d.Copies)+` WHERE `+
		s.In("authority_id", &p)+` AND document_id = `+p.Add(d.ID), p...)
	return err
}

func (store) moveTo(ctx context.Context, tx *db.Tx, s access.Access, d Document, to records.Case) error {
	var p db.Params
	return must(db.Changed(tx.Change(ctx, "document", `UPDATE records_document SET revision = revision + 1, case_id = `+p.Add(to.ID)+`, file_id = `+p.Add(to.FileID)+` WHERE `+
		s.In("authority_id", &p)+` AND authority_id = `+p.Add(to.Authority)+` AND id = `+p.Add(d.ID)+` AND case_id = `+p.Add(d.CaseID), p...)))
}
