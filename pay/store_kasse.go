package pay

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// The treasurer's statements, and the fees'.

const entryColumns = `e.id, e.fact_id, e.authority_id, e.transaction_id, e.attempt_id, e.fact, e.account, e.amount_cents, e.booked_at,
	t.kassenzeichen, t.purpose`

func scanEntry(row db.Scanner) (e Entry, err error) {
	var booked int64
	err = row.Scan(&e.ID, &e.FactID, &e.Authority, &e.Transaction, &e.Attempt, &e.Fact, &e.Account, &e.Amount, &booked,
		&e.Kassenzeichen, &e.Purpose)
	e.Booked = db.Time(booked)
	return e, err
}

// entriesOf lists a transaction's bookings in the order they were made.
func entriesOf(ctx context.Context, q db.Querier, s identity.Scope, transaction string) ([]Entry, error) {
	p := db.Params{transaction}
	rows, err := q.Query(ctx, `SELECT `+entryColumns+` FROM pay_entry e JOIN pay_transaction t ON t.id = e.transaction_id
		WHERE e.transaction_id = $1 AND `+s.In("e.authority_id", &p)+` ORDER BY e.booked_at, e.id`, p...)
	return db.All(rows, err, scanEntry)
}

// entriesBetween lists the bookings from (inclusive) to (exclusive) in the order they were made, at most limit.
func entriesBetween(ctx context.Context, q db.Querier, s identity.Scope, from, to time.Time, limit int) ([]Entry, error) {
	p := db.Params{db.Micros(from), db.Micros(to), limit}
	rows, err := q.Query(ctx, `SELECT `+entryColumns+` FROM pay_entry e JOIN pay_transaction t ON t.id = e.transaction_id
		WHERE e.booked_at >= $1 AND e.booked_at < $2 AND `+s.In("e.authority_id", &p)+` ORDER BY e.booked_at, e.id LIMIT $3`, p...)
	return db.All(rows, err, scanEntry)
}

func allFees(ctx context.Context, q db.Querier, s identity.Scope) ([]FeeSetting, error) {
	p := db.Params{}
	rows, err := q.Query(ctx, `SELECT authority_id, leika_key, cents, demo FROM pay_fee WHERE `+s.In("authority_id", &p), p...)
	return db.All(rows, err, func(row db.Scanner) (f FeeSetting, err error) {
		err = row.Scan(&f.Authority, &f.LeikaKey, &f.Amount, &f.Demo)
		return f, err
	})
}

func putFee(ctx context.Context, tx *db.Tx, f FeeSetting) error {
	_, err := tx.Exec(ctx, `INSERT INTO pay_fee (authority_id, leika_key, cents, demo) VALUES ($1, $2, $3, $4)
		ON CONFLICT (authority_id, leika_key) DO UPDATE SET cents = excluded.cents, demo = excluded.demo`,
		f.Authority, f.LeikaKey, int64(f.Amount), f.Demo)
	return err
}

// filter is what a treasurer's list shows.
type filter struct {
	number string // written beginning of a Kassenzeichen
	state  string // "", a State, or "refund" for those with money to be refunded
}

// where is the predicate of scope and filter on pay_transaction t.
func (f filter) where(s identity.Scope, p *db.Params) string {
	w := s.In("t.authority_id", p)
	switch f.state {
	case "":
	case stateRefund:
		w += ` AND EXISTS (SELECT 1 FROM pay_attempt a
			WHERE a.transaction_id = t.id AND a.authority_id = t.authority_id AND a.refund = 'due')`
	default:
		w += ` AND t.state = ` + p.Add(f.state)
	}
	if f.number != "" {
		w += ` AND t.kassenzeichen LIKE ` + p.Add(f.number+"%") // digits and hyphens only
	}
	return w
}

// listTransactions returns at most limit rows, the youngest first: those after the position, or those just before it.
func listTransactions(ctx context.Context, q db.Querier, s identity.Scope, f filter, at position, limit int) ([]Listed, error) {
	p := db.Params{limit}
	w, order := f.where(s, &p), `DESC`
	if at.set() {
		sign := `<`
		if at.back {
			sign, order = `>`, `ASC`
		}
		w += ` AND (t.created_at, t.id) ` + sign + ` (` + p.Add(at.micros) + `, ` + p.Add(at.id) + `)`
	}
	rows, err := q.Query(ctx, `SELECT `+transactionColumns+`, EXISTS (SELECT 1 FROM pay_attempt r WHERE r.transaction_id = t.id AND r.refund = 'due')
		FROM pay_transaction t WHERE `+w+` ORDER BY t.created_at `+order+`, t.id `+order+` LIMIT $1`, p...)
	list, err := db.All(rows, err, func(row db.Scanner) (l Listed, err error) {
		l.Transaction, _, err = scanTransaction(row, &l.RefundDue)
		return l, err
	})
	if at.back {
		slices.Reverse(list)
	}
	return list, err
}

// sumTransactions adds up all that the filter shows.
func sumTransactions(ctx context.Context, q db.Querier, s identity.Scope, f filter) (t Totals, err error) {
	p := db.Params{}
	w := f.where(s, &p)
	err = q.QueryRow(ctx, `SELECT COUNT(*),
		CAST(COALESCE(SUM(CASE WHEN t.state = 'INITIAL' THEN t.amount_cents END), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN t.state = 'PAYED' THEN t.amount_cents END), 0) AS BIGINT),
		CAST(COALESCE(SUM((SELECT COUNT(*) FROM pay_attempt r WHERE r.transaction_id = t.id AND r.refund = 'due') * t.amount_cents), 0) AS BIGINT)
		FROM pay_transaction t WHERE `+w, p...).Scan(&t.Count, &t.Open, &t.Paid, &t.RefundDue)
	return t, err
}
