package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rennsteig/records"
	"rennsteig/records/access"
)

// Who noted a loan is reminded of it among their tasks from the day on which the paper should be back until its return is
// noted; the registrars are where that person does not work here any more, and whoever stands in for somebody who is away.
func TestLoansDue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at := func(f records.File) records.File {
			now, err := h.core.FileByID(t.Context(), h.h.DB.Reader(), access.At(erfurt), f.ID)
			must(t, err)
			return now
		}
		lend := func(who, to string) records.File {
			c := h.newCase(func(f *records.File, _ *records.Case) { f.Subject = "Papier von " + who })
			h.exec(`UPDATE records_file SET medium = 'paper', location = 'Keller' WHERE id = $1`, c.FileID)
			f := at(records.File{ID: c.FileID})
			must(t, h.core.Lend(as(who), f.ID, f.Version, to, h.now.Add(48*time.Hour)))
			return f
		}
		reminded := func(what string, want map[string]string) {
			t.Helper()
			for who, texts := range want {
				_, page := h.get(who, "/akte/aufgaben")
				var got []string
				for _, s := range []string{"Papier von claudia", "Papier von regina", "Papier von rita", "Papier von fort"} {
					if strings.Contains(page, s) {
						got = append(got, strings.TrimPrefix(s, "Papier von "))
					}
				}
				if strings.Join(got, " ") != texts {
					t.Errorf("%s: %s is reminded of %q, want %q", what, who, got, texts)
				}
				tab := ""
				if n := len(got); n > 0 {
					tab = fmt.Sprintf(" (%d, %d überfällig)", n, n)
				}
				if !strings.Contains(page, ">Aufgaben"+tab+"</a>") {
					t.Errorf("%s: the tab of %s does not say%q", what, who, tab)
				}
			}
		}
		mine, hers, gone := lend("claudia", "Recht <1>"), lend("regina", "Bauhof"), lend("claudia", "Stadtarchiv")
		h.exec(`UPDATE records_file SET lent_by = 'fort', subject = 'Papier von fort' WHERE id = $1`, gone.ID)
		nobody := map[string]string{"claudia": "", "regina": "", "birgit": "", "doris": "", "cem": "", "jens": ""}
		reminded("before the day", nobody)
		h.now = h.now.Add(49 * time.Hour)
		reminded("after it", map[string]string{"claudia": "claudia", "regina": "regina fort", "birgit": "", "doris": "", "cem": "", "jens": ""})
		if _, page := h.get("claudia", "/akte/aufgaben"); !strings.Contains(page, "Das Papier von 1 Akte sollte zurück sein") || !strings.Contains(page, "/akte/akte/"+mine.ID) ||
			!strings.Contains(page, "an Recht &lt;1&gt; bis 25.11.2026") {
			t.Errorf("the reminder: %s", page)
		}
		for _, path := range []string{"/akte/aufgaben?ansicht=erledigt", "/akte/aufgaben?q=x"} {
			if _, page := h.get("claudia", path); strings.Contains(page, "Papier von claudia") {
				t.Errorf("%s has the reminder too", path)
			}
		}

		// A registrar who belongs to no unit is not gone; one who is not registrar any more is.
		h.exec(`UPDATE records_file SET lent_by = 'regina2', subject = 'Papier von rita' WHERE id = $1`, hers.ID)
		reminded("another registrar's", map[string]string{"regina": "fort", "regina2": "rita fort"})
		h.exec(`UPDATE records_file SET lent_by = '' WHERE id = $1`, hers.ID) // lent before that was kept
		reminded("nobody's", map[string]string{"regina": "rita fort"})
		h.exec(`DELETE FROM records_member WHERE subject = 'claudia'`)
		reminded("the member has left", map[string]string{"regina": "claudia rita fort"})
		h.member("20", "claudia", "member")

		h.absent("claudia", "birgit", 3)
		reminded("away", map[string]string{"claudia": "claudia", "birgit": "claudia"})
		for _, f := range []records.File{mine, gone} {
			must(t, h.core.Return(as("regina"), f.ID, at(f).Version))
		}
		reminded("back", map[string]string{"claudia": "", "birgit": "", "regina": "rita"})
	})
}
