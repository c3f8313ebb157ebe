package disposal

import (
	"context"
	"maps"
	"slices"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Propose is the first person's part of destroying what is V in a process. id is chosen by the form: the same form sent
// twice proposes once.
func (r *Room) Propose(ctx context.Context, process, id string) error {
	if web.ID(id) == "" {
		return notFound()
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, p, err := r.processToChange(ctx, tx, process)
		if err != nil {
			return err
		}
		if _, err := r.store.approval(ctx, tx, a, process, id); !errs.Is(err, errs.NotFound) {
			return err // the form was sent twice
		}
		if open, err := r.store.openApproval(ctx, tx, a, process); err != nil {
			return err
		} else if open {
			return errs.E(errs.Conflict, "disposal.error.proposed_already")
		}
		files, err := r.store.itemsToPropose(ctx, tx, a, process)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return errs.E(errs.Conflict, "disposal.error.nothing_to_propose")
		}
		if err := r.paperThere(ctx, tx, a, files); err != nil {
			return err
		}
		me := identity.From(ctx)
		x := Approval{ID: id, State: ApprovalOpen, Objects: int64(len(files)), FirstBy: me.Subject, FirstName: me.Name, FirstAt: r.h.Now()}
		if err := r.store.insertApproval(ctx, tx, a, p, x); err != nil {
			return err
		}
		if err := r.store.move(ctx, tx, a, process, files, []ItemState{Appraised}, Proposed, r.h.Now(), func(q *db.Params) string {
			return `, error = '', approval_id = ` + q.Add(id)
		}); err != nil {
			return err
		}
		return r.note(ctx, tx, p, "disposal.destruction_proposed", files, nil)
	})
}

// Approve is the second person's part, who must be another registrar. What the files hold is noted: what changes
// afterwards is not approved.
func (r *Room) Approve(ctx context.Context, process, id string) error {
	return r.decideApproval(ctx, process, id, []string{ApprovalGiven}, func(ctx context.Context, tx *db.Tx, a access.Access, p Process, x Approval) error {
		if x.FirstBy == identity.From(ctx).Subject {
			return errs.E(errs.Denied, "disposal.error.same_person")
		}
		digests, err := r.store.digests(ctx, tx, a, func(q *db.Params) string {
			return `f.id IN (SELECT file_id FROM disposal_item WHERE state = 'proposed' AND approval_id = ` + q.Add(id) + `)`
		})
		if err != nil {
			return err
		}
		files := make([]string, 0, len(digests))
		for file, digest := range digests {
			if err := r.store.setContent(ctx, tx, a, p.ID, file, digest); err != nil {
				return err
			}
			files = append(files, file)
		}
		if err := r.store.move(ctx, tx, a, p.ID, files, []ItemState{Proposed}, Approved, r.h.Now(), nothing); err != nil {
			return err
		}
		if err := r.store.decideApproval(ctx, tx, a, id, ApprovalGiven, identity.From(ctx), r.h.Now()); err != nil {
			return err
		}
		return r.note(ctx, tx, p, "disposal.destruction_approved", files, nil)
	})
}

// Reject refuses a proposal; whoever made it takes it back.
func (r *Room) Reject(ctx context.Context, process, id string) error {
	return r.decideApproval(ctx, process, id, []string{ApprovalRefused, ApprovalTakenBack}, func(ctx context.Context, tx *db.Tx, a access.Access, p Process, x Approval) error {
		state, action := ApprovalRefused, "disposal.destruction_rejected"
		if x.FirstBy == identity.From(ctx).Subject {
			state, action = ApprovalTakenBack, "disposal.destruction_taken_back"
		}
		files, err := r.store.itemsOfApproval(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := r.store.move(ctx, tx, a, p.ID, files, []ItemState{Proposed}, Appraised, r.h.Now(), nothing); err != nil {
			return err
		}
		if err := r.store.decideApproval(ctx, tx, a, id, state, identity.From(ctx), r.h.Now()); err != nil {
			return err
		}
		return r.note(ctx, tx, p, action, files, nil)
	})
}

// nothing more is to be set.
func nothing(*db.Params) string { return "" }

// decideApproval is the frame of what a second person says to a proposal; into are the states that it may bring about:
// said twice it is said once. errs.Conflict if something else was said before.
func (r *Room) decideApproval(ctx context.Context, process, id string, into []string,
	do func(ctx context.Context, tx *db.Tx, a access.Access, p Process, x Approval) error) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, p, err := r.processToChange(ctx, tx, process)
		if err != nil {
			return err
		}
		x, err := r.store.approval(ctx, tx, a, process, id)
		switch {
		case err != nil || slices.Contains(into, x.State):
			return err
		case x.State != ApprovalOpen:
			return errs.E(errs.Conflict, "disposal.error.decided")
		}
		return do(ctx, tx, a, p, x)
	})
}

