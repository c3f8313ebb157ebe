package apply

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rennsteig/apply/form"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

// opened is a draft or a sent application as its holder opened it, seen through its form.
type opened struct {
	a     *application
	def   *form.Definition
	files []attachment
	res   form.Result
	lang  i18n.Lang
	base  string // "/antrag/ID"
}

// open reads the holder's draft, and gives it to them if they have signed in since they began it.
func (r *Room) open(req *http.Request) (opened, error) {
	o := opened{lang: web.Lang(req)}
	h := draftHolder(req)
	var err error
	if o.a, o.files, err = r.own(req.Context(), r.h.DB.Reader(), h, req.PathValue("id")); err != nil {
		return o, err
	}
	o.base = "/antrag/" + o.a.id
	if o.def, err = r.definition(o.a); err != nil {
		return o, err
	}
	if o.a.state != Draft {
		return o, nil
	}
	if o.a.subject == "" && h.subject != "" {
		if err := r.adopt(req.Context(), h, o.a.id); err != nil {
			return o, err
		}
		o.a.subject = h.subject
	}
	o.res, err = o.def.Check(withFiles(o.a.draft.all(), o.files), r.h.Now())
	return o, err
}

// visited reports whether the page was saved at least once, or needs no answer.
func (o opened) visited(g form.Asked) bool { return o.a.draft[g.Group.ID].Version > 0 }

func (o opened) done(g form.Asked) bool { return o.visited(g) && len(g.Problems) == 0 }

func (o opened) crumbs() []web.Link {
	return []web.Link{{Text: o.def.Title.In(o.lang), Href: o.base}}
}

// next is the page after the group: the next one that is shown, or the check.
func (o opened) next(groupID string) string {
	found := false
	for _, g := range o.res.Groups {
		if found {
			return o.base + "/" + g.Group.ID
		}
		found = g.Group.ID == groupID
	}
	return o.base + "/pruefen"
}

// previous is the page before the group: the one that is shown, the check that led here, or the list of sections.
func (o opened) previous(groupID string, fromCheck bool) string {
	if fromCheck {
		return o.base + "/pruefen"
	}
	before := o.base
	for _, g := range o.res.Groups {
		if g.Group.ID == groupID {
			break
		}
		before = o.base + "/" + g.Group.ID
	}
	return before
}

// firstOpen is the first page that is not done yet; "" if all are.
func (o opened) firstOpen() string {
	for _, g := range o.res.Groups {
		if !o.done(g) {
			return g.Group.ID
		}
	}
	return ""
}

// tasksPage lists the parts of a draft.
type tasksPage struct {
	Title, Authority, Place string
	Tasks                   web.TaskList
	Done, All               int
	Check, Discard          string
	Ready                   bool
	Kept                    bool // in an account
}

func (r *Room) tasksGet(w http.ResponseWriter, req *http.Request) error {
	o, err := r.open(req)
	if err != nil {
		return err
	}
	if o.a.state != Draft {
		return r.h.Site.Redirect(w, req, o.base+"/gesendet", "")
	}
	t := r.texts(req)
	p := tasksPage{Title: o.def.Title.In(o.lang), Authority: r.h.AuthorityName(o.a.authority), Place: r.offices.PlaceName(o.a.ars),
		All: len(o.res.Groups), Check: o.base + "/pruefen", Discard: o.base + "/loeschen", Kept: o.a.subject != ""}
	for _, g := range o.res.Groups {
		task := web.Task{Text: g.Group.Title.In(o.lang), Href: o.base + "/" + g.Group.ID}
		switch {
		case o.done(g):
			p.Done++
			task.State = web.Badge{Kind: "success", Text: t("apply.task.done")}
		case o.visited(g):
			task.State = web.Badge{Kind: "danger", Text: t("apply.task.wrong")}
		default:
			task.State = web.Badge{Text: t("apply.task.open")}
		}
		p.Tasks.Tasks = append(p.Tasks.Tasks, task)
	}
	p.Ready = p.Done == p.All
	return r.pages.tasks.Render(w, req, web.Meta{Title: p.Title}, p)
}

