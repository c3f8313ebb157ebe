package apply

import (
	"context"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// offer is that an authority has switched on a form.
type offer struct{ authority, form string }

// Offer switches a form on for authorities. For the program and operators of each of them.
func (r *Room) Offer(ctx context.Context, formID string, authorities ...string) error {
	return r.setOffers(ctx, formID, authorities, insertOfferNow(r.h.Now()), "apply.offered")
}

// Withdraw switches a form off for authorities. Drafts and applications that exist go on.
func (r *Room) Withdraw(ctx context.Context, formID string, authorities ...string) error {
	return r.setOffers(ctx, formID, authorities, deleteOffer, "apply.offer_withdrawn")
}

func insertOfferNow(now time.Time) func(context.Context, *db.Tx, string, string) (bool, error) {
	return func(ctx context.Context, tx *db.Tx, authority, form string) (bool, error) {
		return insertOffer(ctx, tx, authority, form, now)
	}
}

func (r *Room) setOffers(ctx context.Context, formID string, authorities []string,
	set func(ctx context.Context, tx *db.Tx, authority, form string) (bool, error), action string) error {
	p := identity.From(ctx)
	for _, id := range authorities {
		if p.Kind != identity.System && !p.May(identity.Operator, id) {
			return errs.E(errs.Denied, "errs.denied")
		}
	}
	if r.forms.Current(formID) == nil {
		return errs.E(errs.NotFound, "apply.no_form")
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range authorities {
			changed, err := set(ctx, tx, id, formID)
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: id, Object: "form:" + formID}); err != nil {
				return err
			}
		}
		tx.AfterCommit(r.offers.Forget)
		return nil
	})
}

// Online returns the page where the service can be applied for at the authority; ok is false if it is not offered.
func (r *Room) Online(ctx context.Context, leikaKey, authorityID string) (path string, ok bool, err error) {
	d := r.forms.ForService(leikaKey)
	if d == nil {
		return "", false, nil
	}
	ok, err = r.offered(ctx, d.ID, authorityID)
	if err != nil || !ok {
		return "", false, err
	}
	if !r.cashier.TakesMoney() {
		fee, _, err := r.feeFirst(ctx, d, authorityID)
		if err != nil || r.stuck(d, fee) {
			return "", false, err
		}
	}
	return "/antrag/start/" + d.ID, true, nil
}

// offered reports whether the authority offers the form. Every search result asks, so it answers from memory.
func (r *Room) offered(ctx context.Context, formID, authority string) (bool, error) {
	known, err := r.offers.Get(ctx)
	return known[offer{authority, formID}], err
}
