package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rennsteig/e2e/browser"
)

// person is somebody with a browser of their own.
type person struct {
	*browser.Browser
	t   *testing.T
	url string
	// look looks at each page as axe and html-validate do.
	look bool
}

func (s *server) person(t *testing.T, look bool, options ...browser.Option) *person {
	t.Helper()
	if s.manyPages {
		options = append(options, browser.TwoViews)
	}
	return &person{s.chromium().Person(t, options...), t, s.url, look}
}

// see checks the page: its texts, and that it is accessible and valid. The picture is for people.
func (p *person) see(shot string, texts ...string) {
	p.t.Helper()
	p.Want(texts...)
	if p.look {
		if strings.Contains(p.Text(), "%!") {
			p.t.Errorf("%s has a text with too much or too little to say:\n%s", p.Path(), p.Text())
		}
		p.Check()
		if shot != "" {
			p.Shot(shot)
		}
	}
}

func (p *person) goTo(path string) { p.t.Helper(); p.Open(p.url + path) }

// until opens the page again until it has the text: jobs are done in the background.
func (p *person) until(path, text string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		p.goTo(path)
		if p.Has(text) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s never had %q; it has:\n%s", path, text, p.Text())
		}
	}
}

func (p *person) signIn(door, name string) {
	p.t.Helper()
	p.goTo("/anmelden")
	p.see("", "Anmelden")
	p.Press(door)
	p.see("anmelden-demo", "Demo-Anmeldung")
	p.Press("Anmelden als " + name)
	p.Want(name)
}

const (
	asCitizen = "Als Bürgerin oder Bürger anmelden"
	asStaff   = "Als Beschäftigte anmelden"
)

// fields are answers on one page of a form: label and value, or the label of a choice and "✓".
type fields [][2]string

func (p *person) answer(title string, answers fields) {
	p.t.Helper()
	p.see("antrag-"+strings.ToLower(strings.Fields(title)[0]), title)
	for _, a := range answers {
		if a[1] == "✓" {
			p.Choose(a[0])
		} else {
			p.Fill(a[0], a[1])
		}
	}
	p.Press("Weiter")
}

// sent is what somebody keeps who has sent an application.
type sent struct{ reference, code string }

