package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34:443": true, "93.184.216.34:80": true, "[2606:2800:220:1::1]:443": true,
		"93.184.216.34:22": false, "127.0.0.1:80": false, "10.1.2.3:80": false, "172.16.0.1:80": false, "192.168.1.1:80": false,
		"169.254.169.254:80": false, "100.64.0.1:80": false, "0.0.0.0:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false,
		"[::1]:80": false, "[::]:80": false, "[fe80::1]:80": false, "[fc00::1]:80": false, "[::ffff:127.0.0.1]:80": false,
		"[::ffff:10.0.0.1]:80": false, "[64:ff9b::7f00:1]:80": false, "[2002:7f00:1::]:80": false, "240.0.0.1:80": false, "198.18.0.1:80": false,
	} {
		if got := public(netip.MustParseAddrPort(address)); got != want {
			t.Errorf("%s is public: %v", address, got)
		}
	}
}

// site answers as the paths say.
func site(t *testing.T) (*httptest.Server, *atomic.Bool) {
	t.Helper()
	var gone atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) {
		if gone.Load() {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	mux.HandleFunc("/get-only", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	})
	mux.Handle("/moved", http.RedirectHandler("/good", http.StatusMovedPermanently))
	mux.Handle("/for-now", http.RedirectHandler("/good", http.StatusFound))
	mux.Handle("/mixed", http.RedirectHandler("/for-now", http.StatusMovedPermanently))
	mux.Handle("/ring", http.RedirectHandler("/ring", http.StatusFound))
	mux.Handle("/to-file", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	mux.HandleFunc("/closed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/ill", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s, &gone
}

func TestLook(t *testing.T) {
	s, _ := site(t)
	c := newChecker(true)
	for path, want := range map[string]Result{
		"/good": {LinkGood, 200, ""}, "/get-only": {LinkGood, 200, ""}, "/missing": {LinkBroken, 404, ""}, "/for-now": {LinkGood, 200, ""},
		"/moved": {LinkMoved, 200, s.URL + "/good"}, "/mixed": {LinkGood, 200, ""}, "/ring": {LinkBroken, 508, ""}, "/closed": {LinkGood, 403, ""},
		"/ill": {LinkFailing, 502, ""}, "/to-file": {LinkBroken, 302, ""},
	} {
		if got := c.look(context.Background(), s.URL+path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	for _, address := range []string{"file:///etc/passwd", "ftp://x.example/", "http://user:pw@x.example/", "http://", "javascript:x", "::"} {
		if got := c.look(context.Background(), address); got.State != LinkRefused {
			t.Errorf("%s: %+v", address, got)
		}
	}
	// Without leave, the server on this machine is not asked at all.
	if got := newChecker(false).look(context.Background(), s.URL+"/good"); got.State != LinkRefused {
		t.Errorf("private address: %+v", got)
	}
	s.Close()
	if got := c.look(context.Background(), s.URL+"/good"); got.State != LinkFailing {
		t.Errorf("nobody there: %+v", got)
	}
}

// A link breaks, shows up in the work list of those whose text it is, and is repaired.
func TestLinksOfTexts(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		s, gone := site(t)
		start := time.Now()
		d.set(start)
		check := func(after time.Duration) {
			t.Helper()
			d.set(start.Add(after))
			_, err := d.CheckLinks(context.Background())
			must(t, err)
		}
		d.released(t, edda, emil, stamm, content("05", "x", "15", `<p><a href="`+s.URL+`/good">gut</a> <a href="`+s.URL+`/moved">umgezogen</a> <a href="mailto:a@b.example">m</a></p>`))
		d.released(t, lena, olaf, local, content("15", `<p><a href="`+s.URL+`/ill">krank</a></p>`))
		check(0)
		list := func(p identity.Principal) []BadLink { t.Helper(); return ok[[]BadLink](t)(d.BadLinks(as(p), 10)) }
		if bad := list(edda); len(bad) != 1 || bad[0].State != LinkMoved || bad[0].MovedTo != s.URL+"/good" || bad[0].Owner != "Edda Redlich" || bad[0].Source != "15" {
			t.Fatalf("%+v", bad)
		}
		if bad := list(lena); len(bad) != 0 {
			t.Fatalf("Lena: %+v", bad)
		}
		if n := ok[int](t)(d.CheckLinks(context.Background())); n != 0 {
			t.Errorf("%d links looked at again at once", n)
		}
		gone.Store(true)
		check(90 * time.Minute)
		check(3 * time.Hour)
		if bad := list(lena); len(bad) != 1 || bad[0].State != LinkBroken || bad[0].Status != 502 {
			t.Fatalf("silent three times: %+v", bad)
		}
		if bad := list(jens); len(bad) != 0 {
			t.Fatalf("Jens sees %+v", bad)
		}
		check(25 * time.Hour)
		c := webtest.New(t, d.mux)
		c.As(edda).Get("/redaktion").Want(200, "Verweise, die nicht stimmen", s.URL+"/good", "führt ins Leere", "Antwort 404")
		gone.Store(false)
		check(50 * time.Hour)
		p := c.As(edda).Get("/redaktion").Want(200, "ist umgezogen", "Jetzt unter: "+s.URL+"/good")
		p.Press("Neue Adresse übernehmen").Want(200, "Der Entwurf hat die neue Adresse.")
		v := ok[[]Version](t)(d.Texts(as(edda), dog))
		if text := v[1].Modules["15"].Text; v[1].State != Draft || strings.Contains(text, "/moved") || strings.Count(text, "/good") != 2 {
			t.Errorf("%s %s", v[1].State, text)
		}
		if _, err := d.Repair(as(jens), stamm, s.URL+"/moved"); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger repairs: %v", err)
		}
	})
}

func TestAttach(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		c := webtest.New(t, d.mux)
		page := "/redaktion/leistung/" + dog
		c.As(lena).Get(page).Fill("Name", "Hundesteuer online").Fill("Adresse (https://…)", "javascript:x").Choose("Onlinedienst").Press("Anhängen").
			Want(422, "Geben Sie eine vollständige Adresse ein").Fill("Adresse (https://…)", "https://dienst.example/hund").Press("Anhängen").
			Want(200, "Angehängt.", "Hundesteuer online", "Stadt Erfurt")
		c.Get("/ort?ort=Erfurt&weiter=/leistung/"+dog).Want(200, "Formulare und Onlinedienste", "Hundesteuer online")
		if webtest.New(t, d.mux).Get("/ort?ort=Jena&weiter=/leistung/" + dog).Has("Hundesteuer online") {
			t.Error("Jena shows Erfurt's service")
		}
		id := d.f.Catalog().AllOnline(dog)[0].ID
		for _, p := range []identity.Principal{jens, {}, {Subject: "c", Kind: identity.Citizen}} {
			if err := d.Detach(as(p), dog, id); err == nil {
				t.Errorf("%q removes it", p.Subject)
			}
			if err := d.Attach(as(p), finder.Online{Service: dog, Authority: erfurt, Kind: "form", Name: "x", URL: "https://x.example"}); err == nil {
				t.Errorf("%q attaches", p.Subject)
			}
		}
		if p := c.As(jens).Get(page); p.Has("Hundesteuer online") {
			t.Error("Jena's editor is offered Erfurt's service")
		}
		c.As(lena).Get(page).Press("Entfernen").Want(200, "Entfernt.", "Noch nichts angehängt.")
		if n := count(t, d.h.DB.Reader(), `SELECT count(*) FROM finder_link WHERE source = 'online'`); n != 0 {
			t.Errorf("%d links left", n)
		}
	})
}
