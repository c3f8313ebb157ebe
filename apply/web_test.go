package apply

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/scan"
	"rennsteig/platform/scan/scantest"
	"rennsteig/platform/web/webtest"
)

// reply is an answer that was read to its end.
type reply struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
	Body       string
}

// call sends one request as p with cookies, following nothing.
func (x *fixture) call(p identity.Principal, method, path, contentType, body string, cookies ...*http.Cookie) reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	x.handler.ServeHTTP(w, r.WithContext(identity.With(r.Context(), p)))
	cookies = (&http.Response{Header: w.Header()}).Cookies()
	return reply{w.Code, w.Header(), cookies, w.Body.String()}
}

const urlencoded = "application/x-www-form-urlencoded"

func TestStrangers(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		anna := identity.With(t.Context(), citizen("anna"))
		x.t = t
		for _, owner := range []context.Context{t.Context(), anna} {
			draft, draftSecret, dh := x.filled(owner, "hund-anmelden")
			sentID, sentSecret, sh := x.filled(owner, "hund-anmelden")
			if err := x.r.attach(owner, sh, sentID, "nachweise", "evidence", []upload{pdfUpload("a.pdf")}); err != nil {
				t.Fatal(err)
			}
			if err := x.r.attach(owner, dh, draft, "nachweise", "evidence", []upload{pdfUpload("a.pdf")}); err != nil {
				t.Fatal(err)
			}
			if err := x.r.save(owner, sh, sentID, "ermaessigung", 1, form.Answers{"reduction": {"jagdhund"}}); err != nil {
				t.Fatal(err)
			}
			s, err := x.r.send(owner, sh, sentID, sending{secret: sentSecret, declared: true})
			if err != nil {
				t.Fatal(err)
			}
			x.events(testEvent{Kind: "filed", Application: sentID, Text: "E-1"}, testEvent{Kind: "asked", Application: sentID, ID: "q" + sentID, Text: "Geheime Frage"})
			other, otherSecret, oh := x.filled(t.Context(), "hund-anmelden")
			so, err := x.r.send(t.Context(), oh, other, sending{secret: otherSecret, declared: true})
			if err != nil {
				t.Fatal(err)
			}
			_, files, err := x.r.own(owner, x.h.DB.Reader(), dh, draft)
			if err != nil {
				t.Fatal(err)
			}
			_, sentFiles, err := x.r.own(owner, x.h.DB.Reader(), sh, sentID)
			if err != nil || len(sentFiles) != 1 {
				t.Fatal(len(sentFiles), err)
			}
			strangers := map[string]struct {
				p       identity.Principal
				cookies []*http.Cookie
			}{
				"nobody":          {},
				"other account":   {p: citizen("berta")},
				"clerk":           {p: identity.Principal{Subject: "c", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: "erfurt"}, {Role: identity.Operator, Authority: identity.Everywhere}}}},
				"wrong secrets":   {cookies: []*http.Cookie{{Name: draftCookie, Value: "x"}, {Name: statusCookie, Value: "0000-0000-0000-0000"}}},
				"other's secrets": {cookies: []*http.Cookie{{Name: draftCookie, Value: otherSecret}, {Name: statusCookie, Value: accessCode(otherSecret, other)}}},
				"code of a draft": {cookies: []*http.Cookie{{Name: draftCookie, Value: accessCode(draftSecret, draft)}, {Name: statusCookie, Value: draftSecret}}},
			}
			if owner == anna { // who signed out at a shared computer has left the cookie there
				strangers["cookie after signing out"] = struct {
					p       identity.Principal
					cookies []*http.Cookie
				}{cookies: []*http.Cookie{{Name: draftCookie, Value: draftSecret}, {Name: draftCookie, Value: sentSecret}}}
			}
			ref := "/status/" + string(s.reference)
			group := "given_name=Mallory&surname=M&_version=1"
			routes := []struct{ method, path, body string }{
				{"GET", "/antrag/" + draft, ""}, {"GET", "/antrag/" + draft + "/halter", ""}, {"GET", "/antrag/" + draft + "/pruefen", ""},
				{"GET", "/antrag/" + draft + "/loeschen", ""}, {"GET", "/antrag/" + draft + "/datei/" + files[0].id, ""},
				{"POST", "/antrag/" + draft + "/halter", group}, {"POST", "/antrag/" + draft + "/nachweise", "_version=1"}, {"POST", "/antrag/" + draft + "/loeschen", "a=b"},
				{"POST", "/antrag/" + draft + "/senden", "_fee=0&declaration-given=true"}, {"POST", "/antrag/" + draft + "/datei/" + files[0].id, "_group=nachweise"},
				{"GET", "/antrag/" + sentID + "/angaben", ""}, {"POST", "/antrag/" + sentID + "/senden", "_fee=0&declaration-given=true"}, {"GET", "/antrag/" + sentID, ""},
				{"POST", ref + "/frage/q" + sentID, "text=Falsch"},
			}
			for name, who := range strangers {
				for _, route := range routes {
					got := x.call(who.p, route.method, route.path, urlencoded, route.body, who.cookies...)
					if got.StatusCode != http.StatusNotFound {
						t.Errorf("%s: %s %s: %d", name, route.method, route.path, got.StatusCode)
					}
				}
				for _, id := range []string{draft, sentID, "nichts"} {
					got := x.call(who.p, "GET", "/antrag/"+id+"/gesendet", "", "", who.cookies...)
					if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/status" {
						t.Errorf("%s: gesendet: %d %s", name, got.StatusCode, got.Header.Get("Location"))
					}
				}
				// Pages of the status ask for the code, alike for every number.
				unknown := newReference(x.clock())
				for _, page := range []string{"", "/angaben", "/quittung.pdf", "/bescheid", "/bescheid.pdf", "/frage/q" + sentID, "/datei/" + sentFiles[0].id} {
					for _, r := range []Reference{s.reference, unknown} {
						got := x.call(who.p, "GET", "/status/"+string(r)+page, "", "", who.cookies...)
						if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/status?nummer="+string(r) {
							t.Errorf("%s: %s%s: %d %s", name, r, page, got.StatusCode, got.Header.Get("Location"))
						}
					}
				}
			}
			// The file of one application through the address of another.
			mine := []*http.Cookie{{Name: statusCookie, Value: accessCode(otherSecret, other)}}
			for _, path := range []string{"/datei/" + sentFiles[0].id, "/frage/q" + sentID} {
				if got := x.call(identity.Principal{}, "GET", "/status/"+string(so.reference)+path, "", "", mine...); got.StatusCode != http.StatusNotFound {
					t.Errorf("%s through another application: %d", path, got.StatusCode)
				}
			}
			a, left, err := x.r.own(owner, x.h.DB.Reader(), dh, draft)
			if err != nil || a.state != Draft || a.draft["halter"].Answers["given_name"][0] != "Jana" || len(left) != 1 {
				t.Errorf("a stranger changed something: %v %v %v", a, left, err)
			}
		}
	})
}

