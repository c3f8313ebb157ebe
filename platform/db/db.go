// Package db opens the one database of the program, SQLite or PostgreSQL, and runs transactions on it.
//
// Every statement is written once and runs on both: $1 placeholders, times as BIGINT microseconds UTC, ids made in
// Go (UUIDv7), BYTEA and BOOLEAN columns. What differs is hidden here (ForUpdate, TryLock) or avoided.
//
// A use-case gets one *Tx from DB.Tx and reads and writes through it. Opening a second transaction, or using the
// reader pool, inside it is refused at once: on SQLite's single writer it would hang.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is the kind of database behind a DB.
type Dialect string

// The two dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open database.
type DB struct {
	dialect Dialect
	write   *sql.DB
	read    *sql.DB
}

// Querier is what a store method needs to read and write: a *Tx, or the reader pool from DB.Reader.
type Querier interface {
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

type inTx struct{}

// ErrNested is returned when a transaction or the reader pool is asked for inside a transaction.
var ErrNested = errors.New("db: already inside a transaction; use its *Tx")

// Open opens "sqlite:PATH" or "postgres://…". The SQLite file and its folder are created if missing.
func Open(ctx context.Context, address string) (*DB, error) {
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return openPostgres(ctx, address)
	}
	return nil, fmt.Errorf("database address %q: want sqlite:PATH or postgres://…", redact(address))
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, errors.New("database address: want sqlite:PATH with the path of a file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// SQLite makes its files readable for everyone; they hold personal data. Only a new file is touched: closing any
	// handle of an existing one would end the locks that this process may hold on it.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		if err := f.Close(); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	// No mmap_size: with it an I/O error kills the process instead of being an error.
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate" +
			"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
			"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=journal_size_limit(67108864)" + extra
	}
	w, err := openPrepared(dsn("&_pragma=cache_size(-65536)"))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	if err := w.PingContext(ctx); err != nil {
		w.Close() //nolint:errcheck // the first error says more
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r, err := openPrepared(dsn("&_pragma=cache_size(-16384)&_pragma=query_only(1)"))
	if err != nil {
		w.Close() //nolint:errcheck // the first error says more
		return nil, err
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	r.SetMaxOpenConns(n)
	r.SetMaxIdleConns(n)
	return &DB{dialect: SQLite, write: w, read: r}, nil
}

// poolSize bounds each of the two pools of a process on PostgreSQL. There are two, so that readers that hold a
// connection while they wait for a transaction cannot starve the transactions they wait for.
const poolSize = 16

func openPostgres(ctx context.Context, address string) (*DB, error) {
	open := func(params map[string]string) (*sql.DB, error) {
		c, err := pgx.ParseConfig(address)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", redact(address), err)
		}
		for k, v := range params {
			if _, ok := c.RuntimeParams[k]; !ok {
				c.RuntimeParams[k] = v
			}
		}
		d := stdlib.OpenDB(*c)
		d.SetMaxOpenConns(poolSize)
		d.SetMaxIdleConns(poolSize)
		d.SetConnMaxIdleTime(5 * time.Minute)
		d.SetConnMaxLifetime(30 * time.Minute) // so that a failover or a new address is noticed
		return d, nil
	}
	// A transaction that does nothing for a minute has been forgotten; its locks would stop the others.
	w, err := open(map[string]string{"application_name": "rennsteig", "idle_in_transaction_session_timeout": "60s"})
	if err != nil {
		return nil, err
	}
	r, err := open(map[string]string{"application_name": "rennsteig", "default_transaction_read_only": "on"})
	if err != nil {
		return nil, err
	}
	d := &DB{dialect: Postgres, write: w, read: r}
	if err := d.suitable(ctx); err != nil {
		d.Close()
		return nil, fmt.Errorf("open %s: %w", redact(address), err)
	}
	return d, nil
}

// suitable checks that a PostgreSQL is one that this program is tested with.
func (d *DB) suitable(ctx context.Context) error {
	var version int
	var encoding string
	err := d.read.QueryRowContext(ctx,
		`SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`).Scan(&version, &encoding)
	switch {
	case err != nil:
		return err
	case version < 150000:
		return fmt.Errorf("PostgreSQL 15 or newer is needed, this is %d", version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding must be UTF8, it is %s: create it with ENCODING 'UTF8'", encoding)
	}
	return nil
}

func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(unreadable)"
	}
	u.RawQuery = "" // it may hold a password too
	return u.Redacted()
}

// Dialect tells which database this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// SQL is the writing handle, for libraries that need one (migrations).
func (d *DB) SQL() *sql.DB { return d.write }

// Close closes all handles.
func (d *DB) Close() error {
	return errors.Join(d.read.Close(), d.write.Close())
}

// Ping checks that the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.read.PingContext(ctx) }

// Reader returns the pool for reading outside a transaction. Writing through it fails.
func (d *DB) Reader() Querier { return reader{d} }

type reader struct{ d *DB }

func (r reader) Exec(context.Context, string, ...any) (sql.Result, error) {
	return nil, errors.New("db: the reader pool does not write; use DB.Tx")
}

