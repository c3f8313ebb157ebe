package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

// site has addresses that answer in every way.
func site(t *testing.T) house {
	t.Helper()
	h := newHouse(t)
	h.FormAction = []string{"https://id.example"}
	for pattern, err := range map[string]error{
		"GET /gut": nil, "POST /gut": nil, "GET /verboten": errs.E(errs.Denied, "errs.denied"), "GET /weg": errs.E(errs.NotFound, "errs.not_found"),
		"GET /kaputt": errors.New("secret reason"), "GET /fremd": errs.E(errs.Unauthenticated, "errs.unauthenticated"),
		"POST /fremd":  errs.E(errs.Unauthenticated, "errs.unauthenticated"),
		"GET /felder":  errs.InvalidFields([]errs.Field{{Name: "mail", Key: "errs.field.email"}}),
		"GET /abbruch": context.Canceled,
	} {
		h.Handle(h.mux, pattern, func(http.ResponseWriter, *http.Request) error { return err })
	}
	h.mux.HandleFunc("GET /panik", func(http.ResponseWriter, *http.Request) { panic("secret reason") })
	h.mux.HandleFunc("GET /halb", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("secret reason")
	})
	return h
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		status       int
		text         string
	}{
		"unknown page":  {"GET", "/nirgends", 404, "Diese Seite gibt es nicht"},
		"start unknown": {"GET", "/", 404, "Diese Seite gibt es nicht"},
		"wrong method":  {"GET", "/sprache", 405, "nimmt nur ausgefüllte Formulare an"},
		"not mine":      {"GET", "/weg", 404, "nicht für Sie bestimmt"},
		"denied":        {"GET", "/verboten", 403, "nicht die nötige Rolle"},
		"broken":        {"GET", "/kaputt", 500, "Der Fehler liegt bei uns"},
		"panic":         {"GET", "/panik", 500, "Der Fehler liegt bei uns"},
		"fields":        {"GET", "/felder", 422, "name@example.org"},
		"signed out":    {"POST", "/fremd", 401, "müssen Sie angemeldet sein"},
		"asset":         {"GET", "/assets/nothing.css", 404, "Diese Seite gibt es nicht"},
		"bad query":     {"GET", "/gut?q=%ff", 400, "Zeichen, die wir nicht lesen können"},
		"bad escape":    {"GET", "/gut?q=%zz", 400, "Zeichen, die wir nicht lesen können"},
		"NUL in query":  {"GET", "/gut?q=%00", 400, "Zeichen, die wir nicht lesen können"},
		"NUL in path":   {"GET", "/gut%00", 400, "Zeichen, die wir nicht lesen können"},
		"bad path":      {"GET", "/gut%ff", 400, "Zeichen, die wir nicht lesen können"},
		"long query":    {"GET", "/gut?q=" + strings.Repeat("a", 17<<10), 414, "länger, als wir sie annehmen"},
		"10,000 signs":  {"GET", "/gut?q=" + strings.Repeat("a", 10000), 200, ""},
		"internal stop": {"GET", "/abbruch", 500, "Der Fehler liegt bei uns"},
	} {
		t.Run(name, func(t *testing.T) {
			h := site(t)
			p := webtest.New(t, h.handler()).Do(httptest.NewRequest(c.method, c.path, nil)).Want(c.status, c.text)
			if strings.Contains(p.Body, "secret") || strings.Contains(p.Text(), "[") {
				t.Errorf("shows %s", p.Text())
			}
			if c.status >= 500 {
				id := p.Header.Get("X-Request-Id")
				if id == "" || !p.Has(id) || !strings.Contains(h.log.String(), id) {
					t.Errorf("page and log do not share the id %q:\n%s", id, h.log)
				}
			}
			if c.status == http.StatusMethodNotAllowed && p.Header.Get("Allow") != "POST" {
				t.Errorf("Allow: %q", p.Header.Get("Allow"))
			}
		})
	}
}

func TestProgramsGetProblems(t *testing.T) {
	for path, status := range map[string]int{"/nirgends": 404, "/felder": 422, "/fremd": 401, "/kaputt": 500} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept", "application/json")
		p := webtest.New(t, site(t).handler()).Do(r)
		var problem struct {
			Title, Detail, Instance string
			Status                  int
			Errors                  []struct{ Name, Detail string }
		}
		if err := json.Unmarshal([]byte(p.Body), &problem); err != nil {
			t.Fatal(err)
		}
		if p.Status != status || problem.Status != status || problem.Title == "" || problem.Detail == "" || problem.Instance == "" ||
			p.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(p.Body, "secret") {
			t.Errorf("%s: %d %v", path, p.Status, problem)
		}
		if path == "/felder" && (len(problem.Errors) != 1 || problem.Errors[0].Name != "mail") {
			t.Errorf("errors %v", problem.Errors)
		}
	}
}

