package finder

import (
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/web"
)

// placePage asks for "Mein Ort". With ort in the address it is set at once if it is clear.
func (r *Room) placePage(w http.ResponseWriter, req *http.Request) error {
	asked, err := input(req, "ort", maxQuery)
	if err != nil {
		return err
	}
	next := web.LocalPath(req.URL.Query().Get("weiter"))
	if asked != "" {
		return r.takePlace(w, req, asked, next)
	}
	return r.askPlace(w, req, next, r.placeName(r.catalog(), web.Place(req)), "")
}

func (r *Room) setPlace(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	return r.takePlace(w, req, req.PostForm.Get("ort"), web.LocalPath(req.PostForm.Get("weiter")))
}

// takePlace remembers the place if it is clear, lets choose among several, or asks again.
func (r *Room) takePlace(w http.ResponseWriter, req *http.Request, asked, next string) error {
	if strings.TrimSpace(asked) == "" {
		return r.askPlace(w, req, next, "", r.h.Site.T(req, "finder.place.empty"))
	}
	found, choices := r.catalog().OnePlace(asked)
	switch {
	case found != nil:
		web.SetPlace(w, req, found.ARS)
		return r.h.Site.Redirect(w, req, withoutPlace(next), "")
	case len(choices) > 0:
		return r.choosePlace(w, req, asked, choices, "/ort", url.Values{"weiter": {next}})
	}
	if len(asked) > maxQuery {
		asked = ""
	}
	return r.askPlace(w, req, next, asked, r.h.Site.T(req, "finder.place.unknown", asked))
}

func (r *Room) askPlace(w http.ResponseWriter, req *http.Request, next, value, problem string) error {
	label := r.h.Site.T(req, "finder.place.label")
	v := placeView{Next: next, Field: web.Field{Name: "ort", Kind: "text", Label: label, Hint: r.h.Site.T(req, "finder.place.hint"),
		Value: value, Error: problem, MaxLength: 100, Autocomplete: "postal-code", Legend: true}}
	if problem != "" {
		v.Errors.Items = []web.Link{{Text: problem, Href: "#ort"}}
	}
	return r.pages.place.Render(w, req, web.Meta{Title: label, Failed: problem != ""}, v)
}

// choosePlace shows the places that were meant; each leads to path with keep and its ARS.
func (r *Room) choosePlace(w http.ResponseWriter, req *http.Request, asked string, choices []Area, path string, keep url.Values) error {
	c := r.catalog()
	v := placeView{Asked: asked, Again: "/ort?" + url.Values{"weiter": {keep.Get("weiter")}}.Encode()}
	if path != "/ort" {
		v.Again = path + "?" + keep.Encode()
	}
	for _, a := range choices {
		keep.Set("ort", a.ARS)
		choice := placeChoice{Name: a.ShortName, Href: path + "?" + keep.Encode()}
		hint := []string{}
		if a.Postcode != "" {
			hint = append(hint, a.Postcode)
		}
		for p := c.areas[a.Parent]; p != nil && p.Kind != State; p = c.areas[p.Parent] {
			hint = append(hint, p.Name)
		}
		choice.Hint = strings.Join(hint, " · ")
		v.Choices = append(v.Choices, choice)
	}
	return r.pages.place.Render(w, req, web.Meta{Title: r.h.Site.T(req, "finder.place.choose")}, v)
}

// placeName is the name of a place for people; "" if it is unknown.
func (r *Room) placeName(c *Catalog, ars string) string {
	if a, ok := c.areas[ars]; ok {
		return a.ShortName
	}
	return ""
}

// withPlace is the request as it will come next time, with the new place in its cookie: the page's head shows it.
func withPlace(req *http.Request, ars string) *http.Request {
	out := req.Clone(req.Context())
	out.Header.Del("Cookie")
	for _, c := range req.Cookies() {
		if c.Name != "ort" {
			out.AddCookie(c)
		}
	}
	out.AddCookie(&http.Cookie{Name: "ort", Value: ars})
	return out
}

// withoutPlace takes an old place out of an address, so that the new one counts.
func withoutPlace(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.RawQuery == "" {
		return path
	}
	q := u.Query()
	q.Del("ort")
	u.RawQuery = q.Encode()
	return u.String()
}
