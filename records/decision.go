package records

import (
	"context"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

// Verdict is what a clerk decides.
type Verdict struct {
	ID       string // chosen by the form: the same form sent twice decides once
	Granted  bool
	Decision string
	Reasons  string
	Amount   money.Cents // to be paid by notice; 0 is nothing
	Due      time.Time   // of the payment; ignored if there is none
	Notes    *int        // how many notes on the case the clerk has seen; nil is not asked
}

// Decision is a verdict that was made.
type Decision struct {
	Verdict
	Title         string
	Remedy        string // Rechtsbehelfsbelehrung
	Demo          bool   // the amount rests on a demo setting
	Kassenzeichen string
	PayPath       string
	PaidAt        time.Time // zero until paid
	DecidedAt     time.Time
	DecidedBy     string // name
}

const maxAmount = money.Cents(999_999_00) // more cannot be paid in one transaction (XBezahldienste, grossAmount)

// proposal is what the decision's form begins with.
type proposal struct {
	Verdict  Verdict
	ByNotice bool // the notice may demand an amount
	Demo     bool
}

// propose prepares a decision on the case: texts to start from, the amount as set for the authority.
func (r *Room) propose(c Case, granted bool, setting feeSetting) proposal {
	p := proposal{Verdict: Verdict{ID: db.NewID(), Granted: granted}, ByNotice: granted && setting.ByNotice, Demo: setting.Demo}
	if granted {
		p.Verdict.Decision = r.german("records.propose.decision", c.Subject, germanDate(c.ReceivedAt))
		p.Verdict.Reasons = r.german("records.propose.reasons")
	}
	if p.ByNotice {
		p.Verdict.Amount = setting.Amount
		p.Verdict.Due = i18n.EndOfDay(r.h.Now().AddDate(0, 1, 0))
	}
	return p
}

// feeSetting is what a decision on a service may demand.
type feeSetting struct {
	ByNotice bool
	Amount   money.Cents
	Demo     bool
}

// feeSetting asks what a decision on the case may demand.
func (r *Room) feeSetting(ctx context.Context, c Case) (feeSetting, error) {
	if !r.policies.ByNotice(c.LeikaKey) {
		return feeSetting{}, nil
	}
	amount, demo, _, err := r.fees.Fee(ctx, c.LeikaKey, c.Authority)
	return feeSetting{ByNotice: true, Amount: amount, Demo: demo}, err
}

// check tidies the verdict and names what is wrong with it.
func (v *Verdict) check(setting feeSetting, now time.Time) error {
	var wrong []errs.Field
	v.Decision = checkText(&wrong, "decision", v.Decision, maxDecision)
	v.Reasons = checkText(&wrong, "reasons", v.Reasons, maxDecision)
	switch {
	case v.Amount != 0 && (!v.Granted || !setting.ByNotice):
		wrong = append(wrong, errs.Field{Name: "amount", Key: "records.error.amount_here"})
	case v.Amount < 0 || v.Amount > maxAmount:
		wrong = append(wrong, errs.Field{Name: "amount", Key: "records.error.amount"})
	}
	if v.Amount == 0 {
		v.Due = time.Time{}
	} else if !v.Due.After(now) || v.Due.After(now.AddDate(1, 0, 0)) {
		wrong = append(wrong, errs.Field{Name: "due", Key: "records.error.due"})
	}
	return errs.InvalidFields(wrong)
}

// resolve is the decision that the verdict becomes.
func (r *Room) resolve(ctx context.Context, c Case, v Verdict, setting feeSetting) Decision {
	title := "records.letter.title_granted"
	if !v.Granted {
		title = "records.letter.title_refused"
	}
	d := Decision{Verdict: v, Title: r.german(title), Demo: setting.Demo && v.Amount != 0,
		DecidedAt: r.h.Now(), DecidedBy: identity.From(ctx).Name}
	d.Remedy = r.german("records.letter.remedy", r.h.AuthorityName(c.Authority))
	if v.Amount != 0 {
		d.Remedy += "\n" + r.german("records.letter.remedy_payment")
	}
	return d
}

// Preview checks a verdict and shows the notice that it would become, without deciding anything.
func (r *Room) Preview(ctx context.Context, id string, v Verdict) (Letter, error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return Letter{}, err
	}
	c, err := r.store.caseByID(ctx, r.h.DB.Reader(), scope, id, "")
	if err != nil {
		return Letter{}, err
	}
	if _, err := c.after(actDecide); err != nil {
		return Letter{}, err
	}
	setting, err := r.feeSetting(ctx, c)
	if err != nil {
		return Letter{}, err
	}
	if err := v.check(setting, r.h.Now()); err != nil {
		return Letter{}, err
	}
	return r.letter(c, r.resolve(ctx, c, v, setting)), nil
}

