package signin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity/signin"
)

// chromium starts a fresh browser.
func chromium(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// A real browser applies what the other tests only imitate: SameSite, form-action, Origin, the two names of one machine.
func TestChromiumSignsInAtAnotherSite(t *testing.T) {
	w := newWorld(t, housetest.New(t, db.SQLite, rooms...))
	w.start(t)
	ctx := chromium(t)
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			address, _ := chromedp.Run(ctx, chromedp.Location())
			body, _ := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("body")))
			t.Fatalf("%s: %v, at %s: %s", what, err, address, body)
		}
	}
	at := func(want string) {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Location())
		if err != nil || !strings.HasPrefix(got, want) {
			body, _ := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("body")))
			t.Fatalf("at %s, want %s (%v): %s", got, want, err, body)
		}
	}
	click := func(selector string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
			t.Fatalf("click %s: %v; a form's redirect that form-action does not allow leads nowhere", selector, err)
		}
	}
	do("sign-in page", chromedp.Navigate(w.portal.URL+"/anmelden?weiter=%2Fkonto%3Fx%3D1"))
	click(`form:has([value="staff"]) button`)
	at(w.issuer + "/personen")
	click(`button[value="demo-bruno"]`)
	at(w.portal.URL + "/konto?x=1")
	body, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("body")))
	if err != nil || !strings.Contains(body, "demo-bruno") {
		t.Errorf("signed in as %q, %v", body, err)
	}

	do("sign-in page again", chromedp.Navigate(w.portal.URL+"/anmelden"))
	click(`form[action="/abmelden"] button`)
	at(w.portal.URL + signin.SignedOutPath)
	do("account", chromedp.Navigate(w.portal.URL+"/konto"))
	at(w.portal.URL + "/anmelden?weiter=%2Fkonto")
	if n := w.audited(t, "identity.signed_out"); n != 1 {
		t.Errorf("%d sign-outs audited, want 1", n)
	}
}
