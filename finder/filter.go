package finder

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

const (
	onlineBonus    = 1.03 // of hits that fit equally well, the one that can be done online comes first
	notOfferedLoss = 0.60 // what the place does not offer comes last
	maxOptions     = 7    // of a filter
)

// filter is what the results are limited to. The names in the address are an interface: people keep links.
type filter struct {
	Situation string // ?lage=
	Subject   string // ?thema=
	Authority string // ?amt=, id of the one responsible at the place
	Online    bool   // ?online=1
}

func readFilter(req *http.Request) (f filter, err error) {
	for name, to := range map[string]*string{"lage": &f.Situation, "thema": &f.Subject, "amt": &f.Authority} {
		var one error
		*to, one = input(req, name, maxQuery)
		err = cmp.Or(err, one)
	}
	switch v := req.URL.Query().Get("online"); v {
	case "":
	case "1":
		f.Online = true
	default:
		err = cmp.Or(err, errs.E(errs.Invalid, "finder.filter.unknown"))
	}
	return f, err
}

// found is a hit with what the place makes of it.
type found struct {
	Hit
	score     float64
	authority Authority
	online    bool
}

// keeps reports whether the filter lets the hit pass; without names the parts that are left out of account.
func (f filter) keeps(h *found, without string) bool {
	return (without == "lage" || f.Situation == "" || h.Service.LifeSituation == f.Situation) &&
		(without == "thema" || f.Subject == "" || h.Service.Subject == f.Subject) &&
		(without == "amt" || f.Authority == "" || h.authority.ID == f.Authority) &&
		(without == "online" || !f.Online || h.online)
}

// at looks up for each hit who is responsible at the place and whether it can be done online, and ranks accordingly.
func (r *Room) at(ctx context.Context, c *Catalog, hits []Hit, place string) ([]found, error) {
	out := make([]found, len(hits))
	for i, h := range hits {
		f := found{Hit: h, score: h.Score}
		resp, err := c.Resolve(h.Service.Key, place)
		if err != nil {
			return nil, err
		}
		switch {
		case resp.NotOffered:
			f.score *= notOfferedLoss
		case resp.Known:
			f.authority = resp.Responsible
			if _, f.online, err = r.forms.Online(ctx, h.Service.Key, resp.Processor.ID); err != nil {
				return nil, err
			}
			for _, o := range c.OnlineAt(h.Service.Key, resp.Responsible.ID, resp.Processor.ID) {
				f.online = f.online || o.Kind == "service"
			}
			if f.online {
				f.score *= onlineBonus
			}
		}
		out[i] = f
	}
	slices.SortStableFunc(out, func(a, b found) int { return cmp.Compare(b.score, a.score) })
	return out, nil
}

// filterView is what the page shows of the filters.
type filterView struct {
	Summary string
	Open    bool
	Set     []web.Link // each leads to the results without it
	Clear   string
	Groups  []filterGroup
}

type filterGroup struct {
	Name    string
	German  bool // the options are words of the German catalogue
	Options []filterOption
}

type filterOption struct {
	Text, Href string
	Count      int
}

// apply limits the hits and says which further limits there are, with the number of hits that each would leave.
func (f filter) apply(t func(key string, args ...any) string, tn func(key string, n int) string, address url.Values, hits []found) ([]found, filterView) {
	link := func(name, value string) string {
		q := url.Values{}
		for k, v := range address {
			q[k] = v
		}
		q.Del("seite")
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
		return "/suche?" + q.Encode()
	}
	var kept []found
	for i := range hits {
		if f.keeps(&hits[i], "") {
			kept = append(kept, hits[i])
		}
	}
	var v filterView
	group := func(name, title, set string, german bool, value func(h *found) (id, text string)) {
		if set != "" {
			text := set
			for i := range hits {
				if id, shown := value(&hits[i]); id == set {
					text = shown
				}
			}
			v.Set = append(v.Set, web.Link{Text: text, Href: link(name, "")})
			return
		}
		counts := map[string]*filterOption{}
		total := 0
		for i := range hits {
			if id, text := value(&hits[i]); id != "" && f.keeps(&hits[i], name) {
				if counts[id] == nil {
					counts[id] = &filterOption{Text: text, Href: link(name, id)}
				}
				counts[id].Count++
			}
			if f.keeps(&hits[i], name) {
				total++
			}
		}
		g := filterGroup{Name: t(title), German: german}
		for _, o := range counts {
			if o.Count < total { // else it would limit nothing
				g.Options = append(g.Options, *o)
			}
		}
		slices.SortFunc(g.Options, func(a, b filterOption) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
		})
		if g.Options = g.Options[:min(len(g.Options), maxOptions)]; len(g.Options) > 0 {
			v.Groups = append(v.Groups, g)
		}
	}
	online := ""
	if f.Online {
		online = "1"
	}
	group("online", "finder.filter.online", online, false, func(h *found) (string, string) {
		if h.online {
			return "1", t("finder.filter.online_yes")
		}
		return "", ""
	})
	group("amt", "finder.filter.authority", f.Authority, true, func(h *found) (string, string) { return h.authority.ID, h.authority.Name })
	group("lage", "finder.filter.situation", f.Situation, true, func(h *found) (string, string) { return h.Service.LifeSituation, h.Service.LifeSituation })
	group("thema", "finder.filter.subject", f.Subject, true, func(h *found) (string, string) { return h.Service.Subject, h.Service.Subject })
	v.Summary = t("finder.filter")
	if len(v.Set) > 0 {
		v.Summary = tn("finder.filter.active", len(v.Set))
	}
	if len(v.Set) > 1 {
		q := url.Values{}
		for k, values := range address {
			if !slices.Contains([]string{"lage", "thema", "amt", "online", "seite"}, k) {
				q[k] = values
			}
		}
		v.Clear = "/suche?" + q.Encode()
	}
	return kept, v
}
