package filing

import (
	"context"
	"net/http"
	"net/url"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

func parseFilter(v url.Values) Filter {
	kinds := make([]string, len(Kinds))
	for i, k := range Kinds {
		kinds[i] = string(k)
	}
	return Filter{Query: web.Query(v.Get("q")), Kind: records.Kind(oneOf(v.Get("art"), kinds...)),
		Sort: oneOf(v.Get("sortierung"), SortOldest, SortName), Page: paging.Read(v)}
}

// values writes the filter as the query of an address, without what is not set.
func (f Filter) values() url.Values {
	v := web.Values("q", f.Query, "art", string(f.Kind), "sortierung", f.Sort)
	f.Page.Write(v)
	return v
}

type documentsPage struct {
	Tabs      web.Tabs
	Case      records.Case
	Errors    web.ErrorSummary
	Alert     web.Alert
	Query     string
	Choices   []web.Choice
	Filtered  bool
	Rows      []documentRow
	Pages     web.Pagination
	CanChange bool
	List      string // the filter, carried through the forms
	CSV       string
	FormID    string
	Script    string
	Files     string // what is wrong with the upload
	Subject   web.Field
	Keywords  web.Field
	Target    web.Field
}

type documentRow struct {
	Document
	What, By, Bytes string
	Locked          bool
	Chosen          bool
}

// typed is what a form brought that could not be done; it is shown again.
type typed struct {
	form url.Values
	err  error
}

func (r *Room) getDocuments(w http.ResponseWriter, req *http.Request) error {
	return r.showDocuments(w, req, parseFilter(req.URL.Query()), typed{})
}

func (r *Room) showDocuments(w http.ResponseWriter, req *http.Request, f Filter, in typed) error {
	c, l, err := r.Documents(req.Context(), web.PathID(req), f)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	path := "/akte/vorgang/" + c.ID + "/dokumente"
	kinds := web.Choice{Name: "art", Label: t("records.kind"), Options: []web.Chosen{{Text: t("filing.kind.any")}}}
	for _, k := range Kinds {
		kinds.Options = append(kinds.Options, web.Chosen{Value: string(k), Text: r.kind(req, string(k)), Selected: k == f.Kind})
	}
	unpaged := f
	unpaged.Page = paging.Cursor{}
	d := documentsPage{Tabs: r.core.CaseTabs(req, c.ID, "/dokumente"), Case: c, Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err),
		Query: f.Query, Choices: []web.Choice{kinds, r.h.Site.Choose(req, "sortierung", "filing.sort", f.Sort, SortOldest, SortName)},
		Filtered: f.Query != "" || f.Kind != "" || f.Sort != "", Pages: l.Pages(path, f.values()),
		CanChange: c.May >= access.Write && c.State != records.StateClosed, List: f.values().Encode(),
		CSV: web.Address(path+".csv", unpaged.values()), FormID: db.NewID(), Script: r.script.url(), Files: r.h.Site.FieldError(req, in.err, "dateien"),
		Subject: web.Field{Name: "betreff", Label: t("records.subject"), Hint: t("filing.mark.hint"), Optional: true, MaxLength: maxSubject,
			Value: in.form.Get("betreff"), Error: r.h.Site.FieldError(req, in.err, "betreff")},
		Keywords: web.Field{Name: "schlagworte", Label: t("filing.keywords"), Hint: t("filing.keywords.hint"), Optional: true, MaxLength: maxKeywords,
			Value: in.form.Get("schlagworte"), Error: r.h.Site.FieldError(req, in.err, "schlagworte")},
		Target: web.Field{Name: "ziel", Label: t("filing.target"), Hint: t("filing.target.hint"), Optional: true, MaxLength: 200,
			Value: in.form.Get("ziel"), Error: r.h.Site.FieldError(req, in.err, "ziel")}}
	chosen := map[string]bool{}
	for _, id := range in.form["dokument"] {
		chosen[id] = true
	}
	for _, x := range l.Items {
		d.Rows = append(d.Rows, documentRow{Document: x, What: r.kind(req, string(x.Kind)), By: r.h.Site.Known(req, x.CreatedBy), Bytes: web.SizeText(x.Size),
			Locked: x.Locked(r.h.Now()), Chosen: chosen[x.ID]})
	}
	meta := web.Meta{Title: t("filing.documents_of", c.Reference), Crumbs: r.caseCrumbs(req, c), Failed: in.err != nil}
	return r.pages.documents.RenderStatus(w, req, statusOf(in.err), meta, d)
}

func (r *Room) caseCrumbs(req *http.Request, c records.Case) []web.Link {
	return []web.Link{{Text: r.h.Site.T(req, "records.inbox"), Href: "/akte"}, {Text: c.Reference, Href: "/akte/vorgang/" + c.ID}}
}

// mayFile asks before an upload is read, so that nobody fills the store who may file nothing.
func (r *Room) mayFile(ctx context.Context, caseID string) error {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	c, err := r.core.CaseByID(ctx, q, scope, caseID, "")
	switch {
	case err != nil:
		return err
	case c.May < access.Write:
		return errs.E(errs.Denied, "records.error.read_only")
	case c.State == records.StateClosed:
		return errs.E(errs.Conflict, "records.error.closed")
	}
	return nil
}

func (r *Room) postDocuments(w http.ResponseWriter, req *http.Request) error {
	ctx, id := req.Context(), web.PathID(req)
	if err := r.mayFile(ctx, id); err != nil {
		return err
	}
	u, err := r.readUpload(w, req)
	if err == nil {
		_, err = r.File(ctx, id, web.FormID(u.get("id")), u.files, u.get("mail") != "")
	}
	list := listFilter(u.fields)
	switch {
	case shown(err):
		return r.showDocuments(w, req, list, typed{u.fields, err})
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/vorgang/"+id+"/dokumente", "filing.notice.filed")
}

// listFilter is the list that a form was sent from.
func listFilter(form url.Values) Filter {
	inner, err := url.ParseQuery(form.Get("liste"))
	if err != nil {
		return Filter{}
	}
	return parseFilter(inner)
}

// postChosen does something with the documents that were ticked.
func (r *Room) postChosen(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 256<<10); err != nil {
		return err
	}
	ctx, id, form := req.Context(), web.PathID(req), req.PostForm
	notice, err := "", error(nil)
	switch form.Get("was") {
	case "markieren":
		notice, err = "filing.notice.marked", r.Mark(ctx, id, form["dokument"], typedMarks(form))
	case "verschieben":
		notice, err = "filing.notice.moved", r.Move(ctx, id, form["dokument"], form.Get("ziel"))
	default:
		var docs []Document
		var c records.Case
		if c, docs, err = r.toPack(ctx, id, form["dokument"]); err == nil {
			return r.sendZIP(w, req, c, docs)
		}
	}
	f := listFilter(form)
	switch {
	case shown(err):
		return r.showDocuments(w, req, f, typed{form, err})
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, web.Address("/akte/vorgang/"+id+"/dokumente", f.values()), notice)
}

// typedMarks are the fields that were filled in.
func typedMarks(form url.Values) Marks {
	var m Marks
	if s := form.Get("betreff"); s != "" {
		m.Subject = &s
	}
	if s := form.Get("schlagworte"); s != "" {
		m.Keywords = &s
	}
	return m
}