// Decide decides the case. The Kassenzeichen is issued in the same transaction; the notice as HTML and PDF is made by a
// job right after, because it carries that number.
func (r *Room) Decide(ctx context.Context, id string, version int64, v Verdict) error {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	c, err := r.store.caseByID(ctx, r.h.DB.Reader(), scope, id, "")
	if err != nil {
		return err
	}
	setting, err := r.feeSetting(ctx, c)
	if err != nil {
		return err
	}
	if err := v.check(setting, r.h.Now()); err != nil {
		return err
	}
	return r.change(ctx, id, version, change{
		action: actDecide,
		done: func(ctx context.Context, tx *db.Tx, c Case) (bool, error) {
			d, err := r.store.decision(ctx, tx, scope, c.ID)
			return d != nil && d.ID == v.ID, err
		},
		do: func(ctx context.Context, tx *db.Tx, c *Case) (audit.Entry, error) {
			if v.Notes != nil { // nobody decides over a colleague's word that they have not read
				if notes, err := r.store.notes(ctx, tx, scope, c.ID); err != nil {
					return audit.Entry{}, err
				} else if len(notes) > *v.Notes {
					return audit.Entry{}, errs.E(errs.Conflict, "records.error.new_note")
				}
			}
			return r.decide(ctx, tx, *c, r.resolve(ctx, *c, v, setting))
		},
	})
}

func (r *Room) decide(ctx context.Context, tx *db.Tx, c Case, d Decision) (audit.Entry, error) {
	entry := audit.Entry{Action: "records.decided", Changes: map[string]any{"granted": d.Granted,
		"sha256": Digest(d.Decision + "\n" + d.Reasons)}}
	if d.Amount != 0 {
		p, err := r.cashier.Request(ctx, tx, Order{Authority: c.Authority, Source: object(c.ID), Purpose: cut(c.Reference, 27),
			Amount: d.Amount, ReturnPath: c.StatusPath, Due: d.Due})
		if err != nil {
			return entry, err
		}
		d.Kassenzeichen, d.PayPath = p.Kassenzeichen, p.Path
		entry.Changes["amount"], entry.Changes["kassenzeichen"] = d.Amount.String(), d.Kassenzeichen
	}
	if err := r.store.insertDecision(ctx, tx, access.At(c.Authority), c, d); err != nil {
		return entry, err
	}
	if err := r.h.Queue.Publish(ctx, tx, TopicDecided, Decided{Source: c.Source, Case: c.ID, CaseReference: c.Reference,
		Authority: c.Authority, Granted: d.Granted, Title: d.Title, Decision: d.Decision, Reasons: d.Reasons, Remedy: d.Remedy,
		Amount: d.Amount, Kassenzeichen: d.Kassenzeichen, PayPath: d.PayPath, Due: d.Due, Demo: d.Demo, Date: d.DecidedAt,
	}); err != nil {
		return entry, err
	}
	return entry, r.h.Queue.Publish(ctx, tx, topicRenderNotice, renderJob{c.Authority, c.ID})
}

// Paid notes that what a notice demanded was paid. source is the Order's. It finishes the job in its own transaction;
// a payment that was noted already is left alone.
func (r *Room) Paid(ctx context.Context, job *queue.Job, source, kassenzeichen string, paidAt time.Time) (err error) {
	defer errs.Wrap(&err, "Paid(%s)", source)
	id, ok := strings.CutPrefix(source, "case:")
	if !ok {
		return errs.E(errs.Invalid, "records.error.not_found")
	}
	if paidAt.IsZero() {
		paidAt = r.h.Now() // without a time it would still count as open
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := r.store.caseByID(ctx, tx, access.All, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		fresh, err := r.store.markPaid(ctx, tx, access.At(c.Authority), c.ID, kassenzeichen, paidAt)
		if err != nil {
			return err
		}
		if fresh {
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.notice_paid", Authority: c.Authority,
				Object: object(c.ID), Changes: map[string]any{"kassenzeichen": kassenzeichen}}); err != nil {
				return err
			}
			if err := r.h.Queue.Publish(ctx, tx, TopicNoticePaid, NoticePaid{c.Source, paidAt}); err != nil {
				return err
			}
		}
		return job.Done(ctx, tx)
	})
}
