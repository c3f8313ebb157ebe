package plan

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// hiddenValue is the value of a hidden field of a page.
func hiddenValue(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	if m := regexp.MustCompile(`<textarea name="` + name + `" hidden>\n([^<]*)</textarea>`).FindStringSubmatch(w.Body.String()); m != nil {
		return html.UnescapeString(m[1])
	}
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("no %s in %s", name, w.Body)
	}
	return html.UnescapeString(m[1])
}

// page expects the status and that the page has the texts.
func page(t *testing.T, what string, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("%s: %d, want %d", what, w.Code, status)
	}
	for _, s := range texts {
		if !strings.Contains(w.Body.String(), s) {
			t.Errorf("%s: no %q in the page", what, s)
		}
	}
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		lead := h.org(t, "20")
		h.file(t, "22.31", true)
		page(t, "plan", h.send(regina, "GET", "/akte/plan", nil), 200, "22.31", "Hundesteuer", "Neue Einheit", "10 Jahre")
		page(t, "search", h.send(erika, "GET", "/akte/plan?q=hunde&am=1.1.2020&alle=1", nil), 200, "Hundesteuer", `value="hunde"`)
		page(t, "no day", h.send(erika, "GET", "/akte/plan?am=31.2.2020", nil), 422)
		page(t, "branch", h.send(erika, "GET", "/akte/plan?unter=22", nil), 200, "Hundesteuer", "Ganzer Aktenplan")
		page(t, "no branch", h.send(erika, "GET", "/akte/plan?unter=nichts", nil), 404)
		page(t, "unit", h.send(erika, "GET", "/akte/plan/einheit?einheit=22.31", nil), 200, "Hundesteuer &lt;anmelden&gt;", "/akte/akten?einheit=22.31")
		page(t, "no unit", h.send(erika, "GET", "/akte/plan/einheit?einheit=nichts", nil), 404)
		page(t, "new", h.send(regina, "GET", "/akte/plan/einheit/bearbeiten?unter=22", nil), 200, `name="parent" value="22"`)

		form := url.Values{"authority": {erfurt}, "code": {"22/4 <b>"}, "title": {"Neu <i>"}, "parent": {"22"}, "retention_years": {"3"}, "transfer_years": {"0"},
			"appraisal": {"V"}, "valid_until": {"31.12.30"}}
		w := h.send(regina, "POST", "/akte/plan/einheit/bearbeiten", form)
		page(t, "make", w, 303)
		page(t, "made", h.send(regina, "GET", w.Header().Get("Location"), nil), 200, "22/4 &lt;b&gt; Neu &lt;i&gt;", "bis 31.12.2030", "Gültig bis: 31.12.2030", "Aktenplaneinheit angelegt")
		form.Set("title", "")
		page(t, "fault", h.send(regina, "POST", "/akte/plan/einheit/bearbeiten", form), 422, `href="#title"`)

		// a change that concerns closed files is shown before it is saved
		edit := h.send(regina, "GET", "/akte/plan/einheit/bearbeiten?einheit=22.31", nil)
		page(t, "edit", edit, 200, `value="Hundesteuer"`)
		form = url.Values{"authority": {erfurt}, "einheit": {"22.31"}, "seen": {hiddenValue(t, edit, "seen")}, "title": {"Hundesteuer"}, "parent": {"22"},
			"retention_years": {"15"}, "transfer_years": {"0"}, "appraisal": {"V"}, "note": {"<neu>"}, "files": {"0"}}
		w = h.send(regina, "POST", "/akte/plan/einheit/bearbeiten", form)
		page(t, "confirm", w, 200, "bisher 10, jetzt 15", "betrifft eine geschlossene Akte")
		if h.unit(t, "22.31").RetentionYears != 10 {
			t.Error("saved before it was confirmed")
		}
		for _, name := range []string{"seen", "files", "title", "parent", "retention_years", "transfer_years", "appraisal", "note"} {
			form.Set(name, hiddenValue(t, w, name))
		}
		page(t, "confirmed", h.send(regina, "POST", "/akte/plan/einheit/bearbeiten", form), 303)
		if u := h.unit(t, "22.31"); u.RetentionYears != 15 || u.Note != "<neu>" {
			t.Errorf("%+v", u)
		}
		form.Set("title", "Anders")
		w = h.send(arne, "POST", "/akte/plan/einheit/bearbeiten", form)
		page(t, "conflict", w, 409, "Jemand hat das inzwischen geändert", "Zurzeit gespeichert: Hundesteuer", `value="Anders"`)
		form.Set("seen", hiddenValue(t, w, "seen"))
		page(t, "after the choice", h.send(arne, "POST", "/akte/plan/einheit/bearbeiten", form), 303)

		// services
		route := url.Values{"authority": {erfurt}, "unit": {"41"}, "key": {dogTax}, "lead": {lead}, "seen": {""}}
		w = h.send(regina, "POST", "/akte/plan/leistung", route)
		page(t, "taken away unawares", w, 409, "22.31")
		form = h.formOf(t, w, "/akte/plan/leistung")
		route.Set("seen", form.Get("seen"))
		page(t, "knowingly", h.send(regina, "POST", "/akte/plan/leistung", route), 303)
		page(t, "bad key", h.send(regina, "POST", "/akte/plan/leistung", url.Values{"authority": {erfurt}, "unit": {"41"}, "key": {"1"}}), 422, `href="#key"`)
		named := func(what string) url.Values {
			return url.Values{"authority": {erfurt}, "unit": {"41"}, "key": {what}, "lead": {""}, "seen": {"41"}}
		}
		page(t, "named", h.send(regina, "POST", "/akte/plan/leistung", named("hundesteuer")), 303)
		page(t, "several of the name", h.send(regina, "POST", "/akte/plan/leistung", named("hund")), 422, `<option value="`+dogTax+`">Hundesteuer &lt;anmelden&gt;`, "Hundehaltung")
		page(t, "none of the name", h.send(regina, "POST", "/akte/plan/leistung", named("katze <1>")), 422, "katze &lt;1&gt;", `href="#key"`)
		route.Set("seen", "41")
		page(t, "the lead again", h.send(regina, "POST", "/akte/plan/leistung", route), 303)
		page(t, "names in the history", h.send(regina, "GET", "/akte/plan/einheit?einheit=41", nil), 200, "Hundesteuer &lt;anmelden&gt;")
		page(t, "change of the lead", h.send(regina, "GET", "/akte/plan/einheit?einheit=41&leistung="+dogTax, nil), 200, `value="`+lead+`" selected`)
		page(t, "unroute", h.send(regina, "POST", "/akte/plan/leistung-entfernen", url.Values{"authority": {erfurt}, "unit": {"41"}, "seen": {"41"}, "key": {dogTax}}), 303)
		page(t, "any", h.send(regina, "POST", "/akte/plan/leistung-entfernen", url.Values{"authority": {erfurt}, "unit": {"00.10"}, "seen": {"00.10"}, "key": {"*"}}), 409)
	})
}

