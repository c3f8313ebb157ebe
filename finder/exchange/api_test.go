package exchange

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
)

// api is a server of both APIs over a furnished finder.
func api(t testing.TB) (*place, http.Handler) {
	t.Helper()
	p := newPlace(t, housetest.New(t, db.SQLite, rooms...), true)
	furnish(t, p)
	mux := http.NewServeMux()
	New(p.House, p.f).Routes(mux)
	return p, mux
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestAPI(t *testing.T) {
	_, h := api(t)
	bridge := ownKey(ident{Agency: "L1", Scheme: "s", Value: "1002"})
	for _, c := range []struct {
		path   string
		status int
		want   []string
	}{
		{"/api/v1/services?q=hund+anmelden&place=Erfurt", 200, []string{`"key":"` + dog + `"`, `"name":"Stadt Erfurt"`, `"place":"` + erfurt + `"`, "Aufgabe der Gemeinde"}},
		{"/api/v1/services/" + bridge + "?place=" + jena, 200, []string{"Amt für Brücken", "https://www.example.org/bruecke", "Über die Brücke", "post@example.org"}},
		{"/api/v1/services/" + dog + "?place=jena", 200, []string{`"authority":"` + jena + `"`, "Kurz gut", "https://www.example.org/h", "https://www.example.org/l"}},
		{"/api/v1/services/99000000000000", 404, []string{"about:blank", `"status":404`}},
		{"/api/v1/services?q=hund&place=07646", 409, []string{"ARS"}},
		{"/api/v1/services?q=hund&place=" + strings.Repeat("secret", 20), 422, []string{`"name":"place"`}},
		{"/api/v1/services?q=hund&limit=secret", 422, []string{`"name":"limit"`}},
		{"/api/v1/services", 422, []string{`"name":"q"`}},
		{"/api/v1/authorities?limit=2", 200, []string{`"next":"`}},
		{"/api/v1/authorities?q=br%C3%BCcken", 200, []string{"Amt für Brücken"}},
		{"/api/v1/authorities/" + erfurt, 200, []string{"Stadt Erfurt", dog}},
		{"/api/v1/authorities/nowhere", 404, []string{"about:blank"}},
		{"/api/v1/places?q=07646", 200, []string{`"ars"`}},
		{"/api/v1/openapi.json", 200, []string{`"openapi":"3.1.0"`, `"/services/{key}"`}},
		{"/api/v1/docs", 404, nil},
		{"/api/v1/nothing", 404, []string{"about:blank"}},
		{"/api/pvog/v3/locations?q=erfurt", 200, []string{`"regionalschluessel":"` + erfurt + `"`}},
		{"/api/pvog/v7/servicedescriptions/" + erfurt + "?q=hund+anmelden", 200, []string{dog}},
		{"/api/pvog/v7/servicedescriptions/123?q=hund", 422, []string{"about:blank"}},
		{"/api/pvog/v3/servicedescriptions/leikaid?leikaIds=" + dog + ",99999999012000&ars=" + erfurt, 200, []string{dog, "Turm Besteigung"}},
		{"/api/pvog/v6/servicedescriptions/" + dog + "/detail?ars=" + jena, 200, []string{`"leikaTextmodul":"05"`, "In Jena mit Leine", `"rolle":"01"`}},
		{"/api/pvog/v2/organisationunits/titles?ars=" + jena + "&lbId=" + bridge, 200, []string{"Amt für Brücken"}},
		{"/api/pvog/v2/organisationunits/titles?ars=" + jena, 200, []string{"Stadt Jena"}},
		{"/api/pvog/v1beta2/onlineservices?ars=" + jena, 200, []string{"https://www.example.org/bruecke"}},
		{"/api/pvog/v1beta2/onlineservices?ars=999999999999", 404, []string{"about:blank"}},
	} {
		w := get(h, c.path)
		body := w.Body.String()
		if w.Code != c.status || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d, want %d: %.300s", c.path, w.Code, c.status, body)
		}
		for _, s := range c.want {
			if !strings.Contains(body, s) {
				t.Errorf("%s does not say %q: %.600s", c.path, s, body)
			}
		}
		if strings.Contains(body, "secret") {
			t.Errorf("%s repeats what was rejected: %s", c.path, body)
		}
		if len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("%s sets a cookie", c.path)
		}
		kind := w.Header().Get("Content-Type")
		if ok := w.Code == 200; ok != strings.HasPrefix(w.Header().Get("Cache-Control"), "public") || !ok && kind != "application/problem+json" {
			t.Errorf("%s: %d with Cache-Control %q, %s", c.path, w.Code, w.Header().Get("Cache-Control"), kind)
		}
	}
	path := "/api/v1/services?" + url.Values{"q": {"hund"}}.Encode()
	first := get(h, path)
	if w := get(h, path, "If-None-Match", first.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same again: %d", w.Code)
	}
	if w := get(h, path, "If-None-Match", first.Header().Get("ETag"), "Accept-Language", "en"); w.Code != http.StatusOK {
		t.Errorf("in English: %d", w.Code)
	}
}

func TestAPILimit(t *testing.T) {
	p, h := api(t)
	p.Site.NoLimits = false
	for range requestBurst {
		get(h, "/api/v1/places?q=erfurt")
	}
	if w := get(h, "/api/v1/places?q=erfurt"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("too many: %d", w.Code)
	}
}
