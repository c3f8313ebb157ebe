package flow

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// scene is a circulation with all that decides what may be done with it, read while its case is locked.
type scene struct {
	a    access.Access
	c    records.Case
	f    records.File
	x    Circulation
	desk desk
	dir  directory

	instead Person // whom the caller stands in for; zero unless they do
}

// change is the one way a circulation is changed by people: authorise, lock, bring up to date with its document, do it,
// go on to the next step, store, log. do says what goes into the log; "" means that it was done before.
func (r *Room) change(ctx context.Context, id string, do func(ctx context.Context, tx *db.Tx, s *scene) (action string, changes map[string]any, err error)) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		s, err := r.scene(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if s.desk, err = r.desk(ctx, tx, a); err != nil {
			return err
		}
		before := s.x
		before.Tasks = append([]Task(nil), s.x.Tasks...)
		if _, err := r.compare(ctx, tx, s); err != nil {
			return err
		}
		action, changes, err := do(ctx, tx, s)
		if err != nil || action == "" {
			return err
		}
		if err := r.goOn(ctx, tx, s, before); err != nil {
			return err
		}
		entry := audit.Entry{Action: action, Authority: s.x.Authority, Object: s.x.object(),
			Changes: s.named(map[string]any{"circulation": s.x.ID, "case": s.x.Case, "state": s.x.State})}
		maps.Copy(entry.Changes, changes)
		return r.h.Audit.Append(ctx, tx, entry)
	})
}

// scene reads the circulation and locks its case.
func (r *Room) scene(ctx context.Context, tx *db.Tx, a access.Access, id string) (*scene, error) {
	caseID, err := r.store.caseOf(ctx, tx, a, id)
	if err != nil {
		return nil, err
	}
	s := &scene{a: a}
	if s.c, err = r.core.CaseByID(ctx, tx, a, caseID, tx.ForUpdate()); err != nil {
		return nil, err
	}
	if s.f, err = r.core.FileOf(ctx, tx, a, s.c); err != nil {
		return nil, err
	}
	if s.x, err = r.store.circulation(ctx, tx, a, id); err != nil {
		return nil, err
	}
	s.dir, err = r.directory(ctx, tx, a, s.c.Authority, r.h.Now())
	return s, err
}

// compare takes back co-signatures that are not on the document's current version, and reports how many; the document
// stays locked, so that no new version comes while somebody signs.
func (r *Room) compare(ctx context.Context, tx *db.Tx, s *scene) (int, error) {
	if s.x.State != Running || s.x.Document == "" {
		return 0, nil
	}
	d, err := r.store.document(ctx, tx, access.At(s.x.Authority), s.x.Document, tx.ForUpdate())
	if err != nil || d.Content == s.x.Content {
		return 0, err
	}
	s.x.Content = d.Content
	n := outdate(s.x.Tasks, d.Content)
	s.x.Step = settle(s.x.Tasks, r.h.Now())
	return n, nil
}

// goOn opens what comes next and stores what has changed since before.
func (r *Room) goOn(ctx context.Context, tx *db.Tx, s *scene, before Circulation) error {
	if s.x.State == Running {
		if s.x.Step = settle(s.x.Tasks, r.h.Now()); s.x.Step == 0 {
			s.x.State, s.x.EndedAt = Completed, r.h.Now()
		}
	} else {
		s.x.Step = 0
	}
	if err := r.store.updateCirculation(ctx, tx, access.At(s.x.Authority), s.x); err != nil {
		return err
	}
	if s.x.State != Running {
		if err := r.dismiss(ctx, tx, s.x.Authority, s.x.ID, ""); err != nil {
			return err
		}
	}
	return r.saveTasks(ctx, tx, access.At(s.x.Authority), s.c, s.f, s.dir, before.Tasks, s.x.Tasks)
}

