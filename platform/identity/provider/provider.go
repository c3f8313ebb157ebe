package provider

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"rennsteig/platform"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// Person is somebody invented to sign in as.
type Person struct {
	Subject string
	Name    string
	Email   string // at example.org
	Kind    identity.Kind
	Grants  []identity.Grant // shown on the page; the relying party decides by its own
}

// Client is the program that people sign in to.
type Client struct {
	ID, Secret            string
	RedirectURI           string
	PostLogoutRedirectURI string
}

// Config says where the provider is and for whom.
type Config struct {
	Demo    bool   // must be true
	Issuer  string // its address with path, e.g. "http://127.0.0.1:8080/demo-anmeldung"
	KeyFile string // signing key, made if missing; "" keeps one in memory
	Client  Client
	People  []Person
}

// Provider is the embedded OpenID provider.
type Provider struct {
	site    *web.Site
	names   func(authority string) string
	cfg     Config
	path    string // of the issuer
	storage *storage
	op      *op.Provider
	page    *web.Page[chooseData]
}

// New returns the provider, or an error if the program does not run as demo.
func New(h *platform.House, cfg Config) (*Provider, error) {
	if !cfg.Demo || !h.Site.Demo {
		return nil, errors.New("the embedded identity provider signs anybody in without a password: it runs in `rennsteig demo` only")
	}
	issuer, err := url.Parse(cfg.Issuer)
	if err != nil {
		return nil, err
	}
	path := issuer.Path
	if len(path) < 2 || strings.HasSuffix(path, "/") {
		return nil, fmt.Errorf("issuer %q: want a path without trailing slash", cfg.Issuer)
	}
	key, err := loadKey(cfg.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("signing key of the identity provider: %w", err)
	}
	p := &Provider{site: h.Site, names: h.AuthorityName, cfg: cfg, path: path,
		page: web.NewPage[chooseData](h.Site, Files, "choose")}
	p.storage = newStorage(cfg, key, path+choosePath, h.Now)
	// The key of the tokens follows from the signing key: one secret to keep.
	config := &op.Config{
		CryptoKey: sha256.Sum256(x509.MarshalPKCS1PrivateKey(key)), CryptoKeyId: "1",
		DefaultLogoutRedirectURI: cfg.Client.PostLogoutRedirectURI,
		CodeMethodS256:           true, AuthMethodPost: true,
		SupportedUILocales: []language.Tag{language.German, language.English},
		SupportedScopes:    []string{"openid", "profile", "email"},
	}
	p.op, err = op.NewProvider(config, p.storage, op.StaticIssuer(cfg.Issuer), op.WithAllowInsecure(), op.WithCORSOptions(nil))
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Origins are the origins that the page's form leads to by redirect; add them to web.Site.FormAction.
func (p *Provider) Origins() []string {
	u, err := url.Parse(p.cfg.Client.RedirectURI)
	if err != nil {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

// Routes registers the provider under its issuer's path.
func (p *Provider) Routes(mux *http.ServeMux) {
	p.site.Handle(mux, "GET "+p.path+choosePath, p.choose)
	p.site.Handle(mux, "POST "+p.path+choosePath, p.chosen)
	protocol := http.StripPrefix(p.path, p.op)
	mux.Handle("GET "+p.path+"/", protocol)
	mux.Handle("POST "+p.path+"/", protocol)
}

func (c Config) person(subject string) (Person, bool) {
	i := slices.IndexFunc(c.People, func(p Person) bool { return p.Subject == subject })
	if i < 0 {
		return Person{}, false
	}
	return c.People[i], true
}

// loadKey reads the RSA key from the file, or makes both.
func loadKey(file string) (*rsa.PrivateKey, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		if err == nil {
			block, _ := pem.Decode(b)
			if block == nil {
				return nil, fmt.Errorf("%s holds no PEM block: delete it to get a new key", file)
			}
			return x509.ParsePKCS1PrivateKey(block.Bytes)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil || file == "" {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return key, os.WriteFile(file, b, 0o600)
}

// keyID names the key by its content, so that a new key is fetched and not mistaken for the old one.
func keyID(key *rsa.PrivateKey) string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