func TestLookup(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		s, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true})
		if err != nil {
			t.Fatal(err)
		}
		code := accessCode(secret, id)
		p := x.c.Get("/status/"+string(s.reference)).Want(200, "Stand eines Antrags ansehen")
		if p.Value("Referenznummer") != string(s.reference) {
			t.Errorf("the number is not there: %q", p.Value("Referenznummer"))
		}
		wrong := p.Fill("Zugangscode", "0000 0000 0000 0000").Press("Stand anzeigen").Want(422, "passen nicht zusammen")
		unknown := x.c.Get("/status").Fill("Referenznummer", string(newReference(x.clock()))).Fill("Zugangscode", code).Press("Stand anzeigen").Want(422, "passen nicht zusammen")
		if len(wrong.Body) != len(unknown.Body) {
			t.Error("an unknown number is answered differently from a wrong code")
		}
		p.Fill("Referenznummer", "R26-0000-0001").Fill("Zugangscode", "").Press("Stand anzeigen").Want(422, "Tippfehler", "Zugangscode: Bitte ausfüllen")
		p.Fill("Referenznummer", " "+strings.ToLower(string(s.reference))).Fill("Zugangscode", strings.ToLower(code)).Press("Stand anzeigen").Want(200, "Antrag "+string(s.reference))

		got := x.call(identity.Principal{}, "POST", "/status", urlencoded, url.Values{"nummer": {string(s.reference)}, "code": {code}}.Encode())
		c := got.Cookies[0]
		if c.Path != "/status/"+string(s.reference) || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 0 {
			t.Errorf("cookie %v", c)
		}
		x.h.Site.NoLimits = false
		for range 30 {
			got = x.call(identity.Principal{}, "POST", "/status", urlencoded, "nummer="+string(s.reference)+"&code=1")
		}
		if got.StatusCode != http.StatusTooManyRequests {
			t.Errorf("guessing is not limited: %d", got.StatusCode)
		}
	})
}

