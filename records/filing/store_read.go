package filing

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"rennsteig/platform/db"
	"rennsteig/platform/fulltext"
	"rennsteig/records"
	"rennsteig/records/access"
)

// --- what was changed ---

func (store) anyDue(ctx context.Context, q db.Querier, s access.Access) (any bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM filing_due WHERE `+s.In("authority_id", &p)+`)`, p...).Scan(&any)
	return any, err
}

// takeDue takes some notes away.
func (store) takeDue(ctx context.Context, tx *db.Tx, s access.Access, most int) ([]string, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT object FROM filing_due WHERE `+s.In("authority_id", &p)+` ORDER BY object LIMIT `+p.Add(most)+tx.SkipLocked(), p...)
	objects, err := db.All(rows, err, scanText)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(objects, 100) {
		p = nil
		if _, err := tx.Exec(ctx, `DELETE FROM filing_due WHERE `+s.In("authority_id", &p)+` AND object IN `+p.List(some), p...); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

func scanText(r db.Scanner) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// noteDue notes objects that are entries of the index.
func (store) noteDue(ctx context.Context, tx *db.Tx, s access.Access, objects []string) error {
	for some := range slices.Chunk(objects, 100) {
		var p db.Params
		if _, err := tx.Exec(ctx, `INSERT INTO filing_due (object, authority_id, times) SELECT id, authority_id, 0 FROM filing_entry WHERE `+
			s.In("authority_id", &p)+` AND id IN `+p.List(some)+` ON CONFLICT DO NOTHING`, p...); err != nil {
			return err
		}
	}
	return nil
}

// outdated are the entries whose words were put with another version.
func (store) outdated(ctx context.Context, q db.Querier, s access.Access, version int64) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT e.id FROM filing_entry e LEFT JOIN filing_text t ON t.id = e.id WHERE `+s.In("e.authority_id", &p)+
		` AND (t.id IS NULL OR t.version <> `+p.Add(version)+`) ORDER BY e.id`, p...)
	return db.All(rows, err, scanText)
}

// --- what can be found ---

func (store) putEntry(ctx context.Context, tx *db.Tx, s access.Access, e entry) error {
	if err := s.Own(e.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_entry (id, authority_id, kind, file_id, case_id, document_id, incoming_id, labels, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET labels = excluded.labels, at = excluded.at`, e.ID, e.Authority, e.Kind, e.File, e.Case, e.Document, e.Post, e.Labels, db.Micros(e.At))
	return err
}

func (store) dropEntry(ctx context.Context, tx *db.Tx, s access.Access, id string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `DELETE FROM filing_entry WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id), p...)
	return err
}

// entriesLabelledElse are the ids of some entries of a file, its cases and their documents whose labels are others.
func (store) entriesLabelledElse(ctx context.Context, q db.Querier, s access.Access, file, labels string, most int) ([]string, error) {
	var p db.Params
	scope, in, other := s.In("authority_id", &p), p.Add(file), p.Add(labels)
	rows, err := q.Query(ctx, `SELECT id FROM filing_entry WHERE `+scope+` AND labels <> `+other+` AND id IN (SELECT 'file:' || f.id FROM records_file f WHERE f.id = `+in+
		` UNION ALL SELECT 'case:' || c.id FROM records_case c WHERE c.file_id = `+in+
		` UNION ALL SELECT 'document:' || d.id FROM records_document d WHERE d.file_id = `+in+`) ORDER BY id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanText)
}

func (store) relabel(ctx context.Context, tx *db.Tx, s access.Access, entries []string, labels string) error {
	for some := range slices.Chunk(entries, 100) {
		var p db.Params
		if _, err := tx.Exec(ctx, `UPDATE filing_entry SET labels = `+p.Add(labels)+` WHERE `+s.In("authority_id", &p)+` AND id IN `+p.List(some), p...); err != nil {
			return err
		}
	}
	return nil
}

