package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rennsteig/platform/cli"
	"rennsteig/platform/identity"
)

// RecheckCmd is "audit recheck".
type RecheckCmd struct {
	cli.Store
	KeyFlag
	BlobsFlag
	All  bool `help:"Read every file that the log names now, not only the next ones."`
	JSON bool `help:"Print the result as JSON."`

	Holders Holders `kong:"-"` // set by whoever knows files; nil: there are none
}

// Help is the text below the usage.
func (RecheckCmd) Help() string {
	return "Example: rennsteig audit recheck --data ./data --all\n\n" +
		"The running program does the same continually, a few files at a time; this may run beside it. " +
		"It exits with 1 while files are missing or damaged."
}

type recheckOutput struct {
	OK       bool            `json:"ok"`
	Files    int64           `json:"files"`
	Checked  int64           `json:"checked"`
	Finished *time.Time      `json:"finished,omitempty"`
	Open     int64           `json:"open"`
	Findings []findingOutput `json:"findings"`
}

type findingOutput struct {
	Hash    string    `json:"hash"`
	Damage  Damage    `json:"damage"`
	Noticed time.Time `json:"noticed"`
	Objects []string  `json:"objects"`
	// Documents are what people know the file as.
	Documents []documentOutput `json:"documents"`
}

type documentOutput struct {
	Reference string `json:"reference"`
	Name      string `json:"name,omitempty"`
	Version   int64  `json:"version"`
}

// Run reads files, and prints what is damaged.
func (c *RecheckCmd) Run(env *cli.Env) error {
	l, d, err := open(env.Context, c.Store, c.KeyFlag)
	if err != nil {
		return err
	}
	defer d.Close()
	if !l.key.CanSeal() {
		return fmt.Errorf("%w: what is found is written into the log", errNoSecret)
	}
	l.Holders = c.Holders
	l.Logger = slog.New(slog.NewTextHandler(env.Err, nil))
	store, err := c.BlobsFlag.open(env.Context, c.Store)
	if err != nil {
		return err
	}
	ctx := identity.AsSystem(env.Context, "cli")
	check := NewRechecker(l, store)
	if c.All {
		bar := env.Progress(-1, "recheck")
		err = check.All(ctx, func(done, total int64) {
			bar.ChangeMax64(total)
			_ = bar.Set64(done) // a bar that cannot be drawn is no failure
		})
		_ = bar.Finish()
	} else if ok, perr := check.Portion(ctx); perr == nil && !ok {
		err = errors.New("the running program is checking files just now; try again in a moment")
	} else {
		err = perr
	}
	if err != nil {
		return err
	}
	return c.print(env, l)
}

const maxPrinted = 1000

func (c *RecheckCmd) print(env *cli.Env, l *Log) error {
	ctx := identity.AsSystem(env.Context, "cli")
	s, err := l.Recheck(ctx)
	if err != nil {
		return err
	}
	list, err := l.Findings(ctx, "", maxPrinted)
	if err != nil {
		return err
	}
	if c.JSON {
		out := recheckOutput{OK: s.Open == 0, Files: s.Files, Checked: s.Checked, Open: s.Open, Findings: []findingOutput{}}
		if !s.Finished.IsZero() {
			out.Finished = &s.Finished
		}
		for _, f := range list {
			x := findingOutput{f.Hash, f.Damage, f.Noticed, f.Objects, []documentOutput{}}
			for _, h := range f.Holders {
				x.Documents = append(x.Documents, documentOutput{h.Reference, h.Name, h.Version})
			}
			out.Findings = append(out.Findings, x)
		}
		err = env.JSON(out)
	} else {
		for _, f := range list {
			fmt.Fprintf(env.Out, "%s  %s, noticed %s, %v\n", f.Hash, f.Damage, f.Noticed.Format(time.RFC3339), f.Objects)
			for _, h := range f.Holders {
				fmt.Fprintf(env.Out, "  %s, %q, version %d\n", h.Reference, h.Name, h.Version)
			}
		}
		last := "never"
		if !s.Finished.IsZero() {
			last = s.Finished.Format(time.RFC3339)
		}
		_, err = fmt.Fprintf(env.Out, "%d files are missing or damaged; %d of %d looked at in this round, the last whole one ended %s\n", s.Open, s.Checked, s.Files, last)
	}
	if err == nil && s.Open > 0 {
		return cli.Exit{Code: 1}
	}
	return err
}
