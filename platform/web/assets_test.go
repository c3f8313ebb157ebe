package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

func TestAssets(t *testing.T) {
	assets, err := web.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	s := web.New(i18n.New(), assets, nil)
	mux := http.NewServeMux()
	s.Routes(mux)
	get := func(path, encoding string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	for name, contentType := range map[string]string{"kern.min.css": "text/css; charset=utf-8", "app.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml", "FiraSans-Regular.woff2": "font/woff2"} {
		path := assets.URL(name)
		if !regexp.MustCompile(`^/assets/[A-Za-z.-]+\.[0-9a-f]{12}\.[a-z0-9]+$`).MatchString(path) {
			t.Errorf("%s has no hash: %s", name, path)
		}
		answer := get(path, "br, gzip;q=0.8")
		plain, err := io.ReadAll(get(path, "gzip;q=0, br").Body)
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != contentType || answer.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %s %v %v", name, answer.Status, answer.Header, err)
		}
		if name == "FiraSans-Regular.woff2" {
			if answer.Header.Get("Content-Encoding") != "" {
				t.Error("a compressed font is compressed again")
			}
			continue
		}
		z, err := gzip.NewReader(answer.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if unzipped, err := io.ReadAll(z); err != nil || string(unzipped) != string(plain) || answer.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: zipped %d bytes, plain %d, %v", name, len(unzipped), len(plain), err)
		}
		for _, m := range regexp.MustCompile(`url\("?(/[^")]+)`).FindAllStringSubmatch(string(plain), -1) {
			if got := get(m[1], "").StatusCode; got != http.StatusOK {
				t.Errorf("%s names %s: %d", name, m[1], got)
			}
		}
		if strings.Contains(string(plain), `url("Fira`) {
			t.Errorf("%s names a file without its hash", name)
		}
	}
	if got := (web.Assets{}).URL("app.css"); got != "/assets/app.css" {
		t.Errorf("without assets: %s", got)
	}
}
