package flow

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

const formLimit = 256 << 10 // bytes of a posted form

type pages struct {
	tasks     *web.Page[tasksPage]
	task      *web.Page[taskPage]
	flow      *web.Page[flowPage]
	timeline  *web.Page[timelinePage]
	absence   *web.Page[absencePage]
	templates *web.Page[templatesPage]
	template  *web.Page[templatePage]
}

func newPages(s *web.Site) pages {
	return pages{
		tasks:     web.NewPage[tasksPage](s, Files, "tasks"),
		task:      web.NewPage[taskPage](s, Files, "task"),
		flow:      web.NewPage[flowPage](s, Files, "flow"),
		timeline:  web.NewPage[timelinePage](s, Files, "timeline"),
		absence:   web.NewPage[absencePage](s, Files, "absence"),
		templates: web.NewPage[templatesPage](s, Files, "templates"),
		template:  web.NewPage[templatePage](s, Files, "template"),
	}
}

// versionOf is the version in a form; 0, which nothing stored has, if there is none.
func versionOf(form url.Values) int64 {
	n, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	return n
}

// typed is what a form brought that could not be done; it is shown again.
type typed struct {
	form url.Values
	err  error
}

func (t typed) status() int {
	if t.err == nil {
		return http.StatusOK
	}
	return errs.Status(errs.CodeOf(t.err))
}

// alert says what is wrong where no field is to blame.
func (r *Room) alert(req *http.Request, err error) web.Alert {
	if err == nil || len(errs.As(err).Fields) > 0 {
		return web.Alert{}
	}
	e := errs.As(err)
	return web.Alert{Kind: "warning", Title: r.h.Site.T(req, e.Key, e.Args...), Text: r.h.Site.T(req, "flow.conflict")}
}

// again reports whether the form comes back with what was typed; any other error is a page of its own.
func again(err error) bool { return errs.Is(err, errs.Conflict) || errs.Is(err, errs.Invalid) }

// stepName is the anchor of the i-th step of a form, counted from 0.
func stepName(i int) string { return "step-" + strconv.Itoa(i+1) }

// toName is the field of the j-th recipient of a step, counted from 0.
func toName(step string, j int) string { return step + "-to-" + strconv.Itoa(j+1) }

// recipients are the names that a form offers, in the order of the list.
type recipients struct {
	labels  []string
	holders map[string]string // lower-case label to holder
}

func (r *Room) recipients(d directory, people bool) recipients {
	out := recipients{holders: map[string]string{}}
	add := func(label, holder string) {
		if _, taken := out.holders[strings.ToLower(label)]; !taken {
			out.labels = append(out.labels, label)
			out.holders[strings.ToLower(label)] = holder
		}
	}
	codes := map[Person][]string{}
	var order []Person
	for _, s := range d.seats {
		if codes[s.Person] == nil {
			order = append(order, s.Person)
		}
		if code := d.units[s.unit].code; !slices.Contains(codes[s.Person], code) {
			codes[s.Person] = append(codes[s.Person], code)
		}
	}
	for _, p := range order {
		label := p.Name + " (" + strings.Join(codes[p], ", ") + ")"
		if _, taken := out.holders[strings.ToLower(label)]; taken {
			label = p.Name + " (" + p.Subject + ")"
		}
		add(label, "person:"+p.Subject)
	}
	if people {
		return out
	}
	for _, u := range slices.SortedFunc(maps.Values(d.units), func(a, b unit) int { return strings.Compare(a.code, b.code) }) {
		add(r.holderName(d, "unit:"+u.id), "unit:"+u.id)
		add(r.holderName(d, "role:"+u.id+":head"), "role:"+u.id+":head")
	}
	return out
}

// holder is whom the label means: one of the offered, or the beginning of exactly one of them; else as it was typed,
// which no use-case accepts unless it is a holder.
func (x recipients) holder(label string) string {
	key := strings.ToLower(web.Query(label))
	if h, ok := x.holders[key]; ok || key == "" {
		return h
	}
	found := ""
	for l, h := range x.holders {
		if strings.HasPrefix(l, key) {
			if found != "" {
				return web.Query(label)
			}
			found = h
		}
	}
	if found != "" {
		return found
	}
	return web.Query(label)
}

