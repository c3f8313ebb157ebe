package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"rennsteig/platform/db"
)

func insertEntries(ctx context.Context, tx *db.Tx, rows []*row) error {
	b := db.Bulk{Into: `audit_entry (id, at, actor, actor_name, authority, action, object, changes, blobs, erased, hash, seal)`}
	for _, r := range rows {
		if err := b.Add(ctx, tx, r.id, r.at, r.actor, r.actorName, r.authority, r.action, r.object, r.changes, r.blobs, r.erased, r.hash,
			r.seal); err != nil {
			return err
		}
	}
	return b.Flush(ctx, tx)
}

// newestSize is the size of the tree, read in the statement that needs it.
const newestSize = `SELECT size FROM audit_checkpoint ORDER BY size DESC LIMIT 1`

const entryColumns = `id, seq, at, actor, actor_name, authority, action, object, changes, blobs, erased, hash, seal`

// scanEntry reads a row of entryColumns. A number that is none (SQLite lets a column hold anything) makes the row
// broken, not the reading.
func scanEntry(scan func(...any) error) (row, error) {
	var r row
	var seq, at any
	err := scan(&r.id, &seq, &at, &r.actor, &r.actorName, &r.authority, &r.action, &r.object, &r.changes, &r.blobs,
		&r.erased, &r.hash, &r.seal)
	if err != nil {
		return row{}, err
	}
	var ok bool
	if r.at, ok = at.(int64); !ok {
		r.broken = true
	}
	r.seq = Unsequenced
	if seq != nil {
		if r.seq, ok = seq.(int64); !ok {
			r.broken = true
		}
	}
	return r, nil
}

