package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/db"
)

// The dump is gzipped JSON lines: {"table":…,"columns":[…]}, then its rows as arrays, then the next table; the last
// line is {"rows":N}, so that a dump cut short is noticed. In a row: null, true, integers, and strings as they are;
// {"b":BASE64} bytes, {"f":"1.5"} floating point, {"t":BASE64} text that is not UTF-8.

type head struct {
	Table   string   `json:"table,omitempty"`
	Columns []string `json:"columns,omitempty"`
	Rows    *int64   `json:"rows,omitempty"`
}

type wrapped struct {
	B *string `json:"b,omitempty"`
	F *string `json:"f,omitempty"`
	T *string `json:"t,omitempty"`
}

// versionSuffix ends the names of the tables in which migrations keep their state; they are made by migrating.
const versionSuffix = "_goose_version"

// dump writes all rows of all tables as one consistent snapshot, without stopping writers.
func dump(ctx context.Context, d *db.DB, w io.Writer, step func(rows int)) (rows int64, versions map[string]int64, err error) {
	conn, err := d.SQL().Conn(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	begin := "BEGIN" // deferred: a reader in WAL, whatever the driver's default is
	if d.Dialect() == db.Postgres {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return 0, nil, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") //nolint:errcheck // the connection is given back either way

	names, err := tables(ctx, conn, d.Dialect())
	if err != nil {
		return 0, nil, err
	}
	if versions, err = migrated(ctx, conn, names); err != nil {
		return 0, nil, err
	}
	zw := gzip.NewWriter(w)
	out := bufio.NewWriterSize(zw, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, name := range names {
		if strings.HasSuffix(name, versionSuffix) {
			continue
		}
		n, err := dumpTable(ctx, conn, name, enc, step)
		if err != nil {
			return 0, nil, fmt.Errorf("table %s: %w", name, err)
		}
		rows += n
	}
	return rows, versions, errors.Join(enc.Encode(head{Rows: &rows}), out.Flush(), zw.Close())
}

func dumpTable(ctx context.Context, conn *sql.Conn, name string, enc *json.Encoder, step func(int)) (int64, error) {
	// Only the dump reads whole rows: it must not miss a column that a migration added.
	r, err := conn.QueryContext(ctx, "SELECT * FROM "+quote(name))
	if err != nil {
		return 0, err
	}
	defer r.Close()
	columns, err := r.Columns()
	if err != nil {
		return 0, err
	}
	if err := enc.Encode(head{Table: name, Columns: columns}); err != nil {
		return 0, err
	}
	types, err := r.ColumnTypes()
	if err != nil {
		return 0, err
	}
	values := make([]any, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	var n int64
	for r.Next() {
		if err := r.Scan(targets...); err != nil {
			return 0, err
		}
		row := make([]any, len(values))
		for i, v := range values {
			if n, ok := v.(int64); ok && types[i].DatabaseTypeName() == "BOOLEAN" {
				v = n != 0 // SQLite has no booleans of its own
			}
			if row[i], err = encode(v); err != nil {
				return 0, fmt.Errorf("column %s: %w", columns[i], err)
			}
		}
		if err := enc.Encode(row); err != nil {
			return 0, err
		}
		n++
		step(1)
	}
	return n, r.Err()
}

func encode(v any) (any, error) {
	text := func(b []byte) *string { s := base64.StdEncoding.EncodeToString(b); return &s }
	switch v := v.(type) {
	case nil, bool, int64:
		return v, nil
	case int32:
		return int64(v), nil
	case string:
		if !utf8.ValidString(v) {
			return wrapped{T: text([]byte(v))}, nil
		}
		return v, nil
	case []byte:
		return wrapped{B: text(v)}, nil
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		return wrapped{F: &s}, nil
	}
	return nil, fmt.Errorf("cannot dump a value of type %T", v)
}

func decode(raw json.RawMessage) (any, error) {
	switch {
	case len(raw) == 0:
		return nil, errors.New("empty value")
	case raw[0] == '{':
		var w wrapped
		if err := json.Unmarshal(raw, &w); err != nil {
			return nil, err
		}
		switch {
		case w.B != nil:
			return base64.StdEncoding.DecodeString(*w.B)
		case w.T != nil:
			b, err := base64.StdEncoding.DecodeString(*w.T)
			return string(b), err
		case w.F != nil:
			return strconv.ParseFloat(*w.F, 64)
		}
		return nil, errors.New("unknown kind of value")
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case string(raw) == "null":
		return nil, nil
	case string(raw) == "true", string(raw) == "false":
		return raw[0] == 't', nil
	}
	return strconv.ParseInt(string(raw), 10, 64)
}

// load fills the migrated tables of d from a dump, all or nothing; rows that migrations put there are replaced.
func load(ctx context.Context, d *db.DB, r io.Reader, step func(rows int)) error {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bufio.NewReaderSize(zr, 1<<16))
	return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		restoreKeys, err := suspendForeignKeys(ctx, tx, d.Dialect())
		if err != nil {
			return err
		}
		if err := loadRows(ctx, tx, dec, step); err != nil {
			return err
		}
		return restoreKeys()
	})
}

func loadRows(ctx context.Context, tx *db.Tx, dec *json.Decoder, step func(int)) error {
	var in inserter
	var rows int64
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("the dump is cut short or damaged: %w", err)
		}
		if raw[0] == '[' {
			if in.table == "" {
				return errors.New("the dump is damaged: a row before its table")
			}
			if err := in.add(ctx, tx, raw); err != nil {
				return fmt.Errorf("table %s: %w", in.table, err)
			}
			rows++
			step(1)
			continue
		}
		if err := in.flush(ctx, tx); err != nil {
			return fmt.Errorf("table %s: %w", in.table, err)
		}
		var h head
		if err := json.Unmarshal(raw, &h); err != nil {
			return fmt.Errorf("the dump is damaged: %w", err)
		}
		if h.Rows != nil {
			if *h.Rows != rows {
				return fmt.Errorf("the dump is damaged: it has %d rows and says %d", rows, *h.Rows)
			}
			return nil
		}
		in = inserter{table: h.Table, columns: h.Columns}
		if _, err := tx.Exec(ctx, "DELETE FROM "+quote(in.table)); err != nil {
			return err
		}
	}
}

