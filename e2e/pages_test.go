package e2e

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rennsteig/e2e/citizen"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// Every page of the program, in every state that the journeys do not come by, is accessible, valid and says what it
// should. In the end the program is asked which routes were used: a page that nobody looked at fails the test.
func TestPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	operator := freeAddress(t)
	s := startServer(t, dir, "demo", "--data", "d", "--listen", "127.0.0.1:0", "--metrics", operator)
	s.manyPages = true // the journeys look at theirs in all four views
	data := dbtest.OpenAddress(t, "sqlite:"+filepath.Join(dir, "d", "rennsteig.db"))
	for range 3 { // for the clerk
		s.applied(t, true)
	}
	s.applied(t, false) // for the treasurer
	t.Run("together", func(t *testing.T) {
		t.Run("visitor", func(t *testing.T) { t.Parallel(); s.visitorsPages(t) })
		t.Run("citizen", func(t *testing.T) { t.Parallel(); s.citizensPages(t, data) })
		t.Run("clerk", func(t *testing.T) { t.Parallel(); s.clerksPages(t) })
		t.Run("offices", func(t *testing.T) { t.Parallel(); s.officesPages(t, data) })
		t.Run("records", func(t *testing.T) { s.recordsPages(t, data) })
	})
	t.Run("away", func(t *testing.T) { s.awayPages(t, data) })
	t.Run("faults", func(t *testing.T) { s.faultPages(t, data) })
	unseen(t, operator)
}

// page opens the address and looks at the page.
func (p *person) page(status int, path string, texts ...string) {
	p.t.Helper()
	p.goTo(path)
	p.shows(status, texts...)
}

// shows looks at the page that is open.
func (p *person) shows(status int, texts ...string) {
	p.t.Helper()
	if p.Status() != status {
		p.t.Errorf("%s answers %d, not %d", p.Path(), p.Status(), status)
	}
	p.see("", texts...)
}

// holds ends the test if what was typed is not on the page any more.
func (p *person) holds(text string) {
	p.t.Helper()
	if !strings.Contains(p.Source(), text) {
		p.t.Fatalf("%s has lost what was typed: %s", p.Path(), text)
	}
}

