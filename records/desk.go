package records

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// What the room's other parts (records/filing, records/flow, records/disposal …) build on.

// FileByID reads a file that the caller may read, and what they may do with it. errs.NotFound for any other.
func (r *Room) FileByID(ctx context.Context, q db.Querier, a access.Access, id string) (File, error) {
	return r.store.fileByID(ctx, q, a, id)
}

// FileOf reads the file of a case that the caller has read, and what they may do with it: Nothing for a guest of the case.
func (r *Room) FileOf(ctx context.Context, q db.Querier, a access.Access, c Case) (File, error) {
	return r.store.fileOf(ctx, q, a, c)
}

// CaseByID reads a case that the caller may read, and what they may do with it; lock is "" or the transaction's
// ForUpdate. errs.NotFound for any other.
func (r *Room) CaseByID(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Case, error) {
	return r.store.caseByID(ctx, q, a, id, lock)
}

// CaseToChange is CaseByID with the lock, for who may change it: errs.Denied for readers, errs.Conflict for a case that
// lies with the files (z.d.A.).
func (r *Room) CaseToChange(ctx context.Context, tx *db.Tx, a access.Access, id string) (Case, error) {
	c, err := r.store.caseByID(ctx, tx, a, id, tx.ForUpdate())
	switch {
	case err != nil:
		return c, err
	case c.May < access.Write:
		return c, errs.E(errs.Denied, "records.error.read_only")
	case c.State == StateClosed:
		return c, errs.E(errs.Conflict, "records.error.closed")
	}
	return c, nil
}

// DocumentByID reads a document that the caller may read. errs.NotFound for any other.
func (r *Room) DocumentByID(ctx context.Context, q db.Querier, a access.Access, id string) (Document, error) {
	return r.store.documentByID(ctx, q, a, id)
}

// FileDocuments files documents in a case that the caller may change, in the transaction of what they came with, and
// writes the log. Their blobs are stored already; name and media type are made safe.
func (r *Room) FileDocuments(ctx context.Context, tx *db.Tx, c Case, action string, documents []Document) error {
	for i := range documents {
		d := &documents[i]
		d.Authority, d.FileID, d.CaseID, d.Version = c.Authority, c.FileID, c.ID, 1
		d.Name, d.MediaType = SafeName(d.Name), SafeType(d.MediaType)
		if d.ID == "" {
			d.ID = db.NewID()
		}
		if d.CreatedAt.IsZero() {
			d.CreatedAt = r.h.Now()
		}
		if d.CreatedBy == "" {
			d.CreatedBy = identity.From(ctx).Name
		}
	}
	if err := r.store.insertDocuments(ctx, tx, access.At(c.Authority), documents); err != nil {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: c.Authority, Object: object(c.ID),
		Changes: map[string]any{"documents": len(documents)}, Blobs: hashes(documents)})
}

// OnVersion has f told of each new version of a document (its id), in the transaction that files it: a part asks for
// that when it is made. What fails in f undoes the version.
func (r *Room) OnVersion(f func(ctx context.Context, tx *db.Tx, document string) error) {
	r.versions = append(r.versions, f)
}

// VersionAdded passes on that a document has a new version; whoever files one says so, with case and document locked.
func (r *Room) VersionAdded(ctx context.Context, tx *db.Tx, document string) error {
	for _, f := range r.versions {
		if err := f(ctx, tx, document); err != nil {
			return err
		}
	}
	return nil
}

// NoteReading keeps the caller's look at something confidential in the log, as the action of the part that shows it; what
// is said of it beside the level.
func (r *Room) NoteReading(ctx context.Context, action, authority, object string, level access.Level, what map[string]any) error {
	if !level.Sensitive() {
		return nil
	}
	changes := map[string]any{"level": int64(level)}
	maps.Copy(changes, what)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: authority, Object: object, Changes: changes})
	})
}

// LookPath is the address of the page that shows all pages of a document's version, and its text (records/filing).
func LookPath(document string, version int64) string {
	return "/akte/dokument/" + document + "/fassung/" + strconv.FormatInt(version, 10) + "/ansehen"
}

