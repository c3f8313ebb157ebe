package flow

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

type flowPage struct {
	Tabs      web.Tabs
	Case      records.Case
	Errors    web.ErrorSummary
	Alert     web.Alert
	Running   []circulationView
	Past      []circulationView
	Comments  []Comment
	CommentID string
	Comment   web.Field
	CanTalk   bool
	BringBack bringBackForm
	CanStart  bool
	StartOpen bool
	Start     startForm
	Names     []string // recipients to choose from
}

type circulationView struct {
	Circulation
	Name        string // title, or its kinds
	Badge       web.Badge
	Document    string
	Link        string // of the document's version
	Rows        []stepRow
	Signatures  []signatureRow
	Ask         *askForm
	CanWithdraw bool
	Why         line
	Again       string // where it is started again; "" if it is not to be
}

type stepRow struct {
	Task  Task
	Kind  string
	State web.Badge
	Marks []web.Badge
	Away  string // that its holder is absent, until when, and who acts for them
	By    string // who did it, and for whom
	Move  string // where the caller gives it another date; "" if they cannot
	Act   *actForm
}

// actForm is what the caller can do with a task of theirs: a form for each, so that Enter in one field never does what
// another button says.
type actForm struct {
	Task    Task
	Content Content
	Name    string
	Signs   bool
	Button  string
	Page    bool     // it stands on the task's own page, from which the next one can be gone to
	List    []string // that the page was opened from
	AndNext string   // text of the button that does so
	Others  bool     // it can be refused and forwarded
	Refuse  bool
	Remark  line
	Reason  line
	To      line
}

// line is a question of one line that a page asks several times: its name is not its id.
type line struct {
	ID, Name, Label, Value, Error string
	MaxLength                     int
	Optional, Names               bool // Names offers the recipients
}

type signatureRow struct {
	Signature
	Kind, By string
	Void     bool
}

func (r *Room) getFlow(w http.ResponseWriter, req *http.Request) error {
	return r.showFlow(w, req, web.PathID(req), "", typed{})
}

// showFlow shows the page of a case; which is the form that came back: "start", "comment", "back", or the id of a
// task or circulation.
func (r *Room) showFlow(w http.ResponseWriter, req *http.Request, caseID, which string, in typed) error {
	c, err := r.Course(req.Context(), caseID)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	who := r.recipients(c.dir, false)
	writes := c.Case.May >= access.Write && c.Case.State != records.StateClosed
	p := flowPage{Tabs: r.core.CaseTabs(req, caseID, "/geschaeftsgang"), Case: c.Case, Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err),
		Comments: c.Comments, CanTalk: c.Case.State != records.StateClosed, CanStart: writes, Names: who.labels, CommentID: web.FormID("")}
	p.BringBack = r.bringBackForm(req, caseID, "", which, in)
	p.BringBack.Open = p.BringBack.Open || req.URL.Query().Has("wiedervorlage")
	p.Comment = web.Field{Name: "comment", Label: t("flow.comment"), Kind: "textarea", Rows: 3, MaxLength: maxText}
	if which == "comment" {
		p.CommentID, p.Comment.Value, p.Comment.Error = web.FormID(in.form.Get("id")), in.form.Get("comment"), r.h.Site.FieldError(req, in.err, "comment")
	}
	if writes {
		if p.Start, err = r.startForm(req, c, who, which, in); err != nil {
			return err
		}
		v := req.URL.Query()
		p.StartOpen = which == "start" || v.Has("vorlage") || v.Has("dokument") || v.Has("erneut") || len(c.Circulations) == 0
	}
	for _, x := range c.Circulations {
		v := r.circulationView(req, c, x, which, in)
		if x.State == Running || v.acts() {
			p.Running = append(p.Running, v)
		} else {
			p.Past = append(p.Past, v)
		}
	}
	meta := web.Meta{Title: t("flow.title", c.Case.Reference), Failed: len(p.Errors.Items) > 0, Crumbs: r.caseCrumbs(req, c.Case)}
	return r.pages.flow.RenderStatus(w, req, in.status(), meta, p)
}

func (v circulationView) acts() bool {
	for _, row := range v.Rows {
		if row.Act != nil {
			return true
		}
	}
	return false
}

