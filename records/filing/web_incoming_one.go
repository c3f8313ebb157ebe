package filing

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// incomingPage is one letter: beside it what can be done with it.
type incomingPage struct {
	Incoming
	Tabs     web.Tabs
	Errors   web.ErrorSummary
	Alert    web.Alert
	Twins    web.Alert
	Into     string // Aktenzeichen and subject of the case that it is assigned to; "" is not for the caller
	Facts    web.SummaryList
	Rows     []postRow
	Name     string // of the document that is looked at
	Look     string // address of the page that shows all of it
	Sight    sightView
	Next     string // address of the next letter; "" if there is none
	List     string // the filter of the list, carried on
	FormID   string
	Query    string // that a target is searched with
	Searched bool
	Suggest  string // address of suggestions
	Script   string
	Targets  web.Field // what was found or is proposed
	Case     web.Field
	File     web.Field
	Subject  web.Field
	NewFile  []web.Field
	Org      web.Field
	Person   web.Field
	Reason   web.Field
	Note     web.Field
	Correct  []web.Field
	Forward  bool // the form is open, as the next two
	Finish   bool
	Mend     bool
}

type postRow struct {
	documentRow
	Look    string
	Current bool
}

// onePath is the address of post with the filter of the list that it is in.
func onePath(id, list string) string {
	return web.Address(incomingPath+"/"+id, web.Values("liste", list))
}

// listOf is the filter that a page or form came with.
func listOf(v url.Values) (IncomingFilter, string) {
	inner, err := url.ParseQuery(v.Get("liste"))
	if err != nil {
		inner = nil
	}
	f := parseIncoming(inner)
	return f, f.values().Encode()
}

func (r *Room) getIncoming(w http.ResponseWriter, req *http.Request) error {
	return r.showIncoming(w, req, typed{})
}

func (r *Room) showIncoming(w http.ResponseWriter, req *http.Request, in typed) error {
	ctx, given := req.Context(), req.URL.Query()
	if in.form != nil {
		given = in.form
	}
	l, err := r.Letter(ctx, web.PathID(req), web.ID(given.Get("dokument")))
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	filter, list := listOf(given)
	p := incomingPage{Incoming: l.Incoming, Tabs: r.core.Tabs(req, incomingPath), Errors: r.h.Site.Summary(t, in.err), Alert: r.alert(req, in.err),
		List: list, FormID: web.FormID(in.form.Get("id")), Query: web.Query(given.Get("suche")), Suggest: incomingPath + "/" + l.ID + "/ziele?q=",
		Script: r.script.url(), Facts: r.postFacts(req, l), Twins: r.twinsAlert(req, l)}
	if next, err := r.NextPost(ctx, filter, l.Incoming); err != nil {
		return err
	} else if next.ID != "" && next.ID != l.ID {
		p.Next = onePath(next.ID, list)
	}
	for _, d := range l.Documents {
		v := given.Get("suche")
		p.Rows = append(p.Rows, postRow{documentRow{d, r.kind(req, string(d.Kind)), web.SizeText(d.Size)},
			web.Address(incomingPath+"/"+l.ID, web.Values("dokument", d.ID, "liste", list, "suche", v)), d.ID == l.Shown.ID})
	}
	p.Into = strings.TrimSpace(l.Case.Reference + " " + l.Case.Subject)
	p.Name, p.Look = l.Shown.Name, incomingLookPath(l.ID, l.Shown.ID)
	p.Sight = r.viewed(req, l.Sight, p.Name, p.Look, incomingSheetPath(l.ID, l.Shown.ID), lettersShown)
	p.Sight.Pages = web.Pagination{} // the rest is on the page of its own
	if l.Open() && l.MayWork {
		if err := r.assignFields(req, &p, l, in); err != nil {
			return err
		}
		r.workFields(req, &p, l, in)
	}
	meta := web.Meta{Title: l.Incoming.Subject, Crumbs: append(r.deskCrumbs(req), web.Link{Text: t("filing.incoming"), Href: web.Address(incomingPath, filter.values())}),
		Failed: in.err != nil}
	return r.pages.incoming.RenderStatus(w, req, statusOf(in.err), meta, p)
}

