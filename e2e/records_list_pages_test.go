package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
)

// list fetches the list as a file and looks for the texts in it.
func (p *person) list(texts ...string) {
	p.t.Helper()
	header, body := p.Download("Liste als CSV-Datei")
	if !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		p.t.Errorf("the list of %s is %v", p.Path(), header)
	}
	for _, text := range texts {
		if !strings.Contains(string(body), text) {
			p.t.Errorf("the list of %s lacks %q: %s", p.Path(), text, body)
		}
	}
}

// keeps keeps the search that is open, under a name, and forgets it.
func (p *person) keeps(name string) {
	p.t.Helper()
	p.Unfold("Suche merken, Spalten wählen")
	p.Fill("Diese Suche merken als", name)
	p.Press("Suche merken")
	p.shows(200, "Die Suche ist gemerkt.", name)
	p.Unfold("Suche merken, Spalten wählen")
	p.Press("vergessen (" + name + ")")
	p.Want("Die Suche ist vergessen.")
}

func (s *server) listsPages(t *testing.T, data *db.DB) {
	p := s.staff(t, "Doris Leitung")
	p.look = false
	lead := [2]string{"Federführung", "20"}
	file, first := p.openFile("02.10", "Botenräder", lead, [2]string{"Offen für", "nur die federführende"})
	p.openCase(file, "Botenrad mit Korb")
	one := caseReference.FindString(p.Text())
	file, second := p.openFile("02.10", "Botenhelme", lead, [2]string{"Offen für", "nur die federführende"})
	p.openCase(file, "Botenrad mit Helm")
	two := caseReference.FindString(p.Text())
	p.look = true

	// A search that is kept, and columns.
	p.page(200, "/akte", "Suche merken, Spalten wählen", "Mit den ausgewählten")
	p.Unfold("Suche merken, Spalten wählen")
	p.shows(200, "Wenn Sie einen Filter gesetzt haben, können Sie ihn hier als Suche merken.")
	p.page(200, "/akte?q=Botenrad&sortierung=aktenzeichen", one, two)
	p.list(one, "Botenrad mit Helm")
	p.Unfold("Suche merken, Spalten wählen")
	p.Press("Suche merken")
	p.shows(422, "Bitte geben Sie einen Namen ein")
	p.Fill("Diese Suche merken als", "Boten")
	p.Press("Suche merken")
	p.shows(200, "Die Suche ist gemerkt.", "Boten", one)
	p.goTo("/akte")
	p.Click("Boten")
	p.shows(200, one)
	p.Unfold("Suche merken, Spalten wählen")
	p.Choose("Antragsnummer")
	p.Press("Spalten merken")
	p.shows(200, "Die Spalten sind gemerkt.", "Antragsnummer", one)
	p.Unfold("Suche merken, Spalten wählen")
	p.Press("vergessen (Boten)")
	p.Want("Die Suche ist vergessen.")
	for _, form := range []url.Values{{"liste": {"nirgends"}}, {"liste": {"documents"}}} {
		for _, path := range []string{"/akte/ansichten", "/akte/spalten"} {
			if status, _, _ := p.ask(path, form); status != 404 {
				t.Errorf("%s takes %v: %d", path, form, status)
			}
		}
	}

	// What is done with several cases.
	p.goTo("/akte?q=Botenrad")
	p.Press("Merken")
	p.shows(422, "Es wurde nichts geändert", "Bitte kreuzen Sie mindestens eine Zeile an")
	p.Choose(one + " auswählen")
	p.Press("Zuweisen")
	p.shows(422, "Bitte wählen Sie eine Person Ihrer Behörde")
	p.Press("Termin setzen")
	p.shows(422, "Bitte geben Sie einen Tag an")
	p.Fill("Person", "Cem Satzung")
	p.Press("Zuweisen")
	p.shows(409, "Diese Zeile ist noch angekreuzt.", one+": Cem Satzung darf diese Akte nicht ändern")
	p.Fill("Person", "Claudia Amtmann")
	p.Press("Zuweisen")
	p.Want("1 Vorgang zugewiesen.", "Claudia Amtmann")
	day := time.Now().AddDate(0, 0, 20).Format("02.01.2006")
	for _, x := range []struct{ button, done string }{
		{"Übernehmen", "2 Vorgänge übernommen."}, {"Termin setzen", "Termin von 2 Vorgängen gesetzt."}, {"Merken", "2 Vorgänge gemerkt."},
	} {
		p.Choose(one + " auswählen")
		p.Choose(two + " auswählen")
		if x.button == "Termin setzen" {
			p.Fill("Termin", day)
		}
		p.Press(x.button)
		if x.button == "Übernehmen" { // one is a colleague's
			p.shows(200, "Diese Vorgänge bearbeitet schon jemand", one+" Botenrad mit Korb: Claudia Amtmann")
			p.Press("Ja, übernehmen")
		}
		p.Want(x.done)
	}
	p.page(200, "/akte?wer=gemerkt", one, two, "(ich)")
	p.Choose(one + " auswählen")
	p.Press("Nicht mehr merken")
	p.Want("1 Vorgang nicht mehr gemerkt.", two)

	// And with several files.
	p.page(200, "/akte/akten?q=Boten&sortierung=aktenzeichen", first, second)
	p.list(first, "Botenhelme")
	p.keeps("Boten")
	p.Press("Schlagwort hinzufügen")
	p.shows(422, "Bitte geben Sie ein Schlagwort ein")
	p.Choose(first + " auswählen")
	p.Choose(second + " auswählen")
	p.Fill("Mit den ausgewählten: Schlagwort", "Dienstrad")
	p.Press("Schlagwort hinzufügen")
	p.Want("Schlagwort zu 2 Akten hinzugefügt.")
	p.Choose(first + " auswählen")
	p.Press("Federführung setzen")
	p.shows(422, "Bitte wählen Sie die federführende Einheit")
	p.Fill("Mit den ausgewählten: Federführende Einheit", "20")
	p.Press("Federführung setzen")
	p.Want("Federführung von 1 Akte gesetzt.")
	p.Choose(first + " auswählen")
	p.Press("Merken")
	p.Want("1 Akte gemerkt.")
	p.page(200, "/akte/akten?liste=gemerkt", first)
	p.Choose(first + " auswählen")
	p.Press("Nicht mehr merken")
	p.Want("1 Akte nicht mehr gemerkt.")
}
