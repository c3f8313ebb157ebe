package desk

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// editView is the form of a draft.
type editView struct {
	Head     head
	Errors   web.ErrorSummary
	Modules  []moduleForm
	Words    web.Field
	Review   web.Field
	Local    bool
	Comments []commentView
	Readable readabilityView
	Say      web.Field
	Allowed  string // elements that the texts may have
}

// head is what all pages of a version show on top.
type head struct {
	ID, Owner, Number, By     string
	Change                    int64
	State                     web.Badge
	At                        time.Time
	Preview, History, Service string
	Outgrown                  bool // the Stammtext has been released anew since this local text was written
	Master                    []ModuleDiff
}

type moduleForm struct {
	Heading string
	Field   web.Field
	Adds    web.Field
	Master  template.HTML // what the whole Land says, beside a local text
}

func (r *Room) head(req *http.Request, v Version) (head, error) {
	h := head{ID: v.ID, Owner: r.owner(req, v.Authority) + " · " + r.langName(req, v.Lang), Number: strconv.Itoa(v.Number), By: v.AuthorName,
		Change: v.Change, State: r.stateBadge(req, v.State), At: v.ChangedAt, Preview: textPath(v.ID) + "/vorschau", History: historyPath(v.TextRef),
		Service: "/redaktion/leistung/" + v.Service}
	if v.Authority == "" || v.State != Released && v.State != Draft {
		return h, nil
	}
	// The Stammtext's versions are not the local editor's to open, but released ones are public.
	q := r.h.DB.Reader()
	now, ok, err := valid(req.Context(), q, program, finder.TextRef{Service: v.Service, Lang: v.Lang})
	if err != nil || !ok || now.ID == v.Master {
		return h, err
	}
	h.Outgrown = true
	var then Version
	if v.Master != "" {
		if then, err = versionByID(req.Context(), q, program, v.Master, ""); err != nil && !errs.Is(err, errs.NotFound) {
			return h, err
		}
	}
	h.Master = diffContent(then.Content, now.Content)
	return h, nil
}

func (r *Room) getText(w http.ResponseWriter, req *http.Request) error {
	return r.showText(w, req, pathID(req), nil, nil)
}

