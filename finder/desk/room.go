package desk

import (
	"embed"
	"io/fs"
	"testing/fstest"

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
	pages  pages
}

// New makes the desk's pages and takes its jobs. Tables and texts are among finder.Files.
func New(h *platform.House, f *finder.Room) (*Room, error) {
	r := &Room{h: h, finder: f}
	files, err := allPages()
	if err != nil {
		return nil, err
	}
	r.pages = newPages(h.Site, files)
	queue.Handle(h.Queue, TopicPublish, r.due)
	return r, nil
}

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
