package identity

import (
	"slices"

	"rennsteig/platform/db"
)

// Scope is the set of authorities whose rows a caller may touch: the first argument of every store method on them, and
// part of its one indexed predicate. The zero Scope is none.
type Scope struct {
	authorities []string
	all         bool
}

// All is the scope of a room's own jobs where the authority is not known beforehand.
var All = Scope{all: true}

// At is the scope of these authorities.
func At(authorities ...string) Scope {
	return Scope{authorities: authorities, all: slices.Contains(authorities, Everywhere)}
}

// Scope is what a member of staff may touch in this role; ok is false where that is nothing.
func (p Principal) Scope(role Role) (s Scope, ok bool) {
	authorities := p.Authorities(role)
	if p.Kind != Staff || len(authorities) == 0 {
		return Scope{}, false
	}
	return At(authorities...), true
}

// Authorities lists the authorities by name; none for All.
func (s Scope) Authorities() []string { return s.authorities }

// Has reports whether the authority is in the scope.
func (s Scope) Has(authority string) bool {
	return authority != "" && (s.all || slices.Contains(s.authorities, authority))
}

// Several reports whether the scope may hold more than one authority, so that lists name it.
func (s Scope) Several() bool { return s.all || len(s.authorities) > 1 }

// In is the predicate of the scope on the column. Its values are appended to p.
func (s Scope) In(column string, p *db.Params) string {
	if s.all {
		return column + " <> ''"
	}
	if len(s.authorities) == 0 {
		return column + " = ''" // no row has that
	}
	return column + " IN " + p.List(s.authorities)
}
