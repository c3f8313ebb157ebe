package disposal

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

type processesPage struct {
	head
	Rows          []processRow
	ShowAuthority bool
	Pages         web.Pagination
	Upload        web.Field
	Settings      []settingForm
}

type processRow struct {
	Process   Process
	Authority string
	State     web.Badge
}

// settingForm is what one authority has agreed on with its archive.
type settingForm struct {
	Authority, Name string
	Archive         web.Field
	Agreed          web.Field
	KeepSubject     web.Field
}

func (r *Room) getProcesses(w http.ResponseWriter, req *http.Request) error {
	return r.showProcesses(w, req, nil, nil)
}

func (r *Room) showProcesses(w http.ResponseWriter, req *http.Request, typed *Setting, failed error) error {
	ctx, t := req.Context(), r.h.Site.Text(req)
	c := paging.Read(req.URL.Query())
	l, err := r.Processes(ctx, c)
	if err != nil {
		return err
	}
	d := processesPage{head: r.head(req, listPath, failed), ShowAuthority: len(registry(req)) > 1, Pages: l.Pages(listPath, url.Values{}),
		Upload: web.Field{Name: "nachricht", Label: t("disposal.message"), Hint: t("disposal.message.hint"), Kind: "file", Accept: ".zip,.xml"}}
	for _, p := range l.Items {
		row := processRow{Process: p, Authority: r.h.AuthorityName(p.Authority), State: web.Badge{Kind: "info", Text: t("disposal.process.open")}}
		if p.Ended {
			row.State = web.Badge{Kind: "success", Text: t("disposal.process.ended")}
		}
		d.Rows = append(d.Rows, row)
	}
	for _, a := range registry(req) {
		if a == "" || a == identity.Everywhere {
			continue
		}
		s, err := r.Setting(ctx, a)
		if err != nil {
			return err
		}
		e := error(nil)
		if typed != nil && typed.Authority == a {
			s, e = *typed, failed
		}
		d.Settings = append(d.Settings, settingForm{a, r.h.AuthorityName(a),
			web.Field{Name: "archive", Label: t("disposal.archive"), Hint: t("disposal.archive.hint"), Kind: "text", MaxLength: maxName, Value: s.Archive,
				Error: r.h.Site.FieldError(req, e, "archive")},
			web.Field{Name: "agreed", Label: t("disposal.agreed"), Hint: t("disposal.agreed.hint"), Kind: "checkbox", Value: strconv.FormatBool(s.Agreed), Optional: true},
			web.Field{Name: "keep_subject", Label: t("disposal.keep_subject"), Hint: t("disposal.keep_subject.hint"), Kind: "checkbox",
				Value: strconv.FormatBool(s.KeepSubject), Optional: true}})
	}
	return r.pages.processes.RenderStatus(w, req, status(failed), web.Meta{Title: t("disposal.processes"), Crumbs: r.crumbs(req), Failed: failed != nil}, d)
}

