package access

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/db"
)

// Guest lets a holder read one case of a file that they may not read, because they were asked to do something in it
// (Beteiligung am Geschäftsgang). A rule of the file that keeps them out holds all the same, and so does the level.
type Guest struct {
	Authority string
	Case      string // case id
	Holder    string // Unit, RoleIn or Person
	Source    string // id of what they were asked for; with it the right ends
	At        time.Time
}

// Admit adds the guest; once is enough. The caller of Admit has been authorised, and writes the log.
func Admit(ctx context.Context, tx *db.Tx, a Access, g Guest) error {
	if err := a.Own(g.Authority); err != nil {
		return err
	}
	if err := (Grant{Holder: g.Holder}).check(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_guest (case_id, holder, source, authority_id, admitted_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, g.Case, g.Holder, g.Source, g.Authority, db.Micros(g.At))
	return err
}

// Dismiss ends what the holder ("" is each) may read for this source, and gives the ids of the cases.
func Dismiss(ctx context.Context, tx *db.Tx, a Access, source, holder string) ([]string, error) {
	var p db.Params
	where := a.In("authority_id", &p) + ` AND source = ` + p.Add(source)
	if holder != "" {
		where += ` AND holder = ` + p.Add(holder)
	}
	rows, err := tx.Query(ctx, `DELETE FROM records_guest WHERE `+where+` RETURNING case_id`, p...)
	cases, err := db.All(rows, err, func(r db.Scanner) (id string, err error) { return id, r.Scan(&id) })
	slices.Sort(cases)
	return slices.Compact(cases), err
}

// Guests are those of the case, the oldest first.
func Guests(ctx context.Context, q db.Querier, a Access, caseID string) ([]Guest, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT authority_id, case_id, holder, source, admitted_at FROM records_guest WHERE `+a.In("authority_id", &p)+
		` AND case_id = `+p.Add(caseID)+` ORDER BY admitted_at, holder`, p...)
	return db.All(rows, err, func(r db.Scanner) (g Guest, err error) {
		var at int64
		err = r.Scan(&g.Authority, &g.Case, &g.Holder, &g.Source, &at)
		g.At = db.Time(at)
		return g, err
	})
}

// isGuest reports whether one of the holders is a guest anywhere: for all others the predicate stays short.
func isGuest(ctx context.Context, q db.Querier, a Access) (guest bool, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM records_guest WHERE holder IN `+p.List(a.keys)+` AND `+a.In("authority_id", &p)+`)`, p...).Scan(&guest)
	return guest, err
}

// visits is the predicate that the caller is a guest of the row of records_case with this alias.
func (a Access) visits(row string, p *db.Params) string {
	keys := p.List(a.keys)
	return `EXISTS (SELECT 1 FROM records_guest ag JOIN records_file gf ON gf.id = ` + row + `.file_id WHERE ag.case_id = ` + row + `.id AND ag.holder IN ` + keys +
		a.clear("gf", p) + `) AND COALESCE((SELECT MAX(ar.weight) FROM records_grant ar WHERE ar.file_id = ` + row + `.file_id AND ar.holder IN ` + keys + `), 0) % 3 < 2`
}
