package flow

import (
	"context"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

func TestMainPath(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		id := h.start(c, doc, step(Know, access.Unit("20")), step(CoSign, "birgit", "cem"), step(Sign, "doris"), step(Shelve, "claudia"))
		same(t, "start", h.states(id), "1 20 open, 2 birgit waiting, 2 cem waiting, 3 doris waiting, 4 claudia waiting")
		same(t, "Birgit's inbox", h.inboxOf("birgit", Filter{}), "know")
		same(t, "Sabine's inbox", h.inboxOf("sabine", Filter{}), "know")
		k := h.task(id, "unit:20")
		want(t, h.Finish(as("cem"), k.ID, k.Version, ""), errs.Denied)
		must(t, h.Finish(as("sabine"), k.ID, k.Version, "gelesen"))
		must(t, h.Finish(as("sabine"), k.ID, k.Version, "gelesen")) // the form sent twice
		want(t, h.Finish(as("birgit"), k.ID, k.Version, ""), errs.Conflict)
		want(t, h.sign("doris", h.task(id, "doris"), doc), errs.Conflict)
		b, cem := h.task(id, "birgit"), h.task(id, "cem")
		want(t, h.Finish(as("birgit"), b.ID, b.Version, ""), errs.Invalid)
		must(t, h.sign("birgit", b, doc))
		must(t, h.sign("birgit", b, doc))
		same(t, "Cem's inbox", h.inboxOf("cem", Filter{}), "cosign") // he was let into the file
		must(t, h.sign("cem", cem, doc))
		must(t, h.sign("doris", h.task(id, "doris"), doc))
		d, err := h.core.DocumentByID(t.Context(), h.h.DB.Reader(), access.All, doc)
		must(t, err)
		if d.FinalAt.IsZero() {
			t.Fatal("the final signature did not close the draft")
		}
		last := h.task(id, "claudia")
		must(t, h.Finish(as("claudia"), last.ID, last.Version, ""))
		if x := h.circulation(id); x.State != Completed || x.EndedAt.IsZero() {
			t.Fatalf("in the end: %+v", x)
		}
		closed, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), access.All, c.ID, "")
		must(t, err)
		if closed.State != records.StateClosed {
			t.Fatalf("the case is %s", closed.State)
		}
		g, err := h.store.signatures(t.Context(), h.h.DB.Reader(), access.All, c.ID)
		must(t, err)
		if len(g) != 3 || g[2].Kind != Sign || g[2].By.Subject != "doris" || g[0].Content != h.content(doc) {
			t.Fatalf("signatures: %+v", g)
		}
		same(t, "Birgit's done", h.inboxOf("birgit", Filter{View: ViewDone}), "cosign")
	})
}

// TestNewVersion: the transaction that files a new version makes the signatures void; everybody sees it at once, without
// a look at the case and without a job.
func TestNewVersion(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc, other := h.newDocument(c), h.newDocument(c)
		id := h.start(c, doc, step(CoSign, "birgit"), step(Sign, "doris"))
		untouched := h.start(c, other, step(CoSign, "birgit"), step(Sign, "doris"))
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		must(t, h.sign("birgit", h.task(untouched, "birgit"), other))
		withdrawn := h.start(c, doc, step(CoSign, "cem"))
		must(t, h.sign("cem", h.task(withdrawn, "cem"), doc)) // completed: it stays as it ended
		d := h.task(id, "doris")
		h.revise(doc)
		same(t, "tasks of the co-signer", h.inboxOf("birgit", Filter{}), "cosign")
		same(t, "tasks of the head", h.inboxOf("doris", Filter{}), "sign")
		same(t, "the circulation", h.states(id), "1 birgit open, 2 doris waiting")
		same(t, "the other one", h.states(untouched), "1 birgit done, 2 doris open")
		same(t, "the completed one", h.states(withdrawn), "1 cem done")
		_, page := h.get("birgit", "/akte/aufgaben")
		contains(t, page, "neue Fassung: Mitzeichnung erneut nötig")
		want(t, h.sign("doris", d, doc), errs.Conflict)
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		must(t, h.sign("doris", h.task(id, "doris"), doc))
		if n, err := h.Refresh(t.Context()); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if n := h.count(`audit_entry WHERE action = 'flow.reopened' AND actor = 'system:flow'`); n != 1 {
			t.Errorf("%d entries of the log say so", n)
		}
	})
}

