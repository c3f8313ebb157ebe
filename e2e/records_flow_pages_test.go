package e2e

import (
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
)

func (s *server) tasksPages(t *testing.T, data *db.DB) {
	dir := t.TempDir()
	p := s.staff(t, "Doris Leitung")
	p.look = false
	file, _ := p.openFile("00.21", "Pachtverträge", [2]string{"Federführung", "20"}, [2]string{"Offen für", "nur die federführende"})
	kase := p.openCase(file, "Kleingarten 7")
	course := kase + "/geschaeftsgang"
	p.goTo(kase + "/dokumente")
	p.Upload("Dateien", draft(t, dir, "Pachtvertrag.txt", "Die Pacht beträgt 40 Euro."))
	p.Press("Ablegen")
	p.look = true
	p.page(200, course, "Zurzeit läuft nichts.", "Geschäftsgang starten", "Kommentar speichern")
	p.Press("Kommentar speichern")
	p.shows(422, "Bitte schreiben Sie den Kommentar")
	p.Fill("Kommentar", "Der Vertrag soll noch im Dezember gelten.")
	p.Press("Kommentar speichern")
	p.Want("Der Kommentar ist gespeichert.", "noch im Dezember")

	// What cannot be started.
	p.goTo(course)
	p.Press("Geschäftsgang starten")
	p.shows(422, "Bitte geben Sie mindestens einen und höchstens")
	p.Fill("Schritt 1: Verfügung", "Mitzeichnung")
	p.Fill("Schritt 1: Empfänger", "Niemand Da")
	p.Press("Geschäftsgang starten")
	p.shows(422, "brauchen ein Dokument")
	p.Fill("Worum geht es?", "Pachtvertrag.txt")
	p.Fill("Schritt 1: Frist in Tagen", "0")
	p.Press("Geschäftsgang starten")
	p.shows(422, "Bitte geben Sie die Frist in Tagen an")
	p.Fill("Schritt 1: Frist in Tagen", "3")
	p.Press("Geschäftsgang starten")
	p.shows(422, "gibt es an Ihrer Behörde nicht")
	p.Press("Weiterer Schritt")
	p.shows(200, "Schritt 4")
	p.Fill("Bezeichnung", "Pachtvertrag abstimmen")
	p.Fill("Schritt 1: Verfügung", "zur Kenntnis")
	p.Fill("Schritt 1: Empfänger", "Birgit Steuer")
	p.Fill("Schritt 1: und", "Claudia Amtmann")
	p.Fill("Schritt 2: Verfügung", "Mitzeichnung")
	p.Fill("Schritt 2: Empfänger", "Claudia Amtmann")
	p.Fill("Schritt 3: Verfügung", "Wiedervorlage")
	p.Fill("Schritt 3: Empfänger", "Doris Leitung")
	p.Fill("Schritt 3: Wiedervorlage am", time.Now().AddDate(0, 0, 30).Format("02.01.2006"))
	p.Fill("Schritt 4: Verfügung", "Schlusszeichnung")
	p.Fill("Schritt 4: Empfänger", "Doris Leitung")
	p.Press("Geschäftsgang starten")
	p.shows(200, "Der Geschäftsgang ist gestartet.", "Pachtvertrag abstimmen", "Zurückziehen")

	// The inbox of somebody with tasks, some of them late.
	birgit := s.staff(t, "Birgit Steuer")
	change(t, data, `UPDATE flow_task SET due_at = $1, reminders = 2 WHERE holder = 'person:demo-clerk2' AND state = 'open'`, db.Micros(time.Now().AddDate(0, 0, -2)))
	birgit.page(200, "/akte/aufgaben", "Kleingarten 7", "überfällig", "2-mal erinnert", "als gesehen vermerken")
	header, body := birgit.Download("Liste als CSV-Datei")
	if !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || !strings.Contains(string(body), "Kleingarten 7") {
		t.Errorf("the list is %v: %s", header, body)
	}
	birgit.Press("Ausgewählte z. K. als gesehen vermerken")
	birgit.Want("Sie haben nichts ausgewählt.")
	birgit.Unfold("Spalten")
	birgit.Choose("Auftrag")
	birgit.Press("Spalten merken")
	birgit.shows(200, "Pachtvertrag abstimmen")
	birgit.Choose("gesehen " + caseReference.FindString(birgit.Text()))
	birgit.Press("Ausgewählte z. K. als gesehen vermerken")
	birgit.Want("als gesehen vermerkt")
	for _, view := range []string{"meine", "einheiten", "vertretung", "wiedervorlage"} {
		birgit.page(200, "/akte/aufgaben?ansicht="+view, "Aufgaben")
	}
	birgit.page(200, "/akte/aufgaben?ansicht=erledigt&sortierung=newest", "Kleingarten 7", "erledigt")
	birgit.page(200, "/akte/aufgaben?q=Niemand&art=sign&ueberfaellig=ja", "Zu diesen Angaben gibt es keine Aufgaben", "Filter zurücksetzen")

	// Forwarded, refused, withdrawn, and done when that was no longer asked for.
	claudia := s.staff(t, "Claudia Amtmann")
	claudia.page(200, course, "Zur Kenntnis genommen", "Weiterleiten")
	claudia.Unfold("Weiterleiten: zur Kenntnis (z. K.), Claudia Amtmann")
	claudia.Press("Weiterleiten")
	claudia.shows(422, "Bitte wählen Sie, an wen die Aufgabe gehen soll")
	second := &person{Browser: claudia.Window(), t: t, url: s.url}
	second.goTo(course)
	claudia.goTo(course)
	claudia.Press("Zur Kenntnis genommen")
	claudia.Want("Die Aufgabe ist erledigt.", "Mitzeichnen")
	second.Press("Zur Kenntnis genommen") // once more does no harm
	second.Want("Die Aufgabe ist erledigt.")
	claudia.goTo(course)
	claudia.Unfold("Ablehnen: Mitzeichnung, Claudia Amtmann")
	claudia.Press("Ablehnen")
	claudia.shows(422, "Bitte geben Sie den Grund an")
	claudia.Fill("Grund", "Die Pacht ist zu niedrig.")
	claudia.Press("Ablehnen")
	claudia.shows(200, "Sie haben abgelehnt.", "Die Pacht ist zu niedrig.")
	p.page(200, course, "Rücklauf", "abgelehnt")
	p.Press("Zur Kenntnis genommen")
	p.Want("Die Aufgabe ist erledigt.")
	p.Unfold("Geschäftsgang starten")
	p.Fill("Bezeichnung", "Nachfrage")
	p.Fill("Schritt 1: Verfügung", "Aufgabe")
	p.Fill("Schritt 1: Empfänger", "Birgit Steuer")
	p.Fill("Schritt 1: Auftrag", "Bitte die Pacht der Nachbarn nennen")
	p.Press("Geschäftsgang starten")
	p.Want("Der Geschäftsgang ist gestartet.")
	birgit.page(200, course, "Bitte die Pacht der Nachbarn nennen")
	p.Unfold("Zurückziehen: Nachfrage")
	p.Press("Zurückziehen")
	p.shows(422, "Bitte geben Sie den Grund an")
	p.Fill("Grund", "Hat sich erledigt")
	p.Press("Zurückziehen")
	p.shows(200, "Der Geschäftsgang ist zurückgezogen.", "Beendet", "Hat sich erledigt")
	birgit.Press("Erledigt")
	birgit.shows(409, "Der Geschäftsgang ist beendet")
	p.page(200, kase+"/verlauf", "Geschäftsgang gestartet", "Abgelehnt", "Claudia Amtmann", "Geschäftsgang zurückgezogen")
	cem := s.staff(t, "Cem Satzung")
	cem.missing(course, kase+"/verlauf")
	cem.page(200, "/akte/aufgaben?ansicht=vertretung", "Es liegt nichts für Sie vor.")
}

