package apply

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/apply/form"
	"rennsteig/platform/errs"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

// checkPage shows all answers before they are sent.
type checkPage struct {
	FormTitle, Authority, Place string
	Errors                      web.ErrorSummary
	Changed                     web.Alert // the fee has changed
	Open                        web.Alert // something is missing
	OpenHref                    string
	Sections                    []sectionRows
	Fee                         money.Cents
	FeeDemo, FeeFirst, ByNotice bool
	FeeValue                    string
	Declaration                 web.Field
	Declared                    bool // a declaration belongs to this form
	Ready                       bool
	Action, Overview            string
}

type sectionRows struct {
	Title string
	Rows  web.SummaryList
}

// checkGet shows the check page, with what was wrong when it was sent.
func (r *Room) checkGet(w http.ResponseWriter, req *http.Request, o opened, failure error) error {
	t := r.texts(req)
	fee, demo, err := r.feeFirst(req.Context(), o.def, o.a.authority)
	if err != nil {
		return err
	}
	p := checkPage{FormTitle: o.def.Title.In(o.lang), Authority: r.h.AuthorityName(o.a.authority), Place: r.offices.PlaceName(o.a.ars),
		Fee: fee, FeeDemo: demo, FeeFirst: fee > 0, ByNotice: o.def.Policy == form.ByNotice, FeeValue: strconv.FormatInt(int64(fee), 10),
		Action: o.base + "/senden", Overview: o.base, Declared: o.def.Signature == form.Declaration}
	p.Declaration = web.Field{Name: declarationField, Kind: "checkbox", Label: o.def.Declaration.In(o.lang)}
	wrong := map[string]string{}
	for _, f := range o.res.Problems() {
		wrong[f.Name] = t(f.Key, f.Args...)
	}
	if first := o.firstOpen(); first != "" {
		p.Open = web.Alert{Kind: "warning", Title: t("apply.check.open.title"), Text: t("apply.check.open.text")}
		p.OpenHref = o.base + "/" + first + "?zurueck=pruefen"
	}
	p.Ready = p.OpenHref == ""
	for _, s := range r.sections(o.lang, o.def, o.res.Answers, o.files, r.h.Now()) {
		rows := sectionRows{Title: s.title}
		for _, row := range s.rows {
			value := row.value
			if value == "" {
				if value = wrong[row.field.ID]; value == "" {
					value = t("apply.no_answer")
				}
			}
			rows.Rows.Rows = append(rows.Rows.Rows, web.SummaryRow{Label: row.field.Label.In(o.lang), Value: value,
				ChangeHref: o.base + "/" + s.group.ID + "?zurueck=pruefen#" + row.field.ID, ChangeText: row.field.Label.In(o.lang)})
		}
		p.Sections = append(p.Sections, rows)
	}
	status := http.StatusOK
	m := web.Meta{Title: t("apply.check.title"), Crumbs: o.crumbs()}
	if failure != nil {
		e := errs.As(failure)
		status = errs.Status(e.Code)
		switch {
		case len(e.Fields) > 0:
			m.Failed = true
			p.Errors = r.h.Site.Summary(t, failure)
			for i, f := range e.Fields {
				if f.Name == declarationField {
					p.Declaration.Error = t(f.Key, f.Args...)
					continue
				}
				if g := groupOf(o.res, f.Name); g != "" { // the question is on another page
					p.Errors.Items[i].Href = o.base + "/" + g + "?zurueck=pruefen#" + f.Name
				}
			}
		default:
			p.Changed = web.Alert{Kind: "warning", Title: t("apply.fee_changed.title"), Text: t(e.Key, e.Args...)}
		}
	}
	return r.pages.check.RenderStatus(w, req, status, m, p)
}

func groupOf(res form.Result, field string) string {
	for _, g := range res.Groups {
		for _, f := range g.Fields {
			if f.ID == field {
				return g.Group.ID
			}
		}
	}
	return ""
}

