// Package access says who may reach which file: the one predicate that stands in every list, every search and every
// change of the electronic file.
//
// The authority comes first: whoever is neither clerk nor registrar there reaches nothing of it. Within it a file is
// open to the whole authority, or to an organisational unit (Organisationseinheit) with its sub-units and the heads
// above it. Rules of a single file (Grant) say more or less for a unit, a role in a unit or a person; of several that
// concern a caller the nearest one holds: person before role before unit before the whole authority, and among equals
// the one that gives less. Registrars (Registratur) reach all files of their authority unless such a rule keeps them
// out. Nobody reaches a file above their clearance, whatever rules say.
//
// Cases and documents inherit from their file; a case may be more confidential than its file, not less. Who was asked to
// do something in a case is its Guest: they read that one case while it goes on, and nothing else of its file.
package access

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Access is what a caller may reach. It is an identity.Scope too: the authorities. The zero Access reaches nothing.
type Access struct {
	identity.Scope
	Subject string

	full      bool            // the program itself: every file of the scope
	keys      []string        // holders of rules that the caller is
	heads     map[string]bool // units that the caller heads, with the units below them
	registrar identity.Scope
	cleared   []clearance
	guest     bool // of some case
}

type clearance struct {
	authority string
	level     Level
}

// All is the access of the program's own jobs where the authority is not known beforehand.
var All = Access{Scope: identity.All, full: true}

// At is the access of the program's own jobs at these authorities.
func At(authorities ...string) Access { return Access{Scope: identity.At(authorities...), full: true} }

// May is what somebody may do with a file.
type May int64

// The rights; each includes the ones before it.
const (
	Nothing May = 0
	Read    May = 1
	Write   May = 2
)

// Load reads what the caller in ctx may reach. errs.Unauthenticated without a sign-in, errs.Denied for who is neither
// clerk nor registrar anywhere.
func Load(ctx context.Context, q db.Querier) (Access, error) {
	p := identity.From(ctx)
	if !p.SignedIn() {
		return Access{}, errs.E(errs.Unauthenticated, "records.error.sign_in")
	}
	clerk, isClerk := p.Scope(identity.Clerk)
	registrar, isRegistrar := p.Scope(identity.Registrar)
	if !isClerk && !isRegistrar {
		return Access{}, errs.E(errs.Denied, "records.error.no_role")
	}
	a := Access{Scope: identity.At(append(slices.Clone(clerk.Authorities()), registrar.Authorities()...)...), Subject: p.Subject,
		keys: []string{Authority, Person(p.Subject)}, heads: map[string]bool{}, registrar: registrar}
	seats, err := seats(ctx, q, a.Scope, p.Subject)
	if err != nil {
		return Access{}, err
	}
	for _, s := range seats {
		a.keys = append(a.keys, Unit(s.unit))
		if s.own {
			a.keys = append(a.keys, RoleIn(s.unit, s.role))
		}
		if s.role == Head && s.below {
			a.heads[s.unit] = true
		}
	}
	slices.Sort(a.keys)
	a.keys = slices.Compact(a.keys)
	if a.cleared, err = clearances(ctx, q, a.Scope, p.Subject); err != nil {
		return Access{}, err
	}
	a.guest, err = isGuest(ctx, q, a)
	return a, err
}

// Registrar reports whether the caller keeps the records of the authority.
func (a Access) Registrar(authority string) bool { return a.registrar.Has(authority) }

// Registry is the scope in which the caller is registrar.
func (a Access) Registry() identity.Scope { return a.registrar }

// Heads reports whether the caller heads the unit, or one above it.
func (a Access) Heads(unit string) bool { return a.heads[unit] }

// Units are the ids of the units that the caller belongs to or heads, with those above and below, in order.
func (a Access) Units() []string {
	var out []string
	for _, k := range a.keys {
		if id, ok := strings.CutPrefix(k, "unit:"); ok {
			out = append(out, id)
		}
	}
	return out
}

// Manages reports whether the caller sets the rules of a file of the authority that the unit leads ("" is none).
func (a Access) Manages(authority, lead string) bool {
	return a.full && a.Has(authority) || a.Registrar(authority) || lead != "" && a.heads[lead]
}

