package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

// localView is what holds locally for a service, with the form for a change.
type localView struct {
	Key    string
	Rows   []localRow
	Online []onlineRow
	Errors web.ErrorSummary
	Form   localForm
}

type localRow struct {
	Area, Role, Office, Law, Note string
	Rule, RuleWhy                 string
	Mine                          bool
	Change                        string // address of the form with its values
	AreaID, RoleID, Title         string
}

type localForm struct {
	Shown                         bool // the caller has areas
	Area, Role, Office, Law, Note web.Field
}

// effectView is a change before it is saved.
type effectView struct {
	Path    string
	Facts   web.SummaryList
	Groups  []effectRow
	Unmoved string
	Nothing bool
	Hidden  []hidden
	Button  string
	Back    string
}

type effectRow struct {
	Places        string
	Before, After answerView
}

// answerView is an answer of the finder in words.
type answerView struct{ Who, More, Why string }

func localPath(service string) string { return "/redaktion/leistung/" + service + "/zustaendigkeit" }

func (r *Room) getLocal(w http.ResponseWriter, req *http.Request) error {
	in := req.URL.Query()
	l := finder.LocalAssignment{Service: req.PathValue("key"), Area: word(in.Get("gebiet")), Role: finder.Role(word(in.Get("rolle")))}
	for _, x := range r.finder.Catalog().Locals(l.Service) {
		if x.Area == l.Area && x.Role == l.Role {
			l = x
		}
	}
	values := url.Values{"area": {l.Area}, "role": {string(l.Role)}, "office": {l.Office}, "law": {l.Law}, "note": {l.Note}}
	for _, name := range []string{"office", "law", "note"} { // back from a preview
		if in.Has(name) {
			values.Set(name, in.Get(name))
		}
	}
	return r.showLocal(w, req, values, nil)
}

// showLocal shows the page with the values typed, and what is wrong with them.
func (r *Room) showLocal(w http.ResponseWriter, req *http.Request, values url.Values, fault error) error {
	s, _, err := editorScope(req.Context())
	if err != nil {
		return err
	}
	c := r.finder.Catalog()
	service, ok := c.Service(req.PathValue("key"))
	if !ok {
		return errs.E(errs.NotFound, "finder.service_unknown")
	}
	list, err := r.Locals(req.Context(), service.Key)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := localView{Key: service.Key, Online: r.onlineRows(req, s, service.Key)}
	for _, l := range list {
		rule := r.answer(req, l.Rule)
		row := localRow{Area: r.areaName(l.Area), Role: t("finder.desk.role." + string(l.Role)), Office: "–", Law: l.Law, Note: l.Note, Rule: rule.Who,
			RuleWhy: rule.Why, Mine: l.Mine, AreaID: l.Area, RoleID: string(l.Role),
			Change: localPath(service.Key) + "?" + url.Values{"gebiet": {l.Area}, "rolle": {string(l.Role)}}.Encode() + "#aendern"}
		if l.Office != "" {
			row.Office = r.finder.AuthorityName(l.Office)
		}
		row.Title = row.Role + ", " + row.Area
		v.Rows = append(v.Rows, row)
	}
	v.Form = r.localForm(req, s, values)
	if fault != nil {
		v.Errors = r.h.Site.Summary(t, fault)
		for _, f := range errs.As(fault).Fields {
			for _, field := range []*web.Field{&v.Form.Area, &v.Form.Role, &v.Form.Office, &v.Form.Law, &v.Form.Note} {
				if field.Name == f.Name {
					field.Error = t(f.Key, f.Args...)
				}
			}
		}
		if e := errs.As(fault); len(e.Fields) == 0 {
			v.Errors.Items = []web.Link{{Text: t(e.Key, e.Args...)}}
		}
	}
	return r.pages.local.Render(w, req, web.Meta{Title: t("finder.desk.local.title", service.Title), Failed: fault != nil, Crumbs: r.crumbs(req, service.Key)}, v)
}

