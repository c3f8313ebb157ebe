package pay

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

const maxForm = 16 << 10 // bytes; the room's forms are short

type pages struct {
	pay    *web.Page[payPage]
	list   *web.Page[listPage]
	detail *web.Page[detailPage]
	cancel *web.Page[cancelPage]
}

func newPages(s *web.Site) pages {
	return pages{
		pay:    web.NewPage[payPage](s, Files, "bezahlen"),
		list:   web.NewPage[listPage](s, Files, "kasse"),
		detail: web.NewPage[detailPage](s, Files, "zahlung"),
		cancel: web.NewPage[cancelPage](s, Files, "aufheben"),
	}
}

// Routes registers the room's pages: the payer's, the treasurer's, and in a demo the test provider's.
func (r *Room) Routes(mux *http.ServeMux) {
	s := r.h.Site
	s.Handle(mux, "GET /bezahlen/{token}", r.showPay)
	s.Handle(mux, "POST /bezahlen/{token}", r.postPay)
	s.Handle(mux, "GET /bezahlen/{token}/zurueck", r.back)
	s.Handle(mux, "GET /kasse", r.showList)
	s.Handle(mux, "GET /kasse/buchungen.csv", r.csv)
	s.Handle(mux, "GET /kasse/{id}", r.showDetail)
	s.Handle(mux, "GET /kasse/{id}/aufheben", r.showCancel)
	s.Handle(mux, "POST /kasse/{id}/aufheben", r.postCancel)
	s.Handle(mux, "POST /kasse/{id}/erstattet", r.postRefunded)
	if r.test != nil {
		r.test.routes(mux)
	}
}

type payPage struct {
	Facts  web.SummaryList
	Alert  web.Alert
	Action string // where "Jetzt bezahlen" posts to; "" if there is nothing to pay
	Again  bool   // an earlier try failed
	Check  string // where an attempt under way can be asked for; "" if there is none
	Return string
	Paid   bool
}

func (r *Room) showPay(w http.ResponseWriter, req *http.Request) error {
	t, err := r.open(req.Context(), req.PathValue("token"))
	if err != nil {
		return err
	}
	return r.renderPay(w, req, http.StatusOK, t, false)
}

// renderPay shows where a payment stands. silent says that the provider was asked and did not answer.
func (r *Room) renderPay(w http.ResponseWriter, req *http.Request, status int, t Transaction, silent bool) error {
	all, err := attempts(req.Context(), r.h.DB.Reader(), identity.At(t.Authority), t.ID)
	if err != nil {
		return err
	}
	lang := web.Lang(req)
	text := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	p := payPage{Return: t.ReturnPath, Paid: t.State == Payed}
	p.Facts.Rows = []web.SummaryRow{
		{Label: text("pay.authority"), Value: r.h.AuthorityName(t.Authority)},
		{Label: text("pay.purpose"), Value: t.Purpose},
		{Label: text("pay.amount"), Value: i18n.Money(lang, t.Amount)},
		{Label: text("pay.kassenzeichen"), Value: string(t.Kassenzeichen)},
	}
	if !t.Due.IsZero() && t.State == Initial {
		p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: text("pay.due"), Value: i18n.Date(lang, t.Due)})
	}
	title := text("pay.title")
	switch t.State {
	case Payed:
		title = text("pay.title.paid")
		p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: text("pay.paid_at"), Value: i18n.DateTime(lang, t.Ended)})
		p.Alert = web.Alert{Kind: "success", Title: text("pay.alert.paid"), Text: text("pay.alert.paid_text")}
	case Canceled:
		title = text("pay.title.cancelled")
		p.Alert = web.Alert{Kind: "info", Title: text("pay.alert.cancelled"), Text: text("pay.alert.cancelled_text")}
	default:
		p.Action = t.Path()
		if r.provider == nil {
			p.Action = ""
			p.Alert = web.Alert{Kind: "warning", Title: text("pay.alert.no_provider"), Text: text("pay.alert.no_provider_text")}
		}
		if n := len(all); n > 0 {
			switch last := all[n-1]; last.State {
			case Initial:
				p.Check = t.Path() + "/zurueck"
				p.Alert = web.Alert{Kind: "info", Title: text("pay.alert.open"), Text: text("pay.alert.open_text")}
			case Failed:
				p.Again = true
				p.Alert = web.Alert{Kind: "warning", Title: text("pay.alert.failed"), Text: text("pay.alert.failed_text")}
			case Canceled:
				p.Again = true
				p.Alert = web.Alert{Kind: "info", Title: text("pay.alert.stopped"), Text: text("pay.alert.stopped_text")}
			}
		}
		if silent {
			p.Alert = web.Alert{Kind: "warning", Title: text("pay.alert.silent"), Text: text("pay.alert.silent_text")}
		}
	}
	return r.pages.pay.RenderStatus(w, req, status, web.Meta{Title: title}, p)
}

