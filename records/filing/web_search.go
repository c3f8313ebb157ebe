package filing

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/fulltext"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
)

const searchPath = "/akte/suche"

// searchList are the hits of a search.
var searchList = records.List{Name: "search", Title: "filing.search.hits", Path: searchPath, Columns: []records.Column{
	{Name: "title", Text: "filing.search.title_of", Fixed: true},
	{Name: "sub", Text: "filing.search.sub"},
	{Name: "kind", Text: "filing.search.kind"},
	{Name: "date", Text: "filing.search.date"},
	{Name: "case", Text: "records.case"},
	{Name: "file", Text: "records.file", Extra: true},
	{Name: "excerpt", Text: "filing.search.excerpt"},
	{Name: "authority", Text: "records.authority", Several: true},
}}

// parseSearch reads a search from an address, and what is wrong with its days.
func (r *Room) parseSearch(v url.Values, units []records.Unit) (SearchFilter, error) {
	days := web.Days{Form: v, Now: r.h.Now()}
	f := SearchFilter{Query: web.Query(v.Get("q")), Kind: oneOf(v.Get("art"), searchKinds...), From: days.Back("von"), Until: days.Back("bis")}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // that day too
	}
	if slices.ContainsFunc(units, func(u records.Unit) bool { return u.Code == v.Get("einheit") }) {
		f.Unit = v.Get("einheit")
	}
	f.After, _ = strconv.ParseInt(v.Get("nach"), 10, 64) // the first page for what is no number
	return f, days.Err()
}

// values writes the search as the query of an address, without the page.
func (f SearchFilter) values() url.Values {
	from, until := "", ""
	if !f.From.IsZero() {
		from = i18n.ISODate(f.From)
	}
	if !f.Until.IsZero() {
		until = i18n.ISODate(f.Until.AddDate(0, 0, -1))
	}
	return web.Values("q", f.Query, "art", f.Kind, "einheit", f.Unit, "von", from, "bis", until)
}

type searchPage struct {
	records.ListPage
	Tabs        web.Tabs
	Query       string
	Choices     []web.Choice
	Days        []web.Field
	Filtered    bool
	Asked       bool
	Rows        []hitRow
	First, Next string
	Why         string
}

type hitRow struct {
	Hit
	Href, Title, Sub, What string
	Hint                   []string // kind, date, authority, as the reader wants to see them
	Level                  web.Badge
}

