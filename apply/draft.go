package apply

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
)

// draftLife is how long a draft is kept after its last change.
const draftLife = 30 * 24 * time.Hour

const topicExpire = "apply.draft_expires"

type expireJob struct{ Application string }

// draft is what has been answered so far, by group, as it was typed: a half-filled or wrong page is kept too.
type draft map[string]draftPage

// draftPage counts its versions, so that two windows on the same page do not undo each other.
type draftPage struct {
	Version int          `json:"v"`
	Answers form.Answers `json:"a"`
}

func (d draft) all() form.Answers {
	out := form.Answers{}
	for _, p := range d {
		for id, values := range p.Answers {
			out[id] = slices.Clone(values)
		}
	}
	return out
}

// errStale says that a page was saved in another window since it was shown.
var errStale = errors.New("apply: the page was changed in another window")

// terms are what is known before a draft is begun.
type terms struct {
	def             *form.Definition
	ars, place      string
	authority, name string
	fee             money.Cents
	feeDemo, feeSet bool
}

// terms says for a form and a place which authority is applied to, and what it costs there. errs.NotFound if there is
// no such form or place, or if the authority does not offer it or cannot take its fee online.
func (r *Room) terms(ctx context.Context, formID, ars string) (terms, error) {
	t := terms{def: r.forms.Current(formID), ars: ars}
	if t.def == nil {
		return t, errs.E(errs.NotFound, "apply.no_form")
	}
	if t.place = r.offices.PlaceName(ars); t.place == "" {
		return t, errs.E(errs.NotFound, "apply.no_place")
	}
	var err error
	if t.authority, t.name, err = r.offices.Office(ctx, t.def.LeikaKey, ars); err != nil {
		return t, err
	}
	offered, err := r.offered(ctx, formID, t.authority)
	if err != nil {
		return t, err
	}
	if !offered {
		return t, errs.E(errs.NotFound, "apply.not_offered", t.name, t.place)
	}
	if t.fee, t.feeDemo, t.feeSet, err = r.fees.Fee(ctx, t.def.LeikaKey, t.authority); err != nil {
		return t, err
	}
	if r.stuck(t.def, t.fee) {
		return t, errs.E(errs.NotFound, "apply.no_payment", t.name)
	}
	return t, nil
}

// stuck reports whether an application would wait for ever for a fee that nobody can pay.
func (r *Room) stuck(d *form.Definition, fee money.Cents) bool {
	return d.Policy == form.FeeFirst && fee > 0 && !r.cashier.TakesMoney()
}

// start begins a draft for the caller. secret is the draft's, for a cookie; only its hash is kept.
func (r *Room) start(ctx context.Context, formID, ars string, lang i18n.Lang) (id, secret string, err error) {
	t, err := r.terms(ctx, formID, ars)
	if err != nil {
		return "", "", err
	}
	secret, hash := newSecret()
	now := r.h.Now()
	a := &application{id: db.NewID(), authority: t.authority, form: t.def.ID, version: t.def.Version, leika: t.def.LeikaKey,
		ars: ars, lang: string(lang), secretHash: hash, draft: draft{}, created: now}
	if p := identity.From(ctx); p.SignedIn() {
		a.subject = p.Subject
	}
	return a.id, secret, r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insertDraft(ctx, tx, a); err != nil {
			return err
		}
		return r.h.Queue.PublishAt(ctx, tx, topicExpire, expireJob{a.id}, now.Add(draftLife))
	})
}

// inDraft runs f on the holder's locked draft, and gives an anonymous draft to the holder who has signed in meanwhile.
// A draft that was sent is Conflict.
func (r *Room) inDraft(ctx context.Context, h holder, id string, f func(ctx context.Context, tx *db.Tx, a *application) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := ownByID(ctx, tx, h, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if a.state != Draft {
			return errs.E(errs.Conflict, "apply.sent_already")
		}
		if a.subject == "" {
			a.subject = h.subject
		}
		return f(ctx, tx, a)
	})
}

// adopt gives an anonymous draft to its holder, who has signed in.
func (r *Room) adopt(ctx context.Context, h holder, id string) error {
	return r.inDraft(ctx, h, id, func(ctx context.Context, tx *db.Tx, a *application) error {
		return saveDraft(ctx, tx, a, r.h.Now())
	})
}

// anyVersion is for pages whose answers are files, which are kept one by one.
const anyVersion = -1

// save keeps the answers of one page, right or wrong. version is the page's when it was shown; errStale if it has been
// changed since, to something else.
func (r *Room) save(ctx context.Context, h holder, id, groupID string, version int, answers form.Answers) error {
	return r.inDraft(ctx, h, id, func(ctx context.Context, tx *db.Tx, a *application) error {
		d, err := r.definition(a)
		if err != nil {
			return err
		}
		if d.Group(groupID) == nil {
			return notFound()
		}
		page := a.draft[groupID]
		same := maps.EqualFunc(page.Answers, answers, slices.Equal)
		if page.Version != version && version != anyVersion && !same {
			return errStale
		}
		if a.draft == nil {
			a.draft = draft{}
		}
		if !same || page.Version == 0 {
			page.Version++
		}
		a.draft[groupID] = draftPage{page.Version, answers}
		return saveDraft(ctx, tx, a, r.h.Now())
	})
}

// discard deletes the holder's draft. Its files go with the next sweep of what nothing needs.
func (r *Room) discard(ctx context.Context, h holder, id string) error {
	return r.inDraft(ctx, h, id, func(ctx context.Context, tx *db.Tx, a *application) error {
		return deleteDraft(ctx, tx, a)
	})
}

// expire deletes a draft that nobody has touched for draftLife, or looks again when that will be so.
func (r *Room) expire(ctx context.Context, job *queue.Job, j expireJob) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := byID(ctx, tx, j.Application, tx.ForUpdate())
		switch {
		case errs.Is(err, errs.NotFound):
		case err != nil:
			return err
		case a.state != Draft:
		case a.changed.Add(draftLife).After(r.h.Now()):
			if err := r.h.Queue.PublishAt(ctx, tx, topicExpire, j, a.changed.Add(draftLife)); err != nil {
				return err
			}
		default:
			if err := deleteDraft(ctx, tx, a); err != nil {
				return err
			}
		}
		return job.Done(ctx, tx)
	})
}
