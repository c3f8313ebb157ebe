package plan

import (
	"errors"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
)

func TestPut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		fresh := Edit{Authority: erfurt, Values: map[string]string{"code": "22.32", "title": " Zweitwohnung  steuer ", "parent": "22", "retention_years": "10",
			"appraisal": "b", "transfer_years": "2", "valid_from": "1.1.2026", "note": "neu"}}
		must(t, h.Put(regina, fresh))
		must(t, h.Put(regina, fresh)) // sent twice
		u := h.unit(t, "22.32")
		if u.Title != "Zweitwohnung steuer" || u.Parent != "22" || u.RetentionYears != 10 || u.TransferYears != 2 || u.Appraisal != records.Appraise || u.cell(colFrom) != "2026-01-01" {
			t.Errorf("%+v", u)
		}
		again := fresh
		again.Values = map[string]string{"code": "22.32", "title": "andere", "retention_years": "1", "appraisal": "V"}
		want(t, "a code that is taken", h.Put(arne, again), errs.Invalid)

		for column, value := range map[string]string{"code": "{x}", "title": "", "parent": "nichts", "retention_years": "201", "appraisal": "X", "transfer_years": "-1",
			"valid_from": "31.2.2026"} {
			bad := Edit{Authority: erfurt, Values: map[string]string{"code": "77", "title": "x", "retention_years": "1", "appraisal": "V"}}
			bad.Values[column] = value
			err := h.Put(regina, bad)
			if !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != column {
				t.Errorf("%s %q: %v", column, value, err)
			}
		}
		want(t, "a unit that there is not", h.Put(regina, Edit{Authority: erfurt, Code: "nichts", Values: map[string]string{"title": "x"}}), errs.NotFound)

		// moved; never below itself
		must(t, h.Put(regina, h.edit(t, "22.32", map[string]string{"parent": "24"})))
		want(t, "below itself", h.Put(regina, h.edit(t, "2", map[string]string{"parent": "22"})), errs.Invalid)
		want(t, "below itself", h.Put(regina, h.edit(t, "22", map[string]string{"parent": "22"})), errs.Invalid)

		v, err := h.Unit(erika, erfurt, "22.32")
		must(t, err)
		if len(v.History) != 2 || v.History[0].Fields[0] != (Field{colParent, "22", "24"}) || v.History[1].Action != "plan.unit_added" || len(v.Path) != 2 || v.Path[1].Code != "24" {
			t.Errorf("history %+v, path %+v", v.History, v.Path)
		}
	})
}

func TestTwoRegistrars(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mine, theirs := h.edit(t, "22.31", map[string]string{"title": "Hunde"}), h.edit(t, "22.31", map[string]string{"title": "Steuer auf Hunde"})
		must(t, h.Put(regina, mine))
		want(t, "changed meanwhile", h.Put(arne, theirs), errs.Conflict)
		must(t, h.Put(regina, mine)) // sent twice
		if got := h.unit(t, "22.31").Title; got != "Hunde" {
			t.Error(got)
		}
		theirs.Seen = h.unit(t, "22.31").digest() // the choice was shown
		must(t, h.Put(arne, theirs))

		p, err := h.Propose(regina, erfurt, Source{Name: "x.csv", Content: []byte("code;title\n22.31;Hundesteuer\n")})
		must(t, err)
		must(t, h.Put(arne, h.edit(t, "41", map[string]string{"title": "Wohnen"})))
		want(t, "an import into a changed plan", h.Take(regina, p.Import), errs.Conflict)
	})
}

func TestClosedFilesAreConfirmed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.file(t, "22.31", false)
		h.file(t, "22.31", true)
		h.file(t, "22.31", true)
		must(t, h.Put(regina, h.edit(t, "22.31", map[string]string{"note": "ohne Folgen"})))
		e := h.edit(t, "22.31", map[string]string{"retention_years": "30", "appraisal": "A"})
		err := h.Put(regina, e)
		var open *Unconfirmed
		if !errs.Is(err, errs.Conflict) || !errors.As(err, &open) || len(open.Changes) != 1 || open.Changes[0].Files != 2 {
			t.Fatalf("%v", err)
		}
		e.Files = 1
		want(t, "another number", h.Put(regina, e), errs.Conflict)
		e.Files = 2
		must(t, h.Put(regina, e))
		v, err := h.Unit(regina, erfurt, "22.31")
		must(t, err)
		if v.Open != 1 || v.Closed != 2 || v.Unit.RetentionYears != 30 || v.History[0].Files != 2 || v.History[0].Fields[0] != (Field{colRetention, "10", "30"}) {
			t.Errorf("%+v", v)
		}
	})
}

func TestEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.file(t, "22.20", false)
		must(t, h.Put(regina, h.edit(t, "22.20", map[string]string{"valid_until": "23.11.2026"})))
		if _, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.20", Details: records.Details{Subject: "x"}}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a file in a unit that has ended: %v", err)
		}
		must(t, h.Put(regina, h.edit(t, "22.10", map[string]string{"valid_until": "24.11.2026"})))
		h.file(t, "22.10", false) // its last day
		h.now = h.now.Add(14 * time.Hour)
		if _, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.10", Details: records.Details{Subject: "x"}}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a file the day after: %v", err)
		}
		want(t, "with a service", h.Put(regina, h.edit(t, "22.31", map[string]string{"valid_until": "1.11.2026"})), errs.Invalid)
		want(t, "with units below", h.Put(regina, h.edit(t, "22", map[string]string{"valid_until": "31.12.2026"})), errs.Invalid)
		want(t, "before the beginning", h.Put(regina, h.edit(t, "41", map[string]string{"valid_from": "1.1.2027", "valid_until": "31.12.2026"})), errs.Invalid)

		codes := func(f Filter) map[string]Node {
			v, err := h.View(erika, erfurt, f)
			must(t, err)
			out := map[string]Node{}
			for _, n := range v.Nodes {
				out[n.Code] = n
			}
			return out
		}
		if now := codes(Filter{}); now["22.20"].Code != "" || now["22.31"].Depth != 2 {
			t.Errorf("%+v", now)
		}
		if then := codes(Filter{On: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}); then["22.20"].Open != 1 {
			t.Errorf("%+v", then)
		}
		if all := codes(Filter{All: true, Query: "GEWERBE steuer"}); all["22.20"].Open != 1 || all["22"].Code == "" || all["41"].Code != "" {
			t.Errorf("%+v", all)
		}
		if under := codes(Filter{Under: "1"}); under["11.10"].Depth != 1 || under["1"].Code != "" || under["2"].Code != "" {
			t.Errorf("%+v", under)
		}
	})
}

func TestRoute(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		lead := h.org(t, "20; x")
		s := Routing{Authority: erfurt, Key: other, Unit: "11.11", Lead: lead}
		must(t, h.Route(regina, s))
		must(t, h.Route(regina, s)) // sent twice
		if got := h.unit(t, "11.11").Services; len(got) != 1 || got[0] != (Service{other, lead, "20; x", "Amt 20; x"}) {
			t.Errorf("%+v", got)
		}
		s.Unit = "11.10"
		want(t, "taken away unawares", h.Route(regina, s), errs.Conflict)
		s.Seen = "11.11"
		must(t, h.Route(regina, s))
		if len(h.unit(t, "11.11").Services) != 0 || len(h.unit(t, "11.10").Services) != 2 {
			t.Error("not moved")
		}
		s.Seen = "11.11"
		want(t, "taken from where it is no more", h.Unroute(regina, s), errs.Conflict)
		s.Seen = "11.10"
		must(t, h.Unroute(regina, s))
		must(t, h.Unroute(regina, s)) // sent twice
		want(t, "any service without a unit", h.Unroute(regina, Routing{Authority: erfurt, Key: AnyService, Seen: "00.10"}), errs.Conflict)
		must(t, h.Route(regina, Routing{Authority: erfurt, Key: AnyService, Unit: "00.20", Seen: "00.10"}))
		must(t, h.Put(regina, h.edit(t, "22.20", map[string]string{"valid_until": "23.11.2026"})))
		for _, bad := range []Routing{{Key: "123", Unit: "11.10"}, {Key: other, Unit: "nichts"}, {Key: other, Unit: "22.20"}, {Key: other, Unit: "11.10", Lead: db.NewID()}, {Key: "", Unit: ""}} {
			bad.Authority = erfurt
			want(t, bad.Key+" "+bad.Unit, h.Route(regina, bad), errs.Invalid)
		}
	})
}

// TestAtOnce has registrars change one plan at the same time: no circle, nothing lost unseen.
func TestAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range 5 {
			a, b := h.edit(t, "41", map[string]string{"parent": "45"}), h.edit(t, "45", map[string]string{"parent": "41"})
			fresh := Edit{Authority: erfurt, Values: map[string]string{"code": db.NewID(), "title": "x", "retention_years": "1", "appraisal": "V"}}
			failed := make([]error, 4)
			var all sync.WaitGroup
			for i, e := range []Edit{a, b, fresh, fresh} {
				all.Go(func() { failed[i] = h.Put(regina, e) })
			}
			all.Wait()
			if (failed[0] == nil) == (failed[1] == nil) || failed[2] != nil && !errs.Is(failed[2], errs.Conflict) || failed[3] != nil && !errs.Is(failed[3], errs.Conflict) {
				t.Fatalf("%v", failed)
			}
			if wrong := h.plan(t, erfurt).check(h.now); len(wrong) > 0 {
				t.Fatalf("%+v", wrong)
			}
			must(t, h.Put(regina, h.edit(t, "41", map[string]string{"parent": "4"})))
			must(t, h.Put(regina, h.edit(t, "45", map[string]string{"parent": "4"})))
		}
	})
}
