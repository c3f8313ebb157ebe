package flow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// stands are the keys and arguments of what stands against an action.
func stands(err error) string {
	var out []string
	for _, f := range errs.As(err).Fields {
		out = append(out, fmt.Sprint(f.Key, f.Args))
	}
	return strings.Join(out, "; ")
}

func (h *house) now1(c records.Case) records.Case {
	h.t.Helper()
	now, err := h.core.CaseByID(context.Background(), h.h.DB.Reader(), access.All, c.ID, "")
	must(h.t, err)
	return now
}

// TestClosingOverWork closes a case while something circulates in it: refused by name, with a way out, until it has ended.
func TestClosingOverWork(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.core.Routes(h.mux)
		c := h.newCase(nil)
		h.exec(`INSERT INTO records_form (case_id, authority_id, form_id, form_version, title, answers) VALUES ($1, $2, '', '', '', '[]')`, c.ID, erfurt)
		doc := h.newDocument(c)
		one := h.start(c, doc, step(CoSign, "birgit", "sabine"), step(Know, "doris"))
		two := h.start(c, "", step(Act, "birgit"))
		err := h.core.Close(as("claudia"), c.ID, h.now1(c).Version)
		same(t, "closing", fmt.Sprint(errs.CodeOf(err)), string(errs.Conflict))
		same(t, "what stands against it", stands(err), "records.open.circulation[Mitzeichnung, zur Kenntnis (z. K.) Birgit, Sabine]; records.open.circulation[zur weiteren Veranlassung (z. w. V.) Birgit]")

		// The page says the same before anybody presses, and offers no button.
		status, page := h.get("claudia", "/akte/vorgang/"+c.ID+"/zda")
		for _, want := range []string{"Birgit, Sabine", `href="/akte/vorgang/` + c.ID + `/geschaeftsgang"`, "zurückziehen"} {
			if status != http.StatusOK || !strings.Contains(page, want) {
				t.Errorf("%d, the page lacks %q", status, want)
			}
		}
		if strings.Contains(page, "<button class=\"kern-btn kern-btn--primary\"") {
			t.Error("a button that does nothing")
		}
		if status, page := h.do("claudia", http.MethodPost, "/akte/vorgang/"+c.ID+"/zda", url.Values{"version": {"1"}}); status != http.StatusConflict || !strings.Contains(page, "Birgit, Sabine") {
			t.Errorf("pressed all the same: %d", status)
		}

		must(t, h.Withdraw(as("claudia"), one, h.circulation(one).Version, "x"))
		must(t, h.Finish(as("birgit"), h.task(two, "birgit").ID, 1, ""))
		if _, page := h.get("claudia", "/akte/vorgang/"+c.ID+"/zda"); !strings.Contains(page, "läuft nichts mehr") {
			t.Error("nothing goes on, and there is no button")
		}
		for range 2 { // the form sent twice
			must(t, h.core.Close(as("claudia"), c.ID, h.now1(c).Version))
		}
		if got := h.now1(c); got.State != records.StateClosed || got.ClosedBy != "Claudia" {
			t.Errorf("%+v", got)
		}
		// Taken up again, work can begin anew.
		want(t, h.core.ReopenCase(as("claudia"), c.ID, h.now1(c).Version, "x"), errs.Denied)
		must(t, h.core.ReopenCase(as("doris"), c.ID, h.now1(c).Version, "Nachfrage"))
		h.start(c, "", step(Know, "birgit"))
		want(t, h.core.Close(as("claudia"), c.ID, h.now1(c).Version), errs.Conflict)
	})
}

// TestShelveBesideOthers finishes z.d.A.: another circulation stands against it, its own does not.
func TestShelveBesideOthers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		told := h.start(c, "", step(Know, "birgit"))
		must(t, h.Finish(as("birgit"), h.task(told, "birgit").ID, 1, ""))
		x := h.start(c, "", step(Shelve, "claudia"))
		k := h.task(x, "claudia")
		other := h.start(c, "", step(Know, "doris"))
		want(t, h.Finish(as("claudia"), k.ID, k.Version, ""), errs.Conflict)
		must(t, h.Finish(as("doris"), h.task(other, "doris").ID, 1, ""))
		must(t, h.Finish(as("claudia"), k.ID, k.Version, ""))
		if got := h.now1(c); got.State != records.StateClosed {
			t.Errorf("%+v", got)
		}
		same(t, "in the end", h.states(x), "1 claudia done")
	})
}

// TestCloseAndStartAtOnce starts a circulation while another closes the case, again and again: never both.
func TestCloseAndStartAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		closed, started := 0, 0
		for i := range 30 {
			c := h.newCase(nil)
			var group sync.WaitGroup
			var closing, starting, third error
			group.Go(func() { closing = h.core.Close(as("claudia"), c.ID, 1) })
			group.Go(func() {
				starting = h.Start(as("birgit"), c.ID, Order{ID: db.NewID(), Steps: []Step{step(Act, "claudia")}})
			})
			if i%3 == 0 {
				group.Go(func() { third = h.core.Close(as("doris"), c.ID, 1) })
			}
			group.Wait()
			now := h.now1(c)
			running := h.count(`flow_circulation WHERE case_id = '` + c.ID + `' AND state = 'running'`)
			switch {
			case now.State == records.StateClosed && running == 0 && errs.Is(starting, errs.Conflict):
				closed++
			case now.State == records.StateInWork && running == 1 && starting == nil && errs.Is(closing, errs.Conflict):
				started++
			default:
				t.Fatalf("state %s, %d running; closing: %v, %v, starting: %v", now.State, running, closing, third, starting)
			}
		}
		t.Logf("closed %d times, started %d times", closed, started)
	})
}

