package disposal

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records"
)

type pages struct {
	due       *web.Page[duePage]
	left      *web.Page[leftPage]
	processes *web.Page[processesPage]
	process   *web.Page[processPage]
	retention *web.Page[retentionPage]
	stub      *web.Page[stubPage]
	erase     *web.Page[erasePage]
	erasure   *web.Page[erasurePage]
	erasures  *web.Page[erasuresPage]
	imports   *web.Page[importsPage]
	imported  *web.Page[importPage]
	person    *web.Page[personPage]
	findings  *web.Page[findingsPage]
}

func newPages(s *web.Site) pages {
	return pages{
		due:       web.NewPage[duePage](s, Files, "due"),
		left:      web.NewPage[leftPage](s, Files, "left"),
		processes: web.NewPage[processesPage](s, Files, "processes"),
		process:   web.NewPage[processPage](s, Files, "process"),
		retention: web.NewPage[retentionPage](s, Files, "retention"),
		stub:      web.NewPage[stubPage](s, Files, "stub"),
		erase:     web.NewPage[erasePage](s, Files, "erase"),
		erasure:   web.NewPage[erasurePage](s, Files, "erasure"),
		erasures:  web.NewPage[erasuresPage](s, Files, "erasures"),
		imports:   web.NewPage[importsPage](s, Files, "imports"),
		imported:  web.NewPage[importPage](s, Files, "import"),
		person:    web.NewPage[personPage](s, Files, "person"),
		findings:  web.NewPage[findingsPage](s, Files, "findings"),
	}
}

const (
	formLimit  = 1 << 20 // bytes of a form
	duePath    = "/akte/aussonderung"
	listPath   = duePath + "/verfahren"
	importPath = duePath + "/uebernahme"
	erasePath  = duePath + "/loeschungen"
	personPath = "/akte/auskunft"
)

// Routes registers the room's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte/akte/{id}/aufbewahrung", r.getRetention)
	handle("GET /akte/akte/{id}/loeschung", r.getErase)
	handle("POST /akte/akte/{id}/loeschung", r.postErase)
	handle("GET /akte/aussonderung", r.getDue)
	handle("GET /akte/aussonderung.csv", r.getDueCSV)
	handle("POST /akte/aussonderung", r.postDue)
	handle("GET /akte/aussonderung/verfahren", r.getProcesses)
	handle("POST /akte/aussonderung/verfahren", r.postMessage)
	handle("POST /akte/aussonderung/einstellung", r.postSetting)
	handle("GET /akte/aussonderung/verfahren/{id}", r.getProcess)
	handle("POST /akte/aussonderung/verfahren/{id}/abgabe", r.postHandOver)
	handle("POST /akte/aussonderung/verfahren/{id}/zurueck", r.postWithdraw)
	handle("POST /akte/aussonderung/verfahren/{id}/vorschlag", r.postPropose)
	handle("POST /akte/aussonderung/verfahren/{id}/freigabe", r.postApprove)
	handle("POST /akte/aussonderung/verfahren/{id}/vernichtung", r.postDestroy)
	handle("GET /akte/aussonderung/paket/{id}", r.getPackage)
	handle("GET /akte/aussonderung/loeschungen", r.getErasures)
	handle("GET /akte/loeschung/{id}", r.getErasure)
	handle("POST /akte/loeschung/{id}", r.postErasure)
	handle("GET /akte/aussonderung/uebernahme", r.getImports)
	handle("POST /akte/aussonderung/uebernahme", r.postImport)
	handle("GET /akte/aussonderung/uebernahme/{id}", r.getImport)
	handle("POST /akte/aussonderung/uebernahme/{id}", r.postTake)
	handle("GET /akte/auskunft", r.getPerson)
	handle("POST /akte/auskunft", r.postPerson)
	handle("GET /akte/auskunft/{id}", r.getFindings)
	handle("POST /akte/auskunft/{id}", r.postFindings)
	handle("POST /akte/auskunft/{id}/export", r.postExport)
}

