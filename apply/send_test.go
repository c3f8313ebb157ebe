package apply

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/apply/form"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/snapshot"
)

// filled makes a draft that is ready to be sent, without pages.
func (x *fixture) filled(ctx context.Context, formID string) (id, secret string, h holder) {
	x.t.Helper()
	id, secret, err := x.r.start(ctx, formID, erfurt, i18n.German)
	if err != nil {
		x.t.Fatal(err)
	}
	h = holderOf(ctx, secret, "")
	answers := map[string]form.Answers{
		"hund-anmelden": {"given_name": {"Jana"}, "surname": {"Muster"}, "birth_date": {"1980-02-01"}, "home_street": {"Anger"}, "home_number": {"1"}, "home_postcode": {"99084"}, "home_town": {"Erfurt"},
			"dog_name": {"Bello"}, "dog_breed": {"Dackel"}, "dog_sex": {"maennlich"}, "dog_birth": {"2024-03-01"}, "chip": {"276098100000001"}, "kept_since": {"2024-05-01"}, "origin": {"tierheim"}, "other_dogs": {"0"},
			"dangerous": {"nein"}, "reduction": {"keine"}, "sepa": {"selbst"}},
		"meldebescheinigung": {"given_name": {"Jana"}, "surname": {"Muster"}, "birth_date": {"1980-02-01"}, "birth_place": {"Jena"}, "home_street": {"Anger"}, "home_number": {"1"}, "home_postcode": {"99084"}, "home_town": {"Erfurt"},
			"certificate": {"einfach"}, "purpose": {"arbeit"}, "copies": {"1"}, "delivery": {"abholung"}},
	}[formID]
	d := x.r.forms.Current(formID)
	for _, g := range d.Groups {
		page := form.Answers{}
		for _, f := range g.Fields {
			if v, ok := answers[f.ID]; ok {
				page[f.ID] = v
			}
		}
		if err := x.r.save(ctx, h, id, g.ID, 0, page); err != nil {
			x.t.Fatal(err)
		}
	}
	return id, secret, h
}

func (x *fixture) count(table, where string, args ...any) int {
	x.t.Helper()
	var n int
	if err := x.h.DB.Reader().QueryRow(x.t.Context(), "SELECT count(*) FROM "+table+" WHERE "+where, args...).Scan(&n); err != nil {
		x.t.Fatal(err)
	}
	return n
}

func TestSendingTwiceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		for _, formID := range []string{"hund-anmelden", "meldebescheinigung"} {
			id, secret, h := x.filled(t.Context(), formID)
			fee := int64(0)
			if formID == "meldebescheinigung" {
				fee = 600
			}
			var wg sync.WaitGroup
			results := make([]sent, 8)
			for i := range results {
				wg.Go(func() {
					s, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true, fee: money.Cents(fee)})
					if err != nil {
						t.Error(err)
					}
					results[i] = s
				})
			}
			wg.Wait()
			for _, s := range results {
				if s != results[0] || s.reference == "" {
					t.Fatalf("%v and %v", results[0], s)
				}
			}
			if n := x.count("audit_entry", "object = $1 AND action = 'apply.sent'", SourceOf(id)); n != 1 {
				t.Errorf("%d entries in the log", n)
			}
			x.drain()
			want := 1
			if fee > 0 {
				want = 0
				if len(x.cashier.orders) != 1 {
					t.Errorf("%d demands", len(x.cashier.orders))
				}
			}
			n := 0
			for _, s := range x.submitted {
				if s.Application == id {
					n++
				}
			}
			if n != want {
				t.Errorf("%s: %d events, want %d", formID, n, want)
			}
		}
	})
}

