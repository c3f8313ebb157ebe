package records

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

type filePage struct {
	FileView
	Tabs      web.Tabs
	Errors    web.ErrorSummary
	Alert     web.Alert
	State     web.Badge
	Facts     web.SummaryList
	Groups    []caseGroup
	PartRows  []partRow
	Pages     web.Pagination
	FormID    string
	Part      web.Field
	PartOpen  bool
	Reference web.Field
	Kind      web.Field
	LinkOpen  bool
	LendTo    web.Field
	LendUntil web.Field
	LendOpen  bool
}

// CanWrite reports whether the page offers to change the file.
func (p filePage) CanWrite() bool {
	return p.File.May == access.Write && p.File.ClosedAt.IsZero() && p.File.State == ""
}

// CanLend reports whether the page offers to lend the paper, or to note that it is back.
func (p filePage) CanLend() bool {
	return p.File.May == access.Write && (p.File.LentTo != "" || p.File.Medium != Electronic && p.File.State == "")
}

// CanReopen reports whether the page offers to take the file up again.
func (p filePage) CanReopen() bool {
	return !p.File.ClosedAt.IsZero() && p.File.State == "" && p.Manage
}

func (r *Room) getFile(w http.ResponseWriter, req *http.Request) error {
	return r.showFile(w, req, typed{})
}

func (r *Room) showFile(w http.ResponseWriter, req *http.Request, in typed) error {
	v, err := r.FilePage(req.Context(), web.PathID(req), paging.Read(req.URL.Query()))
	if err != nil {
		return err
	}
	if v.File.Gone() && r.stub != nil {
		return r.stub(w, req, v.File)
	}
	t := r.h.Site.Text(req)
	p := filePage{FileView: v, Tabs: r.FileTabs(req, v.File.ID, ""), Errors: r.h.Site.Summary(t, in.err), State: r.fileBadge(req, v.File),
		Facts: r.fileFacts(req, v), Pages: v.Cases.Pages("/akte/akte/"+v.File.ID, url.Values{}), FormID: web.FormID(in.form.Get("id")),
		Part: web.Field{Name: "subject", Label: t("records.subject"), MaxLength: maxSubject, Value: in.form.Get("subject"),
			Error: r.h.Site.FieldError(req, in.err, "subject")},
		PartOpen: in.form.Has("subject"),
		Reference: web.Field{Name: "reference", Label: t("records.link.reference"), MaxLength: 80, Value: in.form.Get("reference"),
			Error: r.h.Site.FieldError(req, in.err, "reference")},
		Kind: web.Field{Name: "kind", Label: t("records.link.kind"), Kind: "select", Value: in.get("kind", SeeAlso),
			Options: r.options(req, "records.link.", LinkKinds...), Error: r.h.Site.FieldError(req, in.err, "kind")},
		LinkOpen: in.form.Has("reference"),
		LendTo:   web.Field{Name: "to", Label: t("records.lend.to"), MaxLength: maxBorrower, Value: in.form.Get("to"), Error: r.h.Site.FieldError(req, in.err, "to")},
		LendUntil: web.Field{Name: "until", Label: t("records.lend.until"), Kind: "day",
			Value: in.get("until", i18n.ISODate(r.h.Now().AddDate(0, 0, 14))), Error: r.h.Site.FieldError(req, in.err, "until")},
		LendOpen: in.form.Has("to"),
	}
	p.Groups, p.PartRows = r.caseGroups(req, v), partRows(v)
	status := http.StatusOK
	if in.err != nil {
		status = errs.Status(errs.CodeOf(in.err))
		if e := errs.As(in.err); len(e.Fields) == 0 {
			p.Alert = web.Alert{Kind: "warning", Title: t(e.Key, e.Args...)}
		}
	} else if f := v.File; f.LentTo != "" && !f.ClosedAt.IsZero() {
		p.Alert = web.Alert{Kind: "warning", Title: t("records.lent.closed"), Text: r.lentText(req, f)}
	}
	return r.pages.file.RenderStatus(w, req, status, web.Meta{Title: t("records.file_title", v.File.Reference), Crumbs: r.fileCrumbs(req),
		Failed: in.err != nil}, p)
}

