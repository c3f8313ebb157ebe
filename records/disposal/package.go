package disposal

import (
	"context"
	"errors"
	"io"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// maxPackage bounds what is written and read, in bytes.
const maxPackage = 64 << 30

// write writes a planned package into the blob store. It may be run any number of times, also at once: the first that
// is done counts, and as long as the files do not change all write the same bytes.
func (r *Room) write(ctx context.Context, a access.Access, id string) (err error) {
	defer errs.Wrap(&err, "write package %s", id)
	q := r.h.DB.Reader()
	k, err := r.store.packageByID(ctx, q, a, id)
	if err != nil || k.State != PackagePlanned {
		return err
	}
	p, err := r.store.process(ctx, q, a, k.Process, "")
	if err != nil {
		return err
	}
	before, err := r.contents(ctx, q, a, k)
	if err != nil {
		return err
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(r.compose(ctx, a, out, p, k)) }()
	ref, err := r.h.Blobs.Put(ctx, in, maxPackage)
	in.CloseWithError(err) // so that compose ends
	if err != nil {
		return err
	}
	k.Hash, k.Size, k.WrittenAt = ref.Hash, ref.Size, r.h.Now()
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		after, err := r.contents(ctx, tx, a, k)
		if err != nil {
			return err
		}
		fresh, err := r.store.written(ctx, tx, a, k)
		if err != nil || !fresh {
			return err
		}
		for file, digest := range after {
			if before[file] != digest {
				return errs.E(errs.Unavailable, "errs.unavailable", errors.New("a file changed while it was written"))
			}
			if err := r.store.setContent(ctx, tx, a, p.ID, file, digest); err != nil {
				return err
			}
		}
		return r.note(ctx, tx, p, "disposal.package_written", nil, nil, ref.Hash)
	})
}

// contents are the digests of what a 0503 hands over.
func (r *Room) contents(ctx context.Context, q db.Querier, a access.Access, k Package) (map[string]string, error) {
	if k.Message != xdomea.Disposal {
		return nil, nil
	}
	return r.store.digests(ctx, q, a, func(p *db.Params) string {
		return `f.id IN (SELECT file_id FROM disposal_item WHERE state = 'handed_over' AND package_id = ` + p.Add(k.ID) + `)`
	})
}

// compose writes a package.
func (r *Room) compose(ctx context.Context, a access.Access, out io.Writer, p Process, k Package) error {
	h := xdomea.Head{ProcessID: p.ID, Message: k.Message, Created: k.At, WantsReceipt: true, WantsArchiveIDs: true,
		Sender:    xdomea.Contact{Organisation: r.h.AuthorityName(p.Authority)},
		Recipient: xdomea.Contact{Organisation: p.Archive}, System: xdomea.System{Product: "Rennsteig"}}
	w, err := xdomea.NewPackageWriter(out, h)
	if err != nil {
		return err
	}
	c := composer{r: r, a: a, k: k, full: k.Message == xdomea.Disposal}
	if k.Message == xdomea.Offer || c.full {
		if err := c.each(ctx, func(f *xdomea.File, _ []stored) error { return w.Write(f) }); err != nil {
			return err
		}
	}
	if c.full {
		if err := c.each(ctx, func(_ *xdomea.File, files []stored) error {
			for _, s := range files {
				if err := r.addStored(ctx, w, s); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return w.Close()
}

// stored is a file that goes into a package: a blob, or a sheet that is made for it.
type stored struct {
	name  string
	hash  string
	sheet string
}

func (r *Room) addStored(ctx context.Context, w *xdomea.PackageWriter, s stored) error {
	if s.hash == "" {
		return w.AddFile(s.name, strings.NewReader(s.sheet))
	}
	content, err := r.h.Blobs.Open(ctx, s.hash)
	if err != nil {
		return err
	}
	defer content.Close()
	return w.AddFile(s.name, content)
}

// OpenPackage opens a stored package for a registrar who may read every file in it; close what it returns.
func (r *Room) OpenPackage(ctx context.Context, id string) (Package, io.ReadCloser, error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return Package{}, nil, err
	}
	k, err := r.store.packageByID(ctx, q, a, id)
	if err != nil {
		return k, nil, err
	}
	if err := r.cleared(ctx, q, a, k.Process); err != nil {
		return k, nil, err
	}
	if k.State != PackageWritten && k.State != PackageTaken {
		return k, nil, errs.E(errs.Conflict, "disposal.error.package_"+k.State)
	}
	p := Process{ID: k.Process, Authority: k.Authority}
	if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if k.Out {
			k.FetchedBy, k.FetchedAt = identity.From(ctx).Name, r.h.Now()
			if err := r.store.fetched(ctx, tx, a, k); err != nil {
				return err
			}
		}
		return r.note(ctx, tx, p, "disposal.package_read", nil, nil)
	}); err != nil {
		return k, nil, err
	}
	content, err := r.h.Blobs.Open(ctx, k.Hash)
	return k, content, err
}
