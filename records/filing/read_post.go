package filing

import (
	"context"
	"fmt"
	"io"

	"rennsteig/platform/db"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

// topicReadPost has the documents of post read (readPostJob), for who looks at it and for proposals where it belongs.
const topicReadPost = "filing.read_post"

type readPostJob struct{ Incoming string }

// mostPostRead is how many documents of one post are read: a letter is among the first.
const mostPostRead = 20

// readPost is the handler of topicReadPost.
func (r *Room) readPost(ctx context.Context, job *queue.Job, body readPostJob) error {
	docs, err := r.store.incomingDocuments(ctx, r.h.DB.Reader(), access.All, body.Incoming)
	if err != nil {
		return err
	}
	texts := map[string]Text{}
	for _, d := range docs[:min(len(docs), mostPostRead)] {
		if d.Kind == TransferNote {
			continue
		}
		var t Text
		if err := r.spooled(ctx, d.file(), func(content io.ReaderAt) (err error) {
			t.Text, t.How, err = r.extractor.Text(ctx, d.MediaType, d.Name, content, d.Size)
			return err
		}); err != nil {
			return fmt.Errorf("document %s of post: %w", d.ID, err)
		}
		texts[d.ID] = t
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for id, t := range texts {
			if err := r.store.putIncomingText(ctx, tx, access.All, id, t); err != nil {
				return err
			}
		}
		for _, d := range docs[:min(len(docs), mostPostRead)] {
			if shownFrom(d.file()) != asPDF {
				continue
			}
			x, err := r.store.letterRendition(ctx, tx, access.All, body.Incoming, d.ID)
			if err == nil && x.State == "" {
				err = r.h.Queue.Publish(ctx, tx, topicRender, renderJob{d.ID, 1})
			}
			if err != nil {
				return err
			}
		}
		return job.Done(ctx, tx)
	})
}
