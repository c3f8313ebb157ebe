package filing

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// people are the members of the scope's units, by name.
func (store) people(ctx context.Context, q db.Querier, s access.Access) ([]Colleague, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT m.subject, min(m.name) FROM records_member m JOIN records_org o ON o.id = m.org_id AND o.ended_at = 0 WHERE `+
		s.In("m.authority_id", &p)+` GROUP BY m.subject ORDER BY 2, 1`, p...)
	return db.All(rows, err, func(r db.Scanner) (c Colleague, err error) {
		err = r.Scan(&c.Subject, &c.Name)
		return c, err
	})
}

// worked reports whether the log has an entry about one of the objects since then that is more than looking at it.
func (store) worked(ctx context.Context, q db.Querier, s access.Access, objects []string, since time.Time) (bool, error) {
	for some := range slices.Chunk(objects, 100) {
		var p db.Params
		var any bool
		if err := q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM audit_entry WHERE `+s.In("authority", &p)+` AND object IN `+p.List(some)+` AND at > `+
			p.Add(db.Micros(since))+` AND action NOT IN ('records.read', 'filing.read', 'filing.rendered', 'filing.filed', 'filing.assigned'))`, p...).Scan(&any); err != nil || any {
			return any, err
		}
	}
	return false, nil
}

// unfile takes documents out of their case, as if they had never been filed. What can be found of them goes with the rows;
// the PDF of a document stays, for the post that it is again.
func (store) unfile(ctx context.Context, tx *db.Tx, s access.Access, documents []string) error {
	for some := range slices.Chunk(documents, 100) {
		for _, table := range [][2]string{{"filing_held", "document_id"}, {"filing_document", "document_id"},
			{"filing_content", "document_id"}, {"records_version", "document_id"}, {"records_document", "id"}} {
			var p db.Params
			if _, err := tx.Exec(ctx, `DELETE FROM `+table[0]+` WHERE `+s.In("authority_id", &p)+` AND `+table[1]+` IN `+p.List(some), p...); err != nil {
				return err
			}
		}
		for _, id := range some {
			tx.Touch(records.DocumentObject(id))
		}
	}
	return nil
}

// target is a case or a file that post may belong to.
type target struct {
	CaseID, FileID     string // one of them
	Reference, Subject string
	State              records.State // of a case
}

func scanTarget(r db.Scanner) (t target, err error) {
	err = r.Scan(&t.CaseID, &t.FileID, &t.Reference, &t.Subject, &t.State)
	return t, records.NotFound(err)
}

const caseTarget = `SELECT c.id, '', c.reference, c.subject, c.state FROM records_case c WHERE `

// named are cases and files of the authority that are called so and that the caller may read.
func (store) named(ctx context.Context, q db.Querier, s access.Access, authority string, references []string) ([]target, error) {
	var out []target
	for some := range slices.Chunk(references, 100) {
		var p db.Params
		rows, err := q.Query(ctx, caseTarget+s.ReadsCase("c", &p)+` AND c.authority_id = `+p.Add(authority)+` AND c.reference IN `+p.List(some)+` ORDER BY c.reference`, p...)
		cases, err := db.All(rows, err, scanTarget)
		if err != nil {
			return nil, err
		}
		p = nil
		rows, err = q.Query(ctx, `SELECT '', f.id, f.reference, f.subject, '' FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.authority_id = `+p.Add(authority)+
			` AND f.reference IN `+p.List(some)+` ORDER BY f.reference`, p...)
		files, err := db.All(rows, err, scanTarget)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.Concat(cases, files)...)
	}
	return out, nil
}

// answered are the cases in which messages with these ids lie.
func (store) answered(ctx context.Context, q db.Querier, s access.Access, authority string, messages []string) ([]target, error) {
	var p db.Params
	rows, err := q.Query(ctx, caseTarget+s.ReadsCase("c", &p)+` AND c.authority_id = `+p.Add(authority)+` AND c.id IN (SELECT d.case_id FROM filing_document x
		JOIN records_document d ON d.id = x.document_id WHERE x.message_id <> '' AND x.message_id IN `+p.List(messages)+`) ORDER BY c.reference LIMIT 5`, p...)
	return db.All(rows, err, scanTarget)
}