// TestUntoldVersion: a version that nobody was told of is found by who acts, and by the program's own look.
func TestUntoldVersion(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		id := h.start(c, doc, step(CoSign, "birgit"), step(CoSign, "claudia"), step(Sign, "doris"))
		first := h.content(doc)
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		must(t, h.sign("claudia", h.task(id, "claudia"), doc))
		h.reviseUntold(doc)
		d := h.task(id, "doris")
		want(t, h.Sign(as("doris"), d.ID, d.Version, first, ""), errs.Conflict)
		want(t, h.sign("doris", d, doc), errs.Conflict) // the co-signatures are not on what she sees
		if n, err := h.Refresh(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := h.Refresh(t.Context()); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		same(t, "after the new version", h.states(id), "1 birgit open, 2 claudia waiting, 3 doris waiting")
		if b := h.task(id, "birgit"); b.Rounds != 1 || !b.DoneAt.IsZero() {
			t.Fatalf("%+v", b)
		}
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		must(t, h.sign("claudia", h.task(id, "claudia"), doc))
		must(t, h.sign("doris", h.task(id, "doris"), doc))
		g, err := h.store.signatures(t.Context(), h.h.DB.Reader(), access.All, c.ID)
		must(t, err)
		if len(g) != 5 {
			t.Fatalf("%d signatures kept, want 5", len(g))
		}
		want(t, h.Start(as("claudia"), c.ID, Order{ID: db.NewID(), Document: doc, Steps: []Step{step(CoSign, "birgit")}}), errs.Conflict)
	})
}

func TestRefusal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		id := h.start(c, "", step(Act, "birgit", "doris"), step(Know, "cem"))
		b := h.task(id, "birgit")
		want(t, h.Refuse(as("birgit"), b.ID, b.Version, " "), errs.Invalid)
		must(t, h.Refuse(as("birgit"), b.ID, b.Version, "nicht zuständig"))
		must(t, h.Refuse(as("birgit"), b.ID, b.Version, "nicht zuständig"))
		same(t, "refused", h.states(id), "0 claudia open, 1 birgit refused, 1 doris stopped, 2 cem stopped")
		same(t, "Claudia's inbox", h.inboxOf("claudia", Filter{}), "returned")
		back := h.task(id, "claudia")
		same(t, "reason", back.Text, "nicht zuständig")
		want(t, h.Refuse(as("claudia"), back.ID, back.Version, "nein"), errs.Conflict)
		must(t, h.Finish(as("claudia"), back.ID, back.Version, ""))
		d := h.task(id, "doris")
		want(t, h.Finish(as("doris"), d.ID, d.Version, ""), errs.Conflict)
		want(t, h.Withdraw(as("claudia"), id, h.circulation(id).Version, "zu spät"), errs.Conflict)
	})
}

