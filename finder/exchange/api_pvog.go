package exchange

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

// The read API in the shape of the federal portal's search. Only its paths and query parameters are known to us, from
// another project's notes; no answer was seen. What the fields are called is derived: from the names of XZuFi and of the
// FIM portal's OpenAPI document, in camel case (leistungsbezeichnung, leistungsbezeichnung2, kurztext, modulText,
// leikaTextmodul, inhalt, languageCode, id with schemeAgencyID …); lists are {items, count, totalCount} as there. Clients
// of the real API will have to be tried before anybody relies on it.

type pvogList[T any] struct {
	Items      []T `json:"items"`
	Count      int `json:"count"`
	TotalCount int `json:"totalCount"`
}

func listOf[T any](all []T, offset, limit int) pvogList[T] {
	from := min(offset, len(all))
	items := all[from:min(len(all), from+limit)]
	if items == nil {
		items = []T{}
	}
	return pvogList[T]{Items: items, Count: len(items), TotalCount: len(all)}
}

// Paging says which part of a list is wanted.
type Paging struct {
	Asked
	Offset int `query:"offset" minimum:"0" maximum:"100000" default:"0"`
	Limit  int `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type pvogLocation struct {
	Regionalschluessel string `json:"regionalschluessel"`
	Name               string `json:"name"`
	Postleitzahl       string `json:"postleitzahl,omitempty"`
}

type pvogID struct {
	SchemeAgencyID string `json:"schemeAgencyID"`
	SchemeID       string `json:"schemeID"`
	Value          string `json:"value"`
}

type pvogService struct {
	ID                    pvogID `json:"id"`
	Leistungsschluessel   string `json:"leistungsschluessel"`
	Leistungsbezeichnung  string `json:"leistungsbezeichnung"`
	Leistungsbezeichnung2 string `json:"leistungsbezeichnung2,omitempty"`
	Kurztext              string `json:"kurztext,omitempty"`
}

type pvogText struct {
	LeikaTextmodul string `json:"leikaTextmodul"`
	LanguageCode   string `json:"languageCode"`
	Inhalt         string `json:"inhalt"`
}

type pvogUnit struct {
	ID                 pvogID           `json:"id"`
	Name               string           `json:"name"`
	Regionalschluessel string           `json:"regionalschluessel,omitempty"`
	Anschrift          []finder.Address `json:"anschrift,omitempty"`
	Kommunikation      []finder.Channel `json:"kommunikation,omitempty"`
	Rolle              string           `json:"rolle,omitempty"`
}

type pvogOnline struct {
	ID          pvogID   `json:"id"`
	Bezeichnung string   `json:"bezeichnung"`
	Link        string   `json:"link"`
	LeistungID  []string `json:"leistungID"`
}

type pvogDetail struct {
	pvogService
	Typisierung          []string     `json:"typisierung,omitempty"`
	ModulText            []pvogText   `json:"modulText"`
	Organisationseinheit []pvogUnit   `json:"organisationseinheit"`
	Onlinedienst         []pvogOnline `json:"onlinedienst"`
}

func serviceID(key string) pvogID { return pvogID{Agency, schemeService, key} }

func pvogServiceOf(s finder.Service) pvogService {
	return pvogService{ID: serviceID(s.Key), Leistungsschluessel: s.Key, Leistungsbezeichnung: s.Name, Leistungsbezeichnung2: s.Title, Kurztext: s.Text}
}

func pvogUnitOf(a finder.Authority, role string) pvogUnit {
	u := pvogUnit{ID: pvogID{Agency, schemeAuthority, a.ID}, Name: a.Name, Regionalschluessel: a.Area, Rolle: role}
	if a.Contact != nil {
		u.Anschrift, u.Kommunikation = a.Contact.Addresses, a.Contact.Channels
	}
	return u
}

type locationsIn struct {
	Paging
	Query string `query:"q" required:"true" minLength:"1" maxLength:"100"`
}

type descriptionsIn struct {
	Paging
	ARS   string `path:"ars" pattern:"^[0-9]{12}$"`
	Query string `query:"q" required:"true" minLength:"1" maxLength:"200"`
}

type byKeyIn struct {
	Paging
	LeikaIDs []string `query:"leikaIds" required:"true" maxItems:"100" doc:"LeiKa keys, with commas."`
	ARS      string   `query:"ars" pattern:"^[0-9]{12}$"`
}

type detailIn struct {
	Asked
	ID  string `path:"id" maxLength:"100"`
	ARS string `query:"ars" pattern:"^[0-9]{12}$"`
}

type unitsIn struct {
	Paging
	ARS  string `query:"ars" required:"true" pattern:"^[0-9]{12}$"`
	LbID string `query:"lbId" maxLength:"100" doc:"Id of a service."`
}

type onlinesIn struct {
	Paging
	ARS string `query:"ars" required:"true" pattern:"^[0-9]{12}$"`
}

func (in *locationsIn) language() i18n.Lang    { return in.lang() }
func (in *descriptionsIn) language() i18n.Lang { return in.lang() }
func (in *byKeyIn) language() i18n.Lang        { return in.lang() }
func (in *detailIn) language() i18n.Lang       { return in.lang() }
func (in *unitsIn) language() i18n.Lang        { return in.lang() }
func (in *onlinesIn) language() i18n.Lang      { return in.lang() }

// pvog is the read API in the shape of the federal portal.
func (r *Room) pvog(api huma.API) {
	operation(r, api, "/v3/locations", "locations", "Places", (*locationsIn).language, r.pvogLocations)
	operation(r, api, "/v7/servicedescriptions/{ars}", "servicedescriptions", "Services by words", (*descriptionsIn).language, r.pvogSearch)
	operation(r, api, "/v3/servicedescriptions/leikaid", "servicedescriptionsByKey", "Services by LeiKa key", (*byKeyIn).language, r.pvogByKey)
	operation(r, api, "/v6/servicedescriptions/{id}/detail", "servicedescription", "A service", (*detailIn).language, r.pvogDetail)
	operation(r, api, "/v2/organisationunits/titles", "organisationunits", "Offices in an area", (*unitsIn).language, r.pvogUnits)
	operation(r, api, "/v1beta2/onlineservices", "onlineservices", "Online services in an area", (*onlinesIn).language, r.pvogOnlines)
}

// known is errs.NotFound for an area that there is not.
func known(c *finder.Catalog, ars string) error {
	if _, ok := c.Area(ars); !ok && ars != "" {
		return errs.E(errs.NotFound, "finder.place_unknown")
	}
	return nil
}

func (r *Room) pvogLocations(c *finder.Catalog, in *locationsIn) (pvogList[pvogLocation], error) {
	var out []pvogLocation
	for _, a := range c.Places(in.Query) {
		out = append(out, pvogLocation{a.ARS, a.Name, a.Postcode})
	}
	return listOf(out, in.Offset, in.Limit), nil
}

func (r *Room) pvogSearch(c *finder.Catalog, in *descriptionsIn) (pvogList[pvogService], error) {
	var out []pvogService
	if err := known(c, in.ARS); err != nil {
		return listOf(out, 0, 0), err
	}
	for _, h := range c.Search(in.Query) {
		out = append(out, pvogServiceOf(h.Service))
	}
	return listOf(out, in.Offset, in.Limit), nil
}

func (r *Room) pvogByKey(c *finder.Catalog, in *byKeyIn) (pvogList[pvogService], error) {
	var out []pvogService
	if err := known(c, in.ARS); err != nil {
		return listOf(out, 0, 0), err
	}
	for _, key := range in.LeikaIDs {
		if s, ok := c.Service(key); ok {
			out = append(out, pvogServiceOf(s))
		}
	}
	return listOf(out, in.Offset, in.Limit), nil
}

func (r *Room) pvogDetail(c *finder.Catalog, in *detailIn) (out pvogDetail, err error) {
	if err := known(c, in.ARS); err != nil {
		return out, err
	}
	s, ok := c.Service(in.ID)
	if !ok {
		return out, errs.E(errs.NotFound, "finder.service_unknown")
	}
	out = pvogDetail{pvogService: pvogServiceOf(s), ModulText: []pvogText{}, Organisationseinheit: []pvogUnit{}, Onlinedienst: []pvogOnline{}}
	for t := range strings.SplitSeq(s.Type, ",") {
		if t = strings.TrimSpace(t); t != "" {
			out.Typisierung = append(out.Typisierung, t)
		}
	}
	if out.Organisationseinheit, err = unitsFor(c, s.Key, in.ARS); err != nil {
		return out, err
	}
	authorities := []string{""}
	for _, u := range out.Organisationseinheit {
		authorities = append(authorities, u.ID.Value)
	}
	for _, a := range authorities {
		for _, l := range i18n.Langs {
			t, ok := c.Released(finder.TextRef{Service: s.Key, Authority: a, Lang: l})
			for _, m := range finder.Modules {
				if x := t.Modules[m].Text; ok && x != "" {
					out.ModulText = append(out.ModulText, pvogText{string(m), string(l), finder.CleanModule(m, x)})
				}
			}
		}
	}
	for _, o := range c.OnlineAt(s.Key, append(authorities, c.Around(in.ARS)...)...) {
		out.Onlinedienst = append(out.Onlinedienst, pvogOnline{pvogID{Agency, schemeOnline, o.ID}, o.Name, o.URL, []string{s.Key}})
	}
	return out, nil
}

// unitsFor are the offices for a service in an area: 01 is the responsible one.
func unitsFor(c *finder.Catalog, key, ars string) ([]pvogUnit, error) {
	out := []pvogUnit{}
	x, err := c.Resolve(key, ars)
	if err != nil || !x.Known {
		return out, err
	}
	out = append(out, pvogUnitOf(x.Responsible, "01"))
	if x.ActsForAnother() {
		out = append(out, pvogUnitOf(x.Processor, ""))
	}
	for _, a := range []*finder.Authority{x.Receives, x.Unit} {
		if a != nil && a.ID != x.Responsible.ID && a.ID != x.Processor.ID {
			out = append(out, pvogUnitOf(*a, ""))
		}
	}
	return out, nil
}

func (r *Room) pvogUnits(c *finder.Catalog, in *unitsIn) (pvogList[pvogUnit], error) {
	var out []pvogUnit
	if err := known(c, in.ARS); err != nil {
		return listOf(out, 0, 0), err
	}
	if in.LbID != "" {
		out, err := unitsFor(c, in.LbID, in.ARS)
		return listOf(out, in.Offset, in.Limit), err
	}
	for _, a := range c.AllAuthorities() {
		if a.Area == in.ARS {
			out = append(out, pvogUnitOf(a, ""))
		}
	}
	return listOf(out, in.Offset, in.Limit), nil
}

func (r *Room) pvogOnlines(c *finder.Catalog, in *onlinesIn) (pvogList[pvogOnline], error) {
	var out []pvogOnline
	if err := known(c, in.ARS); err != nil {
		return listOf(out, 0, 0), err
	}
	at := map[string]int{}
	for _, o := range c.OnlineIn(c.Around(in.ARS)...) {
		key := o.Name + "\x00" + o.URL
		if i, ok := at[key]; ok {
			if !slices.Contains(out[i].LeistungID, o.Service) {
				out[i].LeistungID = append(out[i].LeistungID, o.Service)
			}
			continue
		}
		at[key] = len(out)
		out = append(out, pvogOnline{pvogID{Agency, schemeOnline, o.ID}, o.Name, o.URL, []string{o.Service}})
	}
	return listOf(out, in.Offset, in.Limit), nil
}
