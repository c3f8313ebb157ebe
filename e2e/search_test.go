package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// searchPages looks at what the search page can: suggestions by keyboard, filters, what was meant.
func (s *server) searchPages(t *testing.T, p *person) {
	t.Helper()
	const open = `document.querySelector("#q").getAttribute("aria-expanded") === "true"`
	const closed = `document.querySelector("#q").getAttribute("aria-expanded") === "false"`
	p.goTo("/")
	p.Fill("Was möchten Sie erledigen?", "hund an")
	p.Until(open)
	p.see("") // axe, with the list open
	p.Key("ArrowDown")
	p.Until(`document.querySelector("#q").hasAttribute("aria-activedescendant")`)
	if got := p.Value(); got != "hund anmelden" {
		t.Errorf("the first suggestion is %q", got)
	}
	p.Key("Escape")
	p.Until(closed)
	if got := p.Value(); got != "hund an" {
		t.Errorf("after Esc the input has %q", got)
	}
	p.Key("ArrowDown")
	p.Until(open)
	p.Key("ArrowDown")
	p.Key("Tab")
	p.Until(closed)
	p.Fill("Ort oder Postleitzahl", "erf")
	p.Until(`document.querySelector("#ort").getAttribute("aria-expanded") === "true"`)
	p.Fill("Ort oder Postleitzahl", "Erfurt")
	p.Press("Suchen")
	p.shows(200, "Hundehaltung: Anmeldung", "Stadt Erfurt")

	p.goTo("/suche?q=hund&ort=Erfurt")
	p.Unfold("Ergebnisse eingrenzen")
	p.shows(200, "Online möglich", "Lebenslage", "Zuständig an Ihrem Ort")
	p.Click("Online möglich")
	p.shows(200, "Filter entfernen", "1 Leistung gefunden")
	p.page(200, "/suche?q=hund&online=1&amt=160510000000", "Alle Filter entfernen")
	p.page(200, "/suche?q=Personalauswies", "Meinten Sie")
	for _, path := range []string{"/vorschlaege?q=hund", "/sitemap.xml", "/robots.txt"} {
		resp, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(strings.ToLower(string(b)), "s") {
			t.Errorf("%s: %d %.80s %v", path, resp.StatusCode, b, err)
		}
	}
}
