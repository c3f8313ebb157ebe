package disposal

import (
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// --- what courts order ---

type erasePage struct {
	Tabs                    web.Tabs
	Errors                  web.ErrorSummary
	Alert                   web.Alert
	Paper                   web.Alert // what is kept on it goes apart
	ID                      string
	File                    records.File
	Object                  web.Field
	Court, Judgment, Reason web.Field
}

func (r *Room) getErase(w http.ResponseWriter, req *http.Request) error {
	return r.showErase(w, req, url.Values{}, nil)
}

func (r *Room) showErase(w http.ResponseWriter, req *http.Request, form url.Values, failed error) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	f, objects, err := r.Erasable(ctx, web.PathID(req))
	if err != nil {
		return err
	}
	d := erasePage{Tabs: r.core.FileTabs(req, f.ID, "/aufbewahrung"), ID: web.FormID(form.Get("id")), File: f}
	d.Errors, d.Alert = r.problem(req, failed)
	d.Paper = web.Alert{Kind: "warning", Title: r.paper(req, scopeDocument, "", f.Medium, f.Location) + r.lent(req, f)}
	d.Object = web.Field{Name: "object", Label: t("disposal.scope.label"), Kind: "select", Value: form.Get("object"), Error: r.h.Site.FieldError(req, failed, "object"),
		Options: []web.Option{{Value: "file:" + f.ID, Label: t("disposal.scope.file") + " " + f.Reference}}}
	for _, o := range objects {
		label := t("disposal.scope."+o.Kind) + " " + o.Reference + " " + o.Subject
		d.Object.Options = append(d.Object.Options, web.Option{Value: o.Kind + ":" + o.ID, Label: label})
	}
	field := func(name, kind string, most int) web.Field {
		return web.Field{Name: name, Label: t("disposal." + name), Hint: t("disposal." + name + ".hint"), Kind: kind, MaxLength: most, Value: form.Get(name),
			Error: r.h.Site.FieldError(req, failed, name)}
	}
	d.Court, d.Judgment, d.Reason = field("court", "text", maxName), field("judgment", "text", maxName), field("reason", "textarea", maxReason)
	return r.pages.erase.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.erase_title", f.Reference), Failed: failed != nil,
		Crumbs: []web.Link{{Text: t("disposal.retention_title", f.Reference), Href: "/akte/akte/" + f.ID + "/aufbewahrung"}}}, d)
}

func (r *Room) postErase(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	f := req.PostForm
	e := Erasure{ID: web.FormID(f.Get("id")), File: web.PathID(req), Court: f.Get("court"), Judgment: f.Get("judgment"), Reason: f.Get("reason")}
	e.Scope, e.Object, _ = strings.Cut(f.Get("object"), ":")
	e.Object = web.ID(e.Object)
	err := r.ProposeErasure(req.Context(), e)
	if shown(err) {
		return r.showErase(w, req, f, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/loeschung/"+e.ID, "disposal.notice.erasure_proposed")
}

// paper says what becomes of the paper of what is destroyed here, and where it lies; "" if there is none.
func (r *Room) paper(req *http.Request, s scope, decision records.Appraisal, m records.Medium, location string) string {
	key := "disposal.paper.file"
	switch {
	case m != records.Paper && m != records.Hybrid:
		return ""
	case s != scopeFile:
		key = "disposal.paper.part"
	case decision == records.Archive:
		key = "disposal.paper.archive"
	}
	if location == "" {
		location = r.h.Site.T(req, "disposal.paper.nowhere")
	}
	return r.h.Site.T(req, key, location)
}

// lent says who has the paper; "" if it is in its place.
func (r *Room) lent(req *http.Request, f records.File) string {
	if f.LentTo == "" {
		return ""
	}
	return " " + r.h.Site.T(req, "disposal.paper.lent", f.LentTo)
}

type erasureRow struct {
	Erasure Erasure
	Scope   string
	State   web.Badge
}

func (r *Room) erasureRow(req *http.Request, e Erasure) erasureRow {
	kind := map[string]string{ErasureOpen: "warning", ErasureDone: "success"}[e.State]
	return erasureRow{e, r.h.Site.T(req, "disposal.scope."+e.Scope), web.Badge{Kind: kind, Text: r.h.Site.T(req, "disposal.erasure."+e.State)}}
}

type erasuresPage struct {
	head
	Rows  []erasureRow
	Pages web.Pagination
}

func (r *Room) getErasures(w http.ResponseWriter, req *http.Request) error {
	l, err := r.Erasures(req.Context(), paging.Read(req.URL.Query()))
	if err != nil {
		return err
	}
	d := erasuresPage{head: r.head(req, erasePath, nil), Pages: l.Pages(erasePath, url.Values{})}
	for _, e := range l.Items {
		d.Rows = append(d.Rows, r.erasureRow(req, e))
	}
	return r.pages.erasures.Render(w, req, web.Meta{Title: r.h.Site.T(req, "disposal.erasures"), Crumbs: r.crumbs(req)}, d)
}

type erasurePage struct {
	Tabs      web.Tabs
	Alert     web.Alert
	Row       erasureRow
	Facts     web.SummaryList
	CanDecide bool
	CanRefuse bool
	Done      bool
}

func (r *Room) getErasure(w http.ResponseWriter, req *http.Request) error {
	return r.showErasure(w, req, nil)
}

func (r *Room) showErasure(w http.ResponseWriter, req *http.Request, failed error) error {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	e, f, err := r.Erasure(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	mine := e.ProposedBy == caller(req).Subject
	d := erasurePage{Tabs: r.core.FileTabs(req, f.ID, "/aufbewahrung"), Row: r.erasureRow(req, e), CanDecide: e.State == ErasureOpen && !mine,
		CanRefuse: e.State == ErasureOpen, Done: e.State == ErasureDone}
	_, d.Alert = r.problem(req, failed)
	d.Facts.Rows = []web.SummaryRow{
		{Label: t("disposal.scope.label"), Value: d.Row.Scope + " " + e.Reference}, {Label: t("disposal.court"), Value: e.Court},
		{Label: t("disposal.judgment"), Value: e.Judgment}, {Label: t("disposal.reason"), Value: e.Reason},
		{Label: t("disposal.proposed_by"), Value: t("disposal.by_at", e.ProposedName, i18n.DateTime(lang, e.ProposedAt))}}
	if paper := r.paper(req, scope(e.Scope), "", e.Medium, e.Location); paper != "" {
		d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t("disposal.paper"), Value: paper + r.lent(req, f)})
	}
	if e.DecidedName != "" {
		d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t("disposal.decided_by"), Value: t("disposal.by_at", e.DecidedName, i18n.DateTime(lang, e.DecidedAt))})
	}
	return r.pages.erasure.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.erase_title", e.Reference), Failed: failed != nil,
		Crumbs: []web.Link{{Text: t("disposal.retention_title", f.Reference), Href: "/akte/akte/" + f.ID + "/aufbewahrung"}}}, d)
}

