package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is broken must be found, or all the other tests show nothing.
func TestFaultsAreFound(t *testing.T) {
	const page = `<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Fehlerhaft</title>
<style>body { background: #fff; color: #000; }
.same { color: #fff; background-image: linear-gradient(#fff, #fff); } .pale { color: #bbb; } .wide { width: 600px; } .box { overflow-x: auto; }
@media (prefers-color-scheme: dark) { .night { color: #eee; } }</style></head>
<body><main><h1>Fehlerhaft</h1><p class="pale">zu blass</p><p class="night">nachts zu blass</p><img src="data:,"><input type="text">
<div class="wide">zu breit</div><div class="box" tabindex="0"><div class="wide">darf breit sein</div></div></main></body></html>`
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
		_, _ = w.Write([]byte(page))
	}))
	defer ts.Close()
	b := New(t)
	b.Open(ts.URL)
	found := strings.Join(b.problems(), "\n")
	for _, want := range []string{
		"at 1280 px, dark false: color-contrast", "image-alt", "label:", "at 320 px, dark false: page is", `at 320 px, dark false: sticks out: <div class="wide">zu breit`,
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s", want)
		}
	}
	if strings.Contains(found, `sticks out: <div class="wide">darf`) {
		t.Error("what scrolls in its own box is reported")
	}
	if night := strings.Count(found, "nachts zu blass"); night != 2 {
		t.Errorf("text that is pale only in dark mode is found in %d views, not in 2", night)
	}
	if got := invalidHTML(t, map[string]string{"/a": page, "/b": "<!DOCTYPE html><p><div></p>"}); !strings.Contains(got, "/b:1") || !strings.Contains(got, "/a:") {
		t.Errorf("html-validate says %q", got)
	}
}

// Of a page that is known in another state, what is new is looked at, and only that.
func TestFaultsOfAnotherStateAreFound(t *testing.T) {
	states := map[string]string{
		"/fall/1": `<p>Text</p>`,
		"/fall/2": `<p>Anderer Text</p><ul><li>eins</li></ul>`,
		"/fall/3": `<p>Text</p><ul><li>eins</li><li>zwei</li></ul><div><p class="pale">zu blass</p></div>`,
		"/fall/4": `<div><p class="pale">auch zu blass</p></div>`,
	}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Fall</title><style>body { background: #fff; color: #000; }
.pale { color: #bbb; }</style></head><body><main><h1>Fall</h1>` + states[r.URL.Path] + `</main></body></html>`))
	}))
	defer ts.Close()
	b := New(t, TwoViews)
	for _, c := range []struct{ path, want string }{
		{"/fall/1", ""}, {"/fall/2", ""}, {"/fall/3", "at 320 px, dark true: color-contrast"}, {"/fall/4", ""}, // the last has nothing new
	} {
		b.Open(ts.URL + c.path)
		if found := b.problems(); len(found) > 1 || strings.Join(found, "") != "" != (c.want != "") || !strings.Contains(strings.Join(found, ""), c.want) {
			t.Errorf("%s: %q", c.path, found)
		}
	}
}
