package pay

import (
	"context"
	"fmt"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
)

// Attempt is one try to pay a transaction at the provider.
type Attempt struct {
	ID          string
	Authority   string
	Transaction string
	Provider    string
	Ref         string // the provider's id; "" until it has answered
	RedirectURL string
	State       State
	Refund      Refund
	Started     time.Time
	Ended       time.Time
}

// Refund says whether an attempt's money must go back.
type Refund string

// The refunds. The zero Refund is none.
const (
	RefundDue  Refund = "due"
	RefundDone Refund = "done"
)

const (
	fresh  = 15 * time.Minute    // an open attempt this young is used again instead of starting another
	giveUp = 30 * 24 * time.Hour // an attempt still INITIAL then counts as cancelled
)

// topicCheck asks for an attempt's state: the provider's callback publishes it, and the room itself for as long as an
// attempt is open, so that money paid with a closed browser is found.
const topicCheck = "pay.check"

type check struct {
	Attempt string
	Poll    bool // ask again later if it is still open
}

// open returns the transaction behind a payer's token. errs.NotFound also for a token of another form.
func (r *Room) open(ctx context.Context, token string) (Transaction, error) {
	if !isToken(token) {
		return Transaction{}, errs.E(errs.NotFound, "pay.error.not_found")
	}
	t, ok, err := transactionByToken(ctx, r.h.DB.Reader(), token)
	if err == nil && !ok {
		err = errs.E(errs.NotFound, "pay.error.not_found")
	}
	return t, err
}

// start leads the payer to the provider: it returns the address to redirect to. Whoever has the token may pay. A
// double click gets the same attempt. If there is nothing to pay any more it is the payment page itself.
func (r *Room) start(ctx context.Context, token string) (string, error) {
	t, err := r.open(ctx, token)
	if err != nil {
		return "", err
	}
	if r.provider == nil {
		return "", errs.E(errs.Unavailable, "pay.error.no_provider")
	}
	// An open attempt may have been paid meanwhile: ask first, so that nobody pays twice.
	if t, err = r.refresh(ctx, t); err != nil {
		return "", err
	}
	if t.State != Initial {
		return t.Path(), nil
	}
	a, err := r.attempt(ctx, t)
	if err != nil {
		return "", err
	}
	if a.ID == "" {
		return t.Path(), nil
	}
	if a.RedirectURL != "" {
		return a.RedirectURL, nil
	}
	pctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	s, err := r.provider.Start(pctx, Start{
		RequestID: a.ID, Payee: r.h.AuthorityName(t.Authority), Purpose: t.Purpose, Kassenzeichen: string(t.Kassenzeichen),
		Amount: t.Amount, ReturnPath: t.Path() + "/zurueck",
	})
	if err == nil && (s.Ref == "" || s.RedirectURL == "") {
		err = fmt.Errorf("provider %s: empty answer", r.provider.Name())
	}
	if err != nil {
		return "", errs.E(errs.Unavailable, "pay.error.provider", err)
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := setRef(ctx, tx, identity.At(t.Authority), a.ID, s)
		if err != nil || ok {
			return err
		}
		return errs.E(errs.Conflict, "pay.error.attempt_ended")
	})
	return s.RedirectURL, err
}

// attempt returns the transaction's open attempt, or begins one. The zero Attempt if there is nothing to pay any more.
func (r *Room) attempt(ctx context.Context, t Transaction) (a Attempt, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a = Attempt{}
		s := identity.At(t.Authority)
		t, err := lockTransaction(ctx, tx, s, t.ID)
		if err != nil || t.State != Initial {
			return err
		}
		now := r.now()
		all, err := openAttempts(ctx, tx, s, t.ID)
		if err != nil {
			return err
		}
		for _, old := range all {
			if now.Sub(old.Started) < fresh && old.Provider == r.provider.Name() {
				a = old
				return nil
			}
		}
		a = Attempt{ID: db.NewID(), Authority: t.Authority, Transaction: t.ID, Provider: r.provider.Name(), State: Initial, Started: now}
		if err := insertAttempt(ctx, tx, a); err != nil {
			return err
		}
		err = r.h.Audit.Append(ctx, tx, audit.Entry{Action: "pay.attempt_started", Authority: t.Authority, Object: object(t),
			Changes: map[string]any{"attempt": a.ID, "provider": a.Provider}})
		if err != nil {
			return err
		}
		return r.h.Queue.PublishAt(ctx, tx, topicCheck, check{Attempt: a.ID, Poll: true}, nextCheck(a.Started, now))
	})
	return a, err
}

// nextCheck asks at first after two minutes, then when the attempt has twice its age, at least daily.
func nextCheck(started, now time.Time) time.Time {
	return now.Add(min(max(now.Sub(started), 2*time.Minute), 24*time.Hour))
}

