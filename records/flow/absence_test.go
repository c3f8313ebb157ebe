package flow

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

func TestDeputies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		before := h.start(c, "", step(Act, "birgit"))
		id := h.start(c, doc, step(CoSign, "birgit"), step(Sign, access.RoleIn("20", access.Head)))
		same(t, "before", h.inboxOf("cem", Filter{}), "")
		absence := h.absent("birgit", "cem", 3)
		same(t, "Cem stands in, and was let into the file", h.inboxOf("cem", Filter{}), "act for birgit, cosign for birgit")
		same(t, "Cem's own", h.inboxOf("cem", Filter{View: ViewMine}), "")
		same(t, "Birgit still sees it", h.inboxOf("birgit", Filter{View: ViewMine}), "act, cosign")
		must(t, h.sign("cem", h.task(id, "birgit"), doc))
		g, err := h.store.signatures(t.Context(), h.h.DB.Reader(), access.All, c.ID)
		must(t, err)
		if g[0].By.Subject != "cem" || g[0].For != (Person{"birgit", "Birgit"}) {
			t.Fatalf("%+v", g[0])
		}
		_, page := h.get("doris", "/akte/vorgang/"+c.ID+"/geschaeftsgang")
		contains(t, page, "Cem i. V. für Birgit", h.content(doc).Hash)
		same(t, "the role is Doris's", h.inboxOf("doris", Filter{}), "sign")
		h.absent("doris", "sabine", 3)
		same(t, "and her deputy's", h.inboxOf("sabine", Filter{View: ViewDeputy}), "sign for doris")
		must(t, h.sign("sabine", h.task(id, access.RoleIn("20", access.Head)), doc))

		h.absent("cem", "helga", 3) // Birgit's deputy is away too: Helga is next
		same(t, "second hop", h.inboxOf("helga", Filter{}), "act for birgit")
		same(t, "not Cem's any more", h.inboxOf("cem", Filter{}), "")
		must(t, h.EndAbsence(as("birgit"), absence))
		must(t, h.EndAbsence(as("birgit"), absence))
		same(t, "Birgit is back", h.inboxOf("helga", Filter{}), "")
		h.now = h.now.AddDate(0, 0, 4)
		same(t, "all are back", h.inboxOf("sabine", Filter{View: ViewDeputy}), "")
		same(t, "what is left", h.states(before), "1 birgit open")
	})
}

