package apply

import (
	"context"

	"rennsteig/platform/db"
)

// Keeps says which of these stored files an application still names: the applicant's own copy, whatever becomes of the
// office's. For the program only.
func (r *Room) Keeps(ctx context.Context, q db.Querier, hashes []string) ([]string, error) {
	if err := asSystem(ctx); err != nil || len(hashes) == 0 {
		return nil, err
	}
	var p db.Params
	in := " IN " + p.List(hashes)
	rows, err := q.Query(ctx, `SELECT blob_hash FROM apply_attachment WHERE blob_hash`+in+
		` UNION SELECT receipt_hash FROM apply_application WHERE receipt_hash <> '' AND receipt_hash`+in+
		` UNION SELECT notice_hash FROM apply_application WHERE notice_hash <> '' AND notice_hash`+in, p...)
	return db.All(rows, err, func(s db.Scanner) (hash string, err error) { return hash, s.Scan(&hash) })
}

// Applications lists the ids of the applications that an account holds and has sent. For the program only.
func (r *Room) Applications(ctx context.Context, account string) ([]string, error) {
	if err := asSystem(ctx); err != nil || account == "" {
		return nil, err
	}
	rows, err := r.h.DB.Reader().Query(ctx, `SELECT id FROM apply_application WHERE subject = $1 AND reference <> '' ORDER BY id`, account)
	return db.All(rows, err, func(s db.Scanner) (id string, err error) { return id, s.Scan(&id) })
}