func (r reader) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if ctx.Value(inTx{}) != nil {
		return nil, ErrNested
	}
	if r.d.dialect == Postgres && strings.Contains(q, likeEscape) {
		args = append([]any{pgx.QueryExecModeCacheDescribe}, args...) // planned for these words: in a plan for any, all are equally rare
	}
	return r.d.read.QueryContext(ctx, q, args...)
}

func (r reader) QueryRow(ctx context.Context, q string, args ...any) *sql.Row {
	if ctx.Value(inTx{}) != nil {
		return nested.QueryRowContext(ctx, q, args...)
	}
	return r.d.read.QueryRowContext(ctx, q, args...)
}

// nested is a database whose every row is ErrNested: a *sql.Row with an error of ours cannot be made otherwise.
var nested = sql.OpenDB(nestedConnector{})

type nestedConnector struct{}

func (nestedConnector) Connect(context.Context) (driver.Conn, error) { return nil, ErrNested }
func (c nestedConnector) Driver() driver.Driver                      { return c }
func (nestedConnector) Open(string) (driver.Conn, error)             { return nil, ErrNested }

// Tx is a running transaction. On PostgreSQL it is READ COMMITTED: a use-case changes a row with its old state in
// the WHERE clause, or locks it with ForUpdate.
type Tx struct {
	tx      *sql.Tx
	dialect Dialect
	after   []func()
	kept    []any
	touched []string
	before  func(ctx context.Context, kept []any) error
}

// Tx runs f in a transaction, commits if f returns nil, and runs the AfterCommit functions. f is run again when
// PostgreSQL asks for it (serialization failure, deadlock), so it must have no effect but through tx.
// The context given to f must be used inside f.
func (d *DB) Tx(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return ErrNested
	}
	for try := 1; ; try++ {
		err := d.once(ctx, f)
		if err == nil || try == 5 || !retryable(err) {
			return outage(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try*try) * 5 * time.Millisecond):
		}
	}
}

func (d *DB) once(ctx context.Context, f func(context.Context, *Tx) error) error {
	stx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer stx.Rollback() //nolint:errcheck // after Commit this is a no-op
	tx := &Tx{tx: stx, dialect: d.dialect}
	inner := context.WithValue(ctx, inTx{}, true)
	if err := f(inner, tx); err != nil {
		return err
	}
	if len(tx.kept) > 0 {
		if err := tx.before(inner, tx.kept); err != nil {
			return err
		}
	}
	if err := stx.Commit(); err != nil {
		return err
	}
	for _, g := range tx.after {
		g()
	}
	return nil
}

// Exec runs a statement.
func (t *Tx) Exec(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, q, args...)
}

// Query runs a query. Close the rows before the next statement.
func (t *Tx) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, q, args...)
}

// QueryRow runs a query for one row.
func (t *Tx) QueryRow(ctx context.Context, q string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, q, args...)
}

// AfterCommit runs f after this transaction has been committed; f must be quick and cannot fail.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// ForUpdate is appended to a SELECT that must lock its rows: " FOR UPDATE" on PostgreSQL, nothing on SQLite, where
// a transaction is alone anyway.
func (t *Tx) ForUpdate() string {
	if t.dialect == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// SkipLocked is appended to a SELECT that claims rows others may be claiming.
func (t *Tx) SkipLocked() string {
	if t.dialect == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// TryLock takes a lock of that name, across processes, until the transaction ends; false if another has it.
func (t *Tx) TryLock(ctx context.Context, name string) (bool, error) {
	if t.dialect == SQLite {
		return true, nil
	}
	var ok bool
	err := t.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))`, name).Scan(&ok)
	return ok, err
}

// Lock takes a lock of that name, across processes, until the transaction ends, and waits while another has it: for what is
// checked over several rows before one is written.
func (t *Tx) Lock(ctx context.Context, name string) error {
	if t.dialect == SQLite {
		return nil // a transaction is alone anyway
	}
	_, err := t.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, name)
	return err
}

// Savepoint runs f so that its failure undoes only f's changes and the transaction can go on. It may be nested.
func (t *Tx) Savepoint(ctx context.Context, f func() error) error {
	if _, err := t.Exec(ctx, "SAVEPOINT inner_step"); err != nil {
		return err
	}
	kept, touched := len(t.kept), len(t.touched)
	if err := f(); err != nil {
		t.kept, t.touched = t.kept[:kept], t.touched[:touched]
		// Undone, then removed: left there it would catch the rollback of a savepoint around this one.
		for _, q := range []string{"ROLLBACK TO SAVEPOINT inner_step", "RELEASE SAVEPOINT inner_step"} {
			if _, rerr := t.Exec(ctx, q); rerr != nil {
				return errors.Join(err, rerr)
			}
		}
		return err
	}
	_, err := t.Exec(ctx, "RELEASE SAVEPOINT inner_step")
	return err
}

func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// IsUnique reports whether err is a violated unique index or primary key.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) &&
		(lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// NewID returns a new UUIDv7 as text: unique, and roughly ordered by time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Micros is t as it is stored: microseconds since 1970, UTC; 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the stored microseconds as a time in UTC; the zero time for 0.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
