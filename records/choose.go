package records

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// What is done with rows of a list that were ticked together. Each row goes through the use-case that one alone goes
// through, in a transaction of its own, with its rights and its entry in the log: a row that cannot be done leaves the
// others alone, and none is ever half done.

// MostChosen is how many rows are done at once.
const MostChosen = 2 * paging.Size

// Outcome says what became of the rows that were chosen.
type Outcome struct {
	Done   int
	Failed []Failure
}

// Failure is a row with which nothing was done, and why.
type Failure struct {
	ID  string
	Err error
}

// Each does something with each of the ids. It returns an error if nothing or too much was chosen, or if the caller is not
// signed in any more or has gone.
func (r *Room) Each(ctx context.Context, ids []string, do func(id string) error) (o Outcome, err error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch {
	case len(ids) == 0:
		return o, errs.InvalidFields([]errs.Field{{Name: "auswahl", Key: "records.error.none_chosen"}})
	case len(ids) > MostChosen:
		return o, errs.InvalidFields([]errs.Field{{Name: "auswahl", Key: "records.error.too_many_chosen", Args: []any{MostChosen}}})
	}
	for _, id := range ids {
		err := do(id)
		switch {
		case ctx.Err() != nil, errs.Is(err, errs.Unauthenticated):
			return o, err
		case err != nil:
			if errs.CodeOf(err) == errs.Internal {
				r.h.Log.ErrorContext(ctx, "one of several failed", "id", id, "error", err)
			}
			o.Failed = append(o.Failed, Failure{id, err})
		default:
			o.Done++
		}
	}
	return o, nil
}

// Assign gives the case to somebody of the authority who may change it.
func (r *Room) Assign(ctx context.Context, id string, version int64, subject string) error {
	var to Person
	return r.change(ctx, id, version, change{
		action: actTake,
		done: func(ctx context.Context, tx *db.Tx, c Case) (bool, error) {
			to.Subject = subject
			var err error
			if to.Name, err = r.store.person(ctx, tx, access.At(c.Authority), subject); errs.Is(err, errs.NotFound) {
				return false, errs.InvalidFields([]errs.Field{{Name: "person", Key: "records.error.person"}})
			}
			return c.AssignedTo == subject && c.State != StateNew, err
		},
		do: func(ctx context.Context, tx *db.Tx, c *Case) (audit.Entry, error) {
			switch may, err := r.mayOf(ctx, tx, to, *c); {
			case err != nil:
				return audit.Entry{}, err
			case may < access.Write:
				return audit.Entry{}, errs.E(errs.Denied, "records.error.person_cannot", to.Name)
			}
			c.AssignedTo, c.AssignedName = to.Subject, to.Name
			return audit.Entry{Action: "records.case_assigned", Changes: map[string]any{"assigned_to": to.Subject}}, nil
		},
	})
}

// SetDue says until when the case is to be done.
func (r *Room) SetDue(ctx context.Context, id string, version int64, due time.Time) error {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	c, err := r.store.caseByID(ctx, q, a, id, "")
	if err != nil {
		return err
	}
	d := c.Details()
	d.Due = due
	return r.ChangeCase(ctx, id, version, d)
}

// MarkCase puts a case among the caller's favourites, or takes it away, as Mark does with a file.
func (r *Room) MarkCase(ctx context.Context, id string, on bool) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.store.caseByID(ctx, tx, a, id, "")
		if err != nil {
			return err
		}
		return r.store.markCase(ctx, tx, a, c, on, r.h.Now())
	})
}

// AddKeyword adds a keyword to those of the file; one that it has already is none more.
func (r *Room) AddKeyword(ctx context.Context, id string, version int64, word string) error {
	word = OneLine(word)
	if word == "" {
		return errs.InvalidFields([]errs.Field{{Name: "keyword", Key: "records.error.empty.keyword"}})
	}
	return r.amend(ctx, id, version, func(d *Details) bool {
		before := len(keywords(d.Keywords))
		d.Keywords += "\n" + word
		return len(keywords(d.Keywords)) > before
	})
}

// SetLead says which unit leads the file; "" is the authority as a whole.
func (r *Room) SetLead(ctx context.Context, id string, version int64, lead string) error {
	return r.amend(ctx, id, version, func(d *Details) bool {
		changed := d.Lead != lead
		d.Lead = lead
		return changed
	})
}

// amend is ChangeFile with the file's own details, of which f changes some and reports whether it did.
func (r *Room) amend(ctx context.Context, id string, version int64, f func(*Details) bool) error {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	file, err := r.store.fileByID(ctx, q, a, id)
	if err != nil {
		return err
	}
	d := file.Details()
	if !f(&d) {
		return nil // it is so already: the form was sent twice
	}
	return r.ChangeFile(ctx, id, version, d)
}
