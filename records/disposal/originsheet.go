package disposal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/i18n"
	"rennsteig/standards/xdomea"
)

// originSheet is what the other authority said about a case that the electronic file has no field for: who took part,
// what happened, the course of business, links, fields of their own. file is nil unless the sheet is to say it of the
// file, too, with its parts. It is a page of HTML; "" if there is nothing to say.
func (r *Room) originSheet(h xdomea.Head, file *xdomea.File, c *xdomea.Case) (string, error) {
	d := sheetData{Lang: string(i18n.German), Title: r.german("disposal.origin_sheet"), Facts: []sheetRow{
		{r.german("disposal.import.sender"), contactName(h.Sender)}, {r.german("disposal.process_id"), h.ProcessID}}}
	if file != nil {
		for _, f := range append([]*xdomea.File{file}, parts(file)...) {
			d.Sections = append(d.Sections, r.fileSections(f)...)
		}
	}
	d.Sections = append(d.Sections, r.recordSections(r.german("records.case"), c.General, c.Retention, []sheetRow{
		{r.german("disposal.origin.type"), c.Type}, {r.german("disposal.origin.period"), period(c.Period)}, {r.german("disposal.origin.file"), c.FileSubject},
	}, r.contactRows("contact", c.Contacts), c.History, c.Workflow, c.Links, extensions(c.Extra), c.ExtraXML)...)
	for _, x := range flatten(c.Documents, "") {
		d.Sections = append(d.Sections, r.documentSections(x.Document)...)
	}
	if len(d.Sections) == 0 {
		return "", nil
	}
	var b bytes.Buffer
	err := r.sheets.ExecuteTemplate(&b, "case.html", d)
	return b.String(), err
}

// hashOf is the name of a text in the blob store.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (r *Room) fileSections(f *xdomea.File) []sheetSection {
	return r.recordSections(r.german("records.file"), f.General, f.Retention, []sheetRow{{r.german("disposal.origin.type"), f.Type},
		{r.german("disposal.origin.period"), period(f.Period)}, {r.german("disposal.origin.location"), f.Location},
	}, r.contactRows("contact", f.Contacts), f.History, f.Workflow, f.Links, extensions(f.Extra), f.ExtraXML)
}

func (r *Room) documentSections(d xdomea.Document) []sheetSection {
	facts := []sheetRow{{r.german("disposal.origin.foreign"), d.ForeignReference}, {r.german("disposal.origin.sent"), dayOf(d.Sent)},
		{r.german("disposal.origin.written"), dayOf(d.Written)}, {r.german("disposal.origin.refers"), lines(d.RefersTo, d.Here)},
		{r.german("disposal.origin.clerk"), d.Clerk}}
	return r.recordSections(r.german("records.document"), d.General, xdomea.Retention{}, facts, slices.Concat(r.contactRows("sender", d.Senders),
		r.contactRows("recipient", d.Recipients), r.contactRows("contact", d.Contacts)), d.History, d.Workflow, d.Links, d.Extra, d.ExtraXML...)
}

// recordSections are the sections on one record; none if only its subject is known.
func (r *Room) recordSections(kind string, g xdomea.General, keep xdomea.Retention, facts []sheetRow, contacts []sheetRow, history []xdomea.Change,
	flow *xdomea.Workflow, links []xdomea.Link, extra []xdomea.Extension, other ...xdomea.RawXML) []sheetSection {
	name := strings.TrimSpace(kind + " " + strings.TrimSpace(g.Reference+" "+g.Subject))
	var out []sheetSection
	add := func(key string, rows []sheetRow) {
		rows = slices.DeleteFunc(rows, func(x sheetRow) bool { return x.Value == "" })
		if len(rows) > 0 {
			out = append(out, sheetSection{Title: name + ": " + r.german(key), Rows: rows})
		}
	}
	years := ""
	if n, ok := keep.Keep.Years(); ok {
		years = strconv.Itoa(int(n))
	} else if keep.Keep.IsForever() {
		years = r.german("disposal.origin.forever")
	}
	add("disposal.origin.facts", append([]sheetRow{{r.german("disposal.origin.lead"), g.LeadUnit}, {r.german("disposal.origin.keeping"), g.KeepingUnit},
		{r.german("disposal.origin.remark"), g.Remark}, {r.german("disposal.origin.unit"), strings.TrimSpace(g.Unit.Reference + " " + g.Unit.Description)},
		{r.german("disposal.origin.keep"), years}, {r.german("disposal.origin.until"), dayOf(keep.End)},
		{r.german("disposal.origin.appraisal"), string(keep.Appraisal) + keep.Other}, {r.german("disposal.origin.archive"), keep.ArchiveID}}, facts...))
	add("disposal.origin.contacts", contacts)
	add("disposal.origin.course", r.workflowRows(flow))
	var rows []sheetRow
	for _, x := range history {
		change := ""
		if x.Old != "" || x.New != "" {
			change = x.Old + " → " + x.New
		}
		rows = append(rows, sheetRow{i18n.DateTime(i18n.German, x.At) + ", " + x.Actor, lines(x.Action, x.Field, change, x.Remark)})
	}
	add("disposal.origin.history", rows)
	rows = nil
	for _, x := range links {
		rows = append(rows, sheetRow{r.german("disposal.origin.link"), lines(x.Reference, x.Remark, x.ID)})
	}
	add("disposal.origin.links", rows)
	rows = nil
	for _, e := range extra {
		rows = append(rows, fieldRows(e.Name, e.Groups, e.Fields)...)
	}
	for _, x := range other {
		rows = append(rows, sheetRow{"XML", string(x)})
	}
	add("disposal.origin.fields", rows)
	return out
}