func queryEntries(ctx context.Context, q db.Querier, query string, args ...any) (_ []row, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []row
	for rows.Next() {
		r, err := scanEntry(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// waiting reports whether any entry is not sequenced yet.
func waiting(ctx context.Context, q db.Querier) (bool, error) {
	var one int
	err := q.QueryRow(ctx, `SELECT 1 FROM audit_entry WHERE seq IS NULL LIMIT 1`).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// waitingEntries lists entries that are not sequenced, in the order of their ids, after that id.
func waitingEntries(ctx context.Context, q db.Querier, after string, limit int) ([]row, error) {
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry
		WHERE seq IS NULL AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// entriesFrom lists entries of the tree from seq on, below the size.
func entriesFrom(ctx context.Context, q db.Querier, seq, size int64, limit int) ([]row, error) {
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry
		WHERE seq >= $1 AND seq < $2 ORDER BY seq LIMIT $3`, seq, size, limit)
}

// strayEntries lists entries whose number no checkpoint covers: within one statement, so that a sequencer at work
// raises no false alarm.
func strayEntries(ctx context.Context, q db.Querier, limit int) ([]row, error) {
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry
		WHERE seq < 0 OR seq >= COALESCE((`+newestSize+`), 0) ORDER BY seq LIMIT $1`, limit)
}

func lastSeq(ctx context.Context, q db.Querier) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, `SELECT COALESCE(MAX(seq), -1) FROM audit_entry`).Scan(&n)
	return n, err
}

// number gives the rows their places in the tree, from first on, and takes off their seals. Only the sequencer, which
// is alone, gives numbers; a further condition on seq would make SQLite look for the rows by the wrong index.
func number(ctx context.Context, tx *db.Tx, rows []row, first int64) error {
	for len(rows) > 0 {
		n := 512
		for n > len(rows) {
			n /= 2 // powers of two: few statement texts, so that prepared ones are found again
		}
		values := make([]string, n)
		args := make([]any, 0, 2*n)
		for i, r := range rows[:n] {
			values[i] = fmt.Sprintf("($%d, CAST($%d AS BIGINT))", 2*i+1, 2*i+2)
			args = append(args, r.id, first+int64(i))
		}
		res, err := tx.Exec(ctx, `UPDATE audit_entry SET seq = v.column2, seal = NULL
			FROM (VALUES `+strings.Join(values, ",")+`) AS v
			WHERE audit_entry.id = v.column1`, args...)
		if err != nil {
			return err
		}
		if done, err := res.RowsAffected(); err != nil || done != int64(n) {
			return errors.Join(err, fmt.Errorf("numbered %d entries instead of %d", done, n))
		}
		rows, first = rows[n:], first+int64(n)
	}
	return nil
}

// readTile returns a tile's hashes; none if there is no such tile.
func readTile(ctx context.Context, q db.Querier, level int, tile int64) ([]byte, error) {
	var b []byte
	err := q.QueryRow(ctx, `SELECT hashes FROM audit_hash WHERE level = $1 AND tile = $2`, level, tile).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

func writeTile(ctx context.Context, tx *db.Tx, level int, tile int64, hashes []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_hash (level, tile, hashes) VALUES ($1, $2, $3)
		ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes`, level, tile, hashes)
	return err
}

// tileLengths calls f for every tile with its length in bytes and the size of the newest checkpoint, all from one
// statement.
func tileLengths(ctx context.Context, q db.Querier, f func(level, tile, length, size int64)) (err error) {
	rows, err := q.Query(ctx, `SELECT level, tile, LENGTH(hashes), COALESCE((`+newestSize+`), 0)
		FROM audit_hash ORDER BY level, tile`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var level, tile, length, size int64
		if err := rows.Scan(&level, &tile, &length, &size); err != nil {
			return err
		}
		f(level, tile, length, size)
	}
	return rows.Err()
}

// newestCheckpoint returns the checkpoint of the largest tree; number -1 if there is none.
func newestCheckpoint(ctx context.Context, q db.Querier) (checkpoint, error) {
	c := checkpoint{number: -1}
	err := q.QueryRow(ctx, `SELECT number, size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1`).
		Scan(&c.number, &c.size, &c.note)
	if errors.Is(err, sql.ErrNoRows) {
		return checkpoint{number: -1}, nil
	}
	return c, err
}

// checkpoints lists those with a size above after and at most last.
func checkpoints(ctx context.Context, q db.Querier, after, last int64, limit int) (_ []checkpoint, err error) {
	rows, err := q.Query(ctx, `SELECT number, size, note FROM audit_checkpoint
		WHERE size > $1 AND size <= $2 ORDER BY size LIMIT $3`, after, last, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []checkpoint
	for rows.Next() {
		var c checkpoint
		if err := rows.Scan(&c.number, &c.size, &c.note); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func insertCheckpoint(ctx context.Context, tx *db.Tx, c checkpoint) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_checkpoint (number, size, note) VALUES ($1, $2, $3)`, c.number, c.size, c.note)
	return err
}

// entryBy finds one entry by its id or its number.
func entryBy(ctx context.Context, q db.Querier, column string, value any) (row, error) {
	rows, err := queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry WHERE `+column+` = $1`, value)
	if err != nil {
		return row{}, err
	}
	if len(rows) == 0 {
		return row{}, sql.ErrNoRows
	}
	return rows[0], nil
}

// hashAt is the i'th hash of a tile, if it has so many.
func hashAt(tile []byte, i int) (h tlog.Hash, ok bool) {
	if len(tile) < (i+1)*tlog.HashSize {
		return h, false
	}
	copy(h[:], tile[i*tlog.HashSize:])
	return h, true
}

// vouched calls f with the list of stored files of each entry that has one.
func vouched(ctx context.Context, q db.Querier, f func(list string) error) error {
	rows, err := q.Query(ctx, `SELECT blobs FROM audit_entry WHERE blobs <> '[]'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var list string
		if err := rows.Scan(&list); err != nil {
			return err
		}
		if err := f(list); err != nil {
			return err
		}
	}
	return rows.Err()
}

// summaryColumns are entryColumns without what a list does not show.
const summaryColumns = `id, seq, at, actor, actor_name, authority, action, object, '{}', '[]', '[]', hash, NULL`

// listEntries lists entries of these authorities (nil: of all), the newest first; the oldest first with f.After.
func listEntries(ctx context.Context, q db.Querier, scope []string, f Filter, limit int) ([]row, error) {
	var where []string
	var args []any
	cond := func(format string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(format, len(args)))
	}
	if scope != nil {
		places := make([]string, len(scope))
		for i, a := range scope {
			args = append(args, a)
			places[i] = fmt.Sprintf("$%d", len(args))
		}
		where = append(where, "authority IN ("+strings.Join(places, ", ")+")")
	}
	for column, value := range map[string]string{"object": f.Object, "actor": f.Actor, "action": f.Action} {
		if value != "" {
			cond(column+" = $%d", clean(value))
		}
	}
	// An id begins with its milliseconds, so a time is a range of the index; what is made within the same second is
	// decided by the exact time.
	if !f.From.IsZero() {
		cond("id >= $%d", idAt(f.From.Add(-time.Second)))
		cond("at >= $%d", db.Micros(f.From))
	}
	if !f.To.IsZero() {
		cond("id < $%d", idAt(f.To.Add(time.Second)))
		cond("at < $%d", db.Micros(f.To))
	}
	order := "DESC"
	if f.Before != "" {
		cond("id < $%d", clean(f.Before))
	}
	if f.After != "" {
		cond("id > $%d", clean(f.After))
		order = "ASC"
	}
	query := `SELECT ` + summaryColumns + ` FROM audit_entry`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	args = append(args, limit)
	return queryEntries(ctx, q, query+fmt.Sprintf(` ORDER BY id %s LIMIT $%d`, order, len(args)), args...)
}

// idAt is the beginning that an id made at t has (RFC 9562 §5.7).
func idAt(t time.Time) string {
	ms := fmt.Sprintf("%012x", max(0, t.UnixMilli()))
	return ms[:8] + "-" + ms[8:12]
}

func entriesOf(ctx context.Context, q db.Querier, object string, limit int) ([]row, error) {
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry
		WHERE object = $1 ORDER BY id DESC LIMIT $2`, clean(object), limit)
}
