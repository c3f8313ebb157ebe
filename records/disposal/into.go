package disposal

import (
	"context"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Into is where what comes from another authority goes, and whom it is open to here. The importer says so: units and
// people of the other authority are none of this one, and what nobody decided on is open to nobody but registrars.
type Into struct {
	Unit  string        // code in the file plan
	Lead  string        // id of the leading unit; "" only for records.Registry
	Reach records.Reach // "" is the leading unit only
	Level access.Level  // at least; a record that the package says more of has more
}

// check is errs.Invalid unless it is said where the files go and who leads them.
func (i *Into) check() error {
	if i.Reach == "" {
		i.Reach = records.LeadOnly
	}
	var wrong []errs.Field
	if i.Unit == "" {
		wrong = append(wrong, errs.Field{Name: "unit", Key: "records.error.unit"})
	}
	if i.Lead == "" && i.Reach != records.Registry {
		wrong = append(wrong, errs.Field{Name: "lead", Key: "disposal.error.lead"})
	}
	return errs.InvalidFields(wrong)
}

// Came is a file that came with an import.
type Came struct {
	ID, Reference string
	Former        string // Aktenzeichen there
	Subject       string
	Level         access.Level
	Cases         int64
}

// Came lists the files that came with an import whose records the caller keeps, of those that they may read.
func (r *Room) Came(ctx context.Context, id string, c paging.Cursor) (l paging.Listing[Came], err error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return l, err
	}
	if _, err := r.store.imported(ctx, q, a, id, ""); err != nil {
		return l, err
	}
	return r.store.came(ctx, q, a, id, c)
}

// former is an Aktenzeichen of another authority as one that a record had before: on one line.
func former(reference string) string {
	return cut(strings.Join(strings.Fields(reference), " "), maxName)
}
