package records

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Scope is the set of authorities whose records a caller may touch. The zero Scope is none.
type Scope struct {
	authorities []string
	all         bool
}

// program is the scope of this room's own jobs where the authority is not known beforehand.
var program = Scope{all: true}

// at is the scope of one authority.
func at(authority string) Scope { return Scope{authorities: []string{authority}} }

// clerkScope is the scope of the caller. Who is signed in but no clerk anywhere is told that there is nothing here.
func clerkScope(ctx context.Context) (Scope, error) {
	p := identity.From(ctx)
	if !p.SignedIn() {
		return Scope{}, errs.E(errs.Unauthenticated, "records.error.sign_in")
	}
	authorities := p.Authorities(identity.Clerk)
	if p.Kind != identity.Staff || len(authorities) == 0 {
		return Scope{}, errs.E(errs.NotFound, "records.error.not_found")
	}
	return Scope{authorities: authorities, all: slices.Contains(authorities, identity.Everywhere)}, nil
}

// has reports whether the authority is in the scope.
func (s Scope) has(authority string) bool {
	return authority != "" && (s.all || slices.Contains(s.authorities, authority))
}

// own is errs.NotFound unless the authority is in the scope: the guard of statements that insert.
func (s Scope) own(authority string) error {
	if !s.has(authority) {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return nil
}

// in is the predicate of the scope on the column. Its values are appended to p.
func (s Scope) in(column string, p *params) string {
	if s.all {
		return column + " <> ''"
	}
	if len(s.authorities) == 0 {
		return column + " = ''" // no row has that
	}
	marks := make([]string, len(s.authorities))
	for i, a := range s.authorities {
		marks[i] = p.add(a)
	}
	return column + " IN (" + strings.Join(marks, ", ") + ")"
}

// params collects the arguments of a statement in the order of their placeholders.
type params []any

// add appends v and returns its placeholder.
func (p *params) add(v any) string {
	*p = append(*p, v)
	return "$" + strconv.Itoa(len(*p))
}
