package flow

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

const tasksPath = "/akte/aufgaben"

// tasksList are the tasks.
var tasksList = records.List{Name: "tasks", Title: "flow.tasks", Path: tasksPath, Columns: []records.Column{
	{Name: "reference", Text: "records.reference", Fixed: true},
	{Name: "kind", Text: "flow.kind", Fixed: true},
	{Name: "state", Text: "records.state", Fixed: true},
	{Name: "subject", Text: "records.subject"},
	{Name: "text", Text: "flow.task_text"},
	{Name: "from", Text: "flow.column.from"},
	{Name: "opened", Text: "flow.column.opened", Sorts: []string{records.NoSort, SortNewest}},
	{Name: "due", Text: "flow.column.due", Sorts: []string{""}},
	{Name: "for", Text: "flow.column.for"},
	{Name: "instead", Text: "flow.instead_of", Extra: true},
	{Name: "reminders", Text: "flow.reminders", Numeric: true, Extra: true},
	{Name: "done", Text: "flow.done_at", Extra: true},
}}

// parseFilter reads a filter from an address. What it does not know it leaves out: a list is never an error.
func parseFilter(v url.Values) Filter {
	f := Filter{Query: web.Query(v.Get("q")), Overdue: v.Get("ueberfaellig") == "ja", Page: paging.Read(v)}
	if view := View(v.Get("ansicht")); slices.Contains(Views, view) {
		f.View = view
	}
	if k := Kind(v.Get("art")); slices.Contains(Kinds, k) || k == Returned {
		f.Kind = k
	}
	if v.Get("sortierung") == SortNewest {
		f.Sort = SortNewest
	}
	return f
}

// values writes the filter as the query of an address, without what is not set.
func (f Filter) values() url.Values {
	overdue := ""
	if f.Overdue {
		overdue = "ja"
	}
	v := web.Values("ansicht", string(f.View), "q", f.Query, "art", string(f.Kind), "ueberfaellig", overdue, "sortierung", f.Sort)
	f.Page.Write(v)
	return v
}

// path is the address of the list.
func (f Filter) path() string { return web.Address(tasksPath, f.values()) }

// listOf is the list that a task's page was opened from, or nil: it goes along with addresses and forms as "liste".
func listOf(req *http.Request) *Filter {
	v := req.URL.Query()
	if req.PostForm.Has("liste") {
		v = req.PostForm
	}
	inner, err := url.ParseQuery(v.Get("liste"))
	if err != nil || !v.Has("liste") {
		return nil
	}
	f := parseFilter(inner)
	return &f
}

// taskPath is the address of a task's page, opened from the list, or from none.
func (f *Filter) taskPath(id string) string {
	v := url.Values{}
	for _, s := range f.hidden() {
		v.Set("liste", s) // also of a filter that says nothing
	}
	return web.Address("/akte/aufgabe/"+id, v)
}

// hidden is the list for a form, if there is one.
func (f *Filter) hidden() []string {
	if f == nil {
		return nil
	}
	return []string{f.values().Encode()}
}

type tasksPage struct {
	records.ListPage
	Tabs, Views web.Tabs
	View        string
	Query       string
	Choices     []web.Choice
	Filtered    bool
	Reset       string
	Deputising  string
	Loans       []loanRow
	List        string // the filter, for the forms
	Table       web.Table
	Pages       web.Pagination
}

// loanRow is a file whose paper should be back.
type loanRow struct{ ID, Reference, Subject, Lent string }

func (r *Room) choose(req *http.Request, name, label, current string, values ...[2]string) web.Choice {
	c := web.Choice{Name: name, Label: r.h.Site.T(req, label)}
	for _, v := range values {
		c.Options = append(c.Options, web.Chosen{Value: v[0], Text: r.h.Site.T(req, v[1]), Selected: v[0] == current})
	}
	return c
}

func (r *Room) getTasks(w http.ResponseWriter, req *http.Request) error {
	f, t := parseFilter(req.URL.Query()), r.h.Site.Text(req)
	l, err := r.Inbox(req.Context(), f)
	if err != nil {
		return err
	}
	q := r.h.DB.Reader()
	a, err := access.Load(req.Context(), q)
	if err != nil {
		return err
	}
	d, err := r.desk(req.Context(), q, a)
	if err != nil {
		return err
	}
	kinds := [][2]string{{"", "flow.any"}}
	for _, k := range append(slices.Clone(Kinds), Returned) {
		kinds = append(kinds, [2]string{string(k), "flow.kind." + string(k)})
	}
	overdue := ""
	if f.Overdue {
		overdue = "ja"
	}
	p := tasksPage{Tabs: r.core.Tabs(req, tasksPath), Views: web.Tabs{Label: t("flow.views")}, View: string(f.View), Query: f.Query,
		Filtered: f.Query != "" || f.Kind != "" || f.Overdue || f.Sort != "", Reset: Filter{View: f.View}.path(),
		List: f.values().Encode(), Table: web.Table{Label: t("flow.tasks")},
		Choices: []web.Choice{
			r.choose(req, "art", "flow.kind", string(f.Kind), kinds...),
			r.choose(req, "ueberfaellig", "flow.deadline", overdue, [2]string{"", "flow.any"}, [2]string{"ja", "flow.overdue_only"}),
			r.choose(req, "sortierung", "flow.sort", f.Sort, [2]string{"", "flow.sort.due"}, [2]string{SortNewest, "flow.sort.newest"}),
		}}
	for _, v := range Views {
		key := "flow.view." + string(v)
		if v == ViewOpen {
			key = "flow.view.open"
		}
		p.Views.Links = append(p.Views.Links, web.Link{Text: t(key), Href: Filter{View: v}.path(), Current: v == f.View})
	}
	if p.ListPage, err = r.core.ListPage(req, tasksList, "", f.values()); err != nil {
		return err
	}
	if f.View == ViewDone || f.View == ViewLater { // these have one order
		for i := range p.Heads {
			p.Heads[i].Href, p.Heads[i].Sorted = "", ""
		}
	}
	p.Table.Heads = p.Heads
	var names []string
	for _, x := range d.acts {
		names = append(names, x.Name)
	}
	slices.Sort(names)
	p.Deputising = strings.Join(slices.Compact(names), ", ")
	if !p.Filtered && (f.View == ViewOpen || f.View == ViewMine) {
		late, err := r.loans(req.Context(), q, a, d)
		if err != nil {
			return err
		}
		for _, x := range late {
			p.Loans = append(p.Loans, loanRow{x.ID, x.Reference, x.Subject, t("records.lent.text", x.LentTo, i18n.Date(web.Lang(req), x.LentUntil))})
		}
	}
	for _, e := range l.Items {
		row := web.TableRow{Name: e.Reference, Cells: p.Cells(r.taskCells(req, &f, e))}
		if e.Kind == Know && e.State == Open { // can be marked as seen
			row.Value, p.Table.Choose = e.ID, "aufgabe"
		}
		p.Table.Rows = append(p.Table.Rows, row)
	}
	p.Pages = l.Pages(tasksPath, f.values())
	return r.pages.tasks.Render(w, req, web.Meta{Title: t("flow.tasks"), Crumbs: []web.Link{{Text: t("records.inbox"), Href: "/akte"}}}, p)
}

