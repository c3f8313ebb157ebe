package flow

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// Count is how many tasks are open for somebody, and how many of them are late. It is counted up to mostCounted; a number
// that reaches it says "so many or more".
type Count struct{ Open, Overdue int }

// mostCounted keeps the count quick: every page with the tabs shows it.
const mostCounted = 100

// Waiting counts the caller's open tasks, those that the inbox shows, and the loans that they are reminded of there.
func (r *Room) Waiting(ctx context.Context) (c Count, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return c, err
	}
	d, err := r.desk(ctx, q, a)
	if err != nil {
		return c, err
	}
	if c, err = r.store.waiting(ctx, q, a, d, r.h.Now()); err != nil {
		return c, err
	}
	late, err := r.loans(ctx, q, a, d)
	c.Open, c.Overdue = min(c.Open+len(late), mostCounted), min(c.Overdue+len(late), mostCounted)
	return c, err
}

// waiting reads no more than mostCounted entries of an index for each of the two numbers, and asks for the right to those
// alone: a statement that asks first may look at all the tasks there are.
func (store) waiting(ctx context.Context, q db.Querier, a access.Access, d desk, now time.Time) (c Count, err error) {
	var p db.Params
	from := `authority_id, t.case_id FROM flow_task t WHERE ` + a.In("t.authority_id", &p) + ` AND t.holder IN ` + p.List(d.holders(ViewOpen)) + ` AND t.state = 'open'`
	late := ` AND t.due_at < ` + p.Add(db.Micros(now)) + ` AND t.kind <> 'resubmit'`
	end := ` LIMIT ` + strconv.Itoa(mostCounted)
	var open, overdue int
	err = q.QueryRow(ctx, `SELECT coalesce(sum(1 - late), 0), coalesce(sum(late), 0), coalesce(sum((1 - late) * seen), 0), coalesce(sum(late * seen), 0)
		FROM (SELECT m.late, CASE WHEN `+a.ReadsInCase("m", &p)+` THEN 1 ELSE 0 END AS seen
		FROM (SELECT o.late, o.authority_id, o.case_id FROM (SELECT 0 AS late, t.`+from+end+`) o UNION ALL SELECT l.late, l.authority_id, l.case_id FROM (SELECT 1 AS late, t.`+from+late+end+`) l) m) s`, p...).
		Scan(&open, &overdue, &c.Open, &c.Overdue)
	if open == mostCounted { // of so many it does not matter that some cannot be read
		c.Open = mostCounted
	}
	if overdue == mostCounted {
		c.Overdue = mostCounted
	}
	return c, err
}

// tab is what stands behind "Aufgaben" in the tabs: "(12, 3 überfällig)".
func (r *Room) tab(req *http.Request) string {
	w, err := r.Waiting(req.Context())
	if err != nil {
		if !errs.Is(err, errs.Denied) && !errs.Is(err, errs.Unauthenticated) { // the page says so itself
			r.h.Log.ErrorContext(req.Context(), "tasks not counted", "error", err)
		}
		return ""
	}
	number := func(n int) string {
		if n >= mostCounted {
			return strconv.Itoa(mostCounted-1) + "+"
		}
		return strconv.Itoa(n)
	}
	t := r.h.Site.Text(req)
	switch {
	case w.Overdue > 0:
		return t("flow.tab.overdue", number(w.Open), number(w.Overdue))
	case w.Open > 0:
		return t("flow.tab.open", number(w.Open))
	}
	return ""
}
