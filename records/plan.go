package records

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/records/access"
)

// Appraisal is what becomes of files when their retention is over (xdomea: Bewertungsvorschlag).
type Appraisal string

// The proposals for appraisal.
const (
	Archive  Appraisal = "A" // to the archive
	Appraise Appraisal = "B" // the archive decides
	Destroy  Appraisal = "V" // destroyed
)

// Unit is a place in the file plan (Aktenplaneinheit).
type Unit struct {
	Code           string // "22.31"
	Title          string
	Parent         string // code of the unit above; "" at the top
	RetentionYears int    // counted from the end of the year in which a file is closed; Forever is for ever
	TransferYears  int    // after closing, until the file leaves the desks for the registry (Transferfrist); 0 is at once
	Appraisal      Appraisal
	ValidFrom      time.Time // no file is opened in it before; zero is always
	ValidUntil     time.Time // nor after; zero is for ever
	Note           string
}

// ValidAt reports whether files may be opened in the unit then.
func (u Unit) ValidAt(t time.Time) bool {
	return !t.Before(u.ValidFrom) && (u.ValidUntil.IsZero() || !t.After(u.ValidUntil))
}

// anyService is the LeiKa key in the routing of whatever has no unit of its own.
const anyService = "*"

// plan is a file plan to be given to authorities, with the unit of each service.
type plan struct {
	units   []Unit
	routing []route
}

type route struct{ leikaKey, unit string }

// readPlan reads an embedded plan: a line of headings, then code, title, parent, retention, appraisal, LeiKa keys.
func readPlan(name string) (p plan, err error) {
	defer errs.Wrap(&err, "file plan %s", name)
	b, err := Files.ReadFile(name)
	if err != nil {
		return p, err
	}
	known := map[string]bool{"": true}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for i, line := range lines[1:] {
		f := strings.Split(line+"\t", "\t")
		if len(f) < 6 {
			return p, fmt.Errorf("line %d: want 6 columns", i+2)
		}
		years, err := strconv.Atoi(f[3])
		if err != nil || years < 1 {
			return p, fmt.Errorf("line %d: retention %q", i+2, f[3])
		}
		u := Unit{Code: f[0], Title: f[1], Parent: f[2], RetentionYears: years, Appraisal: Appraisal(f[4])}
		if u.Title == "" || !known[u.Parent] || known[u.Code] || !strings.Contains("ABV", string(u.Appraisal)) {
			return p, fmt.Errorf("line %d: unit %q is taken, has no title, an unknown parent or appraisal", i+2, u.Code)
		}
		known[u.Code] = true
		p.units = append(p.units, u)
		for _, key := range strings.Fields(f[5]) {
			p.routing = append(p.routing, route{key, u.Code})
		}
	}
	return p, nil
}

// EnsurePlan gives the file plan to those of the authorities that have none yet.
func (r *Room) EnsurePlan(ctx context.Context, authorities []string) error {
	have, err := r.store.unitCounts(ctx, r.h.DB.Reader(), access.All)
	if err != nil {
		return err
	}
	var missing []string
	for _, a := range authorities {
		if have[a] == 0 {
			missing = append(missing, a)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return r.givePlan(ctx, tx, missing) })
}

func (r *Room) givePlan(ctx context.Context, tx *db.Tx, authorities []string) error {
	if err := r.store.insertPlan(ctx, tx, access.At(authorities...), r.plan); err != nil {
		return err
	}
	only := ""
	if len(authorities) == 1 {
		only = authorities[0]
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.plan_given", Authority: only, Object: "fileplan:municipal",
		Changes: map[string]any{"authorities": len(authorities), "units": len(r.plan.units)}})
}

// unitFor is where a service's files belong at the authority, and the organisational unit that leads them ("" if none is
// named). An authority without a plan gets it now: what somebody sent is never turned away for that.
func (r *Room) unitFor(ctx context.Context, tx *db.Tx, authority, leikaKey string) (unit, lead string, err error) {
	unit, lead, err = r.store.route(ctx, tx, access.At(authority), leikaKey)
	if err != nil || unit != "" {
		return unit, lead, err
	}
	if err := r.givePlan(ctx, tx, []string{authority}); err != nil {
		return "", "", err
	}
	return r.store.route(ctx, tx, access.At(authority), leikaKey)
}

// yearOf is the calendar year at the authority's desk.
func yearOf(t time.Time) int { return t.In(i18n.Berlin).Year() }

// Forever is the retention of what is kept for good (dauernd).
const Forever = -1

// RetainedUntil is the last day on which a file closed then is kept under the unit: retention counts from the end of the
// year. The zero time if it is kept for ever.
func (u Unit) RetainedUntil(closed time.Time) time.Time {
	if u.RetentionYears < 0 {
		return time.Time{}
	}
	return time.Date(yearOf(closed)+u.RetentionYears, time.December, 31, 12, 0, 0, 0, i18n.Berlin)
}
