package e2e

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rennsteig/platform/db"
)

// recordsPages are the pages of the electronic file in the states that its journey does not come by.
func (s *server) recordsPages(t *testing.T, data *db.DB) {
	for name, pages := range map[string]func(*testing.T, *db.DB){
		"files": s.filesPages, "lists": s.listsPages, "changes": s.changesPages, "signing": s.signingPages, "documents": s.documentsPages, "post": s.postPages, "tasks": s.tasksPages, "courses": s.coursesPages,
		"office": s.officePages, "plan": s.planPages, "disposal": s.disposalPages, "erasure": s.erasurePages, "auditor": s.auditorPages,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); pages(t, data) })
	}
}

// staff is somebody signed in who looks at each page.
func (s *server) staff(t *testing.T, name string) *person {
	t.Helper()
	p := s.person(t, false)
	p.signIn(asStaff, name)
	p.look = true
	return p
}

var (
	fileReference = regexp.MustCompile(`\d\d\.\d\d-\d{4}/\d{6}`)
	caseReference = regexp.MustCompile(`\d\d\.\d\d-\d{4}/\d{6}-\d+`)
)

// openFile opens a file at the desk, with more answers in the form.
func (p *person) openFile(unit, subject string, more ...[2]string) (path, reference string) {
	p.t.Helper()
	p.goTo("/akte/akten/neu")
	for _, a := range append([][2]string{{"Aktenplaneinheit", unit}, {"Betreff", subject}}, more...) {
		p.Fill(a[0], a[1])
	}
	p.Press("Akte anlegen")
	p.Want("Die Akte ist angelegt.", subject)
	return p.Path(), fileReference.FindString(p.Text())
}

// openCase opens a case in the file.
func (p *person) openCase(file, subject string) (path string) {
	p.t.Helper()
	p.goTo(file + "/vorgang")
	p.Fill("Betreff", subject)
	p.Press("Vorgang anlegen")
	p.Want("Der Vorgang ist angelegt.", subject)
	return p.Path()
}

// ask sends a form, or with a nil form only asks, as the person's browser would, and returns the answer as it comes.
func (p *person) ask(path string, form url.Values) (status int, header http.Header, body string) {
	p.t.Helper()
	method, content := http.MethodGet, ""
	if form != nil {
		method, content = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(content))
	if err != nil {
		p.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range p.Cookies(p.url + path) {
		r.AddCookie(c)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

// sends ends the test if the answer to the form is no file of that type that begins so.
func (p *person) sends(path string, form url.Values, kind, begin string) {
	p.t.Helper()
	status, header, body := p.ask(path, form)
	if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), kind) || !strings.HasPrefix(body, begin) ||
		!strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		p.t.Fatalf("%s answers %d %v: %.200s", path, status, header, body)
	}
}

// missing looks at the page of something that is not there, or not for this person.
func (p *person) missing(paths ...string) {
	p.t.Helper()
	for i, path := range paths {
		p.look = i == 0 // they all look the same
		p.page(404, path, "Seite nicht gefunden")
	}
	p.look = true
}