// lettersShown is how many pages of a letter are shown beside the forms.
const lettersShown = 3

func (r *Room) postFacts(req *http.Request, l Letter) (out web.SummaryList) {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	to := ""
	switch {
	case l.Person != "":
		to = l.PersonName
	case l.Org != "":
		for _, o := range l.Choices.Orgs {
			if o.ID == l.Org {
				to = o.Code + " " + o.Name
			}
		}
	default:
		to = t("filing.incoming.org.any")
	}
	out.Rows = []web.SummaryRow{{Label: t("filing.sender"), Value: l.Sender}}
	if d := l.Shown; d.Recipients != "" {
		out.Rows = append(out.Rows, web.SummaryRow{Label: t("filing.mail.to"), Value: d.Recipients})
	}
	if d := l.Shown; d.Copies != "" {
		out.Rows = append(out.Rows, web.SummaryRow{Label: t("filing.mail.cc"), Value: d.Copies})
	}
	out.Rows = append(out.Rows, []web.SummaryRow{{Label: t("records.received"), Value: i18n.Date(lang, l.ReceivedAt)},
		{Label: t("filing.incoming.for"), Value: to},
		{Label: t("filing.incoming.registered"), Value: t("filing.by", i18n.DateTime(lang, l.CreatedAt), r.h.Site.Known(req, l.CreatedBy))},
		{Label: t("records.authority"), Value: r.h.AuthorityName(l.Authority)}}...)
	if l.CaseID != "" {
		out.Rows = append(out.Rows, web.SummaryRow{Label: t("filing.incoming.assigned"), Value: t("filing.by", i18n.DateTime(lang, l.AssignedAt), l.AssignedBy)})
	}
	if !l.ClosedAt.IsZero() {
		out.Rows = append(out.Rows, web.SummaryRow{Label: t("filing.incoming.finished"), Value: t("filing.by", i18n.DateTime(lang, l.ClosedAt), l.ClosedBy)},
			web.SummaryRow{Label: t("filing.reason"), Value: strings.TrimSuffix(t("filing.no_case."+string(l.Reason))+": "+l.Note, ": ")})
	}
	return out
}

// twinsAlert says that the same letter was here before.
func (r *Room) twinsAlert(req *http.Request, l Letter) (a web.Alert) {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	for _, x := range l.Twins {
		if x.Document != "" {
			a.Items = append(a.Items, web.Link{Text: t("filing.twin.filed", x.Name, x.Where, i18n.Date(lang, x.At)), Href: "/akte/dokument/" + x.Document + "/karte"})
		} else {
			a.Items = append(a.Items, web.Link{Text: t("filing.twin.post", x.Name, i18n.Date(lang, x.At)), Href: incomingPath + "/" + x.Incoming})
		}
	}
	if len(a.Items) > 0 {
		a.Kind, a.Title = "warning", t("filing.twin")
	}
	return a
}

// assignFields are the fields of the form that assigns.
func (r *Room) assignFields(req *http.Request, p *incomingPage, l Letter, in typed) error {
	t := r.h.Site.Text(req)
	field := r.oneField(req, in)
	proposals := l.Proposals
	if p.Query != "" {
		found, err := r.Targets(req.Context(), l.Authority, p.Query)
		if err != nil {
			return err
		}
		proposals, p.Searched = found, true
	}
	p.Targets = field("ziel", "filing.assign.proposed", "")
	p.Targets.Kind = "radio"
	if p.Searched {
		p.Targets.Label = t("filing.assign.found")
	}
	for _, x := range proposals {
		o := web.Option{Value: "vorgang " + x.Reference, Label: x.Reference + " " + x.Subject}
		if x.FileID != "" {
			o.Value, o.Label = "akte "+x.Reference, t("filing.assign.file_option", o.Label)
		}
		if x.Why != "" {
			o.Hint = t(x.Why)
		}
		if x.Closed {
			o.Hint = strings.TrimSpace(o.Hint + " " + t("filing.assign.closed"))
		}
		p.Targets.Options = append(p.Targets.Options, o)
	}
	p.Case, p.File = field("vorgang", "filing.assign.case", ""), field("akte", "filing.assign.file", "")
	p.Case.Hint, p.File.Hint = t("filing.target.hint"), t("filing.assign.file.hint")
	p.Subject = field("betreff", "filing.assign.subject", l.Incoming.Subject)
	unit := field("planeinheit", "records.unit", "")
	unit.Kind = "select"
	for _, u := range l.Choices.Units {
		unit.Options = append(unit.Options, web.Option{Value: u.Code, Label: u.Code + " " + u.Title})
	}
	org := field("einheit", "filing.assign.lead", l.Org)
	org.Kind, org.Optional = "select", true
	org.Options = []web.Option{{Label: t("filing.assign.lead.any")}}
	org.Options = append(org.Options, orgOptions(l.Choices.Orgs)...)
	p.NewFile = []web.Field{unit, org}
	return nil
}

