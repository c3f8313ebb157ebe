package plan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// All SQL of the part. Tables are those of package records, and plan_import.

const unitColumns = `u.code, u.title, u.parent, u.retention_years, u.transfer_years, u.appraisal, u.valid_from, u.valid_until, u.note`

func unitFields(u *Unit, from, until *int64) []any {
	return []any{&u.Code, &u.Title, &u.Parent, &u.RetentionYears, &u.TransferYears, &u.Appraisal, from, until, &u.Note}
}

// plan reads the plan of the one authority in the scope; lock is "" or the transaction's ForUpdate.
func plan(ctx context.Context, q db.Querier, a access.Access, lock string) (Plan, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+unitColumns+` FROM records_unit u WHERE `+a.In("u.authority_id", &p)+` ORDER BY u.code`+lock, p...)
	units, err := db.All(rows, err, func(r db.Scanner) (u Unit, err error) {
		var from, until int64
		err = r.Scan(unitFields(&u, &from, &until)...)
		u.ValidFrom, u.ValidUntil = db.Time(from), db.Time(until)
		return u, err
	})
	if err != nil {
		return nil, err
	}
	return Plan(units).withServices(ctx, q, a)
}

// withServices adds what is routed to the units.
func (p Plan) withServices(ctx context.Context, q db.Querier, a access.Access) (Plan, error) {
	p.sort()
	index := p.index()
	var args db.Params
	rows, err := q.Query(ctx, `SELECT r.unit, r.leika_key, r.org_id, coalesce(o.code, ''), coalesce(o.name, '') FROM records_routing r
		LEFT JOIN records_org o ON o.id = r.org_id AND o.authority_id = r.authority_id WHERE `+a.In("r.authority_id", &args)+` ORDER BY r.leika_key`, args...)
	_, err = db.All(rows, err, func(r db.Scanner) (s Service, err error) {
		var unit string
		err = r.Scan(&unit, &s.Key, &s.Lead, &s.LeadCode, &s.LeadName)
		if i, ok := index[unit]; ok && err == nil {
			p[i].Services = append(p[i].Services, s)
		}
		return s, err
	})
	return p, err
}

// counted is plan with the number of files that the caller may read, by the codes of the units: one query for both. Most
// files are open to the whole authority and have no rule: for those, which are many, the predicate is not asked.
func counted(ctx context.Context, q db.Querier, a access.Access, authority string) (Plan, map[string][2]int, error) {
	var p db.Params
	files := map[string][2]int{}
	rows, err := q.Query(ctx, `SELECT `+unitColumns+`, coalesce(n.open, 0), coalesce(n.closed, 0) FROM records_unit u LEFT JOIN (
			SELECT f.unit AS unit, sum(CASE WHEN f.closed_at = 0 THEN 1 ELSE 0 END) AS open, sum(CASE WHEN f.closed_at > 0 THEN 1 ELSE 0 END) AS closed
			FROM records_file f WHERE f.authority_id = `+p.Add(authority)+` AND (f.level = 0 AND f.readers = ''
				AND f.id NOT IN (SELECT g.file_id FROM records_grant g WHERE g.authority_id = `+p.Add(authority)+`) AND `+a.In("f.authority_id", &p)+`
				OR `+a.Reads("f", &p)+`) GROUP BY f.unit) n ON n.unit = u.code
		WHERE `+a.In("u.authority_id", &p)+` AND u.authority_id = `+p.Add(authority), p...)
	units, err := db.All(rows, err, func(r db.Scanner) (u Unit, err error) {
		var from, until int64
		var open, closed int
		err = r.Scan(append(unitFields(&u, &from, &until), &open, &closed)...)
		u.ValidFrom, u.ValidUntil = db.Time(from), db.Time(until)
		files[u.Code] = [2]int{open, closed}
		return u, err
	})
	if err != nil {
		return nil, nil, err
	}
	pl, err := Plan(units).withServices(ctx, q, access.At(authority))
	return pl, files, err
}

