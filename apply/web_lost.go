package apply

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// lostPage is shown to somebody who is not signed in and asks for what only its holder sees: perhaps their session has
// ended. It keeps what came with the request and knows nothing else, so it is the same whether there is such a thing.
type lostPage struct {
	Action    string // "" if nothing was sent
	Values    []lostValue
	FilesLost bool
}

type lostValue struct{ Name, Value string }

// orLost answers NotFound with the lost page where signing in may help.
func (r *Room) orLost(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, req *http.Request) error {
		err := h(w, req)
		if !errs.Is(err, errs.NotFound) || errs.As(err).Key != "apply.not_found" || identity.From(req.Context()).SignedIn() {
			return err
		}
		var p lostPage
		if req.Method == http.MethodPost {
			if req.PostForm == nil {
				if err := web.ReadForm(w, req, filesForm); err != nil {
					return err
				}
			}
			p.Action = req.URL.EscapedPath()
			for _, name := range slices.Sorted(maps.Keys(req.PostForm)) {
				for _, v := range req.PostForm[name] {
					p.Values = append(p.Values, lostValue{name, v})
				}
			}
			p.FilesLost = strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/")
		}
		return r.pages.lost.RenderStatus(w, req, http.StatusNotFound, web.Meta{Title: r.h.Site.T(req, "apply.lost.title")}, p)
	}
}
