package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// stance is a deputy and the one whose task they do.
type stance struct {
	absent string // what is absent: "member", "head" of the leading unit, "registrar", "reader" by a rule
	unit   string // the deputy's: "20", the leading one, or "40"
	rule   string // the deputy's in the file: "", "read", "blocked"
	secret bool   // the file is confidential
	clear  bool   // the deputy is cleared for that
}

func stances() (out []stance) {
	for _, absent := range []string{"member", "head", "registrar", "reader"} {
		for _, unit := range []string{"20", "40"} {
			for _, rule := range []string{"", "read", "blocked"} {
				for _, level := range []stance{{}, {secret: true}, {secret: true, clear: true}} {
					out = append(out, stance{absent, unit, rule, level.secret, level.clear})
				}
			}
		}
	}
	return out
}

func (s stance) who() string {
	return fmt.Sprintf("%s-%s-%v", map[bool]string{true: "regina"}[s.absent == "registrar"]+s.absent, s.unit, s.clear)
}
func (s stance) deputy() string { return fmt.Sprintf("deputy-%s-%v", s.unit, s.clear) }
func (s stance) middle() string { return "middle-" + s.who() }

// tried are those for whom a difference can be: what somebody absent may do says nothing about who does not act for them.
func tried(acts bool) []stance {
	return slices.DeleteFunc(stances(), func(s stance) bool { return !acts && (s.absent == "head" || s.absent == "registrar") })
}

// want is what the rule of deputies says about an action; acts is whether the deputy stands in now, and here whether
// they are of the authority at all.
func (s stance) want(action string, acts, here bool) errs.Code {
	reads := s.rule == "read" || s.rule == "" && (s.unit == "20" || acts)
	writes := s.rule == "" && s.unit == "20" || s.absent != "reader"
	switch {
	case !here, !reads, s.secret && !s.clear:
		return errs.NotFound
	case !acts, !writes && (action == "Shelve" || action == "Forward"):
		return errs.Denied
	}
	return ""
}

