package filing

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
)

const (
	searchPath = "/akte/suche"
	searchList = "search" // its views
)

func parseSearch(v url.Values, units []records.Unit) SearchFilter {
	f := SearchFilter{Query: web.Query(v.Get("q")), Kind: oneOf(v.Get("art"), searchKinds...), From: day(v.Get("von")), Until: day(v.Get("bis"))}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // that day too
	}
	if slices.ContainsFunc(units, func(u records.Unit) bool { return u.Code == v.Get("einheit") }) {
		f.Unit = v.Get("einheit")
	}
	f.After, _ = strconv.ParseInt(v.Get("nach"), 10, 64) // the first page for what is no number
	return f
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
	Tabs          web.Tabs
	Query         string
	Choices       []web.Choice
	From, Until   string
	Filtered      bool
	Asked         bool
	Rows          []hitRow
	ShowAuthority bool
	First, Next   string
	Why           string
	Views         []viewLink
	Here          string // the query of the address, to be kept
	Name          web.Field
}

type hitRow struct {
	Hit
	Href, Title, Sub, What, Where string
	Level                         web.Badge
}

type viewLink struct {
	View
	Href string
}

func (r *Room) getSearch(w http.ResponseWriter, req *http.Request) error {
	return r.showSearch(w, req, req.URL.Query(), typed{})
}

func (r *Room) showSearch(w http.ResponseWriter, req *http.Request, v url.Values, in typed) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	units, err := r.core.Units(ctx)
	if err != nil {
		return err
	}
	f := parseSearch(v, units)
	hits, next, err := r.Search(ctx, f)
	if err != nil {
		return err
	}
	views, err := r.Views(ctx, searchList)
	if err != nil {
		return err
	}
	unit := web.Choice{Name: "einheit", Label: t("records.unit"), Options: []web.Chosen{{Text: t("records.unit.any")}}}
	for _, u := range units {
		unit.Options = append(unit.Options, web.Chosen{Value: u.Code, Text: u.Code + " " + u.Title, Selected: u.Code == f.Unit})
	}
	values := f.values()
	p := searchPage{Tabs: r.core.Tabs(req, searchPath), Query: f.Query, From: values.Get("von"), Until: values.Get("bis"),
		Choices:  []web.Choice{r.h.Site.Choose(req, "art", "filing.search.kind", f.Kind, searchKinds...), unit},
		Filtered: len(values) > 0, Asked: !fulltext.Parse(f.Query).Empty(), ShowAuthority: len(authorities(req)) > 1, Here: values.Encode(),
		Name: web.Field{Name: "name", Label: t("filing.view.name"), MaxLength: maxViewName, Value: in.form.Get("name"), Error: r.h.Site.FieldError(req, in.err, "name")}}
	for _, h := range hits {
		p.Rows = append(p.Rows, r.hitRow(req, h))
	}
	if p.Asked && len(hits) == 0 {
		if p.Why, err = r.Why(ctx, SearchFilter{f.Query, f.Kind, f.Unit, f.From, f.Until, 0}); err != nil {
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
	for _, v := range views {
		p.Views = append(p.Views, viewLink{v, searchPath + "?" + v.Query})
	}
	title := t("filing.search.title")
	return r.pages.search.RenderStatus(w, req, statusOf(in.err), web.Meta{Title: title, Crumbs: r.deskCrumbs(req), Failed: in.err != nil}, p)
}

func (r *Room) hitRow(req *http.Request, h Hit) hitRow {
	t := r.h.Site.Text(req)
	row := hitRow{Hit: h, Where: r.h.AuthorityName(h.Authority), What: t("filing.search.kind." + h.Kind)}
	switch h.Kind {
	case "document":
		row.Href, row.Title, row.Sub, row.What = "/akte/dokument/"+h.Document.ID+"/karte", h.Document.Name, h.Document.Subject, r.kind(req, string(h.Document.Kind))
	case "case":
		row.Href, row.Title, row.Sub = "/akte/vorgang/"+h.Case.ID, h.Case.Reference+" "+h.Case.Subject, h.Case.Applicant
	default:
		row.Href, row.Title = "/akte/akte/"+h.File.ID, h.File.Reference+" "+h.File.Subject
	}
	if max(h.Case.Level, h.File.Level).Sensitive() {
		row.Level = web.Badge{Kind: "warning", Text: t("filing.search.confidential")}
	}
	return row
}

// postView keeps a view, or forgets one.
func (r *Room) postView(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	form := req.PostForm
	if form.Get("was") == "vergessen" {
		if err := r.DropView(req.Context(), web.ID(form.Get("id"))); err != nil {
			return err
		}
		return r.h.Site.Redirect(w, req, web.Address(searchPath, nil), "filing.notice.view_dropped")
	}
	v, err := url.ParseQuery(form.Get("suche"))
	if err != nil {
		return errs.E(errs.Invalid, "errs.form", err)
	}
	v.Del("nach")
	err = r.SaveView(req.Context(), View{List: searchList, Name: form.Get("name"), Query: v.Encode()})
	switch {
	case errs.Is(err, errs.Invalid):
		return r.showSearch(w, req, v, typed{form, err})
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, web.Address(searchPath, v), "filing.notice.view_saved")
}