func (r *Room) fileCrumbs(req *http.Request) []web.Link {
	return append(r.crumbs(req, Filter{}), web.Link{Text: r.h.Site.T(req, "records.files"), Href: "/akte/akten"})
}

func (r *Room) fileBadge(req *http.Request, f File) web.Badge {
	switch {
	case f.State != "":
		return r.stateBadge(req, f)
	case f.ClosedAt.IsZero():
		return web.Badge{Kind: "info", Text: r.h.Site.T(req, "records.file_state.open")}
	}
	return web.Badge{Kind: "success", Text: r.h.Site.T(req, "records.file_state.closed")}
}

func (r *Room) fileFacts(req *http.Request, v FileView) web.SummaryList {
	t, lang, f := r.h.Site.Text(req), web.Lang(req), v.File
	lead := t("records.lead.none")
	for _, o := range v.Orgs {
		if o.ID == f.Lead {
			lead = o.Code + " " + o.Name
		}
	}
	rows := []web.SummaryRow{
		{Label: t("records.subject"), Value: f.Subject},
		{Label: t("records.authority"), Value: r.h.AuthorityName(f.Authority)},
		{Label: t("records.unit"), Value: f.Unit.Code + " " + f.Unit.Title},
	}
	if f.Former != "" {
		rows = append(rows, web.SummaryRow{Label: t("records.former"), Value: strings.Join(Formers(f.Former), ", ")})
	}
	rows = append(rows, []web.SummaryRow{
		{Label: t("records.lead"), Value: lead},
		{Label: t("records.reach"), Value: t("records.reach." + string(f.Reach()))},
		{Label: t("records.level"), Value: t("records.level." + strconv.FormatInt(int64(f.Level), 10))},
		{Label: t("records.medium"), Value: t("records.medium." + string(f.Medium))},
	}...)
	if f.Location != "" {
		rows = append(rows, web.SummaryRow{Label: t("records.location"), Value: f.Location})
	}
	if f.LentTo != "" {
		rows = append(rows, web.SummaryRow{Label: t("records.lent"), Value: r.lentText(req, f)})
	}
	values := Values(f.Fields)
	for _, x := range v.Type.Fields {
		rows = append(rows, web.SummaryRow{Label: x.Label, Value: values[x.Name]})
	}
	if f.Keywords != "" {
		rows = append(rows, web.SummaryRow{Label: t("records.keywords"), Value: strings.ReplaceAll(f.Keywords, "\n", ", ")})
	}
	rows = append(rows, web.SummaryRow{Label: t("records.opened"), Value: dateText(lang, f.OpenedAt)})
	if !f.ClosedAt.IsZero() {
		rows = append(rows, web.SummaryRow{Label: t("records.closed"), Value: dateText(lang, f.ClosedAt)})
	}
	retention := t("records.retention.forever")
	if f.Unit.RetentionYears != Forever {
		retention = t("records.retention.years", f.Unit.RetentionYears)
	}
	rows = append(rows, web.SummaryRow{Label: t("records.retention"), Value: retention})
	if until := f.RetainedUntil(); !until.IsZero() {
		rows = append(rows, web.SummaryRow{Label: t("records.retained_until"), Value: dateText(lang, until)})
	}
	return web.SummaryList{Rows: rows}
}

// options are choices of a field whose texts are the catalogue's prefix and value.
func (r *Room) options(req *http.Request, prefix string, values ...string) []web.Option {
	var out []web.Option
	for _, v := range values {
		out = append(out, web.Option{Value: v, Label: r.h.Site.T(req, prefix+v)})
	}
	return out
}

// formPage is a form of its own page: of a new file, a file's details, a new case.
type formPage struct {
	Errors  web.ErrorSummary
	Alert   web.Alert
	Text    string // what it is about; "" where the title says it
	Items   []string
	Action  string
	Back    string
	ID      string
	Version string
	Hidden  []web.Chosen // Value and, as Text, the name
	Fields  []web.Field
	Button  string
}

