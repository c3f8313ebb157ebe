package apply

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

// lookupPage asks for reference and access code.
type lookupPage struct {
	Errors          web.ErrorSummary
	Reference, Code web.Field
}

func (r *Room) lookupGet(w http.ResponseWriter, req *http.Request) error {
	return r.lookup(w, req, req.URL.Query().Get("nummer"), nil)
}

func (r *Room) lookup(w http.ResponseWriter, req *http.Request, number string, problems []errs.Field) error {
	t := r.texts(req)
	p := lookupPage{
		Reference: web.Field{Name: "nummer", Kind: "text", Label: t("apply.reference"), Hint: t("apply.lookup.reference_hint"), Value: clip(number), Autocomplete: "off", MaxLength: 40},
		Code:      web.Field{Name: "code", Kind: "text", Label: t("apply.code"), Hint: t("apply.lookup.code_hint"), Autocomplete: "off", MaxLength: 60},
	}
	p.Errors = r.h.Site.Summary(t, errs.InvalidFields(problems))
	for _, f := range problems {
		if f.Name == "nummer" {
			p.Reference.Error = t(f.Key)
		} else {
			p.Code.Error = t(f.Key)
		}
	}
	return r.pages.lookup.Render(w, req, web.Meta{Title: t("apply.lookup.title"), Failed: len(problems) > 0}, p)
}

func clip(s string) string {
	if r := []rune(strings.ToValidUTF8(s, "")); len(r) > 40 {
		return string(r[:40])
	}
	return s
}

// lookupPost gives the same answer for a number that does not exist and for a code that does not fit.
func (r *Room) lookupPost(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 8<<10); err != nil {
		return err
	}
	number, code := req.PostForm.Get("nummer"), req.PostForm.Get("code")
	var problems []errs.Field
	ref, ok := ParseReference(number)
	if !ok {
		problems = append(problems, errs.Field{Name: "nummer", Key: "apply.lookup.bad_reference"})
	}
	if strings.TrimSpace(code) == "" {
		problems = append(problems, errs.Field{Name: "code", Key: "apply.lookup.no_code"})
	}
	if len(problems) > 0 {
		return r.lookup(w, req, number, problems)
	}
	_, err := ownByReference(req.Context(), r.h.DB.Reader(), holder{codeHash: hashCode(code)}, ref, "")
	if errs.Is(err, errs.NotFound) {
		return r.lookup(w, req, number, []errs.Field{{Name: "nummer", Key: "apply.lookup.no_match"}})
	}
	if err != nil {
		return err
	}
	path := "/status/" + string(ref)
	setSecret(w, req, statusCookie, path, symbols(code))
	return r.h.Site.Redirect(w, req, path, "")
}

// seen is a sent application as its holder looks at it.
type seen struct {
	a    *application
	def  *form.Definition // nil if the program no longer has that version
	base string           // "/status/REFERENCE"
	lang i18n.Lang
}

// errLookup sends a stranger to the page that asks for number and code: the same for every number.
var errLookup = errors.New("apply: ask for the access code")

// look finds the application of the address. Who has neither account nor code for it is led to the page that asks.
func (r *Room) look(req *http.Request) (seen, error) {
	s := seen{lang: web.Lang(req)}
	ref, ok := ParseReference(req.PathValue("ref"))
	if !ok {
		return s, notFound()
	}
	s.base = "/status/" + string(ref)
	var err error
	s.a, err = ownByReference(req.Context(), r.h.DB.Reader(), statusHolder(req), ref, "")
	if errs.Is(err, errs.NotFound) && (req.Method == http.MethodGet || req.Method == http.MethodHead) {
		return s, errLookup
	}
	if err != nil {
		return s, err
	}
	s.def = r.forms.Version(s.a.form, s.a.version)
	return s, nil
}

// elsewhere answers errLookup.
func (r *Room) elsewhere(w http.ResponseWriter, req *http.Request, s seen, err error) error {
	if errors.Is(err, errLookup) {
		return r.h.Site.Redirect(w, req, "/status?nummer="+url.QueryEscape(strings.TrimPrefix(s.base, "/status/")), "")
	}
	return err
}

func (s seen) title(t func(string, ...any) string) string {
	if s.def == nil {
		return t("apply.application")
	}
	return s.def.Title.In(s.lang)
}

func (s seen) crumbs(t func(string, ...any) string) []web.Link {
	return []web.Link{{Text: t("apply.status.crumb", string(s.a.reference)), Href: s.base}}
}

// statusPage shows where an application stands.
type statusPage struct {
	FormTitle, Reference, Authority, CaseReference string
	State                                          web.Badge
	Words, Next                                    string
	Alert                                          web.Alert
	Pay                                            payment
	Questions                                      []questionRow
	Exchange                                       []exchangeRow
	Decision                                       decisionRow
	Timeline                                       []timelineRow
	Receipt, Answers                               string
	Kept                                           bool
}

