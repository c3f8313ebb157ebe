package browser_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rennsteig/e2e/browser"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

type formPage struct {
	Errors web.ErrorSummary
	Steps  web.Stepper
	Fields []web.Field
}

type startPage struct {
	Search  web.SearchBox
	Info    web.Alert
	Summary web.SummaryList
	Tasks   web.TaskList
	Chart   web.BarChart
	Pages   web.Pagination
}

type row struct {
	Number, Subject string
	Received        time.Time
	State           web.Badge
	Amount          money.Cents
}

type listPage struct {
	Filter []web.Field
	Rows   []row
	Pages  web.Pagination
}

type casePage struct {
	Alert          web.Alert
	State          web.Badge
	Facts          web.SummaryList
	Note, Ask, Due web.Field
}

func form(r *http.Request) formPage {
	v := r.PostFormValue
	birth, _ := web.DateValue(r.PostForm, "geburt")
	p := formPage{
		Steps: web.Stepper{Steps: []web.Step{{Text: "Datenschutz", Href: "/form", State: "done"}, {Text: "Angaben zum Hund", State: "current"},
			{Text: "Halterin oder Halter", State: "open"}, {Text: "Zusammenfassung", State: "open"}}},
		Fields: []web.Field{
			{Name: "name", Label: "Name des Hundes", Kind: "text", Value: v("name"), MaxLength: 60},
			{Name: "geburt", Label: "Geburtsdatum", Hint: "Zum Beispiel 24 11 2024. Schätzen Sie, wenn Sie es nicht genau wissen.", Kind: "date", Value: birth},
			{Name: "rasse", Label: "Rasse", Kind: "select", Value: v("rasse"), Options: []web.Option{{Value: "dackel", Label: "Dackel"}, {Value: "mix", Label: "Mischling"}}},
			{Name: "groesse", Label: "Größe", Kind: "radio", Value: v("groesse"), Options: []web.Option{{Value: "k", Label: "klein", Hint: "bis 40 cm"}, {Value: "g", Label: "groß"}}},
			{Name: "merkmale", Label: "Merkmale", Kind: "checkboxes", Values: r.PostForm["merkmale"], Optional: true, Options: []web.Option{{Value: "chip", Label: "Chip"}, {Value: "blind", Label: "Blindenführhund"}}},
			{Name: "steuer", Label: "Zuletzt gezahlte Hundesteuer", Kind: "money", Value: v("steuer"), Optional: true},
			{Name: "mail", Label: "E-Mail-Adresse", Hint: "Nur für Nachrichten zu diesem Antrag.", Kind: "email", Value: v("mail"), Autocomplete: "email"},
			{Name: "text", Label: "Anmerkungen", Kind: "textarea", Value: v("text"), Optional: true, MaxLength: 500},
			{Name: "nachweis", Label: "Nachweis der Haftpflichtversicherung", Hint: "PDF oder Bild, höchstens 10 MB.", Kind: "file", Accept: ".pdf,image/*"},
			{Name: "wahr", Label: "Meine Angaben sind vollständig und wahr.", Kind: "checkbox", Value: v("wahr")},
		},
	}
	return p
}

