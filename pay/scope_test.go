package pay

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Every store method finds what there is with the owner's identity.Scope, and nothing with a stranger's or with none.
func TestStoreKeepsStrangersOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		w.to(w.do(nobody, "POST", p.Path, nil))
		sys := identity.AsSystem(t.Context(), "test")
		if err := w.SetFees(sys, []FeeSetting{{erfurt, "99110009104000", 500, true}}); err != nil {
			t.Fatal(err)
		}
		var attempt string
		if err := w.h.DB.Reader().QueryRow(t.Context(), `SELECT id FROM pay_attempt`).Scan(&attempt); err != nil {
			t.Fatal(err)
		}
		now := w.now()
		methods := map[string]func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error){
			"transactionBySource": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				_, ok, err := transactionBySource(ctx, tx, s, "apply:1")
				return ok, err
			},
			"transactionByID": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				_, ok, err := transactionByID(ctx, tx, s, p.ID)
				return ok, err
			},
			"lockTransaction": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				_, err := lockTransaction(ctx, tx, s, p.ID)
				if errs.Is(err, errs.NotFound) {
					return false, nil
				}
				return err == nil, err
			},
			"endTransaction": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				return endTransaction(ctx, tx, s, p.ID, Payed, "", "", now)
			},
			"attemptByID": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				_, ok, err := attemptByID(ctx, tx, s, attempt)
				return ok, err
			},
			"attempts": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := attempts(ctx, tx, s, p.ID)
				return len(l) > 0, err
			},
			"openAttempts": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := openAttempts(ctx, tx, s, p.ID)
				return len(l) > 0, err
			},
			"setRef": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				var ref string
				if err := tx.QueryRow(ctx, `SELECT provider_ref FROM pay_attempt`).Scan(&ref); err != nil {
					return false, err
				}
				return setRef(ctx, tx, s, attempt, Started{Ref: ref, RedirectURL: "/x"})
			},
			"endAttempt": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				return endAttempt(ctx, tx, s, attempt, Failed, now)
			},
			"setRefund": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				return setRefund(ctx, tx, s, attempt, "", RefundDue)
			},
			"entriesOf": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := entriesOf(ctx, tx, s, p.ID)
				return len(l) > 0, err
			},
			"entriesBetween": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := entriesBetween(ctx, tx, s, now.Add(-time.Hour), now.Add(time.Hour), 10)
				return len(l) > 0, err
			},
			"balances": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := balances(ctx, tx, s)
				return len(l) > 0, err
			},
			"allFees": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := allFees(ctx, tx, s)
				return len(l) > 0, err
			},
			"listTransactions": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := listTransactions(ctx, tx, s, filter{number: p.Kassenzeichen}, position{}, 10)
				return len(l) > 0, err
			},
			"sumTransactions": func(ctx context.Context, tx *db.Tx, s identity.Scope) (bool, error) {
				l, err := sumTransactions(ctx, tx, s, filter{})
				return l.Count > 0, err
			},
		}
		undo := errors.New("undo")
		for name, method := range methods {
			for who, c := range map[string]struct {
				s    identity.Scope
				want bool
			}{"owner": {identity.At(erfurt), true}, "everybody's": {identity.All, true}, "two": {identity.At(weimar, erfurt), true},
				"stranger": {identity.At(weimar), false}, "nobody": {identity.Scope{}, false}} {
				err := w.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					got, err := method(ctx, tx, c.s)
					if err != nil || got != c.want {
						t.Errorf("%s, %s: %v %v", name, who, got, err)
					}
					return undo
				})
				if !errors.Is(err, undo) {
					t.Error(err)
				}
			}
		}
		if _, ok, err := w.State(t.Context(), weimar, "apply:1"); ok || err != nil {
			t.Errorf("State tells a stranger: %v %v", ok, err)
		}
	})
}

// Every route of the treasurer: the owner gets in, others get nothing, not even that there is something.
func TestRoutesKeepStrangersOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		clerk := identity.Principal{Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}}
		citizen := identity.Principal{Kind: identity.Citizen, Grants: []identity.Grant{{Role: identity.Treasurer, Authority: erfurt}}}
		for _, c := range []struct {
			method, path     string
			own, other, none int
		}{
			{"GET", "/kasse", 200, 200, 403},
			{"GET", "/kasse/" + p.ID, 200, 404, 403},
			{"GET", "/kasse/" + p.ID + "/aufheben", 200, 404, 403},
			{"POST", "/kasse/" + p.ID + "/aufheben", 422, 404, 403},
			{"POST", "/kasse/" + p.ID + "/erstattet", 404, 404, 403},
			{"GET", "/kasse/buchungen.csv?tag=2026-11-24", 200, 200, 403},
		} {
			form := url.Values{}
			if c.own != 422 {
				form.Set("grund", "x")
			}
			for who, want := range map[*identity.Principal]int{ptr(treasurer(erfurt)): c.own, ptr(treasurer(identity.Everywhere)): c.own,
				ptr(treasurer(weimar)): c.other, &clerk: c.none, &citizen: c.none} {
				f := form
				if (want == 403 || want == 404) && c.method == "POST" {
					f = url.Values{"grund": {"x"}, "versuch": {"x"}}
				}
				rec := w.do(*who, c.method, c.path, f)
				if rec.Code != want {
					t.Errorf("%s %s as %+v: %d, want %d", c.method, c.path, who.Grants, rec.Code, want)
				}
				if want != c.own && strings.Contains(rec.Body.String(), p.Kassenzeichen) {
					t.Errorf("%s %s as %+v shows the payment", c.method, c.path, who.Grants)
				}
				if who.May(identity.Treasurer, weimar) && !who.May(identity.Treasurer, erfurt) && strings.Contains(rec.Body.String(), p.Kassenzeichen) {
					t.Errorf("%s %s shows a stranger the payment", c.method, c.path)
				}
			}
			if rec := w.do(nobody, c.method, c.path, form); rec.Code != http.StatusUnauthorized && rec.Code != http.StatusSeeOther {
				t.Errorf("%s %s without signing in: %d", c.method, c.path, rec.Code)
			}
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestMalformedTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.mustRequest(order("apply:1", 500))
		good := strings.TrimPrefix(p.Path, "/bezahlen/")
		for _, token := range []string{"x", strings.ToUpper(good), good + "a", good[:25], good[:25] + "1", strings.Repeat("a", 26), "%27%20OR%201=1", "%00",
			"%ff%fe", strings.Repeat("a", 5000)} {
			for _, c := range [][2]string{{"GET", "/bezahlen/" + token}, {"POST", "/bezahlen/" + token}, {"GET", "/bezahlen/" + token + "/zurueck"},
				{"GET", "/testbezahlung/" + token}, {"POST", "/testbezahlung/" + token}} {
				if rec := w.do(nobody, c[0], c[1], url.Values{"outcome": {"paid"}}); rec.Code != http.StatusNotFound {
					t.Errorf("%s %.60s: %d", c[0], c[1], rec.Code)
				}
			}
		}
		test := w.to(w.do(nobody, "POST", p.Path, nil))
		for _, outcome := range []string{"", "PAYED", "paid ", "x"} {
			if rec := w.do(nobody, "POST", test, url.Values{"outcome": {outcome}}); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("outcome %q: %d", outcome, rec.Code)
			}
		}
		if rec := w.do(nobody, "POST", test, url.Values{"outcome": {strings.Repeat("x", maxForm)}}); rec.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("oversize form: %d", rec.Code)
		}
	})
}
