package records

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/pdf"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

// Incoming is an application that is to become a case.
type Incoming struct {
	Source      string // application id; unique
	Reference   string // what the applicant knows it by
	StatusPath  string // where the applicant sees the state, a path on this site; "" is the start page
	Authority   string // authority id
	LeikaKey    string // 14 digits
	FormID      string
	FormVersion string
	FormTitle   string
	Subject     string // "" takes the form's title
	Applicant   string // name as it shall stand in lists
	Rows        []Row
	JSON        []byte // the answers as sent, filed as they are
	Attachments []Attachment
	Fee         *PaidFee // nil if none was paid beforehand
	SentAt      time.Time
}

// Row is one answer: the group of questions, the question, the answer to read.
type Row struct{ Group, Label, Value string }

// Attachment is an uploaded file that lies in the blob store already.
type Attachment struct {
	Name string
	Hash string // SHA-256
	Size int64  // bytes
	Type string // media type
}

// Form is the form data of a case.
type Form struct {
	ID, Version, Title string
	Rows               []Row
}

const (
	maxJSON      = 4 << 20  // bytes of the answers
	maxDocument  = 32 << 20 // bytes of a document that this room makes
	handleWithin = 28 * 24 * time.Hour
	applicantBy  = "records.by.applicant" // catalogue key of who made a document
	programBy    = "records.by.program"
)

// Receive files an application: opens a file with its first case at the authority, numbered without a gap, with its
// documents. It finishes the job in its own transaction; an application that was filed already is left alone.
func (r *Room) Receive(ctx context.Context, job *queue.Job, in Incoming) (err error) {
	defer errs.Wrap(&err, "Receive(%s)", in.Source)
	answers, err := r.h.Blobs.Put(ctx, bytes.NewReader(in.JSON), maxJSON)
	if err != nil {
		return err
	}
	rows, err := json.Marshal(in.Rows)
	if err != nil {
		return err
	}
	file := func(ctx context.Context, tx *db.Tx) error {
		if _, err := r.store.caseBySource(ctx, tx, access.All, in.Source); !errs.Is(err, errs.NotFound) {
			if err != nil {
				return err
			}
			return job.Done(ctx, tx)
		}
		now := r.h.Now()
		f, err := r.openFile(ctx, tx, in, now)
		if err != nil {
			return err
		}
		c := in.newCase(f, now)
		scope := access.At(in.Authority)
		if err := r.store.insertCase(ctx, tx, scope, c); err != nil {
			return err
		}
		form := formRow{CaseID: c.ID, ID: in.FormID, Version: in.FormVersion, Title: in.FormTitle, Answers: string(rows)}
		if err := r.store.insertForm(ctx, tx, scope, in.Authority, form); err != nil {
			return err
		}
		documents := in.documents(c, Attachment{Name: documentName("Antrag", c.Reference, ".json"), Hash: answers.Hash,
			Size: answers.Size, Type: "application/json"}, now)
		if err := r.store.insertDocuments(ctx, tx, scope, documents); err != nil {
			return err
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.filed", Authority: in.Authority, Object: object(c.ID),
			Changes: map[string]any{"reference": c.Reference, "source": in.Source, "documents": len(documents)},
			Blobs:   hashes(documents)}); err != nil {
			return err
		}
		if err := r.h.Queue.Publish(ctx, tx, TopicFiled, Filed{in.Source, c.ID, c.Reference}); err != nil {
			return err
		}
		if err := r.h.Queue.Publish(ctx, tx, topicRender, renderJob{in.Authority, c.ID}); err != nil {
			return err
		}
		return job.Done(ctx, tx)
	}
	err = r.h.DB.Tx(ctx, file)
	if db.IsUnique(err) { // the same application came twice at the same moment: now the other one is seen
		err = r.h.DB.Tx(ctx, file)
	}
	return err
}

// openFile opens the next file of the unit that the service belongs to.
func (r *Room) openFile(ctx context.Context, tx *db.Tx, in Incoming, now time.Time) (File, error) {
	scope := access.At(in.Authority)
	unit, lead, err := r.unitFor(ctx, tx, in.Authority, in.LeikaKey)
	if err != nil {
		return File{}, err
	}
	f := File{ID: db.NewID(), Authority: in.Authority, Unit: Unit{Code: unit}, Subject: in.caseSubject() + ", " + in.Applicant,
		OpenedAt: now, Lead: lead, Medium: Electronic, Fields: "{}", Version: 1, ChangedAt: now}
	if f.Reference, err = r.number(ctx, tx, in.Authority, unit, lead); err != nil {
		return File{}, err
	}
	return f, r.store.insertFile(ctx, tx, scope, f)
}

func (in Incoming) caseSubject() string {
	if in.Subject != "" {
		return in.Subject
	}
	return in.FormTitle
}

