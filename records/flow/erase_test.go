package flow

import (
	"context"
	"testing"

	"rennsteig/platform/db"
)

// TestErase destroys what a file's circulation left, and leaves another file's.
func TestErase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		put := func(file, kase, document string) {
			t.Helper()
			must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at)
					VALUES ($1, 'a', $1, 'u', '', '', 0, 0)`, file); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `INSERT INTO records_case (id, authority_id, file_id, reference, subject, search, source, source_reference,
					status_path, leika_key, applicant, state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen,
					fee_paid_at, changed_by, changed_at, version) VALUES ($2, 'a', $1, $2, '', '', $2, '', '', '', '', 'in_work', '', '', 0, 0, 0, 0, '',
					0, '', 0, 1)`, file, kase); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, `INSERT INTO flow_circulation (id, authority_id, file_id, case_id, document_id, document_version, document_hash,
					title, state, step, started_by, started_name, started_at, ended_at, reason, version)
					VALUES ('c-' || $2, 'a', $1, $2, $3, 1, '', '', 'running', 1, '', '', 0, 0, '', 1)`, file, kase, document)
				return err
			}))
		}
		left := func() (n int) {
			t.Helper()
			must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM flow_circulation WHERE case_id LIKE 'erase-%'`).Scan(&n))
			return n
		}
		put("erase-f1", "erase-c1", "erase-d1")
		put("erase-f2", "erase-c2", "erase-d2")
		put("erase-f3", "erase-c3", "erase-d3")
		put("erase-f4", "erase-c4", "")
		for i, do := range []func(ctx context.Context, tx *db.Tx) error{
			func(ctx context.Context, tx *db.Tx) error {
				_, err := h.Erase(ctx, tx, []string{"erase-f1"})
				return err
			},
			func(ctx context.Context, tx *db.Tx) error {
				_, err := h.EraseParts(ctx, tx, []string{"erase-c2"}, nil)
				return err
			},
			func(ctx context.Context, tx *db.Tx) error {
				_, err := h.EraseParts(ctx, tx, nil, []string{"erase-d3"})
				return err
			},
		} {
			must(t, h.h.DB.Tx(t.Context(), do))
			if n := left(); n != 3-i {
				t.Errorf("after step %d there are %d circulations", i, n)
			}
		}
	})
}
