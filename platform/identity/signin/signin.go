package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// How long sessions live. A session ends with the browser at the latest, as its cookie does.
const (
	StaffIdle       = 30 * time.Minute // without a request
	StaffLifetime   = 12 * time.Hour   // whatever they do
	CitizenLifetime = 8 * time.Hour

	flowLifetime   = 15 * time.Minute // to sign in at the provider
	seenEvery      = time.Minute
	forgetCitizens = 90 * 24 * time.Hour // after their last sign-in
)

// Config says who signs people in.
type Config struct {
	Issuer       string // address of the OpenID provider, without trailing slash unless it has one itself
	ClientID     string
	ClientSecret string // empty for a public client
	BaseURL      string // our own address as the browser sees it, "https://portal.example.org"
	Scopes       []string
	// Citizen and Staff are added to the authorization request of the door chosen, e.g. Keycloak's kc_idp_hint.
	Citizen, Staff url.Values
	// Redirects are further origins that the provider redirects through, e.g. BundID behind Keycloak: Chromium holds
	// a form's redirects against form-action too.
	Redirects []string
	// Home is where somebody lands who signed in without coming from a page; "/" if nil.
	Home func(identity.Principal) string
	// Client calls the provider; a client with a 10 s timeout if nil.
	Client *http.Client
}

// CallbackPath is the path of the redirect_uri, SignedOutPath that of the post_logout_redirect_uri: the provider must
// know both for this client.
const (
	CallbackPath  = "/anmelden/rueckkehr"
	SignedOutPath = "/abgemeldet"
)

// Room is sign-in: pages, sessions, people.
type Room struct {
	*People
	site     *web.Site
	log      *slog.Logger
	audit    *audit.Log
	now      func() time.Time
	cfg      Config
	base     *url.URL
	store    *sessions
	manager  *scs.SessionManager
	provider provider
	pages    pages
}

// New returns the room. It does not call the provider: that may be this very process, not yet listening.
func New(h *platform.House, cfg Config) (*Room, error) {
	base, err := origin(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base URL: %w", err)
	}
	issuer, err := origin(cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if !h.Site.Demo {
		for _, u := range []*url.URL{base, issuer} {
			if !isHTTPS(u) && !isLoopback(u) {
				return nil, fmt.Errorf("%s: sign-in needs https; http is for this machine only", u)
			}
		}
	}
	if cfg.ClientID == "" {
		return nil, errors.New("sign-in needs a client id")
	}
	for _, o := range cfg.Redirects {
		if _, err := origin(o); err != nil {
			return nil, fmt.Errorf("redirect origin: %w", err)
		}
	}
	if len(cfg.Scopes) == 0 {
		cfg.Scopes = []string{"openid", "profile", "email"}
	}
	if cfg.Home == nil {
		cfg.Home = func(identity.Principal) string { return "/" }
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	cfg.BaseURL = base.Scheme + "://" + base.Host
	r := &Room{
		People: NewPeople(h.DB, h.Audit, h.Now),
		site:   h.Site, log: h.Log, audit: h.Audit, now: h.Now, cfg: cfg, base: base,
		store: &sessions{d: h.DB, now: h.Now},
		pages: newPages(h.Site),
	}
	r.manager = r.newManager()
	return r, nil
}

// origin checks that s is an http(s) address with a host.
func origin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q: want https://host", s)
	}
	return u, nil
}

// Origins are the origins that our forms lead to by redirect; add them to web.Site.FormAction.
func (r *Room) Origins() []string {
	var out []string
	for _, s := range append([]string{r.cfg.Issuer}, r.cfg.Redirects...) {
		u, _ := origin(s) // checked by New
		if o := u.Scheme + "://" + u.Host; o != r.cfg.BaseURL && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// Sweep deletes what is over.
func (r *Room) Sweep(ctx context.Context) error { return r.store.sweep(ctx) }

// Run sweeps every ten minutes until ctx ends. Any number of processes may do it.
func (r *Room) Run(ctx context.Context) {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "sweep of sessions failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func isHTTPS(u *url.URL) bool { return u.Scheme == "https" } // url.Parse lowers it

func isLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