func (r *Room) showForm(w http.ResponseWriter, req *http.Request, title string, crumbs []web.Link, p formPage, err error) error {
	t := r.h.Site.Text(req)
	p.Errors = r.h.Site.Summary(t, err)
	status := http.StatusOK
	if err != nil {
		status = errs.Status(errs.CodeOf(err))
		if e := errs.As(err); len(e.Fields) == 0 && p.Alert.Title == "" {
			p.Alert = web.Alert{Kind: "warning", Title: t(e.Key, e.Args...)}
		}
	}
	return r.pages.form.RenderStatus(w, req, status, web.Meta{Title: t(title), Crumbs: crumbs, Failed: err != nil}, p)
}

// desk is the authority for which the caller opens a file: the one in the address, else their first.
func desk(req *http.Request, named string) string {
	p := identity.From(req.Context())
	all := append(p.Authorities(identity.Clerk), p.Authorities(identity.Registrar)...)
	if named != "" || len(all) == 0 {
		return named
	}
	return all[0]
}

func (r *Room) getNewFile(w http.ResponseWriter, req *http.Request) error {
	return r.showNewFile(w, req, typed{})
}

func (r *Room) showNewFile(w http.ResponseWriter, req *http.Request, in typed) error {
	authority := desk(req, in.get("authority", req.URL.Query().Get("behoerde")))
	c, err := r.Choices(req.Context(), authority)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	unit := web.Field{Name: "unit", Label: t("records.unit"), Kind: "select", Value: in.form.Get("unit"), Error: r.h.Site.FieldError(req, in.err, "unit"),
		Options: []web.Option{{Label: t("records.choose")}}}
	for _, u := range c.Units {
		unit.Options = append(unit.Options, web.Option{Value: u.Code, Label: u.Code + " " + u.Title})
	}
	p := formPage{Action: "/akte/akten/neu", Back: "/akte/akten", ID: web.FormID(in.form.Get("id")), Button: t("records.file.open"),
		Hidden: []web.Chosen{{Value: authority, Text: "authority"}},
		Fields: append([]web.Field{unit}, r.detailFields(req, c, Details{Medium: Electronic, Reach: Everybody}, c.kind(in.form.Get("type")), in)...)}
	return r.showForm(w, req, "records.file.new", r.fileCrumbs(req), p, in.err)
}

// kind is the chosen type; none for the id of none.
func (c Choices) kind(id string) FileType {
	for _, t := range c.Types {
		if t.ID == id {
			return t
		}
	}
	return FileType{}
}

