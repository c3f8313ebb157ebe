package disposal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// dueList are the files whose retention is over.
var dueList = records.List{Name: "due", Title: "disposal.due", Path: duePath, Columns: []records.Column{
	{Name: "reference", Text: "records.reference", Fixed: true},
	{Name: "subject", Text: "records.subject"},
	{Name: "unit", Text: "records.unit"},
	{Name: "closed", Text: "records.closed"},
	{Name: "until", Text: "disposal.until", Sorts: []string{"", sortLatest}},
	{Name: "proposal", Text: "disposal.proposal"},
	{Name: "medium", Text: "disposal.medium"},
	{Name: "location", Text: "records.location", Extra: true},
	{Name: "level", Text: "records.level", Extra: true},
	{Name: "authority", Text: "records.authority", Several: true},
}}

const (
	sortLatest = "zuletzt" // in an address
	exportSize = 500       // rows that are read at once where all are
)

type duePage struct {
	records.ListPage
	head
	ID          string // of the process that the form begins
	Query       string
	Choices     []web.Choice
	Sort        string // carried through the form
	Filtered    bool
	Table       web.Table
	Authorities web.Choice
	Several     bool
	Pages       web.Pagination
	Hidden      string // how many the caller is not cleared for; "" is none
}

func parseDue(v url.Values) DueFilter {
	f := DueFilter{Query: web.Query(v.Get("q")), Unit: web.Query(v.Get("einheit")), Latest: v.Get(records.SortName) == sortLatest, Page: paging.Read(v)}
	if p := v.Get("bewertung"); p == "A" || p == "B" || p == "V" {
		f.Proposal = p
	}
	return f
}

func (f DueFilter) values() url.Values {
	sort := ""
	if f.Latest {
		sort = sortLatest
	}
	v := web.Values("q", f.Query, "einheit", f.Unit, "bewertung", f.Proposal, records.SortName, sort)
	f.Page.Write(v)
	return v
}

func (r *Room) getDue(w http.ResponseWriter, req *http.Request) error {
	return r.showDue(w, req, Offering{Filter: parseDue(req.URL.Query())}, nil)
}

// showDue shows the list of the offering's filter with what it has chosen.
func (r *Room) showDue(w http.ResponseWriter, req *http.Request, o Offering, failed error) error {
	f := o.Filter
	l, err := r.Due(req.Context(), f)
	if err != nil {
		return err
	}
	units, err := r.core.Units(req.Context())
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	d := duePage{head: r.head(req, duePath, failed), ID: web.FormID(o.ID), Query: f.Query, Filtered: f.Query != "" || f.Unit != "" || f.Proposal != "",
		Sort: f.values().Get(records.SortName), Several: len(registry(req)) > 1, Authorities: r.authorities(req, o.Authority),
		Table: web.Table{Label: t("disposal.due"), Choose: "akte"}, Pages: l.Pages(duePath, f.values())}
	if d.ListPage, err = r.core.ListPage(req, dueList, "", f.values()); err != nil {
		return err
	}
	unit := web.Choice{Name: "einheit", Label: t("records.unit"), Options: []web.Chosen{{Text: t("records.unit.any")}}}
	for _, u := range units {
		unit.Options = append(unit.Options, web.Chosen{Value: u.Code, Text: u.Code + " " + u.Title, Selected: u.Code == f.Unit})
	}
	proposal := web.Choice{Name: "bewertung", Label: t("disposal.proposal"), Options: []web.Chosen{{Text: t("disposal.proposal.any")}}}
	for _, p := range []records.Appraisal{records.Archive, records.Appraise, records.Destroy} {
		proposal.Options = append(proposal.Options, web.Chosen{Value: string(p), Text: r.appraisalText(req, p), Selected: string(p) == f.Proposal})
	}
	d.Choices = []web.Choice{unit, proposal}
	hidden, err := r.DueHidden(req.Context())
	if err != nil {
		return err
	}
	if hidden == 1 {
		d.Hidden = t("disposal.due.hidden.one")
	} else if hidden > 1 {
		d.Hidden = t("disposal.due.hidden.other", hidden)
	}
	d.Table.Heads = d.Heads
	for _, x := range l.Items {
		d.Table.Rows = append(d.Table.Rows, web.TableRow{Value: x.ID, Name: x.Reference, Chosen: slices.Contains(o.Files, x.ID), Cells: d.Cells(r.dueCells(req, x))})
	}
	return r.pages.due.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.due"), Failed: failed != nil}, d)
}

// dueCells makes the row of a file.
func (r *Room) dueCells(req *http.Request, x DueFile) records.Cells {
	t := r.h.Site.Text(req)
	return func(column string) web.TableCell {
		switch column {
		case "reference":
			return web.TableCell{Text: x.Reference, Href: "/akte/akte/" + x.ID + "/aufbewahrung", Heading: true, NoWrap: true}
		case "subject":
			return web.TableCell{Text: x.Subject}
		case "unit":
			return web.TableCell{Text: x.Unit + " " + x.UnitTitle}
		case "closed":
			return web.TableCell{Text: dateText(req, x.ClosedAt), NoWrap: true}
		case "until":
			return web.TableCell{Text: dateText(req, x.RetainUntil), NoWrap: true}
		case "proposal":
			return web.TableCell{Text: r.appraisalText(req, x.Proposal)}
		case "medium":
			medium := t("disposal.medium." + string(x.Medium))
			if x.LentTo != "" {
				medium += ", " + t("disposal.lent", x.LentTo)
			}
			return web.TableCell{Text: medium}
		case "location":
			return web.TableCell{Text: x.Location}
		case "level":
			return web.TableCell{Text: r.levelText(req, x.Level)}
		}
		return web.TableCell{Text: r.h.AuthorityName(x.Authority)}
	}
}

// getDueCSV sends the whole list of the filter.
func (r *Room) getDueCSV(w http.ResponseWriter, req *http.Request) error {
	f := parseDue(req.URL.Query())
	f.size = exportSize
	listed := func(x DueFile) records.Listed {
		return records.Listed{Authority: x.Authority, Object: records.FileObject(x.ID), Level: x.Level}
	}
	return r.core.SendList(w, req, dueList, "", records.NotedRows(req.Context(), r.core, dueList, listed, func(page paging.Cursor) (paging.Listing[DueFile], error) {
		f.Page = page
		return r.Due(req.Context(), f)
	}, func(files []DueFile) (rows []records.Cells, err error) {
		for _, x := range files {
			rows = append(rows, r.dueCells(req, x))
		}
		return rows, nil
	}))
}

// postDue begins a process with what was chosen.
func (r *Room) postDue(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	o := Offering{ID: web.FormID(form.Get("id")), Authority: authority(req, form.Get("behoerde")), Files: form["akte"], Filter: parseDue(form)}
	o.Steps, _ = strconv.Atoi(form.Get("schritte")) // none is no number of steps
	if form.Get("alle") == "true" {
		o.Files = nil
	} else if len(o.Files) == 0 {
		return r.showDue(w, req, o, errs.E(errs.Invalid, "disposal.error.nothing_chosen"))
	}
	if form.Get("weglassen") != "true" {
		left, err := r.LeftOut(req.Context(), o)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return r.showLeft(w, req, o, left)
		}
	}
	_, err := r.Offer(req.Context(), o)
	if shown(err) {
		return r.showDue(w, req, o, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, listPath+"/"+o.ID, "disposal.notice.offered")
}