func (r *Room) sendPost(w http.ResponseWriter, req *http.Request, o opened) error {
	if err := web.ReadForm(w, req, smallForm); err != nil {
		return err
	}
	shown, err := strconv.ParseInt(req.PostForm.Get("_fee"), 10, 64)
	if err != nil {
		return errs.E(errs.Invalid, "apply.malformed")
	}
	secret := cookie(req, draftCookie)
	s := sending{declared: req.PostForm.Get(declarationField) != "", fee: money.Cents(shown)}
	if o.a.knows(secret) {
		s.secret = secret
	}
	done, err := r.send(req.Context(), draftHolder(req), o.a.id, s)
	if code := errs.CodeOf(err); o.a.state == Draft && (code == errs.Invalid || err != nil && errs.As(err).Key == "apply.fee_changed") {
		return r.checkGet(w, req, o, err)
	}
	if err != nil {
		return err
	}
	if s.secret != "" {
		setSecret(w, req, statusCookie, "/status/"+string(done.reference), accessCode(s.secret, o.a.id))
	}
	if done.payPath != "" {
		return r.h.Site.Redirect(w, req, done.payPath, "")
	}
	return r.h.Site.Redirect(w, req, o.base+"/gesendet", "")
}

// sentPage is the confirmation.
type sentPage struct {
	FormTitle, Reference, Code, Authority, Place string
	Awaiting                                     bool
	PayEnded                                     web.Alert
	PayPath, Kassenzeichen                       string
	Fee                                          money.Cents
	FeeDemo, FeePaid                             bool
	Next                                         []string
	Status, Receipt                              string
	Kept                                         bool // in an account
	Copy                                         bool // this browser knows the access code
}

func (r *Room) sentGet(w http.ResponseWriter, req *http.Request, o opened) error {
	t := r.texts(req)
	a := o.a
	if err := r.catchUp(req.Context(), a, a.kassenzeichen); err != nil {
		return err
	}
	p := sentPage{FormTitle: o.def.Title.In(o.lang), Reference: string(a.reference), Authority: r.h.AuthorityName(a.authority),
		Place: r.offices.PlaceName(a.ars), Awaiting: a.state == AwaitingPayment, PayPath: a.payPath, Kassenzeichen: a.kassenzeichen,
		Fee: a.fee, FeeDemo: a.feeDemo, FeePaid: !a.feePaid.IsZero(), Next: in(o.lang, o.def.Next), Kept: a.subject != "",
		Status: "/status/" + url.PathEscape(string(a.reference))}
	p.Receipt = p.Status + "/quittung.pdf"
	p.PayEnded = payEnded(t, a)
	if secret := cookie(req, draftCookie); a.knows(secret) && len(a.codeHash) > 0 {
		p.Code, p.Copy = accessCode(secret, a.id), true
		setSecret(w, req, statusCookie, p.Status, p.Code)
	}
	title := t("apply.sent.title")
	if p.Awaiting {
		title = t("apply.sent.awaiting_title")
	}
	return r.pages.sent.Render(w, req, web.Meta{Title: title}, p)
}

// catchUp lets a page show a payment whose event is still on its way: who has just paid must not be asked to pay. It
// changes only what the page shows.
func (r *Room) catchUp(ctx context.Context, a *application, kassenzeichen string) error {
	if a.state != AwaitingPayment && a.state != Payable {
		return nil
	}
	at, err := r.cashier.PaidAt(ctx, a.authority, kassenzeichen)
	if err != nil || at.IsZero() {
		return err
	}
	if a.state == AwaitingPayment {
		a.state, a.feePaid, a.payEnded = Submitted, at, ""
	} else {
		a.state, a.noticePaid = Paid, at
	}
	return nil
}

// payEnded says how the last attempt to pay the fee ended, as long as it is open.
func payEnded(t func(string, ...any) string, a *application) web.Alert {
	if a.state != AwaitingPayment || a.payEnded == "" {
		return web.Alert{}
	}
	if a.payEnded == "cancelled" {
		return web.Alert{Kind: "info", Title: t("apply.pay.cancelled"), Text: t("apply.pay.again")}
	}
	return web.Alert{Kind: "warning", Title: t("apply.pay.failed"), Text: t("apply.pay.again")}
}
