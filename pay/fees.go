package pay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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

// feeTable is a whole copy of pay_fee; it is replaced, never changed.
type feeTable struct {
	fees   map[feeKey]FeeSetting
	loaded time.Time
}

// feeCache answers from memory. What this process changes it sees at once; what others change, after feeAge.
type feeCache struct {
	table   atomic.Pointer[feeTable]
	loading sync.Mutex
	stale   atomic.Bool
}

const feeAge = 15 * time.Second

// Fee is what the authority takes for the service; ok is false where nothing is set. It answers from memory but for one
// caller every 15 seconds, who reads the settings again. Inside a transaction it can only repeat
// what it knows already, so ask before.
func (r *Room) Fee(ctx context.Context, leikaKey, authorityID string) (amount money.Cents, demo, ok bool, err error) {
	t, err := r.feeTable(ctx)
	if err != nil {
		return 0, false, false, err
	}
	f, ok := t.fees[feeKey{authorityID, leikaKey}]
	return f.Amount, f.Demo, ok, nil
}

func (r *Room) feeTable(ctx context.Context) (*feeTable, error) {
	c := &r.fees
	fresh := func(t *feeTable) bool {
		return t != nil && !c.stale.Load() && r.h.Now().Sub(t.loaded) < feeAge
	}
	t := c.table.Load()
	if fresh(t) {
		return t, nil
	}
	if t == nil || c.stale.Load() {
		c.loading.Lock()
	} else if !c.loading.TryLock() {
		return t, nil // somebody is reading; a little old is good enough
	}
	defer c.loading.Unlock()
	if t = c.table.Load(); fresh(t) {
		return t, nil
	}
	c.stale.Store(false) // before reading: a change during it makes the copy stale again
	list, err := allFees(ctx, r.h.DB.Reader(), identity.All)
	if errors.Is(err, db.ErrNested) && t != nil {
		c.stale.Store(true)
		return t, nil
	}
	if err != nil {
		c.stale.Store(true)
		return nil, fmt.Errorf("read fees: %w", err)
	}
	next := &feeTable{fees: make(map[feeKey]FeeSetting, len(list)), loaded: r.h.Now()}
	for _, f := range list {
		next.fees[feeKey{f.Authority, f.LeikaKey}] = f
	}
	c.table.Store(next)
	return next, nil
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
		tx.AfterCommit(func() { r.fees.stale.Store(true) })
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
