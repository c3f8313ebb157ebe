package signin_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/provider"
	"rennsteig/platform/identity/signin"
	"rennsteig/platform/web"
)

var rooms = []platform.Files{{Room: "identity", FS: signin.Files}}

// clock is a house's clock that a test moves.
type clock struct {
	mu    sync.Mutex
	shift time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.shift)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shift += d
}

// world is a portal at 127.0.0.1 that signs people in at a provider at localhost: two sites for a browser.
type world struct {
	*platform.House
	room   *signin.Room
	clock  *clock
	portal *httptest.Server
	demo   *httptest.Server // nil until started
	issuer string
	people []provider.Person
	konto  http.Handler
}

const (
	erfurt = "160510000000"
	jena   = "160530000000"
)

var people = []provider.Person{
	{Subject: "demo-ada", Name: "Ada Ährenfeld", Email: "ada@example.org", Kind: identity.Citizen},
	{Subject: "demo-bruno", Name: "Bruno Bergweg", Email: "bruno@example.org", Kind: identity.Staff,
		Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}},
}

// keyFile is the provider's key, made once: it takes longer than most tests.
var keyFile string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "signin")
	if err != nil {
		panic(err)
	}
	keyFile = filepath.Join(dir, "provider.key")
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	housetest.Each(t, rooms, func(t *testing.T, h *platform.House) { f(t, newWorld(t, h)) })
}

