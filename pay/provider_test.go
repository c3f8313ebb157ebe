package pay

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
)

// fake is a provider that does what a test says.
type fake struct {
	mu     sync.Mutex
	broken bool // does not answer
	hangs  bool // answers when the caller has gone
	status Status
	starts []Start
}

func (f *fake) Name() string { return "fake" }

func (f *fake) wait(ctx context.Context) error {
	f.mu.Lock()
	broken, hangs := f.broken, f.hangs
	f.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if broken {
		return errors.New("connection refused")
	}
	return nil
}

func (f *fake) Start(ctx context.Context, s Start) (Started, error) {
	if err := f.wait(ctx); err != nil {
		return Started{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.starts = append(f.starts, s)
	return Started{Ref: "ref-" + s.RequestID, RedirectURL: "https://pay.example/" + s.RequestID}, nil
}

func (f *fake) Status(ctx context.Context, _ string) (Status, error) {
	if err := f.wait(ctx); err != nil {
		return Status{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status, nil
}

func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func eachFake(t *testing.T, f func(t *testing.T, w *world, p *fake)) {
	housetest.Each(t, room, func(t *testing.T, h *platform.House) {
		p := &fake{status: Status{State: Initial}}
		w := newWorld(t, h, Options{Provider: p})
		w.patience = 50 * time.Millisecond
		f(t, w, p)
	})
}

// While the provider is down or slow the payer gets a clear page; nothing is lost, and nothing is paid twice.
func TestProviderDown(t *testing.T) {
	eachFake(t, func(t *testing.T, w *world, p *fake) {
		pay := w.mustRequest(order("apply:1", 500))
		silent := func(method, path string) {
			t.Helper()
			rec := w.do(nobody, method, path, nil)
			if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "Der Zahlungsanbieter antwortet gerade nicht") {
				t.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
			}
		}
		p.set(func(f *fake) { f.broken = true })
		silent("POST", pay.Path)
		p.set(func(f *fake) { f.broken, f.hangs = false, true })
		silent("POST", pay.Path)
		p.set(func(f *fake) { f.hangs = false })
		if to := w.to(w.do(nobody, "POST", pay.Path, nil)); !strings.HasPrefix(to, "https://pay.example/") {
			t.Errorf("redirected to %s", to)
		}
		if len(p.starts) != 1 {
			t.Errorf("%d payments", len(p.starts))
		}
		p.set(func(f *fake) { f.broken = true })
		silent("GET", pay.Path+"/zurueck")
		silent("POST", pay.Path) // perhaps it is paid: no second attempt
		w.pass(time.Hour)
		w.drain() // the job keeps asking
		p.set(func(f *fake) { f.broken, f.status = false, Status{State: Payed, Amount: 500, Method: "CREDITCARD"} })
		w.pass(2 * time.Hour)
		w.drain()
		if len(w.settled) != 1 {
			t.Error("not found when the provider was back")
		}
		if body := w.do(treasurer(erfurt), "GET", "/kasse/"+pay.ID, nil).Body.String(); !strings.Contains(body, "Kreditkarte") {
			t.Errorf("method: %s", body)
		}
	})
}

// The provider does not know yet when the payer is back: the page says so and offers to ask again.
func TestProviderUndecided(t *testing.T) {
	eachFake(t, func(t *testing.T, w *world, p *fake) {
		pay := w.mustRequest(order("apply:1", 500))
		w.to(w.do(nobody, "POST", pay.Path, nil))
		if to := w.to(w.do(nobody, "GET", pay.Path+"/zurueck", nil)); to != pay.Path {
			t.Errorf("led to %s", to)
		}
		if body := w.do(nobody, "GET", pay.Path, nil).Body.String(); !strings.Contains(body, pay.Path+"/zurueck") {
			t.Errorf("no way to ask again: %s", body)
		}
	})
}

// A provider that took another amount, or says nonsense, books nothing.
func TestProviderTalksNonsense(t *testing.T) {
	eachFake(t, func(t *testing.T, w *world, p *fake) {
		pay := w.mustRequest(order("apply:1", 500))
		w.to(w.do(nobody, "POST", pay.Path, nil))
		for _, s := range []Status{{State: Payed, Amount: 499}, {State: Payed, Amount: 50_000}, {State: "paid", Amount: 500}, {}} {
			p.set(func(f *fake) { f.status = s })
			if rec := w.do(nobody, "GET", pay.Path+"/zurueck", nil); rec.Code < 500 {
				t.Errorf("%+v: %d", s, rec.Code)
			}
		}
		if got, _, _ := w.State(t.Context(), erfurt, "apply:1"); got.State != Initial {
			t.Errorf("state %s", got.State)
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
	})
}

// Outside a demo there is no test provider, and without any provider the page says what to do.
func TestNoTestProviderOutsideDemo(t *testing.T) {
	h := housetest.New(t, db.SQLite, room...)
	if _, err := NewTestProvider(h, false); err == nil {
		t.Error("the test provider exists outside a demo")
	}
	w := newWorld(t, h, Options{})
	p := w.mustRequest(order("apply:1", 500))
	if rec := w.do(nobody, "GET", p.Path, nil); rec.Code != 200 || !strings.Contains(rec.Body.String(), "noch nicht eingerichtet") ||
		strings.Contains(rec.Body.String(), "Jetzt bezahlen") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.do(nobody, "POST", p.Path, nil); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("paying: %d", rec.Code)
	}
	if rec := w.do(nobody, "GET", "/testbezahlung/"+strings.Repeat("a", 26), nil); rec.Code != http.StatusNotFound {
		t.Errorf("test provider's page: %d", rec.Code)
	}
}
