package filing

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/extract"
	"rennsteig/platform/fulltext"
)

// PersonPlace is where this part names people (Art. 15 GDPR), for whoever looks for one: SQL of values of a table, which is
// t, and of what is joined to it. See disposal.PersonPlace.
type PersonPlace struct {
	Name, Table, Joins, Key, ID                string
	Authority, File, Case, Document, At, Where string
	Texts, Staff                               []string
	Stored                                     string
	Read                                       func(ctx context.Context, q db.Querier, authority, words string, before int64, most int) ([]string, int64, error)
	Unread                                     func(ctx context.Context, q db.Querier, authority string) (int64, error)
}

// PersonPlaces are documents, what they say, and post.
func (r *Room) PersonPlaces() []PersonPlace {
	document := PersonPlace{Joins: ` JOIN records_document d ON d.id = t.document_id`, Key: "t.document_id", ID: "t.document_id", Authority: "t.authority_id",
		File: "d.file_id", Case: "d.case_id", Document: "t.document_id", At: "d.created_at"}
	post := PersonPlace{Key: "t.id", ID: "t.id", Authority: "t.authority_id", File: "coalesce(c.file_id, '')", Case: "coalesce(c.id, '')", Document: "''", At: "0"}
	of := func(p PersonPlace, name, table string, texts ...string) PersonPlace {
		p.Name, p.Table, p.Texts = name, table, texts
		return p
	}
	content := of(document, "filing.place.content", "filing_content", "t.text")
	content.Read, content.Unread = r.contentWith, unread
	held := of(document, "filing.place.held", "filing_held", "t.name", "t.comment")
	held.Key, held.ID, held.At, held.Stored = "t.id", "t.id", "t.held_at", `SELECT name, hash, size FROM filing_held WHERE id =`
	rendition := of(document, "filing.place.rendition", "filing_rendition", "t.note")
	rendition.ID = "t.document_id || ' ' || t.version"
	incoming := of(post, "filing.place.incoming", "filing_incoming", "t.sender", "t.subject", "t.note")
	incoming.Joins, incoming.At = ` LEFT JOIN records_case c ON c.id = t.case_id`, "t.received_at"
	incoming.Staff = []string{"t.created_by", "t.assigned_by", "t.closed_by", "t.person_name"}
	incoming.Stored = `SELECT name, hash, size FROM filing_incoming_document WHERE incoming_id =`
	enclosed := of(post, "filing.place.enclosed", "filing_incoming_document", "t.name", "t.subject", "t.sender", "t.recipients", "t.copies", "t.message_id", "t.text")
	enclosed.Joins = ` JOIN filing_incoming i ON i.id = t.incoming_id LEFT JOIN records_case c ON c.id = i.case_id`
	enclosed.At, enclosed.Stored = "i.received_at", `SELECT name, hash, size FROM filing_incoming_document WHERE id =`
	scanned := of(post, "filing.place.scanned", "filing_scanned", "t.name")
	scanned.Joins, scanned.Key, scanned.ID, scanned.At = enclosed.Joins, "t.hash", "t.hash || ' ' || t.name", "t.taken_at"
	failure := of(PersonPlace{Key: "t.id", ID: "t.id", Authority: "t.authority_id", File: "''", Case: "''", Document: "''", At: "t.failed_at"},
		"filing.place.scan_failure", "filing_scan_failure", "t.name")
	failure.Staff = []string{"t.done_name"}
	return []PersonPlace{
		of(document, "filing.place.sender", "filing_document", "t.sender", "t.recipients", "t.copies", "t.message_id"),
		of(document, "filing.place.keywords", "filing_document", "t.keywords"),
		content, held, rendition, incoming, enclosed, scanned, failure,
	}
}

// contentWith are the ids of some documents that have the words, in any form, the newest first; next is before what the
// search goes on, 0 at the end.
func (r *Room) contentWith(ctx context.Context, q db.Querier, authority, words string, before int64, most int) (ids []string, next int64, err error) {
	type found struct {
		key int64
		id  string
	}
	list, err := fulltext.Newest(ctx, r.index, q, fulltext.Search{Query: fulltext.Parse(words), Labels: []string{label(authority, registryLabel)}, Before: before, Limit: most},
		func(m fulltext.Match) (string, db.Params) {
			var p db.Params
			return `SELECT t.n, e.document_id FROM ` + m.From("filing_entry e", "e.id", &p) + ` WHERE e.authority_id = ` + p.Add(authority) +
				` AND e.kind = 'document'` + m.Newest(&p), p
		}, func(r db.Scanner) (f found, err error) {
			err = r.Scan(&f.key, &f.id)
			return f, err
		})
	for _, f := range list {
		ids = append(ids, f.id)
	}
	if len(list) == most {
		next = list[most-1].key
	}
	return ids, next, err
}

// unread counts the documents of an authority whose newest version nobody could read in full, and those that came with post
// which lies in no case yet: it is read when it is filed.
func unread(ctx context.Context, q db.Querier, authority string) (n int64, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT (SELECT count(*) FROM records_document d LEFT JOIN filing_content t ON t.document_id = d.id AND t.version = d.version
		WHERE d.authority_id = `+p.Add(authority)+` AND (t.document_id IS NULL OR t.how NOT IN `+p.List([]string{string(extract.Read), string(extract.Recognised), string(extract.Empty)})+`)) +
		(SELECT count(*) FROM filing_incoming_document t JOIN filing_incoming i ON i.id = t.incoming_id WHERE i.authority_id = `+p.Add(authority)+` AND i.case_id = '')`, p...).Scan(&n)
	return n, err
}