func orgOptions(orgs []records.Org) (out []web.Option) {
	for _, o := range orgs {
		out = append(out, web.Option{Value: o.ID, Label: o.Code + " " + o.Name})
	}
	return out
}

// oneField makes the fields of this page.
func (r *Room) oneField(req *http.Request, in typed) func(name, label, value string) web.Field {
	return func(name, label, value string) web.Field {
		if in.form.Has(name) {
			value = in.form.Get(name)
		}
		return web.Field{Name: name, Label: r.h.Site.T(req, label), Value: value, MaxLength: 200, Error: r.h.Site.FieldError(req, in.err, name)}
	}
}

// workFields are the fields of the forms for what is not assigned.
func (r *Room) workFields(req *http.Request, p *incomingPage, l Letter, in typed) {
	t, field := r.h.Site.Text(req), r.oneField(req, in)
	p.Org, p.Person = field("an_einheit", "filing.chosen.unit", ""), field("an_person", "filing.forward.person", "")
	p.Org.Kind, p.Person.Kind, p.Org.Optional, p.Person.Optional = "select", "select", true, true
	p.Org.Options = append([]web.Option{{Label: t("filing.forward.nobody")}}, orgOptions(l.Choices.Orgs)...)
	p.Person.Options = []web.Option{{Label: t("filing.forward.nobody")}}
	for _, c := range l.Colleagues {
		p.Person.Options = append(p.Person.Options, web.Option{Value: c.Subject, Label: c.Name})
	}
	p.Reason, p.Note = field("grund", "filing.reason", ""), field("hinweis", "filing.no_case.hint", "")
	p.Reason.Kind, p.Note.Kind, p.Note.Optional, p.Note.MaxLength = "radio", "textarea", true, maxNote
	for _, x := range Reasons {
		p.Reason.Options = append(p.Reason.Options, web.Option{Value: string(x), Label: t("filing.no_case." + string(x))})
	}
	sender, subject := field("absender", "filing.sender", l.Sender), field("eingang_betreff", "records.subject", l.Incoming.Subject)
	received := field("eingang", "records.received", i18n.ISODate(l.ReceivedAt))
	sender.Optional, sender.MaxLength, subject.MaxLength, received.Kind, received.Past = true, maxSubject, maxSubject, "day", true
	p.Correct = []web.Field{sender, subject, received}
	p.Forward = p.Org.Error != "" || p.Person.Error != ""
	p.Finish = p.Reason.Error != "" || p.Note.Error != ""
	p.Mend = sender.Error != "" || subject.Error != "" || received.Error != ""
}

// postOne is the frame of the page's forms.
func (r *Room) postOne(w http.ResponseWriter, req *http.Request, do func(form url.Values, version int64) (notice string, err error)) error {
	if err := web.ReadForm(w, req, 64<<10); err != nil {
		return err
	}
	form := req.PostForm
	notice, err := do(form, web.FormVersion(req))
	switch {
	case shown(err):
		return r.showIncoming(w, req, typed{form, err})
	case err != nil:
		return err
	}
	_, list := listOf(form)
	path := onePath(web.PathID(req), list)
	if _, _, err := r.Incoming(req.Context(), web.PathID(req)); errs.Is(err, errs.NotFound) { // it was passed on
		filter, _ := listOf(form)
		path = web.Address(incomingPath, filter.values())
	}
	return r.h.Site.Redirect(w, req, path, notice)
}

