package filing

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Incoming is post: until it is assigned it lies in no case.
type Incoming struct {
	ID         string
	Authority  string
	Org        string // id of the unit that it is for: seen by those there and by registrars; "" is seen by all clerks
	Source     Source
	Sender     string
	Subject    string
	ReceivedAt time.Time
	CreatedAt  time.Time
	CreatedBy  string
	CaseID     string // "" until it is assigned
	AssignedAt time.Time
	AssignedBy string

	Version      int64
	RegisteredBy string // subject of who registered it: they go on seeing it; "" is a scanner
	Person       string // subject of who it is for, beside registrars; then Org is ""
	PersonName   string
	ClosedAt     time.Time // when it was done with without a case; zero if it was not
	ClosedBy     string
	Reason       Reason // why no case
	Note         string // more about that
	MayWork      bool   // for the caller: who only registered it does not
}

// Open reports whether something is still to be done with it.
func (x Incoming) Open() bool { return x.CaseID == "" && x.ClosedAt.IsZero() }

// Source is how post came in.
type Source string

// The sources.
const (
	ByHand    Source = "upload"
	ByScanner Source = "scan"
)

// incomingObject names post in the log.
func incomingObject(id string) string { return "incoming:" + id }

// IncomingFilter says which post a list shows. The zero value is what is not assigned, the oldest first.
type IncomingFilter struct {
	Query  string // words in sender or subject
	Done   bool   // what is assigned
	Closed bool   // what was done with without a case
	Mine   bool   // what the caller registered, whatever became of it
	Newest bool   // first
	Page   paging.Cursor
	size   int // of a page; 0 is paging.Size
}

func (f IncomingFilter) order() paging.Order {
	return paging.Order{Column: "i.received_at", ID: "i.id", Descending: f.Newest || f.Done || f.Closed || f.Mine, Size: f.size}
}

func (f IncomingFilter) key(x Incoming) paging.Key { return paging.Time(x.ReceivedAt, x.ID) }

// IncomingPost lists the post that the caller may see.
func (r *Room) IncomingPost(ctx context.Context, f IncomingFilter) (paging.Listing[Incoming], error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return paging.Listing[Incoming]{}, err
	}
	return r.store.incomings(ctx, q, scope, f)
}

// Incoming reads post that the caller may see, with its documents. errs.NotFound for any other.
func (r *Room) Incoming(ctx context.Context, id string) (Incoming, []Document, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return Incoming{}, nil, err
	}
	x, err := r.store.incoming(ctx, q, scope, id, "")
	if err != nil {
		return x, nil, err
	}
	docs, err := r.store.incomingDocuments(ctx, q, scope, id)
	return x, docs, err
}

// OpenIncoming reads a document of post that the caller may see; close what it returns.
func (r *Room) OpenIncoming(ctx context.Context, id, document string) (Stored, io.ReadCloser, error) {
	_, d, err := r.incomingDocument(ctx, id, document)
	if err != nil {
		return Stored{}, nil, err
	}
	content, err := r.open(ctx, d.Hash, d.Name)
	return d.file(), content, err
}

// Post is what somebody registers: fields that are empty are taken from the first mail among the files.
type Post struct {
	ID         string // chosen by the form: sent twice it is registered once
	Authority  string
	Org        string
	Sender     string
	Subject    string
	ReceivedAt time.Time
}

// check tidies what was typed, and says all that is wrong with it and with the number of files.
func (p *Post) check(now time.Time, files int) (wrong []errs.Field) {
	text := func(name string, s *string) {
		*s = records.OneLine(*s)
		if n := utf8.RuneCountInString(*s); n > maxSubject {
			wrong = append(wrong, errs.Field{Name: name, Key: "records.error.long", Args: []any{maxSubject, n}})
		}
	}
	text("absender", &p.Sender)
	text("betreff", &p.Subject)
	if p.ReceivedAt.IsZero() || p.ReceivedAt.After(now) || p.ReceivedAt.Before(now.AddDate(-5, 0, 0)) {
		wrong = append(wrong, errs.Field{Name: "eingang", Key: "filing.error.received"})
	}
	if files == 0 {
		wrong = append(wrong, errs.Field{Name: "dateien", Key: "filing.error.no_file"})
	}
	return wrong
}

