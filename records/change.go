package records

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// CaseDetails are what can be said and changed about a case.
type CaseDetails struct {
	Subject   string
	Applicant string // only of a case that was opened at the desk; an application has its own
	Due       time.Time
	Level     access.Level // not below its file's, nor below that of the case that it is a part of
	Part      string       // id of the part file; that of the case that it is a part of
	Org       string       // id of the unit in whose hands it is; ""
}

// Details are what can be changed about the case.
func (c Case) Details() CaseDetails {
	return CaseDetails{c.Subject, c.Applicant, c.DueAt, c.Level, c.Part, c.Org}
}

func (d CaseDetails) same(o CaseDetails) bool {
	due := d.Due.Equal(o.Due)
	d.Due, o.Due = time.Time{}, time.Time{}
	return due && d == o
}

const maxApplicant = 200 // characters

// check tidies the details and names what is wrong with them.
func (d *CaseDetails) check() error {
	var wrong []errs.Field
	d.Subject, d.Applicant = checkText(&wrong, "subject", OneLine(d.Subject), maxSubject), OneLine(d.Applicant)
	if n := utf8.RuneCountInString(d.Applicant); n > maxApplicant {
		wrong = append(wrong, errs.Field{Name: "applicant", Key: "records.error.long", Args: []any{maxApplicant, n}})
	}
	if y := d.Due.Year(); y < 1990 || y > 2200 {
		wrong = append(wrong, errs.Field{Name: "due", Key: "records.error.day"})
	}
	if !d.Level.Valid() {
		wrong = append(wrong, errs.Field{Name: "level", Key: "records.error.choice"})
	}
	return errs.InvalidFields(wrong)
}

// CaseForm is a case with what can be chosen for it.
type CaseForm struct {
	Case   Case
	File   File
	Parts  []Part
	Orgs   []Org
	People []Person
	Least  access.Level // the case is not less confidential
	Most   access.Level // what the caller is cleared for
	Manage bool         // the caller manages the file
}

// CaseForm reads a case of the caller's authorities with what can be chosen for it. errs.NotFound for any other.
func (r *Room) CaseForm(ctx context.Context, id string) (x CaseForm, err error) {
	d, err := r.Dossier(ctx, id)
	if err != nil {
		return x, err
	}
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return x, err
	}
	at := access.At(d.Case.Authority)
	x = CaseForm{Case: d.Case, File: d.File, Manage: d.Manage}
	if x.Parts, err = r.store.parts(ctx, q, at, d.File.ID); err != nil {
		return x, err
	}
	if x.Orgs, err = r.store.orgs(ctx, q, at); err != nil {
		return x, err
	}
	if x.People, err = r.store.people(ctx, q, at); err != nil {
		return x, err
	}
	if x.Least, err = r.leastLevel(ctx, q, d.Case, d.File); err != nil {
		return x, err
	}
	for x.Most = x.Least; (x.Most + 1).Valid() && a.Cleared(d.Case.Authority, x.Most+1); x.Most++ {
	}
	return x, nil
}

// leastLevel is the level that the case must have: that of its file, and of the case that it is a part of.
func (r *Room) leastLevel(ctx context.Context, q db.Querier, c Case, f File) (access.Level, error) {
	if c.Parent == "" {
		return f.Level, nil
	}
	parent, err := r.store.caseByID(ctx, q, access.At(c.Authority), c.Parent, "")
	return max(f.Level, parent.Level), err
}

// ChangeCase changes what can be said about a case. To make it less confidential is for who manages its file
// (access.Manages).
func (r *Room) ChangeCase(ctx context.Context, id string, version int64, d CaseDetails) error {
	if err := d.check(); err != nil {
		return err
	}
	return r.onCase(ctx, id, version, func(c Case) bool { return c.Details().same(d) }, func(ctx context.Context, tx *db.Tx, a access.Access, c *Case) error {
		f, err := r.store.fileByID(ctx, tx, a, c.FileID)
		if err != nil {
			return err
		}
		if err := r.fitsCase(ctx, tx, a, *c, f, d); err != nil {
			return err
		}
		old := *c
		c.Subject, c.Applicant, c.DueAt, c.Level, c.Part, c.Org = d.Subject, d.Applicant, d.Due, d.Level, d.Part, d.Org
		at := access.At(c.Authority)
		if c.Level > old.Level {
			if err := r.store.raiseSubCases(ctx, tx, at, *c); err != nil {
				return err
			}
		}
		if c.Part != old.Part {
			if err := r.store.partSubCases(ctx, tx, at, *c); err != nil {
				return err
			}
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.case_changed", Authority: c.Authority, Object: object(c.ID),
			Changes: changes(old.Details(), c.Details())})
	})
}