func TestDeputiesInCircles(t *testing.T) {
	away := func(pairs ...string) directory {
		d := directory{units: map[string]unit{"20": {id: "20", path: "/20/"}, "20.1": {id: "20.1", path: "/20/20.1/"}}, absences: map[string]Absence{}}
		d.seats = []seat{{Person{"head", "H"}, "20", access.Head}, {Person{"head2", "H2"}, "20", access.Head}, {Person{"a", "A"}, "20.1", access.Member},
			{Person{"b", "B"}, "20.1", access.Member}}
		for i := 0; i < len(pairs); i += 2 {
			d.absences[pairs[i]] = Absence{Subject: pairs[i], Deputy: pairs[i+1]}
		}
		return d
	}
	for name, x := range map[string]struct {
		d    directory
		want string
	}{
		"there":               {away(), "[]"},
		"deputy":              {away("a", "b"), "[b]"},
		"deputy's deputy":     {away("a", "b", "b", "c"), "[c]"},
		"five hops":           {away("a", "b", "b", "c", "c", "d", "d", "e", "e", "f"), "[f]"},
		"six hops":            {away("a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f", "g"), "[head head2]"},
		"circle":              {away("a", "b", "b", "a"), "[head head2]"},
		"circle of others":    {away("a", "b", "b", "c", "c", "b"), "[head head2]"},
		"circle, head absent": {away("a", "b", "b", "a", "head", "x"), "[head2]"},
		"nobody left":         {away("a", "b", "b", "a", "head", "a", "head2", "a"), "[]"},
	} {
		if got := fmt.Sprint(x.d.deputies("a")); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

func TestAbsenceRules(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := Absence{ID: db.NewID(), Authority: erfurt, Subject: "birgit", Deputy: "claudia", From: h.now, Until: h.now}
		with := func(change func(*Absence)) Absence {
			x := b
			x.ID = db.NewID()
			change(&x)
			return x
		}
		want(t, h.RecordAbsence(as("claudia"), b), errs.Denied)
		want(t, h.RecordAbsence(as("helga"), b), errs.Denied) // a head, but not of hers
		want(t, h.RecordAbsence(as("jens"), b), errs.NotFound)
		must(t, h.RecordAbsence(as("birgit"), b))
		must(t, h.RecordAbsence(as("birgit"), b))
		want(t, h.RecordAbsence(as("doris"), with(func(*Absence) {})), errs.Invalid) // at that time already
		want(t, h.RecordAbsence(as("doris"), with(func(x *Absence) { x.Deputy = "birgit" })), errs.Invalid)
		want(t, h.RecordAbsence(as("doris"), with(func(x *Absence) { x.Deputy = "stranger" })), errs.Invalid)
		want(t, h.RecordAbsence(as("doris"), with(func(x *Absence) { x.Until = h.now.AddDate(0, 0, -1) })), errs.Invalid)
		want(t, h.RecordAbsence(as("doris"), with(func(x *Absence) { x.Until = h.now.AddDate(3, 0, 0) })), errs.Invalid)
		must(t, h.RecordAbsence(as("doris"), with(func(x *Absence) { x.From, x.Until = h.now.AddDate(0, 0, 1), h.now.AddDate(0, 0, 2) })))
		must(t, h.RecordAbsence(as("regina"), with(func(x *Absence) { x.From, x.Until = h.now.AddDate(0, 0, 3), h.now.AddDate(0, 0, 3) })))
		for who, n := range map[string]int{"birgit": 3, "doris": 3, "regina": 3, "claudia": 3, "cem": 0, "helga": 0} {
			l, err := h.Absences(as(who))
			must(t, err)
			if len(l) != n {
				t.Errorf("%s sees %d absences, want %d", who, len(l), n)
			}
		}
		want(t, h.EndAbsence(as("claudia"), b.ID), errs.Denied)
		want(t, h.EndAbsence(as("jens"), b.ID), errs.NotFound)
		must(t, h.EndAbsence(as("doris"), b.ID))
	})
}

// TestTwoAtOnce: of two who stand in for the same person, and sign at the same moment, one signs and the other is told.
// circled records an absence that leads in a circle, as the release before allowed.
func (h *house) circled(who, deputy string, days int) string {
	h.t.Helper()
	id := db.NewID()
	h.exec(`INSERT INTO flow_absence (id, authority_id, subject, name, deputy, deputy_name, from_at, until_at, ended_at, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, 1, $7, 0, '', 1)`, id, erfurt, who, name(who), deputy, name(deputy), db.Micros(h.now.AddDate(0, 0, days)))
	return id
}

