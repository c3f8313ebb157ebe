package records

import (
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/platform/web"
)

type pages struct {
	inbox   *web.Page[inboxPage]
	vorgang *web.Page[casePage]
	decide  *web.Page[decidePage]
	check   *web.Page[checkPage]
	files   *web.Page[filesPage]
	file    *web.Page[filePage]
	loans   *web.Page[loansPage]
	form    *web.Page[formPage]
	history *web.Page[historyView]
	closing *web.Page[closingPage]
}

func newPages(s *web.Site) pages {
	return pages{
		inbox:   web.NewPage[inboxPage](s, Files, "inbox"),
		vorgang: web.NewPage[casePage](s, Files, "case"),
		decide:  web.NewPage[decidePage](s, Files, "decide"),
		check:   web.NewPage[checkPage](s, Files, "check"),
		files:   web.NewPage[filesPage](s, Files, "files"),
		file:    web.NewPage[filePage](s, Files, "file"),
		loans:   web.NewPage[loansPage](s, Files, "loans"),
		form:    web.NewPage[formPage](s, Files, "form"),
		history: web.NewPage[historyView](s, Files, "history"),
		closing: web.NewPage[closingPage](s, Files, "closing"),
	}
}

// Routes registers the room's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte", r.getInbox)
	handle("GET /akte.csv", r.getInboxCSV)
	handle("POST /akte/auswahl", r.postChosenCases)
	handle("POST /akte/ansichten", r.postView)
	handle("POST /akte/spalten", r.postColumns)
	handle("GET /akte/vorgang/{id}", r.getCase)
	handle("GET /akte/vorgang/{id}/weiter", r.getNext)
	handle("POST /akte/vorgang/{id}/uebernehmen", r.postTake)
	handle("POST /akte/vorgang/{id}/notiz", r.postNote)
	handle("POST /akte/vorgang/{id}/nachforderung", r.postAsk)
	handle("GET /akte/vorgang/{id}/zda", r.getClosing)
	handle("POST /akte/vorgang/{id}/zda", r.postClose)
	handle("GET /akte/vorgang/{id}/wiederaufnehmen", r.getReopenCase)
	handle("POST /akte/vorgang/{id}/wiederaufnehmen", r.postReopenCase)
	handle("GET /akte/vorgang/{id}/bearbeiten", r.getEditCase)
	handle("POST /akte/vorgang/{id}/bearbeiten", r.postEditCase)
	handle("GET /akte/vorgang/{id}/zuweisen", r.getAssign)
	handle("POST /akte/vorgang/{id}/zuweisen", r.postAssign)
	handle("GET /akte/vorgang/{id}/verschieben", r.getMove)
	handle("POST /akte/vorgang/{id}/verschieben", r.postMove)
	handle("GET /akte/vorgang/{id}/entscheidung", r.getDecide)
	handle("POST /akte/vorgang/{id}/entscheidung", r.postDecide)
	handle("GET /akte/dokument/{id}", r.getDocument)
	handle("GET /akte/akten", r.getFiles)
	handle("GET /akte/akten.csv", r.getFilesCSV)
	handle("POST /akte/akten/auswahl", r.postChosenFiles)
	handle("GET /akte/akten/neu", r.getNewFile)
	handle("POST /akte/akten/neu", r.postNewFile)
	handle("GET /akte/ausleihen", r.getLoans)
	handle("GET /akte/ausleihen.csv", r.getLoansCSV)
	handle("POST /akte/ausleihen/auswahl", r.postChosenLoans)
	handle("GET /akte/akte/{id}", r.getFile)
	handle("GET /akte/akte/{id}/bearbeiten", r.getEditFile)
	handle("POST /akte/akte/{id}/bearbeiten", r.postEditFile)
	handle("GET /akte/akte/{id}/einheit", r.getReassign)
	handle("POST /akte/akte/{id}/einheit", r.postReassign)
	handle("GET /akte/akte/{id}/vorgang", r.getNewCase)
	handle("POST /akte/akte/{id}/vorgang", r.postNewCase)
	handle("GET /akte/akte/{id}/nachweis", r.getHistory)
	handle("GET /akte/akte/{id}/nachweis/buendel", r.getProof)
	handle("POST /akte/akte/{id}/teilakte", r.postPart)
	handle("GET /akte/akte/{id}/teilakte/{teil}", r.getPart)
	handle("POST /akte/akte/{id}/teilakte/{teil}", r.postChangePart)
	handle("POST /akte/akte/{id}/verweis", r.postLink)
	handle("POST /akte/akte/{id}/verweis-entfernen", r.postUnlink)
	handle("POST /akte/akte/{id}/ausleihe", r.postLend)
	handle("POST /akte/akte/{id}/merken", r.postMark)
	handle("POST /akte/akte/{id}/schliessen", r.postCloseFile)
	handle("POST /akte/akte/{id}/wiederaufnehmen", r.postReopen)
}

// list is the inbox that a case's page was opened from, as it is carried through the case's links and forms, so that
// the way back leads to the same filter.
func list(v url.Values) Filter {
	inner, err := url.ParseQuery(v.Get("liste"))
	if err != nil {
		return Filter{}
	}
	return parseFilter(inner)
}

// path is the address of the inbox with this filter.
func (f Filter) path() string { return web.Address("/akte", f.values()) }

// casePath is the address of a case's page (or what follows it), opened from the list with this filter.
func (f Filter) casePath(id, suffix string) string {
	return web.Address("/akte/vorgang/"+id+suffix, web.Values("liste", f.values().Encode()))
}

func (r *Room) badge(req *http.Request, s State) web.Badge {
	kind := map[State]string{StateNew: "info", StateInWork: "warning", StateWaiting: "", StateDecided: "success", StateClosed: ""}[s]
	return web.Badge{Kind: kind, Text: r.h.Site.T(req, "records.state."+string(s))}
}

// getNext leads to the next case of the list that this one was opened from.
func (r *Room) getNext(w http.ResponseWriter, req *http.Request) error {
	f := list(req.URL.Query())
	next, err := r.Neighbour(req.Context(), f, web.PathID(req))
	if err != nil {
		return err
	}
	if next == "" {
		return r.h.Site.Redirect(w, req, f.path(), "records.notice.end_of_list")
	}
	return r.h.Site.Redirect(w, req, f.casePath(next, ""), "")
}

func (r *Room) getDocument(w http.ResponseWriter, req *http.Request) error {
	d, content, err := r.OpenDocument(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	h.Set("Content-Type", SafeType(d.MediaType))
	h.Set("Content-Disposition", Disposition(d.Name))
	h.Set("Content-Length", strconv.FormatInt(d.Size, 10))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox") // should a browser show it all the same
	return stream(w, content)
}

// crumbs lead back to the inbox with its filter.
func (r *Room) crumbs(req *http.Request, f Filter) []web.Link {
	return []web.Link{{Text: r.h.Site.T(req, "records.inbox"), Href: f.path()}}
}