func TestWithdrawForwardComment(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		id := h.start(c, "", step(Act, "birgit"))
		b := h.task(id, "birgit")
		must(t, h.Forward(as("birgit"), b.ID, b.Version, access.Person("cem")))
		must(t, h.Forward(as("birgit"), b.ID, b.Version, access.Person("cem")))
		same(t, "forwarded", h.states(id), "1 cem open")
		same(t, "Cem's inbox", h.inboxOf("cem", Filter{}), "act")
		k := h.task(id, "cem")
		want(t, h.Forward(as("cem"), k.ID, k.Version, access.Person("helga")), errs.Denied) // he only reads, and she does not yet
		want(t, h.Forward(as("cem"), k.ID, k.Version, "person:nobody"), errs.Invalid)
		note := db.NewID()
		must(t, h.AddComment(as("cem"), c.ID, note, "Bitte @alle beachten"))
		must(t, h.AddComment(as("cem"), c.ID, note, "Bitte @alle beachten"))
		want(t, h.Withdraw(as("birgit"), id, h.circulation(id).Version, "weg"), errs.Denied)
		want(t, h.Withdraw(as("claudia"), id, h.circulation(id).Version+1, "weg"), errs.Conflict)
		must(t, h.Withdraw(as("claudia"), id, h.circulation(id).Version, "weg"))
		same(t, "withdrawn", h.states(id), "1 cem stopped")
		other := h.start(c, "", step(Act, "birgit"))
		must(t, h.Withdraw(as("doris"), other, h.circulation(other).Version, "Leitung")) // head of the leading unit
		_, err := h.Course(as("cem"), c.ID)
		want(t, err, errs.NotFound) // he was let read it for this circulation only
		co, err := h.Course(as("birgit"), c.ID)
		must(t, err)
		if len(co.Comments) != 1 || len(co.Circulations) != 2 {
			t.Fatalf("%+v", co.Comments)
		}
	})
}

func TestResubmissionAndReminders(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		again := step(Resubmit, "claudia")
		again.Date = h.now.AddDate(0, 0, 10)
		id := h.start(c, "", again)
		same(t, "before its date", h.states(id), "1 claudia later")
		same(t, "resubmissions", h.inboxOf("claudia", Filter{View: ViewLater}), "resubmit")
		same(t, "inbox before", h.inboxOf("claudia", Filter{}), "")
		soon := step(Act, "birgit")
		soon.Days = 5
		act := h.start(c, "", soon)
		reminders := func() int { return h.task(act, "birgit").Reminders }
		h.drain()
		if reminders() != 0 {
			t.Fatal("reminded at once")
		}
		version := h.task(act, "birgit").Version
		for day, want := range []int{0, 0, 0, 0, 1, 2, 2, 2, 3, 3} {
			h.now = time.Date(2026, 11, 23+day, 23, 59, 30, 0, time.UTC)
			h.drain()
			if got := reminders(); got != want {
				t.Fatalf("on day %d: %d reminders, want %d", day, got, want)
			}
		}
		same(t, "overdue", h.inboxOf("birgit", Filter{Overdue: true}), "act")
		must(t, h.Finish(as("birgit"), h.task(act, "birgit").ID, version, "")) // a reminder is no conflict
		h.now = h.now.AddDate(0, 0, 1)
		h.drain()
		same(t, "on its date", h.states(id), "1 claudia open")
		same(t, "inbox on its date", h.inboxOf("claudia", Filter{}), "resubmit")
		if reminders() != 3 {
			t.Fatal("reminded of what is done")
		}
	})
}

func TestShelve(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		application := h.newCase(func(_ *records.File, c *records.Case) { c.Kind = records.Application })
		id := h.start(application, "", step(Shelve, "claudia"))
		k := h.task(id, "claudia")
		err := h.Finish(as("claudia"), k.ID, k.Version, "")
		if errs.As(err).Key != "records.error.state.close" {
			t.Fatalf("an application without a decision: %v", err)
		}
		c := h.newCase(nil)
		other := h.start(c, "", step(Know, "birgit"))
		id = h.start(c, "", step(Shelve, "claudia"))
		k = h.task(id, "claudia")
		if err := h.Finish(as("claudia"), k.ID, k.Version, ""); errs.As(err).Key != "records.error.open_work" {
			t.Fatalf("others run: %v", err)
		}
		must(t, h.Withdraw(as("claudia"), other, 1, "erledigt"))
		want(t, h.core.Close(as("claudia"), c.ID, c.Version), errs.Conflict) // nor on the page of the case beside the task
		must(t, h.Finish(as("claudia"), k.ID, k.Version, ""))
		same(t, "closed", h.states(id), "1 claudia done")
		want(t, h.Start(as("claudia"), c.ID, Order{ID: db.NewID(), Steps: []Step{step(Know, "birgit")}}), errs.Conflict)
		if err := h.Start(as("claudia"), application.ID, Order{ID: db.NewID(), Steps: []Step{step(Shelve, "cem")}}); errs.As(err).Fields[0].Key != "flow.error.needs_write" {
			t.Fatalf("a reader cannot shelve: %v", err)
		}
	})
}

