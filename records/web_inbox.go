package records

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

const inboxPath = "/akte"

// The columns of lists that cost a query of their own.
const (
	columnFile  = "file"
	columnCases = "cases"
)

// inboxList are the cases.
var inboxList = List{Name: "inbox", Title: "records.inbox.table", Path: inboxPath, Columns: []Column{
	{Name: "reference", Text: "records.reference", Fixed: true, Sorts: []string{SortReference}},
	{Name: "subject", Text: "records.subject"},
	{Name: "applicant", Text: "records.from"},
	{Name: "received", Text: "records.received", Sorts: []string{"", SortNewest}},
	{Name: "due", Text: "records.due_short", Sorts: []string{SortDue}},
	{Name: "state", Text: "records.state"},
	{Name: "assigned", Text: "records.assigned"},
	{Name: "org", Text: "records.org", Extra: true},
	{Name: columnFile, Text: "records.file", Extra: true},
	{Name: "source", Text: "records.source_reference", Extra: true},
	{Name: "kind", Text: "records.case_kind", Extra: true},
	{Name: "level", Text: "records.level", Extra: true},
	{Name: "closed", Text: "records.closed", Extra: true},
	{Name: "authority", Text: "records.authority", Several: true},
}}

// parseFilter reads a filter from an address. What it does not know it leaves out: a list is never an error.
func parseFilter(v url.Values) Filter {
	oneOf := func(name string, choices ...string) string {
		for _, c := range choices {
			if v.Get(name) == c {
				return c
			}
		}
		return ""
	}
	return Filter{
		Query: web.Query(v.Get("q")),
		State: oneOf("stand", StateAll, string(StateNew), string(StateInWork), string(StateWaiting), string(StateDecided),
			string(StateClosed)),
		Who:  oneOf("wer", WhoMine, WhoFree, WhoMarked),
		Sort: oneOf(SortName, SortNewest, SortDue, SortReference),
		Page: paging.Read(v),
	}
}

// values writes the filter as the query of an address, without what is not set.
func (f Filter) values() url.Values {
	v := web.Values("q", f.Query, "stand", f.State, "wer", f.Who, SortName, f.Sort)
	f.Page.Write(v)
	return v
}

type inboxPage struct {
	ListPage
	Tabs     web.Tabs
	Alert    web.Alert
	Query    string
	Choices  []web.Choice
	Filtered bool
	Table    web.Table
	Free     bool // there is a case that can be taken over in its row
	Pages    web.Pagination
	List     string // the filter, carried through the forms
	Person   web.Field
	Due      web.Field
}

// inboxRow is a case in the list of a file.
type inboxRow struct {
	Case      Case
	Path      string
	List      string // the filter, for the form in the row
	Authority string
	State     web.Badge
	Overdue   bool
	Mine      bool
}

func (r *Room) inboxRow(req *http.Request, f Filter, c Case) inboxRow {
	return inboxRow{Case: c, Path: f.casePath(c.ID, ""), List: f.values().Encode(), Authority: r.h.AuthorityName(c.Authority), State: r.badge(req, c.State),
		Overdue: c.State.Open() && c.DueAt.Before(r.h.Now()), Mine: c.AssignedTo == caller(req).Subject}
}

func (r *Room) getInbox(w http.ResponseWriter, req *http.Request) error {
	return r.showInbox(w, req, parseFilter(req.URL.Query()), nil, http.StatusOK, web.Alert{})
}

