package pay

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// All SQL of the room but the test provider's. Each statement takes the caller's identity.Scope and has it in its WHERE; only the
// payer's secret token stands for a scope of its own.

const transactionColumns = `t.id, t.token, t.authority_id, t.kassenzeichen, t.source, t.purpose, t.amount_cents, t.state,
	t.return_path, t.method, t.reason, t.due_at, t.created_at, t.ended_at`

func scanTransaction(row db.Scanner, more ...any) (t Transaction, ok bool, err error) {
	var due, created, ended int64
	err = row.Scan(append([]any{&t.ID, &t.Token, &t.Authority, &t.Kassenzeichen, &t.Source, &t.Purpose, &t.Amount, &t.State,
		&t.ReturnPath, &t.Method, &t.Reason, &due, &created, &ended}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return Transaction{}, false, nil
	}
	t.Due, t.Created, t.Ended = db.Time(due), db.Time(created), db.Time(ended)
	return t, err == nil, err
}

func transactionByToken(ctx context.Context, q db.Querier, token string) (Transaction, bool, error) {
	return scanTransaction(q.QueryRow(ctx, `SELECT `+transactionColumns+` FROM pay_transaction t WHERE t.token = $1`, token))
}

func transactionBySource(ctx context.Context, q db.Querier, s identity.Scope, source string) (Transaction, bool, error) {
	p := db.Params{source}
	return scanTransaction(q.QueryRow(ctx, `SELECT `+transactionColumns+` FROM pay_transaction t
		WHERE t.source = $1 AND `+s.In("t.authority_id", &p), p...))
}

func transactionByNumber(ctx context.Context, q db.Querier, s identity.Scope, number string) (Transaction, bool, error) {
	p := db.Params{number}
	return scanTransaction(q.QueryRow(ctx, `SELECT `+transactionColumns+` FROM pay_transaction t
		WHERE t.kassenzeichen = $1 AND `+s.In("t.authority_id", &p), p...))
}

func transactionByID(ctx context.Context, q db.Querier, s identity.Scope, id string) (Transaction, bool, error) {
	p := db.Params{id}
	return scanTransaction(q.QueryRow(ctx, `SELECT `+transactionColumns+` FROM pay_transaction t
		WHERE t.id = $1 AND `+s.In("t.authority_id", &p), p...))
}

// lockTransaction reads a transaction that is going to be changed. errs.NotFound if it is not in the scope.
func lockTransaction(ctx context.Context, tx *db.Tx, s identity.Scope, id string) (Transaction, error) {
	p := db.Params{id}
	t, ok, err := scanTransaction(tx.QueryRow(ctx, `SELECT `+transactionColumns+` FROM pay_transaction t
		WHERE t.id = $1 AND `+s.In("t.authority_id", &p)+tx.ForUpdate(), p...))
	if err == nil && !ok {
		err = errs.E(errs.NotFound, "pay.error.not_found")
	}
	return t, err
}

func insertTransaction(ctx context.Context, tx *db.Tx, t Transaction) error {
	_, err := tx.Exec(ctx, `INSERT INTO pay_transaction (id, token, authority_id, kassenzeichen, source, purpose, amount_cents,
		state, return_path, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		t.ID, t.Token, t.Authority, string(t.Kassenzeichen), t.Source, t.Purpose, int64(t.Amount), string(t.State), t.ReturnPath,
		db.Micros(t.Due), db.Micros(t.Created))
	return err
}

// endTransaction takes a transaction out of INITIAL; false if it was not INITIAL any more.
func endTransaction(ctx context.Context, tx *db.Tx, s identity.Scope, id string, to State, method, reason string, now time.Time) (bool, error) {
	p := db.Params{id, string(to), method, reason, db.Micros(now)}
	return db.Changed(tx.Exec(ctx, `UPDATE pay_transaction SET state = $2, method = $3, reason = $4, ended_at = $5
		WHERE id = $1 AND state = 'INITIAL' AND `+s.In("authority_id", &p), p...))
}

// lockNumber returns the authority's prefix and last count, locked until the transaction ends. An authority gets its
// prefix at its first request.
func lockNumber(ctx context.Context, tx *db.Tx, authority string) (prefix, last int64, err error) {
	for range 1000 {
		err = tx.QueryRow(ctx, `SELECT prefix, last FROM pay_number WHERE authority_id = $1`+tx.ForUpdate(), authority).Scan(&prefix, &last)
		if !errors.Is(err, sql.ErrNoRows) {
			return prefix, last, err
		}
		// Nothing is inserted if another authority takes the same prefix meanwhile: then look again.
		_, err = tx.Exec(ctx, `INSERT INTO pay_number (authority_id, prefix, last)
			SELECT $1, COALESCE(MAX(prefix), 10000) + 1, 0 FROM pay_number WHERE true ON CONFLICT DO NOTHING`, authority)
		if err != nil {
			return 0, 0, err
		}
	}
	return 0, 0, errors.New("pay: no prefix to be had")
}

func countNumber(ctx context.Context, tx *db.Tx, authority string, last int64) error {
	_, err := tx.Exec(ctx, `UPDATE pay_number SET last = $2 WHERE authority_id = $1`, authority, last)
	return err
}

const attemptColumns = `id, authority_id, transaction_id, provider, provider_ref, redirect_url, state, refund, started_at, ended_at`

func scanAttempt(row db.Scanner) (a Attempt, err error) {
	var started, ended int64
	err = row.Scan(&a.ID, &a.Authority, &a.Transaction, &a.Provider, &a.Ref, &a.RedirectURL, &a.State, &a.Refund, &started, &ended)
	a.Started, a.Ended = db.Time(started), db.Time(ended)
	return a, err
}

func insertAttempt(ctx context.Context, tx *db.Tx, a Attempt) error {
	_, err := tx.Exec(ctx, `INSERT INTO pay_attempt (id, authority_id, transaction_id, provider, state, started_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, a.ID, a.Authority, a.Transaction, a.Provider, string(a.State), db.Micros(a.Started))
	return err
}

func attemptByID(ctx context.Context, q db.Querier, s identity.Scope, id string) (Attempt, bool, error) {
	p := db.Params{id}
	a, err := scanAttempt(q.QueryRow(ctx, `SELECT `+attemptColumns+` FROM pay_attempt
		WHERE id = $1 AND `+s.In("authority_id", &p), p...))
	if errors.Is(err, sql.ErrNoRows) {
		return Attempt{}, false, nil
	}
	return a, err == nil, err
}

// attempts lists a transaction's attempts, the oldest first.
func attempts(ctx context.Context, q db.Querier, s identity.Scope, transaction string) ([]Attempt, error) {
	p := db.Params{transaction}
	rows, err := q.Query(ctx, `SELECT `+attemptColumns+` FROM pay_attempt
		WHERE transaction_id = $1 AND `+s.In("authority_id", &p)+` ORDER BY started_at, id`, p...)
	return db.All(rows, err, scanAttempt)
}

// openAttempts lists those that may still bring money, the youngest first.
func openAttempts(ctx context.Context, q db.Querier, s identity.Scope, transaction string) ([]Attempt, error) {
	p := db.Params{transaction}
	rows, err := q.Query(ctx, `SELECT `+attemptColumns+` FROM pay_attempt
		WHERE transaction_id = $1 AND state = 'INITIAL' AND `+s.In("authority_id", &p)+` ORDER BY started_at DESC, id DESC`, p...)
	return db.All(rows, err, scanAttempt)
}

// setRef remembers the provider's answer; false if the attempt has another one, or has ended.
func setRef(ctx context.Context, tx *db.Tx, s identity.Scope, id string, st Started) (bool, error) {
	p := db.Params{id, st.Ref, st.RedirectURL}
	return db.Changed(tx.Exec(ctx, `UPDATE pay_attempt SET provider_ref = $2, redirect_url = $3
		WHERE id = $1 AND state = 'INITIAL' AND (provider_ref = '' OR provider_ref = $2) AND `+s.In("authority_id", &p), p...))
}

// endAttempt takes an attempt out of INITIAL; false if it was not INITIAL any more.
func endAttempt(ctx context.Context, tx *db.Tx, s identity.Scope, id string, to State, now time.Time) (bool, error) {
	p := db.Params{id, string(to), db.Micros(now)}
	return db.Changed(tx.Exec(ctx, `UPDATE pay_attempt SET state = $2, ended_at = $3
		WHERE id = $1 AND state = 'INITIAL' AND `+s.In("authority_id", &p), p...))
}

// setRefund moves an attempt's refund; false if it does not stand at from.
func setRefund(ctx context.Context, tx *db.Tx, s identity.Scope, id string, from, to Refund) (bool, error) {
	p := db.Params{id, string(from), string(to)}
	return db.Changed(tx.Exec(ctx, `UPDATE pay_attempt SET refund = $3 WHERE id = $1 AND refund = $2 AND `+s.In("authority_id", &p), p...))
}

func insertEntry(ctx context.Context, tx *db.Tx, e Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO pay_entry (id, fact_id, authority_id, transaction_id, attempt_id, fact, account, amount_cents,
		booked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, e.FactID, e.Authority, e.Transaction, e.Attempt, string(e.Fact), string(e.Account), int64(e.Amount), db.Micros(e.Booked))
	return err
}
