package disposal

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
)

// tables are all tables of the database.
func (h *house) tables(t testing.TB) []string {
	t.Helper()
	q := `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`
	if h.h.DB.Dialect() == db.Postgres {
		q = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`
	}
	rows, err := h.h.DB.Reader().Query(t.Context(), q)
	names, err := db.All(rows, err, text)
	must(t, err)
	return names
}

// dump is a table as text, a row a line.
func (h *house) dump(t testing.TB, table string) string {
	t.Helper()
	rows, err := h.h.DB.Reader().Query(t.Context(), `SELECT * FROM `+table)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must(t, rows.Scan(values...))
		for _, v := range values {
			switch x := (*v.(*any)).(type) {
			case []byte:
				fmt.Fprintf(&b, "%q|", x) // in one line
			default:
				fmt.Fprintf(&b, "%v|", x)
			}
		}
		b.WriteString("\n")
	}
	must(t, rows.Err())
	return b.String()
}

// nothingLeft looks for the secret in every table, and in every stored file once those that nothing names are gone.
func (h *house) nothingLeft(t testing.TB, secret string) {
	t.Helper()
	for _, table := range h.tables(t) {
		if d := h.dump(t, table); strings.Contains(strings.ToLower(d), strings.ToLower(secret)) {
			t.Errorf("%s still holds %q:\n%.2000s", table, secret, d)
		}
	}
	h.at.Add(int64(2 * settled))
	must(t, h.Sweep(t.Context()))
	must(t, h.h.Blobs.List(t.Context(), func(ref blob.Ref, _ time.Time) error {
		if strings.Contains(h.content(t, ref.Hash), secret) {
			t.Errorf("the stored file %s still holds the secret", ref.Hash)
		}
		return nil
	}))
}

func (h *house) content(t testing.TB, hash string) string {
	t.Helper()
	r, err := h.h.Blobs.Open(t.Context(), hash)
	must(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	must(t, err)
	return string(b)
}
