package plan

import (
	"context"
	"io"

	"github.com/google/uuid"

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

// Export writes the plan of an authority where the caller works to w, and returns a name for the file; taker is the
// archive that a message goes to.
func (r *Room) Export(ctx context.Context, w io.Writer, authority string, f Format, taker string) (name string, err error) {
	q := r.h.DB.Reader()
	if _, err := look(ctx, q, authority); err != nil {
		return "", err
	}
	pl, err := plan(ctx, q, access.At(authority), "")
	if err != nil {
		return "", err
	}
	sender := r.h.AuthorityName(authority)
	return pl.export(w, f, letter{process: uuid.NewString(), sender: sender, taker: oneLine(taker), authority: authority, at: r.h.Now(),
		name: r.h.Site.Texts.T(i18n.German, "plan.name", sender)})
}

func (p Plan) export(w io.Writer, f Format, l letter) (name string, err error) {
	switch f {
	case CSV:
		if _, err := io.WriteString(w, byteOrder); err != nil {
			return "", err
		}
		return "Aktenplan-" + dayText(l.at) + ".csv", p.table().write(w, ';')
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
