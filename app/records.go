package app

import (
	"context"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/signin"
	"rennsteig/records"
	"rennsteig/records/disposal"
)

// recordsCmd is `rennsteig records`.
type recordsCmd struct {
	place
	Disposal disposal.Command `cmd:"" help:"Files whose retention is over: offer them, hand them over, destroy them."`
}

// as runs f with all rooms as the person.
func (c *recordsCmd) as(env *cli.Env, subject string, f func(ctx context.Context, p *program) error) error {
	return c.rooms(env, func(ctx context.Context, p *program) error {
		who, err := signin.NewPeople(p.house.DB, p.house.Audit, p.house.Now).Staff(ctx, subject)
		if err != nil {
			return err
		}
		return f(identity.With(ctx, who), p)
	})
}

func (c *recordsCmd) disposals() disposal.Opener {
	return func(env *cli.Env, as string, f func(ctx context.Context, r *disposal.Room) error) error {
		return c.as(env, as, func(ctx context.Context, p *program) error { return f(ctx, p.disposal) })
	}
}

// evidence answers the log, which does not know what a file is.
func evidence(ctx context.Context, p audit.Place, reference string) (audit.BundleRequest, error) {
	d, err := db.Open(ctx, p.DB)
	if err != nil {
		return audit.BundleRequest{}, err
	}
	defer d.Close()
	return records.Evidence(ctx, d, reference)
}
