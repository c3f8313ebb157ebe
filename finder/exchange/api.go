package exchange

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

// The addresses of the two APIs.
const (
	apiPath  = "/api/v1"
	pvogPath = "/api/pvog"
)

const (
	requestsPerMinute = 300
	requestBurst      = 100
	maxWords          = 200 // letters of a question
	cacheControl      = "public, max-age=60"
)

// Room is what programs ask: the JSON API and the read API in the shape of the federal portal. Both only read, know no
// session and set no cookie.
type Room struct {
	h *platform.House
	f *finder.Room
}

// New answers from the finder's catalogue.
func New(h *platform.House, f *finder.Room) *Room { return &Room{h, f} }

// Routes registers both APIs.
func (r *Room) Routes(mux *http.ServeMux) {
	r.serve(mux, apiPath, "Rennsteig: Zuständigkeitsfinder", r.ours)
	r.serve(mux, pvogPath, "Rennsteig: read API in the shape of the federal portal's search (field names derived, not verified)", r.pvog)
}

// serve registers an API with its own limits, errors and headers around it.
func (r *Room) serve(mux *http.ServeMux, prefix, title string, operations func(huma.API)) {
	config := huma.DefaultConfig(title, "1")
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil // the documentation page loads from elsewhere
	config.Servers = []*huma.Server{{URL: prefix}}
	inner := http.NewServeMux()
	operations(humago.NewWithPrefix(inner, prefix, config))
	handler := r.h.Site.Limit("api", requestsPerMinute, requestBurst, func(w http.ResponseWriter, req *http.Request) error {
		if _, pattern := inner.Handler(req); pattern == "" {
			return errs.E(errs.NotFound, "errs.not_found")
		}
		head := w.Header()
		head.Set("Access-Control-Allow-Origin", "*") // nothing here depends on who asks
		head.Add("Vary", "Accept-Language")
		tag := `W/"` + r.f.Catalog().Version() + "." + string(language(req.Header.Get("Accept-Language"))) + `"`
		if strings.Contains(req.Header.Get("If-None-Match"), tag) {
			head.Set("ETag", tag)
			head.Set("Cache-Control", cacheControl)
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		inner.ServeHTTP(&cached{ResponseWriter: w, tag: tag}, req)
		return nil
	})
	mux.HandleFunc("GET "+prefix+"/", func(w http.ResponseWriter, req *http.Request) {
		plain := req.Clone(req.Context())
		plain.Header.Set("Accept", "application/json") // errors are problems (RFC 9457) here, whatever is accepted
		if err := handler(w, plain); err != nil {
			r.h.Site.Error(w, plain, err)
		}
	})
}

// cached lets answers, and no errors, be kept.
type cached struct {
	http.ResponseWriter
	tag   string
	begun bool
}

func (c *cached) Write(b []byte) (int, error) {
	if !c.begun {
		c.WriteHeader(http.StatusOK)
	}
	return c.ResponseWriter.Write(b)
}

func (c *cached) WriteHeader(status int) {
	c.begun = true
	if status == http.StatusOK {
		c.Header().Set("ETag", c.tag)
		c.Header().Set("Cache-Control", cacheControl)
	} else {
		c.Header().Set("Cache-Control", "no-store")
	}
	c.ResponseWriter.WriteHeader(status)
}

// language is English for who prefers it, else German.
func language(accept string) i18n.Lang {
	first, _, _ := strings.Cut(accept, ",")
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(first)), "en") {
		return i18n.English
	}
	return i18n.German
}

// problem is an error of RFC 9457. What was rejected is not repeated.
type problem struct {
	Type   string         `json:"type" doc:"Always about:blank: the title says it."`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Errors []fieldProblem `json:"errors,omitempty"`
}

type fieldProblem struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string             { return p.Title + ": " + p.Detail }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) ContentType(string) string { return "application/problem+json" }

func init() {
	// huma's way to have errors of one's own: it makes them from what fails to parse or validate.
	huma.NewError = func(status int, message string, list ...error) huma.StatusError {
		p := &problem{Type: "about:blank", Title: http.StatusText(status), Status: status}
		if status < http.StatusInternalServerError {
			p.Detail = message
		}
		for _, err := range list {
			if d, ok := err.(*huma.ErrorDetail); ok { //nolint:errorlint // huma passes it itself
				p.Errors = append(p.Errors, fieldProblem{strings.TrimPrefix(d.Location, "query."), d.Message})
			}
		}
		return p
	}
}

// Asked is what every question may say.
type Asked struct {
	AcceptLanguage string `header:"Accept-Language" maxLength:"200" doc:"English first, or German."`
}

func (a Asked) lang() i18n.Lang { return language(a.AcceptLanguage) }

// fail makes the answer of an error, and logs what is our fault.
func (r *Room) fail(ctx context.Context, lang i18n.Lang, err error) error {
	e := errs.As(err)
	status := errs.Status(e.Code)
	if status >= http.StatusInternalServerError {
		r.h.Log.ErrorContext(ctx, "api request failed", "error", err)
	}
	return &problem{Type: "about:blank", Title: r.h.Site.Texts.T(lang, "errs.title."+string(e.Code)), Status: status, Detail: r.h.Site.Texts.T(lang, e.Key, e.Args...)}
}

func (r *Room) say(lang i18n.Lang, t finder.Text) string {
	return r.h.Site.Texts.T(lang, t.Key, t.Args...)
}

type answer[T any] struct{ Body T }

// operation registers a question that is answered from the catalogue.
func operation[I, O any](r *Room, api huma.API, path, id, summary string, lang func(*I) i18n.Lang, f func(c *finder.Catalog, in *I) (O, error)) {
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary}, func(ctx context.Context, in *I) (*answer[O], error) {
		out, err := f(r.f.Catalog(), in)
		if err != nil {
			return nil, r.fail(ctx, lang(in), err)
		}
		return &answer[O]{out}, nil
	})
}

// placeOf is the ARS of a place that is given by name, postcode or key; "" for none. errs.Conflict if it may be several.
func placeOf(c *finder.Catalog, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if a, ok := c.Area(s); ok {
		return a.ARS, nil
	}
	place, choices := c.OnePlace(s)
	switch {
	case place != nil:
		return place.ARS, nil
	case len(choices) > 0:
		return "", errs.E(errs.Conflict, "finder.exchange.place_ambiguous")
	}
	return "", errs.E(errs.NotFound, "finder.place_unknown")
}

// page cuts a list: at most limit after the one with this key.
func page[T any](list []T, key func(T) string, after string, limit int) (out []T, next string) {
	i := 0
	if after != "" {
		var found bool
		if i, found = slices.BinarySearchFunc(list, after, func(x T, k string) int { return strings.Compare(key(x), k) }); found {
			i++
		}
	}
	out = list[i:min(len(list), i+limit)]
	if i+limit < len(list) {
		next = key(out[len(out)-1])
	}
	return out, next
}
