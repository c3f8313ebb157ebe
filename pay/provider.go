package pay

import (
	"context"

	"rennsteig/platform/money"
)

// Provider is a payment provider, as much of it as this room needs (XBezahldienste 1.2.0: initiate and get a payment
// transaction). Both methods may be slow and may fail; they are never called inside a database transaction.
type Provider interface {
	// Name is kept with each attempt, so that no other provider is asked about it.
	Name() string
	// Start opens a payment. The same RequestID gives the same answer (XBezahldienste: PAYMENT_EXISTS).
	Start(ctx context.Context, s Start) (Started, error)
	// Status tells how the payment stands.
	Status(ctx context.Context, ref string) (Status, error)
}

// Start is what a provider must know. There is no personal data in it.
type Start struct {
	RequestID     string // the attempt's id
	Payee         string // name of the authority
	Purpose       string
	Kassenzeichen string
	Amount        money.Cents
	ReturnPath    string // a path on this site; a provider elsewhere puts the site's address before it
}

// Started is where the payer goes now.
type Started struct {
	Ref         string // the provider's transaction id
	RedirectURL string
}

// Status is the provider's word on a payment.
type Status struct {
	State  State // FAILED, CANCELED and PAYED are final
	Amount money.Cents
	Method string // XBezahldienste paymentMethod, e.g. CREDITCARD
}
