package filing

import (
	"net/http"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// sightView is what there is to see of a file, on any page: {{template "sight" .}} and below it {{template "sightText" .}}.
type sightView struct {
	Why    string
	Sheets []sheetView
	Count  string // which pages of how many; "" where that says nothing
	Pages  web.Pagination
	Mail   web.SummaryList // the head of a message
	Text   string
	How    string // what became of reading the text
	Cut    bool   // there is more than Text
}

type sheetView struct {
	Number        int
	Src, Alt      string
	Caption       string
	Width, Height int
}

type lookPage struct {
	Sight    sightView
	Name     string
	Tabs     web.Tabs // of the case; none for post
	Facts    web.SummaryList
	Download string
	Card     string // "" for post
	Flow     string // address of the form that has it circulate; "" for who cannot
	Previous web.Link
	Next     web.Link
}

// textLooked is how many bytes of a text are shown beside the pages.
const textLooked = 200_000

// viewed makes the view of a sight; path is the address of the page that shows it all, sheet that of a page's picture, and
// most is how many pages are shown.
func (r *Room) viewed(req *http.Request, s Sight, name, path string, sheet func(page int) string, most int) sightView {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	v := sightView{Text: s.Text}
	if s.Why != "" {
		v.Why = t(s.Why)
	}
	if len(v.Text) > textLooked {
		v.Text, v.Cut = strings.ToValidUTF8(v.Text[:textLooked], ""), true
	}
	switch {
	case s.Message != nil:
		v.Mail = r.mailHead(req, s)
	case s.How != "" && s.How != extract.Read:
		v.How = t(s.How.Key())
	case s.How == "":
		v.How = t("filing.look.not_read")
	}
	for i, size := range s.Sizes[:min(most, len(s.Sizes))] {
		n := s.First + i
		v.Sheets = append(v.Sheets, sheetView{n, sheet(n), t("filing.look.alt", n, s.Pages, name), t("filing.look.page", n, s.Pages), size.X, size.Y})
	}
	if shown := len(v.Sheets); shown > 0 && shown < s.Pages {
		v.Count = t("filing.look.count", i18n.Number(lang, int64(s.First)), i18n.Number(lang, int64(s.First+shown-1)), i18n.Number(lang, int64(s.Pages)))
	}
	if s.First > 1 {
		v.Pages.Previous = path + "?ab=" + strconv.Itoa(max(1, s.First-sheetsShown))
	}
	if s.First+sheetsShown <= s.Pages {
		v.Pages.Next = path + "?ab=" + strconv.Itoa(s.First+sheetsShown)
	}
	return v
}

// mailHead is the head of a message, without what is not said.
func (r *Room) mailHead(req *http.Request, s Sight) (out web.SummaryList) {
	t, lang := r.h.Site.Text(req), web.Lang(req)
	m := s.Message
	for _, row := range []web.SummaryRow{{Label: t("filing.mail.from"), Value: people(m.From)}, {Label: t("filing.mail.to"), Value: people(m.To)},
		{Label: t("filing.mail.cc"), Value: people(m.Cc)}, {Label: t("filing.sent"), Value: i18n.DateTime(lang, m.Date)},
		{Label: t("records.subject"), Value: records.OneLine(m.Subject)}, {Label: t("filing.mail.attachments"), Value: attached(m)}} {
		if row.Value != "" {
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}

// firstSheet is the number of the first page that an address asks for.
func firstSheet(req *http.Request) int {
	n, _ := strconv.Atoi(req.URL.Query().Get("ab")) // what is no number is the first
	return max(1, min(n, 1_000_000))
}

// number is the number in an address; errs.NotFound for what is none.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > 1_000_000_000 {
		return 0, errs.E(errs.NotFound, "records.error.not_found")
	}
	return n, nil
}

func (r *Room) getLook(w http.ResponseWriter, req *http.Request) error {
	id := web.PathID(req)
	n, err := number(req.PathValue("number"))
	if err != nil {
		return err
	}
	l, err := r.Look(req.Context(), id, n, firstSheet(req))
	if err != nil {
		return err
	}
	t, lang := r.h.Site.Text(req), web.Lang(req)
	p := lookPage{Name: l.Version.Name, Tabs: r.core.CaseTabs(req, l.CaseID, "/dokumente"), Card: "/akte/dokument/" + id + "/karte",
		Download: "/akte/dokument/" + id + "/fassung/" + strconv.FormatInt(n, 10),
		Sight:    r.viewed(req, l.Sight, l.Version.Name, records.LookPath(id, n), func(page int) string { return records.SheetPath(id, n, page, false) }, sheetsShown)}
	if l.Case.May >= access.Write && l.Case.State != records.StateClosed {
		p.Flow = flowPath(l.Document)
	}
	version := t("filing.look.version", n)
	if n != l.Document.Version {
		version = t("filing.look.old_version", n, l.Document.Version)
	}
	p.Facts.Rows = []web.SummaryRow{
		{Label: t("records.kind"), Value: r.kind(req, string(l.Kind))}, {Label: t("records.subject"), Value: l.Subject},
		{Label: t("filing.version"), Value: version},
		{Label: t("records.filed_at"), Value: t("filing.by", i18n.DateTime(lang, l.Version.CreatedAt), r.h.Site.Known(req, l.Version.CreatedBy))},
		{Label: t("records.case"), Value: l.Case.Reference + " " + l.Case.Subject},
		{Label: t("filing.media_type"), Value: strings.SplitN(l.Version.MediaType, ";", 2)[0] + ", " + web.SizeText(l.Version.Size)}}
	if l.Version.Comment != "" {
		p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: t("filing.comment"), Value: l.Version.Comment})
	}
	if l.Final() {
		p.Facts.Rows = append(p.Facts.Rows, web.SummaryRow{Label: t("filing.final_at"), Value: i18n.DateTime(lang, l.FinalAt)})
	}
	if d := l.Previous; d != nil {
		p.Previous = web.Link{Text: d.Name, Href: records.LookPath(d.ID, d.Version)}
	}
	if d := l.Next; d != nil {
		p.Next = web.Link{Text: d.Name, Href: records.LookPath(d.ID, d.Version)}
	}
	meta := web.Meta{Title: t("filing.look.title", l.Version.Name), Crumbs: append(r.caseCrumbs(req, l.Case),
		web.Link{Text: t("records.documents"), Href: "/akte/vorgang/" + l.CaseID + "/dokumente"}, web.Link{Text: l.Name, Href: p.Card})}
	return r.pages.look.Render(w, req, meta, p)
}

