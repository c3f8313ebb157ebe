package exchange

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"rennsteig/finder"
	"rennsteig/finder/desk"
	"rennsteig/platform/i18n"
	"rennsteig/standards/ars"
	"rennsteig/standards/xzufi"
)

// services takes Leistungen over: what the catalogue lacks, and their texts as the whole Land's.
func (r *run) services(ctx context.Context, list []*record, known map[string]object) (keep []object, err error) {
	owners := map[string]ident{} // of targets
	targets := targets(list)
	if err := in(ctx, r.tx, xzufi.ClassLeistung, "target", slices.Clone(targets), func(o object, _ string) { owners[o.target] = o.id }); err != nil {
		return nil, err
	}
	old, err := stored(ctx, r.tx, "finder_import_service", "key", serviceColumns, targets)
	if err != nil {
		return nil, err
	}
	var rows []finder.ImportedService
	var texts []desk.Import
	type pending struct {
		rec          *record
		hash, target string
		parts        []string
		texts        int
	}
	var todo []pending
	for i, rec := range list {
		hash, err := rec.hash()
		if err != nil {
			return nil, err
		}
		before, ok := known[idString(rec.id)]
		if ok && before.hash == hash {
			r.report.count(rec.class, func(c *Count) { c.Unchanged++ })
			continue
		}
		target := targets[i]
		if owner, taken := owners[target]; taken && owner != rec.id {
			r.report.refuse(rec, "conflict", "taken", "the service %s is described by %s already", target, owner)
			continue
		}
		if ok && before.target != target {
			r.report.refuse(rec, "conflict", "key-changed", "the object described the service %s and now describes %s; delete it first", before.target, target)
			continue
		}
		var parts []string
		s, builtIn := r.catalogue[target]
		name := s.Name
		if !builtIn {
			name = cut(rec.service.Name, 250)
			if before := old[target]; name == "" && before != nil { // it says something in another language
				name = before[0]
				rec.service.Type, rec.service.Law = cmp.Or(rec.service.Type, before[1]), cmp.Or(rec.service.Law, before[2])
			}
			if name == "" {
				r.report.refuse(rec, "fault", "name-missing", "a service that the catalogue does not have needs a German name")
				continue
			}
			row := finder.ImportedService{Key: target, Name: name, Type: cut(rec.service.Type, 50), Law: cut(rec.service.Law, 250), Origin: r.origin}
			if parts = differing(serviceColumns, old[target], []string{row.Name, row.Type, row.Law}); len(parts) > 0 {
				rows = append(rows, row)
			}
		}
		owners[target] = rec.id
		if t := rec.service.Texts[i18n.German]; t != nil && finder.CleanModule(finder.ModuleName, t.Modules[finder.ModuleName].Text) == name && len(t.Words) == 0 &&
			len(t.Modules) == 2 && builtIn && finder.CleanHTML(t.Modules[finder.ModuleShort].Text) == finder.CleanHTML(s.Text) {
			delete(rec.service.Texts, i18n.German) // the built-in short text, come back from an export
		}
		own := imports(rec.service.Texts, finder.TextRef{Service: target}, name, r.origin)
		texts = append(texts, own...)
		todo = append(todo, pending{rec, hash, target, parts, len(own)})
	}
	if err := finder.PutServices(ctx, r.tx, rows); err != nil {
		return nil, err
	}
	taken, err := desk.TakeOver(ctx, r.tx, r.now, texts)
	if err != nil {
		return nil, err
	}
	for _, p := range todo {
		parts, complete := r.judge(p.rec, texts[:p.texts], taken[:p.texts])
		texts, taken = texts[p.texts:], taken[p.texts:]
		if o, write := r.done(p.rec, known, p.target, p.hash, complete, append(p.parts, parts...)); write {
			keep = append(keep, o)
		}
	}
	return keep, nil
}

// imports are the texts of a record for the desk. The official name that is the catalogue's is no text.
func imports(texts map[i18n.Lang]*text, ref finder.TextRef, name, origin string) []desk.Import {
	var out []desk.Import
	for _, l := range i18n.Langs {
		t := texts[l]
		if t == nil {
			continue
		}
		c := desk.Content{Modules: map[finder.Module]finder.ModuleText{}, Words: t.Words}
		for m, x := range t.Modules {
			if m != finder.ModuleName || finder.CleanModule(m, x.Text) != name {
				c.Modules[m] = x
			}
		}
		if len(c.Modules) == 0 && len(c.Words) == 0 {
			continue
		}
		ref.Lang = l
		out = append(out, desk.Import{TextRef: ref, Content: c, At: t.At, Origin: origin})
	}
	return out
}

