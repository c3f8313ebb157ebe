package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

// clickMark is what a result's link carries to tell that it was followed; each process has its own.
var clickMark = regexp.MustCompile(`\?suche=[0-9a-f]+`)

// questions are what people ask; a few are misspelt, one finds nothing.
var questions = []string{"hund anmelden", "perso verloren", "wohnung ummelden", "auto zulassen", "heiraten", "geburtsurkunde", "bauantrag",
	"führerschein beantragen", "gewerbe anmelden", "wohngeld", "meldebescheinigung", "reisepass kind", "kita platz", "fischereischein",
	"sperrmüll", "schwerbehindertenausweis", "elterngeld", "hundesteuer", "personalauswies", "netflix kündigen"}

const searchers = 4

// search measures the search page against the same page of fixed hits, by turns.
func (b *bench) search(p *server, address string) error {
	f, _, err := b.serve(asFloor, "floor", address)
	if err != nil {
		return err
	}
	defer f.stop()
	var paths []string
	for _, q := range questions {
		paths = append(paths, "/suche?q="+url.QueryEscape(q)+"&ort=Erfurt")
	}
	if err := samePages(p, f, paths); err != nil {
		return err
	}
	const rounds = 3
	slice := b.span / (2 * rounds)
	var pages, floorPages, one int
	var took, floorTook, oneTook time.Duration
	cpu := p.cpu()
	for range rounds {
		n, d, err := b.ask(p, paths, slice)
		if err != nil {
			return err
		}
		pages, took = pages+n, took+d
		if n, d, err = b.ask(f, paths, slice); err != nil {
			return err
		}
		floorPages, floorTook = floorPages+n, floorTook+d
	}
	cpu = p.cpu() - cpu
	if one, oneTook, err = b.ask(p, paths[:1], slice); err != nil {
		return err
	}
	rate, floorRate := float64(pages)/took.Seconds(), float64(floorPages)/floorTook.Seconds()
	b.add("search pages a second over HTTP, 20 questions in turn", fmt.Sprintf("%.0f", rate), goal(rate >= 1500, "≥ 1,500"),
		fmt.Sprintf("%d clients; %s of processor time a page; “hund anmelden” alone: %.0f", searchers, milliseconds(cpu/time.Duration(max(pages, 1))), float64(one)/oneTook.Seconds()))
	b.add("floor: the same pages of fixed hits", fmt.Sprintf("%.0f", floorRate), "", "without sessions and metrics around them")
	b.add("search against its floor", fmt.Sprintf("%.2f", rate/floorRate), goal(rate/floorRate >= 0.4, "≥ 0.4"), "")
	return nil
}

// samePages makes sure that the floor's pages are those of the program.
func samePages(p, f *server, paths []string) error {
	content := func(s *server, path string) (string, error) {
		c, err := newClient(s.host)
		if err != nil {
			return "", err
		}
		defer c.close()
		c.cookies = []cookie{{"ort", erfurt, "/"}}
		if err := errors.Join(c.get(path), c.want(path, 200)); err != nil {
			return "", err
		}
		_, after, _ := bytes.Cut(c.body, []byte("<main"))
		return clickMark.ReplaceAllString(string(after), ""), nil
	}
	for _, path := range paths {
		program, err := content(p, path)
		if err != nil {
			return err
		}
		floor, err := content(f, path)
		if err != nil {
			return err
		}
		if program != floor || len(program) < 500 {
			at := 0
			for at < min(len(program), len(floor)) && program[at] == floor[at] {
				at++
			}
			return fmt.Errorf("%s: the floor's page differs from the program's:\n%.300s\n----\n%.300s", path, floor[max(0, at-100):], program[max(0, at-100):])
		}
	}
	return nil
}

// ask asks for the pages as fast as they come.
func (b *bench) ask(s *server, paths []string, span time.Duration) (n int, took time.Duration, err error) {
	var count atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, searchers)
	began := time.Now()
	for k := range searchers {
		group.Go(func() {
			c, err := newClient(s.host)
			if err != nil {
				failed <- err
				return
			}
			defer c.close()
			c.cookies = []cookie{{"ort", erfurt, "/"}}
			for i := k * len(paths) / searchers; time.Since(began) < span && b.ctx.Err() == nil; i++ {
				if err := errors.Join(c.get(paths[i%len(paths)]), c.want(paths[i%len(paths)], 200)); err != nil {
					failed <- err
					return
				}
				count.Add(1)
			}
		})
	}
	group.Wait()
	took = time.Since(began)
	select {
	case err = <-failed:
	default:
		err = b.ctx.Err()
	}
	return int(count.Load()), took, err
}

// floor serves the search page of the demo's catalogue with hits that are found once.
func floor(ctx context.Context, address string) error {
	assets, err := web.LoadAssets()
	if err != nil {
		return err
	}
	texts := i18n.New()
	for _, files := range []platform.Files{{Room: "web", FS: web.Files}, {Room: "finder", FS: finder.Files}} {
		if err := texts.Add(files.FS); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	site := web.New(texts, assets, log)
	site.Demo = true
	site.Nav = func(context.Context, i18n.Lang) []web.Link {
		return []web.Link{{Text: "Leistung finden", Href: "/"}, {Text: "Stand eines Antrags", Href: "/status"}}
	}
	h := &platform.House{DB: d, Site: site, Log: log, Now: time.Now}
	room, err := finder.New(h, demoOffers{}, demoOffers{})
	if err != nil {
		return err
	}
	if err := room.Refresh(ctx); err != nil {
		return err
	}
	site.PlaceName = room.PlaceName
	mux := http.NewServeMux()
	site.Handle(mux, "GET /suche", room.Replay())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: site.Middleware(mux), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		s.Close() //nolint:errcheck // it ends anyway
	}()
	fmt.Println("ready http://" + l.Addr().String())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// demoOffers is what the demo Land offers everywhere.
type demoOffers struct{}

var demoForms = map[string]struct {
	path     string
	fee      money.Cents
	byNotice bool
}{
	"99110009104000": {"hund-anmelden", 60_00, true}, "99115003012000": {"meldebescheinigung", 8_00, false}, "99050012104000": {"gewerbe-anmelden", 25_00, false},
}

func (demoOffers) Online(_ context.Context, key, _ string) (string, bool, error) {
	f, ok := demoForms[key]
	return "/antrag/start/" + f.path, ok, nil
}

func (demoOffers) Fee(_ context.Context, key, _ string) (finder.Fee, bool, error) {
	f, ok := demoForms[key]
	return finder.Fee{Amount: f.fee, Demo: ok, ByNotice: f.byNotice}, ok, nil
}
