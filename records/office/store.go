package office

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// --- units ---

const unitColumns = `id, authority_id, code, name, parent, path, ended_at`

func scanUnit(r db.Scanner) (u Unit, err error) {
	var ended int64
	err = r.Scan(&u.ID, &u.Authority, &u.Code, &u.Name, &u.Parent, &u.Path, &ended)
	u.EndedAt = db.Time(ended)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E(errs.NotFound, "records.error.not_found")
	}
	return u, err
}

func unit(ctx context.Context, q db.Querier, a access.Access, id string) (Unit, error) {
	var p db.Params
	return scanUnit(q.QueryRow(ctx, `SELECT `+unitColumns+` FROM records_org WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id), p...))
}

// units lists the units that have not ended with their members, each after the one above it, in the order of codes.
func units(ctx context.Context, q db.Querier, a access.Access) ([]Unit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+unitColumns+` FROM records_org WHERE `+a.In("authority_id", &p)+` AND ended_at = 0 ORDER BY code`, p...)
	flat, err := db.All(rows, err, scanUnit)
	if err != nil {
		return nil, err
	}
	p = nil
	rows, err = q.Query(ctx, `SELECT org_id, subject, name, role FROM records_member WHERE `+a.In("authority_id", &p)+` ORDER BY role, name, subject`, p...)
	members, err := db.All(rows, err, func(r db.Scanner) (m Member, err error) {
		err = r.Scan(&m.Unit, &m.Subject, &m.Name, &m.Role)
		return m, err
	})
	if err != nil {
		return nil, err
	}
	in := map[string][]Member{}
	for _, m := range members {
		in[m.Unit] = append(in[m.Unit], m)
	}
	below := map[string][]Unit{}
	for _, u := range flat {
		u.Members = in[u.ID]
		below[u.Parent] = append(below[u.Parent], u)
	}
	var out []Unit
	var walk func(parent string)
	walk = func(parent string) {
		for _, u := range below[parent] {
			out = append(out, u)
			walk(u.ID)
		}
	}
	walk("")
	return out, nil
}

func codeTaken(ctx context.Context, tx *db.Tx, a access.Access, u Unit) (bool, error) {
	var p db.Params
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM records_org WHERE `+a.In("authority_id", &p)+` AND code = `+p.Add(u.Code)+` AND id <> `+p.Add(u.ID), p...).Scan(&n)
	return n > 0, err
}

func putUnit(ctx context.Context, tx *db.Tx, a access.Access, u Unit) error {
	if err := a.Own(u.Authority); err != nil {
		return err
	}
	ok, err := db.Changed(tx.Exec(ctx, `INSERT INTO records_org (`+unitColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 0)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, parent = excluded.parent, path = excluded.path
		WHERE records_org.authority_id = excluded.authority_id`, u.ID, u.Authority, u.Code, u.Name, u.Parent, u.Path))
	if err == nil && !ok {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

// movePaths gives what stands below a moved unit its new path.
func movePaths(ctx context.Context, tx *db.Tx, a access.Access, from, to string) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE records_org SET path = `+p.Add(to)+` || substr(path, `+p.Add(len(from)+1)+`) WHERE `+a.In("authority_id", &p)+
		` AND substr(path, 1, `+p.Add(len(from))+`) = `+p.Add(from), p...)
	return err
}

// endUnit ends a unit with nothing in it or below it, and reports whether it did.
func endUnit(ctx context.Context, tx *db.Tx, a access.Access, id string, at time.Time) (bool, error) {
	var p db.Params
	return db.Changed(tx.Exec(ctx, `UPDATE records_org SET ended_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id)+
		` AND NOT EXISTS (SELECT 1 FROM records_org o WHERE o.parent = records_org.id AND o.ended_at = 0)
		AND NOT EXISTS (SELECT 1 FROM records_member m WHERE m.org_id = records_org.id)`, p...))
}

func putMember(ctx context.Context, tx *db.Tx, a access.Access, authority string, m Member) (bool, error) {
	if err := a.Own(authority); err != nil {
		return false, err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org_id, subject, role) DO UPDATE SET name = excluded.name WHERE records_member.name <> excluded.name`,
		m.Unit, m.Subject, string(m.Role), authority, m.Name))
}

func dropMember(ctx context.Context, tx *db.Tx, a access.Access, m Member) (bool, error) {
	var p db.Params
	return db.Changed(tx.Exec(ctx, `DELETE FROM records_member WHERE `+a.In("authority_id", &p)+` AND org_id = `+p.Add(m.Unit)+
		` AND subject = `+p.Add(m.Subject)+` AND role = `+p.Add(string(m.Role)), p...))
}

// --- clearances ---

func clearances(ctx context.Context, q db.Querier, a access.Access) ([]Clearance, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT subject, name, level FROM records_clearance WHERE `+a.In("authority_id", &p)+` AND level > 0 ORDER BY name, subject`, p...)
	return db.All(rows, err, func(r db.Scanner) (c Clearance, err error) {
		err = r.Scan(&c.Subject, &c.Name, &c.Level)
		return c, err
	})
}

func putClearance(ctx context.Context, tx *db.Tx, a access.Access, authority string, c Clearance) error {
	if err := a.Own(authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, $3, $4)
		ON CONFLICT (authority_id, subject) DO UPDATE SET name = excluded.name, level = excluded.level`, authority, c.Subject, c.Name, int64(c.Level))
	return err
}

// --- settings ---

func pattern(ctx context.Context, q db.Querier, a access.Access) (string, error) {
	var p db.Params
	var out string
	err := q.QueryRow(ctx, `SELECT reference_pattern FROM records_setting WHERE `+a.In("authority_id", &p), p...).Scan(&out)
	if errors.Is(err, sql.ErrNoRows) {
		return records.DefaultPattern, nil
	}
	return out, err
}

func putPattern(ctx context.Context, tx *db.Tx, a access.Access, authority, pattern string) error {
	if err := a.Own(authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_setting (authority_id, reference_pattern) VALUES ($1, $2)
		ON CONFLICT (authority_id) DO UPDATE SET reference_pattern = excluded.reference_pattern`, authority, pattern)
	return err
}

func types(ctx context.Context, q db.Querier, a access.Access) ([]Type, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, authority_id, name, fields, (SELECT count(*) FROM records_file f WHERE f.authority_id = t.authority_id
		AND f.type_id = t.id) FROM records_file_type t WHERE `+a.In("t.authority_id", &p)+` ORDER BY name`, p...)
	return db.All(rows, err, func(r db.Scanner) (t Type, err error) {
		var fields string
		if err := r.Scan(&t.ID, &t.Authority, &t.Name, &fields, &t.Files); err != nil {
			return t, err
		}
		return t, json.Unmarshal([]byte(fields), &t.Fields)
	})
}

func putType(ctx context.Context, tx *db.Tx, a access.Access, t records.FileType) error {
	if err := a.Own(t.Authority); err != nil {
		return err
	}
	fields, err := json.Marshal(t.Fields)
	if err != nil {
		return err
	}
	ok, err := db.Changed(tx.Exec(ctx, `INSERT INTO records_file_type (id, authority_id, name, fields) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, fields = excluded.fields WHERE records_file_type.authority_id = excluded.authority_id`,
		t.ID, t.Authority, t.Name, string(fields)))
	if err == nil && !ok {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}
