package flow

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"
)

// TestThroughList: who opens a task from a list goes from task to task of that list, in its order, and back to it.
func TestThroughList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		for i := range 6 {
			s := step([]Kind{CoSign, Act, Know}[i%3], "birgit")
			s.Days = 6 - i
			document := ""
			if s.Kind.Signs() {
				document = doc
			}
			h.start(c, document, s)
			h.now = h.now.Add(time.Minute)
		}
		for _, f := range []Filter{{}, {Sort: SortNewest}, {Kind: Act}, {View: ViewMine, Query: "nachtrag"}} {
			l, err := h.Inbox(as("birgit"), f)
			must(t, err)
			for i, e := range l.Items {
				next, err := h.Next(as("birgit"), e.Task, &f)
				must(t, err)
				if want := l.Items[(i+1)%len(l.Items)].ID; next != want {
					t.Errorf("%+v, after %d: %s, want %s", f, i, next, want)
				}
			}
		}

		list := Filter{Sort: SortNewest, Kind: Act}
		l, err := h.Inbox(as("birgit"), list)
		must(t, err)
		_, page := h.get("birgit", list.path())
		m := regexp.MustCompile(`href="(/akte/aufgabe/` + l.Items[0].ID + `[^"]*)"`).FindStringSubmatch(page)
		if m == nil {
			t.Fatal("no link to the task")
		}
		path := html.UnescapeString(m[1])
		next := list.taskPath(l.Items[1].ID)
		h.must200("birgit", path, html.EscapeString(next), html.EscapeString(list.path()), "Zurück zur Liste", `name="liste" value="`+html.EscapeString(list.values().Encode())+`"`)
		do := func(k Task, weiter, tun string) (int, string) {
			form := url.Values{"version": {fmt.Sprint(k.Version)}, "tun": {tun}, "seite": {"aufgabe"}, "weiter": {weiter}, "liste": list.hidden()}
			status, to, _ := h.send("birgit", "/akte/aufgabe/"+k.ID, form)
			return status, to
		}
		if status, to := do(l.Items[0].Task, "ja", "erledigt"); status != http.StatusSeeOther || to != next {
			t.Fatalf("done: %d, to %s, want %s", status, to, next)
		}
		h.must200("birgit", next, "Das ist Ihre letzte Aufgabe", "Zurück zur Liste")
		if status, _ := do(l.Items[1].Task, "", "ablehnen"); status != http.StatusUnprocessableEntity {
			t.Fatalf("refused without a reason: %d", status)
		}
		if status, to := do(l.Items[1].Task, "ja", "erledigt"); status != http.StatusSeeOther || to != list.path() {
			t.Fatalf("done the last: %d, to %s", status, to)
		}
		all := Filter{}
		if path := all.taskPath("x"); path != "/akte/aufgabe/x?liste=" {
			t.Errorf("from the whole list: %s", path)
		}
		rest, err := h.Inbox(as("birgit"), all)
		must(t, err)
		h.must200("birgit", all.taskPath(rest.Items[0].ID), `href="/akte/aufgaben"`, "Zurück zur Liste", html.EscapeString(all.taskPath(rest.Items[1].ID)))
		done := Filter{View: ViewDone}
		d, err := h.Inbox(as("birgit"), done)
		must(t, err)
		if after, err := h.Next(as("birgit"), d.Items[len(d.Items)-1].Task, &done); after != "" || err != nil {
			t.Errorf("after the last of what was done: %q, %v", after, err)
		}
	})
}
