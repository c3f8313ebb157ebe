package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"rennsteig/platform/audit/auditor"
	"rennsteig/platform/blob"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
)

// Command is the sub-command "audit".
type Command struct {
	Verify  VerifyCmd  `cmd:"" help:"Prove that the audit log and the files it vouches for are whole. Exits with 1 and names what is wrong."`
	Export  ExportCmd  `cmd:"" help:"Write the log to a ZIP file for an outside auditor."`
	Check   CheckCmd   `cmd:"" help:"Check such a ZIP file, independently of any database."`
	Prove   ProveCmd   `cmd:"" help:"Prove that one entry is in the signed tree, or write all that proves a file (Akte) for a stranger."`
	Recheck RecheckCmd `cmd:"" help:"Read the stored files that the log vouches for again, the next ones or all. Exits with 1 while some are missing or damaged."`
	Rotate  RotateCmd  `cmd:"" help:"Put a new signing key in front of the present one. Start the program anew afterwards."`
}

// KeyFlag says where the key is.
type KeyFlag struct {
	Key string `help:"Key file; its public part lies beside it as .pub. Default: audit.key in the data folder." placeholder:"FILE" env:"RENNSTEIG_AUDIT_KEY"`
}

func (k KeyFlag) path(s cli.Store) string {
	if k.Key != "" {
		return k.Key
	}
	return KeyPath(s.Data)
}

// KeyPath is where the key lies in a data folder.
func KeyPath(data string) string { return filepath.Join(data, "audit.key") }

// open opens the log for reading.
func open(ctx context.Context, s cli.Store, k KeyFlag) (*Log, *db.DB, error) {
	d, err := s.Open(ctx) // first: it says best what to do in an empty folder
	if err != nil {
		return nil, nil, err
	}
	key, err := LoadKey(k.path(s))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w (name it with --key)", err), d.Close())
	}
	return New(d, key), d, nil
}

// BlobsFlag says where the stored files are.
type BlobsFlag struct {
	Blobs string `help:"Stored files: folder or s3://… Default: blobs in the data folder." placeholder:"ADDRESS" env:"RENNSTEIG_BLOBS"`
}

func (b BlobsFlag) address(s cli.Store) string {
	if b.Blobs != "" {
		return b.Blobs
	}
	return filepath.Join(s.Data, "blobs")
}

// open opens stored files that exist: a new folder would hold none.
func (b BlobsFlag) open(ctx context.Context, s cli.Store) (blob.Store, error) {
	address := b.address(s)
	if !strings.HasPrefix(address, "s3:") {
		if _, err := os.Stat(address); err != nil {
			return nil, fmt.Errorf("no stored files at %s: name them with --blobs", address)
		}
	}
	return blob.Open(ctx, address)
}

// VerifyCmd is "audit verify".
type VerifyCmd struct {
	cli.Store
	KeyFlag
	BlobsFlag
	NoBlobs bool `help:"Do not read the stored files."`
	JSON    bool `help:"Print the report as JSON."`

	States States `kong:"-"` // set by whoever keeps what the log is about; nil: rows are not compared
}

// Help is the text below the usage.
func (VerifyCmd) Help() string {
	return "Example: rennsteig audit verify --data ./data\n\nIt only reads and may run while the program is in use."
}

