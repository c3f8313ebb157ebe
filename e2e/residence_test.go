package e2e

import (
	"strings"
	"testing"

	"rennsteig/e2e/browser"
)

// The sister journey pays first, without scripts: a certificate of residence in a member of a Verwaltungsgemeinschaft,
// for somebody with an account whose browser closes half-way.
func TestResidenceJourney(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, dir, "demo", "--data", "d", "--listen", "127.0.0.1:0")
	citizen := s.person(t, false, browser.NoScript)

	// A postcode that several municipalities share asks for the place.
	citizen.goTo("/")
	citizen.Fill("Was möchten Sie erledigen?", "Meldebescheinigung")
	citizen.Fill("Ort oder Postleitzahl", "99441")
	citizen.Press("Suchen")
	citizen.Want("Wählen Sie Ihre Gemeinde")
	citizen.Click("Döbritschen")
	citizen.Want("Mein Ort: Döbritschen", "Verwaltungsgemeinschaft Mellingen", "8,00", "Demowert")
	citizen.Click("Online beantragen")
	citizen.Want("Meldebescheinigung", "Verwaltungsgemeinschaft Mellingen", "8,00")
	start := citizen.Path()

	citizen.signIn(asCitizen, "Anna Beispiel")
	citizen.goTo(start)
	citizen.Press("Antrag beginnen")
	citizen.answer("Für wen ist die Bescheinigung?", fields{{"Vornamen", "Anna"}, {"Familienname", "Beispiel"}})
	citizen.answer("Wann und wo sind Sie geboren?", fields{{"Geburtsdatum", "29.02.1988"}, {"Geburtsort", "Weimar"}})

	// The browser closes; in another one the draft waits in the account.
	citizen = s.person(t, false, browser.NoScript)
	citizen.signIn(asCitizen, "Anna Beispiel")
	citizen.goTo("/konto")
	citizen.Want("Entwürfe", "Meldebescheinigung")
	citizen.Click("Meldebescheinigung")
	citizen.Want("2 von")
	citizen.Click("Unter welcher Anschrift sind Sie gemeldet?")
	citizen.answer("Unter welcher Anschrift sind Sie gemeldet?", fields{{"Straße", "Dorfstraße"}, {"Hausnummer", "1"}, {"Postleitzahl", "99441"}, {"Ort", "Döbritschen"}})
	citizen.answer("Wie erreichen wir Sie?", nil)
	citizen.answer("Welche Bescheinigung brauchen Sie?", fields{{"erweiterte Meldebescheinigung", "✓"}})
	citizen.answer("Welche weiteren Daten soll sie enthalten?", fields{{"Familienstand", "✓"}, {"frühere Anschriften", "✓"}})
	citizen.answer("Wofür brauchen Sie die Bescheinigung?", fields{{"Eheschließung", "✓"}})
	citizen.answer("Wie möchten Sie die Bescheinigung erhalten?", fields{{"Anzahl", "1"}, {"ich hole sie ab", "✓"}})
	citizen.answer("Kopie Ihres Ausweises", nil)
	citizen.Want("Angaben prüfen und absenden", "29.02.1988", "Familienstand")
	citizen.Choose("Ich versichere, dass ich die Bescheinigung für mich selbst beantrage und meine Angaben richtig sind.")
	citizen.Press("Absenden und bezahlen")

	// Not paid yet: the office has nothing.
	clerk := s.person(t, false, browser.NoScript)
	clerk.signIn(asStaff, "Viktor Gemeinschaft")
	clerk.goTo("/akte")
	if clerk.Has("Beispiel") {
		t.Error("an unpaid application was filed")
	}

	// The first try is cancelled, the second pays; paying again is not possible.
	citizen.Want("8,00", "Kassenzeichen")
	payPath := citizen.Path()
	citizen.Press("Jetzt bezahlen")
	citizen.Press("Abbrechen")
	citizen.goTo(payPath)
	citizen.Press("Noch einmal versuchen")
	provider := citizen.Path()
	citizen.Press("Erfolgreich bezahlen")
	citizen.Want("Ihr Antrag ist eingegangen")
	reference := referencePattern.FindString(citizen.Text()) // with an account no access code is needed
	citizen.goTo(provider)
	citizen.Want("Diese Testzahlung ist beendet.")
	citizen.goTo(payPath)
	citizen.Want("Die Zahlung ist eingegangen")

	clerk.until("/akte", "Beispiel")
	clerk.Want("11.10-2026/000001")
	clerk.Click("11.10-2026/000001-1")
	clerk.Want("8,00", "bezahlt am", "Familienstand")
	clerk.Click("Ablehnen")
	clerk.Fill("Entscheidung", "Ihr Antrag auf eine Meldebescheinigung wird abgelehnt.")
	clerk.Fill("Begründung", "Unter dieser Anschrift sind Sie nicht gemeldet.")
	clerk.Press("Bescheid prüfen")
	clerk.Want("Ablehnungsbescheid")
	clerk.Press("Bescheid erlassen")
	clerk.Want("Der Bescheid ist erlassen.")

	citizen.until("/konto", "entschieden")
	citizen.goTo("/status/" + reference)
	citizen.until("/status/"+reference, "Bescheid lesen")
	citizen.Click("Bescheid lesen")
	citizen.Want("Verwaltungsgemeinschaft Mellingen", "abgelehnt", "nicht gemeldet", "Rechtsbehelfsbelehrung")

	// Another citizen with an account sees nothing of it.
	other := s.person(t, false, browser.NoScript)
	other.signIn(asCitizen, "Jan Wałęsa-Çelik")
	for _, path := range []string{"/konto", "/status/" + reference, "/status/" + reference + "/bescheid", citizen.Path()} {
		other.goTo(path)
		if other.Has("Familienstand") || other.Has("nicht gemeldet") || other.Has("11.10-2026") {
			t.Errorf("another citizen sees %s:\n%s", path, other.Text())
		}
	}

	if out := rennsteig(t, dir, true, "audit", "verify", "--data", "d"); strings.Contains(out, "NOT WHOLE") {
		t.Error(out)
	}
}
