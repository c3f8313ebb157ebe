package web_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
	"rennsteig/platform/web/webtest"
)

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/form", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

const urlencoded = "application/x-www-form-urlencoded"

func TestReadForm(t *testing.T) {
	part := func(disposition, content string) string {
		return "--x\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n--x--\r\n"
	}
	for name, c := range map[string]struct {
		contentType, body string
		want              errs.Code
	}{
		"form":              {urlencoded, "a=1&b=%C3%A4", ""},
		"charset":           {urlencoded + "; charset=utf-8", "a=1", ""},
		"empty":             {urlencoded, "", ""},
		"multipart":         {"multipart/form-data; boundary=x", part(`name="a"`, "1"), ""},
		"bad UTF-8":         {urlencoded, "a=%ff", errs.Invalid},
		"bad UTF-8 in name": {urlencoded, "%ff=1", errs.Invalid},
		"NUL":               {urlencoded, "a=%00", errs.Invalid},
		"bad escape":        {urlencoded, "a=%zz", errs.Invalid},
		"semicolon":         {urlencoded, "a=1;b=2", errs.Invalid},
		"JSON":              {"application/json", `{"a":1}`, errs.Invalid},
		"no type":           {"", "a=1", errs.Invalid},
		"multipart broken":  {"multipart/form-data; boundary=x", "--x\r\nContent", errs.Invalid},
		"no boundary":       {"multipart/form-data", "--x--", errs.Invalid},
		"multipart UTF-8":   {"multipart/form-data; boundary=x", part(`name="a"`, "\xff"), errs.Invalid},
		"file name":         {"multipart/form-data; boundary=x", part("name=\"a\"; filename=\"\xff.pdf\"", "x"), errs.Invalid},
		"too large":         {urlencoded, "a=" + strings.Repeat("x", 3000), errs.TooLarge},
		"multipart too large": {"multipart/form-data; boundary=x",
			part(`name="a"; filename="a.pdf"`, strings.Repeat("x", 3000)), errs.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			err := web.ReadForm(httptest.NewRecorder(), post(c.contentType, c.body), 2048)
			if got := errs.CodeOf(err); got != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadFormCleans(t *testing.T) {
	r := post(urlencoded, "text=a%0D%0Ab%0Dc&geburt-day=3&geburt-month=4&geburt-year=2024&x-day=31&x-month=2&x-year=2024&y-day=1&day=2")
	if err := web.ReadForm(httptest.NewRecorder(), r, 2048); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"text": "a\nb\nc", "geburt": "2024-04-03", "x": "2024-2-31", "y": "", "": ""} {
		if got := r.PostForm.Get(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}

// Files beyond the memory that a form may take lie on disk, and go when the request ends.
func TestUploadsAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("nachweis", "nachweis.pdf")
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("0123456789"), 2<<20/10)
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		entries, err := os.ReadDir(os.Getenv("TMPDIR"))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := post(m.FormDataContentType(), body.String()).WithContext(ctx)
		if err := web.ReadForm(httptest.NewRecorder(), r, 4<<20); err != nil {
			t.Fatal(err)
		}
		f, err := r.MultipartForm.File["nachweis"][0].Open()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if files() == 0 {
			t.Fatal("the file is not on disk: this test shows nothing")
		}
		cancel()
		synctest.Wait()
		if n := files(); n > 0 {
			t.Errorf("%d files stay", n)
		}
	})
}

// A browser sends all of its form before it reads the answer, and then gets the page that says it is too much.
func TestTooLargeIsAnswered(t *testing.T) {
	h := newHouse(t)
	h.Handle(h.mux, "POST /form", func(w http.ResponseWriter, r *http.Request) error { return web.ReadForm(w, r, 1<<20) })
	ts := httptest.NewServer(h.handler())
	defer ts.Close()
	c, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const size = 32 << 20
	if _, err := fmt.Fprintf(c, "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", urlencoded, size); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(bytes.Repeat([]byte("a"), size)); err != nil {
		t.Fatalf("sending: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), "größer als die erlaubten 1 MB") {
		t.Errorf("%s, %v: %.200s", answer.Status, err, body)
	}
}

func TestRedirectStaysHere(t *testing.T) {
	h := newHouse(t)
	for path, want := range map[string]string{
		"/akten?x=1#y": "/akten?x=1#y", "/": "/", "/ä": "/ä",
		"": "/", "akten": "/", "//evil.example": "/", `/\evil.example`: "/", `\/evil.example`: "/", "/\t/evil.example": "/", "/\n/evil.example": "/",
		"https://evil.example": "/", "javascript:alert(1)": "/", "///evil.example": "/", "/a\\b": "/", "/\x00": "/", "/\xff": "/", "/%zz": "/", " /a": "/",
		"/" + strings.Repeat("a", 20000): "/",
	} {
		w := httptest.NewRecorder()
		if err := h.Redirect(w, httptest.NewRequest(http.MethodPost, "/", nil), path, ""); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("%.40q: %d to %q, want %q", path, w.Code, got, want)
		}
	}
}

