package desk

import (
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

type pages struct {
	work       *web.Page[workView]
	services   *web.Page[servicesView]
	service    *web.Page[serviceView]
	edit       *web.Page[editView]
	version    *web.Page[versionView]
	history    *web.Page[historyView]
	preview    *web.Page[previewView]
	local      *web.Page[localView]
	effect     *web.Page[effectView]
	locals     *web.Page[localsView]
	ministries *web.Page[ministriesView]
	ministry   *web.Page[ministryView]
	quality    *web.Page[qualityView]
	feedback   *web.Page[feedbackView]
}

func newPages(s *web.Site, files fs.FS) pages {
	return pages{
		work:       web.NewPage[workView](s, files, "work"),
		services:   web.NewPage[servicesView](s, files, "services"),
		service:    web.NewPage[serviceView](s, files, "service"),
		edit:       web.NewPage[editView](s, files, "edit"),
		version:    web.NewPage[versionView](s, files, "version"),
		history:    web.NewPage[historyView](s, files, "history"),
		preview:    web.NewPage[previewView](s, files, "preview"),
		local:      web.NewPage[localView](s, files, "local"),
		effect:     web.NewPage[effectView](s, files, "effect"),
		locals:     web.NewPage[localsView](s, files, "locals"),
		ministries: web.NewPage[ministriesView](s, files, "ministries"),
		ministry:   web.NewPage[ministryView](s, files, "ministry"),
		quality:    web.NewPage[qualityView](s, files, "quality"),
		feedback:   web.NewPage[feedbackView](s, files, "feedback"),
	}
}

// maxForm bounds a posted text: nineteen modules of 20,000 letters, in the form's encoding.
const maxForm = 4 << 20

// Routes registers the desk's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /redaktion", r.getWork)
	handle("POST /redaktion/sammel", r.postBulk)
	handle("GET /redaktion/leistungen", r.getServices)
	handle("GET /redaktion/leistung/{key}", r.getService)
	handle("POST /redaktion/leistung/{key}/entwurf", r.postStart)
	handle("POST /redaktion/leistung/{key}/dienst", r.postAttach)
	handle("POST /redaktion/leistung/{key}/dienst/entfernen", r.postDetach)
	handle("GET /redaktion/leistung/{key}/zustaendigkeit", r.getLocal)
	handle("POST /redaktion/leistung/{key}/zustaendigkeit", r.postLocal)
	handle("GET /redaktion/zustaendigkeiten", r.getLocals)
	handle("POST /redaktion/verweis", r.postRepair)
	handle("GET /redaktion/qualitaet", r.getQuality)
	handle("GET /redaktion/ressorts", r.getMinistries)
	handle("GET /redaktion/ressorts/{id}", r.getMinistry)
	handle("POST /redaktion/ressorts/{id}", r.postMinistry)
	handle("GET /redaktion/rueckmeldungen", r.getFeedback)
	handle("GET /redaktion/verlauf/{key}", r.getHistory)
	handle("GET /redaktion/text/{id}", r.getText)
	handle("GET /redaktion/text/{id}/vorschau", r.getPreview)
	handle("POST /redaktion/text/{id}/speichern", r.postSave)
	handle("POST /redaktion/text/{id}/verwerfen", r.act(r.discard))
	handle("POST /redaktion/text/{id}/zurueckgeben", r.act(r.giveBack))
	handle("POST /redaktion/text/{id}/freigeben", r.act(r.release))
	handle("POST /redaktion/text/{id}/zurueckziehen", r.act(r.withdraw))
	handle("POST /redaktion/text/{id}/pruefdatum", r.act(r.reviewDate))
	handle("POST /redaktion/text/{id}/abgleichen", r.act(r.adopt))
	handle("POST /redaktion/text/{id}/kommentar", r.act(r.say))
}

func pathID(req *http.Request) string { return validID(req.PathValue("id")) }

// validID is s if it is an id, else "", which nothing has.
func validID(s string) string {
	if len(s) != 36 || uuid.Validate(s) != nil {
		return ""
	}
	return s
}

// word is a short value of an address, cut to what anyone would type.
func word(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, " ")), " ")
	if utf8.RuneCountInString(s) > 200 {
		s = string([]rune(s)[:200])
	}
	return s
}

func textPath(id string) string { return "/redaktion/text/" + id }

func historyPath(ref finder.TextRef) string {
	return "/redaktion/verlauf/" + ref.Service + "?" + url.Values{"behoerde": {ref.Authority}, "sprache": {string(ref.Lang)}}.Encode()
}

// lang is the language named in a form or address; German unless it says English.
func lang(s string) i18n.Lang {
	if s == string(i18n.English) {
		return i18n.English
	}
	return i18n.German
}

