package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/standards/xdomea"
)

// letter is the mail that the journey begins with.
const letter = "From: Traktor e. V. <post@traktor.example>\r\nTo: stadt@example.org\r\nSubject: Zuschuss zum Vereinsheim\r\n" +
	"Date: Mon, 23 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWir bitten um einen Zuschuss zur Dachsanierung.\r\n" +
	"--b\r\nContent-Type: text/plain; name=kosten.txt\r\nContent-Disposition: attachment; filename=kosten.txt\r\n\r\n12.000 Euro\r\n--b--\r\n"

// The life of a file: a letter comes in, is filed, is answered with three co-signatures, one of them by a deputy, and a
// final signature; the file closes, its retention ends, the archive takes it, and it is destroyed.
func TestRecordsJourney(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, dir, "demo", "--data", "d", "--listen", "127.0.0.1:0")
	data := dbtest.OpenAddress(t, "sqlite:"+filepath.Join(dir, "d", "rennsteig.db"))
	staff := func(name string) *person {
		p := s.person(t, true)
		p.signIn(asStaff, name)
		return p
	}
	cem := staff("Cem Satzung")
	cem.goTo("/akte/abwesenheit")
	cem.Fill("Erster Tag", time.Now().Format("02.01.2006"))
	cem.Fill("Letzter Tag", time.Now().AddDate(0, 0, 14).Format("02.01.2006"))
	cem.Fill("Vertretung", "Claudia Amtmann")
	cem.Press("Eintragen")
	cem.see("abwesenheit", "Die Abwesenheit ist eingetragen.", "Claudia Amtmann")

	// The letter is registered and becomes a case in a file of its own.
	claudia := staff("Claudia Amtmann")
	mail := filepath.Join(dir, "anfrage.eml")
	if err := os.WriteFile(mail, []byte(letter), 0o600); err != nil {
		t.Fatal(err)
	}
	claudia.goTo("/akte/posteingang")
	claudia.Unfold("Post erfassen")
	claudia.Upload("Dateien", mail)
	claudia.Press("Erfassen")
	claudia.see("posteingang", "Die Post ist erfasst.", "Zuschuss zum Vereinsheim", "Traktor e. V.")
	claudia.Click("Zuschuss zum Vereinsheim")
	claudia.see("eingang", "kosten.txt")
	claudia.Fill("Betreff des Vorgangs", "Zuschuss Dachsanierung")
	claudia.Fill("Aktenplaneinheit", "02.10")
	claudia.Fill("Federführende Einheit", "20")
	claudia.Press("Akte und Vorgang anlegen")
	claudia.see("eingang-zugeordnet", "Die Post ist zugeordnet.", "Zuordnung zurücknehmen")
	claudia.Click(caseReference.FindString(claudia.Text()) + " Zuschuss Dachsanierung")
	kase := claudia.Path()
	claudia.see("vorgang-allgemein", "Zuschuss Dachsanierung", "in Bearbeitung")

	// A draft, two versions of it.
	claudia.goTo(kase + "/dokumente")
	claudia.see("dokumente", "anfrage.eml", "kosten.txt")
	claudia.Unfold("Dokumente hinzufügen")
	claudia.Upload("Dateien", draft(t, dir, "Antwort.txt", "Erster Entwurf"))
	claudia.Press("Ablegen")
	claudia.see("", "Die Dokumente sind abgelegt.", "Antwort.txt")
	claudia.Click("Antwort.txt")
	card := claudia.Path()

	claudia.goTo(kase + "/geschaeftsgang")
	claudia.Unfold("Geschäftsgang starten")
	claudia.Fill("Worum geht es?", "Antwort.txt")
	claudia.Fill("Schritt 1: Verfügung", "Mitzeichnung")
	claudia.Fill("Schritt 1: Empfänger", "Birgit Steuer")
	claudia.Fill("Schritt 1: und", "Cem Satzung")
	claudia.Fill("Schritt 2: Verfügung", "Mitzeichnung")
	claudia.Fill("Schritt 2: Empfänger", "Arne Altakte")
	claudia.Fill("Schritt 3: Verfügung", "Schlusszeichnung")
	claudia.Fill("Schritt 3: Empfänger", "Doris Leitung")
	claudia.Press("Geschäftsgang starten")
	claudia.see("geschaeftsgang", "Der Geschäftsgang ist gestartet.", "Mitzeichnung", "Birgit Steuer", "Doris Leitung")

	birgit, arne, doris := staff("Birgit Steuer"), staff("Arne Altakte"), staff("Doris Leitung")
	sign := func(p *person, button string) {
		t.Helper()
		p.goTo("/akte/aufgaben")
		p.see("aufgaben", "Zuschuss Dachsanierung")
		p.goTo(kase + "/geschaeftsgang")
		p.Press(button)
		p.Want("Ihre Zeichnung ist festgehalten.")
	}
	sign(birgit, "Mitzeichnen")
	claudia.goTo("/akte/aufgaben?ansicht=vertretung")
	claudia.see("aufgaben-vertretung", "Zuschuss Dachsanierung", "in Vertretung für Cem Satzung")
	sign(claudia, "Mitzeichnen")
	claudia.Want("Claudia Amtmann i. V. für Cem Satzung")

	// A new version makes the signatures void.
	claudia.goTo(card)
	claudia.Upload("Neue Fassung", draft(t, dir, "Antwort.txt", "Zweiter Entwurf"))
	claudia.Press("Neue Fassung ablegen")
	claudia.see("dokument", "Die neue Fassung ist abgelegt.")
	arne.goTo(kase + "/geschaeftsgang")
	arne.see("zeichnung-ungueltig", "neue Fassung: gilt nicht mehr")
	sign(birgit, "Mitzeichnen")
	sign(claudia, "Mitzeichnen")
	sign(arne, "Mitzeichnen")
	sign(doris, "Schlusszeichnen")
	claudia.goTo(card)
	claudia.see("dokument-schlussgezeichnet", "schlussgezeichnet", "Neue Fassungen gibt es nicht mehr")
	claudia.goTo(kase + "/verlauf")
	claudia.see("verlauf", "Claudia Amtmann", "Doris Leitung")
	claudia.until("/akte/suche?q=Dachsanierung+Vereinsheim", "Zuschuss zum Vereinsheim")
	claudia.see("suche-akte")
	claudia.goTo(kase)
	claudia.Press("Zu den Akten (z. d. A.)")
	claudia.Press("Jetzt zu den Akten nehmen")
	claudia.see("", "Der Vorgang liegt bei den Akten.")
	claudia.Click("Akte 02.10")
	file := claudia.Path()
	claudia.see("akte", "geschlossen", "Zuschuss Dachsanierung")
	claudia.goTo(file + "/nachweis")
	claudia.see("nachweis", "bewiesen")
	for _, page := range []string{"/zugriff", "/aufbewahrung"} {
		claudia.goTo(file + page)
		claudia.see("akte-" + path.Base(page))
	}

	s.archived(t, dir, data, staff("Regina Ablage"), file, kase)
}

