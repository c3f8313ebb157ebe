package app

import (
	"context"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// Owner answers for the site: Impressum (§ 5 DDG), Datenschutz, Barrierefreiheit.
type Owner struct {
	Name    string // the authority or company
	Address string // one line
	Contact string // mail address
}

// info are the pages that every German portal owes, and what comes in through them.
type info struct {
	house   *platform.House
	owner   Owner
	text    *web.Page[infoData]
	access  *web.Page[accessData]
	reports *web.Page[reportsData]
}

// infoData is a page of headed paragraphs.
type infoData struct {
	Lead     string
	Sections []section
}

type section struct {
	Heading string
	Text    string
	Rows    web.SummaryList
}

type accessData struct {
	Main              infoData
	Thanks            web.Alert
	Errors            web.ErrorSummary
	Page, Text, Email web.Field
	Contact           string // of the owner, for people who would rather write
}

type reportsData struct {
	Reports []report
	Pages   web.Pagination
}

// report is a barrier that somebody met.
type report struct {
	ID    string
	At    time.Time
	Page  string
	Text  string
	Email string
}

func newInfo(h *platform.House, owner Owner) *info {
	return &info{house: h, owner: owner,
		text:    web.NewPage[infoData](h.Site, files, "info"),
		access:  web.NewPage[accessData](h.Site, files, "access"),
		reports: web.NewPage[reportsData](h.Site, files, "reports"),
	}
}

// infoPages are the plain pages: address and the sections of texts app.info.NAME.SECTION.
var infoPages = []struct {
	path, name string
	sections   []string
}{
	{"/impressum", "imprint", []string{"liability"}},
	{"/datenschutz", "privacy", []string{"search", "apply", "session", "log", "retention", "rights"}},
	{"/leichte-sprache", "easy", []string{"what", "search", "apply", "help"}},
	{"/gebaerdensprache", "sign", []string{"what", "ask"}},
}

func (i *info) Routes(mux *http.ServeMux) {
	s := i.house.Site
	for _, p := range infoPages {
		s.Handle(mux, "GET "+p.path, func(w http.ResponseWriter, r *http.Request) error {
			return i.text.Render(w, r, web.Meta{Title: s.T(r, "app.info."+p.name+".title")}, i.page(r, p.name, p.sections))
		})
	}
	s.Handle(mux, "GET /barrierefreiheit", i.getAccess)
	s.Handle(mux, "POST /barrierefreiheit", s.Limit("report", 6, 5, i.postAccess))
	s.Handle(mux, "GET /betrieb/barrieren", i.getReports)
}

func (i *info) page(r *http.Request, name string, sections []string) infoData {
	s := i.house.Site
	key := "app.info." + name + "."
	data := infoData{Lead: s.T(r, key+"lead")}
	if name == "imprint" || name == "privacy" {
		data.Sections = append(data.Sections, section{Heading: s.T(r, "app.info.owner"), Rows: i.ownerRows(r)})
	}
	for _, sec := range sections {
		data.Sections = append(data.Sections, section{Heading: s.T(r, key+sec+".title"), Text: s.T(r, key+sec+".text")})
	}
	return data
}

func (i *info) ownerRows(r *http.Request) web.SummaryList {
	s := i.house.Site
	value := func(v string) string {
		if v == "" {
			return s.T(r, "app.info.missing")
		}
		return v
	}
	return web.SummaryList{Rows: []web.SummaryRow{
		{Label: s.T(r, "app.info.owner.name"), Value: value(i.owner.Name)},
		{Label: s.T(r, "app.info.owner.address"), Value: value(i.owner.Address)},
		{Label: s.T(r, "app.info.owner.contact"), Value: value(i.owner.Contact)},
	}}
}

var accessSections = []string{"state", "method", "enforcement"}

func (i *info) getAccess(w http.ResponseWriter, r *http.Request) error {
	return i.renderAccess(w, r, report{Page: r.URL.Query().Get("seite")}, nil, r.URL.Query().Has("gesendet"))
}

func (i *info) postAccess(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(w, r, 64<<10); err != nil {
		return err
	}
	rep := report{Page: strings.TrimSpace(r.PostForm.Get("page")), Text: strings.TrimSpace(r.PostForm.Get("text")),
		Email: strings.TrimSpace(r.PostForm.Get("email"))}
	if err := i.Report(r.Context(), rep); errs.Is(err, errs.Invalid) {
		return i.renderAccess(w, r, rep, err, false)
	} else if err != nil {
		return err
	}
	return i.house.Site.Redirect(w, r, "/barrierefreiheit?gesendet=1", "")
}

func (i *info) renderAccess(w http.ResponseWriter, r *http.Request, rep report, err error, sent bool) error {
	s := i.house.Site
	t := func(key string, args ...any) string { return s.T(r, key, args...) }
	data := accessData{
		Main: i.page(r, "access", accessSections), Errors: s.Summary(t, err), Contact: i.owner.Contact,
		Page:  web.Field{Name: "page", Kind: "text", Label: t("app.report.page"), Hint: t("app.report.page.hint"), Value: rep.Page, Optional: true, MaxLength: 500},
		Text:  web.Field{Name: "text", Kind: "textarea", Label: t("app.report.text"), Hint: t("app.report.text.hint"), Value: rep.Text, Rows: 5, MaxLength: 4000},
		Email: web.Field{Name: "email", Kind: "email", Label: t("app.report.email"), Hint: t("app.report.email.hint"), Value: rep.Email, Optional: true, Autocomplete: "email", MaxLength: 200},
	}
	if sent {
		data.Thanks = web.Alert{Kind: "success", Title: t("app.report.thanks.title"), Text: t("app.report.thanks.text")}
	}
	if err != nil {
		for _, f := range errs.As(err).Fields {
			for _, field := range []*web.Field{&data.Page, &data.Text, &data.Email} {
				if field.Name == f.Name {
					field.Error = t(f.Key, f.Args...)
				}
			}
		}
	}
	return i.access.Render(w, r, web.Meta{Title: t("app.info.access.title"), Failed: err != nil}, data)
}

// Report keeps a barrier that anybody met, for the operator.
func (i *info) Report(ctx context.Context, rep report) error {
	var wrong []errs.Field
	if n := utf8.RuneCountInString(rep.Text); n < 5 || n > 4000 {
		wrong = append(wrong, errs.Field{Name: "text", Key: "app.report.text.error"})
	}
	if utf8.RuneCountInString(rep.Page) > 500 {
		wrong = append(wrong, errs.Field{Name: "page", Key: "app.report.page.error"})
	}
	if _, err := mail.ParseAddress(rep.Email); rep.Email != "" && (err != nil || len(rep.Email) > 200) {
		wrong = append(wrong, errs.Field{Name: "email", Key: "app.report.email.error"})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	h := i.house
	return h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		id := db.NewID()
		if _, err := tx.Exec(ctx, `INSERT INTO app_report (id, at, page, text, email) VALUES ($1, $2, $3, $4, $5)`,
			id, db.Micros(h.Now()), rep.Page, rep.Text, rep.Email); err != nil {
			return err
		}
		return h.Audit.Append(ctx, tx, audit.Entry{Action: "app.barrier_reported", Object: "report:" + id})
	})
}

