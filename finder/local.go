package finder

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/german"
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

// PutLocal says what a service is like in an area, and notes it in the log. errs.NotFound for a service, area or office
// that does not exist, errs.Invalid for a role that has none.
func PutLocal(ctx context.Context, tx *db.Tx, log *audit.Log, l LocalAssignment) error {
	switch {
	case l.Role == NotOffered:
		l.Office = ""
	case slices.Contains(LocalRoles, l.Role):
		if err := exists(ctx, tx, `SELECT (SELECT count(*) FROM finder_authority WHERE id = $1) + (SELECT count(*) FROM finder_import_authority WHERE id = $1)`,
			l.Office, "finder.authority_unknown"); err != nil {
			return err
		}
	default:
		return errs.E(errs.Invalid, "finder.role_unknown")
	}
	if err := exists(ctx, tx, `SELECT (SELECT count(*) FROM finder_service WHERE key = $1) + (SELECT count(*) FROM finder_import_service WHERE key = $1)`,
		l.Service, "finder.service_unknown"); err != nil {
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
	return noteLocal(ctx, tx, log, "finder.local_assigned", l)
}

// DropLocal takes a local assignment away: the rule for all holds again. errs.NotFound where there is none.
func DropLocal(ctx context.Context, tx *db.Tx, log *audit.Log, service, area string, role Role) error {
	l, ok, err := LocalIn(ctx, tx, service, area, role)
	if err != nil {
		return err
	}
	if !ok {
		return errs.E(errs.NotFound, "finder.local_unknown")
	}
	if _, err := tx.Exec(ctx, `DELETE FROM finder_local_assignment WHERE service_key = $1 AND area = $2 AND role = $3`, service, area, string(role)); err != nil {
		return err
	}
	return noteLocal(ctx, tx, log, "finder.local_removed", l)
}

func noteLocal(ctx context.Context, tx *db.Tx, log *audit.Log, action string, l LocalAssignment) error {
	if err := bumpVersion(ctx, tx); err != nil {
		return err
	}
	return log.Append(ctx, tx, audit.Entry{Action: action, Authority: l.Area, Object: "local:" + l.Service + ":" + l.Area + ":" + string(l.Role),
		Changes: map[string]any{"service": l.Service, "area": l.Area, "role": string(l.Role), "office": l.Office, "law": l.Law, "note": l.Note}})
}

// LocalIn reads a local assignment; ok is false if there is none.
func LocalIn(ctx context.Context, tx *db.Tx, service, area string, role Role) (l LocalAssignment, ok bool, err error) {
	err = tx.QueryRow(ctx, `SELECT service_key, area, role, office, law, note FROM finder_local_assignment WHERE service_key = $1 AND area = $2 AND role = $3`,
		service, area, string(role)).Scan(&l.Service, &l.Area, &l.Role, &l.Office, &l.Law, &l.Note)
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	return l, err == nil, err
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
			Reason: Text{"finder.reason.not_offered", []any{c.areas[l.Area].label()}}}
	}
	out := rule
	if l, ok := c.local(service, place, Responsible); ok {
		office := c.authorities[l.Office]
		out = Responsibility{Known: true, Level: rule.Level, Responsible: office, Processor: office, Receives: rule.Receives, Law: l.Law,
			Reason: Text{"finder.reason.local", []any{c.areas[l.Area].label(), office.Name}}}
	}
	if l, ok := c.local(service, place, DoneBy); ok {
		office := c.authorities[l.Office]
		if !out.Known {
			out = Responsibility{Known: true, Level: rule.Level, Responsible: office}
		}
		out.Processor, out.Unit, out.Reason = office, nil, Text{"finder.reason.done_by", []any{c.areas[l.Area].label(), office.Name}}
		if l.Law != "" {
			out.Law = l.Law
		}
	}
	for role, to := range map[Role]**Authority{Receives: &out.Receives, ContactPoint: &out.Contact, SinglePoint: &out.SinglePoint} {
		if l, ok := c.local(service, place, role); ok {
			office := c.authorities[l.Office]
			*to = &office
		}
	}
	return out
}

// Locals lists the local assignments of a service, by area and role.
func (c *Catalog) Locals(service string) []LocalAssignment {
	var out []LocalAssignment
	for _, l := range c.locals {
		if l.Service == service {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, compareLocals)
	return out
}

// LocalsIn lists the local assignments of the areas, by service.
func (c *Catalog) LocalsIn(has func(area string) bool) []LocalAssignment {
	var out []LocalAssignment
	for _, l := range c.locals {
		if has(l.Area) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, compareLocals)
	return out
}

func compareLocals(a, b LocalAssignment) int {
	return strings.Compare(a.Service+a.Area+string(a.Role), b.Service+b.Area+string(b.Role))
}

// With is the catalogue as it would be with a local assignment, in the place of the one of the same role there.
func (c *Catalog) With(l LocalAssignment) *Catalog {
	return c.change(func(m map[localRef]LocalAssignment) { m[localRef{l.Service, l.Area, l.Role}] = l })
}

// Without is the catalogue as it would be without a local assignment.
func (c *Catalog) Without(service, area string, role Role) *Catalog {
	return c.change(func(m map[localRef]LocalAssignment) { delete(m, localRef{service, area, role}) })
}

func (c *Catalog) change(f func(map[localRef]LocalAssignment)) *Catalog {
	out := *c
	out.locals = map[localRef]LocalAssignment{}
	maps.Copy(out.locals, c.locals)
	f(out.locals)
	return &out
}

// Rule is Resolve without any local assignment: what the rule for all says.
func (c *Catalog) Rule(leikaKey, area string) (Responsibility, error) {
	out := *c
	out.locals = nil
	return out.Resolve(leikaKey, area)
}

// Municipalities lists the municipalities inside an area, by ARS; the area itself if it is one.
func (c *Catalog) Municipalities(area string) []Area {
	a, ok := c.areas[area]
	if !ok {
		return nil
	}
	found := c.municipalitiesOf(c.current(a))
	out := make([]Area, len(found))
	for i, m := range found {
		out[i] = *m
	}
	return out
}

// Offices lists the authorities that words mean and that fit: the one with this id or very name, else all whose names have
// each word, by id.
func (c *Catalog) Offices(words string, fits func(Authority) bool) []Authority {
	words = strings.TrimSpace(words)
	if a, ok := c.authorities[words]; ok && fits(a) {
		return []Authority{a}
	}
	asked := german.Tokens(german.Fold(words))
	if len(asked) == 0 {
		return nil
	}
	var all, same []Authority
	for _, id := range c.authorityIDs {
		a := c.authorities[id]
		name := strings.Join(german.Tokens(german.Fold(a.Name)), " ")
		if slices.ContainsFunc(asked, func(w string) bool { return !strings.Contains(name, w) }) || !fits(a) {
			continue
		}
		all = append(all, a)
		if name == strings.Join(asked, " ") {
			same = append(same, a)
		}
	}
	if len(same) > 0 {
		return same
	}
	return all
}
