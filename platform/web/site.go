package web

import (
	"context"
	"embed"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
)

//go:embed pages/*.html
var shellFS embed.FS

// Files are the house's own texts.
//
//go:embed texts/*.json
var Files embed.FS

// Site is shared by all rooms: texts, assets, layout, and how errors become pages.
type Site struct {
	Texts  *i18n.Catalog
	Assets Assets
	Demo   bool // "Demonstration – keine echten Daten" on every page
	Log    *slog.Logger
	// Nav returns the main navigation for the caller; which link is current is found out from the address. app sets it.
	Nav func(ctx context.Context, lang i18n.Lang) []Link
	// PlaceName is the name of the place with this ARS, for "Mein Ort". app sets it.
	PlaceName func(ars string) string

	NoLimits   bool     // Limit lets everybody through: for load tests
	Proxies    int      // how many proxies of ours stand in front and add to X-Forwarded-For
	FormAction []string // further origins that a posted form may lead to: the sign-in's ("https://id.example"); set before Middleware

	pages     []checkable
	errorPage *Page[errorData]
	keptPage  *Page[keptData]
	limits    limits
}

// New returns a site. Rooms add their texts before they make pages.
func New(texts *i18n.Catalog, assets Assets, log *slog.Logger) *Site {
	s := &Site{Texts: texts, Assets: assets, Log: log,
		Nav:       func(context.Context, i18n.Lang) []Link { return nil },
		PlaceName: func(ars string) string { return ars }}
	s.errorPage = NewPage[errorData](s, shellFS, "error")
	s.keptPage = NewPage[keptData](s, shellFS, "kept")
	return s
}

// Routes registers the house's own addresses: assets, language switch, forgetting "Mein Ort".
func (s *Site) Routes(mux *http.ServeMux) {
	s.Handle(mux, "GET /assets/{name}", s.Assets.serve)
	s.Handle(mux, "POST /sprache", s.setLang)
	s.Handle(mux, "POST /ort/vergessen", s.forgetPlace)
}

func (s *Site) setLang(w http.ResponseWriter, r *http.Request) error {
	if err := ReadForm(w, r, maxURL*2); err != nil {
		return err
	}
	lang := r.PostForm.Get("lang")
	keep(w, r, langCookie, lang, lang == string(i18n.German) || lang == string(i18n.English))
	back := r.PostForm.Get("weiter")
	if u, err := url.Parse(back); err == nil && u.Query().Has(langCookie) { // else the address would say otherwise
		q := u.Query()
		q.Del(langCookie)
		u.RawQuery = q.Encode()
		back = u.String()
	}
	return s.Redirect(w, r, back, "")
}

func (s *Site) forgetPlace(w http.ResponseWriter, r *http.Request) error {
	if err := ReadForm(w, r, maxURL*2); err != nil {
		return err
	}
	SetPlace(w, r, "")
	return s.Redirect(w, r, r.PostForm.Get("weiter"), "web.notice.place_forgotten")
}

// Handler is a page's or use-case's HTTP side. A returned error becomes an error page; nothing may have been written.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle registers h under a ServeMux pattern.
func (s *Site) Handle(mux *http.ServeMux, pattern string, h Handler) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.Error(w, r, err)
		}
	})
}

type errorData struct {
	Message string
	Items   []string // what is wrong, field by field
	ID      string   // of the request, where we want to hear of it
	SignIn  string   // address of the sign-in, where that helps
}

// Error answers with the page of err; programs that ask for JSON get an RFC 9457 problem. Internal errors are logged,
// and only their class is shown. Who is not signed in and asks for a page is led to the sign-in and back; what they sent
// with a form comes back to be sent again.
func (s *Site) Error(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the caller has gone
	}
	e := errs.As(err)
	if e.Code == errs.Unauthenticated && isGet(r) && !wantsJSON(r) {
		w.Header().Set("Location", signIn(r))
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	if e.Code == errs.Unauthenticated && r.Method == http.MethodPost && !wantsJSON(r) && s.showKept(w, r, e) {
		return
	}
	s.answer(w, r, errs.Status(e.Code), err)
}