// showText shows a version: as a form if it is a draft, with typed content and its faults after a refused save.
func (r *Room) showText(w http.ResponseWriter, req *http.Request, id string, typed *Content, fault error) error {
	v, err := r.Version(req.Context(), id)
	if err != nil {
		return err
	}
	h, err := r.head(req, v)
	if err != nil {
		return err
	}
	_, comments, err := r.History(req.Context(), v.TextRef)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	meta := web.Meta{Title: r.serviceTitle(v.Service), Crumbs: r.crumbs(req, v.Service), Failed: fault != nil}
	faults := map[string]string{}
	summary := web.ErrorSummary{}
	if fault != nil {
		e := errs.As(fault)
		summary = r.h.Site.Summary(t, fault)
		for _, f := range e.Fields {
			faults[f.Name] = t(f.Key, f.Args...)
		}
		if len(e.Fields) == 0 {
			summary.Items = []web.Link{{Text: t(e.Key, e.Args...)}}
		}
	}
	if v.State != Draft {
		view, err := r.versionView(req, v, h, faults)
		if err != nil {
			return err
		}
		view.Errors, view.Comments = summary, r.comments(req, comments)
		return r.pages.version.Render(w, req, meta, view)
	}
	if typed != nil {
		v.Content = *typed
		h.Change, _ = strconv.ParseInt(req.PostForm.Get("change"), 10, 64)
	}
	view := editView{Head: h, Errors: summary, Local: v.Authority != "", Comments: r.comments(req, comments), Readable: r.readabilityView(req, v),
		Allowed: "<" + strings.Join(finder.RichTags, ">, <") + ">"}
	master, _ := r.finder.Catalog().Released(finder.TextRef{Service: v.Service, Lang: v.Lang})
	for _, m := range finder.Modules {
		f := moduleForm{Heading: t(m.TextKey()), Field: web.Field{Name: fieldName(m), Kind: "textarea", Label: t(m.TextKey()),
			Value: v.Modules[m].Text, Optional: view.Local || !slices.Contains(Mandatory, m), Error: faults[fieldName(m)]}}
		if typed == nil && !m.Line() {
			f.Field.Value = finder.Editable(v.Modules[m].Text)
		}
		f.Field.Rows = min(4+len(f.Field.Value)/80, 20)
		if m.Line() {
			f.Field.Kind, f.Field.MaxLength = "text", maxLine
		}
		if view.Local {
			if f.Master = template.HTML(finder.CleanHTML(master.Modules[m].Text)); m.Line() {
				f.Master = template.HTML(template.HTMLEscapeString(master.Modules[m].Text))
			}
			f.Adds = web.Field{Name: "adds-" + string(m), Kind: "checkbox", Label: t("finder.desk.adds"), Optional: true}
			if v.Modules[m].Adds || v.Modules[m].Text == "" {
				f.Adds.Value = "true"
			}
		}
		view.Modules = append(view.Modules, f)
	}
	view.Words = web.Field{Name: "words", Kind: "textarea", Label: t("finder.desk.words"), Hint: t("finder.desk.words.hint"), Optional: true,
		Value: wordLines(v.Words), Error: faults["words"]}
	view.Review = web.Field{Name: "review", Kind: "day", Label: t("finder.desk.review_date"), Hint: t("finder.desk.review_date.hint"), Optional: true,
		Value: v.ReviewDate, Error: faults["review"]}
	view.Say = web.Field{Name: "say", Kind: "textarea", Label: t("finder.desk.say"), Value: req.PostForm.Get("say"), Error: faults["say"], MaxLength: maxComment}
	return r.pages.edit.Render(w, req, meta, view)
}

// contentForm reads the form of a draft. What is no day is refused by Save.
func (r *Room) contentForm(form url.Values) Content {
	days := web.Days{Form: form, Now: r.h.Now()}
	days.Ahead("review")
	c := Content{Modules: map[finder.Module]finder.ModuleText{}, Words: parseWords(form.Get("words")), ReviewDate: form.Get("review")}
	for _, m := range finder.Modules {
		if text := form.Get(fieldName(m)); text != "" {
			c.Modules[m] = finder.ModuleText{Text: text, Adds: form.Get("adds-"+string(m)) == "true"}
		}
	}
	return c
}

func (r *Room) postSave(w http.ResponseWriter, req *http.Request) error {
	if _, _, err := editorScope(req.Context()); err != nil {
		return err
	}
	if err := web.ReadForm(w, req, maxForm); err != nil {
		return err
	}
	id := pathID(req)
	change, _ := strconv.ParseInt(req.PostForm.Get("change"), 10, 64) // no number is no change that there is
	content := r.contentForm(req.PostForm)
	err := r.Save(req.Context(), id, change, content)
	if err == nil && req.PostForm.Get("do") == "submit" {
		err = r.Submit(req.Context(), id, change+1)
	}
	switch errs.CodeOf(err) {
	case "":
	case errs.Invalid, errs.Conflict:
		return r.showText(w, req, id, &content, err)
	default:
		return err
	}
	switch req.PostForm.Get("do") {
	case "submit":
		return r.h.Site.Redirect(w, req, "/redaktion", "finder.desk.notice.submitted")
	case "preview":
		return r.h.Site.Redirect(w, req, textPath(id)+"/vorschau", "finder.desk.notice.saved")
	}
	return r.h.Site.Redirect(w, req, textPath(id), "finder.desk.notice.saved")
}

