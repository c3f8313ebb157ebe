package records

import (
	"context"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// clerkScope is the scope of the caller. Who is signed in but no clerk anywhere is told that there is nothing here.
func clerkScope(ctx context.Context) (identity.Scope, error) {
	p := identity.From(ctx)
	if !p.SignedIn() {
		return identity.Scope{}, errs.E(errs.Unauthenticated, "records.error.sign_in")
	}
	s, ok := p.Scope(identity.Clerk)
	if !ok {
		return identity.Scope{}, errs.E(errs.NotFound, "records.error.not_found")
	}
	return s, nil
}

// own is errs.NotFound unless the authority is in the scope: the guard of statements that insert.
func own(s identity.Scope, authority string) error {
	if !s.Has(authority) {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return nil
}
