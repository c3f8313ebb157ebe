package web_test

import (
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"

	"rennsteig/platform/web"
)

func rowsOf(err error, rows ...[]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func TestSendCSV(t *testing.T) {
	w := httptest.NewRecorder()
	if err := web.SendCSV(w, `22.31-2026/000017 "Hü"`, []string{"Eins", "Zwei"}, rowsOf(nil, []string{"a;b", "=1+1"}, []string{"ü", "x\ny"})); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Body.String(), "\ufeffEins;Zwei\r\n\"a;b\";'=1+1\r\nü;\"x\r\ny\"\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for name, want := range map[string]string{"Content-Type": "text/csv; charset=utf-8", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": "attachment; filename*=utf-8''22.31-2026-000017%20H%C3%BC.csv"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w = httptest.NewRecorder()
	if err := web.SendCSV(w, "x", []string{"Eins"}, rowsOf(nil)); err != nil || w.Body.String() != "\ufeffEins\r\n" {
		t.Errorf("an empty list: %q, %v", w.Body, err)
	}
}

// What fails at once is an error page; what fails later is no whole file.
func TestSendCSVFails(t *testing.T) {
	broken := errors.New("broken")
	w := httptest.NewRecorder()
	if err := web.SendCSV(w, "x", nil, rowsOf(broken)); !errors.Is(err, broken) || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("%v, %q", err, w.Body)
	}
	defer func() {
		if r := recover(); r != any(http.ErrAbortHandler) {
			t.Errorf("recovered %v", r)
		}
	}()
	_ = web.SendCSV(httptest.NewRecorder(), "x", nil, rowsOf(broken, []string{"1"}))
	t.Error("half a list was sent as a whole one")
}

func TestPlain(t *testing.T) {
	for want, c := range map[string]web.TableCell{"a": {Text: "a", Note: "b", Badges: []web.Badge{{Text: "c"}}}, "1024": {Text: "1 KB", File: "1024"},
		"neu, eilig": {Badges: []web.Badge{{Text: "neu"}, {Text: "eilig"}}}, "": {Button: web.RowButton{Text: "tun"}}} {
		if got := c.Plain(); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}
