package filing

import (
	"context"
	"fmt"

	"github.com/schollz/progressbar/v3"

	"rennsteig/platform/cli"
)

// Opener opens the room and runs f as the program itself.
type Opener func(env *cli.Env, f func(ctx context.Context, r *Room) error) error

// ReindexCommand is `rennsteig records reindex`. app binds the Opener.
type ReindexCommand struct {
	Texts bool `help:"Read the texts out of all documents again too: after tesseract was installed, or another version of this program reads more."`
	JSON  bool `name:"json" help:"Print JSON."`
}

// reindexedJSON is what was done. The names are an interface: other tools read them.
type reindexedJSON struct {
	Objects int64 `json:"objects"`
	Failed  int64 `json:"failed"`
}

// Run builds the search's index again.
func (c *ReindexCommand) Run(env *cli.Env, open Opener) error {
	return open(env, func(ctx context.Context, r *Room) error {
		var bar *progressbar.ProgressBar
		n, err := r.Reindex(ctx, c.Texts, func(total, done int64) {
			if bar == nil {
				bar = env.Progress(total, "objects")
			}
			_ = bar.Add64(done) // a terminal that has gone is no reason to stop
		})
		if bar != nil {
			_ = bar.Finish()
		}
		if err != nil {
			return fmt.Errorf("%w (the same command goes on where this one stopped)", err)
		}
		if c.JSON {
			return env.JSON(reindexedJSON(n))
		}
		fmt.Fprintf(env.Out, "%d files, cases and documents indexed; %d texts could not be read and are tried again\n", n.Objects, n.Failed)
		return nil
	})
}