func (r *Room) caseCrumbs(req *http.Request, c records.Case) []web.Link {
	return []web.Link{{Text: r.h.Site.T(req, "records.inbox"), Href: "/akte"}, {Text: c.Reference, Href: "/akte/vorgang/" + c.ID}}
}

func (r *Room) circulationView(req *http.Request, c Course, x Circulation, which string, in typed) circulationView {
	t := r.h.Site.Text(req)
	v := circulationView{Circulation: x, Name: x.Title, Badge: web.Badge{Kind: stateKind[x.State], Text: t("flow.state." + string(x.State))}}
	var kinds []string
	for _, step := range x.Steps() {
		if step[0].Step == 0 {
			continue
		}
		kinds = append(kinds, t("flow.kind."+string(step[0].Kind)))
	}
	if v.Name == "" {
		v.Name = strings.Join(kinds, " – ")
	}
	if d, ok := c.document(x.Document); ok {
		v.Document, v.Link = t("flow.document_version", d.name, x.Content.Version), "/akte/dokument/"+d.id
	}
	for _, k := range x.Tasks {
		v.Rows = append(v.Rows, r.stepRow(req, c, x, k, which, in))
	}
	for _, g := range c.Signatures {
		if g.Circulation == x.ID {
			v.Signatures = append(v.Signatures, signatureRow{g, t("flow.kind." + string(g.Kind)), by(t, g.By, g.For), c.void(g)})
		}
	}
	if v.Ask = r.askForm(req, c, x, "", which, in); v.Ask != nil {
		v.Ask.Name = v.Name
	}
	if writes := c.Case.May >= access.Write && c.Case.State != records.StateClosed; writes && (x.State == Rejected || x.State == Withdrawn) {
		v.Again = r.flowPath(c.Case.ID) + "?erneut=" + x.ID + "#starten"
	}
	_, mine := c.desk.holds(access.Person(x.By.Subject))
	v.CanWithdraw = x.State == Running && (mine || c.a.Manages(c.File.Authority, c.File.Lead))
	v.Why = line{ID: "reason", Name: "reason", Label: t("flow.reason"), MaxLength: maxText}
	if which == x.ID {
		v.Why.Value, v.Why.Error = in.form.Get("reason"), r.h.Site.FieldError(req, in.err, "reason")
	} else {
		v.Why.ID += "-" + x.ID // the error summary leads to the one that came back
	}
	return v
}

var stateKind = map[State]string{Running: "info", Completed: "success", Rejected: "danger", Withdrawn: "warning"}

var taskKind = map[TaskState]string{Open: "info", Done: "success", Refused: "danger"}

// by is who did something, and for whom (i. V.).
func by(t func(string, ...any) string, who, instead Person) string {
	if instead.Subject == "" {
		return who.Name
	}
	return t("flow.by_deputy", who.Name, instead.Name)
}

func (r *Room) stepRow(req *http.Request, c Course, x Circulation, k Task, which string, in typed) stepRow {
	t := r.h.Site.Text(req)
	instead, mine := c.desk.holds(k.Holder)
	row := stepRow{Task: k, Kind: t("flow.kind." + string(k.Kind)), State: web.Badge{Kind: taskKind[k.State], Text: t("flow.task." + string(k.State))},
		Marks: r.marks(req, k, instead)}
	if k.DoneBy.Subject != "" {
		row.By = by(t, k.DoneBy, k.DoneFor) + " · " + i18n.DateTime(web.Lang(req), k.DoneAt)
	}
	if k.State.pending() {
		row.Away = r.awayText(req, c.dir, k.Holder)
	}
	if r.moveForm(req, c, x, k, "", typed{}) != nil {
		row.Move = "/akte/aufgabe/" + k.ID + "#verschieben"
	}
	if k.State != Open || !mine {
		return row
	}
	f := actForm{Task: k, Content: x.Content, Name: row.Kind + ", " + k.HolderName, Signs: k.Kind.Signs(), Button: t("flow.do." + string(k.Kind)),
		Others: k.Kind != Returned, Refuse: k.Kind != Returned && x.By.Subject != "",
		Remark: line{ID: "bemerkung-" + k.ID, Name: "text", Label: t("flow.remark"), MaxLength: maxText, Optional: true},
		Reason: line{ID: "grund-" + k.ID, Name: "text", Label: t("flow.reason"), MaxLength: maxText},
		To:     line{ID: "an-" + k.ID, Name: "an", Label: t("flow.forward_to"), MaxLength: 300, Names: true}}
	if which == k.ID {
		back, name := &f.Remark, "text"
		switch in.form.Get("tun") {
		case "verschieben":
			back = new(line) // another form's
		case "ablehnen":
			back = &f.Reason
		case "weiterleiten":
			back, name = &f.To, "an"
		}
		back.ID, back.Value, back.Error = name, in.form.Get(name), r.h.Site.FieldError(req, in.err, name)
	}
	row.Act = &f
	return row
}