// ofSender are the cases that the last post of this sender was put into.
func (store) ofSender(ctx context.Context, q db.Querier, s access.Access, authority, sender string) ([]target, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT c.id, '', c.reference, c.subject, c.state FROM (SELECT case_id, max(assigned_at) AS at FROM filing_incoming WHERE authority_id = `+
		p.Add(authority)+` AND sender = `+p.Add(sender)+` AND case_id <> '' GROUP BY case_id ORDER BY at DESC LIMIT 20) l JOIN records_case c ON c.id = l.case_id WHERE `+
		s.ReadsCase("c", &p)+` AND c.state <> '`+string(records.StateClosed)+`' ORDER BY l.at DESC LIMIT 3`, p...)
	return db.All(rows, err, scanTarget)
}

// Twin is the same letter, filed or registered before.
type Twin struct {
	Document string // id of what is filed; "" for post
	Incoming string // id of post
	Name     string // of the document, or subject of the post
	Where    string // Aktenzeichen of the case; "" for post
	At       time.Time
}

// twins are documents that the caller may read with one of these hashes or Message-IDs, and other post that they may see.
func (store) twins(ctx context.Context, q db.Querier, s access.Access, x Incoming, hashes, messages []string) (out []Twin, err error) {
	var p db.Params
	same := `v.hash IN ` + p.List(hashes)
	if len(messages) > 0 {
		same += ` UNION SELECT m.document_id FROM filing_document m WHERE m.message_id <> '' AND m.message_id IN ` + p.List(messages)
	}
	rows, err := q.Query(ctx, `SELECT d.id, '', d.name, c.reference, d.created_at FROM records_document d JOIN records_case c ON c.id = d.case_id WHERE d.id IN (
		SELECT v.document_id FROM records_version v WHERE `+same+`) AND d.authority_id = `+p.Add(x.Authority)+` AND `+s.ReadsInCase("d", &p)+
		` AND NOT EXISTS (SELECT 1 FROM filing_incoming_document o WHERE o.id = d.id AND o.incoming_id = `+p.Add(x.ID)+`) ORDER BY d.created_at, d.id LIMIT 5`, p...)
	filed, err := db.All(rows, err, scanTwin)
	if err != nil {
		return nil, err
	}
	p = nil
	same = `d.hash IN ` + p.List(hashes)
	if len(messages) > 0 {
		same += ` OR d.message_id <> '' AND d.message_id IN ` + p.List(messages)
	}
	rows, err = q.Query(ctx, `SELECT '', i.id, i.subject, '', i.received_at FROM filing_incoming i WHERE `+sees(s, "i", &p)+` AND i.authority_id = `+p.Add(x.Authority)+
		` AND i.case_id = '' AND i.id <> `+p.Add(x.ID)+` AND i.id IN (SELECT d.incoming_id FROM filing_incoming_document d WHERE `+same+`) ORDER BY i.received_at, i.id LIMIT 5`, p...)
	post, err := db.All(rows, err, scanTwin)
	return append(filed, post...), err
}

func scanTwin(r db.Scanner) (t Twin, err error) {
	var at int64
	err = r.Scan(&t.Document, &t.Incoming, &t.Name, &t.Where, &at)
	t.At = db.Time(at)
	return t, err
}

// incomingText is what was read of a document of post; the zero Text is not yet.
func (store) incomingText(ctx context.Context, q db.Querier, s access.Access, incoming, document string) (t Text, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT d.hash, d.how, d.text FROM filing_incoming_document d JOIN filing_incoming i ON i.id = d.incoming_id WHERE `+reads(s, "i", &p)+
		` AND d.incoming_id = `+p.Add(incoming)+` AND d.id = `+p.Add(document), p...).Scan(&t.Hash, &t.How, &t.Text)
	return t, records.NotFound(err)
}

func (store) putIncomingText(ctx context.Context, tx *db.Tx, s access.Access, document string, t Text) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE filing_incoming_document SET how = `+p.Add(string(t.How))+`, text = `+p.Add(t.Text)+` WHERE `+s.In("authority_id", &p)+
		` AND id = `+p.Add(document), p...)
	return err
}

// postTexts are what the documents of post say, the beginnings.
func (store) postTexts(ctx context.Context, q db.Querier, s access.Access, incoming string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT substr(d.text, 1, `+p.Add(shownText)+`) FROM filing_incoming_document d JOIN filing_incoming i ON i.id = d.incoming_id WHERE `+reads(s, "i", &p)+
		` AND d.incoming_id = `+p.Add(incoming)+` ORDER BY d.place LIMIT 20`, p...)
	return db.All(rows, err, scanText)
}
