package apply

import (
	"context"
	"crypto/subtle"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
)

// State is where an application stands.
type State string

// The states, in the order of the journey.
const (
	Draft           State = "draft"
	AwaitingPayment State = "awaiting_payment" // sent; the office gets it when the fee is paid
	Submitted       State = "submitted"        // on its way into the electronic file
	Filed           State = "filed"            // a case at the office
	QuestionOpen    State = "question_open"    // the office waits for an answer
	Answered        State = "answered"
	Decided         State = "decided"
	Payable         State = "payable" // decided, and an amount is to be paid
	Paid            State = "paid"    // decided, and the amount is paid
)

// decided reports whether there is a decision.
func (s State) decided() bool { return s == Decided || s == Payable || s == Paid }

// application is a row of apply_application.
type application struct {
	id, authority, form                           string
	version                                       int
	leika, ars, lang                              string
	state                                         State
	subject                                       string
	secretHash, codeHash                          []byte
	reference                                     Reference
	draft                                         draft
	answers                                       form.Answers
	fee                                           money.Cents
	feeDemo                                       bool
	kassenzeichen, payPath, payEnded              string
	caseReference                                 string
	receiptHash, noticeHash                       string
	created, changed                              time.Time
	sent, feePaid, filedAt, decidedAt, noticePaid time.Time
}

// attachment is a file that came with an application or an answer.
type attachment struct {
	id, message, field, name, hash, mediaType string
	size                                      int64
	created                                   time.Time
}

// message is a question of the office or the applicant's answer.
type message struct {
	id, kind, question, body string
	due, created, answered   time.Time
}

const (
	kindQuestion = "question"
	kindAnswer   = "answer"
)

// holder is who asks for an application of their own: an account, or the secret of a draft, or an access code.
type holder struct {
	subject    string
	secretHash []byte // of the cookie; nil if there is none
	codeHash   []byte // likewise
}

func holderOf(ctx context.Context, secret, code string) holder {
	p := identity.From(ctx)
	h := holder{}
	if p.SignedIn() {
		h.subject = p.Subject
	}
	if secret != "" {
		h.secretHash = hashSecret(secret)
	}
	if code != "" {
		h.codeHash = hashCode(code)
	}
	return h
}

// holds reports whether the application is the holder's. An account outranks the draft's secret: whoever signs out at
// a shared computer leaves nothing open, though the cookie is still there. The access code was given to a person, and
// stays good.
func (h holder) holds(a *application) bool {
	if a.subject != "" && h.subject == a.subject {
		return true
	}
	bySecret := a.subject == "" && len(h.secretHash) > 0 && subtle.ConstantTimeCompare(h.secretHash, a.secretHash) == 1
	byCode := len(a.codeHash) > 0 && len(h.codeHash) > 0 && subtle.ConstantTimeCompare(h.codeHash, a.codeHash) == 1
	return bySecret || byCode
}

// own reads the holder's application and its files. A stranger gets NotFound.
func (r *Room) own(ctx context.Context, q db.Querier, h holder, id string) (*application, []attachment, error) {
	a, err := ownByID(ctx, q, h, id, "")
	if err != nil {
		return nil, nil, err
	}
	files, err := attachments(ctx, q, a.authority, a.id)
	return a, files, err
}

// change applies f to an application that comes from a job: read and locked, changed by f, written only if its state is
// still the one that was read. f returns false to leave it as it is.
func change(ctx context.Context, tx *db.Tx, id string, now time.Time, f func(a *application) (bool, error)) error {
	a, err := byID(ctx, tx, id, tx.ForUpdate())
	if err != nil {
		return err
	}
	old := a.state
	ok, err := f(a)
	if err != nil || !ok {
		return err
	}
	return update(ctx, tx, a, old, now)
}

// withFiles adds the ids of the uploaded files to the answers, as answers to the questions for files.
func withFiles(a form.Answers, files []attachment) form.Answers {
	for _, f := range files {
		if f.message == "" {
			a[f.field] = append(a[f.field], f.id)
		}
	}
	return a
}

func notFound() error { return errs.E(errs.NotFound, "apply.not_found") }

// knows reports whether secret is the draft's, so that this browser may be shown the access code.
func (a *application) knows(secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare(hashSecret(secret), a.secretHash) == 1
}