func TestSendRefuses(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "meldebescheinigung")
		ok := sending{secret: secret, declared: true, fee: 600}
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, fee: 600}); !errs.Is(err, errs.Invalid) {
			t.Errorf("without the declaration: %v", err)
		}
		x.fees.set(700)
		if _, err := x.r.send(t.Context(), h, id, ok); !errs.Is(err, errs.Conflict) {
			t.Errorf("with another fee than was shown: %v", err)
		}
		x.fees.set(600)
		if err := x.r.save(t.Context(), h, id, "person", 1, form.Answers{"given_name": {"Jana"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.r.send(t.Context(), h, id, ok); !errs.Is(err, errs.Invalid) || errs.As(err).Fields[0].Name != "surname" {
			t.Errorf("with an answer missing: %v", err)
		}
		if _, err := x.r.send(t.Context(), holder{secretHash: hashSecret("x")}, id, ok); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
		if n := x.count("apply_application", "reference <> ''"); n != 0 {
			t.Errorf("%d were sent", n)
		}
		if n := x.count("queue_job", "topic <> $1", topicExpire); n != 0 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestWithoutFeeNothingIsAwaited(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		x.fees.set(0)
		id, secret, h := x.filled(t.Context(), "meldebescheinigung")
		s, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true})
		if err != nil || s.payPath != "" {
			t.Fatalf("%v %v", s, err)
		}
		x.drain()
		if len(x.submitted) != 1 || len(x.cashier.orders) != 0 {
			t.Errorf("%v %v", x.submitted, x.cashier.orders)
		}
	})
}

// A fault after the cashier has been asked leaves nothing behind.
func TestAFaultWhileSendingLeavesADraft(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "meldebescheinigung")
		x.r.cashier = brokenCashier{}
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true, fee: 600}); err == nil {
			t.Fatal("sent")
		}
		if n := x.count("apply_application", "state = 'draft' AND reference = '' AND draft <> ''"); n != 1 {
			t.Errorf("the draft is gone")
		}
		x.r.cashier = x.cashier
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true, fee: 600}); err != nil {
			t.Error(err)
		}
	})
}

// Where nobody can pay online, an application that is to be paid first is not taken: it would wait for ever.
func TestWithoutProviderNothingIsPaidFirst(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "meldebescheinigung")
		x.cashier.away = true
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true, fee: 600}); !errs.Is(err, errs.Unavailable) {
			t.Errorf("sent: %v", err)
		}
		if n := x.count("apply_application", "state = 'draft'"); n != 1 {
			t.Error("the draft is gone")
		}
		x.c.Get("/antrag/start/meldebescheinigung?ort="+erfurt).Want(http.StatusNotFound, "Hier nicht online möglich", "Online bezahlen lässt sie sich dort noch nicht")
		if _, ok, err := x.r.Online(t.Context(), "99115003012000", "erfurt"); ok || err != nil {
			t.Errorf("offered: %v", err)
		}
		x.c.Get("/antrag/start/hund-anmelden?ort="+erfurt).Want(http.StatusOK, "Ohne Konto beginnen") // paid after the notice
		x.fees.set(0)
		if _, ok, err := x.r.Online(t.Context(), "99115003012000", "erfurt"); !ok || err != nil {
			t.Errorf("not offered without a fee: %v", err)
		}
	})
}

type brokenCashier struct{}

func (brokenCashier) TakesMoney() bool { return true }

func (brokenCashier) PaidAt(context.Context, string, string) (time.Time, error) {
	return time.Time{}, errors.New("no cashier")
}

func (brokenCashier) Request(context.Context, *db.Tx, Order) (Payment, error) {
	return Payment{}, errors.New("no cashier")
}

// events in every order, each twice, end alike.
func TestEventsInAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		for _, order := range permutations(4) {
			id, secret, h := x.filled(t.Context(), "hund-anmelden")
			if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true}); err != nil {
				t.Fatal(err)
			}
			all := []testEvent{
				{Kind: "filed", Application: id, Text: "E-2026-1"},
				{Kind: "decided", Application: id, Amount: 9600},
				{Kind: "notice_paid", Application: id},
				{Kind: "rendered", Application: id, Text: strings.Repeat("ab", 32)},
			}
			var list []testEvent
			for _, i := range order {
				list = append(list, all[i], all[i])
			}
			x.events(list...)
			a, err := byID(t.Context(), x.h.DB.Reader(), id, "")
			if err != nil {
				t.Fatal(err)
			}
			if a.state != Paid || a.caseReference != "E-2026-1" || a.filedAt.IsZero() || a.noticeHash == "" {
				t.Errorf("%v: %s %q %v %q", order, a.state, a.caseReference, a.filedAt, a.noticeHash)
			}
			if n := x.count("audit_entry", "object = $1 AND action = 'apply.notice_delivered'", SourceOf(id)); n != 1 {
				t.Errorf("%v: %d entries", order, n)
			}
		}
		if n := x.count("queue_job", "topic <> $1", topicExpire); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			out = append(out, append(append(append([]int{}, p[:i]...), n-1), p[i:]...))
		}
	}
	return out
}

