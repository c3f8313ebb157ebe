package desk

import (
	"context"
	"slices"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Scope is the set of authorities whose texts a caller may write. It is not identity.Scope, because here "" is the whole
// Land, a tenant of its own: all includes it. The zero Scope is none.
type Scope struct {
	authorities []string
	all         bool
}

// program is the scope of this room's own jobs.
var program = Scope{all: true}

// editorScope is the scope of the caller. Who is signed in but no editor anywhere is told which role is missing;
// what belongs to another authority is errs.NotFound.
func editorScope(ctx context.Context) (Scope, identity.Principal, error) {
	p := identity.From(ctx)
	if !p.SignedIn() {
		return Scope{}, p, errs.E(errs.Unauthenticated, "errs.unauthenticated")
	}
	// A grant for no authority must not become the right to the whole Land's texts, whose authority is "".
	authorities := slices.DeleteFunc(p.Authorities(identity.Editor), func(a string) bool { return a == "" })
	if p.Kind != identity.Staff || len(authorities) == 0 {
		return Scope{}, p, errs.E(errs.Denied, "finder.desk.error.denied")
	}
	return Scope{authorities: authorities, all: slices.Contains(authorities, identity.Everywhere)}, p, nil
}

// has reports whether the authority is in the scope.
func (s Scope) has(authority string) bool { return s.all || slices.Contains(s.authorities, authority) }

// own is errs.NotFound unless the authority is in the scope.
func (s Scope) own(authority string) error {
	if !s.has(authority) {
		return errs.E(errs.NotFound, "finder.desk.error.not_found")
	}
	return nil
}

// in is the predicate of the scope on the column. Its values are appended to p.
func (s Scope) in(column string, p *db.Params) string {
	if s.all {
		return column + " IS NOT NULL"
	}
	if len(s.authorities) == 0 {
		return column + " IS NULL" // no row has that
	}
	return column + " IN " + p.List(s.authorities)
}
