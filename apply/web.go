package apply

import (
	"net/http"
	"net/url"

	"rennsteig/apply/form"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

type pages struct {
	start   *web.Page[startPage]
	tasks   *web.Page[tasksPage]
	group   *web.Page[groupPage]
	check   *web.Page[checkPage]
	sent    *web.Page[sentPage]
	discard *web.Page[discardPage]
	lookup  *web.Page[lookupPage]
	status  *web.Page[statusPage]
	answers *web.Page[answersPage]
	reply   *web.Page[replyPage]
	notice  *web.Page[noticePage]
	waiting *web.Page[waitingPage]
	account *web.Page[accountPage]
	lost    *web.Page[lostPage]
}

func makePages(s *web.Site) pages {
	return pages{
		start:   web.NewPage[startPage](s, Files, "start"),
		tasks:   web.NewPage[tasksPage](s, Files, "tasks"),
		group:   web.NewPage[groupPage](s, Files, "group"),
		check:   web.NewPage[checkPage](s, Files, "check"),
		sent:    web.NewPage[sentPage](s, Files, "sent"),
		discard: web.NewPage[discardPage](s, Files, "discard"),
		lookup:  web.NewPage[lookupPage](s, Files, "lookup"),
		status:  web.NewPage[statusPage](s, Files, "status"),
		answers: web.NewPage[answersPage](s, Files, "answers"),
		reply:   web.NewPage[replyPage](s, Files, "reply"),
		notice:  web.NewPage[noticePage](s, Files, "decision"),
		waiting: web.NewPage[waitingPage](s, Files, "waiting"),
		account: web.NewPage[accountPage](s, Files, "account"),
		lost:    web.NewPage[lostPage](s, Files, "lost"),
	}
}

// Routes registers the room's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	s := r.h.Site
	s.Handle(mux, "GET /antrag/start/{form}", r.startGet)
	s.Handle(mux, "POST /antrag/start/{form}", s.Limit("apply.start", 20, 20, r.startPost))
	// One pattern for all pages of a draft: ServeMux takes /antrag/start/{form} and /antrag/{id}/pruefen for rivals.
	s.Handle(mux, "GET /antrag/{id}", r.orLost(r.tasksGet))
	s.Handle(mux, "GET /antrag/{id}/{page}", r.orLost(r.draftGet))
	s.Handle(mux, "POST /antrag/{id}/{page}", s.Limit("apply.page", 120, 120, r.orLost(r.draftPost)))
	s.Handle(mux, "GET /antrag/{id}/datei/{file}", r.orLost(r.draftFileGet))
	s.Handle(mux, "POST /antrag/{id}/datei/{file}", s.Limit("apply.page", 120, 120, r.orLost(r.draftFilePost)))

	s.Handle(mux, "GET /status", r.lookupGet)
	s.Handle(mux, "POST /status", s.Limit("apply.status", 10, 10, r.lookupPost))
	s.Handle(mux, "GET /status/{ref}", r.statusGet)
	s.Handle(mux, "GET /status/{ref}/angaben", r.answersGet)
	s.Handle(mux, "GET /status/{ref}/quittung.pdf", r.receiptGet)
	s.Handle(mux, "GET /status/{ref}/bescheid", r.noticeGet)
	s.Handle(mux, "GET /status/{ref}/bescheid.pdf", r.noticePDFGet)
	s.Handle(mux, "GET /status/{ref}/frage/{question}", r.replyGet)
	s.Handle(mux, "POST /status/{ref}/frage/{question}", s.Limit("apply.answer", 20, 20, r.orLost(r.replyPost)))
	s.Handle(mux, "GET /status/{ref}/datei/{file}", r.statusFileGet)
	s.Handle(mux, "GET /konto", r.accountGet)
}

const (
	draftCookie  = "antrag" // at /antrag/ID: the draft's secret
	statusCookie = "status" // at /status/REFERENCE: the access code
)

