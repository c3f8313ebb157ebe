package flow

import (
	"context"

	"rennsteig/platform/db"
)

// Staff knows the roles of people who are not the caller. app passes the sign-in.
type Staff interface {
	// Registrar reports whether the person is registrar at the authority: they reach its files without a rule, and a
	// rule of ours would only give them less.
	Registrar(ctx context.Context, q db.Querier, subject, authority string) (bool, error)
}
