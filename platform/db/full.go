package db

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"rennsteig/platform/errs"
)

// outage tells people that nothing can be saved just now, where the reason is the database's disk and not the change.
func outage(err error) error {
	if err == nil || errs.CodeOf(err) != errs.Internal {
		return err
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &lite) && (lite.Code()&0xff == lib.SQLITE_FULL || lite.Code()&0xff == lib.SQLITE_IOERR):
	case errors.As(err, &pg) && (pg.Code == "53100" || pg.Code == "58030"): // disk_full, io_error
	default:
		return err
	}
	return errs.E(errs.Unavailable, "errs.no_space", err)
}