func (s *server) filesPages(t *testing.T, data *db.DB) {
	p := s.staff(t, "Claudia Amtmann")
	p.page(200, "/akte/akten/neu", "Akte anlegen", "Federführung")
	p.Press("Akte anlegen")
	p.shows(422, "Bitte geben Sie den Betreff an")
	p.Fill("Aktenplaneinheit", "02.10")
	p.Fill("Betreff", "Stühle für das Bürgerhaus")
	p.Fill("Medium", "Papier")
	p.Press("Akte anlegen")
	p.shows(422, "Bitte geben Sie an, wo das Papier liegt")
	p.holds("Stühle für das Bürgerhaus")
	p.Fill("Ort des Papiers", "Keller, Regal 4")
	p.Fill("Schlagwörter", "Möbel, Saal")
	p.Fill("Federführung", "20")
	p.Fill("Offen für", "lesen: alle")
	p.Press("Akte anlegen")
	p.shows(200, "Die Akte ist angelegt.", "noch kein Vorgang", "nicht in Teilakten gegliedert", "keine Verweise", "Keller, Regal 4", "Möbel, Saal")
	file := p.Path()
	_, other := p.openFile("02.10", "Tische für das Bürgerhaus", [2]string{"Federführung", "20"}, [2]string{"Offen für", "nur die federführende"})
	closed := p.Path()

	// Parts, links, lending, marking.
	p.goTo(file)
	p.Unfold("Teilakte anlegen")
	p.Press("Teilakte anlegen")
	p.shows(422, "Bitte geben Sie den Betreff an")
	p.Fill("Betreff", "Angebote")
	p.Press("Teilakte anlegen")
	p.Want("Die Teilakte ist angelegt.", "Angebote")
	p.Unfold("Verweis setzen")
	p.Fill("Aktenzeichen der anderen Akte", "02.10-2026/999999")
	p.Press("Verweis setzen")
	p.shows(422, "keine andere Akte, die Sie sehen dürfen")
	p.Fill("Aktenzeichen der anderen Akte", other)
	p.Fill("Art des Verweises", "Beiakte")
	p.Press("Verweis setzen")
	p.Want("Der Verweis ist gesetzt.", other)
	p.Unfold("Papier ausleihen")
	p.Press("Ausleihe vermerken")
	p.shows(422, "Bitte geben Sie an, an wen das Papier geht")
	p.Fill("An wen?", "Rechnungsprüfung")
	p.Press("Ausleihe vermerken")
	p.Want("Die Ausleihe ist vermerkt.", "an Rechnungsprüfung bis")
	p.Press("Akte merken")
	p.shows(200, "Ihre Merkliste ist geändert.", "Nicht mehr merken", "Papier ist zurück", "Verweis entfernen", "Beiakte")
	p.page(200, "/akte/ausleihen", "Stühle für das Bürgerhaus", "Rechnungsprüfung", "Keller, Regal 4")
	p.list("Rechnungsprüfung")
	p.Press("Papier ist zurück")
	p.shows(422, "Bitte kreuzen Sie mindestens eine Zeile an")
	p.goTo(file)
	p.Press("Papier ist zurück")
	p.Want("Das Papier ist zurück.")
	p.page(200, "/akte/ausleihen?q=Niemand&stand=ueberfaellig", "Zu diesen Angaben ist kein Papier ausgeliehen.", "Filter zurücksetzen")
	p.goTo(file)
	p.Press("Verweis entfernen")
	p.Want("Der Verweis ist entfernt.")
	p.page(200, "/akte/akten?liste=gemerkt&stand=open&einheit=02.10", "Stühle für das Bürgerhaus", "Filter zurücksetzen")
	p.page(200, "/akte/akten?schlagwort=möbel", "Stühle für das Bürgerhaus", "Filter zurücksetzen")
	p.page(200, "/akte/akten?q=Niemand&stand=closed", "Zu diesen Angaben gibt es keine Akten")

	// Cases at the desk.
	p.page(200, file+"/vorgang", "Untervorgang von", "Teilakte")
	p.Press("Vorgang anlegen")
	p.shows(422, "Bitte geben Sie den Betreff an")
	p.Fill("Betreff", "Angebote einholen")
	p.Fill("Teilakte", "1 Angebote")
	p.Press("Vorgang anlegen")
	p.shows(200, "Der Vorgang ist angelegt.", "Angebote einholen", "in Bearbeitung")
	kase := p.Path()
	p.Click("Untervorgang anlegen")
	p.shows(200, "Untervorgang von", "Angebote einholen", "Erledigen bis")
	p.Fill("Betreff", "Muster ansehen")
	p.Press("Vorgang anlegen")
	p.Want("Der Vorgang ist angelegt.", "Gehört zu")
	below := p.Path()
	p.openCase(file, "Rechnung prüfen")
	sub := p.Path()
	p.page(200, file, "Ohne Teilakte", "Teilakte 1 Angebote", "└")
	p.Click("Ändern Teilakte 1 Angebote")
	p.shows(200, "Teilakte ändern")
	p.Choose("geschlossen: nimmt keine Vorgänge mehr auf")
	p.Press("Speichern")
	p.shows(409, "Die Teilakte hat noch offene Vorgänge: 2")
	p.Fill("Betreff", "Angebote und Muster")
	p.Choose("offen")
	p.Press("Speichern")
	p.Want("Die Teilakte ist geändert.", "Teilakte 1 Angebote und Muster")
	p.goTo(kase)
	p.Click("Teilakte 1 Angebote und Muster")
	p.shows(200, "Muster ansehen")
	p.goTo(file + "/vorgang")
	p.Fill("Betreff", "Noch ein Muster")
	p.Fill("Untervorgang von", "99")
	p.Press("Vorgang anlegen")
	p.shows(422, "In dieser Akte gibt es keinen Vorgang mit diesem Aktenzeichen")
	p.goTo(file)
	p.Press("Akte schließen")
	p.shows(409, "Die Akte hat noch offene Vorgänge: 3")

	// Somebody else was faster.
	p.page(200, file+"/bearbeiten", "Angaben ändern")
	p.holds("Keller, Regal 4")
	p.Fill("Betreff", "Stühle und Bänke")
	change(t, data, `UPDATE records_file SET version = version + 1, changed_by = 'Birgit Steuer' WHERE id = $1`, strings.TrimPrefix(file, "/akte/akte/"))
	p.Press("Speichern")
	p.shows(409, "von Birgit Steuer geändert")
	p.holds("Stühle und Bänke")
	p.Press("Speichern")
	p.Want("Die Angaben sind geändert.", "Stühle und Bänke")
	p.page(200, file+"/nachweis", "Akte angelegt", "Nachweis-Bündel")
	header, body := p.Download("Nachweis-Bündel herunterladen (ZIP)")
	if header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(string(body), "PK") {
		t.Errorf("the bundle is %v", header)
	}

	// Who may only read, and who may not even that.
	cem := s.staff(t, "Cem Satzung")
	cem.page(200, file, "Stühle und Bänke", "federführende Einheit")
	if cem.Has("Angaben ändern") || cem.Has("Vorgang anlegen") {
		t.Error("a reader is offered to change the file")
	}
	cem.page(403, file+"/bearbeiten", "lesen, aber nicht ändern")
	cem.page(403, file+"/vorgang", "lesen, aber nicht ändern")
	cem.page(200, kase, "Angebote einholen")
	cem.page(200, file+"/aufbewahrung", "Die Frist beginnt, wenn sie geschlossen wird.")
	cem.page(403, file+"/loeschung", "Rolle Registratur")
	cem.missing(closed, closed+"/bearbeiten", closed+"/nachweis", closed+"/nachweis/buendel", closed+"/zugriff", closed+"/aufbewahrung")
	if status, _, _ := cem.ask(file+"/schliessen", url.Values{"version": {"1"}}); status != 403 {
		t.Errorf("a reader closes a file: %d", status)
	}

	// Put to the files, closed, taken up again by the head.
	for _, path := range []string{sub, below, kase} { // a case only after its parts
		p.goTo(path)
		p.Press("Zu den Akten (z. d. A.)")
		p.Press("Jetzt zu den Akten nehmen")
		p.Want("Der Vorgang liegt bei den Akten.")
	}
	p.shows(200, "wird nicht mehr bearbeitet")
	p.page(200, sub+"/entscheidung", "wird nicht mehr bearbeitet") // back to the case
	p.goTo(file)
	if p.Has("Akte schließen") { // else the last case has closed it
		p.Press("Akte schließen")
		p.Want("Die Akte ist geschlossen.")
	}
	change(t, data, `UPDATE records_file SET lent_to = 'Rechnungsprüfung', lent_at = opened_at, lent_until = opened_at, lent_by = 'demo-clerk' WHERE id = $1`, strings.TrimPrefix(file, "/akte/akte/"))
	p.page(200, file, "geschlossen", "Aufzubewahren bis", "ihr Papier noch ausgeliehen", "überfällig", "Papier ist zurück")
	p.page(200, "/akte/akten?q=Bänke", "überfällig")
	p.page(200, "/akte/aufgaben", "Das Papier von 1 Akte sollte zurück sein", "an Rechnungsprüfung bis")
	p.goTo("/akte/ausleihen?stand=ueberfaellig")
	p.Choose(fileReference.FindString(p.Text()) + " auswählen")
	p.Press("Papier ist zurück")
	p.shows(200, "Das Papier von 1 Akte ist zurück.")
	p.goTo(file)
	p.page(409, file+"/bearbeiten", "Die Akte ist geschlossen")
	doris := s.staff(t, "Doris Leitung")
	doris.page(200, file, "Akte wieder aufnehmen")
	doris.Press("Akte wieder aufnehmen")
	doris.shows(200, "Die Akte ist wieder aufgenommen.", "Akte schließen")

	// English, and nobody's.
	doris.Press("English")
	doris.shows(200, "Keller, Regal 4")
	for _, path := range []string{"/akte", "/akte/akten", "/akte/akten/neu", "/akte/posteingang", "/akte/aufgaben", "/akte/suche", "/akte/organisation", "/akte/abwesenheit",
		"/akte/laufwege", file + "/nachweis", file + "/zugriff", file + "/aufbewahrung", kase, kase + "/dokumente", kase + "/geschaeftsgang", kase + "/verlauf"} {
		doris.page(200, path)
	}
	viktor := s.staff(t, "Viktor Gemeinschaft")
	viktor.missing(file, file+"/vorgang", kase, kase+"/dokumente", kase+"/geschaeftsgang", kase+"/verlauf")
	viktor.page(200, "/akte/akten", "Akten")
	karl := s.staff(t, "Karl Kassel")
	for i, path := range []string{"/akte", "/akte/akten", "/akte/akten/neu", file, "/akte/aufgaben", "/akte/abwesenheit", "/akte/laufwege", "/akte/posteingang", "/akte/suche",
		"/akte/organisation", "/akte/aussonderung", "/akte/auskunft"} {
		karl.look = i == 0
		karl.page(403, path, "die Rolle")
	}
}

// auditorPages are those about the stored files.
func (s *server) auditorPages(t *testing.T, data *db.DB) {
	p := s.staff(t, "Rita Revision")
	p.page(200, "/revision/dateien", "Prüfung der gespeicherten Dateien", "Dateien, für die das Protokoll einsteht")
	p.page(200, "/revision/dateien?before="+unknownID, "Prüfung der gespeicherten Dateien")
	p.page(403, "/akte", "brauchen Sie die Rolle")
}
