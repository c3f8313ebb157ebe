package pay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
)

const (
	erfurt = "erfurt"
	weimar = "weimar"
)

var room = []platform.Files{{Room: "pay", FS: Files}}

// world is a room with its clock, and what it published.
type world struct {
	*Room
	t    testing.TB
	mux  *http.ServeMux
	mu   sync.Mutex
	time time.Time

	settled   []Settled
	ended     []AttemptEnded
	cancelled []Cancelled
}

func newWorld(t testing.TB, h *platform.House, o Options) *world {
	w := &world{t: t, mux: http.NewServeMux(), time: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	h.Now = func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.time }
	h.Queue.Now = h.Now
	r, err := New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	w.Room = r
	r.Routes(w.mux)
	queue.Handle(h.Queue, TopicSettled, func(_ context.Context, _ *queue.Job, e Settled) error {
		w.settled = append(w.settled, e)
		return nil
	})
	queue.Handle(h.Queue, TopicAttemptEnded, func(_ context.Context, _ *queue.Job, e AttemptEnded) error {
		w.ended = append(w.ended, e)
		return nil
	})
	queue.Handle(h.Queue, TopicCancelled, func(_ context.Context, _ *queue.Job, e Cancelled) error {
		w.cancelled = append(w.cancelled, e)
		return nil
	})
	return w
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	housetest.Each(t, room, func(t *testing.T, h *platform.House) { f(t, newWorld(t, h, Options{Demo: true})) })
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

func (w *world) drain() {
	w.t.Helper()
	if err := w.h.Queue.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func order(source string, amount money.Cents) Order {
	return Order{Authority: erfurt, Source: source, Purpose: "Meldebescheinigung", Amount: amount, ReturnPath: "/antrag/1"}
}

func (w *world) request(o Order) (p Payment, err error) {
	ctx := identity.AsSystem(context.Background(), "test")
	err = w.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err = w.Request(ctx, tx, o)
		return err
	})
	return p, err
}

