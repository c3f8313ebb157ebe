package apply

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/money"
)

// Offices knows which authority processes a service at a place.
type Offices interface {
	// Office returns the authority that processes the service (LeiKa key, 14 digits) at the place (ARS, 12 digits);
	// errs.NotFound if none is known.
	Office(ctx context.Context, leikaKey, ars string) (id, name string, err error)
	// PlaceName is the name of the place; "" if there is none with that ARS.
	PlaceName(ars string) string
}

// Fees knows what a service costs at an authority.
type Fees interface {
	// Fee is the amount set for the service; demo marks an amount invented for the demo Land; ok is false where
	// nothing is set.
	Fee(ctx context.Context, leikaKey, authorityID string) (amount money.Cents, demo, ok bool, err error)
}

// Cashier demands money.
type Cashier interface {
	// Request makes a payment in tx. The same Source gives the same payment.
	Request(ctx context.Context, tx *db.Tx, o Order) (Payment, error)
	// PaidAt is when the authority's demand with this Kassenzeichen was paid; zero if it is not.
	PaidAt(ctx context.Context, authority, kassenzeichen string) (time.Time, error)
	// TakesMoney is false where no payment provider is set up: nobody can pay online then.
	TakesMoney() bool
}

// Order is what a Cashier is asked for.
type Order struct {
	Authority  string // whose money it is
	Source     string // SourceOf(application)
	Purpose    string // at most 27 characters (XBezahldienste 1.2.0)
	Amount     money.Cents
	ReturnPath string // page of this site that the payer comes back to
}

// Payment is a demand that the applicant can pay.
type Payment struct {
	ID            string
	Kassenzeichen string
	Path          string // page of this site where it is paid
}

const sourcePrefix = "application:"

// SourceOf names an application in an Order and in the log.
func SourceOf(application string) string { return sourcePrefix + application }

// ApplicationOf returns the application that a source of a payment names; false if it is something else's.
func ApplicationOf(source string) (string, bool) {
	if len(source) <= len(sourcePrefix) || source[:len(sourcePrefix)] != sourcePrefix {
		return "", false
	}
	return source[len(sourcePrefix):], true
}
