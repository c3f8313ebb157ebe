package desk

import (
	"context"
	"slices"
	"strings"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
)

// Mandatory are the modules that a Stammtext cannot do without: what people must know before they come.
var Mandatory = []finder.Module{finder.ModuleTitle, finder.ModuleShort, finder.ModuleFull, "07", "08", "09", "11", "Kosten"}

// missing lists the mandatory modules that are empty.
func missing(modules map[finder.Module]finder.ModuleText) []finder.Module {
	var out []finder.Module
	for _, m := range Mandatory {
		if modules[m].Text == "" {
			out = append(out, m)
		}
	}
	return out
}

// Work is what waits for an editor.
type Work struct {
	Review    []Version // others' drafts that the caller may release
	Own       []Version // the caller's that somebody else must release
	Returned  []Version // the caller's drafts whose version before was returned
	Drafts    []Version // the caller's other drafts
	Scheduled []Version
	Stale     []Version // released, and the review date has come
	Gaps      []Version // released Stammtexte without a mandatory module
	Outgrown  []Version // local texts whose Stammtext was released anew since
}

const workLimit = 200 // of each kind

// Work is the caller's work list.
func (r *Room) Work(ctx context.Context) (w Work, err error) {
	s, p, err := editorScope(ctx)
	if err != nil {
		return w, err
	}
	q := r.h.DB.Reader()
	open, err := versionsWhere(ctx, q, s, db.Params{}, "v.state IN ('review', 'scheduled')", "ORDER BY v.submitted_at, v.id LIMIT 500")
	if err != nil {
		return w, err
	}
	for _, v := range open {
		switch {
		case v.State == Scheduled:
			w.Scheduled = append(w.Scheduled, v)
		case v.WrittenBy(p.Subject):
			w.Own = append(w.Own, v)
		default:
			w.Review = append(w.Review, v)
		}
	}
	const wasReturned = `EXISTS (SELECT 1 FROM finder_text_version b WHERE b.service_key = v.service_key AND b.authority_id = v.authority_id
		AND b.lang = v.lang AND b.number = v.number - 1 AND b.state = 'returned')`
	if w.Returned, err = versionsWhere(ctx, q, s, db.Params{p.Subject, workLimit}, "v.state = 'draft' AND v.author = $1 AND "+wasReturned,
		"ORDER BY v.changed_at DESC, v.id LIMIT $2"); err != nil {
		return w, err
	}
	if w.Drafts, err = versionsWhere(ctx, q, s, db.Params{p.Subject, workLimit}, "v.state = 'draft' AND v.author = $1 AND NOT "+wasReturned,
		"ORDER BY v.changed_at DESC, v.id LIMIT $2"); err != nil {
		return w, err
	}
	var gaps db.Params
	var marks []string
	for _, rel := range r.finder.Catalog().Releases() {
		if rel.Authority == "" && rel.Lang == i18n.German && s.has("") && len(missing(rel.Modules)) > 0 && len(marks) < workLimit {
			marks = append(marks, gaps.Add(rel.Version))
		}
	}
	if len(marks) > 0 {
		if w.Gaps, err = versionsWhere(ctx, q, s, gaps, "v.id IN ("+strings.Join(marks, ", ")+")", "ORDER BY v.service_key, v.id"); err != nil {
			return w, err
		}
	}
	if w.Stale, err = versionsWhere(ctx, q, s, db.Params{r.today(), workLimit}, "v.state = 'released' AND v.review_date <> '' AND v.review_date <= $1",
		"ORDER BY v.review_date, v.id LIMIT $2"); err != nil {
		return w, err
	}
	w.Outgrown, err = versionsWhere(ctx, q, s, db.Params{workLimit}, `v.state = 'released' AND v.authority_id <> '' AND EXISTS (
		SELECT 1 FROM finder_text_version m WHERE m.service_key = v.service_key AND m.authority_id = '' AND m.lang = v.lang
		AND m.state = 'released' AND m.id <> v.master)`, "ORDER BY v.changed_at, v.id LIMIT $1")
	return w, err
}

