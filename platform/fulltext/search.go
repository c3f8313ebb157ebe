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
//	SELECT t.n, … FROM <From> WHERE <rights> <Newest>
type Match struct {
	search Search
	index  Index
	from   int64  // only keys from here on
	key    string // SQL value of a document's key
	wanted string
	like   []string
	unlike []string
}

// From is what matches, as t, joined to the room's table by the column that has the id:
// From("records_document d", "d.id", &p). Its values are appended to p.
func (m Match) From(table, id string, p *db.Params) string {
	x := m.index.table
	if m.index.dialect == db.SQLite {
		// CROSS JOIN keeps the order of the loops: what matches, newest first, until there is enough.
		return x + `_fts x CROSS JOIN ` + x + ` t ON t.n = x.rowid AND x.` + x + `_fts MATCH ` + p.Add(m.wanted) + m.conditions(p) +
			` CROSS JOIN ` + table + ` ON ` + id + ` = t.id`
	}
	// OFFSET 0 keeps the planner from asking the room's table first and then comparing document by document; the order
	// lets it look at no more of them than it takes to have enough.
	return `(SELECT t.n, t.id FROM ` + x + ` t WHERE ` + x + `_vector(t.words, t.tokens) @@ CAST(` + p.Add(m.wanted) + ` AS TEXT)::tsquery` +
		m.conditions(p) + ` ORDER BY t.n DESC OFFSET 0) t JOIN ` + table + ` ON ` + id + ` = t.id`
}

// conditions are those beside the index's own.
func (m Match) conditions(p *db.Params) string {
	where := ` AND ` + m.before(p)
	if m.from > 0 {
		where += ` AND ` + m.key + ` >= ` + p.Add(m.from)
	}
	for _, l := range m.like {
		where += ` AND t.words LIKE ` + p.Add(l)
	}
	for _, l := range m.unlike {
		where += ` AND t.words NOT LIKE ` + p.Add(l)
	}
	return where
}

// before is the condition that the key comes after those that were shown.
func (m Match) before(p *db.Params) string {
	if m.search.Before == 0 {
		return m.key + ` > 0`
	}
	return m.key + ` < ` + p.Add(m.search.Before)
}

// Newest ends the query: its order and limit.
func (m Match) Newest(p *db.Params) string {
	if m.index.dialect == db.SQLite {
		return ` ORDER BY x.rowid DESC LIMIT ` + p.Add(m.search.Limit)
	}
	return ` ORDER BY t.n DESC LIMIT ` + p.Add(m.search.Limit)
}

// The windows in which PostgreSQL is asked: the newest documents, and then each time so many times the time they span.
const (
	window     = 4000 // documents
	growth     = 64
	maxWindows = 3
)

// Newest runs the room's query. On PostgreSQL it may run several times, each time for older documents.
func Newest[T any](ctx context.Context, x Index, q db.Querier, s Search, query func(Match) (string, db.Params), scan func(db.Scanner) (T, error)) ([]T, error) {
	if len(s.Labels) > maxLabels {
		s.Labels = nil
	}
	wanted, unwanted, like, unlike := s.Query.condition(s.Labels)
	m := Match{search: s, index: x, like: like, unlike: unlike}
	run := func() ([]T, error) {
		text, p := query(m)
		rows, err := q.Query(ctx, text, p...)
		return db.All(rows, err, scan)
	}
	if x.dialect == db.SQLite {
		m.wanted, m.key = fts5(wanted, unwanted), "x.rowid"
		return run()
	}
	m.wanted, m.key = tsquery(wanted, unwanted), "t.n"
	// GIN gives all that match, in no order: half of the documents for a frequent word. Within a window it gives few,
	// because its bitmap is cut with that of the window, from the primary key.
	var documents int
	var newest, oldest int64
	place := &db.Params{}
	err := q.QueryRow(ctx, `SELECT count(*), coalesce(max(n), 0), coalesce(min(n), 0) FROM (SELECT n FROM `+x.table+` t WHERE `+
		m.before(place)+` ORDER BY n DESC LIMIT `+place.Add(window)+`) w`, *place...).Scan(&documents, &newest, &oldest)
	if err != nil || documents == 0 {
		return nil, err
	}
	if documents == window {
		m.from = oldest
	}
	out, err := run()
	for n, span := 1, newest-oldest; err == nil && m.from > 0 && len(out) < s.Limit; n++ {
		span *= growth
		m.key = "(t.n + 0)" // a bitmap of all these keys would take longer than what it saves
		m.search.Before, m.search.Limit = m.from, s.Limit-len(out)
		if m.from = max(0, m.from-span); n == maxWindows-1 {
			m.from = 0
		}
		var more []T
		more, err = run()
		out = append(out, more...)
	}
	return out, err
}