// Destroy has a job destroy what the archive has taken over and what two registrars approved, and reports how many files
// that are.
func (r *Room) Destroy(ctx context.Context, process string) (n int, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, p, err := r.processToChange(ctx, tx, process)
		if err != nil {
			return err
		}
		files, err := r.store.itemsToDestroy(ctx, tx, a, process)
		if err != nil {
			return err
		}
		if n = len(files); n == 0 {
			counts, err := r.store.itemCounts(ctx, tx, a, process)
			if err == nil && counts[Destroying]+counts[Destroyed] == 0 {
				err = errs.E(errs.Conflict, "disposal.error.nothing_to_destroy")
			}
			return err // sent twice: the job is at work, or done
		}
		if err := r.paperThere(ctx, tx, a, files); err != nil {
			return err
		}
		if err := r.store.move(ctx, tx, a, process, files, []ItemState{TakenOver, Approved}, Destroying, r.h.Now(), nothing); err != nil {
			return err
		}
		if err := r.note(ctx, tx, p, "disposal.destruction_ordered", files, nil); err != nil {
			return err
		}
		return r.h.Queue.Publish(ctx, tx, topicDestroy, destroyJob{p.Authority, process})
	})
	return n, err
}

// destroyBatch is how many files one transaction destroys.
const destroyBatch = 10

// destroyItems destroys what is to be destroyed in a process, some files a transaction, until nothing is left. It may
// be run any number of times.
func (r *Room) destroyItems(ctx context.Context, a access.Access, process string) (err error) {
	defer errs.Wrap(&err, "destroy files of %s", process)
	for more := true; more; {
		if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			p, err := r.store.process(ctx, tx, a, process, tx.ForUpdate()) // so that two workers take turns
			if err != nil {
				return err
			}
			items, err := r.store.destroying(ctx, tx, a, process, destroyBatch)
			if err != nil {
				return err
			}
			if more = len(items) == destroyBatch; len(items) > 0 {
				if err := r.destroySome(ctx, tx, a, p, items); err != nil {
					return err
				}
			}
			if more {
				return nil
			}
			return r.erasePackages(ctx, tx, a, p)
		}); err != nil {
			return err
		}
	}
	return r.deleteBlobs(ctx)
}

// destroySome destroys files that are still what was handed over or approved; the others are put back.
func (r *Room) destroySome(ctx context.Context, tx *db.Tx, a access.Access, p Process, items []Item) error {
	var ids []string
	for _, it := range items {
		ids = append(ids, it.File)
	}
	if err := r.store.lockFiles(ctx, tx, a, ids); err != nil {
		return err
	}
	now, err := r.store.digests(ctx, tx, a, func(q *db.Params) string { return `f.closed_at > 0 AND f.id IN ` + q.List(ids) })
	if err != nil {
		return err
	}
	var same []Item
	for _, it := range items {
		if it.content != "" && now[it.File] == it.content {
			same = append(same, it)
			continue
		}
		back := Failed
		if it.Decision == records.Destroy {
			back = Appraised // two people must look at it again
		}
		if err := r.store.move(ctx, tx, a, p.ID, []string{it.File}, []ItemState{Destroying}, back, r.h.Now(), func(q *db.Params) string {
			return `, content = '', error = ` + q.Add(changedSince)
		}); err != nil {
			return err
		}
		if err := r.note(ctx, tx, p, "disposal.changed_since", []string{it.File}, nil); err != nil {
			return err
		}
	}
	setting, err := r.store.setting(ctx, tx, a, p.Authority)
	if err != nil || len(same) == 0 {
		return err
	}
	var files []string
	for _, it := range same {
		files = append(files, it.File)
	}
	facts, err := r.store.facts(ctx, tx, a, scopeFile, files)
	if err != nil {
		return err
	}
	gone, err := r.forget(ctx, tx, a, scopeFile, files)
	if err != nil {
		return err
	}
	for _, it := range same {
		d := facts[it.File]
		d.Decision, d.ArchiveID, d.Process = it.Decision, it.ArchiveID, p.ID
		if d.First, d.Second, err = r.store.responsible(ctx, tx, a, p.ID, it.File); err != nil {
			return err
		}
		if !setting.KeepSubject {
			d.Subject = ""
		}
		state := FileArchived
		if it.Decision == records.Destroy {
			state = FileDestroyed
		}
		if err := r.record(ctx, tx, a, d, "disposal.destroyed", records.FileObject(it.File), gone[it.File]); err != nil {
			return err
		}
		if err := r.store.leaveStub(ctx, tx, a, d, state, r.h.Now()); err != nil {
			return err
		}
	}
	return r.store.move(ctx, tx, a, p.ID, files, []ItemState{Destroying}, Destroyed, r.h.Now(), nothing)
}

