package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/apply"
	"rennsteig/finder"
	"rennsteig/pay"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/signin"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
	"rennsteig/records/office"
)

// How the rooms meet: each adapter below is one room's small interface, answered by another room; events lists what
// follows from what.

// offices answers apply from the finder.
type offices struct{ finder func() *finder.Room }

func (o offices) Office(ctx context.Context, leikaKey, ars string) (id, name string, err error) {
	r, err := o.finder().Resolve(ctx, leikaKey, ars)
	if err != nil {
		return "", "", err
	}
	if !r.Known {
		return "", "", errs.E(errs.NotFound, "app.no_office")
	}
	return r.Processor.ID, r.Processor.Name, nil
}

func (o offices) PlaceName(ars string) string { return o.finder().PlaceName(ars) }

// fees answers the finder from pay, and from apply whether it is paid first.
type fees struct {
	pay   *pay.Room
	apply *apply.Room
}

func (f fees) Fee(ctx context.Context, leikaKey, authorityID string) (fee finder.Fee, ok bool, err error) {
	amount, demo, ok, err := f.pay.Fee(ctx, leikaKey, authorityID)
	return finder.Fee{Amount: amount, Demo: demo, ByNotice: f.apply.ByNotice(leikaKey)}, ok, err
}

// applicationCashier: what is paid first, for apply.
type applicationCashier struct{ pay *pay.Room }

func (c applicationCashier) Request(ctx context.Context, tx *db.Tx, o apply.Order) (apply.Payment, error) {
	p, err := c.pay.Request(ctx, tx, pay.Order{Authority: o.Authority, Source: o.Source, Purpose: o.Purpose, Amount: o.Amount, ReturnPath: o.ReturnPath})
	return apply.Payment{ID: p.ID, Kassenzeichen: p.Kassenzeichen, Path: p.Path}, err
}

func (c applicationCashier) PaidAt(ctx context.Context, authority, kassenzeichen string) (time.Time, error) {
	return c.pay.PaidAt(ctx, authority, kassenzeichen)
}

func (c applicationCashier) TakesMoney() bool { return c.pay.TakesMoney() }

// noticeCashier: what a notice demands, for records.
type noticeCashier struct{ pay *pay.Room }

func (c noticeCashier) Request(ctx context.Context, tx *db.Tx, o records.Order) (records.Payment, error) {
	p, err := c.pay.Request(ctx, tx, pay.Order(o))
	return records.Payment{ID: p.ID, Kassenzeichen: p.Kassenzeichen, Path: p.Path}, err
}

// casePrefix marks the source of a payment that a notice demands; the others are applications'.
const casePrefix = "case:"

