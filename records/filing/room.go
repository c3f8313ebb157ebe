package filing

import (
	"embed"

	"rennsteig/platform"
	"rennsteig/records"
)

// Files are the part's migrations, texts, pages and script.
//
//go:embed migrations/*.sql texts/*.json pages/*.html static/*.js
var Files embed.FS

// Room is the filing of documents.
type Room struct {
	h      *platform.House
	core   *records.Room
	store  store
	pages  pages
	script script
}

// New makes the part's pages and registers its jobs.
func New(h *platform.House, core *records.Room) (*Room, error) {
	s, err := readScript()
	if err != nil {
		return nil, err
	}
	r := &Room{h: h, core: core, script: s}
	r.pages = newPages(h.Site)
	return r, nil
}
