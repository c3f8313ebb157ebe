package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

const versionColumns = `v.id, v.service_key, v.authority_id, v.lang, v.number, v.state, v.change, v.modules, v.words, v.master, v.authors,
	v.author, v.author_name, v.reviewer, v.reviewer_name, v.review_date, v.publish_at, v.created_at, v.changed_at, v.submitted_at,
	v.released_at, v.ended_at`

func scanVersion(row db.Scanner) (Version, error) {
	var v Version
	var modules, words, authors string
	var publish, created, changed, submitted, released, ended int64
	err := row.Scan(&v.ID, &v.Service, &v.Authority, &v.Lang, &v.Number, &v.State, &v.Change, &modules, &words, &v.Master, &authors,
		&v.Author, &v.AuthorName, &v.Reviewer, &v.ReviewerName, &v.ReviewDate, &publish, &created, &changed, &submitted, &released, &ended)
	if err != nil {
		return v, err
	}
	v.PublishAt, v.CreatedAt, v.ChangedAt = db.Time(publish), db.Time(created), db.Time(changed)
	v.SubmittedAt, v.ReleasedAt, v.EndedAt = db.Time(submitted), db.Time(released), db.Time(ended)
	if err := errors.Join(json.Unmarshal([]byte(modules), &v.Modules), json.Unmarshal([]byte(words), &v.Words),
		json.Unmarshal([]byte(authors), &v.Authors)); err != nil {
		return v, fmt.Errorf("text version %s: %w", v.ID, err)
	}
	return v, nil
}

// versionWhere reads versions of the scope; where and order use the placeholders that p already has.
func versionsWhere(ctx context.Context, q db.Querier, s Scope, p db.Params, where, rest string) ([]Version, error) {
	rows, err := q.Query(ctx, `SELECT `+versionColumns+` FROM finder_text_version v WHERE `+where+` AND `+s.in("v.authority_id", &p)+` `+rest, p...)
	return db.All(rows, err, scanVersion)
}

// versionByID is errs.NotFound outside the scope.
func versionByID(ctx context.Context, q db.Querier, s Scope, id, lock string) (Version, error) {
	list, err := versionsWhere(ctx, q, s, db.Params{id}, "v.id = $1", lock)
	if err != nil {
		return Version{}, err
	}
	if len(list) == 0 {
		return Version{}, errs.E(errs.NotFound, "finder.desk.error.not_found")
	}
	return list[0], nil
}

// versionsOf lists the versions of a text, the newest first.
func versionsOf(ctx context.Context, q db.Querier, s Scope, ref finder.TextRef, limit int) ([]Version, error) {
	return versionsWhere(ctx, q, s, db.Params{ref.Service, ref.Authority, string(ref.Lang), limit},
		"v.service_key = $1 AND v.authority_id = $2 AND v.lang = $3", "ORDER BY v.number DESC LIMIT $4")
}

// textsOf lists the open and the valid versions of all texts of a service.
func textsOf(ctx context.Context, q db.Querier, s Scope, service string) ([]Version, error) {
	return versionsWhere(ctx, q, s, db.Params{service}, "v.service_key = $1 AND v.state IN ('draft', 'review', 'scheduled', 'released')",
		"ORDER BY v.authority_id, v.lang, v.number")
}

func insertVersion(ctx context.Context, tx *db.Tx, s Scope, v Version) error {
	if err := s.own(v.Authority); err != nil {
		return err
	}
	modules, words, authors, err := v.encode()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO finder_text_version (id, service_key, authority_id, lang, number, state, change, modules, words, master,
		authors, author, author_name, reviewer, reviewer_name, review_date, publish_at, created_at, changed_at, submitted_at, released_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		v.ID, v.Service, v.Authority, string(v.Lang), v.Number, string(v.State), v.Change, modules, words, v.Master, authors, v.Author, v.AuthorName,
		v.Reviewer, v.ReviewerName, v.ReviewDate, db.Micros(v.PublishAt), db.Micros(v.CreatedAt), db.Micros(v.ChangedAt),
		db.Micros(v.SubmittedAt), db.Micros(v.ReleasedAt), db.Micros(v.EndedAt))
	if db.IsUnique(err) {
		return errs.E(errs.Conflict, "finder.desk.error.open", err)
	}
	return err
}

