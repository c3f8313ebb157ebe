package app

import (
	"bytes"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rennsteig/platform/db"
)

var deskForm = regexp.MustCompile(`"(POST /(?:akte|redaktion)[^"]*)"`)

// deskForms are the addresses that the electronic file and the editors' desk take forms at, read from their sources.
func deskForms(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, root := range []string{"../records", "../finder"} {
		if err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			for _, m := range deskForm.FindAllStringSubmatch(string(code), -1) {
				out[m[1]] = true
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for address := range addresses {
		if strings.HasPrefix(address, "POST ") && !out[address] {
			t.Errorf("%s was not found in the sources", address)
		}
	}
	return out
}

// Whoever's session has ended while they typed gets what they typed back, from every form of a desk.
func TestFormsAreKept(t *testing.T) {
	p := testProgram(t)
	h := p.handler()
	param := regexp.MustCompile(`\{[^}]*\}`)
	const typed = "Mühsam <geschrieben>, am 31.02."
	fields := map[string]string{"text": typed, "name": "Meine", "due": "31.02.", "version": "7", "liste": "inbox", "behoerde": "160510000000", "whose": "160510000000"}
	form := url.Values{}
	var upload bytes.Buffer
	m := multipart.NewWriter(&upload)
	for name, value := range fields {
		form.Set(name, value)
		if err := m.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := m.CreateFormFile("dateien", "brief.pdf"); err != nil {
		t.Fatal(err)
	} else if _, err := f.Write([]byte("%PDF")); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	all := deskForms(t)
	if len(all) < 90 {
		t.Errorf("only %d forms", len(all))
	}
	for address := range all {
		path := strings.ReplaceAll(strings.TrimPrefix(address, "POST "), "{key}", "99012001011000")
		path = param.ReplaceAllString(path, db.NewID())
		for contentType, body := range map[string]string{"application/x-www-form-urlencoded": form.Encode(), m.FormDataContentType(): upload.String()} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Accept", "text/html")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := []string{`action="` + path + `"`, `name="text" value="Mühsam &lt;geschrieben&gt;, am 31.02."`, `name="due" value="31.02."`, `name="version" value="7"`}
			if contentType == m.FormDataContentType() {
				want = append(want, "brief.pdf")
			}
			for _, text := range want {
				if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), text) {
					t.Errorf("%s, %s: %d, lacks %s", address, contentType, w.Code, text)
				}
			}
		}
	}
}