// payment is what can be paid now.
type payment struct {
	Open                bool
	Amount              money.Cents
	Demo                bool
	Kassenzeichen, Path string
	Due                 string
}

type questionRow struct{ Text, Due, Href string }

type exchangeRow struct {
	Question bool
	Text     string
	At       string
	Files    []fileRow
}

type decisionRow struct{ Title, Date, Href, PDF string }

type timelineRow struct{ Text, At string }

func (r *Room) statusGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	ctx, q, a := req.Context(), r.h.DB.Reader(), s.a
	list, err := messages(ctx, q, a.authority, a.id)
	if err != nil {
		return err
	}
	files, err := attachments(ctx, q, a.authority, a.id)
	if err != nil {
		return err
	}
	notice, err := r.noticeSeen(ctx, a)
	if err != nil {
		return err
	}
	t := r.texts(req)
	p := statusPage{FormTitle: s.title(t), Reference: string(a.reference), Authority: r.h.AuthorityName(a.authority), CaseReference: a.caseReference,
		State: stateBadge(t, a.state), Words: t("apply.state." + string(a.state) + ".words"), Next: t("apply.state." + string(a.state) + ".next"),
		Alert: payEnded(t, a), Receipt: s.base + "/quittung.pdf", Answers: s.base + "/angaben", Kept: a.subject != ""}
	p.Pay = payable(s.lang, a, notice)
	if notice != nil {
		p.Decision = decisionRow{notice.Title, i18n.Date(s.lang, notice.Date), s.base + "/bescheid", s.base + "/bescheid.pdf"}
	}
	for _, m := range list {
		if m.kind == kindQuestion && m.answered.IsZero() && !a.state.decided() {
			p.Questions = append(p.Questions, questionRow{m.body, dueText(s.lang, m.due), s.base + "/frage/" + url.PathEscape(m.id)})
			continue
		}
		row := exchangeRow{Question: m.kind == kindQuestion, Text: m.body, At: i18n.DateTime(s.lang, m.created)}
		for _, f := range files {
			if f.message == m.id {
				row.Files = append(row.Files, fileRow{f.name, sizeText(s.lang, f.size), s.base + "/datei/" + f.id})
			}
		}
		p.Exchange = append(p.Exchange, row)
	}
	p.Timeline = timeline(s.lang, t, a, list)
	return r.pages.status.Render(w, req, web.Meta{Title: t("apply.status.title", p.Reference), Crumbs: []web.Link{{Text: t("apply.lookup.title"), Href: "/status"}}}, p)
}

// noticeSeen is the notice, if there is one, of an application that has caught up with its payment.
func (r *Room) noticeSeen(ctx context.Context, a *application) (*Notice, error) {
	notice, err := noticeOf(ctx, r.h.DB.Reader(), a)
	if err != nil {
		return nil, err
	}
	number := a.kassenzeichen
	if notice != nil {
		number = notice.Kassenzeichen
	}
	return notice, r.catchUp(ctx, a, number)
}

func dueText(lang i18n.Lang, due time.Time) string {
	if due.IsZero() {
		return ""
	}
	return i18n.Date(lang, due)
}

// payable is what the applicant can pay now: the fee before, or the amount of the notice.
func payable(lang i18n.Lang, a *application, n *Notice) payment {
	switch {
	case a.state == AwaitingPayment:
		return payment{Open: true, Amount: a.fee, Demo: a.feeDemo, Kassenzeichen: a.kassenzeichen, Path: a.payPath}
	case a.state == Payable && n != nil:
		return payment{Open: true, Amount: n.Amount, Demo: n.Demo, Kassenzeichen: n.Kassenzeichen, Path: n.PayPath, Due: dueText(lang, n.Due)}
	}
	return payment{}
}

func stateBadge(t func(string, ...any) string, s State) web.Badge {
	kind := "info"
	switch s {
	case AwaitingPayment, QuestionOpen, Payable:
		kind = "warning"
	case Decided, Paid:
		kind = "success"
	case Draft:
		kind = ""
	}
	return web.Badge{Kind: kind, Text: t("apply.state." + string(s))}
}

// timeline tells what has happened, the latest last.
func timeline(lang i18n.Lang, t func(string, ...any) string, a *application, list []message) []timelineRow {
	type event struct {
		key string
		at  time.Time
	}
	events := []event{{"sent", a.sent}, {"fee_paid", a.feePaid}, {"filed", a.filedAt}}
	for _, m := range list {
		events = append(events, event{m.kind, m.created})
	}
	events = append(events, event{"decided", a.decidedAt}, event{"notice_paid", a.noticePaid})
	var out []timelineRow
	for _, e := range events {
		if !e.at.IsZero() {
			out = append(out, timelineRow{t("apply.timeline." + e.key), i18n.DateTime(lang, e.at)})
		}
	}
	return out
}

// answersPage shows what was sent.
type answersPage struct {
	FormTitle, Reference, SentAt string
	Sections                     []sectionRows
	Files                        []fileRow
	Back                         string
}