// saveTasks stores the tasks that are not as they were, lets deputies in and orders the jobs of those that opened.
func (r *Room) saveTasks(ctx context.Context, tx *db.Tx, a access.Access, c records.Case, f records.File, dir directory, before, tasks []Task) error {
	was := map[string]Task{}
	for _, t := range before {
		was[t.ID] = t
	}
	for _, t := range tasks {
		old := was[t.ID]
		if t == old {
			continue
		}
		if t.fresh {
			if err := r.store.insertTask(ctx, tx, a, t); err != nil {
				return err
			}
		} else {
			reminded := old
			reminded.Reminders = t.Reminders
			if t != reminded { // a reminder is no change that a form should stumble over
				t.Version++
			}
			if err := r.store.updateTask(ctx, tx, a, t, old.Version); err != nil {
				return err
			}
		}
		if t.State == Open && (old.State != Open || old.Holder != t.Holder) {
			if err := r.admitDeputies(ctx, tx, dir, c, f, t.Holder); err != nil {
				return err
			}
		}
		if err := r.orderJobs(ctx, tx, old, t); err != nil {
			return err
		}
	}
	return nil
}

// Finish marks a task as done that needs no signature. z.d.A. closes the case in the same transaction.
func (r *Room) Finish(ctx context.Context, taskID string, version int64, remark string) error {
	return r.act(ctx, taskID, version, Done, remark, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, error) {
		switch {
		case t.Kind.Signs():
			return "", errs.E(errs.Invalid, "flow.error.sign_it")
		case t.Kind == Shelve && s.c.State != records.StateClosed:
			return "flow.done", r.core.CloseIn(ctx, tx, s.c, s.named(map[string]any{"circulation": s.x.ID}))
		}
		return "flow.done", nil
	})
}

// Sign signs the version of the document that the caller has seen. errs.Conflict if there is a newer one. The final
// signature makes the document final.
func (r *Room) Sign(ctx context.Context, taskID string, version int64, seen Content, remark string) error {
	return r.act(ctx, taskID, version, Done, remark, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, error) {
		switch {
		case !t.Kind.Signs():
			return "", errs.E(errs.Invalid, "flow.error.nothing_to_sign")
		case s.c.State == records.StateClosed:
			return "", errs.E(errs.Conflict, "records.error.closed")
		case s.x.Content != seen:
			return "", errs.E(errs.Conflict, "flow.error.new_version")
		case t.Kind == Sign && slices.ContainsFunc(s.x.Tasks, func(k Task) bool { return k.Kind == CoSign && k.State.pending() }):
			return "", errs.E(errs.Conflict, "flow.error.cosign_first")
		}
		if d, err := r.store.document(ctx, tx, access.At(t.Authority), s.x.Document, ""); err != nil {
			return "", err
		} else if d.caseID != s.c.ID {
			return "", errs.E(errs.Conflict, "flow.error.moved")
		}
		t.Signed = seen
		g := Signature{ID: db.NewID(), Authority: t.Authority, Case: t.Case, Circulation: t.Circulation, Task: t.ID, Kind: t.Kind,
			Document: s.x.Document, Content: seen, By: t.DoneBy, For: t.DoneFor, Remark: t.Answer, At: t.DoneAt}
		if err := r.store.insertSignature(ctx, tx, access.At(t.Authority), g); err != nil {
			return "", err
		}
		if t.Kind == CoSign {
			return "flow.cosigned", nil
		}
		return "flow.signed", r.store.finalise(ctx, tx, access.At(t.Authority), s.x.Document, seen, t.DoneAt)
	})
}

// Signature is one that was given, on exactly one version of a document.
type Signature struct {
	ID          string
	Authority   string
	Case        string
	Circulation string
	Task        string
	Kind        Kind // CoSign or Sign
	Document    string
	Content     Content
	By          Person
	For         Person // who was absent; zero unless a deputy signed
	Remark      string
	At          time.Time
}

