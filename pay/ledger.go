package pay

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/money"
)

// Fact is what a booking says has happened.
type Fact string

// The facts.
const (
	factAssessed  Fact = "assessed"  // Sollstellung
	factPaid      Fact = "paid"      // Ist-Buchung
	factOverpaid  Fact = "overpaid"  // paid though it was paid or cancelled already: to be refunded
	factRefunded  Fact = "refunded"  // that money went back
	factCancelled Fact = "cancelled" // Sollabgang: the demand was given up
)

// Account is one account of the ledger.
type Account string

// The accounts.
const (
	receivable Account = "receivable" // Forderung
	assessed   Account = "assessed"   // Sollstellung, counter-account of the receivable until the money is there
	income     Account = "income"     // Ist-Einnahme
	clearing   Account = "clearing"   // Verrechnung: money the provider holds for us
	refund     Account = "refund"     // Verwahrung: money that is not ours
)

// postings says which accounts a fact debits (Soll, +1) and credits (Haben, -1). Each sums to zero.
var postings = map[Fact][]posting{
	factAssessed:  {{receivable, +1}, {assessed, -1}},
	factPaid:      {{clearing, +1}, {receivable, -1}, {assessed, +1}, {income, -1}},
	factOverpaid:  {{clearing, +1}, {refund, -1}},
	factRefunded:  {{refund, +1}, {clearing, -1}},
	factCancelled: {{assessed, +1}, {receivable, -1}},
}

type posting struct {
	account Account
	sign    money.Cents
}

// Entry is one line of the ledger.
type Entry struct {
	ID            string
	FactID        string // the lines of one fact share it
	Authority     string
	Transaction   string
	Attempt       string // "" where no attempt is concerned
	Fact          Fact
	Account       Account
	Amount        money.Cents // debit (Soll) positive, credit (Haben) negative
	Booked        time.Time
	Kassenzeichen Number // of the transaction; only read
	Purpose       string // of the transaction; only read
}

// Debit is the amount in the Soll column; 0 if it is a credit.
func (e Entry) Debit() money.Cents { return max(e.Amount, 0) }

// Credit is the amount in the Haben column; 0 if it is a debit.
func (e Entry) Credit() money.Cents { return max(-e.Amount, 0) }

// book writes the entries of one fact about the whole amount of t.
func (r *Room) book(ctx context.Context, tx *db.Tx, t Transaction, attempt string, f Fact, now time.Time) error {
	id := db.NewID()
	for _, p := range postings[f] {
		err := insertEntry(ctx, tx, Entry{
			ID: db.NewID(), FactID: id, Authority: t.Authority, Transaction: t.ID, Attempt: attempt, Fact: f,
			Account: p.account, Amount: p.sign * t.Amount, Booked: now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
