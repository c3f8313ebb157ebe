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
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Person is about whom somebody asks what the electronic file says (Art. 15 GDPR).
type Person struct {
	Authority string
	Words     string // name, applicant, subject: all of them must be found
	Citizen   string // account of the applicant; "" if it is not known
}

// Hit is a case, or a document, in which a person was found.
type Hit struct {
	Kind      string // "case", "document"
	ID        string
	Reference string // Aktenzeichen of the case
	Subject   string
	Applicant string
	At        time.Time
	Places    []string // where: "case", "answers", "note", "question", "decision", "account"
}

const (
	maxHits   = 200
	minLetter = 3 // of the words together: fewer are found everywhere
)

// Find looks for a person in the cases and documents of an authority whose records the caller keeps, as far as the
// caller may read them. more reports that there are more hits than are shown.
func (r *Room) Find(ctx context.Context, p Person) (hits []Hit, more bool, err error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return nil, false, err
	}
	if !a.Registrar(p.Authority) {
		return nil, false, notFound()
	}
	p.Words = web.Query(p.Words)
	if len([]rune(p.Words)) < minLetter && p.Citizen == "" {
		return nil, false, errs.InvalidFields([]errs.Field{{Name: "name", Key: "disposal.error.person"}})
	}
	places := map[string][]string{} // by case
	add := func(place string, ids []string, err error) error {
		more = more || len(ids) > maxHits
		for _, id := range ids {
			places[id] = append(places[id], place)
		}
		return err
	}
	if p.Citizen != "" && r.Applicants != nil {
		sources, err := r.Applicants.Applications(ctx, p.Citizen)
		if err != nil {
			return nil, false, err
		}
		ids, err := r.store.casesOfSources(ctx, q, a, p.Authority, sources)
		if err := add("account", ids, err); err != nil {
			return nil, false, err
		}
	}
	var documents []Hit
	if p.Words != "" {
		for _, place := range personPlaces {
			ids, err := r.store.casesWith(ctx, q, a, p, place)
			if err := add(place.name, ids, err); err != nil {
				return nil, false, err
			}
		}
		if documents, err = r.store.documentsWith(ctx, q, a, p); err != nil {
			return nil, false, err
		}
		more = more || len(documents) > maxHits
	}
	ids := make([]string, 0, len(places))
	for id := range places {
		ids = append(ids, id)
	}
	if hits, err = r.store.hits(ctx, q, a, ids); err != nil {
		return nil, false, err
	}
	for i := range hits {
		hits[i].Places = places[hits[i].ID]
	}
	hits = append(hits, documents...)
	slices.SortStableFunc(hits, func(x, y Hit) int { return y.At.Compare(x.At) })
	if len(hits) > maxHits {
		hits, more = hits[:maxHits], true
	}
	return hits, more, r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.person_searched", Authority: p.Authority,
			Object: "authority:" + p.Authority, Changes: map[string]any{"hits": len(hits)}})
	})
}

// Disclosure is what is handed to a person: cases whole, and single documents.
type Disclosure struct {
	ID        string
	Authority string
	cases     []caseRow
	documents []documentRow // with their case
	place     string        // name of the authority
	words     string
	at        time.Time
	by        string
}

// Disclose gathers what was chosen ("case:ID", "document:ID") for a person and writes the log, for the whole and for each
// case. errs.NotFound if one of them is not for the caller.
func (r *Room) Disclose(ctx context.Context, p Person, chosen []string) (d Disclosure, err error) {
	if len(chosen) == 0 {
		return d, errs.E(errs.Invalid, "disposal.error.nothing_chosen")
	}
	if len(chosen) > maxHits {
		return d, errs.E(errs.Invalid, "disposal.error.too_many", maxHits)
	}
	d = Disclosure{ID: db.NewID(), Authority: p.Authority, place: r.h.AuthorityName(p.Authority), words: web.Query(p.Words), at: r.h.Now(), by: identity.From(ctx).Name}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		if !a.Registrar(p.Authority) {
			return notFound()
		}
		d.cases, d.documents = nil, nil
		for _, c := range chosen {
			kind, id, _ := strings.Cut(c, ":")
			object := records.CaseObject(id)
			switch kind {
			case "case":
				row, err := r.store.caseToDisclose(ctx, tx, a, p.Authority, web.ID(id))
				if err != nil {
					return err
				}
				d.cases = append(d.cases, row)
			case "document":
				row, err := r.store.documentToDisclose(ctx, tx, a, p.Authority, web.ID(id))
				if err != nil {
					return err
				}
				d.documents = append(d.documents, row)
				object = records.DocumentObject(id)
			default:
				return notFound()
			}
			if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.disclosed", Authority: p.Authority, Object: object,
				Changes: map[string]any{"disclosure": d.ID}}); err != nil {
				return err
			}
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.disclosed", Authority: p.Authority, Object: "disclosure:" + d.ID,
			Changes: map[string]any{"cases": len(d.cases), "documents": len(d.documents)}})
	})
	return d, err
}

