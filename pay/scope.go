package pay

import (
	"context"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// treasurerScope is the scope of the caller. Who is signed in but no treasurer is told which role
// is missing.
func treasurerScope(ctx context.Context) (identity.Scope, error) {
	p := identity.From(ctx)
	if !p.SignedIn() {
		return identity.Scope{}, errs.E(errs.Unauthenticated, "pay.error.sign_in")
	}
	s, ok := p.Scope(identity.Treasurer)
	if !ok {
		return identity.Scope{}, errs.E(errs.Denied, "pay.error.denied")
	}
	return s, nil
}
