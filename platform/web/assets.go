package web

// Assets are the hashed static files. URL("app.css") gives "/assets/app.3f2a….css".
type Assets struct{ urls map[string]string }

// URL is the address of the asset; the plain name if it is unknown.
func (a Assets) URL(name string) string {
	if u, ok := a.urls[name]; ok {
		return u
	}
	return "/assets/" + name
}