func (r *Room) answersGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	if s.def == nil {
		return errs.E(errs.Conflict, "apply.form_gone")
	}
	files, err := attachments(req.Context(), r.h.DB.Reader(), s.a.authority, s.a.id)
	if err != nil {
		return err
	}
	t := r.texts(req)
	p := answersPage{FormTitle: s.title(t), Reference: string(s.a.reference), SentAt: i18n.DateTime(s.lang, s.a.sent), Back: s.base}
	for _, sec := range r.sections(s.lang, s.def, s.a.answers, files, s.a.sent) {
		rows := sectionRows{Title: sec.title}
		for _, row := range sec.rows {
			value := row.value
			if value == "" {
				value = t("apply.no_answer")
			}
			rows.Rows.Rows = append(rows.Rows.Rows, web.SummaryRow{Label: row.field.Label.In(s.lang), Value: value})
		}
		p.Sections = append(p.Sections, rows)
	}
	for _, f := range files {
		if f.message == "" {
			p.Files = append(p.Files, fileRow{f.name, sizeText(s.lang, f.size), s.base + "/datei/" + f.id})
		}
	}
	return r.pages.answers.Render(w, req, web.Meta{Title: t("apply.answers.title"), Crumbs: s.crumbs(t)}, p)
}

func (r *Room) statusFileGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	files, err := attachments(req.Context(), r.h.DB.Reader(), s.a.authority, s.a.id)
	if err != nil {
		return err
	}
	return r.download(w, req, files, req.PathValue("file"))
}

// waitingPage is shown instead of a PDF that a job has yet to make.
type waitingPage struct{ Title, Text, Again, Page, PageText string }

func (r *Room) receiptGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	t := r.texts(req)
	if s.a.receiptHash == "" {
		return r.waiting(w, req, s, waitingPage{t("apply.receipt.title"), t("apply.waiting.text"), s.base + "/quittung.pdf", s.base + "/angaben", t("apply.answers.title")})
	}
	return r.serveBlob(w, req, s.a.receiptHash, t("apply.receipt.file")+"-"+string(s.a.reference)+".pdf", "application/pdf", 0)
}

func (r *Room) waiting(w http.ResponseWriter, req *http.Request, s seen, p waitingPage) error {
	w.Header().Set("Retry-After", "5")
	return r.pages.waiting.RenderStatus(w, req, http.StatusServiceUnavailable, web.Meta{Title: p.Title, Crumbs: s.crumbs(r.texts(req))}, p)
}

// noticePage is the decision.
type noticePage struct {
	Title, Authority, Date, Reference, CaseReference string
	Granted                                          web.Badge
	Decision, Reasons, Remedy                        []string // paragraphs
	Amount                                           money.Cents
	Demo, Paid                                       bool
	Pay                                              payment
	Kassenzeichen, Due, PDF, Back                    string
}

func (r *Room) noticeGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	n, err := r.noticeSeen(req.Context(), s.a)
	if err != nil {
		return err
	}
	if n == nil {
		return errs.E(errs.NotFound, "apply.decision.none")
	}
	t := r.texts(req)
	p := noticePage{Title: n.Title, Authority: r.h.AuthorityName(n.Authority), Date: i18n.Date(s.lang, n.Date), Reference: string(s.a.reference),
		CaseReference: s.a.caseReference, Decision: paragraphs(n.Decision), Reasons: paragraphs(n.Reasons), Remedy: paragraphs(n.Remedy),
		Amount: n.Amount, Demo: n.Demo, Paid: s.a.state == Paid, Pay: payable(s.lang, s.a, n), Kassenzeichen: n.Kassenzeichen,
		Due: dueText(s.lang, n.Due), PDF: s.base + "/bescheid.pdf", Back: s.base}
	p.Granted = web.Badge{Kind: "success", Text: t("apply.decision.granted")}
	if !n.Granted {
		p.Granted = web.Badge{Kind: "danger", Text: t("apply.decision.refused")}
	}
	return r.pages.notice.Render(w, req, web.Meta{Title: n.Title, Crumbs: s.crumbs(t)}, p)
}

func paragraphs(s string) []string {
	var out []string
	for p := range strings.SplitSeq(s, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func (r *Room) noticePDFGet(w http.ResponseWriter, req *http.Request) error {
	s, err := r.look(req)
	if err != nil {
		return r.elsewhere(w, req, s, err)
	}
	t := r.texts(req)
	switch {
	case !s.a.state.decided():
		return errs.E(errs.NotFound, "apply.decision.none")
	case s.a.noticeHash == "":
		return r.waiting(w, req, s, waitingPage{t("apply.decision.pdf"), t("apply.waiting.text"), s.base + "/bescheid.pdf", s.base + "/bescheid", t("apply.decision.page")})
	}
	return r.serveBlob(w, req, s.a.noticeHash, t("apply.decision.file")+"-"+string(s.a.reference)+".pdf", "application/pdf", 0)
}
