package audit

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"log/slog"

	"rennsteig/platform/db"
)

// Files are the log's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS

// Log is the audit trail.
type Log struct {
	d    *db.DB
	key  Key
	wake chan struct{} // holds one token when something waits to be sequenced

	// Logger is told what keeps the sequencer from its work. slog.Default() unless set before Run.
	Logger *slog.Logger

	// Holders is set by whoever knows files, before anything is read; nil: damage is told by the entries' objects alone.
	Holders Holders

	// States is set by whoever keeps what the log is about, before anything is written or verified; nil: entries bind no rows.
	States States
}

// New returns the log on d, whose checkpoints are signed with key.
func New(d *db.DB, key Key) *Log {
	return &Log{d: d, key: key, wake: make(chan struct{}, 1), Logger: slog.Default()}
}

func (l *Log) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Vouched calls f with the hash of every stored file that an entry vouches for, for a sweep of what nothing needs. A
// hash may come more than once.
func (l *Log) Vouched(ctx context.Context, f func(hash string) error) error {
	return vouched(ctx, l.d.Reader(), func(list string) error {
		var hashes []string
		if err := json.Unmarshal([]byte(list), &hashes); err != nil {
			return fmt.Errorf("audit: stored files of an entry: %w", err)
		}
		for _, h := range hashes {
			if err := f(h); err != nil {
				return err
			}
		}
		return nil
	})
}