// changes are what the log says of a change: before and after of what has changed; of texts the digests.
func changes(old, now CaseDetails) map[string]any {
	out := map[string]any{}
	put := func(name string, before, after any) {
		if before != after {
			out[name] = []any{before, after}
		}
	}
	put("subject_sha256", Digest(old.Subject), Digest(now.Subject))
	put("applicant_sha256", Digest(old.Applicant), Digest(now.Applicant))
	put("due", i18n.ISODate(old.Due), i18n.ISODate(now.Due))
	put("level", int64(old.Level), int64(now.Level))
	put("part", old.Part, now.Part)
	put("org", old.Org, now.Org)
	return out
}

// fitsCase checks what the details name, against the case as it is.
func (r *Room) fitsCase(ctx context.Context, tx *db.Tx, a access.Access, c Case, f File, d CaseDetails) error {
	var wrong []errs.Field
	bad := func(name, key string) { wrong = append(wrong, errs.Field{Name: name, Key: key}) }
	if d.Applicant != c.Applicant && c.Kind != General {
		bad("applicant", "records.error.applicants_own")
	}
	least, err := r.leastLevel(ctx, tx, c, f)
	if err != nil {
		return err
	}
	switch {
	case d.Level == c.Level:
	case d.Level < least:
		bad("level", "records.error.level_below")
	case !a.Cleared(c.Authority, d.Level):
		bad("level", "records.error.clearance")
	case d.Level < c.Level && !a.Manages(f.Authority, f.Lead):
		return errs.E(errs.Denied, "records.error.lower_level")
	}
	if d.Part != c.Part {
		if c.Parent != "" {
			bad("part", "records.error.part_of_parent")
		} else if err := r.store.lockFile(ctx, tx, a, f.ID); err != nil { // so that the part is not closed meanwhile
			return err
		} else if err := r.partOf(ctx, tx, f, d.Part); errs.Is(err, errs.Invalid) {
			bad("part", "records.error.choice")
		} else if err != nil {
			return err
		}
	}
	if d.Org != "" && d.Org != c.Org {
		if ok, err := r.store.hasOrg(ctx, tx, access.At(c.Authority), d.Org); err != nil {
			return err
		} else if !ok {
			bad("org", "records.error.choice")
		}
	}
	return errs.InvalidFields(wrong)
}

// onCase is the one way a case is changed without its state: authorise, lock, check, do it, store. do writes the log.
// done reports that it is so already: a form sent twice.
func (r *Room) onCase(ctx context.Context, id string, version int64, done func(c Case) bool,
	do func(ctx context.Context, tx *db.Tx, a access.Access, c *Case) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.CaseToChange(ctx, tx, a, id)
		switch {
		case err != nil:
			return err
		case done(c):
			return nil
		case c.Version != version:
			return errs.E(errs.Conflict, "records.error.changed")
		}
		if err := do(ctx, tx, a, &c); err != nil {
			return err
		}
		return r.save(ctx, tx, access.At(c.Authority), c)
	})
}

// AssignUnit gives a case to a unit of the authority: nobody in particular works on it until somebody takes it over.
// errs.Denied if nobody of the unit may change it.
func (r *Room) AssignUnit(ctx context.Context, id string, version int64, org string) error {
	given := func(c Case) bool { return c.Org == org && c.AssignedTo == "" }
	return r.onCase(ctx, id, version, given, func(ctx context.Context, tx *db.Tx, _ access.Access, c *Case) error {
		at := access.At(c.Authority)
		orgs, err := r.store.orgs(ctx, tx, at)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(orgs, func(o Org) bool { return o.ID == org })
		if i < 0 {
			return errs.InvalidFields([]errs.Field{{Name: "to", Key: "records.error.assign_to"}})
		}
		members, err := r.store.members(ctx, tx, at, org)
		if err != nil {
			return err
		}
		some := false
		for _, m := range members {
			may, err := r.mayOf(ctx, tx, m, *c)
			if err != nil {
				return err
			}
			some = some || may == access.Write
		}
		if !some {
			return errs.E(errs.Denied, "records.error.unit_cannot", orgs[i].Name)
		}
		from := c.AssignedTo
		c.Org, c.AssignedTo, c.AssignedName = org, "", ""
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.case_assigned", Authority: c.Authority, Object: object(c.ID),
			Changes: map[string]any{"org": org, "from": from}})
	})
}

// mayOf is what somebody of the authority may do with the case.
func (r *Room) mayOf(ctx context.Context, tx *db.Tx, who Person, c Case) (access.May, error) {
	theirs, err := access.Load(identity.With(ctx, identity.Principal{Subject: who.Subject, Name: who.Name, Kind: identity.Staff,
		Grants: []identity.Grant{{Role: identity.Clerk, Authority: c.Authority}}}), tx)
	if err != nil {
		return access.Nothing, err
	}
	seen, err := r.store.caseByID(ctx, tx, theirs, c.ID, "")
	if errs.Is(err, errs.NotFound) {
		return access.Nothing, nil
	}
	return seen.May, err
}
