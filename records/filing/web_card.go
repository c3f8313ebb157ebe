package filing

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

type cardPage struct {
	Card
	Tabs    web.Tabs
	Errors  web.ErrorSummary
	Alert   web.Alert
	State   web.Badge
	Facts   web.SummaryList
	Rows    []versionRow
	Waiting []heldRow
	Steps   []step
	Locked  bool // by anybody, now
	Mine    bool // the lock
	CanEdit bool
	FormID  string
	Files   string // what is wrong with the upload
	Comment web.Field
	Script  string
	Parts   []documentRow // what came with the message
	Query   string        // words whose places in the text are marked
	Said    []fulltext.Segment
	How     string      // what became of reading the text
	Preview string      // what became of the rendition; "" where there can be none
	Look    string      // address of the page that shows all
	First   string      // address of the picture of the first page; "" where there is none
	Flow    string      // address of the form that has it circulate; "" for who cannot
	Details []web.Field // none for who cannot change them
	Stand   int64       // that they were read at
	Mend    bool        // they come back with what was typed
}

type versionRow struct {
	Version
	Look    string
	Bytes   string
	Current bool
	Same    int64  // the number of an older version with the same content; 0 if there is none
	Checked string // what reading it again gave
}

type heldRow struct {
	Held
	Bytes string
	Same  bool // as the current version
}

// step is one entry of the history.
type step struct {
	audit.Verified
	Title, Who string
	State      web.Badge
}

func (r *Room) getCard(w http.ResponseWriter, req *http.Request) error {
	return r.showCard(w, req, nil)
}