// label is how a form names the holder.
func (x recipients) label(holder string) string {
	for _, l := range x.labels {
		if x.holders[strings.ToLower(l)] == holder {
			return l
		}
	}
	return holder
}

// stepForm is one step in the form of a circulation or template.
type stepForm struct {
	N    int
	ID   string
	Kind web.Field
	To   []toField
	Days web.Field
	Date web.Field
	Text web.Field
}

type toField struct{ ID, Value, Error string }

const (
	stepsShown = 3
	toShown    = 3
)

// readSteps reads the steps of a form; those with neither recipient nor text are left out.
func (x recipients) readSteps(form url.Values, now time.Time) []Step {
	days := web.Days{Form: form, Now: now}
	var out []Step
	for i := range maxSteps {
		name := stepName(i)
		if !form.Has(name + "-kind") {
			break
		}
		s := Step{Kind: Kind(form.Get(name + "-kind")), Text: strings.TrimSpace(form.Get(name + "-text")), Date: days.Ahead(name + "-date")}
		if s.Date.IsZero() {
			s.noDay = form.Get(name + "-date")
		}
		s.Days, _ = strconv.Atoi(strings.TrimSpace(form.Get(name + "-days")))
		if d := strings.TrimSpace(form.Get(name + "-days")); d != "" && s.Days == 0 {
			s.Days = -1 // no number is no deadline either
		}
		for j := range maxRecipients + 1 {
			if h := x.holder(form.Get(toName(name, j))); h != "" {
				s.To = append(s.To, h)
			}
		}
		if len(s.To) > 0 || s.Text != "" {
			out = append(out, s)
		}
	}
	return out
}

// stepsIn is how many steps the form showed.
func stepsIn(form url.Values) (n int) {
	for n < maxSteps && form.Has(stepName(n)+"-kind") {
		n++
	}
	return n
}

// stepForms are the steps to fill in: those given, and empty ones so that shown, or more, can be seen.
func (r *Room) stepForms(req *http.Request, x recipients, steps []Step, shown int, err error, dates bool) []stepForm {
	t := r.h.Site.Text(req)
	var kinds []web.Option
	for _, k := range Kinds {
		kinds = append(kinds, web.Option{Value: string(k), Label: t("flow.kind." + string(k))})
	}
	var out []stepForm
	for i := range min(max(stepsShown, len(steps), shown), maxSteps) {
		s := Step{Kind: Know}
		if i < len(steps) {
			s = steps[i]
		}
		name := stepName(i)
		days := ""
		if s.Days > 0 {
			days = strconv.Itoa(s.Days)
		}
		wrong := func(field string) string { return r.h.Site.FieldError(req, err, name+field) }
		f := stepForm{N: i + 1, ID: name,
			Kind: web.Field{Name: name + "-kind", Error: wrong("-kind"), Label: t("flow.kind"), Kind: "select", Options: append([]web.Option(nil), kinds...), Value: string(s.Kind)},
			Days: web.Field{Name: name + "-days", Error: wrong("-days"), Label: t("flow.days"), Kind: "number", MaxLength: 4, Optional: true, Value: days},
			Text: web.Field{Name: name + "-text", Error: wrong("-text"), Label: t("flow.task_text"), Kind: "text", MaxLength: maxText, Optional: true, Value: s.Text},
		}
		if dates {
			f.Date = web.Field{Name: name + "-date", Label: t("flow.resubmit_on"), Kind: "day", Optional: true, Value: cmp.Or(s.noDay, i18n.ISODate(s.Date)), Error: wrong("-date")}
		}
		for j := range min(max(toShown, len(s.To)+1), maxRecipients) {
			to := toField{ID: toName(name, j), Error: r.h.Site.FieldError(req, err, toName(name, j))}
			if j < len(s.To) {
				to.Value = x.label(s.To[j])
			}
			f.To = append(f.To, to)
		}
		out = append(out, f)
	}
	return out
}
