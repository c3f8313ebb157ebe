package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/identity"
	"rennsteig/platform/identity/signin"
)

func TestVisitorsLeaveNoTrace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser(t)
		for _, path := range []string{"/", "/anmelden?weiter=/konto", "/konto", "/nirgends", signin.SignedOutPath} {
			if p := b.get(w.portal.URL + path); len(p.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s sets a cookie: %q", path, p.header.Values("Set-Cookie"))
			}
		}
		b.post(w.portal.URL+"/abmelden", nil, nil)
		if n := w.count(t, `SELECT count(*) FROM identity_session`); n != 0 {
			t.Errorf("%d sessions of visitors", n)
		}
	})
}

func TestTokenIsNewAfterSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.begin(w, "/konto")
		planted := b.cookie(w)
		if planted == "" {
			t.Fatal("no session for the flow")
		}
		b.signIn(w, "demo-bruno", "/konto")
		if b.cookie(w) == planted {
			t.Error("the token is still the one from before")
		}
		attacker := w.browser(t)
		u, _ := url.Parse(w.portal.URL)
		attacker.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sitzung", Value: planted, Path: "/"}})
		if attacker.who(w).SignedIn() {
			t.Error("the token from before sign-in is signed in")
		}
		if n := w.count(t, `SELECT count(*) FROM identity_session`); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
		second := b.cookie(w)
		b.signIn(w, "demo-ada", "/konto")
		if got := b.who(w); got.Subject != "demo-ada" || got.Kind != identity.Citizen {
			t.Errorf("after the second sign-in: %+v", got)
		}
		attacker.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sitzung", Value: second, Path: "/"}})
		if attacker.who(w).SignedIn() {
			t.Error("the first sign-in's token is still signed in")
		}
	})
}

func TestStaffIdle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		staff, citizen := w.browser(t), w.browser(t)
		staff.signIn(w, "demo-bruno", "/konto")
		citizen.signIn(w, "demo-ada", "/konto")
		for range 3 {
			w.clock.pass(29 * time.Minute)
			if !staff.who(w).SignedIn() {
				t.Fatal("signed out within 30 minutes")
			}
		}
		w.clock.pass(31 * time.Minute)
		if !citizen.who(w).SignedIn() {
			t.Error("a citizen is signed out by idling")
		}

		// What is sent after the end is answered with the way back, once.
		from := &page{url: parse(t, w.portal.URL+"/konto?seite=2")}
		p := staff.post(w.portal.URL+"/konto?x=1", url.Values{"a": {"<b>", "c"}}, from)
		if p.status != http.StatusUnauthorized || !strings.Contains(p.body, `href="/konto?seite=2"`) ||
			!strings.Contains(p.body, `action="/konto?x=1"`) || !strings.Contains(p.body, `name="a" value="&lt;b&gt;"`) || !strings.Contains(p.body, `name="a" value="c"`) ||
			!strings.Contains(p.body, w.Site.Texts.T("de", "web.kept")) {
			t.Errorf("form after the end: status %d\n%s", p.status, p.body)
		}
		if staff.cookie(w) != "" {
			t.Error("the dead session's cookie is kept")
		}
		if p := staff.post(w.portal.URL+"/konto", nil, from); p.status != 401 || strings.Contains(p.body, "signin.ended") {
			t.Errorf("second form: status %d", p.status)
		}
		if staff.who(w).SignedIn() {
			t.Error("still signed in")
		}
		if p := staff.signIn(w, "demo-bruno", "/konto?seite=2"); p.status != 200 || p.url.RequestURI() != "/konto?seite=2" {
			t.Errorf("signing in again ends at %s (%d)", p.url, p.status)
		}
	})
}

func TestSessionsHaveAnEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		for _, test := range []struct {
			subject string
			life    time.Duration
		}{{"demo-ada", signin.CitizenLifetime}, {"demo-bruno", signin.StaffLifetime}} {
			b := w.browser(t)
			b.signIn(w, test.subject, "/konto")
			for passed := time.Duration(0); passed < test.life-20*time.Minute; passed += 20 * time.Minute {
				if !b.who(w).SignedIn() {
					t.Fatalf("%s: signed out after %s", test.subject, passed)
				}
				w.clock.pass(20 * time.Minute)
			}
			w.clock.pass(20 * time.Minute)
			if b.who(w).SignedIn() {
				t.Errorf("%s: still signed in after %s", test.subject, test.life)
			}
		}
	})
}

func TestLastSeenAtMostOnceAMinute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.signIn(w, "demo-bruno", "/konto")
		seen := func() int { return w.count(t, `SELECT last_seen FROM identity_session`) }
		first := seen()
		for range 3 {
			w.clock.pass(19 * time.Second)
			b.who(w)
		}
		if seen() != first {
			t.Error("written within a minute")
		}
		w.clock.pass(5 * time.Second)
		b.who(w)
		if seen() == first {
			t.Error("not written after a minute")
		}
	})
}

