package flow

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

type absencePage struct {
	Tabs      web.Tabs
	Errors    web.ErrorSummary
	Alert     web.Alert
	Rows      []absenceRow
	ID        string
	Authority string
	CanRecord bool
	Fields    []web.Field
	CanHand   bool
	HandID    string
	HandForm  []web.Field
	Handovers []handoverRow
}

type handoverRow struct {
	Handover
	Away   string // that who got it is absent
	Hidden int64  // cases that were not handed over and cannot be shown
}

type absenceRow struct {
	Absence
	Last   time.Time // day
	Away   []string  // when the deputy is absent, too, and who acts then
	Now    bool
	CanEnd bool
}

// homes are the authorities of the caller where there are organisational units, the first of which the forms are about.
func (r *Room) home(req *http.Request, a access.Access) (string, directory, error) {
	authorities := a.Authorities()
	if len(authorities) == 0 || authorities[0] == identity.Everywhere {
		return "", directory{}, nil
	}
	home := authorities[0]
	if asked := req.FormValue("behoerde"); slices.Contains(authorities, asked) {
		home = asked
	}
	dir, err := r.directory(req.Context(), r.h.DB.Reader(), a, home, r.h.Now())
	return home, dir, err
}

func (r *Room) getAbsence(w http.ResponseWriter, req *http.Request) error {
	return r.showAbsence(w, req, "", typed{})
}

// showAbsence shows the page; which is the form that came back: "absence" or "hand".
func (r *Room) showAbsence(w http.ResponseWriter, req *http.Request, which string, in typed) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	home, dir, err := r.home(req, a)
	if err != nil {
		return err
	}
	list, err := r.Absences(ctx)
	if err != nil {
		return err
	}
	p := absencePage{Tabs: r.core.Tabs(req, "/akte/aufgaben"), Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err), Authority: home,
		ID: web.FormID(""), HandID: web.FormID("")}
	for _, b := range list {
		p.Rows = append(p.Rows, absenceRow{Absence: b, Away: r.deputyAway(req, b, list, dir), Last: b.Until.Add(-time.Second), Now: !b.From.After(r.h.Now()),
			CanEnd: b.Subject == a.Subject || r.heads(a, dir, b.Authority, b.Subject)})
	}
	handovers, err := r.Handovers(ctx)
	if err != nil {
		return err
	}
	for _, x := range handovers {
		p.Handovers = append(p.Handovers, handoverRow{x, r.awayText(req, dir, access.Person(x.To.Subject)), x.Kept - int64(len(x.Left))})
	}
	all := r.recipients(dir, true)
	var mine []web.Option // whose desk the caller decides about
	me := len(dir.members(access.Person(a.Subject))) > 0
	heads := false
	var everyone []web.Option
	for _, label := range all.labels {
		holder := all.holders[strings.ToLower(label)]
		subject := holder[len("person:"):]
		everyone = append(everyone, web.Option{Value: subject, Label: label})
		if r.heads(a, dir, home, subject) {
			heads = true
			mine = append(mine, web.Option{Value: subject, Label: label})
		} else if subject == a.Subject {
			mine = append(mine, web.Option{Value: subject, Label: label})
		}
	}
	p.CanRecord, p.CanHand = len(mine) > 0, heads
	field := func(form, name, label, kind string, options []web.Option) web.Field {
		f := web.Field{Name: name, Label: t(label), Kind: kind, Options: options}
		if which == form {
			f.Value, f.Error = in.form.Get(name), r.h.Site.FieldError(req, in.err, name)
		}
		return f
	}
	p.Fields = []web.Field{field("absence", "who", "flow.absent_person", "select", mine), field("absence", "from", "flow.absent_from", "day", nil),
		field("absence", "until", "flow.absent_until", "day", nil), field("absence", "deputy", "flow.deputy", "select", everyone)}
	if me && p.Fields[0].Value == "" {
		p.Fields[0].Value = a.Subject
	}
	p.HandForm = []web.Field{field("hand", "owner", "flow.hand_from", "select", mine), field("hand", "to", "flow.hand_to", "select", everyone)}
	switch which {
	case "absence":
		p.ID = web.FormID(in.form.Get("id"))
	case "hand":
		p.HandID = web.FormID(in.form.Get("id"))
	}
	meta := web.Meta{Title: t("flow.absence"), Failed: len(p.Errors.Items) > 0, Crumbs: r.taskCrumbs(req)}
	return r.pages.absence.RenderStatus(w, req, in.status(), meta, p)
}

// awayText says that somebody is absent, until when and who acts for them; "" if they are there.
func (r *Room) awayText(req *http.Request, d directory, holder string) string {
	b, deputies, away := d.away(holder)
	return r.absentText(req, b, deputies, away)
}

