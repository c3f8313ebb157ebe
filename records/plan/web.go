package plan

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/standards/leika"
)

const formLimit = 64 << 10 // bytes of a form

type pages struct {
	plan     *web.Page[planPage]
	unit     *web.Page[unitPage]
	edit     *web.Page[editPage]
	exchange *web.Page[exchangePage]
	preview  *web.Page[previewPage]
}

func newPages(s *web.Site) pages {
	return pages{plan: web.NewPage[planPage](s, Files, "plan"), unit: web.NewPage[unitPage](s, Files, "unit"), edit: web.NewPage[editPage](s, Files, "edit"),
		exchange: web.NewPage[exchangePage](s, Files, "exchange"), preview: web.NewPage[previewPage](s, Files, "preview")}
}

// Routes registers the part's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte/plan", r.getPlan)
	handle("GET /akte/plan/einheit", r.getUnit)
	handle("GET /akte/plan/einheit/bearbeiten", r.getEdit)
	handle("POST /akte/plan/einheit/bearbeiten", r.postEdit)
	handle("POST /akte/plan/leistung", r.postRoute)
	handle("POST /akte/plan/leistung-entfernen", r.postUnroute)
	handle("GET /akte/plan/austausch", r.getExchange)
	handle("GET /akte/plan/export", r.getExport)
	handle("POST /akte/plan/import", r.postPreview)
	handle("POST /akte/plan/import/uebernehmen", r.postTake)
	handle("GET /akte/plan/import/{id}/antwort", r.getAnswer)
}

// desk is the authority of the page: the one in the address, else the caller's first.
func desk(req *http.Request, named string) string {
	p := identity.From(req.Context())
	for _, role := range []identity.Role{identity.Registrar, identity.Clerk} {
		if all := p.Authorities(role); named == "" && len(all) > 0 {
			return all[0]
		}
	}
	return named
}

// address is the path with the authority and, if there is one, the code.
func address(path, authority, code string) string {
	v := url.Values{"behoerde": {authority}}
	if code != "" {
		v.Set("einheit", code)
	}
	return path + "?" + v.Encode()
}

const unitPath, editPath, exchangePath = "/akte/plan/einheit", "/akte/plan/einheit/bearbeiten", "/akte/plan/austausch"

// crumbs lead from the inbox to the page.
func (r *Room) crumbs(req *http.Request, authority string, more ...web.Link) []web.Link {
	return append([]web.Link{{Text: r.h.Site.T(req, "records.inbox"), Href: "/akte"},
		{Text: r.h.Site.T(req, "plan.crumb"), Href: address("/akte/plan", authority, "")}}, more...)
}

func statusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return errs.Status(errs.CodeOf(err))
}

type planPage struct {
	View
	Tabs     web.Tabs
	Errors   web.ErrorSummary
	Others   []web.Link // the caller's other authorities
	Filter   []web.Field
	Filtered bool
	Reset    string
	Way      []web.Link // to the branch that is shown
	Rows     []nodeRow
	Left     int // units that the page does not show
	New      string
	Exchange string
	Expired  []web.Link // services whose units end
}

type nodeRow struct {
	Node
	Indent    string // spaces
	Href      string
	Branch    string // address of what is below it; "" if all is shown
	Retention string
	Appraisal web.Badge
	Validity  string
}