func (r *Room) postSetting(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	f := req.PostForm
	s := Setting{Authority: authority(req, f.Get("behoerde")), Archive: f.Get("archive"), Agreed: f.Get("agreed") == "true",
		KeepSubject: f.Get("keep_subject") == "true"}
	err := r.Set(req.Context(), s)
	if shown(err) {
		return r.showProcesses(w, req, &s, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, listPath, "disposal.notice.set")
}

// postMessage takes what the archive sent.
func (r *Room) postMessage(w http.ResponseWriter, req *http.Request) error {
	if _, err := registrar(req.Context(), r.h.DB.Reader()); err != nil {
		return err // before anything is read
	}
	if err := web.ReadForm(w, req, maxMessage+formLimit); err != nil {
		return err
	}
	file, header, err := req.FormFile("nachricht")
	if err != nil {
		return r.showProcesses(w, req, nil, errs.InvalidFields([]errs.Field{{Name: "nachricht", Key: "disposal.error.no_file"}}))
	}
	defer file.Close()
	taken, err := r.Take(req.Context(), file, header.Size)
	switch {
	case shown(err), errs.Is(err, errs.NotFound) && taken.Process != "":
		return r.showProcesses(w, req, nil, err)
	case err != nil:
		return err
	case taken.Again:
		return r.h.Site.Redirect(w, req, listPath+"/"+taken.Process, "disposal.notice.taken_again")
	}
	return r.h.Site.Redirect(w, req, listPath+"/"+taken.Process, "disposal.notice.message_"+string(taken.Message))
}

type processPage struct {
	head
	Process    Process
	State      web.Badge
	Steps      web.Stepper
	Facts      web.SummaryList
	Counts     []countRow
	Packages   []packageRow
	Approvals  []approvalRow
	Items      []itemRow
	Filter     web.Choice
	Next       string
	PackageID  string // of the package that the form makes
	ApprovalID string // of the approval that the form makes
	HandOver   bool
	Resend     bool
	Propose    bool
	Destroy    bool
	Working    bool
	Later      bool // stored files go after the rest
}

type countRow struct {
	Text string
	N    int64
	Href string
}

type packageRow struct {
	Package Package
	What    string
	State   string
	Size    string
	Href    string
}

type approvalRow struct {
	Approval Approval
	State    string
	Mine     bool // the caller proposed it
	Open     bool
}

type itemRow struct {
	Item     Item
	State    web.Badge
	Proposal string
	Decision string
	Error    string
	Withdraw bool
}

func (r *Room) getProcess(w http.ResponseWriter, req *http.Request) error {
	return r.showProcess(w, req, nil)
}

func (r *Room) showProcess(w http.ResponseWriter, req *http.Request, failed error) error {
	ctx, t, lang := req.Context(), r.h.Site.Text(req), web.Lang(req)
	p, packages, approvals, err := r.Process(ctx, web.PathID(req))
	if err != nil {
		return err
	}
	path := listPath + "/" + p.ID
	state := ItemState("")
	filter := web.Choice{Name: "stand", Label: t("disposal.item.state"), Options: []web.Chosen{{Text: t("disposal.item.any")}}}
	d := processPage{head: r.head(req, "", failed), Process: p, PackageID: web.FormID(req.PostFormValue("paket")), ApprovalID: web.FormID(req.PostFormValue("vorschlag")),
		State: web.Badge{Kind: "info", Text: t("disposal.process.open")}}
	if p.Ended {
		d.State = web.Badge{Kind: "success", Text: t("disposal.process.ended")}
	}
	for _, s := range ItemStates {
		if p.Counts[s] == 0 {
			continue
		}
		if req.URL.Query().Get("stand") == string(s) {
			state = s
		}
		filter.Options = append(filter.Options, web.Chosen{Value: string(s), Text: t("disposal.item." + string(s)), Selected: s == state})
		d.Counts = append(d.Counts, countRow{t("disposal.item." + string(s)), p.Counts[s], path + "?stand=" + string(s)})
	}
	d.Filter = filter
	d.Facts.Rows = []web.SummaryRow{
		{Label: t("records.authority"), Value: r.h.AuthorityName(p.Authority)},
		{Label: t("disposal.archive"), Value: p.Archive},
		{Label: t("disposal.begun"), Value: t("disposal.by_at", p.By, i18n.DateTime(lang, p.At))},
		{Label: t("disposal.kind"), Value: t("disposal.steps." + strconv.Itoa(p.Steps))},
		{Label: t("disposal.process_id"), Value: p.ID},
	}
	for _, k := range packages {
		row := packageRow{Package: k, What: t("disposal.message." + string(k.Message)), State: r.packageState(req, k, packages), Size: web.SizeText(k.Size)}
		if k.State == PackageWritten || k.State == PackageTaken {
			row.Href = duePath + "/paket/" + k.ID
		} else {
			row.Size = "–"
		}
		d.Working = d.Working || k.State == PackagePlanned
		d.Packages = append(d.Packages, row)
	}
	me := identity.From(ctx).Subject
	for _, x := range approvals {
		d.Approvals = append(d.Approvals, approvalRow{x, t("disposal.approval." + x.State), x.FirstBy == me, x.State == ApprovalOpen})
	}
	items, next, err := r.Items(ctx, p.ID, state, web.ID(req.URL.Query().Get("nach")))
	if err != nil {
		return err
	}
	if next != "" {
		d.Next = path + "?" + web.Values("stand", string(state), "nach", next).Encode()
	}
	waitingV := false
	for _, it := range items {
		d.Items = append(d.Items, r.itemRow(req, it))
	}
	if err := r.offers(ctx, p, &d, &waitingV); err != nil {
		return err
	}
	d.Steps = r.steps(req, p, packages, d.HandOver)
	d.Propose = waitingV && p.Counts[Proposed] == 0
	d.Destroy = p.Counts[TakenOver]+p.Counts[Approved] > 0
	d.Working = d.Working || p.Counts[Destroying] > 0
	d.Later = d.Destroy || p.Counts[Destroying]+p.Counts[Destroyed] > 0
	meta := web.Meta{Title: t("disposal.process_title", dateText(req, p.At)), Crumbs: r.crumbs(req, web.Link{Text: "disposal.processes", Href: listPath}), Failed: failed != nil}
	return r.pages.process.RenderStatus(w, req, status(failed), meta, d)
}

// offers says what can be done with the items next: A is handed over, V proposed.
func (r *Room) offers(ctx context.Context, p Process, d *processPage, waitingV *bool) error {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return err
	}
	files, err := r.store.itemsToPropose(ctx, q, a, p.ID)
	*waitingV = len(files) > 0
	d.HandOver = p.Counts[Appraised] > int64(len(files))
	d.Resend = p.Counts[Failed] > 0
	return err
}

