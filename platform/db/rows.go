package db

import (
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// Params collects the arguments of a statement in the order of their placeholders.
type Params []any

// Add appends v and returns its placeholder.
func (p *Params) Add(v any) string {
	*p = append(*p, v)
	return "$" + strconv.Itoa(len(*p))
}

// List appends the values and returns their placeholders for IN: "($1, $2)"; "(NULL)", which nothing is in, for none.
func (p *Params) List(values []string) string {
	if len(values) == 0 {
		return "(NULL)"
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = p.Add(v)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

// Words returns the condition, to be appended to others, that each word of the query stands in the column, which is in
// small letters; "" for no words. Numbers come first: they are the rarest, and the first that is missing ends the looking.
func (p *Params) Words(column, query string) string {
	var b strings.Builder
	words := strings.Fields(strings.ToLower(query))
	slices.SortStableFunc(words, func(a, b string) int { return number(a) - number(b) })
	for _, word := range words {
		b.WriteString(` AND ` + column + ` LIKE ` + p.Add("%"+EscapeLike(word)+"%") + likeEscape)
	}
	return b.String()
}

func number(word string) int {
	if strings.ContainsAny(word, "0123456789") {
		return 0
	}
	return 1
}

const likeEscape = ` ESCAPE '!'`

// EscapeLike makes text stand for itself in a LIKE … ESCAPE '!'.
func EscapeLike(s string) string { return escapeLike.Replace(s) }

var escapeLike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

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