// refresh asks the provider about the transaction's open attempts, settles what has ended, and returns the transaction
// as it stands then. errs.Unavailable if the provider did not answer; what was learnt till then is kept.
func (r *Room) refresh(ctx context.Context, t Transaction) (Transaction, error) {
	attempts, err := openAttempts(ctx, r.h.DB.Reader(), identity.At(t.Authority), t.ID)
	if err != nil || len(attempts) == 0 {
		return t, err
	}
	pctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	var failed error
	for _, a := range attempts {
		st, err := r.ask(pctx, a)
		if err != nil {
			failed = errs.E(errs.Unavailable, "pay.error.provider", err)
		} else if st.State != Initial {
			if err := r.settle(ctx, a.ID, st, nil); err != nil {
				return t, err
			}
		}
	}
	if failed != nil {
		return t, failed
	}
	return r.open(ctx, t.Token)
}

// ask fetches the provider's word on an attempt.
func (r *Room) ask(ctx context.Context, a Attempt) (Status, error) {
	old := r.now().Sub(a.Started) > giveUp
	if a.Ref == "" { // the payer was never sent to the provider
		if old {
			return Status{State: Canceled}, nil
		}
		return Status{State: Initial}, nil
	}
	if r.provider == nil || r.provider.Name() != a.Provider {
		return Status{}, fmt.Errorf("attempt %s: provider %s is not set up any more", a.ID, a.Provider)
	}
	st, err := r.provider.Status(ctx, a.Ref)
	if err != nil {
		return Status{}, fmt.Errorf("attempt %s: %w", a.ID, err)
	}
	switch st.State {
	case Initial:
		if old {
			return Status{State: Canceled}, nil
		}
	case Payed, Failed, Canceled:
	default:
		return Status{}, fmt.Errorf("attempt %s: provider %s says state %q", a.ID, a.Provider, st.State)
	}
	return st, nil
}

// check is the handler of topicCheck.
func (r *Room) check(ctx context.Context, job *queue.Job, c check) error {
	a, ok, err := attemptByID(ctx, r.h.DB.Reader(), identity.All, c.Attempt)
	if err != nil || !ok || a.State != Initial {
		return err // an attempt that we don't know, or that has ended, needs no answer
	}
	pctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	st, err := r.ask(pctx, a)
	if err != nil {
		if !c.Poll {
			return err
		}
		r.h.Log.WarnContext(ctx, "payment provider did not answer; asking again later", "attempt", a.ID, "error", err)
		st.State = Initial
	}
	if st.State != Initial {
		return r.settle(ctx, a.ID, st, job)
	}
	if !c.Poll {
		return nil
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := r.h.Queue.PublishAt(ctx, tx, topicCheck, c, nextCheck(a.Started, r.now())); err != nil {
			return err
		}
		return job.Done(ctx, tx)
	})
}

// settle writes down how an attempt ended. It is the only way money is booked as received. However often it is called,
// for one attempt only the first call has an effect, and only one attempt makes its transaction PAYED.
func (r *Room) settle(ctx context.Context, attempt string, st Status, job *queue.Job) error {
	ctx = identity.AsSystem(ctx, "pay") // the provider says so, whoever asked
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if job != nil {
			if err := job.Done(ctx, tx); err != nil {
				return err
			}
		}
		a, ok, err := attemptByID(ctx, tx, identity.All, attempt)
		if err != nil || !ok {
			return err
		}
		s := identity.At(a.Authority)
		t, err := lockTransaction(ctx, tx, s, a.Transaction)
		if err != nil {
			return err
		}
		if st.State == Payed && st.Amount != t.Amount {
			return fmt.Errorf("attempt %s: provider took %s, not %s", a.ID, st.Amount, t.Amount)
		}
		now := r.now()
		if ok, err := endAttempt(ctx, tx, s, a.ID, st.State, now); err != nil || !ok {
			return err
		}
		entry := audit.Entry{Action: "pay.attempt_ended", Authority: t.Authority, Object: object(t),
			Changes: map[string]any{"attempt": a.ID, "state": st.State}}
		if st.State != Payed {
			if err := r.h.Audit.Append(ctx, tx, entry); err != nil {
				return err
			}
			return r.h.Queue.Publish(ctx, tx, TopicAttemptEnded,
				AttemptEnded{Source: t.Source, Authority: t.Authority, State: string(st.State)})
		}
		entry.Changes["kassenzeichen"], entry.Changes["amount_cents"] = t.Kassenzeichen, t.Amount
		paid, err := endTransaction(ctx, tx, s, t.ID, Payed, st.Method, "", now)
		if err != nil {
			return err
		}
		if !paid { // paid by another attempt, or cancelled: this money is not ours
			entry.Action = "pay.overpaid"
			if _, err := setRefund(ctx, tx, s, a.ID, "", RefundDue); err != nil {
				return err
			}
			if err := r.book(ctx, tx, t, a.ID, factOverpaid, now); err != nil {
				return err
			}
			return r.h.Audit.Append(ctx, tx, entry)
		}
		entry.Action = "pay.settled"
		if err := r.book(ctx, tx, t, a.ID, factPaid, now); err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, entry); err != nil {
			return err
		}
		return r.h.Queue.Publish(ctx, tx, TopicSettled, Settled{Source: t.Source, Authority: t.Authority,
			Kassenzeichen: string(t.Kassenzeichen), State: string(Payed), Amount: t.Amount, At: now})
	})
}
