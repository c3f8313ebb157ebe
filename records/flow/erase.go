package flow

import (
	"context"

	"rennsteig/platform/db"
)

// Erase deletes what this part keeps about whole files that are destroyed, in the transaction in which that happens and
// before their cases are deleted: circulations with their tasks and signatures, and comments. They name no stored files of their own.
func (r *Room) Erase(ctx context.Context, tx *db.Tx, files []string) (blobs []string, err error) {
	for _, id := range files {
		if err := erase(ctx, tx, id, `DELETE FROM flow_circulation WHERE file_id = $1`,
			`DELETE FROM flow_comment WHERE case_id IN (SELECT c.id FROM records_case c WHERE c.file_id = $1)`); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// EraseParts is Erase for single cases, or for single documents; of the two lists one is empty.
func (r *Room) EraseParts(ctx context.Context, tx *db.Tx, cases, documents []string) (blobs []string, err error) {
	for _, id := range cases {
		if err := erase(ctx, tx, id, `DELETE FROM flow_circulation WHERE case_id = $1`, `DELETE FROM flow_comment WHERE case_id = $1`); err != nil {
			return nil, err
		}
	}
	for _, id := range documents {
		if err := erase(ctx, tx, id, `DELETE FROM flow_circulation WHERE document_id = $1`); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// erase runs statements on an id. Tasks and signatures go with their circulation.
func erase(ctx context.Context, tx *db.Tx, id string, statements ...string) error {
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s, id); err != nil {
			return err
		}
	}
	return nil
}
