package db_test

import (
	"context"
	"fmt"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

func TestBulk(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, d *db.DB) {
		tx := func(f func(ctx context.Context, tx *db.Tx) error) error { return d.Tx(t.Context(), f) }
		if err := tx(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `CREATE TABLE bulk_test (id TEXT PRIMARY KEY, n BIGINT NOT NULL)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fill := func(skip bool, from, to int) (int64, error) {
			b := db.Bulk{Into: `bulk_test (id, n)`, Skip: skip}
			err := tx(func(ctx context.Context, tx *db.Tx) error {
				for i := from; i < to; i++ {
					if err := b.Add(ctx, tx, fmt.Sprint(i), i); err != nil {
						return err
					}
				}
				return b.Flush(ctx, tx)
			})
			return b.Count, err
		}
		if n, err := fill(false, 0, 123); err != nil || n != 123 {
			t.Fatalf("%d, %v", n, err)
		}
		if n, err := fill(true, 100, 130); err != nil || n != 7 {
			t.Errorf("%d new, %v; 23 were there", n, err)
		}
		if _, err := fill(false, 129, 131); !db.IsUnique(err) {
			t.Errorf("a row that is there: %v", err)
		}
		if n, err := fill(false, 0, 0); err != nil || n != 0 {
			t.Errorf("nothing: %d, %v", n, err)
		}
		for id, want := range map[string]bool{"5": true, "none": false} {
			if err := tx(func(ctx context.Context, tx *db.Tx) error {
				got, err := db.Changed(tx.Exec(ctx, `UPDATE bulk_test SET n = 0 WHERE id = $1`, id))
				if got != want {
					t.Errorf("changed %s: %v", id, got)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
