package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// Pages are the auditor's pages: the entries, one entry with its proof, and the stored files that are damaged.
type Pages struct {
	// AuthorityName is the name of an authority, for display. Set it before Routes; the id itself unless set.
	AuthorityName func(id string) string

	log   *Log
	site  *web.Site
	list  *web.Page[listData]
	entry *web.Page[entryData]
	files *web.Page[filesData]
}

// Pages makes the pages; the site must have the log's texts.
func (l *Log) Pages(site *web.Site) *Pages {
	return &Pages{
		AuthorityName: func(id string) string { return id },
		log:           l, site: site,
		list: web.NewPage[listData](site, Files, "list"), entry: web.NewPage[entryData](site, Files, "entry"),
		files: web.NewPage[filesData](site, Files, "files"),
	}
}

const (
	listPath = "/revision"
	perPage  = 50
)

// Routes registers GET /revision, GET /revision/dateien and GET /revision/{id}.
func (p *Pages) Routes(mux *http.ServeMux) {
	p.site.Handle(mux, "GET "+listPath, p.showList)
	p.site.Handle(mux, "GET "+filesPath, p.showFiles)
	p.site.Handle(mux, "GET "+listPath+"/{id}", p.showEntry)
}

type listData struct {
	Errors   web.ErrorSummary
	Fields   []web.Field
	Filtered bool
	All      string    // address of the list without a filter
	Damaged  web.Alert // empty if no stored file is known to be
	Files    web.Link
	Rows     []listRow
	Pages    web.Pagination
}

type listRow struct {
	Record    Record
	Number    string
	Action    string
	Actor     string
	Authority string
	Href      string
}

func (p *Pages) showList(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	f, fields, failed := p.filter(r, query)
	data := listData{Fields: fields, All: listPath, Files: web.Link{Text: p.site.T(r, "audit.recheck.title"), Href: filesPath}}
	for _, x := range fields {
		data.Filtered = data.Filtered || x.Value != ""
		if x.Error != "" {
			data.Errors.Items = append(data.Errors.Items, web.Link{Text: x.Error, Href: "#" + x.ID()})
		}
	}
	list, err := p.log.List(r.Context(), f, perPage+1)
	if err != nil {
		return err
	}
	state, err := p.log.Recheck(r.Context())
	if err != nil {
		return err
	}
	if state.Open > 0 {
		data.Damaged = p.filesState(r, state)
	}
	list, data.Pages = paging(list, f, query)
	for _, rec := range list {
		data.Rows = append(data.Rows, listRow{
			Record: rec, Number: p.number(r, rec), Action: p.action(r, rec.Action), Actor: p.actor(r, rec),
			Authority: p.authority(rec.Authority), Href: listPath + "/" + rec.ID,
		})
	}
	return p.list.Render(w, r, web.Meta{Title: p.site.T(r, "audit.title"), Failed: failed}, data)
}

// paging cuts off the entry too many, which only tells that there are further ones.
func paging(list []Record, f Filter, query url.Values) ([]Record, web.Pagination) {
	more := len(list) > perPage
	newer, older := f.Before != "", more
	if f.After != "" {
		newer, older = more, true
		if more {
			list = list[1:]
		}
	} else if more {
		list = list[:perPage]
	}
	link := func(key, id string) string {
		q := maps.Clone(query)
		q.Del("before")
		q.Del("after")
		q.Set(key, id)
		return listPath + "?" + q.Encode()
	}
	var pages web.Pagination
	if len(list) > 0 && newer {
		pages.Previous = link("after", list[0].ID)
	}
	if len(list) > 0 && older {
		pages.Next = link("before", list[len(list)-1].ID)
	}
	return list, pages
}

// filter reads the filter from the address, with the form's fields as they were filled in.
func (p *Pages) filter(r *http.Request, query url.Values) (f Filter, fields []web.Field, failed bool) {
	t := func(key string) string { return p.site.T(r, key) }
	get := func(key string) string { return strings.TrimSpace(query.Get(key)) }
	f = Filter{Object: get("object"), Actor: get("actor"), Action: get("action"), Before: get("before"), After: get("after")}
	day := func(name string) (time.Time, web.Field) {
		field := web.Field{Name: name, Label: t("audit.filter." + name), Kind: "day", Past: true, Optional: true}
		days := web.Days{Form: query, Now: time.Now()}
		d := days.Back(name)
		field.Value, field.Error = get(name), p.site.FieldError(r, days.Err(), name)
		failed = failed || field.Error != ""
		return d, field
	}
	from, fromField := day("from")
	to, toField := day("to")
	f.From = from
	if !to.IsZero() {
		f.To = to.AddDate(0, 0, 1)
	}
	fields = []web.Field{
		{Name: "object", Label: t("audit.filter.object"), Hint: t("audit.filter.object_hint"), Kind: "text", Value: f.Object, Optional: true, MaxLength: 200},
		{Name: "actor", Label: t("audit.filter.actor"), Kind: "text", Value: f.Actor, Optional: true, MaxLength: 200},
		{Name: "action", Label: t("audit.filter.action"), Kind: "select", Value: f.Action, Optional: true, Options: p.actions(r, f.Action)},
		fromField, toField,
	}
	return f, fields, failed
}

const actionKey = "audit.action."