func (r *Room) postAssign(w http.ResponseWriter, req *http.Request) error {
	return r.postOne(w, req, func(form url.Values, _ int64) (string, error) {
		to, err := targetOf(form)
		if err == nil {
			_, err = r.Assign(req.Context(), web.PathID(req), to)
		} else {
			err = r.afterRights(req.Context(), web.PathID(req), err)
		}
		return "filing.notice.assigned", err
	})
}

// targetOf reads where post is to go.
func targetOf(form url.Values) (Target, error) {
	to := Target{NewCase: records.NewCase{ID: web.FormID(form.Get("id")), Subject: form.Get("betreff"), Org: form.Get("einheit")}}
	missing := func(name, key string) error { return errs.InvalidFields([]errs.Field{{Name: name, Key: key}}) }
	switch form.Get("was") {
	case "ziel":
		kind, reference, _ := strings.Cut(form.Get("ziel"), " ")
		switch {
		case reference == "":
			return to, missing("ziel", "filing.error.no_target")
		case kind == "akte":
			to.File = records.OneLine(reference)
		default:
			to.Case = records.OneLine(reference)
		}
	case "akte":
		if to.File = records.OneLine(form.Get("akte")); to.File == "" {
			return to, missing("akte", "filing.error.no_file_reference")
		}
	case "neu":
		to.NewFile = &records.NewFile{ID: to.NewCase.ID, Unit: form.Get("planeinheit"), Details: records.Details{Subject: form.Get("betreff"),
			Lead: form.Get("einheit")}}
	default:
		if to.Case = records.OneLine(form.Get("vorgang")); to.Case == "" {
			return to, missing("vorgang", "filing.error.no_reference")
		}
	}
	return to, nil
}

func (r *Room) postForward(w http.ResponseWriter, req *http.Request) error {
	return r.postOne(w, req, func(form url.Values, version int64) (string, error) {
		return "filing.notice.forwarded", r.Forward(req.Context(), web.PathID(req), version, form.Get("an_einheit"), form.Get("an_person"))
	})
}

func (r *Room) postFinish(w http.ResponseWriter, req *http.Request) error {
	return r.postOne(w, req, func(form url.Values, version int64) (string, error) {
		return "filing.notice.finished", r.Finish(req.Context(), web.PathID(req), version, Reason(form.Get("grund")), form.Get("hinweis"))
	})
}

func (r *Room) postReopen(w http.ResponseWriter, req *http.Request) error {
	return r.postOne(w, req, func(url.Values, int64) (string, error) {
		return "filing.notice.reopened", r.Reopen(req.Context(), web.PathID(req))
	})
}

func (r *Room) postCorrect(w http.ResponseWriter, req *http.Request) error {
	return r.postOne(w, req, func(form url.Values, version int64) (string, error) {
		days := web.Days{Form: form, Now: r.h.Now()}
		received := days.Back("eingang")
		return "filing.notice.corrected", days.Explain(r.Correct(req.Context(), web.PathID(req), version, form.Get("absender"), form.Get("eingang_betreff"), received))
	})
}

func (r *Room) postUnassign(w http.ResponseWriter, req *http.Request) error {
	return r.postOne(w, req, func(url.Values, int64) (string, error) {
		return "filing.notice.unassigned", r.Unassign(req.Context(), web.PathID(req))
	})
}

// getTargets suggests where post may belong, for suggest.js.
func (r *Room) getTargets(w http.ResponseWriter, req *http.Request) error {
	x, _, err := r.Incoming(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	found, err := r.Targets(req.Context(), x.Authority, web.Query(req.URL.Query().Get("q")))
	if err != nil {
		return err
	}
	texts := []string{}
	for _, t := range found {
		texts = append(texts, t.Reference+" "+t.Subject)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string][]string{"suggestions": texts}) // the caller has gone if it fails
	return nil
}

// postScanSeen notes that somebody has seen to a scan that could not be taken.
func (r *Room) postScanSeen(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	if err := r.ScanFailureSeen(req.Context(), web.PathID(req)); err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, incomingPath, "filing.notice.scan_seen")
}