// events wires what follows from what. A topic has one handler; each ends its job in its own transaction.
func (p *program) events() {
	q := p.house.Queue

	queue.Handle(q, apply.TopicSubmitted, func(ctx context.Context, job *queue.Job, e apply.Submission) error {
		parcel, err := p.apply.Parcel(ctx, e.Application)
		if err != nil {
			return err
		}
		return p.records.Receive(ctx, job, incoming(parcel))
	})
	queue.Handle(q, records.TopicFiled, func(ctx context.Context, job *queue.Job, e records.Filed) error {
		return p.apply.Filed(ctx, job, e.Source, e.Reference)
	})

	queue.Handle(q, records.TopicAsked, func(ctx context.Context, job *queue.Job, e records.Asked) error {
		return p.apply.Asked(ctx, job, apply.Question{Application: e.Source, ID: e.ID, Text: e.Text, Due: e.Due})
	})
	queue.Handle(q, apply.TopicAnswered, func(ctx context.Context, job *queue.Job, e apply.AnswerGiven) error {
		a, err := p.apply.Answer(ctx, e.Message)
		if err != nil {
			return err
		}
		return p.records.Answered(ctx, job, records.Answer{Source: a.Application, Question: a.Question, Text: a.Text,
			Attachments: attachments(a.Attachments), At: a.At})
	})

	queue.Handle(q, records.TopicDecided, func(ctx context.Context, job *queue.Job, e records.Decided) error {
		return p.apply.Decided(ctx, job, apply.Notice{Application: e.Source, Authority: e.Authority, CaseReference: e.CaseReference, Date: e.Date,
			Granted: e.Granted, Title: e.Title, Decision: e.Decision, Reasons: e.Reasons, Remedy: e.Remedy, Amount: e.Amount, Demo: e.Demo,
			Kassenzeichen: e.Kassenzeichen, PayPath: e.PayPath, Due: e.Due})
	})
	queue.Handle(q, records.TopicNoticeRendered, func(ctx context.Context, job *queue.Job, e records.NoticeRendered) error {
		return p.apply.NoticeRendered(ctx, job, e.Source, e.Hash, e.Size)
	})

	queue.Handle(q, pay.TopicSettled, func(ctx context.Context, job *queue.Job, e pay.Settled) error {
		if strings.HasPrefix(e.Source, casePrefix) {
			return p.records.Paid(ctx, job, e.Source, e.Kassenzeichen, e.At)
		}
		id, ok := apply.ApplicationOf(e.Source)
		if !ok {
			return errs.E(errs.Internal, "errs.internal")
		}
		return p.apply.Paid(ctx, job, id, e.Kassenzeichen, e.At)
	})
	queue.Handle(q, records.TopicNoticePaid, func(ctx context.Context, job *queue.Job, e records.NoticePaid) error {
		return p.apply.NoticePaid(ctx, job, e.Source, e.At)
	})
	queue.Handle(q, pay.TopicAttemptEnded, func(ctx context.Context, job *queue.Job, e pay.AttemptEnded) error {
		return p.paymentEnded(ctx, job, e.Source, e.State)
	})
	queue.Handle(q, pay.TopicCancelled, func(ctx context.Context, job *queue.Job, e pay.Cancelled) error {
		return p.paymentEnded(ctx, job, e.Source, string(pay.Canceled))
	})
}

// applicants: what citizens keep of their applications, for disposal. Their own copies stay when the office's file is destroyed.
type applicants struct{ apply *apply.Room }

func (applicants) Erase(context.Context, *db.Tx, []string) ([]string, error) { return nil, nil }

func (a applicants) Keeps(ctx context.Context, q db.Querier, hashes []string) ([]string, error) {
	return a.apply.Keeps(identity.AsSystem(ctx, "disposal"), q, hashes)
}

// Applications is asked for by a registrar who answers a person (Art. 15 GDPR); disposal has authorised it.
func (a applicants) Applications(ctx context.Context, citizen string) ([]string, error) {
	return a.apply.Applications(identity.AsSystem(ctx, "disposal"), citizen)
}

// courses: how cases went from desk to desk, for disposal.
type courses struct{ flow *flow.Room }

func (c courses) Course(ctx context.Context, q db.Querier, a access.Access, caseID string) (disposal.Course, error) {
	e, err := c.flow.ExportCourse(ctx, q, a, caseID)
	if err != nil {
		return disposal.Course{}, err
	}
	var out disposal.Course
	for _, x := range e.Circulations {
		y := disposal.Circulation{ID: x.ID, Document: x.Document, Title: x.Title, State: string(x.State), By: x.By, Started: x.Started, Ended: x.Ended, Reason: x.Reason}
		for _, s := range x.Steps {
			y.Steps = append(y.Steps, disposal.CourseStep{State: string(s.State), Order: s.Order, Text: s.Text, To: s.To, Person: s.Person, Due: s.Due, Done: s.Done,
				By: s.By, For: s.For, Answer: s.Answer, Signed: disposal.Signed(s.Signed), Void: s.Void})
		}
		out.Circulations = append(out.Circulations, y)
	}
	for _, k := range e.Comments {
		out.Comments = append(out.Comments, disposal.Comment{Text: k.Text, By: k.By.Name, At: k.At})
	}
	return out, nil
}

