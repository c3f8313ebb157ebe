package e2e

import (
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
)

// changesPages are those on which cases are corrected, given to somebody, moved, put to the files and taken up again, and
// files get another unit of the plan.
func (s *server) changesPages(t *testing.T, data *db.DB) {
	dir := t.TempDir()
	p := s.staff(t, "Claudia Amtmann")
	p.look = false
	more := [][2]string{{"Federführung", "20"}, {"Offen für", "lesen: alle"}}
	file, _ := p.openFile("02.40", "Regale der Bücherei", more...)
	target, targetRef := p.openFile("02.40", "Regale aller Häuser", more...)
	kase := p.openCase(file, "Regale bestellen")
	id := strings.TrimPrefix(kase, "/akte/vorgang/")
	before := caseReference.FindString(p.Text())
	p.goTo(kase)
	p.Click("Untervorgang anlegen")
	p.Fill("Betreff", "Regale vermessen")
	p.Press("Vorgang anlegen")
	p.Want("Der Vorgang ist angelegt.", "Gehört zu "+before)
	sub := p.Path()
	p.goTo(kase + "/dokumente")
	p.Upload("Dateien", draft(t, dir, "Bestellung.txt", "Zwölf Regale."))
	p.Press("Ablegen")
	p.Click("Bestellung.txt")
	card := p.Path()
	p.Press("Zum Bearbeiten sperren")
	p.goTo(kase + "/geschaeftsgang")
	p.Unfold("Geschäftsgang starten")
	p.Fill("Bezeichnung", "Maße prüfen")
	p.Fill("Schritt 1: Verfügung", "Aufgabe")
	p.Fill("Schritt 1: Empfänger", "Birgit Steuer")
	p.Fill("Schritt 1: Auftrag", "Bitte nachmessen")
	p.Press("Geschäftsgang starten")
	p.Want("Der Geschäftsgang ist gestartet.")
	p.look = true

	// Corrected, given, taken from a colleague.
	p.page(200, kase, "Untervorgänge", "Angaben ändern", "Zuweisen", "In eine andere Akte verschieben")
	p.Click("Angaben ändern")
	p.shows(200, "Speichern")
	p.Fill("Betreff", "")
	p.Press("Speichern")
	p.shows(422, "Bitte geben Sie den Betreff an")
	p.Fill("Betreff", "Regale und Leitern bestellen")
	change(t, data, `UPDATE records_case SET version = version + 1 WHERE id = $1`, id)
	p.Press("Speichern")
	p.shows(409, "Der Vorgang wurde inzwischen geändert")
	p.holds("Regale und Leitern bestellen")
	p.Press("Speichern")
	p.shows(200, "Die Angaben sind geändert.", "Regale und Leitern bestellen")
	p.Click("Zuweisen")
	p.shows(200, "Wer soll den Vorgang bearbeiten?")
	p.Press("Zuweisen")
	p.shows(422, "Bitte wählen Sie eine Person oder eine Einheit")
	p.Fill("Wer soll den Vorgang bearbeiten?", "Einheit 20")
	p.Press("Zuweisen")
	p.Want("Der Vorgang ist zugewiesen.")
	p.goTo(kase + "/zuweisen")
	p.Fill("Wer soll den Vorgang bearbeiten?", "Birgit Steuer")
	p.Press("Zuweisen")
	p.shows(200, "Der Vorgang ist zugewiesen.", "Birgit Steuer")
	p.Press("Übernehmen")
	p.shows(200, "bearbeitet Birgit Steuer. Möchten Sie ihn übernehmen?")
	p.Press("Ja, übernehmen")
	p.Want("Sie haben den Vorgang übernommen.")

	// Moved, with its part.
	p.Click("In eine andere Akte verschieben")
	p.shows(200, before)
	p.Press("Verschieben")
	p.shows(422, "Bitte geben Sie das Aktenzeichen der Akte ein", "Bitte geben Sie den Grund an")
	p.Fill("Aktenzeichen der anderen Akte", "02.10-2026/999999")
	p.Fill("Grund", "Es geht um alle Häuser.")
	p.Press("Verschieben")
	p.shows(422, "keine andere Akte, die Sie sehen dürfen")
	p.holds("Es geht um alle Häuser.")
	if status, _, _ := p.ask(target+"/teilakte", url.Values{"version": {"1"}, "subject": {"Nordhaus"}}); status != 303 {
		t.Errorf("a part file is opened: %d", status)
	}
	p.Fill("Aktenzeichen der anderen Akte", targetRef)
	p.Press("Verschieben")
	p.shows(422, "Bitte wählen Sie, wohin der Vorgang kommt")
	p.Fill("Teilakte der anderen Akte", "1 Nordhaus")
	p.Press("Verschieben")
	p.shows(200, "Der Vorgang liegt jetzt in der anderen Akte.", targetRef+"-1", "Früheres Aktenzeichen", before)
	p.page(200, sub, targetRef)

	// What still goes on.
	p.page(200, kase+"/zda", "Das ist noch offen", "Regale vermessen", "Geschäftsgang „Maße prüfen“, liegt bei: Birgit Steuer",
		"Dokument „Bestellung.txt“, gesperrt von Claudia Amtmann", "Zurück zum Vorgang")
	var version string
	if err := data.Reader().QueryRow(t.Context(), `SELECT version FROM records_case WHERE id = $1`, id).Scan(&version); err != nil {
		t.Fatal(err)
	}
	status, _, body := p.ask(kase+"/zda", url.Values{"version": {version}})
	if status != 409 || !strings.Contains(body, "In ihm ist noch etwas offen") {
		t.Errorf("a case is put to the files while something goes on: %d", status)
	}
	cem := s.staff(t, "Cem Satzung")
	cem.page(200, kase, "Sie dürfen den Vorgang lesen, aber nicht ändern.")
	for i, suffix := range []string{"/bearbeiten", "/zda", "/zuweisen", "/verschieben"} {
		cem.look = i == 0
		cem.page(403, kase+suffix, "lesen, aber nicht ändern")
	}
	viktor := s.staff(t, "Viktor Gemeinschaft")
	viktor.missing(kase+"/zda", kase+"/bearbeiten", kase+"/zuweisen", kase+"/verschieben", kase+"/wiederaufnehmen", target+"/einheit")
	p.goTo(kase + "/geschaeftsgang")
	p.Unfold("Zurückziehen: Maße prüfen")
	p.Fill("Grund", "Schon gemessen")
	p.Press("Zurückziehen")
	p.goTo(card)
	p.Press("Sperre aufheben")
	p.goTo(sub)
	p.Press("Zu den Akten (z. d. A.)")
	p.shows(200, "In diesem Vorgang läuft nichts mehr.")
	p.Press("Jetzt zu den Akten nehmen")
	p.Want("Der Vorgang liegt bei den Akten.")
	p.page(200, kase+"/zda", "In diesem Vorgang läuft nichts mehr.", "Die Akte "+targetRef+" wird mit ihm geschlossen")
	p.Press("Jetzt zu den Akten nehmen")
	p.shows(200, "Der Vorgang liegt bei den Akten.", "wird nicht mehr bearbeitet")
	for i, suffix := range []string{"/zda", "/bearbeiten", "/zuweisen", "/verschieben"} {
		p.look = i < 2
		p.page(409, kase+suffix, "Akten")
	}
	p.look = true

	// Taken up again by who manages the file, which gets another place in the plan.
	p.page(403, kase+"/wiederaufnehmen", "nur die Leitung der federführenden Einheit oder die Registratur")
	p.page(409, target+"/einheit", "Die Akte ist geschlossen")
	doris := s.staff(t, "Doris Leitung")
	doris.page(200, kase, "Vorgang wieder aufnehmen")
	doris.Click("Vorgang wieder aufnehmen")
	doris.shows(200, "kommt zurück in die Bearbeitung")
	doris.Press("Wieder aufnehmen")
	doris.shows(422, "Bitte geben Sie den Grund an")
	doris.Fill("Grund", "Ein Regal fehlt.")
	doris.Press("Wieder aufnehmen")
	doris.shows(200, "Der Vorgang ist wieder in Bearbeitung.", "Ein Regal fehlt.")
	doris.page(409, kase+"/wiederaufnehmen", "Der Vorgang liegt nicht bei den Akten")
	p.page(403, target+"/einheit", "Das entscheidet die Leitung der federführenden Einheit oder die Registratur")
	doris.page(200, target, "Andere Stelle im Aktenplan")
	doris.Click("Andere Stelle im Aktenplan")
	doris.shows(200, targetRef)
	doris.Press("Umprotokollieren")
	doris.shows(422, "Bitte wählen Sie eine gültige Stelle des Aktenplans", "Bitte geben Sie den Grund an")
	doris.Fill("Aktenplaneinheit", "02.10")
	doris.Fill("Grund", "Es ist eine Beschaffung.")
	doris.Press("Umprotokollieren")
	doris.shows(200, "Die Akte hat eine andere Stelle im Aktenplan", "02.10-", "Früheres Aktenzeichen", targetRef)
	doris.page(200, kase, "Früheres Aktenzeichen", targetRef+"-1", before)
	doris.page(200, target+"/nachweis", "Akte umprotokolliert")
	doris.Press("English")
	for _, path := range []string{kase, kase + "/zda", kase + "/bearbeiten", kase + "/zuweisen", kase + "/verschieben", target + "/einheit"} {
		doris.page(200, path)
	}
}
