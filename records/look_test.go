package records

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rennsteig/e2e/browser"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// TestLook opens every page in a real browser, as it is after each step of the work: axe in light and dark, wide and
// narrow, valid HTML, and a picture of each.
func TestLook(t *testing.T) {
	p := housetest.New(t, db.SQLite, platform.Files{Room: "records", FS: Files})
	assets, err := web.LoadAssets()
	must(t, err)
	p.Site.Assets = assets
	h := newHouse(t, p)
	must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
	for i := range paging.Size + 5 {
		h.publish(t, topicIncoming, everyday(i))
	}
	h.drain(t)
	answered, closed := h.bySource(t, "look54"), h.bySource(t, "look53")
	must(t, h.AddNote(erika, answered.ID, db.NewID(), "Halterin angerufen: Der Impfpass liegt beim Tierarzt.\nRuft bis Freitag zurück."))
	must(t, h.Ask(erika, answered.ID, 1, db.NewID(), "Bitte senden Sie eine Kopie des Impfpasses.", time.Now().AddDate(0, 0, 7)))
	must(t, h.Decide(erika, closed.ID, 1, grant(db.NewID())))
	must(t, h.Ask(erika, h.bySource(t, "look52").ID, 1, db.NewID(), "Bitte die Chipnummer.", time.Now().AddDate(0, 0, 7)))
	h.drain(t)
	must(t, h.Close(erika, closed.ID, 2))
	h.publish(t, "test.answer", Answer{Source: "look54", Question: seen[Asked](h)[0].ID, Text: "Anbei die Kopie.", At: time.Now()})
	h.drain(t)

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
		{"inbox", "/akte"}, {"inbox-empty", "/akte?q=gibtsnicht"}, {"files", "/akte/akten"}, {"file", "/akte/akte/" + closed.FileID},
		{"case-closed", "/akte/vorgang/" + closed.ID}, {"case", "/akte/vorgang/" + answered.ID},
	} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	for list, query := range map[string]string{"inbox": "wer=mine", "files": "q=hund"} {
		must(t, h.SaveView(erika, View{List: list, Name: "Mein Wort zum Hund", Query: query}))
		must(t, h.SaveView(erika, View{List: list, Name: "Was diese Woche noch zu tun ist", Query: "q=woche"}))
	}
	h.seat(t, "org-20", access.Member, clerk("Max Amt", erfurt))
	all := make([]string, len(inboxList.Columns))
	for i, c := range inboxList.Columns {
		all[i] = c.Name
	}
	must(t, h.KeepColumns(erika, "inbox", all))
	for name, path := range map[string]string{"inbox-tools": "/akte?wer=mine&sortierung=due", "files-tools": "/akte/akten?q=hund"} {
		b.Open(server.URL + path)
		b.Unfold("Suche merken, Spalten wählen")
		look(name, http.StatusOK)
	}
	b.Press("Suche merken")
	look("view-error", http.StatusUnprocessableEntity)
	tx(t, h, `UPDATE records_case SET version = version + 1 WHERE source = 'look54'`)
	b.Open(server.URL + "/akte?stand=all")
	b.Choose("Alle auf dieser Seite auswählen")
	tx(t, h, `UPDATE records_case SET version = version + 1 WHERE source = 'look30'`)
	b.Press("Übernehmen")
	look("chosen", http.StatusConflict)
	b.Open(server.URL + "/akte/vorgang/" + answered.ID)
	b.Click("Stattgeben")
	look("decide", http.StatusOK)
	b.Fill("Begründung", "")
	b.Press("Bescheid prüfen")
	look("decide-error", http.StatusUnprocessableEntity)
	b.Fill("Begründung", "Sie halten seit dem 15.11.2026 einen Hund in Erfurt.")
	b.Press("Bescheid prüfen")
	look("check", http.StatusOK)
	must(t, h.AddNote(clerk("Max Amt", erfurt), answered.ID, db.NewID(), "Bitte warten."))
	b.Press("Bescheid erlassen")
	look("decide-conflict", http.StatusConflict)
	who = identity.From(context.Background())
	b.Press("Bescheid prüfen")
	look("expired", http.StatusUnauthorized)
}

// everyday is the i-th of some applications as they come in.
func everyday(i int) Incoming {
	in := dog(fmt.Sprintf("look%d", i))
	in.Reference = fmt.Sprintf("RS-4F7K-%04d", i)
	in.Applicant = []string{"Łucja Müller", "Hans-Joachim von der Mühlenburg-Wiesenthal", "Ayşe Yılmaz", "Peter Schmidt"}[i%4]
	in.SentAt = time.Now().AddDate(0, 0, -i)
	in.Rows = []Row{{"Ihr Hund", "Name des Hundes", "Bello"}, {"Ihr Hund", "Rasse", "Dackel-Schäferhund-Mischling"},
		{"Ihr Hund", "Chipnummer", "276098102345678"}, {"Haltung", "Beginn der Haltung", "15.11.2026"},
		{"Sie", "Name", in.Applicant}, {"Sie", "Anschrift", "Musterweg 1\n99084 Erfurt"}}
	if i%5 == 0 {
		in.LeikaKey, in.FormTitle, in.Rows = "99050012104000", "Gewerbe anmelden", []Row{{"Betrieb", "Tätigkeit", "Bäckerei"}}
		in.Fee = &PaidFee{2600, "KZ-000123-4", time.Now()}
	}
	return in
}
