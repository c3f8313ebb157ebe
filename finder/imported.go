package finder

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/standards/ars"
)

// Imported facts have tables of their own (finder_import_…) instead of an origin column in the built-in ones: Load
// replaces the latter as a whole whenever the program brings new facts, and an import must survive that; a service that
// the catalogue gains later is the built-in one from then on, and nothing has to be sorted out. The catalogue lays one
// over the other when it is read (overlay). Package finder/exchange writes them.

// Unit is the kind of an office that came by an import: part of an authority, or one that is not built in.
const Unit AuthorityKind = "unit"

// Contact is what is known about how to reach an authority. Everything may be empty.
type Contact struct {
	Addresses []Address `json:"addresses,omitempty"`
	Channels  []Channel `json:"channels,omitempty"`
	Hours     string    `json:"hours,omitempty"`
	Parent    string    `json:"parent,omitempty"` // id of the authority above
	Origin    string    `json:"-"`
}

// Address is a postal address or that of a house.
type Address struct {
	Kind     string `json:"kind,omitempty"` // code of the message
	Street   string `json:"street,omitempty"`
	House    string `json:"house,omitempty"`
	Box      string `json:"box,omitempty"` // Postfach
	Postcode string `json:"postcode,omitempty"`
	Town     string `json:"town,omitempty"`
	District string `json:"district,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Line is the address in one line.
func (a Address) Line() string {
	var parts []string
	for _, p := range []string{strings.TrimSpace(a.Street + " " + a.House), a.Box, strings.TrimSpace(a.Postcode + " " + a.Town), a.District, a.Note} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// Channel is a way to reach somebody. Kind is a code of urn:de:xoev:codeliste:erreichbarkeit.
type Channel struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
	Note  string `json:"note,omitempty"`
}

// The kinds of channels that pages know.
const (
	ChannelMail   = "01"
	ChannelPhone  = "02"
	ChannelMobile = "03"
	ChannelFax    = "04"
	ChannelWeb    = "09"
)

// Channel lists the values of the channels of these kinds.
func (c *Contact) Channel(kinds ...string) string {
	if c == nil {
		return ""
	}
	var out []string
	for _, ch := range c.Channels {
		if slices.Contains(kinds, ch.Kind) {
			out = append(out, ch.Value)
		}
	}
	return strings.Join(out, ", ")
}

// Address lists the addresses.
func (c *Contact) Address() string {
	if c == nil {
		return ""
	}
	var out []string
	for _, a := range c.Addresses {
		if l := a.Line(); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "; ")
}

// OpeningHours are in plain words.
func (c *Contact) OpeningHours() string {
	if c == nil {
		return ""
	}
	return c.Hours
}

// ImportedService is a service that the built-in catalogue need not have.
type ImportedService struct{ Key, Name, Type, Law, Origin string }

// ImportedAuthority is an office, or what is known about a built-in one: of that only the contact counts.
type ImportedAuthority struct {
	ID, Name string
	Kind     AuthorityKind
	Area     string // ARS
	Contact  Contact
	Origin   string
}

// ImportedOnline is an online service elsewhere. Kind is "form" or "service".
type ImportedOnline struct{ ID, Kind, Name, URL, Origin string }

// Duty is who does which services where: an authority, or an online service.
type Duty struct {
	ID, Authority, Online string
	Role                  string   // code of XZuFi; see Decides
	Services              []string // keys
	Areas                 []string // ARS
	Origin                string
}

// Decides reports whether the role is that of the zuständige Stelle: 01 or 02.
func (d Duty) Decides() bool { return d.Role == "01" || d.Role == "02" }

// MarkChanged tells every process that the catalogue's tables have changed.
func MarkChanged(ctx context.Context, tx *db.Tx) error { return bumpVersion(ctx, tx) }

// PutServices writes imported services over those with the same key.
func PutServices(ctx context.Context, tx *db.Tx, list []ImportedService) error {
	return Upsert(ctx, tx, "finder_import_service", "key", "name, type, law, origin", values(list, func(s ImportedService) []any {
		return []any{s.Key, s.Name, s.Type, s.Law, s.Origin}
	}))
}

// PutAuthorities writes imported offices over those with the same id.
func PutAuthorities(ctx context.Context, tx *db.Tx, list []ImportedAuthority) error {
	rows := make([][]any, len(list))
	for i, a := range list {
		contact, err := json.Marshal(a.Contact)
		if err != nil {
			return err
		}
		rows[i] = []any{a.ID, a.Name, string(a.Kind), a.Area, string(contact), a.Origin}
	}
	return Upsert(ctx, tx, "finder_import_authority", "id", "name, kind, area, contact, origin", rows)
}

// PutOnlines writes imported online services over those with the same id.
func PutOnlines(ctx context.Context, tx *db.Tx, list []ImportedOnline) error {
	return Upsert(ctx, tx, "finder_import_online", "id", "kind, name, url, origin", values(list, func(o ImportedOnline) []any {
		return []any{o.ID, o.Kind, o.Name, o.URL, o.Origin}
	}))
}

// PutDuties writes responsibilities over those with the same id.
func PutDuties(ctx context.Context, tx *db.Tx, list []Duty) error {
	rows := make([][]any, len(list))
	for i, d := range list {
		services, err := json.Marshal(d.Services)
		if err != nil {
			return err
		}
		areas, err := json.Marshal(d.Areas)
		if err != nil {
			return err
		}
		rows[i] = []any{d.ID, d.Authority, d.Online, d.Role, string(services), string(areas), d.Origin}
	}
	return Upsert(ctx, tx, "finder_import_duty", "id", "authority, online, role, services, areas, origin", rows)
}

// PutReleases makes releases what citizens read in the place of those before. Unlike PutRelease it takes the texts as
// they are: they were cleaned. The caller ends with MarkChanged.
func PutReleases(ctx context.Context, tx *db.Tx, list []Release) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		modules, err := json.Marshal(r.Modules)
		if err != nil {
			return err
		}
		words, err := json.Marshal(r.Words)
		if err != nil {
			return err
		}
		rows[i] = []any{r.Service, r.Authority, string(r.Lang), r.Version, string(modules), string(words), r.At}
	}
	return Upsert(ctx, tx, "finder_release", "service_key, authority_id, lang", "version_id, modules, words, released_at", rows)
}

// A statement takes so many rows, and so many values: with more, SQLite spends longer on reading it than on the rows.
const (
	upsertRows   = 50
	upsertValues = 400
)

// Upsert writes rows over those with the same key. keys and columns are lists of names.
func Upsert(ctx context.Context, tx *db.Tx, table, keys, columns string, rows [][]any) error {
	var set []string
	for column := range strings.SplitSeq(columns, ", ") {
		set = append(set, column+" = excluded."+column)
	}
	all := keys + ", " + columns
	size := min(upsertRows, upsertValues/(1+strings.Count(all, ",")))
	for part := range slices.Chunk(rows, size) {
		var p db.Params
		marks := make([]string, len(part))
		for i, row := range part {
			m := make([]string, len(row))
			for j, v := range row {
				m[j] = p.Add(v)
			}
			marks[i] = "(" + strings.Join(m, ",") + ")"
		}
		if _, err := tx.Exec(ctx, "INSERT INTO "+table+" ("+all+") VALUES "+strings.Join(marks, ",")+
			" ON CONFLICT ("+keys+") DO UPDATE SET "+strings.Join(set, ", "), p...); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

// imported is everything that the tables of imported facts hold.
type imported struct {
	services    []ImportedService
	authorities []ImportedAuthority
	onlines     []ImportedOnline
	duties      []Duty
}

// EachImported reads imported facts one by one in the order of their ids; nil functions leave a kind out.
func EachImported(ctx context.Context, q db.Querier, service func(ImportedService) error, authority func(ImportedAuthority) error,
	online func(ImportedOnline) error, duty func(Duty) error) error {
	if service != nil {
		if err := each(ctx, q, func(r *sql.Rows) error {
			var s ImportedService
			if err := r.Scan(&s.Key, &s.Name, &s.Type, &s.Law, &s.Origin); err != nil {
				return err
			}
			return service(s)
		}, `SELECT key, name, type, law, origin FROM finder_import_service ORDER BY key`); err != nil {
			return err
		}
	}
	if authority != nil {
		if err := each(ctx, q, func(r *sql.Rows) error {
			var a ImportedAuthority
			var contact string
			if err := r.Scan(&a.ID, &a.Name, &a.Kind, &a.Area, &contact, &a.Origin); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(contact), &a.Contact); err != nil {
				return fmt.Errorf("contact of %s: %w", a.ID, err)
			}
			a.Contact.Origin = a.Origin
			return authority(a)
		}, `SELECT id, name, kind, area, contact, origin FROM finder_import_authority ORDER BY id`); err != nil {
			return err
		}
	}
	if online != nil {
		if err := each(ctx, q, func(r *sql.Rows) error {
			var o ImportedOnline
			if err := r.Scan(&o.ID, &o.Kind, &o.Name, &o.URL, &o.Origin); err != nil {
				return err
			}
			return online(o)
		}, `SELECT id, kind, name, url, origin FROM finder_import_online ORDER BY id`); err != nil {
			return err
		}
	}
	if duty == nil {
		return nil
	}
	return each(ctx, q, func(r *sql.Rows) error {
		var d Duty
		var services, areas string
		if err := r.Scan(&d.ID, &d.Authority, &d.Online, &d.Role, &services, &areas, &d.Origin); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(services), &d.Services); err != nil {
			return fmt.Errorf("services of %s: %w", d.ID, err)
		}
		if err := json.Unmarshal([]byte(areas), &d.Areas); err != nil {
			return fmt.Errorf("areas of %s: %w", d.ID, err)
		}
		return duty(d)
	}, `SELECT id, authority, online, role, services, areas, origin FROM finder_import_duty ORDER BY id`)
}

func each(ctx context.Context, q db.Querier, row func(*sql.Rows) error, statement string) error {
	rows, err := q.Query(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func readImported(ctx context.Context, q db.Querier) (m imported, err error) {
	err = EachImported(ctx, q,
		func(s ImportedService) error { m.services = append(m.services, s); return nil },
		func(a ImportedAuthority) error { m.authorities = append(m.authorities, a); return nil },
		func(o ImportedOnline) error { m.onlines = append(m.onlines, o); return nil },
		func(d Duty) error { m.duties = append(m.duties, d); return nil })
	return m, err
}

// overlay lays imported facts over the built-in ones: services and authorities that are not built in, contacts, online
// services. Duties follow in gatherDuties, once the catalogue knows both.
func (t *tables) overlay() {
	known := map[string]bool{}
	for _, s := range t.services {
		known[s.Key] = true
	}
	for _, s := range t.imported.services {
		if !known[s.Key] {
			t.services = append(t.services, Service{Key: s.Key, Name: s.Name, Type: s.Type, Law: s.Law})
		}
	}
	at := map[string]int{}
	for i, a := range t.authorities {
		at[a.ID] = i
	}
	for i := range t.imported.authorities {
		a := &t.imported.authorities[i]
		if j, ok := at[a.ID]; ok {
			t.authorities[j].Contact = &a.Contact
			continue
		}
		out := Authority{ID: a.ID, Name: a.Name, Kind: a.Kind, Area: a.Area, Contact: &a.Contact}
		if len(a.Contact.Addresses) > 0 {
			out.Seat, out.Postcode = a.Contact.Addresses[0].Town, a.Contact.Addresses[0].Postcode
		}
		t.authorities = append(t.authorities, out)
	}
	slices.SortFunc(t.authorities, func(a, b Authority) int { return strings.Compare(a.ID, b.ID) })
	onlines := map[string]ImportedOnline{}
	for _, o := range t.imported.onlines {
		onlines[o.ID] = o
	}
	for _, d := range t.imported.duties {
		o, ok := onlines[d.Online]
		if !ok {
			continue
		}
		n := 0
		for _, key := range d.Services {
			for _, area := range d.Areas {
				n++
				if level := ars.Key(area).Level(); level == ars.State || level == ars.Federation {
					area = ""
				}
				t.online = append(t.online, Online{ID: d.ID + "." + strconv.Itoa(n), Service: key, Authority: area, Kind: o.Kind, Name: o.Name, URL: o.URL, Origin: o.Origin})
			}
		}
	}
}

// gatherDuties notes which imported authority decides on a service where.
func (c *Catalog) gatherDuties(duties []Duty) {
	c.duties = map[string]map[string]string{}
	listed := map[[2]string]bool{}
	for _, d := range duties {
		if _, ok := c.authorities[d.Authority]; !ok || !d.Decides() {
			continue
		}
		for _, key := range d.Services {
			if _, ok := c.services[key]; !ok {
				continue
			}
			if c.duties[key] == nil {
				c.duties[key] = map[string]string{}
			}
			for _, area := range d.Areas {
				if _, taken := c.duties[key][area]; !taken {
					c.duties[key][area] = d.Authority
				}
			}
			if task := [2]string{d.Authority, key}; !listed[task] {
				listed[task] = true
				c.tasks[d.Authority] = append(c.tasks[d.Authority], key)
			}
		}
	}
}

// duty finds the imported authority for a service whose area is nearest to the place; ok is false if there is none.
func (c *Catalog) duty(key string, place *Area) (a Authority, area string, ok bool) {
	at := c.duties[key]
	if at == nil {
		return a, "", false
	}
	var areas []string
	if place != nil {
		k := ars.Key(place.ARS)
		areas = append(areas, place.ARS)
		for p := c.areas[place.Parent]; p != nil; p = c.areas[p.Parent] {
			areas = append(areas, p.ARS)
		}
		areas = append(areas, string(k.Association()), string(k.District()), string(k.State()))
	} else {
		areas = append(areas, thuringia)
	}
	for _, area := range append(areas, string(ars.Germany)) {
		if id, ok := at[area]; ok {
			return c.authorities[id], area, true
		}
	}
	return a, "", false
}

// withDuty lays an imported responsibility over the answer of the built-in rule. Where the rule knows the authority, an
// imported office is only where to go: which authority gets applications does not change by an import of its offices.
func (c *Catalog) withDuty(out Responsibility, key string, place *Area) Responsibility {
	a, area, ok := c.duty(key, place)
	switch {
	case !ok:
		if len(c.duties[key]) > 0 && place == nil && !out.Known {
			out.Reason = Text{Key: "finder.reason.place_needed"}
		}
		return out
	case out.Known && a.Kind == Unit:
		out.Unit = &a
		return out
	case out.Known && (a.ID == out.Responsible.ID || a.ID == out.Processor.ID):
		return out
	}
	level := Own
	switch ars.Key(area).Level() {
	case ars.Federation:
		level = FederalLevel
	case ars.State:
		level = StateLevel
	case ars.District:
		level = DistrictLevel
	}
	return Responsibility{Known: true, Level: level, Responsible: a, Processor: a, Law: out.Law, Receives: out.Receives,
		Reason: Text{Key: "finder.reason.imported", Args: []any{a.Name}}}
}
