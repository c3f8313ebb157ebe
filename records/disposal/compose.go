package disposal

import (
	"bytes"
	"context"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"rennsteig/platform/i18n"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// composer makes xdomea's records of the files of a package, some at a time.
type composer struct {
	r    *Room
	a    access.Access
	k    Package
	full bool // with documents, stored files and history
}

// How many files are read at once.
const (
	composeBatch     = 400
	composeFullBatch = 20
)

// each calls f with every file of the package in the order of their ids, with the files to be stored with it.
func (c *composer) each(ctx context.Context, f func(*xdomea.File, []stored) error) error {
	batch := composeBatch
	if c.full {
		batch = composeFullBatch
	}
	for after := ""; ; {
		b, err := c.r.store.fileBatch(ctx, c.r.h.DB.Reader(), c.a, c.k.ID, after, batch, c.full)
		if err != nil {
			return err
		}
		for _, row := range b.files {
			file, files, err := c.file(ctx, b, row)
			if err != nil {
				return err
			}
			if err := f(file, files); err != nil {
				return err
			}
			after = row.id
		}
		if len(b.files) < batch {
			return nil
		}
	}
}

// levels are xdomea's codes of confidentiality.
var levels = map[access.Level]xdomea.Confidentiality{access.Open: xdomea.Open, access.Restricted: xdomea.Restricted,
	access.Confidential: xdomea.Confidential, access.Secret: xdomea.Secret, access.TopSecret: xdomea.TopSecret}

// media are xdomea's codes of what a file is kept on.
var media = map[records.Medium]xdomea.Medium{records.Electronic: xdomea.Electronic, records.Hybrid: xdomea.Hybrid, records.Paper: xdomea.Paper}

// file makes the record of a file, with the archive's metadata complete: in an offer what is B is proposed as A, so
// that nothing is lost by silence.
func (c *composer) file(ctx context.Context, b batch, row fileRow) (*xdomea.File, []stored, error) {
	f := &xdomea.File{ID: row.id, Closed: true, ClosedOn: day(row.closed), Location: row.location,
		Period: xdomea.Period{From: day(row.opened), To: day(row.closed)},
		General: xdomea.General{Subject: row.subject, Reference: row.reference, LeadUnit: row.lead, Confidentiality: levels[row.level],
			Medium: media[row.medium], Unit: xdomea.UnitRef{Reference: row.unit, Description: row.unitTitle}},
		Retention: xdomea.Retention{Keep: xdomea.Forever(), Appraisal: xdomea.Appraisal(row.proposal), Proposal: xdomea.ProposeArchive}}
	if row.retention >= 0 && row.retention <= 1<<16-1 {
		f.Retention.Keep, f.Retention.End = xdomea.Years(uint16(row.retention)), day(row.until)
	}
	if row.proposal == string(records.Destroy) {
		f.Retention.Proposal = xdomea.ProposeDestroy
	}
	if row.decision != "" {
		f.Retention.Appraisal = xdomea.Appraisal(row.decision)
	}
	if row.keywords != "" {
		f.General.Remark = strings.ReplaceAll(row.keywords, "\n", ", ")
	}
	if c.full {
		var err error
		if f.History, err = c.history(ctx, records.FileObject(row.id)); err != nil {
			return nil, nil, err
		}
	}
	children := map[string][]caseRow{} // by the id of part or case that they lie in
	here := map[string]bool{}
	for _, k := range b.cases[row.id] {
		here[k.id] = true
	}
	for _, k := range b.cases[row.id] {
		where := k.part
		if here[k.parent] {
			where = k.parent
		}
		children[where] = append(children[where], k)
	}
	var files []stored
	add := func(in string) ([]xdomea.Case, error) { return c.cases(ctx, b, row, children, in, &files) }
	var err error
	if f.Cases, err = add(""); err != nil {
		return nil, nil, err
	}
	for _, part := range b.parts[row.id] {
		x := xdomea.File{ID: part.id, Number: uint32(part.number), General: xdomea.General{Subject: part.subject}, Closed: true, //nolint:gosec // small
			Period: xdomea.Period{From: day(part.opened), To: day(part.closed)}}
		if x.Cases, err = add(part.id); err != nil {
			return nil, nil, err
		}
		f.Parts = append(f.Parts, x)
	}
	return f, files, nil
}

// cases makes the records of the cases in a part or a case.
func (c *composer) cases(ctx context.Context, b batch, file fileRow, children map[string][]caseRow, in string, files *[]stored) ([]xdomea.Case, error) {
	var out []xdomea.Case
	for _, row := range children[in] {
		k := xdomea.Case{ID: row.id, Closed: true, ClosedOn: day(row.closed), Type: c.r.german("disposal.case_kind." + row.kind), FileSubject: file.subject,
			General: xdomea.General{Subject: row.subject, Reference: row.reference, Confidentiality: levels[max(row.level, file.level)], Medium: media[file.medium]},
			Period:  xdomea.Period{From: day(row.received), To: day(row.closed)}}
		if c.full {
			if row.applicant != "" {
				k.Contacts = []xdomea.Contact{{FamilyName: row.applicant}}
			}
			var err error
			if k.History, err = c.history(ctx, records.CaseObject(row.id)); err != nil {
				return nil, err
			}
			course, err := c.r.course(ctx, c.a, row.id)
			if err != nil {
				return nil, err
			}
			flows := c.r.workflows(course, row.id, b.documents[row.id])
			k.Workflow = flows[""]
			k.Documents = c.documents(b.documents[row.id], "", flows, files)
			if err := c.address(ctx, row.id, k.Documents); err != nil {
				return nil, err
			}
			if err := c.sheet(ctx, row, course, &k, files); err != nil {
				return nil, err
			}
		}
		var err error
		if k.SubCases, err = c.cases(ctx, b, file, children, row.id, files); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// documents makes the records of the documents that came with the parent; "" is those that came by themselves.
func (c *composer) documents(rows []documentRow, parent string, flows map[string]*xdomea.Workflow, files *[]stored) []xdomea.Document {
	here := map[string]bool{}
	for _, d := range rows {
		here[d.id] = true
	}
	var out []xdomea.Document
	for _, row := range rows {
		if row.parent != parent && (parent != "" || here[row.parent]) || row.id == row.parent {
			continue
		}
		subject := row.subject
		if subject == "" {
			subject = row.name
		}
		d := xdomea.Document{ID: row.id, General: xdomea.General{Subject: subject}, Type: c.r.kindName(row.kind), Received: day(row.created),
			Workflow: flows[row.id]}
		for _, v := range row.versions {
			format, other := xdomea.FormatOf(path.Ext(v.name))
			name := xdomea.FileName(derivedID(row.id, v.number), strings.TrimSuffix(v.name, path.Ext(v.name)), path.Ext(v.name))
			*files = append(*files, stored{name: name, hash: v.hash})
			d.Versions = append(d.Versions, xdomea.Version{Label: strconv.FormatInt(v.number, 10), Formats: []xdomea.Format{{Format: format,
				OtherName: other, Version: c.r.german("disposal.format_version"), FileName: name, OriginalName: v.name, Author: c.r.person(v.by), Created: v.created}}})
		}
		for _, x := range c.documents(rows, row.id, flows, files) {
			d.Attachments = append(d.Attachments, xdomea.Attachment{Document: x})
		}
		out = append(out, d)
	}
	return out
}

// address says of the messages among a case's documents who wrote to whom.
func (c *composer) address(ctx context.Context, caseID string, documents []xdomea.Document) error {
	if c.r.Messages == nil {
		return nil
	}
	people, err := c.r.Messages.Correspondents(ctx, c.r.h.DB.Reader(), c.a, caseID)
	if err != nil {
		return err
	}
	contacts := func(line string) []xdomea.Contact {
		if line == "" {
			return nil
		}
		return []xdomea.Contact{{FamilyName: line}}
	}
	for i := range documents { // messages come by themselves, their attachments with them
		p := people[documents[i].ID]
		documents[i].Senders, documents[i].Recipients, documents[i].Contacts = contacts(p[0]), contacts(p[1]), contacts(p[2])
	}
	return nil
}

// derivedID is the UUID of a version's file in a package: the same each time.
func derivedID(document string, number int64) string {
	return uuid.NewSHA1(uuid.MustParse(document), []byte("version "+strconv.FormatInt(number, 10))).String()
}

// kindName is what the kind of a document is called.
func (r *Room) kindName(kind string) string {
	if key := "records.kind." + kind; r.h.Site.Texts.Has(i18n.German, key) {
		return r.german(key)
	}
	return kind
}

// person is the name of who did something; for the applicant and the program it is stored as a catalogue key.
func (r *Room) person(name string) string {
	if r.h.Site.Texts.Has(i18n.German, name) {
		return r.german(name)
	}
	return name
}

// day is the day in Berlin, as xdomea's dates are written.
func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(i18n.Berlin)
}

// maxHistory is how many entries of the log go with a record: the newest.
const maxHistory = 500

// history is what the log says about a record, the oldest first.
func (c *composer) history(ctx context.Context, object string) ([]xdomea.Change, error) {
	entries, err := c.r.h.Audit.History(ctx, object, maxHistory)
	if err != nil {
		return nil, err
	}
	out := make([]xdomea.Change, 0, len(entries))
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.Time.After(c.k.At) { // what happens to the package itself is not yet in it, so that it is the same each time
			continue
		}
		action := e.Action
		if key := "audit.action." + action; c.r.h.Site.Texts.Has(i18n.German, key) {
			action = c.r.german(key)
		}
		actor := e.ActorName
		if actor == "" {
			actor = e.Actor
		}
		out = append(out, xdomea.Change{Action: action, Actor: actor, At: e.Time})
	}
	return out, nil
}

// sheet adds what is in a case without being a document: answers, notes, questions, the decision, the course of business
// (Vorgangsblatt).
func (c *composer) sheet(ctx context.Context, row caseRow, course Course, k *xdomea.Case, files *[]stored) error {
	data, some, err := c.r.caseSheet(ctx, c.a, row, course)
	if err != nil || !some {
		return err
	}
	var b bytes.Buffer
	if err := c.r.sheets.ExecuteTemplate(&b, "case.html", data); err != nil {
		return err
	}
	id := uuid.NewSHA1(uuid.MustParse(row.id), []byte("sheet")).String()
	title := c.r.german("disposal.sheet")
	name := xdomea.FileName(derivedID(id, 1), title, "html")
	*files = append(*files, stored{name: name, sheet: b.String()})
	format, other := xdomea.FormatOf("html")
	k.Documents = append(k.Documents, xdomea.Document{ID: id, General: xdomea.General{Subject: title}, Type: title, Versions: []xdomea.Version{{
		Label: "1", Formats: []xdomea.Format{{Format: format, OtherName: other, Version: "5", FileName: name, OriginalName: title + ".html", Created: c.k.At}}}}})
	return nil
}

// sheetData is what a sheet shows; the labels are German, the official language.
type sheetData struct {
	Lang     string
	Title    string
	Facts    []sheetRow
	Sections []sheetSection
}

type sheetRow struct{ Label, Value string }

type sheetSection struct {
	Title string
	Rows  []sheetRow
}

// caseSheet reads what is in a case without being a document, and whether there is anything.
func (r *Room) caseSheet(ctx context.Context, a access.Access, row caseRow, course Course) (sheetData, bool, error) {
	content, err := r.store.caseContent(ctx, r.h.DB.Reader(), a, row.id)
	if err != nil {
		return sheetData{}, false, err
	}
	d := sheetData{Lang: string(i18n.German), Title: row.reference + " " + row.subject, Facts: []sheetRow{
		{r.german("records.applicant"), row.applicant}, {r.german("records.received"), i18n.DateTime(i18n.German, row.received)}}}
	for _, s := range content {
		section := sheetSection{Title: r.german("disposal.sheet." + s.kind)}
		for _, x := range s.rows {
			label := x.label
			if s.kind != "answers" {
				label = i18n.DateTime(i18n.German, x.at) + ", " + r.person(x.by)
			}
			section.Rows = append(section.Rows, sheetRow{label, x.text})
		}
		d.Sections = append(d.Sections, section)
	}
	d.Sections = append(d.Sections, r.courseSections(course)...)
	return d, len(d.Sections) > 0, nil
}
