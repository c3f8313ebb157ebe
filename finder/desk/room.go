package desk

import (
	"context"
	"embed"
	"io/fs"
	"sync"
	"testing/fstest"
	"time"

	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/queue"
)

//go:embed pages/*.html
var pageFiles embed.FS

// Room is the editorial desk.
type Room struct {
	h      *platform.House
	finder *finder.Room
	links  *checker
	rated  sync.Map // id of a released version to its Readability
	pages  pages
}

// New makes the desk's pages and takes its jobs. Tables and texts are among finder.Files.
func New(h *platform.House, f *finder.Room) (*Room, error) {
	r := &Room{h: h, finder: f, links: newChecker(false)}
	files, err := allPages()
	if err != nil {
		return nil, err
	}
	r.pages = newPages(h.Site, files)
	queue.Handle(h.Queue, TopicPublish, r.due)
	return r, nil
}

// CheckPrivateLinks lets links into private networks be looked at too: for tests, and where texts link to an intranet.
// Call it before Run.
func (r *Room) CheckPrivateLinks() { r.links = newChecker(true) }

// allPages are the desk's pages together with the finder's partials: a preview is made of what citizens see.
func allPages() (fs.FS, error) {
	out := fstest.MapFS{}
	for _, from := range []struct {
		files   fs.FS
		pattern string
	}{{finder.Files, "pages/_*.html"}, {pageFiles, "pages/*.html"}} {
		names, err := fs.Glob(from.files, from.pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			b, err := fs.ReadFile(from.files, name)
			if err != nil {
				return nil, err
			}
			out[name] = &fstest.MapFile{Data: b}
		}
	}
	return out, nil
}

// Run looks at links that are due, and keeps the figures of the day, until ctx ends. It is no job of the queue: hundreds
// of slow servers would make applications wait.
func (r *Room) Run(ctx context.Context) error {
	const pause = 15 * time.Second
	var kept string // day of the last figures
	var last time.Time
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if day := r.today(); day != kept || r.h.Now().Sub(last) > time.Hour {
			if err := r.Snapshot(ctx); err != nil && ctx.Err() == nil {
				r.h.Log.ErrorContext(ctx, "figures not kept", "error", err)
			}
			kept, last = day, r.h.Now()
		}
		n, err := r.CheckLinks(ctx)
		if err != nil && ctx.Err() == nil {
			r.h.Log.ErrorContext(ctx, "links not checked", "error", err)
		}
		if n == linksAtOnce {
			tick.Reset(time.Second)
		} else {
			tick.Reset(pause)
		}
	}
}