func (r *Room) absentText(req *http.Request, b Absence, deputies string, away bool) string {
	last := i18n.Date(web.Lang(req), b.Until.Add(-time.Second))
	switch t := r.h.Site.Text(req); {
	case !away:
		return ""
	case deputies == "":
		return t("flow.away.alone", b.Name, last)
	default:
		return t("flow.away", b.Name, last, deputies)
	}
}

// deputyAway says when who stands in for somebody is absent meanwhile, as far as the caller may know of it: in list, or at
// this moment.
func (r *Room) deputyAway(req *http.Request, b Absence, list []Absence, d directory) (out []string) {
	for _, x := range list {
		if x.Authority == b.Authority && x.Subject == b.Deputy && x.From.Before(b.Until) && b.From.Before(x.Until) {
			out = append(out, r.h.Site.T(req, "flow.away.span", x.Name, i18n.Date(web.Lang(req), x.From), i18n.Date(web.Lang(req), x.Until.Add(-time.Second)), x.DeputyName))
		}
	}
	if len(out) == 0 && !b.From.After(r.h.Now()) {
		if text := r.awayText(req, d, access.Person(b.Deputy)); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func (r *Room) taskCrumbs(req *http.Request) []web.Link {
	return []web.Link{{Text: r.h.Site.T(req, "records.inbox"), Href: "/akte"}, {Text: r.h.Site.T(req, "flow.tasks"), Href: "/akte/aufgaben"}}
}

// posted is the frame of a form of the admin pages.
func (r *Room) posted(w http.ResponseWriter, req *http.Request, path, notice string, do func(form url.Values) error,
	show func(in typed) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	err := do(req.PostForm)
	if again(err) {
		return show(typed{req.PostForm, err})
	} else if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, path, notice)
}

func (r *Room) postAbsence(w http.ResponseWriter, req *http.Request) error {
	return r.posted(w, req, "/akte/abwesenheit", "flow.notice.absence", func(form url.Values) error {
		days := web.Days{Form: form, Now: r.h.Now()}
		from, until := days.Ahead("from"), days.Ahead("until")
		if err := days.Err(); err != nil {
			return err
		}
		var wrong []errs.Field
		for name, empty := range map[string]bool{"from": from.IsZero(), "until": until.IsZero()} {
			if empty {
				wrong = append(wrong, errs.Field{Name: name, Key: "flow.error.date"})
			}
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return err
		}
		return r.RecordAbsence(req.Context(), Absence{ID: web.FormID(form.Get("id")), Authority: form.Get("behoerde"), Subject: form.Get("who"),
			Deputy: form.Get("deputy"), From: from, Until: until})
	}, func(in typed) error { return r.showAbsence(w, req, "absence", in) })
}

func (r *Room) postEndAbsence(w http.ResponseWriter, req *http.Request) error {
	return r.posted(w, req, "/akte/abwesenheit", "flow.notice.absence_ended", func(url.Values) error {
		return r.EndAbsence(req.Context(), web.PathID(req))
	}, func(in typed) error { return r.showAbsence(w, req, "", in) })
}

func (r *Room) postHandOver(w http.ResponseWriter, req *http.Request) error {
	return r.posted(w, req, "/akte/abwesenheit", "flow.notice.hand_over", func(form url.Values) error {
		return r.HandOver(req.Context(), web.FormID(form.Get("id")), form.Get("behoerde"), form.Get("owner"), form.Get("to"))
	}, func(in typed) error { return r.showAbsence(w, req, "hand", in) })
}

type templatesPage struct {
	Tabs      web.Tabs
	Rows      []templateRow
	CanManage bool
}

type templateRow struct {
	Template
	Type  string
	Steps string
}

func (r *Room) getTemplates(w http.ResponseWriter, req *http.Request) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	list, err := r.Templates(ctx)
	if err != nil {
		return err
	}
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	home, _, err := r.home(req, a)
	if err != nil {
		return err
	}
	_, err = r.managed(ctx, r.h.DB.Reader(), a, home)
	p := templatesPage{Tabs: r.core.Tabs(req, "/akte/aufgaben"), CanManage: err == nil}
	for _, x := range list {
		p.Rows = append(p.Rows, templateRow{x, r.caseType(req, x.CaseType), r.kinds(req, x.Steps)})
	}
	return r.pages.templates.Render(w, req, web.Meta{Title: t("flow.templates"), Crumbs: r.taskCrumbs(req)}, p)
}

func (r *Room) caseType(req *http.Request, s string) string {
	switch s {
	case "":
		return r.h.Site.T(req, "flow.type.any")
	case string(records.General):
		return r.h.Site.T(req, "flow.type.general")
	}
	return r.core.ServiceName(s)
}

func (r *Room) kinds(req *http.Request, steps []Step) string {
	out := ""
	for i, s := range steps {
		if i > 0 {
			out += " – "
		}
		out += r.h.Site.T(req, "flow.kind."+string(s.Kind))
	}
	return out
}

