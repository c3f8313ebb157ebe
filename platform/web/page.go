package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jba/templatecheck"

	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
)

// View is what a page's template gets as its dot: the shell around the page, and the page's own data.
type View[T any] struct {
	Shell Shell
	D     T
}

// Shell is what every page shows around its content.
type Shell struct {
	Lang   i18n.Lang
	Title  string // without the site's name; "Fehler: " is put before it when there are errors
	Path   string // of this request, with query, for the language switch and "Mein Ort"; after a post, of the form
	SignIn string // address of the sign-in that leads back here
	User   identity.Principal
	Nav    []Link
	Crumbs []Link
	Place  string // name of "Mein Ort"; "" if none
	Notice string // shown once as a success message; "" if none
	Demo   bool
	Assets Assets
	Failed bool // the page shows an error summary

	Canonical  string // full address that counts for this page; "" if it is not one to be listed
	Alternates []Alternate
}

// Alternate is a page's full address in a language; Lang "x-default" is for readers of any other.
type Alternate struct{ Lang, Href string }

// Dense reports whether the page is set more tightly: staff look at lists all day.
func (s Shell) Dense() bool { return s.User.Kind == identity.Staff }

// Link is a link with its text in the reader's language.
type Link struct {
	Text    string
	Href    string
	Current bool
}

// Page is one page template with the type of its data.
type Page[T any] struct {
	site *Site
	name string
	tmpl map[i18n.Lang]*template.Template
}

// Meta is what a handler says about a page besides its data.
type Meta struct {
	Title  string // already in the reader's language
	Crumbs []Link // the way here, without the start page and without this page
	Failed bool   // the page shows an error summary
	// Address is the path of a page that search engines may list, without what does not change it; its head then names the
	// address that counts (canonical) and that in the other language (hreflang). "" for all other pages.
	Address string
	Langs   []i18n.Lang // in which the page at Address exists; none are all
}

// NewPage parses pages/name.html of fsys together with the house's layout and components. The page defines the
// template "content", whose dot is View[T]. It panics on a broken template: that is a mistake of ours, found at start.
func NewPage[T any](s *Site, fsys fs.FS, name string) *Page[T] {
	p := &Page[T]{site: s, name: name, tmpl: map[i18n.Lang]*template.Template{}}
	for _, lang := range i18n.Langs {
		t := template.Must(frame().Clone()).Funcs(s.funcs(lang))
		if partials, _ := fs.Glob(fsys, "pages/_*.html"); len(partials) > 0 {
			t = template.Must(t.ParseFS(fsys, partials...))
		}
		p.tmpl[lang] = template.Must(t.ParseFS(fsys, "pages/"+name+".html"))
	}
	s.pages = append(s.pages, checkable{name, p.check})
	return p
}

// frame is what all pages have in common, parsed once. Its functions are there for their names; a page puts its own in
// their place.
var frame = sync.OnceValue(func() *template.Template {
	t := template.New("layout.html").Funcs((&Site{}).funcs(i18n.German))
	return template.Must(t.ParseFS(shellFS, "pages/layout.html", "pages/components.html"))
})

// check type-checks the template against View[T].
func (p *Page[T]) check() error {
	for lang, t := range p.tmpl {
		if err := templatecheck.CheckHTMLStrict(t, View[T]{}); err != nil {
			return fmt.Errorf("%s (%s): %w", p.name, lang, err)
		}
	}
	return nil
}

// Render writes the page with status 200, or 422 when m.Failed.
func (p *Page[T]) Render(w http.ResponseWriter, r *http.Request, m Meta, data T) error {
	status := http.StatusOK
	if m.Failed {
		status = http.StatusUnprocessableEntity
	}
	return p.RenderStatus(w, r, status, m, data)
}

// RenderStatus writes the page with the status. Nothing is written if the template fails.
func (p *Page[T]) RenderStatus(w http.ResponseWriter, r *http.Request, status int, m Meta, data T) error {
	shell := p.site.shell(w, r, m)
	var b bytes.Buffer
	if err := p.tmpl[shell.Lang].Execute(&b, View[T]{Shell: shell, D: data}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := b.WriteTo(w)
	return err
}

// funcs are the functions of all templates, bound to one language.
func (s *Site) funcs(lang i18n.Lang) template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, args ...any) string { return s.Texts.T(lang, key, args...) },
		"known":    func(text string) string { return s.Texts.Known(lang, text) },
		"tn":       func(key string, n int, args ...any) string { return s.Texts.N(lang, key, n, args...) },
		"date":     func(t time.Time) string { return i18n.Date(lang, t) },
		"datetime": func(t time.Time) string { return i18n.DateTime(lang, t) },
		"money":    func(c money.Cents) string { return i18n.Money(lang, c) },
		"num":      func(n int64) string { return i18n.Number(lang, n) },
		"lang":     func() string { return string(lang) },
		"asset":    func(name string) string { return s.Assets.URL(name) },
	}
}

type checkable struct {
	name  string
	check func() error
}

// CheckPages type-checks every page made so far.
func (s *Site) CheckPages() error {
	for _, p := range s.pages {
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

// InLanguage is the path of a page in a language. German needs no parameter: it is what the page is in without one.
func InLanguage(path string, lang i18n.Lang) string {
	switch {
	case lang == i18n.German:
		return path
	case strings.Contains(path, "?"):
		return path + "&" + langCookie + "=" + string(lang)
	}
	return path + "?" + langCookie + "=" + string(lang)
}

// addresses fills in under which addresses the page is to be listed.
func (s *Shell) addresses(r *http.Request, m Meta) {
	if m.Address == "" {
		return
	}
	langs := m.Langs
	if len(langs) == 0 {
		langs = i18n.Langs
	}
	origin, own := Origin(r), i18n.German
	if asked := i18n.Lang(r.URL.Query().Get(langCookie)); slices.Contains(langs, asked) {
		own = asked
	}
	s.Canonical = origin + InLanguage(m.Address, own)
	if len(langs) < 2 {
		return
	}
	for _, l := range langs {
		s.Alternates = append(s.Alternates, Alternate{string(l), origin + InLanguage(m.Address, l)})
	}
	s.Alternates = append(s.Alternates, Alternate{"x-default", origin + m.Address})
}