// TestNoCircle: who is stood in for does not stand in for their deputy, also by way of others, as long as all are absent.
func TestNoCircle(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		away := func(who, deputy string, from, to int) error {
			return h.RecordAbsence(as("regina"), Absence{ID: db.NewID(), Authority: erfurt, Subject: who, Deputy: deputy, From: h.now.AddDate(0, 0, from), Until: h.now.AddDate(0, 0, to)})
		}
		must(t, away("birgit", "cem", 0, 10))
		err := away("cem", "birgit", 5, 20)
		want(t, err, errs.Invalid)
		if f := errs.As(err).Fields[0]; f.Name != "deputy" || f.Key != "flow.error.circle" || f.Args[0] != "Birgit" {
			t.Errorf("%+v", f)
		}
		must(t, away("cem", "birgit", 11, 20)) // she is back by then
		must(t, away("cem", "sabine", 2, 6))
		want(t, away("sabine", "birgit", 4, 5), errs.Invalid)
		must(t, away("sabine", "birgit", 7, 8)) // Cem is there
		must(t, away("doris", "helga", 0, 3))

		// The pages name who is absent.
		h.now = h.now.AddDate(0, 0, 3)
		h.must200("regina", "/akte/abwesenheit", "Cem ist vom 25.11.2026 bis 29.11.2026 selbst abwesend, vertreten durch Sabine")
		c := h.newCase(nil)
		id := h.start(c, "", step(Know, "birgit"), step(Act, "cem", "claudia"))
		h.must200("claudia", "/akte/vorgang/"+c.ID+"/geschaeftsgang", "Birgit ist bis 03.12.2026 abwesend, vertreten durch Sabine", "Cem ist bis 29.11.2026 abwesend, vertreten durch Sabine")
		h.must200("claudia", "/akte/aufgabe/"+h.task(id, "birgit").ID, "Birgit ist bis 03.12.2026 abwesend")
		must(t, h.HandOver(as("regina"), db.NewID(), erfurt, "claudia", "cem"))
		h.drain()
		h.must200("regina", "/akte/abwesenheit", "Cem ist bis 29.11.2026 abwesend, vertreten durch Sabine")
	})
}

func TestTwoAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.member("20", "dora", "head")
		for range 5 {
			c := h.newCase(nil)
			doc := h.newDocument(c)
			id := h.start(c, doc, step(CoSign, "birgit"), step(Know, "claudia"))
			a := h.absent("birgit", "cem", 3)
			b := h.circled("cem", "birgit", 3) // a circle, as it could be recorded before: the heads stand in
			k, seen := h.task(id, "birgit"), h.content(doc)
			var done, conflict int
			var wg sync.WaitGroup
			var mu sync.Mutex
			for i := range 8 {
				who := []string{"doris", "dora"}[i%2]
				wg.Go(func() {
					err := h.Sign(as(who), k.ID, k.Version, seen, "")
					mu.Lock()
					defer mu.Unlock()
					switch errs.CodeOf(err) {
					case "":
						done++ // the same person again is no mistake
					case errs.Conflict:
						conflict++
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if done != 4 || conflict != 4 {
				t.Fatalf("%d done, %d conflicts", done, conflict)
			}
			g, err := h.store.signatures(t.Context(), h.h.DB.Reader(), access.All, c.ID)
			must(t, err)
			if len(g) != 1 || g[0].For.Subject != "birgit" {
				t.Fatalf("signatures: %+v", g)
			}
			same(t, "went on once", h.states(id), "1 birgit done, 2 claudia open")
			must(t, h.EndAbsence(as("regina"), a))
			must(t, h.EndAbsence(as("regina"), b))
		}
	})
}

// TestSignAndRevise: whoever signs while a new version is filed either signs before it, and there is none, or does not
// sign.
func TestSignAndRevise(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for i := range 12 {
			c := h.newCase(nil)
			doc := h.newDocument(c)
			k := h.task(h.start(c, doc, step(Sign, "doris")), "doris")
			seen := h.content(doc)
			var wg sync.WaitGroup
			var err error
			wg.Go(func() { err = h.Sign(as("doris"), k.ID, k.Version, seen, "") })
			wg.Go(func() { // as package filing does
				if err := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE records_document SET version = version + 1, hash = $1 WHERE id = $2 AND final_at = 0`, fmt.Sprintf("%064x", i), doc)
					return err
				}); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			signatures, failed := h.store.signatures(t.Context(), h.h.DB.Reader(), access.All, c.ID)
			must(t, failed)
			now := h.content(doc)
			switch {
			case err == nil && (len(signatures) != 1 || signatures[0].Content != now):
				t.Fatalf("signed %+v, but there is %+v", signatures, now)
			case err != nil && (!errs.Is(err, errs.Conflict) || len(signatures) != 0 || now == seen):
				t.Fatalf("not signed: %v, %+v", err, signatures)
			}
		}
	})
}

func TestHandOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var mine []records.Case
		for i := range handAtOnce + 5 {
			c := h.newCase(func(f *records.File, c *records.Case) {
				c.AssignedTo = "birgit"
				if i%2 == 0 {
					c.AssignedTo = ""
				}
				if i == 1 {
					f.Level = access.Confidential // Cem is not cleared
				}
			})
			mine = append(mine, c)
			if i != 1 {
				h.start(c, "", step(Know, "claudia"), step(Act, "birgit"))
			}
		}
		id := db.NewID()
		for who, code := range map[string]errs.Code{"birgit": errs.Denied, "helga": errs.Denied, "jens": errs.NotFound} {
			want(t, h.HandOver(as(who), id, erfurt, "birgit", "cem"), code)
		}
		want(t, h.HandOver(as("doris"), id, erfurt, "birgit", "birgit"), errs.Invalid)
		want(t, h.HandOver(as("doris"), id, erfurt, "birgit", "nobody"), errs.Invalid)
		must(t, h.HandOver(as("doris"), id, erfurt, "birgit", "cem"))
		must(t, h.HandOver(as("doris"), id, erfurt, "birgit", "cem"))
		h.drain()
		x, err := h.store.handover(t.Context(), h.h.DB.Reader(), access.All, id, "")
		must(t, err)
		if x.Tasks != handAtOnce+4 || x.Cases != (handAtOnce+5)/2-1 || x.Kept != 1 || x.EndedAt.IsZero() {
			t.Fatalf("%+v", x)
		}
		if n := h.count(`flow_task WHERE holder = 'person:birgit'`); n != 0 {
			t.Errorf("%d tasks left", n)
		}
		if n := h.count(`records_case WHERE assigned_to = 'birgit'`); n != 1 {
			t.Errorf("%d cases left", n)
		}
		c, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), accessFor(t, h, "cem"), mine[3].ID, "")
		must(t, err)
		if c.May != access.Write || c.AssignedName != "Cem" || c.Version != 2 {
			t.Errorf("an assigned case: %+v", c)
		}
		if n := h.count(`audit_entry WHERE action = 'flow.handed_over'`); n != handAtOnce+4 {
			t.Errorf("%d entries in the log", n)
		}
		h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'doris', '', 4)`, erfurt)
		h.must200("doris", "/akte/abwesenheit", "Nicht übergeben von Birgit an Cem", "/akte/vorgang/"+mine[1].ID, mine[1].Reference)
		_, page := h.get("cem", "/akte/abwesenheit") // who may not read it hears only how many there are
		contains(t, page, "weitere, die hier nicht genannt werden: 1")
		if strings.Contains(page, mine[1].Reference) {
			t.Error("a case is named to who may not read it")
		}
		for who, n := range map[string]int{"doris": 1, "regina": 1, "cem": 1, "claudia": 0} {
			l, err := h.Handovers(as(who))
			must(t, err)
			if len(l) != n {
				t.Errorf("%s sees %d hand-overs", who, len(l))
			}
		}
	})
}

// Who gets a desk reads the cases of its tasks, and nothing else of their files; a file is opened to them only by who manages it.
func TestHandOverOpensNoMore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		task := h.newCase(nil)
		circulation := h.start(task, "", step(Act, "birgit"))
		kept := h.newCase(func(f *records.File, c *records.Case) { f.Lead, c.AssignedTo = "30", "birgit" }) // Doris changes it, and does not manage it
		must(t, h.HandOver(as("doris"), db.NewID(), erfurt, "birgit", "cem"))
		h.drain()
		cem := func(caseID string) (of records.Case, err error) {
			return h.core.CaseByID(t.Context(), h.h.DB.Reader(), accessFor(t, h, "cem"), caseID, "")
		}
		c, err := cem(task.ID)
		must(t, err)
		if c.May != access.Nothing && c.May != access.Read {
			t.Errorf("may %d in the case", c.May)
		}
		_, err = h.core.FileByID(t.Context(), h.h.DB.Reader(), accessFor(t, h, "cem"), task.FileID)
		want(t, err, errs.NotFound)
		k := h.task(circulation, "cem")
		must(t, h.Finish(as("cem"), k.ID, k.Version, ""))
		_, err = cem(task.ID)
		want(t, err, errs.NotFound)
		_, err = cem(kept.ID)
		want(t, err, errs.NotFound)
		if n := h.count(`records_case WHERE assigned_to = 'birgit'`); n != 1 {
			t.Errorf("%d cases left with Birgit", n)
		}
		if n := h.count(`records_grant`); n != 0 {
			t.Errorf("%d rules", n)
		}
	})
}