func TestCheckSteps(t *testing.T) {
	many := make([]Step, maxSteps+1)
	for i := range many {
		many[i] = step(Know, "a")
	}
	for name, x := range map[string]struct {
		steps    []Step
		document bool
		want     string
	}{
		"fine":                {[]Step{step(CoSign, "a", "b"), step(Sign, "c"), step(Know, "a"), step(Shelve, "c")}, true, ""},
		"none":                {nil, true, "steps"},
		"too many":            {many, true, "steps"},
		"no kind":             {[]Step{step("", "a")}, true, "kind"},
		"returned":            {[]Step{step(Returned, "a")}, true, "kind"},
		"nobody":              {[]Step{step(Know)}, true, "no_recipient"},
		"twice":               {[]Step{step(Know, "a", "b", "a")}, true, "twice"},
		"no document":         {[]Step{step(CoSign, "a")}, false, "no_document"},
		"after the signature": {[]Step{step(Sign, "a"), step(CoSign, "b")}, true, "after_signature"},
		"signed twice":        {[]Step{step(Sign, "a"), step(Sign, "b")}, true, "after_signature"},
		"two sign":            {[]Step{step(Sign, "a", "b")}, true, "one_recipient"},
		"shelved before":      {[]Step{step(Shelve, "a"), step(Know, "b")}, true, "shelve_last"},
		"free without words":  {[]Step{step(Free, "a")}, true, "free_text"},
		"resubmit never":      {[]Step{step(Resubmit, "a")}, true, "no_date"},
		"negative days":       {[]Step{{Kind: Know, To: []string{"person:a"}, Days: -1}}, true, "days"},
		"long":                {[]Step{{Kind: Know, To: []string{"person:a"}, Text: strings.Repeat("ä", maxText+1)}}, true, "long"},
	} {
		got := ""
		if wrong := checkSteps(x.steps, x.document, time.Now()); len(wrong) > 0 {
			got = strings.TrimPrefix(wrong[0].Key, "flow.error.")
		}
		if got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

func TestAccessGiven(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		reads := func(who string, c records.Case) bool {
			_, err := h.Course(as(who), c.ID)
			return err == nil
		}
		c := h.newCase(nil)
		if reads("cem", c) {
			t.Fatal("Cem reads unit 20's file")
		}
		h.start(c, "", step(Know, access.Unit("30")))
		if !reads("cem", c) || !reads("helga", c) {
			t.Error("unit 30 was not let in")
		}
		guests, err := access.Guests(t.Context(), h.h.DB.Reader(), access.All, c.ID)
		must(t, err)
		if len(guests) != 1 || guests[0].Holder != "unit:30" {
			t.Errorf("guests: %+v", guests)
		}
		if n := h.count(`audit_entry WHERE action = 'flow.access_given' AND actor = 'claudia' AND object = '` + records.CaseObject(c.ID) + `'`); n != 1 {
			t.Errorf("%d entries in the log", n)
		}
		// Being a guest takes nothing from who has more, as a rule for all of unit 20 would from Sabine's unit.
		mixed := h.newCase(func(f *records.File, _ *records.Case) {
			f.Readers, f.Writers = access.Unit("20.1"), access.Unit("20.1")
		})
		must(t, h.Start(as("sabine"), mixed.ID, Order{ID: db.NewID(), Steps: []Step{step(Know, access.Unit("20"))}}))
		if !reads("birgit", mixed) {
			t.Error("Birgit was not let in")
		}
		seen, err := h.Course(as("sabine"), mixed.ID)
		must(t, err)
		if seen.Case.May != access.Write {
			t.Error("Sabine lost her right")
		}
		blocked := h.newCase(nil)
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return access.Put(ctx, tx, access.At(erfurt), access.Grant{Authority: erfurt, File: blocked.FileID, Holder: access.Person("cem"), May: access.Nothing, At: h.now})
		}))
		err = h.Start(as("claudia"), blocked.ID, Order{ID: db.NewID(), Steps: []Step{step(Know, "cem")}})
		if e := errs.As(err); len(e.Fields) != 1 || e.Fields[0].Key != "flow.error.blocked" || e.Fields[0].Args[0] != "Cem" {
			t.Errorf("blocked: %v", err)
		}
		h.start(blocked, "", step(Know, access.Unit("30"))) // Helga of the unit may
		if reads("cem", blocked) || !reads("helga", blocked) {
			t.Error("a block was overruled")
		}
		h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'claudia', '', 3)`, erfurt)
		classified := h.newCase(func(f *records.File, _ *records.Case) { f.Level = access.Confidential })
		err = h.Start(as("claudia"), classified.ID, Order{ID: db.NewID(), Steps: []Step{step(Know, "birgit")}})
		if e := errs.As(err); len(e.Fields) != 1 || e.Fields[0].Key != "flow.error.uncleared" {
			t.Errorf("not cleared: %v", err)
		}
		if n := h.count(`audit_entry WHERE action = 'flow.read'`); n != 0 {
			t.Errorf("%d readings logged", n)
		}
		if !reads("claudia", classified) || h.count(`audit_entry WHERE action = 'flow.read'`) != 1 {
			t.Error("reading something confidential was not logged")
		}
	})
}

func (h *house) count(from string) (n int) {
	h.t.Helper()
	n, err := count(context.Background(), h.h.DB.Reader(), from, nil)
	must(h.t, err)
	return n
}

// Who is asked reads the one case while the circulation runs, and nothing else of a file that is not open to them; two
// circulations each let them in.
func TestAskedReadsTheCaseOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		other, err := h.core.OpenCase(as("claudia"), records.NewCase{File: c.FileID, Subject: "Anderes"})
		must(t, err)
		reads := func(id string) bool {
			t.Helper()
			_, err := h.Course(as("cem"), id)
			if err != nil && !errs.Is(err, errs.NotFound) {
				t.Fatal(err)
			}
			return err == nil
		}
		if reads(c.ID) {
			t.Fatal("Cem reads the case already: this test needs a file that is not open to him")
		}
		first := h.start(c, "", step(Know, "cem"))
		second := h.start(c, "", step(Act, "cem"))
		if !reads(c.ID) || reads(other.ID) {
			t.Errorf("reads his case: %v, another one: %v", reads(c.ID), reads(other.ID))
		}
		if status, _ := h.get("cem", "/akte/vorgang/"+c.ID+"/geschaeftsgang"); status != 200 {
			t.Errorf("his page: %d", status)
		}
		if _, err := h.core.FilePage(as("cem"), c.FileID, paging.Cursor{}); !errs.Is(err, errs.NotFound) {
			t.Errorf("reads the file: %v", err)
		}
		_, err = h.Seen(as("cem"), []string{h.task(first, "cem").ID})
		must(t, err)
		if !reads(c.ID) {
			t.Error("the end of one circulation took the right of the other")
		}
		k := h.task(second, "cem")
		must(t, h.Finish(as("cem"), k.ID, k.Version, ""))
		if reads(c.ID) {
			t.Error("reads on after the end")
		}
	})
}
