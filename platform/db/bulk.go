package db

import (
	"context"
	"database/sql"
	"strings"
)

// Changed reports whether a statement changed a row: Changed(tx.Exec(…)).
func Changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Bulk gathers rows for INSERT, 50 a statement: SQLite's driver takes time for arguments that grows with the square of
// their number. Flush it at the end.
type Bulk struct {
	Into  string // table and columns: "pay_fee (id, amount)"
	Skip  bool   // rows that are there already are left out instead of being an error
	Count int64  // rows inserted so far

	rows []string
	p    Params
}

// bulkRows is how many rows a statement inserts.
const bulkRows = 50

// Add adds a row.
func (b *Bulk) Add(ctx context.Context, tx *Tx, values ...any) error {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = b.p.Add(v)
	}
	b.rows = append(b.rows, "("+strings.Join(marks, ",")+")")
	if len(b.rows) < bulkRows {
		return nil
	}
	return b.Flush(ctx, tx)
}

// Flush inserts what is left.
func (b *Bulk) Flush(ctx context.Context, tx *Tx) error {
	if len(b.rows) == 0 {
		return nil
	}
	statement := `INSERT INTO ` + b.Into + ` VALUES ` + strings.Join(b.rows, ",")
	if b.Skip {
		statement += ` ON CONFLICT DO NOTHING`
	}
	res, err := tx.Exec(ctx, statement, b.p...)
	if err != nil {
		return err
	}
	b.rows, b.p = nil, nil
	n, err := res.RowsAffected()
	b.Count += n
	return err
}
