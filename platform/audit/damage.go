package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Holder is what people know a stored file as.
type Holder struct {
	Reference string // Aktenzeichen of the case that it lies in
	Name      string // of the document; "" if it may not be told
	Version   int64
	Path      string // of the document's page on this site
}

// Holders finds what people know a stored file as, at these authorities (nil: at all). The log does not know what a file is.
type Holders func(ctx context.Context, q db.Querier, authorities []string, hash string) ([]Holder, error)

// damageOf says what is wrong with a stored file that could not be read; "" is nothing that is known.
func damageOf(err error) Damage {
	switch {
	case errs.Is(err, errs.NotFound):
		return Missing
	case isAltered(err):
		return Changed
	}
	return ""
}

// Report keeps what somebody came upon who read a stored file that a row vouches for: as the re-check would have. err is
// what the store said; nothing is kept of what is no damage.
func (l *Log) Report(ctx context.Context, hash string, err error) {
	kind := damageOf(err)
	if kind == "" {
		return
	}
	ctx = identity.AsSystem(context.WithoutCancel(ctx), "recheck") // the reader's connection may be gone
	if err := l.damaged(ctx, hash, time.Now(), kind); err != nil {
		l.Logger.ErrorContext(ctx, "damage of a stored file not kept", "sha256", hash, "error", err)
	}
}

// damaged keeps a finding, with an entry when it is new.
func (l *Log) damaged(ctx context.Context, hash string, at time.Time, kind Damage) error {
	var objects []string
	isNew := false
	err := l.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if isNew, err = keepFinding(ctx, tx, hash, kind, at); err != nil || !isNew {
			return err
		}
		objects, err = l.tell(ctx, tx, Entry{Action: "audit.file_damaged", Changes: map[string]any{"kind": kind}}, hash)
		return err
	})
	if err == nil && isNew {
		l.Logger.ErrorContext(ctx, "a stored file is damaged", "sha256", hash, "damage", string(kind), "objects", objects)
	}
	return err
}

// Damaged says which of these stored files are known to be damaged, for the pages of who may read them.
func (l *Log) Damaged(ctx context.Context, hashes []string) (map[string]Damage, error) {
	out := map[string]Damage{}
	for some := range slices.Chunk(hashes, 50) {
		var p db.Params
		rows, err := l.d.Reader().Query(ctx, `SELECT hash, kind FROM audit_finding WHERE `+oneOf("hash", some, &p), p...)
		if _, err = db.All(rows, err, func(r db.Scanner) (hash string, err error) {
			var kind string
			err = r.Scan(&hash, &kind)
			out[hash] = Damage(kind)
			return hash, err
		}); err != nil {
			return nil, fmt.Errorf("damaged files: %w", err)
		}
	}
	return out, nil
}
