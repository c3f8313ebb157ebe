package app

import (
	"fmt"
	"path/filepath"

	"rennsteig/platform"
	"rennsteig/platform/backup"
	"rennsteig/platform/blob"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
)

// place are the flags that name all of the program's state.
type place struct {
	cli.Store
	Blobs string `help:"Stored files instead of those in the data folder: a folder or s3://…" placeholder:"ADDRESS" env:"RENNSTEIG_BLOBS"`
	Key   string `help:"Key file of the log instead of the one in the data folder." placeholder:"FILE" env:"RENNSTEIG_AUDIT_KEY"`
}

func (p place) blobs() string {
	if p.Blobs != "" {
		return p.Blobs
	}
	return filepath.Join(p.Data, "blobs")
}

func (p place) key() string {
	if p.Key != "" {
		return p.Key
	}
	return filepath.Join(p.Data, "audit.key")
}

func (p place) open(env *cli.Env, d *db.DB) (backup.Place, error) {
	blobs, err := blob.Open(env.Context, p.blobs())
	return backup.Place{DB: d, Blobs: blobs, Files: keyFiles(p.key())}, err
}

type backupCmd struct {
	place
	Dir string `arg:"" help:"New folder for the backup."`
}

func (c *backupCmd) Run(env *cli.Env) error {
	d, err := c.Open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	from, err := c.open(env, d)
	if err != nil {
		return err
	}
	bar := env.Progress(-1, "backup")
	m, err := backup.Write(env.Context, from, c.Dir, Version, func(rows, blobs int) { _ = bar.Add(rows + blobs) })
	if err != nil {
		return err
	}
	_ = bar.Finish()
	_, err = fmt.Fprintf(env.Out, "%s: %d rows, %d stored files, %d key files\n", c.Dir, m.Rows, m.Blobs, len(m.Files))
	return err
}

type restoreCmd struct {
	place
	Dir string `arg:"" help:"Folder of the backup." type:"existingdir"`
}

func (c *restoreCmd) Run(env *cli.Env) error {
	if _, err := backup.ReadManifest(c.Dir); err != nil {
		return err
	}
	d, err := db.Open(env.Context, c.Address())
	if err != nil {
		return err
	}
	defer d.Close()
	if err := platform.Migrate(env.Context, d, rooms...); err != nil {
		return err
	}
	to, err := c.open(env, d)
	if err != nil {
		return err
	}
	bar := env.Progress(-1, "restore")
	m, err := backup.Read(env.Context, c.Dir, to, func(rows, blobs int) { _ = bar.Add(rows + blobs) })
	if err != nil {
		return err
	}
	_ = bar.Finish()
	_, err = fmt.Fprintf(env.Out, "restored %d rows, %d stored files; now run: rennsteig audit verify\n", m.Rows, m.Blobs)
	return err
}
