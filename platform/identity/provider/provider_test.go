package provider_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rennsteig/platform"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/provider"
	"rennsteig/platform/web"
)

func house(t *testing.T) *platform.House {
	t.Helper()
	texts := i18n.New()
	if err := texts.Add(web.Files); err != nil {
		t.Fatal(err)
	}
	if err := texts.Add(provider.Files); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	site := web.New(texts, web.Assets{}, log)
	site.Demo = true
	return &platform.House{Site: site, Log: log, Now: time.Now, AuthorityName: func(id string) string { return "Stadt " + id }}
}

func config(issuer string) provider.Config {
	return provider.Config{Demo: true, Issuer: issuer,
		Client: provider.Client{ID: "c", Secret: "s", RedirectURI: "https://portal.example/anmelden/rueckkehr",
			PostLogoutRedirectURI: "https://portal.example/abgemeldet"},
		People: []provider.Person{
			{Subject: "a", Name: "Ada <b>Ährenfeld</b>", Kind: identity.Citizen},
			{Subject: "b", Name: "Bruno Bergweg", Kind: identity.Staff, Grants: []identity.Grant{
				{Role: identity.Clerk, Authority: "Erfurt"}, {Role: identity.Auditor, Authority: identity.Everywhere}}},
		}}
}

func TestRefusesOutsideTheDemo(t *testing.T) {
	for _, test := range []struct {
		config, site, ok bool
	}{{true, true, true}, {true, false, false}, {false, true, false}, {false, false, false}} {
		h := house(t)
		h.Site.Demo = test.site
		c := config("http://127.0.0.1/demo-anmeldung")
		c.Demo = test.config
		if _, err := provider.New(h, c); (err == nil) != test.ok {
			t.Errorf("demo %t, site's demo %t: %v", test.config, test.site, err)
		}
	}
	for _, issuer := range []string{"", "http://127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/x/", "/x"} {
		if _, err := provider.New(house(t), config(issuer)); err == nil {
			t.Errorf("issuer %q is accepted", issuer)
		}
	}
}

func TestKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys", "demo.key")
	keys := func() string {
		t.Helper()
		c := config("http://127.0.0.1/demo-anmeldung")
		c.KeyFile = file
		p, err := provider.New(house(t), c)
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		p.Routes(mux)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo-anmeldung/keys", nil))
		return w.Body.String()
	}
	first := keys()
	if !strings.Contains(first, `"kty":"RSA"`) || strings.Contains(first, `"d":`) {
		t.Errorf("keys: %s", first)
	}
	if keys() != first {
		t.Error("the key is another after a restart")
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config("http://127.0.0.1/demo-anmeldung")
	c.KeyFile = file
	if _, err := provider.New(house(t), c); err == nil {
		t.Error("a damaged key file is accepted")
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// server serves the provider and answers without following redirects.
func server(t *testing.T) (issuer string, send func(method, path string, form url.Values) answer) {
	t.Helper()
	h := house(t)
	srv := httptest.NewUnstartedServer(nil)
	issuer = "http://" + srv.Listener.Addr().String() + "/demo-anmeldung"
	p, err := provider.New(h, config(issuer))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Site.CheckPages(); err != nil {
		t.Error(err)
	}
	h.Site.FormAction = p.Origins()
	mux := http.NewServeMux()
	p.Routes(mux)
	srv.Config.Handler = h.Site.Middleware(h.Site.Mux(mux))
	srv.Start()
	t.Cleanup(srv.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return issuer, func(method, path string, form url.Values) answer {
		t.Helper()
		address := path
		if strings.HasPrefix(path, "/") {
			address = issuer + path
		}
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader(form.Encode())
		}
		req, err := http.NewRequestWithContext(t.Context(), method, address, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer{res.StatusCode, res.Header, string(b)}
	}
}

func request() url.Values {
	return url.Values{"client_id": {"c"}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"st"},
		"redirect_uri":   {"https://portal.example/anmelden/rueckkehr"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}} // RFC 7636 appendix B
}

func TestDiscovery(t *testing.T) {
	issuer, send := server(t)
	var doc map[string]any
	if err := json.Unmarshal([]byte(send("GET", "/.well-known/openid-configuration", nil).body), &doc); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/authorize",
		"token_endpoint": issuer + "/oauth/token", "end_session_endpoint": issuer + "/end_session", "jwks_uri": issuer + "/keys"} {
		if doc[name] != want {
			t.Errorf("%s is %v, want %v", name, doc[name], want)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	_, send := server(t)
	for _, test := range []struct {
		name   string
		change func(q url.Values)
		back   string // error the relying party gets; "" shows it here
	}{
		{"unknown client", func(q url.Values) { q.Set("client_id", "x") }, ""},
		{"another redirect", func(q url.Values) { q.Set("redirect_uri", "https://evil.example/") }, ""},
		{"redirect below", func(q url.Values) { q.Set("redirect_uri", q.Get("redirect_uri")+"/x") }, ""},
		{"no redirect", func(q url.Values) { q.Del("redirect_uri") }, ""},
		{"no PKCE", func(q url.Values) { q.Del("code_challenge") }, "invalid_request"},
		{"plain PKCE", func(q url.Values) { q.Set("code_challenge_method", "plain") }, "invalid_request"},
		{"implicit", func(q url.Values) { q.Set("response_type", "id_token") }, "unauthorized_client"},
		{"no prompt", func(q url.Values) { q.Set("prompt", "none") }, "login_required"},
	} {
		q := request()
		test.change(q)
		res := send("GET", "/authorize?"+q.Encode(), nil)
		location := res.header.Get("Location")
		if test.back == "" {
			if res.status != 400 || location != "" {
				t.Errorf("%s: status %d, to %q", test.name, res.status, location)
			}
			continue
		}
		if !strings.HasPrefix(location, "https://portal.example/anmelden/rueckkehr") || !strings.Contains(location, "error="+test.back) {
			t.Errorf("%s: to %q, want error %s", test.name, location, test.back)
		}
	}
}

func TestChoosing(t *testing.T) {
	issuer, send := server(t)
	page := func(hint string) (id, body string) {
		t.Helper()
		q := request()
		q.Set("login_hint", hint)
		to := send("GET", "/authorize?"+q.Encode(), nil).header.Get("Location")
		u, err := url.Parse(to)
		if err != nil || u.Path != "/demo-anmeldung/personen" {
			t.Fatalf("authorize leads to %q", to)
		}
		return u.Query().Get("id"), send("GET", "/personen?"+u.RawQuery, nil).body
	}
	id, body := page("")
	for _, want := range []string{"Ada &lt;b&gt;Ährenfeld", "Sachbearbeitung, Stadt Erfurt; Revision, landesweit", "Demo", "erfunden"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not have %q:\n%s", want, body)
		}
	}
	if strings.Index(body, "Ährenfeld") > strings.Index(body, "Bergweg") {
		t.Error("citizens are not first")
	}
	if _, body := page("staff"); strings.Index(body, "Ährenfeld") < strings.Index(body, "Bergweg") {
		t.Error("staff are not first at their door")
	}

	if res := send("POST", "/personen", url.Values{"id": {id}, "subject": {"nobody"}}); res.status != 422 {
		t.Errorf("somebody not on the list: status %d", res.status)
	}
	if res := send("GET", "/authorize/callback?id="+id, nil); !strings.Contains(res.header.Get("Location"), "error=interaction_required") {
		t.Errorf("callback before choosing: %d %s", res.status, res.header.Get("Location"))
	}
	if res := send("POST", "/personen", url.Values{"id": {"made-up"}, "subject": {"a"}}); res.status != 404 {
		t.Errorf("no such request: status %d", res.status)
	}
	res := send("POST", "/personen", url.Values{"id": {id}, "subject": {"a"}})
	if to := res.header.Get("Location"); res.status != 303 || to != issuer+"/authorize/callback?id="+id {
		t.Fatalf("chosen: %d to %q", res.status, to)
	}
	if res := send("POST", "/personen", url.Values{"id": {id}, "subject": {"b"}}); res.status != 404 {
		t.Errorf("chosen twice: status %d", res.status)
	}
	back, err := url.Parse(send("GET", "/authorize/callback?id="+id, nil).header.Get("Location"))
	if err != nil || back.Query().Get("state") != "st" || back.Query().Get("code") == "" {
		t.Fatalf("back to %v", back)
	}
	exchange := func(verifier string) answer {
		return send("POST", "/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")},
			"redirect_uri": {request().Get("redirect_uri")}, "client_id": {"c"}, "client_secret": {"s"}, "code_verifier": {verifier}})
	}
	res = exchange("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
	if res.status != 200 || !strings.Contains(res.body, `"id_token"`) {
		t.Errorf("token: %d %s", res.status, res.body)
	}
	if res := exchange("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); res.status != 400 {
		t.Errorf("code used twice: status %d", res.status)
	}
}

func TestSignOutElsewhere(t *testing.T) {
	_, send := server(t)
	res := send("GET", "/end_session?"+url.Values{"client_id": {"c"}, "post_logout_redirect_uri": {"https://evil.example/"}}.Encode(), nil)
	if res.status < 400 || res.header.Get("Location") != "" {
		t.Errorf("status %d, to %q", res.status, res.header.Get("Location"))
	}
	res = send("GET", "/end_session?"+url.Values{"client_id": {"c"}, "post_logout_redirect_uri": {"https://portal.example/abgemeldet"}}.Encode(), nil)
	if to := res.header.Get("Location"); to != "https://portal.example/abgemeldet" {
		t.Errorf("status %d, to %q", res.status, to)
	}
}

func TestTexts(t *testing.T) {
	texts := i18n.New()
	if err := texts.Add(provider.Files); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts.Keys(i18n.German), texts.Keys(i18n.English)); diff != "" {
		t.Errorf("German and English differ: %s", diff)
	}
	for _, role := range []identity.Role{identity.Clerk, identity.Editor, identity.Treasurer, identity.Security, identity.Auditor,
		identity.CIO, identity.Operator} {
		if !texts.Has(i18n.German, "provider.role."+string(role)) {
			t.Errorf("no text for role %s", role)
		}
	}
}