func TestSignInLeadsBack(t *testing.T) {
	h := site(t)
	w := httptest.NewRecorder()
	h.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/fremd?a=1&b=2", nil))
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != "/anmelden?weiter=%2Ffremd%3Fa%3D1%26b%3D2" {
		t.Errorf("%d to %q", w.Code, got)
	}
}

// After a post, language switch and sign-in lead back to the form, if it is one of ours.
func TestPostLeadsBackToItsForm(t *testing.T) {
	for referer, want := range map[string]string{"http://example.com/form?a=1": "/form?a=1", "http://evil.example/form": "/", "": "/", "%": "/", "http://example.com//evil.example": "/"} {
		r := httptest.NewRequest(http.MethodPost, "/fremd", nil)
		r.Header.Set("Referer", referer)
		p := webtest.New(t, site(t).handler()).Do(r).Want(http.StatusUnauthorized)
		if len(p.Find("a", map[string]string{"href": "/anmelden?weiter=" + url.QueryEscape(want)})) == 0 ||
			len(p.Find("input", map[string]string{"name": "weiter", "value": want})) == 0 {
			t.Errorf("from %q the page does not lead to %s", referer, want)
		}
	}
}

func TestHalfAnAnswerIsCutOff(t *testing.T) {
	defer func() {
		if recover() != http.ErrAbortHandler { //nolint:errorlint // the value itself is the convention
			t.Error("the caller takes half an answer for a whole one")
		}
	}()
	site(t).handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/halb", nil))
}

func TestSecurityHeaders(t *testing.T) {
	for _, path := range []string{"/gut", "/nirgends", "/kaputt", "/panik", "/gut?q=%ff"} {
		p := site(t).get(t, path)
		for key, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action 'self' https://id.example; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "",
		} {
			if got := p.Header.Get(key); got != want {
				t.Errorf("%s: %s: %q, want %q", path, key, got, want)
			}
		}
		if !strings.Contains(p.Header.Get("Permissions-Policy"), "camera=()") {
			t.Error("no permissions policy")
		}
		if strings.Contains(p.Body, " style=") || strings.Contains(p.Body, "<style") || strings.Contains(p.Body, "<script") {
			t.Errorf("%s: something inline, which the policy forbids", path)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/gut", nil)
	r.Header.Set("X-Forwarded-Proto", "https")
	if webtest.New(t, site(t).handler()).Do(r).Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS behind a proxy that speaks HTTPS")
	}
}

func TestForeignFormsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		key, value string
		status     int
	}{
		"other site":     {"Sec-Fetch-Site", "cross-site", 403},
		"sister site":    {"Sec-Fetch-Site", "same-site", 403},
		"our form":       {"Sec-Fetch-Site", "same-origin", 200},
		"other origin":   {"Origin", "https://evil.example", 403},
		"hidden origin":  {"Origin", "null", 403},
		"our origin":     {"Origin", "http://example.com", 200},
		"not a browser":  {"X-Nothing", "", 200},
		"address typed ": {"Sec-Fetch-Site", "none", 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/gut", nil)
			r.Header.Set(c.key, c.value)
			p := webtest.New(t, site(t).handler()).Do(r)
			if p.Status != c.status || (c.status == 403) != p.Has("von einer anderen Website abgeschickt") {
				t.Errorf("%d %s", p.Status, p.Text())
			}
		})
	}
}

// Errors inside of the sessions know who is signed in.
func TestErrorPageKnowsThePerson(t *testing.T) {
	h := site(t)
	inner := h.Mux(h.mux)
	p := webtest.Get(t, h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(identity.With(r.Context(), identity.Principal{Subject: "1", Name: "Ada Beispiel", Kind: identity.Staff})))
	})), "/nirgends")
	p.Want(http.StatusNotFound, "Ada Beispiel", "Abmelden")
}

func TestHead(t *testing.T) {
	h := newHouse(t)
	ts := httptest.NewServer(h.handler())
	defer ts.Close()
	answer, err := http.Head(ts.URL + "/nirgends")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%s %v", answer.Status, answer.Header)
	}
}
