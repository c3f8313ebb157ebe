package records

import (
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

// caseGroup are the cases of a file's page that lie in one part file.
type caseGroup struct {
	Part   string // what people call it; "" for those that lie in none
	Closed bool
	Rows   []inboxRow
}

// partRow is a part file on its file's page.
type partRow struct {
	Part
	Cases, Edit, New string // addresses: of its cases, of the form that changes it, of a new case in it
}

// caseGroups are the cases of the page by their part files. Of a file that has none it is one group.
func (r *Room) caseGroups(req *http.Request, v FileView) []caseGroup {
	parts := map[string]Part{}
	for _, x := range v.Parts {
		parts[x.ID] = x
	}
	var out []caseGroup
	for i, c := range v.Cases.Items {
		if i == 0 || c.Part != v.Cases.Items[i-1].Part {
			g := caseGroup{}
			switch x := parts[c.Part]; {
			case x.ID != "":
				g.Part, g.Closed = r.h.Site.T(req, "records.part_title", x.Number, x.Subject), !x.ClosedAt.IsZero()
			case len(v.Parts) > 0:
				g.Part = r.h.Site.T(req, "records.part.without")
			}
			out = append(out, g)
		}
		g := &out[len(out)-1]
		g.Rows = append(g.Rows, r.inboxRow(req, Filter{}, c))
	}
	return out
}

func partRows(v FileView) []partRow {
	path := "/akte/akte/" + v.File.ID
	var out []partRow
	for _, x := range v.Parts {
		out = append(out, partRow{x, x.path(v.File.ID), path + "/teilakte/" + x.ID, web.Address(path+"/vorgang", url.Values{"teilakte": {x.ID}})})
	}
	return out
}

func (r *Room) postPart(w http.ResponseWriter, req *http.Request) error {
	return r.onFile(w, req, "records.notice.part_opened", func(id string, version int64, form url.Values) error {
		return r.AddPart(req.Context(), id, version, web.FormID(form.Get("id")), form.Get("subject"))
	})
}

func (r *Room) getPart(w http.ResponseWriter, req *http.Request) error {
	return r.showPart(w, req, typed{})
}

// Whether a part file takes cases, as its form names it.
const (
	partOpen   = "offen"
	partClosed = "geschlossen"
)

// showPart shows the form that gives a part file another subject, closes it or takes it up again.
func (r *Room) showPart(w http.ResponseWriter, req *http.Request, in typed) error {
	f, x, err := r.PartForm(req.Context(), web.PathID(req), web.ID(req.PathValue("teil")))
	if err != nil {
		return err
	}
	t, path := r.h.Site.Text(req), "/akte/akte/"+f.ID
	now := strconv.FormatInt(f.Version, 10)
	version := in.get("version", now)
	if errs.Is(in.err, errs.Conflict) { // shown now: saving again does it knowingly
		version = now
	}
	state := partOpen
	if !x.ClosedAt.IsZero() {
		state = partClosed
	}
	subject := r.fieldOf(req, in, "subject", "records.subject", "text", x.Subject)
	subject.MaxLength = maxSubject
	p := formPage{Action: path + "/teilakte/" + x.ID, Back: path, ID: web.FormID(in.form.Get("id")), Version: version, Button: t("records.save"),
		Fields: []web.Field{subject, r.fieldOf(req, in, "state", "records.state", "radio", state, r.options(req, "records.part.state.", partOpen, partClosed)...)}}
	return r.showForm(w, req, "records.part.edit", append(r.fileCrumbs(req), web.Link{Text: f.Reference, Href: path}), p, in.err)
}

func (r *Room) postChangePart(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	id := web.PathID(req)
	err := r.ChangePart(req.Context(), id, web.FormVersion(req), web.ID(req.PathValue("teil")), req.PostForm.Get("subject"), req.PostForm.Get("state") == partClosed)
	shown := web.Retry(err)
	if shown {
		err = r.showPart(w, req, typed{req.PostForm, err})
	}
	switch {
	case err != nil || shown:
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/akte/"+id, "records.notice.part_changed")
}
