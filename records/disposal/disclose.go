package disposal

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Disclosure is what is handed to a person: cases whole, single documents, and what single rows of other places say.
type Disclosure struct {
	ID        string // of the search
	Authority string
	cases     []caseRow
	documents []documentRow // of other cases
	texts     []textRow
	place     string // name of the authority
	person    Person
	at        time.Time
	by        string
}

type textRow struct {
	place, reference, subject, text string
	at                              time.Time
	stored                          []storedFile
}

type storedFile struct {
	name, hash string
	size       int64
}

// Disclose gathers what was chosen of a search and writes one entry to the log, and one for each file, case or document
// whose reading is logged. errs.Invalid if nothing was chosen that the caller may read.
func (r *Room) Disclose(ctx context.Context, id string) (d Disclosure, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		s, err := r.store.search(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if s.Ended.IsZero() {
			return errs.E(errs.Conflict, "disposal.error.searching")
		}
		p := s.Person
		d = Disclosure{ID: id, Authority: p.Authority, place: r.h.AuthorityName(p.Authority), person: p, at: r.h.Now(), by: identity.From(ctx).Name}
		hits, err := r.store.chosen(ctx, tx, a, id)
		if err != nil {
			return err
		}
		heads, err := r.headings(ctx, tx, a, hits)
		if err != nil {
			return err
		}
		var cases, documents []string
		for _, h := range hits {
			switch {
			case h.place == placeWhole, h.place == placeAccount:
				cases = append(cases, h.caseID)
			case h.document != "":
				documents = append(documents, h.document)
			}
		}
		slices.Sort(cases)
		cases = slices.Compact(cases)
		if d.cases, err = r.store.casesToDisclose(ctx, tx, a, p.Authority, cases); err != nil {
			return err
		}
		slices.Sort(documents)
		if d.documents, err = r.store.documentsToDisclose(ctx, tx, a, p.Authority, slices.Compact(documents)); err != nil {
			return err
		}
		d.documents = slices.DeleteFunc(d.documents, func(x documentRow) bool { return slices.Contains(cases, x.caseID) })
		if d.texts, err = r.textsToDisclose(ctx, tx, s, hits, heads); err != nil {
			return err
		}
		if len(d.cases)+len(d.documents)+len(d.texts) == 0 {
			return errs.E(errs.Invalid, "disposal.error.nothing_chosen")
		}
		if err := r.noteDisclosed(ctx, tx, p.Authority, hits, heads); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.disclosed", Authority: p.Authority, Object: searchObject(id),
			Changes: map[string]any{"cases": len(d.cases), "documents": len(d.documents), "texts": len(d.texts)}})
	})
	return d, err
}

