package finder

import (
	"context"

	"rennsteig/platform/errs"
	"rennsteig/standards/ars"
)

// Role is what an authority does for a service.
type Role string

// The roles (XZuFi: rolle).
const (
	Responsible  Role = "responsible" // zuständige Stelle
	Receives     Role = "receives"    // takes applications for the responsible authority
	ContactPoint Role = "contact"     // Ansprechpunkt: answers questions
	SinglePoint  Role = "single"      // einheitliche Stelle (§ 71a VwVfG): takes everything to the right offices
	DoneBy       Role = "done_by"     // does the work for the responsible authority
	NotOffered   Role = "not_offered" // the service does not exist here
)

// LocalRoles are the roles that a local assignment may have.
var LocalRoles = []Role{Responsible, DoneBy, Receives, ContactPoint, SinglePoint, NotOffered}

// Level is where in the Land a service is done.
type Level string

// The levels of an assignment.
const (
	Own           Level = "own"         // eigener Wirkungskreis der Gemeinde, § 2 ThürKO
	Transferred   Level = "transferred" // übertragener Wirkungskreis der Gemeinde, § 3 ThürKO
	DistrictLevel Level = "district"    // Landkreis or kreisfreie Stadt
	TownLevel     Level = "big_town"    // as district, but Große kreisangehörige Städte do it themselves, § 6 Abs. 4 ThürKO
	StateLevel    Level = "land"
	FederalLevel  Level = "bund"
)

// assignment says on which level a service is done, before it is known for which place.
type assignment struct {
	ServiceKey string
	Role       Role
	Level      Level
	Office     string // authority id, on the levels land and bund
	Processor  string // authority id of another office that does the work; "" if the responsible one does
	Law        string
	Note       string // reviewer's note
}

// Text is a catalogue text with its arguments.
type Text struct {
	Key  string
	Args []any
}

// Responsibility answers who does a service in a place. Known is false where nothing is assigned or the place is
// missing; Reason says which, and Responsible is the general office of the place (allgemeine Anlaufstelle), if any.
type Responsibility struct {
	Known       bool
	Level       Level
	Responsible Authority
	Processor   Authority  // does the work; the same as Responsible unless one acts for another
	Receives    *Authority // takes applications, where that is a third office
	Unit        *Authority // imported office of the authority where people go; nil if none is known
	Contact     *Authority // answers questions, where that is another office
	SinglePoint *Authority // einheitliche Stelle, where one is named
	NotOffered  bool       // the service does not exist here; Known is false
	Reason      Text
	Law         string
}

// offices are the authorities whose own texts belong to the answer, the one that does the work last.
func (r Responsibility) offices() []Authority {
	switch {
	case !r.Known:
		return nil
	case r.ActsForAnother():
		return []Authority{r.Responsible, r.Processor}
	}
	return []Authority{r.Responsible}
}

// ActsForAnother reports whether another authority than the responsible one does the work.
func (r Responsibility) ActsForAnother() bool { return r.Known && r.Processor.ID != r.Responsible.ID }

// Resolve answers who does the service with this LeiKa key in the area with this ARS: a municipality, or "" if none is
// known. errs.NotFound for a key or area that does not exist.
func (r *Room) Resolve(_ context.Context, leikaKey, area string) (Responsibility, error) {
	return r.catalog().Resolve(leikaKey, area)
}

// Resolve is Room.Resolve on this catalogue.
func (c *Catalog) Resolve(leikaKey, area string) (Responsibility, error) {
	if _, ok := c.services[leikaKey]; !ok {
		return Responsibility{}, errs.E(errs.NotFound, "finder.service_unknown")
	}
	var place *Area
	if area != "" {
		a, ok := c.areas[area]
		if !ok {
			return Responsibility{}, errs.E(errs.NotFound, "finder.place_unknown")
		}
		place = c.current(a)
	}
	as, ok := c.assigned[leikaKey]
	if !ok {
		out := Responsibility{Reason: Text{Key: "finder.reason.none"}}
		if place != nil {
			out.Responsible = c.generalOffice(place)
			out.Processor = out.Responsible
		}
		return c.here(leikaKey, place, c.withDuty(out, leikaKey, place)), nil
	}
	out := c.resolve(as.responsible, place)
	if as.receives != nil && out.Known && place != nil {
		if r := c.resolve(*as.receives, place); r.Known {
			out.Receives = &r.Processor
		}
	}
	return c.here(leikaKey, place, c.withDuty(out, leikaKey, place)), nil
}

// current follows the successors of an area that exists no more.
func (c *Catalog) current(a *Area) *Area {
	for range 5 { // a chain of mergers is short; a ring would be a mistake in the data
		next, ok := c.areas[a.Successor]
		if !ok {
			break
		}
		a = next
	}
	return a
}

// resolve walks from the place up to the level of the assignment.
func (c *Catalog) resolve(as assignment, place *Area) Responsibility {
	out := Responsibility{Known: true, Level: as.Level, Law: as.Law}
	answer := func(responsible, processor Authority, reason string, args ...any) Responsibility {
		out.Responsible, out.Processor, out.Reason = responsible, processor, Text{"finder.reason." + reason, args}
		return out
	}
	if as.Level == StateLevel || as.Level == FederalLevel {
		office := c.authorities[as.Office]
		processor := office
		reason := string(as.Level)
		switch {
		case as.Processor != "":
			processor = c.authorities[as.Processor]
			return answer(office, processor, reason+"_processor", office.Name, processor.Name)
		case office.Generic:
			reason += "_generic"
		}
		return answer(office, processor, reason, office.Name)
	}
	if place == nil {
		out.Known = false
		return answer(Authority{}, Authority{}, "place_needed")
	}
	self := c.authorities[place.ARS]
	if as.Level == TownLevel && place.BigTown {
		return answer(self, self, "big_town", place.ShortName)
	}
	if as.Level == DistrictLevel || as.Level == TownLevel {
		switch place.Kind {
		case City:
			return answer(self, self, "city", place.ShortName)
		case Municipality, Association, District:
			district := c.authorities[string(ars.Key(place.ARS).District())]
			if place.Kind == District {
				return answer(district, district, "district_self", district.Name)
			}
			return answer(district, district, "district", place.ShortName, district.Name)
		}
		out.Known = false
		return answer(Authority{}, Authority{}, "place_needed")
	}
	if place.Kind != Municipality && place.Kind != City {
		out.Known = false
		return answer(Authority{}, Authority{}, "place_needed")
	}
	worker, how := self, ""
	if parent, ok := c.areas[place.Parent]; ok && parent.Kind == Association {
		worker, how = c.authorities[parent.ARS], "_association"
	} else if place.Acting != "" {
		worker, how = c.authorities[place.Acting], "_acting"
	}
	if as.Level == Own {
		// § 47 Abs. 2, § 51 ThürKO: the municipality stays responsible, the other one manages its affairs.
		return answer(self, worker, "own"+how, self.Name, worker.Name)
	}
	// § 47 Abs. 1, § 51 ThürKO: the Verwaltungsgemeinschaft or erfüllende Gemeinde does transferred tasks itself.
	return answer(worker, worker, "transferred"+how, place.ShortName, worker.Name)
}

// generalOffice is where someone can ask who has no better answer: the administration of the place.
func (c *Catalog) generalOffice(place *Area) Authority {
	if parent, ok := c.areas[place.Parent]; ok && parent.Kind == Association {
		return c.authorities[parent.ARS]
	}
	if place.Acting != "" {
		return c.authorities[place.Acting]
	}
	return c.authorities[place.ARS]
}
