package e2e

import (
	"bytes"
	"image"
	"image/png"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
)

func (s *server) documentsPages(t *testing.T, data *db.DB) {
	dir := t.TempDir()
	p := s.staff(t, "Claudia Amtmann")
	p.look = false
	file, _ := p.openFile("02.40", "Kopierer im Rathaus", [2]string{"Federführung", "20"}, [2]string{"Offen für", "lesen: alle"})
	other := p.openCase(file, "Wartung")
	p.goTo(other)
	target := caseReference.FindString(p.Text())
	kase := p.openCase(file, "Angebote")
	p.look = true

	p.page(200, kase+"/dokumente", "In diesem Vorgang liegen noch keine Dokumente.", "Dokumente hinzufügen")
	p.Press("Ablegen")
	p.shows(422, "Bitte wählen Sie mindestens eine Datei")
	for _, name := range []string{"Angebot A.txt", "Angebot B.txt"} {
		p.goTo(kase + "/dokumente")
		p.Unfold("Dokumente hinzufügen")
		p.Upload("Dateien", draft(t, dir, name, "Ein Kopierer für 4.000 Euro, "+name))
		p.Press("Ablegen")
		p.Want("Die Dokumente sind abgelegt.", name)
	}
	p.page(200, kase+"/dokumente?q=Niemand", "Zu diesen Angaben gibt es keine Dokumente", "Filter zurücksetzen")
	p.page(200, kase+"/dokumente?art=document&sortierung=name", "Angebot A.txt", "Angebot B.txt")
	p.list("Angebot B.txt")
	p.keeps("Angebote")

	// What is done with the chosen.
	p.goTo(kase + "/dokumente")
	p.Press("Ausgewählte als ZIP herunterladen")
	p.shows(422, "Bitte wählen Sie mindestens ein Dokument aus")
	var id string
	if err := data.Reader().QueryRow(t.Context(), `SELECT id FROM records_document WHERE case_id = $1 AND name = 'Angebot A.txt'`,
		strings.TrimPrefix(kase, "/akte/vorgang/")).Scan(&id); err != nil {
		t.Fatal(err)
	}
	p.sends(kase+"/dokumente/auswahl", url.Values{"dokument": {id}, "was": {"zip"}}, "application/zip", "PK")
	p.Choose("Angebot A.txt auswählen")
	p.Unfold("Ausgewählte ändern oder verschieben")
	p.Press("Angaben setzen")
	p.shows(422, "Bitte geben Sie einen Betreff oder Schlagwörter ein")
	p.Fill("Betreff", "Erstes Angebot")
	p.Fill("Schlagwörter", "Kopierer, Leasing")
	p.Press("Angaben setzen")
	p.shows(200, "Die Angaben sind gespeichert.", "Erstes Angebot", "Kopierer, Leasing")
	p.Choose("Angebot B.txt auswählen")
	p.Unfold("Ausgewählte ändern oder verschieben")
	p.Fill("In Vorgang", "22.31-2026/999999-1")
	p.Press("Verschieben")
	p.shows(422, "Einen anderen Vorgang mit dem Aktenzeichen")
	p.Fill("In Vorgang", target)
	p.Press("Verschieben")
	p.Want("Die Dokumente sind verschoben.")
	p.page(200, other+"/dokumente", "Angebot B.txt")

	// The card of a document.
	card := "/akte/dokument/" + id + "/karte"
	p.until(card, "Text zeigen")
	p.shows(200, "Erstes Angebot", "Zum Bearbeiten sperren", "Neue Fassung")
	p.page(200, card+"?pruefen=1&q=Kopierer", "Prüfsumme stimmt", "Geschäftsgang starten")
	p.Unfold("Name, Art, Betreff oder Schlagwörter ändern")
	p.Fill("Name", "")
	p.Press("Angaben speichern")
	p.shows(422, "Bitte geben Sie dem Dokument einen Namen")
	p.Fill("Name", "Angebot A")
	p.Fill("Art", "Anlage")
	p.Press("Angaben speichern")
	p.Want("Die Angaben sind gespeichert.", "Angebot A.txt", "Anlage")
	p.Press("Neue Fassung ablegen")
	p.shows(422, "Bitte wählen Sie genau eine Datei")
	birgit := s.staff(t, "Birgit Steuer")
	birgit.goTo(card)
	p.goTo(card)
	p.Press("Zum Bearbeiten sperren")
	p.shows(200, "Sie können das Dokument jetzt bearbeiten.", "Sperre aufheben", "Sperre danach aufheben")
	birgit.Upload("Neue Fassung", draft(t, dir, "Angebot A.txt", "Birgits Fassung"))
	birgit.Press("Neue Fassung ablegen") // from a page that was opened before the lock
	birgit.shows(200, "Jemand war schneller", "Claudia Amtmann bearbeitet das Dokument seit")
	if _, held := birgit.Download("Angebot A.txt"); !strings.Contains(string(held), "Birgits") {
		t.Errorf("held is %q", held)
	}
	birgit.Press("Meine als nächste Fassung ablegen")
	birgit.shows(409, "Das Dokument wird gerade bearbeitet von: Claudia Amtmann")
	birgit.Press("Meine verwerfen")
	birgit.Want("Ihre Fassung ist verworfen.")
	birgit.page(200, kase+"/dokumente", "bearbeitet von Claudia Amtmann")
	doris := s.staff(t, "Doris Leitung")
	doris.page(200, card, "Sperre brechen")
	doris.Press("Sperre brechen")
	doris.Want("Die Sperre ist gebrochen.")
	p.goTo(card)
	p.Press("Zum Bearbeiten sperren")
	p.Upload("Neue Fassung", draft(t, dir, "Angebot A.txt", "Zweite Fassung"))
	p.Fill("Bemerkung zur Fassung", "Preise geändert")
	p.Press("Neue Fassung ablegen")
	p.shows(200, "Die neue Fassung ist abgelegt.", "Preise geändert", "Zum Bearbeiten sperren")
	p.sends("/akte/dokument/"+id+"/fassung/1", nil, "text/plain", "Ein Kopierer")
	p.missing("/akte/dokument/"+id+"/fassung/9", "/akte/dokument/"+id+"/fassung/x", "/akte/dokument/"+id+"/zurueckgestellt/"+unknownID,
		"/akte/dokument/"+unknownID+"/karte", "/akte/dokument/"+unknownID+"/vorschau", "/akte/skript/filing.js", "/akte/vorgang/"+unknownID+"/dokumente",
		"/akte/vorgang/"+unknownID+"/dokumente.csv", "/akte/vorgang/"+unknownID+"/geschaeftsgang", "/akte/vorgang/"+unknownID+"/verlauf")
	p.until(card, "PDF herunterladen")
	p.shows(200, "PDF-Vorschau")
	if header, body := p.Download("PDF herunterladen"); !strings.HasPrefix(string(body), "%PDF") {
		t.Errorf("the preview is %v", header)
	}

	// Signed, and only to be read.
	cem := s.staff(t, "Cem Satzung")
	cem.page(200, card, "Sie können dieses Dokument lesen, aber nicht ändern.")
	cem.page(200, kase+"/dokumente", "Angebot A.txt")
	if cem.Has("Dokumente hinzufügen") {
		t.Error("a reader is offered to file")
	}
	change(t, data, `UPDATE records_document SET final_at = $1 WHERE id = $2`, db.Micros(time.Now()), id)
	p.page(200, card, "schlussgezeichnet", "Neue Fassungen gibt es nicht mehr")
	p.page(200, kase+"/dokumente", "schlussgezeichnet")
	s.looksPages(t, p, cem, data, kase, id)

	// Found again.
	p.page(200, "/akte/suche", "Gesucht wird in Aktenzeichen")
	p.until("/akte/suche?q=Kopierer+Rathaus", "Kopierer im Rathaus")
	p.shows(200, "Kopierer")
	p.list("Kopierer im Rathaus")
	p.keeps("Kopierer")
	p.until("/akte/suche?q=%22Zweite+Fassung%22", "Angebot A.txt")
	p.page(200, "/akte/suche?q=Rathaus&art=document&einheit=02.40&von=2020-01-01&bis=2020-01-31", "Nichts gefunden.", "Ohne die Einschränkung")
	p.page(200, "/akte/suche?q=qqxyzzyqq", "Nichts gefunden.", "weniger oder andere Wörter")
}