// detailFields are the fields of a file's details.
func (r *Room) detailFields(req *http.Request, c Choices, d Details, kind FileType, in typed) []web.Field {
	t := r.h.Site.Text(req)
	field := func(name, label, kind, value string, options ...web.Option) web.Field {
		return web.Field{Name: name, Label: t(label), Kind: kind, Value: in.get(name, value), Options: options, Error: r.h.Site.FieldError(req, in.err, name)}
	}
	leads := []web.Option{{Label: t("records.lead.none")}}
	for _, o := range c.Orgs {
		leads = append(leads, web.Option{Value: o.ID, Label: o.Code + " " + o.Name})
	}
	var levels []web.Option
	for l := access.Open; l <= max(c.Level, d.Level); l++ {
		n := strconv.FormatInt(int64(l), 10)
		levels = append(levels, web.Option{Value: n, Label: t("records.level." + n)})
	}
	reaches := []string{string(Everybody), string(ReadByAll), string(LeadOnly)}
	if identity.From(req.Context()).Has(identity.Registrar) || d.Reach == Registry {
		reaches = append(reaches, string(Registry))
	}
	fields := []web.Field{
		field("subject", "records.subject", "text", d.Subject),
		field("lead", "records.lead", "select", d.Lead, leads...),
		field("reach", "records.reach", "select", string(d.Reach), r.options(req, "records.reach.", reaches...)...),
		field("level", "records.level", "select", strconv.FormatInt(int64(d.Level), 10), levels...),
		field("medium", "records.medium", "select", string(d.Medium), r.options(req, "records.medium.", string(Electronic), string(Hybrid), string(Paper))...),
		field("location", "records.location", "text", d.Location),
		field("keywords", "records.keywords", "text", strings.ReplaceAll(d.Keywords, "\n", ", ")),
	}
	fields[5].Optional, fields[6].Optional, fields[6].Hint = true, true, t("records.keywords.hint")
	fields[5].Hint = t("records.location.hint")
	if len(c.Types) > 0 {
		types := []web.Option{{Label: t("records.type.none")}}
		for _, x := range c.Types {
			types = append(types, web.Option{Value: x.ID, Label: x.Name})
		}
		f := field("type", "records.type", "select", d.Type, types...)
		f.Optional, f.Hint = true, t("records.type.hint")
		fields = append(fields, f)
	}
	values := Values(d.Fields)
	for _, x := range kind.Fields {
		name := "field-" + x.Name
		f := web.Field{Name: name, Label: x.Label, Kind: x.Kind, Value: in.get(name, values[x.Name]), Optional: !x.Required, Error: r.h.Site.FieldError(req, in.err, name)}
		switch x.Kind {
		case "date":
			f.Kind = "day"
		case "select":
			f.Options = []web.Option{{Label: t("records.choose")}}
			for _, o := range x.Options {
				f.Options = append(f.Options, web.Option{Value: o, Label: o})
			}
		}
		fields = append(fields, f)
	}
	return fields
}

// readDetails reads the details from a form.
func readDetails(form url.Values) Details {
	level := readLevel(form)
	if !form.Has("level") {
		level = -1 // no level
	}
	values := map[string]string{}
	for name := range form {
		if field, ok := strings.CutPrefix(name, "field-"); ok && form.Get(name) != "" {
			values[field] = form.Get(name)
		}
	}
	fields, _ := json.Marshal(values) // strings always marshal
	return Details{Subject: form.Get("subject"), Lead: form.Get("lead"), Reach: Reach(form.Get("reach")), Level: level,
		Medium: Medium(form.Get("medium")), Location: form.Get("location"), Type: form.Get("type"), Fields: string(fields), Keywords: form.Get("keywords")}
}

// readLevel reads the level from a form; open if there is no such field, and no level if it has none.
func readLevel(form url.Values) access.Level {
	if !form.Has("level") {
		return access.Open
	}
	level, err := strconv.ParseInt(form.Get("level"), 10, 64)
	if err != nil {
		return -1
	}
	return access.Level(level)
}

// levelField is the choice of a level from least to most.
func (r *Room) levelField(req *http.Request, level, least, most access.Level, in typed) web.Field {
	f := web.Field{Name: "level", Label: r.h.Site.T(req, "records.level"), Hint: r.h.Site.T(req, "records.level.case_hint"), Kind: "select",
		Value: in.get("level", strconv.FormatInt(int64(level), 10)), Error: r.h.Site.FieldError(req, in.err, "level")}
	for l := least; l <= max(most, level); l++ {
		n := strconv.FormatInt(int64(l), 10)
		f.Options = append(f.Options, web.Option{Value: n, Label: r.h.Site.T(req, "records.level."+n)})
	}
	return f
}