// ServiceRow is a service in the list, with how far its Stammtext is.
type ServiceRow struct {
	finder.Service
	Has     bool // released in German
	Missing []finder.Module
	English bool
	Open    []Version // being worked on, of the caller's scope
	Local   int       // authorities with additions, released
}

// Filter narrows the list of services.
type Filter struct {
	Query     string
	State     string // "", "none", "gaps", "complete", "open"
	Authority string // only services done there
	From      int    // paging: how many to skip
}

const servicesAPage = 50

// Services lists services for the caller; more tells whether there are further ones, total how many.
func (r *Room) Services(ctx context.Context, f Filter) (rows []ServiceRow, total int, err error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, 0, err
	}
	c := r.finder.Catalog()
	list := c.Services()
	if f.Authority != "" {
		a, ok := c.Authority(f.Authority)
		if !ok {
			return nil, 0, nil
		}
		list = c.Tasks(a)
	}
	if f.Query != "" {
		rank := rankOf(c, f.Query)
		list = slices.DeleteFunc(list, func(x finder.Service) bool { _, ok := rank[x.Key]; return !ok })
		slices.SortStableFunc(list, func(a, b finder.Service) int { return rank[a.Key] - rank[b.Key] })
	}
	open, err := versionsWhere(ctx, r.h.DB.Reader(), s, db.Params{}, "v.state IN ('draft', 'review', 'scheduled')", "ORDER BY v.id LIMIT 5000")
	if err != nil {
		return nil, 0, err
	}
	byService := map[string][]Version{}
	for _, v := range open {
		byService[v.Service] = append(byService[v.Service], v)
	}
	for _, x := range list {
		row := ServiceRow{Service: x, Open: byService[x.Key]}
		if rel, ok := c.Released(finder.TextRef{Service: x.Key, Lang: i18n.German}); ok {
			row.Has, row.Missing = true, missing(rel.Modules)
		}
		_, row.English = c.Released(finder.TextRef{Service: x.Key, Lang: i18n.English})
		switch f.State {
		case "none":
			if row.Has {
				continue
			}
		case "gaps":
			if !row.Has || len(row.Missing) == 0 {
				continue
			}
		case "complete":
			if !row.Has || len(row.Missing) > 0 {
				continue
			}
		case "open":
			if len(row.Open) == 0 {
				continue
			}
		}
		rows = append(rows, row)
	}
	total = len(rows)
	from := min(max(f.From, 0), total)
	return rows[from:min(from+servicesAPage, total)], total, nil
}

// rankOf is the place of each service that the search finds for the words, the best first; a key finds itself.
func rankOf(c *finder.Catalog, query string) map[string]int {
	rank := map[string]int{}
	put := func(key string) {
		if _, ok := rank[key]; !ok {
			rank[key] = len(rank)
		}
	}
	if s, ok := c.Service(query); ok {
		put(s.Key)
	}
	for _, h := range c.Search(query) {
		put(h.Service.Key)
		for _, v := range h.Variants {
			put(v.Key)
		}
	}
	return rank
}

// History is all versions of a text and what was said about them, the newest first.
func (r *Room) History(ctx context.Context, ref finder.TextRef) ([]Version, []numbered, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := s.own(ref.Authority); err != nil {
		return nil, nil, err
	}
	versions, err := versionsOf(ctx, r.h.DB.Reader(), s, ref, 500)
	if err != nil {
		return nil, nil, err
	}
	comments, err := commentsOf(ctx, r.h.DB.Reader(), s, ref)
	return versions, comments, err
}

// Version is one version of the caller's scope. errs.NotFound.
func (r *Room) Version(ctx context.Context, id string) (Version, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return Version{}, err
	}
	return versionByID(ctx, r.h.DB.Reader(), s, id, "")
}

// Texts lists the open and the released versions of a service's texts.
func (r *Room) Texts(ctx context.Context, service string) ([]Version, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, err
	}
	return textsOf(ctx, r.h.DB.Reader(), s, service)
}
