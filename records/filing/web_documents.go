package filing

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
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

// documentsList are the documents of a case.
var documentsList = records.List{Name: "documents", Title: "records.documents", Path: "/akte/vorgang/{id}/dokumente", Columns: []records.Column{
	{Name: "name", Text: "records.document", Fixed: true, Sorts: []string{SortName}},
	{Name: "look", Text: "filing.look"},
	{Name: "kind", Text: "records.kind"},
	{Name: "subject", Text: "records.subject"},
	{Name: "keywords", Text: "filing.keywords"},
	{Name: "from", Text: "records.from"},
	{Name: "filed", Text: "records.filed_at", Sorts: []string{SortOldest, ""}},
	{Name: "version", Text: "filing.version_short", Numeric: true},
	{Name: "size", Text: "records.size", Numeric: true},
	{Name: "sender", Text: "filing.sender", Extra: true},
	{Name: "recipients", Text: "filing.recipients", Extra: true},
	{Name: "sent", Text: "filing.sent", Extra: true},
	{Name: "editor", Text: "filing.lock", Extra: true},
	{Name: "final", Text: "filing.final_at", Extra: true},
	{Name: "type", Text: "filing.media_type", Extra: true},
	{Name: "hash", Text: "filing.hash", Extra: true},
}}

type documentsPage struct {
	records.ListPage
	Tabs      web.Tabs
	Case      records.Case
	Errors    web.ErrorSummary
	Alert     web.Alert
	Query     string
	Choices   []web.Choice
	Filtered  bool
	Table     web.Table
	Pages     web.Pagination
	CanChange bool
	List      string // the filter, carried through the forms
	FormID    string
	Script    string
	Files     string // what is wrong with the upload
	Subject   web.Field
	Keywords  web.Field
	Target    web.Field
}

// documentRow is a document in a list of its own: what came with a message, or as post.
type documentRow struct {
	Document
	What, Bytes string
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
	d := documentsPage{Tabs: r.core.CaseTabs(req, c.ID, "/dokumente"), Case: c, Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err),
		Query: f.Query, Choices: []web.Choice{kinds, r.h.Site.Choose(req, "sortierung", "filing.sort", f.Sort, SortOldest, SortName)},
		Filtered: f.Query != "" || f.Kind != "" || f.Sort != "", Pages: l.Pages(path, f.values()),
		CanChange: c.May >= access.Write && c.State != records.StateClosed, List: f.values().Encode(),
		Table: web.Table{Label: t("records.documents"), Choose: "dokument"}, FormID: db.NewID(), Script: r.script.url(), Files: r.h.Site.FieldError(req, in.err, "dateien"),
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
	if d.ListPage, err = r.core.ListPage(req, documentsList, c.ID, f.values()); err != nil {
		return err
	}
	d.Table.Heads = d.Heads
	for _, x := range l.Items {
		d.Table.Rows = append(d.Table.Rows, web.TableRow{Value: x.ID, Name: x.Name, Chosen: chosen[x.ID], Cells: d.Cells(r.documentCells(req, x))})
	}
	meta := web.Meta{Title: t("filing.documents_of", c.Reference), Crumbs: r.caseCrumbs(req, c), Failed: in.err != nil}
	return r.pages.documents.RenderStatus(w, req, statusOf(in.err), meta, d)
}

// documentCells makes the row of a document.
func (r *Room) documentCells(req *http.Request, d Document) records.Cells {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	return func(column string) (x web.TableCell) {
		switch column {
		case "name":
			x = web.TableCell{Text: d.Name, Href: "/akte/dokument/" + d.ID + "/karte", Heading: true}
			switch {
			case d.Final():
				x.Badges = []web.Badge{{Kind: "success", Text: t("filing.state.final")}}
			case d.Locked(r.h.Now()):
				x.Badges = []web.Badge{{Kind: "warning", Text: t("filing.locked_by", d.LockedName)}}
			}
		case "look":
			address := records.LookPath(d.ID, d.Version)
			x = web.TableCell{Text: t("filing.look"), Href: address, Hidden: "– " + d.Name, File: address}
		case "kind":
			x.Text = r.kind(req, string(d.Kind))
		case "subject":
			x.Text = d.Subject
		case "keywords":
			x.Text = d.Words()
		case "from":
			if x.Text = d.Sender; d.Sender == "" {
				x.Text = r.h.Site.Known(req, d.CreatedBy)
			}
		case "filed":
			x.Text, x.NoWrap = i18n.DateTime(lang, d.CreatedAt), true
		case "version":
			x.Text = strconv.FormatInt(d.Version, 10)
		case "size":
			x = web.TableCell{Text: web.SizeText(d.Size), Href: "/akte/dokument/" + d.ID, Save: true, Hidden: "– " + t("filing.download", d.Name),
				File: strconv.FormatInt(d.Size, 10), NoWrap: true}
		case "sender":
			x.Text = d.Sender
		case "recipients":
			x.Text = d.Recipients
		case "sent":
			x.Text, x.NoWrap = i18n.DateTime(lang, d.SentAt), true
		case "editor":
			if d.Locked(r.h.Now()) {
				x.Text = d.LockedName
			}
		case "final":
			x.Text, x.NoWrap = i18n.DateTime(lang, d.FinalAt), true
		case "type":
			x.Text = strings.SplitN(d.MediaType, ";", 2)[0]
		case "hash":
			x.Text = d.Hash
		}
		return x
	}
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