func TestQuestions(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		s, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true})
		if err != nil {
			t.Fatal(err)
		}
		state := func() State {
			a, err := byID(t.Context(), x.h.DB.Reader(), id, "")
			if err != nil {
				t.Fatal(err)
			}
			return a.state
		}
		// Asked before filed, and both again.
		x.events(testEvent{Kind: "asked", Application: id, ID: "q1", Text: "Eins?"}, testEvent{Kind: "filed", Application: id, Text: "E-1"},
			testEvent{Kind: "asked", Application: id, ID: "q1", Text: "Eins?"}, testEvent{Kind: "asked", Application: id, ID: "q2", Text: "Zwei?"})
		if got := state(); got != QuestionOpen {
			t.Fatalf("state %s", got)
		}
		if err := x.r.answer(t.Context(), h, s.reference, "fremd", "Text", nil); !errs.Is(err, errs.NotFound) {
			t.Errorf("an unknown question: %v", err)
		}
		var wg sync.WaitGroup
		results := make([]error, 4)
		for i := range results {
			wg.Go(func() { results[i] = x.r.answer(t.Context(), h, s.reference, "q1", "Antwort", nil) })
		}
		wg.Wait()
		good := 0
		for _, err := range results {
			if err == nil {
				good++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		}
		if good != 1 || state() != QuestionOpen {
			t.Errorf("%d answers, state %s", good, state())
		}
		if err := x.r.answer(t.Context(), h, s.reference, "q2", "Antwort", nil); err != nil || state() != Answered {
			t.Errorf("%v, state %s", err, state())
		}
		// A repeated question that was answered does not open again.
		x.events(testEvent{Kind: "asked", Application: id, ID: "q2", Text: "Zwei?"})
		if got := state(); got != Answered {
			t.Errorf("state %s", got)
		}
		x.events(testEvent{Kind: "decided", Application: id}, testEvent{Kind: "asked", Application: id, ID: "q3", Text: "Drei?"})
		if got := state(); got != Decided {
			t.Errorf("state %s", got)
		}
		if err := x.r.answer(t.Context(), h, s.reference, "q3", "zu spät", nil); !errs.Is(err, errs.Conflict) {
			t.Errorf("after the decision: %v", err)
		}
		x.drain()
		if len(x.answered) != 2 {
			t.Errorf("%d events", len(x.answered))
		}
	})
}