func (r *Room) itemRow(req *http.Request, it Item) itemRow {
	t := r.h.Site.Text(req)
	kind := map[ItemState]string{Failed: "danger", TakenOver: "success", Approved: "warning", Destroying: "warning", Proposed: "warning", Offered: "info", HandedOver: "info"}[it.State]
	row := itemRow{Item: it, State: web.Badge{Kind: kind, Text: t("disposal.item." + string(it.State))}, Proposal: r.appraisalText(req, it.Proposal),
		Decision: r.appraisalText(req, it.Decision), Error: it.Error, Withdraw: it.State == Offered || it.State == Appraised || it.State == Failed}
	if it.Error == changedSince {
		row.Error = t(changedSince)
	}
	return row
}

// packageState says truly what became of a package: what was written has not gone out, and what went out has not arrived.
func (r *Room) packageState(req *http.Request, k Package, all []Package) string {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	switch at := k.confirmed(all); {
	case k.State == PackageErased || !k.Out:
	case !at.IsZero():
		return t("disposal.package.confirmed", i18n.DateTime(lang, at))
	case !k.FetchedAt.IsZero():
		return t("disposal.package.fetched", k.FetchedBy, i18n.DateTime(lang, k.FetchedAt))
	}
	return t("disposal.package." + k.State)
}

// confirmed is when the archive first said that it has the package: by a receipt, or by answering it. The zero time if it
// has not.
func (k Package) confirmed(all []Package) time.Time {
	answers := map[xdomea.Message][]xdomea.Message{xdomea.Offer: {xdomea.OfferReceipt, xdomea.AppraisalList},
		xdomea.Disposal: {xdomea.DisposalReceipt, xdomea.DisposalResult}}[k.Message]
	for _, x := range all { // the oldest first
		if !x.Out && !x.At.Before(k.At) && slices.Contains(answers, x.Message) {
			return x.At
		}
	}
	return time.Time{}
}

// leftHouse reports whether the last message of that kind has left the house, as far as anybody can know.
func leftHouse(message xdomea.Message, all []Package) bool {
	for _, k := range slices.Backward(all) {
		if k.Out && k.Message == message {
			return k.State == PackageErased || !k.FetchedAt.IsZero() || !k.confirmed(all).IsZero()
		}
	}
	return false
}

// steps shows how far a process is, in the steps that it really goes: nothing is handed over where all is rated V, nothing
// destroyed where all was taken out. What nobody has fetched yet is not done; toHandOver says that something rated A waits.
func (r *Room) steps(req *http.Request, p Process, packages []Package, toHandOver bool) web.Stepper {
	c := p.Counts
	sent := func(m xdomea.Message) bool {
		return slices.ContainsFunc(packages, func(k Package) bool { return k.Message == m })
	}
	handsOver := sent(xdomea.Disposal) || toHandOver || c[Offered] > 0
	var names []string
	for _, s := range []struct {
		name string
		goes bool
	}{
		{"offer", p.Steps == 4},
		{"appraisal", p.Steps == 4 && (!p.Ended || sent(xdomea.AppraisalList))},
		{"hand_over", handsOver},
		{"result", handsOver},
		{"destruction", !p.Ended || c[Destroyed] > 0},
	} {
		if s.goes {
			names = append(names, s.name)
		}
	}
	current := "destruction"
	switch {
	case p.Ended:
		current = ""
	case c[Offered] > 0 && !leftHouse(xdomea.Offer, packages):
		current = "offer"
	case c[Offered] > 0:
		current = "appraisal"
	case toHandOver, c[Failed] > 0, c[HandedOver] > 0 && !leftHouse(xdomea.Disposal, packages):
		current = "hand_over"
	case c[HandedOver] > 0:
		current = "result"
	}
	at := slices.Index(names, current)
	if at < 0 {
		at = len(names)
	}
	var s web.Stepper
	for i, n := range names {
		step := web.Step{Text: r.h.Site.T(req, "disposal.step."+n), State: "open"}
		if i < at {
			step.State = "done"
		} else if i == at {
			step.State = "current"
		}
		s.Steps = append(s.Steps, step)
	}
	return s
}