func (r *Room) showCard(w http.ResponseWriter, req *http.Request, failed error) error {
	c, err := r.Card(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	t, now := r.h.Site.Text(req), r.h.Now()
	p := cardPage{Card: c, Tabs: r.core.CaseTabs(req, c.CaseID, "/dokumente"), Errors: r.h.Site.Summary(t, failed), Alert: r.alert(req, failed),
		Facts: r.cardFacts(req, c), Locked: c.Locked(now), FormID: db.NewID(), Script: r.script.url(), Files: r.h.Site.FieldError(req, failed, "dateien"),
		Comment: web.Field{Name: "bemerkung", Label: t("filing.comment"), Optional: true, MaxLength: maxComment}}
	p.Mine = p.Locked && c.LockedBy == caller(req).Subject
	p.CanEdit = c.CanChange && !c.Final() && !made(c.Kind) && (!p.Locked || p.Mine)
	switch {
	case c.Final():
		p.State = web.Badge{Kind: "success", Text: t("filing.state.final")}
	case p.Locked:
		p.State = web.Badge{Kind: "warning", Text: t("filing.state.locked")}
	}
	var hashes []string
	for _, v := range c.Versions {
		hashes = append(hashes, v.Hash)
	}
	damaged, err := r.h.Audit.Damaged(req.Context(), hashes)
	if err != nil {
		return err
	}
	if damaged[c.Hash] != "" {
		p.State = web.Badge{Kind: "danger", Text: t("records.blob.damaged")}
	}
	check, _ := strconv.ParseInt(req.URL.Query().Get("pruefen"), 10, 64)
	first := map[string]int64{}
	for i := len(c.Versions) - 1; i >= 0; i-- {
		v := c.Versions[i]
		row := versionRow{Version: v, Look: records.LookPath(c.ID, v.Number), Bytes: web.SizeText(v.Size), Current: v.Number == c.Version, Same: first[v.Hash]}
		if row.Same == 0 {
			first[v.Hash] = v.Number
		}
		if damaged[v.Hash] != "" {
			row.Checked = t("filing.check.damaged")
		}
		if v.Number == check {
			row.Checked = r.recheck(req, v)
		}
		p.Rows = append([]versionRow{row}, p.Rows...)
	}
	for _, h := range c.Held {
		p.Waiting = append(p.Waiting, heldRow{h, web.SizeText(h.Size), h.Hash == c.Hash})
	}
	for _, d := range c.Enclosed {
		p.Parts = append(p.Parts, documentRow{Document: d, What: r.kind(req, string(d.Kind)), Bytes: web.SizeText(d.Size)})
	}
	p.Query = web.Query(req.URL.Query().Get("q"))
	p.How = t("filing.text.waiting")
	if c.Text.How != "" && c.Text.Hash == c.Hash {
		p.How = t(c.Text.How.Key())
		p.Said = fulltext.Snippet(c.Text.Text, fulltext.Parse(p.Query), textShown)
	}
	if extract.Convertible(c.Name) {
		p.Preview = t("filing.preview." + string(c.Rendition.State))
		if c.Rendition.Note != "" {
			p.Preview = t(c.Rendition.Note)
		}
	}
	p.Look = records.LookPath(c.ID, c.Version)
	if from := shownFrom(c.file()); from == asItself || from == asPDF && c.Rendition.State == RenditionMade {
		p.First = records.SheetPath(c.ID, c.Version, 1, true)
	}
	if c.CanChange {
		p.Flow = flowPath(c.Document)
	}
	if p.Stand = c.Revision; c.CanChange && !c.Final() && (!p.Locked || p.Mine) {
		p.Details, p.Mend = r.detailFields(req, c.Document, failed)
	}
	for _, h := range c.History {
		p.Steps = append(p.Steps, r.step(req, h))
	}
	meta := web.Meta{Title: c.Name, Crumbs: append(r.caseCrumbs(req, c.Case), web.Link{Text: t("records.documents"),
		Href: "/akte/vorgang/" + c.CaseID + "/dokumente"}), Failed: failed != nil}
	return r.pages.card.RenderStatus(w, req, statusOf(failed), meta, p)
}

// flowPath is the address of the form that has the document circulate (records/flow).
func flowPath(d Document) string {
	return "/akte/vorgang/" + d.CaseID + "/geschaeftsgang?dokument=" + d.ID + "#starten"
}

// textShown is how many bytes of a text the card shows.
const textShown = 20_000

// recheck reads a version again and says whether it is what its hash says.
func (r *Room) recheck(req *http.Request, v Version) string {
	content, err := r.open(req.Context(), v.Hash, v.Name)
	if err == nil {
		defer content.Close()
		_, err = io.Copy(io.Discard, content)
	}
	var damaged *blob.Corrupt
	switch {
	case err == nil:
		return r.h.Site.T(req, "filing.check.good")
	case errors.As(err, &damaged):
		return r.h.Site.T(req, "filing.check.damaged")
	}
	return r.h.Site.T(req, "filing.check.failed")
}

func (r *Room) step(req *http.Request, v audit.Verified) step {
	t := r.h.Site.Text(req)
	s := step{Verified: v, Title: t("audit.action." + v.Action), Who: v.ActorName}
	if strings.HasPrefix(v.Actor, "system:") {
		s.Who = t("records.by.program")
	}
	if v.State == audit.Tampered {
		s.State = web.Badge{Kind: "danger", Text: t("filing.history.tampered")}
	}
	return s
}

func (r *Room) cardFacts(req *http.Request, c Card) web.SummaryList {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	rows := []web.SummaryRow{
		{Label: t("records.kind"), Value: r.kind(req, string(c.Kind))},
		{Label: t("records.subject"), Value: c.Subject},
		{Label: t("filing.keywords"), Value: c.Words()},
	}
	if c.Kind == Mail {
		rows = append(rows, web.SummaryRow{Label: t("filing.sender"), Value: c.Sender}, web.SummaryRow{Label: t("filing.sent"), Value: i18n.DateTime(lang, c.SentAt)})
		rows = append(rows, web.SummaryRow{Label: t("filing.mail.to"), Value: c.Recipients}, web.SummaryRow{Label: t("filing.mail.cc"), Value: c.Copies})
	}
	rows = append(rows,
		web.SummaryRow{Label: t("records.filed_at"), Value: t("filing.by", i18n.DateTime(lang, c.CreatedAt), r.h.Site.Known(req, c.CreatedBy))},
		web.SummaryRow{Label: t("records.case"), Value: c.Case.Reference + " " + c.Case.Subject},
		web.SummaryRow{Label: t("filing.version"), Value: strconv.FormatInt(c.Version, 10)},
		web.SummaryRow{Label: t("filing.media_type"), Value: strings.SplitN(c.MediaType, ";", 2)[0] + ", " + web.SizeText(c.Size)},
	)
	if c.Final() {
		rows = append(rows, web.SummaryRow{Label: t("filing.final_at"), Value: i18n.DateTime(lang, c.FinalAt)})
	}
	if c.Locked(r.h.Now()) {
		rows = append(rows, web.SummaryRow{Label: t("filing.lock"), Value: t("filing.lock.by", c.LockedName, i18n.DateTime(lang, c.LockedAt),
			i18n.DateTime(lang, c.LockedUntil()))})
	}
	return web.SummaryList{Rows: rows}
}

// detailFields are those of the form that changes what is said of the document; typed reports whether they hold what was
// typed.
func (r *Room) detailFields(req *http.Request, d Document, failed error) (fields []web.Field, typed bool) {
	t := r.h.Site.Text(req)
	typed = failed != nil && req.PostForm.Has("stand")
	field := func(name, label, value string, most int, optional bool) web.Field {
		f := web.Field{Name: name, Label: t(label), MaxLength: most, Value: value, Optional: optional}
		if typed {
			f.Value, f.Error = req.PostForm.Get(name), r.h.Site.FieldError(req, failed, name)
		}
		return f
	}
	if !made(d.Kind) {
		fields = append(fields, field("name", "filing.name", d.Name, maxDocumentName, false))
	}
	if slices.Contains(choosable, d.Kind) {
		kind := field("art", "records.kind", string(d.Kind), 0, false)
		kind.Kind = "select"
		for _, k := range choosable {
			kind.Options = append(kind.Options, web.Option{Value: string(k), Label: r.kind(req, string(k))})
		}
		fields = append(fields, kind)
	}
	words := field("schlagworte", "filing.keywords", d.Words(), maxKeywords, true)
	words.Hint = t("records.keywords.hint")
	return append(fields, field("betreff", "records.subject", d.Subject, maxSubject, true), words), typed
}

func (r *Room) postDescribe(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	ctx, id, form := req.Context(), web.PathID(req), req.PostForm
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	d, err := r.store.document(ctx, q, scope, id, "")
	if err != nil {
		return err
	}
	x := Details{Name: d.Name, Kind: d.Kind, Subject: form.Get("betreff"), Keywords: form.Get("schlagworte")}
	if form.Has("name") {
		x.Name = form.Get("name")
	}
	if form.Has("art") {
		x.Kind = records.Kind(form.Get("art"))
	}
	seen, _ := strconv.ParseInt(form.Get("stand"), 10, 64) // none is that of what was never changed
	return r.postForm(w, req, func() (string, error) { return "filing.notice.marked", r.Describe(ctx, id, seen, x) })
}

func (r *Room) postVersion(w http.ResponseWriter, req *http.Request) error {
	ctx, id := req.Context(), web.PathID(req)
	if err := r.mayReplace(ctx, id); err != nil {
		return err
	}
	u, err := r.readUpload(w, req)
	if err == nil && len(u.files) != 1 {
		err = errs.InvalidFields([]errs.Field{{Name: "dateien", Key: "filing.error.one_file"}})
	}
	if err != nil {
		if shown(err) {
			return r.showCard(w, req, err)
		}
		return err
	}
	base, _ := strconv.ParseInt(u.get("version"), 10, 64) // none is no version that a document has
	_, held, err := r.NewVersion(ctx, id, base, web.FormID(u.get("id")), u.files[0], u.get("bemerkung"), u.get("freigeben") != "")
	switch {
	case held != "":
		return r.h.Site.Redirect(w, req, "/akte/dokument/"+id+"/karte#konflikt", "")
	case shown(err):
		return r.showCard(w, req, err)
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/dokument/"+id+"/karte", "filing.notice.version_added")
}

// mayReplace is mayFile for the case that the document lies in.
func (r *Room) mayReplace(ctx context.Context, id string) error {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return err
	}
	d, err := r.store.document(ctx, q, scope, id, "")
	if err != nil {
		return err
	}
	return r.mayFile(ctx, d.CaseID)
}

func (r *Room) getVersion(w http.ResponseWriter, req *http.Request) error {
	n, err := number(req.PathValue("number"))
	if err != nil {
		return err
	}
	f, content, err := r.OpenVersion(req.Context(), web.PathID(req), n, "")
	if err != nil {
		return err
	}
	defer content.Close()
	return send(w, f, content)
}

func (r *Room) getHeld(w http.ResponseWriter, req *http.Request) error {
	f, content, err := r.OpenVersion(req.Context(), web.PathID(req), 0, web.ID(req.PathValue("held")))
	if err != nil {
		return err
	}
	defer content.Close()
	return send(w, f, content)
}

// postForm is the frame of the card's small forms.
func (r *Room) postForm(w http.ResponseWriter, req *http.Request, do func() (notice string, err error)) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	notice, err := do()
	switch {
	case shown(err):
		return r.showCard(w, req, err)
	case err != nil:
		return err
	}
	return r.h.Site.Redirect(w, req, "/akte/dokument/"+web.PathID(req)+"/karte", notice)
}

