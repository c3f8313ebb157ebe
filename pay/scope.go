package pay

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// scope is the set of authorities whose payments a caller may touch. The zero scope is none.
type scope struct {
	authorities []string
	all         bool
}

// program is the scope of this room's own jobs and of the payer, who holds a transaction's secret token instead.
var program = scope{all: true}

// at is the scope of one authority.
func at(authority string) scope { return scope{authorities: []string{authority}} }

// treasurerScope is the scope of the caller. Who is signed in but no treasurer is told that there is nothing here.
func treasurerScope(ctx context.Context) (scope, error) {
	p := identity.From(ctx)
	if !p.SignedIn() {
		return scope{}, errs.E(errs.Unauthenticated, "pay.error.sign_in")
	}
	authorities := p.Authorities(identity.Treasurer)
	if p.Kind != identity.Staff || len(authorities) == 0 {
		return scope{}, errs.E(errs.NotFound, "pay.error.not_found")
	}
	return scope{authorities: authorities, all: slices.Contains(authorities, identity.Everywhere)}, nil
}

// several reports whether the scope may hold more than one authority, so that lists name it.
func (s scope) several() bool { return s.all || len(s.authorities) > 1 }

// in is the predicate of the scope on the column. Its values are appended to p.
func (s scope) in(column string, p *params) string {
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
