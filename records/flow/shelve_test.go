package flow

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// fault makes the next statement that fits fail after its row was written, until it is taken away again.
func (h *house) fault(table, event, when string) (mend func()) {
	h.t.Helper()
	if h.h.DB.Dialect() == db.SQLite {
		h.exec(fmt.Sprintf(`CREATE TRIGGER fault AFTER %s ON %s WHEN %s BEGIN SELECT RAISE(ABORT, 'fault'); END`, event, table, when))
		return func() { h.exec(`DROP TRIGGER fault`) }
	}
	h.exec(`CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fault''; END'`)
	h.exec(fmt.Sprintf(`CREATE TRIGGER fault AFTER %s ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION fault()`, event, table, when))
	return func() { h.exec(`DROP TRIGGER fault ON ` + table) }
}

// everything is what z.d.A. could leave by half.
func (h *house) everything(c records.Case) string {
	h.t.Helper()
	var out []string
	for _, q := range []string{
		`SELECT state || ' ' || CAST(version AS TEXT) || ' ' || CAST(closed_at AS TEXT) FROM records_case WHERE id = $1`,
		`SELECT CAST(f.closed_at AS TEXT) FROM records_file f JOIN records_case c ON c.file_id = f.id WHERE c.id = $1`,
		`SELECT state || ' ' || CAST(version AS TEXT) FROM flow_circulation WHERE case_id = $1`,
		`SELECT state || ' ' || CAST(version AS TEXT) || ' ' || done_by FROM flow_task WHERE case_id = $1 ORDER BY id`,
		`SELECT CAST(count(*) AS TEXT) FROM audit_entry WHERE $1 <> ''`,
		`SELECT CAST(count(*) AS TEXT) FROM queue_job WHERE $1 <> ''`,
	} {
		rows, err := h.h.DB.Reader().Query(context.Background(), q, c.ID)
		found, err := db.All(rows, err, scanText)
		must(h.t, err)
		out = append(out, strings.Join(found, ", "))
	}
	return strings.Join(out, "\n")
}

// TestShelveWhole lets z.d.A. fail after each thing that it writes: nothing of it is left, and the next try does all.
func TestShelveWhole(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		id := h.start(c, "", step(Know, "birgit"), step(Shelve, "claudia"))
		must(t, h.Finish(as("birgit"), h.task(id, "birgit").ID, 1, ""))
		k := h.task(id, "claudia")
		before := h.everything(c)
		for _, f := range [][3]string{
			{"records_file", "UPDATE", "NEW.closed_at > 0"},
			{"records_case", "UPDATE", "NEW.state = 'closed'"},
			{"audit_entry", "INSERT", "NEW.action = 'records.case_closed'"},
			{"flow_circulation", "UPDATE", "NEW.state = 'completed'"},
			{"flow_task", "UPDATE", "NEW.state = 'done'"},
			{"audit_entry", "INSERT", "NEW.action = 'flow.done'"},
		} {
			mend := h.fault(f[0], f[1], f[2])
			if err := h.Finish(as("claudia"), k.ID, k.Version, "erledigt"); err == nil || !strings.Contains(fmt.Sprint(err), "fault") {
				t.Fatalf("%v did not fail: %v", f, err)
			}
			same(t, fmt.Sprint("after a fault at ", f), h.everything(c), before)
			mend()
		}
		for range 2 { // the form sent twice
			must(t, h.Finish(as("claudia"), k.ID, k.Version, "erledigt"))
		}
		same(t, "closed", h.states(id), "1 birgit done, 2 claudia done")
		closed, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), access.All, c.ID, "")
		must(t, err)
		f, err := h.core.FileByID(t.Context(), h.h.DB.Reader(), access.All, c.FileID)
		must(t, err)
		if closed.State != records.StateClosed || f.ClosedAt.IsZero() || h.circulation(id).State != Completed {
			t.Errorf("in the end: %+v, %+v", closed, f)
		}
		for _, action := range []string{"records.case_closed", "flow.done"} {
			if n := h.count(`audit_entry WHERE action = '` + action + `' AND changes LIKE '%` + id + `%'`); action == "records.case_closed" && n != 1 || n == 0 {
				t.Errorf("%s stands in the log %d times", action, n)
			}
		}
	})
}