// TestDeputyMatrix has every sort of deputy do everything for every sort of absent person, at every time and along
// every way that leads, or does not lead, to them.
func TestDeputyMatrix(t *testing.T) {
	for way, x := range map[string]struct {
		acts, elsewhere bool
		before, after   func(h *house, s stance)
		days            int // that pass between the order and the deed
	}{
		"direct": {acts: true, before: func(h *house, s stance) { h.away(s.who(), s.deputy(), 3) }},
		"chain":  {acts: true, before: func(h *house, s stance) { h.away(s.who(), s.middle(), 3); h.away(s.middle(), s.deputy(), 3) }},
		"late":   {acts: true, after: func(h *house, s stance) { h.away(s.who(), s.deputy(), 3) }},
		"mutual": {before: func(h *house, s stance) { h.away(s.who(), s.middle(), 3); h.away(s.middle(), s.who(), 3) }},
		"chain that goes on": {before: func(h *house, s stance) {
			h.away(s.who(), s.deputy(), 3)
			h.away(s.deputy(), "zoe", 3)
		}},
		"over": {days: 5, before: func(h *house, s stance) { h.away(s.who(), s.deputy(), 3) }},
		"called off": {before: func(h *house, s stance) { h.away(s.who(), s.deputy(), 3) }, after: func(h *house, s stance) {
			h.exec(`UPDATE flow_absence SET ended_at = 1 WHERE subject = $1`, s.who())
		}},
		"never":     {},
		"elsewhere": {elsewhere: true, before: func(h *house, s stance) { h.away(s.who(), s.deputy(), 3) }},
	} {
		t.Run(way, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				h.exec(`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('40', $1, '40', 'Ordnung', '', '/40/', 0)`, erfurt)
				known := map[string]bool{}
				seat := func(org, subject, role string, clear bool) {
					if known[subject] {
						return
					}
					known[subject] = true
					h.member(org, subject, role)
					if clear {
						h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 4)`, erfurt, subject)
					}
				}
				seat("40", "zoe", "member", true)
				h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'claudia', '', 4)`, erfurt)
				for _, s := range tried(x.acts) {
					if !known[s.who()] && x.before != nil {
						x.before(h, s)
					}
					switch s.absent {
					case "member":
						seat("20", s.who(), "member", true)
					case "head":
						seat("20", s.who(), "head", true)
					default:
						seat("40", s.who(), "member", true)
					}
					if !x.elsewhere {
						seat(s.unit, s.deputy(), "member", s.clear)
					}
					seat("30", s.middle(), "member", true)
				}
				type order struct {
					stance
					doc   string
					tasks map[string]Task
					after records.Case
				}
				var orders []order
				for _, s := range tried(x.acts) {
					o := order{stance: s, tasks: map[string]Task{}}
					give := func(f *records.File, _ *records.Case) {
						if s.secret {
							f.Level = access.Confidential
						}
					}
					c, last := h.newCase(give), h.newCase(give)
					o.doc, o.after = h.newDocument(c), last
					rule := func(who string, may access.May) {
						for _, file := range []string{c.FileID, last.FileID} {
							h.rule(file, who, may)
						}
					}
					if s.absent == "reader" {
						rule(s.who(), access.Write)
					}
					if may, ok := map[string]access.May{"read": access.Read, "blocked": access.Nothing}[s.rule]; ok {
						rule(s.deputy(), may)
					}
					for action, k := range map[string]Kind{"Finish": Know, "Sign": CoSign, "Refuse": Act, "Forward": Act, "Shelve": Shelve} {
						in, document := c, ""
						if k.Signs() {
							document = o.doc
						}
						if k == Shelve {
							in = last
						}
						o.tasks[action] = h.task(h.start(in, document, step(k, s.who())), s.who())
					}
					if s.absent == "reader" {
						rule(s.who(), access.Read)
					}
					orders = append(orders, o)
				}
				ended := map[string]bool{}
				for _, o := range orders {
					if !ended[o.who()] && x.after != nil {
						x.after(h, o.stance)
					}
					ended[o.who()] = true
				}
				h.now = h.now.AddDate(0, 0, x.days)
				h.changeDeputies()
				n := 0
				for _, o := range orders {
					me := identity.Principal{Subject: o.deputy(), Name: "Deputy", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}}
					if x.elsewhere {
						me.Grants[0].Authority = jena
					}
					ctx := identity.With(context.Background(), me)
					for action, k := range o.tasks {
						var err error
						switch action {
						case "Sign":
							err = h.Sign(ctx, k.ID, k.Version, h.content(o.doc), "")
						case "Refuse":
							err = h.Refuse(ctx, k.ID, k.Version, "x")
						case "Forward":
							err = h.Forward(ctx, k.ID, k.Version, "person:zoe")
						default:
							err = h.Finish(ctx, k.ID, k.Version, "")
						}
						want := o.want(action, x.acts, !x.elsewhere)
						if errs.CodeOf(err) != want {
							t.Errorf("%s by the deputy of %+v: %v, want %q", action, o.stance, err, want)
						}
						if done := h.task(k.Circulation, map[bool]string{true: "zoe", false: o.who()}[action == "Forward" && err == nil]); err == nil && action != "Forward" && done.DoneFor.Subject != o.who() {
							t.Errorf("%s by the deputy of %+v: done for %q", action, o.stance, done.DoneFor.Subject)
						}
						n++
					}
					closed, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), access.All, o.after.ID, "")
					must(t, err)
					if (closed.State == records.StateClosed) != (o.want("Shelve", x.acts, !x.elsewhere) == "") {
						t.Errorf("the case of %+v is %s", o.stance, closed.State)
					}
				}
				if want := len(tried(x.acts)) * 5; n != want {
					t.Fatal(n, "tried, want", want)
				}
				if left := h.count(`records_guest WHERE source LIKE 'absence:%'`); (left > 0) != x.acts && way != "chain that goes on" {
					t.Errorf("%d deputies are guests", left)
				}
			})
		})
	}
}

