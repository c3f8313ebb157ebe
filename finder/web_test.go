package finder

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web/webtest"
)

const dogKey = "99110009104000"

// dogForm is a form for dogs everywhere but in Gera.
type dogForm struct{}

func (dogForm) Online(_ context.Context, key, authority string) (string, bool, error) {
	return "/antrag/hund", key == dogKey && authority != "160520000000", nil
}

type demoFee struct{}

func (demoFee) Fee(_ context.Context, key, authority string) (Fee, bool, error) {
	fee := Fee{Amount: 700, Demo: true, ByNotice: key == dogKey}
	return fee, (key == "99115003012000" || key == dogKey) && authority == "160510000000", nil
}

// site is the finder with its catalogue behind the house's pages.
func site(t testing.TB, h *platform.House) (*Room, http.Handler) {
	t.Helper()
	h.Site.NoLimits = true
	r, err := New(h, dogForm{}, demoFee{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Load(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	h.Site.PlaceName = r.PlaceName
	mux := http.NewServeMux()
	r.Routes(mux)
	return r, mux
}

func TestPages(t *testing.T) {
	housetest.Each(t, []platform.Files{{Room: "finder", FS: Files}}, func(t *testing.T, h *platform.House) {
		_, mux := site(t, h)
		if err := h.Site.CheckPages(); err != nil {
			t.Fatal(err)
		}
		if err := h.Site.Texts.Check(); err != nil {
			t.Fatal(err)
		}
		t.Run("from words and place to the form", func(t *testing.T) {
			p := webtest.New(t, mux).Get("/").Want(200, "Das richtige Amt finden", "meinen Hund anmelden", "Tierhaltung").
				Fill("Was möchten Sie erledigen?", "hund anmelden").Fill("Ort oder Postleitzahl", "Erfurt").Press("Suchen")
			p.Want(200, "Hundehaltung: Anmeldung", "Stadt Erfurt", "als eigene Aufgabe", "Online beantragen")
			if got := p.Find("a", map[string]string{"href": "/antrag/hund?ort=160510000000"}); len(got) != 1 {
				t.Errorf("%d links to the form", len(got))
			}
			p.Click("Hundehaltung: Anmeldung").Want(200, "Wer ist zuständig?", "Stadt Erfurt", "Hundesteuersatzung", dogKey).
				Click("Stadt Erfurt").Want(200, "Kreisfreie Stadt", "99084", "Angabe fehlt", "Personalausweis")
		})
		t.Run("the place is remembered, and can be ambiguous", func(t *testing.T) {
			c := webtest.New(t, mux)
			p := c.Get("/suche?q=hund+anmelden&ort=07646").Want(200, "Welchen Ort meinen Sie?")
			p.Click("Bobeck").Want(200, "Gemeinde Bobeck", "Bearbeitet durch", "Gemeinde Bad Klosterlausnitz", "§ 51 ThürKO")
			c.Get("/leistung/"+dogKey).Want(200, "Gemeinde Bobeck")
			c.Get("/suche?q=auto+anmelden").Want(200, "Saale-Holzland-Kreis")
		})
		t.Run("a place can be set on its own page", func(t *testing.T) {
			c := webtest.New(t, mux)
			c.Get("/leistung/"+dogKey).Want(200, "hängt davon ab, wo Sie wohnen").Click("Ort wählen").
				Want(200, "In welcher Gemeinde wohnen Sie?").Press("Ort übernehmen").
				Want(422, "Geben Sie einen Ort oder eine Postleitzahl ein.").
				Fill("In welcher Gemeinde", "Hamburg").Press("Ort übernehmen").Want(422, "Hamburg").
				Fill("In welcher Gemeinde", "Elxleben").Press("Ort übernehmen").Want(200, "Welchen Ort meinen Sie?").
				Click("Anderen Ort eingeben").Fill("In welcher Gemeinde", "Berlingerode").Press("Ort übernehmen").
				Want(200, "Verwaltungsgemeinschaft Lindenberg/Eichsfeld", "§ 47 ThürKO")
		})
		t.Run("an unknown place still shows services", func(t *testing.T) {
			webtest.Get(t, mux, "/suche?q=hund+anmelden&ort=Hamburg").Want(200, "kennen wir nicht", "Hundehaltung: Anmeldung", "hängt vom Ort ab")
		})
		t.Run("a fee of the demo says so", func(t *testing.T) {
			webtest.Get(t, mux, "/suche?q=meldebescheinigung&ort=Erfurt").Want(200, "7,00", "Demowert")
			webtest.Get(t, mux, "/leistung/99115003012000?ort=160510000000").Want(200, "Stadt Erfurt")
			webtest.Get(t, mux, "/leistung/99115003012000?ort=nowhere").Want(200, "Ort wählen")
		})
		t.Run("a place in the question is understood", func(t *testing.T) {
			webtest.Get(t, mux, "/suche?q=hund+anmelden+in+weimar").Want(200, "Stadt Weimar", "Online beantragen")
		})
		t.Run("no form where none is offered", func(t *testing.T) {
			if p := webtest.Get(t, mux, "/suche?q=hund+anmelden&ort=Gera").Want(200, "Stadt Gera"); p.Has("Online beantragen") {
				t.Error("a form is offered in Gera")
			}
		})
		t.Run("nothing found leads on", func(t *testing.T) {
			webtest.Get(t, mux, "/suche?q=netflix+k%C3%BCndigen&ort=Berlingerode").
				Want(200, "nichts gefunden", "Lebenslagen", "Verwaltungsgemeinschaft Lindenberg/Eichsfeld")
		})
		t.Run("not assigned says so", func(t *testing.T) {
			webtest.Get(t, mux, "/leistung/99012012042000").Want(200, "noch keine zuständige Stelle")
		})
		t.Run("life situations and paging", func(t *testing.T) {
			p := webtest.Get(t, mux, "/suche?lage=Wohnen+%26+Umzug").Want(200, "Weiter")
			if p.Click("Weiter").Want(200).Body == p.Body {
				t.Error("the second page is the first")
			}
			webtest.Get(t, mux, "/suche?lage=Wohnen+%26+Umzug&seite=999").Want(200)
			webtest.Get(t, mux, "/suche?q=&seite=x").Want(200, "Leistung suchen")
		})
		t.Run("offices whose local branch is unknown", func(t *testing.T) {
			webtest.Get(t, mux, "/behoerde/th-finanzamt").Want(200, "noch nicht hinterlegt", "Einkommensteuer")
		})
		t.Run("bad input", func(t *testing.T) {
			for path, status := range map[string]int{
				"/suche?q=" + strings.Repeat("x", 10000): 422, "/suche?q=%ff": 422, "/suche?q=a&ort=" + strings.Repeat("1", 5000): 422,
				"/leistung/1": 404, "/leistung/99999999999999": 404, "/behoerde/nirgends": 404, "/ort?ort=%ff": 422,
				"/suche?q=" + url.QueryEscape("🙂🙂🙂"): 200, "/suche?q=%3Cscript%3Ealert(1)%3C/script%3E": 200,
			} {
				p := webtest.Get(t, mux, path)
				if p.Status != status {
					t.Errorf("GET %.40s: %d, want %d", path, p.Status, status)
				}
				if strings.Contains(strings.ReplaceAll(p.Body, `<script src="/assets/suggest.js"`, ""), "<script") {
					t.Errorf("GET %.40s: script in the page", path)
				}
			}
		})
		t.Run("no foreign address after setting a place", func(t *testing.T) {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ort?ort=Erfurt&weiter=//boese.example/", nil))
			if got := w.Header().Get("Location"); got != "/" {
				t.Errorf("Location %q", got)
			}
		})
	})
}

// TestEveryServiceHasAPage renders all service and authority pages, in both languages.
func TestEveryPageRenders(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: Files})
	r, mux := site(t, h)
	paths := []string{"/"}
	for i, s := range r.Catalog().ordered {
		if i%20 == 0 {
			paths = append(paths, "/leistung/"+s.Key)
		}
	}
	for _, a := range r.Authorities(context.Background()) {
		paths = append(paths, "/behoerde/"+a.ID)
	}
	for i, path := range paths {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.AddCookie(&http.Cookie{Name: "lang", Value: string(i18n.Langs[i%2])})
		req.AddCookie(&http.Cookie{Name: "ort", Value: "160615001003"})
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		body := w.Body.String()
		if w.Code != 200 || strings.Contains(body, "%!") || strings.Contains(body, "[finder.") {
			t.Fatalf("%s: %d, or a text is broken:\n%s", path, w.Code, body)
		}
	}
}

func BenchmarkSearchPage(b *testing.B) {
	h := housetest.New(b, db.SQLite, platform.Files{Room: "finder", FS: Files})
	_, mux := site(b, h)
	queries := []string{"hund+anmelden", "perso+verloren", "auto+ummelden", "heiraten", "baugenehmigung", "netflix"}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		req := httptest.NewRequest(http.MethodGet, "/suche?q="+queries[i%len(queries)], nil)
		req.AddCookie(&http.Cookie{Name: "ort", Value: "160615001003"})
		mux.ServeHTTP(httptest.NewRecorder(), req)
	}
}
