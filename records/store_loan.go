package records

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

func (store) loans(ctx context.Context, q db.Querier, s access.Access, f LoanFilter, now time.Time) (paging.Listing[File], error) {
	statement, p := loansQuery(s, f, now)
	rows, err := q.Query(ctx, statement, p...)
	files, err := db.All(rows, err, scanFile)
	return paging.Of(files, f.order(), f.Page, func(x File) paging.Key { return paging.Time(x.LentUntil, x.ID) }), err
}

// loansQuery is one query along an index, as filesQuery is.
func loansQuery(s access.Access, f LoanFilter, now time.Time) (string, db.Params) {
	var p db.Params
	columns := fileColumns + `, ` + s.Right("f", &p)
	where := s.Reads("f", &p) + ` AND f.lent_until > 0`
	if f.Query != "" {
		where += p.Words("f.search", f.Query)
	}
	if f.Overdue {
		where += ` AND f.lent_until < ` + p.Add(db.Micros(now))
	}
	return `SELECT ` + columns + fileTables + `WHERE ` + where + f.order().SQL(&p, f.Page), p
}

func (store) overdueLoans(ctx context.Context, q db.Querier, s access.Access, now time.Time) (n int64, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) FROM records_file f WHERE `+s.Writes("f", &p)+` AND f.lent_until > 0 AND f.lent_until < `+
		p.Add(db.Micros(now)), p...).Scan(&n)
	return n, err
}

func (store) loansDue(ctx context.Context, q db.Querier, s access.Access, lenders []string, now time.Time, most int) ([]File, error) {
	var p db.Params
	columns := fileColumns + `, ` + s.Right("f", &p)
	where := s.Writes("f", &p) + ` AND f.lent_until > 0 AND f.lent_until < ` + p.Add(db.Micros(now)) + ` AND (f.lent_by IN ` + p.List(lenders)
	if reg := s.Registry(); reg.Several() || len(reg.Authorities()) > 0 {
		where += ` OR ` + reg.In("f.authority_id", &p) + ` AND NOT EXISTS (SELECT 1 FROM records_member m JOIN records_org o ON o.id = m.org_id AND o.ended_at = 0
			WHERE m.authority_id = f.authority_id AND m.subject = f.lent_by)`
	}
	rows, err := q.Query(ctx, `SELECT `+columns+fileTables+`WHERE `+where+`) ORDER BY f.lent_until, f.id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanFile)
}
