package flow

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// columns are those of the inbox that can be left out, in their order.
var columns = []string{"subject", "from", "opened", "due", "for", "text"}

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

type tasksPage struct {
	Tabs, Views web.Tabs
	View        string
	Query       string
	Choices     []web.Choice
	Filtered    bool
	Reset       string
	Deputising  string
	Columns     web.Field
	Shows       map[string]bool
	List        string // the filter, for the forms
	CSV         string
	Rows        []taskRow
	Seen        bool // there is something that can be marked as seen
	Pages       web.Pagination
}

type taskRow struct {
	Entry
	Path   string
	Asks   string // the kind, short
	State  string
	Marks  []web.Badge
	CanSee bool
}

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
	shown, err := r.store.columns(req.Context(), q, a)
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
	p := tasksPage{Tabs: r.core.Tabs(req, "/akte/aufgaben"), Views: web.Tabs{Label: t("flow.views")}, View: string(f.View), Query: f.Query,
		Filtered: f.Query != "" || f.Kind != "" || f.Overdue || f.Sort != "", Reset: web.Address("/akte/aufgaben", Filter{View: f.View}.values()),
		List: f.values().Encode(), CSV: web.Address("/akte/aufgaben/csv", f.values()), Shows: map[string]bool{},
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
		p.Views.Links = append(p.Views.Links, web.Link{Text: t(key), Href: web.Address("/akte/aufgaben", Filter{View: v}.values()), Current: v == f.View})
	}
	p.Columns = web.Field{Name: "spalte", Label: t("flow.columns"), Kind: "checkboxes", Optional: true, Values: shown}
	for _, c := range columns {
		p.Columns.Options = append(p.Columns.Options, web.Option{Value: c, Label: t("flow.column." + c)})
		p.Shows[c] = slices.Contains(shown, c)
	}
	var names []string
	for _, x := range d.acts {
		names = append(names, x.Name)
	}
	slices.Sort(names)
	p.Deputising = strings.Join(slices.Compact(names), ", ")
	for _, e := range l.Items {
		row := r.taskRow(req, e)
		p.Seen = p.Seen || row.CanSee
		p.Rows = append(p.Rows, row)
	}
	p.Pages = l.Pages("/akte/aufgaben", f.values())
	return r.pages.tasks.Render(w, req, web.Meta{Title: t("flow.tasks"), Crumbs: []web.Link{{Text: t("records.inbox"), Href: "/akte"}}}, p)
}

func (r *Room) taskRow(req *http.Request, e Entry) taskRow {
	t, state := r.h.Site.Text(req), ""
	if e.State != Open { // an inbox is of what is open
		state = t("flow.task." + string(e.State))
	}
	return taskRow{Entry: e, Path: "/akte/vorgang/" + e.Case + "/geschaeftsgang#aufgabe-" + e.ID, Asks: t("flow.short." + string(e.Kind)),
		State: state, Marks: r.marks(req, e.Task, e.Instead), CanSee: e.Kind == Know && e.State == Open}
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

// getTasksCSV sends the list of the filter as CSV for a spreadsheet: UTF-8 with its mark, semicolons.
func (r *Room) getTasksCSV(w http.ResponseWriter, req *http.Request) error {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	var rows [][]string
	if err := r.Export(req.Context(), parseFilter(req.URL.Query()), func(e Entry) error {
		rows = append(rows, []string{t("flow.kind." + string(e.Kind)), e.Reference, e.Subject, e.Text, e.From.Name, i18n.DateTime(lang, e.OpenedAt),
			i18n.Date(lang, e.Due), strconv.Itoa(e.Reminders), e.HolderName, e.Instead.Name, t("flow.task." + string(e.State)), i18n.DateTime(lang, e.DoneAt)})
		return nil
	}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="aufgaben.csv"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write([]byte("\ufeff")); err != nil {
		return nil // the reader has gone
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	head := strings.Split("flow.kind records.reference records.subject flow.task_text flow.column.from flow.column.opened flow.column.due "+
		"flow.reminders flow.column.for flow.instead_of records.state flow.done_at", " ")
	for i, key := range head {
		head[i] = t(key)
	}
	_ = out.Write(head) // the error stays in out, and there is nobody left to tell
	for _, row := range rows {
		for i, cell := range row {
			row[i] = web.Cell(cell)
		}
		_ = out.Write(row)
	}
	out.Flush()
	return nil
}

func (r *Room) postSeen(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	inner, _ := url.ParseQuery(req.PostForm.Get("liste")) // what is no filter is none
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
	return r.h.Site.Redirect(w, req, web.Address("/akte/aufgaben", parseFilter(inner).values()), notice)
}

func (r *Room) postColumns(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	inner, _ := url.ParseQuery(req.PostForm.Get("liste")) // what is no filter is none
	if err := r.KeepColumns(req.Context(), req.PostForm["spalte"]); err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, web.Address("/akte/aufgaben", parseFilter(inner).values()), "")
}
