package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// provider is what discovery told about the issuer, once it answered.
type provider struct {
	mu         sync.Mutex
	oidc       *oidc.Provider
	endSession string
}

// discover asks the issuer at the first need and after each failure: it may be down, or be this very process.
// errs.Unavailable if it does not answer.
func (r *Room) discover(ctx context.Context) (*oidc.Provider, string, error) {
	r.provider.mu.Lock()
	p, end := r.provider.oidc, r.provider.endSession
	r.provider.mu.Unlock()
	if p != nil {
		return p, end, nil
	}
	p, err := oidc.NewProvider(r.client(ctx), r.cfg.Issuer)
	if err != nil {
		return nil, "", errs.E(errs.Unavailable, "signin.provider_down", err)
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, "", errs.E(errs.Unavailable, "signin.provider_down", err)
	}
	if _, err := origin(more.EndSession); err != nil {
		more.EndSession = ""
	}
	r.provider.mu.Lock()
	r.provider.oidc, r.provider.endSession = p, more.EndSession
	r.provider.mu.Unlock()
	return p, more.EndSession, nil
}

func (r *Room) client(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, r.cfg.Client)
}

func (r *Room) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: r.cfg.ClientID, ClientSecret: r.cfg.ClientSecret, Endpoint: p.Endpoint(),
		RedirectURL: r.cfg.BaseURL + CallbackPath, Scopes: r.cfg.Scopes}
}

// flow is one sign-in under way, in the session under its state.
type flow struct {
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // RFC 7636
	Weiter   string    `json:"weiter"`   // local path, "" for home
	Started  time.Time `json:"started"`
}

const (
	flowPrefix = "flow:"
	idTokenKey = "id_token"
	maxFlows   = 5 // per session: tabs
)

// begin starts a flow and returns the provider's address to send the browser to.
func (r *Room) begin(ctx context.Context, weiter string, extra url.Values) (string, error) {
	p, _, err := r.discover(ctx)
	if err != nil {
		return "", err
	}
	f := flow{Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Weiter: weiter, Started: r.now()}
	state := rand.Text()
	b, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	r.dropOldFlows(ctx)
	r.manager.Put(ctx, flowPrefix+state, string(b))
	if visitOf(ctx).subject == "" {
		r.manager.SetDeadline(ctx, r.now().Add(flowLifetime))
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.Verifier), oidc.Nonce(f.Nonce)}
	for name := range extra {
		options = append(options, oauth2.SetAuthURLParam(name, extra.Get(name)))
	}
	return r.oauth(p).AuthCodeURL(state, options...), nil
}

// dropOldFlows keeps the session small: flows that are over go, and the oldest beyond maxFlows-1.
func (r *Room) dropOldFlows(ctx context.Context) {
	var oldest string
	var oldestStart time.Time
	n := 0
	for _, key := range r.manager.Keys(ctx) {
		if !strings.HasPrefix(key, flowPrefix) {
			continue
		}
		var f flow
		if err := json.Unmarshal([]byte(r.manager.GetString(ctx, key)), &f); err != nil || r.now().Sub(f.Started) > flowLifetime {
			r.manager.Remove(ctx, key)
			continue
		}
		n++
		if oldest == "" || f.Started.Before(oldestStart) {
			oldest, oldestStart = key, f.Started
		}
	}
	if n >= maxFlows {
		r.manager.Remove(ctx, oldest)
	}
}

// takeFlow returns the flow of a state, once.
func (r *Room) takeFlow(ctx context.Context, state string) (flow, bool) {
	s := r.manager.PopString(ctx, flowPrefix+state)
	var f flow
	if s == "" || json.Unmarshal([]byte(s), &f) != nil || r.now().Sub(f.Started) > flowLifetime {
		return flow{}, false
	}
	return f, true
}

// claims are what we want to know of a person.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	UserName string `json:"preferred_username"`
}

// failure is a sign-in that did not work: reason goes to the audit log, kind chooses the text for the person.
type failure struct {
	reason string // short and fixed, never the provider's words
	kind   string // "expired", "refused" or "failed"
	err    error
}

func (f *failure) Error() string { return "sign-in failed: " + f.reason }

func (f *failure) Unwrap() error { return f.err }