func (in Incoming) newCase(f File, now time.Time) Case {
	received := in.SentAt
	if received.IsZero() {
		received = now
	}
	c := Case{ID: db.NewID(), Authority: in.Authority, FileID: f.ID, Reference: caseReference(f.Reference, false, 1), Number: 1, Org: f.Lead,
		Subject: in.caseSubject(), Source: in.Source, SourceRef: in.Reference, StatusPath: in.StatusPath, LeikaKey: in.LeikaKey,
		Applicant: in.Applicant, State: StateNew, Kind: Application, ReceivedAt: received, DueAt: received.Add(handleWithin),
		ChangedAt: now, Version: 1}
	if c.StatusPath == "" {
		c.StatusPath = "/"
	}
	if in.Fee != nil {
		c.Fee = *in.Fee
	}
	return c
}

func (in Incoming) documents(c Case, answers Attachment, now time.Time) []Document {
	out := []Document{document(c, ApplicationJSON, answers, applicantBy, now)}
	for _, a := range in.Attachments {
		out = append(out, document(c, AttachmentKind, a, applicantBy, now))
	}
	return out
}

func document(c Case, kind Kind, a Attachment, by string, now time.Time) Document {
	return Document{ID: db.NewID(), Authority: c.Authority, FileID: c.FileID, CaseID: c.ID, Kind: kind, Name: SafeName(a.Name), Hash: a.Hash,
		Size: a.Size, MediaType: SafeType(a.Type), CreatedAt: now, CreatedBy: by}
}

// documentName is a file name with the Aktenzeichen in it: "Bescheid 22.31-2026_000017-1.pdf".
func documentName(what, reference, ext string) string {
	return what + " " + strings.ReplaceAll(reference, "/", "_") + ext
}

func hashes(documents []Document) []string {
	out := make([]string, len(documents))
	for i, d := range documents {
		out[i] = d.Hash
	}
	return out
}

// search is what lists find the case by: the Aktenzeichen that it had, too.
func (c Case) search() string {
	return searchText(c.Reference, c.SourceRef, c.Applicant, c.Subject, c.Former)
}

// searchText is what a list is searched in.
func searchText(parts ...string) string { return strings.ToLower(strings.Join(parts, " ")) }

// cut is s with at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// renderApplication files the form data as PDF.
func (r *Room) renderApplication(ctx context.Context, job *queue.Job, body renderJob) (err error) {
	defer errs.Wrap(&err, "renderApplication(%s)", body.Case)
	scope := access.At(body.Authority)
	c, err := r.store.caseByID(ctx, r.h.DB.Reader(), scope, body.Case, "")
	if err != nil {
		return err
	}
	form, err := r.store.form(ctx, r.h.DB.Reader(), scope, body.Case)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pdf.Write(&b, r.applicationPDF(c, form)); err != nil {
		return err
	}
	ref, err := r.h.Blobs.Put(ctx, &b, maxDocument)
	if err != nil {
		return err
	}
	made := []Document{document(c, ApplicationPDF, Attachment{Name: documentName("Antrag", c.Reference, ".pdf"),
		Hash: ref.Hash, Size: ref.Size, Type: "application/pdf"}, programBy, r.h.Now())}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := r.fileMade(ctx, tx, c, "records.application_rendered", made); err != nil {
			return err
		}
		return job.Done(ctx, tx)
	})
}

// fileMade files documents that the program made, unless an earlier delivery of the same job has done it.
func (r *Room) fileMade(ctx context.Context, tx *db.Tx, c Case, action string, made []Document) error {
	n, err := r.store.insertMade(ctx, tx, access.At(c.Authority), made)
	if err != nil || n == 0 {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: c.Authority, Object: object(c.ID),
		Changes: map[string]any{"documents": len(made)}, Blobs: hashes(made)})
}

func (r *Room) applicationPDF(c Case, form Form) pdf.Doc {
	doc := pdf.Doc{Lang: "de", Title: form.Title, Sender: r.h.AuthorityName(c.Authority), Created: c.ReceivedAt, Note: c.Reference,
		Blocks: []pdf.Block{pdf.Rows{
			{r.german("records.reference"), c.Reference},
			{r.german("records.source_reference"), c.SourceRef},
			{r.german("records.applicant"), c.Applicant},
			{r.german("records.received"), germanDateTime(c.ReceivedAt)},
		}}}
	for _, g := range form.Groups() {
		rows := make(pdf.Rows, len(g.Rows))
		for i, row := range g.Rows {
			rows[i] = [2]string{row.Label, row.Value}
		}
		doc.Blocks = append(doc.Blocks, pdf.Heading(g.Title), rows)
	}
	return doc
}

// Group is the answers to one group of questions.
type Group struct {
	Title string
	Rows  []Row
}

// Groups gathers the answers by their group, in the order of the form.
func (f Form) Groups() []Group {
	var out []Group
	for _, row := range f.Rows {
		if n := len(out); n == 0 || out[n-1].Title != row.Group {
			out = append(out, Group{Title: row.Group})
		}
		g := &out[len(out)-1]
		g.Rows = append(g.Rows, row)
	}
	return out
}
