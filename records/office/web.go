package office

import (
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

const formLimit = 64 << 10 // bytes of a form

type pages struct {
	org     *web.Page[orgPage]
	rules   *web.Page[rulesPage]
	leaving *web.Page[leavingPage]
}

func newPages(s *web.Site) pages {
	return pages{org: web.NewPage[orgPage](s, Files, "org"), rules: web.NewPage[rulesPage](s, Files, "rules"),
		leaving: web.NewPage[leavingPage](s, Files, "leaving")}
}

// Routes registers the part's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte/organisation", r.getOrg)
	handle("POST /akte/organisation/einheit", r.postUnit)
	handle("POST /akte/organisation/einheit-beenden", r.postEndUnit)
	handle("POST /akte/organisation/mitglied", r.postMember)
	handle("POST /akte/organisation/mitglied-entfernen", r.postDropMember)
	handle("POST /akte/organisation/ermaechtigung", r.postClear)
	handle("POST /akte/organisation/muster", r.postPattern)
	handle("POST /akte/organisation/aktentyp", r.postType)
	handle("GET /akte/akte/{id}/zugriff", r.getRules)
	handle("POST /akte/akte/{id}/zugriff", r.postRule)
	handle("POST /akte/akte/{id}/zugriff-entfernen", r.postDropRule)
}

type orgPage struct {
	Organisation
	Tabs      web.Tabs
	Others    []web.Link // the caller's other authorities
	Name      string
	Errors    web.ErrorSummary
	Alert     web.Alert
	ID        string // of a new unit or type
	Unit      []web.Field
	Member    []web.Field
	Clearance []web.Field
	Pattern   web.Field
	Type      []web.Field
	Open      string // which form is shown open
}

// RoleText is the catalogue key of a member's role.
func (m Member) RoleText() string { return "office.role." + string(m.Role) }

// LevelText is the catalogue key of the level.
func (c Clearance) LevelText() string { return levelText(c.Level) }

func levelText(l access.Level) string { return "records.level." + strconv.FormatInt(int64(l), 10) }

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

func (r *Room) getOrg(w http.ResponseWriter, req *http.Request) error {
	return r.showOrg(w, req, desk(req, req.URL.Query().Get("behoerde")), url.Values{}, "", nil)
}

func (r *Room) showOrg(w http.ResponseWriter, req *http.Request, authority string, form url.Values, open string, failed error) error {
	o, err := r.Organisation(req.Context(), authority)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := orgPage{Organisation: o, Tabs: r.core.Tabs(req, "/akte/organisation"), Name: r.h.AuthorityName(authority),
		Errors: r.h.Site.Summary(t, failed), Alert: r.h.Site.Failure(req, failed), ID: web.FormID(form.Get("id")), Open: open}
	me := identity.From(req.Context())
	seen := map[string]bool{authority: true, identity.Everywhere: true}
	for _, a := range append(me.Authorities(identity.Registrar), me.Authorities(identity.Clerk)...) {
		if !seen[a] {
			seen[a] = true
			p.Others = append(p.Others, web.Link{Text: r.h.AuthorityName(a), Href: "/akte/organisation?behoerde=" + url.QueryEscape(a)})
		}
	}
	if o.Registrar {
		r.orgForms(req, &p, form, failed)
	}
	status := http.StatusOK
	if failed != nil {
		status = errs.Status(errs.CodeOf(failed))
	}
	return r.pages.org.RenderStatus(w, req, status, web.Meta{Title: t("office.title", p.Name), Failed: failed != nil,
		Crumbs: []web.Link{{Text: t("records.inbox"), Href: "/akte"}}}, p)
}

// orgForms fills the forms of a registrar.
func (r *Room) orgForms(req *http.Request, p *orgPage, form url.Values, failed error) {
	t := r.h.Site.Text(req)
	field := func(name, label, kind string, options ...web.Option) web.Field {
		return web.Field{Name: name, Label: t(label), Kind: kind, Value: form.Get(name), Options: options, Error: r.h.Site.FieldError(req, failed, name)}
	}
	choose := web.Option{Label: t("records.choose")}
	parents, unitOptions := []web.Option{{Label: t("office.parent.none")}}, []web.Option{choose}
	for _, u := range p.Units {
		o := web.Option{Value: u.ID, Label: u.Code + " " + u.Name}
		parents, unitOptions = append(parents, o), append(unitOptions, o)
	}
	people := []web.Option{choose}
	for _, x := range p.People {
		name := x.Name
		if name == "" {
			name = x.Subject
		}
		people = append(people, web.Option{Value: x.Subject, Label: name})
	}
	var levels []web.Option
	for l := access.Open; l.Valid(); l++ {
		levels = append(levels, web.Option{Value: strconv.FormatInt(int64(l), 10), Label: t(levelText(l))})
	}
	p.Unit = []web.Field{field("code", "office.code", "text"), field("name", "office.name", "text"), field("parent", "office.parent", "select", parents...)}
	p.Member = []web.Field{field("unit", "office.unit", "select", unitOptions...), field("subject", "office.person", "select", people...),
		field("role", "office.role", "select", web.Option{Value: string(access.Member), Label: t("office.role.member")},
			web.Option{Value: string(access.Head), Label: t("office.role.head")})}
	p.Clearance = []web.Field{field("cleared", "office.person", "select", people...), field("level", "office.level", "select", levels...)}
	p.Pattern = field("pattern", "office.pattern", "text")
	p.Pattern.Hint = t("office.pattern.hint")
	if p.Pattern.Value == "" {
		p.Pattern.Value = p.Organisation.Pattern
	}
	p.Type = []web.Field{field("typename", "office.type.name", "text"), field("fields", "office.type.fields", "textarea")}
	p.Type[1].Rows, p.Type[1].Hint = 4, t("office.type.hint")
}

