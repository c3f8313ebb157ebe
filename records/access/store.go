package access

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// seat is a unit that a person belongs to: their own (own), one above it, or one below it that they head.
type seat struct {
	unit       string
	role       Role
	own, below bool
}

func seats(ctx context.Context, q db.Querier, s identity.Scope, subject string) ([]seat, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT o.id, m.role, o.id = h.id, substr(o.path, 1, length(h.path)) = h.path FROM records_member m
		JOIN records_org h ON h.id = m.org_id
		JOIN records_org o ON o.authority_id = h.authority_id AND (substr(h.path, 1, length(o.path)) = o.path
			OR m.role = 'head' AND substr(o.path, 1, length(h.path)) = h.path)
		WHERE m.subject = `+p.Add(subject)+` AND `+s.In("m.authority_id", &p), p...)
	return db.All(rows, err, func(r db.Scanner) (x seat, err error) {
		err = r.Scan(&x.unit, &x.role, &x.own, &x.below)
		return x, err
	})
}

func clearances(ctx context.Context, q db.Querier, s identity.Scope, subject string) ([]clearance, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT authority_id, level FROM records_clearance WHERE subject = `+p.Add(subject)+` AND `+
		s.In("authority_id", &p), p...)
	return db.All(rows, err, func(r db.Scanner) (c clearance, err error) {
		err = r.Scan(&c.authority, &c.level)
		return c, err
	})
}

// Put sets the rule of the file for its holder. The caller of Put has been authorised, and writes the log.
func Put(ctx context.Context, tx *db.Tx, a Access, g Grant) error {
	if err := a.Own(g.Authority); err != nil {
		return err
	}
	if err := g.check(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_grant (authority_id, file_id, holder, may, weight, reason, granted_by, granted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (file_id, holder) DO UPDATE SET may = excluded.may,
		weight = excluded.weight, reason = excluded.reason, granted_by = excluded.granted_by, granted_at = excluded.granted_at`,
		g.Authority, g.File, g.Holder, int64(g.May), g.weight(), g.Reason, g.By, db.Micros(g.At))
	return err
}

// Drop removes the rule of the file for the holder and reports whether there was one.
func Drop(ctx context.Context, tx *db.Tx, a Access, file, holder string) (bool, error) {
	var p db.Params
	return db.Changed(tx.Exec(ctx, `DELETE FROM records_grant WHERE `+a.In("authority_id", &p)+` AND file_id = `+p.Add(file)+
		` AND holder = `+p.Add(holder), p...))
}

// Grants lists the rules of the file, the nearest first.
func Grants(ctx context.Context, q db.Querier, a Access, file string) ([]Grant, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT authority_id, file_id, holder, may, reason, granted_by, granted_at FROM records_grant WHERE `+
		a.In("authority_id", &p)+` AND file_id = `+p.Add(file)+` ORDER BY weight DESC, holder`, p...)
	return db.All(rows, err, scanGrant)
}
