package records

import (
	"context"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

// Question is what the applicant was asked for.
type Question struct {
	ID         string
	Text       string
	Due        time.Time
	AskedAt    time.Time
	AskedBy    string
	Answer     string
	AnsweredAt time.Time // zero until answered
}

// Ask asks the applicant for a missing paper or a word until due. questionID is chosen by the form: the same form
// sent twice asks once.
func (r *Room) Ask(ctx context.Context, id string, version int64, questionID, text string, due time.Time) error {
	now := r.h.Now()
	var wrong []errs.Field
	text = checkText(&wrong, "question", text, maxQuestion)
	if !due.After(now) || due.After(now.AddDate(1, 0, 0)) {
		wrong = append(wrong, errs.Field{Name: "due", Key: "records.error.due"})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.change(ctx, id, version, change{
		action: actAsk,
		done: func(ctx context.Context, tx *db.Tx, c Case) (bool, error) {
			return r.store.hasQuestion(ctx, tx, access.At(c.Authority), c.ID, questionID)
		},
		do: func(ctx context.Context, tx *db.Tx, c *Case) (audit.Entry, error) {
			entry := audit.Entry{Action: "records.asked", Changes: map[string]any{"question": questionID, "sha256": Digest(text)}}
			q := Question{ID: questionID, Text: text, Due: due, AskedAt: now, AskedBy: identity.From(ctx).Name}
			if err := r.store.insertQuestion(ctx, tx, access.At(c.Authority), *c, q); err != nil {
				return entry, err
			}
			return entry, r.h.Queue.Publish(ctx, tx, TopicAsked, Asked{c.Source, q.ID, q.Text, q.Due})
		},
	})
}

// Answer is what the applicant sent to a question.
type Answer struct {
	Source      string // application id
	Question    string // question id, as in Asked
	Text        string
	Attachments []Attachment
	At          time.Time // when it was sent; zero is now
}

const maxAnswer = 1 << 20 // bytes of an answer's text

// Answered files the applicant's answer and puts the case back to work; one that comes when the case is decided or closed
// changes its state no more, and the parts hear of it (OnLateAnswer). It finishes the job in its own transaction; an answer
// that was filed already is left alone, one to a case that has been erased or destroyed is only noted in the log.
func (r *Room) Answered(ctx context.Context, job *queue.Job, a Answer) (err error) {
	defer errs.Wrap(&err, "Answered(%s)", a.Question)
	if a.At.IsZero() {
		a.At = r.h.Now() // without a time the question would still count as open
	}
	attachments := a.Attachments
	if a.Text != "" {
		ref, err := r.h.Blobs.Put(ctx, strings.NewReader(a.Text), maxAnswer)
		if err != nil {
			return err
		}
		attachments = append([]Attachment{{Name: r.german("records.answer_file"), Hash: ref.Hash, Size: ref.Size,
			Type: "text/plain; charset=utf-8"}}, attachments...)
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := r.store.caseBySource(ctx, tx, access.All, a.Source)
		if errs.Is(err, errs.NotFound) {
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.answer_without_case", Object: "application:" + a.Source,
				Changes: map[string]any{"question": a.Question}}); err != nil {
				return err
			}
			return job.Done(ctx, tx)
		} else if err != nil {
			return err
		}
		scope := access.At(c.Authority)
		if c, err = r.store.caseByID(ctx, tx, scope, c.ID, tx.ForUpdate()); err != nil {
			return err
		}
		fresh, err := r.store.answerQuestion(ctx, tx, scope, c.ID, a)
		if err != nil {
			return err
		}
		if !fresh {
			return job.Done(ctx, tx)
		}
		documents := make([]Document, len(attachments))
		for i, x := range attachments {
			documents[i] = document(c, AnswerKind, x, applicantBy, r.h.Now())
		}
		if err := r.store.insertDocuments(ctx, tx, scope, documents); err != nil {
			return err
		}
		if c.State, err = c.after(actAnswer); err != nil {
			return err
		}
		if err := r.save(ctx, tx, scope, c); err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.answered", Authority: c.Authority, Object: object(c.ID),
			Changes: map[string]any{"question": a.Question, "state": c.State}, Blobs: hashes(documents)}); err != nil {
			return err
		}
		if c.State == StateDecided || c.State == StateClosed {
			for _, f := range r.late {
				if err := f(ctx, tx, c, a.Question); err != nil {
					return err
				}
			}
		}
		return job.Done(ctx, tx)
	})
}
