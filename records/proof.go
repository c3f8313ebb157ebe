package records

import (
	"context"
	"io"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// History is what the log has about a file.
type History struct {
	File    File
	Entries []audit.Verified  // the newest first, each verified now
	Objects map[string]string // how to call what an entry is about: "case:ID" is a case's Aktenzeichen, "document:ID" a name
	Before  string            // id that the next, older page begins before; "" on the last
	Partial bool              // the file has more cases and documents than are looked up
}

// historyPage is how many entries a page of a file's history has.
const historyPage = 100

// mostObjects of a file are looked up in the log; of a file with more the history says that it is not whole, and nothing is
// proved.
const mostObjects = 20_000

// FileHistory reads a page of the verified history of a file, of its cases and documents that the caller may read:
// what came before the entry with that id, "" for the newest.
func (r *Room) FileHistory(ctx context.Context, file, before string) (h History, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return h, err
	}
	if h.File, err = r.store.fileByID(ctx, q, a, file); err != nil {
		return h, err
	}
	objects, err := r.store.objects(ctx, q, a, file)
	if err != nil {
		return h, err
	}
	if err := r.NoteReading(ctx, "records.read", h.File.Authority, FileObject(file), h.File.Level, nil); err != nil {
		return History{}, err
	}
	if h.Partial = len(objects) > mostObjects; h.Partial {
		objects = objects[:mostObjects]
	}
	h.Objects = map[string]string{FileObject(file): h.File.Reference}
	names := []string{FileObject(file)}
	for _, o := range objects {
		h.Objects[o.name] = o.title
		names = append(names, o.name)
	}
	h.Entries, err = r.h.Audit.VerifiedHistory(ctx, names, before, "", historyPage+1)
	if len(h.Entries) > historyPage {
		h.Entries = h.Entries[:historyPage]
		h.Before = h.Entries[historyPage-1].ID
	}
	return h, err
}

// WriteProof writes what proves a file to a stranger (audit.Log.WriteBundle): of its cases and documents those that the
// caller may read, without the documents themselves.
func (r *Room) WriteProof(ctx context.Context, file string, w func(File) io.Writer) error {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	f, err := r.store.fileByID(ctx, q, a, file)
	if err != nil {
		return err
	}
	req, err := evidence(ctx, q, a, f)
	if err != nil {
		return err
	}
	if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.proof_taken", Authority: f.Authority, Object: FileObject(file)})
	}); err != nil {
		return err
	}
	_, err = r.h.Audit.WriteBundle(ctx, w(f), req)
	return err
}

// Evidence names all that the log can prove of the file with this Aktenzeichen, for the command line. authority is its
// id; "" is the only one where there is such a file. errs.NotFound if there is none; errs.Conflict, with the ids of the
// authorities as argument, if there are several: one authority's proof never holds what is another's.
func Evidence(ctx context.Context, d *db.DB, authority, reference string) (audit.BundleRequest, error) {
	q := d.Reader()
	rows, err := q.Query(ctx, `SELECT id, authority_id FROM records_file WHERE reference = $1 AND (authority_id = $2 OR $2 = '') ORDER BY authority_id`,
		reference, authority)
	found, err := db.All(rows, err, func(r db.Scanner) (f File, err error) { return f, r.Scan(&f.ID, &f.Authority) })
	switch {
	case err != nil:
		return audit.BundleRequest{}, err
	case len(found) == 0:
		return audit.BundleRequest{}, errs.E(errs.NotFound, "records.error.not_found")
	case len(found) > 1:
		var where []string
		for _, f := range found {
			where = append(where, f.Authority)
		}
		return audit.BundleRequest{}, errs.E(errs.Conflict, "records.error.several_files", strings.Join(where, ", "))
	}
	f := found[0]
	f.Reference = reference
	return evidence(ctx, q, access.At(f.Authority), f)
}

func evidence(ctx context.Context, q db.Querier, a access.Access, f File) (audit.BundleRequest, error) {
	req := audit.BundleRequest{Reference: f.Reference, Objects: []string{FileObject(f.ID)}}
	objects, err := store{}.objects(ctx, q, a, f.ID)
	if err != nil {
		return req, err
	}
	if len(objects) > mostObjects {
		return req, errs.E(errs.Conflict, "records.error.too_much_to_prove", mostObjects)
	}
	for _, o := range objects {
		req.Objects = append(req.Objects, o.name)
	}
	req.Documents, err = store{}.evidence(ctx, q, a, f.ID)
	return req, err
}
