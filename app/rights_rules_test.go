package app

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Who may do what in the electronic file, said once more: in plain Go, after docs/RECORDS.md, "Who reaches what", and not
// after the program. The matrix (rights_test.go) compares the two.

const jena = "160530000000"

// paths are the organisational units at Erfurt, each with those above it.
var paths = map[string]string{"10": "/10/", "20": "/10/20/", "21": "/10/20/21/", "30": "/30/", "40": "/40/", "41": "/41/", "42": "/42/", "50": "/50/"}

// file is what the rules ask of a file and of a case in it.
type file struct {
	lead      string // unit; "" is none
	reach     records.Reach
	level     access.Level // of the file
	caseLevel access.Level // of the case, which is not below
}

// everyFile is every sort of file: each reach with the own unit, another or none in the lead, on each level; and a case that is
// more confidential than its file.
func everyFile() (out []file) {
	for _, f := range []file{{"", records.Everybody, 0, 0}, {"20", records.Everybody, 0, 0}, {"30", records.Everybody, 0, 0}, {"20", records.ReadByAll, 0, 0},
		{"30", records.ReadByAll, 0, 0}, {"20", records.LeadOnly, 0, 0}, {"30", records.LeadOnly, 0, 0}, {"20", records.Registry, 0, 0}} {
		for level := access.Open; level.Valid(); level++ {
			f.level, f.caseLevel = level, level
			out = append(out, f)
		}
		f.level, f.caseLevel = access.Restricted, access.Confidential
		out = append(out, f)
	}
	return out
}

// The rules that every file has, beside those for single people (person.rule).
var rules = []access.Grant{
	{Holder: access.Unit("40"), May: access.Nothing},
	{Holder: access.RoleIn("41", access.Member), May: access.Nothing},
	{Holder: access.Unit("42"), May: access.Write},
	{Holder: access.RoleIn("42", access.Head), May: access.Read},
}

// person is somebody who tries.
type person struct {
	id    string // of the sign-in
	word  string // their column in docs/RIGHTS.md; "" is none
	kind  identity.Kind
	roles map[identity.Role]string // at which authority
	unit  string                   // at Erfurt
	head  bool                     // of the unit; else a member
	level access.Level             // of their clearance at Erfurt
	rule  string                   // that each file has for them: "read", "write", "nothing"
	asked bool                     // to do something in each case; or stands in for who was
}

func clerk(id, word, unit string) person {
	return person{id: id, word: word, kind: identity.Staff, roles: map[identity.Role]string{identity.Clerk: erfurt}, unit: unit, level: access.Confidential}
}

func (p person) with(f func(p *person)) person {
	f(&p)
	return p
}

func (p person) ruled(may string) person { return p.with(func(p *person) { p.rule = may }) }
func (p person) guest() person           { return p.with(func(p *person) { p.asked = true }) }
func (p person) heads() person           { return p.with(func(p *person) { p.head = true }) }
func (p person) cleared(l access.Level) person {
	return p.with(func(p *person) { p.level = l })
}

// keeper is somebody who keeps the records of Erfurt.
func keeper(id, word string) person {
	return clerk(id, word, "").with(func(p *person) { p.roles = map[identity.Role]string{identity.Registrar: erfurt} })
}

