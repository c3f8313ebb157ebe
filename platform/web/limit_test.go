package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

func TestLimit(t *testing.T) {
	s := &Site{}
	door := s.Limit("suche", 60, 3, func(http.ResponseWriter, *http.Request) error { return nil })
	other := s.Limit("anmelden", 60, 3, func(http.ResponseWriter, *http.Request) error { return nil })
	from := func(address, subject string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = address
		return r.WithContext(identity.With(r.Context(), identity.Principal{Subject: subject}))
	}
	knock := func(h Handler, r *http.Request) (bool, string) {
		w := httptest.NewRecorder()
		err := h(w, r)
		if err != nil && !errs.Is(err, errs.TooMany) {
			t.Fatal(err)
		}
		return err == nil, w.Header().Get("Retry-After")
	}
	for i := range 3 {
		if ok, _ := knock(door, from("192.0.2.1:1000", "")); !ok {
			t.Fatalf("call %d of a burst of 3 is refused", i+1)
		}
	}
	ok, after := knock(door, from("192.0.2.1:2000", ""))
	if seconds, err := strconv.Atoi(after); ok || err != nil || seconds != 1 {
		t.Errorf("the fourth call: %t, Retry-After %q", ok, after)
	}
	for name, r := range map[string]*http.Request{"another address": from("192.0.2.2:1", ""), "a signed-in person there": from("192.0.2.1:1", "ada")} {
		if ok, _ := knock(door, r); !ok {
			t.Errorf("%s pays for others", name)
		}
	}
	if ok, _ := knock(other, from("192.0.2.1:1", "")); !ok {
		t.Error("another door counts the same calls")
	}
	// One household has a whole /64.
	for i := range 3 {
		knock(door, from(fmt.Sprintf("[2001:db8::%d]:1", i+1), ""))
	}
	if ok, _ := knock(door, from("[2001:db8::ffff]:1", "")); ok {
		t.Error("another address of the same IPv6 network is not counted")
	}
	if ok, _ := knock(door, from("[2001:db8:0:1::1]:1", "")); !ok {
		t.Error("another IPv6 network is counted")
	}
	s.NoLimits = true
	if ok, _ := knock(door, from("192.0.2.1:1000", "")); !ok {
		t.Error("limits are not off")
	}
}

func TestLimitsRefillAndForget(t *testing.T) {
	var l limits
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	if l.take("a", 1, 1, now) != 0 {
		t.Fatal("first call refused")
	}
	if wait := l.take("a", 1, 1, now.Add(250*time.Millisecond)); wait != 750*time.Millisecond {
		t.Errorf("wait %s", wait)
	}
	if l.take("a", 1, 1, now.Add(time.Second)) != 0 {
		t.Error("still refused after a second")
	}
	for i := range 3 * maxCallers {
		l.take(strconv.Itoa(i), 1, 1, now)
		if len(l.callers) > maxCallers {
			t.Fatalf("%d callers are remembered", len(l.callers))
		}
	}
	l.callers = nil
	l.take("busy", 1.0/3600, 1, now)
	for i := range maxCallers {
		l.take(strconv.Itoa(i), 1, 1, now.Add(time.Minute+time.Duration(i)*time.Millisecond))
	}
	if l.take("busy", 1.0/3600, 1, now.Add(2*time.Minute)) == 0 {
		t.Error("a caller who must wait was forgotten while others could be")
	}
}

func TestClientIP(t *testing.T) {
	for name, c := range map[string]struct {
		proxies int
		header  []string
		want    string
	}{
		"no proxy of ours":    {0, []string{"198.51.100.7"}, "192.0.2.1"},
		"one":                 {1, []string{"198.51.100.7"}, "198.51.100.7"},
		"one, forged entries": {1, []string{"10.0.0.1, 203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		"one, forged header":  {1, []string{"10.0.0.1", "198.51.100.7"}, "198.51.100.7"},
		"two":                 {2, []string{"10.0.0.1, 198.51.100.7, 203.0.113.9"}, "198.51.100.7"},
		"two, one passed":     {2, []string{"198.51.100.7"}, "192.0.2.1"},
		"no header":           {1, nil, "192.0.2.1"},
		"rubbish":             {1, []string{"me"}, "192.0.2.1"},
		"mapped":              {1, []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"zone":                {1, []string{"fe80::1%eth0"}, "fe80::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header["X-Forwarded-For"] = c.header
		s := Site{Proxies: c.proxies}
		if got := s.ClientIP(r); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
