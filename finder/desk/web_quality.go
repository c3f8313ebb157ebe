package desk

import (
	"net/http"
	"strconv"
	"strings"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

type qualityView struct {
	Rows       []figuresRow
	Ministries []figuresRow // with services
	Everything bool         // the caller may say which services a ministry has
	Choice     web.Field
	Ministry   web.Field
	TrendOf    string // ministry whose trend is shown; "" where it is an authority's
	Charts     []web.BarChart
	Duplicates []duplicateRow
	Hard       []hardRow
	Gaps       []gapRow
}

type figuresRow struct {
	Owner                                              string
	Services, Texts, Complete, Readable, Stale, Broken int64
}

type duplicateRow struct {
	Module, Begins string
	Links          []web.Link
}

type hardRow struct {
	Title, Href, Owner, Score string
	Long, Nominal             int64
}

type gapRow struct{ Title, Href, What string }

func (r *Room) getQuality(w http.ResponseWriter, req *http.Request) error {
	s, _, err := editorScope(req.Context())
	if err != nil {
		return err
	}
	authority := word(req.URL.Query().Get("behoerde"))
	if authority == wholeLand || authority == "" && s.all {
		authority = ""
	} else if authority == "" {
		authority = s.authorities[0]
	}
	quality, err := r.Quality(req.Context(), authority)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := qualityView{Choice: web.Field{Name: "behoerde", Kind: "select", Label: t("finder.desk.quality.trend_of"), Optional: true, Options: r.owners(req, s), Value: authority}}
	if authority == "" {
		v.Choice.Value = wholeLand
	}
	for _, f := range quality.Now {
		v.Rows = append(v.Rows, figuresRow{r.owner(req, f.Authority), 0, f.Texts, f.Complete, f.Readable, f.Stale, f.Broken})
	}
	v.Everything = s.all
	if v.Ministries, v.Ministry = r.ministryRows(req, quality.Ministries); len(quality.Ministries) > 0 {
		id := word(req.URL.Query().Get("ressort"))
		for i, o := range v.Ministry.Options {
			if o.Value != "" && o.Value == id {
				v.Ministry.Value, v.TrendOf = o.Value, o.Label
				if quality.Trend, err = ministryTrend(req.Context(), r.h.DB.Reader(), quality.Ministries[i-1].ID); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range []struct {
		id    string
		value func(Figures) int64
	}{
		{"texts", func(f Figures) int64 { return f.Texts }},
		{"complete", func(f Figures) int64 { return f.Complete }},
		{"readable", func(f Figures) int64 { return f.Readable }},
		{"broken", func(f Figures) int64 { return f.Broken }},
	} {
		chart := web.BarChart{ID: "trend-" + c.id, Title: t("finder.desk.quality." + c.id), Unit: t("finder.desk.quality.unit." + c.id)}
		for _, f := range quality.Trend {
			chart.Bars = append(chart.Bars, web.Bar{Label: i18n.Date(web.Lang(req), day(f.Day)), Value: c.value(f)})
		}
		if n := len(quality.Trend); n > 0 {
			first, last := c.value(quality.Trend[0]), c.value(quality.Trend[n-1])
			chart.Sentence = t("finder.desk.quality.sentence", chart.Bars[0].Label, strconv.FormatInt(first, 10), chart.Bars[n-1].Label, strconv.FormatInt(last, 10))
			v.Charts = append(v.Charts, chart)
		}
	}
	for _, d := range quality.Duplicates {
		row := duplicateRow{Module: t(d.Module.TextKey()), Begins: d.Begins}
		for _, ref := range d.Refs {
			row.Links = append(row.Links, web.Link{Text: r.serviceTitle(ref.Service) + " (" + r.owner(req, ref.Authority) + ")", Href: "/redaktion/leistung/" + ref.Service})
		}
		v.Duplicates = append(v.Duplicates, row)
	}
	for _, h := range quality.Hard {
		v.Hard = append(v.Hard, hardRow{r.serviceTitle(h.Service), textPath(h.Version), r.owner(req, h.Authority), score(web.Lang(req), h.Score), int64(h.Long), int64(h.Nominal)})
	}
	for _, g := range quality.Gaps {
		var what []string
		if g.NoResponsibility {
			what = append(what, t("finder.desk.quality.no_responsibility"))
		}
		if g.NoForm {
			what = append(what, t("finder.desk.quality.no_form"))
		}
		v.Gaps = append(v.Gaps, gapRow{r.serviceTitle(g.Service), "/redaktion/leistung/" + g.Service, strings.Join(what, ", ")})
	}
	return r.pages.quality.Render(w, req, web.Meta{Title: t("finder.desk.quality.title"), Crumbs: r.crumbs(req, "")}, v)
}

// score writes a figure with one decimal.
func score(l i18n.Lang, f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	if l == i18n.German {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// readabilityView shows how hard a version is to read, with its hard sentences marked.
type readabilityView struct {
	Shown          bool
	Score          string
	Level          web.Badge
	Long, Nominal  int64
	Modules        []markedModule
	MissingModules string
}

type markedModule struct {
	Key      string
	Passages []Passage
}

func (r *Room) readabilityView(req *http.Request, v Version) readabilityView {
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	var out readabilityView
	if v.Authority == "" {
		var names []string
		for _, m := range missing(v.Modules) {
			names = append(names, t(m.TextKey()))
		}
		out.MissingModules = strings.Join(names, ", ")
	}
	all := readableOf(v.Modules)
	if !rateable(v.Lang) || all.Words == 0 {
		return out
	}
	out.Shown, out.Score, out.Long, out.Nominal = true, score(web.Lang(req), all.Score), int64(all.Long), int64(all.Nominal)
	switch {
	case all.Score >= 60:
		out.Level = web.Badge{Kind: "success", Text: t("finder.desk.readable.easy")}
	case all.Score >= ReadableFrom:
		out.Level = web.Badge{Kind: "success", Text: t("finder.desk.readable.fair")}
	case all.Score >= 30:
		out.Level = web.Badge{Kind: "warning", Text: t("finder.desk.readable.hard")}
	default:
		out.Level = web.Badge{Kind: "danger", Text: t("finder.desk.readable.very_hard")}
	}
	for _, m := range finder.Modules {
		if m.Line() || m == "07" {
			continue
		}
		if rating, passages := Assess(finder.PlainText(v.Modules[m].Text)); rating.Long+rating.Nominal > 0 {
			out.Modules = append(out.Modules, markedModule{m.TextKey(), passages})
		}
	}
	return out
}
