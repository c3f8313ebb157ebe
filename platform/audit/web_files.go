package audit

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

const filesPath = listPath + "/dateien"

type filesData struct {
	State web.Alert
	Facts web.SummaryList
	Rows  []findingRow
	Pages web.Pagination
}

type findingRow struct {
	Finding Finding
	Damage  web.Badge
	Objects []web.Link
	Holders []web.Link
	Log     string // entries about the file
}

// showFiles is the page of stored files that are missing or damaged.
func (p *Pages) showFiles(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	s, err := p.log.Recheck(ctx)
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	list, err := p.log.Findings(ctx, before, perPage+1)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return p.site.T(r, key, args...) }
	when := func(at time.Time) string {
		if at.IsZero() {
			return t("audit.recheck.never")
		}
		return i18n.DateTime(web.Lang(r), at)
	}
	data := filesData{State: p.filesState(r, s), Facts: web.SummaryList{Rows: []web.SummaryRow{
		{Label: t("audit.recheck.files"), Value: strconv.FormatInt(s.Files, 10)},
		{Label: t("audit.recheck.checked"), Value: strconv.FormatInt(s.Checked, 10)},
		{Label: t("audit.recheck.began"), Value: when(s.Began)},
		{Label: t("audit.recheck.finished"), Value: when(s.Finished)},
	}}}
	if len(list) > perPage {
		list = list[:perPage]
		data.Pages.Next = filesPath + "?" + url.Values{"before": {list[perPage-1].ID}}.Encode()
	}
	if before != "" {
		data.Pages.Previous = filesPath
	}
	for _, f := range list {
		row := findingRow{Finding: f, Damage: web.Badge{Kind: "danger", Text: t("audit.damage." + string(f.Damage))}, Log: about("blob:" + f.Hash)}
		for _, o := range f.Objects {
			row.Objects = append(row.Objects, web.Link{Text: o, Href: about(o)})
		}
		for _, h := range f.Holders {
			name := h.Name
			if name == "" {
				name = t("audit.recheck.confidential")
			}
			row.Holders = append(row.Holders, web.Link{Text: t("audit.recheck.holder", h.Reference, name, h.Version), Href: h.Path})
		}
		data.Rows = append(data.Rows, row)
	}
	return p.files.Render(w, r, web.Meta{Title: t("audit.recheck.title"), Crumbs: []web.Link{{Text: t("audit.title"), Href: listPath}}}, data)
}

// about is the address of the entries about an object.
func about(object string) string { return listPath + "?" + url.Values{"object": {object}}.Encode() }

// filesState says in a sentence how the stored files are.
func (p *Pages) filesState(r *http.Request, s RecheckState) web.Alert {
	switch {
	case s.Open > 0:
		return web.Alert{Kind: "danger", Title: p.site.Texts.N(web.Lang(r), "audit.recheck.damaged", int(s.Open)), Text: p.site.T(r, "audit.recheck.damaged_text")}
	case s.Finished.IsZero():
		return web.Alert{Kind: "info", Title: p.site.T(r, "audit.recheck.first"), Text: p.site.T(r, "audit.recheck.first_text")}
	}
	return web.Alert{Kind: "success", Title: p.site.T(r, "audit.recheck.whole"), Text: p.site.T(r, "audit.recheck.whole_text")}
}
