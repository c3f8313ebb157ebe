package apply

import (
	"context"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

// answer keeps the applicant's answer to a question of the office. Its files are stored first.
func (r *Room) answer(ctx context.Context, h holder, ref Reference, question, text string, uploads []upload) error {
	a, err := ownByReference(ctx, r.h.DB.Reader(), h, ref, "")
	if err != nil {
		return err
	}
	if text == "" && len(uploads) == 0 {
		return errs.InvalidFields([]errs.Field{{Name: "text", Key: "apply.question.empty"}})
	}
	if len(uploads) > maxCount {
		return errs.E(errs.Invalid, "apply.file.too_many", maxCount)
	}
	var kept []attachment
	for _, u := range uploads {
		f, err := r.keep(ctx, u)
		if err != nil {
			return err
		}
		kept = append(kept, f)
	}
	id := a.id
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := ownByID(ctx, tx, h, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		now := r.h.Now()
		list, err := messages(ctx, tx, a.authority, a.id)
		if err != nil {
			return err
		}
		known, others := false, 0
		for _, m := range list {
			switch {
			case m.kind != kindQuestion:
			case m.id == question:
				known = true
			case m.answered.IsZero():
				others++
			}
		}
		if !known {
			return notFound()
		}
		if a.state.decided() {
			return errs.E(errs.Conflict, "apply.question.too_late")
		}
		closed, err := closeQuestion(ctx, tx, a.authority, a.id, question, now)
		if err != nil {
			return err
		}
		if !closed {
			return errs.E(errs.Conflict, "apply.question.answered")
		}
		m := message{id: db.NewID(), kind: kindAnswer, question: question, body: text, created: now}
		if _, err := insertMessage(ctx, tx, a.authority, a.id, m); err != nil {
			return err
		}
		have, err := attachments(ctx, tx, a.authority, a.id)
		if err != nil {
			return err
		}
		for i := range kept {
			kept[i].message = m.id
		}
		if kept, err = fits(have, kept); err != nil {
			return err
		}
		entry := audit.Entry{Action: "apply.question_answered", Authority: a.authority, Object: SourceOf(a.id),
			Changes: map[string]any{"question": question, "answer": m.id}}
		for _, f := range kept {
			if err := insertAttachment(ctx, tx, a.authority, a.id, f); err != nil {
				return err
			}
			entry.Blobs = append(entry.Blobs, f.hash)
		}
		old := a.state
		if others == 0 {
			a.state = Answered
		}
		if err := update(ctx, tx, a, old, now); err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, entry); err != nil {
			return err
		}
		return r.h.Queue.Publish(ctx, tx, TopicAnswered, AnswerGiven{a.id, m.id})
	})
}