// closedFiles counts the closed files of the units with these codes: all of them, whoever may read them.
func closedFiles(ctx context.Context, q db.Querier, a access.Access, codes []string) (map[string]int, error) {
	out := map[string]int{}
	for part := range slices.Chunk(codes, 200) {
		var p db.Params
		where := a.In("authority_id", &p)
		rows, err := q.Query(ctx, `SELECT unit, count(*) FROM records_file WHERE `+where+` AND closed_at > 0 AND unit IN `+p.List(part)+` GROUP BY unit`, p...)
		if _, err := db.All(rows, err, func(r db.Scanner) (code string, err error) {
			var n int
			err = r.Scan(&code, &n)
			out[code] = n
			return code, err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// orgs lists the organisational units that may lead files.
func orgs(ctx context.Context, q db.Querier, a access.Access) ([]org, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, code, name FROM records_org WHERE `+a.In("authority_id", &p)+` AND ended_at = 0 ORDER BY code`, p...)
	return db.All(rows, err, func(r db.Scanner) (o org, err error) { return o, r.Scan(&o.id, &o.code, &o.name) })
}

// putUnits stores units of the authority as they are now, 50 a statement.
func putUnits(ctx context.Context, tx *db.Tx, a access.Access, authority string, units []Unit) error {
	if err := a.Own(authority); err != nil {
		return err
	}
	for part := range slices.Chunk(units, 50) {
		var p db.Params
		rows := make([]string, len(part))
		for i, u := range part {
			rows[i] = "(" + strings.Join([]string{p.Add(authority), p.Add(u.Code), p.Add(u.Title), p.Add(u.Parent), p.Add(u.RetentionYears),
				p.Add(u.TransferYears), p.Add(string(u.Appraisal)), p.Add(db.Micros(u.ValidFrom)), p.Add(db.Micros(u.ValidUntil)), p.Add(u.Note)}, ", ") + ")"
		}
		if _, err := tx.Exec(ctx, `INSERT INTO records_unit (authority_id, code, title, parent, retention_years, transfer_years, appraisal, valid_from,
			valid_until, note) VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (authority_id, code) DO UPDATE SET title = excluded.title,
			parent = excluded.parent, retention_years = excluded.retention_years, transfer_years = excluded.transfer_years,
			appraisal = excluded.appraisal, valid_from = excluded.valid_from, valid_until = excluded.valid_until, note = excluded.note`, p...); err != nil {
			return err
		}
	}
	return nil
}

// putRoute routes a service to a unit.
func putRoute(ctx context.Context, tx *db.Tx, a access.Access, authority, unit string, s Service) error {
	if err := a.Own(authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_routing (authority_id, leika_key, unit, org_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (authority_id, leika_key) DO UPDATE SET unit = excluded.unit, org_id = excluded.org_id`, authority, s.Key, unit, s.Lead)
	return err
}

// dropRoute has the service go where any service goes. That one is never dropped.
func dropRoute(ctx context.Context, tx *db.Tx, a access.Access, key string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `DELETE FROM records_routing WHERE `+a.In("authority_id", &p)+` AND leika_key = `+p.Add(key)+
		` AND leika_key <> `+p.Add(AnyService), p...)
	return err
}

// --- what was taken over ---

// Taken is something that was taken over into a plan.
type Taken struct {
	ID, Authority         string
	Source                string // "table", "municipal", "ministry", or the number of an xdomea message
	Name                  string // of the file
	Process               string // of an xdomea message
	Units                 []string
	Added, Changed, Ended int
	By                    string
	At                    time.Time
}

const importColumns = `id, authority_id, source, name, process_id, units, added, changed, ended, imported_by, imported_at`

func scanTaken(r db.Scanner) (t Taken, err error) {
	var at int64
	var units string
	if err = r.Scan(&t.ID, &t.Authority, &t.Source, &t.Name, &t.Process, &units, &t.Added, &t.Changed, &t.Ended, &t.By, &at); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = errs.E(errs.NotFound, "records.error.not_found")
		}
		return t, err
	}
	t.At = db.Time(at)
	return t, json.Unmarshal([]byte(units), &t.Units)
}

func taken(ctx context.Context, q db.Querier, a access.Access, id string) (Taken, error) {
	var p db.Params
	return scanTaken(q.QueryRow(ctx, `SELECT `+importColumns+` FROM plan_import WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id), p...))
}

// takenBefore lists what was taken over last.
func takenBefore(ctx context.Context, q db.Querier, a access.Access, most int) ([]Taken, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+importColumns+` FROM plan_import WHERE `+a.In("authority_id", &p)+
		` ORDER BY imported_at DESC, id DESC LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanTaken)
}

func insertTaken(ctx context.Context, tx *db.Tx, a access.Access, t Taken) error {
	if err := a.Own(t.Authority); err != nil {
		return err
	}
	units, err := json.Marshal(t.Units)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO plan_import (`+importColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		t.ID, t.Authority, t.Source, t.Name, t.Process, string(units), t.Added, t.Changed, t.Ended, t.By, db.Micros(t.At))
	return err
}
