package records

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

const (
	filesPath  = "/akte/akten"
	markedWord = "gemerkt" // the favourites in an address
)

// filesList are the files.
var filesList = List{Name: "files", Title: "records.files", Path: filesPath, Columns: []Column{
	{Name: "reference", Text: "records.reference", Fixed: true, Sorts: []string{SortReference}},
	{Name: "subject", Text: "records.subject"},
	{Name: "unit", Text: "records.unit"},
	{Name: "lead", Text: "records.lead"},
	{Name: "opened", Text: "records.opened", Sorts: []string{SortOldest, ""}},
	{Name: "closed", Text: "records.closed"},
	{Name: "state", Text: "records.state", Extra: true},
	{Name: columnCases, Text: "records.inbox.table", Numeric: true, Extra: true},
	{Name: "level", Text: "records.level", Extra: true},
	{Name: "medium", Text: "records.medium", Extra: true},
	{Name: "location", Text: "records.location", Extra: true},
	{Name: "lent", Text: "records.lent", Extra: true},
	{Name: "keywords", Text: "records.keywords", Extra: true},
	{Name: "retained", Text: "records.retained_until", Extra: true},
	{Name: "authority", Text: "records.authority", Several: true},
}}

type filesPage struct {
	ListPage
	Tabs     web.Tabs
	Alert    web.Alert
	Query    string
	Word     string // the keyword that is looked for
	Choices  []web.Choice
	Filtered bool
	Table    web.Table
	Pages    web.Pagination
	List     string // the filter, carried through the forms
	Keyword  web.Field
	Lead     web.Field
	Overdue  web.Badge // how many loans
}

func parseFileFilter(v url.Values) FileFilter {
	f := FileFilter{Query: web.Query(v.Get("q")), Unit: web.Query(v.Get("einheit")), Lead: web.Query(v.Get("leitung")), Keyword: web.Query(v.Get("schlagwort")),
		Type: web.ID(v.Get("art")), Page: paging.Read(v), Marked: v.Get("liste") == markedWord}
	if s := v.Get("stand"); s == FilesOpen || s == FilesClosed {
		f.State = s
	}
	if n, err := strconv.ParseInt(v.Get("stufe"), 10, 64); err == nil && access.Level(n).Valid() {
		f.Level = strconv.FormatInt(n, 10)
	}
	if s := v.Get(SortName); s == SortReference || s == SortOldest {
		f.Sort = s
	}
	return f
}

func (f FileFilter) values() url.Values {
	marked := ""
	if f.Marked {
		marked = markedWord
	}
	v := web.Values("q", f.Query, "einheit", f.Unit, "leitung", f.Lead, "schlagwort", f.Keyword, "stufe", f.Level, "art", f.Type, "stand", f.State, "liste", marked, SortName, f.Sort)
	f.Page.Write(v)
	return v
}

func (r *Room) getFiles(w http.ResponseWriter, req *http.Request) error {
	return r.showFiles(w, req, parseFileFilter(req.URL.Query()), nil, http.StatusOK, web.Alert{})
}