// looksPages are those that show a document where the program that wrote it is not at hand. id is that of a text in the
// case.
func (s *server) looksPages(t *testing.T, p, cem *person, data *db.DB, kase, id string) {
	look := func(id, version string) string { return "/akte/dokument/" + id + "/fassung/" + version + "/ansehen" }
	p.page(200, look(id, "1"), "nicht aktuell, das ist Fassung 2", "Ein Kopierer für 4.000 Euro")
	p.until(look(id, "2"), "Zweite Fassung")
	p.shows(200, "2 (aktuell)", "Angaben, Fassungen und Verlauf")
	p.goTo(kase + "/dokumente")
	p.Unfold("Dokumente hinzufügen")
	p.Upload("Dateien", picture(t, "Grundriss.png"))
	p.Press("Ablegen")
	p.Want("Die Dokumente sind abgelegt.")
	p.Click("Ansehen – Grundriss.png")
	p.shows(200, "Seite 1 von 1", "Vorheriges:", "Angebot A.txt")
	plan := p.Path()
	if status, header, body := p.ask(strings.TrimSuffix(plan, "ansehen")+"seite/1.png", nil); status != 200 || header.Get("Content-Type") != "image/png" || !strings.HasPrefix(body, "\x89PNG") {
		t.Errorf("the page is %d %v", status, header)
	}
	p.page(200, strings.TrimSuffix(plan, "/fassung/1/ansehen")+"/karte", "Erste Seite", "Ansehen")
	p.missing(look(id, "9"), look(unknownID, "1"), strings.TrimSuffix(plan, "ansehen")+"seite/2.png", strings.TrimSuffix(plan, "ansehen")+"seite/x")
	cem.page(200, plan, "Seite 1 von 1")
	viktor := s.staff(t, "Viktor Gemeinschaft")
	viktor.missing(plan, strings.TrimSuffix(plan, "ansehen")+"seite/1.png")
	p.Press("English")
	p.page(200, plan)
	p.goTo(plan)
	p.Press("Deutsch")
}

