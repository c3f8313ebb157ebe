package disposal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

type importPage struct {
	head
	Row    importRow
	Facts  web.SummaryList
	Fields []web.Field
	First  []firstRow
	Came   []cameRow
	Pages  web.Pagination
}

type firstRow struct {
	Record ImportedRecord
	Level  string
}

type cameRow struct {
	File   Came
	Former string
	Level  string
}

func (r *Room) getImport(w http.ResponseWriter, req *http.Request) error {
	return r.showImport(w, req, url.Values{}, nil)
}

func (r *Room) levelText(req *http.Request, l access.Level) string {
	return r.h.Site.T(req, "records.level."+strconv.FormatInt(int64(l), 10))
}

func (r *Room) showImport(w http.ResponseWriter, req *http.Request, form url.Values, failed error) error {
	t, lang, ctx := r.h.Site.Text(req), web.Lang(req), req.Context()
	i, err := r.Import(ctx, web.PathID(req))
	if err != nil {
		return err
	}
	d := importPage{head: r.head(req, "", failed), Row: r.importRow(req, i)}
	s := i.Summary
	d.Facts.Rows = []web.SummaryRow{
		{Label: t("disposal.import.sender"), Value: i.Sender}, {Label: t("records.authority"), Value: r.h.AuthorityName(i.Authority)},
		{Label: t("disposal.process_id"), Value: i.Process}, {Label: t("disposal.import.package"), Value: i.Name},
		{Label: t("disposal.import.content"), Value: r.amount(req, s.Files, s.Cases, s.Documents, s.Stored, s.Bytes)},
		{Label: t("disposal.import.checked_by"), Value: t("disposal.by_at", i.By, i18n.DateTime(lang, i.At))}}
	if i.Taken {
		d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t("disposal.import.taken_by"), Value: t("disposal.by_at", i.TakenBy, i18n.DateTime(lang, i.TakenAt))},
			web.SummaryRow{Label: t("records.unit"), Value: i.Unit})
		l, err := r.Came(ctx, i.ID, paging.Read(req.URL.Query()))
		if err != nil {
			return err
		}
		d.Pages = l.Pages(importPath+"/"+i.ID, url.Values{})
		for _, x := range l.Items {
			d.Came = append(d.Came, cameRow{x, strings.Join(records.Formers(x.Former), ", "), r.levelText(req, x.Level)})
		}
	} else if d.Fields, err = r.intoFields(req, i, form, failed); err != nil {
		return err
	}
	for _, x := range s.First {
		d.First = append(d.First, firstRow{x, r.levelText(req, x.Level)})
	}
	return r.pages.imported.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.import_title", i.Sender), Failed: failed != nil,
		Crumbs: r.crumbs(req, web.Link{Text: "disposal.imports", Href: importPath})}, d)
}

// registryOnly is the choice of no leading unit.
const registryOnly = "registratur"

// intoFields ask where an import goes, and whom it is open to.
func (r *Room) intoFields(req *http.Request, i Import, form url.Values, failed error) ([]web.Field, error) {
	t := r.h.Site.Text(req)
	c, err := r.core.Choices(req.Context(), i.Authority)
	if err != nil {
		return nil, err
	}
	field := func(name, label, value string, options ...web.Option) web.Field {
		if form.Has(name) {
			value = form.Get(name)
		}
		return web.Field{Name: name, Label: t(label), Kind: "select", Value: value, Options: options, Error: r.h.Site.FieldError(req, failed, name)}
	}
	unit := field("unit", "records.unit", "", web.Option{Label: t("records.choose")})
	unit.Hint = t("disposal.import.unit.hint")
	for _, u := range c.Units {
		unit.Options = append(unit.Options, web.Option{Value: u.Code, Label: u.Code + " " + u.Title})
	}
	lead := field("lead", "records.lead", "", web.Option{Label: t("records.choose")}, web.Option{Value: registryOnly, Label: t("disposal.import.registry")})
	lead.Hint = t("disposal.import.lead.hint")
	for _, o := range c.Orgs {
		lead.Options = append(lead.Options, web.Option{Value: o.ID, Label: o.Code + " " + o.Name})
	}
	reach := field("reach", "records.reach", string(records.LeadOnly))
	for _, x := range []records.Reach{records.LeadOnly, records.ReadByAll, records.Everybody} {
		reach.Options = append(reach.Options, web.Option{Value: string(x), Label: t("records.reach." + string(x))})
	}
	level := field("level", "disposal.import.level", "0")
	level.Hint = t("disposal.import.level.hint")
	for l := access.Open; l <= c.Level; l++ {
		level.Options = append(level.Options, web.Option{Value: strconv.FormatInt(int64(l), 10), Label: r.levelText(req, l)})
	}
	return []web.Field{unit, lead, reach, level}, nil
}

// readInto reads what intoFields ask.
func readInto(form url.Values) Into {
	level, err := strconv.ParseInt(form.Get("level"), 10, 64)
	if err != nil {
		level = -1 // no level
	}
	into := Into{Unit: form.Get("unit"), Lead: form.Get("lead"), Reach: records.Reach(form.Get("reach")), Level: access.Level(level)}
	if into.Lead == registryOnly {
		into.Lead, into.Reach = "", records.Registry
	}
	return into
}

func (r *Room) postTake(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	err := r.TakeOver(req.Context(), web.PathID(req), readInto(req.PostForm))
	if shown(err) {
		return r.showImport(w, req, req.PostForm, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, importPath+"/"+web.PathID(req), "disposal.notice.imported")
}
