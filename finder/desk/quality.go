package desk

import (
	"context"
	"slices"
	"strings"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
)

// Figures are the quality of an authority's released German texts; Authority "" is the Stammtexte.
type Figures struct {
	Day       string // "2026-11-24"; "" is now
	Authority string
	Texts     int64
	Complete  int64 // have all mandatory modules; an authority's additions need none
	Readable  int64 // score at least ReadableFrom
	Stale     int64 // review date has come
	Broken    int64 // links that are broken
}

// figures counts the texts of the scope as they are now, by authority.
func (r *Room) figures(ctx context.Context, q db.Querier, s Scope) ([]Figures, error) {
	c := r.finder.Catalog()
	by := map[string]*Figures{}
	at := func(authority string) *Figures {
		f := by[authority]
		if f == nil {
			f = &Figures{Authority: authority}
			by[authority] = f
		}
		return f
	}
	if s.has("") {
		at("")
	}
	for _, rel := range c.Releases() {
		if !s.has(rel.Authority) || rel.Lang != i18n.German {
			continue
		}
		f := at(rel.Authority)
		f.Texts++
		if rel.Authority != "" || len(missing(rel.Modules)) == 0 {
			f.Complete++
		}
		if x := r.readable(rel); x.Words == 0 || x.Score >= ReadableFrom {
			f.Readable++
		}
	}
	p := db.Params{r.today()}
	err := counts(ctx, q, `SELECT v.authority_id, count(*) FROM finder_text_version v WHERE v.state = 'released' AND v.lang = 'de'
		AND v.review_date <> '' AND v.review_date <= $1 AND `+s.in("v.authority_id", &p)+` GROUP BY v.authority_id`, p,
		func(authority string, n int64) { at(authority).Stale = n })
	if err != nil {
		return nil, err
	}
	p = db.Params{}
	err = counts(ctx, q, `SELECT l.authority_id, count(DISTINCT l.url) FROM finder_link l JOIN finder_link_check c ON c.url = l.url
		WHERE c.state IN ('broken', 'refused') AND `+s.in("l.authority_id", &p)+` GROUP BY l.authority_id`, p,
		func(authority string, n int64) { at(authority).Broken = n })
	if err != nil {
		return nil, err
	}
	out := make([]Figures, 0, len(by))
	for _, f := range by {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Figures) int { return strings.Compare(a.Authority, b.Authority) })
	return out, nil
}

func counts(ctx context.Context, q db.Querier, statement string, p db.Params, f func(authority string, n int64)) error {
	rows, err := q.Query(ctx, statement, p...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var authority string
		var n int64
		if err := rows.Scan(&authority, &n); err != nil {
			return err
		}
		f(authority, n)
	}
	return rows.Err()
}

func (r *Room) today() string { return r.h.Now().In(i18n.Berlin).Format("2006-01-02") }

