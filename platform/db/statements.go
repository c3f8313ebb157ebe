package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
)

// openPrepared opens a SQLite whose connections keep their prepared statements: preparing one takes longer than running
// it, and the house has a few hundred of them. (pgx does the same for PostgreSQL.)
func openPrepared(dsn string) (*sql.DB, error) {
	plain, err := sql.Open("sqlite", dsn) // opens nothing yet; it knows the driver
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(&preparing{driver: plain.Driver(), dsn: dsn}), plain.Close()
}

type preparing struct {
	driver driver.Driver
	dsn    string
}

func (p *preparing) Driver() driver.Driver { return p.driver }

func (p *preparing) Connect(context.Context) (driver.Conn, error) {
	c, err := p.driver.Open(p.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := c.(fullConn)
	if !ok {
		return nil, fmt.Errorf("db: %T lacks methods of a connection", c)
	}
	return &preparedConn{fullConn: full, kept: map[string]*prepared{}}, nil
}

// fullConn is what the driver's connections can do, and we pass on.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedConn keeps prepared statements by their text. database/sql lets one goroutine at a time use it.
type preparedConn struct {
	fullConn
	kept map[string]*prepared
}

type prepared struct {
	driver.Stmt
	busy bool // its rows are being read
}

const (
	maxStatements = 500
	maxStatement  = 4 << 10 // bytes; longer ones are made for one occasion
)

// statement finds or prepares the statement; nil if it is not one to keep, or is in use.
func (c *preparedConn) statement(ctx context.Context, query string) (*prepared, error) {
	if p := c.kept[query]; p != nil {
		if p.busy {
			return nil, nil
		}
		return p, nil
	}
	if len(query) > maxStatement || !isPlain(query) {
		return nil, nil
	}
	if len(c.kept) >= maxStatements {
		for text, p := range c.kept {
			if !p.busy {
				c.drop(text)
			}
		}
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p := &prepared{Stmt: s}
	c.kept[query] = p
	return p, nil
}

// isPlain reports whether the text is a single statement that reads or changes rows.
func isPlain(query string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(query, " \t\n"), " ")
	switch first {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return !strings.Contains(query, ";")
	}
	return false
}

func (c *preparedConn) drop(query string) {
	_ = c.kept[query].Close() // it says again what went wrong when it ran
	delete(c.kept, query)
}

// ExecContext runs a statement. One that failed is not kept.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	p, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	res, err := p.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if err != nil {
		c.drop(query)
	}
	return res, err
}

// QueryContext runs a query; its statement is free again when the rows are closed.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	p, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	rows, err := p.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		c.drop(query)
		return nil, err
	}
	full, ok := rows.(fullRows)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: %T lacks methods of rows", rows), rows.Close())
	}
	p.busy = true
	return &preparedRows{fullRows: full, conn: c, query: query, of: p}, nil
}

// Close closes all statements with the connection.
func (c *preparedConn) Close() error {
	for query := range c.kept {
		c.drop(query)
	}
	return c.fullConn.Close()
}

// fullRows is what the driver's rows can do, and we pass on.
type fullRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

type preparedRows struct {
	fullRows
	conn   *preparedConn
	query  string
	of     *prepared
	failed bool
}

func (r *preparedRows) Next(dest []driver.Value) error {
	err := r.fullRows.Next(dest)
	if err != nil && err != io.EOF { //nolint:errorlint // the contract of driver.Rows
		r.failed = true
	}
	return err
}

func (r *preparedRows) Close() error {
	err := r.fullRows.Close()
	r.of.busy = false
	if (err != nil || r.failed) && r.conn.kept[r.query] == r.of {
		r.conn.drop(r.query)
	}
	return err
}
