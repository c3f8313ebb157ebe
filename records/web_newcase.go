package records

import (
	"net/http"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

func (r *Room) getNewCase(w http.ResponseWriter, req *http.Request) error {
	return r.showNewCase(w, req, typed{})
}

// showNewCase shows the form of a new case in a file; "zu" in the address is the case that it becomes a part of.
func (r *Room) showNewCase(w http.ResponseWriter, req *http.Request, in typed) error {
	ctx := req.Context()
	v, err := r.FilePage(ctx, web.PathID(req), paging.Cursor{})
	if err == nil && in.err == nil { // nobody fills in a form for nothing
		err = v.File.changeable()
	}
	if err != nil {
		return err
	}
	parent, err := r.parentOf(req, web.ID(in.get("zu", req.URL.Query().Get("zu"))))
	if err != nil {
		return err
	}
	t, path := r.h.Site.Text(req), "/akte/akte/"+v.File.ID
	p := formPage{Action: path + "/vorgang", Back: path, ID: web.FormID(in.form.Get("id")), Button: t("records.case.open")}
	subject := r.fieldOf(req, in, "subject", "records.subject", "text", "")
	subject.MaxLength = maxSubject
	p.Fields = append(p.Fields, subject)
	title := "records.case.new"
	if parent.ID != "" {
		title = "records.subcase.new"
		p.Text, p.Back = t("records.subcase.text", parent.Reference, parent.Subject), Filter{}.casePath(parent.ID, "")
		p.Hidden = append(p.Hidden, web.Chosen{Value: parent.ID, Text: "zu"})
	} else {
		if len(v.Parts) > 0 {
			p.Fields = append(p.Fields, r.partField(req, in, req.URL.Query().Get("teilakte"), v.Parts))
		}
		f := r.fieldOf(req, in, "parent", "records.parent", "text", "")
		f.Optional, f.MaxLength, f.Hint = true, 80, t("records.parent.hint", caseReference(v.File.Reference, false, 1))
		p.Fields = append(p.Fields, f)
	}
	p.Fields = append(p.Fields, r.fieldOf(req, in, "due", "records.due", "day", i18n.ISODate(r.h.Now().Add(handleWithin))))
	c, err := r.Choices(ctx, v.File.Authority)
	if err != nil {
		return err
	}
	if least := max(v.File.Level, parent.Level); c.Level > least {
		p.Fields = append(p.Fields, r.levelField(req, least, least, c.Level, in))
	}
	return r.showForm(w, req, title, append(r.fileCrumbs(req), web.Link{Text: v.File.Reference, Href: path}), p, in.err)
}

// parentOf reads the case that a new one becomes a part of; none for the id of none that the caller may read.
func (r *Room) parentOf(req *http.Request, id string) (Case, error) {
	if id == "" {
		return Case{}, nil
	}
	q := r.h.DB.Reader()
	a, err := access.Load(req.Context(), q)
	if err != nil {
		return Case{}, err
	}
	c, err := r.store.caseByID(req.Context(), q, a, id, "")
	if errs.Is(err, errs.NotFound) {
		err = nil
	}
	return c, err
}

func (r *Room) postNewCase(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	due, err := r.dueDate(form, "due")
	n := NewCase{ID: web.FormID(form.Get("id")), File: web.PathID(req), Part: form.Get("part"), Parent: web.ID(form.Get("zu")),
		Subject: form.Get("subject"), Due: due, Level: readLevel(form)}
	if named := strings.TrimSpace(form.Get("parent")); err == nil && n.Parent == "" && named != "" {
		n.Parent, err = r.CaseNamed(req.Context(), n.File, named)
	}
	var c Case
	if err == nil {
		c, err = r.OpenCase(req.Context(), n)
	}
	if web.Retry(err) {
		return r.showNewCase(w, req, typed{form, err})
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, Filter{}.casePath(c.ID, ""), "records.notice.case_opened")
}
