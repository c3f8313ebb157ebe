package desk

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

// linkRow is a link to be mended.
type linkRow struct {
	URL, Href, Title, Where, Owner, Status, MovedTo string
	State                                           web.Badge
	At                                              time.Time
	Service, Authority, Language                    string // of the text
	Repair                                          bool
}

var linkKinds = map[LinkState]string{LinkBroken: "danger", LinkMoved: "warning", LinkRefused: "warning"}

func (r *Room) linkRows(req *http.Request, list []BadLink) []linkRow {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	out := make([]linkRow, len(list))
	for i, l := range list {
		row := linkRow{URL: l.URL, Href: "/redaktion/leistung/" + l.Service, Title: r.serviceTitle(l.Service), Owner: l.Owner, MovedTo: l.MovedTo, At: l.At,
			State: web.Badge{Kind: linkKinds[l.State], Text: t("finder.desk.link.state." + string(l.State))}, Service: l.Service, Authority: l.Authority,
			Language: string(l.Lang), Repair: l.MovedTo != "" && l.Version != ""}
		where := t("finder.desk.link.online")
		if m := finder.Module(l.Source); m.Known() {
			where = t(m.TextKey())
		}
		row.Where = r.owner(req, l.Authority) + ": " + where
		switch {
		case l.Status > 0:
			row.Status = t("finder.desk.link.status", l.Status)
		case l.State == LinkBroken:
			row.Status = t("finder.desk.link.silent")
		}
		if l.Version != "" {
			row.Href = textPath(l.Version)
		}
		out[i] = row
	}
	return out
}

// postRepair begins a draft with the new address.
func (r *Room) postRepair(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 64<<10); err != nil {
		return err
	}
	ref := finder.TextRef{Service: req.PostForm.Get("leistung"), Authority: req.PostForm.Get("behoerde"), Lang: lang(req.PostForm.Get("sprache"))}
	v, err := r.Repair(req.Context(), ref, req.PostForm.Get("url"))
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, textPath(v.ID), "finder.desk.notice.repaired")
}

// onlineView is the part of a service's page with what is attached to it.
type onlineView struct {
	Key    string
	Rows   []onlineRow
	Errors web.ErrorSummary
	Whose  web.Field
	Kind   web.Field
	Name   web.Field
	URL    web.Field
}

type onlineRow struct {
	ID, Name, URL, Kind, Owner string
	Origin                     string // of an imported one
	Mine                       bool   // the caller may remove it
}

// onlineRows lists what holds for the whole Land, in the caller's areas and those above; for editors of everything all of it.
func (r *Room) onlineRows(req *http.Request, s Scope, key string) []onlineRow {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	c := r.finder.Catalog()
	var out []onlineRow
	for _, o := range c.AllOnline(key) {
		around := func(a string) bool { return slices.Contains(c.Around(a), o.Authority) }
		if o.Authority != "" && !s.has(o.Authority) && !slices.ContainsFunc(s.authorities, around) {
			continue
		}
		row := onlineRow{ID: o.ID, Name: o.Name, URL: o.URL, Kind: t("finder.desk.online." + o.Kind), Owner: r.owner(req, o.Authority), Mine: s.has(o.Authority) && o.Origin == ""}
		if o.Origin != "" {
			row.Origin = t("finder.desk.online.imported", o.Origin)
		}
		out = append(out, row)
	}
	return out
}

func (r *Room) onlineView(req *http.Request, s Scope, key string, fault error) onlineView {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := onlineView{Key: key, Rows: r.onlineRows(req, s, key)}
	faults := map[string]string{}
	if fault != nil {
		v.Errors = r.h.Site.Summary(t, fault)
		for _, f := range errs.As(fault).Fields {
			faults[f.Name] = t(f.Key, f.Args...)
		}
	}
	field := func(name, kind, label string) web.Field {
		return web.Field{Name: name, Kind: kind, Label: t(label), Value: req.PostForm.Get(name), Error: faults[name]}
	}
	v.Whose = field("whose", "select", "finder.desk.start.whose")
	v.Whose.Options = r.owners(req, s)
	if v.Whose.Value == "" && len(v.Whose.Options) > 0 {
		v.Whose.Value = v.Whose.Options[0].Value
	}
	v.Kind = field("kind", "radio", "finder.desk.online.kind")
	v.Kind.Options = []web.Option{{Value: "form", Label: t("finder.desk.online.form")}, {Value: "service", Label: t("finder.desk.online.service")}}
	v.Name, v.URL = field("name", "text", "finder.desk.online.name"), field("url", "text", "finder.desk.online.url")
	v.Name.MaxLength = maxLine
	return v
}

func (r *Room) postAttach(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 64<<10); err != nil {
		return err
	}
	key, authority := req.PathValue("key"), req.PostForm.Get("whose")
	if authority == wholeLand {
		authority = ""
	} else if strings.TrimSpace(authority) == "" {
		return notFound()
	}
	err := r.Attach(req.Context(), finder.Online{Service: key, Authority: authority, Kind: req.PostForm.Get("kind"), Name: req.PostForm.Get("name"),
		URL: req.PostForm.Get("url")})
	if errs.Is(err, errs.Invalid) {
		return r.showService(w, req, err)
	}
	if err != nil {
		return err
	}
	if err := r.finder.Refresh(req.Context()); err != nil { // so that the editor sees it on the next page
		return err
	}
	return r.h.Site.Redirect(w, req, "/redaktion/leistung/"+key, "finder.desk.notice.attached")
}

func (r *Room) postDetach(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	key := req.PathValue("key")
	if err := r.Detach(req.Context(), key, validID(req.PostForm.Get("id"))); err != nil {
		return err
	}
	if err := r.finder.Refresh(req.Context()); err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/redaktion/leistung/"+key, "finder.desk.notice.detached")
}
