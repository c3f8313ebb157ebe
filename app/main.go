// Package app puts the rooms together: it alone knows them all. Main is the command line, start a running program,
// wiring.go how the rooms meet, demo.go the demo Land.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"rennsteig/finder"
	"rennsteig/finder/exchange"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/identity/signin"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/disposal"
)

// Version is set when the program is built (make build).
var Version = "unknown"

type commands struct {
	Demo     demoCmd        `cmd:"" help:"Start the demo Land: Thüringen's municipalities, services, forms and invented people. Example: rennsteig demo --data ./data"`
	Serve    serveCmd       `cmd:"" help:"Start for production. Example: rennsteig serve --db postgres://… --blobs s3://… --base-url https://service.example --oidc-issuer https://id.example"`
	Finder   finderCmd      `cmd:"" help:"Search the catalogue of services; measure the search; import and export it."`
	Apply    applyCmd       `cmd:"" help:"Which authority offers which form."`
	Pay      payCmd         `cmd:"" help:"What an authority takes."`
	Records  recordsCmd     `cmd:"" help:"The electronic file: file plans, disposal, index of the search."`
	Audit    audit.Command  `cmd:"" help:"Verify, export and prove the log."`
	Identity signin.Command `cmd:"" help:"Who may do what: people, roles, authorities."`
	Queue    queue.Command  `cmd:"" help:"Jobs that failed for good: list them, send them again."`
	Xdomea   xdomeaCmd      `cmd:"" help:"Packages of disposal, hand-over, information and file plans (xdomea): check them."`
	Backup   backupCmd      `cmd:"" help:"Write database, stored files and keys into a new folder. Example: rennsteig backup --data ./data /backup/2026-11-24"`
	Restore  restoreCmd     `cmd:"" help:"Bring a backup back into a new place. Example: rennsteig restore --data ./data2 /backup/2026-11-24"`
	Version  versionCmd     `cmd:"" help:"Print the version."`
}

// finderCmd is `rennsteig finder`.
type finderCmd struct {
	Search   finder.Command   `embed:""`
	Exchange exchange.Command `embed:""`
}

// Main runs the command line and returns the exit code: 0 done, 1 failed, 2 (from a command) as documented there,
// 80 for wrong usage.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	exited := -1 // kong's way out of --help
	parser, err := kong.New(&c, kong.Name("rennsteig"), kong.Writers(stdout, stderr),
		kong.Description("Find the service, apply, pay, file, decide, archive: for a Land and its municipalities."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(stderr, "rennsteig:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	c.Audit.Prove.Resolve, c.Audit.Prove.States, c.Audit.Verify.States = evidence, records.RowStates{}, records.RowStates{}
	c.Audit.Recheck.Holders = records.Holders
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		parser.FatalIfErrorf(err)
		return exited
	}
	err = command.Run(&cli.Env{Context: ctx, Out: stdout, Err: stderr}, disposal.Opener(c.Records.Disposal.open))
	var exit cli.Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	}
	fmt.Fprintln(stderr, "rennsteig:", err)
	return 1
}

type versionCmd struct{}

func (versionCmd) Run(env *cli.Env) error {
	_, err := fmt.Fprintln(env.Out, "rennsteig", Version)
	return err
}