func (w *world) mustRequest(o Order) Payment {
	w.t.Helper()
	p, err := w.request(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// do sends a request to the room's pages as somebody.
func (w *world) do(who identity.Principal, method, path string, form url.Values) *httptest.ResponseRecorder {
	var r *http.Request
	if method == "POST" {
		r = httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = httptest.NewRequest(method, path, nil)
	}
	r = r.WithContext(identity.With(r.Context(), who))
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	return rec
}

// to asserts the redirect and returns where it leads.
func (w *world) to(rec *httptest.ResponseRecorder) string {
	w.t.Helper()
	if rec.Code != http.StatusSeeOther {
		w.t.Fatalf("status %d, want 303: %s", rec.Code, rec.Body)
	}
	return rec.Header().Get("Location")
}

var nobody identity.Principal

func treasurer(authorities ...string) identity.Principal {
	p := identity.Principal{Subject: "t", Name: "Kasse", Kind: identity.Staff}
	for _, a := range authorities {
		p.Grants = append(p.Grants, identity.Grant{Role: identity.Treasurer, Authority: a})
	}
	return p
}

// checkLedger is what must hold at any time.
func (w *world) checkLedger() error {
	ctx := context.Background()
	rows, err := w.h.DB.Reader().Query(ctx, `SELECT fact_id, SUM(amount_cents), COUNT(*) FROM pay_entry GROUP BY fact_id HAVING SUM(amount_cents) <> 0`)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return errors.New("a fact is not balanced")
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for what, q := range map[string]string{
		"income booked twice": `SELECT COUNT(*) FROM (SELECT transaction_id FROM pay_entry WHERE account = 'income' GROUP BY transaction_id HAVING COUNT(*) > 1) x`,
		"PAYED without income": `SELECT COUNT(*) FROM pay_transaction t WHERE t.state = 'PAYED' AND
			(SELECT COALESCE(SUM(e.amount_cents), 0) FROM pay_entry e WHERE e.transaction_id = t.id AND e.account = 'income') <> -t.amount_cents`,
		"income without PAYED": `SELECT COUNT(*) FROM pay_entry e JOIN pay_transaction t ON t.id = e.transaction_id WHERE e.account = 'income' AND t.state <> 'PAYED'`,
		"receivable of what is not open": `SELECT COUNT(*) FROM pay_transaction t WHERE
			(SELECT SUM(e.amount_cents) FROM pay_entry e WHERE e.transaction_id = t.id AND e.account = 'receivable') <>
			CASE WHEN t.state = 'INITIAL' THEN t.amount_cents ELSE 0 END`,
		"money of a paid attempt that is in no account": `SELECT COUNT(*) FROM pay_transaction t WHERE
			(SELECT COUNT(*) FROM pay_attempt a WHERE a.transaction_id = t.id AND a.state = 'PAYED') * t.amount_cents <>
			(SELECT COALESCE(SUM(e.amount_cents), 0) FROM pay_entry e WHERE e.transaction_id = t.id AND e.account = 'clearing' AND e.fact <> 'refunded')`,
		"refund that is not booked": `SELECT COUNT(*) FROM pay_transaction t WHERE
			(SELECT COUNT(*) FROM pay_attempt a WHERE a.transaction_id = t.id AND a.refund = 'due') * t.amount_cents <>
			(SELECT COALESCE(-SUM(e.amount_cents), 0) FROM pay_entry e WHERE e.transaction_id = t.id AND e.account = 'refund')`,
	} {
		var n int
		if err := w.h.DB.Reader().QueryRow(ctx, q).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if n > 0 {
			return fmt.Errorf("%d times: %s", n, what)
		}
	}
	b, err := balances(ctx, w.h.DB.Reader(), identity.All)
	if err != nil {
		return err
	}
	var sum int64
	for _, n := range b {
		sum += n
	}
	if sum != 0 {
		return fmt.Errorf("ledger's sum is %d: %v", sum, b)
	}
	return nil
}

func TestPagesAreTyped(t *testing.T) {
	w := newWorld(t, housetest.New(t, db.SQLite, room...), Options{Demo: true})
	if err := w.h.Site.CheckPages(); err != nil {
		t.Fatal(err)
	}
}

// The journey: demanded, started, paid at the test provider, back, told once.
func TestJourney(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		if p.State != Initial || p.Kassenzeichen == "" || !p.PaidAt.IsZero() {
			t.Fatalf("%+v", p)
		}
		page := w.do(nobody, "GET", p.Path, nil)
		for _, want := range []string{"erfurt", "Meldebescheinigung", "5,00 €", p.Kassenzeichen, "Jetzt bezahlen"} {
			if !strings.Contains(page.Body.String(), want) {
				t.Errorf("payment page lacks %q", want)
			}
		}
		test := w.to(w.do(nobody, "POST", p.Path, nil))
		if again := w.to(w.do(nobody, "POST", p.Path, nil)); again != test {
			t.Errorf("a double click starts another payment: %s, %s", test, again)
		}
		if body := w.do(nobody, "GET", test, nil).Body.String(); !strings.Contains(body, "Testanbieter – es fließt kein Geld") {
			t.Errorf("not labelled: %s", body)
		}
		back := w.to(w.do(nobody, "POST", test, url.Values{"outcome": {"paid"}}))
		if back != p.Path+"/zurueck" {
			t.Errorf("back to %s", back)
		}
		w.drain() // the callback is faster than the payer
		if to := w.to(w.do(nobody, "GET", back, nil)); to != "/antrag/1" {
			t.Errorf("returned to %s", to)
		}
		for range 3 { // back button, and the test provider's page again
			w.to(w.do(nobody, "POST", test, url.Values{"outcome": {"failed"}}))
			w.to(w.do(nobody, "GET", back, nil))
			w.to(w.do(nobody, "POST", p.Path, nil))
		}
		w.drain()
		if len(w.settled) != 1 || len(w.ended) != 0 {
			t.Fatalf("events: %+v %+v", w.settled, w.ended)
		}
		want := Settled{Source: "apply:1", Authority: erfurt, Kassenzeichen: p.Kassenzeichen, State: "PAYED", Amount: 500, At: w.settled[0].At}
		if w.settled[0] != want || want.At.IsZero() {
			t.Errorf("event %+v", w.settled[0])
		}
		got, ok, err := w.State(context.Background(), erfurt, "apply:1")
		if err != nil || !ok || got.State != Payed || !got.PaidAt.Equal(want.At) {
			t.Errorf("%+v %v %v", got, ok, err)
		}
		if body := w.do(nobody, "GET", p.Path, nil).Body.String(); !strings.Contains(body, "Die Zahlung ist eingegangen") || strings.Contains(body, "Jetzt bezahlen") {
			t.Errorf("page after paying: %s", body)
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
	})
}

// After a failure or a cancelled try the transaction stays payable.
func TestTryAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		for _, outcome := range []string{"failed", "cancelled"} {
			back := w.to(w.do(nobody, "POST", w.to(w.do(nobody, "POST", p.Path, nil)), url.Values{"outcome": {outcome}}))
			if to := w.to(w.do(nobody, "GET", back, nil)); to != "/antrag/1" {
				t.Errorf("returned to %s", to)
			}
			if body := w.do(nobody, "GET", p.Path, nil).Body.String(); !strings.Contains(body, "Noch einmal versuchen") {
				t.Errorf("after %s: %s", outcome, body)
			}
		}
		back := w.to(w.do(nobody, "POST", w.to(w.do(nobody, "POST", p.Path, nil)), url.Values{"outcome": {"paid"}}))
		w.to(w.do(nobody, "GET", back, nil))
		w.drain()
		if len(w.ended) != 2 || w.ended[0].State != "FAILED" || w.ended[1].State != "CANCELED" || len(w.settled) != 1 {
			t.Errorf("events: %+v %+v", w.ended, w.settled)
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
	})
}