// actions are the actions that have a name, and the one chosen.
func (p *Pages) actions(r *http.Request, chosen string) []web.Option {
	out := []web.Option{{Value: "", Label: p.site.T(r, "audit.filter.any_action")}}
	known := chosen == ""
	for _, key := range p.site.Texts.Keys(i18n.German) {
		if a, ok := strings.CutPrefix(key, actionKey); ok {
			out = append(out, web.Option{Value: a, Label: p.action(r, a)})
			known = known || a == chosen
		}
	}
	slices.SortFunc(out[1:], func(a, b web.Option) int { return strings.Compare(a.Label, b.Label) })
	if !known {
		out = append(out, web.Option{Value: chosen, Label: chosen})
	}
	return out
}

// action is the name of an action; the action itself if it has none.
func (p *Pages) action(r *http.Request, action string) string {
	if p.site.Texts.Has(web.Lang(r), actionKey+action) {
		return p.site.T(r, actionKey+action)
	}
	return action
}

func (p *Pages) actor(r *http.Request, rec Record) string {
	switch {
	case rec.ByProgram():
		return p.site.T(r, "audit.program", rec.ActorName)
	case rec.ActorName != "":
		return rec.ActorName
	case rec.Actor != "":
		return rec.Actor
	}
	return p.site.T(r, "audit.nobody")
}

func (p *Pages) authority(id string) string {
	if id == "" {
		return "–"
	}
	return p.AuthorityName(id)
}

func (p *Pages) number(r *http.Request, rec Record) string {
	if rec.Seq == Unsequenced {
		return p.site.T(r, "audit.waiting")
	}
	return strconv.FormatInt(rec.Seq, 10)
}

type entryData struct {
	Facts   web.SummaryList
	Changes web.SummaryList
	Files   []string
	Erased  []string
	State   web.Alert
	Proof   web.SummaryList
	Path    []string
	Links   []web.Link
}

func (p *Pages) showEntry(w http.ResponseWriter, r *http.Request) error {
	e, err := p.log.get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return p.site.T(r, key, args...) }
	rec := e.record()
	data := entryData{Files: rec.Blobs, Erased: rec.Erased, Changes: changes(rec.Changes)}
	row := func(key, value string) web.SummaryRow { return web.SummaryRow{Label: t(key), Value: value} }
	data.Facts.Rows = []web.SummaryRow{
		row("audit.number", p.number(r, rec)),
		row("audit.time", i18n.DateTime(web.Lang(r), rec.Time)),
		row("audit.exact_time", rec.Time.Format(timeFormat)),
		row("audit.action", p.action(r, rec.Action)),
		row("audit.action_id", rec.Action),
		row("audit.actor", p.actor(r, rec)),
		row("audit.actor_id", rec.Actor),
		row("audit.authority", p.authority(rec.Authority)),
		row("audit.object", rec.Object),
		row("audit.id", rec.ID),
	}
	data.Links = []web.Link{
		{Text: t("audit.same_object"), Href: about(rec.Object)},
		{Text: t("audit.same_action"), Href: listPath + "?" + url.Values{"action": {rec.Action}}.Encode()},
	}
	if rec.Actor != "" {
		data.Links = append(data.Links, web.Link{Text: t("audit.same_actor"), Href: listPath + "?" + url.Values{"actor": {rec.Actor}}.Encode()})
	}
	if err := p.proof(r, e, &data); err != nil {
		return err
	}
	return p.entry.Render(w, r, web.Meta{Title: t("audit.entry_title", p.action(r, rec.Action)),
		Crumbs: []web.Link{{Text: t("audit.title"), Href: listPath}}}, data)
}

// proof verifies the entry now and says what came out.
func (p *Pages) proof(r *http.Request, e row, data *entryData) error {
	t := func(key string, args ...any) string { return p.site.T(r, key, args...) }
	alert := func(kind, key string) web.Alert {
		return web.Alert{Kind: kind, Title: t("audit.state." + key), Text: t("audit.state." + key + "_text")}
	}
	leaf := e.leaf()
	data.Proof.Rows = []web.SummaryRow{{Label: t("audit.leaf"), Value: leaf.String()}}
	proof, err := p.log.prove(r.Context(), e)
	switch {
	case errors.Is(err, ErrTampered), err != nil && !e.intact():
		p.site.Log.ErrorContext(r.Context(), "audit entry cannot be proved", "id", e.id, "error", err)
		data.State = alert("danger", "tampered")
		return nil
	case errors.Is(err, ErrNotSequenced):
		data.State = alert("info", "waiting")
		if p.log.key.CanSeal() && !p.log.key.checkSeal(leaf, e.seal) || !e.intact() {
			data.State = alert("danger", "tampered")
		}
		return nil
	case err != nil:
		return errs.E(errs.Internal, "errs.internal", fmt.Errorf("prove entry %s: %w", e.id, err))
	}
	data.State = alert("success", "proved")
	lines := strings.SplitN(proof.Checkpoint, "\n", 4)
	data.Proof.Rows = append(data.Proof.Rows,
		web.SummaryRow{Label: t("audit.index"), Value: strconv.FormatInt(proof.Index, 10)},
		web.SummaryRow{Label: t("audit.tree_size"), Value: lines[1]},
		web.SummaryRow{Label: t("audit.root"), Value: lines[2]},
		web.SummaryRow{Label: t("audit.checkpoint"), Value: proof.Checkpoint},
	)
	data.Path = proof.Path
	return nil
}

// changes shows the changes as they were written: texts plain, everything else as JSON.
func changes(text string) web.SummaryList {
	var list web.SummaryList
	var values map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &values) != nil {
		return web.SummaryList{Rows: []web.SummaryRow{{Label: "?", Value: text}}}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := string(values[key])
		var s string
		if json.Unmarshal(values[key], &s) == nil {
			value = s
		}
		list.Rows = append(list.Rows, web.SummaryRow{Label: key, Value: value})
	}
	return list
}
