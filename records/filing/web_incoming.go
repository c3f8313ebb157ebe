package filing

import (
	"net/http"
	"slices"

	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
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
		{Name: "eingang", Label: t("records.received"), Kind: "day", Past: true, Value: received, Error: r.h.Site.FieldError(req, in.err, "eingang")},
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
		days := web.Days{Form: u.fields, Now: r.h.Now()}
		received := days.Back("eingang")
		authority := u.get("behoerde")
		if mine := authorities(req); authority == "" && len(mine) == 1 {
			authority = mine[0]
		}
		err = days.Explain(r.Register(ctx, Post{ID: web.FormID(u.get("id")), Authority: authority, Org: u.get("einheit"), Sender: u.get("absender"),
			Subject: u.get("betreff"), ReceivedAt: received}, u.files))
	}
	switch {
	case shown(err):
		return r.showIncomings(w, req, IncomingFilter{}, typed{u.fields, err}, outcome{})
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, incomingPath, "filing.notice.registered")
}

func (r *Room) getIncomingDocument(w http.ResponseWriter, req *http.Request) error {
	f, content, err := r.OpenIncoming(req.Context(), web.PathID(req), web.ID(req.PathValue("document")))
	if err != nil {
		return err
	}
	defer content.Close()
	return send(w, f, content)
}
