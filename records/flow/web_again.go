package flow

import (
	"net/http"
	"strconv"

	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// bringBackForm has the case come back to the caller.
type bringBackForm struct {
	Case, ID string
	Task     string   // whose page it stands on; "" is that of the case
	List     []string // that the task was opened from
	Open     bool
	Day      web.Field
	Note     line
	In       []web.Chosen // days from today, a button for each
}

// bringBackDays are what most choose.
var bringBackDays = []int{7, 14, 30}

func (r *Room) bringBackForm(req *http.Request, caseID, task, which string, in typed) bringBackForm {
	t := r.h.Site.Text(req)
	f := bringBackForm{Case: caseID, ID: web.FormID(""), Task: task, List: listOf(req).hidden(),
		Day:  web.Field{Name: "day", Label: t("flow.bring_back.day"), Kind: "day"},
		Note: line{ID: "note", Name: "note", Label: t("flow.bring_back.note"), MaxLength: maxText, Optional: true}}
	for _, n := range bringBackDays {
		f.In = append(f.In, web.Chosen{Value: strconv.Itoa(n), Text: t("flow.bring_back.in", n)})
	}
	if which == "back" {
		f.Open, f.ID = true, web.FormID(in.form.Get("id"))
		f.Day.Value, f.Day.Error = in.form.Get("day"), r.h.Site.FieldError(req, in.err, "day")
		f.Note.Value, f.Note.Error = in.form.Get("note"), r.h.Site.FieldError(req, in.err, "note")
	}
	return f
}

func (r *Room) postBringBack(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	id, form := web.PathID(req), req.PostForm
	days := web.Days{Form: form, Now: r.h.Now()}
	on, err := days.Ahead("day"), days.Err()
	if n, _ := strconv.Atoi(form.Get("tage")); n > 0 {
		on, err = r.h.Now().AddDate(0, 0, n), nil
	}
	if err == nil {
		err = r.BringBack(req.Context(), id, web.FormID(form.Get("id")), on, form.Get("note"))
	}
	task, in := web.ID(form.Get("seite")), typed{form, err}
	switch {
	case again(err) && task != "":
		return r.showTask(w, req, task, "back", in)
	case again(err):
		return r.showFlow(w, req, id, "back", in)
	case err != nil:
		return err
	case task != "":
		return r.h.Site.Redirect(w, req, listOf(req).taskPath(task), "flow.notice.brought_back")
	}
	return r.h.Site.Redirect(w, req, r.flowPath(id), "flow.notice.brought_back")
}

// moveForm gives a task another date.
type moveForm struct {
	Task   Task
	List   []string // that the task was opened from
	Open   bool
	Title  string
	Day    web.Field
	Reason line // not asked for by a page on which the task is the caller's own: Name is ""
}

// moveForm is for who may give the task another date; nil for others.
func (r *Room) moveForm(req *http.Request, c Course, x Circulation, k Task, which string, in typed) *moveForm {
	_, own, may := mayMove(c.a, c.desk, c.File, x, k)
	if !may || x.State != Running || k.State != Open && k.State != Later {
		return nil
	}
	t := r.h.Site.Text(req)
	f := &moveForm{Task: k, List: listOf(req).hidden(), Title: t("flow.move"), Day: web.Field{Name: "due", Label: t("flow.move.day"), Kind: "day", Value: i18n.ISODate(k.Due)}}
	if k.Kind == Resubmit {
		f.Title = t("flow.move.resubmission")
	}
	if !own {
		f.Reason = line{ID: "grund-der-frist", Name: "text", Label: t("flow.reason"), MaxLength: maxText}
	}
	if which == k.ID && in.form.Get("tun") == "verschieben" {
		f.Open, f.Day.Value, f.Day.Error = true, in.form.Get("due"), r.h.Site.FieldError(req, in.err, "due")
		if !own {
			f.Reason.ID, f.Reason.Value, f.Reason.Error = "text", in.form.Get("text"), r.h.Site.FieldError(req, in.err, "text")
		}
	}
	return f
}

// postMove is the task's form "verschieben".
func (r *Room) postMove(req *http.Request, id string) error {
	days := web.Days{Form: req.PostForm, Now: r.h.Now()}
	day := days.Ahead("due")
	if err := days.Err(); err != nil {
		return err
	}
	return r.MoveDate(req.Context(), id, versionOf(req.PostForm), day, req.PostForm.Get("text"))
}
