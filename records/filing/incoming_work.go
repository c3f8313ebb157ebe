package filing

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Reason is why post needs no case.
type Reason string

// The reasons.
const (
	Advert    Reason = "advert"
	Duplicate Reason = "duplicate"
	NotOurs   Reason = "not_ours"
	Other     Reason = "noted" // said in a note
)

// Reasons lists them, for a form.
var Reasons = []Reason{Advert, Duplicate, NotOurs, Other}

const maxNote = 1000 // characters

// toWork reads and locks post that is open and that the caller may work on: errs.Denied for who only registered it,
// errs.Conflict if it is done with.
func (r *Room) toWork(ctx context.Context, tx *db.Tx, scope access.Access, id string) (Incoming, error) {
	x, err := r.store.incoming(ctx, tx, scope, id, tx.ForUpdate())
	switch {
	case err != nil:
		return x, err
	case !x.MayWork:
		return x, errs.E(errs.Denied, "filing.error.not_yours")
	case x.CaseID != "":
		return x, errs.E(errs.Conflict, "filing.error.assigned", x.AssignedBy)
	case !x.ClosedAt.IsZero():
		return x, errs.E(errs.Conflict, "filing.error.post_closed", x.ClosedBy)
	}
	return x, nil
}

// changePost is the frame of what is done with open post that is as the caller saw it: version is that of the page.
func (r *Room) changePost(ctx context.Context, id string, version int64, do func(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		x, err := r.toWork(ctx, tx, scope, id)
		if err == nil && x.Version != version {
			err = errs.E(errs.Conflict, "filing.error.post_changed")
		}
		if err != nil {
			return err
		}
		return do(ctx, tx, scope, x)
	})
}

// logPost writes an entry about post.
func (r *Room) logPost(ctx context.Context, tx *db.Tx, x Incoming, action string, changes map[string]any) error {
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: x.Authority, Object: incomingObject(x.ID), Changes: changes})
}

// Forward passes post on to a unit of its authority, or to a person who works there: to one of the two. From then on they
// and registrars work on it; who registered it goes on seeing it.
func (r *Room) Forward(ctx context.Context, id string, version int64, org, person string) error {
	if (org == "") == (person == "") {
		return errs.InvalidFields([]errs.Field{{Name: "an_einheit", Key: "filing.error.choose_one"}})
	}
	return r.changePost(ctx, id, version, func(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming) error {
		return r.hand(ctx, tx, scope, x, org, person)
	})
}

func (r *Room) hand(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming, org, person string) error {
	if x.Org == org && x.Person == person {
		return nil
	}
	at := access.At(x.Authority)
	name := ""
	if org != "" {
		if ok, err := r.store.hasOrg(ctx, tx, at, org); err != nil {
			return err
		} else if !ok {
			return errs.InvalidFields([]errs.Field{{Name: "an_einheit", Key: "filing.error.org"}})
		}
	} else {
		people, err := r.store.people(ctx, tx, at)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(people, func(c Colleague) bool { return c.Subject == person })
		if i < 0 {
			return errs.InvalidFields([]errs.Field{{Name: "an_person", Key: "filing.error.person"}})
		}
		name = people[i].Name
	}
	x.Org, x.Person, x.PersonName = org, person, name
	if err := r.store.change(ctx, tx, scope, x); err != nil {
		return err
	}
	changes := map[string]any{"org": org}
	if person != "" {
		changes = map[string]any{"person": person, "name": name}
	}
	return r.logPost(ctx, tx, x, "filing.handed", changes)
}

// Finish is done with post for which there is to be no case. It is kept, and can be opened again.
func (r *Room) Finish(ctx context.Context, id string, version int64, reason Reason, note string) error {
	note = strings.TrimSpace(note)
	var wrong []errs.Field
	if !slices.Contains(Reasons, reason) {
		wrong = append(wrong, errs.Field{Name: "grund", Key: "filing.error.reason"})
	}
	switch n := utf8.RuneCountInString(note); {
	case reason == Other && note == "":
		wrong = append(wrong, errs.Field{Name: "hinweis", Key: "filing.error.reason_note"})
	case n > maxNote:
		wrong = append(wrong, errs.Field{Name: "hinweis", Key: "records.error.long", Args: []any{maxNote, n}})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return r.afterRights(ctx, id, err)
	}
	return r.changePost(ctx, id, version, func(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming) error {
		x.ClosedAt, x.ClosedBy, x.Reason, x.Note = r.h.Now(), identity.From(ctx).Name, reason, note
		if err := r.store.change(ctx, tx, scope, x); err != nil {
			return err
		}
		return r.logPost(ctx, tx, x, "filing.finished", map[string]any{"reason": string(reason), "note": note})
	})
}

// afterRights is err, once it is clear that the caller may see the post that it is about.
func (r *Room) afterRights(ctx context.Context, id string, err error) error {
	if _, _, denied := r.Incoming(ctx, id); denied != nil {
		return denied
	}
	return err
}

// Reopen takes back that post was done with without a case. Doing it twice does it once.
func (r *Room) Reopen(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		x, err := r.store.incoming(ctx, tx, scope, id, tx.ForUpdate())
		switch {
		case err != nil:
			return err
		case !x.MayWork:
			return errs.E(errs.Denied, "filing.error.not_yours")
		case x.ClosedAt.IsZero():
			return nil
		}
		x.ClosedAt, x.ClosedBy, x.Reason, x.Note = time.Time{}, "", "", ""
		if err := r.store.change(ctx, tx, scope, x); err != nil {
			return err
		}
		return r.logPost(ctx, tx, x, "filing.reopened", nil)
	})
}

