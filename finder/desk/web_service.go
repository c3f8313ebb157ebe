package desk

import (
	"net/http"
	"strconv"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// serviceView is a service with all its texts that the caller may write.
type serviceView struct {
	Key, Public string
	Texts       []textRow
	Start       web.Field // whose text to begin
	Language    web.Field
	Online      onlineView
}

type textRow struct {
	versionRow
	History string
}

func (r *Room) getService(w http.ResponseWriter, req *http.Request) error {
	return r.showService(w, req, nil)
}

// showService shows a service; fault is what was wrong with the online service that was to be attached.
func (r *Room) showService(w http.ResponseWriter, req *http.Request, fault error) error {
	s, _, err := editorScope(req.Context())
	if err != nil {
		return err
	}
	service, ok := r.finder.Catalog().Service(req.PathValue("key"))
	if !ok {
		return errs.E(errs.NotFound, "finder.service_unknown")
	}
	list, err := r.Texts(req.Context(), service.Key)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := serviceView{Key: service.Key, Public: "/leistung/" + service.Key}
	for i, row := range r.rows(req, list, func(v Version) time.Time { return v.ChangedAt }) {
		v.Texts = append(v.Texts, textRow{row, historyPath(list[i].TextRef)})
	}
	v.Start = web.Field{Name: "behoerde", Kind: "select", Label: t("finder.desk.start.whose"), Value: "", Options: r.owners(req, s)}
	if len(v.Start.Options) > 0 {
		v.Start.Value = v.Start.Options[0].Value
	}
	v.Language = web.Field{Name: "sprache", Kind: "radio", Label: t("finder.desk.language"), Value: string(i18n.German)}
	for _, l := range i18n.Langs {
		v.Language.Options = append(v.Language.Options, web.Option{Value: string(l), Label: r.langName(req, l)})
	}
	v.Online = r.onlineView(req, s, service.Key, fault)
	return r.pages.service.Render(w, req, web.Meta{Title: service.Title, Failed: fault != nil, Crumbs: r.crumbs(req, "",
		web.Link{Text: t("finder.desk.services.title"), Href: "/redaktion/leistungen"})}, v)
}

// owners are whose texts the caller may write, as options; the whole Land's is "land", for an empty value asks to choose.
func (r *Room) owners(req *http.Request, s Scope) []web.Option {
	var out []web.Option
	if s.all {
		out = append(out, web.Option{Value: wholeLand, Label: r.owner(req, "")})
		for _, a := range r.finder.Authorities(req.Context()) {
			out = append(out, web.Option{Value: a.ID, Label: a.Name})
		}
		return out
	}
	for _, id := range s.authorities {
		out = append(out, web.Option{Value: id, Label: r.owner(req, id)})
	}
	return out
}

const wholeLand = "land"

func (r *Room) postStart(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	authority := req.PostForm.Get("behoerde")
	switch authority {
	case wholeLand:
		authority = ""
	case "":
		return errs.E(errs.NotFound, "finder.desk.error.not_found")
	}
	v, err := r.StartDraft(req.Context(), finder.TextRef{Service: req.PathValue("key"), Authority: authority, Lang: lang(req.PostForm.Get("sprache"))})
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, textPath(v.ID), "")
}

type historyView struct {
	Owner    string
	Rows     []historyRow
	Compare  bool
	From, To web.Field
	Path     string
	Hidden   []hidden
	Heading  string
	Diffs    []ModuleDiff
	Comments []commentView
}

type hidden struct{ Name, Value string }

type historyRow struct {
	versionRow
	Reviewer string
	Released time.Time
	Ended    time.Time
}

type commentView struct {
	By, Body, Number, Kind string
	At                     time.Time
}

func (r *Room) comments(req *http.Request, list []numbered) []commentView {
	out := make([]commentView, len(list))
	for i, c := range list {
		out[i] = commentView{By: c.AuthorName, Body: c.Body, Number: strconv.Itoa(c.Number), At: c.At}
		if c.Kind != "" {
			out[i].Kind = r.h.Site.T(req, "finder.desk.state."+string(c.Kind))
		}
	}
	return out
}

func (r *Room) getHistory(w http.ResponseWriter, req *http.Request) error {
	in := req.URL.Query()
	ref := finder.TextRef{Service: req.PathValue("key"), Authority: word(in.Get("behoerde")), Lang: lang(in.Get("sprache"))}
	versions, comments, err := r.History(req.Context(), ref)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return errs.E(errs.NotFound, "finder.desk.error.not_found")
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := historyView{Owner: r.owner(req, ref.Authority) + " · " + r.langName(req, ref.Lang), Path: "/redaktion/verlauf/" + ref.Service,
		Hidden: []hidden{{"behoerde", ref.Authority}, {"sprache", string(ref.Lang)}}, Comments: r.comments(req, comments), Compare: len(versions) > 1}
	var options []web.Option
	byNumber := map[string]Version{}
	for i, row := range r.rows(req, versions, func(v Version) time.Time { return v.ChangedAt }) {
		x := versions[i]
		v.Rows = append(v.Rows, historyRow{row, x.ReviewerName, x.ReleasedAt, x.EndedAt})
		options = append(options, web.Option{Value: row.Number, Label: t("finder.desk.version_state", row.Number, row.State.Text)})
		byNumber[row.Number] = x
	}
	from, to := in.Get("von"), in.Get("bis")
	a, okA := byNumber[from]
	b, okB := byNumber[to]
	if okA && okB {
		v.Diffs, v.Heading = diffContent(a.Content, b.Content), t("finder.desk.compare.heading", from, to)
	} else if len(versions) > 1 {
		to, from = options[0].Value, options[1].Value
	}
	v.From = web.Field{Name: "von", Kind: "select", Label: t("finder.desk.compare.from"), Value: from, Options: options, Optional: true}
	v.To = web.Field{Name: "bis", Kind: "select", Label: t("finder.desk.compare.to"), Value: to, Options: options, Optional: true}
	return r.pages.history.Render(w, req, web.Meta{Title: t("finder.desk.history.title", r.serviceTitle(ref.Service)), Crumbs: r.crumbs(req, ref.Service)}, v)
}