// picture writes one that can be looked at.
func picture(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	file := filepath.Join(t.TempDir(), name)
	err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 200)))
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (s *server) postPages(t *testing.T, data *db.DB) {
	dir := t.TempDir()
	p := s.staff(t, "Birgit Steuer")
	p.page(200, "/akte/posteingang?q=Niemand&sortierung=neueste", "Zu diesen Angaben gibt es keine Post")
	p.goTo("/akte/posteingang")
	p.Unfold("Post erfassen")
	p.Press("Erfassen")
	p.shows(422, "Bitte wählen Sie mindestens eine Datei")
	p.Fill("Eingang", "31.12.2099")
	p.Upload("Dateien", draft(t, dir, "Brief.txt", "Bitte um Auskunft"))
	p.Press("Erfassen")
	p.shows(422, "Bitte geben Sie einen Tag an, der nicht in der Zukunft")
	mail := filepath.Join(dir, "brief.eml")
	if err := os.WriteFile(mail, []byte(strings.ReplaceAll(letter, "Vereinsheim", "Spielplatz")), 0o600); err != nil {
		t.Fatal(err)
	}
	p.goTo("/akte/posteingang")
	p.Unfold("Post erfassen")
	p.Fill("Für Einheit", "20")
	p.Upload("Dateien", mail)
	p.Press("Erfassen")
	p.shows(200, "Die Post ist erfasst.", "Zuschuss zum Spielplatz")
	p.Click("Zuschuss zum Spielplatz")
	p.shows(200, "kosten.txt", "Zuordnen", "In Akte", "Wir bitten um einen Zuschuss", "Alle Seiten ansehen")
	post, _, _ := strings.Cut(p.Path(), "?")
	var paper string
	if err := data.Reader().QueryRow(t.Context(), `SELECT id FROM filing_incoming_document WHERE incoming_id = $1 AND name = 'kosten.txt'`,
		path.Base(post)).Scan(&paper); err != nil {
		t.Fatal(err)
	}
	p.sends(post+"/dokument/"+paper, nil, "text/plain", "12.000")
	p.Click("kosten.txt")
	p.shows(200, "12.000 Euro")
	p.page(200, post+"/dokument/"+paper+"/ansehen", "kosten.txt", "12.000 Euro")
	cem := s.staff(t, "Cem Satzung")
	cem.missing(post)

	p.goTo(post)
	p.Unfold("Aktenzeichen eingeben")
	p.Press("Dem Vorgang zuordnen")
	p.shows(422, "Bitte geben Sie das Aktenzeichen des Vorgangs ein")
	p.Fill("Vorgang", "22.31-2026/999999-1")
	p.Press("Dem Vorgang zuordnen")
	p.shows(422, "Einen Vorgang mit dem Aktenzeichen")
	p.Press("Vorgang in dieser Akte anlegen")
	p.shows(422, "Bitte geben Sie das Aktenzeichen der Akte ein")
	p.Fill("Betreff des Vorgangs", "")
	p.Fill("Aktenplaneinheit", "20.20")
	p.Press("Akte und Vorgang anlegen")
	p.shows(422, "Bitte geben Sie den Betreff an")
	p.Fill("Betreff des Vorgangs", "Zuschuss Spielplatz")
	p.Fill("Federführende Einheit", "20")
	p.Press("Akte und Vorgang anlegen")
	p.shows(200, "Die Post ist zugeordnet.", "kosten.txt", "Dieser Eingang ist zugeordnet:", "-1 Zuschuss Spielplatz", "Zugeordnet", "Zuordnung zurücknehmen")
	p.page(200, "/akte/posteingang?stand=zugeordnet", "Zuschuss zum Spielplatz", "Birgit Steuer")
	p.list("Zuschuss zum Spielplatz")
	status, _, body := p.ask(post+"/zuordnen", url.Values{"was": {"neu"}, "betreff": {"Noch einmal"}, "planeinheit": {"20.20"}})
	if status != 409 || !strings.Contains(body, "schon zugeordnet") {
		t.Errorf("assigned twice: %d", status)
	}
	s.lettersPages(t, p, data, mail)
	p.missing("/akte/posteingang/"+unknownID, post+"/dokument/"+unknownID, post+"/dokument/"+unknownID+"/ansehen", post+"/dokument/"+unknownID+"/seite/1.png",
		"/akte/posteingang/"+unknownID+"/ziele")
}

