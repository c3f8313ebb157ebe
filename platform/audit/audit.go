// Package audit keeps the log of who did what: entries written in the transaction of the change, put into a Merkle
// tree whose signed checkpoints an outsider can verify.
package audit

import (
	"context"
	"embed"

	"rennsteig/platform/db"
)

// Files are the log's migrations, texts and pages.
//
//go:embed migrations/*.sql
var Files embed.FS

// Log is the audit trail.
type Log struct{ d *db.DB }

// Entry is one thing done. Time and actor are taken from the clock and the context.
type Entry struct {
	Action    string         // "records.case_decided": room, thing, past participle
	Authority string         // authority id; "" if none is concerned
	Object    string         // "case:018f…": kind and id of what was changed
	Changes   map[string]any // new values worth proving; no secrets, no more personal data than needed
	Blobs     []string       // SHA-256 of stored files this entry vouches for; verify reads them again
}

// Key signs checkpoints. It lives in a file beside the data, never in the database.
type Key struct{ signer, verifier string }

// NewKey makes a fresh key with the name that its signatures carry.
func NewKey(name string) (Key, error) { return Key{}, nil }

// New returns the log on d, whose checkpoints are signed with key.
func New(d *db.DB, key Key) *Log { return &Log{d: d} }

// Append writes e in the transaction of the change.
func (l *Log) Append(ctx context.Context, tx *db.Tx, e Entry) error { panic("being built") }
