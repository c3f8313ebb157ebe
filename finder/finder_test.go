package finder

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/standards/leika"
)

// loaded is the catalogue of the built-in facts, without a database.
var loaded = sync.OnceValue(func() *Catalog {
	f, err := readFacts()
	if err != nil {
		panic(err)
	}
	return newCatalog(tables{areas: f.areas, postcodes: f.postcodes, authorities: f.authorities, services: f.services,
		assignments: f.assignments, synonyms: f.synonyms})
})

type noForms struct{}

func (noForms) Online(context.Context, string, string) (string, bool, error) { return "", false, nil }

type noFees struct{}

func (noFees) Fee(context.Context, string, string) (Fee, bool, error) {
	return Fee{}, false, nil
}

func TestLoad(t *testing.T) {
	housetest.Each(t, []platform.Files{{Room: "finder", FS: Files}}, func(t *testing.T, h *platform.House) {
		ctx := context.Background()
		r, err := New(h, noForms{}, noFees{})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Catalog().Empty() {
			t.Error("catalogue is not empty before Load")
		}
		last := 0
		if err := r.Load(ctx, func(done, total int) {
			if done <= last || done > total {
				t.Errorf("progress %d after %d of %d", done, last, total)
			}
			last = done
		}); err != nil {
			t.Fatal(err)
		}
		if n := len(r.Catalog().ordered); n != 4813 {
			t.Errorf("%d services", n)
		}
		if got, want := r.Search("hund anmelden"), loaded().Search("hund anmelden"); len(got) == 0 || got[0].Service != want[0].Service {
			t.Error("the catalogue from the database finds something else than the one from the files")
		}
		before := r.Catalog()
		if err := r.Load(ctx, func(int, int) { t.Error("second Load writes") }); err != nil {
			t.Fatal(err)
		}
		if r.Catalog() != before {
			t.Error("second Load made a new catalogue")
		}
		other, err := New(h, noForms{}, noFees{}) // another process
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Refresh(ctx); err != nil || other.Catalog().Empty() {
			t.Errorf("another process does not see the catalogue: %v", err)
		}
	})
}

func TestFactsAreWhole(t *testing.T) {
	c := loaded()
	count := map[AreaKind]int{}
	acted := 0
	for _, a := range c.areas {
		count[a.Kind]++
		if a.Acting != "" {
			acted++
			if p := c.areas[a.Acting]; p == nil || p.Acting != "" {
				t.Errorf("%s is served by %s, which is served itself", a.Name, a.Acting)
			}
		}
		if a.Kind != Federation && c.areas[a.Parent] == nil {
			t.Errorf("%s: parent %s is missing", a.Name, a.Parent)
		}
		if _, ok := c.authorities[a.ARS]; !ok && a.Kind != State && a.Kind != Federation {
			t.Errorf("%s has no authority", a.Name)
		}
	}
	for kind, want := range map[AreaKind]int{Municipality: 600, City: 5, Association: 42, District: 17, State: 1, Federation: 1} {
		if count[kind] != want {
			t.Errorf("%d of kind %s, want %d", count[kind], kind, want)
		}
	}
	if acted != 128-38 {
		t.Errorf("%d municipalities are served by an erfüllende Gemeinde, want 90", acted)
	}
	objects := map[string]bool{}
	for key, as := range c.assigned {
		objects[leika.Key(key).ProcedurePrefix()] = true
		if as.responsible.Law == "" || as.responsible.Note == "" || c.services[key].Text == "" {
			t.Errorf("%s (%s): law, note or text is missing", key, c.services[key].Name)
		}
	}
	if len(objects) < 60 {
		t.Errorf("only %d services are assigned", len(objects))
	}
}