// labels are for whom what lies in the file may be: see callerLabels.
func (store) labels(ctx context.Context, q db.Querier, s access.Access, file string) ([]string, error) {
	var p db.Params
	var authority, readers, writers string
	err := q.QueryRow(ctx, `SELECT authority_id, readers, writers FROM records_file WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(file), p...).
		Scan(&authority, &readers, &writers)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	p = nil
	of := p.Add(file)
	rows, err := q.Query(ctx, `SELECT holder FROM records_grant WHERE `+s.In("authority_id", &p)+` AND file_id = `+of+` AND may > 0
		UNION SELECT g.holder FROM records_case c JOIN records_guest g ON g.case_id = c.id WHERE `+s.In("c.authority_id", &p)+` AND c.file_id = `+of, p...)
	holders, err := db.All(rows, err, scanText)
	if err != nil {
		return nil, err
	}
	out := []string{label(authority, registryLabel)}
	for _, h := range append(holders, readers, writers) {
		if h == "" {
			h = access.Authority
		}
		out = append(out, label(authority, h))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

const registryLabel = "registry"

func label(authority, holder string) string { return authority + "|" + holder }

// callerLabels are those of which one is on whatever the caller may read; none if that is too much to say.
func callerLabels(a access.Access) []string {
	var out []string
	for _, authority := range a.Authorities() {
		if authority == "*" {
			return nil
		}
		if a.Registrar(authority) {
			out = append(out, label(authority, registryLabel))
		}
		out = append(out, label(authority, access.Authority), label(authority, access.Person(a.Subject)))
		for _, u := range a.Units() {
			out = append(out, label(authority, access.Unit(u)), label(authority, access.RoleIn(u, access.Member)), label(authority, access.RoleIn(u, access.Head)))
		}
	}
	return out
}

// lockFile locks the row; errs.NotFound if it is not there.
func (store) lockFile(ctx context.Context, tx *db.Tx, s access.Access, id string) error {
	var p db.Params
	var one string
	return records.NotFound(tx.QueryRow(ctx, `SELECT id FROM records_file WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(id)+tx.ForUpdate(), p...).Scan(&one))
}

// --- what documents say ---

func (store) putText(ctx context.Context, tx *db.Tx, s access.Access, d Document, t Text) error {
	if err := s.Own(d.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_content (document_id, authority_id, version, hash, how, read_at, text) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (document_id) DO UPDATE SET version = excluded.version, hash = excluded.hash, how = excluded.how, read_at = excluded.read_at,
		text = excluded.text`, d.ID, d.Authority, t.Version, t.Hash, string(t.How), db.Micros(t.At), t.Text)
	return err
}

func (store) text(ctx context.Context, q db.Querier, s access.Access, document string) (t Text, err error) {
	var p db.Params
	var at int64
	err = q.QueryRow(ctx, `SELECT version, hash, how, read_at, text FROM filing_content WHERE `+readable(s, &p, "document_id", document), p...).
		Scan(&t.Version, &t.Hash, &t.How, &at, &t.Text)
	t.At = db.Time(at)
	if errors.Is(err, sql.ErrNoRows) {
		return Text{}, nil
	}
	return t, err
}

// shownText is how many characters of a text are searched for the place that is shown.
const shownText = 100_000

// texts are the beginnings of what the documents say, by id.
func (store) texts(ctx context.Context, q db.Querier, s access.Access, documents []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(documents, 100) {
		var p db.Params
		limit := p.Add(shownText)
		rows, err := q.Query(ctx, `SELECT d.id, substr(x.text, 1, `+limit+`) FROM records_document d JOIN filing_content x ON x.document_id = d.id
			WHERE `+s.ReadsInCase("d", &p)+` AND d.id IN `+p.List(some), p...)
		pairs, err := db.All(rows, err, func(r db.Scanner) (x [2]string, err error) {
			err = r.Scan(&x[0], &x[1])
			return x, err
		})
		if err != nil {
			return nil, err
		}
		for _, x := range pairs {
			out[x[0]] = x[1]
		}
	}
	return out, nil
}

// postWords are the names, subjects and correspondents of what came with post, and what it says.
func (store) postWords(ctx context.Context, q db.Querier, s access.Access, id string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.name, d.subject, d.sender, d.recipients, d.copies, d.text FROM filing_incoming_document d WHERE `+s.In("d.authority_id", &p)+
		` AND d.incoming_id = `+p.Add(id)+` ORDER BY d.place`, p...)
	type words [6]string
	all, err := db.All(rows, err, func(r db.Scanner) (w words, err error) {
		err = r.Scan(&w[0], &w[1], &w[2], &w[3], &w[4], &w[5])
		return w, err
	})
	var out []string
	for _, w := range all {
		out = append(out, w[:]...)
	}
	return out, err
}