// Run verifies.
func (c *VerifyCmd) Run(env *cli.Env) error {
	l, d, err := open(env.Context, c.Store, c.KeyFlag)
	if err != nil {
		return err
	}
	defer d.Close()
	l.States = c.States
	var store blob.Store
	if !c.NoBlobs {
		if store, err = c.BlobsFlag.open(env.Context, c.Store); err != nil {
			return fmt.Errorf("%w, or leave them out with --no-blobs", err)
		}
	}
	bar := env.Progress(-1, "verify")
	r, err := l.Verify(env.Context, store, func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a bar that cannot be drawn is no failure
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if c.JSON {
		err = env.JSON(struct {
			OK bool `json:"ok"`
			Report
		}{r.OK(), r})
	} else {
		_, err = io.WriteString(env.Out, r.text())
	}
	if err == nil && !r.OK() {
		return cli.Exit{Code: 1}
	}
	return err
}

func (r Report) text() string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintln(&b, p)
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "and %d more\n", r.More)
	}
	word := "whole"
	if !r.OK() {
		word = "NOT WHOLE"
	}
	fmt.Fprintf(&b, "audit log is %s: %d entries in the tree, %d waiting, %d checkpoints, %d stored files, %d rows of files, cases and documents; root %s\n",
		word, r.Entries, r.Unsequenced, r.Checkpoints, r.Blobs, r.Rows, r.Root)
	if r.Unsealed > 0 {
		fmt.Fprintf(&b, "%d waiting entries were checked against their own hash only: their seal needs the secret key\n", r.Unsealed)
	}
	return b.String()
}

// ExportCmd is "audit export".
type ExportCmd struct {
	cli.Store
	KeyFlag
	File string `arg:"" help:"ZIP file to write; it must not exist."`
}

// Help is the text below the usage.
func (ExportCmd) Help() string { return "Example: rennsteig audit export --data ./data audit-2026.zip" }

// Run exports.
func (c *ExportCmd) Run(env *cli.Env) (err error) {
	l, d, err := open(env.Context, c.Store, c.KeyFlag)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // entries name people
	if err != nil {
		return err
	}
	bar := env.Progress(-1, "export")
	err = l.Export(env.Context, f, func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a bar that cannot be drawn is no failure
	})
	_ = bar.Finish()
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File)) // no half export that looks like one
	}
	_, err = fmt.Fprintf(env.Out, "wrote %s; check it with: rennsteig audit check --key %s %s\n", c.File, publicPath(c.path(c.Store)), c.File)
	return err
}

// CheckCmd is "audit check".
type CheckCmd struct {
	File string `arg:"" type:"existingfile" help:"Export to check."`
	Key  string `help:"File with the public keys, got by another way than the export." placeholder:"FILE"`
	JSON bool   `help:"Print the report as JSON."`
}

// Help is the text below the usage.
func (CheckCmd) Help() string { return "Example: rennsteig audit check --key audit.pub audit-2026.zip" }

// Run checks.
func (c *CheckCmd) Run(env *cli.Env) error {
	var keys []string
	if c.Key != "" {
		k, err := LoadKey(publicPath(c.Key))
		if err != nil {
			return err
		}
		keys = k.Public()
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := auditor.Check(f, info.Size(), keys)
	if err != nil {
		return err
	}
	if c.JSON {
		err = env.JSON(r)
	} else {
		err = printCheck(env.Out, r)
	}
	if err == nil && !r.OK() {
		return cli.Exit{Code: 1}
	}
	return err
}

func printCheck(w io.Writer, r auditor.Report) error {
	var b bytes.Buffer
	for _, p := range r.Problems {
		fmt.Fprintln(&b, p)
	}
	word := "whole"
	if !r.OK() {
		word = "NOT WHOLE"
	}
	fmt.Fprintf(&b, "export is %s: %d entries, %d checkpoints; root %s\n", word, r.Entries, r.Checkpoints, r.Root)
	if r.OwnKey {
		fmt.Fprintln(&b, "the public key was taken from the export itself, which proves nothing about its origin: give the owner's with --key")
	}
	_, err := b.WriteTo(w)
	return err
}

// RotateCmd is "audit rotate".
type RotateCmd struct {
	Data string `help:"Data folder." default:"data" placeholder:"DIR" env:"RENNSTEIG_DATA"`
	KeyFlag
}

// Help is the text below the usage.
func (RotateCmd) Help() string { return "Example: rennsteig audit rotate --data ./data" }

// Run rotates.
func (c *RotateCmd) Run(env *cli.Env) error {
	path := c.path(cli.Store{Data: c.Data})
	k, err := RotateKey(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Out, "new key in %s; start the program anew, and hand out the new public key:\n%s\n", path, k.Public()[0])
	return err
}
