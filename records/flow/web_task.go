package flow

import (
	"cmp"
	"net/http"
	"strconv"

	"rennsteig/platform/extract"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
)

type taskPage struct {
	Tabs    web.Tabs
	Case    records.Case
	Errors  web.ErrorSummary
	Alert   web.Alert
	Names   []string
	Facts   web.SummaryList
	Marks   []web.Badge
	Act     *actForm // nil if there is nothing to be done by the caller
	Ask     *askForm
	Back    bringBackForm
	Move    *moveForm // nil for who cannot
	List    string    // address of the list that it was opened from; "" is none
	Next    string    // address; "" is none
	Course  string    // address
	Sheet   Sheet
	Open    string // address of the version
	Card    string // address of the document's own page
	Look    string // address of the page that shows all its pages
	First   string // address of the picture of the first; "" if it has none
	Before  Sheet
	Earlier string // address of the version before
	Changed []Piece
	Link    string // text of Open
}

// askForm asks one more to co-sign.
type askForm struct {
	Circulation, ID, Task string
	List                  []string // that the task was opened from
	Name                  string   // of the circulation, where there are several on the page
	Who                   line
}

func (r *Room) getTask(w http.ResponseWriter, req *http.Request) error {
	return r.showTask(w, req, web.PathID(req), "", typed{})
}

// showTask shows a task as it lies before who is to do it; which is the form that came back, as in showFlow.
func (r *Room) showTask(w http.ResponseWriter, req *http.Request, id, which string, in typed) error {
	list := listOf(req)
	d, err := r.TaskByID(req.Context(), id, list)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	row := r.stepRow(req, d.Course, d.Circulation, d.Task, which, in)
	p := taskPage{Tabs: r.core.CaseTabs(req, d.Case.ID, "/geschaeftsgang"), Case: d.Case, Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err),
		Marks: append([]web.Badge{row.State}, row.Marks...), Act: row.Act, Course: r.flowPath(d.Case.ID) + "#aufgabe-" + id,
		Names: r.recipients(d.dir, false).labels, Sheet: d.Draft, Before: d.Before, Changed: d.Changed}
	if p.Act != nil {
		p.Act.Page, p.Act.List, p.Act.AndNext = true, list.hidden(), t("flow.and_next", p.Act.Button)
	}
	p.Ask = r.askForm(req, d.Course, d.Circulation, id, which, in)
	p.Move = r.moveForm(req, d.Course, d.Circulation, d.Task, which, in)
	p.Back = r.bringBackForm(req, d.Case.ID, id, which, in)
	fact := func(key, value string) {
		if value != "" {
			p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: t(key), Value: value})
		}
	}
	fact("records.subject", d.Case.Subject)
	fact("flow.circulation_title", d.Circulation.Title)
	fact("flow.column.from", cmp.Or(d.Task.From.Name, d.Circulation.By.Name))
	fact("flow.task_text", d.Task.Text)
	fact("flow.column.for", d.Task.HolderName)
	fact("flow.place.absence", row.Away)
	if !d.Task.Due.IsZero() {
		fact("flow.column.due", i18n.Date(web.Lang(req), d.Task.Due))
	}
	fact("flow.done_by", row.By)
	fact("flow.remark", d.Task.Answer)
	if d.Next != "" {
		p.Next = list.taskPath(d.Next)
	}
	if d.Draft.Version > 0 {
		document := "/akte/dokument/" + d.Circulation.Document
		at := func(s Sheet) string { return document + "/fassung/" + strconv.FormatInt(s.Version, 10) }
		p.Open, p.Card, p.Link = at(d.Draft), document+"/karte", t("flow.document_version", d.Draft.Name, d.Draft.Version)
		p.Look = records.LookPath(d.Circulation.Document, d.Draft.Version)
		if extract.Visible(d.Draft.MediaType, d.Draft.Name) {
			p.First = records.SheetPath(d.Circulation.Document, d.Draft.Version, 1, false)
		}
		if d.Before.Version > 0 {
			p.Earlier = at(d.Before)
		}
	}
	tasks := tasksPath
	if list != nil {
		tasks, p.List = list.path(), list.path()
	}
	meta := web.Meta{Title: t("flow.task_title", t("flow.kind."+string(d.Task.Kind)), d.Case.Reference), Failed: len(p.Errors.Items) > 0,
		Crumbs: append([]web.Link{{Text: t("flow.tasks"), Href: tasks}}, r.caseCrumbs(req, d.Case)[1:]...)}
	return r.pages.task.RenderStatus(w, req, in.status(), meta, p)
}

// askForm is for who may ask one more to co-sign; nil for others. task is the page that it stands on, "" for the case's.
func (r *Room) askForm(req *http.Request, c Course, x Circulation, task, which string, in typed) *askForm {
	d, ok := c.document(x.Document)
	if !ok || x.State != Running || !d.finalAt.IsZero() || !c.involved(x) {
		return nil
	}
	f := &askForm{Circulation: x.ID, ID: web.FormID(""), Task: task, List: listOf(req).hidden(),
		Who: line{ID: "zeichner-" + x.ID, Name: "zeichner", Label: r.h.Site.T(req, "flow.cosigner.who"), MaxLength: 300, Names: true}}
	if which == "ask "+x.ID {
		f.ID = web.FormID(in.form.Get("id"))
		f.Who.ID, f.Who.Value, f.Who.Error = "zeichner", in.form.Get("zeichner"), r.h.Site.FieldError(req, in.err, "zeichner")
	}
	return f
}

func (r *Room) postAddCoSigner(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ctx, form, id := req.Context(), req.PostForm, web.PathID(req)
	caseID, who, err := r.whoIn(ctx, id)
	if err != nil {
		return err
	}
	err = atField("zeichner", r.AddCoSigner(ctx, id, web.FormID(form.Get("id")), who.holder(form.Get("zeichner")), ""))
	task := web.ID(form.Get("seite"))
	switch {
	case again(err) && task != "":
		return r.showTask(w, req, task, "ask "+id, typed{form, err})
	case again(err):
		return r.showFlow(w, req, caseID, "ask "+id, typed{form, err})
	case err != nil:
		return err
	case task != "":
		return r.h.Site.Redirect(w, req, listOf(req).taskPath(task), "flow.notice.added")
	}
	return r.h.Site.Redirect(w, req, r.flowPath(caseID), "flow.notice.added")
}

// afterTask is where somebody goes who has done a task: to their next one if they want that, else to the list that they
// came from, or the case; with the notice of what they did.
func (r *Room) afterTask(req *http.Request, done Task, notice string) (path, say string, err error) {
	list := listOf(req)
	if req.PostForm.Get("tun") == "verschieben" {
		return list.taskPath(done.ID), notice, nil
	}
	back := r.flowPath(done.Case)
	if list != nil {
		back = list.path()
	}
	if req.PostForm.Get("weiter") != "ja" {
		return back, notice, nil
	}
	next, err := r.Next(req.Context(), done, list)
	switch {
	case next != "":
		return list.taskPath(next), notice, err
	case list != nil:
		return back, "flow.notice.done_last_of_list", err
	}
	return tasksPath, "flow.notice.done_last", err
}

// showTaskAgain shows the page that a form about a task came from.
func (r *Room) showTaskAgain(w http.ResponseWriter, req *http.Request, task Task, err error) error {
	in := typed{req.PostForm, err}
	if req.PostForm.Get("seite") == "aufgabe" {
		return r.showTask(w, req, task.ID, task.ID, in)
	}
	return r.showFlow(w, req, task.Case, task.ID, in)
}