// answer is Error with the status said.
func (s *Site) answer(w http.ResponseWriter, r *http.Request, status int, err error) {
	e := errs.As(err)
	if status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "request failed", "id", RequestID(r.Context()), "method", r.Method, "path", r.URL.Path,
			"status", status, "error", err)
	}
	title := s.T(r, "errs.title."+string(e.Code))
	if key := "errs.title." + strconv.Itoa(status); s.Texts.Has(i18n.German, key) {
		title = s.T(r, key)
	}
	data := errorData{Message: s.T(r, e.Key, e.Args...)}
	for _, f := range e.Fields {
		data.Items = append(data.Items, s.T(r, f.Key, f.Args...))
	}
	switch {
	case status >= http.StatusInternalServerError:
		data.ID = RequestID(r.Context())
	case e.Code == errs.Unauthenticated:
		data.SignIn = signIn(r)
	}
	if wantsJSON(r) {
		s.problem(w, r, status, title, data.Message, e.Fields)
		return
	}
	if err := s.errorPage.RenderStatus(w, r, status, Meta{Title: title}, data); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "error", err)
		http.Error(w, title, status)
	}
}

// problem writes an RFC 9457 problem.
func (s *Site) problem(w http.ResponseWriter, r *http.Request, status int, title, detail string, fields []errs.Field) {
	type fieldProblem struct {
		Name   string `json:"name"`
		Detail string `json:"detail"`
	}
	p := struct {
		Type     string         `json:"type"`
		Title    string         `json:"title"`
		Status   int            `json:"status"`
		Detail   string         `json:"detail"`
		Instance string         `json:"instance,omitempty"`
		Errors   []fieldProblem `json:"errors,omitempty"`
	}{Type: "about:blank", Title: title, Status: status, Detail: detail}
	if id := RequestID(r.Context()); id != "" {
		p.Instance = "urn:request:" + id
	}
	for _, f := range fields {
		p.Errors = append(p.Errors, fieldProblem{f.Name, s.T(r, f.Key, f.Args...)})
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone if it fails
}

// wantsJSON reports whether the caller is a program: it names JSON and no HTML in Accept.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

func isGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// here is where someone comes back to this page: its address or, after a post, that of the form.
func here(r *http.Request) string {
	if isGet(r) {
		return LocalPath(r.URL.RequestURI())
	}
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
		return LocalPath(from.RequestURI())
	}
	return "/"
}

// signIn is the address of the sign-in that leads back here.
func signIn(r *http.Request) string { return "/anmelden?weiter=" + url.QueryEscape(here(r)) }

// T is a text in the language of the request.
func (s *Site) T(r *http.Request, key string, args ...any) string {
	return s.Texts.T(Lang(r), key, args...)
}

// Known is the text of what may be a key, in the language of the request; else it is what it is.
func (s *Site) Known(r *http.Request, text string) string { return s.Texts.Known(Lang(r), text) }

func (s *Site) shell(w http.ResponseWriter, r *http.Request, m Meta) Shell {
	lang := Lang(r)
	sh := Shell{
		Lang: lang, Title: m.Title, Path: here(r), SignIn: signIn(r), User: identity.From(r.Context()),
		Nav: slices.Clone(s.Nav(r.Context(), lang)), Crumbs: m.Crumbs,
		Place: s.place(r), Notice: s.takeNotice(w, r), Demo: s.Demo, Assets: s.Assets, Failed: m.Failed,
	}
	sh.addresses(r, m)
	markCurrent(sh.Nav, r.URL.Path)
	return sh
}

// markCurrent marks the link whose address is the longest beginning of path.
func markCurrent(nav []Link, path string) {
	best := -1
	for i, l := range nav {
		href, _, _ := strings.Cut(l.Href, "?")
		if (path == href || strings.HasPrefix(path, strings.TrimSuffix(href, "/")+"/") && href != "/") &&
			(best < 0 || len(href) > len(nav[best].Href)) {
			best = i
		}
	}
	if best >= 0 {
		nav[best].Current = true
	}
}

func (s *Site) place(r *http.Request) string {
	if ars := Place(r); ars != "" {
		return s.PlaceName(ars)
	}
	return ""
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
