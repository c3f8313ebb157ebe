package desk

import (
	"context"
	"net/http"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// Helped is how readers judged a service's page at an authority ("" where the place was not known).
type Helped struct {
	Service, Authority string
	Yes, No            int64
	Reasons            map[string]int64 // of the noes whose reader gave one
}

// Remark is what a reader wrote.
type Remark struct {
	Service, Authority, Reason, Body string
	At                               time.Time
}

const (
	feedbackDays = 90  // that the list looks back
	remarkDays   = 180 // after that a remark is deleted: somebody may have written their name after all
)

// Feedback is what readers said about the pages of the caller's authorities in the last feedbackDays days, the most
// noes first, and their remarks, the newest first.
func (r *Room) Feedback(ctx context.Context) ([]Helped, []Remark, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, nil, err
	}
	since := r.h.Now().AddDate(0, 0, -feedbackDays).In(i18n.Berlin).Format("2006-01-02")
	p := db.Params{since, maxListed}
	q := r.h.DB.Reader()
	in := s.in("authority_id", &p)
	rows, err := q.Query(ctx, `SELECT f.service_key, f.authority_id, f.helpful, f.reason, sum(f.times) FROM finder_feedback f JOIN (
			SELECT service_key, authority_id, sum(CASE WHEN helpful THEN 0 ELSE times END) AS noes FROM finder_feedback
			WHERE day >= $1 AND `+in+` GROUP BY service_key, authority_id ORDER BY noes DESC, service_key, authority_id LIMIT $2
		) w ON w.service_key = f.service_key AND w.authority_id = f.authority_id
		WHERE f.day >= $1 GROUP BY f.service_key, f.authority_id, f.helpful, f.reason, w.noes
		ORDER BY w.noes DESC, f.service_key, f.authority_id, f.reason`, p...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var out []Helped
	for rows.Next() {
		var h Helped
		var helpful bool
		var reason string
		var n int64
		if err := rows.Scan(&h.Service, &h.Authority, &helpful, &reason, &n); err != nil {
			return nil, nil, err
		}
		if k := len(out); k == 0 || out[k-1].Service != h.Service || out[k-1].Authority != h.Authority {
			h.Reasons = map[string]int64{}
			out = append(out, h)
		}
		last := &out[len(out)-1]
		switch {
		case helpful:
			last.Yes += n
		case reason == "":
			last.No += n
		default:
			last.Reasons[reason] += n
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	remarks, err := remarks(ctx, q, s)
	return out, remarks, err
}

func remarks(ctx context.Context, q db.Querier, s Scope) ([]Remark, error) {
	p := db.Params{maxListed}
	rows, err := q.Query(ctx, `SELECT service_key, authority_id, reason, body, at FROM finder_feedback_text WHERE `+s.in("authority_id", &p)+` ORDER BY id DESC LIMIT $1`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Remark
	for rows.Next() {
		var x Remark
		var at int64
		if err := rows.Scan(&x.Service, &x.Authority, &x.Reason, &x.Body, &at); err != nil {
			return nil, err
		}
		x.At = db.Time(at)
		out = append(out, x)
	}
	return out, rows.Err()
}

// Searched is how searches ended; Query is "" for the sum of all.
type Searched struct {
	Query                    string
	Times, Fruitless, Clicks int64
}

// Left is how many searches found something that nobody opened.
func (s Searched) Left() int64 { return max(0, s.Times-s.Fruitless-s.Clicks) }

// Searches lists what was searched often in the last feedbackDays days and led nowhere most, and the sum of all. Only
// editors of everything see it: a search is at no authority. ok is false for the others.
func (r *Room) Searches(ctx context.Context) (list []Searched, total Searched, ok bool, err error) {
	s, _, err := editorScope(ctx)
	if err != nil || !s.all {
		return nil, total, false, err
	}
	since := r.h.Now().AddDate(0, 0, -feedbackDays).In(i18n.Berlin).Format("2006-01-02")
	q := r.h.DB.Reader()
	if err := q.QueryRow(ctx, `SELECT coalesce(sum(times), 0), coalesce(sum(fruitless), 0), coalesce(sum(clicks), 0) FROM finder_search_count WHERE day >= $1`,
		since).Scan(&total.Times, &total.Fruitless, &total.Clicks); err != nil {
		return nil, total, false, err
	}
	rows, err := q.Query(ctx, `SELECT query, sum(times), sum(fruitless), sum(clicks) FROM finder_search_count WHERE day >= $1 AND query <> ''
		GROUP BY query HAVING sum(fruitless) > 0 OR sum(times) > sum(clicks) ORDER BY sum(fruitless) DESC, sum(times) - sum(clicks) DESC, query LIMIT $2`, since, maxListed)
	if err != nil {
		return nil, total, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var x Searched
		if err := rows.Scan(&x.Query, &x.Times, &x.Fruitless, &x.Clicks); err != nil {
			return nil, total, false, err
		}
		list = append(list, x)
	}
	return list, total, true, rows.Err()
}

// forgetRemarks deletes the old ones.
func (r *Room) forgetRemarks(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM finder_feedback_text WHERE at < $1`, db.Micros(r.h.Now().AddDate(0, 0, -remarkDays)))
	return err
}

type feedbackView struct {
	Rows     []helpedRow
	Remarks  []remarkRow
	Searches bool // shown: only to the central team
	Totals   string
	Failed   []searchRow
}

type searchRow struct {
	Query                  string
	Times, Fruitless, Left int64
}

type helpedRow struct {
	Title, Href, Where, Reasons string
	Yes, No                     int64
}

type remarkRow struct {
	Title, Href, Where, Reason, Body string
	At                               time.Time
}

func (r *Room) getFeedback(w http.ResponseWriter, req *http.Request) error {
	helped, remarks, err := r.Feedback(req.Context())
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	where := func(authority string) string {
		if authority == "" {
			return t("finder.desk.feedback.no_place")
		}
		return r.finder.AuthorityName(authority)
	}
	var v feedbackView
	for _, h := range helped {
		row := helpedRow{Title: r.serviceTitle(h.Service), Href: "/redaktion/leistung/" + h.Service, Where: where(h.Authority), Yes: h.Yes, No: h.No}
		var reasons []string
		for _, reason := range finder.FeedbackReasons {
			if n := h.Reasons[reason]; n > 0 {
				reasons = append(reasons, t("finder.feedback.reason."+reason)+": "+i18n.Number(web.Lang(req), n))
			}
		}
		row.Reasons = strings.Join(reasons, "; ")
		v.Rows = append(v.Rows, row)
	}
	for _, x := range remarks {
		v.Remarks = append(v.Remarks, remarkRow{r.serviceTitle(x.Service), "/redaktion/leistung/" + x.Service, where(x.Authority), t("finder.feedback.reason." + x.Reason), x.Body, x.At})
	}
	searches, total, shown, err := r.Searches(req.Context())
	if err != nil {
		return err
	}
	if v.Searches = shown; shown {
		n := func(i int64) string { return i18n.Number(web.Lang(req), i) }
		v.Totals = t("finder.desk.searches.totals", n(total.Times), n(total.Fruitless), n(total.Left()))
		for _, x := range searches {
			v.Failed = append(v.Failed, searchRow{x.Query, x.Times, x.Fruitless, x.Left()})
		}
	}
	return r.pages.feedback.Render(w, req, web.Meta{Title: t("finder.desk.feedback.title"), Crumbs: r.crumbs(req, "")}, v)
}
