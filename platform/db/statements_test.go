package db

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

// A statement that is being read is not taken twice, one that failed is not kept, and a changed table is seen.
func TestPreparedStatements(t *testing.T) {
	ctx := t.Context()
	d, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	exec := func(q string, args ...any) error {
		return d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, q, args...)
			return err
		})
	}
	if err := exec(`CREATE TABLE n (i BIGINT NOT NULL PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := exec(`INSERT INTO n (i) VALUES ($1)`, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec(`INSERT INTO n (i) VALUES ($1)`, 1); !IsUnique(err) {
		t.Fatalf("the same again: %v", err)
	}
	if err := exec(`INSERT INTO n (i) VALUES ($1)`, 3); err != nil {
		t.Fatal(err)
	}
	const all = `SELECT i FROM n ORDER BY i`
	err = d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		outer, err := tx.Query(ctx, all)
		if err != nil {
			return err
		}
		defer outer.Close()
		n := 0
		for outer.Next() {
			if err := each(ctx, tx, all, func() { n++ }); err != nil {
				return err
			}
		}
		if n != 16 {
			t.Errorf("read %d rows in rows, want 16", n)
		}
		return outer.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	count := func(want int) {
		t.Helper()
		var n int
		if err := d.Reader().QueryRow(ctx, `SELECT count(*) FROM n`).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows, want %d: %v", n, want, err)
		}
	}
	count(4)
	if err := exec(`ALTER TABLE n ADD COLUMN j BIGINT NOT NULL DEFAULT 7`); err != nil {
		t.Fatal(err)
	}
	if err := exec(`INSERT INTO n (i) VALUES ($1)`, 4); err != nil {
		t.Fatal(err)
	}
	count(5)
	for i := range 2 * maxStatements { // more than are kept
		if err := exec(fmt.Sprintf(`UPDATE n SET j = %d WHERE i = $1`, i), 1); err != nil {
			t.Fatal(err)
		}
	}
	count(5)
}

// each calls f for every row.
func each(ctx context.Context, q Querier, query string, f func()) error {
	rows, err := q.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		f()
	}
	return rows.Err()
}
