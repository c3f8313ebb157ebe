package finder

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

// pages are the room's pages.
type pages struct {
	start     *web.Page[startView]
	results   *web.Page[resultsView]
	place     *web.Page[placeView]
	service   *web.Page[serviceView]
	authority *web.Page[authorityView]
	feedback  *web.Page[feedbackView]
}

func newPages(s *web.Site) pages {
	return pages{
		start:     web.NewPage[startView](s, Files, "start"),
		results:   web.NewPage[resultsView](s, Files, "results"),
		place:     web.NewPage[placeView](s, Files, "place"),
		service:   web.NewPage[serviceView](s, Files, "service"),
		authority: web.NewPage[authorityView](s, Files, "authority"),
		feedback:  web.NewPage[feedbackView](s, Files, "feedback"),
	}
}

const (
	maxQuery  = 200 // letters of a question
	hitsAPage = 10
	maxTasks  = 300 // services listed on an authority's page

	searchesPerMinute = 120
	searchBurst       = 60
)

// Routes registers the room's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	s := r.h.Site
	s.Handle(mux, "GET /{$}", r.startPage)
	s.Handle(mux, "GET /suche", s.Limit("search", searchesPerMinute, searchBurst, r.searchPage))
	s.Handle(mux, "GET /vorschlaege", s.Limit("suggestions", suggestionsPerMinute, suggestionBurst, r.suggestions))
	s.Handle(mux, "GET /sitemap.xml", r.sitemap)
	s.Handle(mux, "GET /robots.txt", r.robots)
	s.Handle(mux, "GET /leistung/{key}", r.servicePage)
	s.Handle(mux, "POST /leistung/{key}/hilfreich", s.Limit("feedback", feedbacksPerMinute, feedbackBurst, r.postHelpful))
	s.Handle(mux, "GET /leistung/{key}/rueckmeldung", r.feedbackPage)
	s.Handle(mux, "POST /leistung/{key}/rueckmeldung", s.Limit("feedback", feedbacksPerMinute, feedbackBurst, r.postReason))
	s.Handle(mux, "GET /behoerde/{id}", r.authorityPage)
	s.Handle(mux, "GET /ort", r.placePage)
	s.Handle(mux, "POST /ort", r.setPlace)
}

func (r *Room) startPage(w http.ResponseWriter, req *http.Request) error {
	c := r.catalog()
	v := startView{Form: searchForm{Place: r.placeName(c, web.Place(req))}}
	for _, t := range topTasks {
		if _, ok := c.services[t.key]; ok {
			v.Tasks = append(v.Tasks, web.Link{Text: r.h.Site.T(req, "finder.task."+t.name), Href: "/leistung/" + t.key})
		}
	}
	for _, name := range lifeSituations {
		if len(c.situations[name]) > 0 {
			v.Situations = append(v.Situations, web.Link{Text: name, Href: situationPath(name)})
		}
	}
	return r.pages.start.Render(w, req, web.Meta{Title: r.h.Site.T(req, "finder.start.title"), Address: "/"}, v)
}

// input reads a text of the address; errs.Invalid if it is too long or no text.
func input(req *http.Request, name string, limit int) (string, error) {
	s := req.URL.Query().Get(name)
	switch {
	case !utf8.ValidString(s):
		return "", errs.E(errs.Invalid, "errs.encoding")
	case utf8.RuneCountInString(s) > limit:
		return "", errs.E(errs.Invalid, "finder.too_long", limit)
	}
	return s, nil
}

func (r *Room) searchPage(w http.ResponseWriter, req *http.Request) error {
	s, err := r.search(w, req)
	if err != nil || s == nil {
		return err
	}
	return r.pages.results.Render(w, s.req, web.Meta{Title: s.title, Address: s.address}, s.view)
}

// shown is a page of results, ready to be rendered for the request.
type shown struct {
	req   *http.Request
	title string
	view  resultsView

	address string // of a life situation; questions are not to be listed
}