// Money paid with a closed browser, and a callback that got lost, is found by asking.
func TestClosedBrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		test := strings.TrimPrefix(w.to(w.do(nobody, "POST", p.Path, nil)), "/testbezahlung/")
		w.drain()
		ctx := context.Background()
		err := w.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { // paid, and nobody tells us
			_, err := tx.Exec(ctx, `UPDATE pay_test_provider SET state = 'PAYED' WHERE ref = $1`, test)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.drain()
		if len(w.settled) != 0 {
			t.Fatal("asked too early")
		}
		w.pass(3 * time.Minute)
		w.drain()
		if len(w.settled) != 1 {
			t.Error("not found")
		}
	})
}

// The job asks ever more rarely and in the end gives the attempt up.
func TestOpenAttemptIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		w.to(w.do(nobody, "POST", p.Path, nil))
		for range 35 {
			w.drain()
			w.pass(24 * time.Hour)
		}
		w.drain()
		if len(w.ended) != 1 || w.ended[0].State != "CANCELED" {
			t.Errorf("events: %+v", w.ended)
		}
		if got, _, _ := w.State(context.Background(), erfurt, "apply:1"); got.State != Initial {
			t.Errorf("the demand is %s", got.State)
		}
	})
}

// Two tabs, two attempts, both paid: the second is never income, and the treasurer sees it until it has gone back.
func TestPaidTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		one := w.to(w.do(nobody, "POST", p.Path, nil))
		w.pass(fresh + time.Second)
		two := w.to(w.do(nobody, "POST", p.Path, nil))
		if one == two {
			t.Fatal("the old attempt is used for ever")
		}
		for _, test := range []string{one, two} {
			w.to(w.do(nobody, "GET", w.to(w.do(nobody, "POST", test, url.Values{"outcome": {"paid"}})), nil))
		}
		w.drain()
		if len(w.settled) != 1 {
			t.Fatalf("%d events", len(w.settled))
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
		kasse := w.do(treasurer(erfurt), "GET", "/kasse?stand=refund", nil).Body.String()
		if !strings.Contains(kasse, p.Kassenzeichen) || !strings.Contains(kasse, "Erstattung offen") {
			t.Errorf("the treasurer does not see it: %s", kasse)
		}
		var attempt string
		if err := w.h.DB.Reader().QueryRow(context.Background(), `SELECT id FROM pay_attempt WHERE refund = 'due'`).Scan(&attempt); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"versuch": {attempt}}
		if rec := w.do(treasurer(weimar), "POST", "/kasse/"+p.ID+"/erstattet", form); rec.Code != http.StatusNotFound {
			t.Errorf("a stranger refunds: %d", rec.Code)
		}
		w.to(w.do(treasurer(erfurt), "POST", "/kasse/"+p.ID+"/erstattet", form))
		if rec := w.do(treasurer(erfurt), "POST", "/kasse/"+p.ID+"/erstattet", form); rec.Code != http.StatusConflict {
			t.Errorf("refunded twice: %d", rec.Code)
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
		b, err := balances(context.Background(), w.h.DB.Reader(), identity.At(erfurt))
		if err != nil || b[clearing] != 500 || b[income] != -500 || b[refund] != 0 || b[receivable] != 0 || b[assessed] != 0 {
			t.Errorf("balances %v %v", b, err)
		}
	})
}