// postSays are the beginnings of what the documents of post that the caller may see say, by the post's id.
func (store) postSays(ctx context.Context, q db.Querier, s access.Access, ids []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(ids, 100) {
		var p db.Params
		limit := p.Add(shownText)
		rows, err := q.Query(ctx, `SELECT d.incoming_id, substr(d.text, 1, `+limit+`) FROM filing_incoming i JOIN filing_incoming_document d ON d.incoming_id = i.id
			WHERE i.id IN `+p.List(some)+` AND `+sees(s, "i", &p)+` AND d.text <> '' ORDER BY d.incoming_id, d.place`, p...)
		pairs, err := db.All(rows, err, func(r db.Scanner) (x [2]string, err error) {
			err = r.Scan(&x[0], &x[1])
			return x, err
		})
		if err != nil {
			return nil, err
		}
		for _, x := range pairs {
			out[x[0]] += x[1] + "\n\n"
		}
	}
	return out, nil
}

// --- renditions ---

// rendition is that of a version; the zero Rendition if there is none yet.
func (store) rendition(ctx context.Context, q db.Querier, s access.Access, document string, version int64) (x Rendition, err error) {
	var p db.Params
	var at int64
	err = q.QueryRow(ctx, `SELECT document_id, version, authority_id, state, hash, size, note, made_at FROM filing_rendition WHERE `+
		readable(s, &p, "document_id", document)+` AND version = `+p.Add(version), p...).
		Scan(&x.Document, &x.Version, &x.Authority, &x.State, &x.Hash, &x.Size, &x.Note, &at)
	x.At = db.Time(at)
	if errors.Is(err, sql.ErrNoRows) {
		return Rendition{}, nil
	}
	return x, err
}

// letterRendition is that of a document of post; the zero Rendition if there is none yet.
func (store) letterRendition(ctx context.Context, q db.Querier, s access.Access, incoming, document string) (x Rendition, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT r.state, r.hash, r.size, r.note FROM filing_rendition r JOIN filing_incoming_document d ON d.id = r.document_id
		JOIN filing_incoming i ON i.id = d.incoming_id WHERE `+reads(s, "i", &p)+` AND d.incoming_id = `+p.Add(incoming)+` AND d.id = `+p.Add(document)+
		` AND r.version = 1`, p...).Scan(&x.State, &x.Hash, &x.Size, &x.Note)
	if errors.Is(err, sql.ErrNoRows) {
		return Rendition{}, nil
	}
	return x, err
}

func (store) putRendition(ctx context.Context, tx *db.Tx, s access.Access, x Rendition) error {
	if err := s.Own(x.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_rendition (document_id, version, authority_id, state, hash, size, note, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (document_id, version) DO UPDATE SET state = excluded.state, hash = excluded.hash,
		size = excluded.size, note = excluded.note, made_at = excluded.made_at`, x.Document, x.Version, x.Authority, string(x.State), x.Hash,
		x.Size, x.Note, db.Micros(x.At))
	return err
}

// --- the search ---