// showFiles shows the list with these rows ticked.
func (r *Room) showFiles(w http.ResponseWriter, req *http.Request, f FileFilter, chosen map[string]bool, status int, alert web.Alert) error {
	ctx, q, t := req.Context(), r.h.DB.Reader(), r.h.Site.Text(req)
	a, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	units, err := r.Units(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(units, func(u Unit) bool { return u.Code == f.Unit }) {
		f.Unit = ""
	}
	orgs, err := r.store.orgs(ctx, q, a)
	if err != nil {
		return err
	}
	l, err := r.Files(ctx, f)
	if err != nil {
		return err
	}
	unit := web.Choice{Name: "einheit", Label: t("records.unit"), Options: []web.Chosen{{Text: t("records.unit.any")}}}
	for _, u := range units {
		unit.Options = append(unit.Options, web.Chosen{Value: u.Code, Text: u.Code + " " + u.Title, Selected: u.Code == f.Unit})
	}
	lead := web.Choice{Name: "leitung", Label: t("records.lead"), Options: []web.Chosen{{Text: t("records.lead.any")}}}
	leads := web.Field{Name: "lead", Label: t("records.lead.set"), Kind: "select", Value: req.PostForm.Get("lead")}
	for _, o := range orgs {
		name := r.orgName(req, o)
		lead.Options = append(lead.Options, web.Chosen{Value: o.ID, Text: name, Selected: o.ID == f.Lead})
		leads.Options = append(leads.Options, web.Option{Value: o.ID, Label: name})
	}
	marked := f.values().Get("liste")
	unpaged := f
	unpaged.Page = paging.Cursor{}
	d := filesPage{Tabs: r.Tabs(req, filesPath), Alert: alert, Query: f.Query, Word: f.Keyword, Filtered: len(unpaged.values()) > 0, List: f.values().Encode(),
		Table: web.Table{Label: t("records.files"), Choose: ChosenName}, Pages: l.Pages(filesPath, f.values()), Lead: leads,
		Keyword: web.Field{Name: "keyword", Label: t("records.keyword"), MaxLength: 60, Value: req.PostForm.Get("keyword")},
		Choices: []web.Choice{unit, lead, r.h.Site.Choose(req, "stand", "records.filter.files", f.State, FilesOpen, FilesClosed),
			r.h.Site.Choose(req, "liste", "records.filter.marked", marked, markedWord),
			r.h.Site.Choose(req, SortName, "records.filter.files_sort", f.Sort, SortOldest, SortReference)}}
	more, err := r.kindChoices(req, a, f)
	if err != nil {
		return err
	}
	d.Choices = slices.Insert(d.Choices, 2, more...)
	if d.ListPage, err = r.ListPage(req, filesList, "", f.values()); err != nil {
		return err
	}
	if d.Overdue, err = r.overdueBadge(req); err != nil {
		return err
	}
	rows, err := r.fileCells(req, l.Items, d.Shows)
	if err != nil {
		return err
	}
	d.Table.Heads = d.Heads
	for i, x := range l.Items {
		d.Table.Rows = append(d.Table.Rows, web.TableRow{Value: RowValue(x.ID, x.Version), Name: x.Reference, Chosen: chosen[x.ID], Cells: d.Cells(rows[i])})
	}
	meta := web.Meta{Title: t("records.files"), Crumbs: r.crumbs(req, Filter{}), Failed: alert.Title != ""}
	return r.pages.files.RenderStatus(w, req, status, meta, d)
}

// kindChoices are those of level and type, where there are several.
func (r *Room) kindChoices(req *http.Request, a access.Access, f FileFilter) (out []web.Choice, err error) {
	t := r.h.Site.Text(req)
	level := web.Choice{Name: "stufe", Label: t("records.level"), Options: []web.Chosen{{Text: t("records.filter.any")}}}
	for l := access.Open; l.Valid(); l++ {
		n := strconv.FormatInt(int64(l), 10)
		if slices.ContainsFunc(a.Authorities(), func(authority string) bool { return a.Cleared(authority, l) }) {
			level.Options = append(level.Options, web.Chosen{Value: n, Text: t("records.level." + n), Selected: n == f.Level})
		}
	}
	if len(level.Options) > 2 || f.Level != "" {
		out = append(out, level)
	}
	types, err := r.store.fileTypes(req.Context(), r.h.DB.Reader(), a)
	if len(types) > 0 {
		kind := web.Choice{Name: "art", Label: t("records.type"), Options: []web.Chosen{{Text: t("records.filter.any")}}}
		for _, x := range types {
			kind.Options = append(kind.Options, web.Chosen{Value: x.ID, Text: x.Name, Selected: x.ID == f.Type})
		}
		out = append(out, kind)
	}
	return out, err
}

// orgName is what people call a unit; with its authority where there are several.
func (r *Room) orgName(req *http.Request, o Org) string {
	name := o.Code + " " + o.Name
	if severalAuthorities(req) {
		name += " (" + r.h.AuthorityName(o.Authority) + ")"
	}
	return name
}

// lentBadge says that the paper is not in its place.
func (r *Room) lentBadge(req *http.Request, f File) web.Badge {
	if f.LentUntil.Before(r.h.Now()) {
		return web.Badge{Kind: "danger", Text: r.h.Site.T(req, "records.lent.overdue")}
	}
	return web.Badge{Kind: "warning", Text: r.h.Site.T(req, "records.lent")}
}

// fileCells makes the rows of files, as caseCells does of cases.
func (r *Room) fileCells(req *http.Request, files []File, shows func(column string) bool) ([]Cells, error) {
	ctx, q, t, lang := req.Context(), r.h.DB.Reader(), r.h.Site.Text(req), web.Lang(req)
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	orgs, counts := map[string]string{}, map[string]int64{}
	if shows("lead") {
		if orgs, err = r.orgNames(ctx, q, a); err != nil {
			return nil, err
		}
	}
	if shows(columnCases) && len(files) > 0 {
		ids := make([]string, len(files))
		for i, f := range files {
			ids[i] = f.ID
		}
		if counts, err = r.store.caseCounts(ctx, q, a, ids); err != nil {
			return nil, err
		}
	}
	var out []Cells
	for _, f := range files {
		out = append(out, func(column string) (x web.TableCell) {
			switch column {
			case "reference":
				return web.TableCell{Text: f.Reference, Href: "/akte/akte/" + f.ID, Heading: true, NoWrap: true}
			case "subject":
				x.Text = f.Subject
				if f.LentTo != "" {
					x.Badges = []web.Badge{r.lentBadge(req, f)}
				}
			case "unit":
				x.Text = f.Unit.Title
			case "lead":
				x.Text = orgs[f.Lead]
			case "opened":
				x.Text, x.NoWrap = dateText(lang, f.OpenedAt), true
			case "closed":
				x.Text, x.NoWrap = dateText(lang, f.ClosedAt), true
			case "state":
				x.Badges, x.NoWrap = []web.Badge{r.fileBadge(req, f)}, true
			case columnCases:
				x.Text, x.File = i18n.Number(lang, counts[f.ID]), strconv.FormatInt(counts[f.ID], 10)
			case "level":
				x.Text = t("records.level." + strconv.FormatInt(int64(f.Level), 10))
			case "medium":
				x.Text = t("records.medium." + string(f.Medium))
			case "location":
				x.Text = f.Location
			case "lent":
				if f.LentTo != "" {
					x.Text = r.lentText(req, f)
				}
			case "keywords":
				x.Text = strings.ReplaceAll(f.Keywords, "\n", ", ")
			case "retained":
				x.Text, x.NoWrap = dateText(lang, f.RetainedUntil()), true
			case "authority":
				x.Text = r.h.AuthorityName(f.Authority)
			}
			return x
		})
	}
	return out, nil
}

// getFilesCSV sends the whole list of the filter.
func (r *Room) getFilesCSV(w http.ResponseWriter, req *http.Request) error {
	f := parseFileFilter(req.URL.Query())
	f.size = exportSize
	return r.SendList(w, req, filesList, "", NotedRows(req.Context(), r, filesList, listedFile, func(page paging.Cursor) (paging.Listing[File], error) {
		f.Page = page
		return r.Files(req.Context(), f)
	}, func(files []File) ([]Cells, error) {
		return r.fileCells(req, files, func(string) bool { return true })
	}))
}

// postChosenFiles does something with the files that were ticked.
func (r *Room) postChosenFiles(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ctx, form := req.Context(), req.PostForm
	ids, versions := Chosen(form[ChosenName])
	var wrong []errs.Field
	var notice string
	var do func(id string) error
	switch form.Get("was") {
	case "schlagwort":
		if strings.TrimSpace(form.Get("keyword")) == "" {
			wrong = append(wrong, errs.Field{Name: "keyword", Key: "records.error.empty.keyword"})
		}
		notice, do = "records.notice.chosen.keyword", func(id string) error { return r.AddKeyword(ctx, id, versions[id], form.Get("keyword")) }
	case "federfuehrung":
		if form.Get("lead") == "" {
			wrong = append(wrong, errs.Field{Name: "lead", Key: "records.error.lead"})
		}
		notice, do = "records.notice.chosen.lead", func(id string) error { return r.SetLead(ctx, id, versions[id], form.Get("lead")) }
	case "vergessen":
		notice, do = "records.notice.chosen.file_unmarked", func(id string) error { return r.Mark(ctx, id, false) }
	default:
		notice, do = "records.notice.chosen.file_marked", func(id string) error { return r.Mark(ctx, id, true) }
	}
	var o Outcome
	err := errs.InvalidFields(wrong)
	if err == nil {
		o, err = r.Each(ctx, ids, do)
	}
	inner, _ := url.ParseQuery(form.Get("liste")) // what is no filter is none
	f := parseFileFilter(inner)
	return r.ShowOutcome(w, req, o, err, web.Address(filesPath, f.values()), notice, r.fileLink(ctx), func(chosen map[string]bool, status int, alert web.Alert) error {
		return r.showFiles(w, req, f, chosen, status, alert)
	})
}

// fileLink names and leads to a file that the caller may read.
func (r *Room) fileLink(ctx context.Context) func(id string) web.Link {
	return func(id string) web.Link {
		q := r.h.DB.Reader()
		a, err := access.Load(ctx, q)
		if err != nil {
			return web.Link{}
		}
		x, err := r.store.fileByID(ctx, q, a, id)
		if err != nil {
			return web.Link{}
		}
		return web.Link{Text: x.Reference, Href: "/akte/akte/" + id}
	}
}
