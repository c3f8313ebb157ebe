package plan

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
	"rennsteig/standards/leika"
)

// Edit is a unit as a registrar fills it in.
type Edit struct {
	Authority string
	Code      string            // of the unit to change; "" makes a new one
	Seen      string            // digest of the unit that the form was made from
	Values    map[string]string // by column: title, parent, retention_years …; code for a new unit
	Files     int               // closed files that the registrar was told it concerns
}

// Put makes a unit, or changes, moves or ends it. Sent twice it does its work once. errs.Conflict with *Unconfirmed inside if
// it concerns closed files whose number was not confirmed.
func (r *Room) Put(ctx context.Context, e Edit) error {
	values := map[string]string{}
	for _, c := range []string{colTitle, colParent, colRetention, colAppraisal, colTransfer, colFrom, colUntil, colNote} {
		if v, ok := e.Values[c]; ok {
			values[c] = v
		}
	}
	if values[colCode] = e.Code; e.Code == "" {
		values[colCode] = oneLine(e.Values[colCode])
	}
	return r.set(ctx, e.Authority, func(ctx context.Context, tx *db.Tx) error {
		a := access.At(e.Authority)
		o, err := r.book.try(ctx, tx, a, tx.ForUpdate(), tableOf(values), how{})
		if err != nil {
			if _, known := o.old.unit(e.Code); e.Code != "" && !known {
				return errs.E(errs.NotFound, "records.error.not_found")
			}
			return inForm(err)
		}
		old, known := o.old.unit(values[colCode])
		switch {
		case e.Code != "" && !known:
			return errs.E(errs.NotFound, "records.error.not_found")
		case len(o.changes) == 0: // the form was sent twice
			return nil
		case e.Code == "" && known:
			return errs.InvalidFields([]errs.Field{{Name: colCode, Key: "plan.error.taken", Args: []any{old.Code}}})
		case known && old.digest() != e.Seen:
			return errs.E(errs.Conflict, "plan.error.changed")
		case o.files() > 0 && o.files() != e.Files:
			return errs.E(errs.Conflict, "plan.error.confirm", &Unconfirmed{o.changes})
		}
		return r.book.store(ctx, tx, a, e.Authority, o)
	})
}

// Routing is where the files of a service go.
type Routing struct {
	Authority string
	Key       string // LeiKa key, or AnyService
	Unit      string // code
	Lead      string // id of the organisational unit that leads the files; "" is none
	Seen      string // code of the unit from which the caller knows to take it; "" is none of its own
}

// Route says where the files of a service go and who leads them: those that applications open from now on. Sent twice it
// does its work once.
func (r *Room) Route(ctx context.Context, s Routing) error {
	s.Key, s.Unit = oneLine(s.Key), oneLine(s.Unit)
	return r.reroute(ctx, s, func(ctx context.Context, tx *db.Tx, old Plan) (Plan, error) {
		unit, ok := old.unit(s.Unit)
		was := old.routes()[s.Key]
		if ok && was.unit == s.Unit && was.Lead == s.Lead {
			return old, nil
		}
		known, err := orgs(ctx, tx, access.At(s.Authority))
		if err != nil {
			return nil, err
		}
		var lead org
		for _, o := range known {
			if o.id == s.Lead {
				lead = o
			}
		}
		var wrong []errs.Field
		if _, err := leika.Parse(s.Key); err != nil && s.Key != AnyService {
			wrong = append(wrong, errs.Field{Name: "key", Key: "plan.error.leika", Args: []any{s.Key}})
		}
		if !ok || unit.Ended(r.h.Now()) {
			wrong = append(wrong, errs.Field{Name: "unit", Key: "plan.error.unit"})
		}
		if lead.id != s.Lead {
			wrong = append(wrong, errs.Field{Name: "lead", Key: "plan.error.choice"})
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return nil, err
		}
		if was.unit != s.Seen {
			return nil, errs.E(errs.Conflict, "plan.error.routed_elsewhere", r.core.ServiceName(s.Key), was.unit)
		}
		return old.routed(s.Key, s.Unit, lead), nil
	})
}

// Unroute has the files of a service go where any service goes. That one cannot be without a unit.
func (r *Room) Unroute(ctx context.Context, s Routing) error {
	return r.reroute(ctx, s, func(_ context.Context, _ *db.Tx, old Plan) (Plan, error) {
		switch was := old.routes()[s.Key]; {
		case was.unit == "":
			return old, nil
		case s.Key == AnyService:
			return nil, errs.E(errs.Conflict, "plan.error.any")
		case was.unit != s.Seen:
			return nil, errs.E(errs.Conflict, "plan.error.changed")
		}
		return old.routed(s.Key, "", org{}), nil
	})
}

func (r *Room) reroute(ctx context.Context, s Routing, next func(ctx context.Context, tx *db.Tx, old Plan) (Plan, error)) error {
	return r.set(ctx, s.Authority, func(ctx context.Context, tx *db.Tx) error {
		a := access.At(s.Authority)
		old, err := plan(ctx, tx, a, tx.ForUpdate())
		if err != nil {
			return err
		}
		changed, err := next(ctx, tx, old)
		if err != nil {
			return err
		}
		return r.book.store(ctx, tx, a, s.Authority, outcome{old: old, new: changed, changes: changed.changes(old)})
	})
}

// routed is the plan with the service routed to the unit only.
func (p Plan) routed(key, code string, lead org) Plan {
	out := make(Plan, len(p))
	for i, u := range p {
		var services []Service
		for _, s := range u.Services {
			if s.Key != key {
				services = append(services, s)
			}
		}
		if u.Code == code {
			services = append(services, Service{Key: key, Lead: lead.id, LeadCode: lead.code, LeadName: lead.name})
		}
		u.Services = sorted(services)
		out[i] = u
	}
	return out
}
