package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"rennsteig/platform/web"
)

// One page through middleware, layout and template: what every page costs at least.
func BenchmarkPage(b *testing.B) {
	h := newHouse(b)
	h.show(web.Meta{Title: "Alle"}, all{Summary: web.SummaryList{Rows: make([]web.SummaryRow, 10)}})
	handler := h.handler()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/alle", nil))
		b.SetBytes(int64(w.Body.Len()))
	}
}
