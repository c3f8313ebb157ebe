package disposal

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

func TestStrangersAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := h.guard(t)
		b, err := os.ReadFile("web.go")
		must(t, err)
		source := regexp.MustCompile(`handle\("(GET|POST) ([^"]+)",`).FindAllStringSubmatch(string(b), -1)
		if len(source) < 25 {
			t.Fatalf("%d addresses", len(source))
		}
		form := url.Values{"akte": {g.due.ID}, "schritte": {"4"}, "id": {db.NewID()}, "behoerde": {erfurt}, "archive": {"x"}, "paket": {db.NewID()},
			"vorschlag": {g.approval}, "object": {"file:" + g.due.ID}, "court": {"x"}, "judgment": {"x"}, "reason": {"x"}, "unit": {unitA}, "name": {secret},
			"treffer": {"vorgang:" + g.caseID}, "gezeigt": {"vorgang:" + g.caseID}}
		before := h.state(t)
		for _, m := range source {
			method, path := m[1], m[2]
			id := g.process
			switch {
			case strings.Contains(path, "/akte/akte/"):
				id = g.due.ID
			case strings.Contains(path, "/paket/"):
				id = g.packageID
			case strings.Contains(path, "/loeschung/"):
				id = g.erasure
			case strings.Contains(path, personPath):
				id = g.search
			case strings.Contains(path, importPath):
				id = g.imported.ID
			}
			for who, s := range strangers {
				req := httptest.NewRequestWithContext(s.ctx, method, strings.Replace(path, "{id}", id, 1), strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				h.mux.ServeHTTP(w, req)
				want := errs.Status(s.code)
				switch {
				case s.code == errs.Unauthenticated && method == http.MethodGet:
					want = http.StatusSeeOther // to the sign-in
				case strings.HasSuffix(path, "/aufbewahrung") && who == "clerk of Erfurt":
					want = http.StatusOK // that is theirs to see
				case s.code == errs.NotFound && !strings.Contains(path, "{id}") && method == http.MethodGet:
					want = http.StatusOK // lists of their own, empty
				case s.code == errs.NotFound && (path == listPath || path == importPath):
					want = http.StatusUnprocessableEntity // an upload without a file
				}
				// What a registrar elsewhere posts is about their own authority; there is nothing there. Who has to sign in again gets
				// back what they sent.
				ownOnly := s.code == errs.NotFound && method == http.MethodPost && !strings.Contains(path, "{id}")
				shows := strings.Contains(w.Body.String(), secret) && who != "clerk of Erfurt" && !ownOnly && w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), g.due.Reference) && who != "clerk of Erfurt"
				if w.Code != want && (!ownOnly || w.Code < 300 && path != personPath || w.Code >= 500) || shows {
					t.Errorf("%s %s by %s: status %d, want %d; or it shows what it must not", method, path, who, w.Code, want)
				}
			}
		}
		old := stripJena(before)
		for _, line := range stripJena(h.state(t)) {
			if !slices.Contains(old, line) {
				t.Errorf("a stranger changed something: %s", line)
			}
		}
		if after := stripJena(h.state(t)); len(after) != len(old) {
			t.Errorf("%d rows became %d", len(old), len(after))
		}
	})
}

// stripJena are the rows in order, without those of Jena, which its registrar may change.
func stripJena(state string) []string {
	lines := slices.DeleteFunc(strings.Split(state, "\n"), func(line string) bool { return strings.Contains(line, jena) })
	slices.Sort(lines)
	return lines
}
