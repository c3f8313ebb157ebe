package filing

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// Erase deletes what this part keeps about whole files that are destroyed, in the transaction in which that happens and
// before their cases and documents are deleted. It returns the SHA-256 of the stored files that the rows named. What can
// be found of them goes with the rows themselves.
func (r *Room) Erase(ctx context.Context, tx *db.Tx, files []string) (blobs []string, err error) {
	r.sheets.clear()
	return r.store.erase(ctx, tx, access.All, "file_id", files)
}

// EraseParts is Erase for single cases, or for single documents; of the two lists one is empty.
func (r *Room) EraseParts(ctx context.Context, tx *db.Tx, cases, documents []string) ([]string, error) {
	r.sheets.clear()
	a, err := r.store.erase(ctx, tx, access.All, "case_id", cases)
	if err != nil {
		return nil, err
	}
	b, err := r.store.erase(ctx, tx, access.All, "id", documents)
	return append(a, b...), err
}

// Keeps says which of these hashes a row of this part names: incoming post, renditions, versions put aside.
func (r *Room) Keeps(ctx context.Context, q db.Querier, hashes []string) ([]string, error) {
	return r.store.keeps(ctx, q, access.All, hashes)
}

// Correspondents are who wrote a message of the case, to whom, and who got a copy, each in one line, by the document's id:
// for what leaves the house.
func (r *Room) Correspondents(ctx context.Context, q db.Querier, a access.Access, caseID string) (map[string][3]string, error) {
	return r.store.correspondents(ctx, q, a, caseID)
}
