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
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Kinds of documents that are filed at the desk, beside those of package records.
const (
	Paper        records.Kind = "document"        // any file
	Mail         records.Kind = "mail"            // a message
	Enclosure    records.Kind = "mail_attachment" // of a message
	Scan         records.Kind = "scan"
	TransferNote records.Kind = "transfer_note" // how a scan was made
)

// Kinds lists all kinds, for a filter.
var Kinds = []records.Kind{Paper, Mail, Enclosure, Scan, TransferNote, records.ApplicationJSON, records.ApplicationPDF, records.AttachmentKind,
	records.AnswerKind, records.NoticeHTML, records.NoticePDF}

// made reports whether the program makes such documents, one a case: they belong to it and stay there.
func made(k records.Kind) bool {
	return slices.Contains([]records.Kind{records.ApplicationJSON, records.ApplicationPDF, records.NoticeHTML, records.NoticePDF}, k)
}

// Document is a document with what the desk has added.
type Document struct {
	records.Document
	Keywords   string // separated by line ends
	Sender     string // of a message, as the next four
	SentAt     time.Time
	Message    string // its Message-ID
	Recipients string // in one line
	Copies     string
	Revision   int64 // how often what is said of it was changed
}

// lockedFor is how long a lock holds.
const lockedFor = 12 * time.Hour

// Locked reports whether somebody edits the document.
func (d Document) Locked(now time.Time) bool {
	return d.LockedBy != "" && now.Before(d.LockedAt.Add(lockedFor))
}

// LockedUntil is when the lock ends by itself.
func (d Document) LockedUntil() time.Time { return d.LockedAt.Add(lockedFor) }

// Final reports whether it was signed finally.
func (d Document) Final() bool { return !d.FinalAt.IsZero() }

// Words are the keywords in one line.
func (d Document) Words() string { return strings.ReplaceAll(d.Keywords, "\n", ", ") }

// Filter says which documents of a case a list shows, and in which order. The zero value is all, the newest first.
type Filter struct {
	Query string // words in name, subject or keywords
	Kind  records.Kind
	Sort  string // "" is newest first, "oldest", "name"
	Page  paging.Cursor
}

// The values of Filter.Sort beside "".
const (
	SortOldest = "oldest"
	SortName   = "name"
)

func (f Filter) order(size int) paging.Order {
	if f.Sort == SortName {
		return paging.Order{Column: "d.name", ID: "d.id", Text: true, Size: size}
	}
	return paging.Order{Column: "d.created_at", ID: "d.id", Descending: f.Sort != SortOldest, Size: size}
}

func (f Filter) key(d Document) paging.Key {
	if f.Sort == SortName {
		return paging.Key{Sort: d.Name, ID: d.ID}
	}
	return paging.Time(d.CreatedAt, d.ID)
}

// Documents lists the documents of a case that the caller may read, and the case. errs.NotFound for any other.
func (r *Room) Documents(ctx context.Context, caseID string, f Filter) (records.Case, paging.Listing[Document], error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return records.Case{}, paging.Listing[Document]{}, err
	}
	c, err := r.core.CaseByID(ctx, q, scope, caseID, "")
	if err == nil {
		err = r.core.NoteReading(ctx, "filing.read", c.Authority, records.CaseObject(c.ID), c.Level, nil)
	}
	if err != nil {
		return records.Case{}, paging.Listing[Document]{}, err
	}
	l, err := r.store.documents(ctx, q, scope, caseID, f, paging.Size)
	return c, l, err
}

// Limits of what is done at once.
const (
	maxChosen   = 1000
	maxSubject  = 500  // characters
	maxKeywords = 1000 // characters, all together
)

// chosen are the documents with these ids in a case that the caller may read; errs.Invalid if there is none, or too
// many, errs.NotFound if one of them is not there.
func (r *Room) chosen(ctx context.Context, q db.Querier, a access.Access, caseID string, ids []string) ([]Document, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch {
	case len(ids) == 0:
		return nil, errs.InvalidFields([]errs.Field{{Name: "auswahl", Key: "filing.error.none_chosen"}})
	case len(ids) > maxChosen:
		return nil, errs.InvalidFields([]errs.Field{{Name: "auswahl", Key: "filing.error.too_many_chosen", Args: []any{maxChosen}}})
	}
	docs, err := r.store.documentsByID(ctx, q, a, caseID, ids)
	if err == nil && len(docs) != len(ids) {
		err = errs.E(errs.NotFound, "records.error.not_found")
	}
	return docs, err
}

// Marks are what Mark sets; nil leaves it as it is.
type Marks struct{ Subject, Keywords *string }

