package finder

import "strings"

// AreaKind is what sort of area an Area is.
type AreaKind string

// The kinds of areas.
const (
	Municipality AreaKind = "municipality" // kreisangehörige Gemeinde
	City         AreaKind = "city"         // kreisfreie Stadt: municipality and district in one
	Association  AreaKind = "association"  // Verwaltungsgemeinschaft, § 46 ThürKO
	District     AreaKind = "district"     // Landkreis
	State        AreaKind = "state"        // Land
	Federation   AreaKind = "federation"   // Bund
)

// Area is a territory with its own authority.
type Area struct {
	ARS        string // twelve digits, padded with zeros above the municipality
	Name       string // official: "Erfurt, Stadt"
	ShortName  string // "Erfurt"
	Kind       AreaKind
	Parent     string // ARS of the area above
	Acting     string // ARS of the erfüllende Gemeinde (§ 51 ThürKO) that does the work; "" if none
	Postcode   string // of the seat; many municipalities have several others
	Population int
	ValidFrom  int64  // microseconds since 1970; 0 is open
	ValidTo    int64  // 0 is open
	Successor  string // ARS of the area that took over after ValidTo
	BigTown    bool   // Große kreisangehörige Stadt, § 6 Abs. 4 ThürKO: does some of the Kreis's tasks (level TownLevel)
}

// label is a name that tells a Kreis from the town that it is called after.
func (a *Area) label() string {
	if a.Kind == District {
		return a.Name
	}
	return a.ShortName
}

// AuthorityKind is what sort of office an Authority is.
type AuthorityKind string

// The kinds of authorities. Areas' authorities have the kind of their area.
const (
	StateOffice   AuthorityKind = "land"
	FederalOffice AuthorityKind = "bund"
)

// Authority is an office. What is not known about it is empty: a page says "Angabe fehlt".
type Authority struct {
	ID       string // ARS of its area, or a name: "th-tlvwa"
	Name     string
	Kind     AuthorityKind
	Area     string   // ARS
	Seat     string   // town
	Postcode string   // of the seat
	Generic  bool     // the kind of office is certain, which of its local offices is not kept here
	Contact  *Contact // nil if nothing is known
}

// Service is an entry of the catalogue.
type Service struct {
	Key           string // LeiKa
	Name          string // official: "Hundehaltung Anmeldung"
	Title         string // the same for people: "Hundehaltung: Anmeldung"
	Type          string // LeiKa Typisierung: 1 Bund … 5 municipality
	Law           string // short names of the law, as in the catalogue
	Bundle        string // OZG-Leistung
	LifeSituation string
	Subject       string
	Text          string // own short text in German; "" if none was written yet
}

// shortName is a municipality's name without its title: "Erfurt, Stadt" is "Erfurt".
func shortName(name string) string {
	name, _, _ = strings.Cut(name, ", ")
	return name
}

// municipalityName is how the authority of a municipality is called.
func municipalityName(name string) string {
	if strings.HasSuffix(name, ", Stadt") {
		return "Stadt " + shortName(name)
	}
	return "Gemeinde " + shortName(name)
}

// districtName is how a Landkreis is called: some carry "Kreis" in their name, the others get "Landkreis" before it.
func districtName(name string) string {
	if strings.HasSuffix(strings.ToLower(name), "kreis") {
		return name
	}
	return "Landkreis " + name
}