// showInbox shows the list with these rows ticked.
func (r *Room) showInbox(w http.ResponseWriter, req *http.Request, f Filter, chosen map[string]bool, status int, alert web.Alert) error {
	l, err := r.Inbox(req.Context(), f)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	d := inboxPage{Tabs: r.Tabs(req, inboxPath), Alert: alert, Query: f.Query, Filtered: f != (Filter{Page: f.Page}), List: f.values().Encode(),
		Table: web.Table{Label: t("records.inbox.table"), Choose: ChosenName, Form: "ausgewaehlte"}, Pages: l.Pages(inboxPath, f.values()),
		Person: web.Field{Name: "person", Label: t("records.assign.person"), Kind: "select", Value: req.PostForm.Get("person")},
		Due:    web.Field{Name: "due", Label: t("records.due_short"), Kind: "day", Value: req.PostForm.Get("due")},
		Choices: []web.Choice{
			r.h.Site.Choose(req, "stand", "records.filter.state", f.State, string(StateNew), string(StateInWork), string(StateWaiting),
				string(StateDecided), string(StateClosed), StateAll),
			r.h.Site.Choose(req, "wer", "records.filter.who", f.Who, WhoMine, WhoFree, WhoMarked),
			r.h.Site.Choose(req, SortName, "records.filter.sort", f.Sort, SortNewest, SortDue, SortReference),
		}}
	if d.ListPage, err = r.ListPage(req, inboxList, "", f.values()); err != nil {
		return err
	}
	rows, err := r.caseCells(req, f, l.Items, d.Shows)
	if err != nil {
		return err
	}
	d.Table.Heads = d.Heads
	for i, c := range l.Items {
		row := web.TableRow{Value: RowValue(c.ID, c.Version), Name: c.Reference, Chosen: chosen[c.ID], Cells: d.Cells(rows[i])}
		d.Free = d.Free || slices.ContainsFunc(row.Cells, func(x web.TableCell) bool { return x.Button.Text != "" })
		d.Table.Rows = append(d.Table.Rows, row)
	}
	people, err := r.People(req.Context())
	if err != nil {
		return err
	}
	for _, x := range people {
		d.Person.Options = append(d.Person.Options, web.Option{Value: x.Subject, Label: x.Name})
	}
	return r.pages.inbox.RenderStatus(w, req, status, web.Meta{Title: t("records.inbox"), Failed: alert.Title != ""}, d)
}

// caseCells makes the rows of cases; what costs a query of its own is read once for all of them, where shows says so.
func (r *Room) caseCells(req *http.Request, f Filter, cases []Case, shows func(column string) bool) ([]Cells, error) {
	ctx, q, t, lang := req.Context(), r.h.DB.Reader(), r.h.Site.Text(req), web.Lang(req)
	a, err := access.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	orgs, files := map[string]string{}, map[string]string{}
	if shows("org") {
		if orgs, err = r.orgNames(ctx, q, a); err != nil {
			return nil, err
		}
	}
	if shows(columnFile) && len(cases) > 0 {
		ids := make([]string, len(cases))
		for i, c := range cases {
			ids[i] = c.FileID
		}
		slices.Sort(ids)
		if files, err = r.store.fileReferences(ctx, q, a, slices.Compact(ids)); err != nil {
			return nil, err
		}
	}
	var out []Cells
	for _, c := range cases {
		out = append(out, func(column string) (x web.TableCell) {
			switch column {
			case "reference":
				return web.TableCell{Text: c.Reference, Href: f.casePath(c.ID, ""), Heading: true, NoWrap: true}
			case "subject":
				x.Text = c.Subject
			case "applicant":
				x.Text = c.Applicant
			case "received":
				x.Text, x.NoWrap = dateText(lang, c.ReceivedAt), true
			case "due":
				x.Text, x.NoWrap = dateText(lang, c.DueAt), true
				if c.State.Open() && c.DueAt.Before(r.h.Now()) {
					x.Badges = []web.Badge{{Kind: "danger", Text: t("records.overdue")}}
				}
			case "state":
				x.Badges, x.NoWrap = []web.Badge{r.badge(req, c.State)}, true
			case "assigned":
				return r.assignedCell(req, c)
			case "org":
				x.Text = orgs[c.Org]
			case columnFile:
				x = web.TableCell{Text: files[c.FileID], Href: "/akte/akte/" + c.FileID, NoWrap: true}
			case "source":
				x.Text = c.SourceRef
			case "kind":
				x.Text = t("records.case_kind." + string(c.Kind))
			case "level":
				x.Text = t("records.level." + strconv.FormatInt(int64(c.Level), 10))
			case "closed":
				x.Text, x.NoWrap = i18n.Date(lang, c.ClosedAt), true
			case "authority":
				x.Text = r.h.AuthorityName(c.Authority)
			}
			return x
		})
	}
	return out, nil
}

