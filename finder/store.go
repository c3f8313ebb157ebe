package finder

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"rennsteig/platform/db"
)

// The names in finder_state.
const (
	stateFacts   = "facts"   // hash of the facts in the tables
	stateVersion = "version" // counts changes of the tables; every process follows it
)

// state reads a value; "" if there is none.
func state(ctx context.Context, q db.Querier, name string) (string, error) {
	var value string
	err := q.QueryRow(ctx, `SELECT value FROM finder_state WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// setState reports whether the value is new. Whoever comes second waits for the first.
func setState(ctx context.Context, tx *db.Tx, name, value string) (changed bool, err error) {
	res, err := tx.Exec(ctx, `INSERT INTO finder_state (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE finder_state.value <> excluded.value`, name, value)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// bumpVersion tells every process that the tables have changed.
func bumpVersion(ctx context.Context, tx *db.Tx) error {
	// The row is locked before it is read: two changes at once must not end in the same number.
	if _, err := tx.Exec(ctx, `INSERT INTO finder_state (name, value) VALUES ($1, '0') ON CONFLICT (name) DO UPDATE SET value = finder_state.value`,
		stateVersion); err != nil {
		return err
	}
	old, err := state(ctx, tx, stateVersion)
	if err != nil {
		return err
	}
	n, _ := strconv.ParseInt(old, 10, 64) // no version yet is version 0
	_, err = setState(ctx, tx, stateVersion, strconv.FormatInt(n+1, 10))
	return err
}

// writeFacts replaces the rows of all tables.
func writeFacts(ctx context.Context, tx *db.Tx, f *facts, progress func(done, total int)) error {
	texts := [][]any{}
	services := make([][]any, len(f.services))
	for i, s := range f.services {
		services[i] = []any{s.Key, s.Name, s.Type, s.Law, s.Bundle, s.LifeSituation, s.Subject}
		if s.Text != "" {
			texts = append(texts, []any{s.Key, "short", "de", s.Text})
		}
	}
	tables := []struct {
		name, columns string
		rows          [][]any
	}{
		{"finder_area", "ars, name, short_name, kind, parent, acting, postcode, population, valid_from, valid_to, successor, big_town",
			values(f.areas, func(a Area) []any {
				return []any{a.ARS, a.Name, a.ShortName, string(a.Kind), a.Parent, a.Acting, a.Postcode, a.Population, a.ValidFrom, a.ValidTo, a.Successor, a.BigTown}
			})},
		{"finder_postcode", "postcode, ars", values(f.postcodes, func(p [2]string) []any { return []any{p[0], p[1]} })},
		{"finder_authority", "id, name, kind, area, seat, postcode, generic", values(f.authorities, func(a Authority) []any {
			return []any{a.ID, a.Name, string(a.Kind), a.Area, a.Seat, a.Postcode, a.Generic}
		})},
		{"finder_service", "key, name, type, law, bundle, life_situation, subject", services},
		{"finder_text", "service_key, kind, lang, body", texts},
		{"finder_assignment", "service_key, role, level, office, processor, law, note", values(f.assignments, func(a assignment) []any {
			return []any{a.ServiceKey, string(a.Role), string(a.Level), a.Office, a.Processor, a.Law, a.Note}
		})},
		{"finder_synonym", "pattern, term, means", values(f.synonyms, func(s synonym) []any { return []any{s.Pattern, s.Term, s.Means} })},
	}
	total, done := 0, 0
	for _, t := range tables {
		total += len(t.rows)
	}
	for _, t := range tables {
		if _, err := tx.Exec(ctx, "DELETE FROM "+t.name); err != nil {
			return err
		}
		err := insert(ctx, tx, t.name, t.columns, t.rows, func(n int) {
			done += n
			progress(done, total)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

func values[T any](list []T, row func(T) []any) [][]any {
	out := make([][]any, len(list))
	for i, x := range list {
		out[i] = row(x)
	}
	return out
}

// insert writes rows, and says so after every some.
func insert(ctx context.Context, tx *db.Tx, table, columns string, rows [][]any, wrote func(n int)) error {
	for part := range slices.Chunk(rows, 500) {
		b := db.Bulk{Into: table + " (" + columns + ")"}
		for _, row := range part {
			if err := b.Add(ctx, tx, row...); err != nil {
				return err
			}
		}
		if err := b.Flush(ctx, tx); err != nil {
			return err
		}
		wrote(len(part))
	}
	return nil
}

// query reads all rows of a statement.
func query[T any](ctx context.Context, q db.Querier, scan func(row *sql.Rows, v *T) error, statement string) ([]T, error) {
	rows, err := q.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// tables is everything the tables hold.
type tables struct {
	version     string
	areas       []Area
	postcodes   [][2]string
	authorities []Authority
	services    []Service
	assignments []assignment
	synonyms    []synonym
	releases    []Release
	online      []Online
	imported    imported
	locals      []LocalAssignment
	opened      map[string]float32 // popularity
}

// readFactTables reads the built-in facts. The version is read first: what changes meanwhile has a higher one and is read
// again.
func readFactTables(ctx context.Context, q db.Querier) (t tables, err error) {
	if t.version, err = state(ctx, q, stateVersion); err != nil {
		return t, err
	}
	if t.areas, err = query(ctx, q, func(r *sql.Rows, a *Area) error {
		return r.Scan(&a.ARS, &a.Name, &a.ShortName, &a.Kind, &a.Parent, &a.Acting, &a.Postcode, &a.Population, &a.ValidFrom, &a.ValidTo, &a.Successor, &a.BigTown)
	}, `SELECT ars, name, short_name, kind, parent, acting, postcode, population, valid_from, valid_to, successor, big_town FROM finder_area ORDER BY ars`); err != nil {
		return t, err
	}
	if t.postcodes, err = query(ctx, q, func(r *sql.Rows, p *[2]string) error { return r.Scan(&p[0], &p[1]) },
		`SELECT postcode, ars FROM finder_postcode ORDER BY postcode, ars`); err != nil {
		return t, err
	}
	if t.authorities, err = query(ctx, q, func(r *sql.Rows, a *Authority) error {
		return r.Scan(&a.ID, &a.Name, &a.Kind, &a.Area, &a.Seat, &a.Postcode, &a.Generic)
	}, `SELECT id, name, kind, area, seat, postcode, generic FROM finder_authority ORDER BY id`); err != nil {
		return t, err
	}
	if t.services, err = query(ctx, q, func(r *sql.Rows, s *Service) error {
		return r.Scan(&s.Key, &s.Name, &s.Type, &s.Law, &s.Bundle, &s.LifeSituation, &s.Subject, &s.Text)
	}, `SELECT s.key, s.name, s.type, s.law, s.bundle, s.life_situation, s.subject, coalesce(t.body, '') FROM finder_service s
		LEFT JOIN finder_text t ON t.service_key = s.key AND t.kind = 'short' AND t.lang = 'de' ORDER BY s.key`); err != nil {
		return t, err
	}
	if t.assignments, err = query(ctx, q, func(r *sql.Rows, a *assignment) error {
		return r.Scan(&a.ServiceKey, &a.Role, &a.Level, &a.Office, &a.Processor, &a.Law, &a.Note)
	}, `SELECT service_key, role, level, office, processor, law, note FROM finder_assignment ORDER BY service_key, role`); err != nil {
		return t, err
	}
	if t.synonyms, err = query(ctx, q, func(r *sql.Rows, s *synonym) error { return r.Scan(&s.Pattern, &s.Term, &s.Means) },
		`SELECT pattern, term, means FROM finder_synonym ORDER BY pattern, term`); err != nil {
		return t, err
	}
	return t, nil
}

// readTables reads all tables.
func readTables(ctx context.Context, q db.Querier) (tables, error) {
	t, err := readFactTables(ctx, q)
	if err != nil {
		return t, err
	}
	if t.releases, err = readReleases(ctx, q); err != nil {
		return t, err
	}
	if t.online, err = readOnline(ctx, q); err != nil {
		return t, err
	}
	if t.imported, err = readImported(ctx, q); err != nil {
		return t, err
	}
	if t.locals, err = readLocal(ctx, q); err != nil {
		return t, err
	}
	t.opened, err = readOpened(ctx, q)
	return t, err
}
