package provider

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	requestLifetime = 15 * time.Minute
	tokenLifetime   = 10 * time.Minute
	maxRequests     = 10_000
)

// storage is op.Storage in memory: one client, people without passwords.
type storage struct {
	cfg    Config
	key    *rsa.PrivateKey
	client client
	now    func() time.Time

	mu       sync.Mutex
	requests map[string]*request
	codes    map[string]string // code to request id
	tokens   map[string]token
}

type token struct {
	subject string
	scopes  []string
	expires time.Time
}

var errUnknown = errors.New("unknown or expired")

func newStorage(cfg Config, key *rsa.PrivateKey, loginPath string, now func() time.Time) *storage {
	return &storage{cfg: cfg, key: key, client: client{cfg.Client, loginPath}, now: now,
		requests: map[string]*request{}, codes: map[string]string{}, tokens: map[string]token{}}
}

// request is one authorization request.
type request struct {
	id      string
	oidc    *oidc.AuthRequest
	subject string // "" until a person was chosen
	at      time.Time
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return "" }
func (r *request) GetAMR() []string                   { return nil }
func (r *request) GetAudience() []string              { return []string{r.oidc.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.at }
func (r *request) GetClientID() string                { return r.oidc.ClientID }
func (r *request) GetNonce() string                   { return r.oidc.Nonce }
func (r *request) GetRedirectURI() string             { return r.oidc.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.oidc.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.oidc.ResponseMode }
func (r *request) GetScopes() []string                { return r.oidc.Scopes }
func (r *request) GetState() string                   { return r.oidc.State }
func (r *request) GetSubject() string                 { return r.subject }
func (r *request) Done() bool                         { return r.subject != "" }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.oidc.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.oidc.CodeChallenge, Method: r.oidc.CodeChallengeMethod}
}

// CreateAuthRequest keeps the request until a person was chosen.
func (s *storage) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if slices.Contains(r.Prompt, oidc.PromptNone) {
		return nil, oidc.ErrLoginRequired() // nobody stays signed in here
	}
	if r.CodeChallenge == "" || r.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	if len(s.requests) >= maxRequests {
		return nil, oidc.ErrServerError().WithDescription("too many sign-ins at once")
	}
	out := &request{id: rand.Text(), oidc: r, at: s.now()}
	s.requests[out.id] = out
	return out, nil
}

// forget drops what is over. The caller holds mu.
func (s *storage) forget() {
	now := s.now()
	for id, r := range s.requests {
		if now.Sub(r.at) > requestLifetime {
			delete(s.requests, id)
		}
	}
	for code, id := range s.codes {
		if s.requests[id] == nil {
			delete(s.codes, code)
		}
	}
	for id, t := range s.tokens {
		if now.After(t.expires) {
			delete(s.tokens, id)
		}
	}
}

// waiting returns a request for which nobody was chosen yet.
func (s *storage) waiting(id string) (*oidc.AuthRequest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[id]
	if r == nil || r.Done() || s.now().Sub(r.at) > requestLifetime {
		return nil, false
	}
	return r.oidc, true
}

// choose sets who signs in by the request; false if it is gone or was answered already.
func (s *storage) choose(id, subject string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[id]
	if r == nil || r.Done() || s.now().Sub(r.at) > requestLifetime {
		return false
	}
	chosen := *r
	chosen.subject, chosen.at = subject, s.now()
	s.requests[id] = &chosen
	return true
}

// cancel drops a request and returns it.
func (s *storage) cancel(id string) (*oidc.AuthRequest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[id]
	if r == nil || r.Done() {
		return nil, false
	}
	delete(s.requests, id)
	return r.oidc, true
}

// AuthRequestByID finds a request.
func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[id]
	if r == nil {
		return nil, errUnknown
	}
	return r, nil
}

// AuthRequestByCode finds the request of a code and uses the code up: a second try with it is refused.
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[s.codes[code]]
	delete(s.codes, code)
	if r == nil || s.now().Sub(r.at) > time.Minute {
		return nil, errUnknown
	}
	return r, nil
}

// SaveAuthCode keeps the code of a request.
func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest forgets a request that was answered.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

