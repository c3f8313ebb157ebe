package finder

import (
	"context"
	"database/sql"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

// LocalAssignment is what a service is like in one area, against the rule for all: not offered there, done by another
// office, or with an office more to turn to. It holds for the areas inside, unless they have their own.
type LocalAssignment struct {
	Service string // LeiKa key
	Area    string // ARS
	Role    Role
	Office  string // authority id; "" with NotOffered
	Law     string
	Note    string // for editors
}

// localRef finds a local assignment.
type localRef struct {
	service, area string
	role          Role
}

// PutLocal says what a service is like in an area. errs.NotFound for a service, area or office that does not exist,
// errs.Invalid for a role that has none.
func PutLocal(ctx context.Context, tx *db.Tx, l LocalAssignment) error {
	switch l.Role {
	case Responsible, Receives, ContactPoint, SinglePoint:
		if err := exists(ctx, tx, `SELECT count(*) FROM finder_authority WHERE id = $1`, l.Office, "finder.authority_unknown"); err != nil {
			return err
		}
	case NotOffered:
		l.Office = ""
	default:
		return errs.E(errs.Invalid, "finder.role_unknown")
	}
	if err := exists(ctx, tx, `SELECT count(*) FROM finder_service WHERE key = $1`, l.Service, "finder.service_unknown"); err != nil {
		return err
	}
	if err := exists(ctx, tx, `SELECT count(*) FROM finder_area WHERE ars = $1`, l.Area, "finder.place_unknown"); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO finder_local_assignment (service_key, area, role, office, law, note) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (service_key, area, role) DO UPDATE SET office = excluded.office, law = excluded.law, note = excluded.note`,
		l.Service, l.Area, string(l.Role), l.Office, l.Law, l.Note); err != nil {
		return err
	}
	return bumpVersion(ctx, tx)
}

// DropLocal takes a local assignment away: the rule for all holds again.
func DropLocal(ctx context.Context, tx *db.Tx, service, area string, role Role) error {
	if _, err := tx.Exec(ctx, `DELETE FROM finder_local_assignment WHERE service_key = $1 AND area = $2 AND role = $3`, service, area, string(role)); err != nil {
		return err
	}
	return bumpVersion(ctx, tx)
}

func exists(ctx context.Context, q db.Querier, statement, value, key string) error {
	var n int64
	if err := q.QueryRow(ctx, statement, value).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return errs.E(errs.NotFound, key)
	}
	return nil
}

func readLocal(ctx context.Context, q db.Querier) ([]LocalAssignment, error) {
	return query(ctx, q, func(r *sql.Rows, l *LocalAssignment) error {
		return r.Scan(&l.Service, &l.Area, &l.Role, &l.Office, &l.Law, &l.Note)
	}, `SELECT service_key, area, role, office, law, note FROM finder_local_assignment ORDER BY service_key, area, role`)
}

// readOpened reads how often services were opened in the last days that the table knows.
func readOpened(ctx context.Context, q db.Querier) (map[string]float32, error) {
	type row struct {
		key string
		n   int64
	}
	rows, err := query(ctx, q, func(r *sql.Rows, v *row) error { return r.Scan(&v.key, &v.n) },
		`SELECT service_key, sum(opened) FROM finder_popularity
			WHERE day > (SELECT coalesce(max(day), 0) FROM finder_popularity) - 28 GROUP BY service_key`)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64, len(rows))
	for _, r := range rows {
		counts[r.key] = r.n
	}
	return shares(counts), nil
}

// local is the nearest local assignment of the service above the place, itself included.
func (c *Catalog) local(service string, place *Area, role Role) (LocalAssignment, bool) {
	if len(c.locals) == 0 {
		return LocalAssignment{}, false
	}
	for range 5 { // Gemeinde, Verwaltungsgemeinschaft, Kreis, Land, Bund
		if place == nil {
			break
		}
		if l, ok := c.locals[localRef{service, place.ARS, role}]; ok {
			return l, true
		}
		place = c.areas[place.Parent]
	}
	return LocalAssignment{}, false
}

// here changes what the rule says into what holds at the place.
func (c *Catalog) here(service string, place *Area, rule Responsibility) Responsibility {
	if place == nil || len(c.locals) == 0 {
		return rule
	}
	if l, ok := c.local(service, place, NotOffered); ok {
		office := c.generalOffice(place)
		return Responsibility{NotOffered: true, Responsible: office, Processor: office, Law: l.Law,
			Reason: Text{"finder.reason.not_offered", []any{c.areas[l.Area].ShortName}}}
	}
	out := rule
	if l, ok := c.local(service, place, Responsible); ok {
		office := c.authorities[l.Office]
		out = Responsibility{Known: true, Level: rule.Level, Responsible: office, Processor: office, Receives: rule.Receives, Law: l.Law,
			Reason: Text{"finder.reason.done_by", []any{c.areas[l.Area].ShortName, office.Name}}}
	}
	for role, to := range map[Role]**Authority{Receives: &out.Receives, ContactPoint: &out.Contact, SinglePoint: &out.SinglePoint} {
		if l, ok := c.local(service, place, role); ok {
			office := c.authorities[l.Office]
			*to = &office
		}
	}
	return out
}