// newWorld starts the portal; the provider's address is taken, but it does not answer until start.
func newWorld(t *testing.T, h *platform.House) *world {
	t.Helper()
	w := &world{House: h, clock: &clock{}, people: people}
	h.Now = w.clock.now
	h.Site.Demo = true
	w.portal = httptest.NewUnstartedServer(nil)
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	w.issuer = "http://localhost:" + port + "/demo-anmeldung"
	base := "http://" + w.portal.Listener.Addr().String()
	w.room = w.newRoom(t, base, w.issuer)
	mux := http.NewServeMux()
	w.room.Routes(mux)
	h.Site.Handle(mux, "GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, "start")
		return err
	})
	who := func(w http.ResponseWriter, r *http.Request) error {
		p := identity.From(r.Context())
		if !p.SignedIn() {
			return errs.E(errs.Unauthenticated, "errs.unauthenticated")
		}
		return json.NewEncoder(w).Encode(p)
	}
	h.Site.Handle(mux, "/konto", who)
	w.konto = mux
	h.Site.FormAction = w.room.Origins()
	w.portal.Config.Handler = h.Site.Middleware(w.room.Middleware(h.Site.Mux(mux)))
	w.portal.Start()
	t.Cleanup(w.portal.Close)
	for _, p := range w.people {
		for _, g := range p.Grants {
			if err := w.room.Grant(identity.AsSystem(t.Context(), "demo"), p.Subject, g); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

func (w *world) newRoom(t *testing.T, base, issuer string) *signin.Room {
	t.Helper()
	room, err := signin.New(w.House, signin.Config{Issuer: issuer, ClientID: "rennsteig", ClientSecret: "geheim",
		BaseURL: base, Staff: url.Values{"login_hint": {"staff"}}})
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// start starts the provider at its address.
func (w *world) start(t *testing.T) {
	t.Helper()
	texts := i18n.New()
	if err := texts.Add(web.Files); err != nil {
		t.Fatal(err)
	}
	if err := texts.Add(provider.Files); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	site := web.New(texts, w.Site.Assets, log)
	site.Demo = true
	h := &platform.House{Site: site, Log: log, Now: w.clock.now, AuthorityName: func(id string) string { return "Stadt " + id }}
	p, err := provider.New(h, provider.Config{Demo: true, Issuer: w.issuer, KeyFile: keyFile, People: w.people,
		Client: provider.Client{ID: "rennsteig", Secret: "geheim", RedirectURI: w.portal.URL + signin.CallbackPath,
			PostLogoutRedirectURI: w.portal.URL + signin.SignedOutPath}})
	if err != nil {
		t.Fatal(err)
	}
	site.FormAction = p.Origins()
	mux := http.NewServeMux()
	p.Routes(mux)
	u, _ := url.Parse(w.issuer)
	l, err := net.Listen("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	w.demo = &httptest.Server{Listener: l, Config: &http.Server{Handler: site.Middleware(site.Mux(mux))}}
	w.demo.Start()
	t.Cleanup(w.demo.Close)
}

// browser is a client with cookies that holds a form's redirects against the page's form-action, as Chromium does.
type browser struct {
	t      *testing.T
	client *http.Client
	page   *page
}

type page struct {
	url    *url.URL
	status int
	body   string
	header http.Header
}

func (w *world) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

func (b *browser) get(address string) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.CheckRedirect = nil
	return b.do(req)
}

func (b *browser) do(req *http.Request) *page {
	b.t.Helper()
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.page = &page{url: res.Request.URL, status: res.StatusCode, body: string(body), header: res.Header}
	return b.page
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	inputTag = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// submit sends the page's form that has a hidden input or button name=value, with further values.
func (b *browser) submit(values url.Values) *page {
	b.t.Helper()
	from := b.page
	for _, form := range formTag.FindAllStringSubmatch(from.body, -1) {
		all := url.Values{}
		for _, in := range inputTag.FindAllStringSubmatch(form[2], -1) {
			all.Set(html.UnescapeString(in[1]), html.UnescapeString(in[2]))
		}
		fits := true
		for name, v := range values {
			fits = fits && (all.Get(name) == v[0] || strings.Contains(form[2], `name="`+name+`" value="`+v[0]+`"`))
			all[name] = v
		}
		if fits {
			return b.post(from.url.ResolveReference(&url.URL{Path: form[1]}).String(), all, from)
		}
	}
	b.t.Fatalf("no form with %v on %s:\n%s", values, from.url, from.body)
	return nil
}

// post sends a form from a page (nil: from the site itself).
func (b *browser) post(address string, values url.Values, from *page) *page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	b.client.CheckRedirect = nil
	if from != nil {
		origin := from.url.Scheme + "://" + from.url.Host
		req.Header.Set("Origin", origin)
		req.Header.Set("Referer", from.url.String())
		allowed := formAction(from)
		b.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
			to := req.URL.Scheme + "://" + req.URL.Host
			if to != origin && !slices.Contains(allowed, to) {
				b.t.Errorf("form on %s is redirected to %s, but form-action is %q", from.url, req.URL, allowed)
			}
			return nil
		}
	}
	return b.do(req)
}

func formAction(p *page) []string {
	for directive := range strings.SplitSeq(p.header.Get("Content-Security-Policy"), ";") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(directive), "form-action "); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

// signIn goes the whole way, and returns the page it ends on.
func (b *browser) signIn(w *world, subject, weiter string) *page {
	b.t.Helper()
	b.get(w.portal.URL + "/anmelden?" + url.Values{"weiter": {weiter}}.Encode())
	p := b.submit(url.Values{"als": {"citizen"}})
	if p.status != 200 || !strings.HasPrefix(p.url.String(), w.issuer) {
		b.t.Fatalf("not at the provider but at %s (%d)", p.url, p.status)
	}
	return b.submit(url.Values{"subject": {subject}})
}

// who is the principal that /konto sees; the zero one with status 401.
func (b *browser) who(w *world) identity.Principal {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, w.portal.URL+"/konto", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := b.do(req)
	var out identity.Principal
	switch p.status {
	case http.StatusSeeOther: // to the sign-in
	case http.StatusOK:
		if err := json.Unmarshal([]byte(p.body), &out); err != nil {
			b.t.Fatal(err)
		}
	default:
		b.t.Fatalf("/konto: status %d", p.status)
	}
	return out
}

// cookie is the session cookie at the portal.
func (b *browser) cookie(w *world) string {
	u, _ := url.Parse(w.portal.URL)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "sitzung" {
			return c.Value
		}
	}
	return ""
}

func (w *world) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := w.DB.Reader().QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) audited(t *testing.T, action string) int {
	t.Helper()
	return w.count(t, `SELECT count(*) FROM audit_entry WHERE action = $1`, action)
}

func TestSignInAtAnotherSite(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.start(t)
		b := w.browser(t)
		p := b.signIn(w, "demo-bruno", "/konto?x=1&y=%C3%A4")
		if want := w.portal.URL + "/konto?x=1&y=%C3%A4"; p.url.String() != want || p.status != 200 {
			t.Fatalf("ended at %s (%d), want %s", p.url, p.status, want)
		}
		got := b.who(w)
		if got.Subject != "demo-bruno" || got.Name != "Bruno Bergweg" || got.Email != "bruno@example.org" ||
			got.Kind != identity.Staff || !got.May(identity.Clerk, erfurt) || got.May(identity.Clerk, jena) {
			t.Errorf("signed in as %+v", got)
		}
		citizen := w.browser(t)
		if p := citizen.signIn(w, "demo-ada", ""); p.url.Path != "/" || p.body != "start" {
			t.Errorf("without weiter ended at %s", p.url)
		}
		if got := citizen.who(w); got.Kind != identity.Citizen || got.Subject != "demo-ada" || len(got.Grants) != 0 {
			t.Errorf("signed in as %+v", got)
		}
		if n := w.audited(t, "identity.signed_in"); n != 2 {
			t.Errorf("%d sign-ins audited, want 2", n)
		}
	})
}

func (w *world) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if err := w.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
