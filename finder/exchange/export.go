package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/standards/leika"
	"rennsteig/standards/xzufi"
)

// ExportOptions say how an export is written.
type ExportOptions struct {
	Format   string        // "xzufi" or "csv"
	Version  xzufi.Version // of XZuFi
	ID       string        // of the message
	At       time.Time     // of the message
	Progress func(objects int)
}

// exported is an object on its way out. The record names what it refers to as other systems know it, the targets as it
// is called here.
type exported struct {
	record
	target    string
	service   string   // of a text
	authority string   // of a text or duty
	online    string   // of a duty
	services  []string // of a duty
}

// Export writes everything that the finder knows as one message or table: the same facts give the same bytes. It fails
// where the catalogue changes meanwhile.
func Export(ctx context.Context, q db.Querier, w io.Writer, opt ExportOptions) (objects int, err error) {
	before, err := finder.Version(ctx, q)
	if err != nil {
		return 0, err
	}
	var out interface {
		put(*exported) error
		close() error
	}
	switch opt.Format {
	case "xzufi":
		out = newMessageWriter(w, opt)
	case "csv":
		out = newTableWriter(w)
	default:
		return 0, fmt.Errorf("unknown format %.20q: xzufi and csv are known", opt.Format)
	}
	e := &exporter{q: q}
	if err := e.all(ctx, func(x *exported) error {
		objects++
		if opt.Progress != nil {
			opt.Progress(objects)
		}
		return out.put(x)
	}); err != nil {
		return objects, err
	}
	if err := out.close(); err != nil {
		return objects, err
	}
	after, err := finder.Version(ctx, q)
	if err == nil && after != before {
		err = errors.New("the catalogue was changed while it was exported; try again")
	}
	return objects, err
}

type exporter struct {
	q           db.Querier
	services    map[string]finder.Service
	keys        []string
	ids         map[string]ident // of the services
	authorities map[string]ident
	onlines     map[string]ident
}

const exportChunk = 100

func (e *exporter) all(ctx context.Context, put func(*exported) error) error {
	builtIn, err := finder.ReadBuiltIn(ctx, e.q)
	if err != nil {
		return err
	}
	e.services, e.authorities, e.onlines = map[string]finder.Service{}, map[string]ident{}, map[string]ident{}
	for _, s := range builtIn.Services {
		e.services[s.Key] = s
	}
	if err := finder.EachImported(ctx, e.q, func(s finder.ImportedService) error {
		if _, ok := e.services[s.Key]; !ok {
			e.services[s.Key] = finder.Service{Key: s.Key, Name: s.Name, Type: s.Type, Law: s.Law}
		}
		return nil
	}, nil, nil, nil); err != nil {
		return err
	}
	for k := range e.services {
		e.keys = append(e.keys, k)
	}
	slices.Sort(e.keys)
	if e.ids, err = e.idents(ctx, xzufi.ClassLeistung, schemeService, e.keys); err != nil {
		return err
	}
	offices, err := e.offices(ctx, builtIn)
	if err != nil {
		return err
	}
	if err := e.described(ctx, false, put); err != nil {
		return err
	}
	if err := e.described(ctx, true, put); err != nil {
		return err
	}
	for _, x := range offices {
		if err := put(x); err != nil {
			return err
		}
	}
	attached, err := e.online(ctx, put)
	if err != nil {
		return err
	}
	return e.duties(ctx, builtIn.Duties(), attached, put)
}

// idents finds the ids that imported objects came with: target to id. Ours are made up by scheme.
func (e *exporter) idents(ctx context.Context, class xzufi.Class, scheme string, targets []string) (map[string]ident, error) {
	out := map[string]ident{}
	if err := in(ctx, e.q, class, "target", slices.Clone(targets), func(o object, _ string) {
		if _, ok := out[o.target]; !ok {
			out[o.target] = o.id
		}
	}); err != nil {
		return nil, err
	}
	for _, t := range targets {
		if _, ok := out[t]; !ok {
			out[t] = own(scheme, t)
		}
	}
	return out, nil
}