// Refuse stops the circulation with a reason, and brings it back to who started it.
func (r *Room) Refuse(ctx context.Context, taskID string, version int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := errs.InvalidFields(checkReason("text", reason)); err != nil {
		return err
	}
	return r.act(ctx, taskID, version, Refused, reason, func(_ context.Context, _ *db.Tx, s *scene, t *Task) (string, error) {
		switch {
		case t.Kind == Returned:
			return "", errs.E(errs.Conflict, "flow.error.ended")
		case s.x.By.Subject == "":
			return "", errs.E(errs.Invalid, "flow.error.from_nobody")
		}
		s.x.State, s.x.EndedAt, s.x.Reason = Rejected, r.h.Now(), reason
		stop(s.x.Tasks)
		back := r.newTask(s.x, s.c, Step{Kind: Returned, Text: reason}, 0, access.Person(s.x.By.Subject), s.x.By.Name, r.h.Now())
		back.State, back.OpenedAt = Open, r.h.Now()
		s.x.Tasks = append(s.x.Tasks, back)
		return "flow.refused", nil
	})
}

// act is the frame of what somebody does with a task: it must be theirs (or somebody's they stand in for), open, and as
// they saw it. What they did already is not done again.
func (r *Room) act(ctx context.Context, taskID string, version int64, into TaskState, remark string,
	do func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (action string, err error)) error {
	remark = strings.TrimSpace(remark)
	if utf8.RuneCountInString(remark) > maxText {
		return errs.InvalidFields([]errs.Field{{Name: "text", Key: "flow.error.long", Args: []any{maxText}}})
	}
	me := identity.From(ctx)
	done := func(t Task) bool { return t.State == into && t.DoneBy.Subject == me.Subject && t.Version == version+1 }
	return r.onTask(ctx, taskID, done, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, map[string]any, error) {
		if err := isOpen(*t, version); err != nil {
			return "", nil, err
		}
		t.State, t.DoneAt, t.DoneBy, t.DoneFor, t.Answer = into, r.h.Now(), Person{me.Subject, me.Name}, s.instead, remark
		action, err := do(ctx, tx, s, t)
		changes := map[string]any{"task": t.ID, "kind": t.Kind}
		if t = s.x.task(taskID); t.Signed.Hash != "" {
			changes["version"], changes["hash"] = t.Signed.Version, t.Signed.Hash
		}
		if remark != "" {
			changes["sha256"] = records.Digest(remark)
		}
		return action, changes, err
	})
}

// isOpen is errs.Conflict unless the task is open and as it was seen.
func isOpen(t Task, version int64) error {
	switch {
	case t.State == Waiting && t.Rounds > 0, t.State == Open && t.Version != version && t.Rounds > 0:
		return errs.E(errs.Conflict, "flow.error.new_version")
	case t.State == Waiting, t.State == Later:
		return errs.E(errs.Conflict, "flow.error.not_yet")
	case t.State == Stopped:
		return errs.E(errs.Conflict, "flow.error.ended")
	case t.State != Open && t.DoneFor.Subject != "":
		return errs.E(errs.Conflict, "flow.error.done_for", t.DoneBy.Name, t.DoneFor.Name)
	case t.State != Open:
		return errs.E(errs.Conflict, "flow.error.done_by", t.DoneBy.Name)
	case t.Version != version:
		return errs.E(errs.Conflict, "flow.error.changed")
	}
	return nil
}

// atTask is change for what is done to one task of a circulation.
func (r *Room) atTask(ctx context.Context, taskID string, do func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, map[string]any, error)) error {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	t, err := r.store.task(ctx, r.h.DB.Reader(), a, taskID)
	if err != nil {
		return err
	}
	return r.change(ctx, t.Circulation, func(ctx context.Context, tx *db.Tx, s *scene) (string, map[string]any, error) {
		t := s.x.task(taskID)
		if t == nil {
			return "", nil, errs.E(errs.NotFound, "records.error.not_found")
		}
		return do(ctx, tx, s, t)
	})
}