// contactRows are people and offices with the part that they took: "contact", "sender", "recipient".
func (r *Room) contactRows(part string, list []xdomea.Contact) []sheetRow {
	var out []sheetRow
	for _, c := range list {
		out = append(out, sheetRow{cmp.Or(c.Role.Name, r.german("disposal.origin."+part)), contactLines(c)})
	}
	return out
}

// workflowRows are the steps of a Geschäftsgang.
func (r *Room) workflowRows(w *xdomea.Workflow) []sheetRow {
	if w == nil {
		return nil
	}
	var out []sheetRow
	for _, s := range w.Steps {
		ordered := r.german("disposal.course.started", moment(s.Ordered, s.OrderedAt), contactName(s.From))
		due := ""
		if !s.Due.IsZero() {
			due = r.german("disposal.course.due", moment(s.Due, s.DueAt))
		}
		said := []string{s.Note, ordered, due, r.german("disposal.origin.step." + string(knownStatus(s.Status)))}
		if d := s.Done; d != nil {
			said = append(said, moment(d.On, d.At)+", "+contactName(d.By), d.Mark, d.Note)
		}
		out = append(out, sheetRow{s.Number + ". " + strings.Join(slices.DeleteFunc([]string{s.Order, contactName(s.To)}, func(s string) bool { return s == "" }), ", "), lines(said...)})
	}
	return out
}

// knownStatus is the status if the code list has it; else that of a step that is ahead, of which nothing is claimed.
func knownStatus(s xdomea.StepStatus) xdomea.StepStatus {
	if slices.Contains([]xdomea.StepStatus{xdomea.StepAhead, xdomea.StepCurrent, xdomea.StepDone, xdomea.StepSkipped}, s) {
		return s
	}
	return xdomea.StepAhead
}

// moment is a day with the time of day, if it was said.
func moment(day time.Time, clock xdomea.Clock) string {
	return strings.TrimSpace(dayOf(day) + " " + string(clock))
}

// dayOf is a day of xdomea in words.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return i18n.Date(i18n.German, t)
}

func period(p xdomea.Period) string {
	if p.From.IsZero() && p.To.IsZero() {
		return ""
	}
	return dayOf(p.From) + " – " + dayOf(p.To)
}

func extensions(e *xdomea.Extension) []xdomea.Extension {
	if e == nil {
		return nil
	}
	return []xdomea.Extension{*e}
}

// fieldRows are fields that the other authority made up, with those of the groups below.
func fieldRows(name string, groups []xdomea.FieldGroup, fields []xdomea.Field) []sheetRow {
	var out []sheetRow
	for _, f := range fields {
		out = append(out, sheetRow{strings.Trim(name+", "+f.Name, ", "), f.Value})
	}
	for _, g := range groups {
		out = append(out, fieldRows(strings.Trim(name+", "+g.Name, ", "), g.Groups, g.Fields)...)
	}
	return out
}

// contactLines is all that is known of somebody, a line each.
func contactLines(c xdomea.Contact) string {
	list := []string{c.Organisation, c.Unit, strings.Join(strings.Fields(c.Salutation+" "+c.Title+" "+c.GivenName+" "+c.FamilyName), " "), c.Occupation,
		c.Responsibility, dayOf(c.Born)}
	for _, a := range c.Addresses {
		list = append(list, strings.Join(strings.Fields(a.Street+" "+a.Number), " "), a.POBox, strings.Join(strings.Fields(a.Postcode+" "+a.Place), " "), a.More, string(a.Country))
	}
	for _, a := range c.Lines {
		list = append(list, a.Line1, a.Line2, a.Line3, a.Line4, a.Line5, a.Line6, a.More)
	}
	for _, k := range c.Channels {
		list = append(list, strings.TrimSpace(k.Value+" "+k.More))
	}
	return lines(list...)
}
