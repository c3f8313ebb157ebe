package fulltext

import (
	"context"

	"rennsteig/platform/db"
)

// Search asks for the newest documents that match.
type Search struct {
	Query Query
	// Labels, if there are any, leave out what carries none of them. They make a search fast for somebody who may see
	// little: the database then goes only through what the labels leave. They are no protection: rights are the
	// business of the room's own condition.
	Labels []string
	Before int64 // only what comes after the document with this key (column t.n of Match.From); 0 to begin
	Limit  int   // at most so many
}

// maxLabels is how many labels still make a search faster.
const maxLabels = 200

// Match is the index's part of the room's query, which is
//
//	SELECT t.n, … FROM <From> WHERE <Where> AND <rights> <Newest>
type Match struct {
	search Search
	index  Index
	from   int64 // only keys from here on
	wanted string
	like   []string
	unlike []string
}

// From joins the index, as t, to the room's table, by the column that has the id: From("records_document d", "d.id").
func (m Match) From(table, id string) string {
	x := m.index.table
	if m.index.dialect == db.SQLite {
		// CROSS JOIN keeps the order of the loops: what matches, newest first, until there is enough.
		return x + `_fts x CROSS JOIN ` + x + ` t ON t.n = x.rowid CROSS JOIN ` + table + ` ON ` + id + ` = t.id`
	}
	return x + ` t JOIN ` + table + ` ON ` + id + ` = t.id`
}

// Where is the condition. Its values are appended to p.
func (m Match) Where(p *db.Params) string {
	x, key := m.index.table, "t.n"
	var where string
	if m.index.dialect == db.SQLite {
		key = "x.rowid"
		where = `x.` + x + `_fts MATCH ` + p.Add(m.wanted)
	} else {
		where = x + `_vector(t.words, t.tokens) @@ CAST(` + p.Add(m.wanted) + ` AS TEXT)::tsquery`
	}
	if m.search.Before > 0 {
		where += ` AND ` + key + ` < ` + p.Add(m.search.Before)
	}
	if m.from > 0 {
		where += ` AND ` + key + ` >= ` + p.Add(m.from)
	}
	for _, l := range m.like {
		where += ` AND t.words LIKE ` + p.Add(l)
	}
	for _, l := range m.unlike {
		where += ` AND t.words NOT LIKE ` + p.Add(l)
	}
	return where
}

// Newest ends the query: its order and limit.
func (m Match) Newest(p *db.Params) string {
	key := "t.n"
	if m.index.dialect == db.SQLite {
		key = "x.rowid"
	}
	return ` ORDER BY ` + key + ` DESC LIMIT ` + p.Add(m.search.Limit)
}

// Newest runs the room's query.
func Newest[T any](ctx context.Context, x Index, q db.Querier, s Search, query func(Match) (string, db.Params), scan func(db.Scanner) (T, error)) ([]T, error) {
	if len(s.Labels) > maxLabels {
		s.Labels = nil
	}
	wanted, unwanted, like, unlike := s.Query.condition(s.Labels)
	m := Match{search: s, index: x, like: like, unlike: unlike}
	if x.dialect == db.SQLite {
		m.wanted = fts5(wanted, unwanted)
		text, p := query(m)
		rows, err := q.Query(ctx, text, p...)
		return db.All(rows, err, scan)
	}
	m.wanted = tsquery(wanted, unwanted)
	text, p := query(m)
	rows, err := q.Query(ctx, text, p...)
	return db.All(rows, err, scan)
}
