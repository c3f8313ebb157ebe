package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/identity"
	"rennsteig/platform/identity/signin"
)

// begin posts the sign-in form without following it, and returns the authorization request.
func (b *browser) begin(w *world, weiter string) *url.URL {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, w.portal.URL+"/anmelden",
		strings.NewReader(url.Values{"weiter": {weiter}}.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := b.do(req)
	u, err := url.Parse(p.header.Get("Location"))
	if err != nil || p.status != http.StatusSeeOther {
		b.t.Fatalf("begin: status %d, %v", p.status, err)
	}
	return u
}

func (b *browser) comeBack(w *world, state, code string) *page {
	b.t.Helper()
	return b.get(w.portal.URL + signin.CallbackPath + "?" + url.Values{"state": {state}, "code": {code}}.Encode())
}

// at makes the world's portal sign in at f.
func (w *world) at(t *testing.T, f *issuer) {
	t.Helper()
	w.room = w.newRoom(t, w.portal.URL, f.URL)
	mux := http.NewServeMux()
	w.room.Routes(mux)
	mux.Handle("/konto", w.konto)
	w.portal.Config.Handler = w.Site.Middleware(w.room.Middleware(w.Site.Mux(mux)))
}

func TestForgedAnswers(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		forge  func(f *issuer)
		query  func(q url.Values)
		reason string // "" is a good sign-in
		status int
	}{
		{name: "good", status: 200},
		{name: "state of nobody", query: func(q url.Values) { q.Set("state", "MADEUP") }, reason: "state", status: 400},
		{name: "no state", query: func(q url.Values) { q.Del("state") }, reason: "state", status: 400},
		{name: "nonce", forge: func(f *issuer) { f.claims["nonce"] = "other" }, reason: "nonce", status: 400},
		{name: "no nonce", forge: func(f *issuer) { delete(f.claims, "nonce") }, reason: "nonce", status: 400},
		{name: "audience", forge: func(f *issuer) { f.claims["aud"] = "another" }, reason: "id_token", status: 400},
		{name: "issuer", forge: func(f *issuer) { f.claims["iss"] = "https://evil.example" }, reason: "id_token", status: 400},
		{name: "mix-up", query: func(q url.Values) { q.Set("iss", "https://evil.example") }, reason: "issuer", status: 400},
		{name: "expired", forge: func(f *issuer) { f.claims["exp"] = time.Now().Add(-time.Hour).Unix() }, reason: "id_token", status: 400},
		{name: "stranger's key", forge: func(f *issuer) { f.signWith = other }, reason: "id_token", status: 400},
		{name: "client secret as key", forge: func(f *issuer) { f.signWith = []byte(strings.Repeat("geheim", 6)) }, reason: "id_token", status: 400},
		{name: "no subject", forge: func(f *issuer) { delete(f.claims, "sub") }, reason: "subject", status: 400},
		{name: "long subject", forge: func(f *issuer) { f.claims["sub"] = strings.Repeat("x", 256) }, reason: "subject", status: 400},
		{name: "at_hash", forge: func(f *issuer) { f.claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, reason: "at_hash", status: 400},
		{name: "code refused", forge: func(f *issuer) { f.status = 400 }, reason: "code", status: 400},
		{name: "person refused", query: func(q url.Values) { q.Set("error", "access_denied") }, reason: "refused", status: 400},
		{name: "provider's error", query: func(q url.Values) { q.Set("error", "<b>server_error</b>") }, reason: "provider", status: 400},
		{name: "provider broken", forge: func(f *issuer) { f.status = 502 }, status: 503},
		{name: "name by userinfo", forge: func(f *issuer) {
			delete(f.claims, "name")
			f.userinfo = map[string]any{"sub": "s-1", "name": "Erna Erlenbach", "email": "erna@example.org"}
		}, status: 200},
		{name: "stranger's userinfo", forge: func(f *issuer) {
			delete(f.claims, "name")
			f.userinfo = map[string]any{"sub": "s-2", "name": "Mallory"}
		}, reason: "userinfo", status: 400},
	}
	each(t, func(t *testing.T, w *world) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				f := newIssuer(t)
				w.at(t, f)
				w.exec(t, `DELETE FROM identity_person`)
				b := w.browser(t)
				state := f.answerFor(b.begin(w, "/konto"))
				if test.forge != nil {
					test.forge(f)
				}
				q := url.Values{"state": {state}, "code": {"c"}}
				if test.query != nil {
					test.query(q)
				}
				before := w.audited(t, "identity.sign_in_failed")
				p := b.get(w.portal.URL + signin.CallbackPath + "?" + q.Encode())
				if p.status != test.status {
					t.Fatalf("status %d, want %d: %s", p.status, test.status, p.body)
				}
				if strings.Contains(p.body, "<b>server") {
					t.Error("the provider's words are on the page")
				}
				who := b.who(w)
				if test.status == 200 {
					if who.Subject != "s-1" || who.Name != "Erna Erlenbach" || who.Email != "erna@example.org" {
						t.Errorf("signed in as %+v", who)
					}
					return
				}
				if who.SignedIn() {
					t.Errorf("signed in as %+v", who)
				}
				failed := w.audited(t, "identity.sign_in_failed") - before
				if want := map[bool]int{true: 1, false: 0}[test.reason != ""]; failed != want {
					t.Errorf("%d failures audited, want %d", failed, want)
				}
				if test.reason != "" && w.count(t, `SELECT count(*) FROM audit_entry WHERE action = 'identity.sign_in_failed'
					AND changes LIKE $1`, `%"`+test.reason+`"%`) == 0 {
					t.Errorf("no failure with reason %q audited", test.reason)
				}
				if test.reason == "code" || test.reason == "nonce" { // the state is used up
					f.status = 0
					f.claims["nonce"] = "n"
					if p := b.comeBack(w, state, "c"); p.status != 400 {
						t.Errorf("second answer to the same state: status %d", p.status)
					}
				}
			})
		}
	})
}

