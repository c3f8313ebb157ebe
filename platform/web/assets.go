package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
)

//go:embed all:dist all:static
var assetFS embed.FS

// Assets are the hashed static files. URL("app.css") gives "/assets/app.3f2a….css". The zero Assets has none and is
// good enough for tests that look at no picture.
type Assets struct {
	urls  map[string]string
	files map[string]asset // by the name in the address
}

type asset struct {
	contentType string
	body, gz    []byte // gz is nil where it saves nothing
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

var cssURL = regexp.MustCompile(`url\("([a-zA-Z0-9.-]+)"\)`)

// LoadAssets hashes and compresses the embedded files. It fails where "make assets" has not put styles and fonts.
func LoadAssets() (Assets, error) {
	a := Assets{urls: map[string]string{}, files: map[string]asset{}}
	if _, err := fs.Stat(assetFS, "dist/kern.min.css"); err != nil {
		return a, errors.New("styles and fonts are missing: run \"make assets\" and build again")
	}
	// app.css names other files, so it comes last.
	var names []string
	for _, dir := range []string{"dist", "static"} {
		entries, err := fs.ReadDir(assetFS, dir)
		if err != nil {
			return a, err
		}
		for _, e := range entries {
			if assetTypes[path.Ext(e.Name())] != "" && e.Name() != "app.css" {
				names = append(names, dir+"/"+e.Name())
			}
		}
	}
	for _, name := range append(names, "static/app.css") {
		body, err := assetFS.ReadFile(name)
		if err != nil {
			return a, err
		}
		if path.Ext(name) == ".css" {
			body = cssURL.ReplaceAllFunc(body, func(m []byte) []byte {
				return fmt.Appendf(nil, "url(%q)", a.URL(string(cssURL.FindSubmatch(m)[1])))
			})
		}
		if err := a.add(path.Base(name), body); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (a Assets) add(name string, body []byte) error {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	file := asset{contentType: assetTypes[ext], body: body}
	if ext != ".woff2" { // is compressed
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		file.gz = b.Bytes()
	}
	a.urls[name], a.files[hashed] = "/assets/"+hashed, file
	return nil
}

// URL is the address of the asset; the plain name if it is unknown.
func (a Assets) URL(name string) string {
	if u, ok := a.urls[name]; ok {
		return u
	}
	return "/assets/" + name
}

// serve answers GET /assets/{name}. An address names its content for good, so browsers may keep it.
func (a Assets) serve(w http.ResponseWriter, r *http.Request) error {
	file, ok := a.files[r.PathValue("name")]
	if !ok {
		return errs.E(errs.NotFound, "errs.no_page")
	}
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := file.body
	if file.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = file.gz
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the caller has gone if it fails
	return nil
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
