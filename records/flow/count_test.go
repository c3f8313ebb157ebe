package flow

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// TestTab: the tabs of every page say how many tasks are open for somebody and how many of them are late, up to a hundred.
func TestTab(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		tab := func(who, want string) {
			t.Helper()
			_, page := h.get(who, "/akte/abwesenheit")
			if !strings.Contains(page, ">Aufgaben"+strings.ReplaceAll(want, "+", "&#43;")+"</a>") {
				i := strings.Index(page, ">Aufgaben")
				t.Errorf("%s: want %q: %s", who, want, page[i:i+60])
			}
		}
		tab("birgit", "")
		c := h.newCase(nil)
		late := step(Act, "birgit")
		late.Days = 3
		h.start(c, "", late)
		h.start(c, "", step(Know, access.Unit("20")))
		must(t, h.BringBack(as("birgit"), c.ID, db.NewID(), h.now, "")) // is never late
		tab("birgit", " (3)")
		h.now = h.now.AddDate(0, 0, 4)
		tab("birgit", " (3, 1 überfällig)")
		tab("doris", " (1)")
		h.absent("birgit", "cem", 3)
		tab("cem", " (2, 1 überfällig)") // those by name
		h.start(h.newCase(nil), "", step(Act, "sabine"))
		h.exec(`DELETE FROM records_guest`)
		h.exec(`UPDATE records_file SET readers = 'unit:30', writers = 'unit:30', lead = '30' WHERE id <> $1`, c.FileID)
		tab("sabine", " (1)") // not what she may not read, but what lies with her unit above
		for range 110 {
			s := step(Act, "birgit")
			s.Days = 1
			h.start(c, "", s)
		}
		tab("birgit", " (99+, 1 überfällig)")
		h.now = h.now.AddDate(0, 0, 4)
		tab("birgit", " (99+, 99+ überfällig)")
		req := httptest.NewRequestWithContext(context.Background(), "GET", "/akte/aufgaben", nil)
		if got := h.tab(req); got != "" {
			t.Errorf("nobody's tasks: %q", got)
		}
	})
}
