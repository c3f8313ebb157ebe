package web

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Limit lets one caller (signed-in subject, else client address) call h at most perMinute times a minute after a
// burst; beyond that errs.TooMany with Retry-After. name keeps the counts of different doors apart. Each process
// counts for itself.
func (s *Site) Limit(name string, perMinute, burst int, h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.NoLimits {
			return h(w, r)
		}
		who := "s:" + identity.From(r.Context()).Subject
		if who == "s:" {
			who = "a:" + network(s.ClientIP(r))
		}
		wait := s.limits.take(name+"\x00"+who, rate.Limit(float64(perMinute)/60), burst, time.Now())
		if wait > 0 {
			seconds := int(math.Ceil(wait.Seconds()))
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
			return errs.E(errs.TooMany, "errs.too_many", seconds)
		}
		return h(w, r)
	}
}

// ClientIP is the caller's address. X-Forwarded-For is read from the right, past the s.Proxies proxies that we know to
// stand in front of us; what is further left anybody can write.
func (s *Site) ClientIP(r *http.Request) string {
	if s.Proxies > 0 {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if i := len(hops) - s.Proxies; i >= 0 {
			if a, err := netip.ParseAddr(strings.TrimSpace(hops[i])); err == nil {
				return a.Unmap().WithZone("").String()
			}
		}
	}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap().WithZone("").String()
	}
	return r.RemoteAddr
}

// network is what is counted as one caller: one household has a whole IPv6 /64.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Is4() {
		return ip
	}
	p, _ := a.Prefix(64)
	return p.String()
}

// maxCallers bounds the memory of limits: about 10 MB.
const maxCallers = 50_000

type limits struct {
	mu      sync.Mutex
	callers map[string]*caller
}

type caller struct {
	*rate.Limiter
	full time.Time // from then on the caller may be forgotten
}

// take takes one token; a positive result is the time until there is one.
func (l *limits) take(key string, perSecond rate.Limit, burst int, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.callers[key]
	if !ok {
		if l.callers == nil {
			l.callers = map[string]*caller{}
		}
		if len(l.callers) >= maxCallers {
			l.forget(now)
		}
		c = &caller{Limiter: rate.NewLimiter(perSecond, burst)}
		l.callers[key] = c
	}
	if !c.AllowN(now, 1) {
		return time.Duration((1 - c.TokensAt(now)) / float64(perSecond) * float64(time.Second))
	}
	c.full = now.Add(time.Duration((float64(burst) - c.TokensAt(now)) / float64(perSecond) * float64(time.Second)))
	return 0
}

// forget drops the callers whose tokens are full again; if there are too few of those, any others.
func (l *limits) forget(now time.Time) {
	for key, c := range l.callers {
		if !now.Before(c.full) {
			delete(l.callers, key)
		}
	}
	for key := range l.callers {
		if len(l.callers) < maxCallers*9/10 {
			return
		}
		delete(l.callers, key)
	}
}
