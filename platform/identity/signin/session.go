package signin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/alexedwards/scs/v2"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// newManager configures scs. Its idle timeout stays off: it would write at every request.
func (r *Room) newManager() *scs.SessionManager {
	m := scs.New()
	m.Store = r.store
	m.HashTokenInStore = true
	m.Lifetime = StaffLifetime // the longest; SetDeadline shortens it
	m.Cookie.Name = "sitzung"
	if isHTTPS(r.base) {
		m.Cookie.Name = "__Host-sitzung" // RFC 6265bis §4.1.3.2: no other host of the domain can set it
		m.Cookie.Secure = true
	}
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode // Strict would lose the flow on the way back from the provider
	m.Cookie.Persist = false
	m.ErrorFunc = r.site.Error
	return m
}

// Middleware puts the caller into the context of each request. Put it inside web.Site.Middleware. A form sent after
// the session's end is answered here, with the way to sign in and back: handled further it would count as a visitor's,
// who believes to be signed in.
func (r *Room) Middleware(next http.Handler) http.Handler {
	withSession := r.manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		v := visitOf(ctx)
		switch {
		case v.ended:
			if err := r.manager.Destroy(ctx); err != nil {
				r.site.Error(w, req, err)
				return
			}
			if !isSafe(req.Method) && !isOurs(req.URL.Path) {
				r.site.Error(w, req, errs.E(errs.Unauthenticated, "signin.ended.text"))
				return
			}
		case v.subject != "":
			if r.now().Sub(v.lastSeen) >= seenEvery {
				if err := r.store.seen(ctx, v.token); err != nil { // the session is good; it only looks idle for longer
					r.log.WarnContext(ctx, "last use of a session not written", "error", err)
				}
			}
			req = req.WithContext(identity.With(ctx, v.principal()))
		}
		next.ServeHTTP(w, req)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if isSafe(req.Method) && strings.HasPrefix(req.URL.Path, "/assets/") {
			next.ServeHTTP(w, req)
			return
		}
		withSession.ServeHTTP(w, req.WithContext(withVisit(req.Context())))
	})
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// isOurs tells the paths that make sense after a session's end.
func isOurs(path string) bool { return path == "/anmelden" || path == "/abmelden" }

// back is the local address a person should return to after signing in: this page, or that of the form just sent.
func (r *Room) back(req *http.Request) string {
	if isSafe(req.Method) {
		return localPath(req.URL.RequestURI())
	}
	u, err := url.Parse(req.Referer())
	if err != nil || (u.Host != req.Host && u.Host != r.base.Host) {
		return "/"
	}
	return localPath(u.RequestURI())
}
