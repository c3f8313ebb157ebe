package filing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/i18n"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Topics of this part's own jobs.
const (
	topicRead   = "filing.read_text" // readJob
	topicRender = "filing.render"    // renderJob
)

// readJob names what is to be read again: "file:ID", "case:ID", "document:ID", "post:ID", "rights:ID" of a file; "unread:ID" is
// post whose documents are to be read, "mail:ID" and "letter:ID" messages that are asked to whom they went (readAddressees).
type readJob struct{ Objects []string }

const (
	relayEvery = time.Second
	relayBatch = 200 // notes taken at once
	readBatch  = 20  // objects of one job
)

// Text is what was read out of a document's current version; the zero Text is not yet.
type Text struct {
	Version int64
	Hash    string
	How     extract.How
	At      time.Time
	Text    string
}

// Run makes jobs of what was changed, until ctx ends. Any number of processes may do it.
func (r *Room) Run(ctx context.Context) error {
	if err := r.renew(ctx); err != nil && ctx.Err() == nil {
		r.h.Log.ErrorContext(ctx, "search index not renewed", "error", err)
	}
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	for {
		n, err := r.relay(ctx)
		if err != nil && ctx.Err() == nil {
			r.h.Log.ErrorContext(ctx, "changes not passed on to the search index", "error", err)
		}
		if n == relayBatch && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Catch makes jobs of all that was changed, as Run does: for tests and the command line.
func (r *Room) Catch(ctx context.Context) error {
	for {
		if n, err := r.relay(ctx); n == 0 || err != nil {
			return err
		}
	}
}

// relay makes jobs of some notes and says of how many.
func (r *Room) relay(ctx context.Context) (n int, err error) {
	var waiting bool
	if waiting, err = r.store.anyDue(ctx, r.h.DB.Reader(), access.All); err != nil || !waiting {
		return 0, err
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		objects, err := r.store.takeDue(ctx, tx, access.All, relayBatch)
		if err != nil {
			return err
		}
		n = len(objects)
		for len(objects) > 0 {
			some := objects[:min(len(objects), readBatch)]
			objects = objects[len(some):]
			if err := r.h.Queue.Publish(ctx, tx, topicRead, readJob{some}); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// renew notes what was read with another version of the index.
func (r *Room) renew(ctx context.Context) error {
	old, err := r.store.outdated(ctx, r.h.DB.Reader(), access.All, fulltext.Version)
	if err != nil {
		return err
	}
	for len(old) > 0 {
		some := old[:min(len(old), 500)]
		old = old[len(some):]
		if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return r.store.noteDue(ctx, tx, access.All, some)
		}); err != nil {
			return err
		}
	}
	return nil
}

// doRead is the handler of topicRead: texts are read outside of the transaction that puts them into the index.
func (r *Room) doRead(ctx context.Context, job *queue.Job, body readJob) error {
	texts, failed, err := r.extractAll(ctx, body.Objects, time.Time{})
	if err != nil {
		return err
	}
	for _, o := range body.Objects {
		if err := r.readAddressees(ctx, o); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			failed[o] = err
		}
	}
	if len(body.Objects) == 1 && failed[body.Objects[0]] != nil {
		return fmt.Errorf("%s: %w", body.Objects[0], failed[body.Objects[0]])
	}
	for _, o := range body.Objects {
		if file, ok := strings.CutPrefix(o, "rights:"); ok {
			if err := r.relabel(ctx, file); err != nil {
				return err
			}
		}
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, o := range body.Objects {
			if failed[o] != nil { // alone, so that it keeps no other from being found; its name can be found already
				if err := r.h.Queue.Publish(ctx, tx, topicRead, readJob{[]string{o}}); err != nil {
					return err
				}
			}
			if err := r.put(ctx, tx, o, texts[o]); err != nil {
				return err
			}
		}
		return job.Done(ctx, tx)
	})
}

// extractAll reads the texts of the documents among the objects whose current content has not been read since then.
func (r *Room) extractAll(ctx context.Context, objects []string, since time.Time) (texts map[string]Text, failed map[string]error, err error) {
	texts, failed = map[string]Text{}, map[string]error{}
	for _, o := range objects {
		id, ok := strings.CutPrefix(o, "document:")
		if !ok {
			continue
		}
		q := r.h.DB.Reader()
		d, err := r.store.document(ctx, q, access.All, id, "")
		if errs.Is(err, errs.NotFound) {
			continue // destroyed meanwhile
		} else if err != nil {
			return nil, nil, err
		}
		t, err := r.store.text(ctx, q, access.All, id)
		if err != nil {
			return nil, nil, err
		}
		if t.Hash == d.Hash && t.How != extract.NotRecognised && !t.At.Before(since) {
			t.Version = d.Version
			texts[o] = t
			continue
		}
		if texts[o], err = r.extract(ctx, d); err != nil {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			failed[o] = err
		}
	}
	return texts, failed, nil
}

// inMemory is the size up to which a document is not written to a temporary file to be read.
const inMemory = 8 << 20

// extract reads the text of a document's current version.
func (r *Room) extract(ctx context.Context, d Document) (Text, error) {
	t := Text{Version: d.Version, Hash: d.Hash}
	err := r.spooled(ctx, d.file(), func(content io.ReaderAt) (err error) {
		t.Text, t.How, err = r.extractor.Text(ctx, d.MediaType, d.Name, content, d.Size)
		return err
	})
	if err != nil {
		return Text{}, err // else it would count as read
	}
	t.At = r.h.Now()
	return t, nil
}

// put makes one object findable as it is now, or unfindable if it is gone.
func (r *Room) put(ctx context.Context, tx *db.Tx, object string, t Text) error {
	kind, id, _ := strings.Cut(object, ":")
	switch kind {
	case "rights", "mail", "letter":
		return nil // see relabel and readAddressees
	case "document":
		return r.putDocument(ctx, tx, id, t)
	case "case":
		return r.putCase(ctx, tx, id)
	case "file":
		return r.putFile(ctx, tx, id)
	case "post":
		return r.putPost(ctx, tx, id)
	case "unread":
		return r.h.Queue.Publish(ctx, tx, topicReadPost, readPostJob{id})
	}
	return fmt.Errorf("filing: nothing is called %q", object)
}

// entry is what can be found: a row of filing_entry.
type entry struct {
	ID, Authority, Kind  string
	File, Case, Document string
	Post                 string
	Labels               string // separated by line ends
	At                   time.Time
}

func (r *Room) putEntry(ctx context.Context, tx *db.Tx, e entry, fileID string, texts ...string) error {
	labels, err := r.store.labels(ctx, tx, access.At(e.Authority), fileID)
	if err != nil {
		return err
	}
	return r.putLabelled(ctx, tx, e, labels, texts)
}

func (r *Room) putLabelled(ctx context.Context, tx *db.Tx, e entry, labels, texts []string) error {
	e.Labels = strings.Join(labels, "\n")
	if err := r.store.putEntry(ctx, tx, access.At(e.Authority), e); err != nil {
		return err
	}
	return r.index.Put(ctx, tx, fulltext.Document{ID: e.ID, At: e.At, Labels: labels, Texts: texts})
}

func (r *Room) putDocument(ctx context.Context, tx *db.Tx, id string, t Text) error {
	d, err := r.store.document(ctx, tx, access.All, id, tx.ForUpdate()) // so that nobody destroys it meanwhile
	if errs.Is(err, errs.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if t.Hash != d.Hash { // a newer version came while the text was read: its own job follows
		t = Text{}
	} else if err := r.store.putText(ctx, tx, access.At(d.Authority), d, t); err != nil {
		return err
	}
	if t.Hash != "" && extract.Convertible(d.Name) {
		x, err := r.store.rendition(ctx, tx, access.At(d.Authority), d.ID, d.Version)
		if err != nil {
			return err
		}
		if x.State == "" {
			if err := r.h.Queue.Publish(ctx, tx, topicRender, renderJob{d.ID, d.Version}); err != nil {
				return err
			}
		}
	}
	e := entry{ID: "document:" + d.ID, Authority: d.Authority, Kind: "document", Document: d.ID, At: d.CreatedAt}
	return r.putEntry(ctx, tx, e, d.FileID, d.Name, d.Subject, d.Keywords, d.Sender, d.Recipients, d.Copies, t.Text)
}

func (r *Room) putCase(ctx context.Context, tx *db.Tx, id string) error {
	c, err := r.core.CaseByID(ctx, tx, access.All, id, tx.ForUpdate())
	if errs.Is(err, errs.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	said, err := r.core.SaidIn(ctx, tx, access.At(c.Authority), []string{c.ID})
	if err != nil {
		return err
	}
	e := entry{ID: "case:" + c.ID, Authority: c.Authority, Kind: "case", Case: c.ID, At: c.ReceivedAt}
	return r.putEntry(ctx, tx, e, c.FileID, append([]string{c.Reference, c.Subject, c.Applicant, c.SourceRef, c.Former}, said[c.ID]...)...)
}

func (r *Room) putFile(ctx context.Context, tx *db.Tx, id string) error {
	if err := r.store.lockFile(ctx, tx, access.All, id); errs.Is(err, errs.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	f, err := r.core.FileByID(ctx, tx, access.All, id)
	if err != nil {
		return err
	}
	e := entry{ID: "file:" + f.ID, Authority: f.Authority, Kind: "file", File: f.ID, At: f.OpenedAt}
	return r.putEntry(ctx, tx, e, f.ID, append([]string{f.Reference, f.Subject, f.Keywords, f.Former}, fieldWords(f.Fields)...)...)
}

// fieldWords are the values of a file's own fields, a date also as people write it.
func fieldWords(fields string) []string {
	var out []string
	values := records.Values(fields)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		out = append(out, v)
		if day, err := time.Parse(time.DateOnly, v); err == nil {
			out = append(out, i18n.Date("de", day))
		}
	}
	return out
}

// putPost makes post findable for whom it is for, as long as it lies in no case.
func (r *Room) putPost(ctx context.Context, tx *db.Tx, id string) error {
	x, err := r.store.incoming(ctx, tx, access.All, id, tx.ForUpdate())
	if errs.Is(err, errs.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	e := entry{ID: "post:" + x.ID, Authority: x.Authority, Kind: "post", Post: x.ID, At: x.ReceivedAt}
	if !x.Open() {
		return errors.Join(r.store.dropEntry(ctx, tx, access.At(x.Authority), e.ID), r.index.Delete(ctx, tx, e.ID))
	}
	texts, err := r.store.postWords(ctx, tx, access.At(x.Authority), x.ID)
	if err != nil {
		return err
	}
	return r.putLabelled(ctx, tx, e, x.labels(), append([]string{x.Sender, x.Subject}, texts...))
}

// labels are for whom post may be: see works and sees.
func (x Incoming) labels() []string {
	holders := []string{registryLabel}
	if x.Org == "" && x.Person == "" {
		holders = append(holders, access.Authority)
	}
	if x.Org != "" {
		holders = append(holders, access.Unit(x.Org))
	}
	for _, p := range []string{x.Person, x.RegisteredBy} {
		if p != "" {
			holders = append(holders, access.Person(p))
		}
	}
	for i, h := range holders {
		holders[i] = label(x.Authority, h)
	}
	slices.Sort(holders)
	return slices.Compact(holders)
}

// relabelBatch is how many entries get new labels in one transaction, so that others come in between.
const relabelBatch = 50

// relabel follows a change of a file's rights: all that lies in it gets new labels, if they are others. What comes into
// the file meanwhile has them.
func (r *Room) relabel(ctx context.Context, file string) error {
	for {
		var some []string
		err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			err := r.store.lockFile(ctx, tx, access.All, file)
			if errs.Is(err, errs.NotFound) {
				return nil
			} else if err != nil {
				return err
			}
			labels, err := r.store.labels(ctx, tx, access.All, file)
			if err != nil {
				return err
			}
			joined := strings.Join(labels, "\n")
			if some, err = r.store.entriesLabelledElse(ctx, tx, access.All, file, joined, relabelBatch); err != nil {
				return err
			}
			for _, id := range some {
				if err := r.index.Label(ctx, tx, id, labels...); err != nil {
					return err
				}
			}
			return r.store.relabel(ctx, tx, access.All, some, joined)
		})
		if err != nil || len(some) < relabelBatch {
			return err
		}
	}
}
