package exchange

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"rennsteig/finder/desk"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/standards/xzufi"
)

// Command are the sub-commands that app adds to `rennsteig finder`.
type Command struct {
	Import     ImportCommand          `cmd:"" help:"Take services, texts, offices, responsibilities and online services over from an XZuFi message or a CSV file."`
	Export     ExportCommand          `cmd:"" help:"Write everything that the finder knows as an XZuFi message or a CSV file."`
	Ministries desk.MinistriesCommand `cmd:"" help:"Say which ministry answers for which services, or write it down (CSV)."`
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
	defer func() { _ = src.Close() }() // it was only read
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

// ExportCommand is `rennsteig finder export`.
type ExportCommand struct {
	cli.Store
	Format  string `help:"xzufi or csv." enum:"xzufi,csv" default:"xzufi"`
	Version string `help:"Version of XZuFi: 2.1.0, 2.2.0 or 2.3.0." default:"2.2.0"`
	File    string `arg:"" help:"File to write; one that is there is replaced once the new one is complete. - is the output."`
}

// Help shows an example.
func (*ExportCommand) Help() string {
	return "Example: rennsteig finder export --format xzufi --version 2.2.0 finder.xml"
}

// Run exports.
func (c *ExportCommand) Run(env *cli.Env) (err error) {
	ctx, stop := signal.NotifyContext(env.Context, os.Interrupt)
	defer stop()
	version, err := xzufi.ParseVersion(c.Version)
	if err != nil {
		return err
	}
	d, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	bar := env.Progress(-1, "export")
	opt := ExportOptions{Format: c.Format, Version: version, ID: uuid.NewString(), At: time.Now(), Progress: func(int) { _ = bar.Add(1) }}
	if c.File == "-" {
		_, err := Export(ctx, d.Reader(), env.Out, opt)
		return err
	}
	n, err := exportFile(ctx, d, c.File, opt)
	_ = bar.Finish()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Out, "%s: %d objects\n", c.File, n)
	return err
}

// exportFile writes beside the file and moves the whole to its place.
func exportFile(ctx context.Context, d *db.DB, path string, opt ExportOptions) (n int, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".rennsteig-export-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	n, err = Export(ctx, d.Reader(), w, opt)
	if err = errors.Join(err, w.Flush(), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return n, err
	}
	return n, os.Rename(f.Name(), path)
}