func (r *Room) postErasure(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	notice, do := "disposal.notice.erased", r.Erase
	switch req.PostForm.Get("antwort") {
	case "nein":
		notice, do = "disposal.notice.erasure_refused", r.RefuseErasure
	case "zurueck":
		notice, do = "disposal.notice.taken_back", r.RefuseErasure
	}
	err := do(req.Context(), web.PathID(req))
	if shown(err) {
		return r.showErasure(w, req, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/loeschung/"+web.PathID(req), notice)
}

// --- what comes from other authorities ---

type importsPage struct {
	head
	ID          string
	Rows        []importRow
	Upload      web.Field
	Authorities web.Choice
	Several     bool
	Pages       web.Pagination
}

type importRow struct {
	Import Import
	State  web.Badge
}

func (r *Room) importRow(req *http.Request, i Import) importRow {
	if i.Taken {
		return importRow{i, web.Badge{Kind: "success", Text: r.h.Site.T(req, "disposal.import.taken")}}
	}
	return importRow{i, web.Badge{Kind: "warning", Text: r.h.Site.T(req, "disposal.import.checked")}}
}

func (r *Room) getImports(w http.ResponseWriter, req *http.Request) error {
	return r.showImports(w, req, nil)
}

func (r *Room) showImports(w http.ResponseWriter, req *http.Request, failed error) error {
	t := r.h.Site.Text(req)
	l, err := r.Imports(req.Context(), paging.Read(req.URL.Query()))
	if err != nil {
		return err
	}
	d := importsPage{head: r.head(req, importPath, failed), ID: web.FormID(""), Authorities: r.authorities(req, req.PostFormValue("behoerde")),
		Several: len(registry(req)) > 1, Pages: l.Pages(importPath, url.Values{}),
		Upload: web.Field{Name: "paket", Label: t("disposal.import.package"), Hint: t("disposal.import.package.hint"), Kind: "file", Accept: ".zip",
			Error: r.h.Site.FieldError(req, failed, "paket")}}
	for _, i := range l.Items {
		d.Rows = append(d.Rows, r.importRow(req, i))
	}
	return r.pages.imports.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.imports"), Crumbs: r.crumbs(req), Failed: failed != nil}, d)
}

func (r *Room) postImport(w http.ResponseWriter, req *http.Request) error {
	if _, err := registrar(req.Context(), r.h.DB.Reader()); err != nil {
		return err // before anything is read
	}
	if err := web.ReadForm(w, req, maxImport+formLimit); err != nil {
		return err
	}
	file, header, err := req.FormFile("paket")
	if err != nil {
		return r.showImports(w, req, errs.InvalidFields([]errs.Field{{Name: "paket", Key: "disposal.error.no_file"}}))
	}
	defer file.Close()
	id := web.FormID(req.PostForm.Get("id"))
	_, err = r.Check(req.Context(), file, header.Size, header.Filename, authority(req, req.PostForm.Get("behoerde")), id)
	if shown(err) {
		return r.showImports(w, req, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, importPath+"/"+id, "")
}