func (r *Room) postNewFile(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	f, err := r.OpenFile(req.Context(), NewFile{ID: web.FormID(form.Get("id")), Authority: form.Get("authority"), Unit: form.Get("unit"), Details: readDetails(form)})
	if web.Retry(err) {
		return r.showNewFile(w, req, typed{form, err})
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/akte/"+f.ID, "records.notice.file_opened")
}

func (r *Room) getEditFile(w http.ResponseWriter, req *http.Request) error {
	return r.showEditFile(w, req, typed{})
}

func (r *Room) showEditFile(w http.ResponseWriter, req *http.Request, in typed) error {
	v, err := r.FilePage(req.Context(), web.PathID(req), paging.Cursor{})
	if err == nil && in.err == nil { // nobody fills in a form for nothing
		err = v.File.changeable()
	}
	if err != nil {
		return err
	}
	c, err := r.Choices(req.Context(), v.File.Authority)
	if err != nil {
		return err
	}
	version := in.get("version", strconv.FormatInt(v.File.Version, 10))
	if errs.Is(in.err, errs.Conflict) { // shown now: saving again overwrites knowingly
		version = strconv.FormatInt(v.File.Version, 10)
	}
	kind := v.Type
	if in.form.Has("type") {
		kind = c.kind(in.form.Get("type"))
	}
	path := "/akte/akte/" + v.File.ID
	p := formPage{Action: path + "/bearbeiten", Back: path, ID: db.NewID(), Version: version, Button: r.h.Site.T(req, "records.save"),
		Fields: r.detailFields(req, c, v.File.Details(), kind, in)}
	crumbs := append(r.fileCrumbs(req), web.Link{Text: v.File.Reference, Href: path})
	return r.showForm(w, req, "records.file.edit", crumbs, p, in.err)
}

func (r *Room) postEditFile(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	id, version := web.PathID(req), web.FormVersion(req)
	err := r.ChangeFile(req.Context(), id, version, readDetails(req.PostForm))
	if web.Retry(err) || errs.Is(err, errs.Denied) { // only a part of it may be denied: what was typed stays
		return r.showEditFile(w, req, typed{req.PostForm, err})
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/akte/"+id, "records.notice.file_changed")
}

// onFile is the frame of the forms on a file's page: what the use-case refuses comes back as the page with the typed text.
func (r *Room) onFile(w http.ResponseWriter, req *http.Request, notice string, do func(id string, version int64, form url.Values) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	err := do(web.PathID(req), web.FormVersion(req), req.PostForm)
	if web.Retry(err) {
		return r.showFile(w, req, typed{req.PostForm, err})
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/akte/"+web.PathID(req), notice)
}

func (r *Room) postLink(w http.ResponseWriter, req *http.Request) error {
	return r.onFile(w, req, "records.notice.linked", func(id string, version int64, form url.Values) error {
		return r.LinkFiles(req.Context(), id, version, form.Get("reference"), form.Get("kind"))
	})
}

func (r *Room) postUnlink(w http.ResponseWriter, req *http.Request) error {
	return r.onFile(w, req, "records.notice.unlinked", func(id string, version int64, form url.Values) error {
		return r.Unlink(req.Context(), id, version, form.Get("other"))
	})
}

func (r *Room) postLend(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	if !req.PostForm.Has("to") { // the button that says it is back
		return r.onFile(w, req, "records.notice.returned", func(id string, version int64, _ url.Values) error {
			return r.Return(req.Context(), id, version)
		})
	}
	return r.onFile(w, req, "records.notice.lent", func(id string, version int64, form url.Values) error {
		until, err := r.dueDate(form, "until")
		if err != nil {
			return err
		}
		return r.Lend(req.Context(), id, version, form.Get("to"), until)
	})
}

func (r *Room) postMark(w http.ResponseWriter, req *http.Request) error {
	return r.onFile(w, req, "records.notice.marked", func(id string, _ int64, form url.Values) error {
		return r.Mark(req.Context(), id, form.Get("on") == "1")
	})
}

func (r *Room) postCloseFile(w http.ResponseWriter, req *http.Request) error {
	return r.onFile(w, req, "records.notice.file_closed", func(id string, version int64, _ url.Values) error {
		return r.CloseFile(req.Context(), id, version)
	})
}

func (r *Room) postReopen(w http.ResponseWriter, req *http.Request) error {
	return r.onFile(w, req, "records.notice.reopened", func(id string, version int64, _ url.Values) error {
		return r.Reopen(req.Context(), id, version)
	})
}
