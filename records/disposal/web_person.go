package disposal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

type personPage struct {
	head
	ID          string // of the search that the form begins
	Fields      []web.Field
	More        []web.Field // that tell people of one name apart
	MoreOpen    bool
	Authorities web.Choice
	Several     bool
	Searches    []searchRow
}

type searchRow struct {
	Search Search
	Who    string
	Href   string
	State  web.Badge
}

func (r *Room) getPerson(w http.ResponseWriter, req *http.Request) error {
	return r.showPerson(w, req, url.Values{}, nil)
}

func (r *Room) showPerson(w http.ResponseWriter, req *http.Request, form url.Values, failed error) error {
	list, err := r.Searches(req.Context())
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	d := personPage{head: r.head(req, personPath, failed), ID: web.FormID(form.Get("id")), Several: len(registry(req)) > 1,
		Authorities: r.authorities(req, form.Get("behoerde"))}
	field := func(name, kind string) web.Field {
		f := web.Field{Name: name, Label: t("disposal.person." + name), Kind: kind, MaxLength: 200, Value: form.Get(name), Optional: name != "name",
			Error: r.h.Site.FieldError(req, failed, name)}
		if key := "disposal.person." + name + ".hint"; r.h.Site.Texts.Has(web.Lang(req), key) {
			f.Hint = t(key)
		}
		return f
	}
	d.Fields = []web.Field{field("name", "text")}
	d.More = []web.Field{field("geboren", "day"), field("mail", "email"), field("anschrift", "text")}
	if r.Applicants != nil {
		d.More = append(d.More, field("konto", "text"))
	}
	d.More = append(d.More, field("beschaeftigt", "checkbox"))
	d.More[0].Past = true
	d.MoreOpen = slices.ContainsFunc(d.More, func(f web.Field) bool { return f.Value != "" })
	for _, s := range list {
		row := searchRow{Search: s, Who: s.Person.String(), Href: personPath + "/" + s.ID, State: web.Badge{Kind: "success", Text: t("disposal.person.ended")}}
		if s.Ended.IsZero() {
			row.State = web.Badge{Kind: "info", Text: t("disposal.person.running")}
		}
		d.Searches = append(d.Searches, row)
	}
	return r.pages.person.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.person"), Failed: failed != nil, Crumbs: r.crumbs(req)}, d)
}

// postPerson searches by POST: a name in an address would stand in the logs of every proxy.
func (r *Room) postPerson(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	f := req.PostForm
	days := web.Days{Form: f, Now: r.h.Now()}
	days.Back("geboren")
	id := web.FormID(f.Get("id"))
	err := days.Explain(r.Find(req.Context(), id, Person{Authority: authority(req, f.Get("behoerde")), Name: f.Get("name"), Mail: f.Get("mail"), Address: f.Get("anschrift"),
		Born: f.Get("geboren"), Citizen: f.Get("konto"), Staff: f.Get("beschaeftigt") != ""}))
	if shown(err) {
		return r.showPerson(w, req, f, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, personPath+"/"+id, "")
}

type findingsPage struct {
	head
	Search   Search
	Facts    web.SummaryList
	Running  web.Alert // how far it is; nothing once it has ended
	TooMany  bool
	Hidden   web.Alert
	Unread   web.Alert
	Files    []findingFile
	First    string
	Next     string // where the next page begins
	NextHref string
	Self     string
	After    string // where this page begins
	Shown    string // values of what can be chosen on it, each in a line
}

// findingFile is what was found in a file, or in none.
type findingFile struct {
	Title string
	Href  string
	Level web.Badge
	Rows  []findingRow
	Cases []findingCase
}

func (f findingFile) values() (out []string) {
	for _, x := range f.Rows {
		out = append(out, x.Value)
	}
	for _, c := range f.Cases {
		out = append(out, c.Whole.Value)
		for _, x := range c.Rows {
			out = append(out, x.Value)
		}
	}
	return out
}

type findingCase struct {
	Title     string
	Href      string
	Applicant string
	Level     web.Badge
	Whole     findingRow
	Rows      []findingRow
}

type findingRow struct {
	ID       string // of the element
	Value    string
	Chosen   bool
	Label    string
	Document web.Link
	Hint     []string
	Shown    []fulltext.Segment
}

func (r *Room) getFindings(w http.ResponseWriter, req *http.Request) error {
	return r.showFindings(w, req, cursor(req.URL.Query().Get("ab")), nil)
}

func (r *Room) showFindings(w http.ResponseWriter, req *http.Request, after string, failed error) error {
	f, err := r.Findings(req.Context(), web.PathID(req), after)
	if err != nil {
		return err
	}
	t, lang := r.h.Site.Text(req), web.Lang(req)
	s := f.Search
	self := personPath + "/" + s.ID
	d := findingsPage{head: r.head(req, personPath, failed), Search: s, TooMany: !s.Complete, Next: f.Next, Self: self, After: after, Files: r.findingFiles(req, f)}
	d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t("disposal.person.who"), Value: s.Person.String()},
		web.SummaryRow{Label: t("disposal.person.asked"), Value: s.By + ", " + i18n.DateTime(lang, s.At)})
	if s.Person.Staff {
		d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t("disposal.person.beschaeftigt"), Value: t("disposal.person.yes")})
	}
	if s.Ended.IsZero() {
		d.Running = web.Alert{Kind: "info", Title: t("disposal.person.progress", s.Place, f.Places), Text: t("disposal.working"),
			Items: []web.Link{{Text: t("disposal.reload"), Href: self}}}
	}
	if f.Hidden > 0 {
		d.Hidden = web.Alert{Kind: "warning", Title: r.h.Site.Texts.N(lang, "disposal.person.hidden", int(f.Hidden)), Text: t("disposal.person.hidden.text")}
	}
	if s.Unread > 0 {
		d.Unread = web.Alert{Kind: "warning", Title: r.h.Site.Texts.N(lang, "disposal.person.unread", int(s.Unread)), Text: t("disposal.person.unread.text")}
	}
	var values []string
	for _, x := range d.Files {
		values = append(values, x.values()...)
	}
	d.Shown = strings.Join(values, "\n")
	if after != "" {
		d.First = self
	}
	if f.Next != "" {
		d.NextHref = web.Address(self, web.Values("ab", f.Next))
	}
	return r.pages.findings.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.person.hits"), Failed: failed != nil,
		Crumbs: r.crumbs(req, web.Link{Text: "disposal.person", Href: personPath})}, d)
}

