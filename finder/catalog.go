package finder

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/german"
	"rennsteig/standards/ars"
	"rennsteig/standards/leika"
)

// Catalog is everything the finder knows, in memory and never changed: services, areas, authorities, assignments and
// the search index. A change of the tables leads to a new Catalog.
type Catalog struct {
	version      string
	services     map[string]*Service
	ordered      []*Service // by key
	areas        map[string]*Area
	places       []*Area            // municipalities and cities, by ARS
	upper        []*Area            // associations and districts
	folded       map[string]string  // ARS to folded short name
	byAGS        map[string]*Area   // eight digits
	byPostcode   map[string][]*Area // a postcode is not a place
	authorities  map[string]Authority
	authorityIDs []string                     // sorted
	assigned     map[string]assigned          // by service key
	tasks        map[string][]string          // authority id, or level, to keys of the services done there
	objects      map[string][]*Service        // by the first eight digits of the key
	situations   map[string][]Hit             // by life situation: its services, those with a known authority first
	releases     map[TextRef]*Release         // what editors have released
	online       map[string][]Online          // by service key: forms and online services elsewhere
	onlineIn     map[string][]Online          // the same by where they are offered; "" is the whole Land
	duties       map[string]map[string]string // imported: service key to ARS to authority id
	locals       map[localRef]LocalAssignment
	index        *index
	suggester    *suggester
	opened       map[string]float32 // by service key: how often it was opened lately, 0…1

	placeSpelling *german.Speller
	placeNames    map[string]bool // folded words that are names of places
}

// assigned are the assignments of one service.
type assigned struct {
	responsible assignment
	receives    *assignment
}

// readCatalog builds the Catalog from the tables. It is empty before the first Load.
func readCatalog(ctx context.Context, q db.Querier) (*Catalog, error) {
	t, err := readTables(ctx, q)
	if err != nil {
		return nil, err
	}
	return newCatalog(t), nil
}

func newCatalog(t tables) *Catalog {
	t.overlay()
	c := &Catalog{version: t.version, services: map[string]*Service{}, areas: map[string]*Area{}, folded: map[string]string{},
		byAGS: map[string]*Area{}, byPostcode: map[string][]*Area{}, authorities: map[string]Authority{},
		assigned: map[string]assigned{}, tasks: map[string][]string{},
		objects: map[string][]*Service{}, situations: map[string][]Hit{}, releases: map[TextRef]*Release{}, online: map[string][]Online{}, onlineIn: map[string][]Online{}}
	names := map[string]int{}
	twins := map[string][]*Area{}
	for i := range t.areas {
		a := &t.areas[i]
		c.areas[a.ARS] = a
		c.folded[a.ARS] = strings.Join(german.Tokens(german.Fold(a.ShortName)), " ")
		switch a.Kind {
		case Municipality, City:
			c.byAGS[ars.Key(a.ARS).AGS()] = a
			if a.Successor == "" {
				c.places = append(c.places, a)
				names[c.folded[a.ARS]] = a.Population
				twins[a.ShortName] = append(twins[a.ShortName], a)
			}
		case Association, District:
			c.upper = append(c.upper, a)
		}
	}
	c.placeSpelling = german.NewSpeller(names)
	c.placeNames = map[string]bool{"thuringen": true}
	for name := range names {
		c.placeNames[name] = true
	}
	for _, p := range t.postcodes {
		a, ok := c.areas[p[1]]
		if !ok {
			continue
		}
		if a.Postcode == p[0] { // the seat's is certain
			c.addPostcode(p[0], a)
			continue
		}
		// The others were matched by name: where two places share it, the postcode may mean either.
		for _, twin := range twins[a.ShortName] {
			c.addPostcode(p[0], twin)
		}
	}
	for _, a := range t.authorities {
		c.authorities[a.ID] = a
		c.authorityIDs = append(c.authorityIDs, a.ID)
	}
	slices.SortFunc(t.services, func(a, b Service) int { return strings.Compare(a.Key, b.Key) })
	for i := range t.services {
		s := &t.services[i]
		c.services[s.Key] = s
		c.ordered = append(c.ordered, s)
		object := leika.Key(s.Key).ObjectPrefix()
		c.objects[object] = append(c.objects[object], s)
	}
	for _, s := range c.ordered {
		s.Title = s.Name
		name := c.objectOf(s).Name
		if rest, ok := strings.CutPrefix(s.Name, name+" "); ok {
			s.Title = name + ": " + rest
		}
	}
	for i, a := range t.assignments {
		if _, ok := c.services[a.ServiceKey]; !ok {
			continue // the tables changed while they were read; the next version follows at once
		}
		as := c.assigned[a.ServiceKey]
		if a.Role == Receives {
			as.receives = &t.assignments[i]
		} else {
			as.responsible = a
			at := a.Office
			if at == "" {
				at = string(a.Level)
			}
			c.tasks[at] = append(c.tasks[at], a.ServiceKey)
		}
		c.assigned[a.ServiceKey] = as
	}
	c.gatherDuties(t.imported.duties)
	c.locals = map[localRef]LocalAssignment{}
	for _, l := range t.locals {
		if _, ok := c.areas[l.Area]; ok && (l.Role == NotOffered || c.authorities[l.Office].ID != "") {
			c.locals[localRef{l.Service, l.Area, l.Role}] = l
		}
	}
	synonyms := c.describe(t.releases, t.online, t.synonyms)
	c.gatherSituations()
	c.opened = t.opened
	c.index = newIndex(c.ordered, synonyms, func(key string) bool { _, ok := c.assigned[key]; return ok }, c.popularity)
	c.suggester = newSuggester(c, synonyms)
	return c
}

