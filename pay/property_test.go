package pay

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// model is what we expect of one transaction.
type model struct {
	p         Payment
	source    string
	tests     []string // the test provider's payments, as references
	cancelled bool
}

// Whatever payers, the provider, its callbacks, our own questions and the office do, in any order and at the same time:
// the books are balanced, income is booked once at most, PAYED means exactly that, every cent is somewhere, and other
// rooms are told exactly once.
func TestAnyOrderOfThings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			run++
			w.playOnce(t, run)
		})
	})
}

func (w *world) playOnce(t *rapid.T, run int) {
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	w.settled, w.ended, w.cancelled = nil, nil, nil
	var all []*model
	for i := range rapid.IntRange(1, 2).Draw(t, "transactions") {
		source := fmt.Sprintf("play:%d-%d", run, i)
		p, err := w.request(order(source, 700))
		must(err)
		all = append(all, &model{p: p, source: source})
	}
	token := func(m *model) string { return strings.TrimPrefix(m.p.Path, "/bezahlen/") }
	start := func(m *model) {
		to, err := w.start(ctx, token(m))
		must(err)
		if ref, ok := strings.CutPrefix(to, "/testbezahlung/"); ok {
			m.tests = append(m.tests, ref)
		}
	}
	back := func(m *model) {
		p, err := w.open(ctx, token(m))
		must(err)
		_, err = w.refresh(ctx, p)
		must(err)
	}
	for range rapid.IntRange(1, 14).Draw(t, "steps") {
		m := rapid.SampledFrom(all).Draw(t, "transaction")
		switch step := rapid.SampledFrom([]string{"start", "start", "choose", "choose", "choose", "callback", "back", "cancel", "wait", "drain",
			"at once"}).Draw(t, "step"); step {
		case "start":
			start(m)
		case "choose":
			if len(m.tests) == 0 {
				continue
			}
			pay, err := w.test.payment(ctx, rapid.SampledFrom(m.tests).Draw(t, "payment"))
			must(err)
			must(w.test.choose(ctx, pay, rapid.SampledFrom([]State{Payed, Payed, Failed, Canceled}).Draw(t, "outcome"), w.now()))
		case "callback": // said again, of any payment
			if len(m.tests) == 0 {
				continue
			}
			pay, err := w.test.payment(ctx, rapid.SampledFrom(m.tests).Draw(t, "payment"))
			must(err)
			must(w.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return w.h.Queue.Publish(ctx, tx, topicCheck, check{Attempt: pay.requestID})
			}))
		case "back":
			back(m)
		case "cancel":
			err := w.cancel(identity.With(ctx, treasurer(erfurt)), m.p.ID, "Irrtum")
			if err != nil && !errs.Is(err, errs.Conflict) {
				t.Fatal(err)
			}
			m.cancelled = m.cancelled || err == nil
		case "wait":
			w.pass(fresh)
		case "drain":
			must(w.h.Queue.Drain(w.t.Context()))
		case "at once":
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { back(m) })
			}
			wg.Go(func() { _, err := w.start(ctx, token(m)); must(err) })
			must(w.h.Queue.Drain(w.t.Context()))
			wg.Wait()
		}
	}
	for _, m := range all {
		back(m)
	}
	w.pass(time.Second)
	must(w.h.Queue.Drain(w.t.Context()))
	must(w.checkLedger())
	for _, m := range all {
		var paid, lost int // at the provider
		must(w.h.DB.Reader().QueryRow(ctx, `SELECT COUNT(CASE WHEN p.state = 'PAYED' THEN 1 END), COUNT(CASE WHEN p.state IN ('FAILED', 'CANCELED') THEN 1 END)
			FROM pay_test_provider p JOIN pay_attempt a ON a.id = p.request_id WHERE a.transaction_id = $1`, m.p.ID).Scan(&paid, &lost))
		var refunds int
		must(w.h.DB.Reader().QueryRow(ctx, `SELECT COUNT(*) FROM pay_attempt WHERE transaction_id = $1 AND refund = 'due'`, m.p.ID).Scan(&refunds))
		want := Initial
		switch {
		case m.cancelled:
			want = Canceled
		case paid > 0:
			want, paid = Payed, paid-1
		}
		got, _, err := w.State(ctx, erfurt, m.source)
		must(err)
		told, ended := 0, 0
		for _, e := range w.settled {
			if e.Source == m.source {
				told++
			}
		}
		for _, e := range w.ended {
			if e.Source == m.source {
				ended++
			}
		}
		if got.State != want || refunds != paid || told != count(want == Payed) || ended != lost {
			t.Fatalf("%s: state %s, want %s; %d refunds, want %d; told %d times; %d attempts ended, want %d",
				m.source, got.State, want, refunds, paid, told, ended, lost)
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Many people press everything at once.
func TestEverythingAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for round := range 6 {
			w.pressEverything(t, fmt.Sprint("apply:", round))
		}
		w.drain()
		if len(w.settled) != 6 {
			t.Errorf("told %d times of 6 payments", len(w.settled))
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) pressEverything(t *testing.T, source string) {
	ctx := context.Background()
	p := w.mustRequest(order(source, 500))
	token := strings.TrimPrefix(p.Path, "/bezahlen/")
	open, err := w.open(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	ready, ids := make(chan bool), make(chan string)
	for range 8 {
		go func() {
			<-ready
			a, err := w.attempt(ctx, open)
			if err != nil {
				t.Error(err)
			}
			ids <- a.ID
		}()
	}
	close(ready)
	first := <-ids
	for range 7 {
		if id := <-ids; id != first {
			t.Errorf("two attempts at the same moment: %s, %s", id, first)
		}
	}
	to, err := w.start(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	pay, err := w.test.payment(ctx, strings.TrimPrefix(to, "/testbezahlung/"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			err := w.test.choose(ctx, pay, Payed, w.now())
			if err == nil {
				_, err = w.refresh(ctx, open)
			}
			if err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := w.settle(ctx, pay.requestID, Status{State: Payed, Amount: 500}, nil); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := w.start(ctx, token); err != nil && !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
