package exchange

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/german"
	"rennsteig/platform/i18n"
)

// AuthorityOut is an authority. What is not known is left out.
type AuthorityOut struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Kind     string          `json:"kind" doc:"municipality, city, association, district, land, bund, unit"`
	Area     string          `json:"area,omitempty" doc:"ARS, twelve digits"`
	Postcode string          `json:"postcode,omitempty"`
	Town     string          `json:"town,omitempty"`
	Contact  *finder.Contact `json:"contact,omitempty"`
	Source   string          `json:"source,omitempty" doc:"where imported details come from"`
	Services []string        `json:"services,omitempty" doc:"keys"`
}

func authorityOut(a finder.Authority) AuthorityOut {
	out := AuthorityOut{ID: a.ID, Name: a.Name, Kind: string(a.Kind), Area: a.Area, Postcode: a.Postcode, Town: a.Seat, Contact: a.Contact}
	if a.Contact != nil {
		out.Source = a.Contact.Origin
	}
	return out
}

// ResponsibilityOut says who does a service in a place.
type ResponsibilityOut struct {
	Known       bool          `json:"known"`
	Responsible *AuthorityOut `json:"responsible,omitempty"`
	Processor   *AuthorityOut `json:"processor,omitempty" doc:"does the work for the responsible authority"`
	Receives    *AuthorityOut `json:"receives,omitempty" doc:"takes applications"`
	Unit        *AuthorityOut `json:"unit,omitempty" doc:"office where people go"`
	General     *AuthorityOut `json:"general,omitempty" doc:"where to ask if nobody is known to be responsible"`
	Reason      string        `json:"reason"`
	Law         string        `json:"law,omitempty"`
}

func (r *Room) responsibilityOut(c *finder.Catalog, key, place string, lang i18n.Lang) (ResponsibilityOut, error) {
	x, err := c.Resolve(key, place)
	if err != nil {
		return ResponsibilityOut{}, err
	}
	out := ResponsibilityOut{Known: x.Known, Reason: r.say(lang, x.Reason), Law: x.Law}
	put := func(a finder.Authority) *AuthorityOut {
		if a.ID == "" {
			return nil
		}
		o := authorityOut(a)
		return &o
	}
	if !x.Known {
		out.General = put(x.Responsible)
		return out, nil
	}
	out.Responsible = put(x.Responsible)
	if x.ActsForAnother() {
		out.Processor = put(x.Processor)
	}
	if x.Receives != nil {
		out.Receives = put(*x.Receives)
	}
	if x.Unit != nil {
		out.Unit = put(*x.Unit)
	}
	return out, nil
}

// HitOut is a service that was found.
type HitOut struct {
	Key            string             `json:"key" doc:"LeiKa key, or one of ours that begins with x"`
	Name           string             `json:"name" doc:"official"`
	Title          string             `json:"title" doc:"for people"`
	Text           string             `json:"text,omitempty"`
	Why            []string           `json:"why,omitempty"`
	Variants       []string           `json:"variants,omitempty" doc:"keys of services of the same object"`
	Responsibility *ResponsibilityOut `json:"responsibility,omitempty" doc:"where a place is given"`
}

// SearchOut are hits, best first.
type SearchOut struct {
	Place    string   `json:"place,omitempty" doc:"ARS"`
	Total    int      `json:"total"`
	Services []HitOut `json:"services"`
}

