package disposal

import (
	"context"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// ItemState is where a file stands in a process.
type ItemState string

// The states of an item.
const (
	Offered    ItemState = "offered"     // the archive is to appraise it (0501)
	Appraised  ItemState = "appraised"   // A waits for its hand-over, V for approval
	HandedOver ItemState = "handed_over" // the archive is to say whether it has it (0503)
	TakenOver  ItemState = "taken_over"  // the archive has it (0506): to be destroyed here
	Failed     ItemState = "failed"      // the archive could not take it, or it changed since: to be sent again
	Proposed   ItemState = "proposed"    // one registrar wants it destroyed
	Approved   ItemState = "approved"    // and a second one too
	Destroying ItemState = "destroying"  // a job is about to
	Destroyed  ItemState = "destroyed"
	Withdrawn  ItemState = "withdrawn" // it stays
)

// ItemStates lists the states in the order of the work.
var ItemStates = []ItemState{Offered, Appraised, HandedOver, Failed, TakenOver, Proposed, Approved, Destroying, Destroyed, Withdrawn}

// The states of a file, in records.File.State, beside "".
const (
	InDisposal    = "offered"              // part of a process
	FileArchived  = records.StateArchived  // destroyed here, kept by the archive
	FileDestroyed = records.StateDestroyed // destroyed here, kept nowhere
)

// Process is one disposal (Aussonderungsverfahren).
type Process struct {
	ID        string // ProzessID
	Authority string
	Steps     int // 4, or 2: it began with the hand-over
	Ended     bool
	Archive   string // name
	By        string // name
	At        time.Time
	Counts    map[ItemState]int64 // of its items; set where one process is read
}

// Item is a file in a process.
type Item struct {
	File      string // file id
	Reference string
	Subject   string
	State     ItemState
	Proposal  records.Appraisal // of the file plan
	Decision  records.Appraisal // "" until it was appraised
	Error     string            // what the archive said, or a catalogue key of ours
	ArchiveID string            // Archivkennung
	ChangedAt time.Time

	packageID, content string
}

// Package is a message that was sent or came in, as it is stored.
type Package struct {
	ID        string
	Process   string
	Authority string
	Out       bool
	Message   xdomea.Message
	Name      string // of the file
	State     string // PackagePlanned …
	Hash      string // SHA-256; "" while planned
	Size      int64  // bytes
	Objects   int64
	By        string // name
	At        time.Time
	WrittenAt time.Time
	FetchedBy string    // name of who took it out to send it, the last time
	FetchedAt time.Time // zero if nobody has
}

// The states of a package.
const (
	PackagePlanned = "planned" // a job writes it
	PackageWritten = "written"
	PackageTaken   = "taken"  // came in
	PackageErased  = "erased" // with the files that were in it
)

// Approval is what two registrars say about destroying what is V.
type Approval struct {
	ID         string
	State      string // ApprovalOpen …
	Objects    int64
	FirstBy    string // subject
	FirstName  string
	FirstAt    time.Time
	SecondName string
	SecondAt   time.Time
}

// The states of an approval.
const (
	ApprovalOpen      = "open" // a second person is to say yes or no
	ApprovalGiven     = "given"
	ApprovalRefused   = "refused"
	ApprovalTakenBack = "taken_back" // by who proposed it
)

// object names a process in the log.
func object(process string) string { return "disposal:" + process }

// Process reads a process of an authority whose records the caller keeps, with its packages and approvals, the oldest
// first. errs.NotFound for any other.
func (r *Room) Process(ctx context.Context, id string) (p Process, packages []Package, approvals []Approval, err error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return p, nil, nil, err
	}
	if p, err = r.store.process(ctx, q, a, id, ""); err != nil {
		return p, nil, nil, err
	}
	if p.Counts, err = r.store.itemCounts(ctx, q, a, id); err != nil {
		return p, nil, nil, err
	}
	if packages, err = r.store.packages(ctx, q, a, id); err != nil {
		return p, nil, nil, err
	}
	approvals, err = r.store.approvals(ctx, q, a, id)
	return p, packages, approvals, err
}

// Processes lists the processes of the authorities whose records the caller keeps, the latest first.
func (r *Room) Processes(ctx context.Context, c paging.Cursor) (paging.Listing[Process], error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[Process]{}, err
	}
	return r.store.processes(ctx, r.h.DB.Reader(), a, c)
}

// Items lists the files of a process that the caller may read; state is "" for all of them, after the file id that the
// page follows.
func (r *Room) Items(ctx context.Context, process string, state ItemState, after string) (items []Item, next string, err error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return nil, "", err
	}
	if items, err = r.store.items(ctx, r.h.DB.Reader(), a, process, state, after, paging.Size+1); err != nil {
		return nil, "", err
	}
	if len(items) > paging.Size {
		items = items[:paging.Size]
		next = items[paging.Size-1].File
	}
	return items, next, nil
}

// processToChange locks a process for a registrar who may know all that is in it.
func (r *Room) processToChange(ctx context.Context, tx *db.Tx, id string) (access.Access, Process, error) {
	a, err := registrar(ctx, tx)
	if err != nil {
		return a, Process{}, err
	}
	p, err := r.store.process(ctx, tx, a, id, tx.ForUpdate())
	if err != nil {
		return a, p, err
	}
	return a, p, r.cleared(ctx, tx, a, id)
}

// cleared is errs.Denied for who may not read every file of the process.
func (r *Room) cleared(ctx context.Context, q db.Querier, a access.Access, process string) error {
	hidden, err := r.store.hidden(ctx, q, a, process)
	if err == nil && hidden {
		return errs.E(errs.Denied, "disposal.error.not_cleared")
	}
	return err
}

// paperThere is errs.Conflict while the paper of one of the files is lent: what is not there can neither be handed over nor
// destroyed.
func (r *Room) paperThere(ctx context.Context, tx *db.Tx, a access.Access, files []string) error {
	lent, err := r.store.lent(ctx, tx, a, files)
	switch {
	case err != nil || len(lent) == 0:
		return err
	case len(lent) == 1:
		return errs.E(errs.Conflict, "disposal.error.lent.one", lent[0])
	}
	return errs.E(errs.Conflict, "disposal.error.lent.other", len(lent), lent[0])
}

// plan notes a package that is to be written and has a job do it.
func (r *Room) plan(ctx context.Context, tx *db.Tx, a access.Access, p Process, id string, m xdomea.Message, objects int) error {
	pack := Package{ID: id, Process: p.ID, Authority: p.Authority, Out: true, Message: m, State: PackagePlanned, Objects: int64(objects),
		Name: xdomea.PackageName(xdomea.Head{ProcessID: p.ID, Message: m}), By: identity.From(ctx).Name, At: r.h.Now()}
	if err := r.store.insertPackage(ctx, tx, a, pack); err != nil {
		return err
	}
	return r.h.Queue.Publish(ctx, tx, topicWrite, writeJob{p.Authority, id})
}

// note writes one entry of the log for the process and one for each of the files.
func (r *Room) note(ctx context.Context, tx *db.Tx, p Process, action string, files []string, changes map[string]any, blobs ...string) error {
	if changes == nil {
		changes = map[string]any{}
	}
	changes["process"] = p.ID
	for _, f := range files {
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: p.Authority, Object: records.FileObject(f),
			Changes: changes}); err != nil {
			return err
		}
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: p.Authority, Object: object(p.ID),
		Changes: map[string]any{"files": len(files)}, Blobs: blobs})
}
