package filing

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// toPack are the documents of a case that the caller takes out together, with an entry in the log if they are confidential.
func (r *Room) toPack(ctx context.Context, caseID string, ids []string) (records.Case, []Document, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return records.Case{}, nil, err
	}
	c, err := r.core.CaseByID(ctx, q, scope, caseID, "")
	if err != nil {
		return c, nil, err
	}
	docs, err := r.chosen(ctx, q, scope, caseID, ids)
	if err == nil {
		err = r.core.NoteReading(ctx, "filing.read", c.Authority, records.CaseObject(c.ID), c.Level, map[string]any{"packed": ids})
	}
	return c, docs, err
}

// sendZIP streams the current versions of documents as one ZIP.
func (r *Room) sendZIP(w http.ResponseWriter, req *http.Request, c records.Case, docs []Document) error {
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", records.Disposition(c.Reference+".zip"))
	if err := writeZIP(req.Context(), w, docs, r.open); err != nil {
		panic(http.ErrAbortHandler) // half a ZIP is out: better the caller sees it broken than whole
	}
	return nil
}

// writeZIP packs documents; names that come twice get a number.
func writeZIP(ctx context.Context, w io.Writer, docs []Document, open func(ctx context.Context, hash, name string) (io.ReadCloser, error)) error {
	z := zip.NewWriter(w)
	taken := map[string]bool{}
	for _, d := range docs {
		if err := addToZIP(ctx, z, d, unique(records.SafeName(d.Name), taken), open); err != nil {
			return err
		}
	}
	return z.Close()
}

// unique is the name, or the name with a number if it is taken; upper and lower case are the same for some who unpack it.
func unique(name string, taken map[string]bool) string {
	ext := path.Ext(name)
	out := name
	for i := 2; taken[strings.ToLower(out)]; i++ {
		out = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), i, ext)
	}
	taken[strings.ToLower(out)] = true
	return out
}

func addToZIP(ctx context.Context, z *zip.Writer, d Document, name string, open func(ctx context.Context, hash, name string) (io.ReadCloser, error)) error {
	content, err := open(ctx, d.Hash, d.Name)
	if err != nil {
		return err
	}
	defer content.Close()
	h := &zip.FileHeader{Name: name, Modified: d.CreatedAt, Method: zip.Deflate}
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf", ".jpg", ".jpeg", ".png", ".zip", ".docx", ".xlsx", ".odt": // are compressed
		h.Method = zip.Store
	}
	f, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return err
}

const csvPage = 500 // rows read at once where all of a list are

// getCSV sends the whole list of the filter. It is a look at the case, and goes into the log as one.
func (r *Room) getCSV(w http.ResponseWriter, req *http.Request) error {
	ctx, f := req.Context(), parseFilter(req.URL.Query())
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	c, err := r.core.CaseByID(ctx, q, scope, web.PathID(req), "")
	if err == nil {
		err = r.core.NoteReading(ctx, "filing.read", c.Authority, records.CaseObject(c.ID), c.Level, map[string]any{"list": "csv"})
	}
	if err != nil {
		return err
	}
	return r.core.SendList(w, req, documentsList, c.Reference, records.Rows(func(page paging.Cursor) (paging.Listing[Document], error) {
		f.Page = page
		return r.store.documents(ctx, q, scope, c.ID, f, csvPage)
	}, func(docs []Document) (rows []records.Cells, err error) {
		for _, d := range docs {
			rows = append(rows, r.documentCells(req, d))
		}
		return rows, nil
	}))
}