type searchIn struct {
	Asked
	Query string `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"Everyday words."`
	Place string `query:"place" maxLength:"100" doc:"Name, postcode, ARS or AGS of a place."`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

// ServiceOut is a service in a place.
type ServiceOut struct {
	Key            string            `json:"key"`
	Name           string            `json:"name"`
	Title          string            `json:"title"`
	Type           string            `json:"type,omitempty" doc:"LeiKa Typisierung"`
	Law            string            `json:"law,omitempty"`
	LifeSituation  string            `json:"lifeSituation,omitempty"`
	Subject        string            `json:"subject,omitempty"`
	Text           string            `json:"text,omitempty"`
	Texts          []TextOut         `json:"texts" doc:"the whole Land's first, then what the authorities say"`
	Place          string            `json:"place,omitempty" doc:"ARS"`
	Responsibility ResponsibilityOut `json:"responsibility"`
	Online         []OnlineOut       `json:"online" doc:"forms and online services elsewhere"`
}

// TextOut is a released text.
type TextOut struct {
	Lang      string            `json:"lang"`
	Authority string            `json:"authority,omitempty" doc:"empty: the whole Land's"`
	Modules   map[string]string `json:"modules" doc:"HTML by code of the FIM text module; plain words in 02, 03 and 18"`
	Adds      []string          `json:"adds,omitempty" doc:"modules that follow the whole Land's instead of replacing them"`
}

// OnlineOut is a form or online service elsewhere.
type OnlineOut struct {
	Kind string `json:"kind" doc:"form or service"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

type serviceIn struct {
	Asked
	Key   string `path:"key" maxLength:"14"`
	Place string `query:"place" maxLength:"100" doc:"Name, postcode, ARS or AGS of a place."`
}

// AuthoritiesOut is a page of authorities, by id.
type AuthoritiesOut struct {
	Authorities []AuthorityOut `json:"authorities"`
	Next        string         `json:"next,omitempty" doc:"after of the next page"`
}

type authoritiesIn struct {
	Asked
	Query string `query:"q" maxLength:"100" doc:"Part of a name."`
	After string `query:"after" maxLength:"200" doc:"Continue after this id."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type authorityIn struct {
	Asked
	ID string `path:"id" maxLength:"200"`
}

// PlaceOut is a municipality.
type PlaceOut struct {
	ARS       string `json:"ars"`
	Name      string `json:"name"`
	ShortName string `json:"shortName"`
	Kind      string `json:"kind"`
	Postcode  string `json:"postcode,omitempty" doc:"of the seat"`
	Parent    string `json:"parent,omitempty" doc:"ARS of the area above"`
}

// PlacesOut are the places that may be meant.
type PlacesOut struct {
	Places []PlaceOut `json:"places"`
}

type placesIn struct {
	Asked
	Query string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"Name or part of one, postcode, ARS, AGS."`
}

func (in *searchIn) language() i18n.Lang      { return in.lang() }
func (in *serviceIn) language() i18n.Lang     { return in.lang() }
func (in *authoritiesIn) language() i18n.Lang { return in.lang() }
func (in *authorityIn) language() i18n.Lang   { return in.lang() }
func (in *placesIn) language() i18n.Lang      { return in.lang() }

// ours is our own JSON API.
func (r *Room) ours(api huma.API) {
	operation(r, api, "/services", "searchServices", "Services by everyday words, best first", (*searchIn).language, r.searchServices)
	operation(r, api, "/services/{key}", "service", "A service with its texts, and who does it in a place", (*serviceIn).language, r.service)
	operation(r, api, "/authorities", "authorities", "Authorities by id", (*authoritiesIn).language, r.authorityList)
	operation(r, api, "/authorities/{id}", "authority", "An authority with its services", (*authorityIn).language, r.authority)
	operation(r, api, "/places", "places", "Places that may be meant", (*placesIn).language, r.places)
}

func (r *Room) searchServices(c *finder.Catalog, in *searchIn) (out SearchOut, err error) {
	if out.Place, err = placeOf(c, in.Place); err != nil {
		return out, err
	}
	hits := c.Search(in.Query)
	out.Total, out.Services = len(hits), []HitOut{}
	for _, h := range hits[:min(len(hits), in.Limit)] {
		x := HitOut{Key: h.Service.Key, Name: h.Service.Name, Title: h.Service.Title, Text: h.Service.Text}
		for _, w := range h.Why {
			x.Why = append(x.Why, r.say(in.lang(), w))
		}
		for _, v := range h.Variants {
			x.Variants = append(x.Variants, v.Key)
		}
		if out.Place != "" {
			resp, err := r.responsibilityOut(c, h.Service.Key, out.Place, in.lang())
			if err != nil {
				return out, err
			}
			x.Responsibility = &resp
		}
		out.Services = append(out.Services, x)
	}
	return out, nil
}

func (r *Room) service(c *finder.Catalog, in *serviceIn) (out ServiceOut, err error) {
	s, ok := c.Service(in.Key)
	if !ok {
		return out, errs.E(errs.NotFound, "finder.service_unknown")
	}
	place, err := placeOf(c, in.Place)
	if err != nil {
		return out, err
	}
	out = ServiceOut{Key: s.Key, Name: s.Name, Title: s.Title, Type: s.Type, Law: s.Law, LifeSituation: s.LifeSituation, Subject: s.Subject, Text: s.Text, Place: place,
		Texts: []TextOut{}, Online: []OnlineOut{}}
	if out.Responsibility, err = r.responsibilityOut(c, s.Key, place, in.lang()); err != nil {
		return out, err
	}
	for _, a := range localAuthorities(out.Responsibility) {
		for _, l := range i18n.Langs {
			if t, ok := c.Released(finder.TextRef{Service: s.Key, Authority: a, Lang: l}); ok {
				out.Texts = append(out.Texts, textOut(t))
			}
		}
	}
	for _, o := range c.OnlineAt(s.Key, append(localAuthorities(out.Responsibility), c.Around(place)...)...) {
		out.Online = append(out.Online, OnlineOut{o.Kind, o.Name, o.URL})
	}
	return out, nil
}

// localAuthorities are those whose texts belong to the answer; the whole Land's ("") comes first.
func localAuthorities(r ResponsibilityOut) []string {
	out := []string{""}
	for _, a := range []*AuthorityOut{r.Responsible, r.Processor, r.Unit} {
		if a != nil {
			out = append(out, a.ID)
		}
	}
	return out
}

func textOut(t finder.Release) TextOut {
	out := TextOut{Lang: string(t.Lang), Authority: t.Authority, Modules: map[string]string{}}
	for m, x := range t.Modules {
		out.Modules[string(m)] = finder.CleanModule(m, x.Text) // cleaned when it was written; whatever is in the table by now, again
		if x.Adds {
			out.Adds = append(out.Adds, string(m))
		}
	}
	slices.Sort(out.Adds)
	return out
}

func (r *Room) authorityList(c *finder.Catalog, in *authoritiesIn) (AuthoritiesOut, error) {
	list := c.AllAuthorities()
	if q := german.Fold(in.Query); q != "" {
		list = slices.DeleteFunc(list, func(a finder.Authority) bool { return !strings.Contains(german.Fold(a.Name), q) })
	}
	list, next := page(list, func(a finder.Authority) string { return a.ID }, in.After, in.Limit)
	out := AuthoritiesOut{Authorities: make([]AuthorityOut, len(list)), Next: next}
	for i, a := range list {
		out.Authorities[i] = authorityOut(a)
	}
	return out, nil
}

func (r *Room) authority(c *finder.Catalog, in *authorityIn) (AuthorityOut, error) {
	a, ok := c.Authority(in.ID)
	if !ok {
		return AuthorityOut{}, errs.E(errs.NotFound, "finder.authority_unknown")
	}
	out := authorityOut(a)
	for _, s := range c.Tasks(a) {
		out.Services = append(out.Services, s.Key)
	}
	return out, nil
}

func (r *Room) places(c *finder.Catalog, in *placesIn) (PlacesOut, error) {
	out := PlacesOut{Places: []PlaceOut{}}
	for _, a := range c.Places(in.Query) {
		out.Places = append(out.Places, PlaceOut{ARS: a.ARS, Name: a.Name, ShortName: a.ShortName, Kind: string(a.Kind), Postcode: a.Postcode, Parent: a.Parent})
	}
	return out, nil
}
