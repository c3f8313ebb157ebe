package disposal

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/web/webtest"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

var stepOf = regexp.MustCompile(`rs-step--(\w+)".*?rs-step__text">([^<]+)<`)

// steps are those that the page of a process shows, what is done in [].
func (h *house) steps(t testing.TB, one *webtest.Client, process string) string {
	t.Helper()
	var out []string
	for _, m := range stepOf.FindAllStringSubmatch(strings.ReplaceAll(one.Get(listPath+"/"+process).Want(http.StatusOK).Body, "\n", ""), -1) {
		out = append(out, map[string]string{"done": "[" + m[2] + "]", "current": m[2] + "!", "open": m[2]}[m[1]])
	}
	return strings.Join(out, " ")
}

// The steps that a process shows are those that it goes: where all is rated V nothing is handed over.
func TestSteps(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		file := func(unit string) records.File { return h.closed(t, claudia, erfurt, unit) }
		a, b, v, w, x := file(unitA), file(unitB), file(unitV), file(unitV), file(unitV)
		h.years(40)
		one := h.as(t, regina)
		want := func(process, steps string) {
			t.Helper()
			if got := h.steps(t, one, process); got != steps {
				t.Errorf("shows %q, want %q", got, steps)
			}
		}
		fetch := func(process string, m xdomea.Message) {
			t.Helper()
			h.packageOf(t, process, m)
		}
		destroy := func(process string) {
			t.Helper()
			approval := db.NewID()
			if h.Propose(regina, process, approval) == nil {
				must(t, h.Approve(arne, process, approval))
			}
			_, err := h.Destroy(regina, process)
			must(t, err)
			h.drain(t)
		}

		// All V, in two steps.
		id := h.offer(t, 2, v)
		want(id, "Vernichtung!")
		destroy(id)
		want(id, "[Vernichtung]")

		// All V, in four: what becomes of them is not known until the archive has said it.
		id = h.offer(t, 4, w)
		want(id, "Anbieten! Bewertung Abgabe Übernahme Vernichtung")
		fetch(id, xdomea.Offer)
		want(id, "[Anbieten] Bewertung! Abgabe Übernahme Vernichtung")
		must(t, h.take(regina, message(t, id, xdomea.AppraisalList, appraised("V", w)...)))
		want(id, "[Anbieten] [Bewertung] Vernichtung!")
		destroy(id)
		want(id, "[Anbieten] [Bewertung] [Vernichtung]")

		// Both: what is V waits while A goes its way.
		id = h.offer(t, 4, a, b)
		must(t, h.take(regina, message(t, id, xdomea.AppraisalList, append(appraised("A", a), appraised("V", b)...)...)))
		want(id, "[Anbieten] [Bewertung] Abgabe! Übernahme Vernichtung")
		_, err := h.HandOver(regina, id, db.NewID())
		must(t, err)
		h.drain(t)
		want(id, "[Anbieten] [Bewertung] Abgabe! Übernahme Vernichtung")
		fetch(id, xdomea.Disposal)
		want(id, "[Anbieten] [Bewertung] [Abgabe] Übernahme! Vernichtung")
		must(t, h.take(regina, message(t, id, xdomea.DisposalResult, result(true, a)...)))
		want(id, "[Anbieten] [Bewertung] [Abgabe] [Übernahme] Vernichtung!")
		destroy(id)
		want(id, "[Anbieten] [Bewertung] [Abgabe] [Übernahme] [Vernichtung]")

		// All taken out.
		for _, steps := range []int{2, 4} {
			id = h.offer(t, steps, x)
			must(t, h.Withdraw(regina, id, x.ID))
			want(id, fmt.Sprint(map[int]string{2: "", 4: "[Anbieten]"}[steps]))
		}
	})
}
