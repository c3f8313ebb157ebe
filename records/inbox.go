package records

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// Filter says which cases the inbox shows, and in which order. The zero value is the open ones, the oldest first.
type Filter struct {
	Query string // part of Aktenzeichen, applicant's reference, applicant or subject
	State string // "" is open ones, "all", or a State
	Who   string // "" is everyone's, "mine", "free", "gemerkt"
	Sort  string // "" is longest waiting first, "newest", "due", "aktenzeichen"
	Page  paging.Cursor
	size  int // of a page; 0 is paging.Size
}

// The values of Filter's choices beside "".
const (
	StateAll      = "all"
	WhoMine       = "mine"
	WhoFree       = "free"
	WhoMarked     = "gemerkt" // the caller's favourites
	SortNewest    = "newest"
	SortDue       = "due"
	SortReference = "aktenzeichen"
)

// exportSize is how many rows of a list are read at once where all are.
const exportSize = 500

// order is that of the list.
func (f Filter) order() paging.Order {
	switch f.Sort {
	case SortDue:
		return paging.Order{Column: "due_at", ID: "id", Size: f.size}
	case SortReference:
		return paging.Order{Column: "reference", ID: "id", Text: true, Size: f.size}
	}
	return paging.Order{Column: "received_at", ID: "id", Descending: f.Sort == SortNewest, Size: f.size}
}

// key is where the case stands in a list of this order.
func (f Filter) key(c Case) paging.Key {
	switch f.Sort {
	case SortDue:
		return paging.Time(c.DueAt, c.ID)
	case SortReference:
		return paging.Key{Sort: c.Reference, ID: c.ID}
	}
	return paging.Time(c.ReceivedAt, c.ID)
}

// Inbox lists the cases of the caller's authorities.
func (r *Room) Inbox(ctx context.Context, f Filter) (paging.Listing[Case], error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[Case]{}, err
	}
	return r.store.inbox(ctx, r.h.DB.Reader(), scope, identity.From(ctx).Subject, f)
}

// People are those whom a case of the caller's authorities can be given to, by name.
func (r *Room) People(ctx context.Context) ([]Person, error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return nil, err
	}
	return r.store.people(ctx, r.h.DB.Reader(), scope)
}

// orgNames are what people call the units of the scope, by id.
func (r *Room) orgNames(ctx context.Context, q db.Querier, a access.Access) (map[string]string, error) {
	orgs, err := r.store.orgs(ctx, q, a)
	out := map[string]string{}
	for _, o := range orgs {
		out[o.ID] = o.Code + " " + o.Name
	}
	return out, err
}

// Neighbour is the id of the case that follows this one in the list of the filter; "" at its end.
func (r *Room) Neighbour(ctx context.Context, f Filter, id string) (string, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return "", err
	}
	c, err := r.store.caseByID(ctx, q, a, id, "")
	if err != nil {
		return "", err
	}
	f.Page = paging.Cursor{After: f.key(c)}
	next, err := r.Inbox(ctx, f)
	if err != nil || len(next.Items) == 0 {
		return "", err
	}
	return next.Items[0].ID, nil
}