const reportsPerPage = 50

// Reports lists the barriers reported before the one with this id ("" for the newest), newest first. For operators.
func (i *info) Reports(ctx context.Context, before string) ([]report, error) {
	if err := operator(ctx); err != nil {
		return nil, err
	}
	r, err := i.house.DB.Reader().Query(ctx, `SELECT id, at, page, text, email FROM app_report
		WHERE ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`, before, reportsPerPage+1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []report
	for r.Next() {
		var rep report
		var at int64
		if err := r.Scan(&rep.ID, &at, &rep.Page, &rep.Text, &rep.Email); err != nil {
			return nil, err
		}
		rep.At = db.Time(at)
		out = append(out, rep)
	}
	return out, r.Err()
}

func (i *info) getReports(w http.ResponseWriter, r *http.Request) error {
	list, err := i.Reports(r.Context(), r.URL.Query().Get("vor"))
	if err != nil {
		return err
	}
	data := reportsData{Reports: list}
	if len(list) > reportsPerPage {
		data.Reports = list[:reportsPerPage]
		data.Pages.Next = "/betrieb/barrieren?vor=" + list[reportsPerPage-1].ID
	}
	return i.reports.Render(w, r, web.Meta{Title: i.house.Site.T(r, "app.reports.title")}, data)
}

func operator(ctx context.Context) error {
	switch p := identity.From(ctx); {
	case !p.SignedIn():
		return errs.E(errs.Unauthenticated, "errs.unauthenticated")
	case !p.May(identity.Operator, identity.Everywhere):
		return errs.E(errs.Denied, "errs.denied")
	}
	return nil
}

// nav is the main navigation: what everybody has, then what the caller's roles open.
func (p *program) nav(ctx context.Context, lang i18n.Lang) []web.Link {
	t := func(key string) string { return p.house.Site.Texts.T(lang, key) }
	links := []web.Link{{Text: t("app.nav.find"), Href: "/"}, {Text: t("app.nav.status"), Href: "/status"}}
	who := identity.From(ctx)
	if who.Kind == identity.Citizen {
		links = append(links, web.Link{Text: t("app.nav.account"), Href: "/konto"})
	}
	for _, l := range []struct {
		role identity.Role
		link web.Link
	}{
		{identity.Clerk, web.Link{Text: t("app.nav.inbox"), Href: "/akte"}},
		{identity.Registrar, web.Link{Text: t("app.nav.inbox"), Href: "/akte"}},
		{identity.Editor, web.Link{Text: t("app.nav.desk"), Href: "/redaktion"}},
		{identity.Treasurer, web.Link{Text: t("app.nav.treasury"), Href: "/kasse"}},
		{identity.Auditor, web.Link{Text: t("app.nav.audit"), Href: "/revision"}},
		{identity.Operator, web.Link{Text: t("app.nav.jobs"), Href: "/betrieb/auftraege"}},
		{identity.Operator, web.Link{Text: t("app.nav.reports"), Href: "/betrieb/barrieren"}},
	} {
		if who.Has(l.role) && !slices.Contains(links, l.link) {
			links = append(links, l.link)
		}
	}
	return links
}

// home is where people land who sign in without coming from a page.
func home(who identity.Principal) string {
	for _, h := range []struct {
		role identity.Role
		path string
	}{{identity.Clerk, "/akte"}, {identity.Registrar, "/akte"}, {identity.Editor, "/redaktion"}, {identity.Treasurer, "/kasse"}, {identity.Auditor, "/revision"}, {identity.Operator, "/betrieb/auftraege"}} {
		if who.Has(h.role) {
			return h.path
		}
	}
	if who.Kind == identity.Citizen {
		return "/konto"
	}
	return "/"
}