// SheetPath is the address of one of these pages, counted from 1, as a picture (PNG): small is for a preview.
func SheetPath(document string, version int64, page int, small bool) string {
	address := "/akte/dokument/" + document + "/fassung/" + strconv.FormatInt(version, 10) + "/seite/" + strconv.Itoa(page) + ".png"
	if small {
		address += "?klein=1"
	}
	return address
}

// OnTab has f say what stands behind a tab's name, "(12)", on every page that has Tabs: a part asks for that when it is made.
// path is the tab's address. f is asked once a page and has to be quick; "" is nothing.
func (r *Room) OnTab(path string, f func(req *http.Request) string) {
	if r.marks == nil {
		r.marks = map[string]func(*http.Request) string{}
	}
	r.marks[path] = f
}

// OnLateAnswer has f told of a case that the applicant has answered in although it is decided or lies with the files, in the
// transaction that files the answer (its question's id): a part asks for that when it is made. What fails in f undoes it.
func (r *Room) OnLateAnswer(f func(ctx context.Context, tx *db.Tx, c Case, question string) error) {
	r.late = append(r.late, f)
}

// Tabs leads between the lists of the electronic file; current is the path of the page.
func (r *Room) Tabs(req *http.Request, current string) web.Tabs {
	links := []web.Link{{Text: "records.tab.tasks", Href: "/akte/aufgaben"}, {Text: "records.tab.incoming", Href: "/akte/posteingang"},
		{Text: "records.tab.cases", Href: "/akte"},
		{Text: "records.files", Href: "/akte/akten"}, {Text: "records.tab.search", Href: "/akte/suche"}}
	links = append(links, web.Link{Text: "records.tab.plan", Href: "/akte/plan"}, web.Link{Text: "records.tab.org", Href: "/akte/organisation"})
	if identity.From(req.Context()).Has(identity.Registrar) {
		links = append(links, web.Link{Text: "records.tab.disposal", Href: "/akte/aussonderung"})
	}
	tabs := r.tabs(req, "records.tabs", links, current)
	for i, l := range tabs.Links {
		if f := r.marks[l.Href]; f != nil {
			tabs.Links[i].Text = strings.TrimSpace(l.Text + " " + f(req))
		}
	}
	return tabs
}

// CaseTabs leads between the pages of a case; current is what follows "/akte/vorgang/ID".
func (r *Room) CaseTabs(req *http.Request, id, current string) web.Tabs {
	path := "/akte/vorgang/" + id
	return r.tabs(req, "records.tabs.case", []web.Link{{Text: "records.case", Href: path},
		{Text: "records.documents", Href: path + "/dokumente"}, {Text: "records.tab.flow", Href: path + "/geschaeftsgang"},
		{Text: "records.timeline", Href: path + "/verlauf"}}, path+current)
}

// FileTabs leads between the pages of a file; current is what follows "/akte/akte/ID".
func (r *Room) FileTabs(req *http.Request, id, current string) web.Tabs {
	path := "/akte/akte/" + id
	return r.tabs(req, "records.tabs.file", []web.Link{{Text: "records.tab.content", Href: path},
		{Text: "records.tab.rights", Href: path + "/zugriff"}, {Text: "records.tab.proof", Href: path + "/nachweis"},
		{Text: "records.tab.retention", Href: path + "/aufbewahrung"}}, path+current)
}

func (r *Room) tabs(req *http.Request, label string, links []web.Link, current string) web.Tabs {
	for i, l := range links {
		links[i] = web.Link{Text: r.h.Site.T(req, l.Text), Href: l.Href, Current: l.Href == current}
	}
	return web.Tabs{Label: r.h.Site.T(req, label), Links: links}
}

// NotFound turns a missing row into errs.NotFound.
func NotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

// OneLine is a text without line ends and what cannot be stored.
func OneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, " "), "\x00", " ")), " ")
}