// onOrg is the frame of the page's forms.
func (r *Room) onOrg(w http.ResponseWriter, req *http.Request, open, notice string, do func(authority string, form url.Values) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	authority := form.Get("authority")
	err := do(authority, form)
	if web.Retry(err) {
		return r.showOrg(w, req, authority, form, open, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/organisation?behoerde="+url.QueryEscape(authority), notice)
}

func (r *Room) postUnit(w http.ResponseWriter, req *http.Request) error {
	return r.onOrg(w, req, "unit", "office.notice.unit", func(authority string, form url.Values) error {
		return r.PutUnit(req.Context(), Unit{ID: web.FormID(form.Get("id")), Authority: authority, Code: form.Get("code"), Name: form.Get("name"), Parent: form.Get("parent")})
	})
}

func (r *Room) postEndUnit(w http.ResponseWriter, req *http.Request) error {
	return r.onOrg(w, req, "", "office.notice.ended", func(authority string, form url.Values) error {
		return r.EndUnit(req.Context(), authority, form.Get("id"))
	})
}

func member(form url.Values) Member {
	return Member{Unit: form.Get("unit"), Subject: form.Get("subject"), Role: access.Role(form.Get("role"))}
}

func (r *Room) postMember(w http.ResponseWriter, req *http.Request) error {
	return r.onOrg(w, req, "member", "office.notice.member", func(authority string, form url.Values) error {
		return r.PutMember(req.Context(), authority, member(form))
	})
}

// leavingPage says what somebody who is to leave a unit still has to do.
type leavingPage struct {
	Leaving
	Authority string
	Member    Member
	Back      string
}

// postDropMember takes somebody out of a unit: who still has something to do only after a question.
func (r *Room) postDropMember(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	if form.Get("bestaetigt") == "" {
		l, err := r.Leaving(req.Context(), form.Get("authority"), member(form))
		if err == nil && l.Name != "" && l.Any() {
			p := leavingPage{l, form.Get("authority"), member(form), "/akte/organisation?behoerde=" + url.QueryEscape(form.Get("authority"))}
			return r.pages.leaving.Render(w, req, web.Meta{Title: r.h.Site.T(req, "office.leaving", l.Name)}, p)
		}
	}
	return r.onOrg(w, req, "", "office.notice.member_gone", func(authority string, form url.Values) error {
		return r.DropMember(req.Context(), authority, member(form))
	})
}

func (r *Room) postClear(w http.ResponseWriter, req *http.Request) error {
	return r.onOrg(w, req, "clearance", "office.notice.cleared", func(authority string, form url.Values) error {
		level, err := strconv.ParseInt(form.Get("level"), 10, 64)
		if err != nil {
			level = -1 // no level
		}
		return r.Clear(req.Context(), authority, form.Get("cleared"), access.Level(level))
	})
}

func (r *Room) postPattern(w http.ResponseWriter, req *http.Request) error {
	return r.onOrg(w, req, "pattern", "office.notice.pattern", func(authority string, form url.Values) error {
		return r.SetPattern(req.Context(), authority, form.Get("pattern"))
	})
}

func (r *Room) postType(w http.ResponseWriter, req *http.Request) error {
	return r.onOrg(w, req, "type", "office.notice.type", func(authority string, form url.Values) error {
		fields, err := ParseFields(form.Get("fields"))
		if err != nil {
			return err
		}
		return r.PutType(req.Context(), records.FileType{ID: web.FormID(form.Get("id")), Authority: authority, Name: form.Get("typename"), Fields: fields})
	})
}

type rulesPage struct {
	FileRules
	Tabs   web.Tabs
	Errors web.ErrorSummary
	Alert  web.Alert
	Base   web.SummaryList // what holds without a rule
	Rows   []ruleRow
	Form   []web.Field
}

type ruleRow struct {
	Rule   access.Grant
	Holder string // to read
	May    web.Badge
	Own    bool // it names the caller, and so is for others to change
}

func (r *Room) getRules(w http.ResponseWriter, req *http.Request) error {
	return r.showRules(w, req, url.Values{}, nil)
}

func (r *Room) showRules(w http.ResponseWriter, req *http.Request, form url.Values, failed error) error {
	v, err := r.Rules(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := rulesPage{FileRules: v, Tabs: r.core.FileTabs(req, v.File.ID, "/zugriff"), Errors: r.h.Site.Summary(t, failed), Alert: r.h.Site.Failure(req, failed)}
	holders := []web.Option{{Label: t("records.choose")}, {Value: access.Authority, Label: t("office.holder.authority")}}
	names := map[string]string{access.Authority: t("office.holder.authority")}
	lead := t("records.lead.none")
	name := func(holder, text string) {
		names[holder] = text
		holders = append(holders, web.Option{Value: holder, Label: text})
	}
	for _, u := range v.Units {
		if u.ID == v.File.Lead {
			lead = u.Code + " " + u.Name
		}
		name(access.Unit(u.ID), t("office.holder.unit", u.Code, u.Name))
		name(access.RoleIn(u.ID, access.Head), t("office.holder.head", u.Code, u.Name))
		for _, m := range u.Members {
			names[access.Person(m.Subject)] = m.Name
		}
	}
	me := access.Person(identity.From(req.Context()).Subject)
	for _, x := range v.People {
		if x.Name == "" {
			x.Name = x.Subject
		}
		if access.Person(x.Subject) == me {
			names[me] = x.Name
			continue
		}
		name(access.Person(x.Subject), x.Name)
	}
	p.Base.Rows = []web.SummaryRow{{Label: t("records.lead"), Value: lead}, {Label: t("records.reach"), Value: t("records.reach." + string(v.File.Reach()))},
		{Label: t("records.level"), Value: t(levelText(v.File.Level))}}
	for _, g := range v.Rules {
		row := ruleRow{Rule: g, Holder: names[g.Holder], May: r.may(req, g.May), Own: g.Holder == me}
		if row.Holder == "" {
			row.Holder = g.Holder
		}
		p.Rows = append(p.Rows, row)
	}
	p.Form = []web.Field{
		{Name: "holder", Label: t("office.holder"), Kind: "select", Value: form.Get("holder"), Options: holders, Error: r.h.Site.FieldError(req, failed, "holder")},
		{Name: "may", Label: t("office.may"), Kind: "radio", Value: form.Get("may"), Options: []web.Option{{Value: "1", Label: t("office.may.1")},
			{Value: "2", Label: t("office.may.2")}, {Value: "0", Label: t("office.may.0")}}, Error: r.h.Site.FieldError(req, failed, "may")},
		{Name: "reason", Label: t("office.reason"), Value: form.Get("reason"), MaxLength: 250, Error: r.h.Site.FieldError(req, failed, "reason")},
	}
	status := http.StatusOK
	if failed != nil {
		status = errs.Status(errs.CodeOf(failed))
	}
	return r.pages.rules.RenderStatus(w, req, status, web.Meta{Title: t("office.rules.title", v.File.Reference), Failed: failed != nil,
		Crumbs: []web.Link{{Text: t("records.inbox"), Href: "/akte"}, {Text: t("records.files"), Href: "/akte/akten"}, {Text: v.File.Reference, Href: "/akte/akte/" + v.File.ID}}}, p)
}

func (r *Room) may(req *http.Request, m access.May) web.Badge {
	kind := map[access.May]string{access.Nothing: "danger", access.Read: "info", access.Write: "success"}[m]
	return web.Badge{Kind: kind, Text: r.h.Site.T(req, "office.may."+strconv.FormatInt(int64(m), 10))}
}

func (r *Room) onRules(w http.ResponseWriter, req *http.Request, notice string, do func(id string, form url.Values) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	err := do(web.PathID(req), req.PostForm)
	if web.Retry(err) {
		return r.showRules(w, req, req.PostForm, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/akte/"+web.PathID(req)+"/zugriff", notice)
}

func (r *Room) postRule(w http.ResponseWriter, req *http.Request) error {
	return r.onRules(w, req, "office.notice.rule", func(id string, form url.Values) error {
		may, err := strconv.ParseInt(form.Get("may"), 10, 64)
		if err != nil {
			return errs.InvalidFields([]errs.Field{{Name: "may", Key: "office.error.choice"}})
		}
		return r.PutRule(req.Context(), id, form.Get("holder"), access.May(may), form.Get("reason"))
	})
}

func (r *Room) postDropRule(w http.ResponseWriter, req *http.Request) error {
	return r.onRules(w, req, "office.notice.rule_gone", func(id string, form url.Values) error {
		return r.DropRule(req.Context(), id, form.Get("holder"))
	})
}