// check makes the texts plain.
func (m *Marks) check() error {
	var wrong []errs.Field
	if m.Subject != nil {
		s := records.OneLine(*m.Subject)
		if n := utf8.RuneCountInString(s); n > maxSubject {
			wrong = append(wrong, errs.Field{Name: "betreff", Key: "records.error.long", Args: []any{maxSubject, n}})
		}
		m.Subject = &s
	}
	if m.Keywords != nil {
		s := keywords(*m.Keywords)
		if n := utf8.RuneCountInString(s); n > maxKeywords {
			wrong = append(wrong, errs.Field{Name: "schlagworte", Key: "records.error.long", Args: []any{maxKeywords, n}})
		}
		m.Keywords = &s
	}
	if m.Subject == nil && m.Keywords == nil {
		wrong = append(wrong, errs.Field{Name: "betreff", Key: "filing.error.nothing_to_mark"})
	}
	return errs.InvalidFields(wrong)
}

// keywords puts words that were typed with commas or line ends on lines of their own, each once.
func keywords(s string) string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if w = records.OneLine(w); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, "\n")
}

// Mark gives documents of a case a subject and keywords. Doing it twice changes nothing. errs.Conflict where describable
// says so.
func (r *Room) Mark(ctx context.Context, caseID string, ids []string, m Marks) error {
	if err := m.check(); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := r.core.CaseToChange(ctx, tx, scope, caseID); err != nil {
			return err
		}
		docs, err := r.chosen(ctx, tx, scope, caseID, ids)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if err := r.describable(ctx, tx, scope, d); err != nil {
				return err
			}
			changes := map[string]any{}
			if m.Subject != nil && *m.Subject != d.Subject {
				d.Subject = *m.Subject
				changes["subject"] = d.Subject
			}
			if m.Keywords != nil && *m.Keywords != d.Keywords {
				d.Keywords = *m.Keywords
				changes["keywords"] = d.Words()
			}
			if len(changes) == 0 {
				continue
			}
			if err := r.store.mark(ctx, tx, scope, d); err != nil {
				return err
			}
			if err := r.log(ctx, tx, d, "filing.marked", changes); err != nil {
				return err
			}
		}
		return nil
	})
}

// log writes an entry about a document.
func (r *Room) log(ctx context.Context, tx *db.Tx, d Document, action string, changes map[string]any, blobs ...string) error {
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: d.Authority, Object: records.DocumentObject(d.ID),
		Changes: changes, Blobs: blobs})
}

// Move puts documents, and attachments with their message, into another case of the same authority: the caller may
// change both. Nothing moves to where less confidential things lie (errs.Denied), nor what somebody else edits, what
// circulates or what the program made for its case (errs.Conflict).
func (r *Room) Move(ctx context.Context, caseID string, ids []string, reference string) error {
	reference = records.OneLine(reference)
	if reference == "" {
		return errs.InvalidFields([]errs.Field{{Name: "ziel", Key: "filing.error.no_reference"}})
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		from, err := r.core.CaseByID(ctx, tx, scope, caseID, "")
		if err != nil {
			return err
		}
		toID, err := r.store.caseByReference(ctx, tx, scope, from.Authority, reference)
		if errs.Is(err, errs.NotFound) || err == nil && toID == caseID {
			return errs.InvalidFields([]errs.Field{{Name: "ziel", Key: "filing.error.no_such_case", Args: []any{reference}}})
		} else if err != nil {
			return err
		}
		both := map[string]records.Case{}
		for _, id := range slices.Sorted(slices.Values([]string{caseID, toID})) { // in one order, so that two who move do not wait for each other
			if both[id], err = r.core.CaseToChange(ctx, tx, scope, id); err != nil {
				return err
			}
		}
		from, to := both[caseID], both[toID]
		if to.Level < from.Level {
			return errs.E(errs.Denied, "filing.error.less_confidential")
		}
		docs, err := r.chosen(ctx, tx, scope, caseID, ids)
		if err != nil {
			return err
		}
		return r.move(ctx, tx, scope, from, to, docs)
	})
}

func (r *Room) move(ctx context.Context, tx *db.Tx, scope access.Access, from, to records.Case, docs []Document) error {
	children, err := r.store.enclosures(ctx, tx, scope, from.ID, docs)
	if err != nil {
		return err
	}
	all := slices.Concat(docs, children)
	var moved []string
	for _, d := range all {
		if made(d.Kind) {
			return errs.E(errs.Conflict, "filing.error.stays", d.Name)
		}
		if d.Locked(r.h.Now()) && d.LockedBy != scope.Subject {
			return errs.E(errs.Conflict, "filing.error.locked", d.LockedName)
		}
		if err := r.core.DocumentLeaves(ctx, tx, d.ID); err != nil {
			return err
		}
		if err := r.store.moveTo(ctx, tx, scope, d, to); err != nil {
			return err
		}
		moved = append(moved, d.ID)
		if err := r.log(ctx, tx, d, "filing.moved", map[string]any{"from": from.Reference, "to": to.Reference}); err != nil {
			return err
		}
	}
	for _, c := range []records.Case{from, to} {
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "filing.documents_moved", Authority: c.Authority,
			Object: records.CaseObject(c.ID), Changes: map[string]any{"from": from.Reference, "to": to.Reference, "documents": moved}}); err != nil {
			return err
		}
	}
	return nil
}