// described writes services with the whole Land's texts, or the authorities' texts.
func (e *exporter) described(ctx context.Context, local bool, put func(*exported) error) error {
	for keys := range slices.Chunk(e.keys, exportChunk) {
		list, err := finder.ReleasesOf(ctx, e.q, keys)
		if err != nil {
			return err
		}
		texts := map[[2]string]map[i18n.Lang]*text{}
		var refs []string
		for _, r := range list {
			k := [2]string{r.Service, r.Authority}
			if texts[k] == nil {
				texts[k] = map[i18n.Lang]*text{}
				if r.Authority != "" {
					refs = append(refs, r.Service+"|"+r.Authority)
				}
			}
			texts[k][r.Lang] = &text{Modules: r.Modules, Words: r.Words, At: db.Time(r.At)}
		}
		if local {
			if err := e.locals(ctx, refs, texts, put); err != nil {
				return err
			}
			continue
		}
		for _, key := range keys {
			s := e.services[key]
			x := &exported{record: record{class: xzufi.ClassLeistung, id: e.ids[key],
				service: &service{Name: s.Name, Type: s.Type, Law: s.Law, Texts: texts[[2]string{key, ""}]}}, target: key}
			if _, err := leika.Parse(key); err == nil {
				x.record.service.LeiKa = key
			}
			if x.record.service.Texts == nil {
				x.record.service.Texts = map[i18n.Lang]*text{}
			}
			complete(x.record.service, s)
			if err := put(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete adds the official name, and the built-in short text where no editor has written another.
func complete(out *service, s finder.Service) {
	t := out.Texts[i18n.German]
	if t == nil {
		t = &text{Modules: map[finder.Module]finder.ModuleText{}}
		if short := finder.CleanHTML(s.Text); short != "" {
			t.Modules[finder.ModuleShort] = finder.ModuleText{Text: short}
		}
		out.Texts[i18n.German] = t
	}
	if t.Modules[finder.ModuleName].Text == "" {
		t.Modules[finder.ModuleName] = finder.ModuleText{Text: s.Name}
	}
}

func (e *exporter) locals(ctx context.Context, refs []string, texts map[[2]string]map[i18n.Lang]*text,
	put func(*exported) error) error {
	slices.Sort(refs)
	ids := map[string]ident{}
	if err := in(ctx, e.q, xzufi.ClassSpezialisierung, "target", slices.Clone(refs), func(o object, _ string) { ids[o.target] = o.id }); err != nil {
		return err
	}
	for _, ref := range refs {
		key, authority, _ := strings.Cut(ref, "|")
		id, ok := ids[ref]
		if !ok {
			id = own(schemeText, key+"."+authority)
		}
		office, ok := e.authorities[authority]
		if !ok {
			continue // an authority that is not known any more
		}
		t := &localText{Service: e.ids[key], Authority: office, Texts: texts[[2]string{key, authority}]}
		if err := put(&exported{record: record{class: xzufi.ClassSpezialisierung, id: id, text: t}, target: ref, service: key, authority: authority}); err != nil {
			return err
		}
	}
	return nil
}

// offices are the authorities, by id.
func (e *exporter) offices(ctx context.Context, builtIn finder.BuiltIn) ([]*exported, error) {
	units := map[string]unit{}
	parents := map[string]string{}
	for _, a := range builtIn.Authorities {
		units[a.ID] = unitOf(a)
	}
	if err := finder.EachImported(ctx, e.q, nil, func(a finder.ImportedAuthority) error {
		u := unit{Name: a.Name, Kind: a.Kind, Area: a.Area}
		if b, ok := units[a.ID]; ok {
			u.Name, u.Kind, u.Area = b.Name, b.Kind, b.Area
		}
		u.Contact = a.Contact
		parents[a.ID], u.Contact.Parent = a.Contact.Parent, ""
		units[a.ID] = u
		return nil
	}, nil, nil); err != nil {
		return nil, err
	}
	var ids []string
	for id := range units {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	known, err := e.idents(ctx, xzufi.ClassOrganisationseinheit, schemeAuthority, ids)
	if err != nil {
		return nil, err
	}
	e.authorities = known
	out := make([]*exported, 0, len(ids))
	for _, id := range ids {
		u := units[id]
		if parent, ok := known[parents[id]]; ok {
			u.Parent = parent
		}
		out = append(out, &exported{record: record{class: xzufi.ClassOrganisationseinheit, id: known[id], unit: &u}, target: id})
	}
	return out, nil
}

// online writes online services, those that editors have attached, too, and returns the duties of the latter.
func (e *exporter) online(ctx context.Context, put func(*exported) error) ([]finder.Duty, error) {
	all := map[string]online{}
	var ids []string
	if err := finder.EachImported(ctx, e.q, nil, nil, func(o finder.ImportedOnline) error {
		all[o.ID] = online{o.Kind, o.Name, o.URL}
		ids = append(ids, o.ID)
		return nil
	}, nil); err != nil {
		return nil, err
	}
	attached, err := finder.AllAttached(ctx, e.q)
	if err != nil {
		return nil, err
	}
	var duties []finder.Duty
	for _, o := range attached {
		if _, twice := all[o.ID]; twice {
			continue
		}
		all[o.ID] = online{o.Kind, o.Name, o.URL}
		ids = append(ids, o.ID)
		area := o.Authority
		if area == "" {
			area = wholeLand
		}
		duties = append(duties, finder.Duty{ID: "online." + o.ID, Online: o.ID, Services: []string{o.Service}, Areas: []string{area}})
	}
	slices.Sort(ids)
	if e.onlines, err = e.idents(ctx, xzufi.ClassOnlinedienst, schemeOnline, ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		o := all[id]
		if err := put(&exported{record: record{class: xzufi.ClassOnlinedienst, id: e.onlines[id], online: &o}, target: id}); err != nil {
			return nil, err
		}
	}
	return duties, nil
}

// wholeLand is the area of an online service that is offered everywhere.
const wholeLand = "160000000000"

// duties writes who does what: what was imported, and under ids of ours what the built-in rules and editors say.
func (e *exporter) duties(ctx context.Context, builtIn, attached []finder.Duty, put func(*exported) error) error {
	type named struct {
		id   ident
		duty finder.Duty
	}
	var imported []finder.Duty
	var targets []string
	if err := finder.EachImported(ctx, e.q, nil, nil, nil, func(d finder.Duty) error {
		imported = append(imported, d)
		targets = append(targets, d.ID)
		return nil
	}); err != nil {
		return err
	}
	ids, err := e.idents(ctx, xzufi.ClassZustaendigkeit, schemeDuty, targets)
	if err != nil {
		return err
	}
	all := map[string]named{}
	for _, d := range append(builtIn, attached...) {
		id := own(schemeDuty, d.ID)
		all[idString(id)] = named{id, d}
	}
	for _, d := range imported {
		all[idString(ids[d.ID])] = named{ids[d.ID], d}
	}
	var order []string
	for k := range all {
		order = append(order, k)
	}
	slices.Sort(order)
	for _, k := range order {
		n := all[k]
		if err := e.duty(n.id, n.duty, put); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) duty(id ident, d finder.Duty, put func(*exported) error) error {
	x := &exported{record: record{class: xzufi.ClassZustaendigkeit, id: id}, target: d.ID, authority: d.Authority, online: d.Online}
	out := &duty{Class: xzufi.ClassOrganisationseinheit, Role: d.Role, Areas: d.Areas}
	var ok bool
	if d.Online != "" {
		out.Class = xzufi.ClassOnlinedienst
		out.Owner, ok = e.onlines[d.Online]
	} else {
		out.Owner, ok = e.authorities[d.Authority]
	}
	if !ok {
		return nil // its owner was deleted
	}
	for _, key := range d.Services {
		if _, ok := e.services[key]; ok {
			x.services = append(x.services, key)
		}
	}
	if len(x.services) == 0 {
		return nil
	}
	slices.Sort(x.services)
	for _, key := range x.services {
		out.Services = append(out.Services, e.ids[key])
	}
	x.duty = out
	return put(x)
}