// personPlaces: where documents, post and the course of business name people, for disposal.
func personPlaces(f *filing.Room, w *flow.Room) (out []disposal.PersonPlace) {
	for _, x := range f.PersonPlaces() {
		out = append(out, disposal.PersonPlace(x))
	}
	for _, x := range w.PersonPlaces() {
		out = append(out, disposal.PersonPlace(x))
	}
	return out
}

// services: what services are called, for the electronic file.
type services struct{ finder *finder.Room }

func (s services) ServiceName(leikaKey string) string {
	service, _ := s.finder.Catalog().Service(leikaKey)
	return service.Name
}

// FindServices asks the search that citizens ask.
func (s services) FindServices(words string, most int) (out []records.Service) {
	for _, h := range s.finder.Search(words) {
		for _, x := range append([]finder.Service{h.Service}, h.Variants...) {
			if len(out) < most && !slices.ContainsFunc(out, func(o records.Service) bool { return o.Key == x.Key }) {
				out = append(out, records.Service{Key: x.Key, Name: x.Name})
			}
		}
	}
	return out
}

// directory: who works at an authority, for the electronic file.
type directory struct {
	people *signin.People
	names  map[string]string // of who has not signed in yet: the demo's invented people
}

const mostPeople = 1000 // of an authority to choose from

func (d directory) People(ctx context.Context, authority string) ([]office.Person, error) {
	members, err := d.people.Members(identity.AsSystem(ctx, "records"), authority, "", mostPeople)
	if err != nil {
		return nil, err
	}
	var out []office.Person
	for _, m := range members {
		if slices.ContainsFunc(m.Grants, func(g identity.Grant) bool {
			return (g.Role == identity.Clerk || g.Role == identity.Registrar) && (g.Authority == authority || g.Authority == identity.Everywhere)
		}) {
			out = append(out, office.Person{Subject: m.Subject, Name: cmp.Or(m.Name, d.names[m.Subject])})
		}
	}
	slices.SortFunc(out, func(a, b office.Person) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Subject, b.Subject))
	})
	return out, nil
}

// Registrar answers the course of business, which asks about people who are not the caller.
func (d directory) Registrar(ctx context.Context, q db.Querier, subject, authority string) (bool, error) {
	return d.people.Holds(ctx, q, subject, identity.Grant{Role: identity.Registrar, Authority: authority})
}

// paymentEnded tells the applicant that a try to pay ended without money; of a notice's amount nobody needs to know.
func (p *program) paymentEnded(ctx context.Context, job *queue.Job, source, state string) error {
	id, ok := apply.ApplicationOf(source)
	if !ok {
		return p.house.DB.Tx(ctx, job.Done)
	}
	word := "failed"
	if state == string(pay.Canceled) {
		word = "cancelled"
	}
	return p.apply.PaymentEnded(ctx, job, id, word)
}

// incoming is the parcel as the electronic file takes it.
func incoming(p apply.Parcel) records.Incoming {
	in := records.Incoming{Source: p.Application, Reference: p.Reference, StatusPath: "/status/" + p.Reference, Authority: p.Authority,
		LeikaKey: p.LeikaKey, FormID: p.Form, FormVersion: strconv.Itoa(p.FormVersion), FormTitle: p.Title, Subject: p.Subject,
		Applicant: p.Applicant, JSON: p.Answers, Attachments: attachments(p.Attachments), SentAt: p.SentAt}
	for _, r := range p.Rows {
		in.Rows = append(in.Rows, records.Row(r))
	}
	if p.Fee > 0 {
		in.Fee = &records.PaidFee{Amount: p.Fee, Kassenzeichen: p.Kassenzeichen, PaidAt: p.PaidAt}
	}
	return in
}

func attachments(list []apply.Attachment) []records.Attachment {
	var out []records.Attachment
	for _, a := range list {
		out = append(out, records.Attachment{Name: a.Name, Hash: a.Hash, Size: a.Size, Type: a.MediaType})
	}
	return out
}