// Register keeps incoming post at an authority of the caller.
func (r *Room) Register(ctx context.Context, p Post, files []Stored) error {
	if err := r.checkPost(ctx, &p, len(files)); err != nil {
		return err
	}
	docs, err := r.documentsOf(ctx, files, true)
	if err != nil {
		return err
	}
	newIDs(docs)
	x := Incoming{ID: p.ID, Authority: p.Authority, Org: p.Org, Source: ByHand, Sender: p.Sender, Subject: p.Subject,
		ReceivedAt: p.ReceivedAt, CreatedAt: r.h.Now(), CreatedBy: identity.From(ctx).Name, RegisteredBy: identity.From(ctx).Subject}
	x.complete(docs)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		if err := scope.Own(p.Authority); err != nil {
			return err
		}
		_, err = r.keepIncoming(ctx, tx, scope, x, docs)
		return err
	})
}

// checkPost says all at once what is wrong with post at an authority of the caller. errs.NotFound for another's.
func (r *Room) checkPost(ctx context.Context, p *Post, files int) error {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err == nil {
		err = scope.Own(p.Authority)
	}
	if err != nil {
		return err
	}
	wrong := p.check(r.h.Now(), files)
	if p.Org != "" {
		ok, err := r.store.hasOrg(ctx, q, access.At(p.Authority), p.Org)
		if err != nil {
			return err
		}
		if !ok {
			wrong = append(wrong, errs.Field{Name: "einheit", Key: "filing.error.org"})
		}
	}
	return errs.InvalidFields(wrong)
}

// HandTo gives post that is not assigned to a unit of its authority: seen by those there and by registrars from then on.
// Doing it twice does it once, though the caller may not see it any more.
func (r *Room) HandTo(ctx context.Context, id, org string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		if done, err := r.store.liesWith(ctx, tx, scope, id, org); done || err != nil {
			return err
		}
		x, err := r.toWork(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		return r.hand(ctx, tx, scope, x, org, "")
	})
}

// complete fills what was not said from the first document.
func (x *Incoming) complete(docs []Document) {
	if x.Sender == "" && docs[0].Sender != "–" {
		x.Sender = docs[0].Sender
	}
	if x.Subject == "" {
		x.Subject = docs[0].Subject
	}
	if x.Subject == "" {
		x.Subject = docs[0].Name
	}
}

// newIDs gives the first document an id of its own.
func newIDs(docs []Document) {
	id := db.NewID()
	for i := range docs {
		if docs[i].ID == first {
			docs[i].ID = id
		}
		if docs[i].Parent == first {
			docs[i].Parent = id
		}
	}
}

// keepIncoming stores post with its documents and reports whether it is new.
func (r *Room) keepIncoming(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming, docs []Document) (bool, error) {
	fresh, err := r.store.insertIncoming(ctx, tx, scope, x)
	if err != nil || !fresh {
		return false, err
	}
	var hashes []string
	for i, d := range docs {
		d.Authority = x.Authority
		if err := r.store.insertIncomingDocument(ctx, tx, scope, x.ID, i, d); err != nil {
			return false, err
		}
		hashes = append(hashes, d.Hash)
	}
	if err := r.h.Queue.Publish(ctx, tx, topicReadPost, readPostJob{x.ID}); err != nil {
		return false, err
	}
	return true, r.h.Audit.Append(ctx, tx, audit.Entry{Action: "filing.registered", Authority: x.Authority, Object: incomingObject(x.ID),
		Changes: map[string]any{"source": x.Source, "documents": len(docs), "received": i18n.ISODate(x.ReceivedAt)}, Blobs: hashes})
}

// Target is where post is assigned to: the case with this reference; or a new case in the file with this reference, or in
// a new file.
type Target struct {
	Case    string // reference
	File    string // reference
	NewFile *records.NewFile
	NewCase records.NewCase // its id is chosen by the form; File is filled in
}