// sections leads between the parts of disposal.
func (r *Room) sections(req *http.Request, current string) web.Tabs {
	t := web.Tabs{Label: r.h.Site.T(req, "disposal.sections")}
	for _, l := range []web.Link{{Text: "disposal.due", Href: duePath}, {Text: "disposal.processes", Href: listPath},
		{Text: "disposal.imports", Href: importPath}, {Text: "disposal.erasures", Href: erasePath}, {Text: "disposal.person", Href: personPath}} {
		t.Links = append(t.Links, web.Link{Text: r.h.Site.T(req, l.Text), Href: l.Href, Current: l.Href == current})
	}
	return t
}

// head is what every page of disposal begins with.
type head struct {
	Tabs     web.Tabs
	Sections web.Tabs
	Errors   web.ErrorSummary
	Alert    web.Alert
}

func (r *Room) head(req *http.Request, current string, err error) head {
	h := head{Tabs: r.core.Tabs(req, duePath), Sections: r.sections(req, current)}
	h.Errors, h.Alert = r.problem(req, err)
	return h
}

// problem shows what a use-case refused: its fields, or else what it says.
func (r *Room) problem(req *http.Request, err error) (web.ErrorSummary, web.Alert) {
	if err == nil {
		return web.ErrorSummary{}, web.Alert{}
	}
	e := errs.As(err)
	if len(e.Fields) > 0 {
		return r.h.Site.Summary(r.h.Site.Text(req), err), web.Alert{}
	}
	return web.ErrorSummary{}, web.Alert{Kind: "danger", Title: r.h.Site.T(req, e.Key, e.Args...)}
}

// shown reports whether a refusal is shown on the page of the form; everything else is an error page.
func shown(err error) bool {
	return errs.Is(err, errs.Conflict) || errs.Is(err, errs.Invalid) || errs.Is(err, errs.TooLarge)
}

func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return errs.Status(errs.CodeOf(err))
}

// crumbs lead back to the work list.
func (r *Room) crumbs(req *http.Request, more ...web.Link) []web.Link {
	out := []web.Link{{Text: r.h.Site.T(req, "disposal.due"), Href: duePath}}
	for _, l := range more {
		out = append(out, web.Link{Text: r.h.Site.T(req, l.Text), Href: l.Href})
	}
	return out
}

// registry are the authorities whose records the caller keeps.
func registry(req *http.Request) []string {
	return identity.From(req.Context()).Authorities(identity.Registrar)
}

func caller(req *http.Request) identity.Principal { return identity.From(req.Context()) }

// authorities lets who keeps the records of several authorities say which one is meant.
func (r *Room) authorities(req *http.Request, current string) web.Choice {
	c := web.Choice{Name: "behoerde", Label: r.h.Site.T(req, "records.authority")}
	for _, a := range registry(req) {
		c.Options = append(c.Options, web.Chosen{Value: a, Text: r.h.AuthorityName(a), Selected: a == current})
	}
	return c
}

// authority is the one that a form means: the one that is named, or the only one.
func authority(req *http.Request, named string) string {
	if list := registry(req); named == "" && len(list) > 0 || !slices.Contains(list, named) && len(list) == 1 {
		return list[0]
	}
	return named
}

func (r *Room) appraisalText(req *http.Request, a records.Appraisal) string {
	if a == "" {
		return "–"
	}
	return r.h.Site.T(req, "records.appraisal."+string(a))
}

func dateText(req *http.Request, t time.Time) string { return i18n.Date(web.Lang(req), t) }

// --- stored packages ---

func (r *Room) getPackage(w http.ResponseWriter, req *http.Request) error {
	k, content, err := r.OpenPackage(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	defer content.Close()
	name, kind := k.Name, "application/zip"
	if !k.Out { // it may be a ZIP or the bare XML
		kind = "application/octet-stream"
	}
	return send(w, name, kind, k.Size, content)
}

// send sends a file to be saved. Once it runs there is no error page any more: what breaks off, or is not what its hash
// says, breaks the connection, so that nobody takes half a file for a whole one.
func send(w http.ResponseWriter, name, kind string, size int64, content io.Reader) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	h.Set("X-Content-Type-Options", "nosniff")
	if _, err := io.Copy(w, content); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
