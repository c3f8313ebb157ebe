package apply

import (
	"context"
	"errors"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/money"
)

// sending is what the applicant said when sending.
type sending struct {
	secret   string      // of the draft; "" if this browser does not have it
	declared bool        // the declaration is ticked
	fee      money.Cents // the fee that was shown
}

// sent is what the applicant gets.
type sent struct {
	reference Reference
	payPath   string // where to pay first; "" if there is nothing to pay now
}

// send makes the holder's draft an application. Sending again gives the same.
func (r *Room) send(ctx context.Context, h holder, id string, s sending) (sent, error) {
	a, _, err := r.own(ctx, r.h.DB.Reader(), h, id)
	if err != nil {
		return sent{}, err
	}
	if a.state != Draft {
		return sentOf(a), nil
	}
	d, err := r.definition(a)
	if err != nil {
		return sent{}, err
	}
	fee, demo, err := r.feeFirst(ctx, d, a.authority)
	if err != nil {
		return sent{}, err
	}
	if fee != s.fee {
		return sent{}, errs.E(errs.Conflict, "apply.fee_changed")
	}
	if r.stuck(d, fee) {
		return sent{}, errs.E(errs.Unavailable, "apply.no_payment", r.h.AuthorityName(a.authority))
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if a, err = ownByID(ctx, tx, h, id, tx.ForUpdate()); err != nil || a.state != Draft {
			return err // the second of two clicks
		}
		files, err := attachments(ctx, tx, a.authority, a.id)
		if err != nil {
			return err
		}
		now := r.h.Now()
		res, err := d.Check(withFiles(a.draft.all(), files), now)
		if err != nil {
			return err
		}
		problems := res.Problems()
		if d.Signature == form.Declaration && !s.declared {
			problems = append(problems, errs.Field{Name: declarationField, Key: "apply.answer.declare"})
		}
		if err := errs.InvalidFields(problems); err != nil {
			return err
		}
		if files, err = dropUnasked(ctx, tx, a, res, files); err != nil {
			return err
		}
		if a.subject == "" {
			a.subject = h.subject
		}
		if a.reference, err = freeReference(ctx, tx, now); err != nil {
			return err
		}
		if s.secret != "" {
			a.codeHash = hashCode(accessCode(s.secret, a.id))
		}
		a.answers, a.sent, a.state = res.Answers, now, Submitted
		if fee > 0 {
			p, err := r.cashier.Request(ctx, tx, Order{Authority: a.authority, Source: SourceOf(a.id), Purpose: purpose(a.reference),
				Amount: fee, ReturnPath: "/antrag/" + a.id + "/gesendet"})
			if err != nil {
				return err
			}
			a.state, a.fee, a.feeDemo, a.kassenzeichen, a.payPath = AwaitingPayment, fee, demo, p.Kassenzeichen, p.Path
		}
		if err := update(ctx, tx, a, Draft, now); err != nil {
			return err
		}
		entry := audit.Entry{Action: "apply.sent", Authority: a.authority, Object: SourceOf(a.id), Changes: map[string]any{
			"reference": a.reference, "form": a.form, "version": a.version, "state": a.state, "fee": fee.String()}}
		for _, f := range files {
			entry.Blobs = append(entry.Blobs, f.hash)
		}
		if err := r.h.Audit.Append(ctx, tx, entry); err != nil {
			return err
		}
		if err := r.h.Queue.Publish(ctx, tx, topicReceipt, receiptJob{a.id}); err != nil {
			return err
		}
		if a.state == Submitted {
			return r.submitted(ctx, tx, a)
		}
		return nil
	})
	if err != nil {
		return sent{}, err
	}
	return sentOf(a), nil
}

// declarationField is the name of the declaration's box on the check page.
const declarationField = "declaration-given" // no question is called so: it has a hyphen

func sentOf(a *application) sent {
	s := sent{reference: a.reference}
	if a.state == AwaitingPayment {
		s.payPath = a.payPath
	}
	return s
}

// feeFirst is what must be paid before the office gets the application; 0 if nothing, or if no fee is set.
func (r *Room) feeFirst(ctx context.Context, d *form.Definition, authority string) (fee money.Cents, demo bool, err error) {
	if d.Policy != form.FeeFirst {
		return 0, false, nil
	}
	fee, demo, ok, err := r.fees.Fee(ctx, d.LeikaKey, authority)
	if err != nil || !ok {
		return 0, false, err
	}
	return fee, demo, nil
}

// submitted tells the house that the office may have the application.
func (r *Room) submitted(ctx context.Context, tx *db.Tx, a *application) error {
	if err := r.h.Queue.Publish(ctx, tx, TopicSubmitted, Submission{a.id}); err != nil {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "apply.submitted", Authority: a.authority, Object: SourceOf(a.id),
		Changes: map[string]any{"kassenzeichen": a.kassenzeichen}})
}

// dropUnasked deletes files of questions that the answers hide in the end, and returns the others.
func dropUnasked(ctx context.Context, tx *db.Tx, a *application, res form.Result, files []attachment) ([]attachment, error) {
	var out []attachment
	for _, f := range files {
		if len(res.Answers[f.field]) > 0 {
			out = append(out, f)
			continue
		}
		if err := deleteAttachment(ctx, tx, a.authority, a.id, f.id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// freeReference draws until it meets a number that is not taken: 35 bits a year.
func freeReference(ctx context.Context, tx *db.Tx, now time.Time) (Reference, error) {
	for range 10 {
		ref := newReference(now)
		taken, err := referenceTaken(ctx, tx, ref)
		if err != nil {
			return "", err
		}
		if !taken {
			return ref, nil
		}
	}
	return "", errors.New("apply: no free reference number in ten draws")
}