func TestEventsAreForTheProgramOnly(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true}); err != nil {
			t.Fatal(err)
		}
		for name, ctx := range map[string]context.Context{
			"nobody":  context.Background(),
			"citizen": identity.With(context.Background(), citizen("anna")),
			"clerk":   identity.With(context.Background(), identity.Principal{Subject: "c", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: "erfurt"}}}),
		} {
			_, err1 := x.r.Parcel(ctx, id)
			_, err2 := x.r.Answer(ctx, "m")
			_, err3 := x.r.Keeps(ctx, x.h.DB.Reader(), []string{"h"})
			_, err4 := x.r.Applications(ctx, "anna")
			for i, err := range []error{err1, err2, err3, err4, x.r.Filed(ctx, nil, id, "E"), x.r.Paid(ctx, nil, id, "K", time.Now()), x.r.Asked(ctx, nil, Question{Application: id}),
				x.r.Decided(ctx, nil, Notice{Application: id}), x.r.NoticePaid(ctx, nil, id, time.Now()), x.r.NoticeRendered(ctx, nil, id, "h", 1), x.r.PaymentEnded(ctx, nil, id, "failed"),
				x.r.BlobHashes(ctx, func(string) error { return nil })} {
				if !errs.Is(err, errs.NotFound) {
					t.Errorf("%s, call %d: %v", name, i, err)
				}
			}
		}
		if _, err := x.r.Parcel(system(), "nichts"); !errs.Is(err, errs.NotFound) {
			t.Errorf("an unknown application: %v", err)
		}
		n := 0
		x.drain()
		named := []string{"not named"}
		if err := x.r.BlobHashes(system(), func(h string) error { n++; named = append(named, h); return nil }); err != nil || n != 1 {
			t.Errorf("%d blobs, %v", n, err)
		}
		if kept, err := x.r.Keeps(system(), x.h.DB.Reader(), named); err != nil || !slices.Equal(kept, named[1:]) {
			t.Errorf("kept %v, %v", kept, err)
		}
		if err := x.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE apply_application SET subject = 'anna' WHERE id = $1`, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if ids, err := x.r.Applications(system(), "anna"); err != nil || !slices.Equal(ids, []string{id}) {
			t.Errorf("applications %v, %v", ids, err)
		}
	})
}

// A worker that dies after it has stored the PDF does the job again: nothing new comes of it.
func TestReceiptTwice(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			x.drain()
			err := x.h.DB.Tx(system(), func(ctx context.Context, tx *db.Tx) error {
				return x.h.Queue.Publish(ctx, tx, topicReceipt, receiptJob{id})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		x.drain()
		blobs := 0
		if err := x.h.Blobs.List(t.Context(), func(blob.Ref, time.Time) error { blobs++; return nil }); err != nil {
			t.Fatal(err)
		}
		if n := x.count("audit_entry", "action = 'apply.receipt_made'"); n != 1 || blobs != 1 {
			t.Errorf("%d entries, %d blobs", n, blobs)
		}
	})
}

func TestDecisionOfAnotherAuthority(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		id, secret, h := x.filled(t.Context(), "hund-anmelden")
		if _, err := x.r.send(t.Context(), h, id, sending{secret: secret, declared: true}); err != nil {
			t.Fatal(err)
		}
		if err := x.r.Decided(system(), nil, Notice{Application: id, Authority: "weimar"}); err == nil {
			t.Error("taken")
		}
		if n := x.count("apply_notice", "1 = 1"); n != 0 {
			t.Error("kept")
		}
	})
}

func TestOffers(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		const dog = "99110009104000"
		operator := func(where string) context.Context {
			return identity.With(context.Background(), identity.Principal{Subject: "o", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Operator, Authority: where}}})
		}
		want := func(leika, authority string, ok bool) {
			t.Helper()
			path, got, err := x.r.Online(t.Context(), leika, authority)
			if err != nil || got != ok || ok && path != "/antrag/start/hund-anmelden" {
				t.Errorf("%s at %s: %q %v %v", leika, authority, path, got, err)
			}
		}
		want(dog, "erfurt", true)
		want(dog, "weimar", false)
		want("99000000000000", "erfurt", false)
		if err := x.r.Offer(operator("erfurt"), "hund-anmelden", "weimar"); !errs.Is(err, errs.Denied) {
			t.Errorf("a stranger's operator: %v", err)
		}
		if err := x.r.Offer(operator("weimar"), "nichts", "weimar"); !errs.Is(err, errs.NotFound) {
			t.Errorf("an unknown form: %v", err)
		}
		for range 2 {
			if err := x.r.Offer(operator("weimar"), "hund-anmelden", "weimar"); err != nil {
				t.Fatal(err)
			}
		}
		want(dog, "weimar", true)
		if n := x.count("audit_entry", "action = 'apply.offered' AND authority = 'weimar'"); n != 1 {
			t.Errorf("%d entries", n)
		}
		if err := x.r.Withdraw(operator(identity.Everywhere), "hund-anmelden", "weimar", "erfurt"); err != nil {
			t.Fatal(err)
		}
		want(dog, "weimar", false)
		want(dog, "erfurt", false)
		// Another process switches it on; this one sees it soon.
		err := x.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := insertOffer(ctx, tx, "weimar", "hund-anmelden", x.clock())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		x.advance(snapshot.Age + time.Second)
		want(dog, "weimar", true)
		if !x.r.ByNotice(dog) || x.r.ByNotice("99115003012000") || len(x.r.Forms()) != 3 {
			t.Error("what the forms say")
		}
	})
}
