package office

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// Leaving is what lies on the desk of somebody who is to leave a unit.
type Leaving struct {
	Name  string
	Tasks int // open ones
	Cases int // that are not with the files yet
}

// Any reports whether there is something that somebody else would have to do.
func (l Leaving) Any() bool { return l.Tasks > 0 || l.Cases > 0 }

// Leaving says what a member of a unit still has to do at the authority. For registrars.
func (r *Room) Leaving(ctx context.Context, authority string, m Member) (l Leaving, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err == nil {
		err = a.Own(authority)
	}
	if err != nil {
		return l, err
	}
	if !a.Registrar(authority) {
		return l, errs.E(errs.Denied, "office.error.registrar")
	}
	at := access.At(authority)
	if l.Name, l.Cases, err = openCases(ctx, q, at, m); err != nil || r.Tasks == nil {
		return l, err
	}
	l.Tasks, err = r.Tasks(ctx, q, at, access.Person(m.Subject))
	return l, err
}

// openCases are the member's name, and how many cases that are not with the files are theirs; no name for who is no member.
func openCases(ctx context.Context, q db.Querier, a access.Access, m Member) (name string, n int, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT coalesce((SELECT min(name) FROM records_member WHERE `+a.In("authority_id", &p)+` AND org_id = `+p.Add(m.Unit)+
		` AND subject = `+p.Add(m.Subject)+`), ''), (SELECT count(*) FROM records_case WHERE `+a.In("authority_id", &p)+` AND assigned_to = `+p.Add(m.Subject)+
		` AND state <> 'closed')`, p...).Scan(&name, &n)
	return name, n, err
}
