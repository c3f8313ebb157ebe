package flow

import (
	"bytes"
	"context"
	"io"
	"time"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Desk is a task as it lies before the one who is to do it, with what they have to know for it.
type Desk struct {
	Course
	Circulation Circulation
	Task        Task
	Draft       Sheet   // the current version of the document; zero without one
	Before      Sheet   // the version that they signed before; zero if there is none, or it is the current one
	Changed     []Piece // from Before to Draft; empty if the text of one of them is not to be had
	Next        string  // id of the task that comes after it, "" is none
}

// Sheet is one version of a document with its text.
type Sheet struct {
	Content
	Name, MediaType string
	Size            int64       // bytes
	Text            string      // at most maxShown characters; "" if it is not to be had
	Cut             bool        // there is more
	How             extract.How // how the text was read; "" if it was not tried
}

const (
	maxShown   = 60_000          // characters of a document beside a signature
	maxRead    = 8 << 20         // bytes of a document whose text is read for a page
	readWithin = 3 * time.Second // somebody waits for the page
)

// TaskByID reads a task of a case that the caller may read, as it lies before them, opened from list, or from none.
// errs.NotFound for any other.
func (r *Room) TaskByID(ctx context.Context, id string, list *Filter) (d Desk, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return d, err
	}
	t, err := r.store.task(ctx, q, a, id)
	if err != nil {
		return d, err
	}
	if d.Course, err = r.Course(ctx, t.Case); err != nil {
		return d, err
	}
	for _, x := range d.Circulations {
		if k := x.task(id); k != nil {
			d.Circulation, d.Task = x, *k
		}
	}
	if d.Task.ID == "" {
		return d, errs.E(errs.NotFound, "records.error.not_found")
	}
	if d.Next, err = r.Next(ctx, d.Task, list); err != nil {
		return d, err
	}
	now, ok := d.document(d.Circulation.Document)
	if !ok {
		return d, nil
	}
	if d.Draft, err = r.sheet(ctx, q, d.Course, now.id, now.Version); err != nil {
		return d, err
	}
	me := identity.From(ctx).Subject
	for _, g := range d.Signatures { // in their order
		if g.Document == now.id && g.Content != now.Content && (g.By.Subject == me || g.Task == id) {
			d.Before.Content = g.Content
		}
	}
	if d.Before.Version == 0 {
		return d, nil
	}
	if d.Before, err = r.sheet(ctx, q, d.Course, now.id, d.Before.Version); err != nil {
		return d, err
	}
	if d.Before.Text != "" && d.Draft.Text != "" {
		d.Changed = difference(d.Before.Text, d.Draft.Text)
	}
	return d, nil
}

// sheet reads a version of a document, and its text if that is quick; what is confidential is noted.
func (r *Room) sheet(ctx context.Context, q db.Querier, c Course, document string, number int64) (Sheet, error) {
	s, err := r.store.sheet(ctx, q, c.a, document, number)
	if err != nil || r.Texts == nil || s.Size > maxRead {
		return s, err
	}
	if err := r.core.NoteReading(ctx, "flow.read", c.Case.Authority, records.DocumentObject(document), max(c.Case.Level, c.File.Level),
		map[string]any{"version": number}); err != nil {
		return s, err
	}
	content, err := r.h.Blobs.Open(ctx, s.Hash)
	if err != nil {
		return s, err
	}
	defer content.Close()
	b, err := io.ReadAll(content)
	if err != nil {
		return s, err
	}
	soon, stop := context.WithTimeout(ctx, readWithin)
	defer stop()
	text, how, err := r.Texts.Text(soon, s.MediaType, s.Name, bytes.NewReader(b), int64(len(b)))
	if err != nil { // it can be opened all the same
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		s.How = extract.GaveUp
		return s, nil
	}
	s.Text, s.How = text, how
	if utf8.RuneCountInString(text) > maxShown {
		s.Text, s.Cut = string([]rune(text)[:maxShown]), true
	}
	return s, nil
}

// Next is the caller's task to do after this one, whether or not that is done: the one that follows in the list that this
// one was opened from; without a list of the same sort if it is a signature, by deadline. What is open comes from the
// beginning after the last. "" if there is none.
func (r *Room) Next(ctx context.Context, t Task, list *Filter) (string, error) {
	var filters []Filter
	if list != nil {
		filters = list.after(t)
	} else {
		if t.Kind.Signs() {
			filters = Filter{Kind: t.Kind}.after(t)
		}
		filters = append(filters, Filter{}.after(t)...)
	}
	for _, f := range filters {
		l, err := r.inbox(ctx, f, 2)
		if err != nil {
			return "", err
		}
		for _, e := range l.Items {
			if e.ID != t.ID {
				return e.ID, nil
			}
		}
	}
	return "", nil
}

// after are the filter's list from the task on, and again from its beginning if it is of what is open.
func (f Filter) after(t Task) []Filter {
	next := f
	next.Page = paging.Cursor{After: paging.Number(f.key(t), t.ID)}
	if f.View == ViewDone || f.View == ViewLater {
		return []Filter{next}
	}
	f.Page = paging.Cursor{}
	return []Filter{next, f}
}

// AddCoSigner asks one more to co-sign the document of a running circulation, beside its open step: by who started it,
// or who has an open task in it, or stands in for one of them. id is chosen by the form.
func (r *Room) AddCoSigner(ctx context.Context, circulation, id, to, text string) error {
	if utf8.RuneCountInString(text) > maxText {
		return errs.InvalidFields([]errs.Field{{Name: "text", Key: "flow.error.long", Args: []any{maxText}}})
	}
	return r.change(ctx, circulation, func(ctx context.Context, tx *db.Tx, s *scene) (string, map[string]any, error) {
		if s.x.task(id) != nil {
			return "", nil, nil
		}
		instead, ok := s.desk.involved(s.x)
		switch {
		case !ok:
			return "", nil, errs.E(errs.Denied, "flow.error.not_involved")
		case s.x.State != Running:
			return "", nil, errs.E(errs.Conflict, "flow.error.ended")
		case s.x.Document == "":
			return "", nil, errs.E(errs.Invalid, "flow.error.nothing_to_sign")
		case to == "":
			return "", nil, errs.E(errs.Invalid, "flow.error.no_recipient")
		case len(s.x.Tasks) >= maxSteps*maxRecipients:
			return "", nil, errs.E(errs.Invalid, "flow.error.recipients", maxSteps*maxRecipients)
		}
		d, err := r.store.document(ctx, tx, access.At(s.x.Authority), s.x.Document, "")
		if err != nil {
			return "", nil, err
		}
		if !d.finalAt.IsZero() {
			return "", nil, errs.E(errs.Conflict, "flow.error.final")
		}
		for _, t := range s.x.Tasks {
			if t.Kind == CoSign && t.Holder == to && t.State.pending() {
				return "", nil, errs.E(errs.Invalid, "flow.error.asked_already", t.HolderName)
			}
		}
		if err := r.standIn(ctx, tx, s, instead); err != nil {
			return "", nil, err
		}
		if err := r.admit(ctx, tx, s, to, access.Read); err != nil {
			return "", nil, err
		}
		t := r.newTask(s.x, s.c, Step{Kind: CoSign, Text: text}, s.x.Step, to, r.holderName(s.dir, to), r.h.Now())
		me := identity.From(ctx)
		t.ID, t.From = id, Person{me.Subject, me.Name}
		s.x.Tasks = append(s.x.Tasks, t)
		return "flow.added", map[string]any{"task": id, "kind": CoSign, "to": to}, nil
	})
}