func (r *Room) draftGet(w http.ResponseWriter, req *http.Request) error {
	page := req.PathValue("page")
	o, err := r.open(req)
	if errs.Is(err, errs.NotFound) && page == "gesendet" {
		// Who pays on another device than the one that sent comes back here. Number and code lead on.
		return r.h.Site.Redirect(w, req, "/status", "")
	}
	if err != nil {
		return err
	}
	switch {
	case page == "gesendet" && o.a.state != Draft:
		return r.sentGet(w, req, o)
	case page == "gesendet" || page == "senden":
		return r.h.Site.Redirect(w, req, o.base+"/pruefen", "")
	case o.a.state != Draft:
		return r.h.Site.Redirect(w, req, o.base+"/gesendet", "")
	case page == "pruefen":
		return r.checkGet(w, req, o, nil)
	case page == "loeschen":
		return r.pages.discard.Render(w, req, web.Meta{Title: r.h.Site.T(req, "apply.discard.title"), Crumbs: o.crumbs()},
			discardPage{o.def.Title.In(o.lang), o.base + "/loeschen", o.base})
	}
	asked := o.res.Asked(page)
	if asked == nil {
		if o.def.Group(page) != nil { // hidden by what was answered meanwhile
			return r.h.Site.Redirect(w, req, o.base, "")
		}
		return notFound()
	}
	return r.groupGet(w, req, o, asked, groupShown{fromCheck: req.URL.Query().Get("zurueck") == "pruefen"})
}

func (r *Room) draftPost(w http.ResponseWriter, req *http.Request) error {
	id, page := req.PathValue("id"), req.PathValue("page")
	o, err := r.open(req)
	if err != nil {
		return err
	}
	switch {
	case page == "senden":
		return r.sendPost(w, req, o)
	case o.a.state != Draft:
		return r.h.Site.Redirect(w, req, o.base+"/gesendet", "apply.notice.sent_already")
	case page == "loeschen":
		if err := r.discard(req.Context(), draftHolder(req), id); err != nil {
			return err
		}
		return r.h.Site.Redirect(w, req, "/", "apply.notice.discarded")
	}
	g := o.def.Group(page)
	if g == nil {
		return notFound()
	}
	if g.Files() {
		return r.filesPost(w, req, o, g)
	}
	return r.groupPost(w, req, o, g)
}

type discardPage struct{ Title, Action, Back string }

// groupPage is one page of questions.
type groupPage struct {
	FormTitle, Title, Hint string
	Errors                 web.ErrorSummary
	Stale                  web.Alert
	Step, Steps            int // the check is the last step
	Fields                 []web.Field
	OneQuestion            bool // the question is the page's heading
	Multipart              bool
	Files                  []fileRow
	Version                int
	FromCheck              bool
	Group                  string
	Action, Overview       string
	Kept                   bool
}

// fileRow is an uploaded file; posting to its address removes it.
type fileRow struct{ Name, Size, Href string }

// groupShown is how a page is shown.
type groupShown struct {
	fromCheck bool
	answers   form.Answers // as typed just now; nil for those of the draft
	problems  []errs.Field // nil shows none
	stale     bool
}

func (r *Room) groupGet(w http.ResponseWriter, req *http.Request, o opened, asked *form.Asked, s groupShown) error {
	t := r.texts(req)
	g := asked.Group
	p := groupPage{FormTitle: o.def.Title.In(o.lang), Title: g.Title.In(o.lang), Hint: g.Hint.In(o.lang), Multipart: g.Files(),
		Version: o.a.draft[g.ID].Version, FromCheck: s.fromCheck, Group: g.ID, Action: o.base + "/" + g.ID, Overview: o.base,
		Kept: o.a.subject != ""}
	answers := s.answers
	if answers == nil {
		answers = o.a.draft[g.ID].Answers
	}
	p.Steps = len(o.res.Groups) + 1
	p.Step = 1 + slices.IndexFunc(o.res.Groups, func(a form.Asked) bool { return a.Group.ID == g.ID })
	p.Errors = r.h.Site.Summary(t, errs.InvalidFields(s.problems))
	if s.stale {
		p.Stale = web.Alert{Kind: "warning", Title: t("apply.stale.title"), Text: t("apply.stale.text")}
	}
	for _, f := range asked.Fields {
		p.Fields = append(p.Fields, fieldOf(o.lang, t, f, answers, s.problems))
	}
	if len(p.Fields) == 1 && !g.Files() && asked.Fields[0].Kind != form.Checkbox {
		// One question a page: it is the page's heading.
		p.OneQuestion = true
		q := &p.Fields[0]
		q.Legend, q.Label = true, p.Title
		q.Hint = strings.TrimSpace(p.Hint + " " + q.Hint)
	}
	for _, f := range o.files {
		if g.Files() && f.message == "" && slices.ContainsFunc(asked.Fields, func(q *form.Field) bool { return q.ID == f.field }) {
			p.Files = append(p.Files, fileRow{f.name, sizeText(o.lang, f.size), o.base + "/datei/" + f.id})
		}
	}
	status := http.StatusOK
	switch {
	case s.stale:
		status = http.StatusConflict
	case len(s.problems) > 0:
		status = http.StatusUnprocessableEntity
	}
	return r.pages.group.RenderStatus(w, req, status, web.Meta{Title: p.Title, Crumbs: o.crumbs(), Failed: len(s.problems) > 0}, p)
}