// crumbs are the way from the work list to a text.
func (r *Room) crumbs(req *http.Request, service string, more ...web.Link) []web.Link {
	out := []web.Link{{Text: r.h.Site.T(req, "finder.desk.work.title"), Href: "/redaktion"}}
	if service != "" {
		out = append(out, web.Link{Text: r.serviceTitle(service), Href: "/redaktion/leistung/" + service})
	}
	return append(out, more...)
}

func (r *Room) serviceTitle(key string) string {
	if s, ok := r.finder.Catalog().Service(key); ok {
		return s.Title
	}
	return key
}

// owner says whose text it is.
func (r *Room) owner(req *http.Request, authority string) string {
	if authority == "" {
		return r.h.Site.T(req, "finder.desk.master")
	}
	return r.finder.AuthorityName(authority)
}

var stateKinds = map[State]string{Draft: "info", Review: "warning", Returned: "", Scheduled: "info", Released: "success", Replaced: "",
	Withdrawn: "danger", Discarded: ""}

func (r *Room) stateBadge(req *http.Request, s State) web.Badge {
	return web.Badge{Kind: stateKinds[s], Text: r.h.Site.T(req, "finder.desk.state."+string(s))}
}

func (r *Room) langName(req *http.Request, l i18n.Lang) string {
	return r.h.Site.T(req, "finder.desk.lang."+string(l))
}

// versionRow is a version in a list.
type versionRow struct {
	ID, Title, Href, Owner, Language, Number, By string
	Change                                       int64
	State                                        web.Badge
	At                                           time.Time
	Note                                         string
}

func (r *Room) rows(req *http.Request, list []Version, at func(Version) time.Time) []versionRow {
	out := make([]versionRow, len(list))
	for i, v := range list {
		out[i] = versionRow{ID: v.ID, Title: r.serviceTitle(v.Service), Href: textPath(v.ID), Owner: r.owner(req, v.Authority),
			Language: r.langName(req, v.Lang), Number: strconv.Itoa(v.Number), By: v.AuthorName, Change: v.Change, State: r.stateBadge(req, v.State), At: at(v)}
	}
	return out
}

type workView struct {
	Review   []versionRow
	Lists    []workList
	Links    []linkRow
	Empty    bool
	Bulk     web.Field
	Errors   web.ErrorSummary
	Problems []string
	Done     web.Alert
}

type workList struct {
	ID, Title, When string
	Rows            []versionRow
}

func (r *Room) getWork(w http.ResponseWriter, req *http.Request) error {
	return r.showWork(w, req, workView{})
}

func (r *Room) showWork(w http.ResponseWriter, req *http.Request, v workView) error {
	work, err := r.Work(req.Context())
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v.Review = r.rows(req, work.Review, func(v Version) time.Time { return v.SubmittedAt })
	changed := func(v Version) time.Time { return v.ChangedAt }
	for _, l := range []struct {
		id   string
		list []Version
		at   func(Version) time.Time
	}{
		{"returned", work.Returned, changed},
		{"drafts", work.Drafts, changed},
		{"own", work.Own, func(v Version) time.Time { return v.SubmittedAt }},
		{"scheduled", work.Scheduled, func(v Version) time.Time { return v.PublishAt }},
		{"outgrown", work.Outgrown, func(v Version) time.Time { return v.ReleasedAt }},
		{"missing", work.Gaps, func(v Version) time.Time { return v.ReleasedAt }},
		{"stale", work.Stale, func(v Version) time.Time { return day(v.ReviewDate) }},
	} {
		if len(l.list) > 0 {
			v.Lists = append(v.Lists, workList{ID: l.id, Title: t("finder.desk.work." + l.id), When: t("finder.desk.when." + l.id), Rows: r.rows(req, l.list, l.at)})
		}
	}
	bad, err := r.BadLinks(req.Context(), workLimit)
	if err != nil {
		return err
	}
	v.Links = r.linkRows(req, bad)
	v.Empty = len(v.Lists) == 0 && len(v.Review) == 0 && len(v.Links) == 0
	v.Bulk.Name, v.Bulk.Kind, v.Bulk.Label, v.Bulk.Optional, v.Bulk.MaxLength = "comment", "textarea", t("finder.desk.bulk.comment"), true, maxComment
	return r.pages.work.Render(w, req, web.Meta{Title: t("finder.desk.work.title"), Failed: len(v.Errors.Items) > 0}, v)
}

// day is a stored date as a time; the zero time if it is none.
func day(s string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, s, i18n.Berlin)
	if err != nil {
		return time.Time{}
	}
	return t
}

