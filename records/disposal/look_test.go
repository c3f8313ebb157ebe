package disposal

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"rennsteig/e2e/browser"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// TestLook opens every page in a real browser: axe in light and dark, wide and narrow, valid HTML, and a picture of each.
func TestLook(t *testing.T) {
	p := housetest.New(t, db.SQLite, rooms...)
	assets, err := web.LoadAssets()
	must(t, err)
	p.Site.Assets = assets
	h := newHouse(t, p)
	gone, _, _, _ := h.destroyed(t)
	g := h.guard(t)
	hidden := h.closed(t, claudia, erfurt, unitV)
	h.exec(t, `UPDATE records_file SET level = 2 WHERE id = '`+hidden.ID+`'`)
	h.closed(t, claudia, erfurt, unitA)
	h.years(40)
	who := identity.From(arne)
	p.Site.Routes(h.mux)
	inner := p.Site.Mux(h.mux)
	server := httptest.NewServer(p.Site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(identity.With(r.Context(), who)))
	})))
	defer server.Close()
	b := browser.New(t)
	look := func(name string, status int) {
		t.Helper()
		if b.Status() != status {
			t.Errorf("%s: status %d, want %d", name, b.Status(), status)
		}
		b.Check()
		b.View(1280, false)
		b.Shot("disposal-" + name)
		b.View(320, true)
		b.Shot("disposal-" + name + "-320-dark")
		b.View(1280, false)
	}
	for _, page := range []struct{ name, path string }{
		{"due", duePath}, {"due-empty", duePath + "?q=gibtsnicht"}, {"processes", listPath}, {"process", listPath + "/" + g.process},
		{"retention", "/akte/akte/" + g.handed.ID + "/aufbewahrung"}, {"retention-destroyed", "/akte/akte/" + g.other.ID + "/aufbewahrung"},
		{"erase", "/akte/akte/" + g.due.ID + "/loeschung"}, {"erasures", erasePath}, {"erasure", "/akte/loeschung/" + g.erasure},
		{"imports", importPath}, {"import", importPath + "/" + g.imported.ID}, {"import-taken", importPath + "/" + g.takenImport}, {"person", personPath},
		{"stub", "/akte/akte/" + gone.ID}, {"stub-proof", "/akte/akte/" + gone.ID + "/nachweis"}, {"case-taken", "/akte/vorgang/" + h.casesOf(t, g.taken.ID)[0].ID},
	} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	b.Open(server.URL + importPath + "/" + g.imported.ID)
	b.Press("Übernehmen")
	look("import-error", http.StatusUnprocessableEntity)
	b.Open(server.URL + duePath)
	b.Choose("Alle Akten dieser Auswahl")
	b.Press("Abgeben (zweistufig)")
	look("left", http.StatusConflict)
	b.Open(server.URL + personPath)
	b.Fill("Name der Person", secret)
	b.Press("Suchen")
	look("person-hits", http.StatusOK)
	b.Open(server.URL + personPath)
	b.Fill("Name der Person", "ab")
	b.Press("Suchen")
	look("person-error", http.StatusUnprocessableEntity)
	b.Open(server.URL + "/akte/akte/" + g.due.ID + "/loeschung")
	b.Press("Löschung beantragen")
	look("erase-error", http.StatusUnprocessableEntity)
}
