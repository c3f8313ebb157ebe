package records

import (
	"context"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// moveCalls are the store's methods about cases in cases, moving and giving, on the case.
func moveCalls(t *testing.T, h *house, c Case) map[string]func(ctx context.Context, tx *db.Tx, s access.Access) error {
	t.Helper()
	sub, err := h.OpenCase(erika, NewCase{File: c.FileID, Parent: c.ID, Subject: secret})
	must(t, err)
	tx(t, h, `UPDATE records_case SET state = 'closed' WHERE id = $1`, sub.ID)
	f, err := h.store.fileByID(t.Context(), h.h.DB.Reader(), access.At(erfurt), c.FileID)
	must(t, err)
	other, st := sub, h.store
	other.ID, other.FileID = c.ID, "elsewhere"
	other.Level, other.Part = access.Secret, "other"
	return map[string]func(ctx context.Context, tx *db.Tx, s access.Access) error{
		"subCases": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.subCases(ctx, tx, s, c.ID, tx.ForUpdate())
			return nothing(len(l), err)
		},
		"casesIn": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.casesIn(ctx, tx, s, c.FileID, tx.ForUpdate())
			return nothing(len(l), err)
		},
		// These change nothing of a stranger's: dump says so.
		"raiseSubCases": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.raiseSubCases(ctx, tx, s, other))
		},
		"partSubCases": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.partSubCases(ctx, tx, s, other))
		},
		"bring": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.bring(ctx, tx, s, other))
		},
		"keepNumber": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.keepNumber(ctx, tx, s, f.ID, 99))
		},
		"fileNamed": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.fileNamed(ctx, tx, s, erfurt, f.Reference)
			return err
		},
		"closedWithCase": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `UPDATE records_case SET closed_at = 5`); err != nil {
				return err
			}
			closed := f
			closed.ClosedAt = db.Time(5)
			return none(st.closedWithCase(ctx, tx, s, closed))
		},
		"members": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.members(ctx, tx, s, "org-50")
			return nothing(len(l), err)
		},
	}
}
