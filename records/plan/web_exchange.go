package plan

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
	"rennsteig/standards/xdomea"
)

// uploadLimit is of a form with a file, or with the table that a preview was made of.
const uploadLimit = maxFile + 64<<10

// shownChanges is how many changes a preview lists.
const shownChanges = 300

type exchangePage struct {
	Tabs      web.Tabs
	Errors    web.ErrorSummary
	Problems  []string
	More      int // problems that are not listed
	Alert     web.Alert
	Authority string
	Registrar bool
	Export    []web.Field
	Import    []web.Field
	Taken     []takenRow
	Sent      []Sent
}

type takenRow struct {
	Taken
	Source  string
	Answers []web.Link
}

func (r *Room) getExchange(w http.ResponseWriter, req *http.Request) error {
	return r.showExchange(w, req, desk(req, req.URL.Query().Get("behoerde")), nil, nil)
}

func (r *Room) showExchange(w http.ResponseWriter, req *http.Request, authority string, form url.Values, failed error) error {
	a, err := look(req.Context(), r.h.DB.Reader(), authority)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := exchangePage{Tabs: r.core.Tabs(req, "/akte/plan"), Errors: r.h.Site.Summary(t, failed), Authority: authority, Registrar: a.Registrar(authority)}
	if failed != nil {
		if list := asProblems(failed); list != nil {
			p.Problems, p.More = r.problems(req, list)
		}
		p.Alert = r.h.Site.Failure(req, failed)
		p.Alert.Kind = "danger"
	}
	formats := web.Field{Name: "format", Label: t("plan.export.format"), Kind: "radio", Value: string(CSV)}
	for _, f := range Formats {
		formats.Options = append(formats.Options, web.Option{Value: string(f), Label: t("plan.format." + string(f))})
	}
	p.Export = []web.Field{formats, {Name: "archiv", Label: t("plan.export.taker"), Hint: t("plan.export.taker.hint"), Optional: true, MaxLength: 200}}
	if p.Registrar {
		source := web.Field{Name: "quelle", Label: t("plan.import.source"), Kind: "radio", Value: form.Get("quelle"),
			Options: []web.Option{{Value: fromTable, Label: t("plan.source.table"), Hint: t("plan.source.table.hint")}}}
		for _, b := range BuiltIn {
			source.Options = append(source.Options, web.Option{Value: b, Label: t("plan.source." + b)})
		}
		if source.Value == "" {
			source.Value = fromTable
		}
		p.Import = []web.Field{source,
			{Name: "datei", Label: t("plan.import.file"), Hint: t("plan.import.file.hint"), Kind: "file", Optional: true, Accept: ".csv,.tsv,.txt,.xml,.zip",
				Error: r.h.Site.FieldError(req, failed, "datei")},
			{Name: "beenden", Label: t("plan.import.end"), Kind: "checkbox", Value: form.Get("beenden"), Optional: true}}
		list, err := r.Imports(req.Context(), authority)
		if err != nil {
			return err
		}
		for _, x := range list {
			row := takenRow{Taken: x, Source: t("plan.source." + x.Source)}
			for _, m := range x.answers() {
				row.Answers = append(row.Answers, web.Link{Text: t("plan.answer." + string(m)), Href: "/akte/plan/import/" + x.ID + "/antwort?nachricht=" + string(m)})
			}
			p.Taken = append(p.Taken, row)
		}
		if p.Sent, err = r.Outbox(req.Context(), authority); err != nil {
			return err
		}
	}
	return r.pages.exchange.RenderStatus(w, req, statusOf(failed), web.Meta{Title: t("plan.exchange"), Failed: failed != nil, Crumbs: r.crumbs(req, authority)}, p)
}

// problems are the first of what is wrong with a file, in words.
func (r *Room) problems(req *http.Request, list problems) (out []string, more int) {
	const first = 50
	t := r.h.Site.Text(req)
	for _, x := range list[:min(first, len(list))] {
		out = append(out, x.text(t))
	}
	return out, max(len(list)-first, 0)
}

// text is the problem in words.
func (p problem) text(t func(key string, args ...any) string) string {
	args := p.Args
	if strings.HasPrefix(p.Key, "plan.error.heading") {
		args = []any{strings.Join(headingsIn(t), ", ")}
	}
	what := t(p.Key, args...)
	switch {
	case p.Line > 0 && p.Column != "":
		return t("plan.at.cell", p.Line, p.Column, what)
	case p.Line > 0:
		return t("plan.at.line", p.Line, what)
	case p.code != "":
		return t("plan.at.unit", p.code, what)
	case p.Column != "":
		return t("plan.at.unit", p.Column, what)
	}
	return what
}

func (r *Room) getExport(w http.ResponseWriter, req *http.Request) error {
	v := req.URL.Query()
	var b bytes.Buffer
	name, err := r.Export(req.Context(), &b, desk(req, v.Get("behoerde")), Format(v.Get("format")), v.Get("archiv"), web.Lang(req))
	if err != nil {
		return err
	}
	return send(w, name, b.Bytes())
}

