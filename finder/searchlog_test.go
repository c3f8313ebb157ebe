package finder

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/housetest"
	"rennsteig/platform/web/webtest"
)

func TestSearchesAreCounted(t *testing.T) {
	housetest.Each(t, []platform.Files{{Room: "finder", FS: Files}}, func(t *testing.T, h *platform.House) {
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		h.Now = func() time.Time { return now }
		r, mux := site(t, h)
		flush := func() {
			t.Helper()
			if err := r.flushSearches(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		dump := func() string {
			t.Helper()
			rows, err := h.DB.Reader().Query(context.Background(), `SELECT day, CASE WHEN hash = '' THEN 'rest' ELSE 'hash' END, query, times, fruitless, clicks
				FROM finder_search_count ORDER BY day, query, times, hash`)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var out []string
			for rows.Next() {
				var day, hash, query string
				var times, fruitless, clicks int
				if err := rows.Scan(&day, &hash, &query, &times, &fruitless, &clicks); err != nil {
					t.Fatal(err)
				}
				out = append(out, fmt.Sprintf("%s %s %q %d %d %d", day, hash, query, times, fruitless, clicks))
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			return strings.Join(out, "\n")
		}
		c := webtest.New(t, mux)
		c.Get("/suche?q=hund+anmelden") // there is no key yet: not counted
		flush()
		for range 4 {
			p := c.Get("/suche?q=Hund++anmelden")
			if strings.Contains(p.Body, "suche=hund") {
				t.Error("the words are in a link")
			}
		}
		c.Get("/suche?q=hund+anmelden").Click("Hundehaltung: Anmeldung").Want(200, "Wer ist zuständig?")
		c.Get("/suche?q=hund+anmelden&seite=2")
		for range 4 {
			c.Get("/suche?q=quarkstrudel+xyz")
		}
		for range 6 {
			c.Get("/suche?q=max@beispiel.example")
		}
		for _, bad := range []string{"x", strings.Repeat("a", 32), strings.Repeat("g", 32), "' OR 1=1"} {
			c.Get("/leistung/" + dogKey + "?suche=" + strings.ReplaceAll(bad, " ", "+"))
		}
		flush()
		want := `2026-11-24 hash "" 4 4 0
2026-11-24 hash "" 6 6 0
2026-11-24 hash "hund anmelden" 5 0 1`
		if got := dump(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		c.Get("/suche?q=quarkstrudel+xyz") // the fifth: from now on its words are known
		flush()
		c.Get("/suche?q=einmal+gefragt")
		now = now.Add(24 * time.Hour)
		flush()
		c.Get("/suche?q=hund+anmelden")
		flush()
		want = `2026-11-24 rest "" 7 7 0
2026-11-24 hash "hund anmelden" 5 0 1
2026-11-24 hash "quarkstrudel xyz" 5 5 0
2026-11-25 hash "" 1 0 0`
		if got := dump(); got != want {
			t.Errorf("the next day:\n%s\nwant\n%s", got, want)
		}
		// A second process has the same key.
		other, err := New(h, dogForm{}, demoFee{})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.flushSearches(context.Background()); err != nil {
			t.Fatal(err)
		}
		if string(other.searches.key) != string(r.searches.key) || len(r.searches.key) != 32 {
			t.Error("two processes have different keys")
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 100 {
					r.note("zugleich", true)
				}
			})
		}
		group.Wait()
		flush()
		if !strings.Contains(dump(), `"zugleich" 800 0 0`) {
			t.Errorf("at once:\n%s", dump())
		}
	})
}
