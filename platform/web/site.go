// Package web is the house's face: layout and components on KERN, pages typed and checked, errors turned into pages
// in one place, security headers, assets.
package web

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"

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
	Demo   bool
	Log    *slog.Logger
	// Nav returns the main navigation for the caller. app sets it.
	Nav func(ctx context.Context, lang i18n.Lang) []Link
	// PlaceName is the name of the place with this ARS, for "Mein Ort". app sets it.
	PlaceName func(ars string) string

	pages     []checkable
	errorPage *Page[errorData]
}

// New returns a site. Rooms add their texts before they make pages.
func New(texts *i18n.Catalog, assets Assets, log *slog.Logger) *Site {
	s := &Site{Texts: texts, Assets: assets, Log: log,
		Nav:       func(context.Context, i18n.Lang) []Link { return nil },
		PlaceName: func(ars string) string { return ars }}
	s.errorPage = NewPage[errorData](s, shellFS, "error")
	return s
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
	Code    errs.Code
}

// Error answers with the page of err. Internal errors are logged, and only their class is shown.
func (s *Site) Error(w http.ResponseWriter, r *http.Request, err error) {
	e := errs.As(err)
	if errors.Is(err, context.Canceled) {
		return // the caller has gone
	}
	if e.Code == errs.Internal || e.Code == errs.Unavailable {
		s.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	data := errorData{Message: s.T(r, e.Key, e.Args...), Code: e.Code}
	title := s.T(r, "errs.title."+string(e.Code))
	if err := s.errorPage.RenderStatus(w, r, errs.Status(e.Code), Meta{Title: title}, data); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "error", err)
		http.Error(w, title, errs.Status(e.Code))
	}
}

// T is a text in the language of the request.
func (s *Site) T(r *http.Request, key string, args ...any) string {
	return s.Texts.T(Lang(r), key, args...)
}

func (s *Site) shell(r *http.Request, m Meta) Shell {
	lang := Lang(r)
	return Shell{
		Lang: lang, Title: m.Title, Path: r.URL.RequestURI(), User: identity.From(r.Context()),
		Nav: s.Nav(r.Context(), lang), Crumbs: m.Crumbs, Place: s.place(r), Demo: s.Demo, Assets: s.Assets, Failed: m.Failed,
	}
}

func (s *Site) place(r *http.Request) string {
	if ars := Place(r); ars != "" {
		return s.PlaceName(ars)
	}
	return ""
}

// Lang is the language of the request: the cookie "lang", else German.
func Lang(r *http.Request) i18n.Lang {
	if c, err := r.Cookie("lang"); err == nil && c.Value == string(i18n.English) {
		return i18n.English
	}
	return i18n.German
}
