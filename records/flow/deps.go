package flow

import (
	"context"
	"io"

	"rennsteig/platform/db"
	"rennsteig/platform/extract"
)

// Staff knows the roles of people who are not the caller. app passes the sign-in.
type Staff interface {
	// Registrar reports whether the person is registrar at the authority: they reach its files without a rule, and a
	// rule of ours would only give them less.
	Registrar(ctx context.Context, q db.Querier, subject, authority string) (bool, error)
}

// Texts reads what stands in a document. app passes platform/extract.
type Texts interface {
	Text(ctx context.Context, mediaType, name string, r io.ReaderAt, size int64) (string, extract.How, error)
}
