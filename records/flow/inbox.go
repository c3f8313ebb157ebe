package flow

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// View is which tasks the inbox shows.
type View string

// The views.
const (
	ViewOpen     View = ""              // all that is open for the caller
	ViewMine     View = "meine"         // theirs by name
	ViewUnits    View = "einheiten"     // their units' and roles'
	ViewDeputy   View = "vertretung"    // of those they stand in for
	ViewLater    View = "wiedervorlage" // resubmissions that wait for their date
	ViewDone     View = "erledigt"      // what they did
	SortNewest        = "neueste"
	pageSize          = 50
	mostHolders       = 40 // beyond, one range for all is read instead of one for each
	mostExported      = 10_000
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
	Page    Cursor
}

// Cursor is a place in a list: the key of the entry that the page follows (After) or goes before (Before).
type Cursor struct{ After, Before Key }

// Key is what the list is ordered by: microseconds, then the id. The zero Key is no place.
type Key struct {
	At int64
	ID string
}

// String writes the key for an address; "" for the zero key.
func (k Key) String() string {
	if k.ID == "" {
		return ""
	}
	return strconv.FormatInt(k.At, 10) + "_" + k.ID
}

// parseKey reads what String wrote; the zero key for anything else.
func parseKey(s string) Key {
	micros, id, _ := strings.Cut(s, "_")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || web.ID(id) == "" {
		return Key{}
	}
	return Key{n, id}
}

// Entry is a task in the inbox, with what it is about.
type Entry struct {
	Task
	Reference string // Aktenzeichen of the case
	Subject   string
	Title     string // of the circulation
	From      Person // who gave it out
	Instead   Person // whom the caller stands in for; zero if it is theirs
	key       int64
}

// Listing is one page of the inbox.
type Listing struct {
	Items      []Entry
	Prev, Next Key
}

// Inbox lists the caller's tasks.
func (r *Room) Inbox(ctx context.Context, f Filter) (Listing, error) {
	return r.inbox(ctx, f, pageSize)
}

func (r *Room) inbox(ctx context.Context, f Filter, size int) (Listing, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return Listing{}, err
	}
	d, err := r.desk(ctx, q, a)
	if err != nil {
		return Listing{}, err
	}
	items, err := r.store.inbox(ctx, q, a, d, f, r.h.Now(), size+1)
	if err != nil {
		return Listing{}, err
	}
	for i := range items {
		items[i].Instead, _ = d.holds(items[i].Holder)
	}
	return page(items, f.Page, size), nil
}

