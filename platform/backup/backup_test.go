package backup

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/fulltext/fulltexttest"
)

// The test's tables refer to each other against the order of their names, and one refers to itself.
var things = fstest.MapFS{"migrations/0001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE z_owner (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE a_thing (
	id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES z_owner (id), parent TEXT REFERENCES a_thing (id),
	n BIGINT NOT NULL, yes BOOLEAN NOT NULL, raw BYTEA, price DOUBLE PRECISION);
INSERT INTO z_owner (id, name) VALUES ('seed', 'put there by the migration');
-- +goose Down
DROP TABLE a_thing;
DROP TABLE z_owner;
`)}}

var migrations = append([]db.Migration{{Room: "audit", FS: audit.Files}, {Room: "things", FS: things}}, fulltexttest.Migrations...)

func place(t *testing.T, dialect db.Dialect) Place {
	t.Helper()
	blobs, err := blob.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return Place{DB: dbtest.Open(t, dialect, migrations...), Blobs: blobs, Files: []string{filepath.Join(t.TempDir(), "audit.key")}}
}

func exec(t *testing.T, d *db.DB, q string, args ...any) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, q, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, d *db.DB) []string {
	t.Helper()
	r, err := d.Reader().Query(t.Context(), `SELECT id, owner, parent, n, yes, raw, price FROM a_thing ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []string
	for r.Next() {
		var id, owner string
		var parent *string
		var n int64
		var yes bool
		var raw []byte
		var price *float64
		if err := r.Scan(&id, &owner, &parent, &n, &yes, &raw, &price); err != nil {
			t.Fatal(err)
		}
		out = append(out, cmp.Diff(nil, []any{id, owner, parent, n, yes, raw, price}))
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return out
}

func fill(t *testing.T, p Place) {
	t.Helper()
	exec(t, p.DB, `INSERT INTO z_owner (id, name) VALUES ('o', $1)`, "Łucja „Müller“ \n\t 🐕")
	for _, r := range [][]any{
		{"1", "o", nil, int64(9007199254740993), true, []byte{0, 255, 10}, 0.1},
		{"2", "o", "1", int64(-1), false, nil, nil},
	} {
		exec(t, p.DB, `INSERT INTO a_thing (id, owner, parent, n, yes, raw, price) VALUES ($1, $2, $3, $4, $5, $6, $7)`, r...)
	}
	if _, err := fulltexttest.Fill(t.Context(), p.DB, 0, 3, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Blobs.Put(t.Context(), strings.NewReader("a filed document"), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Files[0], []byte("the key"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func nothing(int, int) {}

func TestRoundTripBetweenDatabases(t *testing.T) {
	for _, from := range []db.Dialect{db.SQLite, db.Postgres} {
		for _, to := range []db.Dialect{db.SQLite, db.Postgres} {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				a, b := place(t, from), place(t, to)
				fill(t, a)
				dir := filepath.Join(t.TempDir(), "backup")
				made, err := Write(t.Context(), a, dir, "test", nothing)
				if err != nil {
					t.Fatal(err)
				}
				if made.Rows != 4+8 || // of the full text: three documents in a case of a file, and three rows of tokens
					made.Blobs != 1 || len(made.Files) != 1 {
					t.Errorf("manifest %+v", made)
				}
				if _, err := Read(t.Context(), dir, b, nothing); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(rows(t, a.DB), rows(t, b.DB)); diff != "" {
					t.Error(diff)
				}
				hits, err := fulltexttest.Find(t.Context(), b.DB, b.DB.Reader(), fulltexttest.Readers[0], fulltexttest.Reference(1), 0, 9)
				if err != nil || len(hits) != 1 {
					t.Errorf("the full text finds %v, %v", hits, err)
				}
				if key, err := os.ReadFile(b.Files[0]); err != nil || string(key) != "the key" {
					t.Errorf("key %q, %v", key, err)
				}
				n := 0
				if err := b.Blobs.List(t.Context(), func(blob.Ref, time.Time) error { n++; return nil }); err != nil || n != 1 {
					t.Errorf("%d stored files, %v", n, err)
				}
				if err := b.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO a_thing (id, owner, n, yes) VALUES ('3', 'nobody', 0, true)`)
					return err
				}); err == nil {
					t.Error("foreign keys are gone after the restore")
				}
			})
		}
	}
}

func TestRefusals(t *testing.T) {
	a := place(t, db.SQLite)
	fill(t, a)
	dir := filepath.Join(t.TempDir(), "backup")
	if _, err := Write(t.Context(), a, dir, "test", nothing); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), a, dir, "test", nothing); err == nil {
		t.Error("a backup was written over another")
	}

	used := place(t, db.SQLite)
	if err := used.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		key, err := audit.NewKey("test")
		if err != nil {
			return err
		}
		return audit.New(used.DB, key).Append(ctx, tx, audit.Entry{Action: "test.done", Object: "x:1"})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), dir, used, nothing); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("restored over a used database: %v", err)
	}

	other := place(t, db.SQLite)
	if err := os.WriteFile(other.Files[0], []byte("another key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), dir, other, nothing); err == nil || !strings.Contains(err.Error(), "differs") {
		t.Errorf("another key was overwritten: %v", err)
	}

	path := filepath.Join(dir, databaseName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := place(t, db.SQLite)
	if _, err := Read(t.Context(), dir, fresh, nothing); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged backup was restored: %v", err)
	}
	if got := rows(t, fresh.DB); len(got) != 0 {
		t.Errorf("half a restore: %v", got)
	}
	if _, err := ReadManifest(t.TempDir()); err == nil {
		t.Error("an empty folder passed as a backup")
	}
}

// A dump cut off anywhere is refused whole.
func TestCutDump(t *testing.T) {
	a := place(t, db.SQLite)
	fill(t, a)
	var whole bytes.Buffer
	if _, _, err := dump(t.Context(), a.DB, &whole, func(int) {}); err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(whole.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimRight(plain, "\n"), []byte("\n"))
	b := place(t, db.SQLite)
	for n := range lines {
		var cut bytes.Buffer
		zw := gzip.NewWriter(&cut)
		_, err := zw.Write(bytes.Join(lines[:n], nil))
		if err := errors.Join(err, zw.Close()); err != nil {
			t.Fatal(err)
		}
		if err := load(t.Context(), b.DB, &cut, func(int) {}); err == nil {
			t.Fatalf("a dump with %d of %d lines was loaded", n, len(lines))
		}
	}
	if got := rows(t, b.DB); len(got) != 0 {
		t.Errorf("rows of a refused dump: %v", got)
	}
}

func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Map(rapid.Int64(), func(v int64) any { return v }),
			rapid.Map(rapid.String(), func(v string) any { return v }),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(v []byte) any { return string(v) }),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(v []byte) any { return append([]byte{}, v...) }),
			rapid.Map(rapid.Float64(), func(v float64) any { return v }),
			rapid.Map(rapid.Bool(), func(v bool) any { return v }),
			rapid.Just[any](nil),
		).Draw(t, "value")
		enc, err := encode(v)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(enc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
