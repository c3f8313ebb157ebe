package flow

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// mostLoans is of how many loans somebody is reminded at once; the list of loans has them all.
const mostLoans = 20

// loans are the files whose paper should be back, for whom it concerns: who noted the loan or stands in for them, and the
// registrars where they do not work here any more. They are gone once the return is noted.
func (r *Room) loans(ctx context.Context, q db.Querier, a access.Access, d desk) ([]records.File, error) {
	lenders := []string{d.me.Subject}
	for holder := range d.acts {
		if subject, ok := strings.CutPrefix(holder, access.Person("")); ok {
			lenders = append(lenders, subject)
		}
	}
	files, err := r.core.LoansDue(ctx, q, a, lenders, mostLoans)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(f records.File) bool {
		if err != nil || f.LentBy == "" || slices.Contains(lenders, f.LentBy) {
			return false
		}
		var here bool // a registrar who belongs to no unit
		here, err = r.staff.Registrar(ctx, q, f.LentBy, f.Authority)
		return here
	}), err
}
