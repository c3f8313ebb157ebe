package records

import (
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// Addresses to which every list's tools send.
const (
	viewsPath   = "/akte/ansichten"
	columnsPath = "/akte/spalten"
)

// ListPage is what every list shows alike.
type ListPage struct {
	Tools   web.ListTools
	Columns []Column // that the reader wants to see
	Heads   []web.Head
}

// ListPage makes what the list of the filter v shows alike; of is the id of what the list belongs to, "" for a list that
// stands alone.
func (r *Room) ListPage(req *http.Request, l List, of string, v url.Values) (p ListPage, err error) {
	t := r.h.Site.Text(req)
	if p.Columns, err = r.Columns(req.Context(), l); err != nil {
		return p, err
	}
	views, err := r.Views(req.Context(), l.Name)
	if err != nil {
		return p, err
	}
	v = keepable(v)
	path, query := l.path(of), v.Encode()
	p.Tools = web.ListTools{Keep: viewsPath, Choose: columnsPath, CSV: web.Address(path+".csv", v), Query: query,
		Fields:  []web.Chosen{{Text: "liste", Value: l.Name}, {Text: "zu", Value: of}, {Text: "suche", Value: query}},
		Name:    web.Field{Name: "name", Label: t("records.list.name"), MaxLength: maxViewName},
		Columns: web.Field{Name: "spalte", Label: t("records.list.columns"), Kind: "checkboxes"}}
	for _, x := range views {
		p.Tools.Views = append(p.Tools.Views, web.ListView{ID: x.ID, Name: x.Name, Href: path + "?" + x.Query, Current: x.Query == query})
	}
	for _, c := range l.Columns {
		if c.Fixed {
			continue
		}
		p.Tools.Columns.Options = append(p.Tools.Columns.Options, web.Option{Value: c.Name, Label: t(c.Text)})
		if slices.ContainsFunc(p.Columns, func(shown Column) bool { return shown.Name == c.Name }) {
			p.Tools.Columns.Values = append(p.Tools.Columns.Values, c.Name)
		}
	}
	for _, c := range p.Columns {
		p.Heads = append(p.Heads, c.head(t(c.Text), path, v))
	}
	return p, nil
}

// head is the column's head in the list of the filter v. It leads to the order that it is not in.
func (c Column) head(text, path string, v url.Values) web.Head {
	h := web.Head{Text: text, Numeric: c.Numeric}
	names := [2]string{"ascending", "descending"}
	to := NoSort
	for i, s := range c.Sorts {
		switch {
		case s == NoSort:
		case s == v.Get(SortName):
			h.Sorted = names[i]
		case to == NoSort:
			to = s
		}
	}
	if to != NoSort {
		sorted := keepable(v)
		if sorted.Del(SortName); to != "" {
			sorted.Set(SortName, to)
		}
		h.Href = web.Address(path, sorted)
	}
	return h
}

// Cells are those of a row in the columns that the page shows.
func (p ListPage) Cells(row Cells) []web.TableCell {
	var out []web.TableCell
	for _, c := range p.Columns {
		cell := row(c.Name)
		cell.Numeric = c.Numeric
		out = append(out, cell)
	}
	return out
}

// Leave leaves these columns out, which have nothing to say in the list of this filter.
func (p *ListPage) Leave(columns ...string) {
	var kept []Column
	var heads []web.Head
	for i, c := range p.Columns {
		if !slices.Contains(columns, c.Name) {
			kept, heads = append(kept, c), append(heads, p.Heads[i])
		}
	}
	p.Columns, p.Heads = kept, heads
}

// Shows reports whether the reader wants to see the column.
func (p ListPage) Shows(column string) bool {
	return slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Name == column })
}

// SendList streams a list as a CSV file with all its columns, named after what it is of, which may be "", and the day.
func (r *Room) SendList(w http.ResponseWriter, req *http.Request, l List, of string, rows iter.Seq2[Cells, error]) error {
	t := r.h.Site.Text(req)
	name := strings.TrimSpace(t(l.Title)+" "+of) + " " + i18n.ISODate(r.h.Now())
	head := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		head[i] = t(c.Text)
	}
	return web.SendCSV(w, name, head, func(yield func([]string, error) bool) {
		for row, err := range rows {
			var cells []string
			if err == nil {
				for _, c := range l.Columns {
					cells = append(cells, row(c.Name).Plain())
				}
			}
			if !yield(cells, err) {
				return
			}
		}
	})
}

// back is the address of the list that a form's tools belong to, with the filter. errs.NotFound for a list that there is
// not: nobody is led anywhere else.
func (r *Room) back(form url.Values) (l List, path string, v url.Values, err error) {
	l, ok := r.lists[form.Get("liste")]
	of := web.ID(form.Get("zu"))
	if !ok || strings.Contains(l.Path, "{id}") && of == "" {
		return l, "", nil, errs.E(errs.NotFound, "records.error.not_found")
	}
	v, err = url.ParseQuery(form.Get("suche"))
	if err != nil {
		return l, "", nil, errs.E(errs.Invalid, "errs.form", err)
	}
	v = keepable(v)
	return l, l.path(of), v, nil
}