// postPay starts an attempt and leads to the provider.
func (r *Room) postPay(w http.ResponseWriter, req *http.Request) error {
	to, err := r.start(req.Context(), req.PathValue("token"))
	if errs.Is(err, errs.Unavailable) && r.provider != nil {
		r.h.Log.ErrorContext(req.Context(), "payment provider does not answer", "error", err)
		t, err := r.open(req.Context(), req.PathValue("token"))
		if err != nil {
			return err
		}
		return r.renderPay(w, req, http.StatusServiceUnavailable, t, true)
	}
	if err != nil {
		return err
	}
	if strings.HasPrefix(to, "/") {
		return r.h.Site.Redirect(w, req, to, "")
	}
	w.Header().Set("Location", to) // the provider's own address
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// back is where the provider sends the payer. The standard has no callback, so this is where the state is fetched.
func (r *Room) back(w http.ResponseWriter, req *http.Request) error {
	t, err := r.open(req.Context(), req.PathValue("token"))
	if err != nil {
		return err
	}
	t, err = r.refresh(req.Context(), t)
	if errs.Is(err, errs.Unavailable) {
		r.h.Log.ErrorContext(req.Context(), "payment provider does not answer", "error", err)
		return r.renderPay(w, req, http.StatusServiceUnavailable, t, true)
	}
	if err != nil {
		return err
	}
	open, err := openAttempts(req.Context(), r.h.DB.Reader(), identity.At(t.Authority), t.ID)
	if err != nil {
		return err
	}
	switch {
	case t.State == Payed:
		return r.h.Site.Redirect(w, req, t.ReturnPath, "pay.notice.paid")
	case t.State == Initial && len(open) > 0: // the provider does not know yet
		return r.h.Site.Redirect(w, req, t.Path(), "")
	}
	return r.h.Site.Redirect(w, req, t.ReturnPath, "")
}

type listPage struct {
	Number, State web.Field
	BadNumber     web.Alert
	Filtered      bool
	Rows          []listRow
	Several       bool // name the authorities
	Totals        Totals
	Pages         web.Pagination
	Day           web.Field
}

type listRow struct {
	Listed
	Badge, Refund web.Badge
	Authority     string // its name
}

func (r *Room) showList(w http.ResponseWriter, req *http.Request) error {
	s, err := treasurerScope(req.Context())
	if err != nil {
		return err
	}
	text := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	q := req.URL.Query()
	number, state := strings.TrimSpace(q.Get("kassenzeichen")), q.Get("stand")
	if len(number) > 40 {
		number = number[:40]
	}
	number = strings.ToValidUTF8(number, "")
	switch State(state) {
	case Initial, Payed, Canceled, stateRefund:
	default:
		state = ""
	}
	p := listPage{Several: s.Several(), Filtered: number != "" || state != "",
		Number: web.Field{Kind: "text", Name: "kassenzeichen", Label: text("pay.kassenzeichen"), Value: number, MaxLength: 40},
		State:  web.Field{Kind: "select", Name: "stand", Label: text("pay.state"), Value: state},
		Day:    web.Field{Kind: "text", Name: "tag", Label: text("pay.csv.day"), Hint: text("pay.csv.day_hint"), Value: r.now().In(i18n.Berlin).Format(time.DateOnly), MaxLength: 10},
	}
	for _, v := range []string{string(Initial), string(Payed), string(Canceled), stateRefund} {
		p.State.Options = append(p.State.Options, web.Option{Value: v, Label: text("pay.state." + v)})
	}
	f := filter{state: state}
	if d, ok := digits(number); ok && len(d) <= prefixDigits+countDigits+checkDigits {
		f.number = written(d)
		if _, ok := ParseNumber(d); !ok && len(d) == prefixDigits+countDigits+checkDigits {
			p.BadNumber = web.Alert{Kind: "warning", Title: text("pay.alert.number"), Text: text("pay.alert.number_text")}
		}
	} else if number != "" {
		f.number = "-" // no Kassenzeichen begins so
		p.BadNumber = web.Alert{Kind: "warning", Title: text("pay.alert.number"), Text: text("pay.alert.number_text")}
	}
	items, totals, newer, older, err := r.list(req.Context(), f, parsePosition(q.Get("ab")))
	if err != nil {
		return err
	}
	p.Totals = totals
	for _, t := range items {
		row := listRow{Listed: t, Badge: badge(text, "pay.state.", t.State), Authority: r.h.AuthorityName(t.Authority)}
		if t.RefundDue {
			row.Refund = web.Badge{Kind: "warning", Text: text("pay.state.refund")}
		}
		p.Rows = append(p.Rows, row)
	}
	address := func(at string) string {
		if at == "" {
			return ""
		}
		v := url.Values{"ab": {at}}
		if number != "" {
			v.Set("kassenzeichen", number)
		}
		if state != "" {
			v.Set("stand", state)
		}
		return "/kasse?" + v.Encode()
	}
	p.Pages = web.Pagination{Previous: address(newer), Next: address(older)}
	return r.pages.list.Render(w, req, web.Meta{Title: text("pay.kasse.title")}, p)
}

// badge is a state in the words that keys hold under prefix: a demand is cancelled, an attempt is broken off.
func badge(text func(string, ...any) string, prefix string, s State) web.Badge {
	kind := map[State]string{Initial: "info", Payed: "success", Failed: "danger"}[s]
	return web.Badge{Kind: kind, Text: text(prefix + string(s))}
}

type detailPage struct {
	ID       string
	Facts    web.SummaryList
	Badge    web.Badge
	Alert    web.Alert
	Attempts []attemptRow
	Entries  []entryRow
	Open     bool
}

type attemptRow struct {
	Attempt
	ProviderName       string
	Badge, RefundBadge web.Badge
	RefundDue          bool
}

type entryRow struct {
	Fact, Account string // in words
	Debit, Credit money.Cents
	Booked        time.Time
}

func (r *Room) showDetail(w http.ResponseWriter, req *http.Request) error {
	d, err := r.detail(req.Context(), req.PathValue("id"))
	if err != nil {
		return err
	}
	lang := web.Lang(req)
	text := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	p := detailPage{ID: d.ID, Badge: badge(text, "pay.state.", d.State), Open: d.State == Initial}
	add := func(key, value string) {
		p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: text(key), Value: value})
	}
	add("pay.authority", r.h.AuthorityName(d.Authority))
	add("pay.purpose", d.Purpose)
	add("pay.amount", i18n.Money(lang, d.Amount))
	add("pay.state", p.Badge.Text)
	add("pay.source", d.Source)
	add("pay.created", i18n.DateTime(lang, d.Created))
	if !d.Due.IsZero() {
		add("pay.due", i18n.Date(lang, d.Due))
	}
	switch d.State {
	case Payed:
		add("pay.paid_at", i18n.DateTime(lang, d.Ended))
		add("pay.method", r.word(req, "pay.method.", d.Method))
	case Canceled:
		add("pay.cancelled_at", i18n.DateTime(lang, d.Ended))
		add("pay.reason", d.Reason)
	}
	for _, a := range d.Attempts {
		row := attemptRow{Attempt: a, ProviderName: r.word(req, "pay.provider.", a.Provider), Badge: badge(text, "pay.attempt.state.", a.State), RefundDue: a.Refund == RefundDue}
		switch a.Refund {
		case RefundDue:
			row.RefundBadge = web.Badge{Kind: "warning", Text: text("pay.state.refund")}
			p.Alert = web.Alert{Kind: "warning", Title: text("pay.alert.refund"), Text: text("pay.alert.refund_text")}
		case RefundDone:
			row.RefundBadge = web.Badge{Kind: "info", Text: text("pay.state.refunded")}
		}
		p.Attempts = append(p.Attempts, row)
	}
	for _, e := range d.Entries {
		p.Entries = append(p.Entries, entryRow{Fact: text("pay.fact." + string(e.Fact)), Account: text("pay.account." + string(e.Account)),
			Debit: e.Debit(), Credit: e.Credit(), Booked: e.Booked})
	}
	return r.pages.detail.Render(w, req, web.Meta{Title: text("pay.detail.title", string(d.Kassenzeichen)), Crumbs: r.crumbs(req, Transaction{})}, p)
}

