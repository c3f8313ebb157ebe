package apply

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// replyPage answers a question of the office.
type replyPage struct {
	FormTitle, Question, Due string
	Errors                   web.ErrorSummary
	Text, File               web.Field
	Action, Back             string
	FilesLost                bool
}

// question finds a question of the application; NotFound if it is not one of it.
func (r *Room) question(req *http.Request, s seen) (message, error) {
	list, err := messages(req.Context(), r.h.DB.Reader(), s.a.authority, s.a.id)
	if err != nil {
		return message{}, err
	}
	for _, m := range list {
		if m.kind == kindQuestion && m.id == req.PathValue("question") {
			return m, nil
		}
	}
	return message{}, notFound()
}

func (r *Room) replyGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	m, err := r.question(req, s)
	if err != nil {
		return err
	}
	if !m.answered.IsZero() || s.a.state.decided() {
		return r.h.Site.Redirect(w, req, s.base, "")
	}
	return r.reply(w, req, s, m, "", nil, false)
}

func (r *Room) reply(w http.ResponseWriter, req *http.Request, s seen, m message, text string, problems []errs.Field, filesLost bool) error {
	t := r.texts(req)
	p := replyPage{FormTitle: s.title(t), Question: m.body, Due: dueText(s.lang, m.due), Action: s.base + "/frage/" + url.PathEscape(m.id), Back: s.base,
		Text: web.Field{Name: "text", Kind: "textarea", Label: t("apply.question.text"), Value: text, Rows: 6, MaxLength: maxAnswer},
		File: web.Field{Name: "datei", Kind: "file", Label: t("apply.question.file"), Hint: t("apply.file.hint"), Accept: accept, Optional: true},
	}
	p.FilesLost = filesLost
	for _, f := range problems {
		if f.Name == "text" {
			p.Text.Error = t(f.Key, f.Args...)
		} else {
			p.File.Error = t(f.Key, f.Args...)
		}
	}
	p.Errors = r.h.Site.Summary(t, errs.InvalidFields(problems))
	return r.pages.reply.Render(w, req, web.Meta{Title: t("apply.question.title"), Crumbs: s.crumbs(t), Failed: len(problems) > 0}, p)
}

const maxAnswer = 4000 // characters

func (r *Room) replyPost(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return err
	}
	m, err := r.question(req, s)
	if err != nil {
		return err
	}
	if err := web.ReadForm(w, req, filesForm); err != nil {
		return err
	}
	text := strings.TrimSpace(req.PostForm.Get("text"))
	ups := uploads(req, "datei")
	if len([]rune(text)) > maxAnswer {
		return r.reply(w, req, s, m, text, []errs.Field{{Name: "text", Key: "apply.question.too_long", Args: []any{maxAnswer}}}, len(ups) > 0)
	}
	err = r.answer(req.Context(), statusHolder(req), s.a.reference, m.id, text, ups)
	var e *errs.Error
	switch {
	case err == nil:
		return r.h.Site.Redirect(w, req, s.base, "apply.notice.answered")
	case !errors.As(err, &e):
		return err
	case e.Code == errs.Conflict && e.Key == "apply.question.answered": // the second of two clicks
		return r.h.Site.Redirect(w, req, s.base, "apply.notice.answered_before")
	case e.Code == errs.Invalid && len(e.Fields) > 0:
		return r.reply(w, req, s, m, text, e.Fields, len(ups) > 0)
	case e.Code == errs.Invalid:
		return r.reply(w, req, s, m, text, []errs.Field{{Name: "datei", Key: e.Key, Args: e.Args}}, len(ups) > 0)
	}
	return err
}

// accountPage is "Mein Konto".
type accountPage struct {
	Name         string
	Drafts       []accountRow
	Applications []accountRow
	Pages        web.Pagination
	First        bool // the first page of the list
}

type accountRow struct {
	Title, Href, Authority, Reference, At string
	State                                 web.Badge
	Todo                                  string
	Discard                               string
}

const accountRows = 50

func (r *Room) accountGet(w http.ResponseWriter, req *http.Request) error {
	p := identity.From(req.Context())
	if !p.SignedIn() {
		return errs.E(errs.Unauthenticated, "errs.unauthenticated")
	}
	before := req.URL.Query().Get("vor")
	list, err := held(req.Context(), r.h.DB.Reader(), p.Subject, before, accountRows+1)
	if err != nil {
		return err
	}
	lang, t := web.Lang(req), r.texts(req)
	page := accountPage{Name: p.Name, First: before == ""}
	if !page.First {
		page.Pages.Previous = "/konto"
	}
	if len(list) > accountRows {
		list = list[:accountRows]
		page.Pages.Next = "/konto?vor=" + url.QueryEscape(list[len(list)-1].id)
	}
	for _, a := range list {
		row := accountRow{Title: t("apply.application"), Authority: r.h.AuthorityName(a.authority), State: stateBadge(t, a.state)}
		if d := r.forms.Version(a.form, a.version); d != nil {
			row.Title = d.Title.In(lang)
		}
		if a.state == Draft {
			row.Href, row.At = "/antrag/"+a.id, i18n.DateTime(lang, a.changed)
			row.Discard = row.Href + "/loeschen"
			page.Drafts = append(page.Drafts, row)
			continue
		}
		row.Href, row.Reference, row.At = "/status/"+string(a.reference), string(a.reference), i18n.DateTime(lang, a.sent)
		switch a.state {
		case AwaitingPayment, QuestionOpen, Payable:
			row.Todo = t("apply.todo." + string(a.state))
		}
		page.Applications = append(page.Applications, row)
	}
	return r.pages.account.Render(w, req, web.Meta{Title: t("apply.account.title")}, page)
}