// Snapshot keeps the figures of the day; the last of a day stays. Links that no text has any more are forgotten.
func (r *Room) Snapshot(ctx context.Context) error {
	list, err := r.figures(ctx, r.h.DB.Reader(), program)
	if err != nil {
		return err
	}
	byMinistry, err := r.ministryFigures(ctx, r.h.DB.Reader())
	if err != nil {
		return err
	}
	day := r.today()
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, f := range list {
			if _, err := tx.Exec(ctx, `INSERT INTO finder_quality (day, authority_id, texts, complete, readable, stale, broken) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (authority_id, day) DO UPDATE SET texts = excluded.texts, complete = excluded.complete, readable = excluded.readable,
				stale = excluded.stale, broken = excluded.broken`, day, f.Authority, f.Texts, f.Complete, f.Readable, f.Stale, f.Broken); err != nil {
				return err
			}
		}
		if err := keepMinistries(ctx, tx, day, byMinistry); err != nil {
			return err
		}
		if err := r.forgetRemarks(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM finder_link_check WHERE NOT EXISTS (SELECT 1 FROM finder_link l WHERE l.url = finder_link_check.url)`)
		return err
	})
}

const trendDays = 14

// Quality is what the dashboard shows.
type Quality struct {
	Now        []Figures         // by authority
	Ministries []MinistryFigures // by ministry, the services of none last; only for editors of everything
	Trend      []Figures         // of one authority, the last trendDays days with figures, oldest first
	Duplicates []Duplicate       // of the scope
	Gaps       []ServiceGap      // only for editors of everything
	Hard       []Hard            // texts that are hard to read, the hardest first
}

// Duplicate is one text that stands under several services.
type Duplicate struct {
	Module finder.Module
	Begins string
	Refs   []finder.TextRef
}

// ServiceGap is a service with a released text that lacks what brings people on.
type ServiceGap struct {
	Service          string
	NoResponsibility bool
	NoForm           bool
}

// Hard is a text with its score.
type Hard struct {
	finder.TextRef
	Version string
	Readability
}

const maxListed = 50

// Quality computes the dashboard; the trend is of the authority, which must be in the caller's scope.
func (r *Room) Quality(ctx context.Context, authority string) (out Quality, err error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return out, err
	}
	if err := s.own(authority); err != nil {
		return out, err
	}
	q := r.h.DB.Reader()
	if out.Now, err = r.figures(ctx, q, s); err != nil {
		return out, err
	}
	if s.all {
		if out.Ministries, err = r.ministryFigures(ctx, q); err != nil {
			return out, err
		}
	}
	if out.Trend, err = trend(ctx, q, s, authority); err != nil {
		return out, err
	}
	c := r.finder.Catalog()
	seen := map[string]*Duplicate{}
	var order []string
	for _, rel := range c.Releases() {
		if !s.has(rel.Authority) {
			continue
		}
		for _, m := range finder.Modules {
			text := normal(rel.Modules[m].Text)
			if m.Line() || len(text) < 80 { // short ones are rightly the same: "Keine."
				continue
			}
			key := string(rel.Lang) + string(m) + text
			d := seen[key]
			if d == nil {
				begins := []rune(finder.PlainText(rel.Modules[m].Text))
				d = &Duplicate{Module: m, Begins: string(begins[:min(len(begins), 100)])}
				seen[key] = d
				order = append(order, key)
			}
			d.Refs = append(d.Refs, rel.TextRef)
		}
		if x := r.readable(rel); rateable(rel.Lang) && x.Words > 0 && x.Score < ReadableFrom {
			out.Hard = append(out.Hard, Hard{rel.TextRef, rel.Version, x})
		}
		if s.all && rel.Authority == "" && rel.Lang == i18n.German && len(out.Gaps) < maxListed {
			gap := ServiceGap{Service: rel.Service, NoResponsibility: !c.Assigned(rel.Service)}
			gap.NoForm = len(c.AllOnline(rel.Service)) == 0 && rel.Modules["14"].Text == "" && !r.finder.HasForm(ctx, rel.Service)
			if gap.NoForm || gap.NoResponsibility {
				out.Gaps = append(out.Gaps, gap)
			}
		}
	}
	for _, key := range order {
		if d := seen[key]; len(d.Refs) > 1 && len(out.Duplicates) < maxListed {
			out.Duplicates = append(out.Duplicates, *d)
		}
	}
	slices.SortFunc(out.Hard, func(a, b Hard) int {
		switch {
		case a.Score < b.Score:
			return -1
		case a.Score > b.Score:
			return 1
		}
		return strings.Compare(a.Version, b.Version)
	})
	out.Hard = out.Hard[:min(len(out.Hard), maxListed)]
	return out, nil
}

// readable rates a release; a released version does not change, so it is rated once.
func (r *Room) readable(rel finder.Release) Readability {
	if known, ok := r.rated.Load(rel.Version); ok {
		return known.(Readability)
	}
	x := readableOf(rel.Modules)
	r.rated.Store(rel.Version, x)
	return x
}

// normal is a text without markup, case and spacing.
func normal(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(finder.PlainText(s)), " "))
}

func trend(ctx context.Context, q db.Querier, s Scope, authority string) ([]Figures, error) {
	p := db.Params{authority, trendDays}
	rows, err := q.Query(ctx, `SELECT day, texts, complete, readable, stale, broken FROM finder_quality WHERE authority_id = $1 AND `+
		s.in("authority_id", &p)+` ORDER BY day DESC LIMIT $2`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Figures
	for rows.Next() {
		f := Figures{Authority: authority}
		if err := rows.Scan(&f.Day, &f.Texts, &f.Complete, &f.Readable, &f.Stale, &f.Broken); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	slices.Reverse(out)
	return out, rows.Err()
}
