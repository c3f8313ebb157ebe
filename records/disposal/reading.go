package disposal

import (
	"context"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// noteReading keeps a reader's look at something confidential in the log.
func (r *Room) noteReading(ctx context.Context, authority, object string, level access.Level) error {
	if !level.Sensitive() {
		return nil
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.read", Authority: authority, Object: object,
			Changes: map[string]any{"level": int64(level)}})
	})
}
