package records

import (
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// decidePage is the form of a decision. Whether it grants or refuses is chosen before, by the link that leads here, so
// that the proposed text always fits.
type decidePage struct {
	Case     Case
	Version  string // that the form goes on from; a conflict has been shown if it is the present one
	Notes    string // how many notes were shown with it, the same way
	Granted  bool
	ByNotice bool
	Demo     bool
	ID       string
	List     string
	Other    string // the same form for the other outcome
	Back     string
	Errors   web.ErrorSummary
	Alert    web.Alert
	Decision web.Field
	Reasons  web.Field
	Amount   web.Field
	Due      web.Field
	Groups   []answerGroup
	Timeline []step
}

// checkPage shows the notice before it is final.
type checkPage struct {
	Case    Case
	Letter  Letter
	ID      string
	List    string
	Version string // that the form was made from, not the present one
	Form    verdictForm
}

// verdictForm is a verdict as it was typed.
type verdictForm struct {
	Outcome, Decision, Reasons, Amount, Due, Notes string
}

const (
	grantWord  = "stattgeben"
	refuseWord = "ablehnen"
)

func (f Filter) decidePath(id string, granted bool) string {
	word := refuseWord
	if granted {
		word = grantWord
	}
	return web.Address("/akte/vorgang/"+id+"/entscheidung", web.Values("ergebnis", word, "liste", f.values().Encode()))
}

func (r *Room) getDecide(w http.ResponseWriter, req *http.Request) error {
	v := req.URL.Query()
	return r.showDecide(w, req, list(v), v.Get("ergebnis") != refuseWord, typed{})
}

func (r *Room) showDecide(w http.ResponseWriter, req *http.Request, f Filter, granted bool, in typed) error {
	d, err := r.Dossier(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	if d.Case.May < access.Write {
		return errs.E(errs.Denied, "records.error.read_only")
	}
	if in.err == nil {
		if _, err := d.Case.after(actDecide); err != nil {
			return r.h.Site.Redirect(w, req, f.casePath(d.Case.ID, ""), "")
		}
	}
	setting, err := r.feeSetting(req.Context(), d.Case)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	version, notes := in.get("version", ""), in.get("notizen", "")
	if version == "" || errs.Is(in.err, errs.Conflict) {
		version, notes = strconv.FormatInt(d.Case.Version, 10), strconv.Itoa(len(d.Notes))
	}
	prepared := r.propose(d.Case, granted, setting)
	verdict := prepared.Verdict
	amount := ""
	if verdict.Amount != 0 {
		amount = amountText(verdict.Amount)
	}
	due := ""
	if !verdict.Due.IsZero() {
		due = i18n.ISODate(verdict.Due)
	}
	hint := t("records.amount.hint")
	if prepared.Demo {
		hint = t("records.amount.hint_demo")
	}
	p := decidePage{
		Case: d.Case, Version: version, Notes: notes, Granted: granted, ByNotice: prepared.ByNotice, Demo: prepared.Demo, ID: web.FormID(in.form.Get("id")),
		List: f.values().Encode(), Other: f.decidePath(d.Case.ID, !granted), Back: f.casePath(d.Case.ID, ""),
		Errors: r.h.Site.Summary(t, in.err), Alert: r.conflict(req, d.Case, in.err),
		Decision: web.Field{Name: "decision", Label: t("records.letter.decision"), Hint: t("records.decision.hint"), Kind: "textarea", Rows: 6,
			MaxLength: maxDecision, Value: in.get("decision", verdict.Decision), Error: r.h.Site.FieldError(req, in.err, "decision")},
		Reasons: web.Field{Name: "reasons", Label: t("records.letter.reasons"), Hint: t("records.reasons.hint"), Kind: "textarea", Rows: 8,
			MaxLength: maxDecision, Value: in.get("reasons", verdict.Reasons), Error: r.h.Site.FieldError(req, in.err, "reasons")},
		Amount: web.Field{Name: "amount", Label: t("records.letter.amount"), Hint: hint, Kind: "money", Optional: true,
			Value: in.get("amount", amount), Error: r.h.Site.FieldError(req, in.err, "amount")},
		Due: web.Field{Name: "due", Label: t("records.letter.pay_by"), Kind: "day", Optional: true,
			Value: in.get("due", due), Error: r.h.Site.FieldError(req, in.err, "due")},
		Groups: answerGroups(d.Form), Timeline: r.timeline(req, d),
	}
	status := http.StatusOK
	if in.err != nil {
		status = errs.Status(errs.CodeOf(in.err))
	}
	return r.pages.decide.RenderStatus(w, req, status, web.Meta{Title: t("records.decide." + strconv.FormatBool(granted)),
		Crumbs: r.caseCrumbs(req, f, d.Case), Failed: in.err != nil}, p)
}

func (r *Room) caseCrumbs(req *http.Request, f Filter, c Case) []web.Link {
	return append(r.crumbs(req, f), web.Link{Text: c.Reference, Href: f.casePath(c.ID, "")})
}

func amountText(c money.Cents) string {
	s := c.String()
	return s[:len(s)-3] + "," + s[len(s)-2:]
}

// readVerdict reads a verdict from a form. errs.Invalid if the amount or the day is none.
func (r *Room) readVerdict(form url.Values) (v Verdict, err error) {
	v = Verdict{ID: web.FormID(form.Get("id")), Granted: form.Get("ergebnis") == grantWord, Decision: form.Get("decision"),
		Reasons: form.Get("reasons")}
	if n, err := strconv.Atoi(form.Get("notizen")); err == nil {
		v.Notes = &n
	}
	if s := form.Get("amount"); s != "" {
		if v.Amount, err = money.Parse(s); err != nil {
			return v, errs.InvalidFields([]errs.Field{{Name: "amount", Key: "errs.field.money"}})
		}
	}
	v.Due, err = r.dueDate(form, "due")
	return v, err
}

// postDecide has three steps: check the notice, go back and change it, issue it. What is refused comes back as the form
// with the typed text.
func (r *Room) postDecide(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form, f := req.PostForm, list(req.PostForm)
	granted := form.Get("ergebnis") == grantWord
	err := r.decideStep(w, req, f, granted)
	switch {
	case errs.Is(err, errs.Conflict), errs.Is(err, errs.Invalid):
		return r.showDecide(w, req, f, granted, typed{form, err})
	}
	return err
}

func (r *Room) decideStep(w http.ResponseWriter, req *http.Request, f Filter, granted bool) error {
	form, id := req.PostForm, web.PathID(req)
	if form.Get("schritt") == "aendern" {
		return r.showDecide(w, req, f, granted, typed{form: form})
	}
	v, err := r.readVerdict(form)
	if err != nil {
		return err
	}
	if form.Get("schritt") == "erlassen" {
		version, _ := strconv.ParseInt(form.Get("version"), 10, 64) // none is no version that a case has
		if err := r.Decide(req.Context(), id, version, v); err != nil {
			return err
		}
		return r.h.Site.Redirect(w, req, f.casePath(id, ""), "records.notice.decided")
	}
	letter, err := r.Preview(req.Context(), id, v)
	if err != nil {
		return err
	}
	return r.showCheck(w, req, f, v, letter)
}

func (r *Room) showCheck(w http.ResponseWriter, req *http.Request, f Filter, v Verdict, letter Letter) error {
	d, err := r.Dossier(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	form := req.PostForm
	p := checkPage{Case: d.Case, Letter: letter, ID: v.ID, List: f.values().Encode(), Version: form.Get("version"), Form: verdictForm{
		Outcome: form.Get("ergebnis"), Decision: v.Decision, Reasons: v.Reasons, Amount: form.Get("amount"), Due: form.Get("due"), Notes: form.Get("notizen")}}
	return r.pages.check.Render(w, req, web.Meta{Title: r.h.Site.T(req, "records.check"), Crumbs: r.caseCrumbs(req, f, d.Case)}, p)
}
