// Package cli is what the rooms' sub-commands share: where the data is, where to print, progress.
package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"rennsteig/platform/db"
)

// Env is handed to every sub-command's Run(*cli.Env).
type Env struct {
	Context context.Context
	Out     io.Writer // results
	Err     io.Writer // progress and messages
}

// JSON prints v to Out as indented JSON.
func (e *Env) JSON(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Progress returns a bar on Err for total steps (-1 if unknown) that shows itself only where Err is a terminal.
// Call Add on it, and Finish at the end.
func (e *Env) Progress(total int64, what string) *progressbar.ProgressBar {
	f, ok := e.Err.(*os.File)
	visible := false
	if ok {
		info, err := f.Stat()
		visible = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(e.Err), progressbar.OptionSetDescription(what),
		progressbar.OptionSetVisibility(visible), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

// Store are the flags that say which database a command works on. Embed it.
type Store struct {
	Data string `help:"Data folder (holds rennsteig.db, blobs, keys)." default:"data" placeholder:"DIR" env:"RENNSTEIG_DATA"`
	DB   string `help:"Database instead of the one in the data folder: sqlite:PATH or postgres://…" placeholder:"URL" env:"RENNSTEIG_DB"`
}

// Address is the database's address.
func (s Store) Address() string {
	if s.DB != "" {
		return s.DB
	}
	return "sqlite:" + filepath.Join(s.Data, "rennsteig.db")
}

// Open opens the database. Unlike db.Open it does not make a new SQLite file.
func (s Store) Open(ctx context.Context) (*db.DB, error) {
	if s.DB == "" {
		path := filepath.Join(s.Data, "rennsteig.db")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("no database at %s: start `rennsteig demo --data %s` once, or name one with --db", path, s.Data)
		}
	}
	return db.Open(ctx, s.Address())
}

// Exit is an error that has been told already: the command ends with this code and prints nothing more.
type Exit struct{ Code int }

func (e Exit) Error() string { return fmt.Sprintf("exit status %d", e.Code) }