// formOf is the hidden fields of the page's form with that action.
func (h *house) formOf(t *testing.T, w *httptest.ResponseRecorder, action string) url.Values {
	t.Helper()
	_, form, ok := strings.Cut(w.Body.String(), `action="`+action+`"`)
	if !ok {
		t.Fatalf("no form %s", action)
	}
	form, _, _ = strings.Cut(form, "</form>")
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	return out
}

func TestExchangePages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.appraised(t, "41")
		page(t, "exchange", h.send(regina, "GET", "/akte/plan/austausch", nil), 200, "Ergebnis (0514)", "Beispielplan für Ministerien", "Fristen sind Beispiele")
		for format, name := range map[string]string{"csv": ".csv", "tsv": ".tsv", "0301": "_Aktenplan.Aktenplan.0301.zip", "0511": "_Aussonderung.AktenplanZurBewertung.0511.zip"} {
			w := h.send(erika, "GET", "/akte/plan/export?format="+format+"&archiv=Landesarchiv", nil)
			page(t, format, w, 200)
			if d := w.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || !strings.Contains(d, name) {
				t.Errorf("%s: %s", format, d)
			}
		}
		page(t, "no format", h.send(erika, "GET", "/akte/plan/export?format=doc", nil), 422)
		page(t, "answer", h.send(regina, "GET", "/akte/plan/import/"+id+"/antwort?nachricht=0514", nil), 200)
		page(t, "no answer", h.send(regina, "GET", "/akte/plan/import/"+id+"/antwort?nachricht=0301", nil), 404)

		base := map[string]string{"authority": erfurt, "quelle": "table"}
		page(t, "no file", h.upload(regina, "/akte/plan/import", base, "", ""), 422, `href="#datei"`)
		page(t, "faults", h.upload(regina, "/akte/plan/import", base, "x.csv", "code;title\n9;\n\"9\";x;y\n"), 422, "Zeile 3: 3 Felder, aber nur 2 Überschriften")
		page(t, "fault", h.upload(regina, "/akte/plan/import", base, "x.csv", "code;parent\n41;nichts\n"), 422, "Zeile 2, Spalte parent")
		page(t, "same", h.upload(regina, "/akte/plan/import", base, "x.csv", "code;title\n41;Wohngeld\n"), 200, "es gibt nichts zu ändern")
		page(t, "too large", h.upload(regina, "/akte/plan/import", base, "x.csv", "code;title\n"+strings.Repeat("x", maxFile)), 413)

		w := h.upload(regina, "/akte/plan/import", base, "plan.csv", "code;title;note\n41;Wohngeld <1>;\"a\tb\nc\"\n")
		page(t, "preview", w, 200, "Wohngeld &lt;1&gt;", "plan.csv")
		take := map[string]string{}
		for _, name := range []string{"authority", "id", "seen", "files", "quelle", "name", "process", "table"} {
			take[name] = hiddenValue(t, w, name)
		}
		must(t, h.Put(arne, h.edit(t, "45", map[string]string{"title": "Kita"})))
		w = h.upload(regina, "/akte/plan/import/uebernehmen", take, "", "")
		page(t, "changed meanwhile", w, 409, "Jemand hat das inzwischen geändert", "Wohngeld &lt;1&gt;")
		take["seen"], take["id"] = hiddenValue(t, w, "seen"), hiddenValue(t, w, "id")
		page(t, "take", h.upload(regina, "/akte/plan/import/uebernehmen", take, "", ""), http.StatusSeeOther)
		page(t, "take twice", h.upload(regina, "/akte/plan/import/uebernehmen", take, "", ""), http.StatusSeeOther)
		if u := h.unit(t, "41"); u.Title != "Wohngeld <1>" || u.Note != "a b c" {
			t.Errorf("%+v", u)
		}
		take["id"] = "x"
		page(t, "no id", h.upload(regina, "/akte/plan/import/uebernehmen", take, "", ""), 422)

		w = h.upload(regina, "/akte/plan/import", map[string]string{"authority": erfurt, "quelle": "ministry", "beenden": "true"}, "", "")
		page(t, "ministry", w, 200, "Kabinettvorlagen", `name="beenden" value="true"`)
		page(t, "no source", h.upload(regina, "/akte/plan/import", map[string]string{"authority": erfurt, "quelle": "zoo"}, "", ""), 422)
	})
}
