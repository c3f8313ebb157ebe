package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// Finding is a stored file that is missing or damaged. It goes when the file is whole again; the log keeps when it was
// noticed and when it was repaired.
type Finding struct {
	ID      string
	Hash    string // SHA-256, hex
	Damage  Damage
	Noticed time.Time
	Checked time.Time // looked at last
	Objects []string  // that vouch for it, as far as the caller may see them; the newest, at most 20
	Holders []Holder  // what people know it as, at the authorities that the caller watches over; at most 20
}

const maxObjects = 20

// RecheckState is how far the re-check of stored files is.
type RecheckState struct {
	Files    int64     // that the log names, counted when the present round began
	Checked  int64     // of them looked at in this round
	Began    time.Time // of this round; zero if nothing was ever checked
	Finished time.Time // end of the last whole round; zero if there was none
	Open     int64     // findings, as far as the caller may see them
}

// Findings lists at most limit open findings, the newest first, before the one with that id ("" for the start): all of
// them for the operator of the whole house and the program itself, those of their authorities for auditors.
// errs.Unauthenticated, errs.Denied.
func (l *Log) Findings(ctx context.Context, before string, limit int) ([]Finding, error) {
	scope, err := watcherOf(ctx)
	if err != nil {
		return nil, err
	}
	q := l.d.Reader()
	list, err := findings(ctx, q, scope, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	for i := range list {
		by, err := vouching(ctx, q, scope, list[i].Hash, maxObjects)
		if err != nil {
			return nil, fmt.Errorf("entries about a finding: %w", err)
		}
		for _, v := range by {
			if !slices.Contains(list[i].Objects, v.object) {
				list[i].Objects = append(list[i].Objects, v.object)
			}
		}
		if l.Holders != nil {
			if list[i].Holders, err = l.Holders(ctx, q, scope, list[i].Hash); err != nil {
				return nil, fmt.Errorf("documents of a finding: %w", err)
			}
		}
	}
	return list, nil
}

// Recheck says how far the re-check of stored files is, to those who may see Findings.
func (l *Log) Recheck(ctx context.Context) (RecheckState, error) {
	scope, err := watcherOf(ctx)
	if err != nil {
		return RecheckState{}, err
	}
	s, err := readRecheck(ctx, l.d.Reader())
	if err != nil {
		return RecheckState{}, fmt.Errorf("state of the re-check: %w", err)
	}
	open, err := countFindings(ctx, l.d.Reader(), scope)
	if err != nil {
		return RecheckState{}, fmt.Errorf("count findings: %w", err)
	}
	return RecheckState{Files: s.files, Checked: s.checked, Began: db.Time(s.beganAt), Finished: db.Time(s.finishedAt), Open: open}, nil
}

// watcherOf lists the authorities whose files the caller watches over; nil means all.
func watcherOf(ctx context.Context) ([]string, error) {
	if p := identity.From(ctx); p.Kind == identity.System || p.May(identity.Operator, identity.Everywhere) {
		return nil, nil
	}
	return auditorOf(ctx)
}