// changedSince is the catalogue key of why a file was not destroyed.
const changedSince = "disposal.error.changed_since"

// erasePackages lets go of the packages that hold what was destroyed, and ends the process if nothing is left to do.
func (r *Room) erasePackages(ctx context.Context, tx *db.Tx, a access.Access, p Process) error {
	if err := r.endIfDone(ctx, tx, a, p); err != nil {
		return err
	}
	p, err := r.store.process(ctx, tx, a, p.ID, "")
	if err != nil {
		return err
	}
	packages, err := r.store.packagesToErase(ctx, tx, a, p.ID, p.Ended)
	if err != nil {
		return err
	}
	for _, k := range packages {
		if err := r.store.erasePackage(ctx, tx, a, k.ID); err != nil {
			return err
		}
		erased, err := r.release(ctx, tx, a, p.Authority, object(p.ID), []string{k.Hash})
		if err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.package_erased", Authority: p.Authority, Object: object(p.ID),
			Changes: map[string]any{"package": k.ID, "message": string(k.Message)}, Erased: erased}); err != nil {
			return err
		}
	}
	return nil
}

// Destruction is what is left of what was destroyed (Vernichtungsnachweis).
type Destruction struct {
	ID          string
	Authority   string
	File        string // file id
	Scope       string // "file", "case", "document"
	Reference   string
	Subject     string // "" unless it is kept
	Unit        string // code
	OpenedAt    time.Time
	ClosedAt    time.Time
	RetainUntil time.Time
	Decision    records.Appraisal // A: the archive has it; V; "" by order of a court
	ArchiveID   string            // Archivkennung
	Process     string            // ProzessID, "" by order of a court
	Erasure     string            // "" in a disposal
	Cases       int64
	Documents   int64
	Stored      int64 // files, all versions
	Bytes       int64
	First       string // name
	Second      string // name; "" where one was enough
	At          time.Time
	Medium      records.Medium // of the file; "" in records that were made before it was noted
	Location    string         // where its paper lay then
}

// record writes the record and the log of what was destroyed. The stored files that nothing names any more are listed
// in the log, at most maxErased an entry.
func (r *Room) record(ctx context.Context, tx *db.Tx, a access.Access, d Destruction, action, object string, blobs []string) error {
	d.ID, d.At = db.NewID(), r.h.Now()
	if err := r.store.insertDestruction(ctx, tx, a, d); err != nil {
		return err
	}
	erased, err := r.release(ctx, tx, a, d.Authority, object, blobs)
	if err != nil {
		return err
	}
	for first := true; first || len(erased) > 0; first = false {
		n := min(len(erased), maxErased)
		changes := map[string]any{"reference": d.Reference, "process": d.Process, "erasure": d.Erasure, "documents": d.Documents, "stored": d.Stored}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: d.Authority, Object: object, Changes: changes,
			Erased: erased[:n]}); err != nil {
			return err
		}
		erased = erased[n:]
	}
	return nil
}

// maxErased is how many stored files one entry of the log lists.
const maxErased = 4000

// release has stored files deleted once nothing names them, and gives those that nothing names already.
func (r *Room) release(ctx context.Context, tx *db.Tx, a access.Access, authority, object string, hashes []string) ([]string, error) {
	named, err := r.named(ctx, tx, hashes)
	if err != nil {
		return nil, err
	}
	var free []string
	for _, h := range hashes {
		if !named[h] {
			free = append(free, h)
		}
	}
	for _, h := range hashes {
		if err := r.store.putBlob(ctx, tx, a, authority, object, h, !named[h], r.h.Now()); err != nil {
			return nil, err
		}
	}
	return free, nil
}

