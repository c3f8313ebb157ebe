package pay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

// TestProvider plays a payment provider for the demo: no money flows, and the payer chooses how it ends. It keeps its
// own table and knows nothing of the room but the address to return to and the topic of the callback.
type TestProvider struct {
	h    *platform.House
	page *web.Page[testPage]
}

// testPayment is one payment in the provider's memory.
type testPayment struct {
	ref, requestID string
	payee, purpose string
	amount         money.Cents
	returnURL      string
	state          State
}

// NewTestProvider makes the provider. It refuses to exist outside a demo.
func NewTestProvider(h *platform.House, demo bool) (*TestProvider, error) {
	if !demo {
		return nil, errors.New("pay: the test provider takes no money and is for the demo only; set up a real payment provider")
	}
	return &TestProvider{h: h, page: web.NewPage[testPage](h.Site, Files, "testprovider")}, nil
}

// Name is "test".
func (p *TestProvider) Name() string { return "test" }

// Start opens a payment, or finds the one that was opened for the same request.
func (p *TestProvider) Start(ctx context.Context, s Start) (Started, error) {
	var ref string
	err := p.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO pay_test_provider (ref, request_id, payee, purpose, amount_cents, return_url, state, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (request_id) DO NOTHING`, newToken(), s.RequestID, s.Payee,
			s.Purpose+" "+s.Kassenzeichen, int64(s.Amount), s.ReturnPath, string(Initial), db.Micros(p.h.Now()))
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT ref FROM pay_test_provider WHERE request_id = $1`, s.RequestID).Scan(&ref)
	})
	return Started{Ref: ref, RedirectURL: "/testbezahlung/" + ref}, err
}

// Status tells how the payment stands.
func (p *TestProvider) Status(ctx context.Context, ref string) (Status, error) {
	t, err := p.payment(ctx, ref)
	return Status{State: t.state, Amount: t.amount, Method: "OTHER"}, err
}

func (p *TestProvider) payment(ctx context.Context, ref string) (t testPayment, err error) {
	if !isToken(ref) {
		return t, errs.E(errs.NotFound, "pay.error.not_found")
	}
	err = p.h.DB.Reader().QueryRow(ctx, `SELECT ref, request_id, payee, purpose, amount_cents, return_url, state FROM pay_test_provider
		WHERE ref = $1`, ref).Scan(&t.ref, &t.requestID, &t.payee, &t.purpose, &t.amount, &t.returnURL, &t.state)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E(errs.NotFound, "pay.error.not_found")
	}
	return t, err
}

// choose ends the payment and calls back; a payment that has ended stays as it is.
func (p *TestProvider) choose(ctx context.Context, t testPayment, to State, now time.Time) error {
	return p.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := db.Changed(tx.Exec(ctx, `UPDATE pay_test_provider SET state = $2, ended_at = $3 WHERE ref = $1 AND state = 'INITIAL'`,
			t.ref, string(to), db.Micros(now)))
		if err != nil || !ok {
			return err
		}
		return p.h.Queue.Publish(ctx, tx, topicCheck, check{Attempt: t.requestID})
	})
}

type testPage struct {
	Payee, Purpose string
	Amount         money.Cents
	Open           bool
	State          State
	Return         string
	Alert          web.Alert
}

func (p *TestProvider) routes(mux *http.ServeMux) {
	s := p.h.Site
	s.Handle(mux, "GET /testbezahlung/{ref}", p.show)
	s.Handle(mux, "POST /testbezahlung/{ref}", p.end)
}

func (p *TestProvider) show(w http.ResponseWriter, r *http.Request) error {
	t, err := p.payment(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	text := func(key string, args ...any) string { return p.h.Site.T(r, key, args...) }
	return p.page.Render(w, r, web.Meta{Title: text("pay.test.title")}, testPage{
		Payee: t.payee, Purpose: t.purpose, Amount: t.amount, Open: t.state == Initial, State: t.state, Return: t.returnURL,
		Alert: web.Alert{Kind: "warning", Title: text("pay.test.warning"), Text: text("pay.test.warning_text")},
	})
}

func (p *TestProvider) end(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(w, r, maxForm); err != nil {
		return err
	}
	t, err := p.payment(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	to, ok := map[string]State{"paid": Payed, "failed": Failed, "cancelled": Canceled}[r.PostFormValue("outcome")]
	if !ok {
		return errs.E(errs.Invalid, "pay.error.outcome", fmt.Errorf("outcome %.20q", r.PostFormValue("outcome")))
	}
	if err := p.choose(r.Context(), t, to, p.h.Now()); err != nil {
		return err
	}
	return p.h.Site.Redirect(w, r, t.returnURL, "")
}
