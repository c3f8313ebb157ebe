package records

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/money"
)

// Cashier issues the demand for a payment. app passes the payment room.
type Cashier interface {
	// Request issues a Kassenzeichen in the transaction of the decision. The same Source gives the same payment.
	Request(ctx context.Context, tx *db.Tx, o Order) (Payment, error)
}

// Order is what is to be paid.
type Order struct {
	Authority  string // authority id
	Source     string // "case:" and the case's id
	Purpose    string // at most 27 characters, shown to the payer
	Amount     money.Cents
	ReturnPath string // where the payer is led afterwards, a path on this site
	Due        time.Time
}

// Payment is the demand that was issued.
type Payment struct {
	ID            string
	Kassenzeichen string
	Path          string // where it can be paid, a path on this site
}

// Fees knows what a service costs at an authority.
type Fees interface {
	// Fee is the amount set for the service; demo marks an amount invented for the demo Land; ok is false where
	// nothing is set.
	Fee(ctx context.Context, leikaKey, authorityID string) (amount money.Cents, demo, ok bool, err error)
}

// Services knows what services are called.
type Services interface {
	// ServiceName is the name of the service; "" if there is none with that LeiKa key.
	ServiceName(leikaKey string) string
	// FindServices finds services by words of their names or everyday words for them, best first, at most so many.
	FindServices(words string, most int) []Service
}

// Service is a service as a choice: its LeiKa key, and what it is called.
type Service struct{ Key, Name string }

// KnowServices tells the room what services are called. app passes the catalogue.
func (r *Room) KnowServices(s Services) { r.services = s }

// ServiceName is what people call the service: its name, or its LeiKa key where no name is known.
func (r *Room) ServiceName(leikaKey string) string {
	if r.services != nil {
		if name := r.services.ServiceName(leikaKey); name != "" {
			return name
		}
	}
	return leikaKey
}

// FindServices finds services by words, best first, at most so many.
func (r *Room) FindServices(words string, most int) []Service {
	if r.services == nil {
		return nil
	}
	return r.services.FindServices(words, most)
}

// Policies knows how a service is paid.
type Policies interface {
	// ByNotice reports whether the decision itself may demand an amount (tax assessed by notice).
	ByNotice(leikaKey string) bool
}