// found is the query of the search: what matches and the caller may read. Rights are asked of the rows themselves.
func (store) found(ctx context.Context, q db.Querier, s access.Access, x fulltext.Index, f SearchFilter) ([]Hit, error) {
	return fulltext.Newest(ctx, x, q, f.search(callerLabels(s)), func(m fulltext.Match) (string, db.Params) {
		var p db.Params
		from := m.From("filing_entry e", "e.id", &p)
		// Within CASE they stay questions of one row each, asked in the order of what matches until there is enough.
		where := `CASE e.kind WHEN 'document' THEN EXISTS (SELECT 1 FROM records_document d WHERE d.id = e.document_id AND ` + s.ReadsInCase("d", &p) +
			`) WHEN 'case' THEN EXISTS (SELECT 1 FROM records_case c WHERE c.id = e.case_id AND ` + s.ReadsCase("c", &p) +
			`) WHEN 'post' THEN EXISTS (SELECT 1 FROM filing_incoming i WHERE i.id = e.incoming_id AND i.case_id = '' AND i.closed_at = 0 AND ` + sees(s, "i", &p) +
			`) ELSE EXISTS (SELECT 1 FROM records_file f WHERE f.id = e.file_id AND ` + s.Reads("f", &p) + `) END`
		if f.Kind != "" {
			where += ` AND e.kind = ` + p.Add(f.Kind)
		}
		if f.Unit != "" {
			where += ` AND (SELECT uf.unit FROM records_file uf WHERE uf.id = CASE e.kind
				WHEN 'document' THEN (SELECT ud.file_id FROM records_document ud WHERE ud.id = e.document_id)
				WHEN 'case' THEN (SELECT uc.file_id FROM records_case uc WHERE uc.id = e.case_id) ELSE e.file_id END) = ` + p.Add(f.Unit)
		}
		if !f.From.IsZero() {
			where += ` AND e.at >= ` + p.Add(db.Micros(f.From))
		}
		if !f.Until.IsZero() {
			where += ` AND e.at < ` + p.Add(db.Micros(f.Until))
		}
		return `SELECT h.n, h.kind, h.authority_id, h.at, coalesce(d.id, ''), coalesce(d.name, ''), coalesce(d.subject, ''), coalesce(d.kind, ''),
			coalesce(c.id, ''), coalesce(c.reference, ''), coalesce(c.subject, ''), coalesce(c.applicant, ''), coalesce(c.level, 0),
			coalesce(f.id, ''), coalesce(f.reference, ''), coalesce(f.subject, ''), coalesce(f.keywords, ''), coalesce(f.level, 0),
			coalesce(i.id, ''), coalesce(i.sender, ''), coalesce(i.subject, '') FROM (SELECT t.n AS n, e.kind AS kind, e.authority_id AS authority_id, e.at AS at,
			e.document_id AS document_id, e.case_id AS case_id, e.file_id AS file_id, e.incoming_id AS incoming_id FROM ` + from + ` WHERE ` + where + m.Newest(&p) + `) h
			LEFT JOIN records_document d ON h.kind = 'document' AND d.id = h.document_id
			LEFT JOIN records_case c ON c.id = CASE h.kind WHEN 'document' THEN d.case_id ELSE h.case_id END
			LEFT JOIN records_file f ON f.id = CASE h.kind WHEN 'file' THEN h.file_id ELSE c.file_id END
			LEFT JOIN filing_incoming i ON h.kind = 'post' AND i.id = h.incoming_id ORDER BY h.n DESC`, p
	}, func(r db.Scanner) (h Hit, err error) {
		var at int64
		err = r.Scan(&h.Key, &h.Kind, &h.Authority, &at, &h.Document.ID, &h.Document.Name, &h.Document.Subject, &h.Document.Kind, &h.Case.ID,
			&h.Case.Reference, &h.Case.Subject, &h.Case.Applicant, &h.Case.Level, &h.File.ID, &h.File.Reference, &h.File.Subject, &h.File.Keywords, &h.File.Level,
			&h.Post.ID, &h.Post.Sender, &h.Post.Subject)
		h.At = db.Time(at)
		return h, err
	})
}
