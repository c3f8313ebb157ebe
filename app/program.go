package app

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"rennsteig/apply"
	"rennsteig/finder"
	"rennsteig/finder/desk"
	"rennsteig/finder/exchange"
	"rennsteig/pay"
	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/extract"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity/provider"
	"rennsteig/platform/identity/signin"
	"rennsteig/platform/queue"
	"rennsteig/platform/scan"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
	"rennsteig/records/office"
	"rennsteig/records/plan"
)

//go:embed migrations/*.sql texts/*.json pages/*.html
var files embed.FS

// rooms are all tables and texts, in the order in which they are migrated.
var rooms = []platform.Files{
	{Room: "web", FS: web.Files},
	{Room: "queue", FS: queue.Files},
	{Room: "audit", FS: audit.Files},
	{Room: "identity", FS: signin.Files},
	{Room: "provider", FS: provider.Files},
	{Room: "finder", FS: finder.Files},
	{Room: "apply", FS: apply.Files},
	{Room: "pay", FS: pay.Files},
	{Room: "records", FS: records.Files},
	{Room: "office", FS: office.Files},
	{Room: "plan", FS: plan.Files},
	{Room: "extract", FS: extract.Files},
	{Room: "filing", FS: filing.Files},
	{Room: "flow", FS: flow.Files},
	{Room: "disposal", FS: disposal.Files},
	{Room: "scan", FS: scan.Files},
	{Room: "app", FS: files},
}

// Config is everything that a running program is told.
type Config struct {
	DB       string // sqlite:PATH or postgres://…
	Blobs    string // folder or s3://…
	Key      string // key file of the log
	Listen   string // address for people, "127.0.0.1:8080"; port 0 takes a free one
	Operator string // address for metrics and health, ""  for none
	BaseURL  string // as browsers see it; "" is http:// and the address listened on
	SignIn   signin.Config
	Owner    Owner
	Demo     bool
	Proxies  int    // reverse proxies in front
	NoLimits bool   // no rate limits: load tests only
	Workers  int    // for jobs
	Cache    string // folder for what is compiled once; "" compiles at each start
	Clamd    string // address of a clamd that looks for malware; "" for none
	Scans    string // folder that scanners put into, a sub-folder for each authority; "" for none
	Log      *slog.Logger
}

// program is a running program.
type program struct {
	cfg      Config
	house    *platform.House
	signin   *signin.Room
	finder   *finder.Room
	desk     *desk.Room
	apply    *apply.Room
	pay      *pay.Room
	records  *records.Room
	office   *office.Room
	plan     *plan.Room
	filing   *filing.Room
	flow     *flow.Room
	disposal *disposal.Room
	extract  *extract.Extractor
	recheck  *audit.Rechecker
	info     *info
	jobs     *queue.Pages
	log      *audit.Pages
	provider *provider.Provider // the demo's
	listener net.Listener
	operator net.Listener
	metrics  *metrics
}

// open puts the program together: database, stored files, rooms. It listens, but does not answer yet.
func open(ctx context.Context, cfg Config) (_ *program, err error) {
	p := &program{cfg: cfg}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, err
	}
	if cfg.Operator != "" {
		if p.operator, err = net.Listen("tcp", cfg.Operator); err != nil {
			return nil, err
		}
	}
	if p.cfg.BaseURL == "" {
		p.cfg.BaseURL = "http://" + p.listener.Addr().String()
	}
	if p.house, err = newHouse(ctx, cfg); err != nil {
		return nil, err
	}
	return p, p.furnish()
}

// newHouse opens what every room stands on, with all tables up to date.
func newHouse(ctx context.Context, cfg Config) (*platform.House, error) {
	assets, err := web.LoadAssets()
	if err != nil {
		return nil, err
	}
	texts := i18n.New()
	for _, r := range rooms {
		if err := texts.Add(r.FS); err != nil {
			return nil, fmt.Errorf("texts of %s: %w", r.Room, err)
		}
	}
	blobs, err := blob.Open(ctx, cfg.Blobs)
	if err != nil {
		return nil, err
	}
	scanner, err := scan.New(cfg.Clamd)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, cfg.DB)
	if err != nil {
		return nil, err
	}
	if err := platform.Migrate(ctx, d, rooms...); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	key, err := audit.OpenKey(cfg.Key, "rennsteig")
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	site := web.New(texts, assets, cfg.Log)
	site.Demo, site.Proxies, site.NoLimits = cfg.Demo, cfg.Proxies, cfg.NoLimits
	h := &platform.House{
		DB: d, Queue: queue.New(d, cfg.Log), Audit: audit.New(d, key), Blobs: blobs, Scan: scanner, Site: site, Log: cfg.Log, Now: time.Now,
	}
	h.Audit.Logger = cfg.Log
	h.Queue.Audit = h.Audit
	return h, nil
}

// furnish makes the rooms, joins them and hangs the doors.
func (p *program) furnish() (err error) {
	h := p.house
	if err := p.furnishRooms(); err != nil {
		return err
	}
	signIn := p.cfg.SignIn
	if p.cfg.Demo {
		var demo provider.Config
		demo, signIn = p.demoSignIn()
		if p.provider, err = provider.New(h, demo); err != nil {
			return err
		}
	}
	signIn.BaseURL, signIn.Home = p.cfg.BaseURL, home
	if p.signin, err = signin.New(h, signIn); err != nil {
		return err
	}
	p.info = newInfo(h, p.cfg.Owner)
	p.jobs = queue.NewPages(h.Site, h.Queue)
	p.log = h.Audit.Pages(h.Site)
	p.log.AuthorityName = h.AuthorityName
	h.Site.Nav = p.nav
	p.metrics = newMetrics(p)
	return nil
}

