package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
)

// Parcel is all that the electronic file needs of an application. Its texts are German, the language of the office.
type Parcel struct {
	Application   string
	Reference     string
	Authority     string // authority id
	LeikaKey      string
	Form          string
	FormVersion   int
	Title         string // of the form
	Subject       string // of the case, by the form's template: "Hundesteuer Muster"
	Applicant     string
	Rows          []Row  // answers in the order of the form
	Answers       []byte // JSON, see answersFile
	Attachments   []Attachment
	Fee           money.Cents // paid before; 0 if none
	Kassenzeichen string
	PaidAt        time.Time
	SentAt        time.Time
}

// Row is one answer as people read it.
type Row struct{ Group, Label, Value string }

// Attachment is a file in the blob store.
type Attachment struct {
	Name, Hash string // SHA-256
	Size       int64  // bytes
	MediaType  string
}

// Answer is the applicant's answer to a question of the office.
type Answer struct {
	Application string
	Question    string // Question.ID
	Text        string
	Attachments []Attachment
	At          time.Time
}

// answersFile is the form data as it goes into the file: stable names and order, files by their names.
type answersFile struct {
	Form        string          `json:"form"`
	Version     int             `json:"version"`
	LeikaKey    string          `json:"leikaKey"`
	Reference   string          `json:"reference"`
	Authority   string          `json:"authority"`
	RegionalKey string          `json:"regionalKey"` // ARS
	SentAt      string          `json:"sentAt"`      // RFC 3339, UTC
	Answers     json.RawMessage `json:"answers"`
}

// Parcel reads a sent application for the electronic file. For the program only.
func (r *Room) Parcel(ctx context.Context, applicationID string) (Parcel, error) {
	if err := asSystem(ctx); err != nil {
		return Parcel{}, err
	}
	q := r.h.DB.Reader()
	a, err := byID(ctx, q, applicationID, "")
	if err != nil {
		return Parcel{}, err
	}
	if a.state == Draft {
		return Parcel{}, notFound()
	}
	d, err := r.definition(a)
	if err != nil {
		return Parcel{}, err
	}
	files, err := attachments(ctx, q, a.authority, a.id)
	if err != nil {
		return Parcel{}, err
	}
	body, err := answersJSON(d, a, files)
	if err != nil {
		return Parcel{}, err
	}
	p := Parcel{
		Application: a.id, Reference: string(a.reference), Authority: a.authority, LeikaKey: a.leika,
		Form: a.form, FormVersion: a.version, Title: d.Title.DE, Subject: form.Fill(d.Subject, a.answers),
		Applicant: form.Fill(d.Applicant, a.answers), Answers: body, Attachments: exported(files, ""), SentAt: a.sent,
	}
	for _, section := range r.sections(i18n.German, d, a.answers, files, a.sent) {
		for _, row := range section.rows {
			if row.value != "" {
				p.Rows = append(p.Rows, Row{section.title, row.field.Label.DE, row.value})
			}
		}
	}
	if !a.feePaid.IsZero() {
		p.Fee, p.Kassenzeichen, p.PaidAt = a.fee, a.kassenzeichen, a.feePaid
	}
	return p, nil
}

// Answer reads an answer for the electronic file. For the program only.
func (r *Room) Answer(ctx context.Context, messageID string) (Answer, error) {
	if err := asSystem(ctx); err != nil {
		return Answer{}, err
	}
	q := r.h.DB.Reader()
	id, err := applicationOfMessage(ctx, q, messageID)
	if err != nil {
		return Answer{}, err
	}
	a, err := byID(ctx, q, id, "")
	if err != nil {
		return Answer{}, err
	}
	list, err := messages(ctx, q, a.authority, a.id)
	if err != nil {
		return Answer{}, err
	}
	files, err := attachments(ctx, q, a.authority, a.id)
	if err != nil {
		return Answer{}, err
	}
	for _, m := range list {
		if m.id == messageID && m.kind == kindAnswer {
			return Answer{Application: a.id, Question: m.question, Text: m.body, Attachments: exported(files, m.id), At: m.created}, nil
		}
	}
	return Answer{}, notFound()
}

func exported(files []attachment, message string) []Attachment {
	var out []Attachment
	for _, f := range files {
		if f.message == message {
			out = append(out, Attachment{f.name, f.hash, f.size, f.mediaType})
		}
	}
	return out
}

func answersJSON(d *form.Definition, a *application, files []attachment) ([]byte, error) {
	named := form.Answers{}
	for id, values := range a.answers {
		if f := d.Field(id); f != nil && f.Kind == form.File {
			values = fileNames(files, id)
		}
		named[id] = values
	}
	raw, err := d.JSON(named)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(answersFile{a.form, a.version, a.leika, string(a.reference), a.authority, a.ars,
		db.Time(db.Micros(a.sent)).Format(time.RFC3339Nano), raw})
	return b.Bytes(), err
}

func fileNames(files []attachment, field string) []string {
	var out []string
	for _, f := range files {
		if f.message == "" && f.field == field {
			out = append(out, f.name)
		}
	}
	return out
}

// section is a group of answers for people.
type section struct {
	group *form.Group
	title string
	rows  []answerRow
}

type answerRow struct {
	field *form.Field
	value string // "" if not answered
}

// sections lists all questions that were asked, with their answers; now only matters to a form not yet sent.
func (r *Room) sections(lang i18n.Lang, d *form.Definition, a form.Answers, files []attachment, now time.Time) []section {
	res, err := d.Check(a, now)
	if err != nil {
		return nil // a question the form does not have was refused before it was kept
	}
	yes := r.h.Site.Texts.T(lang, "apply.yes")
	var out []section
	for _, g := range res.Groups {
		s := section{group: g.Group, title: g.Group.Title.In(lang)}
		for _, f := range g.Fields {
			value := f.Show(lang, res.Answers[f.ID], yes)
			if f.Kind == form.File {
				value = strings.Join(fileNames(files, f.ID), "\n")
			}
			s.rows = append(s.rows, answerRow{f, value})
		}
		out = append(out, s)
	}
	return out
}
