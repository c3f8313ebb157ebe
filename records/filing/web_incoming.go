package filing

import (
	"net/http"
	"slices"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

func (r *Room) deskCrumbs(req *http.Request) []web.Link {
	return []web.Link{{Text: r.h.Site.T(req, "records.inbox"), Href: "/akte"}}
}

// authorities are those where the caller works with files.
func authorities(req *http.Request) []string {
	p := caller(req)
	all := append(p.Authorities(identity.Clerk), p.Authorities(identity.Registrar)...)
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(a string) bool { return a == identity.Everywhere || a == "" })
}

// postFields are the fields of the form for new post.
func (r *Room) postFields(req *http.Request, in typed) ([]web.Field, error) {
	t := r.h.Site.Text(req)
	received := in.form.Get("eingang")
	if received == "" {
		received = i18n.ISODate(r.h.Now())
	}
	orgs, err := r.orgs(req)
	if err != nil {
		return nil, err
	}
	unit := web.Field{Name: "einheit", Label: t("filing.incoming.org"), Hint: t("filing.incoming.org.hint"), Kind: "select", Optional: true,
		Value: in.form.Get("einheit"), Error: r.h.Site.FieldError(req, in.err, "einheit"), Options: []web.Option{{Label: t("filing.incoming.org.any")}}}
	unit.Options = append(unit.Options, orgs...)
	fields := []web.Field{
		{Name: "absender", Label: t("filing.sender"), Hint: t("filing.incoming.sender.hint"), Optional: true, MaxLength: maxSubject,
			Value: in.form.Get("absender"), Error: r.h.Site.FieldError(req, in.err, "absender")},
		{Name: "betreff", Label: t("records.subject"), Optional: true, MaxLength: maxSubject, Value: in.form.Get("betreff"),
			Error: r.h.Site.FieldError(req, in.err, "betreff")},
		{Name: "eingang", Label: t("records.received"), Kind: "date", Value: received, Error: r.h.Site.FieldError(req, in.err, "eingang")},
		unit,
	}
	if mine := authorities(req); len(mine) > 1 {
		where := web.Field{Name: "behoerde", Label: t("records.authority"), Kind: "select", Value: in.form.Get("behoerde"),
			Error: r.h.Site.FieldError(req, in.err, "behoerde")}
		for _, a := range mine {
			where.Options = append(where.Options, web.Option{Value: a, Label: r.h.AuthorityName(a)})
		}
		fields = append(fields, where)
	}
	return fields, nil
}

// orgs are the units of the caller's authorities, to choose from.
func (r *Room) orgs(req *http.Request) ([]web.Option, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(req.Context(), q)
	if err != nil {
		return nil, err
	}
	orgs, err := r.store.orgs(req.Context(), q, scope)
	if err != nil {
		return nil, err
	}
	var out []web.Option
	for _, o := range orgs {
		label := o.Code + " " + o.Name
		if len(authorities(req)) > 1 {
			label += " (" + r.h.AuthorityName(o.Authority) + ")"
		}
		out = append(out, web.Option{Value: o.ID, Label: label})
	}
	return out, nil
}

func (r *Room) postIncoming(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	if _, err := access.Load(ctx, r.h.DB.Reader()); err != nil {
		return err
	}
	u, err := r.readUpload(w, req)
	if err == nil {
		received, _ := web.DateValue(u.fields, "eingang") // what is no day is refused by Register
		u.fields.Set("eingang", received)
		authority := u.get("behoerde")
		if mine := authorities(req); authority == "" && len(mine) == 1 {
			authority = mine[0]
		}
		err = r.Register(ctx, Post{ID: web.FormID(u.get("id")), Authority: authority, Org: u.get("einheit"), Sender: u.get("absender"),
			Subject: u.get("betreff"), ReceivedAt: day(u.get("eingang"))}, u.files)
	}
	switch {
	case shown(err):
		return r.showIncomings(w, req, IncomingFilter{}, typed{u.fields, err}, outcome{})
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, incomingPath, "filing.notice.registered")
}

type incomingPage struct {
	Incoming
	Tabs    web.Tabs
	Errors  web.ErrorSummary
	Alert   web.Alert
	Facts   web.SummaryList
	Rows    []documentRow
	FormID  string
	Case    web.Field
	File    web.Field
	Subject web.Field
	NewFile []web.Field
}

func (r *Room) getIncoming(w http.ResponseWriter, req *http.Request) error {
	return r.showIncoming(w, req, typed{})
}

