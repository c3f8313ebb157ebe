package disposal

import (
	"net/http"

	"rennsteig/platform/web"
	"rennsteig/records"
)

// leftPage asks before a disposal in two steps begins that some of the chosen files cannot go along in.
type leftPage struct {
	head
	Offering Offering
	Rows     []leftRow
	More     string // how many more are left out; ""
}

type leftRow struct {
	File DueFile
	Why  string
}

// mostLeft is how many of the files that are left out are named.
const mostLeft = 200

// showLeft names the files that two steps leave out, and why, and asks whether to begin without them.
func (r *Room) showLeft(w http.ResponseWriter, req *http.Request, o Offering, left []DueFile) error {
	t := r.h.Site.Text(req)
	d := leftPage{head: r.head(req, duePath, nil), Offering: o}
	if len(left) > mostLeft {
		d.More = t("disposal.left.more", len(left)-mostLeft)
		left = left[:mostLeft]
	}
	for _, f := range left {
		why := t("disposal.left.appraise")
		if f.Proposal == records.Destroy {
			why = t("disposal.left.not_agreed")
		}
		d.Rows = append(d.Rows, leftRow{f, why})
	}
	return r.pages.left.RenderStatus(w, req, http.StatusConflict, web.Meta{Title: t("disposal.left"), Crumbs: r.crumbs(req), Failed: true}, d)
}