func TestGrantsHoldFromTheNextRequest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.signIn(w, "demo-bruno", "/konto")
		ctx := identity.AsSystem(t.Context(), "test")
		if err := w.room.Grant(ctx, "demo-bruno", identity.Grant{Role: identity.Treasurer, Authority: jena}); err != nil {
			t.Fatal(err)
		}
		if got := b.who(w); !got.May(identity.Treasurer, jena) || !got.May(identity.Clerk, erfurt) || len(got.Grants) != 2 {
			t.Errorf("after the grant: %+v", got)
		}
		for _, g := range []identity.Grant{{Role: identity.Treasurer, Authority: jena}, {Role: identity.Clerk, Authority: erfurt}} {
			if err := w.room.Revoke(ctx, "demo-bruno", g); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.who(w); got.Kind != identity.Citizen || len(got.Grants) != 0 {
			t.Errorf("after revoking all: %+v", got)
		}
	})
}

func TestSignOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.signIn(w, "demo-bruno", "/konto")
		token := b.cookie(w)
		p := b.post(w.portal.URL+"/abmelden", nil, &page{url: parse(t, w.portal.URL+"/konto"),
			header: http.Header{"Content-Security-Policy": {"form-action " + strings.Join(w.room.Origins(), " ")}}})
		if p.status != 200 || p.url.String() != w.portal.URL+signin.SignedOutPath {
			t.Errorf("signing out ends at %s (%d): %s", p.url, p.status, p.body)
		}
		if b.cookie(w) != "" || b.who(w).SignedIn() {
			t.Error("still signed in")
		}
		other := w.browser(t)
		u, _ := url.Parse(w.portal.URL)
		other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sitzung", Value: token, Path: "/"}})
		if other.who(w).SignedIn() {
			t.Error("the session lives on on the server")
		}
		if n := w.audited(t, "identity.signed_out"); n != 1 {
			t.Errorf("%d sign-outs audited, want 1", n)
		}

		// The provider is gone: signed out here all the same.
		b.signIn(w, "demo-bruno", "/konto")
		w.demo.Close()
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.portal.URL+"/abmelden", nil)
		if err != nil {
			t.Fatal(err)
		}
		if p := b.do(req); p.status != http.StatusSeeOther {
			t.Errorf("status %d", p.status)
		}
		if b.who(w).SignedIn() {
			t.Error("still signed in without the provider")
		}
	})
}

func TestProviderDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser(t)
		b.get(w.portal.URL + "/anmelden?weiter=/konto")
		p := b.submit(url.Values{"als": {"staff"}})
		if p.status != http.StatusServiceUnavailable || !strings.Contains(p.body, w.Site.Texts.T("de", "signin.provider_down")) {
			t.Fatalf("provider down: status %d\n%s", p.status, p.body)
		}
		if n := w.count(t, `SELECT count(*) FROM identity_session`); n != 0 {
			t.Errorf("%d sessions for nothing", n)
		}
		w.start(t)
		if p := b.signIn(w, "demo-bruno", "/konto"); p.status != 200 || p.url.Path != "/konto" {
			t.Errorf("after the provider is up: ended at %s (%d)", p.url, p.status)
		}
	})
}

// The provider restarts: its key is the same, who was choosing begins again, who is signed in stays so and can sign out.
func TestProviderRestarts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		in, choosing := w.browser(t), w.browser(t)
		in.signIn(w, "demo-bruno", "/konto")
		choosing.get(choosing.begin(w, "/konto").String())
		w.demo.Close()
		w.start(t)
		choosing.client.CheckRedirect = nil
		if p := choosing.submit(url.Values{"subject": {"demo-ada"}}); p.status != 404 {
			t.Errorf("lost request: status %d", p.status)
		}
		if !in.who(w).SignedIn() {
			t.Error("signed out by the provider's restart")
		}
		if p := in.post(w.portal.URL+"/abmelden", nil, nil); p.status != 200 || p.url.Path != signin.SignedOutPath {
			t.Errorf("signing out after the restart ends at %s (%d): %s", p.url, p.status, p.body)
		}
		if p := choosing.signIn(w, "demo-ada", "/konto"); p.status != 200 {
			t.Errorf("second try: status %d", p.status)
		}
	})
}

func TestCancelAtTheProvider(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.get(w.portal.URL + "/anmelden?weiter=/konto")
		b.submit(url.Values{"als": {"staff"}})
		p := b.submit(url.Values{"cancel": {"1"}})
		if p.status != 400 || !strings.Contains(p.body, w.Site.Texts.T("de", "signin.failed.refused")) ||
			!strings.Contains(p.body, `href="/anmelden?weiter=%2Fkonto"`) {
			t.Errorf("cancelled: status %d\n%s", p.status, p.body)
		}
	})
}