// page makes a page of rows that were read in the direction of the cursor, one more than fits.
func page(rows []Entry, c Cursor, size int) Listing {
	more := len(rows) > size
	if more {
		rows = rows[:size]
	}
	back := c.Before.ID != ""
	if back {
		slices.Reverse(rows)
	}
	l := Listing{Items: rows}
	if len(rows) == 0 {
		return l
	}
	first, last := rows[0], rows[len(rows)-1]
	if back && more || !back && c.After.ID != "" {
		l.Prev = Key{first.key, first.ID}
	}
	if !back && more || back {
		l.Next = Key{last.key, last.ID}
	}
	return l
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

func (store) inbox(ctx context.Context, q db.Querier, a access.Access, d desk, f Filter, now time.Time, limit int) ([]Entry, error) {
	statement, p := inboxQuery(a, d, f, now, limit)
	if statement == "" {
		return nil, nil
	}
	rows, err := q.Query(ctx, statement, p...)
	return db.All(rows, err, func(r db.Scanner) (e Entry, err error) {
		var date, opened, due, done int64
		t := &e.Task
		err = r.Scan(&e.key, &e.Reference, &e.Subject, &e.Title, &e.From.Subject, &e.From.Name, &t.ID, &t.Authority, &t.File, &t.Case,
			&t.Circulation, &t.Step, &t.Kind, &t.Text, &t.Holder, &t.HolderName, &t.State, &t.Days, &date, &opened, &due, &t.Reminders, &t.Rounds,
			&done, &t.DoneBy.Subject, &t.DoneBy.Name, &t.DoneFor.Subject, &t.DoneFor.Name, &t.Answer, &t.Signed.Version, &t.Signed.Hash,
			&t.Version, &t.search)
		t.Date, t.OpenedAt, t.Due, t.DoneAt = db.Time(date), db.Time(opened), fromDeadline(due), db.Time(done)
		return e, err
	})
}

// inboxQuery is one query that reads, for each holder, no more than a page along an index, and merges those.
func inboxQuery(a access.Access, d desk, f Filter, now time.Time, limit int) (string, db.Params) {
	var p db.Params
	column, descending := "due_at", false
	state := `t.state = 'open'`
	switch {
	case f.View == ViewDone:
		column, descending, state = "done_at", true, `t.done_by <> ''`
	case f.View == ViewLater:
		state = `t.state = 'later'`
	case f.Sort == SortNewest:
		column, descending = "opened_at", true
	}
	where := ` AND ` + state
	for _, word := range strings.Fields(strings.ToLower(f.Query)) {
		where += ` AND t.search LIKE ` + p.Add("%"+escapeLike.Replace(word)+"%") + ` ESCAPE '!'`
	}
	if f.Kind != "" {
		where += ` AND t.kind = ` + p.Add(string(f.Kind))
	}
	if f.Overdue {
		where += ` AND t.due_at < ` + p.Add(db.Micros(now)) + ` AND t.kind <> 'resubmit'`
	}
	key := f.Page.After
	if f.Page.Before.ID != "" {
		key, descending = f.Page.Before, !descending
	}
	compare, order := ">", "ASC"
	if descending {
		compare, order = "<", "DESC"
	}
	if key.ID != "" {
		where += fmt.Sprintf(` AND (t.%s, t.id) %s (%s, %s)`, column, compare, p.Add(key.At), p.Add(key.ID))
	}
	where += ` AND ` + a.ReadsInCase("t", &p)
	end := fmt.Sprintf(` ORDER BY t.%s %s, t.id %s LIMIT %d`, column, order, order, limit)
	part := `SELECT t.id, t.` + column + ` AS k FROM flow_task t WHERE `
	var parts []string
	switch holders := d.holders(f.View); {
	case f.View == ViewDone:
		parts = append(parts, part+`t.done_by = `+p.Add(d.me.Subject)+where+end)
	case len(holders) > mostHolders:
		marks := make([]string, len(holders))
		for i, h := range holders {
			marks[i] = p.Add(h)
		}
		parts = append(parts, part+`t.holder IN (`+strings.Join(marks, ", ")+`)`+where+end)
	default:
		for _, h := range holders {
			parts = append(parts, part+`t.holder = `+p.Add(h)+where+end)
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	for i, s := range parts {
		parts[i] = fmt.Sprintf(`SELECT id, k FROM (%s) b%d`, s, i)
	}
	return `SELECT m.k, c.reference, c.subject, x.title, x.started_by, x.started_name, ` + taskColumns + ` FROM (` + strings.Join(parts, ` UNION ALL `) +
		fmt.Sprintf(` ORDER BY k %s, id %s LIMIT %d) m`, order, order, limit) + ` JOIN flow_task t ON t.id = m.id JOIN records_case c ON c.id = t.case_id
		JOIN flow_circulation x ON x.id = t.circulation_id ORDER BY m.k ` + order + `, m.id ` + order, p
}

var escapeLike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// Export gives every task of the filter to f, page by page, at most 10,000.
func (r *Room) Export(ctx context.Context, f Filter, each func(Entry) error) error {
	f.Page = Cursor{}
	for n := 0; n < mostExported; {
		l, err := r.inbox(ctx, f, 500)
		if err != nil {
			return err
		}
		for _, e := range l.Items {
			if err := each(e); err != nil {
				return err
			}
		}
		if n += len(l.Items); l.Next.ID == "" {
			return nil
		}
		f.Page = Cursor{After: l.Next}
	}
	return nil
}

// KeepColumns remembers which of the inbox's columns the caller wants to see.
func (r *Room) KeepColumns(ctx context.Context, names []string) error {
	names = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return !slices.Contains(names, c) })
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		return r.store.keepColumns(ctx, tx, a, names)
	})
}
