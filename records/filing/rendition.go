package filing

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Rendition is a PDF made of a version, or of a document of post, which becomes version 1 when it is filed; the zero Rendition
// if there is none yet.
type Rendition struct {
	Document  string
	Version   int64
	Authority string
	State     RenditionState
	Hash      string
	Size      int64  // bytes
	Note      string // catalogue key of why there is none
	At        time.Time
}

// RenditionState is what became of making a rendition.
type RenditionState string

// The states. "" is not tried yet.
const (
	RenditionMade    RenditionState = "made"
	RenditionFailed  RenditionState = "failed"      // this document cannot be rendered
	RenditionMissing RenditionState = "unavailable" // LibreOffice is not installed
)

type renderJob struct {
	Document string
	Version  int64
}

// render is the handler of topicRender.
func (r *Room) render(ctx context.Context, job *queue.Job, body renderJob) error {
	d, _, err := r.toRender(ctx, r.h.DB.Reader(), body.Document, "")
	if errs.Is(err, errs.NotFound) || err == nil && d.Version != body.Version {
		return r.h.DB.Tx(ctx, job.Done) // destroyed, or there is a newer version with a job of its own
	} else if err != nil {
		return err
	}
	x := Rendition{Document: d.ID, Version: d.Version, Authority: d.Authority, State: RenditionMade, At: r.h.Now()}
	content, err := r.open(ctx, d.Hash, d.Name)
	if err != nil {
		return err
	}
	defer content.Close()
	made, err := r.extractor.PDF(ctx, d.Name, content)
	switch {
	case errors.Is(err, extract.ErrNoConverter):
		x.State, x.Note = RenditionMissing, errs.As(err).Key
	case errors.Is(err, extract.ErrNotConvertible), errors.Is(err, extract.ErrConversionTime):
		x.State, x.Note = RenditionFailed, errs.As(err).Key
	case err != nil:
		return err
	default:
		ref, err := r.h.Blobs.Put(ctx, bytes.NewReader(made), int64(len(made)))
		if err != nil {
			return err
		}
		x.Hash, x.Size = ref.Hash, ref.Size
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, post, err := r.toRender(ctx, tx, d.ID, tx.ForUpdate())
		if errs.Is(err, errs.NotFound) {
			return job.Done(ctx, tx) // destroyed meanwhile
		} else if err != nil {
			return err
		}
		if err := r.store.putRendition(ctx, tx, access.At(d.Authority), x); err != nil {
			return err
		}
		if x.State == RenditionMade {
			object := records.DocumentObject(d.ID)
			if post != "" {
				object = incomingObject(post)
			}
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "filing.rendered", Authority: d.Authority, Object: object,
				Changes: map[string]any{"document": d.ID, "version": x.Version, "size": x.Size}, Blobs: []string{x.Hash}}); err != nil {
				return err
			}
		}
		return job.Done(ctx, tx)
	})
}

// toRender reads a document of a case, or of post that lies in none: then also the id of that.
func (r *Room) toRender(ctx context.Context, q db.Querier, id, lock string) (d Document, post string, err error) {
	if d, err = r.store.document(ctx, q, access.All, id, lock); errs.Is(err, errs.NotFound) {
		d, post, err = r.store.letter(ctx, q, access.All, id)
		d.Version = 1
	}
	return d, post, err
}

// Render asks for the rendition again, where there was no LibreOffice or it failed.
func (r *Room) Render(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		d, err := r.store.document(ctx, tx, scope, id, "")
		if err != nil {
			return err
		}
		if !extract.Convertible(d.Name) {
			return errs.E(errs.Conflict, "extract.not_convertible")
		}
		x, err := r.store.rendition(ctx, tx, scope, id, d.Version)
		if err != nil || x.State == RenditionMade {
			return err
		}
		return r.h.Queue.Publish(ctx, tx, topicRender, renderJob{d.ID, d.Version})
	})
}

// OpenRendition reads the rendition of a document that the caller may read; close what it returns. errs.NotFound if there
// is none.
func (r *Room) OpenRendition(ctx context.Context, id string) (Stored, io.ReadCloser, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return Stored{}, nil, err
	}
	d, err := r.store.document(ctx, q, scope, id, "")
	if err != nil {
		return Stored{}, nil, err
	}
	x, err := r.store.rendition(ctx, q, scope, id, d.Version)
	if err != nil {
		return Stored{}, nil, err
	}
	if x.State != RenditionMade {
		return Stored{}, nil, errs.E(errs.NotFound, "records.error.not_found")
	}
	if err := r.noteDocument(ctx, q, scope, d, map[string]any{"rendition": x.Version}); err != nil {
		return Stored{}, nil, err
	}
	f := rendered(d.file(), x)
	content, err := r.open(ctx, x.Hash, f.Name)
	return f, content, err
}

// stem is a name without its ending.
func stem(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return name
}
