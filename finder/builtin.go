package finder

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/standards/ars"
)

// Version is a number that grows with every change of the catalogue's tables.
func Version(ctx context.Context, q db.Querier) (string, error) { return state(ctx, q, stateVersion) }

// BuiltIn is what the tables of built-in facts hold, as far as an exchange needs it.
type BuiltIn struct {
	Services    []Service // by key; Text is the built-in short text
	Authorities []Authority
	Areas       []Area
	c           *Catalog
}

// ReadBuiltIn reads the built-in facts without what was imported.
func ReadBuiltIn(ctx context.Context, q db.Querier) (BuiltIn, error) {
	t, err := readFactTables(ctx, q)
	if err != nil {
		return BuiltIn{}, err
	}
	b := BuiltIn{Services: t.services, Authorities: t.authorities, Areas: t.areas,
		c: &Catalog{services: map[string]*Service{}, areas: map[string]*Area{}, authorities: map[string]Authority{}, assigned: map[string]assigned{}}}
	for i := range t.areas {
		a := &t.areas[i]
		b.c.areas[a.ARS] = a
		if a.Kind == Municipality || a.Kind == City {
			b.c.places = append(b.c.places, a)
		}
	}
	for _, a := range t.authorities {
		b.c.authorities[a.ID] = a
	}
	for _, a := range t.assignments {
		if a.Role == Responsible {
			b.c.assigned[a.ServiceKey] = assigned{responsible: a}
		}
	}
	return b, nil
}

// Duties tells what the built-in rules come to: for each authority the services that it is responsible for and where,
// one Duty for each level of tasks. Who does the work for another authority has no place in a Duty.
func (b BuiltIn) Duties() []Duty {
	type task struct{ authority, level string }
	services := map[string][]string{} // by level, or by office
	for _, s := range b.Services {
		as, ok := b.c.assigned[s.Key]
		if !ok {
			continue
		}
		at := string(as.responsible.Level)
		if as.responsible.Office != "" {
			at = as.responsible.Office
		}
		services[at] = append(services[at], s.Key)
	}
	areas := map[task][]string{}
	for _, p := range b.c.places {
		if p.Successor != "" {
			continue
		}
		for _, level := range []Level{Own, Transferred, DistrictLevel, TownLevel} {
			r := b.c.resolve(assignment{Level: level}, p)
			area := p.ARS
			if (level == DistrictLevel || level == TownLevel) && r.Responsible.Kind == AuthorityKind(District) {
				area = string(ars.Key(area).District())
			}
			k := task{r.Responsible.ID, string(level)}
			if !slices.Contains(areas[k], area) {
				areas[k] = append(areas[k], area)
			}
		}
	}
	var out []Duty
	for k, list := range areas {
		if keys := services[k.level]; len(keys) > 0 && k.authority != "" {
			slices.Sort(list)
			out = append(out, Duty{ID: k.authority + "." + k.level, Authority: k.authority, Role: "01", Services: keys, Areas: list})
		}
	}
	for _, a := range b.Authorities {
		if keys := services[a.ID]; len(keys) > 0 {
			out = append(out, Duty{ID: a.ID + "." + string(a.Kind), Authority: a.ID, Role: "01", Services: keys, Areas: []string{a.Area}})
		}
	}
	slices.SortFunc(out, func(x, y Duty) int { return strings.Compare(x.ID, y.ID) })
	return out
}

// ReleasesOf reads what is released about services.
func ReleasesOf(ctx context.Context, q db.Querier, keys []string) ([]Release, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var p db.Params
	marks := make([]string, len(keys))
	for i, k := range keys {
		marks[i] = p.Add(k)
	}
	rows, err := q.Query(ctx, releaseColumns+` WHERE service_key IN (`+strings.Join(marks, ",")+`)`, p...)
	return db.All(rows, err, scanRelease)
}

// AllAttached reads the forms and online services that editors have attached.
func AllAttached(ctx context.Context, q db.Querier) ([]Online, error) { return readOnline(ctx, q) }

// Version tells catalogues apart: it is that of the tables when they were read.
func (c *Catalog) Version() string { return c.version }

// AllAuthorities lists the authorities, by id.
func (c *Catalog) AllAuthorities() []Authority {
	out := make([]Authority, len(c.authorityIDs))
	for i, id := range c.authorityIDs {
		out[i] = c.authorities[id]
	}
	return out
}

// Around lists an area and all above it, by ARS: what is offered in one of them is offered there.
func (c *Catalog) Around(ars string) []string {
	var out []string
	for a := c.areas[ars]; a != nil; a = c.areas[a.Parent] {
		out = append(out, a.ARS)
	}
	return out
}
