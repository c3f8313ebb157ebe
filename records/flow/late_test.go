package flow

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestLateAnswer: an answer that comes when a case is decided or closed lies with who looks after the case, once.
func TestLateAnswer(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		queue.Handle(h.h.Queue, "test.answer", h.core.Answered)
		queue.Handle(h.h.Queue, records.TopicAsked, func(ctx context.Context, job *queue.Job, _ records.Asked) error { return h.h.DB.Tx(ctx, job.Done) })
		answered := func(state records.State, change func(f *records.File, c *records.Case)) records.Case {
			t.Helper()
			c := h.newCase(func(f *records.File, c *records.Case) {
				c.Kind = records.Application
				change(f, c)
			})
			question := db.NewID()
			must(t, h.core.Ask(as("doris"), c.ID, 1, question, "Bitte den Plan.", h.now.AddDate(0, 0, 7)))
			h.exec(`UPDATE records_case SET state = $1, assigned_to = $2 WHERE id = $3`, string(state), c.AssignedTo, c.ID)
			for range 2 {
				must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					return h.h.Queue.Publish(ctx, tx, "test.answer", records.Answer{Source: c.ID, Question: question, Text: "Hier ist er."})
				}))
				h.drain()
			}
			return c
		}
		whose := func(c records.Case) string {
			t.Helper()
			list, err := h.store.circulations(t.Context(), h.h.DB.Reader(), access.All, c.ID)
			must(t, err)
			var out []string
			for _, x := range list {
				for _, k := range x.Tasks {
					out = append(out, k.Holder+" "+k.HolderName+": "+x.Title)
				}
			}
			return strings.Join(out, "; ")
		}
		nothing := func(*records.File, *records.Case) {}
		birgits := func(_ *records.File, c *records.Case) { c.AssignedTo = "birgit" }
		closed := answered(records.StateClosed, birgits)
		same(t, "whose it is", whose(closed), "person:birgit Birgit: Antwort zu einem abgeschlossenen Vorgang")
		same(t, "decided", whose(answered(records.StateDecided, birgits)), "person:birgit Birgit: Antwort nach der Entscheidung")
		same(t, "in work", whose(answered(records.StateInWork, birgits)), "")
		same(t, "who has left", whose(answered(records.StateClosed, func(_ *records.File, c *records.Case) { c.AssignedTo = "gone" })),
			"unit:20 20 Kämmerei: Antwort zu einem abgeschlossenen Vorgang")
		same(t, "who may not read it any more", whose(answered(records.StateClosed, func(_ *records.File, c *records.Case) { c.AssignedTo = "cem" })),
			"unit:20 20 Kämmerei: Antwort zu einem abgeschlossenen Vorgang")
		same(t, "nobody's", whose(answered(records.StateClosed, nothing)), "unit:20 20 Kämmerei: Antwort zu einem abgeschlossenen Vorgang")
		registrys := answered(records.StateClosed, func(f *records.File, _ *records.Case) { f.Lead = "" })
		same(t, "of no unit", whose(registrys), "registry:"+erfurt+" Registratur: Antwort zu einem abgeschlossenen Vorgang")
		h.exec(`UPDATE records_file SET readers = '' WHERE id = $1`, registrys.FileID)
		same(t, "the registry's", h.inboxOf("regina", Filter{}), "free")
		same(t, "the registrys', as a stranger", h.inboxOf("jens", Filter{}), "")

		// It is done like any other task, only that nobody can have it back.
		l, err := h.Inbox(as("birgit"), Filter{Query: closed.Reference})
		must(t, err)
		k := l.Items[0].Task
		want(t, h.Refuse(as("birgit"), k.ID, k.Version, "x"), errs.Invalid)
		_, page := h.get("birgit", "/akte/aufgabe/"+k.ID)
		contains(t, page, "schon bei den Akten lag", "Weiterleiten", "antragstellende Person")
		if strings.Contains(page, "Ablehnen") {
			t.Error("it can be refused")
		}
		must(t, h.Finish(as("birgit"), k.ID, k.Version, "Kein Anlass"))
		h.must200("birgit", "/akte/vorgang/"+closed.ID+"/verlauf", "Nachträgliche Antwort vorgelegt", "Aufgabe: Birgit")
		l, err = h.Inbox(as("regina"), Filter{})
		must(t, err)
		must(t, h.Forward(as("regina"), l.Items[0].ID, l.Items[0].Version, "person:doris"))
		if status, _ := h.do("regina", http.MethodPost, "/akte/aufgabe/"+l.Items[0].ID, url.Values{"tun": {"erledigt"}}); status != http.StatusForbidden {
			t.Errorf("it is not with the registry any more: %d", status)
		}
	})
}
