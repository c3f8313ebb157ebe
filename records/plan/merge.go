package plan

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/i18n"
)

// Kind is what happens to a unit.
type Kind string

// The kinds of changes.
const (
	Added   Kind = "added"
	Changed Kind = "changed"
	Ended   Kind = "ended"
)

// Change is a unit that differs from what the plan had.
type Change struct {
	Unit   Unit
	Kind   Kind
	Fields []Field
	Files  int // closed files whose retention or appraisal it concerns
}

// Field is a value that differs.
type Field struct{ Column, Old, New string }

// rules reports whether the change concerns what becomes of closed files.
func (c Change) rules() bool {
	return c.Kind != Added && slices.ContainsFunc(c.Fields, func(f Field) bool {
		return f.Column == colRetention || f.Column == colTransfer || f.Column == colAppraisal
	})
}

// org is an organisational unit that may lead files.
type org struct{ id, code, name string }

// how says how a table is merged into a plan.
type how struct {
	endMissing bool // units that it does not name end today
	now        time.Time
	orgs       []org
}

// merge makes the plan that the table asks for. Units are never taken away.
func (p Plan) merge(t table, h how) (Plan, []problem) {
	var wrong []problem
	out := make(Plan, len(p))
	for i, u := range p {
		u.Services = slices.Clone(u.Services)
		out[i] = u
	}
	index := out.index()
	lines := map[string]int{}
	for _, r := range t.rows {
		code, _ := t.cell(r, colCode)
		code = oneLine(code)
		fault := func(column, key string, args ...any) {
			wrong = append(wrong, problem{code: code, Line: r.line, Column: column, Key: key, Args: args})
		}
		if first, twice := lines[code]; twice {
			fault(colCode, "plan.error.twice", code, first)
			continue
		}
		lines[code] = r.line
		i, known := index[code]
		if !known {
			i = len(out)
			index[code] = i
			out = append(out, Unit{})
		}
		for _, c := range columns {
			value, given := t.cell(r, c)
			if !given && (known || c != colTitle && c != colRetention && c != colAppraisal) || c == colServices || c == colLeads {
				continue
			}
			if key := out[i].set(c, value); key != "" {
				fault(c, key)
			}
		}
	}
	out.route(t, h, index, &wrong)
	if h.endMissing && !out.endMissing(lines, h.now) {
		wrong = append(wrong, problem{Key: "plan.error.any"})
	}
	if len(out) > maxUnits {
		wrong = append(wrong, problem{Key: "plan.error.units", Args: []any{maxUnits}})
	}
	if len(wrong) == 0 { // what is between units makes sense only then
		for _, x := range out.check(h.now) {
			x.Line = cmp.Or(lines[x.code], lines[x.cause])
			wrong = append(wrong, x)
		}
	}
	slices.SortStableFunc(wrong, func(a, b problem) int { return cmp.Compare(a.Line, b.Line) })
	out.sort()
	return out, wrong
}

// route gives the services that the table names to its units: away from where they were.
func (p Plan) route(t table, h how, index map[string]int, wrong *[]problem) {
	taken := map[string]int{} // key to the line that it stands in
	old := map[string]Service{}
	for _, u := range p {
		for _, s := range u.Services {
			old[s.Key] = s
		}
	}
	add := map[int][]Service{}
	for _, r := range t.rows {
		code, _ := t.cell(r, colCode)
		i, known := index[oneLine(code)]
		keys, _ := t.cell(r, colServices)
		for _, key := range strings.Fields(keys) {
			if line, twice := taken[key]; twice {
				*wrong = append(*wrong, problem{code: code, Line: r.line, Column: colServices, Key: "plan.error.service_twice", Args: []any{key, line}})
				continue
			}
			taken[key] = r.line
			s := old[key]
			s.Key = key
			add[i] = append(add[i], s)
		}
		text, given := t.cell(r, colLeads)
		if !given || !known {
			continue
		}
		leads, bad := readLeads(text, h.orgs)
		if bad != "" {
			*wrong = append(*wrong, problem{code: code, Line: r.line, Column: colLeads, Key: "plan.error.lead", Args: []any{bad}})
		}
		used := map[string]bool{}
		for _, list := range [][]Service{p[i].Services, add[i]} {
			for n, s := range list {
				o := leads[s.Key]
				list[n].Lead, list[n].LeadCode, list[n].LeadName = o.id, o.code, o.name
				used[s.Key] = true
			}
		}
		for key := range leads { // of a service that is not the unit's
			if !used[key] {
				*wrong = append(*wrong, problem{code: code, Line: r.line, Column: colLeads, Key: "plan.error.lead", Args: []any{key}})
			}
		}
	}
	for i := range p {
		p[i].Services = slices.DeleteFunc(p[i].Services, func(s Service) bool { _, moved := taken[s.Key]; return moved })
		p[i].Services = append(p[i].Services, add[i]...)
		p[i].Services = sorted(p[i].Services)
	}
}

func sorted(services []Service) []Service {
	slices.SortFunc(services, func(a, b Service) int { return cmp.Compare(a.Key, b.Key) })
	return services
}

// readLeads reads which organisational unit leads the files of which service: "KEY CODE; KEY CODE". bad is what cannot be.
func readLeads(text string, orgs []org) (out map[string]org, bad string) {
	out = map[string]org{}
	for part := range strings.SplitSeq(text, ";") {
		part = oneLine(part)
		if part == "" {
			continue
		}
		key, code, _ := strings.Cut(part, " ")
		code, err := url.PathUnescape(code)
		i := slices.IndexFunc(orgs, func(o org) bool { return o.code == code })
		if err != nil || i < 0 {
			return nil, part
		}
		out[key] = orgs[i]
	}
	return out, ""
}

// endMissing ends today what the table does not name, but for units above others that go on. Services that were routed
// there fall to the unit of any service; ok is false if that would end too.
func (p Plan) endMissing(named map[string]int, now time.Time) (ok bool) {
	day := now.In(i18n.Berlin)
	today := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, i18n.Berlin).Add(-time.Microsecond)
	goesOn := func(u Unit) bool {
		_, here := named[u.Code]
		return here && (u.ValidUntil.IsZero() || u.ValidUntil.After(today)) || u.ValidFrom.After(today)
	}
	index, needed := p.index(), map[string]bool{}
	for _, u := range p {
		if goesOn(u) {
			above, _ := p.above(index, u.Code)
			for _, code := range append(above, u.Code) {
				needed[code] = true
			}
		}
	}
	ok = true
	for i, u := range p {
		if _, here := named[u.Code]; here || needed[u.Code] {
			continue
		}
		if u.ValidUntil.IsZero() || u.ValidUntil.After(today) {
			p[i].ValidUntil = today
		}
		for _, s := range u.Services {
			ok = ok && s.Key != AnyService
		}
		p[i].Services = nil
	}
	return ok
}

// changes lists how the plan differs from what it was, each unit after the one above it.
func (p Plan) changes(old Plan) []Change {
	index := old.index()
	var out []Change
	for _, n := range p.tree() {
		c := Change{Unit: n.Unit, Kind: Added}
		var before Unit
		i, known := index[n.Code]
		if known {
			before, c.Kind = old[i], Changed
			if before.ValidUntil.IsZero() && !n.ValidUntil.IsZero() {
				c.Kind = Ended
			}
		}
		for _, column := range columns {
			f := Field{Column: column, New: n.cell(column)}
			if known {
				f.Old = before.cell(column)
			}
			if f.Old != f.New {
				c.Fields = append(c.Fields, f)
			}
		}
		if len(c.Fields) > 0 {
			out = append(out, c)
		}
	}
	return out
}