func TestDraftsSurvive(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		anna := citizen("anna")
		first := x.c.As(anna)
		p := first.Get("/antrag/start/hund-anmelden?ort=" + erfurt).Press("Antrag beginnen")
		id := applicationID(p)
		p.Fill("Vornamen", "Anna").Press("Weiter").Want(422, "Familienname: Bitte ausfüllen", "Geburtsdatum: Bitte ausfüllen")
		// The browser is closed; another one has no cookie, and what was typed is there though it was not whole.
		second := x.c.As(anna)
		p = second.Get("/konto").Want(200, "Entwürfe", "Hund anmelden").Click("Hund anmelden").Want(200, "0 von", "bitte ergänzen").Click("Wer hält den Hund?")
		if got := p.Value("Vornamen"); got != "Anna" {
			t.Errorf("Vornamen: %q", got)
		}
		p = p.Fill("Familienname", "A").Fill("Geburtsdatum", "3.4.1990").Press("Weiter").Want(200, "Wo wohnen Sie?")
		p.Fill("Straße", "Anger").Press("Zurück").Want(200, "Wer hält den Hund?")
		if got := second.Get("/antrag/" + id + "/anschrift").Value("Straße"); got != "Anger" {
			t.Errorf("going back lost the street: %q", got)
		}
		second.Get("/antrag/"+id+"/pruefen").Want(200, "Es fehlt noch etwas")
		if len(second.Get("/antrag/"+id+"/pruefen").Find("form", map[string]string{"action": "/antrag/" + id + "/senden"})) > 0 {
			t.Error("an unfinished draft can be sent")
		}
		second.Get("/antrag/"+id).Click("Entwurf löschen").Press("Ja, löschen").Want(200, "Startseite")
		second.Get("/konto").Want(200, "Sie haben noch keine Anträge")
		second.Get("/antrag/"+id).Want(404, "Diesen Antrag gibt es nicht")
	})
}

// What was typed is not lost when the session has ended meanwhile.
func TestSessionEnds(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		anna := identity.With(t.Context(), citizen("anna"))
		id, _, h := x.filled(anna, "hund-anmelden")
		path := "/antrag/" + id + "/kontakt"
		body := url.Values{"_version": {"1"}, "phone": {"0361 4711"}, "email": {""}}.Encode()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", urlencoded)
		p := x.c.Do(r).Want(404, "Ihre Eingaben sind noch da")
		if len(p.Find("input", map[string]string{"name": "phone", "value": "0361 4711"})) != 1 {
			t.Fatalf("lost: %s", p.Body)
		}
		// Signed in again, the same form goes through.
		if got := x.call(citizen("anna"), "POST", path, urlencoded, body); got.StatusCode != http.StatusSeeOther {
			t.Errorf("status %d", got.StatusCode)
		}
		a, _, err := x.r.own(anna, x.h.DB.Reader(), h, id)
		if err != nil || a.draft["kontakt"].Answers["phone"][0] != "0361 4711" {
			t.Errorf("%v %v", a, err)
		}
		x.c.Get("/antrag/"+id).Want(404, "Melden Sie sich bitte an").Click("Stand eines Antrags ansehen").Want(200)
	})
}

