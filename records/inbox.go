package records

import (
	"context"

	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// Filter says which cases the inbox shows, and in which order. The zero value is the open ones, the oldest first.
type Filter struct {
	Query string // part of Aktenzeichen, applicant's reference, applicant or subject
	State string // "" is open ones, "all", or a State
	Who   string // "" is everyone's, "mine", "free"
	Sort  string // "" is longest waiting first, "newest", "due"
	Page  paging.Cursor
}

// The values of Filter's choices beside "".
const (
	StateAll   = "all"
	WhoMine    = "mine"
	WhoFree    = "free"
	SortNewest = "newest"
	SortDue    = "due"
)

// order is that of the list.
func (f Filter) order() paging.Order {
	if f.Sort == SortDue {
		return paging.Order{Column: "due_at", ID: "id"}
	}
	return paging.Order{Column: "received_at", ID: "id", Descending: f.Sort == SortNewest}
}

// key is where the case stands in a list of this order.
func (f Filter) key(c Case) paging.Key {
	if f.Sort == SortDue {
		return paging.Time(c.DueAt, c.ID)
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

// Neighbour is the id of the case that follows this one in the list of the filter; "" at its end.
func (r *Room) Neighbour(ctx context.Context, f Filter, c Case) (string, error) {
	f.Page = paging.Cursor{After: f.key(c)}
	next, err := r.Inbox(ctx, f)
	if err != nil || len(next.Items) == 0 {
		return "", err
	}
	return next.Items[0].ID, nil
}
