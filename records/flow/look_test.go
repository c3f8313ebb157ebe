package flow

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"rennsteig/e2e/browser"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestLook opens every page in a real browser as the work goes on: axe in light and dark, wide and narrow, valid HTML,
// and a picture of each.
func TestLook(t *testing.T) {
	p := housetest.New(t, db.SQLite, rooms...)
	assets, err := web.LoadAssets()
	must(t, err)
	p.Site.Assets = assets
	h := newHouse(t, p)
	c := h.newCase(func(_ *records.File, c *records.Case) {
		c.Subject = "Nachtragshaushaltssatzung der Landeshauptstadt für das Jahr 2026"
	})
	for i := range paging.Size + 5 {
		s := step([]Kind{Know, Act, Free}[i%3], []string{"birgit", "unit:20", "role:20:member"}[i%3])
		s.Days, s.Text = i%5, "Bitte prüfen Sie die Deckung aus dem Verwaltungshaushalt."
		h.start(c, "", s)
	}
	other := h.newCase(nil)
	later := step(Resubmit, "birgit")
	later.Days = 14
	h.start(other, "", later)
	must(t, h.Refuse(as("birgit"), h.task(h.start(other, "", step(Act, "birgit"), step(Know, "doris")), "birgit").ID, 1, "nicht zuständig"))
	file := h.newDocument(other)
	id := h.start(other, file, step(CoSign, "claudia", "birgit"), step(CoSign, "cem"), step(Sign, access.RoleIn("20", access.Head)), step(Shelve, "claudia"))
	must(t, h.sign("claudia", h.task(id, "claudia"), file))
	h.Texts = plain{}
	h.write(file, "Die Landeshauptstadt erlässt folgende Nachtragssatzung. Der Gesamtbetrag der Aufwendungen erhöht sich um 250.000 Euro.\n\nDie Satzung tritt am Tag nach der Bekanntmachung in Kraft.")
	must(t, h.sign("claudia", h.task(id, "claudia"), file))
	h.absent("claudia", "birgit", 9)
	h.write(file, "Die Landeshauptstadt erlässt folgende Nachtragssatzung. Der Gesamtbetrag der Aufwendungen erhöht sich um 275.000 Euro.\n\nDie Satzung tritt am Tag nach der Bekanntmachung in Kraft.")
	must(t, h.SaveTemplate(as("doris"), Template{ID: db.NewID(), Authority: erfurt, Name: "Satzung", Steps: []Step{step(CoSign, "birgit", "cem"), step(Sign, "doris")}}))
	must(t, h.HandOver(as("doris"), db.NewID(), erfurt, "sabine", "claudia"))
	must(t, h.AddComment(as("birgit"), other.ID, db.NewID(), "Die Anlage 3 fehlt noch.\nIch frage nach."))
	h.now = h.now.AddDate(0, 0, 3)
	h.drain()

	who := identity.From(as("birgit"))
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
		b.Shot("flow-" + name)
		b.View(320, true)
		b.Shot("flow-" + name + "-320-dark")
		b.View(1280, false)
	}
	flow := "/akte/vorgang/" + other.ID + "/geschaeftsgang"
	for _, page := range []struct{ name, path string }{{"tasks", "/akte/aufgaben"}, {"tasks-none", "/akte/aufgaben?q=gibtsnicht"},
		{"tasks-later", "/akte/aufgaben?ansicht=wiedervorlage"}, {"timeline", "/akte/vorgang/" + other.ID + "/verlauf"}} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	b.Open(server.URL + flow)
	look("flow", http.StatusOK)
	b.Open(server.URL + "/akte/aufgabe/" + h.task(id, "claudia").ID)
	b.Want("275.000", "Mitzeichnen und nächste Aufgabe")
	look("task", http.StatusOK)
	b.Unfold("Ablehnen")
	b.Press("Ablehnen")
	look("task-error", http.StatusUnprocessableEntity)
	b.Open(server.URL + flow)
	b.Unfold("Geschäftsgang starten")
	b.Press("Geschäftsgang starten")
	look("flow-error", http.StatusUnprocessableEntity)
	who = identity.From(as("doris"))
	for _, page := range []struct{ name, path string }{{"absence", "/akte/abwesenheit"}, {"templates", "/akte/laufwege"}, {"template-new", "/akte/laufwege/neu"}} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	b.Press("Laufweg speichern")
	look("template-error", http.StatusUnprocessableEntity)
	b.Open(server.URL + "/akte/abwesenheit")
	b.Press("Eintragen")
	look("absence-error", http.StatusUnprocessableEntity)
	who = identity.From(as("birgit"))
	b.Open(server.URL + flow)
	b.Fill("Kommentar", "Noch ein Wort.")
	who = identity.Principal{}
	b.Press("Kommentar speichern")
	look("kept", http.StatusUnauthorized)
}