// The index of a disclosure, as JSON. The names are an interface: people take them elsewhere (Art. 20 GDPR).
type disclosureIndex struct {
	Authority string               `json:"authority"`
	Person    string               `json:"person"`
	At        string               `json:"at"` // RFC 3339
	By        string               `json:"by"`
	Cases     []disclosureCase     `json:"cases"`
	Documents []disclosureDocument `json:"documents"` // of other cases
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

type disclosureDocument struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	At     string `json:"at"`
	File   string `json:"file"` // in the ZIP
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Write writes a disclosure as a ZIP: index.json, index.html and the documents as their newest versions are.
func (r *Room) Write(ctx context.Context, w io.Writer, d Disclosure) error {
	z := zip.NewWriter(w)
	index := disclosureIndex{Authority: d.place, Person: d.words, At: d.at.Format(time.RFC3339), By: d.by, Cases: []disclosureCase{}, Documents: []disclosureDocument{}}
	a := access.At(d.Authority) // the caller's own reach was asked when it was gathered
	number := 0
	add := func(rows []documentRow) ([]disclosureDocument, error) {
		out := []disclosureDocument{}
		for _, x := range rows {
			number++
			doc, err := r.addDocument(ctx, z, x, number)
			if err != nil {
				return nil, err
			}
			out = append(out, doc)
		}
		return out, nil
	}
	for _, row := range d.cases {
		c := disclosureCase{Reference: row.reference, Subject: row.subject, Applicant: row.applicant, Received: i18n.ISODate(row.received), Closed: i18n.ISODate(row.closed),
			Content: []disclosureContent{}}
		sections, err := r.store.caseContent(ctx, r.h.DB.Reader(), a, row.id)
		if err != nil {
			return err
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
			return err
		}
		for _, s := range r.courseSections(course) {
			for _, x := range s.Rows {
				c.Content = append(c.Content, disclosureContent{"course", s.Title + ", " + x.Label, x.Value})
			}
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

// addDocument adds the newest version of a document.
func (r *Room) addDocument(ctx context.Context, z *zip.Writer, x documentRow, number int) (d disclosureDocument, err error) {
	v := x.versions[len(x.versions)-1]
	ext := path.Ext(v.name)
	d = disclosureDocument{Name: v.name, Kind: r.kindName(x.kind), At: i18n.ISODate(v.created), Size: v.size, SHA256: v.hash,
		File: "dokumente/" + leadingZeros(number) + "_" + plainName(strings.TrimSuffix(v.name, ext)) + ext}
	content, err := r.h.Blobs.Open(ctx, v.hash)
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

// personSheet is the index as a page to read: the sheet of a case, with one section for each case.
func (r *Room) personSheet(index disclosureIndex) sheetData {
	d := sheetData{Lang: string(i18n.German), Title: r.german("disposal.person_title", index.Authority), Facts: []sheetRow{
		{r.german("disposal.person.words"), index.Person}, {r.german("disposal.person.at"), index.At}}}
	for _, c := range index.Cases {
		s := sheetSection{Title: c.Reference + " " + c.Subject, Rows: []sheetRow{{r.german("records.applicant"), c.Applicant}, {r.german("records.received"), c.Received}}}
		for _, x := range c.Content {
			s.Rows = append(s.Rows, sheetRow{r.german("disposal.sheet."+x.Kind) + ": " + x.Label, x.Text})
		}
		for _, x := range c.Documents {
			s.Rows = append(s.Rows, sheetRow{x.Kind, x.Name + " (" + x.File + ")"})
		}
		d.Sections = append(d.Sections, s)
	}
	if len(index.Documents) > 0 {
		s := sheetSection{Title: r.german("records.documents")}
		for _, x := range index.Documents {
			s.Rows = append(s.Rows, sheetRow{x.Kind, x.Name + " (" + x.File + ")"})
		}
		d.Sections = append(d.Sections, s)
	}
	return d
}
