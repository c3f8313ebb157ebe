package exchange

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/identity"
)

// Command are the sub-commands that app adds to `rennsteig finder`.
type Command struct {
	Import ImportCommand `cmd:"" help:"Take services, texts, offices, responsibilities and online services over from an XZuFi message or a CSV file."`
}

// ImportCommand is `rennsteig finder import`.
type ImportCommand struct {
	cli.Store
	audit.KeyFlag
	DryRun       bool    `help:"Only report what would change."`
	Force        bool    `help:"Delete more than --max-delete allows."`
	MaxDelete    float64 `help:"Percent of the known objects of a class that a file may delete." default:"5"`
	AllowPrivate bool    `help:"Fetch from addresses of this machine and of private networks, too."`
	JSON         bool    `name:"json" help:"Print the report as JSON."`
	File         string  `arg:"" help:"File, or address (http, https)."`
}

// Help shows an example.
func (*ImportCommand) Help() string {
	return "Takes the file whole or not at all. Deletes only what the file says is to be deleted (loesche).\n" +
		"Example: rennsteig finder import --dry-run leistungen.xml"
}

// Run imports and prints the report.
func (c *ImportCommand) Run(env *cli.Env) (err error) {
	ctx, stop := signal.NotifyContext(env.Context, os.Interrupt)
	defer stop()
	ctx = identity.AsSystem(ctx, "cli")
	if c.MaxDelete < 0 || c.MaxDelete > 100 {
		return fmt.Errorf("--max-delete is a share from 0 to 100")
	}
	d, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	path := c.Key
	if path == "" {
		path = audit.KeyPath(c.Data)
	}
	key, err := audit.LoadKey(path)
	if err != nil {
		return fmt.Errorf("an import is noted in the log, whose key is missing (--key): %w", err)
	}
	src, err := Open(ctx, c.File, Fetch{AllowPrivate: c.AllowPrivate})
	if err != nil {
		return err
	}
	defer src.Close()
	bar := env.Progress(3*src.Size, filepath.Base(src.Name))
	report, err := (&Importer{DB: d, Audit: audit.New(d, key), Now: time.Now}).Import(ctx, src, Options{DryRun: c.DryRun, Force: c.Force, MaxDelete: c.MaxDelete,
		Progress: func(done, _ int64) { _ = bar.Set64(done) }})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if c.JSON {
		return env.JSON(report)
	}
	return report.Print(env.Out)
}
