package records

import (
	"bytes"
	"context"
	"errors"
	"io"

	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// wholeBefore is up to how many bytes a stored file is read, and its hash checked, before any of it is given out.
const wholeBefore = 4 << 20

// OpenBlob opens a stored file that a row vouches for, name is what people call it; close what it returns. One of up to
// 4 MB that is damaged is an errs.Internal that says so; of a larger one the end is an error. What is damaged is known to
// the log afterwards (audit.Log.Damaged).
func (r *Room) OpenBlob(ctx context.Context, hash, name string) (io.ReadCloser, error) {
	content, err := r.h.Blobs.Open(ctx, hash)
	if err != nil {
		return nil, r.unreadable(ctx, hash, name, err)
	}
	begin, err := io.ReadAll(io.LimitReader(content, wholeBefore+1))
	if err != nil {
		return nil, r.unreadable(ctx, hash, name, errors.Join(err, content.Close()))
	}
	if len(begin) <= wholeBefore {
		return io.NopCloser(bytes.NewReader(begin)), content.Close()
	}
	return &reported{ReadCloser: content, from: io.MultiReader(bytes.NewReader(begin), content), failed: func(err error) {
		r.h.Audit.Report(ctx, hash, err)
	}}, nil
}

// unreadable tells what became of a stored file: this is our loss and not the reader's mistake.
func (r *Room) unreadable(ctx context.Context, hash, name string, err error) error {
	r.h.Audit.Report(ctx, hash, err)
	switch {
	case errs.Is(err, errs.NotFound):
		return errs.E(errs.Internal, "records.error.blob_missing", name, err)
	case errors.As(err, new(*blob.Corrupt)):
		return errs.E(errs.Internal, "records.error.blob_damaged", name, err)
	}
	return err
}

// reported is a stored file whose damage is reported where reading comes upon it.
type reported struct {
	io.ReadCloser
	from   io.Reader
	failed func(error)
}

// Read reads on.
func (c *reported) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if err != nil && err != io.EOF { // bare, as io.Reader promises it
		c.failed(err)
	}
	return n, err
}

const mostHolders = 20

// Holders finds the documents whose versions are a stored file, for audit.Log.Holders. What is confidential is not named,
// for who watches over stored files need not be cleared for it.
func Holders(ctx context.Context, q db.Querier, authorities []string, hash string) ([]audit.Holder, error) {
	a := access.All
	if authorities != nil {
		a = access.At(authorities...)
	}
	var p db.Params
	rows, err := q.Query(ctx, `SELECT c.reference, v.name, v.number, d.id, c.level FROM records_version v JOIN records_document d ON d.id = v.document_id
		JOIN records_case c ON c.id = d.case_id WHERE `+a.ReadsCase("c", &p)+` AND v.hash = `+p.Add(hash)+` ORDER BY c.reference, d.id, v.number LIMIT `+
		p.Add(mostHolders), p...)
	return db.All(rows, err, func(r db.Scanner) (h audit.Holder, err error) {
		var level access.Level
		err = r.Scan(&h.Reference, &h.Name, &h.Version, &h.Path, &level)
		h.Path = "/akte/dokument/" + h.Path + "/karte"
		if level > access.Open {
			h.Name = ""
		}
		return h, err
	})
}