// Assign puts post into a case, all of it or nothing. Doing it twice does it once; errs.Conflict if somebody has assigned
// it elsewhere. It returns the id of the case.
func (r *Room) Assign(ctx context.Context, id string, to Target) (caseID string, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		x, err := r.store.incoming(ctx, tx, scope, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if !x.MayWork {
			return errs.E(errs.Denied, "filing.error.not_yours")
		}
		if !x.ClosedAt.IsZero() {
			return errs.E(errs.Conflict, "filing.error.post_closed", x.ClosedBy)
		}
		if x.CaseID != "" {
			caseID = x.CaseID
			if x.CaseID == to.NewCase.ID || to.Case != "" && r.isCase(ctx, tx, scope, x, to.Case) {
				return nil // the form was sent twice
			}
			return errs.E(errs.Conflict, "filing.error.assigned", x.AssignedBy)
		}
		c, err := r.target(ctx, tx, scope, x, to)
		if err != nil {
			return err
		}
		docs, err := r.store.incomingDocuments(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if err := r.fileAll(ctx, tx, c, "filing.filed", docs); err != nil {
			return err
		}
		caseID = c.ID
		x.CaseID, x.AssignedAt, x.AssignedBy = c.ID, r.h.Now(), identity.From(ctx).Name
		if err := r.store.change(ctx, tx, scope, x); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "filing.assigned", Authority: x.Authority, Object: incomingObject(id),
			Changes: map[string]any{"case": c.ID, "reference": c.Reference, "documents": len(docs)}})
	})
	return caseID, err
}

func (r *Room) isCase(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming, reference string) bool {
	id, err := r.store.caseByReference(ctx, tx, scope, x.Authority, records.OneLine(reference))
	return err == nil && id == x.CaseID
}

// target finds or opens the case.
func (r *Room) target(ctx context.Context, tx *db.Tx, scope access.Access, x Incoming, to Target) (records.Case, error) {
	unknown := func(field, reference string, err error) error {
		if !errs.Is(err, errs.NotFound) {
			return err
		}
		return errs.InvalidFields([]errs.Field{{Name: field, Key: "filing.error.no_such_" + field, Args: []any{reference}}})
	}
	if s := records.OneLine(to.Case); s != "" {
		id, err := r.store.caseByReference(ctx, tx, scope, x.Authority, s)
		if err != nil {
			return records.Case{}, unknown("vorgang", s, err)
		}
		return r.core.CaseToChange(ctx, tx, scope, id)
	}
	n := to.NewCase
	if n.Org != "" {
		if ok, err := r.store.hasOrg(ctx, tx, access.At(x.Authority), n.Org); err != nil {
			return records.Case{}, err
		} else if !ok {
			return records.Case{}, errs.InvalidFields([]errs.Field{{Name: "einheit", Key: "filing.error.org"}})
		}
	}
	if to.NewFile != nil {
		f := *to.NewFile
		f.Authority = x.Authority
		file, err := r.core.OpenFileIn(ctx, tx, scope, f)
		if err != nil {
			return records.Case{}, renamed(err)
		}
		n.File = file.ID
	} else {
		s := records.OneLine(to.File)
		id, err := r.store.fileByReference(ctx, tx, scope, x.Authority, s)
		if err != nil {
			return records.Case{}, unknown("akte", s, err)
		}
		n.File = id
	}
	c, err := r.core.OpenCaseIn(ctx, tx, scope, n)
	return c, renamed(err)
}

// renamed gives the fields of package records the names that they have in our form.
func renamed(err error) error {
	if err == nil || len(errs.As(err).Fields) == 0 {
		return err
	}
	names := map[string]string{"subject": "betreff", "unit": "planeinheit", "lead": "einheit"}
	e := *errs.As(err)
	e.Fields = append([]errs.Field(nil), e.Fields...)
	for i, f := range e.Fields {
		if n, ok := names[f.Name]; ok {
			e.Fields[i].Name = n
		}
	}
	return &e
}

// searchText is what the list is searched by.
func (x Incoming) searchText() string { return strings.ToLower(x.Sender + " " + x.Subject) }
