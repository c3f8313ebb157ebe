package plan

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
	"rennsteig/records"
)

type editPage struct {
	Tabs      web.Tabs
	Errors    web.ErrorSummary
	Alert     web.Alert
	Authority string
	Code      string // of the unit to change; "" makes a new one
	Seen      string
	Fields    []web.Field
	Confirm   []changeRow // what concerns closed files, shown before it is saved
	Files     int
	Values    []hidden // of the form, where only Confirm is shown
	Back      string
}

type hidden struct{ Name, Value string }

// changeRow is a change as people read it.
type changeRow struct {
	Change
	Kind  web.Badge
	Lines []string
	Files string
}

func (r *Room) changeRow(req *http.Request, c Change) changeRow {
	row := changeRow{Change: c, Kind: web.Badge{Kind: map[Kind]string{Added: "success", Changed: "info", Ended: "warning"}[c.Kind],
		Text: r.h.Site.T(req, "plan.kind."+string(c.Kind))}}
	for _, f := range c.Fields {
		if c.Kind != Added || f.Column != colCode && f.Column != colTitle {
			row.Lines = append(row.Lines, r.fieldLine(req, f))
		}
	}
	if c.Files > 0 {
		row.Files = r.h.Site.Texts.N(web.Lang(req), "plan.concerns", c.Files)
	}
	return row
}

// edited are the columns of the form.
var edited = []string{colCode, colTitle, colParent, colRetention, colTransfer, colAppraisal, colFrom, colUntil, colNote}

func (r *Room) getEdit(w http.ResponseWriter, req *http.Request) error {
	v := req.URL.Query()
	return r.showEdit(w, req, desk(req, v.Get("behoerde")), v.Get("einheit"), nil, nil)
}

func (r *Room) showEdit(w http.ResponseWriter, req *http.Request, authority, code string, form url.Values, failed error) error {
	if err := keep(req.Context(), r.h.DB.Reader(), authority); err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := editPage{Tabs: r.core.Tabs(req, "/akte/plan"), Errors: r.h.Site.Summary(t, failed), Alert: r.h.Site.Failure(req, failed), Authority: authority,
		Code: code, Back: address("/akte/plan", authority, ""), Seen: form.Get("seen")}
	title := t("plan.new")
	now := map[string]string{colTransfer: "0", colParent: req.URL.Query().Get("unter")}
	if code != "" {
		u, err := r.Unit(req.Context(), authority, code)
		if err != nil {
			return err
		}
		for _, c := range edited {
			now[c] = u.Unit.cell(c)
		}
		title, p.Back = t("plan.edit", code), address(unitPath, authority, code)
		if failed == nil || errs.Is(failed, errs.Conflict) {
			p.Seen = u.Seen
		}
	}
	var open *Unconfirmed
	if errors.As(failed, &open) {
		title, p.Alert, p.Code = t("plan.confirm"), web.Alert{}, code
		for _, c := range open.Changes {
			p.Confirm = append(p.Confirm, r.changeRow(req, c))
			p.Files += c.Files
		}
	}
	for _, c := range edited {
		f := r.editField(req, c, now[c], form, failed)
		if open != nil {
			p.Values = append(p.Values, hidden{c, f.Value})
		} else if c != colCode || code == "" {
			if form.Has(c) && errs.Is(failed, errs.Conflict) && now[c] != f.Value {
				f.Hint = t("plan.now", now[c])
			}
			p.Fields = append(p.Fields, f)
		}
	}
	if open != nil {
		failed = nil // it is the next step
	}
	return r.pages.edit.RenderStatus(w, req, statusOf(failed), web.Meta{Title: title, Failed: failed != nil, Crumbs: r.crumbs(req, authority)}, p)
}

func (r *Room) editField(req *http.Request, column, value string, form url.Values, failed error) web.Field {
	t := r.h.Site.Text(req)
	f := web.Field{Name: column, Label: t("plan.col." + column), Value: value, Error: r.h.Site.FieldError(req, failed, column)}
	if form.Has(column) {
		f.Value = form.Get(column)
	}
	switch column {
	case colCode:
		f.MaxLength, f.Hint = maxCode, t("plan.hint.code")
	case colTitle:
		f.MaxLength = maxTitle
	case colParent:
		f.MaxLength, f.Optional, f.Hint = maxCode, true, t("plan.hint.parent")
	case colRetention:
		f.Kind, f.Hint = "number", t("plan.hint.retention", foreverWord)
	case colTransfer:
		f.Kind, f.Hint = "number", t("plan.hint.transfer")
	case colAppraisal:
		f.Kind = "radio"
		for _, a := range []records.Appraisal{records.Archive, records.Appraise, records.Destroy} {
			f.Options = append(f.Options, web.Option{Value: string(a), Label: t("plan.appraisal." + string(a))})
		}
	case colFrom, colUntil:
		f.Kind, f.Optional = "day", true
		if column == colUntil {
			f.Hint = t("plan.hint.until")
		}
	case colNote:
		f.Kind, f.Optional, f.MaxLength = "textarea", true, maxNote
	}
	return f
}

func (r *Room) postEdit(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, formLimit); err != nil {
		return err
	}
	form := req.PostForm
	e := Edit{Authority: form.Get("authority"), Code: form.Get("einheit"), Seen: form.Get("seen"), Values: map[string]string{}}
	e.Files, _ = strconv.Atoi(form.Get("files"))
	days := web.Days{Form: form, Now: r.h.Now()}
	days.Any(colFrom)
	days.Any(colUntil)
	for _, c := range edited {
		if form.Has(c) {
			e.Values[c] = form.Get(c)
		}
	}
	err := days.Explain(r.Put(req.Context(), e))
	if web.Retry(err) {
		return r.showEdit(w, req, e.Authority, e.Code, form, err)
	}
	if err != nil {
		return err
	}
	code := e.Code
	if code == "" {
		code = oneLine(e.Values[colCode])
	}
	return r.h.Site.Redirect(w, req, address(unitPath, e.Authority, code), "plan.notice.saved")
}
