package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

const secret = "Geheimrezept"

// strangers have nothing to do with Erfurt's texts; code is what each is answered.
var strangers = map[string]struct {
	p    identity.Principal
	code errs.Code
}{
	"nobody":              {identity.Principal{}, errs.Unauthenticated},
	"citizen":             {identity.Principal{Subject: "c", Kind: identity.Citizen}, errs.Denied},
	"citizen with grant":  {identity.Principal{Subject: "c", Kind: identity.Citizen, Grants: []identity.Grant{{Role: identity.Editor, Authority: erfurt}}}, errs.Denied},
	"editor of Jena":      {jens, errs.NotFound},
	"editor of nowhere":   {editor("n", "N", ""), errs.Denied},
	"clerk of Erfurt":     {identity.Principal{Subject: "k", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}}, errs.Denied},
	"auditor of all":      {identity.Principal{Subject: "a", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Auditor, Authority: "*"}}}, errs.Denied},
	"the program, unsaid": {identity.Principal{Subject: "system:x", Kind: identity.System}, errs.Unauthenticated},
}

func TestStrangers(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		v := d.submitted(t, lena, local, content("05", secret))
		must(t, d.Comment(as(lena), v.ID, secret))
		rel := d.released(t, lena, olaf, finder.TextRef{Service: dog, Authority: erfurt, Lang: i18n.English}, content("05", "public"))
		uses := map[string]func(ctx context.Context) error{
			"StartDraft":    func(ctx context.Context) error { _, err := d.StartDraft(ctx, local); return err },
			"Version":       func(ctx context.Context) error { _, err := d.Version(ctx, v.ID); return err },
			"History":       func(ctx context.Context) error { _, _, err := d.History(ctx, local); return err },
			"Save":          func(ctx context.Context) error { return d.Save(ctx, v.ID, v.Change, content("05", "x")) },
			"Submit":        func(ctx context.Context) error { return d.Submit(ctx, v.ID, v.Change) },
			"Return":        func(ctx context.Context) error { _, err := d.Return(ctx, v.ID, v.Change, "x"); return err },
			"Release":       func(ctx context.Context) error { return d.Release(ctx, v.ID, v.Change, time.Time{}) },
			"Withdraw":      func(ctx context.Context) error { return d.Withdraw(ctx, rel.ID, rel.Change, "x") },
			"Discard":       func(ctx context.Context) error { return d.Discard(ctx, v.ID, v.Change) },
			"Adopt":         func(ctx context.Context) error { return d.Adopt(ctx, rel.ID, rel.Change) },
			"SetReviewDate": func(ctx context.Context) error { return d.SetReviewDate(ctx, rel.ID, rel.Change, "2030-01-01") },
			"Comment":       func(ctx context.Context) error { return d.Comment(ctx, v.ID, "x") },
			"Assign": func(ctx context.Context) error {
				return d.Assign(ctx, LocalChange{LocalAssignment: finder.LocalAssignment{Service: dog, Area: erfurt, Role: finder.NotOffered}}, "")
			},
			"Effect": func(ctx context.Context) error {
				_, _, err := d.Effect(ctx, LocalChange{LocalAssignment: finder.LocalAssignment{Service: dog, Area: erfurt, Role: finder.NotOffered}})
				return err
			},
			"ReleaseAll": func(ctx context.Context) error {
				done, refused := d.ReleaseAll(ctx, []Selected{{v.ID, v.Change}})
				if done != 0 {
					t.Error("ReleaseAll released a stranger's text")
				}
				return refused[0]
			},
			"ReturnAll": func(ctx context.Context) error {
				_, refused := d.ReturnAll(ctx, []Selected{{v.ID, v.Change}}, "x")
				return refused[0]
			},
		}
		posts := []string{"speichern", "verwerfen", "zurueckgeben", "freigeben", "zurueckziehen", "pruefdatum", "abgleichen", "kommentar"}
		for name, s := range strangers {
			ctx := as(s.p)
			for use, f := range uses {
				if err := f(ctx); errs.CodeOf(err) != s.code {
					t.Errorf("%s: %s: %v", name, use, err)
				}
			}
			if list, err := d.Texts(ctx, dog); len(list) > 0 || s.code == errs.Unauthenticated && err == nil {
				t.Errorf("%s: lists %v %v", name, list, err)
			}
			if w, err := d.Work(ctx); len(w.Review)+len(w.Own)+len(w.Drafts) > 0 || s.code == errs.Unauthenticated && err == nil {
				t.Errorf("%s: works on %+v", name, w)
			}
			client := webtest.New(t, d.mux).As(s.p)
			for _, path := range []string{"/redaktion", "/redaktion/leistungen?stand=open", "/redaktion/leistung/" + dog, "/redaktion/zustaendigkeiten", localPath(dog), "/redaktion/qualitaet", historyPath(local), textPath(v.ID), textPath(v.ID) + "/vorschau"} {
				if s.p.Kind == identity.Anonymous || s.p.Kind == identity.System {
					w := httptest.NewRecorder() // is led to the sign-in, which this test has not
					d.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
					if w.Code != 303 || strings.Contains(w.Body.String(), secret) {
						t.Errorf("%s: %s: %d", name, path, w.Code)
					}
					continue
				}
				p := client.Get(path)
				if p.Has(secret) || p.Has("Lena Ort") || p.Status != 403 && s.p.Subject != "jens" {
					t.Errorf("%s sees %s (%d)", name, path, p.Status)
				}
			}
			for _, post := range posts {
				form := url.Values{"change": {"3"}, "comment": {"x"}, "say": {"x"}, "reason": {"x"}, "m-05": {"böse"}}
				r := httptest.NewRequest(http.MethodPost, textPath(v.ID)+"/"+post, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if p := client.Do(r); p.Status < 400 || p.Has(secret) {
					t.Errorf("%s posts %s: %d", name, post, p.Status)
				}
			}
			r := httptest.NewRequest(http.MethodPost, "/redaktion/leistung/"+dog+"/entwurf", strings.NewReader(url.Values{"behoerde": {erfurt}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if p := client.Do(r); p.Status < 400 {
				t.Errorf("%s begins a draft: %d", name, p.Status)
			}
		}
		if now := d.get(t, v.ID); now.Change != v.Change || now.State != Review {
			t.Errorf("a stranger changed it: %+v", now)
		}
		// An editor of one authority does not write the whole Land's text, and cannot by naming no authority.
		for _, authority := range []string{"", "land", wholeLand, jena} {
			if _, err := d.StartDraft(as(lena), finder.TextRef{Service: dog, Authority: authority, Lang: i18n.German}); !errs.Is(err, errs.NotFound) {
				t.Errorf("Lena begins a text of %q: %v", authority, err)
			}
		}
		for _, ref := range []finder.TextRef{{Service: "99", Lang: "de"}, {Service: dog, Lang: "fr"}, {Service: dog, Authority: "nowhere", Lang: "de"}} {
			if _, err := d.StartDraft(as(edda), ref); !errs.Is(err, errs.NotFound) {
				t.Errorf("%+v: %v", ref, err)
			}
		}
	})
}

func TestBulk(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for _, key := range []string{dog, "99115005104000", "99050012104000"} {
			d.submitted(t, edda, finder.TextRef{Service: key, Lang: i18n.German}, content("05", "Text zu "+key))
		}
		d.submitted(t, emil, finder.TextRef{Service: dog, Lang: i18n.English}, content("05", "own"))
		c := webtest.New(t, d.mux).As(emil)
		c.Get("/redaktion").Press("Ausgewählte freigeben").Want(422, "Wählen Sie mindestens einen Text aus.")
		p := c.Get("/redaktion")
		p.Choose("Hundehaltung: Anmeldung, Stammtext (ganzes Land), Deutsch auswählen").Press("Ausgewählte zurückgeben").
			Want(422, "Schreiben Sie, worum es geht.")
		p = c.Get("/redaktion")
		p.Choose("Hundehaltung: Anmeldung, Stammtext (ganzes Land), Deutsch auswählen").Fill("Kommentar für die Rückgabe", "kürzer").
			Press("Ausgewählte zurückgeben").Want(200, "1 Text ist erledigt")
		w := ok[Work](t)(d.Work(as(emil)))
		list := []Selected{{"unknown", 1}}
		for _, v := range append(w.Review, w.Own...) {
			list = append(list, Selected{v.ID, v.Change})
		}
		done, refused := d.ReleaseAll(as(emil), list)
		if done != 2 || len(refused) != 2 || !errs.Is(refused[0], errs.NotFound) || !errs.Is(refused[1], errs.Denied) {
			t.Errorf("%d released, refused %v", done, refused)
		}
	})
}
