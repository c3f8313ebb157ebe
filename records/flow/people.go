package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// seat is a person's place in an organisational unit.
type seat struct {
	Person
	unit string
	role access.Role
}

// unit is an organisational unit.
type unit struct{ id, code, name, path string }

// directory is who is who at an authority, and who stands in for whom at this moment.
type directory struct {
	seats    []seat
	units    map[string]unit
	absences map[string]Absence // by subject, those that hold now
}

func (r *Room) directory(ctx context.Context, q db.Querier, a access.Access, authority string, now time.Time) (d directory, err error) {
	if d.seats, err = r.store.seats(ctx, q, a, authority); err != nil {
		return d, err
	}
	units, err := r.store.units(ctx, q, a, authority)
	if err != nil {
		return d, err
	}
	d.units = map[string]unit{}
	for _, u := range units {
		d.units[u.id] = u
	}
	absences, err := r.store.absent(ctx, q, a, authority, now)
	d.absences = map[string]Absence{}
	for _, x := range absences {
		d.absences[x.Subject] = x
	}
	return d, err
}

// maxHops is how often a deputy's own deputy is asked.
const maxHops = 5

// deputies are who acts for the person now: nobody unless they are absent; else their deputy, or the deputy's deputy;
// where that leads in a circle or too far, the heads of their unit, or of the nearest one above, who are there.
func (d directory) deputies(subject string) []string {
	current, away := d.absences[subject]
	if !away {
		return nil
	}
	for range maxHops {
		next, away := d.absences[current.Deputy]
		if !away {
			return []string{current.Deputy}
		}
		current = next
	}
	for _, path := range d.paths(subject) {
		ids := strings.Split(strings.Trim(path, "/"), "/")
		for _, id := range slices.Backward(ids) {
			var heads []string
			for _, s := range d.seats {
				if _, away := d.absences[s.Subject]; s.unit == id && s.role == access.Head && !away && s.Subject != subject {
					heads = append(heads, s.Subject)
				}
			}
			if len(heads) > 0 {
				return heads
			}
		}
	}
	return nil
}

// away is the absence of the person that the holder is, and who acts for them; false if they are there, or it is no person.
func (d directory) away(holder string) (b Absence, deputies string, ok bool) {
	subject, person := strings.CutPrefix(holder, "person:")
	if b, ok = d.absences[subject]; !ok || !person {
		return b, "", false
	}
	var names []string
	for _, who := range d.deputies(subject) {
		for _, p := range d.members(access.Person(who)) {
			names = append(names, p.Name)
		}
	}
	return b, strings.Join(names, ", "), true
}