func TestResolve(t *testing.T) {
	const (
		residence = "99115005104001" // transferred
		dog       = "99110009104000" // own
		car       = "99036008007000" // district
		points    = "99029001023000" // Bund
		radio     = "99107008104000" // Land, processed by another
		record    = "99049001001000" // Bund, received by the municipality
		parking   = "99108009012000" // district, but for big towns
		nothing   = "99012012042000" // Flächennutzungsplan: not assigned
	)
	const (
		erfurt       = "160510000000"
		berlingerode = "160615001003" // member of VG Lindenberg/Eichsfeld
		dietzenrode  = "160615051024" // served by Uder
		uder         = "160615051119"
		gotha        = "160670029029"
		niederorsch  = "160610074074" // on its own
	)
	for _, c := range []struct {
		name, key, place, responsible, processor, reason string
	}{
		{"city, transferred", residence, erfurt, erfurt, erfurt, "transferred"},
		{"city, own", dog, erfurt, erfurt, erfurt, "own"},
		{"city, district task", car, erfurt, erfurt, erfurt, "city"},
		{"member, transferred", residence, berlingerode, "160615001000", "160615001000", "transferred_association"},
		{"member, own", dog, berlingerode, berlingerode, "160615001000", "own_association"},
		{"member, district task", car, berlingerode, "160610000000", "160610000000", "district"},
		{"served, transferred", residence, dietzenrode, uder, uder, "transferred_acting"},
		{"served, own", dog, dietzenrode, dietzenrode, uder, "own_acting"},
		{"serving, own", dog, uder, uder, uder, "own"},
		{"alone, transferred", residence, niederorsch, niederorsch, niederorsch, "transferred"},
		{"Bund", points, berlingerode, "bund-kba", "bund-kba", "bund"},
		{"Land, processed by another", radio, "", "th-mdr", "bund-beitragsservice", "land_processor"},
		{"town that is big enough", parking, gotha, gotha, gotha, "big_town"},
		{"its neighbour", parking, "160675007004", "160670000000", "160670000000", "district"},
		{"its Kreis", parking, "160670000000", "160670000000", "160670000000", "district_self"},
		{"kreisfreie Stadt", parking, erfurt, erfurt, erfurt, "city"},
		{"another task of the Kreis, in the town", car, gotha, "160670000000", "160670000000", "district"},
		{"no place", dog, "", "", "", "place_needed"},
		{"district is no place for a municipal task", dog, "160610000000", "", "", "place_needed"},
		{"not assigned, member", nothing, berlingerode, "160615001000", "160615001000", "none"},
		{"not assigned, no place", nothing, "", "", "", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := loaded().Resolve(c.key, c.place)
			if err != nil {
				t.Fatal(err)
			}
			if got.Responsible.ID != c.responsible || got.Processor.ID != c.processor || got.Reason.Key != "finder.reason."+c.reason {
				t.Errorf("responsible %q, processor %q, %s; want %q, %q, %s", got.Responsible.ID, got.Processor.ID, got.Reason.Key, c.responsible, c.processor, c.reason)
			}
			if want := c.reason != "place_needed" && c.reason != "none"; got.Known != want {
				t.Errorf("Known = %v", got.Known)
			}
		})
	}
	got, err := loaded().Resolve(record, berlingerode)
	if err != nil || got.Responsible.ID != "bund-bfj" || got.Receives == nil || got.Receives.ID != "160615001000" {
		t.Errorf("Führungszeugnis: %+v, %v", got, err)
	}
	for _, bad := range [][2]string{{"99999999999999", erfurt}, {dog, "999999999999"}, {"", ""}} {
		if _, err := loaded().Resolve(bad[0], bad[1]); !errs.Is(err, errs.NotFound) {
			t.Errorf("Resolve(%q, %q): %v", bad[0], bad[1], err)
		}
	}
}

// TestResolveAlwaysAnswers walks every assigned service and every municipality.
func TestResolveAlwaysAnswers(t *testing.T) {
	c := loaded()
	for key := range c.assigned {
		for _, place := range c.places {
			got, err := c.Resolve(key, place.ARS)
			if err != nil || !got.Known || got.Responsible.ID == "" || got.Processor.ID == "" || got.Responsible.Name == "" || got.Reason.Key == "" {
				t.Fatalf("%s in %s: %+v, %v", key, place.Name, got, err)
			}
			if got.ActsForAnother() && got.Level != Own && got.Level != StateLevel {
				t.Fatalf("%s in %s: another acts on level %s", key, place.Name, got.Level)
			}
		}
	}
}

func TestResolveStatesAReasonForEverything(t *testing.T) {
	c := loaded()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(c.ordered).Draw(t, "service")
		place := ""
		if rapid.Bool().Draw(t, "with place") {
			place = rapid.SampledFrom(c.places).Draw(t, "place").ARS
		}
		got, err := c.Resolve(s.Key, place)
		if err != nil || got.Reason.Key == "" || got.Known != (got.Responsible.ID != "" && got.Law != "") {
			t.Fatalf("%s in %q: %+v, %v", s.Key, place, got, err)
		}
	})
}

func TestSuccessor(t *testing.T) {
	c := newCatalog(tables{
		services:    []Service{{Key: "99110009104000", Name: "Hundehaltung Anmeldung"}},
		assignments: []assignment{{ServiceKey: "99110009104000", Role: Responsible, Level: Own, Law: "x"}},
		areas: []Area{
			{ARS: "160670001001", Name: "Alt", ShortName: "Alt", Kind: Municipality, Parent: "160670000000", ValidTo: 1, Successor: "160670002002"},
			{ARS: "160670002002", Name: "Neu", ShortName: "Neu", Kind: Municipality, Parent: "160670000000"},
		},
		authorities: []Authority{{ID: "160670002002", Name: "Gemeinde Neu"}},
	})
	got, err := c.Resolve("99110009104000", "160670001001")
	if err != nil || got.Responsible.ID != "160670002002" {
		t.Errorf("a merged municipality leads to %+v, %v", got.Responsible, err)
	}
	if found := c.Places("160670001001"); len(found) != 1 || found[0].ARS != "160670002002" {
		t.Errorf("its old key leads to %v", found)
	}
}

