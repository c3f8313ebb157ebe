package apply

import (
	"context"
	"embed"
	"io/fs"

	"rennsteig/apply/form"
	"rennsteig/platform"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
	"rennsteig/platform/snapshot"
)

// Files are the room's migrations, texts, pages and forms.
//
//go:embed migrations/*.sql texts/*.json pages/*.html forms/*.json forms/blocks/*.json
var Files embed.FS

// Room is the online services.
type Room struct {
	h       *platform.House
	forms   *form.Forms
	offices Offices
	fees    Fees
	cashier Cashier
	offers  *snapshot.Snapshot[map[offer]bool]
	pages   pages
}

// New makes the room. It fails if a form's definition is broken.
func New(h *platform.House, offices Offices, fees Fees, cashier Cashier) (*Room, error) {
	return newRoom(h, offices, fees, cashier, Files)
}

func newRoom(h *platform.House, offices Offices, fees Fees, cashier Cashier, definitions fs.FS) (*Room, error) {
	forms, err := form.Load(definitions)
	if err != nil {
		return nil, err
	}
	r := &Room{h: h, forms: forms, offices: offices, fees: fees, cashier: cashier, pages: makePages(h.Site)}
	r.offers = snapshot.New(h.Now, func(ctx context.Context) (map[offer]bool, error) { return allOffers(ctx, h.DB.Reader()) })
	queue.Handle(h.Queue, topicExpire, r.expire)
	queue.Handle(h.Queue, topicReceipt, r.makeReceipt)
	return r, nil
}

// FormInfo is a form as other rooms may name it.
type FormInfo struct{ ID, LeikaKey, Title string }

// Forms lists the forms in their current version, German titles.
func (r *Room) Forms() []FormInfo {
	var out []FormInfo
	for _, d := range r.forms.All() {
		out = append(out, FormInfo{d.ID, d.LeikaKey, d.Title.DE})
	}
	return out
}

// ByNotice reports whether the decision on this service may demand an amount (paid after the notice).
func (r *Room) ByNotice(leikaKey string) bool {
	d := r.forms.ForService(leikaKey)
	return d != nil && d.Policy == form.ByNotice
}

// definition returns the version of the form an application was begun with.
func (r *Room) definition(a *application) (*form.Definition, error) {
	d := r.forms.Version(a.form, a.version)
	if d == nil {
		return nil, errs.E(errs.Conflict, "apply.form_gone")
	}
	return d, nil
}

// asSystem refuses callers other than the program itself.
func asSystem(ctx context.Context) error {
	if identity.From(ctx).Kind != identity.System {
		return errs.E(errs.NotFound, "apply.not_found")
	}
	return nil
}
