package queue

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rennsteig/platform/web"
)

// Pages are the operator's pages: what waits, and the dead letters that can be sent again.
type Pages struct {
	site *web.Site
	q    *Queue
	list *web.Page[listData]
}

// NewPages makes the pages; the site must have the queue's texts.
func NewPages(site *web.Site, q *Queue) *Pages {
	return &Pages{site: site, q: q, list: web.NewPage[listData](site, Files, "queue")}
}

const listPath = "/betrieb/auftraege"

// Routes registers GET /betrieb/auftraege and the POST that sends a dead letter again.
func (p *Pages) Routes(mux *http.ServeMux) {
	p.site.Handle(mux, "GET "+listPath, p.show)
	p.site.Handle(mux, "POST "+listPath+"/{id}/erneut", p.retry)
}

type listData struct {
	Facts web.SummaryList
	Dead  []deadRow
	Pages web.Pagination
}

type deadRow struct {
	Job   DeadJob
	Retry string // where to post
}

const perPage = 50

func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := p.q.Counts(ctx)
	if err != nil {
		return err
	}
	after := r.URL.Query().Get("nach")
	dead, err := p.q.Dead(ctx, after, perPage+1)
	if err != nil {
		return err
	}
	data := listData{Facts: web.SummaryList{Rows: []web.SummaryRow{
		{Label: p.site.T(r, "queue.waiting"), Value: strconv.Itoa(c.Waiting)},
		{Label: p.site.T(r, "queue.oldest"), Value: p.age(r, c.OldestAge)},
		{Label: p.site.T(r, "queue.dead"), Value: strconv.Itoa(c.Dead)},
	}}}
	if len(dead) > perPage {
		dead = dead[:perPage]
		data.Pages.Next = listAddress(dead[perPage-1].ID)
	}
	if after != "" {
		data.Pages.Previous = listPath
	}
	for _, j := range dead {
		retry := listPath + "/" + url.PathEscape(j.ID) + "/erneut"
		if after != "" {
			retry += "?" + url.Values{"nach": {after}}.Encode()
		}
		data.Dead = append(data.Dead, deadRow{Job: j, Retry: retry})
	}
	return p.list.Render(w, r, web.Meta{Title: p.site.T(r, "queue.title")}, data)
}

func (p *Pages) retry(w http.ResponseWriter, r *http.Request) error {
	if err := p.q.Retry(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return p.site.Redirect(w, r, listAddress(r.URL.Query().Get("nach")), "queue.notice.retried")
}

func listAddress(after string) string {
	if after == "" {
		return listPath
	}
	return listPath + "?" + url.Values{"nach": {after}}.Encode()
}

// age is a duration in the largest unit that says enough; "" if nothing has to wait.
func (p *Pages) age(r *http.Request, d time.Duration) string {
	n := func(key string, unit time.Duration) string { return p.site.Texts.N(web.Lang(r), key, int(d/unit)) }
	switch {
	case d <= 0:
		return ""
	case d < 2*time.Minute:
		return n("queue.seconds", time.Second)
	case d < 2*time.Hour:
		return n("queue.minutes", time.Minute)
	}
	return n("queue.hours", time.Hour)
}