// onTask is atTask for a task that is the caller's, or that of somebody they stand in for. Nothing happens if done says
// that it was done before: a form sent twice.
func (r *Room) onTask(ctx context.Context, taskID string, done func(t Task) bool,
	do func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, map[string]any, error)) error {
	return r.atTask(ctx, taskID, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, map[string]any, error) {
		if done(*t) {
			return "", nil, nil
		}
		instead, ok := s.desk.holds(t.Holder)
		if !ok {
			return "", nil, errs.E(errs.Denied, "flow.error.not_yours")
		}
		if err := r.standIn(ctx, tx, s, instead); err != nil {
			return "", nil, err
		}
		return do(ctx, tx, s, t)
	})
}

// Forward hands an open task on to another recipient. Who may write in the file lets them in, others hand on to who can
// read it already.
func (r *Room) Forward(ctx context.Context, taskID string, version int64, to string) error {
	done := func(t Task) bool { return t.Holder == to && t.Version == version+1 }
	return r.onTask(ctx, taskID, done, func(ctx context.Context, tx *db.Tx, s *scene, t *Task) (string, map[string]any, error) {
		if err := isOpen(*t, version); err != nil {
			return "", nil, err
		}
		if to == "" || t.Kind == Returned || t.Holder == to {
			return "", nil, errs.E(errs.Invalid, "flow.error.forward")
		}
		need := access.Read
		if t.Kind == Shelve {
			need = access.Write
		}
		if err := r.admit(ctx, tx, s, to, need); err != nil {
			return "", nil, err
		}
		from := t.Holder
		t.Holder, t.HolderName = to, r.holderName(s.dir, to)
		return "flow.forwarded", map[string]any{"task": t.ID, "kind": t.Kind, "from": from, "to": to}, nil
	})
}

// Seen finishes those of the tasks that are z.K. and open, and reports how many.
func (r *Room) Seen(ctx context.Context, taskIDs []string) (n int, err error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return 0, err
	}
	for _, id := range taskIDs {
		t, err := r.store.task(ctx, r.h.DB.Reader(), a, id)
		if err != nil {
			return n, err
		}
		if t.Kind != Know || t.State != Open {
			continue
		}
		switch err := r.Finish(ctx, id, t.Version, ""); {
		case errs.Is(err, errs.Conflict): // somebody else of the unit was quicker
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, nil
}

// Refresh opens the tasks again whose co-signatures are not on the current version of their document, and reports of
// how many circulations. It is the program's own work.
func (r *Room) Refresh(ctx context.Context) (n int, err error) {
	ctx = identity.AsSystem(ctx, "flow")
	for after := ""; ; {
		ids, err := r.store.outdated(ctx, r.h.DB.Reader(), access.All, after)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		for _, id := range ids {
			if err := r.refresh(ctx, id); err != nil {
				return n, err
			}
			n++
		}
		after = ids[len(ids)-1]
	}
}

func (r *Room) refresh(ctx context.Context, id string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return r.refreshIn(ctx, tx, id) })
}

// revised takes back the co-signatures on a document in the transaction that files its new version: whoever looks next,
// at a case or at their tasks, sees what has become void.
func (r *Room) revised(ctx context.Context, tx *db.Tx, document string) error {
	ids, err := r.store.runningOn(ctx, tx, access.All, document)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := r.refreshIn(identity.AsSystem(ctx, "flow"), tx, id); err != nil {
			return err
		}
	}
	return nil
}

func (r *Room) refreshIn(ctx context.Context, tx *db.Tx, id string) error {
	s, err := r.scene(ctx, tx, access.All, id)
	if err != nil {
		return err
	}
	before := s.x
	before.Tasks = append([]Task(nil), s.x.Tasks...)
	n, err := r.compare(ctx, tx, s)
	if err != nil || s.x.Content == before.Content {
		return err
	}
	if err := r.goOn(ctx, tx, s, before); err != nil || n == 0 {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.reopened", Authority: s.x.Authority, Object: s.x.object(),
		Changes: map[string]any{"circulation": id, "case": s.x.Case, "version": s.x.Content.Version, "hash": s.x.Content.Hash, "void": n}})
}