// paths are those of the units that the person belongs to.
func (d directory) paths(subject string) []string {
	var out []string
	for _, s := range d.seats {
		if s.Subject == subject && d.units[s.unit].path != "" {
			out = append(out, d.units[s.unit].path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// members are the people that the holder means.
func (d directory) members(holder string) []Person {
	kind, rest, _ := strings.Cut(holder, ":")
	at, role, _ := strings.Cut(rest, ":")
	var out []Person
	for _, s := range d.seats {
		path, in := d.units[s.unit].path, false
		switch kind {
		case "person":
			in = s.Subject == rest
		case "role":
			in = s.unit == at && string(s.role) == role
		case "unit":
			in = strings.Contains(path, "/"+at+"/")
		}
		if in && !slices.Contains(out, s.Person) {
			out = append(out, s.Person)
		}
	}
	return out
}

// name is what the holder is called; "" for one that is not at the authority. Roles are named with a word of the
// catalogue's, in the official language.
func (r *Room) holderName(d directory, holder string) string {
	kind, rest, _ := strings.Cut(holder, ":")
	at, role, _ := strings.Cut(rest, ":")
	u, known := d.units[at]
	switch {
	case kind == "person":
		if m := d.members(holder); len(m) > 0 {
			return m[0].Name
		}
	case isRegistry(holder):
		return r.german("flow.role.registry")
	case kind == "unit" && known:
		return u.code + " " + u.name
	case kind == "role" && known && (role == string(access.Head) || role == string(access.Member)):
		return r.german("flow.role."+role, u.code+" "+u.name)
	}
	return ""
}

// desk is what lies with the caller: the holders that they are, and those that they stand in for.
type desk struct {
	me   Person
	own  []string
	acts map[string]Person // holder to who is absent
}

func (r *Room) desk(ctx context.Context, q db.Querier, a access.Access) (desk, error) {
	p := identity.From(ctx)
	d := desk{me: Person{p.Subject, p.Name}, own: []string{access.Person(p.Subject)}, acts: map[string]Person{}}
	for _, id := range a.Units() {
		d.own = append(d.own, access.Unit(id))
	}
	for _, id := range a.Registry().Authorities() {
		d.own = append(d.own, registry(id))
	}
	mine, err := r.store.seatsOf(ctx, q, a, p.Subject)
	if err != nil {
		return d, err
	}
	for _, s := range mine {
		d.own = append(d.own, access.RoleIn(s.unit, s.role))
	}
	away, err := r.store.awayAt(ctx, q, a, r.h.Now())
	if err != nil {
		return d, err
	}
	// Every way to a deputy ends with one who is named in an absence, or with a head: for others nothing more is read.
	head := slices.ContainsFunc(mine, func(s seat) bool { return s.role == access.Head })
	asked := map[string]bool{}
	for _, x := range away {
		if asked[x.Authority] || !head && x.Deputy != p.Subject {
			continue
		}
		asked[x.Authority] = true
		dir, err := r.directory(ctx, q, a, x.Authority, r.h.Now())
		if err != nil {
			return d, err
		}
		for subject, x := range dir.absences {
			if slices.Contains(dir.deputies(subject), p.Subject) {
				d.stand(dir, x)
			}
		}
	}
	return d, nil
}

// stand adds what lies with somebody absent.
func (d *desk) stand(dir directory, x Absence) {
	for _, h := range dir.holders(x.Subject) {
		if !slices.Contains(d.own, h) {
			d.acts[h] = Person{x.Subject, x.Name}
		}
	}
}

// holders are those of tasks that are the person's alone: by name, and by their roles.
func (d directory) holders(subject string) []string {
	out := []string{access.Person(subject)}
	for _, s := range d.seats {
		if s.Subject == subject {
			out = append(out, access.RoleIn(s.unit, s.role))
		}
	}
	return out
}

// holds reports whether the holder is the caller, or somebody (for) that the caller stands in for.
func (d desk) holds(holder string) (instead Person, ok bool) {
	if slices.Contains(d.own, holder) {
		return Person{}, true
	}
	instead, ok = d.acts[holder]
	return instead, ok
}

// involved reports whether the desk's owner started the circulation or has an open task in it, or whom (instead) they
// stand in for.
func (d desk) involved(x Circulation) (instead Person, ok bool) {
	instead, ok = d.holds(access.Person(x.By.Subject))
	for _, t := range x.Tasks {
		if !ok && t.State == Open {
			instead, ok = d.holds(t.Holder)
		}
	}
	return instead, ok
}

// accessOf is what a person who is not the caller may reach at the authority.
func (r *Room) accessOf(ctx context.Context, q db.Querier, subject, authority string) (access.Access, error) {
	p := identity.Principal{Subject: subject, Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: authority}}}
	registrar, err := r.staff.Registrar(ctx, q, subject, authority)
	if err != nil {
		return access.Access{}, err
	}
	if registrar {
		p.Grants = append(p.Grants, identity.Grant{Role: identity.Registrar, Authority: authority})
	}
	return access.Load(identity.With(ctx, p), q)
}

// reach is what keeps a person from a case, or that nothing does.
type reach int

const (
	reachesFully reach = iota // reads and writes
	reachesToRead
	reachesByRule // not yet, but a rule may let them
	reachBlocked
	reachUncleared
)

// reaches finds out what the person may do with the case, whose file is f.
func (r *Room) reaches(ctx context.Context, tx *db.Tx, subject string, c records.Case, f records.File) (reach, error) {
	a, err := r.accessOf(ctx, tx, subject, c.Authority)
	if err != nil {
		return 0, err
	}
	if !a.Cleared(c.Authority, max(f.Level, c.Level)) {
		return reachUncleared, nil
	}
	seen, err := r.core.CaseByID(ctx, tx, a, c.ID, "")
	switch {
	case err == nil && seen.May >= access.Write:
		return reachesFully, nil
	case err == nil:
		file, err := r.core.FileOf(ctx, tx, a, seen)
		if err == nil && file.May < access.Read {
			return reachesByRule, nil // a guest for the sake of something else, which may end before
		}
		return reachesToRead, err
	case !errs.Is(err, errs.NotFound):
		return 0, err
	}
	grants, err := access.Grants(ctx, tx, access.At(c.Authority), f.ID)
	if err != nil {
		return 0, err
	}
	seats, err := r.store.seatsOf(ctx, tx, access.At(c.Authority), subject)
	if err != nil {
		return 0, err
	}
	keys := []string{access.Authority, access.Person(subject)}
	for _, id := range a.Units() {
		keys = append(keys, access.Unit(id))
	}
	for _, s := range seats {
		keys = append(keys, access.RoleIn(s.unit, s.role))
	}
	if slices.ContainsFunc(grants, func(g access.Grant) bool { return g.May == access.Nothing && slices.Contains(keys, g.Holder) }) {
		return reachBlocked, nil
	}
	return reachesByRule, nil
}

// admit sees to it that the holder can read the case: who may not yet is its guest while the circulation runs, if the giver
// may write in the file.
// A unit or a role is admitted if somebody of it is; whom a block or their clearance keeps out stays out. need is the
// least that the task asks for. errs.Invalid says who cannot be asked, and why.
func (r *Room) admit(ctx context.Context, tx *db.Tx, s *scene, holder string, need access.May) error {
	if isRegistry(holder) {
		return nil
	}
	name := r.holderName(s.dir, holder)
	people := s.dir.members(holder)
	if name == "" || len(people) == 0 {
		return errs.E(errs.Invalid, "flow.error.nobody", cmp.Or(name, holder))
	}
	var outside []Person
	inside, why := 0, reach(0)
	for _, p := range people {
		got, err := r.reaches(ctx, tx, p.Subject, s.c, s.f)
		if err != nil {
			return err
		}
		switch {
		case got == reachBlocked || got == reachUncleared:
			why = max(why, got)
		case got == reachesByRule && need < access.Write:
			outside = append(outside, p)
		case got == reachesFully || need < access.Write:
			inside++
		default:
			why = max(why, reachesToRead)
		}
	}
	switch {
	case inside+len(outside) == 0:
		key := map[reach]string{reachBlocked: "flow.error.blocked", reachUncleared: "flow.error.uncleared", reachesToRead: "flow.error.needs_write"}[why]
		return errs.E(errs.Invalid, key, name)
	case len(outside) == 0:
		return nil
	case s.c.May < access.Write:
		return errs.E(errs.Denied, "flow.error.no_rule", name)
	case inside == 0: // nobody loses anything by a rule for all of them
		return r.invite(ctx, tx, s.c, holder, s.x.ID, s.instead)
	}
	for _, p := range outside {
		if err := r.invite(ctx, tx, s.c, access.Person(p.Subject), s.x.ID, s.instead); err != nil {
			return err
		}
	}
	return nil
}

// invite lets the holder read the case for the sake of source: a circulation, or somebody's absence. It ends with it.
func (r *Room) invite(ctx context.Context, tx *db.Tx, c records.Case, holder, source string, instead Person) error {
	if err := access.Admit(ctx, tx, access.At(c.Authority), access.Guest{Authority: c.Authority, Case: c.ID, Holder: holder, Source: source,
		At: r.h.Now()}); err != nil {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.access_given", Authority: c.Authority, Object: records.CaseObject(c.ID),
		Changes: named(instead, map[string]any{"holder": holder, "may": int64(access.Read)})})
}

// dismiss ends what the holder ("" is each) was let read for the sake of source.
func (r *Room) dismiss(ctx context.Context, tx *db.Tx, authority, source, holder string) error {
	cases, err := access.Dismiss(ctx, tx, access.At(authority), source, holder)
	for _, id := range cases {
		if err == nil {
			err = r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.access_ended", Authority: authority, Object: records.CaseObject(id),
				Changes: map[string]any{"holder": holder, "source": source}})
		}
	}
	return err
}

// let adds the rule that the holder may do so much with the file; the caller gives it, if instead is set as deputy.
// reason is a key of the catalogue.
func (r *Room) let(ctx context.Context, tx *db.Tx, f records.File, holder string, may access.May, reason string, instead Person) error {
	by := identity.From(ctx).Name
	if instead.Subject != "" {
		by = r.german("flow.by_deputy", by, instead.Name)
	}
	if err := access.Put(ctx, tx, access.At(f.Authority), access.Grant{Authority: f.Authority, File: f.ID, Holder: holder, May: may,
		Reason: r.german(reason), By: by, At: r.h.Now()}); err != nil {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.access_given", Authority: f.Authority, Object: records.FileObject(f.ID),
		Changes: named(instead, map[string]any{"holder": holder, "may": int64(may)})})
}