// gatherSituations lists one hit per object and life situation, with the object's other services as variants.
func (c *Catalog) gatherSituations() {
	for _, known := range []bool{true, false} {
		for _, s := range c.ordered {
			if _, ok := c.assigned[s.Key]; ok != known || s.LifeSituation == "" || c.objectOf(s) != s {
				continue
			}
			h := Hit{Service: *s}
			for _, other := range c.related(s) {
				h.Variants = append(h.Variants, *other)
			}
			c.situations[s.LifeSituation] = append(c.situations[s.LifeSituation], h)
		}
	}
}

func (c *Catalog) addPostcode(postcode string, a *Area) {
	for _, known := range c.byPostcode[postcode] {
		if known == a {
			return
		}
	}
	c.byPostcode[postcode] = append(c.byPostcode[postcode], a)
}

// Empty reports whether no facts were ever loaded.
func (c *Catalog) Empty() bool { return len(c.ordered) == 0 }

// Service returns a service by its LeiKa key.
func (c *Catalog) Service(key string) (Service, bool) {
	s, ok := c.services[key]
	if !ok {
		return Service{}, false
	}
	return *s, true
}

// Authority returns an authority by its id.
func (c *Catalog) Authority(id string) (Authority, bool) {
	a, ok := c.authorities[id]
	return a, ok
}

// Area returns an area by its ARS.
func (c *Catalog) Area(key string) (Area, bool) {
	a, ok := c.areas[key]
	if !ok {
		return Area{}, false
	}
	return *a, true
}

// Tasks lists the services assigned to an authority, or to the level that it works on.
func (c *Catalog) Tasks(a Authority) []Service {
	var keys []string
	switch a.Kind {
	case AuthorityKind(Municipality):
		keys = append(keys, c.tasks[string(Own)]...)
		if area := c.areas[a.Area]; area != nil && c.generalOffice(area).ID == a.ID {
			keys = append(keys, c.tasks[string(Transferred)]...)
		}
		if area := c.areas[a.Area]; area != nil && area.BigTown {
			keys = append(keys, c.tasks[string(TownLevel)]...)
		}
	case AuthorityKind(City):
		keys = append(append(append(keys, c.tasks[string(Own)]...), c.tasks[string(Transferred)]...), slices.Concat(c.tasks[string(DistrictLevel)], c.tasks[string(TownLevel)])...)
	case AuthorityKind(Association):
		keys = append(append(keys, c.tasks[string(Transferred)]...), c.tasks[string(Own)]...)
	case AuthorityKind(District):
		keys = slices.Concat(c.tasks[string(DistrictLevel)], c.tasks[string(TownLevel)])
	}
	keys = append(slices.Clip(keys), c.tasks[a.ID]...) // offices by their id, and what was imported
	out := make([]Service, 0, len(keys))
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			out = append(out, *c.services[k])
		}
	}
	return out
}