// named says which of the stored files a row still names, here or in another part.
func (r *Room) named(ctx context.Context, q db.Querier, hashes []string) (map[string]bool, error) {
	out := map[string]bool{}
	err := inBatches(hashes, func(some []string) error {
		found, err := r.store.namedHere(ctx, q, access.All, some)
		for _, h := range found {
			out[h] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, hook := range r.hooks {
		if k, ok := hook.(Keeper); ok && len(hashes) > 0 {
			found, err := k.Keeps(ctx, q, hashes)
			if err != nil {
				return nil, err
			}
			for _, h := range found {
				out[h] = true
			}
		}
	}
	return out, nil
}

// settled is how long a stored file must lie untouched until it is deleted: whoever puts the same content names it within
// that time.
const settled = time.Hour

// pendingBlob is a stored file that waits to be deleted.
type pendingBlob struct {
	authority, object string
	listed            bool // the log says that it was erased
}

// deleteBlobs deletes stored files that nothing names any more. Of one that another place named when it was released the
// log says so only now.
func (r *Room) deleteBlobs(ctx context.Context) error {
	ctx = identity.AsSystem(ctx, "disposal")
	settledBefore := r.h.Now().Add(-settled)
	waiting, err := r.store.blobs(ctx, r.h.DB.Reader(), access.All, settledBefore)
	if err != nil || len(waiting) == 0 {
		return err
	}
	named, err := r.named(ctx, r.h.DB.Reader(), slices.Collect(maps.Keys(waiting)))
	if err != nil {
		return err
	}
	if len(named) > 0 {
		if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return r.store.postponeBlobs(ctx, tx, access.All, slices.Collect(maps.Keys(named)), r.h.Now())
		}); err != nil {
			return err
		}
	}
	for hash := range named {
		delete(waiting, hash)
	}
	if len(waiting) == 0 {
		return nil
	}
	if err := r.h.Blobs.List(ctx, func(ref blob.Ref, put time.Time) error {
		if _, ok := waiting[ref.Hash]; ok && put.After(settledBefore) {
			delete(waiting, ref.Hash) // somebody is about to name it
		}
		return nil
	}); err != nil {
		return err
	}
	for hash, w := range waiting {
		if err := r.deleteBlob(ctx, hash, w); err != nil {
			return err
		}
	}
	return nil
}

func (r *Room) deleteBlob(ctx context.Context, hash string, w pendingBlob) error {
	named := false
	if err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := r.named(ctx, tx, []string{hash})
		if named = found[hash]; err != nil || named || w.listed {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.stored_file_erased", Authority: w.authority, Object: w.object,
			Erased: []string{hash}}); err != nil {
			return err
		}
		return r.store.listBlob(ctx, tx, access.At(w.authority), hash)
	}); err != nil || named {
		return err
	}
	if err := r.h.Blobs.Delete(ctx, hash); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.store.dropBlob(ctx, tx, access.At(w.authority), hash)
	})
}

// forget deletes what is in the scope, here and in the other parts, and gives the stored files that it named, by id.
func (r *Room) forget(ctx context.Context, tx *db.Tx, a access.Access, s scope, ids []string) (map[string][]string, error) {
	gone, err := r.store.hashes(ctx, tx, a, s, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		for _, hook := range r.hooks {
			blobs, err := eraseBy(ctx, tx, hook, s, id)
			if err != nil {
				return nil, err
			}
			gone[id] = append(gone[id], blobs...)
		}
		slices.Sort(gone[id])
		gone[id] = slices.Compact(gone[id])
	}
	for _, id := range ids {
		var what [3]string // of these one is named
		what[slices.Index([]scope{scopeFile, scopeCase, scopeDocument}, s)] = id
		if err := r.core.LeaveTraces(ctx, tx, a, what[0], what[1], what[2]); err != nil {
			return nil, err
		}
	}
	return gone, r.store.erase(ctx, tx, a, s, ids)
}

func eraseBy(ctx context.Context, tx *db.Tx, hook Eraser, s scope, id string) ([]string, error) {
	if s == scopeFile {
		return hook.Erase(ctx, tx, []string{id})
	}
	part, ok := hook.(PartEraser)
	switch {
	case !ok:
		return nil, nil
	case s == scopeCase:
		return part.EraseParts(ctx, tx, []string{id}, nil)
	}
	return part.EraseParts(ctx, tx, nil, []string{id})
}