func (r *Room) showIncoming(w http.ResponseWriter, req *http.Request, in typed) error {
	x, docs, err := r.Incoming(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	choices, err := r.core.Choices(req.Context(), x.Authority)
	if err != nil {
		return err
	}
	t, lang := r.h.Site.Text(req), web.Lang(req)
	field := func(name, label, value string) web.Field {
		if in.form.Has(name) {
			value = in.form.Get(name)
		}
		return web.Field{Name: name, Label: t(label), Value: value, MaxLength: 200, Error: r.h.Site.FieldError(req, in.err, name)}
	}
	p := incomingPage{Incoming: x, Tabs: r.core.Tabs(req, incomingPath), Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err),
		FormID: web.FormID(in.form.Get("id")), Case: field("vorgang", "filing.assign.case", ""), File: field("akte", "filing.assign.file", "")}
	p.Case.Hint, p.File.Hint = t("filing.target.hint"), t("filing.assign.file.hint")
	subject := field("betreff", "filing.assign.subject", x.Subject)
	unit := field("planeinheit", "records.unit", "")
	unit.Kind = "select"
	for _, u := range choices.Units {
		unit.Options = append(unit.Options, web.Option{Value: u.Code, Label: u.Code + " " + u.Title})
	}
	org := field("einheit", "filing.assign.lead", x.Org)
	org.Kind, org.Optional = "select", true
	org.Options = []web.Option{{Label: t("filing.assign.lead.any")}}
	for _, o := range choices.Orgs {
		org.Options = append(org.Options, web.Option{Value: o.ID, Label: o.Code + " " + o.Name})
	}
	p.Subject, p.NewFile = subject, []web.Field{unit, org}
	p.Facts.Rows = []web.SummaryRow{
		{Label: t("filing.sender"), Value: x.Sender}, {Label: t("records.received"), Value: i18n.Date(lang, x.ReceivedAt)},
		{Label: t("filing.incoming.registered"), Value: t("filing.by", i18n.DateTime(lang, x.CreatedAt), r.h.Site.Known(req, x.CreatedBy))},
		{Label: t("records.authority"), Value: r.h.AuthorityName(x.Authority)},
	}
	if x.CaseID != "" {
		p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: t("filing.incoming.assigned"),
			Value: t("filing.by", i18n.DateTime(lang, x.AssignedAt), x.AssignedBy)})
	}
	for _, d := range docs {
		p.Rows = append(p.Rows, documentRow{Document: d, What: r.kind(req, string(d.Kind)), Bytes: web.SizeText(d.Size)})
	}
	meta := web.Meta{Title: x.Subject, Crumbs: append(r.deskCrumbs(req), web.Link{Text: t("filing.incoming"), Href: incomingPath}), Failed: in.err != nil}
	return r.pages.incoming.RenderStatus(w, req, statusOf(in.err), meta, p)
}

func (r *Room) postAssign(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 64<<10); err != nil {
		return err
	}
	form := req.PostForm
	to := Target{NewCase: records.NewCase{ID: web.FormID(form.Get("id")), Subject: form.Get("betreff"), Org: form.Get("einheit")}}
	var err error
	switch form.Get("was") {
	case "akte":
		if to.File = oneLine(form.Get("akte")); to.File == "" {
			err = errs.InvalidFields([]errs.Field{{Name: "akte", Key: "filing.error.no_file_reference"}})
		}
	case "neu":
		to.NewFile = &records.NewFile{ID: to.NewCase.ID, Unit: form.Get("planeinheit"), Details: records.Details{Subject: form.Get("betreff"),
			Lead: form.Get("einheit")}}
	default:
		if to.Case = oneLine(form.Get("vorgang")); to.Case == "" {
			err = errs.InvalidFields([]errs.Field{{Name: "vorgang", Key: "filing.error.no_reference"}})
		}
	}
	caseID := ""
	if err == nil {
		caseID, err = r.Assign(req.Context(), web.PathID(req), to)
	}
	switch {
	case shown(err):
		return r.showIncoming(w, req, typed{form, err})
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/vorgang/"+caseID+"/dokumente", "filing.notice.assigned")
}

func (r *Room) getIncomingDocument(w http.ResponseWriter, req *http.Request) error {
	f, content, err := r.OpenIncoming(req.Context(), web.PathID(req), web.ID(req.PathValue("document")))
	if err != nil {
		return err
	}
	defer content.Close()
	return send(w, f, content)
}