// search finds what the address asks for; nil if the caller was asked to choose a place first.
func (r *Room) search(w http.ResponseWriter, req *http.Request) (*shown, error) {
	query, err := input(req, "q", maxQuery)
	if err != nil {
		return nil, err
	}
	asked, err := input(req, "ort", maxQuery)
	if err != nil {
		return nil, err
	}
	limits, err := readFilter(req)
	if err != nil {
		return nil, err
	}
	c := r.catalog()
	v := resultsView{Form: searchForm{Query: query, Place: asked}}
	place := web.Place(req)
	if asked != "" {
		found, choices := c.OnePlace(asked)
		switch {
		case found != nil:
			place = found.ARS
			if place != web.Place(req) {
				web.SetPlace(w, req, place)
				req = withPlace(req, place)
			}
			v.Form.Place = found.ShortName
		case len(choices) > 0:
			return nil, r.choosePlace(w, req, asked, choices, "/suche", keepFilters(req))
		default:
			v.PlaceUnknown = web.Alert{Kind: "warning", Title: r.h.Site.T(req, "finder.place.unknown", asked)}
		}
	} else {
		if named := c.placeIn(query); place == "" && named != nil { // "hund anmelden erfurt"
			place = named.ARS
		}
		v.Form.Place = r.placeName(c, place)
	}
	if _, ok := c.areas[place]; !ok {
		place = "" // a cookie from long ago
	}
	title := r.h.Site.T(req, "finder.results.title_empty")
	var answer Answer
	switch {
	case query != "":
		title = r.h.Site.T(req, "finder.results.title", query)
		answer = c.Ask(query)
		if page := req.URL.Query().Get("seite"); page == "" || page == "1" {
			v.Search = r.note(query, len(answer.Hits) > 0)
		}
	case limits.Situation != "":
		title = r.h.Site.T(req, "finder.results.title", limits.Situation)
		answer.Hits = c.situations[limits.Situation]
	default:
		return &shown{req: req, title: title, view: v}, nil
	}
	if answer.Mended != "" {
		q := keepFilters(req)
		q.Set("q", answer.Mended)
		v.Mended = web.Link{Text: answer.Mended, Href: "/suche?" + q.Encode()}
	}
	for _, name := range answer.Near {
		v.Near = append(v.Near, web.Link{Text: name, Href: situationPath(name)})
	}
	all, err := r.at(req.Context(), c, answer.Hits, place)
	if err != nil {
		return nil, err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	tn := func(key string, n int) string { return r.h.Site.Texts.N(web.Lang(req), key, n) }
	kept, filters := limits.apply(t, tn, req.URL.Query(), all)
	if len(all) > 1 || len(filters.Set) > 0 {
		v.Filter = filters
	}
	v.Filtered = len(kept) == 0 && len(all) > 0
	if err := r.showHits(req, c, &v, kept, place); err != nil {
		return nil, err
	}
	v.Nothing = len(all) == 0
	out := &shown{req: req, title: title, view: v}
	if query == "" && !req.URL.Query().Has("seite") && slices.Contains(lifeSituations, limits.Situation) && limits == (filter{Situation: limits.Situation}) {
		out.address = situationPath(limits.Situation)
	}
	return out, nil
}

// keepFilters are the parts of the address that stay when the question or the place changes.
func keepFilters(req *http.Request) url.Values {
	out := url.Values{}
	for _, name := range []string{"q", "lage", "thema", "amt", "online"} {
		if v := req.URL.Query().Get(name); v != "" {
			out.Set(name, v)
		}
	}
	return out
}

// showHits fills the page of hits that the address asks for.
func (r *Room) showHits(req *http.Request, c *Catalog, v *resultsView, hits []found, place string) error {
	page, _ := strconv.Atoi(req.URL.Query().Get("seite")) // no number is the first page
	page = max(1, min(page, (len(hits)+hitsAPage-1)/hitsAPage))
	from := (page - 1) * hitsAPage
	to := min(len(hits), from+hitsAPage)
	v.Summary = r.h.Site.Texts.N(web.Lang(req), "finder.results.count", len(hits))
	if len(hits) == 0 {
		v.Summary = ""
		if a, ok := c.areas[place]; ok {
			v.General = officeLink(c.generalOffice(c.current(a)))
		}
		return nil
	}
	for i, h := range hits[from:to] {
		view, err := r.hitView(req, c, h.Hit, place)
		if err != nil {
			return err
		}
		view.Office.Brief = from+i > 0
		if v.Search != "" {
			view.Href += "?suche=" + v.Search
		}
		v.Hits = append(v.Hits, view)
	}
	at := func(n int) string {
		q := req.URL.Query()
		q.Set("seite", strconv.Itoa(n))
		return "/suche?" + q.Encode()
	}
	if page > 1 {
		v.Pages.Previous = at(page - 1)
	}
	if to < len(hits) {
		v.Pages.Next = at(page + 1)
	}
	return nil
}

func (r *Room) servicePage(w http.ResponseWriter, req *http.Request) error {
	c := r.catalog()
	s, ok := c.services[req.PathValue("key")]
	if !ok {
		return errs.E(errs.NotFound, "finder.service_unknown")
	}
	r.opened.add(s.Key)
	place := web.Place(req)
	if named := req.URL.Query().Get("ort"); named != "" { // a link that somebody passed on
		place = named
	}
	if _, ok := c.areas[place]; !ok {
		place = ""
	}
	office, resp, err := r.office(req, c, *s, place)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	r.click(req.URL.Query().Get("suche"))
	v := serviceView{Key: s.Key, Text: s.Text, Place: r.placeName(c, place), Office: office,
		PlaceNeeded: resp.Reason.Key == "finder.reason.place_needed",
		ChoosePlace: "/ort?weiter=" + url.QueryEscape("/leistung/"+s.Key)}
	v.Data = r.linkedData(req, c, s, place, office)
	v.Description, v.Described = c.textView(s.Key, web.Lang(req), resp.offices()...)
	v.Elsewhere = c.OnlineAt(s.Key, append(c.Around(place), resp.Responsible.ID, resp.Processor.ID)...)
	for _, other := range c.related(s) {
		v.Related = append(v.Related, web.Link{Text: other.Title, Href: "/leistung/" + other.Key})
	}
	row := func(key, value string) {
		if value != "" {
			v.Facts.Rows = append(v.Facts.Rows, web.SummaryRow{Label: t("finder.service." + key), Value: value})
		}
	}
	row("official", s.Name)
	row("key", s.Key)
	if resp.Law != "" {
		row("law", resp.Law)
	} else {
		row("law", s.Law)
	}
	row("situation", s.LifeSituation)
	crumbs := []web.Link{}
	if s.LifeSituation != "" {
		crumbs = append(crumbs, web.Link{Text: s.LifeSituation, Href: situationPath(s.LifeSituation)})
	}
	return r.pages.service.Render(w, req, web.Meta{Title: c.titleIn(s, web.Lang(req)), Crumbs: crumbs,
		Address: "/leistung/" + s.Key, Langs: c.langsOf(s.Key)}, v)
}

func (r *Room) authorityPage(w http.ResponseWriter, req *http.Request) error {
	c := r.catalog()
	a, ok := c.authorities[req.PathValue("id")]
	if !ok {
		return errs.E(errs.NotFound, "finder.authority_unknown")
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := authorityView{Generic: a.Generic}
	row := func(key, value string) {
		if value == "" {
			value = t("finder.missing")
		}
		v.Facts.Rows = append(v.Facts.Rows, web.SummaryRow{Label: t("finder.authority." + key), Value: value})
	}
	kind := string(a.Kind)
	if area := c.areas[a.Area]; area != nil && area.ARS == a.ID && area.BigTown {
		kind = "big_town"
	}
	row("kind", t("finder.kind."+kind))
	if area := c.areas[a.Area]; area != nil {
		if parent := c.areas[area.Parent]; parent != nil && area.Kind != State {
			row("area", parent.Name)
		}
		if worker := c.generalOffice(area); worker.ID != "" && worker.ID != a.ID {
			v.Note = t("finder.authority.served", worker.Name)
		}
	}
	row("seat", a.Seat)
	row("postcode", a.Postcode)
	if !a.Generic && a.Seat+a.Postcode != "" {
		v.Map = "https://www.openstreetmap.org/search?query=" + url.QueryEscape(strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(a.Name, "Stadt "), "Gemeinde ")+", "+a.Postcode+" "+a.Seat))
	}
	row("address", a.Contact.Address())
	row("phone", a.Contact.Channel(ChannelPhone, ChannelMobile))
	row("hours", a.Contact.OpeningHours())
	if a.Contact != nil {
		row("mail", a.Contact.Channel(ChannelMail))
		row("web", a.Contact.Channel(ChannelWeb))
		row("source", a.Contact.Origin)
	}
	seen := map[string]bool{}
	for _, s := range c.Tasks(a) {
		object := c.objectOf(&s)
		if seen[object.Key] || len(v.Services) == maxTasks {
			continue
		}
		seen[object.Key] = true
		v.Services = append(v.Services, web.Link{Text: object.Title, Href: "/leistung/" + object.Key})
	}
	return r.pages.authority.Render(w, req, web.Meta{Title: a.Name, Address: "/behoerde/" + url.PathEscape(a.ID)}, v)
}