var (
	referencePattern = regexp.MustCompile(`R\d\d(-[0-9A-Z]{4}){2}`)
	codePattern      = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`)
)

func (p *person) confirmation() sent {
	p.t.Helper()
	text := p.Text()
	s := sent{referencePattern.FindString(text), codePattern.FindString(text)}
	if s.reference == "" || s.code == "" {
		p.t.Fatalf("no reference or code in:\n%s", text)
	}
	return s
}

// pdf writes a small PDF to upload.
func pdf(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The main journey: from "hund anmelden" in Erfurt to a paid notice, with every page looked at.
func TestDogJourney(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, dir, "demo", "--data", "d", "--listen", "127.0.0.1:0")
	citizen := s.person(t, true)

	citizen.goTo("/")
	citizen.see("start", "Das richtige Amt finden")
	citizen.Fill("Was möchten Sie erledigen?", "hund anmelden")
	citizen.Fill("Ort oder Postleitzahl", "Erfurt")
	citizen.Press("Suchen")
	citizen.see("suche", "Hundehaltung", "Stadt Erfurt", "eigene Aufgabe", "Mein Ort: Erfurt")
	citizen.Click("Online beantragen")
	citizen.see("antrag-start", "Hund anmelden", "Stadt Erfurt", "Datenschutz", "Rechtsgrundlage")
	citizen.Press("Ohne Konto beginnen")

	// Nothing filled in: the page says what is wrong, and keeps nothing.
	citizen.Press("Weiter")
	citizen.see("antrag-fehler", "Vornamen: Bitte ausfüllen")
	if title := citizen.Title(); !strings.HasPrefix(title, "Fehler") {
		t.Errorf("title %q does not begin with Fehler", title)
	}
	citizen.answer("Wer hält den Hund?", fields{{"Vornamen", "Łucja"}, {"Familienname", "Müller-Çelik"}, {"Geburtsdatum", "03.04.1985"}})
	citizen.answer("Wo wohnen Sie?", fields{{"Straße", "Beispielweg"}, {"Hausnummer", "7a"}, {"Postleitzahl", "99084"}, {"Ort", "Erfurt"}})
	citizen.answer("Wie erreichen wir Sie?", fields{{"E-Mail-Adresse", "lucja@example.org"}})
	citizen.answer("Um welchen Hund geht es?", fields{{"Name des Hundes", "Bello"}, {"Rasse", "Dackel"}, {"Rüde", "✓"},
		{"Geburtsdatum des Hundes", "01.05.2026"}, {"Chipnummer", "276098106543210"}})
	citizen.answer("Seit wann halten Sie den Hund?", fields{{"Gehalten seit", "01.10.2026"}, {"aus einem Tierheim", "✓"},
		{"Wie viele weitere Hunde leben in Ihrem Haushalt?", "0"}})
	citizen.answer("Gilt der Hund als gefährlich?", fields{{"Nein", "✓"}})
	citizen.answer("Beantragen Sie eine Ermäßigung oder Befreiung?", fields{{"Hund aus dem Tierheim", "✓"}})
	citizen.answer("Warum beantragen Sie das?", fields{{"Warum beantragen Sie das?", "Bello kommt aus dem Tierheim."}})
	citizen.Upload("Nachweise für die Ermäßigung", pdf(t, "Tierheim.pdf"))
	citizen.Press("Datei hochladen")
	citizen.see("antrag-datei", "Tierheim.pdf")
	citizen.Press("Weiter")
	citizen.answer("Wie möchten Sie die Steuer zahlen?", fields{{"Ich zahle selbst, wenn der Bescheid da ist", "✓"}})
	citizen.see("antrag-pruefen", "Angaben prüfen und absenden", "Łucja", "Dackel", "Tierheim.pdf", "276098106543210")

	// Back to change one answer; nothing else is lost.
	citizen.Click("Ändern : Rasse")
	citizen.Fill("Rasse", "Rauhaardackel")
	citizen.Press("Speichern und zur Übersicht der Angaben")
	citizen.Want("Rauhaardackel", "Łucja", "276098106543210")
	citizen.send("Antrag absenden")
	citizen.see("gesendet", "Ihr Antrag ist eingegangen", "Wie es weitergeht")
	mine := citizen.confirmation()
	status := "/status/" + mine.reference

	citizen.until(status, "Aktenzeichen")
	citizen.see("status", "in Bearbeitung", "22.31-2026/000001")
	citizen.downloadPDF(status, "Eingangsbestätigung (PDF)", mine.reference)

	// Somebody else's browser needs reference and code.
	other := s.person(t, false)
	other.goTo(status)
	if other.Has("22.31") {
		t.Error("a stranger sees the application")
	}
	other.goTo("/status")
	other.Fill("Referenznummer", mine.reference)
	other.Fill("Zugangscode", "AAAA-BBBB-CCCC-DDDD")
	other.Press("Stand anzeigen")
	other.Want("passen nicht zusammen")
	other.Fill("Zugangscode", strings.ToLower(mine.code))
	other.Press("Stand anzeigen")
	other.Want(mine.reference, "in Bearbeitung")

	// The clerk of Erfurt.
	clerk := s.person(t, true)
	clerk.signIn(asStaff, "Claudia Amtmann")
	clerk.goTo("/akte")
	clerk.see("eingang", "22.31-2026/000001", "Müller-Çelik")
	clerk.Click("22.31-2026/000001-1")
	clerk.see("vorgang", "Hund", "Rauhaardackel", "276098106543210", "Tierheim.pdf")
	casePath := clerk.Path()
	clerk.Press("Übernehmen")
	clerk.Want("Sie haben den Vorgang übernommen.")
	clerk.Unfold("Notiz hinzufügen")
	clerk.Fill("Notiz", "Tierheim angerufen, Angaben stimmen.")
	clerk.Press("Notiz speichern")
	clerk.Want("Die Notiz ist gespeichert.", "Tierheim angerufen")
	clerk.Unfold("Unterlagen oder Auskunft nachfordern")
	clerk.Fill("Was fehlt?", "Bitte senden Sie den Vertrag mit dem Tierheim.")
	clerk.Press("Nachforderung senden")
	clerk.Want("Die Nachforderung ist gesendet.", "wartet auf Antwort")

	// The clerk of another authority sees none of it.
	foreign := s.person(t, false)
	foreign.signIn(asStaff, "Viktor Gemeinschaft")
	foreign.goTo("/akte")
	if foreign.Has("Müller") {
		t.Error("another authority's clerk sees the case in the inbox")
	}
	foreign.goTo(casePath)
	if foreign.Status() != 404 || foreign.Has("Bello") {
		t.Errorf("another authority's clerk sees the case: %d", foreign.Status())
	}

	// The citizen answers.
	citizen.until(status, "Bitte senden Sie den Vertrag")
	citizen.see("status-frage", "Rückfrage der Behörde")
	citizen.Click("Jetzt antworten")
	citizen.see("antwort", "Ihre Antwort")
	citizen.Fill("Ihre Antwort", "Hier ist der Vertrag.")
	citizen.Upload("Datei", pdf(t, "Vertrag.pdf"))
	citizen.Press("Antwort senden")
	citizen.Want("Ihre Antwort ist gesendet.")

	// The clerk decides.
	clerk.until(casePath, "Vertrag.pdf")
	clerk.Click("Stattgeben")
	clerk.see("entscheiden", "Dem Antrag stattgeben", "Demowert")
	clerk.Fill("Begründung", "Der Hund wird seit dem 1. Oktober 2026 in Erfurt gehalten. Die Steuer folgt der Satzung.")
	clerk.Press("Bescheid prüfen")
	clerk.see("bescheid-pruefen", "Bescheid prüfen und erlassen", "Rechtsbehelfsbelehrung", "60,00")
	clerk.send("Bescheid erlassen")
	clerk.Want("Der Bescheid ist erlassen.")
	clerk.until(casePath, "Bescheid (PDF)")
	clerk.see("vorgang-entschieden", "entschieden", "Kassenzeichen")

	// The citizen reads the notice and pays: first it fails, then it works.
	citizen.until(status, "Die Entscheidung ist da")
	citizen.see("status-entschieden", "Zahlung offen", "60,00")
	citizen.Click("Bescheid lesen")
	citizen.see("bescheid", "Stadt Erfurt", "Begründung", "seit dem 1. Oktober 2026", "Rechtsbehelfsbelehrung", "Widerspruch", "Kassenzeichen")
	citizen.downloadPDF(status, "Bescheid als PDF", "Müller-Çelik")
	citizen.goTo(status)
	citizen.Click("Jetzt bezahlen")
	citizen.see("bezahlen", "60,00", "Kassenzeichen", "Stadt Erfurt")
	payPath := citizen.Path()
	citizen.Press("Jetzt bezahlen")
	citizen.see("testanbieter", "Testanbieter", "es fließt kein Geld")
	citizen.Press("Fehlschlag")
	citizen.goTo(payPath)
	citizen.Want("fehlgeschlagen")
	citizen.Press("Noch einmal versuchen")
	citizen.Press("Erfolgreich bezahlen")
	citizen.until(status, "Betrag aus dem Bescheid bezahlt")
	citizen.see("status-bezahlt", "bezahlt")
	citizen.goTo(payPath)
	citizen.Want("Die Zahlung ist eingegangen")

	clerk.until(casePath, "Bescheid bezahlt")
	clerk.Press("Zu den Akten (z. d. A.)")
	clerk.Press("Jetzt zu den Akten nehmen")
	clerk.Want("Der Vorgang liegt bei den Akten.")

	// The treasurer finds the cent, the auditor every step, the operator no dead letter.
	treasurer := s.person(t, true)
	treasurer.signIn(asStaff, "Karl Kassel")
	treasurer.goTo("/kasse")
	treasurer.see("kasse", "60,00", "bezahlt")

	auditor := s.person(t, true)
	auditor.signIn(asStaff, "Rita Revision")
	auditor.until("/revision", "Vorgang abgeschlossen")
	auditor.see("revision", "Entschieden", "Zahlung verbucht", "Antrag zur Akte genommen", "Antrag abgesandt")
	auditor.Click("Entschieden")
	auditor.until(auditor.Path(), "Unverändert")
	auditor.see("revision-eintrag", "Weg vom Eintrag zur Wurzel")

	operator := s.person(t, true)
	operator.signIn(asStaff, "Otto Betrieb")
	operator.goTo("/betrieb/auftraege")
	operator.see("auftraege")

	// Behind the program's back a byte of a filed document changes: verify names it.
	rennsteig(t, dir, true, "audit", "verify", "--data", "d")
	flipBlob(t, filepath.Join(dir, "d", "blobs"))
	if out := rennsteig(t, dir, false, "audit", "verify", "--data", "d"); !strings.Contains(out, "entry") {
		t.Errorf("verify does not name the entry:\n%s", out)
	}
}

// send presses the button that sends something for good.
func (p *person) send(button string) {
	p.t.Helper()
	if p.Has("Ich versichere") || p.Has("Erklärung") {
		p.Choose("Ich versichere, dass meine Angaben richtig und vollständig sind. Änderungen teile ich der Gemeinde mit.")
	}
	p.Press(button)
}

// downloadPDF fetches what the link on the page leads to, once the job has made it, and looks for the text.
func (p *person) downloadPDF(path, link, text string) {
	p.t.Helper()
	p.until(path, link)
	header, body := p.Download(link)
	if got := header.Get("Content-Type"); got != "application/pdf" || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		p.t.Errorf("%s: %s, %s", link, got, header.Get("Content-Disposition"))
	}
	c := exec.Command("pdftotext", "-", "-")
	c.Stdin = bytes.NewReader(body)
	out, err := c.Output()
	if err != nil {
		p.t.Fatalf("pdftotext: %v", err)
	}
	if !strings.Contains(string(out), text) {
		p.t.Errorf("%s has no %q:\n%s", link, text, out)
	}
}

// rennsteig runs a command and returns what it printed.
func rennsteig(t *testing.T, dir string, works bool, args ...string) string {
	t.Helper()
	c := exec.Command("rennsteig", args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if (err == nil) != works {
		t.Errorf("rennsteig %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func flipBlob(t *testing.T, dir string) {
	t.Helper()
	done := false
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || done || d.IsDir() || len(d.Name()) < 60 {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b[len(b)/2] ^= 1
		done = true
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil || !done {
		t.Fatalf("no stored file changed: %v", err)
	}
}
