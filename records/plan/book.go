package plan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// book writes what changes in plans, with the log. Its callers have authorised it.
type book struct {
	audit *audit.Log
	now   func() time.Time
}

// UnitObject is how the log calls a unit of an authority's plan.
func UnitObject(authority, code string) string { return "unit:" + authority + "/" + code }

// Unconfirmed is the inner error of a change that concerns closed files and was not confirmed with their number.
type Unconfirmed struct{ Changes []Change }

// Error is for logs and tests.
func (u *Unconfirmed) Error() string { return fmt.Sprintf("%d units not confirmed", len(u.Changes)) }

// outcome is a plan with a table merged into it.
type outcome struct {
	old, new Plan
	changes  []Change
}

// files is how many closed files are concerned.
func (o outcome) files() (n int) {
	for _, c := range o.changes {
		n += c.Files
	}
	return n
}

// try merges the table into the plan of the one authority in the scope, without storing anything.
func (b book) try(ctx context.Context, q db.Querier, a access.Access, lock string, t table, h how) (o outcome, err error) {
	if o.old, err = plan(ctx, q, a, lock); err != nil {
		return o, err
	}
	if h.orgs, err = orgs(ctx, q, a); err != nil {
		return o, err
	}
	h.now = b.now()
	merged, wrong := o.old.merge(t, h)
	if err := faulty(t.named(wrong)...); err != nil {
		return o, err
	}
	o.new, o.changes = merged, merged.changes(o.old)
	var codes []string
	for _, c := range o.changes {
		if c.rules() {
			codes = append(codes, c.Unit.Code)
		}
	}
	closed, err := closedFiles(ctx, q, a, codes)
	for i, c := range o.changes {
		if c.rules() {
			o.changes[i].Files = closed[c.Unit.Code]
		}
	}
	return o, err
}

// store writes the changes and their log.
func (b book) store(ctx context.Context, tx *db.Tx, a access.Access, authority string, o outcome) error {
	units := make([]Unit, len(o.changes))
	for i, c := range o.changes {
		units[i] = c.Unit
	}
	if err := putUnits(ctx, tx, a, authority, units); err != nil {
		return err
	}
	if err := b.storeRoutes(ctx, tx, a, authority, o); err != nil {
		return err
	}
	for _, c := range o.changes {
		fields := map[string]any{}
		for _, f := range c.Fields {
			if c.Kind == Added {
				fields[f.Column] = f.New
			} else {
				fields[f.Column] = map[string]string{"old": f.Old, "new": f.New}
			}
		}
		if c.Files > 0 {
			fields["closed_files"] = c.Files
		}
		if err := b.audit.Append(ctx, tx, audit.Entry{Action: unitAction[c.Kind], Authority: authority,
			Object: UnitObject(authority, c.Unit.Code), Changes: fields}); err != nil {
			return err
		}
	}
	return nil
}

// unitAction is what the log calls a change of a unit.
var unitAction = map[Kind]string{Added: "plan.unit_added", Changed: "plan.unit_changed", Ended: "plan.unit_ended"}

type target struct {
	unit string
	Service
}

func (p Plan) routes() map[string]target {
	out := map[string]target{}
	for _, u := range p {
		for _, s := range u.Services {
			out[s.Key] = target{u.Code, s}
		}
	}
	return out
}

func (b book) storeRoutes(ctx context.Context, tx *db.Tx, a access.Access, authority string, o outcome) error {
	before, after := o.old.routes(), o.new.routes()
	for key, to := range after {
		if from, ok := before[key]; !ok || from != to {
			if err := putRoute(ctx, tx, a, authority, to.unit, to.Service); err != nil {
				return err
			}
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			if err := dropRoute(ctx, tx, a, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// asProblems are the problems inside an error.
func asProblems(err error) problems {
	var p problems
	errors.As(err, &p)
	return p
}

// inForm turns the problems of a table of one row into those of a form's fields.
func inForm(err error) error {
	var fields []errs.Field
	for _, p := range asProblems(err) {
		fields = append(fields, errs.Field{Name: p.Column, Key: p.Key, Args: p.Args})
	}
	if len(fields) > 0 {
		return errs.InvalidFields(fields)
	}
	return err
}