// textsToDisclose are what the chosen rows say, in the order of the hits; the content of documents goes along as a file.
func (r *Room) textsToDisclose(ctx context.Context, tx *db.Tx, s Search, hits []hit, heads map[string]heading) (out []textRow, err error) {
	places := map[string]PersonPlace{}
	for _, p := range r.places() {
		places[p.Name] = p
	}
	texts, err := r.texts(ctx, tx, s, hits)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		place := places[h.place]
		x, there := texts[h.sort]
		if !there || place.Read != nil {
			continue
		}
		head := heads[h.caseID]
		if h.caseID == "" {
			head = heads[h.file]
		}
		t := textRow{place: r.german(place.Name), reference: head.reference, subject: head.subject, text: x.text, at: x.at}
		if place.Stored != "" {
			if t.stored, err = r.store.storedOf(ctx, tx, access.At(s.Person.Authority), place, h.row); err != nil {
				return nil, err
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// noteDisclosed logs the reading of what is confidential.
func (r *Room) noteDisclosed(ctx context.Context, tx *db.Tx, authority string, hits []hit, heads map[string]heading) error {
	noted := map[string]bool{}
	for _, h := range hits {
		level, object := max(heads[h.file].level, heads[h.caseID].level), records.FileObject(h.file)
		switch {
		case h.document != "":
			object = records.DocumentObject(h.document)
		case h.caseID != "":
			object = records.CaseObject(h.caseID)
		}
		if !level.Sensitive() || noted[object] {
			continue
		}
		noted[object] = true
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.read", Authority: authority, Object: object,
			Changes: map[string]any{"level": int64(level)}}); err != nil {
			return err
		}
	}
	return nil
}

// The index of a disclosure, as JSON. The names are an interface: people take them elsewhere (Art. 20 GDPR).
type disclosureIndex struct {
	Authority string               `json:"authority"`
	Person    string               `json:"person"`
	At        string               `json:"at"` // RFC 3339
	By        string               `json:"by"`
	Cases     []disclosureCase     `json:"cases"`
	Documents []disclosureDocument `json:"documents"` // of other cases
	Texts     []disclosureText     `json:"texts"`     // single places that name the person
}

type disclosureCase struct {
	Reference string               `json:"reference"`
	Subject   string               `json:"subject"`
	Applicant string               `json:"applicant"`
	Received  string               `json:"received"`
	Closed    string               `json:"closed,omitempty"`
	Content   []disclosureContent  `json:"content"`
	Documents []disclosureDocument `json:"documents"`
}

type disclosureContent struct {
	Kind  string `json:"kind"` // answers, notes, questions, replies, decision, course
	Label string `json:"label"`
	Text  string `json:"text"`
}

type disclosureText struct {
	Place     string               `json:"place"`
	Reference string               `json:"reference,omitempty"`
	Subject   string               `json:"subject,omitempty"`
	At        string               `json:"at,omitempty"`
	Text      string               `json:"text"`
	Documents []disclosureDocument `json:"documents,omitempty"`
}

type disclosureDocument struct {
	Name   string `json:"name"`
	Kind   string `json:"kind,omitempty"`
	At     string `json:"at,omitempty"`
	File   string `json:"file"` // in the ZIP
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Write writes a disclosure as a ZIP: index.json, index.html and the documents as their newest versions are.
func (r *Room) Write(ctx context.Context, w io.Writer, d Disclosure) error {
	z := zip.NewWriter(w)
	index := disclosureIndex{Authority: d.place, Person: d.person.String(), At: d.at.Format(time.RFC3339), By: d.by, Cases: []disclosureCase{},
		Documents: []disclosureDocument{}, Texts: []disclosureText{}}
	a := access.At(d.Authority) // the caller's own reach was asked when it was gathered
	number := 0
	stored := func(f storedFile) (disclosureDocument, error) {
		number++
		return r.addFile(ctx, z, f, number)
	}
	add := func(rows []documentRow) ([]disclosureDocument, error) {
		out := []disclosureDocument{}
		for _, x := range rows {
			v := x.versions[len(x.versions)-1]
			doc, err := stored(storedFile{v.name, v.hash, v.size})
			if err != nil {
				return nil, err
			}
			doc.Kind, doc.At = r.kindName(x.kind), i18n.ISODate(v.created)
			out = append(out, doc)
		}
		return out, nil
	}
	for _, row := range d.cases {
		c, err := r.caseToWrite(ctx, a, row)
		if err != nil {
			return err
		}
		documents, err := r.store.documentsOf(ctx, r.h.DB.Reader(), a, row.id)
		if err != nil {
			return err
		}
		if c.Documents, err = add(documents); err != nil {
			return err
		}
		index.Cases = append(index.Cases, c)
	}
	var err error
	if index.Documents, err = add(d.documents); err != nil {
		return err
	}
	for _, x := range d.texts {
		t := disclosureText{Place: x.place, Reference: x.reference, Subject: x.subject, At: i18n.ISODate(x.at), Text: x.text}
		for _, f := range x.stored {
			doc, err := stored(f)
			if err != nil {
				return err
			}
			t.Documents = append(t.Documents, doc)
		}
		index.Texts = append(index.Texts, t)
	}
	f, err := z.Create("index.json")
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	if err := enc.Encode(index); err != nil {
		return err
	}
	if f, err = z.Create("index.html"); err != nil {
		return err
	}
	if err := r.sheets.ExecuteTemplate(f, "person.html", r.personSheet(index)); err != nil {
		return err
	}
	return z.Close()
}

// caseToWrite is a case with all that is said in it, without its documents.
func (r *Room) caseToWrite(ctx context.Context, a access.Access, row caseRow) (disclosureCase, error) {
	c := disclosureCase{Reference: row.reference, Subject: row.subject, Applicant: row.applicant, Received: i18n.ISODate(row.received), Closed: i18n.ISODate(row.closed),
		Content: []disclosureContent{}}
	sections, err := r.store.caseContent(ctx, r.h.DB.Reader(), a, row.id)
	if err != nil {
		return c, err
	}
	for _, s := range sections {
		for _, x := range s.rows {
			label := x.label
			if label == "" {
				label = r.person(x.by) + ", " + i18n.DateTime(i18n.German, x.at)
			}
			c.Content = append(c.Content, disclosureContent{s.kind, label, x.text})
		}
	}
	course, err := r.course(ctx, a, row.id)
	if err != nil {
		return c, err
	}
	for _, s := range r.courseSections(course) {
		for _, x := range s.Rows {
			c.Content = append(c.Content, disclosureContent{"course", s.Title + ", " + x.Label, x.Value})
		}
	}
	return c, nil
}

// String is what was looked for, in one line.
func (p Person) String() string {
	born, _ := time.Parse(time.DateOnly, p.Born)
	parts := []string{p.Name, "", p.Address, p.Mail, p.Citizen}
	if !born.IsZero() {
		parts[1] = "* " + born.Format("02.01.2006")
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// addFile adds a stored file.
func (r *Room) addFile(ctx context.Context, z *zip.Writer, s storedFile, number int) (d disclosureDocument, err error) {
	ext := path.Ext(s.name)
	d = disclosureDocument{Name: s.name, Size: s.size, SHA256: s.hash,
		File: "dokumente/" + leadingZeros(number) + "_" + plainName(strings.TrimSuffix(s.name, ext)) + plainName(ext)}
	content, err := r.h.Blobs.Open(ctx, s.hash)
	if err != nil {
		return d, err
	}
	defer content.Close()
	f, err := z.CreateHeader(&zip.FileHeader{Name: d.File, Method: zip.Store})
	if err != nil {
		return d, err
	}
	_, err = io.Copy(f, content)
	return d, err
}

func leadingZeros(n int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, 4-len(s))) + s
}

// plainName is a name of letters, digits, '-' and '_'.
func plainName(s string) string {
	return cut(strings.Map(func(c rune) rune {
		if strings.ContainsRune(`/\:*?"<>|%;`, c) || c <= ' ' {
			return '_'
		}
		return c
	}, s), 80)
}

// personSheet is the index as a page to read: one section for each case, one for single documents, one for single places.
func (r *Room) personSheet(index disclosureIndex) sheetData {
	d := sheetData{Lang: string(i18n.German), Title: r.german("disposal.person_title", index.Authority), Facts: []sheetRow{
		{r.german("disposal.person.words"), index.Person}, {r.german("disposal.person.at"), germanDay(index.At)}, {r.german("disposal.by"), index.By}}}
	documents := func(list []disclosureDocument) (rows []sheetRow) {
		for _, x := range list {
			label := x.Kind
			if label == "" {
				label = r.german("disposal.scope.document")
			}
			rows = append(rows, sheetRow{label, x.Name + " (" + x.File + ")"})
		}
		return rows
	}
	for _, c := range index.Cases {
		s := sheetSection{Title: c.Reference + " " + c.Subject, Rows: []sheetRow{{r.german("records.applicant"), c.Applicant}, {r.german("records.received"), germanDay(c.Received)}}}
		for _, x := range c.Content {
			s.Rows = append(s.Rows, sheetRow{r.german("disposal.sheet."+x.Kind) + ": " + x.Label, x.Text})
		}
		s.Rows = append(s.Rows, documents(c.Documents)...)
		d.Sections = append(d.Sections, s)
	}
	if len(index.Documents) > 0 {
		d.Sections = append(d.Sections, sheetSection{Title: r.german("records.documents"), Rows: documents(index.Documents)})
	}
	if len(index.Texts) > 0 {
		s := sheetSection{Title: r.german("disposal.person.single")}
		for _, x := range index.Texts {
			label := x.Place
			if x.Reference != "" {
				label += ", " + x.Reference + " " + x.Subject
			}
			if x.At != "" {
				label += ", " + germanDay(x.At)
			}
			s.Rows = append(append(s.Rows, sheetRow{label, x.Text}), documents(x.Documents)...)
		}
		d.Sections = append(d.Sections, s)
	}
	return d
}

// germanDay is a day of the index as people read it.
func germanDay(iso string) string {
	day, err := time.Parse(time.DateOnly, iso[:min(len(iso), len(time.DateOnly))])
	if err != nil {
		return iso
	}
	return day.Format("02.01.2006")
}