// Own is errs.NotFound unless the authority is in the scope: the guard of statements that insert.
func (a Access) Own(authority string) error {
	if !a.Has(authority) {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return nil
}

// Reads is the predicate that the caller may read the row of records_file with this alias.
func (a Access) Reads(file string, p *db.Params) string { return a.reaches(file, Read, p) }

// Writes is the predicate that the caller may change what lies in the row of records_file with this alias.
func (a Access) Writes(file string, p *db.Params) string { return a.reaches(file, Write, p) }

// ReadsCase is the predicate that the caller may read the row of records_case with this alias.
func (a Access) ReadsCase(row string, p *db.Params) string {
	where := a.In(row+".authority_id", p)
	if a.full {
		return where
	}
	where += a.clear(row, p)
	inFile := `EXISTS (SELECT 1 FROM records_file af WHERE af.id = ` + row + `.file_id AND ` + a.Reads("af", p) + `)`
	if !a.guest {
		return where + ` AND ` + inFile
	}
	return where + ` AND (` + inFile + ` OR ` + a.visits(row, p) + `)`
}

// ReadsInCase is the predicate that the caller may read the row with this alias, which has an authority_id and lies in
// the case named by its column case_id: a document, a task.
func (a Access) ReadsInCase(row string, p *db.Params) string {
	where := a.In(row+".authority_id", p)
	if a.full {
		return where
	}
	return where + ` AND EXISTS (SELECT 1 FROM records_case ac WHERE ac.id = ` + row + `.case_id AND ` + a.ReadsCase("ac", p) + `)`
}

// RightInFile is the SQL value of what the caller may do in the file whose id is the SQL value file: a May.
func (a Access) RightInFile(file string, p *db.Params) string {
	return `(SELECT ` + a.Right("rf", p) + ` FROM records_file rf WHERE rf.id = ` + file + `)`
}

// Right is the SQL value of what the caller may do with the row of records_file with this alias: a May.
func (a Access) Right(file string, p *db.Params) string {
	if a.full {
		return "2"
	}
	return "(2 - " + a.weight(file, p) + " % 3)"
}

func (a Access) reaches(file string, may May, p *db.Params) string {
	where := a.In(file+".authority_id", p)
	if a.full {
		return where
	}
	where += a.clear(file, p) + " AND " + a.weight(file, p)
	if may == Write {
		return where + " % 3 = 0"
	}
	return where + " % 3 < 2"
}

// weight is the SQL value of the nearest rule that concerns the caller (see Grant.weight), else of what the file's
// readers and writers say in the same numbers: 0 write, 1 read, 2 nothing.
func (a Access) weight(file string, p *db.Params) string {
	keys := p.List(a.keys)
	base := `CASE WHEN ` + file + `.writers IN ` + p.List(append([]string{""}, a.keys...)) + ` THEN 0 WHEN ` +
		file + `.readers IN ` + p.List(append([]string{""}, a.keys...)) + ` THEN 1 ELSE 2 END`
	if r := a.registrar; r.Several() || len(r.Authorities()) > 0 {
		base = `CASE WHEN ` + r.In(file+".authority_id", p) + ` THEN 0 ELSE ` + base + ` END`
	}
	return `COALESCE((SELECT MAX(ag.weight) FROM records_grant ag WHERE ag.file_id = ` + file + `.id AND ag.holder IN ` + keys +
		`), ` + base + `)`
}

// clear is the condition that the row's level is within the caller's clearance.
func (a Access) clear(row string, p *db.Params) string {
	if a.full {
		return ""
	}
	where := " AND (" + row + ".level = 0"
	for _, c := range a.cleared {
		where += " OR (" + row + ".authority_id = " + p.Add(c.authority) + " AND " + row + ".level <= " + p.Add(int64(c.level)) + ")"
	}
	return where + ")"
}

// Cleared reports whether the caller may know what is classified so at the authority.
func (a Access) Cleared(authority string, level Level) bool {
	return level == Open || a.full && a.Has(authority) || slices.ContainsFunc(a.cleared, func(c clearance) bool {
		return c.authority == authority && level <= c.level
	})
}
