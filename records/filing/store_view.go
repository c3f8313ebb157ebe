package filing

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

func (store) views(ctx context.Context, q db.Querier, s access.Access, list string) ([]View, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, list, name, query FROM records_view WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(s.Subject)+
		` AND list = `+p.Add(list)+` AND name <> '' ORDER BY name`, p...)
	return db.All(rows, err, func(r db.Scanner) (v View, err error) {
		err = r.Scan(&v.ID, &v.List, &v.Name, &v.Query)
		return v, err
	})
}

func (store) saveView(ctx context.Context, tx *db.Tx, s access.Access, authority string, v View) error {
	if err := s.Own(authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_view (id, authority_id, subject, list, name, query, columns) VALUES ($1, $2, $3, $4, $5, $6, '')
		ON CONFLICT (subject, list, name) DO UPDATE SET query = excluded.query`, db.NewID(), authority, s.Subject, v.List, v.Name, v.Query)
	return err
}

func (store) dropView(ctx context.Context, tx *db.Tx, s access.Access, id string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `DELETE FROM records_view WHERE `+s.In("authority_id", &p)+` AND subject = `+p.Add(s.Subject)+` AND id = `+p.Add(id), p...)
	return err
}
