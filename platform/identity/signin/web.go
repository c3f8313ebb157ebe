package signin

import (
	"errors"
	"net/http"
	"net/url"

	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

type pages struct {
	start     *web.Page[startData]
	failed    *web.Page[failedData]
	signedOut *web.Page[struct{}]
}

// startData: Weiter is a local path or "". Name is who is signed in already.
type startData struct{ Weiter, Name string }

type failedData struct {
	Text  string
	Again string
}

func newPages(s *web.Site) pages {
	return pages{
		start:     web.NewPage[startData](s, Files, "start"),
		failed:    web.NewPage[failedData](s, Files, "failed"),
		signedOut: web.NewPage[struct{}](s, Files, "signed_out"),
	}
}

// Routes registers the pages of signing in and out.
func (r *Room) Routes(mux *http.ServeMux) {
	r.site.Handle(mux, "GET /anmelden", r.start)
	r.site.Handle(mux, "POST /anmelden", r.site.Limit("signin", 60, 60, r.post))
	r.site.Handle(mux, "GET "+CallbackPath, r.site.Limit("signin.back", 60, 60, r.callback))
	r.site.Handle(mux, "POST /abmelden", r.signOut)
	r.site.Handle(mux, "GET "+SignedOutPath, r.signedOut)
}

// SignInPath is the address of the sign-in page that leads back to the page req asks for.
func (r *Room) SignInPath(req *http.Request) string { return signInPath(r.back(req)) }

func signInPath(weiter string) string {
	if weiter == "" || weiter == "/" {
		return "/anmelden"
	}
	return "/anmelden?" + url.Values{"weiter": {weiter}}.Encode()
}

// localPath is s if it is a page of ours to return to, else "/".
func localPath(s string) string {
	p := web.LocalPath(s)
	u, err := url.Parse(p)
	if err != nil || len(p) > 2000 || isOurs(u.Path) || u.Path == CallbackPath || u.Path == SignedOutPath {
		return "/"
	}
	return p
}

// weiterOf is the local path to return to; "" if none was given.
func weiterOf(s string) string {
	if p := localPath(s); p != "/" {
		return p
	}
	return ""
}

func (r *Room) start(w http.ResponseWriter, req *http.Request) error {
	weiter := weiterOf(req.URL.Query().Get("weiter"))
	if r.elsewhere(req) {
		http.Redirect(w, req, r.cfg.BaseURL+signInPath(weiter), http.StatusSeeOther)
		return nil
	}
	return r.pages.start.Render(w, req, web.Meta{Title: r.site.T(req, "signin.start.title")},
		startData{Weiter: weiter, Name: identity.From(req.Context()).Name})
}

func (r *Room) post(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	weiter := weiterOf(req.PostForm.Get("weiter"))
	if r.elsewhere(req) {
		http.Redirect(w, req, r.cfg.BaseURL+signInPath(weiter), http.StatusSeeOther)
		return nil
	}
	extra := r.cfg.Citizen
	if req.PostForm.Get("als") == "staff" {
		extra = r.cfg.Staff
	}
	to, err := r.begin(req.Context(), weiter, extra)
	if err != nil {
		return err
	}
	http.Redirect(w, req, to, http.StatusSeeOther)
	return nil
}

// elsewhere reports whether the browser knows a demo under another name (localhost, 127.0.0.1) than the provider: the
// cookie set here would not come back there. A production's proxy may rewrite the Host header, so only in the demo.
func (r *Room) elsewhere(req *http.Request) bool { return r.site.Demo && req.Host != r.base.Host }

func (r *Room) callback(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	c, idToken, f, err := r.finish(ctx, req.URL.Query())
	var p identity.Principal
	if err == nil {
		p, err = r.enter(ctx, c, idToken)
	}
	var bad *failure
	if errors.As(err, &bad) {
		if bad.kind == "expired" && identity.From(ctx).SignedIn() {
			return r.site.Redirect(w, req, r.cfg.Home(identity.From(ctx)), "") // the back button
		}
		r.failed(ctx, bad)
		return r.pages.failed.RenderStatus(w, req, http.StatusBadRequest, web.Meta{Title: r.site.T(req, "signin.failed.title")},
			failedData{Text: r.site.T(req, "signin.failed."+bad.kind), Again: signInPath(f.Weiter)})
	}
	if err != nil {
		return err
	}
	to := f.Weiter
	if to == "" {
		to = r.cfg.Home(p)
	}
	return r.site.Redirect(w, req, to, "")
}

func (r *Room) signOut(w http.ResponseWriter, req *http.Request) error {
	to, err := r.leave(req.Context())
	if err != nil {
		return err
	}
	http.Redirect(w, req, to, http.StatusSeeOther)
	return nil
}

func (r *Room) signedOut(w http.ResponseWriter, req *http.Request) error {
	return r.pages.signedOut.Render(w, req, web.Meta{Title: r.site.T(req, "signin.signed_out.title")}, struct{}{})
}
