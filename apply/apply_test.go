package apply

import (
	"context"
	"fmt"
	"io"
	"net/http"
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
	"rennsteig/platform/scan"
	"rennsteig/platform/web/webtest"
)

const (
	erfurt = "160510000000"
	weimar = "160550000000"
)

type fakeOffices struct{}

func (fakeOffices) Office(_ context.Context, _, ars string) (string, string, error) {
	switch ars {
	case erfurt:
		return "erfurt", "Stadt Erfurt", nil
	case weimar:
		return "weimar", "Stadt Weimar", nil
	}
	return "", "", errs.E(errs.NotFound, "apply.no_place")
}

func (fakeOffices) PlaceName(ars string) string {
	return map[string]string{erfurt: "Erfurt", weimar: "Weimar"}[ars]
}

type fakeFees struct {
	mu     sync.Mutex
	amount money.Cents
}

func (f *fakeFees) set(c money.Cents) { f.mu.Lock(); f.amount = c; f.mu.Unlock() }

func (f *fakeFees) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.amount, true, f.amount > 0, nil
}

type fakeCashier struct {
	mu       sync.Mutex
	payments map[string]Payment
	orders   []Order
	paid     map[string]time.Time // by Kassenzeichen
	away     bool                 // no provider is set up
}

func (c *fakeCashier) TakesMoney() bool { c.mu.Lock(); defer c.mu.Unlock(); return !c.away }

func (c *fakeCashier) PaidAt(_ context.Context, _, kassenzeichen string) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paid[kassenzeichen], nil
}

func (c *fakeCashier) Request(_ context.Context, _ *db.Tx, o Order) (Payment, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.payments[o.Source]; ok {
		return p, nil
	}
	n := len(c.payments) + 1
	p := Payment{ID: fmt.Sprint(n), Kassenzeichen: fmt.Sprintf("10001-%07d-00", n), Path: fmt.Sprintf("/bezahlen/%d", n)}
	c.payments[o.Source] = p
	c.orders = append(c.orders, o)
	return p, nil
}

// fixture is a room with its pages, a clock that tests move, and what was published.
type fixture struct {
	t       *testing.T
	h       *platform.House
	r       *Room
	fees    *fakeFees
	cashier *fakeCashier
	handler http.Handler
	c       *webtest.Client

	mu        sync.Mutex
	now       time.Time
	submitted []Submission
	answered  []AnswerGiven
}

func each(t *testing.T, f func(t *testing.T, x *fixture)) {
	housetest.Each(t, []platform.Files{{Room: "apply", FS: Files}, {Room: "scan", FS: scan.Files}}, func(t *testing.T, h *platform.House) { f(t, newFixture(t, h)) })
}

func newFixture(t *testing.T, h *platform.House) *fixture {
	x := &fixture{t: t, h: h, fees: &fakeFees{amount: 600}, cashier: &fakeCashier{payments: map[string]Payment{}},
		now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	h.Now, h.Queue.Now, h.Site.NoLimits = x.clock, x.clock, true
	h.AuthorityName = func(id string) string {
		return map[string]string{"erfurt": "Stadt Erfurt", "weimar": "Stadt Weimar"}[id]
	}
	r, err := New(h, fakeOffices{}, x.fees, x.cashier)
	if err != nil {
		t.Fatal(err)
	}
	x.r = r
	queue.Handle(h.Queue, TopicSubmitted, func(_ context.Context, _ *queue.Job, s Submission) error {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.submitted = append(x.submitted, s)
		return nil
	})
	queue.Handle(h.Queue, TopicAnswered, func(_ context.Context, _ *queue.Job, a AnswerGiven) error {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.answered = append(x.answered, a)
		return nil
	})
	x.handlers()
	for _, d := range r.forms.All() {
		if err := r.Offer(system(), d.ID, "erfurt"); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	r.Routes(mux)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<body>Startseite</body>") })
	mux.HandleFunc("GET /bezahlen/{n}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<body>Bezahlseite</body>") })
	x.handler = h.Site.Middleware(mux)
	x.c = webtest.New(t, x.handler)
	return x
}

