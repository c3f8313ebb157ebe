package db

import (
	"database/sql"
	"strconv"
)

// Params collects the arguments of a statement in the order of their placeholders.
type Params []any

// Add appends v and returns its placeholder.
func (p *Params) Add(v any) string {
	*p = append(*p, v)
	return "$" + strconv.Itoa(len(*p))
}

// Scanner is a *sql.Row or the current row of *sql.Rows.
type Scanner interface{ Scan(dest ...any) error }

// All reads every row of a query's result and closes it: rows, err := q.Query(…); return All(rows, err, scan).
func All[T any](rows *sql.Rows, err error, scan func(Scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
