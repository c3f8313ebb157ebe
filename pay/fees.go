package pay

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/standards/leika"
)

// FeeSetting is what one authority takes for one service.
type FeeSetting struct {
	Authority string
	LeikaKey  string
	Amount    money.Cents // 0: free of charge, which is not the same as unknown
	Demo      bool        // an amount made up for the demo Land, shown as "Demowert"
}

type feeKey struct{ authority, leika string }

// Fee is what the authority takes for the service; ok is false where nothing is set. It answers from memory (see
// snapshot.Snapshot.Get).
func (r *Room) Fee(ctx context.Context, leikaKey, authorityID string) (amount money.Cents, demo, ok bool, err error) {
	fees, err := r.fees.Get(ctx)
	if err != nil {
		return 0, false, false, fmt.Errorf("read fees: %w", err)
	}
	f, ok := fees[feeKey{authorityID, leikaKey}]
	return f.Amount, f.Demo, ok, nil
}

func (r *Room) loadFees(ctx context.Context) (map[feeKey]FeeSetting, error) {
	list, err := allFees(ctx, r.h.DB.Reader(), identity.All)
	if err != nil {
		return nil, err
	}
	fees := make(map[feeKey]FeeSetting, len(list))
	for _, f := range list {
		fees[feeKey{f.Authority, f.LeikaKey}] = f
	}
	return fees, nil
}

// SetFees sets fees in bulk, all or none: the program itself may do so for all, a treasurer for the own authority.
// Settings that are so already are left alone; each authority's changes are one entry in the log.
func (r *Room) SetFees(ctx context.Context, fees []FeeSetting) error {
	p := identity.From(ctx)
	for _, f := range fees {
		if p.Kind != identity.System && !p.May(identity.Treasurer, f.Authority) {
			if !p.SignedIn() {
				return errs.E(errs.Unauthenticated, "pay.error.sign_in")
			}
			return errs.E(errs.NotFound, "pay.error.not_found")
		}
		if _, err := leika.Parse(f.LeikaKey); err != nil || f.Authority == "" || f.Amount < 0 || f.Amount > MaxAmount {
			return errs.E(errs.Invalid, "pay.error.fee", f.LeikaKey, fmt.Errorf("fee %+v", f))
		}
	}
	fees = slices.Clone(fees)
	slices.SortStableFunc(fees, func(a, b FeeSetting) int { return cmp.Compare(a.Authority, b.Authority) })
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, of := range byAuthority(fees) {
			s, authority := identity.At(of[0].Authority), of[0].Authority
			list, err := allFees(ctx, tx, s)
			if err != nil {
				return err
			}
			old := map[string]FeeSetting{}
			for _, f := range list {
				old[f.LeikaKey] = f
			}
			changes := map[string]any{}
			for _, f := range of {
				if was, ok := old[f.LeikaKey]; ok && was == f {
					continue
				}
				if err := putFee(ctx, tx, f); err != nil {
					return err
				}
				old[f.LeikaKey], changes[f.LeikaKey] = f, map[string]any{"amount_cents": f.Amount, "demo": f.Demo}
			}
			if len(changes) == 0 {
				continue
			}
			err = r.h.Audit.Append(ctx, tx, audit.Entry{Action: "pay.fees_set", Authority: authority, Object: "fees:" + authority, Changes: changes})
			if err != nil {
				return err
			}
		}
		tx.AfterCommit(r.fees.Forget)
		return nil
	})
}

// byAuthority cuts the sorted list where the authority changes.
func byAuthority(fees []FeeSetting) [][]FeeSetting {
	var out [][]FeeSetting
	for i, f := range fees {
		if i == 0 || fees[i-1].Authority != f.Authority {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], f)
	}
	return out
}
