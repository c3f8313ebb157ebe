package records

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// --- what people keep of lists ---

func (store) views(ctx context.Context, q db.Querier, s access.Access, list string) ([]View, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, list, name, query FROM records_view WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(s.Subject)+
		` AND list = `+p.Add(list)+` AND name <> '' ORDER BY name`, p...)
	return db.All(rows, err, func(r db.Scanner) (v View, err error) {
		err = r.Scan(&v.ID, &v.List, &v.Name, &v.Query)
		return v, err
	})
}

// home is the authority under which what belongs to the caller alone is kept: the first where they work with files.
func home(s access.Access) (string, error) {
	all := s.Authorities()
	if s.Subject == "" || len(all) == 0 {
		return "", errs.E(errs.NotFound, "records.error.not_found")
	}
	return all[0], s.Own(all[0])
}

func (store) saveView(ctx context.Context, tx *db.Tx, s access.Access, v View) error {
	authority, err := home(s)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO records_view (id, authority_id, subject, list, name, query, columns) VALUES ($1, $2, $3, $4, $5, $6, '')
		ON CONFLICT (subject, list, name) DO UPDATE SET query = excluded.query, authority_id = excluded.authority_id`, db.NewID(), authority,
		s.Subject, v.List, v.Name, v.Query)
	return err
}

func (store) dropView(ctx context.Context, tx *db.Tx, s access.Access, id string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `DELETE FROM records_view WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(s.Subject)+` AND name <> '' AND id = `+p.Add(id), p...)
	return err
}

// columns are the names of those that the caller chose, if they chose any.
func (store) columns(ctx context.Context, q db.Querier, s access.Access, list string) (names []string, chosen bool, err error) {
	var p db.Params
	var kept string
	err = q.QueryRow(ctx, `SELECT columns FROM records_view WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(s.Subject)+
		` AND list = `+p.Add(list)+` AND name = ''`, p...).Scan(&kept)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return strings.Fields(kept), err == nil, err
}

func (store) keepColumns(ctx context.Context, tx *db.Tx, s access.Access, list string, names []string) error {
	authority, err := home(s)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO records_view (id, authority_id, subject, list, name, query, columns) VALUES ($1, $2, $3, $4, '', '', $5)
		ON CONFLICT (subject, list, name) DO UPDATE SET columns = excluded.columns, authority_id = excluded.authority_id`, db.NewID(), authority,
		s.Subject, list, strings.Join(names, " "))
	return err
}

// --- what lists show beside their rows ---

// fileReferences are the Aktenzeichen of the files with these ids, of those that the caller may read.
func (store) fileReferences(ctx context.Context, q db.Querier, s access.Access, ids []string) (map[string]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT f.id, f.reference FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.id IN (`+marks(ids, &p)+`)`, p...)
	return pairs[string](rows, err)
}

// caseCounts are how many cases lie in the files with these ids, of those that the caller may read.
func (store) caseCounts(ctx context.Context, q db.Querier, s access.Access, ids []string) (map[string]int64, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT c.file_id, count(*) FROM records_case c WHERE `+s.ReadsCase("c", &p)+` AND c.file_id IN (`+marks(ids, &p)+
		`) GROUP BY c.file_id`, p...)
	return pairs[int64](rows, err)
}

// othersCases are those of the cases with these ids that somebody else than the caller works on, by Aktenzeichen.
func (store) othersCases(ctx context.Context, q db.Querier, s access.Access, ids []string) ([]Case, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+caseColumns+`, 0 FROM records_case c WHERE `+s.ReadsCase("c", &p)+` AND c.id IN (`+marks(ids, &p)+
		`) AND c.assigned_to <> '' AND c.assigned_to <> `+p.Add(s.Subject)+` AND c.state <> 'closed' ORDER BY c.reference, c.id`, p...)
	return db.All(rows, err, scanCase)
}

func marks(ids []string, p *db.Params) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = p.Add(id)
	}
	return strings.Join(out, ", ")
}

func pairs[V any](rows *sql.Rows, err error) (map[string]V, error) {
	out := map[string]V{}
	_, err = db.All(rows, err, func(r db.Scanner) (struct{}, error) {
		var id string
		var v V
		err := r.Scan(&id, &v)
		out[id] = v
		return struct{}{}, err
	})
	return out, err
}

// --- who cases are given to ---

// Person is somebody who has a place in an authority's organisation.
type Person struct{ Subject, Name string }

// people are those with a place in the organisation of the scope, by name.
func (store) people(ctx context.Context, q db.Querier, s access.Access) ([]Person, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT subject, min(name) FROM records_member WHERE `+s.In("authority_id", &p)+` GROUP BY subject ORDER BY 2, 1`, p...)
	return db.All(rows, err, func(r db.Scanner) (x Person, err error) {
		err = r.Scan(&x.Subject, &x.Name)
		return x, err
	})
}

// person is the name of somebody with a place in the organisation of the scope.
func (store) person(ctx context.Context, q db.Querier, s access.Access, subject string) (name string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT name FROM records_member WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(subject)+` ORDER BY name LIMIT 1`, p...).Scan(&name)
	return name, NotFound(err)
}

// markCase is mark for a case.
func (store) markCase(ctx context.Context, tx *db.Tx, s access.Access, c Case, on bool, at time.Time) error {
	if err := s.Own(c.Authority); err != nil {
		return err
	}
	if !on {
		_, err := tx.Exec(ctx, `DELETE FROM records_favourite WHERE subject = $1 AND object = $2`, s.Subject, CaseObject(c.ID))
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_favourite (subject, object, authority_id, file_id, marked_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, s.Subject, CaseObject(c.ID), c.Authority, c.FileID, db.Micros(at))
	return err
}
