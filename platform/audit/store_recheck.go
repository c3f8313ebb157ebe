package audit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
)

// recheckState is the row of audit_recheck.
type recheckState struct {
	indexed           int64
	position          string
	round, beganAt    int64
	files, checked    int64
	finishedAt, dueAt int64
	claim             string
	claimedUntil      int64
}

const recheckColumns = `indexed, position, round, began_at, files, checked, finished_at, due_at, claim, claimed_until`

func (s *recheckState) scan(row db.Scanner) error {
	return row.Scan(&s.indexed, &s.position, &s.round, &s.beganAt, &s.files, &s.checked, &s.finishedAt, &s.dueAt, &s.claim, &s.claimedUntil)
}

// lockRecheck reads the state for changing it; it makes the row where there is none.
func lockRecheck(ctx context.Context, tx *db.Tx) (s recheckState, err error) {
	_, err = tx.Exec(ctx, `INSERT INTO audit_recheck (id, `+recheckColumns+`) VALUES (1, 0, '', 0, 0, 0, 0, 0, 0, '', 0)
		ON CONFLICT (id) DO NOTHING`)
	if err != nil {
		return s, err
	}
	return s, s.scan(tx.QueryRow(ctx, `SELECT `+recheckColumns+` FROM audit_recheck WHERE id = 1`+tx.ForUpdate()))
}

func saveRecheck(ctx context.Context, tx *db.Tx, s recheckState) error {
	_, err := tx.Exec(ctx, `UPDATE audit_recheck SET indexed = $1, position = $2, round = $3, began_at = $4, files = $5, checked = $6,
		finished_at = $7, due_at = $8, claim = $9, claimed_until = $10 WHERE id = 1`,
		s.indexed, s.position, s.round, s.beganAt, s.files, s.checked, s.finishedAt, s.dueAt, s.claim, s.claimedUntil)
	return err
}

// extendRecheck makes a claim last longer. errLostTurn.
func extendRecheck(ctx context.Context, tx *db.Tx, claim string, until int64) error {
	res, err := tx.Exec(ctx, `UPDATE audit_recheck SET claimed_until = $1 WHERE id = 1 AND claim = $2`, until, claim)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errLostTurn
}

// readRecheck reads the state; the zero state if nothing was ever checked.
func readRecheck(ctx context.Context, q db.Querier) (s recheckState, err error) {
	err = s.scan(q.QueryRow(ctx, `SELECT `+recheckColumns+` FROM audit_recheck WHERE id = 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return recheckState{}, nil
	}
	return s, err
}

// fileOf is a row of audit_file.
type fileOf struct {
	hash   string
	seq    int64
	erased bool
}

// insertFiles adds those that are not there, and sets right those that are.
func insertFiles(ctx context.Context, tx *db.Tx, files []fileOf) error {
	slices.SortFunc(files, func(a, b fileOf) int { // one order for all processes, so that they cannot block each other
		return cmp.Or(strings.Compare(a.hash, b.hash), cmp.Compare(a.seq, b.seq))
	})
	files = slices.CompactFunc(files, func(a, b fileOf) bool { return a.hash == b.hash && a.seq == b.seq })
	for some := range slices.Chunk(files, 256) {
		var p db.Params
		values := make([]string, len(some))
		for i, f := range some {
			values[i] = "(" + p.Add(f.hash) + ", " + p.Add(f.seq) + ", " + p.Add(f.erased) + ")"
		}
		_, err := tx.Exec(ctx, `INSERT INTO audit_file (hash, seq, erased) VALUES `+strings.Join(values, ", ")+`
			ON CONFLICT (hash, seq) DO UPDATE SET erased = excluded.erased`, p...)
		if err != nil {
			return err
		}
	}
	return nil
}

// entriesWithFiles lists entries of the tree from seq on, below the size, that name stored files.
func entriesWithFiles(ctx context.Context, q db.Querier, seq, size int64, limit int) ([]row, error) {
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry
		WHERE seq >= $1 AND seq < $2 AND (blobs <> '[]' OR erased <> '[]') ORDER BY seq LIMIT $3`, seq, size, limit)
}

// waitingErasures lists entries that are not sequenced and say that files were removed.
func waitingErasures(ctx context.Context, q db.Querier) ([]row, error) {
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry WHERE seq IS NULL AND erased <> '[]' ORDER BY id`)
}

func countFiles(ctx context.Context, q db.Querier) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(DISTINCT hash) FROM audit_file`).Scan(&n)
	return n, err
}