// What the office has cancelled cannot be paid; money that was already under way is to be refunded.
func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		test := w.to(w.do(nobody, "POST", p.Path, nil))
		path := "/kasse/" + p.ID + "/aufheben"
		if rec := w.do(treasurer(erfurt), "POST", path, url.Values{"grund": {" "}}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", rec.Code)
		}
		if rec := w.do(treasurer(erfurt), "POST", path, url.Values{"grund": {strings.Repeat("ä", maxReason+1)}}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("with a novel: %d", rec.Code)
		}
		if rec := w.do(treasurer(weimar), "POST", path, url.Values{"grund": {"x"}}); rec.Code != http.StatusNotFound {
			t.Errorf("a stranger cancels: %d", rec.Code)
		}
		w.to(w.do(treasurer(erfurt), "POST", path, url.Values{"grund": {"Irrtum"}}))
		if rec := w.do(treasurer(erfurt), "POST", path, url.Values{"grund": {"Irrtum"}}); rec.Code != http.StatusConflict {
			t.Errorf("twice: %d", rec.Code)
		}
		w.to(w.do(nobody, "GET", w.to(w.do(nobody, "POST", test, url.Values{"outcome": {"paid"}})), nil))
		w.drain()
		if len(w.settled) != 0 || len(w.cancelled) != 1 {
			t.Errorf("events %+v %+v", w.settled, w.cancelled)
		}
		if err := w.checkLedger(); err != nil {
			t.Error(err)
		}
		if to := w.to(w.do(nobody, "POST", p.Path, nil)); to != p.Path {
			t.Errorf("a cancelled demand leads to %s", to)
		}
	})
}

func TestRequestIsIdempotent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := w.mustRequest(order("apply:1", 500))
		if two := w.mustRequest(order("apply:1", 500)); one != two {
			t.Errorf("%+v, %+v", one, two)
		}
		other := order("apply:1", 500)
		other.Authority = weimar
		for _, o := range []Order{order("apply:1", 501), other} {
			if _, err := w.request(o); !errs.Is(err, errs.Conflict) {
				t.Errorf("%+v: %v", o, err)
			}
		}
	})
}

func TestRequestRefuses(t *testing.T) {
	w := newWorld(t, housetest.New(t, db.SQLite, room...), Options{Demo: true})
	for what, change := range map[string]func(*Order){
		"no authority": func(o *Order) { o.Authority = "" }, "no source": func(o *Order) { o.Source = "" },
		"nothing": func(o *Order) { o.Amount = 0 }, "less": func(o *Order) { o.Amount = -1 }, "too much": func(o *Order) { o.Amount = MaxAmount + 1 },
		"no purpose": func(o *Order) { o.Purpose = "" }, "long purpose": func(o *Order) { o.Purpose = strings.Repeat("x", 28) },
		"control": func(o *Order) { o.Purpose = "a\nb" }, "no return": func(o *Order) { o.ReturnPath = "" },
		"other site": func(o *Order) { o.ReturnPath = "//evil.example" }, "address": func(o *Order) { o.ReturnPath = "https://evil.example/" },
		"backslash": func(o *Order) { o.ReturnPath = `/\evil.example` }, "not UTF-8": func(o *Order) { o.Source = "\xff" },
	} {
		o := order("s", 500)
		change(&o)
		if _, err := w.request(o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, a := range []money.Cents{1, MaxAmount} {
		o := order(fmt.Sprint("s", a), a)
		o.Purpose = strings.Repeat("ü", 27)
		w.mustRequest(o)
	}
}

// State is the payment of a source of the authority; false if there is none. The calling room has authorised. Not for
// use inside a transaction.
func (r *Room) State(ctx context.Context, authority, source string) (Payment, bool, error) {
	t, ok, err := transactionBySource(ctx, r.h.DB.Reader(), identity.At(authority), source)
	return t.payment(), ok, err
}

// balances sums the accounts of the scope's ledger.
func balances(ctx context.Context, q db.Querier, s identity.Scope) (map[Account]int64, error) {
	p := db.Params{}
	rows, err := q.Query(ctx, `SELECT account, CAST(SUM(amount_cents) AS BIGINT) FROM pay_entry
		WHERE `+s.In("authority_id", &p)+` GROUP BY account`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[Account]int64{}
	for rows.Next() {
		var a Account
		var n int64
		if err := rows.Scan(&a, &n); err != nil {
			return nil, err
		}
		out[a] = n
	}
	return out, rows.Err()
}
