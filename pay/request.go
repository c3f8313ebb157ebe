package pay

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/web"
)

// Order is what Request demands.
type Order struct {
	Authority  string      // authority id, whose money it is
	Source     string      // "apply:018f…": what is paid; one payment per Source
	Purpose    string      // 1 to 27 characters, shown to the payer (XBezahldienste: purpose)
	Amount     money.Cents // 0.01 € to 999,999.00 € (XBezahldienste: grossAmount)
	ReturnPath string      // a path on this site, where the payer is led afterwards
	Due        time.Time   // zero: at once
}

// MaxAmount is the largest amount of one transaction (XBezahldienste 1.2.0, grossAmount).
const MaxAmount money.Cents = 999_999_00

// MaxPurpose is the largest length of a purpose in characters (XBezahldienste 1.2.0).
const MaxPurpose = 27

// Payment is a transaction as other rooms see it.
type Payment struct {
	ID            string
	Kassenzeichen string
	Path          string // "/bezahlen/TOKEN": a secret of the payer
	State         State
	PaidAt        time.Time // zero until PAYED
}

func (t Transaction) payment() Payment {
	return Payment{ID: t.ID, Kassenzeichen: string(t.Kassenzeichen), Path: t.Path(), State: t.State, PaidAt: t.PaidAt()}
}

// check says which rule an order breaks. That is a mistake of the calling room, not of a person.
func (o Order) check() error {
	bad := func(what string) error {
		return errs.E(errs.Invalid, "pay.error.order", fmt.Errorf("order %s: %s", o.Source, what))
	}
	switch {
	case o.Authority == "" || len(o.Authority) > 200:
		return bad("authority")
	case o.Source == "" || len(o.Source) > 200 || !printable(o.Source):
		return bad("source")
	case o.Purpose == "" || utf8.RuneCountInString(o.Purpose) > MaxPurpose || !printable(o.Purpose):
		return bad("purpose")
	case o.Amount <= 0 || o.Amount > MaxAmount:
		return bad("amount")
	case o.ReturnPath == "" || web.LocalPath(o.ReturnPath) != o.ReturnPath:
		return bad("return path")
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Request demands an amount: it gives a Kassenzeichen, books the Sollstellung, and returns where to pay, all in the
// caller's transaction. The caller has authorised. The same Source with the same content gives the same payment;
// errs.Conflict if authority, amount or purpose differ.
func (r *Room) Request(ctx context.Context, tx *db.Tx, o Order) (Payment, error) {
	if err := o.check(); err != nil {
		return Payment{}, err
	}
	if p, ok, err := r.same(ctx, tx, o); ok || err != nil {
		return p, err
	}
	// From here to the commit the authority's other requests wait: that is the price of numbers without gaps.
	prefix, last, err := lockNumber(ctx, tx, o.Authority)
	if err != nil {
		return Payment{}, err
	}
	if p, ok, err := r.same(ctx, tx, o); ok || err != nil { // somebody else was faster while we waited
		return p, err
	}
	if prefix > 99_999 || last >= 9_999_999 {
		return Payment{}, fmt.Errorf("pay: the Kassenzeichen of %s are used up", o.Authority)
	}
	if err := countNumber(ctx, tx, o.Authority, last+1); err != nil {
		return Payment{}, err
	}
	now := r.now()
	t := Transaction{
		ID: db.NewID(), Token: newToken(), Authority: o.Authority, Kassenzeichen: newNumber(prefix, last+1), Source: o.Source,
		Purpose: o.Purpose, Amount: o.Amount, State: Initial, ReturnPath: o.ReturnPath, Due: o.Due, Created: now,
	}
	if err := insertTransaction(ctx, tx, t); err != nil {
		if db.IsUnique(err) { // the same source, at the same moment, for two authorities
			return Payment{}, errs.E(errs.Conflict, "pay.error.other_amount", err)
		}
		return Payment{}, err
	}
	if err := r.book(ctx, tx, t, "", factAssessed, now); err != nil {
		return Payment{}, err
	}
	err = r.h.Audit.Append(ctx, tx, audit.Entry{
		Action: "pay.requested", Authority: t.Authority, Object: object(t),
		Changes: map[string]any{"kassenzeichen": t.Kassenzeichen, "amount_cents": t.Amount, "source": t.Source},
	})
	return t.payment(), err
}

// same looks for the payment that the order's source has already.
func (r *Room) same(ctx context.Context, tx *db.Tx, o Order) (Payment, bool, error) {
	t, ok, err := transactionBySource(ctx, tx, identity.All, o.Source)
	if !ok || err != nil {
		return Payment{}, false, err
	}
	if t.Authority != o.Authority || t.Amount != o.Amount || t.Purpose != o.Purpose {
		return Payment{}, false, errs.E(errs.Conflict, "pay.error.other_amount")
	}
	return t.payment(), true, nil
}

// PaidAt is when the authority's demand with this Kassenzeichen was paid; zero if it is not. Not for use inside a
// transaction.
func (r *Room) PaidAt(ctx context.Context, authority, kassenzeichen string) (time.Time, error) {
	t, _, err := transactionByNumber(ctx, r.h.DB.Reader(), identity.At(authority), kassenzeichen)
	return t.PaidAt(), err
}

func (r *Room) now() time.Time { return db.Time(db.Micros(r.h.Now())) }

func object(t Transaction) string { return "payment:" + t.ID }

// newToken is a secret of 130 bits: 26 letters and digits.
func newToken() string { return strings.ToLower(rand.Text()) }

// isToken reports whether s has a token's form, so that rubbish is refused before the database sees it.
func isToken(s string) bool {
	return len(s) == 26 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