func (r *Room) getPlan(w http.ResponseWriter, req *http.Request) error {
	v := req.URL.Query()
	t := r.h.Site.Text(req)
	authority := desk(req, v.Get("behoerde"))
	f := Filter{Query: web.Query(v.Get("q")), All: v.Get("alle") != "", Under: v.Get("unter")}
	days := web.Days{Form: v, Now: r.h.Now()}
	day, failed := days.Any("am"), days.Err()
	if !day.IsZero() {
		f.On = day.Add(12 * time.Hour)
	}
	view, err := r.View(req.Context(), authority, f)
	if err != nil {
		return err
	}
	p := planPage{View: view, Tabs: r.core.Tabs(req, "/akte/plan"), Errors: r.h.Site.Summary(t, failed), Filtered: f.Query != "" || f.All || v.Get("am") != "",
		Reset: address("/akte/plan", authority, ""), New: address(editPath, authority, ""), Exchange: address(exchangePath, authority, ""),
		Filter: []web.Field{
			{Name: "q", Label: t("plan.search"), Value: f.Query, Optional: true, MaxLength: 200},
			{Name: "am", Label: t("plan.on"), Kind: "day", Value: v.Get("am"), Optional: true, Error: r.h.Site.FieldError(req, failed, "am")},
			{Name: "alle", Label: t("plan.all"), Kind: "checkbox", Value: v.Get("alle"), Optional: true}}}
	p.Others = r.others(req, authority)
	branch := func(code string) string {
		to := url.Values{"behoerde": {authority}, "unter": {code}}
		for _, k := range []string{"q", "am", "alle"} {
			if v.Get(k) != "" {
				to.Set(k, v.Get(k))
			}
		}
		return "/akte/plan?" + to.Encode()
	}
	for _, u := range view.Path {
		p.Way = append(p.Way, web.Link{Text: u.Code + " " + u.Title, Href: branch(u.Code)})
	}
	for _, u := range view.Ending {
		for _, s := range u.Services {
			p.Expired = append(p.Expired, web.Link{Text: r.serviceName(req, s.Key) + ": " + u.Code + " " + u.Title, Href: address(unitPath, authority, u.Code)})
		}
	}
	for i, n := range view.Nodes {
		row := nodeRow{Node: n, Indent: strings.Repeat("\u2003", n.Depth), Href: address(unitPath, authority, n.Code), Retention: r.retention(req, n.Unit),
			Appraisal: r.appraisal(req, n.Unit), Validity: r.validity(req, n.Unit)}
		if n.Below > 0 && (i+1 == len(view.Nodes) || view.Nodes[i+1].Depth <= n.Depth) {
			row.Branch = branch(n.Code)
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Left = view.Total; f.Query == "" {
		p.Left -= len(p.Rows)
	} else {
		p.Left = 0
	}
	return r.pages.plan.RenderStatus(w, req, statusOf(failed), web.Meta{Title: t("plan.title", r.h.AuthorityName(authority)), Failed: failed != nil,
		Crumbs: []web.Link{{Text: t("records.inbox"), Href: "/akte"}}}, p)
}

// others lead to the plans of the caller's other authorities.
func (r *Room) others(req *http.Request, authority string) (out []web.Link) {
	me := identity.From(req.Context())
	seen := map[string]bool{authority: true, identity.Everywhere: true}
	for _, a := range append(me.Authorities(identity.Registrar), me.Authorities(identity.Clerk)...) {
		if !seen[a] {
			seen[a] = true
			out = append(out, web.Link{Text: r.h.AuthorityName(a), Href: address("/akte/plan", a, "")})
		}
	}
	return out
}

func (r *Room) retention(req *http.Request, u Unit) string {
	if u.RetentionYears < 0 {
		return r.h.Site.T(req, "plan.forever")
	}
	return r.h.Site.Texts.N(web.Lang(req), "plan.years", u.RetentionYears)
}

func (r *Room) appraisal(req *http.Request, u Unit) web.Badge {
	kind := map[string]string{"A": "success", "B": "info", "V": ""}[string(u.Appraisal)]
	return web.Badge{Kind: kind, Text: r.h.Site.T(req, "plan.appraisal."+string(u.Appraisal))}
}

func (r *Room) validity(req *http.Request, u Unit) string {
	lang := web.Lang(req)
	switch {
	case u.ValidFrom.IsZero() && u.ValidUntil.IsZero():
		return ""
	case u.ValidUntil.IsZero():
		return r.h.Site.T(req, "plan.valid.from", i18n.Date(lang, u.ValidFrom))
	case u.ValidFrom.IsZero():
		return r.h.Site.T(req, "plan.valid.until", i18n.Date(lang, u.ValidUntil))
	}
	return r.h.Site.T(req, "plan.valid.between", i18n.Date(lang, u.ValidFrom), i18n.Date(lang, u.ValidUntil))
}

// serviceName is what people call a service.
func (r *Room) serviceName(req *http.Request, key string) string {
	if key == AnyService {
		return r.h.Site.T(req, "plan.service.any")
	}
	return r.core.ServiceName(key)
}

// serviceNames says what services are called in a cell that names several by their keys, each perhaps with something more.
func (r *Room) serviceNames(req *http.Request, cell, between, shown string) string {
	if cell == "" {
		return ""
	}
	parts := strings.Split(cell, between)
	for i, part := range parts {
		key, more, ok := strings.Cut(part, " ")
		if parts[i] = r.serviceName(req, key); ok {
			parts[i] += ": " + more
		}
	}
	return strings.Join(parts, shown)
}

const mostServices = 25 // to choose from

// serviceField asks which service it is: by its name or key; where several are called so, which of them.
func (r *Room) serviceField(req *http.Request, typed string, failed error) web.Field {
	t := r.h.Site.Text(req)
	f := web.Field{Name: "key", Label: t("plan.service"), Value: typed, MaxLength: 200, Hint: t("plan.service.hint"), Error: r.h.Site.FieldError(req, failed, "key")}
	if isService(typed) {
		f.Hint = r.serviceName(req, typed)
		return f
	}
	if found := r.core.FindServices(typed, mostServices); len(found) > 1 && failed != nil {
		f.Kind, f.Value, f.Hint, f.Options = "select", "", t("plan.service.found", typed), []web.Option{{Label: t("records.choose")}}
		for _, s := range found {
			f.Options = append(f.Options, web.Option{Value: s.Key, Label: s.Name})
		}
	}
	return f
}

func isService(key string) bool {
	_, err := leika.Parse(key)
	return err == nil || key == AnyService
}

// service is the key of the service that somebody named. errs.Invalid if none or several are called so.
func (r *Room) service(typed string) (string, error) {
	typed = oneLine(typed)
	if _, err := strconv.ParseUint(typed, 10, 64); err == nil || isService(typed) || typed == "" {
		return typed, nil // Route says what is wrong with it
	}
	found := r.core.FindServices(typed, mostServices)
	for _, s := range found {
		if strings.EqualFold(s.Name, typed) || len(found) == 1 {
			return s.Key, nil
		}
	}
	key := "plan.error.several_services"
	if len(found) == 0 {
		key = "plan.error.no_service"
	}
	return "", errs.InvalidFields([]errs.Field{{Name: "key", Key: key, Args: []any{typed}}})
}

type unitPage struct {
	UnitView
	Tabs      web.Tabs
	Errors    web.ErrorSummary
	Alert     web.Alert
	Facts     web.SummaryList
	Files     string
	Edit, New string
	Way       []web.Link
	Below     []nodeRow
	Services  []serviceRow
	Route     []web.Field
	Seen      string // with the form of a route
	Open      bool   // that form
	Events    []eventRow
}

type serviceRow struct {
	Service
	Name   string
	Change string // address of the form
	Fixed  bool   // cannot be taken away
}

type eventRow struct {
	Event
	Title string
	Lines []string
}

func (r *Room) getUnit(w http.ResponseWriter, req *http.Request) error {
	v := req.URL.Query()
	form := url.Values{}
	if key := v.Get("leistung"); key != "" {
		form.Set("key", key)
	}
	return r.showUnit(w, req, desk(req, v.Get("behoerde")), v.Get("einheit"), form, nil)
}

func (r *Room) showUnit(w http.ResponseWriter, req *http.Request, authority, code string, form url.Values, failed error) error {
	u, err := r.Unit(req.Context(), authority, code)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := unitPage{UnitView: u, Tabs: r.core.Tabs(req, "/akte/plan"), Errors: r.h.Site.Summary(t, failed), Alert: r.h.Site.Failure(req, failed),
		Files: "/akte/akten?" + url.Values{"einheit": {code}}.Encode(), Edit: address(editPath, authority, code),
		New:  address(editPath, authority, "") + "&unter=" + url.QueryEscape(code),
		Open: form.Get("key") != "", Seen: form.Get("seen")}
	if failed == nil || errs.Is(failed, errs.Conflict) { // who sends the form knows from where
		p.Seen = u.Routed[form.Get("key")]
	}
	for _, above := range u.Path {
		p.Way = append(p.Way, web.Link{Text: above.Code + " " + above.Title, Href: address(unitPath, authority, above.Code)})
	}
	p.Facts.Rows = []web.SummaryRow{{Label: t("plan.col.retention_years"), Value: r.retention(req, u.Unit)},
		{Label: t("plan.col.transfer_years"), Value: r.h.Site.Texts.N(web.Lang(req), "plan.years", u.Unit.TransferYears)},
		{Label: t("plan.col.appraisal"), Value: t("plan.appraisal." + string(u.Unit.Appraisal))},
		{Label: t("plan.valid"), Value: r.validity(req, u.Unit)}, {Label: t("plan.col.note"), Value: u.Unit.Note},
		{Label: t("plan.open"), Value: strconv.Itoa(u.Open)}, {Label: t("plan.closed"), Value: strconv.Itoa(u.Closed)}}
	for _, n := range u.Below {
		p.Below = append(p.Below, nodeRow{Node: n, Href: address(unitPath, authority, n.Code), Validity: r.validity(req, n.Unit)})
	}
	for _, s := range u.Unit.Services {
		p.Services = append(p.Services, serviceRow{Service: s, Name: r.serviceName(req, s.Key), Fixed: s.Key == AnyService,
			Change: address(unitPath, authority, code) + "&leistung=" + url.QueryEscape(s.Key) + "#leistungen"})
		if s.Key == form.Get("key") && !form.Has("lead") {
			form.Set("lead", s.Lead)
		}
	}
	if u.Registrar {
		field := func(name, label string, options ...web.Option) web.Field {
			f := web.Field{Name: name, Label: t(label), Value: form.Get(name), Options: options, Error: r.h.Site.FieldError(req, failed, name)}
			if options != nil {
				f.Kind = "select"
			}
			return f
		}
		leads := []web.Option{{Label: t("plan.lead.none")}}
		for _, o := range u.Orgs {
			leads = append(leads, web.Option{Value: o.ID, Label: o.Text})
		}
		p.Route = []web.Field{r.serviceField(req, form.Get("key"), failed), field("lead", "plan.lead", leads...)}
	}
	for _, e := range u.History {
		p.Events = append(p.Events, eventRow{Event: e, Title: t("audit.action." + e.Action), Lines: r.lines(req, e)})
	}
	return r.pages.unit.RenderStatus(w, req, statusOf(failed), web.Meta{Title: u.Unit.Code + " " + u.Unit.Title, Failed: failed != nil,
		Crumbs: r.crumbs(req, authority)}, p)
}

// lines say what differs, a line each.
func (r *Room) lines(req *http.Request, e Event) (out []string) {
	for _, f := range e.Fields {
		out = append(out, r.fieldLine(req, f))
	}
	if e.Files > 0 {
		out = append(out, r.h.Site.Texts.N(web.Lang(req), "plan.concerns", e.Files))
	}
	return out
}

func (r *Room) fieldLine(req *http.Request, f Field) string {
	t := r.h.Site.Text(req)
	switch f.Column {
	case colFrom, colUntil:
		f.Old, f.New = shownDay(req, f.Old), shownDay(req, f.New)
	case colServices:
		f.Old, f.New = r.serviceNames(req, f.Old, " ", ", "), r.serviceNames(req, f.New, " ", ", ")
	case colLeads:
		f.Old, f.New = r.serviceNames(req, f.Old, "; ", "; "), r.serviceNames(req, f.New, "; ", "; ")
	}
	if f.Old == "" {
		return t("plan.field.new", t("plan.col."+f.Column), f.New)
	}
	if f.New == "" {
		return t("plan.field.gone", t("plan.col."+f.Column), f.Old)
	}
	return t("plan.field.changed", t("plan.col."+f.Column), f.Old, f.New)
}

// shownDay is a day of a table as people read it.
func shownDay(req *http.Request, s string) string {
	if day, ok := readDay(s); ok && !day.IsZero() {
		return i18n.Date(web.Lang(req), day)
	}
	return s
}

// onRoute is the frame of a unit's forms about services.
func (r *Room) onRoute(w http.ResponseWriter, req *http.Request, notice string, do func(s Routing) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	s := Routing{Authority: form.Get("authority"), Key: form.Get("key"), Unit: form.Get("unit"), Lead: form.Get("lead"), Seen: form.Get("seen")}
	err := do(s)
	if web.Retry(err) {
		return r.showUnit(w, req, s.Authority, s.Unit, form, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, address(unitPath, s.Authority, s.Unit), notice)
}

func (r *Room) postRoute(w http.ResponseWriter, req *http.Request) error {
	return r.onRoute(w, req, "plan.notice.routed", func(s Routing) (err error) {
		if s.Key, err = r.service(s.Key); err != nil {
			return err
		}
		return r.Route(req.Context(), s)
	})
}

func (r *Room) postUnroute(w http.ResponseWriter, req *http.Request) error {
	return r.onRoute(w, req, "plan.notice.unrouted", func(s Routing) error { return r.Unroute(req.Context(), s) })
}