// postView keeps a search, or forgets one.
func (r *Room) postView(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	l, path, v, err := r.back(form)
	if err != nil {
		return err
	}
	notice := "records.notice.view_saved"
	if form.Get("was") == "vergessen" {
		notice, err = "records.notice.view_dropped", r.DropView(req.Context(), web.ID(form.Get("ansicht")))
	} else {
		err = r.SaveView(req.Context(), View{List: l.Name, Name: form.Get("name"), Query: v.Encode()})
	}
	switch {
	case errs.Is(err, errs.Invalid):
		t := r.h.Site.Text(req)
		return r.showForm(w, req, "web.list.keep", []web.Link{{Text: t(l.Title), Href: web.Address(path, v)}}, formPage{Action: viewsPath,
			Back: web.Address(path, v), Button: t("web.list.keep"),
			Hidden: []web.Chosen{{Text: "liste", Value: l.Name}, {Text: "zu", Value: form.Get("zu")}, {Text: "suche", Value: v.Encode()}},
			Fields: []web.Field{{Name: "name", Label: t("records.list.name"), MaxLength: maxViewName, Value: form.Get("name"), Error: r.h.Site.FieldError(req, err, "name")}}}, err)
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, web.Address(path, v), notice)
}

// postColumns keeps which columns of a list are shown.
func (r *Room) postColumns(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	l, path, v, err := r.back(req.PostForm)
	if err == nil {
		err = r.KeepColumns(req.Context(), l.Name, req.PostForm["spalte"])
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, web.Address(path, v), "records.notice.columns_kept")
}

// RowValue is what the box of a row sends: the id, and the version that the list was made from.
func RowValue(id string, version int64) string { return id + "." + strconv.FormatInt(version, 10) }

// Chosen are the ids of the rows whose boxes were ticked, with their versions; 0, which nothing has, where there is none.
func Chosen(values []string) (ids []string, versions map[string]int64) {
	versions = map[string]int64{}
	for _, s := range strings.Fields(strings.Join(values, " ")) { // a page that asks back sends them in one value
		s, version, _ := strings.Cut(s, ".")
		if id := web.ID(s); id != "" {
			ids = append(ids, id)
			versions[id], _ = strconv.ParseInt(version, 10, 64)
		}
	}
	return ids, versions
}

// ShowOutcome leads back to the list at path if everything was done that was asked for, with the notice that says how
// many; else it shows the list again: with the rows that failed still ticked, and why they did. name is what people call
// the thing with this id, as far as they may know it, and its address; show shows the list.
func (r *Room) ShowOutcome(w http.ResponseWriter, req *http.Request, o Outcome, err error, path, notice string, name func(id string) web.Link,
	show func(chosen map[string]bool, status int, alert web.Alert) error) error {
	chosen := map[string]bool{}
	switch {
	case web.Retry(err): // nothing was chosen, or what is to be done is not clear
		ids, _ := Chosen(req.PostForm[ChosenName])
		for _, id := range ids {
			chosen[id] = true
		}
		a := web.Alert{Kind: "warning", Title: r.h.Site.T(req, "records.chosen.nothing_done")}
		for _, f := range errs.As(err).Fields {
			a.Items = append(a.Items, web.Link{Text: r.h.Site.T(req, f.Key, f.Args...)})
		}
		return show(chosen, errs.Status(errs.CodeOf(err)), a)
	case err != nil:
		return err
	case len(o.Failed) == 0:
		return r.h.Site.RedirectCount(w, req, path, notice, o.Done)
	}
	lang := web.Lang(req)
	a := web.Alert{Kind: "warning", Title: r.h.Site.Texts.N(lang, notice, o.Done), Text: r.h.Site.Texts.N(lang, "records.chosen.failed", len(o.Failed))}
	for _, f := range o.Failed {
		chosen[f.ID] = true
		link := name(f.ID)
		if link.Text == "" {
			link.Text = r.h.Site.T(req, "records.chosen.one_of_them")
		}
		link.Text += ": " + r.reason(req, f.Err)
		a.Items = append(a.Items, link)
	}
	return show(chosen, http.StatusConflict, a)
}

// ChosenName is the name of the boxes.
const ChosenName = "auswahl"

// reason says why something was not done.
func (r *Room) reason(req *http.Request, err error) string {
	e := errs.As(err)
	if len(e.Fields) == 0 {
		return r.h.Site.T(req, e.Key, e.Args...)
	}
	var all []string
	for _, f := range e.Fields {
		all = append(all, r.h.Site.T(req, f.Key, f.Args...))
	}
	return strings.Join(all, "; ")
}