func (r *Room) postSettle(w http.ResponseWriter, req *http.Request) error {
	return r.postForm(w, req, func() (string, error) {
		seen, _ := strconv.ParseInt(req.PostForm.Get("version"), 10, 64)
		keep := req.PostForm.Get("wahl") == "behalten"
		notice := "filing.notice.version_discarded"
		if keep {
			notice = "filing.notice.version_added"
		}
		return notice, r.Settle(req.Context(), web.PathID(req), web.ID(req.PostForm.Get("id")), keep, seen)
	})
}

func (r *Room) postLock(w http.ResponseWriter, req *http.Request) error {
	return r.postForm(w, req, func() (string, error) {
		switch ctx, id := req.Context(), web.PathID(req); req.PostForm.Get("was") {
		case "brechen":
			return "filing.notice.lock_broken", r.BreakLock(ctx, id)
		case "zurueckgeben":
			return "filing.notice.unlocked", r.Unlock(ctx, id)
		default:
			return "filing.notice.locked", r.Lock(ctx, id)
		}
	})
}

func (r *Room) getRendition(w http.ResponseWriter, req *http.Request) error {
	f, content, err := r.OpenRendition(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	defer content.Close()
	return send(w, f, content)
}

func (r *Room) postRendition(w http.ResponseWriter, req *http.Request) error {
	return r.postForm(w, req, func() (string, error) {
		return "filing.notice.rendering", r.Render(req.Context(), web.PathID(req))
	})
}