func send(w http.ResponseWriter, name string, content []byte) error {
	kind := "application/zip"
	switch {
	case len(name) > 4 && name[len(name)-4:] == ".csv":
		kind = "text/csv; charset=utf-8"
	case len(name) > 4 && name[len(name)-4:] == ".tsv":
		kind = "text/tab-separated-values; charset=utf-8"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // the caller has gone if it fails
	return nil
}

func (r *Room) getAnswer(w http.ResponseWriter, req *http.Request) error {
	var b bytes.Buffer
	name, err := r.Answer(req.Context(), &b, web.PathID(req), xdomea.Message(req.URL.Query().Get("nachricht")))
	if err != nil {
		return err
	}
	return send(w, name, b.Bytes())
}

type previewPage struct {
	Tabs   web.Tabs
	Alert  web.Alert
	Import Import
	Source string
	Sums   web.SummaryList
	Rows   []changeRow
	More   int // changes that are not listed
	Back   string
}

// slow gives a form with a large file more time than other requests have.
func slow(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(2 * time.Minute)) // a test's recorder has none
}

func (r *Room) postPreview(w http.ResponseWriter, req *http.Request) error {
	slow(w)
	if err := web.ReadForm(w, req, uploadLimit); err != nil {
		return err
	}
	form := req.PostForm
	authority := form.Get("authority")
	if err := keep(req.Context(), r.h.DB.Reader(), authority); err != nil {
		return err
	}
	s := Source{EndMissing: form.Get("beenden") != ""}
	if b := form.Get("quelle"); b != fromTable {
		s.BuiltIn = b
	} else if err := s.upload(req); err != nil {
		return r.showExchange(w, req, authority, form, err)
	}
	if head, ok := isReceipt(s.Content); ok {
		if err := r.Receive(req.Context(), authority, head); web.Retry(err) {
			return r.showExchange(w, req, authority, form, err)
		} else if err != nil {
			return err
		}
		return r.h.Site.Redirect(w, req, address(exchangePath, authority, ""), "plan.notice.received")
	}
	p, err := r.Propose(req.Context(), authority, s)
	if web.Retry(err) || errs.Is(err, errs.TooLarge) {
		return r.showExchange(w, req, authority, form, err)
	}
	if err != nil {
		return err
	}
	return r.showPreview(w, req, p, nil)
}

// upload reads the file of the form.
func (s *Source) upload(req *http.Request) error {
	f, head, err := req.FormFile("datei")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return errs.InvalidFields([]errs.Field{{Name: "datei", Key: "plan.error.no_file"}})
	}
	if err != nil {
		return err
	}
	defer f.Close()
	s.Name = head.Filename
	s.Content, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	return err
}

func (r *Room) showPreview(w http.ResponseWriter, req *http.Request, p Proposal, failed error) error {
	t := r.h.Site.Text(req)
	d := previewPage{Tabs: r.core.Tabs(req, "/akte/plan"), Alert: r.h.Site.Failure(req, failed), Import: p.Import, Source: t("plan.source." + p.Source),
		More: max(len(p.Changes)-shownChanges, 0), Back: address(exchangePath, p.Authority, "")}
	for _, k := range []Kind{Added, Changed, Ended} {
		d.Sums.Rows = append(d.Sums.Rows, web.SummaryRow{Label: t("plan.kind." + string(k)), Value: strconv.Itoa(p.Count(k))})
	}
	d.Sums.Rows = append(d.Sums.Rows, web.SummaryRow{Label: t("plan.concerned"), Value: strconv.Itoa(p.Files)})
	for _, c := range p.Changes[:min(shownChanges, len(p.Changes))] {
		d.Rows = append(d.Rows, r.changeRow(req, c))
	}
	return r.pages.preview.RenderStatus(w, req, statusOf(failed), web.Meta{Title: t("plan.preview"), Failed: failed != nil, Crumbs: r.crumbs(req, p.Authority)}, d)
}

func (r *Room) postTake(w http.ResponseWriter, req *http.Request) error {
	slow(w)
	if err := web.ReadForm(w, req, uploadLimit); err != nil {
		return err
	}
	form := req.PostForm
	i := Import{ID: web.ID(form.Get("id")), Authority: form.Get("authority"), Source: form.Get("quelle"), Name: form.Get("name"), Process: form.Get("process"),
		Table: form.Get("table"), EndMissing: form.Get("beenden") != "", Seen: form.Get("seen")}
	i.Files, _ = strconv.Atoi(form.Get("files"))
	err := r.Take(req.Context(), i)
	if errs.Is(err, errs.Conflict) { // the plan has changed: shown anew
		p, perr := r.Propose(req.Context(), i.Authority, Source{Name: i.Name, Content: []byte(i.Table), EndMissing: i.EndMissing})
		if perr == nil {
			p.Source, p.Process = i.Source, i.Process
			return r.showPreview(w, req, p, err)
		}
		err = perr
	}
	if web.Retry(err) {
		return r.showExchange(w, req, i.Authority, form, err)
	}
	if err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, address("/akte/plan", i.Authority, ""), "plan.notice.imported")
}
