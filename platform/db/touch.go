package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// BeforeCommit keeps v until f has returned without an error from DB.Tx, and then calls write, still in the transaction,
// with all that was kept; what a savepoint undoes is not kept. An error of write undoes the transaction. There is one
// writer of a transaction, the log: the one given last.
func (t *Tx) BeforeCommit(v any, write func(ctx context.Context, kept []any) error) {
	t.kept, t.before = append(t.kept, v), write
}

// Touch notes that the transaction changed what the log calls "case:018f…", for whoever keeps the state of it before the
// commit. Its row must be locked by the transaction, as one that it wrote is.
func (t *Tx) Touch(objects ...string) { t.touched = append(t.touched, objects...) }

// Touched are the objects that were touched, in that order; some perhaps more than once.
func (t *Tx) Touched() []string { return t.touched }

// Change runs an UPDATE or DELETE of rows that have an id, and touches them: kind is how the log calls them, "case". The
// statement must end so that RETURNING can follow.
func (t *Tx) Change(ctx context.Context, kind, statement string, args ...any) (sql.Result, error) {
	rows, err := t.Query(ctx, statement+" RETURNING id", args...)
	ids, err := All(rows, err, func(s Scanner) (id string, err error) { return id, s.Scan(&id) })
	for _, id := range ids {
		t.Touch(kind + ":" + id)
	}
	return driver.RowsAffected(len(ids)), err
}
