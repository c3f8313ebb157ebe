package office

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestLeaving takes somebody with work on their desk out of a unit: only after a page that says what it is.
func TestLeaving(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		tasks := 0
		h.Tasks = func(_ context.Context, _ db.Querier, a access.Access, holder string) (int, error) {
			if !a.Has(erfurt) || holder != "person:erika" {
				t.Errorf("asked for the tasks of %s", holder)
			}
			return tasks, nil
		}
		unit := h.unit(t, "20", "")
		m := Member{Unit: unit, Subject: "erika", Role: access.Member}
		must(t, h.PutMember(regina, erfurt, m))
		form := url.Values{"authority": {erfurt}, "unit": {unit}, "subject": {"erika"}, "role": {"member"}}
		members := func() int {
			o, err := h.Organisation(regina, erfurt)
			must(t, err)
			return len(o.Units[0].Members)
		}
		f, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x"}})
		must(t, err)
		c, err := h.core.OpenCase(erika, records.NewCase{File: f.ID, Subject: "x"})
		must(t, err)
		tasks = 3
		w := h.send(regina, "POST", "/akte/organisation/mitglied-entfernen", form)
		for _, want := range []string{"3 offene Aufgaben", "1 Vorgang,", "Erika Amt", `href="/akte/abwesenheit#uebergabe"`} {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("the question: %d, or it lacks %s", w.Code, want)
			}
		}
		if members() != 1 {
			t.Fatal("taken out before the question was answered")
		}
		form.Set("bestaetigt", "1")
		if w := h.send(regina, "POST", "/akte/organisation/mitglied-entfernen", form); w.Code != http.StatusSeeOther || members() != 0 {
			t.Errorf("after the answer: %d", w.Code)
		}
		form.Del("bestaetigt") // sent again
		if w := h.send(regina, "POST", "/akte/organisation/mitglied-entfernen", form); w.Code != http.StatusSeeOther {
			t.Errorf("who is gone already: %d", w.Code)
		}
		must(t, h.PutMember(regina, erfurt, m))
		tasks = 0
		must(t, h.core.Close(erika, c.ID, c.Version))
		if w := h.send(regina, "POST", "/akte/organisation/mitglied-entfernen", form); w.Code != http.StatusSeeOther || members() != 0 {
			t.Errorf("with an empty desk: %d", w.Code)
		}
	})
}
