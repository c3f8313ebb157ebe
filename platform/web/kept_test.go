package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

// Whether the form was read before or not: what was typed comes back to be sent again, files have to be chosen again.
func TestKeptForm(t *testing.T) {
	h := newHouse(t)
	refuse := errs.E(errs.Unauthenticated, "errs.unauthenticated")
	h.Handle(h.mux, "POST /gleich", func(http.ResponseWriter, *http.Request) error { return refuse })
	h.Handle(h.mux, "POST /gelesen", func(w http.ResponseWriter, r *http.Request) error {
		if err := web.ReadForm(w, r, 1<<20); err != nil {
			return err
		}
		return refuse
	})
	var upload bytes.Buffer
	m := multipart.NewWriter(&upload)
	for _, err := range []error{m.WriteField("text", "Lieber <b> Text"), m.WriteField("version", "3")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.pdf", "b <c>.pdf"} {
		if f, err := m.CreateFormFile("dateien", name); err != nil {
			t.Fatal(err)
		} else if _, err := f.Write(bytes.Repeat([]byte("x"), 10<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	send := func(path, contentType, accept, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Accept", accept)
		r.Header.Set("Referer", "http://"+r.Host+"/formular?liste=1")
		w := httptest.NewRecorder()
		h.mux.ServeHTTP(w, r)
		return w
	}
	form := url.Values{"text": {"Lieber <b> Text"}, "version": {"3"}, "nichts": {""}}.Encode()
	for _, path := range []string{"/gleich?x=1", "/gelesen?x=1"} {
		for _, c := range []struct{ contentType, body string }{{urlencoded, form}, {m.FormDataContentType(), upload.String()}} {
			w := send(path, c.contentType, "text/html", c.body)
			want := []string{`action="` + path + `"`, `name="text" value="Lieber &lt;b&gt; Text"`, `name="version" value="3"`, `<p class="rs-said">Lieber &lt;b&gt; Text</p>`,
				"Ihre Sitzung ist abgelaufen", `href="/anmelden?weiter=%2Fformular%3Fliste%3D1" target="_blank"`}
			if c.contentType != urlencoded {
				want = append(want, `enctype="multipart/form-data"`, `type="file" id="datei-0" name="dateien"`, "Gewählt waren: a.pdf, b &lt;c&gt;.pdf")
			}
			for _, text := range want {
				if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), text) {
					t.Errorf("%s, %s: %d, lacks %s", path, c.contentType, w.Code, text)
				}
			}
		}
	}
	// What is no form, or too much of one, or comes from a program, is only refused.
	for what, w := range map[string]*httptest.ResponseRecorder{
		"empty":    send("/gleich", urlencoded, "text/html", ""),
		"no form":  send("/gleich", "application/json", "text/html", "{}"),
		"broken":   send("/gleich", m.FormDataContentType(), "text/html", upload.String()[:300]),
		"no text":  send("/gleich", urlencoded, "text/html", "text=%ff+x"),
		"too long": send("/gleich", urlencoded, "text/html", "text="+strings.Repeat("x+", 1<<20)),
		"program":  send("/gleich", urlencoded, "application/json", form),
	} {
		if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "<form method=\"post\" action=\"/gleich") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := send("/gleich", urlencoded, "application/json", form); !strings.Contains(w.Header().Get("Content-Type"), "problem+json") {
		t.Errorf("a program gets %s", w.Header().Get("Content-Type"))
	}
}
