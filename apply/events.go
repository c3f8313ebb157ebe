package apply

import (
	"context"
	"errors"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
)

// Topics of the events that this room publishes, each with the body of the type named.
const (
	TopicSubmitted = "apply.submitted" // Submission
	TopicAnswered  = "apply.answered"  // AnswerGiven
)

// Submission says that the office may have an application: sent, and paid if that comes first. See Parcel.
type Submission struct {
	Application string // application id
}

// AnswerGiven says that the applicant has answered a question. See Answer.
type AnswerGiven struct {
	Application string // application id
	Message     string // id of the answer
}

// Question is a question of the office to the applicant.
type Question struct {
	Application string
	ID          string // comes back with the answer
	Text        string
	Due         time.Time // zero if there is no date
}

// Notice is a decision as the applicant is told it. Amount 0 means nothing is to be paid.
type Notice struct {
	Application   string
	Authority     string
	CaseReference string // Aktenzeichen
	Date          time.Time
	Granted       bool
	Title         string
	Decision      string
	Reasons       string
	Remedy        string // Rechtsbehelfsbelehrung
	Amount        money.Cents
	Demo          bool // the amount is a demo value
	Kassenzeichen string
	PayPath       string // page of this site where it is paid
	Due           time.Time
}

// on changes an application in the transaction that finishes the job. f returns false if there is nothing to change:
// the event came before.
func (r *Room) on(ctx context.Context, job *queue.Job, id string, f func(ctx context.Context, tx *db.Tx, a *application) (bool, error)) error {
	if err := asSystem(ctx); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := change(ctx, tx, id, r.h.Now(), func(a *application) (bool, error) {
			if a.state == Draft {
				return false, errors.New("apply: an event about an application that was not sent")
			}
			return f(ctx, tx, a)
		})
		if err != nil {
			return err
		}
		return job.Done(ctx, tx)
	})
}

// Paid says that the fee of an application was paid: the office may have it now.
func (r *Room) Paid(ctx context.Context, job *queue.Job, applicationID, kassenzeichen string, at time.Time) error {
	return r.on(ctx, job, applicationID, func(ctx context.Context, tx *db.Tx, a *application) (bool, error) {
		if a.state != AwaitingPayment {
			return false, nil
		}
		if kassenzeichen != "" {
			a.kassenzeichen = kassenzeichen
		}
		a.state, a.feePaid, a.payEnded = Submitted, at, ""
		return true, r.submitted(ctx, tx, a)
	})
}

// PaymentEnded says that an attempt to pay the fee ended in state "failed" or "cancelled". The fee stays payable.
func (r *Room) PaymentEnded(ctx context.Context, job *queue.Job, applicationID, state string) error {
	return r.on(ctx, job, applicationID, func(_ context.Context, _ *db.Tx, a *application) (bool, error) {
		if a.state != AwaitingPayment {
			return false, nil
		}
		a.payEnded = state
		return true, nil
	})
}

// Filed says that the application lies in the electronic file as a case.
func (r *Room) Filed(ctx context.Context, job *queue.Job, applicationID, caseReference string) error {
	return r.on(ctx, job, applicationID, func(_ context.Context, _ *db.Tx, a *application) (bool, error) {
		if !a.filedAt.IsZero() {
			return false, nil
		}
		a.filedAt, a.caseReference = r.h.Now(), caseReference
		if a.state == Submitted {
			a.state = Filed
		}
		return true, nil
	})
}

// Asked says that the office asks the applicant something. After the decision it is kept, but no longer waits.
func (r *Room) Asked(ctx context.Context, job *queue.Job, q Question) error {
	return r.on(ctx, job, q.Application, func(ctx context.Context, tx *db.Tx, a *application) (bool, error) {
		added, err := insertMessage(ctx, tx, a.authority, a.id, message{id: q.ID, kind: kindQuestion, body: q.Text, due: q.Due, created: r.h.Now()})
		if err != nil || !added || a.state.decided() {
			return false, err
		}
		a.state = QuestionOpen
		return true, nil
	})
}

// Decided says what the office has decided. The first decision counts.
func (r *Room) Decided(ctx context.Context, job *queue.Job, n Notice) error {
	return r.on(ctx, job, n.Application, func(ctx context.Context, tx *db.Tx, a *application) (bool, error) {
		if n.Authority != a.authority {
			return false, errors.New("apply: a decision of an authority that has not got this application")
		}
		added, err := insertNotice(ctx, tx, a.authority, n)
		if err != nil || !added {
			return false, err
		}
		a.decidedAt = r.h.Now()
		if a.caseReference == "" {
			a.caseReference = n.CaseReference
		}
		switch {
		case n.Amount <= 0:
			a.state = Decided
		case a.noticePaid.IsZero():
			a.state = Payable
		default:
			a.state = Paid
		}
		return true, r.h.Audit.Append(ctx, tx, audit.Entry{Action: "apply.notice_delivered", Authority: a.authority, Object: SourceOf(a.id),
			Changes: map[string]any{"granted": n.Granted, "amount": n.Amount.String(), "kassenzeichen": n.Kassenzeichen}})
	})
}

// NoticePaid says that the amount of the notice was paid.
func (r *Room) NoticePaid(ctx context.Context, job *queue.Job, applicationID string, at time.Time) error {
	return r.on(ctx, job, applicationID, func(_ context.Context, _ *db.Tx, a *application) (bool, error) {
		if !a.noticePaid.IsZero() {
			return false, nil
		}
		a.noticePaid = at
		if a.state == Payable {
			a.state = Paid
		}
		return true, nil
	})
}

// NoticeRendered says where the decision lies as PDF in the blob store.
func (r *Room) NoticeRendered(ctx context.Context, job *queue.Job, applicationID, blobHash string, _ int64) error {
	return r.on(ctx, job, applicationID, func(_ context.Context, _ *db.Tx, a *application) (bool, error) {
		if a.noticeHash != "" {
			return false, nil
		}
		a.noticeHash = blobHash
		return true, nil
	})
}