func accessFor(t *testing.T, h *house, who string) access.Access {
	t.Helper()
	a, err := access.Load(as(who), h.h.DB.Reader())
	must(t, err)
	return a
}

func TestTemplates(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		x := Template{ID: db.NewID(), Authority: erfurt, Name: "Bescheid", CaseType: "general", Steps: []Step{step(CoSign, "birgit"), step(Sign, "doris")}}
		want(t, h.SaveTemplate(as("claudia"), x), errs.Denied)
		want(t, h.SaveTemplate(as("jens"), x), errs.NotFound)
		must(t, h.SaveTemplate(as("doris"), x))
		must(t, h.SaveTemplate(as("doris"), func() Template { y := x; return y }()))
		y := x
		y.ID = db.NewID()
		want(t, h.SaveTemplate(as("regina"), y), errs.Invalid) // the name is taken
		y.Name, y.CaseType = "Andere", "123"
		want(t, h.SaveTemplate(as("regina"), y), errs.Invalid)
		y.CaseType, y.Steps = "99110009104000", []Step{step(Know, "stranger")}
		want(t, h.SaveTemplate(as("regina"), y), errs.Invalid)
		y.Steps = []Step{step(Know, "cem")}
		must(t, h.SaveTemplate(as("regina"), y))
		x.Version, x.Name = 1, "Bescheid 2"
		must(t, h.SaveTemplate(as("helga"), x))
		must(t, h.SaveTemplate(as("helga"), x))
		want(t, h.SaveTemplate(as("doris"), x), errs.Conflict)
		c := h.newCase(nil)
		co, err := h.Course(as("claudia"), c.ID)
		must(t, err)
		if len(co.Templates) != 1 || co.Templates[0].Name != "Bescheid 2" || len(co.Templates[0].Steps) != 2 {
			t.Fatalf("%+v", co.Templates)
		}
		want(t, h.DropTemplate(as("claudia"), x.ID, 2), errs.Denied)
		want(t, h.DropTemplate(as("jens"), x.ID, 2), errs.NotFound)
		want(t, h.DropTemplate(as("doris"), x.ID, 1), errs.Conflict)
		must(t, h.DropTemplate(as("doris"), x.ID, 2))
		l, err := h.Templates(as("cem"))
		must(t, err)
		if len(l) != 1 {
			t.Fatalf("%d left", len(l))
		}
	})
}

// TestSystemRefresh: the look for new versions is written to the log as the program's.
func TestSystemRefresh(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		id := h.start(c, doc, step(CoSign, "birgit"), step(Act, "claudia"))
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		h.reviseUntold(doc)
		_, err := h.Course(as("cem"), c.ID)
		want(t, err, errs.NotFound)
		same(t, "not by a stranger's look", h.states(id), "1 birgit done, 2 claudia open")
		_, err = h.Course(as("doris"), c.ID)
		must(t, err)
		same(t, "by a reader's look", h.states(id), "1 birgit open, 2 claudia waiting")
		entries, err := h.h.Audit.History(context.Background(), records.DocumentObject(doc), 1)
		must(t, err)
		if entries[0].Action != "flow.reopened" || entries[0].Actor != identity.From(identity.AsSystem(context.Background(), "flow")).Subject {
			t.Errorf("%+v", entries[0])
		}
	})
}
