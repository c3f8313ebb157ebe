package disposal

import (
	"context"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Rule says how long the files of a unit are kept.
type Rule struct {
	RetentionYears int // Aufbewahrungsfrist
	TransferYears  int // Transferfrist: how long a closed file stays with those who worked on it
}

// Until is the last day of the retention of a file closed then: both periods count from the end of the year, and
// retention does not end before the file has been transferred. The zero time where a file is kept for ever (negative
// years).
func (r Rule) Until(closed time.Time) time.Time {
	if r.RetentionYears < 0 {
		return time.Time{}
	}
	return records.Unit{RetentionYears: max(r.RetentionYears, r.TransferYears)}.RetainedUntil(closed)
}

// TransferredOn is the last day on which a file closed then stays with those who worked on it.
func (r Rule) TransferredOn(closed time.Time) time.Time {
	return records.Unit{RetentionYears: max(r.TransferYears, 0)}.RetainedUntil(closed)
}

// over is the latest end of retention that has passed at that time: the day after the last is the first on which a file
// may go.
func over(now time.Time) time.Time {
	d := now.In(i18n.Berlin)
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, i18n.Berlin)
}

// reckonBatch is how many files one transaction of Reckon changes.
const reckonBatch = 500

// Reckon sets the end of retention of files that were closed, takes it back from files that were reopened, and reckons
// it anew where a unit's rule has changed, unless the file is being disposed of.
func (r *Room) Reckon(ctx context.Context) error {
	ctx = identity.AsSystem(ctx, "retention")
	for _, step := range []func(context.Context, *db.Tx) (int, error){r.reckonClosed, r.reckonReopened} {
		for more := true; more; {
			if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				n, err := step(ctx, tx)
				more = n == reckonBatch
				return err
			}); err != nil {
				return err
			}
		}
	}
	changed, err := r.store.changedRules(ctx, r.h.DB.Reader(), access.All)
	if err != nil {
		return err
	}
	for _, u := range changed {
		if err := r.reckonUnit(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

func (r *Room) reckonClosed(ctx context.Context, tx *db.Tx) (int, error) {
	files, err := r.store.unreckoned(ctx, tx, access.All, reckonBatch)
	if err != nil {
		return 0, err
	}
	rules := map[ruleOf]bool{}
	for _, f := range files {
		until := f.rule.Until(f.closed)
		if err := r.retain(ctx, tx, f, until); err != nil {
			return 0, err
		}
		rules[ruleOf{f.authority, f.unit, f.rule}] = true
	}
	for u := range rules {
		if err := r.store.noteRule(ctx, tx, access.At(u.authority), u); err != nil {
			return 0, err
		}
	}
	return len(files), nil
}

func (r *Room) reckonReopened(ctx context.Context, tx *db.Tx) (int, error) {
	files, err := r.store.reopened(ctx, tx, access.All, reckonBatch)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if err := r.retain(ctx, tx, f, time.Time{}); err != nil {
			return 0, err
		}
	}
	return len(files), nil
}

// reckonUnit reckons all files of a unit anew; the rule is noted with the last of them.
func (r *Room) reckonUnit(ctx context.Context, u ruleOf) error {
	after := ""
	for more := true; more; {
		if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			files, err := r.store.ofUnit(ctx, tx, access.At(u.authority), u.unit, after, reckonBatch)
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := r.retain(ctx, tx, f, u.rule.Until(f.closed)); err != nil {
					return err
				}
			}
			if more = len(files) == reckonBatch; more {
				after = files[len(files)-1].id
				return nil
			}
			return r.store.putRule(ctx, tx, access.At(u.authority), u)
		}); err != nil {
			return err
		}
	}
	return nil
}

// forever is the stored end of the retention of files that are kept without end; nothing is ever over then.
var forever = time.Date(9999, time.December, 31, 12, 0, 0, 0, i18n.Berlin)

// retain stores the end of retention. The zero time is none for a file that is open, and for ever for a closed one.
func (r *Room) retain(ctx context.Context, tx *db.Tx, f retained, until time.Time) error {
	if until.IsZero() && !f.closed.IsZero() {
		until = forever
	}
	if until.Equal(f.until) {
		return nil
	}
	if ok, err := r.store.setRetention(ctx, tx, access.At(f.authority), f, until); err != nil || !ok {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.retention_set", Authority: f.authority,
		Object: records.FileObject(f.id), Changes: map[string]any{"until": i18n.ISODate(until)}})
}