// word is a provider's word in ours, if the key has one for it, else as it stands.
func (r *Room) word(req *http.Request, key, word string) string {
	if key += word; r.h.Site.Texts.Has(i18n.German, key) {
		return r.h.Site.T(req, key)
	}
	return word
}

// crumbs leads from the list to the transaction, or only to the list.
func (r *Room) crumbs(req *http.Request, t Transaction) []web.Link {
	out := []web.Link{{Text: r.h.Site.T(req, "pay.kasse.title"), Href: "/kasse"}}
	if t.ID != "" {
		out = append(out, web.Link{Text: string(t.Kassenzeichen), Href: "/kasse/" + t.ID})
	}
	return out
}

type cancelPage struct {
	ID            string
	Kassenzeichen string
	Amount        money.Cents
	Reason        web.Field
	Errors        web.ErrorSummary
}

func (r *Room) showCancel(w http.ResponseWriter, req *http.Request) error {
	return r.renderCancel(w, req, "", nil)
}

func (r *Room) renderCancel(w http.ResponseWriter, req *http.Request, reason string, failed error) error {
	d, err := r.detail(req.Context(), req.PathValue("id"))
	if err != nil {
		return err
	}
	if d.State != Initial {
		return errs.E(errs.Conflict, "pay.error.not_open")
	}
	text := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	p := cancelPage{ID: d.ID, Kassenzeichen: string(d.Kassenzeichen), Amount: d.Amount, Errors: r.h.Site.Summary(text, failed),
		Reason: web.Field{Kind: "textarea", Name: "grund", Label: text("pay.reason"), Hint: text("pay.reason_hint"), Value: reason, MaxLength: maxReason}}
	for _, i := range p.Errors.Items {
		p.Reason.Error = i.Text
	}
	return r.pages.cancel.Render(w, req, web.Meta{Title: text("pay.cancel.title"), Failed: failed != nil, Crumbs: r.crumbs(req, d.Transaction)}, p)
}

func (r *Room) postCancel(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, maxForm); err != nil {
		return err
	}
	id, reason := req.PathValue("id"), req.PostFormValue("grund")
	err := r.cancel(req.Context(), id, reason)
	if errs.Is(err, errs.Invalid) {
		return r.renderCancel(w, req, reason, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/kasse/"+id, "pay.notice.cancelled")
}

func (r *Room) postRefunded(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, maxForm); err != nil {
		return err
	}
	id := req.PathValue("id")
	if err := r.refunded(req.Context(), id, req.PostFormValue("versuch")); err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/kasse/"+id, "pay.notice.refunded")
}

func (r *Room) csv(w http.ResponseWriter, req *http.Request) error {
	if _, err := treasurerScope(req.Context()); err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, req.URL.Query().Get("tag"))
	if err != nil {
		return errs.E(errs.Invalid, "pay.error.day", err)
	}
	list, err := r.bookings(req.Context(), day)
	if err != nil {
		return err
	}
	name := "buchungen-" + day.Format(time.DateOnly) + ".csv"
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(name))
	return writeCSV(w, list, func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }, r.h.AuthorityName)
}
