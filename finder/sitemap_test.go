package finder

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web/webtest"
)

type siteMap struct {
	XMLName xml.Name
	URLs    []struct {
		Loc   string `xml:"loc"`
		Links []struct {
			Lang string `xml:"hreflang,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"url"`
}

func TestSitemapAndFriends(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: Files})
	r, mux := site(t, h)
	p := webtest.Get(t, mux, "/sitemap.xml")
	var m siteMap
	if err := xml.Unmarshal([]byte(p.Body), &m); err != nil || p.Status != 200 {
		t.Fatal(p.Status, err)
	}
	if want := r.Catalog().pageCount(); len(m.URLs) != want || want < 5000 {
		t.Errorf("%d addresses, want %d", len(m.URLs), want)
	}
	for i := 0; i < len(m.URLs); i += 700 {
		u := m.URLs[i]
		german := strings.Contains(u.Loc, "/leistung/") // no English texts were released
		if !strings.HasPrefix(u.Loc, "http://example.com/") || german != (len(u.Links) == 0) || !german && (len(u.Links) != 2 || u.Links[1].Lang != "en") {
			t.Fatalf("%+v", u)
		}
		webtest.Get(t, mux, strings.TrimPrefix(u.Loc, "http://example.com")).Want(200)
		if german {
			continue
		}
		if p := webtest.Get(t, mux, strings.TrimPrefix(u.Links[1].Href, "http://example.com")).Want(200); !strings.Contains(p.Body, `lang="en"`) {
			t.Errorf("%s is not English", u.Links[1].Href)
		}
	}
	for path, status := range map[string]int{"/sitemap.xml?seite=1": 200, "/sitemap.xml?seite=2": 404, "/sitemap.xml?seite=x": 404, "/robots.txt": 200} {
		if p := webtest.Get(t, mux, path); p.Status != status {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	var b strings.Builder
	writeSitemapIndex(&b, "https://x.example", 3)
	if strings.Count(b.String(), "<sitemap>") != 3 || !strings.Contains(b.String(), "https://x.example/sitemap.xml?seite=3") {
		t.Error(b.String())
	}
	_, data, ok := strings.Cut(webtest.Get(t, mux, "/leistung/"+dogKey).Body, `<script type="application/ld+json">`)
	data, _, _ = strings.Cut(data, "</script>")
	var linked map[string]any
	if err := json.Unmarshal([]byte(data), &linked); !ok || err != nil || linked["@type"] != "GovernmentService" || linked["identifier"] != dogKey {
		t.Errorf("linked data %s: %v", data, err)
	}
	webtest.Get(t, mux, "/behoerde/160510000000").Want(200, "OpenStreetMap", "externe Seite")
}

// TestMergedMunicipality: an old key, as it stands in a cookie or a link, leads to the successor on pages and command line.
func TestMergedMunicipality(t *testing.T) {
	housetest.Each(t, []platform.Files{{Room: "finder", FS: Files}}, func(t *testing.T, h *platform.House) {
		r, mux := site(t, h)
		ctx := context.Background()
		err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO finder_area (ars, name, short_name, kind, parent, acting, postcode, population, valid_from, valid_to, successor)
				VALUES ('160555555555', 'Altdorf', 'Altdorf', 'municipality', '160550000000', '', '99423', 10, 0, 1, '160550000000')`); err != nil {
				return err
			}
			return bumpVersion(ctx, tx)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		webtest.New(t, mux).Get("/suche?q=hund+anmelden&ort=160555555555").Want(200, "Stadt Weimar")
		webtest.New(t, mux).Get("/ort?ort=160555555555&weiter=/leistung/"+dogKey).Want(200, "Stadt Weimar")
		req := httptest.NewRequest(http.MethodGet, "/leistung/"+dogKey, nil)
		req.Header.Set("Cookie", "ort=160555555555")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "Stadt Weimar") {
			t.Errorf("the cookie of a merged municipality: %d", w.Code)
		}
		if place, err := r.Catalog().onePlace("160555555555"); err != nil || place != "160550000000" {
			t.Errorf("on the command line: %q %v", place, err)
		}
	})
}

// TestAlternates: the head of each page to be listed names the address that counts, and that in the other language.
func TestAlternates(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: Files})
	r, mux := site(t, h)
	err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return PutRelease(ctx, tx, Release{TextRef: TextRef{Service: "99115005104000", Lang: i18n.English}, Modules: map[Module]ModuleText{ModuleTitle: {Text: "Register a home"}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	head := func(path string) (canonical, alternates string) {
		t.Helper()
		p := webtest.Get(t, mux, path).Want(200)
		for _, l := range p.Find("link", map[string]string{"rel": "canonical"}) {
			canonical += attribute(l, "href")
		}
		for _, l := range p.Find("link", map[string]string{"rel": "alternate"}) {
			alternates += attribute(l, "hreflang") + "=" + attribute(l, "href") + " "
		}
		return strings.ReplaceAll(canonical, "http://example.com", ""), strings.ReplaceAll(alternates, "http://example.com", "")
	}
	both := func(path, mark string) string {
		return "de=" + path + " en=" + path + mark + "lang=en x-default=" + path + " "
	}
	for path, want := range map[string][2]string{
		"/":                            {"/", both("/", "?")},
		"/?lang=de":                    {"/", both("/", "?")},
		"/?lang=en":                    {"/?lang=en", both("/", "?")},
		"/?lang=fr&x=%22%3E":           {"/", both("/", "?")},
		"/behoerde/160510000000?ort=1": {"/behoerde/160510000000", both("/behoerde/160510000000", "?")},
		"/leistung/99115005104000?ort=1&suche=abc&lang=en": {"/leistung/99115005104000?lang=en", both("/leistung/99115005104000", "?")},
		"/leistung/" + dogKey + "?lang=en":                 {"/leistung/" + dogKey, ""},
		"/suche?lage=Tierhaltung&seite=2":                  {"", ""},
		"/suche?lage=Tierhaltung&ort=Erfurt":               {"/suche?lage=Tierhaltung", both("/suche?lage=Tierhaltung", "&")},
		"/suche?lage=Tierhaltung&thema=x":                  {"", ""},
		"/suche?lage=Unsinn":                               {"", ""},
		"/suche?q=hund":                                    {"", ""},
		"/ort":                                             {"", ""},
	} {
		if canonical, alternates := head(path); canonical != want[0] || alternates != want[1] {
			t.Errorf("%s: %q %q, want %q", path, canonical, alternates, want)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("X-Forwarded-Proto", "https")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	if !strings.Contains(w.Body.String(), `<link rel="canonical" href="https://example.com/">`) {
		t.Error("behind a proxy the address is not https")
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