func (s *server) coursesPages(t *testing.T, data *db.DB) {
	// Templates: heads and the registry keep them, the others read them.
	p := s.staff(t, "Regina Ablage")
	p.page(200, "/akte/laufwege", "Vorlagen für wiederkehrende Geschäftsgänge", "Neuer Laufweg")
	p.page(200, "/akte/laufwege/neu", "Neuer Laufweg", "Laufweg speichern")
	p.Press("Laufweg speichern")
	p.shows(422, "Bitte geben Sie einen Namen")
	p.Fill("Name", "Rechnung freigeben")
	p.Fill("Schritt 1: Empfänger", "Leitung 20")
	p.Press("Weiterer Schritt")
	p.shows(200, "Schritt 4")
	p.holds("Rechnung freigeben")
	p.Press("Laufweg speichern")
	p.shows(200, "Der Laufweg ist gespeichert.", "Rechnung freigeben", "zur Kenntnis")
	p.page(200, "/akte/laufwege/neu")
	p.Fill("Name", "Rechnung freigeben")
	p.Fill("Schritt 1: Empfänger", "Leitung 20")
	p.Press("Laufweg speichern")
	p.shows(422, "Diesen Namen hat schon ein anderer Laufweg")
	p.goTo("/akte/laufwege")
	p.Click("Rechnung freigeben")
	p.shows(200, "Laufweg löschen")
	template := p.Path()
	id := strings.TrimPrefix(template, "/akte/laufwege/")
	change(t, data, `UPDATE flow_template SET version = version + 1 WHERE id = $1`, id)
	p.Fill("Name", "Rechnung zahlen")
	p.Press("Laufweg speichern")
	p.shows(409, "Das wurde inzwischen geändert")
	p.missing("/akte/laufwege/" + unknownID)

	// Used in a case.
	cem := s.staff(t, "Cem Satzung")
	cem.look = false
	file, _ := cem.openFile("00.20", "Satzung über Sondernutzung", [2]string{"Federführung", "30"}, [2]string{"Offen für", "lesen: alle"})
	kase := cem.openCase(file, "Entwurf")
	cem.look = true
	cem.page(200, kase+"/geschaeftsgang?vorlage="+id, "Aus einer Vorlage:", "Rechnung freigeben")
	cem.page(200, "/akte/laufwege", "Rechnung freigeben")
	if cem.Has("Neuer Laufweg") {
		t.Error("who may not make a template is offered to")
	}
	cem.page(200, template, "Diesen Laufweg ändern nur Leitungen und die Registratur.")
	cem.page(403, "/akte/laufwege/neu", "Laufwege pflegen Leitungen und die Registratur")
	p.goTo(template)
	p.Press("Laufweg löschen")
	p.shows(200, "Der Laufweg ist gelöscht.")

	// Absence.
	cem.page(200, "/akte/abwesenheit", "Abwesenheit eintragen")
	cem.Press("Eintragen")
	cem.shows(422, "Bitte geben Sie einen Tag an")
	first, last := time.Now().AddDate(0, 1, 0), time.Now().AddDate(0, 1, 14)
	cem.Fill("Erster Tag", last.Format("02.01.2006"))
	cem.Fill("Letzter Tag", first.Format("02.01.2006"))
	cem.Fill("Vertretung", "Birgit Steuer")
	cem.Press("Eintragen")
	cem.shows(422, "nicht vor dem ersten liegt")
	cem.Fill("Erster Tag", first.Format("02.01.2006"))
	cem.Fill("Letzter Tag", last.Format("02.01.2006"))
	cem.Press("Eintragen")
	cem.shows(200, "Die Abwesenheit ist eingetragen.", "Birgit Steuer")
	cem.Fill("Erster Tag", first.Format("02.01.2006"))
	cem.Fill("Letzter Tag", last.Format("02.01.2006"))
	cem.Fill("Vertretung", "Birgit Steuer")
	cem.Press("Eintragen")
	cem.shows(422, "In dieser Zeit ist schon eine Abwesenheit eingetragen")
	cem.goTo("/akte/abwesenheit")
	cem.Press("beenden: Cem Satzung")
	cem.Want("Die Abwesenheit ist beendet.")

	// A desk goes to somebody else.
	if cem.Has("Arbeitsplatz übergeben") {
		t.Error("who heads nobody is offered to hand a desk over")
	}
	p.page(200, "/akte/abwesenheit", "Arbeitsplatz übergeben")
	p.Fill("Von", "Cem Satzung")
	p.Fill("An", "Cem Satzung")
	p.Press("Übergeben")
	p.shows(422, "Bitte wählen Sie eine andere Person")
	p.Fill("An", "Arne Altakte")
	p.Press("Übergeben")
	p.Want("Die Übergabe läuft.")
	p.until("/akte/abwesenheit", "fertig")
	p.shows(200, "Übergaben", "Arne Altakte")
	p.page(200, kase, "Arne Altakte")
}
