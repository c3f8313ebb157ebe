package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// issuer is a provider that answers whatever a test wants it to.
type issuer struct {
	*httptest.Server
	key      *rsa.PrivateKey
	signWith any // key, or []byte for HS256
	claims   map[string]any
	status   int // of the token endpoint; 0 is 200
	userinfo map[string]any
}

var issuerKey = func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}()

func newIssuer(t *testing.T) *issuer {
	f := &issuer{key: issuerKey, signWith: issuerKey}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]any{"issuer": f.URL, "authorization_endpoint": f.URL + "/auth", "token_endpoint": f.URL + "/token",
			"jwks_uri": f.URL + "/keys", "userinfo_endpoint": f.URL + "/userinfo",
			"id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &f.key.PublicKey, KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) { reply(w, f.userinfo) })
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if f.status != 0 {
			w.WriteHeader(f.status)
			reply(w, map[string]any{"error": "invalid_grant"})
			return
		}
		reply(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": f.sign(t)})
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *issuer) sign(t *testing.T) string {
	alg := jose.RS256
	if _, ok := f.signWith.([]byte); ok {
		alg = jose.HS256
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: f.signWith},
		(&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Error(err)
		return ""
	}
	body, _ := json.Marshal(f.claims)
	sig, err := s.Sign(body)
	if err != nil {
		t.Error(err)
		return ""
	}
	out, _ := sig.CompactSerialize()
	return out
}

// answerFor sets the claims that the sign-in begun with this authorization request expects, and returns its state.
func (f *issuer) answerFor(authorize *url.URL) (state string) {
	q := authorize.Query()
	now := time.Now()
	f.claims = map[string]any{"iss": f.URL, "sub": "s-1", "aud": q.Get("client_id"), "nonce": q.Get("nonce"),
		"name": "Erna Erlenbach", "email": "erna@example.org", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	return q.Get("state")
}