// cursor is the place in the order of hits that an address names.
func cursor(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }

// findingFiles groups what was found by file and case, in their order.
func (r *Room) findingFiles(req *http.Request, f Findings) []findingFile {
	t := r.h.Site.Text(req)
	var out []findingFile
	level := func(l access.Level) web.Badge {
		if l == access.Open {
			return web.Badge{}
		}
		return web.Badge{Kind: "warning", Text: t("records.level." + strconv.Itoa(int(l)))}
	}
	for i, x := range f.List {
		title, href := t("disposal.person.outside"), ""
		if x.File.id != "" {
			title, href = x.File.reference+" "+x.File.subject, "/akte/akte/"+x.File.id
		} else if x.Case.id != "" { // a guest of the case
			title = t("disposal.person.guest")
		}
		n := slices.IndexFunc(out, func(y findingFile) bool { return y.Title == title && y.Href == href })
		if n < 0 {
			n = len(out)
			out = append(out, findingFile{Title: title, Href: href, Level: level(x.File.level)})
		}
		row := r.findingRow(req, x, i)
		if x.Case.id == "" {
			out[n].Rows = append(out[n].Rows, row)
			continue
		}
		cases := &out[n].Cases
		path := "/akte/vorgang/" + x.Case.id
		m := slices.IndexFunc(*cases, func(y findingCase) bool { return y.Href == path })
		if m < 0 {
			m = len(*cases)
			c := findingCase{Title: x.Case.reference + " " + x.Case.subject, Href: path, Applicant: x.Case.applicant,
				Whole: findingRow{ID: "ganz-" + strconv.Itoa(i), Value: "vorgang:" + x.Case.id, Chosen: slices.Contains(f.Wholes, x.Case.id), Label: t(placeWhole)}}
			if x.Case.level > x.File.level {
				c.Level = level(x.Case.level)
			}
			*cases = append(*cases, c)
		}
		(*cases)[m].Rows = append((*cases)[m].Rows, row)
	}
	return out
}

func (r *Room) findingRow(req *http.Request, x Finding, i int) findingRow {
	t := r.h.Site.Text(req)
	row := findingRow{ID: "fund-" + strconv.Itoa(i), Value: x.Value, Chosen: x.Chosen, Shown: x.Shown}
	var places, by []string
	for _, p := range x.Places {
		if text := t(p); !slices.Contains(places, text) {
			places = append(places, text)
		}
	}
	row.Label = strings.Join(places, ", ")
	if x.Document.id != "" {
		row.Document = web.Link{Text: x.Document.subject, Href: "/akte/dokument/" + x.Document.id + "/karte"}
	}
	for _, b := range x.By {
		by = append(by, t("disposal.person.by."+b))
	}
	row.Hint = append(row.Hint, t("disposal.person.by", strings.Join(by, ", ")))
	if !x.At.IsZero() {
		row.Hint = append(row.Hint, i18n.Date(web.Lang(req), x.At))
	}
	if x.Sensitive {
		row.Hint = append(row.Hint, t("disposal.person.sensitive"))
	}
	return row
}

// postFindings notes what was chosen on a page and goes to the next one.
func (r *Room) postFindings(w http.ResponseWriter, req *http.Request) error {
	if err := r.chooseShown(w, req); err != nil {
		return err
	}
	path := personPath + "/" + web.PathID(req)
	if next := req.PostForm.Get("weiter"); next != "" {
		return r.h.Site.Redirect(w, req, web.Address(path, web.Values("ab", cursor(next))), "")
	}
	return r.h.Site.Redirect(w, req, web.Address(path, web.Values("ab", cursor(req.PostForm.Get("ab")))), "disposal.notice.chosen")
}

func (r *Room) chooseShown(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	return r.Choose(req.Context(), web.PathID(req), strings.FieldsFunc(req.PostForm.Get("gezeigt"), func(c rune) bool { return c == '\r' || c == '\n' }), req.PostForm["treffer"])
}

// postExport sends what was chosen on this page and the others.
func (r *Room) postExport(w http.ResponseWriter, req *http.Request) error {
	if err := r.chooseShown(w, req); err != nil {
		return err
	}
	d, err := r.Disclose(req.Context(), web.PathID(req))
	if shown(err) {
		return r.showFindings(w, req, cursor(req.PostForm.Get("ab")), err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="auskunft-`+i18n.ISODate(d.at)+`.zip"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := r.Write(req.Context(), w, d); err != nil {
		r.h.Log.ErrorContext(req.Context(), "disclosure broke off", "error", errs.As(err))
		panic(http.ErrAbortHandler) // nobody takes half a file for a whole one
	}
	return nil
}
