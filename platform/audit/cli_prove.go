package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"rennsteig/platform/cli"
)

// Place is where the program's state is, for a Resolver.
type Place struct {
	DB    string // address of the database
	Blobs string // address of the stored files
	Key   string // key file of the log
}

// Resolver finds what a bundle about a file (Akte) holds, by the file's reference, and the id of its authority if that is
// not "". The log does not know what a file is.
type Resolver func(ctx context.Context, p Place, authority, reference string) (BundleRequest, error)

// ProveCmd is "audit prove".
type ProveCmd struct {
	cli.Store
	KeyFlag
	BlobsFlag
	Entry     string `arg:"" optional:"" help:"Number or id of the entry."`
	File      string `help:"Reference of a file (Akte): write a ZIP file with everything that proves it." placeholder:"REF"`
	Authority string `help:"Id of the file's authority, if several have the reference; a municipality's is its ARS." placeholder:"ID"`
	Out       string `help:"ZIP file to write; it must not exist." placeholder:"FILE" default:"bundle.zip"`
	WithFiles bool   `help:"Take the documents along."`

	Resolve Resolver `kong:"-"` // set by whoever knows files; nil: there are none
	States  States   `kong:"-"` // set likewise
}

// Help is the text below the usage.
func (ProveCmd) Help() string {
	return "Examples:\n  rennsteig audit prove --data ./data 17\n  rennsteig audit prove --data ./data --file 12.3/2026-0001 --with-files --out bundle.zip\n\n" +
		"A stranger checks such a ZIP file without this program: rennsteig-auditor bundle --key audit.pub bundle.zip"
}

// Run prints the proof of an entry as JSON, or writes a bundle.
func (c *ProveCmd) Run(env *cli.Env) error {
	switch {
	case (c.Entry == "") == (c.File == ""):
		return errors.New("name either an entry, by its number or id, or a file with --file")
	case c.Authority != "" && c.File == "":
		return errors.New("--authority says whose --file is meant")
	case c.File != "" && c.Resolve == nil:
		return errors.New("this program keeps no files: there is nobody to ask which entries belong to " + c.File)
	}
	l, d, err := open(env.Context, c.Store, c.KeyFlag)
	if err != nil {
		return err
	}
	defer d.Close()
	l.States = c.States
	if c.File != "" {
		return c.bundle(env, l)
	}
	p, err := l.Prove(env.Context, c.Entry)
	if err != nil {
		return err
	}
	return env.JSON(p)
}

func (c *ProveCmd) bundle(env *cli.Env, l *Log) (err error) {
	place := Place{DB: c.Address(), Blobs: c.address(c.Store), Key: c.path(c.Store)}
	req, err := c.Resolve(env.Context, place, c.Authority, c.File)
	if err != nil {
		return fmt.Errorf("file %s: %w", c.File, err)
	}
	if c.WithFiles {
		if req.Files, err = c.BlobsFlag.open(env.Context, c.Store); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // entries name people
	if err != nil {
		return err
	}
	bar := env.Progress(-1, "bundle")
	req.Progress = func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a bar that cannot be drawn is no failure
	}
	s, err := l.WriteBundle(env.Context, f, req)
	_ = bar.Finish()
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.Out)) // no half bundle that looks like one
	}
	for _, p := range s.Problems {
		fmt.Fprintln(env.Out, p)
	}
	together := 0
	for _, o := range s.Unknown {
		if strings.HasPrefix(o, "document:") { // no alarm: a version that no entry vouches for is among the problems
			together++
			continue
		}
		fmt.Fprintf(env.Out, "the log has no entry about %s\n", o)
	}
	if together > 0 {
		fmt.Fprintf(env.Out, "%d documents were filed together with others: the entry of their case vouches for them\n", together)
	}
	if s.Waiting > 0 {
		fmt.Fprintf(env.Out, "%d entries are not in the tree yet and not in the bundle; make it again later, or run `rennsteig audit verify`\n", s.Waiting)
	}
	fmt.Fprintf(env.Out, "wrote %s: %d entries about %d objects, %d versions of documents, %d files; check it with: rennsteig-auditor bundle --key %s %s\n",
		c.Out, s.Entries, s.Objects, s.Documents, s.Files, publicPath(place.Key), c.Out)
	if len(s.Problems) > 0 {
		return cli.Exit{Code: 1}
	}
	return nil
}