// judge reports what became of the texts of a record.
func (r *run) judge(rec *record, texts []desk.Import, taken []desk.Taken) (parts []string, complete bool) {
	complete = true
	for i, t := range taken {
		where := string(texts[i].Lang)
		if a := texts[i].Authority; a != "" {
			where = a + " " + where
		}
		switch t.Outcome {
		case desk.IsNew, desk.IsChanged:
			parts = append(parts, where+": "+joined(t.Modules))
		case desk.IsEdited:
			complete = false
			r.report.remark(rec, "conflict", "edited", "text %s stays: somebody is working on it (differs in %s)", where, joined(t.Modules))
		case desk.IsNewer:
			complete = false
			r.report.remark(rec, "conflict", "newer", "text %s stays: editors changed it later than its origin (differs in %s)", where, joined(t.Modules))
		case desk.IsUnfit:
			complete = false
			r.report.remark(rec, "fault", "too-long", "text %s is longer than editors could save, or has too many words", where)
		}
	}
	return parts, complete
}

// locals takes Spezialisierungen over as texts of authorities.
func (r *run) locals(ctx context.Context, list []*record, known map[string]object) (keep []object, err error) {
	var services, offices []ident
	for _, rec := range list {
		services = append(services, rec.text.Service)
		offices = append(offices, rec.text.Authority)
	}
	keys, err := r.resolveServices(ctx, services)
	if err != nil {
		return nil, err
	}
	publishers, err := r.resolveAuthorities(ctx, offices)
	if err != nil {
		return nil, err
	}
	for _, rec := range list {
		hash, err := rec.hash()
		if err != nil {
			return nil, err
		}
		if known[idString(rec.id)].hash == hash {
			r.report.count(rec.class, func(c *Count) { c.Unchanged++ })
			continue
		}
		key := keys[idString(rec.text.Service)]
		if key == "" {
			r.report.refuse(rec, "fault", "service-unknown", "the Leistung %s is not known", rec.text.Service)
			continue
		}
		var authorities []string
		if a := publishers[idString(rec.text.Authority)]; a != "" {
			authorities = append(authorities, a)
		} else {
			for _, area := range rec.text.Areas {
				if _, ok := r.authorities[area]; ok && !slices.Contains(authorities, area) {
					authorities = append(authorities, area)
				}
			}
		}
		if len(authorities) == 0 {
			r.report.refuse(rec, "fault", "authority-unknown", "neither the publisher nor an area of the text is an authority here")
			continue
		}
		var texts []desk.Import
		for _, a := range authorities {
			texts = append(texts, imports(rec.text.Texts, finder.TextRef{Service: key, Authority: a}, "", r.origin)...)
		}
		taken, err := desk.TakeOver(ctx, r.tx, r.now, texts)
		if err != nil {
			return nil, err
		}
		parts, complete := r.judge(rec, texts, taken)
		if o, write := r.done(rec, known, key+"|"+strings.Join(authorities, "|"), hash, complete, parts); write {
			keep = append(keep, o)
		}
	}
	return keep, nil
}

// units takes Organisationseinheiten over.
func (r *run) units(ctx context.Context, list []*record, known map[string]object) (keep []object, err error) {
	old, err := stored(ctx, r.tx, "finder_import_authority", "id", authorityColumns, targets(list))
	if err != nil {
		return nil, err
	}
	var rows []finder.ImportedAuthority
	for _, rec := range list {
		hash, err := rec.hash()
		if err != nil {
			return nil, err
		}
		if known[idString(rec.id)].hash == hash {
			r.report.count(rec.class, func(c *Count) { c.Unchanged++ })
			continue
		}
		u, target := rec.unit, rec.target()
		a := finder.ImportedAuthority{ID: target, Name: cut(u.Name, 300), Kind: u.Kind, Area: u.Area, Contact: u.Contact, Origin: r.origin}
		if u.Parent.Value != "" {
			a.Contact.Parent = targetOf(u.Parent)
		}
		before := old[target]
		if b, ok := r.authorities[target]; ok {
			a.Name, a.Kind, a.Area = b.Name, b.Kind, b.Area // what is built in stays
			if before == nil {
				before = []string{b.Name, string(b.Kind), b.Area, contactJSON(unitOf(b).Contact)}
			}
		}
		if a.Name == "" {
			r.report.refuse(rec, "fault", "name-missing", "the office has no German name")
			continue
		}
		parts := differing(authorityColumns, before, []string{a.Name, string(a.Kind), a.Area, contactJSON(a.Contact)})
		if o, write := r.done(rec, known, target, hash, true, parts); write {
			keep, rows = append(keep, o), append(rows, a)
		}
	}
	return keep, finder.PutAuthorities(ctx, r.tx, rows)
}

