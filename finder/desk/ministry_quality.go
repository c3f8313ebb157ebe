package desk

import (
	"context"
	"slices"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
)

// MinistryFigures are the quality of the Stammtexte of a ministry's services; ID "" is the services of none.
type MinistryFigures struct {
	ID, Name string
	Services int64 // in the catalogue
	Figures
}

// ministryFigures counts the German Stammtexte as they are now, by ministry; nothing where no ministry is known.
func (r *Room) ministryFigures(ctx context.Context, q db.Querier) ([]MinistryFigures, error) {
	list, err := ministries(ctx, q)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := make([]MinistryFigures, 0, len(list)+1)
	at := map[string]int{}
	for _, m := range append(list, Ministry{}) {
		at[m.ID] = len(out)
		out = append(out, MinistryFigures{ID: m.ID, Name: m.Name})
	}
	c, p := r.finder.Catalog(), portfolioOf(list)
	for _, s := range c.Services() {
		f := &out[at[p.of(s)]]
		f.Services++
		rel, ok := c.Released(finder.TextRef{Service: s.Key, Lang: i18n.German})
		if !ok {
			continue
		}
		f.Texts++
		if len(missing(rel.Modules)) == 0 {
			f.Complete++
		}
		if x := r.readable(rel); x.Words == 0 || x.Score >= ReadableFrom {
			f.Readable++
		}
	}
	add := func(to func(*MinistryFigures) *int64) func(key string, n int64) {
		return func(key string, n int64) {
			if s, ok := c.Service(key); ok {
				*to(&out[at[p.of(s)]]) += n
			}
		}
	}
	err = counts(ctx, q, `SELECT service_key, count(*) FROM finder_text_version WHERE state = 'released' AND lang = 'de' AND authority_id = ''
		AND review_date <> '' AND review_date <= $1 GROUP BY service_key`, db.Params{r.today()}, add(func(f *MinistryFigures) *int64 { return &f.Stale }))
	if err != nil {
		return nil, err
	}
	return out, counts(ctx, q, `SELECT l.service_key, count(DISTINCT l.url) FROM finder_link l JOIN finder_link_check c ON c.url = l.url
		WHERE c.state IN ('broken', 'refused') AND l.authority_id = '' GROUP BY l.service_key`, nil, add(func(f *MinistryFigures) *int64 { return &f.Broken }))
}

// keepMinistries writes the figures of a day.
func keepMinistries(ctx context.Context, tx *db.Tx, day string, list []MinistryFigures) error {
	rows := make([][]any, len(list))
	for i, f := range list {
		rows[i] = []any{f.ID, day, f.Services, f.Texts, f.Complete, f.Readable, f.Stale, f.Broken}
	}
	return finder.Upsert(ctx, tx, "finder_ministry_quality", "ministry_id, day", "services, texts, complete, readable, stale, broken", rows)
}

// ministryTrend is the last trendDays days with figures of a ministry, the oldest first.
func ministryTrend(ctx context.Context, q db.Querier, id string) ([]Figures, error) {
	rows, err := q.Query(ctx, `SELECT day, texts, complete, readable, stale, broken FROM finder_ministry_quality WHERE ministry_id = $1
		ORDER BY day DESC LIMIT $2`, id, trendDays)
	list, err := db.All(rows, err, func(s db.Scanner) (f Figures, err error) {
		return f, s.Scan(&f.Day, &f.Texts, &f.Complete, &f.Readable, &f.Stale, &f.Broken)
	})
	slices.Reverse(list)
	return list, err
}
