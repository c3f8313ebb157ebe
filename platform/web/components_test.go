package web_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
	"rennsteig/platform/web/webtest"
)

func hasAttr(key, value string) func(html.Attribute) bool {
	return func(a html.Attribute) bool { return a.Key == key && a.Val == value }
}

// one returns the attributes of the only element like that.
func one(t *testing.T, p *webtest.Page, element string, attrs map[string]string) map[string]string {
	t.Helper()
	found := p.Find(element, attrs)
	if len(found) != 1 {
		t.Fatalf("%d × <%s %v>", len(found), element, attrs)
	}
	out := map[string]string{}
	for _, a := range found[0].Attr {
		out[a.Key] = a.Val
	}
	return out
}

var kinds = []string{"text", "textarea", "email", "tel", "date", "day", "number", "money", "select", "radio", "checkbox", "checkboxes", "file"}

func TestFieldIsWired(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			h := newHouse(t)
			f := web.Field{Name: "frage", Label: "Frage <1>", Hint: "Hinweis", Kind: kind, Error: "Falsch", Options: []web.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B", Hint: "wie Berta"}}}
			optional := f
			optional.Name, optional.Optional, optional.Error = "zwei", true, ""
			h.show(web.Meta{}, all{Fields: []web.Field{f, optional}})
			p := h.get(t, "/alle").Want(http.StatusOK, "Frage <1>", "Hinweis", "Fehler: Falsch", "(freiwillig)")

			// What is described is the input, or the group of inputs.
			element, attrs := "input", map[string]string{"id": "frage"}
			switch kind {
			case "select", "textarea":
				element = kind
			case "date", "radio", "checkboxes":
				element, attrs = "fieldset", map[string]string{"aria-describedby": "frage-hinweis frage-fehler"}
			}
			got := one(t, p, element, attrs)
			if got["aria-describedby"] != "frage-hinweis frage-fehler" {
				t.Errorf("aria-describedby %q", got["aria-describedby"])
			}
			for _, id := range []string{"frage-hinweis", "frage-fehler"} {
				if len(p.Find("div", map[string]string{"id": id}))+len(p.Find("p", map[string]string{"id": id})) != 1 {
					t.Errorf("no %s", id)
				}
			}
			if len(p.Find("input", map[string]string{"id": "frage"}))+len(p.Find("select", map[string]string{"id": "frage"}))+len(p.Find("textarea", map[string]string{"id": "frage"})) != 1 {
				t.Error("the error summary has no field to lead to")
			}
			if kind != "checkboxes" && (!strings.Contains(p.Body, `aria-invalid="true"`) || !strings.Contains(p.Body, `aria-required="true"`)) {
				t.Error("not marked as wrong and required")
			}
			if strings.Contains(p.Body, " required") {
				t.Error("the browser would check it")
			}
		})
	}
}

func TestFieldKeepsItsValue(t *testing.T) {
	for _, kind := range kinds {
		if kind == "file" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			h := newHouse(t)
			f := web.Field{Name: "frage", Label: "Frage", Kind: kind, Value: "b", Options: []web.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}}
			want := "b"
			switch kind {
			case "textarea":
				want = "\n b\n<c>"
				f.Value = want
			case "date":
				want = "2026-11-24"
				f.Value = want
			case "day":
				f.Value, want = "2026-11-24", "24.11.2026"
			case "checkbox":
				want = "true"
				f.Value = want
			case "checkboxes":
				f.Values = []string{"b"}
			}
			h.show(web.Meta{}, all{Fields: []web.Field{f}})
			got := ""
			h.Handle(h.mux, "POST /alle", func(w http.ResponseWriter, r *http.Request) error {
				err := web.ReadForm(w, r, 1<<20)
				got = r.PostForm.Get("frage")
				return err
			})
			h.get(t, "/alle").Press("Weiter").Want(http.StatusOK)
			if got != want {
				t.Errorf("sent back %q, want %q", got, want)
			}
		})
	}
}

// A field for a day says how to write it, and shows again what is none.
func TestDayField(t *testing.T) {
	h := newHouse(t)
	h.show(web.Meta{}, all{Fields: []web.Field{{Name: "frist", Kind: "day", Value: "31.02."}, {Name: "eingang", Kind: "day", Past: true, Hint: "Poststempel."}}})
	p := h.get(t, "/alle").Want(http.StatusOK, "TT.MM.JJJJ, heute oder +14", "Poststempel. TT.MM.JJJJ oder heute")
	if got := one(t, p, "input", map[string]string{"id": "frist"}); got["value"] != "31.02." || got["aria-describedby"] != "frist-hinweis" || got["autocomplete"] != "off" {
		t.Errorf("frist: %v", got)
	}
}