// CreateAccessToken makes the token for the userinfo endpoint.
func (s *storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, expires := rand.Text(), s.now().Add(tokenLifetime)
	s.tokens[id] = token{r.GetSubject(), r.GetScopes(), expires}
	return id, expires, nil
}

// CreateAccessAndRefreshTokens is not offered.
func (s *storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, oidc.ErrUnsupportedGrantType()
}

// TokenRequestByRefreshToken is not offered.
func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, op.ErrInvalidRefreshToken
}

// GetRefreshTokenInfo knows no refresh tokens.
func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

// TerminateSession ends the tokens of the person.
func (s *storage) TerminateSession(_ context.Context, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.tokens {
		if t.subject == subject {
			delete(s.tokens, id)
		}
	}
	return nil
}

// RevokeToken ends one token.
func (s *storage) RevokeToken(_ context.Context, id, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, id)
	return nil
}

// GetClientByClientID knows one client.
func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != s.client.ID {
		return nil, errUnknown
	}
	return s.client, nil
}

// AuthorizeClientIDSecret checks the client's secret.
func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != s.client.ID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.client.Secret)) != 1 {
		return errUnknown
	}
	return nil
}

// SetUserinfoFromScopes is replaced by SetUserinfoFromRequest.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest fills the ID token.
func (s *storage) SetUserinfoFromRequest(_ context.Context, u *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	return s.userinfo(u, r.GetSubject(), scopes)
}

// SetUserinfoFromToken answers the userinfo endpoint.
func (s *storage) SetUserinfoFromToken(_ context.Context, u *oidc.UserInfo, tokenID, subject, _ string) error {
	s.mu.Lock()
	t, ok := s.tokens[tokenID]
	s.mu.Unlock()
	if !ok || t.subject != subject || s.now().After(t.expires) {
		return errUnknown
	}
	return s.userinfo(u, t.subject, t.scopes)
}

func (s *storage) userinfo(u *oidc.UserInfo, subject string, scopes []string) error {
	p, ok := s.cfg.person(subject)
	if !ok {
		return errUnknown
	}
	u.Subject = p.Subject
	if slices.Contains(scopes, oidc.ScopeProfile) {
		u.Name = p.Name
	}
	if slices.Contains(scopes, oidc.ScopeEmail) {
		u.Email, u.EmailVerified = p.Email, true
	}
	return nil
}

// SetIntrospectionFromToken is not offered.
func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnknown
}

// GetPrivateClaimsFromScopes adds nothing.
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID knows no keys of clients.
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}

// ValidateJWTProfileScopes is not offered.
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, oidc.ErrUnsupportedGrantType()
}

// Health is always good.
func (s *storage) Health(context.Context) error { return nil }

// SigningKey signs the ID tokens.
func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return signingKey{s.key}, nil }

// SignatureAlgorithms is RS256, which every relying party must know (OpenID Connect Core §15.1).
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet is the public key.
func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

type signingKey struct{ key *rsa.PrivateKey }

func (k signingKey) ID() string                                  { return keyID(k.key) }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Key() any                                    { return k.key }

type publicKey struct{ key *rsa.PrivateKey }

func (k publicKey) ID() string                         { return keyID(k.key) }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.key.PublicKey }

// client is the relying party as op.Client.
type client struct {
	Client
	loginPath string
}

func (c client) GetID() string                       { return c.ID }
func (c client) RedirectURIs() []string              { return []string{c.RedirectURI} }
func (c client) PostLogoutRedirectURIs() []string    { return []string{c.PostLogoutRedirectURI} }
func (c client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c client) GrantTypes() []oidc.GrantType         { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c client) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (c client) IDTokenLifetime() time.Duration       { return tokenLifetime }
func (c client) DevMode() bool                        { return false }
func (c client) IsScopeAllowed(string) bool           { return false }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c client) ClockSkew() time.Duration             { return 0 }
func (c client) LoginURL(id string) string {
	return c.loginPath + "?" + url.Values{"id": {id}}.Encode()
}
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string     { return all }
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return all }

func all(scopes []string) []string { return scopes }
