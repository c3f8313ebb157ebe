package e2e

import (
	"net/url"
	"os"
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
		if p.Has("Liste als CSV") {
			p.Unfold("Dokumente hinzufügen")
		}
		p.Upload("Dateien", draft(t, dir, name, "Ein Kopierer für 4.000 Euro, "+name))
		p.Press("Ablegen")
		p.Want("Die Dokumente sind abgelegt.", name)
	}
	p.page(200, kase+"/dokumente?q=Niemand", "Zu diesen Angaben gibt es keine Dokumente", "Filter zurücksetzen")
	p.page(200, kase+"/dokumente?art=document&sortierung=name", "Angebot A.txt", "Angebot B.txt")
	header, body := p.Download("Liste als CSV")
	if !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || !strings.Contains(string(body), "Angebot B.txt") {
		t.Errorf("the list is %v: %s", header, body)
	}

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
	p.page(200, card+"?pruefen=1&q=Kopierer", "Prüfsumme stimmt")
	p.Press("Neue Fassung ablegen")
	p.shows(422, "Bitte wählen Sie genau eine Datei")
	birgit := s.staff(t, "Birgit Steuer")
	birgit.goTo(card)
	p.goTo(card)
	p.Press("Zum Bearbeiten sperren")
	p.shows(200, "Sie können das Dokument jetzt bearbeiten.", "Sperre aufheben", "Sperre danach aufheben")
	birgit.Upload("Neue Fassung", draft(t, dir, "Angebot A.txt", "Birgits Fassung"))
	birgit.Press("Neue Fassung ablegen") // from a page that was opened before the lock
	birgit.shows(200, "Jemand war schneller", "bearbeitet von Claudia Amtmann")
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

	// Found again.
	p.page(200, "/akte/suche", "Gesucht wird in Aktenzeichen")
	p.until("/akte/suche?q=Kopierer+Rathaus", "Kopierer im Rathaus")
	p.shows(200, "Suche merken")
	p.Unfold("Suche merken")
	p.Press("Merken")
	p.shows(422, "Bitte geben Sie einen Namen ein")
	p.Fill("Name", "Kopierer")
	p.Press("Merken")
	p.shows(200, "Die Suche ist gemerkt.", "Gemerkte Suchen")
	p.Press("„Kopierer“ vergessen")
	p.Want("Die Suche ist vergessen.")
	p.until("/akte/suche?q=%22Zweite+Fassung%22", "Angebot A.txt")
	p.page(200, "/akte/suche?q=Rathaus&art=document&einheit=02.40&von=2020-01-01&bis=2020-01-31", "Nichts gefunden.", "Ohne die Einschränkung")
	p.page(200, "/akte/suche?q=qqxyzzyqq", "Nichts gefunden.", "weniger oder andere Wörter")
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
	p.shows(200, "kosten.txt", "Zuordnen", "In Akte")
	post := p.Path()
	if _, body := p.Download("kosten.txt"); !strings.Contains(string(body), "12.000") {
		t.Errorf("the attachment is %q", body)
	}
	cem := s.staff(t, "Cem Satzung")
	cem.missing(post)

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
	p.Want("Die Post ist zugeordnet.", "kosten.txt")
	p.page(200, post, "Dieser Eingang ist zugeordnet:", "Zugeordnet")
	p.page(200, "/akte/posteingang?stand=zugeordnet", "Zuschuss zum Spielplatz", "Birgit Steuer")
	status, _, body := p.ask(post+"/zuordnen", url.Values{"was": {"neu"}, "betreff": {"Noch einmal"}, "planeinheit": {"20.20"}})
	if status != 409 || !strings.Contains(body, "schon zugeordnet") {
		t.Errorf("assigned twice: %d", status)
	}
	p.missing("/akte/posteingang/"+unknownID, post+"/dokument/"+unknownID)
}
