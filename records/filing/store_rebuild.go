package filing

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// rebuildTables has the table of each kind.
var rebuildTables = map[string]string{"file": "records_file", "case": "records_case", "document": "records_document",
	"post": "filing_incoming"}

func (store) idsAfter(ctx context.Context, q db.Querier, s access.Access, kind, after string, most int) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id FROM `+rebuildTables[kind]+` WHERE `+s.In("authority_id", &p)+` AND id > `+p.Add(after)+` ORDER BY id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanText)
}

func (store) countAfter(ctx context.Context, q db.Querier, s access.Access, kind, after string) (n int64, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) FROM `+rebuildTables[kind]+` WHERE `+s.In("authority_id", &p)+` AND id > `+p.Add(after), p...).Scan(&n)
	return n, err
}

// rebuilding says how far each kind has come, and when it began; the zero time if nothing is being rebuilt.
func (store) rebuilding(ctx context.Context, q db.Querier, s access.Access) (after map[string]string, begun time.Time, err error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT kind, after_id, begun_at FROM filing_rebuild WHERE `+s.In("authority_id", &p), p...)
	type place struct {
		kind, after string
		begun       int64
	}
	places, err := db.All(rows, err, func(r db.Scanner) (x place, err error) {
		err = r.Scan(&x.kind, &x.after, &x.begun)
		return x, err
	})
	after = map[string]string{}
	for _, x := range places {
		after[x.kind], begun = x.after, db.Time(x.begun)
	}
	return after, begun, err
}

func (store) keepRebuild(ctx context.Context, tx *db.Tx, s access.Access, kind, after string, begun time.Time) error {
	if err := s.Own("*"); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO filing_rebuild (kind, authority_id, after_id, begun_at) VALUES ($1, '*', $2, $3)
		ON CONFLICT (kind) DO UPDATE SET after_id = excluded.after_id`, kind, after, db.Micros(begun))
	return err
}

func (store) endRebuild(ctx context.Context, tx *db.Tx, s access.Access) error {
	var p db.Params
	_, err := tx.Exec(ctx, `DELETE FROM filing_rebuild WHERE `+s.In("authority_id", &p), p...)
	return err
}