// localForm is the form of a change with its values. An area or office that several fit is chosen among them.
func (r *Room) localForm(req *http.Request, s Scope, values url.Values) localForm {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	field := func(name, kind string) web.Field {
		return web.Field{Name: name, Kind: kind, Label: t("finder.desk.local." + name), Value: values.Get(name), Optional: name != "area" && name != "role"}
	}
	f := localForm{Shown: s.all, Area: field("area", "text"), Role: field("role", "radio"), Office: field("office", "text"), Law: field("law", "text"),
		Note: field("note", "textarea")}
	f.Area.Hint, f.Office.Hint, f.Note.Hint = t("finder.desk.local.area.hint"), t("finder.desk.local.office.hint"), t("finder.desk.local.note.hint")
	f.Area.MaxLength, f.Office.MaxLength, f.Law.MaxLength, f.Note.MaxLength = 200, 200, maxLine, maxComment
	if !s.all {
		f.Area.Kind, f.Area.Hint = "select", ""
		c := r.finder.Catalog()
		for _, id := range s.authorities {
			if a, ok := c.Authority(id); ok && ofArea(a) {
				f.Area.Options = append(f.Area.Options, web.Option{Value: id, Label: a.Name})
			}
		}
		f.Shown = len(f.Area.Options) > 0
		if f.Area.Value == "" && f.Shown {
			f.Area.Value = f.Area.Options[0].Value
		}
	} else if choices := r.choices(f.Area.Value, ofArea); len(choices) > 0 {
		f.Area.Kind, f.Area.Options = "radio", choices
	} else if name := r.areaName(f.Area.Value); name != "" {
		f.Area.Value = name
	}
	if choices := r.choices(f.Office.Value, anyOffice); len(choices) > 0 {
		f.Office.Kind, f.Office.Options = "radio", choices
	} else if f.Office.Value != "" {
		f.Office.Value = r.finder.AuthorityName(f.Office.Value)
	}
	for _, role := range finder.LocalRoles {
		f.Role.Options = append(f.Role.Options, web.Option{Value: string(role), Label: t("finder.desk.role." + string(role)), Hint: t("finder.desk.role." + string(role) + ".hint")})
	}
	return f
}

func anyOffice(finder.Authority) bool { return true }

const maxChoices = 20

// choices are the offices that words may mean, if they are more than one and few enough to choose among.
func (r *Room) choices(words string, fits func(finder.Authority) bool) []web.Option {
	found := r.finder.Catalog().Offices(words, fits)
	if len(found) < 2 || len(found) > maxChoices {
		return nil
	}
	out := make([]web.Option, len(found))
	for i, a := range found {
		out[i] = web.Option{Value: a.ID, Label: a.Name, Hint: strings.TrimSpace(a.Postcode + " " + a.Seat)}
	}
	return out
}

// office is the id of the one office that words mean; else errs.Invalid says about the field why not.
func (r *Room) office(words, field string, fits func(finder.Authority) bool) (string, error) {
	found := r.finder.Catalog().Offices(words, fits)
	switch {
	case len(found) == 1:
		return found[0].ID, nil
	case len(found) > maxChoices:
		return "", errs.InvalidFields([]errs.Field{{Name: field, Key: "finder.desk.error.local_many", Args: []any{len(found)}}})
	case len(found) > 1:
		return "", errs.InvalidFields([]errs.Field{{Name: field, Key: "finder.desk.error.local_choose"}})
	}
	return "", errs.InvalidFields([]errs.Field{{Name: field, Key: "finder.desk.error.local_" + field}})
}

// areaName is the name of an area's authority, or of the area; "" if there is no such area.
func (r *Room) areaName(id string) string {
	c := r.finder.Catalog()
	if a, ok := c.Authority(id); ok && ofArea(a) {
		return a.Name
	}
	a, _ := c.Area(id)
	return a.Name
}