// inserter gathers rows of one table into statements of many rows.
type inserter struct {
	table   string
	columns []string
	args    []any
}

// maxArgs in a statement: SQLite's driver takes time that grows with the square of their number.
const maxArgs = 500

func (in *inserter) add(ctx context.Context, tx *db.Tx, raw json.RawMessage) error {
	var row []json.RawMessage
	if err := json.Unmarshal(raw, &row); err != nil {
		return err
	}
	if len(row) != len(in.columns) {
		return fmt.Errorf("a row has %d values for %d columns", len(row), len(in.columns))
	}
	for _, v := range row {
		value, err := decode(v)
		if err != nil {
			return err
		}
		in.args = append(in.args, value)
	}
	if len(in.args)+len(in.columns) > maxArgs {
		return in.flush(ctx, tx)
	}
	return nil
}

func (in *inserter) flush(ctx context.Context, tx *db.Tx) error {
	if len(in.args) == 0 {
		return nil
	}
	var q strings.Builder
	q.WriteString("INSERT INTO " + quote(in.table) + " (")
	for i, c := range in.columns {
		if i > 0 {
			q.WriteString(", ")
		}
		q.WriteString(quote(c))
	}
	q.WriteString(") VALUES ")
	for i := range in.args {
		switch {
		case i == 0:
			q.WriteString("(")
		case i%len(in.columns) == 0:
			q.WriteString("), (")
		default:
			q.WriteString(", ")
		}
		fmt.Fprintf(&q, "$%d", i+1)
	}
	q.WriteString(")")
	_, err := tx.Exec(ctx, q.String(), in.args...)
	in.args = in.args[:0]
	return err
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// tables lists the program's tables by name. SQLite's virtual tables and those in which they keep their data are none:
// a full text (platform/fulltext) follows a table, and is built again when that is filled.
func tables(ctx context.Context, q querier, dialect db.Dialect) ([]string, error) {
	query := `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`
	if dialect == db.Postgres {
		query = `SELECT table_name FROM information_schema.tables
			WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
	}
	r, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var names []string
	for r.Next() {
		var n string
		if err := r.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	slices.Sort(names)
	return names, r.Err()
}

// migrated tells each room's newest migration.
func migrated(ctx context.Context, q querier, names []string) (map[string]int64, error) {
	versions := map[string]int64{}
	for _, name := range names {
		room, ok := strings.CutSuffix(name, versionSuffix)
		if !ok {
			continue
		}
		version, err := single[int64](ctx, q, "SELECT max(version_id) FROM "+quote(name))
		if err != nil {
			return nil, err
		}
		versions[room] = version
	}
	return versions, nil
}

func single[T any](ctx context.Context, q querier, query string) (v T, err error) {
	r, err := q.QueryContext(ctx, query)
	if err != nil {
		return v, err
	}
	defer r.Close()
	if !r.Next() {
		return v, errors.Join(r.Err(), sql.ErrNoRows)
	}
	return v, errors.Join(r.Scan(&v), r.Err())
}

// suspendForeignKeys lets rows come in any order; the returned function checks and restores the constraints.
func suspendForeignKeys(ctx context.Context, tx *db.Tx, dialect db.Dialect) (restore func() error, err error) {
	if dialect == db.SQLite {
		_, err := tx.Exec(ctx, "PRAGMA defer_foreign_keys = ON")
		return func() error { return nil }, err // checked at commit
	}
	type constraint struct{ table, name, def string }
	r, err := tx.Query(ctx, `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var keys []constraint
	for r.Next() {
		var k constraint
		if err := r.Scan(&k.table, &k.name, &k.def); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	r.Close()
	for _, k := range keys {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+k.table+" DROP CONSTRAINT "+quote(k.name)); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, k := range keys {
			if _, err := tx.Exec(ctx, "ALTER TABLE "+k.table+" ADD CONSTRAINT "+quote(k.name)+" "+k.def); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
