package records

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

const (
	loansPath   = "/akte/ausleihen"
	overdueWord = "ueberfaellig" // in an address
)

// loansList are the files whose paper is lent.
var loansList = List{Name: "loans", Title: "records.loans", Path: loansPath, Columns: []Column{
	{Name: "reference", Text: "records.reference", Fixed: true},
	{Name: "subject", Text: "records.subject"},
	{Name: "to", Text: "records.loan.to"},
	{Name: "since", Text: "records.loan.since"},
	{Name: "until", Text: "records.loan.until"},
	{Name: "location", Text: "records.location"},
	{Name: "lead", Text: "records.lead", Extra: true},
	{Name: "unit", Text: "records.unit", Extra: true},
	{Name: "state", Text: "records.state", Extra: true},
	{Name: "authority", Text: "records.authority", Several: true},
}}

type loansPage struct {
	ListPage
	Tabs     web.Tabs
	Alert    web.Alert
	Query    string
	Choice   web.Choice
	Filtered bool
	Table    web.Table
	Pages    web.Pagination
	List     string // the filter, carried through the form
}

func parseLoanFilter(v url.Values) LoanFilter {
	return LoanFilter{Query: web.Query(v.Get("q")), Overdue: v.Get("stand") == overdueWord, Page: paging.Read(v)}
}

func (f LoanFilter) values() url.Values {
	state := ""
	if f.Overdue {
		state = overdueWord
	}
	v := web.Values("q", f.Query, "stand", state)
	f.Page.Write(v)
	return v
}

func (r *Room) getLoans(w http.ResponseWriter, req *http.Request) error {
	return r.showLoans(w, req, parseLoanFilter(req.URL.Query()), nil, http.StatusOK, web.Alert{})
}

// showLoans shows the list with these rows ticked.
func (r *Room) showLoans(w http.ResponseWriter, req *http.Request, f LoanFilter, chosen map[string]bool, status int, alert web.Alert) error {
	l, err := r.Loans(req.Context(), f)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	d := loansPage{Tabs: r.Tabs(req, filesPath), Alert: alert, Query: f.Query, Filtered: f.Query != "" || f.Overdue, List: f.values().Encode(),
		Choice: r.h.Site.Choose(req, "stand", "records.filter.loans", f.values().Get("stand"), overdueWord),
		Table:  web.Table{Label: t("records.loans"), Choose: ChosenName}, Pages: l.Pages(loansPath, f.values())}
	if d.ListPage, err = r.ListPage(req, loansList, "", f.values()); err != nil {
		return err
	}
	rows, err := r.loanCells(req, l.Items)
	if err != nil {
		return err
	}
	d.Table.Heads = d.Heads
	for i, x := range l.Items {
		row := web.TableRow{Name: x.Reference, Chosen: chosen[x.ID], Cells: d.Cells(rows[i])}
		if x.May == access.Write {
			row.Value = RowValue(x.ID, x.Version)
		}
		d.Table.Rows = append(d.Table.Rows, row)
	}
	return r.pages.loans.RenderStatus(w, req, status, web.Meta{Title: t("records.loans"), Crumbs: r.fileCrumbs(req), Failed: alert.Title != ""}, d)
}

// loanCells makes the rows of files whose paper is lent.
func (r *Room) loanCells(req *http.Request, files []File) ([]Cells, error) {
	rows, err := r.fileCells(req, files, func(column string) bool { return column == "lead" })
	if err != nil {
		return nil, err
	}
	t, lang := r.h.Site.Text(req), web.Lang(req)
	for i, f := range files {
		file := rows[i]
		rows[i] = func(column string) web.TableCell {
			switch column {
			case "subject":
				return web.TableCell{Text: f.Subject}
			case "to":
				return web.TableCell{Text: f.LentTo}
			case "since":
				return web.TableCell{Text: dateText(lang, f.LentAt), NoWrap: true}
			case "until":
				x := web.TableCell{Text: dateText(lang, f.LentUntil), NoWrap: true}
				if f.Overdue(r.h.Now()) {
					x.Badges = []web.Badge{{Kind: "danger", Text: t("records.overdue")}}
				}
				return x
			}
			return file(column)
		}
	}
	return rows, nil
}

// getLoansCSV sends the whole list of the filter.
func (r *Room) getLoansCSV(w http.ResponseWriter, req *http.Request) error {
	f := parseLoanFilter(req.URL.Query())
	f.size = exportSize
	return r.SendList(w, req, loansList, "", NotedRows(req.Context(), r, loansList, listedFile, func(page paging.Cursor) (paging.Listing[File], error) {
		f.Page = page
		return r.Loans(req.Context(), f)
	}, func(files []File) ([]Cells, error) { return r.loanCells(req, files) }))
}

// postChosenLoans notes that the paper of the files that were ticked is back.
func (r *Room) postChosenLoans(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ctx := req.Context()
	ids, versions := Chosen(req.PostForm[ChosenName])
	o, err := r.Each(ctx, ids, func(id string) error { return r.Return(ctx, id, versions[id]) })
	inner, _ := url.ParseQuery(req.PostForm.Get("liste")) // what is no filter is none
	f := parseLoanFilter(inner)
	return r.ShowOutcome(w, req, o, err, web.Address(loansPath, f.values()), "records.notice.chosen.returned", r.fileLink(ctx),
		func(chosen map[string]bool, status int, alert web.Alert) error {
			return r.showLoans(w, req, f, chosen, status, alert)
		})
}

// lentText says who has the paper, and until when.
func (r *Room) lentText(req *http.Request, f File) string {
	key := "records.lent.text"
	if f.Overdue(r.h.Now()) {
		key = "records.lent.late"
	}
	return r.h.Site.T(req, key, f.LentTo, dateText(web.Lang(req), f.LentUntil))
}

// overdueBadge says how many files should have their paper back, to who can see to it.
func (r *Room) overdueBadge(req *http.Request) (web.Badge, error) {
	n, err := r.OverdueLoans(req.Context())
	if err != nil || n == 0 {
		return web.Badge{}, err
	}
	return web.Badge{Kind: "danger", Text: r.h.Site.Texts.N(web.Lang(req), "records.loans.overdue", int(n))}, nil
}

// actionText says what an entry of the log is about: of a loan also to whom the paper went, or from whom it came back.
func (r *Room) actionText(req *http.Request, e audit.Record) string {
	t := r.h.Site.Text(req)
	var said struct {
		To, Until, From string
		Back            bool // before there was an action for it
	}
	if e.Action == "records.file_lent" || e.Action == "records.file_returned" {
		_ = json.Unmarshal([]byte(e.Changes), &said) // an entry that says nothing of it says less
	}
	switch until, err := time.ParseInLocation(time.DateOnly, said.Until, i18n.Berlin); {
	case said.Back:
		return t("audit.action.records.file_returned")
	case said.From != "":
		return t("audit.action."+e.Action) + " " + t("records.returned.text", said.From)
	case err == nil:
		return t("audit.action."+e.Action) + " " + t("records.lent.text", said.To, dateText(web.Lang(req), until))
	}
	return t("audit.action." + e.Action)
}