// postProcess is the frame of a process's forms.
func (r *Room) postProcess(w http.ResponseWriter, req *http.Request, notice string, do func(id string, form url.Values) error) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	err := do(web.PathID(req), req.PostForm)
	if shown(err) {
		return r.showProcess(w, req, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, listPath+"/"+web.PathID(req), notice)
}

func (r *Room) postHandOver(w http.ResponseWriter, req *http.Request) error {
	return r.postProcess(w, req, "disposal.notice.handed_over", func(id string, form url.Values) error {
		_, err := r.HandOver(req.Context(), id, web.FormID(form.Get("paket")))
		return err
	})
}

func (r *Room) postWithdraw(w http.ResponseWriter, req *http.Request) error {
	return r.postProcess(w, req, "disposal.notice.withdrawn", func(id string, form url.Values) error {
		return r.Withdraw(req.Context(), id, web.ID(form.Get("akte")))
	})
}

func (r *Room) postPropose(w http.ResponseWriter, req *http.Request) error {
	return r.postProcess(w, req, "disposal.notice.proposed", func(id string, form url.Values) error {
		return r.Propose(req.Context(), id, web.FormID(form.Get("vorschlag")))
	})
}

func (r *Room) postApprove(w http.ResponseWriter, req *http.Request) error {
	notice, do := "disposal.notice.approved", r.Approve
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	switch req.PostForm.Get("antwort") {
	case "nein":
		notice, do = "disposal.notice.rejected", r.Reject
	case "zurueck":
		notice, do = "disposal.notice.taken_back", r.Reject
	}
	err := do(req.Context(), web.PathID(req), web.ID(req.PostForm.Get("vorschlag")))
	if shown(err) {
		return r.showProcess(w, req, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, listPath+"/"+web.PathID(req), notice)
}

func (r *Room) postDestroy(w http.ResponseWriter, req *http.Request) error {
	return r.postProcess(w, req, "disposal.notice.destroying", func(id string, _ url.Values) error {
		_, err := r.Destroy(req.Context(), id)
		return err
	})
}

// --- a file's page ---

type retentionPage struct {
	Tabs         web.Tabs
	File         records.File
	Facts        web.SummaryList
	Disposal     web.SummaryList
	ProcessHref  string
	Destructions []web.SummaryList
	Erasures     []erasureRow
	CanErase     bool
}

func (r *Room) getRetention(w http.ResponseWriter, req *http.Request) error {
	ctx, t, lang := req.Context(), r.h.Site.Text(req), web.Lang(req)
	v, err := r.Retention(ctx, web.PathID(req))
	if err != nil {
		return err
	}
	f := v.File
	d := retentionPage{Tabs: r.core.FileTabs(req, f.ID, "/aufbewahrung"), File: f, CanErase: v.Registrar && f.State == ""}
	row := func(label, value string) {
		d.Facts.Rows = append(d.Facts.Rows, web.SummaryRow{Label: t(label), Value: value})
	}
	row("records.unit", f.Unit.Code+" "+f.Unit.Title)
	row("records.closed", dateText(req, f.ClosedAt))
	row("disposal.transfer", r.h.Site.Texts.N(lang, "disposal.years", v.Rule.TransferYears))
	if v.Rule.RetentionYears < 0 {
		row("records.retention", t("disposal.forever"))
	} else {
		row("records.retention", r.h.Site.Texts.N(lang, "disposal.years", v.Rule.RetentionYears))
	}
	switch {
	case f.ClosedAt.IsZero():
		row("disposal.until", t("disposal.until.open"))
	case v.Rule.RetentionYears < 0 && f.State == "":
		row("disposal.until", t("disposal.forever"))
	default:
		row("disposal.transferred_on", dateText(req, v.Rule.TransferredOn(f.ClosedAt)))
		until := f.RetainUntil
		if until.IsZero() { // it was closed this minute
			until = v.Rule.Until(f.ClosedAt)
		}
		row("disposal.until", dateText(req, until))
	}
	row("disposal.proposal", r.appraisalText(req, f.Unit.Appraisal))
	row("disposal.reason", t("disposal.reason."+string(f.Unit.Appraisal)))
	row("disposal.state", t("disposal.file."+f.State))
	for _, o := range v.Origins {
		row("disposal.origin", t("disposal.origin.from", o.Reference, o.Sender))
	}
	if v.Item != nil {
		d.Disposal.Rows = []web.SummaryRow{
			{Label: t("disposal.item.state"), Value: t("disposal.item." + string(v.Item.State))},
			{Label: t("disposal.decision"), Value: r.appraisalText(req, v.Item.Decision)},
			{Label: t("disposal.changed"), Value: i18n.DateTime(lang, v.Item.ChangedAt)}}
		if x := r.itemRow(req, *v.Item); x.Error != "" {
			d.Disposal.Rows = append(d.Disposal.Rows, web.SummaryRow{Label: t("disposal.error"), Value: x.Error})
		}
		if v.Item.ArchiveID != "" {
			d.Disposal.Rows = append(d.Disposal.Rows, web.SummaryRow{Label: t("disposal.archive_id"), Value: v.Item.ArchiveID})
		}
		if v.Registrar {
			d.ProcessHref = listPath + "/" + v.Process
		}
	}
	for _, x := range v.Destructions {
		d.Destructions = append(d.Destructions, r.destructionFacts(req, x))
	}
	for _, e := range v.Erasures {
		d.Erasures = append(d.Erasures, r.erasureRow(req, e))
	}
	return r.pages.retention.Render(w, req, web.Meta{Title: t("disposal.retention_title", f.Reference),
		Crumbs: []web.Link{{Text: t("records.files"), Href: "/akte/akten"}, {Text: t("records.file_title", f.Reference), Href: "/akte/akte/" + f.ID}}}, d)
}

// amount says how much something is, without what there is none of.
func (r *Room) amount(req *http.Request, files, cases, documents, stored int, bytes int64) string {
	var parts []string
	for _, x := range []struct {
		key string
		n   int
	}{{"files", files}, {"cases", cases}, {"documents", documents}, {"stored", stored}} {
		if x.n > 0 {
			parts = append(parts, r.h.Site.Texts.N(web.Lang(req), "disposal.amount."+x.key, x.n))
		}
	}
	return strings.Join(append(parts, web.SizeText(bytes)), ", ")
}

func (r *Room) destructionFacts(req *http.Request, x Destruction) web.SummaryList {
	t := r.h.Site.Text(req)
	l := web.SummaryList{Rows: []web.SummaryRow{
		{Label: t("disposal.destroyed_at"), Value: i18n.DateTime(web.Lang(req), x.At)},
		{Label: t("disposal.scope"), Value: t("disposal.scope."+x.Scope) + " " + x.Reference},
		{Label: t("disposal.amount"), Value: r.amount(req, 0, int(x.Cases), int(x.Documents), int(x.Stored), x.Bytes)},
		{Label: t("disposal.responsible"), Value: x.First},
	}}
	if x.Second != "" {
		l.Rows[3].Value = t("disposal.two", x.First, x.Second)
	}
	if x.Stored > 0 {
		l.Rows = append(l.Rows, web.SummaryRow{Label: t("disposal.stored"), Value: t("disposal.stored_later")})
	}
	if x.ArchiveID != "" {
		l.Rows = append(l.Rows, web.SummaryRow{Label: t("disposal.archive_id"), Value: x.ArchiveID})
	}
	if paper := r.paper(req, scope(x.Scope), x.Decision, x.Medium, x.Location); paper != "" {
		l.Rows = append(l.Rows, web.SummaryRow{Label: t("disposal.paper"), Value: paper})
	}
	return l
}
