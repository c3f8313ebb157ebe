package office

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// FileRules are who reaches a file.
type FileRules struct {
	File   records.File
	Rules  []access.Grant
	Units  []Unit
	Manage bool     // the caller sets the rules
	People []Person // only for who sets them
}

// Rules reads the rules of a file that the caller may read. errs.NotFound for any other.
func (r *Room) Rules(ctx context.Context, file string) (v FileRules, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return v, err
	}
	if v.File, err = r.core.FileByID(ctx, q, a, file); err != nil {
		return v, err
	}
	if v.Rules, err = access.Grants(ctx, q, a, file); err != nil {
		return v, err
	}
	if v.Units, err = units(ctx, q, access.At(v.File.Authority)); err != nil {
		return v, err
	}
	if v.Manage = a.Manages(v.File.Authority, v.File.Lead); v.Manage {
		v.People, err = r.dir.People(ctx, v.File.Authority)
	}
	return v, err
}

// PutRule sets what a holder may do with the file: not for the caller themselves, whom nobody but others limits or lets in.
func (r *Room) PutRule(ctx context.Context, file, holder string, may access.May, reason string) error {
	reason = strings.Join(strings.Fields(reason), " ")
	if reason == "" || utf8.RuneCountInString(reason) > 250 {
		return errs.InvalidFields([]errs.Field{{Name: "reason", Key: "office.error.reason"}})
	}
	people, err := r.peopleAt(ctx, file)
	if err != nil {
		return err
	}
	return r.rule(ctx, file, holder, func(ctx context.Context, tx *db.Tx, a access.Access, f records.File) error {
		if ok, err := knows(ctx, tx, people, f.Authority, holder); err != nil {
			return err
		} else if !ok {
			return errs.InvalidFields([]errs.Field{{Name: "holder", Key: "office.error.holder"}})
		}
		if err := access.Put(ctx, tx, a, access.Grant{Authority: f.Authority, File: f.ID, Holder: holder, May: may, Reason: reason,
			By: identity.From(ctx).Name, At: r.h.Now()}); err != nil {
			return err
		}
		return r.log(ctx, tx, "office.rule_set", f.Authority, records.FileObject(f.ID), map[string]any{"holder": holder, "may": may, "reason": reason})
	})
}

// DropRule takes the rule for the holder away, unless that is the caller themselves.
func (r *Room) DropRule(ctx context.Context, file, holder string) error {
	return r.rule(ctx, file, holder, func(ctx context.Context, tx *db.Tx, a access.Access, f records.File) error {
		had, err := access.Drop(ctx, tx, a, f.ID, holder)
		if err != nil || !had {
			return err
		}
		return r.log(ctx, tx, "office.rule_dropped", f.Authority, records.FileObject(f.ID), map[string]any{"holder": holder})
	})
}

// rule is the frame of a change of a file's rule for the holder.
func (r *Room) rule(ctx context.Context, file, holder string, do func(ctx context.Context, tx *db.Tx, a access.Access, f records.File) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.core.FileByID(ctx, tx, a, file)
		switch {
		case err != nil:
			return err
		case !a.Manages(f.Authority, f.Lead):
			return errs.E(errs.Denied, "records.error.manage")
		case holder == access.Person(a.Subject):
			return errs.E(errs.Denied, "office.error.own_rule")
		case f.State != "":
			return errs.E(errs.Conflict, "records.error.in_disposal")
		}
		return do(ctx, tx, a, f)
	})
}

// peopleAt are those at the authority of a file that the caller may read. The directory is asked outside of transactions.
func (r *Room) peopleAt(ctx context.Context, file string) ([]Person, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	f, err := r.core.FileByID(ctx, q, a, file)
	if err != nil {
		return nil, err
	}
	return r.dir.People(ctx, f.Authority)
}

// knows reports whether the holder is one of the authority, whose people these are.
func knows(ctx context.Context, tx *db.Tx, people []Person, authority, holder string) (bool, error) {
	kind, rest, _ := strings.Cut(holder, ":")
	switch kind {
	case access.Authority:
		return rest == "", nil
	case "unit":
		_, err := unit(ctx, tx, access.At(authority), rest)
		return err == nil, ignoreMissing(err)
	case "role":
		id, role, _ := strings.Cut(rest, ":")
		_, err := unit(ctx, tx, access.At(authority), id)
		return err == nil && (access.Role(role) == access.Head || access.Role(role) == access.Member), ignoreMissing(err)
	case "person":
		return slices.ContainsFunc(people, func(p Person) bool { return p.Subject == rest }), nil
	}
	return false, nil
}

func ignoreMissing(err error) error {
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}