func TestSigningInAdoptsTheDraft(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, _ := x.filled(t.Context(), "hund-anmelden")
		c := &http.Cookie{Name: draftCookie, Value: secret}
		if got := x.call(citizen("anna"), "GET", "/antrag/"+id, "", "", c); got.StatusCode != http.StatusOK {
			t.Fatalf("status %d", got.StatusCode)
		}
		if got := x.call(identity.Principal{}, "GET", "/antrag/"+id, "", "", c); got.StatusCode != http.StatusNotFound {
			t.Errorf("the cookie still opens it after signing out: %d", got.StatusCode)
		}
		if got := x.call(citizen("berta"), "GET", "/antrag/"+id, "", "", c); got.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else takes it over: %d", got.StatusCode)
		}
		x.c.As(citizen("anna")).Get("/konto").Want(200, "Hund anmelden")
		p := x.c.As(citizen("anna")).Get("/antrag/"+id+"/pruefen").Choose(declareDog).Press("Antrag absenden").Want(200, "Sie finden den Antrag auch in Ihrem Konto")
		if p.Has("Zugangscode") {
			t.Error("a browser without the secret shows an access code")
		}
		x.c.As(citizen("anna")).Get("/konto").Want(200, "Anträge", "gesendet").Click("Hund anmelden").Want(200, "Ihr Antrag ist eingegangen")
	})
}

func TestAccountNeedsSigningIn(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		got := x.call(identity.Principal{}, "GET", "/konto", "", "")
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/anmelden?weiter=%2Fkonto" {
			t.Errorf("%d %s", got.StatusCode, got.Header.Get("Location"))
		}
	})
}

func TestTwoWindows(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		c := x.c.As(citizen("anna"))
		a := c.Get("/antrag/start/hund-anmelden?ort=" + erfurt).Press("Antrag beginnen")
		base := "/antrag/" + applicationID(a)
		b := c.Get(base + "/halter")
		other := c.Get(base + "/anschrift")
		a.Fill("Vornamen", "Erste").Fill("Familienname", "A").Fill("Geburtsdatum", "3.4.1990").Press("Weiter").Want(200)
		address(other).Press("Weiter").Want(200, "Wie erreichen wir Sie?") // another page: nothing is lost
		p := b.Fill("Vornamen", "Zweite").Fill("Familienname", "A").Fill("Geburtsdatum", "3.4.1990").Press("Weiter").Want(409, "In einem anderen Fenster geändert")
		if got := c.Get(base + "/halter").Value("Vornamen"); got != "Erste" {
			t.Errorf("overwritten: %q", got)
		}
		if got := p.Value("Vornamen"); got != "Zweite" {
			t.Errorf("what was typed is lost: %q", got)
		}
		p.Press("Weiter").Want(200, "Wo wohnen Sie?")
		if got := c.Get(base + "/halter").Value("Vornamen"); got != "Zweite" {
			t.Errorf("saved again: %q", got)
		}
		// The same once more, as a double click does.
		p.Press("Weiter").Want(200, "Wo wohnen Sie?")
	})
}

func TestSavingManyPagesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, err := x.r.start(t.Context(), "gewerbe-anmelden", erfurt, i18n.German)
		if err != nil {
			t.Fatal(err)
		}
		h := holderOf(t.Context(), secret, "")
		groups := x.r.forms.Current("gewerbe-anmelden").Groups
		var wg sync.WaitGroup
		for _, g := range groups {
			wg.Go(func() {
				if err := x.r.save(t.Context(), h, id, g.ID, 0, form.Answers{g.Fields[0].ID: {g.ID}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		a, _, err := x.r.own(t.Context(), x.h.DB.Reader(), h, id)
		if err != nil || len(a.draft) != len(groups) {
			t.Errorf("%d of %d pages are kept, %v", len(a.draft), len(groups), err)
		}
	})
}

func TestCookieOfADraft(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		got := x.call(identity.Principal{}, "POST", "/antrag/start/hund-anmelden", urlencoded, "ort="+erfurt)
		c := got.Cookies[0]
		id := strings.Split(got.Header.Get("Location"), "/")[2]
		if c.Name != draftCookie || c.Path != "/antrag/"+id || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 0 || c.Secure {
			t.Errorf("cookie %v", c)
		}
		if n := x.count("apply_application", "secret_hash = $1", []byte(c.Value)); n != 0 {
			t.Error("the secret itself is kept")
		}
	})
}

