package filing

import (
	"embed"

	"rennsteig/platform"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/queue"
	"rennsteig/records"
)

// Files are the part's migrations, texts, pages and script.
//
//go:embed migrations/*.sql texts/*.json pages/*.html static/*.js
var Files embed.FS

// Room is the filing of documents.
type Room struct {
	h         *platform.House
	core      *records.Room
	extractor Extractor
	index     fulltext.Index
	store     store
	pages     pages
	script    script
	sheets    sheets
}

// New makes the part's pages and registers its jobs.
func New(h *platform.House, core *records.Room, x Extractor) (*Room, error) {
	s, err := readScript()
	if err != nil {
		return nil, err
	}
	r := &Room{h: h, core: core, extractor: x, index: fulltext.New(h.DB.Dialect(), "filing_text"), script: s, sheets: sheets{most: sheetsKept}}
	for _, l := range []records.List{documentsList, incomingList, searchList} {
		core.AddList(l)
	}
	r.pages = newPages(h.Site)
	core.OnClosing(r.closing)
	core.OnMove(r.moved)
	queue.Handle(h.Queue, topicRead, r.doRead)
	queue.Handle(h.Queue, topicRender, r.render)
	queue.Handle(h.Queue, topicReadPost, r.readPost)
	return r, nil
}
