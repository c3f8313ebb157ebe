package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/platform/web/webtest"
)

// house is a site with one page of each kind, behind its middleware.
type house struct {
	*web.Site
	mux *http.ServeMux
	log *bytes.Buffer
}

func newHouse(t testing.TB) house {
	t.Helper()
	texts := i18n.New()
	if err := texts.Add(web.Files); err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	h := house{web.New(texts, web.Assets{}, slog.New(slog.NewTextHandler(log, nil))), http.NewServeMux(), log}
	h.Routes(h.mux)
	return h
}

func (h house) handler() http.Handler { return h.Middleware(h.mux) }

func (h house) get(t testing.TB, path string) *webtest.Page {
	t.Helper()
	return webtest.Get(t, h.handler(), path)
}

// all is the data of a page with every component.
type all struct {
	Errors  web.ErrorSummary
	Steps   web.Stepper
	Fields  []web.Field
	Summary web.SummaryList
	Alert   web.Alert
	Badge   web.Badge
	Tasks   web.TaskList
	Search  web.SearchBox
	Chart   web.BarChart
	Pages   web.Pagination
}

func (h house) show(m web.Meta, data all) {
	page := web.NewPage[all](h.Site, os.DirFS("testdata"), "all")
	h.Handle(h.mux, "GET /alle", func(w http.ResponseWriter, r *http.Request) error { return page.Render(w, r, m, data) })
}

func TestPagesAreTypeChecked(t *testing.T) {
	h := newHouse(t)
	h.show(web.Meta{}, all{})
	if err := h.CheckPages(); err != nil {
		t.Fatal(err)
	}
}

func TestTexts(t *testing.T) {
	h := newHouse(t)
	if err := h.Texts.Check(); err != nil {
		t.Error(err)
	}
	var source strings.Builder
	for _, pattern := range []string{"*.go", "pages/*.html"} {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
	}
	used := regexp.MustCompile(`"((?:web|errs)\.[a-z_.0-9]+)"`).FindAllStringSubmatch(source.String(), -1)
	keys := map[string]bool{}
	for _, m := range used {
		keys[m[1]] = true
		if !strings.HasSuffix(m[1], ".") && !h.Texts.Has(i18n.German, m[1]) {
			t.Errorf("%s is used, but there is no such text", m[1])
		}
	}
	for _, key := range h.Texts.Keys(i18n.German) {
		if strings.HasPrefix(key, "web.") && !keys[key] {
			t.Errorf("%s is never used", key)
		}
	}
}

func TestShell(t *testing.T) {
	h := newHouse(t)
	h.Demo = true
	h.show(web.Meta{Title: "Angaben", Failed: true, Crumbs: []web.Link{{Text: "Hund anmelden", Href: "/hund"}}}, all{})
	p := h.get(t, "/alle?q=1")
	p.Want(http.StatusUnprocessableEntity, "Demonstration – keine echten Daten", "Startseite", "Hund anmelden", "Anmelden", "Impressum",
		"Datenschutz", "Barrierefreiheit", "Leichte Sprache", "Gebärdensprache", "Ort wählen")
	if got, want := p.Title(), "Fehler: Angaben – Rennsteig"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if first := p.Find("a", nil)[0]; !slices.ContainsFunc(first.Attr, hasAttr("href", "#inhalt")) {
		t.Error("the first link does not skip to the content")
	}
	if len(p.Find("main", map[string]string{"id": "inhalt"})) != 1 || len(p.Find("html", map[string]string{"lang": "de"})) != 1 {
		t.Error("no content to skip to, or no language")
	}
	if len(p.Find("a", map[string]string{"href": "/anmelden?weiter=%2Falle%3Fq%3D1"})) == 0 {
		t.Error("the sign-in does not lead back")
	}
	english := p.Press("English")
	english.Want(http.StatusUnprocessableEntity, "Demonstration – no real data", "Start page", "Sign in", "Deutsch")
	if len(english.Find("html", map[string]string{"lang": "en"})) != 1 || english.Path != "/alle?q=1" {
		t.Errorf("after the language switch: %s", english.Path)
	}
	if text := english.Text(); strings.Contains(text, "[") {
		t.Errorf("a text is missing: %s", text)
	}
}

func TestCurrentLink(t *testing.T) {
	h := newHouse(t)
	shared := []web.Link{{Text: "Start", Href: "/"}, {Text: "Alle", Href: "/alle?filter=neu"}, {Text: "Alles", Href: "/all"}}
	h.Nav = func(context.Context, i18n.Lang) []web.Link { return shared }
	h.show(web.Meta{}, all{})
	p := h.get(t, "/alle?x=1")
	if current := p.Find("a", map[string]string{"aria-current": "page"}); len(current) != 1 || !slices.ContainsFunc(current[0].Attr, hasAttr("href", "/alle?filter=neu")) {
		t.Errorf("current: %v", current)
	}
	if shared[1].Current {
		t.Error("one person's page marks the link for all")
	}
	if got := len(h.get(t, "/alle/mehr").Find("a", map[string]string{"aria-current": "page"})); got != 1 {
		t.Errorf("%d current links on a page below", got)
	}
	if got := len(h.get(t, "/anderes").Find("a", map[string]string{"aria-current": "page"})); got != 0 {
		t.Errorf("%d current links on a page elsewhere", got)
	}
}
