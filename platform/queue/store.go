package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"rennsteig/platform/db"
)

func insert(ctx context.Context, tx *db.Tx, id, topic, body string, due, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO queue_job (id, topic, body, due_at, created_at) VALUES ($1, $2, $3, $4, $5)`,
		id, topic, body, db.Micros(due), db.Micros(now))
	return err
}

// claim leases up to limit due jobs that nobody holds. The CTE is materialized because PostgreSQL may otherwise run
// the subquery again for each row and lock more than the limit.
func claim(ctx context.Context, tx *db.Tx, now, until time.Time, limit int) ([]*Job, error) {
	rows, err := tx.Query(ctx, `
		WITH free AS MATERIALIZED (
			SELECT id FROM queue_job
			WHERE dead_at IS NULL AND due_at <= $1 AND leased_until <= $1
			ORDER BY due_at, id LIMIT $3`+tx.SkipLocked()+`)
		UPDATE queue_job SET tries = tries + 1, leased_until = $2
		WHERE id IN (SELECT id FROM free)
		RETURNING id, topic, body, due_at, tries, forgiven`, db.Micros(now), db.Micros(until), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var jobs []*Job
	for rows.Next() {
		j := &Job{until: until}
		var due int64
		if err := rows.Scan(&j.ID, &j.Topic, &j.body, &due, &j.Tries, &j.forgiven); err != nil {
			return nil, err
		}
		j.Due = db.Time(due)
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(a, b *Job) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	return jobs, rows.Err()
}

// finish deletes the job; false if it is no longer j's.
func finish(ctx context.Context, tx *db.Tx, j *Job) (bool, error) {
	return one(tx.Exec(ctx, `DELETE FROM queue_job WHERE id = $1 AND tries = $2 AND dead_at IS NULL`, j.ID, j.Tries))
}

// extend lengthens the lease; false if the job is no longer j's.
func extend(ctx context.Context, tx *db.Tx, j *Job, until time.Time) (bool, error) {
	return one(tx.Exec(ctx, `UPDATE queue_job SET leased_until = $3 WHERE id = $1 AND tries = $2 AND dead_at IS NULL`,
		j.ID, j.Tries, db.Micros(until)))
}

// release gives back a job that was not begun; the delivery does not count. The caller must never use j again.
func release(ctx context.Context, tx *db.Tx, j *Job) error {
	_, err := tx.Exec(ctx, `UPDATE queue_job SET leased_until = 0, tries = tries - 1 WHERE id = $1 AND tries = $2 AND dead_at IS NULL`,
		j.ID, j.Tries)
	return err
}

// postpone ends a failed delivery: the job is due again later, or dead if dead is set.
func postpone(ctx context.Context, tx *db.Tx, j *Job, due time.Time, dead *time.Time, message string) error {
	var deadAt *int64
	if dead != nil {
		m := db.Micros(*dead)
		deadAt = &m
	}
	_, err := tx.Exec(ctx, `
		UPDATE queue_job SET leased_until = 0, due_at = $3, dead_at = $4, last_error = $5
		WHERE id = $1 AND tries = $2 AND dead_at IS NULL`,
		j.ID, j.Tries, db.Micros(due), deadAt, message)
	return err
}

func deadJobs(ctx context.Context, r db.Querier, after string, limit int) ([]DeadJob, error) {
	rows, err := r.Query(ctx, `
		SELECT id, topic, tries, created_at, dead_at, last_error FROM queue_job
		WHERE dead_at IS NOT NULL AND ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []DeadJob
	for rows.Next() {
		var j DeadJob
		var published, died int64
		if err := rows.Scan(&j.ID, &j.Topic, &j.Tries, &published, &died, &j.Error); err != nil {
			return nil, err
		}
		j.Published, j.Died = db.Time(published), db.Time(died)
		out = append(out, j)
	}
	return out, rows.Err()
}

// revive makes a dead job due now; false if there is no such dead job.
func revive(ctx context.Context, tx *db.Tx, id string, now time.Time) (bool, error) {
	return one(tx.Exec(ctx, `UPDATE queue_job SET dead_at = NULL, due_at = $2, forgiven = tries WHERE id = $1 AND dead_at IS NOT NULL`,
		id, db.Micros(now)))
}

func counts(ctx context.Context, r db.Querier, now time.Time) (Counts, error) {
	var c Counts
	var oldest sql.NullInt64
	err := r.QueryRow(ctx, `SELECT count(*), min(due_at) FROM queue_job WHERE dead_at IS NULL`).Scan(&c.Waiting, &oldest)
	if err != nil {
		return Counts{}, err
	}
	if oldest.Valid {
		c.OldestAge = max(0, now.Sub(db.Time(oldest.Int64)))
	}
	err = r.QueryRow(ctx, `SELECT count(*) FROM queue_job WHERE dead_at IS NOT NULL`).Scan(&c.Dead)
	return c, err
}

func one(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	if err == nil && n > 1 {
		err = errors.New("queue: more than one row of an id")
	}
	return n == 1, err
}