func (x *fixture) clock() time.Time { x.mu.Lock(); defer x.mu.Unlock(); return x.now }

func (x *fixture) advance(d time.Duration) { x.mu.Lock(); x.now = x.now.Add(d); x.mu.Unlock() }

func system() context.Context { return identity.AsSystem(context.Background(), "test") }

func citizen(name string) identity.Principal {
	return identity.Principal{Subject: "s-" + name, Name: name, Kind: identity.Citizen}
}

// testEvent carries any event of another room through the real queue.
type testEvent struct {
	Kind, Application, Text, ID string
	Amount                      money.Cents
	At                          time.Time
}

func (x *fixture) handlers() {
	queue.Handle(x.h.Queue, "test.event", func(ctx context.Context, job *queue.Job, e testEvent) error {
		switch e.Kind {
		case "paid":
			return x.r.Paid(ctx, job, e.Application, e.Text, e.At)
		case "ended":
			return x.r.PaymentEnded(ctx, job, e.Application, e.Text)
		case "filed":
			return x.r.Filed(ctx, job, e.Application, e.Text)
		case "asked":
			return x.r.Asked(ctx, job, Question{Application: e.Application, ID: e.ID, Text: e.Text, Due: e.At})
		case "decided":
			return x.r.Decided(ctx, job, Notice{Application: e.Application, Authority: "erfurt", CaseReference: "E-2026-1", Date: e.At, Granted: true,
				Title: "Bescheid über die Hundesteuer", Decision: "Die Steuer wird festgesetzt.", Reasons: "Sie halten einen Hund.", Remedy: "Widerspruch ist möglich.",
				Amount: e.Amount, Demo: true, Kassenzeichen: "10001-0000042-46", PayPath: "/bezahlen/9", Due: e.At.Add(720 * time.Hour)})
		case "notice_paid":
			return x.r.NoticePaid(ctx, job, e.Application, e.At)
		case "rendered":
			return x.r.NoticeRendered(ctx, job, e.Application, e.Text, 1)
		}
		return fmt.Errorf("no event %q", e.Kind)
	})
}

