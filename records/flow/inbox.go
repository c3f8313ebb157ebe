package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// View is which tasks the inbox shows.
type View string

// The views.
const (
	ViewOpen    View = ""              // all that is open for the caller
	ViewMine    View = "meine"         // theirs by name
	ViewUnits   View = "einheiten"     // their units' and roles'
	ViewDeputy  View = "vertretung"    // of those they stand in for
	ViewLater   View = "wiedervorlage" // resubmissions that wait for their date
	ViewDone    View = "erledigt"      // what they did
	SortNewest       = "neueste"
	mostHolders      = 40  // beyond, one range for all is read instead of one for each
	exportSize       = 500 // read at once where all are
)

// Views lists the views in the order of the tabs.
var Views = []View{ViewOpen, ViewMine, ViewUnits, ViewDeputy, ViewLater, ViewDone}

// Filter says which tasks the inbox shows, and in which order. The zero value is what is open, by deadline.
type Filter struct {
	View    View
	Query   string // words in reference, subject, applicant, title, initiator, text
	Kind    Kind   // "" is any
	Overdue bool
	Sort    string // "" is by deadline (done: by when), SortNewest
	Page    paging.Cursor
}

// Entry is a task in the inbox, with what it is about.
type Entry struct {
	Task
	Reference string // Aktenzeichen of the case
	Subject   string
	Level     access.Level // of the case
	Title     string       // of the circulation
	From      Person       // who gave it out
	Instead   Person       // whom the caller stands in for; zero if it is theirs
	key       int64
}

func (e Entry) place() paging.Key { return paging.Number(e.key, e.ID) }

// Inbox lists the caller's tasks.
func (r *Room) Inbox(ctx context.Context, f Filter) (paging.Listing[Entry], error) {
	return r.inbox(ctx, f, paging.Size)
}

func (r *Room) inbox(ctx context.Context, f Filter, size int) (paging.Listing[Entry], error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return paging.Listing[Entry]{}, err
	}
	d, err := r.desk(ctx, q, a)
	if err != nil {
		return paging.Listing[Entry]{}, err
	}
	items, err := r.store.inbox(ctx, q, a, d, f, r.h.Now(), size)
	if err != nil {
		return paging.Listing[Entry]{}, err
	}
	for i := range items {
		items[i].Instead, _ = d.holds(items[i].Holder)
	}
	return paging.Of(items, f.order(size), f.Page, Entry.place), nil
}

// holders are those whose tasks the view shows.
func (d desk) holders(v View) []string {
	var acts []string
	for h := range d.acts {
		acts = append(acts, h)
	}
	slices.Sort(acts)
	switch v {
	case ViewMine:
		return d.own[:1]
	case ViewUnits:
		return d.own[1:]
	case ViewDeputy:
		return acts
	case ViewLater:
		return append(slices.Clone(d.own[:1]), acts...)
	}
	return append(slices.Clone(d.own), acts...)
}

func (store) inbox(ctx context.Context, q db.Querier, a access.Access, d desk, f Filter, now time.Time, size int) ([]Entry, error) {
	statement, p := inboxQuery(a, d, f, now, size)
	if statement == "" {
		return nil, nil
	}
	rows, err := q.Query(ctx, statement, p...)
	return db.All(rows, err, func(r db.Scanner) (e Entry, err error) {
		var date, opened, due, done int64
		t := &e.Task
		err = r.Scan(&e.key, &e.Reference, &e.Subject, &e.Level, &e.Title, &e.From.Subject, &e.From.Name, &t.ID, &t.Authority, &t.File, &t.Case,
			&t.Circulation, &t.Step, &t.Kind, &t.Text, &t.Holder, &t.HolderName, &t.State, &t.Days, &date, &opened, &due, &t.Reminders, &t.Rounds,
			&done, &t.DoneBy.Subject, &t.DoneBy.Name, &t.DoneFor.Subject, &t.DoneFor.Name, &t.Answer, &t.Signed.Version, &t.Signed.Hash,
			&t.Version, &t.search, &t.From.Subject, &t.From.Name)
		if t.From.Name != "" {
			e.From = t.From
		}
		t.Date, t.OpenedAt, t.Due, t.DoneAt = db.Time(date), db.Time(opened), fromDeadline(due), db.Time(done)
		return e, err
	})
}

// order is that of the inbox.
func (f Filter) order(size int) paging.Order {
	switch {
	case f.View == ViewDone:
		return paging.Order{Column: "t.done_at", ID: "t.id", Descending: true, Size: size}
	case f.View != ViewLater && f.Sort == SortNewest:
		return paging.Order{Column: "t.opened_at", ID: "t.id", Descending: true, Size: size}
	}
	return paging.Order{Column: "t.due_at", ID: "t.id", Size: size}
}

// key is where the task stands in a list of that order.
func (f Filter) key(t Task) int64 {
	switch f.order(0).Column {
	case "t.done_at":
		return db.Micros(t.DoneAt)
	case "t.opened_at":
		return db.Micros(t.OpenedAt)
	}
	return deadline(t.Due)
}

// inboxQuery is one query that reads, for each holder, no more than a page along an index, and merges those.
func inboxQuery(a access.Access, d desk, f Filter, now time.Time, size int) (string, db.Params) {
	var p db.Params
	o := f.order(size)
	state := `t.state = 'open'`
	switch f.View {
	case ViewDone:
		state = `t.done_by <> ''`
	case ViewLater:
		state = `t.state = 'later'`
	}
	where := ` AND ` + state
	where += p.Words("t.search", f.Query)
	if f.Kind != "" {
		where += ` AND t.kind = ` + p.Add(string(f.Kind))
	}
	if f.Overdue {
		where += ` AND t.due_at < ` + p.Add(db.Micros(now)) + ` AND t.kind <> 'resubmit'`
	}
	where += o.From(&p, f.Page)
	where += ` AND ` + a.ReadsInCase("t", &p)
	end := o.Limit(f.Page)
	part := `SELECT t.id, ` + o.Column + ` AS k FROM flow_task t WHERE `
	var parts []string
	switch holders := d.holders(f.View); {
	case f.View == ViewDone:
		parts = append(parts, part+`t.done_by = `+p.Add(d.me.Subject)+where+end)
	case len(holders) > mostHolders:
		parts = append(parts, part+`t.holder IN `+p.List(holders)+where+end)
	default:
		for _, h := range holders {
			parts = append(parts, part+`t.holder = `+p.Add(h)+where+end)
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	merged, direction := o, o.Direction(f.Page)
	merged.Column, merged.ID = "k", "id"
	for i, s := range parts {
		parts[i] = fmt.Sprintf(`SELECT id, k FROM (%s) b%d`, s, i)
	}
	return `SELECT m.k, c.reference, c.subject, c.level, x.title, x.started_by, x.started_name, ` + taskColumns + ` FROM (` + strings.Join(parts, ` UNION ALL `) +
		merged.Limit(f.Page) + `) m JOIN flow_task t ON t.id = m.id JOIN records_case c ON c.id = t.case_id
		JOIN flow_circulation x ON x.id = t.circulation_id ORDER BY m.k ` + direction + `, m.id ` + direction, p
}
