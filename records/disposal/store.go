package disposal

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// store is all SQL of this room. Every method takes the access before anything it looks for, and puts it into the WHERE
// clause; a statement that inserts asks Own first. A row outside is as good as none.
type store struct{}

// one turns a missing row into errs.NotFound.
func one(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	return err
}

// count is how many rows a statement changed.
func count(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// exactly is errs.Conflict unless a statement changed one row.
func exactly(res sql.Result, err error) error {
	n, err := count(res, err)
	if err == nil && n != 1 {
		return errs.E(errs.Conflict, "disposal.error.changed")
	}
	return err
}

func text(r db.Scanner) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// --- retention ---

// retained is what the retention of a file is reckoned from.
type retained struct {
	id, authority, unit string
	closed, until       time.Time
	rule                Rule
}

// ruleOf is the rule of a unit.
type ruleOf struct {
	authority, unit string
	rule            Rule
}

const retainedColumns = `f.id, f.authority_id, f.unit, f.closed_at, f.retain_until, u.retention_years, u.transfer_years`

func scanRetained(r db.Scanner) (f retained, err error) {
	var closed, until int64
	err = r.Scan(&f.id, &f.authority, &f.unit, &closed, &until, &f.rule.RetentionYears, &f.rule.TransferYears)
	f.closed, f.until = db.Time(closed), db.Time(until)
	return f, err
}

const unitOfFile = ` FROM records_file f JOIN records_unit u ON u.authority_id = f.authority_id AND u.code = f.unit `

// unreckoned are closed files without an end of retention.
func (store) unreckoned(ctx context.Context, tx *db.Tx, a access.Access, most int) ([]retained, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT `+retainedColumns+unitOfFile+`WHERE `+a.In("f.authority_id", &p)+
		` AND f.closed_at > 0 AND f.retain_until = 0 AND f.state = '' ORDER BY f.id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanRetained)
}

// reopened are open files with an end of retention.
func (store) reopened(ctx context.Context, tx *db.Tx, a access.Access, most int) ([]retained, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT `+retainedColumns+unitOfFile+`WHERE `+a.In("f.authority_id", &p)+
		` AND f.closed_at = 0 AND f.retain_until > 0 ORDER BY f.id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanRetained)
}

// ofUnit are the closed files of a unit that are not being disposed of.
func (store) ofUnit(ctx context.Context, tx *db.Tx, a access.Access, unit, after string, most int) ([]retained, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT `+retainedColumns+unitOfFile+`WHERE `+a.In("f.authority_id", &p)+` AND f.unit = `+p.Add(unit)+
		` AND f.retain_until > 0 AND f.closed_at > 0 AND f.state = '' AND f.id > `+p.Add(after)+` ORDER BY f.id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanRetained)
}

// setRetention stores the end of retention, unless the file was closed, reopened or offered meanwhile.
func (store) setRetention(ctx context.Context, tx *db.Tx, a access.Access, f retained, until time.Time) (bool, error) {
	var p db.Params
	n, err := count(tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, retain_until = `+p.Add(db.Micros(until))+` WHERE `+a.In("authority_id", &p)+
		` AND id = `+p.Add(f.id)+` AND closed_at = `+p.Add(db.Micros(f.closed))+` AND state = ''`, p...))
	return n == 1, err
}

// changedRules are the rules of units whose files were reckoned with another one.
func (store) changedRules(ctx context.Context, q db.Querier, a access.Access) ([]ruleOf, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT u.authority_id, u.code, u.retention_years, u.transfer_years FROM disposal_rule r
		JOIN records_unit u ON u.authority_id = r.authority_id AND u.code = r.unit WHERE `+a.In("r.authority_id", &p)+
		` AND (r.retention_years <> u.retention_years OR r.transfer_years <> u.transfer_years)`, p...)
	return db.All(rows, err, func(r db.Scanner) (u ruleOf, err error) {
		err = r.Scan(&u.authority, &u.unit, &u.rule.RetentionYears, &u.rule.TransferYears)
		return u, err
	})
}

// noteRule keeps the rule that the first files of a unit were reckoned with.
func (store) noteRule(ctx context.Context, tx *db.Tx, a access.Access, u ruleOf) error {
	if err := a.Own(u.authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_rule (authority_id, unit, retention_years, transfer_years) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, u.authority, u.unit, u.rule.RetentionYears, u.rule.TransferYears)
	return err
}

// putRule keeps the rule that all files of a unit were reckoned with anew.
func (store) putRule(ctx context.Context, tx *db.Tx, a access.Access, u ruleOf) error {
	if err := a.Own(u.authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_rule (authority_id, unit, retention_years, transfer_years) VALUES ($1, $2, $3, $4)
		ON CONFLICT (authority_id, unit) DO UPDATE SET retention_years = excluded.retention_years, transfer_years = excluded.transfer_years`,
		u.authority, u.unit, u.rule.RetentionYears, u.rule.TransferYears)
	return err
}

// --- settings ---

func (store) setting(ctx context.Context, q db.Querier, a access.Access, authority string) (Setting, error) {
	var p db.Params
	s := Setting{Authority: authority}
	err := q.QueryRow(ctx, `SELECT archive, agreed, keep_subject FROM disposal_setting WHERE `+a.In("authority_id", &p)+
		` AND authority_id = `+p.Add(authority), p...).Scan(&s.Archive, &s.Agreed, &s.KeepSubject)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	return s, err
}

func (store) putSetting(ctx context.Context, tx *db.Tx, a access.Access, s Setting, by string, at time.Time) error {
	if err := a.Own(s.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_setting (authority_id, archive, agreed, keep_subject, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (authority_id) DO UPDATE SET archive = excluded.archive, agreed = excluded.agreed,
		keep_subject = excluded.keep_subject, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
		s.Authority, s.Archive, s.Agreed, s.KeepSubject, by, db.Micros(at))
	return err
}
