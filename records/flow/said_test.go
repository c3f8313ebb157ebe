package flow

import (
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// What is written in the course of business is counted by its case, and read by who may read the case only.
func TestSaid(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		count := func() (n int) {
			must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT said FROM records_case WHERE id = $1`, c.ID).Scan(&n))
			return n
		}
		said := func(a access.Access) []string {
			t.Helper()
			texts, err := h.core.SaidIn(t.Context(), h.h.DB.Reader(), a, []string{c.ID})
			must(t, err)
			return texts[c.ID]
		}
		var before int
		more := func(what string, is bool) {
			t.Helper()
			if now := count(); (now > before) != is {
				t.Errorf("%s: %d, before %d", what, now, before)
			}
			before = count()
		}
		must(t, h.AddComment(as("claudia"), c.ID, db.NewID(), "Der Halter ruft an"))
		more("a comment", true)
		s := step(Know, "birgit")
		s.Text = "Bitte zurückrufen"
		id := h.start(c, "", s)
		more("a circulation", true)
		for _, want := range []string{"Der Halter ruft an", "Bitte zurückrufen"} {
			if got := said(access.All); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
				t.Errorf("%q lacks %q", got, want)
			}
		}
		if got := said(access.At("jena")); got != nil {
			t.Errorf("another authority reads %q", got)
		}
		for _, x := range []struct {
			statement string
			more      bool
		}{{`UPDATE flow_task SET answer = 'erledigt' WHERE case_id = $1`, true}, {`UPDATE flow_task SET holder_name = 'X' WHERE case_id = $1`, false},
			{`UPDATE flow_circulation SET reason = 'zu spät' WHERE case_id = $1`, true}, {`UPDATE flow_comment SET text = 'anders' WHERE case_id = $1`, true},
			{`DELETE FROM flow_comment WHERE case_id = $1`, true}, {`DELETE FROM flow_circulation WHERE case_id = $1`, true}} {
			h.exec(x.statement, c.ID)
			more(x.statement, x.more)
		}
		if got := said(access.All); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "zurückrufen") }) {
			t.Errorf("%s is gone, but said: %q", id, got)
		}
	})
}