func (r *Room) flowPath(caseID string) string { return "/akte/vorgang/" + caseID + "/geschaeftsgang" }

func (r *Room) postTask(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ctx, form, id := req.Context(), req.PostForm, web.PathID(req)
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	task, err := r.store.task(ctx, r.h.DB.Reader(), a, id)
	if err != nil {
		return err
	}
	notice := "flow.notice.done"
	switch version := versionOf(form); form.Get("tun") {
	case "zeichnen":
		seen := Content{Hash: form.Get("hash")}
		seen.Version = versionOf(url.Values{"version": form["fassung"]})
		notice, err = "flow.notice.signed", r.Sign(ctx, id, version, seen, form.Get("text"))
	case "ablehnen":
		notice, err = "flow.notice.refused", r.Refuse(ctx, id, version, form.Get("text"))
	case "weiterleiten":
		notice = "flow.notice.forwarded"
		var dir directory
		if dir, err = r.directory(ctx, r.h.DB.Reader(), a, task.Authority, r.h.Now()); err == nil {
			err = atField("an", r.Forward(ctx, id, version, r.recipients(dir, false).holder(form.Get("an"))))
		}
	case "verschieben":
		notice, err = "flow.notice.moved", r.postMove(req, id)
	case "erledigt":
		err = r.Finish(ctx, id, version, form.Get("text"))
	default:
		err = errs.E(errs.Invalid, "flow.error.nothing_chosen")
	}
	if again(err) {
		return r.showTaskAgain(w, req, task, err)
	} else if err != nil {
		return err
	}
	path, notice, err := r.afterTask(req, task, notice)
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, path, notice)
}

// atField makes an error about what was typed one of that field.
func atField(name string, err error) error {
	if e := errs.As(err); errs.Is(err, errs.Invalid) && len(e.Fields) == 0 {
		return errs.InvalidFields([]errs.Field{{Name: name, Key: e.Key, Args: e.Args}})
	}
	return err
}

// whoIn is the case of a circulation that the caller may read, and who can be asked in it.
func (r *Room) whoIn(ctx context.Context, circulation string) (caseID string, who recipients, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return "", who, err
	}
	if caseID, err = r.store.caseOf(ctx, q, a, circulation); err != nil {
		return "", who, err
	}
	c, err := r.core.CaseByID(ctx, q, a, caseID, "")
	if err != nil {
		return "", who, err
	}
	dir, err := r.directory(ctx, q, a, c.Authority, r.h.Now())
	return caseID, r.recipients(dir, false), err
}

func (r *Room) postWithdraw(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	ctx, id := req.Context(), web.PathID(req)
	caseID, _, err := r.whoIn(ctx, id)
	if err != nil {
		return err
	}
	err = r.Withdraw(ctx, id, versionOf(req.PostForm), req.PostForm.Get("reason"))
	if again(err) {
		return r.showFlow(w, req, caseID, id, typed{req.PostForm, err})
	} else if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, r.flowPath(caseID), "flow.notice.withdrawn")
}

func (r *Room) postComment(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	id, form := web.PathID(req), req.PostForm
	err := r.AddComment(req.Context(), id, web.FormID(form.Get("id")), form.Get("comment"))
	if again(err) {
		return r.showFlow(w, req, id, "comment", typed{form, err})
	} else if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, r.flowPath(id)+"#kommentare", "flow.notice.commented")
}
