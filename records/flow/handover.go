package flow

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Handover is a desk that goes from one person to another: their tasks still to be done, and the cases assigned to them.
type Handover struct {
	ID        string
	Authority string
	From, To  Person
	By        Person
	StartedAt time.Time
	EndedAt   time.Time // zero while it goes on
	Tasks     int64     // handed over so far
	Cases     int64
	Left      []KeptCase // of those that were not handed over, the ones that the caller may read, at most keptShown
	Kept      int64      // cases that the other person may not have: a block, their clearance, or no right of who hands over

	lastCase string
}

type handOverJob struct{ Authority, ID string }

// handAtOnce is how many cases go over in one transaction.
const handAtOnce = 20

// HandOver has a desk go to another person, by a head of its owner or by the registrar. A job does it, some cases at a
// time; what it has done stays done if it is interrupted, and it goes on from there. id is chosen by the form.
func (r *Room) HandOver(ctx context.Context, id, authority, from, to string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.Own(authority); err != nil {
			return err
		}
		dir, err := r.directory(ctx, tx, a, authority, r.h.Now())
		if err != nil {
			return err
		}
		if !r.heads(a, dir, authority, from) {
			return errs.E(errs.Denied, "flow.error.not_head")
		}
		if _, err := r.store.handover(ctx, tx, a, id, ""); !errs.Is(err, errs.NotFound) {
			return err
		}
		owner, other := dir.members(access.Person(from)), dir.members(access.Person(to))
		var wrong []errs.Field
		if len(owner) == 0 {
			wrong = append(wrong, errs.Field{Name: "owner", Key: "flow.error.nobody", Args: []any{from}})
		}
		if len(other) == 0 || from == to {
			wrong = append(wrong, errs.Field{Name: "to", Key: "flow.error.deputy"})
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return err
		}
		me := identity.From(ctx)
		x := Handover{ID: id, Authority: authority, From: owner[0], To: other[0], By: Person{me.Subject, me.Name}, StartedAt: r.h.Now()}
		if err := r.store.insertHandover(ctx, tx, a, x); err != nil {
			return err
		}
		if err := r.h.Queue.Publish(ctx, tx, topicHandOver, handOverJob{authority, id}); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.hand_over_started", Authority: authority, Object: personObject(from),
			Changes: map[string]any{"handover": id, "to": to}})
	})
}

// Handovers lists the latest at the authorities where the caller is registrar, and those that they ordered or got.
func (r *Room) Handovers(ctx context.Context) ([]Handover, error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return nil, err
	}
	all, err := r.store.handovers(ctx, r.h.DB.Reader(), a)
	if err != nil {
		return nil, err
	}
	var out []Handover
	for _, x := range all {
		if !a.Registrar(x.Authority) && a.Subject != x.By.Subject && a.Subject != x.To.Subject && a.Subject != x.From.Subject {
			continue
		}
		if x.Kept > 0 {
			if x.Left, err = r.store.keptCases(ctx, r.h.DB.Reader(), a, x.ID); err != nil {
				return nil, err
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// KeptCase is a case that was not handed over.
type KeptCase struct{ ID, Reference, Subject string }

// keptShown is how many of them a page names.
const keptShown = 100

// handOver takes the next cases, and publishes itself again until there are none.
func (r *Room) handOver(ctx context.Context, job *queue.Job, e handOverJob) (err error) {
	defer errs.Wrap(&err, "handOver(%s)", e.ID)
	a := access.At(e.Authority)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := r.store.handover(ctx, tx, a, e.ID, tx.ForUpdate())
		if err != nil {
			return err
		}
		if !x.EndedAt.IsZero() {
			return job.Done(ctx, tx)
		}
		cases, err := r.store.casesOfDesk(ctx, tx, a, x.From.Subject, x.lastCase, handAtOnce)
		if err != nil {
			return err
		}
		for _, id := range cases {
			if err := r.handCase(ctx, tx, a, &x, id); err != nil {
				return err
			}
			x.lastCase = id
		}
		if len(cases) < handAtOnce {
			x.EndedAt = r.h.Now()
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.hand_over_ended", Authority: x.Authority, Object: personObject(x.From.Subject),
				Changes: map[string]any{"handover": x.ID, "to": x.To.Subject, "tasks": x.Tasks, "cases": x.Cases, "kept": x.Kept}}); err != nil {
				return err
			}
		} else if err := r.h.Queue.Publish(ctx, tx, topicHandOver, e); err != nil {
			return err
		}
		if err := r.store.updateHandover(ctx, tx, a, x); err != nil {
			return err
		}
		return job.Done(ctx, tx)
	})
}

// handCase gives what lies with the one person in a case to the other, if they may have it.
func (r *Room) handCase(ctx context.Context, tx *db.Tx, a access.Access, x *Handover, id string) error {
	c, err := r.core.CaseByID(ctx, tx, a, id, tx.ForUpdate())
	if err != nil {
		return err
	}
	f, err := r.core.FileOf(ctx, tx, a, c)
	if err != nil {
		return err
	}
	got, err := r.reaches(ctx, tx, x.To.Subject, c, f)
	if err != nil {
		return err
	}
	giver, err := r.reaches(ctx, tx, x.By.Subject, c, f)
	if err != nil {
		return err
	}
	assigned := c.AssignedTo == x.From.Subject
	by := identity.With(ctx, identity.Principal{Subject: x.By.Subject, Name: x.By.Name})
	guest := false
	switch {
	case got == reachesFully, got == reachesToRead && !assigned:
	case got == reachBlocked, got == reachUncleared, giver != reachesFully:
		x.Kept++
		return r.store.keepBack(ctx, tx, a, *x, id)
	case !assigned: // for the sake of tasks one reads the case, and nothing else of its file
		guest = true
	default:
		a, err := r.accessOf(ctx, tx, x.By.Subject, c.Authority)
		if err != nil {
			return err
		}
		if !a.Manages(f.Authority, f.Lead) { // nobody else says who a file is open to
			x.Kept++
			return r.store.keepBack(ctx, tx, a, *x, id)
		}
		if err := r.let(by, tx, f, access.Person(x.To.Subject), access.Write, "flow.rule_reason", Person{}); err != nil {
			return err
		}
	}
	circulations, err := r.store.handTasks(ctx, tx, a, id, x.From.Subject, x.To)
	if err != nil {
		return err
	}
	tasks := int64(len(circulations))
	if guest {
		for _, source := range slices.Compact(slices.Sorted(slices.Values(circulations))) {
			if err := r.invite(by, tx, c, access.Person(x.To.Subject), source, Person{}); err != nil {
				return err
			}
		}
	}
	cases, err := r.store.assign(ctx, tx, a, id, x.From.Subject, x.To, x.By.Name, r.h.Now())
	if err != nil {
		return err
	}
	x.Tasks, x.Cases = x.Tasks+tasks, x.Cases+cases
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.handed_over", Authority: x.Authority, Object: records.CaseObject(id),
		Changes: map[string]any{"handover": x.ID, "by": x.By.Subject, "from": x.From.Subject, "to": x.To.Subject, "tasks": tasks, "assigned": cases == 1}})
}
