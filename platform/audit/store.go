package audit

import (
	"context"

	"rennsteig/platform/db"
)

func insertEntry(ctx context.Context, tx *db.Tx, r *row) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_entry
		(id, at, actor, actor_name, authority, action, object, changes, blobs, erased, hash, seal)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.id, r.at, r.actor, r.actorName, r.authority, r.action, r.object, r.changes, r.blobs, r.erased, r.hash, r.seal)
	return err
}
