package filing

import (
	"context"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// rebuildKinds is the order in which the index is built again.
var rebuildKinds = []string{"file", "case", "document", "post"}

// Reindexed counts what Reindex has put into the index.
type Reindexed struct {
	Objects int64
	Failed  int64 // documents whose text could not be read; a job tries again
}

// Reindex builds the index of the search again, while the program runs. One that was stopped is gone on with. With anew
// the texts of documents are read again too. step hears how many objects there are, and each time how many were done.
func (r *Room) Reindex(ctx context.Context, anew bool, step func(total, done int64)) (n Reindexed, err error) {
	total, begun, after, err := r.beginRebuild(ctx)
	if err != nil {
		return n, err
	}
	step(total, 0)
	since := time.Time{}
	if anew {
		since = begun
	}
	for _, kind := range rebuildKinds {
		for at := after[kind]; ; {
			ids, err := r.store.idsAfter(ctx, r.h.DB.Reader(), access.All, kind, at, readBatch)
			if err != nil {
				return n, err
			}
			if len(ids) == 0 {
				break
			}
			failed, err := r.rebuild(ctx, kind, ids, begun, since)
			if err != nil {
				return n, err
			}
			at = ids[len(ids)-1]
			n.Objects += int64(len(ids))
			n.Failed += failed
			step(total, int64(len(ids)))
		}
	}
	return n, r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.store.endRebuild(ctx, tx, access.All)
	})
}

// beginRebuild says how much is to be done, and where one that was stopped goes on.
func (r *Room) beginRebuild(ctx context.Context) (total int64, begun time.Time, after map[string]string, err error) {
	q := r.h.DB.Reader()
	if after, begun, err = r.store.rebuilding(ctx, q, access.All); err != nil {
		return 0, begun, nil, err
	}
	if begun.IsZero() {
		begun = r.h.Now()
	}
	for _, kind := range rebuildKinds {
		n, err := r.store.countAfter(ctx, q, access.All, kind, after[kind])
		if err != nil {
			return 0, begun, nil, err
		}
		total += n
	}
	return total, begun, after, nil
}

// rebuild puts some objects and keeps the place.
func (r *Room) rebuild(ctx context.Context, kind string, ids []string, begun, since time.Time) (int64, error) {
	objects := make([]string, len(ids))
	for i, id := range ids {
		objects[i] = kind + ":" + id
	}
	texts, failed, err := r.extractAll(ctx, objects, since)
	if err != nil {
		return 0, err
	}
	return int64(len(failed)), r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, o := range objects {
			if err := r.put(ctx, tx, o, texts[o]); err != nil {
				return err
			}
			if failed[o] != nil {
				if err := r.h.Queue.Publish(ctx, tx, topicRead, readJob{[]string{o}}); err != nil {
					return err
				}
			}
			if kind == "post" && !since.IsZero() { // its job reads it, beside this
				if err := r.put(ctx, tx, "unread:"+strings.TrimPrefix(o, "post:"), Text{}); err != nil {
					return err
				}
			}
		}
		return r.store.keepRebuild(ctx, tx, access.All, kind, ids[len(ids)-1], begun)
	})
}
