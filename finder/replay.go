package finder

import (
	"net/http"
	"sync"

	"rennsteig/platform/web"
)

// Replay is the search page without the search: for each address it finds once, and renders that ever after. It is the
// floor that `make bench` measures the search page against.
func (r *Room) Replay() web.Handler {
	var known sync.Map // address → *shown
	return func(w http.ResponseWriter, req *http.Request) error {
		if s, ok := known.Load(req.URL.RawQuery); ok {
			return r.pages.results.Render(w, req, web.Meta{Title: s.(*shown).title}, s.(*shown).view)
		}
		s, err := r.search(w, req)
		if err != nil || s == nil {
			return err
		}
		known.Store(req.URL.RawQuery, s)
		return r.pages.results.Render(w, s.req, web.Meta{Title: s.title}, s.view)
	}
}