func TestDraftsExpire(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, _, h := x.filled(t.Context(), "hund-anmelden")
		sentID, secret, sh := x.filled(t.Context(), "hund-anmelden")
		if _, err := x.r.send(t.Context(), sh, sentID, sending{secret: secret, declared: true}); err != nil {
			t.Fatal(err)
		}
		x.advance(20 * 24 * time.Hour)
		if err := x.r.save(t.Context(), h, id, "kontakt", 1, form.Answers{"phone": {"0361 1234"}}); err != nil {
			t.Fatal(err)
		}
		x.advance(15 * 24 * time.Hour)
		x.drain()
		if _, _, err := x.r.own(t.Context(), x.h.DB.Reader(), h, id); err != nil {
			t.Errorf("a draft changed 15 days ago: %v", err)
		}
		x.advance(16 * 24 * time.Hour)
		x.drain()
		if _, _, err := x.r.own(t.Context(), x.h.DB.Reader(), h, id); !errs.Is(err, errs.NotFound) {
			t.Errorf("a draft changed 31 days ago: %v", err)
		}
		if _, _, err := x.r.own(t.Context(), x.h.DB.Reader(), sh, sentID); err != nil {
			t.Errorf("a sent application: %v", err)
		}
		if n := x.count("queue_job", "1 = 1"); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
}

func TestBadInput(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		c := &http.Cookie{Name: draftCookie, Value: secret}
		base := "/antrag/" + id
		for name, r := range map[string]struct {
			path, body string
			want       int
		}{
			"malformed UTF-8":     {base + "/halter", "_version=1&given_name=%ff", 422},
			"zero byte":           {base + "/halter", "_version=1&given_name=a%00b", 422},
			"unknown question":    {base + "/halter", "_version=1&fee=0", 422},
			"no version":          {base + "/halter", "given_name=a", 422},
			"two answers":         {base + "/halter", "_version=1&given_name=a&given_name=b", 422},
			"oversize":            {base + "/halter", "_version=1&given_name=" + strings.Repeat("a", smallForm), 413},
			"long answer":         {base + "/halter", "_version=1&given_name=" + strings.Repeat("a", 20_000), 422},
			"unknown page":        {base + "/nichts", "_version=1", 404},
			"send without fee":    {base + "/senden", "declaration-given=true", 422},
			"post to a page":      {base + "/pruefen", "a=b", 404},
			"unknown form":        {"/antrag/start/nichts", "ort=" + erfurt, 404},
			"unknown place":       {"/antrag/start/hund-anmelden", "ort=000000000000", 404},
			"not offered":         {"/antrag/start/hund-anmelden", "ort=" + weimar, 404},
			"status, bad UTF-8":   {"/status", "nummer=%ff&code=1", 422},
			"status, oversize":    {"/status", "nummer=" + strings.Repeat("R", 20_000), 413},
			"status, long number": {"/status", "nummer=" + strings.Repeat("R", 5_000) + "&code=1", 422},
		} {
			if got := x.call(identity.Principal{}, "POST", r.path, urlencoded, r.body, c); got.StatusCode != r.want {
				t.Errorf("%s: %d, want %d", name, got.StatusCode, r.want)
			}
		}
		for path, want := range map[string]int{"/antrag/start/nichts": 404, "/antrag/start/hund-anmelden?ort=" + weimar: 404, "/antrag/start/hund-anmelden?ort=x": 404,
			"/antrag/start/hund-anmelden": 200, base + "/datei/nichts": 404, "/status/R26-0000-0001": 404, "/status/x": 404, "/antrag/" + strings.Repeat("x", 5000): 404,
			base + "/senden": 303, base + "/gesendet": 303, base + "/nachweise": 303} {
			if got := x.call(identity.Principal{}, "GET", path, "", "", c); got.StatusCode != want {
				t.Errorf("%.60s: %d, want %d", path, got.StatusCode, want)
			}
		}
		for _, path := range []string{"/konto?vor=%00", "/konto?vor=%ff", "/antrag/%00", "/antrag/%ff/halter", "/status/%00", "/antrag/start/hund-anmelden?ort=%00", "/status?nummer=%00",
			"/konto?vor=" + strings.Repeat("x", 10_000), "/antrag/" + db.NewID() + "/datei/%00"} {
			if got := x.call(citizen("anna"), "GET", path, "", "", c); got.StatusCode >= 500 {
				t.Errorf("%.60s: %d", path, got.StatusCode)
			}
		}
		a, _, err := x.r.own(t.Context(), x.h.DB.Reader(), h, id)
		if err != nil || a.draft["halter"].Answers["given_name"][0] != "Jana" || a.draft["halter"].Version != 1 {
			t.Errorf("half taken: %v %v", a.draft["halter"], err)
		}
	})
}