// Two tabs of one browser sign in at once; both work.
func TestTwoTabs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		one, two := b.begin(w, "/konto?tab=1"), b.begin(w, "/konto?tab=2")
		b.get(one.String())
		back := b.chooseWithoutReturn(w, "demo-bruno")
		b.get(two.String())
		other := b.chooseWithoutReturn(w, "demo-bruno")
		if p := b.comeBack(w, back.Get("state"), back.Get("code")); p.status != 200 || p.url.RawQuery != "tab=1" {
			t.Errorf("first tab ends at %s (%d)", p.url, p.status)
		}
		// The first ended the session that both began in; the second finds itself signed in.
		if p := b.comeBack(w, other.Get("state"), other.Get("code")); p.status != 200 {
			t.Errorf("second tab ends at %s (%d)", p.url, p.status)
		}
		for range 20 {
			b.begin(w, "/konto")
		}
		if n := w.count(t, `SELECT length(data) FROM identity_session`); n > 6000 {
			t.Errorf("the session grew to %d bytes", n)
		}
	})
}

func TestManyRequestsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		b.signIn(w, "demo-bruno", "/konto")
		w.clock.pass(2 * time.Minute) // every request wants to write that it was seen
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.portal.URL+"/konto", nil)
				if err != nil {
					t.Error(err)
					return
				}
				c := &http.Client{Jar: b.client.Jar}
				res, err := c.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					t.Errorf("status %d", res.StatusCode)
				}
			})
		}
		wg.Wait()
	})
}

func TestLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser(t)
		last := 0
		for range 70 {
			if last = b.post(w.portal.URL+"/anmelden", url.Values{}, nil).status; last == http.StatusTooManyRequests {
				return
			}
		}
		t.Errorf("70 sign-ins in a row, last status %d", last)
	})
}

// localhost and 127.0.0.1 are the same machine to a person, but not to a cookie.
func TestDemoUnderAnotherName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		alias := strings.Replace(w.portal.URL, "127.0.0.1", "localhost", 1)
		b.get(alias + "/anmelden?weiter=/konto")
		if got := b.page.url.String(); got != w.portal.URL+"/anmelden?weiter=%2Fkonto" {
			t.Errorf("sign-in page at %s", got)
		}
		b.submit(url.Values{"als": {"citizen"}})
		if p := b.submit(url.Values{"subject": {"demo-ada"}}); p.status != 200 || p.url.Path != "/konto" {
			t.Errorf("ended at %s (%d)", p.url, p.status)
		}
	})
}

func TestCookie(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		for _, base := range []string{w.portal.URL, "https://portal.example"} {
			room := w.newRoom(t, base, w.issuer)
			mux := http.NewServeMux()
			room.Routes(mux)
			w.portal.Config.Handler = room.Middleware(mux)
			w.Site.Demo = false
			b := w.browser(t)
			b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.portal.URL+"/anmelden", strings.NewReader("weiter=/"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			got := b.do(req).header.Get("Set-Cookie")
			secure := strings.HasPrefix(base, "https:")
			if !strings.Contains(got, "; HttpOnly") || !strings.Contains(got, "; SameSite=Lax") || !strings.Contains(got, "Path=/;") ||
				strings.Contains(got, "; Secure") != secure || strings.HasPrefix(got, "__Host-sitzung=") != secure ||
				strings.Contains(got, "Domain") || strings.Contains(got, "Max-Age") {
				t.Errorf("%s: %s", base, got)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		w.browser(t).begin(w, "/")
		staff, citizen := w.browser(t), w.browser(t)
		staff.signIn(w, "demo-bruno", "/konto")
		citizen.signIn(w, "demo-ada", "/konto")
		counts := func(sessions, persons int) {
			t.Helper()
			if err := w.room.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s, p := w.count(t, `SELECT count(*) FROM identity_session`), w.count(t, `SELECT count(*) FROM identity_person`); s != sessions || p != persons {
				t.Errorf("%d sessions and %d persons, want %d and %d", s, p, sessions, persons)
			}
		}
		counts(3, 2)
		w.clock.pass(20 * time.Minute)
		counts(2, 2) // the abandoned flow is gone
		w.clock.pass(13 * time.Hour)
		counts(2, 2) // both have ended, and still tell so
		w.clock.pass(48 * time.Hour)
		counts(0, 2)
		w.clock.pass(91 * 24 * time.Hour)
		counts(0, 1) // a citizen is forgotten, who holds a grant is not
	})
}

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