// updateVersion writes everything of v that can change, if it still is at the change that v was read with.
func updateVersion(ctx context.Context, tx *db.Tx, s Scope, v *Version) error {
	modules, words, authors, err := v.encode()
	if err != nil {
		return err
	}
	p := db.Params{v.ID, v.Change, string(v.State), modules, words, authors, v.Author, v.AuthorName, v.Reviewer, v.ReviewerName, v.ReviewDate,
		db.Micros(v.PublishAt), db.Micros(v.ChangedAt), db.Micros(v.SubmittedAt), db.Micros(v.ReleasedAt), db.Micros(v.EndedAt), v.Master}
	res, err := tx.Exec(ctx, `UPDATE finder_text_version SET change = change + 1, state = $3, modules = $4, words = $5, authors = $6, author = $7,
		author_name = $8, reviewer = $9, reviewer_name = $10, review_date = $11, publish_at = $12, changed_at = $13, submitted_at = $14,
		released_at = $15, ended_at = $16, master = $17 WHERE id = $1 AND change = $2 AND `+s.in("authority_id", &p), p...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return errs.E(errs.Conflict, "finder.desk.error.changed")
	}
	v.Change++
	return nil
}

func (v Version) encode() (modules, words, authors string, err error) {
	if v.Modules == nil {
		v.Modules = map[finder.Module]finder.ModuleText{}
	}
	if v.Words == nil {
		v.Words = []finder.Word{}
	}
	if v.Authors == nil {
		v.Authors = []string{}
	}
	var parts [3][]byte
	for i, x := range []any{v.Modules, v.Words, v.Authors} {
		if parts[i], err = json.Marshal(x); err != nil {
			return "", "", "", err
		}
	}
	return string(parts[0]), string(parts[1]), string(parts[2]), nil
}

func insertComment(ctx context.Context, tx *db.Tx, version, author, name string, c Comment) error {
	_, err := tx.Exec(ctx, `INSERT INTO finder_text_comment (id, version_id, at, author, author_name, kind, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, version, db.Micros(c.At), author, name, string(c.Kind), c.Body)
	return err
}

// commentsOf lists what was said about a text's versions, the newest first, with the number of the version.
func commentsOf(ctx context.Context, q db.Querier, s Scope, ref finder.TextRef) ([]numbered, error) {
	p := db.Params{ref.Service, ref.Authority, string(ref.Lang)}
	rows, err := q.Query(ctx, `SELECT c.id, c.at, c.author_name, c.kind, c.body, v.number FROM finder_text_comment c
		JOIN finder_text_version v ON v.id = c.version_id
		WHERE v.service_key = $1 AND v.authority_id = $2 AND v.lang = $3 AND `+s.in("v.authority_id", &p)+` ORDER BY c.id DESC LIMIT 100`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []numbered
	for rows.Next() {
		var c numbered
		var at int64
		if err := rows.Scan(&c.ID, &at, &c.AuthorName, &c.Kind, &c.Body, &c.Number); err != nil {
			return nil, err
		}
		c.At = db.Time(at)
		out = append(out, c)
	}
	return out, rows.Err()
}

// numbered is a comment with the number of its version.
type numbered struct {
	Comment
	Number int
}

// valid is the released version of a text; ok is false if there is none.
func valid(ctx context.Context, q db.Querier, s Scope, ref finder.TextRef) (v Version, ok bool, err error) {
	list, err := versionsWhere(ctx, q, s, db.Params{ref.Service, ref.Authority, string(ref.Lang)},
		"v.service_key = $1 AND v.authority_id = $2 AND v.lang = $3 AND v.state = 'released'", "")
	if err != nil || len(list) == 0 {
		return Version{}, false, err
	}
	return list[0], true, nil
}
