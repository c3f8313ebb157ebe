package e2e

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/standards/xdomea"
)

// over opens a file with a case and a document, closes it, lets its retention end, and waits until the registry is told.
func (p *person) over(data *db.DB, dir, unit, subject string) (id, reference string) {
	p.t.Helper()
	file, reference := p.openFile(unit, subject)
	kase := p.openCase(file, subject)
	p.goTo(kase + "/dokumente")
	p.Upload("Dateien", draft(p.t, dir, "Schreiben.txt", subject))
	p.Press("Ablegen")
	p.Want("Die Dokumente sind abgelegt.")
	p.goTo(kase)
	p.Press("Zu den Akten (z. d. A.)")
	p.Press("Jetzt zu den Akten nehmen")
	p.Want("Der Vorgang liegt bei den Akten.")
	id = path.Base(file)
	change(p.t, data, `UPDATE records_file SET closed_at = $1, retain_until = 0 WHERE id = $2`, db.Micros(time.Now().AddDate(-50, 0, 0)), id)
	p.until("/akte/aussonderung?q="+url.QueryEscape(subject), reference)
	return id, reference
}

const (
	dueList   = "/akte/aussonderung"
	processes = dueList + "/verfahren"
	imports   = dueList + "/uebernahme"
)

func (s *server) disposalPages(t *testing.T, data *db.DB) {
	dir := t.TempDir()
	p := s.staff(t, "Regina Ablage")
	p.page(200, dueList+"?q=Niemand&bewertung=V", "keine Akten mit abgelaufener Aufbewahrungsfrist", "Filter zurücksetzen")
	p.page(200, processes, "Es gibt noch kein Aussonderungsverfahren.")
	p.Press("Einlesen")
	p.shows(422, "Wählen Sie eine Datei.")
	p.page(200, imports, "noch nichts von einer anderen Behörde übernommen")
	p.Press("Prüfen")
	p.shows(422, "Wählen Sie eine Datei.")
	p.missing(processes+"/"+unknownID, dueList+"/paket/"+unknownID, imports+"/"+unknownID, "/akte/loeschung/"+unknownID, "/akte/akte/"+unknownID+"/loeschung",
		"/akte/akte/"+unknownID+"/aufbewahrung")
	p.look = false
	plans, plansRef := p.over(data, dir, "20.10", "Prüffall Haushaltsplan")
	goods, goodsRef := p.over(data, dir, "02.10", "Prüffall Beschaffung")
	_, deedRef := p.over(data, dir, "00.21", "Prüffall Vertrag")
	p.look = true

	// Nothing chosen, no agreement, then offered.
	p.page(200, dueList+"?q=Prüffall", "Prüffall Haushaltsplan", "Prüffall Beschaffung", "Aussonderung beginnen")
	p.sends(dueList+".csv?q=Prüffall", nil, "text/csv", "\ufeffAktenzeichen")
	p.Press("Anbieten (vierstufig)")
	p.shows(422, "Sie haben nichts ausgewählt.")
	change(t, data, `DELETE FROM disposal_setting WHERE authority_id = '160510000000'`) // as before anything was agreed
	p.Choose(plansRef + " auswählen")
	p.Press("Anbieten (vierstufig)")
	p.shows(409, "welchem Archiv angeboten wird")
	p.goTo(processes)
	p.Unfold("Vereinbarung mit dem Archiv: Stadt Erfurt")
	p.Press("Vereinbarung speichern")
	p.shows(422, "Nennen Sie das Archiv")
	p.Fill("Archiv", "Landesarchiv der Probe")
	p.Choose("Den Betreff vernichteter Akten behalten")
	p.Press("Vereinbarung speichern")
	p.Want("Die Vereinbarung ist gespeichert.")
	p.goTo(dueList + "?q=Prüffall&einheit=02.10")
	p.Choose(goodsRef + " auswählen")
	p.Press("Abgeben (zweistufig)")
	p.shows(409, "Zweistufig geht nur")
	p.goTo(dueList + "?q=Prüffall")
	for _, ref := range []string{plansRef, goodsRef, deedRef} {
		p.Choose(ref + " auswählen")
	}
	p.Press("Anbieten (vierstufig)")
	p.shows(200, "Das Aussonderungsverfahren hat begonnen.", "Bewertung steht aus", "Herausnehmen")
	process := p.Path()
	p.Press("Herausnehmen " + deedRef)
	p.Want("Die Akte ist herausgenommen.")
	p.page(200, process+"?stand=withdrawn", deedRef)
	p.page(200, "/akte/akte/"+plans+"/aufbewahrung", "in der Aussonderung", "Zum Aussonderungsverfahren")
	p.page(200, "/akte/akte/"+plans, "in Aussonderung")

	// What the archive says.
	p.until(process, "noch nicht abgeholt")
	head := download(t, p, "0501 Anbieteverzeichnis").Head()
	p.goTo(processes)
	p.Upload("Nachricht", draft(t, dir, "nachricht.xml", "<keine/>"))
	p.Press("Einlesen")
	p.shows(422, "kann nicht eingelesen werden", "Ihr erstes Element „keine“")
	p.Upload("Nachricht", archiveSays(t, dir, head.ProcessID, xdomea.AppraisalList, &xdomea.Appraised{ID: unknownID, Appraisal: xdomea.Archive}))
	p.Press("Einlesen")
	p.shows(422, "gehört nicht zu diesem Verfahren")
	p.Upload("Nachricht", archiveSays(t, dir, head.ProcessID, xdomea.AppraisalList, &xdomea.Appraised{ID: plans, Appraisal: xdomea.Archive},
		&xdomea.Appraised{ID: goods, Appraisal: xdomea.Destroy}))
	p.Press("Einlesen")
	p.shows(200, "Die Bewertung ist eingelesen.", "Akten an das Archiv abgeben", "Vernichtung vorschlagen")

	// Two people destroy.
	p.Press("Vernichtung vorschlagen")
	p.shows(200, "Die Vernichtung ist vorgeschlagen.", "Eine andere Person muss zustimmen.")
	p.Press("Vorschlag zurücknehmen")
	p.shows(200, "Der Vorschlag ist zurückgenommen.", "Zurückgenommen")
	p.Press("Vernichtung vorschlagen")
	arne := s.staff(t, "Arne Altakte")
	arne.page(200, process, "Vernichtung freigeben")
	arne.Press("Vernichtung freigeben")
	arne.shows(200, "Die Vernichtung ist freigegeben.", "Akten vernichten")
	arne.Press("Akten vernichten")
	arne.Want("Die Akten werden vernichtet.")
	arne.until("/akte/akte/"+goods+"/aufbewahrung", "Vernichtungsnachweis")
	arne.shows(200, "Regina Ablage und Arne Altakte", "Prüffall Beschaffung")
	arne.page(200, "/akte/akte/"+goods, "Diese Akte wurde am", "Vernichtungsnachweis", "Zum Aussonderungsverfahren")
	arne.page(200, "/akte/akte/"+goods+"/nachweis")

	// Handed over, not taken, to be handed over again.
	p.goTo(process)
	p.Press("Akten an das Archiv abgeben")
	p.until(process, "0503 Aussonderung")
	wait(t, "the package", func() bool { p.goTo(process); return p.Has("Übernahme steht aus") })
	_, packed := p.Download("0503 Aussonderung")
	p.goTo(processes)
	p.Upload("Nachricht", archiveSays(t, dir, head.ProcessID, xdomea.DisposalResult, &xdomea.Result{ID: plans, Errors: []string{"Prüfsumme falsch"}}))
	p.Press("Einlesen")
	p.shows(200, "fehlgeschlagen", "Prüfsumme falsch", "Fehlgeschlagene erneut abgeben")
	p.page(200, processes, "Landesarchiv der Probe", "vierstufig")

	// A package of another authority: here the town's own comes back.
	p.goTo(imports)
	p.Upload("Paket", draft(t, dir, "paket.zip", "kein Paket"))
	p.Press("Prüfen")
	p.shows(422, "kann nicht eingelesen werden")
	zip := filepath.Join(dir, head.ProcessID+"_Aussonderung.Aussonderung.0503.zip")
	if err := os.WriteFile(zip, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	p.Upload("Paket", zip)
	p.Press("Prüfen")
	p.shows(200, "Alles übernehmen", "Prüffall Haushaltsplan", plansRef)
	imported := p.Path()
	p.page(200, imports, "geprüft")
	p.goTo(imported)
	p.Fill("Aktenplaneinheit", "20.10")
	p.Press("Übernehmen")
	p.shows(422, "Wählen Sie die federführende Einheit, oder dass nur die Registratur die Akten öffnet.")
	p.Fill("Federführung", "20")
	p.Press("Übernehmen")
	p.shows(200, "Alles ist übernommen.", "Übernommen von", "Übernommene Akten", plansRef)

	// Who keeps no records.
	clerk := s.staff(t, "Claudia Amtmann")
	for i, path := range []string{dueList, processes, process, imports, imported, dueList + "/loeschungen", "/akte/auskunft"} {
		clerk.look = i == 0
		clerk.page(403, path, "Rolle Registratur")
	}
	clerk.look = true
	clerk.page(200, "/akte/akte/"+plans+"/aufbewahrung", "in der Aussonderung")
}

func (s *server) erasurePages(t *testing.T, data *db.DB) {
	dir := t.TempDir()
	p := s.staff(t, "Regina Ablage")
	p.look = false
	file, reference := p.openFile("00.50", "Beschwerde Zylinderkopf")
	kase := p.openCase(file, "Beschwerde Zylinderkopf")
	p.goTo(kase + "/dokumente")
	p.Upload("Dateien", draft(t, dir, "Beschwerde.txt", "Herr Zylinderkopf beschwert sich."))
	p.Press("Ablegen")
	p.look = true
	p.page(200, dueList+"/loeschungen", "Eine gerichtlich angeordnete Löschung beantragt die Registratur")
	change(t, data, `UPDATE records_file SET medium = 'hybrid', location = 'Keller, Regal 7' WHERE id = $1`, path.Base(file))
	p.page(200, file+"/loeschung", "Was ist zu löschen?", "Beschwerde.txt", "Standort: Keller, Regal 7")
	p.Press("Löschung beantragen")
	p.shows(422, "Nennen Sie das Gericht.", "Nennen Sie, was angeordnet ist.")
	propose := func(what string) {
		t.Helper()
		p.goTo(file + "/loeschung")
		p.Fill("Was ist zu löschen?", what)
		p.Fill("Gericht", "Verwaltungsgericht der Probe")
		p.Fill("Aktenzeichen des Gerichts", "1 K 1/26 vom 2. November 2026")
		p.Fill("Begründung", "Das Schriftstück ist zu löschen.")
		p.Press("Löschung beantragen")
		p.Want("Die Löschung ist beantragt.")
	}
	propose("Vorgang " + reference)
	p.shows(200, "wartet auf Bestätigung", "Eine andere Person muss zustimmen.")
	first := p.Path()
	status, _, body := p.ask(first, url.Values{"antwort": {"ja"}})
	if status != 403 || !strings.Contains(body, "Zustimmen muss eine andere Person") {
		t.Errorf("who proposed it confirms it: %d", status)
	}
	p.Press("Vorschlag zurücknehmen")
	p.shows(200, "Der Vorschlag ist zurückgenommen.", "zurückgenommen")
	propose("Dokument")
	second := p.Path()
	arne := s.staff(t, "Arne Altakte")
	arne.page(200, second, "Löschung bestätigen", "Das Schriftstück ist zu löschen.", "Standort: Keller, Regal 7")
	arne.Press("Löschung bestätigen")
	arne.shows(200, "Der Inhalt ist gelöscht.", "Entschieden von")
	arne.page(200, dueList+"/loeschungen", "gelöscht", "zurückgenommen", "Verwaltungsgericht der Probe")
	arne.page(200, file+"/aufbewahrung", "Gerichtliche Löschungen", "Gerichtlich angeordnete Löschung beantragen")
	arne.page(200, kase+"/dokumente")
	clerk := s.staff(t, "Claudia Amtmann")
	clerk.page(403, file+"/loeschung", "Rolle Registratur")

	// What is kept about a person.
	p.page(200, "/akte/auskunft", "Nach Art. 15 DSGVO")
	p.Fill("Name der Person", "Zy")
	p.Press("Suchen")
	p.shows(422, "Nennen Sie mindestens drei Zeichen")
	search := func(name, found string) string {
		p.goTo("/akte/auskunft")
		p.Fill("Name der Person", name)
		p.Press("Suchen")
		path := p.Path()
		p.until(path, found)
		p.shows(200, name, "Gesucht von")
		return path
	}
	search("Qqxyzzyqq", "gefunden.")
	found := search("zylinderkopf", "Angekreuztes als ZIP ausgeben")
	p.shows(200, "Erkannt an: Name", "Ganzer Vorgang mit allen Dokumenten", reference)
	whole := url.Values{"gezeigt": {"vorgang:" + path.Base(kase)}}
	if status, _, _ := p.ask(found+"/export", whole); status != 422 {
		t.Errorf("nothing chosen is given out: %d", status)
	}
	whole.Set("treffer", "vorgang:"+path.Base(kase))
	p.sends(found+"/export", whole, "application/zip", "PK")
	p.page(200, found, "Gefundenes zur Person")
	p.Press("Auswahl speichern")
	p.shows(200, "Die Auswahl ist gespeichert.")
}

func (s *server) officePages(t *testing.T, data *db.DB) {
	p := s.staff(t, "Regina Ablage")
	p.page(200, "/akte/organisation", "Organisation: Stadt Erfurt", "Kämmerei und Steuern", "Ermächtigungen", "Muster")
	save := func(fold, label, value string, more ...[2]string) {
		t.Helper()
		p.goTo("/akte/organisation")
		p.Unfold(fold)
		for _, a := range append([][2]string{{label, value}}, more...) {
			p.Fill(a[0], a[1])
		}
		p.Press("Speichern")
	}
	save("Einheit einrichten", "Kennzeichen", "")
	p.shows(422, "Bitte geben Sie ein Kennzeichen", "Bitte geben Sie eine Bezeichnung")
	save("Einheit einrichten", "Kennzeichen", "20", [2]string{"Bezeichnung", "Noch einmal"})
	p.shows(422, "Das gibt es schon")
	save("Einheit einrichten", "Kennzeichen", "99", [2]string{"Bezeichnung", "Prüfstelle"}, [2]string{"Gehört zu", "10"})
	p.shows(200, "Die Einheit ist eingerichtet.", "Prüfstelle")
	save("Mitglied hinzufügen", "Einheit", "99", [2]string{"Person", "Bitte wählen"})
	p.shows(422, "Bitte wählen Sie eine Person")
	save("Mitglied hinzufügen", "Einheit", "99", [2]string{"Person", "Regina Ablage"}, [2]string{"Rolle", "Leitung"})
	p.Want("Das Mitglied ist eingetragen.")
	p.Press("Entfernen Claudia Amtmann, 20")
	p.shows(200, "Auf dem Schreibtisch von Claudia Amtmann liegen noch", "Schreibtisch übergeben")
	p.Click("Abbrechen")
	p.Press("Entfernen Regina Ablage, 99")
	if p.Has("Trotzdem aus der Einheit nehmen") { // others work beside, and she may have a case by now
		p.Press("Trotzdem aus der Einheit nehmen")
	}
	p.Want("Das Mitglied ist entfernt.")
	p.Press("Beenden 99")
	p.Want("Die Einheit ist beendet.")
	save("Jemanden ermächtigen", "Person", "Bitte wählen")
	p.shows(422, "Bitte wählen Sie eine Person")
	save("Jemanden ermächtigen", "Person", "Doris Leitung", [2]string{"bis", "vertraulich"})
	p.shows(200, "Die Ermächtigung ist eingetragen.", "Doris Leitung: vertraulich")
	save("Aktentyp anlegen", "Name des Aktentyps", "Bauakte", [2]string{"Felder", "Flurstück; zahl"})
	p.shows(422, "Diese Zeile lässt sich nicht als Feld lesen")
	p.holds("Flurstück; zahl")
	p.Fill("Felder", "* Flurstück; text\nBaubeginn; datum\nArt; Neubau|Umbau")
	p.Press("Speichern")
	p.shows(200, "Der Aktentyp ist angelegt.", "Bauakte (0 Akten)")
	p.Fill("Muster", "{year}")
	p.Press("Speichern") // the other forms are folded
	p.shows(422, "Das Muster braucht")

	// A file of that type, and who reaches it.
	p.goTo("/akte/akten/neu")
	p.Fill("Aktenplaneinheit", "00.40")
	p.Fill("Betreff", "Anbau an das Rathaus")
	p.Fill("Federführung", "20")
	p.Fill("Aktentyp", "Bauakte")
	p.Press("Akte anlegen")
	p.shows(422, "Bitte füllen Sie „Flurstück“ aus", "Baubeginn")
	p.Fill("Flurstück", "12/3")
	p.Press("Akte anlegen")
	p.Want("Die Akte ist angelegt.", "12/3")
	file := p.Path()
	p.page(200, file+"/bearbeiten", "Flurstück", "Baubeginn", "Neubau")
	p.Fill("Flurstück", "")
	p.Press("Speichern")
	p.shows(422, "Bitte füllen Sie „Flurstück“ aus")
	p.Fill("Flurstück", "12/4")
	p.Fill("Baubeginn", "24.11.2026")
	p.Fill("Art", "Umbau")
	p.Press("Speichern")
	p.shows(200, "Die Angaben sind geändert.", "12/4", "Umbau")
	p.page(200, file+"/zugriff", "Was ohne besondere Regel gilt", "Es gibt keine besonderen Regeln.", "Regel setzen")
	p.Press("Speichern")
	p.shows(422, "Bitte wählen Sie etwas aus der Liste")
	p.Fill("Für wen?", "Cem Satzung")
	p.Choose("nichts (gesperrt)")
	p.Press("Speichern")
	p.shows(422, "Bitte nennen Sie den Grund")
	p.Fill("Grund", "Er wohnt nebenan.")
	p.Press("Speichern")
	p.shows(200, "Die Regel gilt.", "Er wohnt nebenan.", "gesperrt")
	cem := s.staff(t, "Cem Satzung")
	cem.missing(file, file+"/zugriff")
	cem.page(200, "/akte/organisation", "Kämmerei und Steuern")
	if cem.Has("Einheit einrichten") {
		t.Error("a clerk is offered to change the organisation")
	}
	cem.missing("/akte/organisation?behoerde=160715008000")
	claudia := s.staff(t, "Claudia Amtmann")
	claudia.page(200, file+"/zugriff", "Cem Satzung", "Regeln setzt die Leitung")
	p.goTo(file + "/zugriff")
	p.Press("Entfernen Cem Satzung")
	p.Want("Die Regel ist entfernt.")
	if status, _, body := cem.ask("/akte/organisation/einheit", url.Values{"authority": {"160510000000"}, "code": {"98"}, "name": {"x"}}); status != 403 ||
		!strings.Contains(body, "Das richtet die Registratur") {
		t.Errorf("a clerk makes a unit: %d", status)
	}
}

func (s *server) planPages(t *testing.T, data *db.DB) {
	p := s.staff(t, "Arne Altakte")
	p.page(200, "/akte/plan", "Aktenplan: Stadt Erfurt", "Hundesteuer", "Aktenplan austauschen", "Neue Einheit")
	p.page(200, "/akte/plan?q=Hundesteuer&alle=true", "22.31", "Filter zurücksetzen")
	p.page(200, "/akte/plan?q=Qqxyzzyqq", "Keine Einheit passt dazu.")
	p.page(422, "/akte/plan?am=gestern", "Diesen Tag gibt es nicht: gestern")
	p.page(200, "/akte/plan?unter=22&am=24.11.2026", "Ganzer Aktenplan")
	p.page(200, "/akte/plan/einheit?einheit=22.31", "Leistungen, deren Akten hier liegen", "Ändern, verschieben oder beenden")
	p.missing("/akte/plan/einheit?einheit=99.99", "/akte/plan/einheit/bearbeiten?einheit=99.99", "/akte/plan/import/"+unknownID+"/antwort?nachricht=0514")

	// A unit made, changed by two, ended.
	p.page(200, "/akte/plan/einheit/bearbeiten", "Neue Einheit", "Kennzeichen")
	p.Press("Speichern")
	p.shows(422, "Bitte geben Sie ein Kennzeichen", "Bitte geben Sie eine Bezeichnung")
	p.Fill("Kennzeichen", "22.99")
	p.Fill("Bezeichnung", "Bettensteuer")
	p.Fill("Übergeordnete Einheit", "22")
	p.Fill("Aufbewahrung", "10")
	p.Fill("Transferfrist", "2")
	p.Choose("V – vernichten")
	p.Press("Speichern")
	p.shows(200, "Die Einheit ist gespeichert.", "Bettensteuer", "Keine Leistung hat hier ihre Akten.")
	unit := p.Path()
	edit := strings.Replace(unit, "/einheit?", "/einheit/bearbeiten?", 1)
	regina := s.staff(t, "Regina Ablage")
	regina.page(200, edit, "Einheit 22.99 ändern")
	p.goTo(edit)
	p.Fill("Bezeichnung", "Übernachtungsteuer")
	p.Press("Speichern")
	p.Want("Die Einheit ist gespeichert.")
	regina.Fill("Bezeichnung", "Beherbergungsteuer")
	regina.Press("Speichern")
	regina.shows(409, "Jemand hat das inzwischen geändert.", "Zurzeit gespeichert: Übernachtungsteuer")
	regina.holds("Beherbergungsteuer")

	// A service led here, and away.
	p.goTo(unit)
	p.Unfold("Leistung hierher leiten")
	p.Fill("Leistung", "12")
	p.Press("Speichern")
	p.shows(422, "ist kein LeiKa-Schlüssel")
	p.Fill("Leistung", "hund")
	p.Press("Speichern")
	p.shows(422, "gibt es mehrere Leistungen")
	p.goTo(unit)
	p.Unfold("Leistung hierher leiten")
	p.Fill("Leistung", "99102003000000")
	p.Fill("Federführung", "20")
	p.Press("Speichern")
	p.shows(200, "Die Leistung hat ihre Akten jetzt hier.", "99102003000000", "20 Kämmerei und Steuern")
	p.Click("Federführung ändern")
	p.shows(200, "Leistung hierher leiten")
	p.goTo(unit)
	p.Press("Entfernen")
	p.Want("Die Leistung hat keine eigene Einheit mehr.")

	// Taken away and brought.
	p.page(200, "/akte/plan/austausch", "Aktenplan austauschen", "xdomea 0301", "Beispielplan für Kommunen")
	table := regexp.MustCompile(`(?s)^.*22\.99`)
	status, header, body := p.ask("/akte/plan/export?format=csv", nil)
	if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || !table.MatchString(body) {
		t.Errorf("the plan as a table: %d %v", status, header)
	}
	p.sends("/akte/plan/export?format=0301", nil, "application/zip", "PK")
	p.Press("Vorschau")
	p.shows(422, "Bitte wählen Sie eine Datei")
	dir := t.TempDir()
	p.Upload("Datei", draft(t, dir, "plan.csv", "code;title;retention_years\n22.99;;ewig\n22.99;Doppelt;10"))
	p.Press("Vorschau")
	p.shows(422, "Nichts wurde übernommen.", "Was nicht stimmt", "Zeile 2")
	p.Upload("Datei", draft(t, dir, "plan.csv", "code;title\n22.99;Kurtaxe"))
	p.Press("Vorschau")
	p.shows(200, "Vorschau der Übernahme", "bisher Übernachtungsteuer, jetzt Kurtaxe")
	p.Press("Übernehmen")
	p.shows(200, "Der Aktenplan ist übernommen.", "Kurtaxe")
	p.page(200, "/akte/plan/austausch", "Zuletzt übernommen", "plan.csv")
	p.Upload("Datei", draft(t, dir, "plan.csv", "code;title\n22.99;Kurtaxe"))
	p.Press("Vorschau")
	p.shows(200, "Der Aktenplan ist schon so")

	clerk := s.staff(t, "Claudia Amtmann")
	clerk.page(200, "/akte/plan", "Hundesteuer")
	clerk.page(200, unit, "Kurtaxe", "Verlauf")
	clerk.page(200, "/akte/plan/austausch", "Herunterladen")
	clerk.page(403, edit, "Den Aktenplan ändert die Registratur")
}