func TestPlaces(t *testing.T) {
	c := loaded()
	for in, want := range map[string]string{
		"Erfurt": "160510000000", "erfurt": "160510000000", "Erfurt, Stadt": "160510000000", "99084 Erfurt": "160510000000",
		"160510000000": "160510000000", "16051000": "160510000000", "Koestritz": "160765051003", "Bad Köstritz": "160765051003",
		"Gera": "160520000000", "Erfrut": "160510000000", "Muehlhausen": "160640046046",
	} {
		if place, choices := c.OnePlace(in); place == nil || place.ARS != want {
			t.Errorf("OnePlace(%q) = %v, %d choices; want %s", in, place, len(choices), want)
		}
	}
	for in, atLeast := range map[string]int{"07646": 30, "Elxleben": 2, "Eichenberg": 2, "Lehesten": 2, "Bad": 5, "Ilm-Kreis": 10} {
		if got := c.Places(in); len(got) < atLeast {
			t.Errorf("Places(%q): %d", in, len(got))
		}
	}
	for _, in := range []string{"", "12345678901", "Hamburg", "00000", strings.Repeat("x", 5000), "\xff", "🙂"} {
		if got := c.Places(in); len(got) != 0 {
			t.Errorf("Places(%.20q) = %v", in, got)
		}
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("07646")
	f.Add("99084 Erfurt")
	c := loaded()
	f.Fuzz(func(t *testing.T, s string) {
		if got := c.Places(s); len(got) > maxPlaces {
			t.Errorf("%d places", len(got))
		}
	})
}

func TestGaps(t *testing.T) {
	c := loaded()
	all, err := c.Gaps("")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range all.Groups {
		for _, s := range g.Services {
			if r, err := c.Resolve(s.Key, "160510000000"); err != nil || r.Known {
				t.Fatalf("%s is no gap: %+v %v", s.Key, r, err)
			}
			n++
		}
	}
	if n != all.Missing || all.Missing == 0 || all.Missing >= all.Services || all.Services != len(c.ordered) {
		t.Errorf("%d listed, %d missing of %d", n, all.Missing, all.Services)
	}
	here, err := c.Gaps("160510000000")
	if err != nil || here.Missing != all.Missing {
		t.Errorf("in Erfurt %d, in all %d, %v", here.Missing, all.Missing, err)
	}
	if _, err := c.Gaps("999999999999"); err == nil {
		t.Error("gaps of nowhere")
	}
}

// TestLocalAssignments: whatever is said about single areas, each service in each place has one answer or a stated reason.
func TestLocalAssignments(t *testing.T) {
	c := loaded()
	defer func() { c.locals = nil }()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(c.ordered).Draw(t, "service").Key
		place := rapid.SampledFrom(c.places).Draw(t, "place")
		area := place.ARS
		if rapid.Bool().Draw(t, "above") {
			area = place.Parent
		}
		role := rapid.SampledFrom([]Role{NotOffered, Responsible, Receives, ContactPoint, SinglePoint}).Draw(t, "role")
		c.locals = map[localRef]LocalAssignment{{key, area, role}: {Service: key, Area: area, Role: role, Office: "th-tlvwa", Law: "x"}}
		got, err := c.Resolve(key, place.ARS)
		switch {
		case err != nil || got.Reason.Key == "" || (got.Known && got.Responsible.ID == ""):
			t.Fatalf("%+v, %v", got, err)
		case role == NotOffered && (!got.NotOffered || got.Known):
			t.Fatalf("offered: %+v", got)
		case role == Responsible && (!got.Known || got.Responsible.ID != "th-tlvwa"):
			t.Fatalf("done by another: %+v", got)
		case role == SinglePoint && (got.SinglePoint == nil || got.SinglePoint.ID != "th-tlvwa"):
			t.Fatalf("no single point of contact: %+v", got)
		}
	})
}

// TestBigTowns: the six that the law names are there, each does some of its Kreis's tasks, and the exported duties say so.
func TestBigTowns(t *testing.T) {
	c := loaded()
	var names []string
	for _, p := range c.places {
		if p.BigTown {
			names = append(names, p.ShortName)
			if p.Kind != Municipality {
				t.Errorf("%s is a %s", p.Name, p.Kind)
			}
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "Altenburg Eisenach Gotha Ilmenau Mühlhausen/Thüringen Nordhausen" {
		t.Errorf("big towns: %s", got)
	}
	const parking = "99108009012000"
	does := func(id string) bool {
		a, _ := c.Authority(id)
		return slices.ContainsFunc(c.Tasks(a), func(s Service) bool { return s.Key == parking })
	}
	for id, want := range map[string]bool{"160670029029": true, "160670000000": true, "160510000000": true, "160675007004": false} {
		if does(id) != want {
			t.Errorf("%s lists the parking card: %v", id, !want)
		}
	}
	here := c.With(LocalAssignment{Service: parking, Area: "160670029029", Role: Responsible, Office: "160670000000"})
	if r, err := here.Resolve(parking, "160670029029"); err != nil || r.Responsible.ID != "160670000000" {
		t.Errorf("a local assignment gives it back to the Kreis: %+v, %v", r, err)
	}
}