// setSecret gives the browser a secret that it sends only below path, until it is closed.
func setSecret(w http.ResponseWriter, r *http.Request, name, path, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: path, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"})
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func draftHolder(r *http.Request) holder { return holderOf(r.Context(), cookie(r, draftCookie), "") }

func statusHolder(r *http.Request) holder { return holderOf(r.Context(), "", cookie(r, statusCookie)) }

// texts returns the function that writes catalogue texts in the language of the request; texts of forms, amounts and
// dates among the arguments are put into it too.
func (r *Room) texts(req *http.Request) func(key string, args ...any) string {
	lang := web.Lang(req)
	return func(key string, args ...any) string { return r.h.Site.Texts.T(lang, key, form.Localise(lang, args)...) }
}

// startPage is what someone reads before a draft is begun.
type startPage struct {
	Title, Lead     string
	ChoosePlace     string // address of the choice of a place; "" if one is chosen
	ARS, Place      string
	ChangePlace     string
	Authority       string
	FeeFirst        bool
	ByNotice        bool
	FeeSet, FeeDemo bool
	Fee             money.Cents
	Needs, Next     []string
	Purpose         string
	LegalBasis      string
	Retention       string
	Action          string
	SignedIn        bool
	SignIn          string
	NotOffered      string // why it cannot be applied for online at this place
	DraftDays       int
}

func (r *Room) startGet(w http.ResponseWriter, req *http.Request) error {
	id := req.PathValue("form")
	d := r.forms.Current(id)
	if d == nil {
		return errs.E(errs.NotFound, "apply.no_form")
	}
	lang := web.Lang(req)
	t := r.texts(req)
	here := "/antrag/start/" + id
	p := startPage{Title: d.Title.In(lang), Lead: d.Lead.In(lang), Action: here, FeeFirst: d.Policy == form.FeeFirst,
		ByNotice: d.Policy == form.ByNotice, Purpose: d.Privacy.Purpose.In(lang), LegalBasis: d.Privacy.LegalBasis.In(lang),
		Retention: d.Privacy.Retention.In(lang), Needs: in(lang, d.Needs), Next: in(lang, d.Next),
		SignedIn: identity.From(req.Context()).SignedIn(), DraftDays: int(draftLife.Hours() / 24)}
	choose := "/ort?weiter=" + url.QueryEscape(here)
	p.ChangePlace = choose
	if p.ARS = req.URL.Query().Get("ort"); p.ARS == "" {
		p.ARS = web.Place(req)
	}
	m := web.Meta{Title: p.Title}
	if p.ARS == "" {
		p.ChoosePlace = choose
		return r.pages.start.Render(w, req, m, p)
	}
	p.SignIn = "/anmelden?weiter=" + url.QueryEscape(here+"?ort="+url.QueryEscape(p.ARS))
	terms, err := r.terms(req.Context(), id, p.ARS)
	switch {
	case err == nil:
	case errs.Is(err, errs.NotFound):
		e := errs.As(err)
		p.NotOffered = t(e.Key, e.Args...)
		return r.pages.start.RenderStatus(w, req, http.StatusNotFound, m, p)
	default:
		return err
	}
	p.Place, p.Authority = terms.place, terms.name
	p.Fee, p.FeeDemo, p.FeeSet = terms.fee, terms.feeDemo, terms.feeSet
	return r.pages.start.Render(w, req, m, p)
}

func in(lang i18n.Lang, texts []form.Text) []string {
	var out []string
	for _, t := range texts {
		out = append(out, t.In(lang))
	}
	return out
}

const smallForm = 256 << 10 // bytes of a posted page without files

func (r *Room) startPost(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, smallForm); err != nil {
		return err
	}
	formID := req.PathValue("form")
	id, secret, err := r.start(req.Context(), formID, req.PostForm.Get("ort"), web.Lang(req))
	if err != nil {
		return err
	}
	setSecret(w, req, draftCookie, "/antrag/"+id, secret)
	return r.h.Site.Redirect(w, req, "/antrag/"+id+"/"+r.forms.Current(formID).Groups[0].ID, "")
}
