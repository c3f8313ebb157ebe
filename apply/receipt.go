package apply

import (
	"bytes"
	"context"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/pdf"
	"rennsteig/platform/queue"
)

const topicReceipt = "apply.receipt"

type receiptJob struct{ Application string }

const maxReceipt = 16 << 20 // bytes

// makeReceipt sets the confirmation of receipt as PDF. Equal input gives equal bytes, so a repeated job stores nothing
// new.
func (r *Room) makeReceipt(ctx context.Context, job *queue.Job, j receiptJob) error {
	q := r.h.DB.Reader()
	a, err := byID(ctx, q, j.Application, "")
	if err != nil {
		return err
	}
	d, err := r.definition(a)
	if err != nil {
		return err
	}
	files, err := attachments(ctx, q, a.authority, a.id)
	if err != nil {
		return err
	}
	lang := i18n.Lang(a.lang)
	t := func(key string, args ...any) string { return r.h.Site.Texts.T(lang, key, args...) }
	doc := pdf.Doc{Lang: a.lang, Title: t("apply.receipt.title"), Sender: r.h.AuthorityName(a.authority), Created: a.sent,
		Note: t("apply.receipt.note", string(a.reference))}
	facts := pdf.Rows{
		{t("apply.reference"), string(a.reference)},
		{t("apply.receipt.service"), d.Title.In(lang)},
		{t("apply.office"), r.h.AuthorityName(a.authority)},
		{t("apply.place"), r.offices.PlaceName(a.ars)},
		{t("apply.receipt.sent_at"), i18n.DateTime(lang, a.sent)},
	}
	if a.fee > 0 {
		fee := i18n.Money(lang, a.fee)
		if a.feeDemo {
			fee += " (" + t("apply.demo_value") + ")"
		}
		facts = append(facts, [2]string{t("apply.fee"), fee}, [2]string{t("apply.kassenzeichen"), a.kassenzeichen})
	}
	doc.Blocks = append(doc.Blocks, pdf.Text(t("apply.receipt.lead")), facts, pdf.Heading(t("apply.next")))
	for _, next := range d.Next {
		doc.Blocks = append(doc.Blocks, pdf.Text(next.In(lang)))
	}
	for _, s := range r.sections(lang, d, a.answers, files, a.sent) {
		rows := pdf.Rows{}
		for _, row := range s.rows {
			if row.value != "" {
				rows = append(rows, [2]string{row.field.Label.In(lang), row.value})
			}
		}
		if len(rows) > 0 {
			doc.Blocks = append(doc.Blocks, pdf.Heading(s.title), rows)
		}
	}
	var b bytes.Buffer
	if err := pdf.Write(&b, doc); err != nil {
		return err
	}
	ref, err := r.h.Blobs.Put(ctx, &b, maxReceipt)
	if err != nil {
		return err
	}
	return r.on(ctx, job, a.id, func(ctx context.Context, tx *db.Tx, a *application) (bool, error) {
		if a.receiptHash == ref.Hash {
			return false, nil
		}
		a.receiptHash = ref.Hash
		return true, r.h.Audit.Append(ctx, tx, audit.Entry{Action: "apply.receipt_made", Authority: a.authority, Object: SourceOf(a.id),
			Blobs: []string{ref.Hash}})
	})
}
