package records

import (
	"net/http"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
)

func (r *Room) getReassign(w http.ResponseWriter, req *http.Request) error {
	return r.showReassign(w, req, typed{})
}

// showReassign shows the form by which a file gets another place in the file plan.
func (r *Room) showReassign(w http.ResponseWriter, req *http.Request, in typed) error {
	v, err := r.FilePage(req.Context(), web.PathID(req), paging.Cursor{})
	if err == nil && in.err == nil { // nobody fills in a form for nothing
		if err = v.File.changeable(); err == nil && !v.Manage {
			err = errs.E(errs.Denied, "records.error.manage")
		}
	}
	if err != nil {
		return err
	}
	c, err := r.Choices(req.Context(), v.File.Authority)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	unit := r.fieldOf(req, in, "unit", "records.unit", "select", "", web.Option{Label: t("records.choose")})
	for _, u := range c.Units {
		if u.Code != v.File.Unit.Code {
			unit.Options = append(unit.Options, web.Option{Value: u.Code, Label: u.Code + " " + u.Title})
		}
	}
	reason := r.reasonField(req, in)
	reason.Hint = "" // a file has no notes
	now := strconv.FormatInt(v.File.Version, 10)
	version := in.get("version", now)
	if errs.Is(in.err, errs.Conflict) { // shown now: sending it again does it knowingly
		version = now
	}
	path := "/akte/akte/" + v.File.ID
	p := formPage{Text: t("records.reassign.text", v.File.Reference, v.File.Unit.Code+" "+v.File.Unit.Title), Action: path + "/einheit", Back: path,
		ID: web.FormID(in.form.Get("id")), Version: version, Button: t("records.reassign.save"), Fields: []web.Field{unit, reason}}
	return r.showForm(w, req, "records.reassign", append(r.fileCrumbs(req), web.Link{Text: v.File.Reference, Href: path}), p, in.err)
}

func (r *Room) postReassign(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	id := web.PathID(req)
	err := r.ReassignUnit(req.Context(), id, web.FormVersion(req), req.PostForm.Get("unit"), req.PostForm.Get("reason"))
	shown := web.Retry(err)
	if shown {
		err = r.showReassign(w, req, typed{req.PostForm, err})
	}
	switch {
	case err != nil || shown:
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/akte/"+id, "records.notice.reassigned")
}
