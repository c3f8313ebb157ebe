package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// run works on the queue with n workers, each its own, until nothing is left.
func (h *house) run(t *testing.T, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if err := h.h.Queue.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func (h *house) references(t *testing.T, authority string) []string {
	t.Helper()
	rows, err := h.h.DB.Reader().Query(t.Context(), `SELECT reference FROM records_case WHERE authority_id = $1 ORDER BY reference`, authority)
	must(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var r string
		must(t, rows.Scan(&r))
		out = append(out, r)
	}
	must(t, rows.Err())
	return out
}

func TestNumbersHaveNoGaps(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const n = 50
		for i := range n {
			in := dog(fmt.Sprintf("e%02d", i))
			if i%5 == 0 { // another authority and another unit count for themselves
				in.Authority, in.LeikaKey = jena, certificate
			}
			h.publish(t, topicIncoming, in)
		}
		h.run(t, 8)
		year := yearOf(time.Now())
		for authority, want := range map[string]struct {
			unit  string
			count int
		}{erfurt: {"22.31", 40}, jena: {"11.10", 10}} {
			var expected []string
			for i := range want.count {
				expected = append(expected, caseReference(fileReference(DefaultPattern, want.unit, "", year, int64(i+1)), false, 1))
			}
			if got := h.references(t, authority); !slices.Equal(got, expected) {
				t.Errorf("%s: %v", authority, got)
			}
		}
	})
}

// A transaction that fails takes its number back.
func TestNumberGoesBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt}))
		fail := errors.New("stop")
		err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := h.openFile(ctx, tx, dog("x"), time.Now()); err != nil {
				return err
			}
			return fail
		})
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
		if c := h.file(t, dog("y")); !strings.Contains(c.Reference, "/000001-") {
			t.Errorf("the first case is %s", c.Reference)
		}
	})
}

func TestReceiveTwice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range 6 { // at the same time
			h.publish(t, topicIncoming, dog("same"))
		}
		h.run(t, 6)
		h.publish(t, topicIncoming, dog("same")) // and later
		h.drain(t)
		if got := h.references(t, erfurt); len(got) != 1 {
			t.Errorf("cases: %v", got)
		}
		if f := seen[Filed](h); len(f) != 1 {
			t.Errorf("filed %d times", len(f))
		}
		d, err := h.Dossier(erika, h.bySource(t, "same").ID)
		must(t, err)
		if len(d.Documents) != 2 {
			t.Errorf("%d documents, want JSON and PDF", len(d.Documents))
		}
	})
}

func TestYearIsBerlins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.h.Now = func() time.Time { return time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC) }
		if c := h.file(t, dog("n")); c.Reference != "22.31-2027/000001-1" {
			t.Errorf("reference %s", c.Reference)
		}
	})
}

func TestUnknownServiceGoesToThePost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		in := dog("u")
		in.LeikaKey = "99999999999999"
		if c := h.file(t, in); !strings.HasPrefix(c.Reference, "00.10-") {
			t.Errorf("reference %s", c.Reference)
		}
	})
}

func TestEnsurePlan(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		authorities := make([]string, 400)
		for i := range authorities {
			authorities[i] = fmt.Sprintf("authority-%d", i)
		}
		must(t, h.EnsurePlan(t.Context(), authorities))
		must(t, h.EnsurePlan(t.Context(), append(authorities, erfurt)))
		counts, err := h.store.unitCounts(t.Context(), h.h.DB.Reader(), access.All)
		must(t, err)
		if len(counts) != 401 || counts[erfurt] != len(h.plan.units) || counts["authority-399"] != len(h.plan.units) {
			t.Errorf("%d authorities, %d units of %d", len(counts), counts[erfurt], len(h.plan.units))
		}
	})
}

