package pay

import (
	"embed"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
	"rennsteig/platform/snapshot"
)

// Files are the room's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS

// State of a transaction or an attempt, as in XBezahldienste 1.2.0 (its spelling too).
type State string

// The states. FAILED is only an attempt's: the transaction stays INITIAL while it can still be paid.
const (
	Initial  State = "INITIAL"
	Payed    State = "PAYED"
	Failed   State = "FAILED"
	Canceled State = "CANCELED"
)

// Topics of the room's events. Each is published in the transaction of what it tells.
const (
	TopicSettled      = "pay.settled"       // body Settled
	TopicAttemptEnded = "pay.attempt_ended" // body AttemptEnded
	TopicCancelled    = "pay.cancelled"     // body Cancelled
)

// Settled tells that a transaction has been paid. It is published once for a transaction.
type Settled struct {
	Source        string
	Authority     string
	Kassenzeichen string
	State         string // "PAYED"
	Amount        money.Cents
	At            time.Time
}

// AttemptEnded tells that a try to pay ended without money; the transaction can still be paid.
type AttemptEnded struct {
	Source    string
	Authority string
	State     string // "FAILED" or "CANCELED"
}

// Cancelled tells that the office has given up an unpaid demand.
type Cancelled struct {
	Source        string
	Authority     string
	Kassenzeichen string
	At            time.Time
}

// Transaction is one demand (Zahlungsvorgang).
type Transaction struct {
	ID            string
	Token         string // the payer's key to it, part of the address
	Authority     string
	Kassenzeichen Number
	Source        string // what is paid, in the words of the room that asked
	Purpose       string // at most 27 characters
	Amount        money.Cents
	State         State
	ReturnPath    string
	Method        string // how it was paid, as the provider says
	Reason        string // why the office cancelled it
	Due           time.Time
	Created       time.Time
	Ended         time.Time // paid or cancelled; zero while INITIAL
}

// Path is where the payer pays.
func (t Transaction) Path() string { return "/bezahlen/" + t.Token }

// PaidAt is when it was paid; zero if it is not.
func (t Transaction) PaidAt() time.Time {
	if t.State == Payed {
		return t.Ended
	}
	return time.Time{}
}

// Options are what New needs besides the house.
type Options struct {
	// Demo turns the embedded test provider on. Without it the test provider does not exist: neither its pages nor
	// its states.
	Demo bool
	// Provider takes the money. If nil, it is the test provider in a demo; elsewhere nobody can pay online, and the
	// payment page says so.
	Provider Provider
}

// Room is the payment basic service.
type Room struct {
	h        *platform.House
	provider Provider      // nil if nobody can pay online
	test     *TestProvider // nil but in a demo
	patience time.Duration // how long a page or a job waits for the provider
	fees     *snapshot.Snapshot[map[feeKey]FeeSetting]
	pages    pages
}

// TakesMoney reports whether a provider is set up, so that demands can be paid online.
func (r *Room) TakesMoney() bool { return r.provider != nil }

// New makes the room: its pages, and the handler of its job.
func New(h *platform.House, o Options) (*Room, error) {
	r := &Room{h: h, provider: o.Provider, patience: 8 * time.Second}
	r.fees = snapshot.New(h.Now, r.loadFees)
	if r.provider == nil && o.Demo {
		t, err := NewTestProvider(h, true)
		if err != nil {
			return nil, err
		}
		r.test, r.provider = t, t
	}
	r.pages = newPages(h.Site)
	queue.Handle(h.Queue, topicCheck, r.check)
	return r, nil
}