// localChange reads the form of a change.
func (r *Room) localChange(req *http.Request) (LocalChange, error) {
	in := req.PostForm
	out := LocalChange{Remove: in.Get("remove") == "true", LocalAssignment: finder.LocalAssignment{Service: req.PathValue("key"), Area: word(in.Get("area")),
		Role: finder.Role(in.Get("role")), Law: in.Get("law"), Note: in.Get("note")}}
	var wrong []errs.Field
	if _, ok := r.finder.Catalog().Area(out.Area); !ok {
		id, err := r.office(out.Area, "area", ofArea)
		if err != nil {
			wrong = append(wrong, errs.As(err).Fields...)
		}
		out.Area = id
	}
	if !slices.Contains(finder.LocalRoles, out.Role) {
		wrong = append(wrong, errs.Field{Name: "role", Key: "finder.desk.error.local_role"})
	} else if out.Role != finder.NotOffered && !out.Remove {
		id, err := r.office(word(in.Get("office")), "office", anyOffice)
		if err != nil {
			wrong = append(wrong, errs.As(err).Fields...)
		}
		out.Office = id
	}
	return out, errs.InvalidFields(wrong)
}

// postLocal shows what a change does, or makes it.
func (r *Room) postLocal(w http.ResponseWriter, req *http.Request) error {
	if _, _, err := editorScope(req.Context()); err != nil {
		return err
	}
	if err := web.ReadForm(w, req, 64<<10); err != nil {
		return err
	}
	change, err := r.localChange(req)
	save := req.PostForm.Get("do") == "save"
	switch {
	case err != nil:
	case save:
		err = r.Assign(req.Context(), change, req.PostForm.Get("was"))
	default:
		err = r.showEffect(w, req, change)
	}
	switch errs.CodeOf(err) {
	case "":
	case errs.Invalid, errs.Conflict:
		return r.showLocal(w, req, req.PostForm, err)
	default:
		return err
	}
	if !save {
		return nil
	}
	if err := r.finder.Refresh(req.Context()); err != nil { // so that the editor sees it on the next page
		return err
	}
	notice := "finder.desk.notice.local_saved"
	if change.Remove {
		notice = "finder.desk.notice.local_removed"
	}
	return r.h.Site.Redirect(w, req, localPath(change.Service), notice)
}

// placesListed is how many municipalities an effect names; of more it says how many.
const placesListed = 12

func (r *Room) showEffect(w http.ResponseWriter, req *http.Request, change LocalChange) error {
	groups, unmoved, err := r.Effect(req.Context(), change)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	n := func(key string, n int, args ...any) string { return r.h.Site.Texts.N(web.Lang(req), key, n, args...) }
	v := effectView{Path: localPath(change.Service), Nothing: len(groups) == 0, Button: t("finder.desk.local.save")}
	row := func(key, value string) {
		if value != "" {
			v.Facts.Rows = append(v.Facts.Rows, web.SummaryRow{Label: t("finder.desk.local." + key), Value: value})
		}
	}
	row("area", r.areaName(change.Area))
	row("role", t("finder.desk.role."+string(change.Role)))
	was := ""
	for _, l := range r.finder.Catalog().Locals(change.Service) {
		if l.Area == change.Area && l.Role == change.Role {
			was = seen(l, true)
			row("was", r.finder.AuthorityName(l.Office))
		}
	}
	back := url.Values{"gebiet": {change.Area}, "rolle": {string(change.Role)}}
	v.Hidden = []hidden{{"area", change.Area}, {"role", string(change.Role)}, {"was", was}}
	if change.Remove {
		v.Button = t("finder.desk.local.remove_now")
		v.Hidden = append(v.Hidden, hidden{"remove", "true"})
	} else {
		if change.Office != "" {
			row("office", r.finder.AuthorityName(change.Office))
		}
		row("law", change.Law)
		row("note", change.Note)
		for _, h := range []hidden{{"office", change.Office}, {"law", change.Law}, {"note", change.Note}} {
			v.Hidden = append(v.Hidden, h)
			back.Set(h.Name, h.Value)
		}
	}
	v.Back = v.Path + "?" + back.Encode() + "#aendern"
	for _, g := range groups {
		names := make([]string, 0, placesListed)
		for _, p := range g.Places[:min(len(g.Places), placesListed)] {
			names = append(names, p.ShortName)
		}
		out := effectRow{Places: strings.Join(names, ", "), Before: r.groupAnswer(req, g, g.Before), After: r.groupAnswer(req, g, g.After)}
		if more := len(g.Places) - len(names); more > 0 {
			out.Places += " " + n("finder.desk.local.more", more)
		}
		v.Groups = append(v.Groups, out)
	}
	if unmoved > 0 {
		v.Unmoved = n("finder.desk.local.unmoved", unmoved)
	}
	return r.pages.effect.Render(w, req, web.Meta{Title: t("finder.desk.local.effect"), Crumbs: r.crumbs(req, change.Service,
		web.Link{Text: t("finder.desk.local.short"), Href: v.Path})}, v)
}