// fieldOf makes the component of a question.
func fieldOf(lang i18n.Lang, t func(string, ...any) string, f *form.Field, a form.Answers, problems []errs.Field) web.Field {
	out := web.Field{Name: f.ID, Label: f.Label.In(lang), Hint: f.Hint.In(lang), Kind: string(f.Kind), Optional: !f.Required(a),
		Autocomplete: f.Autocomplete, MaxLength: f.MaxChars(), Rows: f.Rows, Values: a[f.ID]}
	if len(a[f.ID]) > 0 {
		out.Value = a[f.ID][0]
	}
	for _, o := range f.Options {
		out.Options = append(out.Options, web.Option{Value: o.Value, Label: o.Label.In(lang), Hint: o.Hint.In(lang)})
	}
	if f.Kind == form.File {
		out.Accept = accept
	}
	if f.Kind == form.Money {
		if c, err := money.Parse(out.Value); err == nil && lang == i18n.German && out.Value != "" {
			out.Value = c.German()[:len(c.German())-len(" €")]
		}
	}
	for _, p := range problems {
		if p.Name == f.ID {
			out.Error = t(p.Key, p.Args...)
		}
	}
	return out
}

func sizeText(lang i18n.Lang, n int64) string {
	if n >= 1<<20 {
		return i18n.Number(lang, (n+1<<19)>>20) + " MB"
	}
	return i18n.Number(lang, (n+1023)>>10) + " KB"
}

func (r *Room) groupPost(w http.ResponseWriter, req *http.Request, o opened, g *form.Group) error {
	if err := web.ReadForm(w, req, smallForm); err != nil {
		return err
	}
	answers, err := o.def.Read(g, req.PostForm)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(req.PostForm.Get("_version"))
	if err != nil {
		return errs.E(errs.Invalid, "apply.malformed")
	}
	fromCheck := req.PostForm.Get("_from") == "pruefen"
	err = r.save(req.Context(), draftHolder(req), o.a.id, g.ID, version, answers)
	if errors.Is(err, errStale) {
		if o, err = r.open(req); err != nil {
			return err
		}
		if asked := o.res.Asked(g.ID); asked != nil {
			return r.groupGet(w, req, o, asked, groupShown{fromCheck: fromCheck, answers: answers, stale: true})
		}
		return r.h.Site.Redirect(w, req, o.base, "")
	}
	if err != nil {
		return err
	}
	return r.goOn(w, req, g, fromCheck)
}

// goOn leads from a saved page to the next one, or shows it again with what is wrong.
func (r *Room) goOn(w http.ResponseWriter, req *http.Request, g *form.Group, fromCheck bool) error {
	o, err := r.open(req)
	if err != nil {
		return err
	}
	asked := o.res.Asked(g.ID)
	switch {
	case req.PostForm.Has("_back"): // even if something is wrong: it is kept, and asked for again
		return r.h.Site.Redirect(w, req, o.previous(g.ID, fromCheck), "")
	case asked == nil: // hidden by what was answered in another window
		return r.h.Site.Redirect(w, req, o.base, "")
	case len(asked.Problems) > 0:
		return r.groupGet(w, req, o, asked, groupShown{fromCheck: fromCheck, problems: asked.Problems})
	case fromCheck:
		if open := o.firstOpen(); open != "" {
			return r.h.Site.Redirect(w, req, o.base+"/"+open+"?zurueck=pruefen", "")
		}
		return r.h.Site.Redirect(w, req, o.base+"/pruefen", "")
	}
	return r.h.Site.Redirect(w, req, o.next(g.ID), "")
}

