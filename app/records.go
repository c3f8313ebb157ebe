package app

import (
	"context"
	"errors"
	"fmt"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/signin"
	"rennsteig/records"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/plan"
)

// recordsCmd is `rennsteig records`.
type recordsCmd struct {
	Plan     plan.Command `cmd:"" help:"The file plan of an authority: show it, take one over, write it out."`
	Disposal disposalCmd  `cmd:"" help:"Files whose retention is over: offer them, hand them over, destroy them."`
	Reindex  reindexCmd   `cmd:"" help:"Build the index of the search again. Example: rennsteig records reindex --data ./data"`
}

type disposalCmd struct {
	place
	disposal.Command
}

type reindexCmd struct {
	place
	filing.ReindexCommand
}

// Run opens the program for the command.
func (c *reindexCmd) Run(env *cli.Env) error {
	return c.ReindexCommand.Run(env, func(env *cli.Env, f func(ctx context.Context, r *filing.Room) error) error {
		return c.rooms(env, func(ctx context.Context, p *program) error { return f(ctx, p.filing) })
	})
}

// open runs f as the registrar.
func (c *disposalCmd) open(env *cli.Env, as string, f func(ctx context.Context, r *disposal.Room) error) error {
	return c.rooms(env, func(ctx context.Context, p *program) error {
		who, err := signin.NewPeople(p.house.DB, p.house.Audit, p.house.Now).Staff(ctx, as)
		if err != nil {
			return err
		}
		return f(identity.With(ctx, who), p.disposal)
	})
}

// evidence answers the log, which does not know what a file is.
func evidence(ctx context.Context, p audit.Place, authority, reference string) (audit.BundleRequest, error) {
	d, err := db.Open(ctx, p.DB)
	if err != nil {
		return audit.BundleRequest{}, err
	}
	defer d.Close()
	req, err := records.Evidence(ctx, d, authority, reference)
	switch {
	case errs.Is(err, errs.NotFound):
		err = errors.New("no file has this reference: it is the Aktenzeichen of the file, 22.31-2026/000017, without that of a case")
	case errs.Is(err, errs.Conflict) && errs.As(err).Key == "records.error.several_files":
		err = fmt.Errorf("several authorities have a file with this reference: say which with --authority, one of %s", errs.As(err).Args...)
	case errs.Is(err, errs.Conflict):
		err = fmt.Errorf("it has more than %d cases and documents, and a bundle of some of them would not prove it", errs.As(err).Args...)
	}
	return req, err
}
