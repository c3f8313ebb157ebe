package records

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
	"rennsteig/records/access"
)

const (
	erfurt = "authority-erfurt"
	jena   = "authority-jena"

	dogTax      = "99110009104000"
	certificate = "99115003012000"
)

// house is the room with cashier and fees of a test, and with the events it published.
type house struct {
	*Room
	h   *platform.House
	mux *http.ServeMux

	mu     sync.Mutex
	events []any
	orders []Order
}

func (h *house) record(v any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, v)
}

// seen are the events of type T so far.
func seen[T any](h *house) []T {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []T
	for _, e := range h.events {
		if v, ok := e.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

func (h *house) Request(_ context.Context, _ *db.Tx, o Order) (Payment, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.orders = append(h.orders, o)
	return Payment{ID: "p1", Kassenzeichen: "KZ-4711", Path: "/zahlen/p1"}, nil
}

func (h *house) Fee(_ context.Context, leikaKey, _ string) (money.Cents, bool, bool, error) {
	return 12000, true, leikaKey == dogTax, nil
}

func (h *house) ByNotice(leikaKey string) bool { return leikaKey == dogTax }

// incoming is the job by which a test sends an Incoming through the queue.
const topicIncoming = "test.incoming"

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	housetest.Each(t, []platform.Files{{Room: "records", FS: Files}}, func(t *testing.T, p *platform.House) { f(t, newHouse(t, p)) })
}

func newHouse(t testing.TB, p *platform.House) *house {
	t.Helper()
	h := &house{h: p, mux: http.NewServeMux()}
	names := map[string]string{erfurt: "Stadtverwaltung Erfurt", jena: "Stadtverwaltung Jena"}
	p.AuthorityName = func(id string) string { return names[id] }
	room, err := New(p, h, h, h)
	if err != nil {
		t.Fatal(err)
	}
	h.Room = room
	room.Routes(h.mux)
	collect[Filed](h, TopicFiled)
	collect[Asked](h, TopicAsked)
	collect[Decided](h, TopicDecided)
	collect[NoticeRendered](h, TopicNoticeRendered)
	collect[NoticePaid](h, TopicNoticePaid)
	queue.Handle(p.Queue, topicIncoming, room.Receive)
	queue.Handle(p.Queue, "test.answer", room.Answered)
	queue.Handle(p.Queue, "test.paid", func(ctx context.Context, job *queue.Job, b paidBody) error {
		return room.Paid(ctx, job, b.Source, b.Kassenzeichen, b.At)
	})
	return h
}

type paidBody struct {
	Source, Kassenzeichen string
	At                    time.Time
}

func collect[T any](h *house, topic string) {
	queue.Handle(h.h.Queue, topic, func(_ context.Context, _ *queue.Job, body T) error {
		h.record(body)
		return nil
	})
}

// publish puts a job into the queue.
func (h *house) publish(t testing.TB, topic string, body any) {
	t.Helper()
	if err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return h.h.Queue.Publish(ctx, tx, topic, body)
	}); err != nil {
		t.Fatal(err)
	}
}

func (h *house) drain(t testing.TB) {
	t.Helper()
	if err := h.h.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func dog(source string) Incoming {
	return Incoming{
		Source: source, Reference: "RS-2026-" + source, StatusPath: "/antrag/" + source, Authority: erfurt, LeikaKey: dogTax,
		FormID: "hund-anmelden", FormVersion: "1", FormTitle: "Hund anmelden", Applicant: "Łucja Müller",
		Rows: []Row{{"Ihr Hund", "Name des Hundes", "Bello <b>"}, {"Ihr Hund", "Rasse", "Dackel"}, {"Sie", "Name", "Łucja Müller"}},
		JSON: []byte(`{"name":"Bello"}`), SentAt: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
	}
}

// file sends the application and returns its case.
func (h *house) file(t testing.TB, in Incoming) Case {
	t.Helper()
	h.publish(t, topicIncoming, in)
	h.drain(t)
	return h.bySource(t, in.Source)
}

func (h *house) bySource(t testing.TB, source string) Case {
	t.Helper()
	c, err := h.store.caseBySource(t.Context(), h.h.DB.Reader(), access.All, source)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func clerk(name string, authorities ...string) context.Context {
	p := identity.Principal{Subject: "clerk:" + name, Name: name, Kind: identity.Staff}
	for _, a := range authorities {
		p.Grants = append(p.Grants, identity.Grant{Role: identity.Clerk, Authority: a})
	}
	return identity.With(context.Background(), p)
}

var (
	erika = clerk("Erika Amt", erfurt)
	jens  = clerk("Jens Fremd", jena)
)

func grant(id string) Verdict {
	return Verdict{ID: id, Granted: true, Decision: "Die Hundesteuer wird festgesetzt.", Reasons: "Sie halten einen Hund.",
		Amount: 12000, Due: time.Now().AddDate(0, 1, 0)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMainPath(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
		c := h.file(t, dog("a1"))
		if want := fmt.Sprintf("22.31-%d/000001-1", yearOf(time.Now())); c.Reference != want {
			t.Fatalf("reference %q, want %q", c.Reference, want)
		}
		if f := seen[Filed](h); len(f) != 1 || f[0] != (Filed{"a1", c.ID, c.Reference}) {
			t.Fatalf("filed: %v", f)
		}
		must(t, h.Take(erika, c.ID, 1))
		must(t, h.AddNote(erika, c.ID, db.NewID(), "Halter angerufen"))
		must(t, h.Ask(erika, c.ID, 2, db.NewID(), "Bitte den Impfpass.", time.Now().AddDate(0, 0, 7)))
		h.drain(t)
		q := seen[Asked](h)[0]
		h.publish(t, "test.answer", Answer{Source: "a1", Question: q.ID, Text: "Hier ist er.", At: time.Now()})
		h.drain(t)
		must(t, h.Decide(erika, c.ID, 4, grant(db.NewID())))
		h.drain(t)
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		kinds := map[Kind]int{}
		for _, x := range d.Documents {
			kinds[x.Kind]++
		}
		for _, k := range []Kind{ApplicationJSON, ApplicationPDF, AnswerKind, NoticeHTML, NoticePDF} {
			if kinds[k] != 1 {
				t.Errorf("%d documents of kind %s", kinds[k], k)
			}
		}
		if len(seen[Decided](h)) != 1 || len(seen[NoticeRendered](h)) != 1 {
			t.Errorf("events: %+v", h.events)
		}
		h.publish(t, "test.paid", paidBody{"case:" + c.ID, "KZ-4711", time.Now()})
		h.drain(t)
		if p := seen[NoticePaid](h); len(p) != 1 || p[0].Source != "a1" {
			t.Errorf("paid: %v", p)
		}
		must(t, h.Close(erika, c.ID, 5))
		d, err = h.Dossier(erika, c.ID)
		must(t, err)
		if d.Case.State != StateClosed || d.File.ClosedAt.IsZero() || d.File.RetainedUntil().Year() != yearOf(time.Now())+10 {
			t.Errorf("after closing: %+v %+v", d.Case, d.File)
		}
	})
}

// soon is a day by which something is to be done.
func soon() time.Time { return time.Now().AddDate(0, 0, 3) }