func (r *Room) getSheet(w http.ResponseWriter, req *http.Request) error {
	n, err := number(req.PathValue("number"))
	if err != nil {
		return err
	}
	page, width, err := sheetAsked(req)
	if err != nil {
		return err
	}
	m, err := r.Sheet(req.Context(), web.PathID(req), n, page, width)
	if err != nil {
		return err
	}
	return sendPicture(w, m)
}

// sheetAsked is which page a picture is asked for of, and how wide.
func sheetAsked(req *http.Request) (page, width int, err error) {
	name, ok := strings.CutSuffix(req.PathValue("page"), ".png")
	n, err := number(name)
	if err == nil && !ok {
		err = errs.E(errs.NotFound, "records.error.not_found")
	}
	width = sheetWidth
	if req.URL.Query().Get("klein") != "" {
		width = smallWidth
	}
	return int(n), width, err
}

// sendPicture sends a picture that this program has drawn. It may be seen within a page: none of the document's own bytes are
// in it.
func sendPicture(w http.ResponseWriter, m Picture) error {
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Disposition", "inline")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(m.PNG)))
	if m.Keep {
		h.Set("Cache-Control", "private, max-age=3600, immutable")
	}
	_, _ = w.Write(m.PNG) // the caller has gone if it fails
	return nil
}

// incomingLookPath is the address of the page that shows a document of post.
func incomingLookPath(id, document string) string {
	return incomingPath + "/" + id + "/dokument/" + document + "/ansehen"
}

// incomingSheetPath is that of the picture of one of its pages.
func incomingSheetPath(id, document string) func(page int) string {
	return func(page int) string {
		return incomingPath + "/" + id + "/dokument/" + document + "/seite/" + strconv.Itoa(page) + ".png"
	}
}

func (r *Room) getLookIncoming(w http.ResponseWriter, req *http.Request) error {
	x, d, s, err := r.LookIncoming(req.Context(), web.PathID(req), web.ID(req.PathValue("document")), firstSheet(req))
	if err != nil {
		return err
	}
	t, lang := r.h.Site.Text(req), web.Lang(req)
	p := lookPage{Name: d.Name, Download: incomingPath + "/" + x.ID + "/dokument/" + d.ID,
		Sight: r.viewed(req, s, d.Name, incomingLookPath(x.ID, d.ID), incomingSheetPath(x.ID, d.ID), sheetsShown)}
	p.Facts.Rows = []web.SummaryRow{{Label: t("records.kind"), Value: r.kind(req, string(d.Kind))}, {Label: t("filing.sender"), Value: x.Sender},
		{Label: t("records.received"), Value: i18n.Date(lang, x.ReceivedAt)},
		{Label: t("filing.media_type"), Value: strings.SplitN(d.MediaType, ";", 2)[0] + ", " + web.SizeText(d.Size)}}
	meta := web.Meta{Title: t("filing.look.title", d.Name), Crumbs: append(r.deskCrumbs(req), web.Link{Text: t("filing.incoming"), Href: incomingPath},
		web.Link{Text: x.Subject, Href: incomingPath + "/" + x.ID})}
	return r.pages.look.Render(w, req, meta, p)
}

func (r *Room) getIncomingSheet(w http.ResponseWriter, req *http.Request) error {
	page, width, err := sheetAsked(req)
	if err != nil {
		return err
	}
	m, err := r.IncomingSheet(req.Context(), web.PathID(req), web.ID(req.PathValue("document")), page, width)
	if err != nil {
		return err
	}
	return sendPicture(w, m)
}
