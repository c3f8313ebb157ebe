package filing

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rennsteig/e2e/browser"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestLook opens every page in a real browser, as it is after each step of the work: axe in light and dark, wide and
// narrow, valid HTML, and a picture of each.
func TestLook(t *testing.T) {
	p := housetest.New(t, db.SQLite, rooms...)
	assets, err := web.LoadAssets()
	must1(t, err)
	p.Site.Assets = assets
	h := newHouse(t, p)
	c, other := h.newCase(t, erfurt, "look1"), h.newCase(t, erfurt, "look2")
	h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u20', $1, '20', 'Kämmerei und Steuern', '', '/u20/', 0)`, erfurt)
	d := h.file(t, erika, c.ID, "Impfpass und Versicherungsnachweis Dackel-Schäferhund-Mischling.docx", "Der Dackel Waldi ist geimpft. Um Bescheid wird gebeten.",
		"nachricht.eml", post, "scan.pdf", "Ein Scan")
	var many []string
	for range paging.Size {
		many = append(many, "Anlage.txt", "Anlage")
	}
	h.file(t, erika, c.ID, many...)
	subject, words := "Impfpass", "Hund, Steuer"
	must1(t, h.Mark(erika, c.ID, []string{d[0].ID}, Marks{Subject: &subject, Keywords: &words}))
	_, _, err = h.NewVersion(erika, d[0].ID, 1, db.NewID(), h.stored(t, d[0].Name, "Fassung zwei"), "Satz ergänzt", false)
	must1(t, err)
	_, _, err = h.NewVersion(max_, d[0].ID, 1, db.NewID(), h.stored(t, d[0].Name, "Fassung drei"), "", false)
	must1(t, err)
	must1(t, h.Lock(erika, d[3].ID))
	h.exec(t, `UPDATE records_document SET final_at = $1 WHERE id = $2`, db.Micros(time.Now()), d[2].ID)
	incoming := h.register(t, erika, "", h.stored(t, "brief.eml", post))
	h.register(t, erika, "", h.stored(t, "brief.pdf", "%PDF"))
	must1(t, h.core.SaveView(erika, records.View{List: "search", Name: "Meine Dackel", Query: "q=dackel"}))
	h.settleAll(t)

	who := identity.From(erika)
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
		b.Shot("filing-" + name)
		b.View(320, true)
		b.Shot("filing-" + name + "-320-dark")
		b.View(1280, false)
	}
	list := "/akte/vorgang/" + c.ID + "/dokumente"
	for _, page := range []struct{ name, path string }{
		{"documents", list}, {"documents-none", list + "?q=gibtsnicht"}, {"card", "/akte/dokument/" + d[0].ID + "/karte?q=fassung&pruefen=1"},
		{"card-mail", "/akte/dokument/" + d[1].ID + "/karte"}, {"card-final", "/akte/dokument/" + d[2].ID + "/karte"}, {"card-locked", "/akte/dokument/" + d[3].ID + "/karte"},
		{"incomings", incomingPath}, {"incoming", incomingPath + "/" + incoming}, {"search", searchPath + "?q=impfpass"},
		{"search-nothing", searchPath + "?q=gibtsnicht&art=case"}, {"search-start", searchPath},
	} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	b.Open(server.URL + incomingPath + "/" + incoming)
	b.Press("Dem Vorgang zuordnen")
	look("incoming-error", http.StatusUnprocessableEntity)
	b.Fill("Vorgang", other.Reference)
	b.Press("Dem Vorgang zuordnen")
	look("assigned", http.StatusOK)
	who = identity.From(max_)
	b.Open(server.URL + "/akte/dokument/" + d[0].ID + "/karte")
	look("conflict", http.StatusOK)
	b.Press("Meine als nächste Fassung ablegen")
	look("settled", http.StatusOK)
	h.tx(t, func(ctx context.Context, tx *db.Tx) error {
		return access.Put(ctx, tx, access.All, access.Grant{Authority: erfurt, File: c.FileID, Holder: access.Person("s:Max Amt"), May: access.Read})
	})
	b.Open(server.URL + "/akte/dokument/" + d[0].ID + "/karte")
	look("card-reader", http.StatusOK)
}