// archived takes the closed file to the archive in four steps, and destroys it.
func (s *server) archived(t *testing.T, dir string, data *db.DB, regina *person, file, kase string) {
	t.Helper()
	id := path.Base(file)
	if err := data.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { // twenty years later
		_, err := tx.Exec(ctx, `UPDATE records_file SET closed_at = $1, retain_until = $2 WHERE id = $3`,
			db.Micros(time.Now().AddDate(-20, 0, 0)), db.Micros(time.Now().AddDate(-9, 0, 0)), id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	regina.goTo("/akte/aussonderung/verfahren")
	regina.Unfold("Vereinbarung mit dem Archiv: Stadt Erfurt")
	regina.Fill("Archiv", "Landesarchiv der Probe")
	regina.Press("Vereinbarung speichern")
	regina.see("aussonderung-vereinbarung", "Die Vereinbarung ist gespeichert.")
	regina.until("/akte/aussonderung", "Zuschuss Dachsanierung")
	regina.see("aussonderung", "Abgelaufene Aufbewahrung")
	reference := regexp.MustCompile(`02\.10-\d{4}/\d+`).FindString(regina.Text())
	regina.Choose(reference + " auswählen")
	regina.Press("Anbieten (vierstufig)")
	process := regina.Path()
	regina.until(process, "noch nicht abgeholt")
	regina.see("aussonderung-angeboten", "0501 Anbieteverzeichnis", "Bewertung steht aus")
	offer := download(t, regina, "0501 Anbieteverzeichnis")
	head := offer.Head()

	regina.goTo("/akte/aussonderung/verfahren")
	regina.Upload("Nachricht", archiveSays(t, dir, head.ProcessID, xdomea.AppraisalList, &xdomea.Appraised{ID: id, Appraisal: xdomea.Archive}))
	regina.Press("Einlesen")
	regina.see("aussonderung-bewertet", "Die Bewertung ist eingelesen.", "bewertet")
	regina.Press("Akten an das Archiv abgeben")
	regina.until(process, "0503 Aussonderung")
	for deadline := time.Now().Add(patience); !regina.Has("Übernahme steht aus") && time.Now().Before(deadline); {
		regina.goTo(process)
	}
	regina.see("aussonderung-abgegeben", "Übernahme steht aus")
	handed := download(t, regina, "0503 Aussonderung")
	names := 0
	for item, err := range handed.Items() {
		if err != nil {
			t.Fatal(err)
		}
		f, ok := item.(*xdomea.File)
		if !ok || f.ID != id || f.General.Reference != reference {
			t.Fatalf("handed over is %+v", item)
		}
		names += versions(f.Cases[0].Documents)
	}
	if names != 5 { // message, attachment, two versions of the answer, the sheet that says how it went from desk to desk
		t.Errorf("%d versions of documents handed over", names)
	}
	regina.goTo("/akte/aussonderung/verfahren")
	regina.Upload("Nachricht", archiveSays(t, dir, head.ProcessID, xdomea.DisposalResult, &xdomea.Result{ID: id, OK: true, ArchiveID: "LA 4711"}))
	regina.Press("Einlesen")
	regina.see("aussonderung-uebernommen", "Die Importbestätigung ist eingelesen.", "vom Archiv übernommen")
	regina.Press("Akten vernichten")
	regina.until(process, "vernichtet")
	regina.until(file+"/aufbewahrung", "Vernichtungsnachweis")
	regina.see("akte-vernichtet", "LA 4711", "vernichtet")
	regina.goTo(file)
	regina.see("akte-im-archiv", "Diese Akte ist im Archiv.", "Vernichtungsnachweis", "Zum Aussonderungsverfahren")
	regina.goTo(kase)
	if regina.Status() != 404 {
		t.Errorf("the case is still there: %d", regina.Status())
	}
	regina.until("/akte/suche?q=Dachsanierung+Vereinsheim", "Nichts gefunden.")
	rennsteig(t, dir, true, "audit", "verify", "--data", "d")
}

// versions counts those of the documents, with their attachments.
func versions(documents []xdomea.Document) (n int) {
	for _, d := range documents {
		n += len(d.Versions)
		for _, a := range d.Attachments {
			n += len(a.Versions)
		}
	}
	return n
}

func draft(t *testing.T, dir, name, text string) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// download fetches a package from the process's page and checks it as the archive would.
func download(t *testing.T, p *person, link string) *xdomea.Package {
	t.Helper()
	header, body := p.Download(link)
	name := regexp.MustCompile(`filename="?([^";]+)`).FindStringSubmatch(header.Get("Content-Disposition"))
	if name == nil {
		t.Fatalf("no name: %s", header.Get("Content-Disposition"))
	}
	found, err := xdomea.CheckPackage(bytes.NewReader(body), int64(len(body)), name[1], xdomea.Options{})
	found = slices.DeleteFunc(found, func(f xdomea.Finding) bool { return f.Severity == xdomea.Note })
	if err != nil || len(found) > 0 {
		t.Fatalf("%s: %v %v", name[1], found, err)
	}
	pack, err := xdomea.OpenPackage(bytes.NewReader(body), int64(len(body)), xdomea.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pack.Close() })
	return pack
}

// archiveSays writes a message of the archive, by hand.
func archiveSays(t *testing.T, dir, process string, message xdomea.Message, items ...xdomea.Item) string {
	t.Helper()
	var b bytes.Buffer
	w, err := xdomea.NewWriter(&b, xdomea.Head{ProcessID: process, Message: message, Created: time.Now(),
		Sender: xdomea.Contact{Organisation: "Landesarchiv der Probe"}, Recipient: xdomea.Contact{Organisation: "Erfurt"}})
	for _, item := range items {
		if err == nil {
			err = w.Write(item)
		}
	}
	if err == nil {
		err = w.Close()
	}
	name := filepath.Join(dir, fmt.Sprintf("%s_%s.xml", process, message))
	if err == nil {
		err = os.WriteFile(name, b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}