// away writes down an absence, without its jobs.
func (h *house) away(who, deputy string, days int) {
	h.t.Helper()
	if h.count(`flow_absence WHERE subject = '`+who+`'`) > 0 {
		return
	}
	h.exec(`INSERT INTO flow_absence (id, authority_id, subject, name, deputy, deputy_name, from_at, until_at, ended_at, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $3, $4, $4, 1, $5, 0, '', 1)`, db.NewID(), erfurt, who, deputy, db.Micros(h.now.AddDate(0, 0, days)))
}

// changeDeputies is the job of an absence that begins or ends.
func (h *house) changeDeputies() {
	h.t.Helper()
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return h.h.Queue.Publish(ctx, tx, topicDeputies, deputiesJob{erfurt, db.Micros(h.now.Add(-time.Minute))})
	}))
	h.drain()
}

func (h *house) rule(file, who string, may access.May) {
	h.t.Helper()
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return access.Put(ctx, tx, access.At(erfurt), access.Grant{Authority: erfurt, File: file, Holder: access.Person(who), May: may, At: h.now})
	}))
}

// TestDeputyIsNamed: what a deputy does with the right of who is absent names both, in the log and on the timeline; and
// what they may read ends with the absence, but for where a task of their own lies.
func TestDeputyIsNamed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, other := h.newCase(nil), h.newCase(nil)
		id := h.start(c, "", step(Act, "birgit"), step(Shelve, "birgit"))
		absence := h.absent("birgit", "cem", 3)
		mine := h.start(other, "", step(Act, "birgit"), step(Know, access.Unit("30"))) // Cem is of unit 30
		k := h.task(id, "birgit")
		must(t, h.Forward(as("cem"), k.ID, k.Version, "person:sabine")) // she reads the file
		k = h.task(id, "sabine")
		must(t, h.Forward(as("sabine"), k.ID, k.Version, "person:birgit"))
		k = h.task(id, "birgit")
		must(t, h.Finish(as("cem"), k.ID, k.Version, ""))
		for _, x := range h.circulation(id).Tasks {
			if x.Kind == Shelve {
				must(t, h.Finish(as("cem"), x.ID, x.Version, "i. V."))
			}
		}
		for _, action := range []string{"flow.forwarded", "flow.done", "records.case_closed"} {
			if n := h.count(`audit_entry WHERE action = '` + action + `' AND actor = 'cem' AND changes LIKE '%"for":"birgit"%' AND changes LIKE '%"for_name":"Birgit"%'`); n == 0 {
				t.Errorf("%s does not name both", action)
			}
		}
		_, page := h.get("claudia", "/akte/vorgang/"+c.ID+"/verlauf")
		if n := strings.Count(page, "in Vertretung für Birgit"); n != 4 { // forwarded, done, closed, done
			t.Errorf("the timeline names both %d times", n)
		}
		if status, _ := h.get("cem", "/akte/vorgang/"+c.ID+"/geschaeftsgang"); status != 200 {
			t.Errorf("while he stands in: %d", status)
		}
		must(t, h.EndAbsence(as("birgit"), absence))
		h.drain()
		if status, _ := h.get("cem", "/akte/vorgang/"+c.ID+"/geschaeftsgang"); status != 404 {
			t.Errorf("afterwards: %d", status)
		}
		if status, _ := h.get("cem", "/akte/vorgang/"+other.ID+"/geschaeftsgang"); status != 200 {
			t.Errorf("where a task of his own lies: %d", status)
		}
		if n := h.count(`audit_entry WHERE action = 'flow.access_ended'`); n != 2 { // in both cases
			t.Errorf("%d ends in the log", n)
		}
		same(t, "the other", h.states(mine), "1 birgit open, 2 30 waiting")
	})
}