func pdfUpload(name string) upload {
	return upload{name, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("%PDF-1.7\n" + name)), nil }}
}

func TestUploads(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		if err := x.r.save(t.Context(), h, id, "ermaessigung", 1, form.Answers{"reduction": {"jagdhund"}}); err != nil {
			t.Fatal(err)
		}
		png := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
		c := &http.Cookie{Name: draftCookie, Value: secret}
		post := func(name string, content []byte) reply {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			_ = m.WriteField("_version", "0")
			_ = m.WriteField("_upload", "1")
			f, _ := m.CreateFormFile("evidence", name)
			_, _ = f.Write(content)
			_ = m.Close()
			return x.call(identity.Principal{}, "POST", "/antrag/"+id+"/nachweise", m.FormDataContentType(), b.String(), c)
		}
		for name, u := range map[string]struct {
			name    string
			content []byte
			want    int
		}{
			"PDF":                     {"a.pdf", []byte("%PDF-1.7\n1"), 303},
			"the same again":          {"a.pdf", []byte("%PDF-1.7\n1"), 303},
			"PNG":                     {"Bild.PNG", png, 303},
			"HTML called PDF":         {"a.pdf", []byte("<html><script>alert(1)</script>"), 422},
			"PDF called HTML":         {"a.html", []byte("%PDF-1.7\n2"), 422},
			"PNG called PDF":          {"b.pdf", png, 422},
			"program":                 {"a.exe", []byte("MZ\x90\x00"), 422},
			"SVG":                     {"a.svg", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), 422},
			"empty":                   {"a.pdf", nil, 422},
			"larger than allowed":     {"a.pdf", append([]byte("%PDF-1.7\n"), make([]byte, maxFile)...), 422},
			"larger than the request": {"a.pdf", make([]byte, filesForm), 413},
			"none":                    {"", nil, 422},
		} {
			if got := post(u.name, u.content); got.StatusCode != u.want {
				t.Errorf("%s: %d, want %d", name, got.StatusCode, u.want)
			}
		}
		_, files, err := x.r.own(t.Context(), x.h.DB.Reader(), h, id)
		if err != nil || len(files) != 2 {
			t.Fatalf("%v %v", files, err)
		}
		got := x.call(identity.Principal{}, "GET", "/antrag/"+id+"/datei/"+files[0].id, "", "", c)
		if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.StatusCode != http.StatusOK {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
		clamd := scantest.Start(t)
		if x.h.Scan, err = scan.New(clamd.Address); err != nil {
			t.Fatal(err)
		}
		if got := post("rechnung.pdf", []byte("%PDF-1.7\n"+scantest.EICAR)); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Schadsoftware") {
			t.Errorf("malware: %d", got.StatusCode)
		}
		clamd.Stop()
		if got := post("rechnung.pdf", []byte("%PDF-1.7\n3")); got.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("the scanner is away: %d", got.StatusCode)
		}
		x.h.Scan = nil
		// The limit of all files together.
		big := []attachment{{size: maxFiles - 5, name: "x"}}
		if _, err := fits(big, []attachment{{size: 6, name: "y"}}); !errs.Is(err, errs.Invalid) {
			t.Errorf("over the limit: %v", err)
		}
		if out, err := fits(big, []attachment{{size: 5, name: "y"}, {size: 5, name: "y"}}); err != nil || len(out) != 1 {
			t.Errorf("at the limit: %v %v", out, err)
		}
		got = x.call(identity.Principal{}, "POST", "/antrag/"+id+"/datei/"+files[0].id, urlencoded, "_group=nachweise", c)
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/antrag/"+id+"/nachweise" {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
		s, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true})
		if err != nil {
			t.Fatal(err)
		}
		parcel, err := x.r.Parcel(system(), id)
		if err != nil || len(parcel.Attachments) != 1 || !strings.Contains(string(parcel.Answers), string(s.reference)) || !strings.Contains(string(parcel.Answers), parcel.Attachments[0].Name) {
			t.Errorf("%+v %s %v", parcel.Attachments, parcel.Answers, err)
		}
		if got := post("late.pdf", []byte("%PDF-1.7\n9")); got.StatusCode != http.StatusSeeOther || x.count("apply_attachment", "1 = 1") != 1 {
			t.Errorf("a file after sending: %d", got.StatusCode)
		}
	})
}