// gallery is a small site that shows every component.
func gallery(t *testing.T) *httptest.Server {
	t.Helper()
	texts := i18n.New()
	if err := texts.Add(web.Files); err != nil {
		t.Fatal(err)
	}
	assets, err := web.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	site := web.New(texts, assets, slog.New(slog.NewTextHandler(t.Output(), nil)))
	site.Demo = true
	site.PlaceName = func(string) string { return "Erfurt" }
	site.Nav = func(ctx context.Context, _ i18n.Lang) []web.Link {
		nav := []web.Link{{Text: "Leistungen", Href: "/"}, {Text: "Anträge", Href: "/form"}, {Text: "Status", Href: "/frage"}}
		if identity.From(ctx).Kind == identity.Staff {
			nav = append(nav, web.Link{Text: "Posteingang", Href: "/liste"}, web.Link{Text: "Aktenplan", Href: "/aktenplan"})
		}
		return nav
	}
	fsys := os.DirFS("testdata")
	formPages := web.NewPage[formPage](site, fsys, "form")
	questions := web.NewPage[web.Field](site, fsys, "question")
	starts := web.NewPage[startPage](site, fsys, "start")
	lists := web.NewPage[listPage](site, fsys, "list")
	if err := site.CheckPages(); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Routes(mux)
	site.Handle(mux, "GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		return starts.Render(w, r, web.Meta{Title: "Start"}, startPage{
			Search:  web.SearchBox{Action: "/", Name: "q", Label: "Suchen Sie in eigenen Worten", Hint: "Zum Beispiel: hund anmelden"},
			Info:    web.Alert{Kind: "info", Title: "Für Mühlhausen/Thüringen zuständig: Stadtverwaltung", Text: "Die Stelle ergibt sich aus Ihrem Ort und der Leistung."},
			Summary: web.SummaryList{Rows: []web.SummaryRow{{Label: "Name des Hundes", Value: "Waldi", ChangeHref: "/form"}, {Label: "Anschrift", Value: "Marktstraße 1\n99084 Erfurt", ChangeHref: "/form"}, {Label: "Aktenzeichen", Value: "02.1.3-2026/0001"}}},
			Tasks: web.TaskList{Tasks: []web.Task{{Text: "Angaben zum Hund", Href: "/form", State: web.Badge{Kind: "success", Text: "Erledigt"}},
				{Text: "Haftpflichtversicherungsnachweis hochladen", Href: "/form", Hint: "PDF oder Bild", State: web.Badge{Kind: "info", Text: "Begonnen"}}, {Text: "Absenden", State: web.Badge{Text: "Noch nicht möglich"}}}},
			Chart: web.BarChart{ID: "mails", Title: "Eingehende E-Mails", Sentence: "2018 kamen 20,5 Millionen E-Mails an, die meisten waren erwünscht.", Unit: "E-Mails",
				Bars: []web.Bar{{Label: "Erwünscht", Value: 19240000}, {Label: "Spam", Value: 1200000}, {Label: "Schadsoftware", Value: 60000}}},
			Pages: web.Pagination{Previous: "/?a", Next: "/?b"},
		})
	})
	site.Handle(mux, "GET /form", func(w http.ResponseWriter, r *http.Request) error {
		return formPages.Render(w, r, web.Meta{Title: "Angaben zum Hund", Crumbs: []web.Link{{Text: "Hund anmelden", Href: "/"}}}, form(r))
	})
	site.Handle(mux, "POST /form", func(w http.ResponseWriter, r *http.Request) error {
		if err := web.ReadForm(w, r, 1<<20); err != nil {
			return err
		}
		p := form(r)
		for i, f := range p.Fields {
			if f.Value == "" && len(f.Values) == 0 && !f.Optional && (f.Kind != "file" || len(r.MultipartForm.File["nachweis"]) == 0) {
				p.Fields[i].Error = site.T(r, "errs.field.required")
				p.Errors.Items = append(p.Errors.Items, web.Link{Text: f.Label + ": " + p.Fields[i].Error, Href: "#" + f.ID()})
			}
		}
		if len(p.Errors.Items) > 0 {
			return formPages.Render(w, r, web.Meta{Title: "Angaben zum Hund", Failed: true}, p)
		}
		return site.Redirect(w, r, "/frage", "web.notice.place_forgotten")
	})
	site.Handle(mux, "GET /frage", func(w http.ResponseWriter, r *http.Request) error {
		return questions.Render(w, r, web.Meta{Title: "Wo wohnen Sie?"}, web.Field{Name: "ort", Label: "In welcher Gemeinde wohnen Sie?", Hint: "Name oder Postleitzahl", Kind: "text", Legend: true})
	})
	site.Handle(mux, "GET /liste", func(w http.ResponseWriter, r *http.Request) error {
		received := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
		return lists.Render(w, r, web.Meta{Title: "Posteingang", Crumbs: []web.Link{{Text: "E-Akte", Href: "/liste"}}}, listPage{
			Filter: []web.Field{{Name: "q", Label: "Suche", Kind: "text", Optional: true}, {Name: "stand", Label: "Stand", Kind: "select", Optional: true, Options: []web.Option{{Value: "", Label: "Alle"}, {Value: "neu", Label: "neu"}}}},
			Rows: []row{{"02.1.3-2026/0001", "Hundesteueranmeldung Waldi", received, web.Badge{Kind: "info", Text: "neu"}, 0},
				{"02.1.3-2026/0002", "Meldebescheinigung", received, web.Badge{Kind: "success", Text: "entschieden"}, 1250},
				{"02.1.3-2026/0003", "Gewerbeanmeldung Grundstücksverkehrsgenehmigungszuständigkeit", received, web.Badge{Kind: "warning", Text: "Unterlagen fehlen"}, 123450}},
			Pages: web.Pagination{Next: "/liste?nach=3"},
		})
	})
	cases := web.NewPage[casePage](site, fsys, "case")
	site.Handle(mux, "GET /liste/1", func(w http.ResponseWriter, r *http.Request) error {
		return cases.Render(w, r, web.Meta{Title: "Vorgang 02.1.3-2026/0001", Crumbs: []web.Link{{Text: "Posteingang", Href: "/liste"}}}, casePage{
			Alert: web.Alert{Kind: "warning", Title: "Die Frist läuft morgen ab."},
			State: web.Badge{Kind: "info", Text: "in Bearbeitung"},
			Facts: web.SummaryList{Rows: []web.SummaryRow{{Label: "Name des Hundes", Value: "Waldi"}, {Label: "Grundstücksverkehrsgenehmigungszuständigkeit", Value: "nein"}}},
			Note:  web.Field{Name: "notiz", Label: "Notiz", Kind: "textarea"}, Ask: web.Field{Name: "frage", Label: "Was fehlt?", Kind: "textarea", Hint: "Die Person liest diesen Text auf ihrer Statusseite."},
			Due: web.Field{Name: "frist", Label: "Frist", Kind: "day", Value: "2026-12-08"},
		})
	})
	site.Handle(mux, "GET /ort", func(w http.ResponseWriter, r *http.Request) error {
		web.SetPlace(w, r, "160510000000")
		return site.Redirect(w, r, r.URL.Query().Get("weiter"), "")
	})
	site.Handle(mux, "GET /kaputt", func(http.ResponseWriter, *http.Request) error { return errors.New("boom") })
	site.Handle(mux, "GET /verboten", func(http.ResponseWriter, *http.Request) error { return errs.E(errs.Denied, "errs.denied") })
	h := site.Mux(mux)
	ts := httptest.NewServer(site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/liste") {
			r = r.WithContext(identity.With(r.Context(), identity.Principal{Subject: "1", Name: "Ada Beispiel", Kind: identity.Staff}))
		}
		h.ServeHTTP(w, r)
	})))
	t.Cleanup(ts.Close)
	return ts
}

