package records

import (
	"context"
	"slices"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
)

// BenchmarkLists reads pages of 100,000 cases in as many files, four in ten of them open, and reports the slowest but one
// of a hundred (p99):
//
//	go test ./records -run '^$' -bench Lists -benchtime 300x
func BenchmarkLists(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		h := newHouse(b, housetest.New(b, dialect, platform.Files{Room: "records", FS: Files}))
		h.fill(b, 100_000)
		cases := func(f Filter) func() (int, error) {
			return func() (int, error) { l, err := h.Inbox(erika, f); return len(l.Items), err }
		}
		files := func(f FileFilter) func() (int, error) {
			return func() (int, error) { l, err := h.Files(erika, f); return len(l.Items), err }
		}
		middle := paging.Cursor{After: paging.Number(50_000_000_000, db.NewID())}
		for _, x := range []struct {
			name string
			read func() (int, error)
			want int
		}{
			{"cases/open", cases(Filter{}), 50}, {"cases/deep", cases(Filter{State: StateAll, Page: middle}), 50}, {"cases/newest", cases(Filter{Sort: SortNewest}), 50},
			{"cases/due", cases(Filter{Sort: SortDue}), 50}, {"cases/due-all", cases(Filter{Sort: SortDue, State: StateAll, Page: middle}), 50},
			{"cases/reference", cases(Filter{Sort: SortReference, State: StateAll}), 50}, {"cases/mine", cases(Filter{Who: WhoMine}), 50},
			{"cases/mine-due", cases(Filter{Who: WhoMine, Sort: SortDue, State: StateAll}), 50}, {"cases/free", cases(Filter{Who: WhoFree}), 50},
			{"cases/waiting-due", cases(Filter{State: string(StateWaiting), Sort: SortDue}), 50}, {"cases/favourites", cases(Filter{Who: WhoMarked, State: StateAll}), 20},
			{"cases/found", cases(Filter{Query: "müller 1007", State: StateAll}), 50}, {"cases/not-found", cases(Filter{Query: "gibtsnicht", State: StateAll}), 0},
			{"cases/found-all", cases(Filter{Query: "müller hund", State: StateAll}), 50}, {"cases/not-found-open", cases(Filter{Query: "gibtsnicht"}), 0},
			{"files/all", files(FileFilter{}), 50}, {"files/reference", files(FileFilter{Sort: SortReference}), 50}, {"files/open", files(FileFilter{State: FilesOpen}), 50},
			{"files/lead", files(FileFilter{Lead: "20"}), 50}, {"files/unit-closed", files(FileFilter{Unit: "22.31", State: FilesClosed}), 50},
			{"files/keyword", files(FileFilter{Keyword: "Hund"}), 50}, {"files/keyword-deep", files(FileFilter{Keyword: "hund", Page: middle}), 50},
			{"files/keyword-rare", files(FileFilter{Keyword: "selten"}), 3}, {"files/keyword-none", files(FileFilter{Keyword: "gibtsnicht"}), 0},
			{"files/level", files(FileFilter{Level: "0"}), 50}, {"files/level-above", files(FileFilter{Level: "1"}), 0},
			{"files/type", files(FileFilter{Type: "t"}), 50}, {"files/type-oldest", files(FileFilter{Type: "t", Sort: SortOldest}), 50},
			{"files/favourites", files(FileFilter{Marked: true}), 20}, {"files/found", files(FileFilter{Query: "müller 1099"}), 50}, {"files/not-found-open", files(FileFilter{Query: "gibtsnicht", State: FilesOpen}), 0}, {"files/not-found", files(FileFilter{Query: "gibtsnicht"}), 0},
		} {
			b.Run(string(dialect)+"/"+x.name, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					begin := time.Now()
					n, err := x.read()
					must(b, err)
					took = append(took, time.Since(begin))
					if n != x.want {
						b.Fatalf("%d rows, want %d", n, x.want)
					}
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// fill makes n files with a case in each: six of ten are closed, one in a hundred of the others is Erika's.
func (h *house) fill(b *testing.B, n int) {
	b.Helper()
	me := identity.From(erika).Subject
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1) `
	must(b, h.h.DB.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range []struct {
			q    string
			args []any
		}{
			{numbers + `INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at, readers, writers, lead, level, type_id)
				SELECT 'f' || CAST(i AS TEXT), $2, '22.31-2026/' || CAST(1000000 + i AS TEXT), CASE WHEN i % 3 = 0 THEN '22.31' ELSE '11.30' END, 'Hundesteuer',
				'hundesteuer müller ' || CAST(1000000 + i AS TEXT), CAST(i AS BIGINT) * 1000000, CASE WHEN i % 10 < 6 THEN 1 ELSE 0 END, '', '',
				CASE WHEN i % 50 = 0 THEN '20' ELSE '' END, 0, CASE WHEN i % 500 = 0 THEN 't' ELSE '' END FROM n`, []any{n - 1, erfurt}},
			{`INSERT INTO records_keyword (file_id, word, authority_id, opened_at) SELECT id, 'hund', authority_id, opened_at FROM records_file`, nil},
			{`INSERT INTO records_keyword (file_id, word, authority_id, opened_at) SELECT id, 'selten', authority_id, opened_at FROM records_file WHERE id IN ('f7', 'f50000', 'f99000')`, nil},
			{numbers + `INSERT INTO records_case (id, authority_id, file_id, reference, subject, search, source, source_reference, status_path, leika_key, applicant,
				state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at, changed_by, changed_at, version, kind, level)
				SELECT 'c' || CAST(i AS TEXT), $2, 'f' || CAST(i AS TEXT), '22.31-2026/' || CAST(1000000 + i AS TEXT) || '-1', 'Hundesteuer',
				'22.31-2026/' || CAST(1000000 + i AS TEXT) || '-1 rs-4f7k-' || CAST(i AS TEXT) || ' łucja müller hund anmelden', 'c' || CAST(i AS TEXT), '', '/', '', 'Łucja Müller',
				CASE WHEN i % 10 < 6 THEN 'closed' WHEN i % 100 = 7 THEN 'waiting' WHEN i % 10 = 6 THEN 'new' ELSE 'in_work' END,
				CASE WHEN i % 10 = 6 THEN '' WHEN i % 100 = 8 THEN $3 ELSE 'other' END, 'X', CAST(i AS BIGINT) * 1000000, (CAST(i AS BIGINT) * 7919 % 100000) * 1000000, 0, 0, '', 0, '', 1, 1,
				'general', 0 FROM n`, []any{n - 1, erfurt, me}},
			{numbers + `INSERT INTO records_favourite (subject, object, authority_id, file_id, marked_at) SELECT $3, 'case:c' || CAST(i * 97 AS TEXT), $2, 'f' || CAST(i * 97 AS TEXT), 1 FROM n`, []any{19, erfurt, me}},
			{numbers + `INSERT INTO records_favourite (subject, object, authority_id, file_id, marked_at) SELECT $3, 'file:f' || CAST(i * 97 AS TEXT), $2, 'f' || CAST(i * 97 AS TEXT), 1 FROM n`, []any{19, erfurt, me}},
		} {
			if _, err := tx.Exec(ctx, s.q, s.args...); err != nil {
				return err
			}
		}
		return nil
	}))
	if h.h.DB.Dialect() == db.Postgres { // as its own daemon does soon after so many rows
		_, err := h.h.DB.SQL().ExecContext(b.Context(), `ANALYZE`)
		must(b, err)
	}
}