// versionView is a version that is not worked on: what it changes, and what can be done with it.
type versionView struct {
	Head       head
	Errors     web.ErrorSummary
	Against    string // what it is compared with
	Diffs      []ModuleDiff
	Text       finder.TextView
	MayRelease bool
	OwnText    bool // the caller wrote in it
	MayReturn  bool
	IsReleased bool
	PublishAt  time.Time
	When       web.Field
	At         web.Field
	Comment    web.Field
	Reason     web.Field
	Review     web.Field
	Say        web.Field
	Comments   []commentView
	Local      bool
	Readable   readabilityView
}

func (r *Room) versionView(req *http.Request, v Version, h head, faults map[string]string) (versionView, error) {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	_, p, err := editorScope(req.Context())
	if err != nil {
		return versionView{}, err
	}
	view := versionView{Head: h, OwnText: v.WrittenBy(p.Subject), MayReturn: v.State == Review || v.State == Scheduled, IsReleased: v.State == Released,
		PublishAt: v.PublishAt, Text: finder.ViewText(v.Lang, v.Lang, v.Modules), Local: v.Authority != "", Readable: r.readabilityView(req, v)}
	view.MayRelease = v.State == Review && !view.OwnText
	if view.MayReturn {
		q := r.h.DB.Reader()
		before, ok, err := valid(req.Context(), q, program, v.TextRef)
		if err != nil {
			return view, err
		}
		view.Against = t("finder.desk.compare.nothing")
		if ok {
			view.Against = t("finder.desk.compare.released", before.Number)
		}
		view.Diffs = diffContent(before.Content, v.Content)
	}
	view.When = web.Field{Name: "when", Kind: "radio", Label: t("finder.desk.release.when"), Value: req.PostForm.Get("when"), Error: faults["when"],
		Options: []web.Option{{Value: "now", Label: t("finder.desk.release.now")}, {Value: "later", Label: t("finder.desk.release.later")}}}
	if view.When.Value == "" {
		view.When.Value = "now"
	}
	view.At = web.Field{Name: "at", Kind: "day", Label: t("finder.desk.release.date"), Hint: t("finder.desk.release.date.hint"), Optional: true,
		Value: req.PostForm.Get("at"), Error: faults["at"]}
	text := func(name, label string) web.Field {
		return web.Field{Name: name, Kind: "textarea", Label: t(label), Value: req.PostForm.Get(name), Error: faults[name], MaxLength: maxComment}
	}
	view.Comment, view.Reason, view.Say = text("comment", "finder.desk.return.comment"), text("reason", "finder.desk.withdraw.reason"), text("say", "finder.desk.say")
	view.Review = web.Field{Name: "review", Kind: "day", Label: t("finder.desk.review_date"), Hint: t("finder.desk.review_date.hint"), Optional: true,
		Value: v.ReviewDate, Error: faults["review"]}
	return view, nil
}

// action is what a form of the version's page does; it answers where to go on, and with which notice.
type action func(req *http.Request, id string, change int64) (next, notice string, err error)

// act is the handler of an action. What the caller can mend is shown on the page again.
func (r *Room) act(f action) web.Handler {
	return func(w http.ResponseWriter, req *http.Request) error {
		if _, _, err := editorScope(req.Context()); err != nil {
			return err
		}
		if err := web.ReadForm(w, req, 64<<10); err != nil {
			return err
		}
		id := pathID(req)
		change, _ := strconv.ParseInt(req.PostForm.Get("change"), 10, 64)
		next, notice, err := f(req, id, change)
		var e *errs.Error
		if errors.As(err, &e) && (e.Code == errs.Invalid || e.Code == errs.Conflict) {
			return r.showText(w, req, id, nil, err)
		}
		if err != nil {
			return err
		}
		return r.h.Site.Redirect(w, req, next, notice)
	}
}

func (r *Room) discard(req *http.Request, id string, change int64) (string, string, error) {
	return "/redaktion", "finder.desk.notice.discarded", r.Discard(req.Context(), id, change)
}

