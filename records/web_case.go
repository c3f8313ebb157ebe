package records

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

const formLimit = 256 << 10 // bytes of a clerk's form

func caller(req *http.Request) identity.Principal { return identity.From(req.Context()) }

func severalAuthorities(req *http.Request) bool {
	a := caller(req).Authorities(identity.Clerk)
	return len(a) > 1 || slices.Contains(a, identity.Everywhere)
}

func dateText(lang i18n.Lang, t time.Time) string { return i18n.Date(lang, t) }

// stream sends the content. Once it runs there is no error page any more: what breaks off, or is not what its hash
// says, breaks the connection, so that nobody takes half a file for a whole one.
func stream(w io.Writer, content io.Reader) error {
	if _, err := io.Copy(w, content); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

type casePage struct {
	Dossier
	Tabs       web.Tabs
	List       string // carried through the forms
	Next       string
	Authority  string
	Errors     web.ErrorSummary
	Alert      web.Alert
	State      web.Badge
	Facts      web.SummaryList
	Groups     []answerGroup
	Papers     []paper
	Timeline   []step
	Outcome    web.SummaryList
	Grant      string // where a decision begins
	Refuse     string
	CanWrite   bool
	CanTake    bool
	CanReopen  bool
	CanMove    bool
	SubRows    []inboxRow
	PartPath   string // address of the file's page at its part file; "" if it lies in none
	NoteID     string
	Note       web.Field
	QuestionID string
	Question   web.Field
	Due        web.Field
	NoteOpen   bool
	AskOpen    bool
}

// At is the address of a form about the case, from which the way leads back here.
func (p casePage) At(suffix string) string {
	return web.Address("/akte/vorgang/"+p.Case.ID+suffix, web.Values("liste", p.List))
}

type answerGroup struct {
	Title string
	List  web.SummaryList
}

type paper struct {
	Document Document
	Kind, By string
	Size     string
}

// step is one entry of the timeline.
type step struct {
	At              time.Time
	Title, Text, By string
}

// typed is what a form brought that could not be done; it is shown again.
type typed struct {
	form url.Values
	err  error
}

func (t typed) get(name, otherwise string) string {
	if t.form.Has(name) {
		return t.form.Get(name)
	}
	return otherwise
}

func (r *Room) getCase(w http.ResponseWriter, req *http.Request) error {
	return r.showCase(w, req, list(req.URL.Query()), typed{})
}

func (r *Room) showCase(w http.ResponseWriter, req *http.Request, f Filter, in typed) error {
	d, err := r.Dossier(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	t, writes := r.h.Site.Text(req), d.Case.May >= access.Write
	p := casePage{
		Tabs: r.CaseTabs(req, d.Case.ID, ""), Dossier: d, List: f.values().Encode(), Next: f.casePath(d.Case.ID, "/weiter"), Authority: r.h.AuthorityName(d.Case.Authority),
		Errors: r.h.Site.Summary(t, in.err), Alert: r.conflict(req, d.Case, in.err),
		State: r.badge(req, d.Case.State), Facts: r.facts(req, d), Timeline: r.timeline(req, d), Outcome: r.outcome(req, d),
		Grant: f.decidePath(d.Case.ID, true), Refuse: f.decidePath(d.Case.ID, false),
		CanWrite: writes, CanTake: writes && d.Case.Can("take") && d.Case.AssignedTo != caller(req).Subject,
		CanReopen: d.Case.State == StateClosed && d.Manage && d.File.State == "", CanMove: writes && d.Case.State != StateClosed,
		NoteID: web.FormID(in.form.Get("note_id")), QuestionID: web.FormID(in.form.Get("question_id")),
		Note: web.Field{Name: "note", Label: t("records.note"), Kind: "textarea", Rows: 3, MaxLength: maxNote,
			Value: in.form.Get("note"), Error: r.h.Site.FieldError(req, in.err, "note")},
		Question: web.Field{Name: "question", Label: t("records.question"), Hint: t("records.question.hint"), Kind: "textarea", Rows: 3,
			MaxLength: maxQuestion, Value: in.form.Get("question"), Error: r.h.Site.FieldError(req, in.err, "question")},
		Due: web.Field{Name: "due", Label: t("records.question.due"), Kind: "day",
			Value: in.get("due", i18n.ISODate(r.h.Now().AddDate(0, 0, 14))), Error: r.h.Site.FieldError(req, in.err, "due")},
		Groups:   answerGroups(d.Form),
		NoteOpen: in.form.Has("note"), AskOpen: in.form.Has("question"),
	}
	if d.Case.Part != "" {
		p.PartPath = d.Part.path(d.File.ID)
	}
	for _, c := range d.SubCases {
		p.SubRows = append(p.SubRows, r.inboxRow(req, Filter{}, c))
	}
	for _, x := range d.Documents {
		p.Papers = append(p.Papers, paper{x, t("records.kind." + string(x.Kind)), r.h.Site.Known(req, x.CreatedBy), web.SizeText(x.Size)})
	}
	status := http.StatusOK
	if in.err != nil {
		status = errs.Status(errs.CodeOf(in.err))
	}
	meta := web.Meta{Title: d.Case.Reference + " " + d.Case.Subject, Crumbs: r.crumbs(req, f), Failed: in.err != nil}
	return r.pages.vorgang.RenderStatus(w, req, status, meta, p)
}

func answerGroups(f Form) []answerGroup {
	var out []answerGroup
	for _, g := range f.Groups() {
		a := answerGroup{Title: g.Title}
		for _, row := range g.Rows {
			a.List.Rows = append(a.List.Rows, web.SummaryRow{Label: row.Label, Value: row.Value})
		}
		out = append(out, a)
	}
	return out
}

// conflict says who changed the case meanwhile; nothing for another error.
func (r *Room) conflict(req *http.Request, c Case, err error) web.Alert {
	if !errs.Is(err, errs.Conflict) {
		return web.Alert{}
	}
	t, e := r.h.Site.Text(req), errs.As(err)
	by := c.ChangedBy
	if c.Kind == Application && (by == "" || c.Version == 1) {
		by = t("records.by.applicant")
	}
	return web.Alert{Kind: "warning", Title: t(e.Key, e.Args...),
		Text: t("records.conflict", i18n.DateTime(web.Lang(req), c.ChangedAt), by)}
}

func (r *Room) facts(req *http.Request, d Dossier) web.SummaryList {
	t, lang, c := r.h.Site.Text(req), web.Lang(req), d.Case
	assigned := c.AssignedName
	if assigned == "" {
		assigned = t("records.nobody")
	}
	var out []web.SummaryRow
	row := func(label, value string) {
		if value != "" {
			out = append(out, web.SummaryRow{Label: t(label), Value: value})
		}
	}
	begun := "records.received"
	if c.Kind == General { // nobody applied
		row("records.concerns", c.Applicant)
		begun = "records.case_opened"
	} else {
		row("records.applicant", c.Applicant)
	}
	row(begun, i18n.DateTime(lang, c.ReceivedAt))
	row("records.due", dateText(lang, c.DueAt))
	row("records.assigned", assigned)
	row("records.org", d.Org)
	if d.Case.Part != "" {
		row("records.part", d.Part.title())
	}
	if c.Level > access.Open {
		row("records.level", t("records.level."+strconv.FormatInt(int64(c.Level), 10)))
	}
	row("records.source_reference", c.SourceRef)
	row("records.former", strings.Join(Formers(c.Former), ", "))
	if severalAuthorities(req) {
		out = append(out, web.SummaryRow{Label: t("records.authority"), Value: r.h.AuthorityName(c.Authority)})
	}
	if c.Fee.Amount != 0 {
		out = append(out, web.SummaryRow{Label: t("records.fee"), Value: t("records.fee.paid", i18n.Money(lang, c.Fee.Amount),
			dateText(lang, c.Fee.PaidAt), c.Fee.Kassenzeichen)})
	}
	if x := d.Decision; x != nil && x.Amount != 0 {
		out = append(out, web.SummaryRow{Label: t("records.letter.payment"), Value: r.payment(req, *x)})
	}
	return web.SummaryList{Rows: out}
}

// payment says in one line what a notice demands and whether it was paid.
func (r *Room) payment(req *http.Request, d Decision) string {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	amount := i18n.Money(lang, d.Amount)
	if d.Demo {
		amount = t("records.letter.demo", amount)
	}
	if d.PaidAt.IsZero() {
		return t("records.payment.open", amount, dateText(lang, d.Due), d.Kassenzeichen)
	}
	return t("records.payment.paid", amount, dateText(lang, d.PaidAt), d.Kassenzeichen)
}

func (r *Room) outcome(req *http.Request, d Dossier) web.SummaryList {
	if d.Decision == nil {
		return web.SummaryList{}
	}
	t := r.h.Site.Text(req)
	return web.SummaryList{Rows: []web.SummaryRow{
		{Label: t("records.outcome"), Value: t("records.outcome." + strconv.FormatBool(d.Decision.Granted))},
		{Label: t("records.letter.decision"), Value: d.Decision.Decision},
		{Label: t("records.letter.reasons"), Value: d.Decision.Reasons},
	}}
}

// timeline is what happened to the case, the latest first.
func (r *Room) timeline(req *http.Request, d Dossier) []step {
	t, lang, applicant := r.h.Site.Text(req), web.Lang(req), r.h.Site.T(req, "records.by.applicant")
	out := []step{{At: d.Case.ReceivedAt, Title: t("records.step.received"), By: applicant}}
	if d.Case.Kind == General {
		out = []step{{At: d.Case.ReceivedAt, Title: t("records.step.opened"), By: d.Case.OpenedBy}}
	}
	if d.Case.TakenOver() {
		out[0].Title, out[0].By = t("records.step.taken_over"), d.Case.OpenedBy
	}
	if !d.Case.Fee.PaidAt.IsZero() {
		out = append(out, step{At: d.Case.Fee.PaidAt, Title: t("records.step.fee_paid"), By: applicant})
	}
	for _, n := range d.Notes {
		out = append(out, step{n.At, t("records.note"), n.Text, n.By})
	}
	for _, q := range d.Questions {
		out = append(out, step{q.AskedAt, t("records.step.asked", dateText(lang, q.Due)), q.Text, q.AskedBy})
		if !q.AnsweredAt.IsZero() {
			out = append(out, step{q.AnsweredAt, t("records.step.answered"), q.Answer, applicant})
		}
	}
	if x := d.Decision; x != nil {
		out = append(out, step{At: x.DecidedAt, Title: t("records.outcome." + strconv.FormatBool(x.Granted)), By: x.DecidedBy})
		if !x.PaidAt.IsZero() {
			out = append(out, step{At: x.PaidAt, Title: t("records.step.paid"), By: applicant})
		}
	}
	if !d.Case.ClosedAt.IsZero() {
		out = append(out, step{At: d.Case.ClosedAt, Title: t("records.state.closed"), By: d.Case.ClosedBy})
	}
	slices.SortStableFunc(out, func(a, b step) int { return cmp.Compare(db.Micros(b.At), db.Micros(a.At)) })
	return out
}

// dueDate is the end of the day that is typed into the field; the zero time for none. errs.Invalid at the field for what
// is no day.
func (r *Room) dueDate(form url.Values, name string) (time.Time, error) {
	days := web.Days{Form: form, Now: r.h.Now()}
	day := days.Ahead(name)
	return i18n.EndOfDay(day), days.Err()
}

// post is the frame of a case's forms: what the use-case refuses because of its input or because the case has changed
// comes back as the case's page with the typed text, everything else as an error page.
func (r *Room) post(w http.ResponseWriter, req *http.Request, notice string, do func(id string, version int64, form url.Values) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	f := list(form)
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64) // none is no version that a case has
	err := do(web.PathID(req), version, form)
	switch {
	case errs.Is(err, errs.Conflict), errs.Is(err, errs.Invalid):
		return r.showCase(w, req, f, typed{form, err})
	case err != nil:
		return err
	case form.Get("zurueck") == "liste":
		return r.h.Site.Redirect(w, req, f.path(), notice)
	}
	return r.h.Site.Redirect(w, req, f.casePath(web.PathID(req), ""), notice)
}

func (r *Room) postNote(w http.ResponseWriter, req *http.Request) error {
	return r.post(w, req, "records.notice.noted", func(id string, _ int64, form url.Values) error {
		return r.AddNote(req.Context(), id, web.FormID(form.Get("note_id")), form.Get("note"))
	})
}

func (r *Room) postAsk(w http.ResponseWriter, req *http.Request) error {
	return r.post(w, req, "records.notice.asked", func(id string, version int64, form url.Values) error {
		due, err := r.dueDate(form, "due")
		if err != nil {
			return err
		}
		return r.Ask(req.Context(), id, version, web.FormID(form.Get("question_id")), form.Get("question"), due)
	})
}
