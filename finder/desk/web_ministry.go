package desk

import (
	"net/http"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
	"rennsteig/standards/leika"
)

type ministriesView struct {
	Rows  []ministryRow
	Empty bool
	Left  []leftRow
	Count string // of services that belong to none
	New   string
}

type ministryRow struct {
	Name, Href, Scopes string
	Services           int64
}

// leftRow is a Leistungsgruppe with services of no ministry.
type leftRow struct {
	Group, Examples string
	Services        int64
}

type ministryView struct {
	ID     string // "neu" for a new one
	Change int64
	Errors web.ErrorSummary
	Name   web.Field
	Scopes web.Field
	Known  string // subjects
}

const newMinistry = "neu"

func ministryPath(id string) string { return "/redaktion/ressorts/" + id }

func (r *Room) getMinistries(w http.ResponseWriter, req *http.Request) error {
	list, left, err := r.Ministries(req.Context())
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := ministriesView{Empty: len(list) == 0, New: ministryPath(newMinistry), Count: r.h.Site.Texts.N(web.Lang(req), "finder.desk.ministry.left", len(left))}
	for _, m := range list {
		v.Rows = append(v.Rows, ministryRow{m.Name, ministryPath(m.ID), strings.Join(scopeLines(m), ", "), int64(m.Services)})
	}
	for _, s := range left { // they are ordered by key
		group := ""
		if k, err := leika.Parse(s.Key); err == nil {
			group = k.Group()
		}
		if n := len(v.Left); n == 0 || v.Left[n-1].Group != group {
			v.Left = append(v.Left, leftRow{Group: group})
		}
		last := &v.Left[len(v.Left)-1]
		if last.Services++; last.Services <= 3 {
			last.Examples = strings.TrimPrefix(last.Examples+"; "+s.Title, "; ")
		}
	}
	return r.pages.ministries.Render(w, req, web.Meta{Title: t("finder.desk.ministry.title"), Crumbs: r.crumbs(req, "",
		web.Link{Text: t("finder.desk.quality.title"), Href: "/redaktion/qualitaet"})}, v)
}

func scopeLines(m Ministry) []string {
	out := make([]string, len(m.Scopes))
	for i, pattern := range m.Scopes {
		out[i] = showScope(pattern)
	}
	return out
}

func (r *Room) getMinistry(w http.ResponseWriter, req *http.Request) error {
	m := Ministry{ID: newMinistry}
	list, _, err := r.Ministries(req.Context())
	if err != nil {
		return err
	}
	if id := req.PathValue("id"); id != newMinistry {
		m.ID = ""
		for _, x := range list {
			if x.ID == id {
				m = x
			}
		}
		if m.ID == "" {
			return notFound()
		}
	}
	return r.showMinistry(w, req, m, strings.Join(scopeLines(m), "\n"), nil)
}

func (r *Room) showMinistry(w http.ResponseWriter, req *http.Request, m Ministry, lines string, fault error) error {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := ministryView{ID: m.ID, Change: m.Change,
		Name:   web.Field{Name: "name", Kind: "text", Label: t("finder.desk.ministry.name"), Value: m.Name, MaxLength: maxLine},
		Scopes: web.Field{Name: "scopes", Kind: "textarea", Label: t("finder.desk.ministry.scopes"), Hint: t("finder.desk.ministry.scopes.hint"), Value: lines, Rows: 12, Optional: true}}
	seen := map[string]bool{"": true}
	var known []string
	for _, s := range r.finder.Catalog().Services() {
		if !seen[s.Subject] {
			seen[s.Subject] = true
			known = append(known, s.Subject)
		}
	}
	v.Known = strings.Join(known, ", ")
	if fault != nil {
		e := errs.As(fault)
		v.Errors = r.h.Site.Summary(t, fault)
		for _, f := range e.Fields {
			for _, field := range []*web.Field{&v.Name, &v.Scopes} {
				if field.Name == f.Name && field.Error == "" {
					field.Error = t(f.Key, f.Args...)
				}
			}
		}
		if len(e.Fields) == 0 {
			v.Errors.Items = []web.Link{{Text: t(e.Key, e.Args...)}}
		}
	}
	title := m.Name
	if m.ID == newMinistry {
		title = t("finder.desk.ministry.new")
	}
	return r.pages.ministry.Render(w, req, web.Meta{Title: title, Failed: fault != nil, Crumbs: r.crumbs(req, "",
		web.Link{Text: t("finder.desk.ministry.title"), Href: "/redaktion/ressorts"})}, v)
}

// postMinistry saves or removes a ministry, or begins with the proposal.
func (r *Room) postMinistry(w http.ResponseWriter, req *http.Request) error {
	if _, err := everything(req.Context()); err != nil {
		return err
	}
	if err := web.ReadForm(w, req, 256<<10); err != nil {
		return err
	}
	in := req.PostForm
	m := Ministry{ID: req.PathValue("id"), Name: in.Get("name")}
	m.Change, _ = strconv.ParseInt(in.Get("change"), 10, 64) // no number is no change that there is
	notice := "finder.desk.notice.ministry_saved"
	var err error
	switch in.Get("do") {
	case "remove":
		notice = "finder.desk.notice.ministry_removed"
		err = r.RemoveMinistry(req.Context(), m.ID, m.Change)
	case "adopt":
		notice = "finder.desk.notice.ministry_adopted"
		err = r.AdoptProposal(req.Context())
	default:
		saved := m
		if m.ID == newMinistry {
			saved.ID = ""
		}
		err = r.SaveMinistry(req.Context(), saved, strings.Split(in.Get("scopes"), "\n"))
	}
	switch errs.CodeOf(err) {
	case "":
		return r.h.Site.Redirect(w, req, "/redaktion/ressorts", notice)
	case errs.Invalid, errs.Conflict:
		return r.showMinistry(w, req, m, in.Get("scopes"), err)
	}
	return err
}

// ministryRows are the figures by ministry, and the choice of the trend.
func (r *Room) ministryRows(req *http.Request, list []MinistryFigures) (rows []figuresRow, choice web.Field) {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	choice = web.Field{Name: "ressort", Kind: "select", Label: t("finder.desk.ministry.trend_of"), Optional: true,
		Options: []web.Option{{Value: "", Label: t("finder.desk.ministry.trend_none")}}}
	for _, f := range list {
		name, id := f.Name, f.ID
		if id == "" {
			name, id = t("finder.desk.ministry.none"), noMinistry
		}
		choice.Options = append(choice.Options, web.Option{Value: id, Label: name})
		rows = append(rows, figuresRow{name, f.Services, f.Texts, f.Complete, f.Readable, f.Stale, f.Broken})
	}
	return rows, choice
}

// noMinistry is "nicht zugeordnet" in an address.
const noMinistry = "ohne"