// everyone is all sorts of people that there are to a file of unit 20, which stands below 10 and above 21. All are cleared for
// Confidential but where it is said.
var everyone = []person{
	{id: "anonymous"},
	{id: "citizen", kind: identity.Citizen},
	{id: "treasurer", word: "Andere Rolle (Kasse …)", kind: identity.Staff, roles: map[identity.Role]string{identity.Treasurer: erfurt}},
	{id: "clerk of Jena", word: "Andere Behörde", kind: identity.Staff, roles: map[identity.Role]string{identity.Clerk: jena}},
	{id: "registrar of Jena", kind: identity.Staff, roles: map[identity.Role]string{identity.Registrar: jena}},
	clerk("outsider", "", ""),
	clerk("registrar of Jena, clerk of Erfurt", "", "").cleared(access.Open).with(func(p *person) { p.roles[identity.Registrar] = jena }),
	clerk("member of 30", "Sachbearbeitung, andere Einheit", "30"),
	clerk("member of 20", "Sachbearbeitung der Einheit", "20"),
	clerk("member, not cleared", "", "20").cleared(access.Open),
	clerk("member, cleared for the first level", "", "20").cleared(access.Restricted),
	clerk("member, cleared for all", "", "20").cleared(access.TopSecret),
	clerk("member of 21", "", "21"),
	clerk("head of 20", "Leitung der Einheit", "20").heads(),
	clerk("head of 10", "", "10").heads(),
	clerk("head of 21", "", "21").heads(),
	keeper("registrar", "Registratur"),
	keeper("registrar, cleared for all", "").cleared(access.TopSecret),
	clerk("reader", "Leseregel", "").ruled("read"),
	clerk("writer", "Schreibregel", "").ruled("write"),
	clerk("blocked member", "Gesperrt", "20").ruled("nothing"),
	keeper("blocked registrar", "").ruled("nothing"),
	keeper("registrar of the whole Land", "").with(func(p *person) { p.roles[identity.Registrar] = identity.Everywhere }),
	clerk("clerk of the whole Land", "", "").with(func(p *person) { p.roles[identity.Clerk] = identity.Everywhere }),
	clerk("member of 20, reader by a rule", "", "20").ruled("read"),
	clerk("head of 20, reader by a rule", "", "20").heads().ruled("read"),
	clerk("member of the blocked 40", "", "40"),
	clerk("member of 40, writer by a rule", "", "40").ruled("write"),
	clerk("blocked by role", "", "41"),
	clerk("member of 42", "", "42"),
	clerk("head of 42", "", "42").heads(),
	clerk("guest", "Um Mitwirkung gebeten", "").guest(),
	clerk("guest through unit 50", "", "50").guest(),
	clerk("blocked guest", "", "").guest().ruled("nothing"),
	clerk("absent guest", "", "").guest(),
	clerk("deputy of a guest", "Vertretung davon", "").guest(),
	clerk("former guest", "", ""),
	clerk("guest, back again", "", "").guest(),
	clerk("former deputy", "", ""),
}

// ctx carries the person.
func (p person) ctx() context.Context {
	w := identity.Principal{Subject: p.id, Name: p.id, Kind: p.kind}
	for role, authority := range p.roles {
		w.Grants = append(w.Grants, identity.Grant{Role: role, Authority: authority})
	}
	return identity.With(context.Background(), w)
}

// stranger is how everything is answered to who does not work with files at Erfurt; "" for who does.
func (p person) stranger() errs.Code {
	switch {
	case p.kind == identity.Anonymous:
		return errs.Unauthenticated
	case p.kind != identity.Staff || p.roles[identity.Clerk] == "" && p.roles[identity.Registrar] == "":
		return errs.Denied
	case !p.has(identity.Clerk) && !p.has(identity.Registrar):
		return errs.NotFound
	}
	return ""
}

// has reports whether they have the role at Erfurt.
func (p person) has(role identity.Role) bool {
	return p.roles[role] == erfurt || p.roles[role] == identity.Everywhere
}

// registrar reports whether they keep the records of Erfurt.
func (p person) registrar() bool { return p.has(identity.Registrar) }

// belongs reports whether the unit is theirs: their own, one above it, or one below that they head.
func (p person) belongs(unit string) bool {
	if p.unit == "" || unit == "" {
		return false
	}
	return strings.HasPrefix(paths[p.unit], paths[unit]) || p.head && strings.HasPrefix(paths[unit], paths[p.unit])
}

// may is what they may do with the file: within their clearance the nearest rule, and without one what its reach says.
func (p person) may(f file) access.May {
	if p.stranger() != "" || f.level > p.level {
		return access.Nothing
	}
	switch {
	case p.rule != "":
		return map[string]access.May{"read": access.Read, "write": access.Write, "nothing": access.Nothing}[p.rule]
	case p.unit == "41" && !p.head, p.unit == "40":
		return access.Nothing
	case p.unit == "42" && p.head:
		return access.Read
	case p.unit == "42", p.registrar():
		return access.Write
	}
	switch f.reach {
	case records.Everybody:
		return access.Write
	case records.ReadByAll:
		if p.belongs(f.lead) {
			return access.Write
		}
		return access.Read
	case records.LeadOnly:
		if p.belongs(f.lead) {
			return access.Write
		}
	}
	return access.Nothing
}

// mayCase is what they may do with the case: no more than with its file, but that a guest reads it whom no rule keeps out.
func (p person) mayCase(f file) access.May {
	if p.stranger() != "" || f.level > p.level || f.caseLevel > p.level {
		return access.Nothing
	}
	may := p.may(f)
	if may == access.Nothing && p.asked && p.rule != "nothing" {
		return access.Read
	}
	return may
}