// lettersPages are what is done with a letter beside opening a case for it: here with one that comes a second time.
func (s *server) lettersPages(t *testing.T, p *person, data *db.DB, mail string) {
	p.goTo("/akte/posteingang")
	p.Unfold("Post erfassen")
	p.Fill("Für Einheit", "20")
	p.Upload("Dateien", mail)
	p.Press("Erfassen")
	p.Want("Die Post ist erfasst.")
	p.goTo("/akte/posteingang?q=Spielplatz")
	p.Click("Zuschuss zum Spielplatz")
	p.shows(200, "Dieses Schreiben gibt es schon", "Vorschläge", "Zuschuss Spielplatz")
	post, _, _ := strings.Cut(p.Path(), "?")

	// Proposed, searched, assigned and taken back.
	p.Press("Der Auswahl zuordnen")
	p.shows(422, "Bitte wählen Sie einen Vorgang oder eine Akte")
	p.Fill("Vorgang oder Akte suchen", "Qqxyzzyqq")
	p.Press("Suchen")
	p.shows(200, "Nichts gefunden. Versuchen Sie weniger oder andere Wörter.")
	p.Fill("Vorgang oder Akte suchen", "Zuschuss Spielplatz")
	p.Press("Suchen")
	p.shows(200, "Gefunden", "Der Auswahl zuordnen")
	reference := caseReference.FindString(p.Text())
	if status, header, body := p.ask(post+"/ziele?q=Zuschuss", nil); status != 200 || header.Get("Content-Type") != "application/json" || !strings.Contains(body, reference) {
		t.Errorf("suggested is %d %v %s", status, header, body)
	}
	p.Choose(reference + " Zuschuss Spielplatz")
	p.Press("Der Auswahl zuordnen")
	p.Want("Die Post ist zugeordnet.")
	p.Press("Zuordnung zurücknehmen")
	p.shows(200, "Die Zuordnung ist zurückgenommen.", "Zuordnen")

	// Corrected, passed on, done with, opened again.
	p.Unfold("Angaben berichtigen")
	p.Fill("Betreff", "")
	p.Press("Speichern")
	p.shows(422, "Bitte geben Sie den Betreff an")
	p.Fill("Betreff", "Zuschuss zum Bolzplatz")
	p.Press("Speichern")
	p.shows(200, "Die Angaben sind berichtigt.", "Zuschuss zum Bolzplatz")
	p.Unfold("Weiterleiten")
	p.Press("Weiterleiten")
	p.shows(422, "Bitte wählen Sie eine Einheit oder eine Person")
	p.Fill("An Person", "Birgit Steuer")
	p.Press("Weiterleiten")
	p.shows(200, "Der Eingang ist weitergeleitet.", "Birgit Steuer")
	p.Unfold("Ohne Vorgang erledigen")
	p.Press("Ohne Vorgang erledigen")
	p.shows(422, "Bitte wählen Sie einen Grund")
	p.Choose("anderer Grund")
	p.Press("Ohne Vorgang erledigen")
	p.shows(422, "Bitte nennen Sie den Grund")
	p.Choose("Dublette")
	p.Press("Ohne Vorgang erledigen")
	p.shows(200, "Der Eingang ist ohne Vorgang erledigt.", "Dublette", "Wieder öffnen")
	p.page(200, "/akte/posteingang?stand=erledigt", "Zuschuss zum Bolzplatz")
	p.page(200, "/akte/posteingang?stand=meine", "Zuschuss zum Bolzplatz")
	p.goTo(post)
	p.Press("Wieder öffnen")
	p.shows(200, "Der Eingang ist wieder offen.")
	p.until("/akte/suche?q=Bolzplatz", "Zuschuss zum Bolzplatz")
	p.shows(200)
	p.list("Zuschuss zum Bolzplatz")

	// Several at once; passed on, it is the others' who registered it.
	p.page(200, "/akte/posteingang?q=Bolzplatz", "Mit den ausgewählten")
	p.list("Zuschuss zum Bolzplatz")
	p.keeps("Bolzplatz")
	p.Press("Dem Vorgang zuordnen")
	p.shows(422, "Es wurde nichts geändert")
	p.Choose("Zuschuss zum Bolzplatz auswählen")
	p.Press("Weitergeben")
	p.shows(422, "Bitte wählen Sie eine Einheit")
	p.Fill("Vorgang (Aktenzeichen)", "22.31-2026/999999-1")
	p.Press("Dem Vorgang zuordnen")
	p.shows(409, "Diese Zeile ist noch angekreuzt.", "Zuschuss zum Bolzplatz: Einen Vorgang mit dem Aktenzeichen")
	p.Fill("An Einheit", "30")
	p.Press("Weitergeben")
	p.Want("1 Eingang weitergegeben.")
	p.page(200, post, "Sie haben diesen Eingang erfasst. Bearbeitet wird er von anderen.")
	cem := s.staff(t, "Cem Satzung")
	cem.page(200, post, "Zuordnen")
	cem.Press("English")
	cem.page(200, post)
	cem.page(200, "/akte/posteingang")

	// What the scanner's folder gave and could not be taken.
	regina := s.staff(t, "Regina Ablage")
	regina.page(200, "/akte/posteingang")
	change(t, data, `INSERT INTO filing_scan_failure (id, authority_id, name, reason, failed_at, done_at, done_name) VALUES ($1, '160510000000', 'Scan 17.pdf', 'filing.scan.damaged', $2, 0, '')`,
		unknownID, db.Micros(time.Now()))
	regina.page(200, "/akte/posteingang", "1 Scan konnte nicht übernommen werden", "Scan 17.pdf")
	regina.Press("Erledigt Scan 17.pdf")
	regina.Want("Der fehlgeschlagene Scan ist als erledigt vermerkt.")
}