// finish checks what the browser brought back from the provider and returns who that is, with their ID token.
// The errors are *failure, or errs.Unavailable if the provider does not answer.
func (r *Room) finish(ctx context.Context, query url.Values) (c claims, idToken string, f flow, err error) {
	f, ok := r.takeFlow(ctx, query.Get("state"))
	if !ok {
		return c, "", f, &failure{reason: "state", kind: "expired"}
	}
	// RFC 9207 §2.4: an answer from another issuer is a mix-up.
	if iss := query.Get("iss"); iss != "" && iss != r.cfg.Issuer {
		return c, "", f, &failure{reason: "issuer", kind: "failed"}
	}
	switch query.Get("error") {
	case "":
	case "access_denied", "interaction_required", "login_required":
		return c, "", f, &failure{reason: "refused", kind: "refused"}
	default:
		return c, "", f, &failure{reason: "provider", kind: "failed", err: errors.New(query.Get("error"))}
	}
	p, _, err := r.discover(ctx)
	if err != nil {
		return c, "", f, err
	}
	token, err := r.oauth(p).Exchange(r.client(ctx), query.Get("code"), oauth2.VerifierOption(f.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError:
		return c, "", f, &failure{reason: "code", kind: "failed", err: err}
	case err != nil:
		return c, "", f, errs.E(errs.Unavailable, "signin.provider_down", err)
	}
	c, idToken, err = r.verify(ctx, p, token, f.Nonce)
	return c, idToken, f, err
}

// verify checks the ID token (OpenID Connect Core §3.1.3.7) and completes the claims from the userinfo endpoint.
func (r *Room) verify(ctx context.Context, p *oidc.Provider, token *oauth2.Token, nonce string) (claims, string, error) {
	var c claims
	raw, _ := token.Extra("id_token").(string)
	verified, err := p.VerifierContext(r.client(ctx), &oidc.Config{ClientID: r.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return c, "", &failure{reason: "id_token", kind: "failed", err: err}
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(nonce)) != 1 {
		return c, "", &failure{reason: "nonce", kind: "failed"}
	}
	if verified.AccessTokenHash != "" {
		if err := verified.VerifyAccessToken(token.AccessToken); err != nil {
			return c, "", &failure{reason: "at_hash", kind: "failed", err: err}
		}
	}
	if err := verified.Claims(&c); err != nil {
		return c, "", &failure{reason: "claims", kind: "failed", err: err}
	}
	if c.Subject == "" || len(c.Subject) > 255 {
		return c, "", &failure{reason: "subject", kind: "failed"}
	}
	if c.Name == "" && p.UserInfoEndpoint() != "" {
		info, err := p.UserInfo(r.client(ctx), oauth2.StaticTokenSource(token))
		if err != nil {
			return c, "", errs.E(errs.Unavailable, "signin.provider_down", err)
		}
		more := c
		if err := info.Claims(&more); err != nil || more.Subject != c.Subject { // OpenID Connect Core §5.3.2
			return c, "", &failure{reason: "userinfo", kind: "failed", err: err}
		}
		c.Name, c.Email, c.UserName = more.Name, more.Email, more.UserName
	}
	for _, name := range []string{c.UserName, c.Email, c.Subject} {
		if c.Name == "" {
			c.Name = name
		}
	}
	return c, raw, nil
}

// enter makes the person the session's owner: writes them and the audit entry, and gives the session a new token, so
// that a token somebody planted before is worth nothing.
func (r *Room) enter(ctx context.Context, c claims, idToken string) (identity.Principal, error) {
	v := visitOf(ctx)
	if r.site.Demo {
		c.Issuer = "demo" // its people are the same at whatever port it starts next
	}
	var grants []identity.Grant
	err := r.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := savePerson(ctx, tx, c, r.now()); err != nil {
			return err
		}
		var err error
		if grants, err = grantsOf(ctx, tx, c.Subject); err != nil {
			return err
		}
		who := visit{subject: c.Subject, name: c.Name, email: c.Email, grants: grants}
		return r.audit.Append(identity.With(ctx, who.principal()), tx,
			audit.Entry{Action: "identity.signed_in", Object: "person:" + c.Subject})
	})
	if errors.Is(err, errOtherIssuer) {
		return identity.Principal{}, &failure{reason: "other_issuer", kind: "failed", err: err}
	}
	if err != nil {
		return identity.Principal{}, err
	}
	if err := r.manager.RenewToken(ctx); err != nil {
		return identity.Principal{}, err
	}
	if err := r.manager.Clear(ctx); err != nil {
		return identity.Principal{}, err
	}
	*v = visit{subject: c.Subject, name: c.Name, email: c.Email, grants: grants, lastSeen: r.now()}
	p := v.principal()
	lifetime := CitizenLifetime
	if p.Kind == identity.Staff {
		lifetime = StaffLifetime
	}
	r.manager.SetDeadline(ctx, r.now().Add(lifetime))
	r.manager.Put(ctx, idTokenKey, idToken)
	return p, nil
}

// failed writes that a sign-in did not work.
func (r *Room) failed(ctx context.Context, f *failure) {
	r.log.WarnContext(ctx, "sign-in failed", "reason", f.reason, "error", f.err)
	err := r.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.audit.Append(ctx, tx, audit.Entry{Action: "identity.sign_in_failed", Object: "issuer:" + r.cfg.Issuer,
			Changes: map[string]any{"reason": f.reason}})
	})
	if err != nil {
		r.log.ErrorContext(ctx, "failed sign-in not audited", "error", err)
	}
}

// leave ends the session and returns where to send the browser: to the provider, so that it ends its own session too,
// or straight to our page.
func (r *Room) leave(ctx context.Context) (string, error) {
	p := identity.From(ctx)
	hint := r.manager.GetString(ctx, idTokenKey)
	if err := r.manager.Destroy(ctx); err != nil {
		return "", err
	}
	*visitOf(ctx) = visit{}
	if !p.SignedIn() {
		return SignedOutPath, nil
	}
	err := r.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.audit.Append(ctx, tx, audit.Entry{Action: "identity.signed_out", Object: "person:" + p.Subject})
	})
	if err != nil {
		return "", err
	}
	_, end, err := r.discover(ctx)
	if err != nil || end == "" {
		return SignedOutPath, nil // the person is signed out here, whatever the provider does
	}
	// OpenID Connect RP-Initiated Logout 1.0 §2.
	return end + "?" + url.Values{"id_token_hint": {hint}, "client_id": {r.cfg.ClientID},
		"post_logout_redirect_uri": {r.cfg.BaseURL + SignedOutPath}}.Encode(), nil
}
