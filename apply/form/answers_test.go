package form_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/apply/form"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

// one is a form with one question, made of the JSON after its id.
func one(t *testing.T, rules string) *form.Definition {
	t.Helper()
	d, err := form.Parse([]byte(strings.Replace(small, `{"id": "name", "kind": "text", "label": {"de": "Name", "en": "Name"}}`,
		`{"id": "name", "label": {"de": "Name", "en": "Name"}, `+rules+`}`, 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRules(t *testing.T) {
	const text, date, options = `"kind": "text"`, `"kind": "date"`, `"options": [{"value": "x", "label": {"de": "X", "en": "X"}}, {"value": "y", "label": {"de": "Y", "en": "Y"}}]`
	for _, c := range []struct {
		rules, answer string
		want          string // key of what is wrong after "apply.answer.", "" if nothing
	}{
		{text, "", "missing"}, {text, "   ", "missing"}, {text, "Łódź", ""}, {text + `, "optional": true`, "", ""},
		{text, strings.Repeat("ä", 200), ""}, {text, strings.Repeat("ä", 201), "too_long"},
		{text + `, "min_length": 3`, "äö", "too_short"}, {text + `, "min_length": 3`, "äöü", ""},
		{text + `, "min_length": 3, "max_length": 3`, "äö", "length"},
		{text + `, "pattern": "[A-Z]{2}", "pattern_text": {"de": "a", "en": "a"}`, "AB", ""},
		{text + `, "pattern": "[A-Z]{2}", "pattern_text": {"de": "a", "en": "a"}`, "ABC", "pattern"},
		{text + `, "pattern": "A|B", "pattern_text": {"de": "a", "en": "a"}`, "AX", "pattern"},
		{text + `, "format": "digits", "min_length": 15, "max_length": 15`, "276 098 100 000 001", ""},
		{text + `, "format": "digits", "min_length": 15, "max_length": 15`, "27609810000000", "length"},
		{text + `, "format": "digits"`, "27a", "digits"}, {text + `, "format": "digits"`, "٣٤", "digits"},
		{text + `, "format": "postcode"`, "99084", ""}, {text + `, "format": "postcode"`, "9908", "postcode"}, {text + `, "format": "postcode"`, "00999", "postcode"},
		{text + `, "format": "iban"`, "de02 1203 0000 0000 2020 51", ""}, {text + `, "format": "iban"`, "DE02120300000000202052", "iban"},
		{text + `, "format": "iban"`, "DE0212030000000020205", "iban"}, {text + `, "format": "iban"`, "GB29 NWBK 6016 1331 9268 19", ""},
		{text + `, "format": "iban"`, "0000000000000000", "iban"}, {text + `, "format": "iban"`, "DEXX120300000000202051", "iban"},
		{`"kind": "email"`, "a@b.de", ""}, {`"kind": "email"`, "a@b", "email"}, {`"kind": "email"`, "A <a@b.de>", "email"}, {`"kind": "email"`, "a b@c.de", "email"},
		{`"kind": "tel"`, "+49 361 123-45", ""}, {`"kind": "tel"`, "036", "tel"}, {`"kind": "tel"`, "anrufen", "tel"},
		{date, "2026-11-24", ""}, {date, "24.11.2026", ""}, {date, "2026-02-30", "date"}, {date, "1066-10-14", "date"}, {date, "gestern", "date"},
		{date + `, "not_future": true`, "2026-11-24", ""}, {date + `, "not_future": true`, "2026-11-25", "future"},
		{date + `, "not_past": true`, "2026-11-24", ""}, {date + `, "not_past": true`, "2026-11-23", "past"},
		{`"kind": "number", "min": 0, "max": 50`, "0", ""}, {`"kind": "number", "min": 0, "max": 50`, "-1", "min"}, {`"kind": "number", "min": 0, "max": 50`, "51", "max"},
		{`"kind": "number"`, "1,5", "number"}, {`"kind": "number"`, "9999999999999999999", "number"},
		{`"kind": "money", "min": 100, "max": 200`, "1,50", ""}, {`"kind": "money", "min": 100`, "0,99", "min"}, {`"kind": "money", "max": 200`, "2,01", "max"}, {`"kind": "money"`, "viel", "money"},
		{`"kind": "select", ` + options, "x", ""}, {`"kind": "select", ` + options, "z", "choose"}, {`"kind": "radio", ` + options, "", "choose"},
		{`"kind": "checkbox"`, "true", ""}, {`"kind": "checkbox"`, "", "tick"}, {`"kind": "checkbox", "optional": true`, "", ""},
	} {
		d := one(t, c.rules)
		a, err := d.Read(d.Groups[0], url.Values{"name": {c.answer}, "art": {"a"}})
		if err != nil {
			t.Fatalf("%s %q: %v", c.rules, c.answer, err)
		}
		res, err := d.Check(a, today)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p := res.Problems(); len(p) > 0 {
			got = strings.TrimPrefix(p[0].Key, "apply.answer.")
		}
		if got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.rules, c.answer, got, c.want)
		}
	}
}

func TestReadRefusesWhole(t *testing.T) {
	d := one(t, `"kind": "text"`)
	for name, v := range map[string]url.Values{
		"unknown question":       {"name": {"a"}, "preis": {"0"}},
		"question of other page": {"name": {"a"}, "am": {"2026-01-01"}},
		"two answers":            {"name": {"a", "b"}},
		"bad UTF-8":              {"name": {"a\xff"}},
		"control character":      {"name": {"a\x00b"}},
		"oversize":               {"name": {strings.Repeat("a", 10_001)}},
	} {
		if a, err := d.Read(d.Groups[0], v); !errs.Is(err, errs.Invalid) || a != nil {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	if _, err := d.Read(d.Groups[0], url.Values{"name": {"a"}, "_version": {"1"}}); err != nil {
		t.Errorf("the page's own names: %v", err)
	}
	if _, err := d.Read(d.Groups[1], url.Values{"am": {"2026-01-01"}, "am-day": {"1"}, "am-month": {"1"}, "am-year": {"2026"}}); err != nil {
		t.Errorf("parts of a date: %v", err)
	}
	if _, err := d.Check(form.Answers{"fremd": {"x"}}, today); !errs.Is(err, errs.Invalid) {
		t.Errorf("unknown question in a draft: %v", err)
	}
}

func TestHiddenAnswersAreDropped(t *testing.T) {
	d := one(t, `"kind": "text"`)
	a := form.Answers{"name": {"N"}, "art": {"b"}, "am": {"2026-01-01"}, "ja": {"ja"}, "papier": {"f1"}}
	res, err := d.Check(a, today)
	if err != nil || len(res.Problems()) > 0 || len(res.Answers) != 5 || res.Asked("drei") == nil {
		t.Fatalf("%v %v %v", res.Answers, res.Problems(), err)
	}
	a["art"] = []string{"a"} // hides "zwei", and with it what showed "drei"; the other way to it is open
	res, err = d.Check(a, today)
	if err != nil || res.Asked("zwei") != nil || res.Asked("drei") == nil || res.Answers["am"] != nil || res.Answers["ja"] != nil {
		t.Fatalf("%v %v", res.Answers, err)
	}
	a["art"] = nil
	if res, err = d.Check(a, today); err != nil || res.Asked("drei") != nil || res.Answers["papier"] != nil {
		t.Fatalf("a hidden answer shows a page: %v %v", res.Answers, err)
	}
}

func TestRequiredIfAndNotBefore(t *testing.T) {
	d := load(t).Current("hund-anmelden")
	base := form.Answers{"dog_birth": {"2024-03-01"}, "kept_since": {"2024-02-01"}, "dangerous": {"ja"}, "permit": {"ja"}, "behaviour_test": {"nein"}}
	res, err := d.Check(base, today)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, p := range res.Problems() {
		keys[p.Name] = p.Key
	}
	if keys["kept_since"] != "apply.answer.before" || keys["permit_authority"] != "apply.answer.missing" || keys["behaviour_test_date"] != "" {
		t.Errorf("%v", keys)
	}
}

func TestShow(t *testing.T) {
	d := load(t).Current("hund-anmelden")
	for id, want := range map[string]string{"iban": "DE02 1203 0000 0000 2020 51", "mandate": "ja", "birth_date": "01.02.1980", "dog_sex": "Hündin"} {
		value := map[string]string{"iban": "DE02120300000000202051", "mandate": "ja", "birth_date": "1980-02-01", "dog_sex": "weiblich"}[id]
		if got := d.Field(id).Show(i18n.German, []string{value}, "ja"); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if got := form.Fill("Hund {given_name} {x} {surname}", form.Answers{"surname": {"Groß"}}); got != "Hund Groß" {
		t.Errorf("%q", got)
	}
}

// Whatever is accepted stays as it is: checked again, and written and read again.
func TestAcceptedAnswersRoundTrip(t *testing.T) {
	forms := load(t)
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(forms.All()).Draw(t, "form")
		a := draw(t, d)
		res, err := d.Check(a, today)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.Check(res.Answers, today)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(res.Answers, again.Answers, slices.Equal) || !reflect.DeepEqual(res.Problems(), again.Problems()) {
			t.Fatalf("checked again:\n%v %v\n%v %v", res.Answers, res.Problems(), again.Answers, again.Problems())
		}
		b, err := json.Marshal(res.Answers)
		if err != nil {
			t.Fatal(err)
		}
		var back form.Answers
		if err := json.Unmarshal(b, &back); err != nil || !maps.EqualFunc(res.Answers, back, slices.Equal) {
			t.Fatalf("%s gives %v, %v", b, back, err)
		}
		for id := range res.Answers {
			if !slices.ContainsFunc(res.Groups, func(g form.Asked) bool { return slices.Contains(g.Fields, d.Field(id)) }) {
				t.Fatalf("an answer to %s, which was not asked", id)
			}
		}
		if len(res.Problems()) == 0 {
			for _, g := range res.Groups {
				for _, f := range g.Fields {
					if f.Required(res.Answers) && len(res.Answers[f.ID]) == 0 {
						t.Fatalf("accepted without %s", f.ID)
					}
				}
			}
		}
		if _, err := d.JSON(res.Answers); err != nil {
			t.Fatal(err)
		}
	})
}

// draw answers some questions of a form, mostly well.
func draw(t *rapid.T, d *form.Definition) form.Answers {
	a := form.Answers{}
	for _, g := range d.Groups {
		for _, f := range g.Fields {
			if rapid.IntRange(0, 9).Draw(t, "skip") == 0 {
				continue
			}
			var v []string
			switch f.Kind {
			case form.Select, form.Radio:
				v = []string{rapid.SampledFrom(f.Options).Draw(t, f.ID).Value}
			case form.Checkboxes:
				for range rapid.IntRange(0, 3).Draw(t, f.ID) {
					v = append(v, rapid.SampledFrom(f.Options).Draw(t, f.ID).Value)
				}
			case form.Checkbox:
				v = []string{"true"}
			case form.Date:
				v = []string{rapid.SampledFrom([]string{"2020-02-29", "1.2.1980", "2026-11-24", "2027-01-01", "-11-24"}).Draw(t, f.ID)}
			case form.Number:
				v = []string{rapid.SampledFrom([]string{"0", "1", " 5 ", "-1", "1e3"}).Draw(t, f.ID)}
			case form.Email:
				v = []string{"a@example.org"}
			case form.File:
				v = []string{"018f"}
			default:
				v = []string{rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"99084", "276098100000001", "DE02 1203 0000 0000 2020 51", "Anger", "e\u0301"})).Draw(t, f.ID)}
			}
			a[f.ID] = v
		}
	}
	return a
}