// furnishRooms makes the rooms and joins them: all that a command needs which serves no pages.
func (p *program) furnishRooms() (err error) {
	h := p.house
	h.AuthorityName = func(id string) string { return p.finder.AuthorityName(id) }
	if p.pay, err = pay.New(h, pay.Options{Demo: p.cfg.Demo}); err != nil {
		return err
	}
	lookup := offices{finder: func() *finder.Room { return p.finder }} // the finder needs apply, and apply the finder
	if p.apply, err = apply.New(h, lookup, p.pay, applicationCashier{p.pay}); err != nil {
		return err
	}
	if p.finder, err = finder.New(h, p.apply, fees{p.pay, p.apply}); err != nil {
		return err
	}
	if p.desk, err = desk.New(h, p.finder); err != nil {
		return err
	}
	if p.records, err = records.New(h, noticeCashier{p.pay}, p.pay, p.apply); err != nil {
		return err
	}
	p.records.KnowServices(services{p.finder})
	p.office = office.New(h, p.records, p.directory())
	p.plan = plan.New(h, p.records)
	p.extract = extract.New(extract.Options{Cache: p.cfg.Cache})
	if p.filing, err = filing.New(h, p.records, p.extract); err != nil {
		return err
	}
	if p.flow, err = flow.New(h, p.records, p.directory()); err != nil {
		return err
	}
	p.office.Tasks = flow.OpenTasks
	p.flow.Texts = p.extract
	if p.disposal, err = disposal.New(h, p.records, p.filing, p.flow, applicants{p.apply}); err != nil {
		return err
	}
	p.disposal.Applicants, p.disposal.Courses, p.disposal.Messages, p.disposal.Places = applicants{p.apply}, courses{p.flow}, p.filing, personPlaces(p.filing, p.flow)
	p.recheck = audit.NewRechecker(h.Audit, h.Blobs)
	h.Site.PlaceName = p.finder.PlaceName
	p.events()
	return nil
}

// load brings the facts into the database where they are missing, and the demo Land in a demo.
func (p *program) load(ctx context.Context, progress func(done, total int)) error {
	if err := p.finder.Load(ctx, progress); err != nil {
		return err
	}
	if p.cfg.Demo {
		return p.loadDemo(ctx)
	}
	return nil
}

// handler serves all pages.
func (p *program) handler() http.Handler {
	mux := http.NewServeMux()
	h := p.house
	h.Site.FormAction = p.signin.Origins()
	h.Site.Routes(mux)
	p.signin.Routes(mux)
	p.finder.Routes(mux)
	p.desk.Routes(mux)
	exchange.New(h, p.finder).Routes(mux)
	p.apply.Routes(mux)
	p.pay.Routes(mux)
	p.records.Routes(mux)
	p.office.Routes(mux)
	p.plan.Routes(mux)
	p.filing.Routes(mux)
	p.flow.Routes(mux)
	p.disposal.Routes(mux)
	p.info.Routes(mux)
	p.log.Routes(mux)
	p.jobs.Routes(mux)
	if p.provider != nil {
		p.provider.Routes(mux)
	}
	mux.HandleFunc("GET /healthz", p.healthz)
	mux.HandleFunc("GET /readyz", p.readyz)
	return p.metrics.count(h.Site.Middleware(p.signin.Middleware(h.Site.Mux(mux))), mux)
}

// run serves until ctx ends, then lets requests and jobs in hand finish.
func (p *program) run(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	keep := func(what string, f func(context.Context) error) {
		group.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	keep("log", p.house.Audit.Run)
	keep("jobs", func(ctx context.Context) error { return p.house.Queue.Run(ctx, p.cfg.Workers) })
	keep("catalogue", p.finder.Run)
	keep("desk", p.desk.Run)
	keep("filing", p.filing.Run)
	keep("flow", p.flow.Run)
	keep("disposal", p.disposal.Run)
	keep("recheck", p.recheck.Run)
	if p.cfg.Scans != "" {
		keep("scans", p.filing.Scans(p.cfg.Scans).Run)
	}
	group.Go(func() { p.signin.Run(ctx) })
	group.Go(func() { p.sweep(ctx) })

	servers := []*http.Server{p.serve(p.listener, p.handler(), cancel)}
	if p.operator != nil {
		servers = append(servers, p.serve(p.operator, p.operatorHandler(), cancel))
	}
	ready()
	<-ctx.Done()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer done()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Shutdown(stop))
	}
	group.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		errs = append(errs, cause)
	}
	return errors.Join(errs...)
}

func (p *program) serve(l net.Listener, h http.Handler, cancel context.CancelCauseFunc) *http.Server {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.cfg.Log.Handler(), slog.LevelDebug)}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	}()
	return s
}

func (p *program) close() {
	for _, l := range []net.Listener{p.listener, p.operator} {
		if l != nil {
			_ = l.Close() // the server has closed it before, if it ran
		}
	}
	if p.extract != nil {
		if err := p.extract.Close(); err != nil {
			p.cfg.Log.Error("closing the reader of PDFs failed", "error", err)
		}
	}
	if p.house != nil {
		if err := p.house.DB.Close(); err != nil {
			p.cfg.Log.Error("closing the database failed", "error", err)
		}
	}
}

// keyFiles are the files beside the database that a backup takes along.
func keyFiles(key string) []string {
	stem := strings.TrimSuffix(key, ".key")
	return []string{key, stem + ".pub", stem + ".checkpoint"}
}

func newLog(w *os.File, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