// picture shows the page in the three views that people look at.
func picture(b *browser.Browser, name string) {
	if !testing.Verbose() {
		return
	}
	for _, v := range []struct {
		suffix string
		width  int64
		dark   bool
	}{{"", 1280, false}, {"-320", 320, false}, {"-dark", 1280, true}} {
		b.View(v.width, v.dark)
		b.Shot(name + v.suffix)
	}
	b.View(1280, false)
}

func TestForm(t *testing.T) {
	ts := gallery(t)
	upload := filepath.Join(t.TempDir(), "nachweis.pdf")
	if err := os.WriteFile(upload, []byte("%PDF-1.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string][]browser.Option{"script": nil, "no script": {browser.NoScript}} {
		t.Run(name, func(t *testing.T) {
			b := browser.New(t, options...)
			b.Open(ts.URL + "/form")
			b.Press("Weiter")
			b.Want("Es gibt ein Problem", "Name des Hundes: Bitte füllen Sie dieses Feld aus")
			if b.Status() != http.StatusUnprocessableEntity {
				t.Errorf("status %d", b.Status())
			}
			if got := b.Focused(); got != "fehler" {
				t.Errorf("focus is on %q, not on the error summary", got)
			}
			if got := b.Title(); got != "Fehler: Angaben zum Hund – Rennsteig" {
				t.Errorf("title %q", got)
			}
			if name == "script" {
				b.Check()
				picture(b, "form-errors")
			}
			b.Click("Geburtsdatum: Bitte")
			if got := b.Focused(); got != "geburt" {
				t.Errorf("summary leads to %q", got)
			}
			b.Fill("Name des Hundes", "Waldi")
			b.Fill("Geburtsdatum", "31.2.2024")
			b.Fill("Rasse", "Dackel")
			b.Choose("klein")
			b.Choose("Chip", "Merkmale")
			b.Fill("E-Mail-Adresse", "a@example.org")
			b.Choose("Meine Angaben sind")
			b.Press("Weiter")
			b.Want("Nachweis der Haftpflichtversicherung: Bitte")
			b.Fill("Geburtsdatum", "3.4.2024")
			b.Upload("Nachweis der Haftpflichtversicherung", upload)
			b.Press("Weiter")
			b.Want("In welcher Gemeinde wohnen Sie?", "Ihr Ort wurde vergessen.")
			if b.Path() != "/frage" {
				t.Errorf("path %s", b.Path())
			}
			if name == "script" {
				picture(b, "notice")
			}
			b.Press("English")
			b.Want("Skip to content", "Sign in")
			if b.Has("Ihr Ort wurde vergessen") {
				t.Error("the notice is shown twice")
			}
		})
	}
}

func TestPlace(t *testing.T) {
	ts := gallery(t)
	b := browser.New(t, browser.NoScript)
	b.Open(ts.URL + "/liste?q=a")
	b.Click("Ort wählen")
	b.Want("Mein Ort: Erfurt", "Ada Beispiel")
	picture(b, "place")
	if b.Path() != "/liste?q=a" {
		t.Errorf("path %s", b.Path())
	}
	b.Press("vergessen")
	b.Want("Ihr Ort wurde vergessen.", "Ort wählen")
}

func TestComponents(t *testing.T) {
	ts := gallery(t)
	b := browser.New(t)
	for _, path := range []string{"/", "/form", "/frage", "/liste", "/liste/1", "/nirgends", "/kaputt", "/verboten"} {
		b.Open(ts.URL + path)
		b.Check()
		picture(b, "gallery"+strings.ReplaceAll(path, "/", "-"))
	}
}