func (r *Room) giveBack(req *http.Request, id string, change int64) (string, string, error) {
	next, err := r.Return(req.Context(), id, change, req.PostForm.Get("comment"))
	if err == nil && next.WrittenBy(identity.From(req.Context()).Subject) {
		return textPath(next.ID), "finder.desk.notice.taken_back", nil
	}
	return "/redaktion", "finder.desk.notice.returned", err
}

func (r *Room) release(req *http.Request, id string, change int64) (string, string, error) {
	var at time.Time
	notice := "finder.desk.notice.released"
	if req.PostForm.Get("when") == "later" {
		days := web.Days{Form: req.PostForm, Now: r.h.Now()}
		if at = days.Ahead("at"); days.Err() != nil {
			return "", "", days.Err()
		} else if !at.After(r.h.Now()) {
			return "", "", errs.InvalidFields([]errs.Field{{Name: "at", Key: "finder.desk.error.future"}})
		}
		notice = "finder.desk.notice.scheduled"
	}
	return "/redaktion", notice, r.Release(req.Context(), id, change, at)
}

func (r *Room) withdraw(req *http.Request, id string, change int64) (string, string, error) {
	err := r.Withdraw(req.Context(), id, change, req.PostForm.Get("reason"))
	var e *errs.Error
	if errors.As(err, &e) && len(e.Fields) == 1 {
		err = errs.InvalidFields([]errs.Field{{Name: "reason", Key: e.Fields[0].Key, Args: e.Fields[0].Args}})
	}
	return textPath(id), "finder.desk.notice.withdrawn", err
}

func (r *Room) reviewDate(req *http.Request, id string, change int64) (string, string, error) {
	days := web.Days{Form: req.PostForm, Now: r.h.Now()}
	days.Ahead("review")
	return textPath(id), "finder.desk.notice.review_date", days.Explain(r.SetReviewDate(req.Context(), id, change, req.PostForm.Get("review")))
}

func (r *Room) adopt(req *http.Request, id string, change int64) (string, string, error) {
	return textPath(id), "finder.desk.notice.compared", r.Adopt(req.Context(), id, change)
}

func (r *Room) say(req *http.Request, id string, _ int64) (string, string, error) {
	err := r.Comment(req.Context(), id, req.PostForm.Get("say"))
	var e *errs.Error
	if errors.As(err, &e) && len(e.Fields) == 1 {
		err = errs.InvalidFields([]errs.Field{{Name: "say", Key: e.Fields[0].Key, Args: e.Fields[0].Args}})
	}
	return textPath(id), "finder.desk.notice.commented", err
}

type previewView struct {
	Back  string
	Title string
	Text  finder.TextView
}

// getPreview shows a version as citizens would see it: with the whole Land's text under a local one.
func (r *Room) getPreview(w http.ResponseWriter, req *http.Request) error {
	v, err := r.Version(req.Context(), pathID(req))
	if err != nil {
		return err
	}
	view := previewView{Back: textPath(v.ID), Title: v.Modules[finder.ModuleTitle].Text}
	c := r.finder.Catalog()
	if v.Authority == "" {
		view.Text = finder.ViewText(v.Lang, v.Lang, v.Modules)
	} else {
		master, _ := c.Released(finder.TextRef{Service: v.Service, Lang: v.Lang})
		view.Text = finder.ViewText(v.Lang, v.Lang, master.Modules, finder.LocalText{Authority: r.finder.AuthorityName(v.Authority), Modules: v.Modules})
		if view.Title == "" {
			view.Title = master.Modules[finder.ModuleTitle].Text
		}
	}
	if view.Title == "" {
		view.Title = r.serviceTitle(v.Service)
	}
	return r.pages.preview.Render(w, req, web.Meta{Title: r.h.Site.T(req, "finder.desk.preview.title", view.Title), Crumbs: r.crumbs(req, v.Service)}, view)
}