// Correct gives post another sender, subject and day of arrival.
func (r *Room) Correct(ctx context.Context, id string, version int64, sender, subject string, received time.Time) error {
	p := Post{Sender: sender, Subject: subject, ReceivedAt: received}
	wrong := p.check(r.h.Now(), 1)
	if p.Subject == "" {
		wrong = append(wrong, errs.Field{Name: "betreff", Key: "filing.error.subject"})
	}
	for i := range wrong { // the page has a field of that name already
		if wrong[i].Name == "betreff" {
			wrong[i].Name = "eingang_betreff"
		}
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return r.afterRights(ctx, id, err)
	}
	return r.changePost(ctx, id, version, func(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming) error {
		changes := map[string]any{}
		if p.Sender != x.Sender {
			changes["sender"] = p.Sender
		}
		if p.Subject != x.Subject {
			changes["subject"] = p.Subject
		}
		if i18n.ISODate(p.ReceivedAt) != i18n.ISODate(x.ReceivedAt) {
			changes["received"] = i18n.ISODate(p.ReceivedAt)
		} else {
			p.ReceivedAt = x.ReceivedAt // with its time of day
		}
		if len(changes) == 0 {
			return nil
		}
		x.Sender, x.Subject, x.ReceivedAt = p.Sender, p.Subject, p.ReceivedAt
		if err := r.store.change(ctx, tx, scope, x); err != nil {
			return err
		}
		return r.logPost(ctx, tx, x, "filing.corrected", changes)
	})
}

// Unassign takes the assignment of post back: its documents leave the case, and it is open again. errs.Conflict once
// anything else has happened in the case or to the documents. A case that was opened for it stays. Doing it twice does it once.
func (r *Room) Unassign(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		x, err := r.store.incoming(ctx, tx, scope, id, "")
		switch {
		case err != nil:
			return err
		case !x.MayWork:
			return errs.E(errs.Denied, "filing.error.not_yours")
		case x.CaseID == "":
			return nil
		}
		c, err := r.core.CaseToChange(ctx, tx, scope, x.CaseID) // the case comes first, as whoever assigns takes it
		if err != nil {
			return err
		}
		if x, err = r.store.incoming(ctx, tx, scope, id, tx.ForUpdate()); err != nil || x.CaseID != c.ID {
			return err
		}
		docs, err := r.store.incomingDocuments(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if err := r.untouched(ctx, tx, scope, x, docs); err != nil {
			return err
		}
		var ids, names []string
		for _, d := range docs {
			ids, names = append(ids, d.ID), append(names, d.Name)
		}
		if err := r.store.unfile(ctx, tx, access.At(x.Authority), ids); err != nil {
			return err
		}
		x.CaseID, x.AssignedAt, x.AssignedBy = "", time.Time{}, ""
		if err := r.store.change(ctx, tx, scope, x); err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "filing.unassigned", Authority: x.Authority, Object: records.CaseObject(c.ID),
			Changes: map[string]any{"incoming": x.ID, "documents": ids, "names": names}}); err != nil {
			return err
		}
		return r.logPost(ctx, tx, x, "filing.unassigned", map[string]any{"case": c.ID, "reference": c.Reference})
	})
}

// untouched is errs.Conflict if anything has happened since the post was assigned that looking at it is not.
func (r *Room) untouched(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming, docs []Document) error {
	built := errs.E(errs.Conflict, "filing.error.built")
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	filed, err := r.store.documentsByID(ctx, tx, scope, x.CaseID, ids)
	if err != nil {
		return err
	}
	if len(filed) != len(docs) {
		return built
	}
	for _, d := range filed {
		if d.Version != 1 || d.Final() || d.Locked(r.h.Now()) {
			return built
		}
		if err := r.core.DocumentLeaves(ctx, tx, d.ID); err != nil {
			return err
		}
	}
	objects := []string{records.CaseObject(x.CaseID)}
	for _, id := range ids {
		objects = append(objects, records.DocumentObject(id))
	}
	worked, err := r.store.worked(ctx, tx, access.At(x.Authority), objects, x.AssignedAt)
	if err == nil && worked {
		err = built
	}
	return err
}

// NextPost is the open post that follows in a list: after x in the order of the filter, or else the first of all; zero if
// there is none.
func (r *Room) NextPost(ctx context.Context, f IncomingFilter, x Incoming) (Incoming, error) {
	f.Done, f.Closed, f.Mine, f.size = false, false, false, 1
	for _, after := range []bool{true, false} {
		f.Page.Before.ID, f.Page.After = "", f.key(x)
		if !after {
			f.Page.After.ID = ""
		}
		l, err := r.IncomingPost(ctx, f)
		if err != nil || len(l.Items) > 0 {
			if err != nil {
				return Incoming{}, err
			}
			return l.Items[0], nil
		}
	}
	return Incoming{}, nil
}

// Colleague is somebody who works at an authority.
type Colleague struct{ Subject, Name string }

// Colleagues are those to whom post at an authority of the caller can be passed on, by name.
func (r *Room) Colleagues(ctx context.Context, authority string) ([]Colleague, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err == nil {
		err = scope.Own(authority)
	}
	if err != nil {
		return nil, err
	}
	return r.store.people(ctx, q, access.At(authority))
}