func TestQuestionIsHeading(t *testing.T) {
	for _, kind := range kinds {
		h := newHouse(t)
		h.show(web.Meta{}, all{Fields: []web.Field{{Name: "frage", Label: "Wo wohnen Sie?", Kind: kind, Legend: true}}})
		p := h.get(t, "/alle")
		if found := p.Find("h1", nil); !slices.ContainsFunc(found, func(n *html.Node) bool { return strings.Contains(p.Body, "rs-question") }) || len(found) != 2 {
			t.Errorf("%s: %d headings", kind, len(found))
		}
	}
}

func TestErrorSummary(t *testing.T) {
	h := newHouse(t)
	err := errs.InvalidFields([]errs.Field{{Name: "mail", Key: "errs.field.email"}, {Name: "text", Key: "errs.field.too_long", Args: []any{500}}})
	text := func(key string, args ...any) string { return h.Texts.T("de", key, args...) }
	if got := h.Summary(text, nil); len(got.Items) != 0 {
		t.Errorf("no error gives %v", got)
	}
	if got := h.Summary(text, errors.New("other")); len(got.Items) != 0 {
		t.Errorf("an error without fields gives %v", got)
	}
	h.show(web.Meta{Failed: true}, all{Errors: h.Summary(text, err)})
	p := h.get(t, "/alle").Want(http.StatusUnprocessableEntity, "Es gibt ein Problem", "höchstens 500 Zeichen")
	box := one(t, p, "div", map[string]string{"id": "fehler"})
	if _, focused := box["autofocus"]; !focused || box["role"] != "alert" || box["tabindex"] != "-1" {
		t.Errorf("summary %v takes no focus", box)
	}
	one(t, p, "a", map[string]string{"href": "#mail"})
}

func TestOtherComponents(t *testing.T) {
	h := newHouse(t)
	h.show(web.Meta{}, all{
		Steps:   web.Stepper{Steps: []web.Step{{Text: "Eins", Href: "/eins", State: "done"}, {Text: "Zwei", Href: "/zwei", State: "current"}, {Text: "Drei", State: "open"}}},
		Summary: web.SummaryList{Rows: []web.SummaryRow{{Label: "Name", Value: "Waldi", ChangeHref: "/aendern"}, {Label: "Leer"}}},
		Alert:   web.Alert{Kind: "warning", Title: "Frist", Text: "Läuft ab."},
		Badge:   web.Badge{Text: "neu"},
		Tasks:   web.TaskList{Tasks: []web.Task{{Text: "Hund", Href: "/hund", State: web.Badge{Kind: "success", Text: "Erledigt"}}, {Text: "Absenden"}}},
		Search:  web.SearchBox{Action: "/suche", Name: "q", Label: "Suche", Value: `"><script>`},
		Chart:   web.BarChart{ID: "c", Title: "Mails", Sentence: "Es sind viele.", Unit: "Mails", Bars: []web.Bar{{"Spam", 1200000}, {"Keine", 0}, {"Halb", 600000}, {"Minus", -5}}},
		Pages:   web.Pagination{Next: "/alle?nach=1"},
	})
	p := h.get(t, "/alle").Want(http.StatusOK, "Schritt 2 von 3", "Eins (erledigt)", "Zwei (aktueller Schritt)", "Drei (offen)", "Ändern: Name",
		"Warnung: Frist", "Läuft ab.", "neu", "Erledigt", "1.200.000", "Es sind viele.", "Weiter")
	one(t, p, "li", map[string]string{"aria-current": "step"})
	if len(p.Find("a", map[string]string{"href": "/zwei"})) != 0 {
		t.Error("the current step is a link")
	}
	if len(p.Find("a", map[string]string{"rel": "prev"})) != 0 {
		t.Error("a link to no page")
	}
	if strings.Contains(p.Body, "<script") {
		t.Error("a value is not escaped")
	}
	for _, width := range []string{"100.00%", "50.00%", "0.00%"} {
		if len(p.Find("rect", map[string]string{"width": width})) == 0 {
			t.Errorf("no bar of %s", width)
		}
	}
}

func TestEmptyComponentsShowNothing(t *testing.T) {
	h := newHouse(t)
	h.show(web.Meta{}, all{})
	p := h.get(t, "/alle")
	for _, class := range []string{"rs-summary", "rs-stepper", "rs-pagination", "rs-tasks"} {
		if strings.Contains(p.Body, `class="`+class) {
			t.Errorf("%s is shown", class)
		}
	}
	if len(p.Find("div", map[string]string{"id": "fehler"})) != 0 {
		t.Error("an error summary without errors")
	}
}
