package filing

import (
	"net/http"
	"net/url"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

const (
	incomingPath = "/akte/posteingang"
	doneWord     = "zugeordnet"
	closedWord   = "erledigt"
	mineWord     = "meine"
	newestWord   = "neueste"
)

// incomingList is the post.
var incomingList = records.List{Name: "incoming", Title: "filing.incoming", Path: incomingPath, Columns: []records.Column{
	{Name: "received", Text: "records.received", Sorts: []string{"", newestWord}},
	{Name: "subject", Text: "records.subject", Fixed: true},
	{Name: "sender", Text: "filing.sender"},
	{Name: "source", Text: "filing.incoming.source"},
	{Name: "org", Text: "filing.incoming.org"},
	{Name: "by", Text: "filing.incoming.registered_by"},
	{Name: "at", Text: "filing.incoming.registered_at", Extra: true},
	{Name: "assigned_by", Text: "filing.incoming.assigned_by"},
	{Name: "assigned_at", Text: "filing.incoming.assigned_at"},
	{Name: "authority", Text: "records.authority", Several: true},
}}

func parseIncoming(v url.Values) IncomingFilter {
	state := v.Get("stand")
	return IncomingFilter{Query: web.Query(v.Get("q")), Done: state == doneWord, Closed: state == closedWord, Mine: state == mineWord, Newest: v.Get("sortierung") == newestWord, Page: paging.Read(v)}
}

func (f IncomingFilter) values() url.Values {
	state, newest := "", ""
	switch {
	case f.Mine:
		state = mineWord
	case f.Done:
		state = doneWord
	case f.Closed:
		state = closedWord
	}
	if f.Newest {
		newest = newestWord
	}
	v := web.Values("q", f.Query, "stand", state, "sortierung", newest)
	f.Page.Write(v)
	return v
}

type incomingsPage struct {
	records.ListPage
	Tabs     web.Tabs
	Errors   web.ErrorSummary
	Alert    web.Alert
	Query    string
	Choices  []web.Choice
	Filtered bool
	Done     bool
	Table    web.Table
	Pages    web.Pagination
	List     string // the filter, carried through the forms
	Case     web.Field
	Unit     web.Field
	FormID   string
	Files    string // what is wrong with the upload
	Open     bool   // the upload
	Fields   []web.Field
	Script   string
	Failures []failureRow
}

// failureRow is a scan that could not be taken.
type failureRow struct {
	ScanFailure
	When, Where string // Where is "" for who works at one authority
}

// failures are those that are to be seen to, for registrars.
func (r *Room) failures(req *http.Request) ([]failureRow, error) {
	all, err := r.ScanFailures(req.Context())
	if err != nil {
		return nil, err
	}
	var out []failureRow
	for _, f := range all {
		row := failureRow{ScanFailure: f, When: i18n.DateTime(web.Lang(req), f.At)}
		if len(authorities(req)) > 1 {
			row.Where = r.h.AuthorityName(f.Authority)
		}
		out = append(out, row)
	}
	return out, nil
}

// outcome is what became of the rows that were chosen.
type outcome struct {
	chosen map[string]bool // to be ticked again
	status int
	alert  web.Alert
}

func (r *Room) getIncomings(w http.ResponseWriter, req *http.Request) error {
	return r.showIncomings(w, req, parseIncoming(req.URL.Query()), typed{}, outcome{})
}

// showIncomings shows the list: again with what was typed for new post, or with what became of the chosen rows.
func (r *Room) showIncomings(w http.ResponseWriter, req *http.Request, f IncomingFilter, in typed, o outcome) error {
	l, err := r.IncomingPost(req.Context(), f)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	fields, err := r.postFields(req, in)
	if err != nil {
		return err
	}
	orgs, err := r.orgs(req)
	if err != nil {
		return err
	}
	state, newest := f.values().Get("stand"), f.values().Get("sortierung")
	d := incomingsPage{Tabs: r.core.Tabs(req, incomingPath), Errors: r.h.Site.Summary(t, in.err), Alert: o.alert, Query: f.Query,
		Choices: []web.Choice{r.h.Site.Choose(req, "stand", "filing.incoming.state", state, doneWord, closedWord, mineWord),
			r.h.Site.Choose(req, "sortierung", "filing.incoming.sort", newest, newestWord)},
		Filtered: f.Query != "" || state != "" || f.Newest, Done: state != "", Pages: l.Pages(incomingPath, f.values()), List: f.values().Encode(), FormID: db.NewID(),
		Table: web.Table{Label: t("filing.incoming")}, Files: r.h.Site.FieldError(req, in.err, "dateien"), Open: in.err != nil, Fields: fields, Script: r.script.url(),
		Case: web.Field{Name: "vorgang", Label: t("filing.chosen.case"), MaxLength: 200, Value: req.PostForm.Get("vorgang")},
		Unit: web.Field{Name: "an_einheit", Label: t("filing.chosen.unit"), Kind: "select", Value: req.PostForm.Get("an_einheit"), Options: orgs}}
	if in.err != nil {
		d.Alert = r.alert(req, in.err)
	}
	if d.ListPage, err = r.core.ListPage(req, incomingList, "", f.values()); err != nil {
		return err
	}
	if d.Done {
		for i, c := range d.Columns {
			if c.Name == "received" { // what is not open is shown the latest first, and only so
				d.Heads[i].Href, d.Heads[i].Sorted = "", "descending"
			}
		}
	} else {
		d.Table.Choose = records.ChosenName
		d.Leave("assigned_by", "assigned_at")
	}
	if d.Failures, err = r.failures(req); err != nil {
		return err
	}
	d.Table.Heads = d.Heads
	names := map[string]string{}
	for _, o := range orgs {
		names[o.Value] = o.Label
	}
	for _, x := range l.Items {
		d.Table.Rows = append(d.Table.Rows, web.TableRow{Value: x.ID, Name: x.Subject, Chosen: o.chosen[x.ID], Cells: d.Cells(r.incomingCells(req, x, names))})
	}
	status := statusOf(in.err)
	if o.status != 0 {
		status = o.status
	}
	meta := web.Meta{Title: t("filing.incoming"), Crumbs: r.deskCrumbs(req), Failed: status != http.StatusOK}
	return r.pages.incomings.RenderStatus(w, req, status, meta, d)
}

// incomingCells makes the row of post; orgs are what the units are called, by id.
func (r *Room) incomingCells(req *http.Request, p Incoming, orgs map[string]string) records.Cells {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	_, list := listOf(url.Values{"liste": {req.URL.RawQuery}})
	return func(column string) (x web.TableCell) {
		switch column {
		case "received":
			x.Text, x.NoWrap = i18n.Date(lang, p.ReceivedAt), true
		case "subject":
			x = web.TableCell{Text: p.Subject, Href: onePath(p.ID, list), Heading: true}
			switch {
			case p.CaseID != "":
				x.Badges = []web.Badge{{Kind: "success", Text: t("filing.incoming.state." + doneWord)}}
			case !p.ClosedAt.IsZero():
				x.Badges = []web.Badge{{Text: t("filing.incoming.state." + closedWord)}}
			}
		case "sender":
			x.Text = p.Sender
		case "source":
			x.Text = t("filing.incoming.source." + string(p.Source))
		case "org":
			if x.Text = orgs[p.Org]; p.Person != "" {
				x.Text = p.PersonName
			}
		case "by":
			x.Text = r.h.Site.Known(req, p.CreatedBy)
		case "at":
			x.Text, x.NoWrap = i18n.DateTime(lang, p.CreatedAt), true
		case "assigned_by":
			x.Text = p.AssignedBy
		case "assigned_at":
			x.Text, x.NoWrap = i18n.DateTime(lang, p.AssignedAt), true
		case "authority":
			x.Text = r.h.AuthorityName(p.Authority)
		}
		return x
	}
}

// getIncomingsCSV sends the whole list of the filter.
func (r *Room) getIncomingsCSV(w http.ResponseWriter, req *http.Request) error {
	orgs, err := r.orgs(req)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, o := range orgs {
		names[o.Value] = o.Label
	}
	f := parseIncoming(req.URL.Query())
	f.size = csvPage
	return r.core.SendList(w, req, incomingList, "", records.Rows(func(page paging.Cursor) (paging.Listing[Incoming], error) {
		f.Page = page
		return r.IncomingPost(req.Context(), f)
	}, func(post []Incoming) (rows []records.Cells, err error) {
		for _, x := range post {
			rows = append(rows, r.incomingCells(req, x, names))
		}
		return rows, nil
	}))
}

// postChosenIncoming does something with the post that was ticked.
func (r *Room) postChosenIncoming(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 256<<10); err != nil {
		return err
	}
	ctx, form := req.Context(), req.PostForm
	ids, _ := records.Chosen(form[records.ChosenName])
	var wrong []errs.Field
	var notice string
	var do func(id string) error
	switch form.Get("was") {
	case "weitergeben":
		org := form.Get("an_einheit")
		if org == "" {
			wrong = append(wrong, errs.Field{Name: "an_einheit", Key: "filing.error.choose_org"})
		}
		notice, do = "filing.notice.chosen.handed", func(id string) error { return r.HandTo(ctx, id, org) }
	default:
		reference := records.OneLine(form.Get("vorgang"))
		if reference == "" {
			wrong = append(wrong, errs.Field{Name: "vorgang", Key: "filing.error.no_reference"})
		}
		notice, do = "filing.notice.chosen.assigned", func(id string) error {
			_, err := r.Assign(ctx, id, Target{Case: reference})
			return err
		}
	}
	var o records.Outcome
	err := errs.InvalidFields(wrong)
	if err == nil {
		o, err = r.core.Each(ctx, ids, do)
	}
	inner, _ := url.ParseQuery(form.Get("liste")) // what is no filter is none
	f := parseIncoming(inner)
	name := func(id string) web.Link {
		q := r.h.DB.Reader()
		scope, err := access.Load(ctx, q)
		if err != nil {
			return web.Link{}
		}
		x, err := r.store.incoming(ctx, q, scope, id, "")
		if err != nil {
			return web.Link{}
		}
		return web.Link{Text: x.Subject, Href: incomingPath + "/" + id}
	}
	return r.core.ShowOutcome(w, req, o, err, web.Address(incomingPath, f.values()), notice, name, func(chosen map[string]bool, status int, alert web.Alert) error {
		return r.showIncomings(w, req, f, typed{}, outcome{chosen, status, alert})
	})
}
