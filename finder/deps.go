package finder

import (
	"context"

	"rennsteig/platform/money"
)

// Forms tells which services can be applied for online. It answers from memory: pages ask it for each hit.
// authorityID is the authority that does the work. ok is false where there is no form.
type Forms interface {
	Online(ctx context.Context, leikaKey, authorityID string) (path string, ok bool, err error)
}

// Fees tells what a service costs; ok is false where no fee is known (which is not the same as free of charge).
type Fees interface {
	Fee(ctx context.Context, leikaKey, authorityID string) (fee Fee, ok bool, err error)
}

// Fee is what a service costs at an authority.
type Fee struct {
	Amount   money.Cents
	Demo     bool // made up for the demo Land
	ByNotice bool // nothing is paid with the application; the decision demands it
}
