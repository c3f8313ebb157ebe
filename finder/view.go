package finder

import (
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/web"
	"rennsteig/standards/leika"
)

type searchForm struct{ Query, Place string }

type startView struct {
	Form       searchForm
	Tasks      []web.Link
	Situations []web.Link
}

type resultsView struct {
	Form         searchForm
	PlaceUnknown web.Alert
	Mended       web.Link
	Filter       filterView
	Summary      string
	Hits         []hitView
	Nothing      bool // found, whatever the filters
	Filtered     bool // nothing is left by the filters
	Near         []web.Link
	General      web.Link
	Pages        web.Pagination
	Search       string // hash of the question, for counting whether it led on
}

type hitView struct {
	Title, Href, Text, Why string
	Variants               []web.Link
	Office                 officeView
}

// officeView is who does a service, why, for what fee, and the way to the online form.
type officeView struct {
	Service                                   string
	Known                                     bool
	Brief                                     bool // one line, for hits further down
	Responsible, Processor, Receives, General web.Link
	Unit                                      web.Link // imported office where people go
	Contact, SinglePoint                      web.Link
	Reason                                    string
	Online                                    string
	Fee                                       Fee
	FeeSet                                    bool
	DemoBadge                                 web.Badge
}

type placeView struct {
	Errors  web.ErrorSummary
	Field   web.Field
	Next    string
	Asked   string
	Choices []placeChoice
	Again   string
}

type placeChoice struct{ Name, Hint, Href string }

type serviceView struct {
	Data        linkedData
	Key         string
	Text        string
	Described   bool
	Description TextView
	Elsewhere   []Online
	Place       string
	PlaceNeeded bool
	ChoosePlace string
	Office      officeView
	Related     []web.Link
	Facts       web.SummaryList
}

type authorityView struct {
	Map      string // address outside; "" if there is nothing to look for
	Generic  bool
	Facts    web.SummaryList
	Note     string
	Services []web.Link
}

// topTasks are the sentences on the start page; name is the end of the text's key.
var topTasks = []struct{ name, key string }{
	{"move", "99115005104000"}, {"dog", "99110009104000"}, {"id", "99008001012000"}, {"passport", "99085001012000"},
	{"residence", "99115003012000"}, {"business", "99050012104000"}, {"car", "99036008007000"}, {"marry", "99059001104000"},
	{"rent", "99107023017000"}, {"record", "99049001001000"}, {"birth", "99027002012000"}, {"build", "99012008001000"},
}

// lifeSituations are those of the catalogue that the start page shows.
var lifeSituations = []string{"Wohnen & Umzug", "Geburt", "Eheschließung", "Kinderbetreuung", "Schule", "Studium", "Führerschein",
	"Kfz-Besitz", "Tierhaltung", "Bauen & Immobilien", "Unternehmensstart & Gewerbezulassung", "Einwanderung", "Behinderung", "Pflege",
	"Scheidung", "Tod", "Fischen & Jagen", "Steuererklärung"}

const maxVariants = 8

func (r *Room) hitView(req *http.Request, c *Catalog, h Hit, place string) (hitView, error) {
	office, _, err := r.office(req, c, h.Service, place)
	if err != nil {
		return hitView{}, err
	}
	v := hitView{Title: h.Service.Title, Href: "/leistung/" + h.Service.Key, Text: h.Service.Text, Office: office}
	for _, other := range h.Variants[:min(len(h.Variants), maxVariants)] {
		v.Variants = append(v.Variants, web.Link{Text: other.Title, Href: "/leistung/" + other.Key})
	}
	var why []string
	for _, reason := range h.Why {
		why = append(why, r.h.Site.T(req, reason.Key, reason.Args...))
	}
	v.Why = strings.Join(why, "; ")
	return v, nil
}

// office says who does the service in the place, with fee and form where there are any.
func (r *Room) office(req *http.Request, c *Catalog, s Service, place string) (officeView, Responsibility, error) {
	resp, err := c.Resolve(s.Key, place)
	if err != nil {
		return officeView{}, resp, err
	}
	v := officeView{Service: s.Title, Known: resp.Known, Reason: r.h.Site.T(req, resp.Reason.Key, resp.Reason.Args...)}
	if !resp.Known {
		if resp.Responsible.ID != "" {
			v.General = officeLink(resp.Responsible)
		}
		return v, resp, nil
	}
	v.Responsible = officeLink(resp.Responsible)
	if resp.ActsForAnother() {
		v.Processor = officeLink(resp.Processor)
	}
	if resp.Receives != nil {
		v.Receives = officeLink(*resp.Receives)
	}
	if resp.Unit != nil {
		v.Unit = officeLink(*resp.Unit)
	}
	if resp.Contact != nil {
		v.Contact = officeLink(*resp.Contact)
	}
	if resp.SinglePoint != nil {
		v.SinglePoint = officeLink(*resp.SinglePoint)
	}
	path, ok, err := r.forms.Online(req.Context(), s.Key, resp.Processor.ID)
	if err != nil {
		return v, resp, err
	}
	if ok {
		v.Online = path + "?ort=" + url.QueryEscape(place)
	}
	v.Fee, v.FeeSet, err = r.fees.Fee(req.Context(), s.Key, resp.Processor.ID)
	if v.Fee.Demo {
		v.DemoBadge = web.Badge{Kind: "info", Text: r.h.Site.T(req, "finder.demo_value")}
	}
	return v, resp, err
}

func officeLink(a Authority) web.Link { return web.Link{Text: a.Name, Href: "/behoerde/" + a.ID} }

// objectOf is the service of the bare object, if the catalogue has it.
func (c *Catalog) objectOf(s *Service) *Service {
	if o, ok := c.services[leika.Key(s.Key).ObjectPrefix()+"000000"]; ok {
		return o
	}
	return s
}

// related are the other services of the same object.
func (c *Catalog) related(s *Service) []*Service {
	var out []*Service
	for _, o := range c.objects[leika.Key(s.Key).ObjectPrefix()] {
		if o != s {
			out = append(out, o)
		}
	}
	return out[:min(len(out), 25)]
}