// assignedCell says who has the case; a free one can be taken over.
func (r *Room) assignedCell(req *http.Request, c Case) web.TableCell {
	x := web.TableCell{Text: c.AssignedName}
	switch {
	case c.AssignedTo == "" && c.Can("take"):
		x.Button = web.RowButton{Text: r.h.Site.T(req, "records.take"), Hidden: c.Reference, Action: "/akte/vorgang/" + c.ID + "/uebernehmen", Name: "version", Value: strconv.FormatInt(c.Version, 10)}
	case c.AssignedTo == caller(req).Subject:
		x.Note = r.h.Site.T(req, "records.it_is_me")
	}
	return x
}

// getInboxCSV sends the whole list of the filter.
func (r *Room) getInboxCSV(w http.ResponseWriter, req *http.Request) error {
	f := parseFilter(req.URL.Query())
	f.size = exportSize
	return r.SendList(w, req, inboxList, "", NotedRows(req.Context(), r, inboxList, listedCase, func(page paging.Cursor) (paging.Listing[Case], error) {
		f.Page = page
		return r.Inbox(req.Context(), f)
	}, func(cases []Case) ([]Cells, error) {
		return r.caseCells(req, Filter{}, cases, func(string) bool { return true })
	}))
}

// postChosenCases does something with the cases that were ticked.
func (r *Room) postChosenCases(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ctx, form := req.Context(), req.PostForm
	ids, versions := Chosen(form[ChosenName])
	due, noDay := r.dueDate(form, "due")
	var notice string
	var do func(id string) error
	switch form.Get("was") {
	case "uebernehmen":
		if asked, err := r.askTakeAll(w, req, ids); asked || err != nil {
			return err
		}
		notice, do = "records.notice.chosen.taken", func(id string) error { return r.Take(ctx, id, versions[id]) }
	case "zuweisen":
		notice, do = "records.notice.chosen.assigned", func(id string) error { return r.Assign(ctx, id, versions[id], form.Get("person")) }
	case "termin":
		notice, do = "records.notice.chosen.due", func(id string) error { return r.SetDue(ctx, id, versions[id], due) }
	case "vergessen":
		notice, do = "records.notice.chosen.case_unmarked", func(id string) error { return r.MarkCase(ctx, id, false) }
	default:
		notice, do = "records.notice.chosen.case_marked", func(id string) error { return r.MarkCase(ctx, id, true) }
	}
	var o Outcome
	err := error(nil)
	switch {
	case form.Get("was") == "zuweisen" && form.Get("person") == "":
		err = errs.InvalidFields([]errs.Field{{Name: "person", Key: "records.error.person"}})
	case form.Get("was") == "termin" && noDay != nil:
		err = noDay
	case form.Get("was") == "termin" && due.IsZero():
		err = errs.InvalidFields([]errs.Field{{Name: "due", Key: "records.error.day"}})
	default:
		o, err = r.Each(ctx, ids, do)
	}
	f := list(form)
	name := func(id string) web.Link {
		q := r.h.DB.Reader()
		a, err := access.Load(ctx, q)
		if err != nil {
			return web.Link{}
		}
		c, err := r.store.caseByID(ctx, q, a, id, "")
		if err != nil {
			return web.Link{}
		}
		return web.Link{Text: c.Reference, Href: f.casePath(id, "")}
	}
	return r.ShowOutcome(w, req, o, err, f.path(), notice, name, func(chosen map[string]bool, status int, alert web.Alert) error {
		return r.showInbox(w, req, f, chosen, status, alert)
	})
}
