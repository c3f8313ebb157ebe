package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"rennsteig/platform/cli"
	"rennsteig/platform/identity/signin"
)

// serving are the flags that demo and serve share.
type serving struct {
	Listen  string `help:"Address to serve pages on; port 0 takes a free one." default:"127.0.0.1:8080" env:"RENNSTEIG_LISTEN" placeholder:"ADDR"`
	Metrics string `help:"Operator's address for /metrics, /healthz, /readyz; never open it to the public." env:"RENNSTEIG_METRICS" placeholder:"ADDR"`
	Scans   string `help:"Folder that scanners put into, a sub-folder for each authority (its id)." type:"existingdir" env:"RENNSTEIG_SCANS" placeholder:"DIR"`
	Verbose bool   `help:"Log every request." short:"v"`
}

func (s serving) log() *slog.Logger {
	level := slog.LevelInfo
	if s.Verbose {
		level = slog.LevelDebug
	}
	return newLog(os.Stderr, level)
}

type demoCmd struct {
	serving
	Data     string `help:"Data folder; made if missing, kept between starts." default:"data" env:"RENNSTEIG_DATA" placeholder:"DIR"`
	DB       string `help:"Database instead of DIR/rennsteig.db." env:"RENNSTEIG_DB" placeholder:"URL"`
	BaseURL  string `help:"Address as browsers see it, if not the one listened on." placeholder:"URL"`
	NoLimits bool   `help:"No rate limits: for load tests on this machine." hidden:""`
}

func (c *demoCmd) Run(env *cli.Env) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	store := place{Store: cli.Store{Data: c.Data, DB: c.DB}}
	cfg := Config{DB: store.Address(), Blobs: store.blobs(), Key: store.key(), Listen: c.Listen, Operator: c.Metrics, BaseURL: c.BaseURL,
		Demo: true, NoLimits: c.NoLimits, Workers: 2 * runtime.GOMAXPROCS(0), Log: c.log(), Cache: filepath.Join(c.Data, "cache"), Scans: c.Scans}
	return serve(env.Context, env, cfg)
}

type serveCmd struct {
	serving
	DB           string   `help:"Database: postgres://… or sqlite:PATH." required:"" env:"RENNSTEIG_DB" placeholder:"URL"`
	Blobs        string   `help:"Stored files: s3://… or a folder." required:"" env:"RENNSTEIG_BLOBS" placeholder:"ADDRESS"`
	AuditKey     string   `help:"Key file of the log; made at the first start. Keep a copy away from the database." required:"" env:"RENNSTEIG_AUDIT_KEY" placeholder:"FILE"`
	BaseURL      string   `help:"Address as browsers see it." required:"" env:"RENNSTEIG_BASE_URL" placeholder:"URL"`
	OIDCIssuer   string   `help:"OpenID provider." name:"oidc-issuer" required:"" env:"RENNSTEIG_OIDC_ISSUER" placeholder:"URL"`
	OIDCClientID string   `help:"Our client id at the provider." name:"oidc-client-id" default:"rennsteig" env:"RENNSTEIG_OIDC_CLIENT_ID"`
	OIDCSecret   string   `help:"File that holds our client secret; or put the secret itself into RENNSTEIG_OIDC_CLIENT_SECRET." name:"oidc-client-secret-file" env:"RENNSTEIG_OIDC_CLIENT_SECRET_FILE" placeholder:"FILE"`
	Cache        string   `help:"Folder for compiled code, which only the program may write to: saves some seconds of processor at each start." env:"RENNSTEIG_CACHE" placeholder:"DIR"`
	OIDCRedirect []string `help:"Further origins that the provider redirects through (an identity broker's)." name:"oidc-redirect" env:"RENNSTEIG_OIDC_REDIRECTS" placeholder:"URL"`
	OwnerName    string   `help:"Who answers for the site (Impressum)." required:"" env:"RENNSTEIG_OWNER_NAME"`
	OwnerAddress string   `help:"Their postal address, one line." required:"" env:"RENNSTEIG_OWNER_ADDRESS"`
	OwnerContact string   `help:"Their e-mail address." required:"" env:"RENNSTEIG_OWNER_CONTACT"`
	Proxies      int      `help:"How many reverse proxies stand in front and add to X-Forwarded-For." default:"0" env:"RENNSTEIG_PROXIES"`
	Clamd        string   `help:"ClamAV's clamd that looks into each file from outside before it is stored: unix:/PATH or tcp://HOST:PORT. Without it nothing is scanned." env:"RENNSTEIG_CLAMD" placeholder:"ADDRESS"`
	Workers      int      `help:"Jobs worked on at a time; 0 for two per core." default:"0" env:"RENNSTEIG_WORKERS"`
}

