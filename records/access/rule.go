package access

import (
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

// Level is how confidential a file is (xdomea: Vertraulichkeitsstufe).
type Level int64

// The levels.
const (
	Open         Level = 0 // offen
	Restricted   Level = 1 // nur für den Dienstgebrauch
	Confidential Level = 2 // vertraulich
	Secret       Level = 3 // geheim
	TopSecret    Level = 4 // streng geheim
)

// Sensitive reports whether reading is written to the log.
func (l Level) Sensitive() bool { return l >= Confidential }

// Valid reports whether there is such a level.
func (l Level) Valid() bool { return l >= Open && l <= TopSecret }

// Role is what somebody is in an organisational unit.
type Role string

// The roles in a unit.
const (
	Member Role = "member"
	Head   Role = "head" // sees and decides for the units below too
)

// Authority is the holder of everybody at the file's authority. Holders stand in records_grant.holder,
// records_file.readers and records_file.writers.
const Authority = "authority"

// Unit is the holder of everybody in the organisational unit and below it.
func Unit(id string) string { return "unit:" + id }

// RoleIn is the holder of everybody with this role in exactly this unit.
func RoleIn(unit string, role Role) string { return "role:" + unit + ":" + string(role) }

// Person is the holder of one person.
func Person(subject string) string { return "person:" + subject }

// Grant is a rule of a file: what a holder may do with it. Nothing is a block.
type Grant struct {
	Authority string
	File      string // file id
	Holder    string // Authority, Unit, RoleIn or Person
	May       May
	Reason    string
	By        string // name
	At        time.Time
}

// weight orders rules: the nearest is the greatest, and among equals the one that gives less; modulo 3 it is 0 for
// write, 1 for read, 2 for nothing.
func (g Grant) weight() int64 {
	rank := int64(1)
	switch kind, _, _ := strings.Cut(g.Holder, ":"); kind {
	case "unit":
		rank = 2
	case "role":
		rank = 3
	case "person":
		rank = 4
	}
	return rank*3 + int64(Write-g.May)
}

// check names what is wrong with the rule.
func (g Grant) check() error {
	kind, rest, named := strings.Cut(g.Holder, ":")
	known := g.Holder == Authority || named && rest != "" && (kind == "unit" || kind == "role" || kind == "person")
	if !known || len(g.Holder) > 300 || g.May < Nothing || g.May > Write {
		return errs.E(errs.Invalid, "records.error.rule")
	}
	return nil
}

func scanGrant(r db.Scanner) (g Grant, err error) {
	var at int64
	err = r.Scan(&g.Authority, &g.File, &g.Holder, &g.May, &g.Reason, &g.By, &at)
	g.At = db.Time(at)
	return g, err
}