// TestLockAndClose takes the two steps by hand on PostgreSQL: who starts has the case, who closes waits for it and then
// sees the circulation.
func TestLockAndClose(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if h.h.DB.Dialect() == db.SQLite {
			return // one writer at a time
		}
		c := h.newCase(nil)
		locked, done := make(chan struct{}), make(chan error)
		must(t, h.h.DB.Tx(as("birgit"), func(ctx context.Context, tx *db.Tx) error {
			if _, err := h.core.CaseToChange(ctx, tx, access.At(erfurt), c.ID); err != nil {
				return err
			}
			close(locked)
			go func() { done <- h.core.Close(as("claudia"), c.ID, 1) }()
			select {
			case err := <-done:
				return fmt.Errorf("closed beside the lock: %w", errors.Join(err, errors.New("no wait")))
			default:
			}
			x := Circulation{ID: db.NewID(), Authority: erfurt, File: c.FileID, Case: c.ID, State: Running, Step: 1, By: Person{"birgit", "Birgit"}, StartedAt: h.now, Version: 1}
			k := h.newTask(x, c, step(Act, "claudia"), 1, "person:claudia", "Claudia", h.now)
			k.State = Open
			if err := h.store.insertCirculation(ctx, tx, access.At(erfurt), x); err != nil {
				return err
			}
			return h.store.insertTask(ctx, tx, access.At(erfurt), k)
		}))
		<-locked
		if err := <-done; !errs.Is(err, errs.Conflict) || stands(err) == "" {
			t.Errorf("closed over what was being started: %v", err)
		}
	})
}

// TestDocumentStays moves a document that circulates: refused, as long as it does.
func TestDocumentStays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc, still := h.newDocument(c), h.newDocument(c)
		x := h.start(c, doc, step(CoSign, "birgit"))
		leaves := func(document string) error {
			return h.h.DB.Tx(as("claudia"), func(ctx context.Context, tx *db.Tx) error { return h.core.DocumentLeaves(ctx, tx, document) })
		}
		err := leaves(doc)
		want(t, err, errs.Conflict)
		same(t, "named", fmt.Sprint(errs.As(err).Args), "[Entwurf.pdf]")
		must(t, leaves(still))
		must(t, h.sign("birgit", h.task(x, "birgit"), doc))
		must(t, leaves(doc))
	})
}

// TestMoveWithWork moves a case in which something circulates to a file of another unit: the tasks follow, are found by
// both Aktenzeichen, and who has to do them still can; whom the other file keeps out keeps the case here.
func TestMoveWithWork(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		other := h.newCase(func(f *records.File, _ *records.Case) { f.Readers, f.Writers, f.Lead = "", "unit:20", "20" })
		target, err := h.core.FileByID(t.Context(), h.h.DB.Reader(), access.All, other.FileID)
		must(t, err)
		x := h.start(c, "", step(Act, "birgit"), step(Know, "cem"))
		must(t, rule(h, access.Grant{Authority: erfurt, File: target.ID, Holder: "person:birgit", May: access.Nothing}))
		m := records.Move{Reference: target.Reference, Reason: "falsch abgelegt"}
		before := h.dump()
		err = h.core.MoveCase(as("claudia"), c.ID, h.now1(c).Version, m)
		want(t, err, errs.Conflict)
		same(t, "named", fmt.Sprint(errs.As(err).Args), "[Birgit]")
		same(t, "after it was refused", h.dump(), before)
		h.exec(`DELETE FROM records_grant WHERE file_id = $1`, target.ID)

		v := h.now1(c).Version
		for range 2 { // the form sent twice
			must(t, h.core.MoveCase(as("claudia"), c.ID, v, m))
		}
		now := h.now1(c)
		same(t, "reference", now.Reference, target.Reference+"-2")
		same(t, "former", now.Former, c.Reference)
		for _, table := range []string{"flow_circulation", "flow_task"} {
			if n := h.count(table + ` WHERE file_id <> '` + target.ID + `'`); n != 0 {
				t.Errorf("%d rows of %s stayed behind", n, table)
			}
		}
		for _, query := range []string{c.Reference, now.Reference} {
			if got := h.inboxOf("birgit", Filter{Query: query}); !strings.Contains(got, "act") {
				t.Errorf("by %s there is %q", query, got)
			}
		}
		must(t, h.Finish(as("birgit"), h.task(x, "birgit").ID, h.task(x, "birgit").Version, ""))
		must(t, h.Finish(as("cem"), h.task(x, "cem").ID, h.task(x, "cem").Version, ""))
	})
}

func rule(h *house, g access.Grant) error {
	return h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return access.Put(ctx, tx, access.At(erfurt), g) })
}