// taskCells makes the row of a task in the list.
func (r *Room) taskCells(req *http.Request, f *Filter, e Entry) records.Cells {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	return func(column string) (x web.TableCell) {
		switch column {
		case "kind":
			x = web.TableCell{Text: t("flow.short." + string(e.Kind)), File: t("flow.kind." + string(e.Kind)), NoWrap: true}
		case "state":
			x = web.TableCell{Text: t("flow.task." + string(e.State)), Badges: r.marks(req, e.Task, e.Instead)}
			if e.State == Open { // an inbox is of what is open
				x.Text, x.File = "", x.Text
			}
		case "reference":
			x = web.TableCell{Text: e.Reference, Href: f.taskPath(e.ID), Heading: true, NoWrap: true}
		case "subject":
			x.Text = e.Subject
		case "text":
			if x.Text = e.Text; e.Text == "" {
				x.Text = e.Title
			}
		case "from":
			x.Text = e.From.Name
		case "opened":
			x = web.TableCell{Text: i18n.Date(lang, e.OpenedAt), File: i18n.DateTime(lang, e.OpenedAt), NoWrap: true}
		case "due":
			x.Text, x.NoWrap = i18n.Date(lang, e.Due), true
		case "for":
			x.Text = e.HolderName
		case "instead":
			x.Text = e.Instead.Name
		case "reminders":
			x.Text = strconv.Itoa(e.Reminders)
		case "done":
			x.Text, x.NoWrap = i18n.DateTime(lang, e.DoneAt), true
		}
		return x
	}
}

// marks are what stands out about a task.
func (r *Room) marks(req *http.Request, x Task, instead Person) []web.Badge {
	t := r.h.Site.Text(req)
	var out []web.Badge
	if x.Overdue(r.h.Now()) {
		out = append(out, web.Badge{Kind: "danger", Text: t("flow.overdue")})
	}
	if x.State == Open && x.Reminders > 0 {
		out = append(out, web.Badge{Kind: "warning", Text: r.h.Site.Texts.N(web.Lang(req), "flow.reminded", x.Reminders)})
	}
	if x.State.pending() && x.Rounds > 0 {
		out = append(out, web.Badge{Kind: "warning", Text: t("flow.again")})
	}
	if x.State == Open && instead.Subject != "" {
		out = append(out, web.Badge{Kind: "info", Text: t("flow.instead", instead.Name)})
	}
	return out
}

// getTasksCSV sends the whole list of the filter.
func (r *Room) getTasksCSV(w http.ResponseWriter, req *http.Request) error {
	f := parseFilter(req.URL.Query())
	return r.core.SendList(w, req, tasksList, "", records.NotedRows(req.Context(), r.core, tasksList, listedTask, func(page paging.Cursor) (paging.Listing[Entry], error) {
		f.Page = page
		return r.inbox(req.Context(), f, exportSize)
	}, func(tasks []Entry) (rows []records.Cells, err error) {
		for _, e := range tasks {
			rows = append(rows, r.taskCells(req, nil, e))
		}
		return rows, nil
	}))
}

// listedTask is what the log says of a task that is taken out with others: it names its case.
func listedTask(e Entry) records.Listed {
	return records.Listed{Authority: e.Authority, Object: records.CaseObject(e.Case), Level: e.Level}
}

func (r *Room) postSeen(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ids := req.PostForm["aufgabe"]
	for i, id := range ids {
		ids[i] = web.ID(id)
	}
	if _, err := r.Seen(req.Context(), ids[:min(len(ids), paging.Size)]); err != nil {
		return err
	}
	notice := "flow.notice.seen"
	if len(ids) == 0 {
		notice = "flow.notice.none_chosen"
	}
	path := tasksPath
	if f := listOf(req); f != nil {
		path = f.path()
	}
	return r.h.Site.Redirect(w, req, path, notice)
}
