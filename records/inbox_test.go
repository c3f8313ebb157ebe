package records

import (
	"strings"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// TestInboxAlongIndex: no order of the inbox of one authority needs sorting, however much lies in it. SQLite says so
// without statistics, and PostgreSQL has the same indexes.
func TestInboxAlongIndex(t *testing.T) {
	h := newHouse(t, housetest.New(t, db.SQLite, platform.Files{Room: "records", FS: Files}))
	after := paging.Cursor{After: paging.Time(time.Now(), db.NewID())}
	for name, f := range map[string]Filter{
		"open": {}, "open, page 2": {Page: after}, "open, newest": {Sort: SortNewest, Page: after}, "open, due": {Sort: SortDue, Page: after},
		"all": {State: StateAll, Page: after}, "closed, newest": {State: string(StateClosed), Sort: SortNewest},
		"mine": {Who: WhoMine, State: StateAll, Page: after}, "searched": {Query: "hund müller"},
	} {
		statement, p := inboxQuery(access.At(erfurt), "me", f)
		plan := query1(t, h, "EXPLAIN QUERY PLAN "+statement, p...)
		if !strings.Contains(plan, "USING INDEX records_case_") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %s", name, plan)
		}
	}
}

// TestFindAndFilter: each filter finds what it says, by words in any case and order.
func TestFindAndFilter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, b := dog("f1"), dog("f2")
		b.Applicant, b.Subject, b.SentAt = "ÖZGÜR Ängström 100%_!", "Gewerbe", a.SentAt.Add(time.Hour)
		one, two := h.file(t, a), h.file(t, b)
		must(t, h.Take(erika, two.ID, 1))
		for name, x := range map[string]struct {
			f    Filter
			want string
		}{
			"everything": {Filter{}, "f1 f2"}, "newest": {Filter{Sort: SortNewest}, "f2 f1"}, "due": {Filter{Sort: SortDue}, "f1 f2"},
			"mine": {Filter{Who: WhoMine}, "f2"}, "free": {Filter{Who: WhoFree}, "f1"}, "new": {Filter{State: "new"}, "f1"},
			"closed": {Filter{State: "closed"}, ""}, "words": {Filter{Query: "müller hund"}, "f1"},
			"other case": {Filter{Query: "özgür ÄNG"}, "f2"}, "reference": {Filter{Query: one.Reference}, "f1"},
			"the applicant's reference": {Filter{Query: "rs-2026-f2"}, "f2"}, "percent": {Filter{Query: "100%_!"}, "f2"},
			"percent alone": {Filter{Query: "0%1"}, ""}, "underscore": {Filter{Query: "m_ller"}, ""},
		} {
			l, err := h.Inbox(erika, x.f)
			must(t, err)
			var got []string
			for _, c := range l.Items {
				got = append(got, c.Source)
			}
			if strings.Join(got, " ") != x.want {
				t.Errorf("%s: %v, want %s", name, got, x.want)
			}
		}
	})
}