// applied brings in an application for a Meldebescheinigung in Erfurt.
func (s *server) applied(t *testing.T, pays bool, cookies ...*http.Cookie) (c *citizen.Citizen, payPath string) {
	t.Helper()
	c = citizen.New(s.url, http.DefaultTransport)
	err := c.Wear(cookies)
	if err == nil {
		err = c.Fill(t.Context())
	}
	if err == nil {
		payPath, err = c.Send(t.Context(), "800")
	}
	if err == nil && pays {
		_, err = c.Pay(t.Context(), payPath)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, payPath
}

const (
	dog       = "99110009104000"
	unknownID = "01900000-0000-7000-8000-000000000000"
)

func (s *server) visitorsPages(t *testing.T) {
	p := s.person(t, true)
	s.searchPages(t, p)
	p = s.person(t, true) // who has no place yet
	p.page(200, "/suche", "Leistung suchen")
	p.page(200, "/suche?q=qqxyzzyqq", "Dazu haben wir nichts gefunden")
	p.page(200, "/suche?q=anmelden&ort=Nirgendwo", "kennen wir nicht", "Weiter")
	p.page(200, "/suche?q=anmelden&seite=2", "Zurück")
	p.page(200, "/suche?q=Hund&ort=99441", "Wählen Sie Ihre Gemeinde", "Döbritschen")
	p.page(200, "/leistung/"+dog, "Wer ist zuständig?", "Ort wählen")
	p.page(200, "/antrag/start/hund-anmelden", "Ort wählen")
	p.page(200, "/ort", "In welcher Gemeinde wohnen Sie?")
	p.Press("Ort übernehmen")
	p.shows(422, "Geben Sie einen Ort oder eine Postleitzahl ein")
	p.Fill("In welcher Gemeinde wohnen Sie?", "99441")
	p.Press("Ort übernehmen")
	p.shows(200, "Welchen Ort meinen Sie?")
	p.goTo("/ort?ort=Erfurt")
	p.page(200, "/suche?q=qqxyzzyqq", "Allgemeine Anlaufstelle", "Stadt Erfurt")
	p.page(200, "/leistung/"+dog, "Für Ihren Ort", "Erfurt", "Amtliche Angaben")
	p.page(200, "/leistung/"+dog+"/rueckmeldung", "Was hat nicht geholfen?")
	p.page(200, "/behoerde/160510000000", "Stadt Erfurt", "Angabe fehlt")
	p.page(404, "/antrag/start/hund-anmelden?ort=999999999999", "Hier nicht online möglich")
	p.page(404, "/antrag/"+unknownID, "Melden Sie sich bitte an")

	for path, title := range map[string]string{"/impressum": "Impressum", "/datenschutz": "Datenschutz", "/leichte-sprache": "Leichte Sprache",
		"/gebaerdensprache": "Deutsche Gebärdensprache", "/abgemeldet": "Sie sind abgemeldet"} {
		p.page(200, path, title)
	}
	p.page(200, "/barrierefreiheit?seite=%2Fsuche", "Barriere melden")
	p.Fill("Was hindert Sie?", "Der")
	p.Fill("E-Mail für unsere Antwort", "keine")
	p.Press("Meldung senden")
	p.shows(422, "Beschreiben Sie die Barriere", "name@beispiel.de")
	p.Fill("Was hindert Sie?", "Der Knopf „Weiter“ wird nicht vorgelesen.")
	p.Fill("E-Mail für unsere Antwort", "anna@example.org")
	p.Press("Meldung senden")
	p.shows(200, "Danke, Ihre Meldung ist angekommen.")

	p.page(200, "/anmelden", "So melden Sie sich an")
	p.page(400, "/anmelden/rueckkehr?state=x", "Die Anmeldung hat nicht geklappt")
	p.page(200, "/status", "Stand eines Antrags ansehen")
	p.Fill("Referenznummer", "R26-0000-0000")
	p.Press("Stand anzeigen")
	p.shows(422, "Bitte prüfen Sie die Nummer", "Zugangscode: Bitte ausfüllen")

	p.page(400, "/suche?q=%ff", "Zeichen, die wir nicht lesen können")
	p.page(422, "/suche?q="+strings.Repeat("a", 10_000), "Kürzen Sie sie auf höchstens 200 Zeichen")
	p.page(414, "/suche?q="+strings.Repeat("a", 17<<10), "länger, als wir sie annehmen")
	p.page(404, "/nirgends", "Diese Seite gibt es nicht")
	p.page(405, "/sprache", "nimmt nur ausgefüllte Formulare an")
	s.otherSite(t, p)
	tooLarge(t, p)

	p.goTo("/")
	p.Press("English")
	p.shows(200, "Find the right office")
	p.page(200, "/suche?q=Hund&ort=Erfurt", "Responsible")
	p.page(200, "/leistung/"+dog, "Who is responsible?")
	p.page(200, "/antrag/start/meldebescheinigung", "Privacy", "8.00")
	p.Press("Begin without an account")
	p.shows(200, "Given names")
	p.page(200, "/status", "Reference number")
	p.page(404, "/nirgends", "does not exist")

	s.tooMany(t, p)
}

// otherSite posts a form from a page of another site.
func (s *server) otherSite(t *testing.T, p *person) {
	t.Helper()
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!DOCTYPE html><title>x</title><form method="post" action="%s/ort"><input name="ort" value="Jena"><button>Gewinnen</button></form>`, s.url)
	}))
	defer evil.Close()
	p.Open(strings.Replace(evil.URL, "127.0.0.1", "evil.test", 1))
	p.Press("Gewinnen")
	p.shows(403, "von einer anderen Website abgeschickt")
}

// tooLarge uploads more than a page takes.
func tooLarge(t *testing.T, p *person) {
	t.Helper()
	p.goTo("/antrag/start/meldebescheinigung?ort=160510000000")
	p.Press("Ohne Konto beginnen")
	draft, _, _ := strings.Cut(strings.TrimPrefix(p.Path(), "/antrag/"), "/")
	p.page(200, "/antrag/"+draft, "0 von", "offen")
	p.page(200, "/antrag/"+draft+"/pruefen", "Es fehlt noch etwas")
	p.page(200, "/antrag/"+draft+"/loeschen", "Entwurf löschen?")
	p.goTo("/antrag/" + draft + "/ausweis")
	big := pdf(t, "gross.pdf")
	if err := os.Truncate(big, 42<<20); err != nil {
		t.Fatal(err)
	}
	p.Upload("Kopie von Ausweis oder Pass", big)
	p.Press("Datei hochladen")
	p.shows(413, "größer als die erlaubten")
	p.goTo("/antrag/" + draft + "/ausweis")
	if p.Has("gross.pdf") {
		t.Error("a refused file was kept")
	}
}

// tooMany asks for so many applications that the program refuses.
func (s *server) tooMany(t *testing.T, p *person) {
	t.Helper()
	p.goTo("/sprache") // an error page has the language switch too
	p.Press("Deutsch")
	for range 20 { // on a slow machine a minute's share may come back meanwhile
		for range 20 {
			if status := s.post(t, "/status", url.Values{"nummer": {"R26-0000-0000"}, "code": {"x"}}); status == http.StatusTooManyRequests {
				break
			}
		}
		p.goTo("/status")
		p.Press("Stand anzeigen")
		if p.Status() == http.StatusTooManyRequests {
			p.shows(429, "Zu viele Anfragen", "Sekunden")
			return
		}
	}
	t.Error("400 lookups in a row were answered")
}

func (s *server) post(t *testing.T, path string, form url.Values) int {
	t.Helper()
	resp, err := http.PostForm(s.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func (s *server) citizensPages(t *testing.T, data *db.DB) {
	p := s.person(t, false)
	p.signIn(asCitizen, "Anna Beispiel")
	p.look = true
	p.page(200, "/konto", "Sie haben noch keine Anträge.")
	p.page(200, "/anmelden", "Sie sind zurzeit als Anna Beispiel angemeldet")
	p.page(404, "/antrag/"+unknownID, "Seite nicht gefunden")
	mine := p.Cookies(s.url)

	// A draft: overview, a page in every state, check, discard.
	c := citizen.New(s.url, http.DefaultTransport)
	if err := c.Wear(mine); err != nil {
		t.Fatal(err)
	}
	if err := c.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	draft := c.Draft()
	p.page(200, draft, "8 von 8", "erledigt")
	p.page(200, draft+"/geburt", "Geburtsdatum")
	p.Fill("Geburtsdatum", "31.02.1990")
	p.Press("Weiter")
	p.shows(422, "Bitte ein Datum angeben, das es gibt")
	p.page(200, draft, "bitte ergänzen")
	p.page(200, draft+"/person?zurueck=pruefen", "Speichern und zur Übersicht der Angaben")
	s.elsewhere(t, p, draft+"/person")
	p.goTo(draft + "/geburt")
	p.Fill("Geburtsdatum", "01.02.1990")
	p.Press("Weiter")
	for _, group := range []string{"anschrift", "kontakt", "art", "zweck", "zustellung", "ausweis"} {
		p.page(200, draft+"/"+group)
	}
	p.page(200, draft+"/pruefen", "Angaben prüfen und absenden", "8,00")
	p.Press("Absenden und bezahlen")
	p.shows(422, "Bitte bestätigen Sie die Erklärung")

	// Sent, not paid: every state of a payment.
	waiting, payPath := s.applied(t, false, mine...)
	p.page(200, waiting.Draft()+"/gesendet", "Bitte bezahlen Sie noch die Gebühr", "Jetzt bezahlen")
	unpaid := referencePattern.FindString(p.Text())
	p.page(200, "/status/"+unpaid, "Zu zahlen", "Kassenzeichen")
	p.page(200, "/status/"+unpaid+"/angaben", "Was Sie gesendet haben", "Beispielweg")
	p.page(404, "/status/"+unpaid+"/bescheid", "noch keinen Bescheid")
	p.page(404, payPath+"x", "Diese Zahlung gibt es nicht")
	p.goTo(payPath)
	p.Press("Jetzt bezahlen")
	p.shows(200, "Wie soll die Zahlung enden?")
	p.page(200, payPath, "Eine Zahlung ist begonnen", "Zur begonnenen Zahlung")
	p.Press("Zur begonnenen Zahlung")
	p.Press("Fehlschlag")
	p.page(200, payPath, "Die letzte Zahlung ist fehlgeschlagen")
	p.until("/status/"+unpaid, "Die Zahlung hat nicht geklappt")
	p.shows(200)
	p.goTo(payPath)
	p.Press("Noch einmal versuchen")
	p.Press("Abbrechen")
	p.page(200, payPath, "Die letzte Zahlung wurde abgebrochen")
	p.until("/status/"+unpaid, "Die Zahlung wurde abgebrochen")
	p.shows(200)
	p.goTo(payPath)
	p.Press("Noch einmal versuchen")
	provider := p.Path()
	p.Press("Erfolgreich bezahlen")
	p.shows(200, "Ihr Antrag ist eingegangen")
	p.page(200, provider, "Diese Testzahlung ist beendet.")
	p.page(200, payPath, "Die Zahlung ist eingegangen")

	// Papers that the job has yet to make: taken away behind the program's back.
	wait(t, "the receipt", func() bool {
		var hash string
		err := data.Reader().QueryRow(t.Context(), `SELECT receipt_hash FROM apply_application WHERE reference = $1`, unpaid).Scan(&hash)
		return err == nil && hash != ""
	})
	change(t, data, `UPDATE apply_application SET receipt_hash = '' WHERE reference = $1`, unpaid)
	p.page(503, "/status/"+unpaid+"/quittung.pdf", "Das PDF wird gerade erstellt")

	p.page(200, "/konto", "Entwürfe", "Anträge", unpaid)
	p.page(200, "/konto?vor=0", "keine weiteren Anträge")
	p.page(200, draft+"/loeschen", "Entwurf löschen?")
	p.Press("Ja, löschen")
	p.shows(200, "Das richtige Amt finden")
	p.page(403, "/akte", "brauchen Sie die Rolle Sachbearbeitung oder Registratur")
}

// elsewhere saves the page in another window after it was opened in this one.
func (s *server) elsewhere(t *testing.T, p *person, path string) {
	t.Helper()
	p.goTo(path)
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(url.Values{"_version": {"1"}, "given_name": {"Anna"}, "surname": {"Anders"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range p.Cookies(s.url + path) {
		r.AddCookie(c)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	p.Fill("Familienname", "Beispiel")
	p.Press("Weiter")
	p.shows(409, "In einem anderen Fenster geändert")
	p.Press("Weiter")
}

func (s *server) clerksPages(t *testing.T) {
	p := s.person(t, false)
	p.signIn(asStaff, "Claudia Amtmann")
	p.until("/akte?sortierung=neueste", "11.10-2026/000003")
	p.look = true
	p.page(200, "/akte?q=Niemand", "Zu diesen Angaben gibt es keine Vorgänge")
	p.page(200, "/akte/akten", "Akten", "11.10-2026/000001")
	p.Click("11.10-2026/000001")
	p.shows(200, "Vorgänge in dieser Akte", "Aufbewahrung")
	p.page(200, "/akte/akten?q=Niemand", "Zu diesen Angaben gibt es keine Akten")
	p.page(404, "/akte/vorgang/"+unknownID, "Seite nicht gefunden")
	p.page(404, "/akte/akte/"+unknownID, "Seite nicht gefunden")
	p.page(404, "/akte/dokument/nein", "Seite nicht gefunden")

	p.goTo("/akte")
	p.Click("11.10-2026/000001-1")
	path := p.Path()
	p.Unfold("Notiz hinzufügen")
	p.Press("Notiz speichern")
	p.shows(422, "Notiz")
	p.Unfold("Unterlagen oder Auskunft nachfordern")
	p.Press("Nachforderung senden")
	p.shows(422, "Was fehlt?")
	p.goTo(path)
	p.Press("Übernehmen")
	p.goTo("/akte?wer=meine")
	p.shows(200, "ich")
	p.goTo(path)
	p.Click("Ablehnen")
	p.shows(200, "Den Antrag ablehnen")
	p.Press("Bescheid prüfen")
	p.shows(422, "Begründung")
	p.Fill("Entscheidung", "Der Antrag wird abgelehnt.")
	p.Fill("Begründung", "Unter dieser Anschrift sind Sie nicht gemeldet.")
	p.Press("Bescheid prüfen")
	p.shows(200, "Ablehnungsbescheid")
	p.Press("Ändern")
	p.shows(200, "Den Antrag ablehnen")
	p.holds("nicht gemeldet")
	p.Press("Bescheid prüfen")
	p.Press("Bescheid erlassen")
	p.shows(200, "Der Bescheid ist erlassen.", "Abgelehnt")
	p.Press("Zu den Akten (z. d. A.)")
	p.Press("Jetzt zu den Akten nehmen")
	p.shows(200, "Der Vorgang liegt bei den Akten.")
	p.goTo(path + "/weiter")
	p.Want("11.10-2026/000002")
	p.page(200, "/", "Das richtige Amt finden", "Claudia Amtmann")
	p.page(403, "/kasse", "brauchen Sie die Rolle „Kasse“")
	p.page(403, "/betrieb/auftraege", "nicht die nötige Rolle")
	p.Press("Abmelden")
	p.Want("Sie sind abgemeldet")
}

func (s *server) officesPages(t *testing.T, data *db.DB) {
	p := s.person(t, false)
	p.signIn(asStaff, "Karl Kassel")
	p.look = true
	p.page(200, "/kasse?stand=INITIAL", "offen", "8,00")
	p.page(200, "/kasse?kassenzeichen=1234", "Zu diesem Filter gibt es keine Zahlungen")
	p.page(200, "/kasse?kassenzeichen=12345678901234", "Dieses Kassenzeichen kann nicht stimmen")
	p.page(404, "/kasse/"+unknownID, "Diese Zahlung gibt es nicht")
	p.page(422, "/kasse/buchungen.csv?tag=heute", "Bitte geben Sie den Tag")
	var id string
	if err := data.Reader().QueryRow(t.Context(), `SELECT id FROM pay_transaction WHERE state = 'INITIAL' ORDER BY created_at LIMIT 1`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	p.page(200, "/kasse/"+id, "Es wurde noch nicht versucht, zu bezahlen.", "Sollstellung")
	p.Click("Forderung aufheben")
	p.shows(200, "Sie kann danach nicht mehr bezahlt werden")
	p.Press("Endgültig aufheben")
	p.shows(422, "Bitte geben Sie an, warum die Forderung aufgehoben wird")
	p.Fill("Grund", "Doppelt gestellt")
	p.Press("Endgültig aufheben")
	p.shows(200, "Die Forderung ist aufgehoben.", "Sollabgang")
	p.page(409, "/kasse/"+id+"/aufheben", "nicht mehr offen")
	p.page(200, "/kasse?stand=PAYED", "bezahlt")
	p.goTo("/kasse?stand=PAYED")
	if err := data.Reader().QueryRow(t.Context(), `SELECT id FROM pay_transaction WHERE state = 'PAYED' ORDER BY created_at LIMIT 1`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	p.page(200, "/kasse/"+id, "Testanbieter", "Ist-Buchung")
	change(t, data, `UPDATE pay_attempt SET refund = 'due' WHERE transaction_id = $1`, id) // as after an overpayment
	p.page(200, "/kasse/"+id, "Eine Zahlung ist zu erstatten")
	p.Press("Abmelden")

	p.look = false
	p.signIn(asStaff, "Rita Revision")
	p.look = true
	p.page(200, "/revision?action=pay.cancelled", "Zahlung abgebrochen", "Auswahl aufheben")
	p.Click("Zahlung abgebrochen")
	p.shows(200, "Doppelt gestellt")
	p.page(200, "/revision?object=nichts", "Zu dieser Auswahl gibt es keine Einträge")
	p.page(422, "/revision?from=gestern", "Diesen Tag gibt es nicht: gestern")
	p.page(404, "/revision/"+unknownID, "Diesen Eintrag gibt es nicht")
	p.goTo("/revision")
	p.Press("Abmelden")

	p.look = false
	p.signIn(asStaff, "Otto Betrieb")
	p.look = true
	p.page(200, "/betrieb/auftraege", "Es sind keine Aufträge liegen geblieben.")
	now := db.Micros(time.Now())
	change(t, data, `INSERT INTO queue_job (id, topic, body, due_at, tries, created_at, dead_at, last_error) VALUES ($1, 'apply.submitted', '{}', $2, 12, $2, $2, 'blob: no such file')`,
		unknownID, now)
	p.page(200, "/betrieb/auftraege", "blob: no such file", "Erneut starten")
	if status := s.post(t, "/barrierefreiheit", url.Values{"text": {"Der Knopf „Weiter“ wird nicht vorgelesen."}, "email": {"anna@example.org"}}); status != 200 {
		t.Errorf("a barrier cannot be reported: %d", status)
	}
	p.page(200, "/betrieb/barrieren", "Gemeldete Barrieren", "wird nicht vorgelesen")
	p.Press("Abmelden")

	p.look = false
	p.signIn(asStaff, "Sina Sicher") // a role without pages of its own
	p.look = true
	p.shows(200, "Sina Sicher", "Das richtige Amt finden")
}

// faultPages are pages of somebody whose session ends, and of a program that is broken.
func (s *server) faultPages(t *testing.T, data *db.DB) {
	p := s.person(t, false)
	p.signIn(asStaff, "Claudia Amtmann")
	p.goTo("/akte")
	p.Click("11.10-2026/000002-1")
	p.Unfold("Notiz hinzufügen")
	p.look = true
	p.Fill("Notiz", "Angerufen, niemand da.")
	change(t, data, `UPDATE identity_session SET last_seen = 0`) // idle for long
	p.Press("Notiz speichern")
	p.shows(401, "Ihre Sitzung ist abgelaufen")
	p.holds("Angerufen, niemand da.")

	// Signed in again in another window, nothing has to be typed again.
	p.look = false
	kept := p.Path()
	window := &person{Browser: p.Window(), t: t, url: s.url}
	window.signIn(asStaff, "Claudia Amtmann")
	if p.Path() != kept {
		t.Fatal("the page with the note has gone")
	}
	p.Press("Noch einmal senden")
	p.Want("Die Notiz ist gespeichert.", "Angerufen, niemand da.")
	p.look = true

	p.look = false
	p.signIn(asStaff, "Otto Betrieb")
	p.look = true
	change(t, data, `ALTER TABLE app_report RENAME TO app_report_away`)
	p.page(500, "/betrieb/barrieren", "Der Fehler liegt bei uns", "Kennung")
	change(t, data, `ALTER TABLE app_report_away RENAME TO app_report`)
	p.goTo("/betrieb/barrieren")
	p.Want("wird nicht vorgelesen")
}

// change writes into the database behind the program's back.
func change(t *testing.T, d *db.DB, statement string, args ...any) {
	t.Helper()
	if _, err := d.SQL().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// patience is how long something may take on a busy machine.
const patience = 60 * time.Second

// wait asks again and again until it is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// In the journeys only, or no pages.
var seenElsewhere = []string{
	"GET /status/{ref}/frage/{question}", "GET /status/{ref}/bescheid.pdf", "GET /status/{ref}/datei/{file}", "GET /antrag/{id}/datei/{file}",
	"GET /assets/{name}", "GET /healthz", "GET /readyz", "GET /metrics",
}

var (
	routeInCode    = regexp.MustCompile(`"(GET /[^"]*)"`)
	routeInMetrics = regexp.MustCompile(`rennsteig_request_seconds_count\{route="(GET [^"]*)"`)
)

// unseen names the pages of the program that this test has not asked for.
func unseen(t *testing.T, operator string) {
	t.Helper()
	resp, err := http.Get("http://" + operator + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range routeInMetrics.FindAllStringSubmatch(string(b), -1) {
		seen[m[1]] = true
	}
	for _, r := range seenElsewhere {
		seen[r] = true
	}
	n := 0
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "e2e" || d.Name() == "bench" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		code, err := os.ReadFile(path)
		for _, m := range routeInCode.FindAllStringSubmatch(string(code), -1) {
			desk := strings.HasPrefix(m[1], "GET /redaktion") // has journeys of its own, beside it
			if n++; !seen[m[1]] && !desk {
				t.Errorf("nobody looked at %s (%s)", m[1], path)
			}
		}
		return err
	})
	if err != nil || n < 40 {
		t.Errorf("%d routes found: %v", n, err)
	}
}

// freeAddress is an address on this machine that nobody listens on just now.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was sent
	return l.Addr().String()
}
