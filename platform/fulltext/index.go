package fulltext

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
)

// Index is the full text of one kind of thing, in a table of the room.
type Index struct {
	dialect db.Dialect
	table   string
}

// New is the index in the table of that name, made by the room's migration.
func New(d db.Dialect, table string) Index { return Index{d, table} }

// Document is what can be found.
type Document struct {
	ID string
	// At orders what is found, newest first: to the millisecond; what has the same, or is older than 1970, comes in
	// the order of Put.
	At time.Time
	// Labels narrow a search down before rights are asked: see Search.
	Labels []string
	// Texts are its title, its content and so on. What lies beyond some 300 pages is not found.
	Texts []string
}

// A document's place in the order is the millisecond of its time and a number among those of the same one.
const (
	placeBits = 6
	crowd     = 1000 << placeBits // how far behind its time a document can stand because others have the same
)

// Put makes the document findable, by these texts and labels only.
func (x Index) Put(ctx context.Context, tx *db.Tx, d Document) error {
	words, tokens := analyseTexts(d.Texts)
	r := row{id: d.ID, n: max(1, d.At.UnixMilli()) << placeBits, version: Version, words: words, tokens: withLabels(tokens, d.Labels)}
	old, err := x.row(ctx, tx, d.ID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return x.insert(ctx, tx, r)
	case err != nil:
		return err
	}
	if r.n <= old.n && old.n < r.n+crowd {
		r.n = old.n
	}
	if r == old {
		return nil
	}
	return errors.Join(x.Delete(ctx, tx, d.ID), x.insert(ctx, tx, r))
}

// Label replaces the document's labels. It does nothing if the document was never put.
func (x Index) Label(ctx context.Context, tx *db.Tx, id string, labels ...string) error {
	r, err := x.row(ctx, tx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	} else if err != nil {
		return err
	}
	r.tokens = withLabels(r.tokens, labels)
	return errors.Join(x.Delete(ctx, tx, id), x.insert(ctx, tx, r))
}

// Delete makes the document unfindable; no token of it is left. It does nothing if it was never put.
func (x Index) Delete(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM `+x.table+` WHERE id = $1`, id)
	return err
}

// row is a document as it is stored. The database's own index follows it.
type row struct {
	id            string
	n             int64
	version       int64
	words, tokens string
}

func (x Index) row(ctx context.Context, tx *db.Tx, id string) (row, error) {
	r := row{id: id}
	err := tx.QueryRow(ctx, `SELECT n, version, words, tokens FROM `+x.table+` WHERE id = $1`+tx.ForUpdate(), id).
		Scan(&r.n, &r.version, &r.words, &r.tokens)
	return r, err
}

// insert puts the row at its place, or at the next that is free.
func (x Index) insert(ctx context.Context, tx *db.Tx, r row) error {
	for first := r.n; ; {
		res, err := tx.Exec(ctx, `INSERT INTO `+x.table+` (n, id, version, words, tokens) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, r.n, r.id, r.version, r.words, r.tokens)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		// Another transaction may have put the same document just now. The later one counts.
		if err := x.Delete(ctx, tx, r.id); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(n) + 1, $1) FROM `+x.table+` WHERE n >= $1 AND n < $2`, first, first+crowd).
			Scan(&r.n); err != nil {
			return err
		}
		if r.n == first+crowd {
			first = r.n
		}
	}
}

// withLabels replaces the labels among tokens.
func withLabels(tokens string, labels []string) string {
	list := slices.DeleteFunc(strings.Fields(tokens), func(t string) bool { return strings.HasPrefix(t, labelMark) })
	for _, l := range labels {
		list = append(list, label(l))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}