// Whatever is put into weiter=, a browser never leaves the site.
func TestLocalPathStaysHere(t *testing.T) {
	here, _ := url.Parse("https://amt.example/x")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[/\\ahttps:.@?#% \t\n\r-]{0,12}`).Draw(t, "path")
		got, err := here.Parse(web.LocalPath(s))
		if err != nil || got.Host != here.Host || got.Scheme != here.Scheme {
			t.Fatalf("%q leads to %v, %v", s, got, err)
		}
		if strings.ContainsAny(web.LocalPath(s), "\\\t\r\n") || strings.HasPrefix(web.LocalPath(s), "//") {
			t.Fatalf("%q becomes %q", s, web.LocalPath(s))
		}
	})
}

func TestNoticeIsShownOnce(t *testing.T) {
	h := newHouse(t)
	h.show(web.Meta{}, all{})
	h.Handle(h.mux, "GET /tun", func(w http.ResponseWriter, r *http.Request) error {
		return h.Redirect(w, r, "/alle", "web.notice.place_forgotten")
	})
	c := webtest.New(t, h.handler())
	c.Get("/tun").Want(http.StatusOK, "Ihr Ort wurde vergessen.")
	if c.Get("/alle").Has("Ihr Ort wurde vergessen.") {
		t.Error("shown twice")
	}
	if err := h.RedirectCount(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil), "/", "web.notice.place_forgotten", 3); err == nil {
		t.Error("a notice without a number went with one")
	}
	for _, key := range []string{"web.home", "no.notice.here", "errs.internal", "web.notice.place_forgotten:5", "web.notice.place_forgotten:", "web.home:x"} {
		if err := h.Redirect(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil), "/", key); err == nil {
			t.Errorf("%s went as a notice", key)
		}
		r := httptest.NewRequest(http.MethodGet, "/alle", nil)
		r.AddCookie(&http.Cookie{Name: "hinweis", Value: key})
		if webtest.New(t, h.handler()).Do(r).Find("div", map[string]string{"role": "status"}) != nil {
			t.Errorf("a forged cookie shows %s", key)
		}
	}
}

func TestPlace(t *testing.T) {
	for value, want := range map[string]string{"160510000000": "160510000000", "": "", "16051000000": "", "1605100000000": "", "16051000000x": "", "١٦٠٥١٠": ""} {
		w := httptest.NewRecorder()
		web.SetPlace(w, httptest.NewRequest(http.MethodGet, "/", nil), value)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range w.Result().Cookies() {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || (c.MaxAge != 365*24*3600) != (want == "") {
				t.Errorf("cookie %v", c)
			}
			r.AddCookie(c)
		}
		if got := web.Place(r); got != want {
			t.Errorf("%q: place %q, want %q", value, got, want)
		}
		forged := httptest.NewRequest(http.MethodGet, "/", nil)
		forged.Header.Set("Cookie", "ort="+value)
		if got := web.Place(forged); got != want {
			t.Errorf("forged %q: place %q, want %q", value, got, want)
		}
	}
}

func TestDateValue(t *testing.T) {
	for in, want := range map[[4]string]struct {
		value string
		ok    bool
	}{
		{"24", "11", "2026", ""}:   {"2026-11-24", true},
		{" 1", "2 ", "2024", ""}:   {"2024-02-01", true},
		{"29", "2", "2024", ""}:    {"2024-02-29", true},
		{"", "", "", ""}:           {"", true},
		{"29", "2", "2023", ""}:    {"2023-2-29", false},
		{"1", "13", "2023", ""}:    {"2023-13-1", false},
		{"", "2", "2023", ""}:      {"2023-2-", false},
		{"1", "2", "23", ""}:       {"23-2-1", false},
		{"x", "2", "2023", ""}:     {"2023-2-x", false},
		{"-1", "2-3", "2023", ""}:  {"2023-23-1", false},
		{"", "", "", "2026-11-24"}: {"2026-11-24", true},
		{"", "", "", "24.11.2026"}: {"2026-11-24", true},
		{"", "", "", "gestern"}:    {"gestern", false},
	} {
		form := url.Values{"d-day": {in[0]}, "d-month": {in[1]}, "d-year": {in[2]}, "d": {in[3]}}
		value, ok := web.DateValue(form, "d")
		if value != want.value || ok != want.ok {
			t.Errorf("%q: %q, %t; want %q, %t", in, value, ok, want.value, want.ok)
		}
		if again, _ := web.DateValue(url.Values{"d": {value}}, "d"); ok && again != value {
			t.Errorf("%q is read again as %q", value, again)
		}
	}
}

func FuzzReadForm(f *testing.F) {
	f.Add(urlencoded, "a=1&b=%C3%A4&d-day=1&d-month=2&d-year=2024")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n1\r\n--x--\r\n")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/form", strings.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		if err := web.ReadForm(httptest.NewRecorder(), r, 4096); err != nil {
			if code := errs.CodeOf(err); code != errs.Invalid && code != errs.TooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		for key, values := range r.PostForm {
			for _, v := range append(values, key) {
				if strings.ToValidUTF8(v, "") != v || strings.Contains(v, "\x00") {
					t.Fatalf("%q = %q", key, v)
				}
			}
		}
	})
}
