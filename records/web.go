package records

import (
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/platform/paging"
	"rennsteig/platform/web"
)

type pages struct {
	inbox   *web.Page[inboxPage]
	vorgang *web.Page[casePage]
	decide  *web.Page[decidePage]
	check   *web.Page[checkPage]
	files   *web.Page[filesPage]
	file    *web.Page[filePage]
	form    *web.Page[formPage]
	history *web.Page[historyView]
	kept    *web.Page[keptPage]
}

func newPages(s *web.Site) pages {
	return pages{
		inbox:   web.NewPage[inboxPage](s, Files, "inbox"),
		vorgang: web.NewPage[casePage](s, Files, "case"),
		decide:  web.NewPage[decidePage](s, Files, "decide"),
		check:   web.NewPage[checkPage](s, Files, "check"),
		files:   web.NewPage[filesPage](s, Files, "files"),
		file:    web.NewPage[filePage](s, Files, "file"),
		form:    web.NewPage[formPage](s, Files, "form"),
		history: web.NewPage[historyView](s, Files, "history"),
		kept:    web.NewPage[keptPage](s, Files, "kept"),
	}
}

// Routes registers the room's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte", r.getInbox)
	handle("GET /akte/vorgang/{id}", r.getCase)
	handle("GET /akte/vorgang/{id}/weiter", r.getNext)
	handle("POST /akte/vorgang/{id}/uebernehmen", r.postTake)
	handle("POST /akte/vorgang/{id}/notiz", r.postNote)
	handle("POST /akte/vorgang/{id}/nachforderung", r.postAsk)
	handle("POST /akte/vorgang/{id}/zda", r.postClose)
	handle("GET /akte/vorgang/{id}/entscheidung", r.getDecide)
	handle("POST /akte/vorgang/{id}/entscheidung", r.postDecide)
	handle("GET /akte/dokument/{id}", r.getDocument)
	handle("GET /akte/akten", r.getFiles)
	handle("GET /akte/akten/neu", r.getNewFile)
	handle("POST /akte/akten/neu", r.postNewFile)
	handle("GET /akte/akte/{id}", r.getFile)
	handle("GET /akte/akte/{id}/bearbeiten", r.getEditFile)
	handle("POST /akte/akte/{id}/bearbeiten", r.postEditFile)
	handle("GET /akte/akte/{id}/vorgang", r.getNewCase)
	handle("POST /akte/akte/{id}/vorgang", r.postNewCase)
	handle("GET /akte/akte/{id}/nachweis", r.getHistory)
	handle("GET /akte/akte/{id}/nachweis/buendel", r.getProof)
	handle("POST /akte/akte/{id}/teilakte", r.postPart)
	handle("POST /akte/akte/{id}/verweis", r.postLink)
	handle("POST /akte/akte/{id}/verweis-entfernen", r.postUnlink)
	handle("POST /akte/akte/{id}/ausleihe", r.postLend)
	handle("POST /akte/akte/{id}/merken", r.postMark)
	handle("POST /akte/akte/{id}/schliessen", r.postCloseFile)
	handle("POST /akte/akte/{id}/wiederaufnehmen", r.postReopen)
}

// parseFilter reads a filter from an address. What it does not know it leaves out: a list is never an error.
func parseFilter(v url.Values) Filter {
	oneOf := func(name string, choices ...string) string {
		for _, c := range choices {
			if v.Get(name) == c {
				return c
			}
		}
		return ""
	}
	return Filter{
		Query: web.Query(v.Get("q")),
		State: oneOf("stand", StateAll, string(StateNew), string(StateInWork), string(StateWaiting), string(StateDecided),
			string(StateClosed)),
		Who:  oneOf("wer", WhoMine, WhoFree),
		Sort: oneOf("sortierung", SortNewest, SortDue),
		Page: paging.Read(v),
	}
}

// values writes the filter as the query of an address, without what is not set.
func (f Filter) values() url.Values {
	v := web.Values("q", f.Query, "stand", f.State, "wer", f.Who, "sortierung", f.Sort)
	f.Page.Write(v)
	return v
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

type inboxPage struct {
	Tabs          web.Tabs
	Query         string
	Choices       []web.Choice
	Filtered      bool
	Rows          []inboxRow
	ShowAuthority bool
	Pages         web.Pagination
}

type inboxRow struct {
	Case      Case
	Path      string
	List      string // the filter, for the form in the row
	Authority string
	State     web.Badge
	Overdue   bool
	Mine      bool
}

func (r *Room) getInbox(w http.ResponseWriter, req *http.Request) error {
	f := parseFilter(req.URL.Query())
	l, err := r.Inbox(req.Context(), f)
	if err != nil {
		return err
	}
	d := inboxPage{Tabs: r.Tabs(req, "/akte"), Query: f.Query, Filtered: f != (Filter{Page: f.Page}), ShowAuthority: severalAuthorities(req),
		Pages: l.Pages("/akte", f.values()),
		Choices: []web.Choice{
			r.h.Site.Choose(req, "stand", "records.filter.state", f.State, string(StateNew), string(StateInWork), string(StateWaiting),
				string(StateDecided), string(StateClosed), StateAll),
			r.h.Site.Choose(req, "wer", "records.filter.who", f.Who, WhoMine, WhoFree),
			r.h.Site.Choose(req, "sortierung", "records.filter.sort", f.Sort, SortNewest, SortDue),
		}}
	for _, c := range l.Items {
		d.Rows = append(d.Rows, r.inboxRow(req, f, c))
	}
	return r.pages.inbox.Render(w, req, web.Meta{Title: r.h.Site.T(req, "records.inbox")}, d)
}

func (r *Room) inboxRow(req *http.Request, f Filter, c Case) inboxRow {
	return inboxRow{Case: c, Path: f.casePath(c.ID, ""), List: f.values().Encode(), Authority: r.h.AuthorityName(c.Authority), State: r.badge(req, c.State),
		Overdue: c.State.Open() && c.DueAt.Before(r.h.Now()), Mine: c.AssignedTo == caller(req).Subject}
}

func (r *Room) badge(req *http.Request, s State) web.Badge {
	kind := map[State]string{StateNew: "info", StateInWork: "warning", StateWaiting: "", StateDecided: "success", StateClosed: ""}[s]
	return web.Badge{Kind: kind, Text: r.h.Site.T(req, "records.state."+string(s))}
}

// getNext leads to the next case of the list that this one was opened from.
func (r *Room) getNext(w http.ResponseWriter, req *http.Request) error {
	f := list(req.URL.Query())
	d, err := r.Dossier(req.Context(), web.PathID(req))
	if err != nil {
		return err
	}
	next, err := r.Neighbour(req.Context(), f, d.Case)
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
