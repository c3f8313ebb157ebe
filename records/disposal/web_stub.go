package disposal

import (
	"net/http"

	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// stubPage is what is left of a file that was destroyed.
type stubPage struct {
	Tabs         web.Tabs
	File         records.File
	State        web.Badge
	Alert        web.Alert
	Facts        web.SummaryList
	Destructions []web.SummaryList
	ProcessHref  string
}

// showStub answers for the page of a file that is gone; the core has read it for the caller.
func (r *Room) showStub(w http.ResponseWriter, req *http.Request, f records.File) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	list, err := r.store.destructions(ctx, r.h.DB.Reader(), a, f.ID)
	if err != nil {
		return err
	}
	d := stubPage{Tabs: r.core.FileTabs(req, f.ID, ""), File: f, State: web.Badge{Kind: "danger", Text: t("records.file_state." + f.State)},
		Alert: web.Alert{Kind: "info", Text: t("disposal.stub.left")}}
	row := func(label, value string) {
		if value != "" {
			d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t(label), Value: value})
		}
	}
	row("records.subject", f.Subject)
	row("records.authority", r.h.AuthorityName(f.Authority))
	row("records.unit", f.Unit.Code+" "+f.Unit.Title)
	row("records.opened", dateText(req, f.OpenedAt))
	row("records.closed", dateText(req, f.ClosedAt))
	for _, x := range list {
		facts := r.destructionFacts(req, x)
		facts.Rows = append(facts.Rows, web.SummaryRow{Label: t("disposal.destruction.id"), Value: x.ID})
		d.Destructions = append(d.Destructions, facts)
		if x.Scope != string(scopeFile) {
			continue // of a part of it, before
		}
		why := "disposal.stub." + f.State
		if x.Erasure != "" {
			why = "disposal.stub.court"
		} else if a.Registrar(f.Authority) {
			d.ProcessHref = listPath + "/" + x.Process
		}
		d.Alert.Title = t(why, dateText(req, x.At))
		row("disposal.until", dateText(req, x.RetainUntil))
		if x.Decision != "" {
			row("disposal.decision", r.appraisalText(req, x.Decision))
		}
	}
	return r.pages.stub.Render(w, req, web.Meta{Title: t("records.file_title", f.Reference),
		Crumbs: []web.Link{{Text: t("records.files"), Href: "/akte/akten"}}}, d)
}