// filesForm is how much a page with files may bring at once, in bytes.
const filesForm = 4*maxFile + smallForm

func (r *Room) filesPost(w http.ResponseWriter, req *http.Request, o opened, g *form.Group) error {
	if err := web.ReadForm(w, req, filesForm); err != nil {
		return err
	}
	asked := o.res.Asked(g.ID)
	if asked == nil { // hidden by what was answered in another window
		return r.h.Site.Redirect(w, req, o.base, "")
	}
	h := draftHolder(req)
	fromCheck := req.PostForm.Get("_from") == "pruefen"
	upload := req.PostForm.Has("_upload")
	uploaded := false
	if req.MultipartForm != nil {
		for field := range req.MultipartForm.File {
			ups := uploads(req, field)
			if len(ups) == 0 {
				continue
			}
			err := r.attach(req.Context(), h, o.a.id, g.ID, field, ups)
			var e *errs.Error
			if errors.As(err, &e) && e.Code == errs.Invalid && len(e.Fields) == 0 && o.def.Field(field) != nil {
				return r.groupGet(w, req, o, asked, groupShown{fromCheck: fromCheck, problems: []errs.Field{{Name: field, Key: e.Key, Args: e.Args}}})
			}
			if err != nil {
				return err
			}
			uploaded = true
		}
	}
	if upload && !uploaded {
		return r.groupGet(w, req, o, asked, groupShown{fromCheck: fromCheck, problems: []errs.Field{{Name: g.Fields[0].ID, Key: "apply.file.none"}}})
	}
	if upload { // show what is there now, and let more be added
		return r.h.Site.Redirect(w, req, o.base+"/"+g.ID+fromQuery(fromCheck), "apply.notice.uploaded")
	}
	if _, err := o.def.Read(g, req.PostForm); err != nil {
		return err
	}
	if err := r.save(req.Context(), h, o.a.id, g.ID, anyVersion, form.Answers{}); err != nil {
		return err
	}
	return r.goOn(w, req, g, fromCheck)
}

func fromQuery(fromCheck bool) string {
	if fromCheck {
		return "?zurueck=pruefen"
	}
	return ""
}

// uploads are the files chosen for a field; browsers send an empty one where none was.
func uploads(req *http.Request, field string) []upload {
	var out []upload
	if req.MultipartForm == nil {
		return nil
	}
	for _, fh := range req.MultipartForm.File[field] {
		if fh.Filename != "" {
			out = append(out, upload{fh.Filename, func() (io.ReadCloser, error) { return fh.Open() }})
		}
	}
	return out
}

func (r *Room) draftFileGet(w http.ResponseWriter, req *http.Request) error {
	o, err := r.open(req)
	if err != nil {
		return err
	}
	return r.download(w, req, o.files, req.PathValue("file"))
}

func (r *Room) draftFilePost(w http.ResponseWriter, req *http.Request) error {
	o, err := r.open(req)
	if err != nil {
		return err
	}
	if err := web.ReadForm(w, req, smallForm); err != nil {
		return err
	}
	if err := r.detach(req.Context(), draftHolder(req), o.a.id, req.PathValue("file")); err != nil {
		return err
	}
	group := req.PostForm.Get("_group")
	if o.def.Group(group) == nil {
		return r.h.Site.Redirect(w, req, o.base, "apply.notice.removed")
	}
	return r.h.Site.Redirect(w, req, o.base+"/"+group+fromQuery(req.PostForm.Get("_from") == "pruefen"), "apply.notice.removed")
}

// download gives a file to its holder: as an attachment, never to be shown or run on this site.
func (r *Room) download(w http.ResponseWriter, req *http.Request, files []attachment, id string) error {
	i := slices.IndexFunc(files, func(f attachment) bool { return f.id == id })
	if i < 0 {
		return notFound()
	}
	return r.serveBlob(w, req, files[i].hash, files[i].name, files[i].mediaType, files[i].size)
}

func (r *Room) serveBlob(w http.ResponseWriter, req *http.Request, hash, name, mediaType string, size int64) error {
	f, err := r.h.Blobs.Open(req.Context(), hash)
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("X-Content-Type-Options", "nosniff")
	if size > 0 {
		h.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	if _, err := io.Copy(w, f); err != nil {
		// Half of it is out; better the caller sees it broken than whole.
		r.h.Log.ErrorContext(req.Context(), "download broke off", "blob", hash, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
