package plan

import (
	"context"
	"io"

	"github.com/google/uuid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// Format is how a plan is written.
type Format string

// The formats.
const (
	CSV         Format = "csv" // semicolons and a byte order mark: what table programs open
	TSV         Format = "tsv"
	Message0301 Format = "0301" // xdomea FilePlan, in a package
	Message0511 Format = "0511" // xdomea PlanForAppraisal, in a package
	byteOrder          = "\ufeff"
)

// Formats are all formats.
var Formats = []Format{CSV, TSV, Message0301, Message0511}

// Export writes the plan of an authority where the caller works to w, and returns a name for the file. A table for people
// (CSV) has headings in the language; taker is who a message goes to, which is noted.
func (r *Room) Export(ctx context.Context, w io.Writer, authority string, f Format, taker string, lang i18n.Lang) (name string, err error) {
	q := r.h.DB.Reader()
	if _, err := look(ctx, q, authority); err != nil {
		return "", err
	}
	pl, err := plan(ctx, q, access.At(authority), "")
	if err != nil {
		return "", err
	}
	sender := r.h.AuthorityName(authority)
	l := letter{process: uuid.NewString(), sender: sender, taker: oneLine(taker), authority: authority, at: r.h.Now(),
		name: r.h.Site.Texts.T(i18n.German, "plan.name", sender), headings: headingsIn(func(key string, args ...any) string { return r.h.Site.Texts.T(lang, key, args...) })}
	if name, err = pl.export(w, f, l); err != nil || receipts[xdomea.Message(f)] == "" {
		return name, err
	}
	return name, r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.book.send(ctx, tx, access.At(authority), l.sent(ctx, f))
	})
}

func (p Plan) export(w io.Writer, f Format, l letter) (name string, err error) {
	switch f {
	case CSV:
		if _, err := io.WriteString(w, byteOrder); err != nil {
			return "", err
		}
		t := p.table()
		t.names = l.headings
		return "Aktenplan-" + dayText(l.at) + ".csv", t.write(w, ';')
	case TSV:
		return "Aktenplan-" + dayText(l.at) + ".tsv", p.table().write(w, '\t')
	case Message0301, Message0511:
		if len(p) == 0 {
			return "", errs.E(errs.Invalid, "plan.error.empty")
		}
		return p.writeMessage(w, xdomea.Message(f), l)
	}
	return "", errs.E(errs.Invalid, "plan.error.choice")
}
