package flow

import (
	"net/http"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

// startForm gives out a circulation.
type startForm struct {
	ID        string
	Templates []web.Link
	Title     web.Field
	Find      web.Field // for a document; Name is "" where all are offered
	Document  web.Field
	Steps     []stepForm
	More      bool
}

// offered is how many documents the form offers; others are found.
const offered = 50

func (r *Room) startForm(req *http.Request, c Course, who recipients, which string, in typed) (s startForm, err error) {
	t, now := r.h.Site.Text(req), r.h.Now()
	var steps []Step
	title, document, shown := "", "", 0
	s.ID = web.FormID("")
	switch v := req.URL.Query(); which {
	case "start":
		steps, title, document, s.ID = who.readSteps(in.form, now), in.form.Get("title"), in.form.Get("document"), web.FormID(in.form.Get("id"))
		shown = stepsIn(in.form)
		if in.form.Get("tun") == "schritt" {
			shown++
		}
	case "":
		document = web.ID(v.Get("dokument"))
		for _, x := range c.Templates {
			if x.ID == v.Get("vorlage") {
				steps, title = x.Steps, x.Name
			}
		}
		for _, x := range c.Circulations {
			if x.ID == v.Get("erneut") {
				steps, title, document = x.again(now), x.Title, x.Document
			}
		}
	}
	for _, x := range c.Templates {
		s.Templates = append(s.Templates, web.Link{Text: x.Name, Current: which == "" && req.URL.Query().Get("vorlage") == x.ID,
			Href: web.Address(r.flowPath(c.Case.ID), web.Values("vorlage", x.ID, "dokument", document)) + "#starten"})
	}
	s.Title = web.Field{Name: "title", Label: t("flow.circulation_title"), Kind: "text", MaxLength: maxTitle, Optional: true, Value: title,
		Error: r.h.Site.FieldError(req, in.err, "title")}
	s.Document = web.Field{Name: "document", Label: t("flow.about"), Kind: "select", Optional: true, Value: document}
	if err := r.offer(req, c, &s, web.Query(in.form.Get("suche"))); err != nil {
		return s, err
	}
	s.Steps = r.stepForms(req, who, steps, shown, in.err, true)
	s.More = len(s.Steps) < maxSteps
	return s, nil
}

// offer fills in the documents to choose from: the one that is chosen, and the newest, of those that are looked for.
func (r *Room) offer(req *http.Request, c Course, s *startForm, query string) error {
	ctx, q, t := req.Context(), r.h.DB.Reader(), r.h.Site.Text(req)
	all, err := r.store.countDocuments(ctx, q, c.a, c.Case.ID)
	if err != nil {
		return err
	}
	found, err := r.store.choices(ctx, q, c.a, c.Case.ID, query, offered)
	if err != nil {
		return err
	}
	if all > offered {
		s.Find = web.Field{Name: "suche", Label: t("flow.find"), Kind: "text", MaxLength: 200, Optional: true, Value: query,
			Hint: t("flow.find.newest", all, offered)}
		if query != "" && len(found) < offered {
			s.Find.Hint = t("flow.find.found", len(found), all)
		}
	}
	add := func(value, label string) {
		s.Document.Options = append(s.Document.Options, web.Option{Value: value, Label: label})
	}
	add("", t("flow.whole_case"))
	named := func(d draft) {
		label := t("flow.document_version", d.name, d.Version)
		if !d.finalAt.IsZero() {
			label += " · " + t("flow.final")
		}
		add(d.id, label)
	}
	chosen := s.Document.Value
	for _, d := range found {
		if named(d); d.id == chosen {
			chosen = ""
		}
	}
	if chosen == "" {
		return nil
	}
	d, err := r.store.document(ctx, q, c.a, chosen, "")
	switch {
	case errs.Is(err, errs.NotFound) || err == nil && d.caseID != c.Case.ID:
		s.Document.Value = "" // it is none of the case's
		return nil
	case err != nil:
		return err
	}
	named(d)
	return nil
}

func (r *Room) postStart(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form, id := req.PostForm, web.PathID(req)
	if tun := form.Get("tun"); tun == "schritt" || tun == "suchen" {
		return r.showFlow(w, req, id, "start", typed{form: form})
	}
	c, err := r.Course(req.Context(), id)
	if err != nil {
		return err
	}
	o := Order{ID: web.FormID(form.Get("id")), Title: form.Get("title"), Document: form.Get("document"),
		Steps: r.recipients(c.dir, false).readSteps(form, r.h.Now())}
	err = r.Start(req.Context(), id, o)
	if again(err) {
		return r.showFlow(w, req, id, "start", typed{form, err})
	} else if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, r.flowPath(id), "flow.notice.started")
}