// postBulk releases or returns the ticked versions.
func (r *Room) postBulk(w http.ResponseWriter, req *http.Request) error {
	if _, _, err := editorScope(req.Context()); err != nil {
		return err
	}
	if err := web.ReadForm(w, req, 256<<10); err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	var list []Selected
	for _, s := range req.PostForm["version"] {
		id, change, _ := strings.Cut(s, ".")
		n, _ := strconv.ParseInt(change, 10, 64) // no number is no change that there is
		list = append(list, Selected{validID(id), n})
	}
	v := workView{Bulk: web.Field{Value: req.PostForm.Get("comment")}}
	fail := func(href, text string) { v.Errors.Items = append(v.Errors.Items, web.Link{Text: text, Href: href}) }
	var done int
	var refused []error
	switch {
	case len(list) == 0:
		fail("#pruefen", t("finder.desk.bulk.none"))
	case req.PostForm.Get("do") == "return":
		if _, err := comment(v.Bulk.Value, true); err != nil {
			v.Bulk.Error = t(errs.As(err).Fields[0].Key, errs.As(err).Fields[0].Args...)
			fail("#comment", v.Bulk.Error)
			break
		}
		done, refused = r.ReturnAll(req.Context(), list, v.Bulk.Value)
	default:
		done, refused = r.ReleaseAll(req.Context(), list)
	}
	for _, err := range refused {
		e := errs.As(err)
		if errs.Status(e.Code) >= 500 {
			return err
		}
		fail("", t(e.Key, e.Args...))
	}
	if done > 0 {
		v.Done = web.Alert{Kind: "success", Title: r.h.Site.Texts.N(web.Lang(req), "finder.desk.bulk.done", done)}
		if len(v.Errors.Items) == 0 {
			v.Bulk.Value = ""
		}
	}
	return r.showWork(w, req, v)
}

type servicesView struct {
	Query   string
	Choices []web.Field
	Summary string
	Rows    []serviceRowView
	Pages   web.Pagination
}

type serviceRowView struct {
	Title, Href, Key, Missing string
	State                     web.Badge
	English                   bool
	Open                      string
}

func (r *Room) getServices(w http.ResponseWriter, req *http.Request) error {
	in := req.URL.Query()
	from, _ := strconv.Atoi(in.Get("ab")) // no number is the first page
	f := Filter{Query: word(in.Get("q")), Authority: word(in.Get("behoerde")), From: max(0, min(from, 1_000_000))}
	states := []string{"none", "gaps", "complete", "open"}
	if s := in.Get("stand"); slices.Contains(states, s) {
		f.State = s
	}
	s, _, err := editorScope(req.Context())
	if err != nil {
		return err
	}
	if f.Authority == "" && !s.all && !in.Has("behoerde") {
		f.Authority = s.authorities[0]
	}
	rows, total, err := r.Services(req.Context(), f)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := servicesView{Query: f.Query, Summary: r.h.Site.Texts.N(web.Lang(req), "finder.desk.services.count", total)}
	state := web.Field{Name: "stand", Kind: "select", Label: t("finder.desk.services.state"), Optional: true, Value: f.State,
		Options: []web.Option{{Value: "", Label: t("finder.desk.services.all")}}}
	for _, s := range states {
		state.Options = append(state.Options, web.Option{Value: s, Label: t("finder.desk.services." + s)})
	}
	v.Choices = append(v.Choices, state)
	if s.all || len(s.authorities) > 0 {
		authority := web.Field{Name: "behoerde", Kind: "select", Label: t("finder.desk.services.authority"), Optional: true, Value: f.Authority,
			Options: []web.Option{{Value: "", Label: t("finder.desk.services.all")}}}
		for _, a := range r.finder.Authorities(req.Context()) {
			if s.has(a.ID) {
				authority.Options = append(authority.Options, web.Option{Value: a.ID, Label: a.Name})
			}
		}
		v.Choices = append(v.Choices, authority)
	}
	for _, row := range rows {
		view := serviceRowView{Title: row.Title, Href: "/redaktion/leistung/" + row.Key, Key: row.Key, English: row.English}
		switch {
		case !row.Has:
			view.State = web.Badge{Text: t("finder.desk.services.none")}
		case len(row.Missing) > 0:
			view.State = web.Badge{Kind: "warning", Text: t("finder.desk.complete", len(Mandatory)-len(row.Missing), len(Mandatory))}
			var names []string
			for _, m := range row.Missing {
				names = append(names, t(m.TextKey()))
			}
			view.Missing = strings.Join(names, ", ")
		default:
			view.State = web.Badge{Kind: "success", Text: t("finder.desk.services.complete")}
		}
		var open []string
		for _, o := range row.Open {
			open = append(open, r.owner(req, o.Authority)+": "+t("finder.desk.state."+string(o.State)))
		}
		view.Open = strings.Join(open, ", ")
		v.Rows = append(v.Rows, view)
	}
	at := func(n int) string {
		q := req.URL.Query()
		q.Set("ab", strconv.Itoa(n))
		return "/redaktion/leistungen?" + q.Encode()
	}
	if f.From > 0 {
		v.Pages.Previous = at(max(0, f.From-servicesAPage))
	}
	if f.From+len(rows) < total {
		v.Pages.Next = at(f.From + servicesAPage)
	}
	return r.pages.services.Render(w, req, web.Meta{Title: t("finder.desk.services.title"), Crumbs: r.crumbs(req, "")}, v)
}