// nextFiles lists the hashes after one, in their order.
func nextFiles(ctx context.Context, q db.Querier, after string, limit int) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT DISTINCT hash FROM audit_file WHERE hash > $1 ORDER BY hash LIMIT $2`, after, limit)
	return db.All(rows, err, scanOne[string])
}

// lastNamed finds the last entry in the index that names a file; false if there is none.
func lastNamed(ctx context.Context, q db.Querier, hash string) (seq int64, erased bool, err error) {
	err = q.QueryRow(ctx, `SELECT seq, erased FROM audit_file WHERE hash = $1 ORDER BY seq DESC LIMIT 1`, hash).Scan(&seq, &erased)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return seq, erased, err
}

// vouch is an entry that vouches for a file.
type voucher struct{ object, authority string }

// vouching lists the newest entries that vouch for a file, of these authorities (nil: of all).
func vouching(ctx context.Context, q db.Querier, scope []string, hash string, limit int) ([]voucher, error) {
	var p db.Params
	query := `SELECT e.object, e.authority FROM audit_file f JOIN audit_entry e ON e.seq = f.seq WHERE f.hash = ` + p.Add(hash) + ` AND f.erased = ` + p.Add(false)
	if scope != nil {
		query += ` AND ` + oneOf("e.authority", scope, &p)
	}
	rows, err := q.Query(ctx, query+` ORDER BY f.seq DESC LIMIT `+p.Add(limit), p...)
	return db.All(rows, err, func(s db.Scanner) (v voucher, err error) {
		err = s.Scan(&v.object, &v.authority)
		return v, err
	})
}

// keepFinding adds a finding; if there is one, it keeps when it was looked at, and returns false.
func keepFinding(ctx context.Context, tx *db.Tx, hash string, kind Damage, now time.Time) (isNew bool, err error) {
	res, err := tx.Exec(ctx, `UPDATE audit_finding SET kind = $1, checked_at = $2 WHERE hash = $3`, string(kind), db.Micros(now), hash)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return false, err
	}
	res, err = tx.Exec(ctx, `INSERT INTO audit_finding (id, hash, kind, noticed_at, checked_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (hash) DO NOTHING`, db.NewID(), hash, string(kind), db.Micros(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func deleteFinding(ctx context.Context, tx *db.Tx, hash string) error {
	_, err := tx.Exec(ctx, `DELETE FROM audit_finding WHERE hash = $1`, hash)
	return err
}

// oldestFindings lists the hashes of the findings that were not looked at for the longest time.
func oldestFindings(ctx context.Context, q db.Querier, limit int) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT hash FROM audit_finding ORDER BY checked_at LIMIT $1`, limit)
	return db.All(rows, err, scanOne[string])
}

// findingsIn is the predicate of findings about files that entries of these authorities vouch for.
func findingsIn(scope []string, p *db.Params) string {
	if scope == nil {
		return ""
	}
	return ` AND EXISTS (SELECT 1 FROM audit_file f JOIN audit_entry e ON e.seq = f.seq
		WHERE f.hash = audit_finding.hash AND ` + oneOf("e.authority", scope, p) + `)`
}

// findings lists open findings, the newest first, before the one with that id.
func findings(ctx context.Context, q db.Querier, scope []string, before string, limit int) ([]Finding, error) {
	var p db.Params
	query := `SELECT id, hash, kind, noticed_at, checked_at FROM audit_finding WHERE 1 = 1` + findingsIn(scope, &p)
	if before != "" {
		query += ` AND id < ` + p.Add(clean(before))
	}
	rows, err := q.Query(ctx, query+` ORDER BY id DESC LIMIT `+p.Add(limit), p...)
	return db.All(rows, err, func(s db.Scanner) (f Finding, err error) {
		var noticed, checked int64
		err = s.Scan(&f.ID, &f.Hash, &f.Damage, &noticed, &checked)
		f.Noticed, f.Checked = db.Time(noticed), db.Time(checked)
		return f, err
	})
}

func countFindings(ctx context.Context, q db.Querier, scope []string) (n int64, err error) {
	var p db.Params
	where := findingsIn(scope, &p)
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM audit_finding WHERE 1 = 1`+where, p...).Scan(&n)
	return n, err
}