// groupAnswer says an answer in words for all municipalities of a group.
func (r *Room) groupAnswer(req *http.Request, g EffectGroup, x finder.Responsibility) answerView {
	if len(g.Places) == 1 {
		return r.answer(req, x)
	}
	why := r.answer(req, x).Why
	first := g.Places[0]
	for _, a := range []*finder.Authority{&x.Responsible, &x.Processor} {
		if a.ID == first.ARS {
			a.Name = r.h.Site.T(req, "finder.desk.local.own")
		}
	}
	out := r.answer(req, x)
	out.Why = r.h.Site.T(req, "finder.desk.local.example", first.ShortName, why)
	return out
}

// answer says an answer in words.
func (r *Room) answer(req *http.Request, x finder.Responsibility) answerView {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	out := answerView{Who: t("finder.desk.local.nobody"), Why: t(x.Reason.Key, x.Reason.Args...)}
	switch {
	case x.NotOffered:
		out.Who = t("finder.desk.role.not_offered")
	case x.Known && x.ActsForAnother():
		out.Who = t("finder.desk.local.for", x.Processor.Name, x.Responsible.Name)
	case x.Known:
		out.Who = x.Responsible.Name
	}
	if !x.Known {
		return out
	}
	var more []string
	for _, o := range []struct {
		role   string
		office *finder.Authority
	}{{"unit", x.Unit}, {"receives", x.Receives}, {"contact", x.Contact}, {"single", x.SinglePoint}} {
		if o.office != nil {
			more = append(more, t("finder.office."+o.role)+": "+o.office.Name)
		}
	}
	out.More = strings.Join(more, "; ")
	return out
}

// localsView lists what the caller has said about their areas.
type localsView struct {
	Rows    []ownLocalRow
	Summary string
	Pages   web.Pagination
}

type ownLocalRow struct{ Title, Href, Area, Role, Office, Law string }

func (r *Room) getLocals(w http.ResponseWriter, req *http.Request) error {
	list, err := r.OwnLocals(req.Context())
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := localsView{Summary: r.h.Site.Texts.N(web.Lang(req), "finder.desk.locals.count", len(list))}
	from, _ := strconv.Atoi(req.URL.Query().Get("ab")) // no number is the first page
	from = min(max(0, from), len(list))
	to := min(from+servicesAPage, len(list))
	for _, l := range list[from:to] {
		row := ownLocalRow{Title: r.serviceTitle(l.Service), Href: localPath(l.Service), Area: r.areaName(l.Area), Role: t("finder.desk.role." + string(l.Role)), Office: "–", Law: l.Law}
		if l.Office != "" {
			row.Office = r.finder.AuthorityName(l.Office)
		}
		v.Rows = append(v.Rows, row)
	}
	if from > 0 {
		v.Pages.Previous = "/redaktion/zustaendigkeiten?ab=" + strconv.Itoa(max(0, from-servicesAPage))
	}
	if to < len(list) {
		v.Pages.Next = "/redaktion/zustaendigkeiten?ab=" + strconv.Itoa(to)
	}
	return r.pages.locals.Render(w, req, web.Meta{Title: t("finder.desk.locals.title"), Crumbs: r.crumbs(req, "")}, v)
}