// events publishes events and works on them in this order.
func (x *fixture) events(list ...testEvent) {
	x.t.Helper()
	now := x.clock()
	err := x.h.DB.Tx(system(), func(ctx context.Context, tx *db.Tx) error {
		for i, e := range list {
			if e.At.IsZero() {
				e.At = now
			}
			if err := x.h.Queue.PublishAt(ctx, tx, "test.event", e, now.Add(time.Duration(i-len(list))*time.Microsecond)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	x.drain()
}

func (x *fixture) drain() {
	x.t.Helper()
	if err := x.h.Queue.Drain(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

// begin starts a form and answers it up to the check page.
func (x *fixture) begin(c *webtest.Client, form string) *webtest.Page {
	x.t.Helper()
	p := c.Get("/antrag/start/" + form + "?ort=" + erfurt)
	label := "Ohne Konto beginnen"
	if p.Has("Antrag beginnen") {
		label = "Antrag beginnen"
	}
	p = p.Press(label).Want(200)
	switch form {
	case "hund-anmelden":
		p = p.Fill("Vornamen", "Jana").Fill("Familienname", "Wałęsa-Groß").Fill("Geburtsdatum", "1.2.1980").Press("Weiter").Want(200, "Wo wohnen Sie?")
		p = address(p).Press("Weiter").Want(200, "Wie erreichen wir Sie?")
		p = p.Press("Weiter").Want(200, "Um welchen Hund geht es?")
		p = p.Fill("Name des Hundes", "Bello").Fill("Rasse", "Dackel").Choose("Rüde").Fill("Geburtsdatum des Hundes", "1.3.2024").Fill("Chipnummer", "276 098 100 000 001").Press("Weiter")
		p = p.Want(200, "Seit wann halten Sie den Hund?").Fill("Gehalten seit", "1.5.2024").Choose("aus einem Tierheim").Fill("Wie viele weitere Hunde leben in Ihrem Haushalt?", "0").Press("Weiter")
		p = p.Want(200, "Gilt der Hund als gefährlich?").Choose("Nein").Press("Weiter")
		p = p.Want(200, "Beantragen Sie eine Ermäßigung").Choose("Nein, keine Ermäßigung").Press("Weiter")
		p = p.Want(200, "Wie möchten Sie die Steuer zahlen?").Choose("Ich zahle selbst, wenn der Bescheid da ist").Press("Weiter")
	case "meldebescheinigung":
		p = p.Fill("Vornamen", "Jana").Fill("Familienname", "Muster").Press("Weiter")
		p = p.Fill("Geburtsdatum", "1.2.1980").Fill("Geburtsort", "Jena").Press("Weiter")
		p = address(p).Press("Weiter")
		p = p.Press("Weiter")
		p = p.Choose("einfache Meldebescheinigung").Press("Weiter")
		p = p.Choose("Arbeitgeber").Press("Weiter")
		p = p.Fill("Anzahl", "1").Choose("ich hole sie ab").Press("Weiter")
		p = p.Want(200, "Kopie Ihres Ausweises").Press("Weiter")
	}
	return p.Want(200, "Angaben prüfen und absenden")
}

func address(p *webtest.Page) *webtest.Page {
	return p.Fill("Straße", "Anger").Fill("Hausnummer", "1").Fill("Postleitzahl", "99084").Fill("Ort", "Erfurt")
}

const declareDog = "Ich versichere, dass meine Angaben richtig und vollständig sind. Änderungen teile ich der Gemeinde mit."
const declareMelde = "Ich versichere, dass ich die Bescheinigung für mich selbst beantrage und meine Angaben richtig sind."

func applicationID(p *webtest.Page) string { return strings.Split(p.Path, "/")[2] }

func TestJourneyByNotice(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		p := x.begin(x.c, "hund-anmelden").Want(200, "Bello", "276098100000001", "01.02.1980", "Dackel")
		id := applicationID(p)
		p.Press("Antrag absenden").Want(422, "Bitte bestätigen Sie die Erklärung")
		p = x.c.Get("/antrag/"+id+"/pruefen").Choose(declareDog).Press("Antrag absenden").Want(200, "Ihr Antrag ist eingegangen", "R26-", "Zugangscode")
		x.drain()
		if len(x.submitted) != 1 || x.submitted[0].Application != id {
			t.Fatalf("submitted: %v", x.submitted)
		}
		parcel, err := x.r.Parcel(system(), id)
		if err != nil {
			t.Fatal(err)
		}
		if parcel.Subject != "Hundesteuer Wałęsa-Groß" || parcel.Applicant != "Jana Wałęsa-Groß" || parcel.Authority != "erfurt" || len(parcel.Rows) < 12 {
			t.Errorf("parcel: %+v", parcel)
		}
		p = p.Click("Stand des Antrags ansehen").Want(200, "Ihr Antrag ist eingegangen", "Antrag gesendet")
		if got := x.c.Get(p.Path + "/quittung.pdf"); got.Status != 200 || !strings.HasPrefix(got.Body, "%PDF") ||
			!strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("receipt: %d %v", got.Status, got.Header)
		}
		x.events(testEvent{Kind: "filed", Application: id, Text: "E-2026-1"},
			testEvent{Kind: "asked", Application: id, ID: "q1", Text: "Bitte senden Sie den Impfpass."})
		p = x.c.Get(p.Path).Want(200, "E-2026-1", "Bitte senden Sie den Impfpass.").Click("Jetzt antworten")
		p.Press("Antwort senden").Want(422, "Bitte schreiben Sie eine Antwort")
		p = p.Fill("Ihre Antwort", "Hier ist er.").Upload("Datei", "impfpass.pdf", []byte("%PDF-1.4\n%x")).Press("Antwort senden").Want(200, "Ihre Antwort ist gesendet", "impfpass.pdf")
		x.drain()
		if len(x.answered) != 1 {
			t.Fatalf("answered: %v", x.answered)
		}
		a, err := x.r.Answer(system(), x.answered[0].Message)
		if err != nil || a.Question != "q1" || a.Text != "Hier ist er." || len(a.Attachments) != 1 || a.Application != id {
			t.Errorf("answer: %+v, %v", a, err)
		}
		x.events(testEvent{Kind: "decided", Application: id, Amount: 9600})
		p = x.c.Get(p.Path).Want(200, "entschieden, Zahlung offen", "96,00", "Demowert", "10001-0000042-46")
		p.Click("Bescheid lesen").Want(200, "Die Steuer wird festgesetzt.", "Sie halten einen Hund.", "Widerspruch ist möglich.", "Stadt Erfurt", "Jetzt bezahlen")
		p.Click("Bescheid als PDF").Want(503, "Das PDF wird gerade erstellt")
		ref, err := x.h.Blobs.Put(context.Background(), strings.NewReader("%PDF-notice"), 100)
		if err != nil {
			t.Fatal(err)
		}
		x.events(testEvent{Kind: "rendered", Application: id, Text: ref.Hash}, testEvent{Kind: "notice_paid", Application: id})
		p = x.c.Get(p.Path).Want(200, "und der Betrag ist bezahlt", "Betrag aus dem Bescheid bezahlt")
		if got := p.Click("Bescheid als PDF"); got.Body != "%PDF-notice" {
			t.Errorf("notice: %q", got.Body)
		}
	})
}

func TestJourneyFeeFirst(t *testing.T) {
	each(t, func(t *testing.T, x *fixture) {
		p := x.begin(x.c, "meldebescheinigung").Want(200, "6,00 €", "Demowert")
		id := applicationID(p)
		p.Choose(declareMelde).Press("Absenden und bezahlen").Want(200, "Bezahlseite")
		if o := x.cashier.orders; len(o) != 1 || o[0].Amount != 600 || o[0].Authority != "erfurt" || len(o[0].Purpose) > 27 || o[0].Source != SourceOf(id) {
			t.Errorf("orders: %+v", o)
		}
		x.drain()
		if len(x.submitted) != 0 {
			t.Fatal("submitted before it was paid")
		}
		x.events(testEvent{Kind: "ended", Application: id, Text: "failed"})
		p = x.c.Get("/antrag/"+id+"/gesendet").Want(200, "Bitte bezahlen Sie noch die Gebühr", "Die Zahlung hat nicht geklappt", "10001-0000001-00")
		p.Click("Jetzt bezahlen").Want(200, "Bezahlseite")
		x.events(testEvent{Kind: "paid", Application: id, Text: "10001-0000001-00"}, testEvent{Kind: "paid", Application: id, Text: "10001-0000001-00"},
			testEvent{Kind: "ended", Application: id, Text: "cancelled"})
		if len(x.submitted) != 1 {
			t.Fatalf("submitted %d times", len(x.submitted))
		}
		x.c.Get("/antrag/"+id+"/gesendet").Want(200, "Ihr Antrag ist eingegangen", "Bezahlt", "6,00")
		parcel, err := x.r.Parcel(system(), id)
		if err != nil || parcel.Fee != 600 || parcel.Kassenzeichen != "10001-0000001-00" || parcel.PaidAt.IsZero() {
			t.Errorf("parcel: %+v, %v", parcel, err)
		}
	})
}

func TestPagesAreTypeChecked(t *testing.T) {
	h := housetest.New(t, db.SQLite, platform.Files{Room: "apply", FS: Files})
	if _, err := New(h, fakeOffices{}, &fakeFees{}, &fakeCashier{}); err != nil {
		t.Fatal(err)
	}
	if err := h.Site.CheckPages(); err != nil {
		t.Error(err)
	}
}
