package records

import (
	"bytes"
	"context"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/pdf"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

// Letter is a notice (Bescheid) ready to be set: on the page that checks it, as an HTML document and as PDF, all three
// from this one value. Its texts are German, whatever language the clerk reads in.
type Letter struct {
	Sender   string // name of the authority; nothing is invented beyond it
	Title    string
	Facts    []Fact // date, Aktenzeichen, addressee, subject
	Sections []Section
	Signed   string // name of who decided (§ 37 Abs. 3 ThürVwVfG)
	SignedBy string // the words before the name
}

// Fact is a label and its value.
type Fact struct{ Label, Value string }

// Section is a part of a letter: paragraphs, then facts.
type Section struct {
	Title      string
	Paragraphs []string
	Facts      []Fact
}

// letter sets the decision. A Kassenzeichen that is not issued yet is announced.
func (r *Room) letter(c Case, d Decision) Letter {
	l := Letter{
		Sender: r.h.AuthorityName(c.Authority), Title: d.Title,
		Facts: []Fact{
			{r.german("records.letter.date"), germanDate(d.DecidedAt)},
			{r.german("records.reference"), c.Reference},
			{r.german("records.letter.addressee"), c.Applicant},
			{r.german("records.subject"), c.Subject},
			{r.german("records.source_reference"), c.SourceRef},
		},
		Sections: []Section{
			{Title: r.german("records.letter.decision"), Paragraphs: paragraphs(d.Decision)},
			{Title: r.german("records.letter.reasons"), Paragraphs: paragraphs(d.Reasons)},
		},
		SignedBy: r.german("records.letter.signed_by"), Signed: d.DecidedBy,
	}
	if d.Amount != 0 {
		amount, number := d.Amount.German(), d.Kassenzeichen
		if d.Demo {
			amount = r.german("records.letter.demo", amount)
		}
		if number == "" {
			number = r.german("records.letter.number_to_come")
		}
		l.Sections = append(l.Sections, Section{
			Title: r.german("records.letter.payment"), Paragraphs: []string{r.german("records.letter.pay")},
			Facts: []Fact{
				{r.german("records.letter.amount"), amount},
				{r.german("records.kassenzeichen"), number},
				{r.german("records.letter.pay_by"), germanDate(d.Due)},
			}})
	}
	l.Sections = append(l.Sections, Section{Title: r.german("records.letter.remedy_title"), Paragraphs: paragraphs(d.Remedy)})
	return l
}

// paragraphs splits typed text at its line ends.
func paragraphs(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// html is the letter as a document that needs nothing beside it.
func (r *Room) html(l Letter) ([]byte, error) {
	var b bytes.Buffer
	err := r.letters.ExecuteTemplate(&b, "notice.html", l)
	return b.Bytes(), err
}

// pdf is the letter for printing. date is the PDF's own.
func (l Letter) pdf(reference string, date time.Time) pdf.Doc {
	doc := pdf.Doc{Lang: "de", Title: l.Title, Sender: l.Sender, Created: date, Note: reference, Blocks: []pdf.Block{factRows(l.Facts)}}
	for _, s := range l.Sections {
		doc.Blocks = append(doc.Blocks, pdf.Heading(s.Title))
		for _, p := range s.Paragraphs {
			doc.Blocks = append(doc.Blocks, pdf.Text(p))
		}
		if len(s.Facts) > 0 {
			doc.Blocks = append(doc.Blocks, factRows(s.Facts))
		}
	}
	doc.Blocks = append(doc.Blocks, pdf.Text(l.SignedBy+"\n"+l.Signed))
	return doc
}

func factRows(facts []Fact) pdf.Rows {
	rows := make(pdf.Rows, len(facts))
	for i, f := range facts {
		rows[i] = [2]string{f.Label, f.Value}
	}
	return rows
}

// renderNotice makes the notice of a decided case as HTML and PDF and files both.
func (r *Room) renderNotice(ctx context.Context, job *queue.Job, body renderJob) (err error) {
	defer errs.Wrap(&err, "renderNotice(%s)", body.Case)
	scope := access.At(body.Authority)
	c, err := r.store.caseByID(ctx, r.h.DB.Reader(), scope, body.Case, "")
	if err != nil {
		return err
	}
	d, err := r.store.decision(ctx, r.h.DB.Reader(), scope, body.Case)
	if err != nil {
		return err
	}
	l := r.letter(c, *d)
	page, err := r.html(l)
	if err != nil {
		return err
	}
	var sheet bytes.Buffer
	if err := pdf.Write(&sheet, l.pdf(c.Reference, d.DecidedAt)); err != nil {
		return err
	}
	pageRef, err := r.h.Blobs.Put(ctx, bytes.NewReader(page), maxDocument)
	if err != nil {
		return err
	}
	sheetRef, err := r.h.Blobs.Put(ctx, &sheet, maxDocument)
	if err != nil {
		return err
	}
	made := []Document{
		document(c, NoticeHTML, Attachment{documentName("Bescheid", c.Reference, ".html"), pageRef.Hash, pageRef.Size,
			"text/html; charset=utf-8"}, programBy, r.h.Now()),
		document(c, NoticePDF, Attachment{documentName("Bescheid", c.Reference, ".pdf"), sheetRef.Hash, sheetRef.Size,
			"application/pdf"}, programBy, r.h.Now()),
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := r.fileMade(ctx, tx, c, "records.notice_rendered", made); err != nil {
			return err
		}
		if err := r.h.Queue.Publish(ctx, tx, TopicNoticeRendered, NoticeRendered{c.Source, sheetRef.Hash, sheetRef.Size}); err != nil {
			return err
		}
		return job.Done(ctx, tx)
	})
}

func germanDate(t time.Time) string     { return i18n.Date(i18n.German, t) }
func germanDateTime(t time.Time) string { return i18n.DateTime(i18n.German, t) }
