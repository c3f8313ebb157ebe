package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"rennsteig/platform/errs"
)

// maxURL is the longest address answered, in bytes.
const maxURL = 16 << 10

// Middleware stands around everything the site serves: security headers, a request id, the log line, our page for
// panics, refusal of malformed and over-long addresses and of posts from other sites. Put sessions inside it, and
// inside those s.Mux(mux).
func (s *Site) Middleware(next http.Handler) http.Handler {
	if mux, ok := next.(*http.ServeMux); ok {
		next = s.Mux(mux)
	}
	cross := http.NewCrossOriginProtection()
	csp := "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action " +
		strings.Join(append([]string{"'self'"}, s.FormAction...), " ") + "; frame-ancestors 'none'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := rand.Text()[:12]
		r = r.WithContext(context.WithValue(r.Context(), requestID{}, id))
		rec := &recorder{ResponseWriter: w}
		h := rec.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: browsers then send "Origin: null" with our own forms, and on plain HTTP nothing else tells
		// them from those of other sites.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Request-Id", id)
		if secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // the value itself is the convention
					panic(p)
				}
				s.Log.ErrorContext(r.Context(), "panic", "id", id, "method", r.Method, "path", r.URL.Path,
					"panic", p, "stack", string(debug.Stack()))
				if rec.status != 0 {
					panic(http.ErrAbortHandler) // half an answer is out: better the caller sees it broken than whole
				}
				s.Error(rec, r, errs.E(errs.Internal, "errs.internal"))
			}
			s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("id", id), slog.String("method", r.Method),
				slog.String("path", r.URL.Path), slog.Int("status", rec.status), slog.Duration("took", time.Since(start)))
		}()
		if status, key := checkURL(r); key != "" {
			s.answer(rec, r, status, errs.E(errs.Invalid, key))
			return
		}
		if err := cross.Check(r); err != nil {
			s.Error(rec, r, errs.E(errs.Denied, "errs.cross_origin", err))
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// checkURL returns what is wrong with the address of r.
func checkURL(r *http.Request) (status int, key string) {
	if len(r.RequestURI) > maxURL {
		return http.StatusRequestURITooLong, "errs.url_too_long"
	}
	query, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil || !isText(query) || !isText(r.URL.Path) {
		return http.StatusBadRequest, "errs.url"
	}
	return 0, ""
}

// Mux serves mux, with our pages for what it does not know (404) and for methods it does not take (405).
func (s *Site) Mux(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		plain := &recorder{ResponseWriter: nowhere{}}
		h.ServeHTTP(plain, r)
		if plain.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", plain.Header().Get("Allow"))
			s.answer(w, r, plain.status, errs.E(errs.Invalid, "errs.method"))
			return
		}
		s.Error(w, r, errs.E(errs.NotFound, "errs.no_page"))
	})
}

// nowhere is an answer nobody gets.
type nowhere http.Header

func (n nowhere) Header() http.Header         { return http.Header(n) }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type requestID struct{}

// RequestID is the id that Middleware gave the request, for logs and error pages; "" outside of it.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestID{}).(string)
	return id
}
