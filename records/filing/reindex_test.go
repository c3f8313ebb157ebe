package filing

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/cli"
)

func TestReindex(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		var pairs []string
		for i := range 25 {
			pairs = append(pairs, "a.txt", strings.Repeat("Dackel ", i+1))
		}
		h.file(t, erika, c.ID, pairs...)
		h.settleAll(t)
		want := h.find(t, erika, SearchFilter{Query: "dackel"})
		if len(want) != 25 {
			t.Fatalf("%d found", len(want))
		}
		h.exec(t, `DELETE FROM filing_text`)
		if got := h.find(t, erika, SearchFilter{Query: "dackel"}); len(got) != 0 {
			t.Fatal("the index is not lost")
		}
		// It is stopped after the first batch of documents, and goes on there.
		ctx, stop := context.WithCancel(t.Context())
		done := int64(0)
		_, err := h.Reindex(ctx, false, func(_, n int64) {
			if done += n; done > readBatch {
				stop()
			}
		})
		if err == nil {
			t.Fatal("it was not stopped")
		}
		read := h.plain.read
		var out, log bytes.Buffer
		command := ReindexCommand{JSON: true}
		must1(t, command.Run(&cli.Env{Context: t.Context(), Out: &out, Err: &log}, func(env *cli.Env, f func(ctx context.Context, r *Room) error) error {
			return f(env.Context, h.Room)
		}))
		all := value[int64](t, h, `SELECT (SELECT count(*) FROM records_file) + (SELECT count(*) FROM records_case) + (SELECT count(*) FROM records_document)`)
		if !strings.Contains(out.String(), `"failed": 0`) || done == 0 || done >= all {
			t.Errorf("%d of %d before it was stopped, then %s", done, all, &out)
		}
		if got := h.find(t, erika, SearchFilter{Query: "dackel"}); !slices.Equal(got, want) {
			t.Errorf("%d of %d found", len(got), len(want))
		}
		if h.plain.read != read {
			t.Error("texts were read again")
		}
		if _, err := h.Reindex(t.Context(), true, func(int64, int64) {}); err != nil || h.plain.read == read {
			t.Errorf("anew: %v, %d texts read", err, h.plain.read-read)
		}
		h.plain.broken["a.txt"] = errMachine
		n, err := h.Reindex(t.Context(), true, func(int64, int64) {})
		must1(t, err)
		if n.Failed != 25 {
			t.Errorf("%d failed", n.Failed)
		}
	})
}