// A code that somebody else got for themselves is not accepted for my flow: PKCE binds it to their verifier.
func TestInjectedCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		mallory, victim := w.browser(t), w.browser(t)
		mallory.get(mallory.begin(w, "").String())
		mallory.client.CheckRedirect = nil
		code := mallory.chooseWithoutReturn(w, "demo-bruno")
		state := victim.begin(w, "").Query().Get("state")
		if p := victim.comeBack(w, state, code.Get("code")); p.status != 400 {
			t.Errorf("injected code: status %d", p.status)
		}
		if victim.who(w).SignedIn() {
			t.Error("signed in by an injected code")
		}
		// Nor does a whole answer work in a browser that did not ask for it.
		if p := victim.comeBack(w, code.Get("state"), code.Get("code")); p.status != 400 || victim.who(w).SignedIn() {
			t.Errorf("somebody else's answer: status %d", p.status)
		}
	})
}

// chooseWithoutReturn signs in at the provider and returns the query of the address it sends the browser back to.
func (b *browser) chooseWithoutReturn(w *world, subject string) url.Values {
	b.t.Helper()
	form := url.Values{"id": {b.page.url.Query().Get("id")}, "subject": {subject}}
	var back url.Values
	b.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Path == signin.CallbackPath {
			back = req.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, w.issuer+"/personen", strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.do(req)
	if back.Get("code") == "" {
		b.t.Fatalf("no code: %s", b.page.body)
	}
	return back
}

func TestReplay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.get(b.begin(w, "/konto").String())
		back := b.chooseWithoutReturn(w, "demo-ada")
		if p := b.comeBack(w, back.Get("state"), back.Get("code")); p.status != 200 {
			t.Fatalf("sign-in: status %d", p.status)
		}
		// The back button, in the browser that is signed in: no error, no second sign-in.
		if p := b.comeBack(w, back.Get("state"), back.Get("code")); p.status != 200 || p.url.Path != "/" {
			t.Errorf("back button: status %d at %s", p.status, p.url)
		}
		if n := w.audited(t, "identity.signed_in"); n != 1 {
			t.Errorf("%d sign-ins audited, want 1", n)
		}
		// The address, copied elsewhere.
		other := w.browser(t)
		if p := other.comeBack(w, back.Get("state"), back.Get("code")); p.status != 400 || other.who(w).SignedIn() {
			t.Errorf("replay elsewhere: status %d", p.status)
		}
		// The code, straight at the provider.
		res, err := http.PostForm(w.issuer+"/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {back.Get("code")},
			"redirect_uri": {w.portal.URL + signin.CallbackPath}, "client_id": {"rennsteig"}, "client_secret": {"geheim"}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("code used twice: status %d", res.StatusCode)
		}
	})
}

