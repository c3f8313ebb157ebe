package records

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rennsteig/e2e/browser"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// TestLookChange opens the pages on which cases are corrected, given, moved, put to the files and taken up again, as
// TestLook does with the others.
func TestLookChange(t *testing.T) {
	p := housetest.New(t, db.SQLite, platform.Files{Room: "records", FS: Files})
	assets, err := web.LoadAssets()
	must(t, err)
	p.Site.Assets = assets
	h := newHouse(t, p)
	h.seat(t, "org-20", access.Member, erika, clerk("Max Amt", erfurt))
	tx(t, h, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, identity.From(erika).Subject)
	f, other := h.open(t, erika, Details{Subject: "Spielplatz am Nordpark"}), h.open(t, erika, Details{Subject: "Kinderspielplätze"})
	c := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Rutsche"})
	h.openCase(t, erika, NewCase{File: f.ID, Parent: c.ID, Subject: "Vermessung"})
	must(t, h.AddPart(erika, f.ID, 1, db.NewID(), "Planung"))
	must(t, h.MoveCase(erika, c.ID, 1, Move{Reference: other.Reference, Reason: "Der Vorgang gehört zu allen Spielplätzen."}))
	closed := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Zaun"})
	must(t, h.Close(erika, closed.ID, 1))
	ready := h.openCase(t, erika, NewCase{File: other.ID, Subject: "Sandkasten"})
	paid := h.file(t, dog("look"))
	must(t, h.Ask(erika, paid.ID, 1, db.NewID(), "Impfpass?", time.Now().AddDate(0, 0, 7)))
	must(t, h.Decide(erika, paid.ID, 2, grant(db.NewID())))

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
		b.Shot("records-" + name)
		b.View(320, true)
		b.Shot("records-" + name + "-320-dark")
		b.View(1280, false)
	}
	for _, page := range []struct{ name, path string }{
		{"case-desk", "/akte/vorgang/" + c.ID}, {"zda-open", "/akte/vorgang/" + c.ID + "/zda"}, {"zda", "/akte/vorgang/" + ready.ID + "/zda"},
		{"zda-hints", "/akte/vorgang/" + paid.ID + "/zda"}, {"case-edit", "/akte/vorgang/" + c.ID + "/bearbeiten"},
		{"assign", "/akte/vorgang/" + c.ID + "/zuweisen"}, {"move", "/akte/vorgang/" + c.ID + "/verschieben"},
	} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	b.Press("Verschieben")
	look("move-error", http.StatusUnprocessableEntity)
	who = identity.From(clerk("Max Amt", erfurt))
	b.Open(server.URL + "/akte/vorgang/" + c.ID)
	b.Press("Übernehmen")
	look("take", http.StatusOK)
	who = identity.From(registrar)
	for _, page := range []struct{ name, path string }{
		{"reopen", "/akte/vorgang/" + closed.ID + "/wiederaufnehmen"}, {"reassign", "/akte/akte/" + other.ID + "/einheit"}, {"file-manage", "/akte/akte/" + other.ID},
	} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
}
