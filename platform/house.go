// Package platform is what every room stands on, gathered in one value.
package platform

import (
	"context"
	"io/fs"
	"log/slog"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/queue"
	"rennsteig/platform/scan"
	"rennsteig/platform/web"
)

// House is handed to each room's New. Its fields are never nil, but for Scan.
type House struct {
	DB    *db.DB
	Queue *queue.Queue
	Audit *audit.Log
	Blobs blob.Store
	Scan  *scan.Scanner // files from outside are stored through its Pass; nil lets all pass
	Site  *web.Site
	Log   *slog.Logger
	Now   func() time.Time // the clock; time.Now but in tests
	// AuthorityName is the name of an authority, for display; the id itself if unknown. app sets it.
	AuthorityName func(id string) string
}

// Files are what a room embeds: migrations/*.sql, texts/*.json, pages/*.html. Every room exports them as Files.
type Files struct {
	Room string // prefix of its tables and texts
	FS   fs.FS
}

// Migrate brings the tables of these rooms up to date; a room without tables is left out.
func Migrate(ctx context.Context, d *db.DB, rooms ...Files) error {
	var migrations []db.Migration
	for _, r := range rooms {
		if names, err := fs.Glob(r.FS, "migrations/*.sql"); err != nil {
			return err
		} else if len(names) > 0 {
			migrations = append(migrations, db.Migration(r))
		}
	}
	return d.Migrate(ctx, migrations...)
}
