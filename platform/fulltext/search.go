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
	from   int64   // only keys from here on
	places []int64 // and those at one of these places, unless nil
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
		return x + `_fts x CROSS JOIN ` + x + ` t ON t.n = x.rowid AND x.` + x + `_fts MATCH ` + p.Add(m.wanted) + ` AND ` + m.before("x.rowid", p) +
			m.phrases(p) + ` CROSS JOIN ` + table + ` ON ` + id + ` = t.id`
	}
	// OFFSET 0 keeps the planner from asking the room's table first and then comparing document by document; the order
	// lets it look at no more of them, and compare the words of no more, than it takes to have enough. It is kept from
	// the primary key, too: the places narrow what matches down without a bitmap of all the keys of a window.
	where := x + `_vector(t.words, t.tokens) @@ CAST(` + p.Add(m.wanted) + ` AS TEXT)::tsquery AND ` + m.before("(t.n + 0)", p)
	if m.from > 0 {
		where += ` AND (t.n + 0) >= ` + p.Add(m.from)
	}
	if m.places != nil {
		where += ` AND ` + x + `_places(t.n) && CAST(` + p.Add(array(m.places)) + ` AS TEXT)::BIGINT[]`
	}
	return `(SELECT t.n, t.id, t.words FROM ` + x + ` t WHERE ` + where + ` ORDER BY t.n DESC OFFSET 0) t JOIN ` + table + ` ON ` + id + ` = t.id` +
		m.phrases(p)
}

// before is the condition that the key comes after those that were shown.
func (m Match) before(key string, p *db.Params) string {
	if m.search.Before == 0 {
		return key + ` > 0`
	}
	return key + ` < ` + p.Add(m.search.Before)
}

// phrases are the conditions on the words in their order.
func (m Match) phrases(p *db.Params) (where string) {
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
	if m.index.dialect == db.SQLite {
		return ` ORDER BY x.rowid DESC LIMIT ` + p.Add(m.search.Limit)
	}
	return ` ORDER BY t.n DESC LIMIT ` + p.Add(m.search.Limit)
}

// The windows in which PostgreSQL is asked: the newest documents, and then each time so many times the time they span.
const (
	growth     = 64
	maxWindows = 3
)

// window is how many documents the first one has.
var window = 4000

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
		m.wanted = fts5(wanted, unwanted)
		return run()
	}
	m.wanted = tsquery(wanted, unwanted)
	// GIN gives all that match, in no order: half of the documents for a frequent word. Within a window it gives few,
	// because it skips what is not at one of its places.
	var newest, oldest, first int64
	place := &db.Params{}
	err := q.QueryRow(ctx, `SELECT coalesce(max(t.n), 0), coalesce(min(t.n), 0), coalesce((SELECT t.n FROM `+x.table+` t WHERE `+m.before("t.n", place)+
		` ORDER BY t.n DESC LIMIT 1 OFFSET `+place.Add(window-1)+`), 0) FROM `+x.table+` t WHERE `+m.before("t.n", place), *place...).
		Scan(&newest, &oldest, &first)
	if err != nil || newest == 0 {
		return nil, err
	}
	if m.places, m.from = between(max(first, oldest), newest); first == 0 {
		m.from = 0
	}
	out, err := run()
	for n, span := 1, newest-m.from; err == nil && m.from > oldest && len(out) < s.Limit; n++ {
		span *= growth
		m.search.Before, m.search.Limit = m.from, s.Limit-len(out)
		if from := m.from - span; from > oldest && n < maxWindows-1 {
			m.places, m.from = between(from, m.from-1)
		} else {
			m.places, m.from = nil, 0
		}
		var more []T
		more, err = run()
		out = append(out, more...)
	}
	return out, err
}