func TestFilesOfHiddenQuestionsAreDropped(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		if err := x.r.attach(t.Context(), h, id, "nachweise", "evidence", []upload{pdfUpload("a.pdf")}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true}); err != nil {
			t.Fatal(err)
		}
		if n := x.count("apply_attachment", "1 = 1"); n != 0 {
			t.Errorf("%d files", n)
		}
	})
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{"a.pdf": "a.pdf", `C:\x\b.pdf`: "b.pdf", "../../etc/passwd": "passwd", "a\r\nb.pdf": "a__b.pdf", "": "datei", "..": "datei",
		"\u202efdp.exe": "_fdp.exe", `a"b.pdf`: "a_b.pdf", strings.Repeat("ä", 300) + ".pdf": strings.Repeat("ä", 100) + ".pdf"} {
		if got := fileName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A form that was replaced: a draft goes on with its version while the program has it, and ends with a clear word else.
func TestReplacedForm(t *testing.T) {
	b, err := os.ReadFile("forms/meldebescheinigung.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	block, err := os.ReadFile("forms/blocks/address.json")
	if err != nil {
		t.Fatal(err)
	}
	second := &fstest.MapFile{Data: bytes.Replace(b, []byte(`"version": 1`), []byte(`"version": 2`), 1)}
	files := fstest.MapFS{"forms/blocks/address.json": {Data: block}, "forms/meldebescheinigung.v2.json": second}
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		h := housetest.New(t, dialect, platform.Files{Room: "apply", FS: Files})
		x := newFixture(t, h)
		id, secret, _ := x.filled(t.Context(), "meldebescheinigung")
		for name, want := range map[string]int{"kept": 200, "gone": 409} {
			fsys := fstest.MapFS{}
			for k, v := range files {
				fsys[k] = v
			}
			if name == "kept" {
				fsys["forms/meldebescheinigung.v1.json"] = &fstest.MapFile{Data: b}
			}
			forms, err := form.Load(fsys)
			if err != nil {
				t.Fatal(err)
			}
			x.r.forms = forms
			got := x.call(identity.Principal{}, "GET", "/antrag/"+id+"/person", "", "", &http.Cookie{Name: draftCookie, Value: secret})
			if got.StatusCode != want {
				t.Errorf("%s: %d, want %d", name, got.StatusCode, want)
			}
			if begun, _, err := x.r.start(t.Context(), "meldebescheinigung", erfurt, i18n.German); err != nil {
				t.Error(err)
			} else if a, err := byID(t.Context(), h.DB.Reader(), begun, ""); err != nil || a.version != 2 {
				t.Errorf("a new draft has version %d, %v", a.version, err)
			}
		}
	}
}

func TestEnglish(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		got := x.call(identity.Principal{}, "GET", "/antrag/start/hund-anmelden?ort="+erfurt, "", "", &http.Cookie{Name: "lang", Value: "en"})
		p := webtest.New(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, got.Body) })).Get("/")
		if !p.Has("Register a dog") || !p.Has("What happens next") || p.Has("Hund anmelden") {
			t.Errorf("%s", p.Text())
		}
	})
}

func TestTexts(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "apply", FS: Files})
	if err := h.Site.Texts.Check(); err != nil {
		t.Error(err)
	}
}
