package flow

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// BenchmarkInbox reads pages of an inbox of 100,000 open tasks, in 2,000 cases of 200 files, at an authority with 300
// members in 31 units of whom 10 are absent, and reports the slowest but one of a hundred (p99):
//
//	go test ./records/flow -run '^$' -bench Inbox -benchtime 300x
func BenchmarkInbox(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		h := newHouse(b, housetest.New(b, dialect, rooms...))
		h.fill(100_000)
		first, err := h.Inbox(as("birgit"), Filter{})
		must(b, err)
		deep, err := h.Inbox(as("birgit"), Filter{Page: paging.Cursor{After: paging.Number(db.Micros(h.now.AddDate(0, 0, 15)), db.NewID())}})
		must(b, err)
		if len(first.Items) != paging.Size || len(deep.Items) != paging.Size || first.Items[0].ID == deep.Items[0].ID {
			b.Fatal("the inbox is not full")
		}
		for _, x := range []struct {
			name, who string
			f         Filter
		}{
			{"open", "birgit", Filter{}}, {"deep", "birgit", Filter{Page: paging.Cursor{After: deep.Next}}}, {"mine", "birgit", Filter{View: ViewMine}},
			{"newest", "birgit", Filter{Sort: SortNewest}}, {"units", "birgit", Filter{View: ViewUnits}}, {"deputy", "birgit", Filter{View: ViewDeputy}},
			{"kind", "birgit", Filter{Kind: Shelve}}, {"found", "birgit", Filter{Query: "c17 haushalt"}}, {"not_found", "birgit", Filter{Query: "gibtsnicht"}},
			{"done", "birgit", Filter{View: ViewDone}}, {"head", "doris", Filter{}},
			{"not_found_newest", "birgit", Filter{Query: "gibtsnicht", Sort: SortNewest}}, {"not_found_kind", "birgit", Filter{Query: "gibtsnicht", Kind: Act}},
			{"not_found_done", "birgit", Filter{Query: "gibtsnicht", View: ViewDone}},
		} {
			b.Run(string(dialect)+"/"+x.name, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					begin := time.Now()
					_, err := h.Inbox(as(x.who), x.f)
					must(b, err)
					took = append(took, time.Since(begin))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// fill makes n open tasks: of ten, six are Birgit's, three her unit's, one of somebody she stands in for; as many that
// she has done; and n of others.
func (h *house) fill(n int) {
	h.t.Helper()
	for i := range 28 {
		id := fmt.Sprint("50.", i)
		h.exec(`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $1, $1, '20', $3, 0)`, id, erfurt, "/20/"+id+"/")
		for j := range 10 {
			h.member(id, fmt.Sprintf("m%d-%d", i, j), "member")
		}
		if i < 10 {
			h.exec(`INSERT INTO flow_absence (id, authority_id, subject, name, deputy, deputy_name, from_at, until_at, ended_at, recorded_by, recorded_at)
				VALUES ($1, $2, $3, $3, 'birgit', 'Birgit', 1, $4, 0, '', 1)`, id, erfurt, fmt.Sprintf("m%d-0", i), never)
		}
	}
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1) `
	h.exec(numbers+`INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at, readers, writers, lead, level)
		SELECT 'f' || CAST(i AS TEXT), $2, 'f' || CAST(i AS TEXT), '20.10', 'Haushalt', '', 1, 0, 'unit:20', 'unit:20', '20', 0 FROM n`, 199, erfurt)
	h.exec(numbers+`INSERT INTO records_case (id, authority_id, file_id, reference, subject, search, source, source_reference, status_path, leika_key, applicant,
		state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at, changed_by, changed_at, version, kind, level)
		SELECT 'c' || CAST(i AS TEXT), $2, 'f' || CAST(i % 200 AS TEXT), 'c' || CAST(i AS TEXT), 'Haushalt', '', 'c' || CAST(i AS TEXT), '', '/', '', '', 'in_work',
		'', '', 1, 1, 0, 0, '', 0, '', 1, 1, 'general', 0 FROM n`, 1999, erfurt)
	h.exec(numbers+`INSERT INTO flow_circulation (id, authority_id, file_id, case_id, document_id, document_version, document_hash, title, state, step, started_by,
		started_name, started_at, ended_at, reason, version) SELECT 'x' || CAST(i AS TEXT), $2, 'f' || CAST(i % 200 AS TEXT), 'c' || CAST(i % 2000 AS TEXT), '', 0, '',
		'', 'running', 1, 'claudia', 'Claudia', 1, 0, '', 1 FROM n`, 3*n-1, erfurt)
	h.exec(numbers+`INSERT INTO flow_task (id, authority_id, file_id, case_id, circulation_id, step, kind, text, holder, holder_name, state, days, date_at, opened_at,
		due_at, reminders, rounds, done_at, done_by, done_name, done_for, done_for_name, answer, signed_version, signed_hash, search, version)
		SELECT 't' || CAST(i AS TEXT), $2, 'f' || CAST(i % 200 AS TEXT), 'c' || CAST(i % 2000 AS TEXT), 'x' || CAST(i AS TEXT), 1,
		CASE WHEN i % 50 = 0 THEN 'shelve' WHEN i % 2 = 0 THEN 'know' ELSE 'act' END, '',
		CASE WHEN i % 3 = 2 THEN 'person:other' WHEN i % 10 < 6 OR i % 3 = 1 THEN 'person:birgit' WHEN i % 10 < 9 THEN 'unit:20' ELSE 'person:m1-0' END, '',
		CASE WHEN i % 3 = 1 THEN 'done' ELSE 'open' END, 0, 0, CAST($3 AS BIGINT) + CAST(i AS BIGINT) * 1000000,
		CASE WHEN i % 7 = 0 THEN 9007199254740992 ELSE CAST($3 AS BIGINT) + (CAST(i AS BIGINT) * 7919 % 2592000) * 1000000 END, 0, 0,
		CASE WHEN i % 3 = 1 THEN CAST($3 AS BIGINT) + i ELSE 0 END, CASE WHEN i % 3 = 1 THEN 'birgit' ELSE '' END, '', '', '', '', 0, '',
		'c' || CAST(i % 2000 AS TEXT) || ' nachtragshaushalt', 1 FROM n`, 3*n-1, erfurt, db.Micros(h.now))
	if h.h.DB.Dialect() == db.Postgres {
		_, err := h.h.DB.SQL().ExecContext(context.Background(), `VACUUM ANALYZE`) // as autovacuum does within a minute
		must(h.t, err)
	}
	if got := h.count(`flow_task WHERE state = 'open' AND holder <> 'person:other'`); got != n {
		h.t.Fatalf("%d tasks, want %d", got, n)
	}
}

// BenchmarkTab counts what stands behind "Aufgaben" on every page, of 100,000 open tasks, beside what reading who is asking
// takes, which every page does anyway.
func BenchmarkTab(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		h := newHouse(b, housetest.New(b, dialect, rooms...))
		h.fill(100_000)
		for _, who := range []string{"birgit", "doris", "cem"} {
			for name, do := range map[string]func() error{
				"count": func() error { _, err := h.Waiting(as(who)); return err },
				"asker": func() error { _, err := access.Load(as(who), h.h.DB.Reader()); return err },
			} {
				b.Run(string(dialect)+"/"+who+"/"+name, func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						begin := time.Now()
						must(b, do())
						took = append(took, time.Since(begin))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