func TestAFilledFormIsAccepted(t *testing.T) {
	d := load(t).Current("gewerbe-anmelden")
	a := form.Answers{"legal_form": {"einzel"}, "given_name": {"Jana"}, "surname": {"Muster"}, "sex": {"ohne"}, "birth_date": {"1980-02-01"}, "birth_place": {"Jena"},
		"nationality": {"andere"}, "nationality_text": {"chilenisch"}, "residence_permit": {"nein"}, "home_street": {"Anger"}, "home_number": {"1"}, "home_postcode": {"99084"}, "home_town": {"Erfurt"},
		"establishment": {"haupt"}, "cause": {"neugruendung"}, "business_street": {"Anger"}, "business_number": {"1"}, "business_postcode": {"99084"}, "business_town": {"Erfurt"},
		"activity": {"Reparatur von Fahrrädern"}, "trade": {"handwerk", "handel"}, "start": {"2027-01-01"}, "sideline": {"ja"}, "full_time": {"0"}, "part_time": {"2"}, "permit": {"nein"}, "craft": {"beantragt"}}
	res, err := d.Check(a, today)
	if err != nil || len(res.Problems()) > 0 {
		t.Fatalf("%v %v", res.Problems(), err)
	}
	if res.Asked("register") != nil || res.Asked("handwerk") == nil || res.Asked("aufenthalt") == nil || res.Asked("hauptniederlassung") != nil {
		t.Error("the wrong pages are shown")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("given_name=Jana&surname=Gro%C3%9F&birth_date=2000-01-01")
	f.Add("given_name=%ff&_version=1&birth_date-day=1")
	forms, err := form.Load(os.DirFS(".."))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, d := range forms.All() {
			for _, g := range d.Groups {
				a, err := d.Read(g, v)
				if err != nil {
					if !errs.Is(err, errs.Invalid) {
						t.Fatal(err)
					}
					continue
				}
				res, err := d.Check(a, today)
				if err != nil {
					t.Fatal(err)
				}
				again, err := d.Check(res.Answers, today)
				if err != nil || !maps.EqualFunc(res.Answers, again.Answers, slices.Equal) {
					t.Fatalf("%q: %v, then %v", query, res.Answers, again.Answers)
				}
			}
		}
	})
}
