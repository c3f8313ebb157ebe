package finder

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/web/webtest"
)

var optionCount = regexp.MustCompile(`<li><a class="kern-link" href="([^"]+)">([^<]+)</a> <span class="rs-muted">\(<span aria-hidden="true">(\d+)</span>`)

// TestFilterCounts follows every filter that a page offers: it must leave as many hits as it says.
func TestFilterCounts(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: Files})
	_, mux := site(t, h)
	followed := 0
	for _, start := range []string{"/suche?q=anmelden&ort=Erfurt", "/suche?q=hund&ort=Erfurt", "/suche?q=steuer", "/suche?q=f%C3%BChrerschein&ort=Berlingerode",
		"/suche?lage=Wohnen+%26+Umzug&ort=Jena", "/suche?q=genehmigung&seite=2&ort=Gera"} {
		p := webtest.Get(t, mux, start)
		for _, o := range optionCount.FindAllStringSubmatch(p.Body, -1) {
			followed++
			path := html.UnescapeString(o[1])
			want, _ := strconv.Atoi(o[3])
			q := webtest.Get(t, mux, path)
			leistungen := fmt.Sprintf("%d Leistungen gefunden", want)
			if want == 1 {
				leistungen = "1 Leistung gefunden"
			}
			if !q.Has(leistungen) || !q.Has("Filter entfernen: "+html.UnescapeString(o[2])) {
				t.Errorf("%s: the filter %s says %d", start, path, want)
			}
		}
	}
	if followed < 20 {
		t.Errorf("only %d filters", followed)
	}
}

func TestFilters(t *testing.T) {
	housetest.Each(t, []platform.Files{{Room: "finder", FS: Files}}, func(t *testing.T, h *platform.House) {
		r, mux := site(t, h)
		t.Run("combined, kept and taken off", func(t *testing.T) {
			c := webtest.New(t, mux)
			p := c.Get("/suche?q=hund&ort=Erfurt").Want(200, "Ergebnisse eingrenzen", "Online möglich").Click("Online möglich").
				Want(200, "1 Leistung gefunden", "Hundehaltung: Anmeldung", "Filter entfernen: Online möglich")
			if u, _ := url.Parse(p.Path); u.Query().Get("q") != "hund" || u.Query().Get("online") != "1" {
				t.Errorf("address %s", p.Path)
			}
			c.Get("/suche?q=hund&online=1&amt=160510000000&lage=Tierhaltung").Want(200, "Alle Filter entfernen", "Stadt Erfurt").Click("Alle Filter entfernen").
				Want(200, "Ergebnisse eingrenzen")
			c.Get("/suche?q=hund&online=1&amt=nirgends").Want(200, "Mit diesen Filtern gibt es keinen Treffer", "Filter entfernen: nirgends")
		})
		t.Run("bad ones are refused", func(t *testing.T) {
			for _, path := range []string{"/suche?q=hund&online=2", "/suche?q=hund&amt=" + strings.Repeat("x", 5000), "/suche?q=hund&thema=%ff"} {
				if p := webtest.Get(t, mux, path); p.Status < 400 || p.Status > 422 {
					t.Errorf("%.40s: %d", path, p.Status)
				}
			}
		})
		t.Run("a misspelt question is asked again", func(t *testing.T) {
			webtest.Get(t, mux, "/suche?q=Personalauswies&ort=Erfurt").Want(200, "Meinten Sie", "Personalausweis").Click("Personalausweis").Want(200, "Ergebnisse für „Personalausweis“")
		})
		t.Run("what cannot be had here comes last and says so", func(t *testing.T) {
			put := func(l LocalAssignment) {
				t.Helper()
				if err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return PutLocal(ctx, tx, h.Audit, l) }); err != nil {
					t.Fatal(err)
				}
				if err := r.Refresh(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			put(LocalAssignment{Service: dogKey, Area: "160510000000", Role: NotOffered})
			webtest.Get(t, mux, "/leistung/"+dogKey+"?").Want(200)
			p := webtest.Get(t, mux, "/suche?q=hund+anmelden&ort=Erfurt").Want(200)
			if !p.Has("Erfurt bietet sie nicht an") || p.Has("Online beantragen") {
				t.Errorf("offered in Erfurt:\n%s", p.Text())
			}
			put(LocalAssignment{Service: dogKey, Area: "160550000000", Role: Responsible, Office: "160510000000", Law: "Zweckvereinbarung"})
			put(LocalAssignment{Service: dogKey, Area: "160550000000", Role: SinglePoint, Office: "th-tlvwa"})
			webtest.Get(t, mux, "/suche?q=hund+anmelden&ort=Weimar").Want(200, "nach besonderer Regelung zuständig: Stadt Erfurt", "Einheitliche Stelle")
			resp, err := r.Resolve(context.Background(), dogKey, "160550000000")
			if err != nil || resp.Responsible.ID != "160510000000" || resp.Law != "Zweckvereinbarung" || resp.SinglePoint == nil {
				t.Errorf("%+v %v", resp, err)
			}
			err = h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				return DropLocal(ctx, tx, h.Audit, dogKey, "160510000000", NotOffered)
			})
			if err == nil {
				err = r.Refresh(context.Background())
			}
			if err != nil {
				t.Fatal(err)
			}
			webtest.Get(t, mux, "/suche?q=hund+anmelden&ort=Erfurt").Want(200, "Online beantragen")
			for _, l := range []LocalAssignment{{Service: "1", Area: "160510000000", Role: NotOffered}, {Service: dogKey, Area: "1", Role: NotOffered},
				{Service: dogKey, Area: "160510000000", Role: ContactPoint, Office: "nobody"}, {Service: dogKey, Area: "160510000000", Role: "owner"}} {
				if err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return PutLocal(ctx, tx, h.Audit, l) }); err == nil {
					t.Errorf("%+v was taken", l)
				}
			}
		})
		t.Run("openings are counted, written in one go and become a hint", func(t *testing.T) {
			for range popularLeast {
				webtest.Get(t, mux, "/leistung/99110009070000")
			}
			webtest.Get(t, mux, "/leistung/99110009014001")
			for range 2 {
				if err := r.writeOpenings(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.reload(context.Background()); err != nil {
				t.Fatal(err)
			}
			c := r.Catalog()
			if most, once := c.popularity("99110009070000"), c.popularity("99110009014001"); most != 1 || once <= 0 || once > 0.3 || c.popularity("99012008001000") != 0 {
				t.Errorf("popularity %v, %v", most, once)
			}
		})
	})
}

// TestOnlineFirst: of hits that fit equally well, the one that can be done online comes first; no better one is passed.
func TestOnlineFirst(t *testing.T) {
	c := loaded()
	r := &Room{forms: dogForm{}, fees: demoFee{}}
	other := *c.services["99110009070000"]
	dog := *c.services[dogKey]
	for _, test := range []struct {
		first, second float64
		want          string
	}{{1, 1, dogKey}, {1, 0.99, dogKey}, {1, 0.9, other.Key}} {
		out, err := r.at(context.Background(), c, []Hit{{Service: other, Score: test.first}, {Service: dog, Score: test.second}}, "160510000000")
		if err != nil || out[0].Service.Key != test.want {
			t.Errorf("%v: %s %v", test, out[0].Service.Key, err)
		}
	}
}