func TestDocumentsAndLog(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader("Impfpass"), 100)
		must(t, err)
		in := dog("d")
		in.Attachments = []Attachment{{Name: "../Impf\r\npass.pdf", Hash: ref.Hash, Size: ref.Size, Type: "nonsense"}}
		in.Fee = &PaidFee{1200, "KZ-1", time.Now()}
		c := h.file(t, in)
		if c.Fee.Amount != 1200 || c.Fee.Kassenzeichen != "KZ-1" || c.Fee.PaidAt.IsZero() {
			t.Errorf("fee %+v", c.Fee)
		}
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if x := d.Documents[1]; x.Name != "Impfpass.pdf" || x.MediaType != "application/octet-stream" || x.Hash != ref.Hash {
			t.Errorf("attachment %+v", x)
		}
		if len(d.Form.Groups()) != 2 || d.Form.Rows[0].Value != "Bello <b>" {
			t.Errorf("form %+v", d.Form)
		}
		must(t, h.Decide(erika, c.ID, 1, grant(db.NewID())))
		h.drain(t)
		_, err = h.h.Audit.Sequence(t.Context())
		must(t, err)
		report, err := h.h.Audit.Verify(t.Context(), h.h.Blobs, nil)
		must(t, err)
		if err := h.h.Blobs.Delete(t.Context(), ref.Hash); err != nil {
			t.Fatal(err)
		}
		broken, err := h.h.Audit.Verify(t.Context(), h.h.Blobs, nil)
		must(t, err)
		if !report.OK() || broken.OK() {
			t.Errorf("the log vouches for the attachment: %+v, then %+v", report, broken)
		}
	})
}

func TestAnswered(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("q"))
		id := db.NewID()
		must(t, h.Ask(erika, c.ID, 1, id, "Bitte den Impfpass.", time.Now().AddDate(0, 0, 7)))
		must(t, h.Ask(erika, c.ID, 1, id, "Bitte den Impfpass.", time.Now().AddDate(0, 0, 7))) // a double click
		h.drain(t)
		if a := seen[Asked](h); len(a) != 1 || a[0].Source != "q" || a[0].ID != id {
			t.Fatalf("asked: %+v", a)
		}
		if c := h.bySource(t, "q"); c.State != StateWaiting || c.AssignedName != "Erika Amt" {
			t.Fatalf("case %+v", c)
		}
		ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader("Impfpass"), 100)
		must(t, err)
		a := Answer{Source: "q", Question: id, Text: "Hier.",
			Attachments: []Attachment{{"Impfpass.pdf", ref.Hash, ref.Size, "application/pdf"}}}
		h.publish(t, "test.answer", a)
		h.publish(t, "test.answer", a)
		h.drain(t)
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		answers := 0
		for _, x := range d.Documents {
			if x.Kind == AnswerKind {
				answers++
			}
		}
		if d.Case.State != StateInWork || answers != 2 || d.Questions[0].Answer != "Hier." || d.Case.Version != 3 {
			t.Errorf("after the answer: %+v, %d documents, %+v", d.Case, answers, d.Questions)
		}
		// A question that nobody asked is an error of the sender, not a new document.
		h.publish(t, "test.answer", Answer{Source: "q", Question: db.NewID(), Text: "?", At: time.Now()})
		if err := h.h.Queue.Drain(t.Context()); !errs.Is(err, errs.NotFound) {
			t.Errorf("an answer to nothing: %v", err)
		}
	})
}

// TestAnsweredLate: an answer that comes when nobody waits for it any more is filed, and told of once; to a case that is
// gone it is noted in the log.
func TestAnsweredLate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("q"))
		one, two := db.NewID(), db.NewID()
		must(t, h.Ask(erika, c.ID, 1, one, "Bitte den Impfpass.", time.Now().AddDate(0, 0, 7)))
		must(t, h.Ask(erika, c.ID, 2, two, "Bitte die Rasse.", time.Now().AddDate(0, 0, 7)))
		var told []State
		h.OnLateAnswer(func(_ context.Context, _ *db.Tx, c Case, question string) error {
			told = append(told, c.State)
			return nil
		})
		answer := func(question string) {
			for range 2 {
				h.publish(t, "test.answer", Answer{Source: "q", Question: question, Text: "Hier."})
				h.drain(t)
			}
		}
		setState(t, h, c.ID, StateClosed)
		answer(one)
		if now := h.caseNow(t, c.ID); now.State != StateClosed || len(told) != 1 || told[0] != StateClosed {
			t.Fatalf("%s, told %v", now.State, told)
		}
		setState(t, h, c.ID, StateInWork)
		answer(two)
		if len(told) != 1 {
			t.Errorf("told %v", told)
		}
		h.publish(t, "test.answer", Answer{Source: "destroyed", Question: one, Text: "Hier."})
		h.drain(t)
		if n := h.entries(t, "records.answer_without_case"); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

func setState(t *testing.T, h *house, id string, s State) {
	t.Helper()
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE records_case SET state = $1 WHERE id = $2`, string(s), id)
		return err
	}))
}
