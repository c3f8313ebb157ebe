package disposal

import (
	"context"

	"rennsteig/platform/db"
)

// Eraser is another part of the electronic file that keeps rows of its own about files, cases and documents. Erase
// deletes those of whole files, in the transaction in which they are destroyed and before their cases and documents
// are deleted, and returns the SHA-256 of the stored files that the rows named.
type Eraser interface {
	Erase(ctx context.Context, tx *db.Tx, files []string) (blobs []string, err error)
}

// PartEraser is an Eraser that can forget single cases and documents too, for what a court ordered. Of the two lists
// one is empty.
type PartEraser interface {
	EraseParts(ctx context.Context, tx *db.Tx, cases, documents []string) (blobs []string, err error)
}

// Keeper is an Eraser, or a part of another room, whose rows name stored files. Keeps says which of the hashes it still
// names; those are not deleted.
type Keeper interface {
	Keeps(ctx context.Context, q db.Querier, hashes []string) ([]string, error)
}

// Applicants knows which applications somebody sent through the citizens' account.
type Applicants interface {
	// Applications lists the ids of the applications of the account; none if there is no such account.
	Applications(ctx context.Context, citizen string) ([]string, error)
}
