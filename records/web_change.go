package records

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// closingPage says what putting a case to the files means, and what stands against it.
type closingPage struct {
	Closing
	List     string
	Back     string
	Alert    web.Alert
	Open     []openRow
	Hints    []string
	CanClose bool // the button is offered
}

type openRow struct{ Text, How, Path string }

func (r *Room) getClosing(w http.ResponseWriter, req *http.Request) error {
	return r.showClosing(w, req, list(req.URL.Query()), nil)
}

func (r *Room) showClosing(w http.ResponseWriter, req *http.Request, f Filter, refused error) error {
	x, err := r.Closing(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := closingPage{Closing: x, List: f.values().Encode(), Back: f.casePath(x.Case.ID, ""), CanClose: x.Case.Can("close") && len(x.Obstacles) == 0}
	for _, o := range x.Obstacles {
		p.Open = append(p.Open, openRow{t(o.Key, o.Args...), t(o.How), o.Path})
	}
	if x.Last {
		p.Hints = append(p.Hints, t("records.closing.file", x.File.Reference))
		if x.File.LentTo != "" {
			p.Hints = append(p.Hints, t("records.closing.lent", r.lentText(req, x.File)))
		}
	}
	if x.Unasked > 0 {
		p.Hints = append(p.Hints, t("records.closing.unanswered"))
	}
	if d := x.Decision; d != nil && d.Amount != 0 && d.PaidAt.IsZero() {
		p.Hints = append(p.Hints, r.payment(req, *d))
	}
	if _, err := x.Case.after(actClose); err != nil && refused == nil {
		refused = err
	}
	status := http.StatusOK
	if refused != nil {
		status = errs.Status(errs.CodeOf(refused))
		e := errs.As(refused)
		p.Alert = web.Alert{Kind: "warning", Title: t(e.Key, e.Args...)}
	}
	return r.pages.closing.RenderStatus(w, req, status, web.Meta{Title: t("records.closing", x.Case.Reference), Crumbs: r.caseCrumbs(req, f, x.Case)}, p)
}

func (r *Room) postClose(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	f, id := list(req.PostForm), web.PathID(req)
	err := r.Close(req.Context(), id, web.FormVersion(req))
	switch {
	case errs.Is(err, errs.Conflict):
		return r.showClosing(w, req, f, err)
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, f.casePath(id, ""), "records.notice.closed")
}

// caseForm is a page with a form about a case. fields makes the form's fields; may says who gets to see it.
type caseForm struct {
	suffix, title, button, notice string // of the address; keys of the texts
	may                           func(x CaseForm) error
	text                          func(x CaseForm, t func(string, ...any) string) string
	fields                        func(x CaseForm, in typed) ([]web.Field, error)
}

// toChange is for whom the forms are that change a case.
func toChange(x CaseForm) error {
	switch {
	case x.Case.May < access.Write:
		return errs.E(errs.Denied, "records.error.read_only")
	case x.Case.State == StateClosed:
		return errs.E(errs.Conflict, "records.error.closed")
	}
	return nil
}

// show shows the form, again with what was typed if it was refused. After a conflict it goes on from the case as it is
// now: what is in the way was shown, and sending it again does it knowingly.
func (k caseForm) show(r *Room, w http.ResponseWriter, req *http.Request, f Filter, in typed) error {
	x, err := r.CaseForm(req.Context(), web.PathID(req))
	if err == nil && in.err == nil {
		err = k.may(x)
	}
	if err != nil {
		return err
	}
	fields, err := k.fields(x, in)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	now := strconv.FormatInt(x.Case.Version, 10)
	version := in.get("version", now)
	if errs.Is(in.err, errs.Conflict) {
		version = now
	}
	p := formPage{Action: "/akte/vorgang/" + x.Case.ID + k.suffix, Back: f.casePath(x.Case.ID, ""), ID: web.FormID(in.form.Get("id")), Version: version,
		Button: t(k.button), Hidden: []web.Chosen{{Value: f.values().Encode(), Text: "liste"}}, Fields: fields}
	if k.text != nil {
		p.Text = k.text(x, t)
	}
	if errs.Is(in.err, errs.Conflict) && now != in.form.Get("version") {
		p.Alert = r.conflict(req, x.Case, in.err)
	}
	return r.showForm(w, req, k.title, r.caseCrumbs(req, f, x.Case), p, in.err)
}

// get and post are the handlers of the form; do is what it does.
func (k caseForm) get(r *Room, w http.ResponseWriter, req *http.Request) error {
	return k.show(r, w, req, list(req.URL.Query()), typed{})
}

func (k caseForm) post(r *Room, w http.ResponseWriter, req *http.Request, do func(id string, version int64, form url.Values) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	f, id := list(req.PostForm), web.PathID(req)
	err := do(id, web.FormVersion(req), req.PostForm)
	if errs.Is(err, errs.Denied) { // only a part of it may be denied: what was typed stays, for who may see the form
		if x, mayErr := r.CaseForm(req.Context(), id); mayErr == nil && k.may(x) == nil {
			return k.show(r, w, req, f, typed{req.PostForm, err})
		}
	}
	shown := web.Retry(err)
	if shown {
		err = k.show(r, w, req, f, typed{req.PostForm, err})
	}
	switch {
	case err != nil || shown:
		return err
	}
	if req.PostForm.Get("zurueck") == "liste" {
		return r.h.Site.Redirect(w, req, f.path(), k.notice)
	}
	return r.h.Site.Redirect(w, req, f.casePath(id, ""), k.notice)
}

// fieldOf makes a field of a form whose text and error come from the request.
func (r *Room) fieldOf(req *http.Request, in typed, name, label, kind, value string, options ...web.Option) web.Field {
	return web.Field{Name: name, Label: r.h.Site.T(req, label), Kind: kind, Value: in.get(name, value), Options: options,
		Error: r.h.Site.FieldError(req, in.err, name)}
}

func (r *Room) reasonField(req *http.Request, in typed) web.Field {
	f := r.fieldOf(req, in, "reason", "records.reason", "textarea", "")
	f.Rows, f.MaxLength, f.Hint = 3, maxReason, r.h.Site.T(req, "records.reason.hint")
	return f
}

func (r *Room) orgOptions(req *http.Request, orgs []Org) []web.Option {
	out := []web.Option{{Label: r.h.Site.T(req, "records.org.none")}}
	for _, o := range orgs {
		out = append(out, web.Option{Value: o.ID, Label: o.Code + " " + o.Name})
	}
	return out
}

// postTake takes a free case at once; that of a colleague only after a question.
func (r *Room) postTake(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	if req.PostForm.Get("bestaetigt") == "" {
		x, err := r.CaseForm(req.Context(), web.PathID(req))
		if err == nil && toChange(x) == nil && x.Case.AssignedTo != "" && x.Case.AssignedTo != caller(req).Subject {
			return r.askTake(w, req, x)
		}
	}
	return r.post(w, req, "records.notice.taken", func(id string, version int64, _ url.Values) error { return r.Take(req.Context(), id, version) })
}

func (r *Room) askTake(w http.ResponseWriter, req *http.Request, x CaseForm) error {
	t, f := r.h.Site.Text(req), list(req.PostForm)
	p := formPage{Text: t("records.take.ask", x.Case.Reference, x.Case.Subject, x.Case.AssignedName), Action: "/akte/vorgang/" + x.Case.ID + "/uebernehmen",
		Back: f.casePath(x.Case.ID, ""), Version: strconv.FormatInt(x.Case.Version, 10), Button: t("records.take.confirm"),
		Hidden: []web.Chosen{{Value: f.values().Encode(), Text: "liste"}, {Value: req.PostForm.Get("zurueck"), Text: "zurueck"}, {Value: "1", Text: "bestaetigt"}}}
	return r.showForm(w, req, "records.take.title", r.caseCrumbs(req, f, x.Case), p, nil)
}

// askTakeAll asks before cases that were ticked are taken over from colleagues, and reports whether it did.
func (r *Room) askTakeAll(w http.ResponseWriter, req *http.Request, ids []string) (bool, error) {
	form := req.PostForm
	if form.Get("bestaetigt") != "" || len(ids) == 0 || len(ids) > MostChosen {
		return false, nil
	}
	q := r.h.DB.Reader()
	a, err := access.Load(req.Context(), q)
	if err != nil {
		return false, err
	}
	others, err := r.store.othersCases(req.Context(), q, a, ids)
	if err != nil || len(others) == 0 {
		return false, err
	}
	t, f := r.h.Site.Text(req), list(form)
	p := formPage{Text: t("records.take.ask_all"), Action: "/akte/auswahl", Back: f.path(), ID: db.NewID(), Button: t("records.take.confirm"),
		Hidden: []web.Chosen{{Value: form.Get("liste"), Text: "liste"}, {Value: "uebernehmen", Text: "was"}, {Value: "1", Text: "bestaetigt"},
			{Value: strings.Join(form[ChosenName], " "), Text: ChosenName}}}
	for _, c := range others {
		p.Items = append(p.Items, t("records.take.item", c.Reference, c.Subject, c.AssignedName))
	}
	return true, r.showForm(w, req, "records.take.title_all", r.crumbs(req, f), p, nil)
}

func (r *Room) editForm(req *http.Request) caseForm {
	return caseForm{suffix: "/bearbeiten", title: "records.case.edit", button: "records.save", notice: "records.notice.case_changed", may: toChange,
		fields: func(x CaseForm, in typed) ([]web.Field, error) {
			d := x.Case.Details()
			subject := r.fieldOf(req, in, "subject", "records.subject", "text", d.Subject)
			subject.MaxLength = maxSubject
			out := []web.Field{subject}
			if x.Case.Kind == General {
				f := r.fieldOf(req, in, "applicant", "records.concerns", "text", d.Applicant)
				f.MaxLength, f.Optional, f.Hint = maxApplicant, true, r.h.Site.T(req, "records.concerns.hint")
				out = append(out, f)
			}
			out = append(out, r.fieldOf(req, in, "due", "records.due", "day", i18n.ISODate(d.Due)))
			if x.Most > x.Least || d.Level > x.Least {
				out = append(out, r.levelField(req, d.Level, x.Least, x.Most, in))
			}
			if x.Case.Parent == "" && len(x.Parts) > 0 {
				out = append(out, r.partField(req, in, d.Part, x.Parts))
			}
			if len(x.Orgs) > 0 {
				f := r.fieldOf(req, in, "org", "records.org", "select", d.Org, r.orgOptions(req, x.Orgs)...)
				f.Optional = true
				out = append(out, f)
			}
			return out, nil
		}}
}

func (r *Room) partField(req *http.Request, in typed, part string, parts []Part) web.Field {
	f := r.fieldOf(req, in, "part", "records.part", "select", part, web.Option{Label: r.h.Site.T(req, "records.part.none")})
	for _, x := range parts {
		if x.ClosedAt.IsZero() || x.ID == part {
			f.Options = append(f.Options, web.Option{Value: x.ID, Label: x.title()})
		}
	}
	f.Optional = true
	return f
}

func (r *Room) getEditCase(w http.ResponseWriter, req *http.Request) error {
	return r.editForm(req).get(r, w, req)
}

func (r *Room) postEditCase(w http.ResponseWriter, req *http.Request) error {
	return r.editForm(req).post(r, w, req, func(id string, version int64, form url.Values) error {
		x, err := r.CaseForm(req.Context(), id)
		if err != nil {
			return err
		}
		d := x.Case.Details() // of what the form does not ask for
		d.Subject = form.Get("subject")
		due, err := r.dueDate(form, "due")
		if err != nil {
			return err
		}
		if i18n.ISODate(d.Due) != i18n.ISODate(due) { // the hour of a day that was not changed stays
			d.Due = due
		}
		if form.Has("applicant") {
			d.Applicant = form.Get("applicant")
		}
		if form.Has("level") {
			d.Level = readLevel(form)
		}
		if form.Has("part") {
			d.Part = form.Get("part")
		}
		if form.Has("org") {
			d.Org = form.Get("org")
		}
		return r.ChangeCase(req.Context(), id, version, d)
	})
}

// The two kinds of whom a case can be given to, as the form names them.
const (
	toPerson = "person:"
	toUnit   = "unit:"
)

func (r *Room) assignForm(req *http.Request) caseForm {
	return caseForm{suffix: "/zuweisen", title: "records.assign", button: "records.assign.save", notice: "records.notice.assigned", may: toChange,
		text: func(x CaseForm, t func(string, ...any) string) string {
			if x.Case.AssignedName == "" {
				return t("records.assign.free", x.Case.Reference, x.Case.Subject)
			}
			return t("records.assign.from", x.Case.Reference, x.Case.Subject, x.Case.AssignedName)
		},
		fields: func(x CaseForm, in typed) ([]web.Field, error) {
			t := r.h.Site.Text(req)
			options := []web.Option{{Label: t("records.choose")}}
			for _, p := range x.People {
				if p.Subject != x.Case.AssignedTo {
					options = append(options, web.Option{Value: toPerson + p.Subject, Label: p.Name})
				}
			}
			for _, o := range x.Orgs {
				options = append(options, web.Option{Value: toUnit + o.ID, Label: t("records.assign.unit", o.Code+" "+o.Name)})
			}
			f := r.fieldOf(req, in, "to", "records.assign.to", "select", "", options...)
			if f.Error == "" {
				f.Error = r.h.Site.FieldError(req, in.err, "person")
			}
			return []web.Field{f}, nil
		}}
}

func (r *Room) getAssign(w http.ResponseWriter, req *http.Request) error {
	return r.assignForm(req).get(r, w, req)
}

func (r *Room) postAssign(w http.ResponseWriter, req *http.Request) error {
	return r.assignForm(req).post(r, w, req, func(id string, version int64, form url.Values) error {
		if person, ok := strings.CutPrefix(form.Get("to"), toPerson); ok {
			return r.Assign(req.Context(), id, version, person)
		}
		return r.AssignUnit(req.Context(), id, version, strings.TrimPrefix(form.Get("to"), toUnit))
	})
}

func (r *Room) moveForm(req *http.Request) caseForm {
	return caseForm{suffix: "/verschieben", title: "records.move", button: "records.move.save", notice: "records.notice.moved", may: toChange,
		text: func(x CaseForm, t func(string, ...any) string) string {
			return t("records.move.text", x.Case.Reference, x.Case.Subject)
		},
		fields: func(x CaseForm, in typed) ([]web.Field, error) {
			f := r.fieldOf(req, in, "reference", "records.move.to", "text", "")
			f.MaxLength, f.Hint = 80, r.h.Site.T(req, "records.move.to_hint")
			out := []web.Field{f}
			target, open, err := r.partsNamed(req.Context(), x.Case.Authority, f.Value)
			if err == nil && len(open) > 0 {
				part := r.partField(req, in, target, open)
				part.Label, part.Optional, part.Options[0].Value = r.h.Site.T(req, "records.move.part"), false, target
				out = append(out, part)
			}
			return append(out, r.reasonField(req, in)), err
		}}
}

func (r *Room) getMove(w http.ResponseWriter, req *http.Request) error {
	return r.moveForm(req).get(r, w, req)
}

func (r *Room) postMove(w http.ResponseWriter, req *http.Request) error {
	return r.moveForm(req).post(r, w, req, func(id string, version int64, form url.Values) error {
		return r.MoveCase(req.Context(), id, version, Move{Reference: form.Get("reference"), Part: form.Get("part"), Reason: form.Get("reason")})
	})
}

func (r *Room) reopenForm(req *http.Request) caseForm {
	return caseForm{suffix: "/wiederaufnehmen", title: "records.reopen", button: "records.reopen.save", notice: "records.notice.case_reopened",
		may: func(x CaseForm) error {
			switch {
			case !x.Manage:
				return errs.E(errs.Denied, "records.error.manage_case")
			case x.Case.State != StateClosed:
				return errs.E(errs.Conflict, "records.error.not_closed")
			case x.File.State != "":
				return errs.E(errs.Conflict, "records.error.in_disposal")
			}
			return nil
		},
		text: func(x CaseForm, t func(string, ...any) string) string {
			return t("records.reopen.text", x.Case.Reference, x.Case.Subject)
		},
		fields: func(_ CaseForm, in typed) ([]web.Field, error) { return []web.Field{r.reasonField(req, in)}, nil }}
}

func (r *Room) getReopenCase(w http.ResponseWriter, req *http.Request) error {
	return r.reopenForm(req).get(r, w, req)
}

func (r *Room) postReopenCase(w http.ResponseWriter, req *http.Request) error {
	return r.reopenForm(req).post(r, w, req, func(id string, version int64, form url.Values) error {
		return r.ReopenCase(req.Context(), id, version, form.Get("reason"))
	})
}