// manages reports whether they head the leading unit or one above it, or are registrar.
func (p person) manages(f file) bool {
	return p.registrar() || p.head && f.lead != "" && strings.HasPrefix(paths[f.lead], paths[p.unit])
}

// need is what an action asks of who does it.
type need string

// The needs.
const (
	toWork      need = "" // works with files at the authority
	toKeep      need = "Registratur"
	toLead      need = "heads some unit, or keeps the records"
	toLeadThem  need = "heads the unit of who it is about, or keeps the records"
	toRead      need = "reads the file"
	toWrite     need = "changes the file"
	toManage    need = "changes the file and manages it"
	toRule      need = "reads the file and manages it" // so that nobody can be locked out by a rule that none may lift
	toRuleOwn   need = "nobody: the rule is about themselves"
	toKeepFile  need = "reads the file and keeps its records"
	toReadCase  need = "reads the case"
	toWriteCase need = "changes the case"
	toRunCase   need = "changes the case and manages its file"
	toReadOther need = "reads another case of the file"
	toLower     need = "changes the case, and manages its file where it becomes less confidential"
	toDo        need = "was asked to do it, and reads the case"
	toTakePart  need = "has begun it or was asked, and reads the case"
	toHold      need = "is the writer, who put it there"
	toKeepAll   need = "keeps the records, and reads every file of the process"
	toWithdraw  need = "has begun it, or manages the file, and reads the case"
)

// want is the code with which the action is refused, "" if they may.
func (p person) want(n need, f file) errs.Code {
	if s := p.stranger(); s != "" {
		return s
	}
	may, mayCase := p.may(f), p.mayCase(f)
	needs := func(reads, ok bool) errs.Code {
		switch {
		case !reads:
			return errs.NotFound
		case !ok:
			return errs.Denied
		}
		return ""
	}
	switch n {
	case toKeep:
		return needs(true, p.registrar())
	case toLead:
		return needs(true, p.registrar() || p.head)
	case toLeadOthers, toLeadThem: // the member of 20
		return needs(true, p.registrar() || p.head && strings.HasPrefix(paths["20"], paths[p.unit]) || n == toLeadThem && p.id == "member of 20")
	case toRead:
		return needs(may >= access.Read, true)
	case toWrite:
		return needs(may >= access.Read, may == access.Write)
	case toManage:
		return needs(may >= access.Read, may == access.Write && p.manages(f))
	case toRule:
		return needs(may >= access.Read, p.manages(f))
	case toRuleOwn:
		return needs(may >= access.Read, false)
	case toKeepFile:
		return needs(!p.registrar() || may >= access.Read, p.registrar())
	case toReadCase:
		return needs(mayCase >= access.Read, true)
	case toWriteCase:
		return needs(mayCase >= access.Read, mayCase == access.Write)
	case toRunCase:
		return needs(mayCase >= access.Read, mayCase == access.Write && p.manages(f))
	case toLower:
		return needs(mayCase >= access.Read, mayCase == access.Write && (p.manages(f) || f.caseLevel == f.level))
	case toReadOther:
		return needs(may >= access.Read && f.caseLevel <= p.level, true)
	case toTakePart:
		return needs(mayCase >= access.Read, p.asked || p.id == "writer")
	case toHold:
		return needs(p.id == "writer" && mayCase >= access.Read, true)
	case toKeepAll:
		return needs(true, p.registrar() && may >= access.Read)
	case toDo:
		return needs(mayCase >= access.Read, p.asked)
	case toWithdraw:
		return needs(mayCase >= access.Read, p.id == "writer" || p.manages(f))
	}
	return ""
}

// refusals are the codes of who may not.
var refusals = []errs.Code{errs.Unauthenticated, errs.Denied, errs.NotFound}

// agrees reports whether what an action answered is what it was to answer: who may is not refused, whatever else. Who keeps
// no records is told that they may not, or that there is nothing: whether there is, they are not told.
func (n need) agrees(want, got errs.Code) bool {
	switch {
	case want == "":
		return !slices.Contains(refusals, got) && got != errs.Internal
	case n == toKeep || n == toKeepFile || n == toKeepAll:
		return got == want || want != errs.Unauthenticated && (got == errs.Denied || got == errs.NotFound && want != errs.NotFound)
	}
	return got == want
}
