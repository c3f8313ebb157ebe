package form_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rennsteig/apply/form"
)

var today = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func load(t testing.TB) *form.Forms {
	t.Helper()
	forms, err := form.Load(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	return forms
}

func TestRealFormsLoad(t *testing.T) {
	want := map[string]string{"hund-anmelden": "99110009104000", "meldebescheinigung": "99115003012000", "gewerbe-anmelden": "99050012104000"}
	forms := load(t)
	for id, key := range want {
		if d := forms.Current(id); d == nil || d.LeikaKey != key || forms.ForService(key) != d || forms.Version(id, d.Version) != d {
			t.Errorf("%s: want a current form for service %s", id, key)
		}
	}
	if len(forms.All()) != len(want) {
		t.Errorf("%d forms, want %d", len(forms.All()), len(want))
	}
	if d := forms.Current("hund-anmelden"); d.Field("home_postcode") == nil || d.Field("home_postcode").Autocomplete != "postal-code" ||
		d.Field("previous_postcode").Autocomplete != "" || !d.Field("previous_postcode").Optional {
		t.Error("the address block is not taken in as it should be")
	}
}

// small is a whole definition that tests change in one place.
const small = `{"id": "probe", "version": 1, "leika_key": "99000000000000", "title": {"de": "Probe", "en": "Test"}, "lead": {"de": "a", "en": "a"},
 "needs": [], "next": [], "policy": "none", "signature": "none", "declaration": {"de": "", "en": ""}, "applicant": "{name}", "subject": "Probe {name}",
 "privacy": {"purpose": {"de": "a", "en": "a"}, "legal_basis": {"de": "a", "en": "a"}, "retention": {"de": "a", "en": "a"}},
 "groups": [
  {"id": "eins", "title": {"de": "a", "en": "a"}, "fields": [
   {"id": "name", "kind": "text", "label": {"de": "Name", "en": "Name"}},
   {"id": "art", "kind": "radio", "label": {"de": "Art", "en": "Kind"}, "options": [
    {"value": "a", "label": {"de": "A", "en": "A"}}, {"value": "b", "label": {"de": "B", "en": "B"}}]}]},
  {"id": "zwei", "title": {"de": "a", "en": "a"}, "shown_if": {"field": "art", "is": ["b"]}, "fields": [
   {"id": "am", "kind": "date", "label": {"de": "Am", "en": "On"}, "not_future": true},
   {"id": "ja", "kind": "checkbox", "label": {"de": "Ja", "en": "Yes"}}]},
  {"id": "drei", "title": {"de": "a", "en": "a"}, "shown_if": {"any": [{"field": "ja", "is": ["ja"]}, {"all": [{"field": "art", "is": ["a"]}]}]}, "fields": [
   {"id": "papier", "kind": "file", "label": {"de": "P", "en": "P"}, "optional": true}]}]}`

func TestBrokenDefinitions(t *testing.T) {
	if _, err := form.Parse([]byte(small), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", `"needs"`, `"need"`, "unknown field"},
		{"no id", `"id": "probe"`, `"id": "Probe!"`, "id"},
		{"version 0", `"version": 1`, `"version": 0`, "version"},
		{"short key", `99000000000000`, `9900`, "leika_key"},
		{"policy", `"policy": "none"`, `"policy": "later"`, "policy"},
		{"signature without declaration", `"signature": "none"`, `"signature": "declaration"`, "declaration"},
		{"text in one language", `"title": {"de": "Probe", "en": "Test"}`, `"title": {"de": "Probe", "en": " "}`, "title"},
		{"first group hidden", `{"id": "eins", `, `{"id": "eins", "shown_if": {"field": "art", "is": ["a"]}, `, "first group"},
		{"reserved group", `"id": "zwei"`, `"id": "senden"`, "reserved"},
		{"group twice", `"id": "zwei"`, `"id": "eins"`, "two groups"},
		{"field twice", `"id": "am"`, `"id": "name"`, "two fields"},
		{"field name of the page", `"id": "am"`, `"id": "_am"`, "id"},
		{"kind", `"kind": "date"`, `"kind": "datum"`, "kind"},
		{"options missing", `"kind": "checkbox"`, `"kind": "radio"`, "options"},
		{"option twice", `{"value": "b"`, `{"value": "a"`, "option"},
		{"condition on unknown", `"shown_if": {"field": "art", "is": ["b"]}`, `"shown_if": {"field": "x", "is": ["b"]}`, "no question"},
		{"condition on later", `"shown_if": {"field": "art", "is": ["b"]}`, `"shown_if": {"field": "ja", "is": ["ja"]}`, "no question"},
		{"condition on unknown answer", `"is": ["b"]`, `"is": ["c"]`, "no answer"},
		{"condition without answers", `"is": ["b"]`, `"is": []`, "is"},
		{"empty condition", `{"field": "art", "is": ["b"]}`, `{}`, "exactly one"},
		{"same-page condition", `"not_future": true`, `"shown_if": {"field": "ja", "is": ["ja"]}`, "no question"},
		{"file among others", `"kind": "date", "label": {"de": "Am", "en": "On"}, "not_future": true`, `"kind": "file", "label": {"de": "Am", "en": "On"}`, "page of their own"},
		{"rule of another kind", `"id": "name", "kind": "text"`, `"id": "name", "kind": "text", "not_past": true`, "belong to date"},
		{"min over max", `"id": "name", "kind": "text"`, `"id": "name", "kind": "number", "min": 2, "max": 1`, "min"},
		{"length of a date", `"not_future": true`, `"max_length": 3`, "lengths"},
		{"pattern without text", `"id": "name", "kind": "text"`, `"id": "name", "kind": "text", "pattern": "a+"`, "pattern"},
		{"bad pattern", `"id": "name", "kind": "text"`, `"id": "name", "kind": "text", "pattern": "(", "pattern_text": {"de": "a", "en": "a"}`, "missing closing"},
		{"format of a date", `"not_future": true`, `"format": "iban"`, "format"},
		{"autocomplete", `"id": "name", "kind": "text"`, `"id": "name", "kind": "text", "autocomplete": "cc-number"`, "autocomplete"},
		{"not before unknown", `"not_future": true`, `"not_before": "name"`, "not_before"},
		{"subject of unknown", `"Probe {name}"`, `"Probe {nam}"`, "no field"},
		{"block", `"id": "name", "kind": "text"`, `"id": "name", "use": "nothing"`, "no block"},
		{"two values", `"id": "papier"`, `"id": "papier"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(small, c.old, c.new, 1)
			if c.want == "" {
				changed += "{}"
			} else if changed == small {
				t.Fatal("the test changes nothing")
			}
			_, err := form.Parse([]byte(changed), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error about %q", err, c.want)
			}
		})
	}
}

func TestLoadChecksFileNames(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"wrong name":       {"forms/probe.v2.json": {Data: []byte(small)}},
		"same service":     {"forms/probe.v1.json": {Data: []byte(small)}, "forms/andere.v1.json": {Data: []byte(strings.Replace(small, `"id": "probe"`, `"id": "andere"`, 1))}},
		"broken block":     {"forms/blocks/x.json": {Data: []byte(`{}`)}},
		"oversize":         {"forms/probe.v1.json": {Data: []byte(small + strings.Repeat(" ", 300<<10))}},
		"null in a group":  {"forms/probe.v1.json": {Data: []byte(strings.Replace(small, `"fields": [`, `"fields": [null, `, 1))}},
		"null for a group": {"forms/probe.v1.json": {Data: []byte(strings.Replace(small, `"groups": [`, `"groups": [null, `, 1))}},
	} {
		if _, err := form.Load(files); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	forms, err := form.Load(fstest.MapFS{"forms/probe.v1.json": {Data: []byte(small)}, "forms/probe.v2.json": {Data: []byte(strings.Replace(small, `"version": 1`, `"version": 2`, 1))}})
	if err != nil {
		t.Fatal(err)
	}
	if forms.Current("probe").Version != 2 || forms.Version("probe", 1) == nil || forms.Version("probe", 3) != nil {
		t.Error("versions are mixed up")
	}
}

func FuzzDefinition(f *testing.F) {
	f.Add([]byte(small))
	b, err := os.ReadFile("../forms/hund-anmelden.v1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	blocks := form.Blocks{"address": {{ID: "street", Kind: form.Line, Label: form.Text{DE: "Straße", EN: "Street"}}}}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := form.Parse(b, blocks)
		if err != nil {
			return
		}
		// What loads can be used: an empty answer passes through, and what is asked has texts.
		res, err := d.Check(form.Answers{}, today)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Groups) == 0 || len(res.Answers) != 0 {
			t.Errorf("an empty answer gives %d groups and %d answers", len(res.Groups), len(res.Answers))
		}
		if _, err := json.Marshal(d); err != nil {
			t.Error(err)
		}
	})
}