func targets(list []*record) []string {
	out := make([]string, len(list))
	for i, rec := range list {
		out[i] = rec.target()
	}
	return out
}

// onlines takes Onlinedienste over.
func (r *run) onlines(ctx context.Context, list []*record, known map[string]object) (keep []object, err error) {
	old, err := stored(ctx, r.tx, "finder_import_online", "id", onlineColumns, targets(list))
	if err != nil {
		return nil, err
	}
	attached, err := stored(ctx, r.tx, "finder_online", "id", nil, targets(list))
	if err != nil {
		return nil, err
	}
	var rows []finder.ImportedOnline
	for _, rec := range list {
		target := rec.target()
		hash, err := rec.hash()
		switch {
		case err != nil:
			return nil, err
		case known[idString(rec.id)].hash == hash || attached[target] != nil: // editors keep what they attached here
			r.report.count(rec.class, func(c *Count) { c.Unchanged++ })
			continue
		case rec.online.URL == "":
			r.report.refuse(rec, "warning", "link-missing", "the online service has no web address")
			continue
		}
		o := finder.ImportedOnline{ID: target, Kind: rec.online.Kind, Name: cut(rec.online.Name, 300), URL: rec.online.URL, Origin: r.origin}
		if o.Name == "" {
			o.Name = o.URL
		}
		if k, write := r.done(rec, known, target, hash, true, differing(onlineColumns, old[target], []string{o.Kind, o.Name, o.URL})); write {
			keep, rows = append(keep, k), append(rows, o)
		}
	}
	return keep, finder.PutOnlines(ctx, r.tx, rows)
}

// dutyList takes Zustaendigkeiten over. Their hash is of what they come to here: what could not be resolved is tried again.
func (r *run) dutyList(ctx context.Context, list []*record, known map[string]object) (keep []object, err error) {
	var owners, services []ident
	for _, rec := range list {
		owners = append(owners, rec.duty.Owner)
		services = append(services, rec.duty.Services...)
	}
	keys, err := r.resolveServices(ctx, services)
	if err != nil {
		return nil, err
	}
	authorities, err := r.resolveAuthorities(ctx, owners)
	if err != nil {
		return nil, err
	}
	onlines, err := r.resolveOnlines(ctx, owners)
	if err != nil {
		return nil, err
	}
	var asked []string
	for _, id := range onlines {
		asked = append(asked, id)
	}
	attached, err := stored(ctx, r.tx, "finder_online", "id", nil, asked)
	if err != nil {
		return nil, err
	}
	var rows []finder.Duty
	for _, rec := range list {
		d := finder.Duty{ID: rec.target(), Role: cut(rec.duty.Role, 20), Services: []string{}, Areas: []string{}, Origin: r.origin}
		owner := idString(rec.duty.Owner)
		switch {
		case rec.duty.Class != xzufi.ClassOnlinedienst && authorities[owner] != "":
			d.Authority = authorities[owner]
		case rec.duty.Class != xzufi.ClassOrganisationseinheit && onlines[owner] != "":
			d.Online = onlines[owner]
		default:
			r.report.refuse(rec, "fault", "owner-unknown", "the object %s is not known", rec.duty.Owner)
			continue
		}
		missing := 0
		for _, s := range rec.duty.Services {
			if k := keys[idString(s)]; k == "" {
				missing++
			} else if !slices.Contains(d.Services, k) {
				d.Services = append(d.Services, k)
			}
		}
		for _, a := range rec.duty.Areas {
			_, err := ars.Parse(a)
			if _, ok := r.authorities[a]; err == nil || ok || strings.HasPrefix(a, "oe-") {
				d.Areas = append(d.Areas, a)
			} else {
				r.report.remark(rec, "warning", "area-unknown", "%.40q is no area", a)
			}
		}
		if missing > 0 {
			r.report.remark(rec, "fault", "service-unknown", "%d of %d Leistungen are not known", missing, len(rec.duty.Services))
		}
		if len(d.Services) == 0 || len(d.Areas) == 0 {
			r.report.refuse(rec, "fault", "duty-empty", "no known service or no area is left of it")
			continue
		}
		slices.Sort(d.Services)
		slices.Sort(d.Areas)
		hash := dutyHash(d)
		if known[idString(rec.id)].hash == hash || known[idString(rec.id)].hash == "" && (r.builtInDuty(rec.id) == hash || attached[d.Online] != nil) {
			r.report.count(rec.class, func(c *Count) { c.Unchanged++ })
			continue
		}
		if o, write := r.done(rec, known, d.ID, hash, true, []string{fmt.Sprintf("%d services in %d areas", len(d.Services), len(d.Areas))}); write {
			keep, rows = append(keep, o), append(rows, d)
		}
	}
	return keep, finder.PutDuties(ctx, r.tx, rows)
}