func (c *serveCmd) Run(env *cli.Env) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	if err := c.safe(secret); err != nil {
		return fmt.Errorf("unsafe settings, not started:\n%w", err)
	}
	workers := c.Workers
	if workers == 0 {
		workers = 2 * runtime.GOMAXPROCS(0)
	}
	return serve(env.Context, env, Config{DB: c.DB, Blobs: c.Blobs, Key: c.AuditKey, Listen: c.Listen, Operator: c.Metrics,
		BaseURL: strings.TrimSuffix(c.BaseURL, "/"), Proxies: c.Proxies, Workers: workers, Log: c.log(), Cache: c.Cache, Scans: c.Scans, Clamd: c.Clamd,
		Owner:  Owner{Name: c.OwnerName, Address: c.OwnerAddress, Contact: c.OwnerContact},
		SignIn: signin.Config{Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: secret, Redirects: c.OIDCRedirect}})
}

func (c *serveCmd) secret() (string, error) {
	if c.OIDCSecret == "" {
		return os.Getenv("RENNSTEIG_OIDC_CLIENT_SECRET"), nil
	}
	b, err := os.ReadFile(c.OIDCSecret)
	return strings.TrimSpace(string(b)), err
}

// safe names every setting that would put people's data at risk.
func (c *serveCmd) safe(secret string) error {
	var wrong []error
	unless := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("  "+format, args...))
		}
	}
	for flag, value := range map[string]string{"--base-url": c.BaseURL, "--oidc-issuer": c.OIDCIssuer} {
		u, err := url.Parse(value)
		unless(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())),
			"%s %q: must be https:// (http:// only for localhost)", flag, value)
	}
	unless(secret != "", "no client secret: set --oidc-client-secret-file or RENNSTEIG_OIDC_CLIENT_SECRET")
	if c.OIDCSecret != "" {
		unless(isPrivate(c.OIDCSecret), "%s: others can read the client secret; chmod 600", c.OIDCSecret)
	}
	if _, err := os.Stat(c.AuditKey); err == nil {
		unless(isPrivate(c.AuditKey), "%s: others can read the log's key; chmod 600", c.AuditKey)
	}
	if path, ok := strings.CutPrefix(c.DB, "sqlite:"); ok {
		unless(!isTemporary(path), "--db %s: a database in the temporary folder is lost at the next boot", c.DB)
	}
	if !strings.Contains(c.Blobs, "://") {
		unless(!isTemporary(c.Blobs), "--blobs %s: files in the temporary folder are lost at the next boot", c.Blobs)
	}
	if u, err := url.Parse(c.DB); err == nil && u.Scheme != "sqlite" {
		host, mode := u.Hostname(), u.Query().Get("sslmode")
		local := host == "" || isLoopback(host)
		unless(local || mode == "require" || mode == "verify-ca" || mode == "verify-full",
			"--db: %s is another machine; add sslmode=verify-full", host)
	}
	if u, err := url.Parse(c.Blobs); err == nil && u.Scheme == "s3" {
		unless(u.Query().Get("insecure") == "" || isLoopback(u.Hostname()), "--blobs: insecure=1 sends files in plain text to %s", u.Hostname())
	}
	if c.Metrics != "" {
		host, _, err := net.SplitHostPort(c.Metrics)
		ip := net.ParseIP(host)
		unless(err == nil && (isLoopback(host) || ip != nil && ip.IsPrivate()), "--metrics %s: must be a loopback or private address", c.Metrics)
	}
	_, err := mail.ParseAddress(c.OwnerContact)
	unless(err == nil, "--owner-contact %q: must be an e-mail address", c.OwnerContact)
	return errors.Join(wrong...)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isPrivate(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().Perm()&0o077 == 0
}

func isTemporary(path string) bool {
	full, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	return slices.ContainsFunc([]string{os.TempDir(), "/tmp"}, func(dir string) bool { // TMPDIR may name another one
		rel, err := filepath.Rel(dir, full)
		return err == nil && filepath.IsLocal(rel)
	})
}

// gcPercent lets the heap grow to five times what is in use before it is searched for garbage: looking through the
// catalogue and its index again and again took a fifth of the processor. GOGC in the environment overrules it.
const gcPercent = 400

// serve runs the program until ctx ends. It prints "ready URL" once pages are answered.
func serve(ctx context.Context, env *cli.Env, cfg Config) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	p, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer p.close()
	p.sayScanner(ctx)
	bar := env.Progress(-1, "catalogue")
	if err := p.load(ctx, func(done, total int) { bar.ChangeMax(total); _ = bar.Set(done) }); err != nil {
		return err
	}
	_ = bar.Finish()
	return p.run(ctx, func() {
		fmt.Fprintln(env.Out, "ready", p.cfg.BaseURL)
		if cfg.Demo {
			printDemo(env.Err, p.cfg.BaseURL)
		}
	})
}

// sayScanner tells the operator at the start whether files from outside are looked into.
func (p *program) sayScanner(ctx context.Context) {
	if p.cfg.Demo {
		return
	}
	if p.house.Scan == nil {
		p.cfg.Log.WarnContext(ctx, "files from outside are not scanned for malware: name a clamd with --clamd")
		return
	}
	version, err := p.house.Scan.Version(ctx)
	if err != nil {
		p.cfg.Log.ErrorContext(ctx, "the malware scanner does not answer: no file is taken until it does", "clamd", p.cfg.Clamd, "error", err)
		return
	}
	p.cfg.Log.InfoContext(ctx, "files from outside are scanned for malware", "clamd", version)
}