func (r *Room) getSearch(w http.ResponseWriter, req *http.Request) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	units, err := r.core.Units(ctx)
	if err != nil {
		return err
	}
	asked := req.URL.Query()
	f, wrong := r.parseSearch(asked, units)
	hits, next, err := r.Search(ctx, f)
	if err != nil {
		return err
	}
	unit := web.Choice{Name: "einheit", Label: t("records.unit"), Options: []web.Chosen{{Text: t("records.unit.any")}}}
	for _, u := range units {
		unit.Options = append(unit.Options, web.Chosen{Value: u.Code, Text: u.Code + " " + u.Title, Selected: u.Code == f.Unit})
	}
	values := f.values()
	p := searchPage{Tabs: r.core.Tabs(req, searchPath), Query: f.Query,
		Days: []web.Field{{Name: "von", Label: t("filing.search.from"), Kind: "day", Past: true, Optional: true, Value: asked.Get("von"), Error: r.h.Site.FieldError(req, wrong, "von")},
			{Name: "bis", Label: t("filing.search.until"), Kind: "day", Past: true, Optional: true, Value: asked.Get("bis"), Error: r.h.Site.FieldError(req, wrong, "bis")}},
		Choices:  []web.Choice{r.h.Site.Choose(req, "art", "filing.search.kind", f.Kind, searchKinds...), unit},
		Filtered: len(values) > 0, Asked: !fulltext.Parse(f.Query).Empty()}
	if p.ListPage, err = r.core.ListPage(req, searchList, "", values); err != nil {
		return err
	}
	for _, h := range hits {
		row := r.hitRow(req, h)
		cell := r.hitCells(req, h)
		for _, column := range []string{"kind", "date", "authority"} {
			if p.Shows(column) {
				row.Hint = append(row.Hint, cell(column).Text)
			}
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Asked && len(hits) == 0 {
		if p.Why, err = r.Why(ctx, SearchFilter{Query: f.Query, Kind: f.Kind, Unit: f.Unit, From: f.From, Until: f.Until}); err != nil {
			return err
		}
	}
	if f.After != 0 {
		p.First = web.Address(searchPath, values)
	}
	if next != 0 {
		values.Set("nach", strconv.FormatInt(next, 10))
		p.Next = web.Address(searchPath, values)
	}
	return r.pages.search.Render(w, req, web.Meta{Title: t("filing.search.title"), Failed: wrong != nil, Crumbs: r.deskCrumbs(req)}, p)
}

func (r *Room) hitRow(req *http.Request, h Hit) hitRow {
	t := r.h.Site.Text(req)
	row := hitRow{Hit: h, What: t("filing.search.kind." + h.Kind)}
	switch h.Kind {
	case "document":
		row.Href, row.Title, row.Sub, row.What = "/akte/dokument/"+h.Document.ID+"/karte", h.Document.Name, h.Document.Subject, r.kind(req, string(h.Document.Kind))
	case "case":
		row.Href, row.Title, row.Sub = "/akte/vorgang/"+h.Case.ID, h.Case.Reference+" "+h.Case.Subject, h.Case.Applicant
	case "post":
		row.Href, row.Title, row.Sub = "/akte/posteingang/"+h.Post.ID, h.Post.Subject, h.Post.Sender
	default:
		row.Href, row.Title = "/akte/akte/"+h.File.ID, h.File.Reference+" "+h.File.Subject
	}
	if max(h.Case.Level, h.File.Level).Sensitive() {
		row.Level = web.Badge{Kind: "warning", Text: t("filing.search.confidential")}
	}
	return row
}

// hitCells makes the row of a hit.
func (r *Room) hitCells(req *http.Request, h Hit) records.Cells {
	row := r.hitRow(req, h)
	return func(column string) (x web.TableCell) {
		switch column {
		case "title":
			x.Text = row.Title
		case "sub":
			x.Text = row.Sub
		case "kind":
			x.Text = row.What
		case "date":
			x.Text = i18n.Date(web.Lang(req), h.At)
		case "case":
			if h.Case.ID != "" {
				x.Text = h.Case.Reference + " " + h.Case.Subject
			}
		case "file":
			x.Text = strings.TrimSpace(h.File.Reference + " " + h.File.Subject)
		case "excerpt":
			for _, s := range h.Shown {
				x.Text += s.Text
			}
		case "authority":
			x.Text = r.h.AuthorityName(h.Authority)
		}
		return x
	}
}

// getSearchCSV sends all hits of the search.
func (r *Room) getSearchCSV(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	units, err := r.core.Units(ctx)
	if err != nil {
		return err
	}
	f, _ := r.parseSearch(req.URL.Query(), units) // the page says what is wrong
	f.size = csvPage
	return r.core.SendList(w, req, searchList, "", records.NotedRows(ctx, r.core, searchList, listedHit, func(page paging.Cursor) (l paging.Listing[Hit], err error) {
		f.After, _ = strconv.ParseInt(page.After.Sort, 10, 64) // 0, the first page, for none
		var next int64
		if l.Items, next, err = r.Search(ctx, f); next != 0 {
			l.Next = paging.Number(next, searchList.Name)
		}
		return l, err
	}, func(hits []Hit) (rows []records.Cells, err error) {
		for _, h := range hits {
			rows = append(rows, r.hitCells(req, h))
		}
		return rows, nil
	}))
}

// listedHit is what the log says of a hit that is taken out with others: post is not confidential until it lies in a case.
func listedHit(h Hit) records.Listed {
	return records.Listed{Authority: h.Authority, Object: h.object(), Level: max(h.Case.Level, h.File.Level)}
}