func TestOpenRedirect(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := newIssuer(t)
		w.at(t, f)
		for _, test := range []struct{ weiter, want string }{
			{"/konto", "/konto"},
			{"/konto?a=b&c=%2F%2Fx", "/konto?a=b&c=%2F%2Fx"},
			{"", "/"},
			{"konto", "/"},
			{"https://evil.example/", "/"},
			{"//evil.example/", "/"},
			{"///evil.example/", "/"},
			{`/\evil.example/`, "/"},
			{`\\evil.example/`, "/"},
			{"/\t/evil.example/", "/"},
			{"/\n/evil.example/", "/"},
			{" //evil.example/", "/"},
			{"javascript:alert(1)", "/"},
			{"/anmelden", "/"},
			{"/anmelden?weiter=/anmelden", "/"},
			{"/anmelden/rueckkehr?state=x", "/"},
			{"/abgemeldet", "/"},
			{"/" + strings.Repeat("x", 3000), "/"},
		} {
			b := w.browser(t)
			state := f.answerFor(b.begin(w, test.weiter))
			b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
				w.portal.URL+signin.CallbackPath+"?"+url.Values{"state": {state}, "code": {"c"}}.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			p := b.do(req)
			if got := p.header.Get("Location"); p.status != http.StatusSeeOther || got != test.want {
				t.Errorf("weiter=%q leads to %q (%d), want %q", test.weiter, got, p.status, test.want)
			}
		}
	})
}

// Somebody of another provider with the same subject is another person.
func TestOtherIssuer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := newIssuer(t), newIssuer(t)
		w.Site.Demo = false
		for i, f := range []*issuer{first, second} {
			w.at(t, f)
			b := w.browser(t)
			state := f.answerFor(b.begin(w, "/konto"))
			p := b.comeBack(w, state, "c")
			if i == 0 && p.status != 200 {
				t.Fatalf("first issuer: status %d", p.status)
			}
			if i == 1 && (p.status != 400 || b.who(w).SignedIn()) {
				t.Errorf("second issuer: status %d", p.status)
			}
		}
		w.Site.Demo = true // the demo's provider is wherever it was started
		w.exec(t, `DELETE FROM identity_person`)
		for _, f := range []*issuer{first, second} {
			w.at(t, f)
			b := w.browser(t)
			state := f.answerFor(b.begin(w, "/konto"))
			if p := b.comeBack(w, state, "c"); p.status != 200 {
				t.Errorf("demo at another port: status %d", p.status)
			}
		}
	})
}

func TestStrangersCookie(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.signIn(w, "demo-bruno", "/konto")
		var stored string
		if err := w.DB.Reader().QueryRow(t.Context(), `SELECT token FROM identity_session`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if stored == b.cookie(w) {
			t.Error("the cookie's value is in the database")
		}
		for _, value := range []string{stored, "MADEUP", strings.Repeat("x", 4000), b.cookie(w) + "x"} {
			other := w.browser(t)
			u, _ := url.Parse(w.portal.URL)
			other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sitzung", Value: value, Path: "/"}})
			if other.who(w).SignedIn() {
				t.Errorf("signed in by the cookie %.20q", value)
			}
			if p := other.get(w.portal.URL + "/"); p.status != 200 {
				t.Errorf("start page with the cookie %.20q: status %d", value, p.status)
			}
		}
		if got := b.who(w); got.Kind != identity.Staff {
			t.Errorf("the owner is %+v", got)
		}
	})
}
