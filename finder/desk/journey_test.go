package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"rennsteig/e2e/browser"
	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// In real browsers: an editor drafts, a second one releases, a citizen sees it within seconds; then a link breaks and
// shows up in the work list. The editors' pages are checked as they pass.
func TestJourney(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: finder.Files})
	assets, err := web.LoadAssets()
	must(t, err)
	h.Site.Assets = assets
	d := newDesk(t, h)
	h.Site.Routes(d.mux)
	must(t, d.f.Load(context.Background(), nil)) // a catalogue as large as the real one
	outside, gone := site(t)

	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = d.f.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })

	// Each person has a door of their own, behind which they are signed in.
	door := func(p identity.Principal) string {
		s := httptest.NewServer(h.Site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.Site.Mux(d.mux).ServeHTTP(w, r.WithContext(identity.With(r.Context(), p)))
		})))
		t.Cleanup(s.Close)
		return s.URL
	}
	author, reviewer, citizen := door(edda), door(emil), door(identity.Principal{})

	b := browser.New(t)
	b.Open(author + "/redaktion")
	b.Want("Für Sie liegt nichts an.")
	b.Check()
	b.Click("Leistungen und ihre Texte")
	b.Fill("Leistung oder Schlüssel", "hund anmelden")
	b.Press("Anzeigen")
	b.Want("Hundehaltung: Anmeldung")
	b.Check()
	b.Click("Hundehaltung: Anmeldung")
	b.Check()
	b.Press("Entwurf beginnen")
	b.Fill("Name für Bürgerinnen und Bürger", "Hund anmelden")
	b.Fill("Kurz gesagt", "Wer einen Hund hält, meldet ihn bei seiner Gemeinde an.")
	b.Fill("Erforderliche Unterlagen", hardText)
	b.Fill("Weiterführende Informationen", fmt.Sprintf(`<p>Mehr steht <a href="%s/good">beim Verband</a>.</p>`, outside.URL))
	b.Fill("Alltagswörter", "Zamperl")
	b.Press("Speichern")
	b.Want("Gespeichert.", "Verständlichkeit")
	b.Check()
	b.Click("Vorschau")
	b.Want("Hund anmelden", "beim Verband")
	b.Check()
	b.Click("Zurück zum Text")
	b.Press("Zur Prüfung geben")
	b.Want("Der Text liegt zur Prüfung.", "Ihre Texte in Prüfung")

	reader := browser.New(t, browser.NoScript)
	reader.Open(citizen + "/suche?q=zamperl")
	if reader.Has("meldet ihn bei seiner Gemeinde an") {
		t.Error("citizens see a draft")
	}

	b.Open(reviewer + "/redaktion")
	b.Want("Zu prüfen und freizugeben", "Edda Redlich")
	b.Check()
	b.Click("Hundehaltung: Anmeldung")
	b.Want("Was sich ändert", "beim Verband")
	b.Check()
	b.Press("Text freigeben")
	b.Want("Der Text ist freigegeben.")

	released := time.Now()
	until(t, func() bool {
		reader.Open(citizen + "/suche?q=zamperl")
		return reader.Has("meldet ihn bei seiner Gemeinde an")
	})
	t.Logf("visible after %v", time.Since(released))
	reader.Click("Hund anmelden")
	reader.Want("Weiterführende Informationen", "beim Verband", "War diese Seite hilfreich?")
	reader.Press("Nein")
	reader.Choose("Der Text ist schwer zu verstehen")
	reader.Press("Absenden")
	reader.Want("Danke für Ihre Rückmeldung.")

	// The link is good, then it breaks.
	running.Go(func() { _ = d.Run(ctx) })
	until(t, func() bool {
		return count(t, h.DB.Reader(), `SELECT count(*) FROM finder_link_check WHERE state = 'good'`) == 1
	})
	gone.Store(true)
	must(t, h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE finder_link_check SET due_at = 0`) // a day has passed
		return err
	}))
	_, err = d.CheckLinks(ctx)
	must(t, err)
	b.Open(author + "/redaktion")
	b.Want("Verweise, die nicht stimmen", outside.URL+"/good", "führt ins Leere")
	b.Check()
	b.Click("Qualität der Texte")
	b.Want("Kaputte Verweise")
	b.Check()
	b.Open(author + "/redaktion/rueckmeldungen")
	b.Want("Der Text ist schwer zu verstehen: 1")
	b.Check()
	b.Open(author + "/redaktion/leistung/" + dog)
	b.Click("Verlauf")
	b.Want("Emil Lektor")
	b.Check()

	// Weimar does not offer it; the editor sees what that means, and the citizen is told.
	b.Open(author + "/redaktion/leistung/" + dog)
	b.Click("Zuständigkeit vor Ort")
	b.Check()
	b.Fill("Gebiet", "weimar")
	b.Choose("gibt es hier nicht")
	b.Press("Auswirkung ansehen")
	b.Want("Das trifft auf mehrere Stellen zu.")
	b.Check()
	b.Choose("Stadt Weimar")
	b.Press("Auswirkung ansehen")
	b.Want("Stadt Weimar erledigt das als eigene Aufgabe", "Weimar bietet sie nicht an")
	b.Check()
	b.Press("Speichern")
	b.Want("Bürgerinnen und Bürger werden ab jetzt so geführt.")
	b.Check()
	reader.Open(citizen + "/leistung/" + dog + "?ort=160550000000")
	reader.Want("Weimar bietet sie nicht an")
	b.Open(author + "/redaktion/zustaendigkeiten")
	b.Want("1 Festlegung")
	b.Check()

	// Which ministry answers for what.
	b.Open(author + "/redaktion/ressorts")
	b.Want("Noch ist nichts zugeordnet.")
	b.Check()
	b.Press("Vorschlag übernehmen")
	b.Click("Finanzministerium")
	b.Fill("Was dazugehört", "102\nUnsinn")
	b.Press("Speichern")
	b.Want("weder eine Leistungsgruppe noch ein Schlüssel")
	b.Check()
	b.Open(author + "/redaktion/qualitaet?ressort=ohne")
	b.Want("Finanzministerium", "Der Verlauf hält fest")
	b.Check()
}

func until(t *testing.T, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); {
		if time.Now().After(deadline) {
			t.Fatal("it never came")
		}
	}
}