type templatePage struct {
	Tabs      web.Tabs
	Errors    web.ErrorSummary
	Alert     web.Alert
	ID        string
	Authority string
	Version   int64
	Name      web.Field
	Type      web.Field
	Steps     []stepForm
	More      bool
	Names     []string
	CanManage bool
}

func (r *Room) getTemplate(w http.ResponseWriter, req *http.Request) error {
	x, err := r.TemplateByID(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	return r.showTemplate(w, req, x, typed{})
}

func (r *Room) getNewTemplate(w http.ResponseWriter, req *http.Request) error {
	a, err := access.Load(req.Context(), r.h.DB.Reader())
	if err != nil {
		return err
	}
	home, _, err := r.home(req, a)
	if err != nil {
		return err
	}
	if _, err := r.managed(req.Context(), r.h.DB.Reader(), a, home); err != nil {
		return err
	}
	return r.showTemplate(w, req, Template{ID: web.FormID(""), Authority: home}, typed{})
}

// showTemplate shows a template to be changed by who may, and to be read by the others.
func (r *Room) showTemplate(w http.ResponseWriter, req *http.Request, x Template, in typed) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	dir, err := r.managed(ctx, r.h.DB.Reader(), a, x.Authority)
	if err != nil && !errs.Is(err, errs.Denied) {
		return err
	}
	who := r.recipients(dir, false)
	p := templatePage{Tabs: r.core.Tabs(req, "/akte/aufgaben"), Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err), ID: x.ID,
		Authority: x.Authority, Version: x.Version, Names: who.labels, CanManage: err == nil}
	shown := 0
	if in.form != nil {
		x.Name, x.CaseType, x.Steps = in.form.Get("name"), in.form.Get("type"), who.readSteps(in.form, r.h.Now())
		shown = stepsIn(in.form)
		if in.form.Get("tun") == "schritt" {
			shown++
		}
	}
	p.Name = web.Field{Name: "name", Label: t("flow.template_name"), Kind: "text", MaxLength: maxTitle, Value: x.Name, Error: r.h.Site.FieldError(req, in.err, "name")}
	p.Type = web.Field{Name: "type", Label: t("flow.case_type"), Kind: "select", Value: x.CaseType, Error: r.h.Site.FieldError(req, in.err, "type")}
	types, err := r.store.caseTypes(ctx, r.h.DB.Reader(), a, x.Authority)
	if err != nil {
		return err
	}
	for _, v := range append([]string{"", string(records.General)}, types...) {
		p.Type.Options = append(p.Type.Options, web.Option{Value: v, Label: r.caseType(req, v)})
	}
	p.Steps = r.stepForms(req, who, x.Steps, shown, in.err, false)
	p.More = len(p.Steps) < maxSteps
	title := x.Name
	if title == "" {
		title = t("flow.template_new")
	}
	meta := web.Meta{Title: title, Failed: len(p.Errors.Items) > 0, Crumbs: append(r.taskCrumbs(req), web.Link{Text: t("flow.templates"), Href: "/akte/laufwege"})}
	return r.pages.template.RenderStatus(w, req, in.status(), meta, p)
}

func (r *Room) postTemplate(w http.ResponseWriter, req *http.Request) error {
	return r.posted(w, req, "/akte/laufwege", "flow.notice.template", func(form url.Values) error {
		a, err := access.Load(req.Context(), r.h.DB.Reader())
		if err != nil {
			return err
		}
		if form.Get("tun") == "schritt" {
			return errMoreSteps
		}
		dir, err := r.managed(req.Context(), r.h.DB.Reader(), a, form.Get("behoerde"))
		if err != nil {
			return err
		}
		return r.SaveTemplate(req.Context(), Template{ID: web.PathID(req), Authority: form.Get("behoerde"), Name: form.Get("name"),
			CaseType: form.Get("type"), Steps: r.recipients(dir, false).readSteps(form, r.h.Now()), Version: versionOf(form)})
	}, func(in typed) error {
		if errors.Is(in.err, errMoreSteps) {
			in.err = nil
		}
		x, err := r.TemplateByID(req.Context(), web.PathID(req))
		if errs.Is(err, errs.NotFound) { // a new one; managed has been asked for it
			x, err = Template{ID: web.PathID(req), Authority: in.form.Get("behoerde")}, nil
		}
		if err != nil {
			return err
		}
		return r.showTemplate(w, req, x, in)
	})
}

// errMoreSteps asks for the form again with another step in it.
var errMoreSteps = errs.E(errs.Invalid, "flow.more_steps")

func (r *Room) postDropTemplate(w http.ResponseWriter, req *http.Request) error {
	return r.posted(w, req, "/akte/laufwege", "flow.notice.template_dropped", func(form url.Values) error {
		return r.DropTemplate(req.Context(), web.PathID(req), versionOf(form))
	}, func(in typed) error {
		x, err := r.TemplateByID(req.Context(), web.PathID(req))
		if err != nil {
			return err
		}
		return r.showTemplate(w, req, x, typed{err: in.err})
	})
}
